/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "agent/route.h"
#include "util/error.h"

/*
 * What a route makes of quirks, with a back-end that only says who it is.
 */

typedef struct {
    Config *config;
    Modem *modem;
    Route *route;
} Fixture;

static const char *model, *imei; /* NULL: it does not tell */
static const Quirks *in_force;

static gboolean fake_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    (void)backend;
    (void)deadline;
    (void)cancellable;
    (void)error;
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

static void fake_close(Backend *backend)
{
    (void)backend;
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
        .close = fake_close,
        .free = fake_free,
    };
    Backend *backend = g_new0(Backend, 1);

    (void)transport;
    (void)path;
    (void)slot;
    backend->class = &class;
    backend->name = "fake";
    backend->quirks = in_force = options->quirks;
    return backend;
}

static void begin(Fixture *f, const char *quirks)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-route-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "euiccd.conf", NULL);
    g_autofree char *quirks_path = g_build_filename(folder, "quirks.conf", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, "", -1, NULL));
    g_assert_true(g_file_set_contents(quirks_path, quirks, -1, NULL));
    f->config = config_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_unlink(quirks_path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    f->modem = modem_new("/sys/usb1", 0);
    f->modem->usb_id = (g_free(f->modem->usb_id), g_strdup("fffe:9091"));
    f->modem->name = (g_free(f->modem->name), g_strdup("gateway"));
    modem_add_port(f->modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan");
    modem_add_port(f->modem, "/dev/cdc-wdm1", "mbim", "cdc_mbim");
    model = imei = NULL;
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

static void end(Fixture *f)
{
    route_free(f->route);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/route/identity", test_identity);
    g_test_add_func("/route/administrator", test_administrator);
    g_test_add_func("/route/imei", test_imei);
    return g_test_run();
}
