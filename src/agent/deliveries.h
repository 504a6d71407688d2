/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "agent/store.h"

G_BEGIN_DECLS

/*
 * When the notifications on one card are delivered, and since when they are known (interop.md I-16). A notification
 * that its receiver refused waits for its own time; a receiver that can't be reached is left alone for a while with
 * all that is for it. Kept across restarts in the card's store. Used by the worker's thread.
 *
 * The card tells how many notifications it has, but not without effort which: as long as nothing happened to it, the
 * ones that were seen last are taken to be all.
 */
typedef struct Deliveries Deliveries;

/* CONFIG and LOG are borrowed. */
Deliveries *deliveries_new(const Config *config, const LogContext *log);
void deliveries_free(Deliveries *deliveries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Deliveries, deliveries_free)

/* Another card's store (borrowed), or NULL: what is known is that of STORE. */
void deliveries_set_store(Deliveries *deliveries, Store *store);

/* What IpaHost asks and tells. */
gboolean deliveries_is_due(Deliveries *deliveries, const IpaNotification *notification);
gboolean deliveries_is_overdue(Deliveries *deliveries, const IpaNotification *notification);
void deliveries_settle(Deliveries *deliveries, const IpaNotification *notification,
                       IpaDelivery delivery, guint retry_after, const char *why);
gboolean deliveries_is_stuck(Deliveries *deliveries, const IpaNotification *notification);
void deliveries_note_seen(Deliveries *deliveries, const GPtrArray *keys);

/* The card may have others than were seen. */
void deliveries_note_change(Deliveries *deliveries);

/* Whether some wait for another configuration (IPA_DELIVERY_IMPOSSIBLE). They wake nobody, and are told in the log once
 * for each receiver and reason. */
gboolean deliveries_is_blocked(const Deliveries *deliveries);
/* The configuration is another one: they are due. */
void deliveries_unblock(Deliveries *deliveries);

/* A round was tried. One that could not be carried out, or left something that is due, is not repeated at once. */
void deliveries_end_round(Deliveries *deliveries, gboolean ok, guint pending);

/* Boot time from which on a round is worth it while the card has PENDING notifications; 0: never. */
gint64 deliveries_get_due(Deliveries *deliveries, guint pending);

/* Since when the oldest of PENDING notifications is known, microseconds since 1970; 0: there is none. */
gint64 deliveries_get_oldest(Deliveries *deliveries, guint pending);

/* Receiver and reason, for people, of what could not be delivered since this was made: of the oldest one, but what waits
 * for another configuration comes first. NULL: there is none among PENDING notifications. g_free() it. */
char *deliveries_get_problem(const Deliveries *deliveries, guint pending);

G_END_DECLS
