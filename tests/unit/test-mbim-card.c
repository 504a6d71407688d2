/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "unit/mbim_rig.h"
#include "unit/still_clock.h"
#include "util/error.h"

/* Slots, card events, card reset. */

static GArray *list_slots(Rig *rig)
{
    g_autoptr(GError) error = NULL;
    GArray *slots = NULL;

    backend_list_slots(rig->backend, LATE, NULL, &slots, &error);
    g_assert_no_error(error);
    return slots;
}

#define SLOT(slots, i) (&g_array_index(slots, BackendSlot, i))

/* ---- slots ---- */

static void test_slots(void)
{
    g_autoptr(GArray) slots = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    slots = list_slots(&rig);
    rig_assert_history(&rig, "system " QUERY);
    g_assert_cmpuint(slots->len, ==, 1);
    g_assert_cmpuint(SLOT(slots, 0)->physical, ==, 1);
    g_assert_cmpuint(SLOT(slots, 0)->logical, ==, 1);
    g_assert_true(SLOT(slots, 0)->active && SLOT(slots, 0)->card_present &&
                  SLOT(slots, 0)->is_euicc);
    g_assert_cmpstr(SLOT(slots, 0)->eid, ==, "");
    g_assert_cmpstr(SLOT(slots, 0)->iccid, ==, FAKE_MBIM_ICCID);
    g_assert_cmpuint(rig_count_steps(&rig, "Slot Info Status", TRUE), ==, 2);
    rig_stop(&rig);
}

static void refuse_slots(Rig *rig, guint32 status, guint n)
{
    for (guint i = 0; i < n; i++) {
        fake_mbim_answer(rig->fake, FAKE_MBIM_SYSTEM, status, "");
        fake_mbim_answer(rig->fake, FAKE_MBIM_MAPPINGS, status, "");
        fake_mbim_answer(rig->fake, FAKE_MBIM_SLOT, status, "");
    }
}

/* Modems without the extensions have one slot. */
static void test_slots_unsupported(void)
{
    static const guint32 statuses[] = { 9, 34 };

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(GArray) slots = NULL;
        Rig rig;

        rig_start_full(&rig, i, (BackendOptions){ .off_time = OFF_TIME });
        refuse_slots(&rig, statuses[i], 2);
        rig_open(&rig);
        g_assert_false(rig.backend->is_euicc);
        slots = list_slots(&rig);
        g_assert_cmpuint(slots->len, ==, 1);
        g_assert_cmpuint(SLOT(slots, 0)->physical, ==, 0);
        g_assert_cmpuint(SLOT(slots, 0)->logical, ==, 1);
        g_assert_true(SLOT(slots, 0)->active && SLOT(slots, 0)->card_present);
        g_assert_true(rig_open_channel(&rig, LATE, NULL));
        rig_stop(&rig);
    }
}

static void test_slots_failure(void)
{
    g_autoptr(GArray) slots = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    refuse_slots(&rig, 2, 2); /* no reason not to attach */
    rig_open(&rig);
    g_assert_false(backend_list_slots(rig.backend, LATE, NULL, &slots, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_nonnull(
        strstr(error->message, "Device Slot Mappings: the modem answered Failure (2)"));
    g_assert_null(slots);
    rig_stop(&rig);
}

/* Every answer that can't be read counts as none. */
static void test_slots_malformed(void)
{
    static const struct {
        FakeMbimRequest request;
        const char *info;
    } cases[] = {
        { FAKE_MBIM_MAPPINGS, "" },
        { FAKE_MBIM_MAPPINGS, "00000000" },
        { FAKE_MBIM_MAPPINGS, "FFFFFFFF" },
        { FAKE_MBIM_MAPPINGS, "01000000" },
        { FAKE_MBIM_MAPPINGS, "010000000C00000004000000" },
        { FAKE_MBIM_MAPPINGS, "010000000C0000000400000000" },
        { FAKE_MBIM_MAPPINGS, "010000000C0000000200000000000000" },
        { FAKE_MBIM_MAPPINGS, "01000000FFFFFFFF0400000000000000" },
        { FAKE_MBIM_MAPPINGS, "010000000C0000000400000099000000" },
        { FAKE_MBIM_SLOT, "" },
        { FAKE_MBIM_SLOT, "00000000" },
        { FAKE_MBIM_SLOT, "0100000003000000" }, /* another slot */
        { FAKE_MBIM_READY, "" },
        { FAKE_MBIM_READY, "010000" },
        { FAKE_MBIM_SYSTEM, "" },
        { FAKE_MBIM_SYSTEM, "01000000FFFFFFFF" },
        { FAKE_MBIM_SYSTEM, "0100000000000000" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GArray *slots = NULL;
        Rig rig;

        rig_start(&rig);
        fake_mbim_answer(rig.fake, cases[i].request, 0, cases[i].info);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, cases[i].request, 0, cases[i].info);
        if (backend_list_slots(rig.backend, LATE, NULL, &slots, NULL))
            g_assert_cmpuint(slots->len, ==, 1);
        g_clear_pointer(&slots, g_array_unref);
        g_assert_true(rig_open_channel(&rig, LATE, NULL));
        g_assert_cmpstr(rig.events->str, ==, "");
        rig_stop(&rig);
    }
}

/* Slot 2 is mapped; slot 1 has an eUICC. */
static void answer_two_slots(Rig *rig, guint mapped)
{
    for (guint i = 0; i < 8; i++)
        fake_mbim_answer_take(rig->fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(1, mapped));
    fake_mbim_answer_take(rig->fake, FAKE_MBIM_SYSTEM, 0, fake_mbim_system(1, 2));
}

static void test_two_slots(void)
{
    g_autoptr(GArray) slots = NULL;
    Rig rig;

    rig_start(&rig);
    answer_two_slots(&rig, 1);
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(1, 5));
    rig_open(&rig);
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(1, 5));
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, 8));
    slots = list_slots(&rig);
    rig_assert_history(&rig, "system mappings slot:1 ready slot:0");
    g_assert_cmpuint(slots->len, ==, 2);
    g_assert_cmpuint(SLOT(slots, 0)->physical, ==, 1);
    g_assert_cmpuint(SLOT(slots, 0)->logical, ==, 0);
    g_assert_false(SLOT(slots, 0)->active);
    g_assert_true(SLOT(slots, 0)->card_present && SLOT(slots, 0)->is_euicc);
    g_assert_cmpstr(SLOT(slots, 0)->iccid, ==, "");
    g_assert_cmpuint(SLOT(slots, 1)->physical, ==, 2);
    g_assert_cmpuint(SLOT(slots, 1)->logical, ==, 1);
    g_assert_true(SLOT(slots, 1)->active && SLOT(slots, 1)->card_present);
    g_assert_false(SLOT(slots, 1)->is_euicc);
    g_assert_cmpstr(SLOT(slots, 1)->iccid, ==, FAKE_MBIM_ICCID);
    rig_stop(&rig);
}

static void test_wanted_slot(void)
{
    static const struct {
        guint wanted;
        EuiccdError error; /* FAILED: none */
    } cases[] = { { 0, EUICCD_ERROR_FAILED },
                  { 2, EUICCD_ERROR_FAILED },
                  { 1, EUICCD_ERROR_CARD_NOT_READY },
                  { 3, EUICCD_ERROR_CARD_NOT_READY } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start_full(&rig, cases[i].wanted, (BackendOptions){ 0 });
        answer_two_slots(&rig, 1);
        rig_open(&rig);
        g_assert_true(rig_open_channel(&rig, LATE, &error) == !cases[i].error);
        if (cases[i].error) {
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].error);
            g_assert_nonnull(strstr(error->message, "is not active"));
            g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 0), ==, 0);
            g_assert_true(rig.backend->inactive);
            /* It may be ours that is active now: nothing else tells. */
            g_assert_cmpstr(rig.events->str, ==, "");
            fake_mbim_indicate(rig.fake, FAKE_MBIM_READY,
                               fake_mbim_ready(1, FAKE_MBIM_ICCID, FALSE));
            rig_settle(&rig, "ready ");
        }
        g_assert_cmpint(rig.backend->inactive, ==, cases[i].error != 0);
        rig_stop(&rig);
    }
}

static void test_card_absent(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, 3));
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0, fake_mbim_ready(2, NULL, FALSE));
    rig_open(&rig); /* attaching is possible */
    g_assert_cmpstr(rig.events->str, ==, "");
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, 3));
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0, fake_mbim_ready(2, NULL, FALSE));
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
    rig_assert_history(&rig, QUERY); /* asked before refusing, and no channel */
    /* The indication was lost, but there is a card now. */
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    g_assert_cmpstr(rig.events->str, ==, "ready ");
    rig_stop(&rig);
}

/* Both messages together tell whether a channel may be opened at all, and whether that is an eUICC. */
static void test_states(void)
{
    static const struct {
        guint ready, slot;
        gboolean absent, is_euicc;
    } cases[] = {
        { 1, 7, FALSE, TRUE },   { 7, 8, FALSE, TRUE },
        { 2, 8, FALSE, TRUE }, /* firmware that has no word for an eUICC without profile */
        { 2, 7, FALSE, TRUE },   { 3, 8, FALSE, TRUE },
        { 2, 5, TRUE, FALSE },   { 1, 5, FALSE, FALSE },
        { 1, 0, FALSE, FALSE },  { 2, 0, TRUE, FALSE },
        { 7, 0, FALSE, TRUE },   { 1, 1, TRUE, FALSE },
        { 1, 3, TRUE, FALSE },   { 0, 4, FALSE, FALSE },
        { 4, 6, FALSE, FALSE },  { 1, 2, FALSE, FALSE },
        { 5, 5, FALSE, FALSE },  { 6, 5, FALSE, FALSE },
        { 99, 5, FALSE, FALSE }, { 1, 99, FALSE, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        for (guint j = 0; j < 2; j++) {
            fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, cases[i].slot));
            fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0,
                                  fake_mbim_ready(cases[i].ready, NULL, FALSE));
        }
        rig_open(&rig);
        g_assert_true(!!rig.backend->is_euicc == cases[i].is_euicc);
        g_assert_true(rig_open_channel(&rig, LATE, &error) != cases[i].absent);
        if (cases[i].absent)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT);
        rig_stop(&rig);
    }
}

/* ---- switching slots ---- */

static void test_switch(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    /* Nothing is written where it is so already. */
    rig_start_full(&rig, 2, (BackendOptions){ .off_time = OFF_TIME });
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(1, 1));
    rig_open(&rig);
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(1, 1));
    g_assert_true(backend_switch_slot(rig.backend, 2, LATE, NULL, &error));
    rig_assert_history(&rig, "mappings");
    rig_stop(&rig);

    /* The other executor keeps a slot. */
    rig_start_full(&rig, 2, (BackendOptions){ .off_time = OFF_TIME });
    for (guint i = 0; i < 2; i++)
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(2, 0, 1));
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(2, 1, 0));
    rig_open(&rig);
    rig_let_pass(&rig, FAKE_MBIM_SET_MAPPINGS, OFF_TIME);
    g_assert_true(backend_switch_slot(rig.backend, 2, LATE, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_SET_MAPPINGS), ==,
                    "02000000"
                    "1400000004000000"
                    "1800000004000000"
                    "01000000"
                    "00000000");
    rig_assert_history(&rig, "mappings slot:1 map mappings slot:1 ready");
    g_assert_cmpstr(rig.events->str, ==, "ready ");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_stop(&rig);
}

/* The slot of somebody else is given back to him; ours is out of reach afterwards. */
static void test_switch_back(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start_full(&rig, 2, (BackendOptions){ .off_time = OFF_TIME });
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(1, 1));
    rig_open(&rig);
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_MAPPINGS, 0, fake_mbim_mappings(1, 1));
    rig_let_pass(&rig, FAKE_MBIM_SET_MAPPINGS, OFF_TIME);
    g_assert_true(backend_switch_slot(rig.backend, 1, LATE, NULL, &error));
    g_assert_no_error(error);
    g_assert_true(g_str_has_suffix(rig.events->str, "gone "));
    g_assert_false(rig_open_channel(&rig, LATE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    rig_stop(&rig);
}

static void test_switch_refused(void)
{
    static const Quirks keep = { .keep_slots = QUIRK_YES };
    static const struct {
        const Quirks *quirks;
        guint32 mappings, map;
        guint slot_state;
        EuiccdError code;
        const char *words, *history;
    } cases[] = {
        { &keep, 0, 0, 7, EUICCD_ERROR_NOT_SUPPORTED, "left alone", "mappings" },
        { NULL, 9, 0, 7, EUICCD_ERROR_NOT_SUPPORTED, "NoDeviceSupport (9)", "mappings" },
        { NULL, 0, 9, 7, EUICCD_ERROR_NOT_SUPPORTED, "NoDeviceSupport (9)", "mappings slot:1 map" },
        { NULL, 0, 2, 7, EUICCD_ERROR_MODEM, "Failure (2)", "mappings slot:1 map" },
        { NULL, 0, 0, 3, EUICCD_ERROR_CARD_ABSENT, "no card in slot 2", "mappings slot:1" },
        { NULL, 0, 0, 1, EUICCD_ERROR_CARD_ABSENT, "no card in slot 2", "mappings slot:1" },
    };
    g_autoptr(GError) none = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        rig_start_quirks(&rig, cases[i].quirks);
        rig_open(&rig);
        if (cases[i].mappings)
            fake_mbim_answer(rig.fake, FAKE_MBIM_MAPPINGS, cases[i].mappings, "");
        if (cases[i].map)
            fake_mbim_answer(rig.fake, FAKE_MBIM_SET_MAPPINGS, cases[i].map, "");
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(1, cases[i].slot_state));
        g_assert_false(backend_switch_slot(rig.backend, 2, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        rig_assert_history(&rig, cases[i].history);
        g_assert_cmpstr(rig.events->str, ==, "");
        rig_stop(&rig);
    }
    rig_start(&rig);
    rig_open(&rig);
    g_assert_false(backend_switch_slot(rig.backend, 0, LATE, NULL, &none));
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
    rig_stop(&rig);
}

/* ---- card events ---- */

static void say_ready(Rig *rig, guint state, const char *iccid)
{
    fake_mbim_indicate(rig->fake, FAKE_MBIM_READY, fake_mbim_ready(state, iccid, FALSE));
}

static void say_slot(Rig *rig, guint state)
{
    fake_mbim_indicate(rig->fake, FAKE_MBIM_SLOT, fake_mbim_slot(0, state));
}

static void test_events(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    say_ready(&rig, 0, NULL);
    rig_settle(&rig, "gone ");
    say_ready(&rig, 0, NULL); /* twice */
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    rig_settle(&rig, "ready ");
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    say_ready(&rig, 6, FAKE_MBIM_ICCID); /* locked, and unlocked: no reset */
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    rig_take_all(&rig);
    g_assert_cmpstr(rig.events->str, ==, "");
    say_ready(&rig, 2, NULL);
    rig_settle(&rig, "gone ");
    say_ready(&rig, 3, NULL);
    say_ready(&rig, 4, NULL);
    say_ready(&rig, 7, NULL);
    rig_settle(&rig, "ready ");
    /* By the slot alone. */
    say_slot(&rig, 3);
    rig_settle(&rig, "gone ");
    say_slot(&rig, 1);
    say_slot(&rig, 4);
    say_slot(&rig, 8);
    rig_settle(&rig, "ready ");
    /* Of another slot, and what can't be read. */
    fake_mbim_indicate(rig.fake, FAKE_MBIM_SLOT, fake_mbim_slot(1, 3));
    fake_mbim_indicate(rig.fake, FAKE_MBIM_SLOT, g_strdup("00000000"));
    fake_mbim_indicate(rig.fake, FAKE_MBIM_READY, g_strdup("0200"));
    fake_mbim_indicate(rig.fake, FAKE_MBIM_READY, g_strdup(""));
    fake_mbim_indicate(rig.fake, FAKE_MBIM_REGISTER, fake_mbim_registration(1, ""));
    rig_take_all(&rig);
    g_assert_cmpstr(rig.events->str, ==, "");
    rig_stop(&rig);
}

/* In another order than they were sent, or with some of them missing. */
static void test_reordered_events(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    /* The slot is told first, the ready status runs behind. */
    say_slot(&rig, 4);
    say_slot(&rig, 7);
    say_ready(&rig, 0, NULL);
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    rig_settle(&rig, "gone ready gone ready ");
    /* The end is told before the beginning. */
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    say_ready(&rig, 0, NULL);
    rig_settle(&rig, "gone ");
    /* No news follow: the next one who asks finds it. */
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    say_slot(&rig, 7);
    rig_settle(&rig, "ready ");
    rig_stop(&rig);
}

/* A REFRESH that the modem tells of by another ICCID, or by the end of "no profile", only. */
static void test_silent_refresh(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    say_ready(&rig, 1, FAKE_MBIM_NEXT);
    rig_settle(&rig, "gone ready ");
    /* So soon after it came back it was read late, and is no second one. */
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    rig_take_all(&rig);
    g_assert_cmpstr(rig.events->str, ==, "");
    say_ready(&rig, 7, NULL);
    rig_settle(&rig, "gone ready ");
    say_ready(&rig, 1, FAKE_MBIM_ICCID);
    rig_settle(&rig, "gone ready ");
    (void)still_clock_pass(GUINT_TO_POINTER(6000));
    say_ready(&rig, 1, FAKE_MBIM_NEXT);
    rig_settle(&rig, "gone ready ");
    rig_stop(&rig);
}

/* What stays uninitialized is taken as ready in the end. */
static void test_settle(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    say_ready(&rig, 0, NULL);
    rig_settle(&rig, "gone ");
    (void)still_clock_pass(GUINT_TO_POINTER(4999));
    rig_take_all(&rig);
    g_assert_cmpstr(rig.events->str, ==, "");
    (void)still_clock_pass(GUINT_TO_POINTER(1));
    rig_settle(&rig, "ready ");
    say_ready(&rig, 0, NULL);
    rig_take_all(&rig);
    g_assert_cmpstr(rig.events->str, ==, "");
    rig_stop(&rig);
}

/* ModemManager has agreed on version 3 with the modem: other layouts, which the proxy tells. */
static void test_version_3(void)
{
    Rig rig;

    for (guint i = 0; i < 2; i++) {
        gboolean told = i == 0;
        g_autoptr(GArray) slots = NULL;

        rig_start(&rig);
        rig_open(&rig);
        if (told)
            fake_mbim_indicate_version(rig.fake, 0x0300);
        fake_mbim_indicate(rig.fake, FAKE_MBIM_READY, fake_mbim_ready(2, NULL, TRUE));
        rig_settle(&rig, "gone ");
        fake_mbim_indicate(rig.fake, FAKE_MBIM_READY, fake_mbim_ready(1, FAKE_MBIM_NEXT, TRUE));
        rig_settle(&rig, "ready ");
        g_assert_true(rig.backend->is_euicc); /* its flag says so */
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 9, g_strdup(""));
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0,
                              fake_mbim_ready(1, FAKE_MBIM_NEXT, TRUE));
        slots = list_slots(&rig);
        g_assert_cmpstr(SLOT(slots, 0)->iccid, ==, FAKE_MBIM_NEXT);
        g_assert_true(SLOT(slots, 0)->is_euicc);
        rig_stop(&rig);
    }
}

/* ---- reset ---- */

static void test_reset(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    /* The modem tells of it. */
    rig_start(&rig);
    rig_open(&rig);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_assert_history(&rig, "open:4");
    fake_mbim_indicate_after(rig.fake, FAKE_MBIM_RESET, FAKE_MBIM_READY,
                             fake_mbim_ready(0, NULL, FALSE));
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, 4));
    fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0, fake_mbim_ready(0, NULL, FALSE));
    fake_mbim_indicate_after(rig.fake, FAKE_MBIM_READY, FAKE_MBIM_READY,
                             fake_mbim_ready(1, FAKE_MBIM_ICCID, FALSE));
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "reset " QUERY);
    g_assert_cmpstr(fake_mbim_get_info(rig.fake, FAKE_MBIM_RESET), ==, "00000000");
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_stop(&rig);

    /* It does not: the card went all the same. */
    rig_start(&rig);
    rig_open(&rig);
    rig_let_pass(&rig, FAKE_MBIM_RESET, OFF_TIME);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    rig_assert_history(&rig, "reset " QUERY);
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    rig_stop(&rig);

    /* It told everything before it answered. */
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_indicate_before(rig.fake, FAKE_MBIM_RESET, FAKE_MBIM_READY,
                              fake_mbim_ready(2, NULL, FALSE));
    fake_mbim_indicate_before(rig.fake, FAKE_MBIM_RESET, FAKE_MBIM_READY,
                              fake_mbim_ready(1, FAKE_MBIM_ICCID, FALSE));
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    rig_stop(&rig);
}

static gboolean pass_once_more(gpointer data)
{
    rig_let_pass(data, FAKE_MBIM_READY, 2000);
    return still_clock_pass(GUINT_TO_POINTER(1000));
}

/* Nothing is told at all: it is asked after 1 and 2 seconds. */
static void test_reset_asks(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    for (guint i = 0; i < 2; i++) {
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, 2));
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0, fake_mbim_ready(2, NULL, FALSE));
    }
    rig_let_pass(&rig, FAKE_MBIM_RESET, OFF_TIME);
    fake_mbim_then(rig.fake, FAKE_MBIM_READY, pass_once_more, &rig);
    g_assert_true(backend_reset_card(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "reset " QUERY " " QUERY " " QUERY);
    g_assert_cmpstr(rig.events->str, ==, "gone ready ");
    rig_stop(&rig);
}

static void test_reset_errors(void)
{
    static const struct {
        guint32 status;
        EuiccdError code;
        const char *words;
    } cases[] = {
        { 9, EUICCD_ERROR_NOT_SUPPORTED, "UICC Reset: the modem answered NoDeviceSupport (9)" },
        { 34, EUICCD_ERROR_NOT_SUPPORTED, "(34)" },
        { 3, EUICCD_ERROR_CARD_ABSENT, "SimNotInserted (3)" },
        { 1, EUICCD_ERROR_CARD_NOT_READY, "Busy (1)" },
        { 14, EUICCD_ERROR_CARD_NOT_READY, "NotInitialized (14)" },
        { 2, EUICCD_ERROR_MODEM, "Failure (2)" },
    };
    g_autoptr(GError) late = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, FAKE_MBIM_RESET, cases[i].status, "");
        g_assert_false(backend_reset_card(rig.backend, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        rig_assert_history(&rig, "reset");
        g_assert_cmpstr(rig.events->str, ==, "");
        rig_stop(&rig);
    }
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_RESET);
    rig_let_pass(&rig, FAKE_MBIM_RESET, UNTIL_SOON);
    g_assert_false(backend_reset_card(rig.backend, SOON, NULL, &late));
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_stop(&rig);
}

/* The card does not come back. */
static void test_reset_without_end(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Rig rig;

    for (guint i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;

        rig_start(&rig);
        rig_open(&rig);
        for (guint j = 0; i < 2 && j < 8; j++) {
            fake_mbim_answer_take(rig.fake, FAKE_MBIM_SLOT, 0, fake_mbim_slot(0, 2));
            fake_mbim_answer_take(rig.fake, FAKE_MBIM_READY, 0, fake_mbim_ready(2, NULL, FALSE));
        }
        fake_mbim_indicate_after(rig.fake, FAKE_MBIM_RESET, FAKE_MBIM_SLOT, fake_mbim_slot(0, 2));
        if (i == 0)
            rig_let_pass(&rig, FAKE_MBIM_READY, UNTIL_SOON);
        else if (i == 1)
            fake_mbim_then(rig.fake, FAKE_MBIM_READY, rig_cancel, cancellable);
        else
            fake_mbim_hang_up_on(rig.fake, FAKE_MBIM_SLOT);
        g_assert_false(backend_reset_card(rig.backend, SOON, cancellable, &error));
        g_assert_error(error, EUICCD_ERROR,
                       (gint)(i == 0   ? EUICCD_ERROR_TIMEOUT
                              : i == 1 ? EUICCD_ERROR_CANCELLED
                                       : EUICCD_ERROR_MODEM_GONE));
        g_assert_cmpstr(rig.events->str, ==, i == 2 ? "gone lost " : "gone ");
        if (i == 1) {
            g_object_unref(cancellable);
            cancellable = g_cancellable_new();
        }
        rig_stop(&rig);
    }
}

/* Two of us serve two slots of one modem, each with channels of its own. */
static void test_other_slots_channels(void)
{
    Rig rig;

    rig_start_full(&rig, 1, (BackendOptions){ 0 });
    fake_mbim_leak(rig.fake, 2, 1); /* of whoever serves the active slot */
    fake_mbim_leak(rig.fake, 3, 2); /* of a predecessor in slot 1 */
    rig_open(&rig);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 3), ==, 0);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 3), ==, 1);
    /* Whoever cleans up in want of a channel leaves it to the other. */
    rig.backend->leaked = TRUE;
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 3), ==, 1);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that the kernel does not know: both belong to these
     * tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/mbim-card/slots", test_slots);
    g_test_add_func("/mbim-card/slots/unsupported", test_slots_unsupported);
    g_test_add_func("/mbim-card/slots/failure", test_slots_failure);
    g_test_add_func("/mbim-card/slots/malformed", test_slots_malformed);
    g_test_add_func("/mbim-card/slots/two", test_two_slots);
    g_test_add_func("/mbim-card/slots/wanted", test_wanted_slot);
    g_test_add_func("/mbim-card/slots/absent", test_card_absent);
    g_test_add_func("/mbim-card/slots/states", test_states);
    g_test_add_func("/mbim-card/switch", test_switch);
    g_test_add_func("/mbim-card/switch/back", test_switch_back);
    g_test_add_func("/mbim-card/switch/refused", test_switch_refused);
    g_test_add_func("/mbim-card/events", test_events);
    g_test_add_func("/mbim-card/events/reordered", test_reordered_events);
    g_test_add_func("/mbim-card/events/silent-refresh", test_silent_refresh);
    g_test_add_func("/mbim-card/events/settle", test_settle);
    g_test_add_func("/mbim-card/events/version-3", test_version_3);
    g_test_add_func("/mbim-card/reset", test_reset);
    g_test_add_func("/mbim-card/reset/asks", test_reset_asks);
    g_test_add_func("/mbim-card/reset/errors", test_reset_errors);
    g_test_add_func("/mbim-card/reset/without-end", test_reset_without_end);
    g_test_add_func("/mbim-card/other-slots-channels", test_other_slots_channels);
    return g_test_run();
}
