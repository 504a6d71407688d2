/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/worker.h"

G_BEGIN_DECLS

/*
 * The way of a worker's news to the main thread: posts are delivered to the listener in the order in which
 * they were sent. The mailbox outlives its worker while posts are under way. Private to the worker.
 */
typedef struct Mailbox Mailbox;

typedef enum {
    POST_STAGE,
    POST_RESULT,
    POST_FACTS,
    POST_MODEM,
    POST_POLLED,
    POST_OWED,
    POST_NOTIFICATIONS,
    POST_FINISHED,
    POST_EVENT,
    POST_SWITCH_BEGIN,
    POST_SWITCH_END,
    POST_ORDER,
    POST_ENDED,
} PostKind;

typedef struct {
    Mailbox *mailbox;
    PostKind kind;
    guint32 job;
    double progress;
    char *text;
    EuiccSnapshot *facts;
    ModemSnapshot *modem;
    PollReport report;
    char **owed;
    gint64 due;
    GError *error;
    gboolean usable;
    WorkerEvent event;
    Rendezvous *rendezvous;
    gboolean inhibit;
    Order order;
} Post;

/* LISTENER is borrowed. */
Mailbox *mailbox_new(const WorkerListener *listener, gpointer data);
void mailbox_unref(Mailbox *mailbox);

/* In the main thread: from now on only POST_ENDED is delivered … */
void mailbox_stop(Mailbox *mailbox);
/* … and after this nothing. */
void mailbox_close(Mailbox *mailbox);

/* JOB: number of the running job, 0: none. What the post holds is freed with it. */
Post *mailbox_post_new(Mailbox *mailbox, PostKind kind, guint32 job);
void mailbox_post_send(Post *post);

G_END_DECLS
