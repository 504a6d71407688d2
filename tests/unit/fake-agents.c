/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-agents.h"

#include <string.h>

#include "util/error.h"
#include "util/text.h"

struct Agents {
    AgentsListener listener;
    gpointer data;
    GPtrArray *euiccs;
    GPtrArray *jobs;
    GPtrArray *modems;
    GHashTable *inhibitions; /* cookie -> "who: why" */
    guint32 last_job;
    guint32 last_cookie;
    gboolean automatic;
    guint idle;
    FakeRecord record;
};

static void set_string(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static void add_profile(EuiccSnapshot *snapshot, const char *iccid, ProfileState state,
                        const char *name, const char *provider)
{
    ProfileSnapshot *profile = profile_snapshot_new();

    set_string(&profile->iccid, iccid);
    profile->state = state;
    set_string(&profile->class, "operational");
    set_string(&profile->name, name);
    set_string(&profile->provider, provider);
    set_string(&profile->owner, "00101");
    profile->fallback = state == PROFILE_ENABLED;
    g_strfreev(profile->policy_rules);
    profile->policy_rules = g_strsplit("ppr1,ppr2", ",", -1);
    g_ptr_array_add(snapshot->profiles, profile);
}

static void add_eim(EuiccSnapshot *snapshot, guint number, const char *fqdn)
{
    EimSnapshot *eim = eim_snapshot_new();

    eim->number = number;
    set_string(&eim->eim_id, fqdn);
    set_string(&eim->fqdn, fqdn);
    g_strfreev(eim->protocols);
    eim->protocols = g_strsplit("retrieve-https", ",", -1);
    eim->last_poll = G_GINT64_CONSTANT(1790000000000000);
    set_string(&eim->last_result, "none");
    set_string(&eim->trust, "public key of the card");
    set_string(&eim->dialect, "1.2");
    set_string(&eim->dialect_source, "learned");
    set_string(&eim->binding, "json");
    eim->next_poll = G_GINT64_CONSTANT(1790021600000000);
    eim->bytes_sent = 1234;
    eim->bytes_received = 56789;
    g_ptr_array_add(snapshot->eims, eim);
}

EuiccSnapshot *fake_euicc_new(const char *eid)
{
    EuiccSnapshot *snapshot = euicc_snapshot_new();

    set_string(&snapshot->eid, eid);
    set_string(&snapshot->kind, "iot");
    set_string(&snapshot->spec_version, "1.2.0");
    set_string(&snapshot->firmware, "1.2.3");
    snapshot->free_memory = 291666;
    snapshot->state = EUICC_IDLE;
    set_string(&snapshot->device, "/sys/devices/usb1/1-1");
    set_string(&snapshot->transport, "qmi");
    set_string(&snapshot->port, "/dev/cdc-wdm0");
    snapshot->slot = 1;
    snapshot->pending_notifications = 2;
    snapshot->oldest_notification = G_GINT64_CONSTANT(1789990000000000);
    replace_string(&snapshot->notification_error,
                   "smdp.example.com: HandleNotification: the server answered HTTP status 503");
    add_profile(snapshot, "89000000000000000018", PROFILE_ENABLED, "Bootstrap", "Test Operator");
    add_profile(snapshot, "89000000000000000026", PROFILE_DISABLED, "Betrieb Köln", "Zweite AG");
    add_eim(snapshot, 1, "eim.example.com");
    add_eim(snapshot, 2, "eim.broken.example");
    add_eim(snapshot, 3, "eim.slow.example");
    return snapshot;
}

static void add_step(ModemSnapshot *snapshot, gboolean ok, const char *name, const char *answer)
{
    ProbeStep *step = g_new0(ProbeStep, 1);

    step->time = G_GINT64_CONSTANT(1790000000000000);
    step->ok = ok;
    step->port = g_strdup("/dev/cdc-wdm0");
    step->step = g_strdup(name);
    step->answer = g_strdup(answer);
    g_ptr_array_add(snapshot->steps, step);
}

static void step_free(gpointer data)
{
    ProbeStep *step = data;

    g_free(step->port);
    g_free(step->step);
    g_free(step->answer);
    g_free(step);
}

ModemSnapshot *fake_modem_new(guint number)
{
    ModemSnapshot *snapshot = modem_snapshot_new();

    snapshot->number = number;
    snapshot->state = MODEM_WORKING;
    set_string(&snapshot->device, "/sys/devices/usb1/1-1");
    set_string(&snapshot->name, "gateway");
    set_string(&snapshot->usb_id, "05c6:90b2");
    g_strfreev(snapshot->ports);
    snapshot->ports = g_strsplit("/dev/cdc-wdm0 (qmi),/dev/ttyUSB2 (at)", ",", -1);
    set_string(&snapshot->port, "/dev/cdc-wdm0");
    set_string(&snapshot->transport, "qmi");
    set_string(&snapshot->driver, "qmi_wwan");
    set_string(&snapshot->choice, "first of its ports");
    set_string(&snapshot->manufacturer, "Example");
    set_string(&snapshot->model, "EX-1");
    set_string(&snapshot->revision, "1.0.7");
    set_string(&snapshot->imei, FAKE_IMEI);
    g_strfreev(snapshot->quirks);
    snapshot->quirks = g_strsplit("example", ",", -1);
    set_string(&snapshot->settings, "reset=power-cycle");
    set_string(&snapshot->eid, FAKE_EID);
    g_ptr_array_unref(snapshot->steps);
    snapshot->steps = g_ptr_array_new_with_free_func(step_free);
    add_step(snapshot, TRUE, "IMEI", FAKE_IMEI);
    add_step(snapshot, FALSE, "UIM Open Logical Channel", "QMI error 82 (AccessDenied)");
    add_step(snapshot, TRUE, "GetEID", "BF3E125A10" FAKE_EID "9000");
    return snapshot;
}

JobSnapshot *fake_job_new(guint32 number, const char *kind, JobState state)
{
    JobSnapshot *job = job_snapshot_new();

    job->number = number;
    job->state = state;
    set_string(&job->eid, FAKE_EID);
    set_string(&job->kind, kind);
    set_string(&job->cause, "schedule");
    return job;
}

static guint find_euicc(Agents *agents, const char *eid)
{
    for (guint i = 0; i < agents->euiccs->len; i++)
        if (g_str_equal(((EuiccSnapshot *)agents->euiccs->pdata[i])->eid, eid))
            return i;
    return G_MAXUINT;
}

static guint find_job(Agents *agents, guint32 number)
{
    for (guint i = 0; i < agents->jobs->len; i++)
        if (((JobSnapshot *)agents->jobs->pdata[i])->number == number)
            return i;
    return G_MAXUINT;
}

void fake_agents_put_euicc(Agents *agents, EuiccSnapshot *snapshot)
{
    guint i = find_euicc(agents, snapshot->eid);
    g_autoptr(EuiccSnapshot) before = NULL;

    if (i == G_MAXUINT) {
        g_ptr_array_add(agents->euiccs, snapshot);
    } else {
        before = euicc_snapshot_ref(agents->euiccs->pdata[i]);
        euicc_snapshot_unref(agents->euiccs->pdata[i]);
        agents->euiccs->pdata[i] = snapshot;
    }
    if (agents->listener.euicc_changed)
        agents->listener.euicc_changed(before, snapshot, agents->data);
}

void fake_agents_remove_euicc(Agents *agents, const char *eid)
{
    guint i = find_euicc(agents, eid);
    g_autoptr(EuiccSnapshot) before = euicc_snapshot_ref(agents->euiccs->pdata[i]);

    g_ptr_array_remove_index(agents->euiccs, i);
    if (agents->listener.euicc_changed)
        agents->listener.euicc_changed(before, NULL, agents->data);
}

void fake_agents_put_job(Agents *agents, JobSnapshot *snapshot)
{
    guint i = find_job(agents, snapshot->number);
    g_autoptr(JobSnapshot) before = NULL;

    if (i == G_MAXUINT) {
        g_ptr_array_add(agents->jobs, snapshot);
    } else {
        before = job_snapshot_ref(agents->jobs->pdata[i]);
        job_snapshot_unref(agents->jobs->pdata[i]);
        agents->jobs->pdata[i] = snapshot;
    }
    agents->last_job = MAX(agents->last_job, snapshot->number);
    if (agents->listener.job_changed && !agents->record.silent)
        agents->listener.job_changed(before, snapshot, agents->data);
}

void fake_agents_remove_job(Agents *agents, guint32 number)
{
    guint i = find_job(agents, number);
    g_autoptr(JobSnapshot) before = job_snapshot_ref(agents->jobs->pdata[i]);

    g_ptr_array_remove_index(agents->jobs, i);
    if (agents->listener.job_changed)
        agents->listener.job_changed(before, NULL, agents->data);
}

static guint find_modem(Agents *agents, guint number)
{
    for (guint i = 0; i < agents->modems->len; i++)
        if (((const ModemSnapshot *)agents->modems->pdata[i])->number == number)
            return i;
    return G_MAXUINT;
}

void fake_agents_put_modem(Agents *agents, ModemSnapshot *snapshot)
{
    guint i = find_modem(agents, snapshot->number);
    g_autoptr(ModemSnapshot) before = NULL;

    if (i == G_MAXUINT) {
        g_ptr_array_add(agents->modems, snapshot);
    } else {
        before = agents->modems->pdata[i];
        agents->modems->pdata[i] = snapshot;
    }
    if (agents->listener.modem_changed)
        agents->listener.modem_changed(before, snapshot, agents->data);
}

void fake_agents_remove_modem(Agents *agents, guint number)
{
    guint i = find_modem(agents, number);
    g_autoptr(ModemSnapshot) before = g_ptr_array_steal_index(agents->modems, i);

    if (agents->listener.modem_changed)
        agents->listener.modem_changed(before, NULL, agents->data);
}

FakeRecord *fake_agents_get_record(Agents *agents)
{
    return &agents->record;
}

static const char *eim_of(const JobSnapshot *job)
{
    const char *blank = strchr(job->stage, ' ');

    return blank ? blank + 1 : "";
}

static void show_result(Agents *agents, const JobSnapshot *job)
{
    guint i = find_euicc(agents, job->eid);
    g_autoptr(EuiccSnapshot) snapshot = NULL;

    if (i == G_MAXUINT)
        return;
    snapshot = euicc_snapshot_copy(agents->euiccs->pdata[i]);
    snapshot->state = EUICC_IDLE;
    snapshot->job = 0;
    fake_agents_put_euicc(agents, g_steal_pointer(&snapshot));
}

/* One step of one job: queued, contacting, executing, done. */
static gboolean step(Agents *agents, const JobSnapshot *job)
{
    g_autoptr(JobSnapshot) next = job_snapshot_copy(job);

    if (job->state == JOB_QUEUED) {
        next->state = JOB_RUNNING;
        next->progress = 0.25;
        g_free(next->stage);
        next->stage = g_strdup_printf("contacting %s", eim_of(job));
    } else if (g_str_equal(eim_of(job), "eim.slow.example")) {
        return FALSE;
    } else if (g_str_equal(eim_of(job), "eim.broken.example")) {
        next->state = JOB_FAILED;
        set_string(&next->error_name, "org.euiccd1.Error.Tls");
        set_string(&next->error_message,
                   "polling eim.broken.example: the server's key is not the one the card names");
    } else if (job->progress < 0.5) {
        next->progress = 0.75;
        g_free(next->stage);
        next->stage = g_strdup_printf("executing-package %s", eim_of(job));
    } else {
        next->state = JOB_DONE;
        next->progress = 1;
        if (g_str_equal(job->kind, "download"))
            set_string(&next->result, FAKE_ICCID);
        set_string(&next->stage, "done");
        show_result(agents, job);
    }
    fake_agents_put_job(agents, g_steal_pointer(&next));
    return TRUE;
}

static gboolean on_idle(gpointer data)
{
    Agents *agents = data;

    for (guint i = 0; i < agents->jobs->len; i++) {
        const JobSnapshot *job = agents->jobs->pdata[i];

        if ((job->state == JOB_QUEUED || job->state == JOB_RUNNING) && step(agents, job))
            return G_SOURCE_CONTINUE;
    }
    agents->idle = 0;
    return G_SOURCE_REMOVE;
}

static void wake(Agents *agents)
{
    if (agents->automatic && agents->idle == 0)
        agents->idle = g_idle_add(on_idle, agents);
}

void fake_agents_set_automatic(Agents *agents, gboolean automatic)
{
    agents->automatic = automatic;
    wake(agents);
}

static guint32 queue(Agents *agents, const char *eid, const char *kind, const char *stage,
                     const char *cause, GError **error)
{
    JobSnapshot *job;

    if (agents->record.refusal) {
        g_propagate_error(error, g_steal_pointer(&agents->record.refusal));
        return 0;
    }
    if (find_euicc(agents, eid) == G_MAXUINT) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "no such eUICC");
        return 0;
    }
    if (g_hash_table_size(agents->inhibitions) > 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INHIBITED, "jobs are inhibited");
        return 0;
    }
    set_string(&agents->record.cause, cause);
    job = fake_job_new(agents->last_job + 1, kind, JOB_QUEUED);
    set_string(&job->eid, eid);
    set_string(&job->cause, cause);
    set_string(&job->stage, stage);
    fake_agents_put_job(agents, job);
    wake(agents);
    return agents->last_job;
}

Agents *agents_new(const Config *config)
{
    Agents *agents = g_new0(Agents, 1);

    (void)config;
    agents->euiccs = g_ptr_array_new_with_free_func((GDestroyNotify)euicc_snapshot_unref);
    agents->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_snapshot_unref);
    agents->modems = g_ptr_array_new_with_free_func((GDestroyNotify)modem_snapshot_unref);
    agents->inhibitions = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return agents;
}

gboolean agents_start(Agents *agents, GError **error)
{
    (void)error;
    wake(agents);
    return TRUE;
}

void agents_free(Agents *agents)
{
    if (agents->idle)
        g_source_remove(agents->idle);
    g_ptr_array_unref(agents->euiccs);
    g_ptr_array_unref(agents->jobs);
    g_ptr_array_unref(agents->modems);
    g_hash_table_unref(agents->inhibitions);
    g_free(agents->record.cause);
    g_free(agents->record.eim_id);
    g_free(agents->record.code);
    g_free(agents->record.confirmation_code);
    g_free(agents->record.parts);
    g_free((char *)agents->record.control.address);
    g_free((char *)agents->record.control.oid);
    g_clear_error(&agents->record.refusal);
    g_clear_pointer(&agents->record.data, g_bytes_unref);
    g_free(agents);
}

void agents_set_listener(Agents *agents, const AgentsListener *listener, gpointer data)
{
    agents->listener = listener ? *listener : (AgentsListener){ 0 };
    agents->data = data;
}

const EuiccSnapshot *agents_get_euicc(Agents *agents, const char *eid)
{
    guint i = find_euicc(agents, eid);

    return i == G_MAXUINT ? NULL : agents->euiccs->pdata[i];
}

const JobSnapshot *agents_get_job(Agents *agents, guint32 number)
{
    guint i = find_job(agents, number);

    return i == G_MAXUINT ? NULL : agents->jobs->pdata[i];
}

static GPtrArray *list(GPtrArray *array)
{
    GPtrArray *copy = g_ptr_array_new();

    for (guint i = 0; i < array->len; i++)
        g_ptr_array_add(copy, array->pdata[i]);
    return copy;
}

GPtrArray *agents_list_euiccs(Agents *agents)
{
    return list(agents->euiccs);
}

GPtrArray *agents_list_jobs(Agents *agents)
{
    return list(agents->jobs);
}

GPtrArray *agents_list_modems(Agents *agents)
{
    return list(agents->modems);
}

GPtrArray *agents_list_excluded(Agents *agents)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)excluded_modem_free);

    if (agents->modems->len == 0)
        g_ptr_array_add(list, excluded_modem_new("/sys/devices/usb1/1-2", "[modems] allow"));
    return list;
}

char **agents_list_settings(Agents *agents)
{
    (void)agents;
    return g_strsplit("discover=yes,allow=490154203237518", ",", -1);
}

char **agents_list_libraries(void)
{
    return g_strsplit("libqmi 1.2.3", ",", -1);
}

guint32 agents_probe(Agents *agents, guint number, const char *cause, GError **error)
{
    const ModemSnapshot *modem = agents->modems->pdata[find_modem(agents, number)];
    ModemSnapshot *next = modem_snapshot_copy(modem);
    g_autofree char *eid = g_strdup(modem->eid);

    agents->record.probed = number;
    next->state = MODEM_STARTING;
    fake_agents_put_modem(agents, next);
    return queue(agents, eid, "start", "queued", cause, error);
}

guint32 agents_poll(Agents *agents, const char *eid, const char *eim_id, const char *cause,
                    GError **error)
{
    g_autofree char *stage = g_strdup_printf("queued %s", eim_id ? eim_id : "eim.example.com");

    set_string(&agents->record.eim_id, eim_id);
    return queue(agents, eid, "poll", stage, cause, error);
}

guint32 agents_add_initial_eim(Agents *agents, const char *eid, GBytes *data, const char *cause,
                               GError **error)
{
    g_clear_pointer(&agents->record.data, g_bytes_unref);
    agents->record.data = g_bytes_ref(data);
    return queue(agents, eid, "add-initial-eim", "queued", cause, error);
}

/* What it downloads from shows in the stage; "bad" is no code. */
guint32 agents_download(Agents *agents, const char *eid, const char *code,
                        const DownloadOptions *options, const char *cause, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(code, "$", 3);
    g_autofree char *stage = g_strdup_printf(
        "queued %s%s%s", parts[0] && parts[1] ? parts[1] : "default",
        options->confirmation_code ? "+code" : "", options->consent ? "+consent" : "");

    if (g_str_equal(code, "bad")) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "the activation code has no address");
        return 0;
    }
    set_string(&agents->record.code, code);
    set_string(&agents->record.confirmation_code, options->confirmation_code);
    agents->record.consent = options->consent;
    return queue(agents, eid, "download", stage, cause, error);
}

guint32 agents_deliver_notifications(Agents *agents, const char *eid, const char *cause,
                                     GError **error)
{
    return queue(agents, eid, "notifications", "queued", cause, error);
}

guint32 agents_reset_memory(Agents *agents, const char *eid, const char *const *parts,
                            const char *cause, GError **error)
{
    g_free(agents->record.parts);
    agents->record.parts = g_strjoinv(",", (char **)parts);
    return queue(agents, eid, "reset-memory", "queued", cause, error);
}

guint32 agents_control(Agents *agents, const char *eid, const CardControl *control,
                       const char *cause, GError **error)
{
    g_free((char *)agents->record.control.address);
    g_free((char *)agents->record.control.oid);
    agents->record.control = *control;
    agents->record.control.address = g_strdup(control->address);
    agents->record.control.oid = g_strdup(control->oid);
    return queue(agents, eid, "control", "queued", cause, error);
}

gboolean agents_cancel(Agents *agents, guint32 number, GError **error)
{
    const JobSnapshot *job = agents_get_job(agents, number);
    g_autoptr(JobSnapshot) next = NULL;

    if (!job) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "no such job");
        return FALSE;
    }
    if (job->state != JOB_QUEUED && job->state != JOB_RUNNING) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "the job has ended already");
        return FALSE;
    }
    next = job_snapshot_copy(job);
    next->state = JOB_CANCELLED;
    set_string(&next->error_name, "org.euiccd1.Error.Cancelled");
    set_string(&next->error_message, "cancelled on request");
    fake_agents_put_job(agents, g_steal_pointer(&next));
    return TRUE;
}

void agents_rescan(Agents *agents)
{
    agents->record.rescans++;
}

guint32 agents_inhibit(Agents *agents, const char *who, const char *why)
{
    g_hash_table_insert(agents->inhibitions, GUINT_TO_POINTER(++agents->last_cookie),
                        g_strdup_printf("%s: %s", who, why));
    return agents->last_cookie;
}

void agents_uninhibit(Agents *agents, guint32 cookie)
{
    g_assert_true(g_hash_table_remove(agents->inhibitions, GUINT_TO_POINTER(cookie)));
}

GPtrArray *agents_list_inhibitions(Agents *agents)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer text;

    g_hash_table_iter_init(&iter, agents->inhibitions);
    while (g_hash_table_iter_next(&iter, NULL, &text))
        g_ptr_array_add(texts, g_strdup(text));
    return texts;
}
