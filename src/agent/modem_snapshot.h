/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/probe.h"

G_BEGIN_DECLS

typedef enum {
    MODEM_STARTING,    /* being opened, or its card is being read */
    MODEM_WORKING,     /* there is an eUICC behind it that can be worked with, or is left alone */
    MODEM_UNAVAILABLE, /* it, or its card, does not answer; or the card is no eUICC */
} ModemState;
const char *modem_state_to_string(ModemState state); /* "starting", "working", "unavailable" */

/*
 * What the world may know about a modem (and the slot that is meant) at one moment: the same rules as for
 * EuiccSnapshot hold.
 */
typedef struct {
    gatomicrefcount refs;
    guint number; /* n of the object path /org/euiccd1/modem/<n> */
    ModemState state;
    char *state_reason; /* why it is unavailable, "" otherwise */
    char *device;       /* sysfs path of the physical device, or the configured name */
    char *name;         /* the administrator's for it: [modem NAME], "" */
    char *usb_id;       /* "05c6:90b2", "" */
    char **ports;       /* "/dev/cdc-wdm0 (qmi)" */
    char *port;         /* in use, or tried last; "" */
    char *transport;    /* of it: "qmi", "mbim", "at" */
    char *driver;       /* of it in the kernel, "" */
    char *choice;       /* why this port, for people */
    guint slot;         /* physical that is wanted, 0: the active one */
    char *manufacturer, *model, *revision, *imei; /* "" where the modem does not tell */
    char **quirks;  /* names of the groups of quirks.conf that hold for it */
    char *settings; /* what follows from them, "reset=power-cycle with-le=yes", "" */
    char *reset;    /* what brought the card back last: "", "modem", "power-cycle", "reset" */
    char *modem_manager_path; /* "" without ModemManager */
    char *eid;                /* of its eUICC, "" */
    GPtrArray *steps;         /* of ProbeStep, oldest first */
} ModemSnapshot;

ModemSnapshot *modem_snapshot_new(void); /* all strings "" and lists empty */
ModemSnapshot *modem_snapshot_copy(const ModemSnapshot *snapshot);
ModemSnapshot *modem_snapshot_ref(const ModemSnapshot *snapshot);
void modem_snapshot_unref(ModemSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModemSnapshot, modem_snapshot_unref)

/* A modem that was found and that the configuration lets out. */
typedef struct {
    char *device;
    char *reason; /* "[modems] allow" */
} ExcludedModem;

ExcludedModem *excluded_modem_new(const char *device, const char *reason);
void excluded_modem_free(ExcludedModem *modem);

G_END_DECLS
