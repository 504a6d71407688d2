/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SIM_DEFAULT_EIM_ID "eim1.example.test"

/* An eIM in a simulated world: a part of it, or one that somebody else runs (then it has a CONFIGURATION
 * and no NAME). */
typedef struct {
    char *id;
    char *host; /* its name in URLs */
    char *trust;
    gint64 token;
    gboolean known; /* to a new card */
    char *name;     /* of its part: "eim", "eim2", … */
    char *pki;      /* its folder */
    char *address;  /* where it listens: 127.0.0.1, 127.0.0.2, … */
    guint port;
    GBytes *configuration; /* EimConfigurationData in DER */
} SimWorldEim;

void sim_world_eim_free(SimWorldEim *eim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimWorldEim, sim_world_eim_free)

/* DESCRIPTION: ID[,trust=KIND][,token=N][,unknown], NUMBER: its place, from 1. TRUST holds where it names
 * none: what a new card has of the TLS server: "key" (also for NULL), "leaf", "ca" or "none". */
SimWorldEim *sim_world_eim_new(const char *description, guint number, const char *trust,
                               GError **error);

/* An eIM of somebody else, from the EimConfigurationData (SGP.32 2.11.1.1.1) in the file PATH. */
SimWorldEim *sim_world_eim_new_foreign(const char *path, GError **error);

/* Its folder in the PKI of the world, made where it is not there. The usual eIM is the one that the PKI was
 * made for. */
gboolean sim_world_eim_make_pki(SimWorldEim *eim, const char *pki, GError **error);

/* What a card has to know of it: the EimConfigurationData, without the association token. */
GBytes *sim_world_eim_configure(const SimWorldEim *eim, GError **error);

/* Counter and association token that the CARD has for it; as they are where it does not know the eIM. */
gboolean sim_world_eim_read_association(const SimWorldEim *eim, const char *card, gint64 *counter,
                                        gint64 *token, GError **error);

G_END_DECLS
