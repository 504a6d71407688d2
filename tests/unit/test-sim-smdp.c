/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The test SM-DP+ and the test SM-DS, asked by an eUICC that this test plays. */

#include <curl/curl.h>

#include "unit/test-sim-smdp-euicc.h"

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
