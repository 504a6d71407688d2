/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "agent/job.h"
#include "agent/modem_snapshot.h"
#include "agent/orders.h"
#include "agent/rendezvous.h"
#include "agent/snapshot.h"
#include "modem/modemmanager.h"
#include "modem/modems.h"

G_BEGIN_DECLS

/*
 * The one thread that talks to a card and, for it, to its eIMs. It runs one job after the other, straight
 * through, and tells the main thread what happened. Between jobs it sleeps in its own main context,
 * where the modem library's events arrive.
 */
typedef struct Worker Worker;

/* What a poll of one eIM ended in. */
typedef struct {
    char *eim_id;
    gint64 time; /* microseconds since 1970 */
    guint packages;
    GError *error;      /* NULL: success */
    guint64 bytes_sent; /* to this eIM since the worker started */
    guint64 bytes_received;
    guint retry_after; /* seconds the server asked to be left alone, 0: none */
    char *trust;       /* how the server was trusted, "" when no connection came about */
    const char *dialect, *dialect_source,
        *binding; /* static strings, "" when the eIM was not asked */
} PollReport;

typedef enum {
    WORKER_CARD_READY, /* a card appeared or came back between jobs */
    WORKER_CARD_GONE,
    WORKER_MODEM_CHANGED, /* other ports or settings: the card is to be looked at anew */
    WORKER_MODEM_LOST,
} WorkerEvent;

/* All called in the main thread, in the order in which things happened. */
typedef struct {
    void (*stage)(guint32 job, double progress, const char *text, gpointer data);
    /* What came of it so far. */
    void (*result)(guint32 job, const char *text, gpointer data);
    /* Card part of a snapshot (EID, kind, versions, profiles, eIMs without their schedule). */
    void (*facts)(const EuiccSnapshot *facts, gpointer data);
    /* What is known of the modem now; state, EID and ModemManager are left to others. */
    void (*modem)(const ModemSnapshot *modem, gpointer data);
    void (*polled)(const PollReport *report, gpointer data);
    /* eIMs that a result waits for, before each finished(); NULL-ended, empty when nothing is owed. */
    void (*owed)(const char *const *eim_ids, gpointer data);
    /* Boot time at which notifications on the card are due, 0: none; likewise before each finished(). */
    void (*notifications)(gint64 due, gpointer data);
    /* ERROR NULL: done. USABLE: the card is known and can be worked with. */
    void (*finished)(guint32 job, const GError *error, gboolean usable, gpointer data);
    void (*event)(WorkerEvent event, gpointer data);
    /* A profile may be changed from the moment on when RENDEZVOUS is answered; INHIBIT: ModemManager should let go
     * of the modem before. Each has one switch_end(), also when nobody waits for the answer any more. */
    void (*switch_begin)(Rendezvous *rendezvous, gboolean inhibit, gpointer data);
    void (*switch_end)(gpointer data);
    /* Something that ModemManager does to the modem where it runs: RENDEZVOUS is granted when it did, and answered
     * otherwise. */
    void (*order)(const Order *order, Rendezvous *rendezvous, gpointer data);
    /* After worker_stop(): the thread is done, worker_free() does not wait any more. The only call then. */
    void (*ended)(gpointer data);
} WorkerListener;

/* CONFIG, TRACE (may be NULL) and LISTENER are borrowed. */
Worker *worker_new(const Config *config, const Modem *modem, ChannelTrace *trace,
                   const WorkerListener *listener, gpointer data);

/* Asks the thread to end: cancels CURRENT (the running job, may be NULL). After this returns there is one more
 * call of the listener, ended(), unless worker_free() comes first: that waits for the thread. */
void worker_stop(Worker *worker, Job *current);
void worker_free(Worker *worker);

/* The modem has other ports than before: its next job begins with them. */
void worker_set_modem(Worker *worker, const Modem *modem);

/* What ModemManager tells of the modem now, NULL: nothing. It counts more than what the modem itself says. */
void worker_set_network(Worker *worker, const MmModem *modem);

/* Gives the worker its next job; only when the former has finished. */
void worker_run(Worker *worker, Job *job);

G_END_DECLS
