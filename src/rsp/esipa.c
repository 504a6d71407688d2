/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/esipa.h"

#include "rsp/names.h"
#include "rsp/normalise.h"

static const TlvField eim_acknowledgements_fields[] = {
    TLV_FIELD(LIST, "sequenceNumbers", 0xBF53, TLV_REQUIRED, RspEimAcknowledgements,
              sequence_numbers, .type = &rsp_sequence_number),
};

const TlvType rsp_eim_acknowledgements =
    TLV_TYPE("EimAcknowledgements", 0xBF53, TLV_SEQUENCE_OF, RspEimAcknowledgements,
             eim_acknowledgements_fields);

static const TlvField euicc_package_result_search_criteria_fields[] = {
    TLV_FIELD(INTEGER, "seqNumber", 0x80, TLV_OPTIONAL, RspEuiccPackageResultSearchCriteria,
              seq_number),
};

const TlvType rsp_euicc_package_result_search_criteria =
    TLV_TYPE("SearchCriteria", 0, TLV_CHOICE, RspEuiccPackageResultSearchCriteria,
             euicc_package_result_search_criteria_fields);

static const TlvField ipa_euicc_data_request_fields[] = {
    TLV_FIELD(OCTETS, "tagList", 0x5C, TLV_REQUIRED, RspIpaEuiccDataRequest, tag_list),
    TLV_FIELD(OCTETS, "euiccCiPKIdentifierToBeUsed", 0x04, TLV_OPTIONAL, RspIpaEuiccDataRequest,
              euicc_ci_pk_identifier_to_be_used),
    TLV_FIELD(STRUCT, "searchCriteriaNotification", 0xA1, TLV_OPTIONAL, RspIpaEuiccDataRequest,
              search_criteria_notification, .type = &rsp_notification_search_criteria),
    TLV_FIELD(STRUCT, "searchCriteriaEuiccPackageResult", 0xA2, TLV_OPTIONAL,
              RspIpaEuiccDataRequest, search_criteria_euicc_package_result,
              .type = &rsp_euicc_package_result_search_criteria),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x83, TLV_OPTIONAL, RspIpaEuiccDataRequest,
              eim_transaction_id, .min = 1, .max = 16),
};

const TlvType rsp_ipa_euicc_data_request =
    TLV_TYPE("IpaEuiccDataRequest", 0xBF52, TLV_SEQUENCE, RspIpaEuiccDataRequest,
             ipa_euicc_data_request_fields);

static const TlvField ipa_capabilities_fields[] = {
    TLV_FIELD(BITS, "ipaFeatures", 0x80, TLV_REQUIRED, RspIpaCapabilities, ipa_features,
              .names = rsp_names_ipa_features),
    TLV_FIELD(BITS, "ipaSupportedProtocols", 0x81, TLV_OPTIONAL, RspIpaCapabilities,
              ipa_supported_protocols, .names = rsp_names_ipa_supported_protocols),
    TLV_FIELD(LIST, "eSipaProprietaryProtocolInformation", 0xA2, TLV_OPTIONAL, RspIpaCapabilities,
              esipa_proprietary_protocol_information, .type = &rsp_vendor_specific_extension_item),
};

const TlvType rsp_ipa_capabilities =
    TLV_TYPE("IpaCapabilities", 0xA8, TLV_SEQUENCE, RspIpaCapabilities, ipa_capabilities_fields);

static const TlvField ipa_euicc_data_fields[] = {
    TLV_FIELD(LIST, "notificationsList", 0xA0, TLV_OPTIONAL, RspIpaEuiccData, notifications_list,
              .type = &rsp_pending_notification),
    TLV_FIELD(UTF8, "defaultSmdpAddress", 0x80, TLV_V1_0 | TLV_ADDRESS, RspIpaEuiccData,
              default_smdp_address_v1_0),
    TLV_FIELD(UTF8, "defaultSmdpAddress", 0x81, TLV_ADDRESS, RspIpaEuiccData, default_smdp_address),
    TLV_FIELD(LIST, "euiccPackageResultList", 0xA2, TLV_OPTIONAL, RspIpaEuiccData,
              euicc_package_result_list, .type = &rsp_euicc_package_result),
    TLV_FIELD(STRUCT, "euiccInfo1", 0xBF20, TLV_OPTIONAL, RspIpaEuiccData, euicc_info1,
              .type = &rsp_euicc_info1),
    TLV_FIELD(STRUCT, "euiccInfo2", 0xBF22, TLV_OPTIONAL, RspIpaEuiccData, euicc_info2,
              .type = &rsp_euicc_info2),
    TLV_FIELD(UTF8, "rootSmdsAddress", 0x83, TLV_ADDRESS, RspIpaEuiccData, root_smds_address),
    TLV_FIELD(INTEGER, "associationToken", 0x84, TLV_SECRET, RspIpaEuiccData, association_token),
    TLV_FIELD(OCTETS, "eumCertificate", 0xA5, TLV_IMPLICIT, RspIpaEuiccData, eum_certificate),
    TLV_FIELD(OCTETS, "euiccCertificate", 0xA6, TLV_IMPLICIT, RspIpaEuiccData, euicc_certificate),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x87, TLV_OPTIONAL, RspIpaEuiccData, eim_transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "ipaCapabilities", 0xA8, TLV_OPTIONAL, RspIpaEuiccData, ipa_capabilities,
              .type = &rsp_ipa_capabilities),
    TLV_FIELD(STRUCT, "deviceInfo", 0xA9, TLV_OPTIONAL, RspIpaEuiccData, device_info,
              .type = &rsp_device_info),
    TLV_FIELD(STRUCT, "notificationsList", 0xBF2B, TLV_V1_0, RspIpaEuiccData,
              notifications_list_v1_0, .type = &rsp_retrieve_notifications_list_response),
};

const TlvType rsp_ipa_euicc_data =
    TLV_TYPE("IpaEuiccData", 0xA0, TLV_SEQUENCE, RspIpaEuiccData, ipa_euicc_data_fields);

static const TlvField ipa_euicc_data_response_error_fields[] = {
    TLV_FIELD(OCTETS, "eimTransactionId", 0x80, TLV_OPTIONAL, RspIpaEuiccDataResponseError,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "ipaEuiccDataErrorCode", 0x02, TLV_REQUIRED, RspIpaEuiccDataResponseError,
              ipa_euicc_data_error_code, .names = rsp_names_ipa_euicc_data_error_code),
};

const TlvType rsp_ipa_euicc_data_response_error =
    TLV_TYPE("IpaEuiccDataResponseError", 0xA1, TLV_SEQUENCE, RspIpaEuiccDataResponseError,
             ipa_euicc_data_response_error_fields);

static const TlvField ipa_euicc_data_response_fields[] = {
    TLV_FIELD(STRUCT, "ipaEuiccData", 0xA0, TLV_OPTIONAL, RspIpaEuiccDataResponse, ipa_euicc_data,
              .type = &rsp_ipa_euicc_data),
    TLV_FIELD(STRUCT, "ipaEuiccDataResponseError", 0xA1, TLV_OPTIONAL, RspIpaEuiccDataResponse,
              ipa_euicc_data_response_error, .type = &rsp_ipa_euicc_data_response_error),
    TLV_FIELD(INTEGER, "ipaEuiccDataError", 0x81, TLV_OPTIONAL, RspIpaEuiccDataResponse,
              ipa_euicc_data_error, .names = rsp_names_ipa_euicc_data_error_code),
};

const TlvType rsp_ipa_euicc_data_response =
    TLV_TYPE("IpaEuiccDataResponse", 0xBF52, TLV_CHOICE, RspIpaEuiccDataResponse,
             ipa_euicc_data_response_fields, .normalise = rsp_normalise_ipa_euicc_data_response);

static const TlvField contact_smds_fields[] = {
    TLV_FIELD(UTF8, "smdsAddress", 0x80, TLV_ADDRESS, RspContactSmds, smds_address),
};

const TlvType rsp_contact_smds =
    TLV_TYPE("ContactSmds", 0xA2, TLV_SEQUENCE, RspContactSmds, contact_smds_fields);

static const TlvField profile_download_data_fields[] = {
    TLV_FIELD(UTF8, "activationCode", 0x80, TLV_SECRET, RspProfileDownloadData, activation_code,
              .max = 255),
    TLV_FIELD(NULL, "contactDefaultSmdp", 0x81, TLV_OPTIONAL, RspProfileDownloadData,
              contact_default_smdp),
    TLV_FIELD(STRUCT, "contactSmds", 0xA2, TLV_OPTIONAL, RspProfileDownloadData, contact_smds,
              .type = &rsp_contact_smds),
};

const TlvType rsp_profile_download_data = TLV_TYPE(
    "ProfileDownloadData", 0, TLV_CHOICE, RspProfileDownloadData, profile_download_data_fields);

static const TlvField profile_download_trigger_request_fields[] = {
    TLV_FIELD(STRUCT, "profileDownloadData", 0xA0, TLV_OPTIONAL, RspProfileDownloadTriggerRequest,
              profile_download_data, .type = &rsp_profile_download_data),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspProfileDownloadTriggerRequest,
              eim_transaction_id, .min = 1, .max = 16),
};

const TlvType rsp_profile_download_trigger_request =
    TLV_TYPE("ProfileDownloadTriggerRequest", 0xBF54, TLV_SEQUENCE,
             RspProfileDownloadTriggerRequest, profile_download_trigger_request_fields);

static const TlvField profile_download_error_fields[] = {
    TLV_FIELD(INTEGER, "profileDownloadErrorReason", 0x80, TLV_REQUIRED, RspProfileDownloadError,
              profile_download_error_reason, .names = rsp_names_profile_download_error_reason),
    TLV_FIELD(OCTETS, "errorResponse", 0x04, TLV_OPTIONAL, RspProfileDownloadError, error_response),
};

const TlvType rsp_profile_download_error =
    TLV_TYPE("ProfileDownloadError", 0x30, TLV_SEQUENCE, RspProfileDownloadError,
             profile_download_error_fields);

static const TlvField profile_download_trigger_result_data_fields[] = {
    TLV_FIELD(STRUCT, "profileInstallationResult", 0xBF37, TLV_OPTIONAL,
              RspProfileDownloadTriggerResultData, profile_installation_result,
              .type = &rsp_profile_installation_result),
    TLV_FIELD(STRUCT, "profileDownloadError", 0x30, TLV_OPTIONAL,
              RspProfileDownloadTriggerResultData, profile_download_error,
              .type = &rsp_profile_download_error),
};

const TlvType rsp_profile_download_trigger_result_data =
    TLV_TYPE("ProfileDownloadTriggerResultData", 0, TLV_CHOICE, RspProfileDownloadTriggerResultData,
             profile_download_trigger_result_data_fields);

static const TlvField profile_download_trigger_result_fields[] = {
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspProfileDownloadTriggerResult,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "profileDownloadTriggerResultData", 0, TLV_REQUIRED,
              RspProfileDownloadTriggerResult, profile_download_trigger_result_data,
              .type = &rsp_profile_download_trigger_result_data),
};

const TlvType rsp_profile_download_trigger_result =
    TLV_TYPE("ProfileDownloadTriggerResult", 0xBF54, TLV_SEQUENCE, RspProfileDownloadTriggerResult,
             profile_download_trigger_result_fields);

static const TlvField profile_download_error_v1_0_fields[] = {
    TLV_FIELD(OCTETS, "errorResponse", 0x80, TLV_OPTIONAL, RspProfileDownloadErrorV1_0,
              error_response),
};

const TlvType rsp_profile_download_error_v1_0 =
    TLV_TYPE("ProfileDownloadError", 0x30, TLV_SEQUENCE, RspProfileDownloadErrorV1_0,
             profile_download_error_v1_0_fields);

static const TlvField profile_download_trigger_result_data_v1_0_fields[] = {
    TLV_FIELD(STRUCT, "profileInstallationResult", 0xBF37, TLV_OPTIONAL,
              RspProfileDownloadTriggerResultDataV1_0, profile_installation_result,
              .type = &rsp_profile_installation_result),
    TLV_FIELD(STRUCT, "profileDownloadError", 0x30, TLV_OPTIONAL,
              RspProfileDownloadTriggerResultDataV1_0, profile_download_error,
              .type = &rsp_profile_download_error_v1_0),
};

const TlvType rsp_profile_download_trigger_result_data_v1_0 = TLV_TYPE(
    "ProfileDownloadTriggerResultData", 0, TLV_CHOICE, RspProfileDownloadTriggerResultDataV1_0,
    profile_download_trigger_result_data_v1_0_fields);

static const TlvField profile_download_trigger_result_v1_0_fields[] = {
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspProfileDownloadTriggerResultV1_0,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "profileDownloadTriggerResultData", 0, TLV_REQUIRED,
              RspProfileDownloadTriggerResultV1_0, profile_download_trigger_result_data,
              .type = &rsp_profile_download_trigger_result_data_v1_0),
};

const TlvType rsp_profile_download_trigger_result_v1_0 =
    TLV_TYPE("ProfileDownloadTriggerResult", 0xBF54, TLV_SEQUENCE,
             RspProfileDownloadTriggerResultV1_0, profile_download_trigger_result_v1_0_fields);

static const TlvField get_eim_package_request_fields[] = {
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_REQUIRED, RspGetEimPackageRequest, eid_value, .min = 16,
              .max = 16),
    TLV_FIELD(NULL, "notifyStateChange", 0x80, TLV_OPTIONAL, RspGetEimPackageRequest,
              notify_state_change),
    TLV_FIELD(INTEGER, "stateChangeCause", 0x81, TLV_OPTIONAL, RspGetEimPackageRequest,
              state_change_cause, .names = rsp_names_state_change_cause),
    TLV_FIELD(OCTETS, "rPLMN", 0x82, TLV_OPTIONAL, RspGetEimPackageRequest, rplmn, .min = 3,
              .max = 3),
};

const TlvType rsp_get_eim_package_request =
    TLV_TYPE("GetEimPackageRequest", 0xBF4F, TLV_SEQUENCE, RspGetEimPackageRequest,
             get_eim_package_request_fields);

static const TlvField get_eim_package_request_v1_0_fields[] = {
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_REQUIRED, RspGetEimPackageRequestV1_0, eid_value,
              .min = 16, .max = 16),
    TLV_FIELD(NULL, "notifyStateChange", 0x80, TLV_OPTIONAL, RspGetEimPackageRequestV1_0,
              notify_state_change),
    TLV_FIELD(OCTETS, "rPLMN", 0x81, TLV_OPTIONAL, RspGetEimPackageRequestV1_0, rplmn, .min = 3,
              .max = 3),
};

const TlvType rsp_get_eim_package_request_v1_0 =
    TLV_TYPE("GetEimPackageRequest", 0xBF4F, TLV_SEQUENCE, RspGetEimPackageRequestV1_0,
             get_eim_package_request_v1_0_fields);

static const TlvField get_eim_package_response_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageRequest", 0xBF51, TLV_OPTIONAL, RspGetEimPackageResponse,
              euicc_package_request, .type = &rsp_euicc_package_request),
    TLV_FIELD(STRUCT, "ipaEuiccDataRequest", 0xBF52, TLV_OPTIONAL, RspGetEimPackageResponse,
              ipa_euicc_data_request, .type = &rsp_ipa_euicc_data_request),
    TLV_FIELD(STRUCT, "profileDownloadTriggerRequest", 0xBF54, TLV_OPTIONAL,
              RspGetEimPackageResponse, profile_download_trigger_request,
              .type = &rsp_profile_download_trigger_request),
    TLV_FIELD(INTEGER, "eimPackageError", 0x02, TLV_OPTIONAL, RspGetEimPackageResponse,
              eim_package_error, .names = rsp_names_eim_package_error),
};

const TlvType rsp_get_eim_package_response =
    TLV_TYPE("GetEimPackageResponse", 0xBF4F, TLV_CHOICE, RspGetEimPackageResponse,
             get_eim_package_response_fields);

static const TlvField epr_and_notifications_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResult", 0xBF51, TLV_REQUIRED, RspEprAndNotifications,
              euicc_package_result, .type = &rsp_euicc_package_result),
    TLV_FIELD(LIST, "notificationList", 0xA0, TLV_OPTIONAL, RspEprAndNotifications,
              notification_list, .type = &rsp_pending_notification),
    TLV_FIELD(STRUCT, "notificationList", 0xBF2B, TLV_V1_0, RspEprAndNotifications,
              notification_list_v1_0, .type = &rsp_retrieve_notifications_list_response),
};

const TlvType rsp_epr_and_notifications =
    TLV_TYPE("EPRAndNotifications", 0x30, TLV_SEQUENCE, RspEprAndNotifications,
             epr_and_notifications_fields);

static const TlvField eim_package_result_response_error_fields[] = {
    TLV_FIELD(OCTETS, "eimTransactionId", 0x80, TLV_OPTIONAL, RspEimPackageResultResponseError,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "eimPackageResultErrorCode", 0x02, TLV_REQUIRED,
              RspEimPackageResultResponseError, eim_package_result_error_code,
              .names = rsp_names_eim_package_result_error_code),
};

const TlvType rsp_eim_package_result_response_error =
    TLV_TYPE("EimPackageResultResponseError", 0xA0, TLV_SEQUENCE, RspEimPackageResultResponseError,
             eim_package_result_response_error_fields);

static const TlvField eim_package_result_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResult", 0xBF51, TLV_OPTIONAL, RspEimPackageResult,
              euicc_package_result, .type = &rsp_euicc_package_result),
    TLV_FIELD(STRUCT, "ePRAndNotifications", 0x30, TLV_OPTIONAL, RspEimPackageResult,
              epr_and_notifications, .type = &rsp_epr_and_notifications),
    TLV_FIELD(STRUCT, "ipaEuiccDataResponse", 0xBF52, TLV_OPTIONAL, RspEimPackageResult,
              ipa_euicc_data_response, .type = &rsp_ipa_euicc_data_response),
    TLV_FIELD(STRUCT, "profileDownloadTriggerResult", 0xBF54, TLV_OPTIONAL, RspEimPackageResult,
              profile_download_trigger_result, .type = &rsp_profile_download_trigger_result),
    TLV_FIELD(STRUCT, "eimPackageResultResponseError", 0xA0, TLV_OPTIONAL, RspEimPackageResult,
              eim_package_result_response_error, .type = &rsp_eim_package_result_response_error),
};

const TlvType rsp_eim_package_result =
    TLV_TYPE("EimPackageResult", 0, TLV_CHOICE, RspEimPackageResult, eim_package_result_fields);

static const TlvField provide_eim_package_result_fields[] = {
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_OPTIONAL, RspProvideEimPackageResult, eid_value,
              .min = 16, .max = 16),
    TLV_FIELD(STRUCT, "eimPackageResult", 0, TLV_REQUIRED, RspProvideEimPackageResult,
              eim_package_result, .type = &rsp_eim_package_result),
};

const TlvType rsp_provide_eim_package_result =
    TLV_TYPE("ProvideEimPackageResult", 0xBF50, TLV_SEQUENCE, RspProvideEimPackageResult,
             provide_eim_package_result_fields);

static const TlvField provide_eim_package_result_v1_0_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResult", 0xBF51, TLV_OPTIONAL, RspProvideEimPackageResultV1_0,
              euicc_package_result, .type = &rsp_euicc_package_result),
    TLV_FIELD(STRUCT, "ePRAndNotifications", 0x30, TLV_OPTIONAL, RspProvideEimPackageResultV1_0,
              epr_and_notifications, .type = &rsp_epr_and_notifications),
    TLV_FIELD(STRUCT, "ipaEuiccDataResponse", 0xBF52, TLV_OPTIONAL, RspProvideEimPackageResultV1_0,
              ipa_euicc_data_response, .type = &rsp_ipa_euicc_data_response),
    TLV_FIELD(STRUCT, "profileDownloadTriggerResult", 0xBF54, TLV_OPTIONAL,
              RspProvideEimPackageResultV1_0, profile_download_trigger_result,
              .type = &rsp_profile_download_trigger_result_v1_0),
    TLV_FIELD(INTEGER, "eimPackageError", 0x02, TLV_OPTIONAL, RspProvideEimPackageResultV1_0,
              eim_package_error, .names = rsp_names_eim_package_result_error_code),
};

const TlvType rsp_provide_eim_package_result_v1_0 =
    TLV_TYPE("ProvideEimPackageResult", 0xBF50, TLV_CHOICE, RspProvideEimPackageResultV1_0,
             provide_eim_package_result_v1_0_fields);

static const TlvField provide_eim_package_result_response_fields[] = {
    TLV_FIELD(LIST, "eimAcknowledgements", 0xBF53, TLV_OPTIONAL, RspProvideEimPackageResultResponse,
              eim_acknowledgements, .type = &rsp_sequence_number),
    TLV_FIELD(STRUCT, "emptyResponse", 0x30, TLV_OPTIONAL, RspProvideEimPackageResultResponse,
              empty_response, .type = &rsp_empty),
    TLV_FIELD(INTEGER, "provideEimPackageResultError", 0x02, TLV_OPTIONAL,
              RspProvideEimPackageResultResponse, provide_eim_package_result_error,
              .names = rsp_names_provide_eim_package_result_error),
};

const TlvType rsp_provide_eim_package_result_response =
    TLV_TYPE("ProvideEimPackageResultResponse", 0xBF50, TLV_CHOICE,
             RspProvideEimPackageResultResponse, provide_eim_package_result_response_fields,
             .normalise = rsp_normalise_provide_eim_package_result_response);

static const TlvField provide_eim_package_result_response_v1_0_fields[] = {
    TLV_FIELD(LIST, "eimAcknowledgements", 0xBF53, TLV_OPTIONAL,
              RspProvideEimPackageResultResponseV1_0, eim_acknowledgements,
              .type = &rsp_sequence_number),
};

const TlvType rsp_provide_eim_package_result_response_v1_0 = TLV_TYPE(
    "ProvideEimPackageResultResponse", 0xBF50, TLV_SEQUENCE, RspProvideEimPackageResultResponseV1_0,
    provide_eim_package_result_response_v1_0_fields);

static const TlvField transfer_eim_package_request_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageRequest", 0xBF51, TLV_OPTIONAL, RspTransferEimPackageRequest,
              euicc_package_request, .type = &rsp_euicc_package_request),
    TLV_FIELD(STRUCT, "ipaEuiccDataRequest", 0xBF52, TLV_OPTIONAL, RspTransferEimPackageRequest,
              ipa_euicc_data_request, .type = &rsp_ipa_euicc_data_request),
    TLV_FIELD(LIST, "eimAcknowledgements", 0xBF53, TLV_OPTIONAL, RspTransferEimPackageRequest,
              eim_acknowledgements, .type = &rsp_sequence_number),
    TLV_FIELD(STRUCT, "profileDownloadTriggerRequest", 0xBF54, TLV_OPTIONAL,
              RspTransferEimPackageRequest, profile_download_trigger_request,
              .type = &rsp_profile_download_trigger_request),
};

const TlvType rsp_transfer_eim_package_request =
    TLV_TYPE("TransferEimPackageRequest", 0xBF4E, TLV_CHOICE, RspTransferEimPackageRequest,
             transfer_eim_package_request_fields);

static const TlvField correlation_id_fields[] = {
    TLV_FIELD(OCTETS, "eimTransactionId", 0x80, TLV_OPTIONAL, RspCorrelationId, eim_transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_OPTIONAL, RspCorrelationId, eid_value, .min = 16,
              .max = 16),
};

const TlvType rsp_correlation_id =
    TLV_TYPE("CorrelationId", 0, TLV_CHOICE, RspCorrelationId, correlation_id_fields);

static const TlvField eim_package_received_with_cid_fields[] = {
    TLV_FIELD(STRUCT, "correlationId", 0xA0, TLV_OPTIONAL, RspEimPackageReceivedWithCid,
              correlation_id, .type = &rsp_correlation_id, .group = 1),
    TLV_FIELD(STRUCT, "correlationId", 0, TLV_TOLERATE, RspEimPackageReceivedWithCid,
              correlation_id, .type = &rsp_correlation_id, .group = 1),
};

const TlvType rsp_eim_package_received_with_cid =
    TLV_TYPE("EimPackageReceivedWithCid", 0xBF60, TLV_SEQUENCE, RspEimPackageReceivedWithCid,
             eim_package_received_with_cid_fields);

static const TlvField eim_package_error_with_cid_fields[] = {
    TLV_FIELD(STRUCT, "correlationId", 0xA0, TLV_OPTIONAL, RspEimPackageErrorWithCid,
              correlation_id, .type = &rsp_correlation_id, .group = 1),
    TLV_FIELD(STRUCT, "correlationId", 0, TLV_TOLERATE, RspEimPackageErrorWithCid, correlation_id,
              .type = &rsp_correlation_id, .group = 1),
    TLV_FIELD(INTEGER, "eimPackageError", 0x81, TLV_REQUIRED, RspEimPackageErrorWithCid,
              eim_package_error, .names = rsp_names_eim_package_result_error_code, .group = 2),
    TLV_FIELD(INTEGER, "eimPackageError", 0x02, TLV_TOLERATE, RspEimPackageErrorWithCid,
              eim_package_error, .names = rsp_names_eim_package_result_error_code, .group = 2),
};

const TlvType rsp_eim_package_error_with_cid =
    TLV_TYPE("EimPackageErrorWithCid", 0xBF61, TLV_SEQUENCE, RspEimPackageErrorWithCid,
             eim_package_error_with_cid_fields);

static const TlvField transfer_eim_package_response_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResult", 0xBF51, TLV_OPTIONAL, RspTransferEimPackageResponse,
              euicc_package_result, .type = &rsp_euicc_package_result),
    TLV_FIELD(STRUCT, "ePRAndNotifications", 0x30, TLV_OPTIONAL, RspTransferEimPackageResponse,
              epr_and_notifications, .type = &rsp_epr_and_notifications),
    TLV_FIELD(STRUCT, "ipaEuiccDataResponse", 0xBF52, TLV_OPTIONAL, RspTransferEimPackageResponse,
              ipa_euicc_data_response, .type = &rsp_ipa_euicc_data_response),
    TLV_FIELD(NULL, "eimPackageReceived", 0x05, TLV_OPTIONAL, RspTransferEimPackageResponse,
              eim_package_received),
    TLV_FIELD(INTEGER, "eimPackageError", 0x02, TLV_OPTIONAL, RspTransferEimPackageResponse,
              eim_package_error, .names = rsp_names_eim_package_result_error_code),
    TLV_FIELD(STRUCT, "eimPackageReceivedWithCid", 0xBF60, TLV_OPTIONAL,
              RspTransferEimPackageResponse, eim_package_received_with_cid,
              .type = &rsp_eim_package_received_with_cid),
    TLV_FIELD(STRUCT, "eimPackageErrorWithCid", 0xBF61, TLV_OPTIONAL, RspTransferEimPackageResponse,
              eim_package_error_with_cid, .type = &rsp_eim_package_error_with_cid),
};

const TlvType rsp_transfer_eim_package_response =
    TLV_TYPE("TransferEimPackageResponse", 0xBF4E, TLV_CHOICE, RspTransferEimPackageResponse,
             transfer_eim_package_response_fields);

static const TlvField eim_package_result_v1_0_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResult", 0xBF51, TLV_OPTIONAL, RspEimPackageResultV1_0,
              euicc_package_result, .type = &rsp_euicc_package_result),
    TLV_FIELD(STRUCT, "ePRAndNotifications", 0x30, TLV_OPTIONAL, RspEimPackageResultV1_0,
              epr_and_notifications, .type = &rsp_epr_and_notifications),
    TLV_FIELD(STRUCT, "ipaEuiccDataResponse", 0xBF52, TLV_OPTIONAL, RspEimPackageResultV1_0,
              ipa_euicc_data_response, .type = &rsp_ipa_euicc_data_response),
    TLV_FIELD(STRUCT, "profileDownloadTriggerResult", 0xBF54, TLV_OPTIONAL, RspEimPackageResultV1_0,
              profile_download_trigger_result, .type = &rsp_profile_download_trigger_result_v1_0),
    TLV_FIELD(INTEGER, "eimPackageError", 0x02, TLV_OPTIONAL, RspEimPackageResultV1_0,
              eim_package_error, .names = rsp_names_eim_package_result_error_code),
};

const TlvType rsp_eim_package_result_v1_0 = TLV_TYPE(
    "EimPackageResult", 0, TLV_CHOICE, RspEimPackageResultV1_0, eim_package_result_v1_0_fields);

static const TlvField handle_notification_esipa_fields[] = {
    TLV_FIELD(STRUCT, "pendingNotification", 0xA0, TLV_OPTIONAL, RspHandleNotificationEsipa,
              pending_notification, .type = &rsp_pending_notification),
    TLV_FIELD(STRUCT, "provideEimPackageResult", 0xBF50, TLV_OPTIONAL, RspHandleNotificationEsipa,
              provide_eim_package_result, .type = &rsp_provide_eim_package_result),
    TLV_FIELD(STRUCT, "provideEimPackageResult", 0xA1, TLV_V1_0, RspHandleNotificationEsipa,
              provide_eim_package_result_v1_0, .type = &rsp_eim_package_result_v1_0),
};

const TlvType rsp_handle_notification_esipa =
    TLV_TYPE("HandleNotificationEsipa", 0xBF3D, TLV_CHOICE, RspHandleNotificationEsipa,
             handle_notification_esipa_fields);
