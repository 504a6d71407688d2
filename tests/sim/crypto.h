/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* Signatures and certificate chains of the RSP world (spec: SGP.22 2.6, SGP.14), for the simulator
 * only. Errors are in G_IO_ERROR. */

#define SIM_SIGNATURE_SIZE 64 /* r and s, 32 octets each, big-endian (BSI TR-03111) */

EVP_PKEY *sim_key_load(const char *pem_path, GError **error);
EVP_PKEY *sim_key_parse(const char *pem, GError **error);
X509 *sim_certificate_load(const char *der_path, GError **error);
X509 *sim_certificate_parse(TlvSlice der, GError **error);
GBytes *sim_certificate_to_der(X509 *certificate);
/* The SubjectPublicKeyInfo (30…) of a certificate as it stands there. */
GBytes *sim_certificate_get_spki(X509 *certificate);
gboolean sim_certificate_has_policy(X509 *certificate, const char *oid);
/* Content octets of the registered id in subjectAltName, the OID of an RSP server; NULL: none. */
GBytes *sim_certificate_get_oid(X509 *certificate);
/* Key identifiers and signature; names and dates are the caller's affair. WHAT: for ERROR. */
gboolean sim_certificate_check_issued(X509 *subject, X509 *issuer, const char *what,
                                      GError **error);
/* subjectKeyIdentifier: SHA-1 of the public key bit string (20 octets). */
GBytes *sim_key_identifier(EVP_PKEY *key);

/* ECDSA with SHA-256 over DATA, r‖s. */
GBytes *sim_sign(EVP_PKEY *key, const void *data, gsize size, GError **error);
/* Verifies r‖s; DER signatures are refused here. */
gboolean sim_verify(EVP_PKEY *key, const void *data, gsize size, TlvSlice signature);

/* Public key from a SubjectPublicKeyInfo or Certificate, in each nesting of I-07. */
EVP_PKEY *sim_key_from_choice(TlvSlice content, GError **error);

/* eUICC certificate -> EUM -> CI by hand (SGP.22 4.5.2): issuer and subject, signatures, dates,
 * key usage, policy OIDs, EUM name constraint against the eUICC's serialNumber (= EID). NOT_FOUND:
 * the EUM certificate was issued by another CI. TIMED_OUT: a certificate has expired. INVALID_DATA:
 * all else. */
gboolean sim_verify_euicc_chain(X509 *euicc, X509 *eum, X509 *ci, char **ret_eid, GError **error);

G_END_DECLS
