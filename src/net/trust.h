/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * What makes a server trustworthy (SGP.32 2.6, interop.md I-33). For an eIM this comes from the
 * trustedPublicKeyDataTls of its EimConfigurationData first; only where the card names nothing,
 * from the configured bundle, else the system's store. There is no trust that accepts everything.
 */
typedef struct Trust Trust;

typedef enum {
    TRUST_PUBLIC_KEY,  /* trustedEimPkTls: SubjectPublicKeyInfo of the server (or of a CA of its
                          chain) */
    TRUST_CERTIFICATE, /* trustedCertificateTls that is no CA: exactly this certificate */
    TRUST_CA,          /* trustedCertificateTls that is a CA: the only anchor, name checked */
    TRUST_BUNDLE,      /* CA bundle file of the configuration, name checked */
    TRUST_SYSTEM,      /* the system's store, name checked */
    TRUST_ESIM_CI,     /* eSIM CI certificates of the configuration, name and role checked */
} TrustSource;

/* DATA: content of the trustedPublicKeyDataTls field (tag A6 of EimConfigurationData), in any of
 * the nestings of interop.md I-07. MALFORMED (TLS domain of meaning: the eIM can't be used) where
 * it can't be parsed; never falls back. */
Trust *trust_new_from_eim_data(TlvSlice data, GError **error);
Trust *trust_new_bundle(const char *path, GError **error);
Trust *trust_new_system(void);

/* For SM-DP+ and SM-DS (SGP.22 2.6.6, 4.5.2), never for an eIM: the CI certificates in FOLDERS (ended by NULL) are
 * the only anchors. Every file there whose name does not begin with a dot is read, as PEM (one or several) or
 * DER; a folder that does not exist is an empty one. CONFIG where there is none at all, or a file is none. */
Trust *trust_new_esim_ci(const char *const *folders, GError **error);

/* TRUST is that of eSIM CIs, and one of them has the key KEY_ID (its subjectKeyIdentifier). */
gboolean trust_has_ci(const Trust *trust, TlvSlice key_id);
Trust *trust_ref(Trust *trust);
void trust_unref(Trust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trust, trust_unref)

TrustSource trust_get_source(const Trust *trust);
/* "public key pinned by the card (trustedEimPkTls)" and the like. Static string. */
const char *trust_source_to_string(TrustSource source);

/* Clock policy (interop.md I-46): while the clock was never set, validity dates of a server that is
 * pinned by key or certificate are not checked; all others fail, those of SM-DP+ and SM-DS among them. */

/* For https.c: prepares an SSL_CTX (void * to keep OpenSSL out of this header) for a client of HOST
 * (a DNS name or an IP address without brackets): TLS 1.2 or later, the groups of the specification
 * (NIST and brainpool), and this trust as the only verification. *RET_DETAIL is written at each
 * full handshake: how the server was trusted, or what did not match; g_free() it. RET_DETAIL must
 * live as long as the SSL_CTX, which keeps a reference on TRUST. INTERNAL where OpenSSL refuses. */
gboolean trust_install(Trust *trust, void *ssl_ctx, const char *host, char **ret_detail,
                       GError **error);

/* For tls_session.c, in the same SSL_CTX: would a server that showed LEAF (X509 *) and CHAIN (STACK_OF(X509) *)
 * be trusted in a handshake of SSL that starts now? Writes the detail like a full handshake. */
gboolean trust_check_again(void *ssl, void *leaf, void *chain);

/* SHA-256 over what this trust accepts, to tell one trust from another. The contents of the system's store
 * are not part of it. */
GBytes *trust_get_digest(const Trust *trust);

/* Takes the date from NOW (seconds since 1970) instead of the clock, and IS_SET instead of what
 * clock_is_set() says. Before trust_install(); for tests of the clock policy. */
void trust_override_clock(Trust *trust, gboolean is_set, gint64 now);

G_END_DECLS
