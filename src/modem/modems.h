/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "modem/modem.h"

G_BEGIN_DECLS

/*
 * The set of modems: ports named by the administrator, and those that udev shows (qmi_wwan control
 * nodes of subsystem usbmisc, QMI ports of subsystem wwan). Main thread only; it watches and tells, and never
 * opens a port.
 */
typedef struct Modems Modems;

/* PRESENT TRUE: the modem is there (again), or its ports are others than before; the same may be told more
 * than once. FALSE: it went. A modem is known by its device and slot. */
typedef void (*ModemsFunc)(const Modem *modem, gboolean present, gpointer data);

Modems *modems_new(ModemsFunc func, gpointer data);
void modems_free(Modems *modems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modems, modems_free)

/* A modem whose one port is always tried; its device node is watched so that it is noticed when it comes
 * back. */
void modems_add_fixed(Modems *modems, const Modem *modem);

/* Starts watching udev and tells every modem that is there now. A port that was added as fixed is not told
 * again under its sysfs name. */
void modems_discover(Modems *modems);

/* Tells every present modem once more. */
void modems_rescan(Modems *modems);

G_END_DECLS
