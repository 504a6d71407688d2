/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/agents.h"

#include "agent/agents_private.h"
#include "util/error.h"

#define FINISHED_LIMIT                                                                             \
    16 /* ended jobs that stay visible; the oldest gives way, no timer is needed */

/* What is kept of a card whose modem went. */
typedef struct {
    GHashTable *eims;
    guint last_number;
} CardMemory;

#define MEMORY_LIMIT 16 /* cards */

static void card_memory_free(gpointer data)
{
    CardMemory *memory = data;

    g_hash_table_unref(memory->eims);
    g_free(memory);
}

static void inhibition_free(gpointer data)
{
    Inhibition *inhibition = data;

    g_free(inhibition->text);
    g_free(inhibition);
}

static void entry_free(JobEntry *entry)
{
    job_unref(entry->job);
    job_snapshot_unref(entry->snapshot);
    g_free(entry);
}

/* ---- what agents ask for ---- */

static guint32 owner_next_job_number(gpointer data)
{
    Agents *agents = data;

    do
        agents->last_job++;
    while (agents->last_job == 0 ||
           g_hash_table_contains(agents->jobs, GUINT_TO_POINTER(agents->last_job)));
    return agents->last_job;
}

static gboolean is_same_device(Agent *agent, const Modem *modem)
{
    return g_str_equal(agent_get_modem(agent)->device, modem->device);
}

/* Two names for it: the administrator has a group for each slot. */
static gboolean is_same_modem(Agent *agent, const Modem *modem)
{
    return is_same_device(agent, modem) || modem_share_port(agent_get_modem(agent), modem);
}

static gboolean owner_is_held_back(Agent *agent, gpointer data)
{
    Agents *agents = data;
    const Modem *modem = agent_get_modem(agent);

    if (agents->stopping || agents->inhibitions->len > 0)
        return TRUE;
    /* A worker that is not done yet may still have the port, the slot, or the very card under another name. */
    for (guint i = 0; i < agents->leaving->len; i++)
        if (is_same_modem(agents->leaving->pdata[i], modem))
            return TRUE;
    for (guint i = 0; i < agents->agents->len; i++) {
        Agent *other = agents->agents->pdata[i];

        if (other != agent && agent_is_running(other) && is_same_modem(other, modem) &&
            (modem->switch_slot || agent_get_modem(other)->switch_slot))
            return TRUE;
    }
    return FALSE;
}

static gboolean owner_is_taken(Agent *agent, const char *eid, gpointer data)
{
    Agents *agents = data;

    for (guint i = 0; i < agents->agents->len; i++) {
        const EuiccSnapshot *other = agent_get_snapshot(agents->agents->pdata[i]);

        if (agents->agents->pdata[i] != agent && other && g_str_equal(other->eid, eid))
            return TRUE;
    }
    return FALSE;
}

static void owner_publish(Agent *agent, const EuiccSnapshot *before, const EuiccSnapshot *after,
                          gpointer data)
{
    Agents *agents = data;

    (void)agent;
    if (agents->listener)
        agents->listener->euicc_changed(before, after, agents->listener_data);
}

static void owner_job_changed(JobEntry *entry, const JobSnapshot *before, gpointer data)
{
    Agents *agents = data;

    if (!before)
        g_hash_table_insert(agents->jobs, GUINT_TO_POINTER(entry->job->number), entry);
    if (agents->listener)
        agents->listener->job_changed(before, entry->snapshot, agents->listener_data);
}

/* The agent that told it may be another's, or nobody's, when the configuration is looked at again: not now. */
static gboolean on_imeis(gpointer data)
{
    Agents *agents = data;
    g_autoptr(GHashTable) imeis = g_steal_pointer(&agents->imeis);
    GHashTableIter iter;
    gpointer device, imei;

    agents->imei_source = 0;
    g_hash_table_iter_init(&iter, imeis);
    while (g_hash_table_iter_next(&iter, &device, &imei))
        selection_take_imei(agents->selection, device, imei);
    return G_SOURCE_REMOVE;
}

static void take_imei(Agents *agents, const ModemSnapshot *modem)
{
    if (!agents->imeis)
        agents->imeis = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_replace(agents->imeis, g_strdup(modem->device), g_strdup(modem->imei));
    if (!agents->imei_source)
        agents->imei_source = g_idle_add(on_imeis, agents);
}

static void owner_modem_changed(const ModemSnapshot *before, const ModemSnapshot *after,
                                gpointer data)
{
    Agents *agents = data;

    if (after && after->imei[0] && (!before || !g_str_equal(before->imei, after->imei)))
        take_imei(agents, after);
    if (agents->listener && agents->listener->modem_changed)
        agents->listener->modem_changed(before, after, agents->listener_data);
}

static void owner_keep_eims(const char *eid, GHashTable *eims, guint last_number, gpointer data)
{
    Agents *agents = data;
    CardMemory *memory = g_new0(CardMemory, 1);

    /* Cards that are changed all the time: what is lost is what the bus shows of their past. */
    if (g_hash_table_size(agents->cards) >= MEMORY_LIMIT)
        g_hash_table_remove_all(agents->cards);
    *memory = (CardMemory){ eims, last_number };
    g_hash_table_replace(agents->cards, g_strdup(eid), memory);
}

static GHashTable *owner_restore_eims(const char *eid, guint *ret_last_number, gpointer data)
{
    Agents *agents = data;
    CardMemory *memory = g_hash_table_lookup(agents->cards, eid);
    GHashTable *eims;

    if (!memory)
        return NULL;
    eims = g_hash_table_ref(memory->eims);
    *ret_last_number = memory->last_number;
    g_hash_table_remove(agents->cards, eid);
    return eims;
}

static void on_modem(const Modem *modem, gboolean present, gpointer data);

static void owner_left(Agent *agent, gpointer data)
{
    Agents *agents = data;
    g_autoptr(GPtrArray) waiting = g_steal_pointer(&agents->waiting);

    g_ptr_array_remove(agents->leaving, agent);
    agents->waiting = g_ptr_array_new_with_free_func((GDestroyNotify)modem_free);
    for (guint i = 0; i < waiting->len; i++)
        on_modem(waiting->pdata[i], TRUE, agents);
    /* Its card may be what another one waits for, or its port. */
    for (guint i = 0; i < agents->agents->len; i++) {
        agent_retry(agents->agents->pdata[i], "another modem went");
        agent_advance(agents->agents->pdata[i]);
    }
}

/* NULL: it is not watched. */
static ModemManager *get_manager(Agents *agents)
{
    return agents->switching ? modems_get_modemmanager(agents->modems) : NULL;
}

static void expect_comeback(Agents *agents, Agent *agent)
{
    comebacks_expect(agents->comebacks, get_manager(agents), agent_get_modem(agent));
}

static gboolean owner_expects_comeback(Agent *agent, gpointer data)
{
    Agents *agents = data;

    return comebacks_are_expected(agents->comebacks, get_manager(agents), agent_get_modem(agent));
}

static void owner_switch_begin(Agent *agent, Rendezvous *rendezvous, gboolean inhibit,
                               gpointer data)
{
    Agents *agents = data;

    expect_comeback(agents, agent);
    if (agents->switching)
        switching_begin(agents->switching, agent, agent_get_modem(agent), inhibit, rendezvous);
    else
        rendezvous_answer(rendezvous);
}

static void end_switch(Agents *agents, Agent *agent)
{
    if (agents->switching)
        switching_end(agents->switching, agent);
}

static void owner_switch_end(Agent *agent, gpointer data)
{
    expect_comeback(data, agent);
    end_switch(data, agent);
}

static void owner_order(Agent *agent, const Order *order, Rendezvous *rendezvous, gpointer data)
{
    Agents *agents = data;

    if (order->kind == ORDER_SWITCH_SLOT)
        expect_comeback(agents, agent);
    if (agents->orders)
        orders_give(agents->orders, agent_get_modem(agent), order, rendezvous);
    else
        rendezvous_answer(rendezvous);
}

static void drop_oldest_job(Agents *agents)
{
    JobEntry *oldest = g_queue_pop_head(&agents->ended);

    g_hash_table_remove(agents->jobs, GUINT_TO_POINTER(oldest->job->number));
    if (agents->listener)
        agents->listener->job_changed(oldest->snapshot, NULL, agents->listener_data);
    entry_free(oldest);
}

static void owner_job_ended(JobEntry *entry, gpointer data)
{
    Agents *agents = data;

    g_queue_push_tail(&agents->ended, entry);
    if (agents->ended.length > FINISHED_LIMIT)
        drop_oldest_job(agents);
}

static void owner_advance_others(Agent *agent, gpointer data)
{
    Agents *agents = data;

    for (guint i = 0; i < agents->agents->len && !agents->stopping; i++)
        if (agents->agents->pdata[i] != agent)
            agent_advance(agents->agents->pdata[i]);
}

static const AgentOwner agent_owner = {
    .next_job_number = owner_next_job_number,
    .is_held_back = owner_is_held_back,
    .is_taken = owner_is_taken,
    .publish = owner_publish,
    .modem_changed = owner_modem_changed,
    .keep_eims = owner_keep_eims,
    .restore_eims = owner_restore_eims,
    .advance_others = owner_advance_others,
    .expects_comeback = owner_expects_comeback,
    .switch_begin = owner_switch_begin,
    .switch_end = owner_switch_end,
    .order = owner_order,
    .left = owner_left,
    .job_changed = owner_job_changed,
    .job_ended = owner_job_ended,
};

/* ---- ModemManager ---- */

static void tell_modem_manager(Agents *agents, Agent *agent)
{
    ModemManager *mm = get_manager(agents);

    if (mm)
        agent_set_modem_manager(agent, tie_find_object(mm, agent_get_modem(agent)));
}

/* What the modem refused until now it may grant when ModemManager has it. Slots that we switch, and profiles that we
 * change, make ModemManager's object go and come back: no reason to look again. */
static void retry_with_object(Agents *agents, Agent *agent)
{
    g_autofree char *before = g_strdup(agent_get_modem_snapshot(agent)->modem_manager_path);
    const char *path;

    tell_modem_manager(agents, agent);
    path = agent_get_modem_snapshot(agent)->modem_manager_path;
    if (!path[0] || g_str_equal(path, before))
        return;
    if (!owner_expects_comeback(agent, agents) || !agent_can_miss_object(agent))
        agent_retry(agent, "ModemManager object");
}

static void on_modem_manager(const MmModem *modem, MmChange change, gpointer data)
{
    Agents *agents = data;

    switching_note_manager(agents->switching, modem, change);
    orders_note_manager(agents->orders, change);
    if (change & MM_CHANGE_MANAGER_WENT)
        comebacks_forget(agents->comebacks);
    for (guint i = 0; i < agents->agents->len && !agents->stopping; i++)
        retry_with_object(agents, agents->agents->pdata[i]);
}

gboolean agents_watch_modem_manager(Agents *agents, sd_bus *connection, GError **error)
{
    if (!agents->config->modem_manager)
        return TRUE;
    if (!modems_use_bus(agents->modems, connection, on_modem_manager, agents, error))
        return FALSE;
    agents->switching = switching_new(modems_get_modemmanager(agents->modems), NULL);
    agents->orders = orders_new(modems_get_modemmanager(agents->modems));
    return TRUE;
}

/* ---- modems ---- */

static Agent *find_agent(GPtrArray *list, const Modem *modem)
{
    for (guint i = 0; i < list->len; i++)
        if (is_same_device(list->pdata[i], modem) &&
            agent_get_modem(list->pdata[i])->slot == modem->slot)
            return list->pdata[i];
    return NULL;
}

static void forget_waiting(Agents *agents, const Modem *modem)
{
    for (guint i = agents->waiting->len; i > 0; i--) {
        const Modem *other = agents->waiting->pdata[i - 1];

        if (g_str_equal(other->device, modem->device) && other->slot == modem->slot)
            g_ptr_array_remove_index(agents->waiting, i - 1);
    }
}

static void modem_came(Agents *agents, const Modem *modem)
{
    g_autofree char *ports = modem_describe_ports(modem);
    Agent *agent = find_agent(agents->agents, modem);

    if (agent) {
        gboolean ours = comebacks_are_all(agent_get_modem(agent), modem) &&
                        owner_expects_comeback(agent, agents) &&
                        (modem->mm_path[0] == '\0' || agent_can_miss_object(agent));

        agent_set_modem(agent, modem);
        tell_modem_manager(agents, agent);
        if (!ours)
            agent_retry(agent, "device seen");
        return;
    }
    forget_waiting(agents, modem);
    if (find_agent(agents->leaving, modem)) {
        g_ptr_array_add(agents->waiting, modem_copy(modem));
        return;
    }
    log_info(NULL, "modem %s at %s", modem->device, ports);
    agent =
        agent_new(agents->config, modem, ++agents->last_modem, agents->trace, &agent_owner, agents);
    g_ptr_array_add(agents->agents, agent);
    tell_modem_manager(agents, agent);
    agent_queue(agent, JOB_KIND_START, NULL, NULL, "device seen");
}

static void modem_went(Agents *agents, const Modem *modem)
{
    Agent *agent = find_agent(agents->agents, modem);
    guint index;

    forget_waiting(agents, modem);
    if (!agent)
        return;
    log_notice(NULL, "modem %s went away", modem->device);
    /* The worker may still wait for an answer: nobody here waits for it. */
    if (g_ptr_array_find(agents->agents, agent, &index))
        g_ptr_array_steal_index(agents->agents, index);
    g_ptr_array_add(agents->leaving, agent);
    /* A modem that restarts because of a change must be ModemManager's to find. */
    end_switch(agents, agent);
    agent_leave(agent);
}

static void on_modem(const Modem *modem, gboolean present, gpointer data)
{
    Agents *agents = data;

    if (agents->stopping)
        return;
    if (present)
        modem_came(agents, modem);
    else
        modem_went(agents, modem);
}

static void on_found(const Modem *modem, gboolean present, gpointer data)
{
    selection_take(((Agents *)data)->selection, modem, present);
}

static gboolean is_wanted(const Modem *modem, gpointer data)
{
    return selection_wants_at(((Agents *)data)->selection, modem);
}

/* ---- for main and the bus ---- */

Agents *agents_new(const Config *config)
{
    Agents *agents = g_new0(Agents, 1);

    agents->config = config;
    agents->agents = g_ptr_array_new_with_free_func((GDestroyNotify)agent_free);
    agents->leaving = g_ptr_array_new_with_free_func((GDestroyNotify)agent_free);
    agents->waiting = g_ptr_array_new_with_free_func((GDestroyNotify)modem_free);
    agents->cards = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, card_memory_free);
    agents->jobs = g_hash_table_new(NULL, NULL);
    agents->inhibitions = g_ptr_array_new_with_free_func(inhibition_free);
    agents->comebacks = comebacks_new();
    agents->modems = modems_new(on_found, agents);
    agents->selection = selection_new(config, on_modem, agents);
    g_queue_init(&agents->ended);
    return agents;
}

gboolean agents_start(Agents *agents, GError **error)
{
    const Config *config = agents->config;

    if (config->trace) {
        agents->trace = channel_trace_new(config->trace, error);
        if (!agents->trace)
            return FALSE;
    }
    modems_set_grace(agents->modems, config->probe_grace);
    modems_set_wanted(agents->modems, is_wanted);
    selection_add_fixed(agents->selection, agents->modems);
    modems_start(agents->modems, selection_needs_discovery(agents->selection));
    return TRUE;
}

void agents_stop(Agents *agents)
{
    agents->stopping = TRUE;
    for (guint i = 0; i < agents->agents->len; i++)
        agent_stop(agents->agents->pdata[i]);
}

void agents_free(Agents *agents)
{
    agents_stop(agents);
    /* Its requests go before what they were asked of. */
    g_clear_pointer(&agents->orders, orders_free);
    g_clear_pointer(&agents->switching, switching_free);
    modems_free(agents->modems);
    comebacks_free(agents->comebacks);
    selection_free(agents->selection);
    if (agents->imei_source)
        g_source_remove(agents->imei_source);
    g_clear_pointer(&agents->imeis, g_hash_table_unref);
    g_ptr_array_unref(agents->agents);
    g_ptr_array_unref(agents->leaving);
    g_ptr_array_unref(agents->waiting);
    g_hash_table_unref(agents->cards);
    while (agents->ended.length > 0)
        drop_oldest_job(agents);
    g_hash_table_unref(agents->jobs);
    g_ptr_array_unref(agents->inhibitions);
    g_clear_pointer(&agents->trace, channel_trace_free);
    g_free(agents);
}

void agents_set_listener(Agents *agents, const AgentsListener *listener, gpointer data)
{
    agents->listener = listener;
    agents->listener_data = data;
}

Agent *agents_find(Agents *agents, const char *eid)
{
    for (guint i = 0; i < agents->agents->len; i++) {
        const EuiccSnapshot *snapshot = agent_get_snapshot(agents->agents->pdata[i]);

        if (snapshot && g_str_equal(snapshot->eid, eid))
            return agents->agents->pdata[i];
    }
    return NULL;
}

const EuiccSnapshot *agents_get_euicc(Agents *agents, const char *eid)
{
    Agent *agent = agents_find(agents, eid);

    return agent ? agent_get_snapshot(agent) : NULL;
}

const JobSnapshot *agents_get_job(Agents *agents, guint32 number)
{
    const JobEntry *entry = g_hash_table_lookup(agents->jobs, GUINT_TO_POINTER(number));

    return entry ? entry->snapshot : NULL;
}

GPtrArray *agents_list_euiccs(Agents *agents)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < agents->agents->len; i++) {
        const EuiccSnapshot *snapshot = agent_get_snapshot(agents->agents->pdata[i]);

        if (snapshot)
            g_ptr_array_add(list, (gpointer)snapshot);
    }
    return list;
}

GPtrArray *agents_list_modems(Agents *agents)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < agents->agents->len; i++)
        g_ptr_array_add(list, (gpointer)agent_get_modem_snapshot(agents->agents->pdata[i]));
    return list;
}

GPtrArray *agents_list_excluded(Agents *agents)
{
    return selection_list_excluded(agents->selection);
}

static void add_setting(GStrvBuilder *settings, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_setting(GStrvBuilder *settings, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_strv_builder_add(settings, text);
}

char **agents_list_settings(Agents *agents)
{
    const Config *config = agents->config;
    GStrvBuilder *settings = g_strv_builder_new();
    char **list;

    add_setting(settings, "discover=%s", config->discover ? "yes" : "no");
    add_setting(settings, "modem-manager=%s", config->modem_manager ? "yes" : "no");
    add_setting(settings, "probe-grace=%u s", config->probe_grace);
    for (guint i = 0; config->allow && config->allow[i]; i++)
        add_setting(settings, "allow=%s", config->allow[i]);
    for (guint i = 0; config->ignore && config->ignore[i]; i++)
        add_setting(settings, "ignore=%s", config->ignore[i]);
    for (guint i = 0; i < config->modems->len; i++) {
        const ConfigModem *modem = config->modems->pdata[i];

        add_setting(settings, "modem %s: port=%s transport=%s slot=%u switch-slot=%s", modem->name,
                    modem->path ? modem->path : "-", modem->transport ? modem->transport : "-",
                    modem->slot, modem->switch_slot ? "yes" : "no");
    }
    add_setting(settings, "poll interval=%u s", config->poll_interval);
    add_setting(settings, "refresh-grace=%u s", config->refresh_grace);
    add_setting(settings, "rollback-window=%u s", config->rollback_window);
    add_setting(settings, "trace=%s", config->trace ? "yes" : "no");
    list = g_strv_builder_end(settings);
    g_strv_builder_unref(settings);
    return list;
}

char **agents_list_libraries(void)
{
    return backend_list_libraries();
}

static gint compare_jobs(gconstpointer a, gconstpointer b)
{
    const JobSnapshot *left = *(const JobSnapshot *const *)a;
    const JobSnapshot *right = *(const JobSnapshot *const *)b;

    return left->number < right->number ? -1 : left->number > right->number;
}

GPtrArray *agents_list_jobs(Agents *agents)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, agents->jobs);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        g_ptr_array_add(list, ((JobEntry *)entry)->snapshot);
    g_ptr_array_sort(list, compare_jobs);
    return list;
}

gboolean agents_cancel(Agents *agents, guint32 number, GError **error)
{
    JobEntry *entry = g_hash_table_lookup(agents->jobs, GUINT_TO_POINTER(number));

    if (!entry) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "no job %u", number);
        return FALSE;
    }
    if (!entry->agent) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "job %u has ended already",
                    number);
        return FALSE;
    }
    agent_cancel(entry->agent, entry);
    return TRUE;
}

void agents_rescan(Agents *agents)
{
    modems_rescan(agents->modems);
}

guint32 agents_inhibit(Agents *agents, const char *who, const char *why)
{
    Inhibition *inhibition = g_new0(Inhibition, 1);

    inhibition->cookie = ++agents->last_cookie;
    inhibition->text = g_strdup_printf("%s: %s", who, why);
    g_ptr_array_add(agents->inhibitions, inhibition);
    return inhibition->cookie;
}

void agents_uninhibit(Agents *agents, guint32 cookie)
{
    for (guint i = 0; i < agents->inhibitions->len; i++) {
        if (((const Inhibition *)agents->inhibitions->pdata[i])->cookie != cookie)
            continue;
        g_ptr_array_remove_index(agents->inhibitions, i);
        break;
    }
    for (guint i = 0; i < agents->agents->len; i++)
        agent_advance(agents->agents->pdata[i]);
}

GPtrArray *agents_list_inhibitions(Agents *agents)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < agents->inhibitions->len; i++)
        g_ptr_array_add(list, g_strdup(((const Inhibition *)agents->inhibitions->pdata[i])->text));
    return list;
}
