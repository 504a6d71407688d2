/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/device.h"

#include <string.h>

#define TAC_SIZE 4

gboolean rsp_device_init(RspDevice *device, const char *imei)
{
    *device = (RspDevice){ 0 };
    device->info.device_capabilities = &device->capabilities;
    device->info.tac = tlv_slice(device->imei, TAC_SIZE);
    if (!imei)
        return TRUE;
    if (strlen(imei) != RSP_IMEI_DIGITS || strspn(imei, "0123456789") != RSP_IMEI_DIGITS)
        return FALSE;
    /* Swapped digits; the last octet has the check digit in its high half and F in the low one. */
    for (guint i = 0; i < 7; i++)
        device->imei[i] = (guint8)((imei[2 * i + 1] - '0') << 4 | (imei[2 * i] - '0'));
    device->imei[7] = (guint8)((imei[14] - '0') << 4 | 0x0F);
    device->info.imei = tlv_slice(device->imei, sizeof device->imei);
    return TRUE;
}

GBytes *rsp_device_make_ctx_params1(RspDevice *device, const char *matching_id, GError **error)
{
    RspCtxParamsForCommonAuthentication common = { .device_info = &device->info };
    RspCtxParams1 ctx_params1 = { .ctx_params_for_common_authentication = &common };

    if (matching_id)
        common.matching_id = tlv_slice(matching_id, strlen(matching_id));
    return tlv_encode(&rsp_ctx_params1, &ctx_params1, error);
}
