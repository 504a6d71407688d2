/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/settings.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define DAY 86400

/* ---- names ---- */

static guint distance(const char *a, const char *b)
{
    gsize la = strlen(a), lb = strlen(b);
    g_autofree guint *row = g_new(guint, lb + 1);

    for (gsize j = 0; j <= lb; j++)
        row[j] = (guint)j;
    for (gsize i = 1; i <= la; i++) {
        guint diagonal = row[0];

        row[0] = (guint)i;
        for (gsize j = 1; j <= lb; j++) {
            guint replaced = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[lb];
}

const char *settings_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    guint best_distance = G_MAXUINT;

    if (strlen(word) > 100)
        return NULL;
    for (gsize i = 0; words[i]; i++) {
        guint d = distance(word, words[i]);

        if (d < best_distance) {
            best = words[i];
            best_distance = d;
        }
    }
    return best_distance <= 1 + strlen(word) / 3 ? best : NULL;
}

/* ---- errors ---- */

/* Line of KEY (or of the group's header where KEY is NULL) in TEXT; 0 when it is not there. */
static guint find_line(const char *text, const char *group, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean inside = FALSE;
    guint found = 0;

    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);

        if (line[0] == '[') {
            const char *end = strchr(line, ']');

            inside = end && (gsize)(end - line - 1) == strlen(group) &&
                     strncmp(line + 1, group, strlen(group)) == 0;
            if (inside && !key)
                return i + 1;
        } else if (inside && key && g_str_has_prefix(line, key)) {
            const char *rest = line + strlen(key);

            while (*rest == ' ' || *rest == '\t')
                rest++;
            /* The last one counts when a key stands twice, as in GKeyFile. */
            if (*rest == '=')
                found = i + 1;
        }
    }
    return found;
}

char *settings_describe(const SettingsPlace *place)
{
    return g_strdup_printf("%s:%u", place->path, find_line(place->text, place->group, place->key));
}

gboolean settings_fail(GError **error, const SettingsPlace *place, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s:%u: %s", place->path,
                find_line(place->text, place->group, place->key), what);
    return FALSE;
}

gboolean settings_fail_key(GError **error, const SettingsPlace *place, const char *const *known)
{
    const char *nearest = settings_nearest(place->key, known);

    if (nearest)
        return settings_fail(error, place,
                             "unknown key '%s' in [%s]; the nearest known key is '%s'", place->key,
                             place->group, nearest);
    return settings_fail(error, place, "unknown key '%s' in [%s]", place->key, place->group);
}

gboolean settings_fail_group(GError **error, const SettingsPlace *place, const char *const *known)
{
    const char *nearest = settings_nearest(place->group, known);

    if (nearest)
        return settings_fail(error, place, "unknown group [%s]; the nearest known group is [%s]",
                             place->group, nearest);
    return settings_fail(error, place, "unknown group [%s]", place->group);
}

/* ---- values ---- */

gboolean settings_parse_word(const SettingsPlace *place, const char *value,
                             const char *const *words, guint *ret_index, GError **error)
{
    g_autofree char *known = NULL;

    for (guint i = 0; words[i]; i++) {
        if (g_str_equal(value, words[i])) {
            *ret_index = i;
            return TRUE;
        }
    }
    known = g_strjoinv(", ", (char **)words);
    return settings_fail(error, place, "'%s' is no value for %s; known are: %s", value, place->key,
                         known);
}

gboolean settings_parse_boolean(const SettingsPlace *place, const char *value, gboolean *ret_value,
                                GError **error)
{
    if (g_str_equal(value, "true") || g_str_equal(value, "yes"))
        *ret_value = TRUE;
    else if (g_str_equal(value, "false") || g_str_equal(value, "no"))
        *ret_value = FALSE;
    else
        return settings_fail(error, place, "%s must be true or false, not '%s'", place->key, value);
    return TRUE;
}

static gboolean parse_seconds(const char *text, guint64 *ret_seconds)
{
    static const struct {
        const char *unit;
        guint factor;
    } units[] = { { "", 1 }, { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", DAY } };
    char *end = NULL;
    guint64 number;

    if (!g_ascii_isdigit(text[0]))
        return FALSE;
    number = g_ascii_strtoull(text, &end, 10);
    while (*end == ' ')
        end++;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_str_equal(end, units[i].unit) && number <= G_MAXUINT32) {
            *ret_seconds = number * units[i].factor;
            return TRUE;
        }
    }
    return FALSE;
}

/* Of the examples those that may be given. */
static char *list_examples(guint min, guint max)
{
    static const char *const examples[] = { "5s", "90s", "15min", "6h", "1d" };
    g_autoptr(GString) list = g_string_new(NULL);
    guint64 number = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(examples); i++)
        if (parse_seconds(examples[i], &number) && number >= min && number <= max)
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : " (such as ", examples[i]);
    if (list->len > 0)
        g_string_append_c(list, ')');
    return g_string_free(g_steal_pointer(&list), FALSE);
}

gboolean settings_parse_seconds(const SettingsPlace *place, const char *value, guint min, guint max,
                                guint *ret_seconds, GError **error)
{
    guint64 number = 0;

    if (!parse_seconds(value, &number) || number < min || number > max) {
        g_autofree char *examples = list_examples(min, max);

        return settings_fail(error, place, "%s must be a time from %us to %us%s, not '%s'",
                             place->key, min, max, examples, value);
    }
    *ret_seconds = (guint)number;
    return TRUE;
}

gboolean settings_parse_number(const SettingsPlace *place, const char *value, guint min, guint max,
                               gboolean with_auto, guint *ret_number, GError **error)
{
    guint64 number = 0;

    if (!(with_auto && g_str_equal(value, "auto")) &&
        !g_ascii_string_to_unsigned(value, 10, min, max, &number, NULL))
        return settings_fail(error, place, "%s must be %sa number from %u to %u, not '%s'",
                             place->key, with_auto ? "auto or " : "", min, max, value);
    *ret_number = (guint)number;
    return TRUE;
}

gboolean settings_parse_aids(const SettingsPlace *place, const char *value, GPtrArray **ret_aids,
                             GError **error)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    g_autoptr(GPtrArray) aids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; words[i]; i++) {
        g_autoptr(GBytes) aid = bytes_from_hex(g_strstrip(words[i]), NULL);

        if (!aid || g_bytes_get_size(aid) < 5 || g_bytes_get_size(aid) > 16)
            return settings_fail(error, place, "'%s' is no AID (5 to 16 octets in hex)", words[i]);
        g_ptr_array_add(aids, g_steal_pointer(&aid));
    }
    if (aids->len == 0)
        return settings_fail(error, place, "%s is empty", place->key);
    *ret_aids = g_steal_pointer(&aids);
    return TRUE;
}

gboolean settings_parse_list(const SettingsPlace *place, const char *value, char ***ret_words,
                             GError **error)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);

    if (!words[0])
        return settings_fail(error, place, "%s is empty", place->key);
    for (guint i = 0; words[i]; i++)
        if (g_strstrip(words[i])[0] == '\0')
            return settings_fail(error, place, "%s holds an empty word", place->key);
    *ret_words = g_steal_pointer(&words);
    return TRUE;
}

/* ---- files ---- */

static gboolean G_GNUC_PRINTF(4, 5)
    fail_at(GError **error, const char *path, guint line, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s:%u: %s", path, line, what);
    return FALSE;
}

/* What GKeyFile takes silently or names without a line: text outside of groups, lines that are no key, and
 * whatever stands twice (the later one would win, the earlier one would be lost). */
static gboolean check_lines(const char *path, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *group = NULL;

    for (guint i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]), *end = strchr(line, line[0] == '[' ? ']' : '=');

        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (!end || (line[0] == '[' && end[1] != '\0'))
            return fail_at(error, path, i + 1, "'%s' is neither a group nor a key with a value",
                           line);
        *end = '\0';
        if (line[0] == '[') {
            g_free(group);
            group = g_strdup(line + 1);
            if (!g_hash_table_add(seen, g_strdup(line)))
                return fail_at(error, path, i + 1, "group [%s] stands twice", group);
        } else if (!group) {
            return fail_at(error, path, i + 1, "key '%s' stands before the first group",
                           g_strchomp(line));
        } else if (!g_hash_table_add(seen, g_strdup_printf("%s\n%s", group, g_strchomp(line)))) {
            return fail_at(error, path, i + 1, "key '%s' stands twice in [%s]", line, group);
        }
    }
    return TRUE;
}

static gboolean load_group(SettingsPlace *place, GKeyFile *file, SettingsFunc func, gpointer data,
                           GError **error)
{
    g_auto(GStrv) names = NULL;

    if (!func(place, NULL, data, error))
        return FALSE;
    names = g_key_file_get_keys(file, place->group, NULL, error);
    for (guint i = 0; names && names[i]; i++) {
        g_autoptr(GError) local = NULL;
        g_autofree char *value = NULL;

        place->key = names[i];
        value = g_key_file_get_string(file, place->group, names[i], &local);
        if (!value)
            return settings_fail(error, place, "%s", local->message);
        if (!func(place, g_strstrip(value), data, error))
            return FALSE;
    }
    return names != NULL;
}

gboolean settings_load_file(const char *path, SettingsFunc func, gpointer data, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, SETTINGS_FILE_LIMIT, error);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) groups = NULL;
    const char *bad;

    if (!bytes) {
        g_prefix_error(error, "reading the configuration: ");
        return FALSE;
    }
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    if (strlen(text) != g_bytes_get_size(bytes)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s: contains a zero octet", path);
        return FALSE;
    }
    /* Names and values end up in messages, on the bus and in the journal. */
    if (!g_utf8_validate(text, -1, &bad)) {
        guint line = 1;

        for (const char *c = text; c < bad; c++)
            line += *c == '\n';
        return fail_at(error, path, line, "the text is not UTF-8");
    }
    if (!check_lines(path, text, error))
        return FALSE;
    /* "key[xx]=" would be dropped without a word otherwise. */
    if (text[0] != '\0' &&
        !g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_KEEP_TRANSLATIONS, &local)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s: %s", path, local->message);
        return FALSE;
    }
    groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i]; i++) {
        SettingsPlace place = { .path = path, .text = text, .group = groups[i] };

        if (!load_group(&place, file, func, data, error))
            return FALSE;
    }
    return TRUE;
}

static gint compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

gboolean settings_load_folder(const char *path, SettingsFunc func, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &local);
    const char *name;

    if (!folder) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "reading the configuration: %s",
                    local->message);
        return FALSE;
    }
    while ((name = g_dir_read_name(folder)))
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(names, g_build_filename(path, name, NULL));
    g_ptr_array_sort(names, compare_strings);
    for (guint i = 0; i < names->len; i++)
        if (!settings_load_file(names->pdata[i], func, data, error))
            return FALSE;
    return TRUE;
}
