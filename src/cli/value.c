/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "cli/cli.h"

JsonNode *cli_take_array(JsonArray *array)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);

    json_node_take_array(node, array);
    return node;
}

static JsonNode *read_strings(sd_bus_message *m)
{
    g_autoptr(JsonArray) array = json_array_new();
    const char *text;

    if (sd_bus_message_enter_container(m, 'a', "s") <= 0)
        return NULL;
    while (sd_bus_message_read_basic(m, 's', &text) > 0)
        json_array_add_string_element(array, text);
    if (sd_bus_message_exit_container(m) < 0)
        return NULL;
    return cli_take_array(g_steal_pointer(&array));
}

static JsonNode *read_basic(sd_bus_message *m, char type)
{
    JsonNode *node = json_node_alloc();
    union {
        const char *string;
        int boolean;
        uint32_t u32;
        uint64_t u64;
        double real;
    } value;

    if (sd_bus_message_read_basic(m, type, &value) <= 0) {
        json_node_free(node);
        return NULL;
    }
    switch (type) {
    case SD_BUS_TYPE_BOOLEAN:
        return json_node_init_boolean(node, value.boolean);
    case SD_BUS_TYPE_UINT32:
        return json_node_init_int(node, value.u32);
    case SD_BUS_TYPE_UINT64:
        return json_node_init_int(node, (gint64)MIN(value.u64, (uint64_t)G_MAXINT64));
    case SD_BUS_TYPE_DOUBLE:
        return json_node_init_double(node, value.real);
    default: /* "s", "o" */
        return json_node_init_string(node, value.string);
    }
}

/* The types that org.euiccd1 has. Another one, of a later daemon, is shown as null. */
JsonNode *cli_read_variant(sd_bus_message *m)
{
    JsonNode *node = NULL;
    const char *type;

    if (sd_bus_message_peek_type(m, NULL, &type) <= 0)
        return NULL;
    if (!g_str_equal(type, "as") && !(strlen(type) == 1 && strchr("bsoutd", type[0])))
        return sd_bus_message_skip(m, "v") < 0 ? NULL : json_node_new(JSON_NODE_NULL);
    if (sd_bus_message_enter_container(m, 'v', type) <= 0)
        return NULL;
    node = type[0] == 'a' ? read_strings(m) : read_basic(m, type[0]);
    if (node && sd_bus_message_exit_container(m) < 0)
        g_clear_pointer(&node, json_node_free);
    return node;
}

JsonObject *cli_read_properties(sd_bus_message *m)
{
    g_autoptr(JsonObject) object = json_object_new();
    const char *name;
    int r;

    if (sd_bus_message_enter_container(m, 'a', "{sv}") <= 0)
        return NULL;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        JsonNode *value;

        if (sd_bus_message_read_basic(m, 's', &name) <= 0)
            return NULL;
        value = cli_read_variant(m);
        if (!value)
            return NULL;
        json_object_set_member(object, name, value);
        if (sd_bus_message_exit_container(m) < 0)
            return NULL;
    }
    if (r < 0 || sd_bus_message_exit_container(m) < 0)
        return NULL;
    return g_steal_pointer(&object);
}

/* A string, number or boolean; NULL when NAME is absent, null or of another kind. */
static JsonNode *get_value(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_VALUE(node) ? node : NULL;
}

const char *cli_get_string(JsonObject *object, const char *name)
{
    JsonNode *node = get_value(object, name);
    const char *text = node ? json_node_get_string(node) : NULL;

    return text ? text : "";
}

gint64 cli_get_integer(JsonObject *object, const char *name)
{
    JsonNode *node = get_value(object, name);

    return node ? json_node_get_int(node) : 0;
}

double cli_get_real(JsonObject *object, const char *name)
{
    JsonNode *node = get_value(object, name);

    return node ? json_node_get_double(node) : 0;
}

JsonArray *cli_get_array(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

char *cli_get_list(JsonObject *object, const char *name)
{
    JsonArray *array = cli_get_array(object, name);
    GString *list = g_string_new(NULL);

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
            continue;
        g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", json_node_get_string(node));
    }
    return g_string_free(list, FALSE);
}

char *cli_get_percent(JsonObject *job)
{
    double progress = cli_get_real(job, "Progress");

    return g_strdup_printf("%d %%", (int)(CLAMP(progress, 0, 1) * 100 + 0.5));
}

const char *cli_or_dash(const char *text)
{
    return text[0] ? text : "-";
}

char *cli_value_to_text(JsonNode *value)
{
    if (JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING)
        return cli_clean(json_node_get_string(value));
    return json_to_string(value, FALSE);
}

char *cli_time_to_text(gint64 usec)
{
    g_autoptr(GDateTime) time = NULL;

    if (usec <= 0)
        return g_strdup("-");
    time = g_date_time_new_from_unix_local(usec / G_USEC_PER_SEC);
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("-");
}

const char *cli_path_end(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

void cli_print_json(JsonNode *node, gboolean pretty)
{
    g_autofree char *text = json_to_string(node, pretty);

    g_print("%s\n", text);
}
