/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/procedures.h"
#include "util/error.h"

/* Generic eUICC Package Download and Execution, SGP.32 3.3.1, and the profile change inside it. */

/* Other eIMs learn of the change at their next poll (SGP.32 5.14.5, I-26). */
static gboolean note_state_change(IpaSession *session, const char *eim_id, GError **error)
{
    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];

        if (!g_str_equal(eim->eim_id, eim_id) &&
            !session->host->set_cause(session->host_data, eim->eim_id, IPA_CAUSE_OTHER_EIM, error))
            return FALSE;
    }
    return TRUE;
}

/* A signed result belongs to the eIM that it names, even if another one brought the package (I-27). */
static void direct_result(IpaSession *session, IpaRecord *record, const IpaResultView *view)
{
    const IpaEim *named = view->sequence >= 0 ? ipa_session_find_eim(session, view->eim_id) : NULL;

    if (!named || g_str_equal(named->eim_id, record->eim->eim_id))
        return;
    ipa_eim_free(record->eim);
    record->eim = ipa_eim_copy(named);
}

void ipa_package_note_result(IpaSession *session, IpaRecord *record)
{
    g_autoptr(GError) local = NULL;
    g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;

    if (!ipa_result_view(record->result, &view, &local)) {
        /* It is still the card's answer, and the eIM's to judge. */
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "the card's package result can't be read (%s): passed on as it is",
                          local->message);
        return;
    }
    record->sequence = view.sequence;
    record->profile_changed = view.profile_changed;
    if (view.sequence >= 0 && !view.rolled_back)
        ipa_rollback_expire(session, record);
    direct_result(session, record, &view);
    ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_PACKAGE_EXECUTED, record->eim->eim_id,
                      "package executed: %s", view.summary);
    /* The result matters more than the hint to the other eIMs. */
    if ((view.profiles_touched || view.eims_touched) &&
        !note_state_change(session, record->eim->eim_id, &local))
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "noting the change for the other eIMs: %s", local->message);
}

static gboolean read_changes(IpaSession *session, const IpaResultView *view, GError **error)
{
    g_autofree char *iccid = NULL;

    if (view->profiles_touched &&
        (!ipa_card_read_profiles(session, error) || !ipa_card_read_notifications(session, error)))
        return FALSE;
    if (view->eims_touched && !ipa_card_read_eims(session, error))
        return FALSE;
    if (!view->profiles_touched)
        return TRUE;
    /* While the record explains it: after a kill, our own switch must not look like somebody else's. */
    iccid = ipa_session_get_enabled_iccid(session);
    return session->host->set_enabled_iccid(session->host_data, iccid, error);
}

/* Reads what the package may have changed. A card that can't be read now does not hold up the result; one
 * damaged answer is asked for once more, as what the bus shows would be old until the next poll. */
static void refresh_view(IpaSession *session, const IpaRecord *record)
{
    g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;
    g_autoptr(GError) error = NULL;

    if (!record->result || !ipa_result_view(record->result, &view, NULL))
        return;
    if (!read_changes(session, &view, &error) && ipa_card_is_bad_answer(error)) {
        g_clear_error(&error);
        (void)read_changes(session, &view, &error);
    }
    if (error) {
        session->stale = TRUE;
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "reading the card after the package: %s", error->message);
    }
}

static void announce_switch(IpaSession *session, const IpaRecord *record)
{
    g_autofree char *iccid = ipa_session_get_enabled_iccid(session);

    ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_PROFILE_SWITCHED, record->eim->eim_id,
                      "profile switched: %s%s is enabled", iccid[0] ? "ICCID " : "no profile",
                      iccid);
}

/* SGP.32 3.3.1 with a profile change, I-35: the result is on disk; now the card is brought back to life. */
void ipa_package_switch_profile(IpaSession *session, const IpaRecord *record)
{
    g_autoptr(GError) error = NULL;

    ipa_session_stage(session, 0.5, "waiting for the card after the profile change");
    if (!ipa_card_renew(session, FALSE, &error)) {
        session->stale = TRUE;
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "the card did not come back after the profile change: %s",
                          error->message);
        return;
    }
    session->host->network_changed(session->host_data, record->rollback != IPA_ROLLBACK_NONE);
    refresh_view(session, record);
    if (!session->stale)
        announce_switch(session, record);
}

/* The answer of LoadEuiccPackage was lost: never send the package again, look for its result (I-43). */
static gboolean recover_result(IpaSession *session, const GError *cause, GError **error)
{
    g_autoptr(GError) local = NULL;

    session->reconciled = FALSE;
    ipa_session_stage(session, 0.4, "looking for the result of an interrupted package");
    if (!euiccd_error_is(cause, EUICCD_ERROR_MODEM_GONE) &&
        !euiccd_error_is(cause, EUICCD_ERROR_CANCELLED) && ipa_card_renew(session, TRUE, &local) &&
        ipa_results_reconcile(session, &local))
        return TRUE;
    g_set_error(error, cause->domain, cause->code, "executing a package: %s%s%s%s", cause->message,
                local ? " (looking for its result failed: " : "", local ? local->message : "",
                local ? ")" : "");
    return FALSE;
}

/* TRUE when the card (or the channel) gave an answer: nothing is under way any more. */
static gboolean is_refusal(const GError *error)
{
    return euiccd_error_is(error, EUICCD_ERROR_CARD_STATUS) ||
           euiccd_error_is(error, EUICCD_ERROR_CARD_RESET) ||
           euiccd_error_is(error, EUICCD_ERROR_NOT_SUPPORTED) ||
           euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE);
}

/* TRUE, without the error, where the card can be spoken to again after *ERROR: it only wanted a reset, or
 * said that the channel is gone. */
static gboolean make_ready_again(IpaSession *session, GError **error)
{
    if (euiccd_error_is(*error, EUICCD_ERROR_CARD_STATUS) && !channel_is_open(session->channel)) {
        g_clear_error(error);
        return TRUE;
    }
    return ipa_card_recover(session, error);
}

static gboolean settle(IpaSession *session, IpaRecord *record, GBytes *result, gboolean lost,
                       const GError *failure, GError **error)
{
    if (!result && lost) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "what became of a package is not known, so its result is looked for on "
                          "the card: %s",
                          failure->message);
        if (!recover_result(session, failure, error))
            return FALSE;
        refresh_view(session, record);
        if (record->profile_changed && !session->stale)
            announce_switch(session, record);
        return TRUE;
    }
    record->state = IPA_RECORD_EXECUTED;
    if (result) {
        record->result = g_bytes_ref(result);
        ipa_package_note_result(session, record);
    } else {
        record->error_code = ESIPA_RESULT_UNDEFINED_ERROR;
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_PACKAGE_EXECUTED,
                          record->eim->eim_id, "the card refused the package: %s",
                          failure->message);
    }
    if (!session->host->record_save(session->host_data, record, error)) {
        g_prefix_error(error, "keeping the package result: ");
        return FALSE;
    }
    if (record->profile_changed)
        ipa_package_switch_profile(session, record);
    else
        refresh_view(session, record);
    return TRUE;
}

/* Not cancellable: an answer that nobody waits for would be lost, and error results are not stored on the
 * card. The channel's own deadline bounds it. */
static GBytes *give_package(IpaSession *session, const EsipaPackage *package, GError **error)
{
    if (package->changes_profiles)
        channel_expect_refresh(session->channel);
    return es10b_load_euicc_package(session->channel, package->package, NULL, error);
}

/*
 * The modem, or the proxy in front of it, went while the card was given a package. Where it can be had again at
 * once and the card's list has no result, the package did not run: one command after the other, and a package that
 * was not complete is void with its channel. I-43 lets the eIM send a package again of which nothing is known; of
 * this one it is known, and the second attempt is worth more to the eIM than an undefinedError. With a result in
 * the list, or a modem that stays away, all is left to the job that finds the modem again.
 */
static gboolean has_not_run(IpaSession *session, const IpaRecord *record, const GError *failure)
{
    g_autoptr(GBytes) result = NULL;
    g_autoptr(GError) local = NULL;

    if (!euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE))
        return FALSE;
    if (ipa_card_reopen(session, &local) && ipa_results_find(session, record, &result, &local)) {
        if (!result)
            ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, record->eim->eim_id,
                              "the modem is back, and the card has not run the package, which is "
                              "given to it again: %s",
                              failure->message);
        return !result;
    }
    ipa_session_event(session, LOG_LEVEL_DEBUG, LOG_EVENT_NONE, record->eim->eim_id,
                      "the modem can't be had again at once: %s", local->message);
    return FALSE;
}

/*
 * ES10b.LoadEuiccPackage. A status word, 6985 too, may stand in the place of the answer after the package ran, and
 * so may those that say that the channel is gone: before the package is given to the card again or called
 * refused, the card's list of results is asked (I-35, I-43). *RET_LOST: it is not known what became of the package.
 */
static GBytes *load_package(IpaSession *session, const IpaRecord *record,
                            const EsipaPackage *package, gboolean *ret_lost, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GError) local = NULL;
    GBytes *result = give_package(session, package, &failure);

    if (!result && make_ready_again(session, &failure)) {
        if (!ipa_results_find(session, record, &result, error)) {
            *ret_lost = TRUE;
            return NULL;
        }
        if (!result)
            result = give_package(session, package, &failure);
    } else if (!result && has_not_run(session, record, failure)) {
        g_clear_error(&failure);
        result = give_package(session, package, &failure);
    }
    if (result)
        return result;
    if (!is_refusal(failure)) {
        *ret_lost = TRUE;
    } else if (!ipa_results_find(session, record, &result, &local)) {
        g_prefix_error(&failure, "(looking for its result failed: %s) ", local->message);
        *ret_lost = TRUE;
    } else if (result) {
        ipa_session_event(
            session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
            "the card's answer to a package can't be used, its list has the result: %s",
            failure->message);
    }
    if (!result)
        g_propagate_error(error, g_steal_pointer(&failure));
    return result;
}

/* A card that can't be reached has not run anything: the eIM is told, and sends the package again. */
static void owe_failure(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                        GError *failure, gboolean *ret_owed, GError **error)
{
    *ret_owed = ipa_results_owe(session, eim, NULL, ESIPA_RESULT_UNDEFINED_ERROR,
                                package->eim_transaction_id, error);
    if (*ret_owed)
        g_propagate_prefixed_error(error, failure, "reaching the card for a package: ");
    else
        g_error_free(failure);
}

/* All that needs the card. *RET_RECEIVER: who gets the result; *RET_OWED: it could not be reached, and EIM is
 * owed an answer. */
static gboolean run_package(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                            IpaEim **ret_receiver, gboolean *ret_owed, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) result = NULL;
    gboolean lost = FALSE;
    IpaRecord *record;

    if (!channel_open(session->channel, session->cancellable, &failure)) {
        owe_failure(session, eim, package, g_steal_pointer(&failure), ret_owed, error);
        return FALSE;
    }
    record = ipa_results_expect(session, eim, package, error);
    if (!record)
        return FALSE;
    result = load_package(session, record, package, &lost, &failure);
    if (!settle(session, record, result, lost, failure, error))
        return FALSE;
    /* Delivery frees the record. */
    *ret_receiver = ipa_eim_copy(record->eim);
    return TRUE;
}

gboolean ipa_package_execute(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                             GError **error)
{
    g_autoptr(GError) ignored = NULL;
    gboolean owed = FALSE, let_go = FALSE, ok;
    IpaEim *receiver = NULL;

    ipa_session_stage(session, 0.3, "executing a package of %s", eim->eim_id);
    if (package->changes_profiles)
        let_go = ipa_session_begin_switch(session);
    ok = run_package(session, eim, package, &receiver, &owed, error);
    /* The way to the eIM may need what was let go of. */
    if (package->changes_profiles)
        ipa_session_end_switch(session);
    if (owed)
        (void)ipa_results_deliver(session, eim, &ignored);
    if (!ok)
        return FALSE;
    ok = ipa_rollback_deliver(session, receiver, let_go, error);
    ipa_eim_free(receiver);
    return ok;
}
