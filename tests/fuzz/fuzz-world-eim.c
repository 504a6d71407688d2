/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "fuzz-world.h"
#include "ipa/card.h"
#include "net/https.h"
#include "util/error.h"

/* The eIMs: behind the real ESipa client, in the place of src/net/https.c. */

struct HttpsClient {
    World *world;
    char *eim_id;
    EsipaClient *esipa;
    GBytes *last; /* package sent */
};

static GHashTable *clients; /* eimId -> HttpsClient */

static void client_free(gpointer data)
{
    HttpsClient *client = data;

    esipa_client_free(client->esipa);
    g_clear_pointer(&client->last, g_bytes_unref);
    g_free(client->eim_id);
    g_free(client);
}

EsipaClient *world_client(World *world, const char *eim_id)
{
    EsipaConfig config = esipa_config_default;
    HttpsClient *client;

    if (!clients)
        clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, client_free);
    client = g_hash_table_lookup(clients, eim_id);
    if (!client) {
        client = g_new0(HttpsClient, 1);
        client->world = world;
        client->eim_id = g_strdup(eim_id);
        config.dialect = strlen(eim_id) % 2 ? ESIPA_DIALECT_V1_0 : ESIPA_DIALECT_V1_2;
        client->esipa = esipa_client_new(client, world_eid, &config);
        g_hash_table_insert(clients, client->eim_id, client);
    }
    return client->esipa;
}

void world_forget_clients(World *world)
{
    (void)world;
    g_clear_pointer(&clients, g_hash_table_unref);
}

void https_response_free(HttpsResponse *response)
{
    g_clear_pointer(&response->body, g_bytes_unref);
    g_free(response->content_type);
    g_free(response);
}

/* ---- packages ---- */

/* A package of EIM_ID with the command list of the input, or one that enables a profile. */
static GBytes *make_package(World *world, const char *eim_id, gboolean own_list)
{
    /* With rollbackFlag. */
    static const guint8 enable[] = { 0xA0, 0x10, 0xA3, 0x0E, 0x5A, 0x0A, 0x98, 0,    0,
                                     0,    0,    0,    0,    0,    0,    0xB0, 0x05, 0x00 };
    TlvWriter *writer = tlv_writer_new();
    guint8 signature[64] = { 0 };

    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, eim_id);
    tlv_put(writer, 0x5A, world_eid, EID_SIZE);
    tlv_put_integer(writer, 0x81, ++world->next_counter);
    if (world_draw(world) % 2)
        tlv_put(writer, 0x82, &world->next_counter, 1);
    if (own_list)
        tlv_put_slice(writer, 0xA0, fuzz_take(&world->input, fuzz_take_octet(&world->input)));
    else
        tlv_put_raw(writer, enable, sizeof(enable));
    tlv_close(writer);
    tlv_put(writer, 0x5F37, signature, sizeof(signature));
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

/* The ESipa answer around OBJECT. */
static GBytes *wrap(guint32 tag, GBytes *object)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_put_slice(writer, tag, tlv_slice_from_bytes(object));
    return tlv_writer_finish(writer);
}

static GBytes *from_hex(const char *hex)
{
    GBytes *bytes = bytes_from_hex(hex, NULL);

    g_assert(bytes);
    return bytes;
}

static GBytes *send_package(HttpsClient *client, guint8 turn)
{
    World *world = client->world;
    const char *other = g_str_equal(client->eim_id, WORLD_EIM_A) ? WORLD_EIM_B : WORLD_EIM_A;

    if (turn == 15 && client->last)
        return wrap(0xBF4F, client->last);
    g_clear_pointer(&client->last, g_bytes_unref);
    client->last = make_package(world, turn == 14 ? other : client->eim_id, turn == 13);
    return wrap(0xBF4F, client->last);
}

/* GetEimPackage: what stands in the answer of 200. */
static GBytes *answer_get(HttpsClient *client, guint8 turn)
{
    switch (turn) {
    case 0:
    case 1:
        return from_hex("BF4F03020101");
    case 10:
        return tlv_slice_to_bytes(fuzz_take_sized(&client->world->input));
    case 11:
        return from_hex("BF4F2ABF52275C0EA081A2BF20BF228384A5A687A8A9040582F2D4C9E9A103800109A20380"
                        "01158304E1E2E3E4");
    case 12:
        return from_hex("BF4F18BF5415A00F800D3124736D64702E696F244142438202AABB");
    default:
        return send_package(client, turn);
    }
}

/* ---- results ---- */

/* The EuiccPackageResult that a ProvideEimPackageResult carries, alone or with notifications. */
static gboolean find_result(GBytes *request, Tlv *ret_result)
{
    Tlv outer, sequence;

    if (!tlv_parse(tlv_slice_from_bytes(request), 0xBF50, &outer, NULL))
        return FALSE;
    return tlv_find(outer.value, 0xBF51, ret_result) ||
           (tlv_find(outer.value, 0x30, &sequence) && tlv_find(sequence.value, 0xBF51, ret_result));
}

/* Invariant 1. */
static void check_unchanged(World *world, const Tlv *result)
{
    for (guint i = 0; i < world->said->len; i++) {
        GBytes *object = world->said->pdata[i];

        if (g_bytes_get_size(object) > 0 &&
            memmem(g_bytes_get_data(object, NULL), g_bytes_get_size(object), result->raw.data,
                   result->raw.size))
            return;
    }
    g_error("the eIM got a result that the card has not made");
}

/* The number under which the card stores RESULT, -1: it does not. */
static gint64 number_of(const Tlv *result)
{
    g_autoptr(GBytes) bytes = tlv_slice_to_bytes(result->raw);
    g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;

    return ipa_result_view(bytes, &view, NULL) ? view.sequence : -1;
}

static GBytes *acknowledge(gint64 number)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF50);
    tlv_open(writer, 0xBF53);
    tlv_put_integer(writer, 0x80, number);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

/* ProvideEimPackageResult: what stands in the answer of 200. NUMBER as of number_of(). */
static GBytes *answer_provide(World *world, gint64 number, guint8 turn)
{
    switch (turn) {
    case 10:
        return tlv_slice_to_bytes(fuzz_take_sized(&world->input));
    case 11:
        return acknowledge(fuzz_take_octet(&world->input));
    case 12:
        return g_bytes_new(NULL, 0);
    case 13:
        return from_hex("BF500302017F");
    case 14:
        return from_hex("BF5003BF5300");
    case 15:
        return from_hex("BF500430020500");
    default:
        return number >= 0 ? acknowledge(number) : from_hex("BF50023000");
    }
}

static void let_go(World *world, gint64 number)
{
    const gint64 *replaced = g_hash_table_lookup(world->replaced, &number);

    g_hash_table_add(world->taken, g_memdup2(&number, sizeof(number)));
    if (replaced)
        g_hash_table_add(world->taken, g_memdup2(replaced, sizeof(*replaced)));
}

/* REQUEST has NUMBER as a seqNumber, of a result or of a notification. */
static gboolean holds_number(GBytes *request, gint64 number)
{
    static const guint32 tags[] = { 0x80, 0x83 };

    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        TlvWriter *writer = tlv_writer_new();
        g_autoptr(GBytes) object = NULL;

        tlv_put_integer(writer, tags[i], number);
        object = tlv_writer_finish(writer);
        if (memmem(g_bytes_get_data(request, NULL), g_bytes_get_size(request),
                   g_bytes_get_data(object, NULL), g_bytes_get_size(object)))
            return TRUE;
    }
    return FALSE;
}

/* What the eIM's answer lets go. */
static void note_taken(World *world, GBytes *request, gint64 number, GBytes *body)
{
    g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(body, NULL);
    gboolean mine;

    if (!answer)
        return;
    for (guint i = 0; i < answer->acknowledged->len; i++) {
        gint64 other = g_array_index(answer->acknowledged, gint64, i);

        if (holds_number(request, other))
            let_go(world, other);
    }
    if (number < 0)
        return;
    mine = !answer->has_acknowledgements && !world->keep_unacknowledged;
    for (guint i = 0; i < answer->acknowledged->len; i++)
        mine = mine || g_array_index(answer->acknowledged, gint64, i) == number;
    if (mine)
        let_go(world, number);
}

/* ---- the connection ---- */

static gboolean fail(World *world, guint8 turn, GError **error)
{
    static const EuiccdError failures[] = { EUICCD_ERROR_NETWORK, EUICCD_ERROR_TLS,
                                            EUICCD_ERROR_TIMEOUT, EUICCD_ERROR_TOO_LARGE };

    if (g_cancellable_is_cancelled(world->cancellable)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
        return TRUE;
    }
    if (turn == 17)
        world_die(world);
    if (turn == 16 || world->dead) {
        g_set_error_literal(error, EUICCD_ERROR,
                            (gint)failures[world_draw(world) % G_N_ELEMENTS(failures)],
                            "no connection");
        return TRUE;
    }
    return FALSE;
}

static HttpsResponse *exchange(HttpsClient *client, const char *path, const char *const *headers,
                               GBytes *body, GCancellable *cancellable, GError **error)
{
    World *world = client->world;
    guint8 turn = world_draw(world) % 20;
    g_autoptr(HttpsResponse) response = g_new0(HttpsResponse, 1);
    gint64 number = -1;
    Tlv request, result;

    g_assert(path && headers && cancellable == world->cancellable);
    world->exchanges++;
    g_assert(tlv_parse(tlv_slice_from_bytes(body), 0, &request, NULL));
    if (request.tag == 0xBF50 && find_result(body, &result)) {
        check_unchanged(world, &result);
        number = number_of(&result);
    }
    if (fail(world, turn, error))
        return NULL;
    response->status = turn == 18 ? 100 + fuzz_take_u16(&world->input) % 500 : 200;
    response->body =
        request.tag == 0xBF4F ? answer_get(client, turn) : answer_provide(world, number, turn);
    if (response->status < 200 || response->status > 299)
        return g_steal_pointer(&response);
    if (request.tag == 0xBF50) {
        note_taken(world, body, number, response->body);
    } else {
        g_autoptr(EsipaPackage) package = esipa_parse_package(response->body, NULL);

        if (package && package->kind == ESIPA_PACKAGE_EUICC)
            world_note_fetched(world, package->package);
    }
    /* It arrived, but its answer never does. */
    if (turn == 19) {
        world_die(world);
        (void)fail(world, turn, error);
        return NULL;
    }
    return g_steal_pointer(&response);
}

HttpsResponse *https_post(HttpsClient *client, const char *path, const char *const *headers,
                          GBytes *body, GCancellable *cancellable, GError **error)
{
    return exchange(client, path, headers, body, cancellable, error);
}

HttpsResponse *https_post_stream(HttpsClient *client, const char *path, const char *const *headers,
                                 GBytes *body, const HttpsStream *stream, GCancellable *cancellable,
                                 GError **error)
{
    g_autoptr(HttpsResponse) response = exchange(client, path, headers, body, cancellable, error);
    g_autoptr(GBytes) octets = NULL;

    if (!response || !stream || response->status < 200 || response->status > 299)
        return g_steal_pointer(&response);
    octets = g_steal_pointer(&response->body);
    response->body = g_bytes_new(NULL, 0);
    if (!stream->sink(g_bytes_get_data(octets, NULL), g_bytes_get_size(octets), stream->data,
                      error))
        return NULL;
    return g_steal_pointer(&response);
}
