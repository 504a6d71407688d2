/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/es9p.h"

G_BEGIN_DECLS

#define ES11_MAX_EVENTS 64

/* ES11.AuthenticateClient at an SM-DS (SGP.22 5.8.2): the offer has events (none is an empty list) and nothing
 * else. RESPONSE: BF38 as the card gave it. Errors as in net/es9p.h; TOO_LARGE for more than ES11_MAX_EVENTS. */
RspServerOffer *es11_authenticate_client(Es9pClient *client, GBytes *transaction_id,
                                         GBytes *response, GCancellable *cancellable,
                                         GError **error);

G_END_DECLS
