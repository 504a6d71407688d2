/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/links.h"
#include "agent/mailbox.h"
#include "agent/network.h"
#include "agent/route.h"
#include "agent/store.h"
#include "agent/worker.h"
#include "ipa/procedures.h"

G_BEGIN_DECLS

/* Shared by the files of the worker: its thread (worker.c), what it reads of the card (worker_card.c), polls
 * (worker_poll.c), and what the procedures ask of it (worker_host.c). */

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

/* ---- worker.c: posts to the main thread ---- */

Post *worker_post_new(Worker *worker, PostKind kind);
void worker_post_facts(Worker *worker);
void worker_post_modem(Worker *worker);
/* The modem went in this job, and the job has not opened it anew. */
gboolean worker_is_lost(Worker *worker);

/* ---- worker_host.c ---- */

/* With the worker as its data. */
extern const IpaHost worker_ipa_host;
extern const RouteManager worker_route_manager;

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

G_END_DECLS
