/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "sim/bsp.h"
#include "sim/rsp_authentication.h"
#include "sim/smdp.h"

G_BEGIN_DECLS

struct SimSmdp {
    char *pki_dir, *address, *oid;
    EVP_PKEY *auth_key, *pb_key;
    X509 *ci;
    SimRspIdentity identity;
    SimRspServer *server;
    GHashTable *sessions; /* transactionId in hex -> SimRspSession */
    GHashTable *bindings; /* number of an order -> SimSmdpBinding */
};

/* ---- smdp_order.c ---- */

/* What is kept of an order for a later binding. */
typedef struct {
    GBytes *euicc_point; /* otPK.EUICC of the last binding, or NULL */
    EVP_PKEY *one_time;  /* otSK.DP of it */
    BspSession ppk;
} SimSmdpBinding;

void sim_smdp_binding_free(gpointer binding);
SimSmdpBinding *sim_smdp_get_binding(SimSmdp *smdp, gint64 order);

JsonObject *sim_smdp_find_order(SimSmdp *smdp, gint64 number);
/* That of a session's matchingId and EID; where there is none, or it is not to be had, the function has
 * failed. */
JsonObject *sim_smdp_choose_order(SimRspCall *call, SimSmdp *smdp, const SimRspSession *session);
GBytes *sim_smdp_load_package(JsonObject *order, GError **error);
/* OTHER: members that replace those of the order ("iccid" too), or NULL. */
GBytes *sim_smdp_make_metadata(JsonObject *order, JsonObject *other, GError **error);
void sim_smdp_set_state(JsonObject *order, const char *state);
/* {"do": "order"}, {"do": "change"} */
gboolean sim_smdp_control(JsonObject *request, JsonObject *answer, gpointer smdp, GError **error);

/* ---- smdp_download.c; SimRspFunc ---- */

gboolean sim_smdp_authenticate_client(SimRspCall *call, gpointer smdp, GError **error);
gboolean sim_smdp_get_bound_profile_package(SimRspCall *call, gpointer smdp, GError **error);

/* ---- smdp_notification.c; SimRspFunc ---- */

gboolean sim_smdp_cancel_session(SimRspCall *call, gpointer smdp, GError **error);
gboolean sim_smdp_handle_notification(SimRspCall *call, gpointer smdp, GError **error);

G_END_DECLS
