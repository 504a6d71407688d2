/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes a server trustworthy: parsing of trustedPublicKeyDataTls (I-07) and real handshakes
 * with every kind of trust, against good and bad certificates on NIST and brainpool curves. */
#include "net/trust.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/tls-peer.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

static const char *const curves[] = { "nist", "brainpool" };

static char *pki_path(const char *curve, const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "data", "pki", curve, name, NULL);
}

static X509 *load_certificate(const char *curve, const char *name)
{
    g_autofree char *path = pki_path(curve, name);

    return tls_load_certificate(path);
}

static EVP_PKEY *load_key(const char *curve, const char *name)
{
    g_autofree char *path = pki_path(curve, name);

    return tls_load_key(path);
}

/* ---- A6 content ---- */

typedef enum {
    FORM_IMPLICIT, /* A0{30, 03}, A1{30, 30, 03} */
    FORM_NESTED,   /* A0{30{…}}, A1{30{…}} */
    FORM_NO_ARM,   /* 30{…} */
} Form;

static GBytes *make_data(guint32 arm, const guint8 *der, int size, Form form)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GError) error = NULL;
    Tlv object;

    g_assert_true(tlv_parse(tlv_slice(der, (gsize)size), 0x30, &object, &error));
    switch (form) {
    case FORM_IMPLICIT:
        tlv_put_slice(writer, arm, object.value);
        break;
    case FORM_NESTED:
        tlv_put_slice(writer, arm, object.raw);
        break;
    case FORM_NO_ARM:
        tlv_put_raw_slice(writer, object.raw);
        break;
    }
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *certificate_data(X509 *certificate, Form form)
{
    guint8 *der = NULL;
    int size = i2d_X509(certificate, &der);
    GBytes *data = make_data(0xA1, der, size, form);

    OPENSSL_free(der);
    return data;
}

static GBytes *key_data(X509 *certificate, Form form)
{
    guint8 *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    GBytes *data = make_data(0xA0, der, size, form);

    OPENSSL_free(der);
    return data;
}

static Trust *trust_from(GBytes *data)
{
    g_autoptr(GError) error = NULL;
    Trust *trust = trust_new_from_eim_data(tlv_slice_from_bytes(data), &error);

    g_assert_no_error(error);
    return trust;
}

static Trust *trust_key(X509 *certificate)
{
    g_autoptr(GBytes) data = key_data(certificate, FORM_IMPLICIT);

    return trust_from(data);
}

static Trust *trust_certificate(X509 *certificate)
{
    g_autoptr(GBytes) data = certificate_data(certificate, FORM_IMPLICIT);

    return trust_from(data);
}

static void test_forms(void)
{
    for (guint c = 0; c < G_N_ELEMENTS(curves); c++) {
        X509 *leaf = load_certificate(curves[c], "eimtls.der");
        X509 *ca = load_certificate(curves[c], "ci.der");

        for (Form form = FORM_IMPLICIT; form <= FORM_NO_ARM; form++) {
            g_autoptr(GBytes) a = key_data(leaf, form);
            g_autoptr(GBytes) b = certificate_data(leaf, form);
            g_autoptr(GBytes) d = certificate_data(ca, form);
            g_autoptr(Trust) key = trust_from(a);
            g_autoptr(Trust) certificate = trust_from(b);
            g_autoptr(Trust) authority = trust_from(d);

            g_assert_cmpint(trust_get_source(key), ==, TRUST_PUBLIC_KEY);
            g_assert_cmpint(trust_get_source(certificate), ==, TRUST_CERTIFICATE);
            g_assert_cmpint(trust_get_source(authority), ==, TRUST_CA);
        }
        X509_free(leaf);
        X509_free(ca);
    }
}

static void refuse_data(const char *hex, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = bytes_from_hex(hex, &error);
    Trust *trust;

    g_assert_no_error(error);
    trust = trust_new_from_eim_data(tlv_slice_from_bytes(data), &error);
    g_assert_null(trust);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_nonnull(strstr(error->message, "trustedPublicKeyDataTls: "));
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
}

#define ALGORITHM "301306072A8648CE3D020106082A8648CE3D030107"
#define POINT                                                                                      \
    "034200"                                                                                       \
    "04EBE7C648E61CBB367ECE6063A2684A3DD54260611D18D238D5B71F82C5155B3E480C92D7065462333EA1593018" \
    "58"                                                                                           \
    "2DC6C0590E429ABD94DF443D92579FB8AF1B"

static void test_data_refused(void)
{
    g_autoptr(GBytes) certificate = NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) swapped = NULL;
    g_autofree char *hex = NULL;
    X509 *leaf = load_certificate("nist", "eimtls.der");
    g_autoptr(GError) error = NULL;
    Tlv arm;

    refuse_data("", "neither");
    refuse_data("A000", "neither");
    refuse_data("A100", "neither");
    refuse_data("3000", "neither");
    refuse_data("A20430020500", "neither");
    refuse_data("A0", "cut off");
    refuse_data("A059" ALGORITHM, "announces");
    refuse_data("A080" ALGORITHM POINT "0000", "indefinite");
    /* Two alternatives of a CHOICE. */
    refuse_data("A059" ALGORITHM POINT "A059" ALGORITHM POINT, "neither");
    /* A certificate where a key is announced, and the other way round. */
    refuse_data("A159" ALGORITHM POINT, "a public key where a certificate is announced");
    certificate = certificate_data(leaf, FORM_IMPLICIT);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(certificate), 0xA1, &arm, &error));
    tlv_put_slice(writer, 0xA0, arm.value);
    swapped = tlv_writer_finish(g_steal_pointer(&writer));
    hex = bytes_gbytes_to_hex(swapped);
    refuse_data(hex, "a certificate where a public key is announced");
    /* A point that is not on the curve. */
    refuse_data(
        "A059" ALGORITHM "034200"
        "04EBE7C648E61CBB367ECE6063A2684A3DD54260611D18D238D5B71F82C5155B3E480C92D7065462333EA1"
        "593018582DC6C0590E429ABD94DF443D92579FB8AF1C",
        "public key can't be used");
    refuse_data("A00830000304000102FF", "public key can't be used");
    refuse_data("A1083000300003020001", "certificate can't be used");
    X509_free(leaf);
}

/* Lengths that are not minimal do not make it another key. */
static void test_key_lengths(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = bytes_from_hex("A0820059" ALGORITHM POINT, &error);
    g_autoptr(Trust) trust = trust_from(data);
    g_autoptr(Trust) again = trust_ref(trust);

    g_assert_cmpint(trust_get_source(again), ==, TRUST_PUBLIC_KEY);
}

/* ---- handshakes ---- */

typedef struct {
    gboolean ok;
    char *detail;
    long error; /* X509_V_ERR */
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    g_clear_pointer(&outcome->detail, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static Outcome shake(TlsPeer *peer, Trust *trust, const char *host, int max_version)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons(tls_peer_get_port(peer)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    g_autoptr(GError) error = NULL;
    Outcome outcome = { 0 };
    SSL *ssl;

    g_assert_true(trust_install(trust, ctx, host, &outcome.detail, &error));
    g_assert_no_error(error);
    if (max_version != 0)
        g_assert_cmpint(SSL_CTX_set_max_proto_version(ctx, max_version), ==, 1);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    ssl = SSL_new(ctx);
    /* Also what follows the handshake must hold without the caller's reference on the context. */
    SSL_CTX_free(ctx);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, host);
    outcome.ok = SSL_connect(ssl) == 1;
    outcome.error = SSL_get_verify_result(ssl);
    if (outcome.ok)
        SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    return outcome;
}

static void expect_ok(TlsPeer *peer, Trust *trust, const char *host, const char *detail)
{
    g_auto(Outcome) outcome = shake(peer, trust, host, 0);

    if (!outcome.ok)
        g_error("refused: %s", outcome.detail);
    g_assert_cmpint(outcome.error, ==, X509_V_OK);
    g_assert_cmpstr(outcome.detail, ==, detail);
}

static void expect_refused(TlsPeer *peer, Trust *trust, const char *host, long code,
                           const char *message)
{
    g_auto(Outcome) outcome = shake(peer, trust, host, 0);

    g_assert_false(outcome.ok);
    g_assert_nonnull(outcome.detail);
    g_assert_true(
        g_str_has_prefix(outcome.detail, trust_source_to_string(trust_get_source(trust))));
    if (!strstr(outcome.detail, message))
        g_error("'%s' does not say '%s'", outcome.detail, message);
    g_assert_cmpint(outcome.error, ==, code);
}

static TlsPeer *pki_server(const char *curve, const char *certificate, const char *key)
{
    return tls_peer_new(load_certificate(curve, certificate), load_key(curve, key), NULL);
}

#define OK_KEY         "public key pinned by the card (trustedEimPkTls)"
#define OK_CERTIFICATE "certificate pinned by the card (trustedCertificateTls)"
#define OK_CA          "CA certificate named by the card (trustedCertificateTls), name checked"

static char *write_bundle(X509 *const *certificates, guint n)
{
    char *path = NULL;
    int fd = g_file_open_tmp("euiccd-bundle-XXXXXX", &path, NULL);
    FILE *file = fdopen(fd, "w");

    for (guint i = 0; i < n; i++)
        PEM_write_X509(file, certificates[i]);
    fclose(file);
    return path;
}

static void test_good(void)
{
    for (guint c = 0; c < G_N_ELEMENTS(curves); c++) {
        g_autoptr(TlsPeer) peer = pki_server(curves[c], "eimtls.der", "eimtls.key.pem");
        X509 *leaf = load_certificate(curves[c], "eimtls.der");
        X509 *ca = load_certificate(curves[c], "ci.der");
        g_autoptr(Trust) key = trust_key(leaf);
        g_autoptr(Trust) certificate = trust_certificate(leaf);
        g_autoptr(Trust) authority = trust_certificate(ca);
        X509 *const both[] = { load_certificate(curves[1 - c], "ci.der"), ca };
        g_autofree char *path = write_bundle(both, 2);
        g_autofree char *bundle_detail =
            g_strdup_printf("CA bundle of the configuration %s, name checked", path);
        g_autoptr(GError) error = NULL;
        g_autoptr(Trust) bundle = trust_new_bundle(path, &error);

        g_assert_no_error(error);
        g_assert_cmpint(trust_get_source(bundle), ==, TRUST_BUNDLE);
        expect_ok(peer, key, "eim.example.com", OK_KEY);
        expect_ok(peer, certificate, "eim.example.com", OK_CERTIFICATE);
        expect_ok(peer, authority, "eim.example.com", OK_CA);
        expect_ok(peer, authority, "EIM.example.COM", OK_CA);
        expect_ok(peer, bundle, "eim.example.com", bundle_detail);
        /* A server that is pinned itself may be reached under any name. */
        expect_ok(peer, key, "10.0.0.1", OK_KEY);
        expect_ok(peer, certificate, "else.example.com", OK_CERTIFICATE);
        expect_refused(peer, authority, "else.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
                       "not for else.example.com (it names eim.example.com)");
        expect_refused(peer, authority, "127.0.0.1", X509_V_ERR_IP_ADDRESS_MISMATCH,
                       "not for 127.0.0.1");
        expect_refused(peer, bundle, "else.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
                       "not for else.example.com");
        g_unlink(path);
        X509_free(leaf);
        X509_free(ca);
        X509_free(both[0]);
    }
}

static void test_system(void)
{
    X509 *ca = load_certificate("nist", "ci.der");
    g_autofree char *path = write_bundle(&ca, 1);
    g_autoptr(Trust) unknown = trust_new_system();
    g_autoptr(Trust) known = NULL;
    g_autoptr(TlsPeer) peer = NULL;

    /* The system's store is where OpenSSL says it is. */
    g_setenv("SSL_CERT_FILE", path, TRUE);
    known = trust_new_system();
    g_unsetenv("SSL_CERT_FILE");
    g_assert_cmpint(trust_get_source(known), ==, TRUST_SYSTEM);
    peer = pki_server("nist", "eimtls.der", "eimtls.key.pem");
    expect_ok(peer, known, "eim.example.com", "the system's CA certificates, name checked");
    expect_refused(peer, known, "else.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
                   "the system's CA certificates: the server's certificate is not for");
    expect_refused(peer, unknown, "eim.example.com", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                   "unable to get local issuer certificate");
    g_unlink(path);
    X509_free(ca);
}

/* The negative certificates of the vectors. PIN says whether a pin of the good key still matches.
 */
static const struct {
    const char *name, *key, *host;
    long code;
    const char *message;
    gboolean pin_ok;
    long pin_code;
    const char *pin_message;
} negative[] = {
    { "eimtls-expired.der", "eimtls.key.pem", "eim.example.com", X509_V_ERR_CERT_HAS_EXPIRED,
      "expired", FALSE, X509_V_ERR_CERT_HAS_EXPIRED, "has expired" },
    { "eimtls-not-yet-valid.der", "eimtls.key.pem", "eim.example.com",
      X509_V_ERR_CERT_NOT_YET_VALID, "not yet valid", FALSE, X509_V_ERR_CERT_NOT_YET_VALID,
      "not yet valid" },
    { "eimtls-wrong-name.der", "eimtls.key.pem", "eim.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
      "it names other.example.com", TRUE, 0, NULL },
    { "eimtls-client-only.der", "eimtls.key.pem", "eim.example.com", X509_V_ERR_INVALID_PURPOSE,
      "purpose", FALSE, X509_V_ERR_INVALID_PURPOSE, "not for TLS servers" },
    { "eimtls-foreign-ci.der", "negative/eimtls-foreign-ci.key.pem", "eim.example.com",
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "issuer", FALSE, X509_V_ERR_CERT_UNTRUSTED,
      "the server's key is another one" },
    { "dptls-expired.der", "dptls.key.pem", "smdp.example.com", X509_V_ERR_CERT_HAS_EXPIRED,
      "expired", FALSE, X509_V_ERR_CERT_HAS_EXPIRED, "has expired" },
    { "dptls-not-yet-valid.der", "dptls.key.pem", "smdp.example.com", X509_V_ERR_CERT_NOT_YET_VALID,
      "not yet valid", FALSE, X509_V_ERR_CERT_NOT_YET_VALID, "not yet valid" },
    { "dptls-wrong-name.der", "dptls.key.pem", "smdp.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
      "it names other.example.com", TRUE, 0, NULL },
    { "dptls-cn-only.der", "dptls.key.pem", "smdp.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
      "it names other.example.com", TRUE, 0, NULL },
    { "dptls-client-only.der", "dptls.key.pem", "smdp.example.com", X509_V_ERR_INVALID_PURPOSE,
      "purpose", FALSE, X509_V_ERR_INVALID_PURPOSE, "not for TLS servers" },
    { "dptls-foreign-ci.der", "dptls.key.pem", "smdp.example.com",
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "issuer", TRUE, 0, NULL },
};

static void test_negative(void)
{
    for (guint c = 0; c < G_N_ELEMENTS(curves); c++) {
        X509 *ca = load_certificate(curves[c], "ci.der");
        g_autoptr(Trust) authority = trust_certificate(ca);

        for (guint i = 0; i < G_N_ELEMENTS(negative); i++) {
            g_autofree char *name = g_strconcat("negative/", negative[i].name, NULL);
            g_autoptr(TlsPeer) peer = pki_server(curves[c], name, negative[i].key);
            gboolean eim = g_str_has_prefix(negative[i].name, "eim");
            X509 *good = load_certificate(curves[c], eim ? "eimtls.der" : "dptls.der");
            g_autoptr(Trust) key = trust_key(good);
            g_autoptr(Trust) certificate = trust_certificate(good);

            g_test_message("%s %s", curves[c], negative[i].name);
            expect_refused(peer, authority, negative[i].host, negative[i].code,
                           negative[i].message);
            if (negative[i].pin_ok)
                expect_ok(peer, key, negative[i].host, OK_KEY);
            else
                expect_refused(peer, key, negative[i].host, negative[i].pin_code,
                               negative[i].pin_message);
            expect_refused(peer, certificate, negative[i].host, X509_V_ERR_CERT_UNTRUSTED,
                           "the server shows another certificate");
            X509_free(good);
        }
        /* The role in certificatePolicies is not looked at here. */
        {
            g_autoptr(TlsPeer) peer =
                pki_server(curves[c], "negative/dptls-role-dpauth.der", "dptls.key.pem");

            expect_ok(peer, authority, "smdp.example.com", OK_CA);
        }
        X509_free(ca);
    }
}

/* The pins of another server of the same CA, and the CA of another curve. */
static void test_other(void)
{
    g_autoptr(TlsPeer) peer = pki_server("nist", "eimtls.der", "eimtls.key.pem");
    X509 *other = load_certificate("nist", "dptls.der");
    X509 *foreign = load_certificate("nist", "negative/foreign-ci.der");
    X509 *brainpool = load_certificate("brainpool", "ci.der");
    g_autoptr(Trust) key = trust_key(other);
    g_autoptr(Trust) certificate = trust_certificate(other);
    g_autoptr(Trust) foreign_ca = trust_certificate(foreign);
    g_autoptr(Trust) brainpool_ca = trust_certificate(brainpool);

    expect_refused(peer, key, "eim.example.com", X509_V_ERR_CERT_UNTRUSTED,
                   "no CA of its chain has the pinned key");
    expect_refused(peer, certificate, "eim.example.com", X509_V_ERR_CERT_UNTRUSTED,
                   "CN=eim.example.com");
    expect_refused(peer, foreign_ca, "eim.example.com",
                   X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "issuer");
    expect_refused(peer, brainpool_ca, "eim.example.com",
                   X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "issuer");
    X509_free(other);
    X509_free(foreign);
    X509_free(brainpool);
}

/* A root, an intermediate CA and servers below it, made now. */
typedef struct {
    EVP_PKEY *root_key, *middle_key, *leaf_key;
    X509 *root, *middle;
} Tree;

static void tree_init(Tree *tree)
{
    TlsProfile root = { .name = "Root", .ca = TRUE }, middle = { .name = "Middle", .ca = TRUE };

    tree->root_key = tls_make_key();
    tree->middle_key = tls_make_key();
    tree->leaf_key = tls_make_key();
    tree->root = tls_make_certificate(&root, tree->root_key, NULL, NULL);
    tree->middle = tls_make_certificate(&middle, tree->middle_key, tree->root, tree->root_key);
}

static void tree_clear(Tree *tree)
{
    EVP_PKEY_free(tree->root_key);
    EVP_PKEY_free(tree->middle_key);
    EVP_PKEY_free(tree->leaf_key);
    X509_free(tree->root);
    X509_free(tree->middle);
}

static TlsPeer *tree_server(const Tree *tree, const TlsProfile *profile, X509 *in_chain)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();

    if (in_chain)
        g_ptr_array_add(chain, in_chain);
    EVP_PKEY_up_ref(tree->leaf_key);
    return tls_peer_new(
        tls_make_certificate(profile, tree->leaf_key, tree->middle, tree->middle_key),
        tree->leaf_key, chain);
}

#define OK_CHAIN_KEY OK_KEY ": key of a CA of the server's chain, name checked"

static void test_chain(void)
{
    TlsProfile profile = { .name = "server", .san = "DNS:eim.example.com", .usage = "serverAuth" };
    TlsProfile not_ca = { .name = "Middle" };
    Tree tree;

    tree_init(&tree);
    {
        g_autoptr(TlsPeer) peer = tree_server(&tree, &profile, tree.middle);
        g_autoptr(TlsPeer) bare = tree_server(&tree, &profile, NULL);
        X509 *false_ca = tls_make_certificate(&not_ca, tree.middle_key, tree.root, tree.root_key);
        g_autoptr(TlsPeer) under_false = tree_server(&tree, &profile, false_ca);
        g_autoptr(Trust) root = trust_certificate(tree.root);
        g_autoptr(Trust) middle = trust_certificate(tree.middle);
        g_autoptr(Trust) middle_key = trust_key(tree.middle);
        g_autoptr(Trust) root_key = trust_key(tree.root);

        expect_ok(peer, root, "eim.example.com", OK_CA);
        /* An intermediate CA is an anchor as good as a root, and the only one. */
        expect_ok(peer, middle, "eim.example.com", OK_CA);
        expect_ok(bare, middle, "eim.example.com", OK_CA);
        expect_refused(bare, root, "eim.example.com", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                       "issuer");
        /* A pinned key of a CA that the server shows; then the name counts. */
        expect_ok(peer, middle_key, "eim.example.com", OK_CHAIN_KEY);
        expect_refused(peer, middle_key, "else.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
                       "not for else.example.com");
        expect_refused(bare, middle_key, "eim.example.com", X509_V_ERR_CERT_UNTRUSTED,
                       "no CA of its chain");
        expect_refused(peer, root_key, "eim.example.com", X509_V_ERR_CERT_UNTRUSTED,
                       "no CA of its chain");
        expect_refused(under_false, middle_key, "eim.example.com", X509_V_ERR_CERT_UNTRUSTED,
                       "no CA of its chain");
        expect_refused(under_false, root, "eim.example.com", X509_V_ERR_INVALID_CA, "CA");
        X509_free(false_ca);
    }
    /* A CA with the pinned key that has nothing to do with the server's certificate. */
    {
        TlsProfile stray_profile = { .name = "Stray", .ca = TRUE };
        EVP_PKEY *stray_key = tls_make_key();
        X509 *stray = tls_make_certificate(&stray_profile, stray_key, NULL, NULL);
        g_autoptr(TlsPeer) peer = tree_server(&tree, &profile, stray);
        g_autoptr(Trust) trust = trust_key(stray);

        expect_refused(peer, trust, "eim.example.com", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                       "issuer");
        X509_free(stray);
        EVP_PKEY_free(stray_key);
    }
    tree_clear(&tree);
}

static void test_names(void)
{
    TlsProfile wild = { .name = "eim.example.com", .san = "DNS:*.example.com,DNS:x*.example.net" };
    TlsProfile address = { .name = "server", .san = "IP:192.0.2.7,IP:2001:db8::7" };
    TlsProfile text_address = { .name = "192.0.2.7", .san = "DNS:192.0.2.7" };
    TlsProfile common_name = { .name = "eim.example.com" };
    Tree tree;

    tree_init(&tree);
    {
        g_autoptr(Trust) trust = trust_certificate(tree.middle);
        g_autoptr(TlsPeer) wild_peer = tree_server(&tree, &wild, NULL);
        g_autoptr(TlsPeer) address_peer = tree_server(&tree, &address, NULL);
        g_autoptr(TlsPeer) text_peer = tree_server(&tree, &text_address, NULL);
        g_autoptr(TlsPeer) common_peer = tree_server(&tree, &common_name, NULL);

        expect_ok(wild_peer, trust, "eim.example.com", OK_CA);
        expect_refused(wild_peer, trust, "a.eim.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
                       "*.example.com");
        expect_refused(wild_peer, trust, "example.com", X509_V_ERR_HOSTNAME_MISMATCH, "not for");
        expect_refused(wild_peer, trust, "xy.example.net", X509_V_ERR_HOSTNAME_MISMATCH, "not for");
        expect_ok(address_peer, trust, "192.0.2.7", OK_CA);
        expect_ok(address_peer, trust, "2001:db8::7", OK_CA);
        expect_refused(address_peer, trust, "192.0.2.8", X509_V_ERR_IP_ADDRESS_MISMATCH,
                       "it names no DNS name");
        expect_refused(text_peer, trust, "192.0.2.7", X509_V_ERR_IP_ADDRESS_MISMATCH, "not for");
        expect_refused(common_peer, trust, "eim.example.com", X509_V_ERR_HOSTNAME_MISMATCH,
                       "it names no DNS name");
    }
    tree_clear(&tree);
}

/* A certificate that is its own issuer: pinned, and as the only CA. */
static void test_self_signed(void)
{
    TlsProfile plain = { .name = "server", .san = "DNS:eim.example.com" };
    TlsProfile authority = { .name = "server", .san = "DNS:eim.example.com", .ca = TRUE };
    TlsProfile any = { .name = "server",
                       .san = "DNS:eim.example.com",
                       .usage = "anyExtendedKeyUsage" };
    TlsProfile mail = { .name = "server",
                        .san = "DNS:eim.example.com",
                        .usage = "emailProtection" };
    const TlsProfile *profiles[] = { &plain, &authority, &any, &mail };
    static const char *const details[] = { OK_CERTIFICATE, OK_CA, OK_CERTIFICATE, NULL };

    for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
        EVP_PKEY *key = tls_make_key();
        X509 *certificate = tls_make_certificate(profiles[i], key, NULL, NULL);
        g_autoptr(Trust) trust = trust_certificate(certificate);
        g_autoptr(Trust) pin = trust_key(certificate);
        g_autoptr(TlsPeer) peer = tls_peer_new(certificate, key, NULL);

        if (details[i]) {
            expect_ok(peer, trust, "eim.example.com", details[i]);
            expect_ok(peer, pin, "eim.example.com", OK_KEY);
        } else {
            expect_refused(peer, trust, "eim.example.com", X509_V_ERR_INVALID_PURPOSE,
                           "not for TLS servers");
            expect_refused(peer, pin, "eim.example.com", X509_V_ERR_INVALID_PURPOSE,
                           "not for TLS servers");
        }
    }
}

/* I-46: before the clock was set, only a server that is pinned itself is reachable. */
static void test_clock(void)
{
    TlsProfile profile = { .name = "server", .san = "DNS:eim.example.com" };
    gint64 now = clock_realtime() / G_USEC_PER_SEC;
    Tree tree;

    tree_init(&tree);
    {
        g_autoptr(TlsPeer) peer = tree_server(&tree, &profile, tree.middle);
        EVP_PKEY *leaf_key = tree.leaf_key;
        X509 *same_key = tls_make_certificate(&profile, leaf_key, NULL, NULL);
        g_autoptr(Trust) pin = trust_key(same_key);
        g_autoptr(Trust) chain_pin = trust_key(tree.middle);
        g_autoptr(Trust) authority = trust_certificate(tree.root);
        Trust *all[] = { pin, chain_pin, authority };

        for (guint i = 0; i < G_N_ELEMENTS(all); i++)
            trust_override_clock(all[i], FALSE, 0);
        expect_ok(peer, pin, "eim.example.com",
                  OK_KEY ", dates not checked while the clock is not set");
        expect_refused(peer, chain_pin, "eim.example.com", X509_V_ERR_CERT_NOT_YET_VALID,
                       "the clock was never set");
        expect_refused(peer, authority, "eim.example.com", X509_V_ERR_CERT_NOT_YET_VALID,
                       "the clock was never set");
        for (guint i = 0; i < G_N_ELEMENTS(all); i++)
            trust_override_clock(all[i], TRUE, now + 7200);
        expect_refused(peer, pin, "eim.example.com", X509_V_ERR_CERT_HAS_EXPIRED, "has expired");
        expect_refused(peer, chain_pin, "eim.example.com", X509_V_ERR_CERT_HAS_EXPIRED, "expired");
        expect_refused(peer, authority, "eim.example.com", X509_V_ERR_CERT_HAS_EXPIRED, "expired");
        for (guint i = 0; i < G_N_ELEMENTS(all); i++)
            trust_override_clock(all[i], TRUE, now - 7200);
        expect_refused(peer, pin, "eim.example.com", X509_V_ERR_CERT_NOT_YET_VALID, "not yet");
        expect_refused(peer, authority, "eim.example.com", X509_V_ERR_CERT_NOT_YET_VALID,
                       "not yet");
        for (guint i = 0; i < G_N_ELEMENTS(all); i++)
            trust_override_clock(all[i], TRUE, now);
        expect_ok(peer, pin, "eim.example.com", OK_KEY);
        expect_ok(peer, authority, "eim.example.com", OK_CA);
        X509_free(same_key);
    }
    /* A pinned certificate whose dates have passed: no reason to be refused without a clock, but
     * its purpose still is one. */
    {
        g_autoptr(TlsPeer) peer =
            pki_server("nist", "negative/eimtls-expired.der", "eimtls.key.pem");
        g_autoptr(TlsPeer) client_only =
            pki_server("nist", "negative/eimtls-client-only.der", "eimtls.key.pem");
        X509 *expired = load_certificate("nist", "negative/eimtls-expired.der");
        g_autoptr(Trust) pin = trust_certificate(expired);
        g_autoptr(Trust) key = trust_key(expired);

        expect_refused(peer, pin, "eim.example.com", X509_V_ERR_CERT_HAS_EXPIRED, "has expired");
        trust_override_clock(pin, FALSE, 0);
        trust_override_clock(key, FALSE, 0);
        expect_ok(peer, pin, "eim.example.com",
                  OK_CERTIFICATE ", dates not checked while the clock is not set");
        expect_refused(client_only, key, "eim.example.com", X509_V_ERR_INVALID_PURPOSE,
                       "not for TLS servers");
        X509_free(expired);
    }
    tree_clear(&tree);
}

/* TLS 1.1 is never spoken; 1.2 and 1.3 are. */
static void test_versions(void)
{
    g_autoptr(TlsPeer) peer = pki_server("nist", "eimtls.der", "eimtls.key.pem");
    X509 *leaf = load_certificate("nist", "eimtls.der");
    g_autoptr(Trust) trust = trust_key(leaf);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    g_autofree char *detail = NULL;
    g_autoptr(GError) error = NULL;

    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    g_assert_true(trust_install(trust, ctx, "eim.example.com", &detail, &error));
    g_assert_cmpint(SSL_CTX_get_min_proto_version(ctx), ==, TLS1_2_VERSION);
    g_assert_cmpint(SSL_CTX_get_max_proto_version(ctx), ==, 0);
    g_assert_cmpint(SSL_CTX_get_verify_mode(ctx), ==, SSL_VERIFY_PEER);
    g_assert_null(detail);
    g_assert_false(trust_install(trust, ctx, "", &detail, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL);
    SSL_CTX_free(ctx);
    {
        g_auto(Outcome) old = shake(peer, trust, "eim.example.com", TLS1_2_VERSION);
        g_auto(Outcome) current = shake(peer, trust, "eim.example.com", TLS1_3_VERSION);

        g_assert_true(old.ok);
        g_assert_true(current.ok);
    }
    X509_free(leaf);
}

static void refuse_bundle(const char *text, EuiccdError code, const char *message)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("euiccd-bundle-XXXXXX", &path, NULL);
    Trust *trust;

    close(fd);
    if (text)
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    else
        g_unlink(path);
    trust = trust_new_bundle(path, &error);
    g_assert_null(trust);
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, "CA bundle"));
    g_assert_nonnull(strstr(error->message, message));
    g_unlink(path);
}

static void test_bundle_refused(void)
{
    refuse_bundle(NULL, EUICCD_ERROR_NOT_FOUND, "");
    refuse_bundle("", EUICCD_ERROR_CONFIG, "no certificate");
    refuse_bundle("nothing of that kind\n", EUICCD_ERROR_CONFIG, "no certificate");
    refuse_bundle("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                  EUICCD_ERROR_CONFIG, "certificate 1 can't be read");
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    /* First: it changes the environment, which is better done before threads exist. */
    g_test_add_func("/trust/system", test_system);
    g_test_add_func("/trust/data/forms", test_forms);
    g_test_add_func("/trust/data/refused", test_data_refused);
    g_test_add_func("/trust/data/key-lengths", test_key_lengths);
    g_test_add_func("/trust/good", test_good);
    g_test_add_func("/trust/negative", test_negative);
    g_test_add_func("/trust/other", test_other);
    g_test_add_func("/trust/chain", test_chain);
    g_test_add_func("/trust/names", test_names);
    g_test_add_func("/trust/self-signed", test_self_signed);
    g_test_add_func("/trust/clock", test_clock);
    g_test_add_func("/trust/versions", test_versions);
    g_test_add_func("/trust/bundle-refused", test_bundle_refused);
    return g_test_run();
}
