/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "channel/wait.h"
#include "util/error.h"

/*
 * The wrappers keep the promises that callers rely on whatever a back-end does: nothing starts
 * after its deadline, and results hold what the header says.
 */

static gboolean begin(Backend *backend, const char *what, gint64 deadline,
                      GCancellable *cancellable, GError **error)
{
    if (wait_check(deadline, cancellable, error))
        return TRUE;
    g_prefix_error(error, "%s: %s: ", backend->name ? backend->name : backend->class->name, what);
    return FALSE;
}

gboolean backend_open(Backend *backend, gint64 deadline, GCancellable *cancellable, GError **error)
{
    return begin(backend, "open modem", deadline, cancellable, error) &&
           backend->class->open(backend, deadline, cancellable, error);
}

gboolean backend_list_slots(Backend *backend, gint64 deadline, GCancellable *cancellable,
                            GArray **ret_slots, GError **error)
{
    if (!backend->class->list_slots) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the %s back-end has no report of slots", backend->class->name);
        return FALSE;
    }
    return begin(backend, "list slots", deadline, cancellable, error) &&
           backend->class->list_slots(backend, deadline, cancellable, ret_slots, error);
}

gboolean backend_tells_slots(Backend *backend, gint64 deadline, GCancellable *cancellable)
{
    g_autoptr(GArray) slots = NULL;

    return backend_list_slots(backend, deadline, cancellable, &slots, NULL) && slots->len > 0 &&
           g_array_index(slots, BackendSlot, 0).physical != 0;
}

gboolean backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size, gint64 deadline,
                              GCancellable *cancellable, guint8 *ret_channel, GBytes **ret_fci,
                              GError **error)
{
    g_autoptr(GBytes) fci = NULL;
    guint8 channel = 0;

    if (aid_size < 5 || aid_size > 16) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "an AID has 5 to 16 octets, not %" G_GSIZE_FORMAT, aid_size);
        return FALSE;
    }
    if (!begin(backend, "open logical channel", deadline, cancellable, error) ||
        !backend->class->open_channel(backend, aid, aid_size, deadline, cancellable, &channel, &fci,
                                      error))
        return FALSE;
    if (channel == 0 || channel > 19) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "open logical channel: the modem gave channel number %u", channel);
        return FALSE;
    }
    *ret_channel = channel;
    if (ret_fci)
        *ret_fci = g_steal_pointer(&fci);
    return TRUE;
}

gboolean backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                          gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                          GError **error)
{
    g_autoptr(GBytes) response = NULL;

    if (!begin(backend, "send APDU", deadline, cancellable, error) ||
        !backend->class->transmit(backend, channel, apdu, size, deadline, cancellable, &response,
                                  error))
        return FALSE;
    if (g_bytes_get_size(response) < 2) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "send APDU: the answer of %" G_GSIZE_FORMAT " octets holds no status word",
                    g_bytes_get_size(response));
        return FALSE;
    }
    *ret_response = g_steal_pointer(&response);
    return TRUE;
}

gboolean backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                               GCancellable *cancellable, GError **error)
{
    return begin(backend, "close logical channel", deadline, cancellable, error) &&
           backend->class->close_channel(backend, channel, deadline, cancellable, error);
}

gboolean backend_reset_card(Backend *backend, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    if (!backend->class->reset_card) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the %s back-end cannot reset the card", backend->class->name);
        return FALSE;
    }
    return begin(backend, "reset card", deadline, cancellable, error) &&
           backend->class->reset_card(backend, deadline, cancellable, error);
}

gboolean backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          char ret_imei[16], GError **error)
{
    char imei[16] = "";

    if (!backend->class->get_imei) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the %s back-end does not know the IMEI", backend->class->name);
        return FALSE;
    }
    if (!begin(backend, "read IMEI", deadline, cancellable, error) ||
        !backend->class->get_imei(backend, deadline, cancellable, imei, error))
        return FALSE;
    if (strspn(imei, "0123456789") != 15 || imei[15] != '\0') {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "read IMEI: what the modem gave has not 15 digits");
        return FALSE;
    }
    memcpy(ret_imei, imei, sizeof(imei));
    return TRUE;
}

gboolean backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                           guint8 ret_rplmn[3], GError **error)
{
    guint8 rplmn[3];

    if (!backend->class->get_rplmn) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the %s back-end does not know the network", backend->class->name);
        return FALSE;
    }
    if (!begin(backend, "read registered network", deadline, cancellable, error) ||
        !backend->class->get_rplmn(backend, deadline, cancellable, rplmn, error))
        return FALSE;
    memcpy(ret_rplmn, rplmn, sizeof(rplmn));
    return TRUE;
}

void backend_close(Backend *backend)
{
    backend->class->close(backend);
}

void backend_free(Backend *backend)
{
    if (!backend)
        return;
    backend->class->close(backend);
    backend->class->free(backend);
}

void backend_set_event_func(Backend *backend, BackendEventFunc event, gpointer data)
{
    backend->event = event;
    backend->event_data = data;
}

static gboolean lacks(Backend *backend, gboolean has, const char *what, GError **error)
{
    if (has)
        return FALSE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s: the %s back-end can't %s",
                backend->name, backend->class->name, what);
    return TRUE;
}

gboolean backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              BackendIdentity *ret_identity, GError **error)
{
    return !lacks(backend, backend->class->get_identity != NULL, "tell who the modem is", error) &&
           begin(backend, "get identity", deadline, cancellable, error) &&
           backend->class->get_identity(backend, deadline, cancellable, ret_identity, error);
}

void backend_identity_clear(BackendIdentity *identity)
{
    g_clear_pointer(&identity->manufacturer, g_free);
    g_clear_pointer(&identity->model, g_free);
    g_clear_pointer(&identity->revision, g_free);
}

gboolean backend_switch_slot(Backend *backend, guint physical, gint64 deadline,
                             GCancellable *cancellable, GError **error)
{
    return !lacks(backend, backend->class->switch_slot != NULL, "switch slots", error) &&
           begin(backend, "switch slot", deadline, cancellable, error) &&
           backend->class->switch_slot(backend, physical, deadline, cancellable, error);
}

gboolean backend_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                             GError **error)
{
    return !lacks(backend, backend->class->reset_modem != NULL, "restart the modem", error) &&
           begin(backend, "restart the modem", deadline, cancellable, error) &&
           backend->class->reset_modem(backend, deadline, cancellable, error);
}
