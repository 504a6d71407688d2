/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/still_clock.h"

#include "util/clock.h"

typedef struct {
    GSource source;
    gint64 due;
} Timer;

static gint64 now = 1000 * G_USEC_PER_SEC;

gint64 clock_boottime(void)
{
    return now;
}

gint64 clock_realtime(void)
{
    return now;
}

gboolean clock_is_set(void)
{
    return FALSE;
}

static gboolean timer_is_due(GSource *source)
{
    return ((Timer *)source)->due <= now;
}

static gboolean timer_prepare(GSource *source, gint *ret_timeout)
{
    *ret_timeout = -1;
    return timer_is_due(source);
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    (void)callback(data);
    return G_SOURCE_REMOVE;
}

static GSourceFuncs timer_funcs = {
    .prepare = timer_prepare,
    .check = timer_is_due,
    .dispatch = timer_dispatch,
};

GSource *clock_timer_new(gint64 boottime, GMainContext *context, GSourceFunc callback,
                         gpointer data)
{
    GSource *source = g_source_new(&timer_funcs, sizeof(Timer));

    ((Timer *)source)->due = boottime;
    g_source_set_callback(source, callback, data, NULL);
    g_source_attach(source, context);
    return source;
}

gboolean still_clock_pass(gpointer ms)
{
    now += (gint64)GPOINTER_TO_UINT(ms) * 1000;
    return G_SOURCE_REMOVE;
}
