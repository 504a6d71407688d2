/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/es9p_private.h"

#include "rsp/common.h"
#include "util/error.h"

#define TAG_SEQUENCE  0x30
#define TAG_OCTETS    0x04
#define TAG_SIGNATURE 0x5F37
#define TAG_METADATA  0xBF25

#define CHALLENGE_SIZE 16
#define SIGNATURE_SIZE 64
#define KEY_ID_SIZE    20

/*
 * SGP.22 6.5.1.3 knows the User-Agent of an LPA only, and SM-DP+ in the field were made for those. What an IPA
 * should write at this interface is not said where ES9+ is described, so it writes what every SM-DP+ has seen.
 */
static const char *const headers[] = {
    "User-Agent: gsma-rsp-lpad",
    "X-Admin-Protocol: gsma/rsp/v2.1.0",
    "Content-Type: application/json;charset=UTF-8",
    NULL,
};

Es9pClient *es9p_client_new(HttpsClient *https, const char *address)
{
    Es9pClient *client = g_new0(Es9pClient, 1);

    client->peer = (JsonPeer){ .https = https, .peer = "the server", .headers = headers };
    rsp_server_refusal_clear(&client->peer.refusal);
    client->address = g_strdup(address);
    return client;
}

void es9p_client_free(Es9pClient *client)
{
    json_peer_clear(&client->peer);
    g_free(client->address);
    g_free(client);
}

const RspServerRefusal *es9p_client_get_refusal(const Es9pClient *client)
{
    return &client->peer.refusal;
}

guint es9p_client_get_retry_after(const Es9pClient *client)
{
    return client->peer.retry_after;
}

guint es9p_client_get_status(const Es9pClient *client)
{
    return client->peer.status;
}

GString *es9p_make_request(GBytes *transaction_id, const char *name, GBytes *object)
{
    GString *request = json_request_new();
    gsize size;
    const void *id = g_bytes_get_data(transaction_id, &size);

    json_request_put_hex(request, "transactionId", id, size);
    json_request_put_bytes(request, name, object);
    return request;
}

/* A value that some write bare and some as an object of TAG (v1.3.md 3.3). */
static gboolean get_value(const JsonAnswer *answer, const char *pointer, guint32 tag, gsize size,
                          GBytes **ret_value, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (!json_answer_get_base64(answer, pointer, TRUE, &bytes, error))
        return FALSE;
    *ret_value = rsp_server_unwrap(bytes, tag, size);
    return TRUE;
}

static RspServerAuthentication *read_authentication(const JsonAnswer *answer, GError **error)
{
    g_autoptr(RspServerAuthentication) result = g_new0(RspServerAuthentication, 1);

    if (!json_answer_get_hex(answer, "/transactionId", TRUE, &result->transaction_id, error) ||
        !json_answer_get_object(answer, "/serverSigned1", TAG_SEQUENCE, TRUE,
                                &result->server_signed1, error) ||
        !get_value(answer, "/serverSignature1", TAG_SIGNATURE, SIGNATURE_SIZE,
                   &result->server_signature1, error) ||
        !get_value(answer, "/euiccCiPKIdToBeUsed", TAG_OCTETS, KEY_ID_SIZE, &result->ci_pk_id,
                   error) ||
        !json_answer_get_object(answer, "/serverCertificate", TAG_SEQUENCE, TRUE,
                                &result->server_certificate, error))
        return NULL;
    return g_steal_pointer(&result);
}

RspServerAuthentication *es9p_initiate_authentication(Es9pClient *client, const guint8 *challenge,
                                                      GBytes *euicc_info1,
                                                      GCancellable *cancellable, GError **error)
{
    static const char *const members[] = { "transactionId",     "serverSigned1",
                                           "serverSignature1",  "euiccCiPKIdToBeUsed",
                                           "serverCertificate", NULL };
    GString *request = json_request_new();
    g_autoptr(JsonAnswer) answer = NULL;
    RspServerAuthentication *result = NULL;

    json_request_put_base64(request, "euiccChallenge", challenge, CHALLENGE_SIZE);
    json_request_put_bytes(request, "euiccInfo1", euicc_info1);
    json_request_put_text(request, "smdpAddress", client->address);
    answer = json_exchange(&client->peer, ES9P_PATH "initiateAuthentication", request, members,
                           cancellable, error);
    if (answer)
        result = read_authentication(answer, error);
    if (!result)
        g_prefix_error(error, "InitiateAuthentication: ");
    return result;
}

static RspServerOffer *read_offer(const JsonAnswer *answer, GBytes *transaction_id, GError **error)
{
    g_autoptr(RspServerOffer) result = g_new0(RspServerOffer, 1);

    result->transaction_id = g_bytes_ref(transaction_id);
    if (!json_answer_check_transaction(answer, transaction_id, error) ||
        !json_answer_get_object(answer, "/profileMetadata", TAG_METADATA, TRUE,
                                &result->profile_metadata, error) ||
        !json_answer_get_object(answer, "/smdpSigned2", TAG_SEQUENCE, TRUE, &result->smdp_signed2,
                                error) ||
        !get_value(answer, "/smdpSignature2", TAG_SIGNATURE, SIGNATURE_SIZE,
                   &result->smdp_signature2, error) ||
        !json_answer_get_object(answer, "/smdpCertificate", TAG_SEQUENCE, TRUE,
                                &result->smdp_certificate, error))
        return NULL;
    return g_steal_pointer(&result);
}

RspServerOffer *es9p_authenticate_client(Es9pClient *client, GBytes *transaction_id,
                                         GBytes *response, GCancellable *cancellable,
                                         GError **error)
{
    static const char *const members[] = { "transactionId",  "profileMetadata", "smdpSigned2",
                                           "smdpSignature2", "smdpCertificate", NULL };
    GString *request = es9p_make_request(transaction_id, "authenticateServerResponse", response);
    g_autoptr(JsonAnswer) answer = json_exchange(&client->peer, ES9P_PATH "authenticateClient",
                                                 request, members, cancellable, error);
    RspServerOffer *result = answer ? read_offer(answer, transaction_id, error) : NULL;

    if (!result)
        g_prefix_error(error, "AuthenticateClient: ");
    return result;
}

gboolean es9p_get_bound_profile_package(Es9pClient *client, GBytes *transaction_id,
                                        GBytes *response, RspServerSink sink, gpointer data,
                                        GCancellable *cancellable, GError **error)
{
    static const char *const members[] = { "transactionId", NULL };
    GString *request = es9p_make_request(transaction_id, "prepareDownloadResponse", response);
    gboolean sink_failed = FALSE;
    g_autoptr(JsonAnswer) answer =
        json_exchange_stream(&client->peer, ES9P_PATH "getBoundProfilePackage", request, members,
                             "boundProfilePackage", sink, data, cancellable, &sink_failed, error);

    if (sink_failed)
        return FALSE;
    if (answer && json_answer_check_transaction(answer, transaction_id, error)) {
        if (json_answer_has_streamed(answer))
            return TRUE;
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "the answer has no boundProfilePackage");
    }
    g_prefix_error(error, "GetBoundProfilePackage: ");
    return FALSE;
}

gboolean es9p_cancel_session(Es9pClient *client, GBytes *transaction_id, GBytes *response,
                             GCancellable *cancellable, GError **error)
{
    GString *request = es9p_make_request(transaction_id, "cancelSessionResponse", response);

    if (json_exchange_empty(&client->peer, ES9P_PATH "cancelSession", request, cancellable, error))
        return TRUE;
    g_prefix_error(error, "CancelSession: ");
    return FALSE;
}

gboolean es9p_handle_notification(Es9pClient *client, GBytes *notification,
                                  GCancellable *cancellable, GError **error)
{
    GString *request = json_request_new();

    json_request_put_bytes(request, "pendingNotification", notification);
    if (json_exchange_notice(&client->peer, ES9P_PATH "handleNotification", request, cancellable,
                             error))
        return TRUE;
    g_prefix_error(error, "HandleNotification: ");
    return FALSE;
}
