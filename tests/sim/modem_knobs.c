/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_knobs.h"

/* FALSE with ERROR where the member is there and holds no TYPE; *RET_NODE is NULL where it is absent. */
static gboolean get_member(JsonObject *object, const char *name, GType type, const char *wanted,
                           JsonNode **ret_node, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);
    if (node && (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != type)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: want %s", name, wanted);
        return FALSE;
    }
    *ret_node = node;
    return TRUE;
}

gboolean sim_knob_number(JsonObject *object, const char *name, guint low, guint high, guint *value,
                         GError **error)
{
    g_autofree char *wanted = g_strdup_printf("a number of %u to %u", low, high);
    JsonNode *node;
    if (!get_member(object, name, G_TYPE_INT64, wanted, &node, error))
        return FALSE;
    if (!node)
        return TRUE;
    if (json_node_get_int(node) < low || json_node_get_int(node) > high) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: want %s", name, wanted);
        return FALSE;
    }
    *value = (guint)json_node_get_int(node);
    return TRUE;
}

gboolean sim_knob_flag(JsonObject *object, const char *name, gboolean *value, GError **error)
{
    JsonNode *node;
    if (!get_member(object, name, G_TYPE_BOOLEAN, "true or false", &node, error))
        return FALSE;
    if (node)
        *value = json_node_get_boolean(node);
    return TRUE;
}

gboolean sim_knob_text(JsonObject *object, const char *name, const char **value, GError **error)
{
    JsonNode *node;
    if (!get_member(object, name, G_TYPE_STRING, "a string", &node, error))
        return FALSE;
    if (node)
        *value = json_node_get_string(node);
    return TRUE;
}

/* ---- tables ---- */

gboolean sim_knob_check_choice(const char *name, const char *text, const char *const *choices,
                               GError **error)
{
    if (g_strv_contains(choices, text))
        return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **)choices);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: want one of %s, not '%s'",
                name, all, text);
    return FALSE;
}

gboolean sim_knobs_have(const SimKnob *table, const char *name)
{
    for (; table->name; table++)
        if (g_str_equal(table->name, name))
            return TRUE;
    return FALSE;
}

gboolean sim_knobs_check(const SimKnob *table, JsonObject *object, GError **error)
{
    for (; table->name; table++) {
        guint number;
        gboolean flag;
        const char *text = NULL;
        gboolean good = FALSE;
        switch (table->type) {
        case SIM_KNOB_NUMBER:
            good = sim_knob_number(object, table->name, table->low, table->high, &number, error);
            break;
        case SIM_KNOB_FLAG:
            good = sim_knob_flag(object, table->name, &flag, error);
            break;
        case SIM_KNOB_TEXT:
            good = sim_knob_text(object, table->name, &text, error) &&
                   (!text || !table->check || table->check(text, error));
            break;
        }
        if (!good)
            return FALSE;
    }
    return TRUE;
}

void sim_knobs_apply(const SimKnob *table, JsonObject *object, gpointer base)
{
    for (; table->name; table++) {
        gpointer value = G_STRUCT_MEMBER_P(base, table->offset);
        const char *text = NULL;
        switch (table->type) {
        case SIM_KNOB_NUMBER:
            (void)sim_knob_number(object, table->name, table->low, table->high, value, NULL);
            break;
        case SIM_KNOB_FLAG:
            (void)sim_knob_flag(object, table->name, value, NULL);
            break;
        case SIM_KNOB_TEXT:
            (void)sim_knob_text(object, table->name, &text, NULL);
            if (text) {
                g_free(*(char **)value);
                *(char **)value = g_strdup(text);
            }
            break;
        }
    }
}
