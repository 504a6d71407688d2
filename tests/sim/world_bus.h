/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Objects on the bus that a service has to show. */
typedef struct {
    const char *service; /* bus name */
    const char *root;    /* its object manager */
    const char *interface;
    const char *property;             /* NULL: any object with INTERFACE counts */
    const char *value;                /* of PROPERTY, a string */
    guint count;                      /* so many at least */
    gboolean (*go_on)(gpointer data); /* NULL; or: FALSE ends the wait */
    gpointer data;
} SimBusObjects;

/* Waits at most TIMEOUT seconds; RET_FOUND: whether they are there. Fails where there is no bus. */
gboolean sim_bus_wait(const char *address, const SimBusObjects *objects, guint timeout,
                      gboolean *ret_found, GError **error);

#define SIM_BUS_MODEM_MANAGER "org.freedesktop.ModemManager1"
/* Waits until ModemManager shows COUNT modems, or the one with DEVICE (may be NULL; path in /sys). */
gboolean sim_bus_wait_for_modem_manager(const char *address, guint count, const char *device,
                                        guint timeout, gboolean *ret_found, GError **error);

/* A connection of its own that does not end the process when the bus goes. */
GDBusConnection *sim_bus_connect(const char *address, GError **error);

G_END_DECLS
