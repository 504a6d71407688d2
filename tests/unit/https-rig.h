/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/https.h"
#include "unit/tls-peer.h"

G_BEGIN_DECLS

/* An HTTPS client and the server that it reaches, whose key it has pinned. */
typedef struct {
    char *host;
    TlsPeer *peer;
    char *resolve;
    HttpsClient *client;
} HttpsRig;

/* The public key of CERTIFICATE as the card would pin it. */
Trust *https_rig_pin(X509 *certificate);

/* CONFIG NULL: the default one. */
void https_rig_init(HttpsRig *rig, const char *host, const HttpsConfig *config);
void https_rig_clear(HttpsRig *rig);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpsRig, https_rig_clear)

G_END_DECLS
