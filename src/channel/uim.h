/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libqmi-glib.h>

#include "channel/backend.h"
#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * Messages of the QMI UIM service, built and read by hand: libqmi has the logical channel messages
 * from 1.36 on only, and its generated readers drop a whole message when one array in it is
 * malformed. All numbers are little endian.
 */
enum {
    UIM_RESET = 0x0000,
    UIM_REGISTER_EVENTS = 0x002E,
    UIM_GET_CARD_STATUS = 0x002F,
    UIM_POWER_OFF_SIM = 0x0030,
    UIM_POWER_ON_SIM = 0x0031,
    UIM_CARD_STATUS = 0x0032, /* indication */
    UIM_SEND_APDU = 0x003B,   /* also the indication with a piece of a long response */
    UIM_LOGICAL_CHANNEL = 0x003F,
    UIM_OPEN_LOGICAL_CHANNEL = 0x0042,
    UIM_SWITCH_SLOT = 0x0046,
    UIM_GET_SLOT_STATUS = 0x0047,
    UIM_SLOT_STATUS = 0x0048, /* indication */
};

enum {
    UIM_EVENT_CARD_STATUS = 1 << 0,
    UIM_EVENT_SLOT_STATUS = 1 << 4,
};

/* "Open Logical Channel" */
const char *uim_get_name(guint16 id);

QmiMessage *uim_request_new(QmiClient *client, guint16 id);
void uim_put_u8(QmiMessage *message, guint8 type, guint8 value);
void uim_put_u32(QmiMessage *message, guint8 type, guint32 value);
/* COUNT_SIZE: octets of the length in front of DATA, 1 or 2. */
void uim_put_octets(QmiMessage *message, guint8 type, guint count_size, const guint8 *data,
                    gsize size);

/* Content of a TLV; data is NULL when the message has none of TYPE. */
TlvSlice uim_get(QmiMessage *message, guint8 type);

/* Result TLV (02): *RET_ERROR is 0 for success, otherwise the QMI error. MODEM when there is none.
 */
gboolean uim_get_result(QmiMessage *message, guint16 *ret_error, GError **error);

/* Card result TLV (11): SW1 and SW2, which a failure may have too. 0: none. */
guint16 uim_get_card_result(QmiMessage *message);

/* Octets with their length in front; data is NULL when TYPE is missing or shorter than it says. */
TlvSlice uim_get_octets(QmiMessage *message, guint8 type, guint count_size);

/* Slots (array of BackendSlot) from TLVs 10 (state), 11 (information) and 12 (EID) of a slot
 * status. The three arrays may differ in length, as some firmware does; what can be read of them
 * is. */
GArray *uim_parse_slots(TlvSlice state, TlvSlice information, TlvSlice eids);

typedef enum {
    UIM_CARD_ABSENT,
    UIM_CARD_ERROR,    /* present but not usable: powered down, no ATR */
    UIM_CARD_STARTING, /* present, the modem is still reading it */
    UIM_CARD_EMPTY,    /* present, without any application: an eUICC without an enabled profile */
    UIM_CARD_READY,    /* at least one application is in use */
} UimCardState;

typedef struct {
    UimCardState state;
    guint8 error; /* QmiUimCardError, of UIM_CARD_ERROR */
} UimCard;

/* Cards by logical slot, from TLV 10 of a card status. Ends with the last one that is there
 * completely. */
GArray *uim_parse_cards(TlvSlice status);

/* A piece of a long response, from TLV 01 of the indication. Data points into PIECE. */
typedef struct {
    guint32 token;
    guint16 total;
    guint16 offset;
    TlvSlice data;
} UimPiece;
gboolean uim_parse_piece(TlvSlice piece, UimPiece *ret_piece);

/* TLV 11 of the answer to Send APDU: the response comes in pieces. */
gboolean uim_parse_long_response(TlvSlice tlv, guint16 *ret_total, guint32 *ret_token);

G_END_DECLS
