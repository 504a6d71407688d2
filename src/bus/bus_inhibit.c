/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus_objects.h"
#include "util/error.h"
#include "util/log.h"

static const LogContext log_context = { .object = "bus" };

#define INHIBITIONS_LIMIT 64
#define WHY_LIMIT         200 /* octets of the reason */

/*
 * One Inhibit() lock: the client holds the write end of a pipe, we watch the read end. It ends when
 * every copy of the write end is closed, or when the client leaves the bus.
 */
typedef struct {
    Bus *bus; /* borrowed */
    guint32 cookie;
    int fd;
    GSource *hang_up;
    sd_bus_slot *owner_changed;
    char *who;
} Inhibition;

static void inhibition_free(Inhibition *inhibition)
{
    if (inhibition->cookie) {
        agents_uninhibit(inhibition->bus->agents, inhibition->cookie);
        log_info(&log_context, "inhibition by %s ended", inhibition->who);
    }
    if (inhibition->hang_up) {
        g_source_destroy(inhibition->hang_up);
        g_source_unref(inhibition->hang_up);
    }
    sd_bus_slot_unref(inhibition->owner_changed);
    if (inhibition->fd >= 0)
        close(inhibition->fd);
    g_free(inhibition->who);
    g_free(inhibition);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inhibition, inhibition_free)

void bus_inhibitions_init(Bus *bus)
{
    bus->inhibitions = g_ptr_array_new_with_free_func((GDestroyNotify)inhibition_free);
}

void bus_inhibitions_clear(Bus *bus)
{
    g_clear_pointer(&bus->inhibitions, g_ptr_array_unref);
}

static gboolean on_hang_up(gint fd, GIOCondition condition, gpointer data)
{
    Inhibition *inhibition = data;

    (void)fd, (void)condition;
    g_ptr_array_remove_fast(inhibition->bus->inhibitions, inhibition);
    return G_SOURCE_REMOVE;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Inhibition *inhibition = userdata;
    const char *name, *before, *after;

    (void)ret_error;
    if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0 && after[0] == '\0')
        g_ptr_array_remove_fast(inhibition->bus->inhibitions, inhibition);
    return 0;
}

static gboolean read_why(sd_bus_message *m, const char **ret_why, GError **error)
{
    const char *why;

    if (!bus_check(sd_bus_message_read(m, "s", &why), "reading the reason", error))
        return FALSE;
    if (why[0] == '\0' || strlen(why) > WHY_LIMIT) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "the reason must have 1 to %d octets", WHY_LIMIT);
        return FALSE;
    }
    for (const char *p = why; *p; p++) {
        if (g_ascii_iscntrl(*p)) {
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                                "the reason must not contain control characters");
            return FALSE;
        }
    }
    *ret_why = why;
    return TRUE;
}

gboolean bus_manager_inhibit(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    g_autoptr(Inhibition) inhibition = NULL;
    g_autofree char *match = NULL;
    const char *why;
    int ends[2];
    int r;

    if (!read_why(m, &why, error))
        return FALSE;
    if (bus->inhibitions->len >= INHIBITIONS_LIMIT) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY, "there are %d inhibitions already",
                    INHIBITIONS_LIMIT);
        return FALSE;
    }
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return bus_check(-errno, "creating a pipe", error);
    inhibition = g_new0(Inhibition, 1);
    inhibition->bus = bus;
    inhibition->fd = ends[0];
    inhibition->who = g_strdup(cause);

    /* Should the caller be gone before the match is in place, the bus drops the reply and with it
     * the last copy of the write end. */
    match = g_strdup_printf("type='signal',sender='org.freedesktop.DBus',"
                            "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
                            "member='NameOwnerChanged',arg0='%s'",
                            sd_bus_message_get_sender(m));
    r = sd_bus_add_match_async(bus->connection, &inhibition->owner_changed, match, on_owner_changed,
                               NULL, inhibition);
    if (r >= 0)
        r = sd_bus_reply_method_return(m, "h", ends[1]);
    close(ends[1]);
    if (!bus_check(r, "handing out the lock", error))
        return FALSE;

    /* Only the hang-up counts, which poll(2) reports without being asked; what a client writes
     * stays unread. */
    inhibition->hang_up = g_unix_fd_source_new(inhibition->fd, G_IO_HUP | G_IO_ERR);
    g_source_set_callback(inhibition->hang_up, (GSourceFunc)(gpointer)on_hang_up, inhibition, NULL);
    g_source_attach(inhibition->hang_up, NULL);
    inhibition->cookie = agents_inhibit(bus->agents, cause, why);
    log_info(&log_context, "inhibited by %s: %s", cause, why);
    g_ptr_array_add(bus->inhibitions, g_steal_pointer(&inhibition));
    return TRUE;
}
