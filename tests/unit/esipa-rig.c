/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/esipa-rig.h"

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
    EsipaConfig config = esipa_config_default;

    *world = (World){ 0 };
    https_rig_init(&world->rig, "eim.example.com", NULL);
    world->peer = world->rig.peer;
    config.dialect = dialect;
    config.source = config.binding_source = ESIPA_DIALECT_CONFIGURED;
    world->client = esipa_client_new(world->rig.client, eid, &config);
}

void world_clear(World *world)
{
    esipa_client_free(world->client);
    https_rig_clear(&world->rig);
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

/* ---- the same in JSON ---- */

void json_world_init(World *world, EsipaBinding binding, EsipaDialectSource source)
{
    EsipaConfig config = esipa_config_default;

    world_init(world, ESIPA_DIALECT_V1_2, vector_eid);
    esipa_client_free(world->client);
    config.binding = binding;
    config.binding_source = source;
    world->client = esipa_client_new(world->rig.client, vector_eid, &config);
}

void will_say(World *world, guint status, const char *body)
{
    g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));

    tls_peer_answer_http(world->peer, status, bytes, TLS_PEER_KEEP);
    world->n_answers++;
}

/* The last request was this JSON, with the header that goes with it. */
void assert_said(World *world, const char *path, const char *wanted)
{
    gsize size;
    g_autofree char *request = NULL, *head = NULL;
    g_autoptr(JsonNode) got = NULL, node = json_from_string(wanted, NULL);
    g_autoptr(GError) error = NULL;
    const char *body;

    g_assert_cmpuint(tls_peer_get_n_requests(world->peer), ==, world->n_answers);
    request = tls_peer_get_request(world->peer, world->n_answers - 1, &size);
    body = strstr(request, "\r\n\r\n") + 4;
    head = g_strdup_printf("POST %s HTTP/1.1\r\n"
                           "Host: eim.example.com:%u\r\n"
                           "User-Agent: gsma-rsp-ipad\r\n"
                           "X-Admin-Protocol: gsma/rsp/v2.1.0\r\n"
                           "Content-Type: application/json;charset=UTF-8\r\n"
                           "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                           path, tls_peer_get_port(world->peer), strlen(body));
    g_assert_true(g_str_has_prefix(request, head));
    got = json_from_string(body, &error);
    g_assert_no_error(error);
    if (!json_node_equal(got, node))
        g_error("sent %s instead of %s", body, wanted);
}

const guint8 vector_eid[EID_SIZE] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                      0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };
