/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "agent/modem_snapshot.h"
#include "channel/channel.h"
#include "modem/modem.h"

G_BEGIN_DECLS

/*
 * The route to one card: which of a modem's ports is used, with which back-end and quirks, and in which slot.
 * It lives in the worker's thread.
 *
 * The ports are tried in their order; the one that led to the card last time comes first. An AT port is a
 * last resort: in each attempt the others come before it, and it is tried only where one of them said that it
 * gives no access to the eUICC, or where quirks or the configuration want it.
 */
typedef struct Route Route;

/* CONFIG and TRACE (may be NULL) are borrowed, MODEM is copied. EVENT gets the events of the back-end in
 * use. */
Route *route_new(const Config *config, const Modem *modem, ChannelTrace *trace,
                 BackendEventFunc event, gpointer data);
void route_free(Route *route);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Route, route_free)

/* What ModemManager does to a modem where it runs, better than behind its back. TRUE: it did. */
typedef struct {
    gboolean (*switch_slot)(guint slot, GCancellable *cancellable, gpointer data);
    gboolean (*restart)(GCancellable *cancellable, gpointer data);
} RouteManager;

/* Before the first route_begin(). Without it the modem itself is asked. */
void route_set_manager(Route *route, const RouteManager *manager, gpointer data);

/* The modem has other ports or settings than before. Taken by the next route_take_modem() or route_begin(). */
void route_set_modem(Route *route, const Modem *modem);
/* TRUE: with that the chosen port is not the right one any more, or has to be opened anew: it went, ModemManager
 * has it now and does not share it, a better one came, or quirks or the use of slots changed. */
gboolean route_is_outdated(const Route *route);
/* Takes it. Where it is outdated, channel and back-end are no more afterwards, and the attempt begins anew. */
void route_take_modem(Route *route);

/* Begins an attempt to reach the card. */
void route_begin(Route *route);
/* Chooses the first port, or after FAILURE the next one worth trying. FALSE: there is none. */
gboolean route_next(Route *route, const GError *failure);
/* Opens the chosen port and makes the wanted slot the active one where that is configured. */
gboolean route_open(Route *route, GCancellable *cancellable, GError **error);

/* Reading the card failed. A slot that is not active, and that is not to be switched to, is to us a card that
 * is not there: it comes back with an event, and other ports would lead to the card of another slot. */
void route_explain(Route *route, GError **error);

/* FALSE: the card that was read can't be spoken to without route_open(), as somebody else made another slot the
 * active one. Asks the modem where slots are switched. */
gboolean route_is_in_slot(Route *route, GCancellable *cancellable);

/* The card was reached by the chosen port: it comes first from now on, unless it is an AT port beside others. */
void route_succeeded(Route *route);

/* After a job: gives the former slot back. FALSE: there was none to give back, the card stays reachable; or the modem
 * went. What could not be given back is owed after the next job as well, also of another daemon. IS_LAST: the daemon
 * ends, and tries only once and not for long: ModemManager may be switching the slot at this very moment. */
gboolean route_leave_slot(Route *route, gboolean is_last);
/* TRUE while the card is in a slot that is not the active one between jobs. */
gboolean route_is_parked(const Route *route);

/* Between jobs, where nobody else gets to the port while it is open: closes it. One with a session that the modem
 * can't close stays open. */
void route_rest(Route *route);
gboolean route_is_resting(const Route *route);
/* Opens it again, on the same port. Fails as route_open(), and with MODEM where another modem is behind it: it is
 * closed then. */
gboolean route_resume(Route *route, GCancellable *cancellable, GError **error);

/* Closes the modem; the next route_open() opens it again. */
void route_close(Route *route);

/* A step that others took, for the record. */
void route_note(Route *route, gboolean ok, const char *step, const char *answer);

/* Of the chosen port; valid until the next route_begin(). NULL before the first. */
Channel *route_get_channel(Route *route);
Backend *route_get_backend(Route *route);
const char *route_get_port(const Route *route);      /* "" before the first */
const char *route_get_transport(const Route *route); /* likewise */

/* What the modem is called where something is remembered of it: by its USB id, model and firmware. g_free() it. */
char *route_make_modem_name(const Route *route);

/* The part of it that the route knows: ports, choice, identity, quirks, steps. */
ModemSnapshot *route_make_snapshot(Route *route);

G_END_DECLS
