/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delivery of the card's notifications: SGP.32 3.7, SGP.22 3.5. */
#include "ipa-world.h"

#define DP "dp.example.com"

typedef struct {
    World *world;
    IpaSession *session;
    FakeServer *server;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world = world_new();
    f->server = world_add_server(f->world, DP);
    f->session = world_start(f->world, NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    ipa_session_free(f->session);
    world_free(f->world);
}

static void test_notifications(Fixture *f, gconstpointer data)
{
    IpaNotificationReport report;
    g_autoptr(GError) error = NULL;
    FakeServer *other = world_add_server(f->world, "other.example.com");

    (void)data;
    /* None: the list is not read. */
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    world_assert_calls(f->world, "");
    world_notify(f->world, DP);
    world_notify(f->world, "other.example.com");
    world_notify(f->world, DP);
    world_notify(f->world, "gone.example.com");
    f->session->pending_notifications = 4;
    /* One that refuses holds up nobody, nor the next one for the same receiver. */
    f->server->fault = "notify";
    f->server->fault_code = EUICCD_ERROR_HTTP;
    f->server->faults = 1;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    g_assert_no_error(error);
    world_assert_calls(f->world, "notify " DP "; notify other.example.com; remove 22; notify " DP
                                 "; remove 23");
    g_assert_cmpuint(report.delivered, ==, 2);
    g_assert_cmpuint(report.refused, ==, 1);
    g_assert_cmpuint(report.postponed, ==, 1);
    g_assert_cmpuint(report.pending, ==, 2);
    g_assert_cmpuint(other->notified->len, ==, 1);
    /* Not before its time. */
    f->world->not_due = TRUE;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    world_assert_calls(f->world, "");
    g_assert_cmpuint(report.postponed, ==, 2);
    /* One that can't be reached is tried once in a round. */
    f->world->not_due = FALSE;
    world_notify(f->world, DP);
    f->server->fault_code = EUICCD_ERROR_NETWORK;
    f->server->faults = 1;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    world_assert_calls(f->world, "notify " DP);
    g_assert_cmpuint(report.postponed, ==, 3);
}

/* A server that is out of reach for long: an eIM is offered what is no installation result, all of it in one round; what
 * it took leaves the card (I-15). */
static void test_notifications_relayed(Fixture *f, gconstpointer data)
{
    IpaNotificationReport report;
    g_autoptr(GError) error = NULL;

    (void)data;
    world_notify(f->world, "gone.example.com");
    world_notify(f->world, "gone.example.com");
    f->session->pending_notifications = 2;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    world_assert_calls(f->world, "");
    g_assert_cmpuint(report.postponed, ==, 2);
    f->world->overdue = TRUE;
    f->world->relayed = f->server;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    g_assert_no_error(error);
    world_assert_calls(f->world, "notify a; remove 21; notify a; remove 22");
    g_assert_cmpuint(report.delivered, ==, 2);
    g_assert_cmpuint(report.pending, ==, 0);
    /* The eIM can't be reached either: it stays. */
    world_notify(f->world, "gone.example.com");
    f->session->pending_notifications = 1;
    f->server->fault = "notify";
    f->server->fault_code = EUICCD_ERROR_NETWORK;
    f->server->faults = 1;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    world_assert_calls(f->world, "notify a");
    g_assert_cmpuint(report.postponed, ==, 1);
    g_assert_true(world_has_event(f->world, "to an eIM, as gone.example.com can't be reached"));
}

/* Without an eSIM CI nobody can be spoken to: no server is to blame, and the host says it (once), not the procedure. */
static void test_notifications_without_ci(Fixture *f, gconstpointer data)
{
    IpaNotificationReport report;
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer delivery;

    (void)data;
    world_notify(f->world, DP);
    world_notify(f->world, "gone.example.com");
    f->session->pending_notifications = 2;
    f->world->no_server = EUICCD_ERROR_CONFIG;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    g_assert_no_error(error);
    world_assert_calls(f->world, "");
    g_assert_cmpuint(report.impossible, ==, 2);
    g_assert_cmpuint(report.refused + report.postponed, ==, 0);
    g_assert_cmpuint(report.pending, ==, 2);
    g_assert_cmpuint(g_hash_table_size(f->world->settled), ==, 2);
    g_hash_table_iter_init(&iter, f->world->settled);
    while (g_hash_table_iter_next(&iter, NULL, &delivery))
        g_assert_cmpint(GPOINTER_TO_INT(delivery), ==, IPA_DELIVERY_IMPOSSIBLE);
    g_assert_false(world_has_event(f->world, "delivering notification"));
    f->world->no_server = 0;
    g_assert_true(ipa_notifications_deliver(f->session, &report, &error));
    g_assert_cmpuint(report.delivered, ==, 1);
    g_assert_true(world_has_event(f->world, "delivering notification"));
}

#define ADD(name, func)                                                                            \
    g_test_add("/ipa/notifications/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("delivery", test_notifications);
    ADD("without-ci", test_notifications_without_ci);
    ADD("IPAD-NTF-65E/relayed", test_notifications_relayed);
    return g_test_run();
}
