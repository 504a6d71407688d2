/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS sessions that are kept from connection to connection and from run to run: when they are taken up,
 * and when they must not be. */
#include "net/tls_session.h"

#include <glib/gstdio.h>
#include <openssl/x509.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "net/https.h"
#include "unit/tls-peer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

#define DAY ((gint64)24 * 3600)

static gint64 later; /* seconds that the clock has moved */

gint64 clock_boottime(void)
{
    return g_get_monotonic_time();
}

gint64 clock_realtime(void)
{
    return g_get_real_time() + later * G_USEC_PER_SEC;
}

gboolean clock_is_set(void)
{
    return TRUE;
}

typedef struct {
    X509 *ca, *leaf;
    TlsPeer *peer;
    char *folder, *path, *resolve;
} Fixture;

/* A server behind a CA; its certificate is good for an hour. */
static void fixture_init(Fixture *f)
{
    TlsProfile ca_profile = { .name = "CA", .ca = TRUE, .not_before = -DAY, .not_after = 30 * DAY };
    TlsProfile profile = { .name = "server", .san = "DNS:eim.example.com" };
    EVP_PKEY *ca_key = tls_make_key(), *key = tls_make_key();
    g_autoptr(GPtrArray) chain = g_ptr_array_new();

    *f = (Fixture){ .folder = g_dir_make_tmp("tls-session-XXXXXX", NULL) };
    f->path = g_build_filename(f->folder, "session", NULL);
    f->ca = tls_make_certificate(&ca_profile, ca_key, NULL, NULL);
    f->leaf = tls_make_certificate(&profile, key, f->ca, ca_key);
    X509_up_ref(f->leaf);
    g_ptr_array_add(chain, f->ca);
    f->peer = tls_peer_new(f->leaf, key, chain);
    f->resolve = g_strdup_printf("eim.example.com:%u:127.0.0.1", tls_peer_get_port(f->peer));
    EVP_PKEY_free(ca_key);
    later = 0;
}

static void fixture_clear(Fixture *f)
{
    tls_peer_free(f->peer);
    g_unlink(f->path);
    g_rmdir(f->folder);
    X509_free(f->ca);
    X509_free(f->leaf);
    g_free(f->folder);
    g_free(f->path);
    g_free(f->resolve);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static Trust *make_trust(guint32 arm, guint8 *der, int size)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GError) error = NULL;
    Trust *trust;

    tlv_put(writer, arm, der, (gsize)size);
    OPENSSL_free(der);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    trust = trust_new_from_eim_data(tlv_slice_from_bytes(data), &error);
    g_assert_no_error(error);
    return trust;
}

static Trust *trust_key(X509 *certificate)
{
    guint8 *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

    return make_trust(0xA0, der, size);
}

static Trust *trust_certificate(X509 *certificate)
{
    guint8 *der = NULL;
    int size = i2d_X509(certificate, &der);

    return make_trust(0xA1, der, size);
}

static HttpsClient *make_client(Fixture *f, Trust *trust)
{
    HttpsConfig config = https_config_default;

    config.resolve = f->resolve;
    config.session_path = f->path;
    return https_client_new("eim.example.com", tls_peer_get_port(f->peer), trust, &config);
}

static HttpsResponse *post(Fixture *f, HttpsClient *client, GError **error)
{
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);

    tls_peer_answer_http(f->peer, 200, NULL, TLS_PEER_KEEP);
    return https_post(client, "/", NULL, body, NULL, error);
}

/* One run of the daemon: a client with what the file holds, one exchange. TRUE when the session was
 * resumed. */
static gboolean run(Fixture *f, Trust *trust)
{
    guint resumed = tls_peer_get_resumed(f->peer);
    g_autoptr(HttpsClient) client = make_client(f, trust);
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpsResponse) response = post(f, client, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, 200);
    g_assert_nonnull(https_client_get_trust_used(client));
    return tls_peer_get_resumed(f->peer) > resumed;
}

/* One that must fail before the server sees a request. */
static void run_refused(Fixture *f, HttpsClient *client, const char *message)
{
    guint requests = tls_peer_get_n_requests(f->peer), resumed = tls_peer_get_resumed(f->peer);
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(GError) error = NULL;
    HttpsResponse *response = https_post(client, "/", NULL, body, NULL, &error);

    g_assert_null(response);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TLS);
    if (!strstr(error->message, message))
        g_error("'%s' does not say '%s'", error->message, message);
    g_assert_cmpuint(tls_peer_get_n_requests(f->peer), ==, requests);
    g_assert_cmpuint(tls_peer_get_resumed(f->peer), ==, resumed);
    g_assert_null(https_client_get_trust_used(client));
}

static GBytes *read_file(const Fixture *f)
{
    g_autoptr(GError) error = NULL;
    char *data;
    gsize size;

    g_assert_true(g_file_get_contents(f->path, &data, &size, &error));
    return g_bytes_new_take(data, size);
}

static void write_file(const Fixture *f, const void *data, gsize size)
{
    g_assert_true(g_file_set_contents(f->path, data, (gssize)size, NULL));
}

static gboolean file_exists(const Fixture *f)
{
    return g_file_test(f->path, G_FILE_TEST_EXISTS);
}

static void test_restart(void)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(Fixture) f;
        struct stat status;

        fixture_init(&f);
        tls_peer_set_max_version(f.peer, versions[i]);
        tls_peer_allow_early_data(f.peer);
        for (guint way = 0; way < 3; way++) {
            g_autoptr(Trust) trust = way == 0   ? trust_key(f.leaf)
                                     : way == 1 ? trust_certificate(f.leaf)
                                                : trust_certificate(f.ca);

            g_assert_false(run(&f, trust));
            g_assert_cmpint(g_stat(f.path, &status), ==, 0);
            g_assert_cmpint((int)(status.st_mode & 07777), ==, 0600);
            g_assert_true(run(&f, trust));
            g_assert_true(run(&f, trust));
            g_assert_cmpint(g_stat(f.path, &status), ==, 0);
            g_assert_cmpint((int)(status.st_mode & 07777), ==, 0600);
        }
        g_assert_cmpuint(tls_peer_get_early_data(f.peer), ==, 0);
    }
}

/* A TLS 1.3 ticket that was used is not used again, whether or not another one came. */
static void test_single_use(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(GBytes) first = NULL, second = NULL;

    fixture_init(&f);
    trust = trust_key(f.leaf);
    g_assert_false(run(&f, trust));
    first = read_file(&f);
    g_assert_true(run(&f, trust));
    second = read_file(&f);
    g_assert_false(g_bytes_equal(first, second));
    tls_peer_set_tickets(f.peer, 0);
    g_assert_true(run(&f, trust));
    g_assert_false(file_exists(&f));
    g_assert_false(run(&f, trust));
    g_assert_false(file_exists(&f));
}

static void test_other_trust(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) key = NULL, leaf = NULL, ca = NULL;

    fixture_init(&f);
    key = trust_key(f.leaf);
    leaf = trust_certificate(f.leaf);
    ca = trust_certificate(f.ca);
    /* Each of them trusts the server, and none takes up what another one has begun. */
    g_assert_false(run(&f, key));
    g_assert_false(run(&f, leaf));
    g_assert_false(run(&f, ca));
    g_assert_false(run(&f, key));
    g_assert_true(run(&f, key));
}

static void test_wrong_pin(void)
{
    TlsProfile profile = { .name = "other" };
    EVP_PKEY *key = tls_make_key();
    X509 *other = tls_make_certificate(&profile, key, NULL, NULL);
    g_autoptr(Trust) right = NULL, wrong = trust_key(other);
    g_auto(Fixture) f;

    fixture_init(&f);
    right = trust_key(f.leaf);
    g_assert_false(run(&f, right));
    {
        g_autoptr(HttpsClient) client = make_client(&f, wrong);

        g_assert_false(file_exists(&f));
        run_refused(&f, client, "the server's key is another one");
    }
    g_assert_false(file_exists(&f));
    X509_free(other);
    EVP_PKEY_free(key);
}

/* What a full handshake would refuse today is not resumed, after a restart and without one. */
static void test_expired(void)
{
    for (guint way = 0; way < 3; way++) {
        g_auto(Fixture) f;
        g_autoptr(Trust) trust = NULL;

        fixture_init(&f);
        trust = way == 0   ? trust_key(f.leaf)
                : way == 1 ? trust_certificate(f.leaf)
                           : trust_certificate(f.ca);
        trust_override_clock(trust, TRUE, g_get_real_time() / G_USEC_PER_SEC);
        {
            g_autoptr(HttpsClient) client = make_client(&f, trust);
            g_autoptr(HttpsResponse) response = post(&f, client, NULL);

            g_assert_nonnull(response);
            https_client_disconnect(client);
            trust_override_clock(trust, TRUE, g_get_real_time() / G_USEC_PER_SEC + 7200);
            run_refused(&f, client, "expired");
        }
        g_assert_false(file_exists(&f));

        trust_override_clock(trust, TRUE, g_get_real_time() / G_USEC_PER_SEC);
        g_assert_false(run(&f, trust));
        g_assert_true(run(&f, trust));
        trust_override_clock(trust, TRUE, g_get_real_time() / G_USEC_PER_SEC + 7200);
        {
            g_autoptr(HttpsClient) client = make_client(&f, trust);

            run_refused(&f, client, "expired");
        }
        g_assert_false(file_exists(&f));
    }
}

/* The key itself has to be shown again after a week, and after the clock went back. */
static void test_age(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) trust = NULL;

    fixture_init(&f);
    trust = trust_key(f.leaf);
    g_assert_false(run(&f, trust));
    later = 6 * DAY;
    g_assert_true(run(&f, trust));
    /* Resuming does not make it younger. */
    later = 8 * DAY;
    g_assert_false(run(&f, trust));
    g_assert_true(run(&f, trust));
    later = -DAY;
    g_assert_false(run(&f, trust));
    later = 0;
}

static void test_damaged(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(GBytes) good = NULL;
    g_autofree char *huge = g_strnfill(1 << 20, 'x');
    const guint8 *octets;
    gsize size;

    fixture_init(&f);
    trust = trust_key(f.leaf);
    g_assert_false(run(&f, trust));
    good = read_file(&f);
    octets = g_bytes_get_data(good, &size);
    /* As it is it would have been good. */
    write_file(&f, octets, size);
    g_assert_true(run(&f, trust));
    for (gsize at = 0; at < size; at += size / 12) {
        g_autofree guint8 *bad = g_memdup2(octets, size);

        bad[at] ^= 0x04;
        write_file(&f, bad, size);
        g_assert_false(run(&f, trust));
        write_file(&f, octets, at);
        g_assert_false(run(&f, trust));
    }
    write_file(&f, huge, 1 << 20);
    {
        g_autoptr(HttpsClient) client = make_client(&f, trust);

        g_assert_false(file_exists(&f));
    }
    g_assert_false(run(&f, trust));
}

/* Content with a good check sum. */
static void test_decode(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(TlsSession) same = NULL, other = NULL;
    g_autoptr(GBytes) good = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *peer = NULL;
    TlvSlice content;

    fixture_init(&f);
    trust = trust_key(f.leaf);
    g_assert_false(run(&f, trust));
    good = read_file(&f);
    content =
        tlv_slice((const guint8 *)g_bytes_get_data(good, NULL) + 32, g_bytes_get_size(good) - 32);
    peer = g_strdup_printf("eim.example.com:%u", tls_peer_get_port(f.peer));
    same = tls_session_new(peer, trust, NULL);
    g_assert_true(tls_session_decode(same, content, &error));
    g_assert_no_error(error);
    other = tls_session_new("eim.example.com:1", trust, NULL);
    g_assert_false(tls_session_decode(other, content, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    for (gsize i = 0; i < content.size; i++) {
        g_autoptr(GError) cut = NULL;

        g_assert_false(tls_session_decode(same, tlv_slice(content.data, i), &cut));
        g_assert_error(cut, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

/* The server has other keys for its tickets: it answers with a full handshake. */
static void test_forgotten(void)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_auto(Fixture) f;
        g_autoptr(Trust) trust = NULL;
        guint connections;

        fixture_init(&f);
        trust = trust_key(f.leaf);
        tls_peer_set_max_version(f.peer, versions[i]);
        g_assert_false(run(&f, trust));
        tls_peer_forget_sessions(f.peer);
        connections = tls_peer_get_connections(f.peer);
        g_assert_false(run(&f, trust));
        g_assert_cmpuint(tls_peer_get_connections(f.peer), ==, connections + 1);
        g_assert_true(run(&f, trust));
    }
}

/* A session whose handshake fails is forgotten, and the request goes out without it. */
static void test_refused_by_server(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) trust = NULL;
    guint connections;

    fixture_init(&f);
    trust = trust_key(f.leaf);
    g_assert_false(run(&f, trust));
    connections = tls_peer_get_connections(f.peer);
    tls_peer_set_max_version(f.peer, TLS1_2_VERSION);
    g_assert_false(run(&f, trust));
    g_assert_cmpuint(tls_peer_get_connections(f.peer), ==, connections + 2);
    g_assert_true(run(&f, trust));
    g_assert_cmpuint(tls_peer_get_connections(f.peer), ==, connections + 3);
}

/* TLS 1.3 goes without the looks of TLS 1.2 where it was seen to get through, until that fails. */
static void test_disguise(void)
{
    g_auto(Fixture) f;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(HttpsClient) client = NULL;
    guint disguised;

    fixture_init(&f);
    trust = trust_key(f.leaf);
    g_assert_false(run(&f, trust));
    g_assert_cmpuint(tls_peer_get_disguised(f.peer), ==, 1);
    client = make_client(&f, trust);
    for (guint i = 0; i < 4; i++) {
        g_autoptr(HttpsResponse) response = NULL;
        g_autoptr(GError) error = NULL;

        /* The second time the handshake with the kept session fails. */
        tls_peer_set_max_version(f.peer, i == 1 ? TLS1_2_VERSION : TLS1_3_VERSION);
        disguised = tls_peer_get_disguised(f.peer);
        response = post(&f, client, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(tls_peer_get_disguised(f.peer) - disguised, ==, i > 0);
        https_client_disconnect(client);
    }
    g_assert_cmpuint(tls_peer_get_resumed(f.peer), >=, 2);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    g_test_add_func("/tls-session/restart", test_restart);
    g_test_add_func("/tls-session/single-use", test_single_use);
    g_test_add_func("/tls-session/other-trust", test_other_trust);
    g_test_add_func("/tls-session/wrong-pin", test_wrong_pin);
    g_test_add_func("/tls-session/expired", test_expired);
    g_test_add_func("/tls-session/age", test_age);
    g_test_add_func("/tls-session/damaged", test_damaged);
    g_test_add_func("/tls-session/decode", test_decode);
    g_test_add_func("/tls-session/forgotten", test_forgotten);
    g_test_add_func("/tls-session/refused-by-server", test_refused_by_server);
    g_test_add_func("/tls-session/disguise", test_disguise);
    return g_test_run();
}
