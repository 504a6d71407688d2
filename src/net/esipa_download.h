/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/esipa.h"
#include "net/rsp_server.h"

G_BEGIN_DECLS

/*
 * The download functions of ESipa: the eIM stands between IPA and SM-DP+ or SM-DS (SGP.32 3.2.3.2, 5.14.1 to
 * 5.14.4). All fail with SERVER_REFUSED where the eIM answers an error code, HTTP for a status other than 2xx,
 * MALFORMED, and the errors of https_post(). Notifications: esipa_handle_notification().
 *
 * What the card answers is sent as it is. The compact forms of SGP.32 6.3.2 are for an IPA that announces
 * minimizeEsipaBytes, which is its own choice, and leave out what the eIM is to put in again: certificates,
 * EUICCInfo2, object identifiers. There is no way to ask whether it has them, eIMs are known that do not take these
 * forms, and a signature over what was put together wrongly costs a download order. So none is made here, and the
 * capability is not announced; the functions pass on what they are given.
 */

/* Why the eIM refused the last function: code. Never NULL; borrowed until the next one. */
const RspServerRefusal *esipa_client_get_refusal(const EsipaClient *client);

typedef struct {
    const guint8 *challenge; /* 16 octets */
    const char
        *address; /* of the SM-DP+ or SM-DS; NULL: the eIM keeps it (eimDownloadDataHandling) */
    GBytes *euicc_info1;        /* BF20, complete object; NULL: the eIM has it */
    GBytes *eim_transaction_id; /* from the trigger, or NULL; not sent to an eIM of v1.0 */
} EsipaAuthentication;

RspServerAuthentication *esipa_initiate_authentication(EsipaClient *client,
                                                       const EsipaAuthentication *request,
                                                       GCancellable *cancellable, GError **error);

/* RESPONSE: BF38 as the card gave it, or in its compact form. */
RspServerOffer *esipa_authenticate_client(EsipaClient *client, GBytes *transaction_id,
                                          GBytes *response, GCancellable *cancellable,
                                          GError **error);

/* RESPONSE: BF21 as the card gave it, or in its compact form. The package goes to SINK as it arrives; what the
 * sink fails with is returned as it is. A failure may also come after the whole package went to the sink. */
gboolean esipa_get_bound_profile_package(EsipaClient *client, GBytes *transaction_id,
                                         GBytes *response, RspServerSink sink, gpointer data,
                                         GCancellable *cancellable, GError **error);

/* RESPONSE: BF41 as the card gave it, or in its compact form. */
gboolean esipa_cancel_session(EsipaClient *client, GBytes *transaction_id, GBytes *response,
                              GCancellable *cancellable, GError **error);

/* The decoders behind the functions above: BODY is what came with a status of 2xx. RET_REFUSAL was cleared
 * before. */
RspServerAuthentication *esipa_parse_authentication(GBytes *body, RspServerRefusal *ret_refusal,
                                                    GError **error);
RspServerOffer *esipa_parse_offer(GBytes *body, GBytes *transaction_id,
                                  RspServerRefusal *ret_refusal, GError **error);
gboolean esipa_parse_cancelled(GBytes *body, RspServerRefusal *ret_refusal, GError **error);

G_END_DECLS
