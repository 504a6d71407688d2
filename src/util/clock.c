/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/clock.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* 2026-01-01: a clock before the year this was written has not been set. */
#define BUILD_EPOCH G_GINT64_CONSTANT(1767225600)

static gint64 now(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (gint64)ts.tv_sec * G_USEC_PER_SEC + ts.tv_nsec / 1000;
}

gint64 clock_boottime(void)
{
    return now(CLOCK_BOOTTIME);
}

gint64 clock_realtime(void)
{
    return now(CLOCK_REALTIME);
}

gboolean clock_is_set(void)
{
    return clock_realtime() / G_USEC_PER_SEC >= BUILD_EPOCH;
}

typedef struct {
    GSource source;
    int fd;
} Timer;

static gboolean timer_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    if (callback)
        callback(data);
    return G_SOURCE_REMOVE;
}

static void timer_finalize(GSource *source)
{
    close(((Timer *)source)->fd);
}

static GSourceFuncs timer_funcs = {
    .dispatch = timer_dispatch,
    .finalize = timer_finalize,
};

GSource *clock_timer_new(gint64 boottime, GMainContext *context, GSourceFunc callback,
                         gpointer data)
{
    /* 1 ns instead of 0, which would disarm the timer. */
    struct itimerspec spec = {
        .it_value = { .tv_sec = MAX(boottime, 0) / G_USEC_PER_SEC,
                      .tv_nsec = MAX(MAX(boottime, 0) % G_USEC_PER_SEC * 1000, 1) },
    };
    GSource *source = g_source_new(&timer_funcs, sizeof(Timer));
    Timer *timer = (Timer *)source;

    timer->fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer->fd < 0)
        g_error("timerfd_create failed: %s", g_strerror(errno));
    timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &spec, NULL);
    g_source_add_unix_fd(source, timer->fd, G_IO_IN);
    g_source_set_callback(source, callback, data, NULL);
    g_source_attach(source, context);
    return source;
}
