/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

#define FORMAT     1
#define FILE_LIMIT (128u << 10)
#define MAX_CHAIN  16
#define CHECK_SUM  32 /* octets of SHA-256 before the content */

/* Resumption proves that the server knows the secret of a former handshake, not that it still has the
 * key: that is asked for anew after the longest life of a ticket (RFC 8446 4.6.1). */
#define MAX_AGE ((gint64)7 * 24 * 3600)

enum {
    TAG_CONTENT = 0x30,
    TAG_FORMAT = 0x80,
    TAG_PEER = 0x81,
    TAG_TRUST = 0x82,
    TAG_VERIFIED = 0x83,
    TAG_SESSION = 0x84,
    TAG_CHAIN = 0xA5,
    TAG_CERTIFICATE = 0x30,
};

struct TlsSession {
    char *peer;
    GBytes *trust; /* its digest */
    char *path;
    SSL_SESSION *kept;
    STACK_OF(X509) * chain; /* as shown in the full handshake, the server's own first */
    gint64 verified;        /* time of it, seconds since 1970 */
    gboolean offered;
    gboolean renewed; /* KEPT came after it was offered */
    gboolean changed; /* the file is behind */
    gboolean
        careful; /* a handshake with a kept session failed: what is between may want TLS 1.2's looks */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_SESSION, SSL_SESSION_free)
typedef STACK_OF(X509) X509Stack;

static void x509_stack_free(X509Stack *stack)
{
    sk_X509_pop_free(stack, X509_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509Stack, x509_stack_free)

static void forget(TlsSession *session)
{
    if (session->kept)
        session->changed = TRUE;
    g_clear_pointer(&session->kept, SSL_SESSION_free);
    g_clear_pointer(&session->chain, x509_stack_free);
}

/* ---- the file ---- */

/* Content of the file: secret. NULL when OpenSSL can't write the session. */
static GBytes *encode(const TlsSession *session)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    gsize trust_size;
    const void *trust = g_bytes_get_data(session->trust, &trust_size);
    guint8 *der = NULL;
    int size = i2d_SSL_SESSION(session->kept, &der);

    if (size <= 0)
        return NULL;
    tlv_open(writer, TAG_CONTENT);
    tlv_put_integer(writer, TAG_FORMAT, FORMAT);
    tlv_put_string(writer, TAG_PEER, session->peer);
    tlv_put(writer, TAG_TRUST, trust, trust_size);
    tlv_put_integer(writer, TAG_VERIFIED, session->verified);
    tlv_put(writer, TAG_SESSION, der, (gsize)size);
    OPENSSL_clear_free(der, (size_t)size);
    tlv_open(writer, TAG_CHAIN);
    for (int i = 0; i < sk_X509_num(session->chain); i++) {
        guint8 *certificate = NULL;
        int length = i2d_X509(sk_X509_value(session->chain, i), &certificate);

        if (length <= 0)
            return NULL;
        tlv_put_raw(writer, certificate, (gsize)length);
        OPENSSL_free(certificate);
    }
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static X509Stack *decode_chain(TlvSlice content)
{
    g_autoptr(X509Stack) chain = sk_X509_new_null();
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        const guint8 *at = tlv.raw.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)tlv.raw.size);

        if (!certificate)
            return NULL;
        if (sk_X509_num(chain) == MAX_CHAIN || at != tlv.raw.data + tlv.raw.size ||
            !sk_X509_push(chain, certificate)) {
            X509_free(certificate);
            return NULL;
        }
    }
    return error || sk_X509_num(chain) == 0 ? NULL : g_steal_pointer(&chain);
}

static SSL_SESSION *decode_session(TlvSlice der)
{
    const guint8 *at = der.data;
    g_autoptr(SSL_SESSION) session = d2i_SSL_SESSION(NULL, &at, (long)der.size);

    return session && at == der.data + der.size ? g_steal_pointer(&session) : NULL;
}

static gboolean equals(TlvSlice a, const void *data, gsize size)
{
    return tlv_slice_equal(a, tlv_slice(data, size));
}

gboolean tls_session_decode(TlsSession *session, TlvSlice content, GError **error)
{
    g_autoptr(SSL_SESSION) kept = NULL;
    g_autoptr(X509Stack) chain = NULL;
    gsize trust_size;
    const void *trust = g_bytes_get_data(session->trust, &trust_size);
    gint64 format, verified;
    Tlv whole, number, peer, digest, when, der, certificates;

    ERR_clear_error();
    if (!tlv_parse(content, TAG_CONTENT, &whole, error))
        return FALSE;
    if (!tlv_find(whole.value, TAG_FORMAT, &number) ||
        !tlv_get_integer(number.value, &format, NULL) || format != FORMAT ||
        !tlv_find(whole.value, TAG_PEER, &peer) || !tlv_find(whole.value, TAG_TRUST, &digest) ||
        !tlv_find(whole.value, TAG_VERIFIED, &when) ||
        !tlv_get_integer(when.value, &verified, NULL) ||
        !tlv_find(whole.value, TAG_SESSION, &der) ||
        !tlv_find(whole.value, TAG_CHAIN, &certificates))
        goto malformed;
    if (!equals(peer.value, session->peer, strlen(session->peer)) ||
        !equals(digest.value, trust, trust_size)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                            "it belongs to another server or another trust");
        return FALSE;
    }
    kept = decode_session(der.value);
    chain = kept ? decode_chain(certificates.value) : NULL;
    /* The session's own copy of the server's certificate must be the one that is judged. */
    if (!chain || !SSL_SESSION_get0_peer(kept) ||
        X509_cmp(SSL_SESSION_get0_peer(kept), sk_X509_value(chain, 0)) != 0)
        goto malformed;
    forget(session);
    session->kept = g_steal_pointer(&kept);
    session->chain = g_steal_pointer(&chain);
    session->verified = verified;
    return TRUE;

malformed:
    ERR_clear_error();
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "no TLS session");
    return FALSE;
}

static void check_sum(const void *data, gsize size, guint8 out[CHECK_SUM])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length = CHECK_SUM;

    g_checksum_update(sum, data, (gssize)size);
    g_checksum_get_digest(sum, out, &length);
}

static gboolean load(TlsSession *session, GError **error)
{
    g_autoptr(GBytes) file = file_read(session->path, FILE_LIMIT, error);
    guint8 sum[CHECK_SUM];
    const guint8 *data;
    gsize size;

    if (!file)
        return FALSE;
    data = g_bytes_get_data(file, &size);
    /* A session with a wrong bit would be refused by the server, as an attack. */
    if (size > CHECK_SUM)
        check_sum(data + CHECK_SUM, size - CHECK_SUM, sum);
    if (size <= CHECK_SUM || memcmp(data, sum, CHECK_SUM) != 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "it is damaged");
        return FALSE;
    }
    return tls_session_decode(session, tlv_slice(data + CHECK_SUM, size - CHECK_SUM), error);
}

void tls_session_save(TlsSession *session)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) out = NULL;
    g_autoptr(GBytes) content = NULL;

    if (!session->path || !session->changed)
        return;
    session->changed = FALSE;
    content = session->kept ? encode(session) : NULL;
    if (content) {
        gsize size;
        const void *data = g_bytes_get_data(content, &size);

        out = g_byte_array_sized_new((guint)(CHECK_SUM + size));
        g_byte_array_set_size(out, CHECK_SUM);
        check_sum(data, size, out->data);
        g_byte_array_append(out, data, (guint)size);
        file_replace(session->path, out->data, out->len, &error);
        OPENSSL_cleanse(out->data, out->len);
    } else {
        file_remove(session->path, &error);
    }
    if (error)
        log_warning(NULL, "the TLS session with %s can't be kept: %s", session->peer,
                    error->message);
}

/* ---- connections ---- */

static int session_index(void)
{
    static gsize once;
    static int index;

    if (g_once_init_enter(&once)) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
        g_once_init_leave(&once, 1);
    }
    return index;
}

/* TLS 1.2: at the end of a full handshake. TLS 1.3: for each ticket, the last one is kept. Takes the
 * reference on FRESH by answering 1. */
static int on_new_session(SSL *ssl, SSL_SESSION *fresh)
{
    TlsSession *session = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), session_index());
    X509Stack *shown;

    if (!session || !SSL_SESSION_is_resumable(fresh) || SSL_get_verify_result(ssl) != X509_V_OK)
        return 0;
    /* A resumed session goes on with the certificates that were judged when it was offered. */
    if (!SSL_session_reused(ssl)) {
        shown = SSL_get_peer_cert_chain(ssl);
        if (!shown || !(shown = X509_chain_up_ref(shown)))
            return 0;
        g_clear_pointer(&session->chain, x509_stack_free);
        session->chain = shown;
        session->verified = clock_realtime() / G_USEC_PER_SEC;
    }
    if (!session->chain)
        return 0;
    g_clear_pointer(&session->kept, SSL_SESSION_free);
    session->kept = fresh;
    session->renewed = TRUE;
    session->changed = TRUE;
    return 1;
}

gboolean tls_session_install(TlsSession *session, void *ssl_ctx)
{
    SSL_CTX *ctx = ssl_ctx;

    if (session_index() < 0 || !SSL_CTX_set_ex_data(ctx, session_index(), session))
        return FALSE;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_new_session);
    /* libcurl turns the tickets of TLS 1.2 off. */
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
    return TRUE;
}

void tls_session_offer(TlsSession *session, void *ssl)
{
    gint64 age = clock_realtime() / G_USEC_PER_SEC - session->verified;

    session->offered = session->renewed = FALSE;
    if (!session->kept)
        return;
    if (age < 0 || age > MAX_AGE || !SSL_SESSION_is_resumable(session->kept) ||
        !trust_check_again(ssl, sk_X509_value(session->chain, 0), session->chain) ||
        !SSL_set_session(ssl, session->kept)) {
        ERR_clear_error();
        forget(session);
        return;
    }
    session->offered = TRUE;
    /* A server that knows this session speaks TLS 1.3: what only older versions need stays out of the
     * message. Should it speak it no more, the handshake fails and the next one is a full one. */
    if (SSL_SESSION_get_protocol_version(session->kept) >= TLS1_3_VERSION) {
        (void)SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
        /* TLS 1.3 has been through here before, so nothing in between is likely to want to see TLS 1.2
         * (RFC 8446 D.4): 76 octets less. Where it fails all the same, this stays off. */
        if (!session->careful)
            SSL_clear_options(ssl, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    }
}

gboolean tls_session_settle(TlsSession *session, gboolean complete)
{
    gboolean offered = session->offered;

    session->offered = FALSE;
    session->careful |= offered && !complete;
    if (offered && !session->renewed &&
        (!complete || SSL_SESSION_get_protocol_version(session->kept) >= TLS1_3_VERSION))
        forget(session);
    return offered;
}

/* ---- life ---- */

TlsSession *tls_session_new(const char *peer, Trust *trust, const char *path)
{
    TlsSession *session = g_new0(TlsSession, 1);
    g_autoptr(GError) error = NULL;

    session->peer = g_strdup(peer);
    session->trust = trust_get_digest(trust);
    session->path = g_strdup(path);
    if (!path || !g_file_test(path, G_FILE_TEST_EXISTS) || load(session, &error))
        return session;
    log_notice(NULL, "the kept TLS session with %s is not used: %s", peer, error->message);
    g_clear_error(&error);
    if (!file_remove(path, &error))
        log_warning(NULL, "%s", error->message);
    return session;
}

void tls_session_free(TlsSession *session)
{
    tls_session_save(session);
    forget(session);
    g_bytes_unref(session->trust);
    g_free(session->peer);
    g_free(session->path);
    g_free(session);
}
