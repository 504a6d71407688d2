/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modem.h"

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
    modem->ports = g_ptr_array_new_with_free_func(port_free);
    modem->slot = slot;
    return modem;
}

Modem *modem_copy(const Modem *modem)
{
    Modem *copy = modem_new(modem->device, modem->slot);

    copy->usb_id = (g_free(copy->usb_id), g_strdup(modem->usb_id));
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
    g_free(modem->usb_id);
    g_ptr_array_unref(modem->ports);
    quirks_clear(&modem->quirks);
    g_free(modem);
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
