/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_qmi_private.h"

#include <string.h>

/* Who the modem is (DMS), and the network in which it is registered (NAS). */

enum {
    DMS_CAPABILITIES = 0x0020,
    DMS_MANUFACTURER = 0x0021,
    DMS_MODEL = 0x0022,
    DMS_REVISION = 0x0023,
    DMS_IDS = 0x0025,
    DMS_OPERATING_MODE = 0x002D,
    DMS_SET_OPERATING_MODE = 0x002E,
};

/* Operating modes. */
enum {
    MODE_ONLINE = 0,
    MODE_OFFLINE = 3,
    MODE_RESET = 4,
};

enum {
    NAS_SERVING_SYSTEM = 0x0024,
};

/* From "offline" a modem only comes back by a restart. */
static void set_operating_mode(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    guint8 mode;
    if (!sim_qmi_request_u8(request, 0x01, &mode))
        answer->error = SIM_QMI_MISSING_ARGUMENT;
    else if (mode == MODE_RESET)
        sim_modem_restart(modem);
    else if (mode == MODE_OFFLINE)
        modem->offline = TRUE;
    else if (mode != MODE_ONLINE || modem->offline)
        answer->error = SIM_QMI_INVALID_ARGUMENT;
}

/* What ModemManager asks before it shows a modem. */
void sim_qmi_dms(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    static const char manufacturer[] = "euicc-sim", model[] = "QMI", revision[] = "1";
    GByteArray *value;
    const guint8 mode = modem->offline ? MODE_OFFLINE : MODE_ONLINE;

    switch (request->message) {
    case DMS_CAPABILITIES:
        value = g_byte_array_new();
        sim_qmi_put_u32(value, 50000000);
        sim_qmi_put_u32(value, 100000000);
        sim_qmi_put_u8(value, 4); /* data: non-simultaneous CS and PS */
        sim_qmi_put_u8(value, 2); /* SIM supported */
        sim_qmi_put_u8(value, 2);
        sim_qmi_put_u8(value, 5); /* UMTS */
        sim_qmi_put_u8(value, 8); /* LTE */
        sim_qmi_tlv_take(answer->tlvs, 0x01, value);
        break;
    case DMS_MANUFACTURER:
        sim_qmi_tlv(answer->tlvs, 0x01, manufacturer, strlen(manufacturer));
        break;
    case DMS_MODEL:
        sim_qmi_tlv(answer->tlvs, 0x01, model, strlen(model));
        break;
    case DMS_REVISION:
        sim_qmi_tlv(answer->tlvs, 0x01, revision, strlen(revision));
        break;
    case DMS_IDS:
        if (modem->imei[0])
            sim_qmi_tlv(answer->tlvs, 0x11, modem->imei, strlen(modem->imei));
        break;
    case DMS_OPERATING_MODE:
        sim_qmi_tlv(answer->tlvs, 0x01, &mode, 1);
        break;
    case DMS_SET_OPERATING_MODE:
        set_operating_mode(modem, request, answer);
        break;
    default:
        answer->error = SIM_QMI_NOT_SUPPORTED;
        break;
    }
}

void sim_qmi_nas(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    gboolean registered = modem->plmn[0];
    GByteArray *value;

    if (request->message != NAS_SERVING_SYSTEM) {
        answer->error = SIM_QMI_NOT_SUPPORTED;
        return;
    }
    value = g_byte_array_new();
    sim_qmi_put_u8(value, registered ? 1 : 0);
    sim_qmi_put_u8(value, registered ? 1 : 2); /* attached or detached, CS and PS */
    sim_qmi_put_u8(value, registered ? 1 : 2);
    sim_qmi_put_u8(value, registered ? 2 : 0); /* 3GPP */
    sim_qmi_put_u8(value, registered ? 1 : 0); /* radio interfaces */
    if (registered)
        sim_qmi_put_u8(value, 8); /* LTE */
    sim_qmi_tlv_take(answer->tlvs, 0x01, value);
    if (!registered)
        return;

    guint64 code = g_ascii_strtoull(modem->plmn, NULL, 10);
    gboolean three_digits = strlen(modem->plmn) == 6;
    guint16 mcc = (guint16)(code / (three_digits ? 1000 : 100));
    guint16 mnc = (guint16)(code % (three_digits ? 1000 : 100));
    value = g_byte_array_new();
    sim_qmi_put_u16(value, mcc);
    sim_qmi_put_u16(value, mnc);
    sim_qmi_put_counted(value, "euicc-sim", strlen("euicc-sim"));
    sim_qmi_tlv_take(answer->tlvs, 0x12, value);
    value = g_byte_array_new();
    sim_qmi_put_u16(value, mcc);
    sim_qmi_put_u16(value, mnc);
    sim_qmi_put_u8(value, three_digits ? 1 : 0);
    sim_qmi_tlv_take(answer->tlvs, 0x27, value);
}
