/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/download_private.h"
#include "rsp/names.h"

/* What is allowed, and which way it goes. */

IpaDownloadPolicy ipa_download_get_policy(IpaSession *session, const IpaEim *eim)
{
    const IpaHost *host = session->host;
    const IpaDownloadPolicy *said =
        host->download_policy ? host->download_policy(session->host_data, eim ? eim->eim_id : NULL)
                              : NULL;
    IpaDownloadPolicy policy = said ? *said : ipa_download_policy_default;
    EsipaClient *client = eim ? host->client(session->host_data, eim, NULL) : NULL;

    /* eIMs of v1.0 want the address in every case (I-17), and know of no other help of theirs. */
    if (client && esipa_client_get_dialect(client) == ESIPA_DIALECT_V1_0)
        policy.eim_data_handling = policy.eim_ctx_params1 = policy.eim_metadata_verification =
            FALSE;
    policy.tries = MAX(policy.tries, 1);
    return policy;
}

gboolean ipa_download_is_indirect(IpaSession *session, const IpaEim *eim)
{
    IpaDownloadPolicy policy;

    if (!eim)
        return FALSE;
    policy = ipa_download_get_policy(session, eim);
    switch (policy.path) {
    case IPA_PATH_AUTO:
        return eim->indirect || !session->host->rsp_server;
    case IPA_PATH_DIRECT:
        return FALSE;
    case IPA_PATH_INDIRECT:
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

guint ipa_download_get_features(IpaSession *session, const IpaEim *eim)
{
    IpaDownloadPolicy policy = ipa_download_get_policy(session, eim);
    gboolean indirect = ipa_download_is_indirect(session, eim);
    guint features = 0;

    if (!policy.allowed)
        return 0;
    if (session->host->rsp_server && policy.path != IPA_PATH_INDIRECT)
        features |= 1 << RSP_IPA_FEATURES_DIRECT_RSP_SERVER_COMMUNICATION;
    if (policy.path != IPA_PATH_DIRECT)
        features |= 1 << RSP_IPA_FEATURES_INDIRECT_RSP_SERVER_COMMUNICATION;
    if (!indirect)
        return features;
    if (policy.eim_data_handling)
        features |= 1 << RSP_IPA_FEATURES_EIM_DOWNLOAD_DATA_HANDLING;
    if (policy.eim_ctx_params1)
        features |= 1 << RSP_IPA_FEATURES_EIM_CTX_PARAMS1_GENERATION;
    if (policy.eim_metadata_verification)
        features |= 1 << RSP_IPA_FEATURES_EIM_PROFILE_METADATA_VERIFICATION;
    return features;
}
