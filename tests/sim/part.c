/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/part.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct SimPart {
    char *name;
    char *log;
    char *notify_path;
    char **argv;
    char **environment;
    SimPartReady kind;
    int first_fd; /* that the program gets when it opens something */
    GPid pid;     /* 0: does not run */
    guint watch;
    int status; /* of the last run */
    gboolean stopping;
    int ready_fd;
    guint ready_source;
    int log_pipe[2]; /* for the life of the part: children of it may write there when it ended */
    guint log_source;
    GString *line;
    gboolean ready;
    SimPartFunc died;
    gpointer died_data;
};

SimPart *sim_part_new(const char *name, const char *folder, char **argv, SimPartReady ready)
{
    SimPart *part = g_new0(SimPart, 1);
    g_autofree char *log_name = g_strconcat(name, ".log", NULL);
    g_autofree char *notify_name = g_strconcat(name, ".notify", NULL);
    part->name = g_strdup(name);
    part->log = g_build_filename(folder, log_name, NULL);
    part->notify_path = g_build_filename(folder, notify_name, NULL);
    part->argv = g_strdupv(argv);
    part->environment = g_get_environ();
    part->kind = ready;
    part->first_fd = 3;
    part->ready_fd = part->log_pipe[0] = part->log_pipe[1] = -1;
    part->line = g_string_new(NULL);
    return part;
}

static void copy_log(SimPart *part)
{
    char buffer[8192];
    ssize_t n;
    int log = part->log_pipe[0] < 0
                  ? -1
                  : open(part->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    while (log >= 0 && (n = read(part->log_pipe[0], buffer, sizeof buffer)) > 0)
        if (write(log, buffer, (size_t)n) != n)
            g_printerr("euicc-sim: %s: %s\n", part->log, g_strerror(errno));
    if (log >= 0)
        (void)g_close(log, NULL);
}

static gboolean on_log(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    copy_log(data);
    return G_SOURCE_CONTINUE;
}

gboolean sim_part_pipe_log(SimPart *part, GError **error)
{
    if (!g_unix_open_pipe(part->log_pipe, FD_CLOEXEC, error))
        return FALSE;
    (void)g_unix_set_fd_nonblocking(part->log_pipe[0], TRUE, NULL);
    part->log_source = g_unix_fd_add(part->log_pipe[0], G_IO_IN, on_log, part);
    return TRUE;
}

static void close_ready(SimPart *part)
{
    if (part->ready_source)
        g_source_remove(part->ready_source);
    part->ready_source = 0;
    if (part->ready_fd >= 0)
        (void)g_close(part->ready_fd, NULL);
    part->ready_fd = -1;
}

void sim_part_free(SimPart *part)
{
    if (!part)
        return;
    (void)sim_part_stop(part, SIGKILL, 10, NULL, NULL);
    close_ready(part);
    if (part->log_source)
        g_source_remove(part->log_source);
    copy_log(part);
    for (guint i = 0; i < G_N_ELEMENTS(part->log_pipe); i++)
        if (part->log_pipe[i] >= 0)
            (void)g_close(part->log_pipe[i], NULL);
    (void)g_unlink(part->notify_path);
    g_string_free(part->line, TRUE);
    g_strfreev(part->argv);
    g_strfreev(part->environment);
    g_free(part->notify_path);
    g_free(part->log);
    g_free(part->name);
    g_free(part);
}

const char *sim_part_get_name(const SimPart *part)
{
    return part->name;
}

const char *sim_part_get_log(const SimPart *part)
{
    return part->log;
}

gboolean sim_part_is_running(const SimPart *part)
{
    return part->pid != 0;
}

GPid sim_part_get_pid(const SimPart *part)
{
    return part->pid;
}

void sim_part_set_argv(SimPart *part, char **argv)
{
    g_strfreev(part->argv);
    part->argv = g_strdupv(argv);
}

void sim_part_set_first_fd(SimPart *part, int fd)
{
    part->first_fd = fd;
}

void sim_part_setenv(SimPart *part, const char *name, const char *value)
{
    part->environment = g_environ_setenv(part->environment, name, value, TRUE);
}

void sim_part_set_died(SimPart *part, SimPartFunc died, gpointer data)
{
    part->died = died;
    part->died_data = data;
}

char *sim_part_status_to_string(int status)
{
    if (WIFSIGNALED(status))
        return g_strdup_printf("signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return g_strdup_printf("exit status %d", WEXITSTATUS(status));
}

static void on_exit_of_child(GPid pid, int status, gpointer data)
{
    SimPart *part = data;
    g_spawn_close_pid(pid);
    part->watch = 0;
    part->pid = 0;
    part->status = status;
    copy_log(part);
    if (!part->stopping && part->ready && part->died)
        part->died(part, part->died_data);
}

static gboolean on_ready_line(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    SimPart *part = data;
    char buffer[256];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0)
        g_string_append_len(part->line, buffer, n);
    char *end = strchr(part->line->str, '\n');
    if (end) {
        *end = '\0';
        part->ready = TRUE;
    }
    if (n > 0 && !end)
        return G_SOURCE_CONTINUE;
    part->ready_source = 0;
    return G_SOURCE_REMOVE;
}

static gboolean on_notify(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    SimPart *part = data;
    char buffer[4096];
    ssize_t n = recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
    if (n <= 0)
        return G_SOURCE_CONTINUE;
    buffer[n] = '\0';
    g_auto(GStrv) lines = g_strsplit(buffer, "\n", -1);
    if (g_strv_contains((const char *const *)lines, "READY=1"))
        part->ready = TRUE;
    return G_SOURCE_CONTINUE;
}

static gboolean on_timeout(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_CONTINUE;
}

static void set_up_child(gpointer data G_GNUC_UNUSED)
{
    /* Keys of the terminal are for COMMAND, not for the parts. */
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static gboolean fail_errno(SimPart *part, const char *what, GError **error)
{
    int code = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "%s: %s: %s", part->name,
                what, g_strerror(code));
    return FALSE;
}

static gboolean open_notify(SimPart *part, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(part->notify_path) >= sizeof address.sun_path) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, "%s: path too long",
                    part->notify_path);
        return FALSE;
    }
    strcpy(address.sun_path, part->notify_path);
    (void)g_unlink(part->notify_path);
    part->ready_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (part->ready_fd < 0 || bind(part->ready_fd, (struct sockaddr *)&address, sizeof address) < 0)
        return fail_errno(part, part->notify_path, error);
    part->ready_source = g_unix_fd_add(part->ready_fd, G_IO_IN, on_notify, part);
    sim_part_setenv(part, "NOTIFY_SOCKET", part->notify_path);
    return TRUE;
}

static gboolean spawn(SimPart *part, GError **error)
{
    int pipe_fds[2] = { -1, -1 };
    g_auto(GStrv) argv = g_strdupv(part->argv);
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(int));
    gboolean ok = FALSE;
    int log = open(part->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int output = part->log_pipe[1] >= 0 ? part->log_pipe[1] : log;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log < 0 || null < 0) {
        (void)fail_errno(part, part->log, error);
        goto out;
    }
    if (part->kind == SIM_PART_READY_LINE) {
        if (!g_unix_open_pipe(pipe_fds, FD_CLOEXEC, error))
            goto out;
        (void)g_unix_set_fd_nonblocking(pipe_fds[0], TRUE, NULL);
        part->ready_fd = pipe_fds[0];
        part->ready_source = g_unix_fd_add(pipe_fds[0], G_IO_IN | G_IO_HUP, on_ready_line, part);
        for (guint i = 0; argv[i]; i++) {
            g_autoptr(GString) text = g_string_new(argv[i]);
            g_string_replace(text, "@FD@", "3", 0);
            g_free(argv[i]);
            argv[i] = g_strdup(text->str);
        }
    } else if (part->kind == SIM_PART_READY_AT_ONCE) {
        part->ready = TRUE;
    } else if (!open_notify(part, error)) {
        goto out;
    }
    for (int fd = 3; fd < part->first_fd || (fd == 3 && pipe_fds[1] >= 0); fd++) {
        g_array_append_val(sources, *(fd == 3 && pipe_fds[1] >= 0 ? &pipe_fds[1] : &null));
        g_array_append_val(targets, fd);
    }
    ok = g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *)argv, (const char *const *)part->environment,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, set_up_child, NULL, null, output, output,
        (const int *)sources->data, (const int *)targets->data, sources->len, &part->pid, NULL,
        NULL, NULL, error);
    if (ok)
        part->watch = g_child_watch_add(part->pid, on_exit_of_child, part);
    else
        g_prefix_error(error, "%s: ", part->name);
out:
    if (pipe_fds[1] >= 0)
        (void)g_close(pipe_fds[1], NULL);
    if (log >= 0)
        (void)g_close(log, NULL);
    if (null >= 0)
        (void)g_close(null, NULL);
    return ok;
}

gboolean sim_part_start(SimPart *part, guint timeout, char **ret_line, GError **error)
{
    if (part->pid) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s runs already", part->name);
        return FALSE;
    }
    close_ready(part);
    g_string_truncate(part->line, 0);
    part->ready = FALSE;
    part->stopping = FALSE;
    gboolean timed_out = FALSE;
    if (!spawn(part, error)) {
        close_ready(part);
        return FALSE;
    }
    guint timer = g_timeout_add_seconds(timeout, on_timeout, &timed_out);
    while (part->pid && !part->ready && !timed_out)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    if (part->ready && part->pid) {
        if (part->kind == SIM_PART_READY_LINE)
            close_ready(part);
        if (ret_line)
            *ret_line = g_strdup(part->line->str);
        return TRUE;
    }
    if (!part->pid) {
        g_autofree char *status = sim_part_status_to_string(part->status);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s ended before it was ready: %s",
                    part->name, status);
    } else {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s was not ready after %u s",
                    part->name, timeout);
        (void)sim_part_stop(part, SIGKILL, 10, NULL, NULL);
    }
    close_ready(part);
    return FALSE;
}

gboolean sim_part_stop(SimPart *part, int signal, guint timeout, int *ret_status, GError **error)
{
    if (!part->pid) {
        if (ret_status)
            *ret_status = 0;
        return TRUE;
    }
    part->stopping = TRUE;
    gboolean timed_out = FALSE;
    (void)kill(part->pid, signal);
    guint timer = g_timeout_add_seconds(timeout, on_timeout, &timed_out);
    while (part->pid && !timed_out)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    if (part->pid) {
        (void)kill(part->pid, SIGKILL);
        while (part->pid)
            g_main_context_iteration(NULL, TRUE);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                    "%s did not end within %u s of signal %d and was killed", part->name, timeout,
                    signal);
        return FALSE;
    }
    if (ret_status)
        *ret_status = part->status;
    return TRUE;
}
