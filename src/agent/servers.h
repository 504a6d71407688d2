/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "ipa/session.h"

G_BEGIN_DECLS

/*
 * The connections of one job to SM-DP+ and SM-DS. All are trusted by the same eSIM CI certificates of the
 * configuration, which are read when the first one is needed, so that a certificate that was added counts from the
 * next job on. Used by one thread.
 */
typedef struct Servers Servers;

/* CONFIG is borrowed. */
Servers *servers_new(const Config *config);
void servers_free(Servers *servers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Servers, servers_free)

/* As IpaHost's rsp_server(); borrowed until servers_close(). Whatever an address looks like, there is one connection
 * to a host and port. */
Es9pClient *servers_get(Servers *servers, const char *address, IpaServerKind kind, GError **error);

/* Whether there is a CI certificate to trust any of them by. Touches no network. */
gboolean servers_are_trusted(Servers *servers);

/* As IpaHost's knows_ci(). */
gboolean servers_know_ci(Servers *servers, GBytes *key_id, GError **error);

/* Another profile is enabled, see links_network_changed(). */
void servers_network_changed(Servers *servers, gboolean reconnect);

/* The job is over: nothing stays open until the next one. */
void servers_close(Servers *servers);

G_END_DECLS
