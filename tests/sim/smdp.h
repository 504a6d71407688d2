/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/rsp_server.h"

G_BEGIN_DECLS

/*
 * Test SM-DP+ (SGP.22 5.6): ES9+ over HTTPS in the JSON binding, with real signatures, session keys and bound
 * packages; the judge of what the eUICC sends: chains, signatures, notifications. Control requests beside those
 * of sim/rsp_server.h:
 *
 *   {"do": "order", …}
 *       Prepares a profile. Answer: {"order": N, "matchingId", "iccid", "activationCode"}. Members, all
 *       optional:
 *       "matchingId"    TEXT, "" for an order that an eUICC finds by its EID at its default SM-DP+ (needs "eid");
 *                       default: one of its own
 *       "eid"           only for this eUICC
 *       "upp"           {"size": OCTETS} (default: 12000) or {"file": PATH}, an unprotected profile package
 *       "iccid"         of a package that is generated
 *       "metadata"      members of sim_metadata_make(); default: a provider, a name, an owner, notifications of
 *                       all kinds to this server
 *       "confirmationCode"  TEXT
 *       "ppk"           true: protected with keys of its own, which replace those of the session
 *       "rebind"        false: not bound for another otPK.EUICC than the first (needs no "ppk")
 *       "elementsSize"  most octets of plaintext in one 86 block (1007)
 *       "dpProprietaryData"  true: ConfigureISDP carries the OID
 *       "state"         "released" (default), "linked", "downloaded", "installed", "error"
 *       "expired"       true: the time of the order is over
 *       "eligible"      false: no eligible profile for this device
 *       "checkMemory"   true: refused for an eUICC that has less free memory than the package has octets
 *       "attempts"      downloads that may be begun (10); "codeAttempts": wrong confirmation codes (3)
 *       "registeredAt"  the event by which it is found (sim/smds.h), deleted when the order is installed or in error
 *   {"do": "change", "order": N, …}  gives such members another value
 *
 * "orders" in {"do": "show"} have, beside those, "begun" (downloads), "delivered" (bound packages), "codeFailures",
 * "installation": {"success": BOOLEAN, "bppCommandId", "errorReason", "verified"}. "sessions" have
 * "transactionId", "state" (initiated, authenticated, delivered, cancelled, installed, failed), "order", "eid",
 * "matchingId", "ctxParams1", "hashCc", "euiccOtpk", "reason" (of a cancellation), "cancelError",
 * "authenticateError", "prepareError". "notifications": "kind" (install, other), "seqNumber", "event", "iccid",
 * "address", "verified", "why" (not verified), "raw", "order", and what "installation" has.
 *
 * "wrong" of a fault is, for initiateAuthentication: "transactionId", "challenge", "serverAddress" (in what is
 * signed), "signature", "ciPKId"; for authenticateClient: "transactionId" (in smdpSigned2), "signature",
 * "ccRequired" (the other way round); for getBoundProfilePackage: "transactionId" (in BF23), "signature"
 * (smdpSign), "remoteOperation", "keyType"; for these three "outerTransactionId". Further members of a fault:
 * "metadata": members that are another in what is announced (authenticateClient) or in the bound package, "iccid"
 * among them; "wrongMac": number of a block, from 1; "truncate": only so many octets of the package.
 */
typedef struct SimSmdp SimSmdp;

typedef struct {
    const char *pki_dir; /* sim_pki_create(), sim_pki_add_server() */
    const char *listen;
    const char *address; /* how clients call it */
} SimSmdpSetup;

SimSmdp *sim_smdp_new(const SimSmdpSetup *setup, GError **error);
void sim_smdp_free(SimSmdp *smdp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSmdp, sim_smdp_free)

SimRspServer *sim_smdp_get_server(SimSmdp *smdp);

/* As the control request "order". */
gboolean sim_smdp_add_order(SimSmdp *smdp, JsonObject *members, JsonObject *answer, GError **error);

int sim_smdp_main(int argc, char **argv);

G_END_DECLS
