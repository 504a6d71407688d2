/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include <string.h>

#include "util/error.h"

/* ES10b: what changes the enabled profile without a package of an eIM, and how it is configured. */

/* ---- ProfileRollback ---- */

static const Es10Function profile_rollback = {
    .name = "ES10b.ProfileRollback",
    .request = &rsp_profile_rollback_request,
    .response = &rsp_profile_rollback_response,
    .long_running = TRUE,
    .changes_profile = TRUE,
    .indivisible = TRUE,
};

#define TAG_CMD_RESULT     0x02
#define TAG_PACKAGE_RESULT 0xBF51

/* The package result is the eIM's to judge: a defect in it, or a field that the table does not know, must
 * not hide it. *RET_RESULT has no data where the card gave none. */
static gboolean read_rollback(GBytes *answer, gint64 *ret_code, TlvSlice *ret_result,
                              GError **error)
{
    TlvSlice result = { NULL, 0 };
    g_autoptr(GError) local = NULL;
    gboolean found = FALSE;
    TlvReader reader;
    Tlv object, tlv;
    gint64 code = 0;

    if (!tlv_parse(tlv_slice_from_bytes(answer), profile_rollback.response->tag, &object, error))
        return FALSE;
    tlv_reader_init(&reader, object.value);
    while (tlv_next(&reader, &tlv, &local)) {
        if (tlv.tag == TAG_PACKAGE_RESULT) {
            result = tlv.raw;
        } else if (tlv.tag == TAG_CMD_RESULT) {
            if (!tlv_get_integer(tlv.value, &code, &local))
                break;
            found = TRUE;
        }
    }
    if (!local && !found)
        g_set_error_literal(&local, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "no cmdResult");
    if (local) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "%s: ", profile_rollback.response->name);
        return FALSE;
    }
    *ret_code = code;
    *ret_result = result;
    return TRUE;
}

gboolean es10b_profile_rollback(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                GBytes **ret_result, gint64 *ret_code, GError **error)
{
    RspProfileRollbackRequest request = { .refresh_flag = { TRUE, refresh } };
    g_autoptr(GBytes) octets = tlv_encode(profile_rollback.request, &request, error);
    g_autoptr(GBytes) answer = NULL;
    TlvSlice result;
    gint64 code;

    if (!octets) {
        g_prefix_error(error, "%s: ", profile_rollback.name);
        return FALSE;
    }
    answer = es10_send(channel, &profile_rollback, octets, cancellable, NULL, error);
    if (!answer)
        return FALSE;
    if (!read_rollback(answer, &code, &result, error)) {
        g_prefix_error(error, "%s: response of the card: ", profile_rollback.name);
        return FALSE;
    }
    if (ret_code)
        *ret_code = code;
    if (code != 0) {
        es10_set_refused(&profile_rollback, rsp_names_rollback_cmd_result, code, error);
        return FALSE;
    }
    *ret_result = result.data ? tlv_slice_to_bytes(result) : NULL;
    return TRUE;
}

/* ---- immediate enabling ---- */

gboolean es10b_immediate_enable(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.ImmediateEnable",
        .request = &rsp_immediate_enable_request,
        .response = &rsp_immediate_enable_response,
        .long_running = TRUE,
        .changes_profile = TRUE,
        .indivisible = TRUE,
    };
    RspImmediateEnableRequest request = { .refresh_flag = { TRUE, refresh } };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

gboolean es10b_enable_using_dd(Channel *channel, GCancellable *cancellable, gint64 *ret_code,
                               GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.EnableUsingDD",
        .request = &rsp_enable_using_dd_request,
        .response = &rsp_immediate_enable_response,
        .long_running = TRUE,
        .changes_profile = TRUE,
        .indivisible = TRUE,
    };
    RspEnableUsingDdRequest request = { 0 };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

gboolean es10b_configure_immediate_profile_enabling(Channel *channel, gboolean enable,
                                                    const char *smdp_oid, const char *smdp_address,
                                                    GCancellable *cancellable, gint64 *ret_code,
                                                    GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.ConfigureImmediateProfileEnabling",
        .request = &rsp_configure_immediate_profile_enabling_request,
        .response = &rsp_configure_immediate_profile_enabling_response,
        .indivisible = TRUE,
    };
    RspConfigureImmediateProfileEnablingRequest request = { .immediate_enable_flag = enable };
    g_autoptr(GBytes) oid = NULL;

    if (smdp_oid) {
        oid = tlv_oid_from_string(smdp_oid, error);
        if (!oid) {
            g_prefix_error(error, "%s: ", function.name);
            return FALSE;
        }
        request.default_smdp_oid = tlv_slice_from_bytes(oid);
    }
    if (smdp_address)
        request.default_smdp_address = tlv_slice(smdp_address, strlen(smdp_address));
    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

/* ---- the default SM-DP+ ---- */

gboolean es10b_set_default_dp_address(Channel *channel, const char *address,
                                      GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.SetDefaultDpAddress",
        .request = &rsp_set_default_dp_address_request,
        .response = &rsp_set_default_dp_address_response,
        .indivisible = TRUE,
    };
    RspSetDefaultDpAddressRequest request = {
        .default_dp_address = tlv_slice(address, strlen(address)),
    };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

/* ---- fallback and emergency ---- */

gboolean es10b_execute_fallback_mechanism(Channel *channel, gboolean refresh,
                                          GCancellable *cancellable, gint64 *ret_code,
                                          GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.ExecuteFallbackMechanism",
        .request = &rsp_execute_fallback_mechanism_request,
        .response = &rsp_execute_fallback_mechanism_response,
        .long_running = TRUE,
        .changes_profile = TRUE,
        .indivisible = TRUE,
    };
    RspExecuteFallbackMechanismRequest request = { .refresh_flag = { TRUE, refresh } };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

gboolean es10b_return_from_fallback(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                    gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.ReturnFromFallback",
        .request = &rsp_return_from_fallback_request,
        .response = &rsp_return_from_fallback_response,
        .long_running = TRUE,
        .changes_profile = TRUE,
        .indivisible = TRUE,
    };
    RspReturnFromFallbackRequest request = { .refresh_flag = { TRUE, refresh } };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

gboolean es10b_enable_emergency_profile(Channel *channel, gboolean refresh,
                                        GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.EnableEmergencyProfile",
        .request = &rsp_enable_emergency_profile_request,
        .response = &rsp_enable_emergency_profile_response,
        .long_running = TRUE,
        .changes_profile = TRUE,
        .indivisible = TRUE,
    };
    RspEnableEmergencyProfileRequest request = { .refresh_flag = { TRUE, refresh } };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}

gboolean es10b_disable_emergency_profile(Channel *channel, gboolean refresh,
                                         GCancellable *cancellable, gint64 *ret_code,
                                         GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.DisableEmergencyProfile",
        .request = &rsp_disable_emergency_profile_request,
        .response = &rsp_disable_emergency_profile_response,
        .long_running = TRUE,
        .changes_profile = TRUE,
        .indivisible = TRUE,
    };
    RspDisableEmergencyProfileRequest request = { .refresh_flag = { TRUE, refresh } };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}
