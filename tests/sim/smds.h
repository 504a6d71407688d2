/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "sim/rsp_server.h"

G_BEGIN_DECLS

/*
 * Test SM-DS (SGP.22 3.6, 5.8): ES11 over HTTPS in the JSON binding. Root or alternative is only a matter of
 * what its events name. Control requests beside those of sim/rsp_server.h:
 *
 *   {"do": "event", "eid": EID, "address": FQDN, "eventId": TEXT}
 *       An event for this eUICC at an SM-DP+ or at another SM-DS; "eventId" may stay away. Answer: {"eventId"}.
 *       An eUICC that comes without EventID gets all of its events; with one, only that.
 *   {"do": "delete", "eventId": TEXT}
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

int sim_smds_main(int argc, char **argv);

G_END_DECLS
