/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/base64_stream.h"

#include "util/error.h"

#define NO_DIGIT 64

static guint digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (guint)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (guint)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (guint)(c - '0') + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : NO_DIGIT;
}

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static gboolean refuse(const Base64Stream *stream, const char *why, GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "base64 text after %" G_GUINT64_FORMAT " characters: %s", stream->decoded, why);
    return FALSE;
}

/* Two or three characters at the end: one or two octets. */
static gboolean take_rest(Base64Stream *stream, guint8 *ret_octets, gsize *ret_size, GError **error)
{
    guint unused = stream->count * 6 % 8;
    guint32 bits = stream->bits >> unused;
    gsize size = stream->count * 6 / 8;

    if (stream->bits & ((1u << unused) - 1))
        return refuse(stream, "bits are left over", error);
    for (gsize i = size; i > 0; i--) {
        ret_octets[i - 1] = (guint8)bits;
        bits >>= 8;
    }
    stream->count = 0;
    *ret_size = size;
    return TRUE;
}

gboolean base64_stream_feed(Base64Stream *stream, const char *text, gsize size, guint8 *ret_octets,
                            gsize *ret_size, GError **error)
{
    gsize out = 0;

    for (gsize i = 0; i < size; i++) {
        guint digit = digit_of(text[i]);

        if (is_blank(text[i]))
            continue;
        if (text[i] == '=') {
            /* The first '=' stands in the third or fourth place of four. */
            if (stream->padding == 0 && stream->count < 2)
                return refuse(stream, "padding in the wrong place", error);
            if (stream->padding == 0)
                stream->padding = 4 - stream->count;
            else if (--stream->padding == 0)
                return refuse(stream, "too much padding", error);
            continue;
        }
        if (digit == NO_DIGIT)
            return refuse(stream, "not a character of the alphabet", error);
        if (stream->padding > 0)
            return refuse(stream, "it goes on after the padding", error);
        stream->decoded++;
        stream->bits = stream->bits << 6 | digit;
        if (++stream->count < 4)
            continue;
        ret_octets[out++] = (guint8)(stream->bits >> 16);
        ret_octets[out++] = (guint8)(stream->bits >> 8);
        ret_octets[out++] = (guint8)stream->bits;
        stream->bits = 0;
        stream->count = 0;
    }
    *ret_size = out;
    return TRUE;
}

gboolean base64_stream_finish(Base64Stream *stream, guint8 ret_octets[2], gsize *ret_size,
                              GError **error)
{
    if (stream->count == 1)
        return refuse(stream, "it ends in the middle of an octet", error);
    return take_rest(stream, ret_octets, ret_size, error);
}
