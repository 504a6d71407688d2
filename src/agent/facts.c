/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/facts.h"

#include <string.h>

static char *text_of(TlvSlice slice)
{
    return slice.data ? g_strndup((const char *)slice.data, slice.size) : g_strdup("");
}

static void set_text(char **member, TlvSlice slice)
{
    g_free(*member);
    *member = text_of(slice);
}

/* VersionType: major, minor, revision (SGP.22 2.6 and annex H). */
static char *version_of(TlvSlice slice)
{
    if (slice.size != 3)
        return g_strdup("");
    return g_strdup_printf("%u.%u.%u", slice.data[0], slice.data[1], slice.data[2]);
}

/* Highest of the iotVersion list, octets compare like numbers (v1.0 cards name one only). */
static TlvSlice highest_version(GPtrArray *versions)
{
    TlvSlice best = { 0 };

    for (guint i = 0; versions && i < versions->len; i++) {
        TlvSlice version = ((const RspOctetString *)versions->pdata[i])->value;

        if (version.size == 3 && (!best.data || memcmp(version.data, best.data, 3) > 0))
            best = version;
    }
    return best;
}

/* MCC and MNC digits of an OperatorId (3GPP TS 24.008 coding); wildcard digits stay as they are. */
static char *owner_of(const RspOperatorId *owner)
{
    static const char digit[] = "0123456789*#ab*";
    const guint8 *m;
    GString *text;

    if (!owner || owner->mcc_mnc.size != 3)
        return g_strdup("");
    m = owner->mcc_mnc.data;
    text = g_string_new(NULL);
    for (guint i = 0; i < 6; i++) {
        const guint8 nibbles[6] = { m[0] & 0xF, m[0] >> 4, m[1] & 0xF,
                                    m[2] & 0xF, m[2] >> 4, m[1] >> 4 };

        if (nibbles[i] != 0xF)
            g_string_append_c(text, digit[nibbles[i]]);
    }
    return g_string_free(text, FALSE);
}

static char **policy_rules_of(TlvSlice bits)
{
    GPtrArray *rules = g_ptr_array_new();

    if (tlv_bit_is_set(bits, RSP_PPR_IDS_PPR_UPDATE_CONTROL))
        g_ptr_array_add(rules, g_strdup("ppr-update-control"));
    if (tlv_bit_is_set(bits, RSP_PPR_IDS_PPR1))
        g_ptr_array_add(rules, g_strdup("ppr1"));
    if (tlv_bit_is_set(bits, RSP_PPR_IDS_PPR2))
        g_ptr_array_add(rules, g_strdup("ppr2"));
    g_ptr_array_add(rules, NULL);
    return (char **)g_ptr_array_free(rules, FALSE);
}

static const char *class_of(const TlvInteger *class)
{
    /* Absent is the default of SGP.22: operational. */
    if (!class->present)
        return "operational";
    switch (class->value) {
    case RSP_PROFILE_CLASS_TEST:
        return "test";
    case RSP_PROFILE_CLASS_PROVISIONING:
        return "provisioning";
    case RSP_PROFILE_CLASS_OPERATIONAL:
        return "operational";
    }
    return "unknown";
}

static ProfileSnapshot *make_profile(const RspProfileInfo *info)
{
    g_autofree char *iccid =
        info->iccid.data ? iccid_to_string(info->iccid.data, info->iccid.size, NULL) : NULL;
    ProfileSnapshot *profile;

    if (!iccid)
        return NULL; /* nothing to name its object by */
    profile = profile_snapshot_new();
    g_free(profile->iccid);
    profile->iccid = g_steal_pointer(&iccid);
    profile->state =
        info->profile_state.present && info->profile_state.value == RSP_PROFILE_STATE_ENABLED
            ? PROFILE_ENABLED
            : PROFILE_DISABLED;
    g_free(profile->class);
    profile->class = g_strdup(class_of(&info->profile_class));
    set_text(&profile->name, info->profile_name);
    set_text(&profile->provider, info->service_provider_name);
    set_text(&profile->nickname, info->profile_nickname);
    g_free(profile->owner);
    profile->owner = owner_of(info->profile_owner);
    g_strfreev(profile->policy_rules);
    profile->policy_rules = policy_rules_of(info->profile_policy_rules);
    profile->fallback = info->fallback_attribute.present && info->fallback_attribute.value;
    profile->emergency = info->ecall_indication.present && info->ecall_indication.value;
    return profile;
}

static gint compare_profiles(gconstpointer a, gconstpointer b)
{
    const ProfileSnapshot *left = *(const ProfileSnapshot *const *)a;
    const ProfileSnapshot *right = *(const ProfileSnapshot *const *)b;

    return strcmp(left->iccid, right->iccid);
}

static EimSnapshot *make_eim(const IpaEim *eim)
{
    static const char *const names[] = { "retrieve-https", "retrieve-coaps", "inject-https",
                                         "inject-coaps", "proprietary" };
    EimSnapshot *snapshot = eim_snapshot_new();
    g_autoptr(GPtrArray) protocols = g_ptr_array_new_with_free_func(g_free);

    g_free(snapshot->eim_id);
    snapshot->eim_id = g_strdup(eim->eim_id);
    g_free(snapshot->fqdn);
    snapshot->fqdn = g_strdup(eim->fqdn);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (eim->protocols ? tlv_bit_is_set(tlv_slice_from_bytes(eim->protocols), i) : i == 0)
            g_ptr_array_add(protocols, g_strdup(names[i]));
    g_ptr_array_add(protocols, NULL);
    g_strfreev(snapshot->protocols);
    snapshot->protocols = (char **)g_ptr_array_free(g_steal_pointer(&protocols), FALSE);
    snapshot->indirect = eim->indirect;
    return snapshot;
}

/* extCardResource: tag 82 is the free non-volatile memory in octets (ETSI TS 102 226). */
static guint32 free_memory_of(TlvSlice resource)
{
    guint32 octets = 0;
    Tlv tlv;

    if (!resource.data || !tlv_find(resource, 0x82, &tlv) || tlv.value.size > 4)
        return 0;
    for (gsize i = 0; i < tlv.value.size; i++)
        octets = octets << 8 | tlv.value.data[i];
    return octets;
}

EuiccSnapshot *facts_from_session(IpaSession *session)
{
    EuiccSnapshot *facts = euicc_snapshot_new();
    const RspEuiccInfo2 *info2 = session->info2;
    GPtrArray *profiles = session->profiles ? session->profiles->profile_info_list_ok : NULL;
    TlvSlice version = { 0 };

    if (info2 && info2->iot_specific_info)
        version = highest_version(info2->iot_specific_info->iot_version);
    g_free(facts->eid);
    facts->eid = g_strdup(session->eid_text);
    g_free(facts->kind);
    facts->kind = g_strdup(session->is_iot || version.data ? "iot" : "consumer");
    g_free(facts->spec_version);
    facts->spec_version = version.data ? version_of(version)
                          : info2      ? version_of(info2->svn)
                                       : g_strdup("");
    if (info2) {
        g_free(facts->firmware);
        facts->firmware = version_of(info2->euicc_firmware_ver);
        facts->free_memory = free_memory_of(info2->ext_card_resource);
    }
    facts->state = session->left_alone ? EUICC_LEFT_ALONE : EUICC_IDLE;
    if (session->left_alone) {
        g_free(facts->state_reason);
        facts->state_reason =
            g_strdup(session->left_alone_reason ? session->left_alone_reason : "left alone");
    }
    facts->pending_notifications = session->pending_notifications;
    for (guint i = 0; profiles && i < profiles->len; i++) {
        ProfileSnapshot *profile = make_profile(profiles->pdata[i]);

        if (profile && euicc_snapshot_find_profile(facts, profile->iccid))
            profile_snapshot_free(profile); /* a card that lists one twice */
        else if (profile)
            g_ptr_array_add(facts->profiles, profile);
    }
    g_ptr_array_sort(facts->profiles, compare_profiles);
    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];

        if (ipa_session_find_eim(session, eim->eim_id) ==
            eim) /* the first where one stands twice */
            g_ptr_array_add(facts->eims, make_eim(eim));
    }
    return facts;
}
