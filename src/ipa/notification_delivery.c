/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/download_private.h"
#include "ipa/procedures.h"
#include "util/error.h"

/* Notifications to the servers that they name: SGP.22 3.5, SGP.32 3.7; interop notes I-15, I-16. */

typedef struct {
    const RspPendingNotification *pending;
    const RspNotificationMetadata *metadata;
    char *address;
    char *key;
    gint64 sequence;
} Item;

static void item_clear(Item *item)
{
    g_free(item->address);
    g_free(item->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Item, item_clear)

/* Numbers are given again after a reset of the card, so what the notification is about belongs to its key. */
static char *make_key(const RspNotificationMetadata *metadata)
{
    g_autofree char *digest = g_compute_checksum_for_data(
        G_CHECKSUM_SHA256, metadata->head.raw.data, metadata->head.raw.size);

    digest[16] = '\0';
    return g_strdup_printf("%" G_GINT64_FORMAT "-%s", metadata->seq_number.value, digest);
}

/* FALSE: nobody can say whose it is, or what its number is. */
static gboolean item_init(Item *item, const RspPendingNotification *pending)
{
    const RspNotificationMetadata *metadata = NULL;

    *item = (Item){ .pending = pending };
    if (pending->profile_installation_result)
        metadata = pending->profile_installation_result->profile_installation_result_data
                       ->notification_metadata;
    else if (pending->other_signed_notification)
        metadata = pending->other_signed_notification->tbs_other_notification;
    if (!metadata || metadata->seq_number.value < 0 || metadata->notification_address.size == 0)
        return FALSE;
    item->metadata = metadata;
    item->sequence = metadata->seq_number.value;
    item->address = tlv_slice_to_text(metadata->notification_address);
    item->key = make_key(metadata);
    return TRUE;
}

/* The result of a download that went through an eIM is that eIM's to pass on (I-15). While an order is under way, the
 * card's list is what tells whether its session came to a result, whichever way it went (invariant 3). */
static gboolean is_of_record(IpaSession *session, const Item *item)
{
    const RspProfileInstallationResult *result = item->pending->profile_installation_result;

    for (guint i = 0; result && i < session->records->len; i++) {
        const IpaRecord *record = session->records->pdata[i];

        if (record->kind == IPA_RECORD_NOTIFICATION && record->sequence == item->sequence)
            return TRUE;
        if (record->kind == IPA_RECORD_DOWNLOAD && record->session_id &&
            (record->indirect || record->state == IPA_RECORD_EXECUTING) &&
            tlv_slice_equal(result->profile_installation_result_data->transaction_id,
                            tlv_slice_from_bytes(record->session_id)))
            return TRUE;
    }
    return FALSE;
}

/* ---- one of them ---- */

/* An IPA without a way of its own leaves it to an eIM (SGP.32 3.7): the first one that it may speak to. */
static gboolean hand_to_eim(IpaSession *session, GBytes *raw, guint *ret_retry_after,
                            GError **error)
{
    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];
        EsipaClient *client;

        if (!ipa_eim_is_polled(eim))
            continue;
        client = session->host->client(session->host_data, eim, error);
        if (!client)
            return FALSE;
        if (esipa_handle_notification(client, raw, session->cancellable, error))
            return TRUE;
        *ret_retry_after = esipa_client_get_retry_after(client);
        return FALSE;
    }
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                        "there is neither a way to it nor an eIM");
    return FALSE;
}

static gboolean hand_over(IpaSession *session, const Item *item, guint *ret_retry_after,
                          GError **error)
{
    const IpaHost *host = session->host;
    g_autoptr(GBytes) raw = tlv_slice_to_bytes(item->pending->head.raw);
    Es9pClient *client;

    if (!host->rsp_server)
        return hand_to_eim(session, raw, ret_retry_after, error);
    client = host->rsp_server(session->host_data, item->address, IPA_SERVER_DP, error);
    if (!client)
        return FALSE;
    if (es9p_handle_notification(client, raw, session->cancellable, error))
        return TRUE;
    *ret_retry_after = es9p_client_get_retry_after(client);
    return FALSE;
}

static IpaDelivery judge(const GError *failure)
{
    /* No server is to blame for what our own configuration lacks. */
    if (euiccd_error_is(failure, EUICCD_ERROR_CONFIG))
        return IPA_DELIVERY_IMPOSSIBLE;
    return euiccd_error_is(failure, EUICCD_ERROR_NETWORK) ||
                   euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT)
               ? IPA_DELIVERY_UNREACHABLE
               : IPA_DELIVERY_REFUSED;
}

/* An eIM passes on what it gets to the server that it names, so after a long while it is offered what the server did not
 * take (I-15). The specification leaves open whether the server is tried on then: what an eIM took is delivered (SGP.32
 * 3.7). The result of a direct download is none of this: an eIM that did not run the session drops it. */
static gboolean may_relay(IpaSession *session, const Item *item)
{
    const IpaHost *host = session->host;
    IpaNotification notification = {
        .key = item->key,
        .address = item->address,
        .sequence = item->sequence,
    };

    return host->rsp_server && item->pending->other_signed_notification &&
           host->notification_is_overdue &&
           host->notification_is_overdue(session->host_data, &notification);
}

static gboolean relay(IpaSession *session, const Item *item)
{
    g_autoptr(GBytes) raw = tlv_slice_to_bytes(item->pending->head.raw);
    g_autoptr(GError) error = NULL;
    guint retry_after = 0;

    if (hand_to_eim(session, raw, &retry_after, &error))
        return TRUE;
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                      "giving notification %" G_GINT64_FORMAT
                      " to an eIM, as %s can't be reached: %s",
                      item->sequence, item->address, error->message);
    return FALSE;
}

/* What ends the whole round. */
static gboolean is_over(IpaSession *session, const GError *failure)
{
    return g_cancellable_is_cancelled(session->cancellable) ||
           euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) ||
           euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE);
}

static gboolean is_stuck(IpaSession *session, const IpaNotification *notification)
{
    return session->host->notification_is_stuck &&
           session->host->notification_is_stuck(session->host_data, notification);
}

static void settle(IpaSession *session, const IpaNotification *notification, IpaDelivery delivery,
                   guint retry_after, const char *why)
{
    if (session->host->notification_settled)
        session->host->notification_settled(session->host_data, notification, delivery, retry_after,
                                            why);
}

/* What its receiver (DONE in *RET_DELIVERY) or an eIM (RELAYED) has leaves the card. FALSE: the round is over. A card
 * that says no holds up nothing else, and its receiver does not get it again. */
static gboolean take_off(IpaSession *session, const IpaNotification *notification,
                         guint retry_after, IpaDelivery *ret_delivery, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (ipa_card_remove_notification(session, notification->sequence, &failure)) {
        if (session->pending_notifications > 0)
            session->pending_notifications--;
        settle(session, notification, *ret_delivery, retry_after, NULL);
        return TRUE;
    }
    *ret_delivery = IPA_DELIVERY_STUCK;
    settle(session, notification, IPA_DELIVERY_STUCK, 0, failure->message);
    g_prefix_error(&failure, "removing delivered notification %" G_GINT64_FORMAT ": ",
                   notification->sequence);
    if (!euiccd_error_is(failure, EUICCD_ERROR_CARD_REFUSED) &&
        !euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL, "%s", failure->message);
    return TRUE;
}

/* Delivers ITEM and takes it off the card. OUT_OF_REACH: its receiver, who is not tried. FALSE: the round is over. */
static gboolean deliver(IpaSession *session, const Item *item, gboolean out_of_reach,
                        IpaDelivery *ret_delivery, GError **error)
{
    IpaNotification notification = {
        .key = item->key,
        .address = item->address,
        .sequence = item->sequence,
    };
    g_autoptr(GError) failure = NULL;
    g_autofree char *why = NULL;
    guint retry_after = 0;

    if (g_cancellable_set_error_if_cancelled(session->cancellable, error))
        return FALSE;
    ipa_session_stage(session, 0.95, "delivering notification %" G_GINT64_FORMAT " to %s",
                      item->sequence, item->address);
    *ret_delivery = IPA_DELIVERY_DONE;
    if (is_stuck(session, &notification))
        return take_off(session, &notification, 0, ret_delivery, error);
    if (out_of_reach)
        g_set_error_literal(&failure, EUICCD_ERROR, EUICCD_ERROR_NETWORK, "it is out of reach");
    if (out_of_reach || !hand_over(session, item, &retry_after, &failure)) {
        why = g_strdup(failure->message);
        g_prefix_error(&failure,
                       "delivering notification %" G_GINT64_FORMAT " to %s: ", item->sequence,
                       item->address);
        if (is_over(session, failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        *ret_delivery = judge(failure);
        if (*ret_delivery != IPA_DELIVERY_IMPOSSIBLE && !out_of_reach)
            ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL, "%s",
                              failure->message);
        if (*ret_delivery != IPA_DELIVERY_UNREACHABLE || !may_relay(session, item) ||
            !relay(session, item)) {
            settle(session, &notification, *ret_delivery, retry_after, why);
            return TRUE;
        }
        *ret_delivery = IPA_DELIVERY_RELAYED;
    }
    ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, NULL,
                      "notification %" G_GINT64_FORMAT " %s %s", item->sequence,
                      *ret_delivery == IPA_DELIVERY_RELAYED ? "given to an eIM for"
                                                            : "delivered to",
                      item->address);
    return take_off(session, &notification, retry_after, ret_delivery, error);
}

void ipa_notification_deliver_one(IpaSession *session, GBytes *notification)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RspPendingNotification) pending =
        tlv_decode(&rsp_pending_notification, notification, &error);
    g_auto(Item) item = { 0 };
    IpaDelivery delivery;

    if (pending && item_init(&item, pending)) {
        (void)deliver(session, &item, FALSE, &delivery, &error);
    } else if (!error) {
        g_set_error_literal(&error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "a notification of the card names no receiver: left there");
    }
    if (error)
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL, "%s", error->message);
}

/* ---- all of them ---- */

static gint compare_items(gconstpointer a, gconstpointer b)
{
    const Item *left = a, *right = b;

    return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

static gboolean is_due(IpaSession *session, const Item *item)
{
    IpaNotification notification = {
        .key = item->key,
        .address = item->address,
        .sequence = item->sequence,
    };

    return !session->host->notification_is_due ||
           session->host->notification_is_due(session->host_data, &notification);
}

/* Ascending by number (I-16). What can't be read stays on the card and holds up nothing. */
static GArray *make_items(IpaSession *session, const GPtrArray *list, GPtrArray *keys)
{
    GArray *items = g_array_new(FALSE, TRUE, sizeof(Item));

    g_array_set_clear_func(items, (GDestroyNotify)item_clear);
    for (guint i = 0; list && i < list->len; i++) {
        Item item;

        if (item_init(&item, list->pdata[i])) {
            g_ptr_array_add(keys, item.key);
            g_array_append_val(items, item);
            continue;
        }
        item_clear(&item);
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "a notification of the card names no receiver: left there");
    }
    g_array_sort(items, compare_items);
    return items;
}

static gboolean deliver_all(IpaSession *session, GArray *items, IpaNotificationReport *report,
                            GError **error)
{
    g_autoptr(GHashTable) unreachable = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) relayed = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        IpaDelivery delivery;
        gboolean relays;

        if (is_of_record(session, item)) {
            report->of_eim++;
            continue;
        }
        relays = g_hash_table_contains(relayed, item->address) && may_relay(session, item);
        if ((!is_due(session, item) && !relays) ||
            g_hash_table_contains(unreachable, item->address)) {
            report->postponed++;
            continue;
        }
        if (!deliver(session, item, relays, &delivery, error))
            return FALSE;
        switch (delivery) {
        case IPA_DELIVERY_DONE:
            report->delivered++;
            break;
        case IPA_DELIVERY_RELAYED:
            report->delivered++;
            g_hash_table_add(relayed, item->address);
            break;
        case IPA_DELIVERY_REFUSED:
            report->refused++;
            break;
        case IPA_DELIVERY_UNREACHABLE:
            report->postponed++;
            g_hash_table_add(unreachable, item->address);
            break;
        case IPA_DELIVERY_IMPOSSIBLE:
            report->impossible++;
            break;
        case IPA_DELIVERY_STUCK:
            report->stuck++;
            break;
        }
    }
    return TRUE;
}

gboolean ipa_notifications_deliver(IpaSession *session, IpaNotificationReport *ret_report,
                                   GError **error)
{
    IpaNotificationReport report = { 0 };
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autoptr(GArray) items = NULL;
    GPtrArray *list;
    gboolean ok = TRUE;

    ipa_card_refresh_if_stale(session);
    if (session->pending_notifications > 0) {
        response = ipa_card_list_notifications(session, error);
        if (!response) {
            g_prefix_error(error, "reading the card's notifications: ");
            return FALSE;
        }
        list = ipa_notification_list(response);
        session->pending_notifications = list ? list->len : 0;
        items = make_items(session, list, keys);
        if (session->host->notifications_seen)
            session->host->notifications_seen(session->host_data, keys);
        ok = deliver_all(session, items, &report, error);
    }
    report.pending = session->pending_notifications;
    if (ret_report)
        *ret_report = report;
    return ok;
}
