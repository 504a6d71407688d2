/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "agent/config.h"
#include "fuzz-input.h"
#include "net/esipa.h"
#include "rsp/rsp.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/mask.h"
#include "util/settings.h"

/*
 * Identifiers, as octets and as text: what is read one way and written the other is what it was, and the
 * text has only the characters that it may have.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(gboolean ok, GError *error)
{
    g_assert(ok == (error == NULL));
    if (error)
        fuzz_check_text(error->message);
    g_clear_error(&error);
}

static void from_octets(TlvSlice octets)
{
    g_autofree char *hex = bytes_to_hex(octets.data, octets.size);
    g_autoptr(GBytes) again = bytes_from_hex(hex, NULL);
    g_autofree char *eid = NULL, *iccid = NULL, *oid = NULL;
    guint8 eid_octets[EID_SIZE], iccid_octets[ICCID_SIZE];
    GError *error = NULL;

    g_assert(again && tlv_slice_equal(tlv_slice_from_bytes(again), octets));
    eid = eid_to_string(octets.data, octets.size, &error);
    check_error(eid != NULL, error);
    if (eid) {
        g_assert(strspn(eid, "0123456789") == 2 * EID_SIZE);
        g_assert(eid_from_string(eid, eid_octets, NULL));
        g_assert(memcmp(eid_octets, octets.data, EID_SIZE) == 0);
        (void)eid_check_digits_ok(eid);
    }
    error = NULL;
    iccid = iccid_to_string(octets.data, octets.size, &error);
    check_error(iccid != NULL, error);
    if (iccid) {
        g_assert(strlen(iccid) >= 1 && strlen(iccid) <= 2 * ICCID_SIZE);
        g_assert(strspn(iccid, "0123456789ABCDE") == strlen(iccid));
        if (iccid_from_string(iccid, iccid_octets, NULL))
            g_assert(memcmp(iccid_octets, octets.data, ICCID_SIZE) == 0);
    }
    error = NULL;
    oid = tlv_oid_to_string(octets, &error);
    check_error(oid != NULL, error);
    if (oid) {
        g_autoptr(GBytes) written = tlv_oid_from_string(oid, NULL);

        g_assert(written && tlv_slice_equal(tlv_slice_from_bytes(written), octets));
    }
}

static void check_fqdn(const char *text)
{
    g_autofree char *host = NULL;
    GError *error = NULL;
    guint16 port = 0;
    gboolean ok = esipa_parse_fqdn(text, &host, &port, &error);

    check_error(ok, error);
    g_assert(ok == (host != NULL));
    if (!ok)
        return;
    g_assert(port != 0 && *host && strlen(host) <= strlen(text));
    /* Nothing that means something in a URL. */
    for (const char *c = host; *c; c++)
        g_assert(g_ascii_isalnum(*c) || strchr(".-_:", *c));
}

/* Nothing but hex digits is hidden, and what is hidden once stays so. */
static void check_mask(const char *text)
{
    static const char *const numbers[] = { "89044045000000000000000000000156",
                                           "8988247000100000018", "490154203237518", NULL };
    g_autofree char *masked = mask_numbers(text, numbers);

    g_assert(strlen(masked) == strlen(text));
    for (gsize i = 0; text[i]; i++)
        g_assert(masked[i] == text[i] || (masked[i] == 'x' && g_ascii_isxdigit(text[i])));
    for (gsize i = 0; numbers[i]; i++)
        g_assert(!strstr(masked, numbers[i]));
}

static void from_text(const char *text)
{
    static const char *const words[] = { "interval", "start-delay", "path", "aids", NULL };
    g_autoptr(GBytes) hex = NULL, oid = NULL;
    guint8 eid[EID_SIZE], iccid[ICCID_SIZE];
    g_autofree char *mask = bytes_mask(text);
    GError *error = NULL;
    gboolean ok;

    hex = bytes_from_hex(text, &error);
    check_error(hex != NULL, error);
    if (hex) {
        g_autofree char *again = bytes_gbytes_to_hex(hex);

        g_assert(g_ascii_strcasecmp(again, text) == 0);
    }
    error = NULL;
    ok = eid_from_string(text, eid, &error);
    check_error(ok, error);
    if (ok) {
        g_autofree char *again = eid_to_string(eid, EID_SIZE, NULL);

        g_assert(g_strcmp0(again, text) == 0);
    }
    error = NULL;
    ok = iccid_from_string(text, iccid, &error);
    check_error(ok, error);
    if (ok) {
        g_autofree char *again = iccid_to_string(iccid, ICCID_SIZE, NULL);

        g_assert(g_strcmp0(again, text) == 0);
    }
    error = NULL;
    oid = tlv_oid_from_string(text, &error);
    check_error(oid != NULL, error);
    if (oid) {
        g_autofree char *again = tlv_oid_to_string(tlv_slice_from_bytes(oid), NULL);

        g_assert(g_strcmp0(again, text) == 0);
    }
    check_fqdn(text);
    check_mask(text);
    g_assert(strlen(mask) <= strlen("…") + 4);
    (void)settings_nearest(text, words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = NULL;

    if (size == 0)
        return 0;
    text = g_strndup((const char *)data, size);
    /* Tables, sd-bus and the configuration let only UTF-8 through. */
    if (g_utf8_validate(text, -1, NULL))
        from_text(text);
    from_octets(tlv_slice(data, size));
    g_assert(tlv_name(rsp_names_undefined_error, (gint64)size - 10));
    return 0;
}
