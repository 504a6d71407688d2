/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_download.h"

#include <openssl/rand.h>
#include <string.h>

#include "sim/crypto.h"

/* The RSP session: GetEUICCChallenge, AuthenticateServer, PrepareDownload, CancelSession, and
 * ImmediateEnable, which lives in it too (SGP.22 5.7.5, 5.7.7, 5.7.13, 5.7.14; SGP.32 5.9.15). */

#define POLICY_DP_AUTH "2.23.146.1.2.1.4"
#define POLICY_DP_PB   "2.23.146.1.2.1.5"
#define POLICY_DS_AUTH "2.23.146.1.2.1.7"

/* AuthenticateErrorCode and DownloadErrorCode agree where both have a code. */
enum {
    ERROR_CERTIFICATE = 1,
    ERROR_SIGNATURE = 2,
    ERROR_NO_SESSION = 4,
    ERROR_TRANSACTION = 5, /* PrepareDownload, CancelSession */
    ERROR_CHALLENGE = 6,
    ERROR_CI = 7,
    ERROR_UNDEFINED = 127,
};

/* ---- session ---- */

CardSession *card_session_new(void)
{
    return g_new0(CardSession, 1);
}

void card_session_clear(CardSession *session)
{
    g_clear_pointer(&session->transaction_id, g_bytes_unref);
    g_clear_pointer(&session->address, g_free);
    g_clear_pointer(&session->oid, g_bytes_unref);
    g_clear_pointer(&session->signature1, g_bytes_unref);
    g_clear_pointer(&session->pb_key, EVP_PKEY_free);
    g_clear_pointer(&session->own, EVP_PKEY_free);
    g_clear_pointer(&session->dp_data, g_bytes_unref);
    g_clear_pointer(&session->metadata, g_byte_array_unref);
    g_clear_pointer(&session->elements, g_byte_array_unref);
    g_clear_pointer(&session->profile, card_profile_free);
    *session = (CardSession){ 0 };
}

void card_session_free(CardSession *session)
{
    card_session_clear(session);
    g_free(session);
}

const char *card_session_get_stage(const CardSession *session)
{
    static const char *const names[] = { "none",     "challenge", "authenticated",
                                         "prepared", "loading",   "installed" };

    return names[session->stage];
}

static gboolean is_transaction(const CardSession *session, TlvSlice id)
{
    return session->transaction_id &&
           tlv_slice_equal(tlv_slice_from_bytes(session->transaction_id), id);
}

static GBytes *refuse(guint *ret_sw, guint sw)
{
    *ret_sw = sw;
    return NULL;
}

/* TAG{A1{80 transactionId, 02 code}} */
static GBytes *answer_error(guint32 tag, TlvSlice transaction_id, gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_open(writer, 0xA1);
    tlv_put_slice(writer, 0x80, transaction_id);
    tlv_put_integer(writer, 0x02, code);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static gboolean verify(EVP_PKEY *key, TlvSlice first, TlvSlice second, TlvSlice signature)
{
    g_autoptr(GByteArray) input = g_byte_array_new();

    g_byte_array_append(input, first.data, (guint)first.size);
    if (second.data)
        g_byte_array_append(input, second.data, (guint)second.size);
    return sim_verify(key, input->data, input->len, signature);
}

/* ---- GetEUICCChallenge ---- */

GBytes *card_download_get_challenge(CardRun *run, TlvSlice content, guint *ret_sw)
{
    GBytes *fixed = run->state->behaviour.challenge;
    g_autoptr(TlvWriter) writer = NULL;
    guint8 challenge[16];

    if (content.size > 0 || RAND_bytes(challenge, sizeof(challenge)) != 1)
        return refuse(ret_sw, CARD_SW_DATA);
    if (fixed)
        memcpy(challenge, g_bytes_get_data(fixed, NULL), sizeof(challenge));
    /* The former session is discarded with all it brought (SGP.22 3.1.5). What that means for a package
     * that is half loaded is not said: read here like a loss of power. */
    card_session_clear(run->session);
    card_result_interrupt(run->state);
    memcpy(run->session->challenge, challenge, sizeof(challenge));
    run->session->stage = CARD_STAGE_CHALLENGE;
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF2E);
    tlv_put(writer, 0x80, challenge, sizeof(challenge));
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- AuthenticateServer ---- */

enum { SIGNED1_TRANSACTION, SIGNED1_CHALLENGE, SIGNED1_ADDRESS, SIGNED1_SERVER_CHALLENGE };

/* serverSigned1; FALSE: not to be understood. */
static gboolean take_server_signed1(TlvSlice content, Tlv fields[4])
{
    static const guint32 tags[] = { 0x80, 0x81, 0x83, 0x84, 0 };

    return card_take_fields(content, tags, TRUE, fields) &&
           fields[SIGNED1_TRANSACTION].value.size >= 1 &&
           fields[SIGNED1_TRANSACTION].value.size <= 16 &&
           fields[SIGNED1_CHALLENGE].value.size == 16 && fields[SIGNED1_ADDRESS].value.size >= 1 &&
           g_utf8_validate_len((const char *)fields[SIGNED1_ADDRESS].value.data,
                               fields[SIGNED1_ADDRESS].value.size, NULL) &&
           fields[SIGNED1_SERVER_CHALLENGE].value.size == 16;
}

/* ctxParamsForCommonAuthentication with a DeviceInfo that has what it must have. */
static gboolean check_context(TlvSlice content)
{
    static const guint32 tags[] = { 0x80, 0xA1, 0 }, info_tags[] = { 0x80, 0xA1, 0x82, 0 };
    Tlv fields[2], info[3];

    return card_take_fields(content, tags, TRUE, fields) && fields[1].raw.data &&
           card_take_fields(fields[1].value, info_tags, TRUE, info) && info[0].value.size == 4 &&
           info[1].raw.data && (!info[2].raw.data || info[2].value.size == 8);
}

static guint authenticate(CardRun *run, const Tlv fields[5], const Tlv signed1[4])
{
    static const char *const policies[] = { POLICY_DP_AUTH, POLICY_DS_AUTH, NULL };
    CardSession *session = run->session;
    g_autoptr(GBytes) oid = NULL;
    EVP_PKEY *key = NULL;
    gboolean good;
    guint code;

    if (run->state->behaviour.authenticate_error)
        return (guint)run->state->behaviour.authenticate_error;
    code = card_server_check(run->state, fields[3].raw, policies, &key, &oid);
    if (code)
        return code;
    good = verify(key, fields[0].raw, (TlvSlice){ NULL, 0 }, fields[1].value);
    EVP_PKEY_free(key);
    if (!good)
        return ERROR_SIGNATURE;
    if (!tlv_slice_equal(signed1[SIGNED1_CHALLENGE].value,
                         tlv_slice(session->challenge, sizeof(session->challenge))))
        return ERROR_CHALLENGE;
    session->credentials = card_find_credentials(run->state, fields[2].value);
    if (!session->credentials)
        return ERROR_CI;
    session->transaction_id = tlv_slice_to_bytes(signed1[SIGNED1_TRANSACTION].value);
    session->address = g_strndup((const char *)signed1[SIGNED1_ADDRESS].value.data,
                                 signed1[SIGNED1_ADDRESS].value.size);
    session->oid = g_steal_pointer(&oid);
    session->stage = CARD_STAGE_AUTHENTICATED;
    return 0;
}

static GBytes *make_signed1(CardRun *run, const Tlv signed1[4], TlvSlice context)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) info2 = card_make_info2(run);

    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, signed1[SIGNED1_TRANSACTION].value);
    tlv_put_slice(writer, 0x83, signed1[SIGNED1_ADDRESS].value);
    tlv_put_slice(writer, 0x84, signed1[SIGNED1_SERVER_CHALLENGE].value);
    tlv_put_raw_bytes(writer, info2);
    tlv_put_raw_slice(writer, context);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *card_download_authenticate(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x30, 0x5F37, 0x04, 0x30, 0xA0, 0 };
    CardSession *session = run->session;
    g_autoptr(TlvWriter) writer = NULL, signature = NULL;
    g_autoptr(GBytes) own_signed1 = NULL;
    Tlv fields[5], signed1[4];
    guint code;

    if (!card_take_fields(content, tags, TRUE, fields) || !fields[4].raw.data ||
        !fields[1].raw.data || !fields[2].raw.data || !fields[3].raw.data ||
        !take_server_signed1(fields[0].value, signed1) || !check_context(fields[4].value))
        return refuse(ret_sw, CARD_SW_DATA);
    if (session->stage != CARD_STAGE_CHALLENGE)
        return answer_error(0xBF38, signed1[SIGNED1_TRANSACTION].value, ERROR_NO_SESSION);
    code = authenticate(run, fields, signed1);
    if (code) {
        /* There is no transaction yet that could be cancelled, so nothing is kept. */
        card_session_clear(session);
        return answer_error(0xBF38, signed1[SIGNED1_TRANSACTION].value, code);
    }
    own_signed1 = make_signed1(run, signed1, fields[4].raw);
    signature = tlv_writer_new();
    card_sign(session->credentials, tlv_slice_from_bytes(own_signed1), (TlvSlice){ NULL, 0 },
              signature);
    session->signature1 = tlv_writer_finish(g_steal_pointer(&signature));
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF38);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, own_signed1);
    tlv_put_raw_bytes(writer, session->signature1);
    tlv_put_raw_bytes(writer, session->credentials->euicc_der);
    tlv_put_raw_bytes(writer, session->credentials->eum_der);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- PrepareDownload ---- */

enum { REQUEST_SIGNED2, REQUEST_SIGNATURE2, REQUEST_HASH, REQUEST_CERTIFICATE };
enum { SIGNED2_TRANSACTION, SIGNED2_CONFIRMATION, SIGNED2_OTPK };

/* otSK.EUICC: the one that the SM-DP+ bound a package to before, when the card still has it, or a new
 * one (SGP.22 5.7.5). */
static EVP_PKEY *choose_key(const CardState *state, EVP_PKEY *like, TlvSlice wanted)
{
    if (state->behaviour.otsk)
        return bsp_key_from_scalar(like, tlv_slice_from_bytes(state->behaviour.otsk), NULL);
    if (wanted.data && state->unused_otsk) {
        EVP_PKEY *key = bsp_key_from_scalar(like, tlv_slice_from_bytes(state->unused_otsk), NULL);
        g_autoptr(GBytes) point = key ? bsp_key_get_point(key) : NULL;

        if (point && tlv_slice_equal(tlv_slice_from_bytes(point), wanted))
            return key;
        EVP_PKEY_free(key);
    }
    return bsp_key_new(like, NULL);
}

static guint prepare(CardRun *run, const Tlv fields[4], const Tlv signed2[3])
{
    static const char *const policies[] = { POLICY_DP_PB, NULL };
    CardSession *session = run->session;
    gboolean confirm = FALSE;
    g_autoptr(GBytes) oid = NULL;
    EVP_PKEY *key = NULL, *own = NULL;
    guint code;

    if (run->state->behaviour.download_error)
        return (guint)run->state->behaviour.download_error;
    if (session->stage != CARD_STAGE_AUTHENTICATED && session->stage != CARD_STAGE_PREPARED)
        return ERROR_NO_SESSION;
    if (!is_transaction(session, signed2[SIGNED2_TRANSACTION].value))
        return ERROR_TRANSACTION;
    code = card_server_check(run->state, fields[REQUEST_CERTIFICATE].raw, policies, &key, &oid);
    if (code == 0 && !g_bytes_equal(oid, session->oid))
        code = ERROR_CERTIFICATE;
    if (code == 0 &&
        !verify(key, fields[REQUEST_SIGNED2].raw, tlv_slice_from_bytes(session->signature1),
                fields[REQUEST_SIGNATURE2].value))
        code = ERROR_SIGNATURE;
    if (code == 0) {
        tlv_get_boolean(signed2[SIGNED2_CONFIRMATION].value, &confirm, NULL);
        if (confirm && fields[REQUEST_HASH].value.size != 32)
            code = ERROR_UNDEFINED;
    }
    if (code == 0)
        own = choose_key(run->state, key, signed2[SIGNED2_OTPK].value);
    if (code == 0 && !own)
        code = ERROR_UNDEFINED;
    if (code) {
        EVP_PKEY_free(key);
        /* There is no code for a CI that is not known. */
        return code == ERROR_CI ? ERROR_CERTIFICATE : code;
    }
    g_clear_pointer(&session->pb_key, EVP_PKEY_free);
    g_clear_pointer(&session->own, EVP_PKEY_free);
    session->pb_key = key;
    session->own = own;
    session->stage = CARD_STAGE_PREPARED;
    g_clear_pointer(&run->state->unused_otsk, g_bytes_unref);
    run->state->unused_otsk = bsp_key_get_scalar(own);
    return 0;
}

static GBytes *make_signed2(const CardSession *session, TlvSlice hash)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) point = bsp_key_get_point(session->own);

    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(session->transaction_id));
    tlv_put_slice(writer, 0x5F49, tlv_slice_from_bytes(point));
    if (hash.data)
        tlv_put_slice(writer, 0x04, hash);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *card_download_prepare(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x30, 0x5F37, 0x04, 0x30, 0 };
    static const guint32 signed_tags[] = { 0x80, 0x01, 0x5F49, 0 };
    g_autoptr(TlvWriter) writer = NULL;
    g_autoptr(GBytes) own_signed2 = NULL;
    Tlv fields[4], signed2[3];
    gboolean confirm;
    guint code;

    if (!card_take_fields(content, tags, TRUE, fields) || !fields[REQUEST_SIGNED2].raw.data ||
        !fields[REQUEST_SIGNATURE2].raw.data || !fields[REQUEST_CERTIFICATE].raw.data ||
        !card_take_fields(fields[REQUEST_SIGNED2].value, signed_tags, TRUE, signed2) ||
        !signed2[SIGNED2_TRANSACTION].raw.data ||
        !tlv_get_boolean(signed2[SIGNED2_CONFIRMATION].value, &confirm, NULL))
        return refuse(ret_sw, CARD_SW_DATA);
    code = prepare(run, fields, signed2);
    if (code) /* the session goes on: it can be cancelled */
        return answer_error(0xBF21, signed2[SIGNED2_TRANSACTION].value, code);
    own_signed2 =
        make_signed2(run->session, confirm ? fields[REQUEST_HASH].value : (TlvSlice){ NULL, 0 });
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF21);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, own_signed2);
    card_sign(run->session->credentials, tlv_slice_from_bytes(own_signed2),
              fields[REQUEST_SIGNATURE2].raw, writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- CancelSession ---- */

static GBytes *answer_cancel_error(gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF41);
    tlv_put_integer(writer, 0x81, code);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *card_download_cancel(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x80, 0x81, 0 };
    CardSession *session = run->session;
    g_autoptr(TlvWriter) signed_writer = NULL, writer = NULL;
    g_autoptr(GBytes) signed_bytes = NULL;
    Tlv fields[2];
    gint64 reason;

    if (!card_take_fields(content, tags, TRUE, fields) || !fields[0].raw.data ||
        !tlv_get_integer(fields[1].value, &reason, NULL))
        return refuse(ret_sw, CARD_SW_DATA);
    if (run->state->behaviour.cancel_error)
        return answer_cancel_error(run->state->behaviour.cancel_error);
    /* After a result there is nothing left to cancel. */
    if (session->stage < CARD_STAGE_AUTHENTICATED || session->stage == CARD_STAGE_INSTALLED ||
        !is_transaction(session, fields[0].value))
        return answer_cancel_error(ERROR_TRANSACTION);
    if ((reason < 0 || reason > 5) && reason != 127)
        return answer_cancel_error(ERROR_UNDEFINED);

    signed_writer = tlv_writer_new();
    tlv_open(signed_writer, 0x30);
    tlv_put_slice(signed_writer, 0x80, fields[0].value);
    tlv_put_slice(signed_writer, 0x81, tlv_slice_from_bytes(session->oid));
    tlv_put_integer(signed_writer, 0x82, reason);
    tlv_close(signed_writer);
    signed_bytes = tlv_writer_finish(g_steal_pointer(&signed_writer));
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF41);
    tlv_open(writer, 0xA0);
    tlv_put_raw_bytes(writer, signed_bytes);
    card_sign(session->credentials, tlv_slice_from_bytes(signed_bytes), (TlvSlice){ NULL, 0 },
              writer);
    tlv_close(writer);
    tlv_close(writer);
    /* What was loaded goes without a result: this answer is the result. */
    card_install_clear(&run->state->install);
    card_session_clear(session);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- ImmediateEnable ---- */

/* Configured, and for this SM-DP+. */
static gboolean is_available(const CardState *state, const CardSession *session)
{
    if (!state->immediate_enable)
        return FALSE;
    if (session->stage != CARD_STAGE_INSTALLED)
        return TRUE;
    return (!state->immediate_oid || g_bytes_equal(state->immediate_oid, session->oid)) &&
           (!state->immediate_address ||
            g_ascii_strcasecmp(state->immediate_address, session->address) == 0);
}

GBytes *card_download_immediate_enable(CardRun *run, TlvSlice content, guint *ret_sw)
{
    CardState *state = run->state;
    const CardProfile *enabled = card_profile_enabled(state);
    CardProfile *profile;
    gboolean refresh = TRUE;

    /* v1.0 EnableUsingDD has no refreshFlag. */
    if (state->version == CARD_VERSION_1_0 ? content.size > 0
                                           : !card_take_refresh_flag(content, &refresh))
        return refuse(ret_sw, CARD_SW_DATA);
    if (!is_available(state, run->session))
        return card_answer_code(0xBF5A, 1);
    if (run->session->stage != CARD_STAGE_INSTALLED)
        return card_answer_code(0xBF5A, 4);
    if (state->behaviour.cat_busy && state->version >= CARD_VERSION_1_2)
        return card_answer_code(0xBF5A, 5);
    profile = card_profile_find(state, tlv_slice(run->session->installed, ICCID_SIZE));
    /* Deleted meanwhile, or what is enabled must not be disabled (PPR1) or interrupted. */
    if (!profile || state->in_emergency || (enabled && (enabled->ppr & CARD_PPR1)))
        return card_answer_code(0xBF5A, 127);
    state->in_fallback = FALSE;
    g_free(state->fallback_return);
    state->fallback_return = g_strdup("");
    card_package_clear_rollback(state);
    card_profile_switch(run, profile);
    card_mark_switch(run, refresh);
    card_session_clear(run->session);
    return card_answer_code(0xBF5A, 0);
}
