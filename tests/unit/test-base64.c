/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 that arrives in pieces (RFC 4648). */
#include "util/base64_stream.h"

#include <string.h>

#include "util/error.h"

/* TEXT in pieces of STEP characters; NULL with ERROR. */
static GByteArray *decode(const char *text, gsize size, gsize step, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    Base64Stream stream = BASE64_STREAM_INIT;
    guint8 rest[2];
    gsize n;

    for (gsize at = 0; at < size; at += step) {
        gsize piece = MIN(step, size - at);
        g_autofree guint8 *octets = g_malloc(BASE64_STREAM_SPACE(piece) + 1);

        octets[BASE64_STREAM_SPACE(piece)] = 0x5A;
        if (!base64_stream_feed(&stream, text + at, piece, octets, &n, error))
            return NULL;
        g_assert_cmpuint(n, <=, BASE64_STREAM_SPACE(piece));
        g_assert_cmpuint(octets[BASE64_STREAM_SPACE(piece)], ==, 0x5A);
        g_byte_array_append(all, octets, (guint)n);
    }
    if (!base64_stream_finish(&stream, rest, &n, error))
        return NULL;
    g_byte_array_append(all, rest, (guint)n);
    return g_steal_pointer(&all);
}

static void expect(const char *text, const char *octets, gsize size)
{
    for (gsize step = 1; step <= 9; step++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) got = decode(text, strlen(text), step, &error);

        g_assert_no_error(error);
        g_assert_cmpuint(got->len, ==, size);
        g_assert_true(size == 0 || memcmp(got->data, octets, size) == 0);
    }
}

static void refuse(const char *text, gsize size, const char *words)
{
    for (gsize step = 1; step <= 9; step++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) got = decode(text, size, step, &error);

        if (got)
            g_error("'%s' was taken", text);
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        if (!strstr(error->message, words))
            g_error("'%s' does not say '%s'", error->message, words);
    }
}
#define REFUSE(text, words) refuse(text, strlen(text), words)

static void test_forms(void)
{
    /* RFC 4648 10 */
    expect("", "", 0);
    expect("Zg==", "f", 1);
    expect("Zm8=", "fo", 2);
    expect("Zm9v", "foo", 3);
    expect("Zm9vYg==", "foob", 4);
    expect("Zm9vYmE=", "fooba", 5);
    expect("Zm9vYmFy", "foobar", 6);
    expect("+/+/", "\xFB\xFF\xBF", 3);
    /* missing padding, white space (v1.3.md 3.3) */
    expect("Zg", "f", 1);
    expect("Zg=", "f", 1);
    expect("Zm8", "fo", 2);
    expect(" Z\tm\r\n9 v Yg = = \n", "foob", 4);
    expect(" \r\n", "", 0);
    expect("AAAA", "\0\0\0", 3);
}

static void test_refusals(void)
{
    REFUSE("Z", "in the middle of an octet");
    REFUSE("Zm9vY", "in the middle of an octet");
    REFUSE("=", "padding in the wrong place");
    REFUSE("Z===", "padding in the wrong place");
    REFUSE("Zm9v=", "padding in the wrong place");
    REFUSE("Zg===", "too much padding");
    REFUSE("Zm8==", "too much padding");
    REFUSE("Zg==Zg==", "goes on after the padding");
    REFUSE("Zg=A", "goes on after the padding");
    REFUSE("Zh==", "bits are left over");
    REFUSE("Zm9=", "bits are left over");
    REFUSE("Zm9", "bits are left over");
    REFUSE("Zm-v", "not a character of the alphabet");
    REFUSE("Zm_v", "not a character of the alphabet");
    REFUSE("Zm\"v", "not a character of the alphabet");
    REFUSE("Zm\\/", "not a character of the alphabet");
    REFUSE("Zm\xC3\xA4v", "not a character of the alphabet");
    REFUSE("Zm\vv", "not a character of the alphabet");
    refuse("Zm9v\0Zm9", 8, "after 4 characters: not a character of the alphabet");
}

/* The same as GLib says, for every octet and all lengths of a few blocks. */
static void test_against_glib(void)
{
    guint8 octets[300];

    for (guint i = 0; i < sizeof octets; i++)
        octets[i] = (guint8)(i * 89 + 7);
    for (gsize size = 0; size <= sizeof octets; size++) {
        g_autofree char *text = g_base64_encode(octets, size);
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) got = decode(text, strlen(text), 1 + size % 50, &error);

        g_assert_no_error(error);
        g_assert_cmpuint(got->len, ==, size);
        g_assert_true(size == 0 || memcmp(got->data, octets, size) == 0);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base64/forms", test_forms);
    g_test_add_func("/base64/refusals", test_refusals);
    g_test_add_func("/base64/against-glib", test_against_glib);
    return g_test_run();
}
