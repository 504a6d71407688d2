/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/common.h"

#include "rsp/names.h"

const TlvType rsp_empty = TLV_TYPE_EMPTY("Empty", 0x30, RspEmpty);

static const TlvField octet_string_fields[] = {
    TLV_FIELD(OCTETS, "value", 0x04, TLV_OPTIONAL, RspOctetString, value),
};

const TlvType rsp_octet_string =
    TLV_TYPE("OctetString", 0x04, TLV_VALUE, RspOctetString, octet_string_fields);

static const TlvField integer_item_fields[] = {
    TLV_FIELD(INTEGER, "value", 0x02, TLV_OPTIONAL, RspIntegerItem, value),
};

const TlvType rsp_integer_item =
    TLV_TYPE("IntegerItem", 0x02, TLV_VALUE, RspIntegerItem, integer_item_fields);

static const TlvField subject_key_identifier_fields[] = {
    TLV_FIELD(OCTETS, "value", 0x04, TLV_OPTIONAL, RspOctetString, value, .min = 1),
};

const TlvType rsp_subject_key_identifier = TLV_TYPE("SubjectKeyIdentifier", 0x04, TLV_VALUE,
                                                    RspOctetString, subject_key_identifier_fields);

static const TlvField version_type_fields[] = {
    TLV_FIELD(OCTETS, "value", 0x04, TLV_OPTIONAL, RspOctetString, value, .min = 3, .max = 3),
};

const TlvType rsp_version_type =
    TLV_TYPE("VersionType", 0x04, TLV_VALUE, RspOctetString, version_type_fields);

static const TlvField sequence_number_fields[] = {
    TLV_FIELD(INTEGER, "value", 0x80, TLV_OPTIONAL, RspIntegerItem, value),
};

const TlvType rsp_sequence_number =
    TLV_TYPE("SequenceNumber", 0x80, TLV_VALUE, RspIntegerItem, sequence_number_fields);

static const TlvField operator_id_fields[] = {
    TLV_FIELD(OCTETS, "mccMnc", 0x80, TLV_REQUIRED, RspOperatorId, mcc_mnc, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "gid1", 0x81, TLV_OPTIONAL, RspOperatorId, gid1),
    TLV_FIELD(OCTETS, "gid2", 0x82, TLV_OPTIONAL, RspOperatorId, gid2),
};

const TlvType rsp_operator_id =
    TLV_TYPE("OperatorId", 0x30, TLV_SEQUENCE, RspOperatorId, operator_id_fields);

static const TlvField vendor_specific_extension_item_fields[] = {
    TLV_FIELD(OID, "vendorOid", 0x80, TLV_REQUIRED, RspVendorSpecificExtensionItem, vendor_oid),
    TLV_FIELD(OCTETS, "vendorSpecificData", 0xA1, TLV_REQUIRED, RspVendorSpecificExtensionItem,
              vendor_specific_data),
};

const TlvType rsp_vendor_specific_extension_item =
    TLV_TYPE("VendorSpecificExtension", 0x30, TLV_SEQUENCE, RspVendorSpecificExtensionItem,
             vendor_specific_extension_item_fields);

static const TlvField dp_proprietary_data_fields[] = {
    TLV_FIELD(OID, "dpOid", 0x80, TLV_REQUIRED, RspDpProprietaryData, dp_oid),
};

const TlvType rsp_dp_proprietary_data = TLV_TYPE("DpProprietaryData", 0xB8, TLV_SEQUENCE,
                                                 RspDpProprietaryData, dp_proprietary_data_fields);

static const TlvField notification_configuration_information_fields[] = {
    TLV_FIELD(BITS, "profileManagementOperation", 0x80, TLV_REQUIRED,
              RspNotificationConfigurationInformation, profile_management_operation,
              .names = rsp_names_profile_management_operation),
    TLV_FIELD(UTF8, "notificationAddress", 0x81, TLV_REQUIRED | TLV_ADDRESS,
              RspNotificationConfigurationInformation, notification_address),
};

const TlvType rsp_notification_configuration_information = TLV_TYPE(
    "NotificationConfigurationInformation", 0x30, TLV_SEQUENCE,
    RspNotificationConfigurationInformation, notification_configuration_information_fields);

static const TlvField device_additional_feature_support_fields[] = {
    TLV_FIELD(OCTETS, "naiSupport", 0x80, TLV_OPTIONAL, RspDeviceAdditionalFeatureSupport,
              nai_support, .min = 3, .max = 3),
    TLV_FIELD(OID, "groupOfDeviceManufacturerOid", 0x81, TLV_OPTIONAL,
              RspDeviceAdditionalFeatureSupport, group_of_device_manufacturer_oid),
};

const TlvType rsp_device_additional_feature_support =
    TLV_TYPE("DeviceAdditionalFeatureSupport", 0xAE, TLV_SEQUENCE,
             RspDeviceAdditionalFeatureSupport, device_additional_feature_support_fields);

static const TlvField device_capabilities_fields[] = {
    TLV_FIELD(OCTETS, "gsmSupportedRelease", 0x80, TLV_OPTIONAL, RspDeviceCapabilities,
              gsm_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "utranSupportedRelease", 0x81, TLV_OPTIONAL, RspDeviceCapabilities,
              utran_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "cdma2000onexSupportedRelease", 0x82, TLV_OPTIONAL, RspDeviceCapabilities,
              cdma2000onex_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "cdma2000hrpdSupportedRelease", 0x83, TLV_OPTIONAL, RspDeviceCapabilities,
              cdma2000hrpd_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "cdma2000ehrpdSupportedRelease", 0x84, TLV_OPTIONAL, RspDeviceCapabilities,
              cdma2000ehrpd_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "eutranEpcSupportedRelease", 0x85, TLV_OPTIONAL, RspDeviceCapabilities,
              eutran_epc_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "contactlessSupportedRelease", 0x86, TLV_OPTIONAL, RspDeviceCapabilities,
              contactless_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "rspCrlSupportedVersion", 0x87, TLV_OPTIONAL, RspDeviceCapabilities,
              rsp_crl_supported_version, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "nrEpcSupportedRelease", 0x88, TLV_OPTIONAL, RspDeviceCapabilities,
              nr_epc_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "nr5gcSupportedRelease", 0x89, TLV_OPTIONAL, RspDeviceCapabilities,
              nr5gc_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "eutran5gcSupportedRelease", 0x8A, TLV_OPTIONAL, RspDeviceCapabilities,
              eutran5gc_supported_release, .min = 3, .max = 3),
    TLV_FIELD(OCTETS, "lpaSvn", 0x8B, TLV_OPTIONAL, RspDeviceCapabilities, lpa_svn, .min = 3,
              .max = 3),
    TLV_FIELD(BITS, "catSupportedClasses", 0x8C, TLV_OPTIONAL, RspDeviceCapabilities,
              cat_supported_classes),
    TLV_FIELD(INTEGER, "euiccFormFactorType", 0x8D, TLV_OPTIONAL, RspDeviceCapabilities,
              euicc_form_factor_type),
    TLV_FIELD(STRUCT, "deviceAdditionalFeatureSupport", 0xAE, TLV_OPTIONAL, RspDeviceCapabilities,
              device_additional_feature_support, .type = &rsp_device_additional_feature_support),
};

const TlvType rsp_device_capabilities = TLV_TYPE("DeviceCapabilities", 0xA1, TLV_SEQUENCE,
                                                 RspDeviceCapabilities, device_capabilities_fields);

static const TlvField device_info_fields[] = {
    TLV_FIELD(OCTETS, "tac", 0x80, TLV_REQUIRED, RspDeviceInfo, tac, .min = 4, .max = 4),
    TLV_FIELD(STRUCT, "deviceCapabilities", 0xA1, TLV_REQUIRED, RspDeviceInfo, device_capabilities,
              .type = &rsp_device_capabilities),
    TLV_FIELD(OCTETS, "imei", 0x82, TLV_OPTIONAL, RspDeviceInfo, imei, .min = 8, .max = 8),
};

const TlvType rsp_device_info =
    TLV_TYPE("DeviceInfo", 0x30, TLV_SEQUENCE, RspDeviceInfo, device_info_fields);

static const TlvField ctx_params_for_common_authentication_fields[] = {
    TLV_FIELD(UTF8, "matchingId", 0x80, TLV_SECRET, RspCtxParamsForCommonAuthentication,
              matching_id),
    TLV_FIELD(STRUCT, "deviceInfo", 0xA1, TLV_REQUIRED, RspCtxParamsForCommonAuthentication,
              device_info, .type = &rsp_device_info),
};

const TlvType rsp_ctx_params_for_common_authentication =
    TLV_TYPE("CtxParamsForCommonAuthentication", 0xA0, TLV_SEQUENCE,
             RspCtxParamsForCommonAuthentication, ctx_params_for_common_authentication_fields);

static const TlvField ctx_params1_fields[] = {
    TLV_FIELD(STRUCT, "ctxParamsForCommonAuthentication", 0xA0, TLV_OPTIONAL, RspCtxParams1,
              ctx_params_for_common_authentication,
              .type = &rsp_ctx_params_for_common_authentication),
};

const TlvType rsp_ctx_params1 =
    TLV_TYPE("CtxParams1", 0, TLV_CHOICE, RspCtxParams1, ctx_params1_fields);

GBytes *rsp_certificate_from_implicit(TlvSlice content)
{
    TlvWriter *writer;
    Tlv tlv;

    if (tlv_parse(content, 0x30, &tlv, NULL))
        return tlv_slice_to_bytes(content);
    writer = tlv_writer_new();
    tlv_put_slice(writer, 0x30, content);
    return tlv_writer_finish(writer);
}
