/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/modem.h"

G_BEGIN_DECLS

/*
 * A modem's port for AT commands (3GPP TS 27.007), as far as an eUICC's host needs it. Hosts have it for
 * themselves: there is no proxy, and the node is always a pseudo-terminal.
 *
 * Knobs besides those of sim_modem_set_knobs() (in brackets: what holds at first):
 * - ccho: false: +CCHO and +CGLA are missing [true]
 * - cchc: false: +CCHC is missing [true]
 * - csim: false: +CSIM is missing [true]
 * - bare-session: +CCHO answers the number alone [false]
 * - first-session: the session of channel 0, were there one [1]
 * - fetch: +CGLA follows 61xx and 6Cxx itself [false]
 * - line-limit: a longer command line gets no answer; 0: none is too long [0]
 * - chatter: lines that nobody asked for stand around each answer [false]
 *
 * Messages of rules besides those of every kind: "identity" (+CGMI, +CGMM, +CGMR), "registration" (+CREG? and
 * its like), "restart" (+CFUN with 1 behind), "command" (ATE0 and all others; "any" passes these). What a rule
 * finds in "open-channel", "send-apdu" and "close-channel" is the AID, the APDU, the session's digits.
 */
extern const SimModemClass sim_modem_at;

G_END_DECLS
