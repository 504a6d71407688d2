/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/control.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

/* A line longer than this is no request of ours. */
#define LINE_LIMIT (4 * 1024 * 1024)

struct SimControl {
    char *path;
    GSocketService *service;
    GCancellable *cancellable;
    SimControlFunc func;
    gpointer data;
    SimControlCall *current; /* the call whose function is running */
};

/* One connection; at most one request of it is under way, so it is the call too. */
struct SimControlCall {
    gint references;
    SimControl *control; /* not to be touched once the call is dead */
    GSocketConnection *connection;
    GDataInputStream *input;
    GCancellable *cancellable;
    GBytes *sending;
    gboolean held;
};

static SimControlCall *call_ref(SimControlCall *call)
{
    call->references++;
    return call;
}

static void call_unref(SimControlCall *call)
{
    if (--call->references > 0)
        return;
    g_io_stream_close(G_IO_STREAM(call->connection), NULL, NULL);
    g_object_unref(call->input);
    g_object_unref(call->connection);
    g_object_unref(call->cancellable);
    g_clear_pointer(&call->sending, g_bytes_unref);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimControlCall, call_unref)

static gboolean call_is_dead(const SimControlCall *call)
{
    return g_cancellable_is_cancelled(call->cancellable);
}

static GBytes *object_to_line(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    json_node_init_object(node, object);
    char *text = json_to_string(node, FALSE);
    GString *line = g_string_new(text);
    g_free(text);
    g_string_append_c(line, '\n');
    return g_string_free_to_bytes(line);
}

static JsonObject *line_to_object(const char *line, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, line, -1, error))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "not a JSON object");
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

static void read_request(SimControlCall *call);

static void on_written(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(SimControlCall) call = data;
    gboolean ok = g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
    g_clear_pointer(&call->sending, g_bytes_unref);
    if (ok && !call_is_dead(call))
        read_request(call);
}

static void send_answer(SimControlCall *call, JsonObject *answer, const GError *error)
{
    g_autoptr(JsonObject) failure = NULL;
    if (error || !answer) {
        failure = json_object_new();
        answer = failure;
    }
    json_object_set_boolean_member(answer, "ok", error == NULL);
    if (error)
        json_object_set_string_member(answer, "error", error->message);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        json_object_set_boolean_member(answer, "timed-out", TRUE);
    call->sending = object_to_line(answer);
    g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(call->connection)),
                                    g_bytes_get_data(call->sending, NULL),
                                    g_bytes_get_size(call->sending), G_PRIORITY_DEFAULT,
                                    call->cancellable, on_written, call_ref(call));
}

static void handle_line(SimControlCall *call, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) answer = json_object_new();
    g_autoptr(JsonObject) request = line_to_object(line, &error);
    if (!request) {
        g_prefix_error(&error, "request: ");
        send_answer(call, NULL, error);
        return;
    }

    /* The function may iterate the main context, so calls can nest. */
    SimControl *control = call->control;
    SimControlCall *outer = control->current;
    control->current = call;
    call->held = FALSE;
    gboolean ok = control->func(request, answer, control->data, &error);
    if (call_is_dead(call))
        return;
    control->current = outer;
    if (call->held && ok)
        return;
    if (!ok && !error)
        g_set_error_literal(&error, G_IO_ERROR, G_IO_ERROR_FAILED, "failed");
    send_answer(call, answer, error);
}

static void on_line(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(SimControlCall) call = data;
    gsize length;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, &length, NULL);
    if (!line || call_is_dead(call) || length > LINE_LIMIT)
        return; /* the last reference closes the connection */
    handle_line(call, line);
}

static void read_request(SimControlCall *call)
{
    g_data_input_stream_read_line_async(call->input, G_PRIORITY_DEFAULT, call->cancellable, on_line,
                                        call_ref(call));
}

static gboolean on_incoming(GSocketService *service G_GNUC_UNUSED, GSocketConnection *connection,
                            GObject *source G_GNUC_UNUSED, gpointer data)
{
    SimControl *control = data;
    g_autoptr(SimControlCall) call = g_new0(SimControlCall, 1);
    call->references = 1;
    call->control = control;
    call->connection = g_object_ref(connection);
    call->input = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    call->cancellable = g_object_ref(control->cancellable);
    read_request(call);
    return TRUE;
}

SimControl *sim_control_new(const char *path, SimControlFunc func, gpointer data, GError **error)
{
    g_autoptr(GSocketService) service = g_socket_service_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    (void)g_unlink(path); /* left by a predecessor that was killed */
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error)) {
        g_prefix_error(error, "control socket %s: ", path);
        return NULL;
    }
    SimControl *control = g_new0(SimControl, 1);
    control->path = g_strdup(path);
    control->cancellable = g_cancellable_new();
    control->func = func;
    control->data = data;
    control->service = g_steal_pointer(&service);
    g_signal_connect(control->service, "incoming", G_CALLBACK(on_incoming), control);
    g_socket_service_start(control->service);
    return control;
}

void sim_control_free(SimControl *control)
{
    if (!control)
        return;
    g_signal_handlers_disconnect_by_data(control->service, control);
    g_socket_service_stop(control->service);
    g_socket_listener_close(G_SOCKET_LISTENER(control->service));
    g_object_unref(control->service);
    /* Ends the reads and writes under way; calls look at the cancellable before at the control. */
    g_cancellable_cancel(control->cancellable);
    g_object_unref(control->cancellable);
    (void)g_unlink(control->path);
    g_free(control->path);
    g_free(control);
}

SimControlCall *sim_control_hold(SimControl *control)
{
    g_return_val_if_fail(control->current, NULL);
    control->current->held = TRUE;
    return call_ref(control->current);
}

void sim_control_answer(SimControlCall *call, JsonObject *answer, const GError *error)
{
    if (!call_is_dead(call))
        send_answer(call, answer, error);
    call_unref(call);
}

JsonObject *sim_control_call(const char *path, JsonObject *request, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, error);
    if (!connection) {
        g_prefix_error(error, "control socket %s: ", path);
        return NULL;
    }
    g_autoptr(GBytes) line = object_to_line(request);
    GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    if (!g_output_stream_write_all(output, g_bytes_get_data(line, NULL), g_bytes_get_size(line),
                                   NULL, NULL, error)) {
        g_prefix_error(error, "control socket %s: ", path);
        return NULL;
    }
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    g_autoptr(GError) local = NULL;
    g_autofree char *text = g_data_input_stream_read_line(input, NULL, NULL, &local);
    if (!text) {
        if (local)
            g_propagate_prefixed_error(error, g_steal_pointer(&local), "control socket %s: ", path);
        else
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                        "control socket %s: closed without an answer", path);
        return NULL;
    }
    g_autoptr(JsonObject) answer = line_to_object(text, error);
    if (!answer) {
        g_prefix_error(error, "control socket %s: answer: ", path);
        return NULL;
    }
    if (!json_object_get_boolean_member_with_default(answer, "ok", FALSE)) {
        gboolean late = json_object_get_boolean_member_with_default(answer, "timed-out", FALSE);
        g_set_error_literal(
            error, G_IO_ERROR, late ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_FAILED,
            json_object_get_string_member_with_default(answer, "error", "refused without words"));
        return NULL;
    }
    return g_steal_pointer(&answer);
}

JsonObject *sim_object_from_text(const char *text, GError **error)
{
    g_autofree char *content = NULL;
    if (text[0] == '@' && !g_file_get_contents(text + 1, &content, NULL, error))
        return NULL;
    g_autoptr(JsonNode) node = json_from_string(content ? content : text, error);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        if (node)
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no JSON object",
                        text);
        else if (error && !*error) /* json-glib has no error for an empty text */
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is empty", text);
        return NULL;
    }
    return json_object_ref(json_node_get_object(node));
}
