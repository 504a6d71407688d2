/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/connectivity.h"

#include "util/bytes.h"
#include "util/error.h"

/* httpParams of GetConnectivityParameters (SGP.32 2.4.4): which access point they name. */

static char *read_name(const char *hex, GError **error)
{
    g_autoptr(GBytes) bytes = bytes_from_hex(hex, NULL);

    g_assert_nonnull(bytes);
    return rsp_connectivity_get_access_point(tlv_slice_from_bytes(bytes), error);
}

static void test_names(void)
{
    static const char *const rows[][2] = {
        /* bearer, name, login and password, as in the vectors */
        { "350103470908696E7465726E65740D0504757365720D050470617373", "internet" },
        /* comprehension required, and another order */
        { "C70908696E7465726E6574B50103", "internet" },
        { "470C03696F74076578616D706C65", "iot.example" },
        /* something stands around them */
        { "A111350103470C03696F74076578616D706C65", "iot.example" },
        { "470504612D5F62", "a-_b" },
        { "4700", "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = read_name(rows[i][0], &error);

        g_assert_no_error(error);
        g_assert_cmpstr(name, ==, rows[i][1]);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *hex;
        EuiccdError code;
    } rows[] = {
        { "", EUICCD_ERROR_NOT_FOUND },
        { "350103", EUICCD_ERROR_NOT_FOUND },
        /* cut off before the name */
        { "350903", EUICCD_ERROR_NOT_FOUND },
        /* labels that are longer than the name, empty, or hold what no name has */
        { "470909696E7465726E6574", EUICCD_ERROR_MALFORMED },
        { "470100", EUICCD_ERROR_MALFORMED },
        { "4703026120", EUICCD_ERROR_MALFORMED },
        { "4708696E7465726E6574", EUICCD_ERROR_MALFORMED },
        { "470402610A03", EUICCD_ERROR_MALFORMED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(read_name(rows[i].hex, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)rows[i].code);
    }
}

/* 100 octets are the limit (3GPP TS 23.003 9.1). */
static void test_length(void)
{
    for (guint labels = 10; labels <= 11; labels++) {
        g_autoptr(GString) hex = g_string_new(NULL);
        g_autofree char *name = NULL;

        g_string_append_printf(hex, "47%02X", labels * 10);
        for (guint i = 0; i < labels; i++)
            g_string_append(hex, "09616263646566676869");
        name = read_name(hex->str, NULL);
        g_assert_true((name != NULL) == (labels == 10));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connectivity/names", test_names);
    g_test_add_func("/connectivity/refused", test_refused);
    g_test_add_func("/connectivity/length", test_length);
    return g_test_run();
}
