/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tlv/table.h"

#include <string.h>

#include "tlv/table_private.h"
#include "util/error.h"

/*
 * What decoding may allocate, beside the octets: a fixed part and a multiple of the input. Without
 * it a list of empty objects (two octets each) would become structures of several hundred octets
 * each.
 */
#define BUDGET_BASE   ((gsize)1024 * 1024)
#define BUDGET_FACTOR 16

typedef struct {
    gsize budget; /* octets that may still be allocated */
} Decoder;

static gpointer member(gconstpointer structure, const TlvField *field)
{
    return (guint8 *)structure + field->offset;
}

gboolean tlv_type_has_tag(const TlvType *type, guint32 tag)
{
    if (type->tag != 0)
        return type->tag == tag;
    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *field = &type->fields[i];

        if (field->tag != 0 ? field->tag == tag : tlv_type_has_tag(field->type, tag))
            return TRUE;
    }
    return FALSE;
}

static gboolean field_has_tag(const TlvField *field, guint32 tag)
{
    return field->tag != 0 ? field->tag == tag : tlv_type_has_tag(field->type, tag);
}

/* Is FIELD there, or another spelling of it? */
static gboolean is_filled(const TlvType *type, gsize field, guint64 filled)
{
    if (filled >> field & 1)
        return TRUE;
    if (type->fields[field].group == 0)
        return FALSE;
    for (gsize i = 0; i < type->n_fields; i++)
        if (type->fields[i].group == type->fields[field].group && (filled >> i & 1))
            return TRUE;
    return FALSE;
}

gint tlv_type_next_field(const TlvType *type, guint32 tag, guint64 filled)
{
    gint result = -1;

    for (gsize i = 0; i < type->n_fields; i++) {
        if (!field_has_tag(&type->fields[i], tag))
            continue;
        if (!is_filled(type, i, filled))
            return (gint)i;
        result = -2;
    }
    return result;
}

TlvSlice tlv_type_content(const TlvType *type, TlvSlice content, GBytes **ret_owned)
{
    Tlv tlv;

    *ret_owned = NULL;
    /* Some ASN.1 compilers write the tag of a tagged CHOICE a second time (X.680 31.2.7). */
    if (type->form == TLV_CHOICE && type->tag != 0 && tlv_parse(content, type->tag, &tlv, NULL) &&
        tlv_type_next_field(type, type->tag, 0) < 0)
        content = tlv.value;
    if (type->normalise)
        type->normalise(&content, ret_owned);
    return content;
}

/* ---- decoding ---- */

static gboolean spend(Decoder *decoder, gsize size, GError **error)
{
    if (size > decoder->budget) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "too many objects for its size");
        return FALSE;
    }
    decoder->budget -= size;
    return TRUE;
}

static gboolean check_size(const TlvField *field, gsize size, EuiccdError code, GError **error)
{
    if (size >= field->min && (field->max == 0 || size <= field->max))
        return TRUE;
    g_set_error(error, EUICCD_ERROR, (gint)code, "bad size %" G_GSIZE_FORMAT, size);
    return FALSE;
}

static gboolean check_text(const TlvField *field, TlvSlice text, EuiccdError code, GError **error)
{
    if (!g_utf8_validate_len((const char *)text.data, text.size, NULL)) {
        g_set_error_literal(error, EUICCD_ERROR, (gint)code, "text is not UTF-8");
        return FALSE;
    }
    for (gsize i = 0; (field->flags & TLV_ADDRESS) && i < text.size; i++) {
        if (text.data[i] <= 0x20 || text.data[i] == 0x7F) {
            g_set_error_literal(error, EUICCD_ERROR, (gint)code,
                                "address with a blank or control character");
            return FALSE;
        }
    }
    return check_size(field, (gsize)g_utf8_strlen((const char *)text.data, (gssize)text.size), code,
                      error);
}

static gboolean check_oid(TlvSlice oid, GError **error)
{
    g_autofree char *text = tlv_oid_to_string(oid, error);

    return text != NULL;
}

static TlvSlice unwrap(const TlvField *field, TlvSlice value)
{
    Tlv tlv;

    if ((field->flags & TLV_IMPLICIT) && tlv_parse(value, 0x30, &tlv, NULL))
        return tlv.value;
    if (field->unwrap != 0 && value.size > field->unwrap &&
        tlv_parse(value, field->tag, &tlv, NULL) && tlv.value.size == field->unwrap)
        return tlv.value;
    return value;
}

static gpointer decode_object(Decoder *decoder, const TlvType *type, const Tlv *tlv,
                              gboolean in_place, gboolean is_item, guint depth, GError **error);

static GPtrArray *decode_list(Decoder *decoder, const TlvType *type, TlvSlice content, guint depth,
                              GError **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(tlv_struct_free);
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    if (depth >= TLV_MAX_DEPTH) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "nested deeper than %d",
                    TLV_MAX_DEPTH);
        return NULL;
    }
    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        gpointer item = NULL;

        if (type->tag != 0 && tlv.tag != type->tag) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "item %u: expected %s [%02X], found [%02X]", items->len, type->name,
                        type->tag, tlv.tag);
            return NULL;
        }
        if (spend(decoder, 2 * sizeof(gpointer), error))
            item = decode_object(decoder, type, &tlv, type->tag == 0, TRUE, depth, error);
        if (!item) {
            g_prefix_error(error, "item %u: ", items->len);
            return NULL;
        }
        g_ptr_array_add(items, item);
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    return g_steal_pointer(&items);
}

static gboolean decode_field(Decoder *decoder, const TlvField *field, gpointer structure,
                             const Tlv *tlv, guint depth, GError **error)
{
    gpointer at = member(structure, field);
    const EuiccdError code = EUICCD_ERROR_MALFORMED;

    switch (field->kind) {
    case TLV_OCTETS: {
        TlvSlice value = unwrap(field, tlv->value);

        if (!check_size(field, value.size, code, error))
            return FALSE;
        *(TlvSlice *)at = value;
        return TRUE;
    }
    case TLV_UTF8:
        if (!check_text(field, tlv->value, code, error))
            return FALSE;
        *(TlvSlice *)at = tlv->value;
        return TRUE;
    case TLV_OID:
        if (!check_oid(tlv->value, error))
            return FALSE;
        *(TlvSlice *)at = tlv->value;
        return TRUE;
    case TLV_INTEGER: {
        gint64 value;

        if (!tlv_get_integer(tlv->value, &value, error))
            return FALSE;
        *(TlvInteger *)at = (TlvInteger){ TRUE, value };
        return TRUE;
    }
    case TLV_BOOLEAN: {
        gboolean value;

        if (!tlv_get_boolean(tlv->value, &value, error))
            return FALSE;
        *(TlvInteger *)at = (TlvInteger){ TRUE, value };
        return TRUE;
    }
    case TLV_BITS:
        if (!tlv_check_bits(tlv->value, error) || !check_size(field, tlv->value.size, code, error))
            return FALSE;
        *(TlvSlice *)at = tlv->value;
        return TRUE;
    case TLV_NULL:
        if (tlv->value.size != 0) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "NULL of %" G_GSIZE_FORMAT " octets", tlv->value.size);
            return FALSE;
        }
        *(gboolean *)at = TRUE;
        return TRUE;
    case TLV_RAW:
        *(TlvSlice *)at = tlv->raw;
        return TRUE;
    case TLV_STRUCT: {
        gpointer value =
            decode_object(decoder, field->type, tlv, field->tag == 0, FALSE, depth, error);

        *(gpointer *)at = value;
        return value != NULL;
    }
    case TLV_LIST: {
        GPtrArray *value = decode_list(decoder, field->type, tlv->value, depth + 1, error);

        *(GPtrArray **)at = value;
        return value != NULL;
    }
    }
    g_return_val_if_reached(FALSE);
}

static gboolean keep_unknown(Decoder *decoder, TlvHead *head, const Tlv *tlv, GError **error)
{
    if (!spend(decoder, 2 * sizeof(Tlv), error))
        return FALSE;
    if (!head->unknown)
        head->unknown = g_array_sized_new(FALSE, FALSE, sizeof(Tlv), 1);
    g_array_append_val(head->unknown, *tlv);
    return TRUE;
}

/* One object inside a structure of TYPE. */
static gboolean decode_child(Decoder *decoder, const TlvType *type, gpointer structure,
                             const Tlv *tlv, guint64 *filled, guint depth, GError **error)
{
    gint index = tlv_type_next_field(type, tlv->tag, *filled);
    const TlvField *field;

    if (index == -1 && !type->strict)
        return keep_unknown(decoder, structure, tlv, error);
    if (index == -1) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "[%02X] does not belong here",
                    tlv->tag);
        return FALSE;
    }
    if (index == -2) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "[%02X] is there twice", tlv->tag);
        return FALSE;
    }
    field = &type->fields[index];
    if (type->strict && *filled >> index != 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s [%02X] is out of order",
                    field->name, tlv->tag);
        return FALSE;
    }
    if (!decode_field(decoder, field, structure, tlv, depth, error)) {
        g_prefix_error(error, "%s [%02X]: ", field->name, tlv->tag);
        return FALSE;
    }
    *filled |= G_GUINT64_CONSTANT(1) << index;
    return TRUE;
}

static gboolean check_complete(const TlvType *type, guint64 filled, GError **error)
{
    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *field = &type->fields[i];

        if (!(field->flags & TLV_REQUIRED) || is_filled(type, i, filled))
            continue;
        if (field->tag != 0)
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s [%02X] is missing",
                        field->name, field->tag);
        else
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s is missing", field->name);
        return FALSE;
    }
    return TRUE;
}

static gboolean decode_content(Decoder *decoder, const TlvType *type, gpointer structure,
                               TlvSlice content, gboolean is_item, guint depth, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    guint64 filled = 0;
    gsize n = 0;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        if (type->form == TLV_CHOICE && n++ > 0) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "a second alternative [%02X] of a CHOICE", tlv.tag);
            return FALSE;
        }
        if (!decode_child(decoder, type, structure, &tlv, &filled, depth, error))
            return FALSE;
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (type->form == TLV_CHOICE && n == 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "a CHOICE without alternative");
        return FALSE;
    }
    /* A list may hold commands and results of a later version; anywhere else an alternative that is
     * not known can't be used. */
    if (type->form == TLV_CHOICE && filled == 0 && !is_item) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "unknown alternative [%02X]",
                    tlv.tag);
        return FALSE;
    }
    return type->form == TLV_CHOICE || check_complete(type, filled, error);
}

static gboolean decode_into(Decoder *decoder, const TlvType *type, TlvHead *head, const Tlv *tlv,
                            gboolean is_item, guint depth, GError **error)
{
    switch (type->form) {
    case TLV_SEQUENCE:
    case TLV_CHOICE:
        return decode_content(decoder, type, head, head->content, is_item, depth + 1, error);
    case TLV_SEQUENCE_OF: {
        GPtrArray *items =
            decode_list(decoder, type->fields[0].type, head->content, depth + 1, error);

        *(GPtrArray **)member(head, &type->fields[0]) = items;
        return items != NULL;
    }
    case TLV_VALUE:
        return decode_field(decoder, &type->fields[0], head, tlv, depth, error);
    }
    g_return_val_if_reached(FALSE);
}

/* IN_PLACE: TLV is one of the alternatives of an untagged CHOICE. Its tag was checked before. */
static gpointer decode_object(Decoder *decoder, const TlvType *type, const Tlv *tlv,
                              gboolean in_place, gboolean is_item, guint depth, GError **error)
{
    TlvHead *head;

    if (depth >= TLV_MAX_DEPTH) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "nested deeper than %d",
                    TLV_MAX_DEPTH);
        return NULL;
    }
    /* The allocator's own overhead counts as well. */
    if (!spend(decoder, type->size + 16, error))
        return NULL;
    head = g_malloc0(type->size);
    head->type = type;
    for (gsize i = 0; i < type->n_fields; i++)
        if (type->fields[i].flags & TLV_DEFAULT_TRUE)
            ((TlvInteger *)member(head, &type->fields[i]))->value = TRUE;
    head->content = in_place ? tlv->raw : tlv->value;
    /* An untagged CHOICE is its alternative, whether or not something stands around it. */
    head->raw = type->tag == 0 ? head->content : tlv->raw;
    head->content = tlv_type_content(type, head->content, &head->normalised);
    if (!decode_into(decoder, type, head, tlv, is_item, depth, error)) {
        tlv_struct_free(head);
        return NULL;
    }
    return head;
}

gpointer tlv_decode_slice(const TlvType *type, GBytes *owner, TlvSlice slice, GError **error)
{
    Decoder decoder = { BUDGET_BASE + BUDGET_FACTOR * slice.size };
    TlvHead *head = NULL;
    Tlv tlv;

    if (tlv_parse(slice, 0, &tlv, error)) {
        if (type->tag != 0 && tlv.tag != type->tag)
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "expected object [%02X], found [%02X]", type->tag, tlv.tag);
        else
            head = decode_object(&decoder, type, &tlv, type->tag == 0, FALSE, 0, error);
    }
    if (!head) {
        g_prefix_error(error, "%s: ", type->name);
        return NULL;
    }
    head->owner = g_bytes_ref(owner);
    return head;
}

gpointer tlv_decode(const TlvType *type, GBytes *bytes, GError **error)
{
    return tlv_decode_slice(type, bytes, tlv_slice_from_bytes(bytes), error);
}

void tlv_struct_free(gpointer structure)
{
    TlvHead *head = structure;

    if (!head)
        return;
    g_return_if_fail(head->type != NULL);
    for (gsize i = 0; i < head->type->n_fields; i++) {
        const TlvField *field = &head->type->fields[i];

        /* Cleared, because several spellings of a field share one member. */
        if (field->kind == TLV_STRUCT)
            g_clear_pointer((gpointer *)member(head, field), tlv_struct_free);
        else if (field->kind == TLV_LIST)
            g_clear_pointer((GPtrArray **)member(head, field), g_ptr_array_unref);
    }
    if (head->unknown)
        g_array_unref(head->unknown);
    if (head->normalised)
        g_bytes_unref(head->normalised);
    if (head->owner)
        g_bytes_unref(head->owner);
    g_free(head);
}

/* ---- encoding ---- */

static gboolean refuse(GError **error, const TlvField *field, const char *why)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "%s [%02X] %s", field->name, field->tag,
                why);
    return FALSE;
}

/* Has the member of FIELD a value that would be written? */
static gboolean is_present(const TlvField *field, gconstpointer structure)
{
    gconstpointer at = member(structure, field);

    switch (field->kind) {
    case TLV_OCTETS:
    case TLV_UTF8:
    case TLV_OID:
    case TLV_BITS:
    case TLV_RAW:
        return ((const TlvSlice *)at)->data != NULL;
    case TLV_INTEGER:
        return ((const TlvInteger *)at)->present;
    case TLV_BOOLEAN: {
        const TlvInteger *value = at;

        if ((field->flags & TLV_DEFAULT_FALSE) && !value->value)
            return FALSE;
        if ((field->flags & TLV_DEFAULT_TRUE) && value->value)
            return FALSE;
        return value->present;
    }
    case TLV_NULL:
        return *(const gboolean *)at;
    case TLV_STRUCT:
    case TLV_LIST:
        return *(const gconstpointer *)at != NULL;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean encode_list(TlvWriter *writer, const TlvType *type, const GPtrArray *items,
                            GError **error)
{
    for (guint i = 0; i < items->len; i++) {
        if (!tlv_encode_into(writer, type, 0, items->pdata[i], error)) {
            g_prefix_error(error, "item %u: ", i);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean encode_field(TlvWriter *writer, const TlvField *field, guint32 tag,
                             gconstpointer structure, GError **error)
{
    gconstpointer at = member(structure, field);
    const TlvSlice *slice = at;
    const EuiccdError code = EUICCD_ERROR_INTERNAL;

    switch (field->kind) {
    case TLV_OCTETS:
        if (!check_size(field, slice->size, code, error))
            return FALSE;
        tlv_put_slice(writer, tag, *slice);
        return TRUE;
    case TLV_UTF8:
        if (!check_text(field, *slice, code, error))
            return FALSE;
        tlv_put_slice(writer, tag, *slice);
        return TRUE;
    case TLV_OID:
        if (!check_oid(*slice, NULL))
            return refuse(error, field, "is no object identifier");
        tlv_put_slice(writer, tag, *slice);
        return TRUE;
    case TLV_INTEGER:
        tlv_put_integer(writer, tag, ((const TlvInteger *)at)->value);
        return TRUE;
    case TLV_BOOLEAN:
        tlv_put_boolean(writer, tag, ((const TlvInteger *)at)->value != 0);
        return TRUE;
    case TLV_BITS:
        if (!tlv_check_bits(*slice, NULL))
            return refuse(error, field, "is no BIT STRING");
        if (!check_size(field, slice->size, code, error))
            return FALSE;
        tlv_put_slice(writer, tag, *slice);
        return TRUE;
    case TLV_NULL:
        tlv_put_null(writer, tag);
        return TRUE;
    case TLV_RAW: {
        Tlv tlv;

        if (!tlv_parse(*slice, tag, &tlv, NULL))
            return refuse(error, field, "is no object with this tag");
        tlv_put_raw_slice(writer, *slice);
        return TRUE;
    }
    case TLV_STRUCT:
        return tlv_encode_into(writer, field->type, tag, *(const gconstpointer *)at, error);
    case TLV_LIST:
        tlv_open(writer, tag);
        if (!encode_list(writer, field->type, *(GPtrArray *const *)at, error))
            return FALSE;
        tlv_close(writer);
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean encode_fields(TlvWriter *writer, const TlvType *type, gconstpointer structure,
                              GError **error)
{
    const TlvHead *head = structure;
    gsize n_unknown = head->unknown ? head->unknown->len : 0, n = n_unknown;

    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *field = &type->fields[i];

        if (field->flags & TLV_TOLERATE)
            continue;
        if (!is_present(field, structure)) {
            if (type->form != TLV_CHOICE && (field->flags & TLV_REQUIRED))
                return refuse(error, field, "is missing");
            continue;
        }
        if (type->form == TLV_CHOICE && n++ > 0)
            return refuse(error, field, "is a second alternative of a CHOICE");
        if (!encode_field(writer, field, field->tag, structure, error)) {
            g_prefix_error(error, "%s: ", field->name);
            return FALSE;
        }
    }
    if (type->form == TLV_CHOICE && n == 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                            "a CHOICE without alternative");
        return FALSE;
    }
    for (gsize i = 0; i < n_unknown; i++)
        tlv_put_raw_slice(writer, g_array_index(head->unknown, Tlv, i).raw);
    return TRUE;
}

/* A structure that was received, under TAG (0: an untagged CHOICE in its place). */
static gboolean encode_raw(TlvWriter *writer, const TlvType *type, guint32 tag, TlvSlice raw,
                           GError **error)
{
    Tlv tlv;

    if (!tlv_parse(raw, 0, &tlv, NULL)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "octets to pass on are no %s",
                    type->name);
        return FALSE;
    }
    if (type->tag == 0 && tag != 0)
        tlv_put_slice(writer, tag, raw);
    else if (tag == 0 || tlv.tag == tag)
        tlv_put_raw_slice(writer, raw);
    else
        tlv_put_slice(writer, tag, tlv.value);
    return TRUE;
}

gboolean tlv_encode_into(TlvWriter *writer, const TlvType *type, guint32 tag,
                         gconstpointer structure, GError **error)
{
    const TlvHead *head = structure;

    if (tag == 0)
        tag = type->tag;
    if (head->raw.data)
        return encode_raw(writer, type, tag, head->raw, error);
    if (type->form == TLV_VALUE)
        return encode_field(writer, &type->fields[0], tag, structure, error);
    if (tag != 0)
        tlv_open(writer, tag);
    if (type->form == TLV_SEQUENCE_OF) {
        const TlvField *field = &type->fields[0];

        if (!is_present(field, structure))
            return refuse(error, field, "is missing");
        if (!encode_list(writer, field->type, *(GPtrArray *const *)member(structure, field), error))
            return FALSE;
    } else if (!encode_fields(writer, type, structure, error)) {
        return FALSE;
    }
    if (tag != 0)
        tlv_close(writer);
    return TRUE;
}

GBytes *tlv_encode(const TlvType *type, gconstpointer structure, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    if (!tlv_encode_into(writer, type, 0, structure, error)) {
        g_prefix_error(error, "%s: ", type->name);
        return NULL;
    }
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- names ---- */

const char *tlv_name(const TlvName *names, gint64 value)
{
    char text[32];

    for (gsize i = 0; names && names[i].name; i++)
        if (names[i].value == value)
            return names[i].name;
    if (value < -128 || value > 255)
        return "unknown";
    g_snprintf(text, sizeof(text), "unknown (%d)", (gint)value);
    return g_intern_string(text);
}

char *tlv_slice_to_text(TlvSlice slice)
{
    return slice.data ? g_strndup((const char *)slice.data, slice.size) : NULL;
}
