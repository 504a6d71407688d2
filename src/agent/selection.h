/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "agent/modem_snapshot.h"
#include "modem/modems.h"

G_BEGIN_DECLS

/*
 * What the configuration makes of the modems that are found: which are let out, what they are called, and which of
 * their slots are meant. A modem with several [modem] groups, each for a slot of its own, becomes several. Main
 * thread only.
 *
 * A group may select by IMEI, and so may allow and ignore: where ModemManager does not tell it, it is known only
 * after the modem was opened once, and what follows from it holds from then on.
 */
typedef struct Selection Selection;

/* CONFIG is borrowed. FUNC as for modems_new(): gets the modems with name, slot and quirks. */
Selection *selection_new(const Config *config, ModemsFunc func, gpointer data);
void selection_free(Selection *selection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Selection, selection_free)

/* TRUE when it takes more than the ports that groups name: udev has to be looked at. */
gboolean selection_needs_discovery(const Selection *selection);

/* The modems that are named by their port. */
void selection_add_fixed(Selection *selection, Modems *modems);

/* What was found, as Modems tells it. */
void selection_take(Selection *selection, const Modem *found, gboolean present);

/* The modem of DEVICE says that it is IMEI. */
void selection_take_imei(Selection *selection, const char *device, const char *imei);

/* Of ExcludedModem, by their devices; g_ptr_array_unref() it. */
GPtrArray *selection_list_excluded(const Selection *selection);

/* As ModemsWanted: a group for MODEM says transport=at. */
gboolean selection_wants_at(const Selection *selection, const Modem *modem);

G_END_DECLS
