/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "util/base64_stream.h"
#include "util/error.h"

/*
 * Base64 that arrives whole, one character at a time, and in pieces: the same octets and the same end. What is
 * accepted is what GLib's decoder makes of it, and encoded again it is the text without blanks and padding.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL: refused. STEP 0: as the characters say. */
static GByteArray *decode(const char *text, gsize size, gsize step)
{
    GByteArray *all = g_byte_array_new();
    Base64Stream stream = BASE64_STREAM_INIT;
    g_autoptr(GError) error = NULL;
    guint8 rest[2];
    gsize n, piece;

    for (gsize at = 0; at < size; at += piece) {
        g_autofree guint8 *octets = NULL;

        piece = MIN(step ? step : (guint8)text[at] % 7 + 1u, size - at);
        octets = g_malloc(BASE64_STREAM_SPACE(piece));
        if (!base64_stream_feed(&stream, text + at, piece, octets, &n, &error))
            goto refused;
        g_assert(n <= BASE64_STREAM_SPACE(piece));
        g_byte_array_append(all, octets, (guint)n);
    }
    if (!base64_stream_finish(&stream, rest, &n, &error))
        goto refused;
    g_byte_array_append(all, rest, (guint)n);
    return all;

refused:
    g_assert(error->domain == EUICCD_ERROR && error->code == EUICCD_ERROR_MALFORMED);
    g_byte_array_unref(all);
    return NULL;
}

static void check_text(const char *text, gsize size, const GByteArray *octets)
{
    g_autofree char *again = g_base64_encode(octets->data, octets->len);
    gsize at = 0;

    for (gsize i = 0; i < size; i++)
        if (!strchr(" \t\r\n=", text[i]))
            g_assert(again[at++] == text[i]);
    g_assert(strspn(again + at, "=") == strlen(again + at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    GByteArray *whole = decode(text, size, G_MAXSIZE / 4);

    for (gsize step = 0; step < 2; step++) {
        GByteArray *pieces = decode(text, size, step);

        g_assert((pieces == NULL) == (whole == NULL));
        if (!pieces)
            continue;
        g_assert(pieces->len == whole->len);
        g_assert(whole->len == 0 || memcmp(pieces->data, whole->data, whole->len) == 0);
        g_byte_array_unref(pieces);
    }
    if (!whole)
        return 0;
    check_text(text, size, whole);
    g_byte_array_unref(whole);
    return 0;
}
