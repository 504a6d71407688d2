/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/https.h"
#include "net/json_answer.h"
#include "net/json_request.h"

G_BEGIN_DECLS

/* One function of a JSON binding: ES9+ and ES11 (SGP.22 6.5), ESipa (SGP.32 6.4). */

/* The text of a package: base64 of 2 MiB, with line breaks. */
#define JSON_MAX_PACKAGE (3u << 20)
/* Seconds for a package: half of that through 20 kbit/s. */
#define JSON_PACKAGE_TIMEOUT 3600

typedef struct {
    HttpsClient *https;
    const char *peer; /* "the SM-DP+", for messages */
    const char *const *headers;
    guint status;      /* HTTP status of the last answer, 0: none */
    guint retry_after; /* seconds, from the last answer */
    RspServerRefusal refusal;
} JsonPeer;

void json_peer_clear(JsonPeer *peer);

/* POSTs REQUEST (which it takes) to PATH. HTTP for a status other than 2xx, SERVER_REFUSED where the function
 * failed, MALFORMED and the errors of https_post(). */
JsonAnswer *json_exchange(JsonPeer *peer, const char *path, GString *request,
                          const char *const *members, GCancellable *cancellable, GError **error);

/* The same for a notification, which has no answer by the specification (SGP.22 6.5.1.4: 204): with a status of 2xx
 * it was taken, whatever stands in the body, but for a header that says that it was not, and for a page. */
gboolean json_exchange_notice(JsonPeer *peer, const char *path, GString *request,
                              GCancellable *cancellable, GError **error);

/* The same for a function whose success needs no answer: an empty body is one too. */
gboolean json_exchange_empty(JsonPeer *peer, const char *path, GString *request,
                             GCancellable *cancellable, GError **error);

/* The same for an answer of which STREAMED goes to SINK as it arrives. What the sink fails with is returned as
 * it is, *RET_SINK_FAILED then is TRUE. A package that came to its end is no guarantee of success: the answer's
 * header may stand behind it. */
JsonAnswer *json_exchange_stream(JsonPeer *peer, const char *path, GString *request,
                                 const char *const *members, const char *streamed,
                                 RspServerSink sink, gpointer data, GCancellable *cancellable,
                                 gboolean *ret_sink_failed, GError **error);

/* NETWORK, HTTP for what is no success. */
gboolean json_check_status(JsonPeer *peer, const HttpsResponse *response, GError **error);

G_END_DECLS
