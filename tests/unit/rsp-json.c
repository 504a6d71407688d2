/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/rsp-json.h"

#include <string.h>

#include "rsp/common.h"
#include "util/bytes.h"

#define MEMBER(structure, field) ((gpointer)((guint8 *)(structure) + (field)->offset))

/* Names that v1.0 of the specification has for fields of later versions. */
static const struct {
    const char *v1_0, *name;
} renamed[] = {
    { "transactionId", "eimTransactionId" },
    { "euiccCiPKId", "euiccCiPKIdentifierToBeUsed" },
    { "searchCriteria", "searchCriteriaNotification" },
};

/* Is FIELD the one that stands for its name in this version? */
static gboolean is_used(const TlvType *type, const TlvField *field, gboolean v1_0)
{
    if (field->flags & TLV_TOLERATE)
        return FALSE;
    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *other = &type->fields[i];

        if (other != field && !(other->flags & TLV_TOLERATE) &&
            g_str_equal(other->name, field->name))
            return v1_0 == ((field->flags & TLV_V1_0) != 0);
    }
    return TRUE;
}

static JsonNode *find(JsonObject *object, const TlvField *field, gboolean v1_0)
{
    if (json_object_has_member(object, field->name))
        return json_object_get_member(object, field->name);
    for (gsize i = 0; v1_0 && i < G_N_ELEMENTS(renamed); i++)
        if (g_str_equal(renamed[i].name, field->name) &&
            json_object_has_member(object, renamed[i].v1_0))
            return json_object_get_member(object, renamed[i].v1_0);
    return NULL;
}

static GBytes *octets_of(JsonNode *node)
{
    g_autoptr(GBytes) part = NULL;
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    gint64 count = 1;
    const char *hex;

    if (JSON_NODE_HOLDS_OBJECT(node)) {
        hex = json_object_get_string_member(json_node_get_object(node), "repeat");
        count = json_object_get_int_member(json_node_get_object(node), "count");
    } else {
        hex = json_node_get_string(node);
    }
    part = bytes_from_hex(hex, &error);
    g_assert_no_error(error);
    for (gint64 i = 0; i < count; i++)
        g_byte_array_append(all, g_bytes_get_data(part, NULL), (guint)g_bytes_get_size(part));
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static GBytes *bits_of(JsonNode *node)
{
    JsonArray *bits = json_object_get_array_member(json_node_get_object(node), "bits");
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) object = NULL;
    guint64 all = 0;
    Tlv tlv;

    for (guint i = 0; i < json_array_get_length(bits); i++)
        all |= G_GUINT64_CONSTANT(1) << json_array_get_int_element(bits, i);
    tlv_put_bits(writer, 0x03, all);
    object = tlv_writer_finish(g_steal_pointer(&writer));
    g_assert_true(tlv_parse(tlv_slice_from_bytes(object), 0x03, &tlv, NULL));
    return tlv_slice_to_bytes(tlv.value);
}

/* The items of an array, or the same one several times. */
static GPtrArray *items_of(JsonNode *node)
{
    GPtrArray *items = g_ptr_array_new();

    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(array); i++)
            g_ptr_array_add(items, json_array_get_element(array, i));
    } else {
        JsonObject *object = json_node_get_object(node);
        gint64 count = json_object_get_int_member(object, "count");

        for (gint64 i = 0; i < count; i++)
            g_ptr_array_add(items, json_object_get_member(object, "repeatItem"));
    }
    return items;
}

/* ---- building ---- */

static TlvSlice keep(GPtrArray *pool, GBytes *bytes)
{
    g_ptr_array_add(pool, g_bytes_ref(bytes));
    return tlv_slice_from_bytes(bytes);
}

static void build_list(GPtrArray *pool, const TlvType *type, GPtrArray **list, JsonNode *node,
                       gboolean v1_0)
{
    g_autoptr(GPtrArray) items = items_of(node);
    GPtrArray *result = g_ptr_array_new();

    for (guint i = 0; i < items->len; i++)
        g_ptr_array_add(result, rsp_json_build(pool, type, items->pdata[i], v1_0));
    g_ptr_array_add(pool, g_bytes_new_with_free_func(result, sizeof(*result),
                                                     (GDestroyNotify)g_ptr_array_unref, result));
    *list = result;
}

static void build_value(GPtrArray *pool, const TlvField *field, gpointer at, JsonNode *node,
                        gboolean v1_0)
{
    switch (field->kind) {
    case TLV_OCTETS: {
        g_autoptr(GBytes) bytes = octets_of(node);
        TlvSlice slice = keep(pool, bytes);
        Tlv tlv;

        if (field->flags & TLV_IMPLICIT) {
            g_assert_true(tlv_parse(slice, 0x30, &tlv, NULL));
            slice = tlv.value;
        }
        *(TlvSlice *)at = slice;
        return;
    }
    case TLV_RAW: {
        g_autoptr(GBytes) bytes = octets_of(node);

        *(TlvSlice *)at = keep(pool, bytes);
        return;
    }
    case TLV_UTF8: {
        const char *text = json_node_get_string(node);
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

        *(TlvSlice *)at = keep(pool, bytes);
        return;
    }
    case TLV_OID: {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = tlv_oid_from_string(json_node_get_string(node), &error);

        g_assert_no_error(error);
        *(TlvSlice *)at = keep(pool, bytes);
        return;
    }
    case TLV_BITS: {
        g_autoptr(GBytes) bytes = bits_of(node);

        *(TlvSlice *)at = keep(pool, bytes);
        return;
    }
    case TLV_INTEGER:
        *(TlvInteger *)at = (TlvInteger){ TRUE, json_node_get_int(node) };
        return;
    case TLV_BOOLEAN:
        *(TlvInteger *)at = (TlvInteger){ TRUE, json_node_get_boolean(node) };
        return;
    case TLV_NULL:
        g_assert_true(JSON_NODE_HOLDS_NULL(node));
        *(gboolean *)at = TRUE;
        return;
    case TLV_STRUCT:
        *(gpointer *)at = rsp_json_build(pool, field->type, node, v1_0);
        return;
    case TLV_LIST:
        build_list(pool, field->type, at, node, v1_0);
        return;
    }
    g_assert_not_reached();
}

gpointer rsp_json_build(GPtrArray *pool, const TlvType *type, JsonNode *node, gboolean v1_0)
{
    gpointer structure = g_malloc0(type->size);
    JsonObject *object;

    g_ptr_array_add(pool, g_bytes_new_take(structure, type->size));
    if (type->form == TLV_VALUE || type->form == TLV_SEQUENCE_OF) {
        build_value(pool, &type->fields[0], MEMBER(structure, &type->fields[0]), node, v1_0);
        return structure;
    }
    object = json_node_get_object(node);
    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *field = &type->fields[i];
        JsonNode *value = is_used(type, field, v1_0) ? find(object, field, v1_0) : NULL;

        if (value)
            build_value(pool, field, MEMBER(structure, field), value, v1_0);
    }
    return structure;
}

/* ---- comparing with JSON ---- */

static gboolean same(TlvSlice slice, GBytes *bytes)
{
    return tlv_slice_equal(slice, tlv_slice_from_bytes(bytes));
}

static gboolean is_present(const TlvField *field, gconstpointer structure)
{
    gconstpointer at = MEMBER(structure, field);

    switch (field->kind) {
    case TLV_OCTETS:
    case TLV_UTF8:
    case TLV_OID:
    case TLV_BITS:
    case TLV_RAW:
        return ((const TlvSlice *)at)->data != NULL;
    case TLV_INTEGER:
    case TLV_BOOLEAN:
        return ((const TlvInteger *)at)->present;
    case TLV_NULL:
        return *(const gboolean *)at;
    case TLV_STRUCT:
    case TLV_LIST:
        return *(const gconstpointer *)at != NULL;
    }
    g_assert_not_reached();
}

static char *compare_list(const TlvType *type, const GPtrArray *list, JsonNode *node, gboolean v1_0)
{
    g_autoptr(GPtrArray) items = items_of(node);

    if (items->len != list->len)
        return g_strdup_printf("%u items instead of %u", list->len, items->len);
    for (guint i = 0; i < items->len; i++) {
        g_autofree char *why = rsp_json_compare(type, list->pdata[i], items->pdata[i], v1_0);

        if (why)
            return g_strdup_printf("item %u: %s", i, why);
    }
    return NULL;
}

static char *compare_value(const TlvField *field, gconstpointer at, JsonNode *node, gboolean v1_0)
{
    const TlvSlice *slice = at;
    const TlvInteger *integer = at;
    gboolean equal = FALSE;

    switch (field->kind) {
    case TLV_OCTETS:
    case TLV_RAW: {
        g_autoptr(GBytes) bytes = octets_of(node);

        if (field->flags & TLV_IMPLICIT) {
            g_autoptr(GBytes) complete = rsp_certificate_from_implicit(*slice);

            equal = g_bytes_equal(complete, bytes);
        } else {
            equal = same(*slice, bytes);
        }
        break;
    }
    case TLV_UTF8: {
        g_autofree char *text = tlv_slice_to_text(*slice);

        equal = g_str_equal(text, json_node_get_string(node));
        break;
    }
    case TLV_OID: {
        g_autofree char *text = tlv_oid_to_string(*slice, NULL);

        equal = g_strcmp0(text, json_node_get_string(node)) == 0;
        break;
    }
    case TLV_BITS: {
        g_autoptr(GBytes) bytes = bits_of(node);

        equal = same(*slice, bytes);
        break;
    }
    case TLV_INTEGER:
        equal = integer->value == json_node_get_int(node);
        break;
    case TLV_BOOLEAN:
        equal = integer->value == json_node_get_boolean(node);
        break;
    case TLV_NULL:
        equal = JSON_NODE_HOLDS_NULL(node);
        break;
    case TLV_STRUCT:
        return rsp_json_compare(field->type, *(const gconstpointer *)at, node, v1_0);
    case TLV_LIST:
        return compare_list(field->type, *(GPtrArray *const *)at, node, v1_0);
    }
    return equal ? NULL : g_strdup("another value");
}

char *rsp_json_compare(const TlvType *type, gconstpointer structure, JsonNode *node, gboolean v1_0)
{
    JsonObject *object;
    guint n = 0;

    if (type->form == TLV_VALUE || type->form == TLV_SEQUENCE_OF)
        return compare_value(&type->fields[0], MEMBER(structure, &type->fields[0]), node, v1_0);
    object = json_node_get_object(node);
    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *field = &type->fields[i];
        gboolean used = is_used(type, field, v1_0);
        JsonNode *value = used ? find(object, field, v1_0) : NULL;
        g_autofree char *why = NULL;

        if (field->flags & TLV_TOLERATE)
            continue;
        n += value != NULL;
        if ((value != NULL) != is_present(field, structure))
            return g_strdup_printf("%s is %s", field->name, value ? "missing" : "too much");
        if (value)
            why = compare_value(field, MEMBER(structure, field), value, v1_0);
        if (why)
            return g_strdup_printf("%s: %s", field->name, why);
    }
    if (n != json_object_get_size(object))
        return g_strdup_printf("%u members instead of %u", n, json_object_get_size(object));
    return NULL;
}

/* ---- comparing structures ---- */

static gboolean same_bits(TlvSlice a, TlvSlice b)
{
    for (guint bit = 0; bit < 8 * MAX(a.size, b.size); bit++)
        if (tlv_bit_is_set(a, bit) != tlv_bit_is_set(b, bit))
            return FALSE;
    return TRUE;
}

static char *compare_members(const TlvField *field, gconstpointer a, gconstpointer b)
{
    gboolean equal = FALSE;

    switch (field->kind) {
    case TLV_OCTETS:
    case TLV_RAW:
    case TLV_UTF8:
    case TLV_OID:
        equal = tlv_slice_equal(*(const TlvSlice *)a, *(const TlvSlice *)b);
        break;
    case TLV_BITS:
        equal = same_bits(*(const TlvSlice *)a, *(const TlvSlice *)b);
        break;
    case TLV_INTEGER:
    case TLV_BOOLEAN:
        equal = ((const TlvInteger *)a)->value == ((const TlvInteger *)b)->value;
        break;
    case TLV_NULL:
        equal = TRUE;
        break;
    case TLV_STRUCT:
        return rsp_structs_compare(field->type, *(const gconstpointer *)a,
                                   *(const gconstpointer *)b);
    case TLV_LIST: {
        const GPtrArray *list_a = *(GPtrArray *const *)a, *list_b = *(GPtrArray *const *)b;

        if (list_a->len != list_b->len)
            return g_strdup_printf("%u and %u items", list_a->len, list_b->len);
        for (guint i = 0; i < list_a->len; i++) {
            g_autofree char *why =
                rsp_structs_compare(field->type, list_a->pdata[i], list_b->pdata[i]);

            if (why)
                return g_strdup_printf("item %u: %s", i, why);
        }
        return NULL;
    }
    }
    return equal ? NULL : g_strdup("other values");
}

char *rsp_structs_compare(const TlvType *type, gconstpointer a, gconstpointer b)
{
    for (gsize i = 0; i < type->n_fields; i++) {
        const TlvField *field = &type->fields[i];
        gboolean has_default = field->flags & (TLV_DEFAULT_FALSE | TLV_DEFAULT_TRUE);
        g_autofree char *why = NULL;

        if (!has_default && is_present(field, a) != is_present(field, b))
            return g_strdup_printf("%s is in one of them", field->name);
        if (has_default || is_present(field, a))
            why = compare_members(field, MEMBER(a, field), MEMBER(b, field));
        if (why)
            return g_strdup_printf("%s: %s", field->name, why);
    }
    return NULL;
}

void rsp_struct_forget_raw(gpointer structure)
{
    TlvHead *head = structure;

    if (!head)
        return;
    head->raw = (TlvSlice){ NULL, 0 };
    for (gsize i = 0; i < head->type->n_fields; i++) {
        const TlvField *field = &head->type->fields[i];

        if (field->kind == TLV_STRUCT)
            rsp_struct_forget_raw(*(gpointer *)MEMBER(structure, field));
        if (field->kind == TLV_LIST && *(GPtrArray **)MEMBER(structure, field)) {
            GPtrArray *list = *(GPtrArray **)MEMBER(structure, field);

            for (guint i_item = 0; i_item < list->len; i_item++)
                rsp_struct_forget_raw(list->pdata[i_item]);
        }
    }
}
