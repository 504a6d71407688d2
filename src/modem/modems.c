/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modems.h"

#include <errno.h>
#include <glib-unix.h>
#include <gudev/gudev.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "util/log.h"

typedef struct {
    ModemPort *port;
    Modems *modems;
    int fd;     /* of inotify; -1: not watched */
    int watch;  /* of the folder, or of the nearest one above it that exists; -1: none */
    char *name; /* of the node, or of the next folder on the way to it */
    guint source;
} Fixed;

struct Modems {
    ModemsFunc func;
    gpointer data;
    GPtrArray *fixed; /* of Fixed */
    GUdevClient *udev;
    GHashTable *found; /* device node -> ModemPort, by udev */
};

ModemPort *modem_port_new(const char *device, const char *port, const char *transport, guint slot)
{
    ModemPort *result = g_new0(ModemPort, 1);

    result->device = g_strdup(device);
    result->port = g_strdup(port);
    result->transport = g_strdup(transport);
    result->slot = slot;
    return result;
}

ModemPort *modem_port_copy(const ModemPort *port)
{
    return modem_port_new(port->device, port->port, port->transport, port->slot);
}

void modem_port_free(ModemPort *port)
{
    g_free(port->device);
    g_free(port->port);
    g_free(port->transport);
    g_free(port);
}

static void fixed_free(Fixed *fixed)
{
    if (fixed->source)
        g_source_remove(fixed->source);
    if (fixed->fd >= 0)
        close(fixed->fd);
    g_free(fixed->name);
    modem_port_free(fixed->port);
    g_free(fixed);
}

Modems *modems_new(ModemsFunc func, gpointer data)
{
    Modems *modems = g_new0(Modems, 1);

    modems->func = func;
    modems->data = data;
    modems->fixed = g_ptr_array_new_with_free_func((GDestroyNotify)fixed_free);
    modems->found =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)modem_port_free);
    return modems;
}

void modems_free(Modems *modems)
{
    if (modems->udev) {
        g_signal_handlers_disconnect_by_data(modems->udev, modems);
        g_object_unref(modems->udev);
    }
    g_hash_table_unref(modems->found);
    g_ptr_array_unref(modems->fixed);
    g_free(modems);
}

/* ---- ports that the administrator named ---- */

/* Names that appear, and the end of the folder; no writes: a device that somebody uses must not wake us
 * up. */
#define WATCHED (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* Deeper than any path to a device. */
#define MAX_ROUNDS 32

/* Watches the folder of the node, or the nearest one above it that is there. */
static void watch_fixed(Fixed *fixed)
{
    g_autofree char *path = g_canonicalize_filename(fixed->port->port, NULL);

    if (fixed->watch >= 0)
        inotify_rm_watch(fixed->fd, fixed->watch);
    fixed->watch = -1;
    for (guint i = 0; i < MAX_ROUNDS; i++) {
        g_autofree char *folder = g_path_get_dirname(path);

        g_free(fixed->name);
        fixed->name = g_path_get_basename(path);
        fixed->watch = inotify_add_watch(fixed->fd, folder, WATCHED);
        if (fixed->watch < 0 && errno != ENOENT && errno != ENOTDIR)
            break;
        if (fixed->watch < 0) {
            g_free(path);
            path = g_steal_pointer(&folder);
        } else if (i > 0 && g_file_test(path, G_FILE_TEST_IS_DIR)) {
            /* It came in between: nothing will tell of it. */
            g_free(path);
            path = g_canonicalize_filename(fixed->port->port, NULL);
            inotify_rm_watch(fixed->fd, fixed->watch);
            fixed->watch = -1;
        } else {
            return;
        }
    }
    log_warning(NULL, "can't watch for %s", fixed->port->port);
}

/* TRUE: what the watch was for has come, or the watch itself has gone. */
static gboolean is_news(const Fixed *fixed, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return TRUE;
    if (event->wd != fixed->watch) /* of a watch that was replaced */
        return FALSE;
    if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT))
        return TRUE;
    return event->len > 0 && g_str_equal(event->name, fixed->name);
}

static gboolean on_fixed_changed(gint fd, GIOCondition condition, gpointer data)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    Fixed *fixed = data;
    gboolean news = FALSE;
    ssize_t n;

    (void)condition;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

            news = news || is_news(fixed, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    if (!news)
        return G_SOURCE_CONTINUE;
    /* Folders come one by one, and the node may be there before the watch on its folder is. */
    watch_fixed(fixed);
    if (g_file_test(fixed->port->port, G_FILE_TEST_EXISTS))
        fixed->modems->func(fixed->port, TRUE, fixed->modems->data);
    return G_SOURCE_CONTINUE;
}

void modems_add_fixed(Modems *modems, const ModemPort *port)
{
    Fixed *fixed = g_new0(Fixed, 1);

    fixed->port = modem_port_copy(port);
    fixed->modems = modems;
    fixed->watch = -1;
    fixed->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fixed->fd >= 0) {
        fixed->source = g_unix_fd_add(fixed->fd, G_IO_IN, on_fixed_changed, fixed);
        watch_fixed(fixed);
    } else {
        log_warning(NULL, "can't watch for %s: %s", port->port, g_strerror(errno));
    }
    g_ptr_array_add(modems->fixed, fixed);
    modems->func(fixed->port, TRUE, modems->data);
}

/* ---- udev ---- */

static gboolean is_fixed(Modems *modems, const char *node)
{
    for (guint i = 0; i < modems->fixed->len; i++) {
        const Fixed *fixed = modems->fixed->pdata[i];
        g_autofree char *target = g_file_read_link(fixed->port->port, NULL);
        g_autofree char *folder = g_path_get_dirname(fixed->port->port);
        /* udev's links are relative. */
        g_autofree char *path = target ? g_canonicalize_filename(target, folder) : NULL;

        if (g_str_equal(fixed->port->port, node) || g_strcmp0(path, node) == 0)
            return TRUE;
    }
    return FALSE;
}

/* QMI control nodes: cdc-wdm of qmi_wwan, and wwan ports of type QMI (kernel 5.14 and later tell the
 * type in an attribute, older ones only in the name). */
static gboolean is_qmi(GUdevDevice *device)
{
    if (g_str_equal(g_udev_device_get_subsystem(device), "usbmisc")) {
        g_autoptr(GUdevDevice) interface =
            g_udev_device_get_parent_with_subsystem(device, "usb", "usb_interface");

        return g_str_has_prefix(g_udev_device_get_name(device), "cdc-wdm") && interface &&
               g_strcmp0(g_udev_device_get_driver(interface), "qmi_wwan") == 0;
    }
    if (g_udev_device_has_sysfs_attr(device, "type"))
        return g_strcmp0(g_udev_device_get_sysfs_attr(device, "type"), "QMI") == 0;
    return strstr(g_udev_device_get_name(device), "qmi") != NULL;
}

/* sysfs path of the physical device the port belongs to. */
static char *get_physical(GUdevDevice *device)
{
    g_autoptr(GUdevDevice) usb =
        g_udev_device_get_parent_with_subsystem(device, "usb", "usb_device");
    g_autoptr(GUdevDevice) parent = NULL;

    if (usb)
        return g_strdup(g_udev_device_get_sysfs_path(usb));
    parent = g_udev_device_get_parent(device);
    while (parent && g_strcmp0(g_udev_device_get_subsystem(parent), "wwan") == 0) {
        GUdevDevice *next = g_udev_device_get_parent(parent);

        g_object_unref(parent);
        parent = next;
    }
    return g_strdup(g_udev_device_get_sysfs_path(parent ? parent : device));
}

static void port_appeared(Modems *modems, GUdevDevice *device)
{
    const char *node = g_udev_device_get_device_file(device);
    g_autofree char *physical = NULL;
    ModemPort *port;

    if (!node || !is_qmi(device) || is_fixed(modems, node) ||
        g_hash_table_contains(modems->found, node))
        return;
    physical = get_physical(device);
    port = modem_port_new(physical, node, "qmi", 0);
    g_hash_table_insert(modems->found, port->port, port);
    modems->func(port, TRUE, modems->data);
}

static void port_went(Modems *modems, GUdevDevice *device)
{
    const char *node = g_udev_device_get_device_file(device);
    ModemPort *port = node ? g_hash_table_lookup(modems->found, node) : NULL;

    if (!port)
        return;
    g_hash_table_steal(modems->found, node);
    modems->func(port, FALSE, modems->data);
    modem_port_free(port);
}

static void on_uevent(GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
    Modems *modems = data;

    (void)client;
    if (g_str_equal(action, "remove"))
        port_went(modems, device);
    else if (g_str_equal(action, "add"))
        port_appeared(modems, device);
}

void modems_discover(Modems *modems)
{
    static const char *const subsystems[] = { "usbmisc", "wwan", NULL };

    modems->udev = g_udev_client_new(subsystems);
    g_signal_connect(modems->udev, "uevent", G_CALLBACK(on_uevent), modems);
    modems_rescan(modems);
}

void modems_rescan(Modems *modems)
{
    GHashTableIter iter;
    gpointer port;

    for (guint i = 0; i < modems->fixed->len; i++)
        modems->func(((const Fixed *)modems->fixed->pdata[i])->port, TRUE, modems->data);
    g_hash_table_iter_init(&iter, modems->found);
    while (g_hash_table_iter_next(&iter, NULL, &port))
        modems->func(port, TRUE, modems->data);
    if (!modems->udev)
        return;
    for (guint i = 0; i < 2; i++) {
        GList *devices =
            g_udev_client_query_by_subsystem(modems->udev, i == 0 ? "usbmisc" : "wwan");

        for (GList *item = devices; item; item = item->next)
            port_appeared(modems, item->data);
        g_list_free_full(devices, g_object_unref);
    }
}
