/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "channel/uim.h"
#include "unit/qmi_rig.h"
#include "util/bytes.h"
#include "util/error.h"

static const guint8 isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                               0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };
/* ---- the ordinary way ---- */

static void run_session(void)
{
    g_autoptr(GBytes) fci = NULL;
    g_autofree char *response = NULL, *fci_hex = NULL;
    g_autoptr(GError) error = NULL;
    guint8 channel = 0;
    Rig rig;

    rig_start(&rig);
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, ATTACH);
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error)); /* idempotent */
    rig_assert_history(&rig, "");
    g_assert_true(
        backend_open_channel(rig.backend, isdr, sizeof isdr, LATE, NULL, &channel, &fci, &error));
    g_assert_cmpuint(channel, ==, 1);
    fci_hex = bytes_gbytes_to_hex(fci);
    g_assert_cmpstr(fci_hex, ==, "6F028400");
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0,
                    "100600"
                    "0400"
                    "BF3E9000");
    response = rig_transmit(&rig, LATE, NULL, &error);
    g_assert_cmpstr(response, ==, "BF3E9000");
    g_assert_cmpstr(fake_uim_get_apdu(rig.fake), ==, "81E2910006BF3E035C015A");
    g_assert_cmpuint(fake_uim_get_channel(rig.fake), ==, 1);
    g_assert_cmpuint(fake_uim_get_slot(rig.fake), ==, 1);
    g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, 0);
    g_assert_true(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    rig_assert_history(&rig, "open apdu close");
    g_assert_cmpstr(rig.events->str, ==, "");
    backend_close(rig.backend);
    rig_assert_history(&rig, "release");
    g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 0);
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

    rig_start_full(&rig, 0, (BackendOptions){ .modem_fetches = TRUE });
    rig_open(&rig);
    g_assert_true(backend_transmit(rig.backend, 0, capability, sizeof capability, LATE, NULL,
                                   &response, NULL));
    g_assert_cmpuint(fake_uim_get_channel(rig.fake), ==, 0);
    g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, 1);
    rig_stop(&rig);
}

static void test_special_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-qmi-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "cdc-wdm0", NULL);
    g_autofree char *link = g_build_filename(folder, "modem", NULL);
    FakeUim *fake = fake_uim_new();
    BackendOptions options = { .proxy = fake_uim_get_name(fake) };
    const char *const paths[] = { path, link };
    g_autoptr(GError) error = NULL;
    Backend *backend;

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_cmpint(symlink(path, link), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        backend = backend_qmi_new_full(paths[i], 0, &options);
        g_assert_true(backend_open(backend, LATE, NULL, &error));
        g_assert_no_error(error);
        backend_free(backend);
    }
    backend = backend_qmi_new_full("/nonexistent/cdc-wdm9", 0, &options);
    g_assert_false(backend_open(backend, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    backend_free(backend);
    fake_uim_free(fake);
    g_unlink(link);
    g_unlink(path);
    g_rmdir(folder);
}

/* ---- errors of Open Logical Channel ---- */

static void test_open_errors(void)
{
    static const struct {
        guint16 qmi_error;
        const char *tlvs;
        EuiccdError code;
        const char *words;
    } cases[] = {
        { 80, "", EUICCD_ERROR_NOT_EUICC, "SimFileNotFound (80)" },
        { 3, "1102006A82", EUICCD_ERROR_NOT_EUICC, "6A82" },
        { 46, "1102006999", EUICCD_ERROR_NOT_EUICC, "6999" },
        { 82, "", EUICCD_ERROR_NOT_SUPPORTED, "forbids" },
        { 94, "", EUICCD_ERROR_NOT_SUPPORTED, "NotSupported (94)" },
        { 71, "", EUICCD_ERROR_NOT_SUPPORTED, "InvalidQmiCommand (71)" },
        { 3, "", EUICCD_ERROR_CARD_NOT_READY, "Internal (3)" },
        { 37, "", EUICCD_ERROR_CARD_NOT_READY, "UimUninitialized (37)" },
        { 52, "", EUICCD_ERROR_CARD_NOT_READY, "DeviceNotReady (52)" },
        { 90, "", EUICCD_ERROR_CARD_NOT_READY, "IncompatibleState (90)" },
        { 102, "", EUICCD_ERROR_CARD_NOT_READY, "NoSim (102)" },
        { 48, "", EUICCD_ERROR_MODEM, "InvalidArgument (48)" },
        { 4711, "", EUICCD_ERROR_MODEM, "(4711)" },
        { 0, "", EUICCD_ERROR_MODEM, "named no channel" },
        { 0, "10010000", EUICCD_ERROR_MODEM, "channel number 0" },
        { 0,
          "10010001"
          "1102006A82",
          EUICCD_ERROR_NOT_EUICC, "6A82" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, cases[i].qmi_error, cases[i].tlvs);
        g_assert_false(rig_open_channel(&rig, TIGHT, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        /* A channel on which nothing could be selected is given back. */
        rig_assert_history(&rig,
                           g_str_has_prefix(cases[i].tlvs, "1001000111") ? "open close" : "open");
        rig_stop(&rig);
    }
}

static void test_no_channel_left(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 68, "");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open reset register:17 open");
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 68, "");
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 3, "1102006881");
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
    rig_assert_history(&rig, "open reset register:17 open");
    rig_stop(&rig);
}

static void test_not_ready_yet(void)
{
    Rig rig;

    /* The next try comes when the card status changes. */
    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 37, "");
    fake_uim_indicate_after(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, UIM_CARD_STATUS,
                            FAKE_UIM_CARD_STARTING);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open open");
    g_assert_cmpstr(rig.events->str, ==, "gone ");
    rig_stop(&rig);
}

/* ---- APDUs ---- */

static void test_transmit_errors(void)
{
    static const struct {
        guint16 qmi_error;
        const char *tlvs;
        EuiccdError code;
    } cases[] = {
        { 3, "", EUICCD_ERROR_MODEM },
        { 48, "1102006881", EUICCD_ERROR_MODEM },
        { 37, "", EUICCD_ERROR_CARD_NOT_READY },
        { 102, "", EUICCD_ERROR_CARD_NOT_READY },
        { 94, "", EUICCD_ERROR_NOT_SUPPORTED },
        { 48, "", EUICCD_ERROR_MODEM },
        { 1, "", EUICCD_ERROR_MODEM },
        { 0, "", EUICCD_ERROR_MODEM }, /* no response in it */
        { 0,
          "100300"
          "0400"
          "90",
          EUICCD_ERROR_MODEM }, /* shorter than it says */
        { 0,
          "100300"
          "0100"
          "90",
          EUICCD_ERROR_MODEM }, /* no status word */
        { 0,
          "100200"
          "0000",
          EUICCD_ERROR_MODEM },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint16 code = cases[i].qmi_error;
        gboolean again = cases[i].tlvs[0] == '\0' && (code == 1 || code == 48 || code == 94);
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        /* For the attempt without the octet that some modems do not know, too. */
        fake_uim_answer(rig.fake, UIM_SEND_APDU, cases[i].qmi_error, cases[i].tlvs);
        if (again)
            fake_uim_answer(rig.fake, UIM_SEND_APDU, cases[i].qmi_error, cases[i].tlvs);
        g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        rig_assert_history(&rig, again ? "apdu apdu" : "apdu");
        rig_stop(&rig);
    }
}

/* "Procedure bytes": an octet that some modems refuse. */
static void test_procedure_octet(void)
{
    static const guint16 refusals[] = { 1, 17, 48, 94 };
    g_autoptr(GError) error = NULL;
    Rig rig;

    for (guint i = 0; i < 2 * G_N_ELEMENTS(refusals); i++) {
        g_autofree char *first = NULL, *second = NULL, *third = NULL;

        rig_start_full(&rig, 0, (BackendOptions){ .modem_fetches = i % 2 == 1 });
        rig_open(&rig);
        fake_uim_answer(rig.fake, UIM_SEND_APDU, refusals[i / 2], "");
        fake_uim_answer(rig.fake, UIM_SEND_APDU, 0,
                        "100400"
                        "0200"
                        "6110");
        first = rig_transmit(&rig, LATE, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(first, ==, "6110");
        g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, FAKE_UIM_NONE);
        rig_assert_history(&rig, "apdu apdu");
        /* Not asked again, until the modem is opened again. */
        second = rig_transmit(&rig, LATE, NULL, NULL);
        g_assert_cmpstr(second, ==, "9000");
        g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, FAKE_UIM_NONE);
        rig_assert_history(&rig, "apdu");
        backend_close(rig.backend);
        rig_open(&rig);
        third = rig_transmit(&rig, LATE, NULL, NULL);
        g_assert_cmpstr(third, ==, "9000");
        g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, i % 2);
        rig_assert_history(&rig, "apdu");
        /* Once it was taken, a refusal has another reason: no APDU is repeated. */
        fake_uim_answer(rig.fake, UIM_SEND_APDU, refusals[i / 2], "");
        g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
        rig_assert_history(&rig, "apdu");
        rig_stop(&rig);
    }
    /* A refusal that was not about the octet is no reason to leave it out later. */
    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 48, "");
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 48, "");
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_free(rig_transmit(&rig, LATE, NULL, NULL));
    g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, 0);
    rig_assert_history(&rig, "apdu apdu apdu");
    rig_stop(&rig);
}

/* The modem's words for it differ: that the card is no more says it best. */
static void test_card_removed(void)
{
    static const guint16 refusals[] = { 3, 48, 102 };
    g_autoptr(GError) silent = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GError) error = NULL;

        rig_start(&rig);
        rig_open(&rig);
        g_free(rig_transmit(&rig, LATE, NULL, NULL));
        fake_uim_answer(rig.fake, UIM_SEND_APDU, refusals[i], "");
        fake_uim_indicate_before(rig.fake, UIM_SEND_APDU, UIM_CARD_STATUS, FAKE_UIM_CARD_ABSENT);
        g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
        g_assert_cmpstr(rig.events->str, ==, "gone ");
        rig_stop(&rig);
    }
    /* Nor does every modem end what was under way: nobody waits for that until the deadline. */
    rig_start(&rig);
    rig_open(&rig);
    fake_uim_hold(rig.fake, UIM_SEND_APDU);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_ABSENT);
    rig_let_pass(&rig, UIM_SEND_APDU, UNTIL_SOON);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &silent));
    g_assert_error(silent, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
    g_assert_cmpstr(silent->message, ==, "the card was removed: cdc-wdm7: send APDU: no answer");
    rig_stop(&rig);
}

/* token 7, 6 octets, in pieces */
#define PIECE_1                                                                                    \
    "010D00"                                                                                       \
    "07000000"                                                                                     \
    "0600"                                                                                         \
    "0000"                                                                                         \
    "0300"                                                                                         \
    "010203"
#define PIECE_2                                                                                    \
    "010D00"                                                                                       \
    "07000000"                                                                                     \
    "0600"                                                                                         \
    "0300"                                                                                         \
    "0300"                                                                                         \
    "049000"
#define LONG                                                                                       \
    "110600"                                                                                       \
    "0600"                                                                                         \
    "07000000"

static void test_long_response(void)
{
    g_autofree char *before = NULL, *after = NULL, *twice = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) many = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0, LONG);
    fake_uim_indicate_before(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_1);
    fake_uim_indicate_before(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_2);
    before = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(before, ==, "010203049000");
    /* Out of order, doubled, with one of another token and a malformed one between. */
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0, LONG);
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_2);
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_2);
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU,
                            "010B00"
                            "08000000"
                            "0600"
                            "0000"
                            "0100"
                            "FF");
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU,
                            "010B00"
                            "07000000"
                            "0600"
                            "0600"
                            "0100"
                            "FF");
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU,
                            "010100"
                            "07");
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_1);
    after = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(after, ==, "010203049000");
    /* A piece never comes. */
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0, LONG);
    fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_1);
    rig_let_pass(&rig, UIM_SEND_APDU, UNTIL_SOON);
    g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(error->message, "3 of 6 octets"));
    /* The last one comes too late and does not disturb what follows. */
    fake_uim_indicate(rig.fake, UIM_SEND_APDU, PIECE_2);
    twice = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(twice, ==, "9000");
    /* More tokens than anybody waits for are not kept. */
    for (guint i = 0; i < 20; i++) {
        g_autofree char *piece = g_strdup_printf("010B00%02X000000"
                                                 "FFFF"
                                                 "0000"
                                                 "0100"
                                                 "FF",
                                                 i);

        fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, piece);
    }
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0,
                    "1106000600"
                    "13000000");
    rig_let_pass(&rig, UIM_SEND_APDU, UNTIL_SOON);
    g_assert_null(rig_transmit(&rig, SOON, NULL, &many));
    g_assert_error(many, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(many->message, "0 of 6 octets"));
    rig_stop(&rig);
}

/* Many pieces, with the news of the card between them. */
static void test_large_long_response(void)
{
    enum { TOTAL = 0x5555, PART = 1000 };
    g_autofree char *response = NULL;
    g_autoptr(GString) expected = g_string_new(NULL);
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0,
                    "110600"
                    "5555"
                    "07000000");
    for (guint at = 0; at < TOTAL; at += PART) {
        guint size = MIN(PART, TOTAL - at), all = size + 10;
        g_autoptr(GString) piece = g_string_new(NULL);

        g_string_append_printf(piece, "01%02X%02X070000005555%02X%02X%02X%02X", all & 0xFF,
                               all >> 8, at & 0xFF, at >> 8, size & 0xFF, size >> 8);
        for (guint i = 0; i < size; i++) {
            g_string_append_printf(piece, "%02X", (at / PART + i) & 0xFF);
            g_string_append_printf(expected, "%02X", (at / PART + i) & 0xFF);
        }
        fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, piece->str);
        fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_CARD_STATUS, FAKE_UIM_CARD_READY);
        fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SLOT_STATUS, FAKE_UIM_SLOTS);
    }
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, expected->str);
    g_assert_cmpstr(rig.events->str, ==, "");
    rig_stop(&rig);
}

/* Announcements and pieces that do not fit each other: an error, never octets of another response. */
static void test_wrong_long_response(void)
{
    static const struct {
        const char *announcement, *piece;
        EuiccdError code;
        const char *words;
    } cases[] = {
        /* One octet more, and one less, than the pieces say. */
        { "110600070007000000", NULL, EUICCD_ERROR_TIMEOUT, "6 of 7 octets" },
        { "110600050007000000", NULL, EUICCD_ERROR_TIMEOUT, "6 of 5 octets" },
        { "110600060008000000", NULL, EUICCD_ERROR_TIMEOUT, "0 of 6 octets" },
        /* The second piece says another total: what came before is not of this response. */
        { LONG,
          "010E00"
          "07000000"
          "0700"
          "0300"
          "0400"
          "04059000",
          EUICCD_ERROR_TIMEOUT, "4 of 6 octets" },
        /* Too short for a status word. */
        { "110600010007000000", NULL, EUICCD_ERROR_MODEM, "a long response of 1 octets" },
        { "110600000007000000", NULL, EUICCD_ERROR_MODEM, "a long response of 0 octets" },
        /* No announcement, and no response. */
        { "1105000600070000", NULL, EUICCD_ERROR_MODEM, "holds no response" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_answer(rig.fake, UIM_SEND_APDU, 0, cases[i].announcement);
        fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU, PIECE_1);
        fake_uim_indicate_after(rig.fake, UIM_SEND_APDU, UIM_SEND_APDU,
                                cases[i].piece ? cases[i].piece : PIECE_2);
        if (cases[i].code == EUICCD_ERROR_TIMEOUT)
            rig_let_pass(&rig, UIM_SEND_APDU, UNTIL_SOON);
        g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        rig_stop(&rig);
    }
}

static void test_late_answer(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_hold(rig.fake, UIM_SEND_APDU);
    rig_let_pass(&rig, UIM_SEND_APDU, UNTIL_SOON);
    g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    /* It comes while the next request waits, and is not taken for its answer. */
    fake_uim_answer_late(rig.fake);
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 0,
                    "100500"
                    "0300"
                    "AA9000");
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "AA9000");
    rig_stop(&rig);
}

static void test_slow_answer(void)
{
    g_autofree char *response = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_hold(rig.fake, UIM_SEND_APDU);
    fake_uim_then(rig.fake, UIM_SEND_APDU, rig_answer_late, rig.fake);
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    rig_stop(&rig);
}

static void test_cancel(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) at_once = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_hold(rig.fake, UIM_SEND_APDU);
    fake_uim_then(rig.fake, UIM_SEND_APDU, rig_cancel, cancellable);
    g_assert_null(rig_transmit(&rig, LATE, cancellable, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    rig_assert_history(&rig, "apdu");
    g_assert_null(rig_transmit(&rig, LATE, cancellable, &at_once));
    g_assert_error(at_once, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    rig_assert_history(&rig, "");
    fake_uim_answer_late(rig.fake);
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    rig_stop(&rig);
}

/* A channel whose opening was given up may be open: the next attempt cleans up first. */
static void test_given_up_open(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_hold(rig.fake, UIM_OPEN_LOGICAL_CHANNEL);
    rig_let_pass(&rig, UIM_OPEN_LOGICAL_CHANNEL, UNTIL_SOON);
    g_assert_false(rig_open_channel(&rig, SOON, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    fake_uim_answer_late(rig.fake);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open reset register:17 open");
    fake_uim_answer(rig.fake, UIM_LOGICAL_CHANNEL, 48, "");
    g_clear_error(&error);
    g_assert_false(backend_close_channel(rig.backend, 1, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "close reset register:17 open");
    rig_stop(&rig);
}

/* ---- the modem goes ---- */

static void test_removed(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) next = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_hang_up_on(rig.fake, UIM_SEND_APDU);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    g_assert_null(rig_transmit(&rig, LATE, NULL, &next));
    g_assert_error(next, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    backend_close(rig.backend);
    /* It is back. */
    g_free(fake_uim_take_history(rig.fake));
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
    fake_uim_hang_up(rig.fake);
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    rig_stop(&rig);
}

static void test_removed_while_opening(void)
{
    static const guint16 when[] = { UIM_RESET, UIM_REGISTER_EVENTS, UIM_GET_SLOT_STATUS,
                                    UIM_GET_CARD_STATUS };

    for (guint i = 0; i < G_N_ELEMENTS(when); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_uim_hang_up_on(rig.fake, when[i]);
        g_assert_false(backend_open(rig.backend, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
        g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
        rig_stop(&rig);
    }
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
        fake_uim_hold(rig.fake, UIM_SEND_APDU);
        rig_let_pass(&rig, UIM_SEND_APDU, UNTIL_SOON);
        g_assert_null(rig_transmit(&rig, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    }
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    g_assert_null(rig_transmit(&rig, LATE, NULL, &gone));
    g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_stop(&rig);
}

/* Pieces that end before they say so, or that reach beyond the response they belong to. */
static void test_pieces(void)
{
    /* Token, total of 4 octets, offset 2, 2 octets; what stands behind them is not the modem's. */
    guint8 octets[64] = { 1, 0, 0, 0, 4, 0, 2, 0, 2, 0, 0xAA, 0xBB };
    UimPiece piece;

    g_assert_true(uim_parse_piece(tlv_slice(octets, 12), &piece));
    g_assert_cmpuint(piece.offset, ==, 2);
    g_assert_cmpmem(piece.data.data, (int)piece.data.size, "\xAA\xBB", 2);
    for (gsize size = 0; size < 12; size++)
        g_assert_false(uim_parse_piece(tlv_slice(octets, size), &piece));
    octets[6] = 3;
    g_assert_false(uim_parse_piece(tlv_slice(octets, 12), &piece));
    octets[6] = octets[7] = 0xFF;
    g_assert_false(uim_parse_piece(tlv_slice(octets, 12), &piece));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that udev does not know: both belong to these tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/qmi/session", test_session);
    g_test_add_func("/qmi/session/worker-thread", test_worker_thread);
    g_test_add_func("/qmi/session/basic-channel", test_basic_channel);
    g_test_add_func("/qmi/session/special-file", test_special_file);
    g_test_add_func("/qmi/open/errors", test_open_errors);
    g_test_add_func("/qmi/open/no-channel-left", test_no_channel_left);
    g_test_add_func("/qmi/open/not-ready-yet", test_not_ready_yet);
    g_test_add_func("/qmi/open/given-up", test_given_up_open);
    g_test_add_func("/qmi/transmit/errors", test_transmit_errors);
    g_test_add_func("/qmi/transmit/procedure-octet", test_procedure_octet);
    g_test_add_func("/qmi/transmit/card-removed", test_card_removed);
    g_test_add_func("/qmi/transmit/pieces", test_pieces);
    g_test_add_func("/qmi/transmit/long-response", test_long_response);
    g_test_add_func("/qmi/transmit/long-response/large", test_large_long_response);
    g_test_add_func("/qmi/transmit/long-response/wrong", test_wrong_long_response);
    g_test_add_func("/qmi/transmit/late-answer", test_late_answer);
    g_test_add_func("/qmi/transmit/slow-answer", test_slow_answer);
    g_test_add_func("/qmi/transmit/cancel", test_cancel);
    g_test_add_func("/qmi/removed", test_removed);
    g_test_add_func("/qmi/removed/while-idle", test_removed_while_idle);
    g_test_add_func("/qmi/removed/while-opening", test_removed_while_opening);
    g_test_add_func("/qmi/removed/silent", test_silent_modem);
    return g_test_run();
}
