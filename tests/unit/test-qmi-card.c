/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "channel/uim.h"
#include "unit/qmi_rig.h"
#include "util/bytes.h"
#include "util/error.h"

/* ---- slots ---- */

static void test_slots(void)
{
    g_autoptr(GArray) slots = NULL;
    const BackendSlot *slot;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    g_assert_true(backend_list_slots(rig.backend, LATE, NULL, &slots, NULL));
    g_assert_cmpuint(slots->len, ==, 1);
    slot = &g_array_index(slots, BackendSlot, 0);
    g_assert_cmpuint(slot->physical, ==, 1);
    g_assert_cmpuint(slot->logical, ==, 1);
    g_assert_true(slot->active && slot->card_present && slot->is_euicc);
    g_assert_cmpstr(slot->eid, ==, FAKE_UIM_EID);
    g_assert_cmpstr(slot->iccid, ==, "89012345678901234567");
    rig_stop(&rig);
}

static void test_slots_unsupported(void)
{
    static const guint16 errors[] = { 94, 71 };

    for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_autoptr(GArray) slots = NULL;
        Rig rig;

        rig_start(&rig);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, errors[i], "");
        rig_open(&rig);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, errors[i], "");
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, errors[i], "");
        g_assert_true(backend_list_slots(rig.backend, LATE, NULL, &slots, NULL));
        g_assert_cmpuint(slots->len, ==, 1);
        g_assert_cmpuint(g_array_index(slots, BackendSlot, 0).physical, ==, 0);
        g_assert_cmpuint(g_array_index(slots, BackendSlot, 0).logical, ==, 1);
        g_assert_true(g_array_index(slots, BackendSlot, 0).card_present);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, errors[i], "");
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, errors[i], "");
        g_assert_false(backend_tells_slots(rig.backend, LATE, NULL));
        g_assert_true(backend_tells_slots(rig.backend, LATE, NULL)); /* another firmware */
        g_assert_true(rig_open_channel(&rig, LATE, NULL));
        g_assert_cmpuint(fake_uim_get_slot(rig.fake), ==, 1);
        rig_stop(&rig);
    }
}

static void test_slots_failure(void)
{
    g_autoptr(GArray) slots = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 3, ""); /* no reason not to attach */
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 3, "");
    g_assert_false(backend_list_slots(rig.backend, LATE, NULL, &slots, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_nonnull(strstr(error->message, "(3)"));
    g_assert_null(slots);
    rig_stop(&rig);
}

/* Two physical slots: an ordinary SIM that is active, and an eUICC that is not. */
#define TWO_SLOTS                                                                                  \
    "101500"                                                                                       \
    "02"                                                                                           \
    "02000000"                                                                                     \
    "00000000"                                                                                     \
    "00"                                                                                           \
    "00"                                                                                           \
    "02000000"                                                                                     \
    "01000000"                                                                                     \
    "01"                                                                                           \
    "00"

static void test_second_slot(void)
{
    static const struct {
        guint wanted;
        EuiccdError error; /* FAILED: none */
    } cases[] = { { 0, EUICCD_ERROR_FAILED },
                  { 2, EUICCD_ERROR_FAILED },
                  { 1, EUICCD_ERROR_CARD_NOT_READY } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start_full(&rig, cases[i].wanted, (BackendOptions){ 0 });
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, TWO_SLOTS);
        rig_open(&rig);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, TWO_SLOTS);
        if (cases[i].error) {
            g_assert_false(rig_open_channel(&rig, LATE, &error));
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].error);
        } else {
            g_assert_true(rig_open_channel(&rig, LATE, &error));
            g_assert_cmpuint(fake_uim_get_slot(rig.fake), ==, 1); /* the logical one */
        }
        rig_stop(&rig);
    }
}

static GArray *parse_slots(const char *state, const char *information, const char *eids)
{
    g_autoptr(GBytes) a = bytes_from_hex(state, NULL);
    g_autoptr(GBytes) b = bytes_from_hex(information, NULL);
    g_autoptr(GBytes) c = bytes_from_hex(eids, NULL);

    return uim_parse_slots(tlv_slice_from_bytes(a), tlv_slice_from_bytes(b),
                           tlv_slice_from_bytes(c));
}

static void test_malformed_slots(void)
{
    static const char one[] = "01"
                              "02000000"
                              "01000000"
                              "01"
                              "00";
    static const char two[] = "02"
                              "02000000"
                              "01000000"
                              "01"
                              "02"
                              "98F1"
                              "01000000"
                              "00000000"
                              "00"
                              "00";
    static const struct {
        const char *state, *information, *eids;
        guint n, n_euicc, n_eid;
    } cases[] = {
        { "", "", "", 0, 0, 0 },
        { "00", "00", "00", 0, 0, 0 },
        { "01", "", "", 0, 0, 0 },
        { "FF", "FF", "FF", 0, 0, 0 },
        { "0102000000010000000105", "", "", 0, 0, 0 }, /* ICCID cut off */
        { one, "", "", 1, 0, 0 },                      /* other arrays missing */
        { one,
          "01"
          "01000000"
          "00"
          "02"
          "3B",
          "", 1, 0, 0 }, /* ATR cut off */
        { one,
          "02"
          "01000000"
          "00"
          "00"
          "01"
          "01000000"
          "00"
          "00"
          "01",
          "", 1, 1, 0 },
        { one,
          "01"
          "01000000"
          "00"
          "00"
          "01",
          "01"
          "10"
          "8904",
          1, 1, 0 }, /* EID cut off */
        { one, "",
          "01"
          "04"
          "89049032",
          1, 0, 0 }, /* EID of a wrong size */
        { one, "",
          "01"
          "10"
          "AA049032123451234512345678901235",
          1, 0, 0 }, /* not decimal */
        { one, "",
          "02"
          "10" FAKE_UIM_EID "10" FAKE_UIM_EID,
          1, 0, 1 },
        { two,
          "01"
          "01000000"
          "00"
          "00"
          "01",
          "02"
          "00"
          "10" FAKE_UIM_EID,
          2, 1, 1 },
        { "02"
          "02000000"
          "01000000"
          "01"
          "00"
          "0200",
          "", "", 1, 0, 0 }, /* second cut off */
    };
    g_autoptr(GArray) hex_digits = NULL;
    TlvSlice none = { NULL, 0 };
    g_autoptr(GArray) empty = uim_parse_slots(none, none, none);

    g_assert_cmpuint(empty->len, ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) slots = parse_slots(cases[i].state, cases[i].information, cases[i].eids);
        guint n_euicc = 0, n_eid = 0;

        for (guint j = 0; j < slots->len; j++) {
            n_euicc += g_array_index(slots, BackendSlot, j).is_euicc != FALSE;
            n_eid += g_array_index(slots, BackendSlot, j).eid[0] != '\0';
        }
        g_assert_cmpuint(slots->len, ==, cases[i].n);
        g_assert_cmpuint(n_euicc, ==, cases[i].n_euicc);
        g_assert_cmpuint(n_eid, ==, cases[i].n_eid);
    }
    hex_digits = parse_slots(two, "", "");
    g_assert_cmpstr(g_array_index(hex_digits, BackendSlot, 0).iccid, ==, "891");
}

static void test_malformed_cards(void)
{
    static const struct {
        const char *status;
        guint n;
        UimCardState state;
    } cases[] = {
        { "", 0, 0 },
        { "0000FFFFFFFFFFFF", 0, 0 },
        { FAKE_UIM_CARD_HEAD, 0, 0 },
        { FAKE_UIM_CARD_HEAD "0100000000", 0, 0 },
        { FAKE_UIM_CARD_HEAD "010000000001"
                             "0207",
          0, 0 },
        { FAKE_UIM_CARD_HEAD "010000000001"
                             "020700000000"
                             "FF"
                             "00000000000000",
          0, 0 },
        { FAKE_UIM_CARD_HEAD "0100000000FF", 0, 0 },
        { FAKE_UIM_CARD_HEAD "010000000000", 1, UIM_CARD_EMPTY },
        { FAKE_UIM_CARD_HEAD "030000000000", 1, UIM_CARD_ERROR },
        { "0000FFFFFFFFFFFF"
          "02"
          "000000000000"
          "02",
          1, UIM_CARD_ABSENT },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = bytes_from_hex(cases[i].status, NULL);
        g_autoptr(GArray) cards = uim_parse_cards(tlv_slice_from_bytes(bytes));

        g_assert_cmpuint(cards->len, ==, cases[i].n);
        if (cards->len > 0)
            g_assert_cmpint(g_array_index(cards, UimCard, 0).state, ==, cases[i].state);
    }
}

static void test_card_absent(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FAKE_UIM_SLOTS_NONE);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_ABSENT);
    rig_open(&rig); /* attaching is possible */
    g_assert_cmpstr(rig.events->str, ==, "");
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FAKE_UIM_SLOTS_NONE);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_ABSENT);
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
    rig_assert_history(&rig, "slots card"); /* asked before refusing, and no channel */
    /* The indication was lost, but there is a card now. */
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    g_assert_cmpstr(rig.events->str, ==, "ready ");
    rig_stop(&rig);
}

/* ---- attaching ---- */

static void test_register_fallback(void)
{
    Rig rig;

    rig_start(&rig);
    fake_uim_answer(rig.fake, UIM_RESET, 94, "");
    fake_uim_answer(rig.fake, UIM_REGISTER_EVENTS, 48, "");
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 94, "");
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, "alloc reset register:17 register:1 slots card");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_stop(&rig);
}

static void test_no_client(void)
{
    static const struct {
        guint16 qmi_error;
        EuiccdError code;
    } cases[] = { { 31, EUICCD_ERROR_NOT_SUPPORTED }, { 5, EUICCD_ERROR_MODEM } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_uim_fail_allocation(rig.fake, cases[i].qmi_error);
        g_assert_false(backend_open(rig.backend, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        rig_assert_history(&rig, "alloc");
        rig_stop(&rig);
    }
}

/* The client that comes after its allocation was given up is released, not leaked. */
static void test_late_client(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_uim_hold_allocation(rig.fake);
    fake_uim_then(rig.fake, FAKE_UIM_ALLOCATE, rig_time_out_and_answer_late, rig.fake);
    g_assert_false(backend_open(rig.backend, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_assert_history(&rig, "alloc release");
    g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 0);
    rig_stop(&rig);
}

static void test_failed_open_releases(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_uim_hold(rig.fake, UIM_GET_SLOT_STATUS);
    rig_let_pass(&rig, UIM_GET_SLOT_STATUS, UNTIL_SOON);
    g_assert_false(backend_open(rig.backend, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_assert_history(&rig, "alloc reset register:17 slots release");
    rig_stop(&rig);
}

/* ---- card events and reset ---- */

static void settle(Rig *rig, const char *events)
{
    while (rig->events->len < strlen(events))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(rig->events->str, ==, events);
    g_string_truncate(rig->events, 0);
}

static void test_events(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    settle(&rig, "gone ");
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_ABSENT); /* no news */
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_STARTING);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_READY);
    settle(&rig, "ready ");
    /* By the slot alone, and not ready before both say so. */
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, FAKE_UIM_SLOTS_NONE);
    settle(&rig, "gone ");
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, FAKE_UIM_SLOTS);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS,
                      FAKE_UIM_CARD_EMPTY); /* an eUICC without profile */
    settle(&rig, "ready ");
    /* Applications that show up later are no reset; nor is an ICCID that is read late. */
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_STARTING);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_READY);
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, FAKE_UIM_SLOTS_NEXT);
    /* Applications that start again are one, and so is the loss of all of them. */
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_STARTING);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_READY);
    settle(&rig, "gone ready ");
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_EMPTY);
    settle(&rig, "gone ready ");
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, "100100FF"); /* malformed: no news */
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, "100100FF");
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    settle(&rig, "gone ");
    rig_stop(&rig);
}

/* The number on the card changes without a word that it went: the modem did a REFRESH. */
static void test_other_iccid(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, FAKE_UIM_SLOTS);
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, FAKE_UIM_SLOTS_NEXT);
    settle(&rig, "gone ready ");
    rig_stop(&rig);
}

static void test_reset(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_indicate_after(rig.fake, UIM_POWER_OFF_SIM, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    fake_uim_indicate_after(rig.fake, UIM_GET_CARD_STATUS, UIM_CARD_STATUS, FAKE_UIM_CARD_STARTING);
    fake_uim_indicate_after(rig.fake, UIM_GET_CARD_STATUS, UIM_CARD_STATUS, FAKE_UIM_CARD_READY);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "off on slots card");
    g_assert_cmpuint(fake_uim_get_slot(rig.fake), ==, 1);
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    rig_stop(&rig);
}

static void test_reset_without_words(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    /* No indication of the card going off, and "no effect" as the answer: the limit of the off time. */
    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_POWER_OFF_SIM, 26, "");
    rig_let_pass(&rig, UIM_POWER_OFF_SIM, OFF_TIME);
    fake_uim_answer(rig.fake, UIM_POWER_ON_SIM, 26, "");
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "off on slots card");
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    rig_stop(&rig);

    /* A modem that tells nothing about its card at all. */
    rig_start(&rig);
    for (guint i = 0; i < 2; i++) {
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 94, "");
        fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 94, "");
    }
    rig_open(&rig);
    rig_let_pass(&rig, UIM_POWER_OFF_SIM, OFF_TIME);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_stop(&rig);
}

static void test_reset_failures(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) unsupported = NULL;
    g_autoptr(GError) refused = NULL;
    g_autoptr(GError) dead = NULL;
    g_autoptr(GError) late = NULL;
    g_autoptr(GError) lost = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_POWER_OFF_SIM, 94, "");
    g_assert_false(backend_reset_card(rig.backend, LATE, NULL, &unsupported));
    g_assert_error(unsupported, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    rig_assert_history(&rig, "off");
    fake_uim_answer(rig.fake, UIM_POWER_ON_SIM, 48, "");
    rig_let_pass(&rig, UIM_POWER_OFF_SIM, OFF_TIME);
    g_assert_false(backend_reset_card(rig.backend, LATE, NULL, &refused));
    g_assert_error(refused, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    rig_assert_history(&rig, "off on");
    /* The card never comes back. */
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    rig_let_pass(&rig, UIM_GET_CARD_STATUS, UNTIL_SOON);
    g_assert_false(backend_reset_card(rig.backend, SOON, NULL, &dead));
    g_assert_error(dead, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_assert_history(&rig, "off on slots card");
    /* Given up while it was being switched off: it is switched on all the same. */
    fake_uim_hold(rig.fake, UIM_POWER_OFF_SIM);
    fake_uim_then(rig.fake, UIM_POWER_OFF_SIM, rig_cancel, cancellable);
    g_assert_false(backend_reset_card(rig.backend, LATE, cancellable, &late));
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    rig_assert_history(&rig, "off on");
    fake_uim_hang_up_on(rig.fake, UIM_POWER_ON_SIM);
    g_assert_false(backend_reset_card(rig.backend, LATE, NULL, &lost));
    g_assert_error(lost, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_stop(&rig);
}

/* ---- a card that was left without power ---- */

static const guint8 declaration[] = { 0x80, 0xAA, 0x00, 0x00, 0x02, 0xA9, 0x00 };

/* Killed between Power Off and Power On: the next one to open the modem switches the card on. */
static void test_off_at_open(void)
{
    Rig rig;

    rig_start(&rig);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, ATTACH " on slots card");
    g_assert_cmpstr(rig.events->str, ==, "");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open");
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, "");
    rig_stop(&rig);
}

/* It does not come on: the modem is opened all the same, and the next use tries again. */
static void test_stays_off(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    fake_uim_answer(rig.fake, UIM_POWER_ON_SIM, 48, ""); /* no use in trying again */
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, ATTACH " on");
    fake_uim_answer(rig.fake, UIM_POWER_ON_SIM, 48, "");
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 37, "");
    g_assert_false(rig_open_channel(&rig, TIGHT, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    rig_assert_history(&rig, "on open");
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, "on slots card");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open");
    rig_stop(&rig);

    /* Other errors of a card are no reason, nor is a card that is not there. */
    rig_start(&rig);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0,
                    "100F00" FAKE_UIM_CARD_HEAD "020000000300"); /* no ATR */
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 37, "");
    g_assert_false(rig_open_channel(&rig, TIGHT, NULL));
    rig_assert_history(&rig, "open");
    rig_stop(&rig);
}

/* Switched off while nobody looks: by the indication, and where that was lost. */
static void test_off_in_between(void)
{
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_indicate(rig.fake, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    settle(&rig, "gone ");
    rig_assert_history(&rig, ""); /* whoever did it may have a reason, and be about to undo it */
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "on open");
    rig_stop(&rig);

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 52, "");
    g_assert_false(backend_transmit(rig.backend, 0, declaration, sizeof declaration, LATE, NULL,
                                    &response, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    g_free(fake_uim_take_history(rig.fake));
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, "slots card on slots card");
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    rig_stop(&rig);

    /* Found out while a channel is opened. */
    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 52, "");
    rig_let_pass(&rig, UIM_OPEN_LOGICAL_CHANNEL, 500);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open slots card on open");
    rig_stop(&rig);
}

static gboolean let_pass_again(gpointer data)
{
    rig_let_pass(data, UIM_POWER_ON_SIM, 5000);
    return G_SOURCE_REMOVE;
}

static gboolean become_ready_next_time(gpointer data)
{
    fake_uim_indicate_after(data, UIM_POWER_ON_SIM, UIM_CARD_STATUS, FAKE_UIM_CARD_READY);
    return G_SOURCE_REMOVE;
}

/* The answer to Power On is lost, or the modem is busy. */
static void test_power_on_again(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) busy = NULL;
    g_autoptr(GError) late = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_indicate_after(rig.fake, UIM_POWER_OFF_SIM, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    fake_uim_hold(rig.fake, UIM_POWER_ON_SIM);
    rig_let_pass(&rig, UIM_POWER_ON_SIM, 5000);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "off on on slots card");
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");

    /* Given up: once more nevertheless, but not for ever. */
    fake_uim_indicate_after(rig.fake, UIM_POWER_OFF_SIM, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    fake_uim_hold(rig.fake, UIM_POWER_ON_SIM);
    fake_uim_hold(rig.fake, UIM_POWER_ON_SIM);
    fake_uim_then(rig.fake, UIM_POWER_ON_SIM, let_pass_again, &rig);
    fake_uim_then(rig.fake, UIM_POWER_ON_SIM, rig_cancel, cancellable);
    rig_let_pass(&rig, UIM_POWER_ON_SIM, 5000);
    g_assert_false(backend_reset_card(rig.backend, LATE, cancellable, &late));
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_assert_history(&rig, "off on on");
    g_assert_true(backend_open(rig.backend, LATE, NULL, NULL));
    rig_assert_history(&rig, "on slots card");

    /* The modem is busy at first. */
    fake_uim_indicate_after(rig.fake, UIM_POWER_OFF_SIM, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    fake_uim_answer(rig.fake, UIM_POWER_ON_SIM, 52, "");
    rig_let_pass(&rig, UIM_POWER_ON_SIM, 500);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &busy));
    rig_assert_history(&rig, "off on on slots card");

    /* Still off when it is looked at again. */
    fake_uim_indicate_after(rig.fake, UIM_POWER_OFF_SIM, UIM_CARD_STATUS, FAKE_UIM_CARD_OFF);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_OFF);
    fake_uim_then(rig.fake, UIM_GET_CARD_STATUS, become_ready_next_time, rig.fake);
    rig_let_pass(&rig, UIM_GET_CARD_STATUS, 1000);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "off on slots card slots card on");
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that udev does not know: both belong to these tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/qmi/slots", test_slots);
    g_test_add_func("/qmi/slots/unsupported", test_slots_unsupported);
    g_test_add_func("/qmi/slots/failure", test_slots_failure);
    g_test_add_func("/qmi/slots/second", test_second_slot);
    g_test_add_func("/qmi/slots/malformed", test_malformed_slots);
    g_test_add_func("/qmi/slots/malformed-cards", test_malformed_cards);
    g_test_add_func("/qmi/slots/card-absent", test_card_absent);
    g_test_add_func("/qmi/attach/register-fallback", test_register_fallback);
    g_test_add_func("/qmi/attach/no-client", test_no_client);
    g_test_add_func("/qmi/attach/late-client", test_late_client);
    g_test_add_func("/qmi/attach/failure-releases", test_failed_open_releases);
    g_test_add_func("/qmi/card/events", test_events);
    g_test_add_func("/qmi/card/other-iccid", test_other_iccid);
    g_test_add_func("/qmi/reset", test_reset);
    g_test_add_func("/qmi/reset/without-words", test_reset_without_words);
    g_test_add_func("/qmi/reset/failures", test_reset_failures);
    g_test_add_func("/qmi/power/off-at-open", test_off_at_open);
    g_test_add_func("/qmi/power/stays-off", test_stays_off);
    g_test_add_func("/qmi/power/off-in-between", test_off_in_between);
    g_test_add_func("/qmi/power/on-again", test_power_on_again);
    return g_test_run();
}
