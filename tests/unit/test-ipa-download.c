/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profile downloads that a local caller orders: SGP.22 3.1, 3.6, as far as the IPA decides. */
#include "ipa-download.h"
#include "rsp/names.h"

static void test_direct(Fixture *f, gconstpointer data)
{
    (void)data;
    assert_works(f, CODE, START "; prepare; package " DP "; " LOAD "; " END);
    g_assert_cmpuint(f->report.installed, ==, 1);
    g_assert_cmpstr(f->report.iccid, ==, "8900010123456789012");
    g_assert_false(f->report.enabled);
    g_assert_cmpuint(f->world->installed, ==, 1);
    g_assert_cmpstr(f->server->matching_id, ==, "TOKEN-1");
    g_assert_cmpuint(f->server->notified->len, ==, 1);
    g_assert_cmpuint(f->world->pending->len, ==, 0);
    g_assert_cmpuint(f->session->pending_notifications, ==, 0);
    g_assert_false(f->world->had_hash_cc);
}

/* An empty token, and the default SM-DP+, have no matchingId. */
static void test_no_token(Fixture *f, gconstpointer data)
{
    (void)data;
    assert_works(f, "1$" DP "$", START "; prepare; package " DP "; " LOAD "; " END);
    g_assert_null(f->server->matching_id);
}

static void test_default_smdp(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    world_add_server(f->world, "d.p");
    assert_works(
        f, "",
        "addresses; info1; challenge; initiate d.p; authenticate-server; authenticate d.p; "
        "prepare; package d.p; " LOAD "; " END);
    f->world->no_default_smdp = TRUE;
    g_assert_false(download(f, "", NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
}

/* Written in another case, and checked without it. */
static void test_address_case(Fixture *f, gconstpointer data)
{
    (void)data;
    assert_works(f, "1$DP.Example.com$TOKEN-1", START "; prepare; package " DP "; " LOAD "; " END);
}

/* Procedures 5.1 step 10: nothing of these gets to the card. */
static void test_authentication_checks(void)
{
    static const struct {
        const char *what, *certificate, *code;
        EuiccdError error;
        const char *text;
    } cases[] = {
        { "transaction", NULL, CODE, EUICCD_ERROR_MALFORMED, "another transaction" },
        { "challenge", NULL, CODE, EUICCD_ERROR_MALFORMED, "another challenge" },
        { "address", NULL, CODE, EUICCD_ERROR_TLS, "another server address" },
        { "ci", NULL, CODE, EUICCD_ERROR_NOT_SUPPORTED, "under a CI that it has no key of" },
        { "", NULL, CODE "$2.999.11", EUICCD_ERROR_TLS, "has the OID 2.999.10" },
        { "", "negative/dpauth-expired.der", CODE, EUICCD_ERROR_TLS, "has expired" },
        { "", "negative/dpauth-not-yet-valid.der", CODE, EUICCD_ERROR_TLS, "is not valid yet" },
        { "", "negative/dpauth-foreign-ci.der", CODE, EUICCD_ERROR_TLS, "does not trust" },
        { "", "dsauth.der", CODE, EUICCD_ERROR_TLS, "is an SM-DS" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f = { 0 };
        g_autoptr(GError) error = NULL;

        g_test_message("%s %s", cases[i].what, cases[i].certificate ? cases[i].certificate : "");
        set_up(&f, NULL);
        f.server->other_transaction = g_str_equal(cases[i].what, "transaction");
        f.server->other_challenge = g_str_equal(cases[i].what, "challenge");
        f.server->other_address = g_str_equal(cases[i].what, "address");
        f.server->other_ci = g_str_equal(cases[i].what, "ci");
        if (cases[i].certificate)
            f.server->certificate = cases[i].certificate;
        g_assert_false(download(&f, cases[i].code, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].error);
        g_assert_nonnull(strstr(error->message, cases[i].text));
        world_assert_calls(f.world, "info1; challenge; initiate " DP);
        tear_down(&f, NULL);
    }
}

/* A CI that the card knows and the configuration does not: no session, whoever asked the server. */
static void test_ci_not_configured(Fixture *f, gconstpointer data)
{
    g_autofree char *calls = NULL;

    (void)data;
    f->world->ci_unknown = TRUE;
    assert_fails(f, EUICCD_ERROR_TLS, "SM-DP+ " DP ": not configured",
                 "info1; challenge; initiate " DP);
    f->world->policy.path = IPA_PATH_INDIRECT;
    f->world->relayed = f->server;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    world_assert_poll_ok(f->session, "a", 1);
    calls = world_take_calls(f->world);
    g_assert_nonnull(strstr(calls, "initiate a; save 1 executed"));
    g_assert_cmpuint(f->server->sessions, ==, 0);
}

static void test_right_oid(Fixture *f, gconstpointer data)
{
    (void)data;
    assert_works(f, CODE "$2.999.10", START "; prepare; package " DP "; " LOAD "; " END);
}

/* The server is told that the card said no; there is no session to cancel. */
static void test_card_refuses_server(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->authenticate_code = 2;
    assert_fails(f, EUICCD_ERROR_CARD_REFUSED, "invalidSignature (2)", START);
}

static void test_card_refuses_offer(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->prepare_code = 1;
    assert_fails(f, EUICCD_ERROR_CARD_REFUSED, "invalidCertificate (1)",
                 START "; prepare; package " DP "; cancel 127; cancel " DP);
}

/* Procedures 5.2. */
#define META_BODY "5A0A980010103254769810F2910B4578616D706C65204D4E4F9205496F542031"
#define PPR1      "99020640"
#define OWNER     "B705800300F110"

#define PPR2 "99020520"
/* GetRAT: PPR2 for every operator, without and with the consent of the end user; and for another one. */
#define RAT_FREE                                                                                   \
    "BF4315A0133011"                                                                               \
    "80020520A10730058003EEEEEE82020700"
#define RAT_CONSENT                                                                                \
    "BF4315A0133011"                                                                               \
    "80020520A10730058003EEEEEE82020780"
#define RAT_OTHER                                                                                  \
    "BF4315A0133011"                                                                               \
    "80020520A1073005800300F12082020700"

static void test_rules(void)
{
    static const struct {
        const char *metadata, *rat;
        gboolean test_profiles, allow_consent;
        gint reason;      /* of CancelSession */
        gboolean allowed; /* … which comes only as the package has other metadata */
    } cases[] = {
        /* a test profile */
        { "BF2523" META_BODY "950100", NULL, FALSE, FALSE, 127, FALSE },
        { "BF2523" META_BODY "950100", NULL, TRUE, FALSE, 4, TRUE },
        /* PPR1 while an operational profile is there */
        { "BF2524" META_BODY PPR1, NULL, FALSE, FALSE, 3, FALSE },
        /* PPR2: no rule of the card; one for every operator; one that wants consent */
        { "BF252B" META_BODY OWNER PPR2, NULL, FALSE, FALSE, 3, FALSE },
        { "BF252B" META_BODY OWNER PPR2, RAT_FREE, FALSE, FALSE, 3, TRUE },
        { "BF252B" META_BODY OWNER PPR2, RAT_CONSENT, FALSE, FALSE, 0, FALSE },
        { "BF252B" META_BODY OWNER PPR2, RAT_CONSENT, FALSE, TRUE, 3, TRUE },
        { "BF252B" META_BODY OWNER PPR2, RAT_OTHER, FALSE, FALSE, 3, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *cancelled =
            g_strdup_printf("%scancel %d; cancel " DP,
                            cases[i].allowed ? "prepare; package " DP "; " : "", cases[i].reason);
        g_autofree char *calls = NULL;
        g_autoptr(GError) error = NULL;
        Fixture f = { 0 };

        set_up(&f, NULL);
        f.server->metadata = cases[i].metadata;
        f.world->policy.allow_test_profiles = cases[i].test_profiles;
        f.world->policy.allow_consent = cases[i].allow_consent;
        if (cases[i].rat)
            f.world->rat = cases[i].rat;
        g_assert_false(download(&f, CODE, NULL, &error));
        calls = world_take_calls(f.world);
        if (!g_str_has_suffix(calls, cancelled) ||
            (strstr(calls, "prepare") != NULL) != cases[i].allowed)
            g_error("row %u: %s (%s)", i, calls, error->message);
        if (!cases[i].allowed)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_AUTHORIZED);
        g_assert_cmpuint(f.world->segments, ==, 0);
        tear_down(&f, NULL);
    }
}

/* Step 12 of SGP.22 3.1.3.2: told before the first part gets to the card. */
static void test_other_metadata(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->metadata = "BF25205A0A980010103254769810F2910B4578616D706C65204D4E4F9205496F542032";
    assert_fails(f, EUICCD_ERROR_MALFORMED, "another profileName",
                 START "; prepare; package " DP "; cancel 4; cancel " DP);
}

static void test_other_offer(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->other_offer = TRUE;
    assert_fails(f, EUICCD_ERROR_MALFORMED, "another transaction",
                 START "; cancel 127; cancel " DP);
}

/* The card has no clock. The order stays as it is. */
static void test_binding_expired(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->binding = "negative/dppb-expired.der";
    assert_fails(f, EUICCD_ERROR_TLS, "certificate for profiles: the server's certificate has",
                 START "; cancel 1; cancel " DP);
}

static void test_confirmation_code(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    /* The order stays at the server: somebody may find the code. */
    f->server->wants_code = TRUE;
    assert_fails(f, EUICCD_ERROR_INVALID_ARGUMENT, "confirmation code",
                 START "; cancel 1; cancel " DP);
    g_assert_true(download(f, CODE, "12 34", &error));
    g_assert_true(f->world->had_hash_cc);
    g_free(world_take_calls(f->world));
    /* The code's own flag: no server counts a try that can't succeed. */
    f->server->wants_code = FALSE;
    g_assert_false(download(f, CODE "$$1", NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
    world_assert_calls(f->world, "");
    g_clear_error(&error);
    /* A wrong one. */
    f->server->fault = "package";
    f->server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    f->server->faults = 1;
    f->server->subject = "8.2.7";
    f->server->reason = "3.8";
    g_free(world_take_calls(f->world));
    g_assert_false(download(f, CODE, "99", &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
    world_assert_calls(f->world, START "; prepare; package " DP "; cancel 1; cancel " DP);
}

static void test_server_refuses(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->fault = "authenticate";
    f->server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    f->server->faults = 1;
    assert_fails(f, EUICCD_ERROR_SERVER_REFUSED, "the answer", START "; cancel 127; cancel " DP);
    /* One that does not know the session says nothing about the order (SGP.22 3.0.2). */
    f->server->subject = "8.10.1";
    f->server->reason = "3.9";
    f->server->faults = 1;
    assert_fails(f, EUICCD_ERROR_SERVER_REFUSED, "the answer", START "; cancel 1; cancel " DP);
    f->server->fault = "package";
    f->server->faults = 1;
    assert_fails(f, EUICCD_ERROR_SERVER_REFUSED, "the answer",
                 START "; prepare; package " DP "; cancel 1; cancel " DP);
}

/* Invariant 10: a server that repeats what it was sent is quoted without it, wherever. */
static void test_secrets(Fixture *f, gconstpointer data)
{
    static const char *const functions[] = { "initiate", "authenticate", "package" };
    g_autoptr(GError) error = NULL;

    (void)data;
    f->server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    f->server->says = "no token-1 (TOKEN-1.), code 47 of 8.47.1";
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        f->server->fault = functions[i];
        f->server->faults = 1;
        g_assert_false(download(f, CODE, "47", &error));
        g_assert_cmpstr(error->message, ==, "no [secret] ([secret].), code [secret] of 8.47.1");
        g_clear_error(&error);
    }
    /* The answer to CancelSession, which is only logged. */
    f->server->fault = "cancel";
    f->server->faults = 1;
    f->server->other_offer = TRUE;
    g_assert_false(download(f, CODE, "47", NULL));
    g_assert_true(world_has_event(f->world, "but no [secret]"));
    g_assert_false(world_has_event(f->world, "TOKEN-1"));
}

/* ---- installation ---- */

/* The result ends the load, whatever is left (I-38), and is no reason for CancelSession. */
static void test_early_result(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->load_ends_at = 4;
    assert_fails(f, EUICCD_ERROR_CARD_REFUSED, "storeMetadata: ",
                 START "; prepare; package " DP "; segment; segment; segment; segment; notify " DP
                       "; remove 21");
    g_assert_cmpuint(f->report.installed, ==, 0);
}

static void test_broken_package(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->package = "BF36820139BF2381AE820101"; /* cut off */
    assert_fails(f, EUICCD_ERROR_MALFORMED, "",
                 START "; prepare; package " DP "; cancel 5; cancel " DP);
}

/* Two are to hear of the installation and one of the deletion, and only the package says so: the card has two
 * notifications beside the result. */
static void test_receivers(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) package = g_string_new(f->server->package);

    (void)data;
    g_assert_cmpuint(g_string_replace(package, "BF36820139", "BF3682015C", 1), ==, 1);
    g_assert_cmpuint(g_string_replace(package, "A12D882BBF2520", "A150884EBF2543", 1), ==, 1);
    g_assert_cmpuint(g_string_replace(package, "496F54203152",
                                      "496F542031"
                                      "B621"
                                      "3009800204F08103612E74"
                                      "3009800207808103622E74"
                                      "3009800204108103632E74"
                                      "52",
                                      1),
                     ==, 1);
    f->server->package = package->str;
    assert_works(f, CODE, START "; prepare; package " DP "; " LOAD "; " END);
    g_assert_cmpuint(f->session->pending_notifications, ==, 2);
    /* An error is told to the server alone. */
    f->world->load_ends_at = 4;
    g_free(world_take_calls(f->world));
    g_assert_false(download(f, CODE, NULL, NULL));
    g_assert_cmpuint(f->session->pending_notifications, ==, 2);
}

static void test_card_fails_at_segment(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->segment_fails_at = 5;
    f->world->segment_fault = EUICCD_ERROR_CARD_STATUS;
    assert_fails(f, EUICCD_ERROR_CARD_STATUS, "installing the profile: the answer of the fault",
                 START "; prepare; package " DP "; segment; segment; segment; segment; segment; "
                       "cancel 5; cancel " DP);
}

/* It worked, and only the answer got lost: the card's list has the result. */
static void test_lost_result(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->segment_fails_at = 6;
    f->world->segment_fault = EUICCD_ERROR_TIMEOUT;
    f->world->segment_works = TRUE;
    assert_works(f, CODE, START "; prepare; package " DP "; " LOAD "; cancel 5; " END);
    g_assert_cmpuint(f->report.installed, ==, 1);
}

/* The card says nothing at the end (es10.md 4.9). */
static void test_no_result(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->says_nothing = TRUE;
    assert_fails(f, EUICCD_ERROR_MALFORMED, "did not say what came of it",
                 START "; prepare; package " DP "; " LOAD "; cancel 5; cancel " DP);
}

static void test_immediate_enable(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->immediate_code = 0;
    assert_works(
        f, CODE,
        START
        "; prepare; package " DP "; " LOAD
        "; cause a 127; cause b 127; immediate-enable; cause a 5; cause b 5; reset; notify " DP
        "; remove 21");
    g_assert_true(f->report.enabled);
    g_assert_cmpuint(f->world->switches, ==, 1);
    g_assert_cmpuint(f->world->network_changes, ==, 1);
    g_assert_true(world_has_event(f->world, "profile switched after its download"));
}

/* ---- tries ---- */

static void test_tries(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->fault = "initiate";
    f->server->fault_code = EUICCD_ERROR_NETWORK;
    f->server->faults = 2;
    assert_works(f, CODE,
                 "info1; challenge; initiate " DP "; wait 10; info1; challenge; initiate " DP
                 "; wait 20; " START "; prepare; package " DP "; " LOAD "; " END);
    f->server->faults = 3;
    assert_fails(f, EUICCD_ERROR_NETWORK, "the answer",
                 "info1; challenge; initiate " DP "; wait 10; info1; challenge; initiate " DP
                 "; wait 20; info1; challenge; initiate " DP);
}

/* A server that is busy is asked again, when it says; one that has answered is not. */
static void test_statuses(void)
{
    static const struct {
        guint status, retry_after;
        const char *wait; /* NULL: that was all */
    } cases[] = {
        { 408, 0, "wait 10" }, { 429, 0, "wait 10" }, { 502, 5, "wait 10" }, { 503, 40, "wait 40" },
        { 504, 0, "wait 10" }, { 400, 0, NULL },      { 401, 0, NULL },      { 403, 0, NULL },
        { 404, 40, NULL },     { 500, 0, NULL },      { 501, 0, NULL },      { 302, 0, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f = { 0 };

        set_up(&f, NULL);
        f.server->fault = "authenticate";
        f.server->fault_code = EUICCD_ERROR_HTTP;
        f.server->faults = 1;
        f.server->status = cases[i].status;
        f.server->retry_after = cases[i].retry_after;
        g_test_message("%u", cases[i].status);
        if (cases[i].wait) {
            /* Not what CancelSession was answered. */
            g_autofree char *calls =
                g_strconcat(START "; cancel 1; cancel " DP "; ", cases[i].wait,
                            "; " START "; prepare; package " DP "; " LOAD "; " END, NULL);

            assert_works(&f, CODE, calls);
        } else {
            assert_fails(&f, EUICCD_ERROR_HTTP, "the answer", START "; cancel 1; cancel " DP);
        }
        tear_down(&f, NULL);
    }
}

/* Half-way: again only because the card has signed that nothing was installed. */
static void test_broken_transfer(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->fault = "package";
    f->server->fault_code = EUICCD_ERROR_NETWORK;
    f->server->faults = 1;
    f->server->breaks_after = 300;
    assert_works(f, CODE,
                 START "; prepare; package " DP
                       "; segment; segment; segment; segment; segment; cancel 1; cancel " DP
                       "; wait 10; " START "; prepare; package " DP "; " LOAD "; " END);
    g_assert_cmpuint(f->world->installed, ==, 1);
}

static void test_cancelled(Fixture *f, gconstpointer data)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    (void)data;
    f->session->cancellable = f->world->cancel_at_load = cancellable;
    f->world->cancel_at = "segment";
    assert_fails(f, EUICCD_ERROR_CANCELLED, "cancelled",
                 START "; prepare; package " DP "; segment; cancel 1; cancel " DP);
}

/* ---- SM-DS ---- */

static void test_events(Fixture *f, gconstpointer data)
{
    FakeServer *root = world_add_server(f->world, "a.b"),
               *other = world_add_server(f->world, "alt");
    g_autoptr(GError) error = NULL;

    (void)data;
    world_add_event(root, "EVENT-1", DP);
    world_add_event(root, "EVENT-2", "alt"); /* an SM-DS itself */
    world_add_event(other, "EVENT-3", DP);
    g_assert_true(download(f, "smds", NULL, &error));
    g_assert_no_error(error);
    g_assert_null(root->matching_id);
    g_assert_cmpstr(other->matching_id, ==, "EVENT-2");
    g_assert_cmpstr(f->server->matching_id, ==, "EVENT-3");
    g_assert_cmpuint(f->server->sessions, ==, 2);
    g_assert_cmpuint(f->report.installed, ==, 2);
    g_assert_cmpuint(f->server->notified->len, ==, 2);
    g_free(world_take_calls(f->world));
    /* A session with an SM-DS ends on the card alone: ES11 has no CancelSession (SGP.22 5.8). */
    root->fault = "authenticate";
    root->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    root->faults = 1;
    g_assert_false(download(f, "smds:a.b", NULL, NULL));
    world_assert_calls(f->world, "info1; challenge; initiate a.b; authenticate-server; "
                                 "authenticate a.b; cancel 127");
    /* One that fails holds up no other. */
    f->server->fault = "authenticate";
    f->server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    f->server->faults = 1;
    g_assert_false(download(f, "smds:a.b", NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
    g_assert_cmpuint(f->report.installed, ==, 1);
    g_clear_error(&error);
    g_ptr_array_set_size(root->events, 0);
    g_assert_false(download(f, "smds:a.b", NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *, gconstpointer);
    } tests[] = {
        { "direct", test_direct },
        { "no-token", test_no_token },
        { "default-smdp", test_default_smdp },
        { "address-case", test_address_case },
        { "right-oid", test_right_oid },
        { "ci-not-configured", test_ci_not_configured },
        { "card-refuses-server", test_card_refuses_server },
        { "card-refuses-offer", test_card_refuses_offer },
        { "other-metadata", test_other_metadata },
        { "other-offer", test_other_offer },
        { "binding-expired", test_binding_expired },
        { "confirmation-code", test_confirmation_code },
        { "server-refuses", test_server_refuses },
        { "secrets", test_secrets },
        { "early-result", test_early_result },
        { "broken-package", test_broken_package },
        { "receivers", test_receivers },
        { "card-fails", test_card_fails_at_segment },
        { "lost-result", test_lost_result },
        { "no-result", test_no_result },
        { "immediate-enable", test_immediate_enable },
        { "tries", test_tries },
        { "broken-transfer", test_broken_transfer },
        { "cancelled", test_cancelled },
        { "events", test_events },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/ipa/download/", tests[i].path, NULL);

        g_test_add(path, Fixture, NULL, set_up, tests[i].run, tear_down);
    }
    g_test_add_func("/ipa/download/authentication-checks", test_authentication_checks);
    g_test_add_func("/ipa/download/rules", test_rules);
    g_test_add_func("/ipa/download/statuses", test_statuses);
    return g_test_run();
}
