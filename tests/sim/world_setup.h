/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Files of a simulated world: what its parts read when they start. */

#define SIM_DEFAULT_EIM_ID   "eim1.example.test"
#define SIM_DEFAULT_EIM_FQDN "eim1.example.test"

/* 30 digits of an EID completed by its two check digits (SGP.29). g_free() it. */
char *sim_make_eid(const char *digits);

/* dbus-daemon configuration of a system bus on SOCKET; POLICY: file to include instead of a policy that
 * allows everything, or NULL. */
gboolean sim_write_bus_config(const char *path, const char *socket, const char *policy,
                              GError **error);

typedef struct {
    const char *state_folder;
    const char *modem_path;
    const char *fqdn;
    guint port;
    const char *trace;
    const char *extra; /* a file whose settings go over these, or NULL */
} SimDaemonConfig;

/* PATH and, for EXTRA, PATH.d/. */
gboolean sim_write_daemon_config(const char *path, const SimDaemonConfig *config, GError **error);

/* The card of the demonstration: three profiles (the first enabled), one eIM at FQDN:PORT (port 443: just FQDN).
 * TRUST: what of the eIM's TLS the card names: "key" (also for NULL), "leaf", "ca" or "none". SETUP (may be
 * NULL): JSON object whose members replace those. */
gboolean sim_write_card(const char *path, const char *pki, const char *fqdn, guint port,
                        const char *trust, const char *setup, GError **error);

G_END_DECLS
