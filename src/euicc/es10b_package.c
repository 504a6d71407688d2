/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include "util/error.h"

/* ES10b: eUICC packages, their results, and notifications. */

GBytes *es10b_load_euicc_package(Channel *channel, GBytes *request, GCancellable *cancellable,
                                 GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.LoadEuiccPackage",
        .request = &rsp_euicc_package_request,
        .response = &rsp_euicc_package_result,
        .long_running = TRUE,
    };
    g_autoptr(GBytes) result = es10_send(channel, &function, request, cancellable, NULL, error);
    Tlv object;

    if (!result)
        return NULL;
    /* Only the outer object is looked at: the eIM judges what the card signed, even what we can't read. */
    if (!tlv_parse(tlv_slice_from_bytes(result), function.response->tag, &object, error)) {
        g_prefix_error(error, "%s: response of the card: ", function.name);
        return NULL;
    }
    return g_steal_pointer(&result);
}

RspRetrieveNotificationsListResponse *
es10b_retrieve_notifications_list(Channel *channel, Es10bListKind kind, gint64 number,
                                  GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.RetrieveNotificationsList",
        .request = &rsp_retrieve_notifications_list_request,
        .response = &rsp_retrieve_notifications_list_response,
    };
    RspNotificationSearchCriteria criteria = { 0 };
    RspRetrieveNotificationsListRequest request = { 0 };
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;

    switch (kind) {
    case ES10B_LIST_NOTIFICATIONS:
        break;
    case ES10B_LIST_PACKAGE_RESULTS:
        criteria.euicc_package_results = TRUE;
        request.search_criteria = &criteria;
        break;
    case ES10B_LIST_BY_NUMBER:
        criteria.seq_number = (TlvInteger){ TRUE, number };
        request.search_criteria = &criteria;
        break;
    }
    response = es10_call(channel, &function, &request, cancellable, NULL, error);
    if (!response)
        return NULL;
    if (response->notifications_list_result_error.present) {
        es10_set_refused(&function, rsp_names_undefined_error,
                         response->notifications_list_result_error.value, error);
        return NULL;
    }
    return g_steal_pointer(&response);
}

gboolean es10b_remove_notification_from_list(Channel *channel, gint64 number,
                                             GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.RemoveNotificationFromList",
        .request = &rsp_notification_sent_request,
        .response = &rsp_notification_sent_response,
    };
    RspNotificationSentRequest request = { .seq_number = { TRUE, number } };
    g_autoptr(RspNotificationSentResponse) response =
        es10_call(channel, &function, &request, cancellable, NULL, error);
    gint64 status;

    if (!response)
        return FALSE;
    status = response->delete_notification_status.value;
    if (status == RSP_DELETE_NOTIFICATION_STATUS_OK ||
        status == RSP_DELETE_NOTIFICATION_STATUS_NOTHING_TO_DELETE)
        return TRUE;
    es10_set_refused(&function, rsp_names_delete_notification_status, status, error);
    return FALSE;
}
