/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "agent/agents.h"

G_BEGIN_DECLS

#define BUS_NAME "org.euiccd1"
#define BUS_ROOT "/org/euiccd1"

/*
 * What the daemon shows on the system bus: one object an eUICC, profile, eIM and job, all made from
 * the snapshots of the agents. Main thread only.
 */
typedef struct Bus Bus;

/* Called once when the connection to the message bus is lost. The daemon can't do its duty to its
 * clients any more and can't get its name back reliably: it ends with an error and the service
 * manager starts it again. ERROR is borrowed. */
typedef void (*BusLost)(const GError *error, gpointer data);

/* Connects to the system bus (DBUS_SYSTEM_BUS_ADDRESS is honoured), publishes all that AGENTS
 * knows, becomes its listener and takes the name. AGENTS is borrowed and must outlive the Bus. BUSY
 * when another daemon has the name, NOT_AUTHORIZED when the bus policy refuses it, FAILED when
 * there is no bus. */
Bus *bus_new(Agents *agents, BusLost lost, gpointer data, GError **error);
void bus_free(Bus *bus); /* releases inhibitions, drops pending requests, flushes, closes */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)

/* The one connection of the daemon, for what else talks to the system bus. Borrowed. */
sd_bus *bus_get_connection(Bus *bus);

G_END_DECLS
