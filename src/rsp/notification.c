/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/notification.h"

#include "rsp/names.h"
#include "rsp/package.h"

static const TlvField notification_metadata_fields[] = {
    TLV_FIELD(INTEGER, "seqNumber", 0x80, TLV_REQUIRED, RspNotificationMetadata, seq_number),
    TLV_FIELD(BITS, "profileManagementOperation", 0x81, TLV_REQUIRED, RspNotificationMetadata,
              profile_management_operation, .names = rsp_names_profile_management_operation),
    TLV_FIELD(UTF8, "notificationAddress", 0x0C, TLV_REQUIRED | TLV_ADDRESS,
              RspNotificationMetadata, notification_address),
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_OPTIONAL, RspNotificationMetadata, iccid, .min = 10,
              .max = 10),
};

const TlvType rsp_notification_metadata =
    TLV_TYPE("NotificationMetadata", 0xBF2F, TLV_SEQUENCE, RspNotificationMetadata,
             notification_metadata_fields);

static const TlvField success_result_fields[] = {
    TLV_FIELD(OCTETS, "aid", 0x4F, TLV_REQUIRED, RspSuccessResult, aid, .min = 5, .max = 16),
    TLV_FIELD(OCTETS, "simaResponse", 0x04, TLV_REQUIRED, RspSuccessResult, sima_response),
};

const TlvType rsp_success_result =
    TLV_TYPE("SuccessResult", 0xA0, TLV_SEQUENCE, RspSuccessResult, success_result_fields);

static const TlvField error_result_fields[] = {
    TLV_FIELD(INTEGER, "bppCommandId", 0x80, TLV_REQUIRED, RspErrorResult, bpp_command_id,
              .names = rsp_names_bpp_command_id),
    TLV_FIELD(INTEGER, "errorReason", 0x81, TLV_REQUIRED, RspErrorResult, error_reason,
              .names = rsp_names_error_reason),
    TLV_FIELD(OCTETS, "simaResponse", 0x82, TLV_OPTIONAL, RspErrorResult, sima_response),
};

const TlvType rsp_error_result =
    TLV_TYPE("ErrorResult", 0xA1, TLV_SEQUENCE, RspErrorResult, error_result_fields);

static const TlvField final_result_fields[] = {
    TLV_FIELD(STRUCT, "successResult", 0xA0, TLV_OPTIONAL, RspFinalResult, success_result,
              .type = &rsp_success_result),
    TLV_FIELD(STRUCT, "errorResult", 0xA1, TLV_OPTIONAL, RspFinalResult, error_result,
              .type = &rsp_error_result),
};

const TlvType rsp_final_result =
    TLV_TYPE("FinalResult", 0, TLV_CHOICE, RspFinalResult, final_result_fields);

static const TlvField profile_installation_result_data_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspProfileInstallationResultData,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "notificationMetadata", 0xBF2F, TLV_REQUIRED,
              RspProfileInstallationResultData, notification_metadata,
              .type = &rsp_notification_metadata),
    TLV_FIELD(OID, "smdpOid", 0x06, TLV_REQUIRED, RspProfileInstallationResultData, smdp_oid),
    TLV_FIELD(STRUCT, "finalResult", 0xA2, TLV_REQUIRED, RspProfileInstallationResultData,
              final_result, .type = &rsp_final_result),
};

const TlvType rsp_profile_installation_result_data =
    TLV_TYPE("ProfileInstallationResultData", 0xBF27, TLV_SEQUENCE,
             RspProfileInstallationResultData, profile_installation_result_data_fields);

static const TlvField profile_installation_result_fields[] = {
    TLV_FIELD(STRUCT, "profileInstallationResultData", 0xBF27, TLV_REQUIRED,
              RspProfileInstallationResult, profile_installation_result_data,
              .type = &rsp_profile_installation_result_data),
    TLV_FIELD(OCTETS, "euiccSignPIR", 0x5F37, TLV_REQUIRED, RspProfileInstallationResult,
              euicc_sign_pir),
};

const TlvType rsp_profile_installation_result =
    TLV_TYPE("ProfileInstallationResult", 0xBF37, TLV_SEQUENCE, RspProfileInstallationResult,
             profile_installation_result_fields);

static const TlvField other_signed_notification_fields[] = {
    TLV_FIELD(STRUCT, "tbsOtherNotification", 0xBF2F, TLV_REQUIRED, RspOtherSignedNotification,
              tbs_other_notification, .type = &rsp_notification_metadata),
    TLV_FIELD(OCTETS, "euiccNotificationSignature", 0x5F37, TLV_REQUIRED,
              RspOtherSignedNotification, euicc_notification_signature),
    TLV_FIELD(RAW, "euiccCertificate", 0x30, TLV_REQUIRED, RspOtherSignedNotification,
              euicc_certificate),
    TLV_FIELD(RAW, "eumCertificate", 0x30, TLV_REQUIRED, RspOtherSignedNotification,
              eum_certificate),
};

const TlvType rsp_other_signed_notification =
    TLV_TYPE("OtherSignedNotification", 0x30, TLV_SEQUENCE, RspOtherSignedNotification,
             other_signed_notification_fields);

static const TlvField compact_success_result_fields[] = {
    TLV_FIELD(OCTETS, "compactAid", 0x4F, TLV_REQUIRED, RspCompactSuccessResult, compact_aid,
              .min = 2, .max = 2),
    TLV_FIELD(OCTETS, "simaResponse", 0x04, TLV_OPTIONAL, RspCompactSuccessResult, sima_response),
};

const TlvType rsp_compact_success_result =
    TLV_TYPE("CompactSuccessResult", 0xA0, TLV_SEQUENCE, RspCompactSuccessResult,
             compact_success_result_fields);

static const TlvField compact_final_result_fields[] = {
    TLV_FIELD(STRUCT, "compactSuccessResult", 0xA0, TLV_OPTIONAL, RspCompactFinalResult,
              compact_success_result, .type = &rsp_compact_success_result),
    TLV_FIELD(STRUCT, "errorResult", 0xA1, TLV_OPTIONAL, RspCompactFinalResult, error_result,
              .type = &rsp_error_result),
};

const TlvType rsp_compact_final_result = TLV_TYPE(
    "CompactFinalResult", 0, TLV_CHOICE, RspCompactFinalResult, compact_final_result_fields);

static const TlvField compact_profile_installation_result_data_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspCompactProfileInstallationResultData,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "seqNumber", 0x02, TLV_REQUIRED, RspCompactProfileInstallationResultData,
              seq_number),
    TLV_FIELD(BOOLEAN, "iccidPresent", 0x01, TLV_DEFAULT_TRUE,
              RspCompactProfileInstallationResultData, iccid_present),
    TLV_FIELD(STRUCT, "compactFinalResult", 0xA2, TLV_REQUIRED,
              RspCompactProfileInstallationResultData, compact_final_result,
              .type = &rsp_compact_final_result),
};

const TlvType rsp_compact_profile_installation_result_data = TLV_TYPE(
    "CompactProfileInstallationResultData", 0xA0, TLV_SEQUENCE,
    RspCompactProfileInstallationResultData, compact_profile_installation_result_data_fields);

static const TlvField compact_profile_installation_result_fields[] = {
    TLV_FIELD(STRUCT, "compactProfileInstallationResultData", 0xA0, TLV_REQUIRED,
              RspCompactProfileInstallationResult, compact_profile_installation_result_data,
              .type = &rsp_compact_profile_installation_result_data),
    TLV_FIELD(OCTETS, "euiccSignPIR", 0x5F37, TLV_REQUIRED, RspCompactProfileInstallationResult,
              euicc_sign_pir),
};

const TlvType rsp_compact_profile_installation_result =
    TLV_TYPE("CompactProfileInstallationResult", 0xA0, TLV_SEQUENCE,
             RspCompactProfileInstallationResult, compact_profile_installation_result_fields);

static const TlvField compact_other_signed_notification_fields[] = {
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_OPTIONAL, RspCompactOtherSignedNotification, eid_value,
              .min = 16, .max = 16),
    TLV_FIELD(STRUCT, "tbsOtherNotification", 0xBF2F, TLV_REQUIRED,
              RspCompactOtherSignedNotification, tbs_other_notification,
              .type = &rsp_notification_metadata),
    TLV_FIELD(OCTETS, "euiccNotificationSignature", 0x5F37, TLV_REQUIRED,
              RspCompactOtherSignedNotification, euicc_notification_signature),
    TLV_FIELD(OCTETS, "euiccCiPKIdentifierToBeUsed", 0x04, TLV_OPTIONAL,
              RspCompactOtherSignedNotification, euicc_ci_pk_identifier_to_be_used),
};

const TlvType rsp_compact_other_signed_notification =
    TLV_TYPE("CompactOtherSignedNotification", 0xA1, TLV_SEQUENCE,
             RspCompactOtherSignedNotification, compact_other_signed_notification_fields);

static const TlvField pending_notification_fields[] = {
    TLV_FIELD(STRUCT, "profileInstallationResult", 0xBF37, TLV_OPTIONAL, RspPendingNotification,
              profile_installation_result, .type = &rsp_profile_installation_result),
    TLV_FIELD(STRUCT, "otherSignedNotification", 0x30, TLV_OPTIONAL, RspPendingNotification,
              other_signed_notification, .type = &rsp_other_signed_notification),
    TLV_FIELD(STRUCT, "compactProfileInstallationResult", 0xA0, TLV_OPTIONAL,
              RspPendingNotification, compact_profile_installation_result,
              .type = &rsp_compact_profile_installation_result),
    TLV_FIELD(STRUCT, "compactOtherSignedNotification", 0xA1, TLV_OPTIONAL, RspPendingNotification,
              compact_other_signed_notification, .type = &rsp_compact_other_signed_notification),
};

const TlvType rsp_pending_notification = TLV_TYPE(
    "PendingNotification", 0, TLV_CHOICE, RspPendingNotification, pending_notification_fields);

static const TlvField list_notification_request_fields[] = {
    TLV_FIELD(BITS, "profileManagementOperation", 0x81, TLV_OPTIONAL, RspListNotificationRequest,
              profile_management_operation, .names = rsp_names_profile_management_operation),
};

const TlvType rsp_list_notification_request =
    TLV_TYPE("ListNotificationRequest", 0xBF28, TLV_SEQUENCE, RspListNotificationRequest,
             list_notification_request_fields);

static const TlvField list_notification_response_fields[] = {
    TLV_FIELD(LIST, "notificationMetadataList", 0xA0, TLV_OPTIONAL, RspListNotificationResponse,
              notification_metadata_list, .type = &rsp_notification_metadata),
    TLV_FIELD(INTEGER, "listNotificationsResultError", 0x81, TLV_OPTIONAL,
              RspListNotificationResponse, list_notifications_result_error,
              .names = rsp_names_undefined_error),
};

const TlvType rsp_list_notification_response =
    TLV_TYPE("ListNotificationResponse", 0xBF28, TLV_CHOICE, RspListNotificationResponse,
             list_notification_response_fields);

static const TlvField notification_search_criteria_fields[] = {
    TLV_FIELD(INTEGER, "seqNumber", 0x80, TLV_OPTIONAL, RspNotificationSearchCriteria, seq_number),
    TLV_FIELD(BITS, "profileManagementOperation", 0x81, TLV_OPTIONAL, RspNotificationSearchCriteria,
              profile_management_operation, .names = rsp_names_profile_management_operation),
    TLV_FIELD(NULL, "euiccPackageResults", 0x82, TLV_OPTIONAL, RspNotificationSearchCriteria,
              euicc_package_results),
};

const TlvType rsp_notification_search_criteria =
    TLV_TYPE("SearchCriteria", 0, TLV_CHOICE, RspNotificationSearchCriteria,
             notification_search_criteria_fields);

static const TlvField retrieve_notifications_list_request_fields[] = {
    TLV_FIELD(STRUCT, "searchCriteria", 0xA0, TLV_OPTIONAL, RspRetrieveNotificationsListRequest,
              search_criteria, .type = &rsp_notification_search_criteria),
};

const TlvType rsp_retrieve_notifications_list_request =
    TLV_TYPE("RetrieveNotificationsListRequest", 0xBF2B, TLV_SEQUENCE,
             RspRetrieveNotificationsListRequest, retrieve_notifications_list_request_fields);

static const TlvField notification_and_epr_list_fields[] = {
    TLV_FIELD(LIST, "notificationList", 0xA0, TLV_REQUIRED, RspNotificationAndEprList,
              notification_list, .type = &rsp_pending_notification),
    TLV_FIELD(LIST, "euiccPackageResultList", 0xA1, TLV_REQUIRED, RspNotificationAndEprList,
              euicc_package_result_list, .type = &rsp_euicc_package_result),
};

const TlvType rsp_notification_and_epr_list =
    TLV_TYPE("NotificationAndEprList", 0xA3, TLV_SEQUENCE, RspNotificationAndEprList,
             notification_and_epr_list_fields);

static const TlvField retrieve_notifications_list_response_fields[] = {
    TLV_FIELD(LIST, "notificationList", 0xA0, TLV_OPTIONAL, RspRetrieveNotificationsListResponse,
              notification_list, .type = &rsp_pending_notification),
    TLV_FIELD(INTEGER, "notificationsListResultError", 0x81, TLV_OPTIONAL,
              RspRetrieveNotificationsListResponse, notifications_list_result_error,
              .names = rsp_names_undefined_error),
    TLV_FIELD(LIST, "euiccPackageResultList", 0xA2, TLV_OPTIONAL,
              RspRetrieveNotificationsListResponse, euicc_package_result_list,
              .type = &rsp_euicc_package_result),
    TLV_FIELD(STRUCT, "notificationAndEprList", 0xA3, TLV_OPTIONAL,
              RspRetrieveNotificationsListResponse, notification_and_epr_list,
              .type = &rsp_notification_and_epr_list),
};

const TlvType rsp_retrieve_notifications_list_response =
    TLV_TYPE("RetrieveNotificationsListResponse", 0xBF2B, TLV_CHOICE,
             RspRetrieveNotificationsListResponse, retrieve_notifications_list_response_fields);

static const TlvField notification_sent_request_fields[] = {
    TLV_FIELD(INTEGER, "seqNumber", 0x80, TLV_REQUIRED, RspNotificationSentRequest, seq_number),
};

const TlvType rsp_notification_sent_request =
    TLV_TYPE("NotificationSentRequest", 0xBF30, TLV_SEQUENCE, RspNotificationSentRequest,
             notification_sent_request_fields);

static const TlvField notification_sent_response_fields[] = {
    TLV_FIELD(INTEGER, "deleteNotificationStatus", 0x80, TLV_REQUIRED, RspNotificationSentResponse,
              delete_notification_status, .names = rsp_names_delete_notification_status),
};

const TlvType rsp_notification_sent_response =
    TLV_TYPE("NotificationSentResponse", 0xBF30, TLV_SEQUENCE, RspNotificationSentResponse,
             notification_sent_response_fields);
