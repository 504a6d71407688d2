/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/qmi_private.h"

#include "util/clock.h"
#include "util/error.h"

/* Switching between physical slots (UIM Switch Slot, 0046). */

#define TRIES 2 /* a switch back may be refused once */

/* While the modem changes over, it is asked after 1, 2, 4, 4, … seconds or when it tells something. */
#define FIRST_PAUSE G_USEC_PER_SEC
#define LAST_PAUSE  (4 * G_USEC_PER_SEC)

static const BackendSlot *find_slot(const GArray *slots, guint physical)
{
    for (guint i = 0; i < slots->len; i++)
        if (g_array_index(slots, BackendSlot, i).physical == physical)
            return &g_array_index(slots, BackendSlot, i);
    return NULL;
}

/* *RET_SWITCH: there is something to do. *RET_LOGICAL: slot of the modem's that PHYSICAL is to become. */
static gboolean look(QmiBackend *self, guint physical, gboolean *ret_switch, guint8 *ret_logical,
                     gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(GArray) slots = NULL;
    const BackendSlot *slot;

    if (!qmi_backend_query_slots(self, deadline, cancellable, &slots, error))
        return FALSE;
    slot = slots ? find_slot(slots, physical) : NULL;
    if (!slot) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "the modem %s",
                    slots ? "has no such slot" : "does not tell about slots");
        return FALSE;
    }
    *ret_switch = !slot->active;
    *ret_logical = 1;
    for (guint i = 0; i < slots->len; i++)
        if (g_array_index(slots, BackendSlot, i).logical)
            *ret_logical = (guint8)g_array_index(slots, BackendSlot, i).logical;
    if (slot->active || slot->card_present)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT, "no card is in it");
    return FALSE;
}

static gboolean order(QmiBackend *self, guint physical, guint8 logical, gint64 deadline,
                      GCancellable *cancellable, GError **error)
{
    for (guint tries = 1;; tries++) {
        g_autoptr(QmiMessage) request = NULL;
        g_autofree char *words = NULL;
        EuiccdError code = EUICCD_ERROR_MODEM;
        guint16 qmi_error;

        if (!qmi_backend_check(self, error))
            return FALSE;
        request = uim_request_new(self->client, UIM_SWITCH_SLOT);
        uim_put_u8(request, 0x01, logical);
        uim_put_u32(request, 0x02, physical);
        if (!qmi_backend_simple(self, request, deadline, cancellable, &qmi_error, error))
            return FALSE;
        if (qmi_error == 0 || qmi_error == QMI_PROTOCOL_ERROR_NO_EFFECT)
            return TRUE;
        switch (qmi_error) {
        case QMI_PROTOCOL_ERROR_NOT_SUPPORTED:
        case QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND:
        case QMI_PROTOCOL_ERROR_ACCESS_DENIED:
            code = EUICCD_ERROR_NOT_SUPPORTED;
            tries = TRIES;
            break;
        }
        words = qmi_backend_describe(qmi_error);
        if (tries >= TRIES) {
            g_set_error(error, EUICCD_ERROR, (gint)code, "the modem answered %s", words);
            return FALSE;
        }
        log_info(&self->log, "switch to slot %u: the modem answered %s, trying once more", physical,
                 words);
    }
}

/* Until the slot is the active one and its card ready. The first news after a switch may still be of the
 * former card, and requests may fail meanwhile. */
static gboolean wait_active(QmiBackend *self, guint physical, gint64 deadline,
                            GCancellable *cancellable, GError **error)
{
    gint64 pause = FIRST_PAUSE;

    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (qmi_backend_query(self, deadline, cancellable, &failure)) {
            if (self->logical != 0 && self->physical == physical && qmi_backend_is_ready(self))
                return TRUE;
        } else if (!euiccd_error_is(failure, EUICCD_ERROR_MODEM)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        g_clear_error(&failure);
        self->card_changed = FALSE;
        if (!wait_until(&self->card_changed, MIN(deadline, clock_boottime() + pause), cancellable,
                        &failure) &&
            (euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) || clock_boottime() >= deadline)) {
            if (euiccd_error_is(failure, EUICCD_ERROR_CANCELLED))
                g_propagate_error(error, g_steal_pointer(&failure));
            else
                g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY,
                                    "the modem took the order, but the card did not get ready");
            return FALSE;
        }
        if (!qmi_backend_check(self, error))
            return FALSE;
        pause = MIN(pause * 2, LAST_PAUSE);
    }
}

static gboolean switch_slot(QmiBackend *self, guint physical, gint64 deadline,
                            GCancellable *cancellable, GError **error)
{
    gboolean needed = FALSE;
    guint8 logical = 1;

    if (!look(self, physical, &needed, &logical, deadline, cancellable, error))
        return FALSE;
    if (needed && self->backend.quirks->keep_slots == QUIRK_YES) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "it is not active, and this modem's slots are not to be switched "
                            "(keep-slots)");
        return FALSE;
    }
    if (needed) {
        /* An open channel may block the switch back. */
        if (self->backend.leaked && !qmi_backend_clean(self, deadline, cancellable, error))
            return FALSE;
        if (!order(self, physical, logical, deadline, cancellable, error))
            return FALSE;
        qmi_backend_set_away(self);
    }
    if (self->wanted_slot)
        self->wanted_slot = physical;
    return wait_active(self, physical, deadline, cancellable, error);
}

gboolean qmi_backend_switch_slot(Backend *backend, guint physical, gint64 deadline,
                                 GCancellable *cancellable, GError **error)
{
    if (switch_slot((QmiBackend *)backend, physical, deadline, cancellable, error))
        return TRUE;
    g_prefix_error(error, "%s: switch to slot %u: ", backend->name, physical);
    return FALSE;
}
