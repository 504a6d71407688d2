/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/common.h"
#include "rsp/info.h"
#include "rsp/notification.h"
#include "rsp/package.h"

G_BEGIN_DECLS

/* ESipa, eIM packages and results: SGP.32 2.11, 5.14.4 to 5.14.7, 6.3. */

/* SGP.32 2.11.1.4: sequence numbers of the eUICC. */
typedef struct {
    TlvHead head;
    GPtrArray *sequence_numbers; /* of RspIntegerItem */
} RspEimAcknowledgements;
extern const TlvType rsp_eim_acknowledgements;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEimAcknowledgements, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger seq_number;
} RspEuiccPackageResultSearchCriteria;
extern const TlvType rsp_euicc_package_result_search_criteria;

/* SGP.32 2.11.1.2. In v1.0 the key identifier is called euiccCiPKId and the criteria
 * searchCriteria, which then may also ask for euiccPackageResults. */
typedef struct {
    TlvHead head;
    TlvSlice tag_list;
    TlvSlice euicc_ci_pk_identifier_to_be_used;
    RspNotificationSearchCriteria *search_criteria_notification;
    RspEuiccPackageResultSearchCriteria *search_criteria_euicc_package_result;
    TlvSlice eim_transaction_id;
} RspIpaEuiccDataRequest;
extern const TlvType rsp_ipa_euicc_data_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspIpaEuiccDataRequest, tlv_struct_free)

/* SGP.32 4.1. */
typedef struct {
    TlvHead head;
    TlvSlice ipa_features;                             /* rsp_names_ipa_features */
    TlvSlice ipa_supported_protocols;                  /* rsp_names_ipa_supported_protocols */
    GPtrArray *esipa_proprietary_protocol_information; /* of RspVendorSpecificExtensionItem */
} RspIpaCapabilities;
extern const TlvType rsp_ipa_capabilities;

/* SGP.32 2.11.1.2; v1.0 has two other fields, of which the last one stands at the end. */
typedef struct {
    TlvHead head;
    GPtrArray *notifications_list; /* of RspPendingNotification */
    TlvSlice default_smdp_address_v1_0;
    TlvSlice default_smdp_address;
    GPtrArray *euicc_package_result_list; /* of RspEuiccPackageResult */
    RspEuiccInfo1 *euicc_info1;
    RspEuiccInfo2 *euicc_info2;
    TlvSlice root_smds_address;
    TlvInteger association_token;
    TlvSlice eum_certificate;
    TlvSlice euicc_certificate;
    TlvSlice eim_transaction_id;
    RspIpaCapabilities *ipa_capabilities;
    RspDeviceInfo *device_info;
    RspRetrieveNotificationsListResponse *notifications_list_v1_0;
} RspIpaEuiccData;
extern const TlvType rsp_ipa_euicc_data;

typedef struct {
    TlvHead head;
    TlvSlice eim_transaction_id;
    TlvInteger ipa_euicc_data_error_code; /* rsp_names_ipa_euicc_data_error_code */
} RspIpaEuiccDataResponseError;
extern const TlvType rsp_ipa_euicc_data_response_error;

/* SGP.32 2.11.1.2; ipaEuiccDataError only in v1.0. */
typedef struct {
    TlvHead head;
    RspIpaEuiccData *ipa_euicc_data;
    RspIpaEuiccDataResponseError *ipa_euicc_data_response_error;
    TlvInteger ipa_euicc_data_error; /* rsp_names_ipa_euicc_data_error_code */
} RspIpaEuiccDataResponse;
extern const TlvType rsp_ipa_euicc_data_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspIpaEuiccDataResponse, tlv_struct_free)

/* An absent address means the root SM-DS of the eUICC. */
typedef struct {
    TlvHead head;
    TlvSlice smds_address;
} RspContactSmds;
extern const TlvType rsp_contact_smds;

typedef struct {
    TlvHead head;
    TlvSlice activation_code;
    gboolean contact_default_smdp;
    RspContactSmds *contact_smds;
} RspProfileDownloadData;
extern const TlvType rsp_profile_download_data;

/* SGP.32 2.11.1.3. */
typedef struct {
    TlvHead head;
    RspProfileDownloadData *profile_download_data;
    TlvSlice eim_transaction_id;
} RspProfileDownloadTriggerRequest;
extern const TlvType rsp_profile_download_trigger_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileDownloadTriggerRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger profile_download_error_reason; /* rsp_names_profile_download_error_reason */
    TlvSlice error_response;
} RspProfileDownloadError;
extern const TlvType rsp_profile_download_error;

typedef struct {
    TlvHead head;
    RspProfileInstallationResult *profile_installation_result;
    RspProfileDownloadError *profile_download_error;
} RspProfileDownloadTriggerResultData;
extern const TlvType rsp_profile_download_trigger_result_data;

/* SGP.32 2.11.2.3. */
typedef struct {
    TlvHead head;
    TlvSlice eim_transaction_id;
    RspProfileDownloadTriggerResultData *profile_download_trigger_result_data;
} RspProfileDownloadTriggerResult;
extern const TlvType rsp_profile_download_trigger_result;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileDownloadTriggerResult, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice error_response;
} RspProfileDownloadErrorV1_0;
extern const TlvType rsp_profile_download_error_v1_0;

typedef struct {
    TlvHead head;
    RspProfileInstallationResult *profile_installation_result;
    RspProfileDownloadErrorV1_0 *profile_download_error;
} RspProfileDownloadTriggerResultDataV1_0;
extern const TlvType rsp_profile_download_trigger_result_data_v1_0;

typedef struct {
    TlvHead head;
    TlvSlice eim_transaction_id;
    RspProfileDownloadTriggerResultDataV1_0 *profile_download_trigger_result_data;
} RspProfileDownloadTriggerResultV1_0;
extern const TlvType rsp_profile_download_trigger_result_v1_0;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileDownloadTriggerResultV1_0, tlv_struct_free)

/* SGP.32 6.3.2.6. */
typedef struct {
    TlvHead head;
    TlvSlice eid_value;
    gboolean notify_state_change;
    TlvInteger state_change_cause; /* rsp_names_state_change_cause */
    TlvSlice rplmn;
} RspGetEimPackageRequest;
extern const TlvType rsp_get_eim_package_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEimPackageRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice eid_value;
    gboolean notify_state_change;
    TlvSlice rplmn;
} RspGetEimPackageRequestV1_0;
extern const TlvType rsp_get_eim_package_request_v1_0;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEimPackageRequestV1_0, tlv_struct_free)

typedef struct {
    TlvHead head;
    RspEuiccPackageRequest *euicc_package_request;
    RspIpaEuiccDataRequest *ipa_euicc_data_request;
    RspProfileDownloadTriggerRequest *profile_download_trigger_request;
    TlvInteger eim_package_error; /* rsp_names_eim_package_error */
} RspGetEimPackageResponse;
extern const TlvType rsp_get_eim_package_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEimPackageResponse, tlv_struct_free)

/* SGP.32 6.3.2.7; v1.0 carries the whole answer of RetrieveNotificationsList. */
typedef struct {
    TlvHead head;
    RspEuiccPackageResult *euicc_package_result;
    GPtrArray *notification_list; /* of RspPendingNotification */
    RspRetrieveNotificationsListResponse *notification_list_v1_0;
} RspEprAndNotifications;
extern const TlvType rsp_epr_and_notifications;

typedef struct {
    TlvHead head;
    TlvSlice eim_transaction_id;
    TlvInteger eim_package_result_error_code; /* rsp_names_eim_package_result_error_code */
} RspEimPackageResultResponseError;
extern const TlvType rsp_eim_package_result_response_error;

typedef struct {
    TlvHead head;
    RspEuiccPackageResult *euicc_package_result;
    RspEprAndNotifications *epr_and_notifications;
    RspIpaEuiccDataResponse *ipa_euicc_data_response;
    RspProfileDownloadTriggerResult *profile_download_trigger_result;
    RspEimPackageResultResponseError *eim_package_result_response_error;
} RspEimPackageResult;
extern const TlvType rsp_eim_package_result;

/* SGP.32 6.3.2.7. */
typedef struct {
    TlvHead head;
    TlvSlice eid_value;
    RspEimPackageResult *eim_package_result;
} RspProvideEimPackageResult;
extern const TlvType rsp_provide_eim_package_result;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProvideEimPackageResult, tlv_struct_free)

typedef struct {
    TlvHead head;
    RspEuiccPackageResult *euicc_package_result;
    RspEprAndNotifications *epr_and_notifications;
    RspIpaEuiccDataResponse *ipa_euicc_data_response;
    RspProfileDownloadTriggerResultV1_0 *profile_download_trigger_result;
    TlvInteger eim_package_error; /* rsp_names_eim_package_result_error_code */
} RspProvideEimPackageResultV1_0;
extern const TlvType rsp_provide_eim_package_result_v1_0;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProvideEimPackageResultV1_0, tlv_struct_free)

/* SGP.32 6.3.2.7. The answer of a v1.0 eIM without acknowledgements is read as emptyResponse
 * (I-21). */
typedef struct {
    TlvHead head;
    GPtrArray *eim_acknowledgements; /* of RspIntegerItem */
    RspEmpty *empty_response;
    TlvInteger provide_eim_package_result_error; /* rsp_names_provide_eim_package_result_error */
} RspProvideEimPackageResultResponse;
extern const TlvType rsp_provide_eim_package_result_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProvideEimPackageResultResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
    GPtrArray *eim_acknowledgements; /* of RspIntegerItem */
} RspProvideEimPackageResultResponseV1_0;
extern const TlvType rsp_provide_eim_package_result_response_v1_0;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProvideEimPackageResultResponseV1_0, tlv_struct_free)

/* SGP.32 6.3.3.1. */
typedef struct {
    TlvHead head;
    RspEuiccPackageRequest *euicc_package_request;
    RspIpaEuiccDataRequest *ipa_euicc_data_request;
    GPtrArray *eim_acknowledgements; /* of RspIntegerItem */
    RspProfileDownloadTriggerRequest *profile_download_trigger_request;
} RspTransferEimPackageRequest;
extern const TlvType rsp_transfer_eim_package_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspTransferEimPackageRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice eim_transaction_id;
    TlvSlice eid_value;
} RspCorrelationId;
extern const TlvType rsp_correlation_id;

/* SGP.32 v1.3; one eIM leaves the tag A0 out. */
typedef struct {
    TlvHead head;
    RspCorrelationId *correlation_id;
} RspEimPackageReceivedWithCid;
extern const TlvType rsp_eim_package_received_with_cid;

typedef struct {
    TlvHead head;
    RspCorrelationId *correlation_id;
    TlvInteger eim_package_error; /* rsp_names_eim_package_result_error_code */
} RspEimPackageErrorWithCid;
extern const TlvType rsp_eim_package_error_with_cid;

/* SGP.32 6.3.3.1. */
typedef struct {
    TlvHead head;
    RspEuiccPackageResult *euicc_package_result;
    RspEprAndNotifications *epr_and_notifications;
    RspIpaEuiccDataResponse *ipa_euicc_data_response;
    gboolean eim_package_received;
    TlvInteger eim_package_error; /* rsp_names_eim_package_result_error_code */
    RspEimPackageReceivedWithCid *eim_package_received_with_cid;
    RspEimPackageErrorWithCid *eim_package_error_with_cid;
} RspTransferEimPackageResponse;
extern const TlvType rsp_transfer_eim_package_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspTransferEimPackageResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
    RspEuiccPackageResult *euicc_package_result;
    RspEprAndNotifications *epr_and_notifications;
    RspIpaEuiccDataResponse *ipa_euicc_data_response;
    RspProfileDownloadTriggerResultV1_0 *profile_download_trigger_result;
    TlvInteger eim_package_error; /* rsp_names_eim_package_result_error_code */
} RspEimPackageResultV1_0;
extern const TlvType rsp_eim_package_result_v1_0;

/* SGP.32 6.3.2.4; the last arm is the one of v1.0. */
typedef struct {
    TlvHead head;
    RspPendingNotification *pending_notification;
    RspProvideEimPackageResult *provide_eim_package_result;
    RspEimPackageResultV1_0 *provide_eim_package_result_v1_0;
} RspHandleNotificationEsipa;
extern const TlvType rsp_handle_notification_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspHandleNotificationEsipa, tlv_struct_free)

G_END_DECLS
