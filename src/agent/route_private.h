/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/route.h"
#include "util/log.h"

G_BEGIN_DECLS

/* Shared by route.c and what it shows of itself (route_snapshot.c). */

struct Route {
    const Config *config;
    ChannelTrace *trace;
    BackendEventFunc event;
    gpointer event_data;
    const RouteManager *manager; /* NULL: there is none to ask */
    gpointer manager_data;
    LogContext log;
    char *log_object;

    Modem *modem;
    Modem *next_modem; /* for the next attempt; NULL: the same */
    GPtrArray *order;  /* of ModemPort, borrowed from MODEM: in which they are tried now */
    guint at;          /* in ORDER, of the next one */
    gboolean refused; /* in this attempt a control port said that it gives no access to the eUICC */
    char *favourite;  /* path of the port that led to the card last time; NULL */

    const ModemPort *port; /* chosen; NULL: none */
    char *port_path, *transport;
    char *choice; /* why */
    Backend *backend;
    Channel *channel;
    gboolean is_open;
    gboolean resting;         /* closed until the next job, in which the same card is expected */
    Quirks quirks;            /* in force for the chosen port */
    GPtrArray *quirk_names;   /* of char *: the groups that they come from */
    char *wish;               /* transport that is tried first, NULL */
    BackendIdentity identity; /* as it told last, over whatever port */
    char imei[16];            /* likewise, "" */
    Probe *probe;

    guint former_slot; /* physical, that was active before ours, as the slot note says; 0: none */
    gboolean parked;
};

G_END_DECLS
