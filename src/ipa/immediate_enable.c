/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/download.h"
#include "ipa/procedures.h"
#include "rsp/names.h"
#include "util/error.h"

/* Immediate profile enabling after a download: SGP.32 3.4.4, 5.9.15. */

#define CODE_CAT_BUSY 5 /* of ImmediateEnable */
#define BUSY_TRIES    4
#define BUSY_PAUSE    2 /* seconds, doubled each time */

/* A card of v1.0 only has EnableUsingDD, under the same tag. */
static gboolean is_v1_0(const IpaSession *session)
{
    const RspIotSpecificInfo *iot = session->info2 ? session->info2->iot_specific_info : NULL;

    for (guint i = 0; iot && iot->iot_version && i < iot->iot_version->len; i++) {
        TlvSlice version = ((const RspOctetString *)iot->iot_version->pdata[i])->value;

        if (version.size < 2 || version.data[0] != 1 || version.data[1] != 0)
            return FALSE;
    }
    return iot && iot->iot_version && iot->iot_version->len > 0;
}

/* Without refreshFlag: whether the card is configured for this, only its answer tells, and after any download it
 * would be too much to ask everybody to let go of the modem. The card is reset afterwards. */
static gboolean enable(IpaSession *session, gint64 *ret_code, GError **error)
{
    return is_v1_0(session)
               ? es10b_enable_using_dd(session->channel, NULL, ret_code, error)
               : es10b_immediate_enable(session->channel, FALSE, NULL, ret_code, error);
}

static gboolean enable_patiently(IpaSession *session, gint64 *ret_code, GError **error)
{
    for (guint i = 0;; i++) {
        g_autoptr(GError) local = NULL;

        *ret_code = 0;
        if (enable(session, ret_code, &local))
            return TRUE;
        if (*ret_code != CODE_CAT_BUSY || i + 1 >= BUSY_TRIES) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!session->host->wait(session->host_data, BUSY_PAUSE << i, session->cancellable, error))
            return FALSE;
    }
}

static gboolean note_state_change(IpaSession *session, GError **error)
{
    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];

        if (!session->host->set_cause(session->host_data, eim->eim_id,
                                      RSP_STATE_CHANGE_CAUSE_IMMEDIATE_ENABLE_PROFILE, error))
            return FALSE;
    }
    return TRUE;
}

/* Whether the card said no. What else goes wrong may have happened after it changed the profile. */
static gboolean is_answer(const GError *error, gint64 code)
{
    return code != 0 || euiccd_error_is(error, EUICCD_ERROR_CARD_REFUSED) ||
           euiccd_error_is(error, EUICCD_ERROR_CARD_STATUS) ||
           euiccd_error_is(error, EUICCD_ERROR_CARD_RESET) ||
           euiccd_error_is(error, EUICCD_ERROR_NOT_SUPPORTED);
}

/* The answer got lost: which profile is enabled after a reset tells. Where that can't be asked either, the eIMs are
 * told of a change all the same, and look for themselves. */
static gboolean find_out(IpaSession *session, gboolean *ret_enabled, GError **error)
{
    g_autofree char *before = ipa_session_get_enabled_iccid(session);
    g_autofree char *after = NULL;

    if (!ipa_card_renew(session, TRUE, error) || !ipa_card_read_profiles(session, error)) {
        session->stale = TRUE;
        (void)note_state_change(session, NULL);
        return FALSE;
    }
    after = ipa_session_get_enabled_iccid(session);
    *ret_enabled = !g_str_equal(before, after);
    return TRUE;
}

static gboolean read_card(IpaSession *session, gboolean is_renewed, GError **error)
{
    g_autofree char *iccid = NULL;

    if (!is_renewed && !ipa_card_renew(session, TRUE, error))
        return FALSE;
    session->host->network_changed(session->host_data, FALSE);
    if (!ipa_card_read_profiles(session, error) || !ipa_card_read_notifications(session, error))
        return FALSE;
    iccid = ipa_session_get_enabled_iccid(session);
    ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_PROFILE_SWITCHED, NULL,
                      "profile switched after its download: %s%s is enabled",
                      iccid[0] ? "ICCID " : "no profile", iccid);
    return session->host->set_enabled_iccid(session->host_data, iccid, error);
}

static gboolean follow_switch(IpaSession *session, gboolean is_renewed, GError **error)
{
    gboolean ok = note_state_change(session, error);

    if (read_card(session, is_renewed, ok ? error : NULL))
        return ok;
    session->stale = TRUE;
    return FALSE;
}

gboolean ipa_immediate_enable(IpaSession *session, gboolean *ret_enabled, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GError) local = NULL;
    gint64 code = 0;
    gboolean is_lost, ok;

    *ret_enabled = FALSE;
    if (!session->is_iot)
        return TRUE;
    *ret_enabled = enable_patiently(session, &code, &failure);
    /* immediateEnableNotAvailable, noSessionContext, or a card that has no such function: the usual case. */
    if (failure && (code == 1 || code == 4 || euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED)))
        return TRUE;
    is_lost = failure && !is_answer(failure, code);
    if (failure && !is_lost) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    ipa_session_stage(session, 0.95, "waiting for the card after the profile change");
    ipa_session_begin_switch(session);
    if (is_lost && !find_out(session, ret_enabled, &local))
        g_prefix_error(&failure, "(looking which profile is enabled failed: %s) ", local->message);
    ok = *ret_enabled && follow_switch(session, is_lost, error);
    ipa_session_end_switch(session);
    if (*ret_enabled)
        return ok;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}
