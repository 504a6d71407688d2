/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tlv/tlv.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

TlvSlice tlv_slice_from_bytes(GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    /* An empty GBytes has no data pointer; absent and empty differ here. */
    return (TlvSlice){ data ? data : (const guint8 *)"", size };
}

GBytes *tlv_slice_to_bytes(TlvSlice slice)
{
    return g_bytes_new(slice.data, slice.size);
}

gboolean tlv_slice_equal(TlvSlice a, TlvSlice b)
{
    if (!a.data || !b.data)
        return a.data == b.data;
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static gsize tag_size(guint32 tag)
{
    return tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1;
}

gboolean tlv_tag_is_constructed(guint32 tag)
{
    return (tag >> (8 * (tag_size(tag) - 1)) & 0x20) != 0;
}

/* ---- reading ---- */

typedef enum {
    HEADER_OK,
    HEADER_INCOMPLETE,
    HEADER_BAD,
} HeaderState;

/* The tag at DATA. On HEADER_BAD, *RET_WHY says what is wrong. */
static HeaderState read_tag(const guint8 *data, gsize size, guint32 *ret_tag, gsize *ret_size,
                            const char **ret_why)
{
    gsize at = 0;
    guint32 tag;

    if (size == 0)
        return HEADER_INCOMPLETE;
    tag = data[at++];
    if (tag == 0x00) {
        *ret_why = "tag 00 is no tag";
        return HEADER_BAD;
    }
    if ((tag & 0x1F) == 0x1F) {
        if (at == size)
            return HEADER_INCOMPLETE;
        /* A subsequent octet of 80 would be a leading zero of the tag number (X.690 8.1.2.4.2). */
        if (data[at] == 0x80) {
            *ret_why = "tag number starts with a zero octet";
            return HEADER_BAD;
        }
        /* Numbers up to 30 have the short form (X.690 8.1.2.2). */
        if (data[at] < 0x1F) {
            *ret_why = "high tag form for a low tag number";
            return HEADER_BAD;
        }
        tag = tag << 8 | data[at++];
        if (tag & 0x80) {
            if (at == size)
                return HEADER_INCOMPLETE;
            tag = tag << 8 | data[at++];
            if (tag & 0x80) {
                *ret_why = "tag of more than three octets";
                return HEADER_BAD;
            }
        }
    }
    *ret_tag = tag;
    *ret_size = at;
    return HEADER_OK;
}

/* The header at DATA. On HEADER_BAD, *RET_WHY says what is wrong. */
static HeaderState read_header(const guint8 *data, gsize size, guint32 *ret_tag,
                               gsize *ret_header_size, gsize *ret_value_size, const char **ret_why)
{
    gsize at = 0, length = 0;
    guint32 tag = 0;
    HeaderState state = read_tag(data, size, &tag, &at, ret_why);

    if (state != HEADER_OK)
        return state;
    if (at == size)
        return HEADER_INCOMPLETE;
    length = data[at++];
    if (length == 0x80) {
        *ret_why = "indefinite length";
        return HEADER_BAD;
    }
    if (length > 0x80) {
        gsize octets = length & 0x7F;

        if (octets > 4) {
            *ret_why = "length of more than four octets";
            return HEADER_BAD;
        }
        length = 0;
        for (gsize i = 0; i < octets; i++) {
            if (at == size)
                return HEADER_INCOMPLETE;
            length = length << 8 | data[at++];
        }
    }
    *ret_tag = tag;
    *ret_header_size = at;
    *ret_value_size = length;
    return HEADER_OK;
}

void tlv_reader_init(TlvReader *reader, TlvSlice content)
{
    /* Nothing may be added to a null pointer, not even nothing. */
    *reader = (TlvReader){ content.data,
                           content.size > 0 ? content.data + content.size : content.data, 0 };
}

gboolean tlv_next(TlvReader *reader, Tlv *ret_tlv, GError **error)
{
    gsize left = (gsize)(reader->end - reader->next), header, value;
    const char *why = NULL;
    guint32 tag;

    if (left == 0)
        return FALSE;
    switch (read_header(reader->next, left, &tag, &header, &value, &why)) {
    case HEADER_OK:
        break;
    case HEADER_INCOMPLETE:
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "object header is cut off, %" G_GSIZE_FORMAT " octets are left", left);
        return FALSE;
    case HEADER_BAD:
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s", why);
        return FALSE;
    }
    if (value > left - header) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "object %X announces %" G_GSIZE_FORMAT " octets, %" G_GSIZE_FORMAT " are left",
                    tag, value, left - header);
        return FALSE;
    }
    *ret_tlv = (Tlv){
        .tag = tag,
        .value = { reader->next + header, value },
        .raw = { reader->next, header + value },
    };
    reader->next += header + value;
    return TRUE;
}

gboolean tlv_enter(const TlvReader *reader, const Tlv *tlv, TlvReader *ret_reader, GError **error)
{
    if (!tlv_tag_is_constructed(tlv->tag)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "object %X is primitive",
                    tlv->tag);
        return FALSE;
    }
    if (reader->depth + 1 >= TLV_MAX_DEPTH) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "objects are nested deeper than %d", TLV_MAX_DEPTH);
        return FALSE;
    }
    tlv_reader_init(ret_reader, tlv->value);
    ret_reader->depth = reader->depth + 1;
    return TRUE;
}

gboolean tlv_parse(TlvSlice content, guint32 tag, Tlv *ret_tlv, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    if (!tlv_next(&reader, &tlv, &local)) {
        if (!local)
            g_set_error_literal(&local, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "no object at all");
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (tag != 0 && tlv.tag != tag) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "expected object %X, found %X",
                    tag, tlv.tag);
        return FALSE;
    }
    if (reader.next != reader.end) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%" G_GSIZE_FORMAT " octets follow object %X",
                    (gsize)(reader.end - reader.next), tlv.tag);
        return FALSE;
    }
    *ret_tlv = tlv;
    return TRUE;
}

gboolean tlv_find(TlvSlice content, guint32 tag, Tlv *ret_tlv)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        if (tlv.tag == tag) {
            *ret_tlv = tlv;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean tlv_take_tag(TlvSlice *list, guint32 *ret_tag, GError **error)
{
    const char *why = "cut off";
    gsize size = 0;

    if (list->size == 0)
        return FALSE;
    if (read_tag(list->data, list->size, ret_tag, &size, &why) != HEADER_OK) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "list of tags: %s", why);
        return FALSE;
    }
    *list = tlv_slice(list->data + size, list->size - size);
    return TRUE;
}

gboolean tlv_peek_header(TlvSlice content, guint32 *ret_tag, gsize *ret_header_size,
                         gsize *ret_value_size, GError **error)
{
    const char *why = NULL;

    switch (
        read_header(content.data, content.size, ret_tag, ret_header_size, ret_value_size, &why)) {
    case HEADER_OK:
        return TRUE;
    case HEADER_INCOMPLETE:
        return FALSE;
    case HEADER_BAD:
        break;
    }
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s", why);
    return FALSE;
}

static gboolean validate(TlvReader *reader, GError **error)
{
    g_autoptr(GError) local = NULL;
    Tlv tlv;

    while (tlv_next(reader, &tlv, &local)) {
        TlvReader inner;

        if (!tlv_tag_is_constructed(tlv.tag))
            continue;
        if (!tlv_enter(reader, &tlv, &inner, error))
            return FALSE;
        if (!validate(&inner, error)) {
            g_prefix_error(error, "in %X: ", tlv.tag);
            return FALSE;
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

gboolean tlv_validate(TlvSlice content, GError **error)
{
    TlvReader reader;

    tlv_reader_init(&reader, content);
    return validate(&reader, error);
}

gboolean tlv_get_integer(TlvSlice value, gint64 *ret_integer, GError **error)
{
    guint64 result;

    if (value.size < 1 || value.size > 8) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "INTEGER of %" G_GSIZE_FORMAT " octets", value.size);
        return FALSE;
    }
    result = value.data[0] & 0x80 ? G_MAXUINT64 : 0;
    for (gsize i = 0; i < value.size; i++)
        result = result << 8 | value.data[i];
    *ret_integer = (gint64)result;
    return TRUE;
}

gboolean tlv_get_boolean(TlvSlice value, gboolean *ret_boolean, GError **error)
{
    if (value.size != 1) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "BOOLEAN of %" G_GSIZE_FORMAT " octets", value.size);
        return FALSE;
    }
    *ret_boolean = value.data[0] != 0;
    return TRUE;
}

gboolean tlv_check_bits(TlvSlice value, GError **error)
{
    if (value.size < 1 || value.data[0] > 7 || (value.size == 1 && value.data[0] != 0)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "BIT STRING of %" G_GSIZE_FORMAT " octets with a bad count of unused bits",
                    value.size);
        return FALSE;
    }
    return TRUE;
}

gboolean tlv_bit_is_set(TlvSlice value, guint bit)
{
    gsize octet = 1 + bit / 8;

    if (!value.data || value.size < 1 || octet >= value.size)
        return FALSE;
    if (octet == value.size - 1 && bit % 8 >= 8 - (guint)MIN(value.data[0], 7))
        return FALSE;
    return (value.data[octet] & 0x80 >> bit % 8) != 0;
}

char *tlv_oid_to_string(TlvSlice value, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint64 arc = 0;
    gboolean inside = FALSE;

    for (gsize i = 0; i < value.size; i++) {
        if ((!inside && value.data[i] == 0x80) || arc > G_MAXUINT64 >> 7)
            goto bad;
        arc = arc << 7 | (value.data[i] & 0x7F);
        inside = (value.data[i] & 0x80) != 0;
        if (inside)
            continue;
        if (text->len == 0) {
            guint64 first = MIN(arc / 40, 2);

            g_string_printf(text, "%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT, first,
                            arc - first * 40);
        } else {
            g_string_append_printf(text, ".%" G_GUINT64_FORMAT, arc);
        }
        arc = 0;
    }
    if (text->len > 0 && !inside)
        return g_string_free(g_steal_pointer(&text), FALSE);
bad:
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "bad OBJECT IDENTIFIER");
    return NULL;
}

static void append_arc(GByteArray *out, guint64 arc)
{
    guint8 octets[10];
    guint n = 0;

    do {
        octets[n++] = (guint8)(arc & 0x7F);
        arc >>= 7;
    } while (arc > 0);
    while (n > 0) {
        n--;
        if (n > 0)
            octets[n] |= 0x80;
        g_byte_array_append(out, &octets[n], 1);
    }
}

GBytes *tlv_oid_from_string(const char *dotted, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(dotted, ".", -1);
    g_autoptr(GByteArray) out = g_byte_array_new();
    guint64 first = 0;

    for (guint i = 0; parts[i]; i++) {
        guint64 arc;

        /* One spelling a number: no zeros before it. */
        if (!bytes_parse_decimal(parts[i], i == 1 ? G_MAXUINT64 - 80 : G_MAXUINT64, &arc) ||
            (parts[i][0] == '0' && parts[i][1] != '\0'))
            goto bad;
        if (i == 0) {
            if (arc > 2)
                goto bad;
            first = arc;
        } else if (i == 1) {
            if (first < 2 && arc > 39)
                goto bad;
            append_arc(out, first * 40 + arc);
        } else {
            append_arc(out, arc);
        }
    }
    if (out->len > 0)
        return g_byte_array_free_to_bytes(g_steal_pointer(&out));
bad:
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                "'%s' is not an object identifier", dotted);
    return NULL;
}

/* ---- writing ---- */

struct TlvWriter {
    GByteArray *out;
    GArray *open; /* guint: where each open object's content starts */
    GArray *tags; /* guint32: its tag */
};

TlvWriter *tlv_writer_new(void)
{
    TlvWriter *writer = g_new0(TlvWriter, 1);

    writer->out = g_byte_array_new();
    writer->open = g_array_new(FALSE, FALSE, sizeof(guint));
    writer->tags = g_array_new(FALSE, FALSE, sizeof(guint32));
    return writer;
}

void tlv_writer_free(TlvWriter *writer)
{
    if (writer->out)
        g_byte_array_unref(writer->out);
    g_array_unref(writer->open);
    g_array_unref(writer->tags);
    g_free(writer);
}

GBytes *tlv_writer_finish(TlvWriter *writer)
{
    GBytes *bytes;

    g_assert(writer->open->len == 0);
    bytes = g_byte_array_free_to_bytes(g_steal_pointer(&writer->out));
    tlv_writer_free(writer);
    return bytes;
}

gsize tlv_make_header(guint32 tag, gsize value_size, guint8 *out)
{
    gsize n = 0;

    g_assert(value_size <= G_MAXUINT32);
    if (tag > 0xFFFF)
        out[n++] = (guint8)(tag >> 16);
    if (tag > 0xFF)
        out[n++] = (guint8)(tag >> 8);
    out[n++] = (guint8)tag;
    if (value_size < 0x80) {
        out[n++] = (guint8)value_size;
    } else {
        guint octets = value_size > 0xFFFFFF ? 4
                       : value_size > 0xFFFF ? 3
                       : value_size > 0xFF   ? 2
                                             : 1;

        out[n++] = (guint8)(0x80 | octets);
        while (octets > 0)
            out[n++] = (guint8)(value_size >> (8 * --octets));
    }
    return n;
}

void tlv_open(TlvWriter *writer, guint32 tag)
{
    g_array_append_val(writer->open, writer->out->len);
    g_array_append_val(writer->tags, tag);
}

void tlv_close(TlvWriter *writer)
{
    guint8 header[8];
    guint last, start;
    gsize size, header_size;

    g_assert(writer->open->len > 0);
    last = writer->open->len - 1;
    start = g_array_index(writer->open, guint, last);
    size = writer->out->len - start;
    header_size = tlv_make_header(g_array_index(writer->tags, guint32, last), size, header);
    g_byte_array_set_size(writer->out, writer->out->len + (guint)header_size);
    memmove(writer->out->data + start + header_size, writer->out->data + start, size);
    memcpy(writer->out->data + start, header, header_size);
    g_array_set_size(writer->open, last);
    g_array_set_size(writer->tags, last);
}

void tlv_put(TlvWriter *writer, guint32 tag, const void *data, gsize size)
{
    guint8 header[8];
    gsize header_size = tlv_make_header(tag, size, header);

    g_byte_array_append(writer->out, header, (guint)header_size);
    tlv_put_raw(writer, data, size);
}

void tlv_put_slice(TlvWriter *writer, guint32 tag, TlvSlice value)
{
    tlv_put(writer, tag, value.data, value.size);
}

void tlv_put_string(TlvWriter *writer, guint32 tag, const char *text)
{
    tlv_put(writer, tag, text, strlen(text));
}

void tlv_put_integer(TlvWriter *writer, guint32 tag, gint64 value)
{
    guint8 octets[8];
    gsize first = 0;

    for (gsize i = 0; i < 8; i++)
        octets[i] = (guint8)((guint64)value >> (8 * (7 - i)));
    while (first < 7 && ((octets[first] == 0x00 && octets[first + 1] < 0x80) ||
                         (octets[first] == 0xFF && octets[first + 1] >= 0x80)))
        first++;
    tlv_put(writer, tag, octets + first, 8 - first);
}

void tlv_put_boolean(TlvWriter *writer, guint32 tag, gboolean value)
{
    guint8 octet = value ? 0xFF : 0x00;

    tlv_put(writer, tag, &octet, 1);
}

void tlv_put_null(TlvWriter *writer, guint32 tag)
{
    tlv_put(writer, tag, NULL, 0);
}

void tlv_put_bits(TlvWriter *writer, guint32 tag, guint64 bits)
{
    guint8 octets[9] = { 0 };
    guint highest;

    if (bits == 0) {
        tlv_put(writer, tag, octets, 1);
        return;
    }
    highest = 63 - (guint)__builtin_clzll(bits);
    for (guint i = 0; i <= highest; i++)
        if (bits >> i & 1)
            octets[1 + i / 8] |= (guint8)(0x80 >> i % 8);
    octets[0] = (guint8)(7 - highest % 8);
    tlv_put(writer, tag, octets, 2 + highest / 8);
}

void tlv_put_raw(TlvWriter *writer, const void *data, gsize size)
{
    if (size > 0)
        g_byte_array_append(writer->out, data, (guint)size);
}

void tlv_put_raw_slice(TlvWriter *writer, TlvSlice raw)
{
    tlv_put_raw(writer, raw.data, raw.size);
}

void tlv_put_raw_bytes(TlvWriter *writer, GBytes *raw)
{
    tlv_put_raw_slice(writer, tlv_slice_from_bytes(raw));
}
