/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agent.h"
#include "agent/agents.h"
#include "util/error.h"

/*
 * Link-time doubles of the worker, the clock and the set of modems for the tests of agents.c and agent.c.
 * Time stands still until doubles_advance().
 */

#define EID   "89049032123451234512345678901235"
#define OTHER "89049032118876543210123456789065"
#define PORT  "/dev/cdc-wdm0"

#define OTHER_PORT "/dev/cdc-wdm1"

struct Worker {
    const WorkerListener *listener;
    gpointer data;
    Job *job;      /* running */
    Modem *modem;  /* as told last by worker_set_modem(); NULL */
    char *manager; /* path of the object as told last by worker_set_network(); NULL */
    gboolean stopped;
};
extern Worker *the_worker; /* the last one, NULL when it is gone */

struct Modems {
    ModemsFunc func;
    gpointer data;
    gboolean discovered;
    ModemManager *mm; /* real, over the bus that agents_watch_modem_manager() got; NULL without */
};
extern Modems *the_modems;

void doubles_set_up(void);
void doubles_tear_down(void);
guint doubles_count_workers(void);

/* Lets time pass; timers that become due are called in their order. */
void doubles_advance(guint64 seconds);
/* Seconds until the next timer; -1: none. */
gint64 doubles_next_timer(void);

/* The running job ends; TEXT NULL: done. */
void worker_finishes(EuiccdError code, const char *text, gboolean usable);
void worker_succeeds(void);
/* The thread of a stopped worker is done. */
void worker_ends(Worker *worker);
void worker_reports(const char *eim_id, guint packages, EuiccdError code, const char *text);
/* Notifications are due in SECONDS; -1: never. */
void worker_notifications(gint64 seconds);
void worker_reads(const char *eid, const char *const *eim_ids, EuiccState state);

/* The port PORT is there, or went. */
void modem_told(gboolean present);
/* The same of OTHER_PORT, which belongs to another device. */
void other_modem_told(gboolean present);
