/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "mm-rig.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/*
 * The view of ModemManager, against one that is played.
 */

#define DEVICE  MM_DEVICE
#define DEVICE2 "/sys/devices/pci0000:00/usb1/1-3"
#define IMEI    MM_IMEI
#define EID     MM_EID

typedef struct {
    MmRig rig;
    ModemManager *mm;
    GString *events; /* what was told, one word each */
    guint messages;  /* that reached the daemon's connection */
} Fixture;

static int count_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Fixture *f = userdata;

    (void)m;
    (void)ret_error;
    f->messages++;
    return 0;
}

static void on_change(const MmModem *modem, MmChange change, gpointer data)
{
    static const struct {
        MmChange change;
        const char *name;
    } names[] = {
        { MM_CHANGE_MANAGER_CAME, "came" },
        { MM_CHANGE_MANAGER_WENT, "went" },
        { MM_CHANGE_APPEARED, "appeared" },
        { MM_CHANGE_VANISHED, "vanished" },
        { MM_CHANGE_STATE, "state" },
        { MM_CHANGE_SIM, "sim" },
        { MM_CHANGE_CONNECTIVITY, "connectivity" },
        { MM_CHANGE_OTHER, "other" },
    };
    Fixture *f = data;

    g_assert_true(!modem == !!(change & (MM_CHANGE_MANAGER_CAME | MM_CHANGE_MANAGER_WENT |
                                         MM_CHANGE_LOOKED)));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (change & names[i].change)
            g_string_append_printf(f->events, "%s ", names[i].name);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    f->events = g_string_new(NULL);
    mm_rig_set_up(&f->rig);
    g_assert_cmpint(sd_bus_add_filter(f->rig.connection, NULL, count_message, f), >=, 0);
    f->mm = mm_new(f->rig.connection, NULL, on_change, f, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    mm_free(f->mm);
    mm_rig_tear_down(&f->rig);
    g_string_free(f->events, TRUE);
}

static void settle(Fixture *f)
{
    mm_rig_settle(&f->rig);
}

static void assert_events(Fixture *f, const char *expected)
{
    settle(f);
    g_assert_cmpstr(f->events->str, ==, expected);
    g_string_truncate(f->events, 0);
}

/* With one modem, everything told. */
static const MmModem *start(Fixture *f)
{
    fake_mm_add(f->rig.fake, &f->rig.modem);
    fake_mm_own(f->rig.fake);
    settle(f);
    g_string_truncate(f->events, 0);
    return mm_find_by_device(f->mm, DEVICE);
}

/* ---- coming and going ---- */

static void test_facts(Fixture *f, gconstpointer data)
{
    const MmModem *modem;
    const MmPort *port;

    (void)data;
    f->rig.modem.bearer = "wwan0";
    f->rig.modem.connected = TRUE;
    f->rig.modem.state = MM_STATE_CONNECTED;
    modem = start(f);
    g_assert_nonnull(modem);
    g_assert_cmpstr(modem->path, ==, MM_ROOT "/Modem/0");
    g_assert_cmpstr(modem->imei, ==, IMEI);
    g_assert_cmpstr(modem->manufacturer, ==, "ACME");
    g_assert_cmpstr(modem->model, ==, "Fake?Modem");
    g_assert_cmpstr(modem->revision, ==, "1.0");
    g_assert_null(modem->physdev);
    g_assert_cmpint(modem->state, ==, MM_STATE_CONNECTED);
    g_assert_cmpuint(modem->ports->len, ==, 3);
    port = modem->ports->pdata[1];
    g_assert_cmpuint(port->type, ==, MM_PORT_QMI);
    g_assert_cmpstr(port->path, ==, "/dev/cdc-wdm0");
    port = modem->ports->pdata[2];
    g_assert_null(port->path);
    g_assert_cmpstr(modem->sim_path, ==, MM_ROOT "/SIM/0");
    g_assert_cmpstr(modem->iccid, ==, "8988211000000000001");
    g_assert_cmpstr(modem->imsi, ==, "001010000000001");
    g_assert_cmpstr(modem->eid, ==, EID);
    g_assert_cmpuint(modem->primary_sim_slot, ==, 1);
    g_assert_cmpuint(modem->sim_slots->len, ==, 2);
    g_assert_cmpstr(modem->sim_slots->pdata[0], ==, MM_ROOT "/SIM/0");
    g_assert_cmpstr(modem->sim_slots->pdata[1], ==, "/");
    g_assert_true(mm_is_connected(modem));
    g_assert_cmpstr(modem->interface, ==, "wwan0");
    g_assert_true(mm_find_by_port(f->mm, "/dev/cdc-wdm0") == modem);
    g_assert_true(mm_find_by_imei(f->mm, IMEI) == modem);
    g_assert_null(mm_find_by_port(f->mm, "/dev/wwan0"));
    g_assert_null(mm_find_by_port(f->mm, NULL));
    g_assert_null(mm_find_by_imei(f->mm, NULL));
}

static void test_absent_then_late(Fixture *f, gconstpointer data)
{
    (void)data;
    assert_events(f, "");
    g_assert_false(mm_is_running(f->mm));
    fake_mm_own(f->rig.fake);
    assert_events(f, "came ");
    g_assert_true(mm_is_running(f->mm));
    g_assert_true(mm_is_known(f->mm));
    fake_mm_add(f->rig.fake, &f->rig.modem);
    assert_events(f, "appeared sim ");
    g_assert_cmpuint(f->rig.fake->lists, ==, 1);
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    assert_events(f, "vanished ");
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 0);
}

static void test_there_before(Fixture *f, gconstpointer data)
{
    (void)data;
    g_clear_pointer(&f->mm, mm_free);
    fake_mm_add(f->rig.fake, &f->rig.modem);
    fake_mm_own(f->rig.fake);
    f->mm = mm_new(f->rig.connection, NULL, on_change, f, NULL);
    assert_events(f, "came appeared sim ");
    g_assert_nonnull(mm_find_by_device(f->mm, DEVICE));
}

/* The name goes without a word about the objects; the next one has others. */
static void test_crash_and_restart(Fixture *f, gconstpointer data)
{
    const MmModem *modem;

    (void)data;
    start(f);
    mm_rig_crash(&f->rig);
    assert_events(f, "vanished went ");
    g_assert_false(mm_is_running(f->mm));
    g_assert_false(mm_is_known(f->mm));
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 0);

    f->rig.fake = fake_mm_new();
    f->rig.fake->next_number = 7;
    fake_mm_own(f->rig.fake);
    fake_mm_add(f->rig.fake, &f->rig.modem);
    assert_events(f, "came appeared sim ");
    modem = mm_find_by_imei(f->mm, IMEI);
    g_assert_nonnull(modem);
    g_assert_cmpstr(modem->path, ==, MM_ROOT "/Modem/7");
}

static void test_new_path(Fixture *f, gconstpointer data)
{
    (void)data;
    start(f);
    fake_mm_reprobe(f->rig.fake, &f->rig.modem, MM_STATE_INITIALIZING);
    assert_events(f, "vanished appeared sim ");
    g_assert_cmpstr(mm_find_by_device(f->mm, DEVICE)->path, ==, MM_ROOT "/Modem/1");
    g_assert_true(mm_is_transitional(mm_find_by_device(f->mm, DEVICE)));
}

static void test_several(Fixture *f, gconstpointer data)
{
    static const char *const qrtr_ports[] = { "qrtr3", "6", "rmnet0", "2", NULL };
    FakeMmModem second = f->rig.modem;
    const MmModem *modem;

    (void)data;
    second.device = "qcom-soc";
    second.imei = second.equipment = "350000000000006";
    second.ports = qrtr_ports;
    second.operator_code = "310410";
    second.registration = 5;
    start(f);
    fake_mm_add(f->rig.fake, &second);
    assert_events(f, "appeared sim ");
    modem = mm_find_by_port(f->mm, "qrtr://3");
    g_assert_nonnull(modem);
    g_assert_cmpstr(modem->device, ==, "qcom-soc");
    g_assert_true(mm_find_by_imei(f->mm, "350000000000006") == modem);
    g_assert_true(mm_find_by_imei(f->mm, IMEI) == mm_find_by_device(f->mm, DEVICE));
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    assert_events(f, "vanished ");
    g_assert_nonnull(mm_find_by_device(f->mm, "qcom-soc"));
    g_assert_null(mm_find_by_device(f->mm, DEVICE));
}

/* ---- changes ---- */

static void test_connectivity(Fixture *f, gconstpointer data)
{
    const MmModem *modem = start(f);
    guint8 plmn[3];

    (void)data;
    g_assert_false(mm_is_connected(modem));
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_CONNECTING);
    assert_events(f, "state ");
    f->rig.modem.bearer = "wwan0";
    f->rig.modem.connected = TRUE;
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_CONNECTED);
    assert_events(f, "state connectivity ");
    g_assert_true(mm_is_connected(modem));
    g_assert_cmpstr(modem->interface, ==, "wwan0");
    f->rig.modem.connected = FALSE;
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    assert_events(f, "state connectivity ");
    g_assert_false(mm_is_connected(modem));
    g_assert_null(modem->interface);

    f->rig.modem.operator_code = "26201";
    f->rig.modem.registration = 5;
    fake_mm_tell_registration(f->rig.fake, &f->rig.modem);
    assert_events(f, "connectivity ");
    g_assert_true(mm_get_rplmn(modem, plmn));
    g_assert_cmpmem(plmn, 3, "\x62\xF2\x10", 3);
    /* Told once more, nothing new. */
    fake_mm_tell_registration(f->rig.fake, &f->rig.modem);
    assert_events(f, "");
    f->rig.modem.registration = 2;
    fake_mm_tell_registration(f->rig.fake, &f->rig.modem);
    assert_events(f, "connectivity ");
    g_assert_false(mm_get_rplmn(modem, plmn));
}

static void test_sim_changed(Fixture *f, gconstpointer data)
{
    const MmModem *modem = start(f);

    (void)data;
    f->rig.modem.iccid = "8988211000000000002";
    fake_mm_tell_sim(f->rig.fake, &f->rig.modem);
    assert_events(f, "sim ");
    g_assert_cmpstr(modem->iccid, ==, "8988211000000000002");
    f->rig.modem.iccid = NULL;
    f->rig.modem.failed_reason = MM_FAILED_SIM_MISSING;
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_FAILED);
    settle(f);
    g_assert_null(modem->iccid);
    g_assert_null(modem->eid);
    g_assert_null(modem->sim_path);
    g_assert_cmpuint(modem->failed_reason, ==, MM_FAILED_SIM_MISSING);
}

/* What a modem that nobody touches sends all the time does not reach the daemon at all. */
static void test_no_wake_ups(Fixture *f, gconstpointer data)
{
    guint before;

    (void)data;
    f->rig.modem.bearer = "wwan0";
    start(f);
    settle(f);
    before = f->messages;
    settle(f);
    before = f->messages - before; /* what settle() itself costs */
    f->messages = 0;
    for (guint i = 0; i < 200; i++) {
        fake_mm_tell_quality(f->rig.fake, &f->rig.modem, i % 100);
        fake_mm_tell_statistics(f->rig.fake, &f->rig.modem, i);
    }
    settle(f);
    g_assert_cmpuint(f->messages, ==, before);
    g_test_message("400 signals of an idle modem: %u messages beyond those of the test",
                   f->messages - before);
    /* The connection does listen. */
    fake_mm_tell_registration(f->rig.fake, &f->rig.modem);
    f->messages = 0;
    settle(f);
    g_assert_cmpuint(f->messages, ==, before + 1);
}

/* Anybody may send a signal to this daemon alone. */
static void test_foreign_sender(Fixture *f, gconstpointer data)
{
    FakeMm *other = fake_mm_new();
    FakeMmModem modem = f->rig.modem;
    const char *name;
    sd_bus_message *m = NULL;

    (void)data;
    start(f);
    g_assert_cmpint(sd_bus_get_unique_name(f->rig.connection, &name), >=, 0);
    g_assert_cmpint(sd_bus_message_new_signal(other->connection, &m, MM_ROOT "/Modem/0",
                                              MM_NAME ".Modem", "StateChanged"),
                    >=, 0);
    sd_bus_message_append(m, "iiu", 8, -1, 0U);
    g_assert_cmpint(sd_bus_send_to(other->connection, m, name, NULL), >=, 0);
    sd_bus_message_unref(m);
    m = NULL;
    g_assert_cmpint(sd_bus_message_new_signal(other->connection, &m, MM_ROOT,
                                              "org.freedesktop.DBus.ObjectManager",
                                              "InterfacesRemoved"),
                    >=, 0);
    sd_bus_message_append(m, "oas", MM_ROOT "/Modem/0", 1, MM_NAME ".Modem");
    g_assert_cmpint(sd_bus_send_to(other->connection, m, name, NULL), >=, 0);
    sd_bus_message_unref(m);
    sd_bus_flush(other->connection);
    f->messages = 0;
    assert_events(f, "");
    g_assert_cmpint(mm_find_by_device(f->mm, DEVICE)->state, ==, MM_STATE_REGISTERED);
    /* Broadcasts do not even arrive. */
    fake_mm_add(other, &modem);
    assert_events(f, "");
    fake_mm_free(other);
}

/* ---- foreign input ---- */

static void test_wrong_types(Fixture *f, gconstpointer data)
{
    const MmModem *modem;
    guint8 plmn[3];

    (void)data;
    f->rig.modem.wrong_types = TRUE;
    start(f);
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 1);
    modem = mm_get_modems(f->mm)->pdata[0];
    g_assert_null(modem->device);
    g_assert_null(modem->imei);
    g_assert_null(modem->sim_path);
    g_assert_cmpuint(modem->ports->len, ==, 0);
    g_assert_cmpint(modem->state, ==, MM_STATE_UNKNOWN);
    g_assert_false(mm_get_rplmn(modem, plmn));
    g_assert_null(mm_find_by_device(f->mm, NULL));
    /* The right ones are taken later. */
    f->rig.modem.wrong_types = FALSE;
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    settle(f);
    g_assert_true(mm_find_by_device(f->mm, DEVICE) == modem);
    g_assert_cmpstr(modem->iccid, ==, f->rig.modem.iccid);
}

static void test_bad_values(Fixture *f, gconstpointer data)
{
    static const char *const ports[] = { "../../etc/passwd", "6", "",     "6",
                                         "cdc wdm1",         "7", "qrtr", "6",
                                         "qrtr1x",           "6", NULL };
    g_autofree char *device = g_strnfill(5000, 'x');
    const MmModem *modem;

    (void)data;
    f->rig.modem.device = device;
    f->rig.modem.imei = "4901542032375189";
    f->rig.modem.equipment = "000000000000000";
    f->rig.modem.ports = ports;
    f->rig.modem.operator_code = "2620";
    f->rig.modem.iccid = "89 882110000000000";
    f->rig.modem.eid = "89";
    f->rig.modem.imsi = "00101000000000001";
    start(f);
    modem = mm_get_modems(f->mm)->pdata[0];
    g_assert_null(modem->device);
    g_assert_null(modem->imei);
    g_assert_cmpuint(modem->ports->len, ==, 2);
    g_assert_cmpstr(((const MmPort *)modem->ports->pdata[0])->path, ==, "/dev/qrtr");
    g_assert_cmpstr(((const MmPort *)modem->ports->pdata[1])->path, ==, "/dev/qrtr1x");
    g_assert_null(modem->operator_code);
    g_assert_null(modem->iccid);
    g_assert_null(modem->eid);
    g_assert_null(modem->imsi);
    g_assert_null(modem->primary_port);
}

static void test_missing_interface(Fixture *f, gconstpointer data)
{
    const MmModem *modem;
    guint8 plmn[3];

    (void)data;
    f->rig.modem.without_3gpp = TRUE;
    f->rig.modem.state = MM_STATE_FAILED;
    f->rig.modem.iccid = NULL;
    modem = start(f);
    g_assert_nonnull(modem);
    g_assert_cmpstr(modem->imei, ==, IMEI); /* from the equipment identifier */
    g_assert_false(mm_get_rplmn(modem, plmn));
    g_assert_null(modem->sim_path);
}

static void test_unreadable_list(Fixture *f, gconstpointer data)
{
    (void)data;
    f->rig.fake->unreadable = TRUE;
    start(f);
    g_assert_true(mm_is_known(f->mm));
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 0);
}

static void test_hundreds(Fixture *f, gconstpointer data)
{
    g_autofree FakeMmModem *modems = g_new0(FakeMmModem, 300);

    (void)data;
    for (guint i = 0; i < 300; i++) {
        modems[i] = f->rig.modem;
        fake_mm_add(f->rig.fake, &modems[i]);
    }
    fake_mm_own(f->rig.fake);
    settle(f);
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 64);
    for (guint i = 0; i < 300; i++)
        fake_mm_remove(f->rig.fake, &modems[i]);
    settle(f);
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 0);
}

static void test_rplmn(void)
{
    static const struct {
        const char *code;
        guint32 registration;
        const char *plmn;
    } cases[] = {
        { "00101", 1, "\x00\xF1\x10" },
        { "310410", 1, "\x13\x00\x14" },
        { "310004", 5, "\x13\x40\x00" },
        { "26201", 5, "\x62\xF2\x10" },
        { "26201", 0, NULL },
        { "26201", 2, NULL },
        { "26201", 3, NULL },
        { "26201", 6, NULL },
        { NULL, 1, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const MmModem modem = { .operator_code = (char *)cases[i].code,
                                .registration = cases[i].registration };
        guint8 plmn[3];

        g_assert_cmpint(mm_get_rplmn(&modem, plmn), ==, cases[i].plmn != NULL);
        if (cases[i].plmn)
            g_assert_cmpmem(plmn, 3, cases[i].plmn, 3);
    }
}

static void test_states(void)
{
    for (gint32 state = -2; state <= 12; state++) {
        const MmModem modem = { .state = state };
        gboolean transitional = state == 1 || state == 4 || state == 5 || state == 9 || state == 10;

        g_assert_cmpint(mm_is_transitional(&modem), ==, transitional);
        g_assert_nonnull(mm_state_to_string(state));
    }
    g_assert_cmpstr(mm_state_to_string(-1), ==, "failed");
    g_assert_cmpstr(mm_state_to_string(8), ==, "registered");
    g_assert_cmpstr(mm_state_to_string(11), ==, "connected");
}

/* The copy outlives what it was made of. */
static void test_copy(Fixture *f, gconstpointer data)
{
    g_autoptr(MmModem) copy = NULL;

    (void)data;
    copy = mm_modem_copy(start(f));
    mm_rig_crash(&f->rig);
    settle(f);
    g_assert_cmpuint(mm_get_modems(f->mm)->len, ==, 0);
    g_assert_cmpstr(copy->device, ==, DEVICE);
    g_assert_cmpstr(copy->iccid, ==, f->rig.modem.iccid);
    g_assert_cmpstr(((const MmPort *)copy->ports->pdata[1])->name, ==, "cdc-wdm0");
    g_assert_cmpstr(copy->sim_slots->pdata[1], ==, "/");
}

/* ---- requests ---- */

typedef struct {
    guint times;
    GError *error;
    char *path;         /* of the modem that was given */
    MmRequest *request; /* freed when it is over, if set */
} Outcome;

static void on_done(const MmModem *modem, const GError *error, gpointer data)
{
    Outcome *outcome = data;

    outcome->times++;
    outcome->error = error ? g_error_copy(error) : NULL;
    outcome->path = modem ? g_strdup(modem->path) : NULL;
    g_clear_pointer(&outcome->request, mm_request_free);
}

static void outcome_clear(Outcome *outcome)
{
    g_clear_pointer(&outcome->request, mm_request_free);
    g_clear_error(&outcome->error);
    g_clear_pointer(&outcome->path, g_free);
    outcome->times = 0;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static void wait_over(Outcome *outcome)
{
    while (outcome->times == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(outcome->times, ==, 1);
}

static void assert_error(Outcome *outcome, EuiccdError code, const char *words)
{
    wait_over(outcome);
    g_assert_error(outcome->error, EUICCD_ERROR, (gint)code);
    g_assert_nonnull(strstr(outcome->error->message, words));
    outcome_clear(outcome);
}

static void assert_calls(Fixture *f, const char *expected)
{
    settle(f);
    g_assert_cmpstr(f->rig.fake->calls->str, ==, expected);
    g_string_truncate(f->rig.fake->calls, 0);
}

static void test_inhibit(Fixture *f, gconstpointer data)
{
    g_auto(Outcome) outcome = { 0 };

    (void)data;
    start(f);
    outcome.request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome);
    g_assert_cmpuint(outcome.times, ==, 0);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    assert_events(f, "vanished ");
    outcome_clear(&outcome);
    outcome.request = mm_inhibit(f->mm, DEVICE, FALSE, on_done, &outcome);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    assert_calls(f, "inhibit " DEVICE " 1\ninhibit " DEVICE " 0\n");
}

static void test_refused(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *name;
        EuiccdError code;
    } cases[] = {
        { MM_NAME ".Error.Core.InProgress", EUICCD_ERROR_BUSY },
        { MM_NAME ".Error.Core.Unauthorized", EUICCD_ERROR_NOT_AUTHORIZED },
        { MM_NAME ".Error.Core.NotFound", EUICCD_ERROR_NOT_FOUND },
        { MM_NAME ".Error.Core.Unsupported", EUICCD_ERROR_NOT_SUPPORTED },
        { MM_NAME ".Error.Core.Failed", EUICCD_ERROR_MODEM },
        { SD_BUS_ERROR_ACCESS_DENIED, EUICCD_ERROR_NOT_AUTHORIZED },
    };

    (void)data;
    start(f);
    f->rig.fake->policy = FAKE_MM_REFUSE;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Outcome) outcome = { 0 };

        f->rig.fake->refusal = cases[i].name;
        outcome.request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome);
        wait_over(&outcome);
        g_assert_nonnull(strstr(outcome.error->message, "let go of " DEVICE));
        g_assert_nonnull(strstr(outcome.error->message, "not now"));
        assert_error(&outcome, cases[i].code, cases[i].name);
    }
    g_string_truncate(f->rig.fake->calls, 0);
    assert_calls(f, ""); /* a refusal is not taken back */
}

/* An inhibition that nobody waits for any more must not stay. */
static void test_inhibit_given_up(Fixture *f, gconstpointer data)
{
    Outcome outcome = { 0 };
    MmRequest *request;

    (void)data;
    start(f);
    f->rig.fake->policy = FAKE_MM_SILENT;
    request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome);
    assert_calls(f, "inhibit " DEVICE " 1\n");
    mm_request_free(request);
    fake_mm_answer(f->rig.fake, NULL);
    assert_calls(f, "inhibit " DEVICE " 0\n");
    g_assert_cmpuint(outcome.times, ==, 0);

    /* Refused late: nothing to take back. */
    request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome);
    assert_calls(f, "inhibit " DEVICE " 1\n");
    mm_request_free(request);
    fake_mm_answer(f->rig.fake, MM_NAME ".Error.Core.InProgress");
    assert_calls(f, "");

    /* Given up, and then it goes. */
    request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome);
    assert_calls(f, "inhibit " DEVICE " 1\n");
    mm_request_free(request);
    mm_rig_crash(&f->rig);
    settle(f);
    g_assert_cmpuint(outcome.times, ==, 0);
}

static void test_not_running(Fixture *f, gconstpointer data)
{
    const MmModem modem = { .path = (char *)MM_ROOT "/Modem/0" };
    g_auto(Outcome) outcome = { 0 };

    (void)data;
    settle(f);
    outcome.request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome);
    g_assert_cmpuint(outcome.times, ==, 0);
    assert_error(&outcome, EUICCD_ERROR_NOT_FOUND, "not running");
    outcome.request = mm_reset(f->mm, &modem, on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_NOT_FOUND, "not running");
    outcome.request = mm_wait_settled(f->mm, DEVICE, clock_deadline(60), on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_NOT_FOUND, "not running");
    outcome.request = mm_wait_exported(f->mm, DEVICE, NULL, clock_deadline(60), on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_NOT_FOUND, "not running");
    /* Freed before it is told. */
    mm_request_free(mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcome));
    settle(f);
    g_assert_cmpuint(outcome.times, ==, 0);
}

/* Everything under way ends at once when ModemManager goes. */
static void test_goes_meanwhile(Fixture *f, gconstpointer data)
{
    Outcome outcomes[4] = { 0 };
    const MmModem *modem;

    (void)data;
    f->rig.modem.state = MM_STATE_ENABLING;
    modem = start(f);
    f->rig.fake->policy = FAKE_MM_SILENT;
    outcomes[0].request = mm_reset(f->mm, modem, on_done, &outcomes[0]);
    settle(f);
    outcomes[1].request =
        mm_wait_settled(f->mm, DEVICE, clock_deadline(600), on_done, &outcomes[1]);
    outcomes[2].request =
        mm_wait_exported(f->mm, NULL, IMEI, clock_deadline(600), on_done, &outcomes[2]);
    settle(f);
    sd_bus_message_unref(f->rig.fake->kept);
    f->rig.fake->kept = NULL;
    outcomes[3].request = mm_inhibit(f->mm, DEVICE, TRUE, on_done, &outcomes[3]);
    settle(f);
    mm_rig_crash(&f->rig);
    for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++)
        assert_error(&outcomes[i], EUICCD_ERROR_NOT_FOUND, "ModemManager went");
    assert_events(f, "vanished went ");
}

static void test_reset_and_slot(Fixture *f, gconstpointer data)
{
    g_auto(Outcome) outcome = { 0 };
    g_autoptr(MmModem) former = NULL;

    (void)data;
    former = mm_modem_copy(start(f));
    outcome.request = mm_reset(f->mm, former, on_done, &outcome);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    outcome_clear(&outcome);
    outcome.request = mm_set_primary_sim_slot(f->mm, former, 2, on_done, &outcome);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    outcome_clear(&outcome);
    assert_calls(f, "reset " MM_ROOT "/Modem/0\nslot " MM_ROOT "/Modem/0 2\n");
    /* An object that is not there any more. */
    fake_mm_reprobe(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    outcome.request = mm_reset(f->mm, former, on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_NOT_FOUND, "reset " DEVICE);
}

static void test_wait_settled(Fixture *f, gconstpointer data)
{
    g_auto(Outcome) outcome = { 0 };

    (void)data;
    start(f);
    outcome.request = mm_wait_settled(f->mm, DEVICE, clock_deadline(60), on_done, &outcome);
    g_assert_cmpuint(outcome.times, ==, 0);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpstr(outcome.path, ==, MM_ROOT "/Modem/0");
    outcome_clear(&outcome);

    /* Through a re-probe. */
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_DISCONNECTING);
    settle(f);
    outcome.request = mm_wait_settled(f->mm, DEVICE, clock_deadline(60), on_done, &outcome);
    settle(f);
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    settle(f);
    f->rig.modem.state = MM_STATE_INITIALIZING;
    fake_mm_add(f->rig.fake, &f->rig.modem);
    settle(f);
    g_assert_cmpuint(outcome.times, ==, 0);
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_DISABLED);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpstr(outcome.path, ==, MM_ROOT "/Modem/1");
    outcome_clear(&outcome);

    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_ENABLING);
    settle(f);
    outcome.request = mm_wait_settled(f->mm, DEVICE, clock_boottime() + 1000, on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_TIMEOUT, "it is enabling");
    outcome.request = mm_wait_settled(f->mm, DEVICE2, clock_deadline(60), on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_NOT_FOUND, DEVICE2);
    /* Freed while it waits. */
    outcome.request = mm_wait_settled(f->mm, DEVICE, clock_deadline(60), on_done, &outcome);
    settle(f);
    outcome_clear(&outcome);
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    settle(f);
    g_assert_cmpuint(outcome.times, ==, 0);
}

/* Back under another path, and even in another USB port. */
static void test_wait_exported(Fixture *f, gconstpointer data)
{
    g_auto(Outcome) outcome = { 0 };

    (void)data;
    start(f);
    fake_mm_remove(f->rig.fake, &f->rig.modem);
    settle(f);
    outcome.request = mm_wait_exported(f->mm, DEVICE, IMEI, clock_deadline(60), on_done, &outcome);
    settle(f);
    f->rig.modem.device = DEVICE2;
    f->rig.modem.state = MM_STATE_INITIALIZING;
    fake_mm_add(f->rig.fake, &f->rig.modem);
    settle(f);
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_SEARCHING);
    settle(f);
    g_assert_cmpuint(outcome.times, ==, 0);
    fake_mm_set_state(f->rig.fake, &f->rig.modem, MM_STATE_REGISTERED);
    wait_over(&outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpstr(outcome.path, ==, MM_ROOT "/Modem/1");
    outcome_clear(&outcome);

    for (gint32 state = -1; state <= 11; state++) {
        gboolean probed = state == -1 || state == 2 || state == 3 || state >= 8;

        f->rig.modem.state = state == 0 ? 8 : 0;
        fake_mm_set_state(f->rig.fake, &f->rig.modem, state);
        settle(f);
        outcome.request =
            mm_wait_exported(f->mm, NULL, IMEI, clock_boottime() + 1000, on_done, &outcome);
        wait_over(&outcome);
        g_assert_cmpint(outcome.error == NULL, ==, probed);
        outcome_clear(&outcome);
    }
    outcome.request =
        mm_wait_exported(f->mm, DEVICE, NULL, clock_boottime() + 1000, on_done, &outcome);
    assert_error(&outcome, EUICCD_ERROR_TIMEOUT, "it is not exported");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_init(LOG_LEVEL_ERROR);
#define ADD(name, func) g_test_add("/modemmanager/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("facts", test_facts);
    ADD("absent, then late", test_absent_then_late);
    ADD("there before", test_there_before);
    ADD("crash and restart", test_crash_and_restart);
    ADD("new path", test_new_path);
    ADD("several", test_several);
    ADD("connectivity", test_connectivity);
    ADD("sim changed", test_sim_changed);
    ADD("no wake-ups", test_no_wake_ups);
    ADD("foreign sender", test_foreign_sender);
    ADD("wrong types", test_wrong_types);
    ADD("bad values", test_bad_values);
    ADD("missing interface", test_missing_interface);
    ADD("unreadable list", test_unreadable_list);
    ADD("hundreds", test_hundreds);
    ADD("copy", test_copy);
    ADD("inhibit", test_inhibit);
    ADD("refused", test_refused);
    ADD("inhibit given up", test_inhibit_given_up);
    ADD("not running", test_not_running);
    ADD("goes meanwhile", test_goes_meanwhile);
    ADD("reset and slot", test_reset_and_slot);
    ADD("wait settled", test_wait_settled);
    ADD("wait exported", test_wait_exported);
    g_test_add_func("/modemmanager/rplmn", test_rplmn);
    g_test_add_func("/modemmanager/states", test_states);
    return g_test_run();
}
