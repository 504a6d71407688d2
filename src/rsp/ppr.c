/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/ppr.h"

#include "rsp/names.h"

#define CONSENT_REQUIRED 0 /* bit of pprFlags */

/* The rules that SGP.22 knows. A rule of a later version can't be kept here, so it can't be promised. */
static const struct {
    guint bit;
    const char *forbidden_by_card, *no_rule, *needs_consent;
} rules[] = {
    { RSP_PPR_IDS_PPR1, "PPR1 is among the card's forbiddenProfilePolicyRules",
      "no rule of the card authorises PPR1 for the profile's owner",
      "PPR1 needs the consent of the end user" },
    { RSP_PPR_IDS_PPR2, "PPR2 is among the card's forbiddenProfilePolicyRules",
      "no rule of the card authorises PPR2 for the profile's owner",
      "PPR2 needs the consent of the end user" },
};
#define FIRST_UNKNOWN_RULE (RSP_PPR_IDS_PPR2 + 1)

static guint count_bits(TlvSlice ids)
{
    return ids.size > 1 ? (guint)(ids.size - 1) * 8 : 0;
}

static gboolean has_unknown_rules(TlvSlice ids)
{
    for (guint bit = FIRST_UNKNOWN_RULE; bit < count_bits(ids); bit++)
        if (tlv_bit_is_set(ids, bit))
            return TRUE;
    return FALSE;
}

gboolean rsp_ppr_has_rules(const RspStoreMetadataRequest *metadata)
{
    TlvSlice ids = metadata->profile_policy_rules;

    for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
        if (tlv_bit_is_set(ids, rules[i].bit))
            return TRUE;
    return has_unknown_rules(ids);
}

gboolean rsp_ppr_equal(TlvSlice a, TlvSlice b)
{
    for (guint bit = 0; bit < MAX(count_bits(a), count_bits(b)); bit++)
        if (tlv_bit_is_set(a, bit) != tlv_bit_is_set(b, bit))
            return FALSE;
    return TRUE;
}

/* Digit by digit, as octets of EF_IMSI hold them; E in the card's rule stands for any digit (and for the F
 * where a two-digit MNC has its third). */
static gboolean matches_plmn(TlvSlice allowed, TlvSlice owner)
{
    if (allowed.size != owner.size)
        return FALSE;
    for (gsize i = 0; i < allowed.size; i++) {
        guint8 rule = allowed.data[i], own = owner.data[i];

        if ((rule >> 4 != 0x0E && rule >> 4 != own >> 4) ||
            ((rule & 0x0F) != 0x0E && (rule & 0x0F) != (own & 0x0F)))
            return FALSE;
    }
    return TRUE;
}

/* Absent in the rule: absent in the profile. Empty: whatever the profile has, nothing included. */
static gboolean matches_gid(TlvSlice allowed, TlvSlice owner)
{
    if (!allowed.data)
        return !owner.data;
    return allowed.size == 0 || (owner.data && tlv_slice_equal(allowed, owner));
}

static gboolean matches_owner(const RspProfilePolicyAuthorisationRule *rule,
                              const RspOperatorId *owner)
{
    for (guint i = 0; rule->allowed_operators && i < rule->allowed_operators->len; i++) {
        const RspOperatorId *allowed = rule->allowed_operators->pdata[i];

        if (matches_plmn(allowed->mcc_mnc, owner->mcc_mnc) &&
            matches_gid(allowed->gid1, owner->gid1) && matches_gid(allowed->gid2, owner->gid2))
            return TRUE;
    }
    return FALSE;
}

/* The first rule of the card that covers BIT and names OWNER decides. */
static const RspProfilePolicyAuthorisationRule *find_rule(const GPtrArray *rat, guint bit,
                                                          const RspOperatorId *owner)
{
    for (guint i = 0; rat && owner && i < rat->len; i++) {
        const RspProfilePolicyAuthorisationRule *rule = rat->pdata[i];

        if (tlv_bit_is_set(rule->ppr_ids, bit) && matches_owner(rule, owner))
            return rule;
    }
    return NULL;
}

static RspPprVerdict check_rule(guint i, const RspStoreMetadataRequest *metadata,
                                const RspPprPolicy *policy, const char **ret_why)
{
    const RspProfilePolicyAuthorisationRule *rule =
        find_rule(policy->rat, rules[i].bit, metadata->profile_owner);

    if (tlv_bit_is_set(policy->forbidden, rules[i].bit)) {
        *ret_why = rules[i].forbidden_by_card;
        return RSP_PPR_FORBIDDEN;
    }
    if (rules[i].bit == RSP_PPR_IDS_PPR1 && policy->has_operational) {
        *ret_why = "PPR1 is not possible beside an installed operational profile";
        return RSP_PPR_FORBIDDEN;
    }
    if (!metadata->profile_owner) {
        *ret_why = "the profile has policy rules and no profileOwner";
        return RSP_PPR_FORBIDDEN;
    }
    if (!rule) {
        *ret_why = rules[i].no_rule;
        return RSP_PPR_FORBIDDEN;
    }
    if (tlv_bit_is_set(rule->ppr_flags, CONSENT_REQUIRED)) {
        *ret_why = rules[i].needs_consent;
        return RSP_PPR_NEEDS_CONSENT;
    }
    return RSP_PPR_ALLOWED;
}

RspPprVerdict rsp_ppr_check(const RspStoreMetadataRequest *metadata, const RspPprPolicy *policy,
                            const char **ret_why)
{
    TlvSlice ids = metadata->profile_policy_rules;
    RspPprVerdict worst = RSP_PPR_ALLOWED;
    const char *why = NULL;

    if (has_unknown_rules(ids)) {
        *ret_why = "the profile has a policy rule that is not known here";
        return RSP_PPR_FORBIDDEN;
    }
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        const char *this_why = NULL;
        RspPprVerdict verdict;

        if (!tlv_bit_is_set(ids, rules[i].bit))
            continue;
        verdict = check_rule(i, metadata, policy, &this_why);
        if (verdict > worst) {
            worst = verdict;
            why = this_why;
        }
    }
    *ret_why = why;
    return worst;
}
