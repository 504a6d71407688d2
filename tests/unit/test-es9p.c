/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ES9+ and ES11 against a server that answers the known-answer vectors. */
#include <signal.h>
#include <string.h>

#include "net/es11.h"
#include "unit/esipa-rig.h"
#include "util/error.h"

#define PATH "/gsma/rsp2/es9plus/"

static JsonParser *parser;

typedef struct {
    HttpsRig rig;
    Es9pClient *client;
    guint n_answers;
} Server;

static void server_init(Server *server, const char *address)
{
    https_rig_init(&server->rig, "smdp.example.com", NULL);
    server->client = es9p_client_new(server->rig.client, address);
    server->n_answers = 0;
}

static void server_clear(Server *server)
{
    es9p_client_free(server->client);
    https_rig_clear(&server->rig);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Server, server_clear)

/* ---- vectors ---- */

static JsonObject *vector(const char *name)
{
    JsonArray *all =
        json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "vectors");

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *object = json_array_get_object_element(all, i);

        if (g_str_equal(text(object, "name"), name))
            return object;
    }
    g_error("no vector %s", name);
}

/* What MEMBER of the vector's body is, decoded. */
static GBytes *decoded(const char *name, const char *member)
{
    return hex(text(json_object_get_object_member(vector(name), "decoded"), member));
}

static GBytes *transaction(const char *name)
{
    return hex(text(json_object_get_object_member(vector(name), "body"), "transactionId"));
}

static void will_answer_text(Server *server, guint status, const char *body)
{
    g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));

    tls_peer_answer_http(server->rig.peer, status, bytes, TLS_PEER_KEEP);
    server->n_answers++;
}

static void will_answer_vector(Server *server, const char *name)
{
    JsonNode *body = json_object_get_member(vector(name), "body");
    g_autofree char *json = JSON_NODE_HOLDS_NULL(body) ? g_strdup("") : json_to_string(body, FALSE);

    will_answer_text(server, (guint)json_object_get_int_member(vector(name), "status"), json);
}

/* The last request was the vector's, with the header that goes with it. */
static void assert_sent_vector(Server *server, const char *name)
{
    JsonNode *wanted = json_object_get_member(vector(name), "body");
    gsize size;
    g_autofree char *request = tls_peer_get_request(server->rig.peer, server->n_answers - 1, &size);
    char *body = strstr(request, "\r\n\r\n") + 4;
    g_autofree char *head = NULL;
    g_autoptr(JsonNode) got = NULL;
    g_autoptr(GError) error = NULL;

    head = g_strdup_printf("POST %s HTTP/1.1\r\n"
                           "Host: smdp.example.com:%u\r\n"
                           "User-Agent: gsma-rsp-lpad\r\n"
                           "X-Admin-Protocol: gsma/rsp/v2.1.0\r\n"
                           "Content-Type: application/json;charset=UTF-8\r\n"
                           "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                           text(vector(name), "path"), tls_peer_get_port(server->rig.peer),
                           strlen(body));
    g_assert_true(g_str_has_prefix(request, head));
    got = json_from_string(body, &error);
    g_assert_no_error(error);
    if (!json_node_equal(got, wanted))
        g_error("%s: sent %s", name, body);
}

static void assert_bytes(GBytes *got, const char *name, const char *member, gsize skip)
{
    g_autoptr(GBytes) all = decoded(name, member);
    g_autoptr(GBytes) wanted = g_bytes_new_from_bytes(all, skip, g_bytes_get_size(all) - skip);

    g_assert_nonnull(got);
    g_assert_true(g_bytes_equal(got, wanted));
}

/* ---- functions ---- */

static RspServerAuthentication *initiate(Server *server, const char *name, GError **error)
{
    g_autoptr(GBytes) challenge = decoded(name, "euiccChallenge");
    g_autoptr(GBytes) info1 = decoded(name, "euiccInfo1");

    return es9p_initiate_authentication(server->client, g_bytes_get_data(challenge, NULL), info1,
                                        NULL, error);
}

static void one_initiate(const char *request, const char *response)
{
    g_autoptr(RspServerAuthentication) result = NULL;
    g_autoptr(GBytes) id = transaction(response);
    g_autoptr(GError) error = NULL;
    g_auto(Server) server;

    server_init(&server,
                text(json_object_get_object_member(vector(request), "body"), "smdpAddress"));
    will_answer_vector(&server, response);
    result = initiate(&server, request, &error);
    g_assert_no_error(error);
    assert_sent_vector(&server, request);
    g_assert_true(g_bytes_equal(result->transaction_id, id));
    assert_bytes(result->server_signed1, response, "serverSigned1", 0);
    assert_bytes(result->server_signature1, response, "serverSignature1", 3);
    assert_bytes(result->ci_pk_id, response, "euiccCiPKIdToBeUsed", 2);
    assert_bytes(result->server_certificate, response, "serverCertificate", 0);
    g_assert_null(result->matching_id);
    g_assert_null(result->ctx_params1);
}

static void test_initiate(void)
{
    one_initiate("es9-initiate-authentication-req", "es9-initiate-authentication-rsp");
    one_initiate("es11-initiate-authentication-req", "es11-initiate-authentication-rsp");
}

/* Forms that we never write and others do: the same values come out. */
static void test_tolerant(void)
{
    static const char *const names[] = { "tolerant-base64-line-breaks",
                                         "tolerant-base64-no-padding", "tolerant-lower-case-id",
                                         "tolerant-warning" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(RspServerAuthentication) result = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(Server) server;

        server_init(&server, "smdp.example.com");
        will_answer_vector(&server, names[i]);
        result = initiate(&server, "es9-initiate-authentication-req", &error);
        g_assert_no_error(error);
        assert_bytes(result->transaction_id, "es9-initiate-authentication-rsp", "transactionId", 0);
        assert_bytes(result->server_signed1, "es9-initiate-authentication-rsp", "serverSigned1", 0);
        assert_bytes(result->server_signature1, "es9-initiate-authentication-rsp",
                     "serverSignature1", 3);
        assert_bytes(result->server_certificate, "es9-initiate-authentication-rsp",
                     "serverCertificate", 0);
    }
}

static RspServerOffer *authenticate(Server *server, const char *name, gboolean sm_ds,
                                    GError **error)
{
    g_autoptr(GBytes) id = transaction(name);
    g_autoptr(GBytes) response = decoded(name, "authenticateServerResponse");

    return sm_ds ? es11_authenticate_client(server->client, id, response, NULL, error)
                 : es9p_authenticate_client(server->client, id, response, NULL, error);
}

static void test_authenticate(void)
{
    static const char *const requests[] = { "es9-authenticate-client-req",
                                            "es9-authenticate-client-req-error" };
    static const char *const responses[] = { "es9-authenticate-client-rsp",
                                             "es9-authenticate-client-rsp-cc" };

    for (guint i = 0; i < 2; i++) {
        g_autoptr(RspServerOffer) offer = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(Server) server;

        server_init(&server, "smdp.example.com");
        will_answer_vector(&server, responses[i]);
        offer = authenticate(&server, requests[i], FALSE, &error);
        g_assert_no_error(error);
        assert_sent_vector(&server, requests[i]);
        assert_bytes(offer->profile_metadata, responses[i], "profileMetadata", 0);
        assert_bytes(offer->smdp_signed2, responses[i], "smdpSigned2", 0);
        assert_bytes(offer->smdp_signature2, responses[i], "smdpSignature2", 3);
        assert_bytes(offer->smdp_certificate, responses[i], "smdpCertificate", 0);
        g_assert_null(offer->events);
        g_assert_null(offer->hash_cc);
    }
}

static void test_events(void)
{
    static const char *const names[] = { "es11-authenticate-client-rsp-none",
                                         "es11-authenticate-client-rsp-one",
                                         "es11-authenticate-client-rsp-three" };
    static const guint counts[] = { 0, 1, 3 };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        JsonArray *wanted = json_object_get_array_member(
            json_object_get_object_member(vector(names[i]), "body"), "eventEntries");
        g_autoptr(RspServerOffer) offer = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(Server) server;

        server_init(&server, "smds.example.com");
        will_answer_vector(&server, names[i]);
        offer = authenticate(&server, "es11-authenticate-client-req", TRUE, &error);
        g_assert_no_error(error);
        assert_sent_vector(&server, "es11-authenticate-client-req");
        g_assert_cmpuint(offer->events->len, ==, counts[i]);
        for (guint j = 0; j < counts[i]; j++) {
            const RspServerEvent *event = offer->events->pdata[j];
            JsonObject *entry = json_array_get_object_element(wanted, j);

            g_assert_cmpstr(event->event_id, ==, text(entry, "eventId"));
            g_assert_cmpstr(event->address, ==, text(entry, "rspServerAddress"));
        }
        g_assert_null(offer->smdp_signed2);
    }
}

static void test_events_refused(void)
{
#define OK "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
    static const char *const bodies[] = {
        OK "}",
        OK ",\"eventEntries\":{}}",
        OK ",\"eventEntries\":[{\"eventId\":\"E\"}]}",
        OK ",\"eventEntries\":[\"E\"]}",
        OK ",\"eventEntries\":[null]}",
        OK ",\"eventEntries\":[{\"eventId\":\"E\",\"rspServerAddress\":\"a\"},null]}",
        OK ",\"eventEntries\":[null,{\"eventId\":\"E\",\"rspServerAddress\":\"a\"}]}",
        OK ",\"eventEntries\":[{\"eventId\":1,\"rspServerAddress\":\"a\"}]}",
        OK ",\"eventEntries\":[],\"transactionId\":\"00\"}",
    };
    g_autoptr(GString) many = g_string_new(OK ",\"eventEntries\":[");
    g_auto(Server) server;

    server_init(&server, "smds.example.com");
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;

        will_answer_text(&server, 200, bodies[i]);
        g_assert_null(authenticate(&server, "es11-authenticate-client-req", TRUE, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
    for (guint i = 0; i <= ES11_MAX_EVENTS; i++)
        g_string_append_printf(many, "%s{\"eventId\":\"E\",\"rspServerAddress\":\"a\"}",
                               i > 0 ? "," : "");
    g_string_append(many, "]}");
    {
        g_autoptr(GError) error = NULL;

        will_answer_text(&server, 200, many->str);
        g_assert_null(authenticate(&server, "es11-authenticate-client-req", TRUE, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    }
}

/* ---- packages ---- */

typedef struct {
    GByteArray *got;
    guint fail_at, n_calls;
} Taker;

static gboolean take(TlvSlice octets, gpointer data, GError **error)
{
    Taker *taker = data;

    if (++taker->n_calls == taker->fail_at) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS, "the card said no");
        return FALSE;
    }
    g_byte_array_append(taker->got, octets.data, (guint)octets.size);
    return TRUE;
}

static gboolean get_package(Server *server, const char *name, Taker *taker, GError **error)
{
    g_autoptr(GBytes) id = transaction(name);
    g_autoptr(GBytes) response = decoded(name, "prepareDownloadResponse");

    return es9p_get_bound_profile_package(server->client, id, response, take, taker, NULL, error);
}

static void test_package(void)
{
    static const char *const requests[] = { "es9-get-bpp-req", "es9-get-bpp-req-cc",
                                            "es9-get-bpp-req-error" };

    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(GByteArray) got = g_byte_array_new();
        Taker taker = { .got = got };
        g_autoptr(GBytes) wanted = decoded("es9-get-bpp-rsp", "boundProfilePackage");
        g_autoptr(GError) error = NULL;
        g_auto(Server) server;

        server_init(&server, "smdp.example.com");
        will_answer_vector(&server, "es9-get-bpp-rsp");
        g_assert_true(get_package(&server, requests[i], &taker, &error));
        g_assert_no_error(error);
        assert_sent_vector(&server, requests[i]);
        g_assert_cmpmem(got->data, got->len, g_bytes_get_data(wanted, NULL),
                        (int)g_bytes_get_size(wanted));
    }
}

/* A long one, longer than what is kept of any other answer, in the line breaks of MIME. */
static void test_long_package(void)
{
    g_autofree guint8 *octets = g_malloc(900000);
    g_autofree char *base64 = NULL, *body = NULL;
    g_autoptr(GByteArray) got = g_byte_array_new();
    g_autoptr(GString) lines = g_string_new(NULL);
    Taker taker = { .got = got };
    g_autoptr(GError) error = NULL;
    g_auto(Server) server;

    for (guint i = 0; i < 900000; i++)
        octets[i] = (guint8)(i * 13 + i / 255);
    base64 = g_base64_encode(octets, 900000);
    for (gsize i = 0; base64[i]; i += 64)
        g_string_append_printf(lines, "%.64s\\r\\n", base64 + i);
    body = g_strdup_printf("{\"boundProfilePackage\":\"%s\",\"header\":{"
                           "\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}",
                           lines->str);
    server_init(&server, "smdp.example.com");
    will_answer_text(&server, 200, body);
    g_assert_true(get_package(&server, "es9-get-bpp-req", &taker, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(got->data, got->len, octets, 900000);
}

static void test_package_refused(void)
{
    static const struct {
        const char *body;
        EuiccdError code;
        const char *message;
    } rows[] = {
        { OK "}", EUICCD_ERROR_MALFORMED, "no boundProfilePackage" },
        { OK ",\"boundProfilePackage\":null}", EUICCD_ERROR_MALFORMED, "no boundProfilePackage" },
        { OK ",\"boundProfilePackage\":\"AA==\",\"transactionId\":\"00\"}", EUICCD_ERROR_MALFORMED,
          "another transaction" },
        { OK ",\"boundProfilePackage\":\"AA==\",\"transactionId\":\"A1A\"}", EUICCD_ERROR_MALFORMED,
          "transactionId" },
        { OK ",\"boundProfilePackage\":\"AA=\"", EUICCD_ERROR_MALFORMED, "" },
        { "<html>", EUICCD_ERROR_MALFORMED, "not an object" },
        { "", EUICCD_ERROR_MALFORMED, "cut off" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) got = g_byte_array_new();
        Taker taker = { .got = got };
        g_autoptr(GError) error = NULL;
        g_auto(Server) server;

        server_init(&server, "smdp.example.com");
        will_answer_text(&server, 200, rows[i].body);
        g_assert_false(get_package(&server, "es9-get-bpp-req", &taker, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)rows[i].code);
        if (!strstr(error->message, rows[i].message))
            g_error("'%s' does not say '%s'", error->message, rows[i].message);
        g_assert_true(strstr(error->message, "GetBoundProfilePackage: ") != NULL ||
                      strstr(error->message, "boundProfilePackage") != NULL);
    }
}

static void test_package_sink_fails(void)
{
    g_autoptr(GByteArray) got = g_byte_array_new();
    Taker taker = { .got = got, .fail_at = 1 };
    g_autoptr(GError) error = NULL;
    g_auto(Server) server;

    server_init(&server, "smdp.example.com");
    will_answer_vector(&server, "es9-get-bpp-rsp");
    g_assert_false(get_package(&server, "es9-get-bpp-req", &taker, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_cmpstr(error->message, ==, "the card said no");
    g_assert_cmpuint(taker.n_calls, ==, 1);
}

/* ---- the end ---- */

static gboolean cancel(Server *server, GError **error)
{
    g_autoptr(GBytes) id = transaction("es9-cancel-session-req");
    g_autoptr(GBytes) response = decoded("es9-cancel-session-req", "cancelSessionResponse");

    return es9p_cancel_session(server->client, id, response, NULL, error);
}

static gboolean notify(Server *server, const char *name, GError **error)
{
    g_autoptr(GBytes) notification = decoded(name, "pendingNotification");

    return es9p_handle_notification(server->client, notification, NULL, error);
}

static void test_cancel_session(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(Server) server;

    server_init(&server, "smdp.example.com");
    will_answer_vector(&server, "es9-cancel-session-rsp");
    g_assert_true(cancel(&server, &error));
    g_assert_no_error(error);
    assert_sent_vector(&server, "es9-cancel-session-req");
}

static void test_notifications(void)
{
    static const char *const names[] = { "es9-handle-notification-pir",
                                         "es9-handle-notification-enable" };
    g_auto(Server) server;
    g_autoptr(GError) error = NULL;

    server_init(&server, "smdp.example.com");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        will_answer_vector(&server, "es9-handle-notification-rsp");
        g_assert_true(notify(&server, names[i], &error));
        g_assert_no_error(error);
        assert_sent_vector(&server, names[i]);
    }
    will_answer_text(&server, 200, "");
    g_assert_true(notify(&server, names[0], &error));
    will_answer_text(&server, 200, OK "}");
    g_assert_true(notify(&server, names[0], &error));
    g_assert_no_error(error);
    /* A web page has taken nothing. */
    will_answer_text(&server, 200, "<html>");
    g_assert_false(notify(&server, names[0], &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

/* ---- refusals ---- */

static gboolean call(Server *server, const char *function, GError **error)
{
    g_autoptr(GByteArray) got = g_byte_array_new();
    Taker taker = { .got = got };
    g_autoptr(RspServerAuthentication) authentication = NULL;
    g_autoptr(RspServerOffer) offer = NULL;

    if (g_str_equal(function, "initiateAuthentication"))
        return (authentication = initiate(server, "es9-initiate-authentication-req", error)) !=
               NULL;
    if (g_str_equal(function, "authenticateClient"))
        return (offer = authenticate(server, "es9-authenticate-client-req", FALSE, error)) != NULL;
    if (g_str_equal(function, "getBoundProfilePackage"))
        return get_package(server, "es9-get-bpp-req", &taker, error);
    if (g_str_equal(function, "cancelSession"))
        return cancel(server, error);
    g_assert_cmpstr(function, ==, "handleNotification");
    return notify(server, "es9-handle-notification-pir", error);
}

/* Every failure of the vectors: the error says why, the refusal has it as data, and the next success clears it. */
static void test_failures(void)
{
    JsonArray *all =
        json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "vectors");
    guint n = 0;
    g_auto(Server) server;

    server_init(&server, "smdp.example.com");
    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *object = json_array_get_object_element(all, i);
        const char *name = text(object, "name");
        const RspServerRefusal *refusal = es9p_client_get_refusal(server.client);
        g_autoptr(GError) error = NULL;
        JsonObject *codes;

        if (!g_str_has_prefix(name, "es9-") || !strstr(name, "-failed-"))
            continue;
        n++;
        will_answer_vector(&server, name);
        g_assert_false(call(&server, text(object, "path") + strlen(PATH), &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
        codes = json_object_get_object_member(
            json_object_get_object_member(
                json_object_get_object_member(json_object_get_object_member(object, "body"),
                                              "header"),
                "functionExecutionStatus"),
            "statusCodeData");
        g_assert_true(
            rsp_server_refusal_is(refusal, text(codes, "subjectCode"), text(codes, "reasonCode")));
        g_assert_cmpstr(refusal->message, ==, text(codes, "message"));
        g_assert_nonnull(strstr(error->message, text(codes, "message")));
        g_assert_nonnull(strstr(error->message, text(codes, "subjectCode")));
    }
    g_assert_cmpuint(n, ==, 30);
    g_assert_nonnull(es9p_client_get_refusal(server.client)->subject);
    will_answer_vector(&server, "es9-cancel-session-rsp");
    g_assert_true(call(&server, "cancelSession", NULL));
    g_assert_null(es9p_client_get_refusal(server.client)->subject);
}

static void test_http_status(void)
{
    static const char *const functions[] = { "initiateAuthentication", "authenticateClient",
                                             "getBoundProfilePackage", "cancelSession",
                                             "handleNotification" };
    g_auto(Server) server;

    server_init(&server, "smdp.example.com");
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autoptr(GError) error = NULL;

        tls_peer_answer_text(server.rig.peer,
                             "HTTP/1.1 503 Later\r\nRetry-After: 77\r\nContent-Length: 2\r\n\r\n{}",
                             TLS_PEER_KEEP);
        g_assert_false(call(&server, functions[i], &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_HTTP);
        g_assert_nonnull(strstr(error->message, "status 503 and wants to be asked again after 77"));
        g_assert_cmpuint(es9p_client_get_retry_after(server.client), ==, 77);
        g_assert_cmpuint(es9p_client_get_status(server.client), ==, 503);
    }
}

/* A notification that was taken is not sent again because of what the answer looks like. */
static void test_notification_answers(void)
{
    static const struct {
        const char *body;
        gboolean taken;
    } cases[] = {
        { "", TRUE },
        { "{}", TRUE },
        { "{\"header\":{}}", TRUE },
        { "OK", TRUE },
        { "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}", TRUE },
        { "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}}}", FALSE },
        { "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Expired\"}}}", FALSE },
        { " \n<html></html>", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Server) server = { 0 };
        g_autoptr(GBytes) body = g_bytes_new_static(cases[i].body, strlen(cases[i].body));
        g_autoptr(GError) error = NULL;

        server_init(&server, "smdp.example.com");
        tls_peer_answer_http(server.rig.peer, 200, body, TLS_PEER_KEEP);
        g_test_message("%s", cases[i].body);
        g_assert_true(notify(&server, "es9-handle-notification-pir", &error) == cases[i].taken);
        g_assert_true((error == NULL) == cases[i].taken);
    }
}

/* An empty answer is a success of the functions that have none, and of no other. */
static void test_empty(void)
{
    static const char *const functions[] = { "initiateAuthentication", "authenticateClient",
                                             "getBoundProfilePackage" };
    g_auto(Server) server;

    server_init(&server, "smdp.example.com");
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autoptr(GError) error = NULL;

        will_answer_text(&server, 200, "");
        g_assert_false(call(&server, functions[i], &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

/* Values that are raw or an object, or an object in an object (I-34). */
static void test_unwrap(void)
{
    g_autoptr(GBytes) signature = g_bytes_new_take(g_malloc0(64), 64);
    g_autoptr(GBytes) id = hex("0412131415161718191A1B1C1D1E1F2021222324");
    g_autoptr(GBytes) object = hex("04140412131415161718191A1B1C1D1E1F2021222324");
    g_autoptr(GBytes) twice = hex("041604140412131415161718191A1B1C1D1E1F2021222324");
    g_autoptr(GBytes) bare = rsp_server_unwrap(signature, 0x5F37, 64);
    g_autoptr(GBytes) bare_id = rsp_server_unwrap(id, 0x04, 20);
    g_autoptr(GBytes) inner = rsp_server_unwrap(object, 0x04, 20);
    g_autoptr(GBytes) innermost = rsp_server_unwrap(twice, 0x04, 20);

    g_assert_true(g_bytes_equal(bare, signature));
    /* A raw value that looks like an object of another size. */
    g_assert_true(g_bytes_equal(bare_id, id));
    g_assert_true(g_bytes_equal(inner, id));
    g_assert_true(g_bytes_equal(innermost, id));
}

int main(int argc, char *argv[])
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int result;

    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    path = g_test_build_filename(G_TEST_DIST, "data", "json.json", NULL);
    parser = json_parser_new();
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    g_test_add_func("/es9p/initiate", test_initiate);
    g_test_add_func("/es9p/tolerant", test_tolerant);
    g_test_add_func("/es9p/authenticate", test_authenticate);
    g_test_add_func("/es9p/events", test_events);
    g_test_add_func("/es9p/events-refused", test_events_refused);
    g_test_add_func("/es9p/package", test_package);
    g_test_add_func("/es9p/long-package", test_long_package);
    g_test_add_func("/es9p/package-refused", test_package_refused);
    g_test_add_func("/es9p/package-sink-fails", test_package_sink_fails);
    g_test_add_func("/es9p/cancel-session", test_cancel_session);
    g_test_add_func("/es9p/notifications", test_notifications);
    g_test_add_func("/es9p/failures", test_failures);
    g_test_add_func("/es9p/http-status", test_http_status);
    g_test_add_func("/es9p/empty", test_empty);
    g_test_add_func("/es9p/notification-answers", test_notification_answers);
    g_test_add_func("/es9p/unwrap", test_unwrap);
    result = g_test_run();
    g_object_unref(parser);
    return result;
}
