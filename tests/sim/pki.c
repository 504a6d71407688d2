/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/pki.h"

#include <openssl/conf.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "sim/crypto.h"
#include "sim/pki_profile.h"
#include "util/bytes.h"
#include "util/file.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CONF, NCONF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

typedef struct {
    const char *dir;
    const char *curve;
    const char *eid;
    const char *eim_host;
    const char *server_host; /* NULL: the usual ones */
    const char *server_oid;
    EVP_PKEY *keys[SIM_PKI_PROFILES];
    X509 *certificates[SIM_PKI_PROFILES];
} Pki;

static gboolean fail(GError **error, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what,
                reason ? reason : "refused by the crypto library");
    ERR_clear_error();
    return FALSE;
}

/* Host and OID of an SM-DP+ or SM-DS. */
static const char *get_server_host(const Pki *pki, const SimPkiProfile *profile)
{
    return pki->server_host               ? pki->server_host
           : profile->group == SIM_PKI_DP ? "smdp.example.com"
                                          : "smds.example.com";
}

static const char *get_server_oid(const Pki *pki, const SimPkiProfile *profile)
{
    return pki->server_oid                ? pki->server_oid
           : profile->group == SIM_PKI_DP ? "2.999.10"
                                          : "2.999.15";
}

static guint find_profile(const char *name)
{
    guint i = 0;

    while (!g_str_equal(sim_pki_profiles[i].name, name))
        i++;
    return i;
}

static gboolean write_file(const Pki *pki, const char *name, const char *suffix, BIO *content,
                           int mode, GError **error)
{
    g_autofree char *base = g_strconcat(name, suffix, NULL);
    g_autofree char *path = g_build_filename(pki->dir, base, NULL);
    char *data;
    long size = BIO_get_mem_data(content, &data);

    return g_file_set_contents_full(path, data, size, G_FILE_SET_CONTENTS_NONE, mode, error);
}

static gboolean write_files(const Pki *pki, guint index, GError **error)
{
    const SimPkiProfile *profile = &sim_pki_profiles[index];
    g_autoptr(BIO) der = BIO_new(BIO_s_mem());
    g_autoptr(BIO) pem = BIO_new(BIO_s_mem());
    g_autoptr(BIO) key = BIO_new(BIO_s_secmem());

    if (i2d_X509_bio(der, pki->certificates[index]) != 1 ||
        PEM_write_bio_X509(pem, pki->certificates[index]) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key, pki->keys[index], NULL, NULL, 0, NULL, NULL) != 1)
        return fail(error, "encoding");
    return write_file(pki, profile->name, ".der", der, 0644, error) &&
           write_file(pki, profile->name, ".pem", pem, 0644, error) &&
           (profile->key || write_file(pki, profile->name, ".key.pem", key, 0600, error));
}

static gboolean set_time(ASN1_TIME *time, const char *text, GError **error)
{
    /* UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
    if (ASN1_TIME_set_string_X509(time, text) != 1)
        return fail(error, "validity");
    return TRUE;
}

static gboolean set_subject(const Pki *pki, const SimPkiProfile *profile, X509 *certificate,
                            GError **error)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    for (const SimPkiName *entry = profile->subject; entry->value; entry++) {
        const char *value = entry->value;

        if (g_str_equal(value, SIM_PKI_EIM_NAME))
            value = pki->eim_host;
        else if (g_str_equal(value, SIM_PKI_SERVER_NAME))
            value = get_server_host(pki, profile);
        else if (g_str_equal(value, SIM_PKI_EID))
            value = pki->eid;
        /* commonName has room for 64 characters; longer names only stand in the subjectAltName. */
        if (entry->nid == NID_commonName && strlen(value) > 64)
            value = "server";
        if (X509_NAME_add_entry_by_NID(name, entry->nid, MBSTRING_UTF8,
                                       (const unsigned char *)value, -1, -1, 0) != 1)
            return fail(error, "subject");
    }
    return TRUE;
}

/* One directoryName with the EUM's organization and the first eight digits of its EIDs (SGP.22
 * 4.5.2.1.0.2). */
static gboolean add_name_constraint(const Pki *pki, X509 *certificate, GError **error)
{
    g_autoptr(NAME_CONSTRAINTS) constraints = NAME_CONSTRAINTS_new();
    GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
    g_autofree char *prefix = g_strndup(pki->eid, 8);
    X509_NAME *name = X509_NAME_new();
    gboolean ok;

    ok = X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
                                    (const unsigned char *)SIM_PKI_EUM_O, -1, -1, 0) == 1 &&
         X509_NAME_add_entry_by_NID(name, NID_serialNumber, MBSTRING_UTF8,
                                    (const unsigned char *)prefix, -1, -1, 0) == 1;
    GENERAL_NAME_set0_value(subtree->base, GEN_DIRNAME, name);
    constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
    sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree);
    if (!ok || X509_add1_ext_i2d(certificate, NID_name_constraints, constraints, TRUE,
                                 X509V3_ADD_APPEND) != 1)
        return fail(error, "name constraints");
    return TRUE;
}

/* VALUE, with what a stand-in stands for. */
static char *make_name(const Pki *pki, const SimPkiProfile *profile, const char *value)
{
    const char *host, *oid;

    if (g_str_equal(value, SIM_PKI_SERVER_RID))
        return g_strconcat("RID:", get_server_oid(pki, profile), NULL);
    if (g_str_equal(value, SIM_PKI_EIM_SAN)) {
        host = pki->eim_host;
        oid = "2.999.20";
    } else if (g_str_equal(value, SIM_PKI_SERVER_SAN)) {
        host = get_server_host(pki, profile);
        oid = get_server_oid(pki, profile);
    } else {
        return g_strdup(value);
    }
    return g_strdup_printf("%s:%s,RID:%s", g_hostname_is_ip_address(host) ? "IP" : "DNS", host,
                           oid);
}

static gboolean add_extensions(const Pki *pki, const SimPkiProfile *profile, X509 *certificate,
                               X509 *issuer, GError **error)
{
    g_autoptr(CONF) empty = NCONF_new(NULL);
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf(&context, empty); /* certificatePolicies insists on one */
    for (const SimPkiExtension *extension = profile->extensions; extension->value; extension++) {
        g_autoptr(X509_EXTENSION) made = NULL;
        g_autofree char *san = NULL;
        const char *value = extension->value;

        if (g_str_equal(value, SIM_PKI_NAME_CONSTRAINT)) {
            if (!add_name_constraint(pki, certificate, error))
                return FALSE;
            continue;
        }
        value = san = make_name(pki, profile, value);
        made = X509V3_EXT_conf_nid(NULL, &context, extension->nid, value);
        if (!made || X509_add_ext(certificate, made, -1) != 1)
            return fail(error, OBJ_nid2sn(extension->nid));
    }
    return TRUE;
}

static X509 *make_certificate(const Pki *pki, guint index, GError **error)
{
    const SimPkiProfile *profile = &sim_pki_profiles[index];
    g_autoptr(X509) certificate = X509_new();
    guint issuer = find_profile(profile->issuer);
    X509 *issued_by = issuer == index ? certificate : pki->certificates[issuer];
    g_autoptr(BIGNUM) serial = NULL;
    guint8 random[8];

    if (RAND_bytes(random, sizeof(random)) != 1) {
        fail(error, "serial number");
        return NULL;
    }
    /* Positive and of full length. */
    random[0] = (guint8)((random[0] & 0x7F) | 0x40);
    serial = BN_bin2bn(random, sizeof(random), NULL);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));

    if (!set_time(X509_getm_notBefore(certificate), profile->not_before, error) ||
        !set_time(X509_getm_notAfter(certificate), profile->not_after, error) ||
        !set_subject(pki, profile, certificate, error))
        return NULL;
    if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
        X509_set_issuer_name(certificate, X509_get_subject_name(issued_by)) != 1 ||
        X509_set_pubkey(certificate, pki->keys[index]) != 1) {
        fail(error, "certificate");
        return NULL;
    }
    if (!add_extensions(pki, profile, certificate, issued_by, error))
        return NULL;
    if (X509_sign(certificate, pki->keys[issuer], EVP_sha256()) == 0) {
        fail(error, "signature");
        return NULL;
    }
    return g_steal_pointer(&certificate);
}

static gboolean make_one(Pki *pki, guint i, GError **error)
{
    if (sim_pki_profiles[i].key) {
        pki->keys[i] = pki->keys[find_profile(sim_pki_profiles[i].key)];
        EVP_PKEY_up_ref(pki->keys[i]);
    } else {
        pki->keys[i] = EVP_EC_gen(pki->curve);
    }
    if (!pki->keys[i]) {
        fail(error, pki->curve);
        return FALSE;
    }
    pki->certificates[i] = make_certificate(pki, i, error);
    if (!pki->certificates[i] || !write_files(pki, i, error)) {
        g_prefix_error(error, "certificate %s: ", sim_pki_profiles[i].name);
        return FALSE;
    }
    return TRUE;
}

/* All of GROUPS. */
static gboolean make_groups(Pki *pki, guint groups, GError **error)
{
    for (guint i = 0; i < SIM_PKI_PROFILES; i++)
        if ((sim_pki_profiles[i].group & groups) && !make_one(pki, i, error))
            return FALSE;
    return TRUE;
}

static void pki_clear(Pki *pki)
{
    for (guint i = 0; i < SIM_PKI_PROFILES; i++) {
        EVP_PKEY_free(pki->keys[i]);
        X509_free(pki->certificates[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pki, pki_clear)

/* The host becomes part of a comma-separated list. */
static gboolean check_host(const char *host, GError **error)
{
    if (*host && !strpbrk(host, ", /") && strlen(host) <= 253)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no host name", host);
    return FALSE;
}

static gboolean copy_file(const char *from, const char *to, const char *name, GError **error)
{
    g_autofree char *source = g_build_filename(from, name, NULL);
    g_autofree char *target = g_build_filename(to, name, NULL);
    g_autofree char *content = NULL;
    gsize size;

    return g_file_get_contents(source, &content, &size, error) &&
           g_file_set_contents_full(target, content, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0644,
                                    error);
}

/* The folder that has nothing but the roots that an IPA trusts. */
static gboolean write_trusted(const char *dir, GError **error)
{
    g_autofree char *trusted = g_build_filename(dir, SIM_PKI_TRUSTED, NULL);

    return file_make_folder(trusted, error) && copy_file(dir, trusted, "ci.pem", error);
}

gboolean sim_pki_create(const char *dir, const char *curve, const char *eid, const char *eim_host,
                        GError **error)
{
    g_auto(Pki) pki = { .dir = dir, .curve = curve, .eid = eid, .eim_host = eim_host };
    g_autofree char *negative = g_build_filename(dir, "negative", NULL);
    guint8 octets[EID_SIZE];

    if (!g_str_equal(curve, "P-256") && !g_str_equal(curve, "brainpoolP256r1")) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "curve '%s' is neither P-256 nor brainpoolP256r1", curve);
        return FALSE;
    }
    if (!eid_from_string(eid, octets, error) || !check_host(eim_host, error) ||
        !file_make_folder(negative, error))
        return FALSE;
    if (!make_groups(&pki, G_MAXUINT, error) || !write_trusted(dir, error)) {
        g_prefix_error(error, "test PKI in '%s': ", dir);
        return FALSE;
    }
    return TRUE;
}

/* ---- one more eIM, one more card ---- */

/* Who issues, from another folder; and its curve, of which the keys will be. */
static gboolean load_issuer(Pki *pki, const char *name, const char *dir, char *curve,
                            gsize curve_size, GError **error)
{
    guint issuer = find_profile(name);
    g_autofree char *certificate_file = g_strconcat(name, ".der", NULL);
    g_autofree char *key_file = g_strconcat(name, ".key.pem", NULL);
    g_autofree char *certificate_path = g_build_filename(dir, certificate_file, NULL);
    g_autofree char *key_path = g_build_filename(dir, key_file, NULL);

    pki->certificates[issuer] = sim_certificate_load(certificate_path, error);
    if (!pki->certificates[issuer])
        return FALSE;
    pki->keys[issuer] = sim_key_load(key_path, error);
    if (!pki->keys[issuer])
        return FALSE;
    if (EVP_PKEY_get_group_name(pki->keys[issuer], curve, curve_size, NULL) != 1)
        return fail(error, "curve of the issuer");
    pki->curve = curve;
    return TRUE;
}

gboolean sim_pki_add_eim(const char *dir, const char *eim_dir, const char *eim_host, GError **error)
{
    static const char *const copied[] = { "ci.der",  "ci.pem",    "eum.der",
                                          "eum.pem", "euicc.der", "euicc.pem" };
    g_auto(Pki) pki = { .dir = eim_dir, .eid = "", .eim_host = eim_host };
    g_autofree char *negative = g_build_filename(eim_dir, "negative", NULL);
    char curve[64];

    if (!check_host(eim_host, error) ||
        !load_issuer(&pki, "ci", dir, curve, sizeof(curve), error) ||
        !file_make_folder(negative, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++)
        if (!copy_file(dir, eim_dir, copied[i], error))
            return FALSE;
    if (!make_groups(&pki, SIM_PKI_EIM | SIM_PKI_FOREIGN, error)) {
        g_prefix_error(error, "test PKI of an eIM in '%s': ", eim_dir);
        return FALSE;
    }
    return TRUE;
}

gboolean sim_pki_add_card(const char *dir, const char *card_dir, const char *eid, GError **error)
{
    static const char *const copied[] = { "ci.der", "ci.pem", "eum.der", "eum.pem" };
    g_auto(Pki) pki = { .dir = card_dir, .eid = eid, .eim_host = "" };
    guint8 octets[EID_SIZE];
    char curve[64];

    if (!eid_from_string(eid, octets, error) ||
        !load_issuer(&pki, "eum", dir, curve, sizeof(curve), error) ||
        !file_make_folder(card_dir, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++)
        if (!copy_file(dir, card_dir, copied[i], error))
            return FALSE;
    if (!make_one(&pki, find_profile("euicc"), error)) {
        g_prefix_error(error, "test PKI of a card in '%s': ", card_dir);
        return FALSE;
    }
    return TRUE;
}

gboolean sim_pki_add_server(const char *dir, const char *server_dir, SimPkiServer kind,
                            const char *host, const char *oid, GError **error)
{
    static const char *const copied[] = { "ci.der", "ci.pem" };
    g_auto(Pki) pki = {
        .dir = server_dir, .eid = "", .eim_host = "", .server_host = host, .server_oid = oid
    };
    g_autofree char *negative = g_build_filename(server_dir, "negative", NULL);
    char curve[64];

    if (!check_host(host, error) || !load_issuer(&pki, "ci", dir, curve, sizeof(curve), error) ||
        !file_make_folder(negative, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++)
        if (!copy_file(dir, server_dir, copied[i], error))
            return FALSE;
    if (!make_groups(&pki, (kind == SIM_PKI_SMDP ? SIM_PKI_DP : SIM_PKI_DS) | SIM_PKI_FOREIGN,
                     error)) {
        g_prefix_error(error, "test PKI of a server in '%s': ", server_dir);
        return FALSE;
    }
    return TRUE;
}
