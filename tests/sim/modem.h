/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/card.h"
#include "sim/slot.h"

G_BEGIN_DECLS

/*
 * A modem with its cards, whatever language it speaks: its class knows that (sim/modem_qmi.h …).
 * It stands behind the real proxy on a pseudo-terminal, or behind a socket that plays the proxy for
 * several clients.
 */
typedef struct SimModem SimModem;
typedef struct SimModemClass SimModemClass;

/* The class whose kind is NAME ("qmi" …); NULL: there is none. */
const SimModemClass *sim_modem_class_find(const char *name);
const char *sim_modem_class_get_kind(const SimModemClass *class);
/* Abstract socket of the proxy that hosts use; NULL: they use none. */
const char *sim_modem_class_get_proxy_name(const SimModemClass *class);

/* PATH: where hosts find it. CARD is borrowed; it is in the first physical slot. The modem is unplugged at
 * first. */
SimModem *sim_modem_new(const SimModemClass *class, const char *path, SimCard *card);
/* Puts a borrowed card into one more physical slot. FALSE: there are no more. */
gboolean sim_modem_add_card(SimModem *modem, SimCard *card);
void sim_modem_free(SimModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimModem, sim_modem_free)

const SimModemClass *sim_modem_get_class(const SimModem *modem);
const char *sim_modem_get_path(const SimModem *modem);
/* Where it will be when it is plugged in the next time. */
void sim_modem_set_path(SimModem *modem, const char *path);
gboolean sim_modem_is_plugged(const SimModem *modem);
/* The active physical slot. */
SimSlot *sim_modem_get_slot(SimModem *modem);
guint sim_modem_get_active_slot(const SimModem *modem);
/* Physical slot NUMBER (from 1), NULL: there is none. */
SimSlot *sim_modem_get_physical_slot(SimModem *modem, guint number);

/* Puts the modem into the machine: PATH appears as a pseudo-terminal, or (BEHIND_SOCKET) as a FIFO
 * that nobody reads. What hosts had opened in a former life is gone. */
gboolean sim_modem_plug(SimModem *modem, gboolean behind_socket, GError **error);
/* Answers that are held back (rules, delays) go out now. */
void sim_modem_release(SimModem *modem);
/* Pulls it: PATH disappears, every peer is closed. */
void sim_modem_unplug(SimModem *modem);

/* Makes physical slot NUMBER the active one, as a host asks for it or somebody else did; the card there
 * starts anew. FALSE: no such slot, or no change. */
gboolean sim_modem_switch_slot(SimModem *modem, guint number);

/* Knobs: the members of sim_slot_set_knobs(), those of the kind (sim/modem_qmi.h …), and (in brackets: what
 * holds at first) those below. "do" is ignored; any other member, or one of another type, is an error, and
 * nothing is changed.
 * - slots: number of physical slots; each card is in one [as many as there are cards]
 * - slot-status: false: the messages about slots are not supported [true]
 * - indications: false: none are sent [true]
 * - indication-delay: ms by which each is late [0]
 * - indication-copies: how often each is sent [1]
 * - indication-swap: true: each second one overtakes the one before it, which waits for that [false]
 * - silent: true: nothing is answered any more [false]
 * - imei: what the modem says who it is; "": nothing ["356938035643809"]
 * - plmn: MCC and MNC (two or three digits) of the network; "": not registered ["00101"]
 * - lie-after-switch: for so many ms after a switch of slots the modem shows the new slot without card and
 *   answers every message about its card as not ready, however ready it is [0]
 * - switch-needs-closed: true: a host's switch of slots fails while a channel is open [false]
 * - iccid-hex: true: the modem shows the last two digits of every ICCID as AC [false]
 * - refresh-replug: so many ms after a REFRESH the modem leaves the machine and returns at once, as one does
 *   that re-enumerates; 0: never [0]
 * - replug-path: it returns as this node; "": as the same [""]
 * - rules: list of faults, replaces the former list; the first that fits is used. Members of each:
 *
 *   - message: name of a message of the kind, or "any" (all but those that only concern the connection; the
 *     default). The same things have the same name in every kind: "open-channel", "send-apdu",
 *     "close-channel", "slot-status", "card-status", "register", "power-off", "power-on", "reset",
 *     "switch-slot", "ids", "serving-system"
 *   - contains: hex that must occur in the request's content, e.g. "BF51"
 *   - after: hex that must have occurred before or now, e.g. "BF51" with contains "E291" for the last
 *     block of a package
 *   - skip: let so many pass first [0]
 *   - count: then apply to so many; 0: for ever [1]
 *   - action: "error" (answer "error", not processed), "ignore" (neither processed nor answered),
 *     "drop" (processed, answer lost), "delay" (processed, answer after "ms"), "unplug" (before it
 *     is processed), "unplug-after" (processed, answer lost) */
gboolean sim_modem_set_knobs(SimModem *modem, JsonObject *knobs, GError **error);

/* "kind", "plugged", "path", the members of the active slot, "active-slot", "slots" (each physical slot's
 * members), "clients", "messages" (name to count), "rules". */
void sim_modem_describe(SimModem *modem, JsonObject *object);

/* After every message and change: for those who wait for something. */
void sim_modem_set_watch(SimModem *modem, void (*watch)(SimModem *modem, gpointer data),
                         gpointer data);
/* "refresh", "power-cycle", "restart" (of the modem, that a host wanted), "indication", "unplug", "plug", "rule"
 * (faults applied), or the name of a message: how often so far. */
guint sim_modem_get_count(SimModem *modem, const char *what);

/* The socket that plays the proxy of CLASS for those of MODEMS (array of SimModem, which must outlive the
 * proxy) that are of it; NAME is abstract. */
typedef struct SimProxy SimProxy;
SimProxy *sim_proxy_new(const SimModemClass *class, const char *name, GPtrArray *modems,
                        GError **error);
void sim_proxy_free(SimProxy *proxy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimProxy, sim_proxy_free)

G_END_DECLS
