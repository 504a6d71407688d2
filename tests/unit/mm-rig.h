/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-modemmanager.h"
#include "modem/modemmanager.h"
#include "private-bus.h"

G_BEGIN_DECLS

#define MM_DEVICE "/sys/devices/pci0000:00/usb1/1-2"
#define MM_IMEI   "490154203237518"
#define MM_EID    "89044045000000000000000000000156"

/* A bus with a connection of the daemon's, and a ModemManager that is played on it. */
typedef struct {
    PrivateBus *bus;
    sd_bus *connection;
    GSource *source;
    FakeMm *fake;      /* NULL: crashed */
    FakeMmModem modem; /* not exported yet */
} MmRig;

void mm_rig_set_up(MmRig *rig);
void mm_rig_tear_down(MmRig *rig);

/* Everything that was sent before has arrived, and what is asked because of it is answered. */
void mm_rig_settle(MmRig *rig);
/* The connection ends without a word. */
void mm_rig_crash(MmRig *rig);

G_END_DECLS
