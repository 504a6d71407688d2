/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Scripted faults of a modem: see sim_modem_set_knobs(). */

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
    guint32 error;
    guint delay; /* ms */
} SimRuleVerdict;

/* Array of rules, or NULL with ERROR. IS_MESSAGE knows the names of messages besides "any"; numbers of
 * errors end with MAX_ERROR, and a rule without one has DEFAULT_ERROR. */
GPtrArray *sim_rules_parse(JsonArray *array, gboolean (*is_message)(const char *name),
                           guint32 max_error, guint32 default_error, GError **error);
/* What is to happen to this MESSAGE (its name), whose TLVs are CONTENT; counts down. */
SimRuleVerdict sim_rules_judge(GPtrArray *rules, const char *message, gboolean is_control,
                               const guint8 *content, gsize size);
JsonArray *sim_rules_describe(GPtrArray *rules);

G_END_DECLS
