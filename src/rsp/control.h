/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/package.h"

G_BEGIN_DECLS

/* ES10b functions by which the IPA itself changes the state of an eUICC: SGP.32 5.9.5, 5.9.15
 * to 5.9.23. */

/* SGP.32 5.9.5. */
typedef struct {
    TlvHead head;
    TlvSlice reset_options; /* rsp_names_reset_options */
} RspEuiccMemoryResetRequest;
extern const TlvType rsp_euicc_memory_reset_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccMemoryResetRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger reset_result;     /* rsp_names_reset_result */
    TlvInteger reset_eim_result; /* rsp_names_reset_eim_result */
    TlvInteger
        reset_immediate_enable_config_result; /* rsp_names_reset_immediate_enable_config_result */
} RspEuiccMemoryResetResponse;
extern const TlvType rsp_euicc_memory_reset_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccMemoryResetResponse, tlv_struct_free)

/* SGP.32 v1.0 and SGP.22 5.7.19: other tag, other bits. */
typedef struct {
    TlvHead head;
    TlvSlice reset_options; /* rsp_names_reset_options_v1_0 */
} RspEuiccMemoryResetRequestV1_0;
extern const TlvType rsp_euicc_memory_reset_request_v1_0;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccMemoryResetRequestV1_0, tlv_struct_free)

/* SGP.32 v1.0. What a consumer eUICC answers (below) can be read as well. */
typedef struct {
    TlvHead head;
    TlvInteger reset_result;                    /* rsp_names_reset_result */
    TlvInteger reset_eim_result;                /* rsp_names_reset_eim_result */
    TlvInteger reset_auto_enable_config_result; /* rsp_names_reset_immediate_enable_config_result */
} RspEuiccMemoryResetResponseV1_0;
extern const TlvType rsp_euicc_memory_reset_response_v1_0;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccMemoryResetResponseV1_0, tlv_struct_free)

/* SGP.22 5.7.19, consumer eUICC. */
typedef struct {
    TlvHead head;
    TlvInteger reset_result; /* rsp_names_reset_result */
} RspEs10cEuiccMemoryResetResponse;
extern const TlvType rsp_es10c_euicc_memory_reset_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEs10cEuiccMemoryResetResponse, tlv_struct_free)

/* SGP.32 5.9.15. */
typedef struct {
    TlvHead head;
    TlvInteger refresh_flag;
} RspImmediateEnableRequest;
extern const TlvType rsp_immediate_enable_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspImmediateEnableRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger immediate_enable_result; /* rsp_names_immediate_enable_result */
} RspImmediateEnableResponse;
extern const TlvType rsp_immediate_enable_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspImmediateEnableResponse, tlv_struct_free)

/* The same function in SGP.32 v1.0. */
typedef struct {
    TlvHead head;
} RspEnableUsingDdRequest;
extern const TlvType rsp_enable_using_dd_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEnableUsingDdRequest, tlv_struct_free)

/* SGP.32 5.9.17; an absent flag switches immediate enabling off. */
typedef struct {
    TlvHead head;
    gboolean immediate_enable_flag;
    TlvSlice default_smdp_oid;
    TlvSlice default_smdp_address;
} RspConfigureImmediateProfileEnablingRequest;
extern const TlvType rsp_configure_immediate_profile_enabling_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspConfigureImmediateProfileEnablingRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger config_immediate_enable_result; /* rsp_names_config_immediate_enable_result */
} RspConfigureImmediateProfileEnablingResponse;
extern const TlvType rsp_configure_immediate_profile_enabling_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspConfigureImmediateProfileEnablingResponse, tlv_struct_free)

/* SGP.32 5.9.16. The universal tag was seen from one IPA (I-03). */
typedef struct {
    TlvHead head;
    TlvInteger refresh_flag;
} RspProfileRollbackRequest;
extern const TlvType rsp_profile_rollback_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileRollbackRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger cmd_result; /* rsp_names_rollback_cmd_result */
    RspEuiccPackageResult *euicc_package_result;
} RspProfileRollbackResponse;
extern const TlvType rsp_profile_rollback_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileRollbackResponse, tlv_struct_free)

/* SGP.32 5.9.20. */
typedef struct {
    TlvHead head;
    TlvInteger refresh_flag;
} RspExecuteFallbackMechanismRequest;
extern const TlvType rsp_execute_fallback_mechanism_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspExecuteFallbackMechanismRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger execute_fallback_mechanism_result; /* rsp_names_execute_fallback_mechanism_result */
} RspExecuteFallbackMechanismResponse;
extern const TlvType rsp_execute_fallback_mechanism_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspExecuteFallbackMechanismResponse, tlv_struct_free)

/* SGP.32 5.9.21. */
typedef struct {
    TlvHead head;
    TlvInteger refresh_flag;
} RspReturnFromFallbackRequest;
extern const TlvType rsp_return_from_fallback_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspReturnFromFallbackRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger return_from_fallback_result; /* rsp_names_return_from_fallback_result */
} RspReturnFromFallbackResponse;
extern const TlvType rsp_return_from_fallback_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspReturnFromFallbackResponse, tlv_struct_free)

/* SGP.32 5.9.22. */
typedef struct {
    TlvHead head;
    TlvInteger refresh_flag;
} RspEnableEmergencyProfileRequest;
extern const TlvType rsp_enable_emergency_profile_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEnableEmergencyProfileRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger enable_emergency_profile_result; /* rsp_names_enable_emergency_profile_result */
} RspEnableEmergencyProfileResponse;
extern const TlvType rsp_enable_emergency_profile_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEnableEmergencyProfileResponse, tlv_struct_free)

/* SGP.32 5.9.23. */
typedef struct {
    TlvHead head;
    TlvInteger refresh_flag;
} RspDisableEmergencyProfileRequest;
extern const TlvType rsp_disable_emergency_profile_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspDisableEmergencyProfileRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger disable_emergency_profile_result; /* rsp_names_disable_emergency_profile_result */
} RspDisableEmergencyProfileResponse;
extern const TlvType rsp_disable_emergency_profile_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspDisableEmergencyProfileResponse, tlv_struct_free)

G_END_DECLS
