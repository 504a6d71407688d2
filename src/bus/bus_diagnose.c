/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "bus/bus_json.h"
#include "bus/bus_objects.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/mask.h"

/*
 * Diagnose(): all that is known of one modem in one JSON text, fit for a report of trouble.
 */

#define LIMIT             64      /* diagnoses under way */
#define QUESTION_TIMEOUT  2000000 /* microseconds for ModemManager to say its version */
#define MODEM_MANAGER     "org.freedesktop.ModemManager1"
#define MODEM_MANAGER_OBJ "/org/freedesktop/ModemManager1"

typedef struct {
    Bus *bus;
    sd_bus_message *m;
    sd_bus_slot *slot; /* of the question to ModemManager */
    guint number;      /* of the modem */
    gboolean unmasked;
    guint32 job; /* of the probe, 0: none is waited for */
} Diagnosis;

static void diagnosis_free(gpointer data)
{
    Diagnosis *diagnosis = data;

    sd_bus_slot_unref(diagnosis->slot);
    sd_bus_message_unref(diagnosis->m);
    g_free(diagnosis);
}

void bus_diagnoses_init(Bus *bus)
{
    bus->diagnoses = g_ptr_array_new_with_free_func(diagnosis_free);
}

void bus_diagnoses_clear(Bus *bus)
{
    g_clear_pointer(&bus->diagnoses, g_ptr_array_unref);
}

/* ---- options ---- */

static gboolean read_option(sd_bus_message *m, DiagnoseOptions *options, GError **error)
{
    const char *name;
    gboolean *target = NULL;
    int value;

    if (sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &name) <= 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "the options can't be read");
        return FALSE;
    }
    if (g_str_equal(name, "probe"))
        target = &options->probe;
    else if (g_str_equal(name, "unmasked"))
        target = &options->unmasked;
    if (!target) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "'%.40s' is no option; known are: probe, unmasked", name);
        return FALSE;
    }
    if (sd_bus_message_enter_container(m, SD_BUS_TYPE_VARIANT, "b") <= 0 ||
        sd_bus_message_read_basic(m, SD_BUS_TYPE_BOOLEAN, &value) <= 0 ||
        sd_bus_message_exit_container(m) < 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "the option '%s' must be a boolean", name);
        return FALSE;
    }
    *target = value;
    return TRUE;
}

gboolean bus_diagnose_read_options(sd_bus_message *m, DiagnoseOptions *ret_options, GError **error)
{
    DiagnoseOptions options = { 0 };
    int r = sd_bus_message_rewind(m, TRUE);

    if (r >= 0)
        r = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        if (!read_option(m, &options, error))
            return FALSE;
        r = sd_bus_message_exit_container(m);
    }
    if (!bus_check(r, "reading the options", error))
        return FALSE;
    *ret_options = options;
    return TRUE;
}

/* ---- the report ---- */

static void add_steps(JsonBuilder *b, const ModemSnapshot *modem)
{
    json_builder_set_member_name(b, "Steps");
    json_builder_begin_array(b);
    for (guint i = 0; i < modem->steps->len; i++) {
        const ProbeStep *step = modem->steps->pdata[i];

        json_builder_begin_object(b);
        bus_json_integer(b, "Time", step->time);
        bus_json_string(b, "Port", step->port);
        bus_json_string(b, "Step", step->step);
        bus_json_boolean(b, "Ok", step->ok);
        bus_json_string(b, "Answer", step->answer);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

/* NULL where it has none. What its owners call things stays out of it: names, nicknames, addresses. */
static void add_euicc(JsonBuilder *b, const EuiccSnapshot *euicc)
{
    json_builder_set_member_name(b, "Euicc");
    if (!euicc) {
        json_builder_add_null_value(b);
        return;
    }
    json_builder_begin_object(b);
    bus_json_string(b, "Eid", euicc->eid);
    bus_json_string(b, "Kind", euicc->kind);
    bus_json_string(b, "SpecVersion", euicc->spec_version);
    bus_json_string(b, "Firmware", euicc->firmware);
    bus_json_integer(b, "FreeMemory", euicc->free_memory);
    bus_json_string(b, "State", euicc_state_to_string(euicc->state));
    bus_json_string(b, "StateReason", euicc->state_reason);
    bus_json_integer(b, "PendingNotifications", euicc->pending_notifications);
    bus_json_integer(b, "Eims", euicc->eims->len);
    json_builder_set_member_name(b, "Profiles");
    json_builder_begin_array(b);
    for (guint i = 0; i < euicc->profiles->len; i++) {
        const ProfileSnapshot *profile = euicc->profiles->pdata[i];

        json_builder_begin_object(b);
        bus_json_string(b, "Iccid", profile->iccid);
        bus_json_string(b, "State", profile_state_to_string(profile->state));
        bus_json_string(b, "Class", profile->class);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

/* What was attempted, how it failed, and the kind of the error. */
static char *describe_failure(const JobSnapshot *job)
{
    g_autofree char *message = g_utf8_make_valid(job->error_message, -1);

    return g_strdup_printf("%s: %s (%s)", job->kind, message, job->error_name);
}

/* Why it is unavailable; else what failed last on its card. */
static void add_last_error(JsonBuilder *b, Bus *bus, const ModemSnapshot *modem)
{
    g_autoptr(GPtrArray) jobs = agents_list_jobs(bus->agents);
    g_autofree char *text = g_strdup(modem->state_reason);

    for (guint i = jobs->len; i > 0 && text[0] == '\0' && modem->eid[0]; i--) {
        const JobSnapshot *job = jobs->pdata[i - 1];

        if (job->state != JOB_FAILED || !g_str_equal(job->eid, modem->eid))
            continue;
        g_free(text);
        text = describe_failure(job);
    }
    bus_json_string(b, "LastError", text);
}

/* What may not be shown, of all modems: a step may have read another's card. */
typedef struct {
    GPtrArray *numbers; /* EIDs, ICCIDs and IMEIs */
    GPtrArray *names;   /* of eIMs: eimIds and hosts */
} Hidden;

static void hidden_clear(Hidden *hidden)
{
    g_ptr_array_unref(hidden->numbers);
    g_ptr_array_unref(hidden->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Hidden, hidden_clear)

static void add_name(GPtrArray *names, const char *name)
{
    if (name[0])
        g_ptr_array_add(names, g_utf8_make_valid(name, -1));
}

static void add_eim_names(GPtrArray *names, const EimSnapshot *eim)
{
    const char *port = strrchr(eim->fqdn, ':');
    g_autofree char *host = port ? g_strndup(eim->fqdn, (gsize)(port - eim->fqdn)) : NULL;

    add_name(names, eim->eim_id);
    add_name(names, eim->fqdn);
    if (host)
        add_name(names, host);
}

static void list_hidden(Bus *bus, Hidden *ret_hidden)
{
    g_autoptr(GPtrArray) euiccs = agents_list_euiccs(bus->agents);
    g_autoptr(GPtrArray) modems = agents_list_modems(bus->agents);
    GPtrArray *numbers = g_ptr_array_new();
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < euiccs->len; i++) {
        const EuiccSnapshot *euicc = euiccs->pdata[i];

        g_ptr_array_add(numbers, euicc->eid);
        for (guint k = 0; k < euicc->profiles->len; k++)
            g_ptr_array_add(numbers, ((const ProfileSnapshot *)euicc->profiles->pdata[k])->iccid);
        for (guint k = 0; k < euicc->eims->len; k++)
            add_eim_names(names, euicc->eims->pdata[k]);
    }
    for (guint i = 0; i < modems->len; i++)
        g_ptr_array_add(numbers, ((const ModemSnapshot *)modems->pdata[i])->imei);
    g_ptr_array_add(numbers, NULL);
    g_ptr_array_add(names, NULL);
    ret_hidden->numbers = numbers;
    ret_hidden->names = names;
}

/* Where sentences stand. Elsewhere a word that is an eimId as well (it may be any) means what it says. */
static gboolean is_sentence(const char *member)
{
    static const char *const members[] = { "LastError", "StateReason", "Answer", NULL };

    return g_strv_contains(members, member);
}

/* Where a job's failure stands: it may name a server that it spoke to, also one that no card names (any more). */
static gboolean is_failure(const char *member)
{
    return g_str_equal(member, "LastError") || g_str_equal(member, "StateReason");
}

typedef struct {
    const Hidden *hidden;
    const char *member;
} MaskContext;

static void mask_node(JsonNode *node, const MaskContext *context);

static void mask_member(JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
    const MaskContext *context = data;
    const MaskContext inner = { context->hidden, name };

    (void)object;
    mask_node(node, &inner);
}

static void mask_element(JsonArray *array, guint index, JsonNode *node, gpointer data)
{
    (void)array, (void)index;
    mask_node(node, data);
}

/* Every text of the report, wherever it came from. */
static void mask_node(JsonNode *node, const MaskContext *context)
{
    const Hidden *hidden = context->hidden;

    if (JSON_NODE_HOLDS_OBJECT(node)) {
        json_object_foreach_member(json_node_get_object(node), mask_member, (gpointer)context);
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        json_array_foreach_element(json_node_get_array(node), mask_element, (gpointer)context);
    } else if (json_node_get_value_type(node) == G_TYPE_STRING) {
        const char *text = json_node_get_string(node);
        g_autofree char *hostless = is_failure(context->member) ? mask_hosts(text) : g_strdup(text);
        g_autofree char *nameless =
            is_sentence(context->member)
                ? mask_names(hostless, (const char *const *)hidden->names->pdata)
                : g_strdup(text);
        g_autofree char *masked =
            mask_numbers(nameless, (const char *const *)hidden->numbers->pdata);

        json_node_set_string(node, masked);
    }
}

static char *make_report(const Diagnosis *diagnosis, const ModemSnapshot *modem,
                         const char *modem_manager)
{
    Bus *bus = diagnosis->bus;
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_auto(GStrv) settings = agents_list_settings(bus->agents);

    json_builder_begin_object(b);
    bus_json_integer(b, "Time", clock_realtime());
    bus_json_boolean(b, "Masked", !diagnosis->unmasked);
    json_builder_set_member_name(b, "Modem");
    bus_json_modem(b, modem);
    add_steps(b, modem);
    add_euicc(b, modem->eid[0] ? agents_get_euicc(bus->agents, modem->eid) : NULL);
    add_last_error(b, bus, modem);
    bus_json_versions(b, modem_manager);
    bus_json_strings(b, "Configuration", settings);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    if (!diagnosis->unmasked) {
        g_auto(Hidden) hidden;
        const MaskContext context = { &hidden, "" };

        list_hidden(bus, &hidden);
        mask_node(root, &context);
    }
    return json_to_string(root, FALSE);
}

/* ---- in which order ---- */

/* Replies and ends it. */
static void finish(Diagnosis *diagnosis, const char *modem_manager)
{
    Bus *bus = diagnosis->bus;
    const ModemSnapshot *modem =
        g_hash_table_lookup(bus->modems, GUINT_TO_POINTER(diagnosis->number));
    g_autoptr(GError) error = NULL;

    if (modem) {
        g_autofree char *text = make_report(diagnosis, modem, modem_manager);

        (void)bus_check(sd_bus_reply_method_return(diagnosis->m, "s", text), "replying", &error);
    } else {
        g_set_error_literal(&error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the modem is gone");
    }
    if (error)
        bus_reply_error(diagnosis->m, error);
    g_ptr_array_remove_fast(bus->diagnoses, diagnosis);
}

static int on_version(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    const sd_bus_error *failure = sd_bus_message_get_error(reply);
    g_autofree char *text = NULL;
    const char *version;

    (void)ret_error;
    if (failure && (sd_bus_error_has_name(failure, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                    sd_bus_error_has_name(failure, SD_BUS_ERROR_NAME_HAS_NO_OWNER)))
        text = g_strdup("not running");
    else if (failure)
        text = g_strdup_printf("unknown (%s)", failure->name);
    else if (sd_bus_message_read(reply, "v", "s", &version) > 0)
        text = g_strdup(version);
    else
        text = g_strdup("unknown (an answer that can't be read)");
    finish(userdata, text);
    return 1;
}

/* A ModemManager that does not run is not started for this. */
static void ask_version(Diagnosis *diagnosis)
{
    sd_bus *connection = diagnosis->bus->connection;
    sd_bus_message *call = NULL;
    int r = sd_bus_message_new_method_call(connection, &call, MODEM_MANAGER, MODEM_MANAGER_OBJ,
                                           "org.freedesktop.DBus.Properties", "Get");

    if (r >= 0)
        r = sd_bus_message_append(call, "ss", MODEM_MANAGER, "Version");
    if (r >= 0)
        r = sd_bus_message_set_auto_start(call, FALSE);
    if (r >= 0)
        r = sd_bus_call_async(connection, &diagnosis->slot, call, on_version, diagnosis,
                              QUESTION_TIMEOUT);
    sd_bus_message_unref(call);
    if (r < 0)
        finish(diagnosis, "unknown (it could not be asked)");
}

/* One of SENDER is under way for modem NUMBER. */
static gboolean is_under_way(const Bus *bus, const char *sender, guint number)
{
    for (guint i = 0; i < bus->diagnoses->len; i++) {
        const Diagnosis *diagnosis = bus->diagnoses->pdata[i];

        if (diagnosis->number == number &&
            g_strcmp0(sd_bus_message_get_sender(diagnosis->m), sender) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean bus_diagnose_start(Bus *bus, sd_bus_message *m, const DiagnoseOptions *options,
                            const char *cause, GError **error)
{
    const ModemSnapshot *modem = bus_find_modem(bus, sd_bus_message_get_path(m));
    Diagnosis *diagnosis;
    guint32 job = 0;
    guint number;

    if (!modem) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the modem is gone");
        return FALSE;
    }
    number = modem->number; /* a probe that begins makes another snapshot */
    /* Each may probe, which is a job that others wait behind. */
    if (is_under_way(bus, sd_bus_message_get_sender(m), number)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                            "a diagnosis of this modem for the same caller is under way");
        return FALSE;
    }
    if (bus->diagnoses->len >= LIMIT) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                            "too many diagnoses are under way");
        return FALSE;
    }
    if (options->probe) {
        job = agents_probe(bus->agents, number, cause, error);
        if (!job)
            return FALSE;
    }
    diagnosis = g_new0(Diagnosis, 1);
    diagnosis->bus = bus;
    diagnosis->m = sd_bus_message_ref(m);
    diagnosis->number = number;
    diagnosis->unmasked = options->unmasked;
    diagnosis->job = job;
    g_ptr_array_add(bus->diagnoses, diagnosis);
    if (!job)
        ask_version(diagnosis);
    return TRUE;
}

void bus_diagnose_note_job(Bus *bus, const JobSnapshot *job)
{
    if (job->state == JOB_QUEUED || job->state == JOB_RUNNING)
        return;
    for (guint i = bus->diagnoses->len; i > 0; i--) {
        Diagnosis *diagnosis = bus->diagnoses->pdata[i - 1];

        if (diagnosis->job != job->number)
            continue;
        /* A probe that failed is what the report is about; that it failed stands in the steps. */
        diagnosis->job = 0;
        ask_version(diagnosis);
    }
}
