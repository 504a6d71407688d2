/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Strict reading of files with groups and keys. Every key goes to a function that must know it; text outside
 * of groups, lines that are no key, and what stands twice are errors, as is what is no UTF-8. All errors
 * (CONFIG) name file and line.
 */

#define SETTINGS_FILE_LIMIT (256 * 1024)

typedef struct {
    const char *path;
    const char *text; /* of the file */
    const char *group;
    const char *key; /* NULL: the group's header */
} SettingsPlace;

/* VALUE has no white space around it. A group comes first with key and VALUE NULL. */
typedef gboolean (*SettingsFunc)(const SettingsPlace *place, const char *value, gpointer data,
                                 GError **error);

/* CONFIG, STORAGE, NOT_FOUND, TOO_LARGE. */
gboolean settings_load_file(const char *path, SettingsFunc func, gpointer data, GError **error);

/* The *.conf files of the folder PATH in the order of their names; it need not exist. */
gboolean settings_load_folder(const char *path, SettingsFunc func, gpointer data, GError **error);

/* CONFIG with file and line of PLACE; always FALSE. */
gboolean settings_fail(GError **error, const SettingsPlace *place, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* "FILE:LINE". g_free() it. */
char *settings_describe(const SettingsPlace *place);

/* The error for a key that is none of KNOWN (NULL-ended): names the nearest. Always FALSE. */
gboolean settings_fail_key(GError **error, const SettingsPlace *place, const char *const *known);
/* The same for a group. */
gboolean settings_fail_group(GError **error, const SettingsPlace *place, const char *const *known);

/* The known word nearest to WORD, or NULL when none is near. Borrowed from WORDS (NULL-ended). */
const char *settings_nearest(const char *word, const char *const *words);

/* Values. Each fails with what would be right. */
gboolean settings_parse_word(const SettingsPlace *place, const char *value,
                             const char *const *words, guint *ret_index, GError **error);
gboolean settings_parse_boolean(const SettingsPlace *place, const char *value, gboolean *ret_value,
                                GError **error);
/* "90", "90s", "15min", "6h", "2d" */
gboolean settings_parse_seconds(const SettingsPlace *place, const char *value, guint min, guint max,
                                guint *ret_seconds, GError **error);
/* WITH_AUTO: "auto" is 0. */
gboolean settings_parse_number(const SettingsPlace *place, const char *value, guint min, guint max,
                               gboolean with_auto, guint *ret_number, GError **error);
/* AIDs in hex with commas between; array of GBytes. */
gboolean settings_parse_aids(const SettingsPlace *place, const char *value, GPtrArray **ret_aids,
                             GError **error);
/* Words with commas between; none may be empty. NULL-ended. */
gboolean settings_parse_list(const SettingsPlace *place, const char *value, char ***ret_words,
                             GError **error);

G_END_DECLS
