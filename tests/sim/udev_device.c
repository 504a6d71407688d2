/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/udev_device.h"

#include <string.h>

/* Not Quectel: ModemManager 1.20 looks for an AT port of those and crashes where there is none. */
#define VENDOR "05c6"

static const struct {
    const char *kind;
    const char *product;
    const char *driver;
    const char *interface_class; /* class, subclass, protocol */
    const char *port_type;       /* of a wwan port */
} kinds[] = {
    { "qmi", "9025", "qmi_wwan", "ff:ff:ff", "QMI" },
    { "mbim", "9045", "cdc_mbim", "02:0e:00", "MBIM" },
    { "at", "9002", "option", "ff:00:00", "AT" },
};

static guint find_kind(const char *kind)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(kinds) && !g_str_equal(kinds[i].kind, kind))
        i++;
    return i;
}

SimUdevDevice *sim_udev_device_new(const char *description, guint number, GError **error)
{
    g_auto(GStrv) words = g_strsplit(description, ":", 2);
    if (!words[0] || !words[1] || !*words[1] || strchr(words[1], '/') ||
        find_kind(words[0]) == G_N_ELEMENTS(kinds)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no KIND:NODE",
                    description);
        return NULL;
    }
    SimUdevDevice *device = g_new0(SimUdevDevice, 1);
    device->number = number;
    device->kind = g_strdup(words[0]);
    device->node = g_strdup(words[1]);
    device->paths = g_ptr_array_new_with_free_func(g_free);
    return device;
}

void sim_udev_device_free(SimUdevDevice *device)
{
    g_ptr_array_unref(device->paths);
    g_free(device->kind);
    g_free(device->node);
    g_free(device->next);
    g_free(device);
}

char *sim_udev_device_path(guint number, gboolean wwan)
{
    return wwan ? g_strdup_printf("/sys/devices/pci0000:00/0000:00:1c.0/0000:%02x:00.0", number + 1)
                : g_strdup_printf("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-%u", number);
}

/* ---- one entry ---- */

static void begin(GString *text, const char *path, const char *subsystem, const char *type)
{
    g_string_append_printf(text, "P: %s\nE: SUBSYSTEM=%s\n", path + strlen("/sys"), subsystem);
    if (type)
        g_string_append_printf(text, "E: DEVTYPE=%s\n", type);
}

static void property(GString *text, const char *name, const char *value)
{
    g_string_append_printf(text, "E: %s=%s\n", name, value);
}

static void attribute(GString *text, const char *name, const char *value)
{
    g_string_append_printf(text, "A: %s=%s\\n\n", name, value);
}

static void end(GString *text)
{
    g_string_append_c(text, '\n');
}

/* Leads from a device to a folder below sys/. */
static void link_to(GString *text, const char *path, const char *name, const char *target)
{
    g_autoptr(GString) up = g_string_new("../");
    for (const char *c = path + strlen("/sys/"); *c; c++)
        if (*c == '/')
            g_string_append(up, "../");
    g_string_append_printf(text, "L: %s=%s%s\n", name, up->str, target);
}

/* ---- the devices ---- */

static char *interface_path(const SimUdevDevice *device)
{
    g_autofree char *usb = sim_udev_device_path(device->number, FALSE);
    return g_strdup_printf("%s/2-%u:1.%u", usb, device->number,
                           g_str_equal(device->kind, "at") ? 2 : 8);
}

static char *port_path(const SimUdevDevice *device, gboolean wwan)
{
    g_autofree char *parent =
        wwan ? sim_udev_device_path(device->number, TRUE) : interface_path(device);
    if (wwan)
        return g_strdup_printf("%s/wwan/wwan%u/%s", parent, device->number - 1, device->node);
    if (g_str_equal(device->kind, "at"))
        return g_strdup_printf("%s/%s/tty/%s", parent, device->node, device->node);
    return g_strdup_printf("%s/usbmisc/%s", parent, device->node);
}

static char *net_path(const SimUdevDevice *device, gboolean wwan)
{
    g_autofree char *parent =
        wwan ? sim_udev_device_path(device->number, TRUE) : interface_path(device);
    return g_strdup_printf("%s/net/wwan%u", parent, device->number - 1);
}

static void describe_usb(GString *text, const SimUdevDevice *device)
{
    guint kind = find_kind(device->kind);
    g_autofree char *usb = sim_udev_device_path(device->number, FALSE);
    g_autofree char *interface = interface_path(device);
    g_autofree char *driver = g_strconcat("bus/usb/drivers/", kinds[kind].driver, NULL);
    g_auto(GStrv) class = g_strsplit(kinds[kind].interface_class, ":", 3);
    /* Numbers of a bus are not used again soon: one that was plugged in again has another. */
    guint number = device->number + 10 * device->plugged;
    g_autofree char *padded = g_strdup_printf("%03u", number);
    g_autofree char *plain = g_strdup_printf("%u", number);

    begin(text, usb, "usb", "usb_device");
    g_string_append_printf(text, "E: PRODUCT=%s/%s/1\n", &VENDOR[1], kinds[kind].product);
    property(text, "BUSNUM", "002");
    property(text, "DEVNUM", padded);
    attribute(text, "idVendor", VENDOR);
    attribute(text, "idProduct", kinds[kind].product);
    attribute(text, "busnum", "2");
    attribute(text, "devnum", plain);
    attribute(text, "manufacturer", "euicc-sim");
    attribute(text, "product", kinds[kind].port_type);
    attribute(text, "bConfigurationValue", "1");
    end(text);
    begin(text, interface, "usb", "usb_interface");
    property(text, "DRIVER", kinds[kind].driver);
    attribute(text, "bInterfaceClass", class[0]);
    attribute(text, "bInterfaceSubClass", class[1]);
    attribute(text, "bInterfaceProtocol", class[2]);
    attribute(text, "bInterfaceNumber", g_str_equal(device->kind, "at") ? "02" : "08");
    link_to(text, interface, "driver", driver);
    end(text);
    if (g_str_equal(device->kind, "at")) {
        g_autofree char *serial = g_strconcat(interface, "/", device->node, NULL);
        begin(text, serial, "usb-serial", NULL);
        property(text, "DRIVER", "option1");
        link_to(text, serial, "driver", "bus/usb-serial/drivers/option1");
        end(text);
    }
}

static void describe_wwan(GString *text, const SimUdevDevice *device)
{
    g_autofree char *pci = sim_udev_device_path(device->number, TRUE);
    g_autofree char *wwan = g_strdup_printf("%s/wwan/wwan%u", pci, device->number - 1);

    begin(text, pci, "pci", NULL);
    property(text, "DRIVER", "mhi-pci-generic");
    attribute(text, "vendor", "0x17cb");
    attribute(text, "device", "0x0306");
    link_to(text, pci, "driver", "bus/pci/drivers/mhi-pci-generic");
    end(text);
    begin(text, wwan, "wwan", "wwan_dev");
    link_to(text, wwan, "device", pci + strlen("/sys/"));
    end(text);
}

static void describe_port(GString *text, const SimUdevDevice *device, gboolean wwan)
{
    g_autofree char *port = port_path(device, wwan);
    g_autofree char *parent = NULL;
    g_autofree char *name = g_strconcat("/dev/", device->node, NULL);
    g_autofree char *number = g_strdup_printf("%u", device->number);

    if (wwan)
        begin(text, port, "wwan", "wwan_port");
    else
        begin(text, port, g_str_equal(device->kind, "at") ? "tty" : "usbmisc", NULL);
    property(text, "DEVNAME", name);
    property(text, "MAJOR", "180");
    property(text, "MINOR", number);
    property(text, "ID_MM_CANDIDATE", "1");
    if (wwan) {
        attribute(text, "type", kinds[find_kind(device->kind)].port_type);
        parent = g_path_get_dirname(port);
    } else {
        parent = interface_path(device);
    }
    link_to(text, port, "device", parent + strlen("/sys/"));
    end(text);
}

static void describe_net(GString *text, const SimUdevDevice *device, gboolean wwan)
{
    g_autofree char *net = net_path(device, wwan);
    g_autofree char *parent =
        wwan ? sim_udev_device_path(device->number, TRUE) : interface_path(device);
    g_autofree char *name = g_path_get_basename(net);
    g_autofree char *number = g_strdup_printf("%u", device->number + 10);

    begin(text, net, "net", "wwan");
    property(text, "INTERFACE", name);
    property(text, "IFINDEX", number);
    property(text, "ID_MM_CANDIDATE", "1");
    link_to(text, net, "device", parent + strlen("/sys/"));
    end(text);
}

char *sim_udev_device_describe(const SimUdevDevice *device, gboolean wwan)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (wwan)
        describe_wwan(text, device);
    else
        describe_usb(text, device);
    describe_port(text, device, wwan);
    if (!g_str_equal(device->kind, "at"))
        describe_net(text, device, wwan);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void sim_udev_device_list(SimUdevDevice *device, gboolean wwan)
{
    g_autofree char *text = sim_udev_device_describe(device, wwan);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_ptr_array_set_size(device->paths, 0);
    for (guint i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], "P: "))
            g_ptr_array_add(device->paths, g_strconcat("/sys", lines[i] + strlen("P: "), NULL));
}
