/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Values of knobs and of other members of control requests. All fail with INVALID_ARGUMENT and leave what
 * they would set untouched. */

/* Sets ERROR to INVALID_ARGUMENT; always FALSE. */
gboolean sim_value_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

gboolean sim_value_flag(JsonNode *node, gboolean *ret_flag, GError **error);
gboolean sim_value_number(JsonNode *node, gint64 *ret_number, GError **error);
/* From 0 to 10^9. */
gboolean sim_value_count(JsonNode *node, guint *ret_count, GError **error);
/* Replaces TEXT, which is freed. */
gboolean sim_value_text(JsonNode *node, char **text, GError **error);
/* Index of the string NODE in NAMES. */
gboolean sim_value_name(JsonNode *node, const char *const *names, guint count, guint *ret_index,
                        GError **error);

/* A string member; "" when it is absent or something else. */
const char *sim_value_get_text(JsonObject *object, const char *name);

G_END_DECLS
