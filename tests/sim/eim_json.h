/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/eim_message.h"

G_BEGIN_DECLS

/* The JSON binding of ESipa as an eIM has it (SGP.32 6.1.1, 6.4). What an eIM does is the same in both bindings: a
 * request becomes the message of the ASN.1 binding that says the same, and the answer to that becomes JSON. */

#define SIM_EIM_JSON_PATH    "/gsma/rsp2/esipa/"
#define SIM_EIM_JSON_CONTENT "application/json;charset=UTF-8"

/* Whether there is a function of this name, what follows SIM_EIM_JSON_PATH. */
gboolean sim_eim_json_has_function(const char *name);

/*
 * The message for sim_eim_request_decode(). STRICT takes only what the specification allows a sender to write:
 * canonical base64 and hex, no members but those of the function. INVALID_DATA or INVALID_ARGUMENT for what is no
 * request.
 */
GBytes *sim_eim_json_read_request(const char *name, TlvSlice body, gboolean strict, GError **error);

/* ANSWER as the ASN.1 binding has it. OTHER (may be NULL): members in place of those, null for none. Objects that
 * GetEimPackage serves and that are no package are called euiccPackageRequest. */
GBytes *sim_eim_json_write_answer(SimEimFunction function, GBytes *answer, JsonObject *other,
                                  GError **error);

/* How an answer of this function starts whose one member is as long as one likes. */
GBytes *sim_eim_json_make_start(SimEimFunction function);

G_END_DECLS
