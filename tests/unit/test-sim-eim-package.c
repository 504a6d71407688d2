/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Known-answer tests of what the test eIM sends: eUICC packages, data requests, download triggers. */

#include "sim/eim_package.h"
#include "unit/test-sim-eim-vectors.h"

/* Members of the vectors under the names of our description. */
static const struct {
    const char *vector, *ours;
} renamed[] = {
    { "rollbackFlag", "rollback" },
    { "immediateEnableFlag", "enable" },
    { "defaultSmdpOid", "smdpOid" },
    { "defaultSmdpAddress", "smdpAddress" },
    { "defaultDpAddress", "address" },
    { "tagList", "tags" },
    { "profileClass", "class" },
    { "isdpAid", "aid" },
    { "eimFqdn", "fqdn" },
    { "eimIdType", "idType" },
    { "counterValue", "counter" },
    { "associationToken", "token" },
    { "euiccCiPKId", "ciPKId" },
    { "euiccCiPKIdentifierToBeUsed", "ciPKId" },
    { "indirectProfileDownload", "indirect" },
    { "searchCriteriaEuiccPackageResult", "result" },
    { "searchCriteriaNotification", "notification" },
    { "searchCriteria", "notification" },
    { "euiccPackageResults", "results" },
    { "contactDefaultSmdp", "defaultSmdp" },
};

static void translate(JsonObject *from, JsonObject *to);

static void translate_member(const char *name, JsonNode *node, JsonObject *to)
{
    const char *ours = name;

    for (guint i = 0; i < G_N_ELEMENTS(renamed); i++) {
        if (g_str_equal(renamed[i].vector, name))
            ours = renamed[i].ours;
    }
    if (g_str_equal(name, "iccid")) {
        g_autoptr(GBytes) octets = hex_bytes(json_node_get_string(node));
        g_autofree char *digits =
            iccid_to_string(g_bytes_get_data(octets, NULL), g_bytes_get_size(octets), NULL);

        json_object_set_string_member(to, "iccid", digits);
    } else if (g_str_equal(name, "eimPublicKeyData") ||
               g_str_equal(name, "trustedPublicKeyDataTls")) {
        JsonObject *choice = json_node_get_object(node);
        gboolean tls = name[0] == 't';

        if (json_object_has_member(choice, tls ? "trustedEimPkTls" : "eimPublicKey"))
            json_object_set_string_member(
                to, tls ? "tlsPublicKey" : "publicKey",
                text_of(choice, tls ? "trustedEimPkTls" : "eimPublicKey"));
        else
            json_object_set_string_member(
                to, tls ? "tlsCertificate" : "certificate",
                text_of(choice, tls ? "trustedCertificateTls" : "eimCertificate"));
    } else if (g_str_equal(name, "eimSupportedProtocol")) {
        json_object_set_member(
            to, "protocols",
            json_node_copy(json_object_get_member(json_node_get_object(node), "bits")));
    } else if (g_str_equal(name, "profileManagementOperation")) {
        json_object_set_member(
            to, "events",
            json_node_copy(json_object_get_member(json_node_get_object(node), "bits")));
    } else if (g_str_equal(name, "contactSmds")) {
        json_object_set_string_member(to, "smds",
                                      text_of(json_node_get_object(node), "smdsAddress"));
    } else if (JSON_NODE_HOLDS_NULL(node)) {
        json_object_set_boolean_member(to, ours, TRUE);
    } else if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *inner = json_object_new();

        /* The criteria of listProfileInfo stand beside its tags in our description. */
        if (g_str_equal(name, "searchCriteria") &&
            json_object_has_member(json_node_get_object(node), "iccid")) {
            json_object_unref(inner);
            translate(json_node_get_object(node), to);
            return;
        }
        translate(json_node_get_object(node), inner);
        json_object_set_object_member(to, ours, inner);
    } else {
        json_object_set_member(to, ours, json_node_copy(node));
    }
}

static void translate(JsonObject *from, JsonObject *to)
{
    g_autoptr(GList) names = json_object_get_members(from);

    for (GList *name = names; name; name = name->next)
        translate_member(name->data, json_object_get_member(from, name->data), to);
}

static JsonObject *describe_package(JsonObject *package)
{
    gboolean eco = json_object_has_member(package, "ecoList");
    JsonArray *from = json_object_get_array_member(package, eco ? "ecoList" : "psmoList");
    JsonObject *description = json_object_new();
    JsonArray *to = json_array_new();

    for (guint i = 0; i < json_array_get_length(from); i++) {
        JsonObject *command = json_object_new();

        translate(json_array_get_object_element(from, i), command);
        json_array_add_object_element(to, command);
    }
    json_object_set_array_member(description, eco ? "eco" : "psmo", to);
    return description;
}

static void check_package(JsonObject *vector)
{
    JsonObject *values = child(child(vector, "values"), "euiccPackageSigned");
    JsonArray *signatures = json_object_get_array_member(vector, "signatures");
    JsonObject *signature = json_array_get_object_element(signatures, 0);
    g_autoptr(JsonObject) description = describe_package(child(values, "euiccPackage"));
    g_autoptr(EVP_PKEY) vector_key = key_of("eimsign"), our_key = EVP_EC_gen("P-256");
    g_autoptr(GBytes) der = der_of(vector), transaction = NULL, built = NULL;
    g_autoptr(GBytes) input = hex_bytes(text_of(signature, "input"));
    g_autoptr(GBytes) expected_signature =
        hex_bytes(text_of(child(vector, "values"), "eimSignature"));
    g_autoptr(GError) error = NULL;
    gboolean no_token = g_str_has_suffix(text_of(signature, "input"), "840100");
    SimEimPackageSetup setup = {
        .eim_id = text_of(values, "eimId"),
        .counter = json_object_get_int_member(values, "counterValue"),
        .token = no_token ? 0 : 1,
        .key = our_key,
    };
    g_autoptr(GBytes) token = sim_eim_token_object(setup.token);
    g_autofree char *package_hex = NULL, *token_hex = NULL, *expected_input = NULL;
    Tlv outer, package, ours;

    g_assert_true(eid_from_string(text_of(values, "eidValue"), setup.eid, NULL));
    if (json_object_has_member(values, "eimTransactionId"))
        setup.transaction_id = transaction = hex_bytes(text_of(values, "eimTransactionId"));
    built = sim_eim_package_build_signed(description, &setup, &error);
    g_assert_no_error(error);
    g_assert_true(tlv_parse(slice_of(der), 0xBF51, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x30, &package));
    package_hex = bytes_to_hex(package.raw.data, package.raw.size);
    assert_hex(built, package_hex);

    /* The vector's signature covers what we built, followed by our token object. */
    token_hex = bytes_gbytes_to_hex(token);
    expected_input = g_strconcat(package_hex, token_hex, NULL);
    g_assert_cmpstr(expected_input, ==, text_of(signature, "input"));
    g_assert_true(sim_verify(vector_key, g_bytes_get_data(input, NULL), g_bytes_get_size(input),
                             slice_of(expected_signature)));

    /* Ours covers the same octets, and is no good once a bit of it is changed. */
    for (guint damage = 0; damage < 2; damage++) {
        g_autoptr(GBytes) message = NULL;

        setup.damage = damage == 1;
        message = sim_eim_package_build(description, &setup, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(g_bytes_get_size(message), ==, g_bytes_get_size(der));
        g_assert_true(tlv_parse(slice_of(message), 0xBF51, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0x5F37, &ours));
        g_assert_cmpint(
            sim_verify(our_key, g_bytes_get_data(input, NULL), g_bytes_get_size(input), ours.value),
            ==, damage == 0);
    }
}

static void test_packages(void)
{
    for_each("EuiccPackageRequest", 28, check_package);
}

/* Packages of the other source of vectors: other EID, tokens of one to three octets. */
static void test_packages_crypto(void)
{
    static const struct {
        const char *id, *description;
        gint64 counter, token;
    } cases[] = {
        { "euiccPackage-no-token/",
          "{\"psmo\": [{\"enable\": {\"iccid\": \"89001011223344556672\","
          " \"rollback\": true}}]}",
          1, 0 },
        { "euiccPackage-token-1/",
          "{\"psmo\": [{\"disable\": {\"iccid\": \"89001011223344556672\"}},"
          " {\"enable\": {\"iccid\": \"89001011223344556672\", \"rollback\": true}}]}",
          2, 1 },
        { "euiccPackage-token-127/", "{\"psmo\": [{\"listProfileInfo\": {}}]}", 127, 127 },
        { "euiccPackage-token-128/", "{\"psmo\": [{\"getRAT\": {}}]}", 128, 128 },
        { "euiccPackage-token-70000/", "{\"eco\": [{\"listEim\": {}}]}", 8388607, 70000 },
    };
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *list = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "signatures");
    guint checked = 0;

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *vector = json_array_get_object_element(list, i);
        g_autoptr(JsonNode) description = NULL;
        g_autoptr(GBytes) built = NULL, token = NULL, transaction = NULL;
        g_autofree char *built_hex = NULL, *token_hex = NULL, *input = NULL;
        g_autoptr(GError) error = NULL;
        SimEimPackageSetup setup = { .eim_id = "eim.example.com" };
        guint n = 0;
        Tlv package, field;

        while (n < G_N_ELEMENTS(cases) && !g_str_has_prefix(text_of(vector, "id"), cases[n].id))
            n++;
        if (n == G_N_ELEMENTS(cases))
            continue;
        g_test_message("%s", text_of(vector, "id"));
        /* EID, ICCID and transaction differ from entry to entry: taken from it. */
        transaction = hex_bytes(
            text_of(json_array_get_object_element(json_object_get_array_member(vector, "parts"), 0),
                    "hex"));
        g_assert_true(tlv_parse(slice_of(transaction), 0x30, &package, NULL));
        g_assert_true(tlv_find(package.value, 0x5A, &field));
        memcpy(setup.eid, field.value.data, EID_SIZE);
        if (tlv_find(package.value, 0x82, &field))
            setup.transaction_id = tlv_slice_to_bytes(field.value);
        setup.counter = cases[n].counter;
        description = json_from_string(cases[n].description, &error);
        g_assert_no_error(error);
        built = sim_eim_package_build_signed(json_node_get_object(description), &setup, &error);
        g_assert_no_error(error);
        token = sim_eim_token_object(cases[n].token);
        built_hex = bytes_gbytes_to_hex(built);
        token_hex = bytes_gbytes_to_hex(token);
        input = g_strconcat(built_hex, token_hex, NULL);
        g_assert_cmpstr(input, ==, text_of(vector, "input"));
        g_clear_pointer(&setup.transaction_id, g_bytes_unref);
        checked++;
    }
    g_assert_cmpuint(checked, ==, 10);
}

static void check_other_package(JsonObject *vector, const char *kind)
{
    JsonObject *values = child(vector, "values");
    g_autoptr(JsonObject) description = json_object_new();
    g_autoptr(GBytes) transaction = NULL, built = NULL;
    g_autoptr(GError) error = NULL;
    SimEimPackageSetup setup = { 0 };
    JsonObject *members = json_object_new();

    translate(g_str_equal(kind, "download") ? child(values, "profileDownloadData") ?: members
                                            : values,
              members);
    json_object_set_object_member(description, kind, members);
    if (json_object_has_member(values, "eimTransactionId"))
        setup.transaction_id = transaction = hex_bytes(text_of(values, "eimTransactionId"));
    built = sim_eim_package_build(description, &setup, &error);
    g_assert_no_error(error);
    assert_hex(built, text_of(vector, "der"));
}

static void check_data_request(JsonObject *vector)
{
    check_other_package(vector, "data");
}

static void check_trigger(JsonObject *vector)
{
    check_other_package(vector, "download");
}

static void test_other_packages(void)
{
    for_each("IpaEuiccDataRequest", 11, check_data_request);
    for_each("ProfileDownloadTriggerRequest", 9, check_trigger);
}

static void test_bad_descriptions(void)
{
    static const char *const bad[] = {
        "{}",
        "{\"psmo\": []  , \"eco\": []}",
        "{\"nothing\": []}",
        "{\"psmo\": {}}",
        "{\"psmo\": [\"enable\"]}",
        "{\"psmo\": [{}]}",
        "{\"psmo\": [{\"enable\": {\"iccid\": \"8900\"}, \"disable\": {\"iccid\": \"8900\"}}]}",
        "{\"psmo\": [{\"enable\": {}}]}",
        "{\"psmo\": [{\"enable\": null}]}",
        "{\"psmo\": [{\"enable\": {\"iccid\": 8900}}]}",
        "{\"psmo\": [{\"enable\": {\"iccid\": \"89xx\"}}]}",
        "{\"psmo\": [{\"enable\": {\"iccid\": \"89001011223344556672\", \"rollback\": 1}}]}",
        "{\"psmo\": [{\"listEim\": {}}]}",
        "{\"eco\": [{\"enable\": {\"iccid\": \"89001011223344556672\"}}]}",
        "{\"eco\": [{\"deleteEim\": {}}]}",
        "{\"eco\": [{\"addEim\": {\"publicKey\": \"00\"}}]}",
        "{\"eco\": [{\"addEim\": {\"protocols\": [64]}}]}",
        "{\"eco\": [{\"addEim\": {\"der\": \"3005800165\"}}]}",
        "{\"eco\": [{\"addEim\": {\"der\": \"31038001AA\"}}]}",
        "{\"eco\": [{\"addEim\": {\"der\": \"3003800165\", \"counter\": 1}}]}",
        "{\"psmo\": [{\"raw\": \"A\"}]}",
        "{\"psmo\": [{\"configureImmediateEnable\": {\"smdpOid\": \"2.x\"}}]}",
        "{\"psmo\": [{\"setDefaultDpAddress\": {}}]}",
        "{\"data\": []}",
        "{\"data\": {\"tags\": \"5\"}}",
        "{\"download\": {\"activationCode\": 1}}",
        "{\"raw\": null}",
        "{\"raw\": \"xyz\"}",
    };
    g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
    SimEimPackageSetup setup = { .eim_id = "e", .key = key };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(JsonNode) description = json_from_string(bad[i], NULL);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(description);
        g_test_message("%s", bad[i]);
        g_assert_null(sim_eim_package_build(json_node_get_object(description), &setup, &error));
        g_assert_nonnull(error);
    }
}

/* A configuration that is given as a whole gets the tag of the command and is the same otherwise. */
static void test_given_configuration(void)
{
    static const char *const forms[] = {
        "{\"eco\": [{\"addEim\": {\"eimId\": \"e\", \"counter\": 5}}, {\"updateEim\": {\"eimId\": "
        "\"e\"}}]}",
        "{\"eco\": [{\"addEim\": {\"der\": \"3006800165830105\"}}, "
        "{\"updateEim\": {\"der\": \"3003800165\"}}]}",
    };
    g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
    const SimEimPackageSetup setup = { .eim_id = "e", .key = key, .counter = 1 };
    g_autoptr(GPtrArray) hex = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(JsonNode) description = json_from_string(forms[i], NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) built =
            sim_eim_package_build_signed(json_node_get_object(description), &setup, &error);

        g_assert_no_error(error);
        g_ptr_array_add(hex, bytes_gbytes_to_hex(built));
    }
    g_assert_cmpstr(hex->pdata[0], ==, hex->pdata[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    load_vectors();
    g_test_add_func("/sim/eim/packages", test_packages);
    g_test_add_func("/sim/eim/packages-crypto", test_packages_crypto);
    g_test_add_func("/sim/eim/other-packages", test_other_packages);
    g_test_add_func("/sim/eim/bad-descriptions", test_bad_descriptions);
    g_test_add_func("/sim/eim/given-configuration", test_given_configuration);
    return g_test_run();
}
