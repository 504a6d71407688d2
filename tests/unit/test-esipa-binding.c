/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which binding of ESipa is spoken with an eIM. */
#include <signal.h>

#include "unit/esipa-rig.h"
#include "util/error.h"

#define EID "89049032123451234512345678901235"

static EsipaPackage *poll(World *world, GError **error)
{
    EsipaGetPackageOptions options = { FALSE, -1, NULL };

    return esipa_get_eim_package(world->client, &options, NULL, error);
}

static void assert_binding(World *world, EsipaBinding binding, EsipaDialectSource source)
{
    g_assert_cmpint(esipa_client_get_binding(world->client), ==, binding);
    g_assert_cmpint(esipa_client_get_binding_source(world->client), ==, source);
}

#define NOTHING  "{" JSON_SUCCESS ",\"eimPackageError\":1}"
#define ASN1_GET "BF4F125A10" EID
#define JSON_GET "{\"eidValue\":\"" EID "\"}"

/* An eIM that shows that it has no ASN.1 is spoken to in JSON from then on. */
static void test_learns_json(void)
{
    static const struct {
        guint status;
        const char *body;
    } cases[] = { { 404, "" }, { 405, "" }, { 415, "" }, { 501, "" }, { 200, " {\"error\":1}" } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(EsipaPackage) package = NULL, again = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        json_world_init(&world, ESIPA_BINDING_ASN1, ESIPA_DIALECT_ASSUMED);
        will_say(&world, cases[i].status, cases[i].body);
        will_say(&world, 200, NOTHING);
        package = poll(&world, &error);
        g_assert_no_error(error);
        assert_said(&world, ESIPA_JSON_PATH "getEimPackage", JSON_GET);
        g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_NONE);
        assert_binding(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_LEARNED);
        will_say(&world, 200, NOTHING);
        again = poll(&world, &error);
        g_assert_no_error(error);
        assert_said(&world, ESIPA_JSON_PATH "getEimPackage", JSON_GET);
    }
}

/* Neither: what counts is the first answer, and ASN.1 stays. */
static void test_has_neither(void)
{
    static const struct {
        guint status;
        const char *body;
    } cases[] = { { 404, "" },
                  { 500, "" },
                  { 200, "<html></html>" },
                  { 200, "BF4F" },
                  { 200, "{\"error\": \"log in\"}" },
                  { 200, "{" } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        json_world_init(&world, ESIPA_BINDING_ASN1, ESIPA_DIALECT_ASSUMED);
        will_say(&world, 415, "");
        will_say(&world, cases[i].status, cases[i].body);
        g_assert_null(poll(&world, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REJECTED);
        g_assert_cmpstr(error->message, ==, "GetEimPackage: the eIM answered HTTP status 415");
        assert_said(&world, ESIPA_JSON_PATH "getEimPackage", JSON_GET);
        assert_binding(&world, ESIPA_BINDING_ASN1, ESIPA_DIALECT_ASSUMED);
    }
}

/* Nothing else is a sign: other statuses, other functions, eIMs of v1.0, and what was configured. */
static void test_no_sign(void)
{
    static const guint statuses[] = { 400, 401, 403, 429, 500, 503 };
    static const EsipaBinding bindings[] = { ESIPA_BINDING_ASN1, ESIPA_BINDING_JSON };
    g_autoptr(GBytes) notification = hex("3000");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_auto(World) world;

        json_world_init(&world, ESIPA_BINDING_ASN1, ESIPA_DIALECT_ASSUMED);
        will_say(&world, statuses[i], "");
        g_assert_null(poll(&world, NULL));
        assert_sent(&world, ASN1_GET);
        will_say(&world, 404, "");
        g_assert_false(esipa_handle_notification(world.client, notification, NULL, NULL));
        assert_sent(&world, "BF3D04A0023000");
        assert_binding(&world, ESIPA_BINDING_ASN1, ESIPA_DIALECT_ASSUMED);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bindings); i++) {
        g_auto(World) world;

        json_world_init(&world, bindings[i], ESIPA_DIALECT_CONFIGURED);
        will_say(&world, 404, "");
        g_assert_null(poll(&world, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_HTTP);
        g_clear_error(&error);
        g_assert_cmpuint(tls_peer_get_n_requests(world.peer), ==, 1);
        assert_binding(&world, bindings[i], ESIPA_DIALECT_CONFIGURED);
    }
    {
        g_auto(World) world;

        EsipaConfig config = esipa_config_default;

        world_init(&world, ESIPA_DIALECT_V1_0, vector_eid);
        esipa_client_free(world.client);
        config.dialect = ESIPA_DIALECT_V1_0;
        config.source = ESIPA_DIALECT_CONFIGURED;
        world.client = esipa_client_new(world.rig.client, vector_eid, &config);
        will_say(&world, 404, "");
        g_assert_null(poll(&world, NULL));
        assert_sent(&world, ASN1_GET);
    }
}

/* I-29: 404 and 501 at the paths of JSON: ASN.1, with the same request. */
static void test_back_to_asn1(void)
{
    static const guint statuses[] = { 404, 501 };
    g_autoptr(GBytes) notification = hex("3000");

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(EsipaPackage) package = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world, other;

        json_world_init(&world, ESIPA_BINDING_JSON, ESIPA_DIALECT_LEARNED);
        will_say(&world, statuses[i], "");
        will_answer(&world, 200, "BF4F03020101");
        package = poll(&world, &error);
        g_assert_no_error(error);
        assert_sent(&world, ASN1_GET);
        assert_binding(&world, ESIPA_BINDING_ASN1, ESIPA_DIALECT_LEARNED);

        json_world_init(&other, ESIPA_BINDING_JSON, ESIPA_DIALECT_LEARNED);
        will_say(&other, statuses[i], "");
        will_say(&other, 204, "");
        g_assert_true(esipa_handle_notification(other.client, notification, NULL, &error));
        assert_sent(&other, "BF3D04A0023000");
        assert_binding(&other, ESIPA_BINDING_ASN1, ESIPA_DIALECT_LEARNED);
    }
}

/* An eIM with JSON is one of v1.1 or later, whatever else is known; a 400 in JSON says nothing of dialects. */
static void test_dialect(void)
{
    EsipaConfig config = { "/gsma/rsp2/asn1", ESIPA_DIALECT_V1_0, ESIPA_DIALECT_LEARNED,
                           ESIPA_BINDING_JSON, ESIPA_DIALECT_CONFIGURED };
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_0, vector_eid);
    esipa_client_free(world.client);
    world.client = esipa_client_new(world.rig.client, vector_eid, &config);
    for (guint i = 0; i < 4; i++) {
        will_say(&world, 400, "");
        g_assert_null(
            esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, NULL));
        assert_said(&world, ESIPA_JSON_PATH "provideEimPackageResult",
                    "{\"eidValue\":\"" EID "\",\"eimPackageResult\":\"oAMCAQI=\"}");
    }
    g_assert_cmpint(esipa_client_get_dialect(world.client), ==, ESIPA_DIALECT_V1_2);
    g_assert_cmpint(esipa_client_get_dialect_source(world.client), ==, ESIPA_DIALECT_LEARNED);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/esipa-binding/learns-json", test_learns_json);
    g_test_add_func("/esipa-binding/neither", test_has_neither);
    g_test_add_func("/esipa-binding/no-sign", test_no_sign);
    g_test_add_func("/esipa-binding/back-to-asn1", test_back_to_asn1);
    g_test_add_func("/esipa-binding/dialect", test_dialect);
    return g_test_run();
}
