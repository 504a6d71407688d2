/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "sim/card.h"

G_BEGIN_DECLS

/*
 * A card that is served elsewhere, and the serving of one: over TCP, each message is its length in two
 * octets (big-endian) and then so many octets. The modem's side sends command APDUs and controls of one
 * octet, as in the protocol of vpcd; the card's side answers APDUs and the question for the ATR.
 */
enum {
    SIM_CARD_WIRE_OFF = 0,
    SIM_CARD_WIRE_ON = 1,
    SIM_CARD_WIRE_RESET = 2,
    SIM_CARD_WIRE_ATR = 4,
};

#define SIM_CARD_WIRE_PREFIX "tcp:"

/* ---- the modem's side: it connects. Blocks; a card that is silent for a minute is lost ---- */

typedef struct SimRemoteCard SimRemoteCard;

/* ADDRESS: HOST:PORT. That nobody listens there is no failure: the card is not present. */
SimRemoteCard *sim_remote_card_new(const char *address, GError **error);
void sim_remote_card_free(SimRemoteCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimRemoteCard, sim_remote_card_free)

/* Connects anew where the card was lost. */
void sim_remote_card_reset(SimRemoteCard *card);
gboolean sim_remote_card_is_present(const SimRemoteCard *card);
/* Borrowed; empty while it is not present. */
GBytes *sim_remote_card_get_atr(SimRemoteCard *card);
/* Empty when the card was lost. 91xx is followed by FETCH and TERMINAL RESPONSE, as modems do. */
GBytes *sim_remote_card_transmit(SimRemoteCard *card, const guint8 *apdu, gsize size);
/* It wanted a REFRESH, and there was no reset since. */
gboolean sim_remote_card_refresh_pending(const SimRemoteCard *card);
char *sim_remote_card_describe(const SimRemoteCard *card);

/* ---- the card's side ---- */

/* Messages of one connection, until it ends. The card is reset then. */
void sim_card_wire_serve(SimCard *card, GIOStream *stream);

G_END_DECLS
