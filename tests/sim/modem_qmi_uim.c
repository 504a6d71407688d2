/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* User identity module service: card, slots, logical channels, APDUs. */

#include "sim/modem_qmi_private.h"

#include <string.h>

#include "util/bytes.h"

enum {
    UIM_RESET = 0x0000,
    UIM_READ_TRANSPARENT = 0x0020,
    UIM_REFRESH_REGISTER = 0x002A,
    UIM_REFRESH_COMPLETE = 0x002C,
    UIM_REGISTER_EVENTS = 0x002E,
    UIM_CARD_STATUS = 0x002F,
    UIM_POWER_OFF = 0x0030,
    UIM_POWER_ON = 0x0031,
    UIM_CARD_STATUS_INDICATION = 0x0032,
    UIM_REFRESH_INDICATION = 0x0033,
    UIM_SEND_APDU = 0x003B,
    UIM_LOGICAL_CHANNEL = 0x003F,
    UIM_OPEN_CHANNEL = 0x0042,
    UIM_REFRESH_REGISTER_ALL = 0x0044,
    UIM_SWITCH_SLOT = 0x0046,
    UIM_SLOT_STATUS = 0x0047,
    UIM_SLOT_STATUS_INDICATION = 0x0048,
};

#define EF_ICCID 0x2FE2
#define EF_IMSI  0x6F07

#define EVENT_CARD_STATUS 0x01
#define EVENT_SLOT_STATUS 0x10
#define LONG_PIECE        1024

static guint16 error_of(SimModem *modem, SimSlotResult result)
{
    switch (result) {
    case SIM_SLOT_OK:
        return SIM_QMI_OK;
    case SIM_SLOT_NO_CARD:
        return SIM_QMI_NO_SIM;
    case SIM_SLOT_NOT_READY:
        return (guint16)SIM_QMI(modem)->not_ready_error;
    case SIM_SLOT_NO_CHANNEL:
        return SIM_QMI_INSUFFICIENT_RESOURCES;
    case SIM_SLOT_SELECT_FAILED:
        return SIM_QMI_SIM_FILE_NOT_FOUND;
    case SIM_SLOT_BAD_CHANNEL:
        return SIM_QMI_INVALID_ARGUMENT;
    case SIM_SLOT_MUTE:
        break;
    }
    return SIM_QMI_INTERNAL;
}

/* TLV 01: the logical slot, of which there is one. */
static gboolean check_slot(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    guint8 slot;
    if (!sim_qmi_request_u8(request, 0x01, &slot))
        answer->error = SIM_QMI_MISSING_ARGUMENT;
    else if (slot != 1)
        answer->error = SIM_QMI_INVALID_ARGUMENT;
    else if (modem->lying)
        answer->error = error_of(modem, SIM_SLOT_NOT_READY);
    return answer->error == SIM_QMI_OK;
}

static void put_card_status(SimModem *modem, SimQmiTlvs *tlvs)
{
    static const guint8 usim[] = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0x89, 0x01, 0x00, 0x00, 0xFF };
    SimSlotState state = sim_modem_get_state(modem);
    gboolean has_application = state == SIM_SLOT_READY || state == SIM_SLOT_STARTING;
    GByteArray *value = g_byte_array_new();
    sim_qmi_put_u16(value, has_application ? 0x0000 : 0xFFFF);
    sim_qmi_put_u16(value, 0xFFFF);
    sim_qmi_put_u16(value, 0xFFFF);
    sim_qmi_put_u16(value, 0xFFFF);
    sim_qmi_put_u8(value, 1);
    sim_qmi_put_u8(value, state == SIM_SLOT_EMPTY ? 0 : state == SIM_SLOT_OFF ? 2 : 1);
    sim_qmi_put_u8(value, 0);
    sim_qmi_put_u8(value, 0);
    sim_qmi_put_u8(value, 0);
    sim_qmi_put_u8(value, state == SIM_SLOT_OFF ? 1 : 0); /* power down */
    sim_qmi_put_u8(value, has_application ? 1 : 0);
    if (has_application) {
        sim_qmi_put_u8(value, 2);                               /* USIM */
        sim_qmi_put_u8(value, state == SIM_SLOT_READY ? 7 : 1); /* ready, detected */
        sim_qmi_put_u8(value, state == SIM_SLOT_READY ? 4 : 0); /* personalization: ready */
        sim_qmi_put_u8(value, 0);
        sim_qmi_put_u8(value, 0);
        sim_qmi_put_u8(value, 0);
        sim_qmi_put_counted(value, usim, sizeof usim);
        sim_qmi_put_u8(value, 0);
        sim_qmi_put_u8(value, 3); /* PIN1 disabled */
        sim_qmi_put_u8(value, 3);
        sim_qmi_put_u8(value, 10);
        sim_qmi_put_u8(value, 2);
        sim_qmi_put_u8(value, 3);
        sim_qmi_put_u8(value, 10);
    }
    sim_qmi_tlv_take(tlvs, 0x10, value);
}

/* As the modem shows it, which need not be a proper one; nothing for "". */
static void put_iccid(GByteArray *array, const char *digits)
{
    guint8 octets[ICCID_SIZE];
    gsize count = strlen(digits);
    memset(octets, 0xFF, sizeof octets);
    for (gsize i = 0; i < MIN(count, 2 * sizeof octets); i++) {
        guint8 digit = (guint8)g_ascii_xdigit_value(digits[i]);
        octets[i / 2] = (guint8)(i % 2 == 0 ? 0xF0 | digit : (octets[i / 2] & 0x0F) | digit << 4);
    }
    sim_qmi_put_counted(array, octets, count > 0 ? sizeof octets : 0);
}

static void put_eid(GByteArray *array, const char *digits, const char *how)
{
    guint8 eid[EID_SIZE];
    gboolean there = eid_from_string(digits, eid, NULL);
    if (!there || g_str_equal(how, "missing"))
        sim_qmi_put_counted(array, eid, 0);
    else if (g_str_equal(how, "short"))
        sim_qmi_put_counted(array, eid, sizeof eid / 2);
    else if (g_str_equal(how, "junk"))
        sim_qmi_put_counted(array, memset(eid, 0xFF, sizeof eid), sizeof eid);
    else
        sim_qmi_put_counted(array, eid, sizeof eid);
}

/* EF IMSI (3GPP TS 31.102 4.2.2): length, then the digits behind the one that holds the parity. */
static void put_imsi(GByteArray *array, const char *iccid)
{
    g_autofree char *imsi = sim_modem_make_imsi(iccid);
    g_autofree char *nibbles = g_strconcat("9", imsi, NULL);
    sim_qmi_put_u8(array, (guint8)(strlen(nibbles) / 2));
    for (gsize i = 0; i + 1 < strlen(nibbles); i += 2)
        sim_qmi_put_u8(array, (guint8)(g_ascii_xdigit_value(nibbles[i]) |
                                       g_ascii_xdigit_value(nibbles[i + 1]) << 4));
}

/* The files of the profile that is enabled, as ModemManager reads them. Without a profile there are none. */
static void read_transparent(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    const guint8 *file;
    gsize size;
    if (!sim_qmi_request_tlv(request, 0x02, &file, &size) || size < 2) {
        answer->error = SIM_QMI_MISSING_ARGUMENT;
        return;
    }
    if (sim_modem_get_state(modem) != SIM_SLOT_READY) {
        answer->error = error_of(modem, SIM_SLOT_NOT_READY);
        return;
    }
    g_autofree char *iccid = sim_card_get_enabled_iccid(sim_slot_get_card(modem->slot));
    g_autofree char *shown = sim_modem_show_iccid(modem, iccid);
    g_autoptr(GByteArray) content = g_byte_array_new();
    guint16 id = (guint16)(file[0] | file[1] << 8);
    if (id == EF_ICCID && iccid[0])
        put_iccid(content, shown);
    else if (id == EF_IMSI && iccid[0])
        put_imsi(content, iccid);
    if (content->len == 0) {
        answer->error = SIM_QMI_SIM_FILE_NOT_FOUND;
        sim_qmi_tlv(answer->tlvs, 0x10, "\x6A\x82", 2);
        return;
    }
    /* put_iccid() writes a length of its own. */
    gsize skip = id == EF_ICCID ? 1 : 0;
    GByteArray *value = g_byte_array_new();
    sim_qmi_put_u16(value, (guint16)(content->len - skip));
    g_byte_array_append(value, content->data + skip, content->len - (guint)skip);
    sim_qmi_tlv(answer->tlvs, 0x10, "\x90\x00", 2);
    sim_qmi_tlv_take(answer->tlvs, 0x11, value);
}

static void put_slot_status(SimModem *modem, SimQmiTlvs *tlvs)
{
    GByteArray *status = g_byte_array_new();
    GByteArray *information = g_byte_array_new();
    GByteArray *eids = g_byte_array_new();
    sim_qmi_put_u8(status, (guint8)modem->slots);
    sim_qmi_put_u8(information, (guint8)modem->slots);
    sim_qmi_put_u8(eids, (guint8)modem->slots);
    for (guint i = 1; i <= modem->slots; i++) {
        gboolean active = i == modem->active_slot;
        SimSlot *slot = modem->physical[i - 1];
        gboolean present = sim_slot_get_state(slot) != SIM_SLOT_EMPTY && !(active && modem->lying);
        SimCard *card = sim_slot_get_card(slot);
        g_autofree char *iccid = present ? sim_card_get_enabled_iccid(card) : g_strdup("");
        g_autofree char *shown = sim_modem_show_iccid(modem, iccid);
        g_autofree char *eid = present ? sim_card_get_eid(card) : g_strdup("");
        g_autoptr(GBytes) atr = present ? sim_card_get_atr(card) : g_bytes_new(NULL, 0);

        sim_qmi_put_u32(status, present ? 2 : 1);
        sim_qmi_put_u32(status, active ? 1 : 0);
        sim_qmi_put_u8(status, active ? 1 : 0);
        put_iccid(status, shown);

        sim_qmi_put_u32(information, 2); /* UICC */
        sim_qmi_put_u8(information, present ? 1 : 0);
        sim_qmi_put_counted(information, g_bytes_get_data(atr, NULL), g_bytes_get_size(atr));
        sim_qmi_put_u8(information, present ? 1 : 0);

        put_eid(eids, eid, SIM_QMI(modem)->slot_eid);
    }
    sim_qmi_tlv_take(tlvs, 0x10, status);
    sim_qmi_tlv_take(tlvs, 0x11, information);
    sim_qmi_tlv_take(tlvs, 0x12, eids);
}

static void put_card_result(SimQmiTlvs *tlvs, guint16 sw)
{
    const guint8 value[] = { (guint8)(sw >> 8), (guint8)sw };
    if (sw)
        sim_qmi_tlv(tlvs, 0x11, value, sizeof value);
}

static void open_channel(SimModem *modem, SimQmiClient *client, const SimQmiRequest *request,
                         SimQmiAnswer *answer)
{
    if (!check_slot(modem, request, answer))
        return;
    const guint8 *aid = NULL;
    gsize aid_size = 0;
    if (sim_qmi_request_tlv(request, 0x10, &aid, &aid_size)) {
        if (aid_size < 1 || aid[0] != aid_size - 1 || aid_size > 17) {
            answer->error = SIM_QMI_MALFORMED;
            return;
        }
        aid++;
        aid_size--;
    }
    /* P2 by what the host wants to see: FCI 00, FCP 04, FMD 08, nothing 0C. */
    guint8 wanted = 2, p2 = 0x00;
    (void)sim_qmi_request_u8(request, 0x11, &wanted);
    p2 = wanted == 0 ? 0x0C : wanted == 1 ? 0x04 : wanted == 4 ? 0x08 : 0x00;

    guint8 channel;
    guint16 sw;
    g_autoptr(GBytes) response = NULL;
    SimSlotResult result =
        sim_slot_open_channel(modem->slot, client->id, aid, aid_size, p2, &channel, &sw, &response);
    answer->error = error_of(modem, result);
    answer->mute = result == SIM_SLOT_MUTE;
    put_card_result(answer->tlvs, sw);
    if (result != SIM_SLOT_OK)
        return;
    sim_qmi_tlv(answer->tlvs, 0x10, &channel, 1);
    gsize size;
    const void *data = g_bytes_get_data(response, &size);
    GByteArray *value = g_byte_array_new();
    sim_qmi_put_counted(value, data, MIN(size, 255));
    sim_qmi_tlv_take(answer->tlvs, 0x12, value);
}

static void close_channel(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    guint8 channel;
    if (!check_slot(modem, request, answer))
        return;
    if (!sim_qmi_request_u8(request, 0x11, &channel)) {
        answer->error = SIM_QMI_MISSING_ARGUMENT;
        return;
    }
    answer->error = error_of(modem, sim_slot_close_channel(modem->slot, channel));
    if (answer->error == SIM_QMI_OK)
        put_card_result(answer->tlvs, 0x9000);
}

/* The answer itself only announces a long response; the pieces are indications to the same client.
 */
static void put_long_response(SimModem *modem, const SimQmiClient *client, const guint8 *data,
                              gsize size, SimQmiAnswer *answer)
{
    guint32 token = ++SIM_QMI(modem)->token;
    GByteArray *announced = g_byte_array_new();
    sim_qmi_put_u16(announced, (guint16)size);
    sim_qmi_put_u32(announced, token);
    sim_qmi_tlv_take(answer->tlvs, 0x11, announced);
    for (gsize at = 0; at < size; at += LONG_PIECE) {
        gsize n = MIN(LONG_PIECE, size - at);
        g_autoptr(GByteArray) tlvs = sim_qmi_tlvs_new();
        GByteArray *piece = g_byte_array_new();
        sim_qmi_put_u32(piece, token);
        sim_qmi_put_u16(piece, (guint16)size);
        sim_qmi_put_u16(piece, (guint16)at);
        sim_qmi_put_u16(piece, (guint16)n);
        g_byte_array_append(piece, data + at, (guint)n);
        sim_qmi_tlv_take(tlvs, 0x01, piece);
        g_ptr_array_add(answer->after,
                        sim_qmi_indication(SIM_QMI_UIM, client->id, UIM_SEND_APDU, tlvs));
    }
}

static void send_apdu(SimModem *modem, SimQmiClient *client, const SimQmiRequest *request,
                      SimQmiAnswer *answer)
{
    const guint8 *apdu;
    gsize size;
    if (!check_slot(modem, request, answer))
        return;
    if (!sim_qmi_request_tlv(request, 0x02, &apdu, &size)) {
        answer->error = SIM_QMI_MISSING_ARGUMENT;
        return;
    }
    if (size < 2 + 4 || (gsize)(apdu[0] | apdu[1] << 8) != size - 2 || size - 2 > 1024) {
        answer->error = SIM_QMI_MALFORMED;
        return;
    }
    guint8 channel = 0, fetch = (guint8)SIM_QMI(modem)->procedure_bytes;
    (void)sim_qmi_request_u8(request, 0x10, &channel);
    (void)sim_qmi_request_u8(request, 0x11, &fetch);
    g_autoptr(GBytes) response = NULL;
    SimSlotResult result =
        sim_slot_transmit(modem->slot, channel, apdu + 2, size - 2, fetch == 1, &response);
    answer->error = error_of(modem, result);
    answer->mute = result == SIM_SLOT_MUTE;
    if (answer->error != SIM_QMI_OK)
        return;
    if (SIM_QMI(modem)->refresh_breaks_fetch && fetch == 0 &&
        sim_card_refresh_pending(sim_slot_get_card(modem->slot))) {
        answer->error = SIM_QMI_INTERNAL;
        return;
    }
    gsize n;
    const guint8 *data = g_bytes_get_data(response, &n);
    guint limit = SIM_QMI(modem)->long_response;
    if (limit > 0 && n > limit && n <= G_MAXUINT16) {
        put_long_response(modem, client, data, n, answer);
        return;
    }
    GByteArray *value = g_byte_array_new();
    sim_qmi_put_u16(value, (guint16)n);
    g_byte_array_append(value, data, (guint)n);
    sim_qmi_tlv_take(answer->tlvs, 0x10, value);
}

static void switch_slot(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    const guint8 *physical;
    gsize size;
    guint8 logical;
    if (!sim_qmi_request_u8(request, 0x01, &logical) ||
        !sim_qmi_request_tlv(request, 0x02, &physical, &size) || size != 4) {
        answer->error = SIM_QMI_MISSING_ARGUMENT;
    } else if (logical != 1 || physical[0] < 1 || physical[0] > modem->slots || physical[1] ||
               physical[2] || physical[3]) {
        answer->error = SIM_QMI_INVALID_ARGUMENT;
    } else if (!sim_modem_may_switch(modem)) {
        answer->error = SIM_QMI_INTERNAL;
    } else if (physical[0] == modem->active_slot) {
        answer->error = SIM_QMI_NO_EFFECT;
    } else {
        (void)sim_modem_switch_slot(modem, physical[0]);
    }
}

static void register_events(SimQmiClient *client, const SimQmiRequest *request,
                            SimQmiAnswer *answer)
{
    const guint8 *mask;
    gsize size;
    if (!sim_qmi_request_tlv(request, 0x01, &mask, &size) || size != 4) {
        answer->error = SIM_QMI_MISSING_ARGUMENT;
        return;
    }
    client->events = mask[0] & (EVENT_CARD_STATUS | EVENT_SLOT_STATUS);
    GByteArray *value = g_byte_array_new();
    sim_qmi_put_u32(value, client->events);
    sim_qmi_tlv_take(answer->tlvs, 0x10, value);
}

void sim_qmi_uim(SimModem *modem, SimQmiClient *client, const SimQmiRequest *request,
                 SimQmiAnswer *answer)
{
    switch (request->message) {
    case UIM_RESET:
        client->events = 0;
        client->refresh = FALSE;
        if (SIM_QMI(modem)->reset_closes && sim_modem_get_state(modem) == SIM_SLOT_READY)
            sim_slot_close_channels_of(modem->slot, client->id);
        break;
    case UIM_READ_TRANSPARENT:
        read_transparent(modem, request, answer);
        break;
    case UIM_REFRESH_REGISTER:
    case UIM_REFRESH_REGISTER_ALL:
        client->refresh = TRUE;
        break;
    case UIM_REFRESH_COMPLETE:
        break;
    case UIM_REGISTER_EVENTS:
        register_events(client, request, answer);
        break;
    case UIM_CARD_STATUS:
        put_card_status(modem, answer->tlvs);
        break;
    case UIM_POWER_OFF:
    case UIM_POWER_ON:
        if (check_slot(modem, request, answer) &&
            !sim_slot_power(modem->slot, request->message == UIM_POWER_ON))
            answer->error =
                sim_modem_get_state(modem) == SIM_SLOT_EMPTY ? SIM_QMI_NO_SIM : SIM_QMI_NO_EFFECT;
        break;
    case UIM_SEND_APDU:
        send_apdu(modem, client, request, answer);
        break;
    case UIM_LOGICAL_CHANNEL:
        close_channel(modem, request, answer);
        break;
    case UIM_OPEN_CHANNEL:
        open_channel(modem, client, request, answer);
        break;
    case UIM_SWITCH_SLOT:
        if (!modem->slot_status)
            answer->error = SIM_QMI_NOT_SUPPORTED;
        else
            switch_slot(modem, request, answer);
        break;
    case UIM_SLOT_STATUS:
        if (!modem->slot_status)
            answer->error = SIM_QMI_NOT_SUPPORTED;
        else
            put_slot_status(modem, answer->tlvs);
        break;
    default: /* the many messages that this modem does not have */
        answer->error = SIM_QMI_NOT_SUPPORTED;
        break;
    }
}

static void indicate_refresh(SimModem *modem, const SimQmiClient *client, gboolean end)
{
    g_autoptr(GByteArray) tlvs = sim_qmi_tlvs_new();
    const guint8 value[] = { end ? 2 : 1, 0 /* reset */, 0 /* primary session */, 0, 0, 0 };
    sim_qmi_tlv(tlvs, 0x10, value, sizeof value);
    sim_qmi_send_indication(modem, client, UIM_REFRESH_INDICATION, tlvs);
}

void sim_qmi_uim_slot_changed(SimModem *modem)
{
    SimQmiModem *qmi = SIM_QMI(modem);
    gboolean start = sim_modem_count_refreshes(modem) != modem->seen_refreshes;
    gboolean end = qmi->in_refresh && sim_modem_get_state(modem) == SIM_SLOT_READY;
    qmi->in_refresh = start || (qmi->in_refresh && !end);
    for (guint i = 0; i < qmi->clients->len; i++) {
        const SimQmiClient *client = qmi->clients->pdata[i];
        if (client->service != SIM_QMI_UIM)
            continue;
        if (client->refresh && (start || end))
            indicate_refresh(modem, client, end);
        if (client->events & EVENT_CARD_STATUS) {
            g_autoptr(GByteArray) tlvs = sim_qmi_tlvs_new();
            put_card_status(modem, tlvs);
            sim_qmi_send_indication(modem, client, UIM_CARD_STATUS_INDICATION, tlvs);
        }
        if ((client->events & EVENT_SLOT_STATUS) && modem->slot_status) {
            g_autoptr(GByteArray) tlvs = sim_qmi_tlvs_new();
            put_slot_status(modem, tlvs);
            sim_qmi_send_indication(modem, client, UIM_SLOT_STATUS_INDICATION, tlvs);
        }
    }
}
