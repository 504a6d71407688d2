/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bus/bus.h"
#include "fake-agents.h"
#include "fake-authority.h"
#include "private-bus.h"
#include "util/log.h"

/*
 * Runs the built euicc command (EUICC_CLI, or ../../euicc beside this program) against a daemon that is
 * this same program in another role: the real bus folder over agents that are made up.
 */

#define DAEMON_ROLE "--be-the-daemon"

/* What a fixture is set up with: polkit's answer, or no daemon at all. */
#define ALLOW     NULL
#define DENY      "deny"
#define NO_DAEMON "no daemon"
#define NO_EUICC  "no eUICC" /* but a modem, which refuses it */
#define NO_MODEM  "no modem"

static const char *program;

static void on_lost(const GError *error, gpointer data)
{
    (void)error;
    g_main_loop_quit(data);
}

static gboolean on_input(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    (void)channel, (void)condition;
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

static ModemSnapshot *refusing_modem_new(void)
{
    ModemSnapshot *modem = fake_modem_new(2);

    modem->state = MODEM_UNAVAILABLE;
    g_free(modem->state_reason);
    modem->state_reason = g_strdup("opening a channel: the modem refused (AccessDenied)");
    modem->eid[0] = '\0';
    return modem;
}

/* Says "ready" when it can be used; ends when its input does. */
static int be_the_daemon(const char *answer)
{
    Authority *authority = authority_new();
    g_autoptr(Agents) agents = agents_new(NULL);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(Bus) bus = NULL;
    g_autoptr(GIOChannel) input = g_io_channel_unix_new(STDIN_FILENO);

    log_set_level(LOG_LEVEL_ERROR);
    authority->authorized = !g_str_equal(answer, DENY);
    if (!g_str_equal(answer, NO_EUICC) && !g_str_equal(answer, NO_MODEM)) {
        fake_agents_put_euicc(agents, fake_euicc_new(FAKE_EID));
        fake_agents_put_modem(agents, fake_modem_new(1));
    } else if (g_str_equal(answer, NO_EUICC)) {
        fake_agents_put_modem(agents, refusing_modem_new());
    }
    fake_agents_set_automatic(agents, TRUE);
    bus = bus_new(agents, on_lost, loop, &error);
    if (!bus)
        g_error("%s", error->message);
    g_io_add_watch(input, G_IO_IN | G_IO_HUP, on_input, loop);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return 1;
    g_main_loop_run(loop);
    authority_free(authority);
    return 0;
}

typedef struct {
    PrivateBus *message_bus;
    GSubprocess *daemon;
    char *output; /* of the last command */
    char *errors;
} Fixture;

static char *read_line(GSubprocess *process)
{
    /* One octet at a time, so that nothing is read ahead. */
    GInputStream *stream = g_subprocess_get_stdout_pipe(process);
    GString *line = g_string_new(NULL);
    char c;

    while (g_input_stream_read(stream, &c, 1, NULL, NULL) == 1 && c != '\n')
        g_string_append_c(line, c);
    return g_string_free(line, FALSE);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;

    f->message_bus = private_bus_new();
    if (g_strcmp0(data, NO_DAEMON) == 0)
        return;
    f->daemon =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                         "/proc/self/exe", DAEMON_ROLE, data ? (const char *)data : "allow", NULL);
    g_assert_no_error(error);
    line = read_line(f->daemon);
    g_assert_cmpstr(line, ==, "ready");
}

static void stop_daemon(Fixture *f)
{
    if (!f->daemon)
        return;
    g_output_stream_close(g_subprocess_get_stdin_pipe(f->daemon), NULL, NULL);
    g_subprocess_wait(f->daemon, NULL, NULL);
    g_assert_true(g_subprocess_get_if_exited(f->daemon));
    g_assert_cmpint(g_subprocess_get_exit_status(f->daemon), ==, 0);
    g_clear_object(&f->daemon);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    stop_daemon(f);
    private_bus_free(f->message_bus);
    g_free(f->output);
    g_free(f->errors);
}

/* Runs "euicc LINE" with INPUT and returns its exit status. */
static int euicc_fed(Fixture *f, const char *line, const char *input)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *text = g_strconcat("euicc ", line, NULL);
    g_auto(GStrv) argv = NULL;

    g_assert_true(g_shell_parse_argv(text, NULL, &argv, &error));
    g_free(argv[0]);
    argv[0] = g_strdup(program);
    g_clear_pointer(&f->output, g_free);
    g_clear_pointer(&f->errors, g_free);
    process = g_subprocess_newv((const char *const *)argv,
                                G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                    G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                &error);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8(process, input, NULL, &f->output, &f->errors, &error);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_get_if_exited(process));
    return g_subprocess_get_exit_status(process);
}

static int euicc(Fixture *f, const char *line)
{
    return euicc_fed(f, line, NULL);
}

/* Without polkit in the daemon only root gets anything changed. */
static gboolean may_change(void)
{
#ifndef HAVE_POLKIT
    if (geteuid() != 0) {
        g_test_skip("built without polkit");
        return FALSE;
    }
#endif
    return TRUE;
}

/* The output must be the file tests/data/cli/NAME. EUICC_UPDATE_GOLDEN=1 writes it anew. */
static void assert_golden(const char *output, const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "cli", name, NULL);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("EUICC_UPDATE_GOLDEN"))
        g_file_set_contents(path, output, -1, &error);
    g_assert_no_error(error);
    g_file_get_contents(path, &expected, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(output, ==, expected);
}

static void test_golden(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *arguments, *columns, *file;
    } cases[] = {
        { "", NULL, "status.txt" },
        { "status --json", NULL, "status.json" },
        { "list", NULL, "list.txt" },
        { "list -j", NULL, "list.json" },
        { "profiles", NULL, "profiles.txt" },
        { "profiles", "80", "profiles-80.txt" },
        { "profiles --json", NULL, "profiles.json" },
        { "eims", NULL, "eims.txt" },
        { "eims", "80", "eims-80.txt" },
        { "eims --json --eid 1235", NULL, "eims.json" },
        { "modems", NULL, "modems.txt" },
        { "modems --json", NULL, "modems.json" },
        { "jobs", NULL, "jobs.txt" },
        { "version", NULL, "version.txt" },
        { "--help", NULL, "help.txt" },
        { "poll --help", NULL, "help-poll.txt" },
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].columns)
            setenv("COLUMNS", cases[i].columns, 1);
        else
            unsetenv("COLUMNS");
        g_assert_cmpint(euicc(f, cases[i].arguments), ==, 0);
        g_assert_cmpstr(f->errors, ==, "");
        if (g_str_has_prefix(cases[i].file, "version") ||
            g_str_has_prefix(cases[i].file, "status")) {
            g_autoptr(GString) text = g_string_new(f->output);
            g_autofree char *kernel = NULL, *machine = NULL;
            struct utsname host;

            g_assert_cmpint(uname(&host), ==, 0);
            kernel = g_strdup_printf("\"Kernel\" : \"%s\"", host.release);
            machine = g_strdup_printf("\"Machine\" : \"%s\"", host.machine);
            g_string_replace(text, PACKAGE_VERSION, "VERSION", 0);
            g_string_replace(text, kernel, "\"Kernel\" : \"KERNEL\"", 0);
            g_string_replace(text, machine, "\"Machine\" : \"MACHINE\"", 0);
            assert_golden(text->str, cases[i].file);
        } else {
            assert_golden(f->output, cases[i].file);
        }
    }
    unsetenv("COLUMNS");
}

static void test_exit_codes(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *arguments;
        int status;
        const char *errors;
    } cases[] = {
        { "frobnicate", 2, "unknown command 'frobnicate'" },
        { "--frobnicate", 2, "frobnicate" },
        { "list --frobnicate", 2, "frobnicate" },
        { "list superfluous", 2, "too many arguments" },
        { "cancel", 2, "number of a job" },
        { "cancel x", 2, "'x' is no number of a job" },
        { "cancel /org/euiccd1/job/x", 2, "is no number of a job" },
        { "cancel 99", 1, "cancelling job 99" },
        { "inhibit", 2, "a command is missing" },
        { "add-eim", 2, "name of a file" },
        { "add-eim /nonexistent", 1, "/nonexistent" },
        { "--eid 4711 list", 1, "there is no eUICC 4711" },
        { "--eid 4711 modems", 2, "--eid means nothing to modems" },
        { "modems --eid 4711", 2, "--eid" },
        { "diagnose -e 4711", 2, "-e" },
        { "poll 4711", 1, "there is no eUICC 4711" },
        { "diagnose 9", 1, "there is no modem 9" },
        { "diagnose 1 2", 2, "too many arguments" },
        { "diagnose --frobnicate", 2, "frobnicate" },
        { "poll --eim nobody", 1, "there is no eIM nobody" },
        { "--bus-address unix:path=/nonexistent list", 3, "can't reach the message bus" },
        { "log-level loud", 1, "'loud' is no log level" },
        { "rescan", 0, NULL },
        { "-- version", 0, NULL },
        { "--version", 0, NULL },
    };

    (void)data;
    if (!may_change())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("euicc %s", cases[i].arguments);
        g_assert_cmpint(euicc(f, cases[i].arguments), ==, cases[i].status);
        if (cases[i].errors)
            g_assert_nonnull(strstr(f->errors, cases[i].errors));
        else
            g_assert_cmpstr(f->errors, ==, "");
    }
}

static void test_poll(Fixture *f, gconstpointer data)
{
    (void)data;
    if (!may_change())
        return;
    g_assert_cmpint(euicc(f, "poll"), ==, 0);
    g_assert_cmpstr(f->output, ==,
                    "job 1: queued\n"
                    "job 1: contacting eim.example.com (25 %)\n"
                    "job 1: executing-package eim.example.com (75 %)\n"
                    "job 1: done (100 %)\n"
                    "job 1: finished\n");
    g_assert_cmpint(euicc(f, "poll --eim eim.broken.example 1235"), ==, 1);
    g_assert_cmpstr(f->output, ==,
                    "job 2: queued\n"
                    "job 2: contacting eim.broken.example (25 %)\n");
    g_assert_cmpstr(
        f->errors, ==,
        "euicc: job 2 failed: polling eim.broken.example: the server's key is not the one "
        "the card names (org.euiccd1.Error.Tls)\n");
    g_assert_cmpint(euicc(f, "poll --json"), ==, 0);
    assert_golden(f->output, "poll.json");
    g_assert_cmpint(euicc(f, "poll --no-wait"), ==, 0);
    g_assert_cmpstr(f->output, ==, "job 4 started\n");
    g_assert_cmpint(euicc(f, "jobs --json"), ==, 0);
    g_assert_nonnull(strstr(f->output, "org.euiccd1.Error.Tls"));
}

static void test_add_eim(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *line = NULL;
    int fd;

    (void)data;
    if (!may_change())
        return;
    fd = g_file_open_tmp("eim-XXXXXX", &path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(write(fd, "\xBF\x57\x00", 3), ==, 3);
    close(fd);
    line = g_strdup_printf("add-eim %s", path);
    g_assert_cmpint(euicc(f, line), ==, 0);
    g_assert_nonnull(strstr(f->output, "job 1: finished"));
    g_remove(path);
}

/* No terminal: plain lines. What is secret comes from standard input, one line after the other. */
static void test_download(Fixture *f, gconstpointer data)
{
    (void)data;
    if (!may_change())
        return;
    g_assert_cmpint(euicc(f, "download 'LPA:1$smdp.example.com$TOKEN'"), ==, 0);
    g_assert_cmpstr(f->output, ==,
                    "job 1: queued\n"
                    "job 1: contacting smdp.example.com (25 %)\n"
                    "job 1: executing-package smdp.example.com (75 %)\n"
                    "job 1: done (100 %)\n"
                    "job 1: finished: " FAKE_ICCID "\n");
    g_assert_cmpint(euicc(f, "download default --confirmation-code=4711 --consent"), ==, 0);
    g_assert_nonnull(strstr(f->output, "job 2: contacting default+code+consent (25 %)\n"));
    g_assert_cmpint(euicc_fed(f, "download - --confirmation-code=-",
                              " 1$stdin.example.com$TOKEN\r\n4711\nmore\n"),
                    ==, 0);
    g_assert_nonnull(strstr(f->output, "job 3: contacting stdin.example.com+code (25 %)\n"));
    g_assert_cmpint(euicc_fed(f, "download -", "1$last.example.com$TOKEN"), ==, 0);
    g_assert_nonnull(strstr(f->output, "job 4: contacting last.example.com (25 %)\n"));
    g_assert_cmpint(euicc(f, "download smds --no-wait"), ==, 0);
    g_assert_cmpstr(f->output, ==, "job 5 started\n");
    g_assert_cmpint(euicc(f, "download default --json"), ==, 0);
    g_assert_nonnull(strstr(f->output, "\"Result\" : \"" FAKE_ICCID "\""));
}

static void test_download_refused(Fixture *f, gconstpointer data)
{
    g_autofree char *endless = g_strnfill(5000, 'x');
    static const struct {
        const char *line, *input;
        int status;
        const char *errors;
    } cases[] = {
        { "download", NULL, 2, "an activation code is missing" },
        { "download -", "", 2, "nothing on standard input" },
        { "download -", "\n1$a$b\n", 2, "nothing on standard input" },
        { "download - --confirmation-code=-", "1$a.example$b\n", 2, "nothing on standard input" },
        { "download bad", NULL, 1, "the activation code has no address" },
        { "download a b", NULL, 2, "too many arguments" },
        { "download default --eid 4711", NULL, 1, "there is no eUICC 4711" },
    };

    (void)data;
    if (!may_change())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("euicc %s", cases[i].line);
        g_assert_cmpint(euicc_fed(f, cases[i].line, cases[i].input), ==, cases[i].status);
        g_assert_nonnull(strstr(f->errors, cases[i].errors));
    }
    g_assert_cmpint(euicc_fed(f, "download -", endless), ==, 2);
    g_assert_nonnull(strstr(f->errors, "too long"));
    g_assert_cmpint(euicc(f, "jobs --json"), ==, 0);
    g_assert_cmpstr(f->output, ==, "[]\n");
}

static void test_notifications(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(euicc(f, "notifications"), ==, 0);
    g_assert_cmpstr(f->output, ==,
                    "EID                               PENDING  OLDEST            REASON\n" FAKE_EID
                    "        2  2026-09-21 11:26  smdp.example.com: HandleNotification: the server "
                    "answered HTTP status 503\n");
    g_assert_cmpint(euicc(f, "notifications --json"), ==, 0);
    g_assert_nonnull(strstr(f->output, "\"OldestNotification\" : 1789990000000000"));
    g_assert_nonnull(strstr(f->output, "\"NotificationError\" : \"smdp.example.com: Handle"));
    g_assert_cmpint(euicc(f, "notifications 4711"), ==, 1);
    if (!may_change())
        return;
    g_assert_cmpint(euicc(f, "notifications --deliver"), ==, 0);
    g_assert_nonnull(strstr(f->output, "job 1: finished\n"));
}

static void assert_output(const Fixture *f, const char *part)
{
    if (!strstr(f->output, part))
        g_error("no '%s' in:\n%s", part, f->output);
}

/* A report for people and for programs: no whole number in it, unless asked for. */
static void test_diagnose(Fixture *f, gconstpointer data)
{
    static const char *const forms[] = { "diagnose", "diagnose 1", "diagnose cdc-wdm0",
                                         "diagnose /org/euiccd1/modem/1", "diagnose --json" };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_assert_cmpint(euicc(f, forms[i]), ==, 0);
        g_assert_cmpstr(f->errors, ==, "");
        assert_output(f, "5A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx12359000");
        assert_output(f, "AccessDenied");
        assert_output(f, "xxxxxxxxxxx7518");
        g_assert_null(strstr(f->output, FAKE_EID));
        g_assert_null(strstr(f->output, FAKE_IMEI));
        g_assert_null(strstr(f->output, "89000000000000000018"));
    }
    g_assert_cmpint(euicc(f, "diagnose"), ==, 0);
    assert_output(f, "modem 1\n");
    assert_output(f, "/dev/cdc-wdm0 over qmi, driver qmi_wwan; why: first of its ports");
    assert_output(f, "firmware  Example EX-1 1.0.7");
    assert_output(f, "libqmi 1.2.3");
    assert_output(f, "failed /dev/cdc-wdm0: UIM Open Logical Channel\n");
    g_assert_null(strstr(f->output, "What to look at"));
    if (!may_change())
        return;
    g_assert_cmpint(euicc(f, "diagnose --unmasked --probe"), ==, 0);
    assert_output(f, "5A10" FAKE_EID "9000");
    assert_output(f, FAKE_IMEI);
    g_assert_cmpint(euicc(f, "jobs"), ==, 0);
    assert_output(f, "start");
}

/* A modem without an eUICC says why wherever one looks. */
static void test_no_euicc(Fixture *f, gconstpointer data)
{
    const char *why = "modem 2 (/dev/cdc-wdm0) has no eUICC: opening a channel: the modem refused "
                      "(AccessDenied)\n";

    (void)data;
    g_assert_cmpint(euicc(f, "status"), ==, 0);
    assert_output(f, why);
    g_assert_cmpint(euicc(f, "list"), ==, 0);
    g_assert_cmpstr(f->errors, ==, why);
    g_assert_cmpint(euicc(f, "list --json"), ==, 0);
    g_assert_cmpstr(f->output, ==, "[]\n");
    g_assert_cmpint(euicc(f, "diagnose"), ==, 0);
    assert_output(f, "unavailable: opening a channel: the modem refused (AccessDenied)");
    assert_output(f, "What to look at");
    /* Nobody knows its numbers, and they are hidden all the same. */
    assert_output(f, "5A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    g_assert_null(strstr(f->output, FAKE_EID));
}

static void test_no_modem(Fixture *f, gconstpointer data)
{
    g_autoptr(JsonNode) node = NULL;
    JsonObject *object;

    (void)data;
    g_assert_cmpint(euicc(f, "status"), ==, 0);
    assert_output(f, "1 modem is not used (see allow and ignore in euiccd.conf)");
    g_assert_cmpint(euicc(f, "list"), ==, 0);
    g_assert_nonnull(strstr(f->errors, "1 modem is not used"));
    g_assert_cmpint(euicc(f, "modems --json"), ==, 0);
    g_assert_cmpstr(f->output, ==, "[]\n");
    g_assert_cmpint(euicc(f, "diagnose"), ==, 0);
    assert_output(f, "qmi_wwan");
    assert_output(f, "cdc_mbim");
    assert_output(f, "euiccd " PACKAGE_VERSION ", libqmi 1.2.3, kernel ");
    assert_output(f, "discover=yes, allow=xxxxxxxxxxx7518");
    assert_output(f, "1 modem was found and is not used:\n"
                     "    /sys/devices/usb1/1-2: [modems] allow\n");
    assert_output(f, "\"allow\" and \"ignore\"");
    g_assert_cmpint(euicc(f, "diagnose --json"), ==, 0);
    node = json_from_string(f->output, NULL);
    g_assert_nonnull(node);
    object = json_node_get_object(node);
    g_assert_cmpstr(
        json_object_get_string_member(json_object_get_object_member(object, "Versions"), "Daemon"),
        ==, PACKAGE_VERSION);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(object, "Configuration")),
                     ==, 2);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(object, "Excluded")), ==,
                     1);
}

static void test_not_authorized(Fixture *f, gconstpointer data)
{
    (void)data;
#ifndef HAVE_POLKIT
    if (geteuid() == 0) {
        g_test_skip("built without polkit, and root");
        return;
    }
#endif
    g_assert_cmpint(euicc(f, "poll"), ==, 4);
    g_assert_cmpint(euicc(f, "rescan"), ==, 4);
    g_assert_cmpint(euicc(f, "download default"), ==, 4);
    g_assert_cmpint(euicc(f, "notifications --deliver"), ==, 4);
    g_assert_cmpint(euicc(f, "notifications"), ==, 0);
    g_assert_cmpint(euicc(f, "diagnose --probe"), ==, 4);
    g_assert_cmpint(euicc(f, "diagnose --unmasked"), ==, 4);
    g_assert_cmpint(euicc(f, "diagnose"), ==, 0);
    g_assert_cmpint(euicc(f, "inhibit -- true"), ==, 4);
    g_assert_cmpint(euicc(f, "log-level debug"), ==, 4);
    g_assert_nonnull(strstr(f->errors, "org.euiccd1.Error.NotAuthorized"));
    g_assert_cmpint(euicc(f, "log-level"), ==, 0);
}

static void test_inhibit(Fixture *f, gconstpointer data)
{
    g_autofree char *line = NULL;

    (void)data;
    if (!may_change())
        return;
    line = g_strdup_printf("inhibit --why testing -- sh -c '%s status; %s poll; exit 7' --no-wait",
                           program, program);
    g_assert_cmpint(euicc(f, line), ==, 7);
    g_assert_nonnull(strstr(f->output, "testing\n"));
    g_assert_nonnull(strstr(f->errors, "org.euiccd1.Error.Inhibited"));
    g_assert_cmpint(euicc(f, "inhibit -- /nonexistent/command"), ==, 127);
    g_assert_cmpint(euicc(f, "inhibit -- sh -c 'kill -TERM $$'"), ==, 128 + SIGTERM);
    g_assert_cmpint(euicc(f, "poll"), ==, 0);
}

/* Time, then the rest of the line. */
static void expect_event(GSubprocess *monitor, const char *expected)
{
    g_autofree char *line = read_line(monitor);

    g_assert_cmpuint(strlen(line), >, 9);
    g_assert_true(g_str_has_prefix(line + 9, expected));
}

static void test_monitor(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) monitor =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "monitor", NULL);

    (void)data;
    g_assert_no_error(error);
    expect_event(monitor, "org.euiccd1 present Version=" PACKAGE_VERSION);
    if (may_change()) {
        g_assert_cmpint(euicc(f, "poll --eim eim.broken.example"), ==, 1);
        expect_event(monitor, "job/1 added Eid=" FAKE_EID " Kind=poll Cause='bus :");
        expect_event(monitor, "job/1 changed Stage='contacting eim.broken.example' Progress='25 %' "
                              "State=running");
        expect_event(monitor, "job/1 changed State=failed Error=org.euiccd1.Error.Tls");
        expect_event(monitor, "job/1 finished Success=false Error=org.euiccd1.Error.Tls");
    }
    stop_daemon(f);
    expect_event(monitor, "org.euiccd1 stopped");
    g_subprocess_send_signal(monitor, SIGTERM);
    g_subprocess_wait(monitor, NULL, NULL);
}

static void test_absent(Fixture *f, gconstpointer data)
{
    static const char *const lines[] = {
        "",         "status",    "list --json", "profiles", "eims",
        "jobs",     "poll",      "rescan",      "version",  "inhibit true",
        "cancel 1", "log-level", "modems",      "diagnose", "diagnose --json",
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_cmpint(euicc(f, lines[i]), ==, 3);
        g_assert_nonnull(strstr(f->errors, "euiccd can't be reached"));
    }
    g_assert_cmpint(euicc(f, "diagnose"), ==, 3);
    assert_output(f, "systemctl status euiccd");
    g_assert_cmpint(euicc(f, "diagnose --json"), ==, 3);
    g_assert_cmpstr(f->output, ==, "");
}

/* The daemon goes while a job is waited for. */
static void test_stopped(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) poll = NULL;
    g_autofree char *line = NULL;

    (void)data;
    if (!may_change())
        return;
    poll = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                            &error, program, "poll", "--eim", "eim.slow.example", NULL);
    g_assert_no_error(error);
    for (guint i = 0; i < 2; i++) {
        g_clear_pointer(&line, g_free);
        line = read_line(poll);
    }
    g_assert_cmpstr(line, ==, "job 1: contacting eim.slow.example (25 %)");
    stop_daemon(f);
    g_subprocess_wait(poll, NULL, NULL);
    g_assert_cmpint(g_subprocess_get_exit_status(poll), ==, 3);
}

#define add(path, data, function) g_test_add(path, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_autofree char *built = NULL;

    if (argc == 3 && g_str_equal(argv[1], DAEMON_ROLE))
        return be_the_daemon(argv[2]);
    g_test_init(&argc, &argv, NULL);
    built = g_test_build_filename(G_TEST_BUILT, "..", "..", "euicc", NULL);
    program = g_getenv("EUICC_CLI") ? g_getenv("EUICC_CLI") : built;
    setenv("TZ", "UTC", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("LANGUAGE", "", 1);
    unsetenv("COLUMNS");
    add("/cli/golden", ALLOW, test_golden);
    add("/cli/exit-codes", ALLOW, test_exit_codes);
    add("/cli/poll", ALLOW, test_poll);
    add("/cli/download", ALLOW, test_download);
    add("/cli/download-refused", ALLOW, test_download_refused);
    add("/cli/notifications", ALLOW, test_notifications);
    add("/cli/add-eim", ALLOW, test_add_eim);
    add("/cli/inhibit", ALLOW, test_inhibit);
    add("/cli/diagnose", ALLOW, test_diagnose);
    add("/cli/no-euicc", NO_EUICC, test_no_euicc);
    add("/cli/no-modem", NO_MODEM, test_no_modem);
    add("/cli/not-authorized", DENY, test_not_authorized);
    add("/cli/monitor", ALLOW, test_monitor);
    add("/cli/stopped", ALLOW, test_stopped);
    add("/cli/absent", NO_DAEMON, test_absent);
    return g_test_run();
}
