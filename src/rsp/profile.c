/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/profile.h"

#include "rsp/names.h"
#include "rsp/normalise.h"

static const TlvField profile_info_search_criteria_fields[] = {
    TLV_FIELD(OCTETS, "isdpAid", 0x4F, TLV_OPTIONAL, RspProfileInfoSearchCriteria, isdp_aid,
              .min = 5, .max = 16),
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_OPTIONAL, RspProfileInfoSearchCriteria, iccid, .min = 10,
              .max = 10),
    TLV_FIELD(INTEGER, "profileClass", 0x95, TLV_OPTIONAL, RspProfileInfoSearchCriteria,
              profile_class, .names = rsp_names_profile_class),
};

const TlvType rsp_profile_info_search_criteria =
    TLV_TYPE("SearchCriteria", 0, TLV_CHOICE, RspProfileInfoSearchCriteria,
             profile_info_search_criteria_fields);

static const TlvField profile_info_list_request_fields[] = {
    TLV_FIELD(STRUCT, "searchCriteria", 0xA0, TLV_OPTIONAL, RspProfileInfoListRequest,
              search_criteria, .type = &rsp_profile_info_search_criteria),
    TLV_FIELD(OCTETS, "tagList", 0x5C, TLV_OPTIONAL, RspProfileInfoListRequest, tag_list),
    TLV_FIELD(OCTETS, "iotSpecificTagList", 0x5D, TLV_OPTIONAL, RspProfileInfoListRequest,
              iot_specific_tag_list),
};

const TlvType rsp_profile_info_list_request =
    TLV_TYPE("ProfileInfoListRequest", 0xBF2D, TLV_SEQUENCE, RspProfileInfoListRequest,
             profile_info_list_request_fields);

static const TlvField profile_info_fields[] = {
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_OPTIONAL, RspProfileInfo, iccid, .min = 10, .max = 10),
    TLV_FIELD(OCTETS, "isdpAid", 0x4F, TLV_OPTIONAL, RspProfileInfo, isdp_aid, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "profileState", 0x9F70, TLV_OPTIONAL, RspProfileInfo, profile_state,
              .names = rsp_names_profile_state),
    TLV_FIELD(UTF8, "profileNickname", 0x90, TLV_OPTIONAL, RspProfileInfo, profile_nickname),
    TLV_FIELD(UTF8, "serviceProviderName", 0x91, TLV_OPTIONAL, RspProfileInfo,
              service_provider_name),
    TLV_FIELD(UTF8, "profileName", 0x92, TLV_OPTIONAL, RspProfileInfo, profile_name),
    TLV_FIELD(INTEGER, "iconType", 0x93, TLV_OPTIONAL, RspProfileInfo, icon_type,
              .names = rsp_names_icon_type),
    TLV_FIELD(OCTETS, "icon", 0x94, TLV_OPTIONAL, RspProfileInfo, icon),
    TLV_FIELD(INTEGER, "profileClass", 0x95, TLV_OPTIONAL, RspProfileInfo, profile_class,
              .names = rsp_names_profile_class),
    TLV_FIELD(LIST, "notificationConfigurationInfo", 0xB6, TLV_OPTIONAL, RspProfileInfo,
              notification_configuration_info, .type = &rsp_notification_configuration_information),
    TLV_FIELD(STRUCT, "profileOwner", 0xB7, TLV_OPTIONAL, RspProfileInfo, profile_owner,
              .type = &rsp_operator_id),
    TLV_FIELD(STRUCT, "dpProprietaryData", 0xB8, TLV_OPTIONAL, RspProfileInfo, dp_proprietary_data,
              .type = &rsp_dp_proprietary_data),
    TLV_FIELD(BITS, "profilePolicyRules", 0x99, TLV_OPTIONAL, RspProfileInfo, profile_policy_rules,
              .names = rsp_names_ppr_ids),
    TLV_FIELD(LIST, "serviceSpecificDataStoredInEuicc", 0xBF22, TLV_OPTIONAL, RspProfileInfo,
              service_specific_data_stored_in_euicc, .type = &rsp_vendor_specific_extension_item),
    TLV_FIELD(BOOLEAN, "ecallIndication", 0x9F7B, TLV_OPTIONAL, RspProfileInfo, ecall_indication),
    TLV_FIELD(BOOLEAN, "fallbackAttribute", 0x9F26, TLV_DEFAULT_FALSE, RspProfileInfo,
              fallback_attribute),
    TLV_FIELD(BOOLEAN, "fallbackAllowed", 0x9F67, TLV_OPTIONAL, RspProfileInfo, fallback_allowed),
    TLV_FIELD(STRUCT, "iotSpecificProfileInfo", 0xBF64, TLV_OPTIONAL, RspProfileInfo,
              iot_specific_profile_info, .type = &rsp_empty),
};

const TlvType rsp_profile_info =
    TLV_TYPE("ProfileInfo", 0xE3, TLV_SEQUENCE, RspProfileInfo, profile_info_fields);

static const TlvField profile_info_list_response_fields[] = {
    TLV_FIELD(LIST, "profileInfoListOk", 0xA0, TLV_OPTIONAL, RspProfileInfoListResponse,
              profile_info_list_ok, .type = &rsp_profile_info),
    TLV_FIELD(INTEGER, "profileInfoListError", 0x81, TLV_OPTIONAL, RspProfileInfoListResponse,
              profile_info_list_error, .names = rsp_names_profile_info_list_error),
};

const TlvType rsp_profile_info_list_response = TLV_TYPE(
    "ProfileInfoListResponse", 0xBF2D, TLV_CHOICE, RspProfileInfoListResponse,
    profile_info_list_response_fields, .normalise = rsp_normalise_profile_info_list_response);

static const TlvField profile_identifier_fields[] = {
    TLV_FIELD(OCTETS, "isdpAid", 0x4F, TLV_OPTIONAL, RspProfileIdentifier, isdp_aid, .min = 5,
              .max = 16),
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_OPTIONAL, RspProfileIdentifier, iccid, .min = 10,
              .max = 10),
};

const TlvType rsp_profile_identifier =
    TLV_TYPE("ProfileIdentifier", 0, TLV_CHOICE, RspProfileIdentifier, profile_identifier_fields);

static const TlvField enable_profile_request_fields[] = {
    TLV_FIELD(STRUCT, "profileIdentifier", 0xA0, TLV_REQUIRED, RspEnableProfileRequest,
              profile_identifier, .type = &rsp_profile_identifier),
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x81, TLV_REQUIRED, RspEnableProfileRequest, refresh_flag),
};

const TlvType rsp_enable_profile_request =
    TLV_TYPE("EnableProfileRequest", 0xBF31, TLV_SEQUENCE, RspEnableProfileRequest,
             enable_profile_request_fields);

static const TlvField enable_profile_response_fields[] = {
    TLV_FIELD(INTEGER, "enableResult", 0x80, TLV_REQUIRED, RspEnableProfileResponse, enable_result,
              .names = rsp_names_enable_profile_result),
};

const TlvType rsp_enable_profile_response =
    TLV_TYPE("EnableProfileResponse", 0xBF31, TLV_SEQUENCE, RspEnableProfileResponse,
             enable_profile_response_fields);

static const TlvField disable_profile_request_fields[] = {
    TLV_FIELD(STRUCT, "profileIdentifier", 0xA0, TLV_REQUIRED, RspDisableProfileRequest,
              profile_identifier, .type = &rsp_profile_identifier),
    TLV_FIELD(BOOLEAN, "refreshFlag", 0x81, TLV_REQUIRED, RspDisableProfileRequest, refresh_flag),
};

const TlvType rsp_disable_profile_request =
    TLV_TYPE("DisableProfileRequest", 0xBF32, TLV_SEQUENCE, RspDisableProfileRequest,
             disable_profile_request_fields);

static const TlvField disable_profile_response_fields[] = {
    TLV_FIELD(INTEGER, "disableResult", 0x80, TLV_REQUIRED, RspDisableProfileResponse,
              disable_result, .names = rsp_names_disable_profile_result),
};

const TlvType rsp_disable_profile_response =
    TLV_TYPE("DisableProfileResponse", 0xBF32, TLV_SEQUENCE, RspDisableProfileResponse,
             disable_profile_response_fields);

static const TlvField delete_profile_request_fields[] = {
    TLV_FIELD(OCTETS, "isdpAid", 0x4F, TLV_OPTIONAL, RspDeleteProfileRequest, isdp_aid, .min = 5,
              .max = 16),
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_OPTIONAL, RspDeleteProfileRequest, iccid, .min = 10,
              .max = 10),
};

const TlvType rsp_delete_profile_request =
    TLV_TYPE("DeleteProfileRequest", 0xBF33, TLV_CHOICE, RspDeleteProfileRequest,
             delete_profile_request_fields);

static const TlvField delete_profile_response_fields[] = {
    TLV_FIELD(INTEGER, "deleteResult", 0x80, TLV_REQUIRED, RspDeleteProfileResponse, delete_result,
              .names = rsp_names_delete_profile_result),
};

const TlvType rsp_delete_profile_response =
    TLV_TYPE("DeleteProfileResponse", 0xBF33, TLV_SEQUENCE, RspDeleteProfileResponse,
             delete_profile_response_fields);

static const TlvField set_nickname_request_fields[] = {
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_REQUIRED, RspSetNicknameRequest, iccid, .min = 10,
              .max = 10),
    TLV_FIELD(UTF8, "profileNickname", 0x90, TLV_REQUIRED, RspSetNicknameRequest, profile_nickname),
};

const TlvType rsp_set_nickname_request = TLV_TYPE(
    "SetNicknameRequest", 0xBF29, TLV_SEQUENCE, RspSetNicknameRequest, set_nickname_request_fields);

static const TlvField set_nickname_response_fields[] = {
    TLV_FIELD(INTEGER, "setNicknameResult", 0x80, TLV_REQUIRED, RspSetNicknameResponse,
              set_nickname_result, .names = rsp_names_set_nickname_result),
};

const TlvType rsp_set_nickname_response =
    TLV_TYPE("SetNicknameResponse", 0xBF29, TLV_SEQUENCE, RspSetNicknameResponse,
             set_nickname_response_fields);

static const TlvField store_metadata_request_fields[] = {
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_REQUIRED, RspStoreMetadataRequest, iccid, .min = 10,
              .max = 10),
    TLV_FIELD(UTF8, "serviceProviderName", 0x91, TLV_REQUIRED, RspStoreMetadataRequest,
              service_provider_name),
    TLV_FIELD(UTF8, "profileName", 0x92, TLV_REQUIRED, RspStoreMetadataRequest, profile_name),
    TLV_FIELD(INTEGER, "iconType", 0x93, TLV_OPTIONAL, RspStoreMetadataRequest, icon_type,
              .names = rsp_names_icon_type),
    TLV_FIELD(OCTETS, "icon", 0x94, TLV_OPTIONAL, RspStoreMetadataRequest, icon),
    TLV_FIELD(INTEGER, "profileClass", 0x95, TLV_OPTIONAL, RspStoreMetadataRequest, profile_class,
              .names = rsp_names_profile_class),
    TLV_FIELD(LIST, "notificationConfigurationInfo", 0xB6, TLV_OPTIONAL, RspStoreMetadataRequest,
              notification_configuration_info, .type = &rsp_notification_configuration_information),
    TLV_FIELD(STRUCT, "profileOwner", 0xB7, TLV_OPTIONAL, RspStoreMetadataRequest, profile_owner,
              .type = &rsp_operator_id),
    TLV_FIELD(BITS, "profilePolicyRules", 0x99, TLV_OPTIONAL, RspStoreMetadataRequest,
              profile_policy_rules, .names = rsp_names_ppr_ids),
    TLV_FIELD(LIST, "serviceSpecificDataStoredInEuicc", 0xBF22, TLV_OPTIONAL,
              RspStoreMetadataRequest, service_specific_data_stored_in_euicc,
              .type = &rsp_vendor_specific_extension_item),
    TLV_FIELD(LIST, "serviceSpecificDataNotStoredInEuicc", 0xBF23, TLV_OPTIONAL,
              RspStoreMetadataRequest, service_specific_data_not_stored_in_euicc,
              .type = &rsp_vendor_specific_extension_item),
    TLV_FIELD(BOOLEAN, "ecallIndication", 0x9F7B, TLV_OPTIONAL, RspStoreMetadataRequest,
              ecall_indication),
    TLV_FIELD(BOOLEAN, "fallbackAllowed", 0x9F67, TLV_OPTIONAL, RspStoreMetadataRequest,
              fallback_allowed),
    TLV_FIELD(STRUCT, "iotSpecificMetadata", 0xBF64, TLV_OPTIONAL, RspStoreMetadataRequest,
              iot_specific_metadata, .type = &rsp_empty),
};

const TlvType rsp_store_metadata_request =
    TLV_TYPE("StoreMetadataRequest", 0xBF25, TLV_SEQUENCE, RspStoreMetadataRequest,
             store_metadata_request_fields);
