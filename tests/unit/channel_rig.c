/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/channel_rig.h"

#include "util/bytes.h"

static void on_event(BackendEvent event, gpointer data)
{
    channel_handle_event(data, event);
}

void rig_start(Rig *rig, ChannelCapability capability)
{
    rig->fake = fake_backend_new();
    rig->config = channel_config_new();
    rig->config->capability = capability;
    rig->trace = NULL;
    rig->channel = NULL;
}

void rig_connect(Rig *rig)
{
    rig->channel = channel_new(&rig->fake->backend, rig->config, rig->trace);
    backend_set_event_func(&rig->fake->backend, on_event, rig->channel);
}

void rig_stop(Rig *rig)
{
    channel_free(rig->channel);
    channel_trace_free(rig->trace);
    channel_config_free(rig->config);
    fake_backend_free(rig->fake);
}

GBytes *rig_octets(const char *text)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(text, &error);

    g_assert_no_error(error);
    return bytes;
}

gboolean rig_command(Rig *rig, const char *request, char **ret_response, guint16 *ret_sw,
                     GError **error)
{
    g_autoptr(GBytes) octets = rig_octets(request);
    g_autoptr(GBytes) response = NULL;

    if (!channel_command(rig->channel, octets, NULL, NULL, FALSE, NULL, &response, ret_sw, error))
        return FALSE;
    if (ret_response)
        *ret_response = bytes_gbytes_to_hex(response);
    return TRUE;
}
