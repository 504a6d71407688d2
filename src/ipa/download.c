/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/download_private.h"
#include "ipa/procedures.h"
#include "rsp/names.h"
#include "util/error.h"

/*
 * Profile download: SGP.32 3.2.3.1 (direct), 3.2.3.2 (through the eIM), SGP.22 3.1 (SM-DP+), 3.6 (SM-DS).
 *
 * A try that failed before there is an installation result is repeated where the trouble was on the way, a session
 * at a time: each begins with a new challenge, which ends the former one on the card. One that failed while the card
 * was loading is repeated only after the card signed that the session is cancelled, or its list of notifications
 * showed that there is no result: so an installation is never repeated behind the back of its result.
 */

#define FIRST_PAUSE 10u /* seconds between two tries, doubled each time */
#define MAX_DEPTH   3   /* SM-DS behind an SM-DS (SGP.22 3.6.1), triggers behind a trigger */

void ipa_download_clear(IpaDownload *d)
{
    g_clear_pointer(&d->server, ipa_server_free);
    g_clear_pointer(&d->info1, g_bytes_unref);
    g_clear_pointer(&d->authentication, rsp_server_authentication_free);
    g_clear_pointer(&d->offer, rsp_server_offer_free);
    tlv_struct_free(d->metadata);
    g_clear_pointer(&d->transaction_id, g_bytes_unref);
    g_clear_pointer(&d->server_error, g_bytes_unref);
    g_clear_pointer(&d->result, g_bytes_unref);
}

void ipa_download_report_clear(IpaDownloadReport *report)
{
    g_clear_pointer(&report->iccid, g_free);
}

void ipa_download_outcome_clear(IpaDownloadOutcome *outcome)
{
    g_clear_pointer(&outcome->results, g_ptr_array_unref);
    g_clear_pointer(&outcome->response, g_bytes_unref);
}

/* One order on its way. */
typedef struct {
    IpaSession *session;
    const IpaDownloadOrder *order;
    IpaDownloadPolicy policy;
    IpaRecord *record;
    gboolean indirect;
    IpaDownloadReport *report;
    IpaDownloadOutcome *outcome;
} Run;

/* Where a profile, or an event, is to be had. */
typedef struct {
    const IpaDownloadOrder
        *order;          /* that leads there: an eIM may have made another one of an event */
    const char *address; /* NULL: the eIM knows */
    const char *matching_id;
    const char *oid;
    const char *event; /* that led here, as it stands in the record; NULL: none */
    IpaServerKind kind;
} Target;

static gboolean run_order(Run *run, const IpaDownloadOrder *order, guint depth, GError **error);

/* ---- one session ---- */

static gboolean open_server(Run *run, IpaDownload *d, const Target *target, GError **error)
{
    GBytes *id = target->order->eim_transaction_id;

    if (run->indirect)
        d->server = ipa_server_new_indirect(run->session, run->order->eim,
                                            run->policy.eim_data_handling ? NULL : target->address,
                                            id ? id : run->order->eim_transaction_id, error);
    else
        d->server = ipa_server_new_direct(run->session, target->address, target->kind, error);
    return d->server != NULL;
}

static gboolean run_session(IpaDownload *d, GError **error)
{
    if (!ipa_download_authenticate(d, error))
        return FALSE;
    if (d->offer->events || d->offer->of_sm_ds)
        return TRUE;
    return ipa_download_check_rules(d, error) && ipa_download_install(d, error);
}

/* ProfileInstallationResult (SGP.22 2.5.6). */
#define TAG_RESULT         0xBF37
#define TAG_RESULT_DATA    0xBF27
#define TAG_TRANSACTION_ID 0x80

GBytes *ipa_download_find_result(const RspRetrieveNotificationsListResponse *response,
                                 GBytes *transaction_id)
{
    GPtrArray *list = ipa_notification_list(response);

    for (guint i = 0; list && transaction_id && i < list->len; i++) {
        TlvSlice raw = ((const RspPendingNotification *)list->pdata[i])->head.raw;
        Tlv result, data, id;

        /* No more of it has to be readable. */
        if (tlv_parse(raw, TAG_RESULT, &result, NULL) &&
            tlv_find(result.value, TAG_RESULT_DATA, &data) &&
            tlv_find(data.value, TAG_TRANSACTION_ID, &id) &&
            tlv_slice_equal(id.value, tlv_slice_from_bytes(transaction_id)))
            return tlv_slice_to_bytes(raw);
    }
    return NULL;
}

/* Whoever cancelled the job still has to learn what the card did: one more command, within the card's own time. A
 * daemon that stops, or a modem that goes, waits for nothing; the next start finds it out. */
static gboolean is_cancelled_job(IpaSession *session)
{
    return g_cancellable_is_cancelled(session->cancellable) && !ipa_session_is_stopping(session);
}

static gboolean list_results(IpaDownload *d, GError **error)
{
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;

    if (!channel_is_open(d->session->channel) && !ipa_card_renew(d->session, TRUE, error))
        return FALSE;
    response = ipa_card_list_notifications(d->session, error);
    if (!response)
        return FALSE;
    d->result = ipa_download_find_result(response, d->transaction_id);
    return TRUE;
}

/* The card may have installed the profile, and only its answer got lost. FALSE: nobody can tell. */
static gboolean look_for_result(IpaDownload *d, GError **error)
{
    IpaSession *session = d->session;
    GCancellable *cancellable = session->cancellable;
    gboolean ok;

    ipa_session_stage(session, 0.9, "looking for the result of the installation");
    if (is_cancelled_job(session) && channel_is_open(session->channel))
        session->cancellable = NULL;
    ok = list_results(d, error);
    session->cancellable = cancellable;
    return ok;
}

/* A session from its beginning to its orderly end. *RET_UNKNOWN: the card could not be asked whether there is a
 * profile now. */
static gboolean try_session(IpaDownload *d, gboolean *ret_unknown, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GError) local = NULL;

    *ret_unknown = FALSE;
    if (run_session(d, &failure))
        return TRUE;
    ipa_download_hide_secrets(d, failure);
    d->status = d->server->class->get_status(d->server);
    d->retry_after = d->server->class->get_retry_after(d->server);
    ipa_download_cancel(d, failure);
    if (d->loading && !d->closed && !look_for_result(d, &local)) {
        *ret_unknown = TRUE;
        /* The card is read, and its notifications listed, as soon as it can be. */
        d->session->stale = TRUE;
        d->session->pending_notifications++;
        g_prefix_error(&failure, "(looking for the result of the installation failed: %s) ",
                       local->message);
    }
    if (d->result)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* ---- what came of it ---- */

static void note_installed(Run *run, const IpaInstallation *installation)
{
    g_autoptr(GError) error = NULL;

    /* No eIM knows of what a local caller downloaded (SGP.32 6.3.2.6). */
    if (!run->order->eim)
        ipa_session_tell_cause(run->session, IPA_CAUSE_UNDEFINED);
    run->report->installed++;
    g_free(run->report->iccid);
    run->report->iccid = g_strdup(installation->iccid);
    run->report->enabled = FALSE;
    if (!ipa_immediate_enable(run->session, &run->report->enabled, &error))
        ipa_session_event(run->session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "enabling the profile after its download: %s", error->message);
    /* Another profile is enabled: everything was read then. */
    if (run->report->enabled)
        return;
    g_clear_error(&error);
    if (!ipa_card_read_profiles(run->session, &error)) {
        run->session->stale = TRUE;
        ipa_session_event(run->session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "reading the card after the download: %s", error->message);
    }
}

static gboolean finish_event(Run *run, const Target *target, GBytes *result, GError **error)
{
    return !run->record || !target->event ||
           ipa_download_finish_event(run->session, run->record, target->event, result, error);
}

/* The installation result, good or bad, is final (SGP.22 3.1.3.3), and on the card until its receiver has it. */
static gboolean settle(Run *run, const Target *target, const IpaDownload *d, GError **error)
{
    g_auto(IpaInstallation) installation = { 0 };
    gboolean readable = ipa_installation_read(d->result, &installation);

    /* The result, and after an installation one for each receiver that the package names for it (SGP.22 3.1.3.3): a
     * number, so that the list is read once and not before it is needed. */
    run->session->pending_notifications += 1 + (installation.ok ? d->receivers : 0);
    g_ptr_array_add(run->outcome->results, g_bytes_ref(d->result));
    if (!finish_event(run, target, d->result, error))
        return FALSE;
    ipa_session_event(run->session, installation.ok ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
                      LOG_EVENT_NONE, run->order->eim ? run->order->eim->eim_id : NULL,
                      "profile of %s: %s%s%s", d->server->name, installation.text,
                      installation.iccid ? ", ICCID " : "",
                      installation.iccid ? installation.iccid : "");
    if (installation.ok) {
        note_installed(run, &installation);
        return TRUE;
    }
    g_set_error(error, EUICCD_ERROR,
                (gint)(readable ? EUICCD_ERROR_CARD_REFUSED : EUICCD_ERROR_MALFORMED),
                "the card did not install the profile: %s", installation.text);
    return FALSE;
}

/* ---- tries ---- */

static gboolean pause_between(Run *run, guint n, guint retry_after, GError **error)
{
    const IpaHost *host = run->session->host;
    guint seconds = MAX(FIRST_PAUSE << MIN(n, 6), retry_after);
    gboolean early;

    ipa_session_stage(run->session, 0.05, "waiting %u s before the next try", seconds);
    return host->wait_for_network
               ? host->wait_for_network(run->session->host_data, seconds, &early,
                                        run->session->cancellable, error)
               : host->wait(run->session->host_data, seconds, run->session->cancellable, error);
}

/* An order that was cancelled with another reason is spent. */
static gboolean may_try_again(const Run *run, const IpaDownload *d, const GError *failure,
                              guint tries)
{
    return ipa_download_is_passing(d, failure) && d->reason == NO_REASON &&
           tries < run->policy.tries && (!run->record || run->record->tries < run->policy.tries) &&
           !g_cancellable_is_cancelled(run->session->cancellable);
}

/* *RET_OFFER: what a server had in place of a profile; NULL where a profile is there, or an error. */
static gboolean get_profile(Run *run, const Target *target, RspServerOffer **ret_offer,
                            GError **error)
{
    *ret_offer = NULL;
    for (guint tries = 1;; tries++) {
        g_auto(IpaDownload) d = {
            .session = run->session,
            .order = target->order,
            .policy = &run->policy,
            .record = run->record,
            .expected_address = target->address,
            .matching_id = target->matching_id,
            .oid = target->oid,
            .event = target->event,
            .reason = NO_REASON,
        };
        g_autoptr(GError) failure = NULL;

        g_clear_pointer(&run->outcome->response, g_bytes_unref);
        if (!open_server(run, &d, target, error))
            return FALSE;
        if (try_session(&d, &run->outcome->unknown, &failure)) {
            if (d.result)
                return settle(run, target, &d, error);
            *ret_offer = g_steal_pointer(&d.offer);
            return TRUE;
        }
        run->outcome->response = g_steal_pointer(&d.server_error);
        if (run->outcome->unknown || !may_try_again(run, &d, failure, tries)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        ipa_session_event(run->session, LOG_LEVEL_WARNING, LOG_EVENT_NONE,
                          run->order->eim ? run->order->eim->eim_id : NULL,
                          "try %u of the download failed: %s", tries, failure->message);
        if (!pause_between(run, tries - 1, d.retry_after, error))
            return FALSE;
        /* What the card's reset took away. */
        if (euiccd_error_is(failure, EUICCD_ERROR_CARD_RESET) &&
            !ipa_card_renew(run->session, TRUE, error))
            return FALSE;
    }
}

/* ---- events ---- */

static gboolean follow(Run *run, const Target *target, guint depth, GError **error);

/* What ends the whole order, not only what is tried now. */
static gboolean is_final(const Run *run, const GError *error)
{
    return g_cancellable_is_cancelled(run->session->cancellable) || run->outcome->unknown ||
           euiccd_error_is(error, EUICCD_ERROR_MODEM_GONE) ||
           euiccd_error_is(error, EUICCD_ERROR_STORAGE);
}

/* How EVENT stands in a record: which one it is, without its secret. */
static char *name_event(const RspServerEvent *event)
{
    g_autofree char *address = g_ascii_strdown(event->address, -1);
    g_autofree char *text = g_strdup_printf("%s %s", address, event->event_id);

    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static gboolean is_finished(const Run *run, const char *event)
{
    return run->record && event &&
           g_ptr_array_find_with_equal_func(run->record->finished, event, g_str_equal, NULL);
}

/* SGP.22 3.6: one installation after the other; what goes wrong with one holds up no other, nor is any carried out
 * again when the order is taken up after an interruption. */
static gboolean follow_events(Run *run, const IpaDownloadOrder *order, const GPtrArray *events,
                              guint depth, GError **error)
{
    g_autoptr(GError) first = NULL;

    if (events->len == 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                            "the SM-DS has no event for this card");
        return FALSE;
    }
    for (guint i = 0; i < events->len; i++) {
        const RspServerEvent *event = events->pdata[i];
        g_autofree char *name = name_event(event);
        Target target = {
            .order = order,
            .address = event->address,
            .matching_id = event->event_id,
            .event = name,
            .kind = IPA_SERVER_DP,
        };
        g_autoptr(GError) local = NULL;

        if (is_finished(run, name) || follow(run, &target, depth + 1, &local))
            continue;
        if (is_final(run, local)) {
            run->outcome->is_partial = TRUE;
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!first)
            first = g_steal_pointer(&local);
    }
    if (!first)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

/* SGP.32 3.2.3.2 with an SM-DS: the eIM has turned the event into another trigger. */
static gboolean follow_trigger(Run *run, GBytes *trigger, guint depth, GError **error)
{
    g_autoptr(RspProfileDownloadTriggerRequest) request = NULL;
    g_autoptr(IpaDownloadOrder) order = NULL;

    if (!trigger) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                            "the SM-DS has no event for this card");
        return FALSE;
    }
    request = tlv_decode(&rsp_profile_download_trigger_request, trigger, error);
    if (!request)
        return FALSE;
    order = ipa_download_order_from_trigger(run->order->eim, request, run->indirect, error);
    return order && run_order(run, order, depth + 1, error);
}

static gboolean follow(Run *run, const Target *target, guint depth, GError **error)
{
    g_autoptr(GError) local = NULL;
    RspServerOffer *offer = NULL;
    gboolean ok;

    if (depth > MAX_DEPTH) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                    "more than %u servers that each name another one", MAX_DEPTH);
        return FALSE;
    }
    if (!get_profile(run, target, &offer, &local)) {
        /* What ended without a result is over as well. */
        if (!is_final(run, local) && !is_finished(run, target->event)) {
            if (!finish_event(run, target, NULL, error))
                return FALSE;
        }
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!offer)
        return TRUE;
    ok = offer->events ? follow_events(run, target->order, offer->events, depth, error)
                       : follow_trigger(run, offer->download_trigger, depth, error);
    rsp_server_offer_free(offer);
    return ok;
}

/* ---- orders ---- */

static gboolean get_addresses(IpaSession *session, gpointer data, GError **error)
{
    RspEuiccConfiguredAddressesResponse **ret_addresses = data;

    *ret_addresses =
        es10a_get_euicc_configured_addresses(session->channel, session->cancellable, error);
    return *ret_addresses != NULL;
}

/* ES10a.GetEuiccConfiguredAddresses; NOT_FOUND where the card has no such address. */
static char *get_configured_address(IpaSession *session, IpaServerKind kind, GError **error)
{
    g_autoptr(RspEuiccConfiguredAddressesResponse) addresses = NULL;
    TlvSlice address;

    if (!ipa_card_call(session, get_addresses, &addresses, error))
        return NULL;
    address = kind == IPA_SERVER_DP ? addresses->default_dp_address : addresses->root_ds_address;
    if (address.size > 0)
        return tlv_slice_to_text(address);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the card has no address of %s",
                kind == IPA_SERVER_DP ? "a default SM-DP+" : "a root SM-DS");
    return NULL;
}

/* The code says that a confirmation code is needed, and nobody has one: the server, which may count the tries
 * (SGP.22 3.1.3), is not asked in vain. An eIM may have the code. */
static gboolean check_confirmation_code(const Run *run, const IpaDownloadOrder *order,
                                        GError **error)
{
    if (run->indirect || !order->code || !order->code->confirmation_code ||
        order->confirmation_code || run->policy.confirmation_code)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                        "the activation code wants a confirmation code, and none was given");
    return FALSE;
}

static gboolean run_order(Run *run, const IpaDownloadOrder *order, guint depth, GError **error)
{
    Target target = { .order = order, .kind = IPA_SERVER_DP };
    g_autofree char *address = NULL;

    if (!check_confirmation_code(run, order, error))
        return FALSE;
    switch (order->kind) {
    case IPA_ORDER_ACTIVATION_CODE:
        target.address = order->code->address;
        target.matching_id = order->code->token[0] ? order->code->token : NULL;
        target.oid = order->code->oid;
        break;
    case IPA_ORDER_DEFAULT_SMDP:
        target.address = address = get_configured_address(run->session, IPA_SERVER_DP, error);
        if (!address)
            return FALSE;
        break;
    case IPA_ORDER_SMDS:
        target.kind = IPA_SERVER_DS;
        target.address = address = order->smds
                                       ? g_strdup(order->smds)
                                       : get_configured_address(run->session, IPA_SERVER_DS, error);
        if (!address)
            return FALSE;
        break;
    case IPA_ORDER_OF_EIM:
        if (!run->indirect) {
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                                "the eIM keeps what is to be downloaded, and is not asked for it");
            return FALSE;
        }
        break;
    }
    return follow(run, &target, depth, error);
}

gboolean ipa_download_run(IpaSession *session, const IpaDownloadOrder *order, IpaRecord *record,
                          IpaDownloadReport *report, IpaDownloadOutcome *outcome, GError **error)
{
    Run run = {
        .session = session,
        .order = order,
        .policy = ipa_download_get_policy(session, order->eim),
        .record = record,
        .indirect = ipa_download_is_indirect(session, order->eim),
        .report = report,
        .outcome = outcome,
    };

    outcome->results = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    outcome->indirect = run.indirect;
    return run_order(&run, order, 0, error);
}

gboolean ipa_download(IpaSession *session, const IpaDownloadOrder *order,
                      IpaDownloadReport *ret_report, GError **error)
{
    g_auto(IpaDownloadOutcome) outcome = { 0 };
    gboolean ok;

    *ret_report = (IpaDownloadReport){ 0 };
    if (!ipa_download_get_policy(session, NULL).allowed) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_AUTHORIZED,
                            "the configuration allows no downloads by local callers");
        return FALSE;
    }
    if (ipa_session_is_ecall_active(session)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                            "the emergency profile is active");
        return FALSE;
    }
    ipa_card_refresh_if_stale(session);
    ok = ipa_download_run(session, order, NULL, ret_report, &outcome, error);
    for (guint i = 0; i < outcome.results->len; i++)
        ipa_notification_deliver_one(session, outcome.results->pdata[i]);
    return ok;
}
