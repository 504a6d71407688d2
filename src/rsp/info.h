/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

/* What an eUICC says about itself: ES10a, ES10b and ES10c information functions. */

typedef struct {
    TlvHead head;
} RspGetEuiccInfo1Request;
extern const TlvType rsp_get_euicc_info1_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEuiccInfo1Request, tlv_struct_free)

/* SGP.22 5.7.8. Signed by nobody, but forwarded as received. */
typedef struct {
    TlvHead head;
    TlvSlice svn;
    GPtrArray *euicc_ci_pk_id_list_for_verification; /* of RspOctetString */
    GPtrArray *euicc_ci_pk_id_list_for_signing;      /* of RspOctetString */
} RspEuiccInfo1;
extern const TlvType rsp_euicc_info1;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccInfo1, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice platform_label;
    TlvSlice discovery_base_url;
} RspCertificationDataObject;
extern const TlvType rsp_certification_data_object;

/* SGP.32 5.9.2. Its presence in EUICCInfo2 tells an IoT eUICC. */
typedef struct {
    TlvHead head;
    GPtrArray *iot_version; /* of RspOctetString */
    gboolean ecall_supported;
    gboolean fallback_supported;
    gboolean fallback_allowed_update_supported;
} RspIotSpecificInfo;
extern const TlvType rsp_iot_specific_info;

typedef struct {
    TlvHead head;
} RspGetEuiccInfo2Request;
extern const TlvType rsp_get_euicc_info2_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEuiccInfo2Request, tlv_struct_free)

/* SGP.22 5.7.8, SGP.32 5.9.2. */
typedef struct {
    TlvHead head;
    TlvSlice profile_version;
    TlvSlice svn;
    TlvSlice euicc_firmware_ver;
    TlvSlice ext_card_resource;
    TlvSlice uicc_capability; /* rsp_names_uicc_capability */
    TlvSlice ts102241_version;
    TlvSlice globalplatform_version;
    TlvSlice rsp_capability;                         /* rsp_names_rsp_capability */
    GPtrArray *euicc_ci_pk_id_list_for_verification; /* of RspOctetString */
    GPtrArray *euicc_ci_pk_id_list_for_signing;      /* of RspOctetString */
    TlvInteger euicc_category;                       /* rsp_names_euicc_category */
    TlvSlice forbidden_profile_policy_rules;         /* rsp_names_ppr_ids */
    TlvSlice pp_version;
    TlvSlice sas_acreditation_number;
    RspCertificationDataObject *certification_data_object;
    TlvSlice tre_properties; /* rsp_names_tre_properties */
    TlvSlice tre_product_reference;
    GPtrArray *additional_euicc_profile_package_versions; /* of RspOctetString */
    TlvInteger ipa_mode;                                  /* rsp_names_ipa_mode */
    GPtrArray *euicc_ci_pk_id_list_for_signing_v3;        /* of RspOctetString */
    TlvSlice additional_euicc_info;
    TlvSlice highest_svn;
    RspIotSpecificInfo *iot_specific_info;
    TlvSlice euicc_minimum_security_level;
} RspEuiccInfo2;
extern const TlvType rsp_euicc_info2;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccInfo2, tlv_struct_free)

typedef struct {
    TlvHead head;
} RspEuiccConfiguredAddressesRequest;
extern const TlvType rsp_euicc_configured_addresses_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccConfiguredAddressesRequest, tlv_struct_free)

/* SGP.22 5.7.3. */
typedef struct {
    TlvHead head;
    TlvSlice default_dp_address;
    TlvSlice root_ds_address;
} RspEuiccConfiguredAddressesResponse;
extern const TlvType rsp_euicc_configured_addresses_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccConfiguredAddressesResponse, tlv_struct_free)

/* SGP.32 5.9.25; an empty address removes it. The universal tag was seen from one eIM (I-06). */
typedef struct {
    TlvHead head;
    TlvSlice default_dp_address;
} RspSetDefaultDpAddressRequest;
extern const TlvType rsp_set_default_dp_address_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspSetDefaultDpAddressRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger set_default_dp_address_result; /* rsp_names_set_default_dp_address_result */
} RspSetDefaultDpAddressResponse;
extern const TlvType rsp_set_default_dp_address_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspSetDefaultDpAddressResponse, tlv_struct_free)

/* SGP.22 5.7.4, consumer eUICC. */
typedef struct {
    TlvHead head;
    TlvSlice default_dp_address;
} RspEs10aSetDefaultDpAddressRequest;
extern const TlvType rsp_es10a_set_default_dp_address_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEs10aSetDefaultDpAddressRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger set_default_dp_address_result; /* rsp_names_set_default_dp_address_result */
} RspEs10aSetDefaultDpAddressResponse;
extern const TlvType rsp_es10a_set_default_dp_address_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEs10aSetDefaultDpAddressResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
} RspGetEuiccChallengeRequest;
extern const TlvType rsp_get_euicc_challenge_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEuiccChallengeRequest, tlv_struct_free)

#define RSP_CHALLENGE_SIZE 16 /* octets of euiccChallenge and serverChallenge */

/* SGP.22 5.7.7. */
typedef struct {
    TlvHead head;
    TlvSlice euicc_challenge;
} RspGetEuiccChallengeResponse;
extern const TlvType rsp_get_euicc_challenge_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEuiccChallengeResponse, tlv_struct_free)

/* SGP.22 5.7.20; for the EID the list is 5A. */
typedef struct {
    TlvHead head;
    TlvSlice tag_list;
} RspGetEuiccDataRequest;
extern const TlvType rsp_get_euicc_data_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEuiccDataRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice eid_value;
} RspGetEuiccDataResponse;
extern const TlvType rsp_get_euicc_data_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEuiccDataResponse, tlv_struct_free)

/* SGP.32 5.9.10. The universal tag was seen from one IPA (I-05). */
typedef struct {
    TlvHead head;
    TlvSlice euicc_ci_pk_id;
} RspGetCertsRequest;
extern const TlvType rsp_get_certs_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetCertsRequest, tlv_struct_free)

/* SGP.32 5.9.10: the context tags replace the tags of the certificates
 * (rsp_certificate_from_implicit()). */
typedef struct {
    TlvHead head;
    TlvSlice eum_certificate;
    TlvSlice euicc_certificate;
} RspCerts;
extern const TlvType rsp_certs;

typedef struct {
    TlvHead head;
    RspCerts *certs;
    TlvInteger get_certs_error; /* rsp_names_get_certs_error */
} RspGetCertsResponse;
extern const TlvType rsp_get_certs_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetCertsResponse, tlv_struct_free)

/* SGP.22 2.8.1.2. */
typedef struct {
    TlvHead head;
    TlvSlice ppr_ids;             /* rsp_names_ppr_ids */
    GPtrArray *allowed_operators; /* of RspOperatorId */
    TlvSlice ppr_flags;           /* rsp_names_ppr_flags */
} RspProfilePolicyAuthorisationRule;
extern const TlvType rsp_profile_policy_authorisation_rule;

typedef struct {
    TlvHead head;
} RspGetRatRequest;
extern const TlvType rsp_get_rat_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetRatRequest, tlv_struct_free)

/* SGP.22 5.7.22. */
typedef struct {
    TlvHead head;
    GPtrArray *rat; /* of RspProfilePolicyAuthorisationRule */
} RspGetRatResponse;
extern const TlvType rsp_get_rat_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetRatResponse, tlv_struct_free)

/* SGP.32 2.4.4. May hold the login and password of the access point. */
typedef struct {
    TlvHead head;
    TlvSlice http_params;
} RspConnectivityParameters;
extern const TlvType rsp_connectivity_parameters;

typedef struct {
    TlvHead head;
} RspGetConnectivityParametersRequest;
extern const TlvType rsp_get_connectivity_parameters_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetConnectivityParametersRequest, tlv_struct_free)

/* SGP.32 5.9.24. */
typedef struct {
    TlvHead head;
    RspConnectivityParameters *connectivity_parameters;
    TlvInteger connectivity_parameters_error; /* rsp_names_connectivity_parameters_error */
} RspGetConnectivityParametersResponse;
extern const TlvType rsp_get_connectivity_parameters_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetConnectivityParametersResponse, tlv_struct_free)

/* In the answer to SELECT ISD-R: SGP.22 5.7.1. */
typedef struct {
    TlvHead head;
    TlvSlice svn;
    TlvSlice lpae_support; /* rsp_names_lpae_support */
} RspIsdrProprietaryApplicationTemplate;
extern const TlvType rsp_isdr_proprietary_application_template;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspIsdrProprietaryApplicationTemplate, tlv_struct_free)

/* In the answer to SELECT ISD-R: SGP.32 3.8.4. */
typedef struct {
    TlvHead head;
    TlvSlice euicc_configuration; /* rsp_names_euicc_configuration */
} RspIsdrProprietaryApplicationTemplateIot;
extern const TlvType rsp_isdr_proprietary_application_template_iot;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspIsdrProprietaryApplicationTemplateIot, tlv_struct_free)

/* SGP.32 3.8.4. */
typedef struct {
    TlvHead head;
    TlvSlice ipae_option; /* rsp_names_ipae_option */
} RspIpaeActivationRequest;
extern const TlvType rsp_ipae_activation_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspIpaeActivationRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger ipae_activation_result; /* rsp_names_ipae_activation_result */
} RspIpaeActivationResponse;
extern const TlvType rsp_ipae_activation_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspIpaeActivationResponse, tlv_struct_free)

G_END_DECLS
