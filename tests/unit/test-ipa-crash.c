/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa-world.h"

/*
 * Invariant 3 and interop note I-43: lost answers, and processes that die at every single call. Whatever
 * happens, every result reaches its eIM, no package runs twice, and nothing is removed from the card
 * before its eIM acknowledged it (the world asserts the latter on each removal).
 */

/* I-43 and the cases around it: the answer of LoadEuiccPackage did not come. */
typedef struct {
    EuiccdError code;
    gboolean executes;
    guint times;
    const char *calls; /* of the first poll */
    gboolean first_ok;
    const char *second; /* of the second, when the first failed */
    const char *answer;
    gboolean channel_lost;
} LostCase;

#define TOLD "error 127 a 6101; drop 1; get a"

static const LostCase lost_cases[] = {
    /* executed, no answer: found after the reset */
    { EUICCD_ERROR_TIMEOUT, TRUE, 1, WORLD_HEAD "reset; results; save 1 executed; " WORLD_DONE,
      TRUE, NULL, "result", FALSE },
    { EUICCD_ERROR_MODEM, TRUE, 1, WORLD_HEAD "reset; results; save 1 executed; " WORLD_DONE, TRUE,
      NULL, "result", FALSE },
    { EUICCD_ERROR_MALFORMED, TRUE, 1, WORLD_HEAD "reset; results; save 1 executed; " WORLD_DONE,
      TRUE, NULL, "result", FALSE },
    /* not executed: the eIM decides, the package is not sent again */
    { EUICCD_ERROR_TIMEOUT, FALSE, 1, WORLD_HEAD "reset; results; save 1 executed; " TOLD, TRUE,
      NULL, "error 127", FALSE },
    /* the modem went: the next poll looks */
    { EUICCD_ERROR_MODEM_GONE, TRUE, 1, WORLD_HEAD, FALSE, "results; save 1 executed; " WORLD_DONE,
      "result", FALSE },
    { EUICCD_ERROR_MODEM_GONE, FALSE, 1, WORLD_HEAD, FALSE, "results; save 1 executed; " TOLD,
      "error 127", FALSE },
    { EUICCD_ERROR_CANCELLED, TRUE, 1, WORLD_HEAD, FALSE, "results; save 1 executed; " WORLD_DONE,
      "result", FALSE },
    /* 6985 once: reset, look whether it ran, give it to the card again */
    { EUICCD_ERROR_CARD_RESET, FALSE, 1,
      WORLD_HEAD "reset; results; load a/1; save 1 executed; " WORLD_DONE, TRUE, NULL, "result",
      FALSE },
    /* 6985 in the place of the answer: it ran, so it is not given to the card again */
    { EUICCD_ERROR_CARD_RESET, TRUE, 1, WORLD_HEAD "reset; results; save 1 executed; " WORLD_DONE,
      TRUE, NULL, "result", FALSE },
    /* 6985 twice: refused */
    { EUICCD_ERROR_CARD_RESET, FALSE, 2,
      WORLD_HEAD "reset; results; load a/1; results; save 1 executed; " TOLD, TRUE, NULL,
      "error 127", FALSE },
    /* another status word: refused, unless the result is there */
    { EUICCD_ERROR_CARD_STATUS, FALSE, 1, WORLD_HEAD "results; save 1 executed; " TOLD, TRUE, NULL,
      "error 127", FALSE },
    { EUICCD_ERROR_CARD_STATUS, TRUE, 1, WORLD_HEAD "results; save 1 executed; " WORLD_DONE, TRUE,
      NULL, "result", FALSE },
    /* one that says that the channel is gone: as 6985, but no reset */
    { EUICCD_ERROR_CARD_STATUS, FALSE, 1,
      WORLD_HEAD "results; load a/1; save 1 executed; " WORLD_DONE, TRUE, NULL, "result", TRUE },
    { EUICCD_ERROR_CARD_STATUS, TRUE, 1, WORLD_HEAD "results; save 1 executed; " WORLD_DONE, TRUE,
      NULL, "result", TRUE },
    { EUICCD_ERROR_CARD_STATUS, FALSE, 2,
      WORLD_HEAD "results; load a/1; results; save 1 executed; " TOLD, TRUE, NULL, "error 127",
      TRUE },
    { EUICCD_ERROR_TOO_LARGE, TRUE, 1, WORLD_HEAD "results; save 1 executed; " WORLD_DONE, TRUE,
      NULL, "result", FALSE },
    { EUICCD_ERROR_NOT_SUPPORTED, FALSE, 1, WORLD_HEAD "results; save 1 executed; " TOLD, TRUE,
      NULL, "error 127", FALSE },
};

static void test_lost_answer(gconstpointer data)
{
    const LostCase *lost = data;
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");
    g_autofree char *calls = NULL;

    world->channel_lost = lost->channel_lost;
    world->load_fault = lost->code;
    world->load_fault_executes = lost->executes;
    world->load_faults = lost->times;
    if (lost->first_ok) {
        world_assert_poll_ok(session, "a", 1);
        world_assert_calls(world, lost->calls);
    } else {
        g_autofree char *message = world_poll_fails(session, "a", lost->code);

        g_assert_cmpstr(message, ==, "executing a package: the answer of the fault");
        calls = world_take_calls(world);
        g_assert_cmpstr(calls, ==, "get a; save 1 executing; load a/1");
        g_assert_false(session->reconciled);
        world_assert_poll_ok(session, "a", 0);
        world_assert_calls(world, lost->second);
    }
    g_assert_cmpstr(world_answer_of(world, 0), ==, lost->answer);
    g_assert_cmpuint(world->replays, ==, 0);
    g_assert_cmpuint(world->disk->len, ==, 0);
    g_assert_cmpuint(world->stored->len, ==, 0);
}

/* The modem is back at once (its proxy was killed): what the list shows not to have run is given to the card again,
 * one time. */
static void test_gone_for_a_moment(void)
{
    static const struct {
        gboolean executes;
        guint times;
        const char *calls, *second, *answer;
    } cases[] = {
        { FALSE, 1, WORLD_HEAD "reopen; results; load a/1; save 1 executed; " WORLD_DONE, NULL,
          "result" },
        { FALSE, 2, WORLD_HEAD "reopen; results; load a/1", "results; save 1 executed; " TOLD,
          "error 127" },
        { TRUE, 1, WORLD_HEAD "reopen; results", "results; save 1 executed; " WORLD_DONE,
          "result" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(IpaSession) session = world_start(world, "list");

        world->comes_back = TRUE;
        world->load_fault = EUICCD_ERROR_MODEM_GONE;
        world->load_fault_executes = cases[i].executes;
        world->load_faults = cases[i].times;
        if (cases[i].second)
            world_assert_poll_fails(session, EUICCD_ERROR_MODEM_GONE,
                                    "executing a package: the answer of the fault");
        else
            world_assert_poll_ok(session, "a", 1);
        world_assert_calls(world, cases[i].calls);
        if (cases[i].second) {
            world_assert_poll_ok(session, "a", 0);
            world_assert_calls(world, cases[i].second);
        }
        g_assert_cmpstr(world_answer_of(world, 0), ==, cases[i].answer);
        g_assert_cmpuint(world->replays, ==, 0);
    }
}

/* The answer of a profile change was lost: the new state is shown all the same. */
static void test_lost_profile_change(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "enable");
    g_autofree char *iccid = NULL;

    world->load_fault = EUICCD_ERROR_TIMEOUT;
    world->load_fault_executes = TRUE;
    world->load_faults = 1;
    world_assert_poll_ok(session, "a", 1);
    world_assert_calls(world, WORLD_HEAD "reset; results; cause b 0; save 1 executed; " WORLD_DONE);
    iccid = ipa_session_get_enabled_iccid(session);
    g_assert_cmpstr(iccid, ==, "8900000000000000000B");
    g_assert_true(world_has_event(world, "profile switched: ICCID 8900000000000000000B"));
}

/* Nobody knows what became of it: it stays open until the card answers. */
static void test_lost_for_now(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");

    world->load_fault = EUICCD_ERROR_TIMEOUT;
    world->load_fault_executes = TRUE;
    world->load_faults = 1;
    world->list_fails = TRUE;
    world_assert_poll_fails(
        session, EUICCD_ERROR_TIMEOUT,
        "executing a package: the answer of the fault (looking for its result failed: "
        "reading stored package results: no answer)");
    world_assert_calls(world, WORLD_HEAD "reset; results");
    world_assert_poll_fails(session, EUICCD_ERROR_TIMEOUT,
                            "reading stored package results: no answer");
    world_assert_calls(world, "results");
    world->list_fails = FALSE;
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, "results; save 1 executed; " WORLD_DONE);
    g_assert_cmpuint(world->replays, ==, 0);
}

/* Cancelled while the card works: the package is not lost. */
static void test_cancelled(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(IpaSession) session = world_start(world, "list");
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *message = NULL;

    session->cancellable = cancellable;
    world->cancel_at_load = cancellable;
    message = world_poll_fails(session, "a", EUICCD_ERROR_CANCELLED);
    world_assert_calls(world, "get a; save 1 executing; load a/1; save 1 executed");
    session->cancellable = NULL;
    world->cancel_at_load = NULL;
    world_assert_poll_ok(session, "a", 0);
    world_assert_calls(world, WORLD_DONE);
}

/* ---- death at every call ---- */

typedef struct {
    const char *name;
    const char *ops[4]; /* packages of "a"; NULL: the data request of a test */
    const char *other;  /* package of "b" */
    EimMood mood;       /* of "a" */
    gboolean profile_changes;
    gboolean rolled_back; /* "a" is out of reach with the new profile */
} Story;

static const Story stories[] = {
    { "list", { "list" }, NULL, EIM_ACKNOWLEDGES, FALSE, FALSE },
    { "enable", { "enable" }, NULL, EIM_ACKNOWLEDGES, TRUE, FALSE },
    { "two-eims", { "list", "enable", "list" }, "list", EIM_ACKNOWLEDGES, TRUE, FALSE },
    { "accepts", { "enable", "list" }, "list", EIM_ACCEPTS, TRUE, FALSE },
    { "deletes-itself", { "delete-eim" }, NULL, EIM_ACKNOWLEDGES, FALSE, FALSE },
    { "signed-error", { "signed-error", "list" }, NULL, EIM_ACKNOWLEDGES, FALSE, FALSE },
    { "rollback", { "enable-rollback" }, NULL, EIM_ACKNOWLEDGES, FALSE, TRUE },
};

static World *story_world(const Story *story)
{
    World *world = world_new();
    FakeEim *eim = world_eim(world, "a");

    for (guint i = 0; i < G_N_ELEMENTS(story->ops) && story->ops[i]; i++)
        world_add_package(world, "a", ESIPA_PACKAGE_EUICC, story->ops[i]);
    world_add_package(world, "a", ESIPA_PACKAGE_DATA_REQUEST, "BF52045C02BF20");
    eim->needs_old_profile = story->rolled_back;
    if (story->other)
        world_add_package(world, "b", ESIPA_PACKAGE_EUICC, story->other);
    eim->mood = story->mood;
    eim->mood_count = G_MAXUINT;
    eim->makes_anew = world_eim(world, "b")->makes_anew = TRUE;
    return world;
}

/* One life of the daemon: until it has nothing to do, or dies. */
static void live(World *world)
{
    g_autoptr(IpaSession) session = world_boot(world, NULL);

    if (session && ipa_session_find_eim(session, "a"))
        (void)world_poll(session, "a", NULL, NULL);
    if (session && !world->dead && ipa_session_find_eim(session, "b"))
        (void)world_poll(session, "b", NULL, NULL);
}

static void assert_settled(World *world, const Story *story, gboolean deleted)
{
    GHashTableIter iter;
    gpointer times;

    g_assert_cmpuint(world->disk->len, ==, 0);
    g_assert_cmpuint(world->stored->len, ==, 0);
    g_assert_cmpuint(world->replays, ==, 0);
    for (guint i = 0; i < world->eims->len; i++) {
        const FakeEim *eim = world->eims->pdata[i];

        for (guint j = 0; j < eim->packages->len; j++) {
            const Package *package = eim->packages->pdata[j];

            /* An eIM that took itself off the card is not asked for the rest. */
            if (!deleted || package->kind == ESIPA_PACKAGE_EUICC)
                g_assert_nonnull(package->answer);
        }
    }
    g_hash_table_iter_init(&iter, world->executed);
    while (g_hash_table_iter_next(&iter, NULL, &times))
        g_assert_cmpuint(GPOINTER_TO_UINT(times), ==, 1);
    if (story->rolled_back) {
        g_assert_cmpstr(world->enabled, ==, "A");
        g_assert_cmpuint(world->rollbacks, ==, 1);
    }
    if (story->profile_changes) {
        g_assert_cmpstr(world->enabled, ==, "B");
        g_assert_cmpuint(world_eim(world, "b")->causes->len, >=, 1); /* the other eIM was told */
    }
}

/* A package that never was executed may be owed to nobody: its work counts as done once. */
static guint executions(World *world)
{
    return g_hash_table_size(world->executed);
}

static void test_death(gconstpointer data)
{
    const Story *story = data;
    gboolean deleted = g_strcmp0(story->ops[0], "delete-eim") == 0;
    guint calls, done;

    {
        g_autoptr(World) world = story_world(story);

        live(world);
        assert_settled(world, story, deleted);
        calls = world->step;
        done = executions(world);
    }
    g_assert_cmpuint(calls, >, 10);
    for (guint i = 1; i <= calls; i++) {
        for (guint after = 0; after < 2; after++) {
            g_autoptr(World) world = story_world(story);

            world->die_at = i;
            world->die_after = after == 1;
            live(world);
            world->die_at = 0;
            live(world);
            live(world);
            assert_settled(world, story, deleted);
            g_assert_cmpuint(executions(world), ==, done);
        }
    }
}

/* Dying again during the recovery. */
static void test_second_death(gconstpointer data)
{
    const Story *story = data;
    guint calls;

    {
        g_autoptr(World) world = story_world(story);

        live(world);
        calls = world->step;
    }
    for (guint i = 1; i <= calls; i++) {
        for (guint j = 1; j <= calls; j++) {
            g_autoptr(World) world = story_world(story);

            world->die_at = i;
            world->die_after = TRUE;
            live(world);
            world->die_at = world->step + j;
            world->die_after = j % 2;
            live(world);
            world->die_at = 0;
            live(world);
            live(world);
            assert_settled(world, story, FALSE);
        }
    }
}

/* Dead after the card went back, which keeps no result of that: reported, and not rolled back again. */
static void test_rollback_without_result(void)
{
    guint seen = 0;

    for (guint i = 1; i < 30; i++) {
        g_autoptr(World) world = world_new();

        world_add_package(world, "a", ESIPA_PACKAGE_EUICC, "enable-rollback");
        world_eim(world, "a")->needs_old_profile = TRUE;
        world->rollback_forgets = TRUE;
        world->die_at = i;
        world->die_after = TRUE;
        live(world);
        world->die_at = 0;
        if (world->rollbacks == 0 || !world->dead)
            continue;
        seen++;
        live(world);
        live(world);
        g_assert_cmpuint(world->rollbacks, ==, 1);
        g_assert_cmpstr(world->enabled, ==, "A");
        g_assert_nonnull(world_answer_of(world, 0));
        g_assert_cmpuint(world->disk->len, ==, 0);
        for (guint k = 0; k < world_eim(world, "a")->taken->len; k++) {
            g_autofree char *taken = bytes_gbytes_to_hex(world_eim(world, "a")->taken->pdata[k]);

            g_assert_null(strstr(taken, "830100")); /* enable ok: that is over */
        }
    }
    g_assert_cmpuint(seen, >, 0);
}

static void add_lost_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(lost_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/ipa/IPAD-PKG-73E/%u-%s-%s", i, euiccd_error_name(lost_cases[i].code),
                            lost_cases[i].executes ? "ran" : "did-not-run");

        g_test_add_data_func(path, &lost_cases[i], test_lost_answer);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_lost_cases();
    g_test_add_func("/ipa/crash/gone-for-a-moment", test_gone_for_a_moment);
    g_test_add_func("/ipa/IPAD-PKG-73E/profile-change", test_lost_profile_change);
    g_test_add_func("/ipa/IPAD-PKG-73E/later", test_lost_for_now);
    g_test_add_func("/ipa/package/cancelled", test_cancelled);
    for (guint i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strdup_printf("/ipa/death/%s", stories[i].name);

        g_test_add_data_func(path, &stories[i], test_death);
    }
    g_test_add_data_func("/ipa/death/twice", &stories[2], test_second_death);
    g_test_add_func("/ipa/death/rollback-without-result", test_rollback_without_result);
    g_test_add_data_func("/ipa/death/twice-rollback", &stories[6], test_second_death);
    return g_test_run();
}
