/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libmbim-glib.h>

#include "channel/backend.h"
#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * MBIM messages and their information buffers, built and read by hand: libmbim 1.28 builds Terminal
 * Capability wrongly, has no names for the status codes of the UICC service, and its readers drop a whole
 * message when one string in it is malformed. All numbers are little endian; offsets count from the start
 * of the information buffer. In the UICC service the size stands before the offset, elsewhere after it.
 */

/* Status codes of the UICC service beside those of libmbim ("MB low level UICC access"). */
enum {
    MBIM_INFO_NO_LOGICAL_CHANNELS = (int)0x87430001,
    MBIM_INFO_SELECT_FAILED = (int)0x87430002,
    MBIM_INFO_INVALID_LOGICAL_CHANNEL = (int)0x87430003,
};

/* "SimNotInserted (3)", "InvalidLogicalChannel (0x87430003)", "unknown (4711)". g_free() it. */
char *mbim_info_describe_status(guint32 status);

#define MBIM_INFO_MAX_SLOTS 16 /* more than any modem has */

/* ---- messages ---- */

typedef enum {
    MBIM_INFO_ANSWER,     /* COMMAND_DONE */
    MBIM_INFO_INDICATION, /* INDICATE_STATUS */
    MBIM_INFO_REFUSAL, /* FUNCTION_ERROR: the modem did not take the message; STATUS is its reason */
} MbimInfoKind;

typedef struct {
    MbimInfoKind kind;
    MbimService service;
    guint32 cid;
    guint32 status;
    TlvSlice info; /* information buffer; points into the message */
} MbimInfoMessage;

/* Reads a message that is complete (not a fragment). FALSE when it is of another kind, or when its end is
 * missing; octets behind its end do not matter. */
gboolean mbim_info_read(TlvSlice raw, MbimInfoMessage *ret_message);

/* ---- building ---- */

void mbim_info_put_u32(GByteArray *info, guint32 value);
/* DATA and zeros up to a multiple of four. */
void mbim_info_put_padded(GByteArray *info, const guint8 *data, gsize size);

/* Terminal Capability: each object with its exact size, padded behind it. */
GByteArray *mbim_info_build_capability(const TlvSlice *objects, guint n_objects);

/* Device Service Subscribe List. */
typedef struct {
    MbimService service;
    guint32 cid;
} MbimInfoEvent;
GByteArray *mbim_info_build_events(const MbimInfoEvent *events, guint n_events);

/* ---- MS UICC Low Level Access ---- */

/* "SW1 in the low octet" to 0x9000 and the like. */
guint16 mbim_info_get_sw(guint32 status);

typedef struct {
    guint32 status; /* as it stands: see mbim_info_get_sw() */
    guint32 channel;
    TlvSlice response;
} MbimInfoChannel;
gboolean mbim_info_parse_channel(TlvSlice info, MbimInfoChannel *ret_channel);

/* The status alone, from a buffer that may end behind it. 0: none. */
guint32 mbim_info_get_card_status(TlvSlice info);

gboolean mbim_info_parse_apdu(TlvSlice info, guint32 *ret_status, TlvSlice *ret_response);

/* Whether a Terminal Capability answer holds exactly these objects. */
gboolean mbim_info_has_capability(TlvSlice info, const TlvSlice *objects, guint n_objects);

/* ---- slots ---- */

gboolean mbim_info_parse_system(TlvSlice info, guint32 *ret_n_slots);

/* Slot (0-based) of each executor; at most MBIM_INFO_MAX_SLOTS. */
gboolean mbim_info_parse_mappings(TlvSlice info, guint32 ret_slots[MBIM_INFO_MAX_SLOTS],
                                  guint *ret_n_slots);
GByteArray *mbim_info_build_mappings(const guint32 *slots, guint n_slots);

gboolean mbim_info_parse_slot(TlvSlice info, guint32 *ret_slot, guint32 *ret_state);

/* ---- card, modem, network ---- */

typedef struct {
    guint32 state; /* MbimSubscriberReadyState */
    gboolean is_esim;
    char iccid[21]; /* "" when the modem tells none */
} MbimInfoReady;
/* Subscriber Ready Status: its layout depends on the version of the extensions that was agreed on. Takes
 * the other one when what is there does not fit the first. */
gboolean mbim_info_parse_ready(TlvSlice info, gboolean v3, MbimInfoReady *ret_ready);

typedef struct {
    char *device_id, *firmware, *hardware; /* "" where the modem does not tell */
} MbimInfoDevice;
void mbim_info_device_clear(MbimInfoDevice *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MbimInfoDevice, mbim_info_device_clear)
gboolean mbim_info_parse_device(TlvSlice info, MbimInfoDevice *ret_device);

/* Register State. *RET_PROVIDER: digits of the network as they stand; "" when the modem names none. */
gboolean mbim_info_parse_registration(TlvSlice info, guint32 *ret_state, char **ret_provider);

/* Digits of MCC and MNC, coded as in TS 24.008 section 10.5.1.3. FALSE when that is no PLMN. */
gboolean mbim_info_encode_plmn(const char *digits, guint8 ret_plmn[3]);

G_END_DECLS
