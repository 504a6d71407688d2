/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the commands of euicc-sim have in common. The first two return the exit status. */
int sim_command_usage(const char *text);
int sim_command_fail(const char *what, const GError *error);
gboolean sim_command_wants_help(int argc, char **argv);
/* The value of option NAME, which is taken out of the arguments; NULL when it is not there. */
const char *sim_command_take_option(int *argc, char **argv, const char *name);

G_END_DECLS
