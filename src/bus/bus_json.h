/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "agent/agents.h"

G_BEGIN_DECLS

/* Members of the JSON objects that Describe() and Diagnose() make. Texts are made valid UTF-8. */
void bus_json_string(JsonBuilder *b, const char *name, const char *value);
void bus_json_integer(JsonBuilder *b, const char *name, gint64 value);
void bus_json_boolean(JsonBuilder *b, const char *name, gboolean value);
void bus_json_strings(JsonBuilder *b, const char *name, char *const *values);

/* The object "Versions": of this build and the kernel, and that of ModemManager (NULL: not known). */
void bus_json_versions(JsonBuilder *b, const char *modem_manager);

/* The object of a modem with its properties under their D-Bus names, and its path. */
void bus_json_modem(JsonBuilder *b, const ModemSnapshot *snapshot);

G_END_DECLS
