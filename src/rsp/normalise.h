/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * Deviations of peers that tables can't describe (TlvType.normalise): what was seen on the wire is
 * turned into the form of the specification before the fields are looked at. The octets as received
 * stay in TlvHead.raw.
 */

/* I-01: EuiccPackageResult without the tag of its alternative. */
void rsp_normalise_euicc_package_result(TlvSlice *content, GBytes **ret_owned);

/* I-01: ProfileInfoListResponse without the tag of its alternative, or with a universal one. */
void rsp_normalise_profile_info_list_response(TlvSlice *content, GBytes **ret_owned);

/* I-01: IpaEuiccDataResponse without the tag of its alternative. */
void rsp_normalise_ipa_euicc_data_response(TlvSlice *content, GBytes **ret_owned);

/* I-21: BF50 00 is an empty response. */
void rsp_normalise_provide_eim_package_result_response(TlvSlice *content, GBytes **ret_owned);

/* I-07: key or certificate of an eIM without the tag of its alternative. */
void rsp_normalise_key_data(TlvSlice *content, GBytes **ret_owned);

G_END_DECLS
