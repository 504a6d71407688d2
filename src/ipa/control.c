/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/control.h"

#include "ipa/card.h"
#include "ipa/procedures.h"
#include "rsp/connectivity.h"
#include "util/error.h"

/* A secret may stand beside the access point (a login and a password), and a job's result is open to every local user:
 * nothing else of the parameters leaves this function. */
static char *get_access_point(IpaSession *session, GError **error)
{
    g_autoptr(GBytes) params = es10b_get_connectivity_parameters(session->channel, NULL, error);

    return params ? rsp_connectivity_get_access_point(tlv_slice_from_bytes(params), error) : NULL;
}

static gboolean call_card(IpaSession *session, const IpaControl *control, char **ret_result,
                          GError **error)
{
    Channel *channel = session->channel;

    switch (control->kind) {
    case IPA_CONTROL_RESET_MEMORY:
        return es10b_euicc_memory_reset(channel, control->parts, NULL, NULL, error);
    case IPA_CONTROL_EXECUTE_FALLBACK:
        return es10b_execute_fallback_mechanism(channel, TRUE, NULL, NULL, error);
    case IPA_CONTROL_RETURN_FROM_FALLBACK:
        return es10b_return_from_fallback(channel, TRUE, NULL, NULL, error);
    case IPA_CONTROL_ENABLE_EMERGENCY_PROFILE:
        return es10b_enable_emergency_profile(channel, TRUE, NULL, NULL, error);
    case IPA_CONTROL_DISABLE_EMERGENCY_PROFILE:
        return es10b_disable_emergency_profile(channel, TRUE, NULL, NULL, error);
    case IPA_CONTROL_SET_DEFAULT_SMDP:
        return session->is_iot
                   ? es10b_set_default_dp_address(channel, control->address, NULL, NULL, error)
                   : es10a_set_default_dp_address(channel, control->address, NULL, NULL, error);
    case IPA_CONTROL_CONFIGURE_IMMEDIATE_ENABLE:
        return es10b_configure_immediate_profile_enabling(channel, control->enable, control->oid,
                                                          control->address, NULL, NULL, error);
    case IPA_CONTROL_GET_CONNECTIVITY:
        *ret_result = get_access_point(session, error);
        return *ret_result != NULL;
    }
    g_return_val_if_reached(FALSE);
}

/* What the eIMs are told as the cause of another state (es10.md, SGP.32 6.3.2.6); -1: nothing changes. */
static gint get_cause(IpaControlKind kind)
{
    switch (kind) {
    case IPA_CONTROL_RESET_MEMORY:
        return RSP_STATE_CHANGE_CAUSE_RESET;
    case IPA_CONTROL_EXECUTE_FALLBACK:
    case IPA_CONTROL_RETURN_FROM_FALLBACK:
        return RSP_STATE_CHANGE_CAUSE_FALLBACK;
    case IPA_CONTROL_ENABLE_EMERGENCY_PROFILE:
    case IPA_CONTROL_DISABLE_EMERGENCY_PROFILE:
        return RSP_STATE_CHANGE_CAUSE_EMERGENCY_PROFILE;
    case IPA_CONTROL_SET_DEFAULT_SMDP:
    case IPA_CONTROL_CONFIGURE_IMMEDIATE_ENABLE:
    case IPA_CONTROL_GET_CONNECTIVITY:
        return -1;
    }
    g_return_val_if_reached(-1);
}

gboolean ipa_control_is_change(IpaControlKind kind)
{
    return get_cause(kind) >= 0;
}

/* Brings the card back to life and reads it (I-35). FORCE: nobody knows what it did. */
static void meet_card_again(IpaSession *session, gboolean force)
{
    g_autoptr(GError) error = NULL;

    session->stale = TRUE;
    ipa_session_stage(session, 0.6, "waiting for the card after the change");
    if (!ipa_card_renew(session, force, &error)) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "the card did not come back after the change: %s", error->message);
        return;
    }
    session->host->network_changed(session->host_data, FALSE);
    ipa_card_refresh_if_stale(session);
}

static gboolean change_profiles(IpaSession *session, const IpaControl *control, GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean done;

    ipa_session_begin_switch(session);
    done = call_card(session, control, NULL, &failure);
    /* Of a memory reset a part may have been carried out although another one was refused. */
    if (done || control->kind == IPA_CONTROL_RESET_MEMORY || !ipa_card_is_bad_answer(failure)) {
        if (!failure || !euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE))
            meet_card_again(session, !done);
        /* Those that are on the card when it is over: a memory reset may have deleted them. */
        ipa_session_tell_cause(session, get_cause(control->kind));
    }
    ipa_session_end_switch(session);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return done;
}

gboolean ipa_control(IpaSession *session, const IpaControl *control, char **ret_result,
                     GError **error)
{
    *ret_result = NULL;
    /* A card that wants a reset gets it now, where nothing has been asked of it yet. */
    ipa_session_stage(session, 0.2, "reading the card");
    if (!ipa_card_read_profiles(session, error))
        return FALSE;
    ipa_session_stage(session, 0.4, "asking the card");
    return ipa_control_is_change(control->kind) ? change_profiles(session, control, error)
                                                : call_card(session, control, ret_result, error);
}
