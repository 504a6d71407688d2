/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/selection.h"

#include <string.h>

#include "util/log.h"

typedef struct {
    Modem *found;
    char *imei;      /* that it told itself, NULL; before ModemManager's, unless that is newer */
    GPtrArray *told; /* of Modem */
    char *why_not;   /* why it is let out, as it was logged; NULL */
} Found;

struct Selection {
    const Config *config;
    ModemsFunc func;
    gpointer data;
    GHashTable *found; /* device -> Found */
};

static void found_free(gpointer data)
{
    Found *found = data;

    modem_free(found->found);
    g_free(found->imei);
    g_ptr_array_unref(found->told);
    g_free(found->why_not);
    g_free(found);
}

Selection *selection_new(const Config *config, ModemsFunc func, gpointer data)
{
    Selection *selection = g_new0(Selection, 1);

    selection->config = config;
    selection->func = func;
    selection->data = data;
    selection->found = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, found_free);
    return selection;
}

void selection_free(Selection *selection)
{
    g_hash_table_unref(selection->found);
    g_free(selection);
}

/* ---- groups ---- */

/* The port alone says which modem it is. One that must be of a certain device or USB id as well is looked for. */
static gboolean is_fixed(const ConfigModem *group)
{
    return group->path && !group->device && !group->usb_id;
}

static const ConfigModem *find_group(const Selection *selection, const char *name)
{
    for (guint i = 0; i < selection->config->modems->len; i++) {
        const ConfigModem *group = selection->config->modems->pdata[i];

        if (g_str_equal(group->name, name))
            return group;
    }
    return NULL;
}

static void apply_group(Modem *modem, const ConfigModem *group)
{
    g_free(modem->name);
    modem->name = g_strdup(group->name);
    modem->slot = group->slot;
    modem->switch_slot = group->switch_slot;
    quirks_merge(&modem->quirks, &group->quirks);
    /* The same key: the group's own is read before those that quirks.conf knows. */
    if (group->transport) {
        g_free(modem->quirks.transport);
        modem->quirks.transport = g_strdup(group->transport);
    }
}

gboolean selection_needs_discovery(const Selection *selection)
{
    const Config *config = selection->config;
    gboolean needed = config->discover;

    for (guint i = 0; i < config->modems->len; i++)
        needed = needed || !is_fixed(config->modems->pdata[i]);
    return needed;
}

void selection_add_fixed(Selection *selection, Modems *modems)
{
    const Config *config = selection->config;

    for (guint i = 0; i < config->modems->len; i++) {
        const ConfigModem *group = config->modems->pdata[i];
        g_autoptr(Modem) modem = NULL;

        if (!is_fixed(group))
            continue;
        modem = modem_new(group->name, 0);
        apply_group(modem, group);
        modem_add_port(modem, group->path, group->transport ? group->transport : "", NULL);
        modems_add_fixed(modems, modem);
    }
}

/* ---- what is known of a modem ---- */

static const char *get_imei(const Found *found)
{
    if (found->imei)
        return found->imei;
    return found->found->imei[0] ? found->found->imei : NULL;
}

static ConfigModemSubject make_subject(const Modem *modem, guint port, const char *imei)
{
    ConfigModemSubject subject = { .usb_id = modem->usb_id, .imei = imei };

    if (port < modem->ports->len) {
        subject.path = ((const ModemPort *)modem->ports->pdata[port])->path;
        subject.driver = ((const ModemPort *)modem->ports->pdata[port])->driver;
    }
    /* The device of a pinned one is its name. */
    if (!modem->pinned)
        subject.device = modem->device;
    return subject;
}

/* NULL, or why the configuration lets it out. A pattern that means one of its ports means the modem. */
static const char *why_not(const Selection *selection, const Modem *modem, const char *imei)
{
    gboolean allowed = modem->pinned;

    for (guint i = 0; i < MAX(modem->ports->len, 1); i++) {
        ConfigModemSubject subject = make_subject(modem, i, imei);

        if (config_ignores_modem(selection->config, &subject))
            return "[modems] ignore";
        allowed = allowed || config_allows_modem(selection->config, &subject);
    }
    return allowed ? NULL : "[modems] allow";
}

static gboolean means(const ConfigModem *group, const Modem *modem, const char *imei)
{
    for (guint i = 0; i < modem->ports->len; i++) {
        ConfigModemSubject subject = make_subject(modem, i, imei);

        if (config_modem_means(group, &subject))
            return TRUE;
    }
    return FALSE;
}

gboolean selection_wants_at(const Selection *selection, const Modem *modem)
{
    const char *imei = modem->imei[0] ? modem->imei : NULL;

    for (guint i = 0; i < selection->config->modems->len; i++) {
        const ConfigModem *group = selection->config->modems->pdata[i];

        if (g_strcmp0(group->transport, "at") == 0 && !is_fixed(group) && means(group, modem, imei))
            return TRUE;
    }
    return FALSE;
}

/* ---- what is made of it ---- */

static gboolean has_slot(GPtrArray *modems, guint slot)
{
    for (guint i = 0; i < modems->len; i++)
        if (((const Modem *)modems->pdata[i])->slot == slot)
            return TRUE;
    return FALSE;
}

/* The group names one of its ports: the others are not used. */
static void keep_port(Modem *modem, const char *path)
{
    for (guint i = modem->ports->len; i > 0; i--)
        if (!g_str_equal(((const ModemPort *)modem->ports->pdata[i - 1])->path, path))
            g_ptr_array_remove_index(modem->ports, i - 1);
}

static void append(GPtrArray *modems, const Found *found, const ConfigModem *group)
{
    Modem *modem = modem_copy(found->found);
    const char *imei = get_imei(found);

    g_free(modem->imei);
    modem->imei = g_strdup(imei ? imei : "");
    if (group)
        apply_group(modem, group);
    if (group && group->path)
        keep_port(modem, group->path);
    g_ptr_array_add(modems, modem);
}

/* The first group for a slot counts. */
static void append_found(const Selection *selection, GPtrArray *modems, const Found *found)
{
    for (guint i = 0; i < selection->config->modems->len; i++) {
        const ConfigModem *group = selection->config->modems->pdata[i];

        if (!is_fixed(group) && means(group, found->found, get_imei(found)) &&
            !has_slot(modems, group->slot))
            append(modems, found, group);
    }
    if (modems->len == 0 && selection->config->discover)
        append(modems, found, NULL);
}

static void let_out(Found *found, const char *why)
{
    if (g_strcmp0(found->why_not, why) == 0)
        return;
    g_free(found->why_not);
    found->why_not = g_strdup(why);
    if (why)
        log_info(NULL, "modem %s is not used: %s", found->found->device, why);
}

static gint compare_excluded(gconstpointer a, gconstpointer b)
{
    const ExcludedModem *left = *(const ExcludedModem *const *)a;
    const ExcludedModem *right = *(const ExcludedModem *const *)b;

    return strcmp(left->device, right->device);
}

GPtrArray *selection_list_excluded(const Selection *selection)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)excluded_modem_free);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, selection->found);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Found *found = value;

        if (found->why_not)
            g_ptr_array_add(list, excluded_modem_new(found->found->device, found->why_not));
    }
    g_ptr_array_sort(list, compare_excluded);
    return list;
}

static GPtrArray *derive(const Selection *selection, Found *found)
{
    GPtrArray *modems = g_ptr_array_new_with_free_func((GDestroyNotify)modem_free);
    const char *imei = get_imei(found);
    const char *why = why_not(selection, found->found, imei);
    const ConfigModem *group =
        found->found->pinned ? find_group(selection, found->found->name) : NULL;

    if (!why && group && group->imei && imei && !g_str_equal(group->imei, imei))
        why = "it has another IMEI than its group says";
    let_out(found, why);
    if (why)
        return modems;
    if (found->found->pinned)
        append(modems, found, NULL);
    else
        append_found(selection, modems, found);
    return modems;
}

static const Modem *find_slot(GPtrArray *modems, guint slot)
{
    for (guint i = 0; i < modems->len; i++)
        if (((const Modem *)modems->pdata[i])->slot == slot)
            return modems->pdata[i];
    return NULL;
}

/* First those that are no more: one that takes another's place finds it free. */
static void tell(Selection *selection, Found *found, GPtrArray *next, gboolean again)
{
    g_autoptr(GPtrArray) before = found->told;

    found->told = next;
    for (guint i = 0; i < before->len; i++)
        if (!find_slot(next, ((const Modem *)before->pdata[i])->slot))
            selection->func(before->pdata[i], FALSE, selection->data);
    for (guint i = 0; i < next->len; i++) {
        const Modem *modem = next->pdata[i];

        if (again || !modem_equals(modem, find_slot(before, modem->slot)))
            selection->func(modem, TRUE, selection->data);
    }
}

/* Whoever was asked for it may not be there any more: another modem has the pinned port, or ModemManager now tells
 * another IMEI. */
static gboolean is_outdated(const Found *found, const Modem *modem)
{
    return found->found->arrivals != modem->arrivals ||
           (modem->imei[0] && !g_str_equal(found->found->imei, modem->imei));
}

void selection_take(Selection *selection, const Modem *modem, gboolean present)
{
    Found *found = g_hash_table_lookup(selection->found, modem->device);

    if (!present) {
        if (!found)
            return;
        tell(selection, found, g_ptr_array_new_with_free_func((GDestroyNotify)modem_free), FALSE);
        g_hash_table_remove(selection->found, modem->device);
        return;
    }
    if (!found) {
        found = g_new0(Found, 1);
        found->told = g_ptr_array_new_with_free_func((GDestroyNotify)modem_free);
    } else {
        g_hash_table_steal(selection->found, modem->device);
        if (is_outdated(found, modem))
            g_clear_pointer(&found->imei, g_free);
        modem_free(found->found);
    }
    found->found = modem_copy(modem);
    g_hash_table_insert(selection->found, found->found->device, found);
    tell(selection, found, derive(selection, found), TRUE);
}

void selection_take_imei(Selection *selection, const char *device, const char *imei)
{
    Found *found = g_hash_table_lookup(selection->found, device);

    if (!found || g_strcmp0(get_imei(found), imei) == 0)
        return;
    g_free(found->imei);
    found->imei = g_strdup(imei);
    /* Where it chooses no other group, that it is known now is no news: nobody has to look at the card again. */
    for (guint i = 0; i < found->told->len; i++) {
        Modem *modem = found->told->pdata[i];

        g_free(modem->imei);
        modem->imei = g_strdup(imei);
    }
    tell(selection, found, derive(selection, found), FALSE);
}
