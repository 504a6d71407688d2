/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/download_private.h"
#include "net/rsp_certificate.h"
#include "rsp/bpp.h"
#include "rsp/confirmation_code.h"
#include "rsp/metadata.h"
#include "rsp/names.h"
#include "util/error.h"

/* Preparation and installation: SGP.22 3.1.3.2, 3.1.3.3, SGP.32 3.2.3.1 steps 11 and 12. */

#define FIRST_PROGRESS 0.3 /* of the job, when the package begins … */
#define LAST_PROGRESS  0.9 /* … and when it has arrived */

/* hashCc, or nothing where no confirmation code is wanted (3.1.3 step 8). An eIM that has the code gives the hash
 * itself. */
static gboolean make_hash_cc(IpaDownload *d, const RspSmdpSigned2 *smdp_signed2, GBytes **ret_hash,
                             GError **error)
{
    const char *code =
        d->order->confirmation_code ? d->order->confirmation_code : d->policy->confirmation_code;
    gboolean wanted =
        (smdp_signed2->cc_required_flag.present && smdp_signed2->cc_required_flag.value) ||
        (d->order->code && d->order->code->confirmation_code);
    guint8 hash[RSP_HASH_CC_SIZE];

    *ret_hash = d->offer->hash_cc ? g_bytes_ref(d->offer->hash_cc) : NULL;
    if (*ret_hash || !wanted)
        return TRUE;
    if (!code)
        return ipa_download_fail(
            d, RSP_CANCEL_SESSION_REASON_POSTPONED, EUICCD_ERROR_INVALID_ARGUMENT, error,
            "%s wants a confirmation code, and none was given", d->server->name);
    if (!rsp_confirmation_code_hash(code, tlv_slice_from_bytes(d->transaction_id), hash, error))
        return FALSE;
    *ret_hash = g_bytes_new(hash, sizeof hash);
    return TRUE;
}

/* CERT.DPpb.ECDSA: as of CERT.DPauth, nobody but us can tell whether it is valid now (SGP.22 4.5.2.1). The order is not
 * to blame for it. */
static gboolean check_certificate(IpaDownload *d, GError **error)
{
    g_autoptr(RspServerCertificate) certificate =
        rsp_server_certificate_read(d->offer->smdp_certificate, error);

    if (certificate && rsp_server_certificate_check_dates(certificate, error) &&
        ipa_download_check_ci(d, certificate->authority, error))
        return TRUE;
    d->reason = RSP_CANCEL_SESSION_REASON_POSTPONED;
    g_prefix_error(error, "certificate for profiles: ");
    return FALSE;
}

/* ES10b.PrepareDownload. The response goes to the server also where the card refuses: CARD_REFUSED is then found out
 * after that. */
static GBytes *prepare(IpaDownload *d, gint64 *ret_code, GError **error)
{
    g_autoptr(RspSmdpSigned2) smdp_signed2 =
        tlv_decode(&rsp_smdp_signed2, d->offer->smdp_signed2, error);
    RspPrepareDownloadRequest request = { 0 };
    g_autoptr(GBytes) hash_cc = NULL;

    if (!smdp_signed2) {
        g_prefix_error(error, "%s: ", d->server->name);
        return NULL;
    }
    if (!tlv_slice_equal(smdp_signed2->transaction_id, tlv_slice_from_bytes(d->transaction_id))) {
        ipa_download_fail(d, NO_REASON, EUICCD_ERROR_MALFORMED, error,
                          "%s offers a profile in another transaction", d->server->name);
        return NULL;
    }
    if (!check_certificate(d, error) || !make_hash_cc(d, smdp_signed2, &hash_cc, error))
        return NULL;
    request.smdp_signed2 = smdp_signed2;
    request.smdp_signature2 = tlv_slice_from_bytes(d->offer->smdp_signature2);
    request.smdp_certificate = tlv_slice_from_bytes(d->offer->smdp_certificate);
    if (hash_cc)
        request.hash_cc = tlv_slice_from_bytes(hash_cc);
    ipa_session_stage(d->session, 0.25, "preparing the card");
    return es10b_prepare_download(d->session->channel, &request, d->session->cancellable, ret_code,
                                  error);
}

/* ---- the package on its way ---- */

typedef struct {
    IpaDownload *d;
    RspBpp *bpp;
    guint percent;        /* shown last */
    gboolean card_failed; /* what the sink failed with comes from the card */
} Transfer;

/* The card was asked for this one, before a part of it gets there (3.1.3.2 step 12). Without metadata that were
 * announced it is only seen who is to hear of the installation. */
static gboolean check_metadata(gpointer data, TlvSlice octets, GError **error)
{
    IpaDownload *d = ((Transfer *)data)->d;
    g_autoptr(GBytes) bytes = tlv_slice_to_bytes(octets);
    RspStoreMetadataRequest *bound = tlv_decode(&rsp_store_metadata_request, bytes, error);
    const char *what = NULL;
    gint reason;

    if (!bound && !d->metadata) {
        g_clear_error(error);
        return TRUE;
    }
    if (!bound) {
        d->reason = RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH;
        g_prefix_error(error, "metadata in the package: ");
        return FALSE;
    }
    d->receivers = rsp_metadata_count_receivers(bound, RSP_PROFILE_MANAGEMENT_OPERATION_INSTALL);
    reason = d->metadata ? rsp_metadata_compare(d->metadata, bound, &what) : NO_REASON;
    tlv_struct_free(bound);
    if (reason < 0)
        return TRUE;
    return ipa_download_fail(d, reason, EUICCD_ERROR_MALFORMED, error,
                             "the package is not the announced one: it has another %s", what);
}

/* On disk before the card gets the first part. */
static gboolean begin_loading(IpaDownload *d, GError **error)
{
    if (d->record) {
        d->record->stage = IPA_DOWNLOAD_INSTALLED;
        if (!d->session->host->record_save(d->session->host_data, d->record, error)) {
            g_prefix_error(error, "noting an installation before it begins: ");
            return FALSE;
        }
    }
    d->loading = TRUE;
    return TRUE;
}

/* The first answer that is not empty ends the load, whatever is left of the package (I-38). */
static gboolean load_segment(gpointer data, RspBppSegment kind, TlvSlice segment, GError **error)
{
    Transfer *transfer = data;
    IpaDownload *d = transfer->d;

    (void)kind;
    if (d->result) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED,
                            "the card has ended the installation");
        return FALSE;
    }
    if (g_cancellable_is_cancelled(d->session->cancellable)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
        return FALSE;
    }
    if (!d->loading && !begin_loading(d, error))
        return FALSE;
    transfer->card_failed =
        !es10b_load_bound_profile_package(d->session->channel, segment, NULL, &d->result, error);
    return !transfer->card_failed;
}

static gboolean take_octets(TlvSlice octets, gpointer data, GError **error)
{
    Transfer *transfer = data;
    gsize size;
    guint percent;

    transfer->d->arriving = TRUE;
    if (!rsp_bpp_feed(transfer->bpp, octets, error))
        return FALSE;
    size = rsp_bpp_get_size(transfer->bpp);
    percent = size ? (guint)(rsp_bpp_get_fed(transfer->bpp) * 100 / size) : 0;
    if (percent == transfer->percent)
        return TRUE;
    transfer->percent = percent;
    ipa_session_stage(transfer->d->session,
                      FIRST_PROGRESS + percent * (LAST_PROGRESS - FIRST_PROGRESS) / 100,
                      "installing the profile, %u %% of %" G_GSIZE_FORMAT " octets", percent, size);
    return TRUE;
}

/* A server that was told the card's refusal has no package to send; what it sends all the same goes nowhere. */
static gboolean refuse_octets(TlvSlice octets, gpointer data, GError **error)
{
    (void)octets;
    (void)data;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "a package in spite of the card's refusal");
    return FALSE;
}

static gboolean report_refusal(IpaDownload *d, GBytes *response, gint64 code, GError **error)
{
    d->server_error = g_bytes_ref(response);
    (void)d->server->class->get_bound_profile_package(
        d->server, d->transaction_id, response, refuse_octets, NULL, d->session->cancellable, NULL);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED,
                "the card does not prepare for the download: %s (%" G_GINT64_FORMAT ")",
                tlv_name(rsp_names_download_error_code, code), code);
    return FALSE;
}

gboolean ipa_download_install(IpaDownload *d, GError **error)
{
    static const RspBppSink sink = { .metadata = check_metadata, .segment = load_segment };
    g_autoptr(GBytes) response = NULL;
    g_autoptr(RspBpp) bpp = NULL;
    Transfer transfer = { .d = d };
    gint64 code = 0;

    response = prepare(d, &code, error);
    if (!response)
        return FALSE;
    if (code != 0)
        return report_refusal(d, response, code, error);
    bpp = transfer.bpp = rsp_bpp_new(&sink, &transfer);
    ipa_session_stage(d->session, FIRST_PROGRESS, "fetching the profile from %s", d->server->name);
    if (d->server->class->get_bound_profile_package(d->server, d->transaction_id, response,
                                                    take_octets, &transfer, d->session->cancellable,
                                                    error) &&
        rsp_bpp_finish(bpp, error) && !d->result)
        return ipa_download_fail(d, RSP_CANCEL_SESSION_REASON_LOAD_BPP_EXECUTION_ERROR,
                                 EUICCD_ERROR_MALFORMED, error,
                                 "the card took the whole package and did not say what came of it");
    /* With a result it does not matter how the transfer ended. */
    if (d->result) {
        g_clear_error(error);
        return TRUE;
    }
    if (transfer.card_failed) {
        if (!euiccd_error_is(*error, EUICCD_ERROR_MODEM_GONE))
            d->reason = RSP_CANCEL_SESSION_REASON_LOAD_BPP_EXECUTION_ERROR;
        g_prefix_error(error, "installing the profile: ");
    }
    return FALSE;
}
