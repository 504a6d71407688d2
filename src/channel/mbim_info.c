/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/mbim_info.h"

#include <string.h>

#define MAX_STRING 512 /* octets of UTF-16; no string that we read is longer in the specification */

enum {
    TYPE_COMMAND_DONE = (int)0x80000003,
    TYPE_FUNCTION_ERROR = (int)0x80000004,
    TYPE_INDICATE_STATUS = (int)0x80000007,
};

char *mbim_info_describe_status(guint32 status)
{
    const char *name;

    switch ((int)status) {
    case MBIM_INFO_NO_LOGICAL_CHANNELS:
        return g_strdup_printf("NoLogicalChannels (0x%08X)", status);
    case MBIM_INFO_SELECT_FAILED:
        return g_strdup_printf("SelectFailed (0x%08X)", status);
    case MBIM_INFO_INVALID_LOGICAL_CHANNEL:
        return g_strdup_printf("InvalidLogicalChannel (0x%08X)", status);
    }
    name = mbim_status_error_get_string((MbimStatusError)status);
    if (status > 0xFFFF)
        return g_strdup_printf("unknown (0x%08X)", status);
    return g_strdup_printf("%s (%u)", name ? name : "unknown", status);
}

/* ---- reading octets ---- */

static gboolean read_u32(TlvSlice info, gsize at, guint32 *ret_value)
{
    const guint8 *p;

    if (!info.data || at > info.size || info.size - at < 4)
        return FALSE;
    p = info.data + at;
    *ret_value = p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
    return TRUE;
}

/* What has no octets has no place either: some firmware puts anything there. */
static gboolean get_area(TlvSlice info, guint32 offset, guint32 size, TlvSlice *ret_area)
{
    if (size == 0) {
        *ret_area = (TlvSlice){ NULL, 0 };
        return TRUE;
    }
    if (offset > info.size || size > info.size - offset)
        return FALSE;
    *ret_area = tlv_slice(info.data + offset, size);
    return TRUE;
}

/* Offset and size at AT. */
static gboolean read_area(TlvSlice info, gsize at, TlvSlice *ret_area)
{
    guint32 offset, size;

    return read_u32(info, at, &offset) && read_u32(info, at + 4, &size) &&
           get_area(info, offset, size, ret_area);
}

/* Size and offset at AT, as the UICC service has them. */
static gboolean read_swapped_area(TlvSlice info, gsize at, TlvSlice *ret_area)
{
    guint32 offset, size;

    return read_u32(info, at, &size) && read_u32(info, at + 4, &offset) &&
           get_area(info, offset, size, ret_area);
}

/* UTF-16LE, which may have zeros at its end. NULL when that is none. */
static char *read_string(TlvSlice info, gsize at)
{
    gunichar2 units[MAX_STRING / 2];
    TlvSlice area;
    gsize n;

    if (!read_area(info, at, &area) || area.size % 2 != 0 || area.size > MAX_STRING)
        return NULL;
    for (n = 0; n < area.size / 2; n++)
        units[n] = (gunichar2)(area.data[2 * n] | area.data[2 * n + 1] << 8);
    while (n > 0 && units[n - 1] == 0)
        n--;
    for (gsize i = 0; i < n; i++) {
        if (units[i] == 0)
            return NULL;
    }
    return g_utf16_to_utf8(units, (glong)n, NULL, NULL, NULL);
}

/* ---- messages ---- */

gboolean mbim_info_read(TlvSlice raw, MbimInfoMessage *ret_message)
{
    MbimInfoMessage message = { 0 };
    guint32 type, length, size;
    gsize at = 20; /* behind message and fragment headers */
    MbimUuid uuid;

    if (!read_u32(raw, 0, &type) || !read_u32(raw, 4, &length))
        return FALSE;
    if (length > raw.size)
        return FALSE;
    raw.size = length;
    if (type == (guint32)TYPE_FUNCTION_ERROR) {
        message.kind = MBIM_INFO_REFUSAL;
        if (!read_u32(raw, 12, &message.status))
            return FALSE;
        *ret_message = message;
        return TRUE;
    }
    if (type != (guint32)TYPE_COMMAND_DONE && type != (guint32)TYPE_INDICATE_STATUS)
        return FALSE;
    if (raw.size < at + sizeof uuid)
        return FALSE;
    memcpy(&uuid, raw.data + at, sizeof uuid);
    at += sizeof uuid;
    message.service = mbim_uuid_to_service(&uuid);
    if (!read_u32(raw, at, &message.cid))
        return FALSE;
    at += 4;
    message.kind = MBIM_INFO_INDICATION;
    if (type == (guint32)TYPE_COMMAND_DONE) {
        message.kind = MBIM_INFO_ANSWER;
        if (!read_u32(raw, at, &message.status))
            return FALSE;
        at += 4;
    }
    if (!read_u32(raw, at, &size))
        return FALSE;
    at += 4;
    if (size > raw.size - at)
        return FALSE;
    message.info = tlv_slice(raw.data + at, size);
    *ret_message = message;
    return TRUE;
}

/* ---- building ---- */

void mbim_info_put_u32(GByteArray *info, guint32 value)
{
    guint8 octets[] = { (guint8)value, (guint8)(value >> 8), (guint8)(value >> 16),
                        (guint8)(value >> 24) };

    g_byte_array_append(info, octets, sizeof octets);
}

static gsize pad(gsize size)
{
    return (size + 3) / 4 * 4;
}

void mbim_info_put_padded(GByteArray *info, const guint8 *data, gsize size)
{
    static const guint8 zeros[3];

    g_byte_array_append(info, data, (guint)size);
    g_byte_array_append(info, zeros, (guint)(pad(size) - size));
}

/* A count, places and sizes of as many areas, and the areas. */
static GByteArray *build_list(const TlvSlice *areas, guint n_areas)
{
    GByteArray *info = g_byte_array_new();
    gsize at = 4 + 8 * (gsize)n_areas;

    mbim_info_put_u32(info, n_areas);
    for (guint i = 0; i < n_areas; i++) {
        mbim_info_put_u32(info, (guint32)at);
        mbim_info_put_u32(info, (guint32)areas[i].size);
        at += pad(areas[i].size);
    }
    for (guint i = 0; i < n_areas; i++)
        mbim_info_put_padded(info, areas[i].data, areas[i].size);
    return info;
}

GByteArray *mbim_info_build_capability(const TlvSlice *objects, guint n_objects)
{
    return build_list(objects, n_objects);
}

GByteArray *mbim_info_build_events(const MbimInfoEvent *events, guint n_events)
{
    g_autoptr(GByteArray) elements = g_byte_array_new();
    g_autofree TlvSlice *areas = g_new(TlvSlice, n_events);
    gsize size = sizeof(MbimUuid) + 8;

    for (guint i = 0; i < n_events; i++) {
        g_byte_array_append(elements, (const guint8 *)mbim_uuid_from_service(events[i].service),
                            sizeof(MbimUuid));
        mbim_info_put_u32(elements, 1);
        mbim_info_put_u32(elements, events[i].cid);
    }
    for (guint i = 0; i < n_events; i++)
        areas[i] = tlv_slice(elements->data + i * size, size);
    return build_list(areas, n_events);
}

/* ---- MS UICC Low Level Access ---- */

guint16 mbim_info_get_sw(guint32 status)
{
    return (guint16)((status & 0xFF) << 8 | (status >> 8 & 0xFF));
}

gboolean mbim_info_parse_channel(TlvSlice info, MbimInfoChannel *ret_channel)
{
    MbimInfoChannel channel;

    if (!read_u32(info, 0, &channel.status) || !read_u32(info, 4, &channel.channel) ||
        !read_swapped_area(info, 8, &channel.response))
        return FALSE;
    *ret_channel = channel;
    return TRUE;
}

guint32 mbim_info_get_card_status(TlvSlice info)
{
    guint32 status = 0;

    return read_u32(info, 0, &status) ? status : 0;
}

gboolean mbim_info_parse_apdu(TlvSlice info, guint32 *ret_status, TlvSlice *ret_response)
{
    guint32 status;
    TlvSlice response;

    if (!read_u32(info, 0, &status) || !read_swapped_area(info, 4, &response))
        return FALSE;
    *ret_status = status;
    *ret_response = response;
    return TRUE;
}

gboolean mbim_info_has_capability(TlvSlice info, const TlvSlice *objects, guint n_objects)
{
    guint32 n;

    if (!read_u32(info, 0, &n) || n != n_objects)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        TlvSlice object;

        if (!read_area(info, 4 + 8 * (gsize)i, &object) || !tlv_slice_equal(object, objects[i]))
            return FALSE;
    }
    return TRUE;
}

/* ---- slots ---- */

gboolean mbim_info_parse_system(TlvSlice info, guint32 *ret_n_slots)
{
    guint32 n_slots;

    if (!read_u32(info, 4, &n_slots) || n_slots == 0 || n_slots > MBIM_INFO_MAX_SLOTS)
        return FALSE;
    *ret_n_slots = n_slots;
    return TRUE;
}

gboolean mbim_info_parse_mappings(TlvSlice info, guint32 ret_slots[MBIM_INFO_MAX_SLOTS],
                                  guint *ret_n_slots)
{
    guint32 slots[MBIM_INFO_MAX_SLOTS], n;

    if (!read_u32(info, 0, &n) || n == 0 || n > MBIM_INFO_MAX_SLOTS)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        TlvSlice area;

        if (!read_area(info, 4 + 8 * (gsize)i, &area) || !read_u32(area, 0, &slots[i]) ||
            slots[i] >= MBIM_INFO_MAX_SLOTS)
            return FALSE;
    }
    memcpy(ret_slots, slots, n * sizeof slots[0]);
    *ret_n_slots = n;
    return TRUE;
}

GByteArray *mbim_info_build_mappings(const guint32 *slots, guint n_slots)
{
    g_autoptr(GByteArray) numbers = g_byte_array_new();
    g_autofree TlvSlice *areas = g_new(TlvSlice, n_slots);

    for (guint i = 0; i < n_slots; i++)
        mbim_info_put_u32(numbers, slots[i]);
    for (guint i = 0; i < n_slots; i++)
        areas[i] = tlv_slice(numbers->data + 4 * i, 4);
    return build_list(areas, n_slots);
}

gboolean mbim_info_parse_slot(TlvSlice info, guint32 *ret_slot, guint32 *ret_state)
{
    guint32 slot, state;

    if (!read_u32(info, 0, &slot) || !read_u32(info, 4, &state))
        return FALSE;
    *ret_slot = slot;
    *ret_state = state;
    return TRUE;
}

/* ---- card, modem, network ---- */

/* Digits as on the card, hex digits among them on some; FALSE for anything else. */
static gboolean take_iccid(const char *text, char ret_iccid[21])
{
    gsize n = strlen(text);

    if (n > 20 || strspn(text, "0123456789ABCDEFabcdef") != n)
        return FALSE;
    g_strlcpy(ret_iccid, text, 21);
    for (gsize i = 0; i < n; i++)
        ret_iccid[i] = g_ascii_toupper(ret_iccid[i]);
    while (n > 0 && ret_iccid[n - 1] == 'F')
        ret_iccid[--n] = '\0';
    return TRUE;
}

/* FLAGS are there from version 3 on, behind the state. IMSI and ICCID, what more the modem tells, and
 * telephone numbers follow in both. */
static gboolean parse_ready(TlvSlice info, gboolean v3, MbimInfoReady *ret_ready)
{
    MbimInfoReady ready = { 0 };
    g_autofree char *iccid = NULL;
    gsize at = v3 ? 8 : 4;
    guint32 flags = 0, more, n_numbers;
    TlvSlice imsi;

    if (!read_u32(info, 0, &ready.state) || (v3 && !read_u32(info, 4, &flags)) ||
        !read_area(info, at, &imsi) || !read_u32(info, at + 16, &more) ||
        !read_u32(info, at + 20, &n_numbers))
        return FALSE;
    iccid = read_string(info, at + 8);
    if (!iccid || !take_iccid(iccid, ready.iccid))
        return FALSE;
    /* An offset stands there in the older layout. */
    if (flags > 7)
        return FALSE;
    ready.is_esim = (flags & MBIM_SUBSCRIBER_READY_STATUS_FLAG_ESIM) != 0;
    *ret_ready = ready;
    return TRUE;
}

gboolean mbim_info_parse_ready(TlvSlice info, gboolean v3, MbimInfoReady *ret_ready)
{
    MbimInfoReady ready = { 0 };

    if (parse_ready(info, v3, ret_ready) || parse_ready(info, !v3, ret_ready))
        return TRUE;
    /* The state is what matters. */
    if (!read_u32(info, 0, &ready.state))
        return FALSE;
    *ret_ready = ready;
    return TRUE;
}

void mbim_info_device_clear(MbimInfoDevice *device)
{
    g_clear_pointer(&device->device_id, g_free);
    g_clear_pointer(&device->firmware, g_free);
    g_clear_pointer(&device->hardware, g_free);
}

/* One string that is malformed does not spoil the others. */
static char *read_words(TlvSlice info, gsize at)
{
    char *text = read_string(info, at);

    return text ? g_strstrip(text) : g_strdup("");
}

gboolean mbim_info_parse_device(TlvSlice info, MbimInfoDevice *ret_device)
{
    guint32 last;

    if (!read_u32(info, 60, &last))
        return FALSE;
    ret_device->device_id = read_words(info, 40);
    ret_device->firmware = read_words(info, 48);
    ret_device->hardware = read_words(info, 56);
    return TRUE;
}

gboolean mbim_info_parse_registration(TlvSlice info, guint32 *ret_state, char **ret_provider)
{
    guint32 state;
    char *provider;

    if (!read_u32(info, 4, &state) || !(provider = read_string(info, 20)))
        return FALSE;
    *ret_state = state;
    *ret_provider = provider;
    return TRUE;
}

gboolean mbim_info_encode_plmn(const char *digits, guint8 ret_plmn[3])
{
    gsize n = strlen(digits);
    guint8 d[6] = { 0 };

    if ((n != 5 && n != 6) || strspn(digits, "0123456789") != n || strncmp(digits, "000", 3) == 0)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        d[i] = (guint8)(digits[i] - '0');
    ret_plmn[0] = (guint8)(d[1] << 4 | d[0]);
    ret_plmn[1] = (guint8)((n == 6 ? d[5] : 0xF) << 4 | d[2]);
    ret_plmn[2] = (guint8)(d[4] << 4 | d[3]);
    return TRUE;
}
