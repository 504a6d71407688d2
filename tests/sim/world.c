/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/card_wire.h"
#include "sim/pki.h"
#include "sim/programs.h"
#include "sim/udev_device.h"
#include "sim/world_bus.h"
#include "sim/world_private.h"
#include "sim/world_setup.h"

#define DAEMON_TIMEOUT 120
#define STOP_TIMEOUT   30
#define LOG_TAIL       60 /* lines */

#define BUS_NAME    "org.euiccd1"
#define ROOT_OBJECT "/org/euiccd1"
#define EUICC       "org.euiccd1.Euicc"

char *sim_world_path(const World *world, const char *name)
{
    return g_build_filename(world->options->folder, name, NULL);
}

static void say(const World *world, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(const World *world, const char *format, ...)
{
    if (!world->options->verbose)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("euicc-sim: %s\n", text);
}

static void show_log(const SimPart *part)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(sim_part_get_log(part), &text, NULL, NULL) || !*text)
        return;
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    guint n = g_strv_length(lines);
    g_printerr("--- %s, last lines\n", sim_part_get_log(part));
    for (guint i = n > LOG_TAIL ? n - LOG_TAIL : 0; i < n; i++)
        g_printerr("%s\n", lines[i]);
    g_printerr("---\n");
}

static void on_died(SimPart *part, gpointer data)
{
    World *world = data;
    g_printerr("euicc-sim: %s ended by itself\n", sim_part_get_name(part));
    show_log(part);
    world->failed = TRUE;
}

SimPart *sim_world_add_part(World *world, const char *name, char **argv, SimPartReady ready)
{
    SimPart *part = sim_part_new(name, world->options->folder, argv, ready);
    sim_part_set_died(part, on_died, world);
    g_ptr_array_add(world->parts, part);
    return part;
}

gboolean sim_world_start_part(World *world, SimPart *part, guint timeout, char **ret_line,
                              GError **error)
{
    if (!sim_part_start(part, timeout, ret_line, error)) {
        show_log(part);
        return FALSE;
    }
    say(world, "%s runs (process %d), log %s", sim_part_get_name(part), (int)sim_part_get_pid(part),
        sim_part_get_log(part));
    return TRUE;
}

/* ---- the parts ---- */

static gboolean start_bus(World *world, GError **error)
{
    g_autofree char *config = sim_world_path(world, "bus.conf");
    g_autofree char *socket = sim_world_path(world, "bus");
    g_autofree char *config_arg = g_strconcat("--config-file=", config, NULL);
    if (!sim_write_bus_config(config, socket, world->options->policy, error))
        return FALSE;
    char *argv[] = { (char *)"dbus-daemon", config_arg, (char *)"--nofork",
                     (char *)"--print-address=@FD@", NULL };
    world->bus = sim_world_add_part(world, "bus", argv, SIM_PART_READY_LINE);
    if (!sim_world_start_part(world, world->bus, SIM_START_TIMEOUT, NULL, error))
        return FALSE;
    world->bus_address = g_strconcat("unix:path=", socket, NULL);
    return TRUE;
}

static const SimWorldModem *first_modem(const World *world)
{
    return world->modems->pdata[0];
}

static gboolean make_card_pkis(World *world, GError **error)
{
    for (guint i = 0; i < world->modems->len; i++)
        if (!sim_world_modem_make_pki(world->modems->pdata[i], world->pki, error))
            return FALSE;
    return TRUE;
}

static gboolean make_pki(World *world, GError **error)
{
    const SimWorldModem *first = first_modem(world);
    g_autofree char *mark = g_build_filename(world->pki, "eimtls.der", NULL);
    if (g_file_test(mark, G_FILE_TEST_EXISTS))
        return make_card_pkis(world, error);
    if (g_file_test(first->card, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "card %s is there, but not its PKI %s (see --pki)", first->card, world->pki);
        return FALSE;
    }
    say(world, "making keys and certificates in %s", world->pki);
    return sim_pki_create(world->pki, "P-256", first->eid, SIM_DEFAULT_EIM_ID, error) &&
           make_card_pkis(world, error);
}

/* Where an eIM goes on when it is new and the card is not: the card refuses counters up to the one it has
 * (SGP.32 3.3.1), and signatures over another association token. */
static gboolean read_association(const World *world, const SimWorldEim *eim, const char *state,
                                 gint64 *ret_counter, gint64 *ret_token, GError **error)
{
    *ret_counter = 0;
    *ret_token = eim->token;
    if (g_file_test(state, G_FILE_TEST_EXISTS))
        return TRUE;
    for (guint i = 0; i < world->modems->len; i++) {
        const char *card = ((const SimWorldModem *)world->modems->pdata[i])->card;
        gint64 counter = 0;
        if (g_file_test(card, G_FILE_TEST_EXISTS) &&
            !sim_world_eim_read_association(eim, card, &counter, ret_token, error))
            return FALSE;
        *ret_counter = MAX(*ret_counter, counter);
    }
    return TRUE;
}

/* "PORT" or words that end in it. */
static gboolean read_port(SimWorldEim *eim, const char *line, GError **error)
{
    const char *digits = line + strlen(line);
    while (digits > line && g_ascii_isdigit(digits[-1]))
        digits--;
    eim->port = (guint)g_ascii_strtoull(digits, NULL, 10);
    if (eim->port > 0 && eim->port <= 65535)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: no port in '%s'", eim->name, line);
    return FALSE;
}

static char *eim_file(const World *world, const SimWorldEim *eim, const char *suffix)
{
    g_autofree char *name = g_strconcat(eim->name, suffix, NULL);
    return sim_world_path(world, name);
}

/* An eIM's port: fixed where nobody else is, else as chosen by the kernel, then kept in the card. */
static gboolean start_eim(World *world, SimWorldEim *eim, GError **error)
{
    g_autofree char *state = eim_file(world, eim, ".json");
    g_autofree char *control = eim_file(world, eim, ".sock");
    g_autofree char *port_file = eim_file(world, eim, ".port");
    g_autofree char *line = NULL, *kept = NULL;
    guint port = world->options->own_network ? 443 : 0;
    if (g_file_get_contents(port_file, &kept, NULL, NULL))
        port = (guint)g_ascii_strtoull(kept, NULL, 10);
    g_autofree char *listen = g_strdup_printf("%s:%u", eim->address, port);
    gint64 counter, token;
    if (!sim_world_eim_make_pki(eim, world->pki, error) ||
        !read_association(world, eim, state, &counter, &token, error))
        return FALSE;
    g_autofree char *counter_text = g_strdup_printf("%" G_GINT64_FORMAT, counter);
    g_autofree char *token_text = g_strdup_printf("%" G_GINT64_FORMAT, token);
    const char *const fixed[] = { world->options->self,
                                  "eim",
                                  "--listen",
                                  listen,
                                  "--pki",
                                  eim->pki,
                                  "--state",
                                  state,
                                  "--control",
                                  control,
                                  "--eim-id",
                                  eim->id,
                                  "--counter",
                                  counter_text,
                                  "--token",
                                  token_text,
                                  "--ready-fd",
                                  "@FD@" };
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(argv, (char *)fixed[i]);
    for (guint i = 1; i < world->modems->len; i++) {
        g_ptr_array_add(argv, (char *)"--card");
        g_ptr_array_add(argv, ((SimWorldModem *)world->modems->pdata[i])->pki);
    }
    g_autoptr(GPtrArray) servers = sim_world_list_servers(world);
    for (guint i = 0; i < servers->len; i++) {
        g_ptr_array_add(argv, (char *)"--server");
        g_ptr_array_add(argv, servers->pdata[i]);
    }
    g_ptr_array_add(argv, NULL);
    SimPart *part = sim_world_add_part(world, eim->name, (char **)argv->pdata, SIM_PART_READY_LINE);
    if (!sim_world_start_part(world, part, SIM_START_TIMEOUT, &line, error) ||
        !read_port(eim, line, error))
        return FALSE;
    /* A restarted eIM has to be where the card says. */
    g_free(listen);
    listen = g_strdup_printf("%s:%u", eim->address, eim->port);
    argv->pdata[3] = listen;
    sim_part_set_argv(part, (char **)argv->pdata);
    g_autofree char *text = g_strdup_printf("%u\n", eim->port);
    return g_file_set_contents(port_file, text, -1, error);
}

static gboolean start_eims(World *world, GError **error)
{
    GPtrArray *eims = world->options->eims;
    for (guint i = 0; i < eims->len; i++) {
        SimWorldEim *eim = eims->pdata[i];
        if (eim->name && !start_eim(world, eim, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean make_card(const World *world, const SimWorldModem *modem, GError **error)
{
    const WorldOptions *options = world->options;
    return g_str_has_prefix(modem->card, SIM_CARD_WIRE_PREFIX) ||
           g_file_test(modem->card, G_FILE_TEST_EXISTS) ||
           sim_write_card(modem->card, modem->pki, modem->number, options->eims, options->setup,
                          error);
}

/* One program is all modems: it can be the proxy of all. */
static gboolean start_modems(World *world, GError **error)
{
    const WorldOptions *options = world->options;
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(options->self));
    g_ptr_array_add(argv, g_strdup("modem"));
    for (guint i = 0; i < world->modems->len; i++) {
        const SimWorldModem *modem = world->modems->pdata[i];
        if (!make_card(world, modem, error))
            return FALSE;
        g_autofree char *second = NULL;
        if (options->second_slot && modem->number == 1 &&
            !(second = sim_world_make_second_card(options->folder, world->pki, error)))
            return FALSE;
        gboolean usual = g_str_equal(modem->kind, "qmi");
        g_ptr_array_add(argv,
                        g_strdup_printf("--modem=%s%s%s,%s%s%s,%s", usual ? "" : modem->kind,
                                        usual ? "" : ":", modem->path, modem->card,
                                        second ? "+" : "", second ? second : "", modem->control));
    }
    g_ptr_array_add(argv, g_strconcat("--knobs=", options->knobs ? options->knobs : "{}", NULL));
    g_ptr_array_add(argv, g_strdup(options->real_proxy ? "--proxy=real" : "--proxy=fake"));
    g_ptr_array_add(argv, g_strdup("--ready-fd=@FD@"));
    g_ptr_array_add(argv, NULL);
    SimPart *part = sim_world_add_part(world, "modem", (char **)argv->pdata, SIM_PART_READY_LINE);
    sim_part_setenv(part, "EUICC_SIM_TRACE", "1");
    if (world->machine)
        sim_part_setenv(part, "UMOCKDEV_DIR", world->machine);
    return sim_world_start_part(world, part, SIM_START_TIMEOUT, NULL, error);
}

static gboolean start_daemon(World *world, GError **error)
{
    const WorldOptions *options = world->options;
    if (!options->daemon)
        return TRUE;
    g_autofree char *config = sim_world_path(world, "euiccd.conf");
    g_autofree char *state = sim_world_path(world, "state");
    g_autofree char *trace = sim_world_path(world, "apdu.trace");
    g_autofree char *resolve = sim_world_make_resolve(world);
    g_autofree char *trusted = g_build_filename(world->pki, SIM_PKI_TRUSTED, NULL);
    const SimDaemonConfig settings = {
        .state_folder = state,
        .modems = world->machine ? NULL : world->modems,
        .resolve = resolve,
        /* A world without such servers is one in which they are not trusted. */
        .trusted = options->servers && options->servers->len > 0 ? trusted : NULL,
        .trace = trace,
        .extra = options->config,
    };
    if (!sim_write_daemon_config(config, &settings, error))
        return FALSE;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    /* A daemon of several words: "valgrind --error-exitcode=9 …/euiccd". */
    g_auto(GStrv) words = NULL;
    if (!g_shell_parse_argv(options->daemon, NULL, &words, error))
        return FALSE;
    for (guint i = 0; words[i]; i++)
        g_ptr_array_add(argv, words[i]);
    const char *const usual[] = {
        "--config", config, "--state-dir", state, "--log-level", "debug"
    };
    for (guint i = 0; i < G_N_ELEMENTS(usual); i++)
        g_ptr_array_add(argv, (char *)usual[i]);
    for (guint i = 0; options->daemon_args && options->daemon_args[i]; i++)
        g_ptr_array_add(argv, options->daemon_args[i]);
    g_ptr_array_add(argv, NULL);
    world->daemon =
        sim_world_add_part(world, "daemon", (char **)argv->pdata, SIM_PART_READY_NOTIFY);
    sim_part_setenv(world->daemon, "DBUS_SYSTEM_BUS_ADDRESS", world->bus_address);
    sim_world_show_machine(world, world->daemon);
    return options->defer_daemon ||
           sim_world_start_part(world, world->daemon, DAEMON_TIMEOUT, NULL, error);
}

/* ---- the cards on the bus ---- */

static gboolean is_daemon_running(gpointer data)
{
    World *world = data;
    return sim_part_is_running(world->daemon);
}

/* The daemon shows a card once it was read. That it never does can be what is tried. */
static gboolean wait_for_cards(World *world, GError **error)
{
    const SimBusObjects cards = {
        .service = BUS_NAME,
        .root = ROOT_OBJECT,
        .interface = EUICC,
        .count = world->modems->len,
        .go_on = is_daemon_running,
        .data = world,
    };
    gboolean found;
    if (!sim_bus_wait(world->bus_address, &cards, world->options->wait_for_card, &found, error))
        return FALSE;
    if (!found && sim_part_is_running(world->daemon))
        g_printerr("euicc-sim: the daemon shows no card after %u s; going on (see --no-wait)\n",
                   world->options->wait_for_card);
    if (!found || !world->options->modem_manager)
        return TRUE;
    if (!sim_bus_wait_for_modem_manager(world->bus_address, world->modems->len, NULL,
                                        world->options->wait_for_card, &found, error))
        return FALSE;
    if (!found)
        g_printerr("euicc-sim: ModemManager shows no modem after %u s; going on (see --no-wait)\n",
                   world->options->wait_for_card);
    return TRUE;
}

/* ---- control ---- */

static SimPart *find_part(World *world, const char *name)
{
    for (guint i = 0; i < world->parts->len; i++) {
        SimPart *part = world->parts->pdata[i];
        if (!g_strcmp0(sim_part_get_name(part), name))
            return part;
    }
    return NULL;
}

static char *list_parts(const World *world)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < world->parts->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               sim_part_get_name(world->parts->pdata[i]));
    return g_string_free(g_steal_pointer(&names), FALSE);
}

/* A bus that is told to end before it has seen to its signals dies from SIGTERM, which is no defect. */
static gboolean has_ended_well(const World *world, const SimPart *part, int status)
{
    return status == 0 ||
           (part == world->bus && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static gboolean stop_part(World *world, SimPart *part, int signal, JsonObject *answer,
                          GError **error)
{
    int status;
    if (!sim_part_stop(part, signal, STOP_TIMEOUT, &status, error)) {
        world->failed = TRUE;
        show_log(part);
        return FALSE;
    }
    g_autofree char *text = sim_part_status_to_string(status);
    json_object_set_string_member(answer, "status", text);
    if (signal != SIGKILL && !has_ended_well(world, part, status)) {
        world->failed = TRUE;
        g_printerr("euicc-sim: %s: %s after signal %d\n", sim_part_get_name(part), text, signal);
        show_log(part);
    }
    return TRUE;
}

static JsonArray *describe_modems(const World *world)
{
    JsonArray *list = json_array_new();
    for (guint i = 0; i < world->modems->len; i++) {
        const SimWorldModem *modem = world->modems->pdata[i];
        JsonObject *entry = json_object_new();
        json_object_set_string_member(entry, "name", modem->name);
        json_object_set_string_member(entry, "kind", modem->kind);
        json_object_set_string_member(entry, "path", modem->path);
        if (world->machine) {
            g_autofree char *device = sim_udev_device_path(modem->number, world->options->wwan);
            json_object_set_string_member(entry, "device", device);
        }
        json_object_set_string_member(entry, "card", modem->card);
        json_array_add_object_element(list, entry);
    }
    return list;
}

static JsonArray *describe_eims(const World *world)
{
    JsonArray *list = json_array_new();
    GPtrArray *eims = world->options->eims;
    for (guint i = 0; i < eims->len; i++) {
        const SimWorldEim *eim = eims->pdata[i];
        JsonObject *entry = json_object_new();
        json_object_set_string_member(entry, "eimId", eim->id);
        if (eim->name) {
            json_object_set_string_member(entry, "part", eim->name);
            json_object_set_string_member(entry, "pki", eim->pki);
            json_object_set_string_member(entry, "trust", eim->trust);
            json_object_set_string_member(entry, "address", eim->address);
            json_object_set_int_member(entry, "port", eim->port);
        }
        json_array_add_object_element(list, entry);
    }
    return list;
}

/* What ACTION is for a proxy, which is nobody's part; 0: nothing. */
static int proxy_signal(const char *action)
{
    static const struct {
        const char *action;
        int signal;
    } signals[] = {
        { "stop", SIGTERM }, { "kill", SIGKILL }, { "pause", SIGSTOP }, { "continue", SIGCONT }
    };
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        if (g_str_equal(signals[i].action, action))
            return signals[i].signal;
    return 0;
}

/* {"do": "part", "name": "daemon", "action": "start" | "stop" | "kill" | "restart"} and
 * {"do": "show"}; answered when it is done. */
static gboolean on_request(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    World *world = data;
    const char *what = json_object_get_string_member_with_default(request, "do", "");
    if (g_str_equal(what, "show")) {
        JsonObject *parts = json_object_new();
        for (guint i = 0; i < world->parts->len; i++) {
            SimPart *part = world->parts->pdata[i];
            JsonObject *entry = json_object_new();
            json_object_set_boolean_member(entry, "running", sim_part_is_running(part));
            json_object_set_int_member(entry, "process", sim_part_get_pid(part));
            json_object_set_string_member(entry, "log", sim_part_get_log(part));
            json_object_set_object_member(parts, sim_part_get_name(part), entry);
        }
        json_object_set_object_member(answer, "parts", parts);
        json_object_set_string_member(answer, "bus", world->bus_address);
        json_object_set_string_member(answer, "folder", world->options->folder);
        json_object_set_string_member(answer, "card", first_modem(world)->card);
        json_object_set_array_member(answer, "modems", describe_modems(world));
        json_object_set_string_member(answer, "pki", world->pki);
        json_object_set_array_member(answer, "eims", describe_eims(world));
        json_object_set_array_member(answer, "servers", sim_world_describe_servers(world));
        return TRUE;
    }
    const char *name = json_object_get_string_member_with_default(request, "name", "");
    const char *action = json_object_get_string_member_with_default(request, "action", "");
    if (g_str_equal(what, "part") && sim_world_is_proxy(name) && proxy_signal(action))
        return sim_world_signal_proxy(name, proxy_signal(action), STOP_TIMEOUT, error);
    SimPart *part = g_str_equal(what, "part") ? find_part(world, name) : NULL;
    if (!part) {
        g_autofree char *names = list_parts(world);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "no part '%s' in this world; there are %s", name, names);
        return FALSE;
    }
    if (g_str_equal(action, "start"))
        return sim_world_start_part(world, part, DAEMON_TIMEOUT, NULL, error);
    if (g_str_equal(action, "stop"))
        return stop_part(world, part, SIGTERM, answer, error);
    if (g_str_equal(action, "kill"))
        return stop_part(world, part, SIGKILL, answer, error);
    if (g_str_equal(action, "restart"))
        return stop_part(world, part, SIGTERM, answer, error) &&
               sim_world_start_part(world, part, DAEMON_TIMEOUT, NULL, error);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "can't '%s'; can start, stop, kill, restart", action);
    return FALSE;
}

/* ---- the whole ---- */

static char **make_environment(const World *world)
{
    char **environment = g_get_environ();
    g_autofree char *own_folder = g_path_get_dirname(world->options->self);
    g_autofree char *path =
        g_strconcat(own_folder, ":", g_environ_getenv(environment, "PATH"), NULL);
    environment = g_environ_setenv(environment, "PATH", path, TRUE);
    environment = g_environ_setenv(environment, "EUICC_SIM_DIR", world->options->folder, TRUE);
    environment = g_environ_setenv(environment, "EUICC_SIM", world->options->self, TRUE);
    return g_environ_setenv(environment, "DBUS_SYSTEM_BUS_ADDRESS", world->bus_address, TRUE);
}

static gboolean write_environment(const World *world, GError **error)
{
    g_autofree char *path = sim_world_path(world, "environment");
    g_autofree char *text =
        g_strdup_printf("EUICC_SIM_DIR=%s\nEUICC_SIM=%s\nDBUS_SYSTEM_BUS_ADDRESS=%s\n",
                        world->options->folder, world->options->self, world->bus_address);
    return g_file_set_contents(path, text, -1, error);
}

static gboolean build(World *world, GError **error)
{
    g_autofree char *control = sim_world_path(world, "world.sock");
    const WorldOptions *options = world->options;
    if (!start_bus(world, error) || !make_pki(world, error) ||
        !sim_world_start_servers(world, error) || !start_eims(world, error) ||
        (options->udev && !sim_world_start_udev(world, error)) || !start_modems(world, error) ||
        !write_environment(world, error))
        return FALSE;
    world->control = sim_control_new(control, on_request, world, error);
    if (!world->control ||
        (options->modem_manager && !sim_world_start_modem_manager(world, error)) ||
        !start_daemon(world, error))
        return FALSE;
    return !world->daemon || options->defer_daemon || options->wait_for_card == 0 ||
           wait_for_cards(world, error);
}

World *world_new(const WorldOptions *options, GError **error)
{
    g_autoptr(World) world = g_new0(World, 1);
    world->options = options;
    world->parts = g_ptr_array_new_with_free_func((GDestroyNotify)sim_part_free);
    world->pki = options->pki ? g_strdup(options->pki) : sim_world_path(world, "pki");
    world->modems = sim_world_modems_new(options->modems, options->folder, options->wwan,
                                         options->card, world->pki, options->eid);
    if (!build(world, error))
        return NULL;
    return g_steal_pointer(&world);
}

static void on_command_ended(GPid pid, int status, gpointer data)
{
    World *world = data;
    g_spawn_close_pid(pid);
    world->command_status = status;
    world->command_ended = TRUE;
}

static void pass_on(World *world, int number)
{
    if (world->command > 0 && !world->command_ended)
        (void)kill(world->command, number);
}

static gboolean on_terminate(gpointer data)
{
    pass_on(data, SIGTERM);
    return G_SOURCE_CONTINUE;
}

static gboolean on_hangup(gpointer data)
{
    pass_on(data, SIGHUP);
    return G_SOURCE_CONTINUE;
}

static gboolean on_interrupt(gpointer data)
{
    /* The key reaches COMMAND by itself. */
    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp())
        pass_on(data, SIGINT);
    return G_SOURCE_CONTINUE;
}

static void end_with_world(gpointer data G_GNUC_UNUSED)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}

int world_run_command(World *world, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) environment = make_environment(world);
    const guint signals[] = { g_unix_signal_add(SIGTERM, on_terminate, world),
                              g_unix_signal_add(SIGHUP, on_hangup, world),
                              g_unix_signal_add(SIGINT, on_interrupt, world) };
    world->command_ended = FALSE;
    int result = 127;
    if (g_spawn_async(NULL, argv, environment,
                      G_SPAWN_SEARCH_PATH_FROM_ENVP | G_SPAWN_DO_NOT_REAP_CHILD |
                          G_SPAWN_CHILD_INHERITS_STDIN,
                      end_with_world, NULL, &world->command, &error)) {
        g_child_watch_add(world->command, on_command_ended, world);
        while (!world->command_ended)
            g_main_context_iteration(NULL, TRUE);
        int status = world->command_status;
        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else {
        g_printerr("euicc-sim: %s: %s\n", argv[0], error->message);
    }
    world->command = 0;
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(signals[i]);
    return result;
}

/* What AddressSanitizer, UndefinedBehaviorSanitizer, LeakSanitizer and valgrind write. */
static gboolean has_report(const SimPart *part)
{
    static const char *const words[] = { "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                         "AddressSanitizer:DEADLYSIGNAL", ": runtime error: " };
    g_autofree char *text = NULL;
    if (!g_file_get_contents(sim_part_get_log(part), &text, NULL, NULL))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(text, words[i]))
            return TRUE;
    const char *summary = text;
    while ((summary = strstr(summary, "ERROR SUMMARY: "))) {
        summary += strlen("ERROR SUMMARY: ");
        if (!g_str_has_prefix(summary, "0 errors"))
            return TRUE;
    }
    return FALSE;
}

gboolean world_stop(World *world)
{
    if (world->stopped)
        return !world->failed;
    world->stopped = TRUE;
    g_clear_pointer(&world->control, sim_control_free);
    for (guint i = world->parts->len; i > 0; i--) {
        g_autoptr(GError) error = NULL;
        SimPart *part = world->parts->pdata[i - 1];
        int status = 0;
        gboolean ok = sim_part_stop(part, SIGTERM, STOP_TIMEOUT, &status, &error) &&
                      has_ended_well(world, part, status);
        g_autofree char *text = sim_part_status_to_string(status);
        if (!ok)
            g_printerr("euicc-sim: %s: %s\n", sim_part_get_name(part),
                       error ? error->message : text);
        gboolean reported = has_report(part);
        if (!ok || reported) {
            show_log(part);
            world->failed = TRUE;
        }
    }
    return !world->failed;
}

void world_free(World *world)
{
    if (!world)
        return;
    (void)world_stop(world);
    g_ptr_array_unref(world->parts);
    sim_authority_free(world->authority);
    g_free(world->bus_address);
    g_ptr_array_unref(world->modems);
    g_free(world->machine);
    g_free(world->pki);
    g_free(world);
}
