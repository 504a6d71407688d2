/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "channel/quirks.h"

G_BEGIN_DECLS

/* A control port through which a card may be reached. */
typedef struct {
    char *path;      /* device node; "qrtr://NODE" */
    char *transport; /* "qmi", "mbim", "at" */
    char *driver;    /* of the kernel, "" where it is not known */
    gboolean taken;  /* by ModemManager, which does not share it (AT) */
} ModemPort;

/* A physical modem, and which of its cards is meant. */
typedef struct {
    char *device;    /* sysfs path of the physical device, or what else is its own: "qcom-soc"; of a
                         pinned one the administrator's name */
    char *name;      /* the administrator's for it, "" */
    gboolean pinned; /* its one port was named by the administrator: it is tried in any case */
    guint arrivals;  /* of a pinned one: how often its node came, with whatever modem behind it */
    char *usb_id;    /* "05c6:90b2", "" where it is not on USB */
    char *imei;      /* as ModemManager tells, "" where it does not */
    char *model;     /* likewise */
    char *mm_path;   /* its object of ModemManager, "" while that has none */
    GPtrArray *ports; /* of ModemPort, in the order in which they are tried */
    guint slot;       /* physical, 1-based; 0: the active one */
    gboolean
        switch_slot; /* SLOT is made the active one for each job, and the former one afterwards */
    Quirks quirks;   /* what the administrator says of it */
} Modem;

/* Without ports. */
Modem *modem_new(const char *device, guint slot);
Modem *modem_copy(const Modem *modem);
/* TRUE: the same in everything. Either may be NULL. */
gboolean modem_equals(const Modem *a, const Modem *b);
void modem_free(Modem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modem, modem_free)

/* Adds a port behind those that are tried before it: QMI, MBIM, AT. One with the same path is replaced. */
ModemPort *modem_add_port(Modem *modem, const char *path, const char *transport,
                          const char *driver);
void modem_remove_port(Modem *modem, const char *path);
/* NULL: no such port. Borrowed. */
const ModemPort *modem_find_port(const Modem *modem, const char *path);
/* TRUE when a port is of both, whatever they are called. */
gboolean modem_share_port(const Modem *a, const Modem *b);
/* TRUE when it has a port over which no other program is in the way: QMI or MBIM. */
gboolean modem_has_control_port(const Modem *modem);
/* What log lines call it: name of its first node, or of the device; g_free() it. */
char *modem_make_log_name(const Modem *modem);
/* "/dev/cdc-wdm0 (qmi), /dev/ttyUSB2 (at)"; g_free() it. */
char *modem_describe_ports(const Modem *modem);

G_END_DECLS
