/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "rsp/rsp.h"
#include "unit/rsp-json.h"
#include "util/bytes.h"
#include "util/error.h"

/* How many vectors each file has: none may be left out unnoticed. */
#define N_VECTORS  698
#define N_INVALID  170
#define N_MUST     143 /* of the invalid ones */
#define N_TOLERANT 45

typedef struct {
    const char *name, *type, *version, *layer, *strength, *base;
    JsonNode *values;
    GBytes *der;
} Vector;

static JsonParser *parsers[3];
static GPtrArray *vectors, *invalid, *tolerant; /* of Vector */
static GHashTable *by_name;                     /* of the Vectors in vectors */

static void vector_free(gpointer data)
{
    Vector *vector = data;

    g_bytes_unref(vector->der);
    g_free(vector);
}

static GPtrArray *load(const char *file, JsonParser **parser)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", file, NULL);
    GPtrArray *result = g_ptr_array_new_with_free_func(vector_free);
    g_autoptr(GError) error = NULL;
    JsonArray *array;

    *parser = json_parser_new_immutable();
    json_parser_load_from_file(*parser, path, &error);
    g_assert_no_error(error);
    array = json_node_get_array(json_parser_get_root(*parser));
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *object = json_array_get_object_element(array, i);
        Vector *vector = g_new0(Vector, 1);

        vector->name = json_object_get_string_member(object, "name");
        vector->type = json_object_get_string_member(object, "type");
        vector->version = json_object_get_string_member_with_default(object, "version", "any");
        vector->layer = json_object_get_string_member_with_default(object, "layer", NULL);
        vector->strength = json_object_get_string_member_with_default(object, "strength", NULL);
        vector->base = json_object_get_string_member_with_default(object, "base", NULL);
        vector->values = json_object_get_member(object, "values");
        vector->der = bytes_from_hex(json_object_get_string_member(object, "der"), &error);
        g_assert_no_error(error);
        g_ptr_array_add(result, vector);
    }
    return result;
}

/* Forms of SGP.32 v1.0 that have the name and tag of another one. */
static const TlvType *const v1_0_types[] = {
    &rsp_get_eim_package_request_v1_0,
    &rsp_provide_eim_package_result_v1_0,
    &rsp_provide_eim_package_result_response_v1_0,
    &rsp_profile_download_trigger_result_v1_0,
    &rsp_euicc_memory_reset_response_v1_0,
};

static gboolean is_v1_0_type(const TlvType *type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(v1_0_types); i++)
        if (v1_0_types[i] == type)
            return TRUE;
    return FALSE;
}

/* The table for TYPE; several functions have one name and different tags. */
static const TlvType *find_type(const char *name, const char *version, GBytes *der)
{
    const TlvType *result = NULL;
    gsize header, size;
    guint32 tag = 0;

    g_assert_true(tlv_peek_header(tlv_slice_from_bytes(der), &tag, &header, &size, NULL));
    for (gsize i = 0; g_str_equal(version, "1.0") && i < G_N_ELEMENTS(v1_0_types); i++)
        if (g_str_equal(v1_0_types[i]->name, name) && v1_0_types[i]->tag == tag)
            return v1_0_types[i];
    for (gsize i = 0; rsp_types[i]; i++) {
        if (!g_str_equal(rsp_types[i]->name, name) || is_v1_0_type(rsp_types[i]))
            continue;
        if (!result || tlv_type_has_tag(rsp_types[i], tag))
            result = rsp_types[i];
    }
    return result;
}

static void assert_bytes(const char *name, GBytes *actual, GBytes *expected)
{
    g_autofree char *a = bytes_gbytes_to_hex(actual);
    g_autofree char *b = bytes_gbytes_to_hex(expected);

    if (!g_str_equal(a, b))
        g_error("%s: encoded as %s instead of %s", name, a, b);
}

/* ---- valid ones ---- */

static void check_vector(const Vector *vector)
{
    gboolean v1_0 = g_str_equal(vector->version, "1.0");
    const TlvType *type = find_type(vector->type, vector->version, vector->der);
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GBytes) made = NULL, again = NULL, as_received = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL, *text = NULL;
    gpointer structure;

    if (!type)
        g_error("%s: no table for %s", vector->name, vector->type);
    structure = tlv_decode(type, vector->der, &error);
    g_assert_no_error(error);
    why = rsp_json_compare(type, structure, vector->values, v1_0);
    if (why)
        g_error("%s: %s", vector->name, why);

    made = tlv_encode(type, rsp_json_build(pool, type, vector->values, v1_0), &error);
    g_assert_no_error(error);
    assert_bytes(vector->name, made, vector->der);

    as_received = tlv_encode(type, structure, &error);
    g_assert_no_error(error);
    assert_bytes(vector->name, as_received, vector->der);
    rsp_struct_forget_raw(structure);
    again = tlv_encode(type, structure, &error);
    g_assert_no_error(error);
    assert_bytes(vector->name, again, vector->der);
    tlv_struct_free(structure);

    /* A trace names everything and shows no secret. */
    text = tlv_print(type, tlv_slice_from_bytes(vector->der));
    g_assert_true(g_str_has_prefix(text, type->name));
    g_assert_null(strstr(text, "can't be read"));
    g_assert_null(strstr(text, "there twice"));
    g_assert_null(strstr(text, "K7T2-9XQ4"));
}

static void test_valid(void)
{
    guint n = 0;

    for (guint i = 0; i < vectors->len; i++, n++)
        check_vector(vectors->pdata[i]);
    g_assert_cmpuint(n, ==, N_VECTORS);
}

/* Every table is reached by a vector, or is part of one that is. */
static void test_types_covered(void)
{
    for (gsize i = 0; rsp_types[i]; i++) {
        gboolean found = FALSE;

        /* Parts that also travel alone, inside other messages. */
        if (rsp_types[i] == &rsp_eim_configuration_data ||
            rsp_types[i] == &rsp_other_signed_notification ||
            rsp_types[i] == &rsp_pending_notification)
            continue;
        for (guint j = 0; !found && j < vectors->len; j++) {
            const Vector *vector = vectors->pdata[j];

            found = find_type(vector->type, vector->version, vector->der) == rsp_types[i];
        }
        if (!found)
            g_error("no vector for %s", rsp_types[i]->name);
    }
}

/* ---- what has to be refused ---- */

static void exercise(const TlvType *type, GBytes *der, gpointer structure)
{
    g_autoptr(GBytes) as_received = NULL, again = NULL;
    g_autoptr(GError) error = NULL;

    as_received = tlv_encode(type, structure, &error);
    g_assert_no_error(error);
    assert_bytes(type->name, as_received, der);
    rsp_struct_forget_raw(structure);
    again = tlv_encode(type, structure, &error);
    g_assert_no_error(error);
    g_assert_nonnull(again);
}

static gboolean is_refused(const TlvType *type, GBytes *der)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = tlv_print(type, tlv_slice_from_bytes(der));
    gpointer structure = tlv_decode(type, der, &error);

    g_assert_nonnull(text);
    if (!structure) {
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        return TRUE;
    }
    g_assert_no_error(error);
    exercise(type, der, structure);
    tlv_struct_free(structure);
    return FALSE;
}

static gboolean reader_refuses(GBytes *der)
{
    TlvSlice slice = tlv_slice_from_bytes(der);
    Tlv tlv;

    return !tlv_parse(slice, 0, &tlv, NULL) || !tlv_validate(slice, NULL);
}

static void test_invalid(void)
{
    guint n = 0, n_must = 0;

    for (guint i = 0; i < invalid->len; i++, n++) {
        const Vector *vector = invalid->pdata[i];
        gboolean must = g_str_equal(vector->strength, "must");
        gboolean refused = TRUE;

        if (g_str_equal(vector->type, "any")) {
            refused = reader_refuses(vector->der);
            for (gsize t = 0; rsp_types[t]; t++)
                refused &= is_refused(rsp_types[t], vector->der) || !must;
        } else {
            const TlvType *type = NULL;

            for (gsize t = 0; rsp_types[t] && !type; t++)
                if (g_str_equal(rsp_types[t]->name, vector->type) && !is_v1_0_type(rsp_types[t]))
                    type = rsp_types[t];
            if (!type)
                g_error("%s: no table for %s", vector->name, vector->type);
            refused = is_refused(type, vector->der);
            if (g_str_equal(vector->layer, "tlv") && must)
                g_assert_true(reader_refuses(vector->der));
        }
        n_must += must;
        /* None is excepted: the tables express the value rules among them as well. */
        if (must && !refused)
            g_error("%s: not refused", vector->name);
    }
    g_assert_cmpuint(n, ==, N_INVALID);
    g_assert_cmpuint(n_must, ==, N_MUST);
}

/* ---- what has to be accepted ---- */

/* The meaning differs from that of the base, as the list says. */
static const struct {
    const char *name, *difference;
} differing[] = {
    { "bitstring-unknown-bits", "ipaFeatures: other values" },
    { "unknown-psmo", "psmoList: 2 and 1 items" },
    { "unknown-result", "euiccResult: 2 and 1 items" },
    { "signature-der", "euiccSignEPR: other values" },
};

static void test_tolerant(void)
{
    guint n = 0;

    for (guint i = 0; i < tolerant->len; i++, n++) {
        const Vector *vector = tolerant->pdata[i];
        const Vector *base = g_hash_table_lookup(by_name, vector->base);
        const TlvType *type = find_type(vector->type, base->version, vector->der);
        g_autoptr(GError) error = NULL;
        g_autofree char *why = NULL;
        const char *expected = NULL;
        gpointer structure, base_structure;

        if (g_str_equal(base->version, "1.0"))
            type = find_type(vector->type, "1.2", vector->der);
        structure = tlv_decode(type, vector->der, &error);
        if (error)
            g_error("%s: %s", vector->name, error->message);
        base_structure = tlv_decode(type, base->der, &error);
        g_assert_no_error(error);
        why = rsp_structs_compare(type, structure, base_structure);
        for (gsize d = 0; d < G_N_ELEMENTS(differing); d++)
            if (g_str_equal(differing[d].name, vector->name))
                expected = differing[d].difference;
        if (expected ? !why || !g_str_has_suffix(why, expected) : why != NULL)
            g_error("%s: %s instead of %s", vector->name, why, expected);
        exercise(type, vector->der, structure);
        tlv_struct_free(structure);
        tlv_struct_free(base_structure);
    }
    g_assert_cmpuint(n, ==, N_TOLERANT);
}

/* What stands in a list and is not known is kept. */
static void test_unknown_command(void)
{
    for (guint i = 0; i < tolerant->len; i++) {
        const Vector *vector = tolerant->pdata[i];
        g_autoptr(RspEuiccPackageRequest) request = NULL;
        g_autoptr(GError) error = NULL;
        const RspPsmo *unknown;

        if (!g_str_equal(vector->name, "unknown-psmo"))
            continue;
        request = tlv_decode(&rsp_euicc_package_request, vector->der, &error);
        g_assert_no_error(error);
        unknown = request->euicc_package_signed->euicc_package->psmo_list->pdata[1];
        g_assert_null(unknown->enable);
        g_assert_cmpuint(unknown->head.unknown->len, ==, 1);
        g_assert_cmpuint(unknown->head.raw.size, >, 0);
        return;
    }
    g_assert_not_reached();
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors = load("asn1.json", &parsers[0]);
    invalid = load("asn1-invalid.json", &parsers[1]);
    tolerant = load("asn1-tolerant.json", &parsers[2]);
    by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < vectors->len; i++) {
        Vector *vector = vectors->pdata[i];

        g_assert_true(g_hash_table_insert(by_name, (gpointer)vector->name, vector));
    }
    g_test_add_func("/rsp/vectors/valid", test_valid);
    g_test_add_func("/rsp/vectors/types-covered", test_types_covered);
    g_test_add_func("/rsp/vectors/invalid", test_invalid);
    g_test_add_func("/rsp/vectors/tolerant", test_tolerant);
    g_test_add_func("/rsp/vectors/unknown-command", test_unknown_command);
    result = g_test_run();
    g_hash_table_unref(by_name);
    g_ptr_array_unref(vectors);
    g_ptr_array_unref(invalid);
    g_ptr_array_unref(tolerant);
    for (gsize i = 0; i < G_N_ELEMENTS(parsers); i++)
        g_object_unref(parsers[i]);
    return result;
}
