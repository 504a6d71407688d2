/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/control.h"

#include "rsp/names.h"

static const TlvField euicc_memory_reset_request_fields[] = {
    TLV_FIELD(BITS, "resetOptions", 0x82, TLV_REQUIRED, RspEuiccMemoryResetRequest, reset_options,
              .names = rsp_names_reset_options),
};

const TlvType rsp_euicc_memory_reset_request =
    TLV_TYPE("EuiccMemoryResetRequest", 0xBF64, TLV_SEQUENCE, RspEuiccMemoryResetRequest,
             euicc_memory_reset_request_fields);

static const TlvField euicc_memory_reset_response_fields[] = {
    TLV_FIELD(INTEGER, "resetResult", 0x80, TLV_REQUIRED, RspEuiccMemoryResetResponse, reset_result,
              .names = rsp_names_reset_result),
    TLV_FIELD(INTEGER, "resetEimResult", 0x81, TLV_OPTIONAL, RspEuiccMemoryResetResponse,
              reset_eim_result, .names = rsp_names_reset_eim_result),
    TLV_FIELD(INTEGER, "resetImmediateEnableConfigResult", 0x82, TLV_OPTIONAL,
              RspEuiccMemoryResetResponse, reset_immediate_enable_config_result,
              .names = rsp_names_reset_immediate_enable_config_result),
};

const TlvType rsp_euicc_memory_reset_response =
    TLV_TYPE("EuiccMemoryResetResponse", 0xBF64, TLV_SEQUENCE, RspEuiccMemoryResetResponse,
             euicc_memory_reset_response_fields);

static const TlvField euicc_memory_reset_request_v1_0_fields[] = {
    TLV_FIELD(BITS, "resetOptions", 0x82, TLV_REQUIRED, RspEuiccMemoryResetRequestV1_0,
              reset_options, .names = rsp_names_reset_options_v1_0),
};

const TlvType rsp_euicc_memory_reset_request_v1_0 =
    TLV_TYPE("EuiccMemoryResetRequest", 0xBF34, TLV_SEQUENCE, RspEuiccMemoryResetRequestV1_0,
             euicc_memory_reset_request_v1_0_fields);

static const TlvField euicc_memory_reset_response_v1_0_fields[] = {
    TLV_FIELD(INTEGER, "resetResult", 0x02, TLV_REQUIRED, RspEuiccMemoryResetResponseV1_0,
              reset_result, .names = rsp_names_reset_result, .group = 1),
    TLV_FIELD(INTEGER, "resetResult", 0x80, TLV_TOLERATE, RspEuiccMemoryResetResponseV1_0,
              reset_result, .names = rsp_names_reset_result, .group = 1),
    TLV_FIELD(INTEGER, "resetEimResult", 0x81, TLV_OPTIONAL, RspEuiccMemoryResetResponseV1_0,
              reset_eim_result, .names = rsp_names_reset_eim_result),
    TLV_FIELD(INTEGER, "resetAutoEnableConfigResult", 0x82, TLV_OPTIONAL,
              RspEuiccMemoryResetResponseV1_0, reset_auto_enable_config_result,
              .names = rsp_names_reset_immediate_enable_config_result),
};

const TlvType rsp_euicc_memory_reset_response_v1_0 =
    TLV_TYPE("EuiccMemoryResetResponse", 0xBF34, TLV_SEQUENCE, RspEuiccMemoryResetResponseV1_0,
             euicc_memory_reset_response_v1_0_fields);

static const TlvField es10c_euicc_memory_reset_response_fields[] = {
    TLV_FIELD(INTEGER, "resetResult", 0x80, TLV_REQUIRED, RspEs10cEuiccMemoryResetResponse,
              reset_result, .names = rsp_names_reset_result),
};

const TlvType rsp_es10c_euicc_memory_reset_response =
    TLV_TYPE("EuiccMemoryResetResponse", 0xBF34, TLV_SEQUENCE, RspEs10cEuiccMemoryResetResponse,
             es10c_euicc_memory_reset_response_fields);

static const TlvField immediate_enable_request_fields[] = {
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x80, TLV_REQUIRED, RspImmediateEnableRequest, refresh_flag),
};

const TlvType rsp_immediate_enable_request =
    TLV_TYPE("ImmediateEnableRequest", 0xBF5A, TLV_SEQUENCE, RspImmediateEnableRequest,
             immediate_enable_request_fields);

static const TlvField immediate_enable_response_fields[] = {
    TLV_FIELD(INTEGER, "immediateEnableResult", 0x80, TLV_REQUIRED, RspImmediateEnableResponse,
              immediate_enable_result, .names = rsp_names_immediate_enable_result),
};

const TlvType rsp_immediate_enable_response =
    TLV_TYPE("ImmediateEnableResponse", 0xBF5A, TLV_SEQUENCE, RspImmediateEnableResponse,
             immediate_enable_response_fields);

const TlvType rsp_enable_using_dd_request =
    TLV_TYPE_EMPTY("EnableUsingDDRequest", 0xBF5A, RspEnableUsingDdRequest);

static const TlvField configure_immediate_profile_enabling_request_fields[] = {
    TLV_FIELD(NULL, "immediateEnableFlag", 0x80, TLV_OPTIONAL,
              RspConfigureImmediateProfileEnablingRequest, immediate_enable_flag),
    TLV_FIELD(OID, "defaultSmdpOid", 0x81, TLV_OPTIONAL,
              RspConfigureImmediateProfileEnablingRequest, default_smdp_oid),
    TLV_FIELD(UTF8, "defaultSmdpAddress", 0x82, TLV_ADDRESS,
              RspConfigureImmediateProfileEnablingRequest, default_smdp_address),
};

const TlvType rsp_configure_immediate_profile_enabling_request =
    TLV_TYPE("ConfigureImmediateProfileEnablingRequest", 0xBF59, TLV_SEQUENCE,
             RspConfigureImmediateProfileEnablingRequest,
             configure_immediate_profile_enabling_request_fields);

static const TlvField configure_immediate_profile_enabling_response_fields[] = {
    TLV_FIELD(INTEGER, "configImmediateEnableResult", 0x80, TLV_REQUIRED,
              RspConfigureImmediateProfileEnablingResponse, config_immediate_enable_result,
              .names = rsp_names_config_immediate_enable_result),
};

const TlvType rsp_configure_immediate_profile_enabling_response =
    TLV_TYPE("ConfigureImmediateProfileEnablingResponse", 0xBF59, TLV_SEQUENCE,
             RspConfigureImmediateProfileEnablingResponse,
             configure_immediate_profile_enabling_response_fields);

static const TlvField profile_rollback_request_fields[] = {
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x80, TLV_REQUIRED, RspProfileRollbackRequest, refresh_flag,
              .group = 1),
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x01, TLV_TOLERATE, RspProfileRollbackRequest, refresh_flag,
              .group = 1),
};

const TlvType rsp_profile_rollback_request =
    TLV_TYPE("ProfileRollbackRequest", 0xBF58, TLV_SEQUENCE, RspProfileRollbackRequest,
             profile_rollback_request_fields);

static const TlvField profile_rollback_response_fields[] = {
    TLV_FIELD(INTEGER, "cmdResult", 0x02, TLV_REQUIRED, RspProfileRollbackResponse, cmd_result,
              .names = rsp_names_rollback_cmd_result),
    TLV_FIELD(STRUCT, "eUICCPackageResult", 0xBF51, TLV_OPTIONAL, RspProfileRollbackResponse,
              euicc_package_result, .type = &rsp_euicc_package_result),
};

const TlvType rsp_profile_rollback_response =
    TLV_TYPE("ProfileRollbackResponse", 0xBF58, TLV_SEQUENCE, RspProfileRollbackResponse,
             profile_rollback_response_fields);

static const TlvField execute_fallback_mechanism_request_fields[] = {
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x80, TLV_REQUIRED, RspExecuteFallbackMechanismRequest,
              refresh_flag),
};

const TlvType rsp_execute_fallback_mechanism_request =
    TLV_TYPE("ExecuteFallbackMechanismRequest", 0xBF5D, TLV_SEQUENCE,
             RspExecuteFallbackMechanismRequest, execute_fallback_mechanism_request_fields);

static const TlvField execute_fallback_mechanism_response_fields[] = {
    TLV_FIELD(INTEGER, "executeFallbackMechanismResult", 0x80, TLV_REQUIRED,
              RspExecuteFallbackMechanismResponse, execute_fallback_mechanism_result,
              .names = rsp_names_execute_fallback_mechanism_result),
};

const TlvType rsp_execute_fallback_mechanism_response =
    TLV_TYPE("ExecuteFallbackMechanismResponse", 0xBF5D, TLV_SEQUENCE,
             RspExecuteFallbackMechanismResponse, execute_fallback_mechanism_response_fields);

static const TlvField return_from_fallback_request_fields[] = {
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x80, TLV_REQUIRED, RspReturnFromFallbackRequest,
              refresh_flag),
};

const TlvType rsp_return_from_fallback_request =
    TLV_TYPE("ReturnFromFallbackRequest", 0xBF5E, TLV_SEQUENCE, RspReturnFromFallbackRequest,
             return_from_fallback_request_fields);

static const TlvField return_from_fallback_response_fields[] = {
    TLV_FIELD(INTEGER, "returnFromFallbackResult", 0x80, TLV_REQUIRED,
              RspReturnFromFallbackResponse, return_from_fallback_result,
              .names = rsp_names_return_from_fallback_result),
};

const TlvType rsp_return_from_fallback_response =
    TLV_TYPE("ReturnFromFallbackResponse", 0xBF5E, TLV_SEQUENCE, RspReturnFromFallbackResponse,
             return_from_fallback_response_fields);

static const TlvField enable_emergency_profile_request_fields[] = {
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x80, TLV_REQUIRED, RspEnableEmergencyProfileRequest,
              refresh_flag),
};

const TlvType rsp_enable_emergency_profile_request =
    TLV_TYPE("EnableEmergencyProfileRequest", 0xBF5B, TLV_SEQUENCE,
             RspEnableEmergencyProfileRequest, enable_emergency_profile_request_fields);

static const TlvField enable_emergency_profile_response_fields[] = {
    TLV_FIELD(INTEGER, "enableEmergencyProfileResult", 0x80, TLV_REQUIRED,
              RspEnableEmergencyProfileResponse, enable_emergency_profile_result,
              .names = rsp_names_enable_emergency_profile_result),
};

const TlvType rsp_enable_emergency_profile_response =
    TLV_TYPE("EnableEmergencyProfileResponse", 0xBF5B, TLV_SEQUENCE,
             RspEnableEmergencyProfileResponse, enable_emergency_profile_response_fields);

static const TlvField disable_emergency_profile_request_fields[] = {
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x80, TLV_REQUIRED, RspDisableEmergencyProfileRequest,
              refresh_flag),
};

const TlvType rsp_disable_emergency_profile_request =
    TLV_TYPE("DisableEmergencyProfileRequest", 0xBF5C, TLV_SEQUENCE,
             RspDisableEmergencyProfileRequest, disable_emergency_profile_request_fields);

static const TlvField disable_emergency_profile_response_fields[] = {
    TLV_FIELD(INTEGER, "disableEmergencyProfileResult", 0x80, TLV_REQUIRED,
              RspDisableEmergencyProfileResponse, disable_emergency_profile_result,
              .names = rsp_names_disable_emergency_profile_result),
};

const TlvType rsp_disable_emergency_profile_response =
    TLV_TYPE("DisableEmergencyProfileResponse", 0xBF5C, TLV_SEQUENCE,
             RspDisableEmergencyProfileResponse, disable_emergency_profile_response_fields);
