/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/crypto.h"
#include "sim/eim_package.h"
#include "sim/eim_private.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

void sim_eim_verdict_init(SimEimVerdict *verdict)
{
    *verdict = (SimEimVerdict){
        .result_numbers = g_array_new(FALSE, FALSE, sizeof(gint64)),
        .notification_numbers = g_array_new(FALSE, FALSE, sizeof(gint64)),
    };
}

void sim_eim_verdict_clear(SimEimVerdict *verdict)
{
    g_clear_pointer(&verdict->result_numbers, g_array_unref);
    g_clear_pointer(&verdict->notification_numbers, g_array_unref);
}

static gboolean fail(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
    return FALSE;
}

static void set_hex(JsonObject *object, const char *name, TlvSlice value)
{
    g_autofree char *hex = bytes_to_hex(value.data, value.size);

    json_object_set_string_member(object, name, hex);
}

static const char *get_text(JsonObject *object, const char *name)
{
    return json_object_get_string_member_with_default(object, name, NULL);
}

/* ---- the card's key ---- */

/* Key of the eUICC with this EID, from a chain that leads to our CI. */
static EVP_PKEY *key_of_chain(SimEim *eim, X509 *euicc, X509 *eum, const char *eid, GError **error)
{
    g_autofree char *certified = NULL;

    if (!sim_verify_euicc_chain(euicc, eum, eim->ci, &certified, error))
        return NULL;
    if (eid && !g_str_equal(certified, eid)) {
        fail(error, "eUICC certificate: its EID is another");
        return NULL;
    }
    return X509_get_pubkey(euicc);
}

static X509 *certificate_from_hex(const char *hex, GError **error)
{
    g_autoptr(GBytes) der = bytes_from_hex(hex, error);

    return der ? sim_certificate_parse(tlv_slice_from_bytes(der), error) : NULL;
}

static EVP_PKEY *key_from_hex(SimEim *eim, const char *euicc_hex, const char *eum_hex,
                              const char *eid, GError **error)
{
    g_autoptr(X509) euicc = certificate_from_hex(euicc_hex, error);
    g_autoptr(X509) eum = euicc ? certificate_from_hex(eum_hex, error) : NULL;

    return eum ? key_of_chain(eim, euicc, eum, eid, error) : NULL;
}

static EVP_PKEY *find_card_key(SimEim *eim, const char *eid, GError **error)
{
    JsonObject *cards = json_object_get_object_member(eim->state, "cards");
    JsonObject *card;

    if (g_str_equal(eid, eim->default_eid))
        return key_of_chain(eim, eim->euicc, eim->eum, eid, error);
    if (!cards || !json_object_has_member(cards, eid)) {
        fail(error, "certificates of this eUICC are not known");
        return NULL;
    }
    card = json_object_get_object_member(cards, eid);
    return key_from_hex(eim, get_text(card, "euicc"), get_text(card, "eum"), eid, error);
}

/* ---- finding the order ---- */

static gboolean is_kind(JsonObject *order, SimEimResultKind kind)
{
    const char *name = json_object_get_string_member(order, "kind");

    switch (kind) {
    case SIM_EIM_RESULT_PACKAGE:
        return g_str_equal(name, "psmo") || g_str_equal(name, "eco") || g_str_equal(name, "raw");
    case SIM_EIM_RESULT_DATA:
        return g_str_equal(name, "data") || g_str_equal(name, "raw");
    case SIM_EIM_RESULT_TRIGGER:
        return g_str_equal(name, "download") || g_str_equal(name, "raw");
    case SIM_EIM_RESULT_ERROR:
    case SIM_EIM_RESULT_NONE:
        return TRUE;
    }
    return FALSE;
}

/* The order that is answered: by its transaction if the answer names one, else by its counter, else
 * the oldest that waits for an answer. */
static JsonObject *match_order(SimEim *eim, const char *eid, SimEimResultKind kind,
                               const char *transaction_id, const gint64 *counter)
{
    JsonArray *orders = sim_eim_state_list(eim, "orders");

    for (guint i = 0; i < json_array_get_length(orders); i++) {
        JsonObject *order = json_array_get_object_element(orders, i);

        if (sim_eim_order_is(order, "queued") || !is_kind(order, kind) ||
            (eid && !g_str_equal(json_object_get_string_member(order, "eid"), eid)))
            continue;
        if (transaction_id) {
            if (g_strcmp0(get_text(order, "eimTransactionId"), transaction_id) == 0)
                return order;
        } else if (counter) {
            if (json_object_get_int_member_with_default(order, "counter", -1) == *counter)
                return order;
        } else if (sim_eim_order_is(order, "sent")) {
            return order;
        }
    }
    return NULL;
}

static void finish_order(SimEim *eim, JsonObject *order, SimEimVerdict *verdict)
{
    if (!sim_eim_order_is(order, "done"))
        sim_eim_state_count(eim, "doneOrders");
    json_object_set_string_member(order, "state", "done");
    verdict->order = json_object_get_int_member(order, "order");
}

/* Where the outcome is written: the order itself, or an entry of its "again" when it is done. */
static JsonObject *outcome_of(SimEim *eim, JsonObject *order)
{
    JsonArray *again;
    JsonObject *entry;

    if (!sim_eim_order_is(order, "done"))
        return order;
    if (!json_object_has_member(order, "again"))
        json_object_set_array_member(order, "again", json_array_new());
    again = json_object_get_array_member(order, "again");
    entry = json_object_new();
    json_array_add_object_element(again, entry);
    sim_eim_state_count(eim, "duplicates");
    return entry;
}

static void add_stray(SimEim *eim, const char *eid, TlvSlice message, const char *why)
{
    JsonObject *stray = json_object_new();

    if (eid)
        json_object_set_string_member(stray, "eid", eid);
    set_hex(stray, "result", message);
    json_object_set_string_member(stray, "why", why);
    json_array_add_object_element(sim_eim_state_list(eim, "strays"), stray);
    sim_eim_state_count(eim, "strayResults");
}

/* ---- package results ---- */

/* The results have to be those of the commands, in order; only a failure ends them early. */
static gboolean check_commands(JsonObject *order, JsonArray *results, GError **error)
{
    JsonObject *package = json_object_get_object_member(order, "package");
    guint commands = sim_eim_package_count_commands(package);
    guint command = 0;
    gboolean stopped = FALSE;

    if (!is_kind(order, SIM_EIM_RESULT_PACKAGE) || json_object_has_member(package, "raw"))
        return TRUE;
    for (guint i = 0; i < json_array_get_length(results); i++) {
        JsonObject *entry = json_array_get_object_element(results, i);
        g_autoptr(GList) names = json_object_get_members(entry);
        JsonNode *value = json_object_get_member(entry, names->data);
        const char *expected;

        if (stopped)
            return fail(error, "results go on after a failure");
        if (g_str_equal(names->data, "rollback")) {
            command = commands;
            continue;
        }
        if (g_str_equal(names->data, "processingTerminated")) {
            stopped = TRUE;
            continue;
        }
        if (command == commands)
            return fail(error, "more results than commands");
        expected = sim_eim_package_get_command(package, command++);
        if (!g_str_equal(expected, "raw") && !g_str_equal(expected, names->data))
            return fail(error, "a result is not that of its command");
        if (JSON_NODE_HOLDS_VALUE(value) && !sim_eim_result_is_success(names->data, value))
            stopped = TRUE;
    }
    if (!stopped && command < commands)
        return fail(error, "fewer results than commands");
    return TRUE;
}

static gboolean check_header(JsonObject *order, const SimEimPackageResult *result,
                             const char *transaction_id, GError **error)
{
    gboolean is_signed = result->answer != SIM_EIM_PACKAGE_ERROR_UNSIGNED;

    if (g_strcmp0(result->eim_id, get_text(order, "eimId")) != 0)
        return fail(error, "eimId is not that of the order");
    if ((is_signed || transaction_id) &&
        g_strcmp0(transaction_id, get_text(order, "eimTransactionId")) != 0)
        return fail(error, "eimTransactionId is not that of the order");
    if (is_signed &&
        result->counter != json_object_get_int_member_with_default(order, "counter", -1))
        return fail(error, "counterValue is not that of the order");
    return TRUE;
}

static gboolean verify_result(SimEim *eim, JsonObject *order, const SimEimPackageResult *result,
                              const char *transaction_id, JsonObject *outcome, GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(GBytes) request = NULL;
    TlvSlice eim_signature = { NULL, 0 };
    const char *rule = NULL;
    Tlv package, signature;

    if (!check_header(order, result, transaction_id, error))
        return FALSE;
    key = find_card_key(eim, json_object_get_string_member(order, "eid"), error);
    if (!key)
        return FALSE;
    request = bytes_from_hex(json_object_get_string_member(order, "request"), NULL);
    if (request && tlv_parse(tlv_slice_from_bytes(request), 0xBF51, &package, NULL) &&
        tlv_find(package.value, 0x5F37, &signature))
        eim_signature = signature.raw;
    if (!sim_eim_package_result_verify(result, key, sim_eim_state_number(eim, "token"),
                                       eim_signature, eim->knobs.strict, &rule, error))
        return FALSE;
    json_object_set_string_member(outcome, "rule", rule);
    return TRUE;
}

static void set_error(JsonObject *outcome, gboolean is_signed, gboolean has_code, gint64 code,
                      const char *name)
{
    JsonObject *object = json_object_new();

    json_object_set_boolean_member(object, "signed", is_signed);
    if (has_code) {
        json_object_set_int_member(object, "code", code);
        json_object_set_string_member(object, "name", name);
    }
    json_object_set_object_member(outcome, "error", object);
}

static void judge_package(SimEim *eim, const char *eid, TlvSlice message,
                          const SimEimPackageResult *result, SimEimVerdict *verdict)
{
    g_autofree char *transaction_id =
        result->transaction_id.data
            ? bytes_to_hex(result->transaction_id.data, result->transaction_id.size)
            : NULL;
    g_autoptr(JsonArray) results = NULL;
    g_autoptr(GError) error = NULL;
    JsonObject *order, *outcome;
    gboolean verified, succeeded = FALSE;

    order = match_order(eim, eid, SIM_EIM_RESULT_PACKAGE, transaction_id,
                        result->has_counter ? &result->counter : NULL);
    if (!order) {
        add_stray(eim, eid, message, "no order has this transaction or counter");
        return;
    }
    outcome = outcome_of(eim, order);
    set_hex(outcome, "result", message);
    verified = verify_result(eim, order, result, transaction_id, outcome, &error);
    if (result->answer == SIM_EIM_PACKAGE_RESULT) {
        json_object_set_int_member(outcome, "seqNumber", result->seq_number);
        results = sim_eim_package_result_to_json(result->results, verified ? &error : NULL);
        verified = verified && results && check_commands(order, results, &error);
        succeeded = results && sim_eim_package_result_succeeded(results);
        if (results)
            json_object_set_array_member(outcome, "results", g_steal_pointer(&results));
    } else {
        set_error(outcome, result->answer == SIM_EIM_PACKAGE_ERROR_SIGNED, result->has_error_code,
                  result->error_code, sim_eim_package_error_name(result->error_code));
    }
    json_object_set_boolean_member(outcome, "verified", verified);
    if (verified)
        json_object_set_boolean_member(outcome, "succeeded", succeeded);
    else
        json_object_set_string_member(outcome, "why", error->message);
    finish_order(eim, order, verdict);
    if (result->answer != SIM_EIM_PACKAGE_RESULT)
        return;
    if (verified)
        g_array_append_val(verdict->result_numbers, result->seq_number);
    else
        verdict->refused = TRUE;
}

/* ---- notifications ---- */

static gboolean verify_notification(SimEim *eim, const SimEimNotification *notification,
                                    const char *eid, GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;

    switch (notification->kind) {
    case SIM_EIM_NOTIFICATION_OTHER: {
        g_autoptr(X509) euicc = sim_certificate_parse(notification->euicc, error);
        g_autoptr(X509) eum = euicc ? sim_certificate_parse(notification->eum, error) : NULL;

        key = eum ? key_of_chain(eim, euicc, eum, eid, error) : NULL;
        break;
    }
    case SIM_EIM_NOTIFICATION_INSTALL:
    case SIM_EIM_NOTIFICATION_COMPACT_OTHER:
        key = find_card_key(eim, eid ? eid : eim->default_eid, error);
        break;
    case SIM_EIM_NOTIFICATION_COMPACT_INSTALL:
        return fail(error, "compact form: what was signed is not complete");
    }
    if (!key)
        return FALSE;
    if (!sim_verify(key, notification->tbs.data, notification->tbs.size, notification->signature))
        return fail(error, "signature does not verify");
    return TRUE;
}

static void record_notification(SimEim *eim, const char *eid, const char *via, TlvSlice message,
                                const SimEimNotification *notification)
{
    JsonObject *record = json_object_new();
    g_autoptr(GError) error = NULL;
    gboolean verified;

    if (eid)
        json_object_set_string_member(record, "eid", eid);
    json_object_set_string_member(record, "via", via);
    json_object_set_int_member(record, "seqNumber", notification->seq_number);
    if (notification->event)
        json_object_set_string_member(record, "event", notification->event);
    if (notification->iccid)
        json_object_set_string_member(record, "iccid", notification->iccid);
    if (notification->address)
        json_object_set_string_member(record, "address", notification->address);
    set_hex(record, "notification", message);
    verified = verify_notification(eim, notification, eid, &error);
    json_object_set_boolean_member(record, "verified", verified);
    if (!verified)
        json_object_set_string_member(record, "why", error->message);
    json_array_add_object_element(sim_eim_state_list(eim, "notifications"), record);
    sim_eim_state_count(eim, "notificationsReceived");
}

/* Decodes each element of LIST; records them when RECORD is set. */
static gboolean walk_notifications(SimEim *eim, const char *eid, const char *via, TlvSlice list,
                                   gboolean record, GArray *numbers, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &tlv, &local)) {
        g_auto(SimEimNotification) notification = { 0 };

        if (!sim_eim_notification_decode(tlv.raw, &notification, error))
            return FALSE;
        if (!record)
            continue;
        record_notification(eim, eid, via, tlv.raw, &notification);
        if (numbers)
            g_array_append_val(numbers, notification.seq_number);
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

/* ---- data, triggers, errors ---- */

/* Certificates that came as data: kept for the verification of later results of that card. */
static void learn_card(SimEim *eim, const char *eid, JsonObject *data, JsonObject *outcome)
{
    const char *euicc = get_text(data, "A6"), *eum = get_text(data, "A5");
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) key = NULL;

    if (!euicc || !eum || !eid)
        return;
    key = key_from_hex(eim, euicc, eum, eid, &error);
    json_object_set_boolean_member(outcome, "verified", key != NULL);
    if (key) {
        JsonObject *card = json_object_new();

        json_object_set_string_member(card, "euicc", euicc);
        json_object_set_string_member(card, "eum", eum);
        json_object_set_object_member(json_object_get_object_member(eim->state, "cards"), eid,
                                      card);
    } else {
        json_object_set_string_member(outcome, "why", error->message);
    }
}

/* Content of the data object TAG of an IpaEuiccData; NULL when absent. */
static GBytes *get_data(JsonObject *data, const char *tag)
{
    const char *hex = data ? get_text(data, tag) : NULL;

    return hex ? bytes_from_hex(hex, NULL) : NULL;
}

static JsonObject *get_data_members(JsonObject *answer)
{
    return json_object_has_member(answer, "data") ? json_object_get_object_member(answer, "data")
                                                  : NULL;
}

static gboolean walk_results(SimEim *eim, const char *eid, TlvSlice list, gboolean record,
                             SimEimVerdict *verdict, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &tlv, &local)) {
        g_auto(SimEimPackageResult) result = { 0 };

        if (!sim_eim_package_result_decode(tlv.raw, eim->knobs.strict, &result, error))
            return FALSE;
        if (record)
            judge_package(eim, eid, tlv.raw, &result, verdict);
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

/* What v1.0 has in their place: a whole answer to RetrieveNotificationsList, with the one list, the other, or
 * both in A3. */
static void take_v1_0_lists(JsonObject *data, GBytes **ret_notifications, GBytes **ret_results)
{
    g_autoptr(GBytes) bytes = get_data(data, "BF2B");
    TlvSlice content;
    Tlv tlv;

    if (!bytes)
        return;
    content = tlv_slice_from_bytes(bytes);
    if (tlv_find(content, 0xA0, &tlv))
        *ret_notifications = tlv_slice_to_bytes(tlv.value);
    else if (tlv_find(content, 0xA2, &tlv))
        *ret_results = tlv_slice_to_bytes(tlv.value);
    if (!tlv_find(content, 0xA3, &tlv))
        return;
    content = tlv.value;
    if (tlv_find(content, 0xA0, &tlv))
        *ret_notifications = tlv_slice_to_bytes(tlv.value);
    if (tlv_find(content, 0xA1, &tlv))
        *ret_results = tlv_slice_to_bytes(tlv.value);
}

static gboolean judge_data(SimEim *eim, const SimEimRequest *request, const char *eid,
                           SimEimVerdict *verdict, GError **error)
{
    g_autoptr(JsonObject) answer = sim_eim_data_to_json(request->result, eim->knobs.strict, error);
    g_autoptr(GBytes) notifications = NULL, results = NULL;
    JsonObject *data, *order, *outcome;

    if (!answer)
        return FALSE;
    data = get_data_members(answer);
    notifications = get_data(data, "A0");
    results = get_data(data, "A2");
    if (!notifications && !results)
        take_v1_0_lists(data, &notifications, &results);
    if ((notifications && !walk_notifications(eim, eid, NULL, tlv_slice_from_bytes(notifications),
                                              FALSE, NULL, error)) ||
        (results && !walk_results(eim, eid, tlv_slice_from_bytes(results), FALSE, verdict, error)))
        return FALSE;

    order = match_order(eim, eid, SIM_EIM_RESULT_DATA, get_text(answer, "eimTransactionId"), NULL);
    if (notifications)
        walk_notifications(eim, eid, "IpaEuiccData", tlv_slice_from_bytes(notifications), TRUE,
                           verdict->notification_numbers, NULL);
    if (results)
        walk_results(eim, eid, tlv_slice_from_bytes(results), TRUE, verdict, NULL);
    if (!order) {
        add_stray(eim, eid, request->result, "no data request has this transaction");
        return TRUE;
    }
    outcome = outcome_of(eim, order);
    set_hex(outcome, "result", request->result);
    if (data) {
        learn_card(eim, eid, data, outcome);
        json_object_set_object_member(outcome, "data", json_object_ref(data));
    } else {
        set_error(outcome, FALSE, TRUE, json_object_get_int_member(answer, "error"),
                  "IpaEuiccData");
    }
    finish_order(eim, order, verdict);
    return TRUE;
}

/* What the installation result says, and whether it is the card's. */
static void set_installation(SimEim *eim, JsonObject *outcome, const char *eid,
                             TlvSlice installation)
{
    g_auto(SimEimNotification) notification = { 0 };
    g_autoptr(GError) error = NULL;
    JsonObject *result = sim_eim_installation_to_json(installation);
    gboolean verified = sim_eim_notification_decode(installation, &notification, &error) &&
                        verify_notification(eim, &notification, eid, &error);

    json_object_set_object_member(outcome, "installation", result);
    json_object_set_boolean_member(outcome, "verified", verified);
    if (error)
        json_object_set_string_member(outcome, "why", error->message);
    json_object_set_boolean_member(outcome, "succeeded",
                                   verified && json_object_get_boolean_member(result, "success"));
}

void sim_eim_finish_download(SimEim *eim, JsonObject *order, TlvSlice installation)
{
    g_auto(SimEimVerdict) verdict = { 0 };
    JsonObject *outcome = outcome_of(eim, order);

    sim_eim_verdict_init(&verdict);
    set_hex(outcome, "result", installation);
    set_installation(eim, outcome, get_text(order, "eid"), installation);
    finish_order(eim, order, &verdict);
}

static gboolean judge_trigger(SimEim *eim, const SimEimRequest *request, const char *eid,
                              SimEimVerdict *verdict, GError **error)
{
    g_autoptr(JsonObject) answer = sim_eim_trigger_to_json(request->result, error);
    g_autoptr(GBytes) installation = NULL;
    JsonObject *order, *outcome;

    if (!answer)
        return FALSE;
    installation = get_data(answer, "installation");
    if (installation &&
        !walk_notifications(eim, eid, NULL, tlv_slice_from_bytes(installation), FALSE, NULL, error))
        return FALSE;
    order =
        match_order(eim, eid, SIM_EIM_RESULT_TRIGGER, get_text(answer, "eimTransactionId"), NULL);
    if (installation)
        walk_notifications(eim, eid, "profileDownloadTriggerResult",
                           tlv_slice_from_bytes(installation), TRUE, verdict->notification_numbers,
                           NULL);
    if (!order) {
        add_stray(eim, eid, request->result, "no download trigger has this transaction");
        return TRUE;
    }
    outcome = outcome_of(eim, order);
    set_hex(outcome, "result", request->result);
    if (installation)
        set_installation(eim, outcome, eid ? eid : get_text(order, "eid"),
                         tlv_slice_from_bytes(installation));
    else
        set_error(outcome, FALSE, TRUE,
                  json_object_get_int_member_with_default(answer, "error", 127), "download");
    finish_order(eim, order, verdict);
    return TRUE;
}

static void judge_error(SimEim *eim, const SimEimRequest *request, const char *eid,
                        SimEimVerdict *verdict)
{
    static const char *const names[] = { "?", "invalidPackageFormat", "unknownPackage" };
    g_autofree char *transaction_id =
        request->error_transaction_id.data
            ? bytes_to_hex(request->error_transaction_id.data, request->error_transaction_id.size)
            : NULL;
    gint64 code = request->error_code;
    JsonObject *order = match_order(eim, eid, SIM_EIM_RESULT_ERROR, transaction_id, NULL);
    JsonObject *outcome;

    if (!order) {
        add_stray(eim, eid, tlv_slice("", 0), "eimPackageResult error without an order");
        return;
    }
    outcome = outcome_of(eim, order);
    json_object_set_boolean_member(outcome, "verified", FALSE);
    json_object_set_string_member(outcome, "why", "error of the IPA, not of the eUICC");
    set_error(outcome, FALSE, TRUE, code,
              code == 127                                      ? "undefinedError"
              : code > 0 && code < (gint64)G_N_ELEMENTS(names) ? names[code]
                                                               : "?");
    finish_order(eim, order, verdict);
}

gboolean sim_eim_judge(SimEim *eim, const SimEimRequest *request, SimEimVerdict *verdict,
                       GError **error)
{
    const char *via = sim_eim_function_name(request->function);
    g_autofree char *eid = request->has_eid ? eid_to_string(request->eid, EID_SIZE, error) : NULL;

    if (request->has_eid && !eid)
        return FALSE;
    if (request->notification.data) {
        return walk_notifications(eim, eid, via, request->notification, FALSE, NULL, error) &&
               walk_notifications(eim, eid, via, request->notification, TRUE, NULL, error);
    }
    switch (request->result_kind) {
    case SIM_EIM_RESULT_PACKAGE: {
        g_auto(SimEimPackageResult) result = { 0 };

        if (!sim_eim_package_result_decode(request->result, eim->knobs.strict, &result, error))
            return FALSE;
        if (request->notifications.data &&
            !walk_notifications(eim, eid, via, request->notifications, FALSE, NULL, error))
            return FALSE;
        judge_package(eim, eid, request->result, &result, verdict);
        return !request->notifications.data ||
               walk_notifications(eim, eid, via, request->notifications, TRUE,
                                  verdict->notification_numbers, error);
    }
    case SIM_EIM_RESULT_DATA:
        return judge_data(eim, request, eid, verdict, error);
    case SIM_EIM_RESULT_TRIGGER:
        return judge_trigger(eim, request, eid, verdict, error);
    case SIM_EIM_RESULT_ERROR:
        judge_error(eim, request, eid, verdict);
        return TRUE;
    case SIM_EIM_RESULT_NONE:
        break;
    }
    return fail(error, "nothing to judge");
}
