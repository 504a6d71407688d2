/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <sys/utsname.h>

#include "bus/bus_json.h"

/* Texts of the card may be anything; JSON is UTF-8. */
void bus_json_string(JsonBuilder *b, const char *name, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, valid);
}

void bus_json_integer(JsonBuilder *b, const char *name, gint64 value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

void bus_json_boolean(JsonBuilder *b, const char *name, gboolean value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_boolean_value(b, value);
}

void bus_json_strings(JsonBuilder *b, const char *name, char *const *values)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (gsize i = 0; values[i]; i++) {
        g_autofree char *valid = g_utf8_make_valid(values[i], -1);

        json_builder_add_string_value(b, valid);
    }
    json_builder_end_array(b);
}

void bus_json_versions(JsonBuilder *b, const char *modem_manager)
{
    g_auto(GStrv) libraries = agents_list_libraries();
    struct utsname host;

    json_builder_set_member_name(b, "Versions");
    json_builder_begin_object(b);
    bus_json_string(b, "Daemon", PACKAGE_VERSION);
    bus_json_strings(b, "Libraries", libraries);
    if (modem_manager)
        bus_json_string(b, "ModemManager", modem_manager);
    if (uname(&host) == 0) {
        bus_json_string(b, "Kernel", host.release);
        bus_json_string(b, "Machine", host.machine);
    }
    json_builder_end_object(b);
}
