/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "rsp/rsp.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes a decoded structure one that is encoded anew, with everything in it. */
static void forget_raw(gpointer structure)
{
    TlvHead *head = structure;

    if (!head)
        return;
    head->raw = (TlvSlice){ NULL, 0 };
    for (gsize i = 0; i < head->type->n_fields; i++) {
        const TlvField *field = &head->type->fields[i];
        gpointer *at = (gpointer *)((guint8 *)structure + field->offset);

        if (field->kind == TLV_STRUCT)
            forget_raw(*at);
        else if (field->kind == TLV_LIST && *at)
            g_ptr_array_foreach(*at, (GFunc)(void (*)(void))forget_raw, NULL);
    }
}

/* The first octet chooses the type, the rest is the object. What is decoded goes out again as it came;
 * what is encoded anew can be decoded, and is then canonical: encoding it once more changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = NULL, received = NULL, canonical = NULL, again = NULL;
    g_autofree char *text = NULL;
    const TlvType *type;
    gpointer structure;
    gsize n_types = 0;

    if (size < 1)
        return 0;
    while (rsp_types[n_types])
        n_types++;
    type = rsp_types[data[0] % n_types];
    bytes = g_bytes_new(data + 1, size - 1);
    text = tlv_print(type, tlv_slice_from_bytes(bytes));
    structure = tlv_decode(type, bytes, NULL);
    if (!structure)
        return 0;
    received = tlv_encode(type, structure, NULL);
    g_assert(received && g_bytes_equal(received, bytes));
    forget_raw(structure);
    canonical = tlv_encode(type, structure, NULL);
    g_assert(canonical);
    tlv_struct_free(structure);

    structure = tlv_decode(type, canonical, NULL);
    g_assert(structure);
    forget_raw(structure);
    again = tlv_encode(type, structure, NULL);
    g_assert(again && g_bytes_equal(again, canonical));
    tlv_struct_free(structure);
    return 0;
}
