/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_line.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

static void add_line(const char *line, gpointer data)
{
    g_ptr_array_add(data, g_strdup(line));
}

static char *read_all(const char *octets, gsize size, gsize piece, guint *ret_dropped)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    AtReader reader;

    at_reader_init(&reader);
    for (gsize at = 0; at < size; at += piece)
        at_reader_feed(&reader, octets + at, MIN(piece, size - at), add_line, lines);
    *ret_dropped = reader.dropped;
    at_reader_clear(&reader);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("|", (char **)lines->pdata);
}

static void test_lines(void)
{
    static const char octets[] = "\r\n+CGLA: 4,\"9000\"\r\n\r\nOK\r\n"
                                 "AT\r"
                                 "\n\n  blank \n"
                                 "\x80garbage\r\n"
                                 "nul\0in it\r\n"
                                 "0\r"
                                 "unfinished";

    for (gsize piece = 1; piece < sizeof octets; piece++) {
        guint dropped;
        g_autofree char *lines = read_all(octets, sizeof octets - 1, piece, &dropped);

        g_assert_cmpstr(lines, ==, "+CGLA: 4,\"9000\"|OK|AT|blank |0");
        g_assert_cmpuint(dropped, ==, 2);
    }
}

static void test_overlong(void)
{
    g_autoptr(GString) octets = g_string_new(NULL);
    g_autofree char *longest = g_strnfill(AT_MAX_LINE, 'x');
    g_autofree char *lines = NULL;
    guint dropped;

    g_string_append_printf(octets, "%s\r\n%sy\r\nOK\r\n", longest, longest);
    lines = read_all(octets->str, octets->len, 1000, &dropped);
    g_assert_cmpuint(strlen(lines), ==, AT_MAX_LINE + 3);
    g_assert_true(g_str_has_suffix(lines, "x|OK"));
    g_assert_cmpuint(dropped, ==, 1);
}

static void test_results(void)
{
    static const struct {
        const char *line;
        gboolean numeric;
        AtResult result;
        guint code;
    } rows[] = {
        { "OK", FALSE, AT_RESULT_OK, 0 },
        { "0", TRUE, AT_RESULT_OK, 0 },
        { "0", FALSE, AT_RESULT_NONE, 0 },
        { "ERROR", FALSE, AT_RESULT_ERROR, 0 },
        { "4", TRUE, AT_RESULT_ERROR, 0 },
        { "ABORTED", FALSE, AT_RESULT_ERROR, 0 },
        { "COMMAND NOT SUPPORT", FALSE, AT_RESULT_ERROR, 0 },
        { "+CME ERROR: 10", FALSE, AT_RESULT_CME, 10 },
        { "+CME ERROR:14", FALSE, AT_RESULT_CME, 14 },
        { "+CME ERROR: SIM busy", FALSE, AT_RESULT_CME, 14 },
        { "+CME ERROR: sim not inserted", FALSE, AT_RESULT_CME, 10 },
        { "+CME ERROR: something else", FALSE, AT_RESULT_CME, AT_CME_UNKNOWN },
        { "+CME ERROR: -1", FALSE, AT_RESULT_CME, AT_CME_UNKNOWN },
        { "+CMS ERROR: 500", FALSE, AT_RESULT_CMS, 500 },
        { "OKAY", FALSE, AT_RESULT_NONE, 0 },
        { "+CGLA: 4,\"9000\"", FALSE, AT_RESULT_NONE, 0 },
        { "NO CARRIER", FALSE, AT_RESULT_NONE, 0 }, /* of a connection that is not ours */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint code;

        g_assert_cmpint(at_line_get_result(rows[i].line, rows[i].numeric, &code), ==,
                        rows[i].result);
        g_assert_cmpuint(code, ==, rows[i].code);
    }
    g_assert_cmpstr(at_cme_name(AT_CME_SIM_BUSY), ==, "SIM busy");
    g_assert_cmpstr(at_cme_name(999), ==, "");
}

static void test_apdu(void)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        { "4,\"9000\"", "9000" },
        { "4,9000", "9000" },
        { "10,\"bf3e019000\"", "BF3E019000" },
        { " 4 , \"9000\" ", "9000" },
        { "0,\"\"", "" },
        { "6,\"9000\"", NULL }, /* less than announced */
        { "2,\"9000\"", NULL }, /* octets, or more than announced */
        { "3,\"900\"", NULL },  /* half an octet */
        { "4,\"90G0\"", NULL }, /* not hex */
        { "4,\"90 0\"", NULL },
        { "4,\"9000", NULL },     /* half a string */
        { "4,\"9000\",1", NULL }, /* one field more */
        { "4", NULL },
        { "", NULL },
        { "\"9000\"", NULL },
        { "-4,\"9000\"", NULL },
        { "x,\"9000\"", NULL },
        { "99999999999999999999,\"9000\"", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) octets = at_parse_apdu(rows[i].text, &error);
        g_autofree char *hex = octets ? bytes_gbytes_to_hex(octets) : NULL;

        g_assert_cmpstr(hex, ==, rows[i].hex);
        if (!octets)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

static void test_session(void)
{
    static const struct {
        const char *text;
        gint64 session; /* -1: none */
    } rows[] = {
        { "1", 1 },    { "0", 0 },   { "\"2\"", 2 }, { "4294967295", 4294967295 },
        { "", -1 },    { "-1", -1 }, { "1,2", -1 },  { "4294967296", -1 },
        { "one", -1 }, { "1x", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint32 session = 77;

        g_assert_cmpint(at_parse_session(rows[i].text, &session), ==, rows[i].session >= 0);
        if (rows[i].session >= 0)
            g_assert_cmpuint(session, ==, rows[i].session);
    }
}

static void test_network(void)
{
    static const struct {
        const char *text;
        AtNetwork network;
        const char *plmn;
    } rows[] = {
        { "0,2,\"26201\",7", AT_NETWORK_FOUND, "62F210" },
        { "0,2,\"00101\"", AT_NETWORK_FOUND, "00F110" },
        { "1,2,310260,7", AT_NETWORK_FOUND, "130062" },
        { "0", AT_NETWORK_NONE, NULL },
        { "0,2,\"\"", AT_NETWORK_NONE, NULL },
        { "0,0,\"Operator\",7", AT_NETWORK_MALFORMED, NULL },
        { "0,0,\"26201\",7", AT_NETWORK_MALFORMED, NULL },
        { "0,2,\"2620\"", AT_NETWORK_MALFORMED, NULL },
        { "0,2,\"2620111\"", AT_NETWORK_MALFORMED, NULL },
        { "0,2,\"2620A\"", AT_NETWORK_MALFORMED, NULL },
        { "0,2,\"00000\"", AT_NETWORK_MALFORMED, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint8 plmn[3] = { 0 };
        g_autofree char *hex = NULL;

        g_assert_cmpint(at_parse_network(rows[i].text, plmn), ==, rows[i].network);
        hex = bytes_to_hex(plmn, sizeof plmn);
        if (rows[i].plmn)
            g_assert_cmpstr(hex, ==, rows[i].plmn);
    }
}

static void test_news(void)
{
    static const struct {
        const char *line;
        AtCardNews news;
    } rows[] = {
        { "+CPIN: READY", AT_CARD_READY },
        { "+CPIN: NOT READY", AT_CARD_OFF },
        { "+CPIN: NOT INSERTED", AT_CARD_ABSENT },
        { "+CPIN: SIM PIN", AT_CARD_READY },
        { "^SIMST: 255", AT_CARD_ABSENT },
        { "^SIMST:1", AT_CARD_READY },
        { "+QSIMSTAT: 1,0", AT_CARD_ABSENT },
        { "+QSIMSTAT : 1,0", AT_CARD_NO_NEWS },
        { "+QSIMSTAT: 1,1", AT_CARD_OFF },
        { "+QIND: PB DONE", AT_CARD_READY },
        { "+QIND: \"csq\",31,99", AT_CARD_NO_NEWS },
        { "#QSS: 0", AT_CARD_ABSENT },
        { "+CREG: 1", AT_CARD_NO_NEWS },
        { "+CPIN:", AT_CARD_NO_NEWS },
        { "RING", AT_CARD_NO_NEWS },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(at_line_get_card_news(rows[i].line), ==, rows[i].news);
    g_assert_true(at_line_is_unsolicited("^RSSI: 20"));
    g_assert_true(at_line_is_unsolicited("RING"));
    g_assert_false(at_line_is_unsolicited("Manufacturer Inc."));
    g_assert_false(at_line_is_unsolicited("1"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/at-line/lines", test_lines);
    g_test_add_func("/at-line/overlong", test_overlong);
    g_test_add_func("/at-line/results", test_results);
    g_test_add_func("/at-line/apdu", test_apdu);
    g_test_add_func("/at-line/session", test_session);
    g_test_add_func("/at-line/network", test_network);
    g_test_add_func("/at-line/news", test_news);
    return g_test_run();
}
