/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Watches for a device node that may not be there yet, nor the folders above it. */
typedef struct NodeWatch NodeWatch;

/* The node is there (again). */
typedef void (*NodeWatchFunc)(gpointer data);

NodeWatch *node_watch_new(const char *path, NodeWatchFunc func, gpointer data);
void node_watch_free(NodeWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeWatch, node_watch_free)

G_END_DECLS
