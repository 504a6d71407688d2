/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/server.h"

#include "sim/json_value.h"

JsonObject *sim_exchange_new(const SimHttpRequest *request, gint64 number)
{
    JsonObject *exchange = json_object_new();

    json_object_set_int_member(exchange, "exchange", number);
    json_object_set_double_member(exchange, "time", (double)g_get_real_time() / G_USEC_PER_SEC);
    json_object_set_int_member(exchange, "connection", request->connection);
    json_object_set_int_member(exchange, "onConnection", request->number);
    json_object_set_string_member(exchange, "tls", request->tls_version);
    json_object_set_string_member(exchange, "cipher", request->tls_cipher);
    json_object_set_boolean_member(exchange, "resumed", request->resumed);
    if (request->server_name)
        json_object_set_string_member(exchange, "serverName", request->server_name);
    json_object_set_int_member(exchange, "requestSize", (gint64)request->body.size);
    return exchange;
}

void sim_exchange_finish(JsonObject *exchange, const SimHttpAnswer *answer)
{
    gint64 size = answer->body ? (gint64)g_bytes_get_size(answer->body) : 0;

    json_object_set_int_member(exchange, "status",
                               answer->delivery == SIM_HTTP_DROP ? 0 : answer->status);
    json_object_set_int_member(exchange, "answerSize", size + (gint64)answer->fill);
}

static char *get_file(const char *pki_dir, JsonObject *object, const char *name,
                      const char *fallback)
{
    const char *file = json_object_get_string_member_with_default(object, name, fallback);

    return g_canonicalize_filename(file ? file : fallback, pki_dir);
}

gboolean sim_server_set_tls(SimHttpServer *server, JsonNode *node, const char *pki_dir,
                            const char *name, GError **error)
{
    g_autofree char *usual_certificate = g_strconcat(name, ".pem", NULL);
    g_autofree char *usual_key = g_strconcat(name, ".key.pem", NULL);
    g_autofree char *certificate = NULL, *key = NULL;
    JsonObject *object;
    SimHttpTls tls;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return sim_value_fail(error, "no object");
    object = json_node_get_object(node);
    certificate = get_file(pki_dir, object, "certificate", usual_certificate);
    key = get_file(pki_dir, object, "key", usual_key);
    tls = (SimHttpTls){
        .certificate = certificate,
        .key = key,
        .max_version = json_object_get_string_member_with_default(object, "max", NULL),
        .min_version = json_object_get_string_member_with_default(object, "min", NULL),
    };
    return sim_http_server_set_tls(server, &tls, error);
}
