/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/*
 * A TLS server of the tests on 127.0.0.1, port chosen by the kernel, with a thread for each
 * connection. It reads HTTP requests and answers them from a script: the n-th request gets the n-th
 * answer, whatever connection it comes on.
 */
typedef struct TlsPeer TlsPeer;

typedef enum {
    TLS_PEER_KEEP,  /* answer and wait for the next request */
    TLS_PEER_CLOSE, /* answer, then close as TLS wants it */
    TLS_PEER_CUT,   /* answer, then close the socket without a word */
    TLS_PEER_STALL, /* answer, then neither read nor write until the client or the test gives up */
} TlsPeerThen;

/* Takes CERTIFICATE and KEY; CHAIN (of X509, may be NULL) is sent behind the certificate. */
TlsPeer *tls_peer_new(X509 *certificate, EVP_PKEY *key, GPtrArray *chain);
/* Closes everything, joins the threads. */
void tls_peer_free(TlsPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsPeer, tls_peer_free)

guint16 tls_peer_get_port(TlsPeer *peer);

/* For the connections to come; between two exchanges. */
void tls_peer_set_max_version(TlsPeer *peer, int version);
/* Nothing that was handed out before can be resumed. */
void tls_peer_forget_sessions(TlsPeer *peer);
/* TLS 1.3 tickets for each connection. */
void tls_peer_set_tickets(TlsPeer *peer, guint n);
/* Tells clients that they may send early data. */
void tls_peer_allow_early_data(TlsPeer *peer);

/* Appends an answer to the script: octets as they are. */
void tls_peer_answer(TlsPeer *peer, const void *octets, gsize size, TlsPeerThen then);
void tls_peer_answer_text(TlsPeer *peer, const char *text, TlsPeerThen then);
/* The usual one: status, Content-Length, body. */
void tls_peer_answer_http(TlsPeer *peer, guint status, GBytes *body, TlsPeerThen then);

/* Waits until N requests were read completely. */
void tls_peer_wait_requests(TlsPeer *peer, guint n);
/* How often TLS_PEER_STALL was reached: all that the answer has was sent. */
guint tls_peer_get_stalls(TlsPeer *peer);
/* The complete I-th request as it came. g_free() it. */
char *tls_peer_get_request(TlsPeer *peer, guint i, gsize *ret_size);
guint tls_peer_get_n_requests(TlsPeer *peer);

/* TCP connections, completed handshakes, and those of them that resumed a session. */
guint tls_peer_get_connections(TlsPeer *peer);
guint tls_peer_get_handshakes(TlsPeer *peer);
guint tls_peer_get_resumed(TlsPeer *peer);
/* Handshakes with a session identifier in the hello: TLS 1.2, or TLS 1.3 in its looks. */
guint tls_peer_get_disguised(TlsPeer *peer);
/* Handshakes in which the client sent early data. */
guint tls_peer_get_early_data(TlsPeer *peer);

/* The server name of the last handshake, NULL where the client sent none. g_free() it. */
char *tls_peer_get_server_name(TlsPeer *peer);

/* ---- certificates ---- */

X509 *tls_load_certificate(const char *path);
EVP_PKEY *tls_load_key(const char *path);

typedef struct {
    const char *name;     /* common name */
    const char *san;      /* "DNS:eim.example.com", NULL: none */
    const char *usage;    /* extendedKeyUsage as in OpenSSL's configuration, NULL: none */
    const char *policies; /* certificatePolicies with blanks between them, NULL: none */
    gboolean ca;
    gint64 not_before, not_after; /* seconds from now; 0, 0: an hour either side */
} TlsProfile;

EVP_PKEY *tls_make_key(void);
/* ISSUER NULL: self-signed with KEY. */
X509 *tls_make_certificate(const TlsProfile *profile, EVP_PKEY *key, X509 *issuer,
                           EVP_PKEY *issuer_key);

G_END_DECLS
