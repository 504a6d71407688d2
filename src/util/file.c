/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    g_set_error(error, EUICCD_ERROR,
                saved == ENOENT ? EUICCD_ERROR_NOT_FOUND : EUICCD_ERROR_STORAGE, "%s '%s': %s",
                what, path, g_strerror(saved));
    return FALSE;
}

static gboolean sync_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail(error, "opening the folder", folder);
    if (fsync(fd) < 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return fail(error, "syncing the folder", folder);
    }
    close(fd);
    return TRUE;
}

static gboolean write_all(int fd, const guint8 *data, gsize size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return FALSE;
        }
        data += n;
        size -= (gsize)n;
    }
    return TRUE;
}

gboolean file_replace(const char *path, const void *data, gsize size, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        fail(error, "creating a temporary file for", path);
        /* A missing folder is a storage failure here, not an answer to a look-up. */
        if (error && *error)
            (*error)->code = EUICCD_ERROR_STORAGE;
        return FALSE;
    }
    if (!write_all(fd, data, size) || fsync(fd) < 0) {
        int saved = errno;

        close(fd);
        (void)unlink(temporary);
        errno = saved;
        return fail(error, "writing", temporary);
    }
    /* The content is on disk after fsync; close() has nothing left to tell. */
    close(fd);
    if (rename(temporary, path) < 0) {
        int saved = errno;

        (void)unlink(temporary);
        errno = saved;
        return fail(error, "renaming to", path);
    }
    return sync_folder(path, error);
}

GBytes *file_read(const char *path, gsize limit, GError **error)
{
    g_autofree guint8 *data = NULL;
    gsize size = 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        fail(error, "opening", path);
        return NULL;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "'%s' is not a regular file", path);
        return NULL;
    }
    if ((guint64)st.st_size > limit) {
        close(fd);
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                    "'%s' has %" G_GINT64_FORMAT " octets, the limit is %" G_GSIZE_FORMAT, path,
                    (gint64)st.st_size, limit);
        return NULL;
    }
    data = g_malloc((gsize)st.st_size + 1);
    while (size < (gsize)st.st_size) {
        ssize_t n = read(fd, data + size, (gsize)st.st_size - size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int saved = errno;

            close(fd);
            errno = saved;
            fail(error, "reading", path);
            return NULL;
        }
        if (n == 0)
            break;
        size += (gsize)n;
    }
    close(fd);
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

gboolean file_remove(const char *path, GError **error)
{
    if (unlink(path) < 0) {
        if (errno == ENOENT)
            return TRUE;
        return fail(error, "removing", path);
    }
    return sync_folder(path, error);
}

gboolean file_make_folder(const char *path, GError **error)
{
    g_autofree char *parent = NULL;

    if (mkdir(path, 0700) == 0)
        return sync_folder(path, error); /* the entry in its parent */
    if (errno == EEXIST && g_file_test(path, G_FILE_TEST_IS_DIR))
        return TRUE;
    if (errno != ENOENT)
        return fail(error, "creating the folder", path);
    parent = g_path_get_dirname(path);
    if (!g_str_equal(parent, path) && !file_make_folder(parent, error))
        return FALSE;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail(error, "creating the folder", path);
    return sync_folder(path, error);
}

int file_lock_folder(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int saved;

    if (fd < 0) {
        fail(error, "opening the folder", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    if (saved == EWOULDBLOCK)
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY, "'%s' is in use already", path);
    else
        fail(error, "locking the folder", path);
    return -1;
}
