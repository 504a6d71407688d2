/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

/* Parts that several data objects share. */

/* An object without fields of its own; what stands in it is in head.unknown. */
typedef struct {
    TlvHead head;
} RspEmpty;
extern const TlvType rsp_empty;

/* Item of a list of octets. */
typedef struct {
    TlvHead head;
    TlvSlice value;
} RspOctetString;
extern const TlvType rsp_octet_string;

/* Item of a list of numbers. */
typedef struct {
    TlvHead head;
    TlvInteger value;
} RspIntegerItem;
extern const TlvType rsp_integer_item;

extern const TlvType rsp_subject_key_identifier;

/* Major, minor, revision. */
extern const TlvType rsp_version_type;

extern const TlvType rsp_sequence_number;

/* SGP.22 2.4a.1.2. */
typedef struct {
    TlvHead head;
    TlvSlice mcc_mnc;
    TlvSlice gid1;
    TlvSlice gid2;
} RspOperatorId;
extern const TlvType rsp_operator_id;

/* SGP.22 2.4a.1: the inner object, header included, is the content of A1. */
typedef struct {
    TlvHead head;
    TlvSlice vendor_oid;
    TlvSlice vendor_specific_data;
} RspVendorSpecificExtensionItem;
extern const TlvType rsp_vendor_specific_extension_item;

/* SGP.22 2.4a.1.4; more fields may follow the OID. */
typedef struct {
    TlvHead head;
    TlvSlice dp_oid;
} RspDpProprietaryData;
extern const TlvType rsp_dp_proprietary_data;

/* SGP.22 2.4a.1.1. */
typedef struct {
    TlvHead head;
    TlvSlice profile_management_operation; /* rsp_names_profile_management_operation */
    TlvSlice notification_address;
} RspNotificationConfigurationInformation;
extern const TlvType rsp_notification_configuration_information;

typedef struct {
    TlvHead head;
    TlvSlice nai_support;
    TlvSlice group_of_device_manufacturer_oid;
} RspDeviceAdditionalFeatureSupport;
extern const TlvType rsp_device_additional_feature_support;

/* SGP.22 4.2. Each is the highest supported release, e.g. 0F0000 for Release 15. */
typedef struct {
    TlvHead head;
    TlvSlice gsm_supported_release;
    TlvSlice utran_supported_release;
    TlvSlice cdma2000onex_supported_release;
    TlvSlice cdma2000hrpd_supported_release;
    TlvSlice cdma2000ehrpd_supported_release;
    TlvSlice eutran_epc_supported_release;
    TlvSlice contactless_supported_release;
    TlvSlice rsp_crl_supported_version;
    TlvSlice nr_epc_supported_release;
    TlvSlice nr5gc_supported_release;
    TlvSlice eutran5gc_supported_release;
    TlvSlice lpa_svn;
    TlvSlice cat_supported_classes;
    TlvInteger euicc_form_factor_type;
    RspDeviceAdditionalFeatureSupport *device_additional_feature_support;
} RspDeviceCapabilities;
extern const TlvType rsp_device_capabilities;

/* SGP.22 4.2. */
typedef struct {
    TlvHead head;
    TlvSlice tac;
    RspDeviceCapabilities *device_capabilities;
    TlvSlice imei;
} RspDeviceInfo;
extern const TlvType rsp_device_info;

typedef struct {
    TlvHead head;
    TlvSlice matching_id;
    RspDeviceInfo *device_info;
} RspCtxParamsForCommonAuthentication;
extern const TlvType rsp_ctx_params_for_common_authentication;

/* SGP.22 5.7.13. */
typedef struct {
    TlvHead head;
    RspCtxParamsForCommonAuthentication *ctx_params_for_common_authentication;
} RspCtxParams1;
extern const TlvType rsp_ctx_params1;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspCtxParams1, tlv_struct_free)

/* The complete certificate or public key (a SEQUENCE, DER) for the content of a context tag that
 * replaced its header (SGP.22 and SGP.32 tag them implicitly). Content that is already complete is
 * copied. */
GBytes *rsp_certificate_from_implicit(TlvSlice content);

G_END_DECLS
