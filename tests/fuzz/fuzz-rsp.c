/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

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

#define MAX_NAME 160 /* octets that a line of a trace has beside the value: indent, name, tag */

/* The type whose name has this sum, so that the kept inputs mean the same when types are added. */
static const TlvType *choose_type(const uint8_t *octets)
{
    gsize n = 0;

    for (; rsp_types[n]; n++) {
        guint16 sum = 0;

        for (const char *c = rsp_types[n]->name; *c; c++)
            sum = (guint16)(sum * 33 + (guint8)*c);
        if (sum == (octets[0] << 8 | octets[1]))
            return rsp_types[n];
    }
    return rsp_types[(octets[0] + octets[1]) % n];
}

/* A trace is text with one line a field, however the object is built, and not much longer than it. */
static void check_text(const char *text, gsize size)
{
    gsize lines = 0;

    g_assert(g_utf8_validate(text, -1, NULL));
    for (const char *c = text; *c; c++) {
        g_assert(*c == '\n' || (guint8)*c >= 0x20);
        lines += *c == '\n';
    }
    /* An object has two octets at least, and may lead to a note that something can't be read. */
    g_assert(lines <= size + 1);
    g_assert(strlen(text) <= lines * MAX_NAME + size * 256);
}

/* The first two octets choose the type, the rest is the object. What is decoded goes out again as it
 * came; what is encoded anew can be decoded, and is then canonical: encoding it once more changes
 * nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = NULL, received = NULL, canonical = NULL, again = NULL;
    g_autofree char *text = NULL;
    const TlvType *type;
    gpointer structure;

    if (size < 2)
        return 0;
    type = choose_type(data);
    bytes = g_bytes_new(data + 2, size - 2);
    text = tlv_print(type, tlv_slice_from_bytes(bytes));
    check_text(text, size);
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
