/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include <string.h>

#include "util/error.h"

gboolean es10c_get_eid(Channel *channel, GCancellable *cancellable, guint8 ret_eid[EID_SIZE],
                       GError **error)
{
    static const Es10Function function = {
        .name = "ES10c.GetEID",
        .request = &rsp_get_euicc_data_request,
        .response = &rsp_get_euicc_data_response,
    };
    static const guint8 tag_eid[] = { 0x5A };
    RspGetEuiccDataRequest request = { .tag_list = { tag_eid, sizeof tag_eid } };
    g_autoptr(RspGetEuiccDataResponse) response =
        es10_call(channel, &function, &request, cancellable, NULL, error);

    if (!response)
        return FALSE;
    if (response->eid_value.size != EID_SIZE) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%s: an EID has %d octets, not %" G_GSIZE_FORMAT, function.name, EID_SIZE,
                    response->eid_value.size);
        return FALSE;
    }
    memcpy(ret_eid, response->eid_value.data, EID_SIZE);
    return TRUE;
}
