/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

/* eIM configuration on the eUICC: SGP.32 2.11.1.1.1, 5.9.4, 5.9.18. */

/* SGP.32 2.11.1.1.1. The tags of the arms replace those of key and certificate
 * (rsp_certificate_from_implicit()); the nested forms that were seen (I-07) are read as well. */
typedef struct {
    TlvHead head;
    TlvSlice eim_public_key;
    TlvSlice eim_certificate;
} RspEimPublicKeyData;
extern const TlvType rsp_eim_public_key_data;

/* SGP.32 2.6. */
typedef struct {
    TlvHead head;
    TlvSlice trusted_eim_pk_tls;
    TlvSlice trusted_certificate_tls;
} RspTrustedPublicKeyDataTls;
extern const TlvType rsp_trusted_public_key_data_tls;

/* SGP.32 2.11.1.1.1. An absent eimIdType means proprietary; an absent protocol list HTTPS
 * retrieval. */
typedef struct {
    TlvHead head;
    TlvSlice eim_id;
    TlvSlice eim_fqdn;
    TlvInteger eim_id_type; /* rsp_names_eim_id_type */
    TlvInteger counter_value;
    TlvInteger association_token;
    RspEimPublicKeyData *eim_public_key_data;
    RspTrustedPublicKeyDataTls *trusted_public_key_data_tls;
    TlvSlice eim_supported_protocol; /* rsp_names_eim_supported_protocol */
    TlvSlice euicc_ci_pk_id;
    gboolean indirect_profile_download;
    GPtrArray *esipa_proprietary_protocol_information; /* of RspVendorSpecificExtensionItem */
} RspEimConfigurationData;
extern const TlvType rsp_eim_configuration_data;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspEimConfigurationData, tlv_struct_free)

/* SGP.32 5.9.4. */
typedef struct {
    TlvHead head;
    GPtrArray *eim_configuration_data_list; /* of RspEimConfigurationData */
} RspAddInitialEimRequest;
extern const TlvType rsp_add_initial_eim_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspAddInitialEimRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvInteger association_token;
    gboolean add_ok;
} RspAddInitialEimOkItem;
extern const TlvType rsp_add_initial_eim_ok_item;

typedef struct {
    TlvHead head;
    GPtrArray *add_initial_eim_ok;    /* of RspAddInitialEimOkItem */
    TlvInteger add_initial_eim_error; /* rsp_names_add_initial_eim_error */
} RspAddInitialEimResponse;
extern const TlvType rsp_add_initial_eim_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspAddInitialEimResponse, tlv_struct_free)

typedef struct {
    TlvHead head;
    TlvSlice eim_id;
} RspEimSearchCriteria;
extern const TlvType rsp_eim_search_criteria;

/* SGP.32 5.9.18. */
typedef struct {
    TlvHead head;
    RspEimSearchCriteria *search_criteria;
} RspGetEimConfigurationDataRequest;
extern const TlvType rsp_get_eim_configuration_data_request;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEimConfigurationDataRequest, tlv_struct_free)

typedef struct {
    TlvHead head;
    GPtrArray *eim_configuration_data_list; /* of RspEimConfigurationData */
} RspGetEimConfigurationDataResponse;
extern const TlvType rsp_get_eim_configuration_data_response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspGetEimConfigurationDataResponse, tlv_struct_free)

G_END_DECLS
