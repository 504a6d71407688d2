/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client and a card for the tests of the running test eIM. */

#include <curl/curl.h>
#include <glib/gstdio.h>
#include <openssl/x509.h>
#include <string.h>

#include "sim/control.h"
#include "sim/crypto.h"
#include "sim/eim.h"
#include "sim/pki.h"
#include "util/bytes.h"

#define TEST_EID "89049032118876543210123456789065"
#define EIM_HOST "eim.example.com"
#define ICCID_1  "8988247000100000018"
#define POLL     "BF4F125A10" TEST_EID
#define NOTHING  "BF4F03020101"
#define EMPTY    "BF50023000"
#define ENABLE   "{\"psmo\": [{\"enable\": {\"iccid\": \"" ICCID_1 "\"}}]}"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)

static char *folder, *pki, *state, *socket_path;

typedef struct {
    SimEim *eim;
    CURL *curl;
    const char *content_type, *protocol, *agent, *path; /* NULL: as specified */
    const char *trust;                                  /* CA file of the PKI */
} Fixture;

static inline void start(Fixture *fixture)
{
    SimEimSetup setup = { .pki_dir = pki,
                          .state_path = state,
                          .listen = "127.0.0.1:0",
                          .eim_id = EIM_HOST,
                          .token = 5,
                          .counter = 100 };
    g_autoptr(GError) error = NULL;

    fixture->eim = sim_eim_new(&setup, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(sim_eim_get_port(fixture->eim), !=, 0);
    fixture->curl = curl_easy_init();
}

static inline void stop(Fixture *fixture)
{
    curl_easy_cleanup(fixture->curl);
    g_clear_pointer(&fixture->eim, sim_eim_free);
}

static inline void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_unlink(state);
    start(fixture);
}

static inline void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    stop(fixture);
}

/* ---- client ---- */

typedef struct {
    CURLcode code;
    long status;
    GString *body; /* hex */
    char *content_type;
} Reply;

static inline void reply_clear(Reply *reply)
{
    g_string_free(reply->body, TRUE);
    g_free(reply->content_type);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reply, reply_clear)

static inline size_t on_body(char *data, size_t size, size_t count, void *user)
{
    g_autofree char *hex = bytes_to_hex(data, size * count);

    g_string_append(((Reply *)user)->body, hex);
    return size * count;
}

static inline Reply post(Fixture *fixture, const char *hex)
{
    Reply reply = { .body = g_string_new(NULL) };
    guint16 port = sim_eim_get_port(fixture->eim);
    g_autofree char *url = g_strdup_printf("https://" EIM_HOST ":%u%s", port,
                                           fixture->path ? fixture->path : "/gsma/rsp2/asn1");
    g_autofree char *resolve = g_strdup_printf(EIM_HOST ":%u:127.0.0.1", port);
    g_autofree char *trust =
        g_build_filename(pki, fixture->trust ? fixture->trust : "ci.pem", NULL);
    g_autofree char *type = g_strconcat(
        "Content-Type: ",
        fixture->content_type ? fixture->content_type : "application/x-gsma-rsp-asn1", NULL);
    g_autofree char *protocol = g_strconcat(
        "X-Admin-Protocol: ", fixture->protocol ? fixture->protocol : "gsma/rsp/v2.1.0", NULL);
    g_autoptr(GBytes) body = *hex ? bytes_from_hex(hex, NULL) : g_bytes_new_static("", 0);
    struct curl_slist *names = curl_slist_append(NULL, resolve);
    struct curl_slist *headers = curl_slist_append(NULL, type);
    const char *answered = NULL;

    headers = curl_slist_append(headers, protocol);
    curl_easy_setopt(fixture->curl, CURLOPT_URL, url);
    curl_easy_setopt(fixture->curl, CURLOPT_RESOLVE, names);
    curl_easy_setopt(fixture->curl, CURLOPT_CAINFO, trust);
    curl_easy_setopt(fixture->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(fixture->curl, CURLOPT_USERAGENT,
                     fixture->agent ? fixture->agent : "gsma-rsp-ipad");
    curl_easy_setopt(fixture->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(fixture->curl, CURLOPT_POSTFIELDSIZE, (long)g_bytes_get_size(body));
    curl_easy_setopt(fixture->curl, CURLOPT_COPYPOSTFIELDS, g_bytes_get_data(body, NULL) ?: "");
    curl_easy_setopt(fixture->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(fixture->curl, CURLOPT_WRITEDATA, &reply);
    curl_easy_setopt(fixture->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(fixture->curl, CURLOPT_NOPROXY, "*");
    reply.code = curl_easy_perform(fixture->curl);
    curl_easy_getinfo(fixture->curl, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_easy_getinfo(fixture->curl, CURLINFO_CONTENT_TYPE, &answered);
    reply.content_type = g_strdup(answered);
    curl_easy_setopt(fixture->curl, CURLOPT_RESOLVE, NULL);
    curl_easy_setopt(fixture->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(names);
    curl_slist_free_all(headers);
    return reply;
}

static inline void expect(Fixture *fixture, const char *request, long status, const char *body)
{
    g_auto(Reply) reply = post(fixture, request);

    g_assert_cmpint(reply.code, ==, CURLE_OK);
    g_assert_cmpint(reply.status, ==, status);
    g_assert_cmpstr(reply.body->str, ==, body);
}

/* The exchange fails below HTTP or in its framing. On a new connection: on an old one the client would
 * repeat the request. */
static inline void expect_failure(Fixture *fixture, const char *request)
{
    curl_easy_setopt(fixture->curl, CURLOPT_FRESH_CONNECT, 1L);
    {
        g_auto(Reply) reply = post(fixture, request);

        g_assert_cmpint(reply.code, !=, CURLE_OK);
    }
    curl_easy_setopt(fixture->curl, CURLOPT_FRESH_CONNECT, 0L);
}

static inline JsonObject *control(Fixture *fixture, const char *format, ...) G_GNUC_PRINTF(2, 3);
static inline JsonObject *control(Fixture *fixture, const char *format, ...)
{
    g_autoptr(JsonNode) request = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    JsonObject *answer = json_object_new();
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    request = json_from_string(text, &error);
    g_assert_no_error(error);
    sim_eim_control(json_node_get_object(request), answer, fixture->eim, &error);
    g_assert_no_error(error);
    return answer;
}

static inline void do_control(Fixture *fixture, const char *request)
{
    json_object_unref(control(fixture, "%s", request));
}

static inline gint64 queue(Fixture *fixture, const char *package, const char *more)
{
    g_autoptr(JsonObject) answer =
        control(fixture, "{\"do\": \"queue\", \"package\": %s%s}", package, more);

    return json_object_get_int_member(answer, "order");
}

/* The order; free the answer that it is part of. */
static inline JsonObject *show_order(Fixture *fixture, gint64 number, JsonObject **ret_answer)
{
    *ret_answer = control(fixture, "{\"do\": \"show\", \"order\": %" G_GINT64_FORMAT "}", number);
    return json_object_get_object_member(*ret_answer, "order");
}

static inline void expect_order(Fixture *fixture, gint64 number, const char *state_name,
                                gboolean verified, const char *why)
{
    g_autoptr(JsonObject) answer = NULL;
    JsonObject *order = show_order(fixture, number, &answer);

    g_assert_cmpstr(json_object_get_string_member(order, "state"), ==, state_name);
    g_assert_cmpint(json_object_get_boolean_member_with_default(order, "verified", FALSE), ==,
                    verified);
    g_assert_cmpstr(json_object_get_string_member_with_default(order, "why", NULL), ==, why);
}

/* The last exchange; free the answer that it is part of. */
static inline JsonObject *last_exchange(Fixture *fixture, JsonObject **ret_answer)
{
    JsonArray *exchanges;

    *ret_answer = control(fixture, "{\"do\": \"show\"}");
    exchanges = json_object_get_array_member(*ret_answer, "exchanges");
    return json_array_get_object_element(exchanges, json_array_get_length(exchanges) - 1);
}

/* ---- card ---- */

static inline EVP_PKEY *card_key(void)
{
    g_autofree char *path = g_build_filename(pki, "euicc.key.pem", NULL);

    return sim_key_load(path, NULL);
}

typedef struct {
    const char *results; /* hex of the entries */
    gint64 seq;
    gint64 error; /* euiccPackageErrorCode; results NULL */
    gint64 token; /* default: that of the eIM */
    const char *eim_id;
    gint64 counter_offset;
    gboolean other_transaction, other_key, damage, v10;
    const char *eid;          /* in BF50; "" for none */
    const char *notification; /* hex of a PendingNotification that goes along */
} Card;

static inline void sign_into(TlvWriter *writer, GBytes *data, TlvSlice second, EVP_PKEY *key,
                             gboolean damage)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GBytes) signature = NULL;
    guint8 octets[SIM_SIGNATURE_SIZE];

    g_byte_array_append(input, g_bytes_get_data(data, NULL), (guint)g_bytes_get_size(data));
    g_byte_array_append(input, second.data, (guint)second.size);
    signature = sim_sign(key, input->data, input->len, NULL);
    memcpy(octets, g_bytes_get_data(signature, NULL), sizeof(octets));
    octets[0] ^= damage ? 1 : 0;
    tlv_put_raw_bytes(writer, data);
    tlv_put(writer, 0x5F37, octets, sizeof(octets));
}

static inline void put_hex(TlvWriter *writer, guint32 tag, const char *hex)
{
    g_autoptr(GBytes) bytes = bytes_from_hex(hex, NULL);

    if (tag)
        tlv_put_slice(writer, tag, tlv_slice_from_bytes(bytes));
    else
        tlv_put_raw_bytes(writer, bytes);
}

/* euiccPackageResultDataSigned or euiccPackageErrorDataSigned */
static inline GBytes *make_data(JsonObject *order, const Card *card)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80,
                   card->eim_id ? card->eim_id : json_object_get_string_member(order, "eimId"));
    tlv_put_integer(writer, 0x81,
                    json_object_get_int_member(order, "counter") + card->counter_offset);
    if (card->other_transaction)
        put_hex(writer, 0x82, "ABCD");
    else if (json_object_has_member(order, "eimTransactionId"))
        put_hex(writer, 0x82, json_object_get_string_member(order, "eimTransactionId"));
    if (card->results) {
        tlv_put_integer(writer, 0x83, card->seq);
        tlv_open(writer, 0x30);
        if (*card->results)
            put_hex(writer, 0, card->results);
        tlv_close(writer);
    } else {
        tlv_put_integer(writer, 0x02, card->error);
    }
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* The complete BF50 request with the answer of CARD to ORDER, as hex. */
static inline char *make_result(Fixture *fixture, gint64 number, const Card *card)
{
    g_autoptr(JsonObject) answer = NULL;
    JsonObject *order = show_order(fixture, number, &answer);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(EVP_PKEY) key = card->other_key ? EVP_EC_gen("P-256") : card_key();
    g_autoptr(GBytes) data = make_data(order, card);
    g_autoptr(GBytes) request =
        bytes_from_hex(json_object_get_string_member(order, "request"), NULL);
    guint8 token[] = { 0x84, 0x01, (guint8)(card->token ? card->token : 5) };
    TlvSlice second = tlv_slice(token, sizeof(token));
    g_autoptr(GBytes) whole = NULL;
    Tlv outer, signature;

    if (card->v10) {
        g_assert_true(tlv_parse(tlv_slice_from_bytes(request), 0xBF51, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0x5F37, &signature));
        second = signature.raw;
    }
    tlv_open(writer, 0xBF50);
    if (!card->eid || *card->eid)
        put_hex(writer, 0x5A, card->eid ? card->eid : TEST_EID);
    if (card->notification)
        tlv_open(writer, 0x30);
    tlv_open(writer, 0xBF51);
    tlv_open(writer, card->results ? 0xA0 : 0xA1);
    sign_into(writer, data, second, key, card->damage);
    tlv_close(writer);
    tlv_close(writer);
    if (card->notification) {
        put_hex(writer, 0xA0, card->notification);
        tlv_close(writer);
    }
    tlv_close(writer);
    whole = tlv_writer_finish(g_steal_pointer(&writer));
    return bytes_gbytes_to_hex(whole);
}

/* otherSignedNotification for "enable", as hex. */
static inline char *make_notification(gint64 seq, gboolean damage)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new(), metadata = tlv_writer_new();
    g_autoptr(EVP_PKEY) key = card_key();
    g_autoptr(GBytes) data = NULL, whole = NULL;
    static const char *const files[] = { "euicc.der", "eum.der" };

    tlv_open(metadata, 0xBF2F);
    tlv_put_integer(metadata, 0x80, seq);
    tlv_put_bits(metadata, 0x81, 1 << 1);
    tlv_put_string(metadata, 0x0C, "smdp.example.com");
    put_hex(metadata, 0x5A, "98882407001000000081");
    tlv_close(metadata);
    data = tlv_writer_finish(g_steal_pointer(&metadata));
    tlv_open(writer, 0x30);
    sign_into(writer, data, tlv_slice("", 0), key, damage);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(pki, files[i], NULL);
        g_autoptr(X509) certificate = sim_certificate_load(path, NULL);
        g_autoptr(GBytes) der = sim_certificate_to_der(certificate);

        tlv_put_raw_bytes(writer, der);
    }
    tlv_close(writer);
    whole = tlv_writer_finish(g_steal_pointer(&writer));
    return bytes_gbytes_to_hex(whole);
}

/* Polls; the answer must be a package. */
static inline void fetch(Fixture *fixture)
{
    g_auto(Reply) reply = post(fixture, POLL);

    g_assert_cmpint(reply.status, ==, 200);
    g_assert_true(g_str_has_prefix(reply.body->str, "BF4F"));
    g_assert_cmpstr(reply.body->str, !=, NOTHING);
}

#define ADD(name, function)                                                                        \
    g_test_add("/sim/eim-server/" name, Fixture, NULL, set_up, function, tear_down)

/* Makes the folder with the PKI. */
static inline void begin(int *argc, char ***argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(argc, argv, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    folder = g_dir_make_tmp("euiccd-eim-XXXXXX", &error);
    g_assert_no_error(error);
    pki = g_build_filename(folder, "pki", NULL);
    state = g_build_filename(folder, "eim.json", NULL);
    socket_path = g_build_filename(folder, "eim.sock", NULL);
    sim_pki_create(pki, "P-256", TEST_EID, EIM_HOST, &error);
    g_assert_no_error(error);
}

/* Runs the tests and removes the folder. */
static inline int end(void)
{
    char *remove[] = { (char *)"rm", (char *)"-rf", folder, NULL };
    int status = g_test_run();

    g_assert_true(
        g_spawn_sync(NULL, remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(folder);
    g_free(pki);
    g_free(state);
    g_free(socket_path);
    curl_global_cleanup();
    return status;
}
