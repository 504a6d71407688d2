/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/programs.h"
#include "sim/udev_device.h"
#include "sim/world_private.h"

#define PRELOAD       "libumockdev-preload.so.0"
#define MODEM_MANAGER "/usr/sbin/ModemManager"
#define PROXIES       "/usr/libexec"

/* umockdev names the socket of who listens to uevents after its file descriptor alone: of two programs with the
 * same number the first one hears nothing any more. */
#define MODEM_MANAGER_FIRST_FD 64

/* ---- udev ---- */

/* The sanitizers' library has to be the first that is loaded; there is one if this program has one. */
static char *make_preload(void)
{
    g_autofree char *maps = NULL;
    g_auto(GStrv) lines = NULL;
    (void)g_file_get_contents("/proc/self/maps", &maps, NULL, NULL);
    lines = g_strsplit(maps ? maps : "", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *path = strchr(lines[i], '/');
        if (path && strstr(path, "/libasan.so"))
            return g_strconcat(path, ":", PRELOAD, NULL);
    }
    return g_strdup(PRELOAD);
}

gboolean sim_world_start_udev(World *world, GError **error)
{
    g_autofree char *control = sim_world_path(world, "udev.sock");
    g_autofree char *preload = make_preload();
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(world->options->self));
    g_ptr_array_add(argv, g_strdup("udev"));
    g_ptr_array_add(argv, g_strconcat("--control=", control, NULL));
    g_ptr_array_add(argv, g_strdup("--ready-fd=@FD@"));
    if (world->options->wwan)
        g_ptr_array_add(argv, g_strdup("--wwan"));
    for (guint i = 0; i < world->modems->len; i++) {
        const SimWorldModem *modem = world->modems->pdata[i];
        g_ptr_array_add(argv, g_strdup_printf("--device=%s:%s", modem->kind, modem->node));
    }
    g_ptr_array_add(argv, NULL);
    SimPart *part = sim_world_add_part(world, "udev", (char **)argv->pdata, SIM_PART_READY_LINE);
    sim_part_setenv(part, "LD_PRELOAD", preload);
    sim_part_setenv(part, "TMPDIR", world->options->folder);
    if (!sim_world_start_part(world, part, SIM_START_TIMEOUT, &world->machine, error))
        return FALSE;
    for (guint i = 0; i < world->modems->len; i++) {
        SimWorldModem *modem = world->modems->pdata[i];
        g_free(modem->path);
        modem->path = g_build_filename(world->machine, "dev", modem->node, NULL);
    }
    return TRUE;
}

void sim_world_show_machine(const World *world, SimPart *part)
{
    if (!world->machine)
        return;
    g_autofree char *preload = make_preload();
    sim_part_setenv(part, "LD_PRELOAD", preload);
    sim_part_setenv(part, "UMOCKDEV_DIR", world->machine);
}

/* ---- ModemManager ---- */

static gboolean is_listening(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gsize length = strlen(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean connected;
    g_return_val_if_fail(fd >= 0 && length < sizeof address.sun_path - 1, FALSE);
    memcpy(address.sun_path + 1, name, length);
    connected = connect(fd, (struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0;
    (void)g_close(fd, NULL);
    return connected;
}

/* ModemManager starts a proxy on its own and gives it a second to listen. On a busy machine that is not enough, and
 * it gives up the port for good: the world starts with the proxy in its place. */
static gboolean start_proxy(const World *world, const char *kind, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s-proxy", kind);
    g_autofree char *path = g_build_filename(PROXIES, name, NULL);
    g_auto(GStrv) environment = g_get_environ();
    char *argv[] = { path, NULL };
    environment = g_environ_setenv(environment, "LD_PRELOAD", PRELOAD, TRUE);
    environment = g_environ_setenv(environment, "UMOCKDEV_DIR", world->machine, TRUE);
    if (!sim_world_is_proxy(name) || is_listening(name))
        return TRUE;
    if (!g_spawn_async(NULL, argv, environment,
                       G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                       error))
        return FALSE;
    for (guint pauses = 0; pauses < SIM_START_TIMEOUT * 100; pauses++) {
        if (is_listening(name))
            return TRUE;
        g_usleep(G_USEC_PER_SEC / 100);
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s does not listen", path);
    return FALSE;
}

gboolean sim_world_start_modem_manager(World *world, GError **error)
{
    /* Other options for tests would also keep it from looking for modems. */
    char *argv[] = { (char *)MODEM_MANAGER, (char *)"--test-no-suspend-resume", (char *)"--debug",
                     NULL };
    for (guint i = 0; i < world->modems->len; i++)
        if (!start_proxy(world, ((const SimWorldModem *)world->modems->pdata[i])->kind, error))
            return FALSE;
    world->authority = sim_authority_new(world->bus_address, error);
    if (!world->authority)
        return FALSE;
    SimPart *part = sim_world_add_part(world, "modemmanager", argv, SIM_PART_READY_AT_ONCE);
    sim_part_setenv(part, "DBUS_SYSTEM_BUS_ADDRESS", world->bus_address);
    sim_world_show_machine(world, part);
    /* It hangs with the sanitizers' library, which it has no use for. */
    sim_part_setenv(part, "LD_PRELOAD", PRELOAD);
    sim_part_set_first_fd(part, MODEM_MANAGER_FIRST_FD);
    return sim_part_pipe_log(part, error) &&
           sim_world_start_part(world, part, SIM_START_TIMEOUT, NULL, error);
}

/* ---- proxies ---- */

gboolean sim_world_is_proxy(const char *name)
{
    return g_str_equal(name, "qmi-proxy") || g_str_equal(name, "mbim-proxy");
}

/* /proc may be that of another PID namespace: processes of this one count, by their numbers here. */
static pid_t pid_here(const char *number, const char *name)
{
    g_autofree char *folder = g_build_filename("/proc", number, NULL);
    g_autofree char *comm = g_build_filename(folder, "comm", NULL);
    g_autofree char *status = g_build_filename(folder, "status", NULL);
    g_autofree char *link = g_build_filename(folder, "ns/pid", NULL);
    g_autofree char *is_named = NULL, *text = NULL;
    if (!g_file_get_contents(comm, &is_named, NULL, NULL) ||
        !g_file_get_contents(status, &text, NULL, NULL))
        return 0;
    g_autofree char *theirs = g_file_read_link(link, NULL);
    g_autofree char *ours = g_file_read_link("/proc/self/ns/pid", NULL);
    const char *line = strstr(text, "\nNSpid:");
    if (!g_str_equal(g_strchomp(is_named), name) || !theirs || g_strcmp0(theirs, ours) || !line ||
        strstr(text, "\nState:\tZ"))
        return 0;
    g_autofree char *numbers = g_strndup(line + 7, strcspn(line + 7, "\n"));
    const char *last = strrchr(numbers, '\t');
    return last ? (pid_t)strtol(last, NULL, 10) : 0;
}

static gboolean end_process(pid_t pid, int signal, guint timeout, GError **error)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    int result = 0;
    if (fd < 0) {
        if (errno == ESRCH) /* ended meanwhile */
            return TRUE;
    } else if ((result = kill(pid, signal)) == 0) {
        result = poll(&wait, 1, (int)timeout * 1000);
    }
    int code = result == 0 ? ETIMEDOUT : errno;
    if (fd >= 0)
        (void)g_close(fd, NULL);
    if (result > 0)
        return TRUE;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "process %d: %s", (int)pid,
                g_strerror(code));
    return FALSE;
}

/* One that is stopped can't be asked anything, and does not answer; its clients keep their connections. */
static gboolean signal_process(pid_t pid, int signal, guint timeout, GError **error)
{
    if (signal != SIGSTOP && signal != SIGCONT)
        return end_process(pid, signal, timeout, error);
    if (kill(pid, signal) == 0)
        return TRUE;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno), "process %d: %s", (int)pid,
                g_strerror(errno));
    return FALSE;
}

gboolean sim_world_signal_proxy(const char *name, int signal, guint timeout, GError **error)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, error);
    const char *entry;
    guint count = 0;
    while (processes && (entry = g_dir_read_name(processes))) {
        pid_t pid = g_ascii_isdigit(*entry) ? pid_here(entry, name) : 0;
        if (pid == 0)
            continue;
        if (!signal_process(pid, signal, timeout, error))
            return FALSE;
        count++;
    }
    if (processes && count == 0)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no %s runs", name);
    return count > 0;
}
