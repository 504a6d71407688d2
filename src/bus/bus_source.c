/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus_source.h"

#include <errno.h>
#include <poll.h>

/* Messages handled before other sources get their turn. */
#define MESSAGES_A_TURN 32

typedef struct {
    GSource source;
    sd_bus *connection;
    gpointer tag; /* of the file descriptor, NULL before the first prepare */
    int fd;
    int events;
    BusSourceLost lost;
    gpointer data;
    int failure; /* positive errno that prepare() saw, reported by dispatch() */
} BusSource;

static gboolean fail(BusSource *self, int r)
{
    self->failure = -r;
    return TRUE;
}

/* The G_IO_* conditions have the values of poll(2), which is what sd-bus speaks. */
static gboolean source_prepare(GSource *source, gint *timeout)
{
    BusSource *self = (BusSource *)source;
    int fd = sd_bus_get_fd(self->connection);
    int events = sd_bus_get_events(self->connection);
    uint64_t usec = UINT64_MAX;
    int r;

    *timeout = -1;
    if (fd < 0 || events < 0)
        return fail(self, fd < 0 ? fd : events);
    if (self->tag && fd != self->fd) {
        g_source_remove_unix_fd(source, self->tag);
        self->tag = NULL;
    }
    /* The mask changes all the time: POLLOUT only while the write queue is not empty. */
    if (!self->tag)
        self->tag = g_source_add_unix_fd(source, fd, (GIOCondition)events);
    else if (events != self->events)
        g_source_modify_unix_fd(source, self->tag, (GIOCondition)events);
    self->fd = fd;
    self->events = events;

    /* Absolute CLOCK_MONOTONIC, the clock of g_source_set_ready_time(); 0 when messages wait
     * already. */
    r = sd_bus_get_timeout(self->connection, &usec);
    if (r < 0)
        return fail(self, r);
    g_source_set_ready_time(source,
                            usec == UINT64_MAX ? -1 : (gint64)MIN(usec, (uint64_t)G_MAXINT64));
    return FALSE;
}

static gboolean source_check(GSource *source)
{
    BusSource *self = (BusSource *)source;
    gint64 ready = g_source_get_ready_time(source);

    if (self->failure)
        return TRUE;
    if (self->tag && g_source_query_unix_fd(source, self->tag) != 0)
        return TRUE;
    return ready >= 0 && g_source_get_time(source) >= ready;
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    BusSource *self = (BusSource *)source;

    (void)callback;
    (void)data;
    for (guint i = 0; i < MESSAGES_A_TURN && !self->failure; i++) {
        int r = sd_bus_process(self->connection, NULL);

        if (r == 0)
            return G_SOURCE_CONTINUE;
        /* A handler may have ended this source. */
        if (g_source_is_destroyed(source))
            return G_SOURCE_REMOVE;
        if (r < 0)
            fail(self, r);
    }
    if (!self->failure)
        return G_SOURCE_CONTINUE;
    g_source_destroy(source);
    if (self->lost)
        self->lost(self->failure, self->data);
    return G_SOURCE_REMOVE;
}

static void source_finalize(GSource *source)
{
    BusSource *self = (BusSource *)source;

    sd_bus_flush_close_unref(self->connection);
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
    .finalize = source_finalize,
};

GSource *bus_source_new(sd_bus *connection, GMainContext *context, BusSourceLost lost,
                        gpointer data)
{
    GSource *source = g_source_new(&source_funcs, sizeof(BusSource));
    BusSource *self = (BusSource *)source;

    self->connection = sd_bus_ref(connection);
    self->fd = -1;
    self->lost = lost;
    self->data = data;
    g_source_set_name(source, "D-Bus");
    g_source_attach(source, context);
    return source;
}
