/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/control.h"

G_BEGIN_DECLS

/* Control requests {"do": "wait", …, "timeout": SECONDS} that are answered when something has happened. */
typedef struct SimWaiters SimWaiters;

/* Whether what REQUEST waits for has happened; fills ANSWER then. In the thread of the default
 * GMainContext. */
typedef gboolean (*SimWaitFunc)(JsonObject *request, JsonObject *answer, gpointer data);

SimWaiters *sim_waiters_new(SimWaitFunc func, gpointer data);
/* After the control is gone. */
void sim_waiters_free(SimWaiters *waiters);

/* Something changed: from any thread. */
void sim_waiters_wake(SimWaiters *waiters);

/* Inside a SimControlFunc of CONTROL (NULL: there is none to hold a call of): fills ANSWER, or holds the call.
 * WHAT says in a message what did not happen in time (TIMED_OUT). */
gboolean sim_waiters_wait(SimWaiters *waiters, SimControl *control, JsonObject *request,
                          JsonObject *answer, const char *what, GError **error);

G_END_DECLS
