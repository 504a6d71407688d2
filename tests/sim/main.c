/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <locale.h>
#include <stdio.h>

#include "sim/eim.h"
#include "sim/programs.h"
#include "sim/smdp.h"
#include "sim/smds.h"

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "run", sim_run_main, "build a world, run a command in it, tear it down" },
    { "queue", sim_queue_main, "in a world: queue a package at the eIM" },
    { "wait", sim_wait_main, "in a world: wait for the result of an order" },
    { "show", sim_show_main, "in a world: state of the eIM, the card, the modem" },
    { "knob", sim_knob_main, "in a world: make a part misbehave" },
    { "daemon", sim_daemon_main, "in a world: start, stop or kill the daemon" },
    { "part", sim_part_main, "in a world: likewise another part" },
    { "ctl", sim_ctl_main, "send a control request to a part" },
    { "udev", sim_udev_main, "play the kernel's devices of modems" },
    { "modem", sim_modem_main, "play modems with their cards" },
    { "eim", sim_eim_main, "play an eIM" },
    { "smdp", sim_smdp_main, "play an SM-DP+" },
    { "smds", sim_smds_main, "play an SM-DS" },
    { "card", sim_card_main, "make or show a card" },
    { "pki", sim_pki_main, "make test keys and certificates" },
};

static void print_help(FILE *file)
{
    fputs("usage: euicc-sim COMMAND [ARGUMENTS]\n"
          "\n"
          "A simulated world for euiccd: eUICC, modem, eIM, PKI.\n"
          "\n",
          file);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(file, "  %-7s %s\n", commands[i].name, commands[i].help);
    fputs(
        "\n"
        "\"euicc-sim COMMAND --help\" tells more. Try: euicc-sim run -- busctl tree org.euiccd1\n",
        file);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    setlocale(LC_ALL, "");
    if (g_str_equal(name, "--help") || g_str_equal(name, "-h") || g_str_equal(name, "help")) {
        print_help(stdout);
        return SIM_EXIT_OK;
    }
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(name, commands[i].name)) {
            g_autofree char *program = g_strconcat("euicc-sim ", name, NULL);
            g_set_prgname(program); /* stands in the usage line */
            return commands[i].main(argc - 1, argv + 1);
        }
    if (*name)
        fprintf(stderr, "euicc-sim: no command '%s'\n", name);
    print_help(stderr);
    return SIM_EXIT_USAGE;
}
