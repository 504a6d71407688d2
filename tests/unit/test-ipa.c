/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world.h"
#include "ipa/card.h"

/*
 * The procedures of src/ipa against scripted cards and eIMs, call by call: SGP.32 3.1.1.1, 3.3.1, 3.5.2.1,
 * 3.8; interop notes I-18 to I-27, I-35, I-43. Cases carry the ids of the conformance catalogue where it
 * has one.
 */

/* ---- execution and delivery (SGP.32 3.3.1) ---- */

/* The order of durable saves against card and eIM (invariant 3). */
static void test_order(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; " WORLD_DONE);
    g_assert_cmpuint(world->disk->len, ==, 0);
    g_assert_cmpuint(world->stored->len, ==, 0);
    g_assert_cmpuint(session->records->len, ==, 0);
    g_assert_cmpstr(world_answer_of(world, 0), ==, "result");
    g_assert_true(world_has_event(world, "a: package executed: listProfileInfo"));
    g_assert_true(world_has_event(world, "a: result delivered, acknowledged"));
    g_assert_true(world_has_event(world, "a: acknowledged result removed from the card"));
}

static void test_nothing_to_do(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);

    world_assert_poll_ok(session, "b", 0);
    world_assert_calls(world, "get b");
}

/* I-35: the result is on disk before the card is renewed, and is delivered after it. */
static void test_profile_change(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    g_autofree char *iccid = NULL;

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(
        world, "get a; save 1 executing; load a/1; cause b 0; save 1 executed; renew; " WORLD_DONE);
    iccid = ipa_session_get_enabled_iccid(session);
    g_assert_cmpstr(iccid, ==, "8900000000000000000B");
    g_assert_true(world_has_event(world, "a: package executed: enable ok"));
    g_assert_true(
        world_has_event(world, "a: profile switched: ICCID 8900000000000000000B is enabled"));
}

static void test_profile_change_refused(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable-refused");

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; " WORLD_DONE);
    g_assert_true(world_has_event(world, "package executed: enable: disallowedByPolicy"));
}

/* The card does not come back: the result goes out all the same; removal waits. */
static void test_reset_impossible(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    g_autofree char *message = NULL;

    world->reset_fails = 2;
    message = world_poll_fails(session, "a", EUICCD_ERROR_CARD_RESET);
    world_assert_calls(world,
                       "get a; save 1 executing; load a/1; cause b 0; save 1 executed; renew; "
                       "provide a 21; save 1 delivered; remove 21; reset");
    g_assert_cmpstr(message, ==,
                    "removing acknowledged result 21: (resetting the card failed: the modem can't "
                    "reset the card) 6985");
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "remove 21; reset; remove 21; drop 1; get a");
    g_assert_cmpuint(world->stored->len, ==, 0);
}

/* The modem goes while the card is reset: that is what the job ends with, so that it is looked for again. */
static void test_reset_loses_modem(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    g_autofree char *message = NULL;

    world->reset_fails = 2;
    world->reset_loses_modem = TRUE;
    message = world_poll_fails(session, "a", EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(
        message, ==,
        "removing acknowledged result 21: (resetting the card failed: the modem is gone) "
        "6985");
    world_assert_poll_ok(session, "a", 0);
    g_assert_cmpuint(world->stored->len, ==, 0);
}

/* I-35 step 6: what is owed belongs to one card. */
static void test_card_swapped(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    g_autofree char *message = NULL;

    world->swapped_at_reset = TRUE;
    message = world_poll_fails(session, "a", EUICCD_ERROR_CARD_NOT_READY);
    world_assert_calls(world,
                       "get a; save 1 executing; load a/1; cause b 0; save 1 executed; renew; "
                       "provide a 21; save 1 delivered");
    g_assert_true(session->replaced);
    g_assert_cmpuint(world->stored->len, ==, 1); /* nothing was removed from the wrong card */
}

static void test_keep(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world->keep_unacknowledged = TRUE;
    world_eim(world, "a")->mood = EIM_ACCEPTS;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; provide a 21; "
                              "save 1 kept; get a");
    g_assert_true(world_has_event(world, "result delivered, accepted: kept on the card"));
    /* Not sent again, not in a new process either. */
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "get a");
    g_clear_pointer(&session, ipa_session_free);
    session = world_start(world, NULL);
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "get a");
    /* … until the card has it no longer. */
    g_clear_pointer(&session, ipa_session_free);
    g_ptr_array_set_size(world->stored, 0);
    session = world_boot(world, NULL);
    world_assert_calls(world, "results; drop 1");
}

/* I-21: accepted without BF53, the result's own number goes. */
static void test_accepted(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_eim(world, "a")->mood = EIM_ACCEPTS;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; " WORLD_DONE);
}

/* I-21, I-22: only delivered numbers count. */
static void test_not_acknowledged(gconstpointer data)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_eim(world, "a")->mood = (EimMood)GPOINTER_TO_INT(data);
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; provide a 21; "
                              "save 1 kept; get a");
    g_assert_cmpuint(world->stored->len, ==, 1);
    g_assert_true(world_has_event(world, "result delivered, not acknowledged: kept on the card"));
    g_assert_true(world_has_event(world, "acknowledged number 8, which was not delivered") ==
                  (GPOINTER_TO_INT(data) == EIM_ACKNOWLEDGES_FOREIGN));
}

static void test_acknowledges_both(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_eim(world, "a")->mood = EIM_ACKNOWLEDGES_BOTH;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; " WORLD_DONE);
    g_assert_true(world_has_event(world, "acknowledged number 7, which was not delivered"));
}

/* provideEimPackageResultError: not delivered, offered again at the next poll; the eIM can still send
 * packages. */
static void test_result_refused(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_eim(world, "a")->mood = EIM_REFUSES;
    world_eim(world, "a")->mood_count = 2;
    world_assert_poll_fails(session, EUICCD_ERROR_EIM_REFUSED,
                            "delivering a result to eIM 'a': undefinedError");
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; provide a 21");
    g_assert_cmpuint(world->stored->len, ==, 1);
    g_free(((Package *)world_eim(world, "a")->packages->pdata[0])->answer);
    ((Package *)world_eim(world, "a")->packages->pdata[0])->answer = g_strdup("given up");

    world_add_package(world, "a", ESIPA_PACKAGE_EUICC, "list");
    world_assert_poll_fails(session, EUICCD_ERROR_EIM_REFUSED,
                            "delivering a result to eIM 'a': undefinedError");
    world_assert_calls(world, "provide a 21; get a; save 2 executing; load a/2; save 2 executed; "
                              "provide a 22; save 2 delivered; remove 22; drop 2; get a");

    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, WORLD_DONE);
}

/* HTTP or TLS failure: kept and sent again, before anything is asked for. */
static void test_delivery_fails(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_eim(world, "a")->mood = EIM_DOWN;
    world_eim(world, "a")->mood_count = 2;
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; provide a 21");
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, "provide a 21");
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, WORLD_DONE);
}

/* The eIM took it, but its answer was lost: sent once more, which is harmless. */
static void test_acknowledgement_lost(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_eim(world, "a")->mood = EIM_ANSWER_LOST;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_fails(session, EUICCD_ERROR_TIMEOUT,
                            "delivering a result to eIM 'a': no answer");
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed; provide a 21");
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, WORLD_DONE);
    g_assert_cmpuint(((Package *)world_eim(world, "a")->packages->pdata[0])->answers, ==, 2);
}

/* What the eIM does not take stays owed; it holds up neither the next result nor the next package. */
static void test_one_refused(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world_store_result(world, "a", 7, "B1");
    world_store_result(world, "a", 8, "B2");
    world_add_package(world, "a", ESIPA_PACKAGE_EUICC, "list");
    session = world_boot(world, NULL);
    world_assert_calls(world, "results; save 1 executed; save 2 executed");
    world_eim(world, "a")->mood = EIM_REFUSES;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_fails(session, EUICCD_ERROR_EIM_REFUSED,
                            "delivering a result to eIM 'a': undefinedError");
    world_assert_calls(world,
                       "provide a 21; provide a 22; save 2 delivered; remove 22; drop 2; get a; "
                       "save 3 executing; load a/1; save 3 executed; provide a 23; "
                       "save 3 delivered; remove 23; drop 3; get a");
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "provide a 21; save 1 delivered; remove 21; drop 1; get a");
}

/* Error results are not stored on the card: nothing to remove. */
static void test_error_results(gconstpointer data)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, data);

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world,
                       "get a; save 1 executing; load a/1; save 1 executed; provide a -1; drop 1; "
                       "get a");
    g_assert_cmpuint(world_eim(world, "a")->taken->len, ==, 1);
    g_assert_true(world_has_event(world, "result delivered, accepted"));
    if (g_str_equal(data, "signed-error"))
        g_assert_true(world_has_event(world, "package executed: refused by the card: ecallActive"));
    else
        g_assert_true(world_has_event(world, "can't be read"));
}

/* A card or eIM that says "unknown eIM or bad signature". */
static void test_unsigned_error(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    g_free(((Package *)world_eim(world, "a")->packages->pdata[0])->eim_id);
    ((Package *)world_eim(world, "a")->packages->pdata[0])->eim_id = g_strdup("stranger");
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world,
                       "get a; save 1 executing; load stranger/1; save 1 executed; provide a -1; "
                       "drop 1; get a");
    g_assert_true(world_has_event(world, "refused by the card: the eIM is unknown to it"));
}

/* I-27: a signed result goes to the eIM named in it. */
static void test_foreign_package(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    Package *package = world_eim(world, "a")->packages->pdata[0];

    g_free(package->eim_id);
    package->eim_id = g_strdup("b");
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world,
                       "get a; save 1 executing; load b/1; cause a 0; save 1 executed; renew; "
                       "provide b 21; save 1 delivered; remove 21; drop 1; get a cause 0; "
                       "cause a -1");
}

/* Disk full: nothing is executed that was not noted. */
static void test_disk_full(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world->disk_full = TRUE;
    world_assert_poll_fails(session, EUICCD_ERROR_STORAGE,
                            "noting a package before it is executed: no space left");
    world_assert_calls(world, "get a; save 1 executing; error 127 a 6101");
    g_assert_cmpuint(session->records->len, ==, 0);
    world->disk_full = FALSE;
    world_assert_poll_ok(session, "a", 0); /* the eIM has its answer: it orders anew */
}

/* The card can't be reached: nothing ran, the eIM is told. */
static void test_no_channel(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world->open_fails = TRUE;
    world_assert_poll_fails(session, EUICCD_ERROR_NO_CHANNEL,
                            "reaching the card for a package: no channel");
    world_assert_calls(world, "get a; save 1 executed; error 127 a 6101; drop 1");
    g_assert_cmpstr(world_answer_of(world, 0), ==, "error 127");
}

/* ---- retrieval (SGP.32 3.1.1.1) ---- */

/* Downloads are not allowed: the trigger is answered, with the transaction it came with (I-18). */
static void test_download_trigger(void)
{
    static const struct {
        EsipaDialect dialect;
        gboolean emergency;
        const char *answer;
    } cases[] = {
        { ESIPA_DIALECT_V1_2, FALSE, "BF540982026101300380017F" },
        { ESIPA_DIALECT_V1_2, TRUE, "BF5409820261013003800168" },
        { ESIPA_DIALECT_V1_0, FALSE, "BF5406820261013000" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(IpaSession) session = NULL;
        g_autoptr(GBytes) expected = world_hex(cases[i].answer);

        world->emergency = cases[i].emergency;
        world_eim(world, "a")->dialect = cases[i].dialect;
        session = world_start(world, NULL);
        world_add_package(world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER,
                          "BF540EA00880063124642E6E2482026101");
        world_assert_poll_ok(session, "a", 1);
        world_assert_calls(world, "get a; save 1 executed; provide a other; drop 1; get a");
        g_assert_cmpuint(world_eim(world, "a")->taken->len, ==, 1);
        g_assert_true(g_bytes_equal(world_eim(world, "a")->taken->pdata[0], expected));
    }
}

/* v1.0 has no reason in it: 80 would be read as an errorResponse (SGP.32 v1.0 2.11.2.3). */
static void test_trigger_v1_0(void)
{
    for (guint i = 0; i < 2; i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(IpaSession) session = world_start(world, NULL);
        g_autoptr(GBytes) expected = world_hex(i == 0 ? "BF5406820261013000" : "BF54023000");
        Package *package = world_add_package(world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER,
                                             "BF540AA00880063124642E6E24");

        world_eim(world, "a")->dialect = ESIPA_DIALECT_V1_0;
        if (i == 1)
            g_clear_pointer(&package->transaction, g_free);
        world_assert_poll_ok(session, "a", 1);
        g_assert_cmpuint(world_eim(world, "a")->taken->len, ==, 1);
        g_assert_true(g_bytes_equal(world_eim(world, "a")->taken->pdata[0], expected));
    }
}

/* I-18: without eimTransactionId there is nothing to echo. */
static void test_no_transaction(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);
    g_autoptr(GBytes) expected = world_hex("BF5405300380017F");
    Package *package =
        world_add_package(world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, "BF540AA00880063124642E6E24");

    g_clear_pointer(&package->transaction, g_free);
    world_assert_poll_ok(session, "a", 1);
    g_assert_true(g_bytes_equal(world_eim(world, "a")->taken->pdata[0], expected));
}

/* I-17: only for IPAs that leave the data to the eIM, which is not among our capabilities. */
static void test_trigger_without_data(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);

    world_add_package(world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, "BF540482026101");
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, "get a; save 1 executed; error 1 a 6101; drop 1; get a");
}

/* rPLMN stands in every request while the modem tells it (asserted by the world). */
static void test_rplmn(void)
{
    static const guint8 rplmn[3] = { 0x00, 0xF1, 0x10 };
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);

    world->rplmn = rplmn;
    world_assert_poll_ok(session, "a", 0);
    world->rplmn = NULL;
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "get a; get a");
}

/* I-19: reported once, then the round ends. */
static void test_unusable_packages(gconstpointer data)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);
    gboolean unknown = GPOINTER_TO_INT(data) == ESIPA_PACKAGE_UNKNOWN;

    world_add_package(world, "a", (EsipaPackageKind)GPOINTER_TO_INT(data), "");
    world_assert_poll_fails(session, EUICCD_ERROR_MALFORMED,
                            unknown ? "eIM 'a' sent a package of an unknown kind, and was answered "
                                      "unknownPackage (2)"
                                    : "eIM 'a' sent a package that can't be read: cut off, and was "
                                      "answered invalidPackageFormat (1)");
    world_assert_calls(world, unknown ? "get a; save 1 executed; error 2 a 6101; drop 1"
                                      : "get a; save 1 executed; error 1 a 6101; drop 1");
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "get a");
}

/* A report that could not be sent is owed, like a result. */
static void test_unusable_owed(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);

    world_add_package(world, "a", ESIPA_PACKAGE_UNUSABLE, "");
    world_eim(world, "a")->mood = EIM_DOWN;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, "get a; save 1 executed; error 1 a 6101");
    g_clear_pointer(&session, ipa_session_free);
    session = world_start(world, NULL);
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "error 1 a 6101; drop 1; get a");
}

static void test_get_refused(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);

    world_eim(world, "a")->get_fails = TRUE;
    world_assert_poll_fails(session, EUICCD_ERROR_EIM_REFUSED,
                            "asking eIM 'a' for a package: eidNotFound");
    world_assert_calls(world, "get a");
}

/* No work is fetched for a card that went, and none is lost. */
static void test_card_gone(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    session->card_gone = TRUE;
    world_assert_poll_fails(session, EUICCD_ERROR_CARD_ABSENT, "the card went away");
    world_assert_calls(world, "");
    session->card_gone = FALSE;
    world_assert_poll_ok(session, "a", 1);
}

/* I-20: 16 packages a round, the rest waits. */
static void test_package_limit(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);

    for (guint i = 0; i < 20; i++)
        world_add_package(world, "a", ESIPA_PACKAGE_EUICC, "list");
    world_assert_poll_ok(session, "a", 16);
    g_assert_true(world_has_event(world, "eIM sent 16 packages in a row"));
    g_assert_nonnull(world_answer_of(world, 15));
    g_assert_null(world_answer_of(world, 16));
    world_assert_poll_ok(session, "a", 4);
    g_assert_cmpstr(world_answer_of(world, 19), ==, "result");
}

/* An eIM that takes no results at all gets only so much work done. */
static void test_too_many_owed(void)
{
    for (guint owed = 31; owed <= 32; owed++) {
        g_autoptr(World) world = world_new();
        g_autoptr(IpaSession) session = NULL;
        g_autofree char *calls = NULL, *why = NULL;

        for (guint i = 0; i < owed; i++)
            world_store_result(world, "a", 7 + i, "B1");
        session = world_boot(world, NULL);
        g_free(world_take_calls(world));
        world_eim(world, "a")->mood = EIM_REFUSES;
        world_eim(world, "a")->mood_count = G_MAXUINT;
        why = world_poll_fails(session, "a", EUICCD_ERROR_EIM_REFUSED);
        calls = world_take_calls(world);
        g_assert_cmpint(strstr(calls, "get a") != NULL, ==, owed < 32);
        g_assert_cmpint(strstr(why, "asked for no more work") != NULL, ==, owed == 32);
        g_assert_cmpuint(session->records->len, ==, owed);
        g_assert_cmpuint(world->stored->len, ==, owed);
    }
}

/* I-26: every other eIM learns of the change, once. */
static void test_state_change(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    FakeEim *other = world_eim(world, "b");

    world_assert_poll_ok(session, "a", 1);
    g_assert_cmpuint(world_eim(world, "a")->causes->len, ==, 0);
    /* Kept while the eIM does not answer. */
    other->get_fails = TRUE;
    g_free(world_poll_fails(session, "b", EUICCD_ERROR_EIM_REFUSED));
    other->get_fails = FALSE;
    g_free(world_take_calls(world));
    world_assert_poll_ok(session, "b", 0);
    world_assert_calls(world, "get b cause 0; cause b -1");
    world_assert_poll_ok(session, "b", 0);
    world_assert_calls(world, "get b");
    g_assert_cmpuint(other->causes->len, ==, 1);
    g_assert_cmpint(g_array_index(other->causes, gint, 0), ==, IPA_CAUSE_OTHER_EIM);
}

/* What failed changed nothing. */
static void test_no_state_change(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "delete-eim-unknown");

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, WORLD_HEAD "save 1 executed; " WORLD_DONE);
}

/* ---- eIM configuration by an eIM (SGP.32 3.5.1) ---- */

/* The requester is off the card; its result still reaches it, then it is not asked again. */
static void test_delete_requester(gconstpointer data)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, data);

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world,
                       WORLD_HEAD "cause b 0; save 1 executed; provide a 21; save 1 delivered; "
                                  "remove 21; drop 1");
    g_assert_null(ipa_session_find_eim(session, "a"));
}

static void test_delete_requester_while_down(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "delete-eim");

    world_eim(world, "a")->mood = EIM_DOWN;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    g_clear_pointer(&session, ipa_session_free);
    g_free(world_take_calls(world));
    session = world_boot(world, NULL);
    g_assert_nonnull(session);
    world_assert_calls(world, "results; provide a 21; save 1 delivered; remove 21; drop 1");
}

static void test_add_eim(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "add-eim");

    world_assert_poll_ok(session, "a", 1);
    g_assert_nonnull(ipa_session_find_eim(session, "c"));
    g_free(world_take_calls(world));
    world_assert_poll_ok(session, "c", 0);
    world_assert_calls(world, "get c");
}

static void test_add_initial_eim(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);
    g_autoptr(GBytes) data = world_hex("3000");
    g_autoptr(GError) error = NULL;

    g_assert_false(ipa_add_initial_eim(session, data, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
    g_assert_cmpstr(
        error->message, ==,
        "adding an initial eIM: the card is associated with 2 eIM(s) already (first: 'a')");
    g_clear_error(&error);
    world_assert_calls(world, "");
    g_ptr_array_set_size(world->associated, 0);
    g_assert_true(ipa_add_initial_eim(session, data, &error));
    g_assert_no_error(error);
    world_assert_calls(world, "add-initial-eim");
    g_assert_nonnull(ipa_session_find_eim(session, "c"));
}

/* ---- stored results found at the start (procedures of SGP.32 3.7) ---- */

static void test_found_unknown(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    g_assert_cmpint(world_store_result(world, "b", 3, "B1"), ==, 21);
    session = world_boot(world, NULL);
    g_assert_nonnull(session);
    world_assert_calls(world, "results; save 1 executed");
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "get a");
    world_assert_poll_ok(session, "b", 0);
    world_assert_calls(world, "provide b 21; save 1 delivered; remove 21; drop 1; get b");
}

static void test_found_foreign(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world_store_result(world, "gone", 3, NULL);
    session = world_start(world, NULL);
    g_assert_cmpuint(session->records->len, ==, 0);
    g_assert_true(world_has_event(
        world, "gone: the card holds result 21 for an eIM it no longer names: left there"));
}

/* Two results with the same counter: the eIM was deleted and added again in between. */
static void test_counter_reused(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world->keep_unacknowledged = TRUE;
    world_eim(world, "a")->mood = EIM_ACCEPTS;
    world_eim(world, "a")->mood_count = G_MAXUINT;
    world_store_result(world, "a", 1, NULL);
    session = world_boot(world, NULL);
    world_assert_poll_ok(session, "a", 0);
    g_clear_pointer(&session, ipa_session_free);
    world_store_result(world, "a", 1, NULL);
    g_free(world_take_calls(world));
    session = world_boot(world, NULL);
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "results; save 2 executed; provide a 22; save 2 kept; get a");
}

/* A number of 0 is a number (I-12). */
static void test_number_zero(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world->next_sequence = 0;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, WORLD_HEAD
                       "save 1 executed; provide a 0; save 1 delivered; remove 0; drop 1; "
                       "get a");
}

/* ---- results as they are read ---- */

static void test_record_states(void)
{
    IpaRecordState state;

    for (guint i = 0; i <= IPA_RECORD_KEPT; i++) {
        g_assert_true(
            ipa_record_state_from_string(ipa_record_state_to_string((IpaRecordState)i), &state));
        g_assert_cmpuint(state, ==, i);
    }
    state = IPA_RECORD_KEPT;
    g_assert_false(ipa_record_state_from_string("Executing", &state));
    g_assert_false(ipa_record_state_from_string("", &state));
    g_assert_cmpuint(state, ==, IPA_RECORD_KEPT);
}

static void test_is_polled(void)
{
    g_autoptr(GBytes) https = world_hex("0780");
    g_autoptr(GBytes) coaps = world_hex("0640");
    IpaEim eim = { .eim_id = (char *)"x", .fqdn = (char *)"x.example.com" };

    g_assert_true(ipa_eim_is_polled(&eim));
    eim.protocols = https;
    g_assert_true(ipa_eim_is_polled(&eim));
    eim.protocols = coaps;
    g_assert_false(ipa_eim_is_polled(&eim));
    eim.protocols = NULL;
    eim.fqdn = (char *)"";
    g_assert_false(ipa_eim_is_polled(&eim));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipa/package/order", test_order);
    g_test_add_func("/ipa/IPAD-TRN-61N/profile-change", test_profile_change);
    g_test_add_func("/ipa/package/change-refused", test_profile_change_refused);
    g_test_add_func("/ipa/IPAD-TRN-62E/reset-impossible", test_reset_impossible);
    g_test_add_func("/ipa/IPAD-TRN-62E/reset-loses-modem", test_reset_loses_modem);
    g_test_add_func("/ipa/IPAD-TRN-69N/card-swapped", test_card_swapped);
    g_test_add_func("/ipa/IPAD-PKG-66N/accepted", test_accepted);
    g_test_add_func("/ipa/IPAD-PKG-67N/keep-unacknowledged", test_keep);
    g_test_add_data_func("/ipa/IPAD-PKG-68E/empty-list", GINT_TO_POINTER(EIM_ACKNOWLEDGES_NOTHING),
                         test_not_acknowledged);
    g_test_add_data_func("/ipa/IPAD-PKG-70E/foreign-numbers",
                         GINT_TO_POINTER(EIM_ACKNOWLEDGES_FOREIGN), test_not_acknowledged);
    g_test_add_func("/ipa/IPAD-PKG-70E/own-and-foreign", test_acknowledges_both);
    g_test_add_func("/ipa/IPAD-PKG-69E/refused", test_result_refused);
    g_test_add_func("/ipa/package/delivery-fails", test_delivery_fails);
    g_test_add_func("/ipa/package/one-refused", test_one_refused);
    g_test_add_func("/ipa/package/acknowledgement-lost", test_acknowledgement_lost);
    g_test_add_data_func("/ipa/package/signed-error", "signed-error", test_error_results);
    g_test_add_data_func("/ipa/package/undecodable", "broken", test_error_results);
    g_test_add_func("/ipa/IPAD-PKG-65E/unsigned-error", test_unsigned_error);
    g_test_add_func("/ipa/IPAD-MUL-60E/foreign-package", test_foreign_package);
    g_test_add_func("/ipa/package/disk-full", test_disk_full);
    g_test_add_func("/ipa/package/no-channel", test_no_channel);
    g_test_add_func("/ipa/poll/nothing", test_nothing_to_do);
    g_test_add_func("/ipa/poll/download-trigger", test_download_trigger);
    g_test_add_func("/ipa/IPAD-IND-61E/trigger-without-data", test_trigger_without_data);
    g_test_add_func("/ipa/poll/rplmn", test_rplmn);
    g_test_add_func("/ipa/IPAD-V10-10N/download-trigger", test_trigger_v1_0);
    g_test_add_func("/ipa/IPAD-POLL-60N/no-transaction", test_no_transaction);
    g_test_add_data_func("/ipa/IPAD-POLL-61E/unknown", GINT_TO_POINTER(ESIPA_PACKAGE_UNKNOWN),
                         test_unusable_packages);
    g_test_add_data_func("/ipa/IPAD-POLL-61E/unusable", GINT_TO_POINTER(ESIPA_PACKAGE_UNUSABLE),
                         test_unusable_packages);
    g_test_add_func("/ipa/IPAD-POLL-61E/owed", test_unusable_owed);
    g_test_add_func("/ipa/IPAD-POLL-63E/refused", test_get_refused);
    g_test_add_func("/ipa/IPAD-POLL-65E/limit", test_package_limit);
    g_test_add_func("/ipa/poll/card-gone", test_card_gone);
    g_test_add_func("/ipa/poll/too-many-owed", test_too_many_owed);
    g_test_add_func("/ipa/IPAD-POLL-66N/state-change", test_state_change);
    g_test_add_func("/ipa/poll/no-state-change", test_no_state_change);
    g_test_add_data_func("/ipa/eim/delete-requester", "delete-eim", test_delete_requester);
    g_test_add_data_func("/ipa/eim/delete-last", "delete-last", test_delete_requester);
    g_test_add_func("/ipa/eim/delete-requester-down", test_delete_requester_while_down);
    g_test_add_func("/ipa/eim/add", test_add_eim);
    g_test_add_func("/ipa/eim/add-initial", test_add_initial_eim);
    g_test_add_func("/ipa/stored/unknown", test_found_unknown);
    g_test_add_func("/ipa/stored/foreign", test_found_foreign);
    g_test_add_func("/ipa/stored/counter-reused", test_counter_reused);
    g_test_add_func("/ipa/IPAD-NTF-61N/number-zero", test_number_zero);
    g_test_add_func("/ipa/record/states", test_record_states);
    g_test_add_func("/ipa/eim/is-polled", test_is_polled);
    return g_test_run();
}
