/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agents-fixture.h"
#include "mm-rig.h"

/* What the set of agents makes of ModemManager's objects that come and go, also because of what it does itself. */

static MmRig rig;

static void set_up_beside(Fixture *f, gconstpointer data)
{
    mm_rig_set_up(&rig);
    set_up(f, data);
    f->config.modem_manager = TRUE;
    g_assert_true(agents_watch_modem_manager(f->agents, rig.connection, NULL));
    fake_mm_own(rig.fake);
    mm_rig_settle(&rig);
}

static void tear_down_beside(Fixture *f, gconstpointer data)
{
    tear_down(f, data);
    mm_rig_tear_down(&rig);
}

/* The object comes, or comes back as another one. */
static void object_comes(void)
{
    if (rig.fake->modems->len > 0)
        fake_mm_reprobe(rig.fake, &rig.modem, MM_STATE_REGISTERED);
    else
        fake_mm_add(rig.fake, &rig.modem);
    mm_rig_settle(&rig);
}

static Modem *make_slot(const char *name, guint slot, const char *object)
{
    Modem *modem = modem_new(name, slot);

    modem->switch_slot = slot > 1;
    modem->mm_path = (g_free(modem->mm_path), g_strdup(object));
    modem_add_port(modem, PORT, "qmi", "qmi_wwan");
    return modem;
}

static void slot_told(const char *name, guint slot, const char *object)
{
    g_autoptr(Modem) modem = make_slot(name, slot, object);

    modems_add_fixed(the_modems, modem);
}

static const char *get_cause(Fixture *f, guint32 job)
{
    const JobSnapshot *snapshot = agents_get_job(f->agents, job);

    return snapshot ? snapshot->cause : NULL;
}

/* ---- an object that comes is a reason to try again ---- */

static void test_retry(Fixture *f, gconstpointer data)
{
    (void)data;
    modem_told(TRUE);
    worker_finishes(EUICCD_ERROR_NOT_SUPPORTED, "no logical channels", FALSE);
    g_assert_cmpint(doubles_next_timer(), ==, -1); /* it refused: nothing else helps */
    g_string_truncate(seen, 0);
    object_comes();
    assert_seen("j2:queued j2:running");
    g_assert_cmpstr(get_cause(f, 2), ==, "ModemManager object");
    g_assert_cmpstr(the_worker->manager, ==, MM_ROOT "/Modem/0");
    worker_finishes(EUICCD_ERROR_NOT_SUPPORTED, "no logical channels", FALSE);
    g_string_truncate(seen, 0);
    fake_mm_set_state(rig.fake, &rig.modem, MM_STATE_CONNECTED);
    mm_rig_settle(&rig);
    assert_seen(""); /* the same object */
    fake_mm_remove(rig.fake, &rig.modem);
    mm_rig_settle(&rig);
    assert_seen("");
    g_assert_null(the_worker->manager);
    object_comes();
    assert_seen("j3:queued j3:running");
}

/* While the card is tried anyway, and where it works, there is nothing to try. */
static void test_no_retry(Fixture *f, gconstpointer data)
{
    (void)f;
    (void)data;
    modem_told(TRUE);
    assert_seen("j1:queued j1:running");
    object_comes();
    assert_seen("");
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_string_truncate(seen, 0);
    object_comes();
    assert_seen("");
    g_assert_cmpstr(the_worker->manager, ==, MM_ROOT "/Modem/1");
}

/* A retry of its own that was due later is not needed any more, and begins anew. */
static void test_retry_at_once(Fixture *f, gconstpointer data)
{
    (void)f;
    (void)data;
    modem_told(TRUE);
    worker_finishes(EUICCD_ERROR_TIMEOUT, "no answer", FALSE);
    doubles_advance(5);
    worker_finishes(EUICCD_ERROR_TIMEOUT, "no answer", FALSE);
    g_assert_cmpint(doubles_next_timer(), ==, 10);
    object_comes();
    g_assert_cmpint(doubles_next_timer(), >, 10); /* the deadline of the job */
    worker_finishes(EUICCD_ERROR_TIMEOUT, "no answer", FALSE);
    g_assert_cmpint(doubles_next_timer(), ==, 5);
}

/* ---- our own doing is none ---- */

typedef struct {
    Worker *first, *second;
} Pair;

/* The card in slot 1 is read; that in slot 2, for which the slot must be switched, is none of ours. */
static Pair begin_pair(Fixture *f)
{
    Pair pair;

    (void)f;
    object_comes();
    slot_told("a", 1, MM_ROOT "/Modem/0");
    pair.first = the_worker;
    slot_told("b", 2, MM_ROOT "/Modem/0");
    pair.second = the_worker;
    the_worker = pair.first;
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    the_worker = pair.second;
    g_assert_nonnull(the_worker->job);
    g_string_truncate(seen, 0);
    return pair;
}

/* The worker asks for SLOT, which ModemManager switches; it probes the modem anew. */
static void switch_slot(Worker *worker, guint slot)
{
    g_autoptr(Rendezvous) rendezvous = rendezvous_new(g_main_context_default());
    Order order = { .kind = ORDER_SWITCH_SLOT, .slot = slot };

    worker->listener->order(&order, rendezvous, worker->data);
    mm_rig_settle(&rig);
    g_assert_true(rendezvous_is_granted(rendezvous));
    object_comes();
}

/* As the set of modems does, of which this is the double. */
static void tell_objects(guint number)
{
    g_autofree char *object = g_strdup_printf(MM_ROOT "/Modem/%u", number);

    slot_told("a", 1, "");
    slot_told("b", 2, "");
    slot_told("a", 1, object);
    slot_told("b", 2, object);
}

static void test_slot_switched(Fixture *f, gconstpointer data)
{
    Pair pair = begin_pair(f);

    (void)data;
    switch_slot(pair.second, 2);
    tell_objects(1);
    worker_finishes(EUICCD_ERROR_CARD_ABSENT, "no card", FALSE);
    g_string_truncate(seen, 0);
    switch_slot(pair.second, 1);
    tell_objects(2);
    assert_seen("");
    g_assert_cmpint(doubles_next_timer(), >=, 0); /* the poll of the other one */
    /* Asked for by somebody: that is no comeback. */
    slot_told("b", 2, MM_ROOT "/Modem/2");
    assert_seen("j3:queued j3:running");
    worker_finishes(EUICCD_ERROR_CARD_ABSENT, "no card", FALSE);
    g_string_truncate(seen, 0);
    /* Later it has another reason. */
    doubles_advance(120);
    g_string_truncate(seen, 0);
    tell_objects(3);
    assert_seen("j5:queued"); /* after the poll of the other one */
    g_assert_cmpstr(get_cause(f, 5), ==, "device seen");
}

/* The same without a word of the set of modems: of a port that udev does not know. */
static void test_object_of_switched_slot(Fixture *f, gconstpointer data)
{
    Pair pair = begin_pair(f);

    (void)data;
    worker_finishes(EUICCD_ERROR_CARD_ABSENT, "no card", FALSE);
    g_string_truncate(seen, 0);
    switch_slot(pair.second, 2);
    switch_slot(pair.second, 1);
    assert_seen("");
    /* A ModemManager that starts anew was not made to by us. */
    mm_rig_crash(&rig);
    mm_rig_settle(&rig);
    assert_seen("");
    rig.fake = fake_mm_new();
    fake_mm_own(rig.fake);
    object_comes();
    assert_seen("j3:queued j3:running");
    g_assert_cmpstr(get_cause(f, 3), ==, "ModemManager object");
}

/* A profile of the one slot is changed, with an inhibition. */
static void test_profile_changed(Fixture *f, gconstpointer data)
{
    g_autoptr(Rendezvous) rendezvous = rendezvous_new(g_main_context_default());
    Pair pair = begin_pair(f);

    (void)data;
    worker_finishes(EUICCD_ERROR_CARD_ABSENT, "no card", FALSE);
    g_string_truncate(seen, 0);
    pair.first->listener->switch_begin(rendezvous, TRUE, pair.first->data);
    mm_rig_settle(&rig);
    g_assert_true(rendezvous_is_granted(rendezvous));
    g_assert_null(pair.second->manager);
    doubles_advance(200);
    g_string_truncate(seen, 0);
    pair.first->listener->switch_end(pair.first->data);
    doubles_advance(4);
    mm_rig_settle(&rig);
    object_comes();
    assert_seen("");
    g_assert_cmpstr(pair.second->manager, ==, MM_ROOT "/Modem/1");
    /* Not for long. */
    doubles_advance(120);
    g_string_truncate(seen, 0);
    object_comes();
    assert_seen("j4:queued"); /* after the poll of the first one */
}

/* The card in slot 1 goes while slot 2 is used, and comes back: it is read anew, and polled when it would have been. */
static void test_poll_of_other_slot(Fixture *f, gconstpointer data)
{
    Pair pair = begin_pair(f);
    gint64 due;

    (void)data;
    worker_finishes(EUICCD_ERROR_CARD_ABSENT, "no card", FALSE);
    the_worker = pair.first;
    doubles_advance(60);
    worker_reports("a", 0, EUICCD_ERROR_FAILED, NULL);
    worker_succeeds();
    due = get_eim(f, "a")->next_poll;
    g_string_truncate(seen, 0);
    switch_slot(pair.second, 2);
    the_worker->listener->event(WORKER_CARD_GONE, the_worker->data);
    switch_slot(pair.second, 1);
    the_worker->listener->event(WORKER_CARD_READY, the_worker->data);
    g_assert_nonnull(the_worker->job);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_assert_cmpint(get_eim(f, "a")->next_poll, ==, due);
    /* Pulled and put back by somebody: that may be why an eIM wants to be asked. */
    doubles_advance(121);
    the_worker->listener->event(WORKER_CARD_GONE, the_worker->data);
    the_worker->listener->event(WORKER_CARD_READY, the_worker->data);
    worker_reads(EID, one_eim, EUICC_IDLE);
    worker_succeeds();
    g_assert_cmpint(get_eim(f, "a")->next_poll, <, due);
}

/* ---- what is news all the same ---- */

#define NO_NODE "/nonexistent/cdc-wdm0" /* comes back with an event: nothing is timed */

static void pinned_told(guint arrivals, const char *imei, const char *object)
{
    g_autoptr(Modem) modem = modem_new("x", 0);

    modem->arrivals = arrivals;
    modem->imei = (g_free(modem->imei), g_strdup(imei));
    modem->mm_path = (g_free(modem->mm_path), g_strdup(object));
    modem_add_port(modem, NO_NODE, "qmi", "qmi_wwan");
    modems_add_fixed(the_modems, modem);
}

/* A profile is changed, and the modem leaves the bus because of that. */
static void lose_in_change(EuiccdError code)
{
    g_autoptr(Rendezvous) rendezvous = rendezvous_new(g_main_context_default());

    object_comes();
    pinned_told(1, MM_IMEI, MM_ROOT "/Modem/0");
    the_worker->listener->switch_begin(rendezvous, TRUE, the_worker->data);
    mm_rig_settle(&rig);
    g_assert_true(rendezvous_is_granted(rendezvous));
    worker_finishes(code, "it went", FALSE);
    the_worker->listener->switch_end(the_worker->data);
    g_string_truncate(seen, 0);
    pinned_told(1, MM_IMEI, "");
    assert_seen("");
}

static void test_lost_in_change(Fixture *f, gconstpointer data)
{
    (void)data;
    lose_in_change(EUICCD_ERROR_MODEM_GONE);
    pinned_told(2, "", "");
    assert_seen("j2:queued j2:running");
    g_assert_cmpstr(get_cause(f, 2), ==, "device seen");
    worker_finishes(EUICCD_ERROR_MODEM_GONE, "it went", FALSE);
    doubles_advance(4);
    mm_rig_settle(&rig);
    object_comes();
    g_string_truncate(seen, 0);
    pinned_told(2, MM_IMEI, MM_ROOT "/Modem/1");
    assert_seen("j3:queued j3:running");
    /* That what it answers then is all: its object is not new any more. */
    worker_finishes(EUICCD_ERROR_NOT_SUPPORTED, "no logical channels", FALSE);
    g_string_truncate(seen, 0);
    pinned_told(2, MM_IMEI, "");
    pinned_told(2, MM_IMEI, MM_ROOT "/Modem/1");
    assert_seen("");
}

/* Another modem may have the node now: that it is there is news whatever was wrong with the former one. */
static void test_node_anew(Fixture *f, gconstpointer data)
{
    (void)data;
    lose_in_change(EUICCD_ERROR_CARD_ABSENT);
    pinned_told(2, "", "");
    assert_seen("j2:queued j2:running");
    g_assert_cmpstr(get_cause(f, 2), ==, "device seen");
}

/* A refusal beside ModemManager's object holds when that comes back: each try in a slot that must be switched makes it
 * do so. One from the time without it may not hold. */
static const struct Refusal {
    const char *name;
    EuiccdError code;
} refusals[] = {
    { "not-euicc", EUICCD_ERROR_NOT_EUICC },
    { "not-supported", EUICCD_ERROR_NOT_SUPPORTED },
    { "card-reset", EUICCD_ERROR_CARD_RESET },
};

static void test_refused(Fixture *f, gconstpointer data)
{
    const struct Refusal *row = data;
    Pair pair = begin_pair(f);

    worker_finishes(row->code, "no", FALSE);
    g_string_truncate(seen, 0);
    switch_slot(pair.second, 2);
    switch_slot(pair.second, 1);
    tell_objects(2);
    assert_seen("");
    /* Asked for by somebody while there is no object. */
    fake_mm_remove(rig.fake, &rig.modem);
    mm_rig_settle(&rig);
    slot_told("b", 2, "");
    slot_told("b", 2, "");
    assert_seen("j3:queued j3:running");
    worker_finishes(row->code, "no", FALSE);
    g_string_truncate(seen, 0);
    object_comes();
    assert_seen("j4:queued j4:running");
    g_assert_cmpstr(get_cause(f, 4), ==, "ModemManager object");
    worker_finishes(row->code, "no", FALSE);
    g_string_truncate(seen, 0);
    object_comes();
    assert_seen("");
}

/* An object that comes while the card is tried is one that it was tried with. */
static void test_object_while_tried(Fixture *f, gconstpointer data)
{
    Pair pair = begin_pair(f);

    (void)data;
    worker_finishes(EUICCD_ERROR_NOT_EUICC, "no", FALSE);
    fake_mm_remove(rig.fake, &rig.modem);
    mm_rig_settle(&rig);
    g_string_truncate(seen, 0);
    slot_told("b", 2, "");
    assert_seen("j3:queued j3:running");
    object_comes();
    worker_finishes(EUICCD_ERROR_NOT_EUICC, "no", FALSE);
    g_string_truncate(seen, 0);
    switch_slot(pair.second, 2);
    switch_slot(pair.second, 1);
    assert_seen("");
}

#define ADD(name, func)                                                                            \
    g_test_add("/agents-manager/" name, Fixture, NULL, set_up_beside, func, tear_down_beside)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("retry", test_retry);
    ADD("no-retry", test_no_retry);
    ADD("retry-at-once", test_retry_at_once);
    ADD("slot-switched", test_slot_switched);
    ADD("object-of-switched-slot", test_object_of_switched_slot);
    ADD("profile-changed", test_profile_changed);
    ADD("poll-of-other-slot", test_poll_of_other_slot);
    ADD("lost-in-change", test_lost_in_change);
    ADD("node-anew", test_node_anew);
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *name = g_strdup_printf("/agents-manager/refused/%s", refusals[i].name);

        g_test_add(name, Fixture, &refusals[i], set_up_beside, test_refused, tear_down_beside);
    }
    ADD("object-while-tried", test_object_while_tried);
    return g_test_run();
}
