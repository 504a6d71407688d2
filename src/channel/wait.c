/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/wait.h"

#include "util/clock.h"
#include "util/error.h"

/* Rounds of wait_settle(): enough for a chain of idle callbacks, and an end should something
 * re-arm. */
#define SETTLE_ROUNDS 64

/* A proxy forgets a request after 300 seconds and then stays silent. */
#define MAX_SECONDS 299

struct WaitCall {
    gint references;
    gboolean done;
    gboolean given_up;
    GAsyncResult *result;
    GCancellable *cancellable;
};

static gboolean set_flag(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean set_cancelled(GCancellable *cancellable, gpointer data)
{
    (void)cancellable;
    return set_flag(data);
}

gboolean wait_check(gint64 deadline, GCancellable *cancellable, GError **error)
{
    if (g_cancellable_is_cancelled(cancellable)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
        return FALSE;
    }
    if (clock_boottime() >= deadline) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT, "the deadline has passed");
        return FALSE;
    }
    return TRUE;
}

gboolean wait_until(const gboolean *done, gint64 deadline, GCancellable *cancellable,
                    GError **error)
{
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
    gboolean late = FALSE, cancelled = FALSE;
    GSource *timer, *canceller = NULL;

    if (*done)
        return TRUE;
    timer = clock_timer_new(deadline, context, set_flag, &late);
    if (cancellable) {
        canceller = g_cancellable_source_new(cancellable);
        g_source_set_callback(canceller, G_SOURCE_FUNC(set_cancelled), &cancelled, NULL);
        g_source_attach(canceller, context);
    }
    while (!*done && !late && !cancelled)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(timer);
    g_source_unref(timer);
    if (canceller) {
        g_source_destroy(canceller);
        g_source_unref(canceller);
    }
    if (*done)
        return TRUE;
    if (cancelled)
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
    else
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT, "no answer in time");
    return FALSE;
}

void wait_settle(void)
{
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

    for (guint i = 0; i < SETTLE_ROUNDS && g_main_context_iteration(context, FALSE); i++)
        continue;
}

void wait_round(void)
{
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
    g_autoptr(GSource) last = g_idle_source_new();
    gboolean done = FALSE;

    g_source_set_priority(last, G_PRIORITY_DEFAULT);
    g_source_set_callback(last, set_flag, &done, NULL);
    g_source_attach(last, context);
    while (!done)
        g_main_context_iteration(context, FALSE);
}

guint wait_get_seconds(gint64 deadline)
{
    gint64 left = deadline - clock_boottime();

    return (guint)CLAMP(left / G_USEC_PER_SEC + 2, 1, MAX_SECONDS);
}

WaitCall *wait_call_new(void)
{
    WaitCall *call = g_new0(WaitCall, 1);

    call->references = 1;
    call->cancellable = g_cancellable_new();
    return call;
}

WaitCall *wait_call_ref(WaitCall *call)
{
    call->references++;
    return call;
}

void wait_call_unref(WaitCall *call)
{
    if (--call->references > 0)
        return;
    g_clear_object(&call->result);
    g_object_unref(call->cancellable);
    g_free(call);
}

GCancellable *wait_call_get_cancellable(WaitCall *call)
{
    return call->cancellable;
}

void wait_call_ready(GObject *source, GAsyncResult *result, gpointer data)
{
    WaitCall *call = data;

    (void)source;
    if (!call->given_up)
        call->result = g_object_ref(result);
    call->done = TRUE;
    wait_call_unref(call);
}

GAsyncResult *wait_call_try(WaitCall *call, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    if (!wait_until(&call->done, deadline, cancellable, error))
        return NULL;
    return g_steal_pointer(&call->result);
}

GAsyncResult *wait_call_finish(WaitCall *call, gint64 deadline, GCancellable *cancellable,
                               GError **error)
{
    GAsyncResult *result = wait_call_try(call, deadline, cancellable, error);

    if (!result) {
        call->given_up = TRUE;
        g_cancellable_cancel(call->cancellable);
        wait_settle();
    }
    return result;
}
