/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/card.h"
#include "sim/modem_port.h"
#include "sim/slot.h"

G_BEGIN_DECLS

/*
 * A modem that speaks QMI, as far as an eUICC's host and ModemManager need it (CTL, DMS, NAS, UIM).
 * Either behind the real qmi-proxy on a pseudo-terminal, or behind a socket that plays the proxy
 * for several clients.
 */
typedef struct SimModem SimModem;

/* PATH: where hosts find it. CARD is borrowed. The modem is unplugged at first. */
SimModem *sim_modem_new(const char *path, SimCard *card);
void sim_modem_free(SimModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimModem, sim_modem_free)

const char *sim_modem_get_path(const SimModem *modem);
gboolean sim_modem_is_plugged(const SimModem *modem);
SimSlot *sim_modem_get_slot(SimModem *modem);

/* Puts the modem into the machine: PATH appears as a pseudo-terminal, or (BEHIND_SOCKET) as a FIFO
 * that nobody reads. Client ids and channels of a former life are gone. */
gboolean sim_modem_plug(SimModem *modem, gboolean behind_socket, GError **error);
/* Pulls it: PATH disappears, every peer is closed. */
void sim_modem_unplug(SimModem *modem);

/* Knobs: the members of sim_slot_set_knobs(), and (in brackets: what holds at first) those below. "do" is
 * ignored; any other member, or one of another type, is an error, and nothing is changed.
 * - client-ids: limit for each service [32]
 * - release-closes: releasing a client id closes its channels [true]
 * - reset-closes: UIM Reset closes the client's channels [true]
 * - procedure-bytes: what an absent TLV means, 0 or 1 [0]
 * - long-response: answers above this size come as indications; 0: never [1024]
 * - slots: number of physical slots; the card is in the first [1]
 * - slot-status: false: the messages about slots are not supported [true]
 * - indications: false: none are sent [true]
 * - silent: true: nothing is answered any more [false]
 * - imei: what the modem says who it is; "": nothing ["356938035643809"]
 * - plmn: MCC and MNC (two or three digits) of the network; "": not registered ["00101"]
 * - nas: false: the modem has no service that tells the network [true]
 * - rules: list of faults, replaces the former list; the first that fits is used. Members of each:
 *
 *   - message: "open-channel", "send-apdu", "close-channel", "slot-status", "card-status",
 *     "register", "power-off", "power-on", "reset", "switch-slot", "version", "allocate", "release",
 *     "sync", "ids", "serving-system", "any" (all but CTL; the default), or four hex digits of another UIM message
 *   - contains: hex that must occur in the request's TLVs, e.g. "BF51"
 *   - after: hex that must have occurred before or now, e.g. "BF51" with contains "E291" for the last
 *     block of a package
 *   - skip: let so many pass first [0]
 *   - count: then apply to so many; 0: for ever [1]
 *   - action: "error" (answer "error", not processed), "ignore" (neither processed nor answered),
 *     "drop" (processed, answer lost), "delay" (processed, answer after "ms"), "unplug" (before it
 *     is processed), "unplug-after" (processed, answer lost) */
gboolean sim_modem_set_knobs(SimModem *modem, JsonObject *knobs, GError **error);

/* "plugged", "path", the slot's members, "clients", "indications", "messages" (name to count),
 * "rules". */
void sim_modem_describe(SimModem *modem, JsonObject *object);

/* After every message and change: for those who wait for something. */
void sim_modem_set_watch(SimModem *modem, void (*watch)(SimModem *modem, gpointer data),
                         gpointer data);
/* "refresh", "power-cycle", "indication", "unplug", "plug", "rule" (faults applied), or the name of a message: how often so
 * far. */
guint sim_modem_get_count(SimModem *modem, const char *what);

/* The socket that plays qmi-proxy for MODEMS (array of SimModem, which must outlive the
 * proxy); NAME is abstract. */
typedef struct SimQmiProxy SimQmiProxy;
SimQmiProxy *sim_qmi_proxy_new(const char *name, GPtrArray *modems, GError **error);
void sim_qmi_proxy_free(SimQmiProxy *proxy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimQmiProxy, sim_qmi_proxy_free)

G_END_DECLS
