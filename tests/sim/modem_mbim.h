/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/modem.h"

G_BEGIN_DECLS

/*
 * A modem that speaks MBIM, as far as an eUICC's host and ModemManager need it: Basic Connect, Microsoft's
 * extensions of it (slots, version), and low level access to the card. On a terminal it is strict about OPEN
 * and fragments. Behind a socket it is what mbim-proxy makes of such a modem: OPEN and CLOSE of a client mean
 * nothing to it, and so does the client's death.
 *
 * Knobs besides those of every modem (in brackets: what holds at first):
 * - mbimex: the newest version of Microsoft's extensions that it speaks, "1.0", "2.0" or "3.0"; with 2.0 and
 *   3.0 the layouts of some answers change once a host asked for it ["1.0"]
 * - uicc: false: no low level access to the card [true]
 * - select-p2: hex: the values of SelectP2Arg that open a channel; others end in a failed SELECT with 6A86; "":
 *   all [""]
 * - class-type: "extended", "inter-industry": the class byte type that APDUs need, others are answered Failure;
 *   "any" ["any"]
 * - case-4: the last block of a STORE DATA without Le: "act", "refuse" (Failure), "empty" (the card has it, its answer is
 *   9000 without data) ["act"]
 * - procedure-bytes: 1: the modem fetches 61xx and 6Cxx itself [0]
 * - not-ready-status: status while the card is not ready [1, Busy]
 * - fragment-size: answers are cut at so many octets even if the host allowed more; 0: they are not [0]
 *
 * Names of messages besides those of every modem: "open", "close", "version", "device-services" (of the
 * connection), "radio-state", "pin", "packet-service", "signal-state", "home-provider", "sys-caps",
 * "slot-mappings", "device-reset", "atr", "terminal-capability", or "basic-connect-N", "extensions-N", "uicc-N" for other
 * commands of these services.
 */
extern const SimModemClass sim_modem_mbim;

G_END_DECLS
