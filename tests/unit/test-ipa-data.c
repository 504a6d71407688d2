/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world.h"

/*
 * eUICC data for an eIM (SGP.32 2.11.1.2, 2.11.2.2, 3.1.2.3; interop notes I-05, I-18, I-24): area DATA of
 * the conformance catalogue. What is expected is written from the tables of the specification.
 */

#define TID  "8302A1B2" /* eimTransactionId of the requests */
#define ECHO "8702A1B2"

/* A ProfileInstallationResult with seqNumber 7. */
#define PIR                                                                                        \
    "BF3781A6BF27608010A1A2A3A4A5A6A7A8A9AAABACADAEAFB0BF2F25800107810207800C10736D64"             \
    "702E6578616D706C652E636F6D5A0A980010103254769810F2060388370AA21FA01D4F10A0000005"             \
    "591010FFFFFFFF890000110004093007A00530038001005F374073A391178DF9B0EB0F4BD4719A04"             \
    "CBDCFDDFF2316335B662290840B472DCE1912A2263B1BBD80CFF0F4F19379D2633CBCD9BD9891035"             \
    "C7DF37551D94659394B3"

/* The EUICCInfo2 of the world's card. */
#define INFO2                                                                                      \
    "BF2278810302030182030205008303010203840F8101028204000300008304000020008505006A"               \
    "029281880203C8A916041482F2D4C9E9641E247FF3B7B6862D6DA3359F32DDAA16041482F2D4C9"               \
    "E9641E247FF3B7B6862D6DA3359F32DD04030100000C0A45582D55502D30303031900100B407A0"               \
    "050403010200"

typedef struct {
    World *world;
    IpaSession *session;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world = world_new();
    f->world->notifications = PIR;
    f->world->imei = "352906112345678";
    f->session = world_start(f->world, NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    ipa_session_free(f->session);
    world_free(f->world);
}

/* Content octets in hex, under TAG. */
static char *wrap(const char *tag, const char *content)
{
    g_autoptr(GBytes) inner = world_hex(content);
    g_autoptr(GBytes) tag_octets = world_hex(tag);
    const guint8 *octets = g_bytes_get_data(tag_octets, NULL);
    guint8 header[8];
    guint32 number = 0;
    gsize size;
    g_autofree char *head = NULL;

    for (gsize i = 0; i < g_bytes_get_size(tag_octets); i++)
        number = number << 8 | octets[i];
    size = tlv_make_header(number, g_bytes_get_size(inner), header);
    head = bytes_to_hex(header, size);
    return g_strconcat(head, content, NULL);
}

/* The data object ("A0" and what is in it, or an error) in BF52. */
static char *response(const char *content)
{
    g_autofree char *inner = wrap("A0", content);

    return wrap("BF52", inner);
}

/* IpaEuiccDataRequest with TAGS in its list, and more fields after it. */
static Package *ask(Fixture *f, const char *tags, const char *more)
{
    g_autofree char *list = wrap("5C", tags);
    g_autofree char *content = g_strconcat(list, more, NULL);
    g_autofree char *request = wrap("BF52", content);

    return world_add_package(f->world, "a", ESIPA_PACKAGE_DATA_REQUEST, request);
}

static const char *last_answer(Fixture *f, char **ret_hex)
{
    GPtrArray *taken = world_eim(f->world, "a")->taken;

    g_assert_cmpuint(taken->len, >, 0);
    *ret_hex = bytes_gbytes_to_hex(taken->pdata[taken->len - 1]);
    return *ret_hex;
}

static void assert_answer(Fixture *f, const char *tags, const char *more, const char *expected)
{
    g_autofree char *answer = NULL;
    guint before = world_eim(f->world, "a")->taken->len;

    ask(f, tags, more);
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(world_eim(f->world, "a")->taken->len, ==, before + 1);
    g_assert_cmpstr(last_answer(f, &answer), ==, expected);
    g_assert_cmpuint(f->world->disk->len, ==, 0);
}

/* ---- objects (SGP.32 2.11.2.2) ---- */

/* IPAD-DATA-01N: each object alone, byte for byte. */
static void test_each(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *tag, *content;
    } cases[] = {
        { "A0", "A081AA" PIR },
        { "81", "8103642E70" },
        { "A2", "A200" },
        { "BF20", WORLD_INFO1 },
        { "BF22", INFO2 },
        { "83", "8303612E62" },
        { "84", "" }, /* no token is configured: the field is absent (I-11) */
        { "A5", "A5043002AABB" },
        { "A6", "A6043002CCDD" },
        { "87", "" },
        /* Downloads are not allowed; packages are retrieved over HTTPS. */
        { "A8", "A80780010081020780" },
        { "A9", "A912800453926011A1008208539260113254768F" },
    };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *content = NULL;
        g_autofree char *expected = NULL;

        /* eimTransactionId stands before the capabilities and the device information. */
        if (g_str_equal(cases[i].tag, "A8") || g_str_equal(cases[i].tag, "A9"))
            content = g_strconcat(ECHO, cases[i].content, NULL);
        else
            content = g_strconcat(cases[i].content, ECHO, NULL);
        expected = response(content);
        assert_answer(f, cases[i].tag, TID, expected);
    }
}

/* IPAD-DATA-02N: all of them, whatever order the list has, in that of IpaEuiccData. */
static void test_all(Fixture *f, gconstpointer data)
{
    g_autofree char *expected = response("A081AA" PIR "8103642E70"
                                         "A200" WORLD_INFO1 INFO2 "8303612E62"
                                         "A5043002AABB"
                                         "A6043002CCDD" ECHO "A80780010081020780"
                                         "A912800453926011A1008208539260113254768F");

    (void)data;
    assert_answer(f, "A9A8A6A58483BF22BF20A281A0", TID, expected);
    assert_answer(f, "A081A2BF20BF228384A5A687A8A9", TID, expected);
}

/* What the eUICC, the association or the modem does not have is left out (IPAD-DATA-03N). */
static void test_missing(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->no_default_smdp = TRUE;
    f->world->imei = NULL;
    f->world->notifications = NULL;
    assert_answer(f, "81", "", "BF5202A000");
    assert_answer(f, "8384A9", "", "BF5207A0058303612E62");
    assert_answer(f, "A0", "", "BF5204A002A000");
    assert_answer(f, "", TID, "BF5206A0048702A1B2"); /* nothing asked for */
}

/* ---- errors ---- */

/* IPAD-DATA-04E, I-24: one tag that is none of IpaEuiccData makes the whole request incorrect. */
static void test_incorrect_tags(Fixture *f, gconstpointer data)
{
    static const char *const lists[] = {
        "5A", "BF2D",   "BF205A", "BF2B", "80",   "88",
        "BF", "BF20BF", "BF8120", "00",   "9F70", "BF208581",
    };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        assert_answer(f, lists[i], TID, "BF5209A1078002A1B2020101");
    assert_answer(f, "5A", "", "BF5205A103020101"); /* nothing to echo */
}

/* IPAD-DATA-05E: while the Emergency Profile is enabled. */
static void test_ecall(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->emergency = TRUE;
    ipa_session_free(f->session);
    f->session = world_start(f->world, NULL);
    assert_answer(f, "BF20", TID, "BF5209A1078002A1B2020168");
}

/* The card's word on it: undefinedError for the eIM; the round goes on. */
static void test_card_refuses(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->data_fails = EUICCD_ERROR_CARD_REFUSED;
    assert_answer(f, "BF2081", TID, "BF5209A1078002A1B202017F");
    g_assert_true(world_has_event(f->world,
                                  "a: eUICC data request answered undefinedError: reading "
                                  "EUICCInfo1 for an eIM: no data"));
}

/* The modem goes: the eIM gets its answer, and the job fails. */
static void test_modem_goes(Fixture *f, gconstpointer data)
{
    g_autofree char *answer = NULL;

    (void)data;
    f->world->data_fails = EUICCD_ERROR_MODEM_GONE;
    ask(f, "BF20", TID);
    world_assert_poll_fails(f->session, EUICCD_ERROR_MODEM_GONE,
                            "reading EUICCInfo1 for an eIM: no data");
    g_assert_cmpstr(last_answer(f, &answer), ==, "BF5209A1078002A1B202017F");
    g_assert_cmpuint(f->world->disk->len, ==, 0);
}

/* 6985: the card is reset and asked again (I-35). */
static void test_recovery(Fixture *f, gconstpointer data)
{
    g_autofree char *expected = response(WORLD_INFO1);

    (void)data;
    f->world->wants_reset = TRUE;
    assert_answer(f, "BF20", "", expected);
    world_assert_calls(f->world, "get a; save 1 executing; info1; reset; info1; save 1 executed; "
                                 "provide a other; drop 1; get a");
}

/* Nothing can be kept: the eIM is told at once. */
static void test_disk_full(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->disk_full = TRUE;
    ask(f, "BF20", TID);
    world_assert_poll_fails(f->session, EUICCD_ERROR_STORAGE,
                            "noting a package before it is executed: no space left");
    world_assert_calls(f->world, "get a; save 1 executing; error 127 a 6101");
}

/* ---- the key (IPAD-DATA-06N) ---- */

static void test_key(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *field, *call;
    } cases[] = {
        { "0414" WORLD_CI_PK_ID, "info1; certs " WORLD_CI_PK_ID },
        { "040482F2D4C9", "info1; certs " WORLD_CI_PK_ID }, /* truncated */
        { "040182", "info1; certs " WORLD_CI_PK_ID },
        { "", "certs -" },
    };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *calls = NULL;
        g_autofree char *part = g_strdup_printf("executing; %s; save", cases[i].call);

        assert_answer(f, "A6", cases[i].field, "BF5208A006A6043002CCDD");
        calls = world_take_calls(f->world);
        g_assert_nonnull(strstr(calls, part));
    }
    /* None of the card's signing keys begins so, or is longer. */
    assert_answer(f, "A6", "040482F2D4CA" TID, "BF5209A1078002A1B2020105");
    assert_answer(f, "BF22", "0401FF", "BF5205A103020105");
    assert_answer(f, "A6", "0415" WORLD_CI_PK_ID "00", "BF5205A103020105");
}

/* ---- search criteria (IPAD-DATA-07N) ---- */

static void test_search(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *criteria, *call;
    } cases[] = {
        { "A103800109", "notifications 2 9" },
        { "A104800200C8", "notifications 2 200" },
        { "A10481020560", "notifications 3 6" }, /* enable and disable: bits 1 and 2 */
        { "A10481020780", "notifications 3 1" },
    };

    (void)data;
    g_assert_cmpint(ES10B_LIST_BY_NUMBER, ==, 2);
    g_assert_cmpint(ES10B_LIST_BY_EVENT, ==, 3);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *calls = NULL;

        ask(f, "A0", cases[i].criteria);
        world_assert_poll_ok(f->session, "a", 1);
        calls = world_take_calls(f->world);
        g_assert_nonnull(strstr(calls, cases[i].call));
    }
}

static char *result_list(Fixture *f, const char *criteria)
{
    char *answer;

    ask(f, "A2", criteria);
    world_assert_poll_ok(f->session, "a", 1);
    last_answer(f, &answer);
    return answer;
}

static void test_search_results(Fixture *f, gconstpointer data)
{
    g_autofree char *both = NULL, *one = NULL, *none = NULL;

    (void)data;
    world_store_result(f->world, "b", 5, "B1");
    world_store_result(f->world, "b", 6, "B2");
    both = result_list(f, "");
    one = result_list(f, "A203800116"); /* number 22 */
    none = result_list(f, "A203800163");
    g_assert_nonnull(strstr(both, "830115"));
    g_assert_nonnull(strstr(both, "830116"));
    g_assert_null(strstr(one, "830115"));
    g_assert_nonnull(strstr(one, "830116"));
    g_assert_cmpstr(none, ==, "BF5204A002A200");
}

/* ---- acknowledgements (IPAD-DATA-08N, I-22) ---- */

static void acknowledges(Fixture *f, gint64 number)
{
    FakeEim *eim = world_eim(f->world, "a");

    g_array_append_val(eim->acknowledged, number);
    eim->mood = EIM_ACKNOWLEDGES_ALL;
    eim->mood_count = 1;
}

/* A notification that the eIM took leaves the card; what it was not offered does not. */
static void test_acknowledged_notification(Fixture *f, gconstpointer data)
{
    (void)data;
    acknowledges(f, 7);
    acknowledges(f, 8);
    f->session->pending_notifications = 5;
    ask(f, "A0", "");
    world_assert_poll_ok(f->session, "a", 1);
    world_assert_calls(f->world, "get a; save 1 executing; save 1 executed; provide a other; "
                                 "save 1 delivered; remove 7; drop 1; get a");
    g_assert_true(world_has_event(f->world, "eIM acknowledged number 8, which was not delivered"));
    /* The card was asked how many are left, which people see; it did not wait for another poll. */
    g_assert_cmpuint(f->session->pending_notifications, ==, 1);
    g_assert_false(f->session->stale);
}

/* Not asked for, so not offered. */
static void test_acknowledged_unasked(Fixture *f, gconstpointer data)
{
    (void)data;
    acknowledges(f, 7);
    ask(f, "BF20", "");
    world_assert_poll_ok(f->session, "a", 1);
    world_assert_calls(f->world,
                       "get a; save 1 executing; info1; save 1 executed; provide a other; "
                       "drop 1; get a");
}

/* An answer and a result that it holds are due together: what settles the one drops the other on the way. */
static void test_acknowledged_while_due(Fixture *f, gconstpointer data)
{
    FakeEim *eim = world_eim(f->world, "a");
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;

    (void)data;
    world_store_result(f->world, "a", 5, "A1");
    eim->mood = EIM_DOWN;
    eim->mood_count = 1;
    ask(f, "A2", "");
    message = world_poll_fails(f->session, "a", EUICCD_ERROR_NETWORK);
    ipa_session_free(f->session);
    f->session = world_boot(f->world, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(f->world->disk->len, ==, 2);
    acknowledges(f, 21);
    world_assert_poll_ok(f->session, "a", 0);
    g_assert_cmpuint(f->world->disk->len, ==, 0);
    g_assert_cmpuint(f->world->stored->len, ==, 0);
    g_assert_cmpuint(eim->taken->len, ==, 1); /* offered once */
}

/* The eIM's own result, which was kept on the card: it goes, and is owed no more. */
static void test_acknowledged_result(Fixture *f, gconstpointer data)
{
    FakeEim *eim = world_eim(f->world, "a");

    (void)data;
    world_add_package(f->world, "a", ESIPA_PACKAGE_EUICC, "list");
    eim->mood = EIM_ACKNOWLEDGES_NOTHING;
    eim->mood_count = 1;
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(f->world->disk->len, ==, 1); /* kept */
    acknowledges(f, 21);
    ask(f, "A2", "");
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(f->world->stored->len, ==, 0);
    g_assert_cmpuint(f->world->disk->len, ==, 0);
    g_assert_cmpuint(f->session->records->len, ==, 0);
}

/* Another eIM's result is shown, but only its own eIM may let it go (invariant 3). */
static void test_acknowledged_foreign(Fixture *f, gconstpointer data)
{
    gint64 number = world_store_result(f->world, "b", 5, "B1");

    (void)data;
    acknowledges(f, number);
    ask(f, "A2", "");
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(f->world->stored->len, ==, 1);
    g_assert_true(world_has_event(f->world, "eIM acknowledged number 21, which was not delivered"));
}

/* ---- v1.0 (esipa.md 5.4, 12) ---- */

/* IPAD-V10-02N: other tags, the card's whole list at the end, no transaction. */
static void test_v1_0(Fixture *f, gconstpointer data)
{
    g_autofree char *list = wrap("BF2B", "A081AA" PIR);
    g_autofree char *content = g_strconcat("8003642E70" WORLD_INFO1 "8303612E62"
                                           "A80780010081020780",
                                           list, NULL);
    g_autofree char *expected = response(content);
    g_autofree char *calls = NULL;

    (void)data;
    world_eim(f->world, "a")->dialect = ESIPA_DIALECT_V1_0;
    assert_answer(f, "BF2B80BF2083A8", "", expected);
    assert_answer(f, "88", "", "BF520BA009A80780010081020780");
    assert_answer(f, "81", "", "BF5203810101");
    assert_answer(f, "A5", "0401FF", "BF5203810105");
    calls = world_take_calls(f->world);
    /* euiccPackageResults among the search criteria. */
    world_store_result(f->world, "a", 5, "A1");
    acknowledges(f, 21);
    ask(f, "BF2B", "A1028200");
    world_assert_poll_ok(f->session, "a", 1);
    g_free(calls);
    calls = world_take_calls(f->world);
    g_assert_nonnull(strstr(calls, "notifications 1 0"));
    g_assert_nonnull(strstr(calls, "remove 21"));
    g_assert_cmpuint(f->world->stored->len, ==, 0);
}

#define ADD(path, func) g_test_add("/data/" path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("IPAD-DATA-01N/each", test_each);
    ADD("IPAD-DATA-02N/all", test_all);
    ADD("IPAD-DATA-03N/missing", test_missing);
    ADD("IPAD-DATA-04E/incorrect-tags", test_incorrect_tags);
    ADD("IPAD-DATA-05E/ecall", test_ecall);
    ADD("IPAD-DATA-09E/card-refuses", test_card_refuses);
    ADD("IPAD-DATA-09E/modem-goes", test_modem_goes);
    ADD("IPAD-DATA-09E/recovery", test_recovery);
    ADD("IPAD-DATA-09E/disk-full", test_disk_full);
    ADD("IPAD-DATA-06N/key", test_key);
    ADD("IPAD-DATA-07N/search", test_search);
    ADD("IPAD-DATA-07N/search-results", test_search_results);
    ADD("IPAD-DATA-08N/notification", test_acknowledged_notification);
    ADD("IPAD-DATA-08N/unasked", test_acknowledged_unasked);
    ADD("IPAD-DATA-08N/result", test_acknowledged_result);
    ADD("IPAD-DATA-08N/while-due", test_acknowledged_while_due);
    ADD("IPAD-DATA-08N/foreign", test_acknowledged_foreign);
    ADD("IPAD-V10-02N/v1.0", test_v1_0);
    return g_test_run();
}
