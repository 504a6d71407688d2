/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tlv/tlv.h"
#include "util/bytes.h"
#include "util/error.h"

static GBytes *hex(const char *text)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(text, &error);

    g_assert_no_error(error);
    return bytes;
}

static void assert_slice(TlvSlice slice, const char *expected)
{
    g_autofree char *text = bytes_to_hex(slice.data, slice.size);

    g_assert_nonnull(slice.data);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_written(TlvWriter *writer, const char *expected)
{
    g_autoptr(GBytes) bytes = tlv_writer_finish(writer);
    g_autofree char *text = bytes_gbytes_to_hex(bytes);

    g_assert_cmpstr(text, ==, expected);
}

/* ---- reading ---- */

static void test_read(void)
{
    static const struct {
        const char *object;
        guint32 tag;
        const char *value;
    } good[] = {
        { "0500", 0x05, "" },
        { "5A0101", 0x5A, "01" },
        { "9F700100", 0x9F70, "00" },
        { "BF2D00", 0xBF2D, "" },
        { "9F81010155", 0x9F8101, "55" },
        { "9FFF7F0155", 0x9FFF7F, "55" },
        { "048101AA", 0x04, "AA" },
        { "04820001AA", 0x04, "AA" },
        { "0483000001AA", 0x04, "AA" },
        { "048400000001AA", 0x04, "AA" },
        { "9F1F00", 0x9F1F, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GBytes) bytes = hex(good[i].object);
        g_autoptr(GError) error = NULL;
        Tlv tlv;

        g_assert_true(tlv_parse(tlv_slice_from_bytes(bytes), 0, &tlv, &error));
        g_assert_no_error(error);
        g_assert_cmphex(tlv.tag, ==, good[i].tag);
        assert_slice(tlv.value, good[i].value);
        assert_slice(tlv.raw, good[i].object);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(bytes), good[i].tag, &tlv, NULL));
        g_assert_false(tlv_parse(tlv_slice_from_bytes(bytes), 0x7F7F, &tlv, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

static void test_refuse(void)
{
    static const char *const bad[] = {
        "",                 /* nothing */
        "00",               /* end of contents */
        "0000",             /* the same */
        "5A",               /* no length */
        "BF",               /* half a tag */
        "BF4F",             /* no length */
        "9F81",             /* two thirds of a tag */
        "9F818101",         /* tag of four octets */
        "9F8001",           /* leading zero in a tag number */
        "9F1E00",           /* low number in the high form */
        "1F0000",           /* the same */
        "5A02AA",           /* content cut off */
        "5A81",             /* length cut off */
        "5A8201",           /* length cut off */
        "308000",           /* indefinite length */
        "30800000",         /* indefinite length with its end */
        "5A85000000000100", /* length of five octets */
        "5AFF00",           /* reserved length */
        "5A84FFFFFFFF00",   /* more than there is */
        "5A010100",         /* trailing octet */
        "5A01015A0101",     /* two objects */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GBytes) bytes = hex(bad[i]);
        g_autoptr(GError) error = NULL;
        Tlv tlv = { .tag = 0x55 };

        g_assert_false(tlv_parse(tlv_slice_from_bytes(bytes), 0, &tlv, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_assert_cmphex(tlv.tag, ==, 0x55);
    }
}

/* 80 is no length of 128 octets either. */
static void test_indefinite(void)
{
    guint8 octets[2 + 128] = { 0x5A, 0x80 };
    g_autoptr(GError) error = NULL;
    Tlv tlv;

    g_assert_false(tlv_parse(tlv_slice(octets, sizeof(octets)), 0x5A, &tlv, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_cmpstr(error->message, ==, "indefinite length");
}

/* Each length of one message, from nothing to one octet too few. */
static void test_truncation(void)
{
    g_autoptr(GBytes) bytes = hex("BF2D0EA00CE30A5A089800101032547698");
    TlvSlice whole = tlv_slice_from_bytes(bytes);
    Tlv tlv;

    g_assert_true(tlv_validate(whole, NULL));
    g_assert_true(tlv_parse(whole, 0xBF2D, &tlv, NULL));
    for (gsize size = 0; size < whole.size; size++) {
        TlvReader reader;

        tlv_reader_init(&reader, tlv_slice(whole.data, size));
        g_assert_false(tlv_next(&reader, &tlv, NULL));
        g_assert_false(tlv_find(tlv_slice(whole.data, size), 0xBF2D, &tlv));
        g_assert_false(tlv_parse(tlv_slice(whole.data, size), 0xBF2D, &tlv, NULL));
        g_assert_true(size == 0 || !tlv_validate(tlv_slice(whole.data, size), NULL));
    }
}

static void test_iterate(void)
{
    g_autoptr(GBytes) bytes = hex("800101A00381010282008001");
    g_autoptr(GError) error = NULL;
    TlvReader reader, inner;
    Tlv tlv;

    tlv_reader_init(&reader, tlv_slice_from_bytes(bytes));
    g_assert_true(tlv_next(&reader, &tlv, &error));
    g_assert_cmphex(tlv.tag, ==, 0x80);
    g_assert_false(tlv_enter(&reader, &tlv, &inner, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(&error);
    g_assert_true(tlv_next(&reader, &tlv, &error));
    g_assert_true(tlv_enter(&reader, &tlv, &inner, &error));
    g_assert_true(tlv_next(&inner, &tlv, &error));
    assert_slice(tlv.value, "02");
    g_assert_false(tlv_next(&inner, &tlv, &error));
    g_assert_no_error(error);
    g_assert_true(tlv_next(&reader, &tlv, &error));
    assert_slice(tlv.value, "");
    g_assert_false(tlv_next(&reader, &tlv, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);

    /* Nothing at all is an end, not an error. */
    g_clear_error(&error);
    tlv_reader_init(&reader, tlv_slice(NULL, 0));
    g_assert_false(tlv_next(&reader, &tlv, &error));
    g_assert_no_error(error);

    g_assert_true(tlv_find(tlv_slice_from_bytes(bytes), 0x82, &tlv));
    g_assert_false(tlv_find(tlv_slice_from_bytes(bytes), 0x81, &tlv));
    g_assert_false(tlv_find(tlv_slice(NULL, 0), 0x81, &tlv));
}

static GBytes *nested(guint depth)
{
    TlvWriter *writer = tlv_writer_new();

    for (guint i = 0; i < depth; i++)
        tlv_open(writer, 0xA0);
    for (guint i = 0; i < depth; i++)
        tlv_close(writer);
    return tlv_writer_finish(writer);
}

static void test_depth(void)
{
    for (guint depth = 1; depth < 200; depth++) {
        g_autoptr(GBytes) bytes = nested(depth);

        g_assert_cmpint(tlv_validate(tlv_slice_from_bytes(bytes), NULL), ==, depth < TLV_MAX_DEPTH);
    }
}

static void test_peek(void)
{
    g_autoptr(GBytes) bytes = hex("BF368201F4BF23");
    TlvSlice whole = tlv_slice_from_bytes(bytes);
    g_autoptr(GError) error = NULL;
    gsize header = 0, value = 0;
    guint32 tag = 0;

    for (gsize size = 0; size < 5; size++) {
        g_assert_false(tlv_peek_header(tlv_slice(whole.data, size), &tag, &header, &value, &error));
        g_assert_no_error(error);
    }
    g_assert_true(tlv_peek_header(whole, &tag, &header, &value, &error));
    g_assert_cmphex(tag, ==, 0xBF36);
    g_assert_cmpuint(header, ==, 5);
    g_assert_cmpuint(value, ==, 500);
    g_assert_false(tlv_peek_header(tlv_slice("\x30\x80", 2), &tag, &header, &value, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

static void test_slices(void)
{
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    TlvSlice absent = { NULL, 0 }, present = tlv_slice_from_bytes(empty);

    g_assert_nonnull(present.data);
    g_assert_cmpuint(present.size, ==, 0);
    g_assert_true(tlv_slice_equal(absent, absent));
    g_assert_true(tlv_slice_equal(present, tlv_slice("x", 0)));
    g_assert_false(tlv_slice_equal(present, absent));
    g_assert_true(tlv_slice_equal(tlv_slice("ab", 2), tlv_slice("abc", 2)));
    g_assert_false(tlv_slice_equal(tlv_slice("ab", 2), tlv_slice("ac", 2)));
    g_assert_true(tlv_tag_is_constructed(0xBF2D));
    g_assert_true(tlv_tag_is_constructed(0x30));
    g_assert_true(tlv_tag_is_constructed(0xBF8101));
    g_assert_false(tlv_tag_is_constructed(0x5F37));
    g_assert_false(tlv_tag_is_constructed(0x80));
}

/* ---- values ---- */

static void test_integers(void)
{
    static const struct {
        const char *content;
        gint64 value;
        gboolean minimal;
    } good[] = {
        { "00", 0, TRUE },
        { "01", 1, TRUE },
        { "7F", 127, TRUE },
        { "0080", 128, TRUE },
        { "00C8", 200, TRUE },
        { "FF", -1, TRUE },
        { "80", -128, TRUE },
        { "FF7F", -129, TRUE },
        { "7FFFFF", 8388607, TRUE },
        { "0080000000", G_GINT64_CONSTANT(2147483648), TRUE },
        { "7FFFFFFFFFFFFFFF", G_MAXINT64, TRUE },
        { "8000000000000000", G_MININT64, TRUE },
        { "0001", 1, FALSE },
        { "FFFF", -1, FALSE },
        { "0000000000000000", 0, FALSE },
    };
    g_autoptr(GError) error = NULL;
    gint64 value = 77;

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GBytes) bytes = hex(good[i].content);
        TlvWriter *writer = tlv_writer_new();
        g_autofree char *expected =
            g_strdup_printf("02%02X%s", (guint)g_bytes_get_size(bytes), good[i].content);

        g_assert_true(tlv_get_integer(tlv_slice_from_bytes(bytes), &value, &error));
        g_assert_cmpint(value, ==, good[i].value);
        tlv_put_integer(writer, 0x02, value);
        if (good[i].minimal) {
            assert_written(writer, expected);
        } else {
            g_autoptr(GBytes) written = tlv_writer_finish(writer);

            g_assert_cmpuint(g_bytes_get_size(written), <, 2 + g_bytes_get_size(bytes));
        }
    }
    value = 77;
    g_assert_false(tlv_get_integer(tlv_slice("", 0), &value, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(&error);
    g_assert_false(tlv_get_integer(tlv_slice("\1\2\3\4\5\6\7\10\11", 9), &value, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_cmpint(value, ==, 77);
}

static void test_booleans(void)
{
    g_autoptr(GError) error = NULL;
    gboolean value = FALSE;

    g_assert_true(tlv_get_boolean(tlv_slice("\xFF", 1), &value, NULL));
    g_assert_true(value);
    g_assert_true(tlv_get_boolean(tlv_slice("\0", 1), &value, NULL));
    g_assert_false(value);
    g_assert_true(tlv_get_boolean(tlv_slice("\1", 1), &value, NULL));
    g_assert_true(value);
    g_assert_false(tlv_get_boolean(tlv_slice("", 0), &value, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_false(tlv_get_boolean(tlv_slice("\0\0", 2), &value, NULL));
}

static void test_bits(void)
{
    static const struct {
        guint64 bits;
        const char *object;
    } good[] = {
        { 0, "810100" },
        { 1, "81020780" },
        { 3, "810206C0" },
        { 1 << 2 | 1 << 3, "81020430" },
        { 1 << 7, "81020001" },
        { 1 << 8, "8103070080" },
        { G_GUINT64_CONSTANT(1) << 31, "81050000000001" },
        { G_GUINT64_CONSTANT(1) << 63, "8109000000000000000001" },
        { G_MAXUINT64, "810900FFFFFFFFFFFFFFFF" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GBytes) bytes = hex(good[i].object);
        TlvWriter *writer = tlv_writer_new();
        Tlv tlv;

        tlv_put_bits(writer, 0x81, good[i].bits);
        assert_written(writer, good[i].object);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(bytes), 0x81, &tlv, NULL));
        g_assert_true(tlv_check_bits(tlv.value, NULL));
        for (guint bit = 0; bit < 100; bit++)
            g_assert_cmpint(tlv_bit_is_set(tlv.value, bit), ==,
                            bit < 64 && good[i].bits >> bit & 1);
    }
    /* Unused bits never count, whatever they are. */
    g_assert_true(tlv_bit_is_set(tlv_slice("\6\xFF", 2), 1));
    g_assert_false(tlv_bit_is_set(tlv_slice("\6\xFF", 2), 2));
    g_assert_false(tlv_bit_is_set(tlv_slice("\377\xFF", 2), 1));
    g_assert_false(tlv_bit_is_set(tlv_slice(NULL, 0), 0));
    g_assert_false(tlv_bit_is_set(tlv_slice("", 0), 0));
    g_assert_false(tlv_check_bits(tlv_slice("", 0), NULL));
    g_assert_false(tlv_check_bits(tlv_slice("\1", 1), NULL));
    g_assert_false(tlv_check_bits(tlv_slice("\10\0", 2), NULL));
    g_assert_true(tlv_check_bits(tlv_slice("\0", 1), NULL));
}

static void test_oids(void)
{
    static const struct {
        const char *dotted, *content;
    } good[] = {
        { "2.999.10", "88370A" },
        { "2.999.77", "88374D" },
        { "1.2.840.10045.4.3.2", "2A8648CE3D040302" },
        { "2.23.146.1.99999.3", "67811201868D1F03" },
        { "0.0", "00" },
        { "1.39", "4F" },
        { "2.0", "50" },
        { "2.40", "78" },
        { "0.39.127.128", "277F8100" },
        { "2.18446744073709551535", "81FFFFFFFFFFFFFFFF7F" },
        { "1.2.18446744073709551615", "2A81FFFFFFFFFFFFFFFF7F" },
    };
    static const char *const bad_text[] = {
        "",      "1",    "3.1",     "1.40",     "1..2", "1.2.", "1.2.-3",
        "1.2.x", "1.02", "1.2.\v3", "2.999.00", ".1.2", "1 .2", "1.2.99999999999999999999"
    };
    static const char *const bad_content[] = { "",       "88",       "8037",
                                               "883780", "88378001", "81FFFFFFFFFFFFFFFFFF7F" };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) content = hex(good[i].content);
        g_autoptr(GBytes) made = tlv_oid_from_string(good[i].dotted, &error);
        g_autofree char *text = tlv_oid_to_string(tlv_slice_from_bytes(content), &error);

        g_assert_no_error(error);
        g_assert_true(g_bytes_equal(made, content));
        g_assert_cmpstr(text, ==, good[i].dotted);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad_text); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(tlv_oid_from_string(bad_text[i], &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad_content); i++) {
        g_autoptr(GBytes) content = hex(bad_content[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(tlv_oid_to_string(tlv_slice_from_bytes(content), &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

/* ---- writing ---- */

static void test_lengths(void)
{
    static const struct {
        gsize size;
        const char *header;
    } cases[] = {
        { 0, "BF3600" },
        { 127, "BF367F" },
        { 128, "BF368180" },
        { 255, "BF3681FF" },
        { 256, "BF36820100" },
        { 65535, "BF3682FFFF" },
        { 65536, "BF3683010000" },
        { 0xFFFFFF, "BF3683FFFFFF" },
        { 0x1000000, "BF368401000000" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 header[8];
        gsize size = tlv_make_header(0xBF36, cases[i].size, header);

        assert_slice(tlv_slice(header, size), cases[i].header);
    }
    for (gsize size = 120; size < 70000; size = size < 300 ? size + 1 : size * 3) {
        g_autofree guint8 *content = g_malloc0(size);
        g_autoptr(GBytes) bytes = NULL;
        TlvWriter *writer = tlv_writer_new();
        Tlv tlv;

        tlv_open(writer, 0x30);
        tlv_put(writer, 0x04, content, size);
        tlv_close(writer);
        bytes = tlv_writer_finish(writer);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(bytes), 0x30, &tlv, NULL));
        g_assert_true(tlv_parse(tlv.value, 0x04, &tlv, NULL));
        g_assert_true(tlv_slice_equal(tlv.value, tlv_slice(content, size)));
    }
}

static void test_write(void)
{
    g_autoptr(GBytes) raw = hex("8301AA");
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF51);
    tlv_put_string(writer, 0x80, "eim");
    tlv_open(writer, 0xA0);
    tlv_put_null(writer, 0x05);
    tlv_put_boolean(writer, 0x01, TRUE);
    tlv_put_boolean(writer, 0x01, FALSE);
    tlv_open(writer, 0x9F8101);
    tlv_close(writer);
    tlv_close(writer);
    tlv_put_slice(writer, 0x5A, tlv_slice("\1\2", 2));
    tlv_put_raw_bytes(writer, raw);
    tlv_put_raw_slice(writer, tlv_slice_from_bytes(raw));
    tlv_put_raw_slice(writer, tlv_slice(NULL, 0));
    tlv_close(writer);
    assert_written(writer, "BF511D800365696DA00C05000101FF0101009F8101005A0201028301AA8301AA");
    assert_written(tlv_writer_new(), "");

    /* An unfinished one can be thrown away. */
    writer = tlv_writer_new();
    tlv_open(writer, 0x30);
    tlv_writer_free(writer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tlv/read", test_read);
    g_test_add_func("/tlv/refuse", test_refuse);
    g_test_add_func("/tlv/indefinite", test_indefinite);
    g_test_add_func("/tlv/truncation", test_truncation);
    g_test_add_func("/tlv/iterate", test_iterate);
    g_test_add_func("/tlv/depth", test_depth);
    g_test_add_func("/tlv/peek", test_peek);
    g_test_add_func("/tlv/slices", test_slices);
    g_test_add_func("/tlv/integers", test_integers);
    g_test_add_func("/tlv/booleans", test_booleans);
    g_test_add_func("/tlv/bits", test_bits);
    g_test_add_func("/tlv/oids", test_oids);
    g_test_add_func("/tlv/lengths", test_lengths);
    g_test_add_func("/tlv/write", test_write);
    return g_test_run();
}
