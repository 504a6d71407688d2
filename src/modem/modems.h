/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A control port through which a card may be reached. */
typedef struct {
    char *device;    /* sysfs path of the physical device, or the administrator's name */
    char *port;      /* device node */
    char *transport; /* "qmi" */
    guint slot;      /* physical, 1-based; 0: the active one */
} ModemPort;

ModemPort *modem_port_new(const char *device, const char *port, const char *transport, guint slot);
ModemPort *modem_port_copy(const ModemPort *port);
void modem_port_free(ModemPort *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModemPort, modem_port_free)

/*
 * The set of modems: ports named by the administrator, and those that udev shows (qmi_wwan control
 * nodes of subsystem usbmisc, QMI ports of subsystem wwan). Main thread only; it watches and tells, and never
 * opens a port.
 */
typedef struct Modems Modems;

/* PRESENT TRUE: the port is there (again); it may be told more than once. FALSE: it went. */
typedef void (*ModemsFunc)(const ModemPort *port, gboolean present, gpointer data);

Modems *modems_new(ModemsFunc func, gpointer data);
void modems_free(Modems *modems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modems, modems_free)

/* A port that is always tried; its device node is watched so that it is noticed when it comes back. */
void modems_add_fixed(Modems *modems, const ModemPort *port);

/* Starts watching udev and tells every port that is there now. A port that was added as fixed is not told
 * again under its sysfs name. */
void modems_discover(Modems *modems);

/* Tells every present port once more. */
void modems_rescan(Modems *modems);

G_END_DECLS
