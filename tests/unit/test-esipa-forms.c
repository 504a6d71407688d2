/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ESipa requests and answers of both dialects, written from the tables of the specification (SGP.32 6.3.2.6, 6.3.2.7,
 * 6.3.2.4) and of the interpretation notes beside the code, where the vectors have no such combination. */
#include "unit/esipa-rig.h"

#include <signal.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

#define EID_FIELD "5A1089049032123451234512345678901235"

static const EsipaDialect dialects[] = { ESIPA_DIALECT_V1_2, ESIPA_DIALECT_V1_0 };

/* An object with CONTENT (hex, up to 127 octets). */
static char *object(const char *tag, const char *content)
{
    g_assert_cmpuint(strlen(content) / 2, <, 0x80);
    return g_strdup_printf("%s%02X%s", tag, (guint)strlen(content) / 2, content);
}

/* ---- GetEimPackage: every cause, with and without rPLMN, in each dialect ---- */

static void check_get_package(World *world, EsipaDialect dialect, gboolean notify, gint cause,
                              gboolean with_plmn)
{
    static const guint8 plmn[] = { 0x00, 0xF1, 0x10 };
    EsipaGetPackageOptions options = {
        .notify_state_change = notify,
        .state_change_cause = cause,
        .rplmn = with_plmn ? plmn : NULL,
    };
    gboolean is_v1_0 = dialect == ESIPA_DIALECT_V1_0;
    g_autofree char *cause_field =
        notify && cause >= 0 && !is_v1_0 ? g_strdup_printf("8101%02X", (guint)cause) : g_strdup("");
    g_autofree char *content =
        g_strconcat(EID_FIELD, notify ? "8000" : "", cause_field,
                    with_plmn ? is_v1_0 ? "810300F110" : "820300F110" : "", NULL);
    g_autofree char *request = object("BF4F", content);
    g_autoptr(EsipaPackage) package = NULL;
    g_autoptr(GError) error = NULL;

    will_answer(world, 200, "BF4F03020101");
    package = esipa_get_eim_package(world->client, &options, NULL, &error);
    g_assert_no_error(error);
    assert_sent(world, request);
}

static void test_get_package(void)
{
    static const gint causes[] = { -1, 0, 1, 2, 3, 4, 5, 6, 127 };

    for (guint d = 0; d < G_N_ELEMENTS(dialects); d++) {
        g_auto(World) world;

        world_init(&world, dialects[d], vector_eid);
        for (guint i = 0; i < G_N_ELEMENTS(causes); i++) {
            for (guint form = 0; form < 4; form++)
                check_get_package(&world, dialects[d], form & 1, causes[i], form >> 1);
        }
        g_assert_cmpuint(world.n_answers, ==, 4 * G_N_ELEMENTS(causes));
    }
}

/* ---- ProvideEimPackageResult ---- */

#define RESULT "BF5108A20680016184010A"
#define PIR    "BF3703800107"
#define OTHER  "3003800108"

static void test_provide_result(void)
{
    static const struct {
        EsipaDialect dialect;
        const char *result, *notifications; /* hex, blank between; "": an empty list */
        const char *content;                /* of BF50 */
    } cases[] = {
        { ESIPA_DIALECT_V1_2, RESULT, NULL, EID_FIELD RESULT },
        { ESIPA_DIALECT_V1_0, RESULT, NULL, RESULT },
        /* An empty list of notifications is not sent. */
        { ESIPA_DIALECT_V1_2, RESULT, "", EID_FIELD RESULT },
        { ESIPA_DIALECT_V1_0, RESULT, "", RESULT },
        { ESIPA_DIALECT_V1_2, RESULT, PIR, EID_FIELD "3013" RESULT "A006" PIR },
        { ESIPA_DIALECT_V1_0, RESULT, PIR, "3016" RESULT "BF2B08A006" PIR },
        { ESIPA_DIALECT_V1_2, RESULT, PIR " " OTHER, EID_FIELD "3018" RESULT "A00B" PIR OTHER },
        { ESIPA_DIALECT_V1_0, RESULT, PIR " " OTHER, "301B" RESULT "BF2B0DA00B" PIR OTHER },
        /* Only an EuiccPackageResult can have any with it. */
        { ESIPA_DIALECT_V1_2, "BF5405300380017F", PIR, EID_FIELD "BF5405300380017F" },
        { ESIPA_DIALECT_V1_0, "BF52028000", PIR, "BF52028000" },
        /* What the card gave, as it gave it: lengths in the long form, the arm's tag missing. */
        { ESIPA_DIALECT_V1_2, "BF51820003020105", NULL, EID_FIELD "BF51820003020105" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *request = object("BF50", cases[i].content);
        g_autoptr(GPtrArray) notifications = NULL;
        g_autoptr(GBytes) result = hex(cases[i].result);
        g_autoptr(EsipaResultAnswer) answer = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        world_init(&world, cases[i].dialect, vector_eid);
        if (cases[i].notifications) {
            g_auto(GStrv) parts = g_strsplit(cases[i].notifications, " ", -1);

            notifications = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
            for (guint k = 0; parts[k] && *parts[k]; k++)
                g_ptr_array_add(notifications, hex(parts[k]));
        }
        will_answer(&world, 200, "BF50023000");
        answer = esipa_provide_result(world.client, result, notifications, NULL, &error);
        g_assert_no_error(error);
        assert_sent(&world, request);
    }
}

static void test_provide_error(void)
{
    static const struct {
        EsipaDialect dialect;
        EsipaResultError code;
        const char *transaction; /* NULL: none */
        const char *content;
    } cases[] = {
        { ESIPA_DIALECT_V1_2, ESIPA_RESULT_INVALID_PACKAGE_FORMAT, NULL, EID_FIELD "A003020101" },
        { ESIPA_DIALECT_V1_2, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, EID_FIELD "A003020102" },
        { ESIPA_DIALECT_V1_2, ESIPA_RESULT_UNDEFINED_ERROR, NULL, EID_FIELD "A00302017F" },
        { ESIPA_DIALECT_V1_2, ESIPA_RESULT_INVALID_PACKAGE_FORMAT, "A1",
          EID_FIELD "A0068001A1020101" },
        { ESIPA_DIALECT_V1_2, ESIPA_RESULT_UNKNOWN_PACKAGE, "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0",
          EID_FIELD "A0158010A1A2A3A4A5A6A7A8A9AAABACADAEAFB0020102" },
        { ESIPA_DIALECT_V1_2, ESIPA_RESULT_UNDEFINED_ERROR, "00", EID_FIELD "A00680010002017F" },
        /* v1.0 has no place for the transaction. */
        { ESIPA_DIALECT_V1_0, ESIPA_RESULT_INVALID_PACKAGE_FORMAT, NULL, "020101" },
        { ESIPA_DIALECT_V1_0, ESIPA_RESULT_UNKNOWN_PACKAGE, "A1", "020102" },
        { ESIPA_DIALECT_V1_0, ESIPA_RESULT_UNDEFINED_ERROR, "A1A2", "02017F" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *request = object("BF50", cases[i].content);
        g_autoptr(GBytes) transaction = cases[i].transaction ? hex(cases[i].transaction) : NULL;
        g_autoptr(EsipaResultAnswer) answer = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        world_init(&world, cases[i].dialect, vector_eid);
        will_answer(&world, 200, "BF5000");
        answer = esipa_provide_error(world.client, cases[i].code, transaction, NULL, &error);
        g_assert_no_error(error);
        assert_sent(&world, request);
    }
}

/* ---- HandleNotification: the same in each dialect ---- */

static void test_handle_notification(void)
{
    static const char *const notifications[] = { PIR, OTHER, "BF3781030201", "A003800107" };

    for (guint d = 0; d < G_N_ELEMENTS(dialects); d++) {
        g_auto(World) world;

        world_init(&world, dialects[d], vector_eid);
        for (guint i = 0; i < G_N_ELEMENTS(notifications); i++) {
            g_autofree char *arm = object("A0", notifications[i]);
            g_autofree char *request = object("BF3D", arm);
            g_autoptr(GBytes) notification = hex(notifications[i]);
            g_autoptr(GError) error = NULL;

            will_answer(&world, 204, "");
            g_assert_true(esipa_handle_notification(world.client, notification, NULL, &error));
            g_assert_no_error(error);
            assert_sent(&world, request);
        }
    }
}

/* ---- answers ---- */

/* I-21, and the outer tag twice (SGP.32 6.3.2.7). */
static void test_result_answers(void)
{
    static const struct {
        const char *body;
        const char
            *acknowledged; /* blank between; NULL: accepted without BF53; "!…": refused, words */
    } cases[] = {
        { "", NULL },
        { "BF5000", NULL },
        { "BF50023000", NULL },
        { "BF5003BF5300", "" },
        { "BF5006BF5303800105", "5" },
        { "BF5009BF5306800100800106", "0 6" },
        { "BF500BBF53088002008080027FFF", "128 32767" },
        { "BF500ABF530780050100000000", "4294967296" },
        { "BF500CBF5009BF5306800105800106", "5 6" },
        { "BF5005BF50023000", NULL },
        { "BF508109BF5381058003000007", "7" }, /* neither lengths nor numbers are minimal */
        { "BF5009BF5306800105810101", "5" },   /* something more in the list */
        { "BF5009BF53038001059F2101", "!" },   /* one octet is missing */
        { "BF500ABF53038001059F210100", "5" }, /* something more beside it */
        { "BF5003020102", "!eidNotFound (2)" },
        { "BF5003020103", "!invalidEid (3)" },
        { "BF5003020104", "!missingEid (4)" },
        { "BF500302017F", "!undefinedError (127)" },
        { "BF5004020200FF", "!(255)" },
        { "BF5003020101", "!(1)" },
        { "BF50020200", "!" },
        { "BF5002BF53", "!" },
        { "BF5004BF530180", "!" },
        { "BF5005BF53028000", "!" },
        { "BF5003800101", "!unknown alternative 80" },
        { "BF5008BF53038001053000", "!two alternatives" },
        { "BF4F03020101", "!" },
        { "3000", "!" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) body = hex(cases[i].body);
        g_autoptr(GError) error = NULL;
        g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(body, &error);
        g_autoptr(GString) numbers = g_string_new(NULL);

        g_test_message("%s", cases[i].body);
        if (cases[i].acknowledged && cases[i].acknowledged[0] == '!') {
            g_assert_null(answer);
            g_assert_nonnull(strstr(error->message, cases[i].acknowledged + 1));
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpint(answer->has_acknowledgements, ==, cases[i].acknowledged != NULL);
        for (guint k = 0; k < answer->acknowledged->len; k++)
            g_string_append_printf(numbers, "%s%" G_GINT64_FORMAT, k > 0 ? " " : "",
                                   g_array_index(answer->acknowledged, gint64, k));
        g_assert_cmpstr(numbers->str, ==, cases[i].acknowledged ? cases[i].acknowledged : "");
    }
}

/* I-20 (SGP.32 6.3.2.6). */
static void test_package_answers(void)
{
    static const struct {
        const char *body;
        gint kind; /* -1: refused */
        const char *words;
    } cases[] = {
        { "", ESIPA_PACKAGE_NONE, "empty HTTP body" },
        { "BF4F00", ESIPA_PACKAGE_NONE, "empty answer" },
        { "BF4F03020101", ESIPA_PACKAGE_NONE, NULL },
        { "BF4F06BF4F03020101", ESIPA_PACKAGE_NONE, NULL },
        { "BF4F0402020001", ESIPA_PACKAGE_NONE, NULL }, /* not minimal */
        { "BF4F03020102", -1, "eidNotFound (2)" },
        { "BF4F03020103", -1, "invalidEid (3)" },
        { "BF4F03020104", -1, "missingEid (4)" },
        { "BF4F0302017F", -1, "undefinedError (127)" },
        { "BF4F03020105", -1, "(5)" },
        { "BF4F07BF52045C02A081", ESIPA_PACKAGE_DATA_REQUEST, NULL },
        { "BF4F03BF5400", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, NULL },
        { "BF4F03BF7F00", ESIPA_PACKAGE_UNKNOWN, "BF7F" },
        { "BF4F03BF5100", ESIPA_PACKAGE_UNUSABLE, "" },
        { "BF4F03BF5200", ESIPA_PACKAGE_UNUSABLE, "tagList" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) body = hex(cases[i].body);
        g_autoptr(GError) error = NULL;
        g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);
        const char *words = package ? package->why : error->message;

        g_test_message("%s", cases[i].body);
        g_assert_cmpint(package ? (gint)package->kind : -1, ==, cases[i].kind);
        if (cases[i].words)
            g_assert_nonnull(strstr(words, cases[i].words));
        else
            g_assert_null(words);
    }
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/esipa-forms/IPAD-POLL-66N/get-package", test_get_package);
    g_test_add_func("/esipa-forms/IPAD-PKG-61N/IPAD-PKG-72N/provide-result", test_provide_result);
    g_test_add_func("/esipa-forms/IPAD-POLL-61E/provide-error", test_provide_error);
    g_test_add_func("/esipa-forms/handle-notification", test_handle_notification);
    g_test_add_func("/esipa-forms/IPAD-PKG-66N/result-answers", test_result_answers);
    g_test_add_func("/esipa-forms/IPAD-POLL-62N/package-answers", test_package_answers);
    return g_test_run();
}
