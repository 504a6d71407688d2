/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

#include "fuzz-input.h"
#include "net/trust.h"

/*
 * The certificates of a server, against the trust that a card names: one octet of options, the trust data
 * (A6) and the chain, each with its length in two octets before it. What OpenSSL can parse goes to our
 * verification as in a handshake. It says yes only where the anchor of the card has a part in the chain.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_CHAIN 8
#define NOW       G_GINT64_CONSTANT(1790000000) /* September 2026 */

/* In the place of OpenSSL's: what trust_install() wants to be called. */
static int (*verify)(X509_STORE_CTX *, void *);
static void *verify_data;

void SSL_CTX_set_cert_verify_callback(SSL_CTX *ctx, int (*callback)(X509_STORE_CTX *, void *),
                                      void *data)
{
    (void)ctx;
    verify = callback;
    verify_data = data;
}

static X509 *parse(TlvSlice der)
{
    const guint8 *next = der.data;
    X509 *certificate = d2i_X509(NULL, &next, (long)der.size);

    if (certificate && next == der.data + der.size)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static gboolean holds(TlvSlice data, unsigned char *der, int size)
{
    /* The card's tag may replace that of the SEQUENCE (I-07): only the content is compared. */
    gboolean found =
        size > 4 && data.size > 0 && memmem(data.data, data.size, der + 4, (gsize)size - 4);

    OPENSSL_free(der);
    return found;
}

/* CERTIFICATE, or its key, stands in the data of the card. */
static gboolean is_named(TlvSlice data, X509 *certificate)
{
    unsigned char *der = NULL, *spki = NULL;
    int size = i2d_X509(certificate, &der);
    int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
    gboolean found = holds(data, der, size);

    return holds(data, spki, spki_size) || found;
}

/* Some certificate that stands in DATA at any place has signed CERTIFICATE. */
static gboolean is_signed_by_named(TlvSlice data, X509 *certificate)
{
    for (gsize at = 0; at + 4 < data.size; at++) {
        const guint8 *next = data.data + at;
        g_autofree guint8 *copy = g_memdup2(next, data.size - at);
        X509 *anchor;
        gboolean yes;

        if (copy[0] != 0x30 && copy[0] != 0xA1 && copy[0] != 0xA6)
            continue;
        copy[0] = 0x30;
        next = copy;
        anchor = d2i_X509(NULL, &next, (long)(data.size - at));
        if (!anchor)
            continue;
        yes = X509_verify(certificate, X509_get0_pubkey(anchor)) == 1;
        X509_free(anchor);
        if (yes)
            return TRUE;
    }
    return FALSE;
}

static gboolean has_part(TlvSlice data, X509 *leaf, STACK_OF(X509) * chain)
{
    gboolean yes = is_named(data, leaf) || is_signed_by_named(data, leaf);

    for (int i = 0; i < sk_X509_num(chain); i++)
        yes = yes || is_named(data, sk_X509_value(chain, i)) ||
              is_signed_by_named(data, sk_X509_value(chain, i));
    return yes;
}

static void run(Trust *trust, TlvSlice trust_data, const char *host, X509 *leaf,
                STACK_OF(X509) * chain)
{
    g_autofree char *detail = NULL;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    X509_STORE_CTX *store_context = X509_STORE_CTX_new();
    SSL *ssl = NULL;

    g_assert(trust_install(trust, context, host, &detail, NULL));
    ssl = SSL_new(context);
    g_assert(ssl &&
             X509_STORE_CTX_init(store_context, SSL_CTX_get_cert_store(context), leaf, chain));
    X509_STORE_CTX_set_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl);
    if (verify(store_context, verify_data)) {
        g_assert(X509_STORE_CTX_get_error(store_context) == X509_V_OK);
        g_assert(has_part(trust_data, leaf, chain));
    } else {
        g_assert(X509_STORE_CTX_get_error(store_context) != X509_V_OK);
    }
    fuzz_check_text(detail);
    g_assert(strlen(detail) < 2000);
    X509_STORE_CTX_free(store_context);
    SSL_free(ssl);
    SSL_CTX_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const hosts[] = { "eim.example.com", "192.0.2.1", "2001:db8::1", "a" };
    FuzzInput input = { data, size };
    guint8 options = fuzz_take_octet(&input);
    TlvSlice trust_data = fuzz_take_sized(&input);
    g_autoptr(Trust) trust = trust_new_from_eim_data(trust_data, NULL);
    STACK_OF(X509) * chain;
    X509 *leaf;

    if (!trust)
        return 0;
    leaf = parse(fuzz_take_sized(&input));
    if (!leaf)
        return 0;
    chain = sk_X509_new_null();
    while (input.left > 0 && sk_X509_num(chain) < MAX_CHAIN) {
        X509 *certificate = parse(fuzz_take_sized(&input));

        if (certificate)
            sk_X509_push(chain, certificate);
    }
    trust_override_clock(trust, !(options & 4), NOW);
    run(trust, trust_data, hosts[options & 3], leaf, chain);
    sk_X509_pop_free(chain, X509_free);
    X509_free(leaf);
    return 0;
}
