/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "sim/https_server.h"

G_BEGIN_DECLS

/* What the simulated servers have in common beyond HTTPS. */

/* A record of one exchange: "exchange" (NUMBER), "time", "connection", "onConnection", "tls", "cipher",
 * "resumed", "serverName", "requestSize". */
JsonObject *sim_exchange_new(const SimHttpRequest *request, gint64 number);
/* "status" (0: none was sent) and "answerSize". */
void sim_exchange_finish(JsonObject *exchange, const SimHttpAnswer *answer);

/* The knob "tls": {"certificate": FILE, "key": FILE, "max": "1.2", "min": "1.2"}; files relative to PKI_DIR, by
 * default NAME.pem and NAME.key.pem. */
gboolean sim_server_set_tls(SimHttpServer *server, JsonNode *node, const char *pki_dir,
                            const char *name, GError **error);

G_END_DECLS
