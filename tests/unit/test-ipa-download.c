/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profile downloads: SGP.32 3.2.3, SGP.22 3.1, 3.6, as far as the IPA decides. */
#include <string.h>

#include "ipa-world.h"
#include "rsp/names.h"

#define DP    "dp.example.com"
#define CODE  "1$" DP "$TOKEN-1"
#define START "info1; challenge; initiate " DP "; authenticate-server; authenticate " DP
#define LOAD  "segment; segment; segment; segment; segment; segment"
#define END   "cause a 127; cause b 127; immediate-enable; notify " DP "; remove 21"

/* BF54 with CODE, with the same and the flag for a confirmation code, and with nothing, in the transaction of the first package of "a". */
#define TRIGGER_CODE "BF5420A01A8018312464702E6578616D706C652E636F6D24544F4B454E2D3182026101"
#define TRIGGER_CONFIRMED                                                                          \
    "BF5423A01D801B312464702E6578616D706C652E636F6D24544F4B454E2D3124243182026101"
#define TRIGGER_SMDS "BF5408A002A20082026101"
#define TRIGGER_NONE "BF540482026101"

/* ---- local callers ---- */

typedef struct {
    World *world;
    IpaSession *session;
    FakeServer *server;
    IpaDownloadReport report;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world = world_new();
    f->server = world_add_server(f->world, DP);
    f->session = world_start(f->world, NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    ipa_download_report_clear(&f->report);
    ipa_session_free(f->session);
    world_free(f->world);
}

static gboolean download(Fixture *f, const char *code, const char *confirmation, GError **error)
{
    g_autoptr(IpaDownloadOrder) order = ipa_download_order_parse(code, error);

    if (!order)
        return FALSE;
    order->confirmation_code = g_strdup(confirmation);
    ipa_download_report_clear(&f->report);
    return ipa_download(f->session, order, &f->report, error);
}

static void assert_works(Fixture *f, const char *code, const char *calls)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(download(f, code, NULL, &error));
    g_assert_no_error(error);
    world_assert_calls(f->world, calls);
}

static void assert_fails(Fixture *f, EuiccdError code, const char *text, const char *calls)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(download(f, CODE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    if (!strstr(error->message, text))
        g_error("\"%s\" lacks \"%s\"", error->message, text);
    world_assert_calls(f->world, calls);
}

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

/* The card makes one more notification for each receiver of installations in the metadata: it is known to be there. */
static void test_install_notification(Fixture *f, gconstpointer data)
{
    (void)data;
    f->server->metadata = "BF25385A0A980010103254769810F2910B4578616D706C65204D4E4F9205496F542031"
                          "B616301480020780810E64702E6578616D706C652E636F6D";
    assert_works(f, CODE, START "; prepare; package " DP "; " LOAD "; " END);
    g_assert_cmpuint(f->session->pending_notifications, ==, 1);
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

/* ---- an eIM's order ---- */

static GBytes *taken(Fixture *f, guint n)
{
    FakeEim *eim = world_eim(f->world, "a");

    g_assert_cmpuint(eim->taken->len, >, n);
    return eim->taken->pdata[n];
}

static void test_trigger(Fixture *f, gconstpointer data)
{
    g_autofree char *hex = NULL;

    (void)data;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    world_assert_poll_ok(f->session, "a", 1);
    world_assert_calls(f->world,
                       "get a; save 1 executing; info1; challenge; initiate " DP
                       "; authenticate-server; save 1 executing; authenticate " DP
                       "; prepare; package " DP "; save 1 executing; " LOAD
                       "; immediate-enable; save 1 executed; provide a other; drop 1; notify " DP
                       "; remove 21; get a");
    hex = bytes_gbytes_to_hex(taken(f, 0));
    g_assert_true(g_str_has_prefix(hex, "BF54"));
    g_assert_nonnull(strstr(hex, "82026101BF37"));
    g_assert_cmpuint(f->world->disk->len, ==, 0);
}

/* The same for an eIM that looks for the result in HandleNotification (I-14), which has no acknowledgement. */
static void test_trigger_notified(Fixture *f, gconstpointer data)
{
    g_autofree char *hex = NULL;

    (void)data;
    f->world->notify_trigger_result = TRUE;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    world_assert_poll_ok(f->session, "a", 1);
    world_assert_calls(f->world,
                       "get a; save 1 executing; info1; challenge; initiate " DP
                       "; authenticate-server; save 1 executing; authenticate " DP
                       "; prepare; package " DP "; save 1 executing; " LOAD
                       "; immediate-enable; save 1 executed; notify result; provide a other; "
                       "drop 1; notify " DP "; remove 21; get a");
    hex = bytes_gbytes_to_hex(taken(f, 0));
    g_assert_true(g_str_has_prefix(hex, "BF54"));
    g_assert_cmpuint(f->world->disk->len, ==, 0);
}

/* Whatever fails, the eIM is told (procedures 5.6). */
static void test_trigger_failures(void)
{
    static const struct {
        const char *fault;
        EuiccdError code;
        gint64 card; /* what AuthenticateServer refuses with */
        const char *answer;
    } cases[] = {
        { "initiate", EUICCD_ERROR_TLS, 0, "BF540982026101300380017F" },
        { "authenticate", EUICCD_ERROR_SERVER_REFUSED, 0, "BF540982026101300380017F" },
        { "package", EUICCD_ERROR_SERVER_REFUSED, 0, "BF540982026101300380017F" },
        { "", EUICCD_ERROR_FAILED, 2, "BF541682026101301080017F040BBF3808A10680019902010A" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *hex = NULL;
        Fixture f = { 0 };

        set_up(&f, NULL);
        f.server->fault = cases[i].fault;
        f.server->fault_code = cases[i].code;
        f.server->faults = G_MAXUINT;
        f.world->authenticate_code = cases[i].card;
        world_add_package(f.world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
        world_assert_poll_ok(f.session, "a", 1);
        hex = bytes_gbytes_to_hex(taken(&f, 0));
        g_assert_cmpstr(hex, ==, cases[i].answer);
        g_assert_cmpuint(f.world->disk->len, ==, 0);
        tear_down(&f, NULL);
    }
}

/* ---- through the eIM ---- */

#define INDIRECT                                                                                   \
    "get a; save 1 executing; info1; challenge; initiate a; authenticate-server; save 1 "          \
    "executing; "                                                                                  \
    "authenticate a; prepare; package a; save 1 executing; " LOAD "; immediate-enable; "           \
    "save 1 executed; notify a; save 1 delivered; remove 21; drop 1; get a"

static void test_indirect(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->policy.path = IPA_PATH_INDIRECT;
    f->world->relayed = f->server;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    world_assert_poll_ok(f->session, "a", 1);
    world_assert_calls(f->world, INDIRECT);
    g_assert_cmpstr(f->server->asked_address, ==, DP);
    g_assert_cmpuint(world_eim(f->world, "a")->taken->len, ==, 0); /* no trigger result besides */
    g_assert_cmpuint(f->session->pending_notifications, ==, 0);
    g_assert_cmpuint(f->world->pending->len, ==, 0);
}

/* The eIM may have the confirmation code that its order wants; without it nobody is asked. */
static void test_code_of_eim(Fixture *f, gconstpointer data)
{
    g_autofree char *calls = NULL;

    (void)data;
    f->world->relayed = f->server;
    for (guint i = 0; i < 2; i++) {
        f->world->policy.path = i == 0 ? IPA_PATH_DIRECT : IPA_PATH_INDIRECT;
        world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CONFIRMED);
        world_assert_poll_ok(f->session, "a", 1);
        g_assert_cmpuint(f->server->sessions, ==, i);
    }
    calls = world_take_calls(f->world);
    g_assert_nonnull(strstr(calls, "get a; save 1 executing; save 1 executed; provide a other"));
}

/* I-17: with eimDownloadDataHandling the address is not sent, and a trigger needs no data. */
static void test_data_handling(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->policy.path = IPA_PATH_INDIRECT;
    f->world->policy.eim_data_handling = TRUE;
    f->world->relayed = f->server;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_NONE);
    world_assert_poll_ok(f->session, "a", 1);
    world_assert_calls(f->world, INDIRECT);
    g_assert_null(f->server->asked_address);
}

/* SGP.32 3.2.3.2 with an SM-DS: the eIM turns the event into another trigger. */
static void test_indirect_smds(Fixture *f, gconstpointer data)
{
    g_autofree char *hex = NULL;

    (void)data;
    f->world->policy.path = IPA_PATH_INDIRECT;
    f->world->relayed = f->server;
    g_free(f->server->address);
    f->server->address = g_strdup("a.b"); /* the card's root SM-DS, asked first */
    f->server->trigger = "";
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_SMDS);
    world_assert_poll_ok(f->session, "a", 1);
    hex = bytes_gbytes_to_hex(taken(f, 0));
    g_assert_cmpstr(hex, ==, "BF540982026101300380017F"); /* no event */
    g_assert_cmpuint(f->world->installed, ==, 0);
    f->server->trigger = "BF540AA008800631"
                         "24612E6224"; /* "1$a.b$" */
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_SMDS);
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(f->world->installed, ==, 1);
    g_assert_cmpuint(f->server->sessions, ==, 3);
    g_assert_cmpuint(f->server->notified->len, ==, 1);
}

/* What the second trigger says counts for what it leads to: its transaction, and the flag for a confirmation code. */
static void test_second_trigger(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world->policy.path = IPA_PATH_INDIRECT;
    f->world->policy.confirmation_code = "4711";
    f->world->relayed = f->server;
    g_free(f->server->address);
    f->server->address = g_strdup("a.b");
    f->server->trigger = "BF5411A00B8009312461"
                         "2E6224242431"
                         "82026202"; /* "1$a.b$$$1" */
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_SMDS);
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(f->world->installed, ==, 1);
    g_assert_cmpuint(f->server->asked_transaction, ==, 0x02);
    g_assert_true(f->world->had_hash_cc);
}

/* IpaCapabilities as an eIM is told them (SGP.32 4.1). */
static void test_features(Fixture *f, gconstpointer data)
{
    enum {
        CAN_DIRECT = 1 << RSP_IPA_FEATURES_DIRECT_RSP_SERVER_COMMUNICATION,
        CAN_INDIRECT = 1 << RSP_IPA_FEATURES_INDIRECT_RSP_SERVER_COMMUNICATION,
        CAN_DATA = 1 << RSP_IPA_FEATURES_EIM_DOWNLOAD_DATA_HANDLING,
        CAN_PARAMS = 1 << RSP_IPA_FEATURES_EIM_CTX_PARAMS1_GENERATION,
        CAN_METADATA = 1 << RSP_IPA_FEATURES_EIM_PROFILE_METADATA_VERIFICATION,
    };
    const struct {
        IpaDownloadPath path;
        gboolean v1_0;
        guint features;
    } cases[] = {
        { IPA_PATH_AUTO, FALSE, CAN_DIRECT | CAN_INDIRECT },
        { IPA_PATH_DIRECT, FALSE, CAN_DIRECT },
        { IPA_PATH_INDIRECT, FALSE, CAN_INDIRECT | CAN_DATA | CAN_PARAMS | CAN_METADATA },
        { IPA_PATH_INDIRECT, TRUE, CAN_INDIRECT }, /* I-17 */
    };
    IpaDownloadPolicy *policy = &f->world->policy;

    (void)data;
    policy->eim_data_handling = policy->eim_ctx_params1 = policy->eim_metadata_verification = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        policy->path = cases[i].path;
        world_eim(f->world, "a")->dialect = cases[i].v1_0 ? ESIPA_DIALECT_V1_0 : ESIPA_DIALECT_V1_2;
        g_assert_cmpuint(
            ipa_download_get_features(f->session, ipa_session_find_eim(f->session, "a")), ==,
            cases[i].features);
    }
    policy->allowed = FALSE;
    g_assert_cmpuint(ipa_download_get_features(f->session, f->session->eims->pdata[0]), ==, 0);
}

/* SGP.32 3.2.3.2: the eIM's own checks, with the reasons that belong to them. */
static void test_indirect_refusals(void)
{
    static const struct {
        const char *fault;
        gint64 code;
        const char *cancelled;
    } cases[] = {
        { "authenticate", 50, "cancel 3; cancel a" },
        { "authenticate", 8, "cancel 127; cancel a" },
        { "package", 50, "cancel 4; cancel a" },
        { "package", 2, "cancel 1; cancel a" },
        { "package", 3, "cancel 1; cancel a" },
        { "package", 4, "cancel 127; cancel a" },
        { "authenticate", 10, "cancel 1; cancel a" },
        { "package", 95, "cancel 1; cancel a" },
        { "authenticate", 95, "cancel 127; cancel a" },
        { "package", 10, "cancel 127; cancel a" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *calls = NULL;
        Fixture f = { 0 };

        set_up(&f, NULL);
        f.world->policy.path = IPA_PATH_INDIRECT;
        f.world->relayed = f.server;
        f.server->fault = cases[i].fault;
        f.server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
        f.server->code = cases[i].code;
        f.server->faults = 1;
        world_add_package(f.world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
        world_assert_poll_ok(f.session, "a", 1);
        calls = world_take_calls(f.world);
        if (!strstr(calls, cases[i].cancelled))
            g_error("row %u: %s", i, calls);
        tear_down(&f, NULL);
    }
}

/* The eIM keeps the metadata: only where that was left to it. */
static void test_no_metadata(Fixture *f, gconstpointer data)
{
    g_autofree char *calls = NULL;

    (void)data;
    f->world->policy.path = IPA_PATH_INDIRECT;
    f->world->relayed = f->server;
    f->server->metadata = NULL;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    world_assert_poll_ok(f->session, "a", 1);
    calls = world_take_calls(f->world);
    g_assert_nonnull(strstr(calls, "authenticate a; cancel 127; cancel a; save 1 executed"));
    f->world->policy.eim_metadata_verification = TRUE;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    world_assert_poll_ok(f->session, "a", 1);
    g_assert_cmpuint(f->world->installed, ==, 1);
}

/* ---- after a crash ---- */

/* Dies at call AT of a download, before or after its effect. RESET: the card was reset with the rest; where not, it still
 * has the session. FALSE: the download has no such call. */
static gboolean crash_at(guint at, gboolean die_after, gboolean indirect, gboolean reset,
                         guint *cancelled)
{
    g_autoptr(World) world = world_new();
    FakeServer *server = world_add_server(world, DP);
    gboolean died;
    guint lives = 0;

    world->policy.path = indirect ? IPA_PATH_INDIRECT : IPA_PATH_DIRECT;
    world->relayed = indirect ? server : NULL;
    world_add_package(world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    (void)world_notify(world, DP); /* one that is not lost sight of meanwhile */
    world->die_at = at;
    world->die_after = die_after;
    do {
        g_autoptr(IpaSession) session = world_boot(world, NULL);

        if (session && world_poll(session, "a", NULL, NULL))
            (void)ipa_notifications_deliver(session, NULL, NULL);
        died = world->dead;
        if (reset)
            g_clear_pointer(&world->session, g_bytes_unref);
    } while (died && ++lives < 5);
    g_test_message("died at %u", at);
    g_assert_false(died);
    g_assert_cmpuint(world->installed, ==, 1);
    g_assert_cmpuint(world->disk->len, ==, 0);
    g_assert_cmpuint(world->pending->len, ==, 0);
    g_assert_cmpuint(server->notified->len, >=, 1);
    g_assert_nonnull(world_answer_of(world, 0));
    *cancelled += world_has_event(world, "session of an interrupted download cancelled");
    return world->step >= at;
}

/* Dies at every single call. Whatever happened, the profile is there once and reported, or the download is done again;
 * never twice, and nothing is left owed. */
static void test_crash(gconstpointer data)
{
    for (guint variant = 0; variant < 4; variant++) {
        gboolean reset = variant >> 1;
        guint at = 1, cancelled = 0;

        while (crash_at(at, variant & 1, GPOINTER_TO_INT(data), reset, &cancelled))
            at++;
        g_assert_cmpint(cancelled > 0, ==, !reset);
    }
}

/* The tries of one order are counted across restarts. */
static void test_crash_limit(Fixture *f, gconstpointer data)
{
    (void)data;
    world_add_package(f->world, "a", ESIPA_PACKAGE_DOWNLOAD_TRIGGER, TRIGGER_CODE);
    f->world->policy.tries = 2;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(IpaSession) session = NULL;

        f->world->step = 0;
        f->world->die_at = 0;
        session = world_boot(f->world, NULL);
        g_assert_nonnull(session);
        f->server->fault = "authenticate";
        f->server->fault_code = EUICCD_ERROR_MODEM_GONE;
        f->server->faults = 1;
        g_assert_false(world_poll(session, "a", NULL, NULL));
    }
    {
        g_autoptr(IpaSession) session = world_boot(f->world, NULL);

        g_assert_nonnull(session);
        world_assert_poll_ok(session, "a", 0);
        g_assert_cmpuint(f->server->sessions, ==, 0);
        g_assert_true(world_has_event(f->world, "given up"));
        g_assert_cmpuint(f->world->disk->len, ==, 0);
    }
}

/* ---- orders ---- */

static void test_order_text(void)
{
    static const char *const codes[] = {
        "",          "smds",          "smds:ds.example.com:444", CODE,
        "1$" DP "$", CODE "$2.999.1", CODE "$2.999.1$1",         CODE "$$1"
    };
    static const char *const bad[] = { "x", "smds:", "smds:a b", "1$", "LPA:" };
    static const char *const bad_text[] = { "",
                                            "code =no - -",
                                            "what =no - -",
                                            "smds =no =a%20b -",
                                            "smds =no - - -",
                                            "code =no - =x",
                                            "default =no - x" };

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(IpaDownloadOrder) order = ipa_download_order_parse(codes[i], NULL);
        g_autoptr(IpaDownloadOrder) again = NULL;
        g_autofree char *text = NULL, *text_again = NULL;

        g_assert_nonnull(order);
        order->confirmation_code = g_strdup(i % 2 ? "a b=%-\n\xC3\xA9" : NULL);
        order->consent = i % 3 == 0;
        text = ipa_download_order_to_text(order);
        g_assert_null(strchr(text, '\n'));
        again = ipa_download_order_from_text(text);
        g_assert_nonnull(again);
        text_again = ipa_download_order_to_text(again);
        g_assert_cmpstr(text, ==, text_again);
        g_assert_cmpstr(order->confirmation_code, ==, again->confirmation_code);
        g_assert_cmpint(order->consent, ==, again->consent);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(ipa_download_order_parse(bad[i], NULL));
    for (guint i = 0; i < G_N_ELEMENTS(bad_text); i++)
        g_assert_null(ipa_download_order_from_text(bad_text[i]));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *, gconstpointer);
    } tests[] = {
        { "direct", test_direct },
        { "install-notification", test_install_notification },
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
        { "trigger", test_trigger },
        { "IPAD-DIR-60N/trigger-notified", test_trigger_notified },
        { "indirect", test_indirect },
        { "code-of-eim", test_code_of_eim },
        { "data-handling", test_data_handling },
        { "no-metadata", test_no_metadata },
        { "indirect-smds", test_indirect_smds },
        { "second-trigger", test_second_trigger },
        { "features", test_features },
        { "crash-limit", test_crash_limit },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/ipa/download/", tests[i].path, NULL);

        g_test_add(path, Fixture, NULL, set_up, tests[i].run, tear_down);
    }
    g_test_add_func("/ipa/download/authentication-checks", test_authentication_checks);
    g_test_add_func("/ipa/download/rules", test_rules);
    g_test_add_func("/ipa/download/unknown-transaction", test_unknown_transaction);
    g_test_add_func("/ipa/download/statuses", test_statuses);
    g_test_add_func("/ipa/download/trigger-failures", test_trigger_failures);
    g_test_add_func("/ipa/download/indirect-refusals", test_indirect_refusals);
    g_test_add_func("/ipa/download/order-text", test_order_text);
    g_test_add_data_func("/ipa/download/crash/direct", GINT_TO_POINTER(FALSE), test_crash);
    g_test_add_data_func("/ipa/download/crash/indirect", GINT_TO_POINTER(TRUE), test_crash);
    return g_test_run();
}
