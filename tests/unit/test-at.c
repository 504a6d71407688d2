/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT back-end's port, its commands one after the other, and who the modem is. */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "unit/fake_at.h"
#include "util/bytes.h"
#include "util/error.h"

#define CCHO      "AT+CCHO=\"" ISDR_HEX "\""
#define GET_EID   "80E2910006BF3E035C015A"
#define CGLA_EID  "AT+CGLA=1,22,\"80E2910006BF3E035C015A\""
#define CGLA_9000 "\r\n+CGLA: 4,\"9000\"\r\n" OK

/* ---- opening ---- */

static void test_open(void)
{
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    at_rig_assert_history(&rig, "ATQ0V1E0 AT+CMEE? AT+CSCS? ATE0 ATV1 AT+CMEE=1 AT+CPIN?");
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error)); /* idempotent */
    at_rig_assert_history(&rig, "");
    g_assert_true(at_rig_has_step(&rig, "open terminal", TRUE, ""));
    g_assert_true(at_rig_has_step(&rig, "AT+CMEE=1", TRUE, "OK"));
    g_assert_true(at_rig_has_step(&rig, "AT+CPIN?", TRUE, "+CPIN: READY; OK"));
    at_rig_assert_events(&rig, "");
    backend_close(rig.backend);
    at_rig_assert_history(&rig, "");
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 0);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    at_rig_open(&rig); /* and again */
    at_rig_stop(&rig);
    g_assert_true(backend_is_supported("at"));
}

static gpointer in_thread(gpointer data)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GError) error = NULL;
    AtRig *rig = data;

    g_main_context_push_thread_default(context);
    g_assert_true(backend_open(rig->backend, LATE, NULL, &error));
    g_assert_no_error(error);
    backend_close(rig->backend);
    g_main_context_pop_thread_default(context);
    g_main_context_wakeup(NULL);
    return rig;
}

/* The modem lives in the main context, the back-end in the worker's. */
static void test_worker_thread(void)
{
    AtRig rig = { 0 };
    GThread *thread;

    at_rig_start(&rig);
    thread = g_thread_new("worker", in_thread, &rig);
    while (fake_at_count(rig.fake, "AT+CPIN?") == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(g_thread_join(thread) == &rig);
    at_rig_stop(&rig);
}

/* A line as somebody may have left it: echo on, results in digits, half a line in the buffer. */
static void test_habits(void)
{
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    fake_at_set_echo(rig.fake, TRUE);
    fake_at_answer_once(rig.fake, "ATQ0V1E0", "4\r");
    fake_at_answer_once(rig.fake, "AT+CMEE?", "+CMEE: 0\r\n0\r");
    fake_at_answer_once(rig.fake, "ATE0", "0\r");
    fake_at_answer_once(rig.fake, "ATV1", "0\r");
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    g_assert_true(at_rig_has_step(&rig, "ATV1", TRUE, "OK"));
    at_rig_stop(&rig);
}

static void test_silent(void)
{
    g_autoptr(GError) error = NULL, late = NULL;
    AtRig rig = { 0 };
    static const char *const commands[] = { "ATQ0V1E0", "AT+CMEE?", "AT+CSCS?" };

    at_rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        fake_at_answer(rig.fake, commands[i], NULL);
    g_assert_false(backend_open(rig.backend, SOON, NULL, &late));
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_false(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_nonnull(strstr(error->message, "does not answer AT commands"));
    g_assert_true(at_rig_has_step(&rig, "attach", FALSE, "does not answer"));
    at_rig_assert_events(&rig, "");
    at_rig_stop(&rig);
}

static void test_in_use(void)
{
    g_autoptr(GError) locked = NULL, exclusive = NULL, error = NULL;
    AtRig rig = { 0 };
    int other;

    at_rig_start(&rig);
    other = open(fake_at_get_path(rig.fake), O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(flock(other, LOCK_EX | LOCK_NB), ==, 0);
    g_assert_false(backend_open(rig.backend, LATE, NULL, &locked));
    g_assert_error(locked, EUICCD_ERROR, EUICCD_ERROR_BUSY);
    g_assert_cmpint(flock(other, LOCK_UN), ==, 0);
    g_assert_cmpint(ioctl(other, TIOCEXCL), ==, 0);
    g_assert_false(backend_open(rig.backend, LATE, NULL, &exclusive));
    g_assert_error(exclusive, EUICCD_ERROR, EUICCD_ERROR_BUSY);
    at_rig_assert_history(&rig, ""); /* not an octet into somebody else's conversation */
    g_assert_true(at_rig_has_step(&rig, "open terminal", FALSE, "another program"));
    g_assert_cmpint(ioctl(other, TIOCNXCL), ==, 0);
    at_rig_open(&rig);
    /* Now it is others who have to stay out. */
    {
        int is_exclusive = 0;

        g_assert_cmpint(flock(other, LOCK_EX | LOCK_NB), <, 0);
        g_assert_cmpint(ioctl(other, TIOCGEXCL, &is_exclusive), ==, 0);
        g_assert_true(is_exclusive);
        backend_close(rig.backend);
        g_assert_cmpint(ioctl(other, TIOCGEXCL, &is_exclusive), ==, 0);
        g_assert_false(is_exclusive);
        g_assert_cmpint(flock(other, LOCK_EX | LOCK_NB), ==, 0);
    }
    close(other);
    at_rig_stop(&rig);
    (void)error;
}

static void test_no_terminal(void)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-at-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "ttyUSB2", NULL);
    g_autoptr(GError) error = NULL, gone = NULL;
    BackendOptions options = { 0 };
    Backend *backend = backend_at_new(path, 0, &options);

    g_assert_false(backend_open(backend, LATE, NULL, &gone));
    g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_assert_false(backend_open(backend, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    backend_free(backend);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_absent_calls(void)
{
    g_autoptr(GError) slots = NULL, reset = NULL, slot = NULL;
    g_autoptr(GArray) list = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    at_rig_open(&rig);
    g_assert_false(backend_list_slots(rig.backend, LATE, NULL, &list, &slots));
    g_assert_error(slots, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_false(backend_reset_card(rig.backend, LATE, NULL, &reset));
    g_assert_error(reset, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_false(backend_switch_slot(rig.backend, 2, LATE, NULL, &slot));
    g_assert_error(slot, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    at_rig_assert_history(&rig, "");
    at_rig_stop(&rig);
}

/* ---- one command after the other ---- */

static void start_session(AtRig *rig)
{
    g_autoptr(GError) error = NULL;

    at_rig_start(rig);
    fake_at_answer(rig->fake, "AT+CCHO", "\r\n+CCHO: 1\r\n" OK);
    fake_at_answer(rig->fake, "AT+CGLA", CGLA_9000);
    fake_at_answer(rig->fake, "AT+CCHC", OK);
    at_rig_open(rig);
    g_assert_cmpuint(at_rig_open_channel(rig, LATE, &error), ==, 1);
    g_assert_no_error(error);
    at_rig_assert_history(rig, CCHO);
}

/* Other people's lines, garbage and echoes around and within an answer. */
static void test_noise(void)
{
    static const char *const answers[] = {
        "\r\n^RSSI: 20\r\n\r\n+CGLA: 10,\"BF3E019000\"\r\n\r\n+CREG: 1,\"00A1\"\r\n\r\nOK\r\n",
        "\r\nRING\r\nNO CARRIER\r\n+CGLA: 10,\"BF3E019000\"\r\n\x80\xFF\x01\r\n\r\nOK\r\n",
        CGLA_EID "\r\r\n+CGLA: 10,\"BF3E019000\"\r\n\r\nOK\r\n",
        "+CGLA: 10,BF3E019000\nOK\n",
        "\r\n+CMT: \"+CGLA: 4\",\"6A82\"\r\n+cgla:10,\"bf3e019000\"\r\nOK\r\n",
    };
    AtRig rig = { 0 };

    start_session(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *response = NULL;

        fake_at_answer_once(rig.fake, "AT+CGLA", answers[i]);
        response = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(response, ==, "BF3E019000");
        at_rig_assert_history(&rig, CGLA_EID);
    }
    at_rig_assert_events(&rig, "");
    at_rig_stop(&rig);
}

/* Answers that hold no response, or one that can't be right. */
static void test_wrong_answers(void)
{
    g_autofree char *overlong = g_strnfill(2 * 65538 + 100, 'A');
    g_autofree char *line = g_strconcat("\r\n+CGLA: 131176,\"", overlong, "\"\r\n" OK, NULL);
    const char *const answers[] = {
        OK,
        line,
        "\r\n+CGLA: 4,\"90G0\"\r\n" OK,
        "\r\n+CGLA: 3,\"900\"\r\n" OK,
        "\r\n+CGLA: 6,\"9000\"\r\n" OK,
        "\r\n+CGLA: 2,\"9000\"\r\n" OK,
        "\r\n+CGLA: 2,\"90\"\r\n" OK,
        "\r\n+CGLA: 0,\"\"\r\n" OK,
        "\r\n+CGLA: 4,\"90\r\n+CREG: 2\r\n00\"\r\n" OK,
        "\r\n+CGLA: 4,\"9000\"\r\n\r\n+CGLA: 4,\"6A82\"\r\n" OK,
        "\r\n+CSIM: 4,\"9000\"\r\n" OK,
        "\r\n+CGLA: 4,\"9000\"\r\n\r\nERROR\r\n",
    };
    AtRig rig = { 0 };

    start_session(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *response = NULL;

        fake_at_answer_once(rig.fake, "AT+CGLA", answers[i]);
        response = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
        g_assert_null(response);
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    }
    /* The line is still in step. */
    g_free(at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, NULL));
    at_rig_stop(&rig);
}

static void test_large(void)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    g_autofree char *digits = g_strnfill(2 * 65536, 'A');
    g_autofree char *line = g_strconcat("\r\n+CGLA: 131076,\"", digits, "9000\"\r\n" OK, NULL);
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start_session(&rig);
    g_string_append(hex, "80E29100FF");
    for (guint i = 0; i < 255; i++)
        g_string_append(hex, "5A");
    fake_at_answer_once(rig.fake, "AT+CGLA=1,520,\"80E29100FF5A", line);
    response = at_rig_transmit(&rig, 1, hex->str, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(strlen(response), ==, 131076);
    at_rig_stop(&rig);
}

/* The answer to a command that was given up is never the answer to the next. */
static void test_late_answer(void)
{
    g_autoptr(GError) late = NULL, error = NULL;
    g_autofree char *first = NULL, *second = NULL, *third = NULL;
    AtRig rig = { 0 };

    start_session(&rig);
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    first = at_rig_transmit(&rig, 1, GET_EID, SOON, NULL, &late);
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    /* The old answer comes together with what was asked to get in step again. */
    fake_at_answer_once(rig.fake, "AT+CMEE?", "\r\n+CGLA: 4,\"6A88\"\r\n" OK "\r\n+CMEE: 1\r\n" OK);
    second = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second, ==, "9000");
    at_rig_assert_history(&rig, CGLA_EID " AT+CMEE? " CGLA_EID);
    /* In step: nothing more is asked. */
    third = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_cmpstr(third, ==, "9000");
    at_rig_assert_history(&rig, CGLA_EID);
    at_rig_stop(&rig);
}

/* The answer comes while nobody waits, the marker's is lost, comes twice, and in the midst of the next one's. */
static void test_late_marker(void)
{
    g_autofree char *first = NULL, *second = NULL, *third = NULL, *fourth = NULL, *fifth = NULL;
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start_session(&rig);
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    first = at_rig_transmit(&rig, 1, GET_EID, SOON, NULL, NULL);
    g_assert_null(first);
    fake_at_say(rig.fake, "\r\n+CGLA: 4,\"6A88\"\r\n" OK);
    fake_at_answer_once(rig.fake, "AT+CMEE?", NULL);
    fake_at_answer_once(rig.fake, "AT+CGLA", "\r\n+CMEE: 1\r\n" OK "\r\n+CGLA: 4,\"9001\"\r\n" OK);
    second = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second, ==, "9001");
    at_rig_assert_history(&rig, CGLA_EID " AT+CMEE? AT+CMEE? " CGLA_EID);
    /* Once more: now it is the other marker, and an answer to the first one counts for nothing. */
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    third = at_rig_transmit(&rig, 1, GET_EID, SOON, NULL, NULL);
    g_assert_null(third);
    fake_at_answer_once(rig.fake, "AT+CSCS?",
                        "\r\n+CMEE: 1\r\n" OK "\r\n+CGLA: 4,\"6A88\"\r\n" OK
                        "\r\n+CSCS: \"IRA\"\r\n" OK);
    fourth = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fourth, ==, "9000");
    at_rig_assert_history(&rig, CGLA_EID " AT+CSCS? " CGLA_EID);
    at_rig_stop(&rig);
    g_assert_null(fifth);
}

/* A modem without any marker is waited for. */
static void test_no_marker(void)
{
    g_autofree char *first = NULL, *second = NULL, *third = NULL;
    g_autoptr(GError) late = NULL, error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    fake_at_answer(rig.fake, "AT+CMEE?", "\r\nERROR\r\n");
    fake_at_answer(rig.fake, "AT+CSCS?", "\r\nERROR\r\n");
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 1\r\n" OK);
    fake_at_answer(rig.fake, "AT+CGLA", CGLA_9000);
    at_rig_open(&rig);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    at_rig_assert_history(&rig, CCHO);
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    first = at_rig_transmit(&rig, 1, GET_EID, SOON, NULL, NULL);
    second = at_rig_transmit(&rig, 1, GET_EID, SOON, NULL, &late);
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(late->message, "the command before is not through"));
    at_rig_assert_history(&rig, CGLA_EID); /* the second was not even sent */
    fake_at_say(rig.fake, "\r\n+CGLA: 4,\"6A88\"\r\n" OK);
    third = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(third, ==, "9000");
    g_assert_null(first);
    g_assert_null(second);
    at_rig_stop(&rig);
}

static gboolean cancel(gpointer data)
{
    g_cancellable_cancel(data);
    return G_SOURCE_REMOVE;
}

static void test_cancel(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *first = NULL, *second = NULL;
    g_autoptr(GError) cancelled = NULL, error = NULL;
    AtRig rig = { 0 };

    start_session(&rig);
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    g_timeout_add(20, cancel, cancellable);
    first = at_rig_transmit(&rig, 1, GET_EID, LATE, cancellable, &cancelled);
    g_assert_error(cancelled, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    fake_at_say(rig.fake, "\r\n+CGLA: 4,\"6A88\"\r\n" OK);
    second = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_cmpstr(second, ==, "9000");
    at_rig_assert_history(&rig, CGLA_EID " AT+CMEE? " CGLA_EID);
    at_rig_stop(&rig);
}

static void test_hang_up(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL, later = NULL;
    AtRig rig = { 0 };

    start_session(&rig);
    fake_at_hang_up(rig.fake, "AT+CGLA");
    response = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    at_rig_assert_events(&rig, "lost ");
    g_free(at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &later));
    g_assert_error(later, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    at_rig_assert_events(&rig, "");
    at_rig_stop(&rig);
}

static void test_idle_hang_up(void)
{
    AtRig rig = { 0 };

    at_rig_start(&rig);
    at_rig_open(&rig);
    fake_at_hang_up(rig.fake, NULL);
    while (rig.events->len == 0)
        g_main_context_iteration(NULL, TRUE);
    at_rig_assert_events(&rig, "lost ");
    at_rig_stop(&rig);
}

static void test_hanging_modem(void)
{
    AtRig rig = { 0 };

    start_session(&rig);
    fake_at_answer(rig.fake, "AT", NULL);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(GError) error = NULL;

        at_rig_assert_events(&rig, "");
        g_free(at_rig_transmit(&rig, 1, GET_EID, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    }
    at_rig_assert_events(&rig, "lost ");
    at_rig_stop(&rig);
}

/* ---- who the modem is ---- */

static void test_imei(void)
{
    static const struct {
        const char *answer;
        int code; /* -1: none */
    } rows[] = {
        { "\r\nERROR\r\n", EUICCD_ERROR_NOT_SUPPORTED },
        { OK, EUICCD_ERROR_NOT_SUPPORTED },
        { "\r\n000000000000000\r\n" OK, EUICCD_ERROR_MALFORMED },
        { "\r\n35693803564380\r\n" OK, EUICCD_ERROR_MALFORMED },
        { "\r\n3569380356438090\r\n" OK, EUICCD_ERROR_MALFORMED },
        { "\r\n35693803564380A\r\n" OK, EUICCD_ERROR_MALFORMED },
        { "AT+CGSN\r\r\n^RSSI: 3\r\n356938035643809\r\n" OK, -1 },
    };
    char imei[16];
    AtRig rig = { 0 };

    at_rig_start(&rig);
    at_rig_open(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gboolean ok;

        fake_at_answer_once(rig.fake, "AT+CGSN", rows[i].answer);
        ok = backend_get_imei(rig.backend, LATE, NULL, imei, &error);
        if (rows[i].code >= 0)
            g_assert_error(error, EUICCD_ERROR, rows[i].code);
        g_assert_cmpint(ok, ==, rows[i].code < 0);
    }
    g_assert_cmpstr(imei, ==, "356938035643809");
    g_assert_true(backend_get_imei(rig.backend, LATE, NULL, imei, NULL)); /* is known */
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CGSN"), ==, G_N_ELEMENTS(rows));
    backend_close(rig.backend);
    at_rig_open(&rig);
    fake_at_answer(rig.fake, "AT+CGSN", "\r\n+CGSN: \"356938035643817\"\r\n" OK);
    g_assert_true(backend_get_imei(rig.backend, LATE, NULL, imei, NULL));
    g_assert_cmpstr(imei, ==, "356938035643817");
    at_rig_stop(&rig);
}

static void test_identity(void)
{
    g_auto(BackendIdentity) identity = { 0 };
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    at_rig_open(&rig);
    g_assert_false(backend_get_identity(rig.backend, LATE, NULL, &identity, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    fake_at_answer(rig.fake, "AT+CGMI", "\r\nExample, Inc.\r\n" OK);
    fake_at_answer(rig.fake, "AT+CGMM", "\r\n+CGMM: \"X-1\"\r\n" OK);
    g_assert_true(backend_get_identity(rig.backend, LATE, NULL, &identity, NULL));
    g_assert_cmpstr(identity.manufacturer, ==, "Example, Inc.");
    g_assert_cmpstr(identity.model, ==, "X-1");
    g_assert_cmpstr(identity.revision, ==, "");
    at_rig_stop(&rig);
}

static void test_network(void)
{
    guint8 plmn[3] = { 0 };
    g_autofree char *hex = NULL;
    g_autoptr(GError) none = NULL, searching = NULL, words = NULL, error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    at_rig_open(&rig);
    /* A modem that does not tell whether it is registered, and does not know the form either. */
    g_assert_false(backend_get_rplmn(rig.backend, LATE, NULL, plmn, &none));
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    fake_at_answer(rig.fake, "AT+COPS?", "\r\n+COPS: 0,0,\"Example\",7\r\n" OK);
    g_assert_false(backend_get_rplmn(rig.backend, LATE, NULL, plmn, &words));
    g_assert_error(words, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    fake_at_answer(rig.fake, "AT+COPS=3,2", OK);
    fake_at_answer(rig.fake, "AT+COPS?", "\r\n+COPS: 0,2,\"00101\",7\r\n" OK);
    fake_at_answer(rig.fake, "AT+CREG?", "\r\n+CREG: 0,2\r\n" OK);
    fake_at_answer(rig.fake, "AT+CEREG?", "\r\n+CEREG: 2\r\n\r\n+CEREG: 0,2\r\n" OK);
    g_assert_false(backend_get_rplmn(rig.backend, LATE, NULL, plmn, &searching));
    g_assert_error(searching, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    fake_at_answer(rig.fake, "AT+CEREG?", "\r\n+CEREG: 0,5\r\n" OK);
    g_free(fake_at_take_history(rig.fake));
    g_assert_true(backend_get_rplmn(rig.backend, LATE, NULL, plmn, &error));
    g_assert_no_error(error);
    at_rig_assert_history(&rig, "AT+CEREG? AT+COPS=3,2 AT+COPS?");
    hex = bytes_to_hex(plmn, sizeof plmn);
    g_assert_cmpstr(hex, ==, "00F110");
    at_rig_stop(&rig);
}

/* The modem starts again in the operating mode that it has. */
static void test_restart(void)
{
    g_autoptr(GError) unknown = NULL, refused = NULL, error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    at_rig_open(&rig);
    g_assert_false(backend_reset_modem(rig.backend, LATE, NULL, &unknown));
    g_assert_error(unknown, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    fake_at_answer(rig.fake, "AT+CFUN?", "\r\n+CFUN: 4\r\n" OK);
    g_assert_false(backend_reset_modem(rig.backend, LATE, NULL, &refused));
    g_assert_error(refused, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    at_rig_assert_events(&rig, "");
    g_free(fake_at_take_history(rig.fake));
    fake_at_answer(rig.fake, "AT+CFUN=4,1", OK);
    g_assert_true(backend_reset_modem(rig.backend, LATE, NULL, &error));
    at_rig_assert_history(&rig, "AT+CFUN? AT+CFUN=4,1");
    at_rig_assert_events(&rig, "lost ");
    at_rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/at/open", test_open);
    g_test_add_func("/at/worker-thread", test_worker_thread);
    g_test_add_func("/at/habits", test_habits);
    g_test_add_func("/at/silent", test_silent);
    g_test_add_func("/at/in-use", test_in_use);
    g_test_add_func("/at/no-terminal", test_no_terminal);
    g_test_add_func("/at/absent-calls", test_absent_calls);
    g_test_add_func("/at/noise", test_noise);
    g_test_add_func("/at/wrong-answers", test_wrong_answers);
    g_test_add_func("/at/large", test_large);
    g_test_add_func("/at/late-answer", test_late_answer);
    g_test_add_func("/at/late-marker", test_late_marker);
    g_test_add_func("/at/no-marker", test_no_marker);
    g_test_add_func("/at/cancel", test_cancel);
    g_test_add_func("/at/hang-up", test_hang_up);
    g_test_add_func("/at/idle-hang-up", test_idle_hang_up);
    g_test_add_func("/at/hanging-modem", test_hanging_modem);
    g_test_add_func("/at/imei", test_imei);
    g_test_add_func("/at/identity", test_identity);
    g_test_add_func("/at/network", test_network);
    g_test_add_func("/at/restart", test_restart);
    return g_test_run();
}
