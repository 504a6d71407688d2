/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/card.h"

G_BEGIN_DECLS

/*
 * The card slot of a simulated modem: what a modem's firmware does with a card, whatever the host
 * speaks (QMI, MBIM). It owns logical channels on behalf of its users, patches class bytes, answers
 * the card's REFRESH by itself and can be told to behave like worse firmware.
 */
typedef struct SimSlot SimSlot;

typedef enum {
    SIM_SLOT_EMPTY,
    SIM_SLOT_OFF,      /* a card without power */
    SIM_SLOT_STARTING, /* being reset, or just powered on */
    SIM_SLOT_READY,
} SimSlotState;

typedef enum {
    SIM_SLOT_OK,
    SIM_SLOT_NO_CARD,
    SIM_SLOT_NOT_READY,
    SIM_SLOT_NO_CHANNEL,    /* the modem's or the card's limit */
    SIM_SLOT_SELECT_FAILED, /* RET_SW tells */
    SIM_SLOT_BAD_CHANNEL,
    SIM_SLOT_MUTE, /* the card says nothing, and so does the modem */
} SimSlotResult;

/* After a change of state, or of what the slot's status shows. */
typedef void (*SimSlotFunc)(SimSlot *slot, gpointer data);

/* CARD is borrowed and must outlive the slot; NULL: it stays empty. Starts READY. */
SimSlot *sim_slot_new(SimCard *card, SimSlotFunc changed, gpointer data);
void sim_slot_free(SimSlot *slot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSlot, sim_slot_free)

SimSlotState sim_slot_get_state(const SimSlot *slot);
SimCard *sim_slot_get_card(const SimSlot *slot);

/* MANAGE CHANNEL and SELECT (P2) for OWNER, a number that the caller chooses. RET_SW: status words
 * of the last answer (0: the card was not asked). RET_RESPONSE: the select response, NULL on
 * failure. */
SimSlotResult sim_slot_open_channel(SimSlot *slot, guint owner, const guint8 *aid, gsize aid_size,
                                    guint8 p2, guint8 *ret_channel, guint16 *ret_sw,
                                    GBytes **ret_response);
SimSlotResult sim_slot_close_channel(SimSlot *slot, guint8 channel);
void sim_slot_close_channels_of(SimSlot *slot, guint owner);
/* Whoever opened them. */
void sim_slot_close_all(SimSlot *slot);
guint sim_slot_count_channels(const SimSlot *slot);

/* One APDU on CHANNEL (0: basic), its class byte patched. With FETCH_ALL the slot answers 61xx and
 * 6Cxx itself and returns the whole. The response is empty where the card lost power; its channels are
 * then gone. */
SimSlotResult sim_slot_transmit(SimSlot *slot, guint8 channel, const guint8 *apdu, gsize size,
                                gboolean fetch_all, GBytes **ret_response);

/* Power, as a host asks for it. Power on leads over STARTING to READY. FALSE: no card, or no
 * change. */
gboolean sim_slot_power(SimSlot *slot, gboolean on);
/* A reset, or off and on again, as a host asks for it. FALSE: no card. */
gboolean sim_slot_reset(SimSlot *slot);
/* OBJECTS (at most 253 octets): the data objects of TERMINAL CAPABILITY (ETSI TS 102 221 11.1.19.2) that the
 * card is told after each reset from now on. */
void sim_slot_set_terminal_capability(SimSlot *slot, GBytes *objects);
/* A hand that takes the card out or puts it in. */
void sim_slot_insert(SimSlot *slot, gboolean inserted);
/* The modem itself was reset: the card too; READY again at once, nothing is reported. */
void sim_slot_restart(SimSlot *slot);

/* Milliseconds for which the answers since the last call are to be held back (sim_card_get_delay()). */
guint sim_slot_take_delay(SimSlot *slot);

/* Knobs (in brackets: what holds at first); unknown members are left to others. Nothing is changed on
 * failure.
 * - channels: limit of logical channels [3]
 * - refresh: "act": after "refresh-delay" ms reset the card; "ignore": never ["act"]
 * - refresh-delay: ms [20]
 * - start-delay: ms until the card is ready after reset or power on [20]
 * - hide-91xx: the host sees 9000 [true]
 * - not-ready-answers: so often after each reset the modem says that the card is not ready, however ready it
 *   shows it [0]
 * - refuse-until-reset: once the card asked for a REFRESH, every STORE DATA is answered 6985 until its reset
 *   [false]
 * - list-needs-enabled: a list of profiles (STORE DATA that begins with BF2D) is answered 6985 while no profile
 *   is enabled [false] */
gboolean sim_slot_set_knobs(SimSlot *slot, JsonObject *knobs, GError **error);
/* TRUE for the name of one of them. */
gboolean sim_slot_has_knob(const char *name);

/* Adds "state", "channels", "refreshes", "power-cycles", "apdus" to OBJECT. */
void sim_slot_describe(SimSlot *slot, JsonObject *object);
guint sim_slot_get_refreshes(const SimSlot *slot);
guint sim_slot_get_power_cycles(const SimSlot *slot);

const char *sim_slot_state_to_string(SimSlotState state);

G_END_DECLS
