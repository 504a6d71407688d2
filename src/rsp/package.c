/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/package.h"

#include "rsp/names.h"
#include "rsp/normalise.h"

static const TlvField enable_fields[] = {
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_REQUIRED, RspEnable, iccid, .min = 10, .max = 10),
    TLV_FIELD(NULL, "rollbackFlag", 0x05, TLV_OPTIONAL, RspEnable, rollback_flag),
};

const TlvType rsp_enable = TLV_TYPE("Enable", 0xA3, TLV_SEQUENCE, RspEnable, enable_fields);

static const TlvField iccid_command_fields[] = {
    TLV_FIELD(OCTETS, "iccid", 0x5A, TLV_REQUIRED, RspIccidCommand, iccid, .min = 10, .max = 10),
};

const TlvType rsp_iccid_command =
    TLV_TYPE("IccidCommand", 0xA4, TLV_SEQUENCE, RspIccidCommand, iccid_command_fields);

static const TlvField configure_immediate_enable_fields[] = {
    TLV_FIELD(NULL, "immediateEnableFlag", 0x80, TLV_OPTIONAL, RspConfigureImmediateEnable,
              immediate_enable_flag),
    TLV_FIELD(OID, "defaultSmdpOid", 0x81, TLV_OPTIONAL, RspConfigureImmediateEnable,
              default_smdp_oid),
    TLV_FIELD(UTF8, "defaultSmdpAddress", 0x82, TLV_ADDRESS, RspConfigureImmediateEnable,
              default_smdp_address),
};

const TlvType rsp_configure_immediate_enable =
    TLV_TYPE("ConfigureImmediateEnable", 0xA7, TLV_SEQUENCE, RspConfigureImmediateEnable,
             configure_immediate_enable_fields);

static const TlvField psmo_fields[] = {
    TLV_FIELD(STRUCT, "enable", 0xA3, TLV_OPTIONAL, RspPsmo, enable, .type = &rsp_enable),
    TLV_FIELD(STRUCT, "disable", 0xA4, TLV_OPTIONAL, RspPsmo, disable, .type = &rsp_iccid_command),
    TLV_FIELD(STRUCT, "delete", 0xA5, TLV_OPTIONAL, RspPsmo, delete, .type = &rsp_iccid_command),
    TLV_FIELD(STRUCT, "listProfileInfo", 0xBF2D, TLV_OPTIONAL, RspPsmo, list_profile_info,
              .type = &rsp_profile_info_list_request),
    TLV_FIELD(STRUCT, "getRAT", 0xA6, TLV_OPTIONAL, RspPsmo, get_rat, .type = &rsp_empty),
    TLV_FIELD(STRUCT, "configureImmediateEnable", 0xA7, TLV_OPTIONAL, RspPsmo,
              configure_immediate_enable, .type = &rsp_configure_immediate_enable),
    TLV_FIELD(STRUCT, "setFallbackAttribute", 0xA8, TLV_OPTIONAL, RspPsmo, set_fallback_attribute,
              .type = &rsp_iccid_command),
    TLV_FIELD(STRUCT, "unsetFallbackAttribute", 0xA9, TLV_OPTIONAL, RspPsmo,
              unset_fallback_attribute, .type = &rsp_empty),
    TLV_FIELD(STRUCT, "setDefaultDpAddress", 0xBF65, TLV_OPTIONAL, RspPsmo, set_default_dp_address,
              .type = &rsp_set_default_dp_address_request),
};

const TlvType rsp_psmo = TLV_TYPE("Psmo", 0, TLV_CHOICE, RspPsmo, psmo_fields);

static const TlvField delete_eim_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspDeleteEim, eim_id),
};

const TlvType rsp_delete_eim =
    TLV_TYPE("DeleteEim", 0xA9, TLV_SEQUENCE, RspDeleteEim, delete_eim_fields);

static const TlvField eco_fields[] = {
    TLV_FIELD(STRUCT, "addEim", 0xA8, TLV_OPTIONAL, RspEco, add_eim,
              .type = &rsp_eim_configuration_data),
    TLV_FIELD(STRUCT, "deleteEim", 0xA9, TLV_OPTIONAL, RspEco, delete_eim, .type = &rsp_delete_eim),
    TLV_FIELD(STRUCT, "updateEim", 0xAA, TLV_OPTIONAL, RspEco, update_eim,
              .type = &rsp_eim_configuration_data),
    TLV_FIELD(STRUCT, "listEim", 0xAB, TLV_OPTIONAL, RspEco, list_eim, .type = &rsp_empty),
};

const TlvType rsp_eco = TLV_TYPE("Eco", 0, TLV_CHOICE, RspEco, eco_fields);

static const TlvField euicc_package_fields[] = {
    TLV_FIELD(LIST, "psmoList", 0xA0, TLV_OPTIONAL, RspEuiccPackage, psmo_list, .type = &rsp_psmo),
    TLV_FIELD(LIST, "ecoList", 0xA1, TLV_OPTIONAL, RspEuiccPackage, eco_list, .type = &rsp_eco),
};

const TlvType rsp_euicc_package =
    TLV_TYPE("EuiccPackage", 0, TLV_CHOICE, RspEuiccPackage, euicc_package_fields);

static const TlvField euicc_package_signed_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspEuiccPackageSigned, eim_id, .min = 1),
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_REQUIRED, RspEuiccPackageSigned, eid_value, .min = 16,
              .max = 16),
    TLV_FIELD(INTEGER, "counterValue", 0x81, TLV_REQUIRED, RspEuiccPackageSigned, counter_value),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspEuiccPackageSigned,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "euiccPackage", 0, TLV_REQUIRED, RspEuiccPackageSigned, euicc_package,
              .type = &rsp_euicc_package),
};

const TlvType rsp_euicc_package_signed = TLV_TYPE(
    "EuiccPackageSigned", 0x30, TLV_SEQUENCE, RspEuiccPackageSigned, euicc_package_signed_fields);

static const TlvField euicc_package_request_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageSigned", 0x30, TLV_REQUIRED, RspEuiccPackageRequest,
              euicc_package_signed, .type = &rsp_euicc_package_signed),
    TLV_FIELD(OCTETS, "eimSignature", 0x5F37, TLV_REQUIRED, RspEuiccPackageRequest, eim_signature),
};

const TlvType rsp_euicc_package_request =
    TLV_TYPE("EuiccPackageRequest", 0xBF51, TLV_SEQUENCE, RspEuiccPackageRequest,
             euicc_package_request_fields);

static const TlvField add_eim_result_fields[] = {
    TLV_FIELD(INTEGER, "associationToken", 0x84, TLV_SECRET, RspAddEimResult, association_token),
    TLV_FIELD(INTEGER, "addEimResultCode", 0x02, TLV_OPTIONAL, RspAddEimResult, add_eim_result_code,
              .names = rsp_names_add_eim_result),
};

const TlvType rsp_add_eim_result =
    TLV_TYPE("AddEimResult", 0xA8, TLV_CHOICE, RspAddEimResult, add_eim_result_fields);

static const TlvField eim_id_info_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspEimIdInfo, eim_id),
    TLV_FIELD(INTEGER, "eimIdType", 0x82, TLV_OPTIONAL, RspEimIdInfo, eim_id_type,
              .names = rsp_names_eim_id_type),
    TLV_FIELD(INTEGER, "eimIdType", 0x84, TLV_V1_0, RspEimIdInfo, eim_id_type_v1_0,
              .names = rsp_names_eim_id_type),
};

const TlvType rsp_eim_id_info =
    TLV_TYPE("EimIdInfo", 0x30, TLV_SEQUENCE, RspEimIdInfo, eim_id_info_fields);

static const TlvField list_eim_result_fields[] = {
    TLV_FIELD(LIST, "eimIdList", 0xA0, TLV_OPTIONAL, RspListEimResult, eim_id_list,
              .type = &rsp_eim_id_info),
    TLV_FIELD(INTEGER, "listEimError", 0x81, TLV_OPTIONAL, RspListEimResult, list_eim_error,
              .names = rsp_names_list_eim_error),
};

const TlvType rsp_list_eim_result =
    TLV_TYPE("ListEimResult", 0xAB, TLV_CHOICE, RspListEimResult, list_eim_result_fields);

static const TlvField euicc_result_data_fields[] = {
    TLV_FIELD(INTEGER, "enableResult", 0x83, TLV_OPTIONAL, RspEuiccResultData, enable_result,
              .names = rsp_names_enable_result),
    TLV_FIELD(INTEGER, "disableResult", 0x84, TLV_OPTIONAL, RspEuiccResultData, disable_result,
              .names = rsp_names_disable_result),
    TLV_FIELD(INTEGER, "deleteResult", 0x85, TLV_OPTIONAL, RspEuiccResultData, delete_result,
              .names = rsp_names_delete_result),
    TLV_FIELD(STRUCT, "listProfileInfoResult", 0xBF2D, TLV_OPTIONAL, RspEuiccResultData,
              list_profile_info_result, .type = &rsp_profile_info_list_response),
    TLV_FIELD(LIST, "getRATResult", 0xA6, TLV_OPTIONAL, RspEuiccResultData, get_rat_result,
              .type = &rsp_profile_policy_authorisation_rule),
    TLV_FIELD(INTEGER, "configureImmediateEnableResult", 0x87, TLV_OPTIONAL, RspEuiccResultData,
              configure_immediate_enable_result,
              .names = rsp_names_configure_immediate_enable_result),
    TLV_FIELD(STRUCT, "addEimResult", 0xA8, TLV_OPTIONAL, RspEuiccResultData, add_eim_result,
              .type = &rsp_add_eim_result),
    TLV_FIELD(INTEGER, "deleteEimResult", 0x89, TLV_OPTIONAL, RspEuiccResultData, delete_eim_result,
              .names = rsp_names_delete_eim_result),
    TLV_FIELD(INTEGER, "updateEimResult", 0x8A, TLV_OPTIONAL, RspEuiccResultData, update_eim_result,
              .names = rsp_names_update_eim_result),
    TLV_FIELD(STRUCT, "listEimResult", 0xAB, TLV_OPTIONAL, RspEuiccResultData, list_eim_result,
              .type = &rsp_list_eim_result),
    TLV_FIELD(INTEGER, "rollbackResult", 0x8C, TLV_OPTIONAL, RspEuiccResultData, rollback_result,
              .names = rsp_names_rollback_result),
    TLV_FIELD(INTEGER, "setFallbackAttributeResult", 0x8D, TLV_OPTIONAL, RspEuiccResultData,
              set_fallback_attribute_result, .names = rsp_names_set_fallback_attribute_result),
    TLV_FIELD(INTEGER, "unsetFallbackAttributeResult", 0x8E, TLV_OPTIONAL, RspEuiccResultData,
              unset_fallback_attribute_result, .names = rsp_names_unset_fallback_attribute_result),
    TLV_FIELD(STRUCT, "setDefaultDpAddressResult", 0xBF65, TLV_OPTIONAL, RspEuiccResultData,
              set_default_dp_address_result, .type = &rsp_set_default_dp_address_response),
    TLV_FIELD(INTEGER, "processingTerminated", 0x02, TLV_OPTIONAL, RspEuiccResultData,
              processing_terminated, .names = rsp_names_processing_terminated),
};

const TlvType rsp_euicc_result_data =
    TLV_TYPE("EuiccResultData", 0, TLV_CHOICE, RspEuiccResultData, euicc_result_data_fields);

static const TlvField euicc_package_result_data_signed_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspEuiccPackageResultDataSigned, eim_id, .min = 1),
    TLV_FIELD(INTEGER, "counterValue", 0x81, TLV_REQUIRED, RspEuiccPackageResultDataSigned,
              counter_value),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspEuiccPackageResultDataSigned,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "seqNumber", 0x83, TLV_REQUIRED, RspEuiccPackageResultDataSigned,
              seq_number),
    TLV_FIELD(LIST, "euiccResult", 0x30, TLV_REQUIRED, RspEuiccPackageResultDataSigned,
              euicc_result, .type = &rsp_euicc_result_data),
};

const TlvType rsp_euicc_package_result_data_signed =
    TLV_TYPE("EuiccPackageResultDataSigned", 0x30, TLV_SEQUENCE, RspEuiccPackageResultDataSigned,
             euicc_package_result_data_signed_fields);

static const TlvField euicc_package_result_signed_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResultDataSigned", 0x30, TLV_REQUIRED,
              RspEuiccPackageResultSigned, euicc_package_result_data_signed,
              .type = &rsp_euicc_package_result_data_signed),
    TLV_FIELD(OCTETS, "euiccSignEPR", 0x5F37, TLV_REQUIRED, RspEuiccPackageResultSigned,
              euicc_sign_epr),
};

const TlvType rsp_euicc_package_result_signed =
    TLV_TYPE("EuiccPackageResultSigned", 0xA0, TLV_SEQUENCE, RspEuiccPackageResultSigned,
             euicc_package_result_signed_fields);

static const TlvField euicc_package_error_data_signed_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspEuiccPackageErrorDataSigned, eim_id, .min = 1),
    TLV_FIELD(INTEGER, "counterValue", 0x81, TLV_REQUIRED, RspEuiccPackageErrorDataSigned,
              counter_value),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspEuiccPackageErrorDataSigned,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "euiccPackageErrorCode", 0x02, TLV_REQUIRED, RspEuiccPackageErrorDataSigned,
              euicc_package_error_code, .names = rsp_names_euicc_package_error_code),
};

const TlvType rsp_euicc_package_error_data_signed =
    TLV_TYPE("EuiccPackageErrorDataSigned", 0x30, TLV_SEQUENCE, RspEuiccPackageErrorDataSigned,
             euicc_package_error_data_signed_fields);

static const TlvField euicc_package_error_signed_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageErrorDataSigned", 0x30, TLV_REQUIRED, RspEuiccPackageErrorSigned,
              euicc_package_error_data_signed, .type = &rsp_euicc_package_error_data_signed),
    TLV_FIELD(OCTETS, "euiccSignEPE", 0x5F37, TLV_REQUIRED, RspEuiccPackageErrorSigned,
              euicc_sign_epe),
};

const TlvType rsp_euicc_package_error_signed =
    TLV_TYPE("EuiccPackageErrorSigned", 0xA1, TLV_SEQUENCE, RspEuiccPackageErrorSigned,
             euicc_package_error_signed_fields);

static const TlvField euicc_package_error_unsigned_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, RspEuiccPackageErrorUnsigned, eim_id, .min = 1),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, RspEuiccPackageErrorUnsigned,
              eim_transaction_id, .min = 1, .max = 16),
    TLV_FIELD(INTEGER, "associationToken", 0x84, TLV_SECRET, RspEuiccPackageErrorUnsigned,
              association_token),
    TLV_FIELD(INTEGER, "euiccPackageUnsignedErrorCode", 0x8F, TLV_OPTIONAL,
              RspEuiccPackageErrorUnsigned, euicc_package_unsigned_error_code,
              .names = rsp_names_euicc_package_unsigned_error_code),
};

const TlvType rsp_euicc_package_error_unsigned =
    TLV_TYPE("EuiccPackageErrorUnsigned", 0xA2, TLV_SEQUENCE, RspEuiccPackageErrorUnsigned,
             euicc_package_error_unsigned_fields);

static const TlvField euicc_package_result_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageResultSigned", 0xA0, TLV_OPTIONAL, RspEuiccPackageResult,
              euicc_package_result_signed, .type = &rsp_euicc_package_result_signed),
    TLV_FIELD(STRUCT, "euiccPackageErrorSigned", 0xA1, TLV_OPTIONAL, RspEuiccPackageResult,
              euicc_package_error_signed, .type = &rsp_euicc_package_error_signed),
    TLV_FIELD(STRUCT, "euiccPackageErrorUnsigned", 0xA2, TLV_OPTIONAL, RspEuiccPackageResult,
              euicc_package_error_unsigned, .type = &rsp_euicc_package_error_unsigned),
};

const TlvType rsp_euicc_package_result =
    TLV_TYPE("EuiccPackageResult", 0xBF51, TLV_CHOICE, RspEuiccPackageResult,
             euicc_package_result_fields, .normalise = rsp_normalise_euicc_package_result);
