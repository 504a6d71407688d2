/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include <string.h>

#include "util/error.h"

/*
 * ES10b: the RSP session in which a profile is downloaded. What the card signed is not looked into: the server
 * judges it, even what we can't read.
 *
 * All of these are indivisible: a command broken off in the middle leaves a channel that has to be opened anew,
 * and with it may go the session that CancelSession needs. Whoever cancels is heard between them.
 */

#define TAG_OK         0xA0
#define TAG_ERROR      0xA1
#define TAG_ERROR_CODE 0x02

gboolean es10b_get_euicc_challenge(Channel *channel, GCancellable *cancellable,
                                   guint8 ret_challenge[RSP_CHALLENGE_SIZE], GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetEUICCChallenge",
        .request = &rsp_get_euicc_challenge_request,
        .response = &rsp_get_euicc_challenge_response,
        .indivisible = TRUE,
    };
    RspGetEuiccChallengeRequest request = { 0 };
    g_autoptr(RspGetEuiccChallengeResponse) response =
        es10_call(channel, &function, &request, cancellable, NULL, error);

    if (!response)
        return FALSE;
    memcpy(ret_challenge, response->euicc_challenge.data, RSP_CHALLENGE_SIZE);
    return TRUE;
}

/* The code in CONTENT of a signed response: 0 for what was signed. ERROR_TAG: of the error alternative, in
 * which the code stands itself, or (A1) in a field of its own. */
static gboolean read_code(TlvSlice content, guint32 error_tag, gint64 *ret_code, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv choice, code;

    tlv_reader_init(&reader, content);
    if (!tlv_next(&reader, &choice, &local)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s",
                    local ? local->message : "it is empty");
        return FALSE;
    }
    if (choice.tag == TAG_OK) {
        *ret_code = 0;
        return TRUE;
    }
    code = choice;
    if (choice.tag != error_tag ||
        (error_tag == TAG_ERROR && !tlv_find(choice.value, TAG_ERROR_CODE, &code))) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "object %X is neither a signed response nor an error", choice.tag);
        return FALSE;
    }
    return tlv_get_integer(code.value, ret_code, error);
}

/* Calls FUNCTION, whose response goes on to the server whatever it is. */
static GBytes *call_signed(Channel *channel, const Es10Function *function, gconstpointer request,
                           guint32 error_tag, GCancellable *cancellable, gint64 *ret_code,
                           GError **error)
{
    g_autoptr(GBytes) octets = tlv_encode(function->request, request, error);
    g_autoptr(GBytes) answer = NULL;
    gint64 code;
    Tlv object;

    if (!octets) {
        g_prefix_error(error, "%s: ", function->name);
        return NULL;
    }
    answer = es10_send(channel, function, octets, cancellable, NULL, error);
    if (!answer)
        return NULL;
    if (!tlv_parse(tlv_slice_from_bytes(answer), function->response->tag, &object, error) ||
        !read_code(object.value, error_tag, &code, error)) {
        g_prefix_error(error, "%s: response of the card: ", function->name);
        return NULL;
    }
    *ret_code = code;
    return g_steal_pointer(&answer);
}

GBytes *es10b_authenticate_server(Channel *channel, const RspAuthenticateServerRequest *request,
                                  GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.AuthenticateServer",
        .request = &rsp_authenticate_server_request,
        .response = &rsp_authenticate_server_response,
        .long_running = TRUE,
        .indivisible = TRUE,
    };

    return call_signed(channel, &function, request, TAG_ERROR, cancellable, ret_code, error);
}

GBytes *es10b_prepare_download(Channel *channel, const RspPrepareDownloadRequest *request,
                               GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.PrepareDownload",
        .request = &rsp_prepare_download_request,
        .response = &rsp_prepare_download_response,
        .long_running = TRUE,
        .indivisible = TRUE,
    };

    return call_signed(channel, &function, request, TAG_ERROR, cancellable, ret_code, error);
}

GBytes *es10b_cancel_session(Channel *channel, TlvSlice transaction_id, gint64 reason,
                             GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.CancelSession",
        .request = &rsp_cancel_session_request,
        .response = &rsp_cancel_session_response,
        .long_running = TRUE,
        .indivisible = TRUE,
    };
    RspCancelSessionRequest request = {
        .transaction_id = transaction_id,
        .reason = { TRUE, reason },
    };

    return call_signed(channel, &function, &request, 0x81, cancellable, ret_code, error);
}

gboolean es10b_load_bound_profile_package(Channel *channel, TlvSlice segment,
                                          GCancellable *cancellable, GBytes **ret_result,
                                          GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.LoadBoundProfilePackage",
        .response = &rsp_profile_installation_result,
        .long_running = TRUE,
        .indivisible = TRUE,
    };
    g_autoptr(GBytes) octets = tlv_slice_to_bytes(segment);
    g_autoptr(GBytes) answer = NULL;
    Tlv object;

    if (!es10_exchange(channel, &function, octets, cancellable, &answer, NULL, error))
        return FALSE;
    if (g_bytes_get_size(answer) == 0) {
        *ret_result = NULL;
        return TRUE;
    }
    if (!tlv_parse(tlv_slice_from_bytes(answer), function.response->tag, &object, error)) {
        g_prefix_error(error, "%s: response of the card: ", function.name);
        return FALSE;
    }
    *ret_result = g_steal_pointer(&answer);
    return TRUE;
}
