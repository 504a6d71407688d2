/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/procedures.h"
#include "util/clock.h"
#include "util/error.h"

/* Delivery of the result of a profile change, and its undoing when that is impossible: SGP.32 3.3.1 step
 * 10, 3.3.2; interop notes I-36, I-37. */

#define FIRST_PAUSE   5  /* seconds between attempts to deliver, doubled each time … */
#define LONGEST_PAUSE 60 /* … up to this */
#define BUSY_TRIES    4  /* how often a card that answers catBusy is asked */
#define BUSY_PAUSE    2  /* seconds, doubled each time */

#define ROLLBACK_CAT_BUSY 5 /* cmdResult of ProfileRollback (SGP.32 5.9.16) */

/* TRUE when the eIM could not be reached in a way that can be trusted. One that answers, whatever it
 * answers, can be: that is no reason to roll back (I-37). */
static gboolean is_unreachable(const GError *error)
{
    return euiccd_error_is(error, EUICCD_ERROR_NETWORK) ||
           euiccd_error_is(error, EUICCD_ERROR_TLS) || euiccd_error_is(error, EUICCD_ERROR_TIMEOUT);
}

/* The undelivered result of a profile change for EIM_ID that is at STAGE. */
static IpaRecord *find_change(IpaSession *session, const char *eim_id, IpaRollback stage)
{
    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        if (record->state == IPA_RECORD_EXECUTED && record->profile_changed &&
            record->rollback == stage && g_str_equal(record->eim->eim_id, eim_id))
            return record;
    }
    return NULL;
}

/* Lets PAUSE seconds pass, or less when the modem got into a network: that is when it is worth another try at
 * once. *WAITED counts what passed. */
static gboolean pause_delivery(IpaSession *session, guint pause, guint *waited, gboolean *ret_early,
                               GError **error)
{
    const IpaHost *host = session->host;

    *ret_early = FALSE;
    if (host->wait_for_network
            ? !host->wait_for_network(session->host_data, pause, ret_early, session->cancellable,
                                      error)
            : !host->wait(session->host_data, pause, session->cancellable, error))
        return FALSE;
    if (!*ret_early)
        *waited += pause;
    return TRUE;
}

/* Tries until the window is over, as attaching to a network takes its time, for as long as there is a
 * result at STAGE, or with LET_GO any. Fails with what happened last. */
static gboolean deliver_patiently(IpaSession *session, const IpaEim *eim, IpaRollback stage,
                                  gboolean let_go, GError **error)
{
    gint64 start = clock_boottime();
    guint pause = FIRST_PAUSE, waited = 0;

    for (;;) {
        g_autoptr(GError) local = NULL;
        gboolean early;
        guint elapsed;

        if (ipa_results_deliver(session, eim, &local))
            return TRUE;
        elapsed = MAX(waited, (guint)((clock_boottime() - start) / G_USEC_PER_SEC));
        if (!is_unreachable(local) || !(let_go || find_change(session, eim->eim_id, stage)) ||
            elapsed >= session->rollback_window) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        pause = MIN(pause, session->rollback_window - elapsed);
        ipa_session_stage(session, 0.7, "waiting for connectivity to %s: %s", eim->eim_id,
                          local->message);
        if (!pause_delivery(session, pause, &waited, &early, error))
            return FALSE;
        pause = early ? FIRST_PAUSE : MIN(pause * 2, LONGEST_PAUSE);
    }
}

/* The record must not be rolled back any more. */
static gboolean forbid(IpaSession *session, IpaRecord *record, GError **error)
{
    record->rollback = IPA_ROLLBACK_NONE;
    if (session->host->record_save(session->host_data, record, error))
        return TRUE;
    g_prefix_error(error, "noting that there is no rollback any more: ");
    return FALSE;
}

void ipa_rollback_expire(IpaSession *session, const IpaRecord *by)
{
    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];
        g_autoptr(GError) error = NULL;

        if (record == by || record->rollback != IPA_ROLLBACK_ALLOWED || record->sequence < 0 ||
            record->sequence > by->sequence)
            continue;
        if (!forbid(session, record, &error))
            ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id, "%s",
                              error->message);
    }
}

gboolean ipa_rollback_adopt(IpaSession *session, IpaRecord *record, GBytes *result, GError **error)
{
    if (!ipa_results_match(record, result)) {
        session->reconciled = FALSE;
        session->stale = TRUE;
        if (forbid(session, record, error))
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "the result of the rollback that the card gave is of another package");
        return FALSE;
    }
    record->replaced = record->sequence;
    g_clear_pointer(&record->result, g_bytes_unref);
    record->result = g_bytes_ref(result);
    record->rollback = IPA_ROLLBACK_DONE;
    ipa_package_note_result(session, record);
    if (session->host->record_save(session->host_data, record, error))
        return TRUE;
    g_prefix_error(error, "keeping the result of a rollback: ");
    return FALSE;
}

gboolean ipa_rollback_adopt_nothing(IpaSession *session, IpaRecord *record, GError **error)
{
    g_clear_pointer(&record->result, g_bytes_unref);
    record->error_code = ESIPA_RESULT_UNDEFINED_ERROR;
    record->replaced = record->sequence;
    record->sequence = -1;
    record->rollback = IPA_ROLLBACK_DONE;
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                      "the card gave no result of the rollback");
    return session->host->record_save(session->host_data, record, error);
}

/* ES10b.ProfileRollback; a card that is busy is asked again. REFRESH is asked for, as the modem, which may
 * have a proactive session of its own, then chooses the moment. */
static gboolean call_card(IpaSession *session, GBytes **ret_result, gboolean *ret_busy,
                          GError **error)
{
    guint pause = BUSY_PAUSE;

    for (guint tries = 1;; tries++, pause *= 2) {
        g_autoptr(GError) local = NULL;
        gint64 code = 0;

        /* Not cancellable: an answer that nobody waits for would be lost. */
        if (es10b_profile_rollback(session->channel, TRUE, NULL, ret_result, &code, &local))
            return TRUE;
        *ret_busy = euiccd_error_is(local, EUICCD_ERROR_CARD_REFUSED) && code == ROLLBACK_CAT_BUSY;
        if (!*ret_busy || tries == BUSY_TRIES) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        ipa_session_stage(session, 0.6, "the card is busy: asking it again for the rollback");
        if (!session->host->wait(session->host_data, pause, session->cancellable, error))
            return FALSE;
    }
}

/* The answer of ProfileRollback is lost, or 6985 stands in its place: the card's list of results knows
 * what became of it (as I-43). */
static gboolean look_for_result(IpaSession *session, IpaRecord *record, const GError *cause,
                                GBytes **ret_result, GError **error)
{
    g_autoptr(GError) local = NULL;

    session->reconciled = FALSE;
    if (!euiccd_error_is(cause, EUICCD_ERROR_MODEM_GONE) &&
        !euiccd_error_is(cause, EUICCD_ERROR_CANCELLED) && ipa_card_renew(session, TRUE, &local) &&
        ipa_results_find_rollback(session, record, ret_result, &local))
        return TRUE;
    g_propagate_error(error, g_error_copy(cause));
    if (local)
        g_prefix_error(error, "(recovery failed: %s) ", local->message);
    return FALSE;
}

/* ES10b.ProfileRollback whatever the card does. TRUE: it went back; *RET_RESULT is what it gave or stored, or
 * NULL. FALSE with CARD_REFUSED (*RET_BUSY: catBusy), CARD_STATUS or CARD_RESET: it did not. Otherwise nobody
 * knows. */
static gboolean ask_card(IpaSession *session, IpaRecord *record, GBytes **ret_result,
                         gboolean *ret_busy, GError **error)
{
    g_autoptr(GError) failure = NULL;

    for (guint tries = 1;; tries++) {
        g_clear_error(&failure);
        if (call_card(session, ret_result, ret_busy, &failure))
            return TRUE;
        if (euiccd_error_is(failure, EUICCD_ERROR_CARD_REFUSED))
            break;
        if (!look_for_result(session, record, failure, ret_result, error))
            return FALSE;
        if (*ret_result)
            return TRUE;
        /* 6985 before it was asked for anything: now it was reset (I-35). */
        if (!euiccd_error_is(failure, EUICCD_ERROR_CARD_RESET) || tries == 2)
            break;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* *RET_DONE: the former profile is enabled again and RECORD has the result of that. Otherwise the card
 * refused, RECORD is as it was, and nothing more is tried. */
static gboolean roll_back(IpaSession *session, IpaRecord *record, gboolean *ret_done,
                          GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) result = NULL;
    gboolean busy = FALSE;

    *ret_done = FALSE;
    if (!ask_card(session, record, &result, &busy, &failure)) {
        if (!ipa_card_is_bad_answer(failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "no rollback%s: %s", busy ? " yet" : "", failure->message);
        /* A modem without network is often in a proactive session: the next poll asks again. */
        record->rollback = busy ? IPA_ROLLBACK_ALLOWED : IPA_ROLLBACK_NONE;
        return session->host->record_save(session->host_data, record, error);
    }
    *ret_done = TRUE;
    /* The result is optional in the answer; the list has it as well. After REFRESH the card may have to be
     * renewed before it tells. */
    if (result && !ipa_rollback_adopt(session, record, result, error))
        return FALSE;
    ipa_package_switch_profile(session, record);
    if (result)
        return TRUE;
    if (!ipa_results_find_rollback(session, record, &result, error)) {
        g_prefix_error(error, "looking for the result of a rollback: ");
        return FALSE;
    }
    return result ? ipa_rollback_adopt(session, record, result, error)
                  : ipa_rollback_adopt_nothing(session, record, error);
}

gboolean ipa_rollback_deliver(IpaSession *session, const IpaEim *eim, gboolean let_go,
                              GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean done = FALSE, ok;
    IpaRecord *record;

    if (deliver_patiently(session, eim, IPA_ROLLBACK_ALLOWED, let_go, &failure))
        return TRUE;
    record = find_change(session, eim->eim_id, IPA_ROLLBACK_ALLOWED);
    /* It answered over the new profile, whatever it answered: a later outage is another matter (I-37). */
    if (record && record->refused && !forbid(session, record, error))
        return FALSE;
    if (!record || record->refused || !is_unreachable(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    /* On disk before the card is asked: after a kill the card's list of results tells whether it was
     * done (ipa_results_reconcile()), so that it is done once. */
    record->rollback = IPA_ROLLBACK_TRIED;
    if (!session->host->record_save(session->host_data, record, error)) {
        record->rollback = IPA_ROLLBACK_ALLOWED;
        g_prefix_error(error, "noting a rollback before it is done: ");
        return FALSE;
    }
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_ROLLBACK, eim->eim_id,
                      "no connectivity with the new profile (%s): rolling back", failure->message);
    ipa_session_stage(session, 0.6, "rolling back to the former profile");
    ipa_session_begin_switch(session);
    ok = roll_back(session, record, &done, error);
    ipa_session_end_switch(session);
    if (!ok) {
        g_prefix_error(error, "rolling back after a profile change: ");
        return FALSE;
    }
    if (done)
        return deliver_patiently(session, eim, IPA_ROLLBACK_DONE, FALSE, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}
