/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * Small HTTP/1.1 server over TLS for the simulated servers: keep-alive, one thread a connection,
 * and all the ways of misbehaving that a client has to survive.
 */

#define SIM_HTTP_HEAD_LIMIT (16 * 1024)
#define SIM_HTTP_BODY_LIMIT (1024 * 1024)

typedef struct {
    char *name; /* as received */
    char *value;
} SimHttpHeader;

typedef struct {
    char *method;
    char *target;
    GArray *headers; /* SimHttpHeader */
    gboolean has_length;
    gsize length; /* of the body, from Content-Length */
    gboolean chunked;
    gboolean close; /* HTTP/1.0 or Connection: close */
    gboolean expect_continue;
} SimHttpHead;

/* Parses a request head: everything up to and including the empty line (RFC 9112). INVALID_DATA for
 * what is none. */
SimHttpHead *sim_http_head_parse(const char *data, gsize size, GError **error);
void sim_http_head_free(SimHttpHead *head);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimHttpHead, sim_http_head_free)

/* Value of the only header with this name (any case). NULL when it is absent or there twice. */
const char *sim_http_head_get(const SimHttpHead *head, const char *name);

typedef struct {
    const SimHttpHead *head;
    TlvSlice body;
    guint connection;        /* counts from 1 over the life of the server */
    guint number;            /* of this request on its connection, from 1 */
    const char *tls_version; /* "TLSv1.3" */
    const char *tls_cipher;
    const char *server_name; /* SNI, NULL when the client sent none */
    gboolean resumed;        /* the TLS session was resumed */
} SimHttpRequest;

typedef enum {
    SIM_HTTP_SEND,       /* head and body */
    SIM_HTTP_DROP,       /* close the connection without a word */
    SIM_HTTP_TRUNCATE,   /* announce the whole body, send half of it, close */
    SIM_HTTP_STALL_HEAD, /* send half of the head, then nothing more on the open connection */
    SIM_HTTP_STALL_BODY, /* likewise with half of the body */
} SimHttpDelivery;

/* What the function fills; all zero but status 200. */
typedef struct {
    guint status;
    char *content_type;     /* NULL: no such header */
    GString *headers;       /* more header lines, each with CR LF */
    GBytes *body;           /* NULL: none */
    guint64 fill;           /* octets that follow it, made while they are sent */
    guint8 fill_octet;      /* what they are */
    gboolean chunked;       /* send the body in chunks instead of with Content-Length */
    gboolean contradictory; /* in chunks, but with a Content-Length too (RFC 9112 6.3) */
    guint slow_octets;      /* send only so many at a time … */
    guint slow_pause;       /* … and wait so many milliseconds after them */
    guint64 cut_at;         /* the connection ends after so many octets of BODY; 0: it does not */
    gboolean close;         /* close the connection afterwards, and say so */
    guint delay;            /* milliseconds before the answer is sent */
    SimHttpDelivery delivery;
} SimHttpAnswer;

/* Called in the thread of the connection, for several connections at the same time. */
typedef void (*SimHttpFunc)(const SimHttpRequest *request, SimHttpAnswer *answer, gpointer data);

typedef struct {
    const char *certificate; /* PEM file: leaf first, then the rest of the chain */
    const char *key;         /* PEM file */
    const char *max_version; /* "1.0", "1.1", "1.2", "1.3"; NULL: 1.3 */
    const char *min_version; /* NULL: 1.2, or MAX_VERSION when that is lower */
} SimHttpTls;

typedef struct SimHttpServer SimHttpServer;

/* Listens at ADDRESS ("127.0.0.1:8443", "[::1]:0"; port 0: any free one). */
SimHttpServer *sim_http_server_new(const char *address, const SimHttpTls *tls, SimHttpFunc func,
                                   gpointer data, GError **error);
/* Ends all connections, answers under way included, and waits for their threads. */
void sim_http_server_free(SimHttpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimHttpServer, sim_http_server_free)

guint16 sim_http_server_get_port(SimHttpServer *server);

/* Another certificate or version for connections from now on; those that are open end. On failure nothing
 * changes. */
gboolean sim_http_server_set_tls(SimHttpServer *server, const SimHttpTls *tls, GError **error);

/* FALSE: new connections are closed before TLS, and those that are idle or open end now. */
void sim_http_server_set_accepting(SimHttpServer *server, gboolean accepting);

/* TLS handshakes that failed so far, e.g. because the client refused the certificate. */
guint sim_http_server_get_failed_handshakes(SimHttpServer *server);

G_END_DECLS
