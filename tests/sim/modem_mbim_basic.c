/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Basic Connect: who the modem is, its card and its network, as ModemManager asks for it. With newer versions
 * of Microsoft's extensions some answers have more members. */

#include <string.h>

#include "sim/modem_mbim_private.h"

#define DATA_CLASS_LTE (1u << 5)

enum {
    READY_NOT_INITIALIZED = 0,
    READY_INITIALIZED = 1,
    READY_NO_SIM = 2,
    READY_NO_PROFILE = 7,
};

static gboolean is_registered(SimModem *modem)
{
    return modem->plmn[0] && !SIM_MBIM(modem)->radio_off;
}

static void device_caps(SimModem *modem, SimMbimAnswer *answer)
{
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 1); /* embedded */
    sim_mbim_put_u32(info, 1); /* GSM */
    sim_mbim_put_u32(info, 1); /* no voice */
    sim_mbim_put_u32(info, 2); /* removable card */
    sim_mbim_put_u32(info, DATA_CLASS_LTE);
    sim_mbim_put_u32(info, 0); /* no SMS */
    sim_mbim_put_u32(info, 1); /* registers manually too */
    sim_mbim_put_u32(info, 1); /* sessions */
    sim_mbim_put_text(info, "");
    sim_mbim_put_text(info, modem->imei);
    sim_mbim_put_text(info, "1");
    sim_mbim_put_text(info, "euicc-sim MBIM");
    answer->info = sim_mbim_info_end(info);
}

static guint32 ready_state(SimModem *modem, const char *iccid)
{
    switch (sim_modem_get_state(modem)) {
    case SIM_SLOT_EMPTY:
        return READY_NO_SIM;
    case SIM_SLOT_OFF:
    case SIM_SLOT_STARTING:
        return READY_NOT_INITIALIZED;
    case SIM_SLOT_READY:
        break;
    }
    if (SIM_MBIM(modem)->pass_through)
        return READY_NOT_INITIALIZED;
    return iccid[0] ? READY_INITIALIZED : READY_NO_PROFILE;
}

GByteArray *sim_mbim_ready_status(SimModem *modem)
{
    gboolean has_card = sim_modem_get_state(modem) != SIM_SLOT_EMPTY;
    SimCard *card = sim_slot_get_card(modem->slot);
    g_autofree char *iccid = has_card ? sim_card_get_enabled_iccid(card) : g_strdup("");
    g_autofree char *shown = sim_modem_show_iccid(modem, iccid);
    g_autofree char *eid = has_card ? sim_card_get_eid(card) : g_strdup("");
    guint32 state = ready_state(modem, iccid);
    g_autofree char *imsi = state == READY_INITIALIZED ? sim_modem_make_imsi(iccid) : g_strdup("");
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, state);
    if (SIM_MBIM(modem)->version >= SIM_MBIMEX_3)
        sim_mbim_put_u32(info, eid[0] ? 1 : 0); /* an eSIM */
    sim_mbim_put_text(info, imsi);
    sim_mbim_put_text(info, state == READY_INITIALIZED ? shown : "");
    sim_mbim_put_u32(info, 0); /* nothing to protect */
    sim_mbim_put_u32(info, 0); /* no telephone numbers */
    return sim_mbim_info_end(info);
}

static void radio_state(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    SimMbimModem *mbim = SIM_MBIM(modem);
    guint32 wanted;
    if (request->is_set) {
        if (!sim_mbim_get_u32(request->info, request->size, 0, &wanted) || wanted > 1) {
            answer->status = SIM_MBIM_INVALID_PARAMETERS;
            return;
        }
        mbim->radio_off = wanted == 0;
    }
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 1); /* the switch is on */
    sim_mbim_put_u32(info, mbim->radio_off ? 0 : 1);
    answer->info = sim_mbim_info_end(info);
}

static void pin(const SimMbimRequest *request, SimMbimAnswer *answer)
{
    if (request->is_set) {
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        return;
    }
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 0); /* none is wanted */
    sim_mbim_put_u32(info, 0);
    sim_mbim_put_u32(info, 3); /* attempts */
    answer->info = sim_mbim_info_end(info);
}

static void home_provider(const SimMbimRequest *request, SimMbimAnswer *answer)
{
    if (request->is_set) {
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        return;
    }
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_text(info, "00101");
    sim_mbim_put_u32(info, 1); /* home */
    sim_mbim_put_text(info, "euicc-sim");
    sim_mbim_put_u32(info, 1);  /* GSM */
    sim_mbim_put_u32(info, 99); /* not known */
    sim_mbim_put_u32(info, 99);
    answer->info = sim_mbim_info_end(info);
}

static void register_state(SimModem *modem, SimMbimAnswer *answer)
{
    gboolean registered = is_registered(modem);
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 0);
    sim_mbim_put_u32(info, registered ? 3 : 1); /* home, deregistered */
    sim_mbim_put_u32(info, 1);                  /* automatic */
    sim_mbim_put_u32(info, registered ? DATA_CLASS_LTE : 0);
    sim_mbim_put_u32(info, 1); /* GSM */
    sim_mbim_put_text(info, registered ? modem->plmn : "");
    sim_mbim_put_text(info, registered ? "euicc-sim" : "");
    sim_mbim_put_text(info, "");
    sim_mbim_put_u32(info, 0);
    if (SIM_MBIM(modem)->version >= SIM_MBIMEX_2)
        sim_mbim_put_u32(info, DATA_CLASS_LTE); /* preferred */
    answer->info = sim_mbim_info_end(info);
}

static void packet_service(SimModem *modem, SimMbimAnswer *answer)
{
    gboolean registered = is_registered(modem);
    guint version = SIM_MBIM(modem)->version;
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, 0);
    sim_mbim_put_u32(info, registered ? 2 : 4); /* attached, detached */
    sim_mbim_put_u32(info, registered ? DATA_CLASS_LTE : 0);
    sim_mbim_put_u64(info, registered ? 50000000 : 0);
    sim_mbim_put_u64(info, registered ? 100000000 : 0);
    if (version >= SIM_MBIMEX_2)
        sim_mbim_put_u32(info, 0); /* frequency range not known */
    if (version >= SIM_MBIMEX_3) {
        sim_mbim_put_u32(info, 0); /* no subclass of data */
        sim_mbim_put_u64(info, 0); /* tracking area not known */
    }
    answer->info = sim_mbim_info_end(info);
}

static void signal_state(SimModem *modem, SimMbimAnswer *answer)
{
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, is_registered(modem) ? 20 : 99);
    sim_mbim_put_u32(info, 99); /* error rate not known */
    sim_mbim_put_u32(info, 30); /* seconds */
    sim_mbim_put_u32(info, 0);
    sim_mbim_put_u32(info, 0);
    if (SIM_MBIM(modem)->version >= SIM_MBIMEX_2)
        sim_mbim_put_u64(info, 0); /* no RSRP and SNR */
    answer->info = sim_mbim_info_end(info);
}

void sim_mbim_basic(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    switch (request->command) {
    case BASIC_DEVICE_CAPS:
        device_caps(modem, answer);
        break;
    case BASIC_READY_STATUS:
        answer->info = sim_mbim_ready_status(modem);
        break;
    case BASIC_RADIO_STATE:
        radio_state(modem, request, answer);
        break;
    case BASIC_PIN:
        pin(request, answer);
        break;
    case BASIC_HOME_PROVIDER:
        home_provider(request, answer);
        break;
    case BASIC_REGISTER_STATE:
        register_state(modem, answer);
        break;
    case BASIC_PACKET_SERVICE:
        packet_service(modem, answer);
        break;
    case BASIC_SIGNAL_STATE:
        signal_state(modem, answer);
        break;
    default:
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        break;
    }
}
