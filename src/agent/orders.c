/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/orders.h"

#include "agent/switching.h"
#include "util/clock.h"
#include "util/log.h"

/* Seconds. With the time that ModemManager has for an answer less than the worker waits. */
#define SETTLE_TIMEOUT 30 /* until ModemManager has looked at the modem and keeps still */

typedef struct {
    Orders *orders;
    Order order;
    char *device, *mm_device, *path;
    Rendezvous *rendezvous;
    MmRequest *request;
    char *log_object;
    LogContext log;
} Given;

struct Orders {
    ModemManager *mm;
    GPtrArray *given;      /* of Given, under way */
    GHashTable *switching; /* device of ours -> Switched, since ModemManager switched its slot */
};

/* It answers before it begins to probe the modem anew: the object is still there for a moment, or not any more. */
typedef struct {
    char *mm_device, *path;
} Switched;

static void switched_free(gpointer data)
{
    Switched *switched = data;

    g_free(switched->mm_device);
    g_free(switched->path);
    g_free(switched);
}

static void given_free(gpointer data)
{
    Given *given = data;

    g_clear_pointer(&given->request, mm_request_free);
    rendezvous_answer(given->rendezvous);
    rendezvous_unref(given->rendezvous);
    g_free(given->device);
    g_free(given->mm_device);
    g_free(given->path);
    g_free(given->log_object);
    g_free(given);
}

Orders *orders_new(ModemManager *mm)
{
    Orders *orders = g_new0(Orders, 1);

    orders->mm = mm;
    orders->given = g_ptr_array_new_with_free_func(given_free);
    orders->switching = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, switched_free);
    return orders;
}

void orders_free(Orders *orders)
{
    g_ptr_array_unref(orders->given);
    g_hash_table_unref(orders->switching);
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
            Switched *switched = g_new0(Switched, 1);

            switched->mm_device = g_strdup(given->mm_device);
            switched->path = g_strdup(given->path);
            g_hash_table_replace(orders->switching, g_strdup(given->device), switched);
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
    g_hash_table_remove(orders->switching, given->device);
    if (error) {
        on_done(NULL, error, given);
        return;
    }
    given->path = g_strdup(modem->path);
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
        g_hash_table_remove_all(orders->switching);
}

void orders_give(Orders *orders, const Modem *modem, const Order *order, Rendezvous *rendezvous)
{
    const MmModem *object = switching_find(orders->mm, modem);
    const Switched *switched = g_hash_table_lookup(orders->switching, modem->device);
    gint64 deadline = clock_deadline(SETTLE_TIMEOUT);
    Given *given;

    if (!(object && object->device) && !switched) {
        rendezvous_answer(rendezvous);
        return;
    }
    given = g_new0(Given, 1);
    given->orders = orders;
    given->order = *order;
    given->device = g_strdup(modem->device);
    given->mm_device = g_strdup(switched ? switched->mm_device : object->device);
    given->rendezvous = rendezvous_ref(rendezvous);
    given->log_object = modem_make_log_name(modem);
    given->log = (LogContext){ .object = given->log_object, .modem = given->device };
    g_ptr_array_add(orders->given, given);
    given->request =
        switched ? mm_wait_reprobed(orders->mm, given->mm_device, switched->path, deadline,
                                    on_settled, given)
                 : mm_wait_settled(orders->mm, given->mm_device, deadline, on_settled, given);
}
