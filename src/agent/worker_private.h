/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/deliveries.h"
#include "agent/links.h"
#include "agent/mailbox.h"
#include "agent/network.h"
#include "agent/route.h"
#include "agent/servers.h"
#include "agent/store.h"
#include "agent/worker.h"
#include "ipa/download.h"
#include "ipa/procedures.h"

G_BEGIN_DECLS

/* Shared by the files of the worker: its thread (worker.c), what it reads of the card (worker_card.c), polls
 * (worker_poll.c), downloads and notifications (worker_download.c), what a caller asks of the card alone
 * (worker_control.c), and what the procedures ask of it (worker_host.c). */

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
    Servers *servers;
    Deliveries *deliveries;
    gboolean deliver_all;     /* also what is not due: somebody asked */
    IpaDownloadPolicy policy; /* lent to the procedures */
    Job *job;                 /* running */
    gboolean lost;            /* the modem went */
};

/* ---- worker.c: posts to the main thread ---- */

Post *worker_post_new(Worker *worker, PostKind kind);
void worker_post_facts(Worker *worker);
void worker_post_modem(Worker *worker);
/* The modem went in this job, and the job has not opened it anew. */
gboolean worker_is_lost(Worker *worker);
void worker_post_result(Worker *worker, const char *text);

/* ---- worker_host.c ---- */

/* With the worker as its data. */
extern const IpaHost worker_ipa_host;
extern const RouteManager worker_route_manager;

/* The modem's news arrive in this thread's context, which nobody looks at during HTTPS. */
void worker_take_news(Worker *worker);

/* ---- worker_card.c ---- */

/* Opens the modem, reads the card and delivers what nobody polls for. */
gboolean worker_start(Worker *worker, GError **error);
/* From any thread. */
gboolean worker_is_stopping(Worker *worker);
void worker_forget_card(Worker *worker);
/* What brought the card back is kept, also where the modem went with it. */
void worker_keep_rung(Worker *worker);
/* Results for eIMs that the card no longer names: their own poll never comes. */
void worker_deliver_orphans(Worker *worker);

/* ---- worker_poll.c ---- */

/* The eIMs that the job names, one after the other. */
gboolean worker_poll(Worker *worker, GError **error);

/* ---- worker_download.c ---- */

/* Members of the host, see IpaHost. */
Es9pClient *worker_get_rsp_server(gpointer data, const char *address, IpaServerKind kind,
                                  GError **error);
gboolean worker_knows_ci(gpointer data, GBytes *key_id, GError **error);
const IpaDownloadPolicy *worker_get_download_policy(gpointer data, const char *eim_id);
gboolean worker_is_job_stopping(gpointer data);
gboolean worker_notification_is_due(gpointer data, const IpaNotification *notification);
gboolean worker_notification_is_overdue(gpointer data, const IpaNotification *notification);
void worker_notification_settled(gpointer data, const IpaNotification *notification,
                                 IpaDelivery delivery, guint retry_after, const char *why);
gboolean worker_notification_is_stuck(gpointer data, const IpaNotification *notification);
void worker_notifications_seen(gpointer data, const GPtrArray *keys);

/* The jobs. */
gboolean worker_download(Worker *worker, GError **error);
gboolean worker_deliver_notifications(Worker *worker, GError **error);

/* Notifications that are due go along with what the network is used for anyway. */
void worker_deliver_due(Worker *worker);

/* ---- worker_control.c ---- */

gboolean worker_control(Worker *worker, GError **error);

G_END_DECLS
