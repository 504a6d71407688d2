/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "sim/control.h"
#include "sim/eim.h"
#include "sim/eim_message.h"
#include "sim/eim_result.h"
#include "sim/fault.h"
#include "sim/https_server.h"
#include "sim/waiters.h"

G_BEGIN_DECLS

/* What eim.c, eim_state.c, eim_judge.c, eim_knobs.c and eim_control.c share. */

typedef enum {
    SIM_EIM_ACK_ALL,
    SIM_EIM_ACK_NONE,
    SIM_EIM_ACK_EMPTY,
    SIM_EIM_ACK_RESULT,
    SIM_EIM_ACK_NOTIFICATIONS,
    SIM_EIM_ACK_ERROR,
    SIM_EIM_ACK_NUMBERS,
} SimEimAckMode;

typedef enum {
    SIM_EIM_BINDING_BOTH,
    SIM_EIM_BINDING_ASN1,
    SIM_EIM_BINDING_JSON,
} SimEimBinding;

typedef struct {
    gboolean strict;
    SimEimBinding binding;
    guint elsewhere; /* HTTP status where the other binding is */
    SimEimDialect dialect;
    SimEimAckMode ack;
    gint64 ack_error;
    GArray *ack_numbers; /* gint64 */
    gboolean resend;
    gint64 get_error;
    gboolean close;
    gboolean chunked;
    gboolean accept;
    GPtrArray *faults; /* SimFault */
    JsonObject *shown; /* as they were set, for people */
} SimEimKnobs;

struct SimEim {
    char *pki_dir;
    char *state_path;
    char *eim_id;
    EVP_PKEY *key;
    X509 *ci, *eum, *euicc;
    char *default_eid;
    SimHttpServer *server;
    SimControl *control;
    GHashTable *servers; /* name of an SM-DP+ or SM-DS -> path of its control socket */
    SimWaiters *waiters; /* only in the thread of the default GMainContext */

    GMutex lock; /* for what follows */
    JsonObject *state;
    SimEimKnobs knobs;
};

/* ---- eim_state.c: the durable record; all with the lock held ---- */

gboolean sim_eim_state_load(SimEim *eim, const SimEimSetup *setup, GError **error);
gboolean sim_eim_state_save(SimEim *eim, GError **error);

JsonArray *sim_eim_state_list(SimEim *eim, const char *name);
gint64 sim_eim_state_number(SimEim *eim, const char *name);
/* Adds one to the number and returns it. */
gint64 sim_eim_state_count(SimEim *eim, const char *name);

/* Orders are members of the state; they stay valid while the lock is held. */
JsonObject *sim_eim_order_find(SimEim *eim, gint64 number);
JsonObject *sim_eim_order_add(SimEim *eim, JsonObject *request, GError **error);
/* The order to offer to this eUICC, NULL for none. */
JsonObject *sim_eim_order_next(SimEim *eim, const char *eid);
gboolean sim_eim_order_is(JsonObject *order, const char *state);
/* An independent copy. */
JsonObject *sim_eim_json_copy(JsonObject *object);

/* ---- eim_judge.c: results and notifications are matched, verified and recorded; with the lock
 * held ---- */

typedef struct {
    GArray *result_numbers;       /* gint64: sequence numbers of verified results */
    GArray *notification_numbers; /* of notifications that came with them */
    gboolean refused;             /* a result did not verify */
    gint64 order;                 /* of the (last) result, 0: none matched */
} SimEimVerdict;

void sim_eim_verdict_init(SimEimVerdict *verdict);
void sim_eim_verdict_clear(SimEimVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimEimVerdict, sim_eim_verdict_clear)

/* Fails, without having recorded anything, where REQUEST holds what can't be decoded. */
gboolean sim_eim_judge(SimEim *eim, const SimEimRequest *request, SimEimVerdict *verdict,
                       GError **error);

/* The result BF37 of the download that ORDER triggered. */
void sim_eim_finish_download(SimEim *eim, JsonObject *order, TlvSlice installation);

/* ---- eim_relay.c: the indirect download; with the lock held ---- */

/* The answer to one of its functions; NULL with ERROR for a request that is none. */
GBytes *sim_eim_relay(SimEim *eim, const SimEimRequest *request, JsonObject *exchange,
                      GError **error);
GBytes *sim_eim_relay_error(SimEimFunction function, gint64 code);
/* Passes on a PendingNotification to whom it is for, if that is one of this world. */
void sim_eim_relay_notification(SimEim *eim, TlvSlice message, JsonObject *exchange);

/* ---- eim_knobs.c; with the lock held ---- */

void sim_eim_knobs_init(SimEimKnobs *knobs);
void sim_eim_knobs_clear(SimEimKnobs *knobs);
/* Takes the members of REQUEST other than "do". Nothing is changed on failure. */
gboolean sim_eim_knobs_set(SimEim *eim, JsonObject *request, GError **error);

/* ---- eim_control.c ---- */

void sim_eim_control_init(SimEim *eim);
void sim_eim_control_clear(SimEim *eim);
/* Something changed: from any thread, lock held or not. */
void sim_eim_control_wake(SimEim *eim);

G_END_DECLS
