/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modem/modemmanager.h"

G_BEGIN_DECLS

/* What ModemManager tells of a modem's network: written by the main thread, read by the worker. */
typedef struct Network Network;

/* CONTEXT: the worker's, which is woken by a change. */
Network *network_new(GMainContext *context);
void network_free(Network *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Network, network_free)

/* NULL: ModemManager has no such modem (any more). */
void network_set(Network *network, const MmModem *modem);

/* FALSE where ModemManager does not tell. */
gboolean network_get_rplmn(Network *network, guint8 ret_rplmn[3]);
gboolean network_get_imei(Network *network, char ret_imei[16]);

/* How often the modem got into a network, or connected, since the start. */
guint network_count_changes(Network *network);

G_END_DECLS
