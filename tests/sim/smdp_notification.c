/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a download ends: cancellation and notifications (SGP.22 5.6.4, 5.6.5). */

#include <string.h>

#include "sim/crypto.h"
#include "sim/eim_result.h"
#include "sim/json_value.h"
#include "sim/smdp_private.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

/* ---- cancelSession ---- */

static gboolean is_our_oid(const SimSmdp *smdp, TlvSlice value)
{
    g_autoptr(GBytes) oid = tlv_oid_from_string(smdp->oid, NULL);

    return oid && tlv_slice_equal(value, tlv_slice_from_bytes(oid));
}

/* euiccCancelSessionSigned 30{80 transactionId, 81 smdpOid, 82 reason}, 5F37 */
static gboolean read_cancellation(SimRspCall *call, SimSmdp *smdp, const SimRspSession *session,
                                  TlvSlice content, gint64 *ret_reason, GError **error)
{
    Tlv data, signature, id, oid, reason;

    if (!tlv_find(content, 0x30, &data) || !tlv_find(content, 0x5F37, &signature) ||
        !tlv_find(data.value, 0x80, &id) || !tlv_find(data.value, 0x81, &oid) ||
        !tlv_find(data.value, 0x82, &reason))
        return sim_value_fail(error, "cancelSessionResponse: a field is missing");
    if (!sim_rsp_verify(session->euicc, data.raw, tlv_slice(NULL, 0), signature.value))
        return sim_rsp_fail(call, "8.1", "6.1", "euiccCancelSessionSignature does not verify");
    if (!tlv_slice_equal(id.value, tlv_slice_from_bytes(session->transaction_id)))
        return sim_rsp_fail(call, "8.10.1", "3.9", "Transaction is another");
    if (!is_our_oid(smdp, oid.value))
        return sim_rsp_fail(call, "8.8", "3.10", "OID is another");
    return tlv_get_integer(reason.value, ret_reason, error);
}

/* An end user who postpones or does not answer may come back (SGP.22 3.0.2). */
static gboolean keeps_order(gint64 reason)
{
    return reason == 1 || reason == 2;
}

gboolean sim_smdp_cancel_session(SimRspCall *call, gpointer data, GError **error)
{
    SimSmdp *smdp = data;
    SimRspSession *session = sim_rsp_find_session(call, smdp->sessions, error);
    g_autoptr(GBytes) response = NULL;
    JsonObject *order;
    gint64 reason = -1;
    Tlv outer, choice;

    if (!session)
        return sim_rsp_has_failed(call);
    response = sim_rsp_take_bytes(call, "cancelSessionResponse", error);
    if (!response || !tlv_parse(tlv_slice_from_bytes(response), 0xBF41, &outer, error) ||
        !tlv_parse(outer.value, 0, &choice, error))
        return FALSE;
    if (!session->euicc)
        return sim_rsp_fail(call, "8.10.1", "3.9", "Transaction is not that far");
    if (choice.tag == 0x81) {
        if (!tlv_get_integer(choice.value, &reason, error))
            return FALSE;
        json_object_set_int_member(session->shown, "cancelError", reason);
        return sim_rsp_fail(call, "8.1", "6.1", "The eUICC did not cancel");
    }
    if (choice.tag != 0xA0)
        return sim_value_fail(error, "cancelSessionResponse: neither A0 nor 81");
    if (!read_cancellation(call, smdp, session, choice.value, &reason, error))
        return FALSE;
    if (sim_rsp_has_failed(call))
        return TRUE;
    order = sim_smdp_find_order(smdp, session->order);
    if (order)
        sim_smdp_set_state(order, keeps_order(reason) ? "released" : "error");
    json_object_set_int_member(session->shown, "reason", reason);
    sim_rsp_end_session(smdp->server, smdp->sessions, session, "cancelled");
    return TRUE;
}

/* ---- handleNotification ---- */

/* A profileInstallationResult: verified with the key of its session, which it ends. */
static const char *take_installation(SimSmdp *smdp, const SimEimNotification *notification,
                                     TlvSlice message, JsonObject *shown)
{
    g_autofree char *hex = NULL;
    SimRspSession *session;
    JsonObject *result, *order;
    Tlv data, id, oid;
    gboolean success;

    if (!tlv_parse(notification->tbs, 0xBF27, &data, NULL) || !tlv_find(data.value, 0x80, &id) ||
        !tlv_find(data.value, 0x06, &oid))
        return "a field is missing";
    hex = bytes_to_hex(id.value.data, id.value.size);
    result = sim_eim_installation_to_json(message);
    success = json_object_get_boolean_member(result, "success");
    json_object_set_object_member(shown, "installation", result);
    json_object_set_string_member(shown, "transactionId", hex);
    session = g_hash_table_lookup(smdp->sessions, hex);
    if (!session || !session->euicc)
        return "unknown transaction";
    if (!sim_rsp_verify(session->euicc, notification->tbs, tlv_slice(NULL, 0),
                        notification->signature))
        return "signature does not verify";
    if (!is_our_oid(smdp, oid.value))
        return "smdpOid is another";
    order = sim_smdp_find_order(smdp, session->order);
    json_object_set_int_member(shown, "order", session->order);
    if (order) {
        json_object_set_object_member(order, "installation", json_object_ref(result));
        sim_smdp_set_state(order, success ? "installed" : "error");
    }
    sim_rsp_end_session(smdp->server, smdp->sessions, session, success ? "installed" : "failed");
    return NULL;
}

static const char *verify_other(SimSmdp *smdp, const SimEimNotification *notification,
                                JsonObject *shown)
{
    g_autoptr(X509) euicc = sim_certificate_parse(notification->euicc, NULL);
    g_autoptr(X509) eum = sim_certificate_parse(notification->eum, NULL);
    g_autofree char *eid = NULL;

    if (!euicc || !eum || !sim_verify_euicc_chain(euicc, eum, smdp->ci, &eid, NULL))
        return "certificates do not verify";
    json_object_set_string_member(shown, "eid", eid);
    return sim_rsp_verify(X509_get0_pubkey(euicc), notification->tbs, tlv_slice(NULL, 0),
                          notification->signature)
               ? NULL
               : "signature does not verify";
}

/* The same notification was received before, and was good. */
static gboolean is_known(SimSmdp *smdp, const char *raw)
{
    JsonArray *list = sim_rsp_list(smdp->server, "notifications");

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *known = json_array_get_object_element(list, i);

        if (json_object_get_boolean_member(known, "verified") &&
            g_str_equal(sim_value_get_text(known, "raw"), raw))
            return TRUE;
    }
    return FALSE;
}

gboolean sim_smdp_handle_notification(SimRspCall *call, gpointer data, GError **error)
{
    SimSmdp *smdp = data;
    g_autoptr(GBytes) message = sim_rsp_take_bytes(call, "pendingNotification", error);
    g_auto(SimEimNotification) notification = { 0 };
    g_autofree char *raw = NULL;
    gboolean install, again;
    JsonObject *shown;
    const char *why;

    if (!message ||
        !sim_eim_notification_decode(tlv_slice_from_bytes(message), &notification, error))
        return FALSE;
    install = notification.kind == SIM_EIM_NOTIFICATION_INSTALL;
    if (!install && notification.kind != SIM_EIM_NOTIFICATION_OTHER)
        return sim_value_fail(error, "compact form outside of ESipa");
    raw = bytes_gbytes_to_hex(message);
    again = is_known(smdp, raw);
    shown = json_object_new();
    json_object_set_string_member(shown, "kind", install ? "install" : "other");
    json_object_set_int_member(shown, "seqNumber", notification.seq_number);
    json_object_set_string_member(shown, "event", notification.event);
    json_object_set_string_member(shown, "address", notification.address);
    if (notification.iccid)
        json_object_set_string_member(shown, "iccid", notification.iccid);
    json_object_set_string_member(shown, "raw", raw);
    why = again     ? NULL
          : install ? take_installation(smdp, &notification, tlv_slice_from_bytes(message), shown)
                    : verify_other(smdp, &notification, shown);
    json_object_set_boolean_member(shown, "verified", why == NULL);
    if (again)
        json_object_set_boolean_member(shown, "again", TRUE);
    if (why)
        json_object_set_string_member(shown, "why", why);
    json_array_add_object_element(sim_rsp_list(smdp->server, "notifications"), shown);
    sim_rsp_count(smdp->server, "notificationsReceived");
    return TRUE;
}
