/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agents.h"
#include "agent/job.h"
#include "agent/worker.h"

G_BEGIN_DECLS

/*
 * The main thread's side of one card: its worker, the jobs that wait for it, when which eIM is due, and
 * the snapshot that the world sees. Private to agents.c and the files of the agent.
 */
typedef struct Agent Agent;

/* A job from its request to some time after its end. */
typedef struct {
    Job *job;
    JobSnapshot *snapshot;
    Agent *agent; /* NULL once it ended */
    GSource *deadline;
} JobEntry;

/* What an agent asks of the set it belongs to. */
typedef struct {
    guint32 (*next_job_number)(gpointer data);
    /* TRUE when AGENT must not begin a job now: an inhibition, or another card of the same modem is at work
     * and one of the two needs its slot switched. */
    gboolean (*is_held_back)(Agent *agent, gpointer data);
    /* TRUE when another agent serves the card with this EID already (invariant 4). */
    gboolean (*is_taken)(Agent *agent, const char *eid, gpointer data);
    void (*publish)(Agent *agent, const EuiccSnapshot *before, const EuiccSnapshot *after,
                    gpointer data);
    void (*modem_changed)(const ModemSnapshot *before, const ModemSnapshot *after, gpointer data);
    /* The card's eIM states (key eimId) outlive its agent: a modem that comes back under another name goes on
     * where it was. keep takes them, restore gives them back, or NULL. */
    void (*keep_eims)(const char *eid, GHashTable *eims, guint last_number, gpointer data);
    GHashTable *(*restore_eims)(const char *eid, guint *ret_last_number, gpointer data);
    /* AGENT's job is over: those that it held back may go on. */
    void (*advance_others)(Agent *agent, gpointer data);
    /* TRUE when something of AGENT's modem that comes back now may have gone because of what another agent, or this
     * one, does to the modem. */
    gboolean (*expects_comeback)(Agent *agent, gpointer data);
    /* A profile change begins and ends, see WorkerListener. */
    void (*switch_begin)(Agent *agent, Rendezvous *rendezvous, gboolean inhibit, gpointer data);
    void (*switch_end)(Agent *agent, gpointer data);
    void (*order)(Agent *agent, const Order *order, Rendezvous *rendezvous, gpointer data);
    /* After agent_leave(): the worker is done; the set frees the agent. */
    void (*left)(Agent *agent, gpointer data);
    /* Takes ENTRY->snapshot as the new one; BEFORE may be NULL. */
    void (*job_changed)(JobEntry *entry, const JobSnapshot *before, gpointer data);
    /* The job ended: the set keeps ENTRY for a while. */
    void (*job_ended)(JobEntry *entry, gpointer data);
} AgentOwner;

/* NUMBER is that of the modem's object. */
Agent *agent_new(const Config *config, const Modem *modem, guint number, ChannelTrace *trace,
                 const AgentOwner *owner, gpointer data);
/* Stops the worker without waiting for it; agent_free() does so as well, and waits. */
void agent_stop(Agent *agent);
void agent_free(Agent *agent);

/* The modem went: everything it showed is withdrawn and its jobs end, without waiting for the worker;
 * owner->left() follows. */
void agent_leave(Agent *agent);

/* The modem has other ports or another object of ModemManager than before, or is seen again. */
void agent_set_modem(Agent *agent, const Modem *modem);

/* What ModemManager tells of the modem, NULL: nothing (any more). */
void agent_set_modem_manager(Agent *agent, const MmModem *modem);

const Modem *agent_get_modem(Agent *agent);
const EuiccSnapshot *agent_get_snapshot(Agent *agent); /* NULL before the card was read */
const ModemSnapshot *agent_get_modem_snapshot(Agent *agent);
gboolean agent_is_running(Agent *agent); /* a job of its */

/* Queues a job; returns its entry (owned by the agent until it ends), NULL where too many wait. EIM_IDS and DATA may
 * be NULL. */
JobEntry *agent_queue(Agent *agent, JobKind kind, const char *const *eim_ids, GBytes *data,
                      const char *cause);

/* The same for JOB, which it takes; job_new() with number 0 made it. */
JobEntry *agent_queue_job(Agent *agent, Job *job, const char *cause);

/* Cancels ENTRY, queued or running. */
void agent_cancel(Agent *agent, JobEntry *entry);

/* Starts the next job if there is one and nothing holds it back. */
void agent_advance(Agent *agent);

/* The device was seen (again): an unusable one is tried at once. */
void agent_retry(Agent *agent, const char *cause);

/* TRUE when an object of ModemManager that comes back because of what we did to the modem tells an unusable one
 * nothing new: it is tried again in any case, its card comes back with an event, or what it was refused it was
 * refused beside such an object. FALSE for a modem that was gone: it may be back. */
gboolean agent_can_miss_object(Agent *agent);

G_END_DECLS
