/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/rsp_server.h"

#include <string.h>

#include "sim/fault.h"
#include "sim/json_value.h"
#include "sim/server.h"
#include "sim/waiters.h"
#include "util/bytes.h"
#include "util/file.h"

#define PATH           "/gsma/rsp2/es9plus/"
#define CONTENT_TYPE   "application/json;charset=UTF-8"
#define ADMIN_PROTOCOL "gsma/rsp/v2.5.0"
#define EXCHANGES_KEPT 500
#define SHOWN_TEXT     120 /* longest value that a record of an exchange has */

struct SimRspServer {
    char *pki_dir, *tls;
    const SimRspFunction *functions;
    const char **fault_members;
    SimControlFunc own_control;
    gpointer data;
    SimHttpServer *http;
    SimControl *control;
    SimWaiters *waiters;

    GMutex lock; /* for what follows */
    JsonObject *state;
    JsonObject *shown; /* knobs */
    gboolean strict, close, chunked;
    GPtrArray *faults;
};

/* ---- state ---- */

JsonArray *sim_rsp_list(SimRspServer *server, const char *name)
{
    return json_object_get_array_member(server->state, name);
}

gint64 sim_rsp_count(SimRspServer *server, const char *name)
{
    gint64 number = json_object_get_int_member_with_default(server->state, name, 0) + 1;

    json_object_set_int_member(server->state, name, number);
    return number;
}

void sim_rsp_set_hex(JsonObject *object, const char *name, TlvSlice value)
{
    g_autofree char *hex = bytes_to_hex(value.data, value.size);

    json_object_set_string_member(object, name, hex);
}

/* ---- for the functions ---- */

gboolean sim_rsp_fail(SimRspCall *call, const char *subject, const char *reason,
                      const char *message)
{
    g_free(call->subject);
    g_free(call->reason);
    g_free(call->message);
    call->subject = g_strdup(subject);
    call->reason = g_strdup(reason);
    call->message = g_strdup(message);
    return TRUE;
}

gboolean sim_rsp_has_failed(const SimRspCall *call)
{
    return call->subject != NULL;
}

gboolean sim_rsp_is_wrong(const SimRspCall *call, const char *what)
{
    JsonNode *node = json_object_get_member(call->fault, "wrong");

    if (!node)
        return FALSE;
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *list = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(list); i++)
            if (g_strcmp0(json_array_get_string_element(list, i), what) == 0)
                return TRUE;
        return FALSE;
    }
    return g_strcmp0(json_node_get_string(node), what) == 0;
}

const char *sim_rsp_take_text(SimRspCall *call, const char *name, GError **error)
{
    JsonNode *node = json_object_get_member(call->request, name);

    if (node && json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_get_string(node);
    sim_value_fail(error, "%s is missing, or no string", name);
    return NULL;
}

/* Base64 as SGP.22 6.5.2 has it: with padding, without line breaks. */
static GBytes *decode_base64(const char *text)
{
    gsize size = 0;
    g_autofree guchar *data = g_base64_decode(text, &size);
    g_autofree char *again = g_base64_encode(data, size);

    return g_str_equal(again, text) ? g_bytes_new(data, size) : NULL;
}

GBytes *sim_rsp_take_bytes(SimRspCall *call, const char *name, GError **error)
{
    const char *text = sim_rsp_take_text(call, name, error);
    GBytes *bytes;

    if (!text)
        return NULL;
    if (g_str_equal(name, "transactionId"))
        return bytes_from_hex(text, error);
    bytes = decode_base64(text);
    if (!bytes)
        sim_value_fail(error, "%s is no base64", name);
    return bytes;
}

void sim_rsp_put_bytes(SimRspCall *call, const char *name, GBytes *value)
{
    gsize size;
    const void *data = g_bytes_get_data(value, &size);
    g_autofree char *text = g_base64_encode(data, size);

    json_object_set_string_member(call->answer, name, text);
}

void sim_rsp_put_object(SimRspCall *call, const char *name, guint32 tag, GBytes *value)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) object = NULL;

    tlv_put_slice(writer, tag, tlv_slice_from_bytes(value));
    object = tlv_writer_finish(g_steal_pointer(&writer));
    sim_rsp_put_bytes(call, name, object);
}

gboolean sim_rsp_put_certificate(SimRspCall *call, const char *name, const char *file,
                                 GError **error)
{
    const char *other =
        json_object_get_string_member_with_default(call->fault, "certificate", file);
    g_autofree char *path = g_canonicalize_filename(other, call->server->pki_dir);
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) der = file_read(path, 65536, &local);

    if (!der)
        return sim_value_fail(error, "%s", local->message);
    sim_rsp_put_bytes(call, name, der);
    return TRUE;
}

/* ---- one call ---- */

static JsonObject *make_header(const SimRspCall *call)
{
    JsonObject *header = json_object_new(), *status = json_object_new();

    json_object_set_object_member(header, "functionExecutionStatus", status);
    json_object_set_string_member(status, "status",
                                  sim_rsp_has_failed(call) ? "Failed" : "Executed-Success");
    if (sim_rsp_has_failed(call)) {
        JsonObject *data = json_object_new();

        json_object_set_string_member(data, "subjectCode", call->subject);
        json_object_set_string_member(data, "reasonCode", call->reason);
        json_object_set_string_member(data, "message", call->message);
        json_object_set_object_member(status, "statusCodeData", data);
    }
    return header;
}

/* Of FROM into a record, without what is long. */
static void record(JsonObject *exchange, const char *name, JsonObject *from)
{
    JsonObject *copy = json_object_new();
    JsonObjectIter iter;
    const char *member;
    JsonNode *node;

    json_object_iter_init(&iter, from);
    while (json_object_iter_next(&iter, &member, &node)) {
        if (json_node_get_value_type(node) == G_TYPE_STRING &&
            strlen(json_node_get_string(node)) > SHOWN_TEXT)
            json_object_set_int_member(copy, member, (gint64)strlen(json_node_get_string(node)));
        else
            json_object_set_member(copy, member, json_node_copy(node));
    }
    json_object_set_object_member(exchange, name, copy);
}

static void call_clear(SimRspCall *call)
{
    g_clear_pointer(&call->answer, json_object_unref);
    g_clear_pointer(&call->fault, json_object_unref);
    g_free(call->subject);
    g_free(call->reason);
    g_free(call->message);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimRspCall, call_clear)

static const SimRspFunction *find_function(SimRspServer *server, const char *name)
{
    for (const SimRspFunction *function = server->functions; function->name; function++)
        if (g_str_equal(function->name, name))
            return function;
    return NULL;
}

/* Fills RET_ANSWER; NULL there is an answer without body (handleNotification). */
static gboolean run_function(SimRspServer *server, const SimRspFunction *function,
                             JsonObject *request, JsonObject *exchange, const SimFault *fault,
                             JsonObject **ret_answer, GError **error)
{
    g_auto(SimRspCall) call = {
        .server = server,
        .request = request,
        .answer = json_object_new(),
        .exchange = exchange,
        .fault = fault ? json_object_ref(fault->own) : json_object_new(),
    };
    JsonObject *failure = json_object_has_member(call.fault, "failure")
                              ? json_object_get_object_member(call.fault, "failure")
                              : NULL;
    const char *missing = json_object_get_string_member_with_default(call.fault, "missing", NULL);
    g_autofree char *counter = g_strconcat("exchanges", function->name, NULL);

    sim_rsp_count(server, counter);
    record(exchange, "request", request);
    if (failure)
        sim_rsp_fail(&call, sim_value_get_text(failure, "subject"),
                     sim_value_get_text(failure, "reason"), sim_value_get_text(failure, "message"));
    else if (!function->func(&call, server->data, error))
        return FALSE;
    if (sim_rsp_has_failed(&call)) {
        JsonArray *codes = json_array_new();

        json_array_add_string_element(codes, call.subject);
        json_array_add_string_element(codes, call.reason);
        json_object_set_array_member(exchange, "failed", codes);
        g_clear_pointer(&call.answer, json_object_unref);
        call.answer = json_object_new();
    }
    record(exchange, "answer", call.answer);
    /* A notification has no answer, not even where it is refused (SGP.22 5.6.4). */
    if (g_str_equal(function->name, "handleNotification") && !failure) {
        *ret_answer = NULL;
        return TRUE;
    }
    json_object_set_object_member(call.answer, "header", make_header(&call));
    if (sim_rsp_is_wrong(&call, "outerTransactionId"))
        json_object_set_string_member(call.answer, "transactionId",
                                      "00112233445566778899AABBCCDDEEFF");
    if (missing)
        json_object_remove_member(call.answer, missing);
    *ret_answer = g_steal_pointer(&call.answer);
    return TRUE;
}

/* ---- HTTP ---- */

/* Status for a request that the binding does not allow (SGP.22 6.2, 6.5.1), 0 for a good one. */
static guint check_head(const SimHttpHead *head, gboolean strict, const char **ret_why)
{
    const char *content_type = sim_http_head_get(head, "Content-Type");
    const char *protocol = sim_http_head_get(head, "X-Admin-Protocol");
    const char *agent = sim_http_head_get(head, "User-Agent");

    *ret_why = "path";
    if (!g_str_has_prefix(head->target, PATH))
        return 404;
    *ret_why = "method";
    if (!g_str_equal(head->method, "POST"))
        return 405;
    *ret_why = "Content-Length";
    if (!head->has_length)
        return 411;
    *ret_why = "Content-Type";
    if (!content_type || (strict ? g_ascii_strcasecmp(content_type, CONTENT_TYPE) != 0 &&
                                       !g_str_equal(content_type, "application/json")
                                 : !g_str_has_prefix(content_type, "application/json")))
        return 415;
    *ret_why = "X-Admin-Protocol";
    if (!protocol || !g_str_has_prefix(protocol, "gsma/rsp/v"))
        return 400;
    *ret_why = "User-Agent";
    if (strict && (!agent || !g_str_has_prefix(agent, "gsma-rsp-")))
        return 400;
    *ret_why = "Host";
    if (strict && !sim_http_head_get(head, "Host"))
        return 400;
    return 0;
}

static JsonObject *parse_body(TlvSlice body, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;

    if (!json_parser_load_from_data(parser, (const char *)body.data, (gssize)body.size, error))
        return NULL;
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        sim_value_fail(error, "no JSON object");
        return NULL;
    }
    if (json_object_has_member(json_node_get_object(root), "header")) {
        sim_value_fail(error, "a request has no header");
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

static GBytes *object_to_bytes(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    char *text;

    json_node_init_object(node, object);
    text = json_to_string(node, FALSE);
    return g_bytes_new_take(text, strlen(text));
}

/* TRUE when the request must not be processed. */
static gboolean fault_before(const SimFault *fault, SimHttpAnswer *answer)
{
    static const char start[] = "{\"header\":{\"functionExecutionStatus\":{\"status\":"
                                "\"Executed-Success\"}},\"boundProfilePackage\":\"";
    g_autoptr(GBytes) oversized = g_bytes_new_static(start, sizeof(start) - 1);
    GBytes *body = sim_fault_make_body(fault, oversized);

    if (fault->drop_before) {
        answer->delivery = SIM_HTTP_DROP;
        g_clear_pointer(&body, g_bytes_unref);
        return TRUE;
    }
    if (fault->status != 0)
        answer->status = fault->status;
    if (body == oversized)
        answer->fill = fault->size;
    answer->body = body;
    return fault->status != 0 || body;
}

static void refuse(JsonObject *exchange, SimHttpAnswer *answer, guint status, const char *why)
{
    answer->status = status;
    json_object_set_string_member(exchange, "refused", why);
}

static void serve(SimRspServer *server, const SimHttpRequest *http, SimHttpAnswer *answer,
                  JsonObject *exchange)
{
    const char *why;
    guint status = check_head(http->head, server->strict, &why);
    const char *name = status == 404 ? "" : http->head->target + strlen(PATH);
    const SimRspFunction *function = find_function(server, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) request = NULL, made = NULL;
    const SimFault *fault;

    if (status == 0 && !function) {
        status = 404;
        why = "path";
    }
    if (status != 0) {
        refuse(exchange, answer, status, why);
        return;
    }
    json_object_set_string_member(exchange, "function", function->name);
    fault = sim_faults_take(server->faults, function->name);
    if (fault)
        json_object_set_boolean_member(exchange, "fault", TRUE);
    request = parse_body(http->body, &error);
    if (!request || ((!fault || !fault_before(fault, answer)) &&
                     !run_function(server, function, request, exchange, fault, &made, &error))) {
        refuse(exchange, answer, 400, error->message);
        return;
    }
    if (made)
        answer->body = object_to_bytes(made);
    else if (!answer->body && answer->status == 200 && answer->delivery == SIM_HTTP_SEND)
        answer->status = 204;
    if (fault)
        sim_fault_change(fault, answer);
    if (answer->body && !answer->content_type)
        answer->content_type = g_strdup(CONTENT_TYPE);
}

static void on_request(const SimHttpRequest *request, SimHttpAnswer *answer, gpointer data)
{
    SimRspServer *server = data;

    g_mutex_lock(&server->lock);
    {
        JsonArray *exchanges = sim_rsp_list(server, "exchanges");
        JsonObject *exchange = sim_exchange_new(request, sim_rsp_count(server, "exchangesServed"));

        json_array_add_object_element(exchanges, exchange);
        if (json_array_get_length(exchanges) > EXCHANGES_KEPT)
            json_array_remove_element(exchanges, 0);
        g_string_append(answer->headers, "X-Admin-Protocol: " ADMIN_PROTOCOL "\r\n");
        answer->close = server->close;
        answer->chunked = server->chunked;
        serve(server, request, answer, exchange);
        sim_exchange_finish(exchange, answer);
    }
    g_mutex_unlock(&server->lock);
    sim_waiters_wake(server->waiters);
}

/* ---- control ---- */

/* Takes the lock. */
static gboolean is_over(JsonObject *request, JsonObject *answer, gpointer data)
{
    SimRspServer *server = data;
    const char *what = sim_value_get_text(request, "for");
    const char *function = sim_value_get_text(request, "function");
    gint64 wanted = json_object_get_int_member_with_default(request, "count", 1), number;
    g_autofree char *name = NULL;

    if (!g_str_equal(what, "exchange"))
        name = g_strconcat(what, "s", g_str_equal(what, "session") ? "Ended" : "Received", NULL);
    else
        name = *function ? g_strconcat("exchanges", function, NULL) : g_strdup("exchangesServed");
    g_mutex_lock(&server->lock);
    number = json_object_get_int_member_with_default(server->state, name, 0);
    g_mutex_unlock(&server->lock);
    if (number < wanted)
        return FALSE;
    json_object_set_int_member(answer, "count", number);
    return TRUE;
}

static gboolean do_wait(SimRspServer *server, JsonObject *request, JsonObject *answer,
                        GError **error)
{
    const char *what = sim_value_get_text(request, "for");
    g_autofree char *message = NULL;

    if (!g_str_equal(what, "exchange") && !g_str_equal(what, "notification") &&
        !g_str_equal(what, "session"))
        return sim_value_fail(error, "can't wait for '%s'", what);
    message = g_strdup_printf("%s %s did not reach %" G_GINT64_FORMAT, what,
                              sim_value_get_text(request, "function"),
                              json_object_get_int_member_with_default(request, "count", 1));
    return sim_waiters_wait(server->waiters, server->control, request, answer, message, error);
}

static JsonNode *copy_deep(JsonNode *node)
{
    g_autofree char *text = json_to_string(node, FALSE);

    return json_from_string(text, NULL);
}

static gboolean do_show(SimRspServer *server, JsonObject *answer)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, server->state);
    while (json_object_iter_next(&iter, &name, &node))
        json_object_set_member(answer, name, copy_deep(node));
    json_object_set_object_member(answer, "knobs", json_object_ref(server->shown));
    json_object_set_int_member(answer, "port", sim_http_server_get_port(server->http));
    json_object_set_int_member(answer, "failedHandshakes",
                               sim_http_server_get_failed_handshakes(server->http));
    return TRUE;
}

static gboolean set_knob(SimRspServer *server, const char *name, JsonNode *node, GError **error)
{
    gboolean accept;

    if (g_str_equal(name, "strict"))
        return sim_value_flag(node, &server->strict, error);
    if (g_str_equal(name, "close"))
        return sim_value_flag(node, &server->close, error);
    if (g_str_equal(name, "chunked"))
        return sim_value_flag(node, &server->chunked, error);
    if (g_str_equal(name, "tls"))
        return sim_server_set_tls(server->http, node, server->pki_dir, server->tls, error);
    if (g_str_equal(name, "accept")) {
        if (!sim_value_flag(node, &accept, error))
            return FALSE;
        sim_http_server_set_accepting(server->http, accept);
        return TRUE;
    }
    if (g_str_equal(name, "faults")) {
        g_autoptr(GPtrArray) faults = sim_faults_new();

        if (!sim_faults_read(node, server->fault_members, faults, error))
            return FALSE;
        g_ptr_array_unref(server->faults);
        server->faults = g_steal_pointer(&faults);
        return TRUE;
    }
    return sim_value_fail(error, "no such knob");
}

static gboolean do_knobs(SimRspServer *server, JsonObject *request, JsonObject *answer,
                         GError **error)
{
    g_autoptr(GList) names = json_object_get_members(request);

    for (GList *name = names; name; name = name->next) {
        JsonNode *node = json_object_get_member(request, name->data);

        if (g_str_equal(name->data, "do"))
            continue;
        if (!set_knob(server, name->data, node, error)) {
            g_prefix_error(error, "knob '%s': ", (const char *)name->data);
            return FALSE;
        }
        json_object_set_member(server->shown, name->data, json_node_copy(node));
    }
    json_object_set_object_member(answer, "knobs", json_object_ref(server->shown));
    return TRUE;
}

static gboolean do_call(SimRspServer *server, JsonObject *request, JsonObject *answer,
                        GError **error)
{
    const SimRspFunction *function = find_function(server, sim_value_get_text(request, "function"));
    JsonNode *body = json_object_get_member(request, "body");
    JsonObject *exchange, *made;
    const SimFault *fault;

    if (!function || !body || !JSON_NODE_HOLDS_OBJECT(body))
        return sim_value_fail(error, "no such function, or no body");
    exchange = json_object_new();
    json_array_add_object_element(sim_rsp_list(server, "exchanges"), exchange);
    json_object_set_int_member(exchange, "exchange", sim_rsp_count(server, "exchangesServed"));
    json_object_set_string_member(exchange, "function", function->name);
    json_object_set_boolean_member(exchange, "indirect", TRUE);
    fault = sim_faults_take(server->faults, function->name);
    if (!run_function(server, function, json_node_get_object(body), exchange, fault, &made, error))
        return FALSE;
    if (made)
        json_object_set_object_member(answer, "body", made);
    return TRUE;
}

gboolean sim_rsp_server_control(JsonObject *request, JsonObject *answer, gpointer data,
                                GError **error)
{
    SimRspServer *server = data;
    const char *what = sim_value_get_text(request, "do");
    gboolean ok;

    if (g_str_equal(what, "wait"))
        return do_wait(server, request, answer, error);
    g_mutex_lock(&server->lock);
    if (g_str_equal(what, "show"))
        ok = do_show(server, answer);
    else if (g_str_equal(what, "knobs"))
        ok = do_knobs(server, request, answer, error);
    else if (g_str_equal(what, "call"))
        ok = do_call(server, request, answer, error);
    else
        ok = server->own_control(request, answer, server->data, error);
    g_mutex_unlock(&server->lock);
    sim_waiters_wake(server->waiters);
    return ok;
}

/* ---- the server ---- */

static const char **join_members(const char *const *more)
{
    static const char *const common[] = { "failure", "wrong", "certificate", "missing", NULL };
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; common[i]; i++)
        g_ptr_array_add(names, (char *)common[i]);
    for (guint i = 0; more[i]; i++)
        g_ptr_array_add(names, (char *)more[i]);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

SimRspServer *sim_rsp_server_new(const SimRspSetup *setup, GError **error)
{
    g_autoptr(SimRspServer) server = g_new0(SimRspServer, 1);
    g_autofree char *certificate = NULL, *key = NULL;
    g_autofree char *certificate_name = g_strconcat(setup->tls, ".pem", NULL);
    g_autofree char *key_name = g_strconcat(setup->tls, ".key.pem", NULL);
    SimHttpTls tls = { 0 };

    g_mutex_init(&server->lock);
    server->pki_dir = g_canonicalize_filename(setup->pki_dir, NULL);
    server->tls = g_strdup(setup->tls);
    server->functions = setup->functions;
    server->fault_members = join_members(setup->faults);
    server->own_control = setup->control;
    server->data = setup->data;
    server->strict = TRUE;
    server->faults = sim_faults_new();
    server->shown = json_object_new();
    server->state = json_object_new();
    json_object_set_array_member(server->state, "exchanges", json_array_new());
    for (guint i = 0; setup->lists[i]; i++)
        json_object_set_array_member(server->state, setup->lists[i], json_array_new());
    server->waiters = sim_waiters_new(is_over, server);
    tls.certificate = certificate = g_build_filename(server->pki_dir, certificate_name, NULL);
    tls.key = key = g_build_filename(server->pki_dir, key_name, NULL);
    server->http = sim_http_server_new(setup->listen, &tls, on_request, server, error);
    return server->http ? g_steal_pointer(&server) : NULL;
}

void sim_rsp_server_free(SimRspServer *server)
{
    if (!server)
        return;
    sim_http_server_free(server->http);
    sim_control_free(server->control);
    sim_waiters_free(server->waiters);
    g_ptr_array_unref(server->faults);
    json_object_unref(server->shown);
    json_object_unref(server->state);
    g_free(server->fault_members);
    g_free(server->pki_dir);
    g_free(server->tls);
    g_mutex_clear(&server->lock);
    g_free(server);
}

guint16 sim_rsp_server_get_port(SimRspServer *server)
{
    return sim_http_server_get_port(server->http);
}

void sim_rsp_server_set_control(SimRspServer *server, SimControl *control)
{
    server->control = control;
}
