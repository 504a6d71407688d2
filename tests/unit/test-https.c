/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The HTTPS client against a server that answers what a script says: framing, limits, connection
 * reuse, cancellation, trust. */
#include "net/https.h"

#include <openssl/x509.h>
#include <signal.h>
#include <string.h>

#include "unit/https-rig.h"
#include "util/clock.h"
#include "util/error.h"

static const char *const headers[] = { "User-Agent: gsma-rsp-ipad",
                                       "X-Admin-Protocol: gsma/rsp/v2.1.0",
                                       "Content-Type: application/x-gsma-rsp-asn1", NULL };

typedef struct {
    X509 *certificate;
    TlsPeer *peer;
    HttpsConfig config;
    char *resolve;
    HttpsClient *client;
} Fixture;

/* A client that reaches the peer as eim.example.com. */
static HttpsClient *make_client(Fixture *fixture, Trust *trust)
{
    fixture->config.resolve = fixture->resolve;
    return https_client_new("eim.example.com", tls_peer_get_port(fixture->peer), trust,
                            &fixture->config);
}

static void fixture_init(Fixture *fixture)
{
    TlsProfile profile = { .name = "server", .san = "DNS:eim.example.com" };
    EVP_PKEY *key = tls_make_key();
    g_autoptr(Trust) trust = NULL;

    *fixture = (Fixture){ .config = https_config_default };
    fixture->certificate = tls_make_certificate(&profile, key, NULL, NULL);
    X509_up_ref(fixture->certificate);
    fixture->peer = tls_peer_new(fixture->certificate, key, NULL);
    fixture->resolve =
        g_strdup_printf("eim.example.com:%u:127.0.0.1", tls_peer_get_port(fixture->peer));
    trust = https_rig_pin(fixture->certificate);
    fixture->client = make_client(fixture, trust);
}

/* Another configuration for the client, with the same server. */
static void reconfigure(Fixture *fixture)
{
    g_autoptr(Trust) trust = https_rig_pin(fixture->certificate);

    https_client_free(fixture->client);
    fixture->client = make_client(fixture, trust);
}

static void fixture_clear(Fixture *fixture)
{
    g_clear_pointer(&fixture->client, https_client_free);
    g_clear_pointer(&fixture->peer, tls_peer_free);
    g_clear_pointer(&fixture->resolve, g_free);
    X509_free(fixture->certificate);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static HttpsResponse *post(Fixture *fixture, const char *body, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(body, strlen(body));

    return https_post(fixture->client, "/gsma/rsp2/asn1", headers, bytes, NULL, error);
}

static void expect_answer(Fixture *fixture, guint status, const char *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpsResponse) response = post(fixture, "request", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, status);
    g_assert_cmpmem(g_bytes_get_data(response->body, NULL), (int)g_bytes_get_size(response->body),
                    body, (int)strlen(body));
}

static void expect_error(Fixture *fixture, EuiccdError code, const char *message)
{
    g_autofree char *prefix =
        g_strdup_printf("POST to eim.example.com:%u: ", tls_peer_get_port(fixture->peer));
    g_autoptr(GError) error = NULL;
    HttpsResponse *response = post(fixture, "request", &error);

    g_assert_null(response);
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    g_assert_true(g_str_has_prefix(error->message, prefix));
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
}

/* One answer that is refused or not, with a fresh server. */
static void one_error(const char *answer, TlsPeerThen then, EuiccdError code, const char *message)
{
    g_auto(Fixture) fixture;

    g_test_message("%.80s", answer);
    fixture_init(&fixture);
    tls_peer_answer_text(fixture.peer, answer, then);
    expect_error(&fixture, code, message);
    /* Whatever went wrong, it was not repeated, and the client is still of use. */
    g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 1);
    tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                         TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "ok");
}

static void one_answer(const char *answer, TlsPeerThen then, guint status, const char *body)
{
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    tls_peer_answer_text(fixture.peer, answer, then);
    expect_answer(&fixture, status, body);
    g_assert_cmpuint(https_client_get_counters(fixture.client)->bytes_received, ==, strlen(answer));
}

static void test_request_octets(void)
{
    g_auto(Fixture) fixture;
    g_autofree char *wanted = NULL, *got = NULL, *bare = NULL, *wanted_bare = NULL, *name = NULL;
    g_autoptr(HttpsResponse) response = NULL, second = NULL;
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    g_autoptr(GError) error = NULL;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const HttpsCounters *counters;
    gsize size;

    fixture_init(&fixture);
    g_assert_null(https_client_get_trust_used(fixture.client));
    tls_peer_answer_text(fixture.peer, answer, TLS_PEER_KEEP);
    tls_peer_answer_text(fixture.peer, answer, TLS_PEER_KEEP);
    response = post(&fixture, "hello", &error);
    g_assert_no_error(error);
    wanted = g_strdup_printf("POST /gsma/rsp2/asn1 HTTP/1.1\r\n"
                             "Host: eim.example.com:%u\r\n"
                             "User-Agent: gsma-rsp-ipad\r\n"
                             "X-Admin-Protocol: gsma/rsp/v2.1.0\r\n"
                             "Content-Type: application/x-gsma-rsp-asn1\r\n"
                             "Content-Length: 5\r\n\r\nhello",
                             tls_peer_get_port(fixture.peer));
    got = tls_peer_get_request(fixture.peer, 0, &size);
    g_assert_cmpstr(got, ==, wanted);
    name = tls_peer_get_server_name(fixture.peer);
    g_assert_cmpstr(name, ==, "eim.example.com");
    counters = https_client_get_counters(fixture.client);
    g_assert_cmpuint(counters->bytes_sent, ==, strlen(wanted));
    g_assert_cmpuint(counters->bytes_received, ==, sizeof answer - 1);
    g_assert_cmpuint(counters->requests, ==, 1);
    g_assert_cmpuint(counters->connections, ==, 1);
    g_assert_cmpstr(https_client_get_trust_used(fixture.client), ==,
                    "public key pinned by the card (trustedEimPkTls)");

    second = https_post(fixture.client, "/x", NULL, empty, NULL, &error);
    g_assert_no_error(error);
    wanted_bare = g_strdup_printf("POST /x HTTP/1.1\r\nHost: eim.example.com:%u\r\n"
                                  "Content-Length: 0\r\n\r\n",
                                  tls_peer_get_port(fixture.peer));
    bare = tls_peer_get_request(fixture.peer, 1, &size);
    g_assert_cmpstr(bare, ==, wanted_bare);
    g_assert_cmpuint(counters->bytes_sent, ==, strlen(wanted) + strlen(wanted_bare));
}

/* A request of more than a megabyte, longer than what libcurl sends together with the header. */
static void test_long_request(void)
{
    g_auto(Fixture) fixture;
    g_autofree char *body = g_strnfill(1500000, 'x');
    g_autofree char *got = NULL;
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    fixture_init(&fixture);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    response = post(&fixture, body, &error);
    g_assert_no_error(error);
    got = tls_peer_get_request(fixture.peer, 0, &size);
    g_assert_null(strstr(got, "Expect"));
    g_assert_true(g_str_has_suffix(got, body));
    g_assert_cmpuint(https_client_get_counters(fixture.client)->bytes_sent, ==, size);
}

static void test_framing(void)
{
    one_answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", TLS_PEER_KEEP, 200, "hello");
    one_answer("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", TLS_PEER_KEEP, 200, "hello");
    one_answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
               TLS_PEER_KEEP, 200, "hello");
    one_answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", TLS_PEER_KEEP, 200, "");
    one_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
               TLS_PEER_KEEP, 200, "hello");
    one_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
               "5\r\nhello\r\n0\r\nContent-Length: 7\r\nContent-Type: other\r\n\r\n",
               TLS_PEER_KEEP, 200, "hello");
    one_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", TLS_PEER_KEEP, 200,
               "");
    one_answer("HTTP/1.1 200 OK\r\n\r\nhello", TLS_PEER_CLOSE, 200, "hello");
    one_answer("HTTP/1.0 200 OK\r\n\r\nhello", TLS_PEER_CLOSE, 200, "hello");
    one_answer("HTTP/1.1 200 OK\r\n\r\n", TLS_PEER_CLOSE, 200, "");
    one_answer("HTTP/1.1 204 No Content\r\n\r\n", TLS_PEER_KEEP, 204, "");
    one_answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n"
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
               TLS_PEER_KEEP, 200, "ok");
    one_answer("HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad", TLS_PEER_KEEP, 500, "bad");
    one_answer("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", TLS_PEER_KEEP, 404, "");
    /* Never followed. */
    one_answer("HTTP/1.1 302 Found\r\nLocation: https://eim.example.com/else\r\n"
               "Content-Length: 0\r\n\r\n",
               TLS_PEER_KEEP, 302, "");
    one_answer("HTTP/1.1 307 Temporary\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n",
               TLS_PEER_KEEP, 307, "");
    one_answer(
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
        TLS_PEER_KEEP, 401, "");
}

static void test_framing_refused(void)
{
    one_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
              "5\r\nhello\r\n0\r\n\r\n",
              TLS_PEER_KEEP, EUICCD_ERROR_NETWORK, "Content-Length and Transfer-Encoding");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5\r\nhello\r\n0\r\n\r\n",
              TLS_PEER_KEEP, EUICCD_ERROR_NETWORK, "Content-Length and Transfer-Encoding");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
              TLS_PEER_KEEP, EUICCD_ERROR_NETWORK, "two different Content-Length");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "Content-Length");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "Content-Length");
    one_error("HTTP/1.1 200 OK\r\nX-A: b\rX-B: c\r\nContent-Length: 5\r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "CR without LF");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: \v5\r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "Content-Length");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 5\f\r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "Content-Length");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "Content-Length");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", TLS_PEER_KEEP,
              EUICCD_ERROR_TOO_LARGE, "longer than");
    one_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "Transfer-Encoding is not just");
    one_error("HTTP/1.1 200 OK\r\nX-A: b\r\n folded\r\nContent-Length: 0\r\n\r\n", TLS_PEER_KEEP,
              EUICCD_ERROR_NETWORK, "folded line");
    one_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
              TLS_PEER_KEEP, EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello",
              TLS_PEER_KEEP, EUICCD_ERROR_NETWORK, "");
    /* Cut off: by length, by chunks, and where only the end of TLS would show it. */
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", TLS_PEER_CLOSE,
              EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", TLS_PEER_CLOSE,
              EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\n\r\nhello", TLS_PEER_CUT, EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\n\r\n", TLS_PEER_CUT, EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\nConte", TLS_PEER_CLOSE, EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", TLS_PEER_CLOSE, EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 100 Continue\r\n\r\n", TLS_PEER_CLOSE, EUICCD_ERROR_NETWORK, "");
    one_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
              TLS_PEER_CUT, EUICCD_ERROR_NETWORK, "");
    one_error("", TLS_PEER_CLOSE, EUICCD_ERROR_NETWORK, "");
    one_error("", TLS_PEER_CUT, EUICCD_ERROR_NETWORK, "");
    /* No HTTP/1.x at all. */
    one_error("hello", TLS_PEER_CLOSE, EUICCD_ERROR_NETWORK, "");
    one_error("220 mail.example.com ESMTP\r\n", TLS_PEER_CLOSE, EUICCD_ERROR_NETWORK, "");
}

/* Where the eIM is, the card says; a redirect is an answer like any other, and leads nowhere (I-30). */
static void test_redirect(void)
{
    static const guint statuses[] = { 301, 302, 303, 307, 308 };

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *answer = NULL;
        g_auto(Fixture) fixture;

        fixture_init(&fixture);
        answer =
            g_strdup_printf("HTTP/1.1 %u Moved\r\nLocation: https://eim.example.com:%u/other\r\n"
                            "Content-Length: 0\r\n\r\n",
                            statuses[i], tls_peer_get_port(fixture.peer));
        tls_peer_answer_text(fixture.peer, answer, TLS_PEER_KEEP);
        tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
        expect_answer(&fixture, statuses[i], "");
        g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 1);
    }
}

static void test_nul(void)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 0\r\n\r\n";
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    tls_peer_answer(fixture.peer, answer, sizeof answer - 1, TLS_PEER_KEEP);
    expect_error(&fixture, EUICCD_ERROR_NETWORK, "");
}

static void test_limits(void)
{
    g_autoptr(GString) lines = g_string_new("HTTP/1.1 200 OK\r\n");
    g_autoptr(GString) interim = g_string_new(NULL);
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    fixture.config.max_response = 5;
    reconfigure(&fixture);
    tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                         TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "hello");
    /* Announced: not a body octet is waited for. */
    tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
                         TLS_PEER_STALL);
    expect_error(&fixture, EUICCD_ERROR_TOO_LARGE, "longer than 5 octets");
    /* Not announced. */
    tls_peer_answer_text(
        fixture.peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!",
        TLS_PEER_STALL);
    expect_error(&fixture, EUICCD_ERROR_TOO_LARGE, "longer than 5 octets");
    tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\n\r\nhello!", TLS_PEER_STALL);
    expect_error(&fixture, EUICCD_ERROR_TOO_LARGE, "longer than 5 octets");

    for (guint i = 0; i < 2000; i++)
        g_string_append_printf(lines, "X-Header-%04u: 0123456789012345678901234567890123\r\n", i);
    one_error(lines->str, TLS_PEER_STALL, EUICCD_ERROR_TOO_LARGE, "header is longer than");
    for (guint i = 0; i < 4000; i++)
        g_string_append(interim, "HTTP/1.1 100 Continue\r\n\r\n");
    one_error(interim->str, TLS_PEER_STALL, EUICCD_ERROR_TOO_LARGE, "header is longer than");
}

static void test_keep_alive(void)
{
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    for (guint i = 0; i < 3; i++)
        tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    for (guint i = 0; i < 3; i++)
        expect_answer(&fixture, 200, "");
    g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 1);
    g_assert_cmpuint(https_client_get_counters(fixture.client)->connections, ==, 1);
    g_assert_cmpuint(https_client_get_counters(fixture.client)->requests, ==, 3);

    /* The server says that it will close. */
    tls_peer_answer_text(fixture.peer,
                         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                         TLS_PEER_CLOSE);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "");
    expect_answer(&fixture, 200, "");
    g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 2);
    g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 5);
    /* The second handshake took up the session of the first, and is known to be trusted. */
    g_assert_cmpuint(tls_peer_get_resumed(fixture.peer), ==, 1);
    g_assert_cmpstr(https_client_get_trust_used(fixture.client), ==,
                    "public key pinned by the card (trustedEimPkTls)");

    /* On demand, and the session stays. */
    https_client_disconnect(fixture.client);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "");
    g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 3);
    g_assert_cmpuint(tls_peer_get_resumed(fixture.peer), ==, 2);
    g_assert_cmpuint(https_client_get_counters(fixture.client)->connections, ==, 3);
}

/* I-28: an idle connection that the server has closed is no failure. */
static void test_idle_closed(void)
{
    static const TlsPeerThen ways[] = { TLS_PEER_CLOSE, TLS_PEER_CUT };

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(Fixture) fixture;

        fixture_init(&fixture);
        tls_peer_answer_http(fixture.peer, 200, NULL, ways[i]);
        tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
        expect_answer(&fixture, 200, "");
        expect_answer(&fixture, 200, "");
        g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 2);
        g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 2);
    }
}

/* The server reads the request on a kept connection and closes without an answer: once more, on a
 * new connection, and not a third time. */
static void test_repeat_once(void)
{
    static const TlsPeerThen ways[] = { TLS_PEER_CLOSE, TLS_PEER_CUT };

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(Fixture) fixture;

        fixture_init(&fixture);
        tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
        tls_peer_answer_text(fixture.peer, "", ways[i]);
        tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                             TLS_PEER_KEEP);
        expect_answer(&fixture, 200, "");
        expect_answer(&fixture, 200, "ok");
        g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 3);
        g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 2);

        tls_peer_answer_text(fixture.peer, "", ways[i]);
        tls_peer_answer_text(fixture.peer, "", ways[i]);
        expect_error(&fixture, EUICCD_ERROR_NETWORK, "");
        g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 5);
        g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 3);
        g_assert_cmpuint(https_client_get_counters(fixture.client)->connections, ==, 3);

        /* A line of an answer arrived: not repeated. */
        tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
        tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\n", ways[i]);
        expect_answer(&fixture, 200, "");
        expect_error(&fixture, EUICCD_ERROR_NETWORK, "");
        g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 7);
    }
}

/* ---- time ---- */

static TlsPeer *awaited; /* NULL: the usual clock */
static guint awaited_stalls;
static gint64 now;

/* Stands still until the awaited server has stalled, then runs: the limits of a second are too short for
 * nothing but that. */
gint64 clock_boottime(void)
{
    if (!awaited)
        return g_get_monotonic_time();
    if (tls_peer_get_stalls(awaited) >= awaited_stalls)
        now += G_USEC_PER_SEC;
    return now;
}

gint64 clock_realtime(void)
{
    return g_get_real_time();
}

gboolean clock_is_set(void)
{
    return TRUE;
}

static void await_stall(TlsPeer *peer)
{
    now = g_get_monotonic_time();
    awaited_stalls = peer ? tls_peer_get_stalls(peer) + 1 : 0;
    awaited = peer;
}

static void test_timeouts(void)
{
    g_auto(Fixture) fixture;
    g_auto(Fixture) silent;

    fixture_init(&fixture);
    fixture.config.stall_timeout = 1;
    fixture.config.total_timeout = 30; /* the end of the test where silence is overlooked */
    reconfigure(&fixture);
    await_stall(fixture.peer);
    tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
                         TLS_PEER_STALL);
    expect_error(&fixture, EUICCD_ERROR_TIMEOUT, "not an octet for 1 s");
    /* Also when it is the kept connection, which must not be taken for a closed one. */
    await_stall(fixture.peer);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "");
    tls_peer_answer_text(fixture.peer, "", TLS_PEER_STALL);
    expect_error(&fixture, EUICCD_ERROR_TIMEOUT, "not an octet for 1 s");
    g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 3);

    fixture_init(&silent);
    silent.config.total_timeout = 1;
    reconfigure(&silent);
    await_stall(silent.peer);
    tls_peer_answer_text(silent.peer, "", TLS_PEER_STALL);
    expect_error(&silent, EUICCD_ERROR_TIMEOUT, "no complete answer within 1 s");
    await_stall(NULL);
}

/* Somebody takes the connection and never speaks TLS. */
static void test_connect_timeout(void)
{
    g_autoptr(GSocket) listener = NULL;
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0), bound = NULL;
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(Trust) trust = trust_new_system();
    g_autoptr(HttpsClient) client = NULL;
    g_autoptr(GError) error = NULL;
    HttpsConfig config = https_config_default;

    listener =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
    g_assert_no_error(error);
    g_assert_true(g_socket_bind(listener, any, FALSE, &error));
    g_assert_true(g_socket_listen(listener, &error));
    bound = g_socket_get_local_address(listener, &error);
    config.connect_timeout = 1;
    client = https_client_new(
        "127.0.0.1", g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)), trust, &config);
    g_assert_null(https_post(client, "/", headers, body, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_null(https_client_get_trust_used(client));
}

static gpointer cancel_when_asked(gpointer data)
{
    gpointer *both = data;

    tls_peer_wait_requests(both[0], 1);
    g_cancellable_cancel(both[1]);
    return NULL;
}

static void test_cancel(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(GError) error = NULL, before = NULL;
    g_auto(Fixture) fixture;
    HttpsResponse *response;
    gpointer both[2];
    GThread *thread;

    fixture_init(&fixture);
    tls_peer_answer_text(fixture.peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
                         TLS_PEER_STALL);
    both[0] = fixture.peer;
    both[1] = cancellable;
    thread = g_thread_new("cancel", cancel_when_asked, both);
    response = https_post(fixture.client, "/", headers, body, cancellable, &error);
    g_thread_join(thread);
    g_assert_null(response);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);

    /* Cancelled before: nothing is sent. */
    response = https_post(fixture.client, "/", headers, body, cancellable, &before);
    g_assert_null(response);
    g_assert_error(before, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 1);

    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "");
    g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 2);
}

static void test_wrong_key(void)
{
    TlsProfile profile = { .name = "other" };
    EVP_PKEY *key = tls_make_key();
    X509 *other = tls_make_certificate(&profile, key, NULL, NULL);
    g_autoptr(Trust) trust = https_rig_pin(other);
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    https_client_free(fixture.client);
    fixture.client = make_client(&fixture, trust);
    expect_error(&fixture, EUICCD_ERROR_TLS,
                 "the server is not trusted: public key pinned by the card (trustedEimPkTls): the "
                 "server's key is another one");
    g_assert_null(https_client_get_trust_used(fixture.client));
    g_assert_cmpuint(https_client_get_counters(fixture.client)->bytes_sent, ==, 0);
    g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 0);
    X509_free(other);
    EVP_PKEY_free(key);
}

/* The name counts where a CA is trusted; libcurl's own look at names is off. */
static void test_wrong_name(void)
{
    TlsProfile ca_profile = { .name = "CA", .ca = TRUE };
    TlsProfile profile = { .name = "eim.example.com", .san = "DNS:else.example.com" };
    EVP_PKEY *ca_key = tls_make_key(), *key = tls_make_key();
    X509 *ca = tls_make_certificate(&ca_profile, ca_key, NULL, NULL);
    X509 *leaf = tls_make_certificate(&profile, key, ca, ca_key);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Trust) trust = NULL;
    g_auto(Fixture) fixture = { .config = https_config_default };
    guint8 *der = NULL;
    int size = i2d_X509(ca, &der);

    tlv_put(writer, 0xA1, der, (gsize)size);
    OPENSSL_free(der);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    trust = trust_new_from_eim_data(tlv_slice_from_bytes(data), &error);
    g_assert_no_error(error);
    fixture.peer = tls_peer_new(leaf, key, NULL);
    fixture.resolve =
        g_strdup_printf("eim.example.com:%u:127.0.0.1", tls_peer_get_port(fixture.peer));
    fixture.client = make_client(&fixture, trust);
    expect_error(&fixture, EUICCD_ERROR_TLS,
                 "is not for eim.example.com (it names else.example.com)");
    g_assert_cmpuint(tls_peer_get_n_requests(fixture.peer), ==, 0);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
}

static void test_no_server(void)
{
    g_auto(Fixture) fixture;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(HttpsClient) client = NULL;
    HttpsResponse *response;
    guint16 port;

    fixture_init(&fixture);
    port = tls_peer_get_port(fixture.peer);
    trust = https_rig_pin(fixture.certificate);
    g_clear_pointer(&fixture.peer, tls_peer_free);
    client = https_client_new("127.0.0.1", port, trust, &https_config_default);
    response = https_post(client, "/", headers, body, NULL, &error);
    g_assert_null(response);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NETWORK);
    g_assert_true(g_str_has_prefix(error->message, "POST to 127.0.0.1:"));
}

/* An address instead of a name: usable, named in brackets where it is IPv6, and refused by name
 * checks like any other. */
static void test_address(void)
{
    g_auto(Fixture) fixture;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(GError) error = NULL, v6_error = NULL;
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(HttpsClient) client = NULL, v6 = NULL;
    g_autoptr(HttpsResponse) response = NULL, v6_response = NULL;
    g_autofree char *request = NULL, *resolve = NULL, *v6_request = NULL, *host = NULL;
    g_autofree char *name = NULL;
    HttpsConfig config = https_config_default;
    gsize size;

    fixture_init(&fixture);
    trust = https_rig_pin(fixture.certificate);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    client = https_client_new("127.0.0.1", tls_peer_get_port(fixture.peer), trust, &config);
    response = https_post(client, "/", headers, body, NULL, &error);
    g_assert_no_error(error);
    request = tls_peer_get_request(fixture.peer, 0, &size);
    g_assert_nonnull(strstr(request, "\r\nHost: 127.0.0.1:"));
    name = tls_peer_get_server_name(fixture.peer);
    g_assert_null(name);

    resolve = g_strdup_printf("::1:%u:127.0.0.1", tls_peer_get_port(fixture.peer));
    config.resolve = resolve;
    v6 = https_client_new("::1", tls_peer_get_port(fixture.peer), trust, &config);
    v6_response = https_post(v6, "/", headers, body, NULL, &v6_error);
    /* Where there is no such address to connect to, the message still names it properly. */
    host = g_strdup_printf("[::1]:%u", tls_peer_get_port(fixture.peer));
    if (v6_response) {
        v6_request = tls_peer_get_request(fixture.peer, 1, &size);
        g_assert_nonnull(strstr(v6_request, host));
    } else {
        g_assert_error(v6_error, EUICCD_ERROR, EUICCD_ERROR_NETWORK);
        g_assert_nonnull(strstr(v6_error->message, host));
    }
}

static void expect_retry_after(const char *lines, guint low, guint high)
{
    g_autofree char *answer =
        g_strdup_printf("HTTP/1.1 503 Later\r\n%sContent-Length: 0\r\n\r\n", lines);
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    tls_peer_answer_text(fixture.peer, answer, TLS_PEER_KEEP);
    response = post(&fixture, "x", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, 503);
    g_assert_cmpuint(response->retry_after, >=, low);
    g_assert_cmpuint(response->retry_after, <=, high);
}

static void test_retry_after(void)
{
    expect_retry_after("", 0, 0);
    expect_retry_after("Retry-After: 120\r\n", 120, 120);
    expect_retry_after("Retry-After: 0\r\n", 0, 0);
    expect_retry_after("Retry-After: 99999999\r\n", 86400, 86400);
    expect_retry_after("Retry-After: soon\r\n", 0, 0);
    expect_retry_after("Retry-After: -5\r\n", 0, 0);
    /* Relative to the server's clock, whatever ours says. */
    expect_retry_after("Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
                       "Retry-After: Wed, 21 Oct 2015 07:30:30 GMT\r\n",
                       150, 150);
    expect_retry_after("Retry-After: Wed, 21 Oct 2015 07:30:30 GMT\r\n"
                       "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
                       150, 150);
    expect_retry_after("Retry-After: Wed, 21 Oct 2015 07:30:30 GMT\r\n", 0, 0);
}

static void test_content_type(void)
{
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    tls_peer_answer_text(fixture.peer,
                         "HTTP/1.1 100 Continue\r\nContent-Type: interim\r\nRetry-After: 9\r\n\r\n"
                         "HTTP/1.1 200 OK\r\ncontent-type:  text/html; charset=x \r\n"
                         "Content-Length: 0\r\n\r\n",
                         TLS_PEER_KEEP);
    response = post(&fixture, "x", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(response->content_type, ==, "text/html; charset=x");
    g_assert_cmpuint(response->retry_after, ==, 0);
}

/* Environment and configuration of other programs must not lead the requests elsewhere. */
static void test_no_proxy(void)
{
    g_auto(Fixture) fixture;

    fixture_init(&fixture);
    tls_peer_answer_http(fixture.peer, 200, NULL, TLS_PEER_KEEP);
    expect_answer(&fixture, 200, "");
    g_assert_cmpuint(tls_peer_get_connections(fixture.peer), ==, 1);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    /* Nothing listens there: whoever uses it fails. */
    g_setenv("https_proxy", "http://127.0.0.1:9", TRUE);
    g_setenv("ALL_PROXY", "http://127.0.0.1:9", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/https/request-octets", test_request_octets);
    g_test_add_func("/https/long-request", test_long_request);
    g_test_add_func("/https/framing", test_framing);
    g_test_add_func("/https/framing-refused", test_framing_refused);
    g_test_add_func("/https/redirect", test_redirect);
    g_test_add_func("/https/nul", test_nul);
    g_test_add_func("/https/limits", test_limits);
    g_test_add_func("/https/keep-alive", test_keep_alive);
    g_test_add_func("/https/idle-closed", test_idle_closed);
    g_test_add_func("/https/repeat-once", test_repeat_once);
    g_test_add_func("/https/timeouts", test_timeouts);
    g_test_add_func("/https/connect-timeout", test_connect_timeout);
    g_test_add_func("/https/cancel", test_cancel);
    g_test_add_func("/https/wrong-key", test_wrong_key);
    g_test_add_func("/https/wrong-name", test_wrong_name);
    g_test_add_func("/https/no-server", test_no_server);
    g_test_add_func("/https/address", test_address);
    g_test_add_func("/https/retry-after", test_retry_after);
    g_test_add_func("/https/content-type", test_content_type);
    g_test_add_func("/https/no-proxy", test_no_proxy);
    return g_test_run();
}
