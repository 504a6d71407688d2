/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/eim.h"

#include "rsp/common.h"
#include "rsp/names.h"
#include "rsp/normalise.h"

static const TlvField eim_public_key_data_fields[] = {
    TLV_FIELD(OCTETS, "eimPublicKey", 0xA0, TLV_IMPLICIT, RspEimPublicKeyData, eim_public_key),
    TLV_FIELD(OCTETS, "eimCertificate", 0xA1, TLV_IMPLICIT, RspEimPublicKeyData, eim_certificate),
};

const TlvType rsp_eim_public_key_data =
    TLV_TYPE("EimPublicKeyData", 0, TLV_CHOICE, RspEimPublicKeyData, eim_public_key_data_fields,
             .normalise = rsp_normalise_key_data);

static const TlvField trusted_public_key_data_tls_fields[] = {
    TLV_FIELD(OCTETS, "trustedEimPkTls", 0xA0, TLV_IMPLICIT, RspTrustedPublicKeyDataTls,
              trusted_eim_pk_tls),
    TLV_FIELD(OCTETS, "trustedCertificateTls", 0xA1, TLV_IMPLICIT, RspTrustedPublicKeyDataTls,
              trusted_certificate_tls),
};

const TlvType rsp_trusted_public_key_data_tls =
    TLV_TYPE("TrustedPublicKeyDataTls", 0, TLV_CHOICE, RspTrustedPublicKeyDataTls,
             trusted_public_key_data_tls_fields, .normalise = rsp_normalise_key_data);

static const TlvField eim_configuration_data_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspEimConfigurationData, eim_id, .min = 1),
    TLV_FIELD(UTF8, "eimFqdn", 0x81, TLV_ADDRESS, RspEimConfigurationData, eim_fqdn),
    TLV_FIELD(INTEGER, "eimIdType", 0x82, TLV_OPTIONAL, RspEimConfigurationData, eim_id_type,
              .names = rsp_names_eim_id_type),
    TLV_FIELD(INTEGER, "counterValue", 0x83, TLV_OPTIONAL, RspEimConfigurationData, counter_value),
    TLV_FIELD(INTEGER, "associationToken", 0x84, TLV_SECRET, RspEimConfigurationData,
              association_token),
    TLV_FIELD(STRUCT, "eimPublicKeyData", 0xA5, TLV_OPTIONAL, RspEimConfigurationData,
              eim_public_key_data, .type = &rsp_eim_public_key_data),
    TLV_FIELD(STRUCT, "trustedPublicKeyDataTls", 0xA6, TLV_OPTIONAL, RspEimConfigurationData,
              trusted_public_key_data_tls, .type = &rsp_trusted_public_key_data_tls),
    TLV_FIELD(BITS, "eimSupportedProtocol", 0x87, TLV_OPTIONAL, RspEimConfigurationData,
              eim_supported_protocol, .names = rsp_names_eim_supported_protocol),
    TLV_FIELD(OCTETS, "euiccCiPKId", 0x88, TLV_OPTIONAL, RspEimConfigurationData, euicc_ci_pk_id),
    TLV_FIELD(NULL, "indirectProfileDownload", 0x89, TLV_OPTIONAL, RspEimConfigurationData,
              indirect_profile_download),
    TLV_FIELD(LIST, "eSipaProprietaryProtocolInformation", 0xAA, TLV_OPTIONAL,
              RspEimConfigurationData, esipa_proprietary_protocol_information,
              .type = &rsp_vendor_specific_extension_item),
};

const TlvType rsp_eim_configuration_data =
    TLV_TYPE("EimConfigurationData", 0x30, TLV_SEQUENCE, RspEimConfigurationData,
             eim_configuration_data_fields);

static const TlvField add_initial_eim_request_fields[] = {
    TLV_FIELD(LIST, "eimConfigurationDataList", 0xA0, TLV_REQUIRED, RspAddInitialEimRequest,
              eim_configuration_data_list, .type = &rsp_eim_configuration_data),
};

const TlvType rsp_add_initial_eim_request =
    TLV_TYPE("AddInitialEimRequest", 0xBF57, TLV_SEQUENCE, RspAddInitialEimRequest,
             add_initial_eim_request_fields);

static const TlvField add_initial_eim_ok_item_fields[] = {
    TLV_FIELD(INTEGER, "associationToken", 0x84, TLV_SECRET, RspAddInitialEimOkItem,
              association_token),
    TLV_FIELD(NULL, "addOk", 0x05, TLV_OPTIONAL, RspAddInitialEimOkItem, add_ok),
};

const TlvType rsp_add_initial_eim_ok_item = TLV_TYPE(
    "AddInitialEimOk", 0, TLV_CHOICE, RspAddInitialEimOkItem, add_initial_eim_ok_item_fields);

static const TlvField add_initial_eim_response_fields[] = {
    TLV_FIELD(LIST, "addInitialEimOk", 0xA0, TLV_OPTIONAL, RspAddInitialEimResponse,
              add_initial_eim_ok, .type = &rsp_add_initial_eim_ok_item),
    TLV_FIELD(INTEGER, "addInitialEimError", 0x81, TLV_OPTIONAL, RspAddInitialEimResponse,
              add_initial_eim_error, .names = rsp_names_add_initial_eim_error),
};

const TlvType rsp_add_initial_eim_response =
    TLV_TYPE("AddInitialEimResponse", 0xBF57, TLV_CHOICE, RspAddInitialEimResponse,
             add_initial_eim_response_fields);

static const TlvField eim_search_criteria_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_OPTIONAL, RspEimSearchCriteria, eim_id),
};

const TlvType rsp_eim_search_criteria =
    TLV_TYPE("SearchCriteria", 0, TLV_CHOICE, RspEimSearchCriteria, eim_search_criteria_fields);

static const TlvField get_eim_configuration_data_request_fields[] = {
    TLV_FIELD(STRUCT, "searchCriteria", 0xA0, TLV_OPTIONAL, RspGetEimConfigurationDataRequest,
              search_criteria, .type = &rsp_eim_search_criteria),
};

const TlvType rsp_get_eim_configuration_data_request =
    TLV_TYPE("GetEimConfigurationDataRequest", 0xBF55, TLV_SEQUENCE,
             RspGetEimConfigurationDataRequest, get_eim_configuration_data_request_fields);

static const TlvField get_eim_configuration_data_response_fields[] = {
    TLV_FIELD(LIST, "eimConfigurationDataList", 0xA0, TLV_REQUIRED,
              RspGetEimConfigurationDataResponse, eim_configuration_data_list,
              .type = &rsp_eim_configuration_data),
};

const TlvType rsp_get_eim_configuration_data_response =
    TLV_TYPE("GetEimConfigurationDataResponse", 0xBF55, TLV_SEQUENCE,
             RspGetEimConfigurationDataResponse, get_eim_configuration_data_response_fields);
