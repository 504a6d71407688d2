/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "modem/modem.h"
#include "modem/modemmanager.h"
#include "modem/qrtr.h"

G_BEGIN_DECLS

/*
 * The set of modems: ports named by the administrator, and those that udev, ModemManager and QRTR show, brought
 * together by the physical device. Main thread only; it watches and tells, and never opens a port.
 *
 * A modem is there while it has a QMI or MBIM port. AT ports come with such a one only: a serial port of a USB
 * device may be anything.
 *
 * Where ModemManager runs a new port is left to it until it has probed it, that is until it exports the modem,
 * or for a time of grace: two programs that begin to speak with a modem at once confuse it, and an AT port is
 * nobody's to share. What was told once stays while its node does, whatever becomes of ModemManager.
 */
typedef struct Modems Modems;

/* PRESENT TRUE: the modem is there (again), or something of it is different; the same may be told more than
 * once. FALSE: it went. A modem is known by its device and slot. */
typedef void (*ModemsFunc)(const Modem *modem, gboolean present, gpointer data);

/* Whether MODEM, which has nothing but AT ports, is one all the same: the administrator says so. */
typedef gboolean (*ModemsWanted)(const Modem *modem, gpointer data);

Modems *modems_new(ModemsFunc func, gpointer data);
void modems_free(Modems *modems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modems, modems_free)

/* All of these before modems_start(). */

/* WANTED gets the DATA of modems_new(). */
void modems_set_wanted(Modems *modems, ModemsWanted wanted);
/* SECONDS for which new ports are left to a running ModemManager; the default is 30. */
void modems_set_grace(Modems *modems, guint seconds);
/* ModemManager is looked for on BUS. ALSO (may be NULL) gets with ALSO_DATA what that tells, after the modems were
 * told. FAILED when it can't be. */
gboolean modems_use_bus(Modems *modems, sd_bus *bus, MmFunc also, gpointer also_data,
                        GError **error);
/* In place of the kernel's QRTR bus. */
void modems_set_qrtr(Modems *modems, const QrtrSource *class);
/* A modem whose one port is tried in any case; its device node is watched so that it is noticed when it comes
 * back. A port with transport "" is of the kind that its driver or name tells. A modem that has this port is
 * not told as one that was found. */
void modems_add_fixed(Modems *modems, const Modem *modem);

/* Tells every modem that is there now, and each that comes later; DISCOVER FALSE: only those that were added. */
void modems_start(Modems *modems, gboolean discover);

/* Looks again, and tells every present modem once more. */
void modems_rescan(Modems *modems);

/* NULL before modems_use_bus(). Borrowed; its requests are freed before the Modems. */
ModemManager *modems_get_modemmanager(Modems *modems);

G_END_DECLS
