/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "cli/cli.h"

static gboolean is_object(JsonNode *node)
{
    return JSON_NODE_HOLDS_OBJECT(node);
}

static gboolean is_text(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

/* TRUE when MEMBER of OBJECT is an array in which everything IS what it should, or is not there and need
 * not be. */
static gboolean has_array(JsonObject *object, const char *member, gboolean required,
                          gboolean (*is)(JsonNode *node))
{
    JsonArray *array = cli_get_array(object, member);

    if (!array)
        return !required && !json_object_has_member(object, member);
    for (guint i = 0; i < json_array_get_length(array); i++)
        if (!is(json_array_get_element(array, i)))
            return FALSE;
    return TRUE;
}

static gboolean has_object(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node && is_object(node);
}

JsonNode *cli_parse_state(const char *text)
{
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    JsonObject *object;
    JsonArray *euiccs;

    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    object = json_node_get_object(root);
    if (!has_array(object, "Euiccs", TRUE, is_object) ||
        !has_array(object, "Jobs", TRUE, is_object) ||
        !has_array(object, "Modems", FALSE, is_object) ||
        !has_array(object, "Excluded", FALSE, is_object) ||
        !has_array(object, "Configuration", FALSE, is_text) ||
        (json_object_has_member(object, "Versions") && !has_object(object, "Versions")) ||
        !has_array(object, "Inhibitions", FALSE, is_text))
        return NULL;
    euiccs = cli_get_array(object, "Euiccs");
    for (guint i = 0; i < json_array_get_length(euiccs); i++) {
        JsonObject *euicc = json_array_get_object_element(euiccs, i);

        if (!has_array(euicc, "Profiles", FALSE, is_object) ||
            !has_array(euicc, "Eims", FALSE, is_object))
            return NULL;
    }
    return g_steal_pointer(&root);
}

JsonNode *cli_parse_report(const char *text)
{
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    JsonObject *object;

    if (!root || !is_object(root))
        return NULL;
    object = json_node_get_object(root);
    if (!has_object(object, "Modem") || !has_object(object, "Versions") ||
        !has_array(object, "Steps", TRUE, is_object) ||
        !has_array(object, "Configuration", FALSE, is_text))
        return NULL;
    if (has_object(object, "Euicc") &&
        !has_array(json_object_get_object_member(object, "Euicc"), "Profiles", FALSE, is_object))
        return NULL;
    return g_steal_pointer(&root);
}

CliExit cli_select(const Cli *cli, JsonNode *root, const char *eid, GPtrArray **ret_euiccs)
{
    JsonArray *all = cli_get_array(json_node_get_object(root), "Euiccs");
    g_autoptr(GPtrArray) euiccs = g_ptr_array_new();
    const char *wanted = eid ? eid : cli->eid;

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *euicc = json_array_get_object_element(all, i);

        if (!wanted || g_str_has_suffix(cli_get_string(euicc, "Eid"), wanted))
            g_ptr_array_add(euiccs, euicc);
    }
    if (wanted && euiccs->len == 0) {
        cli_complain(_("there is no eUICC %s"), wanted);
        return CLI_FAILED;
    }
    if (wanted && euiccs->len > 1) {
        cli_complain(_("%s is the end of more than one EID"), wanted);
        return CLI_USAGE;
    }
    *ret_euiccs = g_steal_pointer(&euiccs);
    return CLI_OK;
}
