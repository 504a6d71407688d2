/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

/* Names of the values and bits that the specifications give names to (SGP.22, SGP.32), and
   constants for those that the program acts upon. */

extern const TlvName rsp_names_profile_management_operation[];
extern const TlvName rsp_names_profile_state[];
extern const TlvName rsp_names_profile_class[];
extern const TlvName rsp_names_icon_type[];
extern const TlvName rsp_names_ppr_ids[];
extern const TlvName rsp_names_ppr_flags[];
extern const TlvName rsp_names_ipa_mode[];
extern const TlvName rsp_names_euicc_category[];
extern const TlvName rsp_names_uicc_capability[];
extern const TlvName rsp_names_rsp_capability[];
extern const TlvName rsp_names_tre_properties[];
extern const TlvName rsp_names_lpae_support[];
extern const TlvName rsp_names_euicc_configuration[];
extern const TlvName rsp_names_eim_id_type[];
extern const TlvName rsp_names_eim_supported_protocol[];
extern const TlvName rsp_names_ipa_supported_protocols[];
extern const TlvName rsp_names_ipa_features[];
extern const TlvName rsp_names_bpp_command_id[];
extern const TlvName rsp_names_error_reason[];
extern const TlvName rsp_names_remote_op_id[];
extern const TlvName rsp_names_undefined_error[];
extern const TlvName rsp_names_delete_notification_status[];
extern const TlvName rsp_names_set_default_dp_address_result[];
extern const TlvName rsp_names_authenticate_error_code[];
extern const TlvName rsp_names_download_error_code[];
extern const TlvName rsp_names_cancel_session_reason[];
extern const TlvName rsp_names_cancel_session_response_error[];
extern const TlvName rsp_names_profile_info_list_error[];
extern const TlvName rsp_names_enable_profile_result[];
extern const TlvName rsp_names_disable_profile_result[];
extern const TlvName rsp_names_delete_profile_result[];
extern const TlvName rsp_names_set_nickname_result[];
extern const TlvName rsp_names_get_certs_error[];
extern const TlvName rsp_names_reset_options[];
extern const TlvName rsp_names_reset_options_v1_0[];
extern const TlvName rsp_names_reset_result[];
extern const TlvName rsp_names_reset_eim_result[];
extern const TlvName rsp_names_reset_immediate_enable_config_result[];
extern const TlvName rsp_names_immediate_enable_result[];
extern const TlvName rsp_names_config_immediate_enable_result[];
extern const TlvName rsp_names_rollback_cmd_result[];
extern const TlvName rsp_names_execute_fallback_mechanism_result[];
extern const TlvName rsp_names_return_from_fallback_result[];
extern const TlvName rsp_names_enable_emergency_profile_result[];
extern const TlvName rsp_names_disable_emergency_profile_result[];
extern const TlvName rsp_names_connectivity_parameters_error[];
extern const TlvName rsp_names_ipae_option[];
extern const TlvName rsp_names_ipae_activation_result[];
extern const TlvName rsp_names_add_initial_eim_error[];
extern const TlvName rsp_names_enable_result[];
extern const TlvName rsp_names_disable_result[];
extern const TlvName rsp_names_delete_result[];
extern const TlvName rsp_names_configure_immediate_enable_result[];
extern const TlvName rsp_names_set_fallback_attribute_result[];
extern const TlvName rsp_names_unset_fallback_attribute_result[];
extern const TlvName rsp_names_rollback_result[];
extern const TlvName rsp_names_processing_terminated[];
extern const TlvName rsp_names_add_eim_result[];
extern const TlvName rsp_names_delete_eim_result[];
extern const TlvName rsp_names_update_eim_result[];
extern const TlvName rsp_names_list_eim_error[];
extern const TlvName rsp_names_euicc_package_error_code[];
extern const TlvName rsp_names_euicc_package_unsigned_error_code[];
extern const TlvName rsp_names_state_change_cause[];
extern const TlvName rsp_names_eim_package_error[];
extern const TlvName rsp_names_eim_package_result_error_code[];
extern const TlvName rsp_names_provide_eim_package_result_error[];
extern const TlvName rsp_names_ipa_euicc_data_error_code[];
extern const TlvName rsp_names_profile_download_error_reason[];
extern const TlvName rsp_names_initiate_authentication_error_esipa[];
extern const TlvName rsp_names_authenticate_client_error_esipa[];
extern const TlvName rsp_names_get_bound_profile_package_error_esipa[];
extern const TlvName rsp_names_cancel_session_error[];
extern const TlvName rsp_names_authenticate_client_error_es11[];
extern const TlvName rsp_names_initiate_authentication_error[];

enum {
    RSP_PROFILE_MANAGEMENT_OPERATION_INSTALL = 0,
    RSP_PROFILE_MANAGEMENT_OPERATION_ENABLE = 1,
    RSP_PROFILE_MANAGEMENT_OPERATION_DISABLE = 2,
    RSP_PROFILE_MANAGEMENT_OPERATION_DELETE = 3,
};

enum {
    RSP_PROFILE_STATE_DISABLED = 0,
    RSP_PROFILE_STATE_ENABLED = 1,
};

enum {
    RSP_PROFILE_CLASS_TEST = 0,
    RSP_PROFILE_CLASS_PROVISIONING = 1,
    RSP_PROFILE_CLASS_OPERATIONAL = 2,
};

enum {
    RSP_PPR_IDS_PPR_UPDATE_CONTROL = 0,
    RSP_PPR_IDS_PPR1 = 1,
    RSP_PPR_IDS_PPR2 = 2,
};

enum {
    RSP_IPA_MODE_IPAD = 0,
    RSP_IPA_MODE_IPAE = 1,
};

enum {
    RSP_RSP_CAPABILITY_ADDITIONAL_PROFILE = 0,
    RSP_RSP_CAPABILITY_CRL_SUPPORT = 1,
    RSP_RSP_CAPABILITY_RPM_SUPPORT = 2,
    RSP_RSP_CAPABILITY_TEST_PROFILE_SUPPORT = 3,
    RSP_RSP_CAPABILITY_DEVICE_INFO_EXTENSIBILITY_SUPPORT = 4,
    RSP_RSP_CAPABILITY_SERVICE_SPECIFIC_DATA_SUPPORT = 5,
    RSP_RSP_CAPABILITY_OS_UPDATE_SUPPORT = 19,
    RSP_RSP_CAPABILITY_IOT_SPECIFIC_METADATA_SUPPORT = 26,
    RSP_RSP_CAPABILITY_MSL_CHECK_SUPPORT = 27,
    RSP_RSP_CAPABILITY_RSP_SERVER_TEST_PROFILE_ALLOWLIST_CHECK_SUPPORT = 28,
};

enum {
    RSP_EUICC_CONFIGURATION_IPAE_SUPPORTED = 0,
    RSP_EUICC_CONFIGURATION_ENABLED_PROFILE = 1,
};

enum {
    RSP_EIM_ID_TYPE_EIM_ID_TYPE_OID = 1,
    RSP_EIM_ID_TYPE_EIM_ID_TYPE_FQDN = 2,
    RSP_EIM_ID_TYPE_EIM_ID_TYPE_PROPRIETARY = 3,
};

enum {
    RSP_EIM_SUPPORTED_PROTOCOL_EIM_RETRIEVE_HTTPS = 0,
    RSP_EIM_SUPPORTED_PROTOCOL_EIM_RETRIEVE_COAPS = 1,
    RSP_EIM_SUPPORTED_PROTOCOL_EIM_INJECT_HTTPS = 2,
    RSP_EIM_SUPPORTED_PROTOCOL_EIM_INJECT_COAPS = 3,
    RSP_EIM_SUPPORTED_PROTOCOL_EIM_PROPRIETARY = 4,
};

enum {
    RSP_IPA_SUPPORTED_PROTOCOLS_IPA_RETRIEVE_HTTPS = 0,
    RSP_IPA_SUPPORTED_PROTOCOLS_IPA_RETRIEVE_COAPS = 1,
    RSP_IPA_SUPPORTED_PROTOCOLS_IPA_INJECT_HTTPS = 2,
    RSP_IPA_SUPPORTED_PROTOCOLS_IPA_INJECT_COAPS = 3,
    RSP_IPA_SUPPORTED_PROTOCOLS_IPA_PROPRIETARY = 4,
};

enum {
    RSP_IPA_FEATURES_DIRECT_RSP_SERVER_COMMUNICATION = 0,
    RSP_IPA_FEATURES_INDIRECT_RSP_SERVER_COMMUNICATION = 1,
    RSP_IPA_FEATURES_EIM_DOWNLOAD_DATA_HANDLING = 2,
    RSP_IPA_FEATURES_EIM_CTX_PARAMS1_GENERATION = 3,
    RSP_IPA_FEATURES_EIM_PROFILE_METADATA_VERIFICATION = 4,
    RSP_IPA_FEATURES_MINIMIZE_ESIPA_BYTES = 5,
};

enum {
    RSP_DELETE_NOTIFICATION_STATUS_OK = 0,
    RSP_DELETE_NOTIFICATION_STATUS_NOTHING_TO_DELETE = 1,
    RSP_DELETE_NOTIFICATION_STATUS_UNDEFINED_ERROR = 127,
};

enum {
    RSP_CANCEL_SESSION_REASON_END_USER_REJECTION = 0,
    RSP_CANCEL_SESSION_REASON_POSTPONED = 1,
    RSP_CANCEL_SESSION_REASON_TIMEOUT = 2,
    RSP_CANCEL_SESSION_REASON_PPR_NOT_ALLOWED = 3,
    RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH = 4,
    RSP_CANCEL_SESSION_REASON_LOAD_BPP_EXECUTION_ERROR = 5,
    RSP_CANCEL_SESSION_REASON_UNDEFINED_REASON = 127,
};

enum {
    RSP_RESET_OPTIONS_DELETE_OPERATIONAL_PROFILES = 0,
    RSP_RESET_OPTIONS_DELETE_FIELD_LOADED_TEST_PROFILES = 1,
    RSP_RESET_OPTIONS_RESET_DEFAULT_SMDP_ADDRESS = 2,
    RSP_RESET_OPTIONS_DELETE_PRE_LOADED_TEST_PROFILES = 3,
    RSP_RESET_OPTIONS_DELETE_PROVISIONING_PROFILES = 4,
    RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA = 5,
    RSP_RESET_OPTIONS_RESET_IMMEDIATE_ENABLE_CONFIG = 6,
};

enum {
    RSP_RESET_OPTIONS_V1_0_DELETE_OPERATIONAL_PROFILES = 0,
    RSP_RESET_OPTIONS_V1_0_DELETE_FIELD_LOADED_TEST_PROFILES = 1,
    RSP_RESET_OPTIONS_V1_0_RESET_DEFAULT_SMDP_ADDRESS = 2,
    RSP_RESET_OPTIONS_V1_0_RESET_EIM_CONFIG_DATA = 3,
    RSP_RESET_OPTIONS_V1_0_RESET_AUTO_ENABLE_CONFIG = 4,
};

enum {
    RSP_ENABLE_RESULT_OK = 0,
    RSP_ENABLE_RESULT_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_ENABLE_RESULT_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_ENABLE_RESULT_DISALLOWED_BY_POLICY = 3,
    RSP_ENABLE_RESULT_CAT_BUSY = 5,
    RSP_ENABLE_RESULT_ROLLBACK_NOT_AVAILABLE = 20,
    RSP_ENABLE_RESULT_UNDEFINED_ERROR = 127,
};

enum {
    RSP_EUICC_PACKAGE_ERROR_CODE_INVALID_EID = 3,
    RSP_EUICC_PACKAGE_ERROR_CODE_REPLAY_ERROR = 4,
    RSP_EUICC_PACKAGE_ERROR_CODE_COUNTER_VALUE_OUT_OF_RANGE = 6,
    RSP_EUICC_PACKAGE_ERROR_CODE_SIZE_OVERFLOW = 15,
    RSP_EUICC_PACKAGE_ERROR_CODE_ECALL_ACTIVE = 104,
    RSP_EUICC_PACKAGE_ERROR_CODE_UNDEFINED_ERROR = 127,
};

enum {
    RSP_STATE_CHANGE_CAUSE_OTHER_EIM = 0,
    RSP_STATE_CHANGE_CAUSE_FALLBACK = 1,
    RSP_STATE_CHANGE_CAUSE_EMERGENCY_PROFILE = 2,
    RSP_STATE_CHANGE_CAUSE_LOCAL = 3,
    RSP_STATE_CHANGE_CAUSE_RESET = 4,
    RSP_STATE_CHANGE_CAUSE_IMMEDIATE_ENABLE_PROFILE = 5,
    RSP_STATE_CHANGE_CAUSE_DEVICE_CHANGE = 6,
    RSP_STATE_CHANGE_CAUSE_UNDEFINED = 127,
};

enum {
    RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE = 1,
    RSP_EIM_PACKAGE_ERROR_EID_NOT_FOUND = 2,
    RSP_EIM_PACKAGE_ERROR_INVALID_EID = 3,
    RSP_EIM_PACKAGE_ERROR_MISSING_EID = 4,
    RSP_EIM_PACKAGE_ERROR_UNDEFINED_ERROR = 127,
};

enum {
    RSP_EIM_PACKAGE_RESULT_ERROR_CODE_INVALID_PACKAGE_FORMAT = 1,
    RSP_EIM_PACKAGE_RESULT_ERROR_CODE_UNKNOWN_PACKAGE = 2,
    RSP_EIM_PACKAGE_RESULT_ERROR_CODE_UNDEFINED_ERROR = 127,
};

enum {
    RSP_PROVIDE_EIM_PACKAGE_RESULT_ERROR_EID_NOT_FOUND = 2,
    RSP_PROVIDE_EIM_PACKAGE_RESULT_ERROR_INVALID_EID = 3,
    RSP_PROVIDE_EIM_PACKAGE_RESULT_ERROR_MISSING_EID = 4,
    RSP_PROVIDE_EIM_PACKAGE_RESULT_ERROR_UNDEFINED_ERROR = 127,
};

enum {
    RSP_IPA_EUICC_DATA_ERROR_CODE_INCORRECT_TAG_LIST = 1,
    RSP_IPA_EUICC_DATA_ERROR_CODE_EUICC_CI_PK_ID_NOT_FOUND = 5,
    RSP_IPA_EUICC_DATA_ERROR_CODE_ECALL_ACTIVE = 104,
    RSP_IPA_EUICC_DATA_ERROR_CODE_UNDEFINED_ERROR = 127,
};

enum {
    RSP_PROFILE_DOWNLOAD_ERROR_REASON_ECALL_ACTIVE = 104,
    RSP_PROFILE_DOWNLOAD_ERROR_REASON_UNDEFINED_ERROR = 127,
};

G_END_DECLS
