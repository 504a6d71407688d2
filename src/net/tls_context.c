/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/tls_context.h"

#include <openssl/ssl.h>

/* Authenticated encryption and an ephemeral elliptic-curve key, or at least the latter with SHA-2: what
 * SGP.22 2.6.6 asks servers to have, and all that TLS 1.3 has. */
static gboolean is_wanted(const SSL_CIPHER *cipher)
{
    return SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any ||
           (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe &&
            SSL_CIPHER_get_auth_nid(cipher) != NID_auth_psk &&
            (SSL_CIPHER_is_aead(cipher) || SSL_CIPHER_get_digest_nid(cipher) != NID_sha1));
}

/* The names of the wanted ciphers of one kind, those with 128-bit keys first: with their shorter hash also
 * tickets, binders and Finished messages are shorter. */
static char *choose(STACK_OF(SSL_CIPHER) * ciphers, gboolean tls13)
{
    GString *names = g_string_new(NULL);

    for (guint pass = 0; pass < 2; pass++) {
        for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
            const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
            gboolean is_short = SSL_CIPHER_get_bits(cipher, NULL) == 128;

            if (!is_wanted(cipher) || is_short != (pass == 0) ||
                (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any) != tls13)
                continue;
            if (names->len > 0)
                g_string_append_c(names, ':');
            g_string_append(names, SSL_CIPHER_get_name(cipher));
        }
    }
    return g_string_free(names, FALSE);
}

gboolean tls_context_trim(void *ssl_ctx)
{
    SSL_CTX *ctx = ssl_ctx;
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    g_autofree char *tls12 = choose(ciphers, FALSE), *tls13 = choose(ciphers, TRUE);

    /* It was for servers of 2013 that could not read messages of 256 to 511 octets. */
    SSL_CTX_clear_options(ctx, SSL_OP_TLSEXT_PADDING);
    /* Where the system's configuration leaves nothing that is wanted, its choice stays. */
    return (!*tls12 || SSL_CTX_set_cipher_list(ctx, tls12)) &&
           (!*tls13 || SSL_CTX_set_ciphersuites(ctx, tls13));
}

gboolean tls_context_ask_small_records(void *ssl_ctx)
{
    return SSL_CTX_set_tlsext_max_fragment_length(ssl_ctx, TLSEXT_max_fragment_length_2048) == 1;
}
