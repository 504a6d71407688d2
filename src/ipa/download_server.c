/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/download_server.h"

#include "net/es11.h"
#include "util/error.h"

/* ---- directly ---- */

static RspServerAuthentication *direct_initiate(IpaServer *server, const guint8 *challenge,
                                                GBytes *info1, GCancellable *cancellable,
                                                GError **error)
{
    return es9p_initiate_authentication(server->es9p, challenge, info1, cancellable, error);
}

static RspServerOffer *direct_authenticate(IpaServer *server, GBytes *transaction_id,
                                           GBytes *response, GCancellable *cancellable,
                                           GError **error)
{
    return server->is_smds ? es11_authenticate_client(server->es9p, transaction_id, response,
                                                      cancellable, error)
                           : es9p_authenticate_client(server->es9p, transaction_id, response,
                                                      cancellable, error);
}

static gboolean direct_get_package(IpaServer *server, GBytes *transaction_id, GBytes *response,
                                   RspServerSink sink, gpointer data, GCancellable *cancellable,
                                   GError **error)
{
    return es9p_get_bound_profile_package(server->es9p, transaction_id, response, sink, data,
                                          cancellable, error);
}

static gboolean direct_cancel(IpaServer *server, GBytes *transaction_id, GBytes *response,
                              GCancellable *cancellable, GError **error)
{
    return es9p_cancel_session(server->es9p, transaction_id, response, cancellable, error);
}

static const RspServerRefusal *direct_get_refusal(IpaServer *server)
{
    return es9p_client_get_refusal(server->es9p);
}

static guint direct_get_retry_after(IpaServer *server)
{
    return es9p_client_get_retry_after(server->es9p);
}

static guint direct_get_status(IpaServer *server)
{
    return es9p_client_get_status(server->es9p);
}

static const IpaServerClass direct_class = {
    .indirect = FALSE,
    .initiate_authentication = direct_initiate,
    .authenticate_client = direct_authenticate,
    .get_bound_profile_package = direct_get_package,
    .cancel_session = direct_cancel,
    .get_refusal = direct_get_refusal,
    .get_retry_after = direct_get_retry_after,
    .get_status = direct_get_status,
};

IpaServer *ipa_server_new_direct(IpaSession *session, const char *address, IpaServerKind kind,
                                 GError **error)
{
    const IpaHost *host = session->host;
    Es9pClient *client;
    IpaServer *server;

    if (!host->rsp_server) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "there is no way to SM-DP+ and SM-DS");
        return NULL;
    }
    client = host->rsp_server(session->host_data, address, kind, error);
    if (!client)
        return NULL;
    server = g_new0(IpaServer, 1);
    server->class = &direct_class;
    server->name = g_strdup_printf("%s %s", kind == IPA_SERVER_DS ? "SM-DS" : "SM-DP+", address);
    server->address = g_strdup(address);
    server->is_smds = kind == IPA_SERVER_DS;
    server->es9p = client;
    return server;
}

/* ---- through the eIM ---- */

static RspServerAuthentication *indirect_initiate(IpaServer *server, const guint8 *challenge,
                                                  GBytes *info1, GCancellable *cancellable,
                                                  GError **error)
{
    EsipaAuthentication request = {
        .challenge = challenge,
        .address = server->address,
        .euicc_info1 = info1,
        .eim_transaction_id = server->eim_transaction_id,
    };

    return esipa_initiate_authentication(server->esipa, &request, cancellable, error);
}

static RspServerOffer *indirect_authenticate(IpaServer *server, GBytes *transaction_id,
                                             GBytes *response, GCancellable *cancellable,
                                             GError **error)
{
    return esipa_authenticate_client(server->esipa, transaction_id, response, cancellable, error);
}

static gboolean indirect_get_package(IpaServer *server, GBytes *transaction_id, GBytes *response,
                                     RspServerSink sink, gpointer data, GCancellable *cancellable,
                                     GError **error)
{
    return esipa_get_bound_profile_package(server->esipa, transaction_id, response, sink, data,
                                           cancellable, error);
}

static gboolean indirect_cancel(IpaServer *server, GBytes *transaction_id, GBytes *response,
                                GCancellable *cancellable, GError **error)
{
    return esipa_cancel_session(server->esipa, transaction_id, response, cancellable, error);
}

static const RspServerRefusal *indirect_get_refusal(IpaServer *server)
{
    return esipa_client_get_refusal(server->esipa);
}

static guint indirect_get_retry_after(IpaServer *server)
{
    return esipa_client_get_retry_after(server->esipa);
}

static guint indirect_get_status(IpaServer *server)
{
    return esipa_client_get_status(server->esipa);
}

static const IpaServerClass indirect_class = {
    .indirect = TRUE,
    .initiate_authentication = indirect_initiate,
    .authenticate_client = indirect_authenticate,
    .get_bound_profile_package = indirect_get_package,
    .cancel_session = indirect_cancel,
    .get_refusal = indirect_get_refusal,
    .get_retry_after = indirect_get_retry_after,
    .get_status = indirect_get_status,
};

IpaServer *ipa_server_new_indirect(IpaSession *session, const IpaEim *eim, const char *address,
                                   GBytes *eim_transaction_id, GError **error)
{
    EsipaClient *client = session->host->client(session->host_data, eim, error);
    IpaServer *server;

    if (!client)
        return NULL;
    server = g_new0(IpaServer, 1);
    server->class = &indirect_class;
    server->name = g_strdup_printf("eIM %s", eim->eim_id);
    server->address = g_strdup(address);
    server->esipa = client;
    server->eim_transaction_id = eim_transaction_id ? g_bytes_ref(eim_transaction_id) : NULL;
    return server;
}

void ipa_server_free(IpaServer *server)
{
    g_free(server->name);
    g_free(server->address);
    g_clear_pointer(&server->eim_transaction_id, g_bytes_unref);
    g_free(server);
}
