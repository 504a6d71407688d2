/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The polkit authority of a simulated world: everybody may do everything. ModemManager does nothing for
 * anybody without one. */
typedef struct SimAuthority SimAuthority;

SimAuthority *sim_authority_new(const char *bus_address, GError **error);
void sim_authority_free(SimAuthority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimAuthority, sim_authority_free)

G_END_DECLS
