/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The running test eIM as a server: binding, connections, TLS, scripted faults, control. */

#include "unit/test-sim-eim-client.h"

/* ---- binding ---- */

static void test_headers(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    expect(fixture, POLL, 200, NOTHING);
    fixture->agent = "gsma-rsp-ipad;euiccd/1";
    expect(fixture, POLL, 200, NOTHING);
    fixture->agent = "curl/8";
    expect(fixture, POLL, 400, "");
    fixture->agent = "gsma-rsp-ipads";
    expect(fixture, POLL, 400, "");
    fixture->agent = NULL;
    fixture->protocol = "gsma/rsp/v2.2.0";
    expect(fixture, POLL, 400, "");
    fixture->protocol = NULL;
    fixture->content_type = "application/x-gsma-rsp-asn1; charset=utf-8";
    expect(fixture, POLL, 415, "");
    fixture->content_type = "application/json";
    expect(fixture, POLL, 415, "");
    fixture->content_type = NULL;
    fixture->path = "/gsma/rsp2/esipa/getEimPackages";
    expect(fixture, POLL, 404, "");
    /* A function of the JSON binding, which is not that of the media type. */
    fixture->path = "/gsma/rsp2/esipa/getEimPackage";
    expect(fixture, POLL, 415, "");
    do_control(fixture, "{\"do\": \"knobs\", \"binding\": \"asn1\"}");
    expect(fixture, POLL, 404, "");
    fixture->path = NULL;
    expect(fixture, "", 400, "");
    expect(fixture, "BF4F", 400, "");
    expect(fixture, "BF390381011F", 501, "");

    do_control(fixture, "{\"do\": \"knobs\", \"strict\": false}");
    fixture->agent = "curl/8";
    fixture->protocol = "gsma/rsp/v1.3.0";
    fixture->content_type = "application/x-gsma-rsp-asn1; charset=utf-8";
    expect(fixture, POLL, 200, NOTHING);
    fixture->protocol = "http";
    expect(fixture, POLL, 400, "");
}

static void test_poll(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) answer = NULL;
    JsonObject *exchange;

    expect(fixture, "BF4F125A1089049032118876543210123456789073", 200, "BF4F03020102");
    expect(fixture,
           "BF4F1C5A10" TEST_EID "800081010182031300"
           "14",
           200, NOTHING);
    exchange = last_exchange(fixture, &answer);
    g_assert_cmpstr(json_object_get_string_member(exchange, "function"), ==, "GetEimPackage");
    g_assert_cmpstr(json_object_get_string_member(exchange, "rPLMN"), ==, "130014");
    g_assert_cmpint(json_object_get_int_member(exchange, "stateChangeCause"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(exchange, "status"), ==, 200);
    g_assert_cmpint(json_object_get_int_member(exchange, "requestSize"), ==, 31);
    g_assert_cmpint(json_object_get_int_member(exchange, "answerSize"), ==, 6);
    g_assert_cmpint(json_object_get_int_member(exchange, "connection"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(exchange, "onConnection"), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(exchange, "tls"), ==, "TLSv1.3");
    g_assert_cmpstr(json_object_get_string_member(exchange, "serverName"), ==, EIM_HOST);

    do_control(fixture, "{\"do\": \"knobs\", \"getEimPackageError\": 127}");
    expect(fixture, POLL, 200, "BF4F0302017F");
    do_control(fixture, "{\"do\": \"knobs\", \"getEimPackageError\": 0, \"dialect\": \"1.0\"}");
    expect(fixture, "BF4F1C5A10" TEST_EID "80008101018203130014", 400, "");
    expect(fixture, "BF4F195A10" TEST_EID "80008103130014", 200, NOTHING);
    do_control(fixture, "{\"do\": \"knobs\", \"dialect\": \"1.2\"}");
    expect(fixture, "BF4F195A10" TEST_EID "80008103130014", 400, "");
}

/* Closed connections: new numbers, resumed TLS sessions; chunked bodies. */
static void test_connections(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) first = NULL, second = NULL, third = NULL;
    JsonObject *exchange;

    do_control(fixture, "{\"do\": \"knobs\", \"close\": true, \"chunked\": true}");
    expect(fixture, POLL, 200, NOTHING);
    exchange = last_exchange(fixture, &first);
    g_assert_false(json_object_get_boolean_member(exchange, "resumed"));
    expect(fixture, POLL, 200, NOTHING);
    exchange = last_exchange(fixture, &second);
    g_assert_cmpint(json_object_get_int_member(exchange, "connection"), ==, 2);
    g_assert_cmpint(json_object_get_int_member(exchange, "onConnection"), ==, 1);
    g_assert_true(json_object_get_boolean_member(exchange, "resumed"));

    do_control(fixture, "{\"do\": \"knobs\", \"accept\": false}");
    expect_failure(fixture, POLL);
    do_control(fixture, "{\"do\": \"knobs\", \"accept\": true, \"tls\": {\"max\": \"1.2\"}}");
    expect(fixture, POLL, 200, NOTHING);
    exchange = last_exchange(fixture, &third);
    g_assert_cmpstr(json_object_get_string_member(exchange, "tls"), ==, "TLSv1.2");

    /* Another tls ends the connection that is kept; one that is refused changes nothing. */
    g_autoptr(JsonObject) kept = NULL, fourth = NULL, refused = json_object_new();
    g_autoptr(JsonNode) wrong =
        json_from_string("{\"do\": \"knobs\", \"close\": true, \"tls\": {\"max\": \"4\"}}", NULL);
    do_control(fixture, "{\"do\": \"knobs\", \"close\": false}");
    expect(fixture, POLL, 200, NOTHING);
    g_assert_false(sim_eim_control(json_node_get_object(wrong), refused, fixture->eim, NULL));
    expect(fixture, POLL, 200, NOTHING);
    exchange = last_exchange(fixture, &kept);
    g_assert_cmpint(json_object_get_int_member(exchange, "onConnection"), ==, 2);
    do_control(fixture, "{\"do\": \"knobs\", \"tls\": {}}");
    expect(fixture, POLL, 200, NOTHING);
    exchange = last_exchange(fixture, &fourth);
    g_assert_cmpstr(json_object_get_string_member(exchange, "tls"), ==, "TLSv1.3");
    g_assert_cmpint(json_object_get_int_member(exchange, "onConnection"), ==, 1);
}

/* Each certificate that has to be refused is refused by a client that checks. */
static void test_tls(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = { "expired", "not-yet-valid", "wrong-name", "client-only" };
    g_autoptr(JsonObject) answer = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        json_object_unref(control(fixture,
                                  "{\"do\": \"knobs\", \"tls\":"
                                  " {\"certificate\": \"negative/eimtls-%s.pem\"}}",
                                  bad[i]));
        expect_failure(fixture, POLL);
    }
    do_control(fixture, "{\"do\": \"knobs\", \"tls\": {\"certificate\":"
                        " \"negative/eimtls-foreign-ci.pem\", \"key\":"
                        " \"negative/eimtls-foreign-ci.key.pem\"}}");
    expect_failure(fixture, POLL);
    fixture->trust = "negative/foreign-ci.pem";
    expect(fixture, POLL, 200, NOTHING);
    fixture->trust = NULL;
    do_control(fixture, "{\"do\": \"knobs\", \"tls\": {}}");
    expect(fixture, POLL, 200, NOTHING);
    answer = control(fixture, "{\"do\": \"show\"}");
    g_assert_cmpint(json_object_get_int_member(answer, "failedHandshakes"), >, 0);
}

/* ---- faults ---- */

static void script(Fixture *fixture, const char *fault)
{
    json_object_unref(control(fixture, "{\"do\": \"knobs\", \"faults\": [%s]}", fault));
}

static void test_faults(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    gint64 order = queue(fixture, ENABLE, "");

    script(fixture, "{\"status\": 503, \"headers\": [\"Retry-After: 5\"]}");
    expect(fixture, POLL, 503, "");
    script(fixture, "{\"drop\": \"before\", \"on\": \"GetEimPackage\"}");
    expect_failure(fixture, POLL);
    script(fixture, "{\"body\": \"empty\"}");
    expect(fixture, POLL, 200, "");
    script(fixture, "{\"body\": \"garbage\"}");
    expect(fixture, POLL, 200, "DEADBEEF00FF8001");
    script(fixture, "{\"error\": 3}");
    expect(fixture, POLL, 200, "BF4F03020103");
    for (guint i = 0; i < 3; i++) {
        static const char *const bodies[] = { "html", "json", "oversized" };
        static const char *const starts[] = { "3C21", "7B22", "BF4F83200000" };
        g_autofree char *fault = g_strdup_printf(
            "{\"body\": \"%s\", \"contentType\": \"text/html\", \"close\": true}", bodies[i]);
        g_auto(Reply) reply = { 0 };

        script(fixture, fault);
        reply = post(fixture, POLL);
        g_assert_cmpint(reply.code, ==, CURLE_OK);
        g_assert_true(g_str_has_prefix(reply.body->str, starts[i]));
        g_assert_cmpstr(reply.content_type, ==, "text/html");
    }
    /* nothing so far reached the queue */
    expect_order(fixture, order, "queued", FALSE, NULL);

    script(fixture, "{\"skip\": 1, \"count\": 2, \"on\": \"GetEimPackage\", \"status\": 500}");
    expect(fixture, "BF501B5A10" TEST_EID "A0078002AABB020102", 200, EMPTY);
    fetch(fixture);
    expect(fixture, POLL, 500, "");
    expect(fixture, POLL, 500, "");
    expect(fixture, POLL, 200, NOTHING);
    script(fixture, "{\"count\": 0, \"status\": 500, \"on\": \"any\"}");
    for (guint i = 0; i < 3; i++)
        expect(fixture, POLL, 500, "");
    script(fixture, "");
    expect(fixture, POLL, 200, NOTHING);
}

/* What is processed although the answer does not arrive, or arrives changed. */
static void test_faults_after(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const lost[] = { "\"drop\": \"after\"", "\"body\": \"truncated\"" };

    for (guint i = 0; i < G_N_ELEMENTS(lost); i++) {
        g_autofree char *fault = g_strdup_printf("{%s}", lost[i]);
        Card card = { .results = "830100", .seq = 7 };
        g_autofree char *result = NULL;
        gint64 order = queue(fixture, ENABLE, "");

        script(fixture, fault);
        expect_failure(fixture, POLL);
        expect_order(fixture, order, "sent", FALSE, NULL);
        result = make_result(fixture, order, &card);
        script(fixture, fault);
        expect_failure(fixture, result);
        expect_order(fixture, order, "done", TRUE, NULL);
    }
    script(fixture, "{\"body\": \"cut\", \"delay\": 1}");
    expect(fixture, POLL, 200, "BF4F03");
    script(fixture, "{\"body\": \"double-tag\"}");
    expect(fixture, POLL, 200, "BF4F06" NOTHING);
}

/* Bodies that are made while they are sent, with a length and without one. */
static void test_fill(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const framings[] = { "false", "true" };
    const gsize size = 5 * 1024 * 1024 + 3;

    for (guint i = 0; i < G_N_ELEMENTS(framings); i++) {
        g_autofree char *fault = g_strdup_printf(
            "{\"body\": \"oversized\", \"size\": %zu, \"chunked\": %s}", size, framings[i]);
        g_autoptr(JsonObject) answer = NULL;

        script(fixture, fault);
        {
            g_auto(Reply) reply = post(fixture, POLL);

            g_assert_cmpint(reply.code, ==, CURLE_OK);
            g_assert_true(g_str_has_prefix(reply.body->str, "BF4F83500003000000"));
            g_assert_cmpuint(reply.body->len, ==, 2 * (size + 6));
        }
        g_assert_cmpint(json_object_get_int_member(last_exchange(fixture, &answer), "answerSize"),
                        ==, (gint64)size + 6);
        expect(fixture, POLL, 200, NOTHING);
    }
    /* A client that has had enough ends it. */
    script(fixture, "{\"body\": \"oversized\", \"size\": 1000000000}");
    curl_easy_setopt(fixture->curl, CURLOPT_MAXFILESIZE, 100000L);
    expect_failure(fixture, POLL);
    curl_easy_setopt(fixture->curl, CURLOPT_MAXFILESIZE, 0L);
    expect(fixture, POLL, 200, NOTHING);
}

static void test_framing(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    struct curl_header *header;

    script(fixture, "{\"contradictory\": true}");
    expect(fixture, POLL, 200, NOTHING);
    g_assert_cmpint(curl_easy_header(fixture->curl, "Content-Length", 0, CURLH_HEADER, -1, &header),
                    ==, CURLHE_OK);
    g_assert_cmpstr(header->value, ==, "6");
    g_assert_cmpint(
        curl_easy_header(fixture->curl, "Transfer-Encoding", 0, CURLH_HEADER, -1, &header), ==,
        CURLHE_OK);
    g_assert_cmpstr(header->value, ==, "chunked");
    script(fixture, "{\"status\": 302, \"headers\": [\"Location: https://a.example.test/\"]}");
    expect(fixture, POLL, 302, "");
    g_assert_cmpint(curl_easy_header(fixture->curl, "Location", 0, CURLH_HEADER, -1, &header), ==,
                    CURLHE_OK);
    script(fixture, "{\"status\": 429, \"headers\": [\"Retry-After: 30\"]}");
    expect(fixture, POLL, 429, "");
    g_assert_cmpint(curl_easy_header(fixture->curl, "Retry-After", 0, CURLH_HEADER, -1, &header),
                    ==, CURLHE_OK);
    script(fixture, "{\"status\": 204}");
    expect(fixture, POLL, 204, "");
    expect(fixture, POLL, 200, NOTHING);
}

static void test_slow(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    gint64 start;

    expect(fixture, POLL, 200, NOTHING);
    start = g_get_monotonic_time();
    script(fixture, "{\"slow\": {\"octets\": 16, \"pause\": 20}}");
    expect(fixture, POLL, 200, NOTHING);
    /* The head alone has more than 100 octets. */
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 6 * 20 * 1000);
}

/* The answer stops in the middle; the connection is not closed. */
static void test_stall(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    expect(fixture, POLL, 200, NOTHING);
    curl_easy_setopt(fixture->curl, CURLOPT_TIMEOUT_MS, 1500L);
    script(fixture, "{\"stall\": \"body\"}");
    {
        g_auto(Reply) reply = post(fixture, POLL);

        g_assert_cmpint(reply.code, ==, CURLE_OPERATION_TIMEDOUT);
        g_assert_cmpstr(reply.body->str, ==, "BF4F03");
    }
    script(fixture, "{\"stall\": \"head\"}");
    {
        g_auto(Reply) reply = post(fixture, POLL);

        g_assert_cmpint(reply.code, ==, CURLE_OPERATION_TIMEDOUT);
        g_assert_cmpstr(reply.body->str, ==, "");
    }
    curl_easy_setopt(fixture->curl, CURLOPT_TIMEOUT_MS, 0L);
    expect(fixture, POLL, 200, NOTHING);
    /* One that is still stalled does not keep the server from ending. */
    curl_easy_setopt(fixture->curl, CURLOPT_TIMEOUT_MS, 500L);
    script(fixture, "{\"stall\": \"body\"}");
    expect_failure(fixture, POLL);
}

static void test_bad_requests(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "{}",
        "{\"do\": 1}",
        "{\"do\": \"dance\"}",
        "{\"do\": \"queue\"}",
        "{\"do\": \"queue\", \"package\": {}}",
        "{\"do\": \"queue\", \"package\": {\"psmo\": []}, \"eid\": \"1\"}",
        "{\"do\": \"queue\", \"package\": {\"psmo\": []}, \"eid\": 1}",
        "{\"do\": \"queue\", \"package\": {\"psmo\": []}, \"fault\": \"?\"}",
        "{\"do\": \"queue\", \"package\": {\"psmo\": []}, \"eimTransactionId\": \"A\"}",
        "{\"do\": \"queue\", \"package\": {\"psmo\": []}, \"else\": 1}",
        "{\"do\": \"requeue\", \"order\": 99}",
        "{\"do\": \"show\", \"order\": 99}",
        "{\"do\": \"wait\", \"for\": \"rain\"}",
        "{\"do\": \"wait\", \"for\": 1}",
        "{\"do\": \"wait\", \"for\": \"done\", \"order\": 99}",
        "{\"do\": \"wait\", \"for\": \"exchange\", \"count\": 1}",
        "{\"do\": \"knobs\", \"loud\": true}",
        "{\"do\": \"knobs\", \"strict\": 1}",
        "{\"do\": \"knobs\", \"dialect\": \"2.0\"}",
        "{\"do\": \"knobs\", \"ack\": \"some\"}",
        "{\"do\": \"knobs\", \"ack\": {}}",
        "{\"do\": \"knobs\", \"ack\": {\"numbers\": [\"a\"]}}",
        "{\"do\": \"knobs\", \"token\": \"a\"}",
        "{\"do\": \"knobs\", \"tls\": {\"certificate\": \"none.pem\"}}",
        "{\"do\": \"knobs\", \"tls\": {\"certificate\": 1, \"key\": \"ci.key.pem\"}}",
        "{\"do\": \"knobs\", \"tls\": {\"max\": \"4\"}}",
        "{\"do\": \"knobs\", \"faults\": {}}",
        "{\"do\": \"knobs\", \"faults\": [1]}",
        "{\"do\": \"knobs\", \"faults\": [{\"count\": -1}]}",
        "{\"do\": \"knobs\", \"faults\": [{\"drop\": \"during\"}]}",
        "{\"do\": \"knobs\", \"faults\": [{\"body\": \"soup\"}]}",
        "{\"do\": \"knobs\", \"faults\": [{\"headers\": [1]}]}",
        "{\"do\": \"knobs\", \"faults\": [{\"else\": 1}]}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(JsonNode) request = json_from_string(bad[i], NULL);
        g_autoptr(JsonObject) answer = json_object_new();
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_nonnull(request);
        g_assert_false(
            sim_eim_control(json_node_get_object(request), answer, fixture->eim, &error));
        g_assert_nonnull(error);
    }
    expect(fixture, POLL, 200, NOTHING);
}

static void test_bad_state(void)
{
    SimEimSetup setup = { .pki_dir = pki,
                          .state_path = state,
                          .listen = "127.0.0.1:0",
                          .eim_id = "another.example.com" };
    static const char *const contents[] = { "", "[]", "{}", "{\"eimId\": \"another.example.com\"}",
                                            "{\"orders\": 1}" };
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_assert_true(g_file_set_contents(state, contents[i], -1, NULL));
        g_assert_null(sim_eim_new(&setup, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_unlink(state);
    setup.listen = "localhost";
    g_assert_null(sim_eim_new(&setup, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_unlink(state);
    setup.pki_dir = "/nonexistent";
    g_assert_null(sim_eim_new(&setup, &error));
    g_assert_nonnull(error);
}

/* ---- waiting over the control socket ---- */

typedef struct {
    const char *request;
    JsonObject *answer;
    GError *error;
    GMainLoop *loop;
} Wait;

static gboolean quit(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

static gpointer wait_thread(gpointer data)
{
    Wait *wait = data;
    g_autoptr(JsonNode) request = json_from_string(wait->request, NULL);

    wait->answer = sim_control_call(socket_path, json_node_get_object(request), &wait->error);
    g_idle_add(quit, wait->loop);
    return NULL;
}

static gpointer poll_thread(gpointer data)
{
    expect(data, POLL, 200, NOTHING);
    return NULL;
}

static void run_wait(Fixture *fixture, Wait *wait, gboolean poll)
{
    GThread *waiting, *polling = NULL;

    wait->loop = g_main_loop_new(NULL, FALSE);
    waiting = g_thread_new("wait", wait_thread, wait);
    if (poll)
        polling = g_thread_new("poll", poll_thread, fixture);
    g_main_loop_run(wait->loop);
    g_thread_join(waiting);
    if (polling)
        g_thread_join(polling);
    g_main_loop_unref(wait->loop);
}

static void test_wait(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    Wait polled = { .request = "{\"do\": \"wait\", \"for\": \"exchange\", \"function\":"
                               " \"GetEimPackage\", \"timeout\": 60}" };
    Wait late = { .request = "{\"do\": \"wait\", \"for\": \"stray\", \"timeout\": 1}" };
    Wait queued = { .request = "{\"do\": \"queue\", \"package\": " ENABLE "}" };
    g_autoptr(GError) error = NULL;

    g_assert_true(sim_eim_serve_control(fixture->eim, socket_path, &error));
    g_assert_no_error(error);
    run_wait(fixture, &polled, TRUE);
    g_assert_no_error(polled.error);
    g_assert_cmpint(json_object_get_int_member(polled.answer, "count"), ==, 1);
    json_object_unref(polled.answer);
    run_wait(fixture, &late, FALSE);
    g_assert_nonnull(late.error);
    g_error_free(late.error);
    run_wait(fixture, &queued, FALSE);
    g_assert_no_error(queued.error);
    g_assert_cmpint(json_object_get_int_member(queued.answer, "order"), ==, 1);
    json_object_unref(queued.answer);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);

    ADD("headers", test_headers);
    ADD("poll", test_poll);
    ADD("connections", test_connections);
    ADD("tls", test_tls);
    ADD("faults", test_faults);
    ADD("faults-after", test_faults_after);
    ADD("fill", test_fill);
    ADD("framing", test_framing);
    ADD("slow", test_slow);
    ADD("stall", test_stall);
    ADD("bad-requests", test_bad_requests);
    g_test_add_func("/sim/eim-server/bad-state", test_bad_state);
    ADD("wait", test_wait);
    return end();
}
