/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

/* Notifications and installation results: SGP.22 2.5.6, 3.5, 5.7.9 to 5.7.11,
 * SGP.32 5.9.11, 5.9.12. */

/* SGP.22 5.7.9. Numbers from 0 upward are valid (I-12). */
typedef struct {
    TlvHead head;
    TlvInteger seq_number;
    TlvSlice profile_management_operation; /* rsp_names_profile_management_operation */
    TlvSlice notification_address;
    TlvSlice iccid;
} RspNotificationMetadata;
extern const TlvType rsp_notification_metadata;

typedef struct {
    TlvHead head;
    TlvSlice aid;
    TlvSlice sima_response;
} RspSuccessResult;
extern const TlvType rsp_success_result;

typedef struct {
    TlvHead head;
    TlvInteger bpp_command_id; /* rsp_names_bpp_command_id */
    TlvInteger error_reason;   /* rsp_names_error_reason */
    TlvSlice sima_response;
} RspErrorResult;
extern const TlvType rsp_error_result;

typedef struct {
    TlvHead head;
    RspSuccessResult *success_result;
    RspErrorResult *error_result;
} RspFinalResult;
extern const TlvType rsp_final_result;

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspNotificationMetadata *notification_metadata;
    TlvSlice smdp_oid;
    RspFinalResult *final_result;
} RspProfileInstallationResultData;
extern const TlvType rsp_profile_installation_result_data;

/* SGP.22 2.5.6. Signed: forwarded as received. */
typedef struct {
    TlvHead head;
    RspProfileInstallationResultData *profile_installation_result_data;
    TlvSlice euicc_sign_pir;
} RspProfileInstallationResult;
extern const TlvType rsp_profile_installation_result;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileInstallationResult, tlv_struct_free)

/* SGP.22 5.7.10. Signed: forwarded as received. */
typedef struct {
    TlvHead head;
    RspNotificationMetadata *tbs_other_notification;
    TlvSlice euicc_notification_signature;
    TlvSlice euicc_certificate;
    TlvSlice eum_certificate;
} RspOtherSignedNotification;
extern const TlvType rsp_other_signed_notification;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspOtherSignedNotification, tlv_struct_free)

/* Octets 14 and 15 of the ISD-P AID, and simaResponse unless it says plain success. */
typedef struct {
    TlvHead head;
    TlvSlice compact_aid;
    TlvSlice sima_response;
} RspCompactSuccessResult;
extern const TlvType rsp_compact_success_result;

typedef struct {
    TlvHead head;
    RspCompactSuccessResult *compact_success_result;
    RspErrorResult *error_result;
} RspCompactFinalResult;
extern const TlvType rsp_compact_final_result;

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvInteger seq_number;
    TlvInteger iccid_present;
    RspCompactFinalResult *compact_final_result;
} RspCompactProfileInstallationResultData;
extern const TlvType rsp_compact_profile_installation_result_data;

/* SGP.32 6.3.2.4, made by an IPA that minimises octets. */
typedef struct {
    TlvHead head;
    RspCompactProfileInstallationResultData *compact_profile_installation_result_data;
    TlvSlice euicc_sign_pir;
} RspCompactProfileInstallationResult;
extern const TlvType rsp_compact_profile_installation_result;

typedef struct {
    TlvHead head;
    TlvSlice eid_value;
    RspNotificationMetadata *tbs_other_notification;
    TlvSlice euicc_notification_signature;
    TlvSlice euicc_ci_pk_identifier_to_be_used;
} RspCompactOtherSignedNotification;
extern const TlvType rsp_compact_other_signed_notification;

/* SGP.22 5.7.10, SGP.32 6.3.2.4. head.raw is the whole notification, as it has to be forwarded. */
typedef struct {
    TlvHead head;
    RspProfileInstallationResult *profile_installation_result;
    RspOtherSignedNotification *other_signed_notification;
    RspCompactProfileInstallationResult *compact_profile_installation_result;
    RspCompactOtherSignedNotification *compact_other_signed_notification;
} RspPendingNotification;
extern const TlvType rsp_pending_notification;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspPendingNotification, tlv_struct_free)

/* SGP.22 5.7.9, consumer eUICC. */
typedef struct {
    TlvHead head;
    TlvSlice profile_management_operation; /* rsp_names_profile_management_operation */
} RspListNotificationRequest;
extern const TlvType rsp_list_notification_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspListNotificationRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    GPtrArray *notification_metadata_list;      /* of RspNotificationMetadata */
    TlvInteger list_notifications_result_error; /* rsp_names_undefined_error */
} RspListNotificationResponse;
extern const TlvType rsp_list_notification_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspListNotificationResponse, tlv_struct_free)

/* euiccPackageResults: SGP.32 only. */
typedef struct {
    TlvHead head;
    TlvInteger seq_number;
    TlvSlice profile_management_operation; /* rsp_names_profile_management_operation */
    gboolean euicc_package_results;
} RspNotificationSearchCriteria;
extern const TlvType rsp_notification_search_criteria;

/* SGP.22 5.7.10, SGP.32 5.9.11. */
typedef struct {
    TlvHead head;
    RspNotificationSearchCriteria *search_criteria;
} RspRetrieveNotificationsListRequest;
extern const TlvType rsp_retrieve_notifications_list_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspRetrieveNotificationsListRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    GPtrArray *notification_list;         /* of RspPendingNotification */
    GPtrArray *euicc_package_result_list; /* of RspEuiccPackageResult */
} RspNotificationAndEprList;
extern const TlvType rsp_notification_and_epr_list;

/* SGP.22 5.7.10, SGP.32 5.9.11. A3 only comes from cards of SGP.32 v1.0. */
typedef struct {
    TlvHead head;
    GPtrArray *notification_list;               /* of RspPendingNotification */
    TlvInteger notifications_list_result_error; /* rsp_names_undefined_error */
    GPtrArray *euicc_package_result_list;       /* of RspEuiccPackageResult */
    RspNotificationAndEprList *notification_and_epr_list;
} RspRetrieveNotificationsListResponse;
extern const TlvType rsp_retrieve_notifications_list_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspRetrieveNotificationsListResponse, tlv_struct_free)

/* SGP.22 5.7.11, SGP.32 5.9.12: RemoveNotificationFromList. */
typedef struct {
    TlvHead head;
    TlvInteger seq_number;
} RspNotificationSentRequest;
extern const TlvType rsp_notification_sent_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspNotificationSentRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger delete_notification_status; /* rsp_names_delete_notification_status */
} RspNotificationSentResponse;
extern const TlvType rsp_notification_sent_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspNotificationSentResponse, tlv_struct_free)

G_END_DECLS
