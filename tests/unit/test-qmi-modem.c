/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "channel/qmi_private.h"
#include "channel/uim.h"
#include "unit/qmi_rig.h"
#include "util/bytes.h"
#include "util/error.h"

/* The modem as a thing: its name, restart, slots, ways to it, and what is noted for reports. */

/* DMS, whose numbers differ from those that are asked of UIM. */
#define GET_MANUFACTURER   0x0021
#define GET_MODEL          0x0022
#define GET_REVISION       0x0023
#define SET_OPERATING_MODE 0x002E

/* What was asked, with what is still under way: nobody waits for a release. */
static void assert_asked(Rig *rig, const char *expected)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    rig_assert_history(rig, expected);
}

/* ---- identity ---- */

static void test_identity(void)
{
    g_auto(BackendIdentity) identity = { 0 };
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, GET_MANUFACTURER, 0, "0104005175656300");
    fake_uim_answer(rig.fake, GET_MODEL, 0, "010700204547FF0D0A32");
    fake_uim_answer(rig.fake, GET_REVISION, 3, "");
    g_assert_true(backend_get_identity(rig.backend, LATE, NULL, &identity, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(identity.manufacturer, ==, "Quec");
    g_assert_cmpstr(identity.model, ==, "EG\xEF\xBF\xBD  2");
    g_assert_cmpstr(identity.revision, ==, "");
    assert_asked(&rig, "alloc:2 manufacturer model revision release:2");
    rig_stop(&rig);
}

static void test_identity_fails(void)
{
    BackendIdentity identity = { 0 };
    g_autoptr(GError) none = NULL, late = NULL, service = NULL;
    g_autofree char *imei = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, GET_MANUFACTURER, 94, "");
    fake_uim_answer(rig.fake, GET_MODEL, 71, "");
    fake_uim_answer(rig.fake, GET_REVISION, 94, "");
    g_assert_false(backend_get_identity(rig.backend, LATE, NULL, &identity, &none));
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_null(identity.model);
    /* Silence on this is no sign that the modem hangs. */
    for (guint i = 0; i < 6; i++) {
        g_clear_error(&late);
        fake_uim_hold(rig.fake, GET_MANUFACTURER);
        rig_let_pass(&rig, GET_MANUFACTURER, UNTIL_SOON);
        g_assert_false(backend_get_identity(rig.backend, SOON, NULL, &identity, &late));
        g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    }
    g_assert_cmpstr(rig.events->str, ==, "");
    /* No such service. */
    fake_uim_fail_allocation(rig.fake, QMI_PROTOCOL_ERROR_INVALID_SERVICE_TYPE);
    g_assert_false(backend_get_identity(rig.backend, LATE, NULL, &identity, &service));
    g_assert_error(service, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    rig_stop(&rig);
}

/* ---- restart ---- */

static void test_reset_modem(void)
{
    g_autoptr(GError) error = NULL, refused = NULL, unknown = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    g_assert_true(backend_reset_modem(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    /* "reset", and no other mode. */
    assert_asked(&rig, "alloc:2 mode:4 release:2");
    fake_uim_answer(rig.fake, SET_OPERATING_MODE, 60, "");
    g_assert_false(backend_reset_modem(rig.backend, LATE, NULL, &refused));
    g_assert_error(refused, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_nonnull(strstr(refused->message, "(60)"));
    assert_asked(&rig, "alloc:2 mode:4 release:2");
    fake_uim_answer(rig.fake, SET_OPERATING_MODE, 94, "");
    g_assert_false(backend_reset_modem(rig.backend, LATE, NULL, &unknown));
    g_assert_error(unknown, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    /* It goes before it answers: so it took the order. */
    fake_uim_hang_up_on(rig.fake, SET_OPERATING_MODE);
    g_assert_true(backend_reset_modem(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    rig_stop(&rig);
}

/* ---- slots ---- */

/* Two physical slots: PRESENT and LOGICAL of each. */
#define SLOT(present, logical)                                                                     \
    "0" present "000000"                                                                           \
    "0" logical "000000"                                                                           \
    "0" logical "00"
#define SLOTS(one, two)                                                                            \
    "101500"                                                                                       \
    "02" one two
#define FIRST_ACTIVE  SLOTS(SLOT("2", "1"), SLOT("2", "0"))
#define SECOND_ACTIVE SLOTS(SLOT("2", "0"), SLOT("2", "1"))
#define SECOND_EMPTY  SLOTS(SLOT("2", "1"), SLOT("1", "0"))

static void start_slots(Rig *rig, guint wanted, const Quirks *quirks)
{
    rig_start_full(rig, wanted, (BackendOptions){ .quirks = quirks });
    fake_uim_answer(rig->fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
    rig_open(rig);
}

/* Somebody else makes our slot the active one, or another one: both are told. */
static void test_slot_news(void)
{
    Rig rig;

    start_slots(&rig, 2, NULL);
    g_assert_cmpstr(rig.events->str, ==, "");
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, SECOND_ACTIVE);
    while (!g_str_equal(rig.events->str, "ready "))
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(rig.backend->inactive);
    fake_uim_indicate(rig.fake, UIM_SLOT_STATUS, FIRST_ACTIVE);
    while (!g_str_equal(rig.events->str, "ready gone "))
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(rig.backend->inactive);
    rig_stop(&rig);
}

static void test_switch_slot(void)
{
    for (guint wanted = 0; wanted <= 2; wanted += 2) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        start_slots(&rig, wanted, NULL);
        g_assert_cmpint(rig.backend->inactive, ==, wanted == 2);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
        /* For a while it goes on with the state of before, and with errors. */
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
        rig_let_pass(&rig, UIM_GET_CARD_STATUS, 0);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 3, "");
        fake_uim_answer(rig.fake, UIM_GET_CARD_STATUS, 0, FAKE_UIM_CARD_STARTING);
        fake_uim_indicate_after(rig.fake, UIM_GET_CARD_STATUS, UIM_SLOT_STATUS, SECOND_ACTIVE);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, SECOND_ACTIVE);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, SECOND_ACTIVE);
        fake_uim_indicate_after(rig.fake, UIM_GET_CARD_STATUS, UIM_CARD_STATUS,
                                FAKE_UIM_CARD_READY);
        g_assert_true(backend_switch_slot(rig.backend, 2, LATE, NULL, &error));
        g_assert_no_error(error);
        g_assert_false(rig.backend->inactive);
        /* The card of another slot is not ours, whatever its state. */
        g_assert_cmpstr(rig.events->str, ==, wanted ? "ready " : "gone ready ");
        {
            g_autofree char *history = fake_uim_take_history(rig.fake);

            g_assert_true(g_str_has_prefix(history, "slots switch:1:2 slots card"));
        }
        g_assert_true(rig_open_channel(&rig, LATE, &error));
        rig_stop(&rig);
    }
}

/* Nothing is written where the slot is the active one already. */
static void test_switch_not_needed(void)
{
    const Quirks quirks = { .keep_slots = QUIRK_YES };
    g_autoptr(GError) error = NULL, kept = NULL;
    Rig rig;

    start_slots(&rig, 0, &quirks);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
    g_assert_true(backend_switch_slot(rig.backend, 1, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "slots slots card");
    g_assert_cmpstr(rig.events->str, ==, "");
    /* And never on such a modem. */
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
    g_assert_false(backend_switch_slot(rig.backend, 2, LATE, NULL, &kept));
    g_assert_error(kept, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    rig_assert_history(&rig, "slots");
    rig_stop(&rig);
}

static void test_switch_refused(void)
{
    static const struct {
        const char *slots;
        guint answers[2]; /* QMI errors */
        guint n;
        guint physical;
        EuiccdError error; /* FAILED: none */
        const char *history;
    } cases[] = {
        { SECOND_EMPTY, { 0 }, 0, 2, EUICCD_ERROR_CARD_ABSENT, "slots" },
        { FIRST_ACTIVE, { 0 }, 0, 3, EUICCD_ERROR_NOT_SUPPORTED, "slots" },
        { NULL, { 0 }, 0, 2, EUICCD_ERROR_NOT_SUPPORTED, "slots" },
        { FIRST_ACTIVE, { 94 }, 1, 2, EUICCD_ERROR_NOT_SUPPORTED, "slots switch:1:2" },
        { FIRST_ACTIVE, { 82 }, 1, 2, EUICCD_ERROR_NOT_SUPPORTED, "slots switch:1:2" },
        { FIRST_ACTIVE, { 3, 3 }, 2, 2, EUICCD_ERROR_MODEM, "slots switch:1:2 switch:1:2" },
        /* A switch back may be refused once; "no effect" is that it is done. */
        { FIRST_ACTIVE,
          { 3, 26 },
          2,
          2,
          EUICCD_ERROR_FAILED,
          "slots switch:1:2 switch:1:2 slots card" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gboolean fails = cases[i].error != EUICCD_ERROR_FAILED;
        Rig rig;

        start_slots(&rig, 0, NULL);
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, cases[i].slots ? 0 : 94,
                        cases[i].slots ? cases[i].slots : "");
        fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, SECOND_ACTIVE);
        for (guint k = 0; k < cases[i].n; k++)
            fake_uim_answer(rig.fake, UIM_SWITCH_SLOT, (guint16)cases[i].answers[k], "");
        g_assert_cmpint(backend_switch_slot(rig.backend, cases[i].physical, LATE, NULL, &error), !=,
                        fails);
        if (fails)
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].error);
        rig_assert_history(&rig, cases[i].history);
        rig_stop(&rig);
    }
}

static void test_switch_never_ready(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    start_slots(&rig, 0, NULL);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
    fake_uim_answer(rig.fake, UIM_GET_SLOT_STATUS, 0, FIRST_ACTIVE);
    rig_let_pass(&rig, UIM_GET_CARD_STATUS, UNTIL_SOON);
    g_assert_false(backend_switch_slot(rig.backend, 2, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY);
    rig_stop(&rig);
}

/* ---- who fetches a response ---- */

static void test_may_refresh(void)
{
    static const struct {
        QuirkSwitch quirk;
        gboolean configured, may_refresh;
        guint procedure;
    } cases[] = {
        { QUIRK_UNSET, FALSE, FALSE, 0 }, { QUIRK_UNSET, FALSE, TRUE, 1 },
        { QUIRK_UNSET, TRUE, FALSE, 1 },  { QUIRK_NO, FALSE, TRUE, 0 },
        { QUIRK_NO, TRUE, TRUE, 0 },      { QUIRK_YES, FALSE, FALSE, 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Quirks quirks = { .modem_fetches = cases[i].quirk };
        g_autofree char *response = NULL;
        Rig rig;

        rig_start_full(&rig, 0,
                       (BackendOptions){ .modem_fetches = cases[i].configured, .quirks = &quirks });
        rig_open(&rig);
        rig.backend->may_refresh = cases[i].may_refresh;
        response = rig_transmit(&rig, LATE, NULL, NULL);
        g_assert_cmpstr(response, ==, "9000");
        g_assert_cmpuint(fake_uim_get_procedure(rig.fake), ==, cases[i].procedure);
        rig_stop(&rig);
    }
}

/* ---- the record ---- */

static void assert_step(const GPtrArray *steps, guint at, gboolean ok, const char *step,
                        const char *answer)
{
    const ProbeStep *s;

    g_assert_cmpuint(at, <, steps->len);
    s = steps->pdata[at];
    g_assert_cmpstr(s->step, ==, step);
    g_assert_cmpint(s->ok, ==, ok);
    if (!strstr(s->answer, answer))
        g_test_message("%s", s->answer);
    g_assert_nonnull(strstr(s->answer, answer));
}

static void test_probe(void)
{
    g_autoptr(Probe) probe = probe_new();
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GError) denied = NULL;
    g_autofree char *response = NULL, *none = NULL;
    Rig rig;

    rig_start_full(&rig, 0, (BackendOptions){ .probe = probe });
    rig_open(&rig);
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 82, "1102006A82");
    g_assert_false(rig_open_channel(&rig, LATE, NULL));
    fake_uim_answer(rig.fake, UIM_OPEN_LOGICAL_CHANNEL, 82, "");
    g_assert_false(rig_open_channel(&rig, LATE, &denied));
    g_assert_error(denied, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_nonnull(strstr(denied->message, "its firmware forbids access to the eUICC"));
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    response = rig_transmit(&rig, LATE, NULL, NULL); /* what goes well is not noted */
    fake_uim_answer(rig.fake, UIM_SEND_APDU, 3, "");
    none = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_null(none);
    steps = probe_list(probe);
    assert_step(steps, 0, TRUE, "open port through qmi-proxy", "/nonexistent/cdc-wdm7");
    assert_step(steps, 1, TRUE, "allocate UIM client", "client id");
    assert_step(steps, 2, TRUE, "UIM Reset (0000)", "success: 01");
    assert_step(steps, 3, TRUE, "UIM Register Events (002E)", "success: 01");
    assert_step(steps, 4, TRUE, "UIM Get Slot Status (0047)", FAKE_UIM_EID);
    assert_step(steps, 5, TRUE, "UIM Get Card Status (002F)", "success: 01");
    assert_step(steps, 6, FALSE, "UIM Open Logical Channel (0042)", "6A82");
    assert_step(steps, 7, FALSE, "UIM Open Logical Channel (0042)", "(82): 01");
    assert_step(steps, 8, TRUE, "UIM Open Logical Channel (0042)", "success: 01");
    assert_step(steps, 9, FALSE, "UIM Send APDU (003B)", "(3): 01");
    g_assert_cmpuint(steps->len, ==, 10);
    rig_stop(&rig);
}

static void test_probe_failure(void)
{
    g_autoptr(Probe) probe = probe_new();
    g_autoptr(GPtrArray) steps = NULL;
    Rig rig;

    rig_start_full(&rig, 0, (BackendOptions){ .probe = probe });
    fake_uim_fail_allocation(rig.fake, QMI_PROTOCOL_ERROR_CLIENT_IDS_EXHAUSTED);
    g_assert_false(backend_open(rig.backend, LATE, NULL, NULL));
    steps = probe_list(probe);
    assert_step(steps, 0, TRUE, "open port through qmi-proxy", "/nonexistent/cdc-wdm7");
    assert_step(steps, 1, FALSE, "allocate UIM client", "ClientIdsExhausted");
    rig_stop(&rig);
}

/* ---- QRTR: what can be seen without the kernel's help ---- */

static void test_qrtr_path(void)
{
    static const struct {
        const char *path;
        gboolean valid;
        guint32 node;
    } cases[] = {
        { "qrtr://0", TRUE, 0 },
        { "qrtr://3", TRUE, 3 },
        { "qrtr://4294967295", TRUE, 4294967295u },
        { "qrtr://4294967296", FALSE, 0 },
        { "qrtr://", FALSE, 0 },
        { "qrtr://x", FALSE, 0 },
        { "qrtr://-1", FALSE, 0 },
        { "qrtr:3", FALSE, 0 },
        { "/dev/cdc-wdm0", FALSE, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint32 node = 77;

        g_assert_cmpint(qmi_backend_parse_qrtr(cases[i].path, &node), ==, cases[i].valid);
        g_assert_cmpuint(node, ==, cases[i].valid ? cases[i].node : 77);
    }
}

static void test_qrtr_open(void)
{
    Backend *backend = backend_qmi_new("qrtr://4294967290", 0);
    g_autoptr(GError) error = NULL, bad = NULL;

    g_assert_cmpstr(backend->name, ==, "qrtr4294967290");
    g_assert_false(backend_open(backend, LATE, NULL, &error));
    /* Without QRTR in kernel or build, or with it and without the node. */
    g_assert_true(euiccd_error_is(error, EUICCD_ERROR_NOT_SUPPORTED) ||
                  euiccd_error_is(error, EUICCD_ERROR_MODEM_GONE));
    g_assert_true(g_str_has_prefix(error->message, "qrtr4294967290: open port: "));
    backend_free(backend);
    backend = backend_qmi_new("qrtr://x", 0);
    g_assert_false(backend_open(backend, LATE, NULL, &bad));
    g_assert_error(bad, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
    backend_free(backend);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that udev does not know: both belong to these tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/qmi-modem/identity", test_identity);
    g_test_add_func("/qmi-modem/identity/fails", test_identity_fails);
    g_test_add_func("/qmi-modem/reset", test_reset_modem);
    g_test_add_func("/qmi-modem/slot-news", test_slot_news);
    g_test_add_func("/qmi-modem/switch", test_switch_slot);
    g_test_add_func("/qmi-modem/switch/not-needed", test_switch_not_needed);
    g_test_add_func("/qmi-modem/switch/refused", test_switch_refused);
    g_test_add_func("/qmi-modem/switch/never-ready", test_switch_never_ready);
    g_test_add_func("/qmi-modem/may-refresh", test_may_refresh);
    g_test_add_func("/qmi-modem/probe", test_probe);
    g_test_add_func("/qmi-modem/probe/failure", test_probe_failure);
    g_test_add_func("/qmi-modem/qrtr/path", test_qrtr_path);
    g_test_add_func("/qmi-modem/qrtr/open", test_qrtr_open);
    return g_test_run();
}
