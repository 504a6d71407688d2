/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Asynchronous GLib calls as synchronous ones: the caller's thread-default context is iterated
 * until the answer is there, the deadline (clock_boottime()) passed, or CANCELLABLE was triggered,
 * by whatever thread. A call that was given up is cancelled; should its answer come after all, it
 * is dropped.
 */

/* FALSE with TIMEOUT or CANCELLED when there is no point in starting something. */
gboolean wait_check(gint64 deadline, GCancellable *cancellable, GError **error);

/* Iterates until *DONE, which a callback in the same context sets. TIMEOUT or CANCELLED otherwise.
 */
gboolean wait_until(const gboolean *done, gint64 deadline, GCancellable *cancellable,
                    GError **error);

/* Lets callbacks run that are due already, without blocking and at most a bounded number of rounds.
 */
void wait_settle(void);

/* Lets the callbacks run that are due already at the default priority, such as what a library has put off to
 * the next round of the loop, and nothing of lower priority. */
void wait_round(void);

/* Seconds for a library's own time-out, so that it comes after DEADLINE: 1 to 299. */
guint wait_get_seconds(gint64 deadline);

/*
 * One asynchronous call:
 *     g_autoptr(WaitCall) call = wait_call_new();
 *     foo_async(foo, wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
 *     g_autoptr(GAsyncResult) result = wait_call_finish(call, deadline, cancellable, error);
 */
typedef struct WaitCall WaitCall;

WaitCall *wait_call_new(void);
WaitCall *wait_call_ref(WaitCall *call);
void wait_call_unref(WaitCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WaitCall, wait_call_unref)

/* Triggered when the call is given up. Borrowed. */
GCancellable *wait_call_get_cancellable(WaitCall *call);

/* The GAsyncReadyCallback; DATA is a reference from wait_call_ref(), which it drops. */
void wait_call_ready(GObject *source, GAsyncResult *result, gpointer data);

/* Waits for the answer. NULL with TIMEOUT or CANCELLED; the call is given up then. */
GAsyncResult *wait_call_finish(WaitCall *call, gint64 deadline, GCancellable *cancellable,
                               GError **error);

/* The same, but the call stays alive and may be waited for again. */
GAsyncResult *wait_call_try(WaitCall *call, gint64 deadline, GCancellable *cancellable,
                            GError **error);

G_END_DECLS
