/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/rsp_server.h"

G_BEGIN_DECLS

/*
 * Test SM-DS (SGP.22 3.6, 5.8): ES11 over HTTPS in the JSON binding. Root or alternative is only a matter of
 * what its events name. Control requests beside those of sim/rsp_server.h:
 *
 *   {"do": "event", "eid": EID, "address": FQDN, "eventId": TEXT, "registeredAt": {…}}
 *       An event for this eUICC at an SM-DP+ or at another SM-DS; "eventId" may stay away. Answer: {"eventId"}.
 *       An eUICC that comes without EventID gets all of its events; with one, only that.
 *   {"do": "delete", "eventId": TEXT}
 *       What ES12.DeleteEvent is (SGP.22 5.9.2).
 *
 * "registeredAt": {"socket": PATH, "eventId": TEXT}, of an event here and of an order of the SM-DP+, is the event
 * at the SM-DS with that control socket by which it is found. It is deleted there when its owner is no longer to be
 * had; then it has "deleted".
 *
 * "sessions" in {"do": "show"} are as those of sim/smdp.h, "events" as above with "sent" (times). "wrong" of
 * a fault: "transactionId", "challenge", "serverAddress", "signature", "ciPKId", "outerTransactionId".
 */
typedef struct SimSmds SimSmds;

typedef struct {
    const char *pki_dir;
    const char *listen;
    const char *address;
} SimSmdsSetup;

SimSmds *sim_smds_new(const SimSmdsSetup *setup, GError **error);
void sim_smds_free(SimSmds *smds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSmds, sim_smds_free)

SimRspServer *sim_smds_get_server(SimSmds *smds);

/* The "registeredAt" of OWNER, if it has one that is not yet deleted, is deleted. */
void sim_smds_delete_registration(JsonObject *owner);

int sim_smds_main(int argc, char **argv);

G_END_DECLS
