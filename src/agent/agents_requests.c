/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/agents_private.h"

#include <string.h>

#include "util/error.h"
#include "util/host.h"

/* What callers of the bus ask the agents to do. */

/* Whether a job may be queued for AGENT. */
static gboolean is_usable(Agents *agents, Agent *agent, GError **error)
{
    const EuiccSnapshot *snapshot = agent_get_snapshot(agent);

    if (agents->inhibitions->len > 0) {
        const Inhibition *first = agents->inhibitions->pdata[0];

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INHIBITED, "inhibited by %s", first->text);
        return FALSE;
    }
    if (snapshot && snapshot->state == EUICC_LEFT_ALONE) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s", snapshot->state_reason);
        return FALSE;
    }
    return TRUE;
}

/* The agent of EID if a job may be queued for it. */
static Agent *find_usable(Agents *agents, const char *eid, GError **error)
{
    Agent *agent = agents_find(agents, eid);

    if (!agent) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "no eUICC with EID %s", eid);
        return NULL;
    }
    return is_usable(agents, agent, error) ? agent : NULL;
}

/* Takes JOB. */
static guint32 queue_job(Agent *agent, Job *job, const char *cause, GError **error)
{
    const JobEntry *entry = agent_queue_job(agent, job, cause);

    if (!entry) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY, "too many jobs wait for this eUICC");
        return 0;
    }
    return entry->job->number;
}

guint32 agents_probe(Agents *agents, guint number, const char *cause, GError **error)
{
    for (guint i = 0; i < agents->agents->len; i++) {
        Agent *agent = agents->agents->pdata[i];

        if (agent_get_modem_snapshot(agent)->number != number)
            continue;
        if (!is_usable(agents, agent, error))
            return 0;
        return queue_job(agent, job_new(0, JOB_KIND_START), cause, error);
    }
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "no modem %u", number);
    return 0;
}

guint32 agents_poll(Agents *agents, const char *eid, const char *eim_id, const char *cause,
                    GError **error)
{
    const char *const eim_ids[] = { eim_id, NULL };
    Agent *agent = find_usable(agents, eid, error);
    const EuiccSnapshot *snapshot;
    gboolean known = FALSE;
    Job *job;

    if (!agent)
        return 0;
    snapshot = agent_get_snapshot(agent);
    for (guint i = 0; i < snapshot->eims->len && eim_id; i++)
        known =
            known || g_str_equal(((const EimSnapshot *)snapshot->eims->pdata[i])->eim_id, eim_id);
    if (eim_id && !known) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                    "the card is not associated with an eIM '%s'", eim_id);
        return 0;
    }
    if (snapshot->eims->len == 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the card is not associated with any eIM");
        return 0;
    }
    job = job_new(0, JOB_KIND_POLL);
    job->eim_ids = eim_id ? g_strdupv((char **)eim_ids) : NULL;
    return queue_job(agent, job, cause, error);
}

guint32 agents_add_initial_eim(Agents *agents, const char *eid, GBytes *data, const char *cause,
                               GError **error)
{
    Agent *agent = find_usable(agents, eid, error);
    TlvSlice octets = tlv_slice_from_bytes(data);
    g_autoptr(GError) local = NULL;
    Tlv object;
    Job *job;

    if (!agent)
        return 0;
    if (!tlv_parse(octets, 0, &object, &local) || !tlv_validate(octets, &local)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "the eIM configuration is no DER object%s: %s",
                    octets.size > 0 && g_ascii_isxdigit(octets.data[0]) && octets.data[0] != 0x30
                        ? " (text?)"
                        : "",
                    local->message);
        return 0;
    }
    job = job_new(0, JOB_KIND_ADD_INITIAL_EIM);
    job->data = g_bytes_ref(data);
    return queue_job(agent, job, cause, error);
}

guint32 agents_download(Agents *agents, const char *eid, const char *code,
                        const DownloadOptions *options, const char *cause, GError **error)
{
    Agent *agent = find_usable(agents, eid, error);
    g_autoptr(IpaDownloadOrder) order = NULL;
    Job *job;

    if (!agent)
        return 0;
    if (!agents->config->download_local) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_AUTHORIZED,
                            "the configuration does not let local callers download profiles "
                            "([download] local)");
        return 0;
    }
    order = ipa_download_order_parse(code, error);
    if (!order)
        return 0;
    order->confirmation_code =
        options->confirmation_code ? g_strdup(options->confirmation_code) : NULL;
    order->consent = options->consent;
    if (order->code && order->code->confirmation_code && !order->confirmation_code) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "the activation code wants a confirmation code, and none was given");
        return 0;
    }
    job = job_new(0, JOB_KIND_DOWNLOAD);
    job->order = g_steal_pointer(&order);
    return queue_job(agent, job, cause, error);
}

guint32 agents_deliver_notifications(Agents *agents, const char *eid, const char *cause,
                                     GError **error)
{
    Agent *agent = find_usable(agents, eid, error);
    Job *job;

    if (!agent)
        return 0;
    job = job_new(0, JOB_KIND_NOTIFICATIONS);
    job->all = TRUE;
    return queue_job(agent, job, cause, error);
}

static const struct {
    const char *name;
    guint bit;
} reset_parts[] = {
    { "operational-profiles", RSP_RESET_OPTIONS_DELETE_OPERATIONAL_PROFILES },
    { "test-profiles", RSP_RESET_OPTIONS_DELETE_FIELD_LOADED_TEST_PROFILES },
    { "default-smdp", RSP_RESET_OPTIONS_RESET_DEFAULT_SMDP_ADDRESS },
    { "eims", RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA },
    { "immediate-enable", RSP_RESET_OPTIONS_RESET_IMMEDIATE_ENABLE_CONFIG },
};

static gboolean find_part(const char *name, guint *ret_bit)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reset_parts); i++) {
        if (!g_str_equal(name, reset_parts[i].name))
            continue;
        *ret_bit = 1u << reset_parts[i].bit;
        return TRUE;
    }
    return FALSE;
}

guint32 agents_reset_memory(Agents *agents, const char *eid, const char *const *parts,
                            const char *cause, GError **error)
{
    Agent *agent = find_usable(agents, eid, error);
    guint set = 0, bit = 0;
    Job *job;

    if (!agent)
        return 0;
    for (guint i = 0; parts[i]; i++) {
        if (!find_part(parts[i], &bit)) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                        "'%.40s' is no part of the memory; known are: operational-profiles, "
                        "test-profiles, default-smdp, eims, immediate-enable",
                        parts[i]);
            return 0;
        }
        set |= bit;
    }
    if (!set) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "no part of the memory is named");
        return 0;
    }
    job = job_new(0, JOB_KIND_RESET_MEMORY);
    job->parts = set;
    return queue_job(agent, job, cause, error);
}

/* "" is allowed: none. */
static gboolean check_address(const char *address, GError **error)
{
    g_autofree char *host = NULL;
    guint16 port;

    if (address[0] == '\0' || host_parse(address, &host, &port))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                        "the address of the SM-DP+ is no host name with an optional port");
    return FALSE;
}

static gboolean check_oid(const char *oid, GError **error)
{
    g_auto(GStrv) arcs = g_strsplit(oid, ".", -1);
    gboolean good = oid[0] == '\0' || (g_strv_length(arcs) >= 2 && strlen(oid) <= 255);

    for (guint i = 0; good && arcs[i]; i++)
        good = arcs[i][0] && strspn(arcs[i], "0123456789") == strlen(arcs[i]);
    if (!good)
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "the identifier of the SM-DP+ is no OID such as 2.999.10");
    return good;
}

guint32 agents_control(Agents *agents, const char *eid, const CardControl *control,
                       const char *cause, GError **error)
{
    Agent *agent = find_usable(agents, eid, error);
    const char *address = control->address ? control->address : "";
    const char *oid = control->oid ? control->oid : "";
    Job *job;

    if (!agent || !check_address(address, error) || !check_oid(oid, error))
        return 0;
    job = job_new(0, control->kind);
    job->enable = control->enable;
    /* Of a default SM-DP+ "" is the value that removes it. */
    if (address[0] || control->kind == JOB_KIND_SET_DEFAULT_SMDP)
        job->address = g_strdup(address);
    if (oid[0])
        job->oid = g_strdup(oid);
    return queue_job(agent, job, cause, error);
}
