/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

#define MAX_FQDN 253 /* characters of a DNS name */

/* Tags of the alternatives (SGP.32 6.3.2.6, 6.3.2.7); their meaning by position is in the
 * functions. */
#define TAG_EID                 0x5A
#define TAG_INTEGER             0x02
#define TAG_SEQUENCE            0x30
#define TAG_RETRIEVE_LIST       0xBF2B
#define TAG_HANDLE_NOTIFICATION 0xBF3D
#define TAG_GET_PACKAGE         0xBF4F
#define TAG_PROVIDE_RESULT      0xBF50
#define TAG_EUICC_PACKAGE       0xBF51
#define TAG_DATA_REQUEST        0xBF52
#define TAG_ACKNOWLEDGEMENTS    0xBF53
#define TAG_DOWNLOAD_TRIGGER    0xBF54

#define ERROR_NO_PACKAGE 1 /* eimPackageError noEimPackageAvailable */

const EsipaConfig esipa_config_default = {
    .path = "/gsma/rsp2/asn1",
    .dialect = ESIPA_DIALECT_V1_2,
};

struct EsipaClient {
    HttpsClient *https;
    guint8 eid[EID_SIZE];
    char *path;
    EsipaDialect dialect;
    guint retry_after;
};

EsipaClient *esipa_client_new(HttpsClient *https, const guint8 *eid, const EsipaConfig *config)
{
    EsipaClient *client = g_new0(EsipaClient, 1);

    client->https = https;
    memcpy(client->eid, eid, EID_SIZE);
    client->path = g_strdup(config->path);
    client->dialect = config->dialect;
    return client;
}

void esipa_client_free(EsipaClient *client)
{
    g_free(client->path);
    g_free(client);
}

EsipaDialect esipa_client_get_dialect(EsipaClient *client)
{
    return client->dialect;
}

guint esipa_client_get_retry_after(EsipaClient *client)
{
    return client->retry_after;
}

/* ---- addresses ---- */

/* A DNS name or an IPv4 address of SIZE characters. */
static gboolean is_host(const char *text, gsize size)
{
    char before = '.';

    if (size == 0 || size > MAX_FQDN)
        return FALSE;
    for (gsize i = 0; i < size; i++) {
        if (text[i] == '.' ? before == '.'
                           : !g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '_')
            return FALSE;
        before = text[i];
    }
    return before != '.';
}

static gboolean is_ipv6(const char *text)
{
    return strchr(text, ':') && !strchr(text, '%') && g_hostname_is_ip_address(text);
}

/* What stands behind the host: nothing, or ":port". */
static gboolean parse_port(const char *text, guint16 *ret_port)
{
    guint64 port = 443;

    if (*text != '\0' &&
        (*text != ':' || !g_ascii_string_to_unsigned(text + 1, 10, 1, G_MAXUINT16, &port, NULL)))
        return FALSE;
    *ret_port = (guint16)port;
    return TRUE;
}

gboolean esipa_parse_fqdn(const char *fqdn, char **ret_host, guint16 *ret_port, GError **error)
{
    g_autofree char *host = NULL, *shown = NULL;
    guint16 port = 443;

    if (*fqdn == '[') {
        const char *end = strchr(fqdn, ']');

        if (!end)
            goto bad;
        host = g_strndup(fqdn + 1, (gsize)(end - fqdn - 1));
        if (!is_ipv6(host) || !parse_port(end + 1, &port))
            goto bad;
    } else if (is_ipv6(fqdn)) {
        host = g_strdup(fqdn);
    } else {
        gsize size = strcspn(fqdn, ":"), dropped = size;

        if (size > 1 && fqdn[size - 1] == '.')
            dropped--;
        if (!is_host(fqdn, dropped) || !parse_port(fqdn + size, &port))
            goto bad;
        host = g_strndup(fqdn, dropped);
    }
    *ret_host = g_steal_pointer(&host);
    *ret_port = port;
    return TRUE;

bad:
    shown = g_strndup(fqdn, MAX_FQDN);
    for (char *c = shown; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "eimFqdn '%s' is no host name with an optional port", shown);
    return FALSE;
}

/* ---- answers ---- */

void esipa_package_free(EsipaPackage *package)
{
    g_clear_pointer(&package->package, g_bytes_unref);
    g_clear_pointer(&package->eim_transaction_id, g_bytes_unref);
    g_clear_pointer(&package->eim_id, g_bytes_unref);
    g_free(package->why);
    g_free(package);
}

void esipa_result_answer_free(EsipaResultAnswer *answer)
{
    g_clear_pointer(&answer->acknowledged, g_array_unref);
    g_free(answer);
}

static EsipaPackage *package_new(EsipaPackageKind kind, const char *why)
{
    EsipaPackage *package = g_new0(EsipaPackage, 1);

    package->kind = kind;
    package->why = g_strdup(why);
    return package;
}

/* MALFORMED where BODY does not even begin as an object with TAG: another function's answer, a web
 * page, the JSON binding (I-30). */
static gboolean check_start(TlvSlice body, guint32 tag, GError **error)
{
    gsize header, size;
    guint32 found = 0;

    if (body.data[0] == '<' || body.data[0] == '{') {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the answer is not ESipa (it looks like %s)",
                    body.data[0] == '<' ? "HTML" : "JSON");
        return FALSE;
    }
    if (body.size >= 2 && (guint32)(body.data[0] << 8 | body.data[1]) == tag)
        return TRUE;
    if (tlv_peek_header(body, &found, &header, &size, NULL))
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the answer is not ESipa (object %X instead of %X)", found, tag);
    else
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the answer is not ESipa (no data object)");
    return FALSE;
}

/* The only object with TAG in BODY. Some eIMs write the outer tag twice (esipa.md 8): the inner one
 * counts. */
static gboolean parse_outer(TlvSlice body, guint32 tag, Tlv *ret_outer, GError **error)
{
    Tlv inner;

    if (!tlv_parse(body, tag, ret_outer, error))
        return FALSE;
    if (tlv_parse(ret_outer->value, tag, &inner, NULL))
        *ret_outer = inner;
    return TRUE;
}

/* The content of the first object with TAG in CONTENT, which may be cut off or broken behind it. */
static gboolean find_in_broken(TlvSlice content, guint32 tag, TlvSlice *ret_value)
{
    guint32 found;
    gsize header, size;

    while (tlv_peek_header(content, &found, &header, &size, NULL)) {
        gsize left = content.size - header;

        if (found == tag) {
            *ret_value = tlv_slice(content.data + header, MIN(size, left));
            /* Of a primitive object a part is of no use. */
            return size <= left || tlv_tag_is_constructed(tag);
        }
        if (size > left)
            return FALSE;
        content = tlv_slice(content.data + header + size, left - size);
    }
    return FALSE;
}

/* eimTransactionId of a package that can't be decoded: where it would stand in each alternative
 * (SGP.32 2.11.1.1, 2.11.1.2, 2.11.1.3). NULL where it can't be found. */
static GBytes *salvage_transaction_id(TlvSlice body)
{
    static const guint32 euicc[] = { TAG_EUICC_PACKAGE, TAG_SEQUENCE, 0x82, 0 };
    static const guint32 data[] = { TAG_DATA_REQUEST, 0x83, 0 };
    static const guint32 trigger[] = { TAG_DOWNLOAD_TRIGGER, 0x82, 0 };
    static const guint32 *const paths[] = { euicc, data, trigger };
    TlvSlice outer, inner;

    if (!find_in_broken(body, TAG_GET_PACKAGE, &outer))
        return NULL;
    if (find_in_broken(outer, TAG_GET_PACKAGE, &inner))
        outer = inner;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        const guint32 *tag = paths[i];
        TlvSlice value = outer;

        while (*tag != 0 && find_in_broken(value, *tag, &value))
            tag++;
        if (*tag == 0 && value.size >= 1 && value.size <= 16)
            return tlv_slice_to_bytes(value);
    }
    return NULL;
}

/* Steals WHY. */
static EsipaPackage *unusable(TlvSlice body, GError **why)
{
    EsipaPackage *package = package_new(ESIPA_PACKAGE_UNUSABLE, (*why)->message);

    package->eim_transaction_id = salvage_transaction_id(body);
    g_clear_error(why);
    return package;
}

static GBytes *optional_bytes(TlvSlice slice)
{
    return slice.data ? tlv_slice_to_bytes(slice) : NULL;
}

static EsipaPackage *parse_euicc_package(GBytes *body, const Tlv *object, GError **error)
{
    g_autoptr(RspEuiccPackageRequest) request =
        tlv_decode_slice(&rsp_euicc_package_request, body, object->raw, error);
    EsipaPackage *package;

    if (!request)
        return NULL;
    package = package_new(ESIPA_PACKAGE_EUICC, NULL);
    package->eim_id = tlv_slice_to_bytes(request->euicc_package_signed->eim_id);
    package->counter = request->euicc_package_signed->counter_value.value;
    package->eim_transaction_id = optional_bytes(request->euicc_package_signed->eim_transaction_id);
    return package;
}

static EsipaPackage *parse_data_request(GBytes *body, const Tlv *object, GError **error)
{
    g_autoptr(RspIpaEuiccDataRequest) request =
        tlv_decode_slice(&rsp_ipa_euicc_data_request, body, object->raw, error);
    EsipaPackage *package;

    if (!request)
        return NULL;
    package = package_new(ESIPA_PACKAGE_DATA_REQUEST, NULL);
    package->eim_transaction_id = optional_bytes(request->eim_transaction_id);
    return package;
}

static EsipaPackage *parse_download_trigger(GBytes *body, const Tlv *object, GError **error)
{
    g_autoptr(RspProfileDownloadTriggerRequest) request =
        tlv_decode_slice(&rsp_profile_download_trigger_request, body, object->raw, error);
    EsipaPackage *package;

    if (!request)
        return NULL;
    package = package_new(ESIPA_PACKAGE_DOWNLOAD_TRIGGER, NULL);
    package->eim_transaction_id = optional_bytes(request->eim_transaction_id);
    return package;
}

/* The alternative of a CHOICE in CONTENT: the one object whose tag is in KNOWN (ended by 0).
 * RET_FOUND->tag is 0 where there is none; RET_UNKNOWN gets the tag of another object, 0: none. */
static gboolean find_alternative(TlvSlice content, const guint32 *known, Tlv *ret_found,
                                 guint32 *ret_unknown, GError **error)
{
    g_autoptr(GError) local = NULL;
    Tlv tlv, found = { 0 };
    guint32 unknown = 0;
    TlvReader reader;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        guint i = 0;

        while (known[i] != 0 && known[i] != tlv.tag)
            i++;
        if (known[i] == 0) {
            unknown = tlv.tag;
        } else if (found.tag != 0) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "two alternatives at once (%X and %X)", found.tag, tlv.tag);
            return FALSE;
        } else {
            found = tlv;
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    *ret_found = found;
    *ret_unknown = unknown;
    return TRUE;
}

/* The code of an error answer. 1 of GetEimPackage is no error. */
static EsipaPackage *parse_package_error(const Tlv *object, GError **error)
{
    gint64 code;

    if (!tlv_get_integer(object->value, &code, error)) {
        g_prefix_error(error, "eimPackageError: ");
        return NULL;
    }
    if (code == ERROR_NO_PACKAGE)
        return package_new(ESIPA_PACKAGE_NONE, NULL);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED,
                "the eIM answered eimPackageError %s (%" G_GINT64_FORMAT ")",
                tlv_name(rsp_names_eim_package_error, code), code);
    return NULL;
}

EsipaPackage *esipa_parse_package(GBytes *body, GError **error)
{
    static const guint32 known[] = { TAG_EUICC_PACKAGE, TAG_DATA_REQUEST, TAG_DOWNLOAD_TRIGGER,
                                     TAG_INTEGER, 0 };
    TlvSlice octets = tlv_slice_from_bytes(body);
    g_autoptr(GError) local = NULL;
    EsipaPackage *package = NULL;
    guint32 unknown;
    Tlv outer, found;

    /* Not in the specification, but with an obvious meaning (I-20). */
    if (octets.size == 0)
        return package_new(ESIPA_PACKAGE_NONE, "empty HTTP body taken as noEimPackageAvailable");
    if (!check_start(octets, TAG_GET_PACKAGE, error))
        return NULL;
    if (!parse_outer(octets, TAG_GET_PACKAGE, &outer, &local))
        return unusable(octets, &local);
    if (outer.value.size == 0)
        return package_new(ESIPA_PACKAGE_NONE, "empty answer taken as noEimPackageAvailable");
    if (!find_alternative(outer.value, known, &found, &unknown, &local))
        return unusable(octets, &local);
    switch (found.tag) {
    case TAG_INTEGER:
        return parse_package_error(&found, error);
    case TAG_EUICC_PACKAGE:
        package = parse_euicc_package(body, &found, &local);
        break;
    case TAG_DATA_REQUEST:
        package = parse_data_request(body, &found, &local);
        break;
    case TAG_DOWNLOAD_TRIGGER:
        package = parse_download_trigger(body, &found, &local);
        break;
    default:
        package = package_new(ESIPA_PACKAGE_UNKNOWN, NULL);
        package->why = g_strdup_printf("of an unknown kind (%X)", unknown);
        return package;
    }
    if (!package)
        return unusable(octets, &local);
    package->package = tlv_slice_to_bytes(found.raw);
    return package;
}

static gboolean parse_acknowledgements(const Tlv *object, GArray *numbers, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, object->value);
    while (tlv_next(&reader, &tlv, &local)) {
        gint64 number;

        /* sequenceNumber; anything else is an extension. */
        if (tlv.tag != 0x80)
            continue;
        if (!tlv_get_integer(tlv.value, &number, error)) {
            g_prefix_error(error, "eimAcknowledgements: ");
            return FALSE;
        }
        g_array_append_val(numbers, number);
    }
    if (local) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "eimAcknowledgements: ");
        return FALSE;
    }
    return TRUE;
}

static void set_result_error(const Tlv *object, GError **error)
{
    gint64 code;

    if (tlv_get_integer(object->value, &code, error))
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED,
                    "the eIM did not process the result: %s (%" G_GINT64_FORMAT ")",
                    tlv_name(rsp_names_provide_eim_package_result_error, code), code);
    else
        g_prefix_error(error, "provideEimPackageResultError: ");
}

EsipaResultAnswer *esipa_parse_result_answer(GBytes *body, GError **error)
{
    static const guint32 known[] = { TAG_ACKNOWLEDGEMENTS, TAG_SEQUENCE, TAG_INTEGER, 0 };
    TlvSlice octets = tlv_slice_from_bytes(body);
    g_autoptr(EsipaResultAnswer) answer = g_new0(EsipaResultAnswer, 1);
    guint32 unknown;
    Tlv outer, found;

    answer->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    /* 204, an empty body, BF50 00 of v1.0 and the emptyResponse all mean the same (I-21). */
    if (octets.size == 0)
        return g_steal_pointer(&answer);
    if (!check_start(octets, TAG_PROVIDE_RESULT, error))
        return NULL;
    if (!parse_outer(octets, TAG_PROVIDE_RESULT, &outer, error) ||
        !find_alternative(outer.value, known, &found, &unknown, error)) {
        g_prefix_error(error, "ProvideEimPackageResultResponse: ");
        return NULL;
    }
    switch (found.tag) {
    case TAG_INTEGER:
        set_result_error(&found, error);
        return NULL;
    case TAG_ACKNOWLEDGEMENTS:
        if (!parse_acknowledgements(&found, answer->acknowledged, error))
            return NULL;
        answer->has_acknowledgements = TRUE;
        break;
    case TAG_SEQUENCE:
        break;
    default:
        /* Nothing at all is the v1.0 form; something else says nothing about acceptance. */
        if (unknown == 0)
            break;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "ProvideEimPackageResultResponse: unknown alternative %X", unknown);
        return NULL;
    }
    return g_steal_pointer(&answer);
}

/* ---- exchanges ---- */

/* Sends REQUEST; the body of a 2xx answer. */
static GBytes *exchange(EsipaClient *client, GBytes *request, GCancellable *cancellable,
                        GError **error)
{
    static const char *const headers[] = {
        "User-Agent: gsma-rsp-ipad",
        "X-Admin-Protocol: gsma/rsp/v2.1.0",
        "Content-Type: application/x-gsma-rsp-asn1",
        NULL,
    };
    g_autoptr(HttpsResponse) response = NULL;

    client->retry_after = 0;
    response = https_post(client->https, client->path, headers, request, cancellable, error);
    if (!response)
        return NULL;
    client->retry_after = response->retry_after;
    if (response->status < 200 || response->status > 299) {
        g_autofree char *wait =
            response->retry_after > 0
                ? g_strdup_printf(" and wants to be asked again after %u s", response->retry_after)
                : g_strdup("");

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_HTTP, "the eIM answered HTTP status %u%s",
                    response->status, wait);
        return NULL;
    }
    return g_bytes_ref(response->body);
}

EsipaPackage *esipa_get_eim_package(EsipaClient *client, const EsipaGetPackageOptions *options,
                                    GCancellable *cancellable, GError **error)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) request = NULL, body = NULL;
    EsipaPackage *package = NULL;

    tlv_open(writer, TAG_GET_PACKAGE);
    tlv_put(writer, TAG_EID, client->eid, EID_SIZE);
    if (options->notify_state_change)
        tlv_put_null(writer, 0x80);
    switch (client->dialect) {
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
    request = tlv_writer_finish(writer);
    body = exchange(client, request, cancellable, error);
    if (body)
        package = esipa_parse_package(body, error);
    if (!package)
        g_prefix_error(error, "GetEimPackage: ");
    return package;
}

static void open_result(EsipaClient *client, TlvWriter *writer)
{
    tlv_open(writer, TAG_PROVIDE_RESULT);
    if (client->dialect == ESIPA_DIALECT_V1_2)
        tlv_put(writer, TAG_EID, client->eid, EID_SIZE);
}

/* Closes and sends what open_result() has opened. Takes WRITER. */
static EsipaResultAnswer *send_result(EsipaClient *client, TlvWriter *writer,
                                      GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) request = NULL, body = NULL;
    EsipaResultAnswer *answer = NULL;

    tlv_close(writer);
    request = tlv_writer_finish(writer);
    body = exchange(client, request, cancellable, error);
    if (body)
        answer = esipa_parse_result_answer(body, error);
    if (!answer)
        g_prefix_error(error, "ProvideEimPackageResult: ");
    return answer;
}

EsipaResultAnswer *esipa_provide_result(EsipaClient *client, GBytes *result,
                                        GPtrArray *notifications, GCancellable *cancellable,
                                        GError **error)
{
    TlvWriter *writer;
    Tlv object;

    if (!tlv_parse(tlv_slice_from_bytes(result), 0, &object, error)) {
        g_prefix_error(error, "ProvideEimPackageResult: the result can't be sent: ");
        return NULL;
    }
    writer = tlv_writer_new();
    open_result(client, writer);
    if (notifications && notifications->len > 0 && object.tag == TAG_EUICC_PACKAGE) {
        /* ePRAndNotifications; v1.0 holds a whole RetrieveNotificationsListResponse. */
        tlv_open(writer, TAG_SEQUENCE);
        tlv_put_raw_bytes(writer, result);
        if (client->dialect == ESIPA_DIALECT_V1_0)
            tlv_open(writer, TAG_RETRIEVE_LIST);
        tlv_open(writer, 0xA0);
        for (guint i = 0; i < notifications->len; i++)
            tlv_put_raw_bytes(writer, notifications->pdata[i]);
        tlv_close(writer);
        if (client->dialect == ESIPA_DIALECT_V1_0)
            tlv_close(writer);
        tlv_close(writer);
    } else {
        tlv_put_raw_bytes(writer, result);
    }
    return send_result(client, writer, cancellable, error);
}

EsipaResultAnswer *esipa_provide_error(EsipaClient *client, EsipaResultError code,
                                       GBytes *transaction_id, GCancellable *cancellable,
                                       GError **error)
{
    TlvWriter *writer = tlv_writer_new();

    open_result(client, writer);
    switch (client->dialect) {
    case ESIPA_DIALECT_V1_2:
        tlv_open(writer, 0xA0);
        if (transaction_id)
            tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(transaction_id));
        tlv_put_integer(writer, TAG_INTEGER, code);
        tlv_close(writer);
        break;
    case ESIPA_DIALECT_V1_0:
        tlv_put_integer(writer, TAG_INTEGER, code);
        break;
    }
    return send_result(client, writer, cancellable, error);
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
