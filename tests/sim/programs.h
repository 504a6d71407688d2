/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Subcommands of euicc-sim; argv[0] is the subcommand's name. Return the exit status. */
int sim_modem_main(int argc, char **argv);
int sim_udev_main(int argc, char **argv);
int sim_run_main(int argc, char **argv);
int sim_card_main(int argc, char **argv);
int sim_pki_main(int argc, char **argv);
int sim_ctl_main(int argc, char **argv);
/* Inside "euicc-sim run": queue, wait, show, knob, daemon, part. */
int sim_queue_main(int argc, char **argv);
int sim_wait_main(int argc, char **argv);
int sim_show_main(int argc, char **argv);
int sim_knob_main(int argc, char **argv);
int sim_daemon_main(int argc, char **argv);
int sim_part_main(int argc, char **argv);

enum {
    SIM_EXIT_OK = 0,
    SIM_EXIT_FAILED = 1,
    SIM_EXIT_USAGE = 2,
    SIM_EXIT_TIMEOUT = 3,
    SIM_EXIT_UNSUCCESSFUL = 4, /* a verified answer of the card, which says that something failed */
    SIM_EXIT_WORLD = 99,       /* the world could not be built, or something in it broke */
};

G_END_DECLS
