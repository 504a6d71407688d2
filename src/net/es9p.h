/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/https.h"
#include "net/rsp_server.h"

G_BEGIN_DECLS

/*
 * ES9+ client: an SM-DP+, JSON binding (SGP.22 5.6, 6.5). ES11, an SM-DS, has the same functions at the same
 * paths (SGP.22 5.8); only what AuthenticateClient answers is another thing: net/es11.h.
 */
typedef struct Es9pClient Es9pClient;

/* HTTPS is borrowed. ADDRESS: of the server, as it stands in the activation code and goes into
 * InitiateAuthentication. */
Es9pClient *es9p_client_new(HttpsClient *https, const char *address);
void es9p_client_free(Es9pClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Es9pClient, es9p_client_free)

/* Why the server refused the last function. Never NULL; borrowed until the next one. */
const RspServerRefusal *es9p_client_get_refusal(const Es9pClient *client);

/* Seconds that the last answer asked to wait (Retry-After), 0: none. */
guint es9p_client_get_retry_after(const Es9pClient *client);

/* HTTP status of the last answer, 0: there was none. */
guint es9p_client_get_status(const Es9pClient *client);

/*
 * The functions. All fail with SERVER_REFUSED where the server answers that the function failed (the refusal
 * tells more), HTTP for a status other than 2xx, MALFORMED, and the errors of https_post().
 */

/* CHALLENGE: 16 octets. EUICC_INFO1: BF20, complete object. */
RspServerAuthentication *es9p_initiate_authentication(Es9pClient *client, const guint8 *challenge,
                                                      GBytes *euicc_info1,
                                                      GCancellable *cancellable, GError **error);

/* RESPONSE: BF38 as the card gave it, also where it is an error. */
RspServerOffer *es9p_authenticate_client(Es9pClient *client, GBytes *transaction_id,
                                         GBytes *response, GCancellable *cancellable,
                                         GError **error);

/* RESPONSE: BF21 as the card gave it. The package goes to SINK as it arrives, and at the sink's pace. What the
 * sink fails with is returned as it is. A failure may also come after the whole package went to the sink. */
gboolean es9p_get_bound_profile_package(Es9pClient *client, GBytes *transaction_id,
                                        GBytes *response, RspServerSink sink, gpointer data,
                                        GCancellable *cancellable, GError **error);

/* RESPONSE: BF41 as the card gave it. */
gboolean es9p_cancel_session(Es9pClient *client, GBytes *transaction_id, GBytes *response,
                             GCancellable *cancellable, GError **error);

/* NOTIFICATION: BF37 or 30, complete object. TRUE: the server has it. */
gboolean es9p_handle_notification(Es9pClient *client, GBytes *notification,
                                  GCancellable *cancellable, GError **error);

G_END_DECLS
