/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/uim.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* More physical slots than any modem has; bounds what a defective array can make us do. */
#define MAX_SLOTS 16

const char *uim_get_name(guint16 id)
{
    static const struct {
        guint16 id;
        const char *name;
    } names[] = {
        { UIM_RESET, "Reset" },
        { UIM_REGISTER_EVENTS, "Register Events" },
        { UIM_GET_CARD_STATUS, "Get Card Status" },
        { UIM_POWER_OFF_SIM, "Power Off SIM" },
        { UIM_POWER_ON_SIM, "Power On SIM" },
        { UIM_SEND_APDU, "Send APDU" },
        { UIM_LOGICAL_CHANNEL, "Logical Channel" },
        { UIM_OPEN_LOGICAL_CHANNEL, "Open Logical Channel" },
        { UIM_SWITCH_SLOT, "Switch Slot" },
        { UIM_GET_SLOT_STATUS, "Get Slot Status" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].id == id)
            return names[i].name;
    return "?";
}

QmiMessage *uim_request_new(QmiClient *client, guint16 id)
{
    return qmi_message_new(QMI_SERVICE_UIM, qmi_client_get_cid(client),
                           qmi_client_get_next_transaction_id(client), id);
}

void uim_put_u8(QmiMessage *message, guint8 type, guint8 value)
{
    gsize at = qmi_message_tlv_write_init(message, type, NULL);

    qmi_message_tlv_write_guint8(message, value, NULL);
    qmi_message_tlv_write_complete(message, at, NULL);
}

void uim_put_u32(QmiMessage *message, guint8 type, guint32 value)
{
    gsize at = qmi_message_tlv_write_init(message, type, NULL);

    qmi_message_tlv_write_guint32(message, QMI_ENDIAN_LITTLE, value, NULL);
    qmi_message_tlv_write_complete(message, at, NULL);
}

void uim_put_octets(QmiMessage *message, guint8 type, guint count_size, const guint8 *data,
                    gsize size)
{
    gsize at = qmi_message_tlv_write_init(message, type, NULL);

    if (count_size == 1)
        qmi_message_tlv_write_guint8(message, (guint8)size, NULL);
    else
        qmi_message_tlv_write_guint16(message, QMI_ENDIAN_LITTLE, (guint16)size, NULL);
    for (gsize i = 0; i < size; i++)
        qmi_message_tlv_write_guint8(message, data[i], NULL);
    qmi_message_tlv_write_complete(message, at, NULL);
}

TlvSlice uim_get(QmiMessage *message, guint8 type)
{
    guint16 size = 0;
    const guint8 *data = qmi_message_get_raw_tlv(message, type, &size);

    return data ? tlv_slice(data, size) : (TlvSlice){ NULL, 0 };
}

/* ---- a cursor over the content of a TLV ---- */

typedef struct {
    const guint8 *next;
    gsize left;
    gboolean failed; /* sticky: everything after the end reads as 0 */
} Cursor;

static Cursor cursor(TlvSlice slice)
{
    return (Cursor){ slice.data, slice.data ? slice.size : 0, FALSE };
}

static TlvSlice take(Cursor *c, gsize size)
{
    TlvSlice slice = { c->next, size };

    if (c->failed || size > c->left) {
        c->failed = TRUE;
        return (TlvSlice){ NULL, 0 };
    }
    c->next += size;
    c->left -= size;
    return slice;
}

static guint32 take_number(Cursor *c, guint size)
{
    TlvSlice slice = take(c, size);
    guint32 value = 0;

    for (gsize i = slice.size; i > 0; i--)
        value = value << 8 | slice.data[i - 1];
    return value;
}

static guint take_count(Cursor *c, guint limit)
{
    guint n = take_number(c, 1);

    return MIN(n, limit);
}

gboolean uim_get_result(QmiMessage *message, guint16 *ret_error, GError **error)
{
    Cursor c = cursor(uim_get(message, 0x02));
    guint16 status = (guint16)take_number(&c, 2);
    guint16 code = (guint16)take_number(&c, 2);

    if (c.failed) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                            "the modem's answer has no result");
        return FALSE;
    }
    if (status == 0)
        *ret_error = 0;
    else
        *ret_error = code ? code : QMI_PROTOCOL_ERROR_UNKNOWN_ERROR;
    return TRUE;
}

guint16 uim_get_card_result(QmiMessage *message)
{
    TlvSlice tlv = uim_get(message, 0x11);

    if (tlv.size != 2)
        return 0;
    return (guint16)(tlv.data[0] << 8 | tlv.data[1]);
}

TlvSlice uim_get_octets(QmiMessage *message, guint8 type, guint count_size)
{
    Cursor c = cursor(uim_get(message, type));
    gsize size = take_number(&c, count_size);

    return take(&c, size);
}

/* ICCID octets as in EF_ICCID; modems show cards with hex digits in it, so no decimal check. */
static void read_iccid(TlvSlice octets, char ret_iccid[21])
{
    gsize n = 0;

    for (gsize i = 0; i < MIN(octets.size, ICCID_SIZE); i++) {
        ret_iccid[n++] = "0123456789ABCDEF"[octets.data[i] & 0x0F];
        ret_iccid[n++] = "0123456789ABCDEF"[octets.data[i] >> 4];
    }
    while (n > 0 && ret_iccid[n - 1] == 'F')
        n--;
    ret_iccid[n] = '\0';
}

GArray *uim_parse_slots(TlvSlice state, TlvSlice information, TlvSlice eids)
{
    GArray *slots = g_array_new(FALSE, TRUE, sizeof(BackendSlot));
    Cursor c = cursor(state);
    guint n = take_count(&c, MAX_SLOTS);

    for (guint i = 0; i < n; i++) {
        BackendSlot slot = { .physical = i + 1 };
        guint32 card = take_number(&c, 4), active = take_number(&c, 4);
        guint8 logical = (guint8)take_number(&c, 1), size = (guint8)take_number(&c, 1);
        TlvSlice iccid = take(&c, size);

        if (c.failed)
            break;
        slot.card_present = card == QMI_UIM_PHYSICAL_CARD_STATE_PRESENT;
        slot.active = active == QMI_UIM_SLOT_STATE_ACTIVE;
        slot.logical = slot.active ? logical : 0;
        read_iccid(iccid, slot.iccid);
        g_array_append_val(slots, slot);
    }
    c = cursor(information);
    n = take_count(&c, slots->len);
    for (guint i = 0; i < n; i++) {
        guint8 size, is_euicc;

        take(&c, 5); /* protocol, number of applications */
        size = (guint8)take_number(&c, 1);
        take(&c, size); /* ATR */
        is_euicc = (guint8)take_number(&c, 1);
        if (c.failed)
            break;
        g_array_index(slots, BackendSlot, i).is_euicc = is_euicc != 0;
    }
    c = cursor(eids);
    n = take_count(&c, slots->len);
    for (guint i = 0; i < n; i++) {
        guint8 size = (guint8)take_number(&c, 1);
        TlvSlice eid = take(&c, size);
        g_autofree char *text = NULL;

        if (c.failed)
            break;
        if (eid.size == EID_SIZE && (text = eid_to_string(eid.data, eid.size, NULL)))
            g_strlcpy(g_array_index(slots, BackendSlot, i).eid, text, 33);
    }
    return slots;
}

GArray *uim_parse_cards(TlvSlice status)
{
    GArray *cards = g_array_new(FALSE, TRUE, sizeof(UimCard));
    Cursor c = cursor(status);
    guint n;

    take(&c, 8); /* which application serves which session */
    n = take_count(&c, MAX_SLOTS);
    for (guint i = 0; i < n; i++) {
        guint8 state = (guint8)take_number(&c, 1), applications;
        gboolean ready = FALSE;
        UimCard card = { 0 };

        take(&c, 3); /* UPIN state, retries */
        card.error = (guint8)take_number(&c, 1);
        applications = (guint8)take_number(&c, 1);
        for (guint j = 0; j < applications && !c.failed; j++) {
            guint8 application;

            take(&c, 1); /* type */
            application = (guint8)take_number(&c, 1);
            take(&c, 4);                  /* personalisation */
            take(&c, take_number(&c, 1)); /* AID */
            take(&c, 7);                  /* PIN states */
            if (application > QMI_UIM_CARD_APPLICATION_STATE_DETECTED)
                ready = TRUE;
        }
        if (c.failed)
            break;
        if (state == QMI_UIM_CARD_STATE_ABSENT)
            card.state = UIM_CARD_ABSENT;
        else if (state != QMI_UIM_CARD_STATE_PRESENT)
            card.state = UIM_CARD_ERROR;
        else if (applications == 0)
            card.state = UIM_CARD_EMPTY;
        else
            card.state = ready ? UIM_CARD_READY : UIM_CARD_STARTING;
        g_array_append_val(cards, card);
    }
    return cards;
}

gboolean uim_parse_piece(TlvSlice piece, UimPiece *ret_piece)
{
    Cursor c = cursor(piece);
    UimPiece p;
    guint16 size;

    p.token = take_number(&c, 4);
    p.total = (guint16)take_number(&c, 2);
    p.offset = (guint16)take_number(&c, 2);
    size = (guint16)take_number(&c, 2);
    p.data = take(&c, size);
    if (c.failed || p.offset + p.data.size > p.total)
        return FALSE;
    *ret_piece = p;
    return TRUE;
}

gboolean uim_parse_long_response(TlvSlice tlv, guint16 *ret_total, guint32 *ret_token)
{
    Cursor c = cursor(tlv);
    guint16 total = (guint16)take_number(&c, 2);
    guint32 token = take_number(&c, 4);

    if (c.failed)
        return FALSE;
    *ret_total = total;
    *ret_token = token;
    return TRUE;
}
