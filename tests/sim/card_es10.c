/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_functions.h"

#include <string.h>

#include "sim/card_download.h"
#include "sim/crypto.h"

/* Functions that only tell something, the common parts of all functions, and the table of
 * functions. */

/* ---- common parts ---- */

const CardCredentials *card_find_credentials(const CardState *state, TlvSlice key_id)
{
    if (!key_id.data)
        return g_ptr_array_index(state->credentials, 0);
    for (guint i = 0; i < state->credentials->len; i++) {
        const CardCredentials *credentials = g_ptr_array_index(state->credentials, i);

        if (tlv_slice_equal(tlv_slice_from_bytes(credentials->ci_id), key_id))
            return credentials;
    }
    return NULL;
}

void card_sign(const CardCredentials *credentials, TlvSlice data, TlvSlice second,
               TlvWriter *writer)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GBytes) signature = NULL;
    g_autoptr(GError) error = NULL;

    g_byte_array_append(input, data.data, (guint)data.size);
    if (second.data)
        g_byte_array_append(input, second.data, (guint)second.size);
    signature = sim_sign(credentials->key, input->data, input->len, &error);
    if (!signature)
        g_error("virtual eUICC: %s", error->message); /* checked when the card was made */
    tlv_put_slice(writer, 0x5F37, tlv_slice_from_bytes(signature));
}

GBytes *card_answer_code(guint32 tag, gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_put_integer(writer, 0x80, code);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

gboolean card_take_fields(TlvSlice content, const guint32 *tags, gboolean extensible,
                          Tlv *ret_fields)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    guint at = 0;
    Tlv tlv;

    for (guint i = 0; tags[i]; i++)
        ret_fields[i] = (Tlv){ 0 };
    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        guint i = at;

        while (tags[i] && tags[i] != tlv.tag)
            i++;
        if (tags[i]) {
            ret_fields[i] = tlv;
            at = i + 1;
            continue;
        }
        /* A known field at the wrong place or a second time is no extension. */
        for (i = 0; tags[i]; i++)
            if (tags[i] == tlv.tag)
                return FALSE;
        if (!extensible)
            return FALSE;
    }
    return error == NULL;
}

gboolean card_take_refresh_flag(TlvSlice content, gboolean *ret_refresh)
{
    static const guint32 tags[] = { 0x80, 0 };
    Tlv fields[1];

    return card_take_fields(content, tags, TRUE, fields) && fields[0].raw.data &&
           tlv_get_boolean(fields[0].value, ret_refresh, NULL);
}

void card_mark_switch(CardRun *run, gboolean refresh)
{
    run->switched = TRUE;
    run->refresh = refresh;
}

static GBytes *answer_error(guint32 tag, guint32 arm, gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_put_integer(writer, arm, code);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- information ---- */

static GBytes *get_eid(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint8 wanted[] = { 0x5C, 0x01, 0x5A };
    g_autoptr(TlvWriter) writer = NULL;

    if (!tlv_slice_equal(content, tlv_slice(wanted, sizeof(wanted)))) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF3E);
    tlv_put(writer, 0x5A, run->state->eid, EID_SIZE);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static void put_ci_ids(const CardState *state, TlvWriter *writer)
{
    static const guint32 lists[] = { 0xA9, 0xAA }; /* for verification, for signing */

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        tlv_open(writer, lists[i]);
        for (guint j = 0; j < state->credentials->len; j++) {
            const CardCredentials *credentials = g_ptr_array_index(state->credentials, j);

            tlv_put_slice(writer, 0x04, tlv_slice_from_bytes(credentials->ci_id));
        }
        tlv_close(writer);
    }
}

static GBytes *get_info1(CardRun *run, TlvSlice content, guint *ret_sw)
{
    g_autoptr(TlvWriter) writer = NULL;

    if (content.size > 0) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF20);
    tlv_put_slice(writer, 0x82, tlv_slice_from_bytes(run->state->svn));
    put_ci_ids(run->state, writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static void put_ext_card_resource(const CardState *state, TlvWriter *writer)
{
    g_autoptr(TlvWriter) resource = tlv_writer_new();
    g_autoptr(GBytes) bytes = NULL;
    guint32 free_nvm = GUINT32_TO_BE((guint32)state->free_memory);
    guint32 free_ram = GUINT32_TO_BE(8192u);
    guint8 applications = (guint8)state->profiles->len;

    tlv_put(resource, 0x81, &applications, 1);
    tlv_put(resource, 0x82, &free_nvm, 4);
    tlv_put(resource, 0x83, &free_ram, 4);
    bytes = tlv_writer_finish(g_steal_pointer(&resource));
    tlv_put_slice(writer, 0x84, tlv_slice_from_bytes(bytes));
}

/* iotSpecificInfo (SGP.32 5.9.2) */
static void put_iot_info(const CardState *state, TlvWriter *writer, gboolean emergency,
                         gboolean fallback)
{
    tlv_open(writer, 0xB4);
    tlv_open(writer, 0xA0);
    for (guint i = 0; i < state->iot_versions->len; i++)
        tlv_put_slice(writer, 0x04,
                      tlv_slice_from_bytes(g_ptr_array_index(state->iot_versions, i)));
    tlv_close(writer);
    if (state->version >= CARD_VERSION_1_2) {
        if (emergency)
            tlv_put_null(writer, 0x81);
        if (fallback)
            tlv_put_null(writer, 0x82);
    }
    tlv_close(writer);
}

GBytes *card_make_info2(const CardRun *run)
{
    static const guint8 pp_version[] = { 2, 3, 1 }, protection_version[] = { 1, 0, 0 };
    const CardState *state = run->state;
    gboolean emergency = FALSE, fallback = FALSE;
    g_autoptr(TlvWriter) writer = NULL;

    for (guint i = 0; i < state->profiles->len; i++) {
        const CardProfile *profile = g_ptr_array_index(state->profiles, i);

        emergency = emergency || profile->emergency;
        fallback = fallback || profile->fallback_allowed;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF22);
    tlv_put(writer, 0x81, pp_version, 3);
    tlv_put_slice(writer, 0x82, tlv_slice_from_bytes(state->svn));
    tlv_put_slice(writer, 0x83, tlv_slice_from_bytes(state->firmware));
    put_ext_card_resource(state, writer);
    /* usim, akaMilenage, akaTuak128, javacard, multipleUsim, berTlvFile, getIdentity, iotminimal */
    tlv_put_bits(writer, 0x85,
                 1u << 1 | 1u << 4 | 1u << 6 | 1u << 14 | 1u << 16 | 1u << 19 | 1u << 22 |
                     1u << 31);
    tlv_put_bits(writer, 0x88, 1u << 0 | 1u << 3 | 1u << 4);
    put_ci_ids(state, writer);
    tlv_put(writer, 0x04, protection_version, 3);
    tlv_put_string(writer, 0x0C, "SIM-UP-0000");
    tlv_put_integer(writer, 0x90, run->ipae ? 1 : 0);
    if (state->kind == CARD_KIND_IOT)
        put_iot_info(state, writer, emergency, fallback);
    if (state->info2_extra)
        tlv_put_raw_bytes(writer, state->info2_extra);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *get_info2(CardRun *run, TlvSlice content, guint *ret_sw)
{
    if (content.size > 0) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    return card_make_info2(run);
}

static GBytes *get_addresses(CardRun *run, TlvSlice content, guint *ret_sw)
{
    g_autoptr(TlvWriter) writer = NULL;

    if (content.size > 0) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF3C);
    if (run->state->default_dp)
        tlv_put_string(writer, 0x80, run->state->default_dp);
    tlv_put_string(writer, 0x81, run->state->root_ds);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *set_default_dp(CardRun *run, guint32 tag, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x80, 0 };
    Tlv fields[1];

    if (!card_take_fields(content, tags, FALSE, fields) || !fields[0].raw.data ||
        !g_utf8_validate_len((const char *)fields[0].value.data, fields[0].value.size, NULL)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    g_clear_pointer(&run->state->default_dp, g_free);
    if (fields[0].value.size > 0)
        run->state->default_dp =
            g_strndup((const char *)fields[0].value.data, fields[0].value.size);
    return card_answer_code(tag, 0);
}

static GBytes *set_default_dp_es10b(CardRun *run, TlvSlice content, guint *ret_sw)
{
    return set_default_dp(run, 0xBF65, content, ret_sw);
}

static GBytes *get_certs(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x80, 0 };
    const CardCredentials *credentials;
    g_autoptr(TlvWriter) writer = NULL;
    Tlv fields[1], eum, euicc;

    if (!card_take_fields(content, tags, FALSE, fields)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    credentials = card_find_credentials(run->state, fields[0].value);
    if (!credentials)
        return answer_error(0xBF56, 0x81, 1);
    /* The context tag replaces the outer 30 (implicit tagging). */
    if (!tlv_parse(tlv_slice_from_bytes(credentials->eum_der), 0x30, &eum, NULL) ||
        !tlv_parse(tlv_slice_from_bytes(credentials->euicc_der), 0x30, &euicc, NULL))
        return answer_error(0xBF56, 0x81, 127);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF56);
    tlv_open(writer, 0xA0);
    tlv_put_slice(writer, 0xA5, eum.value);
    tlv_put_slice(writer, 0xA6, euicc.value);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *get_rat(CardRun *run, TlvSlice content, guint *ret_sw)
{
    g_autoptr(TlvWriter) writer = NULL;

    if (content.size > 0) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF43);
    tlv_put_slice(writer, 0xA0, tlv_slice_from_bytes(run->state->rat));
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *get_profiles_info(CardRun *run, TlvSlice content, guint *ret_sw G_GNUC_UNUSED)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    card_profile_list(run->state, content, writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *get_connectivity(CardRun *run, TlvSlice content, guint *ret_sw)
{
    const CardProfile *profile = card_profile_enabled(run->state);
    g_autoptr(TlvWriter) writer = NULL;

    if (content.size > 0) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (!profile || !profile->connectivity)
        return answer_error(0xBF5F, 0x81, 1);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF5F);
    tlv_open(writer, 0xA0);
    tlv_put_slice(writer, 0x81, tlv_slice_from_bytes(profile->connectivity));
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- immediate enable ---- */

static GBytes *configure_immediate_enable(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x80, 0x81, 0x82, 0 };
    CardState *state = run->state;
    Tlv fields[3];

    if (!card_take_fields(content, tags, TRUE, fields) ||
        (fields[0].raw.data && fields[0].value.size > 0)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (state->eims->len > 0)
        return card_answer_code(0xBF59, 2);
    card_set_immediate_enable(state, fields);
    return card_answer_code(0xBF59, 0);
}

void card_set_immediate_enable(CardState *state, const Tlv fields[3])
{
    state->immediate_enable = fields[0].raw.data != NULL;
    g_clear_pointer(&state->immediate_oid, g_bytes_unref);
    g_clear_pointer(&state->immediate_address, g_free);
    if (fields[1].raw.data)
        state->immediate_oid = tlv_slice_to_bytes(fields[1].value);
    if (fields[2].raw.data)
        state->immediate_address =
            g_strndup((const char *)fields[2].value.data, fields[2].value.size);
}

/* ---- dispatch ---- */

static GBytes *set_default_dp_es10a(CardRun *run, TlvSlice content, guint *ret_sw)
{
    return set_default_dp(run, 0xBF3F, content, ret_sw);
}

static GBytes *memory_reset(CardRun *run, TlvSlice content, guint *ret_sw)
{
    return card_profile_memory_reset(run, 0xBF64, content, ret_sw);
}

static GBytes *memory_reset_v10(CardRun *run, TlvSlice content, guint *ret_sw)
{
    return card_profile_memory_reset(run, 0xBF34, content, ret_sw);
}

/* The card has no IPAe to activate: notSupported. */
static GBytes *activate_ipae(CardRun *run G_GNUC_UNUSED, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x80, 0 };
    Tlv fields[1];

    if (!card_take_fields(content, tags, TRUE, fields) || !fields[0].raw.data ||
        !tlv_check_bits(fields[0].value, NULL)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    return card_answer_code(0xBF42, 1);
}

typedef GBytes *(*Function)(CardRun *run, TlvSlice content, guint *ret_sw);

static const struct {
    guint32 tag;
    CardVersion first;
    CardVersion last;
    gboolean changes; /* may change the state */
    Function function;
} functions[] = {
    { 0xBF20, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_info1 },
    { 0xBF21, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_download_prepare },
    { 0xBF22, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_info2 },
    { 0xBF2B, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, card_store_retrieve },
    { 0xBF2D, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_profiles_info },
    { 0xBF2E, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_download_get_challenge },
    { 0xBF30, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_store_remove_notification },
    { 0xBF34, CARD_VERSION_1_0, CARD_VERSION_1_0, TRUE, memory_reset_v10 },
    { 0xBF38, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_download_authenticate },
    { 0xBF3C, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_addresses },
    { 0xBF3E, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_eid },
    { 0xBF3F, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, set_default_dp_es10a },
    { 0xBF41, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_download_cancel },
    { 0xBF42, CARD_VERSION_1_2, CARD_VERSION_1_3, FALSE, activate_ipae },
    { 0xBF43, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_rat },
    { 0xBF55, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, card_eim_get_configuration },
    { 0xBF56, CARD_VERSION_1_0, CARD_VERSION_1_3, FALSE, get_certs },
    { 0xBF57, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_eim_add_initial },
    { 0xBF58, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_package_rollback },
    { 0xBF59, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, configure_immediate_enable },
    { 0xBF5A, CARD_VERSION_1_0, CARD_VERSION_1_3, TRUE, card_download_immediate_enable },
    { 0xBF5B, CARD_VERSION_1_2, CARD_VERSION_1_3, TRUE, card_profile_enable_emergency },
    { 0xBF5C, CARD_VERSION_1_2, CARD_VERSION_1_3, TRUE, card_profile_disable_emergency },
    { 0xBF5D, CARD_VERSION_1_2, CARD_VERSION_1_3, TRUE, card_profile_execute_fallback },
    { 0xBF5E, CARD_VERSION_1_2, CARD_VERSION_1_3, TRUE, card_profile_return_from_fallback },
    { 0xBF5F, CARD_VERSION_1_2, CARD_VERSION_1_3, FALSE, get_connectivity },
    { 0xBF64, CARD_VERSION_1_2, CARD_VERSION_1_3, TRUE, memory_reset },
    { 0xBF65, CARD_VERSION_1_2, CARD_VERSION_1_3, TRUE, set_default_dp_es10b },
};

gboolean card_es10_only_reads(guint32 tag)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++)
        if (functions[i].tag == tag)
            return !functions[i].changes;
    return FALSE;
}

/* What SGP.22 does not have. */
static gboolean is_of_sgp32(guint32 tag)
{
    return tag >= 0xBF50 && tag <= 0xBF6F;
}

/* While a package is loaded only two functions work besides (SGP.22 3.1.5). */
static gboolean is_held_up(const CardRun *run, guint32 tag)
{
    return run->session->stage == CARD_STAGE_LOADING && tag != 0xBF2E && tag != 0xBF41;
}

GBytes *card_es10_execute(CardRun *run, TlvSlice command, guint *ret_sw)
{
    gsize header, value;
    guint32 tag;
    Tlv tlv;

    *ret_sw = CARD_SW_OK;
    if (tlv_peek_header(command, &tag, &header, &value, NULL) && card_load_is_segment(tag))
        return card_load_segment(run, command, ret_sw);
    if (!tlv_parse(command, 0, &tlv, NULL)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (run->state->kind == CARD_KIND_CONSUMER && is_of_sgp32(tlv.tag)) {
        *ret_sw = CARD_SW_REFERENCE;
        return NULL;
    }
    if (tlv.tag == 0xBF51) {
        if (is_held_up(run, tlv.tag)) {
            *ret_sw = CARD_SW_CONDITIONS;
            return NULL;
        }
        return card_package_load(run, command, ret_sw);
    }
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        if (functions[i].tag != tlv.tag || run->state->version < functions[i].first ||
            run->state->version > functions[i].last)
            continue;
        if (is_held_up(run, tlv.tag) || !tlv_validate(tlv.value, NULL)) {
            *ret_sw = is_held_up(run, tlv.tag) ? CARD_SW_CONDITIONS : CARD_SW_DATA;
            return NULL;
        }
        return functions[i].function(run, tlv.value, ret_sw);
    }
    *ret_sw = CARD_SW_REFERENCE;
    return NULL;
}
