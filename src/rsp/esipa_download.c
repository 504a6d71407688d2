/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/esipa_download.h"

#include "rsp/names.h"

static const TlvField initiate_authentication_request_esipa_fields[] = {
    TLV_FIELD(OCTETS, "euiccChallenge", 0x81, TLV_REQUIRED, RspInitiateAuthenticationRequestEsipa,
              euicc_challenge, .min = 16, .max = 16),
    TLV_FIELD(UTF8, "smdpAddress", 0x83, TLV_ADDRESS, RspInitiateAuthenticationRequestEsipa,
              smdp_address),
    TLV_FIELD(STRUCT, "euiccInfo1", 0xBF20, TLV_OPTIONAL, RspInitiateAuthenticationRequestEsipa,
              euicc_info1, .type = &rsp_euicc_info1),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspInitiateAuthenticationRequestEsipa,
              eim_transaction_id, .min = 1, .max = 16),
};

const TlvType rsp_initiate_authentication_request_esipa =
    TLV_TYPE("InitiateAuthenticationRequestEsipa", 0xBF39, TLV_SEQUENCE,
             RspInitiateAuthenticationRequestEsipa, initiate_authentication_request_esipa_fields);

static const TlvField initiate_authentication_ok_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_OPTIONAL, RspInitiateAuthenticationOkEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "serverSigned1", 0x30, TLV_REQUIRED, RspInitiateAuthenticationOkEsipa,
              server_signed1, .type = &rsp_server_signed1),
    TLV_FIELD(OCTETS, "serverSignature1", 0x5F37, TLV_REQUIRED, RspInitiateAuthenticationOkEsipa,
              server_signature1, .unwrap = 64),
    TLV_FIELD(OCTETS, "euiccCiPKIdentifierToBeUsed", 0x04, TLV_REQUIRED,
              RspInitiateAuthenticationOkEsipa, euicc_ci_pk_identifier_to_be_used, .unwrap = 20),
    TLV_FIELD(RAW, "serverCertificate", 0x30, TLV_REQUIRED, RspInitiateAuthenticationOkEsipa,
              server_certificate),
    TLV_FIELD(UTF8, "matchingId", 0x0C, TLV_SECRET, RspInitiateAuthenticationOkEsipa, matching_id),
    TLV_FIELD(STRUCT, "ctxParams1", 0xA2, TLV_OPTIONAL, RspInitiateAuthenticationOkEsipa,
              ctx_params1, .type = &rsp_ctx_params1),
};

const TlvType rsp_initiate_authentication_ok_esipa =
    TLV_TYPE("InitiateAuthenticationOkEsipa", 0xA0, TLV_SEQUENCE, RspInitiateAuthenticationOkEsipa,
             initiate_authentication_ok_esipa_fields);

static const TlvField initiate_authentication_response_esipa_fields[] = {
    TLV_FIELD(STRUCT, "initiateAuthenticationOkEsipa", 0xA0, TLV_OPTIONAL,
              RspInitiateAuthenticationResponseEsipa, initiate_authentication_ok_esipa,
              .type = &rsp_initiate_authentication_ok_esipa),
    TLV_FIELD(INTEGER, "initiateAuthenticationErrorEsipa", 0x81, TLV_OPTIONAL,
              RspInitiateAuthenticationResponseEsipa, initiate_authentication_error_esipa,
              .names = rsp_names_initiate_authentication_error_esipa),
};

const TlvType rsp_initiate_authentication_response_esipa =
    TLV_TYPE("InitiateAuthenticationResponseEsipa", 0xBF39, TLV_CHOICE,
             RspInitiateAuthenticationResponseEsipa, initiate_authentication_response_esipa_fields);

static const TlvField authenticate_client_request_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspAuthenticateClientRequestEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "authenticateServerResponse", 0xBF38, TLV_REQUIRED,
              RspAuthenticateClientRequestEsipa, authenticate_server_response,
              .type = &rsp_authenticate_server_response),
};

const TlvType rsp_authenticate_client_request_esipa =
    TLV_TYPE("AuthenticateClientRequestEsipa", 0xBF3B, TLV_SEQUENCE,
             RspAuthenticateClientRequestEsipa, authenticate_client_request_esipa_fields);

static const TlvField authenticate_client_ok_dp_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_OPTIONAL, RspAuthenticateClientOkDpEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "profileMetaData", 0xBF25, TLV_OPTIONAL, RspAuthenticateClientOkDpEsipa,
              profile_meta_data, .type = &rsp_store_metadata_request),
    TLV_FIELD(STRUCT, "smdpSigned2", 0x30, TLV_REQUIRED, RspAuthenticateClientOkDpEsipa,
              smdp_signed2, .type = &rsp_smdp_signed2),
    TLV_FIELD(OCTETS, "smdpSignature2", 0x5F37, TLV_REQUIRED, RspAuthenticateClientOkDpEsipa,
              smdp_signature2, .unwrap = 64),
    TLV_FIELD(RAW, "smdpCertificate", 0x30, TLV_REQUIRED, RspAuthenticateClientOkDpEsipa,
              smdp_certificate),
    TLV_FIELD(OCTETS, "hashCc", 0x04, TLV_SECRET, RspAuthenticateClientOkDpEsipa, hash_cc,
              .min = 32, .max = 32, .unwrap = 32),
};

const TlvType rsp_authenticate_client_ok_dp_esipa =
    TLV_TYPE("AuthenticateClientOkDPEsipa", 0xA0, TLV_SEQUENCE, RspAuthenticateClientOkDpEsipa,
             authenticate_client_ok_dp_esipa_fields);

static const TlvField authenticate_client_ok_ds_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspAuthenticateClientOkDsEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "profileDownloadTrigger", 0xBF54, TLV_OPTIONAL,
              RspAuthenticateClientOkDsEsipa, profile_download_trigger,
              .type = &rsp_profile_download_trigger_request),
};

const TlvType rsp_authenticate_client_ok_ds_esipa =
    TLV_TYPE("AuthenticateClientOkDSEsipa", 0xA1, TLV_SEQUENCE, RspAuthenticateClientOkDsEsipa,
             authenticate_client_ok_ds_esipa_fields);

static const TlvField authenticate_client_response_esipa_fields[] = {
    TLV_FIELD(STRUCT, "authenticateClientOkDPEsipa", 0xA0, TLV_OPTIONAL,
              RspAuthenticateClientResponseEsipa, authenticate_client_ok_dp_esipa,
              .type = &rsp_authenticate_client_ok_dp_esipa),
    TLV_FIELD(STRUCT, "authenticateClientOkDSEsipa", 0xA1, TLV_OPTIONAL,
              RspAuthenticateClientResponseEsipa, authenticate_client_ok_ds_esipa,
              .type = &rsp_authenticate_client_ok_ds_esipa),
    TLV_FIELD(INTEGER, "authenticateClientErrorEsipa", 0x82, TLV_OPTIONAL,
              RspAuthenticateClientResponseEsipa, authenticate_client_error_esipa,
              .names = rsp_names_authenticate_client_error_esipa),
};

const TlvType rsp_authenticate_client_response_esipa =
    TLV_TYPE("AuthenticateClientResponseEsipa", 0xBF3B, TLV_CHOICE,
             RspAuthenticateClientResponseEsipa, authenticate_client_response_esipa_fields);

static const TlvField get_bound_profile_package_request_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspGetBoundProfilePackageRequestEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "prepareDownloadResponse", 0xBF21, TLV_REQUIRED,
              RspGetBoundProfilePackageRequestEsipa, prepare_download_response,
              .type = &rsp_prepare_download_response),
};

const TlvType rsp_get_bound_profile_package_request_esipa =
    TLV_TYPE("GetBoundProfilePackageRequestEsipa", 0xBF3A, TLV_SEQUENCE,
             RspGetBoundProfilePackageRequestEsipa, get_bound_profile_package_request_esipa_fields);

static const TlvField get_bound_profile_package_ok_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_OPTIONAL, RspGetBoundProfilePackageOkEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "boundProfilePackage", 0xBF36, TLV_REQUIRED, RspGetBoundProfilePackageOkEsipa,
              bound_profile_package, .type = &rsp_bound_profile_package),
};

const TlvType rsp_get_bound_profile_package_ok_esipa =
    TLV_TYPE("GetBoundProfilePackageOkEsipa", 0xA0, TLV_SEQUENCE, RspGetBoundProfilePackageOkEsipa,
             get_bound_profile_package_ok_esipa_fields);

static const TlvField get_bound_profile_package_response_esipa_fields[] = {
    TLV_FIELD(STRUCT, "getBoundProfilePackageOkEsipa", 0xA0, TLV_OPTIONAL,
              RspGetBoundProfilePackageResponseEsipa, get_bound_profile_package_ok_esipa,
              .type = &rsp_get_bound_profile_package_ok_esipa),
    TLV_FIELD(INTEGER, "getBoundProfilePackageErrorEsipa", 0x81, TLV_OPTIONAL,
              RspGetBoundProfilePackageResponseEsipa, get_bound_profile_package_error_esipa,
              .names = rsp_names_get_bound_profile_package_error_esipa),
};

const TlvType rsp_get_bound_profile_package_response_esipa = TLV_TYPE(
    "GetBoundProfilePackageResponseEsipa", 0xBF3A, TLV_CHOICE,
    RspGetBoundProfilePackageResponseEsipa, get_bound_profile_package_response_esipa_fields);

static const TlvField cancel_session_request_esipa_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspCancelSessionRequestEsipa,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "cancelSessionResponse", 0xA1, TLV_REQUIRED, RspCancelSessionRequestEsipa,
              cancel_session_response, .type = &rsp_cancel_session_response),
};

const TlvType rsp_cancel_session_request_esipa =
    TLV_TYPE("CancelSessionRequestEsipa", 0xBF41, TLV_SEQUENCE, RspCancelSessionRequestEsipa,
             cancel_session_request_esipa_fields);

static const TlvField cancel_session_response_esipa_fields[] = {
    TLV_FIELD(STRUCT, "cancelSessionOk", 0xA0, TLV_OPTIONAL, RspCancelSessionResponseEsipa,
              cancel_session_ok, .type = &rsp_empty),
    TLV_FIELD(INTEGER, "cancelSessionError", 0x81, TLV_OPTIONAL, RspCancelSessionResponseEsipa,
              cancel_session_error, .names = rsp_names_cancel_session_error),
};

const TlvType rsp_cancel_session_response_esipa =
    TLV_TYPE("CancelSessionResponseEsipa", 0xBF41, TLV_CHOICE, RspCancelSessionResponseEsipa,
             cancel_session_response_esipa_fields);

static const TlvField initiate_authentication_request_fields[] = {
    TLV_FIELD(OCTETS, "euiccChallenge", 0x81, TLV_REQUIRED, RspInitiateAuthenticationRequest,
              euicc_challenge, .min = 16, .max = 16),
    TLV_FIELD(UTF8, "smdpAddress", 0x83, TLV_REQUIRED | TLV_ADDRESS,
              RspInitiateAuthenticationRequest, smdp_address),
    TLV_FIELD(STRUCT, "euiccInfo1", 0xBF20, TLV_REQUIRED, RspInitiateAuthenticationRequest,
              euicc_info1, .type = &rsp_euicc_info1),
};

const TlvType rsp_initiate_authentication_request =
    TLV_TYPE("InitiateAuthenticationRequest", 0xBF39, TLV_SEQUENCE,
             RspInitiateAuthenticationRequest, initiate_authentication_request_fields);

static const TlvField handle_notification_fields[] = {
    TLV_FIELD(STRUCT, "pendingNotification", 0xA0, TLV_REQUIRED, RspHandleNotification,
              pending_notification, .type = &rsp_pending_notification),
};

const TlvType rsp_handle_notification = TLV_TYPE("HandleNotification", 0xBF3D, TLV_SEQUENCE,
                                                 RspHandleNotification, handle_notification_fields);

static const TlvField cancel_session_request_es9_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspCancelSessionRequestEs9,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "cancelSessionResponse", 0xA1, TLV_REQUIRED, RspCancelSessionRequestEs9,
              cancel_session_response, .type = &rsp_cancel_session_response),
};

const TlvType rsp_cancel_session_request_es9 =
    TLV_TYPE("CancelSessionRequestEs9", 0xBF41, TLV_SEQUENCE, RspCancelSessionRequestEs9,
             cancel_session_request_es9_fields);

static const TlvField remote_profile_provisioning_request_fields[] = {
    TLV_FIELD(STRUCT, "initiateAuthenticationRequest", 0xBF39, TLV_OPTIONAL,
              RspRemoteProfileProvisioningRequest, initiate_authentication_request,
              .type = &rsp_initiate_authentication_request),
    TLV_FIELD(STRUCT, "handleNotification", 0xBF3D, TLV_OPTIONAL,
              RspRemoteProfileProvisioningRequest, handle_notification,
              .type = &rsp_handle_notification),
    TLV_FIELD(STRUCT, "cancelSessionRequestEs9", 0xBF41, TLV_OPTIONAL,
              RspRemoteProfileProvisioningRequest, cancel_session_request_es9,
              .type = &rsp_cancel_session_request_es9),
};

const TlvType rsp_remote_profile_provisioning_request =
    TLV_TYPE("RemoteProfileProvisioningRequest", 0xA2, TLV_CHOICE,
             RspRemoteProfileProvisioningRequest, remote_profile_provisioning_request_fields);

static const TlvField initiate_authentication_ok_es9_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspInitiateAuthenticationOkEs9,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "serverSigned1", 0x30, TLV_REQUIRED, RspInitiateAuthenticationOkEs9,
              server_signed1, .type = &rsp_server_signed1),
    TLV_FIELD(OCTETS, "serverSignature1", 0x5F37, TLV_REQUIRED, RspInitiateAuthenticationOkEs9,
              server_signature1),
    TLV_FIELD(OCTETS, "euiccCiPKIdToBeUsed", 0x04, TLV_REQUIRED, RspInitiateAuthenticationOkEs9,
              euicc_ci_pk_id_to_be_used),
    TLV_FIELD(RAW, "serverCertificate", 0x30, TLV_REQUIRED, RspInitiateAuthenticationOkEs9,
              server_certificate),
};

const TlvType rsp_initiate_authentication_ok_es9 =
    TLV_TYPE("InitiateAuthenticationOkEs9", 0xA0, TLV_SEQUENCE, RspInitiateAuthenticationOkEs9,
             initiate_authentication_ok_es9_fields);

static const TlvField initiate_authentication_response_fields[] = {
    TLV_FIELD(STRUCT, "initiateAuthenticationOk", 0xA0, TLV_OPTIONAL,
              RspInitiateAuthenticationResponse, initiate_authentication_ok,
              .type = &rsp_initiate_authentication_ok_es9),
    TLV_FIELD(INTEGER, "initiateAuthenticationError", 0x81, TLV_OPTIONAL,
              RspInitiateAuthenticationResponse, initiate_authentication_error,
              .names = rsp_names_initiate_authentication_error),
};

const TlvType rsp_initiate_authentication_response =
    TLV_TYPE("InitiateAuthenticationResponse", 0xBF39, TLV_CHOICE,
             RspInitiateAuthenticationResponse, initiate_authentication_response_fields);

static const TlvField event_entry_fields[] = {
    TLV_FIELD(UTF8, "eventId", 0x80, TLV_REQUIRED | TLV_SECRET, RspEventEntry, event_id),
    TLV_FIELD(UTF8, "rspServerAddress", 0x81, TLV_REQUIRED | TLV_ADDRESS, RspEventEntry,
              rsp_server_address),
};

const TlvType rsp_event_entry =
    TLV_TYPE("EventEntry", 0x30, TLV_SEQUENCE, RspEventEntry, event_entry_fields);

static const TlvField authenticate_client_ok_es11_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspAuthenticateClientOkEs11,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(LIST, "eventEntries", 0xA1, TLV_REQUIRED, RspAuthenticateClientOkEs11, event_entries,
              .type = &rsp_event_entry),
};

const TlvType rsp_authenticate_client_ok_es11 =
    TLV_TYPE("AuthenticateClientOkEs11", 0xA0, TLV_SEQUENCE, RspAuthenticateClientOkEs11,
             authenticate_client_ok_es11_fields);

static const TlvField authenticate_client_response_es11_fields[] = {
    TLV_FIELD(STRUCT, "authenticateClientOk", 0xA0, TLV_OPTIONAL, RspAuthenticateClientResponseEs11,
              authenticate_client_ok, .type = &rsp_authenticate_client_ok_es11),
    TLV_FIELD(INTEGER, "authenticateClientError", 0x81, TLV_OPTIONAL,
              RspAuthenticateClientResponseEs11, authenticate_client_error,
              .names = rsp_names_authenticate_client_error_es11),
};

const TlvType rsp_authenticate_client_response_es11 =
    TLV_TYPE("AuthenticateClientResponseEs11", 0xBF40, TLV_CHOICE,
             RspAuthenticateClientResponseEs11, authenticate_client_response_es11_fields);

static const TlvField remote_profile_provisioning_response_fields[] = {
    TLV_FIELD(STRUCT, "initiateAuthenticationResponse", 0xBF39, TLV_OPTIONAL,
              RspRemoteProfileProvisioningResponse, initiate_authentication_response,
              .type = &rsp_initiate_authentication_response),
    TLV_FIELD(STRUCT, "authenticateClientResponseEs11", 0xBF40, TLV_OPTIONAL,
              RspRemoteProfileProvisioningResponse, authenticate_client_response_es11,
              .type = &rsp_authenticate_client_response_es11),
};

const TlvType rsp_remote_profile_provisioning_response =
    TLV_TYPE("RemoteProfileProvisioningResponse", 0xA2, TLV_CHOICE,
             RspRemoteProfileProvisioningResponse, remote_profile_provisioning_response_fields);
