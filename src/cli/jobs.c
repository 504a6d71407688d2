/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>

#include "cli/cli.h"
#include "util/text.h"

/* Jobs that a command has started and waits for. */

gboolean cli_no_wait;

void cli_jobs_init(CliJobs *jobs, Cli *cli)
{
    jobs->cli = cli;
    jobs->running = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    jobs->results = json_array_new();
    jobs->code = CLI_OK;
}

void cli_jobs_clear(CliJobs *jobs)
{
    g_clear_pointer(&jobs->bar, cli_bar_free);
    g_clear_pointer(&jobs->running, g_hash_table_unref);
    g_clear_pointer(&jobs->results, json_array_unref);
    g_clear_pointer(&jobs->result, g_free);
}

void cli_jobs_fail(CliJobs *jobs, CliExit code)
{
    if (jobs->code == CLI_OK)
        jobs->code = code;
}

static void note_stage(const char *path, JsonObject *properties)
{
    g_autofree char *stage = cli_clean(cli_get_string(properties, "Stage"));

    if (stage[0] == '\0') /* the end is told by on_finished() */
        return;
    if (cli_get_real(properties, "Progress") > 0) {
        g_autofree char *percent = cli_get_percent(properties);

        g_print(_("job %s: %s (%s)\n"), cli_path_end(path), stage, percent);
    } else {
        g_print(_("job %s: %s\n"), cli_path_end(path), stage);
    }
}

static void on_changed(CliJobs *jobs, const char *path, sd_bus_message *m)
{
    g_autoptr(JsonObject) properties = NULL;

    if (sd_bus_message_skip(m, "s") < 0)
        return;
    properties = cli_read_properties(m);
    if (!properties)
        return;
    if (json_object_has_member(properties, "Result"))
        replace_string(&jobs->result, cli_get_string(properties, "Result"));
    if (jobs->bar)
        cli_bar_change(jobs->bar, properties);
    else if (json_object_has_member(properties, "Stage") && !jobs->cli->json)
        note_stage(path, properties);
}

static void on_finished(CliJobs *jobs, const char *path, sd_bus_message *m)
{
    JsonObject *result = json_object_new();
    const char *name = "", *message = "";
    int success = 0;

    g_clear_pointer(&jobs->bar, cli_bar_free);
    sd_bus_message_read(m, "bss", &success, &name, &message);
    json_object_set_string_member(result, "Path", path);
    json_object_set_boolean_member(result, "Success", success);
    json_object_set_string_member(result, "Error", name);
    json_object_set_string_member(result, "ErrorMessage", message);
    if (jobs->result)
        json_object_set_string_member(result, "Result", jobs->result);
    json_array_add_object_element(jobs->results, result);
    if (success && jobs->result && jobs->result[0] && !jobs->cli->json)
        g_print(_("job %s: finished: %s\n"), cli_path_end(path), jobs->result);
    else if (success && !jobs->cli->json)
        g_print(_("job %s: finished\n"), cli_path_end(path));
    if (!success) {
        cli_complain(_("job %s failed: %s (%s)"), cli_path_end(path), message, name);
        cli_jobs_fail(jobs, CLI_FAILED);
    }
    g_hash_table_remove(jobs->running, path);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    CliJobs *jobs = userdata;
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
    CliJobs *jobs = userdata;

    (void)m, (void)ret_error;
    g_clear_pointer(&jobs->bar, cli_bar_free);
    cli_complain(_("euiccd stopped"));
    cli_jobs_fail(jobs, CLI_UNREACHABLE);
    g_hash_table_remove_all(jobs->running);
    return 0;
}

CliExit cli_jobs_watch(CliJobs *jobs)
{
    int r;

    if (cli_no_wait)
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

void cli_jobs_add(CliJobs *jobs, sd_bus_message *reply)
{
    const char *path;

    if (sd_bus_message_read(reply, "o", &path) <= 0) {
        cli_jobs_fail(jobs, CLI_FAILED);
    } else if (cli_no_wait) {
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

CliExit cli_jobs_finish(CliJobs *jobs)
{
    while (g_hash_table_size(jobs->running) > 0) {
        int r = sd_bus_process(jobs->cli->bus, NULL);

        if (r == 0)
            r = sd_bus_wait(jobs->cli->bus, UINT64_MAX);
        if (r < 0 && r != -EINTR) {
            cli_jobs_fail(jobs, cli_report(_("waiting for the job"), NULL, r));
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
