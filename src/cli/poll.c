/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/cli.h"
#include "util/file.h"

#define EIM_FILE_LIMIT (64 * 1024)

static char *wanted_eim;
static gboolean no_wait;

const GOptionEntry cli_poll_entries[] = {
    { "eim", 0, 0, G_OPTION_ARG_STRING, &wanted_eim, N_("Ask only the eIM with this eimId"),
      N_("ID") },
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &no_wait, N_("Don't wait for the end of the job"), NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

const GOptionEntry cli_add_eim_entries[] = {
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &no_wait, N_("Don't wait for the end of the job"), NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* The jobs this command has started and waits for. */
typedef struct {
    Cli *cli;
    GHashTable *running; /* object path -> nothing */
    JsonArray *results;
    CliExit code; /* the first failure counts */
} Jobs;

static void jobs_init(Jobs *jobs, Cli *cli)
{
    jobs->cli = cli;
    jobs->running = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    jobs->results = json_array_new();
    jobs->code = CLI_OK;
}

static void jobs_clear(Jobs *jobs)
{
    g_hash_table_unref(jobs->running);
    json_array_unref(jobs->results);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Jobs, jobs_clear)

static void note_failure(Jobs *jobs, CliExit code)
{
    if (jobs->code == CLI_OK)
        jobs->code = code;
}

static void on_changed(Jobs *jobs, const char *path, sd_bus_message *m)
{
    g_autoptr(JsonObject) properties = NULL;
    g_autofree char *stage = NULL;

    if (sd_bus_message_skip(m, "s") < 0)
        return;
    properties = cli_read_properties(m);
    if (!properties || !json_object_has_member(properties, "Stage") || jobs->cli->json)
        return;
    stage = cli_clean(cli_get_string(properties, "Stage"));
    if (stage[0] == '\0') /* the end is told by on_finished() */
        return;
    if (cli_get_real(properties, "Progress") > 0) {
        g_autofree char *percent = cli_get_percent(properties);

        g_print(_("job %s: %s (%s)\n"), cli_path_end(path), stage, percent);
    } else {
        g_print(_("job %s: %s\n"), cli_path_end(path), stage);
    }
}

static void on_finished(Jobs *jobs, const char *path, sd_bus_message *m)
{
    JsonObject *result = json_object_new();
    const char *name = "", *message = "";
    int success = 0;

    sd_bus_message_read(m, "bss", &success, &name, &message);
    json_object_set_string_member(result, "Path", path);
    json_object_set_boolean_member(result, "Success", success);
    json_object_set_string_member(result, "Error", name);
    json_object_set_string_member(result, "ErrorMessage", message);
    json_array_add_object_element(jobs->results, result);
    if (success && !jobs->cli->json)
        g_print(_("job %s: finished\n"), cli_path_end(path));
    if (!success) {
        cli_complain(_("job %s failed: %s (%s)"), cli_path_end(path), message, name);
        note_failure(jobs, CLI_FAILED);
    }
    g_hash_table_remove(jobs->running, path);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Jobs *jobs = userdata;
    const char *path = sd_bus_message_get_path(m);

    (void)ret_error;
    if (!g_hash_table_contains(jobs->running, path))
        return 0;
    if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", "PropertiesChanged"))
        on_changed(jobs, path, m);
    else if (sd_bus_message_is_signal(m, CLI_BUS_NAME ".Job", "Finished"))
        on_finished(jobs, path, m);
    return 0;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Jobs *jobs = userdata;

    (void)m, (void)ret_error;
    cli_complain(_("euiccd stopped"));
    note_failure(jobs, CLI_UNREACHABLE);
    g_hash_table_remove_all(jobs->running);
    return 0;
}

/* Before the first job: its signals wait in the connection until they are processed. */
static CliExit watch(Jobs *jobs)
{
    int r;

    if (no_wait)
        return CLI_OK;
    r = sd_bus_match_signal(jobs->cli->bus, NULL, CLI_BUS_NAME, NULL, NULL, NULL, on_signal, jobs);
    if (r >= 0)
        r = sd_bus_add_match(jobs->cli->bus, NULL,
                             "type='signal',sender='org.freedesktop.DBus',"
                             "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                             "arg0='" CLI_BUS_NAME "'",
                             on_owner_changed, jobs);
    return r < 0 ? cli_report(_("listening to the daemon"), NULL, r) : CLI_OK;
}

/* Notes the job path in REPLY, which is released. */
static void add_job(Jobs *jobs, sd_bus_message *reply)
{
    const char *path;

    if (sd_bus_message_read(reply, "o", &path) <= 0) {
        note_failure(jobs, CLI_FAILED);
    } else if (no_wait) {
        JsonObject *result = json_object_new();

        json_object_set_string_member(result, "Path", path);
        json_array_add_object_element(jobs->results, result);
        if (!jobs->cli->json)
            g_print(_("job %s started\n"), cli_path_end(path));
    } else {
        g_hash_table_add(jobs->running, g_strdup(path));
        if (!jobs->cli->json)
            g_print(_("job %s: queued\n"), cli_path_end(path));
    }
    sd_bus_message_unref(reply);
}

/* Until every job has ended. Returns the exit code of the command. */
static CliExit finish(Jobs *jobs)
{
    while (g_hash_table_size(jobs->running) > 0) {
        int r = sd_bus_process(jobs->cli->bus, NULL);

        if (r == 0)
            r = sd_bus_wait(jobs->cli->bus, UINT64_MAX);
        if (r < 0 && r != -EINTR) {
            note_failure(jobs, cli_report(_("waiting for the job"), NULL, r));
            break;
        }
    }
    if (jobs->cli->json) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);

        json_node_set_array(node, jobs->results);
        cli_print_json(node, TRUE);
    }
    return jobs->code;
}

static void start(Jobs *jobs, const char *path, const char *interface, const char *who)
{
    g_autofree char *what = g_strdup_printf(_("polling %s"), who);
    sd_bus_message *reply = NULL;
    CliExit code = cli_call(jobs->cli, what, &reply, path, interface, "Poll", NULL);

    if (code == CLI_OK)
        add_job(jobs, reply);
    else
        note_failure(jobs, code);
}

static gboolean start_eims(Jobs *jobs, JsonObject *euicc)
{
    JsonArray *eims = cli_get_array(euicc, "Eims");
    gboolean found = FALSE;

    for (guint i = 0; eims && i < json_array_get_length(eims); i++) {
        JsonObject *eim = json_array_get_object_element(eims, i);

        if (!g_str_equal(cli_get_string(eim, "EimId"), wanted_eim))
            continue;
        found = TRUE;
        start(jobs, cli_get_string(eim, "Path"), CLI_BUS_NAME ".Eim", wanted_eim);
    }
    return found;
}

CliExit cli_poll(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GPtrArray) euiccs = NULL;
    g_auto(Jobs) jobs = { 0 };
    gboolean found = FALSE;
    CliExit code;

    jobs_init(&jobs, cli);
    code = cli_load(cli, &root);
    if (code == CLI_OK)
        code = cli_select(cli, root, arguments[0], &euiccs);
    if (code == CLI_OK)
        code = watch(&jobs);
    if (code != CLI_OK)
        return code;
    for (guint i = 0; i < euiccs->len; i++) {
        JsonObject *euicc = euiccs->pdata[i];

        if (wanted_eim) {
            found = start_eims(&jobs, euicc) || found;
        } else {
            found = TRUE;
            start(&jobs, cli_get_string(euicc, "Path"), CLI_BUS_NAME ".Euicc",
                  cli_get_string(euicc, "Eid"));
        }
    }
    if (!found) {
        if (wanted_eim)
            cli_complain(_("there is no eIM %s"), wanted_eim);
        else
            cli_complain(_("there is no eUICC"));
        return CLI_FAILED;
    }
    return finish(&jobs);
}

static CliExit call_add_eim(Jobs *jobs, const char *path, GBytes *data)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    gsize size;
    const void *octets = g_bytes_get_data(data, &size);
    CliExit code = CLI_OK;
    int r;

    r = sd_bus_message_new_method_call(jobs->cli->bus, &call, CLI_BUS_NAME, path,
                                       CLI_BUS_NAME ".Euicc", "AddInitialEim");
    if (r >= 0)
        r = sd_bus_message_append_array(call, 'y', octets, size);
    if (r >= 0)
        r = sd_bus_call(jobs->cli->bus, call, 150 * G_USEC_PER_SEC, &error, &reply);
    if (r >= 0)
        add_job(jobs, reply);
    else
        code = cli_report(_("adding the eIM"), &error, r);
    sd_bus_message_unref(call);
    sd_bus_error_free(&error);
    return code;
}

CliExit cli_add_eim(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GPtrArray) euiccs = NULL;
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Jobs) jobs = { 0 };
    CliExit code;

    jobs_init(&jobs, cli);
    if (!arguments[0]) {
        cli_complain(_("the name of a file is missing"));
        return CLI_USAGE;
    }
    data = file_read(arguments[0], EIM_FILE_LIMIT, &error);
    if (!data) {
        cli_complain("%s", error->message);
        return CLI_FAILED;
    }
    code = cli_load(cli, &root);
    if (code == CLI_OK)
        code = cli_select(cli, root, arguments[1], &euiccs);
    if (code != CLI_OK)
        return code;
    if (euiccs->len != 1) {
        cli_complain(euiccs->len == 0 ? _("there is no eUICC")
                                      : _("there is more than one eUICC: choose one with --eid"));
        return euiccs->len == 0 ? CLI_FAILED : CLI_USAGE;
    }
    code = watch(&jobs);
    if (code == CLI_OK)
        code = call_add_eim(&jobs, cli_get_string(euiccs->pdata[0], "Path"), data);
    return code == CLI_OK ? finish(&jobs) : code;
}
