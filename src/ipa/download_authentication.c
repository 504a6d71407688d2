/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa/card.h"
#include "ipa/download_private.h"
#include "net/rsp_certificate.h"
#include "rsp/device.h"
#include "rsp/names.h"
#include "util/error.h"

/* Common mutual authentication: SGP.22 3.0.1, 3.1.2, SGP.32 3.2.3.1 and 3.2.3.2 step 5. */

static gboolean get_info1(IpaSession *session, gpointer data, GError **error)
{
    RspEuiccInfo1 **ret_info1 = data;

    *ret_info1 = es10b_get_euicc_info1(session->channel, session->cancellable, error);
    return *ret_info1 != NULL;
}

static gboolean get_challenge(IpaSession *session, gpointer data, GError **error)
{
    return es10b_get_euicc_challenge(session->channel, session->cancellable, data, error);
}

/* Step 10: what the server signed belongs to this session, and to the server that was asked. */
static gboolean check_signed(IpaDownload *d, const RspServerSigned1 *server_signed1, GError **error)
{
    TlvSlice address = server_signed1->server_address;

    if (!tlv_slice_equal(server_signed1->transaction_id,
                         tlv_slice_from_bytes(d->authentication->transaction_id)))
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_MALFORMED, error,
                                 "%s signed another transaction than it names", d->server->name);
    if (!tlv_slice_equal(server_signed1->euicc_challenge,
                         tlv_slice(d->challenge, sizeof d->challenge)))
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_MALFORMED, error,
                                 "%s signed another challenge than the card's", d->server->name);
    if (d->expected_address &&
        (address.size != strlen(d->expected_address) ||
         g_ascii_strncasecmp((const char *)address.data, d->expected_address, address.size) != 0))
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_TLS, error,
                                 "%s signed another server address than %s", d->server->name,
                                 d->expected_address);
    return TRUE;
}

static gboolean has_prefix(TlvSlice id, TlvSlice prefix)
{
    return prefix.size <= id.size && prefix.size > 0 &&
           memcmp(id.data, prefix.data, prefix.size) == 0;
}

static const RspOctetString *find_ci(const GPtrArray *list, TlvSlice id)
{
    for (guint i = 0; list && i < list->len; i++)
        if (has_prefix(((const RspOctetString *)list->pdata[i])->value, id))
            return list->pdata[i];
    return NULL;
}

/* The CI that the card is to sign under is one of the card's; an eIM may have cut its identifier short (6.3.2.1).
 * *RET_CI: the complete one, in INFO1. */
static gboolean choose_ci(IpaDownload *d, const RspEuiccInfo1 *info1, TlvSlice *ret_ci,
                          GError **error)
{
    TlvSlice chosen = tlv_slice_from_bytes(d->authentication->ci_pk_id);
    const RspOctetString *ci = find_ci(info1->euicc_ci_pk_id_list_for_signing, chosen);

    if (!ci || (!d->server->class->indirect && ci->value.size != chosen.size))
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_NOT_SUPPORTED, error,
                                 "%s wants the card to sign under a CI that it has no key of",
                                 d->server->name);
    *ret_ci = ci->value;
    return TRUE;
}

/* The card may know CIs that nobody here wants (one for tests), and an eIM that stands between has no TLS of the
 * server to show: so the configuration counts for the certificates of the download as well (SGP.22 2.6.6). */
gboolean ipa_download_check_ci(IpaDownload *d, GBytes *authority, GError **error)
{
    const IpaHost *host = d->session->host;

    if (!host->knows_ci || host->knows_ci(d->session->host_data, authority, error))
        return TRUE;
    g_prefix_error(error, "%s: ", d->server->name);
    return FALSE;
}

/* CERT.XXauth: the card verifies chain and signature. It has no clock and does not know whom we mean. */
static gboolean check_certificate(IpaDownload *d, const RspEuiccInfo1 *info1, GError **error)
{
    g_autoptr(RspServerCertificate) certificate =
        rsp_server_certificate_read(d->authentication->server_certificate, error);

    if (!certificate || !rsp_server_certificate_check_dates(certificate, error)) {
        g_prefix_error(error, "%s: ", d->server->name);
        return FALSE;
    }
    if (d->oid && g_strcmp0(d->oid, certificate->oid) != 0)
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_TLS, error,
                                 "%s has the OID %s, and the activation code wants %s",
                                 d->server->name, certificate->oid ? certificate->oid : "(none)",
                                 d->oid);
    if (certificate->authority && !find_ci(info1->euicc_ci_pk_id_list_for_verification,
                                           tlv_slice_from_bytes(certificate->authority)))
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_TLS, error,
                                 "the certificate of %s is of a CI that the card does not trust",
                                 d->server->name);
    if (!ipa_download_check_ci(d, certificate->authority, error))
        return FALSE;
    if (d->server->class->indirect)
        return TRUE;
    /* An event may lead to another SM-DS (SGP.22 3.6.1), which only its certificate tells. */
    if (certificate->is_of_smds && !d->server->is_smds && d->order->kind != IPA_ORDER_SMDS)
        return ipa_download_fail(d, NO_REASON, EUICCD_ERROR_TLS, error,
                                 "%s is an SM-DS by its certificate", d->server->name);
    d->server->is_smds = d->server->is_smds || certificate->is_of_smds;
    return TRUE;
}

/* Step 10b. What an eIM gives counts instead of our own (eimCtxParams1Generation, eimDownloadDataHandling). */
static RspCtxParams1 *make_ctx_params1(IpaDownload *d, GError **error)
{
    const char *matching_id =
        d->authentication->matching_id ? d->authentication->matching_id : d->matching_id;
    g_autoptr(GBytes) octets = NULL;
    RspDevice device;
    char imei[16];

    if (d->authentication->ctx_params1)
        return tlv_decode(&rsp_ctx_params1, d->authentication->ctx_params1, error);
    if (!d->session->host->get_imei(d->session->host_data, imei) || !rsp_device_init(&device, imei))
        (void)rsp_device_init(&device, NULL);
    octets = rsp_device_make_ctx_params1(&device, matching_id, error);
    return octets ? tlv_decode(&rsp_ctx_params1, octets, error) : NULL;
}

/* Steps 11 to 14. NULL with CARD_REFUSED and server_error where the card says no: then there is no session. */
static GBytes *authenticate_server(IpaDownload *d, RspServerSigned1 *server_signed1, TlvSlice ci,
                                   GError **error)
{
    RspCtxParams1 *ctx_params1 = make_ctx_params1(d, error);
    RspAuthenticateServerRequest request = {
        .server_signed1 = server_signed1,
        .server_signature1 = tlv_slice_from_bytes(d->authentication->server_signature1),
        .euicc_ci_pk_id_to_be_used = ci,
        .server_certificate = tlv_slice_from_bytes(d->authentication->server_certificate),
        .ctx_params1 = ctx_params1,
    };
    g_autoptr(GBytes) response = NULL;
    gint64 code = 0;

    if (!ctx_params1) {
        g_prefix_error(error, "ctxParams1: ");
        return NULL;
    }
    response = es10b_authenticate_server(d->session->channel, &request, d->session->cancellable,
                                         &code, error);
    tlv_struct_free(ctx_params1);
    if (!response)
        return NULL;
    d->in_session = code == 0;
    if (code == 0)
        return g_steal_pointer(&response);
    d->server_error = g_bytes_ref(response);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED,
                "the card does not accept %s: %s (%" G_GINT64_FORMAT ")", d->server->name,
                tlv_name(rsp_names_authenticate_error_code, code), code);
    return NULL;
}

/* The server gets the card's word also where it is a refusal (SGP.22 3.1.2 step 15); what it says to that is of no
 * interest. */
static void report_refusal(IpaDownload *d)
{
    RspServerOffer *offer =
        d->server->class->authenticate_client(d->server, d->authentication->transaction_id,
                                              d->server_error, d->session->cancellable, NULL);

    if (offer)
        rsp_server_offer_free(offer);
}

/* From here on the server may count the try: on disk before it does. The session's number finds the result of an
 * installation after a crash. */
static gboolean note_try(IpaDownload *d, GError **error)
{
    if (!d->record || d->server->is_smds) /* an SM-DS counts nothing */
        return TRUE;
    d->record->stage = IPA_DOWNLOAD_TRIED;
    d->record->tries++;
    d->record->indirect = d->server->class->indirect;
    g_clear_pointer(&d->record->session_id, g_bytes_unref);
    d->record->session_id = g_bytes_ref(d->transaction_id);
    g_free(d->record->server);
    d->record->server = g_strdup(d->server->address);
    g_free(d->record->event);
    d->record->event = g_strdup(d->event);
    if (d->session->host->record_save(d->session->host_data, d->record, error))
        return TRUE;
    g_prefix_error(error, "noting a download before it is tried: ");
    return FALSE;
}

gboolean ipa_download_authenticate(IpaDownload *d, GError **error)
{
    g_autoptr(RspEuiccInfo1) info1 = NULL;
    g_autoptr(RspServerSigned1) server_signed1 = NULL;
    g_autoptr(GBytes) response = NULL;
    TlvSlice ci;

    /* 1 to 4 */
    if (!ipa_card_call(d->session, get_info1, &info1, error) ||
        !ipa_card_call(d->session, get_challenge, d->challenge, error))
        return FALSE;
    d->info1 = tlv_slice_to_bytes(info1->head.raw);
    /* 5 to 9 */
    ipa_session_stage(d->session, 0.1, "asking %s", d->server->name);
    d->authentication = d->server->class->initiate_authentication(d->server, d->challenge, d->info1,
                                                                  d->session->cancellable, error);
    if (!d->authentication)
        return FALSE;
    d->transaction_id = g_bytes_ref(d->authentication->transaction_id);
    /* 10 */
    server_signed1 = tlv_decode(&rsp_server_signed1, d->authentication->server_signed1, error);
    if (!server_signed1) {
        g_prefix_error(error, "%s: ", d->server->name);
        return FALSE;
    }
    if (!check_signed(d, server_signed1, error) || !choose_ci(d, info1, &ci, error) ||
        !check_certificate(d, info1, error))
        return FALSE;
    /* 11 to 14 */
    ipa_session_stage(d->session, 0.15, "authenticating %s", d->server->name);
    response = authenticate_server(d, server_signed1, ci, error);
    if (!response && !d->server_error)
        return FALSE;
    /* 15 to 17 */
    if (d->server_error) {
        report_refusal(d);
        return FALSE;
    }
    if (!note_try(d, error))
        return FALSE;
    d->announced = TRUE;
    d->offer = d->server->class->authenticate_client(d->server, d->transaction_id, response,
                                                     d->session->cancellable, error);
    return d->offer != NULL;
}
