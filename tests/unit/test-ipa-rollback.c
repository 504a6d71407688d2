/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa-world.h"

/*
 * Profile rollback (SGP.32 3.3.2, 5.9.16; interop notes I-36, I-37), call by call: area RBK of the
 * conformance catalogue. Death at every call is in test-ipa-crash.c.
 */

#define ENABLED "get a; save 1 executing; load a/1; cause b 0; save 1 executed; renew; "

/* "a" is out of reach while the new profile is enabled. */
static IpaSession *start(World *world, const char *op)
{
    world_eim(world, "a")->needs_old_profile = TRUE;
    return world_start(world, op);
}

static void assert_rolled_back(World *world)
{
    g_assert_cmpstr(world->enabled, ==, "A");
    g_assert_cmpuint(world->rollbacks, ==, 1);
    g_assert_cmpuint(world->disk->len, ==, 0);
    g_assert_cmpuint(world->stored->len, ==, 0);
    g_assert_cmpstr(world_answer_of(world, 0), ==, "result");
}

/* IPAD-RBK-02N: no way to the eIM, so the former profile comes back, and the result of that is delivered. */
static void test_rolls_back(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");
    g_autofree char *iccid = NULL;

    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, ENABLED "provide a 21; save 1 executed; rollback; cause b 0; "
                                      "save 1 executed; renew; provide a 22; save 1 delivered; "
                                      "remove 22; remove 21; drop 1; get a");
    assert_rolled_back(world);
    iccid = ipa_session_get_enabled_iccid(session);
    g_assert_cmpstr(iccid, ==, "8900000000000000000A");
    g_assert_true(world_has_event(
        world,
        "a: no connectivity with the new profile (delivering a result to eIM 'a': no route): "
        "rolling back"));
    g_assert_true(world_has_event(world, "a: package executed: rollback ok"));
    g_assert_cmpuint(world->network_changes, ==, 2); /* there and back */
    g_assert_cmpuint(world->switches, ==, 2);        /* likewise */
}

/* The modem got into a network: worth a try at once, and the pauses begin anew. The window is not shortened. */
static void test_network_comes(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world->rollback_window = 60;
    world->reachable_after = 5;
    world->early_waits = 2;
    session = start(world, "enable-rollback");
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, ENABLED "provide a 21; early 5; provide a 21; early 5; "
                                      "provide a 21; wait 5; " WORLD_DONE);
    g_assert_cmpuint(world->switches, ==, 1);
}

/* Nobody has to let go of the modem for a package that leaves the profiles alone. */
static void test_no_switch(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world_assert_poll_ok(session, "a", 1);
    g_assert_cmpuint(world->switches, ==, 0);
}

/* The card can't be reached: what was begun is ended all the same. */
static void test_switch_without_card(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");

    world->open_fails = TRUE;
    g_free(world_poll_fails(session, "a", EUICCD_ERROR_NO_CHANNEL));
    g_assert_cmpuint(world->switches, ==, 1);
    g_assert_false(world->switching);
}

/* IPAD-RBK-61N: connectivity comes within the window, with growing pauses. */
static void test_waits(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world->rollback_window = 60;
    world->reachable_after = 30;
    session = start(world, "enable-rollback");
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, ENABLED "provide a 21; wait 5; provide a 21; wait 10; provide a 21; "
                                      "wait 20; " WORLD_DONE);
    g_assert_cmpuint(world->rollbacks, ==, 0);
    g_assert_cmpstr(world->enabled, ==, "B");
}

/* The window ends on time, not with the next doubled pause. */
static void test_window(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autofree char *calls = NULL;

    world->rollback_window = 20;
    session = start(world, "enable-rollback");
    world_assert_poll_ok(session, "a", 1);
    calls = world_take_calls(world);
    g_assert_true(g_str_has_prefix(calls, ENABLED "provide a 21; wait 5; provide a 21; wait 10; "
                                                  "provide a 21; wait 5; provide a 21; "
                                                  "save 1 executed; rollback; "));
    assert_rolled_back(world);
}

/* IPAD-RBK-03E: without rollbackFlag the change stays, and nobody waits for it. */
static void test_not_allowed_by_eim(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world->rollback_window = 60;
    session = start(world, "enable");
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, ENABLED "provide a 21");
    g_assert_cmpuint(world->rollbacks, ==, 0);
    g_assert_cmpuint(world->disk->len, ==, 1);
}

/* Whoever else has the modem let go of it, and its network comes back only after that: the result waits for it, without
 * leave for a rollback as well, and where the card refused the change. */
static void test_let_go(gconstpointer data)
{
    const char *op = data;
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autofree char *calls = NULL;

    world->rollback_window = 60;
    world->lets_go = TRUE;
    world->early_waits = 1;
    session = world_start(world, op);
    world_eim(world, "a")->mood = EIM_DOWN;
    world_eim(world, "a")->mood_count = 3;
    world_assert_poll_ok(session, "a", 1);
    calls = world_take_calls(world);
    g_assert_nonnull(strstr(calls, "provide a 21; early 5; provide a 21; wait 5; provide a 21; "
                                   "wait 10; " WORLD_DONE));
    g_assert_cmpuint(world->rollbacks, ==, 0);
    g_assert_cmpuint(world->switches, ==, 1);
    g_assert_cmpuint(world->disk->len, ==, 0);
}

/* No network for all of the window: there is no leave to go back, and the next poll does not wait again. */
static void test_let_go_in_vain(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;

    world->rollback_window = 20;
    world->lets_go = TRUE;
    session = start(world, "enable");
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, ENABLED "provide a 21; wait 5; provide a 21; wait 10; provide a 21; "
                                      "wait 5; provide a 21");
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, "provide a 21");
    g_assert_cmpuint(world->rollbacks, ==, 0);
    g_assert_cmpuint(world->disk->len, ==, 1);
}

/* An eIM that answers is not waited for, whatever it answers. */
static void test_let_go_refusal(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");

    session->rollback_window = 60;
    world->lets_go = TRUE;
    world_eim(world, "a")->mood = EIM_REFUSES;
    world_eim(world, "a")->mood_count = G_MAXUINT;
    world_assert_poll_fails(session, EUICCD_ERROR_EIM_REFUSED,
                            "delivering a result to eIM 'a': undefinedError");
    world_assert_calls(world, ENABLED "provide a 21");
}

/* IPAD-RBK-62N: an eIM that answers, whatever it answers, can be reached. */
static void test_refusal_is_an_answer(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable-rollback");

    world->rollback_window = 60;
    world_eim(world, "a")->mood = EIM_REFUSES;
    world_eim(world, "a")->mood_count = G_MAXUINT;
    world_assert_poll_fails(session, EUICCD_ERROR_EIM_REFUSED,
                            "delivering a result to eIM 'a': undefinedError");
    world_assert_calls(world, ENABLED "provide a 21; save 1 executed");
    /* What comes later is an outage, not a profile without connectivity. */
    world_eim(world, "a")->mood = EIM_ACKNOWLEDGES;
    world_eim(world, "a")->needs_old_profile = TRUE;
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, "provide a 21");
    g_assert_cmpuint(world->rollbacks, ==, 0);
}

/* The next package that the card accepts ends what the one before granted (es10.md 5.8): only its own result
 * makes room for that of a rollback. */
static void test_two_packages(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    FakeEim *b;

    world_add_package(world, "b", ESIPA_PACKAGE_EUICC, "enable-rollback");
    session = world_start(world, "enable-rollback");
    b = world_eim(world, "b");
    /* "b" has it executed and answers nothing yet; then comes "a", whose way is cut off. */
    b->mood = EIM_DOWN;
    b->mood_count = G_MAXUINT;
    session->rollback_window = 60;
    world->cancel_at_wait = TRUE;
    g_free(world_poll_fails(session, "b", EUICCD_ERROR_CANCELLED));
    world->cancel_at_wait = FALSE;
    session->rollback_window = 0;
    world_eim(world, "a")->mood = EIM_DOWN;
    world_eim(world, "a")->mood_count = 1;
    world_assert_poll_ok(session, "a", 1);
    g_assert_cmpuint(world->rollbacks, ==, 1);
    /* The first one's result is still owed, and is as it was. */
    g_assert_cmpuint(world->disk->len, ==, 1);
    g_assert_cmpint(((const IpaRecord *)world->disk->pdata[0])->rollback, ==, IPA_ROLLBACK_NONE);
    g_assert_cmpint(((const IpaRecord *)world->disk->pdata[0])->sequence, ==, 21);
    b->mood = EIM_ACKNOWLEDGES;
    world_assert_poll_ok(session, "b", 0);
    g_assert_cmpuint(b->taken->len, >=, 1);
    g_assert_cmpuint(world->rollbacks, ==, 1);
    g_assert_cmpuint(world->stored->len, ==, 0);
    g_assert_cmpuint(world->disk->len, ==, 0);
}

/* A package that changed nothing has nothing to roll back. */
static void test_refused_enable(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable-refused");
    Package *package = world_eim(world, "a")->packages->pdata[0];

    package->rollback_flag = TRUE;
    world_eim(world, "a")->mood = EIM_DOWN;
    world_eim(world, "a")->mood_count = G_MAXUINT;
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    g_assert_cmpuint(world->rollbacks, ==, 0);
}

/* IPAD-RBK-63E: the card refuses; the former result goes on being offered, and the card is not asked
 * again. */
static void test_refused_by_card(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");

    world->rollback_code = 1;
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, ENABLED "provide a 21; save 1 executed; rollback; save 1 executed");
    g_assert_true(world_has_event(world, "a: no rollback: the card says no"));
    world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                            "delivering a result to eIM 'a': no route");
    world_assert_calls(world, "provide a 21");
    world_eim(world, "a")->needs_old_profile = FALSE;
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, WORLD_DONE);
}

/* IPAD-RBK-64E: catBusy is asked again, a few times. */
static void test_busy(gconstpointer data)
{
    guint busy = GPOINTER_TO_UINT(data);
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");
    g_autofree char *calls = NULL;

    world->rollback_busy = busy;
    if (busy < 4)
        world_assert_poll_ok(session, "a", 1);
    else
        world_assert_poll_fails(session, EUICCD_ERROR_NETWORK,
                                "delivering a result to eIM 'a': no route");
    calls = world_take_calls(world);
    g_assert_true(g_str_has_prefix(
        calls, busy < 4 ? ENABLED "provide a 21; save 1 executed; rollback; wait 2; rollback; "
                                  "wait 4; rollback; cause b 0; "
                        : ENABLED "provide a 21; save 1 executed; rollback; wait 2; rollback; "
                                  "wait 4; rollback; wait 8; rollback; save 1 executed"));
    g_assert_cmpuint(world->rollbacks, ==, busy < 4);
    /* That is no refusal: the next poll asks again. */
    if (busy == 4) {
        world_assert_poll_ok(session, "a", 0);
        assert_rolled_back(world);
    }
}

/* The answer has no result in it: the list has. */
static void test_result_from_list(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");

    world->rollback_silent = TRUE;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, ENABLED "provide a 21; save 1 executed; rollback; renew; results; "
                                      "cause b 0; save 1 executed; provide a 22; "
                                      "save 1 delivered; remove 22; remove 21; drop 1; get a");
    assert_rolled_back(world);
}

/* No result anywhere: the former one would be a lie. */
static void test_no_result(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");

    world->rollback_silent = world->rollback_forgets = TRUE;
    world_assert_poll_ok(session, "a", 1);
    g_assert_cmpstr(world_answer_of(world, 0), ==, "error 127");
    g_assert_cmpstr(world->enabled, ==, "A");
    g_assert_true(world_has_event(world, "a: the card gave no result of the rollback"));
    g_assert_cmpuint(world->disk->len, ==, 0);
}

/* IPAD-RBK-65E: the answer is lost; the card's list says that it was done. It is not done twice. */
static void test_lost_answer(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");

    world->rollback_lost = TRUE;
    world_assert_poll_ok(session, "a", 1);
    assert_rolled_back(world);
}

/* A card that keeps the former result as well: it goes with the acknowledgement of the new one. */
static void test_former_stays(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = start(world, "enable-rollback");

    world->keeps_former = TRUE;
    world->die_at = 0;
    world_assert_poll_ok(session, "a", 1);
    assert_rolled_back(world);
    g_assert_cmpuint(world_eim(world, "a")->taken->len, ==, 1); /* only the new one was delivered */
}

/* The disk is full: no rollback that a restart would not know of. */
static void test_disk_full(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autofree char *message = NULL;

    world->rollback_window = 5;
    session = start(world, "enable-rollback");
    world->fills_at_wait = TRUE;
    message = world_poll_fails(session, "a", EUICCD_ERROR_STORAGE);
    g_assert_cmpstr(message, ==, "noting a rollback before it is done: no space left");
    g_assert_cmpuint(world->rollbacks, ==, 0);
}

/* Cancelled while waiting: everything stays as it is for the next poll. */
static void test_cancelled(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *message = NULL;

    world->rollback_window = 60;
    session = start(world, "enable-rollback");
    session->cancellable = cancellable;
    world->cancel_at_load = cancellable;
    message = world_poll_fails(session, "a", EUICCD_ERROR_CANCELLED);
    g_assert_cmpuint(world->rollbacks, ==, 0);
    session->cancellable = NULL;
    world->cancel_at_load = NULL;
    world->rollback_window = 0;
    session->rollback_window = 0;
    world_assert_poll_ok(session, "a", 0);
    assert_rolled_back(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollback/IPAD-RBK-02N/rolls-back", test_rolls_back);
    g_test_add_func("/rollback/IPAD-RBK-61N/network-comes", test_network_comes);
    g_test_add_func("/rollback/no-switch", test_no_switch);
    g_test_add_func("/rollback/switch-without-card", test_switch_without_card);
    g_test_add_func("/rollback/IPAD-RBK-61N/waits", test_waits);
    g_test_add_func("/rollback/IPAD-RBK-61N/window", test_window);
    g_test_add_func("/rollback/IPAD-RBK-03E/not-allowed", test_not_allowed_by_eim);
    g_test_add_data_func("/rollback/let-go/enabled", "enable", test_let_go);
    g_test_add_data_func("/rollback/let-go/with-leave", "enable-rollback", test_let_go);
    g_test_add_data_func("/rollback/let-go/refused", "enable-refused", test_let_go);
    g_test_add_func("/rollback/let-go/in-vain", test_let_go_in_vain);
    g_test_add_func("/rollback/let-go/refusal", test_let_go_refusal);
    g_test_add_func("/rollback/IPAD-RBK-62N/refusal", test_refusal_is_an_answer);
    g_test_add_func("/rollback/IPAD-RBK-62N/refused-enable", test_refused_enable);
    g_test_add_func("/rollback/IPAD-RBK-62N/two-packages", test_two_packages);
    g_test_add_func("/rollback/IPAD-RBK-63E/refused-by-card", test_refused_by_card);
    g_test_add_data_func("/rollback/IPAD-RBK-64E/busy", GUINT_TO_POINTER(2), test_busy);
    g_test_add_data_func("/rollback/IPAD-RBK-64E/too-busy", GUINT_TO_POINTER(4), test_busy);
    g_test_add_func("/rollback/IPAD-RBK-02N/result-from-list", test_result_from_list);
    g_test_add_func("/rollback/IPAD-RBK-65E/no-result", test_no_result);
    g_test_add_func("/rollback/IPAD-RBK-65E/lost-answer", test_lost_answer);
    g_test_add_func("/rollback/IPAD-RBK-02N/former-stays", test_former_stays);
    g_test_add_func("/rollback/IPAD-RBK-66E/disk-full", test_disk_full);
    g_test_add_func("/rollback/IPAD-RBK-66E/cancelled", test_cancelled);
    return g_test_run();
}
