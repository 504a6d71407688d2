/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Microseconds of CLOCK_BOOTTIME: goes on during suspend, never jumps. For intervals and deadlines. */
gint64 clock_boottime(void);

/* Microseconds since 1970 of CLOCK_REALTIME. Only for what people and certificates read. */
gint64 clock_realtime(void);

/* FALSE while the clock obviously was never set (before this program was built). */
gboolean clock_is_set(void);

/* A deadline in boot time, SECONDS from now. */
static inline gint64 clock_deadline(guint seconds)
{
    return clock_boottime() + (gint64)seconds * G_USEC_PER_SEC;
}

/* One shot at an absolute boot time, also across suspend (a timerfd, so that the process sleeps until
 * then). CALLBACK runs once in CONTEXT (NULL: the default one) and its return value is ignored. The
 * returned source is owned by the caller: g_source_destroy() and g_source_unref() it. */
GSource *clock_timer_new(gint64 boottime, GMainContext *context, GSourceFunc callback,
                         gpointer data);

/* Does so, where there is one. */
static inline void clock_timer_clear(GSource **timer)
{
    if (!*timer)
        return;
    g_source_destroy(*timer);
    g_clear_pointer(timer, g_source_unref);
}

G_END_DECLS
