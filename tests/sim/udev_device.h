/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A modem as the kernel and udev describe it (usb_device, usb_interface, control node,
 * network interface; or the ports of a PCIe modem below "wwan"). */
typedef struct {
    guint number;  /* of the modem, from 1 */
    char *kind;    /* "qmi", "mbim", "at" */
    char *node;    /* below /dev */
    char *next;    /* what it will be when it comes back, or NULL */
    guint plugged; /* how often so far */
    gboolean shown;
    GPtrArray *paths; /* what is in /sys, in the order of adding */
} SimUdevDevice;

/* DESCRIPTION: KIND:NODE. */
SimUdevDevice *sim_udev_device_new(const char *description, guint number, GError **error);
void sim_udev_device_free(SimUdevDevice *device);

/* Its text for umockdev_testbed_add_from_string(). g_free() it. */
char *sim_udev_device_describe(const SimUdevDevice *device, gboolean wwan);
/* Fills its paths. */
void sim_udev_device_list(SimUdevDevice *device, gboolean wwan);

/* Path in /sys of the physical device of modem NUMBER, as ModemManager names it. g_free() it. */
char *sim_udev_device_path(guint number, gboolean wwan);

G_END_DECLS
