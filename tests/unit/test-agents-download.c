/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agents-fixture.h"

/* The main thread's side of downloads, of what else callers ask of a card, and of notifications. */

#define CODE "LPA:1$smdp.example.com$SECRET-TOKEN$2.999.10$1"

static void begin_unscheduled(Fixture *f)
{
    f->config.poll_on_start = FALSE;
    f->config.poll_interval = 0;
    f->config.download_local = TRUE;
    begin(f, one_eim);
    g_assert_cmpint(doubles_next_timer(), ==, -1);
}

static void assert_refused(guint32 job, GError **error, EuiccdError code, const char *part)
{
    g_assert_cmpuint(job, ==, 0);
    g_assert_error(*error, EUICCD_ERROR, (gint)code);
    if (!strstr((*error)->message, part))
        g_error("no '%s' in '%s'", part, (*error)->message);
    g_assert_null(strstr((*error)->message, "SECRET"));
    g_assert_null(strstr((*error)->message, "4711"));
    g_clear_error(error);
}

static void test_download(Fixture *f, gconstpointer data)
{
    const DownloadOptions options = { .confirmation_code = "4711", .consent = TRUE };
    g_autoptr(GError) error = NULL;
    const IpaDownloadOrder *order;
    guint32 job;

    (void)data;
    begin_unscheduled(f);
    job = agents_download(f->agents, EID, CODE, &options, "bus :1.1", &error);
    g_assert_no_error(error);
    assert_seen("j2:queued j2:running 1235:busy");
    g_assert_cmpstr(agents_get_job(f->agents, job)->kind, ==, "download");
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_DOWNLOAD);
    order = the_worker->job->order;
    g_assert_cmpuint(order->kind, ==, IPA_ORDER_ACTIVATION_CODE);
    g_assert_cmpstr(order->code->token, ==, "SECRET-TOKEN");
    g_assert_cmpstr(order->confirmation_code, ==, "4711");
    g_assert_true(order->consent);
    g_assert_null(order->eim);
    the_worker->listener->result(99, "not this one", the_worker->data);
    g_assert_cmpstr(agents_get_job(f->agents, job)->result, ==, "");
    the_worker->listener->result(job, "89000000000000000042", the_worker->data);
    worker_succeeds();
    assert_seen("j2:done 1235:idle");
    g_assert_cmpstr(agents_get_job(f->agents, job)->result, ==, "89000000000000000042");
}

static void test_download_refused(Fixture *f, gconstpointer data)
{
    const DownloadOptions options = { .confirmation_code = "4711" }, no_code = { 0 };
    g_autoptr(GError) error = NULL;

    (void)data;
    begin_unscheduled(f);
    assert_refused(
        agents_download(f->agents, EID, "2$smdp.example.com$SECRET", &options, "x", &error), &error,
        EUICCD_ERROR_INVALID_ARGUMENT, "");
    assert_refused(agents_download(f->agents, EID, "smds:no host$SECRET", &options, "x", &error),
                   &error, EUICCD_ERROR_INVALID_ARGUMENT, "SM-DS");
    /* The code says that it needs another one. */
    assert_refused(agents_download(f->agents, EID, CODE, &no_code, "x", &error), &error,
                   EUICCD_ERROR_INVALID_ARGUMENT, "confirmation code");
    assert_refused(agents_download(f->agents, OTHER, CODE, &options, "x", &error), &error,
                   EUICCD_ERROR_NOT_FOUND, OTHER);
    f->config.download_local = FALSE;
    assert_refused(agents_download(f->agents, EID, CODE, &options, "x", &error), &error,
                   EUICCD_ERROR_NOT_AUTHORIZED, "[download] local");
    g_assert_null(the_worker->job);
    assert_seen("");
}

/* Somebody cancels: the job ends for good. The daemon goes: what was ordered may go on later. */
static void test_cancel_and_stop(Fixture *f, gconstpointer data)
{
    const DownloadOptions options = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = NULL;
    guint32 number;

    (void)data;
    begin_unscheduled(f);
    number = agents_download(f->agents, EID, "", &options, "x", &error);
    g_assert_cmpuint(number, !=, 0);
    g_assert_true(agents_cancel(f->agents, number, &error));
    g_assert_true(g_cancellable_is_cancelled(the_worker->job->cancellable));
    g_assert_false(g_atomic_int_get(&the_worker->job->stopping));
    worker_finishes(EUICCD_ERROR_CANCELLED, "cancelled", TRUE);

    number = agents_download(f->agents, EID, "", &options, "x", &error);
    g_assert_cmpuint(number, !=, 0);
    job = job_ref(the_worker->job);
    agents_stop(f->agents);
    g_assert_true(g_cancellable_is_cancelled(job->cancellable));
    g_assert_true(g_atomic_int_get(&job->stopping));
}

static void test_modem_goes(Fixture *f, gconstpointer data)
{
    const DownloadOptions options = { 0 };
    g_autoptr(Job) job = NULL;

    (void)data;
    begin_unscheduled(f);
    g_assert_cmpuint(agents_download(f->agents, EID, "", &options, "x", NULL), !=, 0);
    job = job_ref(the_worker->job);
    modem_gone();
    g_assert_true(g_atomic_int_get(&job->stopping));
}

static void test_control(Fixture *f, gconstpointer data)
{
    const char *const parts[] = { "operational-profiles", "immediate-enable", NULL };
    const char *const bad[] = { "operational-profiles", "everything", NULL };
    const char *const none[] = { NULL };
    CardControl control = { .kind = JOB_KIND_SET_DEFAULT_SMDP, .address = "" };
    g_autoptr(GError) error = NULL;

    (void)data;
    begin_unscheduled(f);
    assert_refused(agents_reset_memory(f->agents, EID, bad, "x", &error), &error,
                   EUICCD_ERROR_INVALID_ARGUMENT, "'everything' is no part");
    assert_refused(agents_reset_memory(f->agents, EID, none, "x", &error), &error,
                   EUICCD_ERROR_INVALID_ARGUMENT, "no part of the memory is named");
    g_assert_cmpuint(agents_reset_memory(f->agents, EID, parts, "x", &error), !=, 0);
    g_assert_cmpuint(the_worker->job->parts, ==,
                     1u << RSP_RESET_OPTIONS_DELETE_OPERATIONAL_PROFILES |
                         1u << RSP_RESET_OPTIONS_RESET_IMMEDIATE_ENABLE_CONFIG);
    worker_succeeds();

    /* "" takes the address off the card, and is not "none given". */
    g_assert_cmpuint(agents_control(f->agents, EID, &control, "x", &error), !=, 0);
    g_assert_cmpstr(the_worker->job->address, ==, "");
    worker_succeeds();
    control.address = "no host";
    assert_refused(agents_control(f->agents, EID, &control, "x", &error), &error,
                   EUICCD_ERROR_INVALID_ARGUMENT, "address of the SM-DP+");
    control = (CardControl){ .kind = JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE, .oid = "2..1" };
    assert_refused(agents_control(f->agents, EID, &control, "x", &error), &error,
                   EUICCD_ERROR_INVALID_ARGUMENT, "OID");
    control.oid = "2.999.10";
    control.address = "";
    control.enable = TRUE;
    g_assert_cmpuint(agents_control(f->agents, EID, &control, "x", &error), !=, 0);
    g_assert_cmpstr(the_worker->job->oid, ==, "2.999.10");
    g_assert_null(the_worker->job->address);
    g_assert_true(the_worker->job->enable);
    worker_succeeds();
}

/* One wake-up when they are due, and none where there are none. */
static void test_notifications(Fixture *f, gconstpointer data)
{
    (void)data;
    begin_unscheduled(f);
    poll_now(f, "a");
    worker_notifications(100);
    worker_succeeds();
    g_assert_cmpint(doubles_next_timer(), ==, 100);
    (void)g_string_truncate(seen, 0);
    doubles_advance(100);
    assert_seen("j3:queued j3:running 1235:busy");
    g_assert_cmpuint(the_worker->job->kind, ==, JOB_KIND_NOTIFICATIONS);
    g_assert_false(the_worker->job->all);
    g_assert_cmpstr(agents_get_job(f->agents, 3)->cause, ==, "schedule");
    g_assert_cmpint(doubles_next_timer(), >, 1000); /* the deadline of the job alone */
    worker_notifications(3600);
    worker_finishes(EUICCD_ERROR_NETWORK, "no route", TRUE);
    g_assert_cmpint(doubles_next_timer(), ==, 3600);
    /* A job that somebody else wanted took them along. */
    poll_now(f, "a");
    worker_notifications(-1);
    worker_succeeds();
    g_assert_cmpint(doubles_next_timer(), ==, -1);
}

/* After a start a fleet does not deliver in step; a caller is not kept waiting, and gets all of them. */
static void test_notifications_start(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    f->config.poll_on_start = FALSE;
    f->config.poll_interval = 0;
    modem_told(TRUE);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_notifications(0);
    worker_succeeds();
    g_assert_cmpint(doubles_next_timer(), >=, 0);
    g_assert_cmpint(doubles_next_timer(), <=, 60);
    g_assert_cmpuint(agents_deliver_notifications(f->agents, EID, "x", &error), !=, 0);
    g_assert_true(the_worker->job->all);
    /* What is due meanwhile does not queue up behind a job that delivers. */
    doubles_advance(61);
    worker_notifications(-1);
    worker_succeeds();
    g_assert_null(the_worker->job);
    g_assert_cmpint(doubles_next_timer(), ==, -1);
}

/* Nothing is due on a card that is not there. */
static void test_notifications_lost(Fixture *f, gconstpointer data)
{
    (void)data;
    begin_unscheduled(f);
    poll_now(f, "a");
    worker_notifications(100);
    worker_succeeds();
    the_worker->listener->event(WORKER_CARD_GONE, the_worker->data);
    g_assert_cmpint(doubles_next_timer(), ==, -1);
}

#define ADD(name, func) g_test_add("/agents/download/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    ADD("order", test_download);
    ADD("refused", test_download_refused);
    ADD("cancel-and-stop", test_cancel_and_stop);
    ADD("modem-goes", test_modem_goes);
    ADD("control", test_control);
    ADD("notifications", test_notifications);
    ADD("notifications-start", test_notifications_start);
    ADD("notifications-lost", test_notifications_lost);
    return g_test_run();
}
