/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The virtual eUICC against known-answer messages. */

#include <string.h>

#include "sim-card-world.h"
#include "sim/crypto.h"
#include "util/bytes.h"

#define P1 WORLD_ICCID_1
#define P2 WORLD_ICCID_2

/* ---- complete answers ---- */

#define ADD_REQUEST "es10b-add-initial-eim-req-"

static const struct {
    const char *members; /* of the set-up */
    const char *request;
    const char *response;
} answers[] = {
    { "\"rootDs\": \"smds.example.com\"", "es10a-get-addresses-req",
      "es10a-get-addresses-rsp-root-only" },
    { "\"defaultDp\": \"smdp.example.com\"", "es10a-get-addresses-req",
      "es10a-get-addresses-rsp-both" },
    { "", "es10a-set-default-dp-req", "es10a-set-default-dp-rsp-0-ok" },
    { "", "es10b-set-default-dp-req", "es10b-set-default-dp-rsp-0-ok" },
    { "", "es10b-set-default-dp-req-empty", "es10b-set-default-dp-rsp-0-ok" },
    { "\"svn\": \"2.5.0\"", "es10b-get-info1-req", "es10b-get-info1-rsp" },
    { "", "es10b-get-certs-req", "es10b-get-certs-rsp" },
    { "", "es10b-get-certs-req-ci", "es10b-get-certs-rsp" },
    { "\"profiles\": []", "es10b-profiles-info-req-all", "es10b-profiles-info-rsp-empty" },
    { "", "es10b-profiles-info-req-iccid", "es10b-profiles-info-rsp-one" },
    { "", "es10b-profiles-info-req-aid", "es10b-profiles-info-rsp-one" },
    { "\"rat\": \"301180020640A10730058003EEEEEE82020780301C80020560A113300A800300F1108101AA82003"
      "0058003130014820100\"",
      "es10b-get-rat-req", "es10b-get-rat-rsp" },
    { "\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\","
      " \"connectivity\": \"350103470908696E7465726E65740D0504757365720D050470617373\"}]",
      "es10b-connectivity-req", "es10b-connectivity-rsp" },
    { "", "es10b-connectivity-req", "es10b-connectivity-rsp-error-1-parametersNotAvailable" },
    { "\"eims\": []", "es10b-get-eim-config-req-all", "es10b-get-eim-config-rsp-empty" },
    { "\"eims\": []", "es10b-retrieve-req-all", "es10b-retrieve-rsp-empty" },
    { "", "es10b-retrieve-req-epr", "es10b-retrieve-rsp-epr-empty" },
    { "", "es10b-remove-notification-req-7", "es10b-remove-notification-rsp-1-nothingToDelete" },
    { "", "es10b-rollback-req-refresh", "es10b-rollback-rsp-1-rollbackNotAllowed" },
};

static void test_answers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(World) world = world_new(answers[i].members);
        g_autoptr(GBytes) request = world_vector_der(answers[i].request);
        g_autoptr(GBytes) expected = world_vector_der(answers[i].response);
        g_autoptr(GBytes) answer = world_es10(world, request);
        g_autofree char *expected_hex = bytes_gbytes_to_hex(expected);
        g_autofree char *hex = NULL;

        g_test_message("%s -> %s", answers[i].request, answers[i].response);
        g_assert_nonnull(answer);
        hex = bytes_gbytes_to_hex(answer);
        g_assert_cmpstr(hex, ==, expected_hex);
    }
}

/* What was put in with AddInitialEim comes out of GetEimConfigurationData, without the counter. */
static void test_eim_configuration(void)
{
    static const char *const requests[] = {
        "pk-pk", "cert-cert", "pk-ca", "v13", "min", "eimid-128"
    };

    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(World) world = world_new("\"eims\": [], \"nextToken\": 1");
        g_autofree char *name = g_strconcat(ADD_REQUEST, requests[i], NULL);
        g_autoptr(GBytes) request = world_vector_der(name);
        g_autoptr(GBytes) answer = world_es10(world, request);
        g_autoptr(GBytes) configuration = NULL;
        g_autoptr(TlvWriter) expected = tlv_writer_new();
        g_autoptr(GBytes) expected_bytes = NULL;
        g_autoptr(GError) error = NULL;
        gboolean token = FALSE;
        Tlv outer, list, entry, field;
        TlvReader reader;

        g_test_message("%s", name);
        g_assert_nonnull(answer);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(request), 0xBF57, &outer, NULL));
        g_assert_true(tlv_parse(outer.value, 0xA0, &list, NULL));
        g_assert_true(tlv_parse(list.value, 0x30, &entry, NULL));
        tlv_open(expected, 0xBF55);
        tlv_open(expected, 0xA0);
        tlv_open(expected, 0x30);
        tlv_reader_init(&reader, entry.value);
        while (tlv_next(&reader, &field, &error)) {
            if (field.tag == 0x84) {
                tlv_put_integer(expected, 0x84, 1);
                token = TRUE;
            } else if (field.tag != 0x83) {
                tlv_put_raw_slice(expected, field.raw);
            }
        }
        g_assert_no_error(error);
        tlv_close(expected);
        tlv_close(expected);
        tlv_close(expected);
        expected_bytes = tlv_writer_finish(g_steal_pointer(&expected));
        configuration = world_es10_hex(world, "BF5500");
        g_assert_nonnull(configuration);
        g_assert_true(g_bytes_equal(configuration, expected_bytes));
        {
            g_autofree char *hex = bytes_gbytes_to_hex(answer);

            g_assert_cmpstr(hex, ==, token ? "BF5705A003840101" : "BF5704A0020500");
        }
    }
}

/* The notification of asn1.json, all but the random signature. */
static void test_notification(void)
{
    g_autoptr(World) world = world_new("\"nextSeqNumber\": 8, \"profiles\": [{\"iccid\":"
                                       " \"8900010123456789012\", \"notifications\": [{\"events\":"
                                       " [\"enable\"], \"address\": \"smdp.example.com\"}]}]");
    g_autofree char *result = world_run(world, 5, "A00EA30C5A0A" P1);
    g_autoptr(GBytes) expected = world_vector_der("es10b-retrieve-rsp-enable");
    g_autoptr(GBytes) list = NULL;
    const guint8 *data, *expected_data;
    gsize size;

    g_assert_cmpstr(result, ==, "830100");
    world_reset(world);
    list = world_es10_hex(world, "BF2B00");
    g_assert_nonnull(list);
    g_assert_cmpuint(g_bytes_get_size(list), ==, g_bytes_get_size(expected));
    data = g_bytes_get_data(list, &size);
    expected_data = g_bytes_get_data(expected, NULL);
    {
        static const guint8 mark[] = { 0x5F, 0x37, 0x40 };
        const guint8 *signature = memmem(expected_data, size, mark, sizeof(mark));
        gsize before, after;
        Tlv outer, arm, notification, metadata, own;

        g_assert_nonnull(signature);
        before = (gsize)(signature - expected_data) + sizeof(mark);
        after = before + SIM_SIGNATURE_SIZE;
        g_assert_cmpint(memcmp(data, expected_data, before), ==, 0);
        g_assert_cmpint(memcmp(data + after, expected_data + after, size - after), ==, 0);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(list), 0xBF2B, &outer, NULL));
        g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
        g_assert_true(tlv_parse(arm.value, 0x30, &notification, NULL));
        g_assert_true(tlv_find(notification.value, 0xBF2F, &metadata));
        g_assert_true(tlv_find(notification.value, 0x5F37, &own));
        g_assert_true(
            sim_verify(world->euicc_key, metadata.raw.data, metadata.raw.size, own.value));
    }
}

/* ---- packages of asn1.json and the results that belong to them ---- */

#define DISABLED "\"profiles\": [{\"iccid\": \"8900010123456789012\"}]"
#define ENABLED                                                                                    \
    "\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\"},"                 \
    "{\"iccid\": \"8900010123456789026\"}]"
#define TWO(first, second)                                                                         \
    "\"profiles\": [{\"iccid\": \"8900010123456789012\"" first "},"                                \
    "{\"iccid\": \"8900010123456789026\"" second "}]"
#define ON      ", \"state\": \"enabled\""
#define ALLOWED ", \"fallbackAllowed\": true"
#define HOLDER  ", \"fallback\": true"

static const struct {
    const char *members;
    const char *package;
    const char *result;
} packages[] = {
    { DISABLED, "package-enable", "result-enable-0-ok" },
    { "\"profiles\": []", "package-enable", "result-enable-1-iccidOrAidNotFound" },
    { ENABLED, "package-enable", "result-enable-2-profileNotInDisabledState" },
    { TWO("", ON ", \"ppr\": 2"), "package-enable", "result-enable-3-disallowedByPolicy" },
    { DISABLED ", \"behaviour\": {\"catBusy\": true}", "package-enable",
      "result-enable-5-catBusy" },
    { DISABLED, "package-enable-rollback", "result-enable-20-rollbackNotAvailable" },
    { TWO("", ON), "package-enable-rollback", "result-enable-0-ok" },
    { ENABLED, "package-disable", "result-disable-0-ok" },
    { "\"profiles\": []", "package-disable", "result-disable-1-iccidOrAidNotFound" },
    { DISABLED, "package-disable", "result-disable-2-profileNotInEnabledState" },
    { TWO(ON ", \"ppr\": 2", ""), "package-disable", "result-disable-3-disallowedByPolicy" },
    { ENABLED ", \"behaviour\": {\"catBusy\": true}", "package-disable",
      "result-disable-5-catBusy" },
    { ENABLED, "package-delete", "result-delete-0-ok" },
    { DISABLED, "package-delete", "result-delete-1-iccidOrAidNotFound" },
    { TWO("", ON), "package-delete", "result-delete-2-profileNotInDisabledState" },
    { TWO("", ", \"ppr\": 4"), "package-delete", "result-delete-3-disallowedByPolicy" },
    { TWO(ON, "") ", \"inFallback\": true, \"fallbackReturn\": \"8900010123456789026\"",
      "package-delete", "result-delete-21-returnFallbackProfile" },
    { "", "package-config-immediate", "result-config-immediate-0-ok" },
    { "", "package-config-immediate-off", "result-config-immediate-0-ok" },
    { TWO("", ALLOWED), "package-set-fallback", "result-set-fallback-0-ok" },
    { TWO("", ALLOWED HOLDER), "package-set-fallback", "result-set-fallback-0-ok" },
    { TWO(HOLDER, ALLOWED), "package-set-fallback", "result-set-fallback-0-ok" },
    { DISABLED, "package-set-fallback", "result-set-fallback-1-iccidOrAidNotFound" },
    { TWO("", ""), "package-set-fallback", "result-set-fallback-2-fallbackNotAllowed" },
    { TWO(ON HOLDER, ALLOWED), "package-set-fallback",
      "result-set-fallback-3-fallbackProfileEnabled" },
    { TWO("", HOLDER), "package-unset-fallback", "result-unset-fallback-0-ok" },
    { TWO("", ""), "package-unset-fallback", "result-unset-fallback-2-noFallbackAttribute" },
    { TWO(ON HOLDER, ""), "package-unset-fallback",
      "result-unset-fallback-3-fallbackProfileEnabled" },
    { "", "package-set-default-dp", "result-set-default-dp-0-ok" },
    { "\"profiles\": []", "package-list-profile-info", "result-list-profile-info-empty" },
    { "\"rat\": \"301180020640A10730058003EEEEEE82020780301C80020560A113300A800300F1108101AA82003"
      "0058003130014820100\"",
      "package-get-rat", "result-get-rat" },
    { "", "package-get-rat", "result-get-rat-empty" },
    { "", "package-add-eim", "result-add-eim-token" },
    { "", "package-add-eim-indirect", "result-add-eim-0-ok" },
    { "\"behaviour\": {\"maxEims\": 1}", "package-add-eim", "result-add-eim-1-insufficientMemory" },
    { "", "package-delete-eim", "result-delete-eim-1-eimNotFound" },
    { "", "package-update-eim", "result-update-eim-0-ok" },
    { "", "package-empty-list", "result-empty" },
    { DISABLED, "package-no-etid", "result-no-etid" },
    { "\"behaviour\": {\"maxResult\": 2}", "package-set-default-dp",
      "result-terminated-1-resultSizeOverflow" },
    { "\"version\": \"1.0\"", "package-set-fallback",
      "result-terminated-2-unknownOrDamagedCommand" },
    { DISABLED ", \"nextSeqNumber\": 0", "package-enable", "result-seq-0" },
    { "\"eid\": \"89049032123451234512345678901243\"", "package-enable",
      "result-error-3-invalidEid" },
    { "\"counter\": 5", "package-enable", "result-error-4-replayError" },
    { "\"behaviour\": {\"maxPackage\": 100}", "package-enable", "result-error-15-sizeOverflow" },
    { "\"inEmergency\": true", "package-enable", "result-error-104-ecallActive" },
    { "\"counter\": 5", "package-no-etid", "result-error-no-etid" },
    { "", "package-no-token", "result-unsigned-full" },
};

/* "counter" is no member of the set-up: it stands for the counter of the one eIM. */
static World *make_world(const char *members)
{
    if (g_str_has_prefix(members, "\"counter\"")) {
        g_autoptr(World) world = world_new(DISABLED);
        g_autofree char *result = world_run(world, 5, "A000");

        g_assert_cmpstr(result, ==, "");
        return g_steal_pointer(&world);
    }
    return world_new(members);
}

static GBytes *result_data(GBytes *result)
{
    Tlv outer, arm, object;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(result), 0xBF51, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0, &arm, NULL));
    if (arm.tag == 0xA2)
        return g_bytes_ref(result);
    g_assert_true(tlv_find(arm.value, 0x30, &object));
    return tlv_slice_to_bytes(object.raw);
}

static void test_packages(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(packages); i++) {
        g_autoptr(World) world = make_world(packages[i].members);
        g_autoptr(GBytes) package = world_vector_der(packages[i].package);
        g_autoptr(GBytes) expected = world_vector_der(packages[i].result);
        g_autoptr(GBytes) answer = world_es10(world, package);
        g_autoptr(GBytes) expected_data = result_data(expected);
        g_autofree char *expected_hex = bytes_gbytes_to_hex(expected_data);
        g_autofree char *hex = NULL;
        g_autoptr(GBytes) data = NULL;
        Tlv outer, arm;

        g_test_message("%s -> %s (%s)", packages[i].package, packages[i].result,
                       packages[i].members);
        g_assert_nonnull(answer);
        data = result_data(answer);
        hex = bytes_gbytes_to_hex(data);
        g_assert_cmpstr(hex, ==, expected_hex);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(expected), 0xBF51, &outer, NULL));
        g_assert_true(tlv_parse(outer.value, 0, &arm, NULL));
        if (arm.tag != 0xA2) {
            g_autoptr(GBytes) checked = world_check_result(world, answer, arm.tag);

            g_assert_nonnull(checked);
        }
    }
}

/* counterValueOutOfRange, an unknown eIM and the largest counter have vectors of their own values. */
static void test_package_limits(void)
{
    g_autoptr(World) world = world_new("");
    g_autoptr(GBytes) too_big = world_vector_der("package-counter-too-big");
    g_autoptr(GBytes) maximum = world_vector_der("package-counter-max");
    g_autoptr(GBytes) other = world_vector_der("package-other-eim");
    g_autoptr(GBytes) wrong_eid = world_vector_der("package-wrong-eid");
    g_autoptr(GBytes) answer = world_es10(world, too_big);
    g_autofree char *hex = NULL;
    g_autofree char *before = world_state(world);
    g_autofree char *after = NULL;
    g_autoptr(GBytes) data = world_check_result(world, answer, 0xA1);
    Tlv object, code;

    g_assert_nonnull(data);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(data), 0x30, &object, NULL));
    g_assert_true(tlv_find(object.value, 0x02, &code));
    g_assert_cmpuint(code.value.data[0], ==, 6);
    g_clear_pointer(&answer, g_bytes_unref);
    g_clear_pointer(&data, g_bytes_unref);

    answer = world_es10(world, other);
    hex = bytes_gbytes_to_hex(answer);
    g_assert_cmpstr(hex, ==, "BF511DA21B8013756E6B6E6F776E2E6578616D706C652E6F72678204E1E2E3E4");
    g_clear_pointer(&answer, g_bytes_unref);

    answer = world_es10(world, wrong_eid);
    data = world_check_result(world, answer, 0xA1);
    g_assert_nonnull(data);
    g_clear_pointer(&answer, g_bytes_unref);
    g_clear_pointer(&data, g_bytes_unref);
    after = world_state(world);
    g_assert_cmpstr(before, ==, after);

    answer = world_es10(world, maximum);
    data = world_check_result(world, answer, 0xA0);
    g_assert_nonnull(data);
}

/* ---- the sessions of crypto.json ---- */

static const struct {
    const char *id;
    gint64 token;
    gint64 seq;
    const char *result; /* id of the result; NULL: only accepted */
    const char *replay; /* id of the replayError; NULL: none with the counter of this package */
    const char *state;  /* of the profile */
} sessions[] = {
    { "no-token", 0, 8, "no-token", "no-token", ", \"state\": \"disabled\"" },
    { "token-1", 1, 9, "token-1", NULL, ", \"state\": \"enabled\"" },
    { "token-127", 127, 1, NULL, NULL, "" },
    { "token-128", 128, 256, "token-128", "token-128", "" },
    { "token-70000", 70000, 1, NULL, NULL, "" },
};

static JsonObject *find_signature(JsonParser *parser, const char *id)
{
    JsonArray *all = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "signatures");

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *entry = json_array_get_object_element(all, i);

        if (g_str_equal(json_object_get_string_member(entry, "id"), id))
            return entry;
    }
    g_error("there is no signature '%s'", id);
}

/* DER of the eIM's configuration: its certificate as public key, in the form a vendor nests it. */
static char *make_eim(const char *curve, gint64 token, gboolean nested)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "pki", curve, "eim.der", NULL);
    g_autofree char *content = NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *hex = NULL;
    gsize size;
    Tlv certificate;

    g_assert_true(g_file_get_contents(path, &content, &size, NULL));
    g_assert_true(tlv_parse(tlv_slice(content, size), 0x30, &certificate, NULL));
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, WORLD_EIM_ID);
    tlv_put_integer(writer, 0x82, 2);
    tlv_open(writer, 0xA5);
    tlv_put_slice(writer, 0xA1, nested ? certificate.raw : certificate.value);
    tlv_close(writer);
    tlv_close(writer);
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    hex = bytes_gbytes_to_hex(bytes);
    return g_strdup_printf("\"eims\": [{\"der\": \"%s\", \"token\": %" G_GINT64_FORMAT "}]", hex,
                           token);
}

static World *make_session(const char *curve, guint i, gboolean v10)
{
    g_autofree char *eim = make_eim(curve, sessions[i].token, i % 2 == 1);
    g_autofree char *setup = g_strdup_printf(
        "%s, \"nextSeqNumber\": %" G_GINT64_FORMAT ", \"behaviour\": {\"v10Signature\": %s},"
        "\"profiles\": [{\"iccid\": \"89001011223344556672\"%s}%s]",
        eim, sessions[i].seq, v10 ? "true" : "false", sessions[i].state,
        i == 0 ? ", {\"iccid\": \"8900010123456789026\", \"state\": \"enabled\"}" : "");
    World *world = world_new_pki(curve, setup);

    world->token = sessions[i].token;
    return world;
}

/* Replaces the 64 octets at the end of BF51. */
static GBytes *with_signature(GBytes *package, JsonObject *refused)
{
    g_autoptr(GBytes) signature = world_bytes(json_object_get_string_member(refused, "signature"));
    g_autofree guint8 *octets =
        g_memdup2(g_bytes_get_data(package, NULL), g_bytes_get_size(package));

    g_assert_cmpuint(g_bytes_get_size(signature), ==, SIM_SIGNATURE_SIZE);
    memcpy(octets + g_bytes_get_size(package) - SIM_SIGNATURE_SIZE,
           g_bytes_get_data(signature, NULL), SIM_SIGNATURE_SIZE);
    return g_bytes_new(octets, g_bytes_get_size(package));
}

static void test_sessions(gconstpointer data)
{
    const char *curve = data;
    g_autoptr(JsonParser) parser = world_load_json("crypto.json");

    for (guint i = 0; i < G_N_ELEMENTS(sessions); i++) {
        g_autofree char *id = g_strdup_printf("euiccPackage-%s/%s", sessions[i].id, curve);
        JsonObject *entry = find_signature(parser, id);
        JsonArray *refused = json_object_get_array_member(entry, "refused");
        g_autoptr(GBytes) package = world_bytes(json_object_get_string_member(entry, "message"));
        g_autoptr(World) world = make_session(curve, i, FALSE);
        g_autofree char *before = world_state(world);
        g_autoptr(GBytes) answer = NULL;
        g_autoptr(GBytes) result = NULL;
        g_autofree char *hex = NULL;

        g_test_message("%s", id);
        for (guint j = 0; j < json_array_get_length(refused); j++) {
            g_autoptr(GBytes) bad =
                with_signature(package, json_array_get_object_element(refused, j));
            g_autoptr(GBytes) bad_answer = world_es10(world, bad);
            g_autofree char *after = world_state(world);
            Tlv outer, arm;

            g_assert_true(tlv_parse(tlv_slice_from_bytes(bad_answer), 0xBF51, &outer, NULL));
            g_assert_true(tlv_parse(outer.value, 0xA2, &arm, NULL));
            g_assert_cmpstr(before, ==, after);
        }
        answer = world_es10(world, package);
        g_assert_nonnull(answer);
        result = world_check_result(world, answer, 0xA0);
        g_assert_nonnull(result);
        hex = bytes_gbytes_to_hex(result);
        if (sessions[i].result) {
            g_autofree char *result_id =
                g_strdup_printf("euiccPackageResult-v1.2-%s/%s", sessions[i].result, curve);
            JsonArray *parts =
                json_object_get_array_member(find_signature(parser, result_id), "parts");

            g_assert_cmpstr(
                hex, ==,
                json_object_get_string_member(json_array_get_object_element(parts, 0), "hex"));
        }
        /* The same package again: replayError, with the data that the vector has. */
        world_reset(world);
        g_clear_pointer(&answer, g_bytes_unref);
        g_clear_pointer(&result, g_bytes_unref);
        answer = world_es10(world, package);
        result = world_check_result(world, answer, 0xA1);
        g_assert_nonnull(result);
        if (sessions[i].replay) {
            g_autofree char *error_id =
                g_strdup_printf("euiccPackageError-v1.2-%s/%s", sessions[i].replay, curve);
            JsonArray *parts =
                json_object_get_array_member(find_signature(parser, error_id), "parts");

            g_free(hex);
            hex = bytes_gbytes_to_hex(result);
            g_assert_cmpstr(
                hex, ==,
                json_object_get_string_member(json_array_get_object_element(parts, 0), "hex"));
        }
    }
}

/* v1.0: the second input is the eimSignature object. */
static void test_v10_signature(gconstpointer data)
{
    const char *curve = data;
    g_autoptr(JsonParser) parser = world_load_json("crypto.json");
    g_autofree char *id = g_strdup_printf("euiccPackage-no-token/%s", curve);
    JsonObject *entry = find_signature(parser, id);
    g_autoptr(GBytes) package = world_bytes(json_object_get_string_member(entry, "message"));
    g_autoptr(World) world = make_session(curve, 0, TRUE);
    g_autoptr(GBytes) answer = world_es10(world, package);
    g_autoptr(TlvWriter) input = tlv_writer_new();
    g_autoptr(GBytes) input_bytes = NULL;
    Tlv outer, arm, object, signature, request, eim_signature;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(package), 0xBF51, &request, NULL));
    g_assert_true(tlv_find(request.value, 0x5F37, &eim_signature));
    g_assert_true(tlv_parse(tlv_slice_from_bytes(answer), 0xBF51, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
    g_assert_true(tlv_find(arm.value, 0x30, &object));
    g_assert_true(tlv_find(arm.value, 0x5F37, &signature));
    tlv_put_raw_slice(input, object.raw);
    tlv_put_raw_slice(input, eim_signature.raw);
    input_bytes = tlv_writer_finish(g_steal_pointer(&input));
    g_assert_true(sim_verify(world->euicc_key, g_bytes_get_data(input_bytes, NULL),
                             g_bytes_get_size(input_bytes), signature.value));
}

/* ---- every request ---- */

/* Functions of a consumer eUICC. */
static gboolean is_absent(guint32 tag)
{
    static const guint32 absent[] = { 0xBF28, 0xBF29, 0xBF31, 0xBF32, 0xBF33, 0xBF34 };

    for (guint i = 0; i < G_N_ELEMENTS(absent); i++)
        if (absent[i] == tag)
            return TRUE;
    return FALSE;
}

static void test_requests(void)
{
    g_autoptr(JsonParser) parser = world_load_json("asn1.json");
    JsonArray *all = json_node_get_array(json_parser_get_root(parser));
    guint answered = 0, absent = 0;

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *entry = json_array_get_object_element(all, i);
        const char *name = json_object_get_string_member(entry, "name");
        gboolean v10 = g_str_equal(json_object_get_string_member(entry, "version"), "1.0");
        g_autoptr(World) world = NULL;
        g_autoptr(GBytes) request = NULL;
        g_autoptr(GBytes) answer = NULL;
        Tlv sent, received;

        if (!g_str_has_suffix(json_object_get_string_member(entry, "direction"), "->euicc") ||
            g_str_has_prefix(name, "bpp"))
            continue;
        g_test_message("%s", name);
        world = world_new(v10                                 ? "\"version\": \"1.0\", \"eims\": []"
                          : g_str_has_prefix(name, "package") ? ""
                                                              : "\"eims\": []");
        request = world_vector_der(name);
        if (!tlv_parse(tlv_slice_from_bytes(request), 0, &sent, NULL))
            continue;
        answer = world_es10(world, request);
        if (is_absent(sent.tag) && !(sent.tag == 0xBF34 && v10)) {
            g_assert_null(answer);
            g_assert_cmphex(world->last_sw, ==, 0x6A88);
            absent++;
            continue;
        }
        g_assert_nonnull(answer);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(answer), sent.tag, &received, NULL));
        g_assert_true(tlv_validate(received.value, NULL));
        answered++;
    }
    g_assert_cmpuint(answered, >, 100);
    g_assert_cmpuint(absent, ==, 14);
}

/* TRUE when the answer is one of refusal: no object, an error arm, or a code that is not 0. */
static gboolean is_refusal(GBytes *answer)
{
    Tlv outer, arm;
    gint64 code;

    if (!answer)
        return TRUE;
    if (!tlv_parse(tlv_slice_from_bytes(answer), 0, &outer, NULL))
        return FALSE;
    if (outer.tag == 0xBF51)
        return tlv_find(outer.value, 0xA1, &arm) || tlv_find(outer.value, 0xA2, &arm);
    if (tlv_parse(outer.value, 0, &arm, NULL) && (arm.tag == 0x80 || arm.tag == 0x81))
        return tlv_get_integer(arm.value, &code, NULL) && code != 0;
    return FALSE;
}

static void test_invalid(void)
{
    g_autoptr(JsonParser) parser = world_load_json("asn1-invalid.json");
    JsonNode *root = json_parser_get_root(parser);
    JsonArray *all = json_node_get_array(root);
    g_autoptr(World) world = world_new("");
    g_autoptr(World) empty = world_new("\"eims\": []");
    guint refused = 0;

    for (guint i = 0; i < json_array_get_length(all); i++) {
        static const char *const types[] = { "any",
                                             "EuiccPackageRequest",
                                             "AddInitialEimRequest",
                                             "NotificationSentRequest",
                                             "ImmediateEnableRequest",
                                             "CancelSessionRequest",
                                             "AuthenticateServerRequest" };
        JsonObject *entry = json_array_get_object_element(all, i);
        const char *type = json_object_get_string_member(entry, "type");
        gboolean must = g_str_equal(json_object_get_string_member(entry, "strength"), "must");
        gboolean mine = FALSE;
        World *target = g_str_equal(type, "AddInitialEimRequest") ? empty : world;
        g_autoptr(GBytes) request = NULL;
        g_autoptr(GBytes) answer = NULL;
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;

        for (guint j = 0; j < G_N_ELEMENTS(types); j++)
            mine = mine || g_str_equal(types[j], type);
        if (!mine)
            continue;
        g_test_message("%s", json_object_get_string_member(entry, "name"));
        request = world_bytes(json_object_get_string_member(entry, "der"));
        if (g_bytes_get_size(request) == 0)
            continue;
        before = world_state(target);
        answer = world_es10(target, request);
        after = world_state(target);
        if (must)
            g_assert_true(is_refusal(answer));
        if (must || is_refusal(answer)) {
            g_assert_cmpstr(before, ==, after);
            refused++;
        }
    }
    g_assert_cmpuint(refused, >, 50);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim-card-vectors/answers", test_answers);
    g_test_add_func("/sim-card-vectors/eim-configuration", test_eim_configuration);
    g_test_add_func("/sim-card-vectors/notification", test_notification);
    g_test_add_func("/sim-card-vectors/packages", test_packages);
    g_test_add_func("/sim-card-vectors/package-limits", test_package_limits);
    g_test_add_data_func("/sim-card-vectors/sessions/nist", "nist", test_sessions);
    g_test_add_data_func("/sim-card-vectors/sessions/brainpool", "brainpool", test_sessions);
    g_test_add_data_func("/sim-card-vectors/v10-signature/nist", "nist", test_v10_signature);
    g_test_add_data_func("/sim-card-vectors/v10-signature/brainpool", "brainpool",
                         test_v10_signature);
    g_test_add_func("/sim-card-vectors/requests", test_requests);
    g_test_add_func("/sim-card-vectors/invalid", test_invalid);
    return g_test_run();
}
