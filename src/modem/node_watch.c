/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/node_watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "util/log.h"

struct NodeWatch {
    char *path;
    NodeWatchFunc func;
    gpointer data;
    int fd;     /* of inotify; -1: not watched */
    int watch;  /* of the folder, or of the nearest one above it that exists; -1: none */
    char *name; /* of the node, or of the next folder on the way to it */
    guint source;
};

/* Names that appear, and the end of the folder; no writes: a device that somebody uses must not wake us
 * up. */
#define WATCHED (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* Deeper than any path to a device. */
#define MAX_ROUNDS 32

/* Watches the folder of the node, or the nearest one above it that is there. */
static void place_watch(NodeWatch *watch)
{
    g_autofree char *path = g_canonicalize_filename(watch->path, NULL);

    if (watch->watch >= 0)
        inotify_rm_watch(watch->fd, watch->watch);
    watch->watch = -1;
    for (guint i = 0; i < MAX_ROUNDS; i++) {
        g_autofree char *folder = g_path_get_dirname(path);

        g_free(watch->name);
        watch->name = g_path_get_basename(path);
        watch->watch = inotify_add_watch(watch->fd, folder, WATCHED);
        if (watch->watch < 0 && errno != ENOENT && errno != ENOTDIR)
            break;
        if (watch->watch < 0) {
            g_free(path);
            path = g_steal_pointer(&folder);
        } else if (i > 0 && g_file_test(path, G_FILE_TEST_IS_DIR)) {
            /* It came in between: nothing will tell of it. */
            g_free(path);
            path = g_canonicalize_filename(watch->path, NULL);
            inotify_rm_watch(watch->fd, watch->watch);
            watch->watch = -1;
        } else {
            return;
        }
    }
    log_warning(NULL, "can't watch for %s", watch->path);
}

/* TRUE: what the watch was for has come, or the watch itself has gone. */
static gboolean is_news(const NodeWatch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return TRUE;
    if (event->wd != watch->watch) /* of a watch that was replaced */
        return FALSE;
    if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
        return TRUE;
    return event->len > 0 && g_str_equal(event->name, watch->name);
}

static gboolean on_changed(gint fd, GIOCondition condition, gpointer data)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    NodeWatch *watch = data;
    gboolean news = FALSE;
    ssize_t n;

    (void)condition;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

            news = news || is_news(watch, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    if (!news)
        return G_SOURCE_CONTINUE;
    /* Folders come one by one, and the node may be there before the watch on its folder is. */
    place_watch(watch);
    if (g_file_test(watch->path, G_FILE_TEST_EXISTS))
        watch->func(watch->data);
    return G_SOURCE_CONTINUE;
}

NodeWatch *node_watch_new(const char *path, NodeWatchFunc func, gpointer data)
{
    NodeWatch *watch = g_new0(NodeWatch, 1);

    watch->path = g_strdup(path);
    watch->func = func;
    watch->data = data;
    watch->watch = -1;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd >= 0) {
        watch->source = g_unix_fd_add(watch->fd, G_IO_IN, on_changed, watch);
        place_watch(watch);
    } else {
        log_warning(NULL, "can't watch for %s: %s", watch->path, g_strerror(errno));
    }
    return watch;
}

void node_watch_free(NodeWatch *watch)
{
    if (watch->source)
        g_source_remove(watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    g_free(watch->name);
    g_free(watch->path);
    g_free(watch);
}
