/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <openssl/evp.h>

#include "tlv/tlv.h"
#include "util/bytes.h"

G_BEGIN_DECLS

/* What an eIM sends: eUICC packages (SGP.32 2.11.1.1), data requests (2.11.1.2) and download
 * triggers (2.11.1.3), made from their description in JSON (sim/eim.h). */

typedef enum {
    SIM_EIM_ORDER_PSMO,
    SIM_EIM_ORDER_ECO,
    SIM_EIM_ORDER_DATA,
    SIM_EIM_ORDER_DOWNLOAD,
    SIM_EIM_ORDER_RAW,
} SimEimOrderKind;

const char *sim_eim_order_kind_name(SimEimOrderKind kind);

/* The kind is the name of the only member of the description. */
gboolean sim_eim_package_get_kind(JsonObject *description, SimEimOrderKind *ret_kind,
                                  GError **error);

typedef struct {
    const char *eim_id;
    guint8 eid[EID_SIZE];
    gint64 counter;
    GBytes *transaction_id; /* NULL: none */
    gint64 token;           /* 0: none */
    EVP_PKEY *key;          /* of the eIM */
    gboolean damage;        /* change one bit of the signature */
} SimEimPackageSetup;

/* The object that goes into BF4F; the signature is made here for psmo and eco. */
GBytes *sim_eim_package_build(JsonObject *description, const SimEimPackageSetup *setup,
                              GError **error);

/* euiccPackageSigned (30…) alone: what is signed together with the token object. */
GBytes *sim_eim_package_build_signed(JsonObject *description, const SimEimPackageSetup *setup,
                                     GError **error);

/* BF51{euiccPackageSigned, eimSignature} */
GBytes *sim_eim_package_sign(GBytes *package_signed, const SimEimPackageSetup *setup,
                             GError **error);

/* The associationToken object that ends each signature input: 84 01 00 for none (SGP.32 2.11.1.1).
 */
GBytes *sim_eim_token_object(gint64 token);

/* Commands of a psmo or eco description, and the name of the n-th ("enable"). */
guint sim_eim_package_count_commands(JsonObject *description);
const char *sim_eim_package_get_command(JsonObject *description, guint index);

/*
 * The content of EimConfigurationData (SGP.32 2.11.1.1.1) as an object with TAG. Members: "eimId",
 * "fqdn", "idType", "counter", "token", "publicKey" (SubjectPublicKeyInfo, HEX), "certificate"
 * (HEX), "tlsPublicKey", "tlsCertificate", "protocols" (bit numbers), "ciPKId" (HEX), "indirect"
 * (true), "keyNesting" ("implicit": default; "nested"; "bare", I-07), "more" (HEX, appended). All
 * optional.
 */
gboolean sim_eim_configuration_to_tlv(JsonObject *members, guint32 tag, TlvWriter *writer,
                                      GError **error);

G_END_DECLS
