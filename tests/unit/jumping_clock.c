/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/jumping_clock.h"

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

typedef struct {
    gint64 due;
    GSourceFunc callback;
    gpointer data;
} Timer;

static gboolean timer_fires(gpointer data)
{
    Timer *timer = data;

    now = MAX(now, timer->due);
    (void)timer->callback(timer->data);
    return G_SOURCE_REMOVE;
}

GSource *clock_timer_new(gint64 boottime, GMainContext *context, GSourceFunc callback,
                         gpointer data)
{
    GSource *source = g_idle_source_new();
    Timer *timer = g_new(Timer, 1);

    *timer = (Timer){ boottime, callback, data };
    g_source_set_priority(source, G_PRIORITY_LOW);
    g_source_set_callback(source, timer_fires, timer, g_free);
    g_source_attach(source, context);
    return source;
}
