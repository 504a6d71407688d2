/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    gboolean ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int code = errno;
    if (fd >= 0)
        close(fd);
    errno = code;
    return ok;
}

/* Only system calls here: it also runs in the child that tries. Returns what failed, or NULL. */
static const char *enter(void)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC) < 0)
        return "unshare";
    if (!write_text("/proc/self/setgroups", "deny") && errno != ENOENT)
        return "/proc/self/setgroups";
    (void)snprintf(map, sizeof map, "0 %u 1\n", (unsigned)uid);
    if (!write_text("/proc/self/uid_map", map))
        return "/proc/self/uid_map";
    (void)snprintf(map, sizeof map, "0 %u 1\n", (unsigned)gid);
    if (!write_text("/proc/self/gid_map", map))
        return "/proc/self/gid_map";

    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_name = "lo" };
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return "loopback interface";
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return "bring up the loopback interface";
    close(fd);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "make mounts private";
    return NULL;
}

gboolean sim_namespace_available(char **ret_why)
{
    int pipe_fds[2];
    char text[256] = "";
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        *ret_why = g_strdup(g_strerror(errno));
        return FALSE;
    }
    pid_t pid = fork();
    if (pid == 0) {
        const char *failed = enter();
        if (failed) {
            (void)snprintf(text, sizeof text, "%s: %s", failed, strerror(errno));
            if (write(pipe_fds[1], text, strlen(text)) < 0)
                _exit(2);
        }
        _exit(failed ? 1 : 0);
    }
    close(pipe_fds[1]);
    ssize_t n = pid < 0 ? -1 : read(pipe_fds[0], text, sizeof text - 1);
    close(pipe_fds[0]);
    int status = -1;
    if (pid > 0)
        (void)waitpid(pid, &status, 0);
    if (status == 0)
        return TRUE;
    *ret_why = n > 0 ? g_strndup(text, (gsize)n) : g_strdup("could not be tried");
    return FALSE;
}

static pid_t first_process;

static void pass_on(int number)
{
    if (first_process > 0)
        (void)kill(first_process, number);
}

/* A key at the terminal reaches the whole foreground group by itself. */
static void pass_on_key(int number)
{
    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp())
        pass_on(number);
}

static int run_first(int (*func)(gpointer data), gpointer data)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Refused where parts of /proc are hidden (containers): the old one then shows other numbers,
     * which nothing here depends on. */
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        (void)errno;
    return func(data);
}

void sim_namespace_run(int (*func)(gpointer data), gpointer data)
{
    const char *failed = enter();
    if (failed) {
        g_printerr("euicc-sim: %s: %s\n", failed, g_strerror(errno));
        _exit(99);
    }
    sigset_t mask, old;
    sigfillset(&mask);
    sigprocmask(SIG_BLOCK, &mask, &old);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &old, NULL);
        int status = run_first(func, data);
        (void)fflush(NULL);
        _exit(status);
    }
    if (pid < 0) {
        g_printerr("euicc-sim: fork: %s\n", g_strerror(errno));
        _exit(99);
    }
    first_process = pid;
    const struct sigaction plain = { .sa_handler = pass_on };
    const struct sigaction key = { .sa_handler = pass_on_key };
    (void)sigaction(SIGTERM, &plain, NULL);
    (void)sigaction(SIGHUP, &plain, NULL);
    (void)sigaction(SIGINT, &key, NULL);
    (void)sigaction(SIGQUIT, &key, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            _exit(99);
    /* A process whose children belong to a PID namespace that ended can make no thread any more, and what
     * runs at exit (a leak check, say) may want one. */
    (void)fflush(NULL);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
