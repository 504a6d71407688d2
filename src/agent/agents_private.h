/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agent.h"
#include "agent/agents.h"
#include "agent/comebacks.h"
#include "agent/selection.h"
#include "agent/switching.h"

G_BEGIN_DECLS

/* Shared by agents.c and agents_requests.c. */

typedef struct {
    guint32 cookie;
    char *text;
} Inhibition;

struct Agents {
    const Config *config;
    const AgentsListener *listener;
    gpointer listener_data;
    ChannelTrace *trace;
    Modems *modems;
    Switching *switching; /* NULL: ModemManager is not watched */
    Orders *orders;       /* likewise */
    Comebacks *comebacks;
    Selection *selection; /* between MODEMS and AGENTS */
    GHashTable *imeis;    /* device -> IMEI that it told, for the selection */
    guint imei_source;
    GPtrArray *agents;  /* of Agent */
    GPtrArray *leaving; /* of Agent, whose modem went and whose worker is not done yet */
    GPtrArray *waiting; /* of Modem, that is back before its former worker is done */
    GHashTable *cards;  /* EID -> CardMemory */
    guint last_modem;
    GHashTable *jobs; /* number -> JobEntry, running, waiting and ended ones */
    GQueue ended;     /* of JobEntry, oldest first */
    guint32 last_job;
    GPtrArray *inhibitions; /* of Inhibition */
    guint32 last_cookie;
    gboolean stopping;
};

/* The agent that serves the card EID, or NULL. */
Agent *agents_find(Agents *agents, const char *eid);

G_END_DECLS
