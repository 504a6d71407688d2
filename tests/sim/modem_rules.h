/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Knobs and scripted faults of a modem: see sim_modem_set_knobs(). */

#define SIM_KNOB_MAX_DELAY (3600 * 1000) /* ms */

/* The member NAME of OBJECT. Without one the value stays as it is; INVALID_ARGUMENT for one of another
 * type, or out of range. *VALUE of a text belongs to OBJECT. */
gboolean sim_knob_number(JsonObject *object, const char *name, guint low, guint high, guint *value,
                         GError **error);
gboolean sim_knob_flag(JsonObject *object, const char *name, gboolean *value, GError **error);
gboolean sim_knob_text(JsonObject *object, const char *name, const char **value, GError **error);

typedef enum {
    SIM_RULE_NONE,
    SIM_RULE_ERROR,
    SIM_RULE_IGNORE,
    SIM_RULE_DROP,
    SIM_RULE_DELAY,
    SIM_RULE_UNPLUG,
    SIM_RULE_UNPLUG_AFTER,
} SimRuleAction;

typedef struct {
    SimRuleAction action;
    guint16 error;
    guint delay; /* ms */
} SimRuleVerdict;

/* Array of rules, or NULL with ERROR. IS_MESSAGE knows the names of messages besides "any". */
GPtrArray *sim_rules_parse(JsonArray *array, gboolean (*is_message)(const char *name),
                           GError **error);
/* What is to happen to this MESSAGE (its name), whose TLVs are CONTENT; counts down. */
SimRuleVerdict sim_rules_judge(GPtrArray *rules, const char *message, gboolean is_control,
                               const guint8 *content, gsize size);
JsonArray *sim_rules_describe(GPtrArray *rules);

G_END_DECLS
