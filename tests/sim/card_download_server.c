/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_download.h"

#include <openssl/x509v3.h>

#include "sim/crypto.h"

/* Certificates of RSP servers as the eUICC sees them (SGP.22 4.5.2). */

#define INVALID_CERTIFICATE 1
#define UNSUPPORTED_CURVE   3
#define CI_UNKNOWN          7

static gboolean is_usable_curve(EVP_PKEY *key)
{
    char name[64];
    gsize size;

    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, name, sizeof(name), &size) == 1 &&
           (g_str_equal(name, "prime256v1") || g_str_equal(name, "brainpoolP256r1"));
}

static gboolean has_some_policy(X509 *certificate, const char *const *policies)
{
    for (guint i = 0; policies[i]; i++)
        if (sim_certificate_has_policy(certificate, policies[i]))
            return TRUE;
    return FALSE;
}

/* The CI that issued CERTIFICATE, by name. An issuer that the card knows as something else issued what
 * it may not: the certificate is invalid. One it does not know at all is an unknown CI. */
static guint find_issuer(const CardState *state, X509 *certificate, X509 **ret_ci)
{
    const X509_NAME *issuer = X509_get_issuer_name(certificate);

    for (guint i = 0; i < state->credentials->len; i++) {
        const CardCredentials *credentials = g_ptr_array_index(state->credentials, i);

        if (X509_NAME_cmp(issuer, X509_get_subject_name(credentials->ci)) == 0) {
            *ret_ci = credentials->ci;
            return 0;
        }
        if (X509_NAME_cmp(issuer, X509_get_subject_name(credentials->eum)) == 0)
            return INVALID_CERTIFICATE;
    }
    return CI_UNKNOWN;
}

guint card_server_check(const CardState *state, TlvSlice certificate, const char *const *policies,
                        EVP_PKEY **ret_key, GBytes **ret_oid)
{
    X509 *parsed = sim_certificate_parse(certificate, NULL), *ci = NULL;
    g_autoptr(GBytes) oid = NULL;
    guint code;

    if (!parsed)
        return INVALID_CERTIFICATE;
    code = find_issuer(state, parsed, &ci);
    if (code == 0) {
        oid = sim_certificate_get_oid(parsed);
        if (!sim_certificate_check_issued(parsed, ci, "server", NULL))
            code = INVALID_CERTIFICATE;
        else if (!is_usable_curve(X509_get0_pubkey(parsed)))
            code = UNSUPPORTED_CURVE;
        else if (!(X509_get_extension_flags(parsed) & EXFLAG_KUSAGE) ||
                 !(X509_get_key_usage(parsed) & KU_DIGITAL_SIGNATURE) ||
                 !has_some_policy(parsed, policies) || !oid)
            /* A missing OID might be invalidOid(5) as well; the certificate is what is wrong. */
            code = INVALID_CERTIFICATE;
    }
    if (code == 0) {
        *ret_key = X509_get_pubkey(parsed);
        *ret_oid = g_steal_pointer(&oid);
    }
    X509_free(parsed);
    return code;
}
