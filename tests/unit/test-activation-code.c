/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Activation codes (SGP.22 4.1), with the list of identifiers.json. */
#include "rsp/activation_code.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "util/error.h"

static RspActivationCode *parse(const char *text, GError **error)
{
    return rsp_activation_code_parse(tlv_slice(text, strlen(text)), error);
}

static const char *member(JsonObject *entry, const char *name)
{
    return json_object_has_member(entry, name) && !json_object_get_null_member(entry, name)
               ? json_object_get_string_member(entry, name)
               : NULL;
}

/* No word of the code in a message: TEXT is what could be secret in it. */
static void assert_silent(const GError *error, const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, "$ \t\r\n:", -1);

    g_assert_true(g_str_has_prefix(error->message, "activation code: "));
    for (guint i = 0; words[i]; i++)
        if (strlen(words[i]) > 3 && strstr(error->message, words[i]))
            g_error("'%s' tells '%s'", error->message, words[i]);
}

static void test_vectors(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "identifiers.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    guint n[2] = { 0, 0 };
    JsonArray *list;

    g_assert_true(json_parser_load_from_file(parser, path, NULL));
    list = json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)),
                                        "activation_code");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        const char *input = json_object_get_string_member(entry, "input");
        gboolean ok = json_object_get_boolean_member(entry, "ok");
        g_autoptr(GError) error = NULL;
        g_autoptr(RspActivationCode) code = parse(input, &error);

        n[ok]++;
        /* Its NUL does not survive the parser; it stands in test_refusals(). */
        if (g_strcmp0(member(entry, "why"), "NUL") == 0)
            continue;
        if (!ok) {
            if (code)
                g_error("'%s' was taken", input);
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
            assert_silent(error, input);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(code->address, ==, member(entry, "address"));
        g_assert_cmpstr(code->host, ==, member(entry, "address"));
        g_assert_cmpuint(code->port, ==, 443);
        g_assert_cmpstr(code->token, ==, member(entry, "token"));
        g_assert_cmpstr(code->oid, ==, member(entry, "oid"));
        g_assert_cmpint(code->confirmation_code, ==,
                        json_object_get_boolean_member(entry, "cc_required"));
    }
    g_assert_cmpuint(n[TRUE], >=, 25);
    g_assert_cmpuint(n[FALSE], >=, 25);
}

static void refuse(const char *text, gsize size, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RspActivationCode) code = rsp_activation_code_parse(tlv_slice(text, size), &error);

    g_assert_null(code);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
    if (!strstr(error->message, words))
        g_error("'%s' does not say '%s'", error->message, words);
}
#define REFUSE(text, words) refuse(text, strlen(text), words)

static void test_refusals(void)
{
    g_autofree char *longest = g_strnfill(255 - 4, 'A');
    g_autofree char *fits = g_strconcat("LPA:1$h$", longest, NULL);
    g_autofree char *too_long = g_strconcat("1$h$", longest, "A", NULL);
    g_autoptr(RspActivationCode) code = parse(fits, NULL);

    g_assert_nonnull(code); /* the prefix is no part of the code */
    REFUSE(too_long, "longer than 255");
    refuse(NULL, 0, "empty");
    REFUSE(" \n", "empty");
    refuse("1$smdp.example.com\0$TOKEN", 25, "control characters");
    REFUSE("1$smdp.example.com$T\x7F", "control characters");
    REFUSE("2$smdp.example.com$T", "format 1");
    REFUSE("1$$T", "no address");
    REFUSE("1$smdp.example.com:0$T", "no host name");
    REFUSE("1$smdp..com$T", "no host name");
    REFUSE("1$smdp-.example.com$T", "no host name");
    REFUSE("1$smdp.-example.com$T", "no host name");
    REFUSE("1$smdp.example-$T", "no host name");
    REFUSE("1$smdp.example.com", "no token");
    REFUSE("1$smdp.example.com$T_1", "other characters");
    REFUSE("1$smdp.example.com$T$2", "object identifier");
    REFUSE("1$smdp.example.com$T$2.999.010", "object identifier");
}

/* What the list leaves open: our reading. */
static void test_readings(void)
{
    static const struct {
        const char *text, *address, *host;
        guint16 port;
    } addresses[] = {
        /* A port is no part of an FQDN, but test SM-DP+ have one (I-31). */
        { "1$smdp.example.com:8443$T", "smdp.example.com:8443", "smdp.example.com", 8443 },
        { "1$smdp.example.com.$T", "smdp.example.com.", "smdp.example.com", 443 },
        { "1$127.0.0.1$T", "127.0.0.1", "127.0.0.1", 443 },
        { "1$[2001:db8::1]:44$T", "[2001:db8::1]:44", "2001:db8::1", 44 },
    };
    g_autoptr(RspActivationCode) flag = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(RspActivationCode) code = parse(addresses[i].text, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(code->address, ==, addresses[i].address);
        g_assert_cmpstr(code->host, ==, addresses[i].host);
        g_assert_cmpuint(code->port, ==, addresses[i].port);
    }
    /* Another flag than 1: the SM-DP+ says in smdpSigned2 whether it wants a code. */
    flag = parse("1$smdp.example.com$T$$Y", NULL);
    g_assert_nonnull(flag);
    g_assert_false(flag->confirmation_code);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/activation-code/vectors", test_vectors);
    g_test_add_func("/activation-code/refusals", test_refusals);
    g_test_add_func("/activation-code/readings", test_readings);
    return g_test_run();
}
