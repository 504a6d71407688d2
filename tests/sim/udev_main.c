/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* euicc-sim udev: the part of the kernel and udev that tells programs of modems: a folder in place of /sys and
 * /dev (umockdev), and uevents. A device is there for as long as its node is in dev/, which is watched. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/control.h"
#include "sim/programs.h"
#include "sim/udev_device.h"

#ifdef HAVE_UMOCKDEV
#include <umockdev.h>

typedef struct {
    UMockdevTestbed *testbed;
    char *dev; /* its dev folder */
    gboolean wwan;
    GPtrArray *devices; /* SimUdevDevice */
    GMainLoop *loop;
    int watch;
} Udev;

static gboolean fail_errno(const char *what, GError **error)
{
    int code = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "%s: %s", what,
                g_strerror(code));
    return FALSE;
}

static SimUdevDevice *find_device(const Udev *udev, const char *node)
{
    for (guint i = 0; i < udev->devices->len; i++) {
        SimUdevDevice *device = udev->devices->pdata[i];
        if (g_str_equal(device->node, node) || !g_strcmp0(device->next, node))
            return device;
    }
    return NULL;
}

static gboolean is_there(const Udev *udev, const char *node)
{
    struct stat info;
    g_autofree char *path = g_build_filename(udev->dev, node, NULL);
    return lstat(path, &info) == 0;
}

static void add(Udev *udev, SimUdevDevice *device, const char *node)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    if (device->shown)
        return;
    device->plugged++;
    if (!g_strcmp0(device->next, node)) {
        g_free(device->node);
        device->node = g_steal_pointer(&device->next);
    }
    text = sim_udev_device_describe(device, udev->wwan);
    g_ptr_array_set_size(device->paths, 0);
    sim_udev_device_list(device, udev->wwan);
    device->shown = TRUE;
    /* Adds one after the other, each with its uevent. */
    if (!umockdev_testbed_add_from_string(udev->testbed, text, &error)) {
        g_printerr("euicc-sim udev: %s: %s\n", device->node, error->message);
        g_main_loop_quit(udev->loop);
        return;
    }
    g_printerr("added %s of modem %u\n", device->node, device->number);
}

static void take_away(Udev *udev, SimUdevDevice *device)
{
    if (!device->shown)
        return;
    device->shown = FALSE;
    for (guint i = device->paths->len; i > 0; i--) {
        umockdev_testbed_uevent(udev->testbed, device->paths->pdata[i - 1], "remove");
        umockdev_testbed_remove_device(udev->testbed, device->paths->pdata[i - 1]);
    }
    g_printerr("removed %s of modem %u\n", device->node, device->number);
}

/* What became of each node that was named: the state counts, not the kind of event. A node that went and is
 * there again has both. */
static gboolean on_change(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    Udev *udev = data;
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n = read(fd, buffer, sizeof buffer);
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const void *)(buffer + at);
        SimUdevDevice *device = event->len ? find_device(udev, event->name) : NULL;
        at += (ssize_t)(sizeof *event + event->len);
        if (device && (event->mask & IN_DELETE))
            take_away(udev, device);
        else if (device && is_there(udev, event->name))
            add(udev, device, event->name);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean watch_nodes(Udev *udev, GError **error)
{
    udev->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (udev->watch < 0 || inotify_add_watch(udev->watch, udev->dev, IN_CREATE | IN_DELETE) < 0)
        return fail_errno(udev->dev, error);
    g_unix_fd_add(udev->watch, G_IO_IN, on_change, udev);
    return TRUE;
}

/* {"do": "rename", "modem": N, "node": NAME}: what the modem's node will be when it comes back; and
 * {"do": "show"}. */
static gboolean on_request(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    Udev *udev = data;
    const char *what = json_object_get_string_member_with_default(request, "do", "");
    if (g_str_equal(what, "show")) {
        JsonArray *list = json_array_new();
        for (guint i = 0; i < udev->devices->len; i++) {
            const SimUdevDevice *device = udev->devices->pdata[i];
            JsonObject *entry = json_object_new();
            json_object_set_int_member(entry, "modem", device->number);
            json_object_set_string_member(entry, "node", device->node);
            json_object_set_boolean_member(entry, "there", device->shown);
            json_object_set_int_member(entry, "plugged", device->plugged);
            json_array_add_object_element(list, entry);
        }
        json_object_set_array_member(answer, "devices", list);
        return TRUE;
    }
    guint number = (guint)json_object_get_int_member_with_default(request, "modem", 0);
    const char *node = json_object_get_string_member_with_default(request, "node", "");
    if (!g_str_equal(what, "rename") || number < 1 || number > udev->devices->len || !*node ||
        strchr(node, '/')) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "udev: can show and rename (modem, node)");
        return FALSE;
    }
    SimUdevDevice *device = udev->devices->pdata[number - 1];
    SimUdevDevice *other = find_device(udev, node);
    if (other && other != device) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "udev: %s is that of modem %u", node,
                    other->number);
        return FALSE;
    }
    g_free(device->next);
    device->next = g_strdup(node);
    return TRUE;
}

/* Folders that links lead to. */
static gboolean make_drivers(const char *root, GError **error)
{
    static const char *const folders[] = { "dev",
                                           "sys/bus/usb/drivers/qmi_wwan",
                                           "sys/bus/usb/drivers/cdc_mbim",
                                           "sys/bus/usb/drivers/option",
                                           "sys/bus/usb-serial/drivers/option1",
                                           "sys/bus/pci/drivers/mhi-pci-generic" };
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(root, folders[i], NULL);
        if (g_mkdir_with_parents(path, 0755) < 0)
            return fail_errno(path, error);
    }
    return TRUE;
}

static gboolean on_signal(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_CONTINUE;
}

static gboolean serve(Udev *udev, const char *control_path, int ready_fd, GError **error)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(udev->testbed);
    udev->dev = g_build_filename(root, "dev", NULL);
    if (!make_drivers(root, error) || !watch_nodes(udev, error))
        return FALSE;
    g_autoptr(SimControl) control = sim_control_new(control_path, on_request, udev, error);
    if (!control)
        return FALSE;
    g_unix_signal_add(SIGTERM, on_signal, udev->loop);
    g_unix_signal_add(SIGINT, on_signal, udev->loop);
    g_autofree char *line = g_strdup_printf("%s\n", root);
    if (ready_fd >= 0) {
        if (write(ready_fd, line, strlen(line)) < 0)
            return fail_errno("ready fd", error);
        (void)g_close(ready_fd, NULL);
    }
    g_main_loop_run(udev->loop);
    return TRUE;
}

int sim_udev_main(int argc, char **argv)
{
    g_auto(GStrv) descriptions = NULL;
    g_autofree char *control = NULL;
    int ready_fd = -1;
    gboolean wwan = FALSE, ok = TRUE;
    const GOptionEntry entries[] = {
        { "device", 0, 0, G_OPTION_ARG_STRING_ARRAY, &descriptions,
          "A modem and the node that it gets", "KIND:NODE" },
        { "wwan", 0, 0, G_OPTION_ARG_NONE, &wwan, "PCIe modems (subsystem wwan), not USB", NULL },
        { "control", 0, 0, G_OPTION_ARG_FILENAME, &control, "Control socket to create", "PATH" },
        { "ready-fd", 0, 0, G_OPTION_ARG_INT, &ready_fd, "Write the folder here once it is there",
          "FD" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- devices of modems");
    g_autoptr(GError) error = NULL;
    g_option_context_set_summary(
        context, "Has to run with LD_PRELOAD=libumockdev-preload.so.0. Programs that run with that "
                 "and with\nUMOCKDEV_DIR see the devices whose nodes somebody makes in dev/ of the "
                 "folder (in TMPDIR).");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("euicc-sim udev: %s\n", error->message);
        return SIM_EXIT_USAGE;
    }
    if (!descriptions || !control || argc > 1) {
        g_printerr("euicc-sim udev: want --device=KIND:NODE and --control=PATH; see --help\n");
        return SIM_EXIT_USAGE;
    }
    const char *preload = g_getenv("LD_PRELOAD");
    if (!preload || !strstr(preload, "libumockdev-preload")) {
        g_printerr("euicc-sim udev: not with libumockdev-preload in LD_PRELOAD\n");
        return SIM_EXIT_FAILED;
    }
    g_autoptr(GPtrArray) devices =
        g_ptr_array_new_with_free_func((GDestroyNotify)sim_udev_device_free);
    for (guint i = 0; ok && descriptions[i]; i++) {
        SimUdevDevice *device = sim_udev_device_new(descriptions[i], i + 1, &error);
        ok = device != NULL;
        if (ok)
            g_ptr_array_add(devices, device);
    }
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Udev udev = { umockdev_testbed_new(), NULL, wwan, devices, loop, -1 };
    ok = ok && serve(&udev, control, ready_fd, &error);
    if (!ok)
        g_printerr("euicc-sim udev: %s\n", error->message);
    if (udev.watch >= 0)
        (void)g_close(udev.watch, NULL);
    g_object_unref(udev.testbed);
    g_free(udev.dev);
    return ok ? SIM_EXIT_OK : SIM_EXIT_FAILED;
}

#else

int sim_udev_main(int argc G_GNUC_UNUSED, char **argv G_GNUC_UNUSED)
{
    g_printerr("euicc-sim udev: built without umockdev\n");
    return SIM_EXIT_FAILED;
}

#endif
