/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/bytes.h"

#include <string.h>

#include "util/error.h"

static const char hex_digits[] = "0123456789ABCDEF";

char *bytes_to_hex(const void *data, gsize size)
{
    const guint8 *p = data;
    char *hex = g_malloc(size * 2 + 1);

    for (gsize i = 0; i < size; i++) {
        hex[2 * i] = hex_digits[p[i] >> 4];
        hex[2 * i + 1] = hex_digits[p[i] & 0x0F];
    }
    hex[size * 2] = '\0';
    return hex;
}

char *bytes_gbytes_to_hex(GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return bytes_to_hex(data, size);
}

GBytes *bytes_from_hex(const char *hex, GError **error)
{
    gsize length = strlen(hex);
    g_autofree guint8 *data = NULL;

    if (length % 2 != 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "hex text has an odd number of digits (%" G_GSIZE_FORMAT ")", length);
        return NULL;
    }
    data = g_malloc(length / 2 + 1);
    for (gsize i = 0; i < length; i += 2) {
        int high = g_ascii_xdigit_value(hex[i]);
        int low = g_ascii_xdigit_value(hex[i + 1]);

        if (high < 0 || low < 0) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                        "not a hex digit at position %" G_GSIZE_FORMAT, high < 0 ? i : i + 1);
            return NULL;
        }
        data[i / 2] = (guint8)(high << 4 | low);
    }
    return g_bytes_new_take(g_steal_pointer(&data), length / 2);
}

gboolean bytes_parse_decimal(const char *text, guint64 max, guint64 *ret_number)
{
    return g_ascii_isdigit(text[0]) &&
           g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

char *eid_to_string(const guint8 *eid, gsize size, GError **error)
{
    g_autofree char *hex = NULL;

    if (size != EID_SIZE) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "EID has %" G_GSIZE_FORMAT " octets, not %d", size, EID_SIZE);
        return NULL;
    }
    hex = bytes_to_hex(eid, size);
    if (strspn(hex, "0123456789") != EID_SIZE * 2) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "EID %s is not decimal", hex);
        return NULL;
    }
    return g_steal_pointer(&hex);
}

gboolean eid_from_string(const char *digits, guint8 ret_eid[EID_SIZE], GError **error)
{
    if (strlen(digits) != EID_SIZE * 2 || strspn(digits, "0123456789") != EID_SIZE * 2) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "an EID has 32 decimal digits");
        return FALSE;
    }
    for (gsize i = 0; i < EID_SIZE; i++)
        ret_eid[i] = (guint8)((digits[2 * i] - '0') << 4 | (digits[2 * i + 1] - '0'));
    return TRUE;
}

gboolean eid_check_digits_ok(const char *digits)
{
    guint remainder = 0;

    if (strlen(digits) != EID_SIZE * 2 || strspn(digits, "0123456789") != EID_SIZE * 2)
        return FALSE;
    for (const char *p = digits; *p; p++)
        remainder = (remainder * 10 + (guint)(*p - '0')) % 97;
    return remainder == 1;
}

char *iccid_to_string(const guint8 *iccid, gsize size, GError **error)
{
    char digits[ICCID_SIZE * 2 + 1];
    gboolean ended = FALSE;
    gsize n = 0;

    if (size != ICCID_SIZE) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "ICCID has %" G_GSIZE_FORMAT " octets, not %d", size, ICCID_SIZE);
        return NULL;
    }
    for (gsize i = 0; i < size * 2; i++) {
        guint nibble = i % 2 == 0 ? iccid[i / 2] & 0x0F : iccid[i / 2] >> 4;

        if (nibble == 0x0F) {
            ended = TRUE;
            continue;
        }
        if (ended) {
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                                "ICCID goes on after its filler");
            return NULL;
        }
        digits[n++] = hex_digits[nibble];
    }
    digits[n] = '\0';
    if (n == 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "ICCID is empty");
        return NULL;
    }
    return g_strdup(digits);
}

gboolean iccid_from_string(const char *digits, guint8 ret_iccid[ICCID_SIZE], GError **error)
{
    gsize length = strlen(digits);

    if (length < 18 || length > 20 || strspn(digits, "0123456789") != length) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "an ICCID has 18 to 20 decimal digits");
        return FALSE;
    }
    memset(ret_iccid, 0xFF, ICCID_SIZE);
    for (gsize i = 0; i < length; i++) {
        guint8 digit = (guint8)(digits[i] - '0');
        guint8 *octet = &ret_iccid[i / 2];

        *octet = (guint8)(i % 2 == 0 ? (*octet & 0xF0) | digit : (*octet & 0x0F) | digit << 4);
    }
    return TRUE;
}

char *bytes_mask(const char *digits)
{
    gsize length = strlen(digits);

    return g_strdup_printf("…%s", length > 4 ? digits + length - 4 : digits);
}
