/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The indirect download: functions of ESipa that the eIM passes on to an SM-DP+ or SM-DS of the simulated world
 * (SGP.32 3.2.3.2, 5.14.1 to 5.14.3, 5.14.7, 5.14.8), by way of that server's control socket. */

#include <openssl/sha.h>
#include <string.h>

#include "sim/eim_private.h"
#include "sim/eim_status.h"
#include "sim/json_value.h"
#include "util/bytes.h"

#define SMDP_MISMATCH       50
#define INVALID_TRANSACTION 52
#define PPR_NOT_ALLOWED     50 /* of authenticateClient */

/* Tags of the functions and of their errors (SGP.32 6.3.2). */
static const struct {
    SimEimFunction function;
    guint32 tag, error_tag;
} tags[] = {
    { SIM_EIM_INITIATE_AUTHENTICATION, 0xBF39, 0x81 },
    { SIM_EIM_AUTHENTICATE_CLIENT, 0xBF3B, 0x82 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, 0xBF3A, 0x81 },
    { SIM_EIM_CANCEL_SESSION, 0xBF41, 0x81 },
};

/* What is being answered. */
typedef struct {
    SimEim *eim;
    SimEimFunction function;
    TlvSlice content;
    JsonObject *exchange;
} Relay;

GBytes *sim_eim_relay_error(SimEimFunction function, gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        if (tags[i].function != function)
            continue;
        tlv_open(writer, tags[i].tag);
        tlv_put_integer(writer, tags[i].error_tag, code);
        tlv_close(writer);
    }
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *refuse(Relay *relay, gint64 code)
{
    json_object_set_int_member(relay->exchange, "error", code);
    return sim_eim_relay_error(relay->function, code);
}

/* ---- JSON of ES9+ ---- */

static void set_base64(JsonObject *body, const char *name, TlvSlice value)
{
    g_autofree char *text = g_base64_encode(value.data, value.size);

    json_object_set_string_member(body, name, text);
}

static GBytes *get_base64(JsonObject *body, const char *name)
{
    const char *text = json_object_get_string_member_with_default(body, name, NULL);
    gsize size;
    guchar *data;

    if (!text)
        return NULL;
    data = g_base64_decode(text, &size);
    return g_bytes_new_take(data, size);
}

/* 0 for a function that did not fail. */
static gint64 read_status(Relay *relay, JsonObject *body)
{
    JsonObject *header = json_object_get_object_member(body, "header");
    JsonObject *status = json_object_get_object_member(header, "functionExecutionStatus");
    JsonObject *codes;

    if (g_str_equal(sim_value_get_text(status, "status"), "Executed-Success"))
        return 0;
    codes = json_object_get_object_member(status, "statusCodeData");
    return sim_eim_status_to_code(relay->function, sim_value_get_text(codes, "subjectCode"),
                                  sim_value_get_text(codes, "reasonCode"));
}

/* The answer of the server at SOCKET (NULL where it has none); takes BODY. */
static JsonObject *call_server(const char *socket, const char *function, JsonObject *body)
{
    g_autoptr(JsonObject) request = json_object_new(), answer = NULL;

    json_object_set_string_member(request, "do", "call");
    json_object_set_string_member(request, "function", function);
    json_object_set_object_member(request, "body", body);
    answer = sim_control_call(socket, request, NULL);
    return answer && json_object_has_member(answer, "body")
               ? json_object_ref(json_object_get_object_member(answer, "body"))
               : NULL;
}

/* ---- orders ---- */

static JsonObject *relay_of(JsonObject *order)
{
    return json_object_has_member(order, "relay") ? json_object_get_object_member(order, "relay")
                                                  : NULL;
}

static const char *get_setting(JsonObject *order, const char *name)
{
    return relay_of(order) ? sim_value_get_text(relay_of(order), name) : "";
}

static gboolean has_setting(JsonObject *order, const char *name)
{
    return relay_of(order) &&
           json_object_get_boolean_member_with_default(relay_of(order), name, FALSE);
}

/* The order of a transaction, or the last trigger that was fetched. */
static JsonObject *find_order(SimEim *eim, TlvSlice transaction_id)
{
    JsonArray *orders = sim_eim_state_list(eim, "orders");
    g_autofree char *hex =
        transaction_id.data ? bytes_to_hex(transaction_id.data, transaction_id.size) : NULL;

    for (guint i = json_array_get_length(orders); i > 0; i--) {
        JsonObject *order = json_array_get_object_element(orders, i - 1);

        if (!g_str_equal(sim_value_get_text(order, "kind"), "download") ||
            sim_eim_order_is(order, "queued"))
            continue;
        if (hex ? g_str_equal(sim_value_get_text(order, "eimTransactionId"), hex)
                : sim_eim_order_is(order, "sent"))
            return order;
    }
    return NULL;
}

/* Part INDEX of the activation code: 1 the address, 2 the matchingId. */
static char *part_of_code(const char *code, guint index)
{
    g_auto(GStrv) parts = g_strsplit(code, "$", -1);

    return g_strv_length(parts) > index ? g_strdup(parts[index]) : g_strdup("");
}

static JsonObject *trigger_of(JsonObject *order)
{
    return json_object_get_object_member(json_object_get_object_member(order, "package"),
                                         "download");
}

/* What the eIM itself knows of the download: an event that it was told of, the code of the trigger, or the one it
 * kept. */
static const char *find_activation_code(JsonObject *order)
{
    const char *event = sim_value_get_text(order, "event");
    const char *kept = get_setting(order, "activationCode");

    return *event ? event : *kept ? kept : sim_value_get_text(trigger_of(order), "activationCode");
}

/* ---- InitiateAuthentication ---- */

static void put_object(TlvWriter *writer, JsonObject *body, const char *name)
{
    g_autoptr(GBytes) object = get_base64(body, name);

    if (object)
        tlv_put_raw_bytes(writer, object);
}

/* As one eIM in the field does it: 5F37 43 5F37 40 … */
static void put_signature(TlvWriter *writer, JsonObject *body, const char *name, gboolean doubled)
{
    g_autoptr(GBytes) object = get_base64(body, name);

    if (object && doubled)
        tlv_put_slice(writer, 0x5F37, tlv_slice_from_bytes(object));
    else if (object)
        tlv_put_raw_bytes(writer, object);
}

static void put_key_identifier(TlvWriter *writer, JsonObject *body, JsonObject *order)
{
    g_autoptr(GBytes) object = get_base64(body, "euiccCiPKIdToBeUsed");
    gint64 size = relay_of(order) ? json_object_get_int_member_with_default(relay_of(order),
                                                                            "truncateCiPKId", 0)
                                  : 0;
    Tlv tlv;

    if (!object || !tlv_parse(tlv_slice_from_bytes(object), 0x04, &tlv, NULL))
        return;
    if (size > 0 && (gsize)size < tlv.value.size)
        tlv.value.size = (gsize)size;
    tlv_put_slice(writer, 0x04, tlv.value);
}

static void put_transaction(TlvWriter *writer, JsonObject *body, JsonObject *order)
{
    g_autoptr(GBytes) id = bytes_from_hex(sim_value_get_text(body, "transactionId"), NULL);

    if (id && !has_setting(order, "omitTransactionId"))
        tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(id));
}

/* What the eIM makes in place of the IPA: matchingId and a device without name (eimCtxParams1Generation). */
static void put_context(TlvWriter *writer, JsonObject *order)
{
    static const guint8 tac[] = { 0x53, 0x92, 0x60, 0x11 };
    g_autofree char *matching_id = part_of_code(find_activation_code(order), 2);

    if (has_setting(order, "matchingId"))
        tlv_put_string(writer, 0x0C, matching_id);
    if (!has_setting(order, "ctxParams1"))
        return;
    tlv_open(writer, 0xA2);
    tlv_open(writer, 0xA0);
    if (*matching_id)
        tlv_put_string(writer, 0x80, matching_id);
    tlv_open(writer, 0xA1);
    tlv_put(writer, 0x80, tac, sizeof(tac));
    tlv_put(writer, 0xA1, NULL, 0);
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
}

static GBytes *make_initiated(JsonObject *body, JsonObject *order)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF39);
    tlv_open(writer, 0xA0);
    put_transaction(writer, body, order);
    put_object(writer, body, "serverSigned1");
    put_signature(writer, body, "serverSignature1", has_setting(order, "doubleSignature"));
    put_key_identifier(writer, body, order);
    put_object(writer, body, "serverCertificate");
    put_context(writer, order);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* The server to ask: what the IPA names, else what the activation code does, or an SM-DS. */
static char *choose_address(Relay *relay, JsonObject *order, TlvSlice named)
{
    const char *code = find_activation_code(order);
    g_autofree char *known =
        *code ? part_of_code(code, 1) : g_strdup(sim_value_get_text(trigger_of(order), "smds"));

    if (!named.data)
        return g_steal_pointer(&known);
    json_object_set_boolean_member(relay->exchange, "smdpAddress", TRUE);
    if (*known && (strlen(known) != named.size ||
                   g_ascii_strncasecmp(known, (const char *)named.data, named.size) != 0))
        return NULL;
    return g_strndup((const char *)named.data, named.size);
}

static GBytes *initiate(Relay *relay, GError **error)
{
    Tlv challenge, info, address = { 0 }, transaction = { 0 };
    JsonObject *order, *body, *session;
    g_autoptr(JsonObject) answer = NULL;
    g_autofree char *host = NULL;
    const char *socket;
    gint64 code;

    if (!tlv_find(relay->content, 0x81, &challenge) || !tlv_find(relay->content, 0xBF20, &info)) {
        sim_value_fail(error, "InitiateAuthentication: a field is missing");
        return NULL;
    }
    (void)tlv_find(relay->content, 0x83, &address);
    (void)tlv_find(relay->content, 0x82, &transaction);
    order = find_order(relay->eim, transaction.value);
    if (!order)
        return refuse(relay, INVALID_TRANSACTION);
    host = choose_address(relay, order, address.value);
    if (!host)
        return refuse(relay, SMDP_MISMATCH);
    socket = g_hash_table_lookup(relay->eim->servers, host);
    if (!socket)
        return refuse(relay, 1);
    body = json_object_new();
    set_base64(body, "euiccChallenge", challenge.value);
    set_base64(body, "euiccInfo1", info.raw);
    json_object_set_string_member(body, "smdpAddress", host);
    answer = call_server(socket, "initiateAuthentication", body);
    code = answer ? read_status(relay, answer) : SIM_EIM_UNDEFINED_ERROR;
    if (code != 0)
        return refuse(relay, code);
    session = json_object_new();
    json_object_set_string_member(session, "server", host);
    json_object_set_int_member(session, "order", json_object_get_int_member(order, "order"));
    json_object_set_int_member(relay->exchange, "order",
                               json_object_get_int_member(order, "order"));
    json_object_set_object_member(json_object_get_object_member(relay->eim->state, "relays"),
                                  sim_value_get_text(answer, "transactionId"), session);
    return make_initiated(answer, order);
}

/* ---- the functions of a session ---- */

/* What came before: the order and the server's socket. NULL for a transaction that there is not. */
static JsonObject *find_session(Relay *relay, TlvSlice id, const char **ret_socket)
{
    JsonObject *relays = json_object_get_object_member(relay->eim->state, "relays");
    g_autofree char *hex = bytes_to_hex(id.data, id.size);
    JsonObject *session;

    if (!json_object_has_member(relays, hex))
        return NULL;
    session = json_object_get_object_member(relays, hex);
    *ret_socket = g_hash_table_lookup(relay->eim->servers, sim_value_get_text(session, "server"));
    json_object_set_int_member(relay->exchange, "order",
                               json_object_get_int_member(session, "order"));
    return *ret_socket
               ? sim_eim_order_find(relay->eim, json_object_get_int_member(session, "order"))
               : NULL;
}

/* PPRs in the metadata, where the eIM has to judge them (eimProfileMetadataVerification). */
static gboolean has_rules(JsonObject *answer)
{
    g_autoptr(GBytes) metadata = get_base64(answer, "profileMetadata");
    Tlv outer, rules;

    return metadata && tlv_parse(tlv_slice_from_bytes(metadata), 0xBF25, &outer, NULL) &&
           tlv_find(outer.value, 0x99, &rules) &&
           (tlv_bit_is_set(rules.value, 1) || tlv_bit_is_set(rules.value, 2));
}

static void put_hash_cc(TlvWriter *writer, JsonObject *answer, JsonObject *order)
{
    const char *code = get_setting(order, "confirmationCode");
    g_autoptr(GBytes) id = bytes_from_hex(sim_value_get_text(answer, "transactionId"), NULL);
    g_autoptr(GByteArray) input = g_byte_array_new();
    guint8 hash[SHA256_DIGEST_LENGTH];
    gsize size;
    const void *data;

    if (!*code || !id)
        return;
    SHA256((const guint8 *)code, strlen(code), hash);
    g_byte_array_append(input, hash, sizeof(hash));
    data = g_bytes_get_data(id, &size);
    g_byte_array_append(input, data, (guint)size);
    SHA256(input->data, input->len, hash);
    tlv_put(writer, 0x04, hash, sizeof(hash));
}

static GBytes *make_authenticated(JsonObject *answer, JsonObject *order)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF3B);
    tlv_open(writer, 0xA0);
    put_transaction(writer, answer, order);
    if (!has_setting(order, "verifyMetadata"))
        put_object(writer, answer, "profileMetadata");
    put_object(writer, answer, "smdpSigned2");
    put_signature(writer, answer, "smdpSignature2", has_setting(order, "doubleSignature"));
    put_object(writer, answer, "smdpCertificate");
    put_hash_cc(writer, answer, order);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* From an SM-DS: the first event becomes a trigger with an activation code (A1{80, BF54 O}), which the eIM keeps. */
static GBytes *make_events(JsonObject *answer, JsonObject *order)
{
    JsonArray *events = json_object_get_array_member(answer, "eventEntries");
    g_autoptr(GBytes) id = bytes_from_hex(sim_value_get_text(answer, "transactionId"), NULL);
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF3B);
    tlv_open(writer, 0xA1);
    if (id)
        tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(id));
    if (json_array_get_length(events) > 0) {
        JsonObject *event = json_array_get_object_element(events, 0);
        g_autofree char *code =
            g_strdup_printf("1$%s$%s", sim_value_get_text(event, "rspServerAddress"),
                            sim_value_get_text(event, "eventId"));

        json_object_set_string_member(order, "event", code);
        tlv_open(writer, 0xBF54);
        tlv_open(writer, 0xA0);
        tlv_put_string(writer, 0x80, code);
        tlv_close(writer);
        tlv_close(writer);
    }
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *make_package(JsonObject *answer, JsonObject *order)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF3A);
    tlv_open(writer, 0xA0);
    put_transaction(writer, answer, order);
    put_object(writer, answer, "boundProfilePackage");
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *make_cancelled(void)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF41);
    tlv_put(writer, 0xA0, NULL, 0);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* Name on ES9+, member of the request, and the tag of what the IPA sends in it. */
static const struct {
    SimEimFunction function;
    const char *name, *member;
    guint32 tag;
    gint64 unknown_transaction;
} functions[] = {
    { SIM_EIM_AUTHENTICATE_CLIENT, "authenticateClient", "authenticateServerResponse", 0xBF38, 10 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "getBoundProfilePackage", "prepareDownloadResponse",
      0xBF21, 95 },
    { SIM_EIM_CANCEL_SESSION, "cancelSession", "cancelSessionResponse", 0xA1, 1 },
};

/* cancelSessionResponse has A1 in the place of BF41. */
static GBytes *restore_tag(const Tlv *response)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_put_slice(writer, response->tag == 0xA1 ? 0xBF41 : response->tag, response->value);
    return response->tag == 0xA1 ? tlv_writer_finish(g_steal_pointer(&writer))
                                 : tlv_slice_to_bytes(response->raw);
}

static GBytes *pass_on(Relay *relay, guint index, GError **error)
{
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(GBytes) whole = NULL;
    const char *socket = NULL;
    JsonObject *order, *body;
    Tlv id, response;
    gint64 code;

    if (!tlv_find(relay->content, 0x80, &id) ||
        !tlv_find(relay->content, functions[index].tag, &response)) {
        sim_value_fail(error, "%s: a field is missing", functions[index].name);
        return NULL;
    }
    order = find_session(relay, id.value, &socket);
    if (!order)
        return refuse(relay, functions[index].unknown_transaction);
    whole = restore_tag(&response);
    body = json_object_new();
    {
        g_autofree char *hex = bytes_to_hex(id.value.data, id.value.size);

        json_object_set_string_member(body, "transactionId", hex);
    }
    set_base64(body, functions[index].member, tlv_slice_from_bytes(whole));
    answer = call_server(socket, functions[index].name, body);
    code = answer ? read_status(relay, answer) : SIM_EIM_UNDEFINED_ERROR;
    if (code != 0)
        return refuse(relay, code);
    if (relay->function == SIM_EIM_CANCEL_SESSION)
        return make_cancelled();
    if (relay->function == SIM_EIM_GET_BOUND_PROFILE_PACKAGE)
        return make_package(answer, order);
    if (json_object_has_member(answer, "eventEntries"))
        return make_events(answer, order);
    if (has_setting(order, "verifyMetadata") && has_rules(answer))
        return refuse(relay, PPR_NOT_ALLOWED);
    return make_authenticated(answer, order);
}

GBytes *sim_eim_relay(SimEim *eim, const SimEimRequest *request, JsonObject *exchange,
                      GError **error)
{
    Relay relay = { eim, request->function, request->content, exchange };

    if (request->function == SIM_EIM_INITIATE_AUTHENTICATION)
        return initiate(&relay, error);
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++)
        if (functions[i].function == request->function)
            return pass_on(&relay, i, error);
    return NULL;
}

/* ---- notifications ---- */

/* An installation result goes to the server of its session, others to the one they name. */
static const char *find_receiver(SimEim *eim, const SimEimNotification *notification,
                                 JsonObject **ret_session)
{
    JsonObject *relays = json_object_get_object_member(eim->state, "relays");
    g_autofree char *hex = NULL;
    Tlv data, id;

    *ret_session = NULL;
    if (notification->kind != SIM_EIM_NOTIFICATION_INSTALL)
        return g_hash_table_lookup(eim->servers, notification->address);
    if (!tlv_parse(notification->tbs, 0xBF27, &data, NULL) || !tlv_find(data.value, 0x80, &id))
        return NULL;
    hex = bytes_to_hex(id.value.data, id.value.size);
    if (!json_object_has_member(relays, hex))
        return NULL;
    *ret_session = json_object_get_object_member(relays, hex);
    return g_hash_table_lookup(eim->servers, sim_value_get_text(*ret_session, "server"));
}

void sim_eim_relay_notification(SimEim *eim, TlvSlice message, JsonObject *exchange)
{
    g_auto(SimEimNotification) notification = { 0 };
    g_autoptr(JsonObject) answer = NULL;
    JsonObject *session = NULL, *body, *order;
    const char *socket;

    if (!sim_eim_notification_decode(message, &notification, NULL) || !notification.address)
        return;
    socket = find_receiver(eim, &notification, &session);
    if (!socket)
        return;
    body = json_object_new();
    set_base64(body, "pendingNotification", message);
    answer = call_server(socket, "handleNotification", body);
    json_object_set_boolean_member(exchange, "relayed", TRUE);
    order = session ? sim_eim_order_find(eim, json_object_get_int_member(session, "order")) : NULL;
    if (!order)
        return;
    json_object_set_int_member(exchange, "order", json_object_get_int_member(order, "order"));
    sim_eim_finish_download(eim, order, message);
}
