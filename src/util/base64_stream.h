/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Base64 (RFC 4648, standard alphabet) decoded as it arrives. White space is skipped and missing padding is
 * accepted, as both were seen from servers. Everything else is an error (MALFORMED): other characters,
 * padding anywhere but at the end, a single character left over, and bits beyond the last octet that are not
 * zero, which no encoder writes and a text that was cut off often has.
 */
typedef struct {
    guint32 bits;    /* of the characters that make no octet yet */
    guint count;     /* of these characters, 0 to 3 */
    guint padding;   /* 0: no '=' yet; otherwise one more than may follow */
    guint64 decoded; /* characters of the alphabet seen, for messages */
} Base64Stream;

#define BASE64_STREAM_INIT                                                                         \
    {                                                                                              \
        0                                                                                          \
    }

/* Octets that SIZE characters give at the most. */
#define BASE64_STREAM_SPACE(size) (((size) + 3) / 4 * 3)

/* Decodes SIZE characters of TEXT to RET_OCTETS, which has BASE64_STREAM_SPACE(SIZE) octets of room. After a
 * failure the stream can't be used any more. */
gboolean base64_stream_feed(Base64Stream *stream, const char *text, gsize size, guint8 *ret_octets,
                            gsize *ret_size, GError **error);

/* The text ends here: what is left, at most two octets. */
gboolean base64_stream_finish(Base64Stream *stream, guint8 ret_octets[2], gsize *ret_size,
                              GError **error);

G_END_DECLS
