/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker.h"

#include <string.h>

#include "agent/facts.h"
#include "agent/links.h"
#include "agent/mailbox.h"
#include "agent/network.h"
#include "agent/route.h"
#include "agent/store.h"
#include "agent/switching.h"
#include "ipa/procedures.h"
#include "util/clock.h"
#include "util/error.h"

/* Seconds: longer than ModemManager is waited for in agent/switching.c, its return from a change before
 * included. */
#define SWITCH_TIMEOUT   320
#define IDENTITY_TIMEOUT 5 /* seconds for asking a modem who it is, and in which network */

struct Worker {
    const Config *config;
    Mailbox *mailbox;
    LogContext log;
    char *log_object;
    char *device;
    guint slot;

    Network *network;
    GThread *thread;
    GMainContext *context;
    GMutex mutex;
    Job *next;         /* guarded by MUTEX */
    Modem *next_modem; /* guarded by MUTEX */
    gboolean stop;     /* guarded by MUTEX */

    /* The worker thread's own. */
    Route *route;
    guint network_changes; /* as of the last look at NETWORK */
    IpaSession *session;   /* NULL while no card was read */
    Store *store;
    Links *links;
    Job *job;      /* running */
    gboolean lost; /* the modem went */
};

/* ---- posts to the main thread ---- */

static Post *post_new(Worker *worker, PostKind kind)
{
    return mailbox_post_new(worker->mailbox, kind, worker->job ? worker->job->number : 0);
}

/* A card that is left alone is not asked for its EID: what its object on the bus is called then. */
static char *make_substitute(const char *port)
{
    g_autofree char *name = g_path_get_basename(port);

    g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS, '_');
    return g_strdup_printf("unread_%.50s", name);
}

static void post_facts(Worker *worker)
{
    Post *post = post_new(worker, POST_FACTS);

    post->facts = facts_from_session(worker->session);
    if (post->facts->eid[0] == '\0')
        post->facts->eid =
            (g_free(post->facts->eid), make_substitute(route_get_port(worker->route)));
    post->facts->device = (g_free(post->facts->device), g_strdup(worker->device));
    post->facts->port = (g_free(post->facts->port), g_strdup(route_get_port(worker->route)));
    post->facts->transport =
        (g_free(post->facts->transport), g_strdup(route_get_transport(worker->route)));
    post->facts->slot = worker->slot;
    mailbox_post_send(post);
}

static void post_modem(Worker *worker)
{
    Post *post = post_new(worker, POST_MODEM);

    post->modem = route_make_snapshot(worker->route);
    mailbox_post_send(post);
}

/* What a delivery can settle: not what waits for the card, and not what the eIM keeps on the card. */
static gboolean is_deliverable(const IpaRecord *record)
{
    switch (record->state) {
    case IPA_RECORD_EXECUTED:
    case IPA_RECORD_DELIVERED:
        return TRUE;
    case IPA_RECORD_EXECUTING:
    case IPA_RECORD_KEPT:
        return FALSE;
    }
    g_return_val_if_reached(FALSE);
}

static void post_owed(Worker *worker)
{
    Post *post = post_new(worker, POST_OWED);
    GStrvBuilder *owed = g_strv_builder_new();

    for (guint i = 0; worker->session && i < worker->session->records->len; i++) {
        const IpaRecord *record = worker->session->records->pdata[i];

        if (is_deliverable(record))
            g_strv_builder_add(owed, record->eim->eim_id);
    }
    post->owed = g_strv_builder_end(owed);
    g_strv_builder_unref(owed);
    mailbox_post_send(post);
}

static void post_event(Worker *worker, WorkerEvent event)
{
    Post *post = post_new(worker, POST_EVENT);

    post->event = event;
    mailbox_post_send(post);
}

/* ---- what the procedures ask for ---- */

static void host_stage(gpointer data, double progress, const char *text)
{
    Worker *worker = data;
    Post *post = post_new(worker, POST_STAGE);

    post->progress = progress;
    post->text = g_strdup(text);
    mailbox_post_send(post);
}

static void host_event(gpointer data, LogLevel level, LogEvent event, const char *eim_id,
                       const char *text)
{
    Worker *worker = data;
    LogContext context = worker->log;
    g_autofree char *object = NULL;

    if (eim_id)
        object = g_strdup_printf("%s, %s", worker->log.object, eim_id);
    if (object)
        context.object = object;
    context.eim = eim_id;
    context.eid = worker->session->eid_text;
    context.job = worker->job ? worker->job->number : 0;
    log_full(&context, level, event, "%s", text);
    if (event == LOG_EVENT_PROFILE_SWITCHED)
        post_facts(worker);
}

static EsipaClient *host_client(gpointer data, const IpaEim *eim, GError **error)
{
    Worker *worker = data;

    /* The modem's news arrive in this thread's context, which nobody looks at during HTTPS. */
    while (g_main_context_iteration(worker->context, FALSE))
        ;
    return links_get_client(worker->links, worker->session->eid, eim, error);
}

static gboolean host_keep_unacknowledged(gpointer data, const char *eim_id)
{
    Worker *worker = data;

    return config_get_eim(worker->config, eim_id)->keep_unacknowledged;
}

static gboolean host_send_notifications(gpointer data, const char *eim_id)
{
    Worker *worker = data;

    return config_get_eim(worker->config, eim_id)->send_notifications;
}

static gboolean on_waited(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean on_wait_cancelled(GCancellable *cancellable, gpointer data)
{
    (void)cancellable;
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

/* What a sleeping worker may be woken for before its time; NULL: nothing. */
typedef gboolean (*IsOver)(Worker *worker, gconstpointer data);

/* The thread sleeps in its context, where the modem's news arrive as well. */
static gboolean sleep_until(Worker *worker, gint64 deadline, IsOver is_over, gconstpointer data,
                            GCancellable *cancellable, GError **error)
{
    gboolean over = FALSE;
    GSource *timer = clock_timer_new(deadline, worker->context, on_waited, &over);
    GSource *stop = g_cancellable_source_new(cancellable);

    g_source_set_callback(stop, G_SOURCE_FUNC(on_wait_cancelled), &over, NULL);
    g_source_attach(stop, worker->context);
    while (!over && !worker->lost && !(is_over && is_over(worker, data)))
        g_main_context_iteration(worker->context, TRUE);
    g_source_destroy(timer);
    g_source_unref(timer);
    g_source_destroy(stop);
    g_source_unref(stop);
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    if (worker->lost) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE,
                            "the modem or its proxy vanished");
        return FALSE;
    }
    return TRUE;
}

static gboolean host_wait(gpointer data, guint seconds, GCancellable *cancellable, GError **error)
{
    return sleep_until(data, clock_deadline(seconds), NULL, NULL, cancellable, error);
}

static gboolean has_network_changed(Worker *worker, gconstpointer data)
{
    return network_count_changes(worker->network) != *(const guint *)data;
}

static gboolean host_wait_for_network(gpointer data, guint seconds, gboolean *ret_early,
                                      GCancellable *cancellable, GError **error)
{
    Worker *worker = data;
    guint before = worker->network_changes;
    gboolean ok = sleep_until(worker, clock_deadline(seconds), has_network_changed, &before,
                              cancellable, error);

    /* What happens while a delivery is tried ends the pause after it. */
    worker->network_changes = network_count_changes(worker->network);
    *ret_early = worker->network_changes != before;
    return ok;
}

/* Where the modem tells its slots, it also tells ModemManager when another ICCID is in one. */
static gboolean tells_slots(Worker *worker, GCancellable *cancellable)
{
    g_autoptr(GArray) slots = NULL;

    return backend_list_slots(route_get_backend(worker->route), clock_deadline(IDENTITY_TIMEOUT),
                              cancellable, &slots, NULL);
}

static gboolean is_answered(Worker *worker, gconstpointer data)
{
    (void)worker;
    return rendezvous_is_answered((Rendezvous *)data);
}

static void host_switch_begin(gpointer data, GCancellable *cancellable)
{
    Worker *worker = data;
    const Backend *backend = route_get_backend(worker->route);
    InhibitPolicy policy = backend->quirks->inhibit;
    gboolean is_qmi = g_str_equal(backend->class->name, "qmi");
    g_autoptr(Rendezvous) rendezvous = rendezvous_new(worker->context);
    Post *post = post_new(worker, POST_SWITCH_BEGIN);

    post->rendezvous = rendezvous_ref(rendezvous);
    post->inhibit = switching_wants_inhibition(policy, backend->class->name,
                                               policy == INHIBIT_AUTO && is_qmi &&
                                                   tells_slots(worker, cancellable));
    mailbox_post_send(post);
    /* Who cancels, or takes the modem away, is noticed by what comes next. The main thread gives up long
     * before the deadline. */
    (void)sleep_until(worker, clock_deadline(SWITCH_TIMEOUT), is_answered, rendezvous, cancellable,
                      NULL);
    worker->network_changes = network_count_changes(worker->network);
}

static void host_switch_end(gpointer data)
{
    mailbox_post_send(post_new(data, POST_SWITCH_END));
}

static void host_network_changed(gpointer data, gboolean reconnect)
{
    links_network_changed(((Worker *)data)->links, reconnect);
}

static gboolean host_get_rplmn(gpointer data, guint8 ret_rplmn[3])
{
    Worker *worker = data;

    if (network_get_rplmn(worker->network, ret_rplmn))
        return TRUE;
    return backend_get_rplmn(route_get_backend(worker->route), clock_deadline(IDENTITY_TIMEOUT),
                             worker->job->cancellable, ret_rplmn, NULL);
}

static gboolean host_get_imei(gpointer data, char ret_imei[16])
{
    Worker *worker = data;
    g_autoptr(GError) error = NULL;

    if (network_get_imei(worker->network, ret_imei))
        return TRUE;
    if (backend_get_imei(route_get_backend(worker->route), clock_deadline(IDENTITY_TIMEOUT),
                         worker->job->cancellable, ret_imei, &error))
        return TRUE;
    log_info(&worker->log, "the modem does not tell its IMEI: %s", error->message);
    return FALSE;
}

static gboolean host_record_save(gpointer data, IpaRecord *record, GError **error)
{
    return store_save_record(((Worker *)data)->store, record, error);
}

static gboolean host_record_remove(gpointer data, const IpaRecord *record, GError **error)
{
    return store_remove_record(((Worker *)data)->store, record, error);
}

static gint host_get_cause(gpointer data, const char *eim_id)
{
    return store_get_cause(((Worker *)data)->store, eim_id);
}

static gboolean host_set_cause(gpointer data, const char *eim_id, gint cause, GError **error)
{
    return store_set_cause(((Worker *)data)->store, eim_id, cause, error);
}

static gboolean host_set_enabled_iccid(gpointer data, const char *iccid, GError **error)
{
    return store_set_enabled_iccid(((Worker *)data)->store, iccid, error);
}

static const IpaHost ipa_host = {
    .stage = host_stage,
    .event = host_event,
    .client = host_client,
    .keep_unacknowledged = host_keep_unacknowledged,
    .send_notifications = host_send_notifications,
    .wait = host_wait,
    .wait_for_network = host_wait_for_network,
    .switch_begin = host_switch_begin,
    .switch_end = host_switch_end,
    .network_changed = host_network_changed,
    .get_rplmn = host_get_rplmn,
    .get_imei = host_get_imei,
    .record_save = host_record_save,
    .record_remove = host_record_remove,
    .get_cause = host_get_cause,
    .set_cause = host_set_cause,
    .set_enabled_iccid = host_set_enabled_iccid,
};

/* ---- jobs ---- */

static void forget_card(Worker *worker)
{
    worker->log.eid = NULL;
    g_clear_pointer(&worker->session, ipa_session_free);
    links_set_store(worker->links, NULL);
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
        channel_set_rung(route_get_channel(worker->route), channel_rung_from_string(rung));
}

/* What brought the card back is kept, also where the modem went with it. */
static void keep_rung(Worker *worker)
{
    g_autofree char *modem = NULL;
    g_autoptr(GError) error = NULL;
    ChannelRung rung;

    if (!worker->store || !route_get_channel(worker->route))
        return;
    rung = channel_get_rung(route_get_channel(worker->route));
    if (rung == CHANNEL_RUNG_UNKNOWN)
        return;
    modem = route_make_modem_name(worker->route);
    if (!store_set_rung(worker->store, modem, channel_rung_to_string(rung), &error))
        log_warning(&worker->log, "%s", error->message);
    post_modem(worker);
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
    restore_rung(worker);
    *ret_explained = is_switch_owed(session);
    return TRUE;
}

/* Results for eIMs that the card no longer names: their own poll never comes. */
static void deliver_orphans(Worker *worker)
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
    forget_card(worker);
    host_stage(worker, 0.1, "opening the modem");
    if (!route_open(worker->route, worker->job->cancellable, error))
        return FALSE;
    worker->session = ipa_session_new(route_get_channel(worker->route), &ipa_host, worker,
                                      worker->config->refresh_grace);
    worker->session->rollback_window = worker->config->rollback_window;
    worker->session->cancellable = worker->job->cancellable;
    host_stage(worker, 0.3, "reading the card");
    return ipa_card_read(worker->session, error);
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
        forget_card(worker);
        if (!first)
            first = g_error_copy(last);
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

    post_modem(worker);
    if (!reached)
        return FALSE;
    worker->log.eid = worker->session->eid_text;
    links_set_card(worker->links, worker->session->eid_text);
    if (worker->session->left_alone) {
        post_facts(worker);
        return TRUE;
    }
    if (!load_owed(worker, &explained, error))
        return FALSE;
    host_stage(worker, 0.7, "looking for results of a former run");
    if (!ipa_results_reconcile(worker->session, error) ||
        !note_foreign_change(worker, explained || is_switch_owed(worker->session), error))
        return FALSE;
    post_facts(worker);
    deliver_orphans(worker);
    return TRUE;
}

static gboolean run_start(Worker *worker, GError **error)
{
    if (read_card(worker, error))
        return TRUE;
    forget_card(worker);
    return FALSE;
}

static void post_polled(Worker *worker, const IpaEim *eim, guint packages, const GError *error)
{
    Post *post = post_new(worker, POST_POLLED);

    post->report.eim_id = g_strdup(eim->eim_id);
    post->report.time = clock_realtime();
    post->report.packages = packages;
    post->report.error = error ? g_error_copy(error) : NULL;
    links_fill_report(worker->links, &post->report);
    mailbox_post_send(post);
}

static gboolean is_wanted(const Job *job, const char *eim_id)
{
    return !job->eim_ids || g_strv_contains((const char *const *)job->eim_ids, eim_id);
}

static gboolean run_poll(Worker *worker, GError **error)
{
    IpaSession *session = worker->session;
    g_autoptr(GPtrArray) eims = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);
    g_autoptr(GError) first = NULL;

    deliver_orphans(worker);

    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];

        if (is_wanted(worker->job, eim->eim_id))
            g_ptr_array_add(eims, ipa_eim_copy(eim));
    }
    for (guint i = 0; i < eims->len; i++) {
        const IpaEim *eim = eims->pdata[i];
        g_autoptr(GError) local = NULL;
        IpaPollReport report = { 0 };

        if (!ipa_session_find_eim(session, eim->eim_id))
            continue; /* a package of an eIM before it took it off the card */
        if (!ipa_eim_is_polled(eim)) {
            if (worker->job->eim_ids)
                g_set_error(&local, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "eIM '%s' can't be polled over HTTPS (no address, or other protocols)",
                            eim->eim_id);
            else
                continue;
        } else {
            (void)ipa_poll(session, eim, &report, &local);
        }
        post_polled(worker, eim, report.packages, local);
        links_rest(worker->links, eim->eim_id);
        if (!local)
            continue;
        if (euiccd_error_is(local, EUICCD_ERROR_MODEM_GONE) ||
            g_cancellable_is_cancelled(worker->job->cancellable)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!first)
            first = g_steal_pointer(&local);
    }
    if (first) {
        g_propagate_error(error, g_steal_pointer(&first));
        return FALSE;
    }
    return TRUE;
}

static gboolean run_card_job(Worker *worker, GError **error)
{
    gboolean ok = FALSE;

    /* The first job after a failure reads the card anew. */
    if (!worker->session && !run_start(worker, error))
        return FALSE;
    worker->session->cancellable = worker->job->cancellable;
    if (worker->session->left_alone) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s",
                    worker->session->left_alone_reason);
        return FALSE;
    }
    switch (worker->job->kind) {
    case JOB_KIND_START:
        g_return_val_if_reached(FALSE);
    case JOB_KIND_POLL:
        ok = run_poll(worker, error);
        break;
    case JOB_KIND_ADD_INITIAL_EIM:
        ok = ipa_add_initial_eim(worker->session, worker->job->data, error);
        break;
    }
    if (worker->session->eid_text[0] != '\0' && worker->store && worker->session->profiles) {
        g_autofree char *iccid = ipa_session_get_enabled_iccid(worker->session);
        g_autoptr(GError) local = NULL;

        if (!store_set_enabled_iccid(worker->store, iccid, &local))
            log_warning(&worker->log, "%s", local->message);
    }
    post_facts(worker);
    return ok;
}

static void take_modem(Worker *worker)
{
    g_autoptr(Modem) modem = NULL;

    g_mutex_lock(&worker->mutex);
    modem = g_steal_pointer(&worker->next_modem);
    g_mutex_unlock(&worker->mutex);
    if (modem)
        route_set_modem(worker->route, modem);
}

static void run_job(Worker *worker, Job *job)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = FALSE, usable;
    Post *post;

    worker->job = job;
    worker->lost = FALSE;
    take_modem(worker);
    if (job->kind == JOB_KIND_START)
        (void)run_start(worker, &error);
    else
        (void)run_card_job(worker, &error);
    keep_rung(worker);
    /* Others may want the channel while nothing is to be done. */
    if (route_get_channel(worker->route))
        channel_close(route_get_channel(worker->route));
    if (worker->lost || (error && euiccd_error_is(error, EUICCD_ERROR_MODEM_GONE))) {
        worker->lost = FALSE;
        forget_card(worker);
        route_close(worker->route);
    }
    if (worker->session && worker->session->card_gone)
        gone = TRUE;
    if (worker->session && (worker->session->replaced || gone))
        forget_card(worker);
    usable = worker->session != NULL;
    /* The next job finds whatever is in the slot then. */
    if (route_leave_slot(worker->route))
        forget_card(worker);
    if (worker->session)
        worker->session->cancellable = NULL;
    if (error && g_atomic_int_get(&job->timed_out)) {
        g_clear_error(&error);
        g_set_error(&error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT,
                    "the job took longer than it may and was ended");
    }
    post_owed(worker);
    post = post_new(worker, POST_FINISHED);
    post->usable = usable;
    post->error = g_steal_pointer(&error);
    worker->job = NULL;
    mailbox_post_send(post);
    if (gone)
        post_event(worker, WORKER_CARD_GONE);
    job_unref(job);
}

static void on_backend_event(BackendEvent event, gpointer data)
{
    Worker *worker = data;

    if (route_get_channel(worker->route))
        channel_handle_event(route_get_channel(worker->route), event);
    switch (event) {
    case BACKEND_EVENT_LOST:
        /* Cleaned up when no library call is on the stack: by run_job() or the thread's loop. */
        worker->lost = TRUE;
        return;
    case BACKEND_EVENT_CARD_GONE:
    case BACKEND_EVENT_CARD_READY:
        /* During a job the card also comes and goes because of us; where it stays away, run_job() tells. */
        if (worker->session)
            worker->session->card_gone = event == BACKEND_EVENT_CARD_GONE;
        if (worker->job || route_is_parked(worker->route))
            return;
        /* The next one may be another card: a job that waits begins with reading it. */
        if (event == BACKEND_EVENT_CARD_GONE)
            forget_card(worker);
        post_event(worker, event == BACKEND_EVENT_CARD_GONE ? WORKER_CARD_GONE : WORKER_CARD_READY);
        return;
    }
}

static Job *take_next(Worker *worker, gboolean *ret_stop)
{
    Job *job;

    g_mutex_lock(&worker->mutex);
    job = g_steal_pointer(&worker->next);
    *ret_stop = worker->stop;
    g_mutex_unlock(&worker->mutex);
    return job;
}

static void handle_idle_loss(Worker *worker)
{
    worker->lost = FALSE;
    forget_card(worker);
    route_close(worker->route);
    post_event(worker, WORKER_MODEM_LOST);
}

static gpointer worker_thread(gpointer data)
{
    Worker *worker = data;
    gboolean stop = FALSE;

    g_main_context_push_thread_default(worker->context);
    while (!stop) {
        Job *job = take_next(worker, &stop);

        if (job)
            run_job(worker, job);
        else if (!stop)
            g_main_context_iteration(worker->context, TRUE);
        if (worker->lost && !stop)
            handle_idle_loss(worker);
    }
    forget_card(worker);
    g_clear_pointer(&worker->route, route_free);
    /* What the libraries still want to do in this context. */
    while (g_main_context_iteration(worker->context, FALSE))
        ;
    g_main_context_pop_thread_default(worker->context);
    mailbox_post_send(post_new(worker, POST_ENDED));
    return NULL;
}

Worker *worker_new(const Config *config, const Modem *modem, ChannelTrace *trace,
                   const WorkerListener *listener, gpointer data)
{
    Worker *worker = g_new0(Worker, 1);
    g_autofree char *name = NULL;

    worker->config = config;
    worker->device = g_strdup(modem->device);
    worker->slot = modem->slot;
    worker->mailbox = mailbox_new(listener, data);
    worker->log_object = modem_make_log_name(modem);
    worker->log = (LogContext){ .object = worker->log_object, .modem = worker->device };
    worker->context = g_main_context_new();
    worker->network = network_new(worker->context);
    worker->route = route_new(config, modem, trace, on_backend_event, worker);
    worker->links = links_new(config, &worker->log);
    g_mutex_init(&worker->mutex);
    name = g_strdup_printf("card %.10s", worker->log_object);
    worker->thread = g_thread_new(name, worker_thread, worker);
    return worker;
}

void worker_set_modem(Worker *worker, const Modem *modem)
{
    g_mutex_lock(&worker->mutex);
    g_clear_pointer(&worker->next_modem, modem_free);
    worker->next_modem = modem_copy(modem);
    g_mutex_unlock(&worker->mutex);
}

void worker_set_network(Worker *worker, const MmModem *modem)
{
    network_set(worker->network, modem);
}

void worker_run(Worker *worker, Job *job)
{
    g_mutex_lock(&worker->mutex);
    g_assert(!worker->next);
    worker->next = job_ref(job);
    g_mutex_unlock(&worker->mutex);
    g_main_context_wakeup(worker->context);
}

void worker_stop(Worker *worker, Job *current)
{
    mailbox_stop(worker->mailbox);
    g_mutex_lock(&worker->mutex);
    worker->stop = TRUE;
    g_mutex_unlock(&worker->mutex);
    if (current)
        g_cancellable_cancel(current->cancellable);
    g_main_context_wakeup(worker->context);
}

void worker_free(Worker *worker)
{
    g_thread_join(worker->thread);
    mailbox_close(worker->mailbox);
    if (worker->next)
        job_unref(worker->next);
    links_free(worker->links);
    network_free(worker->network);
    g_main_context_unref(worker->context);
    g_mutex_clear(&worker->mutex);
    g_clear_pointer(&worker->next_modem, modem_free);
    g_free(worker->device);
    g_free(worker->log_object);
    mailbox_unref(worker->mailbox);
    g_free(worker);
}
