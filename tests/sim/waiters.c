/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/waiters.h"

#define DEFAULT_TIMEOUT 60 /* seconds */

struct SimWaiters {
    SimWaitFunc func;
    gpointer data;
    GPtrArray *list; /* Waiter */
    GSource *wake;   /* looks at them */
};

typedef struct {
    SimWaiters *waiters;
    SimControlCall *call;
    JsonObject *request;
    char *what;
    guint timeout; /* seconds */
    GSource *deadline;
} Waiter;

static void waiter_free(gpointer data)
{
    Waiter *waiter = data;

    g_source_destroy(waiter->deadline);
    g_source_unref(waiter->deadline);
    json_object_unref(waiter->request);
    g_free(waiter->what);
    g_free(waiter);
}

static gboolean on_deadline(gpointer data)
{
    Waiter *waiter = data;
    g_autoptr(GError) error = NULL;

    g_set_error(&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s within %u s", waiter->what,
                waiter->timeout);
    sim_control_answer(waiter->call, NULL, error);
    g_ptr_array_remove(waiter->waiters->list, waiter);
    return G_SOURCE_REMOVE;
}

static gboolean on_wake(gpointer data)
{
    SimWaiters *waiters = data;

    g_source_set_ready_time(waiters->wake, -1);
    for (guint i = waiters->list->len; i > 0; i--) {
        Waiter *waiter = g_ptr_array_index(waiters->list, i - 1);
        g_autoptr(JsonObject) answer = json_object_new();

        if (!waiters->func(waiter->request, answer, waiters->data))
            continue;
        sim_control_answer(waiter->call, answer, NULL);
        g_ptr_array_remove_index(waiters->list, i - 1);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean dispatch_wake(GSource *source G_GNUC_UNUSED, GSourceFunc callback, gpointer data)
{
    return callback(data);
}

static GSourceFuncs wake_functions = { .dispatch = dispatch_wake };

SimWaiters *sim_waiters_new(SimWaitFunc func, gpointer data)
{
    SimWaiters *waiters = g_new0(SimWaiters, 1);

    waiters->func = func;
    waiters->data = data;
    waiters->list = g_ptr_array_new_with_free_func(waiter_free);
    waiters->wake = g_source_new(&wake_functions, sizeof(GSource));
    g_source_set_callback(waiters->wake, on_wake, waiters, NULL);
    g_source_attach(waiters->wake, NULL);
    return waiters;
}

void sim_waiters_free(SimWaiters *waiters)
{
    if (!waiters)
        return;
    /* The control is gone, so answering only lets go of the calls. */
    for (guint i = 0; i < waiters->list->len; i++)
        sim_control_answer(((Waiter *)g_ptr_array_index(waiters->list, i))->call, NULL, NULL);
    g_ptr_array_unref(waiters->list);
    g_source_destroy(waiters->wake);
    g_source_unref(waiters->wake);
    g_free(waiters);
}

void sim_waiters_wake(SimWaiters *waiters)
{
    g_source_set_ready_time(waiters->wake, 0);
}

gboolean sim_waiters_wait(SimWaiters *waiters, SimControl *control, JsonObject *request,
                          JsonObject *answer, const char *what, GError **error)
{
    gint64 timeout = json_object_get_int_member_with_default(request, "timeout", DEFAULT_TIMEOUT);
    Waiter *waiter;

    if (waiters->func(request, answer, waiters->data))
        return TRUE;
    if (!control || timeout <= 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "not yet");
        return FALSE;
    }
    waiter = g_new0(Waiter, 1);
    waiter->waiters = waiters;
    waiter->request = json_object_ref(request);
    waiter->what = g_strdup(what);
    waiter->timeout = (guint)MIN(timeout, 86400);
    waiter->call = sim_control_hold(control);
    waiter->deadline = g_timeout_source_new_seconds(waiter->timeout);
    g_source_set_callback(waiter->deadline, on_deadline, waiter, NULL);
    g_source_attach(waiter->deadline, NULL);
    g_ptr_array_add(waiters->list, waiter);
    return TRUE;
}
