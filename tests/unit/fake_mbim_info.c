/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/fake_mbim.h"

#include <stdarg.h>

#include "channel/mbim_info.h"
#include "util/bytes.h"

/* Information buffers of the fake modem. */

static char *finish(GByteArray *info)
{
    char *hex = bytes_to_hex(info->data, info->len);

    g_byte_array_unref(info);
    return hex;
}

char *fake_mbim_build(const char *format, ...)
{
    GByteArray *info = g_byte_array_new();
    g_autoptr(GByteArray) data = g_byte_array_new();
    guint head = 0;
    va_list list;

    for (const char *f = format; *f; f++)
        head += *f == 'n' ? 4 : 8;
    va_start(list, format);
    for (const char *f = format; *f; f++) {
        if (*f == 'n') {
            mbim_info_put_u32(info, va_arg(list, guint));
        } else {
            const char *text = va_arg(list, const char *);
            glong n = 0;
            g_autofree gunichar2 *units = g_utf8_to_utf16(text ? text : "", -1, NULL, &n, NULL);

            mbim_info_put_u32(info, n ? head + data->len : 0);
            mbim_info_put_u32(info, (guint32)(2 * n));
            mbim_info_put_padded(data, (const guint8 *)units, (gsize)(2 * n));
        }
    }
    va_end(list);
    g_byte_array_append(info, data->data, data->len);
    return finish(info);
}

char *fake_mbim_ready(guint state, const char *iccid, gboolean v3)
{
    const char *imsi = iccid ? "001010123456789" : NULL;

    return v3 ? fake_mbim_build("nnssnn", state, 1, imsi, iccid, 0, 0)
              : fake_mbim_build("nssnn", state, imsi, iccid, 0, 0);
}

static guint32 swap(guint16 status_word)
{
    return (guint32)(status_word >> 8 | (status_word & 0xFF) << 8);
}

char *fake_mbim_opened(guint16 status_word, guint channel, const char *response)
{
    g_autoptr(GBytes) data = bytes_from_hex(response, NULL);
    GByteArray *info = g_byte_array_new();

    mbim_info_put_u32(info, swap(status_word));
    mbim_info_put_u32(info, channel);
    mbim_info_put_u32(info, (guint32)g_bytes_get_size(data));
    mbim_info_put_u32(info, 16);
    mbim_info_put_padded(info, g_bytes_get_data(data, NULL), g_bytes_get_size(data));
    return finish(info);
}

char *fake_mbim_response(guint16 status_word, const char *response)
{
    g_autoptr(GBytes) data = bytes_from_hex(response, NULL);
    GByteArray *info = g_byte_array_new();

    mbim_info_put_u32(info, swap(status_word));
    mbim_info_put_u32(info, (guint32)g_bytes_get_size(data));
    mbim_info_put_u32(info, g_bytes_get_size(data) ? 12 : 0);
    mbim_info_put_padded(info, g_bytes_get_data(data, NULL), g_bytes_get_size(data));
    return finish(info);
}

char *fake_mbim_slot(guint slot, guint state)
{
    return fake_mbim_build("nn", slot, state);
}

char *fake_mbim_mappings(guint n, ...)
{
    GByteArray *info = g_byte_array_new();
    va_list list;

    mbim_info_put_u32(info, n);
    for (guint i = 0; i < n; i++) {
        mbim_info_put_u32(info, 4 + 8 * n + 4 * i);
        mbim_info_put_u32(info, 4);
    }
    va_start(list, n);
    for (guint i = 0; i < n; i++)
        mbim_info_put_u32(info, va_arg(list, guint));
    va_end(list);
    return finish(info);
}

char *fake_mbim_system(guint n_executors, guint n_slots)
{
    return fake_mbim_build("nnnnn", n_executors, n_slots, 1, 0, 0);
}

char *fake_mbim_caps(const char *device_id, const char *firmware, const char *hardware)
{
    return fake_mbim_build("nnnnnnnnssss", 1, 1, 0, 2, 0, 3, 1, 8, "", device_id, firmware,
                           hardware);
}

char *fake_mbim_registration(guint state, const char *provider)
{
    return fake_mbim_build("nnnnnsssn", 0, state, 1, 0, 1, provider, "Test", "", 0);
}
