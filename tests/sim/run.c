/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* euicc-sim run: builds the world, runs a command in it, tears it down. */

#include <errno.h>
#include <ftw.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/card_wire.h"
#include "sim/control.h"
#include "sim/modem_port.h"
#include "sim/namespace.h"
#include "sim/programs.h"
#include "sim/world.h"
#include "sim/world_eim.h"
#include "sim/world_modem.h"

#define DEFAULT_WAIT 30 /* seconds */

typedef struct {
    WorldOptions world;
    char **command;
    gboolean remove_folder;
} Run;

static int remove_entry(const char *path, const struct stat *info G_GNUC_UNUSED,
                        int kind G_GNUC_UNUSED, struct FTW *walk G_GNUC_UNUSED)
{
    (void)remove(path);
    return 0;
}

static void clean_up(const Run *run)
{
    if (run->remove_folder)
        (void)nftw(run->world.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Asked to end before COMMAND runs: the parts end with this process. */
static gboolean on_early_end(gpointer data)
{
    clean_up(data);
    _exit(128 + SIGTERM);
}

static int build_and_run(gpointer data)
{
    Run *run = data;
    g_autoptr(GError) error = NULL;
    guint term = g_unix_signal_add(SIGTERM, on_early_end, run);
    guint interrupt = g_unix_signal_add(SIGINT, on_early_end, run);
    guint hangup = g_unix_signal_add(SIGHUP, on_early_end, run);
    g_autoptr(World) world = world_new(&run->world, &error);
    g_source_remove(term);
    g_source_remove(interrupt);
    g_source_remove(hangup);
    if (!world) {
        g_printerr("euicc-sim: %s\n", error->message);
        clean_up(run);
        return SIM_EXIT_WORLD;
    }
    int status = world_run_command(world, run->command);
    if (!world_stop(world) && status == 0)
        status = SIM_EXIT_WORLD;
    clean_up(run);
    return status;
}

static char *find_self(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    return n > 0 ? g_strndup(path, (gsize)n) : g_strdup("euicc-sim");
}

static char *find_daemon(const char *self)
{
    static const char *const places[] = { "euiccd", "../libexec/euiccd", "../sbin/euiccd" };
    g_autofree char *folder = g_path_get_dirname(self);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        char *path = g_build_filename(folder, places[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return path;
        g_free(path);
    }
    return g_find_program_in_path("euiccd");
}

static gboolean socket_is_free(void)
{
    int fd = sim_port_listen("qmi-proxy", NULL);
    if (fd >= 0)
        (void)g_close(fd, NULL);
    return fd >= 0;
}

/* Without a network namespace the proxy's one name is shared with the whole machine. */
static gboolean prepare_without_namespace(Run *run, const char *why)
{
    g_printerr("euicc-sim: running without namespaces (%s): ports and the name of qmi-proxy are "
               "shared with this machine\n",
               why);
    if (run->world.real_proxy || socket_is_free())
        return TRUE;
    if (geteuid() != 0) {
        g_printerr("euicc-sim: a qmi-proxy runs here already, and only root may use it: run as "
                   "root, or where user namespaces are allowed\n");
        return FALSE;
    }
    g_printerr("euicc-sim: a qmi-proxy runs here already: the modem goes behind it\n");
    run->world.real_proxy = TRUE;
    return TRUE;
}

static gboolean make_folder(Run *run, const char *given, gboolean keep, char **ret_folder,
                            GError **error)
{
    g_autofree char *folder = NULL;
    if (given) {
        if (g_mkdir_with_parents(given, 0700) < 0) {
            int code = errno;
            g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "make %s: %s", given,
                        g_strerror(code));
            return FALSE;
        }
        folder = g_canonicalize_filename(given, NULL);
    } else {
        folder = g_dir_make_tmp("euicc-sim-XXXXXX", error);
        if (!folder)
            return FALSE;
        run->remove_folder = !keep;
    }
    if (strlen(folder) > 80) { /* sockets in it have a limit of 107 */
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "%s: too long for the sockets in it (TMPDIR, --dir)", folder);
        return FALSE;
    }
    run->world.folder = *ret_folder = g_steal_pointer(&folder);
    return TRUE;
}

static char *make_card_path(const char *card)
{
    if (!card || g_str_has_prefix(card, SIM_CARD_WIRE_PREFIX))
        return g_strdup(card);
    return g_canonicalize_filename(card, NULL);
}

/* DISCOVERED: the option that lets the daemon find the modems itself, or NULL. */
static int check_choices(char **modems, const char *proxy, const char *discovered,
                         gboolean modem_manager)
{
    for (guint i = 0; modems && modems[i]; i++) {
        if (!sim_world_modem_is_kind(modems[i]) || i == 99) {
            g_printerr("euicc-sim run: --modem=%s: %s\n", modems[i],
                       i == 99 ? "too many" : "no such kind of modem; there are qmi, mbim, at");
            return SIM_EXIT_USAGE;
        }
        if (discovered && g_str_equal(modems[i], "at")) {
            g_printerr("euicc-sim run: --modem=at: not with %s: the daemon has to be told of a "
                       "modem that has no other port than one for AT commands\n",
                       discovered);
            return SIM_EXIT_USAGE;
        }
    }
    if (proxy && g_strcmp0(proxy, "fake") && g_strcmp0(proxy, "real")) {
        g_printerr("euicc-sim run: --proxy=%s: want fake or real\n", proxy);
        return SIM_EXIT_USAGE;
    }
    if (modem_manager && !g_strcmp0(proxy, "fake")) {
        g_printerr("euicc-sim run: --proxy=fake: not with --with-modemmanager, which wants the "
                   "real one\n");
        return SIM_EXIT_USAGE;
    }
    return SIM_EXIT_OK;
}

/* Replaces @FILE in the value of an option by what is in it. */
static gboolean read_json(const char *option, char **text, GError **error)
{
    if (!*text)
        return TRUE;
    g_autoptr(JsonObject) object = sim_object_from_text(*text, error);
    if (!object) {
        g_prefix_error(error, "%s: ", option);
        return FALSE;
    }
    g_autoptr(JsonNode) node = json_node_alloc();
    json_node_init_object(node, object);
    g_free(*text);
    *text = json_to_string(node, FALSE);
    return TRUE;
}

/* Those of --eim, or the usual one, and those that others run. */
static GPtrArray *make_eims(char **given, gboolean none, char **foreign, const char *trust,
                            GError **error)
{
    static const char *const usual[] = { SIM_DEFAULT_EIM_ID, NULL };
    g_autoptr(GPtrArray) eims = g_ptr_array_new_with_free_func((GDestroyNotify)sim_world_eim_free);
    if (none && given) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "--eim together with --no-eim");
        return NULL;
    }
    const char *const *descriptions = given ? (const char *const *)given : usual;
    for (guint i = 0; !none && descriptions[i]; i++) {
        SimWorldEim *eim = sim_world_eim_new(descriptions[i], i + 1, trust, error);
        if (!eim)
            return NULL;
        g_ptr_array_add(eims, eim);
    }
    for (guint i = 0; foreign && foreign[i]; i++) {
        SimWorldEim *eim = sim_world_eim_new_foreign(foreign[i], error);
        if (!eim)
            return NULL;
        g_ptr_array_add(eims, eim);
    }
    for (guint i = 0; i < eims->len; i++) {
        const char *id = ((SimWorldEim *)eims->pdata[i])->id;
        for (guint other = 0; other < i; other++) {
            if (g_str_equal(((SimWorldEim *)eims->pdata[other])->id, id)) {
                g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "eIM '%s' twice", id);
                return NULL;
            }
        }
    }
    return g_steal_pointer(&eims);
}

/* Those of one kind, in the order in which they are given. */
static gboolean add_servers(GPtrArray *servers, SimPkiServer kind, char **hosts, GError **error)
{
    for (guint i = 0; hosts && hosts[i]; i++) {
        SimWorldServer *server = sim_world_server_new(kind, hosts[i], i + 1, error);
        if (!server)
            return FALSE;
        g_ptr_array_add(servers, server);
    }
    return TRUE;
}

static const char summary[] =
    "Builds a world for euiccd: private system bus, test PKI, eIM, eUICC, a modem (QMI, MBIM or\n"
    "AT commands) and the daemon, in a user, network and PID namespace where possible. Runs\n"
    "COMMAND (default: $SHELL) in it with DBUS_SYSTEM_BUS_ADDRESS and EUICC_SIM_DIR set, tears\n"
    "everything down and exits with COMMAND's status; with 99 when the world could not be built,\n"
    "the daemon died or ended badly, or a sanitizer reported something.\n"
    "\n"
    "Inside, \"euicc-sim queue|wait|show|knob|daemon|part\" play with the world.";

int sim_run_main(int argc, char **argv)
{
    g_auto(GStrv) modems = NULL, daemon_args = NULL, eim = NULL, foreign_eims = NULL;
    g_auto(GStrv) smdp = NULL, smds = NULL, upps = NULL;
    g_autoptr(GPtrArray) eims = NULL;
    g_autoptr(GPtrArray) servers = g_ptr_array_new_with_free_func(sim_world_server_free);
    g_autofree char *proxy = NULL, *daemon = NULL, *daemon_arguments = NULL, *dir = NULL;
    g_autofree char *card = NULL, *pki = NULL, *setup = NULL, *knobs = NULL, *config = NULL;
    g_autofree char *policy = NULL, *eid = NULL, *trust = NULL, *folder = NULL, *why = NULL;
    int wait_seconds = DEFAULT_WAIT;
    gboolean no_wait = FALSE;
    gboolean udev = FALSE, wwan = FALSE, second_slot = FALSE, modem_manager = FALSE;
    gboolean no_eim = FALSE, no_daemon = FALSE, defer = FALSE, keep = FALSE, verbose = FALSE,
             no_namespace = FALSE;
    const GOptionEntry entries[] = {
        { "modem", 0, 0, G_OPTION_ARG_STRING_ARRAY, &modems,
          "A modem with a card, several times for several: qmi (default), mbim, at", "KIND" },
        { "proxy", 0, 0, G_OPTION_ARG_STRING, &proxy,
          "fake: the modem plays qmi-proxy and mbim-proxy (default); real: it stands behind the "
          "real one",
          "fake|real" },
        { "udev", 0, 0, G_OPTION_ARG_NONE, &udev,
          "The daemon discovers the modems as USB devices, in place of being told of them", NULL },
        { "wwan", 0, 0, G_OPTION_ARG_NONE, &wwan, "Likewise, as ports of PCIe modems", NULL },
        { "second-slot", 0, 0, G_OPTION_ARG_NONE, &second_slot,
          "The first modem has a second slot, with another card, which no eIM manages", NULL },
        { "with-modemmanager", 0, 0, G_OPTION_ARG_NONE, &modem_manager,
          "ModemManager is there too, behind the same proxy (means --udev --proxy=real)", NULL },
        { "knobs", 0, 0, G_OPTION_ARG_STRING, &knobs, "Behaviour of the modem", "JSON|@FILE" },
        { "card", 0, 0, G_OPTION_ARG_FILENAME, &card,
          "Card to use, made when it is not there (default: a new one), or served elsewhere",
          "FILE|tcp:HOST:PORT" },
        { "pki", 0, 0, G_OPTION_ARG_FILENAME, &pki, "PKI of the card and the eIM, likewise",
          "DIR" },
        { "setup", 0, 0, G_OPTION_ARG_STRING, &setup,
          "Set-up of a new card: members that replace the usual ones", "JSON|@FILE" },
        { "eim", 0, 0, G_OPTION_ARG_STRING_ARRAY, &eim,
          "An eIM of this world, several times for several (default: " SIM_DEFAULT_EIM_ID ")",
          "ID[,trust=KIND][,token=N][,unknown]" },
        { "no-eim", 0, 0, G_OPTION_ARG_NONE, &no_eim, "There is none", NULL },
        { "eim-configuration", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &foreign_eims,
          "An eIM of somebody else: EimConfigurationData for a new card", "FILE" },
        { "eim-trust", 0, 0, G_OPTION_ARG_STRING, &trust,
          "What a new card names of the eIM's TLS: its key (default), its certificate, its CA, "
          "nothing, a key that is none",
          "key|leaf|ca|none|bad" },
        { "smdp", 0, 0, G_OPTION_ARG_STRING_ARRAY, &smdp,
          "An SM-DP+ of this world, several times for several", "HOST" },
        { "smds", 0, 0, G_OPTION_ARG_STRING_ARRAY, &smds, "An SM-DS, likewise", "HOST" },
        { "upp", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &upps,
          "Unprotected profile package that the first SM-DP+ offers (may be given several times)",
          "FILE" },
        { "eid", 0, 0, G_OPTION_ARG_STRING, &eid, "EID of a new (first) card", "DIGITS" },
        { "daemon", 0, 0, G_OPTION_ARG_STRING, &daemon,
          "Daemon to run, with leading words like valgrind if wanted (default: the euiccd beside "
          "this program)",
          "PATH" },
        { "no-daemon", 0, 0, G_OPTION_ARG_NONE, &no_daemon, "Run none", NULL },
        { "defer-daemon", 0, 0, G_OPTION_ARG_NONE, &defer,
          "Do not start it before \"euicc-sim daemon start\"", NULL },
        { "wait", 0, 0, G_OPTION_ARG_INT, &wait_seconds,
          "How long to wait for the daemon to read the card before COMMAND (default: 30)",
          "SECONDS" },
        { "no-wait", 0, 0, G_OPTION_ARG_NONE, &no_wait, "Run COMMAND as soon as it runs", NULL },
        { "daemon-args", 0, 0, G_OPTION_ARG_STRING, &daemon_arguments, "Further arguments for it",
          "ARGS" },
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
          "Daemon settings that go over the generated ones", "FILE" },
        { "policy", 0, 0, G_OPTION_ARG_FILENAME, &policy,
          "Bus policy of the daemon (default: everything is allowed)", "FILE" },
        { "dir", 0, 0, G_OPTION_ARG_FILENAME, &dir,
          "Folder of the world, kept; one that was used before is continued", "DIR" },
        { "keep", 0, 0, G_OPTION_ARG_NONE, &keep, "Keep the temporary folder", NULL },
        { "no-namespace", 0, 0, G_OPTION_ARG_NONE, &no_namespace,
          "Use the machine's own network, processes and users", NULL },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "Say what is being done", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("[-- COMMAND…]");
    g_autoptr(GError) error = NULL;
    g_option_context_set_summary(context, summary);
    g_option_context_set_strict_posix(context, TRUE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) ||
        (daemon_arguments && !g_shell_parse_argv(daemon_arguments, NULL, &daemon_args, &error)) ||
        !read_json("--setup", &setup, &error) || !read_json("--knobs", &knobs, &error) ||
        !add_servers(servers, SIM_PKI_SMDP, smdp, &error) ||
        !add_servers(servers, SIM_PKI_SMDS, smds, &error) ||
        !(eims = make_eims(eim, no_eim, foreign_eims, trust, &error))) {
        g_printerr("euicc-sim run: %s\n", error->message);
        return SIM_EXIT_USAGE;
    }
    const char *discovered = modem_manager ? "--with-modemmanager"
                             : udev        ? "--udev"
                             : wwan        ? "--wwan"
                                           : NULL;
    if (check_choices(modems, proxy, discovered, modem_manager) != SIM_EXIT_OK)
        return SIM_EXIT_USAGE;
    if (wait_seconds < 0) {
        g_printerr("euicc-sim run: --wait=%d: want seconds\n", wait_seconds);
        return SIM_EXIT_USAGE;
    }

    g_autofree char *self = find_self();
    if (!daemon && !no_daemon)
        daemon = find_daemon(self);
    if (!daemon && !no_daemon) {
        g_printerr("euicc-sim run: no euiccd beside %s or in PATH; see --daemon, --no-daemon\n",
                   self);
        return SIM_EXIT_USAGE;
    }
    const char *shell = g_getenv("SHELL");
    char *default_command[] = { (char *)(shell ? shell : "/bin/sh"), NULL };
    char **command = argv + 1;
    if (command[0] && g_str_equal(command[0], "--"))
        command++;
    g_autofree char *card_path = make_card_path(card);
    g_autofree char *pki_path = pki ? g_canonicalize_filename(pki, NULL) : NULL;
    Run run = {
        .world = {
            .self = self,
            .daemon = no_daemon ? NULL : daemon,
            .daemon_args = daemon_args,
            .config = config,
            .policy = policy,
            .card = card_path,
            .pki = pki_path,
            .eims = eims,
            .servers = servers,
            .upps = upps,
            .setup = setup,
            .modems = modems,
            .knobs = knobs,
            .eid = eid,
            .real_proxy = modem_manager || g_strcmp0(proxy, "real") == 0,
            .udev = udev || wwan || modem_manager,
            .wwan = wwan,
            .second_slot = second_slot,
            .modem_manager = modem_manager,
            .defer_daemon = defer,
            .wait_for_card = no_wait ? 0 : (guint)wait_seconds,
            .verbose = verbose,
        },
        .command = command[0] ? command : default_command,
    };
    gboolean isolated = !no_namespace && sim_namespace_available(&why);
    if (!isolated && !prepare_without_namespace(&run, why ? why : "--no-namespace"))
        return SIM_EXIT_WORLD;
    if (!make_folder(&run, dir, keep, &folder, &error)) {
        g_printerr("euicc-sim run: %s\n", error->message);
        return SIM_EXIT_WORLD;
    }
    run.world.own_network = isolated;
    if (verbose || keep)
        g_printerr("euicc-sim: world in %s\n", folder);
    if (isolated)
        sim_namespace_run(build_and_run, &run);
    return build_and_run(&run);
}
