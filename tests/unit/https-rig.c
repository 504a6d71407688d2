/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/https-rig.h"

#include <openssl/x509.h>

Trust *https_rig_pin(X509 *certificate)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GError) error = NULL;
    guint8 *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    Trust *trust;

    tlv_put(writer, 0xA0, der, (gsize)size);
    OPENSSL_free(der);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    trust = trust_new_from_eim_data(tlv_slice_from_bytes(data), &error);
    g_assert_no_error(error);
    return trust;
}

void https_rig_init(HttpsRig *rig, const char *host, const HttpsConfig *config)
{
    TlsProfile profile = { .name = "server" };
    EVP_PKEY *key = tls_make_key();
    X509 *certificate = tls_make_certificate(&profile, key, NULL, NULL);
    g_autoptr(Trust) trust = https_rig_pin(certificate);
    HttpsConfig own = config ? *config : https_config_default;
    guint16 port;

    *rig = (HttpsRig){ .host = g_strdup(host), .peer = tls_peer_new(certificate, key, NULL) };
    port = tls_peer_get_port(rig->peer);
    rig->resolve = g_strdup_printf("%s:%u:127.0.0.1", host, port);
    own.resolve = rig->resolve;
    rig->client = https_client_new(host, port, trust, &own);
}

void https_rig_clear(HttpsRig *rig)
{
    g_clear_pointer(&rig->client, https_client_free);
    g_clear_pointer(&rig->peer, tls_peer_free);
    g_free(rig->resolve);
    g_free(rig->host);
}
