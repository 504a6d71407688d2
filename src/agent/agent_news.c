/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/agent_private.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

static void on_stage(guint32 job, double progress, const char *text, gpointer data)
{
    Agent *agent = data;
    JobSnapshot *changed;

    if (!agent->running || agent->running->job->number != job)
        return;
    changed = job_snapshot_copy(agent->running->snapshot);
    /* A job may go back to an earlier stage (another port, a package after a package); what it shows of its
     * progress never falls. */
    changed->progress = MAX(changed->progress, progress);
    replace_string(&changed->stage, text);
    agent_change_job(agent, agent->running, changed);
}

static void on_result(guint32 job, const char *text, gpointer data)
{
    Agent *agent = data;
    JobSnapshot *changed;

    if (!agent->running || agent->running->job->number != job)
        return;
    changed = job_snapshot_copy(agent->running->snapshot);
    replace_string(&changed->result, text);
    agent_change_job(agent, agent->running, changed);
}

static void announce_card(Agent *agent, const EuiccSnapshot *facts)
{
    LogContext context = agent->log;
    guint enabled = 0;

    context.eid = facts->eid;
    for (guint i = 0; i < facts->profiles->len; i++)
        enabled += ((const ProfileSnapshot *)facts->profiles->pdata[i])->state == PROFILE_ENABLED;
    log_full(&context, LOG_LEVEL_NOTICE, LOG_EVENT_EUICC_FOUND,
             "found %s eUICC, SGP.%s %s, %u profiles (%u enabled), %u eIMs", facts->kind,
             g_str_equal(facts->kind, "iot") ? "32" : "22", facts->spec_version,
             facts->profiles->len, enabled, facts->eims->len);
}

/* The same card that comes back keeps its eIMs' numbers and counters; and where it was away only because another
 * slot of its modem was used, or its own profile changed, also the times of their polls. */
static void note_card(Agent *agent, const char *eid)
{
    gboolean keep = g_strcmp0(agent->last_eid, eid) == 0 &&
                    agent->owner->expects_comeback(agent, agent->owner_data);
    GHashTableIter iter;
    gpointer eim;

    if (g_strcmp0(agent->last_eid, eid) != 0) {
        GHashTable *eims =
            agent->owner->restore_eims(eid, &agent->next_eim_number, agent->owner_data);

        g_hash_table_remove_all(agent->eims);
        if (eims) {
            g_hash_table_unref(agent->eims);
            agent->eims = eims;
        }
    }
    replace_string(&agent->last_eid, eid);
    g_hash_table_iter_init(&iter, agent->eims);
    while (!keep && g_hash_table_iter_next(&iter, NULL, &eim))
        eim_state_schedule_first(eim, agent->config);
}

static void on_facts(const EuiccSnapshot *facts, gpointer data)
{
    Agent *agent = data;
    gboolean is_new = !agent->facts || !g_str_equal(agent->facts->eid, facts->eid);

    if (is_new && agent->owner->is_taken(agent, facts->eid, agent->owner_data)) {
        g_autofree char *ports = modem_describe_ports(agent->modem);

        log_error(&agent->log,
                  "the card behind %s is served through another port already: left to it", ports);
        agent_set_state(agent, EUICC_UNAVAILABLE, "served through another port");
        return;
    }
    if (is_new) {
        note_card(agent, facts->eid);
        announce_card(agent, facts);
    }
    g_clear_pointer(&agent->facts, euicc_snapshot_unref);
    agent->facts = euicc_snapshot_ref(facts);
    if (facts->state == EUICC_LEFT_ALONE) {
        agent_set_state(agent, EUICC_LEFT_ALONE, facts->state_reason);
        g_hash_table_remove_all(agent->eims);
        agent_arm_poll_timer(agent);
    } else {
        agent_update_eims(agent);
    }
    agent_publish(agent);
    agent_publish_modem(agent, NULL); /* it names the object of the eUICC */
}

static void on_modem(const ModemSnapshot *modem, gpointer data)
{
    agent_publish_modem(data, modem);
}

static void on_polled(const PollReport *report, gpointer data)
{
    Agent *agent = data;
    EimState *eim = g_hash_table_lookup(agent->eims, report->eim_id);

    if (report->error) {
        g_autofree char *object = g_strdup_printf("%s, %s", agent->log.object, report->eim_id);
        LogContext context = agent->log;

        context.object = object;
        context.eim = report->eim_id;
        log_full(&context, LOG_LEVEL_WARNING, LOG_EVENT_POLL_FAILED, "poll failed: %s",
                 report->error->message);
    }
    if (!eim)
        return;
    eim_state_note_report(eim, report);
    eim_state_schedule_next(eim, agent->config);
    agent_arm_poll_timer(agent);
    agent_publish(agent);
}

static void on_owed(const char *const *eim_ids, gpointer data)
{
    Agent *agent = data;

    g_strfreev(agent->owed);
    agent->owed = g_strdupv((char **)eim_ids);
}

/* Results that were found when the card was read need not wait for the next regular poll; those for eIMs
 * that have no poll any more are tried again with growing pauses. */
static void schedule_owed(Agent *agent, JobKind finished)
{
    gboolean orphans = FALSE;

    for (guint i = 0; agent->owed && agent->owed[i]; i++) {
        EimState *eim = g_hash_table_lookup(agent->eims, agent->owed[i]);

        if (!eim)
            orphans = TRUE;
        else if (finished == JOB_KIND_START && eim->failures == 0)
            eim->due = clock_boottime();
        else if (!eim->due) /* no regular polls: what is owed is delivered all the same */
            eim->due = eim_state_after_backoff(eim, agent->config);
    }
    if (orphans) {
        guint64 wait = (guint64)agent->config->poll_retry_first << MIN(agent->orphan_attempts, 24);

        agent->orphan_attempts++;
        clock_timer_clear(&agent->retry_timer);
        agent->retry_timer =
            clock_timer_new(clock_deadline((guint)MIN(wait, agent->config->poll_retry_limit)), NULL,
                            agent_on_retry_due, agent);
    } else {
        agent->orphan_attempts = 0;
    }
}

static void on_notifications(gint64 due, gpointer data)
{
    ((Agent *)data)->notifications_due = due;
}

/* After a start a fleet must not deliver in step, and a poll that comes soon takes them along. */
static void schedule_notifications(Agent *agent, JobKind finished)
{
    guint delay = agent->config->poll_start_delay;

    if (finished == JOB_KIND_START && agent->notifications_due && delay > 0)
        agent->notifications_due =
            MAX(agent->notifications_due,
                clock_deadline((guint)g_random_int_range(0, (gint32)delay + 1)));
    agent_arm_notification_timer(agent);
}

/* A poll's failure is told with the name of its eIM: by on_polled(). */
static gboolean is_told(Agent *agent, const GError *error)
{
    GHashTableIter iter;
    gpointer eim;

    g_hash_table_iter_init(&iter, agent->eims);
    while (g_hash_table_iter_next(&iter, NULL, &eim))
        if (g_str_equal(((const EimState *)eim)->last_error, error->message))
            return TRUE;
    return FALSE;
}

static void on_finished(guint32 number, const GError *error, gboolean usable, gpointer data)
{
    Agent *agent = data;
    JobEntry *entry = agent->running;
    LogContext context = agent->log;

    if (!entry || entry->job->number != number)
        return;
    context.job = number;
    agent->running = NULL;
    agent_reschedule(agent, (const char *const *)entry->job->eim_ids);
    if (!usable) {
        g_autoptr(GError) lost = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE,
                                                     "the modem or its proxy vanished");
        const GError *cause = error ? error : lost;

        log_full(&context, LOG_LEVEL_WARNING, agent->facts ? LOG_EVENT_EUICC_LOST : LOG_EVENT_NONE,
                 "%s", cause->message);
        agent_note_unusable(agent, cause);
    } else {
        if (error && !is_told(agent, error))
            log_full(&context, LOG_LEVEL_WARNING, LOG_EVENT_NONE, "job '%s' failed: %s",
                     job_kind_to_string(entry->job->kind), error->message);
        if (agent->state != EUICC_LEFT_ALONE)
            agent_set_state(agent, EUICC_IDLE, "");
        clock_timer_clear(&agent->retry_timer);
        agent->start_failures = 0;
        schedule_owed(agent, entry->job->kind);
        agent_arm_poll_timer(agent);
        schedule_notifications(agent, entry->job->kind);
    }
    agent_end_job(agent, entry, error);
    agent_publish(agent);
    agent_advance(agent);
    agent->owner->advance_others(agent, agent->owner_data);
}

static void on_worker_event(WorkerEvent event, gpointer data)
{
    Agent *agent = data;

    switch (event) {
    case WORKER_CARD_GONE:
        log_full(&agent->log, LOG_LEVEL_NOTICE, LOG_EVENT_EUICC_LOST, "the card went away");
        agent_forget_schedule(agent);
        clock_timer_clear(&agent->retry_timer);
        g_clear_pointer(&agent->facts, euicc_snapshot_unref);
        agent->trouble = EUICCD_ERROR_CARD_ABSENT;
        agent_set_state(agent, EUICC_UNAVAILABLE, "the card went away");
        agent_publish(agent);
        /* Somebody else may have made another slot the active one: a job gets ours, and gives it back. */
        if (agent->modem->switch_slot && agent->modem->slot > 0 && !agent_has_waiting_start(agent))
            agent_queue(agent, JOB_KIND_START, NULL, NULL, "slot inactive");
        return;
    case WORKER_CARD_READY:
        log_info(&agent->log, "a card is ready");
        if (!agent_has_waiting_start(agent))
            agent_queue(agent, JOB_KIND_START, NULL, NULL, "card ready");
        return;
    case WORKER_MODEM_CHANGED:
        /* A job that runs or waits begins with that. */
        if (!agent->running && agent->queue.length == 0)
            agent_queue(agent, JOB_KIND_START, NULL, NULL, "modem changed");
        return;
    case WORKER_MODEM_LOST:
        log_full(&agent->log, LOG_LEVEL_WARNING, LOG_EVENT_EUICC_LOST,
                 "the modem or its proxy vanished");
        agent->trouble = EUICCD_ERROR_MODEM_GONE;
        agent_set_state(agent, EUICC_UNAVAILABLE, "the modem or its proxy vanished");
        agent_forget_schedule(agent);
        agent_schedule_retry(agent);
        agent_publish(agent);
        return;
    }
}

static void on_switch_begin(Rendezvous *rendezvous, gboolean inhibit, gpointer data)
{
    Agent *agent = data;

    agent->owner->switch_begin(agent, rendezvous, inhibit, agent->owner_data);
}

static void on_switch_end(gpointer data)
{
    Agent *agent = data;

    agent->owner->switch_end(agent, agent->owner_data);
}

static void on_order(const Order *order, Rendezvous *rendezvous, gpointer data)
{
    Agent *agent = data;

    agent->owner->order(agent, order, rendezvous, agent->owner_data);
}

static void on_ended(gpointer data)
{
    Agent *agent = data;

    agent->owner->left(agent, agent->owner_data);
}

const WorkerListener agent_worker_listener = {
    .stage = on_stage,
    .result = on_result,
    .facts = on_facts,
    .modem = on_modem,
    .polled = on_polled,
    .owed = on_owed,
    .notifications = on_notifications,
    .finished = on_finished,
    .event = on_worker_event,
    .switch_begin = on_switch_begin,
    .switch_end = on_switch_end,
    .order = on_order,
    .ended = on_ended,
};
