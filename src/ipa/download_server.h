/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/download.h"
#include "net/esipa_download.h"

G_BEGIN_DECLS

/* The server of a download as the procedures see it ("ESXX" in SGP.32 3.2.3): an SM-DP+ or SM-DS over
 * ES9+ and ES11, or the eIM that stands in its place. */
typedef struct IpaServer IpaServer;

struct IpaServer {
    const struct IpaServerClass *class;
    char *name;    /* for people */
    char *address; /* as it goes into InitiateAuthentication; NULL: only the eIM knows it */
    gboolean is_smds;
    Es9pClient *es9p;           /* direct; borrowed */
    EsipaClient *esipa;         /* indirect; borrowed */
    GBytes *eim_transaction_id; /* indirect; or NULL */
};

typedef struct IpaServerClass {
    gboolean indirect;
    RspServerAuthentication *(*initiate_authentication)(IpaServer *server, const guint8 *challenge,
                                                        GBytes *info1, GCancellable *cancellable,
                                                        GError **error);
    RspServerOffer *(*authenticate_client)(IpaServer *server, GBytes *transaction_id,
                                           GBytes *response, GCancellable *cancellable,
                                           GError **error);
    gboolean (*get_bound_profile_package)(IpaServer *server, GBytes *transaction_id,
                                          GBytes *response, RspServerSink sink, gpointer data,
                                          GCancellable *cancellable, GError **error);
    gboolean (*cancel_session)(IpaServer *server, GBytes *transaction_id, GBytes *response,
                               GCancellable *cancellable, GError **error);
    const RspServerRefusal *(*get_refusal)(IpaServer *server);
    guint (*get_retry_after)(IpaServer *server);
    guint (*get_status)(IpaServer *server);
} IpaServerClass;

/* ADDRESS: of an SM-DP+ or SM-DS, as somebody wrote it. The errors of host->rsp_server(). */
IpaServer *ipa_server_new_direct(IpaSession *session, const char *address, IpaServerKind kind,
                                 GError **error);

/* ADDRESS NULL: the eIM keeps it. */
IpaServer *ipa_server_new_indirect(IpaSession *session, const IpaEim *eim, const char *address,
                                   GBytes *eim_transaction_id, GError **error);
void ipa_server_free(IpaServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IpaServer, ipa_server_free)

G_END_DECLS
