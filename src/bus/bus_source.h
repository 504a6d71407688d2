/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

G_BEGIN_DECLS

/* Called once when the connection is gone; ERROR is a positive errno. The source is destroyed by
 * then. */
typedef void (*BusSourceLost)(int error, gpointer data);

/* Processes CONNECTION (referenced) in CONTEXT (NULL: the default one), at default priority. LOST
 * may be NULL. The caller owns the source: g_source_destroy() and g_source_unref() it; its end
 * flushes and closes the connection. */
GSource *bus_source_new(sd_bus *connection, GMainContext *context, BusSourceLost lost,
                        gpointer data);

G_END_DECLS
