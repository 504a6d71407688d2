/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/common.h"
#include "rsp/download.h"
#include "rsp/esipa.h"
#include "rsp/info.h"
#include "rsp/notification.h"
#include "rsp/profile.h"

G_BEGIN_DECLS

/* Download functions of ESipa and ES9+: SGP.32 6.3.2.1 to 6.3.2.5, SGP.22 5.6, 5.8. */

/* SGP.32 6.3.2.1. */
typedef struct {
    TlvHead head;
    TlvSlice euicc_challenge;
    TlvSlice smdp_address;
    RspEuiccInfo1 *euicc_info1;
    TlvSlice eim_transaction_id;
} RspInitiateAuthenticationRequestEsipa;
extern const TlvType rsp_initiate_authentication_request_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspInitiateAuthenticationRequestEsipa, tlv_struct_free)

/* Some eIMs wrap signature and key identifier a second time; the value is what stands inside. */
typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspServerSigned1 *server_signed1;
    TlvSlice server_signature1;
    TlvSlice euicc_ci_pk_identifier_to_be_used;
    TlvSlice server_certificate;
    TlvSlice matching_id;
    RspCtxParams1 *ctx_params1;
} RspInitiateAuthenticationOkEsipa;
extern const TlvType rsp_initiate_authentication_ok_esipa;

typedef struct {
    TlvHead head;
    RspInitiateAuthenticationOkEsipa *initiate_authentication_ok_esipa;
    TlvInteger
        initiate_authentication_error_esipa; /* rsp_names_initiate_authentication_error_esipa */
} RspInitiateAuthenticationResponseEsipa;
extern const TlvType rsp_initiate_authentication_response_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspInitiateAuthenticationResponseEsipa, tlv_struct_free)

/* SGP.32 6.3.2.2. */
typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspAuthenticateServerResponse *authenticate_server_response;
} RspAuthenticateClientRequestEsipa;
extern const TlvType rsp_authenticate_client_request_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspAuthenticateClientRequestEsipa, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspStoreMetadataRequest *profile_meta_data;
    RspSmdpSigned2 *smdp_signed2;
    TlvSlice smdp_signature2;
    TlvSlice smdp_certificate;
    TlvSlice hash_cc;
} RspAuthenticateClientOkDpEsipa;
extern const TlvType rsp_authenticate_client_ok_dp_esipa;

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspProfileDownloadTriggerRequest *profile_download_trigger;
} RspAuthenticateClientOkDsEsipa;
extern const TlvType rsp_authenticate_client_ok_ds_esipa;

typedef struct {
    TlvHead head;
    RspAuthenticateClientOkDpEsipa *authenticate_client_ok_dp_esipa;
    RspAuthenticateClientOkDsEsipa *authenticate_client_ok_ds_esipa;
    TlvInteger authenticate_client_error_esipa; /* rsp_names_authenticate_client_error_esipa */
} RspAuthenticateClientResponseEsipa;
extern const TlvType rsp_authenticate_client_response_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspAuthenticateClientResponseEsipa, tlv_struct_free)

/* SGP.32 6.3.2.3. */
typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspPrepareDownloadResponse *prepare_download_response;
} RspGetBoundProfilePackageRequestEsipa;
extern const TlvType rsp_get_bound_profile_package_request_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetBoundProfilePackageRequestEsipa, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspBoundProfilePackage *bound_profile_package;
} RspGetBoundProfilePackageOkEsipa;
extern const TlvType rsp_get_bound_profile_package_ok_esipa;

typedef struct {
    TlvHead head;
    RspGetBoundProfilePackageOkEsipa *get_bound_profile_package_ok_esipa;
    TlvInteger
        get_bound_profile_package_error_esipa; /* rsp_names_get_bound_profile_package_error_esipa */
} RspGetBoundProfilePackageResponseEsipa;
extern const TlvType rsp_get_bound_profile_package_response_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetBoundProfilePackageResponseEsipa, tlv_struct_free)

/* SGP.32 6.3.2.5; A1 replaces the tag of CancelSessionResponse. */
typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspCancelSessionResponse *cancel_session_response;
} RspCancelSessionRequestEsipa;
extern const TlvType rsp_cancel_session_request_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspCancelSessionRequestEsipa, tlv_struct_free)

typedef struct {
    TlvHead head;
    RspEmpty *cancel_session_ok;
    TlvInteger cancel_session_error; /* rsp_names_cancel_session_error */
} RspCancelSessionResponseEsipa;
extern const TlvType rsp_cancel_session_response_esipa;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspCancelSessionResponseEsipa, tlv_struct_free)

/* SGP.22 5.6.1. */
typedef struct {
    TlvHead head;
    TlvSlice euicc_challenge;
    TlvSlice smdp_address;
    RspEuiccInfo1 *euicc_info1;
} RspInitiateAuthenticationRequest;
extern const TlvType rsp_initiate_authentication_request;

/* SGP.22 5.6.4. */
typedef struct {
    TlvHead head;
    RspPendingNotification *pending_notification;
} RspHandleNotification;
extern const TlvType rsp_handle_notification;

/* SGP.22 5.6.5. */
typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspCancelSessionResponse *cancel_session_response;
} RspCancelSessionRequestEs9;
extern const TlvType rsp_cancel_session_request_es9;

/* The ASN.1 binding of ES9+ (SGP.22 6.6); the JSON binding is the usual one. */
typedef struct {
    TlvHead head;
    RspInitiateAuthenticationRequest *initiate_authentication_request;
    RspHandleNotification *handle_notification;
    RspCancelSessionRequestEs9 *cancel_session_request_es9;
} RspRemoteProfileProvisioningRequest;
extern const TlvType rsp_remote_profile_provisioning_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspRemoteProfileProvisioningRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    RspServerSigned1 *server_signed1;
    TlvSlice server_signature1;
    TlvSlice euicc_ci_pk_id_to_be_used;
    TlvSlice server_certificate;
} RspInitiateAuthenticationOkEs9;
extern const TlvType rsp_initiate_authentication_ok_es9;

typedef struct {
    TlvHead head;
    RspInitiateAuthenticationOkEs9 *initiate_authentication_ok;
    TlvInteger initiate_authentication_error; /* rsp_names_initiate_authentication_error */
} RspInitiateAuthenticationResponse;
extern const TlvType rsp_initiate_authentication_response;

typedef struct {
    TlvHead head;
    TlvSlice event_id;
    TlvSlice rsp_server_address;
} RspEventEntry;
extern const TlvType rsp_event_entry;

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    GPtrArray *event_entries; /* of RspEventEntry */
} RspAuthenticateClientOkEs11;
extern const TlvType rsp_authenticate_client_ok_es11;

typedef struct {
    TlvHead head;
    RspAuthenticateClientOkEs11 *authenticate_client_ok;
    TlvInteger authenticate_client_error; /* rsp_names_authenticate_client_error_es11 */
} RspAuthenticateClientResponseEs11;
extern const TlvType rsp_authenticate_client_response_es11;

typedef struct {
    TlvHead head;
    RspInitiateAuthenticationResponse *initiate_authentication_response;
    RspAuthenticateClientResponseEs11 *authenticate_client_response_es11;
} RspRemoteProfileProvisioningResponse;
extern const TlvType rsp_remote_profile_provisioning_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspRemoteProfileProvisioningResponse, tlv_struct_free)

G_END_DECLS
