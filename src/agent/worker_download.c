/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker_private.h"
#include "util/clock.h"
#include "util/error.h"

/* Profile downloads and notifications: the jobs, and what the procedures ask of their host for them. */

Es9pClient *worker_get_rsp_server(gpointer data, const char *address, IpaServerKind kind,
                                  GError **error)
{
    Worker *worker = data;
    Es9pClient *client;

    worker_take_news(worker);
    client = servers_get(worker->servers, address, kind, error);
    /* Whatever the configuration lacked is there now. */
    if (client && deliveries_is_blocked(worker->deliveries))
        deliveries_unblock(worker->deliveries);
    return client;
}

gboolean worker_knows_ci(gpointer data, GBytes *key_id, GError **error)
{
    return servers_know_ci(((Worker *)data)->servers, key_id, error);
}

const IpaDownloadPolicy *worker_get_download_policy(gpointer data, const char *eim_id)
{
    Worker *worker = data;

    worker->policy = config_get_download_policy(worker->config, eim_id);
    return &worker->policy;
}

gboolean worker_is_job_stopping(gpointer data)
{
    const Worker *worker = data;

    return worker->job && g_atomic_int_get(&worker->job->stopping);
}

gboolean worker_notification_is_due(gpointer data, const IpaNotification *notification)
{
    Worker *worker = data;

    /* Noted in any case: a receiver's pause holds for what is for it. */
    return deliveries_is_due(worker->deliveries, notification) || worker->deliver_all;
}

gboolean worker_notification_is_overdue(gpointer data, const IpaNotification *notification)
{
    return deliveries_is_overdue(((Worker *)data)->deliveries, notification);
}

void worker_notification_settled(gpointer data, const IpaNotification *notification,
                                 IpaDelivery delivery, guint retry_after, const char *why)
{
    deliveries_settle(((Worker *)data)->deliveries, notification, delivery, retry_after, why);
}

gboolean worker_notification_is_stuck(gpointer data, const IpaNotification *notification)
{
    return deliveries_is_stuck(((Worker *)data)->deliveries, notification);
}

void worker_notifications_seen(gpointer data, const GPtrArray *keys)
{
    deliveries_note_seen(((Worker *)data)->deliveries, keys);
}

gboolean worker_download(Worker *worker, GError **error)
{
    g_auto(IpaDownloadReport) report = { 0 };
    gboolean ok;

    /* Whatever comes of it, the card may have a notification of it. */
    deliveries_note_change(worker->deliveries);
    ok = ipa_download(worker->session, worker->job->order, &report, error);
    /* What an SM-DS had more of may have failed after it. */
    if (report.iccid)
        worker_post_result(worker, report.iccid);
    /* Who else is to hear of an installation than its SM-DP+. */
    if (report.installed > 0)
        worker_deliver_due(worker);
    return ok;
}

static gboolean deliver(Worker *worker, gboolean all, IpaNotificationReport *ret_report,
                        GError **error)
{
    gboolean ok;

    worker->deliver_all = all;
    ok = ipa_notifications_deliver(worker->session, ret_report, error);
    worker->deliver_all = FALSE;
    deliveries_end_round(worker->deliveries, ok, worker->session->pending_notifications);
    return ok;
}

gboolean worker_deliver_notifications(Worker *worker, GError **error)
{
    IpaNotificationReport report = { 0 };
    g_autofree char *problem = NULL, *impossible = NULL, *stuck = NULL, *of_eim = NULL;
    guint told;

    if (!deliver(worker, worker->job->all, &report, error))
        return FALSE;
    if (!worker->job->all || report.pending == 0)
        return TRUE;
    /* Somebody waits for it: what is left is told, and tried again by itself. */
    if (report.impossible > 0) {
        problem = deliveries_get_problem(worker->deliveries, report.pending);
        impossible =
            g_strdup_printf("; %u wait for another configuration: %s", report.impossible, problem);
    }
    if (report.stuck > 0)
        stuck =
            g_strdup_printf("; %u were delivered, but the card does not remove them", report.stuck);
    if (report.of_eim > 0)
        of_eim = g_strdup_printf("; %u are owed to an eIM", report.of_eim);
    told = report.refused + report.impossible + report.stuck + report.of_eim;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_FAILED,
                "%u notifications are left on the card: %u refused and %u for receivers that could "
                "not be reached, which are tried again later%s%s%s",
                report.pending, report.refused, report.pending > told ? report.pending - told : 0,
                impossible ? impossible : "", stuck ? stuck : "", of_eim ? of_eim : "");
    return FALSE;
}

void worker_deliver_due(Worker *worker)
{
    g_autoptr(GError) error = NULL;
    IpaNotificationReport report;
    gint64 due;

    /* A certificate may have come meanwhile: nobody is woken for that, but now the daemon is awake. */
    if (deliveries_is_blocked(worker->deliveries) && servers_are_trusted(worker->servers))
        deliveries_unblock(worker->deliveries);
    due = deliveries_get_due(worker->deliveries, worker->session->pending_notifications);
    if (!due || due > clock_boottime() || g_cancellable_is_cancelled(worker->job->cancellable))
        return;
    if (!deliver(worker, FALSE, &report, &error))
        log_warning(&worker->log, "delivering notifications: %s", error->message);
}
