/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define EID_SIZE   16 /* octets of an EID, plain BCD (SGP.02, SGP.29) */
#define ICCID_SIZE 10 /* octets of an ICCID as in EF_ICCID, nibble-swapped BCD (ETSI TS 102 221) */

/* Upper-case hex without blanks. Free with g_free(). */
char *bytes_to_hex(const void *data, gsize size);
char *bytes_gbytes_to_hex(GBytes *bytes);

/* Reads hex, upper or lower case, no blanks. NULL with INVALID_ARGUMENT for anything else. */
GBytes *bytes_from_hex(const char *hex, GError **error);

/* A decimal number of nothing but digits, from 0 to MAX. FALSE for anything else: signs, blanks and, unlike
 * with g_ascii_string_to_unsigned(), a vertical tab before it. */
gboolean bytes_parse_decimal(const char *text, guint64 max, guint64 *ret_number);

/* EID octets <-> 32 decimal digits. The digits are returned as they stand; hex digits are an error
 * (MALFORMED). Free with g_free(). */
char *eid_to_string(const guint8 *eid, gsize size, GError **error);
gboolean eid_from_string(const char *digits, guint8 ret_eid[EID_SIZE], GError **error);

/* TRUE when the 32 digits leave remainder 1 mod 97 (ISO 7064, SGP.29). Informative only. */
gboolean eid_check_digits_ok(const char *digits);

/* ICCID octets (nibble-swapped, F padded) <-> 18 to 20 digits. Hex digits A to E that some modems and
 * cards show are kept as they are; an F ends the number. MALFORMED where the size is not 10, where a digit
 * follows an F or nothing is left. Free with g_free(). */
char *iccid_to_string(const guint8 *iccid, gsize size, GError **error);
gboolean iccid_from_string(const char *digits, guint8 ret_iccid[ICCID_SIZE], GError **error);

/* "…7890": the last four characters, for logs at default level (invariant 10). g_free() it. */
char *bytes_mask(const char *digits);

G_END_DECLS
