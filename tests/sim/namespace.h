/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A machine of its own for the simulated world: user, network, PID, mount and IPC namespaces,
 * without privileges. Inside, the caller is root, nothing but a loopback interface exists, abstract
 * sockets are private, and every process ends with the first.
 */

/* Tries in a child process. FALSE: RET_WHY tells what the kernel refused; g_free(). */
gboolean sim_namespace_available(char **ret_why);

/* Runs FUNC as the first process of new namespaces and ends this process with its exit status (128 + n for
 * signal n; 99 when that was not possible). SIGTERM, SIGINT, SIGHUP and SIGQUIT are passed on to it
 * (keys of the terminal reach it anyway). Must be called before any thread exists. */
void sim_namespace_run(int (*func)(gpointer data), gpointer data) G_GNUC_NORETURN;

G_END_DECLS
