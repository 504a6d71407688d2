/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_download.h"

#include <string.h>

#include "sim/crypto.h"

/* ES10b.LoadBoundProfilePackage (SGP.22 2.5.5, 5.5, 5.7.6): a bound profile package comes as a row of
 * segments, each a command of its own. The first one that can't be used ends it with a result, so does
 * the last one of all; all others are answered with nothing. */

#define METADATA_LIMIT 4096
#define ELEMENTS_LIMIT (4 * 1024 * 1024)

gboolean card_load_is_segment(guint32 tag)
{
    switch (tag) {
    case 0xBF36:
    case 0xA0:
    case 0xA1:
    case BSP_TAG_CLEAR:
    case 0xA2:
    case 0xA3:
    case BSP_TAG_ELEMENTS:
        return TRUE;
    }
    return FALSE;
}

static GBytes *finish(CardRun *run, const CardProfile *profile, CardBppCommand command,
                      CardReason reason)
{
    GBytes *result = card_result_finish(run->state, profile, command, reason);

    if (profile) {
        memcpy(run->session->installed, profile->iccid, ICCID_SIZE);
        run->session->stage = CARD_STAGE_INSTALLED;
    } else {
        card_session_clear(run->session);
    }
    return result;
}

static GBytes *fail(CardRun *run, CardBppCommand command, CardReason reason)
{
    return finish(run, NULL, command, reason);
}

/* COMMAND is done, NEXT is the one that the power can interrupt from now on. A result when the card is
 * set to fail here. */
static GBytes *done(CardRun *run, CardBppCommand command, CardBppCommand next)
{
    CardBehaviour *behaviour = &run->state->behaviour;

    if (behaviour->fail_command == (gint64)command && behaviour->fail_count != 0) {
        if (behaviour->fail_count > 0)
            behaviour->fail_count--;
        return fail(run, command, (CardReason)behaviour->fail_reason);
    }
    run->state->install.command = next;
    return NULL;
}

static CardReason reason_of(BspVerdict verdict)
{
    switch (verdict) {
    case BSP_GOOD:
        return CARD_REASON_NONE;
    case BSP_WRONG_MAC:
        return CARD_REASON_SECURITY;
    case BSP_MALFORMED:
        /* Wrong padding after a good MAC might be 8 as well; the structure is what is wrong. */
        return CARD_REASON_STRUCTURE;
    }
    return CARD_REASON_STRUCTURE;
}

/* Takes SIZE octets off what is left of the package; FALSE: it has no so many. */
static gboolean consume(gsize *left, gsize size)
{
    if (size > *left)
        return FALSE;
    *left -= size;
    return TRUE;
}

/* ---- InitialiseSecureChannel (SGP.22 5.5.1) ---- */

enum { FIELD_OPERATION, FIELD_TRANSACTION, FIELD_CRT, FIELD_OTPK, FIELD_SIGNATURE };

static gboolean check_crt(TlvSlice content, TlvSlice *ret_host)
{
    static const guint32 tags[] = { 0x80, 0x81, 0x84, 0 };
    Tlv fields[3];

    if (!card_take_fields(content, tags, FALSE, fields) || fields[0].value.size != 1 ||
        fields[0].value.data[0] != BSP_KEY_TYPE || fields[1].value.size != 1 ||
        fields[1].value.data[0] != BSP_KEY_LENGTH || fields[2].value.size < 1 ||
        fields[2].value.size > BSP_HOST_ID_MAX)
        return FALSE;
    *ret_host = fields[2].value;
    return TRUE;
}

/* The signed objects stand bare one behind the other, and otPK.EUICC behind them. */
static gboolean check_signature(const CardSession *session, const Tlv fields[5])
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) point = bsp_key_get_point(session->own);
    g_autoptr(GBytes) input = NULL;

    for (guint i = FIELD_OPERATION; i <= FIELD_OTPK; i++)
        tlv_put_raw_slice(writer, fields[i].raw);
    tlv_put_slice(writer, 0x5F49, tlv_slice_from_bytes(point));
    input = tlv_writer_finish(g_steal_pointer(&writer));
    return sim_verify(session->pb_key, g_bytes_get_data(input, NULL), g_bytes_get_size(input),
                      fields[FIELD_SIGNATURE].value);
}

static CardReason open_channel(CardRun *run, TlvSlice content)
{
    static const guint32 tags[] = { 0x82, 0x80, 0xA6, 0x5F49, 0x5F37, 0 };
    CardSession *session = run->session;
    g_autoptr(GBytes) info = NULL;
    TlvSlice host;
    gint64 operation;
    Tlv fields[5];

    if (!tlv_validate(content, NULL) || !card_take_fields(content, tags, FALSE, fields) ||
        !tlv_get_integer(fields[FIELD_OPERATION].value, &operation, NULL) ||
        !fields[FIELD_TRANSACTION].raw.data || !fields[FIELD_CRT].raw.data ||
        !fields[FIELD_OTPK].raw.data || !fields[FIELD_SIGNATURE].raw.data)
        return CARD_REASON_INPUT;
    if (!tlv_slice_equal(fields[FIELD_TRANSACTION].value,
                         tlv_slice_from_bytes(session->transaction_id)))
        return CARD_REASON_TRANSACTION;
    if (operation != 1) /* installBoundProfilePackage */
        return CARD_REASON_OPERATION;
    if (!check_crt(fields[FIELD_CRT].value, &host))
        return CARD_REASON_CRT;
    if (!check_signature(session, fields))
        return CARD_REASON_SIGNATURE;
    info =
        bsp_shared_info(BSP_KEY_TYPE, BSP_KEY_LENGTH, host, tlv_slice(run->state->eid, EID_SIZE));
    if (!bsp_session_derive(&session->keys, session->own, fields[FIELD_OTPK].value,
                            tlv_slice_from_bytes(info), NULL))
        return CARD_REASON_INPUT;
    return CARD_REASON_NONE;
}

/* Header of BF36 and the complete BF23. */
static GBytes *load_head(CardRun *run, TlvSlice command)
{
    CardSession *session = run->session;
    gsize header, value;
    CardReason reason;
    guint32 tag;
    Tlv channel;

    card_result_begin(run->state, session);
    session->stage = CARD_STAGE_LOADING;
    tlv_peek_header(command, &tag, &header, &value, NULL);
    session->package_left = value;
    if (!consume(&session->package_left, command.size - header) ||
        !tlv_parse(tlv_slice(command.data + header, command.size - header), 0xBF23, &channel, NULL))
        return fail(run, CARD_BPP_SECURE_CHANNEL, CARD_REASON_STRUCTURE);
    reason = open_channel(run, channel.value);
    if (reason)
        return fail(run, CARD_BPP_SECURE_CHANNEL, reason);
    session->want = CARD_WANT_CONFIGURE;
    return done(run, CARD_BPP_SECURE_CHANNEL, CARD_BPP_CONFIGURE);
}

/* ---- ConfigureISDP and ReplaceSessionKeys: TAG with one 87 ---- */

static CardReason open_group(CardSession *session, TlvSlice command, guint32 tag,
                             GBytes **ret_plaintext)
{
    Tlv group, block;

    if (!tlv_parse(command, tag, &group, NULL) ||
        !tlv_parse(group.value, BSP_TAG_ENCRYPTED, &block, NULL))
        return CARD_REASON_STRUCTURE;
    return reason_of(bsp_unprotect(&session->keys, &block, ret_plaintext));
}

static CardReason configure(CardSession *session, TlvSlice command)
{
    static const guint32 tags[] = { 0xB8, 0 };
    g_autoptr(GBytes) plaintext = NULL;
    CardReason reason = open_group(session, command, 0xA0, &plaintext);
    Tlv request, fields[1];

    if (reason)
        return reason;
    if (!tlv_parse(tlv_slice_from_bytes(plaintext), 0xBF24, &request, NULL) ||
        !tlv_validate(request.value, NULL) || !card_take_fields(request.value, tags, TRUE, fields))
        return CARD_REASON_INPUT;
    if (fields[0].raw.data)
        session->dp_data = tlv_slice_to_bytes(fields[0].value);
    session->want = CARD_WANT_METADATA;
    return CARD_REASON_NONE;
}

static CardReason replace_keys(CardSession *session, TlvSlice command)
{
    static const guint32 tags[] = { 0x80, 0x81, 0x82, 0 };
    g_autoptr(GBytes) plaintext = NULL;
    CardReason reason = open_group(session, command, 0xA2, &plaintext);
    Tlv request, fields[3];

    if (reason)
        return reason;
    if (!tlv_parse(tlv_slice_from_bytes(plaintext), 0xBF26, &request, NULL) ||
        !card_take_fields(request.value, tags, TRUE, fields) ||
        !bsp_session_replace(&session->keys, fields[0].value, fields[1].value, fields[2].value))
        return CARD_REASON_INPUT;
    session->want = CARD_WANT_ELEMENTS;
    return CARD_REASON_NONE;
}

/* ---- StoreMetadata ---- */

static CardReason open_block(CardSession *session, TlvSlice command, guint32 tag, gsize limit,
                             GByteArray *plain)
{
    g_autoptr(GBytes) plaintext = NULL;
    CardReason reason;
    Tlv block;

    if (!tlv_parse(command, tag, &block, NULL) || !consume(&session->group_left, command.size))
        return CARD_REASON_STRUCTURE;
    reason = reason_of(bsp_unprotect(&session->keys, &block, &plaintext));
    if (reason)
        return reason;
    if (g_bytes_get_size(plaintext) > limit - plain->len)
        return CARD_REASON_INPUT;
    g_byte_array_append(plain, g_bytes_get_data(plaintext, NULL),
                        (guint)g_bytes_get_size(plaintext));
    return CARD_REASON_NONE;
}

/* What fails in a second block is bppCommandId storeMetadata too: storeMetadata2 is not said to be the
 * name of that. */
static GBytes *load_metadata(CardRun *run, TlvSlice command)
{
    CardSession *session = run->session;
    CardInstall *install = &run->state->install;
    CardReason reason =
        open_block(session, command, BSP_TAG_CLEAR, METADATA_LIMIT, session->metadata);

    if (reason)
        return fail(run, CARD_BPP_METADATA, reason);
    if (session->group_left > 0)
        return NULL;
    session->profile = card_metadata_parse(
        run->state, tlv_slice(session->metadata->data, session->metadata->len), &reason);
    if (!session->profile)
        return fail(run, CARD_BPP_METADATA, reason);
    session->profile->dp_data = g_steal_pointer(&session->dp_data);
    session->profile->ci_id = g_bytes_ref(session->credentials->ci_id);
    install->has_iccid = TRUE;
    memcpy(install->iccid, session->profile->iccid, ICCID_SIZE);
    session->want = CARD_WANT_KEYS;
    return done(run, CARD_BPP_METADATA, CARD_BPP_ELEMENTS);
}

/* ---- LoadProfileElements ---- */

/* What has come so far: the header as soon as it is complete, and the room for it. */
static CardReason check_elements(CardRun *run)
{
    CardSession *session = run->session;
    TlvSlice elements = tlv_slice(session->elements->data, session->elements->len);
    CardReason reason;

    if (!session->header_seen) {
        reason = card_metadata_check_header(session->profile, elements, &session->header_seen);
        if (reason)
            return reason;
    }
    if ((gint64)elements.size > run->state->free_memory)
        return CARD_REASON_MEMORY;
    if (session->group_left > 0)
        return CARD_REASON_NONE;
    if (session->package_left > 0)
        return CARD_REASON_STRUCTURE;
    return session->header_seen && card_metadata_check_elements(elements) ? CARD_REASON_NONE
                                                                          : CARD_REASON_ELEMENT;
}

static GBytes *install(CardRun *run)
{
    CardState *state = run->state;
    CardProfile *profile = g_steal_pointer(&run->session->profile);

    profile->aid = card_profile_next_aid(state);
    profile->size = run->session->elements->len;
    state->free_memory -= profile->size;
    g_ptr_array_add(state->profiles, profile);
    g_clear_pointer(&run->session->elements, g_byte_array_unref);
    return finish(run, profile, CARD_BPP_ELEMENTS, CARD_REASON_NONE);
}

static GBytes *load_elements(CardRun *run, TlvSlice command)
{
    CardSession *session = run->session;
    CardReason reason =
        open_block(session, command, BSP_TAG_ELEMENTS, ELEMENTS_LIMIT, session->elements);
    GBytes *result;

    if (!reason)
        reason = check_elements(run);
    if (reason)
        return fail(run, CARD_BPP_ELEMENTS, reason);
    if (session->group_left > 0)
        return NULL;
    result = done(run, CARD_BPP_ELEMENTS, CARD_BPP_ELEMENTS);
    return result ? result : install(run);
}

/* ---- order ---- */

/* Header of A1 or A3, and nothing else; there has to be something in it. */
static GBytes *load_group_header(CardRun *run, TlvSlice command, CardBppCommand which,
                                 CardWant next)
{
    CardSession *session = run->session;
    gsize header, value;
    guint32 tag;

    tlv_peek_header(command, &tag, &header, &value, NULL);
    if (header != command.size || value == 0 || value > session->package_left)
        return fail(run, which, CARD_REASON_STRUCTURE);
    session->group_left = value;
    session->want = next;
    return NULL;
}

static GBytes *load_expected(CardRun *run, TlvSlice command, guint32 tag)
{
    CardSession *session = run->session;
    CardReason reason;

    switch (session->want) {
    case CARD_WANT_CONFIGURE:
        reason = tag == 0xA0 ? configure(session, command) : CARD_REASON_STRUCTURE;
        if (reason)
            return fail(run, CARD_BPP_CONFIGURE, reason);
        return done(run, CARD_BPP_CONFIGURE, CARD_BPP_METADATA);
    case CARD_WANT_METADATA:
        if (tag != 0xA1)
            return fail(run, CARD_BPP_METADATA, CARD_REASON_STRUCTURE);
        session->metadata = g_byte_array_new();
        return load_group_header(run, command, CARD_BPP_METADATA, CARD_WANT_88);
    case CARD_WANT_88:
        if (tag != BSP_TAG_CLEAR)
            return fail(run, CARD_BPP_METADATA, CARD_REASON_STRUCTURE);
        return load_metadata(run, command);
    case CARD_WANT_KEYS:
        if (tag == 0xA2) {
            reason = replace_keys(session, command);
            if (reason)
                return fail(run, CARD_BPP_KEYS, reason);
            return done(run, CARD_BPP_KEYS, CARD_BPP_ELEMENTS);
        }
        G_GNUC_FALLTHROUGH;
    case CARD_WANT_ELEMENTS:
        if (tag != 0xA3)
            return fail(run, CARD_BPP_ELEMENTS, CARD_REASON_STRUCTURE);
        session->elements = g_byte_array_new();
        return load_group_header(run, command, CARD_BPP_ELEMENTS, CARD_WANT_86);
    case CARD_WANT_86:
        if (tag != BSP_TAG_ELEMENTS)
            return fail(run, CARD_BPP_ELEMENTS, CARD_REASON_STRUCTURE);
        return load_elements(run, command);
    }
    return NULL;
}

static CardBppCommand command_of(CardWant want)
{
    switch (want) {
    case CARD_WANT_CONFIGURE:
        return CARD_BPP_CONFIGURE;
    case CARD_WANT_METADATA:
    case CARD_WANT_88:
        return CARD_BPP_METADATA;
    case CARD_WANT_KEYS:
    case CARD_WANT_ELEMENTS:
    case CARD_WANT_86:
        return CARD_BPP_ELEMENTS;
    }
    return CARD_BPP_ELEMENTS;
}

GBytes *card_load_segment(CardRun *run, TlvSlice command, guint *ret_sw)
{
    CardSession *session = run->session;
    gsize header, value;
    guint32 tag;

    tlv_peek_header(command, &tag, &header, &value, NULL);
    if (session->stage == CARD_STAGE_PREPARED && tag == 0xBF36)
        return load_head(run, command);
    if (session->stage != CARD_STAGE_LOADING) {
        /* A package needs a prepared session; segments without a package are nothing known. */
        *ret_sw = tag == 0xBF36 ? CARD_SW_CONDITIONS : CARD_SW_REFERENCE;
        return NULL;
    }
    if (!consume(&session->package_left, command.size))
        return fail(run, command_of(session->want), CARD_REASON_STRUCTURE);
    return load_expected(run, command, tag);
}
