/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/agent_private.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

#define JOB_TIMEOUT 1800 /* seconds; no job of the worker may last longer */
#define QUEUE_LIMIT 32

void agent_change_job(Agent *agent, JobEntry *entry, JobSnapshot *changed)
{
    g_autoptr(JobSnapshot) before = entry->snapshot;

    entry->snapshot = changed;
    agent->owner->job_changed(entry, before, agent->owner_data);
}

void agent_end_job(Agent *agent, JobEntry *entry, const GError *error)
{
    JobSnapshot *changed = job_snapshot_copy(entry->snapshot);

    clock_timer_clear(&entry->deadline);
    entry->agent = NULL;
    changed->progress = error ? changed->progress : 1.0;
    replace_string(&changed->stage, "");
    if (!error) {
        changed->state = JOB_DONE;
    } else {
        changed->state = g_str_equal(euiccd_error_dbus_name(error), "org.euiccd1.Error.Cancelled")
                             ? JOB_CANCELLED
                             : JOB_FAILED;
        replace_string(&changed->error_name, euiccd_error_dbus_name(error));
        replace_string(&changed->error_message, error->message);
    }
    agent_change_job(agent, entry, changed);
    agent->owner->job_ended(entry, agent->owner_data);
}

static gboolean on_job_deadline(gpointer data)
{
    JobEntry *entry = data;

    g_atomic_int_set(&entry->job->timed_out, TRUE);
    job_cancel(entry->job);
    return G_SOURCE_REMOVE;
}

JobEntry *agent_queue_job(Agent *agent, Job *job, const char *cause)
{
    JobEntry *entry;

    if (agent->queue.length >= QUEUE_LIMIT) {
        job_unref(job);
        return NULL;
    }
    job->number = agent->owner->next_job_number(agent->owner_data);
    entry = g_new0(JobEntry, 1);
    entry->agent = agent;
    entry->job = job;
    entry->snapshot = job_snapshot_new();
    entry->snapshot->number = job->number;
    replace_string(&entry->snapshot->kind, job_kind_to_string(job->kind));
    replace_string(&entry->snapshot->cause, cause);
    replace_string(&entry->snapshot->eid, agent->snapshot ? agent->snapshot->eid : "");
    entry->snapshot->state = JOB_QUEUED;
    g_queue_push_tail(&agent->queue, entry);
    agent->owner->job_changed(entry, NULL, agent->owner_data);
    agent_advance(agent);
    return entry;
}

JobEntry *agent_queue(Agent *agent, JobKind kind, const char *const *eim_ids, GBytes *data,
                      const char *cause)
{
    Job *job = job_new(0, kind);

    job->eim_ids = g_strdupv((char **)eim_ids);
    job->data = data ? g_bytes_ref(data) : NULL;
    return agent_queue_job(agent, job, cause);
}

void agent_cancel(Agent *agent, JobEntry *entry)
{
    if (entry == agent->running) {
        job_cancel(entry->job);
        return;
    }
    if (g_queue_remove(&agent->queue, entry)) {
        g_autoptr(GError) error =
            g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled while it waited");

        agent_reschedule(agent, (const char *const *)entry->job->eim_ids);
        agent_arm_poll_timer(agent);
        agent_end_job(agent, entry, error);
    }
}

void agent_advance(Agent *agent)
{
    JobSnapshot *changed;
    JobEntry *entry;

    if (agent->running || agent->stopped || agent->owner->is_held_back(agent, agent->owner_data))
        return;
    entry = g_queue_pop_head(&agent->queue);
    if (!entry)
        return;
    agent->running = entry;
    agent->trouble = EUICCD_ERROR_FAILED;
    agent->had_object = agent->modem_manager_path[0] != '\0';
    if (agent->state != EUICC_LEFT_ALONE)
        agent_set_state(agent, entry->job->kind == JOB_KIND_START ? EUICC_STARTING : EUICC_BUSY,
                        "");
    changed = job_snapshot_copy(entry->snapshot);
    changed->state = JOB_RUNNING;
    agent_change_job(agent, entry, changed);
    agent_publish(agent);
    entry->deadline = clock_timer_new(clock_deadline(JOB_TIMEOUT), NULL, on_job_deadline, entry);
    worker_run(agent->worker, entry->job);
}
