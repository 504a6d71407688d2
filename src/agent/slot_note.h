/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modem/modem.h"

G_BEGIN_DECLS

/*
 * Which slot was the active one before the daemon took it away, on disk: a daemon that is killed meanwhile still
 * gives it back. A file for each card in the folder "slots" of the state directory; its EID is not known before
 * the slot is switched, so that the file has the name of the modem and the slot of the card.
 */

/* The physical slot; 0: none is owed, or what there is can't be read. */
guint slot_note_read(const char *state_directory, const Modem *modem);

/* Durable when it returns. SLOT 0: none is owed any more. */
gboolean slot_note_write(const char *state_directory, const Modem *modem, guint slot,
                         GError **error);

G_END_DECLS
