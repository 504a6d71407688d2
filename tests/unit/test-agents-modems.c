/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agents-fixture.h"

/* Modems that come, go and change, as the set of agents sees them. */

/* The modem goes while a job runs and another waits: both end at once, and say so, whatever the worker still
 * waits for. */
static void test_modem_goes(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) euiccs = NULL;
    Worker *worker;

    (void)data;
    begin(f, one_eim);
    worker = the_worker;
    assert_modems_seen("+1 1:working(" EID ")");
    poll_now(f, "a");
    poll_now(f, "a");
    g_string_truncate(seen, 0);
    modem_told(FALSE);
    assert_seen("j2:failed j3:failed -1235");
    assert_modems_seen("-1");
    g_assert_cmpstr(agents_get_job(f->agents, 2)->error_name, ==, "org.euiccd1.Error.ModemGone");
    g_assert_cmpint(doubles_next_timer(), ==, -1);
    euiccs = agents_list_euiccs(f->agents);
    g_assert_cmpuint(euiccs->len, ==, 0);
    modem_told(FALSE);
    assert_seen("");
    g_assert_true(worker->stopped);
    /* What is on its way to an eIM is not called back: only the end of the daemon does that. */
    g_assert_false(g_cancellable_is_cancelled(worker->job->delivery));
    g_assert_cmpuint(doubles_count_workers(), ==, 1);
    worker_ends(worker);
    g_assert_cmpuint(doubles_count_workers(), ==, 0);
}

/* It is back before its worker is done: one user of a card at a time. */
static void test_modem_returns_early(Fixture *f, gconstpointer data)
{
    Worker *worker;

    (void)data;
    begin(f, one_eim);
    worker = the_worker;
    modem_told(FALSE);
    modem_told(TRUE);
    modem_told(TRUE);
    g_assert_cmpuint(doubles_count_workers(), ==, 1);
    modem_told(FALSE); /* and gone again */
    worker_ends(worker);
    g_assert_cmpuint(doubles_count_workers(), ==, 0);

    modem_told(TRUE);
    worker = the_worker;
    modem_told(FALSE);
    modem_told(TRUE);
    g_string_truncate(seen, 0);
    worker_ends(worker);
    g_assert_cmpuint(doubles_count_workers(), ==, 1);
    assert_seen("j3:queued j3:running");
}

/* The same card under another name: its eIMs keep their numbers, counters and failures. */
static void test_modem_renamed(Fixture *f, gconstpointer data)
{
    const EimSnapshot *eim;

    (void)data;
    begin(f, two_eims);
    poll_now(f, "b");
    worker_reports("b", 0, EUICCD_ERROR_TLS, "not trusted");
    worker_finishes(EUICCD_ERROR_TLS, "not trusted", TRUE);
    modem_gone();
    other_modem_told(TRUE);
    worker_reads(EID, two_eims, EUICC_IDLE);
    worker_succeeds();
    eim = get_eim(f, "b");
    g_assert_cmpuint(eim->number, ==, 2);
    g_assert_cmpuint(eim->failures, ==, 1);
    g_assert_cmpstr(eim->last_result, ==, "Tls");
    g_assert_cmpuint(eim->bytes_sent, ==, 11);
    g_assert_cmpint(eim->next_poll, >, 0);
    poll_now(f, "b");
    worker_reports("b", 0, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    g_assert_cmpuint(get_eim(f, "b")->bytes_sent, ==, 22); /* 11 of each worker */
}

static void test_ports_change(Fixture *f, gconstpointer data)
{
    g_autoptr(Modem) modem = modem_new("/sys/usb1", 0);

    (void)data;
    begin(f, one_eim);
    modem_told(TRUE);
    g_assert_null(the_worker->modem); /* the same as before */
    modem_add_port(modem, PORT, "qmi", "qmi_wwan");
    modem_add_port(modem, "/dev/ttyUSB2", "at", "option");
    the_modems->func(modem, TRUE, the_modems->data);
    g_assert_cmpuint(doubles_count_workers(), ==, 1);
    g_assert_cmpuint(the_worker->modem->ports->len, ==, 2);
    assert_seen(""); /* it works: no reason to look */
    the_worker->listener->event(WORKER_MODEM_LOST, the_worker->data);
    assert_seen("1235:unavailable");
    the_modems->func(modem, TRUE, the_modems->data);
    assert_seen("j2:queued j2:running 1235:starting");
}

/* Two cards of one modem of which one needs its slot switched: never both at a time. */
static void test_switched_slots(Fixture *f, gconstpointer data)
{
    ConfigModem first = { .name = (char *)"a", .device = (char *)"usb1", .slot = 1 };
    ConfigModem second = {
        .name = (char *)"b", .device = (char *)"usb1", .slot = 2, .switch_slot = TRUE
    };
    Worker *one;

    (void)data;
    g_ptr_array_add(f->config.modems, &first);
    modem_told(TRUE);
    one = the_worker;
    g_ptr_array_add(f->config.modems, &second);
    modem_told(TRUE);
    g_assert_true(one != the_worker);
    assert_seen("j1:queued j1:running j2:queued");
    g_assert_null(the_worker->job);
    g_clear_pointer(&one->job, job_unref);
    one->listener->finished(1, NULL, TRUE, one->data);
    g_assert_nonnull(the_worker->job);
    assert_seen("j1:done j2:running");
}

/* A group may select by what only the opened modem tells. */
static void test_imei_learned(Fixture *f, gconstpointer data)
{
    ConfigModem group = { .name = (char *)"a", .imei = (char *)"490154203237518", .slot = 2 };
    g_autoptr(ModemSnapshot) snapshot = modem_snapshot_new();
    Worker *one;

    (void)data;
    g_ptr_array_add(f->config.modems, &group);
    modem_told(TRUE);
    one = the_worker;
    assert_seen("j1:queued j1:running");
    snapshot->device = (g_free(snapshot->device), g_strdup("/sys/usb1"));
    snapshot->imei = (g_free(snapshot->imei), g_strdup(group.imei));
    one->listener->modem(snapshot, one->data);
    assert_seen(""); /* not while its agent is at it */
    while (g_main_context_iteration(NULL, FALSE))
        ;
    assert_seen("j1:failed j2:queued"); /* it may be the same card */
    g_assert_true(one->stopped);
    g_assert_true(one != the_worker);
    worker_ends(one);
    assert_seen("j2:running");
}

/* The worker of a modem that went may still be at the port; whoever is to use it next waits, whatever its name is.
 * Another modem does not. */
static void test_port_still_used(Fixture *f, gconstpointer data)
{
    g_autoptr(Modem) renamed = modem_new("/sys/usb2", 0);
    g_autoptr(Modem) slot = modem_new("/sys/usb1", 2);
    g_autoptr(Modem) other = modem_new("/sys/usb3", 0);
    Worker *one;

    (void)data;
    begin(f, one_eim);
    one = the_worker;
    poll_now(f, "a");
    modem_told(FALSE);
    g_string_truncate(seen, 0);
    modem_add_port(renamed, PORT, "qmi", "qmi_wwan");
    the_modems->func(renamed, TRUE, the_modems->data);
    assert_seen("j3:queued");
    modem_add_port(slot, "/dev/cdc-wdm8", "qmi", "qmi_wwan");
    the_modems->func(slot, TRUE, the_modems->data);
    assert_seen("j4:queued");
    modem_add_port(other, "/dev/cdc-wdm9", "qmi", "qmi_wwan");
    the_modems->func(other, TRUE, the_modems->data);
    assert_seen("j5:queued j5:running");
    worker_ends(one);
    assert_seen("j3:running j4:running");
}

/* A card that goes may have lost its slot to another: where it may be switched, that is tried once. */
static void test_slot_taken(Fixture *f, gconstpointer data)
{
    g_autoptr(Modem) modem = modem_new("/sys/usb1", 2);

    (void)f;
    (void)data;
    modem_add_port(modem, PORT, "qmi", "qmi_wwan");
    modem->switch_slot = TRUE;
    the_modems->func(modem, TRUE, the_modems->data);
    g_clear_pointer(&the_worker->job, job_unref);
    the_worker->listener->finished(1, NULL, TRUE, the_worker->data);
    g_string_truncate(seen, 0);
    the_worker->listener->event(WORKER_CARD_GONE, the_worker->data);
    assert_seen("j2:queued j2:running");
}

#define ADD(name, func) g_test_add("/agents-modems/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("goes", test_modem_goes);
    ADD("returns-early", test_modem_returns_early);
    ADD("renamed", test_modem_renamed);
    ADD("ports-change", test_ports_change);
    ADD("switched-slots", test_switched_slots);
    ADD("port-still-used", test_port_still_used);
    ADD("slot-taken", test_slot_taken);
    ADD("imei-learned", test_imei_learned);
    return g_test_run();
}
