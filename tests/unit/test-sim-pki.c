/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The test PKI: extensions as real certificates have them, chains, and what has to be refused. */

#include <glib/gstdio.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "sim/crypto.h"
#include "sim/eim.h"
#include "sim/pki.h"

#define TEST_EID "89049032118876543210123456789065"
#define EIM_HOST "eim.example.com"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)

static char *make_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *dir = g_dir_make_tmp("euiccd-pki-XXXXXX", &error);

    g_assert_no_error(error);
    return dir;
}

static void remove_folder(const char *dir)
{
    GDir *entries = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            remove_folder(path);
        else
            g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_dir_close(entries);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static X509 *load(const char *dir, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".der", NULL);
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autoptr(GError) error = NULL;
    X509 *certificate = sim_certificate_load(path, &error);

    g_assert_no_error(error);
    return certificate;
}

/* Error number of the generic path validation, X509_V_OK where there is none. */
static int validate(const char *dir, const char *name, int purpose, const char *host)
{
    g_autoptr(X509) ci = load(dir, "ci"), eum = load(dir, "eum"), leaf = load(dir, name);
    g_autoptr(X509_STORE) store = X509_STORE_new();
    g_autoptr(X509_STORE_CTX) context = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    int code;

    X509_STORE_add_cert(store, ci);
    sk_X509_push(untrusted, eum);
    X509_STORE_CTX_init(context, store, leaf, untrusted);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_X509_STRICT);
    if (purpose)
        X509_STORE_CTX_set_purpose(context, purpose);
    if (host)
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(context), host, 0);
    X509_verify_cert(context);
    code = X509_STORE_CTX_get_error(context);
    sk_X509_free(untrusted);
    return code;
}

/* "authorityKeyIdentifier keyUsage! …": the extensions in order, critical ones with a mark. */
static char *describe(X509 *certificate)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate, i);

        g_string_append_printf(text, "%s%s%s", i ? " " : "",
                               OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(extension))),
                               X509_EXTENSION_get_critical(extension) ? "!" : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void check_extensions(const char *dir)
{
    static const struct {
        const char *name, *extensions;
    } expected[] = {
        { "ci", "subjectKeyIdentifier basicConstraints! certificatePolicies! keyUsage! "
                "subjectAltName crlDistributionPoints" },
        { "eum", "authorityKeyIdentifier subjectKeyIdentifier keyUsage! certificatePolicies! "
                 "subjectAltName basicConstraints! crlDistributionPoints nameConstraints!" },
        { "euicc", "authorityKeyIdentifier subjectKeyIdentifier keyUsage! certificatePolicies!" },
        { "dpauth", "authorityKeyIdentifier subjectKeyIdentifier subjectAltName keyUsage! "
                    "certificatePolicies! crlDistributionPoints" },
        { "dptls", "keyUsage! extendedKeyUsage! certificatePolicies subjectKeyIdentifier "
                   "authorityKeyIdentifier subjectAltName crlDistributionPoints" },
        { "eim", "authorityKeyIdentifier keyUsage!" },
        { "eimtls", "authorityKeyIdentifier keyUsage! extendedKeyUsage! subjectAltName "
                    "crlDistributionPoints" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(X509) certificate = load(dir, expected[i].name);
        g_autofree char *extensions = describe(certificate);

        g_assert_cmpstr(extensions, ==, expected[i].extensions);
    }
}

static void check_euicc(const char *dir)
{
    g_autoptr(X509) ci = load(dir, "ci"), eum = load(dir, "eum"), euicc = load(dir, "euicc");
    g_autoptr(X509) foreign = load(dir, "negative/foreign-ci");
    g_autoptr(GError) error = NULL;
    g_autofree char *eid = NULL;

    g_assert_true(sim_verify_euicc_chain(euicc, eum, ci, &eid, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(eid, ==, TEST_EID);
    g_assert_false(sim_verify_euicc_chain(euicc, eum, foreign, NULL, NULL));
    g_assert_false(sim_verify_euicc_chain(euicc, ci, ci, NULL, NULL));
    g_assert_cmpstr((const char *)X509_get0_notAfter(euicc)->data, ==, "75001231235959Z");
    /* The EUM's constraint is no prefix of the subject: the generic rule refuses the good card. */
    g_assert_cmpint(validate(dir, "euicc", 0, NULL), ==, X509_V_ERR_PERMITTED_VIOLATION);
}

static void check_servers(const char *dir)
{
    static const struct {
        const char *name, *host;
        int purpose, code;
    } expected[] = {
        { "eum", NULL, 0, X509_V_OK },
        { "dpauth", NULL, 0, X509_V_OK },
        { "dppb", NULL, 0, X509_V_OK },
        { "dsauth", NULL, 0, X509_V_OK },
        { "eim", NULL, 0, X509_V_OK },
        { "dptls", "smdp.example.com", X509_PURPOSE_SSL_SERVER, X509_V_OK },
        { "dstls", "smds.example.com", X509_PURPOSE_SSL_SERVER, X509_V_OK },
        { "eimtls", EIM_HOST, X509_PURPOSE_SSL_SERVER, X509_V_OK },
        { "eimtls", "other.example.org", X509_PURPOSE_SSL_SERVER, X509_V_ERR_HOSTNAME_MISMATCH },
        { "negative/eimtls-other-key", EIM_HOST, X509_PURPOSE_SSL_SERVER, X509_V_OK },
        { "negative/eimtls-expired", EIM_HOST, X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_CERT_HAS_EXPIRED },
        { "negative/eimtls-not-yet-valid", EIM_HOST, X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_CERT_NOT_YET_VALID },
        { "negative/eimtls-wrong-name", EIM_HOST, X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_HOSTNAME_MISMATCH },
        { "negative/eimtls-client-only", EIM_HOST, X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_INVALID_PURPOSE },
        { "negative/dptls-expired", "smdp.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_CERT_HAS_EXPIRED },
        { "negative/dptls-not-yet-valid", "smdp.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_CERT_NOT_YET_VALID },
        { "negative/dptls-wrong-name", "smdp.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_HOSTNAME_MISMATCH },
        { "negative/dptls-client-only", "smdp.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_INVALID_PURPOSE },
        { "negative/dptls-foreign-ci", "smdp.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
        { "negative/dstls-expired", "smds.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_CERT_HAS_EXPIRED },
        { "negative/dstls-wrong-name", "smds.example.com", X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_HOSTNAME_MISMATCH },
        { "negative/dpauth-expired", NULL, 0, X509_V_ERR_CERT_HAS_EXPIRED },
        { "negative/dpauth-other-oid", NULL, 0, X509_V_OK },
        { "negative/dpauth-foreign-ci", NULL, 0, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
        { "negative/dppb-expired", NULL, 0, X509_V_ERR_CERT_HAS_EXPIRED },
        { "negative/dsauth-expired", NULL, 0, X509_V_ERR_CERT_HAS_EXPIRED },
        { "negative/eimtls-foreign-ci", EIM_HOST, X509_PURPOSE_SSL_SERVER,
          X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
    };

    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_test_message("%s", expected[i].name);
        g_assert_cmpint(validate(dir, expected[i].name, expected[i].purpose, expected[i].host), ==,
                        expected[i].code);
    }
}

static void check_keys(const char *dir)
{
    static const char *const names[] = { "ci",
                                         "eum",
                                         "euicc",
                                         "dpauth",
                                         "dppb",
                                         "dptls",
                                         "dsauth",
                                         "dstls",
                                         "eim",
                                         "eimtls",
                                         "negative/eimtls-other-key",
                                         "negative/eimtls-foreign-ci" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_strconcat(names[i], ".key.pem", NULL);
        g_autofree char *path = g_build_filename(dir, file, NULL);
        g_autoptr(X509) certificate = load(dir, names[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(EVP_PKEY) key = sim_key_load(path, &error);
        GStatBuf status;

        g_assert_no_error(error);
        g_assert_cmpint(X509_check_private_key(certificate, key), ==, 1);
        g_assert_cmpint(g_stat(path, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 0077, ==, 0);
    }
}

static void check_curve(const char *curve)
{
    g_autofree char *dir = make_folder();
    g_autoptr(GError) error = NULL;

    g_assert_true(sim_pki_create(dir, curve, TEST_EID, EIM_HOST, &error));
    g_assert_no_error(error);
    check_extensions(dir);
    check_euicc(dir);
    check_servers(dir);
    check_keys(dir);
    remove_folder(dir);
}

static void test_nist(void)
{
    check_curve("P-256");
}

static void test_brainpool(void)
{
    check_curve("brainpoolP256r1");
}

/* Another SM-DP+ and SM-DS under the same CI, each with its name and OID; nothing but the CI is to be trusted. */
static void test_further_servers(void)
{
    g_autofree char *dir = make_folder();
    g_autofree char *dp = g_build_filename(dir, "dp", NULL),
                    *ds = g_build_filename(dir, "ds", NULL);
    g_autofree char *trusted = g_build_filename(dir, SIM_PKI_TRUSTED, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) entries = NULL;

    g_assert_true(sim_pki_create(dir, "P-256", TEST_EID, EIM_HOST, &error));
    g_assert_true(
        sim_pki_add_server(dir, dp, SIM_PKI_SMDP, "dp.example.test", "2.999.101", &error));
    g_assert_true(
        sim_pki_add_server(dir, ds, SIM_PKI_SMDS, "ds.example.test", "2.999.151", &error));
    g_assert_no_error(error);
    g_assert_cmpint(validate(dir, "dp/dptls", X509_PURPOSE_SSL_SERVER, "dp.example.test"), ==,
                    X509_V_OK);
    g_assert_cmpint(validate(dir, "dp/dppb", 0, NULL), ==, X509_V_OK);
    g_assert_cmpint(validate(dir, "ds/dstls", X509_PURPOSE_SSL_SERVER, "ds.example.test"), ==,
                    X509_V_OK);
    g_assert_cmpint(validate(dir, "ds/dstls", X509_PURPOSE_SSL_SERVER, "smds.example.com"), ==,
                    X509_V_ERR_HOSTNAME_MISMATCH);
    g_assert_false(sim_pki_add_server(dir, dp, SIM_PKI_SMDP, "a,DNS:b", "2.999.101", NULL));
    entries = g_dir_open(trusted, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(entries), ==, "ci.pem");
    g_assert_null(g_dir_read_name(entries));
    remove_folder(dir);
}

static void test_refused(void)
{
    static const struct {
        const char *curve, *eid, *host;
    } bad[] = {
        { "P-384", TEST_EID, EIM_HOST },
        { "P-256", "8904", EIM_HOST },
        { "P-256", TEST_EID, "" },
        { "P-256", TEST_EID, "a,DNS:b" },
    };
    g_autofree char *dir = make_folder();

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(sim_pki_create(dir, bad[i].curve, bad[i].eid, bad[i].host, &error));
        g_assert_nonnull(error);
    }
    remove_folder(dir);
}

/* An address instead of a name, and a name that is longer than a commonName. */
static void test_hosts(void)
{
    static const char *const hosts[] = {
        "127.0.0.1",
        "a-host-name-of-more-than-sixty-four-characters.in-a-domain.example.com",
    };

    for (guint i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autofree char *dir = make_folder();
        g_autoptr(X509) certificate = NULL;

        g_assert_true(sim_pki_create(dir, "P-256", TEST_EID, hosts[i], NULL));
        certificate = load(dir, "eimtls");
        if (i == 0)
            g_assert_cmpint(X509_check_ip_asc(certificate, hosts[i], 0), ==, 1);
        else
            g_assert_cmpint(X509_check_host(certificate, hosts[i], 0, 0, NULL), ==, 1);
        remove_folder(dir);
    }
}

/* One more eIM: certificates of the same CI and for its own name, but keys of its own. */
static void check_further_eim(const char *curve)
{
    g_autofree char *dir = make_folder();
    g_autofree char *folder = g_build_filename(dir, "second.example.com", NULL);
    g_autoptr(X509) first = NULL, first_tls = NULL, second = NULL, second_tls = NULL;
    g_autoptr(X509) card = NULL, copy = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(sim_pki_create(dir, curve, TEST_EID, EIM_HOST, NULL));
    g_assert_true(sim_pki_add_eim(dir, folder, "second.example.com", &error));
    g_assert_no_error(error);
    g_assert_cmpint(validate(dir, "eimtls", X509_PURPOSE_SSL_SERVER, "second.example.com"), ==,
                    X509_V_ERR_HOSTNAME_MISMATCH);
    g_assert_cmpint(validate(folder, "eimtls", X509_PURPOSE_SSL_SERVER, "second.example.com"), ==,
                    X509_V_OK);
    g_assert_cmpint(validate(folder, "negative/eimtls-expired", X509_PURPOSE_SSL_SERVER, NULL), ==,
                    X509_V_ERR_CERT_HAS_EXPIRED);
    card = load(dir, "euicc");
    copy = load(folder, "euicc");
    g_assert_cmpint(X509_cmp(card, copy), ==, 0);
    first = load(dir, "eim");
    first_tls = load(dir, "eimtls");
    second = load(folder, "eim");
    second_tls = load(folder, "eimtls");
    g_assert_cmpint(EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)), ==, 0);
    g_assert_cmpint(EVP_PKEY_eq(X509_get0_pubkey(first_tls), X509_get0_pubkey(second_tls)), ==, 0);
    g_assert_cmpint(EVP_PKEY_eq(X509_get0_pubkey(second), X509_get0_pubkey(second_tls)), ==, 0);

    g_assert_false(sim_pki_add_eim(dir, folder, "a,DNS:b", &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_clear_error(&error);
    g_assert_false(sim_pki_add_eim(folder, dir, "third.example.com", &error)); /* no key of a CI */
    g_assert_nonnull(error);
    remove_folder(dir);
}

static void test_further_eim(void)
{
    check_further_eim("P-256");
    check_further_eim("brainpoolP256r1");
}

/* ---- EimConfigurationData ---- */

static TlvSlice field_of(GBytes *configuration, guint32 tag)
{
    Tlv whole, field;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(configuration), 0x30, &whole, NULL));
    return tlv_find(whole.value, tag, &field) ? field.value : (TlvSlice){ NULL, 0 };
}

static void test_configuration(void)
{
    static const SimEimKeyForm forms[] = { SIM_EIM_KEY_SPKI, SIM_EIM_KEY_SPKI_NESTED,
                                           SIM_EIM_KEY_SPKI_BARE, SIM_EIM_KEY_CERTIFICATE };
    static const SimEimTlsTrust trusts[] = { SIM_EIM_TLS_KEY, SIM_EIM_TLS_LEAF, SIM_EIM_TLS_CA };
    static const char *const anchors[] = { "eimtls", "eimtls", "ci" };
    static const guint protocols[] = { 0, G_MAXUINT };
    g_autofree char *dir = make_folder();
    g_autoptr(X509) eim = NULL;
    SimEimConfiguration configuration;
    gint64 number;

    g_assert_true(sim_pki_create(dir, "P-256", TEST_EID, EIM_HOST, NULL));
    eim = load(dir, "eim");
    configuration = (SimEimConfiguration){ .pki_dir = dir,
                                           .eim_id = EIM_HOST,
                                           .fqdn = EIM_HOST ":8443",
                                           .id_type = 2,
                                           .counter = 7,
                                           .token = 200,
                                           .indirect = TRUE,
                                           .protocols = protocols };
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GBytes) made = NULL;
        g_autoptr(EVP_PKEY) key = NULL;

        configuration.key = forms[i];
        made = sim_eim_make_configuration(&configuration, NULL);
        key = sim_key_from_choice(field_of(made, 0xA5), NULL);
        g_assert_nonnull(key);
        g_assert_cmpint(EVP_PKEY_eq(key, X509_get0_pubkey(eim)), ==, 1);
    }
    for (guint i = 0; i < G_N_ELEMENTS(trusts); i++) {
        g_autoptr(X509) anchor = load(dir, anchors[i]);
        g_autoptr(GBytes) made = NULL;
        g_autoptr(EVP_PKEY) key = NULL;

        configuration.tls = trusts[i];
        made = sim_eim_make_configuration(&configuration, NULL);
        key = sim_key_from_choice(field_of(made, 0xA6), NULL);
        g_assert_nonnull(key);
        g_assert_cmpint(EVP_PKEY_eq(key, X509_get0_pubkey(anchor)), ==, 1);
        g_assert_cmpuint(field_of(made, 0x81).size, ==, strlen(EIM_HOST ":8443"));
        g_assert_true(tlv_get_integer(field_of(made, 0x83), &number, NULL));
        g_assert_cmpint(number, ==, 7);
        g_assert_true(tlv_get_integer(field_of(made, 0x84), &number, NULL));
        g_assert_cmpint(number, ==, 200);
        g_assert_true(tlv_bit_is_set(field_of(made, 0x87), 0));
        g_assert_nonnull(field_of(made, 0x89).data);
    }
    {
        g_autoptr(GBytes) good = NULL, bad = NULL;
        Tlv certificate, announced;

        configuration.tls = SIM_EIM_TLS_LEAF;
        good = sim_eim_make_configuration(&configuration, NULL);
        configuration.tls = SIM_EIM_TLS_BAD;
        bad = sim_eim_make_configuration(&configuration, NULL);
        g_assert_true(tlv_parse(field_of(good, 0xA6), 0xA1, &certificate, NULL));
        g_assert_true(tlv_parse(field_of(bad, 0xA6), 0xA0, &announced, NULL));
        g_assert_true(tlv_slice_equal(announced.value, certificate.value));
    }
    configuration.tls = SIM_EIM_TLS_NONE;
    configuration.counter = -1;
    configuration.token = 0;
    configuration.indirect = FALSE;
    {
        g_autoptr(GBytes) made = sim_eim_make_configuration(&configuration, NULL);

        g_assert_null(field_of(made, 0x83).data);
        g_assert_null(field_of(made, 0x84).data);
        g_assert_null(field_of(made, 0x89).data);
        g_assert_null(field_of(made, 0xA6).data);
    }
    remove_folder(dir);
    g_assert_null(sim_eim_make_configuration(&configuration, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/pki/nist", test_nist);
    g_test_add_func("/sim/pki/brainpool", test_brainpool);
    g_test_add_func("/sim/pki/further-servers", test_further_servers);
    g_test_add_func("/sim/pki/refused", test_refused);
    g_test_add_func("/sim/pki/hosts", test_hosts);
    g_test_add_func("/sim/pki/further-eim", test_further_eim);
    g_test_add_func("/sim/pki/eim-configuration", test_configuration);
    return g_test_run();
}
