/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "private-bus.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

struct PrivateBus {
    GSubprocess *daemon; /* NULL when it was stopped */
    char *folder;
    char *configuration;
    char *socket;
};

static const char configuration_format[] =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
    "<busconfig>\n"
    "  <type>system</type>\n"
    "  <listen>unix:path=%s</listen>\n"
    "  <policy context=\"default\">\n"
    "    <allow user=\"*\"/><allow own=\"*\"/>\n"
    "    <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\n"
    "  </policy>\n"
    "</busconfig>\n";

PrivateBus *private_bus_new(void)
{
    PrivateBus *bus = g_new0(PrivateBus, 1);
    g_autofree char *text = NULL;
    g_autofree char *argument = NULL;
    g_autofree char *address = NULL;
    g_autoptr(GDataInputStream) output = NULL;
    g_autoptr(GError) error = NULL;

    bus->folder = g_dir_make_tmp("euiccd-bus-XXXXXX", &error);
    g_assert_no_error(error);
    bus->configuration = g_build_filename(bus->folder, "bus.conf", NULL);
    bus->socket = g_build_filename(bus->folder, "socket", NULL);
    text = g_strdup_printf(configuration_format, bus->socket);
    g_file_set_contents(bus->configuration, text, -1, &error);
    g_assert_no_error(error);
    argument = g_strconcat("--config-file=", bus->configuration, NULL);
    bus->daemon = g_subprocess_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, "dbus-daemon",
        argument, "--nofork", "--nopidfile", "--print-address=1", NULL);
    g_assert_no_error(error);
    /* The address is printed when the bus listens. */
    output = g_data_input_stream_new(g_subprocess_get_stdout_pipe(bus->daemon));
    address = g_data_input_stream_read_line(output, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(address);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
    return bus;
}

void private_bus_stop(PrivateBus *bus)
{
    if (!bus->daemon)
        return;
    g_subprocess_force_exit(bus->daemon);
    g_subprocess_wait(bus->daemon, NULL, NULL);
    g_clear_object(&bus->daemon);
}

void private_bus_free(PrivateBus *bus)
{
    private_bus_stop(bus);
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    g_remove(bus->socket);
    g_remove(bus->configuration);
    g_rmdir(bus->folder);
    g_free(bus->folder);
    g_free(bus->configuration);
    g_free(bus->socket);
    g_free(bus);
}
