/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Known-answer tests of what the test eIM reads and answers: requests, results, notifications. */

#include "sim/eim_message.h"
#include "sim/eim_result.h"
#include "unit/test-sim-eim-vectors.h"

/* ---- requests ---- */

static SimEimRequest decode(GBytes *message, gboolean strict)
{
    g_autoptr(GError) error = NULL;
    SimEimRequest request;

    sim_eim_request_decode(slice_of(message), strict, &request, &error);
    g_assert_no_error(error);
    return request;
}

static void assert_refused(GBytes *message, gboolean strict)
{
    g_autoptr(GError) error = NULL;
    SimEimRequest request;

    g_assert_false(sim_eim_request_decode(slice_of(message), strict, &request, &error));
    g_assert_nonnull(error);
}

static void check_dialect(JsonObject *vector, const SimEimRequest *request)
{
    if (g_str_equal(text_of(vector, "version"), "1.0"))
        g_assert_cmpint(request->dialect, !=, SIM_EIM_DIALECT_1_2);
    else
        g_assert_cmpint(request->dialect, !=, SIM_EIM_DIALECT_1_0);
}

static void check_get_package(JsonObject *vector)
{
    JsonObject *values = child(vector, "values");
    g_autoptr(GBytes) der = der_of(vector);
    SimEimRequest request = decode(der, TRUE);
    g_autofree char *eid = eid_to_string(request.eid, EID_SIZE, NULL);
    g_autofree char *plmn = bytes_to_hex(request.rplmn.data, request.rplmn.size);

    g_assert_cmpint(request.function, ==, SIM_EIM_GET_EIM_PACKAGE);
    g_assert_cmpstr(eid, ==, text_of(values, "eidValue"));
    g_assert_cmpint(request.notify_state_change, ==,
                    json_object_has_member(values, "notifyStateChange"));
    g_assert_cmpint(request.has_cause, ==, json_object_has_member(values, "stateChangeCause"));
    if (request.has_cause)
        g_assert_cmpint(request.cause, ==, json_object_get_int_member(values, "stateChangeCause"));
    g_assert_cmpstr(plmn, ==, text_of(values, "rPLMN"));
    check_dialect(vector, &request);
}

static void check_result_kind(JsonObject *values, const SimEimRequest *request)
{
    JsonObject *result = child(values, "eimPackageResult") ?: values;
    JsonObject *failure = child(result, "eimPackageResultResponseError");

    g_assert_cmpint(request->has_eid, ==, json_object_has_member(values, "eidValue"));
    if (json_object_has_member(result, "euiccPackageResult") ||
        json_object_has_member(result, "ePRAndNotifications")) {
        g_assert_cmpint(request->result_kind, ==, SIM_EIM_RESULT_PACKAGE);
        g_assert_cmphex(request->result.data[0], ==, 0xBF);
        g_assert_cmphex(request->result.data[1], ==, 0x51);
        g_assert_cmpint(request->notifications.data != NULL, ==,
                        json_object_has_member(result, "ePRAndNotifications"));
    } else if (json_object_has_member(result, "ipaEuiccDataResponse")) {
        g_assert_cmpint(request->result_kind, ==, SIM_EIM_RESULT_DATA);
    } else if (json_object_has_member(result, "profileDownloadTriggerResult")) {
        g_assert_cmpint(request->result_kind, ==, SIM_EIM_RESULT_TRIGGER);
    } else {
        g_autofree char *transaction =
            bytes_to_hex(request->error_transaction_id.data, request->error_transaction_id.size);

        g_assert_cmpint(request->result_kind, ==, SIM_EIM_RESULT_ERROR);
        g_assert_cmpint(request->error_code, ==,
                        failure ? json_object_get_int_member(failure, "eimPackageResultErrorCode")
                                : json_object_get_int_member(result, "eimPackageError"));
        g_assert_cmpstr(transaction, ==, failure ? text_of(failure, "eimTransactionId") : "");
    }
}

static void check_provide_result(JsonObject *vector)
{
    g_autoptr(GBytes) der = der_of(vector);
    SimEimRequest request = decode(der, TRUE);

    g_assert_cmpint(request.function, ==, SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT);
    check_result_kind(child(vector, "values"), &request);
    check_dialect(vector, &request);
}

static void check_handle_notification(JsonObject *vector)
{
    JsonObject *values = child(vector, "values");
    g_autoptr(GBytes) der = der_of(vector);
    g_autoptr(GError) error = NULL;
    SimEimRequest request = decode(der, TRUE);

    g_assert_cmpint(request.function, ==, SIM_EIM_HANDLE_NOTIFICATION);
    if (json_object_has_member(values, "pendingNotification")) {
        g_auto(SimEimNotification) notification = { 0 };

        g_assert_nonnull(request.notification.data);
        sim_eim_notification_decode(request.notification, &notification, &error);
        g_assert_no_error(error);
        g_assert_cmpint(notification.seq_number, >, 0);
    } else {
        check_result_kind(child(values, "provideEimPackageResult"), &request);
    }
    check_dialect(vector, &request);
}

/* Requests of the indirect download are only told apart. */
static void check_indirect(JsonObject *vector)
{
    g_autoptr(GBytes) der = der_of(vector);

    g_assert_cmpint(decode(der, TRUE).function, >=, SIM_EIM_INITIATE_AUTHENTICATION);
}

static void test_requests(void)
{
    for_each("GetEimPackageRequest", 15, check_get_package);
    for_each("ProvideEimPackageResult", 24, check_provide_result);
    for_each("HandleNotificationEsipa", 14, check_handle_notification);
    for_each("InitiateAuthenticationRequestEsipa", 4, check_indirect);
    for_each("CancelSessionRequestEsipa", 5, check_indirect);
}

static void test_requests_refused(void)
{
    static const struct {
        const char *hex;
        gboolean tolerated; /* without strictness */
    } messages[] = {
        { "", FALSE },
        { "BF", FALSE },
        { "BF4E00", FALSE },
        { "BF4F00", FALSE },
        { "BF4F125A10890490321234512345123456789012", FALSE },
        { "BF4F125A108904903212345123451234567890123500", FALSE },
        { "BF5000", FALSE },
        { "BF5003020101BF", FALSE },
        { "BF50125A1089049032123451234512345678901235", FALSE },
        { "BF50157F3000", FALSE },
        { "BF5006020101020102", TRUE },
        { "BF3D00", FALSE },
        { "BF3D03020101", FALSE },
        { "BF3D02A000", FALSE },
        { "BF3D04A0028000", FALSE },
        /* cause without notification of a change; rPLMN before the EID; an unknown field */
        { "BF4F155A1089049032123451234512345678901235810101", TRUE },
        { "BF4F17820300F1105A1089049032123451234512345678901235", FALSE },
        { "BF4F155A1089049032123451234512345678901235830101", TRUE },
        /* the same tag twice */
        { "BF4F15BF4F125A1089049032123451234512345678901235", TRUE },
        /* v1.0 error after an EID of v1.2 */
        { "BF50155A1089049032123451234512345678901235020101", FALSE },
    };
    g_autoptr(JsonParser) parser = load_json("asn1-invalid.json");
    JsonArray *invalid = json_node_get_array(json_parser_get_root(parser));
    guint checked = 0;

    for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(GBytes) message =
            *messages[i].hex ? hex_bytes(messages[i].hex) : g_bytes_new(NULL, 0);

        g_test_message("%s", messages[i].hex);
        assert_refused(message, TRUE);
        if (messages[i].tolerated)
            decode(message, FALSE);
        else
            assert_refused(message, FALSE);
    }
    for (guint i = 0; i < json_array_get_length(invalid); i++) {
        JsonObject *vector = json_array_get_object_element(invalid, i);
        g_autoptr(GBytes) der = NULL;

        if (!g_str_equal(text_of(vector, "type"), "GetEimPackageRequest") &&
            !(g_str_equal(text_of(vector, "type"), "any") &&
              g_str_equal(text_of(vector, "strength"), "must")))
            continue;
        g_test_message("%s", text_of(vector, "name"));
        der = *text_of(vector, "der") ? der_of(vector) : g_bytes_new(NULL, 0);
        assert_refused(der, TRUE);
        assert_refused(der, FALSE);
        checked++;
    }
    g_assert_cmpuint(checked, >, 10);
}

static void test_answers(void)
{
    static const gint64 two[] = { 5, 6 };
    static const gint64 boundaries[] = { 0, 127, 128, 255, 256, 2147483648 };
    static const gint64 codes[] = { 2, 3, 4, 127 };
    g_autoptr(GBytes) acks = sim_eim_answer_acknowledgements(two, 2);
    g_autoptr(GBytes) none = sim_eim_answer_acknowledgements(NULL, 0);
    g_autoptr(GBytes) many = sim_eim_answer_acknowledgements(boundaries, 6);
    g_autoptr(GBytes) empty = sim_eim_answer_empty(SIM_EIM_DIALECT_ANY);
    g_autoptr(GBytes) empty_v10 = sim_eim_answer_empty(SIM_EIM_DIALECT_1_0);
    g_autoptr(GBytes) nothing = sim_eim_answer_package_error(1);
    g_autoptr(GBytes) package =
        hex_bytes(text_of(find_vector("trigger-activation-code-full"), "der"));
    g_autoptr(GBytes) served = sim_eim_answer_package(package);
    g_autofree char *many_hex = bytes_gbytes_to_hex(many);
    g_autofree char *boundaries_hex =
        g_strconcat("BF501C", text_of(find_vector("acknowledgements-boundaries"), "der"), NULL);

    assert_hex(acks, text_of(find_vector("esipa-provide-result-rsp-acks"), "der"));
    assert_hex(none, text_of(find_vector("esipa-provide-result-rsp-acks-none"), "der"));
    assert_hex(empty, text_of(find_vector("esipa-provide-result-rsp-empty"), "der"));
    assert_hex(empty_v10, text_of(find_vector("esipa-provide-result-v10-rsp-empty"), "der"));
    assert_hex(nothing,
               text_of(find_vector("esipa-get-package-rsp-error-1-noEimPackageAvailable"), "der"));
    g_assert_cmpstr(many_hex, ==, boundaries_hex);
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(GBytes) refusal = sim_eim_answer_result_error(codes[i]);
        g_autofree char *expected = g_strdup_printf("BF50030201%02X", (guint)codes[i]);

        assert_hex(refusal, expected);
    }
    g_assert_cmpuint(g_bytes_get_size(served), ==, g_bytes_get_size(package) + 3);
}

/* ---- results ---- */

static SimEimPackageResult decode_result(GBytes *message, gboolean strict)
{
    SimEimPackageResult result = { 0 };
    g_autoptr(GError) error = NULL;

    sim_eim_package_result_decode(slice_of(message), strict, &result, &error);
    g_assert_no_error(error);
    return result;
}

/* "enableResult": 0 of the vectors is "enable": 0 of ours. */
static void check_entry(JsonObject *expected, JsonObject *ours)
{
    g_autoptr(GList) expected_names = json_object_get_members(expected);
    g_autoptr(GList) our_names = json_object_get_members(ours);
    JsonNode *expected_node = json_object_get_member(expected, expected_names->data);
    JsonNode *our_node = json_object_get_member(ours, our_names->data);
    g_autofree char *name = g_strdup(expected_names->data);

    g_assert_cmpuint(g_list_length(our_names), ==, 1);
    if (g_str_has_suffix(name, "Result"))
        name[strlen(name) - strlen("Result")] = '\0';
    g_assert_cmpstr(our_names->data, ==, name);
    if (json_node_get_value_type(expected_node) == G_TYPE_INT64)
        g_assert_cmpint(json_node_get_int(our_node), ==, json_node_get_int(expected_node));
    if (g_str_equal(name, "listProfileInfo") && JSON_NODE_HOLDS_ARRAY(our_node)) {
        JsonArray *profiles =
            json_object_get_array_member(json_node_get_object(expected_node), "profileInfoListOk");

        g_assert_cmpuint(json_array_get_length(json_node_get_array(our_node)), ==,
                         json_array_get_length(profiles));
    }
}

static void check_entries(JsonArray *expected, const SimEimPackageResult *result)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonArray) entries = sim_eim_package_result_to_json(result->results, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(json_array_get_length(entries), ==, json_array_get_length(expected));
    for (guint i = 0; i < json_array_get_length(entries); i++)
        check_entry(json_array_get_object_element(expected, i),
                    json_array_get_object_element(entries, i));
}

/* The 5F37 of the request whose signature the v1.0 results cover. */
static GBytes *eim_signature_of(const char *request)
{
    g_autoptr(GBytes) der = der_of(find_vector(request));
    Tlv outer, signature;

    g_assert_true(tlv_parse(slice_of(der), 0xBF51, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x5F37, &signature));
    return tlv_slice_to_bytes(signature.raw);
}

static gboolean verifies(const SimEimPackageResult *result, gint64 token, TlvSlice eim_signature,
                         const char **ret_rule)
{
    g_autoptr(EVP_PKEY) key = key_of("euicc");
    g_autoptr(GError) error = NULL;
    gboolean ok =
        sim_eim_package_result_verify(result, key, token, eim_signature, TRUE, ret_rule, &error);

    g_assert_cmpint(ok, ==, error == NULL);
    return ok;
}

static void check_result(JsonObject *vector)
{
    JsonObject *values = child(vector, "values");
    JsonObject *good = child(values, "euiccPackageResultSigned");
    JsonObject *bad = child(values, "euiccPackageErrorSigned");
    JsonObject *data = good  ? child(good, "euiccPackageResultDataSigned")
                       : bad ? child(bad, "euiccPackageErrorDataSigned")
                             : child(values, "euiccPackageErrorUnsigned");
    gboolean v10 = g_str_equal(text_of(vector, "version"), "1.0") &&
                   json_object_has_member(vector, "signatures");
    g_autoptr(GBytes) der = der_of(vector);
    g_auto(SimEimPackageResult) result = decode_result(der, TRUE);
    g_autofree char *transaction =
        bytes_to_hex(result.transaction_id.data, result.transaction_id.size);
    g_autoptr(GBytes) list = eim_signature_of("package-list-eim");
    g_autoptr(GBytes) enable = eim_signature_of("package-enable");
    gboolean is_list = strstr(text_of(vector, "name"), "list-eim") != NULL;
    const char *rule = NULL;

    g_assert_cmpstr(result.eim_id, ==, text_of(data, "eimId"));
    g_assert_cmpstr(transaction, ==,
                    *text_of(data, "eimTransactionId") ? text_of(data, "eimTransactionId")
                                                       : text_of(data, "transactionId"));
    if (good) {
        g_assert_cmpint(result.answer, ==, SIM_EIM_PACKAGE_RESULT);
        g_assert_cmpint(result.seq_number, ==, json_object_get_int_member(data, "seqNumber"));
        check_entries(json_object_get_array_member(data, "euiccResult"), &result);
    } else if (bad) {
        g_assert_cmpint(result.answer, ==, SIM_EIM_PACKAGE_ERROR_SIGNED);
        g_assert_cmpint(result.error_code, ==,
                        json_object_get_int_member(data, "euiccPackageErrorCode"));
        g_assert_cmpstr(sim_eim_package_error_name(result.error_code), !=, "?");
    } else {
        g_assert_cmpint(result.answer, ==, SIM_EIM_PACKAGE_ERROR_UNSIGNED);
        g_assert_cmpint(result.has_error_code, ==,
                        json_object_has_member(data, "euiccPackageUnsignedErrorCode"));
        g_assert_false(verifies(&result, 1, (TlvSlice){ NULL, 0 }, &rule));
        return;
    }
    g_assert_cmpint(result.counter, ==, json_object_get_int_member(data, "counterValue"));
    if (v10) {
        g_assert_false(verifies(&result, 1, (TlvSlice){ NULL, 0 }, &rule));
        g_assert_true(verifies(&result, 1, slice_of(is_list ? list : enable), &rule));
        g_assert_cmpstr(rule, ==, "1.0");
        g_assert_false(verifies(&result, 1, slice_of(is_list ? enable : list), &rule));
    } else if (json_object_has_member(vector, "signatures")) {
        gint64 token = g_str_equal(text_of(vector, "name"), "result-no-token") ? 0 : 1;

        g_assert_true(verifies(&result, token, slice_of(enable), &rule));
        g_assert_cmpstr(rule, ==, "1.2");
        g_assert_false(verifies(&result, token + 1, slice_of(enable), &rule));
    }
}

static void test_results(void)
{
    for_each("EuiccPackageResult", 97, check_result);
}

/* Each octet of the signed object and of the signature matters. */
static void test_results_tampered(void)
{
    g_autoptr(GBytes) der = der_of(find_vector("result-enable-0-ok"));
    gsize size = g_bytes_get_size(der);
    guint refused = 0;

    for (gsize i = 5; i < size; i++) {
        g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(der, NULL), size);
        g_auto(SimEimPackageResult) result = { 0 };
        const char *rule = NULL;

        copy[i] ^= 0x01;
        if (!sim_eim_package_result_decode(tlv_slice(copy, size), TRUE, &result, NULL) ||
            !verifies(&result, 1, (TlvSlice){ NULL, 0 }, &rule))
            refused++;
        else
            g_test_message("octet %" G_GSIZE_FORMAT " may be changed", i);
    }
    g_assert_cmpuint(refused, ==, size - 5);
}

static void test_results_crypto(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *list = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "signatures");
    guint good = 0, refused = 0;

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *vector = json_array_get_object_element(list, i);
        const char *id = text_of(vector, "id");
        JsonArray *parts = json_object_get_array_member(vector, "parts");
        JsonArray *bad = json_object_get_array_member(vector, "refused");
        g_autofree char *path = NULL;
        g_autoptr(X509) certificate = NULL;
        g_autoptr(EVP_PKEY) key = NULL;
        g_autoptr(GBytes) message = NULL, second = NULL;
        g_auto(SimEimPackageResult) result = { 0 };
        const char *rule = NULL;
        gboolean v10 = strstr(id, "-v1.0-") != NULL;
        gint64 token = strstr(id, "token-128") ? 128 : strstr(id, "token-1/") ? 1 : 0;

        if (!g_str_has_prefix(id, "euiccPackageResult-") &&
            !g_str_has_prefix(id, "euiccPackageError-"))
            continue;
        g_test_message("%s", id);
        path = g_test_build_filename(G_TEST_DIST, "data", "pki",
                                     g_str_has_suffix(id, "/nist") ? "nist" : "brainpool",
                                     "euicc.der", NULL);
        certificate = sim_certificate_load(path, NULL);
        g_assert_nonnull(certificate);
        key = X509_get_pubkey(certificate);
        message = hex_bytes(text_of(vector, "message"));
        second = hex_bytes(text_of(json_array_get_object_element(parts, 1), "hex"));
        result = decode_result(message, TRUE);
        g_assert_true(sim_eim_package_result_verify(&result, key, token,
                                                    v10 ? slice_of(second) : (TlvSlice){ NULL, 0 },
                                                    TRUE, &rule, NULL));
        g_assert_cmpstr(rule, ==, v10 ? "1.0" : "1.2");
        good++;
        for (guint n = 0; n < json_array_get_length(bad); n++) {
            g_autoptr(GBytes) signature =
                hex_bytes(text_of(json_array_get_object_element(bad, n), "signature"));

            result.signature = slice_of(signature);
            g_assert_false(sim_eim_package_result_verify(
                &result, key, token, v10 ? slice_of(second) : (TlvSlice){ NULL, 0 }, TRUE, &rule,
                NULL));
            refused++;
        }
    }
    g_assert_cmpuint(good, ==, 24);
    g_assert_cmpuint(refused, >=, 18);
}

static void test_results_refused(void)
{
    g_autoptr(JsonParser) parser = load_json("asn1-invalid.json");
    JsonArray *invalid = json_node_get_array(json_parser_get_root(parser));
    guint checked = 0;

    for (guint i = 0; i < json_array_get_length(invalid); i++) {
        JsonObject *vector = json_array_get_object_element(invalid, i);
        g_auto(SimEimPackageResult) result = { 0 };
        g_autoptr(GBytes) der = NULL;
        g_autoptr(GError) error = NULL;

        if (!g_str_equal(text_of(vector, "type"), "EuiccPackageResult") ||
            !g_str_equal(text_of(vector, "strength"), "must"))
            continue;
        g_test_message("%s", text_of(vector, "name"));
        der = der_of(vector);
        g_assert_false(sim_eim_package_result_decode(slice_of(der), TRUE, &result, &error));
        g_assert_nonnull(error);
        checked++;
    }
    g_assert_cmpuint(checked, >=, 10);
}

static void test_results_tolerated(void)
{
    g_autoptr(JsonParser) parser = load_json("asn1-tolerant.json");
    JsonArray *tolerant = json_node_get_array(json_parser_get_root(parser));
    guint checked = 0;

    for (guint i = 0; i < json_array_get_length(tolerant); i++) {
        JsonObject *vector = json_array_get_object_element(tolerant, i);
        const char *name = text_of(vector, "name");
        g_auto(SimEimPackageResult) result = { 0 };
        g_autoptr(GBytes) der = der_of(vector);
        g_autoptr(EVP_PKEY) key = key_of("euicc");
        const char *rule = NULL;
        gboolean lab = g_str_has_prefix(name, "bare-");

        if (g_str_equal(text_of(vector, "type"), "ProvideEimPackageResult")) {
            g_test_message("%s", name);
            assert_refused(der, TRUE);
            g_assert_cmpint(decode(der, FALSE).result_kind, !=, SIM_EIM_RESULT_NONE);
            checked++;
        }
        if (!g_str_equal(text_of(vector, "type"), "EuiccPackageResult"))
            continue;
        g_test_message("%s", name);
        g_assert_cmpint(sim_eim_package_result_decode(slice_of(der), TRUE, &result, NULL), ==,
                        !lab);
        sim_eim_package_result_clear(&result);
        result = decode_result(der, FALSE);
        g_assert_cmpstr(result.eim_id, ==, "eim.example.com");
        /* Only where the vector kept the signature of its base over the same octets. */
        if (g_str_has_prefix(name, "bare-result") || g_str_equal(name, "signature-der") ||
            g_str_equal(name, "length-not-minimal-outer"))
            g_assert_true(sim_eim_package_result_verify(&result, key, 1, (TlvSlice){ NULL, 0 },
                                                        FALSE, &rule, NULL));
        if (g_str_equal(name, "signature-der"))
            g_assert_false(sim_eim_package_result_verify(&result, key, 1, (TlvSlice){ NULL, 0 },
                                                         TRUE, &rule, NULL));
        checked++;
    }
    g_assert_cmpuint(checked, >=, 10);
}

static void check_data_response(JsonObject *vector)
{
    JsonObject *values = child(vector, "values");
    g_autoptr(GBytes) der = der_of(vector);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) data = sim_eim_data_to_json(slice_of(der), TRUE, &error);

    g_assert_no_error(error);
    g_assert_cmpint(json_object_has_member(data, "data"), ==,
                    json_object_has_member(values, "ipaEuiccData"));
    g_assert_cmpint(json_object_has_member(data, "error"), !=,
                    json_object_has_member(data, "data"));
}

static void check_trigger_result(JsonObject *vector)
{
    g_autoptr(GBytes) der = der_of(vector);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) result = sim_eim_trigger_to_json(slice_of(der), &error);

    g_assert_no_error(error);
    g_assert_cmpstr(text_of(result, "eimTransactionId"), ==,
                    text_of(child(vector, "values"), "eimTransactionId"));
}

static void test_other_results(void)
{
    for_each("IpaEuiccDataResponse", 19, check_data_response);
    for_each("ProfileDownloadTriggerResult", 9, check_trigger_result);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    load_vectors();
    g_test_add_func("/sim/eim/requests", test_requests);
    g_test_add_func("/sim/eim/requests-refused", test_requests_refused);
    g_test_add_func("/sim/eim/answers", test_answers);
    g_test_add_func("/sim/eim/results", test_results);
    g_test_add_func("/sim/eim/results-tampered", test_results_tampered);
    g_test_add_func("/sim/eim/results-crypto", test_results_crypto);
    g_test_add_func("/sim/eim/results-refused", test_results_refused);
    g_test_add_func("/sim/eim/results-tolerated", test_results_tolerated);
    g_test_add_func("/sim/eim/other-results", test_other_results);
    return g_test_run();
}
