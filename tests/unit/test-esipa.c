/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ESipa client: its requests against the known-answer vectors of both dialects, its decoders against
 * all answers of the vectors, also the tolerated and the invalid ones. */
#include "unit/esipa-rig.h"

#include <signal.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* ---- requests ---- */

static void get_package_vector(World *world, JsonObject *vector)
{
    JsonObject *values = json_object_get_object_member(vector, "values");
    g_autoptr(GBytes) plmn =
        json_object_has_member(values, "rPLMN") ? hex(text(values, "rPLMN")) : NULL;
    EsipaGetPackageOptions options = {
        .notify_state_change = json_object_has_member(values, "notifyStateChange"),
        .state_change_cause =
            (gint)json_object_get_int_member_with_default(values, "stateChangeCause", -1),
        .rplmn = plmn ? g_bytes_get_data(plmn, NULL) : NULL,
    };
    g_autoptr(EsipaPackage) package = NULL;
    g_autoptr(GError) error = NULL;

    g_test_message("%s", text(vector, "name"));
    will_answer(world, 200, "BF4F03020101");
    package = esipa_get_eim_package(world->client, &options, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_NONE);
    g_assert_null(package->why);
    assert_sent(world, text(vector, "der"));
}

static void test_get_package_requests(void)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonArray *vectors = load("asn1.json", &parser);
    guint n = 0;
    g_auto(World) current;
    g_auto(World) old;

    world_init(&current, ESIPA_DIALECT_V1_2, vector_eid);
    world_init(&old, ESIPA_DIALECT_V1_0, vector_eid);
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);

        if (g_strcmp0(text(vector, "type"), "GetEimPackageRequest") != 0)
            continue;
        if (g_strcmp0(text(vector, "version"), "1.0") != 0)
            get_package_vector(&current, vector);
        if (g_strcmp0(text(vector, "version"), "1.2") != 0)
            get_package_vector(&old, vector);
        n++;
    }
    g_assert_cmpuint(n, ==, 15);
    /* One connection for all. */
    g_assert_cmpuint(tls_peer_get_connections(current.peer), ==, 1);
}

/* A cause means something only with the flag; v1.0 has none. */
static void test_cause(void)
{
    EsipaGetPackageOptions quiet = { .state_change_cause = 1 };
    EsipaGetPackageOptions loud = { .notify_state_change = TRUE, .state_change_cause = 1 };
    g_autoptr(EsipaPackage) a = NULL, b = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(World) current;
    g_auto(World) old;

    world_init(&current, ESIPA_DIALECT_V1_2, vector_eid);
    world_init(&old, ESIPA_DIALECT_V1_0, vector_eid);
    will_answer(&current, 200, "BF4F03020101");
    a = esipa_get_eim_package(current.client, &quiet, NULL, &error);
    g_assert_no_error(error);
    assert_sent(&current, "BF4F125A1089049032123451234512345678901235");
    will_answer(&old, 200, "BF4F03020101");
    b = esipa_get_eim_package(old.client, &loud, NULL, &error);
    g_assert_no_error(error);
    assert_sent(&old, "BF4F145A10890490321234512345123456789012358000");
}

static const char *const not_ours[] = {
    /* eidValue is always sent to eIMs of v1.1 and later (I-25). */
    "esipa-provide-result-epr-no-eid",
    "esipa-provide-result-error-no-eid-no-etid",
    /* Results go by ProvideEimPackageResult (I-14); those of a trigger: test_notified_results(). */
    "esipa-handle-notification-result-trigger",
    "esipa-handle-notification-result-pir",
    "esipa-handle-notification-result-epr",
    "esipa-handle-notification-v10-result",
    "esipa-handle-notification-v10-trigger",
    NULL,
};

static GPtrArray *children(TlvSlice content)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error))
        g_ptr_array_add(list, tlv_slice_to_bytes(tlv.raw));
    g_assert_no_error(error);
    return list;
}

/* Takes the request of the vector apart, has it made again from the parts, and compares. */
static void provide_vector(World *world, JsonObject *vector)
{
    const char *name = text(vector, "name");
    g_autoptr(GBytes) der = der_of(vector);
    g_autoptr(EsipaResultAnswer) answer = NULL;
    g_autoptr(GError) error = NULL;
    Tlv outer, part, inner, list;

    g_test_message("%s", name);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(der), 0xBF50, &outer, &error));
    will_answer(world, 200, "BF5000");
    if (strstr(name, "-error-") && tlv_find(outer.value, 0xA0, &part)) {
        g_autoptr(GBytes) id = NULL;
        gint64 code = 0;

        if (tlv_find(part.value, 0x80, &inner))
            id = tlv_slice_to_bytes(inner.value);
        g_assert_true(tlv_find(part.value, 0x02, &inner));
        g_assert_true(tlv_get_integer(inner.value, &code, &error));
        answer = esipa_provide_error(world->client, (EsipaResultError)code, id, NULL, &error);
    } else if (tlv_find(outer.value, 0x02, &part)) {
        g_autoptr(GBytes) id = hex("E1E2");
        gint64 code = 0;

        g_assert_true(tlv_get_integer(part.value, &code, &error));
        /* v1.0 has no place for the transaction. */
        answer = esipa_provide_error(world->client, (EsipaResultError)code, id, NULL, &error);
    } else if (tlv_find(outer.value, 0x30, &part)) {
        g_autoptr(GPtrArray) notifications = NULL;
        g_autoptr(GBytes) result = NULL;

        g_assert_true(tlv_find(part.value, 0xBF51, &inner));
        result = tlv_slice_to_bytes(inner.raw);
        if (tlv_find(part.value, 0xBF2B, &list))
            g_assert_true(tlv_find(list.value, 0xA0, &list));
        else
            g_assert_true(tlv_find(part.value, 0xA0, &list));
        notifications = children(list.value);
        g_assert_cmpuint(notifications->len, >, 0);
        answer = esipa_provide_result(world->client, result, notifications, NULL, &error);
    } else {
        g_autoptr(GPtrArray) objects = children(outer.value);
        g_autoptr(GPtrArray) none = g_ptr_array_new();

        answer = esipa_provide_result(world->client, objects->pdata[objects->len - 1], none, NULL,
                                      &error);
    }
    g_assert_no_error(error);
    g_assert_false(answer->has_acknowledgements);
    g_assert_cmpuint(answer->acknowledged->len, ==, 0);
    assert_sent(world, text(vector, "der"));
}

static void test_provide_requests(void)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonArray *vectors = load("asn1.json", &parser);
    guint n = 0, excluded = 0;
    g_auto(World) current;
    g_auto(World) old;

    world_init(&current, ESIPA_DIALECT_V1_2, vector_eid);
    world_init(&old, ESIPA_DIALECT_V1_0, vector_eid);
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);

        if (g_strcmp0(text(vector, "type"), "ProvideEimPackageResult") != 0)
            continue;
        n++;
        if (g_strv_contains(not_ours, text(vector, "name")))
            excluded++;
        else
            provide_vector(g_strcmp0(text(vector, "version"), "1.0") == 0 ? &old : &current,
                           vector);
    }
    g_assert_cmpuint(n, ==, 24);
    g_assert_cmpuint(excluded, ==, 2);
}

static void test_notification_requests(void)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonArray *vectors = load("asn1.json", &parser);
    guint n = 0, excluded = 0;
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);
        g_autoptr(GBytes) der = NULL, notification = NULL;
        g_autoptr(GError) error = NULL;
        Tlv outer, arm;

        if (g_strcmp0(text(vector, "type"), "HandleNotificationEsipa") != 0)
            continue;
        n++;
        if (g_strv_contains(not_ours, text(vector, "name"))) {
            excluded++;
            continue;
        }
        g_test_message("%s", text(vector, "name"));
        der = der_of(vector);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(der), 0xBF3D, &outer, &error));
        g_assert_true(tlv_parse(outer.value, 0xA0, &arm, &error));
        notification = tlv_slice_to_bytes(arm.value);
        will_answer(&world, n % 2 ? 204 : 200, "");
        g_assert_true(esipa_handle_notification(world.client, notification, NULL, &error));
        g_assert_no_error(error);
        assert_sent(&world, text(vector, "der"));
    }
    g_assert_cmpuint(n, ==, 14);
    g_assert_cmpuint(excluded, ==, 5);
}

static JsonObject *find_vector(JsonArray *vectors, const char *name)
{
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);

        if (g_strcmp0(text(vector, "name"), name) == 0)
            return vector;
    }
    g_error("no vector %s", name);
}

/* The result of a trigger for eIMs that look for it there (I-14), in both dialects. */
static void test_notified_results(void)
{
    static const struct {
        const char *name;
        EsipaDialect dialect;
    } rows[] = {
        { "esipa-handle-notification-result-trigger", ESIPA_DIALECT_V1_2 },
        { "esipa-handle-notification-result-pir", ESIPA_DIALECT_V1_2 },
        { "esipa-handle-notification-v10-trigger", ESIPA_DIALECT_V1_0 },
    };

    g_autoptr(JsonParser) parser = NULL;
    JsonArray *vectors = load("asn1.json", &parser);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        JsonObject *vector = find_vector(vectors, rows[i].name);
        g_autoptr(GBytes) der = der_of(vector), result = NULL;
        g_autoptr(GError) error = NULL, refused = NULL, page = NULL;
        g_auto(World) world;
        Tlv outer, arm, trigger;

        world_init(&world, rows[i].dialect, vector_eid);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(der), 0xBF3D, &outer, &error));
        g_assert_true(tlv_parse(outer.value, 0, &arm, &error));
        g_assert_true(tlv_find(arm.value, 0xBF54, &trigger));
        result = tlv_slice_to_bytes(trigger.raw);
        will_answer(&world, 204, "");
        g_assert_true(esipa_notify_result(world.client, result, NULL, &error));
        g_assert_no_error(error);
        assert_sent(&world, text(vector, "der"));
        will_answer(&world, 500, "");
        g_assert_false(esipa_notify_result(world.client, result, NULL, &refused));
        g_assert_error(refused, EUICCD_ERROR, EUICCD_ERROR_HTTP);
        will_answer(&world, 200, "3C68746D6C3E");
        g_assert_false(esipa_notify_result(world.client, result, NULL, &page));
        g_assert_error(page, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

/* Results are sent as they are, also with lengths that we would not write. */
static void test_result_octets(void)
{
    g_autoptr(GBytes) cut = hex("BF51820009A28200048001");
    g_autoptr(GBytes) good = hex("BF51820008A282000480026565");
    g_autoptr(GBytes) empty = hex("");
    g_autoptr(EsipaResultAnswer) answer = NULL;
    g_autoptr(GError) error = NULL, broken = NULL, nothing = NULL;
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
    will_answer(&world, 200, "BF5009BF5306800105800106");
    answer = esipa_provide_result(world.client, good, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_sent(&world, "BF501F5A1089049032123451234512345678901235BF51820008A282000480026565");
    g_assert_true(answer->has_acknowledgements);
    g_assert_cmpuint(answer->acknowledged->len, ==, 2);
    g_assert_cmpint(g_array_index(answer->acknowledged, gint64, 0), ==, 5);
    g_assert_cmpint(g_array_index(answer->acknowledged, gint64, 1), ==, 6);
    /* What is no data object can't be put into a request. */
    g_assert_null(esipa_provide_result(world.client, empty, NULL, NULL, &nothing));
    g_assert_error(nothing, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_null(esipa_provide_result(world.client, cut, NULL, NULL, &broken));
    g_assert_error(broken, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_cmpuint(tls_peer_get_n_requests(world.peer), ==, 1);
}

/* ---- answers ---- */

static void check_package(JsonObject *values, GBytes *der)
{
    static const struct {
        const char *name;
        guint32 tag;
        EsipaPackageKind kind;
    } arms[] = {
        { "euiccPackageRequest", 0xBF51, ESIPA_PACKAGE_EUICC },
        { "ipaEuiccDataRequest", 0xBF52, ESIPA_PACKAGE_DATA_REQUEST },
        { "profileDownloadTriggerRequest", 0xBF54, ESIPA_PACKAGE_DOWNLOAD_TRIGGER },
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(der, &error);

    for (guint i = 0; i < G_N_ELEMENTS(arms); i++) {
        JsonObject *arm, *body;
        g_autofree char *id = NULL;
        Tlv outer, inner;

        if (!json_object_has_member(values, arms[i].name))
            continue;
        g_assert_no_error(error);
        g_assert_cmpint(package->kind, ==, arms[i].kind);
        g_assert_null(package->why);
        arm = json_object_get_object_member(values, arms[i].name);
        body =
            arms[i].tag == 0xBF51 ? json_object_get_object_member(arm, "euiccPackageSigned") : arm;
        assert_hex(package->eim_transaction_id,
                   json_object_get_string_member_with_default(body, "eimTransactionId", NULL));
        if (arms[i].tag == 0xBF51) {
            g_assert_cmpint(package->counter, ==, json_object_get_int_member(body, "counterValue"));
            id = g_strndup(g_bytes_get_data(package->eim_id, NULL),
                           g_bytes_get_size(package->eim_id));
            g_assert_cmpstr(id, ==, text(body, "eimId"));
        } else {
            g_assert_null(package->eim_id);
        }
        /* The object as it came. */
        g_assert_true(tlv_parse(tlv_slice_from_bytes(der), 0xBF4F, &outer, &error));
        if (!tlv_find(outer.value, arms[i].tag, &inner)) {
            g_assert_true(tlv_parse(outer.value, 0xBF4F, &outer, &error));
            g_assert_true(tlv_find(outer.value, arms[i].tag, &inner));
        }
        g_assert_true(tlv_slice_equal(inner.raw, tlv_slice_from_bytes(package->package)));
        return;
    }
    if (json_object_get_int_member(values, "eimPackageError") == 1) {
        g_assert_no_error(error);
        g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_NONE);
        g_assert_null(package->package);
    } else {
        gint64 code = json_object_get_int_member(values, "eimPackageError");

        g_assert_null(package);
        /* eidNotFound, invalidEid, missingEid are not for asking again soon (I-20). */
        g_assert_error(error, EUICCD_ERROR,
                       (code >= 2 && code <= 4 ? (gint)EUICCD_ERROR_EIM_REJECTED
                                               : (gint)EUICCD_ERROR_EIM_REFUSED));
        g_assert_null(strstr(error->message, "unknown"));
    }
}

static void check_result_answer(JsonObject *values, GBytes *der)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(der, &error);
    JsonArray *numbers;

    if (json_object_has_member(values, "provideEimPackageResultError")) {
        g_assert_null(answer);
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED);
        g_assert_nonnull(strstr(error->message, "did not process"));
        g_assert_null(strstr(error->message, "unknown"));
        return;
    }
    g_assert_no_error(error);
    if (!json_object_has_member(values, "eimAcknowledgements")) {
        g_assert_false(answer->has_acknowledgements);
        g_assert_cmpuint(answer->acknowledged->len, ==, 0);
        return;
    }
    numbers = json_object_get_array_member(values, "eimAcknowledgements");
    g_assert_true(answer->has_acknowledgements);
    g_assert_cmpuint(answer->acknowledged->len, ==, json_array_get_length(numbers));
    for (guint i = 0; i < answer->acknowledged->len; i++)
        g_assert_cmpint(g_array_index(answer->acknowledged, gint64, i), ==,
                        json_array_get_int_element(numbers, i));
}

/* TRUE where vectors of TYPE are answers; BASE has the values. */
static gboolean check_answer(const char *type, JsonObject *base, GBytes *der)
{
    if (g_strcmp0(type, "GetEimPackageResponse") == 0)
        check_package(json_object_get_object_member(base, "values"), der);
    else if (g_strcmp0(type, "ProvideEimPackageResultResponse") == 0)
        check_result_answer(json_object_get_object_member(base, "values"), der);
    else
        return FALSE;
    return TRUE;
}

static void test_answers(void)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonArray *vectors = load("asn1.json", &parser);
    guint n = 0;

    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);
        g_autoptr(GBytes) der = der_of(vector);

        g_test_message("%s", text(vector, "name"));
        n += (guint)check_answer(text(vector, "type"), vector, der);
    }
    g_assert_cmpuint(n, ==, 18);
}

static GBytes *wrap(guint32 tag, GBytes *inner)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_put_raw_bytes(writer, inner);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static void test_tolerated(void)
{
    g_autoptr(JsonParser) parser = NULL, base_parser = NULL;
    JsonArray *vectors = load("asn1-tolerant.json", &parser);
    JsonArray *bases = load("asn1.json", &base_parser);
    guint n = 0, packages = 0;

    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);
        const char *type = text(vector, "type");
        g_autoptr(GBytes) der = der_of(vector);
        JsonObject *base = find_vector(bases, text(vector, "base"));

        g_test_message("%s", text(vector, "name"));
        n += (guint)check_answer(type, base, der);
        /* Packages, in the answer that would bring them: forwarded as they are. */
        if (g_strcmp0(type, "EuiccPackageRequest") == 0 ||
            g_strcmp0(type, "IpaEuiccDataRequest") == 0) {
            g_autoptr(GBytes) body = wrap(0xBF4F, der);
            g_autoptr(GError) error = NULL;
            g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

            g_assert_no_error(error);
            g_assert_cmpint(package->kind, !=, ESIPA_PACKAGE_UNUSABLE);
            g_assert_true(g_bytes_equal(package->package, der));
            packages++;
        }
    }
    g_assert_cmpuint(n, ==, 6);
    g_assert_cmpuint(packages, ==, 2);
}

/* The card gets what the eIM sent, octet by octet, where the eIM's way to write it is not ours: lengths in
 * the long form, objects that are not known (invariant 1). */
static void test_octets(void)
{
    static const char *const packages[] = {
        "BF5182008430813E800F65696D2E6578616D706C652E636F6D5A10890490321234512345123456789012358"
        "101058204E1E2E3E4A010A30E5A0A980010103254769810F205005F374074870EF5764978779B3E6929BC60"
        "4CEAF8D64391CFBBC5DF7A05E55287F6BB567567F2821D1F36A857025C9E95D9E0C0EC00F7789E721C4447D"
        "1240832E7A987",
        "BF5281045C02A081",
        "BF5282000B5C02A0818301A1BF7F0100",
        "BF54830000048202A1A2",
    };

    for (guint i = 0; i < G_N_ELEMENTS(packages); i++) {
        g_autoptr(GBytes) octets = hex(packages[i]), body = wrap(0xBF4F, octets);
        g_autoptr(GError) error = NULL;
        g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(package->why, ==, NULL);
        assert_hex(package->package, packages[i]);
    }
}

/* Refused: an error, or a package that the eIM is told about. */
static void assert_package_refused(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

    if (!package) {
        g_assert_nonnull(error);
        return;
    }
    g_assert_true(package->kind == ESIPA_PACKAGE_UNUSABLE ||
                  package->kind == ESIPA_PACKAGE_UNKNOWN);
    g_assert_nonnull(package->why);
    g_assert_null(package->package);
}

static void assert_result_answer_refused(GBytes *body)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(esipa_parse_result_answer(body, &error));
    g_assert_nonnull(error);
}

static void parse_anyhow(GBytes *body)
{
    g_autoptr(GError) error = NULL, other = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);
    g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(body, &other);

    g_assert_true((package == NULL) == (error != NULL));
    g_assert_true((answer == NULL) == (other != NULL));
}

static void test_invalid(void)
{
    /* Own readings (I-20): no package, with a remark. */
    static const char *const read_as_none[] = { "tlv-empty", "choice-empty-bf4f", NULL };
    static const char *const package_types[] = { "EuiccPackageRequest", "IpaEuiccDataRequest",
                                                 "ProfileDownloadTriggerRequest", NULL };
    /* Defects inside commands, which are for the card to answer: see test_damaged_commands(). */
    static const char *const left_to_card[] = { "missing-iccid-in-enable", "size-iccid-9", NULL };
    g_autoptr(JsonParser) parser = NULL;
    JsonArray *vectors = load("asn1-invalid.json", &parser);
    guint answers = 0, any = 0, packages = 0, passed = 0;

    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);
        const char *type = text(vector, "type"), *name = text(vector, "name");
        gboolean must = g_strcmp0(text(vector, "strength"), "must") == 0;
        g_autoptr(GBytes) der = der_of(vector), wrapped = wrap(0xBF4F, der);

        g_test_message("%s", name);
        parse_anyhow(der);
        parse_anyhow(wrapped);
        if (!must)
            continue;
        if (g_strv_contains(read_as_none, name)) {
            g_autoptr(GError) error = NULL;
            g_autoptr(EsipaPackage) package = esipa_parse_package(der, &error);

            g_assert_no_error(error);
            g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_NONE);
            g_assert_nonnull(package->why);
        } else if (g_strcmp0(type, "any") == 0) {
            g_autoptr(GBytes) in_result = wrap(0xBF50, der);

            assert_package_refused(der);
            assert_package_refused(wrapped);
            assert_result_answer_refused(der);
            assert_result_answer_refused(in_result);
            any++;
        } else if (g_strcmp0(type, "GetEimPackageResponse") == 0) {
            assert_package_refused(der);
            answers++;
        } else if (g_strv_contains(left_to_card, name)) {
            g_autoptr(EsipaPackage) package = esipa_parse_package(wrapped, NULL);

            g_assert_true(g_bytes_equal(package->package, der));
            passed++;
        } else if (g_strv_contains(package_types, type)) {
            assert_package_refused(wrapped);
            packages++;
        }
    }
    g_assert_cmpuint(any, ==, 26);
    g_assert_cmpuint(answers, ==, 10);
    g_assert_cmpuint(packages, ==, 13);
    g_assert_cmpuint(passed, ==, 2);
}

static void expect_unusable(const char *digits, const char *id, const char *why)
{
    g_autoptr(GBytes) body = hex(digits);
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

    g_assert_no_error(error);
    g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_UNUSABLE);
    g_assert_null(package->package);
    assert_hex(package->eim_transaction_id, id);
    g_assert_nonnull(package->why);
    if (!strstr(package->why, why))
        g_error("'%s' does not say '%s'", package->why, why);
}

/* I-18, I-19: what can't be decoded is reported with its transaction as far as that can be read. */
static void test_salvage(void)
{
    static const char complete[] = "BF4F8187BF518183303E800F65696D2E6578616D706C652E636F6D5A1089049"
                                   "0321234512345123456789012358"
                                   "101058204E1E2E3E4A010A30E5A0A980010103254769810F205005F37407487"
                                   "0EF5764978779B3E6929BC604CEA"
                                   "F8D64391CFBBC5DF7A05E55287F6BB567567F2821D1F36A857025C9E95D9E0C"
                                   "0EC00F7789E721C4447D1240832E"
                                   "7A987";

    /* Cut off at each place: the transaction is there once its octets are. */
    for (gsize octets = 2; octets < strlen(complete) / 2; octets++) {
        g_autofree char *cut = g_strndup(complete, octets * 2);
        const char *id = strstr(cut, "8204E1E2E3E4") ? "E1E2E3E4" : NULL;

        expect_unusable(cut, id, "");
    }
    /* Fields missing: the counterValue; the list and the signature. */
    expect_unusable("BF4F1DBF511A30188001655A10890490321234512345123456789012358201A1", "A1",
                    "counterValue");
    expect_unusable("BF4F21BF511E301C8001655A10890490321234512345123456789012358101058202A1A2",
                    "A1A2", "");
    /* Data request without tag list; trigger with an eimTransactionId that is too long. */
    expect_unusable("BF4F07BF52048302A1A2", "A1A2", "tagList");
    expect_unusable("BF4F16BF54138211A1A2A3A4A5A6A7A8A9AAABACADAEAFB000", NULL, "eimTransactionId");
    /* Behind a defect nothing is looked for; outer tag twice. */
    expect_unusable("BF4F0ABF520700808302A1A2", NULL, "");
    expect_unusable("BF4F0ABF4F07BF52048302A1A2", "A1A2", "tagList");
    /* Two alternatives. */
    expect_unusable("BF4F0CBF5203"
                    "5C0181"
                    "BF5403"
                    "8201A1",
                    "A1", "two alternatives");
    /* One octet behind the object. */
    expect_unusable("BF4F07BF52045C02A0810000", NULL, "follow");
}

static void test_unknown(void)
{
    g_autoptr(GBytes) body = hex("BF4F05BF7F028000");
    g_autoptr(GBytes) extended = hex("BF4F0CBF52045C02A081BF7F028000");
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);
    g_autoptr(EsipaPackage) known = NULL;

    g_assert_no_error(error);
    g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_UNKNOWN);
    g_assert_cmpstr(package->why, ==, "of an unknown kind (BF7F)");
    g_assert_null(package->package);
    /* Beside an alternative that is known it is an extension. */
    known = esipa_parse_package(extended, &error);
    g_assert_no_error(error);
    g_assert_cmpint(known->kind, ==, ESIPA_PACKAGE_DATA_REQUEST);
    assert_hex(known->package, "BF52045C02A081");
    g_assert_null(known->eim_transaction_id);
}

/* What says nothing about the result acknowledges nothing (I-21). */
static void test_unknown_result_answer(void)
{
    g_autoptr(GBytes) body = hex("BF5005BF7F028000");
    g_autoptr(GError) error = NULL;

    g_assert_null(esipa_parse_result_answer(body, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_nonnull(strstr(error->message, "unknown alternative BF7F"));
}

static void expect_not_esipa(const char *body, gsize size, const char *message)
{
    g_autoptr(GBytes) octets = g_bytes_new(body, size);
    g_autoptr(GError) error = NULL, other = NULL;

    g_assert_null(esipa_parse_package(octets, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_nonnull(strstr(error->message, "not ESipa"));
    g_assert_nonnull(strstr(error->message, message));
    g_assert_null(esipa_parse_result_answer(octets, &other));
    g_assert_error(other, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_nonnull(strstr(other->message, message));
}

static void test_not_esipa(void)
{
    g_autoptr(GBytes) result_answer = hex("BF50023000");
    g_autoptr(GBytes) package_answer = hex("BF4F03020101");
    g_autoptr(GError) error = NULL, other = NULL;

    expect_not_esipa("<html>", 6, "HTML");
    expect_not_esipa("{\"header\":{}}", 13, "JSON");
    expect_not_esipa("\x00\x00", 2, "no data object");
    expect_not_esipa("\x30\x03\x02\x01\x01", 5, "object 30");
    expect_not_esipa("\xBF", 1, "no data object");
    g_assert_null(esipa_parse_package(result_answer, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_nonnull(strstr(error->message, "BF50 instead of BF4F"));
    g_assert_null(esipa_parse_result_answer(package_answer, &other));
    g_assert_error(other, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
}

/* The same meanings through the whole client, and status codes (I-20, I-21, I-29). */
static void test_status(void)
{
    EsipaGetPackageOptions options = { .state_change_cause = -1 };
    g_autoptr(GBytes) notification = hex("BF3700");
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(EsipaPackage) package = NULL;
        g_autoptr(EsipaResultAnswer) answer = NULL;

        will_answer(&world, i == 0 ? 204 : i == 1 ? 200 : 202, "");
        package = esipa_get_eim_package(world.client, &options, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_NONE);
        g_assert_nonnull(package->why);
        will_answer(&world, i == 0 ? 204 : i == 1 ? 200 : 202, "");
        answer =
            esipa_provide_error(world.client, ESIPA_RESULT_UNDEFINED_ERROR, NULL, NULL, &error);
        g_assert_no_error(error);
        g_assert_false(answer->has_acknowledgements);
        assert_sent(&world, "BF50175A1089049032123451234512345678901235A00302017F");
    }
    for (guint i = 0; i < 5; i++) {
        static const guint statuses[] = { 302, 400, 415, 500, 503 };
        g_autoptr(GError) error = NULL, other = NULL, third = NULL;
        g_autofree char *wanted = g_strdup_printf("HTTP status %u", statuses[i]);

        EuiccdError code = statuses[i] == 415 ? EUICCD_ERROR_EIM_REJECTED : EUICCD_ERROR_HTTP;

        will_answer(&world, statuses[i], "BF4F03020101");
        g_assert_null(esipa_get_eim_package(world.client, &options, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)code);
        g_assert_true(g_str_has_prefix(error->message, "GetEimPackage: "));
        g_assert_nonnull(strstr(error->message, wanted));
        will_answer(&world, statuses[i], "BF50023000");
        g_assert_null(
            esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, &other));
        g_assert_error(other, EUICCD_ERROR, (gint)code);
        will_answer(&world, statuses[i], "");
        g_assert_false(esipa_handle_notification(world.client, notification, NULL, &third));
        g_assert_error(third, EUICCD_ERROR, (gint)code);
        g_assert_true(g_str_has_prefix(third->message, "HandleNotification: "));
        g_assert_cmpuint(esipa_client_get_retry_after(world.client), ==, 0);
    }
    {
        g_autoptr(GError) error = NULL, page = NULL;

        tls_peer_answer_text(world.peer,
                             "HTTP/1.1 503 Later\r\nRetry-After: 77\r\nContent-Length: 0\r\n\r\n",
                             TLS_PEER_KEEP);
        world.n_answers++;
        g_assert_null(esipa_get_eim_package(world.client, &options, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_HTTP);
        g_assert_cmpstr(
            error->message, ==,
            "GetEimPackage: the eIM answered HTTP status 503 and wants to be asked again "
            "after 77 s");
        g_assert_cmpuint(esipa_client_get_retry_after(world.client), ==, 77);
        g_assert_cmpuint(esipa_client_get_status(world.client), ==, 503);
        will_answer(&world, 200, "3C68746D6C3E");
        g_assert_false(esipa_handle_notification(world.client, notification, NULL, &page));
        g_assert_error(page, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_assert_cmpuint(esipa_client_get_retry_after(world.client), ==, 0);
    }
    {
        g_autoptr(GError) error = NULL;

        tls_peer_answer_text(world.peer, "", TLS_PEER_CLOSE);
        tls_peer_answer_text(world.peer, "", TLS_PEER_CLOSE);
        g_assert_null(esipa_get_eim_package(world.client, &options, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NETWORK);
        g_assert_true(g_str_has_prefix(error->message, "GetEimPackage: POST to eim.example.com:"));
    }
}

/* What the procedures need to know of a package beforehand. */
static void test_package_flags(void)
{
    /* BF51{30{80 "e", 5A eid, 81 1, A0{A3{5A iccid, 05}}}, 5F37 signature} */
    for (guint flag = 0; flag < 2; flag++) {
        g_autoptr(TlvWriter) writer = tlv_writer_new();
        static const guint8 octets[64] = { 0x98 };
        g_autoptr(GBytes) body = NULL;
        g_autoptr(EsipaPackage) package = NULL;
        g_autoptr(GError) error = NULL;

        tlv_open(writer, 0xBF4F);
        tlv_open(writer, 0xBF51);
        tlv_open(writer, 0x30);
        tlv_put_string(writer, 0x80, "e");
        tlv_put(writer, 0x5A, vector_eid, EID_SIZE);
        tlv_put_integer(writer, 0x81, 1);
        tlv_open(writer, 0xA0);
        tlv_open(writer, 0xA3);
        tlv_put(writer, 0x5A, octets, 10);
        if (flag)
            tlv_put_null(writer, 0x05);
        tlv_close(writer);
        tlv_close(writer);
        tlv_close(writer);
        tlv_put(writer, 0x5F37, octets, sizeof(octets));
        tlv_close(writer);
        tlv_close(writer);
        body = tlv_writer_finish(g_steal_pointer(&writer));
        package = esipa_parse_package(body, &error);
        g_assert_no_error(error);
        g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_EUICC);
        g_assert_true(package->has_psmos);
        g_assert_cmpint(package->rollback_flag, ==, (gint)flag);
    }
}

/* A command that can't be read here is the card's to judge (unknownOrDamagedCommand, 2.11.2.1): the package
 * goes to it as it is, and a rollback that was granted before that command counts. */
static void test_damaged_commands(void)
{
    static const struct {
        const char *list;
        gboolean has_psmos, flag, change;
    } cases[] = {
        { "A002A300", TRUE, FALSE, TRUE },
        { "A012A30E5A0A980010103254769810F20500A300", TRUE, TRUE, TRUE },
        { "A012A300A30E5A0A980010103254769810F20500", TRUE, TRUE, TRUE },
        { "A004AF0281FF", TRUE, FALSE, FALSE },
        { "A003A305FF", TRUE, FALSE, FALSE },
        { "A004A600A400", TRUE, FALSE, TRUE },
        { "A002A500", TRUE, FALSE, TRUE },
        { "A004A600A800", TRUE, FALSE, FALSE },
        { "A102A800", FALSE, FALSE, FALSE },
        { "A110A80E5A0A980010103254769810F20500", FALSE, FALSE, FALSE },
        { "A102A300", FALSE, FALSE, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        static const guint8 signature[64];
        TlvWriter *writer = tlv_writer_new();
        g_autoptr(GBytes) list = hex(cases[i].list);
        g_autoptr(GBytes) object = NULL, body = NULL;
        g_autoptr(EsipaPackage) package = NULL;
        g_autoptr(GError) error = NULL;

        g_test_message("%s", cases[i].list);
        tlv_open(writer, 0xBF51);
        tlv_open(writer, 0x30);
        tlv_put_string(writer, 0x80, "e");
        tlv_put(writer, 0x5A, vector_eid, EID_SIZE);
        tlv_put_integer(writer, 0x81, 7);
        tlv_put_raw_bytes(writer, list);
        tlv_close(writer);
        tlv_put(writer, 0x5F37, signature, sizeof(signature));
        tlv_close(writer);
        object = tlv_writer_finish(writer);
        body = wrap(0xBF4F, object);
        package = esipa_parse_package(body, &error);
        g_assert_no_error(error);
        g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_EUICC);
        g_assert_true(g_bytes_equal(package->package, object));
        g_assert_cmpint(package->counter, ==, 7);
        g_assert_cmpint(package->has_psmos, ==, cases[i].has_psmos);
        g_assert_cmpint(package->rollback_flag, ==, cases[i].flag);
        g_assert_cmpint(package->changes_profiles, ==, cases[i].change);
        g_assert_cmpint(package->evidence, ==, ESIPA_EVIDENCE_NONE);
    }
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/esipa/IPAD-HTTP-68N/get-package", test_get_package_requests);
    g_test_add_func("/esipa/requests/cause", test_cause);
    g_test_add_func("/esipa/requests/provide-result", test_provide_requests);
    g_test_add_func("/esipa/requests/handle-notification", test_notification_requests);
    g_test_add_func("/esipa/requests/IPAD-DIR-60N/handle-notification-result",
                    test_notified_results);
    g_test_add_func("/esipa/requests/result-octets", test_result_octets);
    g_test_add_func("/esipa/answers/vectors", test_answers);
    g_test_add_func("/esipa/answers/tolerated", test_tolerated);
    g_test_add_func("/esipa/answers/octets", test_octets);
    g_test_add_func("/esipa/answers/invalid", test_invalid);
    g_test_add_func("/esipa/IPAD-POLL-60N/salvage", test_salvage);
    g_test_add_func("/esipa/answers/unknown", test_unknown);
    g_test_add_func("/esipa/IPAD-HTTP-67E/not-esipa", test_not_esipa);
    g_test_add_func("/esipa/IPAD-HTTP-62N/status", test_status);
    g_test_add_func("/esipa/answers/package-flags", test_package_flags);
    g_test_add_func("/esipa/answers/unknown-result-answer", test_unknown_result_answer);
    g_test_add_func("/esipa/package/damaged-commands", test_damaged_commands);
    return g_test_run();
}
