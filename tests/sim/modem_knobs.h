/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What can be set in a part of the simulator: members of a JSON object. */

#define SIM_KNOB_MAX_DELAY (3600 * 1000) /* ms */

/* The member NAME of OBJECT. Without one the value stays as it is; INVALID_ARGUMENT for one of another
 * type, or out of range. *VALUE of a text belongs to OBJECT. */
gboolean sim_knob_number(JsonObject *object, const char *name, guint low, guint high, guint *value,
                         GError **error);
gboolean sim_knob_flag(JsonObject *object, const char *name, gboolean *value, GError **error);
gboolean sim_knob_text(JsonObject *object, const char *name, const char **value, GError **error);

typedef enum {
    SIM_KNOB_NUMBER, /* guint */
    SIM_KNOB_FLAG,   /* gboolean */
    SIM_KNOB_TEXT,   /* char *, owned, never NULL */
} SimKnobType;

/* One of a table, which ends with an empty name. */
typedef struct {
    const char *name;
    SimKnobType type;
    gsize offset; /* of the value in the structure */
    guint low, high;
    gboolean (*check)(const char *text, GError **error); /* may be NULL */
} SimKnob;

/* For checks: whether TEXT is one of CHOICES. */
gboolean sim_knob_check_choice(const char *name, const char *text, const char *const *choices,
                               GError **error);
gboolean sim_knobs_have(const SimKnob *table, const char *name);
/* Whether the members of OBJECT that TABLE knows may have their values; others are left to others. */
gboolean sim_knobs_check(const SimKnob *table, JsonObject *object, GError **error);
/* Takes what sim_knobs_check() found good into the structure at BASE. */
void sim_knobs_apply(const SimKnob *table, JsonObject *object, gpointer base);

G_END_DECLS
