/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/switching.h"
#include "agent/worker_private.h"
#include "util/clock.h"
#include "util/error.h"

/* Seconds: longer than ModemManager is waited for in agent/switching.c, its return from a change before
 * included. */
#define SWITCH_TIMEOUT   320
#define ORDER_TIMEOUT    150 /* likewise in agent/orders.c */
#define IDENTITY_TIMEOUT 5   /* seconds for asking a modem who it is, and in which network */

static void host_stage(gpointer data, double progress, const char *text)
{
    Worker *worker = data;
    Post *post = worker_post_new(worker, POST_STAGE);

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
        worker_post_facts(worker);
}

void worker_take_news(Worker *worker)
{
    while (g_main_context_iteration(worker->context, FALSE))
        ;
}

static EsipaClient *host_client(gpointer data, const IpaEim *eim, GError **error)
{
    Worker *worker = data;

    worker_take_news(worker);
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

static gboolean host_notify_trigger_result(gpointer data, const char *eim_id)
{
    Worker *worker = data;

    return config_get_eim(worker->config, eim_id)->notify_trigger_result;
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
    while (!over && !worker_is_lost(worker) && !(is_over && is_over(worker, data)))
        g_main_context_iteration(worker->context, TRUE);
    g_source_destroy(timer);
    g_source_unref(timer);
    g_source_destroy(stop);
    g_source_unref(stop);
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    if (worker_is_lost(worker)) {
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

static gboolean is_answered(Worker *worker, gconstpointer data)
{
    (void)worker;
    return rendezvous_is_answered((Rendezvous *)data);
}

static gboolean host_switch_begin(gpointer data, GCancellable *cancellable)
{
    Worker *worker = data;
    Backend *backend = route_get_backend(worker->route);
    InhibitPolicy policy = backend->quirks->inhibit;
    gboolean is_qmi = g_str_equal(backend->class->name, "qmi");
    g_autoptr(Rendezvous) rendezvous = rendezvous_new(worker->context);
    Post *post = worker_post_new(worker, POST_SWITCH_BEGIN);

    post->rendezvous = rendezvous_ref(rendezvous);
    /* Where the modem tells its slots, it also tells ModemManager when another ICCID is in one. */
    post->inhibit = switching_wants_inhibition(
        policy, backend->class->name,
        policy == INHIBIT_AUTO && is_qmi &&
            backend_tells_slots(backend, clock_deadline(IDENTITY_TIMEOUT), cancellable));
    mailbox_post_send(post);
    /* Who cancels, or takes the modem away, is noticed by what comes next. The main thread gives up long
     * before the deadline. */
    (void)sleep_until(worker, clock_deadline(SWITCH_TIMEOUT), is_answered, rendezvous, cancellable,
                      NULL);
    worker->network_changes = network_count_changes(worker->network);
    return rendezvous_is_granted(rendezvous);
}

static void host_switch_end(gpointer data)
{
    mailbox_post_send(worker_post_new(data, POST_SWITCH_END));
}

/* The slot is given back after the last job as well: by the modem itself where nobody waits for more. */
static gboolean is_answered_or_stopped(Worker *worker, gconstpointer data)
{
    return worker_is_stopping(worker) || is_answered(worker, data);
}

static gboolean give_order(Worker *worker, OrderKind kind, guint slot, GCancellable *cancellable)
{
    g_autoptr(Rendezvous) rendezvous = rendezvous_new(worker->context);
    Post *post = worker_post_new(worker, POST_ORDER);

    post->rendezvous = rendezvous_ref(rendezvous);
    post->order = (Order){ .kind = kind, .slot = slot };
    mailbox_post_send(post);
    (void)sleep_until(worker, clock_deadline(ORDER_TIMEOUT), is_answered_or_stopped, rendezvous,
                      cancellable, NULL);
    return rendezvous_is_granted(rendezvous);
}

static gboolean manager_switch_slot(guint slot, GCancellable *cancellable, gpointer data)
{
    return give_order(data, ORDER_SWITCH_SLOT, slot, cancellable);
}

static gboolean manager_restart(GCancellable *cancellable, gpointer data)
{
    Worker *worker = data;

    /* A modem that went instead of an answer has begun. */
    return give_order(worker, ORDER_RESET, 0, cancellable) || worker_is_lost(worker);
}

const RouteManager worker_route_manager = {
    .switch_slot = manager_switch_slot,
    .restart = manager_restart,
};

static void host_network_changed(gpointer data, gboolean reconnect)
{
    Worker *worker = data;

    links_network_changed(worker->links, reconnect);
    servers_network_changed(worker->servers, reconnect);
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
    Worker *worker = data;

    /* The card is about to do something that it may have notifications of; or one that was held back for a download may
     * be delivered now. */
    if (record->state == IPA_RECORD_EXECUTING || record->kind == IPA_RECORD_DOWNLOAD)
        deliveries_note_change(worker->deliveries);
    return store_save_record(worker->store, record, error);
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

const IpaHost worker_ipa_host = {
    .stage = host_stage,
    .event = host_event,
    .client = host_client,
    .keep_unacknowledged = host_keep_unacknowledged,
    .send_notifications = host_send_notifications,
    .notify_trigger_result = host_notify_trigger_result,
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
    .rsp_server = worker_get_rsp_server,
    .knows_ci = worker_knows_ci,
    .download_policy = worker_get_download_policy,
    .is_stopping = worker_is_job_stopping,
    .notification_is_due = worker_notification_is_due,
    .notification_is_overdue = worker_notification_is_overdue,
    .notification_settled = worker_notification_settled,
    .notification_is_stuck = worker_notification_is_stuck,
    .notifications_seen = worker_notifications_seen,
};
