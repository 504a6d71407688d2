/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/agent.h"

#include "agent/agent_private.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

#define RETRY_FIRST 5 /* seconds until a modem that failed is tried again, doubled each time … */
#define RETRY_LIMIT 300 /* … up to this */

static GHashTable *new_eims(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, eim_state_free);
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

void agent_publish(Agent *agent)
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

void agent_publish_modem(Agent *agent, const ModemSnapshot *facts)
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

void agent_set_state(Agent *agent, EuiccState state, const char *reason)
{
    agent->state = state;
    replace_string(&agent->state_reason, reason);
    if (get_modem_state(agent) != agent->modem_snapshot->state ||
        !g_str_equal(agent->modem_snapshot->state_reason, reason))
        agent_publish_modem(agent, NULL);
}

/* ---- schedule ---- */

static gboolean on_poll_due(gpointer data);

void agent_arm_poll_timer(Agent *agent)
{
    GHashTableIter iter;
    gpointer value;
    gint64 first = 0;

    clock_timer_clear(&agent->poll_timer);
    g_hash_table_iter_init(&iter, agent->eims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const EimState *eim = value;

        if (eim->due && (!first || eim->due < first))
            first = eim->due;
    }
    if (first)
        agent->poll_timer = clock_timer_new(first, NULL, on_poll_due, agent);
}

void agent_reschedule(Agent *agent, const char *const *eim_ids)
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
            agent_reschedule(agent, (const char *const *)due->pdata);
    }
    agent_arm_poll_timer(agent);
    return G_SOURCE_REMOVE;
}

void agent_update_eims(Agent *agent)
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
    agent_arm_poll_timer(agent);
}

/* ---- notifications ---- */

static gboolean has_waiting(const Agent *agent, JobKind kind)
{
    for (GList *item = agent->queue.head; item; item = item->next)
        if (((const JobEntry *)item->data)->job->kind == kind)
            return TRUE;
    return FALSE;
}

static gboolean on_notifications_due(gpointer data)
{
    Agent *agent = data;

    clock_timer_clear(&agent->notification_timer);
    /* A job that runs or waits takes those that are due along, or says when to look again. */
    if (!agent->running && !has_waiting(agent, JOB_KIND_NOTIFICATIONS))
        agent_queue(agent, JOB_KIND_NOTIFICATIONS, NULL, NULL, "schedule");
    return G_SOURCE_REMOVE;
}

void agent_arm_notification_timer(Agent *agent)
{
    clock_timer_clear(&agent->notification_timer);
    if (agent->notifications_due)
        agent->notification_timer =
            clock_timer_new(agent->notifications_due, NULL, on_notifications_due, agent);
}

void agent_forget_schedule(Agent *agent)
{
    clock_timer_clear(&agent->poll_timer);
    agent->notifications_due = 0;
    clock_timer_clear(&agent->notification_timer);
}

/* ---- a modem or card that does not answer ---- */

gboolean agent_on_retry_due(gpointer data)
{
    Agent *agent = data;

    clock_timer_clear(&agent->retry_timer);
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
 * again under the modem: that would cut its connection. What a modem refuses it refuses until something
 * about it changes: its ports, its firmware, what ModemManager says of it. */
static gboolean is_worth_retrying(const Agent *agent, const GError *error)
{
    /* A node that is not there comes back with an event: of udev, or of the watch on its folder. */
    if (euiccd_error_is(error, EUICCD_ERROR_MODEM_GONE) && !has_any_node(agent->modem))
        return FALSE;
    return !euiccd_error_is(error, EUICCD_ERROR_CARD_ABSENT) &&
           !euiccd_error_is(error, EUICCD_ERROR_NOT_EUICC) &&
           !euiccd_error_is(error, EUICCD_ERROR_NOT_SUPPORTED) &&
           !euiccd_error_is(error, EUICCD_ERROR_CARD_RESET);
}

void agent_schedule_retry(Agent *agent)
{
    guint wait = MIN(RETRY_FIRST << MIN(agent->start_failures, 10), RETRY_LIMIT);

    agent->start_failures++;
    clock_timer_clear(&agent->retry_timer);
    agent->retry_timer = clock_timer_new(clock_deadline(wait), NULL, agent_on_retry_due, agent);
}

void agent_note_unusable(Agent *agent, const GError *error)
{
    if (error->domain == EUICCD_ERROR)
        agent->trouble = error->code;
    agent_set_state(agent, EUICC_UNAVAILABLE, error->message);
    agent_forget_schedule(agent);
    if (is_worth_retrying(agent, error))
        agent_schedule_retry(agent);
}

gboolean agent_has_waiting_start(Agent *agent)
{
    return (agent->running && agent->running->job->kind == JOB_KIND_START) ||
           has_waiting(agent, JOB_KIND_START);
}

void agent_retry(Agent *agent, const char *cause)
{
    if (agent->facts && agent->state != EUICC_UNAVAILABLE)
        return;
    clock_timer_clear(&agent->retry_timer);
    agent->start_failures = 0;
    if (!agent_has_waiting_start(agent))
        agent_queue(agent, JOB_KIND_START, NULL, NULL, cause);
}

gboolean agent_can_miss_object(Agent *agent)
{
    /* Its pauses grow: it may be what we do to the modem that fails. */
    if (agent->retry_timer)
        return TRUE;
    if (agent->trouble == EUICCD_ERROR_MODEM_GONE)
        return FALSE;
    /* Whoever was refused in a slot that must be switched would be refused, and switch it, for ever. */
    return agent->trouble == EUICCD_ERROR_CARD_ABSENT || agent->had_object;
}

/* ---- its life ---- */

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
    agent->worker = worker_new(config, modem, trace, &agent_worker_listener, agent);
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
    if (agent->running && modem)
        agent->had_object = TRUE;
    if (g_str_equal(agent->modem_manager_path, path))
        return;
    replace_string(&agent->modem_manager_path, path);
    agent_publish_modem(agent, NULL);
    agent_publish(agent);
}

static void stop(Agent *agent)
{
    if (agent->stopped)
        return;
    agent->stopped = TRUE;
    if (agent->running)
        g_atomic_int_set(&agent->running->job->stopping, TRUE);
    worker_stop(agent->worker, agent->running ? agent->running->job : NULL);
}

void agent_stop(Agent *agent)
{
    if (agent->running)
        job_stop(agent->running->job);
    if (agent->last)
        job_stop(agent->last);
    stop(agent);
}

/* All that the world sees of it goes. */
static void withdraw(Agent *agent, const GError *error)
{
    JobEntry *entry;

    agent_forget_schedule(agent);
    clock_timer_clear(&agent->retry_timer);
    if (agent->running)
        agent_end_job(agent, g_steal_pointer(&agent->running), error);
    while ((entry = g_queue_pop_head(&agent->queue)))
        agent_end_job(agent, entry, error);
    g_clear_pointer(&agent->facts, euicc_snapshot_unref);
    agent_publish(agent);
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

    /* A result that is on its way to an eIM needs no modem: it would arrive twice if it were called back. */
    if (agent->running && !agent->last)
        agent->last = job_ref(agent->running->job);
    stop(agent);
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
    g_clear_pointer(&agent->last, job_unref);
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
