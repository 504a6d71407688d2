/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/procedures.h"

/* The notifications on the card (SGP.22 3.5, SGP.32 3.7). */

GPtrArray *ipa_notification_list(const RspRetrieveNotificationsListResponse *response)
{
    if (!response->notification_list && response->notification_and_epr_list)
        return response->notification_and_epr_list->notification_list;
    return response->notification_list;
}

static gboolean get_number(const RspPendingNotification *notification, gint64 *ret_number)
{
    const RspNotificationMetadata *metadata = NULL;

    if (notification->profile_installation_result)
        metadata = notification->profile_installation_result->profile_installation_result_data
                       ->notification_metadata;
    else if (notification->other_signed_notification)
        metadata = notification->other_signed_notification->tbs_other_notification;
    if (!metadata)
        return FALSE;
    *ret_number = metadata->seq_number.value;
    return TRUE;
}

void ipa_notification_numbers(GPtrArray *list, GArray *numbers)
{
    for (guint i = 0; list && i < list->len; i++) {
        gint64 number;

        /* A card that writes 128 as one octet means what nobody can acknowledge. */
        if (get_number(list->pdata[i], &number) && number >= 0)
            g_array_append_val(numbers, number);
    }
}

static gboolean list_notifications(IpaSession *session, gpointer data, GError **error)
{
    RspRetrieveNotificationsListResponse **ret_response = data;

    *ret_response = es10b_retrieve_notifications_list(session->channel, ES10B_LIST_NOTIFICATIONS, 0,
                                                      session->cancellable, error);
    return *ret_response != NULL;
}

RspRetrieveNotificationsListResponse *ipa_card_list_notifications(IpaSession *session,
                                                                  GError **error)
{
    RspRetrieveNotificationsListResponse *response = NULL;

    return ipa_card_call(session, list_notifications, &response, error) ? response : NULL;
}

gboolean ipa_card_read_notifications(IpaSession *session, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(RspRetrieveNotificationsListResponse) response =
        ipa_card_list_notifications(session, &local);
    GPtrArray *list;

    if (response) {
        list = ipa_notification_list(response);
        session->pending_notifications = list ? list->len : 0;
        return TRUE;
    }
    if (!ipa_card_is_bad_answer(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    session->pending_notifications = 0;
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                      "the card can't list its notifications: %s", local->message);
    return TRUE;
}

static gboolean remove_notification(IpaSession *session, gpointer data, GError **error)
{
    return es10b_remove_notification_from_list(session->channel, *(const gint64 *)data,
                                               session->cancellable, error);
}

gboolean ipa_card_remove_notification(IpaSession *session, gint64 number, GError **error)
{
    return ipa_card_call(session, remove_notification, &number, error);
}
