/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A control port of a modem as udev shows it. */
typedef struct {
    char *path;      /* device node */
    char *sysfs;     /* of the port */
    char *transport; /* "qmi", "mbim", "at" */
    char *driver;    /* of the kernel, "" where it is not known */
    char *
        device; /* what all ports of a modem have in common: tag or sysfs path, as MmModem.device */
    char *usb_id;       /* "05c6:90b2", "" */
    gboolean primary;   /* AT: known to be the one for commands */
    gboolean candidate; /* ModemManager looks at it when it appears */
    gint64 added;       /* boot time */
} DevicePort;

void device_port_free(DevicePort *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DevicePort, device_port_free)

/*
 * The ports that udev shows: control nodes of qmi_wwan and cdc_mbim (subsystem usbmisc), ports of subsystem
 * wwan, QMI channels of rpmsg, and serial ports of USB devices, of which nobody knows here whether a modem is
 * behind them. Main thread only; nothing is opened.
 */
typedef struct Devices Devices;

/* PRESENT TRUE: PORT came, or something of it is different; it is the receiver's. FALSE: it went; only path and
 * sysfs are set, and borrowed. */
typedef void (*DevicesFunc)(DevicePort *port, gboolean present, gpointer data);

Devices *devices_new(DevicesFunc func, gpointer data);
void devices_free(Devices *devices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Devices, devices_free)

/* Those that are there now, of DevicePort; g_ptr_array_unref(). */
GPtrArray *devices_list(Devices *devices);

/* "qmi" for "wwan0qmi0" and "wwan0p1qmi", NULL where a name of subsystem wwan tells nothing. */
const char *devices_transport_of_wwan(const char *name);

/* What a node speaks that udev does not show: from its driver or its name, "qmi" at the worst. */
const char *devices_guess_transport(const char *node);

/* "1199:9091" of the USB device with this sysfs path, or NULL; g_free() it. */
char *devices_read_usb_id(const char *sysfs);

G_END_DECLS
