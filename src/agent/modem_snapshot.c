/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/modem_snapshot.h"

const char *modem_state_to_string(ModemState state)
{
    switch (state) {
    case MODEM_STARTING:
        return "starting";
    case MODEM_WORKING:
        return "working";
    case MODEM_UNAVAILABLE:
        return "unavailable";
    }
    g_return_val_if_reached("unavailable");
}

/* Its strings: what new, copy and unref do with each of them. */
static char **get_string(ModemSnapshot *snapshot, guint i)
{
    char **const strings[] = {
        &snapshot->state_reason, &snapshot->device,
        &snapshot->usb_id,       &snapshot->port,
        &snapshot->transport,    &snapshot->driver,
        &snapshot->choice,       &snapshot->manufacturer,
        &snapshot->model,        &snapshot->revision,
        &snapshot->imei,         &snapshot->settings,
        &snapshot->reset,        &snapshot->modem_manager_path,
        &snapshot->eid,          &snapshot->name,
    };

    return i < G_N_ELEMENTS(strings) ? strings[i] : NULL;
}

ModemSnapshot *modem_snapshot_new(void)
{
    ModemSnapshot *snapshot = g_new0(ModemSnapshot, 1);
    char **string;

    g_atomic_ref_count_init(&snapshot->refs);
    for (guint i = 0; (string = get_string(snapshot, i)); i++)
        *string = g_strdup("");
    snapshot->ports = g_new0(char *, 1);
    snapshot->quirks = g_new0(char *, 1);
    snapshot->steps = g_ptr_array_new();
    return snapshot;
}

ModemSnapshot *modem_snapshot_copy(const ModemSnapshot *snapshot)
{
    ModemSnapshot *copy = g_new0(ModemSnapshot, 1);
    char **string;

    *copy = *snapshot;
    g_atomic_ref_count_init(&copy->refs);
    for (guint i = 0; (string = get_string(copy, i)); i++)
        *string = g_strdup(*string);
    copy->ports = g_strdupv(snapshot->ports);
    copy->quirks = g_strdupv(snapshot->quirks);
    copy->steps = g_ptr_array_ref(snapshot->steps); /* nobody changes it */
    return copy;
}

ModemSnapshot *modem_snapshot_ref(const ModemSnapshot *snapshot)
{
    ModemSnapshot *writable = (ModemSnapshot *)snapshot;

    g_atomic_ref_count_inc(&writable->refs);
    return writable;
}

void modem_snapshot_unref(ModemSnapshot *snapshot)
{
    char **string;

    if (!g_atomic_ref_count_dec(&snapshot->refs))
        return;
    for (guint i = 0; (string = get_string(snapshot, i)); i++)
        g_free(*string);
    g_strfreev(snapshot->ports);
    g_strfreev(snapshot->quirks);
    g_ptr_array_unref(snapshot->steps);
    g_free(snapshot);
}

ExcludedModem *excluded_modem_new(const char *device, const char *reason)
{
    ExcludedModem *modem = g_new(ExcludedModem, 1);

    modem->device = g_strdup(device);
    modem->reason = g_strdup(reason);
    return modem;
}

void excluded_modem_free(ExcludedModem *modem)
{
    g_free(modem->device);
    g_free(modem->reason);
    g_free(modem);
}
