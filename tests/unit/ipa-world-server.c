/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world-private.h"
#include "net/es11.h"
#include "net/esipa_download.h"

/* SM-DP+ and SM-DS of the world, and the eIM in their place. */

#define METADATA "BF25205A0A980010103254769810F2910B4578616D706C65204D4E4F9205496F542031"

/* The package "bpp-minimal" of asn1.json: six segments, METADATA in its 88. */
#define PACKAGE                                                                                    \
    "BF36820139BF2381AE8201018010A1A2A3A4A5A6A7A8A9AAABACADAEAFB0A6108001888101108408010203040506" \
    "07085F4941040A3B384D2B9FF64E2B6FFCFC5DF4262F561A5FBB2EDF8FE6A31AD0B60485928BF6F0CD7EFCDD0C79" \
    "0D5A14296AC14C47CE7B613474D4EC93A9976DC8240A41E65F37400686E6ADD3B27DF01ADE435F249BB7C7E15A89" \
    "A1327B4E2B2311AEBB42C968FE2C353502DAC4375A8E2D6AA09E50491C8438E2EC8A8F33B94AEA0156E0464FB5A0" \
    "1A8718AE8FF02A97D5A22750583A27A4669BA5DBFF88C5492FFA15A12D882BBF25205A0A980010103254769810F2" \
    "910B4578616D706C65204D4E4F9205496F5420315273CD74E7AEC57BA33A863889203575FE44766966B3C28A0BDE" \
    "F8AA0A303A181CC1E31021BA3F0BA4A2BB1EB074D8D1D17A6E95C847EE867043848C052CBA6826421A13"

/* Of the CI in tests/data/pki/brainpool. */
#define CI_PK_ID WORLD_CI_PK_ID_DOWNLOADS

static struct Es9pClient the_servers[8];

/* ---- setting up ---- */

static void server_free(gpointer data)
{
    FakeServer *server = data;

    g_free(server->address);
    g_free(server->matching_id);
    g_free(server->asked_address);
    g_clear_pointer(&server->events, g_ptr_array_unref);
    g_ptr_array_unref(server->notified);
    g_free(server);
}

static void notification_free(gpointer data)
{
    WorldNotification *notification = data;

    g_free(notification->address);
    g_bytes_unref(notification->object);
    g_free(notification);
}

void world_init_downloads(World *world)
{
    world->servers = g_ptr_array_new_with_free_func(server_free);
    world->pending = g_ptr_array_new_with_free_func(notification_free);
    world->settled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    world->policy = ipa_download_policy_default;
    world->policy.allowed = FALSE;
    world->policy.eim_data_handling = FALSE;
    world->immediate_code = 1;
    world->rat = "BF4302A000";
}

void world_clear_downloads(World *world)
{
    g_ptr_array_unref(world->servers);
    g_ptr_array_unref(world->pending);
    g_hash_table_unref(world->settled);
    g_clear_pointer(&world->session, g_bytes_unref);
    g_clear_pointer(&world->ctx_params1, g_bytes_unref);
}

FakeServer *world_add_server(World *world, const char *address)
{
    FakeServer *server = g_new0(FakeServer, 1);

    world->downloads = world->policy.allowed = TRUE;
    server->address = g_strdup(address);
    server->certificate = "dpauth.der";
    server->metadata = METADATA;
    server->package = PACKAGE;
    server->notified = g_ptr_array_new_with_free_func(g_free);
    server->code = -1;
    g_ptr_array_add(world->servers, server);
    return server;
}

static void event_free(gpointer data)
{
    rsp_server_event_free(data);
}

void world_add_event(FakeServer *server, const char *event_id, const char *address)
{
    RspServerEvent *event = g_new0(RspServerEvent, 1);

    server->certificate = "dsauth.der";
    if (!server->events)
        server->events = g_ptr_array_new_with_free_func(event_free);
    event->event_id = g_strdup(event_id);
    event->address = g_strdup(address);
    g_ptr_array_add(server->events, event);
}

Es9pClient *world_rsp_server(gpointer data, const char *address, IpaServerKind kind, GError **error)
{
    World *world = data;

    if (world->no_server) {
        world_fail(error, world->no_server, "no certificate");
        return NULL;
    }
    for (guint i = 0; i < world->servers->len; i++) {
        FakeServer *server = world->servers->pdata[i];

        if (g_ascii_strcasecmp(server->address, address) != 0)
            continue;
        /* What an event names may turn out to be an SM-DS. */
        g_assert_true(kind == IPA_SERVER_DP || server->events);
        the_servers[i] = (struct Es9pClient){ world, server };
        return &the_servers[i];
    }
    world_fail(error, EUICCD_ERROR_NETWORK, "no such server");
    return NULL;
}

gboolean world_knows_ci(gpointer data, GBytes *key_id, GError **error)
{
    const World *world = data;
    g_autoptr(GBytes) ci = world_hex(CI_PK_ID);

    g_assert_true(key_id && g_bytes_equal(key_id, ci));
    return !world->ci_unknown || world_fail(error, EUICCD_ERROR_TLS, "not configured");
}

/* ---- servers, whoever speaks to them ---- */

static RspServerRefusal the_refusal = { .code = -1 };
static guint the_status, the_retry_after; /* of the last answer */

/* Notes CALL of SERVER, and fails where that is what the test wants. */
static gboolean reach(World *world, FakeServer *server, const char *function, const char *who,
                      GError **error)
{
    rsp_server_refusal_clear(&the_refusal);
    the_status = the_retry_after = 0;
    if (!world_begin(world, error, "%s %s", function, who))
        return FALSE;
    if (!server)
        return world_fail(error, EUICCD_ERROR_SERVER_REFUSED, "there is nothing behind it");
    if (g_strcmp0(server->fault, function) != 0 || server->faults == 0 || server->breaks_after)
        return TRUE;
    if (server->sound > 0) {
        server->sound--;
        return TRUE;
    }
    server->faults--;
    the_refusal.subject = g_strdup(server->subject);
    the_refusal.reason = g_strdup(server->reason);
    the_refusal.code = server->code;
    the_status = server->status;
    the_retry_after = server->retry_after;
    return world_fail(error, server->fault_code,
                      server->says ? server->says : "the answer of the fault");
}

static GBytes *make_id(const FakeServer *server)
{
    guint8 id[2] = { 0xD0, (guint8)server->number };

    return g_bytes_new(id, sizeof id);
}

static GBytes *make_signed1(const FakeServer *server, GBytes *id, const guint8 *challenge)
{
    static const guint8 other[16] = { 0 };
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0x30);
    if (server->other_transaction)
        tlv_put(writer, 0x80, "\x01\x02", 2);
    else
        tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(id));
    tlv_put(writer, 0x81, server->other_challenge ? other : challenge, 16);
    tlv_put_string(writer, 0x83, server->other_address ? "other.example.com" : server->address);
    tlv_put(writer, 0x84, other, sizeof other);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static GBytes *read_certificate(const char *name)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "pki", "brainpool", name, NULL);
    char *content;
    gsize size;

    g_assert_true(g_file_get_contents(path, &content, &size, NULL));
    return g_bytes_new_take(content, size);
}

static RspServerAuthentication *initiate(World *world, FakeServer *server, const char *who,
                                         const guint8 *challenge, const char *address,
                                         GError **error)
{
    RspServerAuthentication *result;

    if (!reach(world, server, "initiate", who, error))
        return NULL;
    server->number++;
    g_free(server->asked_address);
    server->asked_address = g_strdup(address);
    if (!world_end(world, error))
        return NULL;
    result = g_new0(RspServerAuthentication, 1);
    result->transaction_id = make_id(server);
    result->server_signed1 = make_signed1(server, result->transaction_id, challenge);
    result->server_signature1 = world_hex("AABB");
    result->ci_pk_id =
        world_hex(server->other_ci ? "0102030405060708090A0B0C0D0E0F1011121314" : CI_PK_ID);
    result->server_certificate = read_certificate(server->certificate);
    return result;
}

static void note_matching_id(World *world, FakeServer *server)
{
    g_autoptr(RspCtxParams1) params = NULL;
    TlvSlice id;

    params = tlv_decode(&rsp_ctx_params1, world->ctx_params1, NULL);
    g_assert_nonnull(params);
    id = params->ctx_params_for_common_authentication->matching_id;
    g_free(server->matching_id);
    server->matching_id = id.data ? g_strndup((const char *)id.data, id.size) : NULL;
}

static GBytes *make_signed2(const FakeServer *server, GBytes *id)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0x30);
    if (server->other_offer)
        tlv_put(writer, 0x80, "\x01\x02", 2);
    else
        tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(id));
    tlv_put_boolean(writer, 0x01, server->wants_code);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

/* What is known of the try must be on disk. */
static void check_noted(World *world, GBytes *id)
{
    const IpaRecord *record = world_find_download(world, IPA_DOWNLOAD_TRIED);

    if (!world_find_download(world, IPA_DOWNLOAD_ORDERED))
        return;
    g_assert_nonnull(record);
    g_assert_true(g_bytes_equal(record->session_id, id));
}

static RspServerOffer *authenticate(World *world, FakeServer *server, const char *who, GBytes *id,
                                    gboolean is_smds, GError **error)
{
    RspServerOffer *offer;

    if (!reach(world, server, "authenticate", who, error))
        return NULL;
    g_assert_true(is_smds == (server->events != NULL));
    server->sessions++;
    note_matching_id(world, server);
    if (world->authenticate_code)
        return world_fail(error, EUICCD_ERROR_SERVER_REFUSED, "an error, then"), NULL;
    if (!is_smds)
        check_noted(world, id);
    if (!world_end(world, error))
        return NULL;
    offer = g_new0(RspServerOffer, 1);
    offer->transaction_id = g_bytes_ref(id);
    if (server->events) {
        offer->events = g_ptr_array_ref(server->events);
        return offer;
    }
    if (server->trigger) {
        offer->of_sm_ds = TRUE;
        offer->download_trigger = server->trigger[0] ? world_hex(server->trigger) : NULL;
        server->trigger = NULL; /* the next one is for the profile */
        return offer;
    }
    offer->profile_metadata = server->metadata ? world_hex(server->metadata) : NULL;
    offer->smdp_signed2 = make_signed2(server, id);
    offer->smdp_signature2 = world_hex("AABB");
    offer->smdp_certificate = read_certificate(server->binding ? server->binding : "dppb.der");
    return offer;
}

static gboolean get_package(World *world, FakeServer *server, const char *who, RspServerSink sink,
                            gpointer data, GError **error)
{
    g_autoptr(GBytes) package = NULL;
    const guint8 *octets;
    gsize size;

    if (!reach(world, server, "package", who, error))
        return FALSE;
    if (world->prepare_code)
        return world_fail(error, EUICCD_ERROR_SERVER_REFUSED, "an error, then");
    package = world_hex(server->package);
    octets = g_bytes_get_data(package, &size);
    for (gsize at = 0; at < size; at += 50) {
        if (server->breaks_after && server->faults > 0 && at >= server->breaks_after) {
            server->faults--;
            return world_fail(error, server->fault_code, "the transfer broke off");
        }
        if (!sink(tlv_slice(octets + at, MIN(50, size - at)), data, error))
            return FALSE;
    }
    return world_end(world, error);
}

static gboolean cancel(World *world, FakeServer *server, const char *who, GBytes *response,
                       GError **error)
{
    g_autofree char *hex = bytes_gbytes_to_hex(response);

    g_assert_cmpstr(hex, ==, "BF4104A0020500"); /* what the card did not sign goes nowhere */
    return reach(world, server, "cancel", who, error) && world_end(world, error);
}

/* Whoever it is has the notification now. */
static gboolean take_notification(World *world, GBytes *object, const char *address,
                                  GPtrArray *notified)
{
    for (guint i = 0; i < world->pending->len; i++) {
        WorldNotification *notification = world->pending->pdata[i];

        if (!g_bytes_equal(notification->object, object))
            continue;
        if (address)
            g_assert_cmpstr(address, ==, notification->address);
        notification->may_go = TRUE;
        g_ptr_array_add(notified, g_strdup_printf("%" G_GINT64_FORMAT, notification->number));
        return TRUE;
    }
    return FALSE;
}

/* ---- ES9+ and ES11 ---- */

const RspServerRefusal *es9p_client_get_refusal(const Es9pClient *client)
{
    (void)client;
    return &the_refusal;
}

guint es9p_client_get_retry_after(const Es9pClient *client)
{
    (void)client;
    return the_retry_after;
}

guint es9p_client_get_status(const Es9pClient *client)
{
    (void)client;
    return the_status;
}

RspServerAuthentication *es9p_initiate_authentication(Es9pClient *client, const guint8 *challenge,
                                                      GBytes *euicc_info1,
                                                      GCancellable *cancellable, GError **error)
{
    (void)euicc_info1;
    (void)cancellable;
    return initiate(client->world, client->server, client->server->address, challenge,
                    client->server->address, error);
}

RspServerOffer *es9p_authenticate_client(Es9pClient *client, GBytes *transaction_id,
                                         GBytes *response, GCancellable *cancellable,
                                         GError **error)
{
    (void)response;
    (void)cancellable;
    return authenticate(client->world, client->server, client->server->address, transaction_id,
                        FALSE, error);
}

RspServerOffer *es11_authenticate_client(Es9pClient *client, GBytes *transaction_id,
                                         GBytes *response, GCancellable *cancellable,
                                         GError **error)
{
    (void)response;
    (void)cancellable;
    return authenticate(client->world, client->server, client->server->address, transaction_id,
                        TRUE, error);
}

gboolean es9p_get_bound_profile_package(Es9pClient *client, GBytes *transaction_id,
                                        GBytes *response, RspServerSink sink, gpointer data,
                                        GCancellable *cancellable, GError **error)
{
    (void)transaction_id;
    (void)response;
    (void)cancellable;
    return get_package(client->world, client->server, client->server->address, sink, data, error);
}

gboolean es9p_cancel_session(Es9pClient *client, GBytes *transaction_id, GBytes *response,
                             GCancellable *cancellable, GError **error)
{
    (void)transaction_id;
    (void)cancellable;
    return cancel(client->world, client->server, client->server->address, response, error);
}

gboolean es9p_handle_notification(Es9pClient *client, GBytes *notification,
                                  GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    if (!reach(client->world, client->server, "notify", client->server->address, error))
        return FALSE;
    g_assert_true(take_notification(client->world, notification, client->server->address,
                                    client->server->notified));
    return world_end(client->world, error);
}

/* ---- ESipa: the eIM stands before WORLD->relayed ---- */

const RspServerRefusal *esipa_client_get_refusal(const EsipaClient *client)
{
    (void)client;
    return &the_refusal;
}

guint esipa_client_get_retry_after(EsipaClient *client)
{
    (void)client;
    return the_retry_after;
}

guint esipa_client_get_status(const EsipaClient *client)
{
    (void)client;
    return the_status;
}

RspServerAuthentication *esipa_initiate_authentication(EsipaClient *client,
                                                       const EsipaAuthentication *request,
                                                       GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    if (client->world->relayed) {
        TlvSlice id = request->eim_transaction_id
                          ? tlv_slice_from_bytes(request->eim_transaction_id)
                          : (TlvSlice){ 0 };

        client->world->relayed->asked_transaction = id.size > 0 ? id.data[id.size - 1] : 0;
    }
    return initiate(client->world, client->world->relayed, client->eim->eim_id, request->challenge,
                    request->address, error);
}

RspServerOffer *esipa_authenticate_client(EsipaClient *client, GBytes *transaction_id,
                                          GBytes *response, GCancellable *cancellable,
                                          GError **error)
{
    (void)response;
    (void)cancellable;
    return authenticate(client->world, client->world->relayed, client->eim->eim_id, transaction_id,
                        FALSE, error);
}

gboolean esipa_get_bound_profile_package(EsipaClient *client, GBytes *transaction_id,
                                         GBytes *response, RspServerSink sink, gpointer data,
                                         GCancellable *cancellable, GError **error)
{
    (void)transaction_id;
    (void)response;
    (void)cancellable;
    return get_package(client->world, client->world->relayed, client->eim->eim_id, sink, data,
                       error);
}

gboolean esipa_cancel_session(EsipaClient *client, GBytes *transaction_id, GBytes *response,
                              GCancellable *cancellable, GError **error)
{
    (void)transaction_id;
    (void)cancellable;
    return cancel(client->world, client->world->relayed, client->eim->eim_id, response, error);
}

gboolean esipa_handle_notification(EsipaClient *client, GBytes *pending_notification,
                                   GCancellable *cancellable, GError **error)
{
    World *world = client->world;

    (void)cancellable;
    if (!reach(world, world->relayed, "notify", client->eim->eim_id, error))
        return FALSE;
    if (take_notification(world, pending_notification, NULL, world->relayed->notified))
        for (guint i = 0; i < client->eim->packages->len; i++) {
            Package *package = client->eim->packages->pdata[i];

            if (package->kind == ESIPA_PACKAGE_DOWNLOAD_TRIGGER && !package->answer)
                package->answer = g_strdup("installation");
        }
    return world_end(world, error);
}

/* Like ProvideEimPackageResult for whoever looks at the eIM, but noted by another name. */
gboolean esipa_notify_result(EsipaClient *client, GBytes *result, GCancellable *cancellable,
                             GError **error)
{
    g_autoptr(EsipaResultAnswer) answer = NULL;

    if (!world_begin(client->world, error, "notify result"))
        return FALSE;
    answer = esipa_provide_result(client, result, NULL, cancellable, error);
    return answer != NULL;
}
