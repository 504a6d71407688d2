/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/download.h"
#include "ipa/procedures.h"
#include "util/error.h"

/* Result delivery: SGP.32 3.3.1 steps 9 to 17, and what a restart owes (invariant 3). */

static gboolean record_drop(IpaSession *session, IpaRecord *record, GError **error)
{
    if (!session->host->record_remove(session->host_data, record, error))
        return FALSE;
    g_ptr_array_remove(session->records, record);
    return TRUE;
}

static gboolean record_save(IpaSession *session, IpaRecord *record, GError **error)
{
    if (session->host->record_save(session->host_data, record, error))
        return TRUE;
    g_prefix_error(error, "keeping what is owed to eIM '%s': ", record->eim->eim_id);
    return FALSE;
}

gboolean ipa_results_owe(IpaSession *session, const IpaEim *eim, GBytes *result, gint error_code,
                         GBytes *transaction_id, GError **error)
{
    IpaRecord *record = ipa_record_new(eim);

    record->state = IPA_RECORD_EXECUTED;
    record->result = result ? g_bytes_ref(result) : NULL;
    record->error_code = error_code;
    record->transaction_id = transaction_id ? g_bytes_ref(transaction_id) : NULL;
    if (!record_save(session, record, error)) {
        ipa_record_free(record);
        return FALSE;
    }
    g_ptr_array_add(session->records, record);
    return TRUE;
}

/* Nothing can be kept, so nothing was done; the one thing left is to tell the eIM at once (I-19). */
static void report_unnoted(IpaSession *session, const IpaEim *eim, const EsipaPackage *package)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaResultAnswer) answer = NULL;
    EsipaClient *client = session->host->client(session->host_data, eim, &error);

    if (client)
        answer = esipa_provide_error(client, ESIPA_RESULT_UNDEFINED_ERROR,
                                     package->eim_transaction_id, session->cancellable, &error);
    if (!answer)
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                          "reporting that a package could not be executed: %s", error->message);
}

static IpaRecord *expect(IpaSession *session, IpaRecord *record, const IpaEim *eim,
                         const EsipaPackage *package, GError **error)
{
    if (package->eim_id) {
        g_free(record->eim_id);
        record->eim_id =
            g_strndup(g_bytes_get_data(package->eim_id, NULL), g_bytes_get_size(package->eim_id));
    }
    record->counter = package->kind == ESIPA_PACKAGE_EUICC ? package->counter : -1;
    record->transaction_id =
        package->eim_transaction_id ? g_bytes_ref(package->eim_transaction_id) : NULL;
    record->has_psmos = package->has_psmos;
    record->rollback = package->rollback_flag ? IPA_ROLLBACK_ALLOWED : IPA_ROLLBACK_NONE;
    if (!session->host->record_save(session->host_data, record, error)) {
        ipa_record_free(record);
        report_unnoted(session, eim, package);
        g_prefix_error(error, "noting a package before it is executed: ");
        return NULL;
    }
    g_ptr_array_add(session->records, record);
    return record;
}

IpaRecord *ipa_results_expect(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                              GError **error)
{
    return expect(session, ipa_record_new(eim), eim, package, error);
}

IpaRecord *ipa_results_expect_download(IpaSession *session, const IpaDownloadOrder *order,
                                       const EsipaPackage *package, GError **error)
{
    IpaRecord *record = ipa_record_new(order->eim);

    record->kind = IPA_RECORD_DOWNLOAD;
    record->order = ipa_download_order_copy(order);
    return expect(session, record, order->eim, package, error);
}

gboolean ipa_results_answer(IpaSession *session, IpaRecord *record, GBytes *result, GArray *offered,
                            GError **error)
{
    record->state = IPA_RECORD_EXECUTED;
    record->result = g_bytes_ref(result);
    g_array_append_vals(record->offered, offered->data, offered->len);
    return record_save(session, record, error);
}

/* An eIM that took a result in an answer to its data request is owed it no longer. */
static gboolean drop_settled(IpaSession *session, const IpaRecord *by, GError **error)
{
    g_autoptr(GPtrArray) settled = g_ptr_array_new();

    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        for (guint k = 0; k < by->remove->len; k++)
            if (record != by && record->sequence >= 0 &&
                record->sequence == g_array_index(by->remove, gint64, k) &&
                g_str_equal(record->eim->eim_id, by->eim->eim_id)) {
                g_ptr_array_add(settled, record);
                break;
            }
    }
    for (guint i = 0; i < settled->len; i++)
        if (!record_drop(session, settled->pdata[i], error))
            return FALSE;
    return TRUE;
}

/* Whether more was taken off the card than the result that RECORD holds. */
static gboolean removed_others(const IpaRecord *record)
{
    for (guint i = 0; i < record->remove->len; i++) {
        gint64 number = g_array_index(record->remove, gint64, i);

        if (number != record->sequence && number != record->replaced)
            return TRUE;
    }
    return FALSE;
}

/* A number that is shown; where the card does not tell it now, the next poll asks again. */
static void count_notifications(IpaSession *session)
{
    g_autoptr(GError) error = NULL;

    if (!ipa_card_read_notifications(session, &error)) {
        session->stale = TRUE;
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "counting the card's notifications: %s", error->message);
    }
}

/* Steps 15 to 17: what the eIM acknowledged leaves the card, then the record leaves the disk. AGAIN: some of it may have
 * left the card before its notifications were counted. */
static gboolean carry_out_removal(IpaSession *session, IpaRecord *record, gboolean again,
                                  GError **error)
{
    for (guint i = 0; i < record->remove->len; i++) {
        gint64 number = g_array_index(record->remove, gint64, i);

        g_autoptr(GError) local = NULL;

        if (ipa_card_remove_notification(session, number, &local))
            continue;
        g_prefix_error(&local, "removing acknowledged result %" G_GINT64_FORMAT ": ", number);
        /* A card that says no is asked again at the next poll; it holds up nothing else. */
        if (euiccd_error_is(local, EUICCD_ERROR_CARD_REFUSED) ||
            euiccd_error_is(local, EUICCD_ERROR_CARD_STATUS)) {
            ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id, "%s",
                              local->message);
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (record->remove->len > 0)
        ipa_session_event(session, LOG_LEVEL_INFO, LOG_EVENT_NONE, record->eim->eim_id,
                          "acknowledged result removed from the card");
    if (removed_others(record) || (again && record->kind == IPA_RECORD_NOTIFICATION))
        count_notifications(session);
    else if (record->kind == IPA_RECORD_NOTIFICATION && session->pending_notifications > 0)
        session->pending_notifications--;
    return drop_settled(session, record, error) && record_drop(session, record, error);
}

static gboolean holds_number(const GArray *numbers, gint64 number)
{
    for (guint i = 0; i < numbers->len; i++)
        if (g_array_index(numbers, gint64, i) == number)
            return TRUE;
    return FALSE;
}

/* Which numbers may be removed after the eIM's answer (I-21, I-22). */
static void note_acknowledgements(IpaSession *session, IpaRecord *record,
                                  const EsipaResultAnswer *answer)
{
    gboolean keep = session->host->keep_unacknowledged(session->host_data, record->eim->eim_id);
    gboolean mine = FALSE;

    g_array_set_size(record->remove, 0);
    if (!answer->has_acknowledgements) {
        mine = record->sequence >= 0 && !keep;
    } else {
        for (guint i = 0; i < answer->acknowledged->len; i++) {
            gint64 number = g_array_index(answer->acknowledged, gint64, i);

            /* Only numbers that were delivered in this exchange are the eIM's to acknowledge. */
            if (number == record->sequence && record->sequence >= 0)
                mine = TRUE;
            else if (holds_number(record->offered, number))
                g_array_append_val(record->remove, number);
            else
                ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                                  "eIM acknowledged number %" G_GINT64_FORMAT
                                  ", which was not delivered with this result: ignored",
                                  number);
        }
    }
    if (mine)
        g_array_append_val(record->remove, record->sequence);
    /* Its eIM has the result that took the place of this one (3.3.2), if the card still lists it. */
    if (mine && record->replaced >= 0)
        g_array_append_val(record->remove, record->replaced);
}

/* Step 9: the card's notifications, for an eIM that wants them together with the result of a package with
 * PSMOs (I-23). A card that can't list them does not hold up the result. */
static RspRetrieveNotificationsListResponse *
get_notifications(IpaSession *session, IpaRecord *record, GPtrArray **ret_list)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;
    GPtrArray *list;

    if (!record->has_psmos ||
        !session->host->send_notifications(session->host_data, record->eim->eim_id))
        return NULL;
    response = ipa_card_list_notifications(session, &error);
    if (!response) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "the result goes without the card's notifications: %s", error->message);
        return NULL;
    }
    list = ipa_notification_list(response);
    *ret_list = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; list && i < list->len; i++)
        g_ptr_array_add(*ret_list, tlv_slice_to_bytes(
                                       ((const RspPendingNotification *)list->pdata[i])->head.raw));
    g_array_set_size(record->offered, 0);
    ipa_notification_numbers(list, record->offered);
    return g_steal_pointer(&response);
}

/* The eIM that takes an installation result acknowledges it by that (SGP.32 3.2.3.2 step 16). */
static EsipaResultAnswer *send_notification(const IpaRecord *record, EsipaClient *client,
                                            GCancellable *cancellable, GError **error)
{
    EsipaResultAnswer *answer;

    if (!esipa_handle_notification(client, record->result, cancellable, error))
        return NULL;
    answer = g_new0(EsipaResultAnswer, 1);
    answer->has_acknowledgements = TRUE;
    answer->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (record->sequence >= 0)
        g_array_append_val(answer->acknowledged, record->sequence);
    return answer;
}

/* Only the result of a download trigger goes this way (I-14). */
static gboolean goes_as_notification(IpaSession *session, const IpaRecord *record)
{
    const IpaHost *host = session->host;
    Tlv object;

    return host->notify_trigger_result && record->result &&
           tlv_parse(tlv_slice_from_bytes(record->result), 0xBF54, &object, NULL) &&
           host->notify_trigger_result(session->host_data, record->eim->eim_id);
}

/* What the eIM takes has no acknowledgement: as when there is none in an answer (I-21). */
static EsipaResultAnswer *notify_result(const IpaRecord *record, EsipaClient *client,
                                        GCancellable *cancellable, GError **error)
{
    EsipaResultAnswer *answer;

    if (!esipa_notify_result(client, record->result, cancellable, error))
        return NULL;
    answer = g_new0(EsipaResultAnswer, 1);
    answer->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    return answer;
}

static EsipaResultAnswer *send_record(IpaSession *session, IpaRecord *record, EsipaClient *client,
                                      GError **error)
{
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;
    g_autoptr(GPtrArray) notifications = NULL;
    GCancellable *delivery = session->delivery ? session->delivery : session->cancellable;

    /* One that went out while the modem goes is not called back, and none is begun. */
    if (g_cancellable_is_cancelled(session->cancellable)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (record->kind == IPA_RECORD_NOTIFICATION)
        return send_notification(record, client, delivery, error);
    if (goes_as_notification(session, record))
        return notify_result(record, client, delivery, error);
    if (record->result) {
        response = get_notifications(session, record, &notifications);
        return esipa_provide_result(client, record->result, notifications, delivery, error);
    }
    return esipa_provide_error(client, (EsipaResultError)record->error_code, record->transaction_id,
                               delivery, error);
}

static gboolean deliver_record(IpaSession *session, IpaRecord *record, GError **error)
{
    const char *eim_id = record->eim->eim_id;
    g_autoptr(EsipaResultAnswer) answer = NULL;
    g_autoptr(GError) local = NULL;
    EsipaClient *client = session->host->client(session->host_data, record->eim, error);

    if (!client)
        return FALSE;
    ipa_session_stage(session, 0.8, "delivering the result to %s", eim_id);
    answer = send_record(session, record, client, &local);
    if (!answer && record->sequence < 0 && euiccd_error_is(local, EUICCD_ERROR_EIM_REFUSED)) {
        /* The eIM has had its answer and wants no other. The card does not store it either, so offering
         * it again and again would serve nobody. */
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim_id,
                          "the eIM refused an answer, which is not offered again: %s",
                          local->message);
        return record_drop(session, record, error);
    }
    if (!answer) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "delivering a result to eIM '%s': ", eim_id);
        return FALSE;
    }
    note_acknowledgements(session, record, answer);
    ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_RESULT_DELIVERED, eim_id,
                      "result delivered, %s",
                      record->remove->len > 0        ? "acknowledged"
                      : record->sequence < 0         ? "accepted"
                      : answer->has_acknowledgements ? "not acknowledged: kept on the card"
                                                     : "accepted: kept on the card");
    if (record->remove->len == 0 && record->sequence < 0)
        return record_drop(session, record, error);
    record->state = record->remove->len > 0 ? IPA_RECORD_DELIVERED : IPA_RECORD_KEPT;
    if (!record_save(session, record, error))
        return FALSE;
    return record->state == IPA_RECORD_KEPT || carry_out_removal(session, record, FALSE, error);
}

static gboolean settle_record(IpaSession *session, IpaRecord *record, GError **error)
{
    switch (record->state) {
    case IPA_RECORD_EXECUTING: /* waits for reconciliation */
    case IPA_RECORD_KEPT:
        return TRUE;
    case IPA_RECORD_EXECUTED:
        return record->refused || deliver_record(session, record, error);
    case IPA_RECORD_DELIVERED:
        return carry_out_removal(session, record, TRUE, error);
    }
    g_return_val_if_reached(FALSE);
}

gboolean ipa_results_is_refusal(const GError *error)
{
    return euiccd_error_is(error, EUICCD_ERROR_EIM_REFUSED) ||
           euiccd_error_is(error, EUICCD_ERROR_EIM_REJECTED) ||
           euiccd_error_is(error, EUICCD_ERROR_HTTP) ||
           euiccd_error_is(error, EUICCD_ERROR_MALFORMED) ||
           euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE);
}

guint ipa_results_count(IpaSession *session, const char *eim_id)
{
    guint count = 0;

    for (guint i = 0; i < session->records->len; i++) {
        const IpaRecord *record = session->records->pdata[i];

        if (record->state == IPA_RECORD_EXECUTED && g_str_equal(record->eim->eim_id, eim_id))
            count++;
    }
    return count;
}

gboolean ipa_results_deliver(IpaSession *session, const IpaEim *eim, GError **error)
{
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    g_autoptr(GError) refusal = NULL;

    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        if (g_str_equal(record->eim->eim_id, eim->eim_id))
            g_ptr_array_add(due, record);
    }
    for (guint i = 0; i < due->len; i++) {
        IpaRecord *record = due->pdata[i];
        g_autoptr(GError) local = NULL;

        /* An answer before it may have settled it as well (drop_settled()). */
        if (!g_ptr_array_find(session->records, record, NULL) ||
            settle_record(session, record, &local))
            continue;
        if (!ipa_results_is_refusal(local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        record->refused = TRUE;
        if (!refusal)
            refusal = g_steal_pointer(&local);
    }
    if (refusal) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return FALSE;
    }
    return TRUE;
}

/* ---- reconciliation ---- */

static gboolean same_transaction(GBytes *a, TlvSlice b)
{
    if (!a || !b.data)
        return TRUE; /* counter and eimId decide where one side has none */
    return tlv_slice_equal(tlv_slice_from_bytes(a), b);
}

static gboolean is_result_of(const IpaRecord *record, const IpaResultView *view)
{
    if (record->counter != view->counter || !g_str_equal(record->eim_id, view->eim_id))
        return FALSE;
    /* An eIM that was deleted and added again begins to count anew. The rollback's result and the one in
     * whose place it is are of one package. */
    if (record->sequence >= 0 && record->sequence != view->sequence &&
        record->replaced != view->sequence &&
        !(view->rolled_back && record->rollback == IPA_ROLLBACK_TRIED))
        return FALSE;
    return same_transaction(record->transaction_id, view->transaction_id);
}

static IpaRecord *find_record(IpaSession *session, const IpaResultView *view)
{
    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        if (is_result_of(record, view))
            return record;
    }
    return NULL;
}

gboolean ipa_results_match(const IpaRecord *record, GBytes *result)
{
    g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;

    return !ipa_result_view(result, &view, NULL) ||
           (view.rolled_back && is_result_of(record, &view));
}

gboolean ipa_results_find(IpaSession *session, const IpaRecord *record, GBytes **ret_result,
                          GError **error)
{
    g_autoptr(GPtrArray) results = ipa_card_read_results(session, error);
    GBytes *found = NULL;

    if (!results)
        return FALSE;
    for (guint i = 0; i < results->len && !found; i++) {
        g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;

        if (ipa_result_view(results->pdata[i], &view, NULL) && is_result_of(record, &view))
            found = g_bytes_ref(results->pdata[i]);
    }
    *ret_result = found;
    return TRUE;
}

static gboolean adopt(IpaSession *session, IpaRecord *record, GBytes *result, GError **error)
{
    record->result = g_bytes_ref(result);
    record->state = IPA_RECORD_EXECUTED;
    ipa_package_note_result(session, record);
    return record_save(session, record, error);
}

static gboolean reconcile_result(IpaSession *session, GBytes *result, GHashTable *seen,
                                 GError **error)
{
    g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;
    const IpaEim *eim;
    IpaRecord *record;

    g_autoptr(GError) local = NULL;

    if (!ipa_result_view(result, &view, &local)) {
        /* Nobody can say whose it is. The others are not held up by it. */
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "a result stored on the card can't be read (%s): left there",
                          local->message);
        return TRUE;
    }
    g_hash_table_add(seen, g_memdup2(&view.sequence, sizeof(view.sequence)));
    record = find_record(session, &view);
    if (record) {
        if (record->state == IPA_RECORD_EXECUTED && record->rollback == IPA_ROLLBACK_TRIED &&
            view.rolled_back)
            return ipa_rollback_adopt(session, record, result, error);
        if (record->state != IPA_RECORD_EXECUTING)
            return TRUE;
        ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, view.eim_id,
                          "found the result of an interrupted package on the card");
        return adopt(session, record, result, error);
    }
    eim = ipa_session_find_eim(session, view.eim_id);
    if (!eim) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, view.eim_id,
                          "the card holds result %" G_GINT64_FORMAT
                          " for an eIM it no longer names: left there",
                          view.sequence);
        return TRUE;
    }
    ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, view.eim_id,
                      "found an undelivered result on the card");
    record = ipa_record_new(eim);
    g_free(record->eim_id);
    record->eim_id = g_strdup(view.eim_id);
    record->counter = view.counter;
    if (view.transaction_id.data)
        record->transaction_id = tlv_slice_to_bytes(view.transaction_id);
    if (!adopt(session, record, result, error)) {
        ipa_record_free(record);
        return FALSE;
    }
    g_ptr_array_add(session->records, record);
    return TRUE;
}

gboolean ipa_results_find_rollback(IpaSession *session, const IpaRecord *record,
                                   GBytes **ret_result, GError **error)
{
    g_autoptr(GPtrArray) results = ipa_card_read_results(session, error);
    GBytes *found = NULL;

    if (!results)
        return FALSE;
    for (guint i = 0; i < results->len && !found; i++) {
        g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;

        if (ipa_result_view(results->pdata[i], &view, NULL) && view.rolled_back &&
            is_result_of(record, &view))
            found = g_bytes_ref(results->pdata[i]);
    }
    *ret_result = found;
    return TRUE;
}

/* A rollback was interrupted, and the card has no result of it. While the former one is there, nothing was
 * rolled back, and it still may be. */
static gboolean reconcile_rollback(IpaSession *session, IpaRecord *record, GHashTable *seen,
                                   GError **error)
{
    if (!g_hash_table_contains(seen, &record->sequence))
        return ipa_rollback_adopt_nothing(session, record, error);
    record->rollback = IPA_ROLLBACK_ALLOWED;
    return record_save(session, record, error);
}

/* A download that was under way. The list is asked only where there may be an installation in it. */
static gboolean reconcile_download(IpaSession *session, IpaRecord *record, GError **error)
{
    g_autoptr(RspRetrieveNotificationsListResponse) notifications = NULL;
    g_autoptr(GError) local = NULL;

    if (record->session_id)
        notifications = ipa_card_list_notifications(session, &local);
    if (local && !ipa_card_is_bad_answer(local)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "looking for the result of an interrupted download: ");
        return FALSE;
    }
    return ipa_download_reconcile(session, record, notifications, error);
}

/* Records that the card's list explains no further. */
static gboolean reconcile_record(IpaSession *session, IpaRecord *record, GHashTable *seen,
                                 GError **error)
{
    switch (record->state) {
    case IPA_RECORD_EXECUTING:
        if (record->kind == IPA_RECORD_DOWNLOAD)
            return reconcile_download(session, record, error);
        /* The answer was lost and the card has no result: it did not run, or it ended in an error that
         * cards do not store. The eIM decides what next (I-43). */
        record->state = IPA_RECORD_EXECUTED;
        record->error_code = ESIPA_RESULT_UNDEFINED_ERROR;
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                          "an interrupted package left no result on the card");
        return record_save(session, record, error);
    case IPA_RECORD_KEPT:
        if (record->kind != IPA_RECORD_NOTIFICATION &&
            !g_hash_table_contains(seen, &record->sequence))
            return record_drop(session, record, error);
        return TRUE;
    case IPA_RECORD_EXECUTED:
        return record->rollback != IPA_ROLLBACK_TRIED ||
               reconcile_rollback(session, record, seen, error);
    case IPA_RECORD_DELIVERED:
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

/* An eUICC package of which only the card knows what became of it. */
static gboolean is_executing(IpaSession *session)
{
    for (guint i = 0; i < session->records->len; i++) {
        const IpaRecord *record = session->records->pdata[i];

        if (record->state == IPA_RECORD_EXECUTING && record->eim_id[0] != '\0')
            return TRUE;
    }
    return FALSE;
}

gboolean ipa_results_reconcile(IpaSession *session, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GError) local = NULL;
    g_autoptr(GPtrArray) results = ipa_card_read_results(session, &local);
    g_autoptr(GPtrArray) records = NULL;

    if (!results) {
        g_prefix_error(&local, "reading stored package results: ");
        /* Nothing waits for it: an eIM may be able to repair a card that can't tell. It is asked again
         * at the next poll. */
        if (ipa_card_is_bad_answer(local) && !is_executing(session)) {
            ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL, "%s",
                              local->message);
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    for (guint i = 0; i < results->len; i++)
        if (!reconcile_result(session, results->pdata[i], seen, error))
            return FALSE;
    records = g_ptr_array_copy(session->records, NULL, NULL);
    g_ptr_array_set_free_func(records, NULL);
    for (guint i = 0; i < records->len; i++)
        if (!reconcile_record(session, records->pdata[i], seen, error))
            return FALSE;
    session->reconciled = TRUE;
    return TRUE;
}
