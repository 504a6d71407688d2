/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/download_private.h"
#include "ipa/procedures.h"
#include "rsp/metadata.h"
#include "rsp/names.h"
#include "rsp/ppr.h"
#include "util/error.h"

/* What is decided by the metadata of a profile before it is fetched: SGP.22 2.9.2, 3.1.3 steps 7 and 8. */

static gboolean get_rat(IpaSession *session, gpointer data, GError **error)
{
    RspGetRatResponse **ret_rat = data;

    *ret_rat = es10b_get_rat(session->channel, session->cancellable, error);
    return *ret_rat != NULL;
}

static gboolean has_operational(const IpaSession *session)
{
    const GPtrArray *list = session->profiles ? session->profiles->profile_info_list_ok : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const RspProfileInfo *profile = list->pdata[i];

        if (!profile->profile_class.present ||
            profile->profile_class.value == RSP_PROFILE_CLASS_OPERATIONAL)
            return TRUE;
    }
    return FALSE;
}

/* Policy rules against the card, which somebody else may have changed since it was read. */
static gboolean check_policy_rules(IpaDownload *d, GError **error)
{
    g_autoptr(RspGetRatResponse) rat = NULL;
    RspPprPolicy policy = { 0 };
    const char *why = NULL;

    if (!rsp_ppr_has_rules(d->metadata))
        return TRUE;
    if (!ipa_card_call(d->session, get_rat, &rat, error) ||
        !ipa_card_read_profiles(d->session, error)) {
        g_prefix_error(error, "reading what the profile's policy rules are checked against: ");
        return FALSE;
    }
    policy.rat = rat->rat;
    policy.has_operational = has_operational(d->session);
    if (d->session->info2)
        policy.forbidden = d->session->info2->forbidden_profile_policy_rules;
    switch (rsp_ppr_check(d->metadata, &policy, &why)) {
    case RSP_PPR_ALLOWED:
        return TRUE;
    case RSP_PPR_NEEDS_CONSENT:
        if (d->order->consent || d->policy->allow_consent)
            return TRUE;
        return ipa_download_fail(d, RSP_CANCEL_SESSION_REASON_END_USER_REJECTION,
                                 EUICCD_ERROR_NOT_AUTHORIZED, error,
                                 "the profile is not taken: %s, and nobody gave it", why);
    case RSP_PPR_FORBIDDEN:
        return ipa_download_fail(d, RSP_CANCEL_SESSION_REASON_PPR_NOT_ALLOWED,
                                 EUICCD_ERROR_NOT_AUTHORIZED, error, "the profile is not taken: %s",
                                 why);
    }
    g_return_val_if_reached(FALSE);
}

gboolean ipa_download_check_rules(IpaDownload *d, GError **error)
{
    if (!d->offer->profile_metadata) {
        if (d->policy->eim_metadata_verification)
            return TRUE;
        /* It was not told that it may (SGP.32 4.1), so that nobody would have checked. */
        return ipa_download_fail(
            d, RSP_CANCEL_SESSION_REASON_UNDEFINED_REASON, EUICCD_ERROR_MALFORMED, error,
            "%s keeps the metadata of the profile, which was not left to it", d->server->name);
    }
    d->metadata = tlv_decode(&rsp_store_metadata_request, d->offer->profile_metadata, error);
    if (!d->metadata) {
        g_prefix_error(error, "metadata of the profile: ");
        return FALSE;
    }
    if (rsp_metadata_get_class(d->metadata) == RSP_PROFILE_CLASS_TEST &&
        !d->policy->allow_test_profiles)
        return ipa_download_fail(d, RSP_CANCEL_SESSION_REASON_UNDEFINED_REASON,
                                 EUICCD_ERROR_NOT_AUTHORIZED, error,
                                 "the profile is a test profile, which the configuration does not "
                                 "allow");
    return check_policy_rules(d, error);
}
