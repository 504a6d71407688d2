/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const CliCommand commands[] = {
    { .name = "status",
      .summary = N_("Show everything at a glance"),
      .takes_eid = TRUE,
      .run = cli_status },
    { .name = "list", .summary = N_("List the eUICCs"), .takes_eid = TRUE, .run = cli_list },
    { .name = "profiles",
      .summary = N_("List the profiles"),
      .takes_eid = TRUE,
      .run = cli_profiles },
    { .name = "eims", .summary = N_("List the eIMs"), .takes_eid = TRUE, .run = cli_eims },
    { .name = "modems", .summary = N_("List the modems"), .run = cli_modems },
    { .name = "diagnose",
      .arguments = N_("[MODEM]"),
      .summary = N_("Report what is known of the modems, and why one has no eUICC"),
      .description = N_(
          "For a report of trouble: each modem with its ports, firmware, and every step of the way "
          "to its eUICC with the raw answer. MODEM is a number of \"euicc modems\" or a port; "
          "without it all are reported."),
      .entries = cli_diagnose_entries,
      .most_arguments = 1,
      .run = cli_diagnose },
    { .name = "jobs",
      .summary = N_("List what the daemon does and did"),
      .takes_eid = TRUE,
      .run = cli_jobs },
    { .name = "poll",
      .arguments = N_("[EID]"),
      .summary = N_("Ask eIMs for packages, and wait for the end"),
      .description =
          N_("Without EID every eUICC is asked to poll each of its eIMs. EID may be the end "
             "of one."),
      .entries = cli_poll_entries,
      .takes_eid = TRUE,
      .most_arguments = 1,
      .run = cli_poll },
    { .name = "download",
      .arguments = N_("CODE"),
      .summary = N_("Download a profile, and wait for the end"),
      .description = N_(
          "CODE is an activation code; \"-\" reads it from standard input, so that it does not "
          "show in the "
          "list of processes. \"default\" asks the card's default SM-DP+, \"smds\" its SM-DS, and "
          "\"smds:ADDRESS\" another one."),
      .entries = cli_download_entries,
      .takes_eid = TRUE,
      .most_arguments = 1,
      .run = cli_download },
    { .name = "notifications",
      .arguments = N_("[EID]"),
      .summary = N_("Show how many notifications wait, or deliver them"),
      .entries = cli_notifications_entries,
      .takes_eid = TRUE,
      .most_arguments = 1,
      .run = cli_notifications },
    { .name = "monitor",
      .summary = N_("Show events as they happen, one a line"),
      .run = cli_monitor },
    { .name = "add-eim",
      .arguments = N_("FILE [EID]"),
      .summary = N_("Give an eUICC its first eIM"),
      .description =
          N_("FILE holds the eIM's configuration data in DER, as its operator supplies it."),
      .entries = cli_add_eim_entries,
      .takes_eid = TRUE,
      .most_arguments = 2,
      .run = cli_add_eim },
    { .name = "inhibit",
      .arguments = N_("COMMAND [ARGUMENT…]"),
      .summary = N_("Run a command while no job starts"),
      .description = N_("Exits with the exit status of the command."),
      .entries = cli_inhibit_entries,
      .takes_command = TRUE,
      .most_arguments = G_MAXUINT,
      .run = cli_inhibit },
    { .name = "cancel",
      .arguments = N_("JOB"),
      .summary = N_("End a job"),
      .most_arguments = 1,
      .run = cli_cancel },
    { .name = "rescan", .summary = N_("Look for modems and cards again"), .run = cli_rescan },
    { .name = "log-level",
      .arguments = N_("[LEVEL]"),
      .summary = N_("Show or set how much the daemon logs"),
      .description = N_("LEVEL is error, warning, notice, info or debug."),
      .most_arguments = 1,
      .run = cli_log_level },
    { .name = "version",
      .summary = N_("Show the versions of command and daemon"),
      .run = cli_version },
};

static Cli cli;
static gboolean show_version;

static const GOptionEntry global_entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &cli.json, N_("Print JSON for programs"), NULL },
    { "bus-address", 0, 0, G_OPTION_ARG_STRING, &cli.address,
      N_("Use this message bus instead of the system bus"), N_("ADDRESS") },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* Only of commands that show or use eUICCs. */
static const GOptionEntry eid_entries[] = {
    { "eid", 'e', 0, G_OPTION_ARG_STRING, &cli.eid,
      N_("Only the eUICC with this EID (or the end of one)"), N_("EID") },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

static const GOptionEntry first_entries[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, &show_version, N_("Show the version of this command"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

static char *make_overview(void)
{
    GString *text = g_string_new(_("Commands:"));

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(text, "\n  %-15s%s", commands[i].name, _(commands[i].summary));
    g_string_append(text, "\n\n");
    g_string_append(text,
                    _("Without a command: status. \"euicc COMMAND --help\" says more about each.\n"
                      "Exit status: 0 success, 1 failure, 2 wrong usage, 3 daemon not reachable, "
                      "4 not authorized."));
    return g_string_free(text, FALSE);
}

static const CliCommand *find_command(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static gboolean parse(GOptionContext *context, int *argc, char ***argv)
{
    g_autoptr(GError) error = NULL;

    if (g_option_context_parse(context, argc, argv, &error))
        return TRUE;
    cli_complain("%s", error->message);
    return FALSE;
}

/* Options before the command. */
static gboolean parse_first(int *argc, char ***argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(_("[COMMAND [ARGUMENT…]]"));
    g_autofree char *overview = make_overview();

    g_option_context_set_summary(context,
                                 _("Shows and controls the IoT Profile Assistant euiccd."));
    g_option_context_set_description(context, overview);
    g_option_context_set_strict_posix(context, TRUE);
    g_option_context_add_main_entries(context, global_entries, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, eid_entries, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, first_entries, GETTEXT_PACKAGE);
    return parse(context, argc, argv);
}

/* Options after it, the same and its own. ARGV starts at the command's name. */
static gboolean parse_command(const CliCommand *command, int *argc, char ***argv)
{
    g_autoptr(GOptionContext) context =
        g_option_context_new(command->arguments ? _(command->arguments) : NULL);
    g_autofree char *name = g_strdup_printf("euicc %s", command->name);

    g_set_prgname(name);
    g_option_context_set_summary(context, _(command->summary));
    if (command->description)
        g_option_context_set_description(context, _(command->description));
    g_option_context_set_strict_posix(context, command->takes_command);
    g_option_context_add_main_entries(context, global_entries, GETTEXT_PACKAGE);
    if (command->takes_eid)
        g_option_context_add_main_entries(context, eid_entries, GETTEXT_PACKAGE);
    if (command->entries)
        g_option_context_add_main_entries(context, command->entries, GETTEXT_PACKAGE);
    return parse(context, argc, argv);
}

static int run(int argc, char **argv)
{
    const CliCommand *command;
    char *default_arguments[] = { (char *)"status", NULL };
    char **arguments;
    CliExit code;

    if (!parse_first(&argc, &argv))
        return CLI_USAGE;
    if (show_version) {
        g_print("euicc %s\n", PACKAGE_VERSION);
        return CLI_OK;
    }
    if (argc > 1 && g_str_equal(argv[1], "--")) {
        argv++;
        argc--;
    }
    argc = argc > 1 ? argc - 1 : 1;
    arguments = argv[1] ? argv + 1 : default_arguments;
    command = find_command(arguments[0]);
    if (!command) {
        cli_complain(_("unknown command '%s'; see euicc --help"), arguments[0]);
        return CLI_USAGE;
    }
    if (!parse_command(command, &argc, &arguments))
        return CLI_USAGE;
    arguments++;
    argc--;
    if (argc > 0 && g_str_equal(arguments[0], "--")) {
        arguments++;
        argc--;
    }
    if (cli.eid && !command->takes_eid) {
        cli_complain(_("--eid means nothing to %s; see euicc %s --help"), command->name,
                     command->name);
        return CLI_USAGE;
    }
    if ((guint)argc > command->most_arguments) {
        cli_complain(_("too many arguments; see euicc %s --help"), command->name);
        return CLI_USAGE;
    }
    code = cli_connect(&cli);
    return code == CLI_OK ? command->run(&cli, arguments) : code;
}

int main(int argc, char **argv)
{
    int status;

    setlocale(LC_ALL, "");
#ifdef ENABLE_NLS
    bindtextdomain(GETTEXT_PACKAGE, LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
#endif
    g_set_prgname("euicc");
    status = run(argc, argv);
    sd_bus_flush_close_unref(cli.bus);
    g_free(cli.eid);
    g_free(cli.address);
    return status;
}
