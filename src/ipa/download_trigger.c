/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa/card.h"
#include "ipa/download_private.h"
#include "ipa/procedures.h"
#include "rsp/names.h"
#include "util/error.h"
#include "util/host.h"

/*
 * ProfileDownloadTrigger of an eIM, and its result: SGP.32 3.2.3.1 steps 1 to 4 and 13, 3.2.3.2, 2.11.2.3; interop
 * notes I-14, I-15, I-17, I-19. The order is on disk from the moment it was taken until its result is; the result
 * until the eIM has it.
 */

/* ---- what the eIM wants ---- */

static IpaDownloadOrder *refuse(const char *why, GError **error)
{
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT, why);
    return NULL;
}

static gboolean take_data(IpaDownloadOrder *order, const RspProfileDownloadData *data,
                          GError **error)
{
    g_autofree char *host = NULL;
    guint16 port;

    if (data->activation_code.data) {
        order->kind = IPA_ORDER_ACTIVATION_CODE;
        order->code = rsp_activation_code_parse(data->activation_code, error);
        return order->code != NULL;
    }
    if (data->contact_default_smdp) {
        order->kind = IPA_ORDER_DEFAULT_SMDP;
        return TRUE;
    }
    order->kind = IPA_ORDER_SMDS;
    if (!data->contact_smds || data->contact_smds->smds_address.size == 0)
        return TRUE;
    order->smds = tlv_slice_to_text(data->contact_smds->smds_address);
    return host_parse(order->smds, &host, &port) ||
           refuse("the address of the SM-DS is no host name with an optional port", error);
}

IpaDownloadOrder *ipa_download_order_from_trigger(const IpaEim *eim,
                                                  const RspProfileDownloadTriggerRequest *request,
                                                  gboolean indirect, GError **error)
{
    g_autoptr(IpaDownloadOrder) order = ipa_download_order_new(IPA_ORDER_OF_EIM);

    order->eim = ipa_eim_copy(eim);
    if (request->eim_transaction_id.data)
        order->eim_transaction_id = tlv_slice_to_bytes(request->eim_transaction_id);
    if (!request->profile_download_data)
        return indirect ? g_steal_pointer(&order)
                        : refuse("it does not say what to download", error);
    return take_data(order, request->profile_download_data, error) ? g_steal_pointer(&order) : NULL;
}

/* ---- what it gets ---- */

static EsipaDialect get_dialect(IpaSession *session, const IpaEim *eim)
{
    EsipaClient *client = session->host->client(session->host_data, eim, NULL);

    return client ? esipa_client_get_dialect(client) : ESIPA_DIALECT_V1_2;
}

static gboolean conclude(IpaSession *session, IpaRecord *record, GError **error)
{
    record->state = IPA_RECORD_EXECUTED;
    /* The secrets have served their purpose. */
    g_clear_pointer(&record->order, ipa_download_order_free);
    g_clear_pointer(&record->event, g_free);
    g_ptr_array_set_size(record->finished, 0);
    g_clear_pointer(&record->installation, g_bytes_unref);
    if (session->host->record_save(session->host_data, record, error))
        return TRUE;
    g_prefix_error(error, "keeping the result of a download: ");
    return FALSE;
}

static gboolean conclude_with_error(IpaSession *session, IpaRecord *record, gint reason,
                                    GBytes *response, GError **error)
{
    record->result = ipa_download_make_error(record->transaction_id,
                                             get_dialect(session, record->eim), reason, response);
    return conclude(session, record, error);
}

/* RESULT: BF37. Through the eIM it goes as the notification it is, which the eIM passes on to the SM-DP+ and needs
 * no other word of (I-15); otherwise inside the trigger's result, and to the SM-DP+ besides. */
static gboolean conclude_with_result(IpaSession *session, IpaRecord *record, GBytes *result,
                                     GError **error)
{
    g_auto(IpaInstallation) installation = { 0 };

    if (!record->indirect) {
        record->result = ipa_download_make_result(record->transaction_id, result);
        return conclude(session, record, error);
    }
    (void)ipa_installation_read(result, &installation);
    record->kind = IPA_RECORD_NOTIFICATION;
    record->result = g_bytes_ref(result);
    record->sequence = installation.sequence;
    return conclude(session, record, error);
}

gboolean ipa_download_finish_event(IpaSession *session, IpaRecord *record, const char *event,
                                   GBytes *result, GError **error)
{
    g_ptr_array_add(record->finished, g_strdup(event));
    g_clear_pointer(&record->event, g_free);
    record->stage = IPA_DOWNLOAD_ORDERED;
    record->tries = 0;
    g_clear_pointer(&record->session_id, g_bytes_unref);
    g_clear_pointer(&record->server, g_free);
    if (result) {
        g_clear_pointer(&record->installation, g_bytes_unref);
        record->installation = g_bytes_ref(result);
    }
    if (session->host->record_save(session->host_data, record, error))
        return TRUE;
    g_prefix_error(error, "noting that one download of several is over: ");
    return FALSE;
}

/* The download stopped half-way because the daemon or the modem goes: it is taken up again. */
static gboolean is_interrupted(IpaSession *session, const IpaDownloadOutcome *outcome,
                               const GError *failure)
{
    if (outcome->results->len > 0 && !outcome->is_partial)
        return FALSE;
    return outcome->unknown || euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE) ||
           ipa_session_is_stopping(session);
}

static gboolean conclude_run(IpaSession *session, IpaRecord *record,
                             const IpaDownloadOutcome *outcome, GError **error)
{
    guint n = outcome->results->len;

    /* One result is all that the trigger's result has room for (procedures 5.3): the last one. */
    record->indirect = outcome->indirect && (n > 0 || !record->installation);
    if (n > 0)
        return conclude_with_result(session, record, outcome->results->pdata[n - 1], error);
    if (record->installation)
        return conclude_with_result(session, record, record->installation, error);
    return conclude_with_error(session, record, RSP_PROFILE_DOWNLOAD_ERROR_REASON_UNDEFINED_ERROR,
                               outcome->response, error);
}

static void log_failure(IpaSession *session, const IpaEim *eim, const GError *failure)
{
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                      "profile download failed: %s", failure->message);
}

/* Steps 5 to 14. RECORD is on disk, EXECUTING, with its order. */
static gboolean carry_out(IpaSession *session, IpaRecord *record, GError **error)
{
    g_autoptr(IpaDownloadOrder) order = ipa_download_order_copy(record->order);
    g_auto(IpaDownloadOutcome) outcome = { 0 };
    g_auto(IpaDownloadReport) report = { 0 };
    g_autoptr(GError) failure = NULL;
    gboolean ok;

    if (!ipa_download_run(session, order, record, &report, &outcome, &failure)) {
        log_failure(session, order->eim, failure);
        if (is_interrupted(session, &outcome, failure)) {
            session->reconciled = FALSE;
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    if (!conclude_run(session, record, &outcome, error))
        return FALSE;
    /* The delivery frees the record. */
    ok = ipa_results_deliver(session, order->eim, error);
    for (guint i = 0; !outcome.indirect && i < outcome.results->len; i++)
        ipa_notification_deliver_one(session, outcome.results->pdata[i]);
    return ok;
}

/* ---- the trigger ---- */

static gboolean answer_error(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                             gint reason, GError **error)
{
    g_autoptr(GBytes) answer = ipa_download_make_error(package->eim_transaction_id,
                                                       get_dialect(session, eim), reason, NULL);

    return ipa_results_owe(session, eim, answer, 0, package->eim_transaction_id, error) &&
           ipa_results_deliver(session, eim, error);
}

gboolean ipa_download_answer(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                             GError **error)
{
    IpaDownloadPolicy policy = ipa_download_get_policy(session, eim);
    gboolean indirect = ipa_download_is_indirect(session, eim);
    g_autoptr(RspProfileDownloadTriggerRequest) request =
        tlv_decode(&rsp_profile_download_trigger_request, package->package, error);
    g_autoptr(IpaDownloadOrder) order = NULL;
    g_autoptr(GError) local = NULL;
    IpaRecord *record;

    if (!request)
        return FALSE;
    if (ipa_session_is_ecall_active(session)) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                          "eIM asked for a profile download while the emergency profile is active: "
                          "answered with an error");
        return answer_error(session, eim, package, RSP_PROFILE_DOWNLOAD_ERROR_REASON_ECALL_ACTIVE,
                            error);
    }
    /* A trigger without data is for IPAs with eimDownloadDataHandling (I-17). */
    order =
        ipa_download_order_from_trigger(eim, request, indirect && policy.eim_data_handling, &local);
    if (!order) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                          "eIM asked for a profile download (%s): answered invalidPackageFormat",
                          local->message);
        return ipa_results_owe(session, eim, NULL, ESIPA_RESULT_INVALID_PACKAGE_FORMAT,
                               package->eim_transaction_id, error) &&
               ipa_results_deliver(session, eim, error);
    }
    if (!policy.allowed || (!indirect && !session->host->rsp_server)) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                          "eIM asked for a profile download, which %s: answered with an error",
                          policy.allowed ? "there is no way for" : "the configuration forbids");
        return answer_error(session, eim, package,
                            RSP_PROFILE_DOWNLOAD_ERROR_REASON_UNDEFINED_ERROR, error);
    }
    record = ipa_results_expect_download(session, order, package, error);
    return record && carry_out(session, record, error);
}

/* ---- after a restart ---- */

gboolean ipa_download_reconcile(IpaSession *session, IpaRecord *record,
                                const RspRetrieveNotificationsListResponse *notifications,
                                GError **error)
{
    g_autoptr(GBytes) result =
        notifications ? ipa_download_find_result(notifications, record->session_id) : NULL;
    gboolean closed = FALSE;
    gboolean goes_on = ipa_session_find_eim(session, record->eim->eim_id) && record->order;
    g_autofree char *event = g_strdup(goes_on ? record->event : NULL);

    if (result) {
        ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, record->eim->eim_id,
                          "found the result of an interrupted download on the card");
        return event ? ipa_download_finish_event(session, record, event, result, error)
                     : conclude_with_result(session, record, result, error);
    }
    /* The card may be in the middle of it still: a new session would make an end of it that spends the order at the
     * SM-DP+. */
    if (record->session_id && !ipa_download_end_session(session, record, &closed, error))
        return FALSE;
    /* Where the card can't tell whether it installed a profile, it must not be tried again. */
    if (goes_on && (notifications || closed || record->stage != IPA_DOWNLOAD_INSTALLED) &&
        record->tries < ipa_download_get_policy(session, record->eim).tries)
        return TRUE;
    ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, record->eim->eim_id,
                      "an interrupted download left no result on the card: given up");
    if (event)
        return ipa_download_finish_event(session, record, event, NULL, error);
    if (record->installation)
        return conclude_with_result(session, record, record->installation, error);
    return conclude_with_error(session, record, RSP_PROFILE_DOWNLOAD_ERROR_REASON_UNDEFINED_ERROR,
                               NULL, error);
}

gboolean ipa_download_resume(IpaSession *session, const IpaEim *eim, GError **error)
{
    g_autoptr(GPtrArray) due = g_ptr_array_new();

    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        if (record->kind == IPA_RECORD_DOWNLOAD && record->state == IPA_RECORD_EXECUTING &&
            g_str_equal(record->eim->eim_id, eim->eim_id))
            g_ptr_array_add(due, record);
    }
    for (guint i = 0; i < due->len; i++) {
        ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, eim->eim_id,
                          "an interrupted download is taken up again");
        if (!carry_out(session, due->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}
