/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/crypto.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "util/file.h"

#define FILE_LIMIT (64 * 1024)

/* Certificate policies of the roles (SGP.14, the flat form that v2.x eUICCs use). */
#define POLICY_EUICC "2.23.146.1.2.1.1"
#define POLICY_EUM   "2.23.146.1.2.1.2"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_PUBKEY, X509_PUBKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)

/* Sets ERROR from OpenSSL's queue and empties the queue: it is per thread and would be read by
 * libcurl. */
static void set_openssl_error(GError **error, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", what,
                reason ? reason : "refused by the crypto library");
    ERR_clear_error();
}

static GBytes *read_whole_file(const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    GBytes *content = file_read(path, FILE_LIMIT, &local);

    if (!content)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
    return content;
}

EVP_PKEY *sim_key_load(const char *pem_path, GError **error)
{
    g_autoptr(GBytes) content = read_whole_file(pem_path, error);
    g_autofree char *text = NULL;
    EVP_PKEY *key;

    if (!content)
        return NULL;
    text = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    key = sim_key_parse(text, error);
    if (!key)
        g_prefix_error(error, "'%s': ", pem_path);
    return key;
}

EVP_PKEY *sim_key_parse(const char *pem, GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    if (!key)
        set_openssl_error(error, "no private key in PEM form");
    return key;
}

X509 *sim_certificate_load(const char *der_path, GError **error)
{
    g_autoptr(GBytes) content = read_whole_file(der_path, error);
    X509 *certificate;

    if (!content)
        return NULL;
    certificate = sim_certificate_parse(tlv_slice_from_bytes(content), error);
    if (!certificate)
        g_prefix_error(error, "'%s': ", der_path);
    return certificate;
}

X509 *sim_certificate_parse(TlvSlice der, GError **error)
{
    const unsigned char *at = der.data;
    g_autoptr(X509) certificate = NULL;

    if (der.data && der.size <= FILE_LIMIT)
        certificate = d2i_X509(NULL, &at, (long)der.size);
    if (!certificate) {
        set_openssl_error(error, "no X.509 certificate");
        return NULL;
    }
    if (at != der.data + der.size) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                            "octets follow the certificate");
        return NULL;
    }
    return g_steal_pointer(&certificate);
}

GBytes *sim_certificate_to_der(X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    GBytes *bytes = g_bytes_new(der, size > 0 ? (gsize)size : 0);

    OPENSSL_free(der);
    return bytes;
}

GBytes *sim_certificate_get_spki(X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    GBytes *bytes = g_bytes_new(der, size > 0 ? (gsize)size : 0);

    OPENSSL_free(der);
    return bytes;
}

GBytes *sim_key_identifier(EVP_PKEY *key)
{
    X509_PUBKEY *public_key = NULL;
    const unsigned char *bits = NULL;
    guint8 digest[SHA_DIGEST_LENGTH];
    int size = 0;

    if (X509_PUBKEY_set(&public_key, key) == 1)
        X509_PUBKEY_get0_param(NULL, &bits, &size, NULL, public_key);
    SHA1(bits, (gsize)size, digest);
    X509_PUBKEY_free(public_key);
    return g_bytes_new(digest, sizeof(digest));
}

GBytes *sim_sign(EVP_PKEY *key, const void *data, gsize size, GError **error)
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    g_autoptr(ECDSA_SIG) signature = NULL;
    guint8 der[256], raw[SIM_SIGNATURE_SIZE];
    gsize der_size = sizeof(der);
    const unsigned char *at = der;

    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(context, der, &der_size, data, size) != 1) {
        set_openssl_error(error, "can't sign");
        return NULL;
    }
    signature = d2i_ECDSA_SIG(NULL, &at, (long)der_size);
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32) != 32) {
        set_openssl_error(error, "can't sign: the key is not on a 256-bit curve");
        return NULL;
    }
    return g_bytes_new(raw, sizeof(raw));
}

gboolean sim_verify(EVP_PKEY *key, const void *data, gsize size, TlvSlice signature)
{
    g_autoptr(EVP_MD_CTX) context = NULL;
    g_autoptr(ECDSA_SIG) numbers = NULL;
    unsigned char *der = NULL;
    int der_size;
    gboolean good;

    if (!signature.data || signature.size != SIM_SIGNATURE_SIZE ||
        EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_bits(key) != 256)
        return FALSE;
    numbers = ECDSA_SIG_new();
    ECDSA_SIG_set0(numbers, BN_bin2bn(signature.data, 32, NULL),
                   BN_bin2bn(signature.data + 32, 32, NULL));
    der_size = i2d_ECDSA_SIG(numbers, &der);
    if (der_size <= 0)
        return FALSE;
    context = EVP_MD_CTX_new();
    good = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(context, der, (gsize)der_size, data, size) == 1;
    OPENSSL_free(der);
    ERR_clear_error();
    return good;
}

/* Number of objects directly in CONTENT and the first three of them; FALSE when it is no TLV. */
static gboolean list_children(TlvSlice content, Tlv children[3], guint *ret_count)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    guint count = 0;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        if (count < 3)
            children[count] = tlv;
        count++;
    }
    *ret_count = count;
    return error == NULL;
}

EVP_PKEY *sim_key_from_choice(TlvSlice content, GError **error)
{
    Tlv children[3];
    guint count;
    EVP_PKEY *key = NULL;

    /* A5 or A6 itself, then the arm A0 or A1, then the nested complete object: each may be there.
     */
    for (guint level = 0; level < 4; level++) {
        if (!list_children(content, children, &count))
            break;
        if (count == 1 && (tlv_tag_is_constructed(children[0].tag))) {
            content = children[0].value;
            continue;
        }
        if (count == 2 && children[0].tag == 0x30 && children[1].tag == 0x03) {
            g_autoptr(TlvWriter) writer = tlv_writer_new();
            g_autoptr(GBytes) spki = NULL;
            const unsigned char *at;

            tlv_put_slice(writer, 0x30, content);
            spki = tlv_writer_finish(g_steal_pointer(&writer));
            at = g_bytes_get_data(spki, NULL);
            key = d2i_PUBKEY(NULL, &at, (long)g_bytes_get_size(spki));
        } else if (count == 3 && children[0].tag == 0x30 && children[1].tag == 0x30 &&
                   children[2].tag == 0x03) {
            g_autoptr(TlvWriter) writer = tlv_writer_new();
            g_autoptr(GBytes) der = NULL;
            g_autoptr(X509) certificate = NULL;

            tlv_put_slice(writer, 0x30, content);
            der = tlv_writer_finish(g_steal_pointer(&writer));
            certificate = sim_certificate_parse(tlv_slice_from_bytes(der), error);
            if (!certificate)
                return NULL;
            key = X509_get_pubkey(certificate);
        }
        break;
    }
    if (!key)
        set_openssl_error(error, "no public key and no certificate");
    return key;
}

/* ---- chain ---- */

gboolean sim_certificate_has_policy(X509 *certificate, const char *oid)
{
    CERTIFICATEPOLICIES *policies =
        X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);
    gboolean found = FALSE;

    for (int i = 0; policies && i < sk_POLICYINFO_num(policies); i++) {
        char text[64];

        OBJ_obj2txt(text, sizeof(text), sk_POLICYINFO_value(policies, i)->policyid, 1);
        found = found || strcmp(text, oid) == 0;
    }
    CERTIFICATEPOLICIES_free(policies);
    return found;
}

GBytes *sim_certificate_get_oid(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    GBytes *oid = NULL;

    for (int i = 0; names && !oid && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_RID)
            oid =
                g_bytes_new(OBJ_get0_data(name->d.registeredID), OBJ_length(name->d.registeredID));
    }
    GENERAL_NAMES_free(names);
    return oid;
}

static char *name_entry(const X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    unsigned char *text = NULL;
    char *result;

    if (at < 0 ||
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))) < 0)
        return NULL;
    result = g_strdup((const char *)text);
    OPENSSL_free(text);
    return result;
}

static gboolean check_dates(X509 *certificate, const char *what, GError **error)
{
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s certificate is not valid yet",
                    what);
        return FALSE;
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s certificate has expired", what);
        return FALSE;
    }
    return TRUE;
}

static gboolean fail(GError **error, const char *what, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s certificate: %s", what, why);
    ERR_clear_error();
    return FALSE;
}

gboolean sim_certificate_check_issued(X509 *subject, X509 *issuer, const char *what, GError **error)
{
    const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(subject);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuer);

    if (aki && ski && ASN1_OCTET_STRING_cmp(aki, ski) != 0)
        return fail(error, what, "authority key identifier is not the issuer's");
    if (X509_get_signature_nid(subject) != NID_ecdsa_with_SHA256 ||
        X509_verify(subject, X509_get0_pubkey(issuer)) != 1)
        return fail(error, what, "signature does not verify");
    return TRUE;
}

/* The EUM's name constraint (SGP.22 4.5.2.1.0.2): one directoryName with the organization and a
 * prefix of the EID. It is no prefix of the eUICC's subject, so X.509's own rule can't be used. */
static gboolean check_constraint(X509 *eum, const X509_NAME *subject, const char *eid,
                                 GError **error)
{
    g_autoptr(NAME_CONSTRAINTS) constraints =
        X509_get_ext_d2i(eum, NID_name_constraints, NULL, NULL);
    g_autofree char *organization = name_entry(subject, NID_organizationName);

    for (int i = 0; constraints && i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees);
         i++) {
        const GENERAL_NAME *base =
            sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base;
        g_autofree char *permitted_organization = NULL;
        g_autofree char *prefix = NULL;

        if (base->type != GEN_DIRNAME)
            continue;
        permitted_organization = name_entry(base->d.directoryName, NID_organizationName);
        prefix = name_entry(base->d.directoryName, NID_serialNumber);
        if (prefix && *prefix && g_str_has_prefix(eid, prefix) &&
            g_strcmp0(organization, permitted_organization) == 0)
            return TRUE;
    }
    return fail(error, "eUICC", "outside the name constraints of its EUM");
}

gboolean sim_verify_euicc_chain(X509 *euicc, X509 *eum, X509 *ci, char **ret_eid, GError **error)
{
    const X509_NAME *subject = X509_get_subject_name(euicc);
    g_autofree char *eid = name_entry(subject, NID_serialNumber);

    if (X509_NAME_cmp(X509_get_issuer_name(eum), X509_get_subject_name(ci)) != 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                            "EUM certificate was issued by an unknown CI");
        return FALSE;
    }
    if (!sim_certificate_check_issued(eum, ci, "EUM", error) || !check_dates(ci, "CI", error) ||
        !check_dates(eum, "EUM", error))
        return FALSE;
    if (X509_check_ca(eum) != 1 || !(X509_get_key_usage(eum) & KU_KEY_CERT_SIGN))
        return fail(error, "EUM", "may not issue certificates");
    if (!sim_certificate_has_policy(eum, POLICY_EUM))
        return fail(error, "EUM", "policy is not that of an EUM");

    if (X509_NAME_cmp(X509_get_issuer_name(euicc), X509_get_subject_name(eum)) != 0)
        return fail(error, "eUICC", "was not issued by this EUM");
    if (!sim_certificate_check_issued(euicc, eum, "eUICC", error) ||
        !check_dates(euicc, "eUICC", error))
        return FALSE;
    if (!(X509_get_extension_flags(euicc) & EXFLAG_KUSAGE) ||
        !(X509_get_key_usage(euicc) & KU_DIGITAL_SIGNATURE))
        return fail(error, "eUICC", "key usage has no digitalSignature");
    if (!sim_certificate_has_policy(euicc, POLICY_EUICC))
        return fail(error, "eUICC", "policy is not that of an eUICC");
    if (!eid || strlen(eid) != 32 || strspn(eid, "0123456789") != 32)
        return fail(error, "eUICC", "serialNumber is no EID");
    if (!check_constraint(eum, subject, eid, error))
        return FALSE;
    if (ret_eid)
        *ret_eid = g_steal_pointer(&eid);
    return TRUE;
}
