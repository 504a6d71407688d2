/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of eIMs as cards name them (I-31). */
#include "net/esipa.h"

#include "util/error.h"

static void expect_fqdn(const char *fqdn, const char *host, guint16 port)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;
    guint16 got_port = 0;

    g_assert_true(esipa_parse_fqdn(fqdn, &got, &got_port, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, host);
    g_assert_cmpuint(got_port, ==, port);
}

static void refuse_fqdn(const char *fqdn)
{
    g_autoptr(GError) error = NULL;
    char *host = (char *)"untouched";
    guint16 port = 7;

    if (esipa_parse_fqdn(fqdn, &host, &port, &error))
        g_error("'%s' was taken for host '%s'", fqdn, host);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_cmpstr(host, ==, "untouched");
    g_assert_cmpuint(port, ==, 7);
    for (const char *c = error->message; *c; c++)
        g_assert_true(g_ascii_isprint(*c));
}

static void test_fqdn(void)
{
    g_autofree char *label = g_strnfill(63, 'a');
    g_autofree char *longest = g_strdup_printf("%s.%s.%s.%.61s", label, label, label, label);
    g_autofree char *too_long = g_strconcat(longest, "a", NULL);

    expect_fqdn("eim.example.com", "eim.example.com", 443);
    expect_fqdn("eim.example.com:8443", "eim.example.com", 8443);
    expect_fqdn("eim.example.com.", "eim.example.com", 443);
    expect_fqdn("eim.example.com.:1", "eim.example.com", 1);
    expect_fqdn("Eim_1-x", "Eim_1-x", 443);
    expect_fqdn("192.0.2.1:65535", "192.0.2.1", 65535);
    expect_fqdn("[2001:db8::1]:8443", "2001:db8::1", 8443);
    expect_fqdn("[2001:db8::1]", "2001:db8::1", 443);
    expect_fqdn("2001:db8::1", "2001:db8::1", 443);
    expect_fqdn(longest, longest, 443);
    refuse_fqdn(too_long);
    refuse_fqdn("");
    refuse_fqdn(".");
    refuse_fqdn("..");
    refuse_fqdn(".example.com");
    refuse_fqdn("eim..example.com");
    refuse_fqdn("eim.example.com..");
    refuse_fqdn(":443");
    refuse_fqdn("eim:");
    refuse_fqdn("eim:0");
    refuse_fqdn("eim:\v1");
    refuse_fqdn("eim:65536");
    refuse_fqdn("eim:+1");
    refuse_fqdn("eim: 1");
    refuse_fqdn("eim:4 43");
    refuse_fqdn("eim:443:443");
    refuse_fqdn("https://eim.example.com");
    refuse_fqdn("eim.example.com/path");
    refuse_fqdn("user@eim.example.com");
    refuse_fqdn("eim.example.com?x");
    refuse_fqdn("eim.example.com#x");
    refuse_fqdn("eim example.com");
    refuse_fqdn("eim.example.com\r\nX-A: b");
    refuse_fqdn("eim\x01");
    refuse_fqdn("eim%2eexample.com");
    refuse_fqdn("e\xC3\xA9m.example.com");
    refuse_fqdn("[192.0.2.1]");
    refuse_fqdn("[2001:db8::1");
    refuse_fqdn("[2001:db8::1]x");
    refuse_fqdn("[fe80::1%eth0]");
    refuse_fqdn("fe80::1%eth0");
    refuse_fqdn("[]");
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/esipa/fqdn", test_fqdn);
    return g_test_run();
}
