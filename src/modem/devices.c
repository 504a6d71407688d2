/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/devices.h"

#include <gudev/gudev.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"

struct Devices {
    DevicesFunc func;
    gpointer data;
    GUdevClient *udev;
};

static const char *const subsystems[] = { "usbmisc", "wwan", "rpmsg", "tty", NULL };

void device_port_free(DevicePort *port)
{
    g_free(port->path);
    g_free(port->sysfs);
    g_free(port->transport);
    g_free(port->driver);
    g_free(port->device);
    g_free(port->usb_id);
    g_free(port);
}

/* ---- what a device is ---- */

static GUdevDevice *get_interface(GUdevDevice *device)
{
    return g_udev_device_get_parent_with_subsystem(device, "usb", "usb_interface");
}

static const char *get_usbmisc_transport(GUdevDevice *device)
{
    g_autoptr(GUdevDevice) interface = get_interface(device);
    const char *driver = interface ? g_udev_device_get_driver(interface) : NULL;

    if (!g_str_has_prefix(g_udev_device_get_name(device), "cdc-wdm"))
        return NULL;
    if (g_strcmp0(driver, "qmi_wwan") == 0)
        return "qmi";
    if (g_strcmp0(driver, "cdc_mbim") == 0)
        return "mbim";
    /* huawei_cdc_ncm and others have a protocol of their own behind the same kind of node. */
    log_debug(NULL, "%s of driver %s is not used", g_udev_device_get_name(device),
              driver ? driver : "(none)");
    return NULL;
}

static const struct {
    const char *type, *prefix, *transport;
} wwan_types[] = {
    { "QMI", "qmi", "qmi" },
    { "MBIM", "mbim", "mbim" },
    { "AT", "at", "at" },
};

const char *devices_transport_of_wwan(const char *name)
{
    if (!g_str_has_prefix(name, "wwan"))
        return NULL;
    name += strlen("wwan");
    name += strspn(name, G_CSET_DIGITS);
    if (name[0] == 'p' && g_ascii_isdigit(name[1]))
        name += 1 + strspn(name + 1, G_CSET_DIGITS);
    for (gsize i = 0; i < G_N_ELEMENTS(wwan_types); i++) {
        gsize length = strlen(wwan_types[i].prefix);

        if (g_str_has_prefix(name, wwan_types[i].prefix) &&
            name[length + strspn(name + length, G_CSET_DIGITS)] == '\0')
            return wwan_types[i].transport;
    }
    return NULL;
}

const char *devices_guess_transport(const char *node)
{
    g_autofree char *name = g_path_get_basename(node);
    g_autofree char *link = g_strdup_printf("/sys/class/usbmisc/%s/device/driver", name);
    g_autofree char *driver = g_file_read_link(link, NULL);
    const char *transport = devices_transport_of_wwan(name);

    if (transport)
        return transport;
    if (g_str_has_prefix(name, "tty"))
        return "at";
    return driver && g_str_has_suffix(driver, "/cdc_mbim") ? "mbim" : "qmi";
}

/* Kernel 5.14 and later tell the type in an attribute, older ones only in the name. */
static const char *get_wwan_transport(GUdevDevice *device)
{
    const char *type = g_udev_device_get_sysfs_attr(device, "type");

    if (!type)
        return devices_transport_of_wwan(g_udev_device_get_name(device));
    for (gsize i = 0; i < G_N_ELEMENTS(wwan_types); i++)
        if (g_str_equal(type, wwan_types[i].type))
            return wwan_types[i].transport;
    return NULL;
}

/* Channels of a Qualcomm SoC, before they came under subsystem wwan: DATA5_CNTL and the like speak QMI, but for
 * DATA40, which is for tethering. */
static const char *get_rpmsg_transport(GUdevDevice *device)
{
    const char *name = g_udev_device_get_sysfs_attr(device, "name");

    return name && g_str_has_prefix(name, "DATA") && g_str_has_suffix(name, "_CNTL") &&
                   !g_str_has_prefix(name, "DATA40")
               ? "qmi"
               : NULL;
}

static gboolean has_any(GUdevDevice *device, const char *const *properties)
{
    for (guint i = 0; properties[i]; i++)
        if (g_udev_device_get_property_as_boolean(device, properties[i]))
            return TRUE;
    return FALSE;
}

/* Which of a modem's serial ports takes commands only ModemManager's udev rules know: the others of those they
 * name are left out. */
static const char *get_tty_transport(GUdevDevice *device)
{
    static const char *const others[] = { "ID_MM_PORT_IGNORE", "ID_MM_PORT_TYPE_GPS",
                                          "ID_MM_PORT_TYPE_QCDM", "ID_MM_PORT_TYPE_AUDIO", NULL };
    g_autoptr(GUdevDevice) interface = get_interface(device);

    return interface && !has_any(device, others) ? "at" : NULL;
}

static const char *get_transport(GUdevDevice *device)
{
    const char *subsystem = g_udev_device_get_subsystem(device);

    if (g_str_equal(subsystem, "usbmisc"))
        return get_usbmisc_transport(device);
    if (g_str_equal(subsystem, "wwan"))
        return get_wwan_transport(device);
    if (g_str_equal(subsystem, "rpmsg"))
        return get_rpmsg_transport(device);
    return get_tty_transport(device);
}

/* ---- whose it is ---- */

static gboolean is_one_of(const char *word, const char *const *words)
{
    return word && g_strv_contains(words, word);
}

/* The device that all ports of a modem hang on, as ModemManager sees it: the USB device, or else the first one
 * of a bus that modems are put on. */
static GUdevDevice *get_physical(GUdevDevice *device)
{
    static const char *const buses[] = { "platform", "pci", "pnp", "sdio", NULL };
    static const char *const ports[] = { "wwan", "rpmsg", NULL };
    GUdevDevice *found = g_udev_device_get_parent_with_subsystem(device, "usb", "usb_device");
    g_autoptr(GUdevDevice) at = NULL;

    if (found)
        return found;
    at = g_udev_device_get_parent(device);
    while (at && !is_one_of(g_udev_device_get_subsystem(at), buses)) {
        GUdevDevice *next = g_udev_device_get_parent(at);

        if (!found && !is_one_of(g_udev_device_get_subsystem(at), ports))
            found = g_object_ref(at);
        g_object_unref(at);
        at = next;
    }
    if (at) {
        g_clear_object(&found);
        return g_steal_pointer(&at);
    }
    return found ? found : g_object_ref(device);
}

static char *get_usb_id(GUdevDevice *physical)
{
    const char *vendor = g_udev_device_get_sysfs_attr(physical, "idVendor");
    const char *product = g_udev_device_get_sysfs_attr(physical, "idProduct");

    return vendor && product ? g_strdup_printf("%.4s:%.4s", vendor, product) : g_strdup("");
}

char *devices_read_usb_id(const char *sysfs)
{
    static const char *const names[] = { "idVendor", "idProduct" };
    char *words[G_N_ELEMENTS(names)] = { NULL };
    char *id = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(sysfs, names[i], NULL);

        if (g_path_is_absolute(sysfs) && g_file_get_contents(path, &words[i], NULL, NULL))
            g_strchomp(words[i]);
    }
    if (words[0] && words[1])
        id = g_strdup_printf("%.4s:%.4s", words[0], words[1]);
    g_free(words[0]);
    g_free(words[1]);
    return id;
}

static char *get_driver(GUdevDevice *device)
{
    g_autoptr(GUdevDevice) interface = get_interface(device);
    g_autoptr(GUdevDevice) at = NULL;

    if (interface)
        return g_strdup(g_udev_device_get_driver(interface));
    at = g_udev_device_get_parent(device);
    while (at && !g_udev_device_get_driver(at)) {
        GUdevDevice *next = g_udev_device_get_parent(at);

        g_object_unref(at);
        at = next;
    }
    return at ? g_strdup(g_udev_device_get_driver(at)) : NULL;
}

/* ModemManager's rules mark what it looks at; an administrator may have marked what it shall not touch. */
static gboolean is_candidate(GUdevDevice *device, GUdevDevice *physical)
{
    static const char *const not_port[] = { "ID_MM_PORT_IGNORE", "ID_MM_DEVICE_IGNORE", NULL };
    static const char *const not_device[] = { "ID_MM_DEVICE_IGNORE", NULL };

    return g_udev_device_get_property_as_boolean(device, "ID_MM_CANDIDATE") &&
           !has_any(device, not_port) && !has_any(physical, not_device);
}

/* NULL: not a port that can be used. */
static DevicePort *port_new(GUdevDevice *device)
{
    const char *node = g_udev_device_get_device_file(device);
    const char *transport = node ? get_transport(device) : NULL;
    g_autoptr(GUdevDevice) physical = NULL;
    const char *tag;
    DevicePort *port;

    if (!transport)
        return NULL;
    physical = get_physical(device);
    tag = g_udev_device_get_property(device, "ID_MM_PHYSDEV_UID");
    if (!tag)
        tag = g_udev_device_get_property(physical, "ID_MM_PHYSDEV_UID");
    port = g_new0(DevicePort, 1);
    port->path = g_strdup(node);
    port->sysfs = g_strdup(g_udev_device_get_sysfs_path(device));
    port->transport = g_strdup(transport);
    port->driver = get_driver(device);
    if (!port->driver)
        port->driver = g_strdup("");
    port->device = g_strdup(tag ? tag : g_udev_device_get_sysfs_path(physical));
    port->usb_id = get_usb_id(physical);
    port->primary = g_udev_device_get_property_as_boolean(device, "ID_MM_PORT_TYPE_AT_PRIMARY");
    port->candidate = is_candidate(device, physical);
    /* 0 where udev does not know. */
    port->added = clock_boottime() -
                  (gint64)MIN(g_udev_device_get_usec_since_initialized(device), G_MAXINT64);
    return port;
}

/* ---- watching ---- */

static void on_uevent(GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
    Devices *devices = data;
    DevicePort *port = NULL;

    (void)client;
    if (g_str_equal(action, "remove")) {
        /* From the event itself: nothing is left of it in sysfs. */
        DevicePort gone = { .path = (char *)g_udev_device_get_device_file(device),
                            .sysfs = (char *)g_udev_device_get_sysfs_path(device) };

        if (gone.path)
            devices->func(&gone, FALSE, devices->data);
        return;
    }
    /* What could not be read yet when it was added is looked at again when more of it is there ("change",
     * "bind"). */
    if (!g_str_equal(action, "unbind") && !g_str_equal(action, "offline"))
        port = port_new(device);
    if (port)
        devices->func(port, TRUE, devices->data);
}

Devices *devices_new(DevicesFunc func, gpointer data)
{
    Devices *devices = g_new0(Devices, 1);

    devices->func = func;
    devices->data = data;
    devices->udev = g_udev_client_new(subsystems);
    g_signal_connect(devices->udev, "uevent", G_CALLBACK(on_uevent), devices);
    return devices;
}

void devices_free(Devices *devices)
{
    g_signal_handlers_disconnect_by_data(devices->udev, devices);
    g_object_unref(devices->udev);
    g_free(devices);
}

GPtrArray *devices_list(Devices *devices)
{
    GPtrArray *ports = g_ptr_array_new_with_free_func((GDestroyNotify)device_port_free);

    for (guint i = 0; subsystems[i]; i++) {
        GList *list = g_udev_client_query_by_subsystem(devices->udev, subsystems[i]);

        for (GList *at = list; at; at = at->next) {
            DevicePort *port = port_new(at->data);

            if (port)
                g_ptr_array_add(ports, port);
        }
        g_list_free_full(list, g_object_unref);
    }
    return ports;
}
