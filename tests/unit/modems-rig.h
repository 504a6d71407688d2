/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <umockdev.h>

#include "modem/modems.h"

G_BEGIN_DECLS

/*
 * The set of modems against an imitated /sys and udev.
 */

#define USB    "/devices/pci0/usb1/1-"
#define DEVICE "/sys" USB /* and the number */

typedef struct {
    UMockdevTestbed *testbed;
    Modems *modems;
    GString *
        told; /* "+PORT:TRANSPORT,…DEVICE,SLOT" and what else there is: "!" behind the transport of a port
                      that is taken, "@1" for the object of ModemManager, "#IMEI" */
    guint arrivals; /* of the modem that was told last */
} Rig;

/* Starts the program again with umockdev's preload library, so that it can be run like any other. */
void rig_enter(char **argv);

void rig_set_up(Rig *rig);
void rig_tear_down(Rig *rig);

/* Looks at what was told since the last time. */
void rig_assert_told(Rig *rig, const char *expected);
/* Until something was told. */
void rig_wait_told(Rig *rig);
/* Until that was told, which is then taken out. */
void rig_wait_for(Rig *rig, const char *told);
/* Handles the uevents that were sent, and whatever follows. */
void rig_settle(Rig *rig);

/* TEXT in the format of umockdev. */
void rig_add(Rig *rig, const char *text);
/* A USB device without ports, 1199:9091 with a 0 less or more for each N. */
void rig_add_usb(Rig *rig, guint n);
/* A control node cdc-wdmM of it, of DRIVER; returns its path in /sys. EXTRA (NULL): udev properties in umockdev's
 * format. */
char *rig_add_wdm(Rig *rig, guint n, guint m, const char *driver, const char *extra);
/* A serial port ttyUSBM of it. */
char *rig_add_tty(Rig *rig, guint n, guint m, const char *driver, const char *extra);
void rig_remove(Rig *rig, const char *sysfs);

G_END_DECLS
