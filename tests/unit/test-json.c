/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as it arrives: what is read of it, however it is cut, and what is refused. */
#include "net/json_answer.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "util/error.h"
#include "util/json_stream.h"

/* ---- the text ---- */

/* Writes the events in a form of their own: names as N<…>, strings as S<…>. */
static gboolean write_event(JsonStreamEvent event, const char *text, gsize size, gpointer data,
                            GError **error)
{
    GString *out = data;
    gboolean open = out->len > 0 && out->str[out->len - 1] == '\1';

    (void)error;
    if (open)
        g_string_truncate(out, out->len - 1);
    switch (event) {
    case JSON_STREAM_OBJECT:
        g_string_append(out, "{");
        break;
    case JSON_STREAM_ARRAY:
        g_string_append(out, "[");
        break;
    case JSON_STREAM_END:
        g_string_append(out, ")");
        break;
    case JSON_STREAM_NAME:
        g_string_append_printf(out, "N<%.*s>", (int)size, text);
        break;
    case JSON_STREAM_PART:
        g_assert_cmpuint(size, >, 0);
        /* In one piece or in many, it is one string: \1 is taken away by what follows. */
        g_string_append_printf(out, "%s%.*s\1", open ? "" : "S<", (int)size, text);
        break;
    case JSON_STREAM_STRING:
        g_string_append(out, open ? ">" : "S<>");
        break;
    case JSON_STREAM_NUMBER:
        g_string_append_printf(out, "#%.*s", (int)size, text);
        break;
    case JSON_STREAM_TRUE:
        g_string_append(out, "T");
        break;
    case JSON_STREAM_FALSE:
        g_string_append(out, "F");
        break;
    case JSON_STREAM_NULL:
        g_string_append(out, "0");
        break;
    }
    return TRUE;
}

/* In pieces of STEP octets. */
static char *read_text(const char *text, gsize size, gsize step, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(JsonStream) stream = json_stream_new(write_event, out);

    for (gsize i = 0; i < size; i += step)
        if (!json_stream_feed(stream, text + i, MIN(step, size - i), error))
            return NULL;
    if (!json_stream_finish(stream, error))
        return NULL;
    return g_strdup(out->str);
}

static void test_accepted(void)
{
    static const struct {
        const char *text, *events;
    } rows[] = {
        { "{}", "{)" },
        { " \t\r\n{ } \n", "{)" },
        { "{\"a\":\"b\"}", "{N<a>S<b>)" },
        { "{\"\":\"\"}", "{N<>S<>)" },
        { "{\"a\":[],\"b\":[ 1 , -0.5e+3,true,false ,null,[{}]]}",
          "{N<a>[)N<b>[#1#-0.5e+3TF0[{))))" },
        { "{\"\\u0061\\/\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"}",
          "{N<a/>S<\"\\/\b\f\n\r\t\u00e9\U0001F600>)" },
        { "{\"a\":\"\u00e9\u20ac\U0001F600x\"}", "{N<a>S<\u00e9\u20ac\U0001F600x>)" },
        { "{\"a\":0}", "{N<a>#0)" },
        { "{\"a\":1E5,\"b\":2}", "{N<a>#1E5N<b>#2)" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (gsize step = 1; step <= strlen(rows[i].text); step++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *events = read_text(rows[i].text, strlen(rows[i].text), step, &error);

            g_assert_no_error(error);
            g_assert_cmpstr(events, ==, rows[i].events);
        }
    }
}

static void test_refused(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "[]",
        "\"a\"",
        "1",
        "null",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" \"b\"}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{\"a\":{]}",
        "{\"a\":1]",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":truex}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12G4\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"\\u0000\":1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\uD83D\"}",
        "{\"a\":\"\\uD83Dx\"}",
        "{\"a\":\"\\uD83D\\n\"}",
        "{\"a\":\"\\uDE00\"}",
        "{\"a\":\"\\uD83D\\uD83D\"}",
        "{\"a\":\"\xC3\"}",
        "{\"a\":\"\xC0\x80\"}",
        "{\"a\":\"\xED\xA0\x80\"}",
        "{\"a\":\"\xF5\x80\x80\x80\"}",
        "{\"a\":\"\x80\"}",
        "{\"a\":\"b",
        "{\"a\":\"b\"",
        "{} x",
        "{}{}",
        "\xEF\xBB\xBF{}",
        "{\"a\":1 /* b */}",
        "{\"a\":\"b\"}\x01",
        "{\"a\":123456789012345678901234567890123}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (gsize step = 1; step <= strlen(texts[i]) + 1; step++) {
            g_autoptr(GError) error = NULL;
            char *events = read_text(texts[i], strlen(texts[i]), step, &error);

            if (events)
                g_error("'%s' was taken", texts[i]);
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        }
    }
}

static char *make_deep(guint depth)
{
    GString *text = g_string_new("{\"a\":");

    for (guint i = 1; i < depth; i++)
        g_string_append_c(text, '[');
    for (guint i = 1; i < depth; i++)
        g_string_append_c(text, ']');
    g_string_append_c(text, '}');
    return g_string_free(text, FALSE);
}

static char *make_long_name(gsize size)
{
    g_autofree char *name = g_strnfill(size, 'n');

    return g_strdup_printf("{\"%s\":1}", name);
}

static void test_limits(void)
{
    g_autoptr(GError) error = NULL, name_error = NULL;
    g_autofree char *deep = make_deep(JSON_STREAM_MAX_DEPTH);
    g_autofree char *deeper = make_deep(JSON_STREAM_MAX_DEPTH + 1);
    g_autofree char *name = make_long_name(JSON_STREAM_MAX_NAME);
    g_autofree char *longer = make_long_name(JSON_STREAM_MAX_NAME + 1);
    g_autofree char *events = read_text(deep, strlen(deep), 100, &error);
    g_autofree char *name_events = NULL;

    g_assert_no_error(error);
    g_assert_null(read_text(deeper, strlen(deeper), 100, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    name_events = read_text(name, strlen(name), 100, &name_error);
    g_assert_no_error(name_error);
    g_assert_null(read_text(longer, strlen(longer), 100, &name_error));
    g_assert_error(name_error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

/* ---- answers ---- */

#define OK "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"

static const char *const members[] = { "transactionId", "list", "n", NULL };

typedef struct {
    GByteArray *got;
    gboolean fail;
} Taker;

static gboolean take(TlvSlice octets, gpointer data, GError **error)
{
    Taker *taker = data;

    g_assert_cmpuint(octets.size, >, 0);
    if (taker->fail) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS, "no");
        return FALSE;
    }
    g_byte_array_append(taker->got, octets.data, (guint)octets.size);
    return TRUE;
}

static JsonAnswer *read_answer(const char *text, gsize step, Taker *taker,
                               RspServerRefusal *refusal, GError **error)
{
    g_autoptr(JsonAnswer) answer = json_answer_new(members, "package", take, taker);
    gsize size = strlen(text);

    for (gsize i = 0; i < size; i += step)
        if (!json_answer_feed(answer, text + i, MIN(step, size - i), error))
            return NULL;
    return json_answer_finish(answer, refusal, error) ? g_steal_pointer(&answer) : NULL;
}

/* The package reaches the sink whatever stands around it, escapes and line breaks and all. */
static void test_streamed(void)
{
    static const char *const texts[] = {
        "{" OK ",\"transactionId\":\"A1\",\"package\":\"aGVsbG8=\"}",
        "{\"package\":\"aGVsbG8=\",\"x\":{\"package\":\"AAAA\"},\"transactionId\":\"A1\"," OK "}",
        "{\"x\":[\"package\"],\"package\":\"aGVs\\r\\nbG8\"," OK ",\"transactionId\":\"a1\"}",
        "{" OK ",\"packag\\u0065\":\"\\u0061GVsbG8=\",\"transactionId\":\"A1\"}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (gsize step = 1; step <= strlen(texts[i]); step++) {
            g_autoptr(GByteArray) got = g_byte_array_new();
            Taker taker = { got, FALSE };
            RspServerRefusal refusal = { 0 };
            g_autoptr(GError) error = NULL;
            g_autoptr(JsonAnswer) answer = read_answer(texts[i], step, &taker, &refusal, &error);
            g_autoptr(GBytes) id = NULL;

            g_assert_no_error(error);
            g_assert_cmpmem(got->data, got->len, "hello", 5);
            g_assert_true(json_answer_has_streamed(answer));
            g_assert_true(json_answer_get_hex(answer, "/transactionId", TRUE, &id, &error));
            g_assert_cmpuint(g_bytes_get_size(id), ==, 1);
            g_assert_false(json_answer_has(answer, "/x"));
        }
    }
}

static void expect_refused(const char *text, EuiccdError code, const char *message, guint n_taken)
{
    g_autoptr(GByteArray) got = g_byte_array_new();
    Taker taker = { got, FALSE };
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_null(read_answer(text, 7, &taker, &refusal, &error));
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
    g_assert_cmpuint(got->len, ==, n_taken);
    rsp_server_refusal_clear(&refusal);
}

static void test_answers_refused(void)
{
    expect_refused("{}", EUICCD_ERROR_MALFORMED, "status is missing", 0);
    expect_refused("{\"header\":null}", EUICCD_ERROR_MALFORMED, "status is missing", 0);
    expect_refused("{\"header\":{\"functionExecutionStatus\":{\"status\":5}}}",
                   EUICCD_ERROR_MALFORMED, "is no string", 0);
    expect_refused("{\"header\":{\"functionExecutionStatus\":{\"status\":\"Maybe\"}}}",
                   EUICCD_ERROR_MALFORMED, "is unknown", 0);
    /* A name that only looks like a path. */
    expect_refused("{\"header/functionExecutionStatus/status\":\"Executed-Success\"}",
                   EUICCD_ERROR_MALFORMED, "status is missing", 0);
    expect_refused("{\"header\":{\"functionExecutionStatus/status\":\"Executed-Success\"}}",
                   EUICCD_ERROR_MALFORMED, "status is missing", 0);
    /* Twice. */
    expect_refused("{" OK "," OK "}", EUICCD_ERROR_MALFORMED, "/header is there twice", 0);
    expect_refused("{" OK ",\"n\":1,\"n\":1}", EUICCD_ERROR_MALFORMED, "/n is there twice", 0);
    expect_refused("{" OK ",\"n\":1,\"\\u006e\":1}", EUICCD_ERROR_MALFORMED, "twice", 0);
    expect_refused("{" OK ",\"package\":\"aGVsbG8=\",\"package\":\"aGVsbG8=\"}",
                   EUICCD_ERROR_MALFORMED, "twice", 5);
    /* A package that is none, or must not be one. */
    expect_refused("{" OK ",\"package\":1}", EUICCD_ERROR_MALFORMED, "is no string", 0);
    expect_refused("{" OK ",\"package\":{}}", EUICCD_ERROR_MALFORMED, "is no string", 0);
    expect_refused("{" OK ",\"package\":\"aGVs*G8=\"}", EUICCD_ERROR_MALFORMED, "alphabet", 0);
    expect_refused("{" OK ",\"package\":\"aGVsb\"}", EUICCD_ERROR_MALFORMED, "package", 3);
    expect_refused("{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}},"
                   "\"package\":\"aGVsbG8=\"}",
                   EUICCD_ERROR_SERVER_REFUSED, "although the function failed", 0);
    expect_refused("{\"package\":\"aGVsbG8=\","
                   "\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}}}",
                   EUICCD_ERROR_SERVER_REFUSED, "Failed", 5);
}

static void test_sink_fails(void)
{
    Taker taker = { NULL, TRUE };
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_null(read_answer("{\"package\":\"aGVsbG8=\"}", 100, &taker, &refusal, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_cmpstr(error->message, ==, "no");
}

static void test_refusal(void)
{
    static const char text[] =
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
        "\"subjectCode\":\"8.2.6\",\"reasonCode\":\"3.8\",\"message\":\"M\u00fcll\\n\"}}}}";
    Taker taker = { 0 };
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_null(read_answer(text, 100, &taker, &refusal, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
    g_assert_cmpstr(error->message, ==,
                    "the server answered Failed: subject 8.2.6, reason 3.8 (M??ll?)");
    g_assert_true(rsp_server_refusal_is(&refusal, "8.2.6", "3.8"));
    g_assert_false(rsp_server_refusal_is(&refusal, "8.2.6", "3.9"));
    rsp_server_refusal_clear(&refusal);
    g_assert_null(refusal.message);
}

/* Values that are kept are limited, those that are not are not. */
static void test_kept_limits(void)
{
    g_autoptr(GString) kept = g_string_new("{" OK ",\"list\":[0");
    g_autoptr(GString) skipped = g_string_new("{" OK ",\"other\":[0");
    g_autofree char *filler = g_strnfill(1 << 20, 'x');
    g_autofree char *large = g_strdup_printf("{" OK ",\"n\":\"%s\"}", filler);
    Taker taker = { 0 };
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonAnswer) answer = NULL;

    for (guint i = 0; i < 2000; i++) {
        g_string_append(kept, ",1");
        g_string_append(skipped, ",1");
    }
    g_string_append(kept, "]}");
    g_string_append(skipped, "]}");
    answer = read_answer(skipped->str, 1000, &taker, &refusal, &error);
    g_assert_no_error(error);
    expect_refused(kept->str, EUICCD_ERROR_TOO_LARGE, "more than 1024 values", 0);
    expect_refused(large, EUICCD_ERROR_TOO_LARGE, "longer than", 0);
}

static void test_values(void)
{
    static const char text[] = "{" OK ",\"list\":[{\"a\":\"x\"},[7,\"y\"],null],\"n\":-3}";
    Taker taker = { 0 };
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonAnswer) answer = read_answer(text, 3, &taker, &refusal, &error);
    g_autoptr(GBytes) bytes = NULL;
    gint64 n = 0;

    g_assert_no_error(error);
    g_assert_cmpstr(json_answer_get_text(answer, "/list/0/a", &error), ==, "x");
    g_assert_true(json_answer_get_integer(answer, "/list/1/0", &n, &error));
    g_assert_cmpint(n, ==, 7);
    g_assert_cmpstr(json_answer_get_text(answer, "/list/1/1", &error), ==, "y");
    g_assert_true(json_answer_get_integer(answer, "/n", &n, &error));
    g_assert_cmpint(n, ==, -3);
    g_assert_true(json_answer_is_array(answer, "/list"));
    g_assert_false(json_answer_has(answer, "/list/2"));
    g_assert_no_error(error);
    g_assert_false(json_answer_get_integer(answer, "/list/0/a", &n, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(&error);
    g_assert_false(json_answer_get_object(answer, "/list/0/a", 0x30, TRUE, &bytes, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

/* Bodies that nobody may take for a success, as a package and as another answer. */
static void test_vectors(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "json.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    JsonArray *invalid;

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    invalid =
        json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "invalid");
    g_assert_cmpuint(json_array_get_length(invalid), ==, 15);
    for (guint i = 0; i < json_array_get_length(invalid); i++) {
        JsonObject *vector = json_array_get_object_element(invalid, i);
        const char *text = json_object_get_string_member(vector, "body");
        g_autoptr(GByteArray) got = g_byte_array_new();
        Taker taker = { got, FALSE };
        RspServerRefusal refusal = { 0 };
        g_autoptr(JsonAnswer) answer =
            json_answer_new(members, "boundProfilePackage", take, &taker);
        g_autoptr(GBytes) id = NULL;
        gboolean ok = json_answer_feed(answer, text, strlen(text), &error) &&
                      json_answer_finish(answer, &refusal, &error) &&
                      json_answer_get_hex(answer, "/transactionId", TRUE, &id, &error);

        rsp_server_refusal_clear(&refusal);
        /* Of this one the octets are wrong: they are not judged here. */
        if (g_str_equal(json_object_get_string_member(vector, "name"), "base64-not-tlv")) {
            g_assert_no_error(error);
            g_assert_cmpmem(got->data, got->len, "hello", 5);
            continue;
        }
        if (ok)
            g_error("'%s' was taken", text);
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/accepted", test_accepted);
    g_test_add_func("/json/refused", test_refused);
    g_test_add_func("/json/limits", test_limits);
    g_test_add_func("/json/streamed", test_streamed);
    g_test_add_func("/json/answers-refused", test_answers_refused);
    g_test_add_func("/json/sink-fails", test_sink_fails);
    g_test_add_func("/json/refusal", test_refusal);
    g_test_add_func("/json/kept-limits", test_kept_limits);
    g_test_add_func("/json/values", test_values);
    g_test_add_func("/json/vectors", test_vectors);
    return g_test_run();
}
