/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/quirk_table.h"

#include <string.h>

#include "modem/quirk_keys.h"
#include "util/error.h"

#define GROUP "quirk "

/* What a group asks of a modem, in the order of match_keys. */
enum {
    MATCH_USB_ID,
    MATCH_DRIVER,
    MATCH_TRANSPORT,
    MATCH_MANUFACTURER,
    MATCH_MODEL,
    MATCH_REVISION,
    N_MATCHES,
};

static const char *const match_keys[N_MATCHES] = {
    "match-usb-id",       "match-driver", "match-transport",
    "match-manufacturer", "match-model",  "match-revision",
};

typedef struct {
    char *name;
    char *place; /* file and line of its header, for errors */
    char **patterns[N_MATCHES];
    Quirks quirks;
} Group;

struct QuirkTable {
    GPtrArray *groups;
};

/* The groups that were read, in their order; they join the table at the end of a file or folder. */
typedef struct {
    GPtrArray *groups;
} Loader;

static void group_free(gpointer data)
{
    Group *group = data;

    for (guint i = 0; i < N_MATCHES; i++)
        g_strfreev(group->patterns[i]);
    quirks_clear(&group->quirks);
    g_free(group->name);
    g_free(group->place);
    g_free(group);
}

gboolean quirk_usb_id_is_valid(const char *usb_id)
{
    for (guint i = 0; i < 9; i++) {
        if (i == 4 ? usb_id[i] != ':' : !g_ascii_isxdigit(usb_id[i]))
            return i == 5 && g_str_equal(usb_id + i, "*");
    }
    return usb_id[9] == '\0';
}

gboolean quirk_glob_matches(const char *pattern, const char *text)
{
    g_autofree char *low_pattern = NULL, *low_text = NULL, *valid = NULL;

    if (!text || !text[0])
        return FALSE;
    /* GLib reads and writes beyond the ends of what is no UTF-8, and a modem may say anything. */
    valid = g_utf8_make_valid(text, -1);
    low_pattern = g_ascii_strdown(pattern, -1);
    low_text = g_ascii_strdown(valid, -1);
    return g_pattern_match_simple(low_pattern, low_text);
}

/* ---- loading ---- */

static gboolean set_match(const SettingsPlace *place, const char *value, guint match, Group *group,
                          GError **error)
{
    static const char *const transports[] = { "qmi", "mbim", "at", NULL };
    g_auto(GStrv) words = NULL;
    guint index;

    if (!settings_parse_list(place, value, &words, error))
        return FALSE;
    for (guint i = 0; words[i]; i++) {
        if (match == MATCH_USB_ID && !quirk_usb_id_is_valid(words[i]))
            return settings_fail(error, place, "'%s' is no USB id (such as 2c7c:0125, 2c7c:*)",
                                 words[i]);
        if (match == MATCH_TRANSPORT &&
            !settings_parse_word(place, words[i], transports, &index, error))
            return FALSE;
    }
    group->patterns[match] = g_steal_pointer(&words);
    return TRUE;
}

static gboolean begin_group(const SettingsPlace *place, Loader *loader, GError **error)
{
    static const char *const groups[] = { "quirk NAME", NULL };
    Group *group;

    if (!g_str_has_prefix(place->group, GROUP) || !place->group[strlen(GROUP)])
        return settings_fail_group(error, place, groups);
    group = g_new0(Group, 1);
    group->name = g_strdup(place->group + strlen(GROUP));
    group->place = settings_describe(place);
    g_ptr_array_add(loader->groups, group);
    return TRUE;
}

static gboolean take(const SettingsPlace *place, const char *value, gpointer data, GError **error)
{
    Loader *loader = data;
    g_autoptr(GPtrArray) known = NULL;
    Group *group;

    if (!place->key)
        return begin_group(place, loader, error);
    group = loader->groups->pdata[loader->groups->len - 1];
    for (guint i = 0; i < N_MATCHES; i++)
        if (g_str_equal(place->key, match_keys[i]))
            return set_match(place, value, i, group, error);
    if (quirk_keys_has(place->key))
        return quirk_keys_set(place, value, &group->quirks, error);
    known = g_ptr_array_new();
    for (guint i = 0; i < N_MATCHES; i++)
        g_ptr_array_add(known, (gpointer)match_keys[i]);
    for (const char *const *key = quirk_keys_list(); *key; key++)
        g_ptr_array_add(known, (gpointer)*key);
    g_ptr_array_add(known, NULL);
    return settings_fail_key(error, place, (const char *const *)known->pdata);
}

/* A group that asks for nothing would hold for every modem there is. */
static gboolean check(const Group *group, GError **error)
{
    for (guint i = 0; i < N_MATCHES; i++)
        if (group->patterns[i])
            return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                "%s: [quirk %s] has no match-… key, so it would hold for every modem", group->place,
                group->name);
    return FALSE;
}

/* Those of LOADER over those of TABLE. */
static gboolean join(QuirkTable *table, Loader *loader, GError **error)
{
    while (loader->groups->len > 0) {
        Group *group = loader->groups->pdata[0];

        if (!check(group, error))
            return FALSE;
        for (guint i = 0; i < table->groups->len; i++) {
            const Group *old = table->groups->pdata[i];

            if (g_str_equal(old->name, group->name)) {
                g_ptr_array_remove_index(table->groups, i);
                break;
            }
        }
        g_ptr_array_add(table->groups, g_ptr_array_steal_index(loader->groups, 0));
    }
    return TRUE;
}

static gboolean load_file(QuirkTable *table, const char *path, GError **error)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
    Loader loader = { groups };

    if (!path || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    return settings_load_file(path, take, &loader, error) && join(table, &loader, error);
}

QuirkTable *quirk_table_load(const char *shipped, const char *local, GError **error)
{
    g_autoptr(QuirkTable) table = g_new0(QuirkTable, 1);

    table->groups = g_ptr_array_new_with_free_func(group_free);
    if (!load_file(table, shipped, error) || !load_file(table, local, error))
        return NULL;
    if (local) {
        g_autofree char *folder = g_strconcat(local, ".d", NULL);
        g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
        Loader loader = { groups };

        if (!settings_load_folder(folder, take, &loader, error) || !join(table, &loader, error))
            return NULL;
    }
    return g_steal_pointer(&table);
}

void quirk_table_free(QuirkTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->groups);
    g_free(table);
}

guint quirk_table_get_size(const QuirkTable *table)
{
    return table->groups->len;
}

/* ---- looking up ---- */

static gboolean matches_any(char *const *patterns, const char *text)
{
    for (guint i = 0; patterns[i]; i++)
        if (quirk_glob_matches(patterns[i], text))
            return TRUE;
    return FALSE;
}

static gboolean matches(const Group *group, const char *const known[N_MATCHES],
                        const char *mm_model)
{
    for (guint i = 0; i < N_MATCHES; i++)
        if (group->patterns[i] && !matches_any(group->patterns[i], known[i]) &&
            !(i == MATCH_MODEL && matches_any(group->patterns[i], mm_model)))
            return FALSE;
    return TRUE;
}

void quirk_table_find(const QuirkTable *table, const QuirkSubject *subject, Quirks *ret,
                      GPtrArray *ret_names)
{
    const char *const known[N_MATCHES] = {
        subject->usb_id,       subject->driver, subject->transport,
        subject->manufacturer, subject->model,  subject->revision,
    };

    *ret = quirks_none;
    for (guint i = 0; table && i < table->groups->len; i++) {
        const Group *group = table->groups->pdata[i];

        if (!matches(group, known, subject->mm_model))
            continue;
        quirks_merge(ret, &group->quirks);
        if (ret_names)
            g_ptr_array_add(ret_names, g_strdup(group->name));
    }
}
