/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* The access point name in httpParams of GetConnectivityParameters (SGP.32 2.4.4), as "iot.example": labels joined by
 * dots, "" where the network has none to name. g_free() it. NOT_FOUND, MALFORMED. */
char *rsp_connectivity_get_access_point(TlvSlice http_params, GError **error);

G_END_DECLS
