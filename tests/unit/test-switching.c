/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/network.h"
#include "agent/switching.h"
#include "mm-rig.h"
#include "util/clock.h"
#include "util/log.h"

/*
 * Profile changes beside ModemManager: each way in which it can behave, at each step. Time is the test's:
 * clock_boottime() and clock_timer_new() are doubles.
 */

#define INHIBIT   "inhibit " MM_DEVICE " 1\n"
#define UNINHIBIT "inhibit " MM_DEVICE " 0\n"

#define MM_OTHER_DEVICE "/sys/devices/pci0000:00/usb1/1-3"

/* ---- time ---- */

typedef struct {
    GSource source;
    gint64 due;
    GSourceFunc callback;
    gpointer data;
} Timer;

static gint64 now = 1000 * G_USEC_PER_SEC;
static GPtrArray *timers; /* of Timer */

gint64 clock_boottime(void)
{
    return now;
}

gint64 clock_realtime(void)
{
    return now;
}

static void timer_finalize(GSource *source)
{
    g_ptr_array_remove(timers, source);
}

GSource *clock_timer_new(gint64 boottime, GMainContext *context, GSourceFunc callback,
                         gpointer data)
{
    static GSourceFuncs funcs = { .finalize = timer_finalize };
    Timer *timer = (Timer *)g_source_new(&funcs, sizeof(Timer));

    timer->due = boottime;
    timer->callback = callback;
    timer->data = data;
    g_ptr_array_add(timers, timer);
    g_source_attach(&timer->source, context);
    return &timer->source;
}

static guint count_timers(void)
{
    guint n = 0;

    for (guint i = 0; i < timers->len; i++)
        n += !g_source_is_destroyed(timers->pdata[i]);
    return n;
}

/* One timer at most is due in these tests. */
static void advance(guint seconds)
{
    now += (gint64)seconds * G_USEC_PER_SEC;
    for (guint i = 0; i < timers->len; i++) {
        Timer *timer = timers->pdata[i];

        if (g_source_is_destroyed(&timer->source) || timer->due > now)
            continue;
        timer->callback(timer->data);
        return;
    }
}

/* ---- the fixture ---- */

typedef struct {
    MmRig rig;
    ModemManager *mm;
    Switching *switching;
    Modem *modem;
    Rendezvous *rendezvous;
} Fixture;

static void on_change(const MmModem *modem, MmChange change, gpointer data)
{
    Fixture *f = data;

    switching_note_manager(f->switching, modem, change);
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    timers = g_ptr_array_new();
    mm_rig_set_up(&f->rig);
    f->mm = mm_new(f->rig.connection, NULL, on_change, f, NULL);
    f->switching = switching_new(f->mm, NULL);
    f->modem = modem_new("whatever the administrator calls it", 0);
    f->modem->pinned = TRUE;
    modem_add_port(f->modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan");
    f->rendezvous = rendezvous_new(g_main_context_default());
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    switching_free(f->switching);
    mm_free(f->mm);
    mm_rig_tear_down(&f->rig);
    modem_free(f->modem);
    rendezvous_unref(f->rendezvous);
    g_assert_cmpuint(count_timers(), ==, 0);
    g_ptr_array_unref(timers);
}

static void start(Fixture *f)
{
    fake_mm_add(f->rig.fake, &f->rig.modem);
    fake_mm_own(f->rig.fake);
    mm_rig_settle(&f->rig);
}

static void begin(Fixture *f, gconstpointer user, gboolean inhibit)
{
    rendezvous_unref(f->rendezvous);
    f->rendezvous = rendezvous_new(g_main_context_default());
    switching_begin(f->switching, user, f->modem, inhibit, f->rendezvous);
}

static gboolean may_go_on(Fixture *f)
{
    mm_rig_settle(&f->rig);
    return rendezvous_is_answered(f->rendezvous);
}

static void assert_calls(Fixture *f, const char *expected)
{
    mm_rig_settle(&f->rig);
    g_assert_cmpstr(f->rig.fake->calls->str, ==, expected);
    g_string_truncate(f->rig.fake->calls, 0);
}

/* ModemManager has the modem and lets go of it for F. */
static void let_in(Fixture *f)
{
    begin(f, f, TRUE);
    g_assert_true(may_go_on(f));
    g_assert_true(rendezvous_is_granted(f->rendezvous));
}

static void start_and_let_in(Fixture *f)
{
    start(f);
    let_in(f);
}

static void end_and_linger(Fixture *f, gconstpointer user)
{
    switching_end(f->switching, user);
    advance(4);
}

/* Another ModemManager than the one that crashed. */
static void start_again(Fixture *f)
{
    f->rig.fake = fake_mm_new();
    start(f);
}

/* ---- all goes well ---- */

static void test_sequence(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    assert_calls(f, INHIBIT);
    g_assert_null(mm_find_by_device(f->mm, MM_DEVICE));
    g_assert_cmpuint(count_timers(), ==, 1); /* the longest time that a change may take */
    advance(10);
    switching_end(f->switching, f);
    assert_calls(f, "");
    advance(3);
    assert_calls(f, "");
    advance(1);
    assert_calls(f, UNINHIBIT);
    g_assert_cmpuint(count_timers(), ==, 1); /* until it is back */
    f->rig.modem.state = MM_STATE_INITIALIZING;
    fake_mm_add(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 1);
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 0);
    /* Once more, with what it is now. */
    let_in(f);
    assert_calls(f, INHIBIT);
    switching_end(f->switching, f);
}

/* A modem that is on its way is waited for, and taken all the same where it never arrives. */
static const struct Settling {
    const char *name;
    gint32 before, after; /* the same: it does not arrive */
    gboolean inhibit;
    const char *calls;
} settlings[] = {
    { "settles", MM_STATE_CONNECTING, MM_STATE_CONNECTED, TRUE, INHIBIT },
    { "never-settles", MM_STATE_ENABLING, MM_STATE_ENABLING, TRUE, INHIBIT },
    { "without-inhibition", MM_STATE_ENABLING, MM_STATE_REGISTERED, FALSE, "" },
};

static void test_settling(Fixture *f, gconstpointer data)
{
    const struct Settling *row = data;

    f->rig.modem.state = row->before;
    start(f);
    begin(f, f, row->inhibit);
    g_assert_false(may_go_on(f));
    assert_calls(f, "");
    if (row->after == row->before)
        advance(60);
    else
        fake_mm_set_state(f->rig.fake, &f->rig.modem, row->after);
    g_assert_true(may_go_on(f));
    g_assert_cmpint(rendezvous_is_granted(f->rendezvous), ==, row->inhibit);
    g_assert_cmpuint(count_timers(), ==, row->inhibit ? 1 : 0);
    switching_end(f->switching, f);
    g_assert_cmpuint(count_timers(), ==, row->inhibit ? 1 : 0);
    assert_calls(f, row->calls);
}

/* Rollback soon after the change: the modem is not given back in between. */
static void test_again_while_lingering(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    switching_end(f->switching, f);
    advance(3);
    let_in(f);
    advance(10);
    assert_calls(f, INHIBIT);
    end_and_linger(f, f);
    assert_calls(f, UNINHIBIT);
}

/* ModemManager probes the modem: that is waited for first. */
static void test_again_while_it_returns(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    end_and_linger(f, f);
    assert_calls(f, INHIBIT UNINHIBIT);
    begin(f, f, TRUE);
    g_assert_false(may_go_on(f));
    fake_mm_add(f->rig.fake, &f->rig.modem);
    g_assert_true(may_go_on(f));
    assert_calls(f, INHIBIT);
    switching_end(f->switching, f);
}

/* Two slots of one modem, which two groups of the configuration name, or one group and udev: by a port that the other
 * does not have, too. */
static const struct Sibling {
    const char *name, *device, *port;
    gboolean same;
} siblings[] = {
    { "same-group", "whatever the administrator calls it", "/dev/cdc-wdm0", TRUE },
    { "two-groups", "another name", "/dev/cdc-wdm0", TRUE },
    { "another-port", "another name", "/dev/ttyUSB2", TRUE },
    { "found", MM_DEVICE, "/dev/cdc-wdm7", TRUE },
    { "another-modem", "another name", "/dev/cdc-wdm7", FALSE },
};

static void rename_modem(Fixture *f, const struct Sibling *sibling)
{
    modem_free(f->modem);
    f->modem = modem_new(sibling->device, 2);
    f->modem->pinned = !g_path_is_absolute(sibling->device);
    modem_add_port(f->modem, sibling->port, "qmi", "qmi_wwan");
}

/* One inhibition for both, until the last of them is done. */
static void test_two_users(Fixture *f, gconstpointer data)
{
    const struct Sibling *row = data;

    start_and_let_in(f);
    rename_modem(f, row);
    begin(f, row, TRUE);
    g_assert_true(may_go_on(f));
    g_assert_cmpint(rendezvous_is_granted(f->rendezvous), ==, row->same);
    switching_end(f->switching, f);
    advance(10);
    assert_calls(f, row->same ? INHIBIT : INHIBIT UNINHIBIT);
    switching_end(f->switching, row);
    switching_end(f->switching, row); /* was told already */
    advance(4);
    assert_calls(f, row->same ? UNINHIBIT : "");
}

/* The modem is pulled during its change, and another one gets its node, of which ModemManager does not know yet. */
static void test_replaced(Fixture *f, gconstpointer data)
{
    static const struct Sibling another = { "replaced", MM_OTHER_DEVICE, "/dev/cdc-wdm0", FALSE };
    static const struct Sibling same = { "found", MM_DEVICE, "/dev/cdc-wdm0", TRUE };

    (void)data;
    rename_modem(f, &same);
    start_and_let_in(f);
    rename_modem(f, &another);
    begin(f, &another, TRUE);
    g_assert_true(may_go_on(f));
    g_assert_false(rendezvous_is_granted(f->rendezvous));
    switching_end(f->switching, &another);
    advance(10);
    assert_calls(f, INHIBIT);
    end_and_linger(f, f);
    assert_calls(f, UNINHIBIT);
}

/* ModemManager probes the modem because of the other slot: that is waited for. */
static void test_sibling_while_it_returns(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    end_and_linger(f, f);
    assert_calls(f, INHIBIT UNINHIBIT);
    rename_modem(f, &siblings[1]);
    begin(f, siblings, TRUE);
    g_assert_false(may_go_on(f));
    fake_mm_add(f->rig.fake, &f->rig.modem);
    g_assert_true(may_go_on(f));
    assert_calls(f, INHIBIT);
    switching_end(f->switching, siblings);
}

/* The first one can do without an inhibition, the second one can't. */
static void test_second_wants(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    begin(f, f, FALSE);
    g_assert_true(may_go_on(f));
    rename_modem(f, &siblings[1]);
    begin(f, siblings, TRUE);
    g_assert_true(may_go_on(f));
    g_assert_true(rendezvous_is_granted(f->rendezvous));
    assert_calls(f, INHIBIT);
    switching_end(f->switching, siblings);
    advance(10);
    assert_calls(f, "");
    end_and_linger(f, f);
    assert_calls(f, UNINHIBIT);
}

/* Somebody forgot: ModemManager gets the modem back in any case. */
static void test_longest(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    advance(299);
    assert_calls(f, INHIBIT);
    advance(1);
    assert_calls(f, UNINHIBIT);
    switching_end(f->switching, f);
    fake_mm_add(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 0);
    assert_calls(f, "");
}

/* ---- ModemManager is no help ---- */

static void test_absent(Fixture *f, gconstpointer data)
{
    (void)data;
    begin(f, f, TRUE);
    g_assert_true(rendezvous_is_answered(f->rendezvous));
    switching_end(f->switching, f);
}

static void test_unknown_modem(Fixture *f, gconstpointer data)
{
    static const char *const others[] = { "cdc-wdm7", "6", NULL };

    (void)data;
    f->rig.modem.ports = others;
    start(f);
    begin(f, f, TRUE);
    g_assert_true(rendezvous_is_answered(f->rendezvous));
    assert_calls(f, "");
    switching_end(f->switching, f);
}

static void test_refuses(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    f->rig.fake->policy = FAKE_MM_REFUSE;
    f->rig.fake->refusal = MM_NAME ".Error.Core.InProgress";
    begin(f, f, TRUE);
    g_assert_true(may_go_on(f));
    g_assert_false(rendezvous_is_granted(f->rendezvous));
    g_assert_cmpuint(count_timers(), ==, 0);
    /* The other slot's change does not ask again. */
    rename_modem(f, &siblings[1]);
    begin(f, siblings, TRUE);
    g_assert_true(may_go_on(f));
    switching_end(f->switching, siblings);
    switching_end(f->switching, f);
    advance(10);
    assert_calls(f, INHIBIT); /* what was not had is not given back */
}

static void test_silent(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    f->rig.fake->policy = FAKE_MM_SILENT;
    begin(f, f, TRUE);
    g_assert_false(may_go_on(f));
    advance(60);
    g_assert_true(may_go_on(f));
    switching_end(f->switching, f);
    assert_calls(f, INHIBIT);
    /* Granted when nobody wants it any more. */
    fake_mm_answer(f->rig.fake, NULL);
    assert_calls(f, UNINHIBIT);
}

/* The worker gave up (cancelled, or its modem went). */
static void test_given_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->rig.modem.state = MM_STATE_ENABLING;
    start(f);
    begin(f, f, TRUE);
    g_assert_false(may_go_on(f));
    switching_end(f->switching, f);
    g_assert_cmpuint(count_timers(), ==, 0);
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    assert_calls(f, "");

    f->rig.fake->policy = FAKE_MM_SILENT;
    begin(f, f, TRUE);
    g_assert_false(may_go_on(f));
    assert_calls(f, INHIBIT);
    switching_end(f->switching, f);
    fake_mm_answer(f->rig.fake, NULL);
    assert_calls(f, UNINHIBIT);
}

/* Before it let go of the modem. */
static const struct Going {
    const char *name;
    gint32 state;
    FakeMmPolicy policy;
} goings[] = {
    { "goes-while-settling", MM_STATE_ENABLING, FAKE_MM_GRANT },
    { "goes-while-inhibiting", MM_STATE_REGISTERED, FAKE_MM_SILENT },
};

static void test_goes_early(Fixture *f, gconstpointer data)
{
    const struct Going *row = data;

    f->rig.modem.state = row->state;
    start(f);
    f->rig.fake->policy = row->policy;
    begin(f, f, TRUE);
    g_assert_false(may_go_on(f));
    mm_rig_crash(&f->rig);
    g_assert_true(may_go_on(f));
    g_assert_false(rendezvous_is_granted(f->rendezvous));
    /* The next one is asked in its place. */
    f->rig.modem.state = MM_STATE_REGISTERED;
    start_again(f);
    assert_calls(f, INHIBIT);
    end_and_linger(f, f);
    assert_calls(f, UNINHIBIT);
}

/* A restarted ModemManager knows nothing of the inhibition: it is asked as soon as it has the modem, for whoever is
 * still at it, and only for them. */
static void test_restarts_while_inhibited(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    mm_rig_crash(&f->rig);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 0);
    f->rig.modem.state = MM_STATE_INITIALIZING;
    start_again(f);
    assert_calls(f, INHIBIT);
    g_assert_null(mm_find_by_device(f->mm, MM_DEVICE));
    g_assert_cmpuint(count_timers(), ==, 1); /* this one is kept no longer either */
    end_and_linger(f, f);
    assert_calls(f, UNINHIBIT);
    f->rig.modem.state = MM_STATE_REGISTERED;
    fake_mm_add(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 0);

    let_in(f);
    mm_rig_crash(&f->rig);
    mm_rig_settle(&f->rig);
    switching_end(f->switching, f);
    start_again(f);
    advance(10);
    assert_calls(f, "");
    let_in(f);
    assert_calls(f, INHIBIT);
    switching_end(f->switching, f);
}

/* What the restarted one refuses, or is late with, holds up nobody. */
static void test_restarts_and_refuses(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    mm_rig_crash(&f->rig);
    mm_rig_settle(&f->rig);
    f->rig.fake = fake_mm_new();
    f->rig.fake->policy = FAKE_MM_SILENT;
    start(f);
    assert_calls(f, INHIBIT);
    /* Done meanwhile: what it grants then is taken back. */
    switching_end(f->switching, f);
    g_assert_cmpuint(count_timers(), ==, 0);
    fake_mm_answer(f->rig.fake, NULL);
    assert_calls(f, UNINHIBIT);

    mm_rig_crash(&f->rig);
    start_again(f);
    let_in(f);
    mm_rig_crash(&f->rig);
    mm_rig_settle(&f->rig);
    f->rig.fake = fake_mm_new();
    f->rig.fake->policy = FAKE_MM_REFUSE;
    f->rig.fake->refusal = MM_NAME ".Error.Core.InProgress";
    start(f);
    g_assert_cmpuint(count_timers(), ==, 0);
    fake_mm_reprobe(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    end_and_linger(f, f);
    assert_calls(f, INHIBIT); /* once */
}

static void test_goes_while_lingering(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    switching_end(f->switching, f);
    mm_rig_crash(&f->rig);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 0);
    begin(f, f, TRUE);
    g_assert_true(rendezvous_is_answered(f->rendezvous));
    switching_end(f->switching, f);
}

static void test_goes_while_returning(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    end_and_linger(f, f);
    assert_calls(f, INHIBIT UNINHIBIT);
    begin(f, f, TRUE);
    g_assert_false(may_go_on(f));
    mm_rig_crash(&f->rig);
    g_assert_true(may_go_on(f));
    switching_end(f->switching, f);
    g_assert_cmpuint(count_timers(), ==, 0);
}

static void test_never_returns(Fixture *f, gconstpointer data)
{
    (void)data;
    start_and_let_in(f);
    end_and_linger(f, f);
    assert_calls(f, INHIBIT UNINHIBIT);
    advance(120);
    mm_rig_settle(&f->rig);
    g_assert_cmpuint(count_timers(), ==, 0);
}

/* The end of the daemon while somebody waits. */
static void test_freed(Fixture *f, gconstpointer data)
{
    (void)data;
    f->rig.modem.state = MM_STATE_ENABLING;
    start(f);
    begin(f, f, TRUE);
    switching_free(f->switching);
    g_assert_true(rendezvous_is_answered(f->rendezvous));
    f->switching = switching_new(f->mm, NULL);
}

static void test_policy(void)
{
    static const struct {
        InhibitPolicy policy;
        const char *transport;
        gboolean tells_slots, inhibit;
    } cases[] = {
        { INHIBIT_AUTO, "qmi", TRUE, FALSE },    { INHIBIT_AUTO, "qmi", FALSE, TRUE },
        { INHIBIT_AUTO, "mbim", TRUE, TRUE },    { INHIBIT_AUTO, "mbim", FALSE, TRUE },
        { INHIBIT_AUTO, "at", FALSE, TRUE },     { INHIBIT_ALWAYS, "qmi", TRUE, TRUE },
        { INHIBIT_NEVER, "mbim", FALSE, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(
            switching_wants_inhibition(cases[i].policy, cases[i].transport, cases[i].tells_slots),
            ==, cases[i].inhibit);
}

/* ---- what the worker gets ---- */

static void test_network(void)
{
    g_autoptr(Network) network = network_new(g_main_context_default());
    MmModem modem = { .imei = (char *)MM_IMEI, .operator_code = (char *)"26201" };
    guint8 rplmn[3];
    char imei[16];

    g_assert_false(network_get_imei(network, imei));
    network_set(network, &modem);
    g_assert_true(network_get_imei(network, imei));
    g_assert_cmpstr(imei, ==, MM_IMEI);
    g_assert_false(network_get_rplmn(network, rplmn));
    g_assert_cmpuint(network_count_changes(network), ==, 0);
    modem.registration = 1;
    network_set(network, &modem);
    g_assert_true(network_get_rplmn(network, rplmn));
    g_assert_cmpmem(rplmn, 3, "\x62\xF2\x10", 3);
    g_assert_cmpuint(network_count_changes(network), ==, 1);
    network_set(network, &modem); /* nothing new */
    g_assert_cmpuint(network_count_changes(network), ==, 1);
    modem.connected = TRUE;
    network_set(network, &modem);
    modem.connected = FALSE; /* a loss is nothing to hurry for */
    network_set(network, &modem);
    g_assert_cmpuint(network_count_changes(network), ==, 2);
    modem.operator_code = (char *)"26202";
    network_set(network, &modem);
    g_assert_cmpuint(network_count_changes(network), ==, 3);
    network_set(network, NULL);
    g_assert_false(network_get_rplmn(network, rplmn));
    g_assert_false(network_get_imei(network, imei));
    g_assert_cmpuint(network_count_changes(network), ==, 3);
}

static gpointer answer_from_thread(gpointer data)
{
    rendezvous_answer(data);
    rendezvous_unref(data);
    return NULL;
}

/* The answer of another thread ends the sleep of this one. */
static void test_rendezvous(void)
{
    for (guint i = 0; i < 200; i++) {
        g_autoptr(Rendezvous) rendezvous = rendezvous_new(g_main_context_default());
        GThread *thread = g_thread_new("answer", answer_from_thread, rendezvous_ref(rendezvous));

        while (!rendezvous_is_answered(rendezvous))
            g_main_context_iteration(NULL, TRUE);
        g_thread_join(thread);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_init(LOG_LEVEL_ERROR);
#define ADD(name, func) g_test_add("/switching/" name, Fixture, NULL, set_up, func, tear_down)
#define ADD_ROWS(group, rows, func)                                                                \
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {                                               \
        g_autofree char *path = g_strdup_printf("/switching/" group "%s", rows[i].name);           \
                                                                                                   \
        g_test_add(path, Fixture, &rows[i], set_up, func, tear_down);                              \
    }
    ADD("sequence", test_sequence);
    ADD_ROWS("", settlings, test_settling)
    ADD("again-while-lingering", test_again_while_lingering);
    ADD("again-while-it-returns", test_again_while_it_returns);
    ADD_ROWS("two-users/", siblings, test_two_users)
    ADD("replaced", test_replaced);
    ADD("sibling-while-it-returns", test_sibling_while_it_returns);
    ADD("second-wants", test_second_wants);
    ADD("longest", test_longest);
    ADD("absent", test_absent);
    ADD("unknown-modem", test_unknown_modem);
    ADD("refuses", test_refuses);
    ADD("silent", test_silent);
    ADD("given-up", test_given_up);
    ADD_ROWS("", goings, test_goes_early)
    ADD("restarts-while-inhibited", test_restarts_while_inhibited);
    ADD("restarts-and-refuses", test_restarts_and_refuses);
    ADD("goes-while-lingering", test_goes_while_lingering);
    ADD("goes-while-returning", test_goes_while_returning);
    ADD("never-returns", test_never_returns);
    ADD("freed", test_freed);
    g_test_add_func("/switching/policy", test_policy);
    g_test_add_func("/switching/network", test_network);
    g_test_add_func("/switching/rendezvous", test_rendezvous);
    return g_test_run();
}
