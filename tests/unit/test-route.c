/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "agent/route.h"
#include "agent/slot_note.h"
#include "util/clock.h"
#include "util/error.h"

/*
 * What a route makes of quirks, with a back-end that only says who it is.
 */

typedef struct {
    char *folder; /* for state */
    Config *config;
    Modem *modem;
    Route *route;
} Fixture;

static const char *model, *imei; /* NULL: it does not tell */
static const Quirks *in_force;
static guint active_slot, backends, opens, opened; /* … that are open now */
static gboolean is_exclusive, is_held;
static gboolean slots_are_stuck;
static GString *slot_history; /* who switched to which slot */

static gboolean fake_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    (void)backend;
    (void)deadline;
    (void)cancellable;
    (void)error;
    opens++;
    opened++;
    return TRUE;
}

static gboolean refuse(GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "not told");
    return FALSE;
}

static gboolean fake_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                  BackendIdentity *ret_identity, GError **error)
{
    (void)backend;
    (void)deadline;
    (void)cancellable;
    if (!model)
        return refuse(error);
    ret_identity->manufacturer = g_strdup("ACME");
    ret_identity->model = g_strdup(model);
    ret_identity->revision = g_strdup("1");
    return TRUE;
}

static gboolean fake_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              char ret_imei[16], GError **error)
{
    (void)backend;
    (void)deadline;
    (void)cancellable;
    if (!imei)
        return refuse(error);
    g_strlcpy(ret_imei, imei, 16);
    return TRUE;
}

/* Slot 1 has the connection, the eUICC is in slot 2. */
static gboolean fake_list_slots(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                GArray **ret_slots, GError **error)
{
    (void)backend;
    (void)deadline;
    (void)cancellable;
    (void)error;
    *ret_slots = g_array_new(FALSE, TRUE, sizeof(BackendSlot));
    for (guint i = 1; i <= 2; i++) {
        BackendSlot slot = { .physical = i, .active = i == active_slot, .card_present = TRUE };

        g_array_append_val(*ret_slots, slot);
    }
    return TRUE;
}

static gint64 slot_deadline; /* of the last switch */

static gboolean fake_switch_slot(Backend *backend, guint physical, gint64 deadline,
                                 GCancellable *cancellable, GError **error)
{
    (void)backend;
    (void)cancellable;
    slot_deadline = deadline;
    g_string_append_printf(slot_history, "modem %u ", physical);
    if (slots_are_stuck)
        return refuse(error);
    active_slot = physical;
    return TRUE;
}

static void fake_close(Backend *backend)
{
    (void)backend;
    opened = 0;
}

static void fake_free(Backend *backend)
{
    g_free(backend);
}

/* In place of those that this build has. */
gboolean backend_is_supported(const char *transport)
{
    (void)transport;
    return TRUE;
}

Backend *backend_new(const char *transport, const char *path, guint slot,
                     const BackendOptions *options)
{
    static const BackendClass class = {
        .name = "fake",
        .open = fake_open,
        .get_identity = fake_get_identity,
        .get_imei = fake_get_imei,
        .list_slots = fake_list_slots,
        .switch_slot = fake_switch_slot,
        .close = fake_close,
        .free = fake_free,
    };
    Backend *backend = g_new0(Backend, 1);

    (void)transport;
    (void)path;
    (void)slot;
    backends++;
    backend->class = &class;
    backend->name = "fake";
    backend->quirks = in_force = options->quirks;
    backend->exclusive = is_exclusive;
    backend->held = is_held;
    return backend;
}

static void begin(Fixture *f, const char *quirks)
{
    g_autofree char *path = NULL, *quirks_path = NULL;
    g_autoptr(GError) error = NULL;

    f->folder = g_dir_make_tmp("euiccd-route-XXXXXX", NULL);
    path = g_build_filename(f->folder, "euiccd.conf", NULL);
    quirks_path = g_build_filename(f->folder, "quirks.conf", NULL);
    g_assert_true(g_file_set_contents(path, "", -1, NULL));
    g_assert_true(g_file_set_contents(quirks_path, quirks, -1, NULL));
    f->config = config_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_unlink(quirks_path), ==, 0);
    f->config->state_directory = (g_free(f->config->state_directory), g_strdup(f->folder));
    f->modem = modem_new("/sys/usb1", 0);
    f->modem->usb_id = (g_free(f->modem->usb_id), g_strdup("fffe:9091"));
    f->modem->name = (g_free(f->modem->name), g_strdup("gateway"));
    modem_add_port(f->modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan");
    modem_add_port(f->modem, "/dev/cdc-wdm1", "mbim", "cdc_mbim");
    model = imei = NULL;
    is_exclusive = is_held = FALSE;
    opens = opened = 0;
}

static void open_route(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    if (!f->route)
        f->route = route_new(f->config, f->modem, NULL, NULL, NULL);
    route_begin(f->route);
    g_assert_true(route_next(f->route, NULL));
    g_assert_true(route_open(f->route, NULL, &error));
    g_assert_no_error(error);
}

/* No slot is owed any more. */
static void end(Fixture *f)
{
    g_autofree char *slots = g_build_filename(f->folder, "slots", NULL);

    route_free(f->route);
    (void)g_rmdir(slots);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    modem_free(f->modem);
    config_free(f->config);
}

static void assert_snapshot(Fixture *f, const char *names, const char *settings)
{
    g_autoptr(ModemSnapshot) snapshot = route_make_snapshot(f->route);
    g_autofree char *all = g_strjoinv(",", snapshot->quirks);

    g_assert_cmpstr(all, ==, names);
    g_assert_cmpstr(snapshot->settings, ==, settings);
}

#define TABLE                                                                                      \
    "[quirk usb]\nmatch-usb-id=fffe:*\nsettle=5\n"                                                 \
    "[quirk driver]\nmatch-driver=cdc_mbim\nmatch-usb-id=fffe:*\nwith-le=true\n"                   \
    "[quirk model]\nmatch-usb-id=fffe:*\nmatch-model=M2\nsettle=7\ntransport=mbim\n"

/* What is seen from outside holds before it is opened, and what it says of itself from then on. */
static void test_identity(void)
{
    Fixture f = { 0 };

    begin(&f, TABLE);
    open_route(&f);
    assert_snapshot(&f, "usb", "settle=5s");
    g_assert_cmpuint(in_force->settle, ==, 5);
    g_assert_cmpstr(route_get_transport(f.route), ==, "qmi");
    model = "M2";
    route_close(f.route);
    open_route(&f);
    assert_snapshot(&f, "usb,model", "transport=mbim settle=7s");
    g_assert_cmpuint(in_force->settle, ==, 7); /* without another back-end */
    /* The next attempt begins where the quirk says. */
    open_route(&f);
    g_assert_cmpstr(route_get_transport(f.route), ==, "mbim");
    assert_snapshot(&f, "usb,driver,model", "transport=mbim settle=7s with-le=true");
    end(&f);
}

/* What is asked of a modem when it is opened, and which it is: the one is known before the other only once. */
static void test_identity_and_open(void)
{
    Fixture f = { 0 };

    begin(&f, "[quirk model]\nmatch-model=M2\nmodem-terminal-capability=true\n");
    model = "M2";
    open_route(&f);
    g_assert_cmpuint(opens, ==, 2);
    g_assert_cmpuint(opened, ==, 1);
    route_close(f.route);
    open_route(&f);
    g_assert_cmpuint(opens, ==, 3);
    end(&f);
}

static void test_administrator(void)
{
    Fixture f = { 0 };

    begin(&f, TABLE);
    f.modem->quirks.settle = 1;
    f.modem->quirks.transport = g_strdup("mbim");
    open_route(&f);
    g_assert_cmpstr(route_get_transport(f.route), ==, "mbim");
    assert_snapshot(&f, "usb,driver", "transport=mbim settle=1s with-le=true");
    end(&f);
}

/* The modem's own word counts more than ModemManager's, which is there before. */
static void test_imei(void)
{
    g_autoptr(ModemSnapshot) before = NULL;
    g_autoptr(ModemSnapshot) after = NULL;
    Fixture f = { 0 };

    begin(&f, "");
    f.modem->imei = (g_free(f.modem->imei), g_strdup("490154203237518"));
    open_route(&f);
    before = route_make_snapshot(f.route);
    g_assert_cmpstr(before->imei, ==, "490154203237518");
    g_assert_cmpstr(before->name, ==, "gateway");
    imei = "356938035643809";
    model = "M1";
    route_close(f.route);
    open_route(&f);
    after = route_make_snapshot(f.route);
    g_assert_cmpstr(after->imei, ==, imei);
    g_assert_cmpstr(after->model, ==, "M1");
    end(&f);
}

static gboolean manager_can;

static gboolean manager_switch_slot(guint slot, GCancellable *cancellable, gpointer data)
{
    (void)cancellable;
    g_assert_true(data == &manager_can);
    g_string_append_printf(slot_history, "%s %u ", manager_can ? "manager" : "asked", slot);
    if (manager_can)
        active_slot = slot;
    return manager_can;
}

static gboolean manager_restart(GCancellable *cancellable, gpointer data)
{
    (void)cancellable;
    (void)data;
    return FALSE;
}

/* ModemManager is asked to switch the slot, and the modem itself where that can't or is not to be. */
static void test_slots(void)
{
    static const RouteManager manager = { manager_switch_slot, manager_restart };
    static const struct {
        gboolean has_manager, can;
        const char *quirks, *history;
    } cases[] = {
        { FALSE, FALSE, "", "modem 2 modem 1 " },
        { TRUE, FALSE, "", "asked 2 modem 2 asked 1 modem 1 " },
        /* The modem waits for the card, and does nothing more. Where it is given back nobody waits. */
        { TRUE, TRUE, "", "manager 2 modem 2 manager 1 " },
        { TRUE, TRUE, "[quirk usb]\nmatch-usb-id=fffe:*\nkeep-slots=true\n", "modem 2 modem 1 " },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f = { 0 };

        begin(&f, cases[i].quirks);
        slot_history = g_string_new(NULL);
        active_slot = 1;
        manager_can = cases[i].can;
        f.modem->slot = 2;
        f.modem->switch_slot = TRUE;
        f.route = route_new(f.config, f.modem, NULL, NULL, NULL);
        if (cases[i].has_manager)
            route_set_manager(f.route, &manager, &manager_can);
        open_route(&f);
        g_assert_cmpuint(active_slot, ==, 2);
        g_assert_true(route_leave_slot(f.route, FALSE));
        g_assert_cmpuint(active_slot, ==, 1);
        g_assert_cmpstr(slot_history->str, ==, cases[i].history);
        g_string_free(slot_history, TRUE);
        end(&f);
    }
}

/* ---- AT ports ---- */

/* FAILURE 0: the attempt begins. WANTED NULL: there is no other port worth trying. */
static void assert_next(Fixture *f, EuiccdError failure, const char *wanted)
{
    g_autoptr(GError) error = NULL;

    if (failure)
        error = g_error_new_literal(EUICCD_ERROR, (gint)failure, "it failed");
    else
        route_begin(f->route);
    g_assert_cmpint(route_next(f->route, error), ==, wanted != NULL);
    if (wanted)
        g_assert_cmpstr(route_get_port(f->route), ==, wanted);
}

#define QMI  "/dev/cdc-wdm0"
#define MBIM "/dev/cdc-wdm1"
#define AT   "/dev/ttyUSB2"

static void begin_at(Fixture *f, const char *quirks, gboolean has_mbim)
{
    begin(f, quirks);
    if (!has_mbim)
        modem_remove_port(f->modem, MBIM);
    modem_add_port(f->modem, AT, "at", "option");
    f->route = route_new(f->config, f->modem, NULL, NULL, NULL);
}

/* What may pass leads to no AT port, and a refusal holds for one attempt. */
static void test_at(void)
{
    static const EuiccdError troubles[] = { EUICCD_ERROR_MODEM, EUICCD_ERROR_TIMEOUT,
                                            EUICCD_ERROR_CARD_NOT_READY };
    Fixture f = { 0 };

    begin_at(&f, "", FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(troubles); i++) {
        assert_next(&f, 0, QMI);
        assert_next(&f, troubles[i], NULL);
    }
    assert_next(&f, 0, QMI);
    assert_next(&f, EUICCD_ERROR_NOT_SUPPORTED, AT);
    route_succeeded(f.route);
    /* Once is not for good. */
    assert_next(&f, 0, QMI);
    assert_next(&f, EUICCD_ERROR_MODEM, NULL);
    assert_next(&f, 0, QMI);
    route_succeeded(f.route);
    assert_next(&f, 0, QMI);
    assert_next(&f, EUICCD_ERROR_NOT_SUPPORTED, AT);
    assert_next(&f, EUICCD_ERROR_NOT_SUPPORTED, NULL);
    end(&f);
}

/* One of several refuses, whatever the others meet. */
static void test_at_behind_two(void)
{
    Fixture f = { 0 };

    begin_at(&f, "", TRUE);
    assert_next(&f, 0, QMI);
    assert_next(&f, EUICCD_ERROR_NOT_SUPPORTED, MBIM);
    assert_next(&f, EUICCD_ERROR_MODEM, AT);
    assert_next(&f, 0, QMI);
    assert_next(&f, EUICCD_ERROR_MODEM, MBIM);
    assert_next(&f, EUICCD_ERROR_MODEM, NULL);
    end(&f);
}

static void test_at_wanted(void)
{
    Fixture f = { 0 };

    begin_at(&f, "[quirk usb]\nmatch-usb-id=fffe:*\ntransport=at\n", FALSE);
    assert_next(&f, 0, AT);
    assert_next(&f, EUICCD_ERROR_MODEM, QMI);
    route_succeeded(f.route);
    /* What led to the card comes first, whatever the wish. */
    assert_next(&f, 0, QMI);
    end(&f);
}

/* Where there is nothing else. */
static void test_at_alone(void)
{
    Fixture f = { 0 };

    begin_at(&f, "", FALSE);
    route_free(f.route);
    modem_remove_port(f.modem, QMI);
    modem_add_port(f.modem, "/dev/ttyUSB3", "at", "option");
    f.route = route_new(f.config, f.modem, NULL, NULL, NULL);
    assert_next(&f, 0, AT);
    assert_next(&f, EUICCD_ERROR_MODEM, "/dev/ttyUSB3");
    route_succeeded(f.route);
    assert_next(&f, 0, "/dev/ttyUSB3");
    end(&f);
}

/* The same path that turns out to be of another kind gets another back-end; one that stays keeps its own. */
static void test_port_changes(void)
{
    static const struct {
        const char *transport, *driver;
        gboolean same;
    } cases[] = { { "qmi", "", TRUE },
                  { "mbim", "cdc_mbim", FALSE },
                  { "qmi", "qmi_wwan", FALSE } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Modem) next = modem_new("/sys/usb1", 0);
        guint before;
        Fixture f = { 0 };

        begin(&f, "");
        modem_free(f.modem);
        f.modem = modem_new("/sys/usb1", 0);
        modem_add_port(f.modem, "/dev/cdc-wdm0", "qmi", "");
        open_route(&f);
        before = backends;
        modem_add_port(next, "/dev/cdc-wdm0", cases[i].transport, cases[i].driver);
        route_set_modem(f.route, next);
        open_route(&f);
        g_assert_cmpuint(backends - before, ==, !cases[i].same);
        g_assert_cmpstr(route_get_transport(f.route), ==, cases[i].transport);
        end(&f);
    }
}

/* ---- news of the modem while it is in use ---- */

/* NEXT is told; TRUE: what is open does not hold any more. It does not in either case before it is taken. */
static gboolean take(Fixture *f, const Modem *next)
{
    gboolean outdated;

    route_set_modem(f->route, next);
    outdated = route_is_outdated(f->route);
    g_assert_cmpuint(opened, ==, 1);
    route_take_modem(f->route);
    g_assert_cmpint(route_get_backend(f->route) == NULL, ==, outdated);
    g_assert_cmpint(opened == 0, ==, outdated);
    g_assert_false(route_is_outdated(f->route));
    return outdated;
}

/* A group is chosen when the IMEI is known: what it says holds from the next job on, with a back-end of its own. */
static void test_late_group(void)
{
    static const struct {
        guint settle;
        const char *transport;
        gboolean switch_slot;
        const char *name, *wanted;
    } cases[] = {
        { 0, NULL, FALSE, "plain", NULL },     { 9, NULL, FALSE, "settles", "qmi" },
        { 0, "mbim", FALSE, "other", "mbim" }, { 0, "qmi", FALSE, "same", "qmi" },
        { 0, NULL, TRUE, "switches", "qmi" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(ModemSnapshot) snapshot = NULL;
        g_autoptr(Modem) next = NULL;
        Fixture f = { 0 };

        begin(&f, "");
        open_route(&f);
        route_succeeded(f.route);
        next = modem_copy(f.modem);
        next->name = (g_free(next->name), g_strdup(cases[i].name));
        next->quirks.settle = cases[i].settle;
        next->quirks.transport = g_strdup(cases[i].transport);
        next->switch_slot = cases[i].switch_slot;
        g_assert_cmpint(take(&f, next), ==, cases[i].wanted != NULL);
        snapshot = route_make_snapshot(f.route);
        g_assert_cmpstr(snapshot->name, ==, cases[i].name);
        if (cases[i].wanted) {
            open_route(&f);
            g_assert_cmpuint(in_force->settle, ==, cases[i].settle);
            g_assert_cmpstr(route_get_transport(f.route), ==, cases[i].wanted);
        }
        end(&f);
    }
}

/* ModemManager's word for the model: late, and no news where no group asks for it. */
static void test_late_model(void)
{
    g_autoptr(Modem) next = NULL;
    Fixture f = { 0 };

    begin(&f, TABLE);
    open_route(&f);
    next = modem_copy(f.modem);
    next->model = (g_free(next->model), g_strdup("M1"));
    next->mm_path = (g_free(next->mm_path), g_strdup("/org/freedesktop/ModemManager1/Modem/0"));
    g_assert_false(take(&f, next));
    next->model = (g_free(next->model), g_strdup("M2"));
    g_assert_true(take(&f, next));
    open_route(&f);
    assert_snapshot(&f, "usb,driver,model", "transport=mbim settle=7s with-le=true");
    end(&f);
}

/* A port that comes later is used where it comes before the one in use. */
static void test_late_ports(void)
{
    static const struct {
        const char *quirks, *first, *kind, *later, *later_kind, *wanted; /* NULL: the first stays */
    } cases[] = {
        { "", AT, "at", QMI, "qmi", QMI },
        { "", QMI, "qmi", AT, "at", NULL },
        { "", QMI, "qmi", MBIM, "mbim", NULL },
        { "", MBIM, "mbim", QMI, "qmi", NULL }, /* as good */
        { "[quirk usb]\nmatch-usb-id=fffe:*\ntransport=at\n", QMI, "qmi", AT, "at", AT },
        { "[quirk usb]\nmatch-usb-id=fffe:*\ntransport=at\n", AT, "at", QMI, "qmi", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Modem) next = NULL;
        Fixture f = { 0 };

        begin(&f, cases[i].quirks);
        modem_remove_port(f.modem, QMI);
        modem_remove_port(f.modem, MBIM);
        modem_add_port(f.modem, cases[i].first, cases[i].kind, "");
        open_route(&f);
        route_succeeded(f.route);
        next = modem_copy(f.modem);
        modem_add_port(next, cases[i].later, cases[i].later_kind, "");
        g_assert_cmpint(take(&f, next), ==, cases[i].wanted != NULL);
        route_begin(f.route);
        g_assert_true(route_next(f.route, NULL));
        if (cases[i].wanted)
            g_assert_cmpstr(route_get_port(f.route), ==, cases[i].wanted);
        end(&f);
    }
}

/* The terminal that ModemManager takes is its own at once. */
static void test_taken(void)
{
    g_autoptr(Modem) next = NULL;
    Fixture f = { 0 };

    begin(&f, "");
    modem_remove_port(f.modem, QMI);
    modem_remove_port(f.modem, MBIM);
    modem_add_port(f.modem, AT, "at", "option");
    open_route(&f);
    next = modem_copy(f.modem);
    ((ModemPort *)next->ports->pdata[0])->taken = TRUE;
    g_assert_true(take(&f, next));
    route_begin(f.route);
    g_assert_false(route_next(f.route, NULL));
    end(&f);
}

/* ---- between jobs ---- */

/* What others can't use meanwhile is closed, unless a session would be lost with it. */
static void test_rest(void)
{
    for (guint i = 0; i < 4; i++) {
        g_autoptr(GError) error = NULL;
        Fixture f = { 0 };

        begin(&f, "");
        is_exclusive = i & 1;
        is_held = i & 2;
        open_route(&f);
        route_rest(f.route);
        g_assert_cmpint(route_is_resting(f.route), ==, i == 1);
        g_assert_cmpuint(opened, ==, i != 1);
        if (i == 1) {
            g_assert_true(route_resume(f.route, NULL, &error));
            g_assert_no_error(error);
            g_assert_false(route_is_resting(f.route));
            g_assert_cmpuint(opened, ==, 1);
            /* A new attempt opens it as well. */
            route_rest(f.route);
            open_route(&f);
            g_assert_false(route_is_resting(f.route));
        }
        end(&f);
    }
}

/* The same port, another modem. */
static void test_rest_and_swap(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f = { 0 };

    begin(&f, "");
    is_exclusive = TRUE;
    imei = "490154203237518";
    open_route(&f);
    route_rest(f.route);
    g_assert_true(route_resume(f.route, NULL, NULL));
    route_rest(f.route);
    imei = "356938035643809";
    g_assert_false(route_resume(f.route, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM);
    g_assert_cmpuint(opened, ==, 0);
    end(&f);
}

/* A slot that is not active is waited for only where it may be made so. */
static void test_explain(void)
{
    for (guint i = 0; i < 8; i++) {
        gboolean inactive = i & 1, may_switch = i & 2, ready = i & 4;
        gboolean absent = inactive && !may_switch && !ready;
        g_autoptr(GError) error = NULL;
        Fixture f = { 0 };

        begin(&f, "");
        slot_history = g_string_new(NULL);
        active_slot = 1;
        f.modem->slot = 2;
        f.modem->switch_slot = may_switch;
        open_route(&f);
        route_get_backend(f.route)->inactive = inactive;
        error = g_error_new(EUICCD_ERROR,
                            ready ? EUICCD_ERROR_NOT_EUICC : EUICCD_ERROR_CARD_NOT_READY, "slot 2");
        route_explain(f.route, &error);
        g_assert_cmpint(euiccd_error_is(error, EUICCD_ERROR_CARD_ABSENT), ==, absent);
        g_assert_cmpstr(error->message, ==,
                        absent ? "slot 2 is not active, and switch-slot=true is not set: slot 2"
                               : "slot 2");
        route_leave_slot(f.route, FALSE);
        g_string_free(slot_history, TRUE);
        end(&f);
    }
}

static void begin_in_slot_1(Fixture *f)
{
    begin(f, "");
    slot_history = g_string_new(NULL);
    active_slot = 1;
    f->modem->slot = 2;
    f->modem->switch_slot = TRUE;
}

static void end_slots(Fixture *f, const char *history)
{
    g_assert_cmpstr(slot_history->str, ==, history);
    g_string_free(slot_history, TRUE);
    end(f);
}

/* The modem goes during a job: the slot is owed until the end of the next one. */
static void test_slot_after_loss(void)
{
    Fixture f = { 0 };

    begin_in_slot_1(&f);
    open_route(&f);
    g_assert_cmpuint(slot_note_read(f.folder, f.modem), ==, 1);
    route_close(f.route);
    g_assert_false(route_leave_slot(f.route, FALSE));
    g_assert_cmpuint(active_slot, ==, 2);
    open_route(&f);
    g_assert_true(route_leave_slot(f.route, FALSE));
    g_assert_cmpuint(active_slot, ==, 1);
    g_assert_false(route_leave_slot(f.route, FALSE));
    end_slots(&f, "modem 2 modem 2 modem 1 ");
}

/* Likewise where the daemon went. A card in another slot of this modem owes nothing. */
static void test_slot_after_kill(void)
{
    g_autoptr(Modem) other = modem_new("/sys/usb1", 3);
    Fixture f = { 0 };

    begin_in_slot_1(&f);
    open_route(&f);
    g_assert_cmpuint(slot_note_read(f.folder, other), ==, 0);
    g_clear_pointer(&f.route, route_free);
    open_route(&f);
    g_assert_true(route_leave_slot(f.route, FALSE));
    g_assert_cmpuint(active_slot, ==, 1);
    g_assert_cmpuint(slot_note_read(f.folder, f.modem), ==, 0);
    end_slots(&f, "modem 2 modem 2 modem 1 ");
}

/* What a modem did not take back is tried again after the next job. */
static void test_slot_stuck(void)
{
    Fixture f = { 0 };

    begin_in_slot_1(&f);
    open_route(&f);
    slots_are_stuck = TRUE;
    g_assert_true(route_leave_slot(f.route, FALSE));
    slots_are_stuck = FALSE;
    g_assert_cmpuint(slot_note_read(f.folder, f.modem), ==, 1);
    open_route(&f);
    g_assert_true(route_leave_slot(f.route, FALSE));
    g_assert_cmpuint(active_slot, ==, 1);
    end_slots(&f, "modem 2 modem 1 modem 1 modem 2 modem 1 ");
}

/* A daemon that ends tries once, and not for long; the next one owes the slot. */
static void test_slot_stuck_at_end(void)
{
    Fixture f = { 0 };

    begin_in_slot_1(&f);
    open_route(&f);
    slots_are_stuck = TRUE;
    g_assert_true(route_leave_slot(f.route, TRUE));
    slots_are_stuck = FALSE;
    g_assert_cmpint(slot_deadline, <=, clock_deadline(5));
    g_assert_cmpuint(slot_note_read(f.folder, f.modem), ==, 1);
    g_assert_true(slot_note_write(f.folder, f.modem, 0, NULL));
    end_slots(&f, "modem 2 modem 1 ");
}

/* What can't be noted is not done: it could not be undone. */
static void test_slot_without_note(void)
{
    g_autofree char *slots = NULL;
    g_autoptr(GError) error = NULL;
    Fixture f = { 0 };

    begin_in_slot_1(&f);
    slots = g_build_filename(f.folder, "slots", NULL);
    g_assert_true(g_file_set_contents(slots, "", -1, NULL));
    f.route = route_new(f.config, f.modem, NULL, NULL, NULL);
    route_begin(f.route);
    g_assert_true(route_next(f.route, NULL));
    g_assert_false(route_open(f.route, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_cmpuint(active_slot, ==, 1);
    g_assert_false(route_leave_slot(f.route, FALSE));
    g_assert_cmpint(g_unlink(slots), ==, 0);
    end_slots(&f, "");
}

static void test_bad_note(void)
{
    static const char *const notes[] = {
        "", "0\n", "one\n", "256\n", "1 2\n", "11111111111111111"
    };
    g_autofree char *path = NULL;
    Fixture f = { 0 };

    begin_in_slot_1(&f);
    g_assert_true(slot_note_write(f.folder, f.modem, 7, NULL));
    g_assert_cmpuint(slot_note_read(f.folder, f.modem), ==, 7);
    path = g_build_filename(f.folder, "slots", "!sys!usb1:2", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(notes); i++) {
        g_assert_true(g_file_set_contents(path, notes[i], -1, NULL));
        g_assert_cmpuint(slot_note_read(f.folder, f.modem), ==, 0);
    }
    g_assert_true(slot_note_write(f.folder, f.modem, 0, NULL));
    open_route(&f);
    g_assert_true(route_leave_slot(f.route, FALSE));
    end_slots(&f, "modem 2 modem 1 ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/route/identity", test_identity);
    g_test_add_func("/route/identity-and-open", test_identity_and_open);
    g_test_add_func("/route/administrator", test_administrator);
    g_test_add_func("/route/imei", test_imei);
    g_test_add_func("/route/slots", test_slots);
    g_test_add_func("/route/at", test_at);
    g_test_add_func("/route/at/behind-two", test_at_behind_two);
    g_test_add_func("/route/at/wanted", test_at_wanted);
    g_test_add_func("/route/at/alone", test_at_alone);
    g_test_add_func("/route/port-changes", test_port_changes);
    g_test_add_func("/route/late-group", test_late_group);
    g_test_add_func("/route/late-model", test_late_model);
    g_test_add_func("/route/late-ports", test_late_ports);
    g_test_add_func("/route/taken", test_taken);
    g_test_add_func("/route/rest", test_rest);
    g_test_add_func("/route/rest-and-swap", test_rest_and_swap);
    g_test_add_func("/route/explain", test_explain);
    g_test_add_func("/route/slot-after-loss", test_slot_after_loss);
    g_test_add_func("/route/slot-after-kill", test_slot_after_kill);
    g_test_add_func("/route/slot-stuck", test_slot_stuck);
    g_test_add_func("/route/slot-stuck-at-end", test_slot_stuck_at_end);
    g_test_add_func("/route/slot-without-note", test_slot_without_note);
    g_test_add_func("/route/bad-note", test_bad_note);
    return g_test_run();
}
