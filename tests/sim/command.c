/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands of euicc-sim for people and tests inside a running world (EUICC_SIM_DIR). */

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/card_wire.h"
#include "sim/control.h"
#include "sim/pki.h"
#include "sim/programs.h"
#include "sim/world_setup.h"

static int usage(const char *text)
{
    g_printerr("usage: %s", text);
    return SIM_EXIT_USAGE;
}

static gboolean wants_help(int argc, char **argv)
{
    return argc > 1 && (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
                        g_str_equal(argv[1], "help"));
}

static int fail(const char *what, const GError *error)
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

/* The value of option NAME, which is taken out of the arguments; NULL when it is not there. */
static const char *take_option(int *argc, char **argv, const char *name)
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

static JsonObject *call(const char *part, const char *eim, JsonObject *request, GError **error)
{
    g_autofree char *path = socket_of(part, eim, error);
    return path ? sim_control_call(path, request, error) : NULL;
}

static gboolean is_part(const char *name)
{
    return is_eim_part(name) || is_card(name) || is_numbered(name, "modem") ||
           g_str_equal(name, "world");
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
    if (wants_help(argc, argv)) {
        g_print("usage: %s", queue_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = take_option(&argc, argv, "--eim");
    const char *card = take_option(&argc, argv, "--eid");
    g_autoptr(JsonObject) request = argc > 1 ? make_order(argc, argv, &error) : NULL;
    if (!request)
        return error ? fail("queue", error) : usage(queue_usage);
    if (card) {
        g_autofree char *eid = find_eid(card, &error);
        if (!eid)
            return fail("queue", error);
        json_object_set_string_member(request, "eid", eid);
    }
    g_autoptr(JsonObject) answer = call("eim", eim, request, &error);
    if (!answer)
        return fail("queue", error);
    printf("%" G_GINT64_FORMAT "\n", json_object_get_int_member(answer, "order"));
    return SIM_EXIT_OK;
}

/* ---- wait ---- */

static const char wait_usage[] =
    "euicc-sim wait ORDER [--timeout SECONDS] [--sent] [--json] [--eim EIM]\n"
    "\n"
    "Waits until the eIM has the result of an order (--sent: until it was fetched), and prints "
    "what\n"
    "the eIM makes of it. Exit status: 0 for a verified result of commands that all succeeded, 4\n"
    "for a verified one that reports a failure, 1 for any other answer, 3 when the time is over\n"
    "(60 s).\n";

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
    if (wants_help(argc, argv)) {
        g_print("usage: %s", wait_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = take_option(&argc, argv, "--eim");
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
            return usage(wait_usage);
    }
    if (order <= 0 || timeout <= 0)
        return usage(wait_usage);
    g_autoptr(JsonObject) request = new_request("wait");
    json_object_set_string_member(request, "for", sent ? "sent" : "done");
    json_object_set_int_member(request, "order", order);
    json_object_set_int_member(request, "timeout", timeout);
    g_autoptr(JsonObject) answer = call("eim", eim, request, &error);
    if (!answer)
        return fail("wait", error);
    JsonObject *found = json_object_get_object_member(answer, "order");
    print_order(found, as_json);
    return sent ? SIM_EXIT_OK : judge_order(found);
}

/* ---- show, knob, ctl ---- */

static const char show_usage[] =
    "euicc-sim show eim|card|modem|world [--eim EIM]\n"
    "\n"
    "Prints the state of a part as JSON; card2, modem2, … where there are\n"
    "several.\n";

int sim_show_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (wants_help(argc, argv)) {
        g_print("usage: %s", show_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = take_option(&argc, argv, "--eim");
    if (argc != 2 || !is_part(argv[1]) || !fits(argv[1], eim))
        return usage(show_usage);
    g_autoptr(JsonObject) request = new_request(is_card(argv[1]) ? "card" : "show");
    g_autoptr(JsonObject) answer = call(argv[1], eim, request, &error);
    if (!answer)
        return fail("show", error);
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
    "euicc-sim knob eim|card|modem JSON [--eim EIM]     (also card2, modem2, …)\n"
    "       euicc-sim knob modem eject|insert|unplug|plug\n"
    "\n"
    "Changes how a part behaves: an object with the members to change, e.g.\n"
    "  euicc-sim knob card '{\"switch\": \"silent\"}'\n"
    "  euicc-sim knob modem '{\"rules\": [{\"message\": \"open-channel\", \"action\": "
    "\"error\"}]}'\n"
    "  euicc-sim knob eim '{\"accept\": false}'\n"
    "or moves the card or the modem.\n";

int sim_knob_main(int argc, char **argv)
{
    static const char *const moves[] = { "eject", "insert", "unplug", "plug", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) request = NULL;
    if (wants_help(argc, argv)) {
        g_print("usage: %s", knob_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = take_option(&argc, argv, "--eim");
    if (argc != 3 || !is_part(argv[1]) || g_str_equal(argv[1], "world") || !fits(argv[1], eim))
        return usage(knob_usage);
    if (is_numbered(argv[1], "modem") && g_strv_contains(moves, argv[2])) {
        request = new_request(argv[2]);
    } else {
        JsonObject *object = sim_object_from_text(argv[2], &error);
        if (!object)
            return fail("knob", error);
        if (is_card(argv[1])) {
            request = new_request("card");
            json_object_set_object_member(request, "behaviour", object);
        } else {
            request = object;
            json_object_set_string_member(request, "do", "knobs");
        }
    }
    g_autoptr(JsonObject) answer = call(argv[1], eim, request, &error);
    return answer ? SIM_EXIT_OK : fail("knob", error);
}

static const char ctl_usage[] =
    "euicc-sim ctl eim|modem|world|SOCKET JSON [--eim EIM]\n"
    "\n"
    "Sends one control request and prints the answer. The requests are described in the headers\n"
    "of the parts; {\"do\": \"show\"} works everywhere.\n";

int sim_ctl_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (wants_help(argc, argv)) {
        g_print("usage: %s", ctl_usage);
        return SIM_EXIT_OK;
    }
    const char *eim = take_option(&argc, argv, "--eim");
    if (argc != 3 || !fits(argv[1], eim))
        return usage(ctl_usage);
    g_autoptr(JsonObject) request = sim_object_from_text(argv[2], &error);
    if (!request)
        return fail("ctl", error);
    g_autoptr(JsonObject) answer = is_part(argv[1]) ? call(argv[1], eim, request, &error)
                                                    : sim_control_call(argv[1], request, &error);
    if (!answer)
        return fail("ctl", error);
    print_object(answer);
    return SIM_EXIT_OK;
}

/* ---- daemon ---- */

static const char daemon_usage[] =
    "euicc-sim daemon [--part NAME] start|stop|kill|restart|log|status\n"
    "\n"
    "Starts or stops the daemon (or another part: eim, eim2, modem, bus) and returns when that is "
    "done;\n"
    "stop is SIGTERM, kill is SIGKILL. log prints what it wrote, status exits with 0 if it runs.\n";

static int print_log(const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strconcat(part, ".log", NULL);
    const char *folder = g_getenv("EUICC_SIM_DIR");
    g_autofree char *path = g_build_filename(folder ? folder : ".", name, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        return fail("daemon", error);
    fputs(text, stdout);
    return SIM_EXIT_OK;
}

int sim_daemon_main(int argc, char **argv)
{
    static const char *const actions[] = { "start", "stop", "kill", "restart", NULL };
    g_autoptr(GError) error = NULL;
    const char *part = "daemon";
    if (wants_help(argc, argv)) {
        g_print("usage: %s", daemon_usage);
        return SIM_EXIT_OK;
    }
    if (argc == 4 && g_str_equal(argv[1], "--part")) {
        part = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc != 2)
        return usage(daemon_usage);
    if (g_str_equal(argv[1], "log"))
        return print_log(part);
    gboolean status = g_str_equal(argv[1], "status");
    if (!status && !g_strv_contains(actions, argv[1]))
        return usage(daemon_usage);
    g_autoptr(JsonObject) request = new_request(status ? "show" : "part");
    json_object_set_string_member(request, "name", part);
    json_object_set_string_member(request, "action", argv[1]);
    g_autoptr(JsonObject) answer = call("world", NULL, request, &error);
    if (!answer)
        return fail("daemon", error);
    if (!status)
        return SIM_EXIT_OK;
    JsonObject *parts = json_object_get_object_member(answer, "parts");
    gboolean running =
        json_object_has_member(parts, part) &&
        json_object_get_boolean_member(json_object_get_object_member(parts, part), "running");
    puts(running ? "running" : "not running");
    return running ? SIM_EXIT_OK : SIM_EXIT_FAILED;
}

/* ---- card, pki ---- */

static const char card_usage[] =
    "euicc-sim card create FILE PKI [FQDN[:PORT]] [SETUP]\n"
    "       euicc-sim card show FILE\n"
    "       euicc-sim card serve FILE [--listen ADDRESS:PORT]\n"
    "\n"
    "create: writes a card with three profiles and one eIM at FQDN, credentials from the folder "
    "PKI\n"
    "(see \"euicc-sim pki\"). SETUP: JSON object or @FILE, its members replace the usual ones.\n"
    "show: prints the state as JSON.\n"
    "serve: waits for a modem (--card tcp:ADDRESS:PORT, by default a free port of 127.0.0.1, "
    "which\n"
    "is printed) and is its card, until it is ended.\n";

/* One modem at a time, as it is with a card. */
static int serve_card(const char *path, const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    g_autoptr(GSocketAddress) bound = NULL;
    g_autoptr(SimCard) card = sim_card_open(path, &error);
    if (!card)
        return fail("card", error);
    g_auto(GStrv) parts = g_strsplit(address, ":", 2);
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new_from_string(
        parts[0], parts[1] ? (guint)g_ascii_strtoull(parts[1], NULL, 10) : 0);
    if (!wanted) {
        g_printerr("euicc-sim card: --listen %s: want an IPv4 address and a port\n", address);
        return SIM_EXIT_USAGE;
    }
    if (!g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error))
        return fail("card", error);
    printf("%s:%u\n", parts[0], g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    (void)fflush(stdout);
    for (;;) {
        g_autoptr(GSocketConnection) connection =
            g_socket_listener_accept(listener, NULL, NULL, &error);
        if (!connection)
            return fail("card", error);
        sim_card_wire_serve(card, G_IO_STREAM(connection));
    }
}

static int create_card(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const char *address = argc > 4 && argv[4][0] != '{' && argv[4][0] != '@' ? argv[4] : NULL;
    const char *setup = argc > (address ? 5 : 4) ? argv[address ? 5 : 4] : NULL;
    g_auto(GStrv) parts = g_strsplit(address ? address : SIM_DEFAULT_EIM_ID, ":", 2);
    guint port = parts[1] ? (guint)g_ascii_strtoull(parts[1], NULL, 10) : 443;
    g_autofree char *content = NULL;
    if (setup && setup[0] == '@' && !g_file_get_contents(setup + 1, &content, NULL, &error))
        return fail("card", error);
    g_autoptr(GPtrArray) eims = g_ptr_array_new_with_free_func((GDestroyNotify)sim_world_eim_free);
    SimWorldEim *eim = sim_world_eim_new(SIM_DEFAULT_EIM_ID, 1, NULL, &error);
    if (!eim)
        return fail("card", error);
    g_ptr_array_add(eims, eim);
    g_free(eim->host);
    eim->host = g_strdup(parts[0]);
    eim->port = port;
    if (!sim_world_eim_make_pki(eim, argv[3], &error) ||
        !sim_write_card(argv[2], argv[3], 1, eims, content ? content : setup, &error))
        return fail("card", error);
    return SIM_EXIT_OK;
}

int sim_card_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (wants_help(argc, argv)) {
        g_print("usage: %s", card_usage);
        return SIM_EXIT_OK;
    }
    if (argc >= 4 && argc <= 6 && g_str_equal(argv[1], "create"))
        return create_card(argc, argv);
    const char *listen = take_option(&argc, argv, "--listen");
    if (argc == 3 && wants_help(argc - 1, argv + 1)) {
        g_print("usage: %s", card_usage);
        return SIM_EXIT_OK;
    }
    if (argc == 3 && g_str_equal(argv[1], "serve"))
        return serve_card(argv[2], listen ? listen : "127.0.0.1:0");
    if (argc != 3 || listen || !g_str_equal(argv[1], "show"))
        return usage(card_usage);
    g_autoptr(SimCard) card = sim_card_open(argv[2], &error);
    if (!card)
        return fail("card", error);
    g_autofree char *text = sim_card_describe(card);
    puts(text);
    return SIM_EXIT_OK;
}

static const char pki_usage[] =
    "euicc-sim pki DIR [--curve P-256|brainpoolP256r1] [--eid DIGITS] [--host NAME]\n"
    "       euicc-sim pki DIR --add-eim NAME\n"
    "\n"
    "Makes keys and certificates of CI, EUM, eUICC, eIM, SM-DP+ and SM-DS in a new folder, or "
    "those\n"
    "of one more eIM in DIR/NAME.\n";

int sim_pki_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const char *dir = NULL, *curve = "P-256", *eid = NULL, *host = SIM_DEFAULT_EIM_ID;
    if (wants_help(argc, argv)) {
        g_print("usage: %s", pki_usage);
        return SIM_EXIT_OK;
    }
    const char *further = take_option(&argc, argv, "--add-eim");
    if (further) {
        if (argc != 2)
            return usage(pki_usage);
        g_autofree char *folder = g_build_filename(argv[1], further, NULL);
        return sim_pki_add_eim(argv[1], folder, further, &error) ? SIM_EXIT_OK : fail("pki", error);
    }
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], "--curve") && i + 1 < argc)
            curve = argv[++i];
        else if (g_str_equal(argv[i], "--eid") && i + 1 < argc)
            eid = argv[++i];
        else if (g_str_equal(argv[i], "--host") && i + 1 < argc)
            host = argv[++i];
        else if (!dir && argv[i][0] != '-')
            dir = argv[i];
        else
            return usage(pki_usage);
    }
    if (!dir)
        return usage(pki_usage);
    g_autofree char *usual = sim_make_eid("890440450000000000000000000001");
    if (!sim_pki_create(dir, curve, eid ? eid : usual, host, &error))
        return fail("pki", error);
    return SIM_EXIT_OK;
}
