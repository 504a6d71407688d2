/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modems-rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_modem(const Modem *modem, gboolean present, gpointer data)
{
    Rig *rig = data;

    rig->arrivals = modem->arrivals;
    g_string_append_c(rig->told, present ? '+' : '-');
    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        g_string_append_printf(rig->told, "%s:%s%s,", port->path, port->transport,
                               port->taken ? "!" : "");
    }
    g_string_append_printf(rig->told, "%s,%u", modem->device, modem->slot);
    if (modem->mm_path[0])
        g_string_append_printf(rig->told, "@%s", strrchr(modem->mm_path, '/') + 1);
    if (modem->imei[0])
        g_string_append_printf(rig->told, "#%s", modem->imei);
    g_string_append_c(rig->told, ' ');
}

void rig_set_up(Rig *rig)
{
    rig->testbed = umockdev_testbed_new();
    rig->told = g_string_new(NULL);
    rig->modems = modems_new(on_modem, rig);
}

void rig_tear_down(Rig *rig)
{
    modems_free(rig->modems);
    g_object_unref(rig->testbed);
    g_string_free(rig->told, TRUE);
}

void rig_assert_told(Rig *rig, const char *expected)
{
    g_strchomp(rig->told->str);
    g_assert_cmpstr(rig->told->str, ==, expected);
    g_string_truncate(rig->told, 0);
}

/* An event that never comes would hang the test. */
static gboolean on_guard(gpointer data)
{
    (void)data;
    g_error("no event came");
    return G_SOURCE_REMOVE;
}

void rig_wait_for(Rig *rig, const char *told)
{
    guint guard = g_timeout_add_seconds(60, on_guard, rig);
    const char *at;

    while (!(at = strstr(rig->told->str, told)))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(guard);
    g_string_erase(rig->told, at - rig->told->str, (gssize)strlen(told));
}

void rig_wait_told(Rig *rig)
{
    guint guard = g_timeout_add_seconds(60, on_guard, rig);

    while (rig->told->len == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(guard);
}

/* ---- devices ---- */

void rig_add(Rig *rig, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(umockdev_testbed_add_from_string(rig->testbed, text, &error));
    g_assert_no_error(error);
}

void rig_add_usb(Rig *rig, guint n)
{
    g_autofree char *text = g_strdup_printf("P: " USB "%u\n"
                                            "E: SUBSYSTEM=usb\n"
                                            "E: DEVTYPE=usb_device\n"
                                            "A: idVendor=1199\\n\n"
                                            "A: idProduct=909%u\\n\n",
                                            n, n);

    rig_add(rig, text);
}

static char *add_port(Rig *rig, guint n, guint m, const char *driver, const char *subsystem,
                      const char *prefix, const char *extra)
{
    g_autofree char *interface =
        g_strdup_printf(USB "%u/1-%u:1.%s%u", n, n, g_str_equal(prefix, "ttyUSB") ? "" : "1", m);
    g_autofree char *text = g_strdup_printf("P: %s\n"
                                            "E: SUBSYSTEM=usb\n"
                                            "E: DEVTYPE=usb_interface\n"
                                            "E: DRIVER=%s\n"
                                            "L: driver=../../../../../bus/usb/drivers/%s\n"
                                            "\n"
                                            "P: %s/%s/%s%u\n"
                                            "N: %s%u\n"
                                            "E: SUBSYSTEM=%s\n"
                                            "E: DEVNAME=/dev/%s%u\n%s",
                                            interface, driver, driver, interface, subsystem, prefix,
                                            m, prefix, m, subsystem, prefix, m, extra ? extra : "");

    rig_add(rig, text);
    return g_strdup_printf("/sys%s/%s/%s%u", interface, subsystem, prefix, m);
}

char *rig_add_wdm(Rig *rig, guint n, guint m, const char *driver, const char *extra)
{
    return add_port(rig, n, m, driver, "usbmisc", "cdc-wdm", extra);
}

char *rig_add_tty(Rig *rig, guint n, guint m, const char *driver, const char *extra)
{
    return add_port(rig, n, m, driver, "tty", "ttyUSB", extra);
}

void rig_remove(Rig *rig, const char *sysfs)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(rig->testbed);
    g_autofree char *node = g_build_filename(root, "dev", strrchr(sysfs, '/') + 1, NULL);

    umockdev_testbed_uevent(rig->testbed, sysfs, "remove");
    umockdev_testbed_remove_device(rig->testbed, sysfs);
    /* The test bed leaves it there. */
    g_assert_cmpint(unlink(node), ==, 0);
}

/* A port of its own comes and goes: it is told after everything that was sent before. */
void rig_settle(Rig *rig)
{
    static guint n = 90;
    g_autofree char *came = NULL;
    g_autofree char *went = NULL;
    g_autofree char *port = NULL;

    n++;
    came = g_strdup_printf("+/dev/cdc-wdm%u:qmi," DEVICE "%u,0 ", n, n);
    went = g_strdup_printf("-/dev/cdc-wdm%u:qmi," DEVICE "%u,0 ", n, n);
    rig_add_usb(rig, n);
    port = rig_add_wdm(rig, n, n, "qmi_wwan", NULL);
    rig_wait_for(rig, came);
    rig_remove(rig, port);
    rig_wait_for(rig, went);
}

/* ---- the program ---- */

/* As umockdev-wrapper does; the sanitizers' runtime need not come before a preloaded library. */
void rig_enter(char **argv)
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
