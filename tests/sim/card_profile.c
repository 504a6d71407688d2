/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_functions.h"

#include <string.h>

/* Profiles: listing, switching, fallback, emergency, memory reset. */

CardProfile *card_profile_find(const CardState *state, TlvSlice iccid)
{
    if (iccid.size != ICCID_SIZE)
        return NULL;
    for (guint i = 0; i < state->profiles->len; i++) {
        CardProfile *profile = g_ptr_array_index(state->profiles, i);

        if (memcmp(profile->iccid, iccid.data, ICCID_SIZE) == 0)
            return profile;
    }
    return NULL;
}

CardProfile *card_profile_find_digits(const CardState *state, const char *iccid)
{
    guint8 octets[ICCID_SIZE];

    if (!*iccid || !iccid_from_string(iccid, octets, NULL))
        return NULL;
    return card_profile_find(state, tlv_slice(octets, ICCID_SIZE));
}

CardProfile *card_profile_enabled(const CardState *state)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        CardProfile *profile = g_ptr_array_index(state->profiles, i);

        if (profile->enabled)
            return profile;
    }
    return NULL;
}

static CardProfile *find_fallback(const CardState *state)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        CardProfile *profile = g_ptr_array_index(state->profiles, i);

        if (profile->fallback)
            return profile;
    }
    return NULL;
}

gboolean card_profile_fall_back(CardState *state)
{
    CardProfile *enabled = card_profile_enabled(state), *fallback = find_fallback(state);

    if (!fallback || fallback == enabled)
        return FALSE;
    if (enabled)
        enabled->enabled = FALSE;
    fallback->enabled = TRUE;
    return TRUE;
}

static CardProfile *find_emergency(const CardState *state)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        CardProfile *profile = g_ptr_array_index(state->profiles, i);

        if (profile->emergency)
            return profile;
    }
    return NULL;
}

GBytes *card_profile_next_aid(const CardState *state)
{
    /* ISD-P AIDs end in 89 00 XXXX 00, XXXX from 0010 on (SGP.02 2.2.3). */
    guint8 aid[16] = { 0xA0, 0, 0, 5, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0, 0, 0, 0 };

    for (guint number = 0x10;; number++) {
        gboolean taken = FALSE;

        aid[13] = (guint8)(number >> 8);
        aid[14] = (guint8)number;
        for (guint i = 0; i < state->profiles->len; i++) {
            const CardProfile *profile = g_ptr_array_index(state->profiles, i);

            taken = taken || (profile->aid && tlv_slice_equal(tlv_slice_from_bytes(profile->aid),
                                                              tlv_slice(aid, sizeof(aid))));
        }
        if (!taken)
            return g_bytes_new(aid, sizeof(aid));
    }
}

void card_profile_switch(CardRun *run, CardProfile *profile)
{
    CardProfile *enabled = card_profile_enabled(run->state);

    if (enabled == profile)
        return;
    if (enabled) {
        enabled->enabled = FALSE;
        card_store_notify(run->state, enabled, CARD_EVENT_DISABLE);
    }
    if (profile) {
        profile->enabled = TRUE;
        card_store_notify(run->state, profile, CARD_EVENT_ENABLE);
    }
    run->switched = TRUE;
}

void card_profile_delete(CardRun *run, CardProfile *profile)
{
    if (profile->enabled)
        run->switched = TRUE;
    card_store_notify(run->state, profile, CARD_EVENT_DELETE);
    run->state->free_memory += profile->size;
    g_ptr_array_remove(run->state->profiles, profile);
}

/* ---- GetProfilesInfo ---- */

/* SGP.32 5.9.14; without the last three in v1.0, which uses SGP.22's list. */
static const guint32 default_tags[] = {
    0x5A, 0x4F, 0x9F70, 0x91, 0x92, 0x95, 0x9F7B, 0x9F26, 0x9F67
};
static const guint32 default_tags_v10[] = {
    0x5A, 0x4F, 0x9F70, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95
};

static void put_subscriptions(const CardProfile *profile, TlvWriter *writer)
{
    if (profile->subscriptions->len == 0)
        return;
    tlv_open(writer, 0xB6);
    for (guint i = 0; i < profile->subscriptions->len; i++) {
        const CardSubscription *subscription = g_ptr_array_index(profile->subscriptions, i);

        tlv_open(writer, 0x30);
        tlv_put_bits(writer, 0x80, subscription->events);
        tlv_put_string(writer, 0x81, subscription->address);
        tlv_close(writer);
    }
    tlv_close(writer);
}

static void put_owner(const CardProfile *profile, TlvWriter *writer)
{
    if (!profile->mcc_mnc)
        return;
    tlv_open(writer, 0xB7);
    tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(profile->mcc_mnc));
    if (profile->gid1)
        tlv_put_slice(writer, 0x81, tlv_slice_from_bytes(profile->gid1));
    if (profile->gid2)
        tlv_put_slice(writer, 0x82, tlv_slice_from_bytes(profile->gid2));
    tlv_close(writer);
}

static gboolean contains(const GArray *wanted, guint32 tag)
{
    for (guint i = 0; i < wanted->len; i++)
        if (g_array_index(wanted, guint32, i) == tag)
            return TRUE;
    return FALSE;
}

/* One E3, members in the order of the type whatever the order in the tag list. */
static void put_profile_info(const CardState *state, const CardProfile *profile,
                             const GArray *wanted, TlvWriter *writer)
{
    gboolean iot = state->version >= CARD_VERSION_1_2;

    tlv_open(writer, 0xE3);
    if (contains(wanted, 0x5A))
        tlv_put(writer, 0x5A, profile->iccid, ICCID_SIZE);
    if (contains(wanted, 0x4F))
        tlv_put_slice(writer, 0x4F, tlv_slice_from_bytes(profile->aid));
    if (contains(wanted, 0x9F70))
        tlv_put_integer(writer, 0x9F70, profile->enabled ? 1 : 0);
    if (contains(wanted, 0x90) && profile->nickname)
        tlv_put_string(writer, 0x90, profile->nickname);
    if (contains(wanted, 0x91))
        tlv_put_string(writer, 0x91, profile->provider);
    if (contains(wanted, 0x92))
        tlv_put_string(writer, 0x92, profile->name);
    if (contains(wanted, 0x93) && profile->icon)
        tlv_put_integer(writer, 0x93, profile->icon_type);
    if (contains(wanted, 0x94) && profile->icon)
        tlv_put_slice(writer, 0x94, tlv_slice_from_bytes(profile->icon));
    if (contains(wanted, 0x95))
        tlv_put_integer(writer, 0x95, profile->class);
    if (contains(wanted, 0xB6))
        put_subscriptions(profile, writer);
    if (contains(wanted, 0xB7))
        put_owner(profile, writer);
    if (contains(wanted, 0xB8) && profile->dp_data)
        tlv_put_slice(writer, 0xB8, tlv_slice_from_bytes(profile->dp_data));
    if (contains(wanted, 0x99) && profile->ppr)
        tlv_put_bits(writer, 0x99, profile->ppr);
    if (contains(wanted, 0xBF22) && profile->service_data)
        tlv_put_slice(writer, 0xBF22, tlv_slice_from_bytes(profile->service_data));
    if (iot && contains(wanted, 0x9F7B) && profile->emergency)
        tlv_put_boolean(writer, 0x9F7B, TRUE);
    if (iot && contains(wanted, 0x9F26) && profile->fallback)
        tlv_put_boolean(writer, 0x9F26, TRUE);
    if (iot && contains(wanted, 0x9F67) && profile->fallback_allowed)
        tlv_put_boolean(writer, 0x9F67, TRUE);
    if (profile->extra)
        tlv_put_raw_bytes(writer, profile->extra);
    tlv_close(writer);
}

/* Tags standing one behind the other, of one to three octets. */
static gboolean read_tag_list(TlvSlice list, GArray *ret_tags)
{
    gsize at = 0;

    while (at < list.size) {
        guint32 tag = list.data[at++];

        if ((tag & 0x1F) == 0x1F) {
            do {
                if (at == list.size || tag > 0xFFFF)
                    return FALSE;
                tag = tag << 8 | list.data[at++];
            } while (tag & 0x80);
        }
        g_array_append_val(ret_tags, tag);
    }
    return TRUE;
}

static gboolean matches(const CardProfile *profile, const Tlv *criterion)
{
    gint64 class;

    switch (criterion->tag) {
    case 0x4F:
        return tlv_slice_equal(tlv_slice_from_bytes(profile->aid), criterion->value);
    case 0x5A:
        return tlv_slice_equal(tlv_slice(profile->iccid, ICCID_SIZE), criterion->value);
    case 0x95:
        return tlv_get_integer(criterion->value, &class, NULL) && class == (gint64)profile->class;
    }
    return FALSE;
}

static gboolean check_criterion(const Tlv *criterion)
{
    switch (criterion->tag) {
    case 0x4F:
        return criterion->value.size >= 1 && criterion->value.size <= 16;
    case 0x5A:
        return criterion->value.size == ICCID_SIZE;
    case 0x95:
        return criterion->value.size == 1 && criterion->value.data[0] <= 2;
    }
    return FALSE;
}

gboolean card_profile_list(const CardState *state, TlvSlice request, TlvWriter *writer)
{
    static const guint32 request_tags[] = { 0xA0, 0x5C, 0x5D, 0 };
    g_autoptr(GArray) wanted = g_array_new(FALSE, FALSE, sizeof(guint32));
    Tlv fields[3], criterion = { 0 };
    gboolean good;

    good = card_take_fields(request, request_tags, TRUE, fields);
    if (good && fields[0].raw.data)
        good = tlv_parse(fields[0].value, 0, &criterion, NULL) && check_criterion(&criterion);
    if (good && fields[1].raw.data)
        good = read_tag_list(fields[1].value, wanted);
    tlv_open(writer, 0xBF2D);
    if (!good) {
        tlv_put_integer(writer, 0x81, 1);
        tlv_close(writer);
        return FALSE;
    }
    if (!fields[1].raw.data) {
        if (state->version == CARD_VERSION_1_0)
            g_array_append_vals(wanted, default_tags_v10, G_N_ELEMENTS(default_tags_v10));
        else
            g_array_append_vals(wanted, default_tags, G_N_ELEMENTS(default_tags));
    }
    tlv_open(writer, 0xA0);
    for (guint i = 0; i < state->profiles->len; i++) {
        const CardProfile *profile = g_ptr_array_index(state->profiles, i);

        if (!fields[0].raw.data || matches(profile, &criterion))
            put_profile_info(state, profile, wanted, writer);
    }
    tlv_close(writer);
    tlv_close(writer);
    return TRUE;
}

/* ---- fallback (SGP.32 5.9.20, 5.9.21) ---- */

static void remember(char **where, const CardProfile *profile)
{
    g_free(*where);
    *where = profile ? iccid_to_string(profile->iccid, ICCID_SIZE, NULL) : g_strdup("");
}

GBytes *card_profile_execute_fallback(CardRun *run, TlvSlice content, guint *ret_sw)
{
    CardState *state = run->state;
    CardProfile *enabled = card_profile_enabled(state), *fallback = find_fallback(state);
    gboolean refresh;

    if (!card_take_refresh_flag(content, &refresh)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (!enabled)
        return card_answer_code(0xBF5D, 7);
    if (!fallback)
        return card_answer_code(0xBF5D, 6);
    if (state->in_emergency)
        return card_answer_code(0xBF5D, 104);
    if (fallback->enabled)
        return card_answer_code(0xBF5D, 2);
    if (state->behaviour.cat_busy)
        return card_answer_code(0xBF5D, 5);
    remember(&state->fallback_return, enabled);
    state->in_fallback = TRUE;
    card_package_clear_rollback(state);
    card_profile_switch(run, fallback);
    card_mark_switch(run, refresh);
    return card_answer_code(0xBF5D, 0);
}

GBytes *card_profile_return_from_fallback(CardRun *run, TlvSlice content, guint *ret_sw)
{
    CardState *state = run->state;
    CardProfile *target = card_profile_find_digits(state, state->fallback_return);
    gboolean refresh;

    if (!card_take_refresh_flag(content, &refresh)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (!state->in_fallback || !target)
        return card_answer_code(0xBF5E, 6);
    if (state->behaviour.cat_busy)
        return card_answer_code(0xBF5E, 5);
    state->in_fallback = FALSE;
    remember(&state->fallback_return, NULL);
    card_package_clear_rollback(state);
    card_profile_switch(run, target);
    card_mark_switch(run, refresh);
    return card_answer_code(0xBF5E, 0);
}

/* ---- emergency (SGP.32 5.9.22, 5.9.23) ---- */

GBytes *card_profile_enable_emergency(CardRun *run, TlvSlice content, guint *ret_sw)
{
    CardState *state = run->state;
    CardProfile *emergency = find_emergency(state);
    gboolean refresh;

    if (!card_take_refresh_flag(content, &refresh)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (!emergency)
        return card_answer_code(0xBF5B, 8);
    if (emergency->enabled)
        return card_answer_code(0xBF5B, 2);
    if (state->behaviour.cat_busy)
        return card_answer_code(0xBF5B, 5);
    remember(&state->emergency_return, card_profile_enabled(state));
    state->in_emergency = TRUE;
    card_package_clear_rollback(state);
    card_profile_switch(run, emergency);
    card_mark_switch(run, refresh);
    return card_answer_code(0xBF5B, 0);
}

GBytes *card_profile_disable_emergency(CardRun *run, TlvSlice content, guint *ret_sw)
{
    CardState *state = run->state;
    CardProfile *emergency = find_emergency(state);
    gboolean refresh;

    if (!card_take_refresh_flag(content, &refresh)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (!emergency && state->version >= CARD_VERSION_1_3)
        return card_answer_code(0xBF5C, 8);
    if (!emergency || !emergency->enabled)
        return card_answer_code(0xBF5C, 2);
    if (state->behaviour.cat_busy)
        return card_answer_code(0xBF5C, 5);
    state->in_emergency = FALSE;
    card_package_clear_rollback(state);
    card_profile_switch(run, card_profile_find_digits(state, state->emergency_return));
    remember(&state->emergency_return, NULL);
    card_mark_switch(run, refresh);
    return card_answer_code(0xBF5C, 0);
}

/* ---- eUICCMemoryReset (SGP.32 5.9.5) ---- */

enum {
    RESET_OPERATIONAL = 1u << 0,
    RESET_TEST = 1u << 1,
    RESET_DP = 1u << 2,
    RESET_PRELOADED = 1u << 3,
    RESET_PROVISIONING = 1u << 4,
    RESET_EIM = 1u << 5,
    RESET_IMMEDIATE = 1u << 6,
};

static gboolean is_chosen(const CardProfile *profile, guint options)
{
    switch (profile->class) {
    case CARD_CLASS_OPERATIONAL:
        return (options & RESET_OPERATIONAL) != 0;
    case CARD_CLASS_PROVISIONING:
        return (options & RESET_PROVISIONING) != 0;
    case CARD_CLASS_TEST:
        return (options & (profile->preloaded ? RESET_PRELOADED : RESET_TEST)) != 0;
    }
    return FALSE;
}

static gboolean delete_chosen(CardRun *run, guint options)
{
    gboolean deleted = FALSE;

    for (guint i = run->state->profiles->len; i > 0; i--) {
        CardProfile *profile = g_ptr_array_index(run->state->profiles, i - 1);

        if (!is_chosen(profile, options))
            continue;
        card_profile_delete(run, profile);
        deleted = TRUE;
    }
    return deleted;
}

GBytes *card_profile_memory_reset(CardRun *run, guint32 tag, TlvSlice content, guint *ret_sw)
{
    static const guint32 tags[] = { 0x82, 0 };
    CardState *state = run->state;
    gboolean v10 = tag == 0xBF34, done;
    gint64 eim_result = 1;
    g_autoptr(TlvWriter) writer = NULL;
    guint options = 0;
    Tlv fields[1];

    if (!card_take_fields(content, tags, TRUE, fields) || !fields[0].raw.data ||
        !tlv_check_bits(fields[0].value, NULL)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    for (guint bit = 0; bit < 7; bit++)
        if (tlv_bit_is_set(fields[0].value, bit))
            options |= 1u << bit;
    if (v10) /* bits 3 and 4 meant what are 5 and 6 now */
        options = (options & 0x7u) | (options & 0x18u) << 2;

    writer = tlv_writer_new();
    tlv_open(writer, tag);
    if (state->in_emergency || state->behaviour.cat_busy) {
        tlv_put_integer(writer, v10 ? 0x02 : 0x80, state->in_emergency ? 104 : 5);
        tlv_close(writer);
        return tlv_writer_finish(g_steal_pointer(&writer));
    }
    done = delete_chosen(run, options);
    if (options & RESET_DP) {
        done = done || state->default_dp;
        g_clear_pointer(&state->default_dp, g_free);
    }
    if (options & RESET_EIM) {
        eim_result = state->eims->len > 0 ? 0 : 1;
        g_ptr_array_set_size(state->eims, 0);
    }
    if (options & RESET_IMMEDIATE)
        card_set_immediate_enable(state, (Tlv[3]){ 0 });
    if (run->switched) {
        card_package_clear_rollback(state);
        run->refresh = TRUE;
    }
    /* resetResult speaks of the first five options only; where none was chosen, nothing failed. */
    done = done || !(options & 0x1Fu);
    tlv_put_integer(writer, v10 ? 0x02 : 0x80, done ? 0 : 1);
    if (options & RESET_EIM)
        tlv_put_integer(writer, 0x81, eim_result);
    if (options & RESET_IMMEDIATE)
        tlv_put_integer(writer, 0x82, 0);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}
