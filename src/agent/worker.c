/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker.h"

#include "agent/facts.h"
#include "agent/worker_private.h"
#include "util/error.h"
#include "util/heap.h"
#include "util/text.h"

/* ---- posts to the main thread ---- */

Post *worker_post_new(Worker *worker, PostKind kind)
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

void worker_post_facts(Worker *worker)
{
    Post *post = worker_post_new(worker, POST_FACTS);
    g_autofree char *problem = NULL;

    post->facts = facts_from_session(worker->session);
    if (post->facts->eid[0] == '\0')
        post->facts->eid =
            (g_free(post->facts->eid), make_substitute(route_get_port(worker->route)));
    post->facts->device = (g_free(post->facts->device), g_strdup(worker->device));
    post->facts->port = (g_free(post->facts->port), g_strdup(route_get_port(worker->route)));
    post->facts->transport =
        (g_free(post->facts->transport), g_strdup(route_get_transport(worker->route)));
    post->facts->slot = worker->slot;
    post->facts->oldest_notification =
        deliveries_get_oldest(worker->deliveries, post->facts->pending_notifications);
    problem = deliveries_get_problem(worker->deliveries, post->facts->pending_notifications);
    replace_string(&post->facts->notification_error, problem ? problem : "");
    mailbox_post_send(post);
}

void worker_post_modem(Worker *worker)
{
    Post *post = worker_post_new(worker, POST_MODEM);

    post->modem = route_make_snapshot(worker->route);
    mailbox_post_send(post);
}

void worker_post_result(Worker *worker, const char *text)
{
    Post *post = worker_post_new(worker, POST_RESULT);

    post->text = g_strdup(text);
    mailbox_post_send(post);
}

static void post_notifications(Worker *worker)
{
    Post *post = worker_post_new(worker, POST_NOTIFICATIONS);

    if (worker->session)
        post->due = deliveries_get_due(worker->deliveries, worker->session->pending_notifications);
    mailbox_post_send(post);
}

/* What a poll of its eIM can settle: not what waits for the card, and not what the eIM keeps on the card. A download
 * that was interrupted goes on with the next poll. */
static gboolean is_deliverable(Worker *worker, const IpaRecord *record)
{
    switch (record->state) {
    case IPA_RECORD_EXECUTED:
    case IPA_RECORD_DELIVERED:
        return TRUE;
    case IPA_RECORD_EXECUTING:
        return record->kind == IPA_RECORD_DOWNLOAD &&
               ipa_session_find_eim(worker->session, record->eim->eim_id);
    case IPA_RECORD_KEPT:
        return FALSE;
    }
    g_return_val_if_reached(FALSE);
}

static void post_owed(Worker *worker)
{
    Post *post = worker_post_new(worker, POST_OWED);
    GStrvBuilder *owed = g_strv_builder_new();

    for (guint i = 0; worker->session && i < worker->session->records->len; i++) {
        const IpaRecord *record = worker->session->records->pdata[i];

        if (is_deliverable(worker, record))
            g_strv_builder_add(owed, record->eim->eim_id);
    }
    post->owed = g_strv_builder_end(owed);
    g_strv_builder_unref(owed);
    mailbox_post_send(post);
}

static void post_event(Worker *worker, WorkerEvent event)
{
    Post *post = worker_post_new(worker, POST_EVENT);

    post->event = event;
    mailbox_post_send(post);
}

/* ---- jobs ---- */

/* The card that was read is there, and can be spoken to. */
static gboolean meet_again(Worker *worker)
{
    g_autoptr(GError) local = NULL;

    if (!route_is_resting(worker->route))
        return route_is_in_slot(worker->route, worker->job->cancellable);
    if (route_resume(worker->route, worker->job->cancellable, &local)) {
        worker->session->cancellable = worker->job->cancellable;
        if (ipa_card_verify(worker->session, &local))
            return TRUE;
    }
    if (g_cancellable_is_cancelled(worker->job->cancellable))
        return FALSE;
    log_info(&worker->log, "looking for the card anew: %s", local->message);
    /* Who the modem is may be news as well. */
    route_close(worker->route);
    return FALSE;
}

gboolean worker_is_lost(Worker *worker)
{
    Channel *channel = route_get_channel(worker->route);

    return worker->lost && (!channel || channel_is_lost(channel));
}

gboolean worker_is_stopping(Worker *worker)
{
    gboolean stop;

    g_mutex_lock(&worker->mutex);
    stop = worker->stop;
    g_mutex_unlock(&worker->mutex);
    return stop;
}

static gboolean run_card_job(Worker *worker, GError **error)
{
    gboolean ok = FALSE;

    if (worker->session && !meet_again(worker)) {
        if (g_cancellable_set_error_if_cancelled(worker->job->cancellable, error))
            return FALSE;
        worker_forget_card(worker);
    }
    /* The first job after a failure reads the card anew. */
    if (!worker->session && !worker_start(worker, error))
        return FALSE;
    worker->session->cancellable = worker->job->cancellable;
    worker->session->delivery = worker->job->delivery;
    if (worker->session->left_alone) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s",
                    worker->session->left_alone_reason);
        return FALSE;
    }
    switch (worker->job->kind) {
    case JOB_KIND_START:
        g_return_val_if_reached(FALSE);
    case JOB_KIND_POLL:
        ok = worker_poll(worker, error);
        if (ok)
            worker_deliver_due(worker);
        break;
    case JOB_KIND_DOWNLOAD:
        ok = worker_download(worker, error);
        break;
    case JOB_KIND_NOTIFICATIONS:
        ok = worker_deliver_notifications(worker, error);
        break;
    case JOB_KIND_RESET_MEMORY:
    case JOB_KIND_EXECUTE_FALLBACK:
    case JOB_KIND_RETURN_FROM_FALLBACK:
    case JOB_KIND_ENABLE_EMERGENCY_PROFILE:
    case JOB_KIND_DISABLE_EMERGENCY_PROFILE:
    case JOB_KIND_SET_DEFAULT_SMDP:
    case JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE:
    case JOB_KIND_GET_CONNECTIVITY:
        ok = worker_control(worker, error);
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
    worker_post_facts(worker);
    return ok;
}

/* TRUE: what was open is not any more. */
static gboolean take_modem(Worker *worker)
{
    g_autoptr(Modem) modem = NULL;
    gboolean outdated;

    g_mutex_lock(&worker->mutex);
    modem = g_steal_pointer(&worker->next_modem);
    g_mutex_unlock(&worker->mutex);
    if (!modem)
        return FALSE;
    route_set_modem(worker->route, modem);
    outdated = route_is_outdated(worker->route);
    /* The session goes before the channel that it works with does. */
    if (outdated)
        worker_forget_card(worker);
    route_take_modem(worker->route);
    worker_post_modem(worker);
    return outdated;
}

/* Nobody will look until the modem tells by itself that another card came. */
static gboolean awaits_card(const Worker *worker, gboolean gone, const GError *error)
{
    if (worker->session)
        return worker->session->left_alone;
    return gone || euiccd_error_is(error, EUICCD_ERROR_CARD_ABSENT);
}

static void run_job(Worker *worker, Job *job)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = FALSE, usable;
    Post *post;

    worker->job = job;
    worker->lost = FALSE;
    (void)take_modem(worker);
    if (job->kind == JOB_KIND_START)
        (void)worker_start(worker, &error);
    else
        (void)run_card_job(worker, &error);
    servers_close(worker->servers);
    worker_keep_rung(worker);
    /* Others may want the channel while nothing is to be done. */
    if (route_get_channel(worker->route))
        channel_close(route_get_channel(worker->route));
    if (worker_is_lost(worker) || (error && euiccd_error_is(error, EUICCD_ERROR_MODEM_GONE))) {
        worker_forget_card(worker);
        route_close(worker->route);
    }
    worker->lost = FALSE;
    if (worker->session && worker->session->card_gone)
        gone = TRUE;
    if (worker->session && (worker->session->replaced || gone))
        worker_forget_card(worker);
    usable = worker->session != NULL;
    post_owed(worker);
    post_notifications(worker);
    /* The next job finds whatever is in the slot then. */
    if (route_leave_slot(worker->route, worker_is_stopping(worker)))
        worker_forget_card(worker);
    if (!awaits_card(worker, gone, error))
        route_rest(worker->route);
    if (worker->session)
        worker->session->cancellable = worker->session->delivery = NULL;
    if (error && g_atomic_int_get(&job->timed_out)) {
        g_clear_error(&error);
        g_set_error(&error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT,
                    "the job took longer than it may and was ended");
    }
    post = worker_post_new(worker, POST_FINISHED);
    post->usable = usable;
    post->error = g_steal_pointer(&error);
    worker->job = NULL;
    mailbox_post_send(post);
    if (gone)
        post_event(worker, WORKER_CARD_GONE);
    job_unref(job);
    /* A TLS handshake needs ten times what stays; the next one may be hours away. */
    heap_trim();
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
            worker_forget_card(worker);
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
    worker_forget_card(worker);
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
        else if (!stop && take_modem(worker))
            post_event(worker, WORKER_MODEM_CHANGED);
        else if (!stop)
            g_main_context_iteration(worker->context, TRUE);
        if (worker->lost && !stop)
            handle_idle_loss(worker);
    }
    worker_forget_card(worker);
    g_clear_pointer(&worker->route, route_free);
    /* What the libraries still want to do in this context. */
    while (g_main_context_iteration(worker->context, FALSE))
        ;
    g_main_context_pop_thread_default(worker->context);
    mailbox_post_send(worker_post_new(worker, POST_ENDED));
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
    route_set_manager(worker->route, &worker_route_manager, worker);
    worker->links = links_new(config, &worker->log);
    worker->servers = servers_new(config);
    worker->deliveries = deliveries_new(config, &worker->log);
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
    g_main_context_wakeup(worker->context);
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
    servers_free(worker->servers);
    deliveries_free(worker->deliveries);
    network_free(worker->network);
    g_main_context_unref(worker->context);
    g_mutex_clear(&worker->mutex);
    g_clear_pointer(&worker->next_modem, modem_free);
    g_free(worker->device);
    g_free(worker->log_object);
    mailbox_unref(worker->mailbox);
    g_free(worker);
}
