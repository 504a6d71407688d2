/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/esipa-rig.h"

#include <signal.h>

#include "util/error.h"

/* How the ESipa client learns which dialect an eIM speaks (v1.3.md 4.2): area V10 of the catalogue. */

static void world_init_assuming(World *world)
{
    EsipaConfig config = esipa_config_default;

    world_init(world, ESIPA_DIALECT_V1_2, vector_eid);
    esipa_client_free(world->client);
    world->client = esipa_client_new(world->rig.client, vector_eid, &config);
}

static void assert_dialect(World *world, EsipaDialect dialect, EsipaDialectSource source)
{
    g_assert_cmpint(esipa_client_get_dialect(world->client), ==, dialect);
    g_assert_cmpint(esipa_client_get_dialect_source(world->client), ==, source);
}

/* What the answer ANSWER to a poll shows. */
static void assert_package_teaches(const char *answer, EsipaDialect dialect,
                                   EsipaDialectSource source)
{
    EsipaGetPackageOptions options = { .state_change_cause = -1 };
    g_autoptr(EsipaPackage) package = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    world_init_assuming(&world);
    assert_dialect(&world, ESIPA_DIALECT_V1_2, ESIPA_DIALECT_ASSUMED);
    will_answer(&world, 200, answer);
    package = esipa_get_eim_package(world.client, &options, NULL, &error);
    g_assert_no_error(error);
    assert_dialect(&world, dialect, source);
}

/* IPAD-V10-01N: fields, tags and commands that only one of the dialects has. */
static void test_package_evidence(void)
{
    static const struct {
        const char *answer;
        EsipaDialect dialect;
        EsipaDialectSource source;
    } cases[] = {
        { "BF4F03020101", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_ASSUMED },
        { "BF4F07BF52045C02BF20", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_ASSUMED },
        { "BF4F0BBF52085C02BF208302A1B2", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_LEARNED },
        { "BF4F0CBF52095C01A2A20480020080", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_LEARNED },
        { "BF4F06BF52035C0181", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_LEARNED },
        { "BF4F06BF52035C0180", ESIPA_DIALECT_V1_0, ESIPA_DIALECT_LEARNED },
        { "BF4F0BBF52085C02BF2BA1028200", ESIPA_DIALECT_V1_0, ESIPA_DIALECT_LEARNED },
        { "BF4F07BF54048202A1B2", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_LEARNED },
        { "BF4F0ABF5407A0058003312461", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_ASSUMED },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_package_teaches(cases[i].answer, cases[i].dialect, cases[i].source);
}

/* IPAD-V10-03N: what answers to results show; later proof outweighs earlier marks, never the reverse. */
static void test_answer_evidence(void)
{
    static const struct {
        const char *answer;
        EsipaDialect dialect;
        EsipaDialectSource source;
    } steps[] = {
        { "BF5000", ESIPA_DIALECT_V1_0, ESIPA_DIALECT_LEARNED },
        { "BF5006BF5303800107", ESIPA_DIALECT_V1_0, ESIPA_DIALECT_LEARNED },
        { "BF50023000", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_LEARNED },
        { "BF5000", ESIPA_DIALECT_V1_2, ESIPA_DIALECT_LEARNED },
    };
    g_auto(World) world;

    world_init_assuming(&world);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(EsipaResultAnswer) answer = NULL;
        g_autoptr(GError) error = NULL;

        will_answer(&world, 200, steps[i].answer);
        answer =
            esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, &error);
        g_assert_no_error(error);
        /* What was learned before is what is spoken. */
        assert_sent(&world, i == 1 || i == 2
                                ? "BF5003020102"
                                : "BF50175A1089049032123451234512345678901235A003020102");
        assert_dialect(&world, steps[i].dialect, steps[i].source);
    }
}

/* IPAD-V10-04N: 400 to the later form, while nothing is known: the older one is tried once. */
static void test_older_form(void)
{
    EsipaGetPackageOptions options = { .notify_state_change = TRUE, .state_change_cause = 0 };
    g_autoptr(EsipaResultAnswer) answer = NULL;
    g_autoptr(EsipaPackage) package = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    world_init_assuming(&world);
    will_answer(&world, 400, "");
    will_answer(&world, 200, "BF5000");
    answer = esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_sent(&world, "BF5003020102");
    assert_dialect(&world, ESIPA_DIALECT_V1_0, ESIPA_DIALECT_LEARNED);
    /* From now on it is spoken. */
    will_answer(&world, 200, "BF4F03020101");
    package = esipa_get_eim_package(world.client, &options, NULL, &error);
    g_assert_no_error(error);
    assert_sent(&world, "BF4F145A10890490321234512345123456789012358000");
}

/* IPAD-V10-05E: nothing is learned from a refusal of both, of other statuses, or against the
 * configuration; the first refusal is what is reported. */
static void test_older_form_refused(void)
{
    g_autoptr(GError) error = NULL, other = NULL, configured = NULL;
    g_auto(World) world;
    g_auto(World) fixed;

    world_init_assuming(&world);
    will_answer(&world, 400, "");
    will_answer(&world, 500, "");
    g_assert_null(
        esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_HTTP);
    g_assert_cmpstr(error->message, ==,
                    "ProvideEimPackageResult: the eIM answered HTTP status 400");
    g_assert_cmpuint(tls_peer_get_n_requests(world.peer), ==, 2);
    will_answer(&world, 500, "");
    g_assert_null(
        esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, &other));
    g_assert_cmpuint(tls_peer_get_n_requests(world.peer), ==, 3);
    assert_dialect(&world, ESIPA_DIALECT_V1_2, ESIPA_DIALECT_ASSUMED);

    world_init(&fixed, ESIPA_DIALECT_V1_2, vector_eid);
    will_answer(&fixed, 400, "");
    g_assert_null(
        esipa_provide_error(fixed.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, &configured));
    g_assert_cmpuint(tls_peer_get_n_requests(fixed.peer), ==, 1);
    assert_dialect(&fixed, ESIPA_DIALECT_V1_2, ESIPA_DIALECT_CONFIGURED);
}

/* IPAD-V10-06E: what was learned may be wrong, or the eIM was updated: after the third 400 the other form is
 * tried, in either direction; what is configured stays. */
static void test_learned_again(void)
{
    static const struct {
        EsipaDialect dialect, other;
        const char *form, *other_form;
    } cases[] = {
        { ESIPA_DIALECT_V1_0, ESIPA_DIALECT_V1_2, "BF5003020102",
          "BF50175A1089049032123451234512345678901235A003020102" },
        { ESIPA_DIALECT_V1_2, ESIPA_DIALECT_V1_0,
          "BF50175A1089049032123451234512345678901235A003020102", "BF5003020102" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        EsipaConfig config = { "/gsma/rsp2/asn1", cases[i].dialect, ESIPA_DIALECT_LEARNED,
                               ESIPA_BINDING_ASN1, ESIPA_DIALECT_ASSUMED };
        g_auto(World) world;

        world_init(&world, cases[i].dialect, vector_eid);
        esipa_client_free(world.client);
        world.client = esipa_client_new(world.rig.client, vector_eid, &config);
        for (guint n = 1; n <= 3; n++) {
            g_autoptr(EsipaResultAnswer) answer = NULL;

            will_answer(&world, 400, "");
            if (n == 3)
                will_answer(&world, 204, "");
            answer =
                esipa_provide_error(world.client, ESIPA_RESULT_UNKNOWN_PACKAGE, NULL, NULL, NULL);
            g_assert_cmpint(answer != NULL, ==, n == 3);
            assert_sent(&world, n == 3 ? cases[i].other_form : cases[i].form);
        }
        assert_dialect(&world, cases[i].other, ESIPA_DIALECT_LEARNED);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/dialect/IPAD-V10-01N/package", test_package_evidence);
    g_test_add_func("/dialect/IPAD-V10-03N/answer", test_answer_evidence);
    g_test_add_func("/dialect/IPAD-V10-04N/older-form", test_older_form);
    g_test_add_func("/dialect/IPAD-V10-05E/older-form-refused", test_older_form_refused);
    g_test_add_func("/dialect/IPAD-V10-06E/learned-again", test_learned_again);
    return g_test_run();
}
