/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Replaces PATH by DATA so that after a power cut there is either the old or the new content:
 * temporary file beside it (mode 0600), fsync, rename, fsync of the folder. STORAGE on failure; the old
 * file is then untouched. */
gboolean file_replace(const char *path, const void *data, gsize size, GError **error);

/* Reads a regular file of at most LIMIT octets. NULL with STORAGE (or NOT_FOUND where it does not
 * exist, TOO_LARGE above the limit). */
GBytes *file_read(const char *path, gsize limit, GError **error);

/* Removes PATH durably (fsync of the folder). A file that is not there is success. */
gboolean file_remove(const char *path, GError **error);

/* Creates PATH and its parents with mode 0700, durably. STORAGE. */
gboolean file_make_folder(const char *path, GError **error);

/* Takes the lock of a folder, of which there is one: a descriptor that holds it until it is closed, also by the
 * end of this process. -1 with BUSY where somebody else has it, or STORAGE. */
int file_lock_folder(const char *path, GError **error);

G_END_DECLS
