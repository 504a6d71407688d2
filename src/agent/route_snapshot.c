/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/route_private.h"
#include "modem/quirk_keys.h"

char *route_make_modem_name(const Route *route)
{
    const BackendIdentity *identity = &route->identity;
    g_autofree char *text = g_strdup_printf(
        "%s %s %s %s %s", route->modem->usb_id, route->transport,
        identity->manufacturer ? identity->manufacturer : "",
        identity->model ? identity->model : "", identity->revision ? identity->revision : "");

    return g_utf8_make_valid(g_strcanon(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ":.-_", ' '),
                             -1);
}

static void put(char **target, const char *value)
{
    g_free(*target);
    *target = g_strdup(value ? value : "");
}

ModemSnapshot *route_make_snapshot(Route *route)
{
    ModemSnapshot *snapshot = modem_snapshot_new();
    GStrvBuilder *ports = g_strv_builder_new();

    put(&snapshot->device, route->modem->device);
    put(&snapshot->usb_id, route->modem->usb_id);
    put(&snapshot->port, route->port_path);
    put(&snapshot->transport, route->transport);
    put(&snapshot->driver, route->port ? route->port->driver : "");
    put(&snapshot->choice, route->choice);
    put(&snapshot->manufacturer, route->identity.manufacturer);
    put(&snapshot->model, route->identity.model);
    put(&snapshot->revision, route->identity.revision);
    if (route->channel && channel_get_rung(route->channel) != CHANNEL_RUNG_UNKNOWN)
        put(&snapshot->reset, channel_rung_to_string(channel_get_rung(route->channel)));
    put(&snapshot->name, route->modem->name);
    put(&snapshot->imei, route->imei[0] ? route->imei : route->modem->imei);
    g_strfreev(snapshot->quirks);
    snapshot->quirks = g_new0(char *, route->quirk_names->len + 1);
    for (guint i = 0; i < route->quirk_names->len; i++)
        snapshot->quirks[i] = g_strdup(route->quirk_names->pdata[i]);
    g_free(snapshot->settings);
    snapshot->settings = quirk_keys_describe(&route->quirks);
    snapshot->slot = route->modem->slot;
    for (guint i = 0; i < route->modem->ports->len; i++) {
        const ModemPort *port = route->modem->ports->pdata[i];
        g_autofree char *text = g_strdup_printf("%s (%s%s)", port->path, port->transport,
                                                port->taken ? ", ModemManager's" : "");

        g_strv_builder_add(ports, text);
    }
    g_strfreev(snapshot->ports);
    snapshot->ports = g_strv_builder_end(ports);
    g_strv_builder_unref(ports);
    g_ptr_array_unref(snapshot->steps);
    snapshot->steps = probe_list(route->probe);
    return snapshot;
}
