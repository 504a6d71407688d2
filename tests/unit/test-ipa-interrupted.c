/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Downloads that are cut off, and what is found out about them afterwards: SGP.22 3.1, 3.6, SGP.32 3.2.3. */
#include <string.h>

#include "ipa-world.h"

#define DP   "dp.example.com"
#define DS   "a.b" /* the card's root SM-DS */
#define CODE "1$" DP "$TOKEN-1"

/* BF54 with CODE, and with the root SM-DS, in the transaction of the first package of "a". */
#define TRIGGER_CODE "BF5420A01A8018312464702E6578616D706C652E636F6D24544F4B454E2D3182026101"
#define TRIGGER_SMDS "BF5408A002A20082026101"

static World *make_world(FakeServer **ret_server, const char *trigger)
{
    World *world = world_new();

    *ret_server = world_add_server(world, DP);
    world->policy.path = IPA_PATH_DIRECT;
    if (trigger)
        world_add_package(world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, trigger);
    return world;
}

static World *make_world_of_events(FakeServer **ret_server)
{
    World *world = make_world(ret_server, TRIGGER_SMDS);
    FakeServer *root = world_add_server(world, DS);

    world_add_event(root, "EVENT-1", DP);
    world_add_event(root, "EVENT-2", DP);
    return world;
}

/* One life of the daemon: a poll and a round of notifications. TRUE: it came to its end. */
static gboolean live(World *world)
{
    g_autoptr(IpaSession) session = world_boot(world, NULL);

    if (session && world_poll(session, "a", NULL, NULL))
        (void)ipa_notifications_deliver(session, NULL, NULL);
    g_clear_pointer(&world->session, g_bytes_unref); /* the card was reset with the rest */
    return !world->dead;
}

static char *take_answer(World *world, guint n)
{
    FakeEim *eim = world_eim(world, "a");

    g_assert_cmpuint(eim->taken->len, ==, n);
    return bytes_gbytes_to_hex(eim->taken->pdata[n - 1]);
}

/* ---- an SM-DS with several events ---- */

/* Dies at every single call. Each event is carried out once, each receiver and the eIM learn of it. */
static void test_events_crash(void)
{
    for (guint die_after = 0; die_after < 2; die_after++) {
        for (guint at = 1;; at++) {
            FakeServer *server;
            g_autoptr(World) world = make_world_of_events(&server);
            g_autofree char *answer = NULL;
            guint lives = 0;

            world->die_at = at;
            world->die_after = die_after;
            while (!live(world))
                g_assert_cmpuint(++lives, <, 5);
            g_test_message("died at %u", at);
            g_assert_cmpuint(world->installed, ==, 2);
            g_assert_cmpuint(world->disk->len, ==, 0);
            g_assert_cmpuint(world->pending->len, ==, 0);
            g_assert_cmpuint(server->notified->len, >=, 2);
            answer = take_answer(world, world_eim(world, "a")->taken->len);
            g_assert_nonnull(strstr(answer, "82026101BF37"));
            if (world->step < at)
                break;
        }
    }
}

/* The modem goes in each session of the second one: that one is given up after its tries, not after those of the
 * first one, whose result the eIM gets. */
static void test_events_tries(void)
{
    FakeServer *server;
    g_autoptr(World) world = make_world_of_events(&server);
    g_autofree char *answer = NULL;

    world->policy.tries = 2;
    server->fault = "package";
    server->fault_code = EUICCD_ERROR_MODEM_GONE;
    server->sound = 1;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(IpaSession) session = world_boot(world, NULL);

        g_assert_nonnull(session);
        server->faults = 1;
        g_assert_false(world_poll(session, "a", NULL, NULL));
        g_assert_cmpuint(server->sessions, ==, 2 + i);
        g_assert_false(world_has_event(world, "given up"));
    }
    g_assert_true(live(world));
    g_assert_true(world_has_event(world, "given up"));
    g_assert_cmpuint(server->sessions, ==, 3);
    g_assert_cmpuint(world->installed, ==, 1);
    g_assert_cmpuint(world->disk->len, ==, 0);
    g_assert_cmpuint(server->notified->len, ==, 1);
    answer = take_answer(world, 1);
    g_assert_nonnull(strstr(answer, "82026101BF37"));
}

/* One that its server refuses is not asked for again after an interruption of the other. */
static void test_events_refused(void)
{
    FakeServer *server;
    g_autoptr(World) world = make_world_of_events(&server);
    g_autofree char *answer = NULL;

    server->fault = "authenticate";
    server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    server->faults = 1;
    {
        g_autoptr(IpaSession) session = world_boot(world, NULL);

        world->segment_fails_at = 3;
        world->segment_fault = EUICCD_ERROR_MODEM_GONE;
        g_assert_false(world_poll(session, "a", NULL, NULL));
        g_assert_cmpuint(server->sessions, ==, 1);
    }
    world->segment_fails_at = 0;
    g_assert_true(live(world));
    g_assert_cmpuint(server->sessions, ==, 2);
    g_assert_cmpuint(world->installed, ==, 1);
    answer = take_answer(world, 1);
    g_assert_nonnull(strstr(answer, "82026101BF37"));
}

/* ---- an installation whose answer got lost ---- */

static void lose_answer(World *world)
{
    world->segment_fails_at = 6;
    world->segment_fault = EUICCD_ERROR_TIMEOUT;
    world->segment_works = TRUE;
}

/* The card's list could not be read: the result stays there until it was found for the eIM, although another
 * notification is delivered in between. */
static void test_held_back(void)
{
    FakeServer *server;
    g_autoptr(World) world = make_world(&server, TRIGGER_CODE);
    g_autoptr(IpaSession) session = world_start(world, NULL);
    g_autofree char *answer = NULL;
    IpaNotificationReport report;

    world_notify(world, DP);
    session->pending_notifications = 1;
    lose_answer(world);
    world->notifications_fail = EUICCD_ERROR_CARD_STATUS;
    g_assert_false(world_poll(session, "a", NULL, NULL));
    world->notifications_fail = 0;
    world->segment_fails_at = 0;
    g_free(world_take_calls(world));
    g_assert_true(ipa_notifications_deliver(session, &report, NULL));
    world_assert_calls(world, "notify " DP "; remove 21");
    g_assert_cmpuint(report.of_eim, ==, 1);
    g_assert_cmpuint(report.postponed, ==, 0);
    world_assert_poll_ok(session, "a", 0);
    answer = take_answer(world, 1);
    g_assert_nonnull(strstr(answer, "82026101BF37"));
    g_assert_cmpuint(world->installed, ==, 1);
    g_assert_cmpuint(server->sessions, ==, 1);
    g_assert_true(ipa_notifications_deliver(session, &report, NULL));
    g_assert_cmpuint(server->notified->len, ==, 2);
    g_assert_cmpuint(report.pending, ==, 0);
}

/* Somebody cancels the job meanwhile: what the card did is found out all the same. A daemon that stops leaves it to the
 * next start. */
static void test_cancelled(gconstpointer data)
{
    gboolean stops = GPOINTER_TO_INT(data);
    FakeServer *server;
    g_autoptr(World) world = make_world(&server, TRIGGER_CODE);
    g_autoptr(IpaSession) session = world_start(world, NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    const IpaRecord *record;

    lose_answer(world);
    session->cancellable = world->cancel_at_load = cancellable;
    world->cancel_at = "cancel 5";
    world->stopping = stops;
    g_assert_false(world_poll(session, "a", NULL, NULL));
    g_assert_true(session->cancellable == cancellable);
    g_assert_cmpuint(world->disk->len, ==, 1);
    record = world->disk->pdata[0];
    g_assert_cmpint(record->state, ==, stops ? IPA_RECORD_EXECUTING : IPA_RECORD_EXECUTED);
    g_assert_true((record->result == NULL) == stops);
}

/* A local caller's: nobody keeps a record of it, so the notification itself must not be forgotten. */
static void test_local(void)
{
    FakeServer *server;
    g_autoptr(World) world = make_world(&server, NULL);
    g_autoptr(IpaSession) session = world_start(world, NULL);
    g_autoptr(IpaDownloadOrder) order = ipa_download_order_parse(CODE, NULL);
    g_auto(IpaDownloadReport) first = { 0 };
    g_auto(IpaDownloadReport) second = { 0 };
    g_autoptr(GError) error = NULL;
    IpaNotificationReport report;

    lose_answer(world);
    world->notifications_fail = EUICCD_ERROR_CARD_STATUS;
    g_assert_false(ipa_download(session, order, &first, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_true(session->stale);
    g_assert_cmpuint(session->pending_notifications, ==, 1);
    world->notifications_fail = 0;
    world->segment_fails_at = 0;
    g_assert_true(ipa_notifications_deliver(session, &report, NULL));
    g_assert_cmpuint(report.delivered, ==, 1);
    g_assert_cmpuint(report.pending, ==, 0);
    g_assert_cmpuint(world->pending->len, ==, 0);
    g_assert_false(session->stale);
    /* The next download reads the card first as well. */
    session->stale = TRUE;
    g_assert_true(ipa_download(session, order, &second, NULL));
    g_assert_false(session->stale);
}

/* ---- a card that does not let go of a notification ---- */

/* Its receiver has it, and gets it once; the others are not held up. */
static void test_stuck(gconstpointer data)
{
    gboolean refused = GPOINTER_TO_INT(data);
    FakeServer *server;
    g_autoptr(World) world = make_world(&server, NULL);
    g_autoptr(IpaSession) session = world_start(world, NULL);
    IpaNotificationReport report;

    world->remove_refused = world_notify(world, DP);
    world->remove_fault = refused ? EUICCD_ERROR_CARD_REFUSED : EUICCD_ERROR_TIMEOUT;
    world_notify(world, DP);
    session->pending_notifications = 2;
    g_assert_cmpint(ipa_notifications_deliver(session, &report, NULL), ==, refused);
    if (refused) {
        world_assert_calls(world, "notify " DP "; remove 21; notify " DP "; remove 22");
        g_assert_cmpuint(report.stuck, ==, 1);
        g_assert_cmpuint(report.delivered, ==, 1);
        g_assert_cmpuint(report.pending, ==, 1);
    } else {
        world_assert_calls(world, "notify " DP "; remove 21");
    }
    world->remove_refused = 0;
    g_assert_true(ipa_notifications_deliver(session, &report, NULL));
    world_assert_calls(world, refused ? "remove 21" : "remove 21; notify " DP "; remove 22");
    g_assert_cmpuint(report.pending, ==, 0);
    g_assert_cmpuint(server->notified->len, ==, 2);
}

/* ---- the answer of ImmediateEnable got lost ---- */

static void test_immediate_enable_lost(void)
{
    static const struct {
        gint64 code; /* 0: the card has enabled the profile */
        guint reset_fails;
        const char *calls; /* after the command */
        gint cause;        /* of "a" afterwards */
        guint network_changes;
    } cases[] = {
        { 0, 0, "reset; cause a 5; cause b 5", 5, 1 },
        { 1, 0, "reset", IPA_CAUSE_UNDEFINED, 0 },
        { 0, 1, "reset; cause a 5; cause b 5", 5, 0 }, /* nobody can tell */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        FakeServer *server;
        g_autoptr(World) world = make_world(&server, NULL);
        g_autoptr(IpaSession) session = world_start(world, NULL);
        g_autoptr(IpaDownloadOrder) order = ipa_download_order_parse(CODE, NULL);
        g_auto(IpaDownloadReport) report = { 0 };
        g_autofree char *calls = NULL, *expected = NULL;

        world->immediate_lost = TRUE;
        world->immediate_code = cases[i].code;
        world->reset_fails = cases[i].reset_fails;
        g_assert_true(ipa_download(session, order, &report, NULL));
        calls = world_take_calls(world);
        expected = g_strdup_printf("cause a 127; cause b 127; immediate-enable; %s; notify " DP,
                                   cases[i].calls);
        if (!strstr(calls, expected))
            g_error("row %u: %s", i, calls);
        g_assert_cmpint(session->host->get_cause(world, "a"), ==, cases[i].cause);
        g_assert_cmpuint(world->network_changes, ==, cases[i].network_changes);
        g_assert_cmpint(report.enabled, ==, cases[i].network_changes == 1);
        g_assert_cmpuint(world->switches, ==, 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipa/interrupted/events/crash", test_events_crash);
    g_test_add_func("/ipa/interrupted/events/tries", test_events_tries);
    g_test_add_func("/ipa/interrupted/events/refused", test_events_refused);
    g_test_add_func("/ipa/interrupted/held-back", test_held_back);
    g_test_add_data_func("/ipa/interrupted/cancelled/job", GINT_TO_POINTER(FALSE), test_cancelled);
    g_test_add_data_func("/ipa/interrupted/cancelled/stop", GINT_TO_POINTER(TRUE), test_cancelled);
    g_test_add_func("/ipa/interrupted/local", test_local);
    g_test_add_data_func("/ipa/interrupted/stuck/refused", GINT_TO_POINTER(TRUE), test_stuck);
    g_test_add_data_func("/ipa/interrupted/stuck/lost", GINT_TO_POINTER(FALSE), test_stuck);
    g_test_add_func("/ipa/interrupted/immediate-enable-lost", test_immediate_enable_lost);
    return g_test_run();
}
