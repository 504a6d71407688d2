/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/mbim_message.h"

#include <string.h>

#define HEADER          12
#define FRAGMENT_HEADER 20
#define COMMAND_HEADER  48
#define MAX_MESSAGE     (1024 * 1024) /* no host has a reason for more */

enum {
    OPEN_DONE = 0x80000001u,
    COMMAND_DONE = 0x80000003u,
    FUNCTION_ERROR = 0x80000004u,
    INDICATE_STATUS = 0x80000007u,
};

enum {
    TLV_TEXT = 10,
    TLV_U16_TABLE = 11,
};

static const guint8 uuids[SIM_MBIM_OTHER_SERVICE][SIM_MBIM_UUID_SIZE] = {
    [SIM_MBIM_BASIC_CONNECT] = { 0xA2, 0x89, 0xCC, 0x33, 0xBC, 0xBB, 0x8B, 0x4F, 0xB6, 0xB0, 0x13,
                                 0x3E, 0xC2, 0xAA, 0xE6, 0xDF },
    [SIM_MBIM_EXTENSIONS] = { 0x3D, 0x01, 0xDC, 0xC5, 0xFE, 0xF5, 0x4D, 0x05, 0x0D, 0x3A, 0xBE,
                              0xF7, 0x05, 0x8E, 0x9A, 0xAF },
    [SIM_MBIM_UICC] = { 0xC2, 0xF6, 0x58, 0x8E, 0xF0, 0x37, 0x4B, 0xC9, 0x86, 0x65, 0xF4, 0xD4,
                        0x4B, 0xD0, 0x93, 0x67 },
    [SIM_MBIM_PROXY_CONTROL] = { 0x83, 0x8C, 0xF7, 0xFB, 0x8D, 0x0D, 0x4D, 0x7F, 0x87, 0x1E, 0xD7,
                                 0x1D, 0xBE, 0xFB, 0xB3, 0x9B },
};

const guint8 *sim_mbim_service_get_uuid(SimMbimService service)
{
    g_return_val_if_fail(service < SIM_MBIM_OTHER_SERVICE, NULL);
    return uuids[service];
}

SimMbimService sim_mbim_service_find(const guint8 *uuid)
{
    guint service = 0;
    while (service < SIM_MBIM_OTHER_SERVICE && memcmp(uuids[service], uuid, SIM_MBIM_UUID_SIZE))
        service++;
    return (SimMbimService)service;
}

/* ---- reading ---- */

static guint32 read_u32(const guint8 *data)
{
    return (guint32)data[0] | (guint32)data[1] << 8 | (guint32)data[2] << 16 |
           (guint32)data[3] << 24;
}

static void write_u32(guint8 *data, guint32 value)
{
    for (guint i = 0; i < 4; i++)
        data[i] = (guint8)(value >> (8 * i));
}

gssize sim_mbim_measure(const guint8 *data, gsize size)
{
    if (size < 8)
        return 0;
    guint32 length = read_u32(data + 4);
    return length < HEADER || length > MAX_MESSAGE ? -1 : (gssize)length;
}

guint32 sim_mbim_get_transaction(const guint8 *message, gsize size)
{
    return size < HEADER ? 0 : read_u32(message + 8);
}

void sim_mbim_assembly_clear(SimMbimAssembly *assembly)
{
    g_clear_pointer(&assembly->message, g_byte_array_unref);
}

static SimMbimStep wrong(SimMbimAssembly *assembly, guint32 error, guint32 *ret_error)
{
    sim_mbim_assembly_clear(assembly);
    *ret_error = error;
    return SIM_MBIM_WRONG;
}

SimMbimStep sim_mbim_assemble(SimMbimAssembly *assembly, const guint8 *frame, gsize size,
                              gsize limit, GByteArray **ret_message, guint32 *ret_error)
{
    if (size < HEADER || read_u32(frame + 4) != size)
        return wrong(assembly, SIM_MBIM_LENGTH_MISMATCH, ret_error);
    if (limit > 0 && size > limit)
        return wrong(assembly, SIM_MBIM_MAX_TRANSFER, ret_error);
    if (read_u32(frame) != SIM_MBIM_COMMAND) {
        sim_mbim_assembly_clear(assembly); /* 9.5: what is not finished is given up */
        *ret_message = g_byte_array_append(g_byte_array_new(), frame, (guint)size);
        return SIM_MBIM_WHOLE;
    }
    if (size < FRAGMENT_HEADER)
        return wrong(assembly, SIM_MBIM_LENGTH_MISMATCH, ret_error);
    guint32 total = read_u32(frame + 12), current = read_u32(frame + 16);
    if (!assembly->message) {
        if (total == 0 || current != 0)
            return wrong(assembly, SIM_MBIM_FRAGMENT_OUT_OF_SEQUENCE, ret_error);
        assembly->message = g_byte_array_append(g_byte_array_new(), frame, (guint)size);
        assembly->total = total;
        assembly->next = 1;
    } else {
        if (total != assembly->total || current != assembly->next ||
            read_u32(frame + 8) != read_u32(assembly->message->data + 8))
            return wrong(assembly, SIM_MBIM_FRAGMENT_OUT_OF_SEQUENCE, ret_error);
        if (assembly->message->len + size > MAX_MESSAGE)
            return wrong(assembly, SIM_MBIM_LENGTH_MISMATCH, ret_error);
        g_byte_array_append(assembly->message, frame + FRAGMENT_HEADER,
                            (guint)(size - FRAGMENT_HEADER));
        assembly->next++;
    }
    if (assembly->next < assembly->total)
        return SIM_MBIM_MORE;
    GByteArray *message = g_steal_pointer(&assembly->message);
    write_u32(message->data + 4, message->len);
    write_u32(message->data + 12, 1);
    write_u32(message->data + 16, 0);
    *ret_message = message;
    return SIM_MBIM_WHOLE;
}

gboolean sim_mbim_request_parse(const guint8 *message, gsize size, SimMbimRequest *ret_request)
{
    if (size < HEADER)
        return FALSE;
    SimMbimRequest request = { .type = read_u32(message), .transaction = read_u32(message + 8) };
    switch (request.type) {
    case SIM_MBIM_OPEN:
        if (!sim_mbim_get_u32(message, size, HEADER, &request.max_transfer))
            return FALSE;
        break;
    case SIM_MBIM_COMMAND:
        if (size < COMMAND_HEADER || read_u32(message + 44) != size - COMMAND_HEADER)
            return FALSE;
        request.uuid = message + FRAGMENT_HEADER;
        request.service = sim_mbim_service_find(request.uuid);
        request.command = read_u32(message + 36);
        if (read_u32(message + 40) > 1)
            return FALSE;
        request.is_set = read_u32(message + 40) == 1;
        request.info = message + COMMAND_HEADER;
        request.size = size - COMMAND_HEADER;
        break;
    default:
        break;
    }
    *ret_request = request;
    return TRUE;
}

gboolean sim_mbim_get_u32(const guint8 *info, gsize size, gsize at, guint32 *ret_value)
{
    if (at > size || size - at < 4)
        return FALSE;
    *ret_value = read_u32(info + at);
    return TRUE;
}

gboolean sim_mbim_get_ref(const guint8 *info, gsize size, gsize at, gboolean size_first,
                          const guint8 **ret_data, gsize *ret_size)
{
    guint32 first, second;
    if (!sim_mbim_get_u32(info, size, at, &first) || !sim_mbim_get_u32(info, size, at + 4, &second))
        return FALSE;
    guint32 offset = size_first ? second : first, length = size_first ? first : second;
    if (length > 0 && (offset > size || length > size - offset))
        return FALSE;
    *ret_data = length > 0 ? info + offset : info;
    *ret_size = length;
    return TRUE;
}

char *sim_mbim_get_text(const guint8 *info, gsize size, gsize at)
{
    const guint8 *data;
    gsize length;
    if (!sim_mbim_get_ref(info, size, at, FALSE, &data, &length) || length % 2 > 0)
        return NULL;
    g_autofree gunichar2 *units = g_new(gunichar2, length / 2 + 1);
    for (gsize i = 0; i < length / 2; i++)
        units[i] = (gunichar2)(data[2 * i] | data[2 * i + 1] << 8);
    return g_utf16_to_utf8(units, (glong)(length / 2), NULL, NULL, NULL);
}

/* ---- writing ---- */

struct SimMbimInfo {
    GByteArray *fixed;
    GByteArray *data;
    GArray *offsets; /* gsize: where FIXED has an offset into DATA */
};

static void append_u32(GByteArray *array, guint32 value)
{
    guint8 data[4];
    write_u32(data, value);
    g_byte_array_append(array, data, sizeof data);
}

static void pad(GByteArray *array)
{
    static const guint8 zeros[4];
    g_byte_array_append(array, zeros, (4 - array->len % 4) % 4);
}

SimMbimInfo *sim_mbim_info_new(void)
{
    SimMbimInfo *info = g_new0(SimMbimInfo, 1);
    info->fixed = g_byte_array_new();
    info->data = g_byte_array_new();
    info->offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    return info;
}

void sim_mbim_put_u32(SimMbimInfo *info, guint32 value)
{
    append_u32(info->fixed, value);
}

void sim_mbim_put_u64(SimMbimInfo *info, guint64 value)
{
    append_u32(info->fixed, (guint32)value);
    append_u32(info->fixed, (guint32)(value >> 32));
}

static void put_data(SimMbimInfo *info, const void *data, gsize size)
{
    gsize at = info->fixed->len;
    if (size > 0)
        g_array_append_val(info->offsets, at);
    append_u32(info->fixed, info->data->len);
    g_byte_array_append(info->data, data, (guint)size);
    pad(info->data);
}

void sim_mbim_put_ref(SimMbimInfo *info, const void *data, gsize size)
{
    put_data(info, data, size);
    append_u32(info->fixed, (guint32)size);
    if (size == 0)
        memset(info->fixed->data + info->fixed->len - 8, 0, 8);
}

void sim_mbim_put_size_first(SimMbimInfo *info, const void *data, gsize size)
{
    append_u32(info->fixed, (guint32)size);
    put_data(info, data, size);
    if (size == 0)
        memset(info->fixed->data + info->fixed->len - 8, 0, 8);
}

static GByteArray *encode_text(const char *text)
{
    GByteArray *octets = g_byte_array_new();
    glong count = 0;
    g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &count, NULL);
    for (glong i = 0; i < count; i++) {
        const guint8 pair[] = { (guint8)units[i], (guint8)(units[i] >> 8) };
        g_byte_array_append(octets, pair, sizeof pair);
    }
    return octets;
}

void sim_mbim_put_text(SimMbimInfo *info, const char *text)
{
    g_autoptr(GByteArray) octets = encode_text(text);
    sim_mbim_put_ref(info, octets->data, octets->len);
}

void sim_mbim_put_plain(SimMbimInfo *info, const void *data, gsize size)
{
    g_byte_array_append(info->fixed, data, (guint)size);
    pad(info->fixed);
}

static void put_tlv(SimMbimInfo *info, guint8 type, const GByteArray *octets)
{
    const guint8 header[] = { type, 0, 0, (guint8)((4 - octets->len % 4) % 4) };
    sim_mbim_put_plain(info, header, sizeof header);
    sim_mbim_put_u32(info, octets->len);
    sim_mbim_put_plain(info, octets->data, octets->len);
}

void sim_mbim_put_text_tlv(SimMbimInfo *info, const char *text)
{
    g_autoptr(GByteArray) octets = encode_text(text);
    put_tlv(info, TLV_TEXT, octets);
}

void sim_mbim_put_table_tlv(SimMbimInfo *info, const guint16 *values, gsize count)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();
    for (gsize i = 0; i < count; i++) {
        const guint8 pair[] = { (guint8)values[i], (guint8)(values[i] >> 8) };
        g_byte_array_append(octets, pair, sizeof pair);
    }
    put_tlv(info, TLV_U16_TABLE, octets);
}

GByteArray *sim_mbim_info_end(SimMbimInfo *info)
{
    GByteArray *whole = info->fixed;
    for (guint i = 0; i < info->offsets->len; i++) {
        guint8 *at = whole->data + g_array_index(info->offsets, gsize, i);
        write_u32(at, read_u32(at) + whole->len);
    }
    g_byte_array_append(whole, info->data->data, info->data->len);
    g_byte_array_unref(info->data);
    g_array_unref(info->offsets);
    g_free(info);
    return whole;
}

/* The length is filled in at the end. */
static GByteArray *start(guint32 type, guint32 transaction)
{
    GByteArray *message = g_byte_array_new();
    append_u32(message, type);
    append_u32(message, 0);
    append_u32(message, transaction);
    return message;
}

static GByteArray *end(GByteArray *message)
{
    write_u32(message->data + 4, message->len);
    return message;
}

static void append_info(GByteArray *message, const GByteArray *info)
{
    append_u32(message, info ? info->len : 0);
    if (info)
        g_byte_array_append(message, info->data, info->len);
}

GByteArray *sim_mbim_simple_done(const SimMbimRequest *request, guint32 status)
{
    GByteArray *message = start(OPEN_DONE - SIM_MBIM_OPEN + request->type, request->transaction);
    append_u32(message, status);
    return end(message);
}

GByteArray *sim_mbim_command_done(const SimMbimRequest *request, guint32 status,
                                  const GByteArray *info)
{
    GByteArray *message = start(COMMAND_DONE, request->transaction);
    append_u32(message, 1);
    append_u32(message, 0);
    g_byte_array_append(message, request->uuid, SIM_MBIM_UUID_SIZE);
    append_u32(message, request->command);
    append_u32(message, status);
    append_info(message, info);
    return end(message);
}

GByteArray *sim_mbim_indication(SimMbimService service, guint32 command, const GByteArray *info)
{
    GByteArray *message = start(INDICATE_STATUS, 0);
    append_u32(message, 1);
    append_u32(message, 0);
    g_byte_array_append(message, uuids[service], SIM_MBIM_UUID_SIZE);
    append_u32(message, command);
    append_info(message, info);
    return end(message);
}

GByteArray *sim_mbim_function_error(guint32 transaction, guint32 error)
{
    GByteArray *message = start(FUNCTION_ERROR, transaction);
    append_u32(message, error);
    return end(message);
}

GByteArray *sim_mbim_fragment(GByteArray *message, gsize limit)
{
    guint32 type = read_u32(message->data);
    if (limit == 0 || message->len <= limit || (type != COMMAND_DONE && type != INDICATE_STATUS))
        return message;
    gsize room = MAX(limit, SIM_MBIM_MIN_TRANSFER) - FRAGMENT_HEADER;
    gsize left = message->len - FRAGMENT_HEADER;
    guint32 total = (guint32)((left + room - 1) / room);
    const guint8 *next = message->data + FRAGMENT_HEADER;
    GByteArray *frames = g_byte_array_new();
    for (guint32 i = 0; i < total; i++) {
        gsize n = MIN(room, left);
        g_autoptr(GByteArray) frame = start(type, read_u32(message->data + 8));
        append_u32(frame, total);
        append_u32(frame, i);
        g_byte_array_append(frame, next, (guint)n);
        end(frame);
        g_byte_array_append(frames, frame->data, frame->len);
        next += n;
        left -= n;
    }
    g_byte_array_unref(message);
    return frames;
}
