/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world-private.h"

/* The channel and the card of the world. */

/* ---- channel ---- */

gboolean channel_open(Channel *channel, GCancellable *cancellable, GError **error)
{
    if (g_cancellable_is_cancelled(cancellable))
        return world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
    if (channel->world->open_fails)
        return world_fail(error, EUICCD_ERROR_NO_CHANNEL, "no channel");
    return !channel->world->dead || world_fail(error, EUICCD_ERROR_INTERNAL, "the process is dead");
}

gboolean channel_reopen(Channel *channel, GCancellable *cancellable, GError **error)
{
    if (!channel->world->comes_back)
        return world_fail(error, EUICCD_ERROR_MODEM_GONE, "the modem is away");
    return channel_open(channel, cancellable, error) &&
           world_begin(channel->world, error, "reopen");
}

gboolean channel_is_open(Channel *channel)
{
    return !channel->world->channel_lost;
}

void channel_forget_card(Channel *channel)
{
    channel->world->undeclared = channel->world->ipae_supported;
}

gboolean channel_is_undeclared(Channel *channel)
{
    return channel->world->undeclared;
}

gboolean channel_declare(Channel *channel, GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    channel->world->undeclared = FALSE;
    return world_begin(channel->world, error, "declare");
}

void channel_expect_refresh(Channel *channel)
{
    channel->world->refresh_expected = TRUE;
}

gboolean channel_can_climb(Channel *channel)
{
    return channel->world->can_climb;
}

gboolean channel_renew_card(Channel *channel, guint grace, gboolean force,
                            GCancellable *cancellable, GError **error)
{
    World *world = channel->world;

    g_assert_cmpuint(grace, ==, 7);
    if (g_cancellable_is_cancelled(cancellable))
        return world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
    world->can_climb = !force;
    if (!world_begin(world, error, "%s", force ? "reset" : "renew"))
        return FALSE;
    if (world->reset_fails > 0) {
        world->reset_fails--;
        return world->reset_loses_modem
                   ? world_fail(error, EUICCD_ERROR_MODEM_GONE, "the modem is gone")
                   : world_fail(error, EUICCD_ERROR_MODEM, "the modem can't reset the card");
    }
    world->wants_reset = FALSE;
    if (world->swapped_at_reset)
        world->eid[15] = 0x11;
    return world_end(world, error);
}

/* ---- ES10 ---- */

gboolean es10c_get_eid(Channel *channel, GCancellable *cancellable, guint8 ret_eid[EID_SIZE],
                       GError **error)
{
    (void)cancellable;
    if (!world_begin(channel->world, error, "%s", "") || !world_card_answers(channel->world, error))
        return FALSE;
    memcpy(ret_eid, channel->world->eid, EID_SIZE);
    return TRUE;
}

RspEuiccInfo2 *es10b_get_euicc_info2(Channel *channel, GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    (void)cancellable;
    if (!world_begin(channel->world, error, "%s", "") || !world_card_answers(channel->world, error))
        return NULL;
    if (channel->world->info2_fails) {
        world_fail(error, channel->world->info2_fails, "no EUICCInfo2");
        return NULL;
    }
    bytes = world_hex(channel->world->info2);
    return tlv_decode(&rsp_euicc_info2, bytes, error);
}

static void put_eim(World *world, TlvWriter *writer, const char *eim_id)
{
    g_autofree char *fqdn = g_strconcat(eim_id, ".example.com", NULL);

    (void)world;
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, eim_id);
    tlv_put_string(writer, 0x81, fqdn);
    tlv_close(writer);
}

RspGetEimConfigurationDataResponse *
es10b_get_eim_configuration_data(Channel *channel, GCancellable *cancellable, GError **error)
{
    World *world = channel->world;
    g_autoptr(TlvWriter) writer = NULL;
    g_autoptr(GBytes) bytes = NULL;

    (void)cancellable;
    if (!world_begin(world, error, "%s", "") || !world_card_answers(world, error))
        return NULL;
    if (world->is_consumer) {
        world_fail(error, EUICCD_ERROR_NOT_SUPPORTED, "6A88");
        return NULL;
    }
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF55);
    tlv_open(writer, 0xA0);
    for (guint i = 0; i < world->associated->len; i++)
        put_eim(world, writer, world->associated->pdata[i]);
    tlv_close(writer);
    tlv_close(writer);
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    return tlv_decode(&rsp_get_eim_configuration_data_response, bytes, error);
}

RspProfileInfoListResponse *es10b_get_profiles_info(Channel *channel, GCancellable *cancellable,
                                                    GError **error)
{
    World *world = channel->world;
    g_autoptr(GString) hex = NULL;
    g_autoptr(GBytes) bytes = NULL;

    (void)cancellable;
    if (!world_begin(world, error, "%s", "") || !world_card_answers(world, error))
        return NULL;
    if (world->profiles_fail) {
        world_fail(error, world->profiles_fail, "no profiles");
        return NULL;
    }
    hex = g_string_new("BF2D26A024");
    if (world->emergency) {
        g_string_assign(hex, "BF2D2AA028E3145A0A980000000000000000A09F70010");
        g_string_append_printf(hex, "%d9F7B01FF", g_str_equal(world->enabled, "A"));
    } else {
        g_string_append_printf(hex, "E3105A0A980000000000000000A09F7001%02d",
                               g_str_equal(world->enabled, "A"));
    }
    g_string_append_printf(hex, "E3105A0A980000000000000000B09F7001%02d",
                           g_str_equal(world->enabled, "B"));
    bytes = world_hex(hex->str);
    return tlv_decode(&rsp_profile_info_list_response, bytes, error);
}

RspRetrieveNotificationsListResponse *
es10b_retrieve_notifications_list(Channel *channel, Es10bListKind kind, gint64 number,
                                  GCancellable *cancellable, GError **error)
{
    World *world = channel->world;
    g_autoptr(TlvWriter) writer = NULL;
    g_autoptr(GBytes) bytes = NULL, list = NULL;

    if (g_cancellable_is_cancelled(cancellable)) {
        world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (kind == ES10B_LIST_NOTIFICATIONS
            ? !world_begin(world, error, "%s", "")
            : !world_begin(world, error, "notifications %d %" G_GINT64_FORMAT, (gint)kind, number))
        return NULL;
    if (!world_card_answers(world, error))
        return NULL;
    if (world->notifications_fail) {
        world_fail(error, world->notifications_fail, "no notifications");
        return NULL;
    }
    list = world_hex(world->notifications ? world->notifications : "");
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF2B);
    if (kind == ES10B_LIST_PACKAGE_RESULTS) {
        tlv_open(writer, 0xA2);
        for (guint i = 0; i < world->stored->len; i++)
            tlv_put_raw_bytes(writer, ((Product *)world->stored->pdata[i])->result);
        tlv_close(writer);
    } else {
        tlv_open(writer, 0xA0);
        tlv_put_raw_bytes(writer, list);
        world_put_pending(world, writer);
        tlv_close(writer);
    }
    tlv_close(writer);
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    return tlv_decode(&rsp_retrieve_notifications_list_response, bytes, error);
}

GPtrArray *es10b_retrieve_package_results(Channel *channel, GCancellable *cancellable,
                                          GError **error)
{
    World *world = channel->world;
    GPtrArray *results;

    if (g_cancellable_is_cancelled(cancellable)) {
        world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (!world_begin(world, error, "results") || !world_card_answers(world, error))
        return NULL;
    if (world->list_fails) {
        world_fail(error, EUICCD_ERROR_TIMEOUT, "no answer");
        return NULL;
    }
    if (world->list_refused) {
        world_fail(error, EUICCD_ERROR_CARD_REFUSED, "undefinedError");
        return NULL;
    }
    results = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < world->stored->len; i++)
        g_ptr_array_add(results, g_bytes_ref(((Product *)world->stored->pdata[i])->result));
    if (world->unreadable_result)
        g_ptr_array_add(results, world_hex("BF510330013F"));
    return results;
}

gboolean es10b_remove_notification_from_list(Channel *channel, gint64 number,
                                             GCancellable *cancellable, GError **error)
{
    World *world = channel->world;

    (void)cancellable;
    if (!world_begin(world, error, "remove %" G_GINT64_FORMAT, number) ||
        !world_card_answers(world, error))
        return FALSE;
    if (world->remove_refused && number == world->remove_refused)
        return world_fail(error, world->remove_fault, "undefinedError");
    for (guint i = 0; i < world->stored->len; i++) {
        Product *product = world->stored->pdata[i];

        if (product->number != number)
            continue;
        g_assert_true(product->may_go); /* invariant 3 */
        g_ptr_array_remove_index(world->stored, i);
        break;
    }
    world_remove_pending(world, number);
    return world_end(world, error);
}

gboolean es10b_add_initial_eim(Channel *channel, GBytes *data, GCancellable *cancellable,
                               GError **error)
{
    World *world = channel->world;

    (void)data;
    (void)cancellable;
    if (!world_begin(world, error, "add-initial-eim") || !world_card_answers(world, error))
        return FALSE;
    g_ptr_array_add(world->associated, g_strdup("c"));
    return world_end(world, error);
}

static void put_transaction(TlvWriter *writer, const char *transaction)
{
    g_autoptr(GBytes) bytes = transaction ? world_hex(transaction) : NULL;

    if (bytes)
        tlv_put_slice(writer, 0x82, tlv_slice_from_bytes(bytes));
}

static void put_signature(TlvWriter *writer)
{
    guint8 signature[64];

    memset(signature, 0x5A, sizeof(signature));
    tlv_put(writer, 0x5F37, signature, sizeof(signature));
}

/* EuiccPackageResult (SGP.32 2.11.2.1). ENTRIES: hex of euiccResult's content. */
static GBytes *make_result(const char *eim_id, gint64 counter, const char *transaction,
                           gint64 number, const char *entries)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) content = world_hex(entries);

    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0xA0);
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, eim_id);
    tlv_put_integer(writer, 0x81, counter);
    put_transaction(writer, transaction);
    tlv_put_integer(writer, 0x83, number);
    tlv_put_slice(writer, 0x30, tlv_slice_from_bytes(content));
    tlv_close(writer);
    put_signature(writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static GBytes *make_signed_error(const char *eim_id, gint64 counter, const char *transaction,
                                 gint64 code)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0xA1);
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, eim_id);
    tlv_put_integer(writer, 0x81, counter);
    put_transaction(writer, transaction);
    tlv_put_integer(writer, 0x02, code);
    tlv_close(writer);
    put_signature(writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static GBytes *make_unsigned_error(const char *eim_id, const char *transaction)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0xA2);
    tlv_put_string(writer, 0x80, eim_id);
    put_transaction(writer, transaction);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static Product *world_produce(World *world, const char *eim_id, gint64 counter, gint64 number,
                              GBytes *result)
{
    Product *product = g_new0(Product, 1);

    product->eim_id = g_strdup(eim_id);
    product->counter = counter;
    product->number = number;
    product->result = result;
    g_ptr_array_add(world->produced, product);
    if (number >= 0)
        g_ptr_array_add(world->stored, product);
    return product;
}

gint64 world_store_result(World *world, const char *eim_id, gint64 counter, const char *transaction)
{
    gint64 number = world->next_sequence++;

    world_produce(world, eim_id, counter, number,
                  make_result(eim_id, counter, transaction, number, "BF2D02A000"));
    return number;
}

static void forget_association(World *world, const char *eim_id)
{
    for (guint i = 0; i < world->associated->len; i++) {
        if (g_str_equal(world->associated->pdata[i], eim_id)) {
            g_ptr_array_remove_index(world->associated, i);
            return;
        }
    }
}

static gboolean is_associated(World *world, const char *eim_id)
{
    for (guint i = 0; i < world->associated->len; i++)
        if (g_str_equal(world->associated->pdata[i], eim_id))
            return TRUE;
    return FALSE;
}

/* Runs PACKAGE as a card would and returns its answer. */
static Product *execute(World *world, const Package *package)
{
    const char *entries = NULL;
    guint times =
        GPOINTER_TO_UINT(g_hash_table_lookup(world->executed, GUINT_TO_POINTER(package->root)));
    gint64 number;

    if (!is_associated(world, package->eim_id))
        return world_produce(world, package->eim_id, -1, -1,
                             make_unsigned_error(package->eim_id, package->transaction));
    for (guint i = 0; i < world->produced->len; i++) {
        const Product *product = world->produced->pdata[i];

        if (product->number >= 0 && product->counter == package->counter &&
            g_str_equal(product->eim_id, package->eim_id)) {
            world->replays++;
            return world_produce(
                world, package->eim_id, package->counter, -1,
                make_signed_error(package->eim_id, package->counter, package->transaction, 4));
        }
    }
    if (g_str_equal(package->op, "signed-error"))
        return world_produce(
            world, package->eim_id, package->counter, -1,
            make_signed_error(package->eim_id, package->counter, package->transaction, 104));
    if (g_str_equal(package->op, "broken"))
        return world_produce(world, package->eim_id, package->counter, -1, world_hex("BF5102A000"));
    if (g_str_has_prefix(package->op, "enable") && !g_str_equal(package->op, "enable-refused")) {
        g_free(world->enabled);
        world->enabled = g_strdup("B");
        world->wants_reset = TRUE;
        g_assert_true(world->switching);
        g_assert_true(world->refresh_expected);
        world->refresh_expected = FALSE;
        entries = "830100";
    } else if (g_str_equal(package->op, "enable-refused")) {
        entries = "830103";
    } else if (g_str_equal(package->op, "list")) {
        entries = "BF2D02A000";
    } else if (g_str_equal(package->op, "delete-eim") || g_str_equal(package->op, "delete-last")) {
        forget_association(world, package->eim_id);
        entries = g_str_equal(package->op, "delete-eim") ? "890100" : "890102";
    } else if (g_str_equal(package->op, "delete-eim-unknown")) {
        entries = "890101";
    } else if (g_str_equal(package->op, "add-eim")) {
        g_ptr_array_add(world->associated, g_strdup("c"));
        entries = "A803020100";
    }
    g_assert_nonnull(entries);
    g_hash_table_insert(world->executed, GUINT_TO_POINTER(package->root),
                        GUINT_TO_POINTER(times + 1));
    number = world->next_sequence++;
    world->granted = package->rollback_flag ? number : 0;
    return world_produce(
        world, package->eim_id, package->counter, number,
        make_result(package->eim_id, package->counter, package->transaction, number, entries));
}

/* The fakes' packages are no BF51: the procedures must not look into them. */
static Package *find_package(GBytes *bytes)
{
    Package *package = NULL;

    g_assert_cmpuint(g_bytes_get_size(bytes), ==, sizeof(package));
    memcpy(&package, g_bytes_get_data(bytes, NULL), sizeof(package));
    return package;
}

static gboolean is_on_disk(World *world, const Package *package, IpaRecordState state)
{
    for (guint i = 0; i < world->disk->len; i++) {
        const IpaRecord *record = world->disk->pdata[i];

        if (record->state == state && record->counter == package->counter &&
            g_str_equal(record->eim_id, package->eim_id))
            return TRUE;
    }
    return FALSE;
}

GBytes *es10b_load_euicc_package(Channel *channel, GBytes *request, GCancellable *cancellable,
                                 GError **error)
{
    World *world = channel->world;
    Package *package = find_package(request);
    gboolean fault = world->load_faults > 0;
    Product *product = NULL;

    /* An answer that nobody waits for would be lost. */
    g_assert_null(cancellable);
    if (!world_begin(world, error, "load %s/%" G_GINT64_FORMAT, package->eim_id, package->counter))
        return NULL;
    g_assert_true(is_on_disk(world, package, IPA_RECORD_EXECUTING)); /* invariant 3 */
    if (world->cancel_at_load)
        g_cancellable_cancel(world->cancel_at_load);
    if (fault)
        world->load_faults--;
    if (!fault || world->load_fault_executes) {
        if (!world_card_answers(world, error))
            return NULL;
        product = execute(world, package);
        product->package = package;
    }
    if (fault) {
        world_fail(error, world->load_fault, "the answer of the fault");
        return NULL;
    }
    return world_end(world, error) ? g_bytes_ref(product->result) : NULL;
}

/* ---- what an eIM may ask to see ---- */

/* A read that is noted as NAME. NULL where the card does not answer. */
static gpointer read_object(World *world, const char *name, const TlvType *type, const char *hex,
                            GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (!world_begin(world, error, "%s", name) || !world_card_answers(world, error))
        return NULL;
    if (world->data_fails) {
        world_fail(error, world->data_fails, "no data");
        return NULL;
    }
    bytes = world_hex(hex);
    return tlv_decode(type, bytes, error);
}

RspEuiccInfo1 *es10b_get_euicc_info1(Channel *channel, GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    return read_object(channel->world, "info1", &rsp_euicc_info1,
                       channel->world->downloads ? WORLD_INFO1_DOWNLOADS : WORLD_INFO1, error);
}

RspEuiccConfiguredAddressesResponse *
es10a_get_euicc_configured_addresses(Channel *channel, GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    return read_object(
        channel->world, "addresses", &rsp_euicc_configured_addresses_response,
        channel->world->no_default_smdp ? "BF3C058103612E62" : "BF3C0A8003642E708103612E62", error);
}

RspGetCertsResponse *es10b_get_certs(Channel *channel, TlvSlice ci_pk_id, GCancellable *cancellable,
                                     gint64 *ret_code, GError **error)
{
    g_autofree char *id = bytes_to_hex(ci_pk_id.data, ci_pk_id.size);
    g_autofree char *name = g_strdup_printf("certs %s", ci_pk_id.data ? id : "-");

    (void)cancellable;
    g_assert_null(ret_code);
    return read_object(channel->world, name, &rsp_get_certs_response, WORLD_CERTS, error);
}

/* ---- rollback (SGP.32 5.9.16) ---- */

/* The former result goes, the new one is of the same package. */
static Product *undo(World *world)
{
    gint64 number = world->next_sequence++;
    Product *former = NULL, *product;

    for (guint i = 0; i < world->produced->len; i++) {
        Product *candidate = world->produced->pdata[i];

        if (candidate->number == world->granted)
            former = candidate;
    }
    g_assert_nonnull(former);
    if (!world->keeps_former)
        g_ptr_array_remove(world->stored, former);
    g_free(world->enabled);
    world->enabled = g_strdup("A");
    world->wants_reset = TRUE;
    world->granted = 0;
    world->rollbacks++;
    product = world_produce(world, former->eim_id, former->counter, number,
                            make_result(former->eim_id, former->counter,
                                        former->package->transaction, number, "8C0100"));
    product->package = former->package;
    product->replaces = former;
    if (world->rollback_forgets)
        g_ptr_array_remove(world->stored, product);
    return product;
}

gboolean es10b_profile_rollback(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                GBytes **ret_result, gint64 *ret_code, GError **error)
{
    World *world = channel->world;
    gboolean noted = FALSE;
    Product *product;

    g_assert_true(refresh);
    g_assert_true(world->switching);
    g_assert_null(cancellable); /* an answer must not be lost */
    if (!world_begin(world, error, "rollback") || !world_card_answers(world, error))
        return FALSE;
    for (guint i = 0; i < world->disk->len; i++)
        noted = noted || ((const IpaRecord *)world->disk->pdata[i])->rollback == IPA_ROLLBACK_TRIED;
    g_assert_true(noted); /* invariant 3 */
    if (world->rollback_busy > 0) {
        world->rollback_busy--;
        *ret_code = 5;
        return world_fail(error, EUICCD_ERROR_CARD_REFUSED, "catBusy");
    }
    if (world->rollback_code || !world->granted) {
        *ret_code = world->rollback_code ? world->rollback_code : 1;
        return world_fail(error, EUICCD_ERROR_CARD_REFUSED, "the card says no");
    }
    product = undo(world);
    *ret_code = 0;
    if (world->rollback_lost)
        return world_fail(error, EUICCD_ERROR_TIMEOUT, "no answer to the rollback");
    if (!world_end(world, error))
        return FALSE;
    *ret_result = world->rollback_silent ? NULL : g_bytes_ref(product->result);
    return TRUE;
}
