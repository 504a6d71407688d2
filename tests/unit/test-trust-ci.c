/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trust of SM-DP+ and SM-DS: eSIM CI certificates from folders, names, dates and roles. */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <signal.h>
#include <string.h>

#include "net/https.h"
#include "unit/tls-peer.h"
#include "util/error.h"

#define HOST "smdp.example.com"

/* ---- folders ---- */

static char *make_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("euiccd-ci-XXXXXX", &error);

    g_assert_no_error(error);
    return folder;
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
}

static void put_file(const char *folder, const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void put_pem(const char *folder, const char *name, X509 *certificate)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    FILE *file = fopen(path, "a");

    g_assert_nonnull(file);
    PEM_write_X509(file, certificate);
    fclose(file);
}

static void put_der(const char *folder, const char *name, X509 *certificate)
{
    guint8 *der = NULL;
    int size = i2d_X509(certificate, &der);

    put_file(folder, name, der, (gsize)size);
    OPENSSL_free(der);
}

static Trust *trust_folders(const char *first, const char *second, GError **error)
{
    const char *const folders[] = { first, second, NULL };

    return trust_new_esim_ci(folders, error);
}

static char *pki_path(const char *curve, const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "data", "pki", curve, name, NULL);
}

/* ---- connections ---- */

static gboolean reach(TlsPeer *peer, Trust *trust, const char *host, char **ret_used,
                      GError **error)
{
    g_autofree char *resolve = g_strdup_printf("%s:%u:127.0.0.1", host, tls_peer_get_port(peer));
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    HttpsConfig config = https_config_default;
    g_autoptr(HttpsClient) client = NULL;
    g_autoptr(HttpsResponse) response = NULL;

    config.resolve = resolve;
    client = https_client_new(host, tls_peer_get_port(peer), trust, &config);
    tls_peer_answer_http(peer, 204, NULL, TLS_PEER_KEEP);
    response = https_post(client, "/", NULL, body, NULL, error);
    if (ret_used)
        *ret_used = g_strdup(https_client_get_trust_used(client));
    return response != NULL;
}

static void expect_untrusted(TlsPeer *peer, Trust *trust, const char *host, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(reach(peer, trust, host, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TLS);
    g_assert_nonnull(strstr(error->message, "eSIM CI certificates of the configuration ("));
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
}

/* The chain of the test PKI on both curves: the server of the one CI is not that of the other. */
static void test_curves(void)
{
    static const char *const curves[] = { "nist", "brainpool" };

    for (guint i = 0; i < G_N_ELEMENTS(curves); i++) {
        g_autofree char *ci_path = pki_path(curves[i], "ci.der");
        g_autofree char *other_path = pki_path(curves[1 - i], "ci.der");
        g_autofree char *leaf_path = pki_path(curves[i], "dptls.der");
        g_autofree char *key_path = pki_path(curves[i], "dptls.key.pem");
        g_autofree char *ds_path = pki_path(curves[i], "dstls.der");
        g_autofree char *ds_key_path = pki_path(curves[i], "dstls.key.pem");
        X509 *ci = tls_load_certificate(ci_path), *other = tls_load_certificate(other_path);
        g_autoptr(TlsPeer) peer =
            tls_peer_new(tls_load_certificate(leaf_path), tls_load_key(key_path), NULL);
        g_autoptr(TlsPeer) ds =
            tls_peer_new(tls_load_certificate(ds_path), tls_load_key(ds_key_path), NULL);
        g_autofree char *a = make_folder(), *b = make_folder();
        g_autofree char *used = NULL, *wanted = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(Trust) both = NULL, wrong = NULL;

        put_der(a, "ci.der", ci);
        put_pem(b, "other.pem", other);
        both = trust_folders(a, b, &error);
        g_assert_no_error(error);
        g_assert_cmpint(trust_get_source(both), ==, TRUST_ESIM_CI);
        g_assert_true(reach(peer, both, HOST, &used, &error));
        g_assert_no_error(error);
        wanted = g_strdup_printf("eSIM CI certificates of the configuration (2 in %s, %s), "
                                 "name checked",
                                 a, b);
        g_assert_cmpstr(used, ==, wanted);
        g_assert_true(reach(ds, both, "smds.example.com", NULL, &error));
        g_assert_no_error(error);
        expect_untrusted(peer, both, "smdp.example.net", "is not for smdp.example.net");
        expect_untrusted(peer, both, "127.0.0.1", "is not for 127.0.0.1");
        wrong = trust_folders(b, NULL, &error);
        g_assert_no_error(error);
        expect_untrusted(peer, wrong, HOST, "issuer certificate");
        remove_folder(a);
        remove_folder(b);
        X509_free(ci);
        X509_free(other);
    }
}

/* A CI of our own, and a server below it. */
typedef struct {
    EVP_PKEY *ci_key;
    X509 *ci;
    char *folder;
    Trust *trust;
} Ci;

static void ci_init(Ci *ci)
{
    TlsProfile profile = { .name = "CI", .ca = TRUE, .policies = "2.23.146.1.2.1.0" };
    g_autoptr(GError) error = NULL;

    ci->ci_key = tls_make_key();
    ci->ci = tls_make_certificate(&profile, ci->ci_key, NULL, NULL);
    ci->folder = make_folder();
    put_pem(ci->folder, "ci", ci->ci);
    ci->trust = trust_folders(ci->folder, NULL, &error);
    g_assert_no_error(error);
}

static void ci_clear(Ci *ci)
{
    trust_unref(ci->trust);
    remove_folder(ci->folder);
    g_free(ci->folder);
    X509_free(ci->ci);
    EVP_PKEY_free(ci->ci_key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ci, ci_clear)

/* A server below the CI; MIDDLE_POLICY: below a CA of that role, NULL: at once. */
static TlsPeer *make_server(const Ci *ci, const TlsProfile *profile, const char *middle_policy)
{
    TlsProfile middle_profile = { .name = "middle", .ca = TRUE, .policies = middle_policy };
    EVP_PKEY *key = tls_make_key(), *middle_key = tls_make_key();
    X509 *middle = tls_make_certificate(&middle_profile, middle_key, ci->ci, ci->ci_key);
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    TlsPeer *peer;

    if (middle_policy)
        g_ptr_array_add(chain, middle);
    peer = tls_peer_new(tls_make_certificate(profile, key, middle_policy ? middle : ci->ci,
                                             middle_policy ? middle_key : ci->ci_key),
                        key, chain);
    X509_free(middle);
    EVP_PKEY_free(middle_key);
    return peer;
}

static void test_roles(void)
{
    static const struct {
        const char *policy, *middle;
        const char *message; /* NULL: trusted */
    } rows[] = {
        { "2.23.146.1.2.1.3", NULL, NULL },
        { "2.23.146.1.2.1.6", NULL, NULL },
        { NULL, NULL, NULL },
        { "2.23.146.1.2.1.3", "2.23.146.1.2.1.0.0.1", NULL },
        { "2.23.146.1.2.1.1", NULL, "the server's certificate is one of an eUICC (" },
        { "2.23.146.1.2.1.4", NULL, "one of an SM-DP+'s authentication" },
        { "2.23.146.1.2.1.5", NULL, "one of an SM-DP+'s profile binding" },
        { "2.23.146.1.2.1.7", NULL, "one of an SM-DS's authentication" },
        { "2.23.146.1.2.1.3 2.23.146.1.2.1.4", NULL, "one of an SM-DP+'s authentication" },
        { "2.23.146.1.2.1.3", "2.23.146.1.2.1.2",
          "a certificate of the server's chain is one of an eUICC manufacturer" },
    };
    g_auto(Ci) ci;

    ci_init(&ci);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        TlsProfile profile = {
            .name = "server",
            .san = "DNS:" HOST,
            .usage = "serverAuth",
            .policies = rows[i].policy,
        };
        g_autoptr(TlsPeer) peer = make_server(&ci, &profile, rows[i].middle);
        g_autoptr(GError) error = NULL;

        if (rows[i].message) {
            expect_untrusted(peer, ci.trust, HOST, rows[i].message);
        } else {
            g_assert_true(reach(peer, ci.trust, HOST, NULL, &error));
            g_assert_no_error(error);
        }
    }
}

static void test_refused(void)
{
    TlsProfile expired = {
        .name = "s", .san = "DNS:" HOST, .not_before = -7200, .not_after = -3600
    };
    TlsProfile early = { .name = "s", .san = "DNS:" HOST, .not_before = 3600, .not_after = 7200 };
    TlsProfile client = { .name = "s", .san = "DNS:" HOST, .usage = "clientAuth" };
    TlsProfile common = { .name = HOST };
    TlsProfile good = { .name = "s", .san = "DNS:" HOST };
    g_auto(Ci) ci, other;
    g_autoptr(TlsPeer) a = NULL, b = NULL, c = NULL, d = NULL, e = NULL, f = NULL;
    g_autoptr(GError) error = NULL;

    ci_init(&ci);
    ci_init(&other);
    a = make_server(&ci, &expired, NULL);
    expect_untrusted(a, ci.trust, HOST, "expired");
    b = make_server(&ci, &early, NULL);
    expect_untrusted(b, ci.trust, HOST, "not yet valid");
    c = make_server(&ci, &client, NULL);
    expect_untrusted(c, ci.trust, HOST, "purpose");
    /* The common name is none (SGP.22 4.5.2.1). */
    d = make_server(&ci, &common, NULL);
    expect_untrusted(d, ci.trust, HOST, "is not for " HOST);
    e = make_server(&other, &good, NULL);
    expect_untrusted(e, ci.trust, HOST, "certificate");
    /* Dates can't be left out here as for a pinned eIM (interop.md I-46). */
    f = make_server(&ci, &good, NULL);
    trust_override_clock(ci.trust, FALSE, 0);
    expect_untrusted(f, ci.trust, HOST, "the clock was never set");
}

static void expect_no_trust(const char *folder, EuiccdError code, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(trust_folders(folder, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    g_assert_true(g_str_has_prefix(error->message, "eSIM CI certificates: "));
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
}

static void test_folders(void)
{
    TlsProfile profile = { .name = "no CA" };
    EVP_PKEY *key = tls_make_key();
    X509 *leaf = tls_make_certificate(&profile, key, NULL, NULL);
    g_autofree char *folder = make_folder();
    g_autofree char *hidden = g_build_filename(folder, ".hidden", NULL);
    g_autofree char *file = g_build_filename(folder, "a.pem", NULL);
    g_autoptr(GBytes) one = NULL, two = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Ci) ci;

    ci_init(&ci);
    expect_no_trust("/nowhere", EUICCD_ERROR_CONFIG, "there is none in /nowhere");
    expect_no_trust(folder, EUICCD_ERROR_CONFIG, "there is none in");
    put_file(folder, ".hidden", "x", 1);
    expect_no_trust(folder, EUICCD_ERROR_CONFIG, "there is none in");
    put_file(folder, "a.pem", "nothing", 7);
    expect_no_trust(folder, EUICCD_ERROR_CONFIG, "a.pem: no certificate in it");
    put_file(folder, "a.pem", "", 0);
    expect_no_trust(folder, EUICCD_ERROR_CONFIG, "a.pem: no certificate in it");
    put_file(folder, "a.pem",
             "0\x03"
             "xyz",
             5);
    expect_no_trust(folder, EUICCD_ERROR_CONFIG, "a.pem: certificate 1 can't be read");
    put_pem(ci.folder, "ci", leaf);
    expect_no_trust(ci.folder, EUICCD_ERROR_CONFIG, "/ci: certificate 2 is no CA's");
    expect_no_trust(file, EUICCD_ERROR_STORAGE, "");
    /* One trust is told from another by what is in its files. */
    one = trust_get_digest(ci.trust);
    put_pem(folder, "b.pem", ci.ci);
    g_unlink(file);
    {
        g_autoptr(Trust) trust = trust_folders("/nowhere", folder, &error);

        g_assert_no_error(error);
        two = trust_get_digest(trust);
        g_assert_true(g_bytes_equal(one, two));
    }
    put_pem(folder, "c.pem", ci.ci);
    {
        g_autoptr(Trust) trust = trust_folders(folder, NULL, &error);
        g_autoptr(GBytes) three = NULL;

        g_assert_no_error(error);
        three = trust_get_digest(trust);
        g_assert_false(g_bytes_equal(one, three));
    }
    g_unlink(hidden);
    remove_folder(folder);
    X509_free(leaf);
    EVP_PKEY_free(key);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust-ci/curves", test_curves);
    g_test_add_func("/trust-ci/roles", test_roles);
    g_test_add_func("/trust-ci/refused", test_refused);
    g_test_add_func("/trust-ci/folders", test_folders);
    return g_test_run();
}
