/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "cli/cli.h"

/* One line an event: as text for people, or as one JSON object. */
static void print_event(const Cli *cli, const char *event, const char *path, JsonObject *details)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S");
    g_autoptr(GList) names = NULL;

    if (cli->json) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = json_object_new();

        json_object_set_int_member(object, "Time", g_get_real_time());
        json_object_set_string_member(object, "Event", event);
        json_object_set_string_member(object, "Path", path);
        if (details)
            json_object_set_object_member(object, "Details", json_object_ref(details));
        json_node_take_object(node, object);
        cli_print_json(node, FALSE);
        return;
    }
    g_print("%s %s %s", time,
            g_str_has_prefix(path, CLI_ROOT "/") ? path + strlen(CLI_ROOT "/") : CLI_BUS_NAME,
            event);
    names = details ? json_object_get_members(details) : NULL;
    for (GList *l = names; l; l = l->next) {
        g_autofree char *text = g_str_equal(l->data, "Progress")
                                    ? cli_get_percent(details)
                                    : cli_value_to_text(json_object_get_member(details, l->data));
        gboolean quoted = text[0] == '\0' || strchr(text, ' ');

        g_print(quoted ? " %s='%s'" : " %s=%s", (const char *)l->data, text);
    }
    g_print("\n");
}

static void on_added(const Cli *cli, sd_bus_message *m)
{
    const char *path, *interface;

    if (sd_bus_message_read(m, "o", &path) <= 0 ||
        sd_bus_message_enter_container(m, 'a', "{sa{sv}}") <= 0)
        return;
    while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
        g_autoptr(JsonObject) properties = NULL;

        if (sd_bus_message_read(m, "s", &interface) <= 0)
            return;
        properties = cli_read_properties(m);
        if (!properties || sd_bus_message_exit_container(m) < 0)
            return;
        if (g_str_has_prefix(interface, CLI_BUS_NAME "."))
            print_event(cli, "added", path, properties);
    }
}

static void on_changed(const Cli *cli, sd_bus_message *m)
{
    g_autoptr(JsonObject) properties = NULL;

    if (sd_bus_message_skip(m, "s") < 0)
        return;
    properties = cli_read_properties(m);
    if (properties)
        print_event(cli, "changed", sd_bus_message_get_path(m), properties);
}

static void on_finished(const Cli *cli, sd_bus_message *m)
{
    g_autoptr(JsonObject) details = json_object_new();
    const char *name, *message;
    int success;

    if (sd_bus_message_read(m, "bss", &success, &name, &message) <= 0)
        return;
    json_object_set_boolean_member(details, "Success", success);
    json_object_set_string_member(details, "Error", name);
    json_object_set_string_member(details, "ErrorMessage", message);
    print_event(cli, "finished", sd_bus_message_get_path(m), details);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const Cli *cli = userdata;
    const char *path;

    (void)ret_error;
    if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded"))
        on_added(cli, m);
    else if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.ObjectManager",
                                      "InterfacesRemoved") &&
             sd_bus_message_read(m, "o", &path) > 0)
        print_event(cli, "removed", path, NULL);
    else if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", "PropertiesChanged"))
        on_changed(cli, m);
    else if (sd_bus_message_is_signal(m, CLI_BUS_NAME ".Job", "Finished"))
        on_finished(cli, m);
    return 0;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const char *name, *before, *after;

    (void)ret_error;
    if (sd_bus_message_read(m, "sss", &name, &before, &after) > 0)
        print_event(userdata, after[0] ? "started" : "stopped", CLI_ROOT, NULL);
    return 0;
}

/* The first line says that nothing is missed from now on. */
static CliExit print_first(Cli *cli)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    g_autofree char *version = NULL;
    CliExit code = CLI_OK;
    int r = sd_bus_get_property_string(cli->bus, CLI_BUS_NAME, CLI_ROOT, CLI_BUS_NAME ".Manager",
                                       "Version", &error, &version);

    if (r >= 0) {
        g_autoptr(JsonObject) details = json_object_new();

        json_object_set_string_member(details, "Version", version);
        print_event(cli, "present", CLI_ROOT, details);
    } else if (sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
        print_event(cli, "absent", CLI_ROOT, NULL);
    } else {
        code = cli_report(_("asking for the version"), &error, r);
    }
    sd_bus_error_free(&error);
    return code;
}

CliExit cli_monitor(Cli *cli, char **arguments)
{
    CliExit code;
    int r;

    (void)arguments;
    r = sd_bus_match_signal(cli->bus, NULL, CLI_BUS_NAME, NULL, NULL, NULL, on_signal, cli);
    if (r >= 0)
        r = sd_bus_add_match(cli->bus, NULL,
                             "type='signal',sender='org.freedesktop.DBus',"
                             "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                             "arg0='" CLI_BUS_NAME "'",
                             on_owner_changed, cli);
    if (r < 0)
        return cli_report(_("listening to the daemon"), NULL, r);
    code = print_first(cli);
    if (code != CLI_OK)
        return code;
    for (;;) {
        r = sd_bus_process(cli->bus, NULL);
        if (r == 0)
            r = sd_bus_wait(cli->bus, UINT64_MAX);
        if (r < 0 && r != -EINTR)
            return cli_report(_("listening to the daemon"), NULL, r);
    }
}
