/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/es9p.h"
#include "net/json_exchange.h"

#define ES9P_PATH "/gsma/rsp2/es9plus/"

struct Es9pClient {
    JsonPeer peer;
    char *address;
};

/* transactionId and one object of the card. */
GString *es9p_make_request(GBytes *transaction_id, const char *name, GBytes *object);
