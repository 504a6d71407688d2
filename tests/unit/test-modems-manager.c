/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "mm-rig.h"
#include "modems-rig.h"

/*
 * The set of modems beside a ModemManager that is played.
 */

#define CANDIDATE "E: ID_MM_CANDIDATE=1\n"
#define LONG      600 /* seconds of grace that no test waits for */

static const char *const wdm_ports[] = { "ttyUSB2", "3", "cdc-wdm0", "6", "wwan0", "2", NULL };
static const char *const mbim_ports[] = { "cdc-wdm0", "7", NULL };

typedef struct {
    Rig rig;
    MmRig mm;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    rig_set_up(&f->rig);
    mm_rig_set_up(&f->mm);
    f->mm.modem.device = DEVICE "0";
    f->mm.modem.ports = wdm_ports;
    modems_set_grace(f->rig.modems, LONG);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    rig_tear_down(&f->rig);
    mm_rig_tear_down(&f->mm);
}

/* Begins to look, with whatever is there now. */
static void start(Fixture *f)
{
    g_assert_true(modems_use_bus(f->rig.modems, f->mm.connection, NULL, NULL, NULL));
    modems_start(f->rig.modems, TRUE);
    mm_rig_settle(&f->mm);
}

static void assert_told(Fixture *f, const char *expected)
{
    mm_rig_settle(&f->mm);
    rig_settle(&f->rig);
    rig_assert_told(&f->rig, expected);
}

/* A modem that ModemManager would look at. */
static char *add_modem(Fixture *f)
{
    rig_add_usb(&f->rig, 0);
    g_free(rig_add_tty(&f->rig, 0, 2, "option", CANDIDATE));
    g_free(rig_add_tty(&f->rig, 0, 3, "option", CANDIDATE));
    return rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", CANDIDATE);
}

static void export(Fixture *f)
{
    fake_mm_add(f->mm.fake, &f->mm.modem);
}

#define OWN    "/dev/cdc-wdm0:qmi,/dev/ttyUSB2:at,/dev/ttyUSB3:at," DEVICE "0,0"
#define MERGED "/dev/cdc-wdm0:qmi,/dev/ttyUSB2:at!," DEVICE "0,0"

/* Nobody else is there: nothing is waited for. */
static void test_absent(Fixture *f, gconstpointer data)
{
    (void)data;
    g_free(add_modem(f));
    start(f);
    assert_told(f, "+" OWN);
}

/* A running one has the ports for itself until it exports the modem; what it has to say comes with it. */
static void test_probing(Fixture *f, gconstpointer data)
{
    (void)data;
    fake_mm_own(f->mm.fake);
    start(f);
    g_free(add_modem(f));
    assert_told(f, "");
    export(f);
    assert_told(f, "+" MERGED "@0#" MM_IMEI);
}

/* One that does not want the modem does not keep it for ever. */
static void test_grace(Fixture *f, gconstpointer data)
{
    (void)data;
    modems_set_grace(f->rig.modems, 1);
    fake_mm_own(f->mm.fake);
    start(f);
    g_free(add_modem(f));
    rig_wait_told(&f->rig);
    while (!strstr(f->rig.told->str, "ttyUSB3:at," DEVICE))
        g_main_context_iteration(NULL, TRUE);
    mm_rig_settle(&f->mm);
    /* No timer is left: nothing wakes the daemon any more. */
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_false(g_main_context_pending(NULL));
}

/* What was there long before it was looked for is not being probed. */
static void test_old_port(Fixture *f, gconstpointer data)
{
    (void)data;
    modems_set_grace(f->rig.modems, 0);
    g_free(add_modem(f));
    fake_mm_own(f->mm.fake);
    start(f);
    assert_told(f, "+" OWN);
}

/* What its rules or the administrator's let out is nobody else's. */
static void test_not_candidate(Fixture *f, gconstpointer data)
{
    (void)data;
    fake_mm_own(f->mm.fake);
    start(f);
    rig_add_usb(&f->rig, 0);
    rig_add_usb(&f->rig, 1);
    rig_add(&f->rig, "P: " USB "2\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
                     "E: ID_MM_DEVICE_IGNORE=1\n");
    g_free(rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", NULL));
    g_free(rig_add_wdm(&f->rig, 1, 1, "qmi_wwan", CANDIDATE "E: ID_MM_PORT_IGNORE=1\n"));
    g_free(rig_add_wdm(&f->rig, 2, 2, "qmi_wwan", CANDIDATE));
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0 +/dev/cdc-wdm1:qmi," DEVICE
                   "1,0 +/dev/cdc-wdm2:qmi," DEVICE "2,0");
}

/* It comes while the modem is used, and goes: nothing is taken away. */
static void test_late_and_crash(Fixture *f, gconstpointer data)
{
    (void)data;
    g_free(add_modem(f));
    start(f);
    assert_told(f, "+" OWN);
    fake_mm_own(f->mm.fake);
    assert_told(f, "");
    export(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi,/dev/ttyUSB2:at!,/dev/ttyUSB3:at," DEVICE "0,0@0#" MM_IMEI);
    mm_rig_crash(&f->mm);
    assert_told(f, "+" OWN "#" MM_IMEI);
    f->mm.fake = fake_mm_new();
    f->mm.fake->next_number = 5;
    fake_mm_own(f->mm.fake);
    export(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi,/dev/ttyUSB2:at!,/dev/ttyUSB3:at," DEVICE "0,0@5#" MM_IMEI);
}

/* It goes while it probes: nobody is left to wait for. */
static void test_crash_while_probing(Fixture *f, gconstpointer data)
{
    (void)data;
    fake_mm_own(f->mm.fake);
    start(f);
    g_free(add_modem(f));
    assert_told(f, "");
    mm_rig_crash(&f->mm);
    assert_told(f, "+" OWN);
}

/* The object follows re-probes; its state and signal do not matter here. */
static void test_reprobe(Fixture *f, gconstpointer data)
{
    (void)data;
    fake_mm_own(f->mm.fake);
    export(f);
    rig_add_usb(&f->rig, 0);
    g_free(rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", CANDIDATE));
    start(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0@0#" MM_IMEI);
    fake_mm_set_state(f->mm.fake, &f->mm.modem, MM_STATE_CONNECTED);
    fake_mm_tell_quality(f->mm.fake, &f->mm.modem, 50);
    assert_told(f, "");
    fake_mm_remove(f->mm.fake, &f->mm.modem);
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0#" MM_IMEI);
    export(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0@1#" MM_IMEI);
}

/* The device goes: so does the modem, whatever ModemManager still shows. */
static void test_unplugged(Fixture *f, gconstpointer data)
{
    g_autofree char *wdm = NULL;

    (void)data;
    fake_mm_own(f->mm.fake);
    export(f);
    rig_add_usb(&f->rig, 0);
    wdm = rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", CANDIDATE);
    start(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0@0#" MM_IMEI);
    rig_remove(&f->rig, wdm);
    assert_told(f, "-/dev/cdc-wdm0:qmi," DEVICE "0,0@0#" MM_IMEI);
    fake_mm_remove(f->mm.fake, &f->mm.modem);
    assert_told(f, "");
    /* Another node: it is new, and ModemManager looks at it first. */
    g_free(rig_add_wdm(&f->rig, 0, 7, "qmi_wwan", CANDIDATE));
    assert_told(f, "");
}

/* From now on no event arrives: the socket where the daemon hears them is gone. */
static void lose_events(Fixture *f)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(f->rig.testbed);
    g_autoptr(GDir) folder = g_dir_open(root, 0, NULL);
    const char *name;
    guint count = 0;

    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(root, name, NULL);

        if (!g_str_has_prefix(name, "event"))
            continue;
        g_assert_cmpint(remove(path), ==, 0);
        count++;
    }
    g_assert_cmpuint(count, >, 0);
}

/* It comes back as another node, and udev's word of both is lost: ModemManager's is enough. */
static void test_lost_events(Fixture *f, gconstpointer data)
{
    static const char *const ports[] = { "cdc-wdm7", "6", NULL };
    g_autofree char *wdm = NULL;

    (void)data;
    fake_mm_own(f->mm.fake);
    export(f);
    rig_add_usb(&f->rig, 0);
    wdm = rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", CANDIDATE);
    start(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0@0#" MM_IMEI);
    lose_events(f);
    rig_remove(&f->rig, wdm);
    fake_mm_remove(f->mm.fake, &f->mm.modem);
    g_free(rig_add_wdm(&f->rig, 0, 7, "qmi_wwan", CANDIDATE));
    f->mm.modem.ports = ports;
    export(f);
    mm_rig_settle(&f->mm);
    rig_assert_told(&f->rig,
                    "+/dev/cdc-wdm0:qmi," DEVICE "0,0#" MM_IMEI " -/dev/cdc-wdm0:qmi," DEVICE
                    "0,0#" MM_IMEI " +/dev/cdc-wdm7:qmi," DEVICE "0,0@1#" MM_IMEI);
    /* A port that udev does not know either is looked for once, and what is there stays. */
    fake_mm_remove(f->mm.fake, &f->mm.modem);
    f->mm.modem.ports = wdm_ports;
    export(f);
    mm_rig_settle(&f->mm);
    rig_assert_told(&f->rig, "+/dev/cdc-wdm7:qmi," DEVICE "0,0#" MM_IMEI
                             " +/dev/cdc-wdm7:qmi," DEVICE "0,0@2#" MM_IMEI);
}

/* The name of the device is a tag: the ports tell what belongs together. */
static void test_tag(Fixture *f, gconstpointer data)
{
    (void)data;
    f->mm.modem.device = "bay-7";
    fake_mm_own(f->mm.fake);
    export(f);
    rig_add_usb(&f->rig, 0);
    g_free(rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", CANDIDATE));
    start(f);
    assert_told(f, "+/dev/cdc-wdm0:qmi," DEVICE "0,0@0#" MM_IMEI);
}

/* A container: ModemManager is on the bus, and udev shows nothing. */
static void test_only_exported(Fixture *f, gconstpointer data)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(f->rig.testbed);
    g_autofree char *folder = g_build_filename(root, "dev", NULL);
    g_autofree char *node = g_build_filename(folder, "cdc-wdm0", NULL);

    (void)data;
    f->mm.modem.ports = mbim_ports;
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(node, "", 0, NULL));
    fake_mm_own(f->mm.fake);
    start(f);
    export(f);
    assert_told(f, "+/dev/cdc-wdm0:mbim," DEVICE "0,0@0#" MM_IMEI);
    /* As long as the node is there, so is the modem. */
    mm_rig_crash(&f->mm);
    assert_told(f, "+/dev/cdc-wdm0:mbim," DEVICE "0,0#" MM_IMEI);
    f->mm.fake = fake_mm_new();
    fake_mm_own(f->mm.fake);
    export(f);
    assert_told(f, "+/dev/cdc-wdm0:mbim," DEVICE "0,0@0#" MM_IMEI);
    g_assert_cmpint(remove(node), ==, 0);
    fake_mm_remove(f->mm.fake, &f->mm.modem);
    assert_told(f, "-/dev/cdc-wdm0:mbim," DEVICE "0,0@0#" MM_IMEI);
}

/* One with nothing but AT ports, which ModemManager has for itself, is nothing to work with. */
static void test_only_at(Fixture *f, gconstpointer data)
{
    static const char *const ports[] = { "ttyUSB2", "3", NULL };

    (void)data;
    f->mm.modem.ports = ports;
    fake_mm_own(f->mm.fake);
    export(f);
    start(f);
    assert_told(f, "");
}

/* What the administrator named waits as well, and is merged through its link. */
static void test_fixed(Fixture *f, gconstpointer data)
{
    g_autoptr(Modem) modem = modem_new("gateway", 0);

    (void)data;
    modem_add_port(modem, "/dev/cdc-wdm0", "", NULL);
    modems_add_fixed(f->rig.modems, modem);
    fake_mm_own(f->mm.fake);
    rig_add_usb(&f->rig, 0);
    g_free(rig_add_wdm(&f->rig, 0, 0, "cdc_mbim", CANDIDATE));
    start(f);
    assert_told(f, "");
    export(f);
    assert_told(f, "+/dev/cdc-wdm0:mbim,gateway,0@0#" MM_IMEI);
}

/* Three modems, of which one is only ModemManager's. */
static void test_three(Fixture *f, gconstpointer data)
{
    static const char *const other_ports[] = { "cdc-wdm5", "6", NULL };
    FakeMmModem other = f->mm.modem;

    (void)data;
    other.device = DEVICE "5";
    other.imei = other.equipment = NULL;
    other.ports = other_ports;
    fake_mm_own(f->mm.fake);
    export(f);
    fake_mm_add(f->mm.fake, &other);
    rig_add_usb(&f->rig, 0);
    rig_add_usb(&f->rig, 1);
    g_free(rig_add_wdm(&f->rig, 0, 0, "qmi_wwan", CANDIDATE));
    g_free(rig_add_wdm(&f->rig, 1, 1, "cdc_mbim", NULL));
    start(f);
    assert_told(f, "+/dev/cdc-wdm1:mbim," DEVICE "1,0 +/dev/cdc-wdm0:qmi," DEVICE "0,0@0#" MM_IMEI
                   " +/dev/cdc-wdm5:qmi," DEVICE "5,0@1");
    fake_mm_remove(f->mm.fake, &other);
    assert_told(f, "-/dev/cdc-wdm5:qmi," DEVICE "5,0@1"); /* there is no such node */
}

#define ADD(name, func) g_test_add("/modems-manager/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    rig_enter(argv);
    g_test_init(&argc, &argv, NULL);
    ADD("absent", test_absent);
    ADD("probing", test_probing);
    ADD("grace", test_grace);
    ADD("old-port", test_old_port);
    ADD("not-candidate", test_not_candidate);
    ADD("late-and-crash", test_late_and_crash);
    ADD("crash-while-probing", test_crash_while_probing);
    ADD("reprobe", test_reprobe);
    ADD("unplugged", test_unplugged);
    ADD("lost-events", test_lost_events);
    ADD("tag", test_tag);
    ADD("only-exported", test_only_exported);
    ADD("only-at", test_only_at);
    ADD("fixed", test_fixed);
    ADD("three", test_three);
    return g_test_run();
}
