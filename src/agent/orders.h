/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/rendezvous.h"
#include "modem/modem.h"
#include "modem/modemmanager.h"

G_BEGIN_DECLS

/*
 * What is asked of a running ModemManager rather than done behind its back, because it then knows why the modem
 * changes: the switch of the slot, and the modem's restart. Main thread only.
 *
 * It is never a reason to fail: where ModemManager is absent, does not know the modem, refuses or does not answer,
 * the worker does it by itself.
 */
typedef struct Orders Orders;

typedef enum {
    ORDER_SWITCH_SLOT, /* SetPrimarySimSlot */
    ORDER_RESET,       /* Reset */
} OrderKind;

typedef struct {
    OrderKind kind;
    guint slot; /* 1-based, for ORDER_SWITCH_SLOT */
} Order;

/* MM is borrowed. */
Orders *orders_new(ModemManager *mm);
void orders_free(Orders *orders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Orders, orders_free)

/* For MmFunc: the manager went, and with it what it did before. */
void orders_note_manager(Orders *orders, MmChange change);

/* Grants RENDEZVOUS when ModemManager did to MODEM what ORDER says, answers it otherwise; at once or later. A modem
 * that is being probed anew because of the order before is waited for. */
void orders_give(Orders *orders, const Modem *modem, const Order *order, Rendezvous *rendezvous);

G_END_DECLS
