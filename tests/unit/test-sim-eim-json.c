/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The test eIM's reading of the JSON binding against the known-answer vectors. */

#include <string.h>

#include "sim/eim_json.h"

#define PATH "/gsma/rsp2/esipa/"

static JsonParser *parser;

static JsonObject *vector(const char *name)
{
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *all = json_object_get_array_member(root, "vectors");

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *entry = json_array_get_object_element(all, i);

        if (g_str_equal(json_object_get_string_member(entry, "name"), name))
            return entry;
    }
    g_error("no vector %s", name);
}

static GBytes *read_request(JsonObject *entry, gboolean strict, GError **error)
{
    const char *path = json_object_get_string_member(entry, "path");
    g_autofree char *body = json_to_string(json_object_get_member(entry, "body"), FALSE);

    g_assert_true(g_str_has_prefix(path, PATH));
    g_assert_true(sim_eim_json_has_function(path + strlen(PATH)));
    return sim_eim_json_read_request(path + strlen(PATH), tlv_slice(body, strlen(body)), strict,
                                     error);
}

/* What the vector has decoded is in the message, and that can be decoded. */
static void test_requests(void)
{
    static const char *const names[] = {
        "esipa-get-package-req",
        "esipa-get-package-req-all",
        "esipa-provide-result-req",
        "esipa-handle-notification-req-pir",
        "esipa-handle-notification-req-result",
        "esipa-initiate-authentication-req",
        "esipa-initiate-authentication-req-min",
        "esipa-authenticate-client-req",
        "esipa-get-bpp-req",
    };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        JsonObject *entry = vector(names[i]), *decoded = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) message = read_request(entry, TRUE, &error);
        g_autofree char *hex = message ? bytes_gbytes_to_hex(message) : NULL;
        SimEimRequest request;
        JsonObjectIter iter;
        const char *member;
        JsonNode *node;

        g_assert_no_error(error);
        g_assert_true(
            sim_eim_request_decode(tlv_slice_from_bytes(message), TRUE, &request, &error));
        g_assert_no_error(error);
        if (!json_object_has_member(entry, "decoded"))
            continue;
        decoded = json_object_get_object_member(entry, "decoded");
        json_object_iter_init(&iter, decoded);
        while (json_object_iter_next(&iter, &member, &node))
            if (json_node_get_value_type(node) == G_TYPE_STRING &&
                strspn(json_node_get_string(node), "0123456789ABCDEF") ==
                    strlen(json_node_get_string(node)))
                g_assert_nonnull(strstr(hex, json_node_get_string(node)));
    }
}

/* BF41 of the card has the place of A1. */
static void test_cancel(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) message = read_request(vector("esipa-cancel-session-req"), TRUE, &error);
    Tlv outer, id, response;

    g_assert_no_error(error);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(message), 0xBF41, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x80, &id));
    g_assert_true(tlv_find(outer.value, 0xA1, &response));
    g_assert_cmphex(response.value.data[0], ==, 0xA0);
}

static void test_bad_requests(void)
{
    static const struct {
        const char *name, *body;
        gboolean is_lenient; /* only strict readers refuse it */
    } rows[] = {
        { "getEimPackage", "{}", FALSE },
        { "getEimPackage", "[]", FALSE },
        { "getEimPackage", "{", FALSE },
        { "getEimPackage", "{\"eidValue\":\"8904903212345123451234567890123\"}", FALSE },
        { "getEimPackage", "{\"eidValue\":12}", FALSE },
        { "getEimPackage", "{\"eidValue\":\"89049032123451234512345678901235\",\"rPlmn\":\"EwA=\"}",
          FALSE },
        { "getEimPackage", "{\"eidValue\":\"89049032123451234512345678901235\",\"header\":{}}",
          TRUE },
        { "getEimPackage",
          "{\"eidValue\":\"89049032123451234512345678901235\",\"notifyStateChange\":1}", FALSE },
        { "authenticateClient", "{\"transactionId\":\"A1\"}", FALSE },
        { "authenticateClient",
          "{\"transactionId\":\"a1\",\"authenticateServerResponse\":\"vzgA\"}", TRUE },
        { "authenticateClient",
          "{\"transactionId\":\"A1\",\"authenticateServerResponse\":\"vzgA\\n\"}", TRUE },
        { "authenticateClient",
          "{\"transactionId\":\"A1\",\"authenticateServerResponse\":\"vyEA\"}", FALSE },
        { "handleNotification", "{\"vendor\":1}", FALSE },
    };

    g_assert_false(sim_eim_json_has_function("getEimPackages"));
    g_assert_false(sim_eim_json_has_function(""));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        for (guint strict = 0; strict < 2; strict++) {
            TlvSlice body = tlv_slice(rows[i].body, strlen(rows[i].body));
            g_autoptr(GError) error = NULL;
            g_autoptr(GBytes) message =
                sim_eim_json_read_request(rows[i].name, body, strict, &error);

            g_assert_true((message != NULL) == (rows[i].is_lenient && !strict));
            g_assert_true((error == NULL) == (message != NULL));
        }
}

static void assert_answer(SimEimFunction function, const char *asn1, const char *name)
{
    JsonObject *expected = json_object_get_object_member(vector(name), "body");
    g_autoptr(JsonParser) reader = json_parser_new();
    g_autoptr(GBytes) answer = bytes_from_hex(asn1, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = sim_eim_json_write_answer(function, answer, NULL, &error);
    JsonObject *made, *status, *codes;
    gsize size;
    const char *text;

    g_assert_no_error(error);
    text = g_bytes_get_data(body, &size);
    g_assert_true(json_parser_load_from_data(reader, text, (gssize)size, &error));
    made = json_node_get_object(json_parser_get_root(reader));
    /* The message is for people, and ours to choose. */
    status = json_object_get_object_member(json_object_get_object_member(expected, "header"),
                                           "functionExecutionStatus");
    if (json_object_has_member(status, "statusCodeData")) {
        codes = json_object_get_object_member(status, "statusCodeData");
        json_object_remove_member(codes, "message");
    }
    g_assert_true(json_object_equal(made, expected));
}

static char *hex_of(const char *name, const char *member)
{
    JsonObject *decoded = json_object_get_object_member(vector(name), "decoded");

    return g_strdup(json_object_get_string_member(decoded, member));
}

/* BF4F around what the vector has decoded. */
static void assert_package(const char *name, const char *member)
{
    g_autofree char *hex = hex_of(name, member);
    g_autoptr(GBytes) object = bytes_from_hex(hex, NULL);
    g_autoptr(GBytes) answer = sim_eim_answer_package(object);
    g_autofree char *asn1 = bytes_gbytes_to_hex(answer);

    assert_answer(SIM_EIM_GET_EIM_PACKAGE, asn1, name);
}

static void test_answers(void)
{
    assert_package("esipa-get-package-rsp-package", "euiccPackageRequest");
    assert_package("esipa-get-package-rsp-data", "ipaEuiccDataRequest");
    assert_package("esipa-get-package-rsp-trigger", "profileDownloadTriggerRequest");
    for (guint code = 1; code <= 4; code++) {
        g_autofree char *asn1 = g_strdup_printf("BF4F0302010%u", code);
        g_autofree char *name = g_strdup_printf("esipa-get-package-rsp-failed-%u", code);

        assert_answer(SIM_EIM_GET_EIM_PACKAGE, asn1, name);
    }
    assert_answer(SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, "BF5009BF5306800105800106",
                  "esipa-provide-result-rsp-acks");
    assert_answer(SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, "BF50023000",
                  "esipa-provide-result-rsp-empty");
    assert_answer(SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, "BF5003020103",
                  "esipa-provide-result-rsp-failed-3");
    assert_answer(SIM_EIM_AUTHENTICATE_CLIENT, "BF3B03820132",
                  "esipa-authenticate-client-rsp-failed");
    assert_answer(SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "BF3A03810132", "esipa-get-bpp-rsp-failed");
    assert_answer(SIM_EIM_CANCEL_SESSION, "BF4102A000", "esipa-cancel-session-rsp");
    assert_answer(SIM_EIM_CANCEL_SESSION, "BF4103810101", "esipa-cancel-session-rsp-failed");
}

int main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    path = g_test_build_filename(G_TEST_DIST, "data", "json.json", NULL);
    parser = json_parser_new();
    if (!json_parser_load_from_file(parser, path, &error))
        g_error("%s", error->message);
    g_test_add_func("/sim-eim-json/requests", test_requests);
    g_test_add_func("/sim-eim-json/cancel", test_cancel);
    g_test_add_func("/sim-eim-json/bad-requests", test_bad_requests);
    g_test_add_func("/sim-eim-json/answers", test_answers);
    status = g_test_run();
    g_object_unref(parser);
    return status;
}
