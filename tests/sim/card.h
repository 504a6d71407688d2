/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Virtual eUICC: APDUs in, APDUs out, real cryptography, state in a file that survives a kill at
 * any moment. Built from the specification, not from the daemon: it uses the TLV reader and writer
 * and none of the daemon's tables, so that it can disagree.
 */
typedef struct SimCard SimCard;

/* Writes a new card to STATE_PATH. SETUP is a JSON object; see sim/card_setup.c for its members
 * (EID, certificates and keys by file name, profiles, eIM configurations, behaviour). */
gboolean sim_card_create(const char *state_path, const char *setup_json, GError **error);

/* "tcp:HOST:PORT" in place of a path: a card that is served elsewhere (sim/card_wire.h). */
SimCard *sim_card_open(const char *state_path, GError **error);
void sim_card_free(SimCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimCard, sim_card_free)

/* One command APDU; the response ends with SW1 SW2. Never NULL. State changes are durable before
 * the response is returned. An empty response means that there is none; sim_card_get_event() says why. */
GBytes *sim_card_transmit(SimCard *card, const guint8 *apdu, gsize size);

typedef enum {
    SIM_CARD_ANSWERED,
    SIM_CARD_POWER_CUT, /* behaviour powerCutAtApdu: mute, and as after sim_card_reset() */
    SIM_CARD_SILENT,    /* silentAtApdu: mute, and nothing else */
    SIM_CARD_REMOVED,   /* removeAtApdu: it left its slot, and is as after sim_card_reset() */
} SimCardEvent;

/* What became of the last APDU. */
SimCardEvent sim_card_get_event(SimCard *card);

/* Milliseconds for which the modem shall hold back the last response (behaviour delay); mostly 0.
 */
guint sim_card_get_delay(SimCard *card);

/* FALSE while a card that is served elsewhere can't be reached; a reset tries again. */
gboolean sim_card_is_present(SimCard *card);

/* Reset or power cycle: channels, selections, TERMINAL CAPABILITY and a pending REFRESH are gone.
 */
void sim_card_reset(SimCard *card);
GBytes *sim_card_get_atr(SimCard *card);

/* TRUE while the last answers were 91xx and nobody reset the card: the terminal owes it a REFRESH.
 */
gboolean sim_card_refresh_pending(SimCard *card);

/* For the modem's slot status: EID, and ICCID of the enabled profile ("" when none). Digits;
 * g_free(). */
char *sim_card_get_eid(SimCard *card);
char *sim_card_get_enabled_iccid(SimCard *card);

/* The card's state for people and tests: profiles, eIMs with counters, stored results and
 * notifications, open channels, APDU count. JSON object; g_free(). */
char *sim_card_describe(SimCard *card);

/* Changes behaviour at run time: a JSON object with the members of "behaviour" of the set-up. */
gboolean sim_card_set_behaviour(SimCard *card, const char *json, GError **error);

G_END_DECLS
