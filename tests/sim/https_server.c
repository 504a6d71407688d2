/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/https_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)

typedef struct {
    SimHttpServer *server;
    guint number;
    GThread *thread;
    SSL *ssl;
    GByteArray *input; /* read, but not consumed yet */
    gboolean cut;      /* ends without a TLS close_notify */

    /* Under the server's lock. */
    int fd;
    gboolean finished;
} Connection;

struct SimHttpServer {
    SimHttpFunc func;
    gpointer data;
    int listen_fd;
    guint16 port;
    GThread *thread;

    GMutex lock;
    GCond stop; /* signalled when stopping is set */
    gboolean stopping;
    gboolean accepting;
    SSL_CTX *tls;
    GPtrArray *connections;
    guint last_number;
    guint failed_handshakes;
};

/* ---- TLS ---- */

static gboolean fail_tls(GError **error, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what,
                reason ? reason : "refused by the TLS library");
    ERR_clear_error();
    return FALSE;
}

static gboolean version_from_string(const char *text, int *ret_version, GError **error)
{
    static const struct {
        const char *text;
        int version;
    } versions[] = {
        { "1.0", TLS1_VERSION },
        { "1.1", TLS1_1_VERSION },
        { "1.2", TLS1_2_VERSION },
        { "1.3", TLS1_3_VERSION },
    };

    for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (g_str_equal(versions[i].text, text)) {
            *ret_version = versions[i].version;
            return TRUE;
        }
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no TLS version", text);
    return FALSE;
}

static SSL_CTX *make_context(const SimHttpTls *tls, GError **error)
{
    g_autoptr(SSL_CTX) context = SSL_CTX_new(TLS_server_method());
    int min = TLS1_2_VERSION, max = TLS1_3_VERSION;

    if (tls->max_version && !version_from_string(tls->max_version, &max, error))
        return NULL;
    if (tls->min_version && !version_from_string(tls->min_version, &min, error))
        return NULL;
    min = MIN(min, max);
    /* Versions below 1.2 need SHA-1, which level 1 forbids. */
    if (max < TLS1_2_VERSION && SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") != 1) {
        fail_tls(error, "cipher list");
        return NULL;
    }
    if (SSL_CTX_set_min_proto_version(context, min) != 1 ||
        SSL_CTX_set_max_proto_version(context, max) != 1) {
        fail_tls(error, "TLS version");
        return NULL;
    }
    /* A server with a brainpool certificate has to name the curve among its groups. */
    if (SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:brainpoolP256r1") != 1 ||
        SSL_CTX_set_session_id_context(context, (const unsigned char *)"sim", 3) != 1) {
        fail_tls(error, "TLS set-up");
        return NULL;
    }
    if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1) {
        fail_tls(error, tls->certificate);
        return NULL;
    }
    if (SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        fail_tls(error, tls->key);
        return NULL;
    }
    return g_steal_pointer(&context);
}

/* ---- one connection ---- */

/* Reads more into INPUT. FALSE at the end, and when the connection failed. */
static gboolean fill(Connection *connection)
{
    guint8 buffer[4096];
    int got = SSL_read(connection->ssl, buffer, sizeof(buffer));

    if (got <= 0)
        return FALSE;
    g_byte_array_append(connection->input, buffer, (guint)got);
    return TRUE;
}

static gboolean send_all(Connection *connection, const void *data, gsize size)
{
    return size == 0 || SSL_write(connection->ssl, data, (int)size) == (int)size;
}

/* Until the client goes, or the server ends. */
static void stall(Connection *connection)
{
    while (fill(connection))
        g_byte_array_set_size(connection->input, 0);
}

static const char *reason_phrase(guint status)
{
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 302:
        return "Found";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    default:
        return "Scripted";
    }
}

static void answer_clear(SimHttpAnswer *answer)
{
    g_free(answer->content_type);
    g_string_free(answer->headers, TRUE);
    g_clear_pointer(&answer->body, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimHttpAnswer, answer_clear)

/* Waits unless the server ends meanwhile. FALSE when it does. */
static gboolean delay(SimHttpServer *server, guint milliseconds)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&server->lock);
    gint64 end = g_get_monotonic_time() + (gint64)milliseconds * 1000;

    while (!server->stopping) {
        if (milliseconds == 0 || !g_cond_wait_until(&server->stop, &server->lock, end))
            return TRUE;
    }
    return FALSE;
}

/* As fast as the answer wants it. */
static gboolean send_paced(Connection *connection, const SimHttpAnswer *answer, const char *data,
                           gsize size)
{
    if (answer->slow_octets == 0)
        return send_all(connection, data, size);
    for (gsize at = 0; at < size; at += answer->slow_octets) {
        if (!send_all(connection, data + at, MIN(size - at, answer->slow_octets)) ||
            !delay(connection->server, answer->slow_pause))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_chunked(const SimHttpAnswer *answer, guint64 size)
{
    return (answer->chunked || answer->contradictory) && size > 0;
}

static GString *make_head(const SimHttpAnswer *answer, guint64 size)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "HTTP/1.1 %u %s\r\n", answer->status,
                           reason_phrase(answer->status));
    if (answer->content_type)
        g_string_append_printf(text, "Content-Type: %s\r\n", answer->content_type);
    g_string_append_len(text, answer->headers->str, (gssize)answer->headers->len);
    if (is_chunked(answer, size))
        g_string_append(text, "Transfer-Encoding: chunked\r\n");
    if (answer->status != 204 && answer->status >= 200 &&
        (!is_chunked(answer, size) || answer->contradictory))
        g_string_append_printf(text, "Content-Length: %" G_GUINT64_FORMAT "\r\n", size);
    if (answer->close)
        g_string_append(text, "Connection: close\r\n");
    return g_string_append(text, "\r\n");
}

/* The body proper, in two chunks, so that a client has to put them together. */
static void append_body(GString *text, const SimHttpAnswer *answer, const char *body, gsize size,
                        gboolean chunked)
{
    gsize first = (size + 1) / 2;

    if (!chunked) {
        g_string_append_len(text, body, (gssize)size);
        return;
    }
    for (gsize at = 0; at < size; at += first) {
        gsize part = MIN(first, size - at);

        g_string_append_printf(text, "%zx\r\n", part);
        g_string_append_len(text, body + at, (gssize)part);
        g_string_append(text, "\r\n");
    }
    if (answer->fill == 0)
        g_string_append(text, "0\r\n\r\n");
}

static gboolean send_fill(Connection *connection, const SimHttpAnswer *answer, gboolean chunked)
{
    char octets[16384];

    memset(octets, answer->fill_octet, sizeof(octets));
    for (guint64 left = answer->fill; left > 0;) {
        gsize part = (gsize)MIN(left, sizeof(octets));
        g_autofree char *size = g_strdup_printf("%zx\r\n", part);

        if ((chunked && !send_all(connection, size, strlen(size))) ||
            !send_paced(connection, answer, octets, part) ||
            (chunked && !send_all(connection, "\r\n", 2)))
            return FALSE;
        left -= part;
    }
    return answer->fill == 0 || !chunked || send_all(connection, "0\r\n\r\n", 5);
}

/* TRUE when the connection may be used for the next request. */
static gboolean send_answer(Connection *connection, const SimHttpAnswer *answer)
{
    g_autoptr(GString) text = NULL;
    gsize size = 0, head;
    const char *body = answer->body ? g_bytes_get_data(answer->body, &size) : NULL;
    gboolean chunked = is_chunked(answer, size + answer->fill);

    connection->cut = answer->delivery != SIM_HTTP_SEND;
    if (!delay(connection->server, answer->delay))
        return FALSE;
    text = make_head(answer, size + answer->fill);
    head = text->len;
    switch (answer->delivery) {
    case SIM_HTTP_DROP:
        return FALSE;
    case SIM_HTTP_STALL_HEAD:
        if (send_paced(connection, answer, text->str, head / 2))
            stall(connection);
        return FALSE;
    case SIM_HTTP_STALL_BODY:
    case SIM_HTTP_TRUNCATE:
        append_body(text, answer, body, size, chunked);
        if (send_paced(connection, answer, text->str, head + (text->len - head) / 2) &&
            answer->delivery == SIM_HTTP_STALL_BODY)
            stall(connection);
        return FALSE;
    case SIM_HTTP_SEND:
        append_body(text, answer, body, size, chunked);
        break;
    }
    if (answer->cut_at > 0 && answer->cut_at < text->len - head) {
        connection->cut = TRUE;
        (void)send_paced(connection, answer, text->str, head + (gsize)answer->cut_at);
        return FALSE;
    }
    return send_paced(connection, answer, text->str, text->len) &&
           send_fill(connection, answer, chunked) && !answer->close;
}

static gboolean refuse(Connection *connection, guint status)
{
    g_auto(SimHttpAnswer)
        answer = { .status = status, .headers = g_string_new(NULL), .close = TRUE };

    return send_answer(connection, &answer);
}

/* The size of the head at the start of INPUT with its empty line, 0 when it isn't complete. */
static gsize head_size(const GByteArray *input)
{
    const guint8 *end = input->len ? memmem(input->data, input->len, "\r\n\r\n", 4) : NULL;

    return end ? (gsize)(end - input->data) + 4 : 0;
}

static gboolean serve_request(Connection *connection, guint number)
{
    SimHttpServer *server = connection->server;
    g_auto(SimHttpAnswer) answer = { .status = 200, .headers = g_string_new(NULL) };
    g_autoptr(SimHttpHead) head = NULL;
    SimHttpRequest request;
    gsize size;

    while ((size = head_size(connection->input)) == 0) {
        if (connection->input->len > SIM_HTTP_HEAD_LIMIT)
            return refuse(connection, 400);
        if (!fill(connection))
            return FALSE;
    }
    head = sim_http_head_parse((const char *)connection->input->data, size, NULL);
    if (!head)
        return refuse(connection, 400);
    g_byte_array_remove_range(connection->input, 0, (guint)size);
    if (head->chunked)
        return refuse(connection, 411);
    if (head->length > SIM_HTTP_BODY_LIMIT)
        return refuse(connection, 413);
    if (head->expect_continue && !send_all(connection, "HTTP/1.1 100 Continue\r\n\r\n", 25))
        return FALSE;
    while (connection->input->len < head->length) {
        if (!fill(connection))
            return FALSE;
    }

    request = (SimHttpRequest){
        .head = head,
        .body =
            tlv_slice(head->length ? connection->input->data : (const guint8 *)"", head->length),
        .connection = connection->number,
        .number = number,
        .tls_version = SSL_get_version(connection->ssl),
        .tls_cipher = SSL_get_cipher_name(connection->ssl),
        .server_name = SSL_get_servername(connection->ssl, TLSEXT_NAMETYPE_host_name),
        .resumed = SSL_session_reused(connection->ssl) == 1,
    };
    server->func(&request, &answer, server->data);
    if (head->length > 0)
        g_byte_array_remove_range(connection->input, 0, (guint)head->length);
    answer.close = answer.close || head->close;
    return send_answer(connection, &answer);
}

static gpointer connection_thread(gpointer data)
{
    Connection *connection = data;
    SimHttpServer *server = connection->server;
    gboolean secure;
    sigset_t signals;

    /* OpenSSL writes with write(2): a client that went away must not end the process. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    secure = SSL_accept(connection->ssl) == 1;
    for (guint number = 1; secure && serve_request(connection, number); number++)
        ;

    if (secure && !connection->cut)
        SSL_shutdown(connection->ssl);
    ERR_clear_error();
    g_mutex_lock(&server->lock);
    if (!secure)
        server->failed_handshakes++;
    close(connection->fd);
    connection->fd = -1;
    connection->finished = TRUE;
    g_mutex_unlock(&server->lock);
    return NULL;
}

static void connection_free(gpointer data)
{
    Connection *connection = data;

    g_thread_join(connection->thread);
    SSL_free(connection->ssl);
    g_byte_array_unref(connection->input);
    g_free(connection);
}

/* ---- the server ---- */

/* Frees what has ended, so that a long test doesn't collect threads. With the lock held. */
static void reap(SimHttpServer *server, GPtrArray *ended)
{
    for (guint i = server->connections->len; i > 0; i--) {
        Connection *connection = g_ptr_array_index(server->connections, i - 1);

        if (connection->finished)
            g_ptr_array_add(ended, g_ptr_array_steal_index(server->connections, i - 1));
    }
}

static void start_connection(SimHttpServer *server, int fd)
{
    g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func(connection_free);
    Connection *connection;

    g_mutex_lock(&server->lock);
    reap(server, ended);
    if (server->stopping || !server->accepting) {
        close(fd);
    } else {
        connection = g_new0(Connection, 1);
        connection->server = server;
        connection->number = ++server->last_number;
        connection->fd = fd;
        connection->input = g_byte_array_new();
        connection->ssl = SSL_new(server->tls);
        SSL_set_fd(connection->ssl, fd);
        connection->thread = g_thread_new("sim-https", connection_thread, connection);
        g_ptr_array_add(server->connections, connection);
    }
    g_mutex_unlock(&server->lock);
    /* ENDED is freed without the lock: the last thing that a connection does is to take it. */
}

static gpointer accept_thread(gpointer data)
{
    SimHttpServer *server = data;
    int on = 1;

    for (;;) {
        int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return NULL; /* the socket was shut down */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        start_connection(server, fd);
    }
}

static gboolean listen_at(SimHttpServer *server, const char *address, GError **error)
{
    g_autoptr(GSocketConnectable) parsed = g_network_address_parse(address, 443, error);
    g_autoptr(GInetAddress) inet = NULL;
    g_autoptr(GSocketAddress) socket_address = NULL;
    struct sockaddr_storage native;
    socklen_t size = sizeof(native);
    int on = 1;

    if (!parsed)
        return FALSE;
    inet =
        g_inet_address_new_from_string(g_network_address_get_hostname(G_NETWORK_ADDRESS(parsed)));
    if (!inet) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no IP address",
                    address);
        return FALSE;
    }
    socket_address =
        g_inet_socket_address_new(inet, g_network_address_get_port(G_NETWORK_ADDRESS(parsed)));
    if (!g_socket_address_to_native(socket_address, &native, sizeof(native), error))
        return FALSE;
    server->listen_fd = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listen_fd < 0 ||
        setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(server->listen_fd, (struct sockaddr *)&native,
             (socklen_t)g_socket_address_get_native_size(socket_address)) < 0 ||
        listen(server->listen_fd, 16) < 0 ||
        getsockname(server->listen_fd, (struct sockaddr *)&native, &size) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "listening at %s: %s", address,
                    g_strerror(errno));
        return FALSE;
    }
    server->port = ntohs(native.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&native)->sin6_port
                                                      : ((struct sockaddr_in *)&native)->sin_port);
    return TRUE;
}

SimHttpServer *sim_http_server_new(const char *address, const SimHttpTls *tls, SimHttpFunc func,
                                   gpointer data, GError **error)
{
    g_autoptr(SimHttpServer) server = g_new0(SimHttpServer, 1);

    server->func = func;
    server->data = data;
    server->listen_fd = -1;
    server->accepting = TRUE;
    g_mutex_init(&server->lock);
    g_cond_init(&server->stop);
    server->connections = g_ptr_array_new_with_free_func(connection_free);
    server->tls = make_context(tls, error);
    if (!server->tls || !listen_at(server, address, error))
        return NULL;
    server->thread = g_thread_new("sim-https-accept", accept_thread, server);
    return g_steal_pointer(&server);
}

static void end_connections(SimHttpServer *server)
{
    for (guint i = 0; i < server->connections->len; i++) {
        Connection *connection = g_ptr_array_index(server->connections, i);

        if (connection->fd >= 0)
            shutdown(connection->fd, SHUT_RDWR);
    }
}

void sim_http_server_free(SimHttpServer *server)
{
    if (!server)
        return;
    g_mutex_lock(&server->lock);
    server->stopping = TRUE;
    g_cond_broadcast(&server->stop);
    end_connections(server);
    g_mutex_unlock(&server->lock);

    if (server->thread) {
        shutdown(server->listen_fd, SHUT_RDWR); /* ends accept(2) */
        g_thread_join(server->thread);
    }
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    g_ptr_array_unref(server->connections);
    SSL_CTX_free(server->tls);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->stop);
    g_free(server);
}

guint16 sim_http_server_get_port(SimHttpServer *server)
{
    return server->port;
}

gboolean sim_http_server_set_tls(SimHttpServer *server, const SimHttpTls *tls, GError **error)
{
    SSL_CTX *context = make_context(tls, error);
    SSL_CTX *former;

    if (!context)
        return FALSE;
    g_mutex_lock(&server->lock);
    former = g_steal_pointer(&server->tls);
    server->tls = context;
    end_connections(server);
    g_mutex_unlock(&server->lock);
    SSL_CTX_free(former);
    return TRUE;
}

void sim_http_server_set_accepting(SimHttpServer *server, gboolean accepting)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&server->lock);

    server->accepting = accepting;
    if (!accepting)
        end_connections(server);
}

guint sim_http_server_get_failed_handshakes(SimHttpServer *server)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&server->lock);

    return server->failed_handshakes;
}
