/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel.h"

#include <string.h>

#include "unit/channel_rig.h"
#include "unit/jumping_clock.h"

/* What brings a card back: the rungs of channel/renew.c, cards that are not ready, and that need time. */

#define CAPABILITY_IPAD "80AA000005A903840101"
#define OPENED          "channel " ISDR

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

static const BackendEvent refreshed[] = { BACKEND_EVENT_CARD_GONE, BACKEND_EVENT_CARD_READY };
static const BackendEvent lost[] = { BACKEND_EVENT_LOST };

static void start(Rig *rig, const Quirks *quirks, gboolean can_restart)
{
    rig_start(rig, CHANNEL_CAPABILITY_NONE);
    if (quirks)
        rig->fake->backend.quirks = quirks;
    if (can_restart)
        fake_backend_allow_restart(rig->fake);
    rig_connect(rig);
    g_assert_true(channel_open(rig->channel, NULL, NULL));
    fake_backend_clear(rig->fake);
}

/* A renewal after a profile change, or (FORCE) because the card wants it; what was done about it. */
static gboolean renew(Rig *rig, gboolean force, GError **error)
{
    g_string_truncate(rig->fake->history, 0);
    return channel_renew_card(rig->channel, 10, force, NULL, error);
}

static void assert_renewed(Rig *rig, gboolean force, const char *history)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(renew(rig, force, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig->fake->history->str, ==, history);
}

static void assert_restarted(Rig *rig, gboolean force, const char *history)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(renew(rig, force, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(error->message, ==,
                    "renew card: fake0: the modem was restarted to bring the card back after the "
                    "profile change, and is away until it has started");
    g_assert_cmpstr(rig->fake->history->str, ==, history);
    /* Nobody knows yet whether that helps. */
    g_assert_cmpstr(channel_save_rung(rig->channel), ==, "reset?");
}

/* Until the modem is back it is asked nothing: what it answers in its last moment is worth nothing, and says nothing
 * of whether the restart helped. */
static void assert_away(Rig *rig)
{
    g_autoptr(GError) renewing = NULL, opening = NULL;

    fake_backend_clear(rig->fake);
    g_assert_false(renew(rig, TRUE, &renewing));
    g_assert_error(renewing, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_false(channel_open(rig->channel, NULL, &opening));
    g_assert_error(opening, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_nonnull(strstr(opening->message, "away until it has started"));
    g_assert_cmpstr(rig->fake->history->str, ==, "");
    g_assert_cmpstr(channel_save_rung(rig->channel), ==, "reset?");
}

/* The first command after a renewal: the card answers, or still wants a reset. */
static void command(Rig *rig, gboolean works)
{
    fake_backend_clear(rig->fake);
    fake_backend_expect(rig->fake, STORE_GET_EID, works ? "9000" : "6985");
    g_assert_cmpint(rig_command(rig, GET_EID, NULL, NULL, NULL), ==, works);
}

/* ---- the rungs ---- */

static void test_ladder(void)
{
    Rig rig;

    start(&rig, NULL, TRUE);
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_UNKNOWN);
    /* The card still wants a reset: one more rung, and it is the last. */
    command(&rig, FALSE);
    g_assert_true(channel_can_climb(rig.channel));
    assert_restarted(&rig, TRUE, "close 1 restart");
    g_assert_false(channel_can_climb(rig.channel));
    rig_stop(&rig);
}

static void test_ladder_from_refresh(void)
{
    Later later;
    Rig rig;

    start(&rig, NULL, FALSE);
    later = (Later){ &rig, refreshed, G_N_ELEMENTS(refreshed) };
    g_idle_add(emit_next, &later);
    assert_renewed(&rig, FALSE, "close 1");
    g_assert_true(channel_can_climb(rig.channel));
    command(&rig, FALSE);
    assert_renewed(&rig, TRUE, "close 1 reset");
    /* This back-end can't do more. */
    g_assert_false(channel_can_climb(rig.channel));
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_POWER_CYCLE);
    rig_stop(&rig);
}

/* The card's reset itself fails. */
static void test_reset_fails(void)
{
    static const struct {
        EuiccdError error;
        gboolean restarts;
    } cases[] = {
        { EUICCD_ERROR_NOT_SUPPORTED, TRUE }, { EUICCD_ERROR_TIMEOUT, TRUE },
        { EUICCD_ERROR_MODEM, TRUE },         { EUICCD_ERROR_CARD_NOT_READY, TRUE },
        { EUICCD_ERROR_CARD_ABSENT, FALSE },  { EUICCD_ERROR_CANCELLED, FALSE },
        { EUICCD_ERROR_MODEM_GONE, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        start(&rig, NULL, TRUE);
        rig.fake->reset_error = cases[i].error;
        if (cases[i].restarts) {
            assert_restarted(&rig, FALSE, "close 1 reset restart");
        } else {
            g_assert_false(renew(&rig, FALSE, &error));
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].error);
            g_assert_cmpstr(rig.fake->history->str, ==, "close 1 reset");
            g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_UNKNOWN);
        }
        rig_stop(&rig);
    }
}

static void test_restart_fails(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    start(&rig, NULL, TRUE);
    rig.fake->reset_error = EUICCD_ERROR_MODEM;
    rig.fake->restart_error = EUICCD_ERROR_NOT_SUPPORTED;
    g_assert_false(renew(&rig, FALSE, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_UNKNOWN);
    rig_stop(&rig);
}

static gboolean restart_by_another(GCancellable *cancellable, gpointer data)
{
    gboolean *can = data;

    (void)cancellable;
    return *can;
}

/* Who restarts modems in the back-end's place is asked first; where he can't, it is the back-end's. */
static void test_restart_by_another(void)
{
    for (gint can = FALSE; can <= TRUE; can++) {
        gboolean value = can;
        Rig rig;

        start(&rig, NULL, TRUE);
        channel_set_restart(rig.channel, restart_by_another, &value);
        rig.fake->reset_error = EUICCD_ERROR_MODEM;
        assert_restarted(&rig, FALSE, can ? "close 1 reset" : "close 1 reset restart");
        rig_stop(&rig);
    }
}

/* A card that answers 6985 all the time, without any profile change, must not have the modem restarted with
 * each attempt to read it. */
static void test_no_restart_without_change(void)
{
    Rig rig;

    start(&rig, NULL, TRUE);
    for (guint i = 0; i < 4; i++) {
        assert_renewed(&rig, TRUE, "close 1 reset");
        command(&rig, FALSE);
        g_assert_false(channel_can_climb(rig.channel));
    }
    /* Nor one that the series before brought back. */
    assert_renewed(&rig, FALSE, "close 1 reset");
    command(&rig, TRUE);
    command(&rig, FALSE);
    assert_renewed(&rig, TRUE, "close 1 reset");
    command(&rig, FALSE);
    assert_renewed(&rig, TRUE, "close 1 reset");
    rig_stop(&rig);
}

/* Nor a card without a free channel. */
static void test_no_restart_for_a_channel(void)
{
    Rig rig;

    start(&rig, NULL, TRUE);
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_string_truncate(rig.fake->history, 0);
    rig.fake->channel_error = EUICCD_ERROR_NO_CHANNEL;
    rig.fake->channel_errors = 5;
    g_assert_false(channel_open(rig.channel, NULL, NULL));
    g_assert_null(strstr(rig.fake->history->str, "restart"));
    g_assert_nonnull(strstr(rig.fake->history->str, "reset"));
    rig_stop(&rig);
}

/* ---- what is remembered ---- */

static void test_remembered(void)
{
    gint64 before;
    Later later;
    Rig rig;

    /* The whole grace the first time, a short look from then on. */
    start(&rig, NULL, TRUE);
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpint(clock_boottime() - before, ==, 10 * G_USEC_PER_SEC);
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_POWER_CYCLE);
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpint(clock_boottime() - before, ==, 2 * G_USEC_PER_SEC);
    command(&rig, TRUE);

    /* This time the modem acts on the REFRESH: it is let, and that is remembered. */
    later = (Later){ &rig, refreshed, G_N_ELEMENTS(refreshed) };
    g_idle_add(emit_next, &later);
    assert_renewed(&rig, FALSE, "close 1");
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_REFRESH);
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpint(clock_boottime() - before, ==, 10 * G_USEC_PER_SEC);
    rig_stop(&rig);

    /* From the disk. A restart is not what a series begins with, and one that another rung sufficed for is
     * forgotten. */
    start(&rig, NULL, TRUE);
    channel_load_rung(rig.channel, channel_rung_to_string(CHANNEL_RUNG_RESTART));
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_RESTART);
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpint(clock_boottime() - before, ==, 2 * G_USEC_PER_SEC);
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_POWER_CYCLE);
    rig_stop(&rig);
}

/* A restart counts when the card answers after it, whether to the same Channel or to the next one of the modem. */
static void test_restart_confirmed(void)
{
    Rig rig;

    start(&rig, NULL, TRUE);
    g_assert_null(channel_save_rung(rig.channel));
    rig.fake->reset_error = EUICCD_ERROR_MODEM;
    assert_restarted(&rig, FALSE, "close 1 reset restart");
    assert_away(&rig);
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_RESTART);
    g_assert_cmpstr(channel_save_rung(rig.channel), ==,
                    channel_rung_to_string(CHANNEL_RUNG_RESTART));
    rig_stop(&rig);

    /* It went indeed, or was let go of. */
    for (guint i = 0; i < 2; i++) {
        start(&rig, NULL, TRUE);
        rig.fake->reset_error = EUICCD_ERROR_MODEM;
        assert_restarted(&rig, FALSE, "close 1 reset restart");
        if (i == 0)
            channel_handle_event(rig.channel, BACKEND_EVENT_LOST);
        else
            channel_disconnect(rig.channel);
        command(&rig, TRUE);
        g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_RESTART);
        rig_stop(&rig);
    }

    start(&rig, NULL, TRUE);
    channel_load_rung(rig.channel, "reset?");
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_UNKNOWN);
    g_assert_cmpstr(channel_save_rung(rig.channel), ==, "reset?");
    command(&rig, FALSE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_UNKNOWN);
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_RESTART);
    rig_stop(&rig);

    /* It did not help: the card had to be reset after it, before or after the word for it was read. */
    for (guint i = 0; i < 2; i++) {
        start(&rig, NULL, TRUE);
        if (i == 0)
            channel_load_rung(rig.channel, "reset?");
        assert_renewed(&rig, TRUE, "close 1 reset");
        if (i == 1)
            channel_load_rung(rig.channel, "reset?");
        command(&rig, TRUE);
        g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_UNKNOWN);
        rig_stop(&rig);
    }
}

/* Where a restart is all that is left, the modem gets its whole time before it, whatever was learned. */
static void test_only_restart(void)
{
    BackendClass class;
    gint64 before;
    Rig rig;

    start(&rig, NULL, TRUE);
    class = *rig.fake->backend.class;
    class.reset_card = NULL;
    rig.fake->backend.class = &class;
    for (guint i = 0; i < 2; i++) {
        before = clock_boottime();
        assert_restarted(&rig, FALSE, "close 1 restart");
        g_assert_cmpint(clock_boottime() - before, ==, 10 * G_USEC_PER_SEC);
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
        command(&rig, TRUE);
        g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_RESTART);
    }
    rig_stop(&rig);
}

static void test_names(void)
{
    /* The property Reset of org.euiccd1.Modem, and what a policy of that name does. */
    static const char *const names[] = { "unknown", "modem", "power-cycle", "reset" };

    for (ChannelRung rung = CHANNEL_RUNG_UNKNOWN; rung <= CHANNEL_RUNG_RESTART; rung++) {
        g_assert_cmpstr(channel_rung_to_string(rung), ==, names[rung]);
        g_assert_cmpuint(channel_rung_from_string(names[rung]), ==, rung);
    }
    g_assert_cmpstr(names[CHANNEL_RUNG_REFRESH], ==, reset_policy_to_string(RESET_MODEM));
    g_assert_cmpstr(names[CHANNEL_RUNG_POWER_CYCLE], ==, reset_policy_to_string(RESET_POWER_CYCLE));
    g_assert_cmpstr(names[CHANNEL_RUNG_RESTART], ==, reset_policy_to_string(RESET_RESTART));
    g_assert_cmpuint(channel_rung_from_string("refresh"), ==, CHANNEL_RUNG_REFRESH);
    g_assert_cmpuint(channel_rung_from_string("restart"), ==, CHANNEL_RUNG_RESTART);
    g_assert_cmpuint(channel_rung_from_string(NULL), ==, CHANNEL_RUNG_UNKNOWN);
    g_assert_cmpuint(channel_rung_from_string("ladder"), ==, CHANNEL_RUNG_UNKNOWN);
}

/* ---- policies ---- */

static void test_policies(void)
{
    static const struct {
        ResetPolicy policy;
        gboolean restarts;  /* after a profile change */
        const char *change; /* what is done then, where the modem does nothing … */
        const char *acted;  /* … and where it refreshed the card */
        const char *wanted; /* because the card wants it; NULL: refused */
        guint seconds;      /* that pass at the first */
    } cases[] = {
        { RESET_MODEM, FALSE, "close 1", "close 1", NULL, 10 },
        { RESET_POWER_CYCLE, FALSE, "close 1 reset", "close 1 reset", "close 1 reset", 0 },
        { RESET_RESTART, TRUE, "close 1 restart", "close 1 restart", "close 1 reset", 0 },
        { RESET_NONE, FALSE, "close 1", "close 1", NULL, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Quirks quirks = { .reset = cases[i].policy };
        g_autoptr(GError) error = NULL;
        gint64 before;
        Rig rig;

        start(&rig, &quirks, TRUE);
        if (cases[i].wanted) {
            assert_renewed(&rig, TRUE, cases[i].wanted);
        } else {
            g_assert_false(renew(&rig, TRUE, &error));
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
            g_assert_null(strstr(rig.fake->history->str, "reset"));
        }
        rig_stop(&rig);

        start(&rig, &quirks, TRUE);
        before = clock_boottime();
        if (cases[i].restarts)
            assert_restarted(&rig, FALSE, cases[i].change);
        else
            assert_renewed(&rig, FALSE, cases[i].change);
        g_assert_cmpint(clock_boottime() - before, ==, cases[i].seconds * G_USEC_PER_SEC);
        g_assert_false(channel_can_climb(rig.channel));
        rig_stop(&rig);

        /* A card that went while the command ran has no channel to be closed. */
        start(&rig, &quirks, TRUE);
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
        channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
        if (cases[i].restarts)
            assert_restarted(&rig, FALSE, cases[i].acted + strlen("close 1 "));
        else
            assert_renewed(&rig, FALSE,
                           cases[i].acted[7] ? cases[i].acted + strlen("close 1 ") : "");
        rig_stop(&rig);
    }
}

/* reset=power-cycle where the card's power can't be had: the modem's own REFRESH is waited for then, and no modem
 * is restarted for it. */
static void test_no_power_cycle(void)
{
    const Quirks quirks = { .reset = RESET_POWER_CYCLE };
    g_autoptr(GError) refused = NULL, timeout = NULL, gone = NULL;
    gint64 before;
    Later later;
    Rig rig;

    start(&rig, &quirks, TRUE);
    rig.fake->reset_error = EUICCD_ERROR_NOT_SUPPORTED;
    later = (Later){ &rig, refreshed, G_N_ELEMENTS(refreshed) };
    g_idle_add(emit_next, &later);
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpint(clock_boottime() - before, ==, 0);
    command(&rig, TRUE);
    g_assert_cmpuint(channel_get_rung(rig.channel), ==, CHANNEL_RUNG_REFRESH);

    /* It does nothing: the card is looked at all the same, after the whole grace. */
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "close 1 reset");
    g_assert_cmpint(clock_boottime() - before, ==, 10 * G_USEC_PER_SEC);
    g_assert_false(channel_can_climb(rig.channel));
    command(&rig, TRUE);

    /* It had done it before. */
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
    before = clock_boottime();
    assert_renewed(&rig, FALSE, "reset");
    g_assert_cmpint(clock_boottime() - before, ==, 0);
    command(&rig, TRUE);

    /* A card that wants a reset is not helped by waiting, nor is a reset that went wrong. */
    g_assert_false(renew(&rig, TRUE, &refused));
    g_assert_error(refused, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    rig.fake->reset_error = EUICCD_ERROR_TIMEOUT;
    g_assert_false(renew(&rig, FALSE, &timeout));
    g_assert_error(timeout, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_stop(&rig);

    /* The modem went instead. */
    start(&rig, &quirks, TRUE);
    rig.fake->reset_error = EUICCD_ERROR_NOT_SUPPORTED;
    later = (Later){ &rig, lost, G_N_ELEMENTS(lost) };
    g_idle_add(emit_next, &later);
    g_assert_false(renew(&rig, FALSE, &gone));
    g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_stop(&rig);
}

/* ---- time that a card needs ---- */

static void test_settle(void)
{
    const Quirks quirks = { .settle = 5 };
    gint64 before;
    Rig rig;

    start(&rig, &quirks, FALSE);
    assert_renewed(&rig, FALSE, "close 1 reset");
    before = clock_boottime();
    command(&rig, TRUE);
    g_assert_cmpint(clock_boottime() - before, ==, 5 * G_USEC_PER_SEC);
    before = clock_boottime();
    command(&rig, TRUE); /* once */
    g_assert_cmpint(clock_boottime() - before, ==, 0);
    /* After whatever reset. */
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_GONE);
    channel_handle_event(rig.channel, BACKEND_EVENT_CARD_READY);
    command(&rig, TRUE);
    g_assert_cmpint(clock_boottime() - before, ==, 5 * G_USEC_PER_SEC);
    rig_stop(&rig);
}

static gboolean card_comes(gpointer data)
{
    Rig *rig = data;

    rig->fake->channel_errors = 0;
    rig->fake->backend.event(BACKEND_EVENT_CARD_READY, rig->fake->backend.event_data);
    return G_SOURCE_REMOVE;
}

static void test_not_ready(void)
{
    g_autoptr(GError) error = NULL, never = NULL, cancelled = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    gint64 before;
    Rig rig;

    /* Asked again after 1, 2 and 4 seconds. */
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.fake->channel_error = EUICCD_ERROR_CARD_NOT_READY;
    rig.fake->channel_errors = 3;
    rig_connect(&rig);
    before = clock_boottime();
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(clock_boottime() - before, ==, 7 * G_USEC_PER_SEC);
    channel_close(rig.channel);

    /* News of the card ends a pause. */
    rig.fake->channel_errors = 3;
    before = clock_boottime();
    g_idle_add(card_comes, &rig);
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(clock_boottime() - before, ==, 0);
    channel_close(rig.channel);

    /* For so long, and with the last answer. */
    rig.fake->channel_errors = 1000;
    before = clock_boottime();
    g_assert_false(channel_open(rig.channel, NULL, &never));
    g_assert_error(never, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    g_assert_cmpint(clock_boottime() - before, >=, 50 * G_USEC_PER_SEC);
    g_assert_cmpint(clock_boottime() - before, <=, 60 * G_USEC_PER_SEC);
    g_assert_cmpuint(rig.fake->channel_errors, >, 980);

    g_cancellable_cancel(cancellable);
    g_assert_false(channel_open(rig.channel, cancellable, &cancelled));
    g_assert_error(cancelled, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    rig_stop(&rig);
}

/* Other refusals, and a slot that is not active, do not change by waiting. */
static void test_refused_for_good(void)
{
    static const struct {
        EuiccdError error;
        gboolean inactive;
    } cases[] = {
        { EUICCD_ERROR_CARD_NOT_READY, TRUE }, { EUICCD_ERROR_NOT_SUPPORTED, FALSE },
        { EUICCD_ERROR_CARD_ABSENT, FALSE },   { EUICCD_ERROR_MODEM, FALSE },
        { EUICCD_ERROR_NOT_EUICC, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gint64 before = clock_boottime();
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig.fake->channel_error = cases[i].error;
        rig.fake->channel_errors = 1;
        rig.fake->backend.inactive = cases[i].inactive;
        rig_connect(&rig);
        g_assert_false(channel_open(rig.channel, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].error);
        g_assert_cmpstr(rig.fake->history->str, ==, OPENED);
        g_assert_cmpint(clock_boottime() - before, ==, 0);
        rig_stop(&rig);
    }
}

/* A card that goes while it is declared to has to be told again. */
static void test_gone_with_declaration(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig, CHANNEL_CAPABILITY_IPAD);
    rig_connect(&rig);
    fake_backend_emit(rig.fake, BACKEND_EVENT_CARD_GONE);
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    fake_backend_expect(rig.fake, CAPABILITY_IPAD, "9000");
    g_assert_true(channel_open(rig.channel, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.fake->history->str, ==, OPENED " " OPENED);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_timeout(void)
{
    const Quirks quirks = { .timeout = 200 };

    for (guint i = 0; i < 2; i++) {
        g_autoptr(GBytes) request = rig_octets(GET_EID), response = NULL;
        g_autoptr(GError) error = NULL;
        gint64 before;
        Rig rig;

        start(&rig, &quirks, FALSE);
        fake_backend_hang(rig.fake);
        before = clock_boottime();
        g_assert_false(channel_command(rig.channel, request, NULL, NULL, i == 1, NULL, &response,
                                       NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        g_assert_cmpint(clock_boottime() - before, ==, 200 * G_USEC_PER_SEC);
        rig_stop(&rig);
    }
}

/* The back-end is told of a command that may change the profile, and of no other. */
static void test_may_refresh(void)
{
    Rig rig;

    start(&rig, NULL, FALSE);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GBytes) request = rig_octets(GET_EID), response = NULL;

        fake_backend_clear(rig.fake);
        fake_backend_expect(rig.fake, STORE_GET_EID, "9000");
        if (i == 1)
            channel_expect_refresh(rig.channel);
        g_assert_true(
            channel_command(rig.channel, request, NULL, NULL, i > 0, NULL, &response, NULL, NULL));
        g_assert_cmpint(rig.fake->may_refresh, ==, i == 1);
        g_assert_false(rig.fake->backend.may_refresh);
    }
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/channel-renew/ladder", test_ladder);
    g_test_add_func("/channel-renew/ladder/from-refresh", test_ladder_from_refresh);
    g_test_add_func("/channel-renew/ladder/reset-fails", test_reset_fails);
    g_test_add_func("/channel-renew/ladder/restart-fails", test_restart_fails);
    g_test_add_func("/channel-renew/ladder/restart-by-another", test_restart_by_another);
    g_test_add_func("/channel-renew/no-restart/without-change", test_no_restart_without_change);
    g_test_add_func("/channel-renew/no-restart/for-a-channel", test_no_restart_for_a_channel);
    g_test_add_func("/channel-renew/remembered", test_remembered);
    g_test_add_func("/channel-renew/remembered/restart", test_restart_confirmed);
    g_test_add_func("/channel-renew/remembered/only-restart", test_only_restart);
    g_test_add_func("/channel-renew/names", test_names);
    g_test_add_func("/channel-renew/policies", test_policies);
    g_test_add_func("/channel-renew/policies/no-power-cycle", test_no_power_cycle);
    g_test_add_func("/channel-renew/settle", test_settle);
    g_test_add_func("/channel-renew/not-ready", test_not_ready);
    g_test_add_func("/channel-renew/refused-for-good", test_refused_for_good);
    g_test_add_func("/channel-renew/gone-with-declaration", test_gone_with_declaration);
    g_test_add_func("/channel-renew/timeout", test_timeout);
    g_test_add_func("/channel-renew/may-refresh", test_may_refresh);
    return g_test_run();
}
