/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/slot_note.h"

#include <string.h>

#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

#define SIZE_LIMIT   16
#define HIGHEST_SLOT 255

static char *make_path(const char *state_directory, const Modem *modem)
{
    g_autofree char *name = g_strdup_printf("%s:%u", modem->device, modem->slot);

    return g_build_filename(state_directory, "slots", g_strdelimit(name, "/", '!'), NULL);
}

guint slot_note_read(const char *state_directory, const Modem *modem)
{
    g_autofree char *path = make_path(state_directory, modem);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, SIZE_LIMIT, &error);
    g_autofree char *text = NULL;
    const char *data;
    guint64 slot;
    gsize size;

    if (!bytes) {
        if (!euiccd_error_is(error, EUICCD_ERROR_NOT_FOUND))
            log_warning(NULL, "reading which slot is to be given back: %s", error->message);
        return 0;
    }
    data = g_bytes_get_data(bytes, &size);
    text = g_strndup(data, size);
    if (!g_ascii_string_to_unsigned(g_strchomp(text), 10, 1, HIGHEST_SLOT, &slot, &error)) {
        log_warning(NULL, "reading which slot is to be given back: '%s': %s", path, error->message);
        return 0;
    }
    return (guint)slot;
}

gboolean slot_note_write(const char *state_directory, const Modem *modem, guint slot,
                         GError **error)
{
    g_autofree char *path = make_path(state_directory, modem);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *text = g_strdup_printf("%u\n", slot);
    gboolean ok = slot == 0 ? file_remove(path, error)
                            : file_make_folder(folder, error) &&
                                  file_replace(path, text, strlen(text), error);

    if (!ok)
        g_prefix_error(error, "noting which slot is to be given back: ");
    return ok;
}
