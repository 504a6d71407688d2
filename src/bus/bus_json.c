/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
