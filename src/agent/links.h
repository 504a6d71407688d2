/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "agent/store.h"
#include "agent/worker.h"

G_BEGIN_DECLS

/*
 * The connections of one worker to the eIMs of its card: each with its own trust, dialect and counters, kept
 * from poll to poll, made anew when the card's configuration of the eIM changes. Used by one thread.
 */
typedef struct Links Links;

/* CONFIG and LOG are borrowed. */
Links *links_new(const Config *config, const LogContext *log);
void links_free(Links *links);

/* The card whose eIMs these are: those of another one are forgotten, counters included. */
void links_set_card(Links *links, const char *eid);

/* Where what is learned of an eIM is kept; NULL while there is none. Borrowed. */
void links_set_store(Links *links, Store *store);

/* The client for EIM. EID: 16 octets. Borrowed until the next call. */
EsipaClient *links_get_client(Links *links, const guint8 *eid, const IpaEim *eim, GError **error);

/* Another profile is enabled. A connection over the former one's bearer is dead, though nobody says so.
 * RECONNECT: those that seem to be over other interfaces are closed as well. */
void links_network_changed(Links *links, gboolean reconnect);

/* After a poll: a connection that will be too old for the next one is closed now, with fewer packets than
 * later and without a socket on either side that waits for nothing; the TLS session stays. */
void links_rest(Links *links, const char *eim_id);

/* Fills in what the connection to REPORT->eim_id knows, and keeps what was learned of that eIM. */
void links_fill_report(Links *links, PollReport *report);

G_END_DECLS
