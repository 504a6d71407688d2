/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tlv/table.h"
#include "tlv/table_private.h"
#include "util/bytes.h"

#define MAX_SHOWN 64 /* octets of a value that are written out */

static void start_line(GString *out, guint depth, const char *name, guint32 tag)
{
    for (guint i = 0; i < depth; i++)
        g_string_append(out, "  ");
    if (name)
        g_string_append_printf(out, "%s ", name);
    g_string_append_printf(out, "[%02X]", tag);
}

static void add_octets(GString *out, TlvSlice value)
{
    g_autofree char *hex = bytes_to_hex(value.data, MIN(value.size, MAX_SHOWN));

    g_string_append_printf(out, " %s", hex);
    if (value.size > MAX_SHOWN)
        g_string_append_printf(out, "... (%" G_GSIZE_FORMAT " octets)", value.size);
}

static gboolean add_text(GString *out, TlvSlice value)
{
    if (!g_utf8_validate_len((const char *)value.data, value.size, NULL))
        return FALSE;
    g_string_append(out, " \"");
    for (gsize i = 0; i < value.size; i++) {
        /* A trace has one line a field, whatever the peer sends. */
        if (value.data[i] < 0x20 || value.data[i] == 0x7F)
            g_string_append_printf(out, "\\x%02X", value.data[i]);
        else
            g_string_append_c(out, (char)value.data[i]);
    }
    g_string_append_c(out, '"');
    return TRUE;
}

static gboolean add_bits(GString *out, const TlvName *names, TlvSlice value)
{
    const char *separator = " ";

    if (!tlv_check_bits(value, NULL) || value.size > MAX_SHOWN)
        return FALSE;
    for (guint bit = 0; bit < 8 * (value.size - 1); bit++) {
        if (!tlv_bit_is_set(value, bit))
            continue;
        g_string_append(out, separator);
        separator = ", ";
        for (; names && names->name && names->value < bit; names++)
            continue;
        if (names && names->name && names->value == bit)
            g_string_append(out, names->name);
        else
            g_string_append_printf(out, "bit %u", bit);
    }
    if (separator[0] == ' ')
        g_string_append(out, " (none)");
    return TRUE;
}

/* FALSE when VALUE can't be shown as what FIELD says it is. */
static gboolean add_value(GString *out, const TlvField *field, TlvSlice value)
{
    switch (field->kind) {
    case TLV_UTF8:
        return add_text(out, value);
    case TLV_OID: {
        g_autofree char *text = tlv_oid_to_string(value, NULL);

        if (!text)
            return FALSE;
        g_string_append_printf(out, " %s", text);
        return TRUE;
    }
    case TLV_INTEGER: {
        gint64 integer;

        if (!tlv_get_integer(value, &integer, NULL))
            return FALSE;
        g_string_append_printf(out, " %" G_GINT64_FORMAT, integer);
        if (field->names)
            g_string_append_printf(out, " %s", tlv_name(field->names, integer));
        return TRUE;
    }
    case TLV_BOOLEAN: {
        gboolean boolean;

        if (!tlv_get_boolean(value, &boolean, NULL))
            return FALSE;
        g_string_append(out, boolean ? " TRUE" : " FALSE");
        return TRUE;
    }
    case TLV_BITS:
        return add_bits(out, field->names, value);
    case TLV_NULL:
        return value.size == 0;
    case TLV_OCTETS:
    case TLV_RAW:
    case TLV_STRUCT:
    case TLV_LIST:
        return FALSE;
    }
    return FALSE;
}

static void print_object(GString *out, const TlvType *type, const char *name, const Tlv *tlv,
                         guint depth);
static void print_content(GString *out, const TlvType *type, const TlvType *item, TlvSlice content,
                          guint depth);

static void print_field(GString *out, const TlvField *field, const char *name, const Tlv *tlv,
                        guint depth)
{
    if (field->kind == TLV_STRUCT && !(field->flags & TLV_SECRET)) {
        if (field->tag == 0)
            print_content(out, field->type, NULL, tlv->raw, depth);
        else
            print_object(out, field->type, name, tlv, depth);
        return;
    }
    start_line(out, depth, name, tlv->tag);
    if (field->flags & TLV_SECRET) {
        g_string_append(out, " (hidden)\n");
        return;
    }
    if (field->kind == TLV_LIST) {
        g_string_append_c(out, '\n');
        print_content(out, NULL, field->type, tlv->value, depth + 1);
        return;
    }
    if (!add_value(out, field, tlv->value) && tlv->value.size > 0)
        add_octets(out, tlv->value);
    g_string_append_c(out, '\n');
}

/* TYPE NULL: nothing is known about TLV. */
static void print_object(GString *out, const TlvType *type, const char *name, const Tlv *tlv,
                         guint depth)
{
    g_autoptr(GBytes) owned = NULL;

    if (type && type->form == TLV_VALUE) {
        print_field(out, &type->fields[0], name, tlv, depth);
        return;
    }
    start_line(out, depth, name, tlv->tag);
    if (!type && !(tlv_tag_is_constructed(tlv->tag) && tlv_validate(tlv->value, NULL))) {
        if (tlv->value.size > 0)
            add_octets(out, tlv->value);
        g_string_append_c(out, '\n');
        return;
    }
    g_string_append_c(out, '\n');
    if (!type)
        print_content(out, NULL, NULL, tlv->value, depth + 1);
    else if (type->form == TLV_SEQUENCE_OF)
        print_content(out, NULL, type->fields[0].type, tlv->value, depth + 1);
    else
        print_content(out, type, NULL, tlv_type_content(type, tlv->value, &owned), depth + 1);
}

/* The objects in CONTENT, which are fields of TYPE, or items of type ITEM, or unknown. */
static void print_content(GString *out, const TlvType *type, const TlvType *item, TlvSlice content,
                          guint depth)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    guint64 filled = 0;
    Tlv tlv;

    /* Each table in place counts as a level, so that tables that contain themselves end, too. */
    if (depth > 2 * TLV_MAX_DEPTH) {
        start_line(out, depth, "nested too deep", 0);
        g_string_append_c(out, '\n');
        return;
    }
    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        gint index = type ? tlv_type_next_field(type, tlv.tag, filled) : -1;

        if (index >= 0) {
            filled |= G_GUINT64_CONSTANT(1) << index;
            print_field(out, &type->fields[index], type->fields[index].name, &tlv, depth);
        } else if (index == -2) {
            start_line(out, depth, NULL, tlv.tag);
            g_string_append(out, " (there twice)\n");
        } else if (item && item->tag == 0) {
            print_content(out, item, NULL, tlv.raw, depth);
        } else if (item && item->tag == tlv.tag) {
            print_object(out, item, item->name, &tlv, depth);
        } else {
            print_object(out, NULL, NULL, &tlv, depth);
        }
    }
    if (error) {
        for (guint i = 0; i < depth; i++)
            g_string_append(out, "  ");
        g_string_append_printf(out, "(%" G_GSIZE_FORMAT " octets can't be read)\n",
                               (gsize)(reader.end - reader.next));
    }
}

char *tlv_print(const TlvType *type, TlvSlice object)
{
    GString *out = g_string_new(NULL);
    Tlv tlv;

    if (!object.data || !tlv_parse(object, 0, &tlv, NULL))
        print_content(out, NULL, NULL, object, 0);
    else if (type && type->tag == 0)
        print_content(out, type, NULL, object, 0);
    else if (type && type->tag == tlv.tag)
        print_object(out, type, type->name, &tlv, 0);
    else
        print_object(out, NULL, NULL, &tlv, 0);
    return g_string_free(out, FALSE);
}
