/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker_private.h"
#include "util/error.h"

void worker_forget_card(Worker *worker)
{
    worker->log.eid = NULL;
    g_clear_pointer(&worker->session, ipa_session_free);
    links_set_store(worker->links, NULL);
    deliveries_set_store(worker->deliveries, NULL);
    g_clear_pointer(&worker->store, store_free);
}

/* What the card was found with, against what this daemon knew: a foreign change is told to every eIM once
 * (I-26, I-42). */
static gboolean note_foreign_change(Worker *worker, gboolean explained, GError **error)
{
    IpaSession *session = worker->session;
    g_autofree char *iccid = ipa_session_get_enabled_iccid(session);
    const char *known = store_get_enabled_iccid(worker->store);

    if (!session->profiles)
        return TRUE; /* the card could not list them: nothing is known of a change */
    if (!explained && g_strcmp0(known, iccid) != 0) {
        for (guint i = 0; i < session->eims->len; i++) {
            const IpaEim *eim = session->eims->pdata[i];

            if (store_get_cause(worker->store, eim->eim_id) < 0 &&
                !store_set_cause(worker->store, eim->eim_id, IPA_CAUSE_UNDEFINED, error))
                return FALSE;
        }
    }
    return store_set_enabled_iccid(worker->store, iccid, error);
}

/* What lies on the disk may explain that another profile is enabled than the disk says. */
static gboolean is_switch_owed(const IpaSession *session)
{
    for (guint i = 0; i < session->records->len; i++) {
        const IpaRecord *record = session->records->pdata[i];

        /* Its result says nothing of the profile that it may have enabled: the eIMs are told that by the cause, which may
         * not have come to the disk. */
        if (record->kind == IPA_RECORD_DOWNLOAD)
            continue;
        if (record->profile_changed ? record->state != IPA_RECORD_KEPT
                                    : record->state == IPA_RECORD_EXECUTING)
            return TRUE;
    }
    return FALSE;
}

static void restore_rung(Worker *worker)
{
    g_autofree char *modem = route_make_modem_name(worker->route);
    g_autofree char *rung = store_get_rung(worker->store, modem);

    if (rung)
        channel_load_rung(route_get_channel(worker->route), rung);
}

void worker_keep_rung(Worker *worker)
{
    g_autofree char *modem = NULL;
    g_autoptr(GError) error = NULL;
    const char *rung;

    if (!worker->store || !route_get_channel(worker->route))
        return;
    rung = channel_save_rung(route_get_channel(worker->route));
    if (!rung)
        return;
    modem = route_make_modem_name(worker->route);
    if (!store_set_rung(worker->store, modem, rung, &error))
        log_warning(&worker->log, "%s", error->message);
    worker_post_modem(worker);
}

static gboolean load_owed(Worker *worker, gboolean *ret_explained, GError **error)
{
    IpaSession *session = worker->session;
    guint bad = 0;

    worker->store = store_open(worker->config->state_directory, session->eid_text, error);
    links_set_store(worker->links, worker->store);
    if (!worker->store || !store_load_records(worker->store, session->records, &bad, error))
        return FALSE;
    if (bad > 0)
        log_error(&worker->log,
                  "%u files of what is owed to eIMs can't be read and were put aside "
                  "(*.bad); results on the card are delivered all the same",
                  bad);
    store_prune_sessions(worker->store, session->eims);
    deliveries_set_store(worker->deliveries, worker->store);
    restore_rung(worker);
    *ret_explained = is_switch_owed(session);
    return TRUE;
}

void worker_deliver_orphans(Worker *worker)
{
    IpaSession *session = worker->session;
    g_autoptr(GPtrArray) receivers = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);

    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        gboolean known = FALSE;

        if (ipa_session_find_eim(session, record->eim->eim_id))
            continue;
        record->refused = FALSE;
        for (guint k = 0; k < receivers->len; k++)
            known = known ||
                    g_str_equal(((const IpaEim *)receivers->pdata[k])->eim_id, record->eim->eim_id);
        if (!known)
            g_ptr_array_add(receivers, ipa_eim_copy(record->eim));
    }
    for (guint i = 0; i < receivers->len && !g_cancellable_is_cancelled(worker->job->cancellable);
         i++) {
        g_autoptr(GError) error = NULL;

        /* An eIM that does not answer is no reason to call the card unusable. */
        if (!ipa_results_deliver(session, receivers->pdata[i], &error))
            log_warning(&worker->log, "%s", error->message);
    }
}

/* One port: from opening it to knowing the card. */
static gboolean try_port(Worker *worker, GError **error)
{
    worker_forget_card(worker);
    worker_ipa_host.stage(worker, 0.1, "opening the modem");
    if (!route_open(worker->route, worker->job->cancellable, error))
        return FALSE;
    worker->session = ipa_session_new(route_get_channel(worker->route), &worker_ipa_host, worker,
                                      worker->config->refresh_grace);
    worker->session->rollback_window = worker->config->rollback_window;
    worker->session->cancellable = worker->job->cancellable;
    worker->session->delivery = worker->job->delivery;
    worker_ipa_host.stage(worker, 0.3, "reading the card");
    if (ipa_card_read(worker->session, error))
        return TRUE;
    route_explain(worker->route, error);
    return FALSE;
}

/* A refusal stays one; what hinders another port may pass, and is a reason to try again. */
static void note_failure(GError **first, const GError *last)
{
    g_autoptr(GError) refusal = NULL;

    if (!*first) {
        *first = g_error_copy(last);
    } else if (euiccd_error_is(*first, EUICCD_ERROR_NOT_SUPPORTED) &&
               !euiccd_error_is(last, EUICCD_ERROR_NOT_SUPPORTED)) {
        refusal = g_steal_pointer(first);
        *first =
            g_error_new(EUICCD_ERROR, last->code, "%s; then %s", refusal->message, last->message);
    }
}

/* The first port that leads to the card. What is told is why the first one did not. */
static gboolean reach_card(Worker *worker, GError **error)
{
    g_autoptr(GError) first = NULL;
    g_autoptr(GError) last = NULL;

    route_begin(worker->route);
    while (route_next(worker->route, last)) {
        g_clear_error(&last);
        if (try_port(worker, &last)) {
            route_note(worker->route, TRUE, "read the card",
                       worker->session->left_alone ? worker->session->left_alone_reason
                                                   : worker->session->eid_text);
            route_succeeded(worker->route);
            return TRUE;
        }
        route_note(worker->route, FALSE, "read the card", last->message);
        /* The session goes before the channel that it works with does. */
        worker_forget_card(worker);
        note_failure(&first, last);
    }
    if (!first)
        first = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                                    "the modem has no port that can be used");
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

static gboolean read_card(Worker *worker, GError **error)
{
    gboolean explained = FALSE, reached = reach_card(worker, error);

    worker_post_modem(worker);
    if (!reached)
        return FALSE;
    worker->log.eid = worker->session->eid_text;
    links_set_card(worker->links, worker->session->eid_text);
    if (worker->session->left_alone) {
        worker_post_facts(worker);
        return TRUE;
    }
    if (!load_owed(worker, &explained, error))
        return FALSE;
    worker_ipa_host.stage(worker, 0.7, "looking for results of a former run");
    if (!ipa_results_reconcile(worker->session, error) ||
        !note_foreign_change(worker, explained || is_switch_owed(worker->session), error))
        return FALSE;
    worker_post_facts(worker);
    worker_deliver_orphans(worker);
    return TRUE;
}

gboolean worker_start(Worker *worker, GError **error)
{
    if (read_card(worker, error))
        return TRUE;
    worker_forget_card(worker);
    return FALSE;
}
