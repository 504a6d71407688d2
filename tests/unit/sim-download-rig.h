/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim-card-world.h"
#include "sim/bsp.h"

G_BEGIN_DECLS

/* The SM-DP+'s end of a download to a virtual eUICC of pki/, with the server's keys of that folder. What is
 * NULL or 0 in the options is as it should be. */
typedef struct {
    World *world;
    char *curve;
    EVP_PKEY *auth_key;
    EVP_PKEY *pb_key;
    GBytes *ci_id;
    GBytes *transaction_id;
    GBytes *challenge;  /* of the eUICC */
    GBytes *signature1; /* euiccSignature1, complete object */
    GBytes *point;      /* otPK.EUICC */
} Rig;

/* SETUP: members of the card's set-up. */
Rig *rig_new(const char *curve, const char *setup);
void rig_free(Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

GBytes *rig_load(const char *folder, const char *file);
void rig_set_transaction(Rig *rig, const char *hex);

typedef struct {
    const char *certificate; /* file in the folder of the chain */
    const char *ci_id;       /* hex */
    gboolean wrong_signature;
    gboolean wrong_challenge;
} AuthenticateOptions;

typedef struct {
    const char *certificate;
    const char *transaction_id; /* hex */
    const char *hash;           /* hex of hashCc */
    gboolean confirm;           /* ccRequiredFlag */
    gboolean wrong_signature;
    GBytes *otpk; /* bppEuiccOtpk */
} PrepareOptions;

/* Each runs one function of the card: 0, or the error code of the answer. Good answers are verified. */
void rig_get_challenge(Rig *rig);
gint rig_authenticate(Rig *rig, const AuthenticateOptions *options);
gint rig_prepare(Rig *rig, const PrepareOptions *options);
gint rig_cancel(Rig *rig, const char *transaction_id, guint reason);
/* All up to PrepareDownload. */
void rig_open(Rig *rig, const char *transaction_id);

typedef struct {
    const char *metadata;  /* hex of BF25 */
    const char *upp;       /* hex */
    const char *configure; /* hex of BF24 */
    gboolean replace_keys;
    gsize block; /* octets of plaintext in one 86 */
} BindOptions;

/* A package for the open session. */
GBytes *rig_bind(Rig *rig, const BindOptions *options);

/* The ES10b commands of PACKAGE, cut as SGP.22 2.5.5 says. */
GPtrArray *rig_split(GBytes *package);
/* Sends them until one has an answer or fails: the answer, or NULL (see last_sw). */
GBytes *rig_send(Rig *rig, GBytes *package);

/* Asserts that RESULT is a signed ProfileInstallationResult with this outcome: -1 for success. */
void rig_check_result(Rig *rig, GBytes *result, gint command, gint reason);

G_END_DECLS
