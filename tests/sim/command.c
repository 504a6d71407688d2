/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands of euicc-sim for people and tests inside a running world (EUICC_SIM_DIR). */

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/command.h"
#include "sim/control.h"
#include "sim/programs.h"
#include "sim/world_bus.h"

int sim_command_usage(const char *text)
{
    g_printerr("usage: %s", text);
    return SIM_EXIT_USAGE;
}

gboolean sim_command_wants_help(int argc, char **argv)
{
    return argc > 1 && (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
                        g_str_equal(argv[1], "help"));
}

int sim_command_fail(const char *what, const GError *error)
{
    g_printerr("euicc-sim %s: %s\n", what, error->message);
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? SIM_EXIT_TIMEOUT
                                                                    : SIM_EXIT_FAILED;
}

static void print_object(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    json_node_init_object(node, object);
    g_autofree char *text = json_to_string(node, TRUE);
    puts(text);
}

const char *sim_command_take_option(int *argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < *argc; i++) {
        if (!g_str_equal(argv[i], name))
            continue;
        const char *value = argv[i + 1];
        *argc -= 2;
        memmove(argv + i, argv + i + 2, (gsize)(*argc - i) * sizeof *argv);
        return value;
    }
    return NULL;
}

static JsonObject *new_request(const char *what)
{
    JsonObject *request = json_object_new();
    json_object_set_string_member(request, "do", what);
    return request;
}

/* WORD, or WORD with a number: "eim", "eim2", … */
static gboolean is_numbered(const char *name, const char *word)
{
    if (!g_str_has_prefix(name, word))
        return FALSE;
    const char *number = name + strlen(word);
    return strspn(number, "0123456789") == strlen(number);
}

static gboolean is_eim_part(const char *name)
{
    return is_numbered(name, "eim");
}

static gboolean is_card(const char *name)
{
    return is_numbered(name, "card");
}

static gboolean is_part(const char *name)
{
    return is_eim_part(name) || is_card(name) || is_numbered(name, "modem") ||
           is_numbered(name, "smdp") || is_numbered(name, "smds") || g_str_equal(name, "world");
}

static char *socket_in_world(const char *part, GError **error)
{
    const char *folder = g_getenv("EUICC_SIM_DIR");
    if (!folder) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                            "EUICC_SIM_DIR is not set: run this inside \"euicc-sim run\"");
        return NULL;
    }
    g_autofree char *name = g_strconcat(part, ".sock", NULL);
    return g_build_filename(folder, name, NULL);
}

/* The part that plays the eIM ID. */
static char *find_eim_part(const char *id, GError **error)
{
    g_autofree char *path = socket_in_world("world", error);
    g_autoptr(JsonObject) request = new_request("show");
    g_autoptr(JsonObject) answer = path ? sim_control_call(path, request, error) : NULL;
    if (!answer)
        return NULL;
    JsonArray *eims = json_object_get_array_member(answer, "eims");
    for (guint i = 0; i < json_array_get_length(eims); i++) {
        JsonObject *eim = json_array_get_object_element(eims, i);
        const char *part = json_object_get_string_member_with_default(eim, "part", NULL);
        if (part && g_str_equal(json_object_get_string_member(eim, "eimId"), id))
            return g_strdup(part);
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "this world runs no eIM '%s'", id);
    return NULL;
}

/* Path of the control socket of PART: "eim", "eim2", …, "modem", "modem2", … (also for "card", …), "world". EIM
 * (may be NULL) names the eIM instead: by its identifier, its part, or its control socket. */
static char *socket_of(const char *part, const char *eim, GError **error)
{
    g_autofree char *modem =
        is_card(part) ? g_strconcat("modem", part + strlen("card"), NULL) : NULL;
    if (!eim)
        return socket_in_world(modem ? modem : part, error);
    if (strchr(eim, '/'))
        return g_strdup(eim);
    if (is_eim_part(eim))
        return socket_in_world(eim, error);
    g_autofree char *name = find_eim_part(eim, error);
    return name ? socket_in_world(name, error) : NULL;
}

static int compare_names(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* "card, eim, modem, world": what has a control socket beside that at PATH, which is not there. */
static char *list_neighbours(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *entry;
    while (entries && (entry = g_dir_read_name(entries))) {
        g_autofree char *name = g_str_has_suffix(entry, ".sock")
                                    ? g_strndup(entry, strlen(entry) - strlen(".sock"))
                                    : NULL;
        if (!name || !is_part(name))
            continue;
        if (is_numbered(name, "modem"))
            g_ptr_array_add(names, g_strconcat("card", name + strlen("modem"), NULL));
        g_ptr_array_add(names, g_steal_pointer(&name));
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

static JsonObject *call(const char *part, const char *eim, JsonObject *request, GError **error)
{
    g_autofree char *path = socket_of(part, eim, error);
    if (!path)
        return NULL;
    if (g_file_test(path, G_FILE_TEST_EXISTS) || (eim && strchr(eim, '/')))
        return sim_control_call(path, request, error);
    g_autofree char *names = list_neighbours(path);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no '%s' runs in this world; there are %s",
                eim ? eim : part, *names ? names : "none");
    return NULL;
}

/* --eim goes with an eIM. */
static gboolean fits(const char *part, const char *eim)
{
    return !eim || is_eim_part(part);
}

/* ---- queue ---- */

static const char queue_usage[] =
    "euicc-sim queue enable ICCID [--rollback] [--fault FAULT]\n"
    "       euicc-sim queue disable|delete ICCID [--fault FAULT]\n"
    "       euicc-sim queue list [--fault FAULT]\n"
    "       euicc-sim queue json '{\"psmo\": […]}' | '{\"package\": {…}, …}' | @FILE\n"
    "\n"
    "Puts an eUICC package into the queue of the eIM and prints the number of the order.\n"
    "--eim EIM: another eIM than the first, by its identifier, its part (eim2) or the path of its\n"
    "control socket. --eid EID: for another card than the first, by its EID or as card2, card3, …\n"
    "FAULT: signature, key, token, replay, eid, eimId. The forms of \"json\" are those of the\n"
    "eIM's control request \"queue\", where \"fault\" is a member.\n";

static JsonObject *make_order(int argc, char **argv, GError **error)
{
    static const char *const verbs[] = { "enable", "disable", "delete", NULL };
    const char *fault = NULL, *iccid = NULL;
    gboolean rollback = FALSE;
    for (int i = 2; i < argc; i++) {
        if (g_str_equal(argv[i], "--rollback"))
            rollback = TRUE;
        else if (g_str_equal(argv[i], "--fault") && i + 1 < argc)
            fault = argv[++i];
        else if (!iccid && argv[i][0] != '-')
            iccid = argv[i];
        else
            return NULL;
    }
    if (rollback && !g_str_equal(argv[1], "enable")) {
        g_printerr("euicc-sim queue: only enable has --rollback\n");
        return NULL;
    }
    if (fault && g_str_equal(argv[1], "json")) {
        g_printerr("euicc-sim queue: with json the fault is a member of the request: "
                   "{\"package\": {…}, \"fault\": \"%s\"}\n",
                   fault);
        return NULL;
    }
    if (g_str_equal(argv[1], "json") && iccid) {
        g_autoptr(JsonObject) given = sim_object_from_text(iccid, error);
        if (!given)
            return NULL;
        if (json_object_has_member(given, "package")) {
            json_object_set_string_member(given, "do", "queue");
            return g_steal_pointer(&given);
        }
        JsonObject *request = new_request("queue");
        json_object_set_object_member(request, "package", g_steal_pointer(&given));
        return request;
    }
    gboolean is_list = g_str_equal(argv[1], "list");
    if (is_list ? iccid != NULL : !g_strv_contains(verbs, argv[1]) || !iccid)
        return NULL;
    JsonObject *content = json_object_new();
    if (iccid)
        json_object_set_string_member(content, "iccid", iccid);
    if (rollback)
        json_object_set_boolean_member(content, "rollback", TRUE);
    JsonObject *command = json_object_new();
    json_object_set_object_member(command, is_list ? "listProfileInfo" : argv[1], content);
    JsonArray *commands = json_array_new();
    json_array_add_object_element(commands, command);
    JsonObject *package = json_object_new();
    json_object_set_array_member(package, "psmo", commands);
    JsonObject *request = new_request("queue");
    json_object_set_object_member(request, "package", package);
    if (fault)
        json_object_set_string_member(request, "fault", fault);
    return request;
}

/* The EID of NAME, which is one already or "card2", …; g_free() it. */
static char *find_eid(const char *name, GError **error)
{
    if (!is_card(name))
        return g_strdup(name);
    g_autoptr(JsonObject) request = new_request("card");
    g_autoptr(JsonObject) answer = call(name, NULL, request, error);
    if (!answer)
        return NULL;
    JsonObject *card = json_object_get_object_member(answer, "card");
    return g_strdup(json_object_get_string_member(card, "eid"));
}

int sim_queue_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", queue_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = sim_command_take_option(&argc, argv, "--eim");
    const char *card = sim_command_take_option(&argc, argv, "--eid");
    g_autoptr(JsonObject) request = argc > 1 ? make_order(argc, argv, &error) : NULL;
    if (!request)
        return error ? sim_command_fail("queue", error) : sim_command_usage(queue_usage);
    if (card) {
        g_autofree char *eid = find_eid(card, &error);
        if (!eid)
            return sim_command_fail("queue", error);
        json_object_set_string_member(request, "eid", eid);
    }
    g_autoptr(JsonObject) answer = call("eim", eim, request, &error);
    if (!answer)
        return sim_command_fail("queue", error);
    printf("%" G_GINT64_FORMAT "\n", json_object_get_int_member(answer, "order"));
    return SIM_EXIT_OK;
}

/* ---- wait ---- */

static const char wait_usage[] =
    "euicc-sim wait ORDER [--timeout SECONDS] [--sent] [--json] [--eim EIM]\n"
    "       euicc-sim wait modemmanager [--modem N] [--timeout SECONDS]\n"
    "\n"
    "Waits until the eIM has the result of an order (--sent: until it was fetched), and prints "
    "what\n"
    "the eIM makes of it. Exit status: 0 for a verified result of commands that all succeeded, 4\n"
    "for a verified one that reports a failure, 1 for any other answer, 3 when the time is over\n"
    "(60 s). With modemmanager: until ModemManager shows all modems, or that with number N.\n";

static int wait_for_modem_manager(const char *modem, const char *timeout)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) request = new_request("show");
    g_autoptr(JsonObject) world = call("world", NULL, request, &error);
    if (!world)
        return sim_command_fail("wait", error);
    JsonArray *modems = json_object_get_array_member(world, "modems");
    guint count = json_array_get_length(modems);
    guint64 number = 0, seconds = 60;
    if ((modem && !g_ascii_string_to_unsigned(modem, 10, 1, count, &number, NULL)) ||
        (timeout && !g_ascii_string_to_unsigned(timeout, 10, 1, 86400, &seconds, NULL)))
        return sim_command_usage(wait_usage);
    const char *device = NULL;
    if (number > 0) {
        JsonObject *chosen = json_array_get_object_element(modems, (guint)number - 1);
        device = json_object_get_string_member_with_default(chosen, "device", "");
        count = 1;
    }
    gboolean found;
    if (!sim_bus_wait_for_modem_manager(json_object_get_string_member(world, "bus"), count, device,
                                        (guint)seconds, &found, &error))
        return sim_command_fail("wait", error);
    if (!found)
        g_printerr("euicc-sim wait: timed out: ModemManager shows fewer modems\n");
    return found ? SIM_EXIT_OK : SIM_EXIT_TIMEOUT;
}

/* Exit status for what the eIM found. Data and answers to triggers have no "succeeded". */
static int judge_order(JsonObject *order)
{
    if (!json_object_get_boolean_member_with_default(order, "verified", FALSE))
        return SIM_EXIT_FAILED;
    return json_object_get_boolean_member_with_default(order, "succeeded", TRUE)
               ? SIM_EXIT_OK
               : SIM_EXIT_UNSUCCESSFUL;
}

static void print_order(JsonObject *order, gboolean as_json)
{
    gboolean verified = json_object_get_boolean_member_with_default(order, "verified", FALSE);
    if (as_json) {
        print_object(order);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "order %" G_GINT64_FORMAT ": %s, ",
                           json_object_get_int_member_with_default(order, "order", 0),
                           json_object_get_string_member_with_default(order, "state", "?"));
    g_string_append(text, verified ? "signature verified" : "not verified");
    const char *why = json_object_get_string_member_with_default(order, "why", "");
    if (!verified && why && *why)
        g_string_append_printf(text, " (%s)", why);
    static const char *const members[] = { "results", "error" };
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        JsonNode *node = json_object_get_member(order, members[i]);
        if (!node || JSON_NODE_HOLDS_NULL(node))
            continue;
        g_autofree char *json = json_to_string(node, FALSE);
        g_string_append_printf(text, ", %s %s", members[i], json);
    }
    puts(text->str);
}

int sim_wait_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    gint64 order = 0, timeout = 60;
    gboolean sent = FALSE, as_json = FALSE;
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", wait_usage);
        return SIM_EXIT_OK;
    }
    if (argc > 1 && g_str_equal(argv[1], "modemmanager")) {
        const char *modem = sim_command_take_option(&argc, argv, "--modem");
        const char *seconds = sim_command_take_option(&argc, argv, "--timeout");
        return argc == 2 ? wait_for_modem_manager(modem, seconds) : sim_command_usage(wait_usage);
    }
    const char *eim = sim_command_take_option(&argc, argv, "--eim");
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], "--timeout") && i + 1 < argc)
            timeout = g_ascii_strtoll(argv[++i], NULL, 10);
        else if (g_str_equal(argv[i], "--sent"))
            sent = TRUE;
        else if (g_str_equal(argv[i], "--json"))
            as_json = TRUE;
        else if (order == 0)
            order = g_ascii_strtoll(argv[i], NULL, 10);
        else
            return sim_command_usage(wait_usage);
    }
    if (order <= 0 || timeout <= 0)
        return sim_command_usage(wait_usage);
    g_autoptr(JsonObject) request = new_request("wait");
    json_object_set_string_member(request, "for", sent ? "sent" : "done");
    json_object_set_int_member(request, "order", order);
    json_object_set_int_member(request, "timeout", timeout);
    g_autoptr(JsonObject) answer = call("eim", eim, request, &error);
    if (!answer)
        return sim_command_fail("wait", error);
    JsonObject *found = json_object_get_object_member(answer, "order");
    print_order(found, as_json);
    return sent ? SIM_EXIT_OK : judge_order(found);
}

/* ---- show, knob, ctl ---- */

static const char show_usage[] =
    "euicc-sim show eim|card|modem|smdp|smds|world [--eim EIM]\n"
    "\n"
    "Prints the state of a part as JSON; card2, modem2, … where there are\n"
    "several.\n";

int sim_show_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", show_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = sim_command_take_option(&argc, argv, "--eim");
    if (argc != 2 || !is_part(argv[1]) || !fits(argv[1], eim))
        return sim_command_usage(show_usage);
    g_autoptr(JsonObject) request = new_request(is_card(argv[1]) ? "card" : "show");
    g_autoptr(JsonObject) answer = call(argv[1], eim, request, &error);
    if (!answer)
        return sim_command_fail("show", error);
    json_object_remove_member(answer, "ok");
    /* The card's and the modem's state stand in a member of that name. */
    const char *word = is_card(argv[1])                ? "card"
                       : is_numbered(argv[1], "modem") ? "modem"
                                                       : argv[1];
    JsonNode *inner = json_object_get_member(answer, word);
    print_object(inner && JSON_NODE_HOLDS_OBJECT(inner) ? json_node_get_object(inner) : answer);
    return SIM_EXIT_OK;
}

static const char knob_usage[] =
    "euicc-sim knob eim|card|modem|smdp|smds JSON [--eim EIM]     (also card2, modem2, …)\n"
    "       euicc-sim knob modem eject|insert|unplug\n"
    "       euicc-sim knob modem plug [NODE]\n"
    "\n"
    "Changes how a part behaves: an object with the members to change, e.g.\n"
    "  euicc-sim knob card '{\"switch\": \"silent\"}'\n"
    "  euicc-sim knob modem '{\"rules\": [{\"message\": \"open-channel\", \"action\": "
    "\"error\"}]}'\n"
    "  euicc-sim knob eim '{\"accept\": false}'\n"
    "or moves the card or the modem. In a world with --udev a modem can come back with another "
    "node\n"
    "(cdc-wdm7).\n";

/* A modem that is not there gets another node: udev has to know whose it is, the modem what to make. */
static gboolean rename_node(const char *modem, const char *node, JsonObject *request,
                            GError **error)
{
    g_autoptr(JsonObject) ask = new_request("show");
    g_autoptr(JsonObject) shown = call(modem, NULL, ask, error);
    if (!shown)
        return FALSE;
    JsonObject *state = json_object_get_object_member(shown, "modem");
    g_autofree char *dev = g_path_get_dirname(json_object_get_string_member(state, "path"));
    g_autofree char *path = g_build_filename(dev, node, NULL);
    g_autoptr(JsonObject) rename = new_request("rename");
    const char *number = modem + strlen("modem");
    json_object_set_int_member(rename, "modem", *number ? g_ascii_strtoll(number, NULL, 10) : 1);
    json_object_set_string_member(rename, "node", node);
    g_autoptr(JsonObject) renamed = call("udev", NULL, rename, error);
    json_object_set_string_member(request, "path", path);
    return renamed != NULL;
}

int sim_knob_main(int argc, char **argv)
{
    static const char *const moves[] = { "eject", "insert", "unplug", "plug", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) request = NULL;
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", knob_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = sim_command_take_option(&argc, argv, "--eim");
    const char *node = argc == 4 && g_str_equal(argv[2], "plug") ? argv[3] : NULL;
    if (argc != (node ? 4 : 3) || !is_part(argv[1]) || g_str_equal(argv[1], "world") ||
        !fits(argv[1], eim) || (node && !is_numbered(argv[1], "modem")))
        return sim_command_usage(knob_usage);
    if (is_numbered(argv[1], "modem") && g_strv_contains(moves, argv[2])) {
        request = new_request(argv[2]);
        if (node && !rename_node(argv[1], node, request, &error))
            return sim_command_fail("knob", error);
    } else {
        if (is_numbered(argv[1], "modem") && !strchr("{@", *argv[2])) {
            g_printerr("euicc-sim knob: can't '%s' a modem; can eject, insert, unplug, plug, or "
                       "take JSON or @FILE\n",
                       argv[2]);
            return SIM_EXIT_USAGE;
        }
        JsonObject *object = sim_object_from_text(argv[2], &error);
        if (!object)
            return sim_command_fail("knob", error);
        if (is_card(argv[1])) {
            request = new_request("card");
            json_object_set_object_member(request, "behaviour", object);
        } else {
            request = object;
            json_object_set_string_member(request, "do", "knobs");
        }
    }
    g_autoptr(JsonObject) answer = call(argv[1], eim, request, &error);
    return answer ? SIM_EXIT_OK : sim_command_fail("knob", error);
}

static const char ctl_usage[] =
    "euicc-sim ctl eim|modem|smdp|smds|world|SOCKET JSON [--eim EIM]\n"
    "\n"
    "Sends one control request and prints the answer. The requests are described in the headers\n"
    "of the parts; {\"do\": \"show\"} works everywhere.\n";

int sim_ctl_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", ctl_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = sim_command_take_option(&argc, argv, "--eim");
    if (argc != 3 || !fits(argv[1], eim))
        return sim_command_usage(ctl_usage);
    g_autoptr(JsonObject) request = sim_object_from_text(argv[2], &error);
    if (!request)
        return sim_command_fail("ctl", error);
    g_autoptr(JsonObject) answer = is_part(argv[1]) ? call(argv[1], eim, request, &error)
                                                    : sim_control_call(argv[1], request, &error);
    if (!answer)
        return sim_command_fail("ctl", error);
    print_object(answer);
    return SIM_EXIT_OK;
}

/* ---- daemon ---- */

static const char daemon_usage[] =
    "euicc-sim daemon [--part NAME] start|stop|kill|restart|log|status\n"
    "       euicc-sim part NAME start|stop|kill|restart|log|status\n"
    "\n"
    "Starts or stops the daemon (or another part: eim, eim2, modem, bus, modemmanager; a qmi-proxy "
    "or\n"
    "mbim-proxy can be stopped and killed, and with pause and continue be silent) and returns when "
    "that is done;\n"
    "stop is SIGTERM, kill is SIGKILL. log prints what it wrote, status exits with 0 if it runs.\n";

static int print_log(const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strconcat(part, ".log", NULL);
    const char *folder = g_getenv("EUICC_SIM_DIR");
    g_autofree char *path = g_build_filename(folder ? folder : ".", name, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        return sim_command_fail("daemon", error);
    fputs(text, stdout);
    return SIM_EXIT_OK;
}

static int move_part(const char *part, const char *action)
{
    static const char *const actions[] = { "start", "stop",     "kill", "restart",
                                           "pause", "continue", NULL };
    g_autoptr(GError) error = NULL;
    if (g_str_equal(action, "log"))
        return print_log(part);
    gboolean status = g_str_equal(action, "status");
    if (!status && !g_strv_contains(actions, action))
        return sim_command_usage(daemon_usage);
    g_autoptr(JsonObject) request = new_request(status ? "show" : "part");
    json_object_set_string_member(request, "name", part);
    json_object_set_string_member(request, "action", action);
    g_autoptr(JsonObject) answer = call("world", NULL, request, &error);
    if (!answer)
        return sim_command_fail(part, error);
    if (!status)
        return SIM_EXIT_OK;
    JsonObject *parts = json_object_get_object_member(answer, "parts");
    gboolean running =
        json_object_has_member(parts, part) &&
        json_object_get_boolean_member(json_object_get_object_member(parts, part), "running");
    puts(running ? "running" : "not running");
    return running ? SIM_EXIT_OK : SIM_EXIT_FAILED;
}

int sim_daemon_main(int argc, char **argv)
{
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", daemon_usage);
        return SIM_EXIT_OK;
    }
    const char *part = sim_command_take_option(&argc, argv, "--part");
    return argc == 2 ? move_part(part ? part : "daemon", argv[1]) : sim_command_usage(daemon_usage);
}

int sim_part_main(int argc, char **argv)
{
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", daemon_usage);
        return SIM_EXIT_OK;
    }
    return argc == 3 ? move_part(argv[1], argv[2]) : sim_command_usage(daemon_usage);
}
