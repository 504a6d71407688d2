/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "sim/eim_message.h"

G_BEGIN_DECLS

#define SIM_EIM_UNDEFINED_ERROR 127

/* Error codes of the ASN.1 binding and the status codes that the JSON bindings of ESipa and ES9+ have for them
 * (SGP.32 6.4). */

/* UNDEFINED_ERROR for a pair that the function does not have. */
gint64 sim_eim_status_to_code(SimEimFunction function, const char *subject, const char *reason);

/* Always something: "1.6" and "4.2" (execution error of the function provider) for what has no pair. */
void sim_eim_status_from_code(SimEimFunction function, gint64 code, const char **ret_subject,
                              const char **ret_reason);

G_END_DECLS
