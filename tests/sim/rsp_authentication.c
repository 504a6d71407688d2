/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/rsp_authentication.h"

#include <openssl/rand.h>
#include <string.h>

#include "sim/crypto.h"
#include "sim/json_value.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

#define CHALLENGE_SIZE   16
#define TRANSACTION_SIZE 16

static GBytes *make_random(gsize size)
{
    g_autofree guint8 *octets = g_malloc(size);

    if (RAND_bytes(octets, (int)size) != 1)
        g_error("no random numbers");
    return g_bytes_new_take(g_steal_pointer(&octets), size);
}

static void session_free(gpointer data)
{
    SimRspSession *session = data;

    g_free(session->id);
    g_clear_pointer(&session->transaction_id, g_bytes_unref);
    g_clear_pointer(&session->server_challenge, g_bytes_unref);
    g_clear_pointer(&session->euicc_signature, g_bytes_unref);
    g_clear_pointer(&session->smdp_signature, g_bytes_unref);
    EVP_PKEY_free(session->euicc);
    EVP_PKEY_free(session->one_time);
    g_free(session->eid);
    g_free(session->matching_id);
    g_free(session);
}

GHashTable *sim_rsp_sessions_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, session_free);
}

void sim_rsp_end_session(SimRspServer *server, GHashTable *sessions, SimRspSession *session,
                         const char *state)
{
    json_object_set_string_member(session->shown, "state", state);
    sim_rsp_count(server, "sessionsEnded");
    g_hash_table_remove(sessions, session->id);
}

static SimRspSession *session_new(SimRspCall *call, GHashTable *sessions)
{
    SimRspSession *session = g_new0(SimRspSession, 1);

    session->transaction_id = make_random(TRANSACTION_SIZE);
    session->server_challenge = make_random(CHALLENGE_SIZE);
    session->id = bytes_gbytes_to_hex(session->transaction_id);
    session->free_memory = -1;
    session->shown = json_object_new();
    json_object_set_string_member(session->shown, "transactionId", session->id);
    json_object_set_string_member(session->shown, "state", "initiated");
    json_array_add_object_element(sim_rsp_list(call->server, "sessions"), session->shown);
    g_hash_table_insert(sessions, session->id, session);
    return session;
}

static GBytes *join(TlvSlice first, TlvSlice second)
{
    g_autoptr(GByteArray) both = g_byte_array_new();

    g_byte_array_append(both, first.data, (guint)first.size);
    if (second.data)
        g_byte_array_append(both, second.data, (guint)second.size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&both));
}

GBytes *sim_rsp_sign(EVP_PKEY *key, TlvSlice first, TlvSlice second, gboolean damaged,
                     GError **error)
{
    g_autoptr(GBytes) input = join(first, second);
    g_autoptr(GBytes) signature =
        sim_sign(key, g_bytes_get_data(input, NULL), g_bytes_get_size(input), error);
    guint8 octets[SIM_SIGNATURE_SIZE];

    if (!signature || !damaged)
        return g_steal_pointer(&signature);
    memcpy(octets, g_bytes_get_data(signature, NULL), sizeof(octets));
    octets[sizeof(octets) - 1] ^= 1;
    return g_bytes_new(octets, sizeof(octets));
}

gboolean sim_rsp_verify(EVP_PKEY *key, TlvSlice first, TlvSlice second, TlvSlice signature)
{
    g_autoptr(GBytes) input = join(first, second);

    return sim_verify(key, g_bytes_get_data(input, NULL), g_bytes_get_size(input), signature);
}

/* ---- initiateAuthentication ---- */

static gboolean has_identifier(TlvSlice list, GBytes *identifier)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &tlv, &error))
        if (tlv.tag == 0x04 && tlv_slice_equal(tlv.value, tlv_slice_from_bytes(identifier)))
            return TRUE;
    return FALSE;
}

/* SGP.22 5.6.1: version, a CI for the server's certificate, a CI for the eUICC's. */
static gboolean check_info(SimRspCall *call, const SimRspIdentity *identity, TlvSlice message,
                           GBytes *ci_id, GError **error)
{
    const char *server = identity->is_smds ? "8.9" : "8.8";
    g_autofree char *version = g_strconcat(server, ".3", NULL);
    g_autofree char *security = g_strconcat(server, ".2", NULL);
    g_autofree char *certificate = g_strconcat(server, ".4", NULL);
    Tlv info, svn, verification, signing;

    if (!tlv_parse(message, 0xBF20, &info, error))
        return FALSE;
    if (!tlv_find(info.value, 0x82, &svn) || svn.value.size != 3 ||
        !tlv_find(info.value, 0xA9, &verification) || !tlv_find(info.value, 0xAA, &signing))
        return sim_value_fail(error, "euiccInfo1: a field is missing");
    if (svn.value.data[0] < 2)
        return sim_rsp_fail(call, version, "3.1", "SVN not supported");
    if (!has_identifier(verification.value, ci_id))
        return sim_rsp_fail(call, certificate, "3.7", "No certificate for this CI");
    if (!has_identifier(signing.value, ci_id))
        return sim_rsp_fail(call, security, "3.1",
                            "None of the proposed Public Key Identifiers is supported");
    return TRUE;
}

/* Another one of the same size. */
static GBytes *change(GBytes *bytes)
{
    gsize size = g_bytes_get_size(bytes);
    guint8 *octets = g_memdup2(g_bytes_get_data(bytes, NULL), size);

    octets[0] ^= 0xFF;
    return g_bytes_new_take(octets, size);
}

static GBytes *make_server_signed(SimRspCall *call, const SimRspIdentity *identity,
                                  const SimRspSession *session, GBytes *challenge)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) other_id = change(session->transaction_id);
    g_autoptr(GBytes) other_challenge = change(challenge);

    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80,
                  tlv_slice_from_bytes(sim_rsp_is_wrong(call, "transactionId")
                                           ? other_id
                                           : session->transaction_id));
    tlv_put_slice(
        writer, 0x81,
        tlv_slice_from_bytes(sim_rsp_is_wrong(call, "challenge") ? other_challenge : challenge));
    tlv_put_string(writer, 0x83,
                   sim_rsp_is_wrong(call, "serverAddress") ? "other.example.org"
                                                           : identity->address);
    tlv_put_slice(writer, 0x84, tlv_slice_from_bytes(session->server_challenge));
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

gboolean sim_rsp_begin_session(SimRspCall *call, const SimRspIdentity *identity,
                               GHashTable *sessions, GError **error)
{
    g_autoptr(GBytes) challenge = sim_rsp_take_bytes(call, "euiccChallenge", error);
    g_autoptr(GBytes) info = challenge ? sim_rsp_take_bytes(call, "euiccInfo1", error) : NULL;
    const char *address = info ? sim_rsp_take_text(call, "smdpAddress", error) : NULL;
    g_autoptr(GBytes) ci_id = sim_key_identifier(X509_get0_pubkey(identity->ci));
    g_autoptr(GBytes) wrong_id = change(ci_id);
    g_autoptr(GBytes) server_signed = NULL, signature = NULL;
    SimRspSession *session;

    if (!address)
        return FALSE;
    if (g_bytes_get_size(challenge) != CHALLENGE_SIZE)
        return sim_value_fail(error, "euiccChallenge is not of 16 octets");
    if (g_ascii_strcasecmp(identity->address, address) != 0)
        return sim_rsp_fail(call, identity->is_smds ? "8.9.1" : "8.8.1", "3.8",
                            "Invalid server address");
    if (!check_info(call, identity, tlv_slice_from_bytes(info), ci_id, error))
        return FALSE;
    if (sim_rsp_has_failed(call))
        return TRUE;
    session = session_new(call, sessions);
    server_signed = make_server_signed(call, identity, session, challenge);
    signature = sim_rsp_sign(identity->key, tlv_slice_from_bytes(server_signed), tlv_slice(NULL, 0),
                             sim_rsp_is_wrong(call, "signature"), error);
    if (!signature || !sim_rsp_put_certificate(call, "serverCertificate", identity->file, error))
        return FALSE;
    json_object_set_string_member(call->answer, "transactionId", session->id);
    sim_rsp_put_bytes(call, "serverSigned1", server_signed);
    sim_rsp_put_object(call, "serverSignature1", 0x5F37, signature);
    sim_rsp_put_object(call, "euiccCiPKIdToBeUsed", 0x04,
                       sim_rsp_is_wrong(call, "ciPKId") ? wrong_id : ci_id);
    return TRUE;
}

/* ---- authenticateClient ---- */

SimRspSession *sim_rsp_find_session(SimRspCall *call, GHashTable *sessions, GError **error)
{
    g_autoptr(GBytes) id = sim_rsp_take_bytes(call, "transactionId", error);
    g_autofree char *hex = id ? bytes_gbytes_to_hex(id) : NULL;
    SimRspSession *session = hex ? g_hash_table_lookup(sessions, hex) : NULL;

    if (hex && !session)
        sim_rsp_fail(call, "8.10.1", "3.9", "Unknown transaction");
    return session;
}

/* Which status a chain has that does not verify: its message starts with whose certificate it is. */
static gboolean fail_chain(SimRspCall *call, const GError *error)
{
    const char *subject = g_str_has_prefix(error->message, "EUM") ? "8.1.2" : "8.1.3";

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return sim_rsp_fail(call, "8.11.1", "3.9", error->message);
    return sim_rsp_fail(call, subject,
                        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? "6.3" : "6.1",
                        error->message);
}

/* 30 euiccSigned1, 5F37, 30 CERT.EUICC, 30 CERT.EUM */
static gboolean read_objects(TlvSlice content, Tlv objects[4], GError **error)
{
    static const guint32 tags[] = { 0x30, 0x5F37, 0x30, 0x30 };
    TlvReader reader;

    tlv_reader_init(&reader, content);
    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        g_autoptr(GError) local = NULL;

        if (!tlv_next(&reader, &objects[i], &local) || objects[i].tag != tags[i])
            return sim_value_fail(error, "authenticateResponseOk: object %u is not %X", i + 1,
                                  tags[i]);
    }
    return TRUE;
}

/* Free non-volatile memory: tag 82 in extCardResource 84 of EUICCInfo2 (ETSI TS 102 226). */
static gint64 read_free_memory(TlvSlice euicc_signed)
{
    Tlv info, resource, memory;
    gint64 number = 0;

    if (!tlv_find(euicc_signed, 0xBF22, &info) || !tlv_find(info.value, 0x84, &resource) ||
        !tlv_find(resource.value, 0x82, &memory))
        return -1;
    for (gsize i = 0; i < MIN(memory.value.size, 4); i++)
        number = number << 8 | memory.value.data[i];
    return number;
}

/* What euiccSigned1 has to echo, and ctxParams1 in it. */
static gboolean read_signed(SimRspCall *call, const SimRspIdentity *identity,
                            SimRspSession *session, TlvSlice content, GError **error)
{
    Tlv id, address, challenge, params, matching;

    if (!tlv_find(content, 0x80, &id) || !tlv_find(content, 0x83, &address) ||
        !tlv_find(content, 0x84, &challenge) || !tlv_find(content, 0xA0, &params))
        return sim_value_fail(error, "euiccSigned1: a field is missing");
    if (!tlv_slice_equal(id.value, tlv_slice_from_bytes(session->transaction_id)))
        return sim_rsp_fail(call, "8.10.1", "3.9", "Transaction in euiccSigned1 is another");
    if (!tlv_slice_equal(challenge.value, tlv_slice_from_bytes(session->server_challenge)))
        return sim_rsp_fail(call, "8.1", "6.1", "serverChallenge is another");
    if (!tlv_slice_equal(address.value, tlv_slice(identity->address, strlen(identity->address))))
        return sim_rsp_fail(call, "8.1", "6.1", "serverAddress is another");
    sim_rsp_set_hex(session->shown, "ctxParams1", params.raw);
    session->free_memory = read_free_memory(content);
    if (tlv_find(params.value, 0x80, &matching)) {
        if (!g_utf8_validate_len((const char *)matching.value.data, matching.value.size, NULL))
            return sim_value_fail(error, "matchingId is no UTF-8");
        session->matching_id = g_strndup((const char *)matching.value.data, matching.value.size);
        json_object_set_string_member(session->shown, "matchingId", session->matching_id);
    }
    return TRUE;
}

static gboolean check_response(SimRspCall *call, const SimRspIdentity *identity,
                               SimRspSession *session, TlvSlice content, GError **error)
{
    g_autoptr(X509) euicc = NULL, eum = NULL;
    g_autoptr(GError) local = NULL;
    Tlv objects[4];

    if (!read_objects(content, objects, error))
        return FALSE;
    euicc = sim_certificate_parse(objects[2].raw, error);
    eum = euicc ? sim_certificate_parse(objects[3].raw, error) : NULL;
    if (!eum)
        return FALSE;
    if (!sim_verify_euicc_chain(euicc, eum, identity->ci, &session->eid, &local))
        return fail_chain(call, local);
    json_object_set_string_member(session->shown, "eid", session->eid);
    session->euicc = X509_get_pubkey(euicc);
    if (!sim_rsp_verify(session->euicc, objects[0].raw, tlv_slice(NULL, 0), objects[1].value))
        return sim_rsp_fail(call, "8.1", "6.1", "euiccSignature1 does not verify");
    session->euicc_signature = tlv_slice_to_bytes(objects[1].raw);
    return read_signed(call, identity, session, objects[0].value, error);
}

gboolean sim_rsp_check_client(SimRspCall *call, const SimRspIdentity *identity,
                              SimRspSession *session, GError **error)
{
    g_autoptr(GBytes) response = sim_rsp_take_bytes(call, "authenticateServerResponse", error);
    Tlv outer, choice, code;
    gint64 number = 0;

    if (!response || !tlv_parse(tlv_slice_from_bytes(response), 0xBF38, &outer, error) ||
        !tlv_parse(outer.value, 0, &choice, error))
        return FALSE;
    if (session->authenticated)
        return sim_rsp_fail(call, "8.10.1", "3.9", "Transaction is further");
    if (choice.tag == 0xA1 && tlv_find(choice.value, 0x02, &code) &&
        tlv_get_integer(code.value, &number, NULL)) {
        json_object_set_int_member(session->shown, "authenticateError", number);
        return sim_rsp_fail(call, "8.1", "6.1", "The eUICC refused the server");
    }
    if (choice.tag != 0xA0)
        return sim_value_fail(error, "authenticateServerResponse: neither A0 nor A1");
    if (!check_response(call, identity, session, choice.value, error))
        return FALSE;
    session->authenticated = !sim_rsp_has_failed(call);
    return TRUE;
}
