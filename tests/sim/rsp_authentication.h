/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "sim/rsp_server.h"

G_BEGIN_DECLS

/* The common mutual authentication (SGP.22 3.0.1) from the side of an SM-DP+ or SM-DS. */

typedef struct {
    const char *address; /* name of the server */
    gboolean is_smds;    /* status codes name another subject */
    EVP_PKEY *key;       /* SK.DPauth or SK.DSauth */
    const char *file;    /* its certificate in the PKI folder */
    X509 *ci;
} SimRspIdentity;

/* From initiateAuthentication until the procedure ends. */
typedef struct {
    char *id; /* transactionId, hex */
    GBytes *transaction_id;
    GBytes *server_challenge;
    /* From authenticateClient on: */
    gboolean authenticated;
    char *eid;
    EVP_PKEY *euicc;         /* PK.EUICC */
    GBytes *euicc_signature; /* euiccSignature1 as a complete object */
    char *matching_id;       /* NULL: absent */
    gint64 free_memory;      /* of the eUICC, -1: unknown */
    /* For who goes on with it. */
    gint64 order;
    gboolean cc_required;
    EVP_PKEY *one_time;     /* otSK.DP of a binding before that may be used again */
    GBytes *smdp_signature; /* smdpSignature2 as a complete object */
    JsonObject *shown;      /* its record; belongs to the state */
} SimRspSession;

/* transactionId in hex -> SimRspSession */
GHashTable *sim_rsp_sessions_new(void);

/* initiateAuthentication: fills the answer, and keeps a session with a record in the list "sessions". FALSE with
 * ERROR. */
gboolean sim_rsp_begin_session(SimRspCall *call, const SimRspIdentity *identity,
                               GHashTable *sessions, GError **error);
/* Forgets SESSION; its record has STATE. */
void sim_rsp_end_session(SimRspServer *server, GHashTable *sessions, SimRspSession *session,
                         const char *state);

/* Checks authenticateServerResponse for SESSION and fills it; the function has failed where something does not
 * hold. FALSE with ERROR for what can't be decoded. */
gboolean sim_rsp_check_client(SimRspCall *call, const SimRspIdentity *identity,
                              SimRspSession *session, GError **error);

/* The session of the request's transactionId; without one the function has failed, or with ERROR. */
SimRspSession *sim_rsp_find_session(SimRspCall *call, GHashTable *sessions, GError **error);

/* Signs FIRST and SECOND (data NULL: nothing): r‖s, with one bit changed where DAMAGED. */
GBytes *sim_rsp_sign(EVP_PKEY *key, TlvSlice first, TlvSlice second, gboolean damaged,
                     GError **error);
gboolean sim_rsp_verify(EVP_PKEY *key, TlvSlice first, TlvSlice second, TlvSlice signature);

G_END_DECLS
