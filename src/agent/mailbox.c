/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/mailbox.h"

struct Mailbox {
    gatomicrefcount refs;
    const WorkerListener *listener; /* NULL after worker_free(); main thread only */
    gpointer data;
    gboolean stopped; /* worker_stop() was called; main thread only */
};

Mailbox *mailbox_new(const WorkerListener *listener, gpointer data)
{
    Mailbox *mailbox = g_new0(Mailbox, 1);

    g_atomic_ref_count_init(&mailbox->refs);
    mailbox->listener = listener;
    mailbox->data = data;
    return mailbox;
}

void mailbox_stop(Mailbox *mailbox)
{
    mailbox->stopped = TRUE;
}

void mailbox_close(Mailbox *mailbox)
{
    mailbox->listener = NULL;
}

void mailbox_unref(Mailbox *mailbox)
{
    if (g_atomic_ref_count_dec(&mailbox->refs))
        g_free(mailbox);
}

static void post_free(gpointer data)
{
    Post *post = data;

    mailbox_unref(post->mailbox);
    g_free(post->text);
    g_clear_pointer(&post->facts, euicc_snapshot_unref);
    g_clear_pointer(&post->modem, modem_snapshot_unref);
    g_free(post->report.eim_id);
    g_free(post->report.trust);
    g_clear_error(&post->report.error);
    g_strfreev(post->owed);
    g_clear_error(&post->error);
    g_clear_pointer(&post->rendezvous, rendezvous_unref);
    g_free(post);
}

static gboolean post_deliver(gpointer data)
{
    Post *post = data;
    const WorkerListener *listener = post->mailbox->listener;
    gpointer target = post->mailbox->data;

    if (!listener || (post->mailbox->stopped && post->kind != POST_ENDED)) {
        /* Nobody else will. */
        if (post->rendezvous)
            rendezvous_answer(post->rendezvous);
        return G_SOURCE_REMOVE;
    }
    switch (post->kind) {
    case POST_STAGE:
        listener->stage(post->job, post->progress, post->text, target);
        break;
    case POST_RESULT:
        listener->result(post->job, post->text, target);
        break;
    case POST_FACTS:
        listener->facts(post->facts, target);
        break;
    case POST_MODEM:
        listener->modem(post->modem, target);
        break;
    case POST_POLLED:
        listener->polled(&post->report, target);
        break;
    case POST_OWED:
        listener->owed((const char *const *)post->owed, target);
        break;
    case POST_NOTIFICATIONS:
        listener->notifications(post->due, target);
        break;
    case POST_FINISHED:
        listener->finished(post->job, post->error, post->usable, target);
        break;
    case POST_EVENT:
        listener->event(post->event, target);
        break;
    case POST_SWITCH_BEGIN:
        listener->switch_begin(post->rendezvous, post->inhibit, target);
        break;
    case POST_SWITCH_END:
        listener->switch_end(target);
        break;
    case POST_ORDER:
        listener->order(&post->order, post->rendezvous, target);
        break;
    case POST_ENDED:
        listener->ended(target); /* frees the worker */
        break;
    }
    return G_SOURCE_REMOVE;
}

Post *mailbox_post_new(Mailbox *mailbox, PostKind kind, guint32 job)
{
    Post *post = g_new0(Post, 1);

    g_atomic_ref_count_inc(&mailbox->refs);
    post->mailbox = mailbox;
    post->kind = kind;
    post->job = job;
    return post;
}

void mailbox_post_send(Post *post)
{
    GSource *source = g_idle_source_new();

    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, post_deliver, post, post_free);
    g_source_attach(source, NULL);
    g_source_unref(source);
}
