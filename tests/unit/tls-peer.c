/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/tls-peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    GBytes *octets;
    TlsPeerThen then;
} Answer;

struct TlsPeer {
    SSL_CTX *ctx;
    int listener;
    guint16 port;
    GThread *thread;
    GMutex lock;
    GCond changed;
    GPtrArray *answers;  /* of Answer */
    GPtrArray *requests; /* of GBytes */
    GArray *sockets;     /* of int: open connections */
    GPtrArray *threads;
    guint connections, handshakes, resumed, early_data, stalls, disguised;
    char *server_name;
    gboolean stopping;
};

typedef struct {
    TlsPeer *peer;
    int socket;
} Connection;

static void answer_free(gpointer data)
{
    Answer *answer = data;

    g_bytes_unref(answer->octets);
    g_free(answer);
}

/* The next request, or NULL at the end of the connection. */
static GBytes *read_request(SSL *ssl)
{
    g_autoptr(GByteArray) in = g_byte_array_new();
    gsize wanted = G_MAXSIZE;

    while (in->len < wanted) {
        guint8 octet;

        if (SSL_read(ssl, &octet, 1) != 1)
            return NULL;
        g_byte_array_append(in, &octet, 1);
        if (wanted == G_MAXSIZE && in->len >= 4 &&
            memcmp(in->data + in->len - 4, "\r\n\r\n", 4) == 0) {
            g_autofree char *head = g_strndup((const char *)in->data, in->len);
            const char *length = strstr(head, "Content-Length: ");

            wanted = in->len;
            if (length)
                wanted += (gsize)g_ascii_strtoull(length + strlen("Content-Length: "), NULL, 10);
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&in));
}

/* Keeps the request and returns what it is answered with; borrowed. */
static const Answer *take_request(TlsPeer *peer, GBytes *request)
{
    const Answer *answer = NULL;

    g_mutex_lock(&peer->lock);
    if (peer->requests->len < peer->answers->len)
        answer = peer->answers->pdata[peer->requests->len];
    g_ptr_array_add(peer->requests, request);
    g_cond_broadcast(&peer->changed);
    g_mutex_unlock(&peer->lock);
    return answer;
}

static void serve(TlsPeer *peer, SSL *ssl)
{
    GBytes *request;

    while ((request = read_request(ssl))) {
        const Answer *answer = take_request(peer, request);
        const guint8 *octets;
        gsize size;

        if (!answer)
            return;
        octets = g_bytes_get_data(answer->octets, &size);
        if (size > 0 && SSL_write(ssl, octets, (int)size) <= 0)
            return;
        switch (answer->then) {
        case TLS_PEER_KEEP:
            break;
        case TLS_PEER_CLOSE:
            SSL_shutdown(ssl);
            return;
        case TLS_PEER_CUT:
            return;
        case TLS_PEER_STALL: {
            guint8 sink[256];

            g_mutex_lock(&peer->lock);
            peer->stalls++;
            g_mutex_unlock(&peer->lock);
            while (read(SSL_get_fd(ssl), sink, sizeof sink) > 0)
                ;
            return;
        }
        }
    }
}

static gpointer connection_main(gpointer data)
{
    g_autofree Connection *connection = data;
    TlsPeer *peer = connection->peer;
    SSL *ssl = SSL_new(peer->ctx);

    SSL_set_fd(ssl, connection->socket);
    if (SSL_accept(ssl) == 1) {
        g_mutex_lock(&peer->lock);
        peer->handshakes++;
        peer->resumed += (guint)SSL_session_reused(ssl);
        peer->early_data += SSL_get_early_data_status(ssl) != SSL_EARLY_DATA_NOT_SENT;
        g_free(peer->server_name);
        peer->server_name = g_strdup(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
        g_mutex_unlock(&peer->lock);
        serve(peer, ssl);
    }
    SSL_free(ssl);
    g_mutex_lock(&peer->lock);
    for (guint i = 0; i < peer->sockets->len; i++)
        if (g_array_index(peer->sockets, int, i) == connection->socket)
            g_array_remove_index_fast(peer->sockets, i);
    close(connection->socket);
    g_mutex_unlock(&peer->lock);
    return NULL;
}

static gpointer peer_main(gpointer data)
{
    TlsPeer *peer = data;
    int fd;

    while ((fd = accept(peer->listener, NULL, NULL)) >= 0) {
        Connection *connection = g_new(Connection, 1);

        *connection = (Connection){ peer, fd };
        g_mutex_lock(&peer->lock);
        peer->connections++;
        g_array_append_val(peer->sockets, fd);
        if (peer->stopping)
            shutdown(fd, SHUT_RDWR);
        g_ptr_array_add(peer->threads, g_thread_new("tls-connection", connection_main, connection));
        g_mutex_unlock(&peer->lock);
    }
    return NULL;
}

/* A hello of TLS 1.3 that looks like one of TLS 1.2 has a session identifier (RFC 8446 D.4). */
static int on_hello(SSL *ssl, int *alert, void *data)
{
    TlsPeer *peer = data;
    const unsigned char *id;

    (void)alert;
    g_mutex_lock(&peer->lock);
    peer->disguised += SSL_client_hello_get0_session_id(ssl, &id) > 0;
    g_mutex_unlock(&peer->lock);
    return SSL_CLIENT_HELLO_SUCCESS;
}

TlsPeer *tls_peer_new(X509 *certificate, EVP_PKEY *key, GPtrArray *chain)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    TlsPeer *peer = g_new0(TlsPeer, 1);

    g_mutex_init(&peer->lock);
    g_cond_init(&peer->changed);
    peer->answers = g_ptr_array_new_with_free_func(answer_free);
    peer->requests = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    peer->sockets = g_array_new(FALSE, FALSE, sizeof(int));
    peer->threads = g_ptr_array_new();
    peer->ctx = SSL_CTX_new(TLS_server_method());
    g_assert_cmpint(SSL_CTX_use_certificate(peer->ctx, certificate), ==, 1);
    g_assert_cmpint(SSL_CTX_use_PrivateKey(peer->ctx, key), ==, 1);
    /* A brainpool certificate is served only by a server that lists the curve. */
    g_assert_cmpint(SSL_CTX_set1_groups_list(peer->ctx, "X25519:P-256:brainpoolP256r1"), ==, 1);
    SSL_CTX_set_mode(peer->ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_id_context(peer->ctx, (const guint8 *)"test", 4);
    SSL_CTX_set_verify(peer->ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_client_hello_cb(peer->ctx, on_hello, peer);
    for (guint i = 0; chain && i < chain->len; i++)
        g_assert_cmpint((int)SSL_CTX_add1_chain_cert(peer->ctx, chain->pdata[i]), ==, 1);
    X509_free(certificate);
    EVP_PKEY_free(key);

    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(peer->listener, >=, 0);
    g_assert_cmpint(bind(peer->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(peer->listener, 8), ==, 0);
    g_assert_cmpint(getsockname(peer->listener, (struct sockaddr *)&address, &size), ==, 0);
    peer->port = ntohs(address.sin_port);
    peer->thread = g_thread_new("tls-peer", peer_main, peer);
    return peer;
}

void tls_peer_free(TlsPeer *peer)
{
    g_mutex_lock(&peer->lock);
    peer->stopping = TRUE;
    for (guint i = 0; i < peer->sockets->len; i++)
        shutdown(g_array_index(peer->sockets, int, i), SHUT_RDWR);
    g_mutex_unlock(&peer->lock);
    /* Ends accept() in the thread. */
    shutdown(peer->listener, SHUT_RDWR);
    g_thread_join(peer->thread);
    for (guint i = 0; i < peer->threads->len; i++)
        g_thread_join(peer->threads->pdata[i]);
    close(peer->listener);
    g_ptr_array_unref(peer->threads);
    g_array_unref(peer->sockets);
    g_ptr_array_unref(peer->answers);
    g_ptr_array_unref(peer->requests);
    SSL_CTX_free(peer->ctx);
    g_free(peer->server_name);
    g_mutex_clear(&peer->lock);
    g_cond_clear(&peer->changed);
    g_free(peer);
}

guint16 tls_peer_get_port(TlsPeer *peer)
{
    return peer->port;
}

void tls_peer_set_max_version(TlsPeer *peer, int version)
{
    g_assert_cmpint((int)SSL_CTX_set_max_proto_version(peer->ctx, version), ==, 1);
}

void tls_peer_forget_sessions(TlsPeer *peer)
{
    guint8 keys[80] = { 0 };

    g_assert_cmpint((int)SSL_CTX_get_tlsext_ticket_keys(peer->ctx, keys, sizeof keys), ==, 1);
    for (guint i = 0; i < sizeof keys; i++)
        keys[i] ^= 0xFF;
    g_assert_cmpint((int)SSL_CTX_set_tlsext_ticket_keys(peer->ctx, keys, sizeof keys), ==, 1);
}

void tls_peer_set_tickets(TlsPeer *peer, guint n)
{
    g_assert_cmpint(SSL_CTX_set_num_tickets(peer->ctx, n), ==, 1);
}

void tls_peer_allow_early_data(TlsPeer *peer)
{
    /* Guarded against replays it would forget the sessions of connections that it did not close itself. */
    SSL_CTX_set_options(peer->ctx, SSL_OP_NO_ANTI_REPLAY);
    g_assert_cmpint(SSL_CTX_set_max_early_data(peer->ctx, 16384), ==, 1);
}

void tls_peer_answer(TlsPeer *peer, const void *octets, gsize size, TlsPeerThen then)
{
    Answer *answer = g_new(Answer, 1);

    *answer = (Answer){ g_bytes_new(octets, size), then };
    g_mutex_lock(&peer->lock);
    g_ptr_array_add(peer->answers, answer);
    g_mutex_unlock(&peer->lock);
}

void tls_peer_answer_text(TlsPeer *peer, const char *text, TlsPeerThen then)
{
    tls_peer_answer(peer, text, strlen(text), then);
}

void tls_peer_answer_http(TlsPeer *peer, guint status, GBytes *body, TlsPeerThen then)
{
    g_autofree char *head = NULL;
    g_autoptr(GByteArray) out = g_byte_array_new();
    gsize size = 0;
    const guint8 *octets = body ? g_bytes_get_data(body, &size) : NULL;

    if (status == 204)
        head = g_strdup("HTTP/1.1 204 No Content\r\n\r\n");
    else
        head = g_strdup_printf("HTTP/1.1 %u Test\r\nContent-Type: application/x-gsma-rsp-asn1\r\n"
                               "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                               status, size);
    g_byte_array_append(out, (const guint8 *)head, (guint)strlen(head));
    if (size > 0)
        g_byte_array_append(out, octets, (guint)size);
    tls_peer_answer(peer, out->data, out->len, then);
}

void tls_peer_wait_requests(TlsPeer *peer, guint n)
{
    g_mutex_lock(&peer->lock);
    while (peer->requests->len < n)
        g_cond_wait(&peer->changed, &peer->lock);
    g_mutex_unlock(&peer->lock);
}

char *tls_peer_get_request(TlsPeer *peer, guint i, gsize *ret_size)
{
    char *copy = NULL;

    g_mutex_lock(&peer->lock);
    if (i < peer->requests->len) {
        const char *octets = g_bytes_get_data(peer->requests->pdata[i], ret_size);

        copy = g_malloc(*ret_size + 1);
        memcpy(copy, octets, *ret_size);
        copy[*ret_size] = '\0';
    }
    g_mutex_unlock(&peer->lock);
    g_assert_nonnull(copy);
    return copy;
}

static guint get(TlsPeer *peer, const guint *number)
{
    guint value;

    g_mutex_lock(&peer->lock);
    value = *number;
    g_mutex_unlock(&peer->lock);
    return value;
}

guint tls_peer_get_n_requests(TlsPeer *peer)
{
    return get(peer, &peer->requests->len);
}

guint tls_peer_get_stalls(TlsPeer *peer)
{
    return get(peer, &peer->stalls);
}

guint tls_peer_get_connections(TlsPeer *peer)
{
    return get(peer, &peer->connections);
}

guint tls_peer_get_handshakes(TlsPeer *peer)
{
    return get(peer, &peer->handshakes);
}

guint tls_peer_get_resumed(TlsPeer *peer)
{
    return get(peer, &peer->resumed);
}

guint tls_peer_get_disguised(TlsPeer *peer)
{
    return get(peer, &peer->disguised);
}

guint tls_peer_get_early_data(TlsPeer *peer)
{
    return get(peer, &peer->early_data);
}

char *tls_peer_get_server_name(TlsPeer *peer)
{
    char *name;

    g_mutex_lock(&peer->lock);
    name = g_strdup(peer->server_name);
    g_mutex_unlock(&peer->lock);
    return name;
}

/* ---- certificates ---- */

X509 *tls_load_certificate(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate;

    g_assert_nonnull(file);
    certificate = d2i_X509_fp(file, NULL);
    g_assert_nonnull(certificate);
    fclose(file);
    return certificate;
}

EVP_PKEY *tls_load_key(const char *path)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key;

    g_assert_nonnull(file);
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    g_assert_nonnull(key);
    fclose(file);
    return key;
}

EVP_PKEY *tls_make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    g_assert_nonnull(key);
    return key;
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    g_assert_nonnull(extension);
    g_assert_cmpint(X509_add_ext(certificate, extension, -1), ==, 1);
    X509_EXTENSION_free(extension);
}

/* OpenSSL writes this one only with a configuration at hand. */
static void add_policies(X509 *certificate, const char *text)
{
    g_auto(GStrv) oids = g_strsplit(text, " ", -1);
    CERTIFICATEPOLICIES *policies = sk_POLICYINFO_new_null();

    for (guint i = 0; oids[i]; i++) {
        POLICYINFO *policy = POLICYINFO_new();

        policy->policyid = OBJ_txt2obj(oids[i], 1);
        sk_POLICYINFO_push(policies, policy);
    }
    g_assert_cmpint(
        X509_add1_ext_i2d(certificate, NID_certificate_policies, policies, 0, X509V3_ADD_DEFAULT),
        ==, 1);
    CERTIFICATEPOLICIES_free(policies);
}

X509 *tls_make_certificate(const TlsProfile *profile, EVP_PKEY *key, X509 *issuer,
                           EVP_PKEY *issuer_key)
{
    static gint serial = 1;
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    gboolean own_dates = profile->not_before != 0 || profile->not_after != 0;

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), g_atomic_int_add(&serial, 1));
    X509_gmtime_adj(X509_getm_notBefore(certificate),
                    own_dates ? (long)profile->not_before : -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), own_dates ? (long)profile->not_after : 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const guint8 *)profile->name, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : name);
    X509_set_pubkey(certificate, key);
    add_extension(certificate, NID_basic_constraints,
                  profile->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (profile->san)
        add_extension(certificate, NID_subject_alt_name, profile->san);
    if (profile->usage)
        add_extension(certificate, NID_ext_key_usage, profile->usage);
    if (profile->policies)
        add_policies(certificate, profile->policies);
    g_assert_cmpint(X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256()), >, 0);
    return certificate;
}
