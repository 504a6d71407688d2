/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_json.h"
#include "net/esipa_private.h"
#include "net/json_request.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* So many times a dialect that was learned may be answered 400 before the other one is tried (v1.3.md 4.2:
 * "repeatedly"). */
#define MAX_REFUSALS 3

const EsipaConfig esipa_config_default = {
    .path = "/gsma/rsp2/asn1",
    .dialect = ESIPA_DIALECT_V1_2,
    .source = ESIPA_DIALECT_ASSUMED,
    .binding = ESIPA_BINDING_ASN1,
    .binding_source = ESIPA_DIALECT_ASSUMED,
};

EsipaClient *esipa_client_new(HttpsClient *https, const guint8 *eid, const EsipaConfig *config)
{
    EsipaClient *client = g_new0(EsipaClient, 1);

    client->https = https;
    memcpy(client->eid, eid, EID_SIZE);
    client->path = g_strdup(config->path);
    client->dialect = config->dialect;
    client->source = config->source;
    client->binding = config->binding;
    client->binding_source = config->binding_source;
    if (client->binding == ESIPA_BINDING_JSON) {
        /* Whatever was learned in ASN.1: only v1.1 and later have JSON. */
        client->dialect = ESIPA_DIALECT_V1_2;
        if (client->source == ESIPA_DIALECT_ASSUMED)
            client->source = ESIPA_DIALECT_LEARNED;
    }
    rsp_server_refusal_clear(&client->refusal);
    return client;
}

void esipa_client_free(EsipaClient *client)
{
    rsp_server_refusal_clear(&client->refusal);
    g_free(client->path);
    g_free(client);
}

guint esipa_client_get_retry_after(EsipaClient *client)
{
    return client->retry_after;
}

guint esipa_client_get_status(const EsipaClient *client)
{
    return client->status;
}

EsipaDialect esipa_client_get_dialect(EsipaClient *client)
{
    return client->dialect;
}

EsipaDialectSource esipa_client_get_dialect_source(EsipaClient *client)
{
    return client->source;
}

EsipaBinding esipa_client_get_binding(EsipaClient *client)
{
    return client->binding;
}

EsipaDialectSource esipa_client_get_binding_source(EsipaClient *client)
{
    return client->binding_source;
}

/*
 * What v1.1 added is proof, whatever was learned before: the eIM may have been updated. The marks of
 * v1.0 are weaker (a later eIM might write BF50 00 by mistake) and count only while nothing is known.
 */
static void learn(EsipaClient *client, EsipaEvidence evidence)
{
    if (client->source == ESIPA_DIALECT_CONFIGURED)
        return;
    switch (evidence) {
    case ESIPA_EVIDENCE_NONE:
        return;
    case ESIPA_EVIDENCE_V1_0:
        if (client->source == ESIPA_DIALECT_LEARNED)
            return;
        client->dialect = ESIPA_DIALECT_V1_0;
        break;
    case ESIPA_EVIDENCE_V1_2:
        client->dialect = ESIPA_DIALECT_V1_2;
        break;
    }
    client->source = ESIPA_DIALECT_LEARNED;
}

/* ---- exchanges ---- */

/* 405 and 415 say that this eIM is another kind of server: asking again soon changes nothing (I-29). */
static EuiccdError error_of_status(guint status)
{
    return status == 405 || status == 415 ? EUICCD_ERROR_EIM_REJECTED : EUICCD_ERROR_HTTP;
}

static const char *const asn1_headers[] = {
    "User-Agent: gsma-rsp-ipad",
    "X-Admin-Protocol: gsma/rsp/v2.1.0",
    "Content-Type: application/x-gsma-rsp-asn1",
    NULL,
};

const char *const esipa_json_headers[] = {
    "User-Agent: gsma-rsp-ipad",
    "X-Admin-Protocol: gsma/rsp/v2.1.0",
    "Content-Type: application/json;charset=UTF-8",
    NULL,
};

void esipa_begin(EsipaClient *client)
{
    client->status = client->retry_after = 0;
    rsp_server_refusal_clear(&client->refusal);
}

static HttpsResponse *post(EsipaClient *client, const char *path, const char *const *headers,
                           GBytes *request, const HttpsStream *stream, GCancellable *cancellable,
                           GError **error)
{
    g_autoptr(HttpsResponse) response = NULL;
    g_autofree char *wait = NULL;

    esipa_begin(client);
    response = https_post_stream(client->https, path, headers, request, stream, cancellable, error);
    if (!response)
        return NULL;
    client->status = response->status;
    client->retry_after = response->retry_after;
    if (response->status >= 200 && response->status <= 299)
        return g_steal_pointer(&response);
    if (response->retry_after > 0)
        wait = g_strdup_printf(" and wants to be asked again after %u s", response->retry_after);
    g_set_error(error, EUICCD_ERROR, (gint)error_of_status(response->status),
                "the eIM answered HTTP status %u%s", response->status, wait ? wait : "");
    return NULL;
}

gboolean esipa_exchange_stream(EsipaClient *client, GBytes *request, const HttpsStream *stream,
                               GCancellable *cancellable, GError **error)
{
    g_autoptr(HttpsResponse) response =
        post(client, client->path, asn1_headers, request, stream, cancellable, error);

    return response != NULL;
}

/* ---- bindings ---- */

static guint32 tag_of(GBytes *request)
{
    guint32 tag = 0;
    gsize header, size;

    tlv_peek_header(tlv_slice_from_bytes(request), &tag, &header, &size, NULL);
    return tag;
}

static GBytes *exchange_in(EsipaClient *client, EsipaBinding binding, GBytes *request,
                           GCancellable *cancellable, GError **error)
{
    g_autoptr(HttpsResponse) response = NULL;
    g_autoptr(GBytes) body = NULL;
    const EsipaJsonFunction *function;
    GString *json;

    switch (binding) {
    case ESIPA_BINDING_ASN1:
        response = post(client, client->path, asn1_headers, request, NULL, cancellable, error);
        break;
    case ESIPA_BINDING_JSON:
        function = esipa_json_function(tag_of(request));
        g_return_val_if_fail(function, NULL);
        json = esipa_json_spell(function, request, error);
        if (!json)
            return NULL;
        body = json_request_finish(json);
        response = post(client, function->path, esipa_json_headers, body, NULL, cancellable, error);
        break;
    }
    return response ? g_bytes_ref(response->body) : NULL;
}

static gboolean looks_like_json(GBytes *body)
{
    TlvSlice octets = tlv_slice_from_bytes(body);
    gsize i = 0;

    while (i < octets.size && strchr(" \t\r\n", octets.data[i]) && octets.data[i])
        i++;
    return i < octets.size && octets.data[i] == '{';
}

/*
 * The specification has no way to ask an eIM for its bindings: both are to be supported (SGP.32 6.1.1, 6.4).
 * Every eIM that is known has ASN.1, some have no JSON, and these answer 404 or 501 at its paths (I-29); one
 * that has only JSON can be expected to answer the same at the path of ASN.1, 405 where it knows the path for
 * something else, 415 where it looks at the media type, or JSON. None of these answers comes from a function
 * that was executed, so the same request may go out in the other binding. From ASN.1 to JSON that happens with
 * GetEimPackage alone, which every poll begins with: asking it twice does no harm, and a server that answers so
 * for other reasons costs no more than that. The media type of an answer is not judged (I-30).
 */
static gboolean shows_other_binding(const EsipaClient *client, GBytes *request, GBytes *body)
{
    gboolean is_no_function = !body && (client->status == 404 || client->status == 405 ||
                                        client->status == 415 || client->status == 501);

    switch (client->binding) {
    case ESIPA_BINDING_ASN1:
        return tag_of(request) == TAG_GET_PACKAGE &&
               (is_no_function || (body && looks_like_json(body)));
    case ESIPA_BINDING_JSON:
        return is_no_function;
    }
    g_return_val_if_reached(FALSE);
}

/* v1.0 has no JSON. */
static gboolean may_try_other(const EsipaClient *client)
{
    return client->binding_source != ESIPA_DIALECT_CONFIGURED &&
           client->dialect != ESIPA_DIALECT_V1_0;
}

/* BODY, of GetEimPackage where BINDING is JSON, is the answer of an eIM that has it. A web server that answers anything
 * with a page, or with JSON of its own, is none. */
static gboolean is_answer_in(EsipaBinding binding, GBytes *body)
{
    g_autoptr(EsipaPackage) package = NULL;
    g_autoptr(GError) error = NULL;

    if (g_bytes_get_size(body) == 0)
        return TRUE;
    if (binding == ESIPA_BINDING_ASN1)
        return !looks_like_json(body);
    package = esipa_json_parse_package(body, &error);
    return package || !euiccd_error_is(error, EUICCD_ERROR_MALFORMED);
}

/* The answer in the other binding, which is spoken from then on; NULL: it is none either. */
static GBytes *try_other(EsipaClient *client, GBytes *request, GCancellable *cancellable,
                         GError **error)
{
    EsipaBinding other =
        client->binding == ESIPA_BINDING_JSON ? ESIPA_BINDING_ASN1 : ESIPA_BINDING_JSON;
    g_autoptr(GBytes) body = exchange_in(client, other, request, cancellable, error);

    if (!body || !is_answer_in(other, body))
        return NULL;
    client->binding = other;
    client->binding_source = ESIPA_DIALECT_LEARNED;
    if (other == ESIPA_BINDING_JSON && client->source == ESIPA_DIALECT_ASSUMED)
        client->source = ESIPA_DIALECT_LEARNED;
    return g_steal_pointer(&body);
}

GBytes *esipa_exchange(EsipaClient *client, GBytes *request, GCancellable *cancellable,
                       GError **error)
{
    g_autoptr(GError) refusal = NULL, other_refusal = NULL;
    g_autoptr(GBytes) body = exchange_in(client, client->binding, request, cancellable, &refusal);

    if (may_try_other(client) && shows_other_binding(client, request, body)) {
        guint status = client->status, retry_after = client->retry_after;
        GBytes *other = try_other(client, request, cancellable, &other_refusal);

        if (other)
            return other;
        client->status = status;
        client->retry_after = retry_after;
    }
    if (euiccd_error_is(other_refusal, EUICCD_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&other_refusal));
        return NULL;
    }
    if (!body)
        g_propagate_error(error, g_steal_pointer(&refusal));
    return g_steal_pointer(&body);
}

/* ---- dialects ---- */

/* Writes a request in the forms of DIALECT. */
typedef GBytes *(*Build)(EsipaClient *client, EsipaDialect dialect, gconstpointer data);

/* The other form is tried: at once while nothing is known, later when what was learned looks wrong. */
static gboolean is_doubtful(const EsipaClient *client)
{
    switch (client->source) {
    case ESIPA_DIALECT_ASSUMED:
        return TRUE;
    case ESIPA_DIALECT_LEARNED:
        return client->refusals >= MAX_REFUSALS;
    case ESIPA_DIALECT_CONFIGURED:
        return FALSE;
    }
    g_return_val_if_reached(FALSE);
}

/*
 * The same for a request whose form depends on the dialect. An eIM answers 400 to what it can't decode: it
 * gets the other form once, and what it takes is spoken from then on. (A 500 is no such sign: it may pass, and
 * a later eIM may take the older form too, so that the wrong thing would be learned.)
 */
static GBytes *exchange_form(EsipaClient *client, Build build, gconstpointer data,
                             GCancellable *cancellable, GError **error)
{
    EsipaDialect other =
        client->dialect == ESIPA_DIALECT_V1_0 ? ESIPA_DIALECT_V1_2 : ESIPA_DIALECT_V1_0;
    g_autoptr(GBytes) request = build(client, client->dialect, data);
    g_autoptr(GBytes) other_request = build(client, other, data);
    g_autoptr(GError) refusal = NULL;
    GBytes *body = esipa_exchange(client, request, cancellable, &refusal);

    if (client->binding == ESIPA_BINDING_JSON || g_bytes_equal(request, other_request) ||
        client->status != 400) {
        if (body && !g_bytes_equal(request, other_request))
            client->refusals = 0;
    } else {
        client->refusals++;
        if (is_doubtful(client))
            body = esipa_exchange(client, other_request, cancellable, NULL);
        if (body) {
            client->refusals = 0;
            client->dialect = other;
            client->source = ESIPA_DIALECT_LEARNED;
        }
    }
    if (!body)
        g_propagate_error(error, g_steal_pointer(&refusal));
    return body;
}

static GBytes *build_get_package(EsipaClient *client, EsipaDialect dialect, gconstpointer data)
{
    const EsipaGetPackageOptions *options = data;
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, TAG_GET_PACKAGE);
    tlv_put(writer, TAG_EID, client->eid, EID_SIZE);
    if (options->notify_state_change)
        tlv_put_null(writer, 0x80);
    switch (dialect) {
    case ESIPA_DIALECT_V1_2:
        if (options->notify_state_change && options->state_change_cause >= 0)
            tlv_put_integer(writer, 0x81, options->state_change_cause);
        if (options->rplmn)
            tlv_put(writer, 0x82, options->rplmn, 3);
        break;
    case ESIPA_DIALECT_V1_0:
        if (options->rplmn)
            tlv_put(writer, 0x81, options->rplmn, 3);
        break;
    }
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

EsipaPackage *esipa_get_eim_package(EsipaClient *client, const EsipaGetPackageOptions *options,
                                    GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) body = exchange_form(client, build_get_package, options, cancellable, error);
    EsipaPackage *package = NULL;

    if (body && client->binding == ESIPA_BINDING_JSON)
        package = esipa_json_parse_package(body, error);
    else if (body)
        package = esipa_parse_package(body, error);
    if (!package) {
        g_prefix_error(error, "GetEimPackage: ");
        return NULL;
    }
    learn(client, package->evidence);
    return package;
}

/* What ProvideEimPackageResult carries: a result, or an error. */
typedef struct {
    GBytes *result; /* NULL: ERROR_CODE */
    GPtrArray *notifications;
    gboolean is_euicc_package; /* RESULT is one of the card: notifications may go with it */
    EsipaResultError error_code;
    GBytes *transaction_id;
} Provided;

/* ePRAndNotifications; v1.0 holds a whole RetrieveNotificationsListResponse. */
static void put_with_notifications(TlvWriter *writer, EsipaDialect dialect,
                                   const Provided *provided)
{
    tlv_open(writer, TAG_SEQUENCE);
    tlv_put_raw_bytes(writer, provided->result);
    if (dialect == ESIPA_DIALECT_V1_0)
        tlv_open(writer, TAG_RETRIEVE_LIST);
    tlv_open(writer, 0xA0);
    for (guint i = 0; i < provided->notifications->len; i++)
        tlv_put_raw_bytes(writer, provided->notifications->pdata[i]);
    tlv_close(writer);
    if (dialect == ESIPA_DIALECT_V1_0)
        tlv_close(writer);
    tlv_close(writer);
}

static void put_error(TlvWriter *writer, EsipaDialect dialect, const Provided *provided)
{
    switch (dialect) {
    case ESIPA_DIALECT_V1_2:
        tlv_open(writer, 0xA0);
        if (provided->transaction_id)
            tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(provided->transaction_id));
        tlv_put_integer(writer, TAG_INTEGER, provided->error_code);
        tlv_close(writer);
        break;
    case ESIPA_DIALECT_V1_0:
        tlv_put_integer(writer, TAG_INTEGER, provided->error_code);
        break;
    }
}

static GBytes *build_provide(EsipaClient *client, EsipaDialect dialect, gconstpointer data)
{
    const Provided *provided = data;
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, TAG_PROVIDE_RESULT);
    if (dialect == ESIPA_DIALECT_V1_2)
        tlv_put(writer, TAG_EID, client->eid, EID_SIZE);
    if (!provided->result)
        put_error(writer, dialect, provided);
    else if (provided->is_euicc_package && provided->notifications &&
             provided->notifications->len > 0)
        put_with_notifications(writer, dialect, provided);
    else
        tlv_put_raw_bytes(writer, provided->result);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static EsipaResultAnswer *provide(EsipaClient *client, const Provided *provided,
                                  GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) body = exchange_form(client, build_provide, provided, cancellable, error);
    EsipaResultAnswer *answer = NULL;

    if (body && client->binding == ESIPA_BINDING_JSON)
        answer = esipa_json_parse_result_answer(body, error);
    else if (body)
        answer = esipa_parse_result_answer(body, error);
    if (!answer) {
        g_prefix_error(error, "ProvideEimPackageResult: ");
        return NULL;
    }
    learn(client, answer->evidence);
    return answer;
}

EsipaResultAnswer *esipa_provide_result(EsipaClient *client, GBytes *result,
                                        GPtrArray *notifications, GCancellable *cancellable,
                                        GError **error)
{
    Provided provided = { .result = result, .notifications = notifications };
    Tlv object;

    if (!tlv_parse(tlv_slice_from_bytes(result), 0, &object, error)) {
        g_prefix_error(error, "ProvideEimPackageResult: the result can't be sent: ");
        return NULL;
    }
    provided.is_euicc_package = object.tag == TAG_EUICC_PACKAGE;
    return provide(client, &provided, cancellable, error);
}

EsipaResultAnswer *esipa_provide_error(EsipaClient *client, EsipaResultError code,
                                       GBytes *transaction_id, GCancellable *cancellable,
                                       GError **error)
{
    Provided provided = { .error_code = code, .transaction_id = transaction_id };

    return provide(client, &provided, cancellable, error);
}

/* The function has no answer in ASN.1; what comes in its place is not looked at, except that a web page shows
 * that something else than the eIM took the notification. */
static gboolean parse_notified(GBytes *body, GError **error)
{
    TlvSlice octets = tlv_slice_from_bytes(body);

    if (octets.size == 0 || octets.data[0] != '<')
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "the answer is not ESipa (it looks like HTML)");
    return FALSE;
}

/* TRUE: BODY, which may be NULL with ERROR set, is none that speaks against it. */
static gboolean check_notified(EsipaClient *client, GBytes *body, GError **error)
{
    gboolean ok = FALSE;

    if (body && client->binding == ESIPA_BINDING_JSON)
        ok = esipa_json_parse_notified(body, error);
    else if (body)
        ok = parse_notified(body, error);
    if (!ok)
        g_prefix_error(error, "HandleNotification: ");
    return ok;
}

gboolean esipa_handle_notification(EsipaClient *client, GBytes *pending_notification,
                                   GCancellable *cancellable, GError **error)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) request = NULL, body = NULL;

    tlv_open(writer, TAG_HANDLE_NOTIFICATION);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, pending_notification);
    tlv_close(writer);
    tlv_close(writer);
    request = tlv_writer_finish(writer);
    body = esipa_exchange(client, request, cancellable, error);
    return check_notified(client, body, error);
}

/* v1.0 replaces the tag of the alternative. */
static GBytes *build_notify_result(EsipaClient *client, EsipaDialect dialect, gconstpointer data)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, TAG_HANDLE_NOTIFICATION);
    switch (dialect) {
    case ESIPA_DIALECT_V1_2:
        tlv_open(writer, TAG_PROVIDE_RESULT);
        tlv_put(writer, TAG_EID, client->eid, EID_SIZE);
        break;
    case ESIPA_DIALECT_V1_0:
        tlv_open(writer, 0xA1);
        break;
    }
    tlv_put_raw_bytes(writer, (GBytes *)data);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

gboolean esipa_notify_result(EsipaClient *client, GBytes *result, GCancellable *cancellable,
                             GError **error)
{
    g_autoptr(GBytes) body = exchange_form(client, build_notify_result, result, cancellable, error);

    return check_notified(client, body, error);
}
