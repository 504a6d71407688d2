/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logical channels, APDUs and news of the card of the AT back-end. */

#include <string.h>

#include "channel/channel.h"
#include "unit/fake_at.h"
#include "util/bytes.h"
#include "util/error.h"

#define CCHO    "AT+CCHO=\"" ISDR_HEX "\""
#define GET_EID "80E2910006BF3E035C015A"

#define MANAGE_OPEN "AT+CSIM=10,\"0070000001\""
#define SELECT      "AT+CSIM=42,\"01A4040410" ISDR_HEX "\""
#define SESSION     "\r\n+CCHO: 1\r\n" OK

static void start(AtRig *rig)
{
    at_rig_start(rig);
    at_rig_open(rig);
}

/* ---- +CCHO, +CGLA, +CCHC ---- */

static void test_session(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start(&rig);
    g_assert_true(rig.backend->plain_class);
    /* A handle that is no channel number. */
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 4711\r\n" OK);
    fake_at_answer(rig.fake, "AT+CGLA=4711,", "\r\n+CGLA: 10,\"BF3E019000\"\r\n" OK);
    fake_at_answer(rig.fake, "AT+CCHC=4711", OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    g_assert_no_error(error);
    response = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_cmpstr(response, ==, "BF3E019000");
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    at_rig_assert_history(&rig, CCHO " AT+CGLA=4711,22,\"" GET_EID "\" AT+CCHC=4711");
    g_assert_true(at_rig_has_step(&rig, CCHO, TRUE, "+CCHO: 4711; OK"));
    g_assert_false(at_rig_has_step(&rig, "AT+CGLA", TRUE, "")); /* an APDU may hold a secret */
    g_assert_null(at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    at_rig_assert_events(&rig, "");
    at_rig_stop(&rig);
}

/* Whatever somebody puts into the class octet: with a session the modem does it. */
static void test_class_octet(void)
{
    static const struct {
        const char *sent, *class;
    } rows[] = {
        { "80E2910000", "80" }, { "81E2910000", "80" }, { "83E2910000", "80" },
        { "C1E2910000", "80" }, { "01A4040000", "00" }, { "41A4040000", "00" },
    };
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 2\r\n" OK);
    fake_at_answer(rig.fake, "AT+CGLA", "\r\n+CGLA: 4,\"9000\"\r\n" OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *command = g_strconcat("AT+CGLA=2,10,\"", rows[i].class, NULL);
        g_autofree char *response = at_rig_transmit(&rig, 1, rows[i].sent, LATE, NULL, NULL);

        g_assert_cmpstr(response, ==, "9000");
        g_assert_cmpuint(fake_at_count(rig.fake, command), >, 0);
    }
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CGLA=2,10,\"80"), ==, 4);
    at_rig_stop(&rig);
}

static void test_bare_number(void)
{
    static const struct {
        const char *answer;
        gboolean ok;
    } rows[] = {
        { "\r\n3\r\n" OK, TRUE },
        { "3\r\nOK\r\n", TRUE },
        { "\r\n+CCHO: \"3\"\r\n" OK, TRUE },
        { "\r\n^RSSI: 7\r\n3\r\n+CREG: 1\r\n" OK, TRUE },
        { "\r\n3\r\n4\r\n" OK, FALSE },
        { "\r\n+CCHO: x\r\n" OK, FALSE },
        { OK, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        AtRig rig = { 0 };
        guint8 channel;

        start(&rig);
        fake_at_answer(rig.fake, "AT+CCHO", rows[i].answer);
        fake_at_answer(rig.fake, "AT+CCHC=3", OK);
        channel = at_rig_open_channel(&rig, LATE, &error);
        g_assert_cmpuint(channel, ==, rows[i].ok ? 1 : 0);
        if (!rows[i].ok)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
        g_assert_cmpint(rig.backend->leaked, ==, !rows[i].ok);
        /* What is open when the port is closed does not stay so. */
        backend_close(rig.backend);
        g_assert_cmpuint(fake_at_count(rig.fake, "AT+CCHC=3"), ==, rows[i].ok ? 1 : 0);
        at_rig_stop(&rig);
    }
}

/* +CCHC is missing: the session stays, and is used again as long as it works. */
static void test_no_close(void)
{
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    fake_at_answer(rig.fake, "AT+CGLA=1", "\r\n+CGLA: 4,\"6121\"\r\n" OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    g_assert_false(rig.backend->leaked);
    g_assert_true(rig.backend->exclusive && rig.backend->held);
    at_rig_assert_history(&rig, CCHO " AT+CCHC=1");
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    g_assert_false(rig.backend->held);
    at_rig_assert_history(&rig, "AT+CGLA=1,42,\"00A4040410" ISDR_HEX "\"");
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    /* The card says that its channel is gone. */
    fake_at_answer_once(rig.fake, "AT+CGLA=1", "\r\n+CGLA: 4,\"6881\"\r\n" OK);
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 2\r\n" OK);
    g_free(fake_at_take_history(rig.fake));
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    at_rig_assert_history(&rig, "AT+CGLA=1,42,\"00A4040410" ISDR_HEX "\" " CCHO);
    /* One with which something went wrong is not used again. */
    fake_at_answer_once(rig.fake, "AT+CGLA=2", "\r\n+CME ERROR: 3\r\n");
    g_assert_null(at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_clear_error(&error);
    g_assert_false(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_free(fake_at_take_history(rig.fake));
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    at_rig_assert_history(&rig, CCHO);
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, NULL));
    g_assert_true(rig.backend->held);
    backend_close(rig.backend);
    g_assert_false(rig.backend->held);
    at_rig_stop(&rig);
}

/* A session whose caller had gone when it opened is closed before the next. */
static void test_late_session(void)
{
    static const char *const answers[] = { "\r\n+CCHO: 5\r\n" OK, "\r\n5\r\n" OK };

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GError) late = NULL, error = NULL;
        AtRig rig = { 0 };

        start(&rig);
        fake_at_answer_once(rig.fake, "AT+CCHO", NULL);
        fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 6\r\n" OK);
        fake_at_answer(rig.fake, "AT+CCHC", OK);
        g_assert_cmpuint(at_rig_open_channel(&rig, SOON, &late), ==, 0);
        g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        fake_at_say(rig.fake, answers[i]);
        while (g_main_context_iteration(NULL, FALSE))
            continue;
        g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
        at_rig_assert_history(&rig, CCHO " AT+CMEE? AT+CCHC=5 " CCHO);
        at_rig_stop(&rig);
    }
}

/* The channel lost it: whatever is open is closed before another one is opened. */
static void test_leaked(void)
{
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    fake_at_answer(rig.fake, "AT+CCHC", OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    rig.backend->leaked = TRUE;
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    at_rig_assert_history(&rig, CCHO " AT+CCHC=1 " CCHO);
    g_assert_false(rig.backend->leaked);
    at_rig_stop(&rig);
}

/* Nothing is left, as a dead host leaves it. */
static void test_sweep(void)
{
    g_autoptr(GError) error = NULL, none = NULL;
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer_once(rig.fake, "AT+CCHO", "\r\n+CME ERROR: 20\r\n");
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 2\r\n" OK);
    fake_at_answer(rig.fake, "AT+CCHC=2", OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CCHC="), ==, 20);
    /* Ours is not among them, and one round is enough. */
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CME ERROR: 20\r\n");
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &none), ==, 0);
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CCHC="), ==, 39);
    at_rig_stop(&rig);
}

/* ---- +CSIM ---- */

static void answer_by_hand(AtRig *rig)
{
    fake_at_answer(rig->fake, MANAGE_OPEN, "\r\n+CSIM: 6,\"019000\"\r\n" OK);
    fake_at_answer(rig->fake, "AT+CSIM=42,\"01A4", "\r\n+CSIM: 4,\"6121\"\r\n" OK);
    fake_at_answer(rig->fake, "AT+CSIM=22,\"81E2", "\r\n+CSIM: 10,\"BF3E019000\"\r\n" OK);
    fake_at_answer(rig->fake, "AT+CSIM=10,\"007080", "\r\n+CSIM: 4,\"9000\"\r\n" OK);
}

static void test_by_hand(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start(&rig);
    answer_by_hand(&rig);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    g_assert_no_error(error);
    response = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error);
    g_assert_cmpstr(response, ==, "BF3E019000");
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    at_rig_assert_history(&rig,
                          CCHO " " MANAGE_OPEN " " SELECT
                               " AT+CSIM=22,\"81E2910006BF3E035C015A\" AT+CSIM=10,\"0070800100\"");
    g_assert_true(at_rig_has_step(&rig, CCHO, FALSE, "ERROR"));
    g_assert_true(at_rig_has_step(&rig, "AT+CSIM MANAGE CHANNEL open", TRUE, "019000"));
    g_assert_true(at_rig_has_step(&rig, "AT+CSIM SELECT", TRUE, "6121"));
    /* It is known now that +CCHO is missing. */
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    at_rig_assert_history(&rig, MANAGE_OPEN " " SELECT);
    at_rig_stop(&rig);
}

/* A channel beyond 3, and a card that has to be asked for the number. */
static void test_by_hand_far_channel(void)
{
    g_autofree char *response = NULL;
    AtRig rig = { .quirks = { .csim = QUIRK_YES } };

    start(&rig);
    fake_at_answer(rig.fake, MANAGE_OPEN, "\r\n+CSIM: 4,\"6101\"\r\n" OK);
    fake_at_answer(rig.fake, "AT+CSIM=10,\"00C0000001\"", "\r\n+CSIM: 6,\"059000\"\r\n" OK);
    fake_at_answer(rig.fake, "AT+CSIM=42,\"41A4", "\r\n+CSIM: 4,\"9000\"\r\n" OK);
    fake_at_answer(rig.fake, "AT+CSIM=22,\"C1E2", "\r\n+CSIM: 4,\"9000\"\r\n" OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    response = at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CCHO"), ==, 0); /* the quirk */
    at_rig_stop(&rig);
}

static void test_basic_channel(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start(&rig);
    g_assert_null(at_rig_transmit(&rig, 0, "80AA000005A903840101", LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    fake_at_answer(rig.fake, "AT+CSIM", "\r\n+CSIM: 4,\"9000\"\r\n" OK);
    g_free(fake_at_take_history(rig.fake));
    response = at_rig_transmit(&rig, 0, "80AA000005A903840101", LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    at_rig_assert_history(&rig, "AT+CSIM=20,\"80AA000005A903840101\"");
    at_rig_stop(&rig);
}

/* Without +CSIM, TERMINAL CAPABILITY goes the way that there is. */
static void test_basic_channel_elsewhere(void)
{
    static const char capability[] = "80AA000005A903840101";
    g_autofree char *first = NULL, *second = NULL;
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CCHO: 3\r\n" OK);
    fake_at_answer(rig.fake, "AT+CGLA=3", "\r\n+CGLA: 4,\"9000\"\r\n" OK);
    fake_at_answer(rig.fake, "AT+CCHC=3", OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    g_free(fake_at_take_history(rig.fake));
    first = at_rig_transmit(&rig, 0, capability, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(first, ==, "9000");
    at_rig_assert_history(
        &rig, "AT+CSIM=20,\"80AA000005A903840101\" AT+CGLA=3,20,\"80AA000005A903840101\"");
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, NULL));
    g_free(fake_at_take_history(rig.fake));
    second = at_rig_transmit(&rig, 0, capability, LATE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second, ==, "9000");
    at_rig_assert_history(&rig, "AT+CSIM=20,\"80AA000005A903840101\" " CCHO
                                " AT+CGLA=3,20,\"80AA000005A903840101\" AT+CCHC=3");
    /* A refusal for another reason is one. */
    fake_at_answer(rig.fake, "AT+CSIM", "\r\n+CME ERROR: 14\r\n");
    g_assert_null(at_rig_transmit(&rig, 0, capability, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    at_rig_stop(&rig);
}

/* What the card says to +CSIM tells what an answer to +CCHO leaves open. */
static void test_open_errors(void)
{
    static const struct {
        const char *ccho, *manage, *select;
        QuirkSwitch csim;
        EuiccdError code;
        const char *words;
    } rows[] = {
        { "ERROR", "ERROR", NULL, QUIRK_UNSET, EUICCD_ERROR_NOT_SUPPORTED, "ERROR" },
        { "+CME ERROR: 4", "+CME ERROR: 4", NULL, QUIRK_UNSET, EUICCD_ERROR_NOT_SUPPORTED,
          "operation not supported" },
        { "ERROR", NULL, NULL, QUIRK_NO, EUICCD_ERROR_MODEM, "ERROR" },
        { "+CME ERROR: 10", NULL, NULL, QUIRK_UNSET, EUICCD_ERROR_CARD_ABSENT, "SIM not inserted" },
        { "+CME ERROR: 15", NULL, NULL, QUIRK_NO, EUICCD_ERROR_MODEM, "SIM wrong" },
        { "+CME ERROR: 20", NULL, NULL, QUIRK_UNSET, EUICCD_ERROR_NO_CHANNEL, "memory full" },
        { "+CME ERROR: 22", NULL, NULL, QUIRK_NO, EUICCD_ERROR_NOT_EUICC, "not found" },
        { "+CME ERROR: 22", "ERROR", NULL, QUIRK_UNSET, EUICCD_ERROR_NOT_EUICC, "not found" },
        { "+CME ERROR: 3", "ERROR", NULL, QUIRK_UNSET, EUICCD_ERROR_MODEM,
          "operation not allowed" },
        { "+CME ERROR: 100", "+CSIM: 4,\"6A81\"\r\n" OK, NULL, QUIRK_UNSET, EUICCD_ERROR_NO_CHANNEL,
          "6A81" },
        { "+CME ERROR: 100", "+CSIM: 4,\"6881\"\r\n" OK, NULL, QUIRK_UNSET, EUICCD_ERROR_NO_CHANNEL,
          "6881" },
        { "+CME ERROR: 100", "+CSIM: 4,\"6D00\"\r\n" OK, NULL, QUIRK_UNSET, EUICCD_ERROR_NOT_EUICC,
          "6D00" },
        { "+CME ERROR: 3", "+CSIM: 6,\"019000\"\r\n" OK, "6A82", QUIRK_UNSET,
          EUICCD_ERROR_NOT_EUICC, "6A82" },
        { "+CME ERROR: 3", "+CSIM: 6,\"019000\"\r\n" OK, "6999", QUIRK_UNSET,
          EUICCD_ERROR_NOT_EUICC, "6999" },
        { "+CME ERROR: 3", "+CSIM: 6,\"009000\"\r\n" OK, NULL, QUIRK_UNSET, EUICCD_ERROR_MODEM,
          "9000" },
        { "+CME ERROR: 3", "+CSIM: 6,\"1F9000\"\r\n" OK, NULL, QUIRK_UNSET, EUICCD_ERROR_MODEM,
          "9000" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *ccho = g_strdup_printf("\r\n%s\r\n", rows[i].ccho);
        g_autofree char *manage = g_strdup_printf("\r\n%s\r\n", rows[i].manage);
        g_autofree char *select = g_strdup_printf("\r\n+CSIM: 4,\"%s\"\r\n" OK, rows[i].select);
        g_autoptr(GError) error = NULL;
        AtRig rig = { .quirks = { .csim = rows[i].csim } };

        start(&rig);
        fake_at_answer(rig.fake, "AT+CCHO", ccho);
        fake_at_answer(rig.fake, "AT+CSIM=42", select);
        fake_at_answer(rig.fake, "AT+CSIM=10,\"007080", "\r\n+CSIM: 4,\"9000\"\r\n" OK);
        if (rows[i].manage)
            fake_at_answer(rig.fake, MANAGE_OPEN, manage);
        g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 0);
        g_assert_error(error, EUICCD_ERROR, (gint)rows[i].code);
        g_assert_nonnull(strstr(error->message, rows[i].words));
        g_assert_cmpuint(fake_at_count(rig.fake, MANAGE_OPEN), ==, rows[i].manage ? 1 : 0);
        /* No channel stays open on which there was nothing. */
        g_assert_cmpuint(fake_at_count(rig.fake, "AT+CSIM=10,\"0070800100\""), ==,
                         rows[i].select ? 1 : 0);
        g_assert_cmpint(rig.backend->leaked, ==, FALSE);
        at_rig_stop(&rig);
    }
}

/* ---- the card ---- */

static void test_busy(void)
{
    g_autoptr(GError) error = NULL, never = NULL;
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer_once(rig.fake, "AT+CCHO", "\r\n+CME ERROR: 14\r\n");
    fake_at_answer_once(rig.fake, "AT+CCHO", "\r\n+CME ERROR: 13\r\n\r\n+QIND: PB DONE\r\n");
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    at_rig_assert_history(&rig, CCHO " " CCHO " " CCHO);
    fake_at_answer(rig.fake, "AT+CCHO", "\r\n+CME ERROR: SIM busy\r\n");
    g_assert_cmpuint(at_rig_open_channel(&rig, clock_deadline(3), &never), ==, 0);
    g_assert_error(never, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    g_assert_nonnull(strstr(never->message, "SIM busy"));
    at_rig_stop(&rig);
}

static void test_news(void)
{
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    fake_at_answer(rig.fake, "AT+CGSN", "\r\n356938035643809\r\n" OK);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    fake_at_say(rig.fake, "\r\n+CPIN: NOT READY\r\n");
    while (rig.events->len == 0)
        g_main_context_iteration(NULL, TRUE);
    at_rig_assert_events(&rig, "gone ");
    /* Its channels went with it: nothing is to be closed. */
    g_free(fake_at_take_history(rig.fake));
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, NULL));
    at_rig_assert_history(&rig, "");
    fake_at_say(rig.fake, "\r\n+CPIN: READY\r\n\r\n+QIND: PB DONE\r\n");
    while (rig.events->len == 0)
        g_main_context_iteration(NULL, TRUE);
    at_rig_assert_events(&rig, "ready ");
    /* A modem that says nothing of a card that comes back: opening a channel shows it. */
    fake_at_say(rig.fake, "\r\n^SIMST: 255\r\n");
    while (rig.events->len == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    at_rig_assert_events(&rig, "gone ready ");
    at_rig_stop(&rig);
}

/* The modem says only when it is asked that there is no card. */
static void test_absent(void)
{
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    fake_at_answer(rig.fake, "AT+CPIN?", "\r\n+CME ERROR: 10\r\n");
    at_rig_open(&rig);
    /* Some say so of an eUICC without an enabled profile: it is tried. */
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, &error), ==, 1);
    at_rig_assert_events(&rig, "ready ");
    fake_at_answer(rig.fake, "AT+CGLA", "\r\n+CME ERROR: 10\r\n");
    g_assert_null(at_rig_transmit(&rig, 1, GET_EID, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
    at_rig_assert_events(&rig, "gone ");
    at_rig_stop(&rig);
}

/* A modem that never answers an APDU whose card was pulled is not waited for until the deadline. */
static void test_removal(void)
{
    gint64 begin = clock_boottime();
    g_autoptr(GError) error = NULL;
    AtRig rig = { 0 };

    start(&rig);
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    fake_at_answer(rig.fake, "AT+CGLA", "\r\n+QSIMSTAT: 1,0\r\n");
    g_assert_cmpuint(at_rig_open_channel(&rig, LATE, NULL), ==, 1);
    g_assert_null(at_rig_transmit(&rig, 1, GET_EID, clock_deadline(600), NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
    g_assert_cmpint(clock_boottime() - begin, <, 60 * G_USEC_PER_SEC);
    at_rig_assert_events(&rig, "gone ");
    at_rig_stop(&rig);
}

/* ---- the channel above it ---- */

static gboolean say_success(gpointer data)
{
    AtRig *rig = data;

    fake_at_say(rig->fake, "\r\n+CGLA: 4,\"9000\"\r\n" OK);
    return G_SOURCE_REMOVE;
}

/* Blocks never grow beyond what an AT line carries, and an answer may take longer than usual. */
static void test_channel(void)
{
    g_autoptr(ChannelConfig) config = channel_config_new();
    g_autoptr(GBytes) request = NULL;
    g_autofree guint8 *octets = g_malloc0(1000);
    g_autoptr(GError) error = NULL;
    Channel *channel;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    g_assert_cmpuint(rig.backend->patience, ==, 240);
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    fake_at_answer(rig.fake, "AT+CCHC", OK);
    fake_at_answer(rig.fake, "AT+CGLA", "\r\n+CGLA: 4,\"9000\"\r\n" OK);
    /* The first answer needs longer than is usual. */
    config->timeout = 1;
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    g_timeout_add(1300, say_success, &rig);
    channel = channel_new(rig.backend, config, NULL);
    octets[0] = 0xBF;
    request = g_bytes_new(octets, 1000);
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error));
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GBytes) answer = NULL;

        g_assert_true(
            channel_command(channel, request, NULL, NULL, FALSE, NULL, &answer, NULL, &error));
        g_assert_no_error(error);
    }
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CGLA=1,250,\"80E21100"), ==, 2);
    g_assert_cmpuint(fake_at_count(rig.fake, "AT+CGLA=1,90,\"80E291"), ==, 2);
    channel_free(channel);
    at_rig_assert_events(&rig, "");
    at_rig_stop(&rig);
}

/* A model's quirks are known after it was opened. */
static void test_quirks(void)
{
    g_autoptr(ChannelConfig) config = channel_config_new();
    g_autoptr(GBytes) request = g_bytes_new_static("\xBF\x20\x00", 3);
    g_autoptr(GBytes) answer = NULL;
    g_autoptr(GError) error = NULL;
    Quirks quirks = { 0 };
    Channel *channel;
    AtRig rig = { 0 };

    at_rig_start(&rig);
    rig.backend->quirks = &quirks;
    fake_at_answer(rig.fake, "AT+CCHO", SESSION);
    fake_at_answer(rig.fake, "AT+CCHC", OK);
    fake_at_answer(rig.fake, "AT+CGLA", "\r\n+CGLA: 4,\"9000\"\r\n" OK);
    config->timeout = config->long_timeout = 1;
    channel = channel_new(rig.backend, config, NULL);
    g_assert_true(channel_open(channel, NULL, &error));
    g_assert_no_error(error);
    quirks.timeout = 1;
    fake_at_answer_once(rig.fake, "AT+CGLA", NULL);
    g_assert_false(
        channel_command(channel, request, NULL, NULL, FALSE, NULL, &answer, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(error->message, "(1 s)"));
    channel_free(channel);
    at_rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/at-card/session", test_session);
    g_test_add_func("/at-card/class-octet", test_class_octet);
    g_test_add_func("/at-card/bare-number", test_bare_number);
    g_test_add_func("/at-card/no-close", test_no_close);
    g_test_add_func("/at-card/late-session", test_late_session);
    g_test_add_func("/at-card/leaked", test_leaked);
    g_test_add_func("/at-card/sweep", test_sweep);
    g_test_add_func("/at-card/by-hand", test_by_hand);
    g_test_add_func("/at-card/by-hand-far-channel", test_by_hand_far_channel);
    g_test_add_func("/at-card/basic-channel", test_basic_channel);
    g_test_add_func("/at-card/basic-channel-elsewhere", test_basic_channel_elsewhere);
    g_test_add_func("/at-card/open-errors", test_open_errors);
    g_test_add_func("/at-card/busy", test_busy);
    g_test_add_func("/at-card/news", test_news);
    g_test_add_func("/at-card/absent", test_absent);
    g_test_add_func("/at-card/removal", test_removal);
    g_test_add_func("/at-card/quirks", test_quirks);
    g_test_add_func("/at-card/channel", test_channel);
    return g_test_run();
}
