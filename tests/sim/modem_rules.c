/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_rules.h"

#include <string.h>

#include "sim/modem_knobs.h"
#include "util/bytes.h"

typedef struct {
    char *message;
    GBytes *contains;
    GBytes *after;
    gboolean armed;
    guint skip;
    guint count; /* 0: for ever */
    guint applied;
    SimRuleVerdict verdict;
} Rule;

static const struct {
    const char *name;
    SimRuleAction action;
} actions[] = {
    { "error", SIM_RULE_ERROR },   { "ignore", SIM_RULE_IGNORE },
    { "drop", SIM_RULE_DROP },     { "delay", SIM_RULE_DELAY },
    { "unplug", SIM_RULE_UNPLUG }, { "unplug-after", SIM_RULE_UNPLUG_AFTER },
};

static void rule_free(gpointer data)
{
    Rule *rule = data;
    g_free(rule->message);
    g_clear_pointer(&rule->contains, g_bytes_unref);
    g_clear_pointer(&rule->after, g_bytes_unref);
    g_free(rule);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rule, rule_free)

/* ---- rules ---- */

static gboolean parse_hex(JsonObject *object, const char *name, GBytes **ret_bytes, GError **error)
{
    const char *hex = NULL;
    if (!sim_knob_text(object, name, &hex, error))
        return FALSE;
    if (hex && !(*ret_bytes = bytes_from_hex(hex, error))) {
        g_prefix_error(error, "%s: ", name);
        return FALSE;
    }
    return TRUE;
}

static gboolean occurs(GBytes *what, const guint8 *content, gsize size)
{
    return size > 0 && memmem(content, size, g_bytes_get_data(what, NULL), g_bytes_get_size(what));
}

static gboolean check_members(JsonObject *object, GError **error)
{
    static const char *const known[] = { "message", "contains", "after", "skip", "count",
                                         "action",  "error",    "ms",    NULL };
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *name = names; name; name = name->next) {
        if (g_strv_contains(known, name->data))
            continue;
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no member of a rule: '%s'",
                    (const char *)name->data);
        return FALSE;
    }
    return TRUE;
}

static Rule *parse_rule(JsonObject *object, gboolean (*is_message)(const char *name),
                        guint32 max_error, guint32 default_error, GError **error)
{
    g_autoptr(Rule) rule = g_new0(Rule, 1);
    const char *action = "", *message = "any";
    guint code = default_error;
    rule->count = 1;
    if (!check_members(object, error) || !sim_knob_text(object, "action", &action, error) ||
        !sim_knob_text(object, "message", &message, error) ||
        !sim_knob_number(object, "skip", 0, G_MAXINT32, &rule->skip, error) ||
        !sim_knob_number(object, "count", 0, G_MAXINT32, &rule->count, error) ||
        !sim_knob_number(object, "error", 1, max_error, &code, error) ||
        !sim_knob_number(object, "ms", 0, SIM_KNOB_MAX_DELAY, &rule->verdict.delay, error) ||
        !parse_hex(object, "contains", &rule->contains, error) ||
        !parse_hex(object, "after", &rule->after, error))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
        if (g_str_equal(action, actions[i].name))
            rule->verdict.action = actions[i].action;
    if (rule->verdict.action == SIM_RULE_NONE) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "unknown action '%s'", action);
        return NULL;
    }
    if (!g_str_equal(message, "any") && !is_message(message)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "unknown message '%s'",
                    message);
        return NULL;
    }
    rule->message = g_strdup(message);
    rule->verdict.error = code;
    rule->armed = rule->after == NULL;
    return g_steal_pointer(&rule);
}

GPtrArray *sim_rules_parse(JsonArray *array, gboolean (*is_message)(const char *name),
                           guint32 max_error, guint32 default_error, GError **error)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(rule_free);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "rule %u: no object", i);
            return NULL;
        }
        Rule *rule =
            parse_rule(json_node_get_object(node), is_message, max_error, default_error, error);
        if (!rule) {
            g_prefix_error(error, "rule %u: ", i);
            return NULL;
        }
        g_ptr_array_add(rules, rule);
    }
    return g_steal_pointer(&rules);
}

SimRuleVerdict sim_rules_judge(GPtrArray *rules, const char *message, gboolean is_control,
                               const guint8 *content, gsize size)
{
    for (guint i = 0; i < rules->len; i++) {
        Rule *rule = rules->pdata[i];
        if (rule->after && occurs(rule->after, content, size))
            rule->armed = TRUE;
    }
    for (guint i = 0; i < rules->len; i++) {
        Rule *rule = rules->pdata[i];
        if (!rule->armed)
            continue;
        if (g_ascii_strcasecmp(rule->message, message) &&
            (g_strcmp0(rule->message, "any") || is_control))
            continue;
        if (rule->count > 0 && rule->applied >= rule->count)
            continue;
        if (rule->contains && !occurs(rule->contains, content, size))
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        rule->applied++;
        return rule->verdict;
    }
    return (SimRuleVerdict){ SIM_RULE_NONE, 0, 0 };
}

JsonArray *sim_rules_describe(GPtrArray *rules)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < rules->len; i++) {
        const Rule *rule = rules->pdata[i];
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "message", rule->message);
        json_object_set_int_member(object, "skip", rule->skip);
        json_object_set_int_member(object, "applied", rule->applied);
        json_array_add_object_element(array, object);
    }
    return array;
}
