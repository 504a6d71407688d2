/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/common.h"

G_BEGIN_DECLS

#define RSP_IMEI_DIGITS 15

/* DeviceInfo (SGP.22 4.2) with the octets that it points to: not to be copied. */
typedef struct {
    RspDeviceInfo info;
    RspDeviceCapabilities
        capabilities; /* empty: what the radio can do is not known here, and an absent
                                           entry claims nothing */
    guint8 imei[8];
} RspDevice;

/* IMEI: 15 digits, or NULL where the modem does not tell. Then there is no imei, and the mandatory TAC has
 * nothing but zeros, which no device has (3GPP TS 23.003: the reporting body is 01 or more). FALSE where IMEI is
 * something else. */
gboolean rsp_device_init(RspDevice *device, const char *imei);

/* CtxParams1 (SGP.22 5.7.13), the complete object A0. MATCHING_ID: NULL: none (default SM-DP+, root
 * SM-DS). NULL with INTERNAL. */
GBytes *rsp_device_make_ctx_params1(RspDevice *device, const char *matching_id, GError **error);

G_END_DECLS
