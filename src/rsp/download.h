/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/common.h"
#include "rsp/info.h"

G_BEGIN_DECLS

/* Profile download: mutual authentication, preparation, bound profile packages
 * (SGP.22 2.5.4, 5.7.5, 5.7.6, 5.7.13, 5.7.14). */

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvSlice euicc_challenge;
    TlvSlice server_address;
    TlvSlice server_challenge;
} RspServerSigned1;
extern const TlvType rsp_server_signed1;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspServerSigned1, tlv_struct_free)

/* SGP.22 5.7.13. The parts of the server are copied as received. */
typedef struct {
    TlvHead head;
    RspServerSigned1 *server_signed1;
    TlvSlice server_signature1;
    TlvSlice euicc_ci_pk_id_to_be_used;
    TlvSlice server_certificate;
    RspCtxParams1 *ctx_params1;
} RspAuthenticateServerRequest;
extern const TlvType rsp_authenticate_server_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspAuthenticateServerRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvSlice server_address;
    TlvSlice server_challenge;
    RspEuiccInfo2 *euicc_info2;
    RspCtxParams1 *ctx_params1;
} RspEuiccSigned1;
extern const TlvType rsp_euicc_signed1;

typedef struct {
    TlvHead head;
    RspEuiccSigned1 *euicc_signed1;
    TlvSlice euicc_signature1;
    TlvSlice euicc_certificate;
    TlvSlice eum_certificate;
} RspAuthenticateResponseOk;
extern const TlvType rsp_authenticate_response_ok;

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvInteger authenticate_error_code; /* rsp_names_authenticate_error_code */
} RspAuthenticateResponseError;
extern const TlvType rsp_authenticate_response_error;

typedef struct {
    TlvHead head;
    TlvSlice ext_card_resource;
    RspCtxParams1 *ctx_params1;
} RspCompactEuiccSigned1;
extern const TlvType rsp_compact_euicc_signed1;

typedef struct {
    TlvHead head;
    RspEuiccSigned1 *euicc_signed1;
    RspCompactEuiccSigned1 *compact_euicc_signed1;
} RspCompactSignedData;
extern const TlvType rsp_compact_signed_data;

/* SGP.32 6.3.2.2, made by an IPA that minimises octets. The tags of the certificates are replaced.
 */
typedef struct {
    TlvHead head;
    RspCompactSignedData *signed_data;
    TlvSlice euicc_signature1;
    TlvSlice euicc_certificate;
    TlvSlice eum_certificate;
} RspCompactAuthenticateResponseOk;
extern const TlvType rsp_compact_authenticate_response_ok;

/* SGP.22 5.7.13. Signed: forwarded as received. */
typedef struct {
    TlvHead head;
    RspAuthenticateResponseOk *authenticate_response_ok;
    RspAuthenticateResponseError *authenticate_response_error;
    RspCompactAuthenticateResponseOk *compact_authenticate_response_ok;
} RspAuthenticateServerResponse;
extern const TlvType rsp_authenticate_server_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspAuthenticateServerResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvInteger cc_required_flag;
    TlvSlice bpp_euicc_otpk;
} RspSmdpSigned2;
extern const TlvType rsp_smdp_signed2;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspSmdpSigned2, tlv_struct_free)

/* SGP.22 5.7.5. */
typedef struct {
    TlvHead head;
    RspSmdpSigned2 *smdp_signed2;
    TlvSlice smdp_signature2;
    TlvSlice hash_cc;
    TlvSlice smdp_certificate;
} RspPrepareDownloadRequest;
extern const TlvType rsp_prepare_download_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspPrepareDownloadRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvSlice euicc_otpk;
    TlvSlice hash_cc;
} RspEuiccSigned2;
extern const TlvType rsp_euicc_signed2;

typedef struct {
    TlvHead head;
    RspEuiccSigned2 *euicc_signed2;
    TlvSlice euicc_signature2;
} RspDownloadResponseOk;
extern const TlvType rsp_download_response_ok;

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvInteger download_error_code; /* rsp_names_download_error_code */
} RspDownloadResponseError;
extern const TlvType rsp_download_response_error;

typedef struct {
    TlvHead head;
    TlvSlice euicc_otpk;
    TlvSlice hash_cc;
} RspCompactEuiccSigned2;
extern const TlvType rsp_compact_euicc_signed2;

/* SGP.32 6.3.2.3. */
typedef struct {
    TlvHead head;
    RspCompactEuiccSigned2 *compact_euicc_signed2;
    TlvSlice euicc_signature2;
} RspCompactDownloadResponseOk;
extern const TlvType rsp_compact_download_response_ok;

/* SGP.22 5.7.5. Signed: forwarded as received. */
typedef struct {
    TlvHead head;
    RspDownloadResponseOk *download_response_ok;
    RspDownloadResponseError *download_response_error;
    RspCompactDownloadResponseOk *compact_download_response_ok;
} RspPrepareDownloadResponse;
extern const TlvType rsp_prepare_download_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspPrepareDownloadResponse, tlv_struct_free)

/* SGP.22 5.7.14. */
typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvInteger reason; /* rsp_names_cancel_session_reason */
} RspCancelSessionRequest;
extern const TlvType rsp_cancel_session_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspCancelSessionRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice transaction_id;
    TlvSlice smdp_oid;
    TlvInteger reason; /* rsp_names_cancel_session_reason */
} RspEuiccCancelSessionSigned;
extern const TlvType rsp_euicc_cancel_session_signed;

typedef struct {
    TlvHead head;
    RspEuiccCancelSessionSigned *euicc_cancel_session_signed;
    TlvSlice euicc_cancel_session_signature;
} RspCancelSessionResponseOk;
extern const TlvType rsp_cancel_session_response_ok;

typedef struct {
    TlvHead head;
    TlvInteger reason; /* rsp_names_cancel_session_reason */
} RspCompactEuiccCancelSessionSigned;
extern const TlvType rsp_compact_euicc_cancel_session_signed;

/* SGP.32 6.3.2.5. */
typedef struct {
    TlvHead head;
    RspCompactEuiccCancelSessionSigned *compact_euicc_cancel_session_signed;
    TlvSlice euicc_cancel_session_signature;
} RspCompactCancelSessionResponseOk;
extern const TlvType rsp_compact_cancel_session_response_ok;

/* SGP.22 5.7.14. Signed: forwarded as received. */
typedef struct {
    TlvHead head;
    RspCancelSessionResponseOk *cancel_session_response_ok;
    TlvInteger cancel_session_response_error; /* rsp_names_cancel_session_response_error */
    RspCompactCancelSessionResponseOk *compact_cancel_session_response_ok;
} RspCancelSessionResponse;
extern const TlvType rsp_cancel_session_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspCancelSessionResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice key_type;
    TlvSlice key_len;
    TlvSlice host_id;
} RspControlRefTemplate;
extern const TlvType rsp_control_ref_template;

/* SGP.22 5.5.1. */
typedef struct {
    TlvHead head;
    TlvInteger remote_op_id; /* rsp_names_remote_op_id */
    TlvSlice transaction_id;
    RspControlRefTemplate *control_ref_template;
    TlvSlice smdp_otpk;
    TlvSlice smdp_sign;
} RspInitialiseSecureChannelRequest;
extern const TlvType rsp_initialise_secure_channel_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspInitialiseSecureChannelRequest, tlv_struct_free)

/* SGP.22 5.5.2. */
typedef struct {
    TlvHead head;
    RspDpProprietaryData *dp_proprietary_data;
} RspConfigureIsdpRequest;
extern const TlvType rsp_configure_isdp_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspConfigureIsdpRequest, tlv_struct_free)

/* SGP.22 5.5.4. */
typedef struct {
    TlvHead head;
    TlvSlice initial_mac_chaining_value;
    TlvSlice ppk_enc;
    TlvSlice ppk_cmac;
} RspReplaceSessionKeysRequest;
extern const TlvType rsp_replace_session_keys_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspReplaceSessionKeysRequest, tlv_struct_free)

extern const TlvType rsp_segment86;

extern const TlvType rsp_segment87;

extern const TlvType rsp_segment88;

/* SGP.22 2.5.4. Loaded part by part in this order, so nothing else may stand in it. Segments are
 * found by their place in head.raw; they are never encoded again. */
typedef struct {
    TlvHead head;
    RspInitialiseSecureChannelRequest *initialise_secure_channel_request;
    GPtrArray *first_sequence_of87;  /* of RspOctetString */
    GPtrArray *sequence_of88;        /* of RspOctetString */
    GPtrArray *second_sequence_of87; /* of RspOctetString */
    GPtrArray *sequence_of86;        /* of RspOctetString */
} RspBoundProfilePackage;
extern const TlvType rsp_bound_profile_package;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspBoundProfilePackage, tlv_struct_free)

G_END_DECLS
