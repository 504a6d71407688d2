/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_private.h"

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
};

EsipaClient *esipa_client_new(HttpsClient *https, const guint8 *eid, const EsipaConfig *config)
{
    EsipaClient *client = g_new0(EsipaClient, 1);

    client->https = https;
    memcpy(client->eid, eid, EID_SIZE);
    client->path = g_strdup(config->path);
    client->dialect = config->dialect;
    client->source = config->source;
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

EsipaDialect esipa_client_get_dialect(EsipaClient *client)
{
    return client->dialect;
}

EsipaDialectSource esipa_client_get_dialect_source(EsipaClient *client)
{
    return client->source;
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

GBytes *esipa_exchange(EsipaClient *client, GBytes *request, const HttpsStream *stream,
                       GCancellable *cancellable, GError **error)
{
    static const char *const headers[] = {
        "User-Agent: gsma-rsp-ipad",
        "X-Admin-Protocol: gsma/rsp/v2.1.0",
        "Content-Type: application/x-gsma-rsp-asn1",
        NULL,
    };
    g_autoptr(HttpsResponse) response = NULL;

    client->status = client->retry_after = 0;
    rsp_server_refusal_clear(&client->refusal);
    response = https_post_stream(client->https, client->path, headers, request, stream, cancellable,
                                 error);
    if (!response)
        return NULL;
    client->status = response->status;
    client->retry_after = response->retry_after;
    if (response->status < 200 || response->status > 299) {
        g_autofree char *wait =
            response->retry_after > 0
                ? g_strdup_printf(" and wants to be asked again after %u s", response->retry_after)
                : g_strdup("");

        g_set_error(error, EUICCD_ERROR, (gint)error_of_status(response->status),
                    "the eIM answered HTTP status %u%s", response->status, wait);
        return NULL;
    }
    return g_bytes_ref(response->body);
}

static GBytes *exchange(EsipaClient *client, GBytes *request, GCancellable *cancellable,
                        GError **error)
{
    return esipa_exchange(client, request, NULL, cancellable, error);
}

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
    GBytes *body = exchange(client, request, cancellable, &refusal);

    if (g_bytes_equal(request, other_request) || client->status != 400) {
        if (body && !g_bytes_equal(request, other_request))
            client->refusals = 0;
    } else {
        client->refusals++;
        if (is_doubtful(client))
            body = exchange(client, other_request, cancellable, NULL);
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
    EsipaPackage *package = body ? esipa_parse_package(body, error) : NULL;

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
    EsipaResultAnswer *answer = body ? esipa_parse_result_answer(body, error) : NULL;

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

gboolean esipa_handle_notification(EsipaClient *client, GBytes *pending_notification,
                                   GCancellable *cancellable, GError **error)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) request = NULL, body = NULL;
    TlvSlice octets;

    tlv_open(writer, TAG_HANDLE_NOTIFICATION);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, pending_notification);
    tlv_close(writer);
    tlv_close(writer);
    request = tlv_writer_finish(writer);
    body = exchange(client, request, cancellable, error);
    if (!body) {
        g_prefix_error(error, "HandleNotification: ");
        return FALSE;
    }
    /* The function has no answer; what comes in its place is not looked at, except that a web page
     * shows that something else than the eIM took the notification. */
    octets = tlv_slice_from_bytes(body);
    if (octets.size > 0 && octets.data[0] == '<') {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "HandleNotification: the answer is not ESipa (it looks like HTML)");
        return FALSE;
    }
    return TRUE;
}
