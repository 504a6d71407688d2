/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent/agents.h"
#include "bus/bus.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/heap.h"
#include "util/log.h"

typedef struct {
    GMainLoop *loop;
    int exit_status;
} Program;

static gboolean on_signal(gpointer data)
{
    Program *program = data;

    log_info(NULL, "asked to end");
    g_main_loop_quit(program->loop);
    return G_SOURCE_CONTINUE;
}

static void on_bus_lost(const GError *error, gpointer data)
{
    Program *program = data;

    log_error(NULL, "%s", error->message);
    program->exit_status = EXIT_FAILURE;
    g_main_loop_quit(program->loop);
}

static gboolean on_watchdog(gpointer data)
{
    (void)data;
    sd_notify(FALSE, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* Only where the unit asks for it: the main loop proves that it is alive twice per period. */
static void start_watchdog(void)
{
    uint64_t period;

    if (sd_watchdog_enabled(FALSE, &period) > 0)
        g_timeout_add_seconds((guint)MAX(period / 2 / G_USEC_PER_SEC, 1), on_watchdog, NULL);
}

static gboolean run(const Config *config, Program *program, GError **error)
{
    g_autoptr(Agents) agents = NULL;
    g_autoptr(Bus) bus = NULL;
    guint term, interrupt;

    agents = agents_new(config);
    bus = bus_new(agents, on_bus_lost, program, error);
    if (!bus || !agents_watch_modem_manager(agents, bus_get_connection(bus), error) ||
        !agents_start(agents, error))
        return FALSE;
    program->loop = g_main_loop_new(NULL, FALSE);
    term = g_unix_signal_add(SIGTERM, on_signal, program);
    interrupt = g_unix_signal_add(SIGINT, on_signal, program);
    start_watchdog();
    log_full(NULL, LOG_LEVEL_INFO, LOG_EVENT_STARTED, "euiccd " PACKAGE_VERSION " is ready");
    sd_notify(FALSE, "READY=1");

    g_main_loop_run(program->loop);

    sd_notify(FALSE, "STOPPING=1");
    g_source_remove(term);
    g_source_remove(interrupt);
    g_clear_pointer(&program->loop, g_main_loop_unref);
    agents_stop(agents);
    /* The bus shows the agents, so it goes first. */
    g_clear_pointer(&bus, bus_free);
    return TRUE;
}

/* One daemon for what is kept, whatever bus it is on. Before any modem is opened: to take up a modem is to close
 * the channels that a dead predecessor left open, and a living one needs its own. */
static gboolean lock_and_run(const Config *config, Program *program, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean ok;
    int lock;

    if (!file_make_folder(config->state_directory, error))
        return FALSE;
    lock = file_lock_folder(config->state_directory, &local);
    if (lock < 0) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s",
                                   euiccd_error_is(local, EUICCD_ERROR_BUSY)
                                       ? "another euiccd serves this state folder: "
                                       : "");
        return FALSE;
    }
    ok = run(config, program, error);
    close(lock);
    return ok;
}

int main(int argc, char **argv)
{
    g_autofree char *config_path = NULL, *state_directory = NULL, *level_text = NULL;
    gboolean show_version = FALSE;
    const GOptionEntry options[] = {
        { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path,
          "Configuration file (default " CONFIG_DEFAULT_PATH ")", "FILE" },
        { "state-dir", 's', 0, G_OPTION_ARG_FILENAME, &state_directory,
          "Folder for what must survive a restart", "FOLDER" },
        { "log-level", 'l', 0, G_OPTION_ARG_STRING, &level_text,
          "error, warning, notice, info or debug", "LEVEL" },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &show_version, "Show the version and exit", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(Config) config = NULL;
    g_autoptr(GError) error = NULL;
    Program program = { .exit_status = EXIT_SUCCESS };
    LogLevel level = LOG_LEVEL_INFO;

    heap_init();
    setlocale(LC_ALL, "");
    /* A server or a journal that closes its end is an error of a call, not the end of the daemon. */
    signal(SIGPIPE, SIG_IGN);
    g_option_context_set_summary(context, "Linux IoT Profile Assistant: manages the eUICCs behind "
                                          "this machine's modems for their eIMs.");
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "euiccd: %s\n", error->message);
        return EX_USAGE;
    }
    if (argc > 1) {
        fprintf(stderr, "euiccd: unexpected argument '%s'\n", argv[1]);
        return EX_USAGE;
    }
    if (show_version) {
        puts("euiccd " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    if (level_text && !log_level_from_string(level_text, &level)) {
        fprintf(stderr, "euiccd: '%s' is no log level\n", level_text);
        return EX_USAGE;
    }
    log_init(level);
    config = config_load(config_path, &error);
    if (!config) {
        log_error(NULL, "%s", error->message);
        return EX_CONFIG;
    }
    if (!level_text)
        log_set_level(config->log_level);
    if (state_directory) {
        g_free(config->state_directory);
        config->state_directory = g_steal_pointer(&state_directory);
    }
    if (!lock_and_run(config, &program, &error)) {
        log_error(NULL, "%s", error->message);
        return EXIT_FAILURE;
    }
    return program.exit_status;
}
