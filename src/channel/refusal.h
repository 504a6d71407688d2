/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/backend.h"
#include "util/error.h"

G_BEGIN_DECLS

/*
 * What back-ends make of a modem or card that refuses: the part that is the same whatever the modem speaks.
 */

/* What STATUS_WORD in an answer to opening a channel means: NOT_EUICC or NO_CHANNEL. FALSE: no more than that
 * it failed, or 0, where the modem named none. */
gboolean refusal_classify_select(guint16 status_word, EuiccdError *ret_code);

/* STATUS_WORD says that the application was selected. */
gboolean refusal_is_selected(guint16 status_word);

/* An error of CODE: "NAME: WHAT: the modem answered WORDS, the card 6F00". WORDS is NULL where the modem did its
 * part, STATUS_WORD 0 where it named none. FORBIDDEN: its firmware lets nobody to the eUICC. */
void refusal_set_error(const Backend *backend, EuiccdError code, const char *what,
                       const char *words, gboolean forbidden, guint16 status_word, GError **error);

/* The modem's words for an APDU that was interrupted differ; that the card is no more (ABSENT, or in a slot that
 * is not the active one any more) says it best: turns MODEM and TIMEOUT into CARD_ABSENT. */
void refusal_note_removal(const Backend *backend, gboolean absent, GError **error);

/* A modem that says "not ready" is asked again after 0.5, 1, 2, 4, 4, … seconds, or when *CHANGED, as long as
 * LIMIT allows. TRUE: now. FALSE with FAILURE, which is taken, or with CANCELLED. *PAUSE is 0 at first and kept
 * for the next time. */
gboolean refusal_wait(const Backend *backend, const gboolean *changed, gint64 *pause, gint64 limit,
                      GCancellable *cancellable, GError *failure, GError **error);

G_END_DECLS
