/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Known-answer tests of the simulator's signatures, keys and certificate chains. */

#include <json-glib/json-glib.h>
#include <openssl/ec.h>
#include <string.h>

#include "sim/crypto.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static JsonParser *load_json(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return parser;
}

static JsonObject *root_of(JsonParser *parser)
{
    return json_node_get_object(json_parser_get_root(parser));
}

static GBytes *hex_member(JsonObject *object, const char *member)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(json_object_get_string_member(object, member), &error);

    g_assert_no_error(error);
    return bytes;
}

static char *pki_path(const char *curve, const char *file)
{
    return g_test_build_filename(G_TEST_DIST, "data", "pki", curve, file, NULL);
}

static X509 *load_certificate(const char *curve, const char *file)
{
    g_autofree char *path = pki_path(curve, file);
    g_autoptr(GError) error = NULL;
    X509 *certificate = sim_certificate_load(path, &error);

    g_assert_no_error(error);
    return certificate;
}

/* SubjectPublicKeyInfo around an uncompressed point of one of the two curves. */
static GBytes *make_spki(JsonObject *entry)
{
    gboolean nist = g_str_equal(json_object_get_string_member(entry, "curve"), "P-256");
    g_autoptr(GBytes) point = hex_member(entry, "public_key");
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GByteArray) bits = g_byte_array_new();
    g_autoptr(GBytes) ec = tlv_oid_from_string("1.2.840.10045.2.1", NULL);
    g_autoptr(GBytes) curve =
        tlv_oid_from_string(nist ? "1.2.840.10045.3.1.7" : "1.3.36.3.3.2.8.1.1.7", NULL);

    g_byte_array_append(bits, (const guint8 *)"", 1);
    g_byte_array_append(bits, g_bytes_get_data(point, NULL), (guint)g_bytes_get_size(point));
    tlv_open(writer, 0x30);
    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x06, tlv_slice_from_bytes(ec));
    tlv_put_slice(writer, 0x06, tlv_slice_from_bytes(curve));
    tlv_close(writer);
    tlv_put(writer, 0x03, bits->data, bits->len);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static EVP_PKEY *make_key(JsonObject *entry)
{
    g_autoptr(GBytes) spki = make_spki(entry);

    return sim_key_from_choice(tlv_slice_from_bytes(spki), NULL);
}

static gboolean verify_bytes(EVP_PKEY *key, GBytes *data, GBytes *signature)
{
    return sim_verify(key, g_bytes_get_data(data, NULL), g_bytes_get_size(data),
                      tlv_slice_from_bytes(signature));
}

static void test_ecdsa(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *entries = json_object_get_array_member(root_of(parser), "ecdsa");
    guint accepted = 0, refused = 0;

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        g_autoptr(EVP_PKEY) key = make_key(entry);
        g_autoptr(GBytes) message = hex_member(entry, "message");
        g_autoptr(GBytes) signature = hex_member(entry, "signature");
        /* A card takes the raw form only. */
        gboolean expected = json_object_get_boolean_member(entry, "valid") &&
                            g_str_equal(json_object_get_string_member(entry, "encoding"), "raw");

        g_test_message("%s", json_object_get_string_member(entry, "id"));
        g_assert_nonnull(key);
        g_assert_cmpint(verify_bytes(key, message, signature), ==, expected);
        *(expected ? &accepted : &refused) += 1;
    }
    g_assert_cmpuint(accepted, >, 8);
    g_assert_cmpuint(refused, >, 20);
}

static void test_signature_inputs(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *entries = json_object_get_array_member(root_of(parser), "signatures");
    guint refused_count = 0;

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        const char *curve = g_str_equal(json_object_get_string_member(entry, "curve"), "P-256")
                                ? "nist"
                                : "brainpool";
        g_autofree char *file =
            g_strconcat(json_object_get_string_member(entry, "signer"), ".der", NULL);
        g_autoptr(X509) signer = load_certificate(curve, file);
        g_autoptr(GBytes) input = hex_member(entry, "input");
        g_autoptr(GBytes) signature = hex_member(entry, "signature");
        JsonArray *refused = json_object_has_member(entry, "refused")
                                 ? json_object_get_array_member(entry, "refused")
                                 : NULL;

        g_test_message("%s", json_object_get_string_member(entry, "id"));
        g_assert_true(verify_bytes(X509_get0_pubkey(signer), input, signature));
        for (guint j = 0; refused && j < json_array_get_length(refused); j++) {
            g_autoptr(GBytes) bad =
                hex_member(json_array_get_object_element(refused, j), "signature");

            g_assert_false(verify_bytes(X509_get0_pubkey(signer), input, bad));
            refused_count++;
        }
    }
    g_assert_cmpuint(json_array_get_length(entries), ==, 68);
    g_assert_cmpuint(refused_count, >, 30);
}

static void test_sign(gconstpointer data)
{
    const char *curve = data;
    g_autofree char *path = pki_path(curve, "euicc.key.pem");
    g_autoptr(X509) certificate = load_certificate(curve, "euicc.der");
    g_autoptr(X509) other = load_certificate(curve, "eim.der");
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) key = sim_key_load(path, &error);

    g_assert_no_error(error);
    /* Often enough to meet an r or s with a leading zero. */
    for (guint i = 0; i < 300; i++) {
        g_autoptr(GBytes) signature = sim_sign(key, &i, sizeof(i), &error);
        TlvSlice slice;

        g_assert_no_error(error);
        slice = tlv_slice_from_bytes(signature);
        g_assert_cmpuint(slice.size, ==, SIM_SIGNATURE_SIZE);
        g_assert_true(sim_verify(X509_get0_pubkey(certificate), &i, sizeof(i), slice));
        g_assert_true(sim_verify(key, &i, sizeof(i), slice));
        g_assert_false(sim_verify(X509_get0_pubkey(certificate), &i, sizeof(i) - 1, slice));
        g_assert_false(sim_verify(X509_get0_pubkey(other), &i, sizeof(i), slice));
    }
    g_assert_false(sim_verify(key, "", 0, (TlvSlice){ NULL, 0 }));
}

static void test_identifiers(void)
{
    static const char *const curves[] = { "nist", "brainpool" };
    g_autoptr(JsonParser) parser = load_json("pki/index.json");

    for (guint i = 0; i < G_N_ELEMENTS(curves); i++) {
        JsonObject *chain = json_object_get_object_member(root_of(parser), curves[i]);
        JsonObject *certificates = json_object_get_object_member(chain, "certificates");
        g_autoptr(GList) names = json_object_get_members(certificates);

        for (GList *name = names; name; name = name->next) {
            JsonObject *entry = json_object_get_object_member(certificates, name->data);
            g_autoptr(X509) certificate =
                load_certificate(curves[i], json_object_get_string_member(entry, "certificate"));
            g_autoptr(GBytes) spki = sim_certificate_get_spki(certificate);
            g_autoptr(GBytes) id = sim_key_identifier(X509_get0_pubkey(certificate));
            g_autoptr(GBytes) point = hex_member(entry, "public_key");
            g_autofree char *hex = bytes_gbytes_to_hex(id);
            TlvSlice slice = tlv_slice_from_bytes(spki);

            g_assert_cmpuint(slice.size, >, 65);
            g_assert_true(tlv_slice_equal(tlv_slice(slice.data + slice.size - 65, 65),
                                          tlv_slice_from_bytes(point)));
            if (json_object_has_member(entry, "subject_key_id"))
                g_assert_cmpstr(hex, ==, json_object_get_string_member(entry, "subject_key_id"));
        }
    }
}

/* The nestings of interop I-07 give the same key; other things give none. */
static void test_key_choice(void)
{
    g_autoptr(X509) certificate = load_certificate("nist", "eim.der");
    g_autoptr(GBytes) spki = sim_certificate_get_spki(certificate);
    g_autoptr(GBytes) der = sim_certificate_to_der(certificate);
    GBytes *objects[] = { spki, der };

    for (guint i = 0; i < 2; i++) {
        for (guint form = 0; form < 5; form++) {
            g_autoptr(TlvWriter) writer = tlv_writer_new();
            g_autoptr(GBytes) bytes = NULL;
            g_autoptr(EVP_PKEY) key = NULL;
            g_autoptr(GError) error = NULL;
            Tlv whole;

            g_assert_true(tlv_parse(tlv_slice_from_bytes(objects[i]), 0x30, &whole, NULL));
            switch (form) {
            case 0: /* A5{A0{30, 03}} */
                tlv_open(writer, 0xA5);
                tlv_put_slice(writer, i ? 0xA1 : 0xA0, whole.value);
                tlv_close(writer);
                break;
            case 1: /* A5{A0{30{…}}} */
                tlv_open(writer, 0xA5);
                tlv_put_slice(writer, i ? 0xA1 : 0xA0, whole.raw);
                tlv_close(writer);
                break;
            case 2: /* A5{30{…}} */
                tlv_put_slice(writer, 0xA5, whole.raw);
                break;
            case 3: /* the arm alone, as the content of A5 */
                tlv_put_slice(writer, i ? 0xA1 : 0xA0, whole.value);
                break;
            case 4:
                tlv_put_raw_slice(writer, whole.raw);
                break;
            }
            bytes = tlv_writer_finish(g_steal_pointer(&writer));
            key = sim_key_from_choice(tlv_slice_from_bytes(bytes), &error);
            g_assert_no_error(error);
            g_assert_cmpint(EVP_PKEY_eq(key, X509_get0_pubkey(certificate)), ==, 1);
            for (gsize size = 0; size < g_bytes_get_size(bytes); size += 7) {
                g_autoptr(GError) cut = NULL;

                g_assert_null(
                    sim_key_from_choice(tlv_slice(g_bytes_get_data(bytes, NULL), size), &cut));
                g_assert_error(cut, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
            }
        }
    }
}

static void test_good_chain(gconstpointer data)
{
    static const char *const files[] = { "euicc.der", "euicc-y7500.der" };
    const char *curve = data;
    g_autoptr(X509) ci = load_certificate(curve, "ci.der");
    g_autoptr(X509) eum = load_certificate(curve, "eum.der");

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(X509) euicc = load_certificate(curve, files[i]);
        g_autoptr(GError) error = NULL;
        g_autofree char *eid = NULL;

        g_assert_true(sim_verify_euicc_chain(euicc, eum, ci, &eid, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(eid, ==, "89049032118876543210123456789065");
    }
}

static void test_bad_chain(gconstpointer data)
{
    const char *curve = data;
    g_autoptr(JsonParser) parser = load_json("pki/index.json");
    JsonObject *chain = json_object_get_object_member(root_of(parser), curve);
    JsonArray *entries = json_object_get_array_member(chain, "negative");
    guint tried = 0;

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        const char *stands_for = json_object_get_string_member(entry, "stands_for");
        const char *file = json_object_get_string_member(entry, "certificate");
        const char *expect = json_object_get_string_member(entry, "expect");
        g_autoptr(X509) ci = load_certificate(curve, "ci.der");
        g_autoptr(X509) eum = NULL;
        g_autoptr(X509) euicc = NULL;
        g_autoptr(GError) error = NULL;
        char *eid = NULL;
        int code;

        if (!g_str_equal(stands_for, "eum") && !g_str_equal(stands_for, "euicc"))
            continue;
        eum = load_certificate(curve, g_str_equal(stands_for, "eum") ? file : "eum.der");
        euicc = load_certificate(curve, g_str_equal(stands_for, "euicc") ? file : "euicc.der");
        g_test_message("%s: %s", file, json_object_get_string_member(entry, "wrong"));
        g_assert_false(sim_verify_euicc_chain(euicc, eum, ci, &eid, &error));
        g_assert_null(eid);
        code = strstr(expect, "Expired")       ? G_IO_ERROR_TIMED_OUT
               : strstr(expect, "ciPKUnknown") ? G_IO_ERROR_NOT_FOUND
                                               : G_IO_ERROR_INVALID_DATA;
        g_assert_error(error, G_IO_ERROR, code);
        tried++;
    }
    g_assert_cmpuint(tried, ==, 12);
}

static void test_bad_files(void)
{
    g_autofree char *pem = pki_path("nist", "euicc.key.pem");
    g_autofree char *der = pki_path("nist", "euicc.der");
    g_autoptr(GError) error = NULL;

    g_assert_null(sim_certificate_load(pem, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    g_clear_error(&error);
    g_assert_null(sim_key_load(der, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    g_clear_error(&error);
    g_assert_null(sim_key_load("/nonexistent/key.pem", &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim-crypto/ecdsa", test_ecdsa);
    g_test_add_func("/sim-crypto/signature-inputs", test_signature_inputs);
    g_test_add_data_func("/sim-crypto/sign/nist", "nist", test_sign);
    g_test_add_data_func("/sim-crypto/sign/brainpool", "brainpool", test_sign);
    g_test_add_func("/sim-crypto/identifiers", test_identifiers);
    g_test_add_func("/sim-crypto/key-choice", test_key_choice);
    g_test_add_data_func("/sim-crypto/chain/nist", "nist", test_good_chain);
    g_test_add_data_func("/sim-crypto/chain/brainpool", "brainpool", test_good_chain);
    g_test_add_data_func("/sim-crypto/refused-chain/nist", "nist", test_bad_chain);
    g_test_add_data_func("/sim-crypto/refused-chain/brainpool", "brainpool", test_bad_chain);
    g_test_add_func("/sim-crypto/bad-files", test_bad_files);
    return g_test_run();
}
