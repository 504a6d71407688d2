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
    Modem *modem;
    const char *path; /* of its port */
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
    GHashTable *found; /* sysfs path of the physical device -> Modem */
};

static void fixed_free(Fixed *fixed)
{
    if (fixed->source)
        g_source_remove(fixed->source);
    if (fixed->fd >= 0)
        close(fixed->fd);
    g_free(fixed->name);
    modem_free(fixed->modem);
    g_free(fixed);
}

Modems *modems_new(ModemsFunc func, gpointer data)
{
    Modems *modems = g_new0(Modems, 1);

    modems->func = func;
    modems->data = data;
    modems->fixed = g_ptr_array_new_with_free_func((GDestroyNotify)fixed_free);
    modems->found =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)modem_free);
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
    g_autofree char *path = g_canonicalize_filename(fixed->path, NULL);

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
            path = g_canonicalize_filename(fixed->path, NULL);
            inotify_rm_watch(fixed->fd, fixed->watch);
            fixed->watch = -1;
        } else {
            return;
        }
    }
    log_warning(NULL, "can't watch for %s", fixed->path);
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
    if (g_file_test(fixed->path, G_FILE_TEST_EXISTS))
        fixed->modems->func(fixed->modem, TRUE, fixed->modems->data);
    return G_SOURCE_CONTINUE;
}

void modems_add_fixed(Modems *modems, const Modem *modem)
{
    Fixed *fixed = g_new0(Fixed, 1);

    fixed->modem = modem_copy(modem);
    fixed->path = ((const ModemPort *)fixed->modem->ports->pdata[0])->path;
    fixed->modems = modems;
    fixed->watch = -1;
    fixed->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fixed->fd >= 0) {
        fixed->source = g_unix_fd_add(fixed->fd, G_IO_IN, on_fixed_changed, fixed);
        watch_fixed(fixed);
    } else {
        log_warning(NULL, "can't watch for %s: %s", fixed->path, g_strerror(errno));
    }
    g_ptr_array_add(modems->fixed, fixed);
    modems->func(fixed->modem, TRUE, modems->data);
}

/* ---- udev ---- */

static gboolean is_fixed(Modems *modems, const char *node)
{
    for (guint i = 0; i < modems->fixed->len; i++) {
        const Fixed *fixed = modems->fixed->pdata[i];
        g_autofree char *target = g_file_read_link(fixed->path, NULL);
        g_autofree char *folder = g_path_get_dirname(fixed->path);
        /* udev's links are relative. */
        g_autofree char *path = target ? g_canonicalize_filename(target, folder) : NULL;

        if (g_str_equal(fixed->path, node) || g_strcmp0(path, node) == 0)
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

/* sysfs path of the physical device the port belongs to. *RET_USB_ID: "05c6:90b2", or "". */
static char *get_physical(GUdevDevice *device, char **ret_usb_id)
{
    g_autoptr(GUdevDevice) usb =
        g_udev_device_get_parent_with_subsystem(device, "usb", "usb_device");
    g_autoptr(GUdevDevice) parent = NULL;

    if (usb) {
        const char *vendor = g_udev_device_get_sysfs_attr(usb, "idVendor");
        const char *product = g_udev_device_get_sysfs_attr(usb, "idProduct");

        *ret_usb_id =
            vendor && product ? g_strdup_printf("%.4s:%.4s", vendor, product) : g_strdup("");
        return g_strdup(g_udev_device_get_sysfs_path(usb));
    }
    *ret_usb_id = g_strdup("");
    parent = g_udev_device_get_parent(device);
    while (parent && g_strcmp0(g_udev_device_get_subsystem(parent), "wwan") == 0) {
        GUdevDevice *next = g_udev_device_get_parent(parent);

        g_object_unref(parent);
        parent = next;
    }
    return g_strdup(g_udev_device_get_sysfs_path(parent ? parent : device));
}

static char *get_driver(GUdevDevice *device)
{
    g_autoptr(GUdevDevice) interface =
        g_udev_device_get_parent_with_subsystem(device, "usb", "usb_interface");

    return g_strdup(interface ? g_udev_device_get_driver(interface) : NULL);
}

static Modem *find_by_node(Modems *modems, const char *node)
{
    GHashTableIter iter;
    gpointer modem;

    g_hash_table_iter_init(&iter, modems->found);
    while (g_hash_table_iter_next(&iter, NULL, &modem))
        if (modem_find_port(modem, node))
            return modem;
    return NULL;
}

static void port_appeared(Modems *modems, GUdevDevice *device)
{
    const char *node = g_udev_device_get_device_file(device);
    g_autofree char *physical = NULL, *usb_id = NULL, *driver = NULL;
    Modem *modem;

    if (!node || !is_qmi(device) || is_fixed(modems, node) || find_by_node(modems, node))
        return;
    physical = get_physical(device, &usb_id);
    driver = get_driver(device);
    modem = g_hash_table_lookup(modems->found, physical);
    if (!modem) {
        modem = modem_new(physical, 0);
        modem->usb_id = (g_free(modem->usb_id), g_steal_pointer(&usb_id));
        g_hash_table_insert(modems->found, modem->device, modem);
    }
    modem_add_port(modem, node, "qmi", driver);
    modems->func(modem, TRUE, modems->data);
}

static void port_went(Modems *modems, GUdevDevice *device)
{
    const char *node = g_udev_device_get_device_file(device);
    Modem *modem = node ? find_by_node(modems, node) : NULL;

    if (!modem)
        return;
    modem_remove_port(modem, node);
    if (modem->ports->len > 0) {
        modems->func(modem, TRUE, modems->data);
        return;
    }
    g_hash_table_steal(modems->found, modem->device);
    modems->func(modem, FALSE, modems->data);
    modem_free(modem);
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
    gpointer modem;

    for (guint i = 0; i < modems->fixed->len; i++)
        modems->func(((const Fixed *)modems->fixed->pdata[i])->modem, TRUE, modems->data);
    g_hash_table_iter_init(&iter, modems->found);
    while (g_hash_table_iter_next(&iter, NULL, &modem))
        modems->func(modem, TRUE, modems->data);
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
