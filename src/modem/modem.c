/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modem.h"

#include <string.h>

static void port_free(gpointer data)
{
    ModemPort *port = data;

    g_free(port->path);
    g_free(port->transport);
    g_free(port->driver);
    g_free(port);
}

Modem *modem_new(const char *device, guint slot)
{
    Modem *modem = g_new0(Modem, 1);

    modem->device = g_strdup(device);
    modem->usb_id = g_strdup("");
    modem->name = g_strdup("");
    modem->imei = g_strdup("");
    modem->model = g_strdup("");
    modem->mm_path = g_strdup("");
    modem->ports = g_ptr_array_new_with_free_func(port_free);
    modem->slot = slot;
    return modem;
}

static void put(char **string, const char *value)
{
    g_free(*string);
    *string = g_strdup(value);
}

Modem *modem_copy(const Modem *modem)
{
    Modem *copy = modem_new(modem->device, modem->slot);

    put(&copy->name, modem->name);
    put(&copy->usb_id, modem->usb_id);
    put(&copy->imei, modem->imei);
    put(&copy->model, modem->model);
    put(&copy->mm_path, modem->mm_path);
    copy->pinned = modem->pinned;
    copy->arrivals = modem->arrivals;
    copy->switch_slot = modem->switch_slot;
    quirks_merge(&copy->quirks, &modem->quirks);
    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        modem_add_port(copy, port->path, port->transport, port->driver)->taken = port->taken;
    }
    return copy;
}

void modem_free(Modem *modem)
{
    g_free(modem->device);
    g_free(modem->name);
    g_free(modem->usb_id);
    g_free(modem->imei);
    g_free(modem->model);
    g_free(modem->mm_path);
    g_ptr_array_unref(modem->ports);
    quirks_clear(&modem->quirks);
    g_free(modem);
}

static gboolean ports_equal(const ModemPort *a, const ModemPort *b)
{
    return g_str_equal(a->path, b->path) && g_str_equal(a->transport, b->transport) &&
           g_str_equal(a->driver, b->driver) && a->taken == b->taken;
}

gboolean modem_equals(const Modem *a, const Modem *b)
{
    if (!a || !b)
        return a == b;
    if (!g_str_equal(a->device, b->device) || !g_str_equal(a->name, b->name) ||
        !g_str_equal(a->usb_id, b->usb_id) || !g_str_equal(a->imei, b->imei) ||
        !g_str_equal(a->model, b->model) || !g_str_equal(a->mm_path, b->mm_path) ||
        a->pinned != b->pinned || a->slot != b->slot || a->switch_slot != b->switch_slot ||
        a->ports->len != b->ports->len || !quirks_equal(&a->quirks, &b->quirks))
        return FALSE;
    for (guint i = 0; i < a->ports->len; i++)
        if (!ports_equal(a->ports->pdata[i], b->ports->pdata[i]))
            return FALSE;
    return TRUE;
}

gboolean modem_has_control_port(const Modem *modem)
{
    for (guint i = 0; i < modem->ports->len; i++)
        if (!g_str_equal(((const ModemPort *)modem->ports->pdata[i])->transport, "at"))
            return TRUE;
    return FALSE;
}

static guint get_rank(const char *transport)
{
    static const char *const order[] = { "qmi", "mbim", "at" };
    guint rank = 0;

    while (rank < G_N_ELEMENTS(order) && !g_str_equal(order[rank], transport))
        rank++;
    return rank;
}

ModemPort *modem_add_port(Modem *modem, const char *path, const char *transport, const char *driver)
{
    ModemPort *port = g_new0(ModemPort, 1);
    guint at = 0;

    port->path = g_strdup(path);
    port->transport = g_strdup(transport);
    port->driver = g_strdup(driver ? driver : "");
    modem_remove_port(modem, path);
    while (at < modem->ports->len &&
           get_rank(((const ModemPort *)modem->ports->pdata[at])->transport) <= get_rank(transport))
        at++;
    g_ptr_array_insert(modem->ports, (gint)at, port);
    return port;
}

void modem_remove_port(Modem *modem, const char *path)
{
    for (guint i = 0; i < modem->ports->len; i++) {
        if (!g_str_equal(((const ModemPort *)modem->ports->pdata[i])->path, path))
            continue;
        g_ptr_array_remove_index(modem->ports, i);
        return;
    }
}

const ModemPort *modem_find_port(const Modem *modem, const char *path)
{
    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        if (g_str_equal(port->path, path))
            return port;
    }
    return NULL;
}

gboolean modem_share_port(const Modem *a, const Modem *b)
{
    for (guint i = 0; i < b->ports->len; i++)
        if (modem_find_port(a, ((const ModemPort *)b->ports->pdata[i])->path))
            return TRUE;
    return FALSE;
}

char *modem_make_log_name(const Modem *modem)
{
    return g_path_get_basename(
        modem->ports->len > 0 ? ((const ModemPort *)modem->ports->pdata[0])->path : modem->device);
}

char *modem_describe_ports(const Modem *modem)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        g_string_append_printf(text, "%s%s (%s)", i > 0 ? ", " : "", port->path, port->transport);
    }
    return g_string_free(text, FALSE);
}
