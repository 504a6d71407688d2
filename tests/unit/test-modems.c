/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umockdev.h>
#include <unistd.h>

#include "modem/modems.h"

/*
 * Discovery against an imitated /sys and udev. The program starts itself again with umockdev's preload
 * library, so that it can be run like any other.
 */

typedef struct {
    UMockdevTestbed *testbed;
    Modems *modems;
    GString *told;
} Fixture;

static void on_modem(const Modem *modem, gboolean present, gpointer data)
{
    Fixture *f = data;

    g_string_append_c(f->told, present ? '+' : '-');
    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        g_string_append_printf(f->told, "%s:%s,", port->path, port->transport);
    }
    g_string_append_printf(f->told, "%s,%u ", modem->device, modem->slot);
}

static Modem *make_fixed(const char *device, const char *path, guint slot)
{
    Modem *modem = modem_new(device, slot);

    modem_add_port(modem, path, "qmi", NULL);
    return modem;
}

static void assert_told(Fixture *f, const char *expected)
{
    g_strchomp(f->told->str);
    g_assert_cmpstr(f->told->str, ==, expected);
    g_string_truncate(f->told, 0);
}

/* An event that never comes would hang the test. */
static gboolean on_guard(gpointer data)
{
    (void)data;
    g_error("no event came");
    return G_SOURCE_REMOVE;
}

static void wait_told(Fixture *f)
{
    guint guard = g_timeout_add_seconds(60, on_guard, f);

    while (f->told->len == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(guard);
}

static void iterate(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

#define USB "/devices/pci0/usb1/1-"

/* A USB modem with a control node of DRIVER. */
static char *add_usb(Fixture *f, guint n, const char *driver)
{
    g_autofree char *text = g_strdup_printf("P: " USB "%u\n"
                                            "E: SUBSYSTEM=usb\n"
                                            "E: DEVTYPE=usb_device\n"
                                            "A: idVendor=1199\n"
                                            "\n"
                                            "P: " USB "%u/1-%u:1.8\n"
                                            "E: SUBSYSTEM=usb\n"
                                            "E: DEVTYPE=usb_interface\n"
                                            "E: DRIVER=%s\n"
                                            "L: driver=../../../../../bus/usb/drivers/%s\n"
                                            "\n"
                                            "P: " USB "%u/1-%u:1.8/usbmisc/cdc-wdm%u\n"
                                            "N: cdc-wdm%u\n"
                                            "E: SUBSYSTEM=usbmisc\n"
                                            "E: DEVNAME=/dev/cdc-wdm%u\n",
                                            n, n, n, driver, driver, n, n, n, n, n);
    g_autoptr(GError) error = NULL;

    g_assert_true(umockdev_testbed_add_from_string(f->testbed, text, &error));
    g_assert_no_error(error);
    return g_strdup_printf("/sys" USB "%u/1-%u:1.8/usbmisc/cdc-wdm%u", n, n, n);
}

/* A port of a PCIe modem. TYPE NULL: a kernel that has no such attribute. */
static char *add_wwan(Fixture *f, const char *name, const char *type)
{
    g_autofree char *attribute = type ? g_strdup_printf("A: type=%s\\n\n", type) : g_strdup("");
    g_autofree char *text = g_strdup_printf("P: /devices/pci0/mhi0/wwan/wwan0/%s\n"
                                            "N: %s\n"
                                            "E: SUBSYSTEM=wwan\n"
                                            "E: DEVTYPE=wwan_port\n"
                                            "E: DEVNAME=/dev/%s\n%s",
                                            name, name, name, attribute);
    g_autoptr(GError) error = NULL;

    g_assert_true(umockdev_testbed_add_from_string(f->testbed, text, &error));
    g_assert_no_error(error);
    return g_strdup_printf("/sys/devices/pci0/mhi0/wwan/wwan0/%s", name);
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->testbed = umockdev_testbed_new();
    f->told = g_string_new(NULL);
    f->modems = modems_new(on_modem, f);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    modems_free(f->modems);
    g_object_unref(f->testbed);
    g_string_free(f->told, TRUE);
}

#define WDM0  "/dev/cdc-wdm0:qmi,/sys" USB "0,0"
#define WDM1  "/dev/cdc-wdm1:qmi,/sys" USB "1,0"
#define GONE1 "/sys" USB "1,0"

static void test_usb(Fixture *f, gconstpointer data)
{
    (void)data;
    g_free(add_usb(f, 0, "qmi_wwan"));
    g_free(add_usb(f, 1, "cdc_mbim"));
    assert_told(f, ""); /* nothing before it is asked for */
    modems_discover(f->modems);
    assert_told(f, "+" WDM0);
    modems_rescan(f->modems); /* once more, not twice */
    assert_told(f, "+" WDM0);
}

static void test_wwan(Fixture *f, gconstpointer data)
{
    g_autofree char *parent = NULL;
    g_autofree char *qmi = NULL;
    g_autofree char *at = NULL;
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_true(umockdev_testbed_add_from_string(f->testbed,
                                                   "P: /devices/pci0/mhi0\n"
                                                   "E: SUBSYSTEM=mhi\n"
                                                   "\n"
                                                   "P: /devices/pci0/mhi0/wwan/wwan0\n"
                                                   "E: SUBSYSTEM=wwan\n"
                                                   "E: DEVTYPE=wwan_dev\n",
                                                   &error));
    g_assert_no_error(error);
    qmi = add_wwan(f, "wwan0qmi0", "QMI");
    at = add_wwan(f, "wwan0at0", "AT");
    /* The attribute counts, not the name. */
    parent = add_wwan(f, "wwan0qmi1", "MBIM");
    modems_discover(f->modems);
    assert_told(f, "+/dev/wwan0qmi0:qmi,/sys/devices/pci0/mhi0,0");
}

static void test_wwan_old_kernel(Fixture *f, gconstpointer data)
{
    g_autofree char *qmi = NULL;
    g_autofree char *mbim = NULL;

    (void)data;
    g_assert_true(umockdev_testbed_add_from_string(
        f->testbed, "P: /devices/pci0/mhi0\nE: SUBSYSTEM=mhi\n", NULL));
    qmi = add_wwan(f, "wwan0p1qmi", NULL);
    mbim = add_wwan(f, "wwan0p2mbim", NULL);
    modems_discover(f->modems);
    assert_told(f, "+/dev/wwan0p1qmi:qmi,/sys/devices/pci0/mhi0,0");
}

static void test_hotplug(Fixture *f, gconstpointer data)
{
    g_autofree char *mbim = NULL;
    g_autofree char *qmi = NULL;

    (void)data;
    modems_discover(f->modems);
    assert_told(f, "");
    mbim = add_usb(f, 0, "cdc_mbim"); /* the test bed sends the events */
    qmi = add_usb(f, 1, "qmi_wwan");
    wait_told(f);
    assert_told(f, "+" WDM1); /* the MBIM one came first and was passed over */

    umockdev_testbed_uevent(f->testbed, qmi, "change");
    umockdev_testbed_uevent(f->testbed, mbim, "remove");
    umockdev_testbed_uevent(f->testbed, qmi, "remove");
    wait_told(f);
    assert_told(f, "-" GONE1);

    umockdev_testbed_uevent(f->testbed, qmi, "add"); /* back again */
    umockdev_testbed_uevent(f->testbed, qmi, "add");
    umockdev_testbed_uevent(f->testbed, qmi, "remove");
    wait_told(f);
    while (!strstr(f->told->str, " -"))
        g_main_context_iteration(NULL, TRUE);
    assert_told(f, "+" WDM1 " -" GONE1);
    umockdev_testbed_remove_device(f->testbed, qmi);
    modems_rescan(f->modems);
    assert_told(f, "");
}

/* What the administrator named is not told again under its sysfs name. */
static void test_fixed(Fixture *f, gconstpointer data)
{
    g_autofree char *qmi = add_usb(f, 0, "qmi_wwan");
    g_autofree char *other = add_usb(f, 1, "qmi_wwan");
    g_autoptr(Modem) modem = make_fixed("gateway", "/dev/cdc-wdm0", 2);

    (void)data;
    modems_add_fixed(f->modems, modem);
    assert_told(f, "+/dev/cdc-wdm0:qmi,gateway,2");
    modems_discover(f->modems);
    assert_told(f, "+/dev/cdc-wdm0:qmi,gateway,2 +" WDM1);
    /* Its coming and going is its worker's to notice. */
    umockdev_testbed_uevent(f->testbed, qmi, "remove");
    umockdev_testbed_uevent(f->testbed, other, "remove");
    wait_told(f);
    assert_told(f, "-" GONE1);
}

/* The same through a link, such as udev rules make them: relative. */
static void test_fixed_link(Fixture *f, gconstpointer data)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(f->testbed);
    g_autofree char *link = g_build_filename(root, "dev", "modem-gateway", NULL);
    g_autoptr(Modem) modem = make_fixed("gateway", "/dev/modem-gateway", 0);

    (void)data;
    g_free(add_usb(f, 0, "qmi_wwan"));
    g_assert_cmpint(symlink("cdc-wdm0", link), ==, 0);
    modems_add_fixed(f->modems, modem);
    modems_discover(f->modems);
    assert_told(f, "+/dev/modem-gateway:qmi,gateway,0 +/dev/modem-gateway:qmi,gateway,0");
}

/* A fixed port is told again when its node comes (back). */
static void test_fixed_appears(Fixture *f, gconstpointer data)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-modems-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "node", NULL);
    g_autofree char *expected = g_strdup_printf("+%s:qmi,gateway,0", path);
    g_autoptr(Modem) modem = make_fixed("gateway", path, 0);

    (void)data;
    modems_add_fixed(f->modems, modem);
    assert_told(f, expected);
    for (guint i = 0; i < 2; i++) {
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        wait_told(f);
        assert_told(f, expected);
        g_assert_cmpint(g_unlink(path), ==, 0);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* The folder of the node comes later, in steps, and goes again. */
static void test_fixed_folder_appears(Fixture *f, gconstpointer data)
{
    g_autofree char *top = g_dir_make_tmp("euiccd-modems-XXXXXX", NULL);
    g_autofree char *outer = g_build_filename(top, "outer", NULL);
    g_autofree char *inner = g_build_filename(outer, "inner", NULL);
    g_autofree char *path = g_build_filename(inner, "node", NULL);
    g_autofree char *expected = g_strdup_printf("+%s:qmi,gateway,0", path);
    g_autoptr(Modem) modem = make_fixed("gateway", path, 0);

    (void)data;
    modems_add_fixed(f->modems, modem);
    assert_told(f, expected);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpint(g_mkdir(outer, 0700), ==, 0);
        if (i % 2) /* the watch follows step by step, or all is there before it looks */
            iterate();
        g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
        if (i % 2)
            iterate();
        assert_told(f, "");
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        wait_told(f);
        assert_told(f, expected);
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_rmdir(inner), ==, 0);
        if (i / 2)
            iterate();
        g_assert_cmpint(g_rmdir(outer), ==, 0);
        iterate();
        assert_told(f, "");
    }
    g_assert_cmpint(g_rmdir(top), ==, 0);
}

/* Neither what other nodes of the folder do nor what is written to this one is news, and where nothing
 * appears nothing wakes up. */
static void test_fixed_others(Fixture *f, gconstpointer data)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-modems-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "node", NULL);
    g_autofree char *other = g_build_filename(folder, "node2", NULL);
    g_autofree char *moved = g_build_filename(folder, "node3", NULL);
    g_autofree char *expected = g_strdup_printf("+%s:qmi,gateway,0", path);
    g_autoptr(Modem) modem = make_fixed("gateway", path, 0);
    FILE *file;

    (void)data;
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_assert_true(g_file_set_contents(other, "", 0, NULL));
    modems_add_fixed(f->modems, modem);
    assert_told(f, expected);
    iterate();
    file = fopen(path, "a");
    g_assert_cmpint(fputs("written", file), >=, 0);
    fclose(file);
    file = fopen(other, "a");
    g_assert_cmpint(fputs("written", file), >=, 0);
    fclose(file);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_false(g_main_context_pending(NULL));
    g_assert_cmpint(g_rename(other, moved), ==, 0);
    iterate();
    assert_told(f, "");
    g_assert_cmpint(g_rename(moved, path), ==, 0); /* comes by its name */
    wait_told(f);
    assert_told(f, expected);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_ports(void)
{
    g_autoptr(Modem) modem = modem_new("d", 3);
    g_autoptr(Modem) copy = NULL;
    g_autofree char *text = NULL;

    modem_add_port(modem, "/dev/ttyUSB2", "at", "option")->taken = TRUE;
    modem_add_port(modem, "/dev/cdc-wdm1", "mbim", "cdc_mbim");
    modem_add_port(modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan");
    modem_add_port(modem, "/dev/cdc-wdm0", "qmi", "qmi_wwan"); /* not twice */
    copy = modem_copy(modem);
    text = modem_describe_ports(copy);
    g_assert_cmpstr(text, ==, "/dev/cdc-wdm0 (qmi), /dev/cdc-wdm1 (mbim), /dev/ttyUSB2 (at)");
    g_assert_cmpstr(copy->device, ==, "d");
    g_assert_cmpuint(copy->slot, ==, 3);
    g_assert_true(modem_find_port(copy, "/dev/ttyUSB2")->taken);
    g_assert_cmpstr(modem_find_port(copy, "/dev/cdc-wdm1")->driver, ==, "cdc_mbim");
    modem_remove_port(copy, "/dev/cdc-wdm0");
    g_assert_null(modem_find_port(copy, "/dev/cdc-wdm0"));
    g_assert_nonnull(modem_find_port(modem, "/dev/cdc-wdm0"));
}

/* As umockdev-wrapper does; the sanitizers' runtime need not come before a preloaded library. */
static void enter_mock_environment(char **argv)
{
    const char *options = g_getenv("ASAN_OPTIONS");
    g_autofree char *maps = NULL;
    g_autofree char *all =
        g_strconcat(options ? options : "", options ? ":" : "", "verify_asan_link_order=0", NULL);

    if (g_file_get_contents("/proc/self/maps", &maps, NULL, NULL) &&
        strstr(maps, "libumockdev-preload"))
        return;
    if (g_getenv("EUICCD_TEST_MOCK")) {
        puts("1..0 # SKIP the preload library of umockdev is missing");
        exit(0);
    }
    g_setenv("EUICCD_TEST_MOCK", "1", TRUE);
    g_setenv("ASAN_OPTIONS", all, TRUE);
    g_setenv("LD_PRELOAD", "libumockdev-preload.so.0", TRUE);
    execv("/proc/self/exe", argv);
    perror("starting again");
    exit(1);
}

#define ADD(name, func) g_test_add("/modems/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    enter_mock_environment(argv);
    g_test_init(&argc, &argv, NULL);
    ADD("usb", test_usb);
    ADD("wwan", test_wwan);
    ADD("wwan-old-kernel", test_wwan_old_kernel);
    ADD("hotplug", test_hotplug);
    ADD("fixed", test_fixed);
    ADD("fixed-link", test_fixed_link);
    ADD("fixed-appears", test_fixed_appears);
    ADD("fixed-folder-appears", test_fixed_folder_appears);
    ADD("fixed-others", test_fixed_others);
    g_test_add_func("/modems/ports", test_ports);
    return g_test_run();
}
