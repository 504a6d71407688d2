/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_download.h"

#include <string.h>

/* What a bound package says about its profile: StoreMetadata (SGP.22 5.5.3) against what is on the card
 * and against the Rules Authorisation Table (SGP.22 2.9.2), and the profile package itself. */

#define NAME_LIMIT     64
#define PROVIDER_LIMIT 32
#define ICON_LIMIT     1024
#define PPR_KNOWN      (1u | CARD_PPR1 | CARD_PPR2)

enum {
    FIELD_ICCID,
    FIELD_PROVIDER,
    FIELD_NAME,
    FIELD_ICON_TYPE,
    FIELD_ICON,
    FIELD_CLASS,
    FIELD_NOTIFICATIONS,
    FIELD_OWNER,
    FIELD_PPR,
    FIELD_SERVICE_STORED,
    FIELD_SERVICE_OTHER,
    FIELD_ECALL,
    FIELD_FALLBACK_ALLOWED,
    N_FIELDS,
};

static const guint32 field_tags[N_FIELDS + 1] = { 0x5A, 0x91, 0x92,   0x93,   0x94,   0x95,   0xB6,
                                                  0xB7, 0x99, 0xBF22, 0xBF23, 0x9F7B, 0x9F67, 0 };

/* ---- policy rules ---- */

/* Digits of an MCC and MNC, E in the table stands for any (SGP.22 2.9.1). */
static gboolean match_network(TlvSlice rule, TlvSlice own)
{
    if (rule.size != 3 || own.size != 3)
        return FALSE;
    for (guint i = 0; i < 3; i++) {
        for (guint shift = 0; shift <= 4; shift += 4) {
            guint wanted = rule.data[i] >> shift & 0xF;

            if (wanted != 0xE && wanted != (own.data[i] >> shift & 0xFu))
                return FALSE;
        }
    }
    return TRUE;
}

/* A GID: absent matches absent only, empty matches everything. */
static gboolean match_gid(const Tlv *rule, GBytes *own)
{
    if (!rule->raw.data)
        return own == NULL;
    return rule->value.size == 0 ||
           (own && tlv_slice_equal(rule->value, tlv_slice_from_bytes(own)));
}

/* The owner of PROFILE is in LIST. */
static gboolean match_operators(TlvSlice list, const CardProfile *profile)
{
    static const guint32 tags[] = { 0x80, 0x81, 0x82, 0 };
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv entry, fields[3];

    if (!profile->mcc_mnc)
        return FALSE;
    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &entry, &error))
        if (card_take_fields(entry.value, tags, TRUE, fields) &&
            match_network(fields[0].value, tlv_slice_from_bytes(profile->mcc_mnc)) &&
            match_gid(&fields[1], profile->gid1) && match_gid(&fields[2], profile->gid2))
            return TRUE;
    return FALSE;
}

/* Some entry of the table allows rule BIT to the owner of PROFILE. Consent is the end user's and the
 * IPA's affair. */
static gboolean is_authorised(const CardState *state, const CardProfile *profile, guint bit)
{
    static const guint32 tags[] = { 0x80, 0xA1, 0x82, 0 };
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv entry, fields[3];

    tlv_reader_init(&reader, tlv_slice_from_bytes(state->rat));
    while (tlv_next(&reader, &entry, &error))
        if (card_take_fields(entry.value, tags, TRUE, fields) &&
            tlv_bit_is_set(fields[0].value, bit) && match_operators(fields[1].value, profile))
            return TRUE;
    return FALSE;
}

static gboolean has_operational(const CardState *state)
{
    for (guint i = 0; i < state->profiles->len; i++)
        if (((CardProfile *)g_ptr_array_index(state->profiles, i))->class == CARD_CLASS_OPERATIONAL)
            return TRUE;
    return FALSE;
}

static gboolean check_policy(const CardState *state, const CardProfile *profile)
{
    if (profile->ppr & ~PPR_KNOWN)
        return FALSE;
    if ((profile->ppr & CARD_PPR1) && has_operational(state))
        return FALSE;
    for (guint bit = 1; bit <= 2; bit++)
        if ((profile->ppr >> bit & 1) && !is_authorised(state, profile, bit))
            return FALSE;
    return TRUE;
}

/* ---- StoreMetadata ---- */

/* A copy of text of at most LIMIT octets; NULL: it is none. */
static char *take_text(const Tlv *field, gsize limit)
{
    if (!field->raw.data || field->value.size > limit ||
        !g_utf8_validate_len((const char *)field->value.data, field->value.size, NULL))
        return NULL;
    return g_strndup((const char *)field->value.data, field->value.size);
}

static gboolean take_bits(const Tlv *field, guint *ret_bits)
{
    if (!field->raw.data)
        return TRUE;
    if (!tlv_check_bits(field->value, NULL))
        return FALSE;
    for (guint bit = 0; bit < 32; bit++)
        if (tlv_bit_is_set(field->value, bit))
            *ret_bits |= 1u << bit;
    return TRUE;
}

static gboolean take_subscriptions(TlvSlice list, CardProfile *profile)
{
    static const guint32 tags[] = { 0x80, 0x81, 0 };
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv entry, fields[2];

    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &entry, &error)) {
        guint events = 0;
        char *address;

        if (entry.tag != 0x30 || !card_take_fields(entry.value, tags, TRUE, fields) ||
            !fields[0].raw.data || !take_bits(&fields[0], &events))
            return FALSE;
        address = take_text(&fields[1], 255);
        if (!address)
            return FALSE;
        card_profile_subscribe(profile, events, address);
        g_free(address);
    }
    return error == NULL;
}

static gboolean take_owner(TlvSlice content, CardProfile *profile)
{
    static const guint32 tags[] = { 0x80, 0x81, 0x82, 0 };
    Tlv fields[3];

    if (!card_take_fields(content, tags, TRUE, fields) || fields[0].value.size != 3)
        return FALSE;
    profile->mcc_mnc = tlv_slice_to_bytes(fields[0].value);
    if (fields[1].raw.data)
        profile->gid1 = tlv_slice_to_bytes(fields[1].value);
    if (fields[2].raw.data)
        profile->gid2 = tlv_slice_to_bytes(fields[2].value);
    return TRUE;
}

static gboolean take_icon(const Tlv fields[N_FIELDS], CardProfile *profile)
{
    if (!fields[FIELD_ICON].raw.data)
        return !fields[FIELD_ICON_TYPE].raw.data;
    if (!tlv_get_integer(fields[FIELD_ICON_TYPE].value, &profile->icon_type, NULL) ||
        profile->icon_type < 0 || profile->icon_type > 1 ||
        fields[FIELD_ICON].value.size > ICON_LIMIT)
        return FALSE;
    profile->icon = tlv_slice_to_bytes(fields[FIELD_ICON].value);
    return TRUE;
}

static gboolean take_flag(const Tlv *field, gboolean *flag)
{
    return !field->raw.data || tlv_get_boolean(field->value, flag, NULL);
}

static CardReason take_metadata(const Tlv fields[N_FIELDS], CardProfile *profile)
{
    gint64 class = CARD_CLASS_OPERATIONAL;

    if (fields[FIELD_ICCID].value.size != ICCID_SIZE)
        return CARD_REASON_INPUT;
    memcpy(profile->iccid, fields[FIELD_ICCID].value.data, ICCID_SIZE);
    profile->provider = take_text(&fields[FIELD_PROVIDER], PROVIDER_LIMIT);
    profile->name = take_text(&fields[FIELD_NAME], NAME_LIMIT);
    /* profileClass 2 is the default and not written in DER; many write it (both are right here). */
    if (!profile->provider || !profile->name || !take_icon(fields, profile) ||
        (fields[FIELD_CLASS].raw.data &&
         !tlv_get_integer(fields[FIELD_CLASS].value, &class, NULL)) ||
        !take_subscriptions(fields[FIELD_NOTIFICATIONS].value, profile) ||
        (fields[FIELD_OWNER].raw.data && !take_owner(fields[FIELD_OWNER].value, profile)) ||
        !take_bits(&fields[FIELD_PPR], &profile->ppr) ||
        !take_flag(&fields[FIELD_ECALL], &profile->emergency) ||
        !take_flag(&fields[FIELD_FALLBACK_ALLOWED], &profile->fallback_allowed))
        return CARD_REASON_INPUT;
    if (class < CARD_CLASS_TEST || class > CARD_CLASS_OPERATIONAL)
        return CARD_REASON_CLASS;
    profile->class = (CardClass) class;
    if (fields[FIELD_SERVICE_STORED].raw.data)
        profile->service_data = tlv_slice_to_bytes(fields[FIELD_SERVICE_STORED].value);
    return CARD_REASON_NONE;
}

CardProfile *card_metadata_parse(const CardState *state, TlvSlice request, CardReason *ret_reason)
{
    g_autoptr(CardProfile) profile = card_profile_new();
    Tlv whole, fields[N_FIELDS];

    *ret_reason = CARD_REASON_INPUT;
    if (!tlv_parse(request, 0xBF25, &whole, NULL) || !tlv_validate(whole.value, NULL) ||
        !card_take_fields(whole.value, field_tags, TRUE, fields))
        return NULL;
    *ret_reason = take_metadata(fields, profile);
    if (*ret_reason == CARD_REASON_NONE &&
        card_profile_find(state, tlv_slice(profile->iccid, ICCID_SIZE)))
        *ret_reason = CARD_REASON_EXISTS;
    if (*ret_reason == CARD_REASON_NONE && !check_policy(state, profile))
        *ret_reason = CARD_REASON_PPR;
    return *ret_reason == CARD_REASON_NONE ? g_steal_pointer(&profile) : NULL;
}

/* ---- profile package ---- */

CardReason card_metadata_check_header(const CardProfile *profile, TlvSlice elements,
                                      gboolean *ret_seen)
{
    gsize header_size, value_size;
    guint32 tag;
    Tlv iccid;

    *ret_seen = FALSE;
    if (elements.size > 0 && elements.data[0] != 0xA0)
        return CARD_REASON_ELEMENT;
    if (!tlv_peek_header(elements, &tag, &header_size, &value_size, NULL) ||
        elements.size - header_size < value_size)
        return CARD_REASON_NONE;
    *ret_seen = TRUE;
    if (!tlv_find(tlv_slice(elements.data + header_size, value_size), 0x83, &iccid) ||
        iccid.value.size != ICCID_SIZE)
        return CARD_REASON_ELEMENT;
    /* Plain BCD here, nibbles swapped in StoreMetadata (TCA profile package 8.2). */
    for (guint i = 0; i < ICCID_SIZE; i++) {
        guint8 octet = iccid.value.data[i];

        if ((guint8)(octet << 4 | octet >> 4) != profile->iccid[i])
            return CARD_REASON_MISMATCH;
    }
    return CARD_REASON_NONE;
}

gboolean card_metadata_check_elements(TlvSlice elements)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    guint32 last = 0;
    Tlv element;

    tlv_reader_init(&reader, elements);
    while (tlv_next(&reader, &element, &error)) {
        if (last == 0xAA) /* PE-End was there already */
            return FALSE;
        last = element.tag;
    }
    return !error && last == 0xAA;
}
