/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "util/mask.h"

#define EID       "89044045000000000000000000000156"
#define EID_SWAP  "98400454000000000000000000001065"
#define ICCID     "8988247000100000018"
#define ICCID_BCD "988842070001000010F8"
#define IMEI      "490154203237518"

static const char *const numbers[] = { EID, ICCID, "8988247000100000026", IMEI, NULL };

typedef struct {
    const char *text, *masked;
} Row;

static void check(const Row *rows, gsize n, const char *const *known)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *masked = mask_numbers(rows[i].text, known);

        g_assert_cmpstr(masked, ==, rows[i].masked);
    }
}

/* The numbers of the modem and its card, wherever they stand. */
static void test_known(void)
{
    static const Row rows[] = {
        { "", "" },
        { EID, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx0156" },
        { "/org/euiccd1/euicc/" EID, "/org/euiccd1/euicc/xxxxxxxxxxxxxxxxxxxxxxxxxxxx0156" },
        { "EID " EID ", ICCID " ICCID,
          "EID xxxxxxxxxxxxxxxxxxxxxxxxxxxx0156, ICCID xxxxxxxxxxxxxxx0018" },
        /* GetEID, EF_ICCID, and both in the wrong order */
        { "BF3E125A10" EID "9000", "BF3E125A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx01569000" },
        { "5A10" EID_SWAP "9000", "5A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx10659000" },
        { "5A0A" ICCID_BCD "9000", "5A0Axxxxxxxxxxxxxxxx10F89000" },
        { "bf3e125a10" EID, "bf3e125a10xxxxxxxxxxxxxxxxxxxxxxxxxxxx0156" },
        { "5A 10 89 04 40 45 00 00 00 00 00 00 00 00 00 00 01 56 90 00",
          "5A 10 xx xx xx xx xx xx xx xx xx xx xx xx xx xx 01 56 90 00" },
        { "5a:0a:98:88:42:07:00:01:00:00:10:f8", "5a:0a:xx:xx:xx:xx:xx:xx:xx:xx:10:f8" },
        /* cut at the end, and what continues in the next answer */
        { "BF3E125A108904404500000000", "BF3E125A10xxxxxxxxxxxxx000" },
        { "AB9015420323FF", "ABxxxxxxxxxxFF" },
        /* IMEI: as text, as a mobile identity, as characters of QMI and MBIM */
        { "IMEI " IMEI, "IMEI xxxxxxxxxxx7518" },
        { "084A09512430325781", "08xxxxxxxxxxxx5781" },
        { "0F343930313534323033323337353138", "0Fxxxxxxxxxxxxxxxxxxxxxx37353138" },
        { "3400390030003100350034003200300033003200330037003500310038000000",
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx37003500310038000000" },
    };

    check(rows, G_N_ELEMENTS(rows), numbers);
}

/* Those that nobody knows: another card, or one that was never read to its end. */
static void test_unknown(void)
{
    static const Row rows[] = {
        { EID, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx0156" },
        { "BF3E125A10" EID, "BF3E125A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx0156" },
        { "5A10" EID_SWAP, "5A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx1065" },
        { "ICCID " ICCID, "ICCID xxxxxxxxxxxxxxx0018" },
        { "5A0A" ICCID_BCD "9000", "5A0Axxxxxxxxxxxxxxxx10F89000" },
        { "IMEI " IMEI, "IMEI xxxxxxxxxxx7518" },
        { "IMEISV 4901542032375184.", "IMEISV xxxxxxxxxxxx5184." },
        { "343930313534323033323337353138", "xxxxxxxxxxxxxxxxxxxxxx37353138" },
    };
    g_autoptr(GString) cut = g_string_new(NULL);
    g_autofree char *masked = NULL;

    check(rows, G_N_ELEMENTS(rows), NULL);
    /* A record of a step ends after 512 characters. */
    while (cut->len < 500)
        g_string_append(cut, "FA");
    g_string_append(cut, "5A10890440450000");
    masked = mask_numbers(cut->str, NULL);
    g_assert_true(g_str_has_suffix(masked, "FA5A10xxxxxxxxxxxx"));
}

/* What modems tell of their slots: numbers between others. */
static void test_slots(void)
{
    static const Row rows[] = {
        /* Two cards: one was read, the other one begins like it. */
        { "1023020200000001000000010A988842070001000010F802000000000000000"
          "00A988842070001800910F2",
          "1023020200000001000000010Axxxxxxxxxxxxxxxx10F802000000000000000"
          "00Axxxxxxxxxxxxxxxx10F2" },
        { "010A988842070001000010F8000A988842070001800910F2",
          "010Axxxxxxxxxxxxxxxx10F8000Axxxxxxxxxxxxxxxx10F2" },
        /* 20 digits: the state of the next slot is none of it. 18: two octets of it and what fills it. */
        { "010A98884207000180091032020000000000000000",
          "010Axxxxxxxxxxxxxxxx1032020000000000000000" },
        { "010A988842070001800910FF0200", "010Axxxxxxxxxxxxxxxx10FF0200" },
        /* No number that begins with 89, and both of an EID's orders. */
        { "010A214365870921436587F9", "010Axxxxxxxxxxxxxxxx87F9" },
        { "1310"
          "12345678901234567890123456789012"
          "AB",
          "1310xxxxxxxxxxxxxxxxxxxxxxxxxxxx9012AB" },
        { "131089049032000000000000000000000042AB", "1310xxxxxxxxxxxxxxxxxxxxxxxxxxxx0042AB" },
        { "1310"
          "98409423000000000000000000000024"
          "AB",
          "1310xxxxxxxxxxxxxxxxxxxxxxxxxxxx0024AB" },
        /* An IMEI behind its type, and one that is filled */
        { "1408"
          "3A65398360085390"
          "AB",
          "1408xxxxxxxxxxxx5390AB" },
        { "8208"
          "53960338060945F8"
          "AB",
          "8208xxxxxxxxxxxx45F8AB" },
    };

    check(rows, G_N_ELEMENTS(rows), numbers);
    /* Nor does it need one that is known. Only what follows differs. */
    check(rows + 1, G_N_ELEMENTS(rows) - 1, NULL);
}

/* A modem that says that its IMEI is 0 hides nothing. */
static void test_zero(void)
{
    static const char *const zero[] = { "000000000000000", NULL };
    static const Row rows[] = {
        { "010000000000000000000000000007", "010000000000000000000000000007" },
    };

    check(rows, G_N_ELEMENTS(rows), zero);
}

/* What is left alone. */
static void test_untouched(void)
{
    static const char *const texts[] = {
        "SELECT A0000005591010FFFFFFFF8900000100",
        "6F1A8410A0000005591010FFFFFFFF8900000100A506 9000",
        "QMI protocol error (82): 'AccessDenied'",
        "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1",
        "05c6:90b2",
        "011300800B010201000000070002040000000000",
        "2026-11-27 18:54:50",
        "6881",
        /* MBIM: slot info status, and rows of little-endian numbers with lengths that look like those above */
        "0000000007000000",
        "0100000005000000",
        "000000000000000",
        "1000000004000000010000000200000003000000",
        "0A0000000400000001000000020000000300",
        "19-digit 1234567890123456789",
        "89",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *with = mask_numbers(texts[i], numbers);
        g_autofree char *without = mask_numbers(texts[i], NULL);

        g_assert_cmpstr(with, ==, texts[i]);
        g_assert_cmpstr(without, ==, texts[i]);
    }
}

/* ---- names ---- */

static void test_names(void)
{
    static const char *const names[] = {
        "eim1.example.test:8443", "eim1.example.test", "acme", "2.25.7", "Größe's", NULL
    };
    static const Row rows[] = {
        { "asking eIM 'acme' for a package: POST to eim1.example.test:8443: refused",
          "asking eIM [eIM] for a package: POST to [eIM]: refused" },
        { "EIM1.example.TEST does not answer.", "[eIM] does not answer." },
        { "told by eim1.example.test.", "told by [eIM]." },
        { "(2.25.7)", "([eIM])" },
        { "Größe's answer", "[eIM] answer" },
        /* Those of an eIM that is on no card any more. */
        { "eIM 'gone' sent nothing, eIM 'it's' neither",
          "eIM [eIM] sent nothing, eIM [eIM] neither" },
        { "eIM 'never ends", "eIM [eIM]" },
        /* In a raw answer: EimConfigurationData with eimId and eimFqdn. */
        { "BF551F800461636D658116"
          "65696d312e6578616d706c652e74657374"
          "9000",
          "BF551F8004[eIM]8116[eIM]9000" },
        /* Parts of other words are none. */
        { "acmes, pacme, 12.25.7, 2.25.71, 2.25.7.1", "acmes, pacme, 12.25.7, 2.25.71, 2.25.7.1" },
        { "the modem answered 'AccessDenied'", "the modem answered 'AccessDenied'" },
        { "", "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *masked = mask_names(rows[i].text, names);

        g_assert_cmpstr(masked, ==, rows[i].masked);
    }
}

static void test_hosts(void)
{
    static const Row rows[] = {
        { "POST to eim.example.com:8443: no route", "POST to [host]:8443: no route" },
        { "Failed to connect to 192.0.2.17 port 443", "Failed to connect to [host] port 443" },
        { "POST to [2001:db8::17]:8443: ::1, fe80:0:0:0:1:2:3:4.",
          "POST to [[host]]:8443: [host], [host]." },
        { "see https://smdp.example/gsma/rsp2", "see https://[host]/gsma/rsp2" },
        { "it is for xn--bcher-kva.example.", "it is for [host]." },
    };
    static const char *const untouched[] = {
        "org.freedesktop.ModemManager1.Error.Core.Failed",
        "org.euiccd1.Error.Tls",
        "libmbim 1.28.2, SGP.32 section 3.1.2",
        "CA bundle /etc/ssl/certs/fleet.pem: no certificate",
        "at 18:54:50, 05c6:90b2, SW 6A82: no",
        "HTTP status 503...",
        "::",
        ":",
        ".",
        "",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *masked = mask_hosts(rows[i].text);

        g_assert_cmpstr(masked, ==, rows[i].masked);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(untouched); i++) {
        g_autofree char *masked = mask_hosts(untouched[i]);

        g_assert_cmpstr(masked, ==, untouched[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mask/known", test_known);
    g_test_add_func("/mask/unknown", test_unknown);
    g_test_add_func("/mask/slots", test_slots);
    g_test_add_func("/mask/zero", test_zero);
    g_test_add_func("/mask/untouched", test_untouched);
    g_test_add_func("/mask/names", test_names);
    g_test_add_func("/mask/hosts", test_hosts);
    return g_test_run();
}
