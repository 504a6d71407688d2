/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "agent/servers.h"
#include "unit/tls-peer.h"
#include "util/error.h"

/* The connections of a job to SM-DP+ and SM-DS. */

typedef struct {
    char *folder;
    char *names[2]; /* of folders with CI certificates, NULL-ended */
    EVP_PKEY *ci_key;
    X509 *ci;
    char *resolve;
    Config config;
    TlsPeer *peer;
    Servers *servers;
} Fixture;

static void put_ci(Fixture *f)
{
    g_autofree char *path = g_build_filename(f->folder, "ci", NULL);
    FILE *file = fopen(path, "w");

    g_assert_nonnull(file);
    PEM_write_X509(file, f->ci);
    fclose(file);
}

static void set_up(Fixture *f, gconstpointer data)
{
    const TlsProfile ci = { .name = "CI", .ca = TRUE, .policies = "2.23.146.1.2.1.0" };
    const TlsProfile server = { .name = "server",
                                .san = "DNS:smdp.example.com",
                                .usage = "serverAuth",
                                .policies = "2.23.146.1.2.1.3" };
    EVP_PKEY *key = tls_make_key();

    (void)data;
    f->folder = g_dir_make_tmp("euiccd-servers-XXXXXX", NULL);
    f->names[0] = f->folder;
    f->ci_key = tls_make_key();
    f->ci = tls_make_certificate(&ci, f->ci_key, NULL, NULL);
    f->peer = tls_peer_new(tls_make_certificate(&server, key, f->ci, f->ci_key), key, NULL);
    f->resolve = g_strdup_printf("smdp.example.com:%u:127.0.0.1", tls_peer_get_port(f->peer));
    f->config.network = https_config_default;
    f->config.network.resolve = f->resolve;
    f->config.ci_directories = f->names;
    f->servers = servers_new(&f->config);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->folder, "ci", NULL);

    (void)data;
    servers_free(f->servers);
    tls_peer_free(f->peer);
    g_unlink(path);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->resolve);
    X509_free(f->ci);
    EVP_PKEY_free(f->ci_key);
}

static gboolean notify(Fixture *f, const char *host, GError **error)
{
    g_autofree char *address = g_strdup_printf("%s:%u", host, tls_peer_get_port(f->peer));
    Es9pClient *client = servers_get(f->servers, address, IPA_SERVER_DP, error);
    g_autoptr(GBytes) notification = g_bytes_new_static("\x30\x00", 2);

    return client && es9p_handle_notification(client, notification, NULL, error);
}

static void expect_notification(Fixture *f)
{
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);

    tls_peer_answer_http(f->peer, 204, nothing, TLS_PEER_KEEP);
}

/* However an address is written, there is one connection to its host, and none when the job is over. */
static void test_one_connection(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    put_ci(f);
    for (guint i = 0; i < 3; i++)
        expect_notification(f);
    g_assert_true(notify(f, "smdp.example.com", &error));
    g_assert_true(notify(f, "SMDP.example.com", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(tls_peer_get_connections(f->peer), ==, 1);
    servers_close(f->servers);
    g_assert_true(notify(f, "smdp.example.com", &error));
    g_assert_cmpuint(tls_peer_get_connections(f->peer), ==, 2);
}

/* Another profile, another way to the server. */
static void test_network_changed(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    put_ci(f);
    expect_notification(f);
    expect_notification(f);
    g_assert_true(notify(f, "smdp.example.com", &error));
    servers_network_changed(f->servers, TRUE);
    g_assert_true(notify(f, "smdp.example.com", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(tls_peer_get_connections(f->peer), ==, 2);
}

/* Without a CI nobody is trusted; one that is added counts from the next job on. */
static void test_no_ci(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_false(notify(f, "smdp.example.com", &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "SM-DP+ smdp.example.com"));
    g_clear_error(&error);
    put_ci(f);
    servers_close(f->servers);
    expect_notification(f);
    g_assert_true(notify(f, "smdp.example.com", &error));
}

/* A CI that this server is not of: no word is sent. */
static void test_other_ci(Fixture *f, gconstpointer data)
{
    const TlsProfile profile = { .name = "CI", .ca = TRUE, .policies = "2.23.146.1.2.1.0" };
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = tls_make_key();
    X509 *right = f->ci;

    (void)data;
    f->ci = tls_make_certificate(&profile, key, NULL, NULL);
    put_ci(f);
    g_assert_false(notify(f, "smdp.example.com", &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TLS);
    g_assert_cmpuint(tls_peer_get_n_requests(f->peer), ==, 0);
    X509_free(right);
    EVP_PKEY_free(key);
}

/* What stands behind an eIM is judged by the same CIs; where there is none the card decides alone. */
static void test_know_ci(Fixture *f, gconstpointer data)
{
    static const guint8 id[] = { 0x31, 0x5B, 0xDE, 0xA8, 0x13, 0x6A, 0x6B, 0xC7, 0xAD, 0x02,
                                 0xF4, 0xE2, 0xBF, 0xFA, 0xE0, 0x0D, 0x82, 0xF7, 0x57, 0xC2 };
    g_autoptr(GBytes) ours = g_bytes_new_static(id, sizeof id);
    g_autoptr(GBytes) cut = g_bytes_new_static(id, sizeof id - 1);
    g_autofree char *source =
        g_test_build_filename(G_TEST_DIST, "data", "pki", "brainpool", "ci.pem", NULL);
    g_autofree char *path = g_build_filename(f->folder, "ci", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_true(servers_know_ci(f->servers, ours, &error));
    g_assert_true(servers_know_ci(f->servers, NULL, &error));
    put_ci(f); /* another one */
    g_assert_false(servers_know_ci(f->servers, ours, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TLS);
    g_clear_error(&error);
    servers_close(f->servers);
    g_assert_true(g_file_get_contents(source, &text, NULL, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_true(servers_know_ci(f->servers, ours, &error));
    g_assert_false(servers_know_ci(f->servers, cut, NULL));
    g_assert_false(servers_know_ci(f->servers, NULL, NULL));
    /* One that can't be read is not the same as none. */
    servers_close(f->servers);
    g_assert_true(g_file_set_contents(path, "nothing", -1, NULL));
    g_assert_false(servers_know_ci(f->servers, ours, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
}

static void test_addresses(Fixture *f, gconstpointer data)
{
    static const char *const bad[] = { "", "no host", "a:0", "a:b", "https://a", "a/b", "a\x01" };

    (void)data;
    put_ci(f);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(servers_get(f->servers, bad[i], IPA_SERVER_DS, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
        g_assert_nonnull(strstr(error->message, "SM-DS"));
        g_assert_null(strchr(error->message, '\x01'));
    }
}

#define ADD(name, func) g_test_add("/servers/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("one-connection", test_one_connection);
    ADD("network-changed", test_network_changed);
    ADD("no-ci", test_no_ci);
    ADD("other-ci", test_other_ci);
    ADD("know-ci", test_know_ci);
    ADD("addresses", test_addresses);
    return g_test_run();
}
