/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agents-fixture.h"
#include "util/clock.h"

/*
 * The main thread's side: jobs, queue, schedule, retries and what listeners see. The worker, the clock and
 * the set of modems are doubles (agents-doubles.c); nothing here waits.
 */

/* ---- what the bus would see ---- */

/* ---- cases ---- */

static void test_life(Fixture *f, gconstpointer data)
{
    const EuiccSnapshot *euicc;
    const JobSnapshot *job;

    (void)data;
    modem_told(TRUE);
    assert_seen("j1:queued j1:running");
    g_assert_null(agents_get_euicc(f->agents, EID));
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_START);
    job = agents_get_job(f->agents, 1);
    g_assert_cmpstr(job->kind, ==, "start");
    g_assert_cmpstr(job->cause, ==, "device seen");
    g_assert_cmpstr(job->eid, ==, "");
    the_worker->listener->stage(1, 0.25, "reading the card", the_worker->data);
    the_worker->listener->stage(99, 0.5, "not this one", the_worker->data);
    job = agents_get_job(f->agents, 1);
    g_assert_cmpstr(job->stage, ==, "reading the card");
    g_assert_cmpfloat(job->progress, ==, 0.25);
    modem_told(TRUE); /* told again: nothing new */
    worker_reads(EID, one_eim, EUICC_IDLE);
    assert_seen("+1235:starting");
    g_assert_cmpuint(agents_get_euicc(f->agents, EID)->job, ==, 1);
    worker_succeeds();
    assert_seen("j1:done 1235:idle");
    job = agents_get_job(f->agents, 1);
    g_assert_cmpfloat(job->progress, ==, 1.0);
    g_assert_cmpstr(job->stage, ==, "");
    euicc = agents_get_euicc(f->agents, EID);
    g_assert_cmpuint(euicc->job, ==, 0);
    modem_told(FALSE);
    assert_seen("-1235");
    g_assert_null(agents_get_euicc(f->agents, EID));
    g_assert_nonnull(agents_get_job(f->agents, 1)); /* stays visible */
}

static void test_schedule(Fixture *f, gconstpointer data)
{
    gint64 next;

    (void)data;
    begin(f, one_eim);
    next = doubles_next_timer();
    g_assert_cmpint(next, >=, 0);
    g_assert_cmpint(next, <=, 60);
    g_assert_cmpint(get_eim(f, "a")->next_poll, ==, clock_realtime() + next * G_USEC_PER_SEC);
    doubles_advance(60);
    assert_seen("j2:queued j2:running 1235:busy");
    g_assert_cmpstr(agents_get_job(f->agents, 2)->cause, ==, "schedule");
    g_assert_cmpstr(agents_get_job(f->agents, 2)->eid, ==, EID);
    g_assert_cmpstrv(the_worker->job->eim_ids, one_eim);
    g_assert_cmpint(get_eim(f, "a")->next_poll, ==, 0);
    worker_reports("a", 2, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    assert_seen("j2:done 1235:idle");
    g_assert_cmpstr(get_eim(f, "a")->last_result, ==, "package");
    g_assert_cmpstr(get_eim(f, "a")->trust, ==, "pinned");
    g_assert_cmpstr(get_eim(f, "a")->dialect, ==, "1.2");
    g_assert_cmpstr(get_eim(f, "a")->dialect_source, ==, "assumed");
    g_assert_cmpstr(get_eim(f, "a")->binding, ==, "asn1");
    g_assert_cmpuint(get_eim(f, "a")->bytes_sent, ==, 11);
    g_assert_cmpuint(get_eim(f, "a")->bytes_received, ==, 22);
    g_assert_cmpint(get_eim(f, "a")->last_poll, ==, clock_realtime());
    next = doubles_next_timer();
    g_assert_cmpint(next, >=, 10000);
    g_assert_cmpint(next, <=, 11000); /* a tenth of jitter at most */
    doubles_advance((guint64)next);
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    g_assert_cmpstr(get_eim(f, "a")->last_result, ==, "none");
}

static void test_schedule_settings(Fixture *f, gconstpointer data)
{
    gint64 next;

    (void)data;
    f->config.poll_on_start = FALSE;
    begin(f, one_eim);
    next = doubles_next_timer();
    g_assert_cmpint(next, >=, 10000);
    g_assert_cmpint(next, <=, 11000);
    modem_gone();

    f->config.poll_interval = 0; /* only on request */
    begin(f, one_eim);
    g_assert_cmpint(doubles_next_timer(), ==, -1);
    poll_now(f, "a");
    worker_reports("a", 0, EUICCD_ERROR_NETWORK, "no route");
    worker_finishes(EUICCD_ERROR_NETWORK, "no route", TRUE);
    g_assert_cmpint(doubles_next_timer(), ==, -1);
    modem_gone();

    f->config.poll_on_start = TRUE;
    f->config.poll_start_delay = 0;
    begin(f, one_eim);
    g_assert_cmpint(doubles_next_timer(), ==, 0);
}

static void fail_poll(void)
{
    worker_reports("a", 0, EUICCD_ERROR_TLS, "not trusted");
    worker_finishes(EUICCD_ERROR_TLS, "not trusted", TRUE);
}

/* 60, 120, 240, 480, 960, then the limit, each up to a tenth more; a success ends it. */
static void test_back_off(Fixture *f, gconstpointer data)
{
    static const gint64 waits[] = { 60, 120, 240, 480, 960, 1000, 1000 };

    (void)data;
    begin(f, one_eim);
    doubles_advance(60);
    for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
        gint64 next;

        fail_poll();
        next = doubles_next_timer();
        g_assert_cmpint(next, >=, waits[i]);
        g_assert_cmpint(next, <=, waits[i] + waits[i] / 10);
        g_assert_cmpuint(get_eim(f, "a")->failures, ==, i + 1);
        g_assert_cmpstr(get_eim(f, "a")->last_result, ==, "Tls");
        g_assert_cmpstr(get_eim(f, "a")->last_error, ==, "not trusted");
        doubles_advance((guint64)next);
    }
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    g_assert_cmpuint(get_eim(f, "a")->failures, ==, 0);
    g_assert_cmpstr(get_eim(f, "a")->last_error, ==, "");
    g_assert_cmpint(doubles_next_timer(), >=, 10000);
}

/* IPAD-POLL-63E, I-20: an eIM that does not know the eUICC is asked again after the longest pause. */
static void test_rejected(Fixture *f, gconstpointer data)
{
    (void)data;
    f->config.poll_interval = 100;
    begin(f, one_eim);
    doubles_advance(60);
    worker_reports("a", 0, EUICCD_ERROR_EIM_REJECTED, "eidNotFound");
    worker_finishes(EUICCD_ERROR_EIM_REJECTED, "eidNotFound", TRUE);
    g_assert_cmpint(doubles_next_timer(), >=, 1000);
    g_assert_cmpint(doubles_next_timer(), <=, 1100);
    g_assert_cmpstr(get_eim(f, "a")->last_result, ==, "EimRejected");
    doubles_advance(1100);
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    g_assert_cmpint(doubles_next_timer(), <=, 110);
}

/* … unless the server asks for more time (I-29); a later success ends that. */
static void test_retry_after(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_HTTP, "503");
    PollReport report = {
        .eim_id = (char *)"a", .error = error, .retry_after = 20000, .trust = (char *)""
    };

    (void)data;
    begin(f, one_eim);
    doubles_advance(60);
    the_worker->listener->polled(&report, the_worker->data);
    worker_finishes(EUICCD_ERROR_HTTP, "503", TRUE);
    g_assert_cmpint(doubles_next_timer(), >=, 20000);
    g_assert_cmpint(doubles_next_timer(), <=, 22000);
    doubles_advance(22000);
    fail_poll();
    g_assert_cmpint(doubles_next_timer(), <=, 132);
}

/* A failure never makes the daemon ask less often than its interval says. */
static void test_back_off_interval(Fixture *f, gconstpointer data)
{
    (void)data;
    f->config.poll_interval = 100;
    begin(f, one_eim);
    for (guint i = 0; i < 8; i++) {
        doubles_advance(110);
        g_assert_nonnull(the_worker->job);
        fail_poll();
        g_assert_cmpint(doubles_next_timer(), <=, 110);
    }
}

static void test_two_eims(Fixture *f, gconstpointer data)
{
    (void)data;
    f->config.poll_start_delay = 0;
    begin(f, two_eims);
    g_assert_cmpuint(get_eim(f, "a")->number, ==, 1);
    g_assert_cmpuint(get_eim(f, "b")->number, ==, 2);
    doubles_advance(0);
    g_assert_cmpuint(g_strv_length(the_worker->job->eim_ids), ==, 2); /* one job for both */
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);
    worker_reports("b", 0, EUICCD_ERROR_NETWORK, "no route");
    worker_finishes(EUICCD_ERROR_NETWORK, "no route", TRUE);
    g_assert_cmpint(doubles_next_timer(), <=, 66); /* each has its own schedule */
    doubles_advance(66);
    g_assert_cmpuint(g_strv_length(the_worker->job->eim_ids), ==, 1);
    g_assert_cmpstr(the_worker->job->eim_ids[0], ==, "b");
    worker_reports("b", 0, EUICCD_ERROR_FAILED, NULL);
    /* eIMs come and go with packages: numbers are not used again. */
    worker_reads(EID, (const char *const[]){ "c", "b", NULL }, EUICC_IDLE);
    worker_succeeds();
    g_assert_null(get_eim(f, "a"));
    g_assert_cmpuint(get_eim(f, "b")->number, ==, 2);
    g_assert_cmpuint(get_eim(f, "c")->number, ==, 3);
    g_assert_true(agents_get_euicc(f->agents, EID)->eims->pdata[0] == get_eim(f, "b"));
    doubles_advance(0);
    g_assert_cmpstr(the_worker->job->eim_ids[0], ==, "c"); /* the new one is asked at once */
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);     /* one that is gone: no harm */
}

static void test_queue(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new("\xBF\x57\x00", 3);
    guint32 first, second, third;

    (void)data;
    begin(f, two_eims);
    first = poll_now(f, NULL);
    second = poll_now(f, "b");
    third = agents_add_initial_eim(f->agents, EID, bytes, "bus", &error);
    assert_seen("j2:queued j2:running 1235:busy j3:queued j4:queued");
    g_assert_null(the_worker->job->eim_ids); /* every eIM */
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);
    worker_reports("b", 0, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    assert_seen("j2:done 1235:idle j3:running 1235:busy");
    g_assert_cmpuint(the_worker->job->number, ==, second);
    g_assert_cmpstr(the_worker->job->eim_ids[0], ==, "b");
    worker_finishes(EUICCD_ERROR_HTTP, "status 500", TRUE);
    g_assert_cmpstr(agents_get_job(f->agents, second)->error_name, ==, "org.euiccd1.Error.Http");
    g_assert_cmpstr(agents_get_job(f->agents, second)->error_message, ==, "status 500");
    assert_seen("j3:failed 1235:idle j4:running 1235:busy");
    g_assert_cmpuint(the_worker->job->number, ==, third);
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_ADD_INITIAL_EIM);
    g_assert_true(the_worker->job->data == bytes);
    g_assert_cmpuint(first, ==, 2);
    for (guint i = 0; i < 32; i++)
        poll_now(f, "a");
    g_assert_cmpuint(agents_poll(f->agents, EID, "a", "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY);
}

static void test_refused(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    begin(f, one_eim);
    g_assert_cmpuint(agents_poll(f->agents, OTHER, NULL, "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, "no eUICC with EID " OTHER);
    g_clear_error(&error);
    g_assert_cmpuint(agents_poll(f->agents, EID, "z", "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, "the card is not associated with an eIM 'z'");
    g_clear_error(&error);
    poll_now(f, "a");
    worker_reads(EID, NULL, EUICC_IDLE);
    worker_succeeds();
    g_assert_cmpuint(agents_poll(f->agents, EID, NULL, "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    assert_seen("j2:queued j2:running 1235:busy j2:done 1235:idle");
}

static void test_cancel(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    guint32 running, waiting;

    (void)data;
    begin(f, one_eim);
    running = poll_now(f, "a");
    waiting = poll_now(f, "a");
    g_string_truncate(seen, 0);
    g_assert_true(agents_cancel(f->agents, waiting, &error));
    assert_seen("j3:cancelled");
    g_assert_cmpstr(agents_get_job(f->agents, waiting)->error_name, ==,
                    "org.euiccd1.Error.Cancelled");
    g_assert_false(g_cancellable_is_cancelled(the_worker->job->cancellable));
    g_assert_true(agents_cancel(f->agents, running, &error));
    g_assert_true(g_cancellable_is_cancelled(the_worker->job->cancellable));
    assert_seen(""); /* it ends when the worker says so */
    worker_finishes(EUICCD_ERROR_CANCELLED, "cancelled", TRUE);
    assert_seen("j2:cancelled 1235:idle");
    g_assert_false(agents_cancel(f->agents, running, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_clear_error(&error);
    g_assert_false(agents_cancel(f->agents, 77, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
}

/* A scheduled poll that never reached its eIM is not the last one. */
static void test_cancel_scheduled(Fixture *f, gconstpointer data)
{
    guint32 cookie;

    (void)data;
    begin(f, one_eim);
    cookie = agents_inhibit(f->agents, "test", "why");
    doubles_advance(60);
    assert_seen("j2:queued");
    g_assert_true(agents_cancel(f->agents, 2, NULL));
    agents_uninhibit(f->agents, cookie);
    g_assert_cmpint(doubles_next_timer(), >=, 10000);
    g_assert_cmpint(doubles_next_timer(), <=, 11000);
}

static void test_queue_full_scheduled(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    for (guint i = 0; i < 33; i++)
        poll_now(f, "a"); /* one runs, 32 wait */
    doubles_advance(60);
    g_assert_nonnull(get_eim(f, "a"));
    worker_finishes(EUICCD_ERROR_HTTP, "x", TRUE);
    g_assert_cmpint(get_eim(f, "a")->next_poll, >, 0);
}

static void test_inhibit(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = NULL;
    guint32 first, second;

    (void)data;
    begin(f, one_eim);
    poll_now(f, "a");
    first = agents_inhibit(f->agents, "updater", "firmware");
    second = agents_inhibit(f->agents, "other", "too");
    g_assert_cmpuint(first, !=, second);
    list = agents_list_inhibitions(f->agents);
    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpstr(list->pdata[0], ==, "updater: firmware");
    g_assert_cmpuint(agents_poll(f->agents, EID, "a", "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INHIBITED);
    g_assert_cmpstr(error->message, ==, "inhibited by updater: firmware");
    doubles_advance(60);                               /* the schedule goes on, its job waits */
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL); /* what runs goes on */
    worker_succeeds();
    g_assert_null(the_worker->job);
    agents_uninhibit(f->agents, first);
    agents_uninhibit(f->agents, first); /* twice: no harm */
    g_assert_null(the_worker->job);
    agents_uninhibit(f->agents, second);
    g_assert_nonnull(the_worker->job);
    g_assert_cmpuint(the_worker->job->number, ==, 3);
}

/* 5, 10, 20 … 300 seconds. */
static void test_retry(Fixture *f, gconstpointer data)
{
    static const gint64 waits[] = { 5, 10, 20, 40, 80, 160, 300, 300 };

    (void)data;
    modem_told(TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
        worker_finishes(EUICCD_ERROR_TIMEOUT, "no answer", FALSE);
        g_assert_cmpint(doubles_next_timer(), ==, waits[i]);
        doubles_advance((guint64)waits[i]);
        g_assert_nonnull(the_worker->job);
        g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_START);
    }
    worker_finishes(EUICCD_ERROR_TIMEOUT, "no answer", FALSE);
    /* Seen again: at once, and from the start. */
    agents_rescan(f->agents);
    g_assert_nonnull(the_worker->job);
    worker_finishes(EUICCD_ERROR_TIMEOUT, "no answer", FALSE);
    g_assert_cmpint(doubles_next_timer(), ==, 5);
    doubles_advance(5);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_assert_cmpint(doubles_next_timer(), <=, 60); /* only the poll */
    doubles_advance(60);
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_POLL);
}

/* These come back with an event; one that answers 6985 after a reset is left in peace (I-40), and so is a modem
 * that refuses. */
static void test_no_retry(Fixture *f, gconstpointer data)
{
    static const EuiccdError codes[] = { EUICCD_ERROR_CARD_ABSENT, EUICCD_ERROR_NOT_EUICC,
                                         EUICCD_ERROR_CARD_RESET, EUICCD_ERROR_NOT_SUPPORTED };

    (void)data;
    modem_told(TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        worker_finishes(codes[i], "no card", FALSE);
        g_assert_cmpint(doubles_next_timer(), ==, -1);
        the_worker->listener->event(WORKER_CARD_READY, the_worker->data);
        g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_START);
        the_worker->listener->event(WORKER_CARD_READY, the_worker->data); /* not twice */
        worker_finishes(codes[i], "no card", FALSE);
        g_assert_null(the_worker->job);
        agents_rescan(f->agents);
        g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_START);
    }
    worker_succeeds();
    g_assert_null(the_worker->job);
}

static void test_card_events(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    the_worker->listener->event(WORKER_CARD_GONE, the_worker->data);
    assert_seen("-1235");
    g_assert_null(agents_get_euicc(f->agents, EID));
    g_assert_cmpint(doubles_next_timer(), ==, -1);
    the_worker->listener->event(WORKER_CARD_READY, the_worker->data);
    assert_seen("j2:queued j2:running");
    g_assert_cmpstr(agents_get_job(f->agents, 2)->cause, ==, "card ready");
    /* Another card. */
    worker_reads(OTHER, one_eim, EUICC_IDLE);
    worker_succeeds();
    assert_seen("+9065:starting j2:done 9065:idle");
    /* Swapped without an event: another object. */
    doubles_advance(60);
    worker_reads(EID, one_eim, EUICC_IDLE);
    assert_seen("j3:queued j3:running 9065:busy -9065 +1235:busy");
    worker_succeeds();
}

/* Ports or settings are others than before: the card is looked at anew, by the job that waits already or by one for
 * that. */
static void test_modem_changed(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    the_worker->listener->event(WORKER_MODEM_CHANGED, the_worker->data);
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_START);
    g_assert_cmpstr(agents_get_job(f->agents, 2)->cause, ==, "modem changed");
    the_worker->listener->event(WORKER_MODEM_CHANGED, the_worker->data);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_assert_null(the_worker->job);
    poll_now(f, "a");
    the_worker->listener->event(WORKER_MODEM_CHANGED, the_worker->data);
    worker_succeeds();
    g_assert_null(the_worker->job);
}

static void test_modem_lost(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    the_worker->listener->event(WORKER_MODEM_LOST, the_worker->data);
    assert_seen("1235:unavailable");
    g_assert_cmpstr(agents_get_euicc(f->agents, EID)->state_reason, ==,
                    "the modem or its proxy vanished");
    g_assert_cmpint(doubles_next_timer(), ==, 5);
    doubles_advance(5);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    assert_seen("j2:queued j2:running 1235:starting j2:done 1235:idle");
    g_assert_cmpint(doubles_next_timer(), <=, 60); /* its polls go on */
    g_assert_cmpint(doubles_next_timer(), >=, 0);
}

/* The modem fails while a scheduled poll waits behind another job: the poll comes later. */
static void test_lost_poll(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    poll_now(f, "a");
    doubles_advance(60); /* the scheduled one waits */
    worker_finishes(EUICCD_ERROR_MODEM_GONE, "gone", FALSE);
    g_assert_cmpstr(agents_get_job(f->agents, 3)->cause, ==, "schedule");
    worker_finishes(EUICCD_ERROR_MODEM, "can't open", FALSE); /* it could not even begin */
    g_assert_null(the_worker->job);
    g_assert_cmpuint(agents_get_euicc(f->agents, EID)->state, ==, EUICC_UNAVAILABLE);
    g_assert_cmpint(doubles_next_timer(), <=,
                    10); /* only the retry: no poll of a modem that is gone */
    doubles_advance(10);
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_START);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_assert_cmpint(get_eim(f, "a")->next_poll, >, 0);
    g_assert_cmpint(doubles_next_timer(), >, 0);
}

static void test_left_alone(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    modem_told(TRUE);
    worker_reads(EID, NULL, EUICC_LEFT_ALONE);
    worker_succeeds();
    assert_seen("j1:queued j1:running +1235:left-alone j1:done");
    g_assert_cmpint(doubles_next_timer(), ==, -1);
    g_assert_cmpuint(agents_poll(f->agents, EID, NULL, "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_cmpstr(error->message, ==, "its own IPA is active");
    g_clear_error(&error);
    g_assert_cmpuint(agents_probe(f->agents, 1, "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    agents_rescan(f->agents);
    assert_seen("");
}

/* Another port, or a package after a package, begins with an earlier stage. */
static void test_progress(Fixture *f, gconstpointer data)
{
    static const double told[] = { 0.1, 0.3, 0.1, 0.7, 0.3 };
    static const double shown[] = { 0.1, 0.3, 0.3, 0.7, 0.7 };

    (void)data;
    modem_told(TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
        the_worker->listener->stage(1, told[i], "somewhere", the_worker->data);
        g_assert_cmpfloat(agents_get_job(f->agents, 1)->progress, ==, shown[i]);
    }
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_assert_cmpuint(agents_poll(f->agents, EID, NULL, "bus", NULL), ==, 2);
    the_worker->listener->stage(2, 0.2, "the next job", the_worker->data);
    g_assert_cmpfloat(agents_get_job(f->agents, 2)->progress, ==, 0.2);
}

/* A probe is a start job of that modem, with or without a card. */
static void test_probe(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    guint32 cookie;

    (void)data;
    modem_told(TRUE);
    worker_finishes(EUICCD_ERROR_CARD_ABSENT, "no card", FALSE);
    g_assert_cmpuint(agents_probe(f->agents, 2, "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_cmpuint(agents_probe(f->agents, 1, "bus", &error), ==, 2);
    g_assert_cmpstr(agents_get_job(f->agents, 2)->kind, ==, "start");
    g_assert_cmpint(agents_get_job(f->agents, 2)->state, ==, JOB_RUNNING);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    cookie = agents_inhibit(f->agents, "somebody", "because");
    g_assert_cmpuint(agents_probe(f->agents, 1, "bus", &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INHIBITED);
    agents_uninhibit(f->agents, cookie);
}

/* One user of a card at a time (invariant 4): a port that leads to a card which is served already gets no
 * object, and what it says about the card counts for nothing. */
static void test_card_taken(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    other_modem_told(TRUE);
    assert_seen("j2:queued j2:running");
    worker_reads(EID, two_eims, EUICC_IDLE);
    assert_seen("");
    worker_finishes(EUICCD_ERROR_FAILED, "taken", FALSE);
    assert_seen("j2:failed");
    g_assert_cmpuint(agents_get_euicc(f->agents, EID)->eims->len, ==, 1);
    g_assert_cmpint(agents_get_euicc(f->agents, EID)->state, ==, EUICC_IDLE);
}

/* What is no data object does not reach the card. */
static void test_bad_configuration(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = { "BF5700", "x", "0\x02\x01", "\xBF\x57\x00\x00" };

    (void)data;
    begin(f, one_eim);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(texts[i], MAX(strlen(texts[i]), i == 3 ? 4 : 0));
        g_autoptr(GError) error = NULL;

        g_assert_cmpuint(agents_add_initial_eim(f->agents, EID, bytes, "bus", &error), ==, 0);
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
        g_assert_cmpint(strstr(error->message, "(text?)") != NULL, ==, i == 0);
    }
    assert_seen("");
}

/* No job lasts for ever. */
static void test_deadline(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    poll_now(f, "a");
    doubles_advance(1799);
    g_assert_false(g_cancellable_is_cancelled(the_worker->job->cancellable));
    doubles_advance(1);
    g_assert_true(g_cancellable_is_cancelled(the_worker->job->cancellable));
    g_assert_true(g_atomic_int_get(&the_worker->job->timed_out));
    g_string_truncate(seen, 0);
    worker_finishes(EUICCD_ERROR_TIMEOUT, "too long", TRUE);
    g_assert_cmpuint(agents_get_job(f->agents, 2)->state, ==, JOB_FAILED);
}

static void test_finished_list(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) jobs = NULL;

    (void)data;
    f->config.poll_interval = 0;
    f->config.poll_on_start = FALSE;
    begin(f, one_eim);
    for (guint i = 0; i < 15; i++) {
        poll_now(f, "a");
        worker_succeeds();
    }
    g_string_truncate(seen, 0);
    jobs = agents_list_jobs(f->agents);
    g_assert_cmpuint(jobs->len, ==, 16);
    g_assert_nonnull(agents_get_job(f->agents, 1));
    poll_now(f, "a");
    worker_succeeds();
    assert_seen("j17:queued j17:running 1235:busy j17:done j1- 1235:idle");
    g_assert_null(agents_get_job(f->agents, 1));
    g_assert_nonnull(agents_get_job(f->agents, 2));
}

static void test_daemon_ends(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, one_eim);
    poll_now(f, "a");
    poll_now(f, "a");
    g_string_truncate(seen, 0);
    agents_free(g_steal_pointer(&f->agents));
    assert_seen("j2:cancelled j3:cancelled -1235 j1- j2- j3-");
}

static void test_start_settings(void)
{
    ConfigModem modem = {
        .name = (char *)"gateway", .path = (char *)PORT, .transport = (char *)"qmi", .slot = 2
    };
    Config config = { .modems = g_ptr_array_new(), .trace = (char *)"/nowhere/trace" };
    g_autoptr(GError) error = NULL;
    Agents *agents = NULL;

    doubles_set_up();
    agents = agents_new(&config);
    g_assert_false(agents_start(agents, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    agents_free(agents);

    config.trace = NULL;
    g_ptr_array_add(config.modems, &modem);
    agents = agents_new(&config);
    g_assert_true(agents_start(agents, NULL));
    g_assert_false(the_modems->discovered); /* discover=false */
    g_assert_nonnull(the_worker->job);      /* the fixed one is tried */
    agents_free(agents);
    g_ptr_array_unref(config.modems);
    doubles_tear_down();
}

#define ADD(name, func) g_test_add("/agents/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    ADD("life", test_life);
    ADD("schedule", test_schedule);
    ADD("schedule-settings", test_schedule_settings);
    ADD("back-off", test_back_off);
    ADD("back-off-interval", test_back_off_interval);
    ADD("rejected", test_rejected);
    ADD("retry-after", test_retry_after);
    ADD("two-eims", test_two_eims);
    ADD("queue", test_queue);
    ADD("refused", test_refused);
    ADD("cancel", test_cancel);
    ADD("cancel-scheduled", test_cancel_scheduled);
    ADD("queue-full-scheduled", test_queue_full_scheduled);
    ADD("inhibit", test_inhibit);
    ADD("retry", test_retry);
    ADD("no-retry", test_no_retry);
    ADD("card-events", test_card_events);
    ADD("modem-changed", test_modem_changed);
    ADD("modem-lost", test_modem_lost);
    ADD("lost-poll", test_lost_poll);
    ADD("left-alone", test_left_alone);
    ADD("progress", test_progress);
    ADD("probe", test_probe);
    ADD("bad-configuration", test_bad_configuration);
    ADD("card-taken", test_card_taken);
    ADD("deadline", test_deadline);
    ADD("finished-list", test_finished_list);
    ADD("daemon-ends", test_daemon_ends);
    g_test_add_func("/agents/start-settings", test_start_settings);
    return g_test_run();
}
