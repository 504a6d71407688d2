/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An eUICC that a test plays towards the test SM-DP+ and the test SM-DS, with what it can do wrong. */

#include <glib/gstdio.h>
#include <openssl/sha.h>
#include <string.h>

#include "sim/bsp.h"
#include "sim/crypto.h"
#include "sim/pki.h"
#include "sim/smdp.h"
#include "sim/smds.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

#define TEST_EID "89049032118876543210123456789065"
#define HOST     "smdp.example.com"

/* What the fake eUICC does wrong. */
typedef struct {
    const char *euicc; /* certificate in place of its own */
    const char *eum;
    gboolean bad_signature1, bad_signature2, bad_cancel;
    gboolean other_challenge, other_address, no_ci;
    gboolean refuses; /* A1 */
    gboolean other_oid;
    guint free_memory;
} Wrong;

typedef struct {
    char *dir;
    SimSmdp *smdp;
    SimRspServer *server;
    EVP_PKEY *euicc;
    EVP_PKEY *one_time;
    Wrong wrong;
    GBytes *challenge;
    char *transaction;
    GBytes *smdp_signature;
} Fixture;

static TlvSlice slice(GBytes *bytes)
{
    return tlv_slice_from_bytes(bytes);
}

static JsonObject *object_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);

    g_assert_no_error(error);
    return json_object_ref(json_node_get_object(node));
}

static JsonObject *control_of(SimRspServer *server, const char *text)
{
    g_autoptr(JsonObject) request = object_of(text);
    JsonObject *answer = json_object_new();
    g_autoptr(GError) error = NULL;

    sim_rsp_server_control(request, answer, server, &error);
    g_assert_no_error(error);
    return answer;
}

static JsonObject *control(Fixture *fixture, const char *text)
{
    return control_of(fixture->server, text);
}

static void refused(SimRspServer *server, const char *text)
{
    g_autoptr(JsonObject) request = object_of(text), answer = json_object_new();

    g_test_message("%s", text);
    g_assert_false(sim_rsp_server_control(request, answer, server, NULL));
}

static char *order(Fixture *fixture, const char *members)
{
    g_autofree char *text =
        g_strdup_printf("{\"do\": \"order\"%s%s}", *members ? ", " : "", members);
    g_autoptr(JsonObject) answer = control(fixture, text);

    return g_strdup(json_object_get_string_member(answer, "matchingId"));
}

static JsonObject *last_of(Fixture *fixture, const char *list)
{
    g_autoptr(JsonObject) answer = control(fixture, "{\"do\": \"show\"}");
    JsonArray *array = json_object_get_array_member(answer, list);

    return json_object_ref(json_array_get_object_element(array, json_array_get_length(array) - 1));
}

static char *text_of_last(Fixture *fixture, const char *list, const char *member)
{
    g_autoptr(JsonObject) object = last_of(fixture, list);

    return g_strdup(json_object_get_string_member(object, member));
}

static void assert_last(Fixture *fixture, const char *list, const char *member,
                        const char *expected)
{
    g_autofree char *text = text_of_last(fixture, list, member);

    g_assert_cmpstr(text, ==, expected);
}

static void script(Fixture *fixture, const char *fault)
{
    g_autofree char *text = g_strdup_printf("{\"do\": \"knobs\", \"faults\": [%s]}", fault);
    g_autoptr(JsonObject) answer = control(fixture, text);
}

/* ---- the eUICC ---- */

static GBytes *read_pki(Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
    char *data;
    gsize size;

    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    return g_bytes_new_take(data, size);
}

static GBytes *sign(EVP_PKEY *key, TlvSlice first, TlvSlice second, gboolean bad)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GBytes) signature = NULL;
    guint8 raw[SIM_SIGNATURE_SIZE];

    g_byte_array_append(input, first.data, (guint)first.size);
    if (second.data)
        g_byte_array_append(input, second.data, (guint)second.size);
    signature = sim_sign(key, input->data, input->len, NULL);
    memcpy(raw, g_bytes_get_data(signature, NULL), sizeof(raw));
    raw[0] ^= bad ? 1 : 0;
    return g_bytes_new(raw, sizeof(raw));
}

static gboolean verify(Fixture *fixture, const char *certificate, TlvSlice first, TlvSlice second,
                       TlvSlice signature)
{
    g_autoptr(GBytes) der = read_pki(fixture, certificate);
    g_autoptr(X509) parsed = sim_certificate_parse(slice(der), NULL);
    g_autoptr(GByteArray) input = g_byte_array_new();

    g_byte_array_append(input, first.data, (guint)first.size);
    if (second.data)
        g_byte_array_append(input, second.data, (guint)second.size);
    return sim_verify(X509_get0_pubkey(parsed), input->data, input->len, signature);
}

static char *to_base64(GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return g_base64_encode(data, size);
}

static GBytes *member(JsonObject *body, const char *name)
{
    gsize size;
    guchar *data = g_base64_decode(json_object_get_string_member(body, name), &size);

    return g_bytes_new_take(data, size);
}

static void set_bytes(JsonObject *body, const char *name, GBytes *bytes)
{
    g_autofree char *text = to_base64(bytes);

    json_object_set_string_member(body, name, text);
}

/* The answer's body; takes BODY. */
static JsonObject *call_server(SimRspServer *server, const char *function, JsonObject *body)
{
    g_autoptr(JsonObject) request = json_object_new(), answer = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(request, "do", "call");
    json_object_set_string_member(request, "function", function);
    json_object_set_object_member(request, "body", body);
    sim_rsp_server_control(request, answer, server, &error);
    g_assert_no_error(error);
    return json_object_has_member(answer, "body")
               ? json_object_ref(json_object_get_object_member(answer, "body"))
               : NULL;
}

/* "" for Executed-Success, else "8.2.6 3.8". */
static char *status_of(JsonObject *body)
{
    JsonObject *header = json_object_get_object_member(body, "header");
    JsonObject *status = json_object_get_object_member(header, "functionExecutionStatus");
    JsonObject *data;

    if (g_str_equal(json_object_get_string_member(status, "status"), "Executed-Success"))
        return g_strdup("");
    g_assert_cmpstr(json_object_get_string_member(status, "status"), ==, "Failed");
    data = json_object_get_object_member(status, "statusCodeData");
    return g_strdup_printf("%s %s", json_object_get_string_member(data, "subjectCode"),
                           json_object_get_string_member(data, "reasonCode"));
}

static void assert_status(JsonObject *body, const char *expected)
{
    g_autofree char *status = status_of(body);

    g_assert_cmpstr(status, ==, expected);
}

static GBytes *make_info1(Fixture *fixture, guint8 version)
{
    g_autoptr(GBytes) der = read_pki(fixture, "ci.der");
    g_autoptr(X509) ci = sim_certificate_parse(slice(der), NULL);
    g_autoptr(GBytes) id = sim_key_identifier(X509_get0_pubkey(ci));
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    const guint8 svn[] = { version, 5, 0 };

    tlv_open(writer, 0xBF20);
    tlv_put(writer, 0x82, svn, sizeof(svn));
    for (guint32 tag = 0xA9; tag <= 0xAA; tag++) {
        tlv_open(writer, tag);
        if (!fixture->wrong.no_ci)
            tlv_put_slice(writer, 0x04, slice(id));
        tlv_close(writer);
    }
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static JsonObject *initiate_at(Fixture *fixture, SimRspServer *server, const char *address,
                               guint8 version)
{
    JsonObject *body = json_object_new(), *answer;
    g_autoptr(GBytes) info = make_info1(fixture, version);

    set_bytes(body, "euiccChallenge", fixture->challenge);
    set_bytes(body, "euiccInfo1", info);
    json_object_set_string_member(body, "smdpAddress", address);
    answer = call_server(server, "initiateAuthentication", body);
    if (json_object_has_member(answer, "transactionId")) {
        g_free(fixture->transaction);
        fixture->transaction = g_strdup(json_object_get_string_member(answer, "transactionId"));
    }
    return answer;
}

static JsonObject *initiate(Fixture *fixture)
{
    return initiate_at(fixture, fixture->server, HOST, 2);
}

static void put_transaction(Fixture *fixture, TlvWriter *writer)
{
    g_autoptr(GBytes) id = bytes_from_hex(fixture->transaction, NULL);

    tlv_put_slice(writer, 0x80, slice(id));
}

static GBytes *make_signed1(Fixture *fixture, GBytes *server_signed, const char *matching_id)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    const guint8 resource[] = { 0x82, 0x03, (guint8)(fixture->wrong.free_memory >> 16),
                                (guint8)(fixture->wrong.free_memory >> 8),
                                (guint8)fixture->wrong.free_memory };
    const guint8 zero[16] = { 0 };
    Tlv outer, address, challenge;

    g_assert_true(tlv_parse(slice(server_signed), 0x30, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x83, &address));
    g_assert_true(tlv_find(outer.value, 0x84, &challenge));
    tlv_open(writer, 0x30);
    put_transaction(fixture, writer);
    tlv_put_slice(writer, 0x83, fixture->wrong.other_address ? tlv_slice("x.y", 3) : address.value);
    tlv_put_slice(writer, 0x84,
                  fixture->wrong.other_challenge ? tlv_slice(zero, 16) : challenge.value);
    tlv_open(writer, 0xBF22);
    tlv_put(writer, 0x84, resource, sizeof(resource));
    tlv_close(writer);
    tlv_open(writer, 0xA0);
    if (matching_id)
        tlv_put_string(writer, 0x80, matching_id);
    tlv_open(writer, 0xA1);
    tlv_put(writer, 0x80, zero, 4);
    tlv_put(writer, 0xA1, NULL, 0);
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *make_error(Fixture *fixture, guint32 tag, gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_open(writer, 0xA1);
    put_transaction(fixture, writer);
    tlv_put_integer(writer, 0x02, code);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *make_ok(guint32 tag, GBytes *data, GBytes *signature, GBytes *first, GBytes *second)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, data);
    tlv_put_slice(writer, 0x5F37, slice(signature));
    if (first)
        tlv_put_raw_bytes(writer, first);
    if (second)
        tlv_put_raw_bytes(writer, second);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* authenticateClient after an initiateAuthentication with ANSWER. */
static JsonObject *authenticate_at(Fixture *fixture, SimRspServer *server, JsonObject *answer,
                                   const char *matching_id)
{
    g_autoptr(GBytes) server_signed = member(answer, "serverSigned1");
    g_autoptr(GBytes) data = make_signed1(fixture, server_signed, matching_id);
    g_autoptr(GBytes) signature =
        sign(fixture->euicc, slice(data), tlv_slice(NULL, 0), fixture->wrong.bad_signature1);
    g_autoptr(GBytes) euicc =
        read_pki(fixture, fixture->wrong.euicc ? fixture->wrong.euicc : "euicc.der");
    g_autoptr(GBytes) eum = read_pki(fixture, fixture->wrong.eum ? fixture->wrong.eum : "eum.der");
    g_autoptr(GBytes) response = fixture->wrong.refuses
                                     ? make_error(fixture, 0xBF38, 2)
                                     : make_ok(0xBF38, data, signature, euicc, eum);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) signature_object = NULL;
    JsonObject *body = json_object_new(), *made;

    json_object_set_string_member(body, "transactionId", fixture->transaction);
    set_bytes(body, "authenticateServerResponse", response);
    made = call_server(server, "authenticateClient", body);
    /* smdpSignature2 covers euiccSignature1 as an object. */
    if (json_object_has_member(made, "smdpSigned2")) {
        g_autoptr(GBytes) signed2 = member(made, "smdpSigned2");
        g_autoptr(GBytes) signature2 = member(made, "smdpSignature2");
        Tlv object;

        tlv_put_slice(writer, 0x5F37, slice(signature));
        signature_object = tlv_writer_finish(g_steal_pointer(&writer));
        g_assert_true(tlv_parse(slice(signature2), 0x5F37, &object, NULL));
        g_assert_true(
            verify(fixture, "dppb.der", slice(signed2), slice(signature_object), object.value));
        g_clear_pointer(&fixture->smdp_signature, g_bytes_unref);
        fixture->smdp_signature = g_bytes_ref(signature2);
    }
    return made;
}

static JsonObject *authenticate(Fixture *fixture, const char *matching_id)
{
    g_autoptr(JsonObject) answer = initiate(fixture);

    assert_status(answer, "");
    return authenticate_at(fixture, fixture->server, answer, matching_id);
}

static JsonObject *get_package(Fixture *fixture, const char *code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) point = bsp_key_get_point(fixture->one_time);
    g_autoptr(GBytes) data = NULL, signature = NULL, response = NULL;
    JsonObject *body = json_object_new();

    tlv_open(writer, 0x30);
    put_transaction(fixture, writer);
    tlv_put_slice(writer, 0x5F49, slice(point));
    if (code) {
        g_autoptr(GBytes) id = bytes_from_hex(fixture->transaction, NULL);
        guint8 hash[SHA256_DIGEST_LENGTH + 16];

        SHA256((const guint8 *)code, strlen(code), hash);
        memcpy(hash + SHA256_DIGEST_LENGTH, g_bytes_get_data(id, NULL), 16);
        SHA256(hash, sizeof(hash), hash);
        tlv_put(writer, 0x04, hash, SHA256_DIGEST_LENGTH);
    }
    tlv_close(writer);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    signature = sign(fixture->euicc, slice(data), slice(fixture->smdp_signature),
                     fixture->wrong.bad_signature2);
    response = fixture->wrong.refuses ? make_error(fixture, 0xBF21, 1)
                                      : make_ok(0xBF21, data, signature, NULL, NULL);
    json_object_set_string_member(body, "transactionId", fixture->transaction);
    set_bytes(body, "prepareDownloadResponse", response);
    return call_server(fixture->server, "getBoundProfilePackage", body);
}

static JsonObject *cancel(Fixture *fixture, gint64 reason)
{
    g_autoptr(GBytes) oid =
        tlv_oid_from_string(fixture->wrong.other_oid ? "2.999.99" : "2.999.10", NULL);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL, signature = NULL, response = NULL;
    JsonObject *body = json_object_new();

    tlv_open(writer, 0x30);
    put_transaction(fixture, writer);
    tlv_put_slice(writer, 0x81, slice(oid));
    tlv_put_integer(writer, 0x82, reason);
    tlv_close(writer);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    signature = sign(fixture->euicc, slice(data), tlv_slice(NULL, 0), fixture->wrong.bad_cancel);
    response = make_ok(0xBF41, data, signature, NULL, NULL);
    json_object_set_string_member(body, "transactionId", fixture->transaction);
    set_bytes(body, "cancelSessionResponse", response);
    return call_server(fixture->server, "cancelSession", body);
}

static void notify(Fixture *fixture, gint64 error_reason, gboolean bad)
{
    g_autoptr(GBytes) oid = tlv_oid_from_string("2.999.10", NULL);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(TlvWriter) outer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL, signature = NULL, message = NULL;
    JsonObject *body = json_object_new();

    tlv_open(writer, 0xBF27);
    put_transaction(fixture, writer);
    tlv_open(writer, 0xBF2F);
    tlv_put_integer(writer, 0x80, 7);
    tlv_put_bits(writer, 0x81, 1);
    tlv_put_string(writer, 0x0C, HOST);
    tlv_close(writer);
    tlv_put_slice(writer, 0x06, slice(oid));
    tlv_open(writer, 0xA2);
    tlv_open(writer, error_reason ? 0xA1 : 0xA0);
    if (error_reason) {
        tlv_put_integer(writer, 0x80, 5);
        tlv_put_integer(writer, 0x81, error_reason);
    } else {
        tlv_put(writer, 0x4F, "aid-of-isdp", 11);
    }
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    signature = sign(fixture->euicc, slice(data), tlv_slice(NULL, 0), bad);
    tlv_open(outer, 0xBF37);
    tlv_put_raw_bytes(outer, data);
    tlv_put_slice(outer, 0x5F37, slice(signature));
    tlv_close(outer);
    message = tlv_writer_finish(g_steal_pointer(&outer));
    set_bytes(body, "pendingNotification", message);
    g_assert_null(call_server(fixture->server, "handleNotification", body));
}

/* ---- fixture ---- */

static void remove_folder(const char *dir)
{
    GDir *entries = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            remove_folder(path);
        else
            g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_dir_close(entries);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    SimSmdpSetup setup = { .listen = "127.0.0.1:0", .address = HOST };
    g_autofree char *key = NULL;

    fixture->dir = g_dir_make_tmp("euiccd-smdp-XXXXXX", &error);
    g_assert_true(sim_pki_create(fixture->dir, "P-256", TEST_EID, "eim.example.com", &error));
    setup.pki_dir = fixture->dir;
    fixture->smdp = sim_smdp_new(&setup, &error);
    g_assert_no_error(error);
    fixture->server = sim_smdp_get_server(fixture->smdp);
    key = g_build_filename(fixture->dir, "euicc.key.pem", NULL);
    fixture->euicc = sim_key_load(key, &error);
    g_assert_no_error(error);
    fixture->one_time = EVP_EC_gen("P-256");
    fixture->challenge = g_bytes_new("0123456789abcdef", 16);
    fixture->wrong.free_memory = 500000;
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    sim_smdp_free(fixture->smdp);
    EVP_PKEY_free(fixture->euicc);
    EVP_PKEY_free(fixture->one_time);
    g_clear_pointer(&fixture->smdp_signature, g_bytes_unref);
    g_bytes_unref(fixture->challenge);
    g_free(fixture->transaction);
    remove_folder(fixture->dir);
    g_free(fixture->dir);
}
