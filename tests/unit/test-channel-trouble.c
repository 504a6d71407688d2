/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel.h"

#include <string.h>

#include "unit/channel_rig.h"
#include "unit/jumping_clock.h"
#include "util/bytes.h"
#include "util/clock.h"

/* Blocks that are too large, channels that are lost or that nobody has, cards that are busy or silent. */

/* ---- block sizes (SGP.22 5.7.2; the note in channel/command.c) ---- */

/* A request of SIZE octets, in hex; the Nth octet is N. */
static char *make_request(gsize size)
{
    GString *hex = g_string_new(NULL);

    for (gsize i = 0; i < size; i++)
        g_string_append_printf(hex, "%02X", (guint)(i & 0xFF));
    return g_string_free(hex, FALSE);
}

/* The next command shall be block NUMBER with the octets from AT on; LAST says that no other follows. */
static void expect_block(Rig *rig, guint number, gboolean last, guint at, guint size,
                         const char *answer)
{
    g_autofree char *all = make_request(at + size);
    g_autofree char *command =
        g_strdup_printf("81E2%s%02X%02X%s", last ? "91" : "11", number, size, all + 2 * at);

    fake_backend_expect(rig->fake, command, answer);
}

static void start(Rig *rig)
{
    rig_start(rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(rig);
    g_assert_true(channel_open(rig->channel, NULL, NULL));
}

/* What comes may be another card. */
static void change_card(Rig *rig)
{
    channel_handle_event(rig->channel, BACKEND_EVENT_CARD_GONE);
    channel_handle_event(rig->channel, BACKEND_EVENT_CARD_READY);
    channel_forget_card(rig->channel);
}

static void run(Rig *rig, gsize size)
{
    g_autofree char *request = make_request(size);
    g_autoptr(GError) error = NULL;

    g_assert_true(rig_command(rig, request, NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_true(fake_backend_is_done(rig->fake));
}

static void learn(Rig *rig)
{
    expect_block(rig, 0, FALSE, 0, 120, "9000");
    expect_block(rig, 1, TRUE, 120, 1, "9000");
    run(rig, 121);
}

static void test_blocks_grow(void)
{
    Rig rig;

    start(&rig);
    expect_block(&rig, 0, TRUE, 0, 120, "9000");
    run(&rig, 120);
    /* One block proves nothing: the first long command goes in small ones. */
    expect_block(&rig, 0, FALSE, 0, 120, "9000");
    expect_block(&rig, 1, FALSE, 120, 120, "9000");
    expect_block(&rig, 2, FALSE, 240, 120, "910B");
    expect_block(&rig, 3, TRUE, 360, 40, "9000");
    run(&rig, 400);
    /* Larger ones are tried, but never as the last block. */
    expect_block(&rig, 0, FALSE, 0, 149, "9000");
    expect_block(&rig, 1, TRUE, 149, 1, "9000");
    run(&rig, 150);
    expect_block(&rig, 0, TRUE, 0, 149, "9000");
    run(&rig, 149);
    expect_block(&rig, 0, FALSE, 0, 255, "9000");
    expect_block(&rig, 1, TRUE, 255, 145, "9000");
    run(&rig, 400);
    expect_block(&rig, 0, TRUE, 0, 255, "9000");
    run(&rig, 255);
    /* A reset of the card changes nothing about it. */
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
    expect_block(&rig, 0, TRUE, 0, 255, "9000");
    run(&rig, 255);
    /* Another card, or another modem, may do less. */
    change_card(&rig);
    learn(&rig);
    expect_block(&rig, 0, FALSE, 0, 199, "9000");
    expect_block(&rig, 1, TRUE, 199, 1, "9000");
    run(&rig, 200);
    channel_handle_event(rig.channel, BACKEND_EVENT_LOST);
    expect_block(&rig, 0, FALSE, 0, 120, "9000");
    expect_block(&rig, 1, TRUE, 120, 79, "9000");
    run(&rig, 199);
    rig_stop(&rig);
}

static void test_blocks_refused(void)
{
    static const char *const refusals[] = { "6700", "6601", "6F00", "6A80" };

    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        Rig rig;

        start(&rig);
        learn(&rig);
        /* In the middle of a chain that went well: from the start again, in blocks that are known. */
        expect_block(&rig, 0, FALSE, 0, 255, refusals[i]);
        expect_block(&rig, 0, FALSE, 0, 120, "9000");
        expect_block(&rig, 1, FALSE, 120, 120, "9000");
        expect_block(&rig, 2, TRUE, 240, 60, "9000");
        run(&rig, 300);
        /* Remembered. */
        learn(&rig);
        expect_block(&rig, 0, FALSE, 0, 120, "9000");
        expect_block(&rig, 1, FALSE, 120, 120, "9000");
        expect_block(&rig, 2, TRUE, 240, 60, "9000");
        run(&rig, 300);
        g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR);
        rig_stop(&rig);
    }
}

/* What was accepted once is kept: the limit is between. */
static void test_blocks_limit_between(void)
{
    Rig rig;

    start(&rig);
    learn(&rig);
    expect_block(&rig, 0, FALSE, 0, 199, "9000");
    expect_block(&rig, 1, TRUE, 199, 1, "9000");
    run(&rig, 200);
    expect_block(&rig, 0, FALSE, 0, 255, "6700");
    expect_block(&rig, 0, FALSE, 0, 199, "9000");
    expect_block(&rig, 1, TRUE, 199, 101, "9000");
    run(&rig, 300);
    expect_block(&rig, 0, FALSE, 0, 199, "9000");
    expect_block(&rig, 1, TRUE, 199, 101, "9000");
    run(&rig, 300);
    rig_stop(&rig);
}

/* The modem fails, or says nothing: on a new channel. */
static void test_blocks_modem(void)
{
    static const EuiccdError codes[] = { EUICCD_ERROR_MODEM, EUICCD_ERROR_NOT_SUPPORTED,
                                         EUICCD_ERROR_TIMEOUT };

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        Rig rig;

        start(&rig);
        learn(&rig);
        fake_backend_fail(rig.fake, codes[i]);
        expect_block(&rig, 0, FALSE, 0, 120, "9000");
        expect_block(&rig, 1, FALSE, 120, 120, "9000");
        expect_block(&rig, 2, TRUE, 240, 60, "9000");
        run(&rig, 300);
        g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " close 1 channel " ISDR);
        rig_stop(&rig);
    }
}

/* Failures that a size can't explain, and those of blocks that are not larger than what is known. */
static void test_blocks_other_failures(void)
{
    static const EuiccdError codes[] = { EUICCD_ERROR_CANCELLED, EUICCD_ERROR_MODEM_GONE,
                                         EUICCD_ERROR_CARD_ABSENT, EUICCD_ERROR_CARD_NOT_READY };
    g_autofree char *request = make_request(300);
    g_autoptr(GError) conditions = NULL;
    g_autoptr(GError) twice = NULL;
    g_autoptr(GError) last = NULL;
    guint16 sw = 0;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(GError) error = NULL;

        start(&rig);
        learn(&rig);
        fake_backend_fail(rig.fake, codes[i]);
        g_assert_false(rig_command(&rig, request, NULL, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)codes[i]);
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
    start(&rig);
    learn(&rig);
    expect_block(&rig, 0, FALSE, 0, 255, "6985");
    g_assert_false(rig_command(&rig, request, NULL, &sw, &conditions));
    g_assert_error(conditions, EUICCD_ERROR, EUICCD_ERROR_CARD_RESET);
    /* In small blocks it is no better: that is the answer, and there is no third attempt. */
    expect_block(&rig, 0, FALSE, 0, 255, "6700");
    expect_block(&rig, 0, FALSE, 0, 120, "6A80");
    g_assert_false(rig_command(&rig, request, NULL, &sw, &twice));
    g_assert_error(twice, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_cmphex(sw, ==, 0x6A80);
    g_assert_cmpstr(twice->message, ==,
                    "ES10 command: STORE DATA block 1 (octets 1 to 120 of 300): "
                    "the card answered 6A80 (incorrect data)");
    /* The last block has been executed, as far as anybody knows. */
    change_card(&rig);
    learn(&rig);
    expect_block(&rig, 0, FALSE, 0, 255, "9000");
    expect_block(&rig, 1, TRUE, 255, 45, "6700");
    g_assert_false(rig_command(&rig, request, NULL, &sw, &last));
    g_assert_error(last, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_blocks_configured(void)
{
    g_autofree char *request = make_request(300);
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.config->block_size = 200;
    rig_connect(&rig);
    for (guint i = 0; i < 2; i++) {
        expect_block(&rig, 0, FALSE, 0, 200, "9000");
        expect_block(&rig, 1, TRUE, 200, 100, "9000");
        run(&rig, 300);
    }
    /* Somebody wanted it so. */
    expect_block(&rig, 0, FALSE, 0, 200, "6700");
    g_assert_false(rig_command(&rig, request, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

/* More than 256 blocks of 120 octets: larger ones at once, and no way where they are refused. */
static void test_blocks_wide(void)
{
    const gsize most = 256 * 255;
    g_autofree char *request = make_request(256 * 120 + 1);
    g_autoptr(GError) refused = NULL;
    g_autoptr(GError) too_long = NULL;
    g_autofree char *beyond = make_request(most + 1);
    Rig rig;

    start(&rig);
    for (guint i = 0; i < 256; i++)
        expect_block(&rig, i, i == 255, i * 255, 255, "9000");
    run(&rig, most);
    g_assert_false(rig_command(&rig, beyond, NULL, NULL, &too_long));
    g_assert_error(too_long, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    rig_stop(&rig);

    start(&rig);
    expect_block(&rig, 0, FALSE, 0, 255, "6700");
    g_assert_false(rig_command(&rig, request, NULL, NULL, &refused));
    g_assert_error(refused, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

/* ---- a channel that went without a word ---- */

static gboolean run_once(Rig *rig, const char *request, GError **error)
{
    g_autoptr(GBytes) octets = rig_octets(request);
    g_autoptr(GBytes) response = NULL;

    return channel_command(rig->channel, octets, NULL, NULL, TRUE, NULL, &response, NULL, error);
}

/* I-43: what executes something is not given to the card again once that may have got it. */
static void test_lost_once(void)
{
    static const char *const statuses[] = { "6881", "6882", "6E00", "6D00" };
    g_autofree char *request = make_request(300);

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) last = NULL;
        Rig rig;

        /* One block is the last block. */
        start(&rig);
        fake_backend_expect(rig.fake, STORE_GET_EID, statuses[i]);
        g_assert_false(run_once(&rig, GET_EID, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
        g_assert_false(channel_is_open(rig.channel));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);

        /* Before that it is harmless, wherever it comes, but only once. */
        start(&rig);
        expect_block(&rig, 0, FALSE, 0, 120, "9000");
        expect_block(&rig, 1, FALSE, 120, 120, statuses[i]);
        expect_block(&rig, 0, FALSE, 0, 120, "9000");
        expect_block(&rig, 1, FALSE, 120, 120, "9000");
        expect_block(&rig, 2, TRUE, 240, 60, statuses[i]);
        g_assert_false(run_once(&rig, request, &last));
        g_assert_error(last, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
        g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " channel " ISDR);
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

/* ---- no channel left ---- */

static void test_no_channel(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    gint64 before;
    Rig rig;

    /* Others may need but a moment. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    rig.fake->backend.is_euicc = TRUE;
    rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
    rig.fake->channel_errors = 2;
    before = clock_boottime();
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(clock_boottime() - before, ==, 3 * G_USEC_PER_SEC);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " channel " ISDR " channel " ISDR);
    channel_close(rig.channel);
    fake_backend_clear(rig.fake);

    /* Or nobody knows of it any more: a reset, but one. */
    rig.fake->channel_errors = 3;
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.fake->history->str, ==,
                    "channel " ISDR " channel " ISDR " channel " ISDR " reset channel " ISDR);
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 1);
    channel_close(rig.channel);
    fake_backend_clear(rig.fake);
    rig.fake->channel_errors = 5;
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    g_assert_false(channel_open(rig.channel, NULL, &again));
    g_assert_error(again, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 2);
    /* Once that helped, it may be done again. */
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    channel_close(rig.channel);
    rig.fake->channel_errors = 3;
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 3);
    rig_stop(&rig);
}

/* An ordinary SIM is never reset; a card that had an ISD-R is, whatever the modem says about it. */
static void test_no_channel_on_a_sim(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
    rig.fake->channel_errors = 1;
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR);
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    channel_close(rig.channel);
    rig.fake->channel_errors = 3;
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 1);
    channel_close(rig.channel);
    change_card(&rig);
    rig.fake->channel_errors = 1;
    g_clear_error(&error);
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 1);
    rig_stop(&rig);
}

/* Who looks for a card that it has not met, again and again. */
static void meet_in_vain(Rig *rig, guint resets)
{
    for (guint i = 0; i < 8; i++) {
        g_autoptr(GError) error = NULL;

        channel_forget_card(rig->channel);
        g_assert_false(channel_open(rig->channel, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
        g_assert_cmpuint(channel_get_counters(rig->channel)->card_resets, ==, resets);
    }
}

/* Others hold all channels for good: each reset cuts the data connection, so it is done once for a card. */
static void test_no_channel_ever(void)
{
    for (gint events = FALSE; events <= TRUE; events++) {
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig_connect(&rig);
        rig.fake->backend.is_euicc = TRUE;
        rig.fake->reset_events = events;
        rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
        rig.fake->channel_errors = 1000;
        meet_in_vain(&rig, 1);
        /* The card that comes may be another one, and so may what the modem has open. */
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
        meet_in_vain(&rig, 2);
        channel_handle_event(rig.channel, BACKEND_EVENT_LOST);
        meet_in_vain(&rig, 3);
        rig.fake->channel_errors = 0;
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        channel_close(rig.channel);
        rig.fake->channel_errors = 1000;
        meet_in_vain(&rig, 4);
        rig_stop(&rig);
    }
}

static gboolean lose(gpointer data)
{
    channel_handle_event(data, BACKEND_EVENT_LOST);
    return G_SOURCE_REMOVE;
}

static gboolean come_and_go(gpointer data)
{
    channel_handle_event(data, BACKEND_EVENT_CARD_GONE);
    channel_handle_event(data, BACKEND_EVENT_CARD_READY);
    return G_SOURCE_REMOVE;
}

static gboolean cancel(gpointer data)
{
    g_cancellable_cancel(data);
    return G_SOURCE_REMOVE;
}

static void test_no_channel_fails(void)
{
    static const struct {
        EuiccdError reset_error, code;
    } cases[] = {
        { EUICCD_ERROR_NOT_SUPPORTED, EUICCD_ERROR_NO_CHANNEL },
        { EUICCD_ERROR_TIMEOUT, EUICCD_ERROR_NO_CHANNEL },
        { EUICCD_ERROR_MODEM_GONE, EUICCD_ERROR_MODEM_GONE },
        { EUICCD_ERROR_CANCELLED, EUICCD_ERROR_CANCELLED },
    };
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) given_up = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig_connect(&rig);
        rig.fake->backend.is_euicc = TRUE;
        rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
        rig.fake->channel_errors = 3;
        rig.fake->reset_error = cases[i].reset_error;
        g_assert_false(channel_open(rig.channel, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        rig_stop(&rig);
    }
    /* While it waits for others. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    rig.fake->backend.is_euicc = TRUE;
    rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
    rig.fake->channel_errors = 3;
    g_idle_add(cancel, cancellable);
    g_assert_false(channel_open(rig.channel, cancellable, &given_up));
    g_assert_error(given_up, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR);
    rig_stop(&rig);
}

/* ---- time ---- */

static void test_pause(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) cancelled = NULL;
    g_autoptr(GError) gone = NULL;
    gint64 before = clock_boottime();
    Rig rig;

    start(&rig);
    /* The card's events are no reason to end early, and are not lost. */
    g_idle_add(come_and_go, rig.channel);
    g_assert_true(channel_pause(rig.channel, 7, cancellable, NULL));
    g_assert_cmpint(clock_boottime() - before, ==, 7 * G_USEC_PER_SEC);
    g_assert_false(channel_is_open(rig.channel));
    g_idle_add(cancel, cancellable);
    g_assert_false(channel_pause(rig.channel, 7, cancellable, &cancelled));
    g_assert_error(cancelled, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_idle_add(lose, rig.channel);
    g_assert_false(channel_pause(rig.channel, 7, NULL, &gone));
    g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpint(clock_boottime() - before, ==, 7 * G_USEC_PER_SEC);
    rig_stop(&rig);
}

/* The error names the command and the time that it had. */
static void test_silence(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) once = NULL;
    gint64 before = clock_boottime();
    Rig rig;

    start(&rig);
    fake_backend_hang(rig.fake);
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_cmpstr(error->message, ==,
                    "ES10 command: STORE DATA block 1 (octets 1 to 6 of 6): no answer in time "
                    "(30 s)");
    g_assert_cmpint(clock_boottime() - before, ==, 30 * G_USEC_PER_SEC);
    g_assert_false(channel_is_open(rig.channel));
    fake_backend_hang(rig.fake);
    before = clock_boottime();
    g_assert_false(run_once(&rig, GET_EID, &once));
    g_assert_error(once, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_cmpint(clock_boottime() - before, ==, 120 * G_USEC_PER_SEC);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

/* ---- large responses ---- */

/* I-44: 200 kB in answers of 256 octets. */
static void test_large_response(void)
{
    enum { SIZE = 200 * 1024, PART = 256 };
    g_autofree char *request = make_request(6), *octets = make_request(PART), *response = NULL;
    g_autofree char *part = g_strconcat(octets, "6100", NULL);
    g_autofree char *end = g_strconcat(octets, "910B", NULL);
    g_autoptr(GError) error = NULL;
    Rig rig;

    start(&rig);
    expect_block(&rig, 0, TRUE, 0, 6, "6100");
    for (guint i = 0; i < SIZE / PART; i++)
        fake_backend_expect(rig.fake, "01C0000000", i + 1 < SIZE / PART ? part : end);
    g_assert_true(rig_command(&rig, request, &response, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(strlen(response), ==, 2 * SIZE);
    g_assert_true(g_str_has_suffix(response, octets));
    g_assert_true(channel_take_refresh_pending(rig.channel));
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);

    /* Beyond the limit of 1 MiB it ends; no more than that is ever kept. */
    start(&rig);
    expect_block(&rig, 0, TRUE, 0, 6, "6100");
    for (guint i = 0; i < 1024 * 1024 / PART + 1; i++)
        fake_backend_expect(rig.fake, NULL, part);
    g_assert_false(rig_command(&rig, request, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_assert_true(fake_backend_is_done(rig.fake));
    g_assert_false(channel_is_open(rig.channel));
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/channel-trouble/blocks/grow", test_blocks_grow);
    g_test_add_func("/channel-trouble/blocks/refused", test_blocks_refused);
    g_test_add_func("/channel-trouble/blocks/limit-between", test_blocks_limit_between);
    g_test_add_func("/channel-trouble/blocks/modem", test_blocks_modem);
    g_test_add_func("/channel-trouble/blocks/other-failures", test_blocks_other_failures);
    g_test_add_func("/channel-trouble/blocks/configured", test_blocks_configured);
    g_test_add_func("/channel-trouble/blocks/wide", test_blocks_wide);
    g_test_add_func("/channel-trouble/lost/once", test_lost_once);
    g_test_add_func("/channel-trouble/no-channel", test_no_channel);
    g_test_add_func("/channel-trouble/no-channel/ever", test_no_channel_ever);
    g_test_add_func("/channel-trouble/no-channel/sim", test_no_channel_on_a_sim);
    g_test_add_func("/channel-trouble/no-channel/fails", test_no_channel_fails);
    g_test_add_func("/channel-trouble/pause", test_pause);
    g_test_add_func("/channel-trouble/silence", test_silence);
    g_test_add_func("/channel-trouble/large-response", test_large_response);
    return g_test_run();
}
