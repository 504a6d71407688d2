/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_functions.h"

#include <string.h>

#include "sim/crypto.h"

/* Associated eIMs: EimConfigurationData (SGP.32 2.11.1.1.1), AddInitialEim,
 * GetEimConfigurationData. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

#define EIM_ID_MAX 128

enum { ID, FQDN, TYPE, COUNTER, TOKEN, KEY, TLS, PROTOCOLS, CI_ID, INDIRECT, N_FIELDS };

static const guint32 eim_tags[] = { 0x80, 0x81, 0x82, 0x83, 0x84, 0xA5, 0xA6, 0x87, 0x88, 0x89, 0 };

CardEim *card_eim_find(const CardState *state, TlvSlice id)
{
    for (guint i = 0; i < state->eims->len; i++) {
        CardEim *eim = g_ptr_array_index(state->eims, i);

        if (strlen(eim->id) == id.size && memcmp(eim->id, id.data, id.size) == 0)
            return eim;
    }
    return NULL;
}

static gboolean is_text(TlvSlice value, gsize lowest, gsize highest)
{
    return value.size >= lowest && value.size <= highest &&
           g_utf8_validate_len((const char *)value.data, value.size, NULL);
}

static char *dup_text(TlvSlice value)
{
    return g_strndup((const char *)value.data, value.size);
}

static gboolean is_key(TlvSlice value)
{
    g_autoptr(EVP_PKEY) key = sim_key_from_choice(value, NULL);

    return key != NULL;
}

/* What stands behind the known fields; NULL when nothing does. */
static GBytes *copy_unknown(TlvSlice content)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        gboolean known = FALSE;

        for (guint i = 0; eim_tags[i]; i++)
            known = known || eim_tags[i] == tlv.tag;
        if (!known)
            tlv_put_raw_slice(writer, tlv.raw);
    }
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    return g_bytes_get_size(bytes) > 0 ? g_steal_pointer(&bytes) : NULL;
}

static gboolean get_counter(TlvSlice value, gint64 *ret_counter, CardEimResult *ret_result)
{
    if (!tlv_get_integer(value, ret_counter, NULL)) {
        *ret_result = CARD_EIM_COMMAND;
        return FALSE;
    }
    if (*ret_counter < 0 || *ret_counter > CARD_COUNTER_MAX) {
        *ret_result = CARD_EIM_COUNTER;
        return FALSE;
    }
    return TRUE;
}

/* Forms of the members that add and update share. */
static gboolean check_fields(const Tlv fields[N_FIELDS])
{
    gint64 type;

    if (fields[FQDN].raw.data && !is_text(fields[FQDN].value, 1, 255))
        return FALSE;
    if (fields[TYPE].raw.data && !tlv_get_integer(fields[TYPE].value, &type, NULL))
        return FALSE;
    if (fields[KEY].raw.data && !is_key(fields[KEY].value))
        return FALSE;
    if (fields[TLS].raw.data && !is_key(fields[TLS].value))
        return FALSE;
    if (fields[PROTOCOLS].raw.data && !tlv_check_bits(fields[PROTOCOLS].value, NULL))
        return FALSE;
    return !fields[INDIRECT].raw.data || fields[INDIRECT].value.size == 0;
}

static void replace_bytes(GBytes **bytes, TlvSlice slice)
{
    if (!slice.data)
        return;
    g_clear_pointer(bytes, g_bytes_unref);
    *bytes = tlv_slice_to_bytes(slice);
}

static void take_common(CardEim *eim, const Tlv fields[N_FIELDS])
{
    if (fields[FQDN].raw.data) {
        g_free(eim->fqdn);
        eim->fqdn = dup_text(fields[FQDN].value);
    }
    if (fields[TYPE].raw.data)
        tlv_get_integer(fields[TYPE].value, &eim->type, NULL);
    replace_bytes(&eim->key_tlv, fields[KEY].raw);
    replace_bytes(&eim->tls_tlv, fields[TLS].raw);
    replace_bytes(&eim->protocols_tlv, fields[PROTOCOLS].raw);
    replace_bytes(&eim->ci_id, fields[CI_ID].value);
    if (fields[INDIRECT].raw.data)
        eim->indirect = TRUE;
}

CardEimResult card_eim_add(CardState *state, TlvSlice content, CardEim **ret_eim)
{
    g_autoptr(CardEim) eim = card_eim_new();
    CardEimResult result;
    Tlv fields[N_FIELDS];

    if (!card_take_fields(content, eim_tags, TRUE, fields) || !fields[ID].raw.data ||
        !is_text(fields[ID].value, 1, EIM_ID_MAX) || !fields[COUNTER].raw.data ||
        !fields[KEY].raw.data || !check_fields(fields))
        return CARD_EIM_COMMAND;
    if (card_eim_find(state, fields[ID].value))
        return CARD_EIM_EXISTS;
    if (!get_counter(fields[COUNTER].value, &eim->counter, &result))
        return result;
    if (fields[TOKEN].raw.data) {
        gint64 token;

        /* Only -1, "make one", may stand in a request. */
        if (!tlv_get_integer(fields[TOKEN].value, &token, NULL) || token != -1)
            return CARD_EIM_TOKEN;
        eim->token = state->next_token;
    }
    if (fields[CI_ID].raw.data && !card_find_credentials(state, fields[CI_ID].value))
        return CARD_EIM_CI_UNKNOWN;
    if (state->eims->len >= (guint64)state->behaviour.max_eims)
        return CARD_EIM_MEMORY;
    eim->id = dup_text(fields[ID].value);
    take_common(eim, fields);
    eim->other_tlv = copy_unknown(content);
    if (eim->token)
        state->next_token++;
    *ret_eim = eim;
    g_ptr_array_add(state->eims, g_steal_pointer(&eim));
    return CARD_EIM_OK;
}

guint card_eim_update(CardState *state, TlvSlice content)
{
    g_autoptr(GBytes) other = NULL;
    gboolean anything = FALSE;
    Tlv fields[N_FIELDS];
    CardEim *eim;

    if (!card_take_fields(content, eim_tags, TRUE, fields) || !fields[ID].raw.data ||
        !check_fields(fields))
        return CARD_EIM_COMMAND;
    eim = card_eim_find(state, fields[ID].value);
    if (!eim)
        return 1;
    other = copy_unknown(content);
    for (guint i = FQDN; i < N_FIELDS; i++)
        anything = anything || fields[i].raw.data;
    if (fields[TOKEN].raw.data || (!anything && !other))
        return CARD_EIM_COMMAND;
    if (fields[CI_ID].raw.data && !card_find_credentials(state, fields[CI_ID].value))
        return CARD_EIM_CI_UNKNOWN;
    if (fields[COUNTER].raw.data) {
        CardEimResult result;
        gint64 counter;

        if (!get_counter(fields[COUNTER].value, &counter, &result))
            return result;
        /* With the same key a lower counter would make old packages valid again. */
        if (counter < eim->counter && !fields[KEY].raw.data)
            return CARD_EIM_COUNTER;
        eim->counter = counter;
    }
    take_common(eim, fields);
    if (other) {
        g_clear_pointer(&eim->other_tlv, g_bytes_unref);
        eim->other_tlv = g_steal_pointer(&other);
    }
    return CARD_EIM_OK;
}

void card_eim_write(const CardEim *eim, TlvWriter *writer)
{
    tlv_put_string(writer, 0x80, eim->id);
    if (eim->fqdn)
        tlv_put_string(writer, 0x81, eim->fqdn);
    if (eim->type >= 0)
        tlv_put_integer(writer, 0x82, eim->type);
    if (eim->token)
        tlv_put_integer(writer, 0x84, eim->token);
    tlv_put_raw_bytes(writer, eim->key_tlv);
    if (eim->tls_tlv)
        tlv_put_raw_bytes(writer, eim->tls_tlv);
    if (eim->protocols_tlv)
        tlv_put_raw_bytes(writer, eim->protocols_tlv);
    if (eim->ci_id)
        tlv_put_slice(writer, 0x88, tlv_slice_from_bytes(eim->ci_id));
    if (eim->indirect)
        tlv_put_null(writer, 0x89);
    if (eim->other_tlv)
        tlv_put_raw_bytes(writer, eim->other_tlv);
}

GBytes *card_eim_get_configuration(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 search_tags[] = { 0xA0, 0 }, id_tags[] = { 0x80, 0 };
    const CardState *state = run->state;
    g_autoptr(TlvWriter) writer = NULL;
    Tlv search[1] = { 0 }, id[1] = { 0 };

    if (content.size > 0 &&
        (state->version == CARD_VERSION_1_0 ||
         !card_take_fields(content, search_tags, TRUE, search) || !search[0].raw.data ||
         !card_take_fields(search[0].value, id_tags, FALSE, id) || !id[0].raw.data)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF55);
    tlv_open(writer, 0xA0);
    for (guint i = 0; i < state->eims->len; i++) {
        const CardEim *eim = g_ptr_array_index(state->eims, i);

        if (id[0].raw.data && eim != card_eim_find(state, id[0].value))
            continue;
        tlv_open(writer, 0x30);
        card_eim_write(eim, writer);
        tlv_close(writer);
    }
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *answer_add_initial_error(gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF57);
    tlv_put_integer(writer, 0x81, code);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *card_eim_add_initial(CardRun *run, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0xA0, 0 };
    CardState *state = run->state;
    g_autoptr(TlvWriter) writer = NULL;
    TlvReader reader;
    Tlv list[1], entry;
    gint64 next_token = state->next_token;
    guint count = 0;

    if (!card_take_fields(content, tags, TRUE, list) || !list[0].raw.data) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (state->eims->len > 0)
        return answer_add_initial_error(CARD_EIM_EXISTS);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF57);
    tlv_open(writer, 0xA0);
    tlv_reader_init(&reader, list[0].value);
    while (count < 256) {
        g_autoptr(GError) error = NULL;
        CardEimResult result;
        CardEim *eim = NULL;

        if (!tlv_next(&reader, &entry, &error))
            break;
        count++;
        result = entry.tag == 0x30 ? card_eim_add(state, entry.value, &eim) : CARD_EIM_COMMAND;
        if (result != CARD_EIM_OK) {
            /* All or none of them. */
            g_ptr_array_set_size(state->eims, 0);
            state->next_token = next_token;
            return answer_add_initial_error(result);
        }
        if (eim->token)
            tlv_put_integer(writer, 0x84, eim->token);
        else
            tlv_put_null(writer, 0x05);
    }
    if (count == 0)
        return answer_add_initial_error(CARD_EIM_COMMAND);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}
