/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON binding of ESipa against the known-answer vectors. */
#include "net/esipa_json.h"

#include <signal.h>
#include <string.h>

#include "net/json_request.h"
#include "unit/esipa-rig.h"
#include "util/error.h"

#define TRIGGER "\"profileDownloadTriggerRequest\":"
#define EID     "89049032123451234512345678901235"

static JsonParser *parser;

static JsonArray *json_vectors(const char *list)
{
    return json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), list);
}

static JsonObject *vector(const char *name)
{
    JsonArray *all = json_vectors("vectors");

    for (guint i = 0; i < json_array_get_length(all); i++)
        if (g_str_equal(text(json_array_get_object_element(all, i), "name"), name))
            return json_array_get_object_element(all, i);
    g_error("no vector %s", name);
}

static GBytes *decoded(const char *name, const char *member)
{
    return hex(text(json_object_get_object_member(vector(name), "decoded"), member));
}

static char *body_of(const char *name)
{
    JsonNode *body = json_object_get_member(vector(name), "body");

    return JSON_NODE_HOLDS_NULL(body) ? g_strdup("") : json_to_string(body, FALSE);
}

static GBytes *octets(const char *body)
{
    return g_bytes_new(body, strlen(body));
}

static GBytes *vector_octets(const char *name)
{
    g_autofree char *body = body_of(name);

    return octets(body);
}

/* ---- an eIM ---- */

static void will_say_vector(World *world, const char *name)
{
    g_autofree char *body = body_of(name);

    will_say(world, (guint)json_object_get_int_member(vector(name), "status"), body);
}

static void assert_said_vector(World *world, const char *name)
{
    g_autofree char *body = body_of(name);

    assert_said(world, text(vector(name), "path"), body);
}

static void assert_is(GBytes *got, const char *name, const char *member, gsize skip)
{
    g_autoptr(GBytes) all = decoded(name, member);
    g_autoptr(GBytes) wanted = g_bytes_new_from_bytes(all, skip, g_bytes_get_size(all) - skip);

    g_assert_nonnull(got);
    g_assert_true(g_bytes_equal(got, wanted));
}

/* ---- GetEimPackage ---- */

static void test_get_package(void)
{
    static const struct {
        const char *request, *answer, *member;
        EsipaPackageKind kind;
    } cases[] = {
        { "esipa-get-package-req", "esipa-get-package-rsp-package", "euiccPackageRequest",
          ESIPA_PACKAGE_EUICC },
        { "esipa-get-package-req-all", "esipa-get-package-rsp-package-zero", "euiccPackageRequest",
          ESIPA_PACKAGE_EUICC },
        { "esipa-get-package-req", "esipa-get-package-rsp-data", "ipaEuiccDataRequest",
          ESIPA_PACKAGE_DATA_REQUEST },
        { "esipa-get-package-req", "esipa-get-package-rsp-trigger", "profileDownloadTriggerRequest",
          ESIPA_PACKAGE_DOWNLOAD_TRIGGER },
        { "esipa-get-package-req", "esipa-get-package-rsp-none-integer", NULL, ESIPA_PACKAGE_NONE },
        { "esipa-get-package-req", "esipa-get-package-rsp-failed-1", NULL, ESIPA_PACKAGE_NONE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean all = g_str_has_suffix(cases[i].request, "-all");
        EsipaGetPackageOptions options = { all, all ? 1 : -1, NULL };
        g_autoptr(EsipaPackage) package = NULL;
        g_autoptr(GBytes) rplmn = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        if (all) {
            rplmn = decoded(cases[i].request, "rPlmn");
            options.rplmn = g_bytes_get_data(rplmn, NULL);
        }
        json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
        will_say_vector(&world, cases[i].answer);
        package = esipa_get_eim_package(world.client, &options, NULL, &error);
        g_assert_no_error(error);
        assert_said_vector(&world, cases[i].request);
        g_assert_cmpint(package->kind, ==, cases[i].kind);
        if (cases[i].member)
            assert_is(package->package, cases[i].answer, cases[i].member, 0);
        else
            g_assert_null(package->package);
        if (package->kind != ESIPA_PACKAGE_NONE)
            assert_hex(package->eim_transaction_id, "E1E2E3E4");
    }
}

/* Other answers to GetEimPackage: what they come to, or the error. */
static void test_package_answers(void)
{
    static const struct {
        const char *body;
        EsipaPackageKind kind;
        const char *transaction; /* that could be found, NULL: none */
        EuiccdError code;        /* 0: no error */
    } cases[] = {
        { "", ESIPA_PACKAGE_NONE, NULL, 0 },
        { "{" JSON_SUCCESS "}", ESIPA_PACKAGE_NONE, NULL, 0 },
        { "{" JSON_SUCCESS ",\"eimPackageError\":null,\"later\":{\"x\":[1]}}", ESIPA_PACKAGE_NONE,
          NULL, 0 },
        { "{\"eimPackageError\":1," JSON_SUCCESS "}", ESIPA_PACKAGE_NONE, NULL, 0 },
        { "{" JSON_SUCCESS ",\"euiccPackageRequest\":null,\"eimPackageError\":1}",
          ESIPA_PACKAGE_NONE, NULL, 0 },
        { "{" JSON_SUCCESS ",\"eimPackageError\":2}", 0, NULL, EUICCD_ERROR_EIM_REJECTED },
        { "{" JSON_SUCCESS ",\"eimPackageError\":127}", 0, NULL, EUICCD_ERROR_EIM_REFUSED },
        /* The header says nothing of use, the code does. */
        { "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}},"
          "\"eimPackageError\":1}",
          ESIPA_PACKAGE_NONE, NULL, 0 },
        { "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Expired\"}}}", 0, NULL,
          EUICCD_ERROR_EIM_REFUSED },
        /* BF54 with A0{81 00} and 82 A1B2; IPAD-JSON-64N: without padding, with a line break; IPAD-JSON-66N: the
         * header comes last, with keys that nobody knows. */
        { "{" JSON_SUCCESS "," TRIGGER "\"v1QIoAKBAIICobI=\"}", ESIPA_PACKAGE_DOWNLOAD_TRIGGER,
          "A1B2", 0 },
        { "{\"x\":[{}]," TRIGGER "\"v1QIoAKBAIICobI=\",\"header\":{\"y\":"
          "null,"
          "\"functionExecutionStatus\":{\"z\":{},\"status\":\"Executed-WithWarning\"}}}",
          ESIPA_PACKAGE_DOWNLOAD_TRIGGER, "A1B2", 0 },
        { "{" JSON_SUCCESS "," TRIGGER "\"v1QIoAKB\\nAIICobI\"}", ESIPA_PACKAGE_DOWNLOAD_TRIGGER,
          "A1B2", 0 },
        /* Under a name of another kind, with octets behind it, cut off, not base64, no string: all these are
         * packages that can't be used, which the eIM is told. */
        { "{" JSON_SUCCESS ",\"ipaEuiccDataRequest\":\"v1QIoAKBAIICobI=\"}", ESIPA_PACKAGE_UNUSABLE,
          "A1B2", 0 },
        { "{" JSON_SUCCESS "," TRIGGER "\"v1QIoAKBAIICobICAQE=\"}", ESIPA_PACKAGE_UNUSABLE, "A1B2",
          0 },
        { "{" JSON_SUCCESS "," TRIGGER "\"v1QJoAKBAIICobI=\"}", ESIPA_PACKAGE_UNUSABLE, "A1B2", 0 },
        { "{" JSON_SUCCESS "," TRIGGER "\"v1Q*\"}", ESIPA_PACKAGE_UNUSABLE, NULL, 0 },
        { "{" JSON_SUCCESS "," TRIGGER "12}", ESIPA_PACKAGE_UNUSABLE, NULL, 0 },
        { "{" JSON_SUCCESS "," TRIGGER "\"\"}", ESIPA_PACKAGE_UNUSABLE, NULL, 0 },
        /* Two alternatives. */
        { "{" JSON_SUCCESS "," TRIGGER "\"v1QIoAKBAIICobI=\","
          "\"eimPackageError\":1}",
          ESIPA_PACKAGE_UNUSABLE, "A1B2", 0 },
        { "{" JSON_SUCCESS ",\"eimPackageError\":\"1\"}", ESIPA_PACKAGE_UNUSABLE, NULL, 0 },
        { "BF4F03020101", 0, NULL, EUICCD_ERROR_MALFORMED },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) body = octets(cases[i].body);
        g_autoptr(GError) error = NULL;
        g_autoptr(EsipaPackage) package = esipa_json_parse_package(body, &error);

        if (cases[i].code != 0) {
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
            g_assert_null(package);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpint(package->kind, ==, cases[i].kind);
        assert_hex(package->eim_transaction_id, cases[i].transaction);
        g_assert_true((package->package != NULL) == (package->kind != ESIPA_PACKAGE_NONE &&
                                                     package->kind != ESIPA_PACKAGE_UNUSABLE));
        g_assert_true(package->kind != ESIPA_PACKAGE_UNUSABLE || package->why);
    }
}

/* Codes of the header's status: GetEimPackage, ProvideEimPackageResult. */
static void test_failed(void)
{
    static const char *const why[] = { NULL, NULL, "eidNotFound (2)", "invalidEid (3)",
                                       "missingEid (4)" };

    for (guint i = 2; i <= 4; i++) {
        g_autofree char *get = g_strdup_printf("esipa-get-package-rsp-failed-%u", i);
        g_autofree char *provide = g_strdup_printf("esipa-provide-result-rsp-failed-%u", i);
        g_autoptr(GBytes) get_body = vector_octets(get), provide_body = vector_octets(provide);
        g_autoptr(GError) get_error = NULL, provide_error = NULL;

        g_assert_null(esipa_json_parse_package(get_body, &get_error));
        g_assert_error(get_error, EUICCD_ERROR, EUICCD_ERROR_EIM_REJECTED);
        g_assert_nonnull(strstr(get_error->message, why[i]));
        g_assert_nonnull(strstr(get_error->message, "Failed: subject 8.1.1, reason "));
        g_assert_null(esipa_json_parse_result_answer(provide_body, &provide_error));
        g_assert_error(provide_error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED);
        g_assert_nonnull(strstr(provide_error->message, why[i]));
    }
}

/* ---- ProvideEimPackageResult, HandleNotification ---- */

/* What is sent is the result as the card made it, with the EID always (I-25). */
static void assert_provided(World *world, const char *result)
{
    g_autoptr(GBytes) bytes = hex(result);
    g_autofree char *base64 =
        g_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_autofree char *wanted =
        g_strdup_printf("{\"eidValue\":\"" EID "\",\"eimPackageResult\":\"%s\"}", base64);

    assert_said(world, ESIPA_JSON_PATH "provideEimPackageResult", wanted);
}

static void test_provide(void)
{
    g_autoptr(GBytes) result = decoded("esipa-provide-result-req", "eimPackageResult");
    g_autoptr(GBytes) notification =
        decoded("esipa-handle-notification-req-pir", "pendingNotification");
    g_autofree char *result_hex = bytes_gbytes_to_hex(result);
    g_autofree char *notification_hex = bytes_gbytes_to_hex(notification);
    g_autoptr(GPtrArray) notifications = g_ptr_array_new();
    g_autoptr(GBytes) id = hex("E1E2E3E4");
    g_autofree char *with_notifications = NULL;
    g_autoptr(EsipaResultAnswer) acknowledged = NULL, empty = NULL, accepted = NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) wanted = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
    will_say_vector(&world, "esipa-provide-result-rsp-acks");
    acknowledged = esipa_provide_result(world.client, result, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_said_vector(&world, "esipa-provide-result-req");
    g_assert_true(acknowledged->has_acknowledgements);
    g_assert_cmpuint(acknowledged->acknowledged->len, ==, 2);
    g_assert_cmpint(g_array_index(acknowledged->acknowledged, gint64, 1), ==, 6);

    g_ptr_array_add(notifications, notification);
    will_say_vector(&world, "esipa-provide-result-rsp-empty");
    empty = esipa_provide_result(world.client, result, notifications, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(empty->has_acknowledgements);
    tlv_open(writer, 0x30);
    tlv_put_raw_bytes(writer, result);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, notification);
    tlv_close(writer);
    tlv_close(writer);
    wanted = tlv_writer_finish(g_steal_pointer(&writer));
    with_notifications = bytes_gbytes_to_hex(wanted);
    assert_provided(&world, with_notifications);

    will_say(&world, 204, "");
    accepted = esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, id, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(accepted->has_acknowledgements);
    assert_provided(&world, "A0098004E1E2E3E4020102");

    will_say_vector(&world, "esipa-provide-result-rsp-integer");
    g_assert_null(esipa_provide_result(world.client, result, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED);
    g_assert_nonnull(strstr(error->message, "eidNotFound (2)"));
}

/* Acknowledgements that can't be read are none: the result is not done with. */
static void test_result_answers_refused(void)
{
    static const char *const bodies[] = {
        "{" JSON_SUCCESS ",\"eimAcknowledgements\":\"v1MG\"}",
        "{" JSON_SUCCESS ",\"eimAcknowledgements\":\"gAEF\"}",
        "{" JSON_SUCCESS ",\"eimAcknowledgements\":true}",
        "{" JSON_SUCCESS ",\"eimAcknowledgements\":\"v1MGgAEFgAEG\",\"eimPackageError\":2}",
        "{\"eimAcknowledgements\":\"v1MGgAEFgAEG\"}",
        "<html></html>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GBytes) body = octets(bodies[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(esipa_json_parse_result_answer(body, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

static void test_notification(void)
{
    static const struct {
        guint status;
        const char *body;
        EuiccdError code; /* 0: taken */
    } cases[] = {
        { 204, "", 0 },
        { 200, "", 0 },
        { 200, "{" JSON_SUCCESS "}", 0 },
        { 200,
          "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":"
          "{\"subjectCode\":\"8.1\",\"reasonCode\":\"6.1\"}}}}",
          EUICCD_ERROR_EIM_REFUSED },
        { 200, "{}", EUICCD_ERROR_MALFORMED },
        { 200, "<html>", EUICCD_ERROR_MALFORMED },
        { 500, "", EUICCD_ERROR_HTTP },
    };
    g_autoptr(GBytes) notification =
        decoded("esipa-handle-notification-req-pir", "pendingNotification");
    g_auto(World) world;

    json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gboolean ok;

        will_say(&world, cases[i].status, cases[i].body);
        ok = esipa_handle_notification(world.client, notification, NULL, &error);
        assert_said_vector(&world, "esipa-handle-notification-req-pir");
        g_assert_true(ok == (cases[i].code == 0));
        if (!ok)
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
    }
}

/* The other kind of HandleNotification has its own name. */
static void test_spell_result_notification(void)
{
    g_autoptr(GBytes) result =
        decoded("esipa-handle-notification-req-result", "provideEimPackageResult");
    g_autofree char *wanted = body_of("esipa-handle-notification-req-result");
    g_autoptr(JsonNode) wanted_node = json_from_string(wanted, NULL);
    g_autoptr(JsonNode) got_node = NULL;
    g_autoptr(GBytes) request = NULL, body = NULL, odd = NULL;
    TlvWriter *writer = tlv_writer_new();
    g_autofree char *got = NULL;
    g_autoptr(GError) error = NULL;

    tlv_open(writer, 0xBF3D);
    tlv_put_raw_bytes(writer, result);
    tlv_close(writer);
    request = tlv_writer_finish(writer);
    body = json_request_finish(esipa_json_spell(esipa_json_function(0xBF3D), request, NULL));
    got = g_strndup(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    got_node = json_from_string(got, NULL);
    g_assert_true(json_node_equal(got_node, wanted_node));

    odd = hex("BF3D038301AA");
    g_assert_null(esipa_json_spell(esipa_json_function(0xBF3D), odd, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL);
    g_assert_null(esipa_json_function(0xBF51));
}

/* ---- downloads ---- */

static RspServerAuthentication *initiate(World *world, const char *name, GError **error)
{
    JsonObject *body = json_object_get_object_member(vector(name), "body");
    g_autoptr(GBytes) challenge = decoded(name, "euiccChallenge");
    g_autoptr(GBytes) info1 =
        json_object_has_member(body, "euiccInfo1") ? decoded(name, "euiccInfo1") : NULL;
    g_autoptr(GBytes) id = hex(text(body, "eimTransactionId"));
    EsipaAuthentication request = {
        .challenge = g_bytes_get_data(challenge, NULL),
        .address = json_object_get_string_member_with_default(body, "smdpAddress", NULL),
        .euicc_info1 = info1,
        .eim_transaction_id = id,
    };

    return esipa_initiate_authentication(world->client, &request, NULL, error);
}

static void test_initiate(void)
{
    static const char *const requests[] = { "esipa-initiate-authentication-req",
                                            "esipa-initiate-authentication-req-min" };
    static const char *const answers[] = { "esipa-initiate-authentication-rsp",
                                           "esipa-initiate-authentication-rsp-raw" };

    for (guint i = 0; i < 2; i++) {
        const char *full = "esipa-initiate-authentication-rsp";
        JsonObject *body = json_object_get_object_member(vector(answers[i]), "body");
        g_autoptr(RspServerAuthentication) result = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
        will_say_vector(&world, answers[i]);
        result = initiate(&world, requests[i], &error);
        g_assert_no_error(error);
        assert_said_vector(&world, requests[i]);
        /* The second one names its transaction in the signed part alone, and has bare values. */
        assert_is(result->transaction_id, full, "transactionId", 0);
        assert_is(result->server_signed1, full, "serverSigned1", 0);
        assert_is(result->server_signature1, full, "serverSignature1", 3);
        assert_is(result->ci_pk_id, full, "euiccCiPKIdentifierToBeUsed", 2);
        assert_is(result->server_certificate, full, "serverCertificate", 0);
        g_assert_cmpstr(result->matching_id, ==,
                        json_object_get_string_member_with_default(body, "matchingId", NULL));
        if (json_object_has_member(body, "ctxParams1"))
            assert_is(result->ctx_params1, full, "ctxParams1", 0);
        else
            g_assert_null(result->ctx_params1);
    }
}

static void test_initiate_failed(void)
{
    static const struct {
        const char *codes;
        gint64 code;
    } cases[] = {
        { "8.8.1-3.8", 1 }, { "8.9.1-3.8", 1 },    { "8.8.3-3.1", 2 },
        { "8.8.2-3.1", 3 }, { "8.8.4-3.7", 3 },    { "8.8.1-3.10", 50 },
        { "8.8-3.10", 51 }, { "8.31.2-3.10", 52 }, { "8.1-1.1", 127 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name =
            g_strdup_printf("esipa-initiate-authentication-rsp-failed-%s", cases[i].codes);
        g_auto(GStrv) codes = g_strsplit(cases[i].codes, "-", 2);
        const RspServerRefusal *refusal;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
        will_say_vector(&world, name);
        g_assert_null(initiate(&world, "esipa-initiate-authentication-req", &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
        refusal = esipa_client_get_refusal(world.client);
        g_assert_cmpint(refusal->code, ==, cases[i].code);
        g_assert_true(rsp_server_refusal_is(refusal, codes[0], codes[1]));
    }
}

static RspServerOffer *authenticate(World *world, GError **error)
{
    g_autoptr(GBytes) id = decoded("esipa-initiate-authentication-rsp", "transactionId");
    g_autoptr(GBytes) response =
        decoded("esipa-authenticate-client-req", "authenticateServerResponse");

    return esipa_authenticate_client(world->client, id, response, NULL, error);
}

static void test_authenticate(void)
{
    const char *name = "esipa-authenticate-client-rsp";
    const char *ds = "esipa-authenticate-client-rsp-ds";
    g_autoptr(RspServerOffer) profile = NULL, event = NULL, none = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
    will_say_vector(&world, name);
    profile = authenticate(&world, &error);
    g_assert_no_error(error);
    assert_said_vector(&world, "esipa-authenticate-client-req");
    assert_is(profile->profile_metadata, name, "profileMetadata", 0);
    assert_is(profile->smdp_signed2, name, "smdpSigned2", 0);
    assert_is(profile->smdp_signature2, name, "smdpSignature2", 3);
    assert_is(profile->smdp_certificate, name, "smdpCertificate", 0);
    assert_is(profile->hash_cc, name, "hashCc", 2);
    g_assert_false(profile->of_sm_ds);

    will_say_vector(&world, ds);
    event = authenticate(&world, &error);
    g_assert_no_error(error);
    g_assert_true(event->of_sm_ds);
    assert_is(event->download_trigger, ds, "profileDownloadTrigger", 0);

    will_say(&world, 200,
             "{" JSON_SUCCESS ",\"transactionId\":\"a1a2a3a4a5a6a7a8a9aaabacadaeafb0\"}");
    none = authenticate(&world, &error);
    g_assert_no_error(error);
    g_assert_true(none->of_sm_ds);
    g_assert_null(none->download_trigger);

    will_say_vector(&world, "esipa-authenticate-client-rsp-failed");
    g_assert_null(authenticate(&world, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
    g_assert_cmpint(esipa_client_get_refusal(world.client)->code, ==, 50);
    g_assert_cmpstr(error->message, ==,
                    "AuthenticateClient: the server answered Failed: subject 8.2.8, reason 1.2 "
                    "(PPR not allowed): the eIM answered pprNotAllowed (50)");
}

/* Answers that must not be taken for an offer: another transaction, two kinds at once, parts missing. */
static void test_authenticate_refused(void)
{
    static const char *const bodies[] = {
        "{" JSON_SUCCESS ",\"transactionId\":\"A1A2\",\"profileDownloadTrigger\":\"v1QA\"}",
        "{" JSON_SUCCESS ",\"transactionId\":\"A1A\"}",
        "{" JSON_SUCCESS ",\"transactionId\":\"A1\",\"smdpSigned2\":\"MAA=\"}",
        "{" JSON_SUCCESS ",\"transactionId\":\"A1\",\"hashCc\":\"AAAA\"}",
        "{" JSON_SUCCESS "}",
        "{\"transactionId\":\"A1\"}",
        "",
    };
    g_autoptr(GBytes) id = hex("A1");
    g_autoptr(GBytes) good_id = decoded("esipa-initiate-authentication-rsp", "transactionId");
    g_autofree char *full = body_of("esipa-authenticate-client-rsp");
    g_autofree char *both =
        g_strconcat("{\"profileDownloadTrigger\":\"v1QIoAKBAIICobI=\",", full + 1, NULL);
    g_autoptr(GBytes) both_body = octets(both);
    RspServerRefusal refusal = { .code = -1 };
    g_autoptr(GError) both_error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GBytes) body = octets(bodies[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(esipa_json_parse_offer(body, id, &refusal, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
    g_assert_null(esipa_json_parse_offer(both_body, good_id, &refusal, &both_error));
    g_assert_error(both_error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

static gboolean take(TlvSlice slice, gpointer data, GError **error)
{
    (void)error;
    g_byte_array_append(data, slice.data, (guint)slice.size);
    return TRUE;
}

static gboolean decline(TlvSlice slice, gpointer data, GError **error)
{
    (void)slice;
    (void)data;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED, "the card said no");
    return FALSE;
}

static gboolean get_package(World *world, RspServerSink sink, gpointer data, GError **error)
{
    g_autoptr(GBytes) id = decoded("esipa-initiate-authentication-rsp", "transactionId");
    g_autoptr(GBytes) response = decoded("esipa-get-bpp-req", "prepareDownloadResponse");

    return esipa_get_bound_profile_package(world->client, id, response, sink, data, NULL, error);
}

static void test_bound_package(void)
{
    g_autoptr(GByteArray) got = g_byte_array_new(), nothing = g_byte_array_new();
    g_autoptr(GBytes) wanted = decoded("esipa-get-bpp-rsp", "boundProfilePackage");
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
    will_say_vector(&world, "esipa-get-bpp-rsp");
    g_assert_true(get_package(&world, take, got, &error));
    g_assert_no_error(error);
    assert_said_vector(&world, "esipa-get-bpp-req");
    g_assert_cmpmem(got->data, got->len, g_bytes_get_data(wanted, NULL),
                    (int)g_bytes_get_size(wanted));

    will_say_vector(&world, "esipa-get-bpp-rsp-failed");
    g_assert_false(get_package(&world, take, nothing, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
    g_assert_cmpint(esipa_client_get_refusal(world.client)->code, ==, 50);
    g_assert_cmpstr(error->message, ==,
                    "GetBoundProfilePackage: metadataMismatch (50): the server answered Failed: "
                    "subject 8.2.9, reason 3.11 (Metadata changed)");
    g_assert_cmpuint(nothing->len, ==, 0);
    g_clear_error(&error);

    will_say(&world, 200, "{" JSON_SUCCESS "}");
    g_assert_false(get_package(&world, take, nothing, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(&error);

    will_say(&world, 200,
             "{" JSON_SUCCESS ",\"transactionId\":\"A1\",\"boundProfilePackage\":\"vzYA\"}");
    g_assert_false(get_package(&world, take, nothing, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(&error);

    /* What the sink says is returned as it is. */
    will_say_vector(&world, "esipa-get-bpp-rsp");
    g_assert_false(get_package(&world, decline, NULL, &error));
    g_assert_cmpstr(error->message, ==, "the card said no");
    g_assert_cmpint(esipa_client_get_refusal(world.client)->code, ==, -1);
}

static gboolean cancel(World *world, GError **error)
{
    g_autoptr(GBytes) id = decoded("esipa-initiate-authentication-rsp", "transactionId");
    g_autoptr(GBytes) response = decoded("esipa-cancel-session-req", "cancelSessionResponse");

    return esipa_cancel_session(world->client, id, response, NULL, error);
}

static void test_cancel(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED);
    will_say_vector(&world, "esipa-cancel-session-rsp");
    g_assert_true(cancel(&world, &error));
    assert_said_vector(&world, "esipa-cancel-session-req");
    will_say(&world, 204, "");
    g_assert_true(cancel(&world, &error));
    will_say_vector(&world, "esipa-cancel-session-rsp-failed");
    g_assert_false(cancel(&world, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
    g_assert_cmpint(esipa_client_get_refusal(world.client)->code, ==, 1);
    g_clear_error(&error);
    will_say(&world, 200, "{\"header\":{}}");
    g_assert_false(cancel(&world, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

/* ---- what no function takes ---- */

/* The error that must be there and is dropped. */
static void assert_malformed(GError **error)
{
    g_assert_error(*error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_clear_error(error);
}

static void test_invalid(void)
{
    JsonArray *all = json_vectors("invalid");
    g_autoptr(GBytes) id = hex("A1");

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *entry = json_array_get_object_element(all, i);
        g_autoptr(GBytes) body = octets(text(entry, "body"));
        RspServerRefusal refusal = { .code = -1 };
        GError *error = NULL;

        g_test_message("%s", text(entry, "name"));
        g_assert_null(esipa_json_parse_authentication(body, &refusal, &error));
        assert_malformed(&error);
        g_assert_null(esipa_json_parse_offer(body, id, &refusal, &error));
        assert_malformed(&error);
        /* To these the members of others mean nothing. */
        if (strstr(text(entry, "body"), "boundProfilePackage") ||
            g_str_equal(text(entry, "name"), "transaction-id-too-long"))
            continue;
        g_assert_null(esipa_json_parse_package(body, &error));
        assert_malformed(&error);
        g_assert_null(esipa_json_parse_result_answer(body, &error));
        assert_malformed(&error);
        g_assert_false(esipa_json_parse_notified(body, &error));
        assert_malformed(&error);
    }
}

int main(int argc, char *argv[])
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int failed;

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    path = g_test_build_filename(G_TEST_DIST, "data", "json.json", NULL);
    parser = json_parser_new();
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    g_test_add_func("/esipa-json/IPAD-JSON-61N/get-package", test_get_package);
    g_test_add_func("/esipa-json/IPAD-JSON-62N/package-answers", test_package_answers);
    g_test_add_func("/esipa-json/IPAD-JSON-02E/failed", test_failed);
    g_test_add_func("/esipa-json/IPAD-JSON-60N/provide", test_provide);
    g_test_add_func("/esipa-json/result-answers-refused", test_result_answers_refused);
    g_test_add_func("/esipa-json/notification", test_notification);
    g_test_add_func("/esipa-json/spell-result-notification", test_spell_result_notification);
    g_test_add_func("/esipa-json/IPAD-JSON-63N/initiate", test_initiate);
    g_test_add_func("/esipa-json/initiate-failed", test_initiate_failed);
    g_test_add_func("/esipa-json/IPAD-JSON-65N/authenticate", test_authenticate);
    g_test_add_func("/esipa-json/authenticate-refused", test_authenticate_refused);
    g_test_add_func("/esipa-json/IPAD-JSON-01N/bound-package", test_bound_package);
    g_test_add_func("/esipa-json/cancel", test_cancel);
    g_test_add_func("/esipa-json/invalid", test_invalid);
    failed = g_test_run();
    g_object_unref(parser);
    return failed;
}
