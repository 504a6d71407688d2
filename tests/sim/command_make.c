/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands of euicc-sim that make or show cards and a PKI. */

#include <stdio.h>
#include <string.h>

#include "sim/card_wire.h"
#include "sim/command.h"
#include "sim/pki.h"
#include "sim/programs.h"
#include "sim/world_setup.h"

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
        return sim_command_fail("card", error);
    g_auto(GStrv) parts = g_strsplit(address, ":", 2);
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new_from_string(
        parts[0], parts[1] ? (guint)g_ascii_strtoull(parts[1], NULL, 10) : 0);
    if (!wanted) {
        g_printerr("euicc-sim card: --listen %s: want an IPv4 address and a port\n", address);
        return SIM_EXIT_USAGE;
    }
    if (!g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error))
        return sim_command_fail("card", error);
    printf("%s:%u\n", parts[0], g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    (void)fflush(stdout);
    for (;;) {
        g_autoptr(GSocketConnection) connection =
            g_socket_listener_accept(listener, NULL, NULL, &error);
        if (!connection)
            return sim_command_fail("card", error);
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
        return sim_command_fail("card", error);
    g_autoptr(GPtrArray) eims = g_ptr_array_new_with_free_func((GDestroyNotify)sim_world_eim_free);
    SimWorldEim *eim = sim_world_eim_new(SIM_DEFAULT_EIM_ID, 1, NULL, &error);
    if (!eim)
        return sim_command_fail("card", error);
    g_ptr_array_add(eims, eim);
    g_free(eim->host);
    eim->host = g_strdup(parts[0]);
    eim->port = port;
    if (!sim_world_eim_make_pki(eim, argv[3], &error) ||
        !sim_write_card(argv[2], argv[3], 1, eims, content ? content : setup, &error))
        return sim_command_fail("card", error);
    return SIM_EXIT_OK;
}

int sim_card_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", card_usage);
        return SIM_EXIT_OK;
    }
    if (argc >= 4 && argc <= 6 && g_str_equal(argv[1], "create"))
        return create_card(argc, argv);
    const char *listen = sim_command_take_option(&argc, argv, "--listen");
    if (argc == 3 && sim_command_wants_help(argc - 1, argv + 1)) {
        g_print("usage: %s", card_usage);
        return SIM_EXIT_OK;
    }
    if (argc == 3 && g_str_equal(argv[1], "serve"))
        return serve_card(argv[2], listen ? listen : "127.0.0.1:0");
    if (argc != 3 || listen || !g_str_equal(argv[1], "show"))
        return sim_command_usage(card_usage);
    g_autoptr(SimCard) card = sim_card_open(argv[2], &error);
    if (!card)
        return sim_command_fail("card", error);
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
    if (sim_command_wants_help(argc, argv)) {
        g_print("usage: %s", pki_usage);
        return SIM_EXIT_OK;
    }
    const char *further = sim_command_take_option(&argc, argv, "--add-eim");
    if (further) {
        if (argc != 2)
            return sim_command_usage(pki_usage);
        g_autofree char *folder = g_build_filename(argv[1], further, NULL);
        return sim_pki_add_eim(argv[1], folder, further, &error) ? SIM_EXIT_OK
                                                                 : sim_command_fail("pki", error);
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
            return sim_command_usage(pki_usage);
    }
    if (!dir)
        return sim_command_usage(pki_usage);
    g_autofree char *usual = sim_make_eid("890440450000000000000000000001");
    if (!sim_pki_create(dir, curve, eid ? eid : usual, host, &error))
        return sim_command_fail("pki", error);
    return SIM_EXIT_OK;
}
