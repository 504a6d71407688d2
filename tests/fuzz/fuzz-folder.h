/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>

G_BEGIN_DECLS

/* A folder for targets whose decoder reads files; in memory where that is possible, as they are synced. */
static inline char *fuzz_make_folder(void)
{
    char *folder = g_strdup("/dev/shm/fuzz-XXXXXX");

    if (g_mkdtemp(folder))
        return folder;
    g_free(folder);
    folder = g_dir_make_tmp("fuzz-XXXXXX", NULL);
    g_assert(folder);
    return folder;
}

/* With what is in it. */
static inline void fuzz_remove_folder(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        if (g_file_test(inner, G_FILE_TEST_IS_DIR))
            fuzz_remove_folder(inner);
        else
            g_unlink(inner);
    }
    g_clear_pointer(&folder, g_dir_close);
    g_rmdir(path);
}

static inline void fuzz_write_file(const char *folder, const char *name, const void *data,
                                   gsize size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_unlink(path);
    g_assert(
        g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

G_END_DECLS
