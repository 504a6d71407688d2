/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "net/trust.h"

G_BEGIN_DECLS

/*
 * HTTPS for one server: one curl easy handle in a worker thread that keeps its connection and TLS
 * session from one request to the next. POST only, HTTP/1.1, no redirects, no proxy of the
 * environment unless configured, no cookies. TLS is always verified against the Trust that was
 * given.
 */
typedef struct HttpsClient HttpsClient;

typedef struct {
    guint64 bytes_sent; /* TLS payload: request lines, headers, bodies */
    guint64 bytes_received;
    guint64 requests;
    guint64 connections; /* new TCP connections */
} HttpsCounters;

typedef struct {
    guint connect_timeout; /* seconds until the TLS handshake is done */
    guint stall_timeout;   /* seconds without a byte in either direction */
    guint total_timeout;   /* seconds for one exchange */
    guint max_idle;     /* seconds after which an idle connection is not used again (NAT forgets) */
    gsize max_response; /* octets of a response body */
    const char *resolve;      /* tests: "HOST:PORT:ADDRESS …" as CURLOPT_RESOLVE, or NULL */
    const char *session_path; /* where the TLS session is kept across restarts, or NULL */
    gboolean small_records;   /* see tls_context_ask_small_records() */
} HttpsConfig;

extern const HttpsConfig https_config_default; /* 30 s, 60 s, 300 s, 300 s, 512 KiB */

typedef struct {
    guint status;       /* HTTP status */
    GBytes *body;       /* never NULL */
    char *content_type; /* as sent, or NULL */
    guint retry_after;  /* seconds from Retry-After (capped to a day), 0: none */
} HttpsResponse;

void https_response_free(HttpsResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpsResponse, https_response_free)

/* HOST and PORT as the card names them, already checked (esipa_parse_fqdn()). Takes a reference on
 * TRUST. CONFIG is copied (strings borrowed). */
HttpsClient *https_client_new(const char *host, guint16 port, Trust *trust,
                              const HttpsConfig *config);
void https_client_free(HttpsClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpsClient, https_client_free)

/* POSTs BODY to PATH ("/gsma/rsp2/asn1") with the given header lines (NULL-terminated) and nothing
 * that is not needed: Host, the lines in their order, Content-Length. Any HTTP status is a result.
 * NETWORK (also for an answer whose framing is contradictory, interop.md I-30), TLS (with the trust
 * source and what did not match), TIMEOUT, TOO_LARGE, CANCELLED otherwise. A request whose reused
 * connection turned out to be closed before a line of a response arrived is sent once more on a new
 * one (interop.md I-28); so is one for which the handshake with a kept session failed. The process
 * must ignore SIGPIPE. */
HttpsResponse *https_post(HttpsClient *client, const char *path, const char *const *headers,
                          GBytes *body, GCancellable *cancellable, GError **error);

/* Takes the next octets of a body as they arrive. FALSE with ERROR ends the exchange. */
typedef gboolean (*HttpsSink)(const void *octets, gsize size, gpointer data, GError **error);

typedef struct {
    HttpsSink sink;
    gpointer data;
    gsize max_response;  /* octets of this body, whatever the client's limit is */
    guint total_timeout; /* seconds for this exchange, those that the sink takes not counted */
} HttpsStream;

/* The same for an answer that is not kept: the body of a status of 2xx goes to the sink (and the response's is
 * empty), any other is in the response, within the client's own limit. STREAM NULL: as https_post(). While the sink works nothing more is
 * read: what the server has sent by then waits in the kernel, so that the sink sets the pace. What the sink
 * fails with is returned as it is, without a prefix; the connection is closed then. */
HttpsResponse *https_post_stream(HttpsClient *client, const char *path, const char *const *headers,
                                 GBytes *body, const HttpsStream *stream, GCancellable *cancellable,
                                 GError **error);

/* The network under the connection may be another one now (a profile change). The connection is kept
 * where its local address still is the machine's own, as when the server is reached over another
 * interface than the modem's: some eIMs tie pending work to it (I-28). Otherwise it is closed. */
void https_client_network_changed(HttpsClient *client);

/* Closes the kept connection, if any; the TLS session stays for the next one. For when the network
 * under it has gone (new data session after a profile change). */
void https_client_disconnect(HttpsClient *client);

const HttpsCounters *https_client_get_counters(HttpsClient *client);

/* One line for people: how the server of the last connection was trusted, e.g. "public key pinned
 * by the card (trustedEimPkTls)". NULL before the first connection. Borrowed until the next
 * request. */
const char *https_client_get_trust_used(HttpsClient *client);

G_END_DECLS
