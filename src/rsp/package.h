/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/common.h"
#include "rsp/eim.h"
#include "rsp/info.h"
#include "rsp/profile.h"

G_BEGIN_DECLS

/* eUICC packages and their results: SGP.32 2.11.1.1, 2.11.2.1, 5.9.1. */

typedef struct {
    TlvHead head;
    TlvSlice iccid;
    gboolean rollback_flag;
} RspEnable;
extern const TlvType rsp_enable;

typedef struct {
    TlvHead head;
    TlvSlice iccid;
} RspIccidCommand;
extern const TlvType rsp_iccid_command;

/* An absent flag switches immediate enabling off. */
typedef struct {
    TlvHead head;
    gboolean immediate_enable_flag;
    TlvSlice default_smdp_oid;
    TlvSlice default_smdp_address;
} RspConfigureImmediateEnable;
extern const TlvType rsp_configure_immediate_enable;

/* SGP.32 2.11.1.1.3. A command that is not known here has no member set and stands in head.raw: the
 * package is forwarded all the same and the eUICC answers unknownOrDamagedCommand. */
typedef struct {
    TlvHead head;
    RspEnable *enable;
    RspIccidCommand *disable;
    RspIccidCommand *delete;
    RspProfileInfoListRequest *list_profile_info;
    RspEmpty *get_rat;
    RspConfigureImmediateEnable *configure_immediate_enable;
    RspIccidCommand *set_fallback_attribute;
    RspEmpty *unset_fallback_attribute;
    RspSetDefaultDpAddressRequest *set_default_dp_address;
} RspPsmo;
extern const TlvType rsp_psmo;

typedef struct {
    TlvHead head;
    TlvSlice eim_id;
} RspDeleteEim;
extern const TlvType rsp_delete_eim;

/* SGP.32 2.11.1.1.2. */
typedef struct {
    TlvHead head;
    RspEimConfigurationData *add_eim;
    RspDeleteEim *delete_eim;
    RspEimConfigurationData *update_eim;
    RspEmpty *list_eim;
} RspEco;
extern const TlvType rsp_eco;

typedef struct {
    TlvHead head;
    GPtrArray *psmo_list; /* of RspPsmo */
    GPtrArray *eco_list;  /* of RspEco */
} RspEuiccPackage;
extern const TlvType rsp_euicc_package;

/* SGP.32 2.11.1.1. eimTransactionId is called transactionId in v1.0. */
typedef struct {
    TlvHead head;
    TlvSlice eim_id;
    TlvSlice eid_value;
    TlvInteger counter_value;
    TlvSlice eim_transaction_id;
    RspEuiccPackage *euicc_package;
} RspEuiccPackageSigned;
extern const TlvType rsp_euicc_package_signed;

/* SGP.32 2.11.1.1. Signed: forwarded to the eUICC as received. */
typedef struct {
    TlvHead head;
    RspEuiccPackageSigned *euicc_package_signed;
    TlvSlice eim_signature;
} RspEuiccPackageRequest;
extern const TlvType rsp_euicc_package_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccPackageRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger association_token;
    TlvInteger add_eim_result_code; /* rsp_names_add_eim_result */
} RspAddEimResult;
extern const TlvType rsp_add_eim_result;

/* Cards of SGP.32 v1.0 write the type under another tag. */
typedef struct {
    TlvHead head;
    TlvSlice eim_id;
    TlvInteger eim_id_type;      /* rsp_names_eim_id_type */
    TlvInteger eim_id_type_v1_0; /* rsp_names_eim_id_type */
} RspEimIdInfo;
extern const TlvType rsp_eim_id_info;

typedef struct {
    TlvHead head;
    GPtrArray *eim_id_list;    /* of RspEimIdInfo */
    TlvInteger list_eim_error; /* rsp_names_list_eim_error */
} RspListEimResult;
extern const TlvType rsp_list_eim_result;

/* SGP.32 2.11.2.1. A result that is not known here has no member set and stands in head.raw. */
typedef struct {
    TlvHead head;
    TlvInteger enable_result;  /* rsp_names_enable_result */
    TlvInteger disable_result; /* rsp_names_disable_result */
    TlvInteger delete_result;  /* rsp_names_delete_result */
    RspProfileInfoListResponse *list_profile_info_result;
    GPtrArray *get_rat_result;                    /* of RspProfilePolicyAuthorisationRule */
    TlvInteger configure_immediate_enable_result; /* rsp_names_configure_immediate_enable_result */
    RspAddEimResult *add_eim_result;
    TlvInteger delete_eim_result; /* rsp_names_delete_eim_result */
    TlvInteger update_eim_result; /* rsp_names_update_eim_result */
    RspListEimResult *list_eim_result;
    TlvInteger rollback_result;                 /* rsp_names_rollback_result */
    TlvInteger set_fallback_attribute_result;   /* rsp_names_set_fallback_attribute_result */
    TlvInteger unset_fallback_attribute_result; /* rsp_names_unset_fallback_attribute_result */
    RspSetDefaultDpAddressResponse *set_default_dp_address_result;
    TlvInteger processing_terminated; /* rsp_names_processing_terminated */
} RspEuiccResultData;
extern const TlvType rsp_euicc_result_data;

/* eimTransactionId is called transactionId in v1.0. */
typedef struct {
    TlvHead head;
    TlvSlice eim_id;
    TlvInteger counter_value;
    TlvSlice eim_transaction_id;
    TlvInteger seq_number;
    GPtrArray *euicc_result; /* of RspEuiccResultData */
} RspEuiccPackageResultDataSigned;
extern const TlvType rsp_euicc_package_result_data_signed;

typedef struct {
    TlvHead head;
    RspEuiccPackageResultDataSigned *euicc_package_result_data_signed;
    TlvSlice euicc_sign_epr;
} RspEuiccPackageResultSigned;
extern const TlvType rsp_euicc_package_result_signed;

typedef struct {
    TlvHead head;
    TlvSlice eim_id;
    TlvInteger counter_value;
    TlvSlice eim_transaction_id;
    TlvInteger euicc_package_error_code; /* rsp_names_euicc_package_error_code */
} RspEuiccPackageErrorDataSigned;
extern const TlvType rsp_euicc_package_error_data_signed;

typedef struct {
    TlvHead head;
    RspEuiccPackageErrorDataSigned *euicc_package_error_data_signed;
    TlvSlice euicc_sign_epe;
} RspEuiccPackageErrorSigned;
extern const TlvType rsp_euicc_package_error_signed;

typedef struct {
    TlvHead head;
    TlvSlice eim_id;
    TlvSlice eim_transaction_id;
    TlvInteger association_token;
    TlvInteger euicc_package_unsigned_error_code; /* rsp_names_euicc_package_unsigned_error_code */
} RspEuiccPackageErrorUnsigned;
extern const TlvType rsp_euicc_package_error_unsigned;

/* SGP.32 2.11.2.1. Signed: head.raw is what has to be forwarded. Error results have no seqNumber.
 */
typedef struct {
    TlvHead head;
    RspEuiccPackageResultSigned *euicc_package_result_signed;
    RspEuiccPackageErrorSigned *euicc_package_error_signed;
    RspEuiccPackageErrorUnsigned *euicc_package_error_unsigned;
} RspEuiccPackageResult;
extern const TlvType rsp_euicc_package_result;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEuiccPackageResult, tlv_struct_free)

G_END_DECLS
