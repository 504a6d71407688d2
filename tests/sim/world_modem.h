/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A modem of a simulated world, and the card in it. */
typedef struct {
    guint number;  /* its place, from 1 */
    char *kind;    /* "qmi", … */
    char *name;    /* of its control socket: "modem", "modem2", … */
    char *node;    /* of its device: "cdc-wdm0", … */
    char *path;    /* where the modem program makes that */
    char *control; /* path of the socket */
    char *card;    /* file of the card, or "tcp:HOST:PORT" */
    char *pki;     /* folder of its credentials */
    char *eid;
} SimWorldModem;

void sim_world_modem_free(SimWorldModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimWorldModem, sim_world_modem_free)

gboolean sim_world_modem_is_kind(const char *kind);

/* Those of KINDS (NULL: one of kind "qmi") in FOLDER, with nodes as in /dev; WWAN: as the kernel names ports
 * of PCIe modems. CARD, PKI: of the first (NULL: in FOLDER); the others' cards are always in FOLDER, and
 * their credentials in PKI. EID: of the first (NULL: the usual one). */
GPtrArray *sim_world_modems_new(char **kinds, const char *folder, gboolean wwan, const char *card,
                                const char *pki, const char *eid);

/* The credentials of its card, made where they are not there. The first card's are those of PKI itself. */
gboolean sim_world_modem_make_pki(const SimWorldModem *modem, const char *pki, GError **error);

/* The card for a second slot: one of the same make, with its own EID and profiles, that no eIM manages. Made where
 * it is not there; its file, or NULL. g_free() it. */
char *sim_world_make_second_card(const char *folder, const char *pki, GError **error);

G_END_DECLS
