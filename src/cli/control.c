/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

static char *why;

const GOptionEntry cli_inhibit_entries[] = {
    { "why", 0, 0, G_OPTION_ARG_STRING, &why, N_("What it is for, shown to others"), N_("TEXT") },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

CliExit cli_version(Cli *cli, char **arguments)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    g_autofree char *version = NULL;
    CliExit code = CLI_OK;
    int r = sd_bus_get_property_string(cli->bus, CLI_BUS_NAME, CLI_ROOT, CLI_BUS_NAME ".Manager",
                                       "Version", &error, &version);

    (void)arguments;
    if (cli->json) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "Command", PACKAGE_VERSION);
        if (r >= 0)
            json_object_set_string_member(object, "Daemon", version);
        json_node_take_object(node, object);
        cli_print_json(node, TRUE);
    } else {
        g_print("euicc %s\n", PACKAGE_VERSION);
        if (r >= 0)
            g_print("euiccd %s\n", version);
    }
    if (r < 0)
        code = cli_report(_("asking for the version"), &error, r);
    sd_bus_error_free(&error);
    return code;
}

CliExit cli_rescan(Cli *cli, char **arguments)
{
    (void)arguments;
    return cli_call(cli, _("looking for modems again"), NULL, CLI_ROOT, CLI_BUS_NAME ".Manager",
                    "Rescan", NULL);
}

CliExit cli_cancel(Cli *cli, char **arguments)
{
    g_autofree char *path = NULL;
    g_autofree char *what = NULL;
    const char *word = arguments[0];
    guint64 number;

    if (!word) {
        cli_complain(_("the number of a job is missing"));
        return CLI_USAGE;
    }
    /* Also the path, which is what methods return. */
    if (g_str_has_prefix(word, CLI_ROOT "/job/"))
        word += strlen(CLI_ROOT "/job/");
    if (!g_ascii_string_to_unsigned(word, 10, 1, G_MAXUINT32, &number, NULL)) {
        cli_complain(_("'%s' is no number of a job"), arguments[0]);
        return CLI_USAGE;
    }
    path = g_strdup_printf(CLI_ROOT "/job/%" G_GUINT64_FORMAT, number);
    what = g_strdup_printf(_("cancelling job %s"), cli_path_end(path));
    return cli_call(cli, what, NULL, path, CLI_BUS_NAME ".Job", "Cancel", NULL);
}

CliExit cli_log_level(Cli *cli, char **arguments)
{
    sd_bus_message *reply = NULL;
    const char *level;
    CliExit code;

    if (arguments[0])
        return cli_call(cli, _("setting the log level"), NULL, CLI_ROOT,
                        "org.freedesktop.DBus.Properties", "Set", "ssv", CLI_BUS_NAME ".Manager",
                        "LogLevel", "s", arguments[0]);
    code = cli_call(cli, _("asking for the log level"), &reply, CLI_ROOT,
                    "org.freedesktop.DBus.Properties", "Get", "ss", CLI_BUS_NAME ".Manager",
                    "LogLevel");
    if (code != CLI_OK)
        return code;
    if (sd_bus_message_read(reply, "v", "s", &level) > 0)
        g_print(cli->json ? "\"%s\"\n" : "%s\n", level);
    sd_bus_message_unref(reply);
    return CLI_OK;
}

static pid_t child;

static void forward(int signal_number)
{
    kill(child, signal_number);
}

/* Runs COMMAND to its end; its exit status, or 128 and the signal as a shell has it. */
static int run_command(char **command)
{
    int status;

    child = fork();
    if (child < 0) {
        cli_complain(_("can't start a process: %s"), g_strerror(errno));
        return CLI_FAILED;
    }
    if (child == 0) {
        execvp(command[0], command);
        cli_complain("%s: %s", command[0], g_strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
    }
    /* The terminal sends its signals to the command as well; only those meant for us are passed on. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, forward);
    signal(SIGHUP, forward);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return CLI_FAILED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

CliExit cli_inhibit(Cli *cli, char **arguments)
{
    sd_bus_message *reply = NULL;
    g_autofree char *text = NULL;
    CliExit code;
    int fd, status;

    if (!arguments[0]) {
        cli_complain(_("a command is missing"));
        return CLI_USAGE;
    }
    text = why ? g_strdup(why) : g_strdup_printf("euicc inhibit %s", arguments[0]);
    code = cli_call(cli, _("inhibiting"), &reply, CLI_ROOT, CLI_BUS_NAME ".Manager", "Inhibit", "s",
                    text);
    if (code != CLI_OK)
        return code;
    /* The message keeps the lock; it is closed in the command, so that it ends with us. */
    if (sd_bus_message_read(reply, "h", &fd) <= 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        cli_complain(_("the answer of the daemon can't be read"));
        status = CLI_FAILED;
    } else {
        status = run_command(arguments);
    }
    sd_bus_message_unref(reply);
    return (CliExit)status;
}
