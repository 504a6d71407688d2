/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the eUICC's authentication to the bound package (SGP.22 5.6.2, 5.6.3). */

#include <openssl/sha.h>
#include <string.h>

#include "sim/bind.h"
#include "sim/json_value.h"
#include "sim/smdp_private.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/* hostId of the control reference template; nobody looks at its value. */
static const guint8 host_id[] = { 'E', 'U', 'I', 'C', 'C', 'D', '-', '1' };
static const guint8 other_id[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static JsonObject *get_other_metadata(const SimRspCall *call)
{
    return json_object_has_member(call->fault, "metadata")
               ? json_object_get_object_member(call->fault, "metadata")
               : NULL;
}

/* ---- authenticateClient ---- */

static GBytes *make_signed2(SimRspCall *call, SimSmdp *smdp, const SimRspSession *session)
{
    SimSmdpBinding *binding = sim_smdp_get_binding(smdp, session->order);
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80,
                  sim_rsp_is_wrong(call, "transactionId")
                      ? tlv_slice(other_id, sizeof(other_id))
                      : tlv_slice_from_bytes(session->transaction_id));
    tlv_put_boolean(writer, 0x01, session->cc_required != sim_rsp_is_wrong(call, "ccRequired"));
    /* The eUICC may still have the key of the last try (SGP.22 3.1.3.2). */
    if (binding->euicc_point)
        tlv_put_slice(writer, 0x5F49, tlv_slice_from_bytes(binding->euicc_point));
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *make_signature_object(GBytes *signature)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_put_slice(writer, 0x5F37, tlv_slice_from_bytes(signature));
    return tlv_writer_finish(g_steal_pointer(&writer));
}

gboolean sim_smdp_authenticate_client(SimRspCall *call, gpointer data, GError **error)
{
    SimSmdp *smdp = data;
    SimRspSession *session = sim_rsp_find_session(call, smdp->sessions, error);
    g_autoptr(GBytes) signed2 = NULL, signature = NULL, metadata = NULL;
    JsonObject *order;

    if (!session)
        return sim_rsp_has_failed(call);
    if (!sim_rsp_check_client(call, &smdp->identity, session, error))
        return FALSE;
    order = sim_rsp_has_failed(call) ? NULL : sim_smdp_choose_order(call, smdp, session);
    if (!order) {
        sim_rsp_end_session(smdp->server, smdp->sessions, session, "failed");
        return TRUE;
    }
    session->order = json_object_get_int_member(order, "order");
    session->cc_required = json_object_has_member(order, "confirmationCode");
    json_object_set_string_member(session->shown, "state", "authenticated");
    json_object_set_int_member(session->shown, "order", session->order);

    metadata = sim_smdp_make_metadata(order, get_other_metadata(call), error);
    signed2 = make_signed2(call, smdp, session);
    signature = sim_rsp_sign(smdp->pb_key, tlv_slice_from_bytes(signed2),
                             tlv_slice_from_bytes(session->euicc_signature),
                             sim_rsp_is_wrong(call, "signature"), error);
    if (!metadata || !signature ||
        !sim_rsp_put_certificate(call, "smdpCertificate", "dppb.der", error))
        return FALSE;
    session->smdp_signature = make_signature_object(signature);
    json_object_set_string_member(call->answer, "transactionId", session->id);
    sim_rsp_put_bytes(call, "profileMetadata", metadata);
    sim_rsp_put_bytes(call, "smdpSigned2", signed2);
    sim_rsp_put_object(call, "smdpSignature2", 0x5F37, signature);
    return TRUE;
}

/* ---- getBoundProfilePackage ---- */

typedef struct {
    TlvSlice point;   /* otPK.EUICC */
    TlvSlice hash_cc; /* data NULL: none */
} Prepared;

/* BF21{A0{30 euiccSigned2 {80, 5F49, 04 hashCc O}, 5F37}} or BF21{A1{80, 02}}. */
static gboolean read_response(SimRspCall *call, const SimRspSession *session, TlvSlice message,
                              Prepared *ret_prepared, GError **error)
{
    Tlv outer, choice, data, signature, id, point, code;
    gint64 number = 0;

    if (!tlv_parse(message, 0xBF21, &outer, error) || !tlv_parse(outer.value, 0, &choice, error))
        return FALSE;
    if (choice.tag == 0xA1 && tlv_find(choice.value, 0x02, &code) &&
        tlv_get_integer(code.value, &number, NULL)) {
        json_object_set_int_member(session->shown, "prepareError", number);
        return sim_rsp_fail(call, "8.1", "6.1", "The eUICC refused the download");
    }
    if (choice.tag != 0xA0 || !tlv_find(choice.value, 0x30, &data) ||
        !tlv_find(choice.value, 0x5F37, &signature) || !tlv_find(data.value, 0x80, &id) ||
        !tlv_find(data.value, 0x5F49, &point))
        return sim_value_fail(error, "prepareDownloadResponse: a field is missing");
    if (!sim_rsp_verify(session->euicc, data.raw, tlv_slice_from_bytes(session->smdp_signature),
                        signature.value))
        return sim_rsp_fail(call, "8.1", "6.1", "euiccSignature2 does not verify");
    if (!tlv_slice_equal(id.value, tlv_slice_from_bytes(session->transaction_id)))
        return sim_rsp_fail(call, "8.10.1", "3.9", "Transaction in euiccSigned2 is another");
    *ret_prepared = (Prepared){ .point = point.value };
    if (tlv_find(data.value, 0x04, &code))
        ret_prepared->hash_cc = code.value;
    return TRUE;
}

/* SHA256(SHA256(code) ‖ transactionId) (SGP.22 3.1.3). */
static void hash_code(const char *code, GBytes *transaction_id, guint8 out[SHA256_DIGEST_LENGTH])
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    gsize size;
    const guint8 *id = g_bytes_get_data(transaction_id, &size);

    SHA256((const guint8 *)code, strlen(code), out);
    g_byte_array_append(input, out, SHA256_DIGEST_LENGTH);
    g_byte_array_append(input, id, (guint)size);
    SHA256(input->data, input->len, out);
}

static gboolean check_code(SimRspCall *call, const SimRspSession *session, JsonObject *order,
                           TlvSlice hash_cc)
{
    const char *code = sim_value_get_text(order, "confirmationCode");
    gint64 failures = json_object_get_int_member_with_default(order, "codeFailures", 0);
    gint64 limit = json_object_get_int_member_with_default(order, "codeAttempts", 3);
    guint8 expected[SHA256_DIGEST_LENGTH];

    if (hash_cc.data)
        sim_rsp_set_hex(session->shown, "hashCc", hash_cc);
    if (!json_object_has_member(order, "confirmationCode"))
        return TRUE;
    if (!hash_cc.data)
        return sim_rsp_fail(call, "8.2.7", "2.2", "Confirmation code missing");
    hash_code(code, session->transaction_id, expected);
    if (tlv_slice_equal(hash_cc, tlv_slice(expected, sizeof(expected))))
        return TRUE;
    json_object_set_int_member(order, "codeFailures", ++failures);
    if (failures < limit)
        return sim_rsp_fail(call, "8.2.7", "3.8", "Confirmation code refused");
    sim_smdp_set_state(order, "error");
    return sim_rsp_fail(call, "8.2.7", "6.4", "Confirmation code retries exceeded");
}

/* The one-time key: that of the last binding for the same otPK.EUICC, else a new one. */
static gboolean choose_key(SimRspCall *call, SimSmdp *smdp, JsonObject *order, TlvSlice point,
                           SimSmdpBinding *binding, GError **error)
{
    gboolean again =
        binding->euicc_point && tlv_slice_equal(point, tlv_slice_from_bytes(binding->euicc_point));

    if (binding->euicc_point && !again &&
        !json_object_get_boolean_member_with_default(order, "rebind", TRUE))
        return sim_rsp_fail(call, "8.2", "3.7", "BPP not available for rebinding");
    if (again)
        return TRUE;
    g_clear_pointer(&binding->one_time, EVP_PKEY_free);
    g_clear_pointer(&binding->euicc_point, g_bytes_unref);
    binding->one_time = bsp_key_new(smdp->pb_key, error);
    if (!binding->one_time)
        return FALSE;
    binding->euicc_point = tlv_slice_to_bytes(point);
    return TRUE;
}

static GBytes *bind(SimRspCall *call, SimSmdp *smdp, const SimRspSession *session,
                    JsonObject *order, const SimSmdpBinding *binding, GError **error)
{
    g_autoptr(GBytes) metadata = sim_smdp_make_metadata(order, get_other_metadata(call), error);
    g_autoptr(GBytes) package = metadata ? sim_smdp_load_package(order, error) : NULL;
    g_autoptr(GBytes) eid = package ? bytes_from_hex(session->eid, error) : NULL;
    SimBindSetup setup;

    if (!eid)
        return NULL;
    setup = (SimBindSetup){
        .transaction_id = tlv_slice_from_bytes(session->transaction_id),
        .key = smdp->pb_key,
        .one_time = binding->one_time,
        .euicc_point = tlv_slice_from_bytes(binding->euicc_point),
        .host_id = tlv_slice(host_id, sizeof(host_id)),
        .eid = tlv_slice_from_bytes(eid),
        .metadata = tlv_slice_from_bytes(metadata),
        .upp = tlv_slice_from_bytes(package),
        .elements_size = (gsize)json_object_get_int_member_with_default(order, "elementsSize", 0),
        .wrong_signature = sim_rsp_is_wrong(call, "signature"),
        .wrong_mac = (guint)json_object_get_int_member_with_default(call->fault, "wrongMac", 0),
    };
    if (json_object_get_boolean_member_with_default(order, "dpProprietaryData", FALSE))
        setup.dp_oid = smdp->oid;
    if (json_object_get_boolean_member_with_default(order, "ppk", FALSE))
        setup.ppk = &binding->ppk;
    if (sim_rsp_is_wrong(call, "transactionId"))
        setup.wrong_transaction_id = tlv_slice(other_id, sizeof(other_id));
    if (sim_rsp_is_wrong(call, "remoteOperation"))
        setup.remote_operation = 2;
    if (sim_rsp_is_wrong(call, "keyType"))
        setup.key_type = 0x80;
    return sim_bind(&setup, error);
}

static void put_package(SimRspCall *call, GBytes *bound)
{
    gint64 limit = json_object_get_int_member_with_default(call->fault, "truncate", 0);
    g_autoptr(GBytes) part = NULL;

    if (limit <= 0 || (gsize)limit >= g_bytes_get_size(bound)) {
        sim_rsp_put_bytes(call, "boundProfilePackage", bound);
        return;
    }
    part = g_bytes_new_from_bytes(bound, 0, (gsize)limit);
    sim_rsp_put_bytes(call, "boundProfilePackage", part);
}

gboolean sim_smdp_get_bound_profile_package(SimRspCall *call, gpointer data, GError **error)
{
    SimSmdp *smdp = data;
    SimRspSession *session = sim_rsp_find_session(call, smdp->sessions, error);
    g_autoptr(GBytes) response = NULL, bound = NULL;
    SimSmdpBinding *binding;
    JsonObject *order;
    Prepared prepared = { { NULL, 0 }, { NULL, 0 } };

    if (!session)
        return sim_rsp_has_failed(call);
    response = sim_rsp_take_bytes(call, "prepareDownloadResponse", error);
    if (!response)
        return FALSE;
    order = session->authenticated ? sim_smdp_find_order(smdp, session->order) : NULL;
    if (!order)
        return sim_rsp_fail(call, "8.10.1", "3.9", "Transaction is not that far");
    if (!read_response(call, session, tlv_slice_from_bytes(response), &prepared, error))
        return FALSE;
    binding = sim_smdp_get_binding(smdp, session->order);
    if (!sim_rsp_has_failed(call))
        check_code(call, session, order, prepared.hash_cc);
    if (!sim_rsp_has_failed(call) && !choose_key(call, smdp, order, prepared.point, binding, error))
        return FALSE;
    if (sim_rsp_has_failed(call)) {
        sim_rsp_end_session(smdp->server, smdp->sessions, session, "failed");
        return TRUE;
    }
    sim_rsp_set_hex(session->shown, "euiccOtpk", prepared.point);
    bound = bind(call, smdp, session, order, binding, error);
    if (!bound)
        return FALSE;
    sim_smdp_set_state(order, "downloaded");
    json_object_set_int_member(order, "delivered",
                               json_object_get_int_member_with_default(order, "delivered", 0) + 1);
    json_object_set_string_member(session->shown, "state", "delivered");
    json_object_set_int_member(call->exchange, "packageSize", (gint64)g_bytes_get_size(bound));
    json_object_set_string_member(call->answer, "transactionId", session->id);
    put_package(call, bound);
    return TRUE;
}
