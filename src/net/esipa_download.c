/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_download.h"

#include "net/esipa_json.h"
#include "net/esipa_package.h"
#include "net/esipa_private.h"
#include "net/json_exchange.h"
#include "util/error.h"

#define TAG_TRANSACTION_ID 0x80

#define MAX_PACKAGE     ((2u << 20) + 64) /* octets of an answer with a package */
#define PACKAGE_TIMEOUT 3600              /* seconds; half of it for 2 MiB through 20 kbit/s */

const RspServerRefusal *esipa_client_get_refusal(const EsipaClient *client)
{
    return &client->refusal;
}

/* ---- answers ---- */

/* BODY decoded; some eIMs write the outer tag twice (esipa.md 8): the inner one counts. */
static gpointer decode(const TlvType *type, GBytes *body, GError **error)
{
    TlvSlice octets = tlv_slice_from_bytes(body);
    Tlv outer, inner;

    if (tlv_parse(octets, type->tag, &outer, NULL) &&
        tlv_parse(outer.value, type->tag, &inner, NULL))
        octets = inner.raw;
    return tlv_decode_slice(type, body, octets, error);
}

static void set_refused(RspServerRefusal *refusal, const TlvName *names, gint64 code,
                        GError **error)
{
    refusal->code = code;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED,
                "the eIM answered %s (%" G_GINT64_FORMAT ")", tlv_name(names, code), code);
}

static GBytes *optional(TlvSlice slice)
{
    return slice.data ? tlv_slice_to_bytes(slice) : NULL;
}

/* What the answer names, or what stands in the signed part where it does not (esipa.md 8). */
static GBytes *choose_transaction_id(TlvSlice named, GBytes *signed_object, GError **error)
{
    GBytes *id =
        named.data ? tlv_slice_to_bytes(named) : rsp_server_find_transaction_id(signed_object);

    if (!id)
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "the answer names no transaction");
    return id;
}

static gboolean check_transaction_id(TlvSlice named, GBytes *transaction_id, GError **error)
{
    if (!named.data || tlv_slice_equal(named, tlv_slice_from_bytes(transaction_id)))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "the answer belongs to another transaction");
    return FALSE;
}

RspServerAuthentication *esipa_parse_authentication(GBytes *body, RspServerRefusal *ret_refusal,
                                                    GError **error)
{
    g_autoptr(RspInitiateAuthenticationResponseEsipa) answer =
        decode(&rsp_initiate_authentication_response_esipa, body, error);
    g_autoptr(RspServerAuthentication) result = g_new0(RspServerAuthentication, 1);
    const RspInitiateAuthenticationOkEsipa *ok;

    if (!answer)
        return NULL;
    ok = answer->initiate_authentication_ok_esipa;
    if (!ok) {
        set_refused(ret_refusal, rsp_names_initiate_authentication_error_esipa,
                    answer->initiate_authentication_error_esipa.value, error);
        return NULL;
    }
    result->server_signed1 = tlv_slice_to_bytes(ok->server_signed1->head.raw);
    result->server_signature1 = tlv_slice_to_bytes(ok->server_signature1);
    result->ci_pk_id = tlv_slice_to_bytes(ok->euicc_ci_pk_identifier_to_be_used);
    result->server_certificate = tlv_slice_to_bytes(ok->server_certificate);
    result->matching_id = ok->matching_id.data ? tlv_slice_to_text(ok->matching_id) : NULL;
    if (ok->ctx_params1)
        result->ctx_params1 = tlv_slice_to_bytes(ok->ctx_params1->head.raw);
    result->transaction_id =
        choose_transaction_id(ok->transaction_id, result->server_signed1, error);
    return result->transaction_id ? g_steal_pointer(&result) : NULL;
}

static gboolean read_profile(const RspAuthenticateClientOkDpEsipa *ok, GBytes *transaction_id,
                             RspServerOffer *offer, GError **error)
{
    offer->smdp_signed2 = tlv_slice_to_bytes(ok->smdp_signed2->head.raw);
    offer->smdp_signature2 = tlv_slice_to_bytes(ok->smdp_signature2);
    offer->smdp_certificate = tlv_slice_to_bytes(ok->smdp_certificate);
    offer->hash_cc = optional(ok->hash_cc);
    if (ok->profile_meta_data)
        offer->profile_metadata = tlv_slice_to_bytes(ok->profile_meta_data->head.raw);
    return check_transaction_id(ok->transaction_id, transaction_id, error);
}

static gboolean read_event(const RspAuthenticateClientOkDsEsipa *ok, GBytes *transaction_id,
                           RspServerOffer *offer, GError **error)
{
    offer->of_sm_ds = TRUE;
    if (ok->profile_download_trigger)
        offer->download_trigger = tlv_slice_to_bytes(ok->profile_download_trigger->head.raw);
    return check_transaction_id(ok->transaction_id, transaction_id, error);
}

RspServerOffer *esipa_parse_offer(GBytes *body, GBytes *transaction_id,
                                  RspServerRefusal *ret_refusal, GError **error)
{
    g_autoptr(RspAuthenticateClientResponseEsipa) answer =
        decode(&rsp_authenticate_client_response_esipa, body, error);
    g_autoptr(RspServerOffer) offer = g_new0(RspServerOffer, 1);
    gboolean ok = FALSE;

    if (!answer)
        return NULL;
    offer->transaction_id = g_bytes_ref(transaction_id);
    if (answer->authenticate_client_ok_dp_esipa)
        ok = read_profile(answer->authenticate_client_ok_dp_esipa, transaction_id, offer, error);
    else if (answer->authenticate_client_ok_ds_esipa)
        ok = read_event(answer->authenticate_client_ok_ds_esipa, transaction_id, offer, error);
    else
        set_refused(ret_refusal, rsp_names_authenticate_client_error_esipa,
                    answer->authenticate_client_error_esipa.value, error);
    return ok ? g_steal_pointer(&offer) : NULL;
}

/* ---- functions ---- */

RspServerAuthentication *esipa_initiate_authentication(EsipaClient *client,
                                                       const EsipaAuthentication *request,
                                                       GCancellable *cancellable, GError **error)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) octets = NULL, body = NULL;
    RspServerAuthentication *result = NULL;

    tlv_open(writer, TAG_INITIATE_AUTHENTICATION);
    tlv_put(writer, 0x81, request->challenge, 16);
    if (request->address)
        tlv_put_string(writer, 0x83, request->address);
    if (request->euicc_info1)
        tlv_put_raw_bytes(writer, request->euicc_info1);
    if (request->eim_transaction_id && client->dialect != ESIPA_DIALECT_V1_0)
        tlv_put_slice(writer, 0x82, tlv_slice_from_bytes(request->eim_transaction_id));
    tlv_close(writer);
    octets = tlv_writer_finish(writer);
    body = esipa_exchange(client, octets, cancellable, error);
    if (body && client->binding == ESIPA_BINDING_JSON)
        result = esipa_json_parse_authentication(body, &client->refusal, error);
    else if (body)
        result = esipa_parse_authentication(body, &client->refusal, error);
    if (!result)
        g_prefix_error(error, "InitiateAuthentication: ");
    return result;
}

static GBytes *make_request(guint32 tag, GBytes *transaction_id, GBytes *object)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_put_slice(writer, TAG_TRANSACTION_ID, tlv_slice_from_bytes(transaction_id));
    tlv_put_raw_bytes(writer, object);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

RspServerOffer *esipa_authenticate_client(EsipaClient *client, GBytes *transaction_id,
                                          GBytes *response, GCancellable *cancellable,
                                          GError **error)
{
    g_autoptr(GBytes) request = make_request(TAG_AUTHENTICATE_CLIENT, transaction_id, response);
    g_autoptr(GBytes) body = esipa_exchange(client, request, cancellable, error);
    RspServerOffer *offer = NULL;

    if (body && client->binding == ESIPA_BINDING_JSON)
        offer = esipa_json_parse_offer(body, transaction_id, &client->refusal, error);
    else if (body)
        offer = esipa_parse_offer(body, transaction_id, &client->refusal, error);
    if (!offer)
        g_prefix_error(error, "AuthenticateClient: ");
    return offer;
}

static gboolean on_body(const void *octets, gsize size, gpointer data, GError **error)
{
    return esipa_package_reader_feed(data, tlv_slice(octets, size), error);
}

/* RET_SINK_FAILED: the error is the sink's own. */
static gboolean get_package_asn1(EsipaClient *client, GBytes *request, GBytes *transaction_id,
                                 RspServerSink sink, gpointer data, GCancellable *cancellable,
                                 gboolean *ret_sink_failed, GError **error)
{
    g_autoptr(EsipaPackageReader) reader = esipa_package_reader_new(transaction_id, sink, data);
    HttpsStream stream = {
        .sink = on_body,
        .data = reader,
        .max_response = MAX_PACKAGE,
        .total_timeout = PACKAGE_TIMEOUT,
    };
    gboolean ok = esipa_exchange_stream(client, request, &stream, cancellable, error);

    *ret_sink_failed = esipa_package_reader_sink_failed(reader);
    return ok && esipa_package_reader_finish(reader, &client->refusal, error);
}

static void name_refusal(EsipaClient *client, const EsipaJsonFunction *function, GError **error)
{
    client->refusal.code = esipa_json_code(function, &client->refusal);
    g_prefix_error(error, "%s (%" G_GINT64_FORMAT "): ",
                   tlv_name(rsp_names_get_bound_profile_package_error_esipa, client->refusal.code),
                   client->refusal.code);
}

static gboolean get_package_json(EsipaClient *client, GBytes *request, GBytes *transaction_id,
                                 RspServerSink sink, gpointer data, GCancellable *cancellable,
                                 gboolean *ret_sink_failed, GError **error)
{
    static const char *const members[] = { "transactionId", NULL };
    const EsipaJsonFunction *function = esipa_json_function(TAG_GET_BOUND_PACKAGE);
    JsonPeer peer = { .https = client->https, .peer = "the eIM", .headers = esipa_json_headers };
    GString *json = esipa_json_spell(function, request, error);
    g_autoptr(JsonAnswer) answer = NULL;

    if (!json)
        return FALSE;
    esipa_begin(client);
    answer = json_exchange_stream(&peer, function->path, json, members, "boundProfilePackage", sink,
                                  data, cancellable, ret_sink_failed, error);
    client->status = peer.status;
    client->retry_after = peer.retry_after;
    client->refusal = peer.refusal;
    if (!answer) {
        if (error && euiccd_error_is(*error, EUICCD_ERROR_SERVER_REFUSED) && !*ret_sink_failed)
            name_refusal(client, function, error);
        return FALSE;
    }
    if (!json_answer_check_transaction(answer, transaction_id, error))
        return FALSE;
    if (json_answer_has_streamed(answer))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "the answer has no boundProfilePackage");
    return FALSE;
}

gboolean esipa_get_bound_profile_package(EsipaClient *client, GBytes *transaction_id,
                                         GBytes *response, RspServerSink sink, gpointer data,
                                         GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) request = make_request(TAG_GET_BOUND_PACKAGE, transaction_id, response);
    gboolean sink_failed = FALSE, ok;

    if (client->binding == ESIPA_BINDING_JSON)
        ok = get_package_json(client, request, transaction_id, sink, data, cancellable,
                              &sink_failed, error);
    else
        ok = get_package_asn1(client, request, transaction_id, sink, data, cancellable,
                              &sink_failed, error);
    if (!ok && !sink_failed)
        g_prefix_error(error, "GetBoundProfilePackage: ");
    return ok;
}

/* A1 stands in the place of the tag of what the card gave (SGP.32 6.3.2.5). */
static GBytes *make_cancel_request(GBytes *transaction_id, GBytes *response, GError **error)
{
    TlvWriter *writer;
    Tlv object;

    if (!tlv_parse(tlv_slice_from_bytes(response), TAG_CANCEL_SESSION, &object, error))
        return NULL;
    writer = tlv_writer_new();
    tlv_open(writer, TAG_CANCEL_SESSION);
    tlv_put_slice(writer, TAG_TRANSACTION_ID, tlv_slice_from_bytes(transaction_id));
    tlv_put_slice(writer, 0xA1, object.value);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

gboolean esipa_parse_cancelled(GBytes *body, RspServerRefusal *ret_refusal, GError **error)
{
    g_autoptr(RspCancelSessionResponseEsipa) answer =
        decode(&rsp_cancel_session_response_esipa, body, error);

    if (!answer)
        return FALSE;
    if (answer->cancel_session_ok)
        return TRUE;
    set_refused(ret_refusal, rsp_names_cancel_session_error, answer->cancel_session_error.value,
                error);
    return FALSE;
}

gboolean esipa_cancel_session(EsipaClient *client, GBytes *transaction_id, GBytes *response,
                              GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) request = make_cancel_request(transaction_id, response, error);
    g_autoptr(GBytes) body = request ? esipa_exchange(client, request, cancellable, error) : NULL;
    gboolean ok = FALSE;

    if (body && client->binding == ESIPA_BINDING_JSON)
        ok = esipa_json_parse_cancelled(body, &client->refusal, error);
    else if (body)
        ok = esipa_parse_cancelled(body, &client->refusal, error);
    if (ok)
        return TRUE;
    g_prefix_error(error, "CancelSession: ");
    return FALSE;
}
