/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/https.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"
#include "net/http_answer.h"
#include "net/tls_context.h"
#include "net/tls_session.h"
#include "util/clock.h"
#include "util/error.h"

const HttpsConfig https_config_default = {
    .connect_timeout = 30,
    .stall_timeout = 60,
    .total_timeout = 300,
    .max_idle = 300,
    .max_response = 512u << 10,
};

struct HttpsClient {
    char *host;
    guint16 port;
    char *name; /* for messages: HOST or HOST:PORT */
    Trust *trust;
    HttpsConfig config;
    CURL *easy;
    CURLM *multi; /* owns the connection */
    TlsSession *session;
    int socket; /* the last one that was opened, -1: none */
    struct curl_slist *resolve;
    HttpsCounters counters;
    char *detail;      /* written by the trust at each full handshake */
    char *verified_as; /* detail of the last one that succeeded; holds for resumed sessions too */
    gboolean trusted;  /* the last connection came as far as a request */
    GError *trust_error;
    gboolean close_notify; /* the server has ended TLS properly */
    gint alert;            /* the last alert of TLS that means a failure, -1: none */
    gboolean alert_is_ours;
};

/* One run of the handle: what the callbacks learn. */
typedef struct {
    HttpsClient *client;
    HttpAnswer answer;
    const HttpsStream *stream; /* NULL: the body is kept */
    GCancellable *cancellable;
    GError *sink_error; /* why the sink ended it */
    guint total_timeout;
    gint64 deadline;   /* boot time; put off by what the sink takes */
    gboolean sent;     /* a request octet left: the TLS handshake is done */
    gboolean answered; /* a line of a response arrived */
    gint64 last_octet; /* boot time */
} Transfer;

static void transfer_clear(Transfer *transfer)
{
    http_answer_clear(&transfer->answer);
    g_clear_error(&transfer->sink_error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Transfer, transfer_clear)

typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)

void https_response_free(HttpsResponse *response)
{
    g_clear_pointer(&response->body, g_bytes_unref);
    g_free(response->content_type);
    g_free(response);
}

/* ---- callbacks of the handle ---- */

static int client_index(void)
{
    static gsize once;
    static int index;

    if (g_once_init_enter(&once)) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
        g_once_init_leave(&once, 1);
    }
    return index;
}

/* TRUE: what is written waits for more, so that it leaves in one packet; the kernel waits 200 ms at most. */
static void hold_packets(HttpsClient *client, gboolean hold)
{
    int value = hold;

    if (client->socket >= 0)
        (void)setsockopt(client->socket, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

static int on_socket(void *data, curl_socket_t socket, curlsocktype purpose)
{
    HttpsClient *client = data;
    int off = 0;

    (void)purpose;
    client->socket = socket;
    /* Acknowledgements go with the next message instead of alone. */
    (void)setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
    return CURL_SOCKOPT_OK;
}

static int on_close_socket(void *data, curl_socket_t socket)
{
    HttpsClient *client = data;

    if (client->socket == socket)
        client->socket = -1;
    return close(socket);
}

static void on_tls_state(const SSL *ssl, int where, int value)
{
    HttpsClient *client = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), client_index());

    if (!client)
        return;
    if (where & SSL_CB_ALERT && (value & 0xFF) != SSL_AD_CLOSE_NOTIFY) {
        client->alert = value & 0xFF;
        client->alert_is_ours = where == SSL_CB_WRITE_ALERT;
    } else if (where == SSL_CB_READ_ALERT) {
        client->close_notify = TRUE;
    }
    /* The client's last message of the handshake leaves together with the request. */
    if (where == SSL_CB_CONNECT_LOOP && SSL_get_state(ssl) == TLS_ST_CR_FINISHED)
        hold_packets(client, TRUE);
    /* The only place between SSL_new() and the first message that libcurl leaves to its user. */
    if (where == SSL_CB_HANDSHAKE_START && !SSL_get_session(ssl))
        tls_session_offer(client->session, (SSL *)ssl);
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *data)
{
    HttpsClient *client = data;

    (void)easy;
    g_clear_error(&client->trust_error);
    g_clear_pointer(&client->detail, g_free);
    if (!trust_install(client->trust, ssl_ctx, client->host, &client->detail, &client->trust_error))
        return CURLE_SSL_CONNECT_ERROR;
    if (!SSL_CTX_set_ex_data(ssl_ctx, client_index(), client) || !tls_context_trim(ssl_ctx) ||
        (client->config.small_records && !tls_context_ask_small_records(ssl_ctx)) ||
        !tls_session_install(client->session, ssl_ctx))
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_info_callback(ssl_ctx, on_tls_state);
    return CURLE_OK;
}

/* Counts what goes over the connection inside TLS. */
static int on_debug(CURL *easy, curl_infotype type, char *octets, size_t size, void *data)
{
    Transfer *transfer = data;
    HttpsCounters *counters;

    (void)easy, (void)octets;
    /* libcurl may have to say something about an old connection between two exchanges. */
    if (!transfer)
        return 0;
    counters = &transfer->client->counters;
    switch (type) {
    case CURLINFO_HEADER_OUT:
    case CURLINFO_DATA_OUT:
        counters->bytes_sent += size;
        if (!transfer->sent)
            hold_packets(transfer->client, FALSE);
        transfer->sent = TRUE;
        break;
    case CURLINFO_DATA_IN:
        counters->bytes_received += size;
        transfer->answered = TRUE;
        break;
    /* Counted by on_header(), which also sees the empty lines of 1xx answers. */
    case CURLINFO_HEADER_IN:
    case CURLINFO_TEXT:
    case CURLINFO_SSL_DATA_IN:
    case CURLINFO_SSL_DATA_OUT:
    case CURLINFO_END:
        break;
    }
    transfer->last_octet = clock_boottime();
    return 0;
}

/* Each header line of the answer, also of 1xx answers before it and of trailers behind it. */
static size_t on_header(char *line, size_t one, size_t size, void *data)
{
    Transfer *transfer = data;

    (void)one;
    /* Trailers were counted with the body. */
    if (http_answer_is_status_line(line, size) || !transfer->answer.header_done)
        transfer->client->counters.bytes_received += size;
    transfer->answered = TRUE;
    return http_answer_take_line(&transfer->answer, line, size) ? size : 0;
}

static gboolean check_cancelled(GCancellable *cancellable, GError **error)
{
    if (!g_cancellable_is_cancelled(cancellable))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
    return FALSE;
}

static gboolean is_success(long status)
{
    return status >= 200 && status <= 299;
}

/* The server can't be blamed for the time that the sink takes. */
static gboolean pass_to_sink(Transfer *transfer, const char *octets, size_t size)
{
    gint64 start = clock_boottime();
    gboolean ok =
        http_answer_pass_body(&transfer->answer, size) &&
        check_cancelled(transfer->cancellable, &transfer->sink_error) &&
        transfer->stream->sink(octets, size, transfer->stream->data, &transfer->sink_error);

    transfer->last_octet = clock_boottime();
    transfer->deadline += transfer->last_octet - start;
    return ok;
}

static size_t on_body(char *octets, size_t one, size_t size, void *data)
{
    Transfer *transfer = data;
    long status = 0;

    (void)one;
    if (transfer->stream)
        curl_easy_getinfo(transfer->client->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_success(status))
        return pass_to_sink(transfer, octets, size) ? size : 0;
    transfer->answer.max_body =
        MIN(transfer->answer.max_body, transfer->client->config.max_response);
    return http_answer_take_body(&transfer->answer, octets, size) ? size : 0;
}

/* ---- the client ---- */

/* Options that are programming errors if they fail; a libcurl that lacks one of them must not be
 * used, because verification or limits would silently be missing. */
#define SET(easy, option, value)                                                                   \
    G_STMT_START                                                                                   \
    {                                                                                              \
        if (curl_easy_setopt((easy), (option), (value)) != CURLE_OK)                               \
            g_error("libcurl does not accept " #option);                                           \
    }                                                                                              \
    G_STMT_END

static CURLM *new_multi(void)
{
    CURLM *multi = curl_multi_init();

    if (!multi || curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) != CURLM_OK)
        g_error("libcurl can't make a multi handle");
    return multi;
}

static CURL *new_easy(HttpsClient *client)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        g_error("libcurl can't make a handle");
    SET(easy, CURLOPT_PROTOCOLS_STR, "https");
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_PROXY, "");
    SET(easy, CURLOPT_NOPROXY, "*");
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_TCP_KEEPALIVE, 0L);
    SET(easy, CURLOPT_NOPROGRESS, 1L);
    /* A cancelled call must not wait for a name server. */
    SET(easy, CURLOPT_QUICK_EXIT, 1L);
    SET(easy, CURLOPT_MAXAGE_CONN, (long)client->config.max_idle);
    SET(easy, CURLOPT_CONNECTTIMEOUT, (long)client->config.connect_timeout);
    SET(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)client->config.max_response);
    /* Verification is the trust's, which replaces libcurl's check of names (that one looks at
     * common names too) and needs none of its files. */
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    SET(easy, CURLOPT_CAINFO, NULL);
    SET(easy, CURLOPT_CAPATH, NULL);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Its sessions would be neither judged again nor kept across restarts. */
    SET(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    SET(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    SET(easy, CURLOPT_SSL_CTX_DATA, client);
    SET(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
    SET(easy, CURLOPT_SOCKOPTDATA, client);
    SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    SET(easy, CURLOPT_CLOSESOCKETDATA, client);
    SET(easy, CURLOPT_HEADERFUNCTION, on_header);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    SET(easy, CURLOPT_VERBOSE, 1L);
    SET(easy, CURLOPT_POST, 1L);
    if (client->resolve)
        SET(easy, CURLOPT_RESOLVE, client->resolve);
    return easy;
}

HttpsClient *https_client_new(const char *host, guint16 port, Trust *trust,
                              const HttpsConfig *config)
{
    static gsize once;
    g_autofree char *peer = NULL;
    HttpsClient *client;

    if (g_once_init_enter(&once)) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            g_error("libcurl can't be initialised");
        g_once_init_leave(&once, 1);
    }
    client = g_new0(HttpsClient, 1);
    client->host = g_strdup(host);
    client->port = port;
    client->name = port == 443
                       ? g_strdup(host)
                       : g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
    client->trust = trust_ref(trust);
    client->config = *config;
    client->socket = -1;
    if (config->resolve) {
        g_auto(GStrv) entries = g_strsplit(config->resolve, " ", -1);

        for (guint i = 0; entries[i]; i++)
            if (*entries[i])
                client->resolve = curl_slist_append(client->resolve, entries[i]);
    }
    peer = g_strdup_printf("%s:%u", host, port);
    client->session = tls_session_new(peer, trust, config->session_path);
    client->config.session_path = NULL;
    client->easy = new_easy(client);
    client->multi = new_multi();
    return client;
}

void https_client_free(HttpsClient *client)
{
    curl_multi_cleanup(client->multi);
    curl_easy_cleanup(client->easy);
    tls_session_free(client->session);
    curl_slist_free_all(client->resolve);
    g_clear_error(&client->trust_error);
    trust_unref(client->trust);
    g_free(client->detail);
    g_free(client->verified_as);
    g_free(client->host);
    g_free(client->name);
    g_free(client);
}

void https_client_disconnect(HttpsClient *client)
{
    /* The end of TLS and that of TCP leave together. */
    hold_packets(client, TRUE);
    curl_multi_cleanup(client->multi);
    client->multi = new_multi();
    /* The addresses went with the old one. */
    if (client->resolve)
        SET(client->easy, CURLOPT_RESOLVE, client->resolve);
}

void https_client_network_changed(HttpsClient *client)
{
    const char *local = NULL;

    if (curl_easy_getinfo(client->easy, CURLINFO_LOCAL_IP, &local) == CURLE_OK && local &&
        address_is_own(local))
        return;
    https_client_disconnect(client);
}

const HttpsCounters *https_client_get_counters(HttpsClient *client)
{
    return &client->counters;
}

const char *https_client_get_trust_used(HttpsClient *client)
{
    return client->trusted ? client->verified_as : NULL;
}

/* ---- one exchange ---- */

/* Waits for the connection, the cancellable or the nearest deadline. FALSE when the transfer must
 * end. */
static gboolean wait_transfer(HttpsClient *client, const Transfer *transfer, GError **error)
{
    gint64 deadline = transfer->deadline;
    gint64 stall = transfer->last_octet + (gint64)client->config.stall_timeout * G_USEC_PER_SEC;
    gint64 next, now = clock_boottime();
    struct curl_waitfd extra = { .events = CURL_WAIT_POLLIN };
    GPollFD cancel_fd = { .fd = -1 };
    guint n_extra = 0;
    CURLMcode code;

    /* Until the request leaves, the connect timeout of the handle is the limit. */
    next = transfer->sent ? MIN(stall, deadline) : deadline;
    if (now >= next) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT,
                    next == deadline ? "no complete answer within %u s" : "not an octet for %u s",
                    next == deadline ? transfer->total_timeout : client->config.stall_timeout);
        return FALSE;
    }
    if (g_cancellable_make_pollfd(transfer->cancellable, &cancel_fd)) {
        extra.fd = cancel_fd.fd;
        n_extra = 1;
    }
    code = curl_multi_poll(client->multi, &extra, n_extra,
                           (int)MIN((next - now + 999) / 1000, G_MAXINT), NULL);
    if (n_extra > 0)
        g_cancellable_release_fd(transfer->cancellable);
    if (code != CURLM_OK) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "libcurl: %s",
                    curl_multi_strerror(code));
        return FALSE;
    }
    return TRUE;
}

/* Drives the handle, which is in the multi handle, to its end. TRUE: *RET_CODE is its result. */
static gboolean drive(HttpsClient *client, Transfer *transfer, CURLcode *ret_code, GError **error)
{
    for (;;) {
        int running = 0, left;
        CURLMsg *message;
        CURLMcode code = curl_multi_perform(client->multi, &running);

        if (code != CURLM_OK) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "libcurl: %s",
                        curl_multi_strerror(code));
            return FALSE;
        }
        while ((message = curl_multi_info_read(client->multi, &left))) {
            if (message->msg == CURLMSG_DONE) {
                *ret_code = message->data.result;
                return TRUE;
            }
        }
        if (!check_cancelled(transfer->cancellable, error) ||
            !wait_transfer(client, transfer, error) ||
            !check_cancelled(transfer->cancellable, error))
            return FALSE;
    }
}

/* Failures of which libcurl says less than is known, or something else from version to version. */
static char *describe(HttpsClient *client, const Transfer *transfer, CURLcode code,
                      const char *text)
{
    const char *reason = g_strrstr(text, "::");
    long failure = 0;

    if (code == CURLE_GOT_NOTHING)
        return g_strdup("the server closed the connection without an answer");
    if (code == CURLE_PARTIAL_FILE && transfer->answer.content_length >= 0)
        return g_strdup_printf("the answer is refused: it is cut off, %" G_GSIZE_FORMAT
                               " of %" G_GINT64_FORMAT " octets came",
                               transfer->answer.received, transfer->answer.content_length);
    if (code == CURLE_PARTIAL_FILE)
        return g_strdup_printf("the answer is refused: it is cut off after %" G_GSIZE_FORMAT
                               " octets",
                               transfer->answer.received);
    if (code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(client->easy, CURLINFO_OS_ERRNO, &failure) == CURLE_OK && failure != 0)
        return g_strdup_printf("no connection to port %u: %s", client->port,
                               g_strerror((gint)failure));
    if (code == CURLE_SSL_CONNECT_ERROR && client->alert >= 0)
        return g_strdup_printf("no TLS connection (1.2 or later): alert \"%s\" (%d), sent by %s",
                               SSL_alert_desc_string_long(client->alert), client->alert,
                               client->alert_is_ours ? "euiccd" : "the server");
    if (code == CURLE_SSL_CONNECT_ERROR && reason)
        return g_strdup_printf("no TLS connection (1.2 or later): %s", reason + 2);
    return g_strchomp(g_strdup(*text ? text : curl_easy_strerror(code)));
}

/* The error of a transfer that libcurl gave up. */
static void set_curl_error(HttpsClient *client, const Transfer *transfer, CURLcode code,
                           const char *text, GError **error)
{
    g_autofree char *words = NULL;
    EuiccdError kind = EUICCD_ERROR_NETWORK;

    if (transfer->sink_error) {
        g_propagate_error(error, g_error_copy(transfer->sink_error));
        return;
    }
    if (transfer->answer.refused) {
        g_propagate_prefixed_error(error, g_error_copy(transfer->answer.refused),
                                   "the answer is refused: ");
        return;
    }
    if (client->trust_error) {
        g_propagate_error(error, g_steal_pointer(&client->trust_error));
        return;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION && client->detail) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TLS, "the server is not trusted: %s",
                    client->detail);
        return;
    }
    if (code == CURLE_FILESIZE_EXCEEDED) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                    "the answer is refused: it is longer than %" G_GSIZE_FORMAT " octets",
                    transfer->answer.max_body);
        return;
    }
    if (code == CURLE_OPERATION_TIMEDOUT)
        kind = EUICCD_ERROR_TIMEOUT;
    /* A connection that breaks during the handshake says nothing about trust. */
    else if (code == CURLE_SSL_CONNECT_ERROR && !strstr(text, "SSL_ERROR_SYSCALL") &&
             !strstr(text, "Recv failure") && !strstr(text, "Send failure"))
        kind = EUICCD_ERROR_TLS;
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CIPHER ||
             code == CURLE_SSL_CERTPROBLEM)
        kind = EUICCD_ERROR_TLS;
    words = describe(client, transfer, code, text);
    g_set_error(error, EUICCD_ERROR, (gint)kind, "%s", words);
}

static gboolean check_end(HttpsClient *client, const Transfer *transfer, GError **error)
{
    long status = 0;

    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    return http_answer_check_end(&transfer->answer, status, client->close_notify, error);
}

/* One attempt. FALSE and *RET_AGAIN: the kept connection was closed by the server before it
 * answered, or the handshake with a kept session failed. */
static gboolean attempt(HttpsClient *client, Transfer *transfer, gboolean *ret_again,
                        GError **error)
{
    char text[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;
    long connections = 0;
    gboolean driven, offered;

    *ret_again = FALSE;
    client->close_notify = FALSE;
    client->alert = -1;
    transfer->last_octet = clock_boottime();
    SET(client->easy, CURLOPT_HEADERDATA, transfer);
    SET(client->easy, CURLOPT_WRITEDATA, transfer);
    SET(client->easy, CURLOPT_DEBUGDATA, transfer);
    SET(client->easy, CURLOPT_ERRORBUFFER, text);
    if (curl_multi_add_handle(client->multi, client->easy) != CURLM_OK) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                            "libcurl does not take the transfer");
        return FALSE;
    }
    driven = drive(client, transfer, &code, error);
    curl_easy_getinfo(client->easy, CURLINFO_NUM_CONNECTS, &connections);
    /* Removing a handle that is not done closes its connection. */
    curl_multi_remove_handle(client->multi, client->easy);
    SET(client->easy, CURLOPT_ERRORBUFFER, NULL);
    client->counters.connections += (guint64)MAX(connections, 0);
    offered = tls_session_settle(client->session, transfer->sent);
    /* A handshake that led to a request was accepted by the trust, now or when its session was
     * made. */
    if (connections > 0 || transfer->sent)
        client->trusted = transfer->sent;
    if (transfer->sent && client->detail) {
        g_free(client->verified_as);
        client->verified_as = g_steal_pointer(&client->detail);
    }
    if (!driven)
        return FALSE;
    if (code == CURLE_OK)
        return check_end(client, transfer, error);
    if (offered && !transfer->sent)
        *ret_again = code == CURLE_SSL_CONNECT_ERROR;
    else
        *ret_again =
            connections == 0 && !transfer->answered &&
            (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING);
    set_curl_error(client, transfer, code, text, error);
    return FALSE;
}

static HttpsResponse *make_response(HttpsClient *client, Transfer *transfer)
{
    HttpsResponse *response = g_new0(HttpsResponse, 1);
    long status = 0;

    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = (guint)status;
    response->body = g_byte_array_free_to_bytes(g_steal_pointer(&transfer->answer.body));
    response->content_type = g_steal_pointer(&transfer->answer.content_type);
    response->retry_after =
        http_answer_get_retry_after(&transfer->answer, clock_realtime() / G_USEC_PER_SEC);
    return response;
}

/* Gives the handle its URL, header lines and body, all of which must live until the end of the
 * exchange except the URL. */
static gboolean prepare(HttpsClient *client, const char *path, const char *const *headers,
                        GBytes *body, CurlList **ret_list, GError **error)
{
    g_autofree char *url =
        g_strdup_printf(strchr(client->host, ':') ? "https://[%s]:%u%s" : "https://%s:%u%s",
                        client->host, client->port, path);
    /* Without values: header lines that libcurl would add on its own. */
    g_autoptr(CurlList) list = curl_slist_append(NULL, "Accept:");
    gboolean has_type = FALSE;
    gsize size;
    const void *data = g_bytes_get_data(body, &size);

    list = curl_slist_append(list, "Expect:");
    for (gsize i = 0; headers && headers[i]; i++) {
        has_type |= g_ascii_strncasecmp(headers[i], "Content-Type:", 13) == 0;
        list = curl_slist_append(list, headers[i]);
    }
    if (!has_type)
        list = curl_slist_append(list, "Content-Type:");
    if (!list || curl_easy_setopt(client->easy, CURLOPT_URL, url) != CURLE_OK) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "libcurl is out of memory");
        return FALSE;
    }
    SET(client->easy, CURLOPT_HTTPHEADER, list);
    SET(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    SET(client->easy, CURLOPT_POSTFIELDS, size > 0 ? data : "");
    *ret_list = g_steal_pointer(&list);
    return TRUE;
}

/* Sends the request that the handle has. STREAM NULL: the body is kept. */
static HttpsResponse *exchange(HttpsClient *client, const HttpsStream *stream,
                               GCancellable *cancellable, GError **error)
{
    gsize max_body = stream ? stream->max_response : client->config.max_response;
    guint total_timeout = stream ? stream->total_timeout : client->config.total_timeout;
    gint64 deadline = clock_deadline(total_timeout);
    HttpsResponse *response = NULL;
    gboolean again = TRUE;

    SET(client->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)max_body);
    client->counters.requests++;
    for (guint attempts = 0; !response && again && attempts < 2; attempts++) {
        g_auto(Transfer) transfer = {
            .client = client,
            .stream = stream,
            .cancellable = cancellable,
            .total_timeout = total_timeout,
            .deadline = deadline,
        };
        g_autoptr(GError) local = NULL;

        http_answer_init(&transfer.answer, max_body);
        if (attempt(client, &transfer, &again, &local))
            response = make_response(client, &transfer);
        else if (transfer.sink_error)
            g_propagate_error(error, g_steal_pointer(&local));
        else if (!again || attempts == 1)
            g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                       "POST to %s: ", client->name);
        SET(client->easy, CURLOPT_HEADERDATA, NULL);
        SET(client->easy, CURLOPT_WRITEDATA, NULL);
        SET(client->easy, CURLOPT_DEBUGDATA, NULL);
    }
    return response;
}

HttpsResponse *https_post_stream(HttpsClient *client, const char *path, const char *const *headers,
                                 GBytes *body, const HttpsStream *stream, GCancellable *cancellable,
                                 GError **error)
{
    g_autoptr(CurlList) list = NULL;
    HttpsResponse *response;

    if (!check_cancelled(cancellable, error) ||
        !prepare(client, path, headers, body, &list, error)) {
        g_prefix_error(error, "POST to %s: ", client->name);
        return NULL;
    }
    response = exchange(client, stream, cancellable, error);
    SET(client->easy, CURLOPT_HTTPHEADER, NULL);
    SET(client->easy, CURLOPT_POSTFIELDS, NULL);
    tls_session_save(client->session);
    return response;
}

HttpsResponse *https_post(HttpsClient *client, const char *path, const char *const *headers,
                          GBytes *body, GCancellable *cancellable, GError **error)
{
    return https_post_stream(client, path, headers, body, NULL, cancellable, error);
}
