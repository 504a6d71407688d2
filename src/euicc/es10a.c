/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

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
