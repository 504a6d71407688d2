/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MS Basic Connect Extensions: slots, which are counted from 0 here, and versions. */

#include "sim/modem_mbim_private.h"

enum {
    SLOT_OFF_EMPTY = 1,
    SLOT_OFF = 2,
    SLOT_EMPTY = 3,
    SLOT_NOT_READY = 4,
    SLOT_ACTIVE_ESIM = 7,
    SLOT_ACTIVE_ESIM_NO_PROFILE = 8,
};

static guint32 slot_state(SimModem *modem, guint number)
{
    SimSlot *slot = modem->physical[number - 1];
    gboolean active = number == modem->active_slot;
    SimSlotState state = active ? sim_modem_get_state(modem) : sim_slot_get_state(slot);
    if (!active)
        return state == SIM_SLOT_EMPTY ? SLOT_OFF_EMPTY : SLOT_OFF;
    switch (state) {
    case SIM_SLOT_EMPTY:
        return SLOT_EMPTY;
    case SIM_SLOT_OFF:
        return SLOT_OFF;
    case SIM_SLOT_STARTING:
        return SLOT_NOT_READY;
    case SIM_SLOT_READY:
        break;
    }
    g_autofree char *iccid = sim_card_get_enabled_iccid(sim_slot_get_card(slot));
    return iccid[0] ? SLOT_ACTIVE_ESIM : SLOT_ACTIVE_ESIM_NO_PROFILE;
}

GByteArray *sim_mbim_slot_status(SimModem *modem, guint number)
{
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, number - 1);
    sim_mbim_put_u32(info, slot_state(modem, number));
    return sim_mbim_info_end(info);
}

static void slot_status(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    guint32 index;
    if (request->is_set || !sim_mbim_get_u32(request->info, request->size, 0, &index) ||
        index >= modem->slots)
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
    else
        answer->info = sim_mbim_slot_status(modem, index + 1);
}

static void slot_mappings(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    if (request->is_set) {
        guint32 count, index;
        const guint8 *slot;
        gsize size;
        if (!sim_mbim_get_u32(request->info, request->size, 0, &count) || count != 1 ||
            !sim_mbim_get_ref(request->info, request->size, 4, FALSE, &slot, &size) ||
            !sim_mbim_get_u32(slot, size, 0, &index) || index >= modem->slots) {
            answer->status = SIM_MBIM_INVALID_PARAMETERS;
            return;
        }
        if (!sim_modem_may_switch(modem)) {
            answer->status = SIM_MBIM_BUSY;
            return;
        }
        (void)sim_modem_switch_slot(modem, index + 1);
    }
    const guint8 index[] = { (guint8)(modem->active_slot - 1), 0, 0, 0 };
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 1);
    sim_mbim_put_ref(info, index, sizeof index);
    answer->info = sim_mbim_info_end(info);
}

static void sys_caps(SimModem *modem, SimMbimAnswer *answer)
{
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 1); /* executors */
    sim_mbim_put_u32(info, modem->slots);
    sim_mbim_put_u32(info, 1); /* at the same time */
    sim_mbim_put_u64(info, g_ascii_strtoull(modem->imei, NULL, 10));
    answer->info = sim_mbim_info_end(info);
}

static void device_caps(SimModem *modem, SimMbimAnswer *answer)
{
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 1);       /* embedded */
    sim_mbim_put_u32(info, 1);       /* GSM */
    sim_mbim_put_u32(info, 1);       /* no voice */
    sim_mbim_put_u32(info, 2);       /* removable card */
    sim_mbim_put_u32(info, 1u << 5); /* LTE */
    sim_mbim_put_u32(info, 0);       /* no SMS */
    sim_mbim_put_u32(info, 1);       /* registers manually too */
    sim_mbim_put_u64(info, 0);       /* no subclass of data */
    sim_mbim_put_u32(info, 1);       /* sessions */
    sim_mbim_put_u32(info, 0);       /* executor */
    sim_mbim_put_u32(info, 0);       /* no WCDMA */
    sim_mbim_put_table_tlv(info, (const guint16[]){ 3, 20 }, 2);
    sim_mbim_put_table_tlv(info, NULL, 0);
    sim_mbim_put_text_tlv(info, "");
    sim_mbim_put_text_tlv(info, modem->imei);
    sim_mbim_put_text_tlv(info, "1");
    sim_mbim_put_text_tlv(info, "euicc-sim MBIM");
    answer->info = sim_mbim_info_end(info);
}

/* MBIMEx 2.0: two u16 each, version of MBIM and of the extensions; the lower of both holds. */
static void version(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    SimMbimModem *mbim = SIM_MBIM(modem);
    guint newest = sim_mbim_newest_version(mbim);
    guint32 both;
    if (request->is_set || !sim_mbim_get_u32(request->info, request->size, 0, &both)) {
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
        return;
    }
    mbim->version = MAX(MIN(both >> 16, newest), (guint)SIM_MBIMEX_1);
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, mbim->version << 16 | 0x0100);
    answer->info = sim_mbim_info_end(info);
}

void sim_mbim_extensions(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    if (!sim_mbim_has_command(modem, SIM_MBIM_EXTENSIONS, request->command)) {
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        return;
    }
    switch (request->command) {
    case EXTENSIONS_SYS_CAPS:
        sys_caps(modem, answer);
        break;
    case EXTENSIONS_DEVICE_CAPS:
        device_caps(modem, answer);
        break;
    case EXTENSIONS_SLOT_MAPPINGS:
        slot_mappings(modem, request, answer);
        break;
    case EXTENSIONS_SLOT_STATUS:
        slot_status(modem, request, answer);
        break;
    case EXTENSIONS_DEVICE_RESET:
        if (request->is_set)
            sim_modem_restart(modem);
        else
            answer->status = SIM_MBIM_INVALID_PARAMETERS;
        break;
    case EXTENSIONS_VERSION:
        version(modem, request, answer);
        break;
    default:
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        break;
    }
}
