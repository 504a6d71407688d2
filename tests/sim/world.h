/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/world_eim.h"
#include "sim/world_server.h"

G_BEGIN_DECLS

/*
 * The simulated world around one daemon: private bus, test PKI, eIM, card, modem, the daemon itself, all
 * in one folder:
 *
 *   bus bus.conf bus.log          the private system bus
 *   pki/ eim.json eim.sock eim.log, for further eIMs pki/ID/ eim2.json …
 *   smdp.sock smdp.log, smds.sock smds.log, pki/HOST/ where there are such servers
 *   card.json modem.sock modem.log cdc-wdm0, for further modems card2.json modem2.sock cdc-wdm1 …
 *   card-of-slot-2.json pki/card-of-slot-2/     with a second slot
 *   umockdev.XXXXXX/ udev.sock udev.log modemmanager.log   with udev and ModemManager
 *   euiccd.conf euiccd.conf.d/ state/ daemon.log apdu.trace
 *   world.sock                    {"do": "part", "name", "action"}, {"do": "show"}
 *   environment                   KEY=VALUE lines for another shell
 */
typedef struct {
    const char *self; /* path of this program */
    const char *folder;
    const char *daemon; /* path of euiccd; NULL: none is started */
    char **daemon_args; /* may be NULL */
    const char *config; /* settings over the generated ones, or NULL */
    const char *policy; /* bus policy instead of one that allows everything, or NULL */
    const char *card;   /* card file, made when it is not there; NULL: in the folder */
    const char *pki;    /* its PKI folder; NULL: in the folder */
    GPtrArray *eims;    /* SimWorldEim */
    GPtrArray *servers; /* SimWorldServer */
    char **upps;        /* profile packages that the first SM-DP+ offers, or NULL */
    const char *setup;  /* JSON for a new card, or NULL */
    char **modems;      /* kinds; NULL: one of kind "qmi" */
    const char *knobs;  /* JSON for the modems, or NULL */
    const char *eid;    /* of the first card; NULL: the usual one */
    gboolean real_proxy;
    gboolean udev; /* the daemon discovers the modems, in a folder in place of /sys and /dev */
    gboolean wwan; /* as those of PCIe modems */
    gboolean second_slot;   /* of the first modem, with another card, which nobody manages */
    gboolean modem_manager; /* ModemManager is there; wants udev and real_proxy */
    gboolean own_network;   /* in a namespace: fixed ports can be used */
    gboolean defer_daemon;  /* prepared but not started */
    guint
        wait_for_card; /* seconds at most until the started daemon shows its card; 0: do not wait */
    gboolean verbose;
} WorldOptions;

typedef struct World World;

/* Makes everything and waits until it is ready; a card that does not appear on the bus in time is only worth
 * a note. On failure what was started is stopped, and the logs of the
 * part that failed are shown on standard error. OPTIONS is borrowed. */
World *world_new(const WorldOptions *options, GError **error);

/* Runs ARGV with the world's environment until it ends. Its exit status (128 + n for signal n), 127 when it
 * can't be started. Serves control requests meanwhile. */
int world_run_command(World *world, char **argv);

/* Stops all parts in order, the daemon first. FALSE when the daemon died, refused to end, ended with another
 * status than 0, or a sanitizer had something to say in any log; that was then shown. */
gboolean world_stop(World *world);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

G_END_DECLS
