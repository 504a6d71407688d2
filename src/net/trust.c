/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/certificates.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

/* NIST curves for everybody, brainpoolP256r1 for servers of the second GSMA root (SGP.22 2.6.5).
 * OpenSSL offers brainpool up to TLS 1.2 only. */
#define GROUPS "X25519:P-256:P-384:P-521:brainpoolP256r1:brainpoolP384r1"

#define MAX_CHAIN       8 /* certificates between the server and its anchor */
#define MAX_BUNDLE_SIZE (16u << 20)

struct Trust {
    gatomicrefcount references;
    TrustSource source;
    GBytes *key;       /* TRUST_PUBLIC_KEY: DER of the SubjectPublicKeyInfo */
    X509 *certificate; /* TRUST_CERTIFICATE, TRUST_CA */
    X509_STORE *store; /* TRUST_CA, TRUST_BUNDLE, TRUST_SYSTEM, TRUST_ESIM_CI: the anchors */
    char *path;        /* TRUST_BUNDLE, TRUST_ESIM_CI: where it comes from */
    GBytes *digest;    /* SHA-256 over source and what it accepts */
    gboolean clock_overridden, clock_set;
    gint64 now;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_PUBKEY, X509_PUBKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GENERAL_NAMES, GENERAL_NAMES_free)

/* What OpenSSL's error queue of this thread says; the queue is empty afterwards. */
static const char *ssl_error(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    ERR_clear_error();
    return reason ? reason : "no reason given";
}

const char *trust_source_to_string(TrustSource source)
{
    switch (source) {
    case TRUST_PUBLIC_KEY:
        return "public key pinned by the card (trustedEimPkTls)";
    case TRUST_CERTIFICATE:
        return "certificate pinned by the card (trustedCertificateTls)";
    case TRUST_CA:
        return "CA certificate named by the card (trustedCertificateTls)";
    case TRUST_BUNDLE:
        return "CA bundle of the configuration";
    case TRUST_SYSTEM:
        return "the system's CA certificates";
    case TRUST_ESIM_CI:
        return "eSIM CI certificates of the configuration";
    }
    return "unknown";
}

TrustSource trust_get_source(const Trust *trust)
{
    return trust->source;
}

static Trust *trust_new(TrustSource source)
{
    Trust *trust = g_new0(Trust, 1);

    g_atomic_ref_count_init(&trust->references);
    trust->source = source;
    return trust;
}

/* ACCEPTED: key, certificate or bundle. */
static void set_digest(Trust *trust, GBytes *accepted)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32], source = (guint8)trust->source;
    gsize size, length = sizeof digest;
    const void *data;

    g_checksum_update(sum, &source, 1);
    if (accepted && (data = g_bytes_get_data(accepted, &size)))
        g_checksum_update(sum, data, (gssize)size);
    g_checksum_get_digest(sum, digest, &length);
    trust->digest = g_bytes_new(digest, length);
}

GBytes *trust_get_digest(const Trust *trust)
{
    return g_bytes_ref(trust->digest);
}

Trust *trust_ref(Trust *trust)
{
    g_atomic_ref_count_inc(&trust->references);
    return trust;
}

void trust_unref(Trust *trust)
{
    if (!g_atomic_ref_count_dec(&trust->references))
        return;
    g_clear_pointer(&trust->key, g_bytes_unref);
    X509_free(trust->certificate);
    X509_STORE_free(trust->store);
    g_clear_pointer(&trust->digest, g_bytes_unref);
    g_free(trust->path);
    g_free(trust);
}

void trust_override_clock(Trust *trust, gboolean is_set, gint64 now)
{
    trust->clock_overridden = TRUE;
    trust->clock_set = is_set;
    trust->now = now;
}

static gboolean clock_usable(const Trust *trust)
{
    return trust->clock_overridden ? trust->clock_set : clock_is_set();
}

/* ---- trustedPublicKeyDataTls ---- */

typedef enum {
    CONTENT_KEY,
    CONTENT_CERTIFICATE,
    CONTENT_OTHER,
} ContentKind;

/* What the objects directly in CONTENT are: those of a SubjectPublicKeyInfo (30, 03) or those of a
 * Certificate (30, 30, 03). */
static gboolean classify(TlvSlice content, ContentKind *ret_kind, guint *ret_n, Tlv *ret_first,
                         GError **error)
{
    g_autoptr(GError) local = NULL;
    guint32 tags[4] = { 0 };
    TlvReader reader;
    guint n = 0;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        if (n == 0)
            *ret_first = tlv;
        if (n < G_N_ELEMENTS(tags))
            tags[n] = tlv.tag;
        n++;
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    *ret_n = n;
    *ret_kind = CONTENT_OTHER;
    if (n == 2 && tags[0] == 0x30 && tags[1] == 0x03)
        *ret_kind = CONTENT_KEY;
    else if (n == 3 && tags[0] == 0x30 && tags[1] == 0x30 && tags[2] == 0x03)
        *ret_kind = CONTENT_CERTIFICATE;
    return TRUE;
}

/* The complete SubjectPublicKeyInfo or Certificate in the content of an arm, whether the arm's tag
 * has replaced the outer 30 or stands around it (I-07). */
static GBytes *unfold(TlvSlice content, ContentKind *ret_kind, GError **error)
{
    g_autoptr(TlvWriter) writer = NULL;
    ContentKind kind;
    Tlv first;
    guint n;

    if (!classify(content, &kind, &n, &first, error))
        return NULL;
    if (kind == CONTENT_OTHER && n == 1 && first.tag == 0x30) {
        content = first.value;
        if (!classify(content, &kind, &n, &first, error))
            return NULL;
    }
    if (kind == CONTENT_OTHER) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "neither a public key nor a certificate");
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_put_slice(writer, 0x30, content);
    *ret_kind = kind;
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* DER as OpenSSL writes it, so that two keys can be compared whatever lengths the card used. */
static GBytes *encode_key(X509_PUBKEY *key)
{
    guint8 *der = NULL;
    int size = i2d_X509_PUBKEY(key, &der);
    GBytes *bytes;

    if (size <= 0)
        return NULL;
    bytes = g_bytes_new(der, (gsize)size);
    OPENSSL_free(der);
    return bytes;
}

static Trust *new_from_key(GBytes *der, GError **error)
{
    TlvSlice slice = tlv_slice_from_bytes(der);
    const guint8 *at = slice.data;
    g_autoptr(X509_PUBKEY) key = d2i_X509_PUBKEY(NULL, &at, (long)slice.size);
    g_autoptr(GBytes) canonical = NULL;
    Trust *trust;

    if (!key || at != slice.data + slice.size || !X509_PUBKEY_get0(key) ||
        !(canonical = encode_key(key))) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "its public key can't be used (OpenSSL: %s)", ssl_error());
        return NULL;
    }
    trust = trust_new(TRUST_PUBLIC_KEY);
    trust->key = g_steal_pointer(&canonical);
    return trust;
}

static Trust *new_from_certificate(GBytes *der, GError **error)
{
    TlvSlice slice = tlv_slice_from_bytes(der);
    const guint8 *at = slice.data;
    g_autoptr(X509) certificate = d2i_X509(NULL, &at, (long)slice.size);
    g_autoptr(X509_STORE) store = NULL;
    Trust *trust;

    if (!certificate || at != slice.data + slice.size || !X509_get0_pubkey(certificate)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "its certificate can't be used (OpenSSL: %s)", ssl_error());
        return NULL;
    }
    /* 1: basicConstraints says so. Older ways to be a CA (self-signed version 1) are none here. */
    if (X509_check_ca(certificate) != 1) {
        trust = trust_new(TRUST_CERTIFICATE);
        trust->certificate = g_steal_pointer(&certificate);
        return trust;
    }
    store = X509_STORE_new();
    if (!store || !X509_STORE_add_cert(store, certificate)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "OpenSSL: %s", ssl_error());
        return NULL;
    }
    trust = trust_new(TRUST_CA);
    trust->certificate = g_steal_pointer(&certificate);
    trust->store = g_steal_pointer(&store);
    return trust;
}

Trust *trust_new_from_eim_data(TlvSlice data, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) der = NULL;
    ContentKind kind = CONTENT_OTHER, wanted = CONTENT_OTHER;
    TlvSlice content = data;
    Trust *trust = NULL;
    Tlv arm;

    ERR_clear_error();
    if (tlv_parse(data, 0, &arm, NULL) && (arm.tag == 0xA0 || arm.tag == 0xA1)) {
        wanted = arm.tag == 0xA0 ? CONTENT_KEY : CONTENT_CERTIFICATE;
        content = arm.value;
    }
    der = unfold(content, &kind, &local);
    if (der && wanted != CONTENT_OTHER && kind != wanted)
        g_set_error(&local, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "a %s where a %s is announced",
                    kind == CONTENT_KEY ? "public key" : "certificate",
                    wanted == CONTENT_KEY ? "public key" : "certificate");
    else if (der && kind == CONTENT_KEY)
        trust = new_from_key(der, &local);
    else if (der)
        trust = new_from_certificate(der, &local);
    if (!trust)
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "trustedPublicKeyDataTls: ");
    else
        set_digest(trust, der);
    return trust;
}

/* ---- configured trust ---- */

Trust *trust_new_bundle(const char *path, GError **error)
{
    g_autoptr(GBytes) text = file_read(path, MAX_BUNDLE_SIZE, error);
    g_autoptr(X509_STORE) store = NULL;
    guint n = 0;
    Trust *trust;

    if (!text) {
        g_prefix_error(error, "CA bundle: ");
        return NULL;
    }
    store = X509_STORE_new();
    if (!store) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "CA bundle: OpenSSL: %s",
                    ssl_error());
        return NULL;
    }
    if (!certificates_add_pem(store, text, &n, error)) {
        g_prefix_error(error, "CA bundle %s: ", path);
        return NULL;
    }
    trust = trust_new(TRUST_BUNDLE);
    trust->store = g_steal_pointer(&store);
    trust->path = g_strdup(path);
    set_digest(trust, text);
    return trust;
}

Trust *trust_new_esim_ci(const char *const *folders, GError **error)
{
    g_autofree char *names = g_strjoinv(", ", (char **)folders);
    g_autoptr(X509_STORE) store = X509_STORE_new();
    g_autoptr(GByteArray) accepted = g_byte_array_new();
    g_autoptr(GBytes) all = NULL;
    guint n = 0;
    Trust *trust;

    if (!store)
        g_error("OpenSSL can't make a certificate store: %s", ssl_error());
    for (guint i = 0; folders[i]; i++) {
        if (!certificates_add_folder(store, folders[i], accepted, &n, error)) {
            g_prefix_error(error, "eSIM CI certificates: ");
            return NULL;
        }
    }
    if (n == 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                    "eSIM CI certificates: there is none in %s", *names ? names : "no folder");
        return NULL;
    }
    trust = trust_new(TRUST_ESIM_CI);
    trust->store = g_steal_pointer(&store);
    trust->path = g_strdup_printf("(%u in %s)", n, names);
    all = g_byte_array_free_to_bytes(g_steal_pointer(&accepted));
    set_digest(trust, all);
    return trust;
}

gboolean trust_has_ci(const Trust *trust, TlvSlice key_id)
{
    return trust->source == TRUST_ESIM_CI && certificates_have_key_id(trust->store, key_id);
}

Trust *trust_new_system(void)
{
    Trust *trust = trust_new(TRUST_SYSTEM);

    /* Only the places are noted here; certificates are looked up by the handshakes. */
    trust->store = X509_STORE_new();
    if (!trust->store || !X509_STORE_set_default_paths(trust->store))
        g_error("OpenSSL can't make a certificate store: %s", ssl_error());
    set_digest(trust, NULL);
    return trust;
}

/* ---- verification ---- */

/* What one SSL_CTX verifies; owned by it. */
typedef struct {
    Trust *trust;
    char *host;
    char **detail;
} Verifier;

static void verifier_free(Verifier *verifier)
{
    trust_unref(verifier->trust);
    g_free(verifier->host);
    g_free(verifier);
}

static void ex_data_free(void *parent, void *data, CRYPTO_EX_DATA *ex_data, int index, long argl,
                         void *argp)
{
    (void)parent, (void)ex_data, (void)index, (void)argl, (void)argp;
    if (data)
        verifier_free(data);
}

/* Text of a peer for a message: printable ASCII only, and not more than a line can hold. */
static void append_foreign(GString *out, const void *text, gsize size)
{
    for (gsize i = 0; i < MIN(size, 128); i++) {
        char c = ((const char *)text)[i];

        g_string_append_c(out, g_ascii_isprint(c) ? c : '?');
    }
}

/* "eim.example.com, 192.0.2.1": the names a certificate is for. */
static char *names_of(const X509 *certificate)
{
    g_autoptr(GENERAL_NAMES) names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    GString *out = g_string_new(NULL);
    guint n = 0;

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type != GEN_DNS)
            continue;
        if (n++ == 8) {
            g_string_append(out, ", …");
            break;
        }
        if (out->len > 0)
            g_string_append(out, ", ");
        append_foreign(out, ASN1_STRING_get0_data(name->d.dNSName),
                       (gsize)ASN1_STRING_length(name->d.dNSName));
    }
    if (out->len == 0)
        g_string_append(out, "no DNS name");
    return g_string_free(out, FALSE);
}

static char *subject_of(const X509 *certificate)
{
    char text[128];

    X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
    for (char *c = text; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    return g_strdup(text);
}

static char *digest_of(GBytes *key)
{
    return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, key);
}

static void set_detail(const Verifier *verifier, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void set_detail(const Verifier *verifier, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_free(*verifier->detail);
    *verifier->detail = g_strconcat(trust_source_to_string(verifier->trust->source),
                                    verifier->trust->path ? " " : "",
                                    verifier->trust->path ? verifier->trust->path : "", text, NULL);
}

/* Path from LEAF to an anchor of STORE, dates, purpose and name. An X509_V_ERR number; the detail
 * is set in any case. WHAT goes before ", name checked" in the good case. */
static int verify_path(const Verifier *verifier, SSL *ssl, X509_STORE *store, X509 *leaf,
                       STACK_OF(X509) * chain, const char *what)
{
    g_autoptr(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
    g_autofree char *text = NULL;
    X509_VERIFY_PARAM *param;
    int code;

    if (!clock_usable(verifier->trust)) {
        set_detail(verifier,
                   ": the clock was never set, dates of the certificates can't be checked");
        return X509_V_ERR_CERT_NOT_YET_VALID;
    }
    if (!ctx || !X509_STORE_CTX_init(ctx, store, leaf, chain) ||
        !X509_STORE_CTX_set_default(ctx, "ssl_server"))
        goto internal;
    param = X509_STORE_CTX_get0_param(ctx);
    /* The CA that the card names may be an intermediate one: it is an anchor all the same. */
    if (verifier->trust->source == TRUST_CA || verifier->trust->source == TRUST_PUBLIC_KEY)
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    if (verifier->trust->clock_overridden)
        X509_VERIFY_PARAM_set_time(param, (time_t)verifier->trust->now);
    X509_VERIFY_PARAM_set_depth(param, MAX_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(param, SSL_get_security_level(ssl));
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (g_hostname_is_ip_address(verifier->host)
            ? !X509_VERIFY_PARAM_set1_ip_asc(param, verifier->host)
            : !X509_VERIFY_PARAM_set1_host(param, verifier->host, 0))
        goto internal;
    if (X509_verify_cert(ctx) == 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK) {
        g_autofree char *role = verifier->trust->source == TRUST_ESIM_CI
                                    ? certificates_find_wrong_role(X509_STORE_CTX_get0_chain(ctx))
                                    : NULL;

        if (role) {
            set_detail(verifier, ": %s", role);
            return X509_V_ERR_INVALID_PURPOSE;
        }
        set_detail(verifier, "%s, name checked", what);
        return X509_V_OK;
    }
    code = X509_STORE_CTX_get_error(ctx);
    if (code == X509_V_OK)
        goto internal;
    if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        text = names_of(leaf);
        set_detail(verifier, ": the server's certificate is not for %s (it names %s)",
                   verifier->host, text);
    } else {
        X509 *at = X509_STORE_CTX_get_current_cert(ctx);

        text = subject_of(at ? at : leaf);
        set_detail(verifier, ": %s (certificate %s)", X509_verify_cert_error_string(code), text);
    }
    return code;

internal:
    set_detail(verifier, ": OpenSSL could not verify (%s)", ssl_error());
    return X509_V_ERR_UNSPECIFIED;
}

/* A server that is pinned itself: no path and no name to check, but it must be a TLS server's
 * certificate within its dates. */
static int verify_pinned(const Verifier *verifier, X509 *leaf)
{
    const Trust *trust = verifier->trust;
    time_t now = (time_t)trust->now, *when = trust->clock_overridden ? &now : NULL;
    guint32 flags = X509_get_extension_flags(leaf);

    if (flags & EXFLAG_INVALID) {
        set_detail(verifier, ": the server's certificate has broken extensions");
        return X509_V_ERR_INVALID_EXTENSION;
    }
    if (flags & EXFLAG_XKUSAGE &&
        !(X509_get_extended_key_usage(leaf) & (XKU_SSL_SERVER | XKU_ANYEKU))) {
        set_detail(verifier,
                   ": the server's certificate is not for TLS servers (extendedKeyUsage)");
        return X509_V_ERR_INVALID_PURPOSE;
    }
    if (!clock_usable(trust)) {
        set_detail(verifier, ", dates not checked while the clock is not set");
        return X509_V_OK;
    }
    if (X509_cmp_time(X509_get0_notBefore(leaf), when) >= 0) {
        set_detail(verifier, ": the server's certificate is not yet valid");
        return X509_V_ERR_CERT_NOT_YET_VALID;
    }
    /* 0 is X509_cmp_time()'s error. */
    if (X509_cmp_time(X509_get0_notAfter(leaf), when) <= 0) {
        set_detail(verifier, ": the server's certificate has expired");
        return X509_V_ERR_CERT_HAS_EXPIRED;
    }
    set_detail(verifier, "%s", "");
    return X509_V_OK;
}

static int verify_key(const Verifier *verifier, SSL *ssl, X509 *leaf, STACK_OF(X509) * chain)
{
    g_autoptr(GBytes) key = encode_key(X509_get_X509_PUBKEY(leaf));
    g_autofree char *pinned_digest = NULL, *digest = NULL;
    int code = X509_V_OK;

    if (key && g_bytes_equal(key, verifier->trust->key))
        return verify_pinned(verifier, leaf);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *ca = sk_X509_value(chain, i);
        g_autoptr(GBytes) ca_key = encode_key(X509_get_X509_PUBKEY(ca));
        g_autoptr(X509_STORE) store = NULL;

        if (!ca_key || !g_bytes_equal(ca_key, verifier->trust->key) || X509_check_ca(ca) != 1)
            continue;
        store = X509_STORE_new();
        if (!store || !X509_STORE_add_cert(store, ca))
            continue;
        code =
            verify_path(verifier, ssl, store, leaf, chain, ": key of a CA of the server's chain");
        if (code == X509_V_OK)
            return X509_V_OK;
    }
    if (code != X509_V_OK)
        return code;
    pinned_digest = digest_of(verifier->trust->key);
    digest = key ? digest_of(key) : g_strdup("none");
    set_detail(
        verifier,
        ": the server's key is another one (SHA-256 %.16s…, pinned %.16s…), and no CA of its "
        "chain has the pinned key",
        digest, pinned_digest);
    return X509_V_ERR_CERT_UNTRUSTED;
}

static int verify_certificate(const Verifier *verifier, X509 *leaf)
{
    g_autofree char *text = NULL;

    if (X509_cmp(leaf, verifier->trust->certificate) == 0)
        return verify_pinned(verifier, leaf);
    text = subject_of(leaf);
    set_detail(verifier, ": the server shows another certificate (%s)", text);
    return X509_V_ERR_CERT_UNTRUSTED;
}

static int verify(const Verifier *verifier, SSL *ssl, X509 *leaf, STACK_OF(X509) * chain)
{
    const Trust *trust = verifier->trust;

    if (!leaf || !ssl) {
        set_detail(verifier, ": the server shows no certificate");
        return X509_V_ERR_CERT_UNTRUSTED;
    }
    switch (trust->source) {
    case TRUST_PUBLIC_KEY:
        return verify_key(verifier, ssl, leaf, chain);
    case TRUST_CERTIFICATE:
        return verify_certificate(verifier, leaf);
    case TRUST_CA:
    case TRUST_BUNDLE:
    case TRUST_SYSTEM:
    case TRUST_ESIM_CI:
        return verify_path(verifier, ssl, trust->store, leaf, chain, "");
    }
    set_detail(verifier, ": unknown kind of trust");
    return X509_V_ERR_UNSPECIFIED;
}

/* Stands in for X509_verify_cert() in the handshake. Nothing but X509_V_OK lets it go on. */
static int on_verify(X509_STORE_CTX *ctx, void *data)
{
    const Verifier *verifier = data;
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    int code =
        verify(verifier, ssl, X509_STORE_CTX_get0_cert(ctx), X509_STORE_CTX_get0_untrusted(ctx));

    ERR_clear_error();
    X509_STORE_CTX_set_error(ctx, code);
    return code == X509_V_OK;
}

static int ex_data_index(void)
{
    static gsize once;
    static int index;

    if (g_once_init_enter(&once)) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, ex_data_free);
        g_once_init_leave(&once, 1);
    }
    return index;
}

gboolean trust_install(Trust *trust, void *ssl_ctx, const char *host, char **ret_detail,
                       GError **error)
{
    SSL_CTX *ctx = ssl_ctx;
    int index = ex_data_index();
    Verifier *verifier;

    /* OpenSSL would take an empty name for "any name will do". */
    if (!*host) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                            "the TLS context can't be prepared: no name of a server");
        return FALSE;
    }
    verifier = g_new0(Verifier, 1);
    verifier->trust = trust_ref(trust);
    verifier->host = g_strdup(host);
    verifier->detail = ret_detail;
    ERR_clear_error();
    if (index < 0 || !SSL_CTX_set_ex_data(ctx, index, verifier)) {
        verifier_free(verifier);
        goto failed;
    }
    /* From here the SSL_CTX owns it. */
    SSL_CTX_set_cert_verify_callback(ctx, on_verify, verifier);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) ||
        !SSL_CTX_set_max_proto_version(ctx, 0) || !SSL_CTX_set1_groups_list(ctx, GROUPS))
        goto failed;
    return TRUE;

failed:
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                "the TLS context can't be prepared (OpenSSL: %s)", ssl_error());
    return FALSE;
}

gboolean trust_check_again(void *ssl, void *leaf, void *chain)
{
    const Verifier *verifier = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ex_data_index());
    gboolean trusted = verifier && verify(verifier, ssl, leaf, chain) == X509_V_OK;

    ERR_clear_error();
    return trusted;
}
