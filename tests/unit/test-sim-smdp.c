/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The test SM-DP+ and the test SM-DS, asked by an eUICC that this test plays. */

#include <curl/curl.h>
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

/* ---- cases ---- */

/* Opens the package as the eUICC: its profile elements. */
static GBytes *open_package(Fixture *fixture, JsonObject *answer)
{
    g_autoptr(GBytes) bound = member(answer, "boundProfilePackage");
    g_autoptr(GBytes) host = bytes_from_hex("4555494343442D31", NULL);
    g_autoptr(GBytes) eid = bytes_from_hex(TEST_EID, NULL);
    g_autoptr(GBytes) info = bsp_shared_info(BSP_KEY_TYPE, BSP_KEY_LENGTH, slice(host), slice(eid));
    g_autoptr(GByteArray) elements = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    BspSession session;
    TlvReader parts, blocks;
    Tlv package, channel, point, part, block;

    g_assert_true(tlv_parse(slice(bound), 0xBF36, &package, NULL));
    g_assert_true(tlv_find(package.value, 0xBF23, &channel));
    g_assert_true(tlv_find(channel.value, 0x5F49, &point));
    g_assert_true(
        bsp_session_derive(&session, fixture->one_time, point.value, slice(info), &error));
    tlv_reader_init(&parts, package.value);
    while (tlv_next(&parts, &part, &error)) {
        if (part.tag == 0xBF23)
            continue;
        tlv_reader_init(&blocks, part.value);
        while (tlv_next(&blocks, &block, &error)) {
            g_autoptr(GBytes) plain = NULL;
            Tlv command, mcv, enc, mac;

            g_assert_cmpint(bsp_unprotect(&session, &block, &plain), ==, BSP_GOOD);
            if (part.tag == 0xA3)
                g_byte_array_append(elements, g_bytes_get_data(plain, NULL),
                                    (guint)g_bytes_get_size(plain));
            if (part.tag != 0xA2)
                continue;
            g_assert_true(tlv_parse(slice(plain), 0xBF26, &command, NULL));
            g_assert_true(tlv_find(command.value, 0x80, &mcv) &&
                          tlv_find(command.value, 0x81, &enc) &&
                          tlv_find(command.value, 0x82, &mac));
            g_assert_true(bsp_session_replace(&session, mcv.value, enc.value, mac.value));
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&elements));
}

static void test_download(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "\"upp\": {\"size\": 20000}");
    g_autoptr(JsonObject) first = initiate(fixture), second = NULL, third = NULL;
    g_autoptr(GBytes) server_signed = member(first, "serverSigned1");
    g_autoptr(GBytes) signature = member(first, "serverSignature1");
    g_autoptr(GBytes) upp = NULL, metadata = NULL;
    Tlv object;

    assert_status(first, "");
    g_assert_true(tlv_parse(slice(signature), 0x5F37, &object, NULL));
    g_assert_true(
        verify(fixture, "dpauth.der", slice(server_signed), tlv_slice(NULL, 0), object.value));
    second = authenticate_at(fixture, fixture->server, first, id);
    assert_status(second, "");
    metadata = member(second, "profileMetadata");
    g_assert_true(tlv_parse(slice(metadata), 0xBF25, &object, NULL));
    third = get_package(fixture, NULL);
    assert_status(third, "");
    upp = open_package(fixture, third);
    g_assert_cmpuint(g_bytes_get_size(upp), ==, 20000);
    assert_last(fixture, "orders", "state", "downloaded");
    notify(fixture, 0, TRUE);
    assert_last(fixture, "notifications", "why", "signature does not verify");
    assert_last(fixture, "orders", "state", "downloaded");
    notify(fixture, 0, FALSE);
    assert_last(fixture, "orders", "state", "installed");
    assert_last(fixture, "sessions", "state", "installed");
    notify(fixture, 0, FALSE);
    assert_last(fixture, "notifications", "why", "unknown transaction");
}

static void test_failed_installation(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "\"ppk\": true");
    g_autoptr(JsonObject) second = authenticate(fixture, id), third = get_package(fixture, NULL);
    g_autoptr(GBytes) upp = open_package(fixture, third);
    g_autoptr(JsonObject) shown = NULL;
    JsonObject *installation;

    g_assert_cmpuint(g_bytes_get_size(upp), ==, 12000);
    notify(fixture, 9, FALSE);
    assert_last(fixture, "orders", "state", "error");
    shown = last_of(fixture, "notifications");
    installation = json_object_get_object_member(shown, "installation");
    g_assert_false(json_object_get_boolean_member(installation, "success"));
    g_assert_cmpint(json_object_get_int_member(installation, "errorReason"), ==, 9);
    g_assert_cmpint(json_object_get_int_member(installation, "bppCommandId"), ==, 5);
}

static void expect_initiate(Fixture *fixture, const char *address, guint8 version,
                            const char *status)
{
    g_autoptr(JsonObject) answer = initiate_at(fixture, fixture->server, address, version);

    assert_status(answer, status);
}

static void test_initiate(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    expect_initiate(fixture, "SMDP.Example.COM", 2, "");
    expect_initiate(fixture, "smdp.example.org", 2, "8.8.1 3.8");
    expect_initiate(fixture, HOST, 1, "8.8.3 3.1");
    fixture->wrong.no_ci = TRUE;
    expect_initiate(fixture, HOST, 2, "8.8.4 3.7");
}

static void expect_authenticate(Fixture *fixture, const char *id, const char *status)
{
    g_autoptr(JsonObject) answer = authenticate(fixture, id);

    assert_status(answer, status);
}

static void test_eligibility(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *members, *status;
    } rows[] = {
        { "\"eid\": \"" TEST_EID "\"", "" },
        { "\"eid\": \"89049032118876543210123456789162\"", "8.1.1 3.8" },
        { "\"state\": \"linked\"", "8.2 1.2" },
        { "\"state\": \"installed\"", "8.2 1.2" },
        { "\"expired\": true", "8.8.5 4.10" },
        { "\"eligible\": false", "8.2.5 4.3" },
        { "\"upp\": {\"size\": 600000}", "" },
        { "\"upp\": {\"size\": 600000}, \"checkMemory\": true", "8.1 4.8" },
        { "\"attempts\": 0", "8.8.5 6.4" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *id = order(fixture, rows[i].members);

        g_test_message("%s", rows[i].members);
        expect_authenticate(fixture, id, rows[i].status);
    }
    expect_authenticate(fixture, "NOBODYS", "8.2.6 3.8");
    expect_authenticate(fixture, NULL, "8.2.6 3.8");
    /* At the default SM-DP+: by the EID. */
    g_free(order(fixture, "\"matchingId\": \"\", \"eid\": \"" TEST_EID "\""));
    expect_authenticate(fixture, NULL, "");
    expect_authenticate(fixture, "", "");
}

static void test_attempts(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "\"attempts\": 2");

    expect_authenticate(fixture, id, "");
    expect_authenticate(fixture, id, "");
    expect_authenticate(fixture, id, "8.8.5 6.4");
    assert_last(fixture, "orders", "state", "error");
}

static void test_euicc(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        Wrong wrong;
        const char *status;
    } rows[] = {
        { { .bad_signature1 = TRUE }, "8.1 6.1" },
        { { .other_challenge = TRUE }, "8.1 6.1" },
        { { .other_address = TRUE }, "8.1 6.1" },
        { { .refuses = TRUE }, "8.1 6.1" },
        { { .euicc = "dpauth.der" }, "8.1.3 6.1" },
        { { .eum = "dpauth.der" }, "8.1.2 6.1" },
        { { .eum = "negative/dpauth-foreign-ci.der" }, "8.11.1 3.9" },
    };
    g_autofree char *id = order(fixture, "");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        fixture->wrong = rows[i].wrong;
        g_test_message("%u", i);
        expect_authenticate(fixture, id, rows[i].status);
    }
    fixture->wrong = (Wrong){ 0 };
    expect_authenticate(fixture, id, "");
}

static void expect_package(Fixture *fixture, const char *code, const char *status)
{
    g_autoptr(JsonObject) answer = get_package(fixture, code);

    assert_status(answer, status);
}

static void test_confirmation_code(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "\"confirmationCode\": \"1234\", \"codeAttempts\": 2");

    expect_authenticate(fixture, id, "");
    expect_package(fixture, NULL, "8.2.7 2.2");
    expect_package(fixture, "1234", "8.10.1 3.9");
    expect_authenticate(fixture, id, "");
    expect_package(fixture, "4321", "8.2.7 3.8");
    expect_authenticate(fixture, id, "");
    expect_package(fixture, "1234", "");
    expect_authenticate(fixture, id, "");
    expect_package(fixture, "0000", "8.2.7 6.4");
    expect_authenticate(fixture, id, "8.2 1.2");
}

static void test_refused_package(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "\"rebind\": false");

    expect_authenticate(fixture, id, "");
    fixture->wrong.bad_signature2 = TRUE;
    expect_package(fixture, NULL, "8.1 6.1");
    fixture->wrong = (Wrong){ 0 };
    expect_authenticate(fixture, id, "");
    fixture->wrong.refuses = TRUE;
    expect_package(fixture, NULL, "8.1 6.1");
    fixture->wrong = (Wrong){ 0 };

    /* The same otPK again is no new binding; another is. */
    expect_authenticate(fixture, id, "");
    expect_package(fixture, NULL, "");
    expect_authenticate(fixture, id, "");
    expect_package(fixture, NULL, "");
    expect_authenticate(fixture, id, "");
    EVP_PKEY_free(fixture->one_time);
    fixture->one_time = EVP_EC_gen("P-256");
    expect_package(fixture, NULL, "8.2 3.7");
}

/* The key of the last try is offered again, and the same package body made of it. */
static void test_reused_key(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "");
    g_autoptr(JsonObject) first = authenticate(fixture, id), again = NULL;
    g_autoptr(JsonObject) package = get_package(fixture, NULL), second = NULL;
    g_autoptr(GBytes) signed2 = member(first, "smdpSigned2"), later = NULL, point = NULL;
    g_autoptr(GBytes) one = open_package(fixture, package), two = NULL;
    Tlv object, offered;

    g_assert_true(tlv_parse(slice(signed2), 0x30, &object, NULL));
    g_assert_false(tlv_find(object.value, 0x5F49, &offered));
    again = authenticate(fixture, id);
    later = member(again, "smdpSigned2");
    point = bsp_key_get_point(fixture->one_time);
    g_assert_true(tlv_parse(slice(later), 0x30, &object, NULL));
    g_assert_true(tlv_find(object.value, 0x5F49, &offered));
    g_assert_true(tlv_slice_equal(offered.value, slice(point)));
    second = get_package(fixture, NULL);
    two = open_package(fixture, second);
    g_assert_true(g_bytes_equal(one, two));
}

static void expect_cancel(Fixture *fixture, gint64 reason, const char *status)
{
    g_autoptr(JsonObject) answer = cancel(fixture, reason);

    assert_status(answer, status);
}

static void test_cancel(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "");

    expect_authenticate(fixture, id, "");
    fixture->wrong.bad_cancel = TRUE;
    expect_cancel(fixture, 0, "8.1 6.1");
    fixture->wrong = (Wrong){ .other_oid = TRUE };
    expect_cancel(fixture, 0, "8.8 3.10");
    fixture->wrong = (Wrong){ 0 };
    expect_cancel(fixture, 1, "");
    assert_last(fixture, "orders", "state", "released");
    assert_last(fixture, "sessions", "state", "cancelled");
    expect_cancel(fixture, 1, "8.10.1 3.9");
    expect_authenticate(fixture, id, "");
    expect_cancel(fixture, 3, "");
    assert_last(fixture, "orders", "state", "error");
}

static void test_faults(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *id = order(fixture, "");
    g_autoptr(JsonObject) first = NULL, second = NULL, third = NULL, fourth = NULL;
    g_autoptr(GBytes) server_signed = NULL, signature = NULL, certificate = NULL, expired = NULL;
    g_autoptr(GBytes) metadata = NULL, package = NULL;
    Tlv object, field;

    script(fixture, "{\"failure\": {\"subject\": \"8.8.2\", \"reason\": \"3.1\"}}");
    expect_initiate(fixture, HOST, 2, "8.8.2 3.1");
    script(fixture, "{\"wrong\": [\"serverAddress\", \"signature\", \"outerTransactionId\"],"
                    " \"certificate\": \"negative/dpauth-expired.der\"}");
    first = initiate(fixture);
    server_signed = member(first, "serverSigned1");
    signature = member(first, "serverSignature1");
    certificate = member(first, "serverCertificate");
    expired = read_pki(fixture, "negative/dpauth-expired.der");
    g_assert_true(g_bytes_equal(certificate, expired));
    g_assert_true(tlv_parse(slice(server_signed), 0x30, &object, NULL));
    g_assert_true(tlv_find(object.value, 0x83, &field));
    g_assert_true(tlv_slice_equal(field.value, tlv_slice("other.example.org", 17)));
    g_assert_true(tlv_parse(slice(signature), 0x5F37, &object, NULL));
    g_assert_false(
        verify(fixture, "dpauth.der", slice(server_signed), tlv_slice(NULL, 0), object.value));
    g_assert_cmpstr(fixture->transaction, ==, "00112233445566778899AABBCCDDEEFF");

    script(fixture, "{\"on\": \"authenticateClient\", \"metadata\": {\"ppr\": 2}},"
                    "{\"on\": \"getBoundProfilePackage\", \"truncate\": 700, \"missing\":"
                    " \"transactionId\"}");
    second = authenticate(fixture, id);
    metadata = member(second, "profileMetadata");
    g_assert_true(tlv_parse(slice(metadata), 0xBF25, &object, NULL));
    g_assert_true(tlv_find(object.value, 0x99, &field));
    third = get_package(fixture, NULL);
    package = member(third, "boundProfilePackage");
    g_assert_cmpuint(g_bytes_get_size(package), ==, 700);
    g_assert_false(json_object_has_member(third, "transactionId"));
    fourth = get_package(fixture, NULL);
    assert_status(fourth, "");
}

static void test_control(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "{}",
        "{\"do\": \"dance\"}",
        "{\"do\": \"order\", \"colour\": 1}",
        "{\"do\": \"order\", \"ppk\": 1}",
        "{\"do\": \"order\", \"upp\": {\"size\": 1}}",
        "{\"do\": \"order\", \"upp\": {\"file\": \"/nowhere\"}}",
        "{\"do\": \"order\", \"metadata\": {\"class\": \"gold\"}}",
        "{\"do\": \"order\", \"iccid\": \"12\"}",
        "{\"do\": \"change\", \"order\": 9}",
        "{\"do\": \"knobs\", \"loud\": true}",
        "{\"do\": \"knobs\", \"faults\": [{\"else\": 1}]}",
        "{\"do\": \"knobs\", \"tls\": {\"max\": \"4\"}}",
        "{\"do\": \"wait\", \"for\": \"rain\"}",
        "{\"do\": \"wait\", \"for\": \"notification\"}",
        "{\"do\": \"call\", \"function\": \"dance\", \"body\": {}}",
        "{\"do\": \"call\", \"function\": \"authenticateClient\", \"body\": {}}",
        "{\"do\": \"call\", \"function\": \"handleNotification\", \"body\":"
        " {\"pendingNotification\": \"vzcA\"}}",
        "{\"do\": \"call\", \"function\": \"handleNotification\", \"body\":"
        " {\"pendingNotification\": \"?\"}}",
    };
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "upp-12k.der", NULL);
    g_autofree char *request =
        g_strdup_printf("{\"do\": \"order\", \"upp\": {\"file\": \"%s\"}}", path);
    g_autoptr(JsonObject) answer = NULL;
    g_autofree char *change = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        refused(fixture->server, bad[i]);
    answer = control(fixture, request);
    g_assert_cmpstr(json_object_get_string_member(answer, "iccid"), ==, "89001011223344556672");
    g_assert_true(g_str_has_prefix(json_object_get_string_member(answer, "activationCode"),
                                   "1$smdp.example.com$ORDER-"));
    change = g_strdup_printf("{\"do\": \"change\", \"order\": %" G_GINT64_FORMAT
                             ", \"state\": \"linked\"}",
                             json_object_get_int_member(answer, "order"));
    g_clear_pointer(&answer, json_object_unref);
    answer = control(fixture, change);
    assert_last(fixture, "orders", "state", "linked");
}

/* ---- HTTPS ---- */

static gsize collect(char *data, gsize size, gsize count, void *user)
{
    g_string_append_len(user, data, (gssize)(size * count));
    return size * count;
}

/* Status of one request, 0 where the exchange failed; the answer in RET_BODY. */
static long post(Fixture *fixture, const char *function, const char *content_type,
                 const char *agent, const char *protocol, const char *body, GString *ret_body)
{
    CURL *curl = curl_easy_init();
    g_autofree char *url = g_strdup_printf("https://%s:%u/gsma/rsp2/es9plus/%s", HOST,
                                           sim_rsp_server_get_port(fixture->server), function);
    g_autofree char *resolve =
        g_strdup_printf("%s:%u:127.0.0.1", HOST, sim_rsp_server_get_port(fixture->server));
    g_autofree char *ci = g_build_filename(fixture->dir, SIM_PKI_TRUSTED, "ci.pem", NULL);
    g_autofree char *type_line = g_strdup_printf("Content-Type: %s", content_type);
    g_autofree char *agent_line = g_strdup_printf("User-Agent: %s", agent);
    g_autofree char *protocol_line = g_strdup_printf("X-Admin-Protocol: %s", protocol);
    struct curl_slist *headers = NULL, *hosts = curl_slist_append(NULL, resolve);
    long status = 0;

    headers = curl_slist_append(headers, type_line);
    headers = curl_slist_append(headers, agent_line);
    headers = curl_slist_append(headers, protocol_line);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, hosts);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ci);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_body);
    g_string_truncate(ret_body, 0);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    curl_slist_free_all(hosts);
    return status;
}

#define JSON_TYPE "application/json;charset=UTF-8"
#define AGENT     "gsma-rsp-ipad"
#define PROTOCOL  "gsma/rsp/v2.1.0"

static void test_https(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *function, *type, *agent, *protocol, *body;
        long status;
    } rows[] = {
        { "dance", JSON_TYPE, AGENT, PROTOCOL, "{}", 404 },
        { "cancelSession", "text/plain", AGENT, PROTOCOL, "{}", 415 },
        { "cancelSession", JSON_TYPE, "curl", PROTOCOL, "{}", 400 },
        { "cancelSession", JSON_TYPE, AGENT, "http", "{}", 400 },
        { "cancelSession", JSON_TYPE, AGENT, PROTOCOL, "", 400 },
        { "cancelSession", JSON_TYPE, AGENT, PROTOCOL, "[]", 400 },
        { "cancelSession", JSON_TYPE, AGENT, PROTOCOL, "{}", 400 },
        { "cancelSession", JSON_TYPE, AGENT, PROTOCOL,
          "{\"header\": {}, \"transactionId\": \"01\"}", 400 },
        { "cancelSession", JSON_TYPE, AGENT, PROTOCOL, "{\"transactionId\": \"01\"}", 200 },
    };
    static const char *const bad[] = { "expired", "not-yet-valid", "wrong-name", "client-only" };
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(JsonObject) answer = NULL, foreign = NULL, good = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%u", i);
        g_assert_cmpint(post(fixture, rows[i].function, rows[i].type, rows[i].agent,
                             rows[i].protocol, rows[i].body, body),
                        ==, rows[i].status);
    }
    answer = object_of(body->str);
    assert_status(answer, "8.10.1 3.9");

#define POST()                                                                                     \
    post(fixture, "cancelSession", JSON_TYPE, AGENT, PROTOCOL, "{\"transactionId\": \"01\"}", body)
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"do\": \"knobs\", \"tls\": {\"certificate\": \"negative/dptls-%s.pem\"}}", bad[i]);
        g_autoptr(JsonObject) set = control(fixture, text);

        g_assert_cmpint(POST(), ==, 0);
    }
    foreign = control(fixture, "{\"do\": \"knobs\", \"tls\": {\"certificate\":"
                               " \"negative/dptls-foreign-ci.pem\", \"key\":"
                               " \"negative/dptls-foreign-ci.key.pem\"}}");
    g_assert_cmpint(POST(), ==, 0);
    good = control(fixture, "{\"do\": \"knobs\", \"tls\": {}}");
    g_assert_cmpint(POST(), ==, 200);

    script(fixture, "{\"status\": 503}, {\"drop\": \"before\"}, {\"cutAt\": 20},"
                    " {\"body\": \"html\"}, {\"body\": \"oversized\", \"size\": 5000}");
    g_assert_cmpint(POST(), ==, 503);
    g_assert_cmpint(POST(), ==, 0);
    g_assert_cmpint(POST(), ==, 0);
    g_assert_cmpuint(body->len, ==, 20);
    g_assert_cmpint(POST(), ==, 200);
    g_assert_true(g_str_has_prefix(body->str, "<!DOCTYPE"));
    g_assert_cmpint(POST(), ==, 200);
    g_assert_cmpuint(body->len, >, 5000);
}

/* ---- SM-DS ---- */

static JsonObject *ask_smds(Fixture *fixture, SimRspServer *server, const char *event)
{
    g_autoptr(JsonObject) first = initiate_at(fixture, server, "smds.example.com", 2);

    assert_status(first, "");
    return authenticate_at(fixture, server, first, event);
}

static void test_smds(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const SimSmdsSetup setup = { fixture->dir, "127.0.0.1:0", "smds.example.com" };
    g_autoptr(GError) error = NULL;
    g_autoptr(SimSmds) smds = sim_smds_new(&setup, &error);
    SimRspServer *server = sim_smds_get_server(smds);
    g_autoptr(JsonObject) none = NULL, one = NULL, two = NULL, all = NULL, unknown = NULL;
    g_autoptr(JsonObject) wrong = NULL, deleted = NULL;
    JsonArray *entries;

    g_assert_no_error(error);
    none = ask_smds(fixture, server, NULL);
    assert_status(none, "");
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(none, "eventEntries")), ==,
                     0);
    one = control_of(server, "{\"do\": \"event\", \"eid\": \"" TEST_EID "\","
                             " \"address\": \"smdp.example.com\", \"eventId\": \"E1\"}");
    two = control_of(server, "{\"do\": \"event\", \"eid\": \"" TEST_EID "\","
                             " \"address\": \"smds2.example.com\"}");
    g_clear_pointer(&two, json_object_unref);
    two = control_of(server, "{\"do\": \"event\", \"eid\": \"1\", \"address\": \"a.b\"}");
    all = ask_smds(fixture, server, NULL);
    entries = json_object_get_array_member(all, "eventEntries");
    g_assert_cmpuint(json_array_get_length(entries), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(json_array_get_object_element(entries, 1),
                                                  "rspServerAddress"),
                    ==, "smds2.example.com");
    g_clear_pointer(&all, json_object_unref);
    all = ask_smds(fixture, server, "E1");
    entries = json_object_get_array_member(all, "eventEntries");
    g_assert_cmpuint(json_array_get_length(entries), ==, 1);
    unknown = ask_smds(fixture, server, "E9");
    assert_status(unknown, "8.9.5 3.9");
    wrong = initiate_at(fixture, server, HOST, 2);
    assert_status(wrong, "8.9.1 3.8");
    deleted = control_of(server, "{\"do\": \"delete\", \"eventId\": \"E1\"}");
    refused(server, "{\"do\": \"delete\", \"eventId\": \"E1\"}");
    refused(server, "{\"do\": \"event\"}");
    refused(server, "{\"do\": \"order\"}");
}

#define ADD(name, function)                                                                        \
    g_test_add("/sim/smdp/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    ADD("download", test_download);
    ADD("failed-installation", test_failed_installation);
    ADD("initiate", test_initiate);
    ADD("eligibility", test_eligibility);
    ADD("attempts", test_attempts);
    ADD("euicc", test_euicc);
    ADD("confirmation-code", test_confirmation_code);
    ADD("refused-package", test_refused_package);
    ADD("reused-key", test_reused_key);
    ADD("cancel", test_cancel);
    ADD("faults", test_faults);
    ADD("control", test_control);
    ADD("https", test_https);
    ADD("smds", test_smds);
    return g_test_run();
}
