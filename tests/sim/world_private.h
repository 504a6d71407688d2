/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/control.h"
#include "sim/part.h"
#include "sim/world.h"
#include "sim/world_authority.h"
#include "sim/world_modem.h"

G_BEGIN_DECLS

#define SIM_START_TIMEOUT 60 /* seconds; slow machines under valgrind */

struct World {
    const WorldOptions *options;
    char *bus_address;
    char *pki;
    GPtrArray *modems; /* SimWorldModem */
    char *machine;     /* folder in place of /sys and /dev, or NULL */
    GPtrArray *parts;  /* in starting order */
    SimPart *bus;      /* the first of them */
    SimPart *daemon;   /* one of them, or NULL */
    SimControl *control;
    SimAuthority *authority;
    GPid command;
    int command_status;
    gboolean command_ended;
    gboolean failed;
    gboolean stopped;
};

char *sim_world_path(const World *world, const char *name);
/* ARGV is copied. */
SimPart *sim_world_add_part(World *world, const char *name, char **argv, SimPartReady ready);
gboolean sim_world_start_part(World *world, SimPart *part, guint timeout, char **ret_line,
                              GError **error);

/* ---- world_servers.c: SM-DP+ and SM-DS ---- */

gboolean sim_world_start_servers(World *world, GError **error);
/* HOST=SOCKET of each, for the eIMs. */
GPtrArray *sim_world_list_servers(const World *world);
JsonArray *sim_world_describe_servers(const World *world);
char *sim_world_make_resolve(const World *world);

/* ---- world_machine.c: what the kernel and the services around the daemon are ---- */

/* The folder in place of /sys and /dev, in which the modems' nodes will be. */
gboolean sim_world_start_udev(World *world, GError **error);
/* Lets PART see that folder. */
void sim_world_show_machine(const World *world, SimPart *part);
gboolean sim_world_start_modem_manager(World *world, GError **error);
/* Whether NAME is a program that libqmi or libmbim start by themselves. */
gboolean sim_world_is_proxy(const char *name);
/* Sends SIGNAL to those of NAME in this PID namespace, and waits until they ended. Fails where there is none. */
gboolean sim_world_signal_proxy(const char *name, int signal, guint timeout, GError **error);

G_END_DECLS
