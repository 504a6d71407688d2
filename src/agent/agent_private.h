/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agent.h"
#include "agent/eim_state.h"
#include "util/error.h"
#include "util/log.h"

G_BEGIN_DECLS

/* Shared by the files of the agent: its life, snapshots and schedule (agent.c), its jobs (agent_jobs.c), and
 * what its worker tells (agent_news.c). */

struct Agent {
    const Config *config;
    Modem *modem;
    const AgentOwner *owner;
    gpointer owner_data;
    LogContext log;
    char *log_object;

    Worker *worker;
    GQueue queue;      /* of JobEntry, waiting */
    JobEntry *running; /* NULL: the worker is idle */
    Job *last;         /* that the worker had when its modem went; NULL */
    gboolean stopped;

    EuiccSnapshot *facts;          /* last card part from the worker; NULL while no card is read */
    EuiccSnapshot *snapshot;       /* published */
    ModemSnapshot *modem_snapshot; /* likewise */
    char *modem_manager_path;      /* "" */
    EuiccState state;
    char *state_reason;

    GHashTable *eims; /* eimId -> EimState */
    guint next_eim_number;
    char *last_eid; /* card that EIMS belongs to */
    GSource *poll_timer;
    GSource *retry_timer;
    gint64 notifications_due; /* boot time, 0: never */
    GSource *notification_timer;
    guint start_failures;
    EuiccdError trouble;   /* that made it unavailable */
    gboolean had_object;   /* of ModemManager, at some time in the last job */
    char **owed;           /* eIMs that a result waits for, as of the last job */
    guint orphan_attempts; /* deliveries tried to eIMs that are no longer on the card */
};

/* ---- agent.c ---- */

/* The snapshots of the card and of the modem, as they are now. FACTS NULL: what the worker told last of the modem
 * still holds. */
void agent_publish(Agent *agent);
void agent_publish_modem(Agent *agent, const ModemSnapshot *facts);
void agent_set_state(Agent *agent, EuiccState state, const char *reason);

void agent_arm_poll_timer(Agent *agent);
/* For notifications_due. */
void agent_arm_notification_timer(Agent *agent);
/* The card can't be worked with: nothing is due until it was read again. */
void agent_forget_schedule(Agent *agent);
/* A scheduled poll that never got to its eIMs (the card failed first, it was cancelled, the queue is full)
 * must not be the last one. EIM_IDS may be NULL. */
void agent_reschedule(Agent *agent, const char *const *eim_ids);
/* eIMs came or went on the card. */
void agent_update_eims(Agent *agent);

void agent_note_unusable(Agent *agent, const GError *error);
void agent_schedule_retry(Agent *agent);
/* A GSourceFunc: the card is read anew. */
gboolean agent_on_retry_due(gpointer data);
gboolean agent_has_waiting_start(Agent *agent);

/* ---- agent_jobs.c ---- */

/* ENTRY gets the snapshot CHANGED. */
void agent_change_job(Agent *agent, JobEntry *entry, JobSnapshot *changed);
/* ERROR NULL: it was done. */
void agent_end_job(Agent *agent, JobEntry *entry, const GError *error);

/* ---- agent_news.c ---- */

/* With the agent as its data. */
extern const WorkerListener agent_worker_listener;

G_END_DECLS
