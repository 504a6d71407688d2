/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/json_exchange.h"

#include "util/error.h"

void json_peer_clear(JsonPeer *peer)
{
    rsp_server_refusal_clear(&peer->refusal);
}

static void begin(JsonPeer *peer)
{
    peer->status = peer->retry_after = 0;
    rsp_server_refusal_clear(&peer->refusal);
}

gboolean json_check_status(JsonPeer *peer, const HttpsResponse *response, GError **error)
{
    g_autofree char *wait = NULL;

    peer->status = response->status;
    peer->retry_after = response->retry_after;
    if (response->status >= 200 && response->status <= 299)
        return TRUE;
    if (response->retry_after > 0)
        wait = g_strdup_printf(" and wants to be asked again after %u s", response->retry_after);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_HTTP, "%s answered HTTP status %u%s", peer->peer,
                response->status, wait ? wait : "");
    return FALSE;
}

static HttpsResponse *post(JsonPeer *peer, const char *path, GString *request,
                           GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) body = json_request_finish(request);
    g_autoptr(HttpsResponse) response = NULL;

    begin(peer);
    response = https_post(peer->https, path, peer->headers, body, cancellable, error);
    if (!response || !json_check_status(peer, response, error))
        return NULL;
    return g_steal_pointer(&response);
}

static JsonAnswer *parse(JsonPeer *peer, const HttpsResponse *response, const char *const *members,
                         GError **error)
{
    g_autoptr(JsonAnswer) answer = json_answer_new(members, NULL, NULL, NULL);
    gsize size;
    const void *octets = g_bytes_get_data(response->body, &size);

    if (!json_answer_feed(answer, octets, size, error) ||
        !json_answer_finish(answer, &peer->refusal, error))
        return NULL;
    return g_steal_pointer(&answer);
}

JsonAnswer *json_exchange(JsonPeer *peer, const char *path, GString *request,
                          const char *const *members, GCancellable *cancellable, GError **error)
{
    g_autoptr(HttpsResponse) response = post(peer, path, request, cancellable, error);

    return response ? parse(peer, response, members, error) : NULL;
}

/* The page of whatever stands before the server, or of its web server, and not its own word. */
static gboolean is_page(const HttpsResponse *response)
{
    gsize size;
    const char *text = g_bytes_get_data(response->body, &size);

    while (size > 0 && g_ascii_isspace(*text)) {
        text++;
        size--;
    }
    return (size > 0 && *text == '<') ||
           (response->content_type &&
            g_ascii_strncasecmp(response->content_type, "text/html", 9) == 0);
}

gboolean json_exchange_notice(JsonPeer *peer, const char *path, GString *request,
                              GCancellable *cancellable, GError **error)
{
    static const char *const none[] = { NULL };
    g_autoptr(HttpsResponse) response = post(peer, path, request, cancellable, error);
    g_autoptr(JsonAnswer) answer = NULL;
    g_autoptr(GError) local = NULL;

    if (!response)
        return FALSE;
    if (g_bytes_get_size(response->body) == 0)
        return TRUE;
    answer = parse(peer, response, none, &local);
    if (answer || !(is_page(response) || euiccd_error_is(local, EUICCD_ERROR_SERVER_REFUSED)))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean json_exchange_empty(JsonPeer *peer, const char *path, GString *request,
                             GCancellable *cancellable, GError **error)
{
    static const char *const none[] = { NULL };
    g_autoptr(HttpsResponse) response = post(peer, path, request, cancellable, error);
    g_autoptr(JsonAnswer) answer = NULL;

    if (!response)
        return FALSE;
    if (g_bytes_get_size(response->body) == 0)
        return TRUE;
    answer = parse(peer, response, none, error);
    return answer != NULL;
}

/* Tells the sink's failures from those of the answer. */
typedef struct {
    JsonAnswer *answer;
    RspServerSink sink;
    gpointer data;
    gboolean failed;
} Passage;

static gboolean on_octets(TlvSlice octets, gpointer data, GError **error)
{
    Passage *passage = data;

    passage->failed = !passage->sink(octets, passage->data, error);
    return !passage->failed;
}

static gboolean on_body(const void *octets, gsize size, gpointer data, GError **error)
{
    Passage *passage = data;

    return json_answer_feed(passage->answer, octets, size, error);
}

JsonAnswer *json_exchange_stream(JsonPeer *peer, const char *path, GString *request,
                                 const char *const *members, const char *streamed,
                                 RspServerSink sink, gpointer data, GCancellable *cancellable,
                                 gboolean *ret_sink_failed, GError **error)
{
    Passage passage = { NULL, sink, data, FALSE };
    g_autoptr(JsonAnswer) answer = json_answer_new(members, streamed, on_octets, &passage);
    g_autoptr(GBytes) body = json_request_finish(request);
    g_autoptr(HttpsResponse) response = NULL;
    HttpsStream stream = {
        .sink = on_body,
        .data = &passage,
        .max_response = JSON_MAX_PACKAGE,
        .total_timeout = JSON_PACKAGE_TIMEOUT,
    };

    begin(peer);
    passage.answer = answer;
    response =
        https_post_stream(peer->https, path, peer->headers, body, &stream, cancellable, error);
    *ret_sink_failed = passage.failed;
    if (!response || !json_check_status(peer, response, error) ||
        !json_answer_finish(answer, &peer->refusal, error))
        return NULL;
    return g_steal_pointer(&answer);
}
