/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "modem/devices.h"
#include "modems-rig.h"

/*
 * Discovery without ModemManager: udev, the QRTR bus, and ports that the administrator named.
 */

#define WDM(n) "/dev/cdc-wdm" #n ":qmi," DEVICE #n ",0"

static void set_up(Rig *f, gconstpointer data)
{
    (void)data;
    rig_set_up(f);
}

static void tear_down(Rig *f, gconstpointer data)
{
    (void)data;
    rig_tear_down(f);
}

static void iterate(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void settle_told(Rig *f, const char *expected)
{
    rig_settle(f);
    rig_assert_told(f, expected);
}

/* ---- subsystems ---- */

/* What else has a cdc-wdm node speaks something of its own. */
static void test_usb(Rig *f, gconstpointer data)
{
    (void)data;
    for (guint n = 0; n < 4; n++)
        rig_add_usb(f, n);
    g_free(rig_add_wdm(f, 0, 0, "qmi_wwan", NULL));
    g_free(rig_add_wdm(f, 1, 1, "cdc_mbim", NULL));
    g_free(rig_add_wdm(f, 2, 2, "huawei_cdc_ncm", NULL));
    g_free(rig_add_wdm(f, 3, 3, "cdc_wdm", NULL));
    rig_assert_told(f, ""); /* nothing before it is asked for */
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+" WDM(0) " +/dev/cdc-wdm1:mbim," DEVICE "1,0");
    modems_rescan(f->modems); /* once more, not twice */
    rig_assert_told(f, "+" WDM(0) " +/dev/cdc-wdm1:mbim," DEVICE "1,0");
}

static void test_not_discovered(Rig *f, gconstpointer data)
{
    (void)data;
    rig_add_usb(f, 0);
    g_free(rig_add_wdm(f, 0, 0, "qmi_wwan", NULL));
    modems_start(f->modems, FALSE);
    modems_rescan(f->modems);
    rig_assert_told(f, "");
}

/* TYPE NULL: a kernel that has no such attribute. */
static void add_wwan(Rig *f, const char *parent, const char *name, const char *type)
{
    g_autofree char *attribute = type ? g_strdup_printf("A: type=%s\\n\n", type) : g_strdup("");
    g_autofree char *text = g_strdup_printf("P: %s/wwan/wwan0/%s\n"
                                            "N: %s\n"
                                            "E: SUBSYSTEM=wwan\n"
                                            "E: DEVTYPE=wwan_port\n"
                                            "E: DEVNAME=/dev/%s\n%s",
                                            parent, name, name, name, attribute);

    rig_add(f, text);
}

#define MHI "/devices/pci0/mhi0"

static void test_wwan(Rig *f, gconstpointer data)
{
    (void)data;
    rig_add(f, "P: " MHI "\nE: SUBSYSTEM=mhi\n\n"
               "P: " MHI "/wwan/wwan0\nE: SUBSYSTEM=wwan\nE: DEVTYPE=wwan_dev\n");
    add_wwan(f, MHI, "wwan0at0", "AT");
    add_wwan(f, MHI, "wwan0qmi0", "QMI");
    /* The attribute counts, not the name. */
    add_wwan(f, MHI, "wwan0qmi1", "MBIM");
    add_wwan(f, MHI, "wwan0at1", "QCDM");
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/wwan0qmi0:qmi,/dev/wwan0qmi1:mbim,/dev/wwan0at0:at,/sys" MHI ",0");
}

static void test_wwan_old_kernel(Rig *f, gconstpointer data)
{
    (void)data;
    rig_add(f, "P: " MHI "\nE: SUBSYSTEM=mhi\n");
    add_wwan(f, MHI, "wwan0p1qmi", NULL);
    add_wwan(f, MHI, "wwan0p2mbim", NULL);
    add_wwan(f, MHI, "wwan0p3firehose", NULL);
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/wwan0p1qmi:qmi,/dev/wwan0p2mbim:mbim,/sys" MHI ",0");
}

/* ModemManager goes up to the PCI device, and so does this. */
static void test_pci(Rig *f, gconstpointer data)
{
    (void)data;
    rig_add(f, "P: /devices/pci0/0000:01\nE: SUBSYSTEM=pci\n\n"
               "P: /devices/pci0/0000:01/mhi0\nE: SUBSYSTEM=mhi\n\n"
               "P: /devices/pci0/0000:01/mhi0/wwan/wwan0\nE: SUBSYSTEM=wwan\n"
               "E: DEVTYPE=wwan_dev\n");
    add_wwan(f, "/devices/pci0/0000:01/mhi0", "wwan0mbim0", "MBIM");
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/wwan0mbim0:mbim,/sys/devices/pci0/0000:01,0");
}

static void test_wwan_names(void)
{
    static const struct {
        const char *name, *transport;
    } cases[] = {
        { "wwan0qmi0", "qmi" },      { "wwan12p3qmi", "qmi" }, { "wwan0mbim1", "mbim" },
        { "wwan0at0", "at" },        { "wwan0p2at", "at" },    { "wwan0atx", NULL },
        { "wwan0p1firehose", NULL }, { "wwan0", NULL },        { "cdc-wdm0", NULL },
        { "wwan0xmmrpc0", NULL },    { "ttyUSB0", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(devices_transport_of_wwan(cases[i].name), ==, cases[i].transport);
}

#define RPMSG(n, name)                                                                             \
    "P: /devices/platform/soc/rproc/rpmsg" #n "\nN: rpmsg" #n "\nE: SUBSYSTEM=rpmsg\n"             \
    "E: DEVNAME=/dev/rpmsg" #n "\nE: ID_MM_PHYSDEV_UID=qcom-soc\nA: name=" name "\\n\n"

/* A Qualcomm SoC: what belongs together is said by a tag. */
static void test_rpmsg(Rig *f, gconstpointer data)
{
    (void)data;
    rig_add(f, "P: /devices/platform/soc\nE: SUBSYSTEM=platform\n\n" RPMSG(0, "DATA5_CNTL"));
    rig_add(f, RPMSG(1, "DATA40_CNTL"));
    rig_add(f, RPMSG(2, "DATA4"));
    rig_add(f, RPMSG(3, "rpmsg_chrdev"));
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/rpmsg0:qmi,qcom-soc,0");
}

/* ---- AT ports ---- */

#define AT_PRIMARY "E: ID_MM_PORT_TYPE_AT_PRIMARY=1\n"

static void test_at_beside(Rig *f, gconstpointer data)
{
    (void)data;
    rig_add_usb(f, 0);
    rig_add_usb(f, 1);
    g_free(rig_add_tty(f, 0, 0, "option", "E: ID_MM_PORT_TYPE_QCDM=1\n"));
    g_free(rig_add_tty(f, 0, 1, "option", "E: ID_MM_PORT_TYPE_GPS=1\n"));
    g_free(rig_add_tty(f, 0, 2, "option", NULL));
    g_free(rig_add_tty(f, 0, 3, "option", AT_PRIMARY));
    g_free(rig_add_tty(f, 0, 4, "option", "E: ID_MM_PORT_IGNORE=1\n"));
    g_free(rig_add_tty(f, 1, 5, "ftdi_sio", NULL)); /* nothing of a modem */
    g_free(rig_add_wdm(f, 0, 0, "cdc_mbim", NULL));
    rig_add(f, "P: /devices/platform/serial/tty/ttyS0\nN: ttyS0\nE: SUBSYSTEM=tty\n"
               "E: DEVNAME=/dev/ttyS0\n");
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/cdc-wdm0:mbim,/dev/ttyUSB3:at,/dev/ttyUSB2:at," DEVICE "0,0");
}

/* The node that makes it a modem comes last, and goes first. */
static void test_at_order(Rig *f, gconstpointer data)
{
    g_autofree char *wdm = NULL;
    g_autofree char *tty = NULL;

    (void)data;
    modems_start(f->modems, TRUE);
    rig_add_usb(f, 0);
    tty = rig_add_tty(f, 0, 2, "option", NULL);
    settle_told(f, "");
    wdm = rig_add_wdm(f, 0, 0, "qmi_wwan", NULL);
    settle_told(f, "+/dev/cdc-wdm0:qmi,/dev/ttyUSB2:at," DEVICE "0,0");
    rig_remove(f, wdm);
    settle_told(f, "-/dev/cdc-wdm0:qmi,/dev/ttyUSB2:at," DEVICE "0,0");
    rig_remove(f, tty);
    settle_told(f, "");
}

static gboolean is_wanted(const Modem *modem, gpointer data)
{
    (void)data;
    return g_str_equal(modem->usb_id, "1199:9091");
}

/* Alone they make a modem only where somebody says so. */
static void test_at_alone(Rig *f, gconstpointer data)
{
    (void)data;
    modems_set_wanted(f->modems, is_wanted);
    rig_add_usb(f, 0);
    rig_add_usb(f, 1);
    g_free(rig_add_tty(f, 0, 0, "cdc_acm", NULL));
    g_free(rig_add_tty(f, 1, 1, "cdc_acm", NULL));
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/ttyUSB1:at," DEVICE "1,0");
}

/* ---- coming and going ---- */

static void test_hotplug(Rig *f, gconstpointer data)
{
    g_autofree char *ignored = NULL;
    g_autofree char *mbim = NULL;
    g_autofree char *qmi = NULL;

    (void)data;
    modems_start(f->modems, TRUE);
    rig_add_usb(f, 1);
    rig_add_usb(f, 2);
    ignored = rig_add_wdm(f, 2, 2, "huawei_cdc_ncm", NULL); /* the test bed sends the events */
    qmi = rig_add_wdm(f, 1, 1, "qmi_wwan", NULL);
    settle_told(f, "+" WDM(1));

    umockdev_testbed_uevent(f->testbed, qmi, "change");
    umockdev_testbed_uevent(f->testbed, qmi, "add"); /* once more */
    settle_told(f, "");
    mbim = rig_add_wdm(f, 1, 3, "cdc_mbim", NULL);
    settle_told(f, "+/dev/cdc-wdm1:qmi,/dev/cdc-wdm3:mbim," DEVICE "1,0");
    umockdev_testbed_uevent(f->testbed, ignored, "remove");
    umockdev_testbed_uevent(f->testbed, qmi, "remove");
    settle_told(f, "+/dev/cdc-wdm3:mbim," DEVICE "1,0");
    umockdev_testbed_uevent(f->testbed, mbim, "remove");
    umockdev_testbed_uevent(f->testbed, mbim, "remove");
    settle_told(f, "-/dev/cdc-wdm3:mbim," DEVICE "1,0");
    umockdev_testbed_uevent(f->testbed, qmi, "add"); /* back again */
    settle_told(f, "+" WDM(1));
}

/* A modem that restarts gets another node, or comes back in another place. */
static void test_re_enumeration(Rig *f, gconstpointer data)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    (void)data;
    modems_start(f->modems, TRUE);
    rig_add_usb(f, 1);
    first = rig_add_wdm(f, 1, 1, "qmi_wwan", NULL);
    settle_told(f, "+" WDM(1));
    rig_remove(f, first);
    second = rig_add_wdm(f, 1, 4, "qmi_wwan", NULL);
    settle_told(f, "-" WDM(1) " +/dev/cdc-wdm4:qmi," DEVICE "1,0");
    rig_remove(f, second);
    rig_add_usb(f, 2);
    g_free(rig_add_wdm(f, 2, 5, "qmi_wwan", NULL));
    settle_told(f, "-/dev/cdc-wdm4:qmi," DEVICE "1,0 +/dev/cdc-wdm5:qmi," DEVICE "2,0");
}

#define HALF "/devices/pci0/usb1/1-0/1-0:1.10"

/* Its driver can't be read yet when it is added: a later event makes up for it. */
static void test_half_there(Rig *f, gconstpointer data)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(f->testbed);
    g_autofree char *link = g_strconcat(root, "/sys" HALF "/driver", NULL);

    modems_start(f->modems, TRUE);
    rig_add_usb(f, 0);
    rig_add(f, "P: " HALF "\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n\n"
               "P: " HALF "/usbmisc/cdc-wdm0\nN: cdc-wdm0\nE: SUBSYSTEM=usbmisc\n"
               "E: DEVNAME=/dev/cdc-wdm0\n");
    settle_told(f, "");
    g_assert_cmpint(symlink("../../../../../bus/usb/drivers/qmi_wwan", link), ==, 0);
    umockdev_testbed_uevent(f->testbed, "/sys" HALF "/usbmisc/cdc-wdm0", data);
    settle_told(f, "+" WDM(0));
    umockdev_testbed_uevent(f->testbed, "/sys" HALF "/usbmisc/cdc-wdm0", data);
    settle_told(f, "");
}

/* The node is another device's, and nobody said that the first one went. */
static void test_node_taken_over(Rig *f, gconstpointer data)
{
    (void)data;
    modems_start(f->modems, TRUE);
    rig_add_usb(f, 1);
    rig_add_usb(f, 2);
    /* The test bed makes a node (N) of a name only once. */
    rig_add(f, "P: /devices/pci0/usb1/1-1/1-1:1.11\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n"
               "L: driver=../../../../../bus/usb/drivers/qmi_wwan\n\n"
               "P: /devices/pci0/usb1/1-1/1-1:1.11/usbmisc/cdc-wdm1\nE: SUBSYSTEM=usbmisc\n"
               "E: DEVNAME=/dev/cdc-wdm1\n");
    settle_told(f, "+" WDM(1));
    umockdev_testbed_remove_device(f->testbed,
                                   "/sys/devices/pci0/usb1/1-1/1-1:1.11/usbmisc/cdc-wdm1");
    g_free(rig_add_wdm(f, 2, 1, "qmi_wwan", NULL));
    settle_told(f, "-" WDM(1) " +/dev/cdc-wdm1:qmi," DEVICE "2,0");
}

/* What went without an event is noticed when somebody asks. */
static void test_rescan(Rig *f, gconstpointer data)
{
    g_autofree char *gone = NULL;

    (void)data;
    for (guint n = 0; n < 3; n++)
        rig_add_usb(f, n);
    g_free(rig_add_wdm(f, 0, 0, "qmi_wwan", NULL));
    gone = rig_add_wdm(f, 1, 1, "qmi_wwan", NULL);
    g_free(rig_add_wdm(f, 2, 2, "qmi_wwan", NULL));
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+" WDM(0) " +" WDM(1) " +" WDM(2));
    umockdev_testbed_remove_device(f->testbed, gone);
    modems_rescan(f->modems);
    rig_assert_told(f, "-" WDM(1) " +" WDM(0) " +" WDM(2));
}

/* Three modems, and nothing wakes up where nothing happens. */
static void test_idle(Rig *f, gconstpointer data)
{
    (void)data;
    for (guint n = 0; n < 3; n++) {
        rig_add_usb(f, n);
        g_free(rig_add_wdm(f, n, n, "qmi_wwan", "E: ID_MM_CANDIDATE=1\n"));
    }
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+" WDM(0) " +" WDM(1) " +" WDM(2));
    rig_settle(f);
    iterate();
    g_assert_false(g_main_context_pending(NULL));
    rig_assert_told(f, "");
}

/* ---- QRTR ---- */

static QrtrWatch *qrtr;

static gpointer start_qrtr(QrtrWatch *watch)
{
    qrtr = watch;
    return &qrtr;
}

static void stop_qrtr(gpointer bus)
{
    g_assert_true(bus == &qrtr);
    qrtr = NULL;
}

/* The service comes late, goes and comes while the modem restarts, and others do not matter. */
static void test_qrtr(Rig *f, gconstpointer data)
{
    static const QrtrSource source = { start_qrtr, stop_qrtr };

    (void)data;
    modems_set_qrtr(f->modems, &source);
    modems_start(f->modems, TRUE);
    g_assert_nonnull(qrtr);
    qrtr_watch_take(qrtr, 0, 0x02, TRUE);
    qrtr_watch_take(qrtr, 5, 0x0C, TRUE);
    rig_assert_told(f, "");
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, TRUE);
    rig_assert_told(f, "+qrtr://0:qmi,qcom-soc,0");
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, TRUE);
    qrtr_watch_take(qrtr, 0, 0x02, FALSE);
    modems_rescan(f->modems); /* udev does not know it, and that means nothing */
    rig_assert_told(f, "+qrtr://0:qmi,qcom-soc,0");
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, FALSE);
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, FALSE);
    rig_assert_told(f, "-qrtr://0:qmi,qcom-soc,0");
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, TRUE);
    rig_assert_told(f, "+qrtr://0:qmi,qcom-soc,0");
    qrtr_watch_take_node_gone(qrtr, 5);
    rig_assert_told(f, "");
    qrtr_watch_take_node_gone(qrtr, 0);
    rig_assert_told(f, "-qrtr://0:qmi,qcom-soc,0");
}

/* Its ports and those of rpmsg belong to one modem. */
static void test_qrtr_and_rpmsg(Rig *f, gconstpointer data)
{
    static const QrtrSource source = { start_qrtr, stop_qrtr };

    (void)data;
    modems_set_qrtr(f->modems, &source);
    rig_add(f, "P: /devices/platform/soc\nE: SUBSYSTEM=platform\n\n" RPMSG(0, "DATA5_CNTL"));
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/rpmsg0:qmi,qcom-soc,0");
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, TRUE);
    rig_assert_told(f, "+/dev/rpmsg0:qmi,qrtr://0:qmi,qcom-soc,0");
    qrtr_watch_take(qrtr, 0, QRTR_SERVICE_UIM, FALSE);
    rig_assert_told(f, "+/dev/rpmsg0:qmi,qcom-soc,0");
}

/* The kernel's own bus, which may not be there: nothing comes of it, and nothing is said. */
static void test_qrtr_of_kernel(void)
{
    QrtrWatch *watch = qrtr_watch_new(NULL, NULL, NULL);

    iterate();
    qrtr_watch_free(watch);
    watch = qrtr_watch_new(NULL, NULL, NULL);
    qrtr_watch_free(watch); /* at once */
    iterate();
}

/* ---- ports that the administrator named ---- */

static Modem *make_fixed(const char *device, const char *path, guint slot)
{
    Modem *modem = modem_new(device, slot);

    modem_add_port(modem, path, "qmi", NULL);
    return modem;
}

/* What the administrator named is not told again under its sysfs name. */
static void test_fixed(Rig *f, gconstpointer data)
{
    g_autoptr(Modem) modem = make_fixed("gateway", "/dev/cdc-wdm0", 2);
    g_autofree char *qmi = NULL;
    g_autofree char *other = NULL;

    (void)data;
    rig_add_usb(f, 0);
    rig_add_usb(f, 1);
    qmi = rig_add_wdm(f, 0, 0, "qmi_wwan", NULL);
    g_free(rig_add_tty(f, 0, 2, "option", NULL)); /* nor are other ports of the same device */
    other = rig_add_wdm(f, 1, 1, "qmi_wwan", NULL);
    modems_add_fixed(f->modems, modem);
    modems_start(f->modems, TRUE);
    rig_assert_told(f, "+/dev/cdc-wdm0:qmi,gateway,2 +" WDM(1));
    /* Its going is its worker's to notice. */
    umockdev_testbed_uevent(f->testbed, qmi, "remove");
    umockdev_testbed_uevent(f->testbed, other, "remove");
    settle_told(f, "-" WDM(1));
}

/* The same through a link, such as udev rules make them: relative. */
static void test_fixed_link(Rig *f, gconstpointer data)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(f->testbed);
    g_autofree char *link = g_build_filename(root, "dev", "modem-gateway", NULL);
    g_autoptr(Modem) modem = make_fixed("gateway", "/dev/modem-gateway", 0);

    (void)data;
    rig_add_usb(f, 0);
    g_free(rig_add_wdm(f, 0, 0, "qmi_wwan", NULL));
    g_assert_cmpint(symlink("cdc-wdm0", link), ==, 0);
    modems_add_fixed(f->modems, modem);
    modems_start(f->modems, TRUE);
    modems_rescan(f->modems);
    rig_assert_told(f, "+/dev/modem-gateway:qmi,gateway,0 +/dev/modem-gateway:qmi,gateway,0");
}

/* Its kind is found out where nobody says it. */
static void test_fixed_by_itself(Rig *f, gconstpointer data)
{
    static const struct {
        const char *path, *told;
    } cases[] = {
        { "/dev/cdc-wdm0", "+/dev/cdc-wdm0:mbim,a,0 " },
        { "/dev/ttyUSB7", "+/dev/ttyUSB7:at,a,0 " }, /* alone as well */
        { "/dev/wwan0mbim0", "+/dev/wwan0mbim0:mbim,a,0 " },
        { "/dev/modem", "+/dev/modem:qmi,a,0" },
    };
    g_autoptr(GString) expected = g_string_new(NULL);

    rig_add_usb(f, 0);
    g_free(rig_add_wdm(f, 0, 0, "cdc_mbim", NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Modem) modem = modem_new("a", 0);

        modem_add_port(modem, cases[i].path, "", NULL);
        modems_add_fixed(f->modems, modem);
        g_string_append(expected, cases[i].told);
    }
    modems_start(f->modems, data != NULL);
    rig_assert_told(f, expected->str);
}

/* A fixed port is told again when its node comes (back). */
static void test_fixed_appears(Rig *f, gconstpointer data)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-modems-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "node", NULL);
    g_autofree char *expected = g_strdup_printf("+%s:qmi,gateway,0", path);
    g_autoptr(Modem) modem = make_fixed("gateway", path, 0);

    (void)data;
    modems_add_fixed(f->modems, modem);
    rig_assert_told(f, ""); /* nothing before the start */
    modems_start(f->modems, FALSE);
    rig_assert_told(f, expected);
    for (guint i = 0; i < 2; i++) {
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        rig_wait_told(f);
        rig_assert_told(f, expected);
        g_assert_cmpuint(f->arrivals, ==, i + 1); /* perhaps another modem */
        g_assert_cmpint(g_unlink(path), ==, 0);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* The folder of the node comes later, in steps, and goes again. */
static void test_fixed_folder_appears(Rig *f, gconstpointer data)
{
    g_autofree char *top = g_dir_make_tmp("euiccd-modems-XXXXXX", NULL);
    g_autofree char *outer = g_build_filename(top, "outer", NULL);
    g_autofree char *inner = g_build_filename(outer, "inner", NULL);
    g_autofree char *path = g_build_filename(inner, "node", NULL);
    g_autofree char *expected = g_strdup_printf("+%s:qmi,gateway,0", path);
    g_autoptr(Modem) modem = make_fixed("gateway", path, 0);

    (void)data;
    modems_add_fixed(f->modems, modem);
    rig_assert_told(f, ""); /* nothing before the start */
    modems_start(f->modems, FALSE);
    rig_assert_told(f, expected);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpint(g_mkdir(outer, 0700), ==, 0);
        if (i % 2) /* the watch follows step by step, or all is there before it looks */
            iterate();
        g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
        if (i % 2)
            iterate();
        rig_assert_told(f, "");
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        rig_wait_told(f);
        rig_assert_told(f, expected);
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_rmdir(inner), ==, 0);
        if (i / 2)
            iterate();
        g_assert_cmpint(g_rmdir(outer), ==, 0);
        iterate();
        rig_assert_told(f, "");
    }
    g_assert_cmpint(g_rmdir(top), ==, 0);
}

/* Neither what other nodes of the folder do nor what is written to this one is news, and where nothing
 * appears nothing wakes up. */
static void test_fixed_others(Rig *f, gconstpointer data)
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
    rig_assert_told(f, ""); /* nothing before the start */
    modems_start(f->modems, FALSE);
    rig_assert_told(f, expected);
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
    rig_assert_told(f, "");
    g_assert_cmpint(g_rename(moved, path), ==, 0); /* comes by its name */
    rig_wait_told(f);
    rig_assert_told(f, expected);
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

#define ADD(name, func) g_test_add("/modems/" name, Rig, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    rig_enter(argv);
    g_test_init(&argc, &argv, NULL);
    ADD("usb", test_usb);
    ADD("not-discovered", test_not_discovered);
    ADD("wwan", test_wwan);
    ADD("wwan-old-kernel", test_wwan_old_kernel);
    ADD("pci", test_pci);
    ADD("rpmsg", test_rpmsg);
    ADD("at-beside", test_at_beside);
    ADD("at-order", test_at_order);
    ADD("at-alone", test_at_alone);
    ADD("hotplug", test_hotplug);
    ADD("re-enumeration", test_re_enumeration);
    g_test_add("/modems/half-there/change", Rig, "change", set_up, test_half_there, tear_down);
    g_test_add("/modems/half-there/bind", Rig, "bind", set_up, test_half_there, tear_down);
    ADD("node-taken-over", test_node_taken_over);
    ADD("rescan", test_rescan);
    ADD("idle", test_idle);
    ADD("qrtr", test_qrtr);
    ADD("qrtr-and-rpmsg", test_qrtr_and_rpmsg);
    ADD("fixed", test_fixed);
    ADD("fixed-link", test_fixed_link);
    g_test_add("/modems/fixed-by-itself", Rig, "udev", set_up, test_fixed_by_itself, tear_down);
    ADD("fixed-appears", test_fixed_appears);
    ADD("fixed-folder-appears", test_fixed_folder_appears);
    ADD("fixed-others", test_fixed_others);
    g_test_add_func("/modems/ports", test_ports);
    g_test_add_func("/modems/wwan-names", test_wwan_names);
    g_test_add_func("/modems/qrtr-of-kernel", test_qrtr_of_kernel);
    return g_test_run();
}
