/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/metadata.h"

#include "rsp/names.h"
#include "rsp/ppr.h"

gint64 rsp_metadata_get_class(const RspStoreMetadataRequest *metadata)
{
    return metadata->profile_class.present ? metadata->profile_class.value
                                           : RSP_PROFILE_CLASS_OPERATIONAL;
}

static gboolean is_same(TlvSlice a, TlvSlice b)
{
    return !a.data == !b.data && tlv_slice_equal(a, b);
}

static gboolean is_same_owner(const RspOperatorId *a, const RspOperatorId *b)
{
    if (!a || !b)
        return !a && !b;
    return is_same(a->mcc_mnc, b->mcc_mnc) && is_same(a->gid1, b->gid1) &&
           is_same(a->gid2, b->gid2);
}

static gboolean is_true(TlvInteger boolean)
{
    return boolean.present && boolean.value != 0;
}

gint rsp_metadata_compare(const RspStoreMetadataRequest *announced,
                          const RspStoreMetadataRequest *bound, const char **ret_what)
{
    const struct {
        gboolean same;
        gint reason;
        const char *what;
    } rows[] = {
        { rsp_ppr_equal(announced->profile_policy_rules, bound->profile_policy_rules),
          RSP_CANCEL_SESSION_REASON_PPR_NOT_ALLOWED, "profilePolicyRules" },
        { is_same_owner(announced->profile_owner, bound->profile_owner),
          RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH, "profileOwner" },
        { is_same(announced->iccid, bound->iccid), RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH,
          "iccid" },
        { is_same(announced->service_provider_name, bound->service_provider_name),
          RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH, "serviceProviderName" },
        { is_same(announced->profile_name, bound->profile_name),
          RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH, "profileName" },
        { rsp_metadata_get_class(announced) == rsp_metadata_get_class(bound),
          RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH, "profileClass" },
        { is_true(announced->ecall_indication) == is_true(bound->ecall_indication),
          RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH, "ecallIndication" },
        { is_true(announced->fallback_allowed) == is_true(bound->fallback_allowed),
          RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH, "fallbackAllowed" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].same)
            continue;
        *ret_what = rows[i].what;
        return rows[i].reason;
    }
    return -1;
}

guint rsp_metadata_count_receivers(const RspStoreMetadataRequest *metadata, guint event)
{
    const GPtrArray *list = metadata->notification_configuration_info;
    guint n = 0;

    for (guint i = 0; list && i < list->len; i++)
        n += tlv_bit_is_set(((const RspNotificationConfigurationInformation *)list->pdata[i])
                                ->profile_management_operation,
                            event);
    return n;
}
