/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker_private.h"
#include "ipa/card.h"
#include "util/error.h"

/* What a local caller asks of the card alone (SGP.32 5.9.5, 5.9.17, 5.9.20 to 5.9.23, 5.9.25). */

/* The card's answer tells what happened: none of these is cancelled once it was sent. */
static gboolean call_card(Worker *worker, GError **error)
{
    Channel *channel = worker->session->channel;
    const Job *job = worker->job;

    switch (job->kind) {
    case JOB_KIND_RESET_MEMORY:
        return es10b_euicc_memory_reset(channel, job->parts, NULL, NULL, error);
    case JOB_KIND_EXECUTE_FALLBACK:
        return es10b_execute_fallback_mechanism(channel, TRUE, NULL, NULL, error);
    case JOB_KIND_RETURN_FROM_FALLBACK:
        return es10b_return_from_fallback(channel, TRUE, NULL, NULL, error);
    case JOB_KIND_ENABLE_EMERGENCY_PROFILE:
        return es10b_enable_emergency_profile(channel, TRUE, NULL, NULL, error);
    case JOB_KIND_DISABLE_EMERGENCY_PROFILE:
        return es10b_disable_emergency_profile(channel, TRUE, NULL, NULL, error);
    case JOB_KIND_SET_DEFAULT_SMDP:
        return worker->session->is_iot
                   ? es10b_set_default_dp_address(channel, job->address, NULL, NULL, error)
                   : es10a_set_default_dp_address(channel, job->address, NULL, NULL, error);
    case JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE:
        return es10b_configure_immediate_profile_enabling(channel, job->enable, job->oid,
                                                          job->address, NULL, NULL, error);
    case JOB_KIND_START:
    case JOB_KIND_POLL:
    case JOB_KIND_ADD_INITIAL_EIM:
    case JOB_KIND_DOWNLOAD:
    case JOB_KIND_NOTIFICATIONS:
        break;
    }
    g_return_val_if_reached(FALSE);
}

/* What the eIMs are told as the cause of another state (es10.md, SGP.32 6.3.2.6); -1: nothing changes. */
static gint get_cause(JobKind kind)
{
    switch (kind) {
    case JOB_KIND_RESET_MEMORY:
        return RSP_STATE_CHANGE_CAUSE_RESET;
    case JOB_KIND_EXECUTE_FALLBACK:
    case JOB_KIND_RETURN_FROM_FALLBACK:
        return RSP_STATE_CHANGE_CAUSE_FALLBACK;
    case JOB_KIND_ENABLE_EMERGENCY_PROFILE:
    case JOB_KIND_DISABLE_EMERGENCY_PROFILE:
        return RSP_STATE_CHANGE_CAUSE_EMERGENCY_PROFILE;
    case JOB_KIND_SET_DEFAULT_SMDP:
    case JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE:
    case JOB_KIND_START:
    case JOB_KIND_POLL:
    case JOB_KIND_ADD_INITIAL_EIM:
    case JOB_KIND_DOWNLOAD:
    case JOB_KIND_NOTIFICATIONS:
        return -1;
    }
    g_return_val_if_reached(-1);
}

static void tell_eims(Worker *worker, gint cause)
{
    const IpaSession *session = worker->session;

    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!store_set_cause(worker->store, eim->eim_id, cause, &error))
            log_warning(&worker->log, "%s", error->message);
    }
}

/* Brings the card back to life and reads it (I-35). FORCE: nobody knows what it did. */
static void meet_card_again(Worker *worker, gboolean force)
{
    IpaSession *session = worker->session;
    g_autoptr(GError) error = NULL;

    session->stale = TRUE;
    worker_ipa_host.stage(worker, 0.6, "waiting for the card after the change");
    if (!ipa_card_renew(session, force, &error)) {
        log_warning(&worker->log, "the card did not come back after the change: %s",
                    error->message);
        return;
    }
    worker_ipa_host.network_changed(worker, FALSE);
    ipa_card_refresh_if_stale(session);
}

static gboolean change_profiles(Worker *worker, gint cause, GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean done;

    ipa_session_begin_switch(worker->session);
    deliveries_note_change(worker->deliveries);
    done = call_card(worker, &failure);
    /* Of a memory reset a part may have been carried out although another one was refused. */
    if (done || worker->job->kind == JOB_KIND_RESET_MEMORY || !ipa_card_is_bad_answer(failure)) {
        if (!failure || !euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE))
            meet_card_again(worker, !done);
        tell_eims(worker, cause);
    }
    ipa_session_end_switch(worker->session);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return done;
}

gboolean worker_control(Worker *worker, GError **error)
{
    gint cause = get_cause(worker->job->kind);

    /* A card that wants a reset gets it now, where nothing has been asked of it yet. */
    worker_ipa_host.stage(worker, 0.2, "reading the card");
    if (!ipa_card_read_profiles(worker->session, error))
        return FALSE;
    worker_ipa_host.stage(worker, 0.4, "asking the card");
    return cause < 0 ? call_card(worker, error) : change_profiles(worker, cause, error);
}
