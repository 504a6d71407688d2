/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/agent.h"

#include <string.h>

#include "agent/eim_state.h"
#include "util/clock.h"
#include "util/error.h"

#define JOB_TIMEOUT 1800 /* seconds; no job of the worker may last longer */
#define RETRY_FIRST 5 /* seconds until a modem that failed is tried again, doubled each time … */
#define RETRY_LIMIT 300 /* … up to this */
#define QUEUE_LIMIT 32

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
    guint start_failures;
    char **owed;           /* eIMs that a result waits for, as of the last job */
    guint orphan_attempts; /* deliveries tried to eIMs that are no longer on the card */
};

static GHashTable *new_eims(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, eim_state_free);
}

static void replace_string(char **string, const char *value)
{
    if (g_strcmp0(*string, value) == 0)
        return;
    g_free(*string);
    *string = g_strdup(value);
}

static void clear_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

/* ---- what the world sees ---- */

static void fill_eim(Agent *agent, EimSnapshot *snapshot)
{
    EimState *eim = g_hash_table_lookup(agent->eims, snapshot->eim_id);

    if (eim)
        eim_state_fill(eim, snapshot);
}

static gint compare_eims(gconstpointer a, gconstpointer b)
{
    const EimSnapshot *left = *(const EimSnapshot *const *)a;
    const EimSnapshot *right = *(const EimSnapshot *const *)b;

    return left->number < right->number ? -1 : left->number > right->number;
}

static void publish(Agent *agent)
{
    g_autoptr(EuiccSnapshot) before = g_steal_pointer(&agent->snapshot);

    if (agent->facts) {
        EuiccSnapshot *after = euicc_snapshot_copy(agent->facts);

        after->state = agent->state;
        replace_string(&after->modem_manager_path, agent->modem_manager_path);
        replace_string(&after->state_reason, agent->state_reason);
        after->job = agent->running ? agent->running->job->number : 0;
        for (guint i = 0; i < after->eims->len; i++)
            fill_eim(agent, after->eims->pdata[i]);
        g_ptr_array_sort(after->eims, compare_eims);
        agent->snapshot = after;
    }
    /* Another card in the same slot is another object. */
    if (before && agent->snapshot && !g_str_equal(before->eid, agent->snapshot->eid)) {
        agent->owner->publish(agent, before, NULL, agent->owner_data);
        agent->owner->publish(agent, NULL, agent->snapshot, agent->owner_data);
    } else if (before || agent->snapshot) {
        agent->owner->publish(agent, before, agent->snapshot, agent->owner_data);
    }
}

static ModemState get_modem_state(const Agent *agent)
{
    switch (agent->state) {
    case EUICC_STARTING:
        return MODEM_STARTING;
    case EUICC_IDLE:
    case EUICC_BUSY:
    case EUICC_LEFT_ALONE:
        return MODEM_WORKING;
    case EUICC_UNAVAILABLE:
        return MODEM_UNAVAILABLE;
    }
    g_return_val_if_reached(MODEM_UNAVAILABLE);
}

/* FACTS NULL: what the worker told last still holds. */
static void publish_modem(Agent *agent, const ModemSnapshot *facts)
{
    g_autoptr(ModemSnapshot) before = agent->modem_snapshot;
    ModemSnapshot *after = modem_snapshot_copy(facts ? facts : before);

    after->number = before->number;
    after->state = get_modem_state(agent);
    replace_string(&after->state_reason, agent->state_reason);
    replace_string(&after->modem_manager_path, agent->modem_manager_path);
    replace_string(&after->eid, agent->facts ? agent->facts->eid : "");
    agent->modem_snapshot = after;
    agent->owner->modem_changed(before, after, agent->owner_data);
}

static void set_state(Agent *agent, EuiccState state, const char *reason)
{
    agent->state = state;
    replace_string(&agent->state_reason, reason);
    if (get_modem_state(agent) != agent->modem_snapshot->state ||
        !g_str_equal(agent->modem_snapshot->state_reason, reason))
        publish_modem(agent, NULL);
}

/* ---- schedule ---- */

static gboolean on_poll_due(gpointer data);

static void arm_poll_timer(Agent *agent)
{
    GHashTableIter iter;
    gpointer value;
    gint64 first = 0;

    clear_source(&agent->poll_timer);
    g_hash_table_iter_init(&iter, agent->eims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const EimState *eim = value;

        if (eim->due && (!first || eim->due < first))
            first = eim->due;
    }
    if (first)
        agent->poll_timer = clock_timer_new(first, NULL, on_poll_due, agent);
}

/* A scheduled poll that never got to its eIMs (the card failed first, it was cancelled, the queue is full)
 * must not be the last one. */
static void reschedule(Agent *agent, const char *const *eim_ids)
{
    for (guint i = 0; eim_ids && eim_ids[i]; i++) {
        EimState *eim = g_hash_table_lookup(agent->eims, eim_ids[i]);

        if (eim && !eim->due)
            eim_state_schedule_next(eim, agent->config);
    }
}

static gboolean on_poll_due(gpointer data)
{
    Agent *agent = data;
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    gint64 now = clock_boottime();
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, agent->eims);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        EimState *eim = value;

        if (eim->due && eim->due <= now) {
            eim->due = 0; /* until its report */
            g_ptr_array_add(due, key);
        }
    }
    if (due->len > 0) {
        g_ptr_array_add(due, NULL);
        if (!agent_queue(agent, JOB_KIND_POLL, (const char *const *)due->pdata, NULL, "schedule"))
            reschedule(agent, (const char *const *)due->pdata);
    }
    arm_poll_timer(agent);
    return G_SOURCE_REMOVE;
}

/* eIMs came or went on the card. */
static void update_eims(Agent *agent)
{
    GHashTableIter iter;
    gpointer key;

    for (guint i = 0; i < agent->facts->eims->len; i++) {
        const EimSnapshot *snapshot = agent->facts->eims->pdata[i];
        EimState *eim = g_hash_table_lookup(agent->eims, snapshot->eim_id);

        if (eim)
            continue;
        eim = eim_state_new(++agent->next_eim_number);
        g_hash_table_insert(agent->eims, g_strdup(snapshot->eim_id), eim);
        eim_state_schedule_first(eim, agent->config);
    }
    g_hash_table_iter_init(&iter, agent->eims);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        gboolean there = FALSE;

        for (guint i = 0; i < agent->facts->eims->len && !there; i++)
            there = g_str_equal(((const EimSnapshot *)agent->facts->eims->pdata[i])->eim_id, key);
        if (!there)
            g_hash_table_iter_remove(&iter);
    }
    arm_poll_timer(agent);
}

/* ---- a modem or card that does not answer ---- */

static gboolean on_retry_due(gpointer data)
{
    Agent *agent = data;

    clear_source(&agent->retry_timer);
    agent_queue(agent, JOB_KIND_START, NULL, NULL, "retry");
    return G_SOURCE_REMOVE;
}

static gboolean has_any_node(const Modem *modem)
{
    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        /* Nodes of QRTR are none of the file system. */
        if (port->path[0] != '/' || g_file_test(port->path, G_FILE_TEST_EXISTS))
            return TRUE;
    }
    return FALSE;
}

/* A card that is not there, or that is no eUICC, comes back with an event; a modem does not always. One
 * that answers 6985 even after the reset (driven by an IPAe or by M2M, I-40) must not be reset again and
 * again under the modem: that would cut its connection. */
static gboolean is_worth_retrying(const Agent *agent, const GError *error)
{
    /* A node that is not there comes back with an event: of udev, or of the watch on its folder. */
    if (euiccd_error_is(error, EUICCD_ERROR_MODEM_GONE) && !has_any_node(agent->modem))
        return FALSE;
    return !euiccd_error_is(error, EUICCD_ERROR_CARD_ABSENT) &&
           !euiccd_error_is(error, EUICCD_ERROR_NOT_EUICC) &&
           !euiccd_error_is(error, EUICCD_ERROR_CARD_RESET);
}

static void schedule_retry(Agent *agent)
{
    guint wait = MIN(RETRY_FIRST << MIN(agent->start_failures, 10), RETRY_LIMIT);

    agent->start_failures++;
    clear_source(&agent->retry_timer);
    agent->retry_timer = clock_timer_new(clock_deadline(wait), NULL, on_retry_due, agent);
}

static void card_is_unusable(Agent *agent, const GError *error)
{
    set_state(agent, EUICC_UNAVAILABLE, error->message);
    clear_source(&agent->poll_timer);
    if (is_worth_retrying(agent, error))
        schedule_retry(agent);
}

static gboolean has_waiting_start(Agent *agent)
{
    if (agent->running && agent->running->job->kind == JOB_KIND_START)
        return TRUE;
    for (GList *item = agent->queue.head; item; item = item->next)
        if (((const JobEntry *)item->data)->job->kind == JOB_KIND_START)
            return TRUE;
    return FALSE;
}

void agent_retry(Agent *agent, const char *cause)
{
    if (agent->facts && agent->state != EUICC_UNAVAILABLE)
        return;
    clear_source(&agent->retry_timer);
    agent->start_failures = 0;
    if (!has_waiting_start(agent))
        agent_queue(agent, JOB_KIND_START, NULL, NULL, cause);
}

/* ---- jobs ---- */

static void change_job(Agent *agent, JobEntry *entry, JobSnapshot *changed)
{
    g_autoptr(JobSnapshot) before = entry->snapshot;

    entry->snapshot = changed;
    agent->owner->job_changed(entry, before, agent->owner_data);
}

static void end_job(Agent *agent, JobEntry *entry, const GError *error)
{
    JobSnapshot *changed = job_snapshot_copy(entry->snapshot);

    clear_source(&entry->deadline);
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
    change_job(agent, entry, changed);
    agent->owner->job_ended(entry, agent->owner_data);
}

static gboolean on_job_deadline(gpointer data)
{
    JobEntry *entry = data;

    g_atomic_int_set(&entry->job->timed_out, TRUE);
    g_cancellable_cancel(entry->job->cancellable);
    return G_SOURCE_REMOVE;
}

JobEntry *agent_queue(Agent *agent, JobKind kind, const char *const *eim_ids, GBytes *data,
                      const char *cause)
{
    JobEntry *entry;

    if (agent->queue.length >= QUEUE_LIMIT)
        return NULL;
    entry = g_new0(JobEntry, 1);
    entry->agent = agent;
    entry->job = job_new(agent->owner->next_job_number(agent->owner_data), kind);
    entry->job->eim_ids = g_strdupv((char **)eim_ids);
    entry->job->data = data ? g_bytes_ref(data) : NULL;
    entry->snapshot = job_snapshot_new();
    entry->snapshot->number = entry->job->number;
    replace_string(&entry->snapshot->kind, job_kind_to_string(kind));
    replace_string(&entry->snapshot->cause, cause);
    replace_string(&entry->snapshot->eid, agent->snapshot ? agent->snapshot->eid : "");
    entry->snapshot->state = JOB_QUEUED;
    g_queue_push_tail(&agent->queue, entry);
    agent->owner->job_changed(entry, NULL, agent->owner_data);
    agent_advance(agent);
    return entry;
}

void agent_cancel(Agent *agent, JobEntry *entry)
{
    if (entry == agent->running) {
        g_cancellable_cancel(entry->job->cancellable);
        return;
    }
    if (g_queue_remove(&agent->queue, entry)) {
        g_autoptr(GError) error =
            g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled while it waited");

        reschedule(agent, (const char *const *)entry->job->eim_ids);
        arm_poll_timer(agent);
        end_job(agent, entry, error);
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
    if (agent->state != EUICC_LEFT_ALONE)
        set_state(agent, entry->job->kind == JOB_KIND_START ? EUICC_STARTING : EUICC_BUSY, "");
    changed = job_snapshot_copy(entry->snapshot);
    changed->state = JOB_RUNNING;
    change_job(agent, entry, changed);
    publish(agent);
    entry->deadline = clock_timer_new(clock_deadline(JOB_TIMEOUT), NULL, on_job_deadline, entry);
    worker_run(agent->worker, entry->job);
}

/* ---- the worker's news ---- */

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
    change_job(agent, agent->running, changed);
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

/* The same card that comes back keeps its eIMs' numbers and counters. */
static void note_card(Agent *agent, const char *eid)
{
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
    while (g_hash_table_iter_next(&iter, NULL, &eim))
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
        set_state(agent, EUICC_UNAVAILABLE, "served through another port");
        return;
    }
    if (is_new) {
        note_card(agent, facts->eid);
        announce_card(agent, facts);
    }
    g_clear_pointer(&agent->facts, euicc_snapshot_unref);
    agent->facts = euicc_snapshot_ref(facts);
    if (facts->state == EUICC_LEFT_ALONE) {
        set_state(agent, EUICC_LEFT_ALONE, facts->state_reason);
        g_hash_table_remove_all(agent->eims);
        arm_poll_timer(agent);
    } else {
        update_eims(agent);
    }
    publish(agent);
    publish_modem(agent, NULL); /* it names the object of the eUICC */
}

static void on_modem(const ModemSnapshot *modem, gpointer data)
{
    publish_modem(data, modem);
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
    arm_poll_timer(agent);
    publish(agent);
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
        clear_source(&agent->retry_timer);
        agent->retry_timer =
            clock_timer_new(clock_deadline((guint)MIN(wait, agent->config->poll_retry_limit)), NULL,
                            on_retry_due, agent);
    } else {
        agent->orphan_attempts = 0;
    }
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
    reschedule(agent, (const char *const *)entry->job->eim_ids);
    if (!usable) {
        g_autoptr(GError) lost = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE,
                                                     "the modem or its proxy vanished");
        const GError *cause = error ? error : lost;

        log_full(&context, LOG_LEVEL_WARNING, agent->facts ? LOG_EVENT_EUICC_LOST : LOG_EVENT_NONE,
                 "%s", cause->message);
        card_is_unusable(agent, cause);
    } else {
        if (error && !is_told(agent, error))
            log_full(&context, LOG_LEVEL_WARNING, LOG_EVENT_NONE, "job '%s' failed: %s",
                     job_kind_to_string(entry->job->kind), error->message);
        if (agent->state != EUICC_LEFT_ALONE)
            set_state(agent, EUICC_IDLE, "");
        clear_source(&agent->retry_timer);
        agent->start_failures = 0;
        schedule_owed(agent, entry->job->kind);
        arm_poll_timer(agent);
    }
    end_job(agent, entry, error);
    publish(agent);
    agent_advance(agent);
    agent->owner->advance_others(agent, agent->owner_data);
}

static void on_worker_event(WorkerEvent event, gpointer data)
{
    Agent *agent = data;

    switch (event) {
    case WORKER_CARD_GONE:
        log_full(&agent->log, LOG_LEVEL_NOTICE, LOG_EVENT_EUICC_LOST, "the card went away");
        clear_source(&agent->poll_timer);
        clear_source(&agent->retry_timer);
        g_clear_pointer(&agent->facts, euicc_snapshot_unref);
        set_state(agent, EUICC_UNAVAILABLE, "the card went away");
        publish(agent);
        return;
    case WORKER_CARD_READY:
        log_info(&agent->log, "a card is ready");
        if (!has_waiting_start(agent))
            agent_queue(agent, JOB_KIND_START, NULL, NULL, "card ready");
        return;
    case WORKER_MODEM_LOST:
        log_full(&agent->log, LOG_LEVEL_WARNING, LOG_EVENT_EUICC_LOST,
                 "the modem or its proxy vanished");
        set_state(agent, EUICC_UNAVAILABLE, "the modem or its proxy vanished");
        clear_source(&agent->poll_timer);
        schedule_retry(agent);
        publish(agent);
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

static void on_ended(gpointer data)
{
    Agent *agent = data;

    agent->owner->left(agent, agent->owner_data);
}

static const WorkerListener worker_listener = {
    .stage = on_stage,
    .facts = on_facts,
    .modem = on_modem,
    .polled = on_polled,
    .owed = on_owed,
    .finished = on_finished,
    .event = on_worker_event,
    .switch_begin = on_switch_begin,
    .switch_end = on_switch_end,
    .ended = on_ended,
};

/* What is known before a worker has opened it. */
static ModemSnapshot *make_first_snapshot(const Modem *modem, guint number)
{
    ModemSnapshot *snapshot = modem_snapshot_new();

    snapshot->number = number;
    snapshot->slot = modem->slot;
    replace_string(&snapshot->device, modem->device);
    replace_string(&snapshot->name, modem->name);
    replace_string(&snapshot->usb_id, modem->usb_id);
    replace_string(&snapshot->imei, modem->imei);
    return snapshot;
}

Agent *agent_new(const Config *config, const Modem *modem, guint number, ChannelTrace *trace,
                 const AgentOwner *owner, gpointer data)
{
    Agent *agent = g_new0(Agent, 1);

    agent->config = config;
    agent->modem = modem_copy(modem);
    agent->owner = owner;
    agent->owner_data = data;
    agent->log_object = modem_make_log_name(modem);
    agent->log = (LogContext){ .object = agent->log_object, .modem = agent->modem->device };
    agent->state = EUICC_STARTING;
    agent->state_reason = g_strdup("");
    agent->modem_manager_path = g_strdup("");
    agent->eims = new_eims();
    g_queue_init(&agent->queue);
    agent->modem_snapshot = make_first_snapshot(modem, number);
    owner->modem_changed(NULL, agent->modem_snapshot, data);
    agent->worker = worker_new(config, modem, trace, &worker_listener, agent);
    return agent;
}

void agent_set_modem(Agent *agent, const Modem *modem)
{
    g_autoptr(Modem) before = agent->modem;
    g_autofree char *ports_before = modem_describe_ports(before);
    g_autofree char *ports = modem_describe_ports(modem);

    agent->modem = modem_copy(modem);
    if (modem_equals(before, modem))
        return;
    if (!g_str_equal(ports_before, ports))
        log_info(&agent->log, "ports of the modem: %s", ports);
    worker_set_modem(agent->worker, modem);
}

void agent_set_modem_manager(Agent *agent, const MmModem *modem)
{
    const char *path = modem ? modem->path : "";

    worker_set_network(agent->worker, modem);
    if (g_str_equal(agent->modem_manager_path, path))
        return;
    replace_string(&agent->modem_manager_path, path);
    publish_modem(agent, NULL);
    publish(agent);
}

void agent_stop(Agent *agent)
{
    if (agent->stopped)
        return;
    agent->stopped = TRUE;
    worker_stop(agent->worker, agent->running ? agent->running->job : NULL);
}

/* All that the world sees of it goes. */
static void withdraw(Agent *agent, const GError *error)
{
    JobEntry *entry;

    clear_source(&agent->poll_timer);
    clear_source(&agent->retry_timer);
    if (agent->running)
        end_job(agent, g_steal_pointer(&agent->running), error);
    while ((entry = g_queue_pop_head(&agent->queue)))
        end_job(agent, entry, error);
    g_clear_pointer(&agent->facts, euicc_snapshot_unref);
    publish(agent);
    if (agent->modem_snapshot) {
        g_autoptr(ModemSnapshot) before = g_steal_pointer(&agent->modem_snapshot);

        agent->owner->modem_changed(before, NULL, agent->owner_data);
    }
}

void agent_leave(Agent *agent)
{
    g_autoptr(GError) error = g_error_new_literal(
        EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE,
        "the modem went away; what its card did meanwhile is looked for when it is back");
    GHashTableIter iter;
    gpointer value;

    agent_stop(agent);
    g_hash_table_iter_init(&iter, agent->eims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        eim_state_rest(value);
    }
    withdraw(agent, error);
    agent->owner->advance_others(agent, agent->owner_data);
    if (!agent->last_eid)
        return;
    agent->owner->keep_eims(agent->last_eid, agent->eims, agent->next_eim_number,
                            agent->owner_data);
    agent->eims = new_eims();
}

void agent_free(Agent *agent)
{
    g_autoptr(GError) error =
        g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "the daemon ends");

    agent_stop(agent);
    worker_free(agent->worker);
    withdraw(agent, error);
    g_hash_table_unref(agent->eims);
    modem_free(agent->modem);
    g_strfreev(agent->owed);
    g_free(agent->last_eid);
    g_free(agent->state_reason);
    g_free(agent->modem_manager_path);
    g_free(agent->log_object);
    g_free(agent);
}

const Modem *agent_get_modem(Agent *agent)
{
    return agent->modem;
}

const ModemSnapshot *agent_get_modem_snapshot(Agent *agent)
{
    return agent->modem_snapshot;
}

gboolean agent_is_running(Agent *agent)
{
    return agent->running != NULL;
}

const EuiccSnapshot *agent_get_snapshot(Agent *agent)
{
    return agent->snapshot;
}
