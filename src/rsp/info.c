/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/info.h"

#include "rsp/common.h"
#include "rsp/names.h"

const TlvType rsp_get_euicc_info1_request =
    TLV_TYPE_EMPTY("GetEuiccInfo1Request", 0xBF20, RspGetEuiccInfo1Request);

static const TlvField euicc_info1_fields[] = {
    TLV_FIELD(OCTETS, "svn", 0x82, TLV_REQUIRED, RspEuiccInfo1, svn, .min = 3, .max = 3),
    TLV_FIELD(LIST, "euiccCiPKIdListForVerification", 0xA9, TLV_REQUIRED, RspEuiccInfo1,
              euicc_ci_pk_id_list_for_verification, .type = &rsp_subject_key_identifier),
    TLV_FIELD(LIST, "euiccCiPKIdListForSigning", 0xAA, TLV_REQUIRED, RspEuiccInfo1,
              euicc_ci_pk_id_list_for_signing, .type = &rsp_subject_key_identifier),
};

const TlvType rsp_euicc_info1 =
    TLV_TYPE("EUICCInfo1", 0xBF20, TLV_SEQUENCE, RspEuiccInfo1, euicc_info1_fields);

static const TlvField certification_data_object_fields[] = {
    TLV_FIELD(UTF8, "platformLabel", 0x80, TLV_REQUIRED, RspCertificationDataObject,
              platform_label),
    TLV_FIELD(UTF8, "discoveryBaseURL", 0x81, TLV_REQUIRED, RspCertificationDataObject,
              discovery_base_url),
};

const TlvType rsp_certification_data_object =
    TLV_TYPE("CertificationDataObject", 0xAC, TLV_SEQUENCE, RspCertificationDataObject,
             certification_data_object_fields);

static const TlvField iot_specific_info_fields[] = {
    TLV_FIELD(LIST, "iotVersion", 0xA0, TLV_REQUIRED, RspIotSpecificInfo, iot_version,
              .type = &rsp_version_type),
    TLV_FIELD(NULL, "ecallSupported", 0x81, TLV_OPTIONAL, RspIotSpecificInfo, ecall_supported),
    TLV_FIELD(NULL, "fallbackSupported", 0x82, TLV_OPTIONAL, RspIotSpecificInfo,
              fallback_supported),
    TLV_FIELD(NULL, "fallbackAllowedUpdateSupported", 0x83, TLV_OPTIONAL, RspIotSpecificInfo,
              fallback_allowed_update_supported),
};

const TlvType rsp_iot_specific_info =
    TLV_TYPE("IoTSpecificInfo", 0xB4, TLV_SEQUENCE, RspIotSpecificInfo, iot_specific_info_fields);

const TlvType rsp_get_euicc_info2_request =
    TLV_TYPE_EMPTY("GetEuiccInfo2Request", 0xBF22, RspGetEuiccInfo2Request);

static const TlvField euicc_info2_fields[] = {
    TLV_FIELD(OCTETS, "profileVersion", 0x81, TLV_REQUIRED, RspEuiccInfo2, profile_version,
              .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "svn", 0x82, TLV_REQUIRED, RspEuiccInfo2, svn, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "euiccFirmwareVer", 0x83, TLV_REQUIRED, RspEuiccInfo2, euicc_firmware_ver,
              .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "extCardResource", 0x84, TLV_REQUIRED, RspEuiccInfo2, ext_card_resource),
    TLV_FIELD(BITS, "uiccCapability", 0x85, TLV_REQUIRED, RspEuiccInfo2, uicc_capability,
              .names = rsp_names_uicc_capability),
    TLV_FIELD(OCTETS, "ts102241Version", 0x86, TLV_OPTIONAL, RspEuiccInfo2, ts102241_version,
              .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "globalplatformVersion", 0x87, TLV_OPTIONAL, RspEuiccInfo2,
              globalplatform_version, .min = 3, .max = 3),
    TLV_FIELD(BITS, "rspCapability", 0x88, TLV_REQUIRED, RspEuiccInfo2, rsp_capability,
              .names = rsp_names_rsp_capability),
    TLV_FIELD(LIST, "euiccCiPKIdListForVerification", 0xA9, TLV_REQUIRED, RspEuiccInfo2,
              euicc_ci_pk_id_list_for_verification, .type = &rsp_subject_key_identifier),
    TLV_FIELD(LIST, "euiccCiPKIdListForSigning", 0xAA, TLV_REQUIRED, RspEuiccInfo2,
              euicc_ci_pk_id_list_for_signing, .type = &rsp_subject_key_identifier),
    TLV_FIELD(INTEGER, "euiccCategory", 0x8B, TLV_OPTIONAL, RspEuiccInfo2, euicc_category,
              .names = rsp_names_euicc_category),
    TLV_FIELD(BITS, "forbiddenProfilePolicyRules", 0x99, TLV_OPTIONAL, RspEuiccInfo2,
              forbidden_profile_policy_rules, .names = rsp_names_ppr_ids),
    TLV_FIELD(OCTETS, "ppVersion", 0x04, TLV_REQUIRED, RspEuiccInfo2, pp_version, .min = 3,
              .max = 3),
    TLV_FIELD(UTF8, "sasAcreditationNumber", 0x0C, TLV_REQUIRED, RspEuiccInfo2,
              sas_acreditation_number),
    TLV_FIELD(STRUCT, "certificationDataObject", 0xAC, TLV_OPTIONAL, RspEuiccInfo2,
              certification_data_object, .type = &rsp_certification_data_object),
    TLV_FIELD(BITS, "treProperties", 0x8D, TLV_OPTIONAL, RspEuiccInfo2, tre_properties,
              .names = rsp_names_tre_properties),
    TLV_FIELD(UTF8, "treProductReference", 0x8E, TLV_OPTIONAL, RspEuiccInfo2,
              tre_product_reference),
    TLV_FIELD(LIST, "additionalEuiccProfilePackageVersions", 0xAF, TLV_OPTIONAL, RspEuiccInfo2,
              additional_euicc_profile_package_versions, .type = &rsp_version_type),
    TLV_FIELD(INTEGER, "ipaMode", 0x90, TLV_OPTIONAL, RspEuiccInfo2, ipa_mode,
              .names = rsp_names_ipa_mode),
    TLV_FIELD(LIST, "euiccCiPKIdListForSigningV3", 0xB1, TLV_OPTIONAL, RspEuiccInfo2,
              euicc_ci_pk_id_list_for_signing_v3, .type = &rsp_subject_key_identifier),
    TLV_FIELD(OCTETS, "additionalEuiccInfo", 0x92, TLV_OPTIONAL, RspEuiccInfo2,
              additional_euicc_info),
    TLV_FIELD(OCTETS, "highestSvn", 0x93, TLV_OPTIONAL, RspEuiccInfo2, highest_svn, .min = 3,
              .max = 3),
    TLV_FIELD(STRUCT, "iotSpecificInfo", 0xB4, TLV_OPTIONAL, RspEuiccInfo2, iot_specific_info,
              .type = &rsp_iot_specific_info),
    TLV_FIELD(OCTETS, "euiccMinimumSecurityLevel", 0x95, TLV_OPTIONAL, RspEuiccInfo2,
              euicc_minimum_security_level),
};

const TlvType rsp_euicc_info2 =
    TLV_TYPE("EUICCInfo2", 0xBF22, TLV_SEQUENCE, RspEuiccInfo2, euicc_info2_fields);

const TlvType rsp_euicc_configured_addresses_request =
    TLV_TYPE_EMPTY("EuiccConfiguredAddressesRequest", 0xBF3C, RspEuiccConfiguredAddressesRequest);

static const TlvField euicc_configured_addresses_response_fields[] = {
    TLV_FIELD(UTF8, "defaultDpAddress", 0x80, TLV_ADDRESS, RspEuiccConfiguredAddressesResponse,
              default_dp_address),
    TLV_FIELD(UTF8, "rootDsAddress", 0x81, TLV_REQUIRED | TLV_ADDRESS,
              RspEuiccConfiguredAddressesResponse, root_ds_address),
};

const TlvType rsp_euicc_configured_addresses_response =
    TLV_TYPE("EuiccConfiguredAddressesResponse", 0xBF3C, TLV_SEQUENCE,
             RspEuiccConfiguredAddressesResponse, euicc_configured_addresses_response_fields);

static const TlvField set_default_dp_address_request_fields[] = {
    TLV_FIELD(UTF8, "defaultDpAddress", 0x80, TLV_REQUIRED | TLV_ADDRESS,
              RspSetDefaultDpAddressRequest, default_dp_address, .group = 1),
    TLV_FIELD(UTF8, "defaultDpAddress", 0x0C, TLV_TOLERATE | TLV_ADDRESS,
              RspSetDefaultDpAddressRequest, default_dp_address, .group = 1),
};

const TlvType rsp_set_default_dp_address_request =
    TLV_TYPE("SetDefaultDpAddressRequest", 0xBF65, TLV_SEQUENCE, RspSetDefaultDpAddressRequest,
             set_default_dp_address_request_fields);

static const TlvField set_default_dp_address_response_fields[] = {
    TLV_FIELD(INTEGER, "setDefaultDpAddressResult", 0x80, TLV_REQUIRED,
              RspSetDefaultDpAddressResponse, set_default_dp_address_result,
              .names = rsp_names_set_default_dp_address_result, .group = 1),
    TLV_FIELD(INTEGER, "setDefaultDpAddressResult", 0x02, TLV_TOLERATE,
              RspSetDefaultDpAddressResponse, set_default_dp_address_result,
              .names = rsp_names_set_default_dp_address_result, .group = 1),
};

const TlvType rsp_set_default_dp_address_response =
    TLV_TYPE("SetDefaultDpAddressResponse", 0xBF65, TLV_SEQUENCE, RspSetDefaultDpAddressResponse,
             set_default_dp_address_response_fields);

static const TlvField es10a_set_default_dp_address_request_fields[] = {
    TLV_FIELD(UTF8, "defaultDpAddress", 0x80, TLV_REQUIRED | TLV_ADDRESS,
              RspEs10aSetDefaultDpAddressRequest, default_dp_address),
};

const TlvType rsp_es10a_set_default_dp_address_request =
    TLV_TYPE("SetDefaultDpAddressRequest", 0xBF3F, TLV_SEQUENCE, RspEs10aSetDefaultDpAddressRequest,
             es10a_set_default_dp_address_request_fields);

static const TlvField es10a_set_default_dp_address_response_fields[] = {
    TLV_FIELD(INTEGER, "setDefaultDpAddressResult", 0x80, TLV_REQUIRED,
              RspEs10aSetDefaultDpAddressResponse, set_default_dp_address_result,
              .names = rsp_names_set_default_dp_address_result),
};

const TlvType rsp_es10a_set_default_dp_address_response =
    TLV_TYPE("SetDefaultDpAddressResponse", 0xBF3F, TLV_SEQUENCE,
             RspEs10aSetDefaultDpAddressResponse, es10a_set_default_dp_address_response_fields);

const TlvType rsp_get_euicc_challenge_request =
    TLV_TYPE_EMPTY("GetEuiccChallengeRequest", 0xBF2E, RspGetEuiccChallengeRequest);

static const TlvField get_euicc_challenge_response_fields[] = {
    TLV_FIELD(OCTETS, "euiccChallenge", 0x80, TLV_REQUIRED, RspGetEuiccChallengeResponse,
              euicc_challenge, .min = 16, .max = 16),
};

const TlvType rsp_get_euicc_challenge_response =
    TLV_TYPE("GetEuiccChallengeResponse", 0xBF2E, TLV_SEQUENCE, RspGetEuiccChallengeResponse,
             get_euicc_challenge_response_fields);

static const TlvField get_euicc_data_request_fields[] = {
    TLV_FIELD(OCTETS, "tagList", 0x5C, TLV_REQUIRED, RspGetEuiccDataRequest, tag_list),
};

const TlvType rsp_get_euicc_data_request =
    TLV_TYPE("GetEuiccDataRequest", 0xBF3E, TLV_SEQUENCE, RspGetEuiccDataRequest,
             get_euicc_data_request_fields);

static const TlvField get_euicc_data_response_fields[] = {
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_REQUIRED, RspGetEuiccDataResponse, eid_value, .min = 16,
              .max = 16),
};

const TlvType rsp_get_euicc_data_response =
    TLV_TYPE("GetEuiccDataResponse", 0xBF3E, TLV_SEQUENCE, RspGetEuiccDataResponse,
             get_euicc_data_response_fields);

static const TlvField get_certs_request_fields[] = {
    TLV_FIELD(OCTETS, "euiccCiPKId", 0x80, TLV_OPTIONAL, RspGetCertsRequest, euicc_ci_pk_id,
              .group = 1),
    TLV_FIELD(OCTETS, "euiccCiPKId", 0x04, TLV_TOLERATE, RspGetCertsRequest, euicc_ci_pk_id,
              .group = 1),
};

const TlvType rsp_get_certs_request =
    TLV_TYPE("GetCertsRequest", 0xBF56, TLV_SEQUENCE, RspGetCertsRequest, get_certs_request_fields);

static const TlvField certs_fields[] = {
    TLV_FIELD(OCTETS, "eumCertificate", 0xA5, TLV_REQUIRED | TLV_IMPLICIT, RspCerts,
              eum_certificate),
    TLV_FIELD(OCTETS, "euiccCertificate", 0xA6, TLV_REQUIRED | TLV_IMPLICIT, RspCerts,
              euicc_certificate),
};

const TlvType rsp_certs = TLV_TYPE("Certs", 0xA0, TLV_SEQUENCE, RspCerts, certs_fields);

static const TlvField get_certs_response_fields[] = {
    TLV_FIELD(STRUCT, "certs", 0xA0, TLV_OPTIONAL, RspGetCertsResponse, certs, .type = &rsp_certs),
    TLV_FIELD(INTEGER, "getCertsError", 0x81, TLV_OPTIONAL, RspGetCertsResponse, get_certs_error,
              .names = rsp_names_get_certs_error),
};

const TlvType rsp_get_certs_response = TLV_TYPE("GetCertsResponse", 0xBF56, TLV_CHOICE,
                                                RspGetCertsResponse, get_certs_response_fields);

static const TlvField profile_policy_authorisation_rule_fields[] = {
    TLV_FIELD(BITS, "pprIds", 0x80, TLV_REQUIRED, RspProfilePolicyAuthorisationRule, ppr_ids,
              .names = rsp_names_ppr_ids),
    TLV_FIELD(LIST, "allowedOperators", 0xA1, TLV_REQUIRED, RspProfilePolicyAuthorisationRule,
              allowed_operators, .type = &rsp_operator_id),
    TLV_FIELD(BITS, "pprFlags", 0x82, TLV_REQUIRED, RspProfilePolicyAuthorisationRule, ppr_flags,
              .names = rsp_names_ppr_flags),
};

const TlvType rsp_profile_policy_authorisation_rule =
    TLV_TYPE("ProfilePolicyAuthorisationRule", 0x30, TLV_SEQUENCE,
             RspProfilePolicyAuthorisationRule, profile_policy_authorisation_rule_fields);

const TlvType rsp_get_rat_request = TLV_TYPE_EMPTY("GetRatRequest", 0xBF43, RspGetRatRequest);

static const TlvField get_rat_response_fields[] = {
    TLV_FIELD(LIST, "rat", 0xA0, TLV_REQUIRED, RspGetRatResponse, rat,
              .type = &rsp_profile_policy_authorisation_rule),
};

const TlvType rsp_get_rat_response =
    TLV_TYPE("GetRatResponse", 0xBF43, TLV_SEQUENCE, RspGetRatResponse, get_rat_response_fields);

static const TlvField connectivity_parameters_fields[] = {
    TLV_FIELD(OCTETS, "httpParams", 0x81, TLV_SECRET, RspConnectivityParameters, http_params),
};

const TlvType rsp_connectivity_parameters =
    TLV_TYPE("ConnectivityParameters", 0xA0, TLV_SEQUENCE, RspConnectivityParameters,
             connectivity_parameters_fields);

const TlvType rsp_get_connectivity_parameters_request =
    TLV_TYPE_EMPTY("GetConnectivityParametersRequest", 0xBF5F, RspGetConnectivityParametersRequest);

static const TlvField get_connectivity_parameters_response_fields[] = {
    TLV_FIELD(STRUCT, "connectivityParameters", 0xA0, TLV_OPTIONAL,
              RspGetConnectivityParametersResponse, connectivity_parameters,
              .type = &rsp_connectivity_parameters),
    TLV_FIELD(INTEGER, "connectivityParametersError", 0x81, TLV_OPTIONAL,
              RspGetConnectivityParametersResponse, connectivity_parameters_error,
              .names = rsp_names_connectivity_parameters_error),
};

const TlvType rsp_get_connectivity_parameters_response =
    TLV_TYPE("GetConnectivityParametersResponse", 0xBF5F, TLV_CHOICE,
             RspGetConnectivityParametersResponse, get_connectivity_parameters_response_fields);

static const TlvField isdr_proprietary_application_template_fields[] = {
    TLV_FIELD(OCTETS, "svn", 0x82, TLV_REQUIRED, RspIsdrProprietaryApplicationTemplate, svn,
              .min = 3, .max = 3),
    TLV_FIELD(BITS, "lpaeSupport", 0x03, TLV_OPTIONAL, RspIsdrProprietaryApplicationTemplate,
              lpae_support, .names = rsp_names_lpae_support),
};

const TlvType rsp_isdr_proprietary_application_template =
    TLV_TYPE("ISDRProprietaryApplicationTemplate", 0xE0, TLV_SEQUENCE,
             RspIsdrProprietaryApplicationTemplate, isdr_proprietary_application_template_fields);

static const TlvField isdr_proprietary_application_template_iot_fields[] = {
    TLV_FIELD(BITS, "euiccConfiguration", 0x80, TLV_OPTIONAL,
              RspIsdrProprietaryApplicationTemplateIot, euicc_configuration,
              .names = rsp_names_euicc_configuration),
};

const TlvType rsp_isdr_proprietary_application_template_iot = TLV_TYPE(
    "ISDRProprietaryApplicationTemplateIoT", 0xE1, TLV_SEQUENCE,
    RspIsdrProprietaryApplicationTemplateIot, isdr_proprietary_application_template_iot_fields);

static const TlvField ipae_activation_request_fields[] = {
    TLV_FIELD(BITS, "ipaeOption", 0x80, TLV_REQUIRED, RspIpaeActivationRequest, ipae_option,
              .names = rsp_names_ipae_option),
};

const TlvType rsp_ipae_activation_request =
    TLV_TYPE("IpaeActivationRequest", 0xBF42, TLV_SEQUENCE, RspIpaeActivationRequest,
             ipae_activation_request_fields);

static const TlvField ipae_activation_response_fields[] = {
    TLV_FIELD(INTEGER, "ipaeActivationResult", 0x80, TLV_REQUIRED, RspIpaeActivationResponse,
              ipae_activation_result, .names = rsp_names_ipae_activation_result),
};

const TlvType rsp_ipae_activation_response =
    TLV_TYPE("IpaeActivationResponse", 0xBF42, TLV_SEQUENCE, RspIpaeActivationResponse,
             ipae_activation_response_fields);
