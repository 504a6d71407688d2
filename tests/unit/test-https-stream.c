/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that are taken while they arrive: order, pace, limits, and every way to end them. */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "unit/https-rig.h"
#include "unit/still_clock.h"
#include "util/error.h"

#define LONG (24u << 20) /* octets; more than two sockets hold */

static const HttpsConfig small_config = {
    .connect_timeout = 30,
    .stall_timeout = 10,
    .total_timeout = 20,
    .max_idle = 300,
    .max_response = 1000,
};

typedef struct {
    HttpsRig *rig;
    GByteArray *got;
    guint64 n_octets, n_calls;
    gsize longest;
    guint fail_at;      /* the call that fails, 0: none */
    guint cancel_at;    /* the call that cancels */
    gboolean keep;      /* GOT gets what came */
    guint pass_ms;      /* what each call takes */
    gboolean check_end; /* the server must not be done before the first call */
    GCancellable *cancellable;
} Taker;

static gboolean take(const void *octets, gsize size, gpointer data, GError **error)
{
    Taker *taker = data;

    g_assert_cmpuint(size, >, 0);
    taker->n_calls++;
    taker->n_octets += size;
    taker->longest = MAX(taker->longest, size);
    if (taker->check_end && taker->n_calls == 1)
        g_assert_cmpuint(tls_peer_get_stalls(taker->rig->peer), ==, 0);
    if (taker->keep)
        g_byte_array_append(taker->got, octets, (guint)size);
    still_clock_pass(GUINT_TO_POINTER(taker->pass_ms));
    if (taker->n_calls == taker->cancel_at)
        g_cancellable_cancel(taker->cancellable);
    if (taker->n_calls == taker->fail_at) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS, "the card said no");
        return FALSE;
    }
    return TRUE;
}

static HttpsResponse *stream(HttpsRig *rig, Taker *taker, gsize max_response, GError **error)
{
    HttpsStream stream = { take, taker, max_response, 20 };
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);

    taker->rig = rig;
    return https_post_stream(rig->client, "/bpp", NULL, body, &stream, taker->cancellable, error);
}

static GBytes *make_body(gsize size)
{
    guint8 *octets = g_malloc(size);

    for (gsize i = 0; i < size; i++)
        octets[i] = (guint8)(i * 7 + i / 251);
    return g_bytes_new_take(octets, size);
}

/* The client is of use after whatever happened. */
static void expect_usable(HttpsRig *rig)
{
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpsResponse) response = NULL;

    tls_peer_answer_text(rig->peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                         TLS_PEER_KEEP);
    response = https_post(rig->client, "/", NULL, body, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(response->body), ==, 2);
}

static void expect_failure(HttpsRig *rig, Taker *taker, gsize max_response, EuiccdError code,
                           const char *message)
{
    g_autoptr(GError) error = NULL;
    HttpsResponse *response = stream(rig, taker, max_response, &error);

    g_assert_null(response);
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
}

/* More than the client would keep, as it came, on a connection that stays. */
static void test_order(void)
{
    g_autoptr(GBytes) body = make_body(300000);
    g_autoptr(GByteArray) got = g_byte_array_new();
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(HttpsRig) rig;
    Taker taker = { .got = got, .keep = TRUE };
    g_autoptr(GBytes) all = NULL;

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_http(rig.peer, 200, body, TLS_PEER_KEEP);
    response = stream(&rig, &taker, 300000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, 200);
    g_assert_cmpuint(g_bytes_get_size(response->body), ==, 0);
    all = g_byte_array_free_to_bytes(g_steal_pointer(&got));
    g_assert_true(g_bytes_equal(all, body));
    expect_usable(&rig);
    g_assert_cmpuint(tls_peer_get_connections(rig.peer), ==, 1);
}

/* Nothing of a record can be used before all of it is there (RFC 6066 4): asked for, they are small, also those of
 * a resumed session. */
static void test_small_records(void)
{
    for (guint small = 0; small < 2; small++) {
        g_autoptr(GBytes) body = make_body(100000);
        g_auto(HttpsRig) rig;
        HttpsConfig config = small_config;

        config.small_records = small != 0;
        https_rig_init(&rig, "smdp.example.com", &config);
        for (guint round = 0; round < 2; round++) {
            g_autoptr(HttpsResponse) response = NULL;
            g_autoptr(GError) error = NULL;
            Taker taker = { 0 };

            tls_peer_answer_http(rig.peer, 200, body, TLS_PEER_CLOSE);
            response = stream(&rig, &taker, 100000, &error);
            g_assert_no_error(error);
            g_assert_cmpuint(taker.n_octets, ==, 100000);
            if (small)
                g_assert_cmpuint(taker.longest, <=, 2048);
            else
                g_assert_cmpuint(taker.longest, >, 2048);
        }
        g_assert_cmpuint(tls_peer_get_resumed(rig.peer), ==, 1);
    }
}

static void test_chunked(void)
{
    g_autoptr(GByteArray) got = g_byte_array_new();
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(HttpsRig) rig;
    Taker taker = { .got = got, .keep = TRUE };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_text(rig.peer,
                         "HTTP/1.1 100 Continue\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n",
                         TLS_PEER_KEEP);
    response = stream(&rig, &taker, 5, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(got->data, got->len, "hello", 5);
}

/* What is no success is not for the sink, and has the limit of every answer. */
static void test_other_status(void)
{
    g_autoptr(GBytes) body = make_body(1001);
    g_autoptr(HttpsResponse) response = NULL, empty = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(HttpsRig) rig;
    Taker taker = { 0 };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_text(rig.peer, "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nnone",
                         TLS_PEER_KEEP);
    response = stream(&rig, &taker, 300000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, 404);
    g_assert_cmpmem(g_bytes_get_data(response->body, NULL), (int)g_bytes_get_size(response->body),
                    "none", 4);
    tls_peer_answer_text(rig.peer, "HTTP/1.1 204 None\r\n\r\n", TLS_PEER_KEEP);
    empty = stream(&rig, &taker, 300000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(empty->status, ==, 204);
    tls_peer_answer_http(rig.peer, 500, body, TLS_PEER_KEEP);
    expect_failure(&rig, &taker, 300000, EUICCD_ERROR_TOO_LARGE, "longer than 1000 octets");
    g_assert_cmpuint(taker.n_calls, ==, 0);
    expect_usable(&rig);
}

/* The limit of the call holds for announced and for unannounced lengths. */
static void test_limit(void)
{
    g_autoptr(GBytes) body = make_body(5001);
    g_autoptr(GString) chunked =
        g_string_new("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    g_auto(HttpsRig) rig;
    Taker taker = { 0 };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_http(rig.peer, 200, body, TLS_PEER_KEEP);
    expect_failure(&rig, &taker, 5000, EUICCD_ERROR_TOO_LARGE, "longer than 5000 octets");
    g_assert_cmpuint(taker.n_calls, ==, 0);
    for (guint i = 0; i < 501; i++)
        g_string_append(chunked, "a\r\n0123456789\r\n");
    g_string_append(chunked, "0\r\n\r\n");
    tls_peer_answer_text(rig.peer, chunked->str, TLS_PEER_KEEP);
    expect_failure(&rig, &taker, 5000, EUICCD_ERROR_TOO_LARGE, "longer than 5000 octets");
    g_assert_cmpuint(taker.n_octets, <=, 5000);
    expect_usable(&rig);
}

/* Its error is the caller's, word for word; nothing is asked a second time. */
static void test_sink_fails(void)
{
    g_autoptr(GBytes) body = make_body(300000);
    g_autoptr(GError) error = NULL;
    g_auto(HttpsRig) rig;
    Taker taker = { .fail_at = 2 };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    expect_usable(&rig);
    tls_peer_answer_http(rig.peer, 200, body, TLS_PEER_KEEP);
    g_assert_null(stream(&rig, &taker, 300000, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_cmpstr(error->message, ==, "the card said no");
    g_assert_cmpuint(taker.n_calls, ==, 2);
    g_assert_cmpuint(tls_peer_get_n_requests(rig.peer), ==, 2);
    /* The rest of that answer is not taken for the next one. */
    expect_usable(&rig);
    g_assert_cmpuint(tls_peer_get_connections(rig.peer), ==, 2);
}

static void test_cancel(void)
{
    g_autoptr(GBytes) body = make_body(300000);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_auto(HttpsRig) rig;
    Taker taker = { .cancel_at = 2, .cancellable = cancellable };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_http(rig.peer, 200, body, TLS_PEER_KEEP);
    expect_failure(&rig, &taker, 300000, EUICCD_ERROR_CANCELLED, "cancelled");
    g_assert_cmpuint(taker.n_calls, ==, 2);
    expect_usable(&rig);
}

/* Nothing is fetched ahead: the server of a long answer is not done when its first octets are looked at, and
 * pieces are those of libcurl's buffer. */
static void test_pace(void)
{
    g_autoptr(GBytes) body = make_body(LONG);
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) head = NULL;
    g_autoptr(GByteArray) answer = g_byte_array_new();
    g_auto(HttpsRig) rig;
    Taker taker = { .check_end = TRUE };
    static const char line[] = "HTTP/1.1 200 OK\r\nContent-Length: 25165824\r\n\r\n";

    https_rig_init(&rig, "smdp.example.com", &small_config);
    g_byte_array_append(answer, (const guint8 *)line, sizeof line - 1);
    g_byte_array_append(answer, g_bytes_get_data(body, NULL), LONG);
    tls_peer_answer(rig.peer, answer->data, answer->len, TLS_PEER_STALL);
    response = stream(&rig, &taker, LONG, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(taker.n_octets, ==, LONG);
    g_assert_cmpuint(taker.longest, <=, 16384);
}

/* A slow card is no slow server. */
static void test_slow_sink(void)
{
    g_autoptr(GBytes) body = make_body(300000);
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(HttpsRig) rig;
    Taker taker = { .pass_ms = 11000 };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_http(rig.peer, 200, body, TLS_PEER_KEEP);
    response = stream(&rig, &taker, 300000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(taker.n_octets, ==, 300000);
    /* More than both timeouts. */
    g_assert_cmpuint(taker.n_calls, >, 2);
}

/* An answer that was cut is an error also where the sink has taken all that came. */
static void test_cut(void)
{
    g_auto(HttpsRig) rig;
    Taker taker = { 0 };

    https_rig_init(&rig, "smdp.example.com", &small_config);
    tls_peer_answer_text(rig.peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
                         TLS_PEER_CLOSE);
    expect_failure(&rig, &taker, 9, EUICCD_ERROR_NETWORK, "cut off, 5 of 9 octets came");
    tls_peer_answer_text(rig.peer, "HTTP/1.1 200 OK\r\n\r\nhello", TLS_PEER_CUT);
    expect_failure(&rig, &taker, 9, EUICCD_ERROR_NETWORK, "");
    g_assert_cmpuint(taker.n_octets, ==, 10);
    g_assert_cmpuint(tls_peer_get_n_requests(rig.peer), ==, 2);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/https-stream/order", test_order);
    g_test_add_func("/https-stream/small-records", test_small_records);
    g_test_add_func("/https-stream/chunked", test_chunked);
    g_test_add_func("/https-stream/other-status", test_other_status);
    g_test_add_func("/https-stream/limit", test_limit);
    g_test_add_func("/https-stream/sink-fails", test_sink_fails);
    g_test_add_func("/https-stream/cancel", test_cancel);
    g_test_add_func("/https-stream/pace", test_pace);
    g_test_add_func("/https-stream/slow-sink", test_slow_sink);
    g_test_add_func("/https-stream/cut", test_cut);
    return g_test_run();
}
