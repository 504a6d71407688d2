/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/cli.h"
#include "util/file.h"

#define EIM_FILE_LIMIT (64 * 1024)

static char *wanted_eim;

const GOptionEntry cli_poll_entries[] = {
    { "eim", 0, 0, G_OPTION_ARG_STRING, &wanted_eim, N_("Ask only the eIM with this eimId"),
      N_("ID") },
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &cli_no_wait, N_("Don't wait for the end of the job"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

const GOptionEntry cli_add_eim_entries[] = {
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &cli_no_wait, N_("Don't wait for the end of the job"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

static void start(CliJobs *jobs, const char *path, const char *interface, const char *who)
{
    g_autofree char *what = g_strdup_printf(_("polling %s"), who);
    sd_bus_message *reply = NULL;
    CliExit code = cli_call(jobs->cli, what, &reply, path, interface, "Poll", NULL);

    if (code == CLI_OK)
        cli_jobs_add(jobs, reply);
    else
        cli_jobs_fail(jobs, code);
}

static gboolean start_eims(CliJobs *jobs, JsonObject *euicc)
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
    g_auto(CliJobs) jobs = { 0 };
    gboolean found = FALSE;
    CliExit code;

    cli_jobs_init(&jobs, cli);
    code = cli_load(cli, &root);
    if (code == CLI_OK)
        code = cli_select(cli, root, arguments[0], &euiccs);
    if (code == CLI_OK)
        code = cli_jobs_watch(&jobs);
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
    return cli_jobs_finish(&jobs);
}

static CliExit call_add_eim(CliJobs *jobs, const char *path, GBytes *data)
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
        cli_jobs_add(jobs, reply);
    else
        code = cli_report(_("adding the eIM"), &error, r);
    sd_bus_message_unref(call);
    sd_bus_error_free(&error);
    return code;
}

CliExit cli_add_eim(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(CliJobs) jobs = { 0 };
    JsonObject *euicc;
    CliExit code;

    cli_jobs_init(&jobs, cli);
    if (!arguments[0]) {
        cli_complain(_("the name of a file is missing"));
        return CLI_USAGE;
    }
    data = file_read(arguments[0], EIM_FILE_LIMIT, &error);
    if (!data) {
        cli_complain("%s", error->message);
        return CLI_FAILED;
    }
    code = cli_select_one(cli, arguments[1], &root, &euicc);
    if (code == CLI_OK)
        code = cli_jobs_watch(&jobs);
    if (code == CLI_OK)
        code = call_add_eim(&jobs, cli_get_string(euicc, "Path"), data);
    return code == CLI_OK ? cli_jobs_finish(&jobs) : code;
}
