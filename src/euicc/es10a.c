/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include <string.h>

RspEuiccConfiguredAddressesResponse *
es10a_get_euicc_configured_addresses(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10a.GetEuiccConfiguredAddresses",
        .request = &rsp_euicc_configured_addresses_request,
        .response = &rsp_euicc_configured_addresses_response,
    };
    RspEuiccConfiguredAddressesRequest request = { 0 };

    return es10_call(channel, &function, &request, cancellable, NULL, error);
}

gboolean es10a_set_default_dp_address(Channel *channel, const char *address,
                                      GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10a.SetDefaultDpAddress",
        .request = &rsp_es10a_set_default_dp_address_request,
        .response = &rsp_es10a_set_default_dp_address_response,
        .indivisible = TRUE,
    };
    RspEs10aSetDefaultDpAddressRequest request = {
        .default_dp_address = tlv_slice(address, strlen(address)),
    };

    return es10_call_for_code(channel, &function, &request, cancellable, ret_code, error);
}
