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
#include "util/bytes.h"
#include "util/file.h"

#define CRL_URI "URI:http://crl.example.com/ci.crl"
#define EUM_O   "euiccd Test EUM"

#define LONG_AGO    "20200101000000Z"
#define FAR_AHEAD   "20960101000000Z"
#define CARD_EXPIRY "75001231235959Z" /* what real eUICC certificates have */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CONF, NCONF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

/* Stand-ins in the tables for what is only known at run time. */
#define EIM_NAME        "%eim-name"        /* subject: host of the eIM */
#define EID             "%eid"             /* subject: EID */
#define EIM_SAN         "%eim-san"         /* subjectAltName: host of the eIM and its OID */
#define NAME_CONSTRAINT "%name-constraint" /* nameConstraints of the EUM */

typedef struct {
    int nid;
    const char *value;
} NameEntry;

typedef struct {
    int nid;
    const char *value; /* as in openssl.cnf */
} Extension;

typedef struct {
    const char *name; /* of the files */
    const char *key;  /* certificate whose key is used; NULL: a new one */
    const char *issuer;
    const char *not_before;
    const char *not_after;
    NameEntry subject[5];
    Extension extensions[9]; /* in the order of the certificate */
} Profile;

#define AKI                                                                                        \
    {                                                                                              \
        NID_authority_key_identifier, "keyid:always"                                               \
    }
#define SKI                                                                                        \
    {                                                                                              \
        NID_subject_key_identifier, "hash"                                                         \
    }
#define CRL                                                                                        \
    {                                                                                              \
        NID_crl_distribution_points, CRL_URI                                                       \
    }
#define SIGNS                                                                                      \
    {                                                                                              \
        NID_key_usage, "critical,digitalSignature"                                                 \
    }
#define SERVER                                                                                     \
    {                                                                                              \
        NID_ext_key_usage, "critical,serverAuth,clientAuth"                                        \
    }

/* Policy OIDs of the roles, in the flat form of v2.x eUICCs (SGP.14). */
#define POLICY(role)                                                                               \
    {                                                                                              \
        NID_certificate_policies, "critical,2.23.146.1.2.1." role                                  \
    }
#define POLICY_OF_SERVER(role)                                                                     \
    {                                                                                              \
        NID_certificate_policies, "2.23.146.1.2.1." role                                           \
    }

/* An issuer stands before what it issues. */
static const Profile profiles[] = {
    { "ci",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_commonName, "euiccd Test CI" },
        { NID_organizationalUnitName, "TEST ONLY" },
        { NID_organizationName, "euiccd test" },
        { NID_countryName, "ZZ" } },
      { SKI,
        { NID_basic_constraints, "critical,CA:TRUE" },
        POLICY("0"),
        { NID_key_usage, "critical,keyCertSign,cRLSign" },
        { NID_subject_alt_name, "RID:2.999.1" },
        CRL } },
    { "eum",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" },
        { NID_organizationName, EUM_O },
        { NID_commonName, "EUM Test" } },
      { AKI,
        SKI,
        { NID_key_usage, "critical,keyCertSign" },
        POLICY("2"),
        { NID_subject_alt_name, "RID:2.999.5" },
        { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
        CRL,
        { NID_name_constraints, NAME_CONSTRAINT } } },
    { "euicc",
      NULL,
      "eum",
      LONG_AGO,
      CARD_EXPIRY,
      { { NID_countryName, "ZZ" },
        { NID_organizationName, EUM_O },
        { NID_serialNumber, EID },
        { NID_commonName, "Test eUICC" } },
      { AKI, SKI, SIGNS, POLICY("1") } },
    { "dpauth",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_organizationName, "euiccd test" }, { NID_commonName, "TEST SM-DP+" } },
      { AKI, SKI, { NID_subject_alt_name, "RID:2.999.10" }, SIGNS, POLICY("4"), CRL } },
    { "dppb",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_organizationName, "euiccd test" }, { NID_commonName, "TEST SM-DP+" } },
      { AKI, SKI, { NID_subject_alt_name, "RID:2.999.10" }, SIGNS, POLICY("5"), CRL } },
    { "dptls",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_organizationName, "euiccd test" }, { NID_commonName, "smdp.example.com" } },
      { SIGNS,
        SERVER,
        POLICY_OF_SERVER("3"),
        SKI,
        AKI,
        { NID_subject_alt_name, "DNS:smdp.example.com,RID:2.999.10" },
        CRL } },
    { "dsauth",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_organizationName, "euiccd test" }, { NID_commonName, "TEST SM-DS" } },
      { AKI, SKI, { NID_subject_alt_name, "RID:2.999.15" }, SIGNS, POLICY("7"), CRL } },
    { "dstls",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_organizationName, "euiccd test" }, { NID_commonName, "smds.example.com" } },
      { SIGNS,
        SERVER,
        POLICY_OF_SERVER("6"),
        SKI,
        AKI,
        { NID_subject_alt_name, "DNS:smds.example.com,RID:2.999.15" },
        CRL } },
    { "eim",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI, SIGNS } },
    { "eimtls",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI, SIGNS, SERVER, { NID_subject_alt_name, EIM_SAN }, CRL } },
    { "negative/eimtls-expired",
      "eimtls",
      "ci",
      LONG_AGO,
      "20210101000000Z",
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI, SIGNS, SERVER, { NID_subject_alt_name, EIM_SAN }, CRL } },
    { "negative/eimtls-not-yet-valid",
      "eimtls",
      "ci",
      "20900101000000Z",
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI, SIGNS, SERVER, { NID_subject_alt_name, EIM_SAN }, CRL } },
    { "negative/eimtls-wrong-name",
      "eimtls",
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, "other.example.org" } },
      { AKI, SIGNS, SERVER, { NID_subject_alt_name, "DNS:other.example.org,RID:2.999.20" }, CRL } },
    { "negative/eimtls-client-only",
      "eimtls",
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI,
        SIGNS,
        { NID_ext_key_usage, "critical,clientAuth" },
        { NID_subject_alt_name, EIM_SAN },
        CRL } },
    { "negative/eimtls-other-key",
      NULL,
      "ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI, SIGNS, SERVER, { NID_subject_alt_name, EIM_SAN }, CRL } },
    { "negative/foreign-ci",
      NULL,
      "negative/foreign-ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_commonName, "Foreign Test CI" }, { NID_countryName, "ZZ" } },
      { SKI,
        { NID_basic_constraints, "critical,CA:TRUE" },
        POLICY("0"),
        { NID_key_usage, "critical,keyCertSign,cRLSign" } } },
    { "negative/eimtls-foreign-ci",
      NULL,
      "negative/foreign-ci",
      LONG_AGO,
      FAR_AHEAD,
      { { NID_countryName, "ZZ" }, { NID_commonName, EIM_NAME } },
      { AKI, SIGNS, SERVER, { NID_subject_alt_name, EIM_SAN }, CRL } },
};

typedef struct {
    const char *dir;
    const char *curve;
    const char *eid;
    const char *eim_host;
    EVP_PKEY *keys[G_N_ELEMENTS(profiles)];
    X509 *certificates[G_N_ELEMENTS(profiles)];
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

static guint find_profile(const char *name)
{
    guint i = 0;

    while (!g_str_equal(profiles[i].name, name))
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
    const Profile *profile = &profiles[index];
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

static gboolean set_subject(const Pki *pki, const Profile *profile, X509 *certificate,
                            GError **error)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    for (const NameEntry *entry = profile->subject; entry->value; entry++) {
        const char *value = entry->value;

        if (g_str_equal(value, EIM_NAME))
            value = pki->eim_host;
        else if (g_str_equal(value, EID))
            value = pki->eid;
        /* commonName has room for 64 characters; longer names only stand in the subjectAltName. */
        if (entry->nid == NID_commonName && strlen(value) > 64)
            value = "eIM";
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
                                    (const unsigned char *)EUM_O, -1, -1, 0) == 1 &&
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

static gboolean add_extensions(const Pki *pki, const Profile *profile, X509 *certificate,
                               X509 *issuer, GError **error)
{
    g_autoptr(CONF) empty = NCONF_new(NULL);
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf(&context, empty); /* certificatePolicies insists on one */
    for (const Extension *extension = profile->extensions; extension->value; extension++) {
        g_autoptr(X509_EXTENSION) made = NULL;
        g_autofree char *san = NULL;
        const char *value = extension->value;

        if (g_str_equal(value, NAME_CONSTRAINT)) {
            if (!add_name_constraint(pki, certificate, error))
                return FALSE;
            continue;
        }
        if (g_str_equal(value, EIM_SAN)) {
            value = san = g_strdup_printf("%s:%s,RID:2.999.20",
                                          g_hostname_is_ip_address(pki->eim_host) ? "IP" : "DNS",
                                          pki->eim_host);
        }
        made = X509V3_EXT_conf_nid(NULL, &context, extension->nid, value);
        if (!made || X509_add_ext(certificate, made, -1) != 1)
            return fail(error, OBJ_nid2sn(extension->nid));
    }
    return TRUE;
}

static X509 *make_certificate(const Pki *pki, guint index, GError **error)
{
    const Profile *profile = &profiles[index];
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
    if (profiles[i].key) {
        pki->keys[i] = pki->keys[find_profile(profiles[i].key)];
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
        g_prefix_error(error, "certificate %s: ", profiles[i].name);
        return FALSE;
    }
    return TRUE;
}

/* From FIRST on; what stands before it is there already. */
static gboolean make_all(Pki *pki, guint first, GError **error)
{
    for (guint i = first; i < G_N_ELEMENTS(profiles); i++)
        if (!make_one(pki, i, error))
            return FALSE;
    return TRUE;
}

static void pki_clear(Pki *pki)
{
    for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
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

gboolean sim_pki_create(const char *dir, const char *curve, const char *eid, const char *eim_host,
                        GError **error)
{
    g_auto(Pki) pki = { dir, curve, eid, eim_host, { NULL }, { NULL } };
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
    if (!make_all(&pki, 0, error)) {
        g_prefix_error(error, "test PKI in '%s': ", dir);
        return FALSE;
    }
    return TRUE;
}

/* ---- one more eIM, one more card ---- */

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
    g_auto(Pki) pki = { eim_dir, NULL, "", eim_host, { NULL }, { NULL } };
    g_autofree char *negative = g_build_filename(eim_dir, "negative", NULL);
    char curve[64];

    if (!check_host(eim_host, error) ||
        !load_issuer(&pki, "ci", dir, curve, sizeof(curve), error) ||
        !file_make_folder(negative, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++)
        if (!copy_file(dir, eim_dir, copied[i], error))
            return FALSE;
    if (!make_all(&pki, find_profile("eim"), error)) {
        g_prefix_error(error, "test PKI of an eIM in '%s': ", eim_dir);
        return FALSE;
    }
    return TRUE;
}

gboolean sim_pki_add_card(const char *dir, const char *card_dir, const char *eid, GError **error)
{
    static const char *const copied[] = { "ci.der", "ci.pem", "eum.der", "eum.pem" };
    g_auto(Pki) pki = { card_dir, NULL, eid, "", { NULL }, { NULL } };
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
