/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "sim/pki.h"

G_BEGIN_DECLS

/* An SM-DP+ or SM-DS in a simulated world. */
typedef struct {
    SimPkiServer kind;
    guint number; /* among its kind, from 1 */
    char *host;
    char *name;    /* of its part: "smdp", "smdp2", …, "smds", … */
    char *pki;     /* its folder */
    char *address; /* where it listens: 127.0.1.1, …; 127.0.2.1, … */
    guint port;
} SimWorldServer;

void sim_world_server_free(gpointer server);

/* HOST: a name. INVALID_ARGUMENT for what can be none. */
SimWorldServer *sim_world_server_new(SimPkiServer kind, const char *host, guint number,
                                     GError **error);

/* Its folder in the PKI of the world, made where it is not there. */
gboolean sim_world_server_make_pki(SimWorldServer *server, const char *pki, GError **error);

/* How clients call it: without port where that is the usual one. g_free() it. */
char *sim_world_server_get_url_host(const SimWorldServer *server);

/* The command that runs it, with @FD@ for where it tells that it is ready. UPPS (may be NULL): files that the first
 * SM-DP+ offers. */
char **sim_world_server_make_argv(const SimWorldServer *server, const char *self,
                                  const char *control, char **upps);

G_END_DECLS
