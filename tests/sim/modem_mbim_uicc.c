/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MS UICC Low Level Access: the card's channels and APDUs. A channel group is a number that hosts choose; all
 * of them share the numbers. */

#include "sim/modem_mbim_private.h"

#include <string.h>

#include "util/bytes.h"

#define MAX_APDU       261 /* short form */
#define MAX_AID        16
#define CLASS_EXTENDED 1
#define NO_LE_AT       5
#define STORE_DATA     0xE2
#define LAST_BLOCK     0x80 /* in P1 */

/* Status words as this service has them: SW1 is the low octet. */
static guint32 swap(guint16 sw)
{
    return (guint32)((sw >> 8) | (sw & 0xFF) << 8);
}

static SimMbimInfo *begin(guint32 status_word)
{
    SimMbimInfo *info = sim_mbim_info_new();
    sim_mbim_put_u32(info, status_word);
    return info;
}

static gboolean check_lie(SimModem *modem, SimMbimAnswer *answer)
{
    if (modem->lying)
        answer->status = sim_mbim_status_of(modem, SIM_SLOT_NOT_READY);
    return !modem->lying;
}

static void atr(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    SimSlotState state = sim_slot_get_state(modem->slot);
    if (request->is_set) {
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
    } else if (state != SIM_SLOT_READY) {
        answer->status = sim_mbim_status_of(modem, state == SIM_SLOT_EMPTY ? SIM_SLOT_NO_CARD
                                                                           : SIM_SLOT_NOT_READY);
    } else if (check_lie(modem, answer)) {
        g_autoptr(GBytes) octets = sim_card_get_atr(sim_slot_get_card(modem->slot));
        SimMbimInfo *info = sim_mbim_info_new();
        sim_mbim_put_size_first(info, g_bytes_get_data(octets, NULL), g_bytes_get_size(octets));
        answer->info = sim_mbim_info_end(info);
    }
}

static gboolean accepts_p2(SimModem *modem, guint32 p2)
{
    g_autoptr(GBytes) values = bytes_from_hex(SIM_MBIM(modem)->select_p2, NULL);
    gsize size;
    const guint8 *data = g_bytes_get_data(values, &size);
    return size == 0 || memchr(data, (int)p2, size);
}

static void put_opened(SimMbimAnswer *answer, guint16 sw, guint8 channel, GBytes *response)
{
    SimMbimInfo *info = begin(swap(sw));
    sim_mbim_put_u32(info, channel);
    gsize size = 0;
    const void *data = response ? g_bytes_get_data(response, &size) : NULL;
    sim_mbim_put_size_first(info, data, size);
    answer->info = sim_mbim_info_end(info);
}

static void open_channel(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    const guint8 *aid;
    gsize aid_size;
    guint32 p2, group;
    if (!request->is_set ||
        !sim_mbim_get_ref(request->info, request->size, 0, TRUE, &aid, &aid_size) ||
        !sim_mbim_get_u32(request->info, request->size, 8, &p2) ||
        !sim_mbim_get_u32(request->info, request->size, 12, &group) || aid_size > MAX_AID ||
        p2 > 0xFF) {
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
        return;
    }
    if (!check_lie(modem, answer))
        return;
    if (!accepts_p2(modem, p2)) {
        answer->status = SIM_MBIM_SELECT_FAILED;
        put_opened(answer, 0x6A86, 0, NULL);
        return;
    }
    guint8 channel = 0;
    guint16 sw;
    g_autoptr(GBytes) response = NULL;
    SimSlotResult result = sim_slot_open_channel(modem->slot, group, aid, aid_size, (guint8)p2,
                                                 &channel, &sw, &response);
    answer->mute = result == SIM_SLOT_MUTE;
    answer->status = sim_mbim_status_of(modem, result);
    if (result == SIM_SLOT_OK || result == SIM_SLOT_SELECT_FAILED)
        put_opened(answer, sw, result == SIM_SLOT_OK ? channel : 0, response);
}

/* Channel 0: all of the group, of which there may be none. Another: whatever group it is in. */
static void close_channel(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    guint32 channel, group;
    if (!request->is_set || !sim_mbim_get_u32(request->info, request->size, 0, &channel) ||
        !sim_mbim_get_u32(request->info, request->size, 4, &group)) {
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
        return;
    }
    if (!check_lie(modem, answer))
        return;
    if (channel > 0) {
        answer->status =
            channel > G_MAXUINT8
                ? SIM_MBIM_BAD_CHANNEL
                : sim_mbim_status_of(modem, sim_slot_close_channel(modem->slot, (guint8)channel));
    } else if (sim_slot_get_state(modem->slot) != SIM_SLOT_READY) {
        answer->status = sim_mbim_status_of(modem, sim_slot_get_state(modem->slot) == SIM_SLOT_EMPTY
                                                       ? SIM_SLOT_NO_CARD
                                                       : SIM_SLOT_NOT_READY);
    } else {
        sim_slot_close_channels_of(modem->slot, group);
    }
    if (answer->status == SIM_MBIM_OK)
        answer->info = sim_mbim_info_end(begin(swap(0x9000)));
}

/* Case 4, as far as it was reported: the last block of a STORE DATA, to which there is a response. The blocks before
 * it have none, and a SELECT without Le is accepted. */
static gboolean lacks_le(const guint8 *apdu, gsize size)
{
    return apdu[1] == STORE_DATA && apdu[2] & LAST_BLOCK && size > NO_LE_AT &&
           size == NO_LE_AT + (gsize)apdu[4];
}

static void put_response(SimMbimAnswer *answer, const guint8 *response, gsize size)
{
    guint16 sw = (guint16)(response[size - 2] << 8 | response[size - 1]);
    SimMbimInfo *info = begin(swap(sw));
    sim_mbim_put_size_first(info, response, size - 2);
    answer->info = sim_mbim_info_end(info);
}

static void send_apdu(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    const SimMbimModem *mbim = SIM_MBIM(modem);
    const guint8 *apdu;
    gsize size;
    guint32 channel, secure, type;
    if (!request->is_set || !sim_mbim_get_u32(request->info, request->size, 0, &channel) ||
        !sim_mbim_get_u32(request->info, request->size, 4, &secure) ||
        !sim_mbim_get_u32(request->info, request->size, 8, &type) ||
        !sim_mbim_get_ref(request->info, request->size, 12, TRUE, &apdu, &size) || size < 4 ||
        size > MAX_APDU || secure > 1 || type > CLASS_EXTENDED) {
        answer->status = SIM_MBIM_INVALID_PARAMETERS;
        return;
    }
    if (!check_lie(modem, answer))
        return;
    gboolean no_le = lacks_le(apdu, size);
    if ((!g_str_equal(mbim->class_type, "any") &&
         (type == CLASS_EXTENDED) != g_str_equal(mbim->class_type, "extended")) ||
        (no_le && g_str_equal(mbim->case_4, "refuse"))) {
        answer->status = SIM_MBIM_FAILURE;
        return;
    }
    g_autoptr(GBytes) response = NULL;
    SimSlotResult result = channel > G_MAXUINT8
                               ? SIM_SLOT_BAD_CHANNEL
                               : sim_slot_transmit(modem->slot, (guint8)channel, apdu, size,
                                                   mbim->procedure_bytes == 1, &response);
    answer->mute = result == SIM_SLOT_MUTE;
    answer->status = sim_mbim_status_of(modem, result);
    if (result != SIM_SLOT_OK)
        return;
    gsize n;
    const guint8 *data = g_bytes_get_data(response, &n);
    if (n < 2)
        answer->status = SIM_MBIM_FAILURE; /* the card lost its power */
    else if (no_le && g_str_equal(mbim->case_4, "empty"))
        put_response(answer, (const guint8 *)"\x90\x00", 2);
    else
        put_response(answer, data, n);
}

/* The objects of a list of (offset, size) after its count, one after the other. NULL: it is none. */
static GBytes *read_capability(const SimMbimRequest *request)
{
    guint32 count;
    g_autoptr(GByteArray) objects = g_byte_array_new();
    if (!sim_mbim_get_u32(request->info, request->size, 0, &count))
        return NULL;
    for (guint32 i = 0; i < count; i++) {
        const guint8 *data;
        gsize size;
        if (!sim_mbim_get_ref(request->info, request->size, 4 + 8 * (gsize)i, FALSE, &data,
                              &size) ||
            size < 2 || data[1] != size - 2 || objects->len + size > 253)
            return NULL;
        g_byte_array_append(objects, data, (guint)size);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&objects));
}

static void terminal_capability(SimModem *modem, const SimMbimRequest *request,
                                SimMbimAnswer *answer)
{
    SimMbimModem *mbim = SIM_MBIM(modem);
    if (request->is_set) {
        g_autoptr(GBytes) objects = read_capability(request);
        if (!objects) {
            answer->status = SIM_MBIM_INVALID_PARAMETERS;
            return;
        }
        for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++)
            sim_slot_set_terminal_capability(modem->physical[i], objects);
        g_clear_pointer(&mbim->capability, g_byte_array_unref);
        mbim->capability =
            g_byte_array_append(g_byte_array_new(), request->info, (guint)request->size);
    }
    if (mbim->capability) {
        answer->info =
            g_byte_array_append(g_byte_array_new(), mbim->capability->data, mbim->capability->len);
    } else {
        answer->info = sim_mbim_info_end(begin(0)); /* no elements */
    }
}

/* Action 1: after the reset the modem leaves the card to the host, 0: it takes it as usual. */
static void reset(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    SimMbimModem *mbim = SIM_MBIM(modem);
    guint32 action;
    if (request->is_set) {
        if (!sim_mbim_get_u32(request->info, request->size, 0, &action) || action > 1) {
            answer->status = SIM_MBIM_INVALID_PARAMETERS;
            return;
        }
        mbim->pass_through = action == 1;
        if (!sim_slot_reset(modem->slot)) {
            answer->status = SIM_MBIM_NO_SIM;
            return;
        }
    }
    answer->info = sim_mbim_info_end(begin(mbim->pass_through ? 1 : 0));
}

void sim_mbim_uicc(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer)
{
    if (!SIM_MBIM(modem)->uicc) {
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        return;
    }
    switch (request->command) {
    case UICC_ATR:
        atr(modem, request, answer);
        break;
    case UICC_OPEN_CHANNEL:
        open_channel(modem, request, answer);
        break;
    case UICC_CLOSE_CHANNEL:
        close_channel(modem, request, answer);
        break;
    case UICC_APDU:
        send_apdu(modem, request, answer);
        break;
    case UICC_TERMINAL_CAPABILITY:
        terminal_capability(modem, request, answer);
        break;
    case UICC_RESET:
        reset(modem, request, answer);
        break;
    default:
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        break;
    }
}
