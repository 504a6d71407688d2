/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an MBIM modem can do, and of what a host wants to be told by itself (MBIM 1.0 10.5.29, 10.5.31). */

#include <string.h>

#include "sim/modem_mbim_private.h"

#define EVENT_HEADER (SIM_MBIM_UUID_SIZE + 4)

typedef struct {
    SimMbimService service;
    guint32 commands[16]; /* ends with 0 */
} Service;

static const Service services[] = {
    { SIM_MBIM_BASIC_CONNECT,
      { BASIC_DEVICE_CAPS, BASIC_READY_STATUS, BASIC_RADIO_STATE, BASIC_PIN, BASIC_HOME_PROVIDER,
        BASIC_REGISTER_STATE, BASIC_PACKET_SERVICE, BASIC_SIGNAL_STATE, BASIC_DEVICE_SERVICES,
        BASIC_SUBSCRIBE_LIST } },
    { SIM_MBIM_EXTENSIONS,
      { EXTENSIONS_SYS_CAPS, EXTENSIONS_SLOT_MAPPINGS, EXTENSIONS_SLOT_STATUS,
        EXTENSIONS_DEVICE_CAPS, EXTENSIONS_DEVICE_RESET, EXTENSIONS_VERSION } },
    { SIM_MBIM_UICC,
      { UICC_ATR, UICC_OPEN_CHANNEL, UICC_CLOSE_CHANNEL, UICC_APDU, UICC_TERMINAL_CAPABILITY,
        UICC_RESET } },
};

gboolean sim_mbim_has_command(SimModem *modem, SimMbimService service, guint32 command)
{
    const SimMbimModem *mbim = SIM_MBIM(modem);
    if (service == SIM_MBIM_UICC)
        return mbim->uicc;
    if (service != SIM_MBIM_EXTENSIONS)
        return TRUE;
    switch (command) {
    case EXTENSIONS_VERSION:
        return sim_mbim_newest_version(mbim) > SIM_MBIMEX_1;
    case EXTENSIONS_DEVICE_CAPS:
        return sim_mbim_newest_version(mbim) >= SIM_MBIMEX_3;
    case EXTENSIONS_DEVICE_RESET:
        return TRUE;
    default:
        return modem->slot_status;
    }
}

static void list_services(SimModem *modem, SimMbimAnswer *answer)
{
    GByteArray *elements[G_N_ELEMENTS(services)];
    guint32 count = 0;
    for (guint i = 0; i < G_N_ELEMENTS(services); i++) {
        guint32 commands[G_N_ELEMENTS(services[i].commands)], n = 0;
        for (guint j = 0; services[i].commands[j]; j++)
            if (sim_mbim_has_command(modem, services[i].service, services[i].commands[j]))
                commands[n++] = services[i].commands[j];
        if (n == 0)
            continue;
        SimMbimInfo *element = sim_mbim_info_new();
        sim_mbim_put_plain(element, sim_mbim_service_get_uuid(services[i].service),
                           SIM_MBIM_UUID_SIZE);
        sim_mbim_put_u32(element, 0); /* no payload of device service streams */
        sim_mbim_put_u32(element, 0);
        sim_mbim_put_u32(element, n);
        for (guint j = 0; j < n; j++)
            sim_mbim_put_u32(element, commands[j]);
        elements[count++] = sim_mbim_info_end(element);
    }
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, count);
    sim_mbim_put_u32(info, 0);
    for (guint i = 0; i < count; i++) {
        sim_mbim_put_ref(info, elements[i]->data, elements[i]->len);
        g_byte_array_unref(elements[i]);
    }
    answer->info = sim_mbim_info_end(info);
}

/* NULL: the list is none. */
static GArray *read_events(const SimMbimRequest *request)
{
    guint32 count;
    g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(SimMbimEvent));
    if (!sim_mbim_get_u32(request->info, request->size, 0, &count))
        return NULL;
    for (guint32 i = 0; i < count; i++) {
        const guint8 *entry;
        gsize size;
        guint32 commands;
        SimMbimEvent event = { .command = 0 };
        if (!sim_mbim_get_ref(request->info, request->size, 4 + 8 * (gsize)i, FALSE, &entry,
                              &size) ||
            !sim_mbim_get_u32(entry, size, SIM_MBIM_UUID_SIZE, &commands) ||
            commands > (size - EVENT_HEADER) / 4)
            return NULL;
        memcpy(event.uuid, entry, SIM_MBIM_UUID_SIZE);
        if (commands == 0)
            g_array_append_val(events, event);
        for (guint32 j = 0; j < commands; j++) {
            (void)sim_mbim_get_u32(entry, size, EVENT_HEADER + 4 * (gsize)j, &event.command);
            g_array_append_val(events, event);
        }
    }
    return g_steal_pointer(&events);
}

void sim_mbim_services(SimModem *modem, SimMbimHost *host, const SimMbimRequest *request,
                       SimMbimAnswer *answer)
{
    if (request->command == BASIC_DEVICE_SERVICES && !request->is_set) {
        list_services(modem, answer);
        return;
    }
    GArray *events = NULL;
    if (request->command == BASIC_SUBSCRIBE_LIST && request->is_set)
        events = read_events(request);
    if (!events) {
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
        return;
    }
    g_clear_pointer(&host->events, g_array_unref);
    host->events = events;
    answer->info = g_byte_array_append(g_byte_array_new(), request->info, (guint)request->size);
}

/* Without a list a host is told of what MBIM itself defines. */
gboolean sim_mbim_is_subscribed(const SimMbimHost *host, SimMbimService service, guint32 command)
{
    if (!host->events)
        return service == SIM_MBIM_BASIC_CONNECT;
    for (guint i = 0; i < host->events->len; i++) {
        const SimMbimEvent *event = &g_array_index(host->events, SimMbimEvent, i);
        if (!memcmp(event->uuid, sim_mbim_service_get_uuid(service), SIM_MBIM_UUID_SIZE) &&
            (event->command == 0 || event->command == command))
            return TRUE;
    }
    return FALSE;
}
