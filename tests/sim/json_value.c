/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/json_value.h"

gboolean sim_value_fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    return FALSE;
}

gboolean sim_value_flag(JsonNode *node, gboolean *ret_flag, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return sim_value_fail(error, "neither true nor false");
    *ret_flag = json_node_get_boolean(node);
    return TRUE;
}

gboolean sim_value_number(JsonNode *node, gint64 *ret_number, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_INT64)
        return sim_value_fail(error, "no integer");
    *ret_number = json_node_get_int(node);
    return TRUE;
}

gboolean sim_value_count(JsonNode *node, guint *ret_count, GError **error)
{
    gint64 number = 0;

    if (!sim_value_number(node, &number, error))
        return FALSE;
    if (number < 0 || number > 1000000000)
        return sim_value_fail(error, "out of range");
    *ret_count = (guint)number;
    return TRUE;
}

gboolean sim_value_text(JsonNode *node, char **text, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return sim_value_fail(error, "no string");
    g_free(*text);
    *text = g_strdup(json_node_get_string(node));
    return TRUE;
}

gboolean sim_value_name(JsonNode *node, const char *const *names, guint count, guint *ret_index,
                        GError **error)
{
    const char *text =
        json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : "";

    for (guint i = 0; i < count; i++) {
        if (g_str_equal(names[i], text)) {
            *ret_index = i;
            return TRUE;
        }
    }
    return sim_value_fail(error, "'%s' is none of the choices", text);
}

const char *sim_value_get_text(JsonObject *object, const char *name)
{
    const char *text = json_object_get_string_member_with_default(object, name, "");

    return text ? text : "";
}
