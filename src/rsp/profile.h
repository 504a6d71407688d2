/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/common.h"

G_BEGIN_DECLS

/* Profiles: their list, their metadata, and the functions of a consumer eUICC that change them. */

typedef struct {
    TlvHead head;
    TlvSlice isdp_aid;
    TlvSlice iccid;
    TlvInteger profile_class; /* rsp_names_profile_class */
} RspProfileInfoSearchCriteria;
extern const TlvType rsp_profile_info_search_criteria;

/* SGP.22 5.7.15, SGP.32 5.9.14; also the PSMO listProfileInfo. The tag lists are concatenated tags.
 */
typedef struct {
    TlvHead head;
    RspProfileInfoSearchCriteria *search_criteria;
    TlvSlice tag_list;
    TlvSlice iot_specific_tag_list;
} RspProfileInfoListRequest;
extern const TlvType rsp_profile_info_list_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileInfoListRequest, tlv_struct_free)

/* SGP.22 5.7.15 with the additions of SGP.32 5.9.14. Which fields are there depends on the request.
 */
typedef struct {
    TlvHead head;
    TlvSlice iccid;
    TlvSlice isdp_aid;
    TlvInteger profile_state; /* rsp_names_profile_state */
    TlvSlice profile_nickname;
    TlvSlice service_provider_name;
    TlvSlice profile_name;
    TlvInteger icon_type; /* rsp_names_icon_type */
    TlvSlice icon;
    TlvInteger profile_class;                   /* rsp_names_profile_class */
    GPtrArray *notification_configuration_info; /* of RspNotificationConfigurationInformation */
    RspOperatorId *profile_owner;
    RspDpProprietaryData *dp_proprietary_data;
    TlvSlice profile_policy_rules;                    /* rsp_names_ppr_ids */
    GPtrArray *service_specific_data_stored_in_euicc; /* of RspVendorSpecificExtensionItem */
    TlvInteger ecall_indication;
    TlvInteger fallback_attribute;
    TlvInteger fallback_allowed;
    RspEmpty *iot_specific_profile_info;
} RspProfileInfo;
extern const TlvType rsp_profile_info;

/* SGP.22 5.7.15. */
typedef struct {
    TlvHead head;
    GPtrArray *profile_info_list_ok;    /* of RspProfileInfo */
    TlvInteger profile_info_list_error; /* rsp_names_profile_info_list_error */
} RspProfileInfoListResponse;
extern const TlvType rsp_profile_info_list_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspProfileInfoListResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice isdp_aid;
    TlvSlice iccid;
} RspProfileIdentifier;
extern const TlvType rsp_profile_identifier;

/* SGP.22 5.7.16, consumer eUICC. */
typedef struct {
    TlvHead head;
    RspProfileIdentifier *profile_identifier;
    TlvInteger refresh_flag;
} RspEnableProfileRequest;
extern const TlvType rsp_enable_profile_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEnableProfileRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger enable_result; /* rsp_names_enable_profile_result */
} RspEnableProfileResponse;
extern const TlvType rsp_enable_profile_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEnableProfileResponse, tlv_struct_free)

/* SGP.22 5.7.17, consumer eUICC. */
typedef struct {
    TlvHead head;
    RspProfileIdentifier *profile_identifier;
    TlvInteger refresh_flag;
} RspDisableProfileRequest;
extern const TlvType rsp_disable_profile_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspDisableProfileRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger disable_result; /* rsp_names_disable_profile_result */
} RspDisableProfileResponse;
extern const TlvType rsp_disable_profile_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspDisableProfileResponse, tlv_struct_free)

/* SGP.22 5.7.18, consumer eUICC. */
typedef struct {
    TlvHead head;
    TlvSlice isdp_aid;
    TlvSlice iccid;
} RspDeleteProfileRequest;
extern const TlvType rsp_delete_profile_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspDeleteProfileRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger delete_result; /* rsp_names_delete_profile_result */
} RspDeleteProfileResponse;
extern const TlvType rsp_delete_profile_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspDeleteProfileResponse, tlv_struct_free)

/* SGP.22 5.7.21, consumer eUICC; an empty nickname removes it. */
typedef struct {
    TlvHead head;
    TlvSlice iccid;
    TlvSlice profile_nickname;
} RspSetNicknameRequest;
extern const TlvType rsp_set_nickname_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspSetNicknameRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger set_nickname_result; /* rsp_names_set_nickname_result */
} RspSetNicknameResponse;
extern const TlvType rsp_set_nickname_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspSetNicknameResponse, tlv_struct_free)

/* SGP.22 5.5.3, SGP.32; the profile metadata of a download. */
typedef struct {
    TlvHead head;
    TlvSlice iccid;
    TlvSlice service_provider_name;
    TlvSlice profile_name;
    TlvInteger icon_type; /* rsp_names_icon_type */
    TlvSlice icon;
    TlvInteger profile_class;                   /* rsp_names_profile_class */
    GPtrArray *notification_configuration_info; /* of RspNotificationConfigurationInformation */
    RspOperatorId *profile_owner;
    TlvSlice profile_policy_rules;                        /* rsp_names_ppr_ids */
    GPtrArray *service_specific_data_stored_in_euicc;     /* of RspVendorSpecificExtensionItem */
    GPtrArray *service_specific_data_not_stored_in_euicc; /* of RspVendorSpecificExtensionItem */
    TlvInteger ecall_indication;
    TlvInteger fallback_allowed;
    RspEmpty *iot_specific_metadata;
} RspStoreMetadataRequest;
extern const TlvType rsp_store_metadata_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspStoreMetadataRequest, tlv_struct_free)

G_END_DECLS
