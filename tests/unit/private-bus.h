/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A message bus of the test's own, as the system bus: DBUS_SYSTEM_BUS_ADDRESS is set until it is
 * freed. Nothing is started by activation on it. */
typedef struct PrivateBus PrivateBus;

PrivateBus *private_bus_new(void);
void private_bus_stop(PrivateBus *bus); /* kills the dbus-daemon and waits for its end */
void private_bus_free(PrivateBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrivateBus, private_bus_free)

G_END_DECLS
