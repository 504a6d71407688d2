/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Access to the known-answer vectors for the tests of the test eIM. */

#include <json-glib/json-glib.h>
#include <openssl/x509.h>
#include <string.h>

#include "sim/crypto.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static inline JsonParser *load_json(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return parser;
}

static inline const char *text_of(JsonObject *object, const char *name)
{
    return json_object_get_string_member_with_default(object, name, "");
}

static inline JsonObject *child(JsonObject *object, const char *name)
{
    return json_object_has_member(object, name) ? json_object_get_object_member(object, name)
                                                : NULL;
}

static inline GBytes *hex_bytes(const char *hex)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(hex, &error);

    g_assert_no_error(error);
    return bytes;
}

static inline GBytes *der_of(JsonObject *vector)
{
    return hex_bytes(text_of(vector, "der"));
}

static inline TlvSlice slice_of(GBytes *bytes)
{
    return tlv_slice_from_bytes(bytes);
}

static inline void assert_hex(GBytes *bytes, const char *expected)
{
    g_autofree char *hex = bytes_gbytes_to_hex(bytes);

    g_assert_cmpstr(hex, ==, expected);
}

/* The vector files; asn1.json is large, so it is read once. */
static JsonArray *vectors;
static JsonObject *keys;

static inline JsonObject *find_vector(const char *name)
{
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);

        if (g_str_equal(text_of(vector, "name"), name))
            return vector;
    }
    g_error("no vector %s", name);
}

static inline EVP_PKEY *key_of(const char *name)
{
    JsonArray *list = json_object_get_array_member(keys, "keys");

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        g_autoptr(GBytes) der = NULL;
        g_autoptr(X509) certificate = NULL;

        if (!g_str_equal(text_of(entry, "name"), name))
            continue;
        der = hex_bytes(text_of(entry, "certificate"));
        certificate = sim_certificate_parse(slice_of(der), NULL);
        g_assert_nonnull(certificate);
        return X509_get_pubkey(certificate);
    }
    g_error("no key %s", name);
}

/* Calls FUNC with each vector of TYPE and expects at least MINIMUM of them. */
static inline void for_each(const char *type, guint minimum, void (*func)(JsonObject *vector))
{
    guint count = 0;

    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);

        if (!g_str_equal(text_of(vector, "type"), type))
            continue;
        g_test_message("%s", text_of(vector, "name"));
        func(vector);
        count++;
    }
    g_assert_cmpuint(count, >=, minimum);
}

/* Reads asn1.json and keys.json; they stay for the life of the program. */
static inline void load_vectors(void)
{
    static JsonParser *asn1, *key_parser;

    asn1 = load_json("asn1.json");
    key_parser = load_json("keys.json");
    vectors = json_node_get_array(json_parser_get_root(asn1));
    keys = json_node_get_object(json_parser_get_root(key_parser));
}
