/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"
#include "util/text.h"

#define SECRET_LIMIT 1024 /* octets of a line */
#define CALL_TIMEOUT (150 * G_USEC_PER_SEC)

static char *confirmation_code;
static gboolean consent;

const GOptionEntry cli_download_entries[] = {
    { "confirmation-code", 0, 0, G_OPTION_ARG_STRING, &confirmation_code,
      N_("The confirmation code; - reads it from standard input"), N_("CODE") },
    { "consent", 0, 0, G_OPTION_ARG_NONE, &consent,
      N_("Agree to what needs the end user's consent"), NULL },
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &cli_no_wait, N_("Don't wait for the end of the job"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

static gboolean deliver;

const GOptionEntry cli_notifications_entries[] = {
    { "deliver", 0, 0, G_OPTION_ARG_NONE, &deliver,
      N_("Deliver them now, also those that wait for their time"), NULL },
    { "no-wait", 0, 0, G_OPTION_ARG_NONE, &cli_no_wait, N_("Don't wait for the end of the job"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* A line without its end, from standard input octet by octet, so that nothing of the next line is taken. Where a person
 * types it, PROMPT is shown and the line is not. NULL, complained about, where there is none. */
static char *read_secret(const char *prompt)
{
    struct termios before, quiet;
    gboolean is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    char line[SECRET_LIMIT + 1];
    char *secret = NULL;
    gsize size = 0;

    if (is_terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        g_printerr("%s", prompt);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    while (size < SECRET_LIMIT && read(STDIN_FILENO, line + size, 1) == 1 && line[size] != '\n')
        size++;
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        g_printerr("\n");
    }
    line[size] = '\0';
    if (size == SECRET_LIMIT)
        cli_complain(_("the line on standard input is too long"));
    else if (g_strstrip(line)[0] == '\0')
        cli_complain(_("there is nothing on standard input"));
    else if (!g_utf8_validate(line, -1, NULL))
        cli_complain(_("the line on standard input is not UTF-8"));
    else
        secret = g_strdup(line);
    explicit_bzero(line, sizeof(line));
    return secret;
}

/* The message is wiped when it is freed, here and in the daemon. */
static int make_call(Cli *cli, const char *path, const char *code, sd_bus_message **ret_call)
{
    sd_bus_message *call = NULL;
    int r = sd_bus_message_new_method_call(cli->bus, &call, CLI_BUS_NAME, path,
                                           CLI_BUS_NAME ".Euicc", "Download");

    if (r >= 0)
        r = sd_bus_message_sensitive(call);
    if (r >= 0)
        r = sd_bus_message_append(call, "s", code);
    if (r >= 0)
        r = sd_bus_message_open_container(call, 'a', "{sv}");
    if (r >= 0 && confirmation_code)
        r = sd_bus_message_append(call, "{sv}", "confirmation-code", "s", confirmation_code);
    if (r >= 0 && consent)
        r = sd_bus_message_append(call, "{sv}", "consent", "b", TRUE);
    if (r >= 0)
        r = sd_bus_message_close_container(call);
    if (r >= 0)
        *ret_call = sd_bus_message_ref(call);
    sd_bus_message_unref(call);
    return r;
}

static CliExit start_download(CliJobs *jobs, const char *path, const char *code)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    CliExit exit_code = CLI_OK;
    int r = make_call(jobs->cli, path, code, &call);

    if (r >= 0)
        r = sd_bus_call(jobs->cli->bus, call, CALL_TIMEOUT, &error, &reply);
    if (r >= 0)
        cli_jobs_add(jobs, reply);
    else
        exit_code = cli_report(_("downloading a profile"), &error, r);
    sd_bus_message_unref(call);
    sd_bus_error_free(&error);
    return exit_code;
}

/* What people write for the default SM-DP+, which has no name. */
static const char *to_code(const char *argument)
{
    return g_str_equal(argument, "default") ? "" : argument;
}

static CliExit download(Cli *cli, const char *code)
{
    g_autoptr(JsonNode) root = NULL;
    g_auto(CliJobs) jobs = { 0 };
    JsonObject *euicc;
    CliExit exit_code;

    cli_jobs_init(&jobs, cli);
    exit_code = cli_select_one(cli, NULL, &root, &euicc);
    if (exit_code == CLI_OK)
        exit_code = cli_jobs_watch(&jobs);
    if (exit_code == CLI_OK)
        exit_code = start_download(&jobs, cli_get_string(euicc, "Path"), code);
    if (exit_code != CLI_OK)
        return exit_code;
    if (!cli->json && !cli_no_wait)
        jobs.bar = cli_bar_new();
    return cli_jobs_finish(&jobs);
}

CliExit cli_download(Cli *cli, char **arguments)
{
    char *code = NULL;
    CliExit exit_code = CLI_USAGE;

    if (!arguments[0]) {
        cli_complain(_("an activation code is missing (- reads it from standard input)"));
        return CLI_USAGE;
    }
    code = g_str_equal(arguments[0], "-") ? read_secret(_("Activation code: "))
                                          : g_strdup(to_code(arguments[0]));
    if (code && g_strcmp0(confirmation_code, "-") == 0) {
        g_free(confirmation_code);
        confirmation_code = read_secret(_("Confirmation code: "));
        if (!confirmation_code)
            g_clear_pointer(&code, text_free_secret);
    }
    if (code)
        exit_code = download(cli, code);
    text_free_secret(code);
    g_clear_pointer(&confirmation_code, text_free_secret);
    return exit_code;
}

/* ---- notifications ---- */

static void print_notifications(const Cli *cli, const GPtrArray *euiccs)
{
    static const CliHeading columns[] = {
        { CLI_COLUMN_WHOLE, "EID" },
        { CLI_COLUMN_NUMBER, N_("PENDING") },
        { CLI_COLUMN_WHOLE, N_("OLDEST") },
        { CLI_COLUMN_TEXT, N_("REASON") },
    };
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
    JsonArray *list = json_array_new();

    for (guint i = 0; i < euiccs->len; i++) {
        JsonObject *euicc = euiccs->pdata[i], *shown = json_object_new();
        gint64 pending = cli_get_integer(euicc, "PendingNotifications");
        gint64 oldest = cli_get_integer(euicc, "OldestNotification");
        g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, pending);
        g_autofree char *since = cli_time_to_text(oldest);

        cli_table_add_row(table, cli_get_string(euicc, "Eid"), count, since,
                          cli_get_string(euicc, "NotificationError"), NULL);
        json_object_set_string_member(shown, "Eid", cli_get_string(euicc, "Eid"));
        json_object_set_int_member(shown, "PendingNotifications", pending);
        json_object_set_int_member(shown, "OldestNotification", oldest);
        json_object_set_string_member(shown, "NotificationError",
                                      cli_get_string(euicc, "NotificationError"));
        json_array_add_object_element(list, shown);
    }
    json_node_take_array(node, list);
    if (cli->json)
        cli_print_json(node, TRUE);
    else
        cli_table_print(table);
}

static CliExit deliver_all(Cli *cli, const GPtrArray *euiccs)
{
    g_auto(CliJobs) jobs = { 0 };
    CliExit code;

    cli_jobs_init(&jobs, cli);
    code = cli_jobs_watch(&jobs);
    if (code != CLI_OK)
        return code;
    for (guint i = 0; i < euiccs->len; i++) {
        sd_bus_message *reply = NULL;

        code = cli_call(cli, _("delivering notifications"), &reply,
                        cli_get_string(euiccs->pdata[i], "Path"), CLI_BUS_NAME ".Euicc",
                        "DeliverNotifications", NULL);
        if (code == CLI_OK)
            cli_jobs_add(&jobs, reply);
        else
            cli_jobs_fail(&jobs, code);
    }
    return cli_jobs_finish(&jobs);
}

CliExit cli_notifications(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GPtrArray) euiccs = NULL;
    CliExit code = cli_load(cli, &root);

    if (code == CLI_OK)
        code = cli_select(cli, root, arguments[0], &euiccs);
    if (code != CLI_OK)
        return code;
    if (euiccs->len == 0) {
        cli_complain(_("there is no eUICC"));
        return CLI_FAILED;
    }
    if (deliver)
        return deliver_all(cli, euiccs);
    print_notifications(cli, euiccs);
    return CLI_OK;
}
