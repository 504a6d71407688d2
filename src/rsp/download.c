/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/download.h"

#include "rsp/names.h"

static const TlvField server_signed1_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspServerSigned1, transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(OCTETS, "euiccChallenge", 0x81, TLV_REQUIRED, RspServerSigned1, euicc_challenge,
              .min = 16, .max = 16),
    TLV_FIELD(UTF8, "serverAddress", 0x83, TLV_REQUIRED | TLV_ADDRESS, RspServerSigned1,
              server_address),
    TLV_FIELD(OCTETS, "serverChallenge", 0x84, TLV_REQUIRED, RspServerSigned1, server_challenge,
              .min = 16, .max = 16),
};

const TlvType rsp_server_signed1 =
    TLV_TYPE("ServerSigned1", 0x30, TLV_SEQUENCE, RspServerSigned1, server_signed1_fields);

static const TlvField authenticate_server_request_fields[] = {
    TLV_FIELD(STRUCT, "serverSigned1", 0x30, TLV_REQUIRED, RspAuthenticateServerRequest,
              server_signed1, .type = &rsp_server_signed1),
    TLV_FIELD(OCTETS, "serverSignature1", 0x5F37, TLV_REQUIRED, RspAuthenticateServerRequest,
              server_signature1),
    TLV_FIELD(OCTETS, "euiccCiPKIdToBeUsed", 0x04, TLV_REQUIRED, RspAuthenticateServerRequest,
              euicc_ci_pk_id_to_be_used),
    TLV_FIELD(RAW, "serverCertificate", 0x30, TLV_REQUIRED, RspAuthenticateServerRequest,
              server_certificate),
    TLV_FIELD(STRUCT, "ctxParams1", 0, TLV_REQUIRED, RspAuthenticateServerRequest, ctx_params1,
              .type = &rsp_ctx_params1),
};

const TlvType rsp_authenticate_server_request =
    TLV_TYPE("AuthenticateServerRequest", 0xBF38, TLV_SEQUENCE, RspAuthenticateServerRequest,
             authenticate_server_request_fields);

static const TlvField euicc_signed1_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspEuiccSigned1, transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(UTF8, "serverAddress", 0x83, TLV_REQUIRED | TLV_ADDRESS, RspEuiccSigned1,
              server_address),
    TLV_FIELD(OCTETS, "serverChallenge", 0x84, TLV_REQUIRED, RspEuiccSigned1, server_challenge,
              .min = 16, .max = 16),
    TLV_FIELD(STRUCT, "euiccInfo2", 0xBF22, TLV_REQUIRED, RspEuiccSigned1, euicc_info2,
              .type = &rsp_euicc_info2),
    TLV_FIELD(STRUCT, "ctxParams1", 0, TLV_REQUIRED, RspEuiccSigned1, ctx_params1,
              .type = &rsp_ctx_params1),
};

const TlvType rsp_euicc_signed1 =
    TLV_TYPE("EuiccSigned1", 0x30, TLV_SEQUENCE, RspEuiccSigned1, euicc_signed1_fields);

static const TlvField authenticate_response_ok_fields[] = {
    TLV_FIELD(STRUCT, "euiccSigned1", 0x30, TLV_REQUIRED, RspAuthenticateResponseOk, euicc_signed1,
              .type = &rsp_euicc_signed1),
    TLV_FIELD(OCTETS, "euiccSignature1", 0x5F37, TLV_REQUIRED, RspAuthenticateResponseOk,
              euicc_signature1),
    TLV_FIELD(RAW, "euiccCertificate", 0x30, TLV_REQUIRED, RspAuthenticateResponseOk,
              euicc_certificate),
    TLV_FIELD(RAW, "eumCertificate", 0x30, TLV_REQUIRED, RspAuthenticateResponseOk,
              eum_certificate),
};

const TlvType rsp_authenticate_response_ok =
    TLV_TYPE("AuthenticateResponseOk", 0xA0, TLV_SEQUENCE, RspAuthenticateResponseOk,
             authenticate_response_ok_fields);

static const TlvField authenticate_response_error_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspAuthenticateResponseError,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "authenticateErrorCode", 0x02, TLV_REQUIRED, RspAuthenticateResponseError,
              authenticate_error_code, .names = rsp_names_authenticate_error_code),
};

const TlvType rsp_authenticate_response_error =
    TLV_TYPE("AuthenticateResponseError", 0xA1, TLV_SEQUENCE, RspAuthenticateResponseError,
             authenticate_response_error_fields);

static const TlvField compact_euicc_signed1_fields[] = {
    TLV_FIELD(OCTETS, "extCardResource", 0x84, TLV_REQUIRED, RspCompactEuiccSigned1,
              ext_card_resource),
    TLV_FIELD(STRUCT, "ctxParams1", 0xA2, TLV_OPTIONAL, RspCompactEuiccSigned1, ctx_params1,
              .type = &rsp_ctx_params1),
};

const TlvType rsp_compact_euicc_signed1 =
    TLV_TYPE("CompactEuiccSigned1", 0xA0, TLV_SEQUENCE, RspCompactEuiccSigned1,
             compact_euicc_signed1_fields);

static const TlvField compact_signed_data_fields[] = {
    TLV_FIELD(STRUCT, "euiccSigned1", 0x30, TLV_OPTIONAL, RspCompactSignedData, euicc_signed1,
              .type = &rsp_euicc_signed1),
    TLV_FIELD(STRUCT, "compactEuiccSigned1", 0xA0, TLV_OPTIONAL, RspCompactSignedData,
              compact_euicc_signed1, .type = &rsp_compact_euicc_signed1),
};

const TlvType rsp_compact_signed_data =
    TLV_TYPE("SignedData", 0, TLV_CHOICE, RspCompactSignedData, compact_signed_data_fields);

static const TlvField compact_authenticate_response_ok_fields[] = {
    TLV_FIELD(STRUCT, "signedData", 0, TLV_REQUIRED, RspCompactAuthenticateResponseOk, signed_data,
              .type = &rsp_compact_signed_data),
    TLV_FIELD(OCTETS, "euiccSignature1", 0x5F37, TLV_REQUIRED, RspCompactAuthenticateResponseOk,
              euicc_signature1),
    TLV_FIELD(OCTETS, "euiccCertificate", 0xA1, TLV_IMPLICIT, RspCompactAuthenticateResponseOk,
              euicc_certificate),
    TLV_FIELD(OCTETS, "eumCertificate", 0xA2, TLV_IMPLICIT, RspCompactAuthenticateResponseOk,
              eum_certificate),
};

const TlvType rsp_compact_authenticate_response_ok =
    TLV_TYPE("CompactAuthenticateResponseOk", 0xA2, TLV_SEQUENCE, RspCompactAuthenticateResponseOk,
             compact_authenticate_response_ok_fields);

static const TlvField authenticate_server_response_fields[] = {
    TLV_FIELD(STRUCT, "authenticateResponseOk", 0xA0, TLV_OPTIONAL, RspAuthenticateServerResponse,
              authenticate_response_ok, .type = &rsp_authenticate_response_ok),
    TLV_FIELD(STRUCT, "authenticateResponseError", 0xA1, TLV_OPTIONAL,
              RspAuthenticateServerResponse, authenticate_response_error,
              .type = &rsp_authenticate_response_error),
    TLV_FIELD(STRUCT, "compactAuthenticateResponseOk", 0xA2, TLV_OPTIONAL,
              RspAuthenticateServerResponse, compact_authenticate_response_ok,
              .type = &rsp_compact_authenticate_response_ok),
};

const TlvType rsp_authenticate_server_response =
    TLV_TYPE("AuthenticateServerResponse", 0xBF38, TLV_CHOICE, RspAuthenticateServerResponse,
             authenticate_server_response_fields);

static const TlvField smdp_signed2_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspSmdpSigned2, transaction_id, .min = 1,
              .max = 16),
    TLV_FIELD(BOOLEAN, "ccRequiredFlag", 0x01, TLV_REQUIRED, RspSmdpSigned2, cc_required_flag),
    TLV_FIELD(OCTETS, "bppEuiccOtpk", 0x5F49, TLV_OPTIONAL, RspSmdpSigned2, bpp_euicc_otpk),
};

const TlvType rsp_smdp_signed2 =
    TLV_TYPE("SmdpSigned2", 0x30, TLV_SEQUENCE, RspSmdpSigned2, smdp_signed2_fields);

static const TlvField prepare_download_request_fields[] = {
    TLV_FIELD(STRUCT, "smdpSigned2", 0x30, TLV_REQUIRED, RspPrepareDownloadRequest, smdp_signed2,
              .type = &rsp_smdp_signed2),
    TLV_FIELD(OCTETS, "smdpSignature2", 0x5F37, TLV_REQUIRED, RspPrepareDownloadRequest,
              smdp_signature2),
    TLV_FIELD(OCTETS, "hashCc", 0x04, TLV_SECRET, RspPrepareDownloadRequest, hash_cc, .min = 32,
              .max = 32),
    TLV_FIELD(RAW, "smdpCertificate", 0x30, TLV_REQUIRED, RspPrepareDownloadRequest,
              smdp_certificate),
};

const TlvType rsp_prepare_download_request =
    TLV_TYPE("PrepareDownloadRequest", 0xBF21, TLV_SEQUENCE, RspPrepareDownloadRequest,
             prepare_download_request_fields);

static const TlvField euicc_signed2_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspEuiccSigned2, transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(OCTETS, "euiccOtpk", 0x5F49, TLV_REQUIRED, RspEuiccSigned2, euicc_otpk),
    TLV_FIELD(OCTETS, "hashCc", 0x04, TLV_SECRET, RspEuiccSigned2, hash_cc, .min = 32, .max = 32),
};

const TlvType rsp_euicc_signed2 =
    TLV_TYPE("EuiccSigned2", 0x30, TLV_SEQUENCE, RspEuiccSigned2, euicc_signed2_fields);

static const TlvField download_response_ok_fields[] = {
    TLV_FIELD(STRUCT, "euiccSigned2", 0x30, TLV_REQUIRED, RspDownloadResponseOk, euicc_signed2,
              .type = &rsp_euicc_signed2),
    TLV_FIELD(OCTETS, "euiccSignature2", 0x5F37, TLV_REQUIRED, RspDownloadResponseOk,
              euicc_signature2),
};

const TlvType rsp_download_response_ok = TLV_TYPE(
    "DownloadResponseOk", 0xA0, TLV_SEQUENCE, RspDownloadResponseOk, download_response_ok_fields);

static const TlvField download_response_error_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspDownloadResponseError, transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "downloadErrorCode", 0x02, TLV_REQUIRED, RspDownloadResponseError,
              download_error_code, .names = rsp_names_download_error_code),
};

const TlvType rsp_download_response_error =
    TLV_TYPE("DownloadResponseError", 0xA1, TLV_SEQUENCE, RspDownloadResponseError,
             download_response_error_fields);

static const TlvField compact_euicc_signed2_fields[] = {
    TLV_FIELD(OCTETS, "euiccOtpk", 0x5F49, TLV_OPTIONAL, RspCompactEuiccSigned2, euicc_otpk),
    TLV_FIELD(OCTETS, "hashCc", 0x04, TLV_SECRET, RspCompactEuiccSigned2, hash_cc, .min = 32,
              .max = 32),
};

const TlvType rsp_compact_euicc_signed2 =
    TLV_TYPE("CompactEuiccSigned2", 0x30, TLV_SEQUENCE, RspCompactEuiccSigned2,
             compact_euicc_signed2_fields);

static const TlvField compact_download_response_ok_fields[] = {
    TLV_FIELD(STRUCT, "compactEuiccSigned2", 0x30, TLV_REQUIRED, RspCompactDownloadResponseOk,
              compact_euicc_signed2, .type = &rsp_compact_euicc_signed2),
    TLV_FIELD(OCTETS, "euiccSignature2", 0x5F37, TLV_REQUIRED, RspCompactDownloadResponseOk,
              euicc_signature2),
};

const TlvType rsp_compact_download_response_ok =
    TLV_TYPE("CompactDownloadResponseOk", 0xA2, TLV_SEQUENCE, RspCompactDownloadResponseOk,
             compact_download_response_ok_fields);

static const TlvField prepare_download_response_fields[] = {
    TLV_FIELD(STRUCT, "downloadResponseOk", 0xA0, TLV_OPTIONAL, RspPrepareDownloadResponse,
              download_response_ok, .type = &rsp_download_response_ok),
    TLV_FIELD(STRUCT, "downloadResponseError", 0xA1, TLV_OPTIONAL, RspPrepareDownloadResponse,
              download_response_error, .type = &rsp_download_response_error),
    TLV_FIELD(STRUCT, "compactDownloadResponseOk", 0xA2, TLV_OPTIONAL, RspPrepareDownloadResponse,
              compact_download_response_ok, .type = &rsp_compact_download_response_ok),
};

const TlvType rsp_prepare_download_response =
    TLV_TYPE("PrepareDownloadResponse", 0xBF21, TLV_CHOICE, RspPrepareDownloadResponse,
             prepare_download_response_fields);

static const TlvField cancel_session_request_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspCancelSessionRequest, transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "reason", 0x81, TLV_REQUIRED, RspCancelSessionRequest, reason,
              .names = rsp_names_cancel_session_reason),
};

const TlvType rsp_cancel_session_request =
    TLV_TYPE("CancelSessionRequest", 0xBF41, TLV_SEQUENCE, RspCancelSessionRequest,
             cancel_session_request_fields);

static const TlvField euicc_cancel_session_signed_fields[] = {
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspEuiccCancelSessionSigned,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(OID, "smdpOid", 0x81, TLV_REQUIRED, RspEuiccCancelSessionSigned, smdp_oid),
    TLV_FIELD(INTEGER, "reason", 0x82, TLV_REQUIRED, RspEuiccCancelSessionSigned, reason,
              .names = rsp_names_cancel_session_reason),
};

const TlvType rsp_euicc_cancel_session_signed =
    TLV_TYPE("EuiccCancelSessionSigned", 0x30, TLV_SEQUENCE, RspEuiccCancelSessionSigned,
             euicc_cancel_session_signed_fields);

static const TlvField cancel_session_response_ok_fields[] = {
    TLV_FIELD(STRUCT, "euiccCancelSessionSigned", 0x30, TLV_REQUIRED, RspCancelSessionResponseOk,
              euicc_cancel_session_signed, .type = &rsp_euicc_cancel_session_signed),
    TLV_FIELD(OCTETS, "euiccCancelSessionSignature", 0x5F37, TLV_REQUIRED,
              RspCancelSessionResponseOk, euicc_cancel_session_signature),
};

const TlvType rsp_cancel_session_response_ok =
    TLV_TYPE("CancelSessionResponseOk", 0xA0, TLV_SEQUENCE, RspCancelSessionResponseOk,
             cancel_session_response_ok_fields);

static const TlvField compact_euicc_cancel_session_signed_fields[] = {
    TLV_FIELD(INTEGER, "reason", 0x80, TLV_OPTIONAL, RspCompactEuiccCancelSessionSigned, reason,
              .names = rsp_names_cancel_session_reason),
};

const TlvType rsp_compact_euicc_cancel_session_signed =
    TLV_TYPE("CompactEuiccCancelSessionSigned", 0x30, TLV_SEQUENCE,
             RspCompactEuiccCancelSessionSigned, compact_euicc_cancel_session_signed_fields);

static const TlvField compact_cancel_session_response_ok_fields[] = {
    TLV_FIELD(STRUCT, "compactEuiccCancelSessionSigned", 0x30, TLV_REQUIRED,
              RspCompactCancelSessionResponseOk, compact_euicc_cancel_session_signed,
              .type = &rsp_compact_euicc_cancel_session_signed),
    TLV_FIELD(OCTETS, "euiccCancelSessionSignature", 0x5F37, TLV_REQUIRED,
              RspCompactCancelSessionResponseOk, euicc_cancel_session_signature),
};

const TlvType rsp_compact_cancel_session_response_ok =
    TLV_TYPE("CompactCancelSessionResponseOk", 0xA2, TLV_SEQUENCE,
             RspCompactCancelSessionResponseOk, compact_cancel_session_response_ok_fields);

static const TlvField cancel_session_response_fields[] = {
    TLV_FIELD(STRUCT, "cancelSessionResponseOk", 0xA0, TLV_OPTIONAL, RspCancelSessionResponse,
              cancel_session_response_ok, .type = &rsp_cancel_session_response_ok),
    TLV_FIELD(INTEGER, "cancelSessionResponseError", 0x81, TLV_OPTIONAL, RspCancelSessionResponse,
              cancel_session_response_error, .names = rsp_names_cancel_session_response_error),
    TLV_FIELD(STRUCT, "compactCancelSessionResponseOk", 0xA2, TLV_OPTIONAL,
              RspCancelSessionResponse, compact_cancel_session_response_ok,
              .type = &rsp_compact_cancel_session_response_ok),
};

const TlvType rsp_cancel_session_response =
    TLV_TYPE("CancelSessionResponse", 0xBF41, TLV_CHOICE, RspCancelSessionResponse,
             cancel_session_response_fields);

static const TlvField control_ref_template_fields[] = {
    TLV_FIELD(OCTETS, "keyType", 0x80, TLV_REQUIRED, RspControlRefTemplate, key_type, .min = 1,
              .max = 1),
    TLV_FIELD(OCTETS, "keyLen", 0x81, TLV_REQUIRED, RspControlRefTemplate, key_len, .min = 1,
              .max = 1),
    TLV_FIELD(OCTETS, "hostId", 0x84, TLV_REQUIRED, RspControlRefTemplate, host_id),
};

const TlvType rsp_control_ref_template = TLV_TYPE(
    "ControlRefTemplate", 0xA6, TLV_SEQUENCE, RspControlRefTemplate, control_ref_template_fields);

static const TlvField initialise_secure_channel_request_fields[] = {
    TLV_FIELD(INTEGER, "remoteOpId", 0x82, TLV_REQUIRED, RspInitialiseSecureChannelRequest,
              remote_op_id, .names = rsp_names_remote_op_id),
    TLV_FIELD(OCTETS, "transactionId", 0x80, TLV_REQUIRED, RspInitialiseSecureChannelRequest,
              transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "controlRefTemplate", 0xA6, TLV_REQUIRED, RspInitialiseSecureChannelRequest,
              control_ref_template, .type = &rsp_control_ref_template),
    TLV_FIELD(OCTETS, "smdpOtpk", 0x5F49, TLV_REQUIRED, RspInitialiseSecureChannelRequest,
              smdp_otpk),
    TLV_FIELD(OCTETS, "smdpSign", 0x5F37, TLV_REQUIRED, RspInitialiseSecureChannelRequest,
              smdp_sign),
};

const TlvType rsp_initialise_secure_channel_request =
    TLV_TYPE("InitialiseSecureChannelRequest", 0xBF23, TLV_SEQUENCE,
             RspInitialiseSecureChannelRequest, initialise_secure_channel_request_fields);

static const TlvField configure_isdp_request_fields[] = {
    TLV_FIELD(STRUCT, "dpProprietaryData", 0xB8, TLV_OPTIONAL, RspConfigureIsdpRequest,
              dp_proprietary_data, .type = &rsp_dp_proprietary_data),
};

const TlvType rsp_configure_isdp_request =
    TLV_TYPE("ConfigureISDPRequest", 0xBF24, TLV_SEQUENCE, RspConfigureIsdpRequest,
             configure_isdp_request_fields);

static const TlvField replace_session_keys_request_fields[] = {
    TLV_FIELD(OCTETS, "initialMacChainingValue", 0x80, TLV_REQUIRED | TLV_SECRET,
              RspReplaceSessionKeysRequest, initial_mac_chaining_value, .min = 16, .max = 16),
    TLV_FIELD(OCTETS, "ppkEnc", 0x81, TLV_REQUIRED | TLV_SECRET, RspReplaceSessionKeysRequest,
              ppk_enc),
    TLV_FIELD(OCTETS, "ppkCmac", 0x82, TLV_REQUIRED | TLV_SECRET, RspReplaceSessionKeysRequest,
              ppk_cmac),
};

const TlvType rsp_replace_session_keys_request =
    TLV_TYPE("ReplaceSessionKeysRequest", 0xBF26, TLV_SEQUENCE, RspReplaceSessionKeysRequest,
             replace_session_keys_request_fields);

static const TlvField segment86_fields[] = {
    TLV_FIELD(OCTETS, "value", 0x86, TLV_OPTIONAL, RspOctetString, value),
};

const TlvType rsp_segment86 =
    TLV_TYPE("Segment86", 0x86, TLV_VALUE, RspOctetString, segment86_fields);

static const TlvField segment87_fields[] = {
    TLV_FIELD(OCTETS, "value", 0x87, TLV_OPTIONAL, RspOctetString, value),
};

const TlvType rsp_segment87 =
    TLV_TYPE("Segment87", 0x87, TLV_VALUE, RspOctetString, segment87_fields);

static const TlvField segment88_fields[] = {
    TLV_FIELD(OCTETS, "value", 0x88, TLV_OPTIONAL, RspOctetString, value),
};

const TlvType rsp_segment88 =
    TLV_TYPE("Segment88", 0x88, TLV_VALUE, RspOctetString, segment88_fields);

static const TlvField bound_profile_package_fields[] = {
    TLV_FIELD(STRUCT, "initialiseSecureChannelRequest", 0xBF23, TLV_REQUIRED,
              RspBoundProfilePackage, initialise_secure_channel_request,
              .type = &rsp_initialise_secure_channel_request),
    TLV_FIELD(LIST, "firstSequenceOf87", 0xA0, TLV_REQUIRED, RspBoundProfilePackage,
              first_sequence_of87, .type = &rsp_segment87),
    TLV_FIELD(LIST, "sequenceOf88", 0xA1, TLV_REQUIRED, RspBoundProfilePackage, sequence_of88,
              .type = &rsp_segment88),
    TLV_FIELD(LIST, "secondSequenceOf87", 0xA2, TLV_OPTIONAL, RspBoundProfilePackage,
              second_sequence_of87, .type = &rsp_segment87),
    TLV_FIELD(LIST, "sequenceOf86", 0xA3, TLV_REQUIRED, RspBoundProfilePackage, sequence_of86,
              .type = &rsp_segment86),
};

const TlvType rsp_bound_profile_package =
    TLV_TYPE("BoundProfilePackage", 0xBF36, TLV_SEQUENCE, RspBoundProfilePackage,
             bound_profile_package_fields, .strict = TRUE);
