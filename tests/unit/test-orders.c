/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/orders.h"

#include "mm-rig.h"

/* What ModemManager is asked to do to a modem, and each way in which it does not. */

typedef struct {
    MmRig rig;
    ModemManager *mm;
    Orders *orders;
    Modem *modem;
    Rendezvous *rendezvous;
} Fixture;

static const Order slot_2 = { .kind = ORDER_SWITCH_SLOT, .slot = 2 };
static const Order slot_1 = { .kind = ORDER_SWITCH_SLOT, .slot = 1 };
static const Order reset = { .kind = ORDER_RESET };

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    mm_rig_set_up(&f->rig);
    f->mm = mm_new(f->rig.connection, NULL, NULL, NULL, NULL);
    f->orders = orders_new(f->mm);
    f->modem = modem_new("whatever the administrator calls it", 0);
    f->modem->pinned = TRUE;
    modem_add_port(f->modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    g_clear_pointer(&f->rendezvous, rendezvous_unref);
    g_clear_pointer(&f->orders, orders_free);
    mm_free(f->mm);
    mm_rig_tear_down(&f->rig);
    modem_free(f->modem);
}

static void start(Fixture *f)
{
    fake_mm_add(f->rig.fake, &f->rig.modem);
    fake_mm_own(f->rig.fake);
    mm_rig_settle(&f->rig);
}

static void give(Fixture *f, const Order *order)
{
    g_clear_pointer(&f->rendezvous, rendezvous_unref);
    f->rendezvous = rendezvous_new(g_main_context_default());
    orders_give(f->orders, f->modem, order, f->rendezvous);
    mm_rig_settle(&f->rig);
}

static void assert_calls(Fixture *f, const char *expected)
{
    g_assert_cmpstr(f->rig.fake->calls->str, ==, expected);
    g_string_truncate(f->rig.fake->calls, 0);
}

static void assert_answer(Fixture *f, gboolean granted)
{
    g_assert_true(rendezvous_is_answered(f->rendezvous));
    g_assert_cmpint(rendezvous_is_granted(f->rendezvous), ==, granted);
}

static void test_granted(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    give(f, &reset);
    assert_answer(f, TRUE);
    assert_calls(f, "reset " MM_ROOT "/Modem/0\n");
}

/* Because of the first switch it probes the modem anew: the way back waits for that. */
static void test_probed_anew(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    give(f, &slot_2);
    assert_answer(f, TRUE);
    assert_calls(f, "slot " MM_ROOT "/Modem/0 2\n");
    /* The object is not gone yet. */
    give(f, &slot_1);
    g_assert_false(rendezvous_is_answered(f->rendezvous));
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    g_assert_false(rendezvous_is_answered(f->rendezvous));
    f->rig.modem.state = MM_STATE_INITIALIZING;
    fake_mm_add(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    g_assert_false(rendezvous_is_answered(f->rendezvous));
    assert_calls(f, "");
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_DISABLED);
    mm_rig_settle(&f->rig);
    assert_answer(f, TRUE);
    assert_calls(f, "slot " MM_ROOT "/Modem/1 1\n");
}

/* The other slot of the modem, under the name of another group, waits as well. */
static void test_probed_anew_for_sibling(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    give(f, &slot_2);
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    modem_free(f->modem);
    f->modem = modem_new("another name", 1);
    f->modem->pinned = TRUE;
    modem_add_port(f->modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan");
    give(f, &slot_1);
    g_assert_false(rendezvous_is_answered(f->rendezvous));
    fake_mm_add(f->rig.fake, &f->rig.modem);
    mm_rig_settle(&f->rig);
    assert_answer(f, TRUE);
    assert_calls(f, "slot " MM_ROOT "/Modem/0 2\nslot " MM_ROOT "/Modem/1 1\n");
}

/* One that went for another reason is not waited for: an inhibited one, for example. */
static void test_not_exported(Fixture *f, gconstpointer data)
{
    (void)data;
    give(f, &slot_2);
    assert_answer(f, FALSE);
    start(f);
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    give(f, &reset);
    assert_answer(f, FALSE);
    assert_calls(f, "");
}

static void test_refused(Fixture *f, gconstpointer data)
{
    (void)data;
    f->rig.fake->policy = FAKE_MM_REFUSE;
    f->rig.fake->refusal = "org.freedesktop.ModemManager1.Error.Core.Unsupported";
    start(f);
    give(f, &slot_2);
    assert_answer(f, FALSE);
    /* It did not begin to probe anew. */
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    give(f, &slot_1);
    assert_answer(f, FALSE);
}

static void test_goes_meanwhile(Fixture *f, gconstpointer data)
{
    (void)data;
    f->rig.fake->policy = FAKE_MM_SILENT;
    start(f);
    give(f, &reset);
    g_assert_false(rendezvous_is_answered(f->rendezvous));
    sd_bus_message_unref(f->rig.fake->kept);
    f->rig.fake->kept = NULL;
    mm_rig_crash(&f->rig);
    while (!rendezvous_is_answered(f->rendezvous))
        g_main_context_iteration(NULL, TRUE);
    assert_answer(f, FALSE);
}

/* What a former manager was about to do is of no interest to the next. */
static void test_another_manager(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    give(f, &slot_2);
    assert_answer(f, TRUE);
    orders_note_manager(f->orders, MM_CHANGE_MANAGER_WENT);
    give(f, &slot_1);
    assert_answer(f, TRUE);
}

/* The worker that waits is let go. */
static void test_freed(Fixture *f, gconstpointer data)
{
    (void)data;
    f->rig.modem.state = MM_STATE_CONNECTING;
    start(f);
    give(f, &slot_2);
    g_assert_false(rendezvous_is_answered(f->rendezvous));
    g_clear_pointer(&f->orders, orders_free);
    assert_answer(f, FALSE);
    assert_calls(f, "");
}

#define ADD(name, func) g_test_add("/orders/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("granted", test_granted);
    ADD("probed-anew", test_probed_anew);
    ADD("probed-anew-for-sibling", test_probed_anew_for_sibling);
    ADD("not-exported", test_not_exported);
    ADD("refused", test_refused);
    ADD("goes-meanwhile", test_goes_meanwhile);
    ADD("another-manager", test_another_manager);
    ADD("freed", test_freed);
    return g_test_run();
}
