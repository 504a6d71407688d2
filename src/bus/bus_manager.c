/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus_objects.h"
#include "util/error.h"
#include "util/log.h"

static const LogContext log_context = { .object = "bus" };

static int get_version(sd_bus *connection, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
    return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
}

static int get_log_level(sd_bus *connection, const char *path, const char *interface,
                         const char *property, sd_bus_message *reply, void *userdata,
                         sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
    return sd_bus_message_append(reply, "s", log_level_to_string(log_get_level()));
}

/* Marks the property writable; bus_guard_set() takes every call before it can get here. */
static int refuse_set(sd_bus *connection, const char *path, const char *interface,
                      const char *property, sd_bus_message *value, void *userdata,
                      sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)value, (void)userdata;
    (void)ret_error;
    return -EACCES;
}

static int on_describe(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    g_autofree char *text = bus_describe_all(userdata);

    (void)ret_error;
    return sd_bus_reply_method_return(m, "s", text);
}

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_log_level, refuse_set, 0,
                             SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE | SD_BUS_VTABLE_UNPRIVILEGED),

    SD_BUS_METHOD_WITH_ARGS("Rescan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Inhibit", SD_BUS_ARGS("s", why), SD_BUS_RESULT("h", lock), bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), on_describe,
                            SD_BUS_VTABLE_UNPRIVILEGED),

    SD_BUS_VTABLE_END,
};

int bus_manager_register(Bus *bus)
{
    int r = sd_bus_add_object(bus->connection, NULL, BUS_ROOT, bus_guard_set, bus);

    if (r < 0)
        return r;
    return sd_bus_add_object_vtable(bus->connection, NULL, BUS_ROOT, BUS_MANAGER_INTERFACE, vtable,
                                    bus);
}

gboolean bus_manager_rescan(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    log_info(&log_context, "looking for modems and cards again for %s", cause);
    agents_rescan(bus->agents);
    return bus_check(sd_bus_reply_method_return(m, NULL), "replying", error);
}

static gboolean set_log_level(Bus *bus, sd_bus_message *m, const char *cause, const char *value,
                              GError **error)
{
    LogLevel level;
    int r;

    if (!log_level_from_string(value, &level)) {
        g_autofree char *shown = g_utf8_make_valid(value, MIN((gssize)strlen(value), 40));

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "'%s' is no log level; known are: error, warning, notice, info, debug", shown);
        return FALSE;
    }
    if (level != log_get_level()) {
        log_notice(&log_context, "log level %s, set by %s", log_level_to_string(level), cause);
        log_set_level(level);
        r = sd_bus_emit_properties_changed(bus->connection, BUS_ROOT, BUS_MANAGER_INTERFACE,
                                           "LogLevel", NULL);
        if (r < 0)
            log_warning(&log_context, "announcing the log level: %s", g_strerror(-r));
    }
    return bus_check(sd_bus_reply_method_return(m, NULL), "replying", error);
}

gboolean bus_manager_set_log_level(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const char *value;

    return bus_read_set_string(m, &value, error) && set_log_level(bus, m, cause, value, error);
}

/*
 * org.freedesktop.LogControl1, what "systemctl service-log-level" speaks
 * (org.freedesktop.LogControl1(5)): the same level under the names of syslog(3).
 */

static int get_syslog_level(sd_bus *connection, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *ret_error)
{
    LogLevel level = log_get_level();

    (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
    return sd_bus_message_append(reply, "s",
                                 level == LOG_LEVEL_ERROR ? "err" : log_level_to_string(level));
}

static int get_log_target(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
    return sd_bus_message_append(reply, "s",
                                 g_log_writer_is_journald(STDERR_FILENO) ? "journal" : "console");
}

static int get_identifier(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
    return sd_bus_message_append(reply, "s", "euiccd");
}

static const sd_bus_vtable log_control_vtable[] = {
    SD_BUS_VTABLE_START(0),

    SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_syslog_level, refuse_set, 0,
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("LogTarget", "s", get_log_target, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),

    SD_BUS_VTABLE_END,
};

int bus_log_control_register(Bus *bus)
{
    int r = sd_bus_add_object(bus->connection, NULL, BUS_LOG_CONTROL_PATH, bus_guard_set, bus);

    if (r < 0)
        return r;
    return sd_bus_add_object_vtable(bus->connection, NULL, BUS_LOG_CONTROL_PATH,
                                    BUS_LOG_CONTROL_INTERFACE, log_control_vtable, bus);
}

gboolean bus_log_control_set_level(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    static const char *const errors[] = { "err", "crit", "alert", "emerg", NULL };
    const char *value;

    if (!bus_read_set_string(m, &value, error))
        return FALSE;
    return set_log_level(bus, m, cause, g_strv_contains(errors, value) ? "error" : value, error);
}
