/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/world_eim.h"

G_BEGIN_DECLS

/* Files of a simulated world: what its parts read when they start. */

/* ICCID of a profile of the card with NUMBER, with its check digit (ITU-T E.118). g_free() it. */
char *sim_make_iccid(guint card, guint profile);

/* 30 digits of an EID completed by its two check digits (SGP.29). g_free() it. */
char *sim_make_eid(const char *digits);

/* dbus-daemon configuration of a system bus on SOCKET; POLICY: file to include instead of a policy that
 * allows everything, or NULL. */
gboolean sim_write_bus_config(const char *path, const char *socket, const char *policy,
                              GError **error);

typedef struct {
    const char *state_folder;
    GPtrArray *modems;   /* SimWorldModem; NULL: they are discovered */
    const char *resolve; /* HOST:PORT:ADDRESS … */
    const char *trusted; /* folder of the CI roots for SM-DP+ and SM-DS, or NULL */
    const char *trace;
    const char *extra; /* a file whose settings go over these, or NULL */
} SimDaemonConfig;

/* PATH and, for EXTRA, PATH.d/. */
gboolean sim_write_daemon_config(const char *path, const SimDaemonConfig *config, GError **error);

/* The card of the demonstration: three profiles (the first enabled), and those of EIMS (SimWorldEim) that are
 * known to it. NUMBER (from 1) of a card makes its ICCIDs different from those of others. SETUP (may be
 * NULL): JSON object whose members replace those. */
gboolean sim_write_card(const char *path, const char *pki, guint number, GPtrArray *eims,
                        const char *setup, GError **error);

G_END_DECLS
