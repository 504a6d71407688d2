/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/es10-rig.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* Functions by which the IPA changes the card, and those that tell what it may do. */

#define NO_CODE 4711 /* RET_CODE that nobody set */

/* ---- functions whose answer is a code ---- */

static gboolean rollback(Channel *channel, gboolean refresh, GCancellable *cancellable,
                         gint64 *ret_code, GError **error)
{
    g_autoptr(GBytes) result = NULL;

    return es10b_profile_rollback(channel, refresh, cancellable, &result, ret_code, error);
}

static gboolean enable_using_dd(Channel *channel, gboolean refresh G_GNUC_UNUSED,
                                GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    return es10b_enable_using_dd(channel, cancellable, ret_code, error);
}

static gboolean configure(Channel *channel, gboolean refresh G_GNUC_UNUSED,
                          GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    return es10b_configure_immediate_profile_enabling(channel, TRUE, NULL, NULL, cancellable,
                                                      ret_code, error);
}

static gboolean set_dp_es10b(Channel *channel, gboolean refresh G_GNUC_UNUSED,
                             GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    return es10b_set_default_dp_address(channel, "smdp.example.com", cancellable, ret_code, error);
}

static gboolean set_dp_es10a(Channel *channel, gboolean refresh G_GNUC_UNUSED,
                             GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    return es10a_set_default_dp_address(channel, "smdp.example.com", cancellable, ret_code, error);
}

typedef gboolean (*CodeCall)(Channel *channel, gboolean refresh, GCancellable *cancellable,
                             gint64 *ret_code, GError **error);

/* es10.md 4.2, 5.6 to 5.9: the request written by hand, the vectors, and every code that has a name. */
static const struct {
    const char *name;
    CodeCall call;
    const char *refresh, *no_refresh; /* hex */
    const char *vectors; /* prefix: …-req-refresh, …-req-norefresh, …-rsp-N-name */
    const char *codes;
    gboolean has_flag, is_long;
} functions[] = {
    { "ES10b.ProfileRollback", rollback, "BF58038001FF", "BF5803800100", "es10b-rollback",
      "0 1 5 7 127", TRUE, TRUE },
    { "ES10b.ImmediateEnable", es10b_immediate_enable, "BF5A038001FF", "BF5A03800100",
      "es10b-immediate-enable", "0 1 4 5 127", TRUE, TRUE },
    { "ES10b.EnableUsingDD", enable_using_dd, "BF5A00", "BF5A00", "es10b-immediate-enable",
      "0 1 4 5 127", FALSE, TRUE },
    { "ES10b.ConfigureImmediateProfileEnabling", configure, "BF59028000", "BF59028000",
      "es10b-config-immediate", "0 1 2 127", FALSE, FALSE },
    { "ES10b.ExecuteFallbackMechanism", es10b_execute_fallback_mechanism, "BF5D038001FF",
      "BF5D03800100", "es10b-execute-fallback", "0 2 5 6 7 104 127", TRUE, TRUE },
    { "ES10b.ReturnFromFallback", es10b_return_from_fallback, "BF5E038001FF", "BF5E03800100",
      "es10b-return-fallback", "0 5 6 7 127", TRUE, TRUE },
    { "ES10b.EnableEmergencyProfile", es10b_enable_emergency_profile, "BF5B038001FF",
      "BF5B03800100", "es10b-enable-emergency", "0 2 5 8 127", TRUE, TRUE },
    { "ES10b.DisableEmergencyProfile", es10b_disable_emergency_profile, "BF5C038001FF",
      "BF5C03800100", "es10b-disable-emergency", "0 2 5 8 127", TRUE, TRUE },
    { "ES10b.SetDefaultDpAddress", set_dp_es10b, "BF65128010736D64702E6578616D706C652E636F6D",
      "BF65128010736D64702E6578616D706C652E636F6D", "es10b-set-default-dp", "0 127", FALSE, FALSE },
    { "ES10a.SetDefaultDpAddress", set_dp_es10a, "BF3F128010736D64702E6578616D706C652E636F6D",
      "BF3F128010736D64702E6578616D706C652E636F6D", "es10a-set-default-dp", "0 127", FALSE, FALSE },
};

static void test_code_requests(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autofree char *ok = g_strdup_printf("%s-rsp-0-ok", functions[i].vectors);

        for (guint refresh = 0; refresh < 2; refresh++) {
            const char *request = refresh ? functions[i].refresh : functions[i].no_refresh;
            g_autofree char *name =
                g_strdup_printf("%s-req-%srefresh", functions[i].vectors, refresh ? "" : "no");
            g_autoptr(GError) error = NULL;
            gint64 code = NO_CODE;
            Rig rig;

            if (functions[i].has_flag)
                g_assert_cmpstr(request, ==, der(name));
            rig_start(&rig);
            expect_status(&rig, request, der(ok), refresh ? 0x910B : 0x9000);
            g_assert_true(functions[i].call(rig.channel, refresh, NULL, &code, &error));
            g_assert_no_error(error);
            g_assert_cmpint(code, ==, 0);
            g_assert_cmpint(channel_take_refresh_pending(rig.channel), ==, refresh);
            /* Nobody has to want the code. */
            expect(&rig, request, der(ok));
            g_assert_true(functions[i].call(rig.channel, refresh, NULL, NULL, &error));
            rig_stop(&rig);
        }
    }
}

static void test_code_refusals(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autofree char *prefix = g_strdup_printf("%s-rsp-", functions[i].vectors);
        g_autoptr(GPtrArray) names = family(prefix);
        g_auto(GStrv) codes = g_strsplit(functions[i].codes, " ", -1);
        guint n = 0;

        for (guint j = 0; j < names->len; j++) {
            const char *name = names->pdata[j];
            g_autofree char *text = NULL;
            g_autoptr(GError) error = NULL;
            gint64 code = NO_CODE, expected;
            char *rest;
            Rig rig;

            expected = g_ascii_strtoll(name + strlen(prefix), &rest, 10);
            if (*rest != '-') /* has more than a code in it */
                continue;
            n++;
            if (expected == 0)
                continue;
            rig_start(&rig);
            expect(&rig, functions[i].refresh, der(name));
            g_assert_false(functions[i].call(rig.channel, TRUE, NULL, &code, &error));
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
            text = g_strdup_printf("%s: the card answered %s (%" G_GINT64_FORMAT ")",
                                   functions[i].name, code_name(name), expected);
            g_assert_cmpstr(error->message, ==, text);
            g_assert_cmpint(code, ==, expected);
            rig_stop(&rig);
        }
        g_assert_cmpuint(n, ==, g_strv_length(codes));
    }
}

/* A code that the specification does not know is refused as well, with its number. */
static void test_code_unknown(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autofree char *answer =
            g_strdup_printf("%.4s03%s0142", functions[i].refresh,
                            g_str_equal(functions[i].vectors, "es10b-rollback") ? "02" : "80");
        g_autoptr(GError) error = NULL;
        gint64 code = NO_CODE;
        Rig rig;

        rig_start(&rig);
        expect(&rig, functions[i].refresh, answer);
        g_assert_false(functions[i].call(rig.channel, TRUE, NULL, &code, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
        g_assert_true(g_str_has_suffix(error->message, ": the card answered unknown (66)"));
        g_assert_cmpint(code, ==, 66);
        rig_stop(&rig);
    }
}

/* Not cancellable half-way: the card's answer, and with it what happened, would be lost. */
static void test_code_cancelled(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autofree char *ok = g_strdup_printf("%s-rsp-0-ok", functions[i].vectors);
        g_autoptr(GError) error = NULL;
        gint64 code = NO_CODE;
        Rig rig;

        /* Before: nothing is sent. */
        rig_start(&rig);
        g_cancellable_cancel(cancellable);
        g_assert_false(functions[i].call(rig.channel, TRUE, cancellable, &code, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
        g_assert_true(g_str_has_prefix(error->message, functions[i].name));
        g_assert_cmpint(code, ==, NO_CODE);
        g_clear_error(&error);

        /* Meanwhile: the command is not told. */
        g_cancellable_reset(cancellable);
        fake_backend_cancel(rig.fake, cancellable);
        expect(&rig, functions[i].refresh, der(ok));
        g_assert_true(functions[i].call(rig.channel, TRUE, cancellable, &code, &error));
        g_assert_true(g_cancellable_is_cancelled(cancellable));
        g_assert_cmpint(code, ==, 0);
        rig_stop(&rig);
    }
}

/* A profile change may take its time, the others not. */
static void test_code_deadline(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autofree char *ok = g_strdup_printf("%s-rsp-0-ok", functions[i].vectors);
        g_autoptr(GError) error = NULL;
        gint64 code = NO_CODE;
        Rig rig;

        rig_start(&rig);
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        rig.config->timeout = functions[i].is_long ? 0 : 3600;
        rig.config->long_timeout = functions[i].is_long ? 3600 : 0;
        expect(&rig, functions[i].refresh, der(ok));
        g_assert_true(functions[i].call(rig.channel, TRUE, NULL, &code, &error));
        g_assert_no_error(error);
        code = NO_CODE;
        rig.config->timeout = functions[i].is_long ? 3600 : 0;
        rig.config->long_timeout = functions[i].is_long ? 0 : 3600;
        g_assert_false(functions[i].call(rig.channel, TRUE, NULL, &code, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        g_assert_cmpint(code, ==, NO_CODE);
        rig_stop(&rig);
    }
}

/* ---- ProfileRollback ---- */

static void test_rollback_result(void)
{
    static const struct {
        const char *answer, *result; /* hex; NULL: none */
    } cases[] = {
        { "BF5803020100", NULL },
        { "BF5808020100BF5102A200", "BF5102A200" },
        { "BF5808BF5102A200020100", "BF5102A200" },         /* the other order */
        { "BF5809020100BF51033F0181", "BF51033F0181" },     /* nothing in it is looked at */
        { "BF580A020100BF518103A2013F", "BF518103A2013F" }, /* and no length is made minimal */
        { "BF580A0201009F210101BF5100", "BF5100" },         /* a field of a later version */
    };
    static const char *const bad[] = {
        "BF5800", "BF5805BF5102A200", "BF58020200", "BF5806020100BF5105", "BF5903020100",
    };
    const char *signed_one = der("es10b-rollback-rsp-ok");
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) result = NULL;
        g_autoptr(GError) error = NULL;

        expect(&rig, "BF58038001FF", cases[i].answer);
        g_assert_true(es10b_profile_rollback(rig.channel, TRUE, NULL, &result, NULL, &error));
        g_assert_no_error(error);
        if (cases[i].result) {
            g_autofree char *hex = bytes_gbytes_to_hex(result);

            g_assert_cmpstr(hex, ==, cases[i].result);
        } else {
            g_assert_null(result);
        }
    }
    {
        g_autoptr(GBytes) result = NULL;
        g_autofree char *hex = NULL;

        expect(&rig, "BF58038001FF", signed_one);
        g_assert_true(es10b_profile_rollback(rig.channel, TRUE, NULL, &result, NULL, NULL));
        hex = bytes_gbytes_to_hex(result);
        g_assert_cmpstr(hex, ==, strstr(signed_one, "BF51"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        GBytes *result = (GBytes *)&rig; /* stays as it is */
        g_autoptr(GError) error = NULL;
        gint64 code = NO_CODE;

        expect(&rig, "BF5803800100", bad[i]);
        g_assert_false(es10b_profile_rollback(rig.channel, FALSE, NULL, &result, &code, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_assert_true(result == (GBytes *)&rig);
        g_assert_cmpint(code, ==, NO_CODE);
    }
    rig_stop(&rig);
}

/* ---- configuration ---- */

static void test_configure(void)
{
    static const struct {
        gboolean enable;
        const char *oid, *address, *vector;
    } cases[] = {
        { FALSE, NULL, NULL, "es10b-config-immediate-req-off" },
        { TRUE, NULL, NULL, "es10b-config-immediate-req-flag" },
        { TRUE, "2.999.10", NULL, "es10b-config-immediate-req-oid" },
        { TRUE, NULL, "smdp.example.com", "es10b-config-immediate-req-address" },
        { TRUE, "2.23.146.1.99999.3", "smdp.example.com", "es10b-config-immediate-req-all" },
    };
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        expect(&rig, der(cases[i].vector), der("es10b-config-immediate-rsp-0-ok"));
        g_assert_true(es10b_configure_immediate_profile_enabling(
            rig.channel, cases[i].enable, cases[i].oid, cases[i].address, NULL, NULL, &error));
        g_assert_no_error(error);
    }
    g_assert_false(es10b_configure_immediate_profile_enabling(rig.channel, TRUE, "2.x", NULL, NULL,
                                                              NULL, &error));
    g_assert_true(g_str_has_prefix(error->message, "ES10b.ConfigureImmediateProfileEnabling: "));
    rig_stop(&rig);
}

static void test_default_dp(void)
{
    Rig rig;

    rig_start(&rig);
    expect(&rig, der("es10b-set-default-dp-req"), der("es10b-set-default-dp-rsp-0-ok"));
    g_assert_true(es10b_set_default_dp_address(rig.channel, "smdp.example.com", NULL, NULL, NULL));
    expect(&rig, der("es10b-set-default-dp-req-empty"), der("es10b-set-default-dp-rsp-0-ok"));
    g_assert_true(es10b_set_default_dp_address(rig.channel, "", NULL, NULL, NULL));
    expect(&rig, der("es10a-set-default-dp-req"), der("es10a-set-default-dp-rsp-0-ok"));
    g_assert_true(es10a_set_default_dp_address(rig.channel, "smdp.example.com", NULL, NULL, NULL));
    expect(&rig, der("es10a-set-default-dp-req-empty"), der("es10a-set-default-dp-rsp-0-ok"));
    g_assert_true(es10a_set_default_dp_address(rig.channel, "", NULL, NULL, NULL));
    rig_stop(&rig);
}

/* ---- eUICCMemoryReset ---- */

#define BIT(name)  (1u << RSP_RESET_OPTIONS_##name)
#define EVERYTHING 0x7Fu

static void test_reset_requests(void)
{
    static const struct {
        guint options;
        const char *vector, *v1_0; /* NULL: v1.0 has no such option */
    } cases[] = {
        { BIT(DELETE_OPERATIONAL_PROFILES), "bit0", "bit0" },
        { BIT(DELETE_FIELD_LOADED_TEST_PROFILES), "bit1", "bit1" },
        { BIT(RESET_DEFAULT_SMDP_ADDRESS), "bit2", "bit2" },
        { BIT(DELETE_PRE_LOADED_TEST_PROFILES), "bit3", NULL },
        { BIT(DELETE_PROVISIONING_PROFILES), "bit4", NULL },
        { BIT(RESET_EIM_CONFIG_DATA), "bit5", "bit3" },
        { BIT(RESET_IMMEDIATE_ENABLE_CONFIG), "bit6", "bit4" },
        { EVERYTHING, "all", NULL },
        { EVERYTHING & ~BIT(DELETE_PRE_LOADED_TEST_PROFILES) & ~BIT(DELETE_PROVISIONING_PROFILES),
          NULL, "all" },
    };
    static const char *const unknown[] = { "6A88", "6D00" };
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Es10bResetResults results = { NO_CODE, NO_CODE, NO_CODE };
        g_autoptr(GError) error = NULL;

        if (cases[i].vector) {
            g_autofree char *name = g_strdup_printf("es10b-memory-reset-req-%s", cases[i].vector);

            expect(&rig, der(name), "BF6409800100810100820100");
            g_assert_true(
                es10b_euicc_memory_reset(rig.channel, cases[i].options, NULL, &results, &error));
            g_assert_no_error(error);
            g_assert_cmpint(results.reset, ==, 0);
            g_assert_cmpint(results.reset_eim, ==, 0);
            g_assert_cmpint(results.reset_immediate_enable_config, ==, 0);
        }
        for (guint j = 0; j < G_N_ELEMENTS(unknown); j++) {
            g_assert_true(channel_open(rig.channel, NULL, NULL));
            fake_backend_expect(rig.fake, NULL, unknown[j]);
            if (cases[i].v1_0) {
                g_autofree char *name =
                    g_strdup_printf("es10b-memory-reset-v10-req-%s", cases[i].v1_0);

                expect(&rig, der(name), "BF3409020100810100820100");
                g_assert_true(
                    es10b_euicc_memory_reset(rig.channel, cases[i].options, NULL, NULL, &error));
                g_assert_no_error(error);
            } else {
                results.reset = NO_CODE;
                g_assert_false(es10b_euicc_memory_reset(rig.channel, cases[i].options, NULL,
                                                        &results, &error));
                g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
                g_assert_nonnull(strstr(error->message, i == 4 ? "deleteProvisioningProfiles"
                                                               : "deletePreLoadedTestProfiles"));
                g_assert_cmpint(results.reset, ==, NO_CODE);
                g_clear_error(&error);
            }
        }
    }
    expect(&rig, der("es10b-memory-reset-req-bits-0-5"), "BF6406800100810100");
    g_assert_true(es10b_euicc_memory_reset(
        rig.channel, BIT(DELETE_OPERATIONAL_PROFILES) | BIT(RESET_EIM_CONFIG_DATA), NULL, NULL,
        NULL));
    rig_stop(&rig);
}

/* Three results, each for itself. */
static void test_reset_answers(void)
{
    static const struct {
        guint options;
        const char *answer;
        gint64 reset, eim, immediate;
        const char *refused; /* NULL: success */
    } cases[] = {
        { 0x01, "BF6403800100", 0, -1, -1, NULL },
        { 0x01, "BF6403800101", 1, -1, -1, NULL }, /* nothing was there */
        { 0x01, "BF6403800105", 5, -1, -1, "resetResult catBusy (5)" },
        { 0x01, "BF6403800168", 104, -1, -1, "resetResult ecallActive (104)" },
        { 0x01, "BF640380017F", 127, -1, -1, "resetResult undefinedError (127)" },
        { 0x01, "BF6403800109", 9, -1, -1, "resetResult unknown (9)" },
        { 0x21, "BF6406800100810100", 0, 0, -1, NULL },
        { 0x21, "BF6406800100810101", 0, 1, -1, NULL },
        { 0x21, "BF6406800101810102", 1, 2, -1, "resetEimResult eimResetNotSupported (2)" },
        { 0x21, "BF640680010081017F", 0, 127, -1, "resetEimResult undefinedError (127)" },
        { 0x21, "BF6403800100", 0, -1, -1, "no resetEimResult" },
        { 0x41, "BF6406800100820100", 0, -1, 0, NULL },
        { 0x41, "BF6406800100820101", 0, -1, 1,
          "resetImmediateEnableConfigResult resetIECNotSupported (1)" },
        { 0x41, "BF640680010082017F", 0, -1, 127,
          "resetImmediateEnableConfigResult undefinedError (127)" },
        { 0x41, "BF6403800100", 0, -1, -1, "no resetImmediateEnableConfigResult" },
        { 0x7F, "BF6409800101810101820100", 1, 1, 0, NULL },
        { 0x7F, "BF6409800105810102820101", 5, 2, 1,
          "resetResult catBusy (5), resetEimResult eimResetNotSupported (2), "
          "resetImmediateEnableConfigResult resetIECNotSupported (1)" },
        /* Not asked for, but answered. */
        { 0x01, "BF6406800100810102", 0, 2, -1, "resetEimResult eimResetNotSupported (2)" },
    };
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Es10bResetResults results = { NO_CODE, NO_CODE, NO_CODE };
        g_autoptr(GBytes) answer = octets(cases[i].answer);
        g_autoptr(GError) error = NULL;
        gboolean ok;

        fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
        ok = es10b_euicc_memory_reset(rig.channel, cases[i].options, NULL, &results, &error);
        g_assert_cmpint(ok, ==, cases[i].refused == NULL);
        if (cases[i].refused) {
            g_autofree char *text =
                g_strconcat("ES10b.eUICCMemoryReset: the card answered ", cases[i].refused, NULL);

            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
            g_assert_cmpstr(error->message, ==, text);
        }
        g_assert_cmpint(results.reset, ==, cases[i].reset);
        g_assert_cmpint(results.reset_eim, ==, cases[i].eim);
        g_assert_cmpint(results.reset_immediate_enable_config, ==, cases[i].immediate);
    }
    rig_stop(&rig);
}

static void test_reset_vectors(void)
{
    g_autoptr(GPtrArray) names = family("es10b-memory-reset-rsp-");
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autoptr(GBytes) answer = octets(der(name));
        g_autoptr(GError) error = NULL;
        gboolean ok;

        fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
        ok = es10b_euicc_memory_reset(rig.channel, 0x01, NULL, NULL, &error);
        if (g_str_has_suffix(name, "-ok") || g_str_has_suffix(name, "-nothingToDelete") ||
            g_str_has_suffix(name, "-all")) {
            g_assert_no_error(error);
            g_assert_true(ok);
        } else {
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
            g_assert_nonnull(strstr(error->message, code_name(name)));
        }
    }
    rig_stop(&rig);
}

/* SGP.32 v1.0 (tag 02) and SGP.22 (tag 80, and no results of what it does not know). */
static void test_reset_v1_0(void)
{
    static const struct {
        guint options;
        const char *answer;
        gint64 reset, eim, immediate;
        gboolean ok;
    } cases[] = {
        { 0x01, "BF3403020100", 0, -1, -1, TRUE },
        { 0x61, "BF3409020101810100820101", 1, 0, 1, FALSE },
        { 0x61, "BF3409020101810100820100", 1, 0, 0, TRUE },
        { 0x01, "BF3403800100", 0, -1, -1, TRUE },
        { 0x21, "BF3403800100", 0, -1, -1, FALSE },
        { 0x01, "BF3403020105", 5, -1, -1, FALSE },
    };
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Es10bResetResults results = { NO_CODE, NO_CODE, NO_CODE };
        g_autoptr(GBytes) answer = octets(cases[i].answer);
        g_autoptr(GError) error = NULL;
        gboolean ok;

        fake_backend_expect(rig.fake, NULL, "6A88");
        fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
        ok = es10b_euicc_memory_reset(rig.channel, cases[i].options, NULL, &results, &error);
        g_assert_cmpint(ok, ==, cases[i].ok);
        if (!ok)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
        g_assert_cmpint(results.reset, ==, cases[i].reset);
        g_assert_cmpint(results.reset_eim, ==, cases[i].eim);
        g_assert_cmpint(results.reset_immediate_enable_config, ==, cases[i].immediate);
    }
    rig_stop(&rig);
}

/* Only a card that does not know the function is asked again: others may have begun. */
static void test_reset_no_second_try(void)
{
    static const char *const statuses[] = { "6A80", "6A86", "6A82", "6F00", "6581" };

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_backend_expect(rig.fake, NULL, statuses[i]);
        g_assert_false(es10b_euicc_memory_reset(rig.channel, 0x01, NULL, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
        g_assert_nonnull(strstr(error->message, statuses[i]));
        rig_stop(&rig);
    }
    {
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_backend_cancel(rig.fake, cancellable);
        expect(&rig, "BF640482020780", "BF6403800100");
        g_assert_true(es10b_euicc_memory_reset(rig.channel, 0x01, cancellable, NULL, &error));
        rig_stop(&rig);
    }
}

/* ---- all of them ---- */

static gboolean call_reset(Channel *channel, GError **error)
{
    return es10b_euicc_memory_reset(channel, 0x01, NULL, NULL, error);
}

#define CALL(name, function)                                                                       \
    static gboolean name(Channel *channel, GError **error)                                         \
    {                                                                                              \
        gint64 code = NO_CODE;                                                                     \
        gboolean ok = function(channel, TRUE, NULL, &code, error);                                 \
                                                                                                   \
        g_assert_cmpint(code, ==, NO_CODE);                                                        \
        return ok;                                                                                 \
    }

CALL(call_rollback, rollback)
CALL(call_immediate, es10b_immediate_enable)
CALL(call_dd, enable_using_dd)
CALL(call_configure, configure)
CALL(call_fallback, es10b_execute_fallback_mechanism)
CALL(call_return, es10b_return_from_fallback)
CALL(call_emergency, es10b_enable_emergency_profile)
CALL(call_emergency_end, es10b_disable_emergency_profile)
CALL(call_dp_es10b, set_dp_es10b)
CALL(call_dp_es10a, set_dp_es10a)

static const Es10Call calls[] = {
    { "ES10b.ProfileRollback", call_rollback },
    { "ES10b.ImmediateEnable", call_immediate },
    { "ES10b.EnableUsingDD", call_dd },
    { "ES10b.ConfigureImmediateProfileEnabling", call_configure },
    { "ES10b.ExecuteFallbackMechanism", call_fallback },
    { "ES10b.ReturnFromFallback", call_return },
    { "ES10b.EnableEmergencyProfile", call_emergency },
    { "ES10b.DisableEmergencyProfile", call_emergency_end },
    { "ES10b.SetDefaultDpAddress", call_dp_es10b },
    { "ES10a.SetDefaultDpAddress", call_dp_es10a },
    { "ES10b.eUICCMemoryReset", call_reset },
};

static void test_bad_answers(void)
{
    check_bad_answers(calls, G_N_ELEMENTS(calls));
}

static void test_status_words(void)
{
    check_status_words(calls, G_N_ELEMENTS(calls));
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors_load();
    g_test_add_func("/es10/control/bad-answers", test_bad_answers);
    g_test_add_func("/es10/control/status-words", test_status_words);
    g_test_add_func("/es10/control/requests", test_code_requests);
    g_test_add_func("/es10/control/refusals", test_code_refusals);
    g_test_add_func("/es10/control/unknown-codes", test_code_unknown);
    g_test_add_func("/es10/control/cancelled", test_code_cancelled);
    g_test_add_func("/es10/control/deadline", test_code_deadline);
    g_test_add_func("/es10/IPAD-RBK-60N/profile-rollback", test_rollback_result);
    g_test_add_func("/es10/configure-immediate-profile-enabling", test_configure);
    g_test_add_func("/es10/IPAD-PKG-62N/set-default-dp-address", test_default_dp);
    g_test_add_func("/es10/IPAD-RST-50N/requests", test_reset_requests);
    g_test_add_func("/es10/IPAD-RST-51E/answers", test_reset_answers);
    g_test_add_func("/es10/euicc-memory-reset/vectors", test_reset_vectors);
    g_test_add_func("/es10/IPAD-RST-52N/v1.0", test_reset_v1_0);
    g_test_add_func("/es10/euicc-memory-reset/no-second-try", test_reset_no_second_try);
    result = g_test_run();
    vectors_unload();
    return result;
}
