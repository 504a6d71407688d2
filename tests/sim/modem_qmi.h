/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/modem.h"

G_BEGIN_DECLS

/*
 * A modem that speaks QMI, as far as an eUICC's host and ModemManager need it (CTL, DMS, NAS, UIM).
 *
 * Knobs besides those of every modem (in brackets: what holds at first):
 * - client-ids: limit for each service [32]
 * - release-closes: releasing a client id closes its channels [true]
 * - reset-closes: UIM Reset closes the client's channels [true]
 * - procedure-bytes: what an absent TLV means, 0 or 1 [0]
 * - long-response: answers above this size come as indications; 0: never [1024]
 * - nas: false: the modem has no service that tells the network [true]
 * - uicc: false: it has no service for the card [true]
 * - not-ready-error: what is answered while the card is not ready [52, DeviceNotReady]
 * - refresh-breaks-fetch: true: an APDU after which the card wants a REFRESH is answered Internal if the host
 *   fetches 61xx itself [false]
 * - slot-eid: the EID in the status of slots: "good", "missing", "short" (its first half) or "junk" (FF)
 *   ["good"]
 *
 * Names of messages besides those of every modem: "version", "allocate", "release", "sync" (of the
 * connection), "operating-mode" (set), or four hex digits of another UIM message, or
 *   two of another service, "-" and four of its message.
 */
extern const SimModemClass sim_modem_qmi;

G_END_DECLS
