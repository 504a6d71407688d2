/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "tlv/table.h"
#include "tlv/tlv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads everything there is as every kind of value. */
static void look(TlvReader *reader)
{
    g_autoptr(GError) error = NULL;
    Tlv tlv;

    while (tlv_next(reader, &tlv, &error)) {
        /* Text of a longer one takes more time than it tells. */
        g_autofree char *oid = tlv.value.size <= 64 ? tlv_oid_to_string(tlv.value, NULL) : NULL;
        gboolean boolean;
        gint64 integer;
        TlvReader inner;

        g_assert(tlv.raw.size >= tlv.value.size + 2);
        g_assert(tlv.value.data + tlv.value.size == reader->next);
        if (oid) {
            g_autoptr(GBytes) bytes = tlv_oid_from_string(oid, NULL);

            g_assert(!bytes || tlv_slice_equal(tlv_slice_from_bytes(bytes), tlv.value));
        }
        if (tlv_get_integer(tlv.value, &integer, NULL)) {
            TlvWriter *writer = tlv_writer_new();
            g_autoptr(GBytes) bytes = NULL;
            gint64 again = 0;
            Tlv written;

            tlv_put_integer(writer, tlv.tag, integer);
            bytes = tlv_writer_finish(writer);
            g_assert(tlv_parse(tlv_slice_from_bytes(bytes), tlv.tag, &written, NULL));
            g_assert(tlv_get_integer(written.value, &again, NULL) && again == integer);
        }
        tlv_get_boolean(tlv.value, &boolean, NULL);
        if (tlv_check_bits(tlv.value, NULL))
            tlv_bit_is_set(tlv.value, (guint)(8 * tlv.value.size));
        if (tlv_enter(reader, &tlv, &inner, NULL))
            look(&inner);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TlvSlice content = tlv_slice(data, size);
    g_autofree char *text = tlv_print(NULL, content);
    gsize header, value;
    TlvReader reader;
    guint32 tag;
    Tlv tlv;

    g_assert(text);
    tlv_reader_init(&reader, content);
    look(&reader);
    tlv_validate(content, NULL);
    tlv_find(content, 0x80, &tlv);
    tlv_peek_header(content, &tag, &header, &value, NULL);
    return 0;
}
