/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world.h"
#include "ipa/card.h"

/* Start-up of the IPAd (SGP.32 3.8) against scripted cards, call by call; interop notes I-35, I-40, I-44. */

static void test_start(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, NULL);
    g_autofree char *iccid = ipa_session_get_enabled_iccid(session);
    const IpaEim *eim = ipa_session_find_eim(session, "b");

    g_assert_cmpstr(session->eid_text, ==, "89898989898989898989898989898989");
    g_assert_true(session->is_iot);
    g_assert_false(session->left_alone);
    g_assert_true(session->reconciled);
    g_assert_cmpstr(iccid, ==, "8900000000000000000A");
    g_assert_cmpuint(session->eims->len, ==, 2);
    g_assert_cmpstr(eim->fqdn, ==, "b.example.com");
    g_assert_null(eim->trust_data);
    g_assert_true(ipa_eim_is_polled(eim));
    g_assert_null(ipa_session_find_eim(session, "c"));
}

static void test_start_consumer(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->is_consumer = TRUE;
    session = world_boot(world, &error);
    g_assert_no_error(error);
    g_assert_false(session->is_iot);
    g_assert_cmpuint(session->eims->len, ==, 0);
    world_assert_calls(world, ""); /* no list of results to ask for */
}

/* Invariant 9. */
static void test_start_ipae(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->info2 = WORLD_INFO2_IPAE;
    session = world_session(world);
    g_assert_true(ipa_card_read(session, &error));
    g_assert_no_error(error);
    g_assert_true(session->left_alone);
    g_assert_null(session->profiles);
    g_assert_cmpuint(world->step, ==, 2); /* EID and EUICCInfo2, nothing else */
}

/* I-40: asked before it is declared to, and then nothing else; never a reset. */
static void test_start_ipae_supported(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->ipae_supported = TRUE;
    world->info2 = WORLD_INFO2_IPAE;
    session = world_session(world);
    g_assert_true(ipa_card_read(session, &error));
    g_assert_no_error(error);
    g_assert_true(session->left_alone);
    g_assert_cmpstr(session->left_alone_reason, ==,
                    "the card's own IPA is active (ipaMode ipae): it is left alone");
    g_assert_cmpstr(session->eid_text, ==, "");
    g_assert_cmpuint(world->step, ==, 1);
    world_assert_calls(world, "");
    g_clear_pointer(&session, ipa_session_free);

    world->stubborn = TRUE;
    world->step = 0;
    session = world_session(world);
    g_assert_true(ipa_card_read(session, &error));
    g_assert_true(session->left_alone);
    g_assert_nonnull(strstr(session->left_alone_reason, "answers to no other"));
    g_assert_cmpuint(world->step, ==, 1);
    world_assert_calls(world, "");
    g_clear_pointer(&session, ipa_session_free);

    /* Not known: no reason to take it, and none to leave it for good. */
    world->stubborn = FALSE;
    world->info2_fails = EUICCD_ERROR_TIMEOUT;
    session = world_session(world);
    g_assert_false(ipa_card_read(session, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_false(session->left_alone);
    world_assert_calls(world, "");
}

static void test_start_ipae_supported_not_active(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->ipae_supported = TRUE;
    session = world_boot(world, &error);
    g_assert_no_error(error);
    g_assert_false(session->left_alone);
    g_assert_cmpstr(session->eid_text, !=, "");
    world_assert_calls(world, "declare; results");
    world_assert_poll_ok(session, "a", 0);
}

/* A card that nobody saw for a while: one question, where it is the same. */
static void test_verify(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    session = world_start(world, NULL);
    world->step = 0;
    g_assert_true(ipa_card_verify(session, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(world->step, ==, 1);
    world_assert_poll_ok(session, "a", 0);
    world->wants_reset = TRUE;
    g_assert_false(ipa_card_verify(session, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_RESET);
    g_assert_false(session->replaced);
    g_clear_error(&error);
    world->wants_reset = FALSE;
    world->eid[15] ^= 1;
    g_assert_false(ipa_card_verify(session, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    g_assert_true(session->replaced);
}

/* The IPA of its own may have become active meanwhile (I-40). */
static void test_verify_ipae(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->ipae_supported = TRUE;
    session = world_boot(world, &error);
    g_assert_no_error(error);
    world->info2 = WORLD_INFO2_IPAE;
    g_assert_false(ipa_card_verify(session, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_true(session->left_alone);
}

/* What a card may be unable to say, so that an eIM can still repair it. */
static void test_start_bad_lists(void)
{
    static const EuiccdError codes[] = { EUICCD_ERROR_CARD_REFUSED, EUICCD_ERROR_CARD_STATUS,
                                         EUICCD_ERROR_MALFORMED, EUICCD_ERROR_TOO_LARGE };

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(IpaSession) session = NULL;
        g_autoptr(GError) error = NULL;

        world->profiles_fail = codes[i];
        world->notifications_fail = codes[i];
        session = world_session(world);
        g_assert_true(ipa_card_read(session, &error));
        g_assert_no_error(error);
        g_assert_null(session->profiles);
        g_assert_true(session->stale);
        g_assert_cmpuint(session->eims->len, ==, 2);
        g_assert_cmpuint(session->pending_notifications, ==, 0);
        g_assert_true(world_has_event(world, "the card can't list its profiles: "));
        g_assert_true(world_has_event(world, "the card can't list its notifications: "));
        /* Once it can, no switch is made up. */
        world->profiles_fail = 0;
        ipa_card_refresh_if_stale(session);
        g_assert_nonnull(session->profiles);
        g_assert_false(session->stale);
        g_assert_false(world_has_event(world, "profile switched"));
    }
}

/* What is no fault of the card's answer ends the start as ever. */
static void test_start_lists_not_reached(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;

    world->profiles_fail = EUICCD_ERROR_MODEM_GONE;
    session = world_session(world);
    g_assert_false(ipa_card_read(session, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_clear_pointer(&session, ipa_session_free);
    world->profiles_fail = 0;
    world->notifications_fail = EUICCD_ERROR_CANCELLED;
    session = world_session(world);
    g_assert_false(ipa_card_read(session, &other));
    g_assert_error(other, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
}

static void test_start_no_info2(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->info2_fails = EUICCD_ERROR_MALFORMED;
    session = world_session(world);
    g_assert_false(ipa_card_read(session, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(&error);
    g_clear_pointer(&session, ipa_session_free);
    world->is_consumer = TRUE;
    session = world_session(world);
    g_assert_true(ipa_card_read(session, &error));
    g_assert_no_error(error);
    g_assert_null(session->info2);
}

/* One result that nobody can read does not hide the others. */
static void test_unreadable_result(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world_store_result(world, "b", 3, "B1");
    world->unreadable_result = TRUE;
    session = world_boot(world, &error);
    g_assert_no_error(error);
    g_assert_nonnull(session);
    world_assert_calls(world, "results; save 1 executed");
    g_assert_true(world_has_event(world, "a result stored on the card can't be read"));
    world_assert_poll_ok(session, "b", 0);
    world_assert_calls(world, "provide b 21; save 1 delivered; remove 21; drop 1; get b");
}

/* I-35, I-40: one reset where the card answers 6985, no second one. */
static void test_start_6985(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world->wants_reset = TRUE;
    session = world_boot(world, &error);
    g_assert_no_error(error);
    world_assert_calls(world, "reset; results");
    g_clear_pointer(&session, ipa_session_free);

    world->stubborn = TRUE;
    session = world_boot(world, &error);
    g_assert_null(session);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_EUICC); /* until another card comes */
    g_assert_cmpstr(error->message, ==,
                    "reading the EID: the card refuses every command, even after a reset, and is "
                    "not manageable: 6985");
    world_assert_calls(world, "reset");
    g_clear_error(&error);

    world->stubborn = FALSE;
    world->wants_reset = TRUE;
    world->reset_fails = 1;
    session = world_boot(world, &error);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_RESET);
    g_assert_cmpstr(
        error->message, ==,
        "reading the EID: (resetting the card failed: the modem can't reset the card) 6985");
}

/* A card that can't list its results is used all the same, unless a package waits for the list. */
static void test_results_not_listed(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GError) error = NULL;

    world_store_result(world, "b", 3, "B1");
    world->list_refused = TRUE;
    session = world_boot(world, &error);
    g_assert_no_error(error);
    g_assert_false(session->reconciled);
    g_assert_true(world_has_event(world, "reading stored package results: undefinedError"));
    world_add_package(world, "a", ESIPA_PACKAGE_EUICC, "list");
    world_assert_poll_ok(session, "a", 1);
    g_free(world_take_calls(world));
    /* Found as soon as the card can tell. */
    world->list_refused = FALSE;
    world_assert_poll_ok(session, "b", 0);
    g_assert_true(session->reconciled);
    world_assert_calls(world,
                       "results; save 2 executed; provide b 21; save 2 delivered; remove 21; "
                       "drop 2; get b");
    g_clear_pointer(&session, ipa_session_free);

    world->load_fault = EUICCD_ERROR_TIMEOUT;
    world->load_fault_executes = TRUE;
    world->load_faults = 1;
    session = world_boot(world, NULL);
    world->list_refused = TRUE;
    world_add_package(world, "a", ESIPA_PACKAGE_EUICC, "list");
    g_free(world_poll_fails(session, "a", EUICCD_ERROR_TIMEOUT));
    g_clear_pointer(&session, ipa_session_free);
    session = world_boot(world, &error);
    g_assert_null(session);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipa/start/iot", test_start);
    g_test_add_func("/ipa/start/consumer", test_start_consumer);
    g_test_add_func("/ipa/start/ipae", test_start_ipae);
    g_test_add_func("/ipa/start/ipae-supported", test_start_ipae_supported);
    g_test_add_func("/ipa/start/ipae-not-active", test_start_ipae_supported_not_active);
    g_test_add_func("/ipa/start/verify", test_verify);
    g_test_add_func("/ipa/start/verify-ipae", test_verify_ipae);
    g_test_add_func("/ipa/start/bad-lists", test_start_bad_lists);
    g_test_add_func("/ipa/start/lists-not-reached", test_start_lists_not_reached);
    g_test_add_func("/ipa/start/no-info2", test_start_no_info2);
    g_test_add_func("/ipa/start/unreadable-result", test_unreadable_result);
    g_test_add_func("/ipa/start/results-not-listed", test_results_not_listed);
    g_test_add_func("/ipa/IPAD-TRN-66E/6985-at-start", test_start_6985);
    return g_test_run();
}
