/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world-private.h"

/* What the card of the world does in a download, and its notifications. */

#define CI_PK_ID WORLD_CI_PK_ID_DOWNLOADS
#define SEGMENTS 6 /* of the package of ipa-world-server.c */

const IpaRecord *world_find_download(const World *world, IpaDownloadStage stage)
{
    for (guint i = 0; i < world->disk->len; i++) {
        const IpaRecord *record = world->disk->pdata[i];

        if (record->kind == IPA_RECORD_DOWNLOAD && record->state == IPA_RECORD_EXECUTING &&
            record->stage >= stage)
            return record;
    }
    return NULL;
}

gboolean es10b_get_euicc_challenge(Channel *channel, GCancellable *cancellable,
                                   guint8 ret_challenge[RSP_CHALLENGE_SIZE], GError **error)
{
    World *world = channel->world;

    (void)cancellable;
    if (!world_begin(world, error, "challenge") || !world_card_answers(world, error))
        return FALSE;
    g_clear_pointer(&world->session, g_bytes_unref);
    world->segments = 0;
    memset(ret_challenge, 0xCC, RSP_CHALLENGE_SIZE);
    ret_challenge[0] = (guint8)++world->challenges;
    return world_end(world, error);
}

RspGetRatResponse *es10b_get_rat(Channel *channel, GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    (void)cancellable;
    if (!world_begin(channel->world, error, "rat") || !world_card_answers(channel->world, error))
        return NULL;
    bytes = world_hex(channel->world->rat);
    return tlv_decode(&rsp_get_rat_response, bytes, error);
}

GBytes *es10b_authenticate_server(Channel *channel, const RspAuthenticateServerRequest *request,
                                  GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    World *world = channel->world;
    g_autoptr(GBytes) id = world_hex(CI_PK_ID);

    (void)cancellable;
    if (!world_begin(world, error, "authenticate-server") || !world_card_answers(world, error))
        return NULL;
    /* Complete, however short an eIM wrote it. */
    g_assert_true(tlv_slice_equal(request->euicc_ci_pk_id_to_be_used, tlv_slice_from_bytes(id)));
    g_clear_pointer(&world->ctx_params1, g_bytes_unref);
    world->ctx_params1 = tlv_slice_to_bytes(request->ctx_params1->head.raw);
    *ret_code = world->authenticate_code;
    if (*ret_code != 0)
        return world_end(world, error) ? world_hex("BF3808A10680019902010A") : NULL;
    g_clear_pointer(&world->session, g_bytes_unref);
    world->session = tlv_slice_to_bytes(request->server_signed1->transaction_id);
    return world_end(world, error) ? world_hex("BF3804A0020500") : NULL;
}

GBytes *es10b_prepare_download(Channel *channel, const RspPrepareDownloadRequest *request,
                               GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    World *world = channel->world;

    (void)cancellable;
    if (!world_begin(world, error, "prepare") || !world_card_answers(world, error))
        return NULL;
    g_assert_nonnull(world->session);
    world->had_hash_cc = request->hash_cc.data != NULL;
    *ret_code = world->prepare_code;
    return world_end(world, error)
               ? world_hex(*ret_code ? "BF2108A10680019902017F" : "BF2104A0020500")
               : NULL;
}

/* ProfileInstallationResult (SGP.22 2.5.6). */
static GBytes *make_installation(World *world, gint64 number, const char *address, gboolean ok)
{
    static const guint8 iccid[] = { 0x98, 0x00, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0xF2 };
    static const guint8 oid[] = { 0x88, 0x37, 0x0A };
    static const guint8 aid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF };
    guint8 signature[64];
    TlvWriter *writer = tlv_writer_new();

    memset(signature, 0x5A, sizeof signature);
    tlv_open(writer, 0xBF37);
    tlv_open(writer, 0xBF27);
    tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(world->session));
    tlv_open(writer, 0xBF2F);
    tlv_put_integer(writer, 0x80, number);
    tlv_put_bits(writer, 0x81, 1);
    tlv_put_string(writer, 0x0C, address);
    tlv_put(writer, 0x5A, iccid, sizeof iccid);
    tlv_close(writer);
    tlv_put(writer, 0x06, oid, sizeof oid);
    tlv_open(writer, 0xA2);
    if (ok) {
        tlv_open(writer, 0xA0);
        tlv_put(writer, 0x4F, aid, sizeof aid);
        tlv_put(writer, 0x04, "", 0);
    } else {
        tlv_open(writer, 0xA1);
        tlv_put_integer(writer, 0x80, 2);
        tlv_put_integer(writer, 0x81, 9);
    }
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
    tlv_put(writer, 0x5F37, signature, sizeof signature);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static WorldNotification *add_pending(World *world, gint64 number, const char *address,
                                      GBytes *object)
{
    WorldNotification *notification = g_new0(WorldNotification, 1);

    notification->number = number;
    notification->address = g_strdup(address);
    notification->object = object;
    g_ptr_array_add(world->pending, notification);
    return notification;
}

/* OtherSignedNotification (SGP.22 5.7.10). */
gint64 world_notify(World *world, const char *address)
{
    gint64 number = world->next_sequence++;
    TlvWriter *writer = tlv_writer_new();
    guint8 signature[64] = { 0 };

    tlv_open(writer, 0x30);
    tlv_open(writer, 0xBF2F);
    tlv_put_integer(writer, 0x80, number);
    tlv_put_bits(writer, 0x81, 2);
    tlv_put_string(writer, 0x0C, address);
    tlv_close(writer);
    tlv_put(writer, 0x5F37, signature, sizeof signature);
    tlv_put(writer, 0x30, "", 0);
    tlv_put(writer, 0x30, "", 0);
    tlv_close(writer);
    add_pending(world, number, address, tlv_writer_finish(writer));
    return number;
}

static GBytes *install(World *world, gboolean ok)
{
    gint64 number = world->next_sequence++;
    GBytes *result = make_installation(world, number, "dp.example.com", ok);

    world->installed += ok;
    add_pending(world, number, "dp.example.com", g_bytes_ref(result));
    g_clear_pointer(&world->session, g_bytes_unref);
    return result;
}

gboolean es10b_load_bound_profile_package(Channel *channel, TlvSlice segment,
                                          GCancellable *cancellable, GBytes **ret_result,
                                          GError **error)
{
    World *world = channel->world;
    g_autoptr(GBytes) result = NULL;
    gboolean fault;

    (void)segment;
    (void)cancellable;
    if (!world_begin(world, error, "segment") || !world_card_answers(world, error))
        return FALSE;
    g_assert_nonnull(world->session); /* nothing after a result, nothing without a session */
    /* Invariant 3: an eIM's order is noted as being installed, with the session to find it by. */
    if (world_find_download(world, IPA_DOWNLOAD_ORDERED)) {
        const IpaRecord *record = world_find_download(world, IPA_DOWNLOAD_INSTALLED);

        g_assert_nonnull(record);
        g_assert_true(g_bytes_equal(record->session_id, world->session));
    }
    world->segments++;
    fault = world->segments == world->segment_fails_at;
    if (!fault || world->segment_works) {
        if (world->segments == world->load_ends_at)
            result = install(world, FALSE);
        else if (world->segments == SEGMENTS && !world->says_nothing)
            result = install(world, TRUE);
    }
    if (fault)
        return world_fail(error, world->segment_fault, "the answer of the fault");
    if (!world_end(world, error))
        return FALSE;
    *ret_result = g_steal_pointer(&result);
    return TRUE;
}

GBytes *es10b_cancel_session(Channel *channel, TlvSlice transaction_id, gint64 reason,
                             GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    World *world = channel->world;

    g_assert_null(cancellable);
    if (!world_begin(world, error, "cancel %" G_GINT64_FORMAT, reason) ||
        !world_card_answers(world, error))
        return NULL;
    *ret_code =
        world->session && tlv_slice_equal(tlv_slice_from_bytes(world->session), transaction_id) ? 0
                                                                                                : 5;
    if (*ret_code == 0)
        g_clear_pointer(&world->session, g_bytes_unref);
    return world_end(world, error) ? world_hex(*ret_code ? "BF4103810105" : "BF4104A0020500")
                                   : NULL;
}

gboolean es10b_immediate_enable(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                gint64 *ret_code, GError **error)
{
    World *world = channel->world;

    g_assert_false(refresh);
    g_assert_null(cancellable);
    if (!world_begin(world, error, "immediate-enable") || !world_card_answers(world, error))
        return FALSE;
    *ret_code = world->immediate_lost ? 0 : world->immediate_code;
    if (world->immediate_lost && world->immediate_code != 0)
        return world_fail(error, EUICCD_ERROR_TIMEOUT, "no answer");
    if (*ret_code != 0)
        return world_fail(error, EUICCD_ERROR_CARD_REFUSED, "immediateEnableNotAvailable");
    g_free(world->enabled);
    world->enabled = g_strdup("B");
    if (world->immediate_lost)
        return world_fail(error, EUICCD_ERROR_TIMEOUT, "no answer");
    return world_end(world, error);
}

gboolean es10b_enable_using_dd(Channel *channel, GCancellable *cancellable, gint64 *ret_code,
                               GError **error)
{
    (void)channel;
    (void)cancellable;
    (void)ret_code;
    (void)error;
    g_assert_not_reached();
}

void world_put_pending(World *world, TlvWriter *writer)
{
    for (guint i = 0; i < world->pending->len; i++)
        tlv_put_raw_bytes(writer, ((const WorldNotification *)world->pending->pdata[i])->object);
}

gboolean world_remove_pending(World *world, gint64 number)
{
    for (guint i = 0; i < world->pending->len; i++) {
        const WorldNotification *notification = world->pending->pdata[i];

        if (notification->number != number)
            continue;
        g_assert_true(notification->may_go); /* invariant 3 */
        g_ptr_array_remove_index(world->pending, i);
        return TRUE;
    }
    return FALSE;
}
