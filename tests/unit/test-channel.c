/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel.h"

#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "unit/channel_rig.h"
#include "util/bytes.h"

#define CAPABILITY_IPAD "80AA000005A903840101"
#define SELECT_AGAIN    "01A4040410" ISDR

/* ---- opening ---- */

static void test_open(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig_connect(&rig);
    g_assert_false(channel_is_open(rig.channel));
    /* A card that nobody knows: SELECT, declare, SELECT again, whose answer is not fetched. */
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    fake_backend_expect(rig.fake, SELECT_AGAIN, "6121");
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_true(channel_open(rig.channel, NULL, &error)); /* idempotent */
    g_assert_false(channel_is_undeclared(rig.channel));
    g_assert_true(channel_is_open(rig.channel));
    channel_close(rig.channel);
    channel_close(rig.channel);
    g_assert_false(channel_is_open(rig.channel));
    g_assert_nonnull(channel_get_fci(rig.channel));
    /* The declaration holds for the whole card session. */
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " close 1 channel " ISDR);
    g_assert_true(fake_backend_is_done(rig.fake));
    g_assert_cmpuint(channel_get_counters(rig.channel)->channel_opens, ==, 2);
    /* A new session: once more, and the lost channel is not closed on the wire. */
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
    g_assert_false(channel_is_open(rig.channel));
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
    fake_backend_clear(rig.fake);
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "6D00"); /* not fatal */
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_capability_failures(void)
{
    static const struct {
        EuiccdError code;
        gboolean fatal;
    } cases[] = {
        { EUICCD_ERROR_MODEM, FALSE },     { EUICCD_ERROR_NOT_SUPPORTED, FALSE },
        { EUICCD_ERROR_TIMEOUT, TRUE },    { EUICCD_ERROR_CANCELLED, TRUE },
        { EUICCD_ERROR_MODEM_GONE, TRUE }, { EUICCD_ERROR_CARD_ABSENT, TRUE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_CONSUMER);
        rig_connect(&rig);
        fake_backend_fail(rig.fake, cases[i].code);
        if (!cases[i].fatal)
            fake_backend_expect(rig.fake, SELECT_AGAIN, "9000");
        g_assert_cmpint(channel_open(rig.channel, NULL, &error), ==, !cases[i].fatal);
        g_assert_cmpint(channel_is_open(rig.channel), ==, !cases[i].fatal);
        if (cases[i].fatal)
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

/* I-40: a card that may be driven by its own IPA is selected, and that is all. */
static void test_ipae_supported(void)
{
    static const char *const templates[] = {
        "6F188410" ISDR "E10480020780",         /* beside the GlobalPlatform objects */
        "6F1A8410" ISDR "A506E104800206C0",     /* inside them */
        "6F1C8410" ISDR "E104800206C09F650100", /* with more behind */
    };

    for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
        g_bytes_unref(rig.fake->fci);
        rig.fake->fci = rig_octets(templates[i]);
        rig_connect(&rig);
        g_assert_true(channel_open(rig.channel, NULL, &error));
        g_assert_no_error(error);
        g_assert_true(channel_is_undeclared(rig.channel));
        fake_backend_expect(rig.fake, STORE_GET_EID, "6985");
        g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_RESET);
        g_assert_true(channel_is_undeclared(rig.channel));
        channel_close(rig.channel);
        g_assert_false(channel_is_undeclared(rig.channel));
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " close 1 channel " ISDR);

        /* It turned out to be ours. */
        fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
        fake_backend_expect(rig.fake, SELECT_AGAIN, "9000");
        g_assert_true(channel_declare(rig.channel, NULL, NULL));
        g_assert_true(channel_declare(rig.channel, NULL, NULL)); /* idempotent */
        g_assert_false(channel_is_undeclared(rig.channel));
        channel_forget_card(rig.channel); /* it stays declared */
        g_assert_false(channel_is_undeclared(rig.channel));
        /* After a reset: declared before SELECT. */
        g_assert_true(channel_renew_card(rig.channel, 0, TRUE, NULL, NULL));
        fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        /* What comes next may be another card. */
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
        channel_forget_card(rig.channel);
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        g_assert_true(channel_is_undeclared(rig.channel));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

static void test_manage_ipae(void)
{
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig.config->manage_ipae = TRUE;
    g_bytes_unref(rig.fake->fci);
    rig.fake->fci = rig_octets("6F06E10480020780");
    rig_connect(&rig);
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    channel_forget_card(rig.channel);
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_assert_false(channel_is_undeclared(rig.channel));
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

/* FCIs that say nothing of an IPAe. */
static void test_no_ipae(void)
{
    static const char *const templates[] = { "6F06E10480020640", "6F06E10481020780", "6F03E10180",
                                             "6F02E100",         "7006E10480020780", "6F" };

    for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
        g_bytes_unref(rig.fake->fci);
        rig.fake->fci = rig_octets(templates[i]);
        rig_connect(&rig);
        fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
        fake_backend_expect(rig.fake, SELECT_AGAIN, "9000");
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

/* What can happen at the second SELECT. */
static void test_select_after_declaration(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    /* Refused: on a new channel. */
    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig_connect(&rig);
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    fake_backend_expect(rig.fake, SELECT_AGAIN, "6881");
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " close 1 channel " ISDR);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);

    /* No answer. */
    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig_connect(&rig);
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    fake_backend_fail(rig.fake, EUICCD_ERROR_TIMEOUT);
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_false(channel_is_open(rig.channel));
    rig_stop(&rig);
}

static void test_aids(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    g_ptr_array_add(rig.config->aids, rig_octets("A0000005591010FFFFFFFF8900050500"));
    rig.fake->channel_error = EUICCD_ERROR_NOT_EUICC;
    rig.fake->channel_errors = 1;
    rig_connect(&rig);
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.fake->history->str, ==,
                    "channel " ISDR " channel A0000005591010FFFFFFFF8900050500");
    channel_close(rig.channel);
    fake_backend_clear(rig.fake);
    rig.fake->channel_errors = 2;
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_EUICC);
    rig_stop(&rig);
    /* The list is for 6A82 only. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    g_ptr_array_add(rig.config->aids, rig_octets("A0000005591010FFFFFFFF8900050500"));
    rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
    rig.fake->channel_errors = 1;
    rig_connect(&rig);
    g_assert_false(channel_open(rig.channel, NULL, &other));
    g_assert_error(other, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR);
    rig_stop(&rig);
}

static void test_open_failures(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) zero = NULL;
    g_autoptr(GError) beyond = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.fake->open_error = EUICCD_ERROR_MODEM_GONE;
    rig_connect(&rig);
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig.fake->open_error = EUICCD_ERROR_FAILED;
    rig.fake->channel = 0;
    g_assert_false(channel_open(rig.channel, NULL, &zero));
    g_assert_error(zero, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    rig.fake->channel = 20;
    g_assert_false(channel_open(rig.channel, NULL, &beyond));
    g_assert_error(beyond, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    rig_stop(&rig);
}

static void test_select_again(void)
{
    g_autofree char *fci = NULL;
    Rig rig;

    /* No select response from the modem: SELECT on the open channel, GET RESPONSE included. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    g_clear_pointer(&rig.fake->fci, g_bytes_unref);
    rig.fake->channel = 5;
    rig_connect(&rig);
    fake_backend_expect(rig.fake, "41A4040410" ISDR, "6104");
    fake_backend_expect(rig.fake, "41C0000004", "6F0284009000");
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    fci = bytes_gbytes_to_hex(channel_get_fci(rig.channel));
    g_assert_cmpstr(fci, ==, "6F028400");
    /* Refused: the channel works, there just is no FCI. */
    channel_close(rig.channel);
    fake_backend_expect(rig.fake, "41A4040410" ISDR, "6A86");
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_assert_null(channel_get_fci(rig.channel));
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);

    /* A select response with its status word. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    g_bytes_unref(rig.fake->fci);
    rig.fake->fci = rig_octets("6F0284009000");
    rig_connect(&rig);
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_free(fci);
    fci = bytes_gbytes_to_hex(channel_get_fci(rig.channel));
    g_assert_cmpstr(fci, ==, "6F028400");
    rig_stop(&rig);
}

static void test_plain_class(void)
{
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.fake->backend.plain_class = TRUE;
    rig.fake->channel = 2;
    rig_connect(&rig);
    fake_backend_expect(rig.fake, "80E2910006" GET_EID, "6102");
    fake_backend_expect(rig.fake, "00C0000002", "BF3E9000");
    g_assert_true(rig_command(&rig, GET_EID, NULL, NULL, NULL));
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

/* What the modem's quirks say is above the back-end and the configuration. */
static void test_quirks(void)
{
    static const struct {
        Quirks quirks;
        gboolean plain, with_le;
        guint8 channel;
        guint block_size;
        const char *command;
    } cases[] = {
        { { .channel_in_class = QUIRK_NO }, FALSE, FALSE, 2, 0, "80E2910006" GET_EID },
        { { .channel_in_class = QUIRK_YES }, TRUE, FALSE, 2, 0, "82E2910006" GET_EID },
        { { .channel_in_class = QUIRK_YES }, TRUE, FALSE, 4, 0, "C0E2910006" GET_EID },
        { { .channel_in_class = QUIRK_YES }, TRUE, FALSE, 19, 0, "CFE2910006" GET_EID },
        { { .with_le = QUIRK_YES }, FALSE, FALSE, 1, 0, "81E2910006" GET_EID "00" },
        { { .with_le = QUIRK_NO }, FALSE, TRUE, 1, 0, "81E2910006" GET_EID },
        { { .settle = 0 }, FALSE, TRUE, 1, 0, "81E2910006" GET_EID "00" },
        { { .block_size = 6 }, FALSE, FALSE, 1, 3, "81E2910006" GET_EID },
        { { .given = QUIRK_GIVEN_BLOCK_SIZE }, FALSE, FALSE, 1, 3, "81E2910006" GET_EID },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig.fake->backend.quirks = &cases[i].quirks;
        rig.fake->backend.plain_class = cases[i].plain;
        rig.fake->backend.with_le = cases[i].with_le;
        rig.fake->channel = cases[i].channel;
        rig.config->block_size = cases[i].block_size;
        rig_connect(&rig);
        fake_backend_expect(rig.fake, cases[i].command, "9000");
        g_assert_true(rig_command(&rig, GET_EID, NULL, NULL, NULL));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

static void test_quirk_capability(void)
{
    const Quirks quirks = { .terminal_capability = QUIRK_NO };
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig.fake->backend.quirks = &quirks;
    rig_connect(&rig);
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_assert_true(fake_backend_is_done(rig.fake)); /* nothing was sent */
    rig_stop(&rig);
}

/* Before the configured ones, and each once. */
static void test_quirk_aids(void)
{
    const Quirks quirks = { .aids = (char *)"A0000005591010FFFFFFFF8900050500, " ISDR };
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.fake->backend.quirks = &quirks;
    rig.fake->channel_error = EUICCD_ERROR_NOT_EUICC;
    rig.fake->channel_errors = 2;
    rig_connect(&rig);
    g_assert_false(channel_open(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_EUICC);
    g_assert_cmpstr(rig.fake->history->str, ==,
                    "channel A0000005591010FFFFFFFF8900050500 channel " ISDR);
    rig_stop(&rig);
}

/* ---- limits ---- */

static void test_too_many_blocks(void)
{
    g_autofree char *fits = g_strnfill(2 * 256, 'A'), *too_long = g_strnfill(2 * 257, 'A');
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) empty = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.config->block_size = 1;
    rig_connect(&rig);
    for (guint i = 0; i < 256; i++) {
        g_autofree char *apdu = g_strdup_printf("81E2%s%02X01AA", i == 255 ? "91" : "11", i);

        fake_backend_expect(rig.fake, apdu, "9000");
    }
    g_assert_true(rig_command(&rig, fits, NULL, NULL, NULL));
    g_assert_true(fake_backend_is_done(rig.fake));
    g_assert_false(rig_command(&rig, too_long, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_assert_false(rig_command(&rig, "", NULL, NULL, &empty));
    g_assert_error(empty, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
    rig_stop(&rig);
}

static void test_response_limit(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.config->max_response = 8;
    rig_connect(&rig);
    fake_backend_expect(rig.fake, STORE_GET_EID, "010203046104");
    fake_backend_expect(rig.fake, "01C0000004", "050607089000");
    g_assert_true(rig_command(&rig, GET_EID, &response, NULL, NULL));
    g_assert_cmpstr(response, ==, "0102030405060708");
    fake_backend_expect(rig.fake, STORE_GET_EID, "010203046105");
    fake_backend_expect(rig.fake, "01C0000005", "05060708096101");
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_assert_false(channel_is_open(rig.channel));
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_wrong_le_forever(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) short_error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    fake_backend_expect(rig.fake, STORE_GET_EID, "6C15");
    fake_backend_expect(rig.fake, STORE_GET_EID "15", "6C16");
    fake_backend_expect(rig.fake, STORE_GET_EID "16", "6C15");
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_true(fake_backend_is_done(rig.fake));
    /* An answer too short for a status word. */
    fake_backend_expect(rig.fake, STORE_GET_EID, "90");
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &short_error));
    g_assert_error(short_error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    rig_stop(&rig);
}

/* ---- a channel that dies ---- */

static void test_lost_channel_is_reopened(void)
{
    static const char *const statuses[] = { "6881", "6882", "6E00", "6D00" };

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *response = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig_connect(&rig);
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        fake_backend_expect(rig.fake, STORE_GET_EID, statuses[i]);
        fake_backend_expect(rig.fake, STORE_GET_EID, "BF3E009000");
        g_assert_true(rig_command(&rig, GET_EID, &response, NULL, NULL));
        g_assert_cmpstr(response, ==, "BF3E00");
        /* Not closed on the wire: the number may belong to somebody else by now. */
        g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " channel " ISDR);
        /* Later than the first APDU the card has done something: no second try. */
        fake_backend_expect(rig.fake, STORE_GET_EID, "6103");
        fake_backend_expect(rig.fake, "01C0000003", statuses[i]);
        g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
        g_assert_nonnull(strstr(error->message, statuses[i]));
        g_assert_false(channel_is_open(rig.channel));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

static void test_errors_of_the_modem(void)
{
    static const EuiccdError codes[] = { EUICCD_ERROR_MODEM, EUICCD_ERROR_TIMEOUT,
                                         EUICCD_ERROR_CANCELLED, EUICCD_ERROR_CARD_NOT_READY };

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig_connect(&rig);
        fake_backend_fail(rig.fake, codes[i]);
        g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)codes[i]);
        g_assert_false(channel_is_open(rig.channel));
        /* Starts afresh, after the old one was closed on the wire. */
        fake_backend_expect(rig.fake, STORE_GET_EID, "9000");
        g_assert_true(rig_command(&rig, GET_EID, NULL, NULL, NULL));
        g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " close 1 channel " ISDR);
        rig_stop(&rig);
    }
}

static void test_modem_gone(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    fake_backend_emit(rig.fake, BACKEND_EVENT_LOST);
    fake_backend_fail(rig.fake, EUICCD_ERROR_MODEM_GONE);
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_false(channel_is_open(rig.channel));
    channel_close(rig.channel);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR); /* nobody to close it at */
    rig_stop(&rig);
}

static void test_card_gone_between(void)
{
    g_autofree char *response = NULL, *request = g_strnfill(2 * 121, 'A');
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) block = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    /* A response that is complete counts, even if the card went right after it. */
    fake_backend_emit(rig.fake, BACKEND_EVENT_CARD_GONE);
    fake_backend_expect(rig.fake, STORE_GET_EID, "BF3E00910B");
    g_assert_true(rig_command(&rig, GET_EID, &response, NULL, NULL));
    g_assert_cmpstr(response, ==, "BF3E00");
    g_assert_false(channel_is_open(rig.channel));
    /* In the middle of one it does not. */
    fake_backend_expect(rig.fake, STORE_GET_EID, "6110");
    fake_backend_emit(rig.fake, BACKEND_EVENT_CARD_GONE);
    fake_backend_expect(rig.fake, "01C0000010", "BF3E6108");
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    /* Nor between two blocks. */
    fake_backend_emit(rig.fake, BACKEND_EVENT_CARD_GONE);
    fake_backend_expect(rig.fake, NULL, "9000");
    g_assert_false(rig_command(&rig, request, NULL, NULL, &block));
    g_assert_error(block, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    g_assert_null(strstr(rig.fake->history->str, "close"));
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static gboolean cancel(gpointer data)
{
    g_cancellable_cancel(data);
    return G_SOURCE_REMOVE;
}

static void test_cancel_in_transmit(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GBytes) request = rig_octets(GET_EID);
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    fake_backend_hang(rig.fake);
    g_idle_add(cancel, cancellable);
    g_assert_false(channel_command(rig.channel, request, NULL, NULL, FALSE, cancellable, &response,
                                   NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_assert_null(response);
    g_assert_false(channel_is_open(rig.channel));
    /* What is cancelled already never reaches the card. */
    fake_backend_clear(rig.fake);
    g_assert_false(channel_command(rig.channel, request, NULL, NULL, FALSE, cancellable, &response,
                                   NULL, &again));
    g_assert_error(again, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_deadline_in_transmit(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.config->timeout = 1;
    rig_connect(&rig);
    fake_backend_hang(rig.fake);
    g_assert_false(rig_command(&rig, GET_EID, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_false(channel_is_open(rig.channel));
    rig_stop(&rig);
}

/* ---- renewal ---- */

static void test_renew_by_reset(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig.fake->reset_events = TRUE;
    rig_connect(&rig);
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    fake_backend_expect(rig.fake, SELECT_AGAIN, "9000");
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_assert_true(channel_renew_card(rig.channel, 30, TRUE, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR " close 1 reset");
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 1);
    g_assert_false(channel_is_open(rig.channel));
    /* Everything is declared again, this time before SELECT. */
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    /* No grace, and nothing happened: at once. */
    g_assert_true(channel_renew_card(rig.channel, 0, FALSE, NULL, NULL));
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 2);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_renew_after_refresh(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    /* The modem refreshed the card while the last command ran: no reset of ours. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    fake_backend_emit(rig.fake, BACKEND_EVENT_CARD_GONE);
    fake_backend_emit(rig.fake, BACKEND_EVENT_CARD_READY);
    fake_backend_expect(rig.fake, STORE_GET_EID, "910B");
    g_assert_true(rig_command(&rig, GET_EID, NULL, NULL, NULL));
    g_assert_true(channel_renew_card(rig.channel, 30, FALSE, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.fake->history->str, ==, "channel " ISDR);
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 0);
    g_assert_false(channel_take_refresh_pending(rig.channel));
    rig_stop(&rig);
}

typedef struct {
    Rig *rig;
    const BackendEvent *events;
    guint n;
} Later;

static gboolean emit_next(gpointer data)
{
    Later *later = data;
    Backend *backend = &later->rig->fake->backend;

    backend->event(*later->events++, backend->event_data);
    return --later->n > 0;
}

static void test_renew_waits(void)
{
    static const BackendEvent refreshed[] = { BACKEND_EVENT_CARD_GONE, BACKEND_EVENT_CARD_READY };
    static const BackendEvent lost[] = { BACKEND_EVENT_CARD_GONE, BACKEND_EVENT_LOST };
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) gone = NULL;
    g_autoptr(GError) cancelled = NULL;
    g_autoptr(GError) failed = NULL;
    Later later;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig_connect(&rig);
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    later = (Later){ &rig, refreshed, G_N_ELEMENTS(refreshed) };
    g_idle_add(emit_next, &later);
    g_assert_true(channel_renew_card(rig.channel, 30, FALSE, NULL, &error));
    g_assert_no_error(error);
    g_assert_null(strstr(rig.fake->history->str, "reset"));

    g_assert_true(channel_open(rig.channel, NULL, NULL));
    later = (Later){ &rig, lost, G_N_ELEMENTS(lost) };
    g_idle_add(emit_next, &later);
    g_assert_false(channel_renew_card(rig.channel, 30, FALSE, NULL, &gone));
    g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);

    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
    g_assert_true(channel_open(rig.channel, NULL, NULL));
    g_idle_add(cancel, cancellable);
    g_assert_false(channel_renew_card(rig.channel, 30, FALSE, cancellable, &cancelled));
    g_assert_error(cancelled, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);

    rig.fake->reset_error = EUICCD_ERROR_NOT_SUPPORTED;
    g_assert_false(channel_renew_card(rig.channel, 0, TRUE, NULL, &failed));
    g_assert_error(failed, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_cmpuint(channel_get_counters(rig.channel)->card_resets, ==, 0);
    rig_stop(&rig);
}

/* ---- trace and counters ---- */

typedef struct {
    TlvHead head;
    TlvSlice open, secret;
} Sample;

static const TlvField sample_fields[] = {
    { .name = "openText",
      .tag = 0x80,
      .kind = TLV_OCTETS,
      .flags = TLV_REQUIRED,
      .offset = G_STRUCT_OFFSET(Sample, open) },
    { .name = "secretText",
      .tag = 0x81,
      .kind = TLV_OCTETS,
      .flags = TLV_SECRET,
      .offset = G_STRUCT_OFFSET(Sample, secret) },
};
static const TlvType sample = {
    .name = "Sample",
    .tag = 0xBF7F,
    .size = sizeof(Sample),
    .fields = sample_fields,
    .n_fields = G_N_ELEMENTS(sample_fields),
};

static void test_trace(void)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-trace-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "trace", NULL);
    g_autofree char *content = NULL;
    g_autoptr(GBytes) request = rig_octets("BF7F088002CAFE8102DEAD");
    g_autoptr(GBytes) harmless = rig_octets("BF7F048002F00D");
    g_autoptr(GBytes) fourth = NULL;
    g_autoptr(GBytes) broken = rig_octets("BF7F088002CAFE8105DEAD");
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GBytes) second = NULL;
    g_autoptr(GBytes) third = NULL;
    const ChannelCounters *counters;
    struct stat status;
    Rig rig;

    g_assert_null(channel_trace_new("/nonexistent/folder/trace", NULL));
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.trace = channel_trace_new(path, NULL);
    g_assert_nonnull(rig.trace);
    rig_connect(&rig);
    fake_backend_expect(rig.fake, NULL, "BF3E009000");
    g_assert_true(
        channel_command(rig.channel, request, &sample, NULL, FALSE, NULL, &response, NULL, NULL));
    fake_backend_expect(rig.fake, NULL, "BF7F088002BEEF8102DEAD9000");
    g_assert_true(
        channel_command(rig.channel, response, NULL, &sample, FALSE, NULL, &second, NULL, NULL));
    fake_backend_expect(rig.fake, NULL, "9000");
    g_assert_true(
        channel_command(rig.channel, broken, &sample, NULL, FALSE, NULL, &third, NULL, NULL));
    /* The type may hold a secret, this one does not. */
    fake_backend_expect(rig.fake, NULL, "BF7F048002BABE9000");
    g_assert_true(
        channel_command(rig.channel, harmless, &sample, &sample, FALSE, NULL, &fourth, NULL, NULL));
    counters = channel_get_counters(rig.channel);
    g_assert_cmpuint(counters->apdus, ==, 4);
    g_assert_cmpuint(counters->bytes_sent, ==, (5 + 11) + (5 + 3) + (5 + 11) + (5 + 7));
    g_assert_cmpuint(counters->bytes_received, ==, 5 + 13 + 2 + 9);
    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    g_assert_nonnull(strstr(content, " fake0 = channel 1 opened"));
    g_assert_nonnull(strstr(content, " fake0 1 > 81E291000B (11 octets hidden)"));
    g_assert_nonnull(strstr(content, " fake0 1 > 81E2910003BF3E00"));
    g_assert_nonnull(strstr(content, " fake0 < (11 octets hidden) 9000"));
    g_assert_nonnull(strstr(content, "request Sample"));
    g_assert_nonnull(strstr(content, "openText"));
    g_assert_nonnull(strstr(content, "CAFE"));
    g_assert_nonnull(strstr(content, "BEEF"));
    g_assert_nonnull(strstr(content, "(11 octets that do not fit, hidden)"));
    g_assert_nonnull(strstr(content, " fake0 1 > 81E2910007BF7F048002F00D"));
    g_assert_nonnull(strstr(content, "response Sample, 7 octets: BF7F048002BABE\n"));
    g_assert_null(strstr(content, "DEAD"));
    rig_stop(&rig);
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/channel/open", test_open);
    g_test_add_func("/channel/open/capability-failures", test_capability_failures);
    g_test_add_func("/channel/open/ipae-supported", test_ipae_supported);
    g_test_add_func("/channel/open/manage-ipae", test_manage_ipae);
    g_test_add_func("/channel/open/no-ipae", test_no_ipae);
    g_test_add_func("/channel/open/select-after-declaration", test_select_after_declaration);
    g_test_add_func("/channel/open/aids", test_aids);
    g_test_add_func("/channel/open/failures", test_open_failures);
    g_test_add_func("/channel/open/select-again", test_select_again);
    g_test_add_func("/channel/plain-class", test_plain_class);
    g_test_add_func("/channel/quirks", test_quirks);
    g_test_add_func("/channel/quirks/capability", test_quirk_capability);
    g_test_add_func("/channel/quirks/aids", test_quirk_aids);
    g_test_add_func("/channel/too-many-blocks", test_too_many_blocks);
    g_test_add_func("/channel/response-limit", test_response_limit);
    g_test_add_func("/channel/wrong-le-forever", test_wrong_le_forever);
    g_test_add_func("/channel/lost/reopened", test_lost_channel_is_reopened);
    g_test_add_func("/channel/lost/modem-errors", test_errors_of_the_modem);
    g_test_add_func("/channel/lost/modem-gone", test_modem_gone);
    g_test_add_func("/channel/lost/card-gone", test_card_gone_between);
    g_test_add_func("/channel/cancel", test_cancel_in_transmit);
    g_test_add_func("/channel/deadline", test_deadline_in_transmit);
    g_test_add_func("/channel/renew/reset", test_renew_by_reset);
    g_test_add_func("/channel/renew/refreshed", test_renew_after_refresh);
    g_test_add_func("/channel/renew/waits", test_renew_waits);
    g_test_add_func("/channel/trace", test_trace);
    return g_test_run();
}
