/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A program of the simulated world: started, known to be ready, stopped, and watched in between.
 * Waiting happens by iterating the default main context.
 */
typedef struct SimPart SimPart;

typedef enum {
    SIM_PART_READY_LINE,   /* writes a line to a file descriptor, whose number replaces "@FD@" in an
                              argument */
    SIM_PART_READY_NOTIFY, /* sends READY=1 as to systemd (NOTIFY_SOCKET) */
    SIM_PART_READY_AT_ONCE,
} SimPartReady;

typedef void (*SimPartFunc)(SimPart *part, gpointer data);

/* FOLDER: where NAME.log (and a notify socket) go; the log is appended to. ARGV is copied. */
SimPart *sim_part_new(const char *name, const char *folder, char **argv, SimPartReady ready);
void sim_part_free(SimPart *part); /* kills what still runs */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPart, sim_part_free)

const char *sim_part_get_name(const SimPart *part);
const char *sim_part_get_log(const SimPart *part);
gboolean sim_part_is_running(const SimPart *part);
GPid sim_part_get_pid(const SimPart *part);
void sim_part_set_argv(SimPart *part, char **argv);
/* The log goes through a pipe: for programs that wait for the disk after each line. */
gboolean sim_part_pipe_log(SimPart *part, GError **error);
/* What the program opens has numbers from FD on (3 without this); those below lead to /dev/null. */
void sim_part_set_first_fd(SimPart *part, int fd);
void sim_part_setenv(SimPart *part, const char *name, const char *value);

/* DIED runs when the part ends without having been asked to. */
void sim_part_set_died(SimPart *part, SimPartFunc died, gpointer data);

/* Starts and waits until it is ready, at most TIMEOUT seconds. RET_LINE (may be NULL): the ready
 * line without its end. */
gboolean sim_part_start(SimPart *part, guint timeout, char **ret_line, GError **error);

/* Sends SIGNAL and waits for the end; SIGKILL after TIMEOUT seconds, which is a failure. RET_STATUS
 * (may be NULL): wait status. A part that does not run is success with status 0. */
gboolean sim_part_stop(SimPart *part, int signal, guint timeout, int *ret_status, GError **error);

/* "exit status 1", "signal 6 (Aborted)". g_free() it. */
char *sim_part_status_to_string(int status);

G_END_DECLS
