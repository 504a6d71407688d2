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

static const Es10Function retrieve_notifications_list = {
    .name = "ES10b.RetrieveNotificationsList",
    .request = &rsp_retrieve_notifications_list_request,
    .response = &rsp_retrieve_notifications_list_response,
};

#define TAG_NOTIFICATIONS     0xA0
#define TAG_ERROR             0x81
#define TAG_PACKAGE_RESULTS   0xA2
#define TAG_RESULTS_V1_0      0xA1
#define TAG_NOTIFICATIONS_EPR 0xA3 /* both lists, v1.0 */

/* What stands in OBJECT, or where nobody can read that, only its octets: it is left to whoever can. */
static RspPendingNotification *decode_notification(GBytes *answer, TlvSlice object)
{
    RspPendingNotification *notification =
        tlv_decode_slice(&rsp_pending_notification, answer, object, NULL);

    if (notification)
        return notification;
    notification = g_new0(RspPendingNotification, 1);
    notification->head.type = &rsp_pending_notification;
    notification->head.owner = g_bytes_ref(answer);
    notification->head.raw = object;
    return notification;
}

/* One notification that can't be read must not keep all the others on the card (I-16, I-44). NULL: ANSWER is no list
 * at all. */
static RspRetrieveNotificationsListResponse *cut_list(GBytes *answer)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(tlv_struct_free);
    g_autoptr(GError) error = NULL;
    RspRetrieveNotificationsListResponse *response;
    TlvReader reader;
    Tlv object, list, item;

    if (!tlv_parse(tlv_slice_from_bytes(answer), retrieve_notifications_list.response->tag, &object,
                   NULL))
        return NULL;
    if (!tlv_find(object.value, TAG_NOTIFICATIONS, &list) &&
        (!tlv_find(object.value, TAG_NOTIFICATIONS_EPR, &list) ||
         !tlv_find(list.value, TAG_NOTIFICATIONS, &list)))
        return NULL;
    tlv_reader_init(&reader, list.value);
    while (tlv_next(&reader, &item, &error))
        g_ptr_array_add(items, decode_notification(answer, item.raw));
    if (error)
        return NULL;
    response = g_new0(RspRetrieveNotificationsListResponse, 1);
    response->head.type = retrieve_notifications_list.response;
    response->head.owner = g_bytes_ref(answer);
    response->head.raw = object.raw;
    response->head.content = object.value;
    response->notification_list = g_steal_pointer(&items);
    return response;
}

static RspRetrieveNotificationsListResponse *
call_for_list(Channel *channel, const RspRetrieveNotificationsListRequest *request,
              GCancellable *cancellable, GError **error)
{
    const Es10Function *function = &retrieve_notifications_list;
    g_autoptr(GBytes) octets = tlv_encode(function->request, request, error);
    g_autoptr(GBytes) answer = NULL;
    g_autoptr(GError) local = NULL;
    RspRetrieveNotificationsListResponse *response;

    if (!octets) {
        g_prefix_error(error, "%s: ", function->name);
        return NULL;
    }
    answer = es10_send(channel, function, octets, cancellable, NULL, error);
    if (!answer)
        return NULL;
    response = tlv_decode(function->response, answer, &local);
    if (!response)
        response = cut_list(answer);
    if (!response)
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "%s: response of the card: ", function->name);
    return response;
}

RspRetrieveNotificationsListResponse *
es10b_retrieve_notifications_list(Channel *channel, Es10bListKind kind, gint64 number,
                                  GCancellable *cancellable, GError **error)
{
    RspNotificationSearchCriteria criteria = { 0 };
    RspRetrieveNotificationsListRequest request = { 0 };
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;
    g_autoptr(GBytes) events = NULL;

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
    case ES10B_LIST_BY_EVENT:
        events = es10_make_bits((guint64)number);
        criteria.profile_management_operation = tlv_slice_from_bytes(events);
        request.search_criteria = &criteria;
        break;
    }
    response = call_for_list(channel, &request, cancellable, error);
    if (!response)
        return NULL;
    if (response->notifications_list_result_error.present) {
        es10_set_refused(&retrieve_notifications_list, rsp_names_undefined_error,
                         response->notifications_list_result_error.value, error);
        return NULL;
    }
    return g_steal_pointer(&response);
}

#define TAG_PACKAGE_RESULT 0xBF51

/* The results directly inside LIST. */
static gboolean collect_results(TlvSlice list, GPtrArray *results, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &tlv, &local))
        if (tlv.tag == TAG_PACKAGE_RESULT)
            g_ptr_array_add(results, tlv_slice_to_bytes(tlv.raw));
    if (!local)
        return TRUE;
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "list of package results: ");
    return FALSE;
}

/* CONTENT of BF2B. The tag of the chosen list is missing in what some cards answer. */
static gboolean find_results(TlvSlice content, GPtrArray *results, GError **error)
{
    Tlv list, inner;
    gint64 code;

    if (tlv_find(content, TAG_ERROR, &list)) {
        if (!tlv_get_integer(list.value, &code, error))
            return FALSE;
        es10_set_refused(&retrieve_notifications_list, rsp_names_undefined_error, code, error);
        return FALSE;
    }
    if (tlv_find(content, TAG_PACKAGE_RESULTS, &list))
        return collect_results(list.value, results, error);
    if (tlv_find(content, TAG_NOTIFICATIONS_EPR, &list)) {
        if (!tlv_find(list.value, TAG_RESULTS_V1_0, &inner))
            return collect_results(list.value, results, error);
        return collect_results(inner.value, results, error);
    }
    return collect_results(content, results, error);
}

GPtrArray *es10b_retrieve_package_results(Channel *channel, GCancellable *cancellable,
                                          GError **error)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    RspNotificationSearchCriteria criteria = { .euicc_package_results = TRUE };
    RspRetrieveNotificationsListRequest request = { .search_criteria = &criteria };
    const Es10Function *function = &retrieve_notifications_list;
    g_autoptr(GBytes) octets = tlv_encode(function->request, &request, error);
    g_autoptr(GBytes) answer = NULL;
    g_autoptr(GError) local = NULL;
    Tlv object;

    if (!octets) {
        g_prefix_error(error, "%s: ", function->name);
        return NULL;
    }
    answer = es10_send(channel, function, octets, cancellable, NULL, error);
    if (!answer)
        return NULL;
    if (tlv_parse(tlv_slice_from_bytes(answer), function->response->tag, &object, &local) &&
        find_results(object.value, results, &local))
        return g_steal_pointer(&results);
    if (!euiccd_error_is(local, EUICCD_ERROR_CARD_REFUSED))
        g_prefix_error(&local, "%s: response of the card: ", function->name);
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
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
