/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/control.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

typedef struct {
    char *folder;
    char *path;
    SimControl *control;
    SimControlCall *held;
    GMainLoop *loop;
    guint running;
} Fixture;

static gboolean on_request(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    Fixture *f = data;
    const char *what = json_object_get_string_member_with_default(request, "do", "");
    if (!g_strcmp0(what, "echo")) {
        json_object_set_string_member(
            answer, "text", json_object_get_string_member_with_default(request, "text", ""));
        return TRUE;
    }
    if (!g_strcmp0(what, "hold")) {
        f->held = sim_control_hold(f->control);
        return TRUE;
    }
    if (!g_strcmp0(what, "release")) {
        g_autoptr(JsonObject) late = json_object_new();
        json_object_set_string_member(late, "text", "late");
        sim_control_answer(g_steal_pointer(&f->held), late, NULL);
        return TRUE;
    }
    if (!g_strcmp0(what, "free")) {
        sim_control_free(g_steal_pointer(&f->control));
        return TRUE;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "what is '%s'?", what);
    return FALSE;
}

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    f->folder = g_dir_make_tmp("sim-control-XXXXXX", &error);
    g_assert_no_error(error);
    f->path = g_build_filename(f->folder, "socket", NULL);
    f->control = sim_control_new(f->path, on_request, f, &error);
    g_assert_no_error(error);
    f->loop = g_main_loop_new(NULL, FALSE);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    sim_control_free(f->control);
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
    g_main_loop_unref(f->loop);
    (void)g_rmdir(f->folder);
    g_free(f->path);
    g_free(f->folder);
}

typedef struct {
    Fixture *fixture;
    const char *request;
    JsonObject *answer;
    GError *error;
} Call;

static gboolean on_done(gpointer data)
{
    Fixture *f = data;
    if (--f->running == 0)
        g_main_loop_quit(f->loop);
    return G_SOURCE_REMOVE;
}

static gpointer call_thread(gpointer data)
{
    Call *call = data;
    g_autoptr(JsonNode) node = json_from_string(call->request, &call->error);
    g_assert_no_error(call->error);
    call->answer = sim_control_call(call->fixture->path, json_node_get_object(node), &call->error);
    g_idle_add(on_done, call->fixture);
    return NULL;
}

static void run_calls(Fixture *f, Call *calls, guint n)
{
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    f->running = n;
    for (guint i = 0; i < n; i++) {
        calls[i].fixture = f;
        g_ptr_array_add(threads, g_thread_new("call", call_thread, &calls[i]));
        /* The held call must have arrived before the one that releases it. */
        while (i == 0 && n == 2 && !f->held)
            g_main_context_iteration(NULL, TRUE);
    }
    g_main_loop_run(f->loop);
    for (guint i = 0; i < n; i++)
        g_thread_join(threads->pdata[i]);
}

static void test_answer(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Call call = { .request = "{\"do\":\"echo\",\"text\":\"a\\nb ü\"}" };
    run_calls(f, &call, 1);
    g_assert_no_error(call.error);
    g_assert_true(json_object_get_boolean_member(call.answer, "ok"));
    g_assert_cmpstr(json_object_get_string_member(call.answer, "text"), ==, "a\nb ü");
    json_object_unref(call.answer);
}

static void test_refused(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Call call = { .request = "{\"do\":\"nonsense\"}" };
    run_calls(f, &call, 1);
    g_assert_null(call.answer);
    g_assert_error(call.error, G_IO_ERROR, G_IO_ERROR_FAILED);
    g_assert_cmpstr(call.error->message, ==, "what is 'nonsense'?");
    g_clear_error(&call.error);
}

static void test_held(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Call calls[2] = { { .request = "{\"do\":\"hold\"}" }, { .request = "{\"do\":\"release\"}" } };
    run_calls(f, calls, 2);
    g_assert_no_error(calls[0].error);
    g_assert_no_error(calls[1].error);
    g_assert_cmpstr(json_object_get_string_member(calls[0].answer, "text"), ==, "late");
    json_object_unref(calls[0].answer);
    json_object_unref(calls[1].answer);
}

static void test_gone(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Call call = { .request = "{\"do\":\"free\"}" };
    run_calls(f, &call, 1);
    g_assert_null(call.answer);
    g_assert_error(call.error, G_IO_ERROR, G_IO_ERROR_CLOSED);
    g_clear_error(&call.error);

    g_autoptr(JsonObject) request = json_object_new();
    g_autoptr(GError) error = NULL;
    g_assert_null(sim_control_call(f->path, request, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static gpointer raw_thread(gpointer data)
{
    Fixture *f = data;
    static const char *const lines[] = { "\n", "[1]\n", "{\"do\":1}\n", "{\n", "\x01\xff\n" };
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(f->path);
    g_autoptr(GSocketConnection) c =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
    g_assert_nonnull(c);
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(c)));
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_true(g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(c)),
                                                lines[i], strlen(lines[i]), NULL, NULL, NULL));
        g_autofree char *answer = g_data_input_stream_read_line(input, NULL, NULL, NULL);
        g_assert_nonnull(answer);
        g_assert_nonnull(strstr(answer, "\"ok\":false"));
    }
    g_idle_add(on_done, f);
    return NULL;
}

static void test_garbage(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->running = 1;
    GThread *thread = g_thread_new("raw", raw_thread, f);
    g_main_loop_run(f->loop);
    g_thread_join(thread);
}

static void test_object(Fixture *f G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = { "", "{", "[1]", "1", "{}x", "@/nonexistent/file", "@" };
    g_autofree char *path = NULL, *at = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("sim-control-XXXXXX", &path, &error);
    g_assert_no_error(error);
    close(fd);
    g_assert_true(g_file_set_contents(path, "{\"a\": 1}\n", -1, &error));
    at = g_strconcat("@", path, NULL);
    g_autoptr(JsonObject) given = sim_object_from_text("{\"a\": 1}", &error);
    g_autoptr(JsonObject) read = sim_object_from_text(at, &error);
    g_assert_no_error(error);
    g_assert_cmpint(json_object_get_int_member(given, "a"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(read, "a"), ==, 1);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refused = NULL;
        g_test_message("%s", bad[i]);
        g_assert_null(sim_object_from_text(bad[i], &refused));
        g_assert_nonnull(refused);
    }
    for (guint i = 0; i < 2; i++) { /* a file without an object */
        g_autoptr(GError) refused = NULL;
        g_assert_true(g_file_set_contents(path, i == 0 ? "" : "[]", -1, NULL));
        g_assert_null(sim_object_from_text(at, &refused));
        g_assert_nonnull(strstr(refused->message, path));
    }
    g_assert_cmpint(g_unlink(path), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/sim-control/answer", Fixture, NULL, set_up, test_answer, tear_down);
    g_test_add("/sim-control/refused", Fixture, NULL, set_up, test_refused, tear_down);
    g_test_add("/sim-control/held", Fixture, NULL, set_up, test_held, tear_down);
    g_test_add("/sim-control/gone", Fixture, NULL, set_up, test_gone, tear_down);
    g_test_add("/sim-control/garbage", Fixture, NULL, set_up, test_garbage, tear_down);
    g_test_add("/sim-control/object", Fixture, NULL, set_up, test_object, tear_down);
    return g_test_run();
}
