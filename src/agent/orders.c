/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/orders.h"

#include "agent/tie.h"
#include "util/clock.h"
#include "util/log.h"

/* Seconds. With the time that ModemManager has for an answer less than the worker waits. */
#define SETTLE_TIMEOUT 30 /* until ModemManager has looked at the modem and keeps still */

typedef struct {
    Orders *orders;
    Order order;
    Tie *tie; /* has an object */
    Rendezvous *rendezvous;
    MmRequest *request;
    char *log_object;
    LogContext log;
} Given;

struct Orders {
    ModemManager *mm;
    GPtrArray *given; /* of Given, under way */
    /* Of Tie: modems of which ModemManager switched the slot. It answers before it begins to probe the modem anew: the
     * object is still there for a moment, or not any more. */
    GPtrArray *switched;
};

static const Tie *find_switched(const Orders *orders, const Modem *modem)
{
    for (guint i = 0; i < orders->switched->len; i++)
        if (tie_means(orders->switched->pdata[i], orders->mm, modem))
            return orders->switched->pdata[i];
    return NULL;
}

static void forget_switched(Orders *orders, const Modem *modem)
{
    const Tie *switched;

    while ((switched = find_switched(orders, modem)))
        g_ptr_array_remove_fast(orders->switched, (gpointer)switched);
}

static void given_free(gpointer data)
{
    Given *given = data;

    g_clear_pointer(&given->request, mm_request_free);
    rendezvous_answer(given->rendezvous);
    rendezvous_unref(given->rendezvous);
    g_clear_pointer(&given->tie, tie_free);
    g_free(given->log_object);
    g_free(given);
}

Orders *orders_new(ModemManager *mm)
{
    Orders *orders = g_new0(Orders, 1);

    orders->mm = mm;
    orders->given = g_ptr_array_new_with_free_func(given_free);
    orders->switched = g_ptr_array_new_with_free_func((GDestroyNotify)tie_free);
    return orders;
}

void orders_free(Orders *orders)
{
    g_ptr_array_unref(orders->given);
    g_ptr_array_unref(orders->switched);
    g_free(orders);
}

static void on_done(const MmModem *modem, const GError *error, gpointer data)
{
    Given *given = data;
    Orders *orders = given->orders;

    (void)modem;
    g_clear_pointer(&given->request, mm_request_free);
    if (error) {
        log_info(&given->log, "%s: it is done without ModemManager", error->message);
    } else {
        if (given->order.kind == ORDER_SWITCH_SLOT) {
            forget_switched(orders, given->tie->modem);
            g_ptr_array_add(orders->switched, g_steal_pointer(&given->tie));
        }
        rendezvous_grant(given->rendezvous);
    }
    g_ptr_array_remove_fast(orders->given, given);
}

static void on_settled(const MmModem *modem, const GError *error, gpointer data)
{
    Given *given = data;
    Orders *orders = given->orders;

    g_clear_pointer(&given->request, mm_request_free);
    forget_switched(orders, given->tie->modem);
    if (error) {
        on_done(NULL, error, given);
        return;
    }
    tie_set_object(given->tie, modem);
    switch (given->order.kind) {
    case ORDER_SWITCH_SLOT:
        log_info(&given->log, "ModemManager is asked for slot %u", given->order.slot);
        given->request =
            mm_set_primary_sim_slot(orders->mm, modem, given->order.slot, on_done, given);
        return;
    case ORDER_RESET:
        log_info(&given->log, "ModemManager is asked to restart the modem");
        given->request = mm_reset(orders->mm, modem, on_done, given);
        return;
    }
    g_return_if_reached();
}

void orders_note_manager(Orders *orders, MmChange change)
{
    if (change & MM_CHANGE_MANAGER_WENT)
        g_ptr_array_set_size(orders->switched, 0);
}

void orders_give(Orders *orders, const Modem *modem, const Order *order, Rendezvous *rendezvous)
{
    const MmModem *object = tie_find_object(orders->mm, modem);
    const Tie *switched = find_switched(orders, modem);
    gint64 deadline = clock_deadline(SETTLE_TIMEOUT);
    Given *given;

    if (!(object && object->device) && !switched) {
        rendezvous_answer(rendezvous);
        return;
    }
    given = g_new0(Given, 1);
    given->orders = orders;
    given->order = *order;
    given->tie = tie_new(orders->mm, modem);
    if (switched)
        tie_set_object(given->tie, switched->object);
    given->rendezvous = rendezvous_ref(rendezvous);
    given->log_object = modem_make_log_name(modem);
    given->log = (LogContext){ .object = given->log_object, .modem = given->tie->modem->device };
    g_ptr_array_add(orders->given, given);
    given->request =
        switched
            ? mm_wait_reprobed(orders->mm, given->tie->object->device, given->tie->object->path,
                               deadline, on_settled, given)
            : mm_wait_settled(orders->mm, given->tie->object->device, deadline, on_settled, given);
}
