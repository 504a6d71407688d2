/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "channel/mbim_info.h"
#include "unit/mbim_rig.h"
#include "util/bytes.h"
#include "util/error.h"

static const guint8 isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                               0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

/* ---- the ordinary way ---- */

static void run_session(void)
{
    g_autofree char *response = NULL, *fci_hex = NULL;
    g_autoptr(GBytes) fci = NULL;
    g_autoptr(GError) error = NULL;
    guint8 channel = 0;
    Rig rig;

    rig_start(&rig);
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, ATTACH);
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_SUBSCRIBE), ==,
                    "02000000"
                    "14000000"
                    "18000000"
                    "2C000000"
                    "18000000"
                    "A289CC33BCBB8B4FB6B0133EC2AAE6DF"
                    "01000000"
                    "02000000"
                    "3D01DCC5FEF54D050D3ABEF7058E9AAF"
                    "01000000"
                    "08000000");
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_CLOSE_CHANNEL), ==, "0000000002000000");
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error)); /* idempotent */
    rig_assert_history(&rig, "");
    g_assert_true(rig.backend->is_euicc && rig.backend->with_le && rig.backend->plain_class);
    g_assert_true(
        backend_open_channel(rig.backend, isdr, sizeof isdr, LATE, NULL, &channel, &fci, &error));
    g_assert_cmpuint(channel, ==, 1);
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_OPEN_CHANNEL), ==,
                    "10000000"
                    "10000000"
                    "04000000"
                    "02000000"
                    "A0000005591010FFFFFFFF8900000100");
    fci_hex = bytes_gbytes_to_hex(fci);
    g_assert_cmpstr(fci_hex, ==, "6F028400");
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, 0, fake_mbim_response(0x9110, "BF3E0199FF"));
    response = rig_transmit(&rig, LATE, NULL, &error);
    g_assert_cmpstr(response, ==, "BF3E0199FF9110");
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_APDU), ==,
                    "01000000"
                    "00000000"
                    "01000000"
                    "0C000000"
                    "14000000"
                    "80E2910006BF3E035C015A00");
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 0), ==, 0);
    rig_assert_history(&rig, "open:4 apdu:1 close:1");
    g_assert_cmpstr(rig.events->str, ==, "");
    backend_close(rig.backend);
    rig_assert_history(&rig, "CLOSE");
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_stop(&rig);
}

static void test_session(void)
{
    run_session();
}

static gpointer in_thread(gpointer data)
{
    g_autoptr(GMainContext) context = g_main_context_new();

    (void)data;
    g_main_context_push_thread_default(context);
    run_session();
    g_main_context_pop_thread_default(context);
    return NULL;
}

static void test_worker_thread(void)
{
    g_thread_join(g_thread_new("worker", in_thread, NULL));
}

static void test_basic_channel(void)
{
    static const guint8 capability[] = {
        0x80, 0xAA, 0x00, 0x00, 0x05, 0xA9, 0x03, 0x84, 0x01, 0x01
    };
    g_autoptr(GBytes) response = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    g_assert_true(backend_transmit(rig.backend, 0, capability, sizeof capability, LATE, NULL,
                                   &response, NULL));
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_APDU), ==,
                    "00000000"
                    "00000000"
                    "01000000"
                    "0A000000"
                    "14000000"
                    "80AA000005A9038401010000"); /* padded behind what was announced */
    rig_stop(&rig);
}

/* Channels of others stay, those of a dead predecessor go. */
static void test_leaked_channels(void)
{
    Rig rig;

    rig_start(&rig);
    fake_mbim_leak(rig.fake, 2, 2);
    fake_mbim_leak(rig.fake, 1, 1);
    rig_open(&rig);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 0);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 1), ==, 1);
    for (guint i = 0; i < 30; i++) {
        g_autofree char *response = NULL;

        g_assert_true(rig_open_channel(&rig, LATE, NULL));
        response = rig_transmit(&rig, LATE, NULL, NULL);
        g_assert_cmpstr(response, ==, "9000");
        g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
        g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, NULL));
    }
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 0), ==, 1);
    rig_stop(&rig);
}

static void test_special_file(void)
{
    g_autoptr(GError) error = NULL;
    Backend *backend = backend_mbim_new_full("/nonexistent/cdc-wdm9", 0, &(BackendOptions){ 0 });

    g_assert_false(backend_open(backend, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_true(g_str_has_prefix(error->message, "cdc-wdm9: open port: "));
    backend_free(backend);
    backend = backend_new("mbim", "/nonexistent/cdc-wdm9", 0, &(BackendOptions){ 0 });
    g_assert_cmpstr(backend->class->name, ==, "mbim");
    g_assert_true(backend_is_supported("mbim"));
    backend_free(backend);
}

/* ---- opening a channel ---- */

static void test_open_errors(void)
{
    static const struct {
        guint32 status;
        guint16 status_word;
        EuiccdError code;
        const char *words;
        const char *history;
    } cases[] = {
        { 0x87430002, 0x6A82, EUICCD_ERROR_NOT_EUICC, "SelectFailed (0x87430002), the card 6A82",
          "open:4" },
        { 0x87430002, 0x6999, EUICCD_ERROR_NOT_EUICC, "the card 6999", "open:4 open:12 open:0" },
        { 0x87430002, 0x6A86, EUICCD_ERROR_NOT_EUICC, "the card 6A86", "open:4 open:12 open:0" },
        { 0x87430002, 0, EUICCD_ERROR_NOT_EUICC, "SelectFailed", "open:4 open:12 open:0" },
        { 0x87430003, 0, EUICCD_ERROR_MODEM, "InvalidLogicalChannel (0x87430003)",
          "open:4 open:12 open:0" },
        { 2, 0, EUICCD_ERROR_NOT_SUPPORTED, "Failure (2)", "open:4 open:12 open:0" },
        { 21, 0, EUICCD_ERROR_MODEM, "InvalidParameters (21)", "open:4 open:12 open:0" },
        { 4711, 0, EUICCD_ERROR_MODEM, "unknown (4711)", "open:4 open:12 open:0" },
        { 0x87430099, 0, EUICCD_ERROR_MODEM, "unknown (0x87430099)", "open:4 open:12 open:0" },
        { 9, 0, EUICCD_ERROR_NOT_SUPPORTED, "NoDeviceSupport (9)", "open:4" },
        { 34, 0, EUICCD_ERROR_NOT_SUPPORTED, "InvalidDeviceServiceOperation (34)", "open:4" },
        { 28, 0, EUICCD_ERROR_NOT_SUPPORTED, "OperationNotAllowed (28): its firmware forbids",
          "open:4" },
        { 1, 0, EUICCD_ERROR_CARD_NOT_READY, "Busy (1)", "open:4" },
        { 3, 0, EUICCD_ERROR_CARD_NOT_READY, "SimNotInserted (3)", "open:4" },
        { 4, 0, EUICCD_ERROR_CARD_NOT_READY, "BadSim (4)", "open:4" },
        { 14, 0, EUICCD_ERROR_CARD_NOT_READY, "NotInitialized (14)", "open:4" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        for (guint j = 0; j < 3; j++)
            fake_mbim_answer_take(rig.fake, FAKE_MBIM_OPEN_CHANNEL, cases[i].status,
                                  fake_mbim_opened(cases[i].status_word, 0, ""));
        g_assert_false(rig_open_channel(&rig, TIGHT, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        g_assert_true(g_str_has_prefix(error->message, "cdc-wdm7: open logical channel: "));
        rig_assert_history(&rig, cases[i].history);
        g_assert_cmpuint(rig_count_steps(&rig, "UICC Open Channel", FALSE), >, 0);
        rig_stop(&rig);
    }
}

/* Without a word of the card it is firmware that gives no access, unless a channel was got before. */
static void test_open_failure(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    g_assert_true(rig_open_channel(&rig, TIGHT, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < 3; i++)
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 2, fake_mbim_opened(0, 0, ""));
    g_assert_false(rig_open_channel(&rig, TIGHT, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    rig_stop(&rig);
}

/* The command succeeded, the card's answer to SELECT did not: the channel is given back. */
static void test_open_status_words(void)
{
    static const struct {
        guint16 status_word;
        EuiccdError code; /* FAILED: none */
        const char *history;
    } cases[] = {
        { 0x6A82, EUICCD_ERROR_NOT_EUICC, "open:4 close:1" },
        { 0x6881, EUICCD_ERROR_NO_CHANNEL, "open:4 close:1 close:0 open:4 close:1" },
        { 0x6A86, EUICCD_ERROR_MODEM, "open:4 close:1 open:12 close:1 open:0 close:1" },
        { 0x9000, EUICCD_ERROR_FAILED, "open:4" },
        { 0x6118, EUICCD_ERROR_FAILED, "open:4" },
        { 0x9120, EUICCD_ERROR_FAILED, "open:4" },
        { 0x0000, EUICCD_ERROR_FAILED, "open:4" }, /* some modems give none */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        for (guint j = 0; j < 3; j++)
            fake_mbim_answer_take(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 0,
                                  fake_mbim_opened(cases[i].status_word, 1, ""));
        g_assert_true(rig_open_channel(&rig, LATE, &error) ==
                      (cases[i].code == EUICCD_ERROR_FAILED));
        if (error)
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        rig_assert_history(&rig, cases[i].history);
        rig_stop(&rig);
    }
}

static void test_open_malformed(void)
{
    static const struct {
        const char *info, *words;
    } cases[] = {
        { "", "malformed" },
        { "9000000001000000", "malformed" },
        { "900000000100000004000000", "malformed" },
        { "90000000010000000500000010000000AABBCCDD", "malformed" }, /* size beyond the end */
        { "90000000010000000400000011000000AABBCCDD", "malformed" }, /* offset beyond the end */
        { "900000000100000004000000FFFFFFFFAABBCCDD", "malformed" },
        { "9000000001000000FFFFFFFF10000000AABBCCDD", "malformed" },
        { "90000000000000000000000000000000", "channel number 0" },
        { "90000000140000000000000000000000", "channel number 20" },
        { "90000000010100000000000000000000", "channel number 257" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 0, cases[i].info);
        g_assert_false(rig_open_channel(&rig, LATE, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        rig_assert_history(&rig, "open:4");
        /* Whatever is open now, nobody knows its number. */
        g_assert_true(rig_open_channel(&rig, LATE, NULL));
        rig_assert_history(&rig, "close:0 open:4");
        rig_stop(&rig);
    }
}

static void test_no_channel_left(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_leak(rig.fake, 2, 3);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:4 close:0 open:4");
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, NULL));
    fake_mbim_leak(rig.fake, 1, 3);
    g_free(fake_mbim_take_history(rig.fake));
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    g_assert_nonnull(strstr(error->message, "NoLogicalChannels (0x87430001)"));
    rig_assert_history(&rig, "open:4 close:0 open:4");
    rig_stop(&rig);
}

static void test_not_ready_yet(void)
{
    Rig rig;

    /* The next try comes when the card changes. */
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_answer(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 14, "");
    fake_mbim_indicate_after(rig.fake, FAKE_MBIM_OPEN_CHANNEL, FAKE_MBIM_READY,
                             fake_mbim_ready(0, NULL, FALSE));
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:4 open:4");
    g_assert_cmpstr(rig.events->str, ==, "gone ");
    rig_stop(&rig);
}

/* The value that worked is remembered, also when the modem was lost. */
static void test_select_p2(void)
{
    static const Quirks own = { .select_p2 = { 0x00, 0x0C }, .n_select_p2 = 2 };
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_answer(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 2, "");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:4 open:12");
    backend_close_channel(rig.backend, 1, LATE, NULL, NULL);
    backend_close(rig.backend);
    rig_open(&rig);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:12");
    backend_close_channel(rig.backend, 1, LATE, NULL, NULL);
    g_free(fake_mbim_take_history(rig.fake));
    /* What worked may stop to work. */
    fake_mbim_answer(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 2, "");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:12 open:4");
    rig_stop(&rig);

    rig_start_quirks(&rig, &own);
    rig_open(&rig);
    fake_mbim_answer(rig.fake, FAKE_MBIM_OPEN_CHANNEL, 21, "");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:0 open:12");
    rig_stop(&rig);
}

/* ---- closing ---- */

static void test_close(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    /* One that is not open any more. */
    g_assert_true(backend_close_channel(rig.backend, 2, LATE, NULL, &error));
    g_assert_no_error(error);
    fake_mbim_answer(rig.fake, FAKE_MBIM_CLOSE_CHANNEL, 2, "");
    g_assert_false(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_cmpstr(error->message, ==,
                    "cdc-wdm7: close logical channel 1: the modem answered Failure (2)");
    g_free(fake_mbim_take_history(rig.fake));
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "close:0 open:4");
    rig_stop(&rig);
}

static void test_given_up_open(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_OPEN_CHANNEL);
    rig_let_pass(&rig, FAKE_MBIM_OPEN_CHANNEL, UNTIL_SOON);
    g_assert_false(rig_open_channel(&rig, SOON, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    fake_mbim_answer_late(rig.fake);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
    /* The channel that opened after all is no leak. */
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:4 close:0 open:4");
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
    rig_stop(&rig);
}

/* ---- APDUs ---- */

static void test_transmit_errors(void)
{
    static const struct {
        guint32 status;
        const char *info;
        EuiccdError code;
        const char *words;
    } cases[] = {
        { 0x87430003, "", EUICCD_ERROR_MODEM, "InvalidLogicalChannel (0x87430003)" },
        { 2, "", EUICCD_ERROR_MODEM, "Failure (2)" },
        { 1, "", EUICCD_ERROR_CARD_NOT_READY, "Busy (1)" },
        { 3, "", EUICCD_ERROR_CARD_NOT_READY, "SimNotInserted (3)" },
        { 14, "", EUICCD_ERROR_CARD_NOT_READY, "NotInitialized (14)" },
        { 9, "", EUICCD_ERROR_NOT_SUPPORTED, "NoDeviceSupport (9)" },
        { 28, "", EUICCD_ERROR_NOT_SUPPORTED, "forbids" },
        { 0, "", EUICCD_ERROR_MODEM, "malformed" },
        { 0, "90000000", EUICCD_ERROR_MODEM, "malformed" },
        { 0, "9000000004000000", EUICCD_ERROR_MODEM, "malformed" },
        { 0, "90000000050000000C000000AABBCCDD", EUICCD_ERROR_MODEM, "malformed" },
        { 0, "90000000040000000D000000AABBCCDD", EUICCD_ERROR_MODEM, "malformed" },
        { 0, "9000000004000000FFFFFFFFAABBCCDD", EUICCD_ERROR_MODEM, "malformed" },
        { 0, "90000000FFFFFFFF0C000000AABBCCDD", EUICCD_ERROR_MODEM, "malformed" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        g_free(rig_transmit(&rig, LATE, NULL, NULL)); /* the class type is known */
        fake_mbim_answer(rig.fake, FAKE_MBIM_APDU, cases[i].status, cases[i].info);
        g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        g_assert_true(g_str_has_prefix(error->message, "cdc-wdm7: send APDU: "));
        rig_assert_history(&rig, "apdu:1 apdu:1");
        rig_stop(&rig);
    }
}

/* Messages that are wrong as such. */
static void test_malformed_messages(void)
{
    static const char head[] = "03000080"
                               "40000000"
                               "00000000"
                               "01000000"
                               "00000000";
    static const char info[] = "9000000004000000"
                               "0C000000AABBCCDD";
    static const struct {
        const char *service, *cid, *size;
        EuiccdError code;
    } cases[] = {
        /* the information buffer is longer than the message: the library drops it */
        { "C2F6588EF0374BC98665F4D44BD09367", "04000000", "11000000", EUICCD_ERROR_TIMEOUT },
        { "C2F6588EF0374BC98665F4D44BD09367", "04000000", "FFFFFF7F", EUICCD_ERROR_TIMEOUT },
        /* of another request, of another service */
        { "C2F6588EF0374BC98665F4D44BD09367", "02000000", "10000000", EUICCD_ERROR_MODEM },
        { "A289CC33BCBB8B4FB6B0133EC2AAE6DF", "04000000", "10000000", EUICCD_ERROR_MODEM },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = g_strconcat(head, cases[i].service, cases[i].cid, "00000000",
                                               cases[i].size, info, NULL);
        g_autofree char *next = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer_raw(rig.fake, FAKE_MBIM_APDU, message);
        if (cases[i].code == EUICCD_ERROR_TIMEOUT)
            rig_let_pass(&rig, FAKE_MBIM_APDU, UNTIL_SOON);
        g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        next = rig_transmit(&rig, LATE, NULL, NULL);
        g_assert_cmpstr(next, ==, "9000");
        rig_stop(&rig);
    }
}

static void test_class_type(void)
{
    static const struct {
        guint32 status;
        guint16 status_word;
    } refusals[] = { { 2, 0 }, { 9, 0 }, { 21, 0 }, { 34, 0 }, { 0, 0x6E00 }, { 0, 0x6881 } };
    Quirks quirks = { 0 };
    g_autoptr(GError) error = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *first = NULL, *second = NULL;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, refusals[i].status,
                              fake_mbim_response(refusals[i].status_word, ""));
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, 0, fake_mbim_response(0x6110, ""));
        first = rig_transmit(&rig, LATE, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(first, ==, "6110");
        rig_assert_history(&rig, "apdu:1 apdu:0");
        /* Kept while the back-end lives. */
        backend_close(rig.backend);
        rig_open(&rig);
        second = rig_transmit(&rig, LATE, NULL, NULL);
        rig_assert_history(&rig, "apdu:0");
        /* Once it was taken, a refusal has another reason: no APDU is repeated. */
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, refusals[i].status,
                              fake_mbim_response(refusals[i].status_word, ""));
        g_free(rig_transmit(&rig, LATE, NULL, NULL));
        rig_assert_history(&rig, "apdu:0");
        rig_stop(&rig);
    }
    /* A refusal that was not about the class is no reason to change it, and the first one counts. */
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_answer(rig.fake, FAKE_MBIM_APDU, 2, "");
    fake_mbim_answer(rig.fake, FAKE_MBIM_APDU, 21, "");
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_nonnull(strstr(error->message, "Failure (2)"));
    g_free(rig_transmit(&rig, LATE, NULL, NULL));
    rig_assert_history(&rig, "apdu:1 apdu:0 apdu:1");
    rig_stop(&rig);

    /* A model's quirks are known after it was opened. */
    rig_start_quirks(&rig, &quirks);
    rig_open(&rig);
    quirks.inter_industry = QUIRK_YES;
    fake_mbim_answer(rig.fake, FAKE_MBIM_APDU, 2, "");
    g_free(rig_transmit(&rig, LATE, NULL, NULL));
    rig_assert_history(&rig, "apdu:0 apdu:1");
    rig_stop(&rig);
}

static void test_switches(void)
{
    static const Quirks quirks = { .with_le = QUIRK_NO, .channel_in_class = QUIRK_YES };
    Rig rig;

    rig_start_quirks(&rig, &quirks);
    g_assert_false(rig.backend->with_le);
    g_assert_false(rig.backend->plain_class);
    rig_stop(&rig);
}

/* The modem's words for it differ: that the card is no more says it best. */
static void test_card_removed(void)
{
    static const guint32 refusals[] = { 2, 3, 0x87430003 };
    g_autoptr(GError) silent = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GError) error = NULL;

        rig_start(&rig);
        rig_open(&rig);
        g_free(rig_transmit(&rig, LATE, NULL, NULL));
        fake_mbim_answer(rig.fake, FAKE_MBIM_APDU, refusals[i], "");
        fake_mbim_indicate_before(rig.fake, FAKE_MBIM_APDU, FAKE_MBIM_READY,
                                  fake_mbim_ready(2, NULL, FALSE));
        g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
        g_assert_cmpstr(rig.events->str, ==, "gone ");
        rig_stop(&rig);
    }
    /* Nor does every modem end what was under way: nobody waits for that until the deadline. */
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_APDU);
    fake_mbim_indicate_before(rig.fake, FAKE_MBIM_APDU, FAKE_MBIM_SLOT, fake_mbim_slot(0, 3));
    rig_let_pass(&rig, FAKE_MBIM_APDU, UNTIL_SOON);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &silent));
    g_assert_error(silent, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
    g_assert_cmpstr(silent->message, ==, "the card was removed: cdc-wdm7: send APDU: no answer");
    rig_stop(&rig);
}

static void test_fragments(void)
{
    static const guint sizes[] = { 64, 512, 0 };
    g_autofree guint8 *data = g_malloc(6000);
    g_autofree char *hex = NULL, *expected = NULL;

    for (guint i = 0; i < 6000; i++)
        data[i] = (guint8)(i * 7);
    hex = bytes_to_hex(data, 6000);
    expected = g_strconcat(hex, "9000", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *response = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_mbim_set_fragment(rig.fake, sizes[i]);
        rig_open(&rig);
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, 0, fake_mbim_response(0x9000, hex));
        response = rig_transmit(&rig, LATE, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(response, ==, expected);
        /* Indications come in pieces, too. */
        fake_mbim_indicate(rig.fake, FAKE_MBIM_READY, fake_mbim_ready(2, NULL, FALSE));
        rig_settle(&rig, "gone ");
        rig_stop(&rig);
    }
}

static void test_late_answer(void)
{
    g_autofree char *response = NULL, *twice = NULL, *after = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    g_free(rig_transmit(&rig, LATE, NULL, NULL));
    fake_mbim_hold(rig.fake, FAKE_MBIM_APDU);
    rig_let_pass(&rig, FAKE_MBIM_APDU, UNTIL_SOON);
    g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    fake_mbim_answer_late(rig.fake);
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, 0, fake_mbim_response(0x6A88, ""));
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "6A88");
    /* A second answer to the same request belongs to nothing. */
    fake_mbim_answer_twice(rig.fake, FAKE_MBIM_APDU);
    twice = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(twice, ==, "9000");
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_APDU, 0, fake_mbim_response(0x6985, ""));
    after = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(after, ==, "6985");
    g_assert_cmpstr(rig.events->str, ==, "");
    rig_stop(&rig);
}

static void test_slow_answer(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_APDU);
    fake_mbim_then(rig.fake, FAKE_MBIM_APDU, rig_answer_late, rig.fake);
    response = rig_transmit(&rig, LATE, NULL, &error);
    g_assert_cmpstr(response, ==, "9000");
    rig_stop(&rig);
}

static void test_cancel(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) next = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_APDU);
    fake_mbim_then(rig.fake, FAKE_MBIM_APDU, rig_cancel, cancellable);
    g_assert_null(rig_transmit(&rig, LATE, cancellable, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_assert_null(rig_transmit(&rig, LATE, cancellable, &next));
    g_assert_error(next, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    rig_assert_history(&rig, "apdu:1");
    rig_stop(&rig);
}

/* ---- TERMINAL CAPABILITY by the modem ---- */

#define CAPABILITY "010000000C00000003000000"

static void test_modem_capability(void)
{
    static const Quirks quirks = { .modem_capability = QUIRK_YES };
    static const struct {
        guint32 status;
        const char *info;
        gboolean set;
    } cases[] = {
        { 0, CAPABILITY "84010100", FALSE },
        { 0, CAPABILITY "84010100FF", FALSE },
        { 0, CAPABILITY "83010700", TRUE },
        { 0, CAPABILITY "840101", FALSE },
        { 0, CAPABILITY "8401", TRUE },
        { 0, "00000000", TRUE },
        { 0, "", TRUE },
        { 0, "FFFFFFFF", TRUE },
        { 9, "", TRUE },
    };
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        rig_start_quirks(&rig, &quirks);
        fake_mbim_answer(rig.fake, FAKE_MBIM_CAPABILITY, cases[i].status, cases[i].info);
        /* A modem that can't is no reason not to use it. */
        if (i % 2 == 1)
            fake_mbim_answer(rig.fake, FAKE_MBIM_SET_CAPABILITY, 9, "");
        g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
        rig_assert_history(&rig,
                           cases[i].set ? ATTACH " capability declare" : ATTACH " capability");
        if (cases[i].set)
            g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_SET_CAPABILITY), ==,
                            CAPABILITY "84010100");
        rig_stop(&rig);
    }
}

/* ---- the modem goes ---- */

static void test_removed(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) next = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hang_up_on(rig.fake, FAKE_MBIM_APDU);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    g_assert_null(rig_transmit(&rig, LATE, NULL, &next));
    g_assert_error(next, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    backend_close(rig.backend);
    /* It is back. */
    g_free(fake_mbim_take_history(rig.fake));
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, ATTACH);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    rig_stop(&rig);
}

static void test_removed_while_idle(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_remove(rig.fake);
    rig_settle(&rig, "lost ");
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    backend_close(rig.backend);
    g_clear_error(&error);
    g_assert_false(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpuint(rig_count_steps(&rig, "open port", FALSE), ==, 1);
    rig_stop(&rig);
}

static void test_removed_while_opening(void)
{
    static const FakeMbimRequest when[] = { FAKE_MBIM_SUBSCRIBE, FAKE_MBIM_CLOSE_CHANNEL,
                                            FAKE_MBIM_MAPPINGS, FAKE_MBIM_SLOT, FAKE_MBIM_READY };

    for (guint i = 0; i < G_N_ELEMENTS(when); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_mbim_hang_up_on(rig.fake, when[i]);
        g_assert_false(backend_open(rig.backend, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
        g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
        rig_stop(&rig);
    }
}

/* The modem started anew without a hang-up, or somebody closed the session under us. */
static void test_session_closed(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_refuse(rig.fake, FAKE_MBIM_APDU, 3);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_nonnull(strstr(error->message, "LengthMismatch (3)"));
    g_assert_cmpstr(rig.events->str, ==, "");
    g_clear_error(&error);
    fake_mbim_refuse(rig.fake, FAKE_MBIM_APDU, 5);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_nonnull(strstr(error->message, "NotOpened (5)"));
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    backend_close(rig.backend);
    rig_open(&rig);
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    rig_stop(&rig);
}

static void test_silent_modem(void)
{
    g_autoptr(GError) gone = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(rig.events->str, ==, "");
        fake_mbim_hold(rig.fake, FAKE_MBIM_APDU);
        rig_let_pass(&rig, FAKE_MBIM_APDU, UNTIL_SOON);
        g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    }
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    g_assert_null(rig_transmit(&rig, LATE, NULL, &gone));
    g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_stop(&rig);
}

static void test_failed_open(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_MAPPINGS);
    rig_let_pass(&rig, FAKE_MBIM_MAPPINGS, UNTIL_SOON);
    g_assert_false(backend_open(rig.backend, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_cmpstr(rig.events->str, ==, "");
    rig_assert_history(&rig, "OPEN subscribe close:0 mappings CLOSE");
    /* Neither a list that is refused nor a group without channels matters. */
    fake_mbim_answer(rig.fake, FAKE_MBIM_SUBSCRIBE, 9, "");
    fake_mbim_answer(rig.fake, FAKE_MBIM_SUBSCRIBE, 9, "");
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, "OPEN subscribe subscribe close:0 " QUERY);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that the kernel does not know: both belong to these
     * tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/mbim/session", test_session);
    g_test_add_func("/mbim/session/worker-thread", test_worker_thread);
    g_test_add_func("/mbim/session/basic-channel", test_basic_channel);
    g_test_add_func("/mbim/session/special-file", test_special_file);
    g_test_add_func("/mbim/session/leaked-channels", test_leaked_channels);
    g_test_add_func("/mbim/session/failed-open", test_failed_open);
    g_test_add_func("/mbim/open/errors", test_open_errors);
    g_test_add_func("/mbim/open/failure", test_open_failure);
    g_test_add_func("/mbim/open/status-words", test_open_status_words);
    g_test_add_func("/mbim/open/malformed", test_open_malformed);
    g_test_add_func("/mbim/open/no-channel-left", test_no_channel_left);
    g_test_add_func("/mbim/open/not-ready-yet", test_not_ready_yet);
    g_test_add_func("/mbim/open/p2", test_select_p2);
    g_test_add_func("/mbim/open/given-up", test_given_up_open);
    g_test_add_func("/mbim/close", test_close);
    g_test_add_func("/mbim/transmit/errors", test_transmit_errors);
    g_test_add_func("/mbim/transmit/malformed-messages", test_malformed_messages);
    g_test_add_func("/mbim/transmit/class-type", test_class_type);
    g_test_add_func("/mbim/transmit/switches", test_switches);
    g_test_add_func("/mbim/transmit/card-removed", test_card_removed);
    g_test_add_func("/mbim/transmit/fragments", test_fragments);
    g_test_add_func("/mbim/transmit/late-answer", test_late_answer);
    g_test_add_func("/mbim/transmit/slow-answer", test_slow_answer);
    g_test_add_func("/mbim/transmit/cancel", test_cancel);
    g_test_add_func("/mbim/capability", test_modem_capability);
    g_test_add_func("/mbim/removed", test_removed);
    g_test_add_func("/mbim/removed/while-idle", test_removed_while_idle);
    g_test_add_func("/mbim/removed/while-opening", test_removed_while_opening);
    g_test_add_func("/mbim/removed/session-closed", test_session_closed);
    g_test_add_func("/mbim/removed/silent", test_silent_modem);
    return g_test_run();
}
