/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/esipa-rig.h"

#include <openssl/x509.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* ---- vectors ---- */

JsonArray *load(const char *name, JsonParser **ret_parser)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    *ret_parser = parser;
    return json_node_get_array(json_parser_get_root(parser));
}

const char *text(JsonObject *object, const char *member)
{
    return json_object_get_string_member_with_default(object, member, "");
}

GBytes *hex(const char *digits)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(digits, &error);

    g_assert_no_error(error);
    return bytes;
}

GBytes *der_of(JsonObject *vector)
{
    return hex(text(vector, "der"));
}

void assert_hex(GBytes *bytes, const char *wanted)
{
    g_autofree char *got = bytes ? bytes_gbytes_to_hex(bytes) : NULL;

    g_assert_cmpstr(got, ==, wanted);
}

/* ---- an eIM that keeps what it is sent ---- */

void world_init(World *world, EsipaDialect dialect, const guint8 *eid)
{
    TlsProfile profile = { .name = "eim" };
    EVP_PKEY *key = tls_make_key();
    X509 *certificate = tls_make_certificate(&profile, key, NULL, NULL);
    EsipaConfig config = esipa_config_default;
    HttpsConfig network = https_config_default;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL;
    g_autoptr(Trust) trust = NULL;
    g_autoptr(GError) error = NULL;
    guint8 *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

    tlv_put(writer, 0xA0, der, (gsize)size);
    OPENSSL_free(der);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    trust = trust_new_from_eim_data(tlv_slice_from_bytes(data), &error);
    g_assert_no_error(error);
    *world = (World){ .peer = tls_peer_new(certificate, key, NULL) };
    world->resolve =
        g_strdup_printf("eim.example.com:%u:127.0.0.1", tls_peer_get_port(world->peer));
    network.resolve = world->resolve;
    world->https =
        https_client_new("eim.example.com", tls_peer_get_port(world->peer), trust, &network);
    config.dialect = dialect;
    config.source = ESIPA_DIALECT_CONFIGURED;
    world->client = esipa_client_new(world->https, eid, &config);
}

void world_clear(World *world)
{
    esipa_client_free(world->client);
    https_client_free(world->https);
    tls_peer_free(world->peer);
    g_free(world->resolve);
}
void will_answer(World *world, guint status, const char *digits)
{
    g_autoptr(GBytes) body = hex(digits);

    tls_peer_answer_http(world->peer, status, body, TLS_PEER_KEEP);
    world->n_answers++;
}

/* The last request was sent as ESipa wants it, with this body. */
void assert_sent(World *world, const char *digits)
{
    g_autofree char *start = NULL, *request = NULL;
    g_autofree char *got = NULL;
    gsize size = 0, head;

    g_assert_cmpuint(tls_peer_get_n_requests(world->peer), ==, world->n_answers);
    request = tls_peer_get_request(world->peer, world->n_answers - 1, &size);
    start = g_strdup_printf("POST /gsma/rsp2/asn1 HTTP/1.1\r\n"
                            "Host: eim.example.com:%u\r\n"
                            "User-Agent: gsma-rsp-ipad\r\n"
                            "X-Admin-Protocol: gsma/rsp/v2.1.0\r\n"
                            "Content-Type: application/x-gsma-rsp-asn1\r\n"
                            "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                            tls_peer_get_port(world->peer), strlen(digits) / 2);
    head = strlen(start);
    g_assert_cmpuint(size, >=, head);
    got = g_strndup(request, head);
    g_assert_cmpstr(got, ==, start);
    g_free(got);
    got = bytes_to_hex(request + head, size - head);
    g_assert_cmpstr(got, ==, digits);
}

const guint8 vector_eid[EID_SIZE] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                      0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };
