/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profile downloads that an eIM orders, directly and through it, and their deaths: SGP.32 3.2.3. */
#include "ipa-download.h"
#include "rsp/names.h"

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
    /* A server that repeats what it was sent is quoted without it (invariant 10). */
    server->fault = "cancel";
    server->fault_code = EUICCD_ERROR_SERVER_REFUSED;
    server->faults = 1;
    server->says = "no TOKEN-1";
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
    *cancelled += world_has_event(world, "download cancelled, but no [secret]");
    g_assert_false(world_has_event(world, "TOKEN-1"));
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
    g_test_add_func("/ipa/download/trigger-failures", test_trigger_failures);
    g_test_add_func("/ipa/download/indirect-refusals", test_indirect_refusals);
    g_test_add_func("/ipa/download/order-text", test_order_text);
    g_test_add_data_func("/ipa/download/crash/direct", GINT_TO_POINTER(FALSE), test_crash);
    g_test_add_data_func("/ipa/download/crash/indirect", GINT_TO_POINTER(TRUE), test_crash);
    return g_test_run();
}
