/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world-private.h"

static struct Channel the_channel;
static struct EsipaClient the_clients[8];

/* EUICCInfo2 of the smallest IoT eUICC (ipaMode ipad, iotVersion 1.2.0). */
#define INFO2_IOT                                                                                  \
    "BF2278810302030182030205008303010203840F8101028204000300008304000020008505006A"               \
    "029281880203C8A916041482F2D4C9E9641E247FF3B7B6862D6DA3359F32DDAA16041482F2D4C9"               \
    "E9641E247FF3B7B6862D6DA3359F32DD04030100000C0A45582D55502D30303031900100B407A0"               \
    "050403010200"

/* ---- pieces ---- */

GBytes *world_hex(const char *hex)
{
    GBytes *bytes = bytes_from_hex(hex, NULL);

    g_assert_nonnull(bytes);
    return bytes;
}

static void product_free(gpointer data)
{
    Product *product = data;

    g_free(product->eim_id);
    g_bytes_unref(product->result);
    g_free(product);
}

static void package_free(gpointer data)
{
    Package *package = data;

    g_free(package->op);
    g_free(package->eim_id);
    g_free(package->transaction);
    g_free(package->answer);
    g_free(package);
}

static void fake_eim_free(gpointer data)
{
    FakeEim *eim = data;

    g_free(eim->eim_id);
    g_ptr_array_unref(eim->packages);
    g_ptr_array_unref(eim->taken);
    g_array_unref(eim->causes);
    g_array_unref(eim->acknowledged);
    g_free(eim);
}

static void add_eim(World *world, const char *eim_id)
{
    FakeEim *eim = g_new0(FakeEim, 1);

    eim->eim_id = g_strdup(eim_id);
    eim->packages = g_ptr_array_new_with_free_func(package_free);
    eim->taken = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    eim->causes = g_array_new(FALSE, FALSE, sizeof(gint));
    eim->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_ptr_array_add(world->eims, eim);
}

World *world_new(void)
{
    World *world = g_new0(World, 1);

    memset(world->eid, 0x89, sizeof(world->eid));
    world->associated = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(world->associated, g_strdup("a"));
    g_ptr_array_add(world->associated, g_strdup("b"));
    world->enabled = g_strdup("A");
    world->stored = g_ptr_array_new();
    world->produced = g_ptr_array_new_with_free_func(product_free);
    world->next_sequence = 21;
    world->eims = g_ptr_array_new_with_free_func(fake_eim_free);
    add_eim(world, "a");
    add_eim(world, "b");
    add_eim(world, "c");
    world->disk = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_record_free);
    world->next_number = 1;
    world->info2 = INFO2_IOT;
    world->causes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    world->calls = g_ptr_array_new_with_free_func(g_free);
    world->events = g_ptr_array_new_with_free_func(g_free);
    world->executed = g_hash_table_new(NULL, NULL);
    world_init_downloads(world);
    return world;
}

void world_free(World *world)
{
    g_ptr_array_unref(world->associated);
    g_free(world->enabled);
    g_ptr_array_unref(world->stored);
    g_ptr_array_unref(world->produced);
    g_ptr_array_unref(world->eims);
    g_ptr_array_unref(world->disk);
    g_hash_table_unref(world->causes);
    g_ptr_array_unref(world->calls);
    g_ptr_array_unref(world->events);
    g_hash_table_unref(world->executed);
    world_clear_downloads(world);
    g_free(world);
}

FakeEim *world_eim(World *world, const char *eim_id)
{
    for (guint i = 0; i < world->eims->len; i++) {
        FakeEim *eim = world->eims->pdata[i];

        if (g_str_equal(eim->eim_id, eim_id))
            return eim;
    }
    return NULL;
}

Package *world_add_package(World *world, const char *eim_id, EsipaPackageKind kind, const char *op)
{
    static guint last_root;
    FakeEim *eim = world_eim(world, eim_id);
    Package *package = g_new0(Package, 1);
    guint n = eim->packages->len + 1;

    package->kind = kind;
    package->op = g_strdup(op);
    package->eim_id = g_strdup(eim_id);
    package->counter = n;
    package->rollback_flag = g_str_has_suffix(op, "-rollback");
    package->transaction = g_strdup_printf("%02X%02X", (guint)eim_id[0], n);
    package->root = ++last_root;
    g_ptr_array_add(eim->packages, package);
    return package;
}

char *world_take_calls(World *world)
{
    char *text;

    g_ptr_array_add(world->calls, NULL);
    text = g_strjoinv("; ", (char **)world->calls->pdata);
    g_ptr_array_set_size(world->calls, 0);
    return text;
}

gboolean world_has_event(World *world, const char *part)
{
    for (guint i = 0; i < world->events->len; i++)
        if (strstr(world->events->pdata[i], part))
            return TRUE;
    return FALSE;
}

/* ---- life and death ---- */

gboolean world_fail(GError **error, EuiccdError code, const char *text)
{
    g_set_error_literal(error, EUICCD_ERROR, (gint)code, text);
    return FALSE;
}

/* Before a call has its effect. */
gboolean world_begin(World *world, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    if (world->dead)
        return world_fail(error, EUICCD_ERROR_INTERNAL, "the process is dead");
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (world->cancel_at && g_str_has_prefix(text, world->cancel_at))
        g_cancellable_cancel(world->cancel_at_load);
    if (text[0] != '\0') /* reading is not worth a note */
        g_ptr_array_add(world->calls, g_steal_pointer(&text));
    if (++world->step == world->die_at) {
        world->dying = TRUE;
        world->dead = !world->die_after;
        if (world->dead)
            return world_fail(error, EUICCD_ERROR_INTERNAL, "the process is dead");
    }
    return TRUE;
}

/* After it. */
gboolean world_end(World *world, GError **error)
{
    if (!world->dying)
        return TRUE;
    world->dead = TRUE;
    return world_fail(error, EUICCD_ERROR_INTERNAL, "the process is dead");
}

gboolean world_card_answers(World *world, GError **error)
{
    if (world->wants_reset || world->stubborn)
        return world_fail(error, EUICCD_ERROR_CARD_RESET, "6985");
    return TRUE;
}

/* ---- host ---- */

static void host_stage(gpointer data, double progress, const char *text)
{
    (void)data;
    g_assert_cmpfloat(progress, >=, 0);
    g_assert_cmpfloat(progress, <=, 1);
    g_assert_cmpstr(text, !=, "");
}

static void host_event(gpointer data, LogLevel level, LogEvent event, const char *eim_id,
                       const char *text)
{
    World *world = data;

    (void)level;
    (void)event;
    g_ptr_array_add(world->events, g_strdup_printf("%s: %s", eim_id ? eim_id : "-", text));
}

static EsipaClient *host_client(gpointer data, const IpaEim *eim, GError **error)
{
    World *world = data;

    for (guint i = 0; i < world->eims->len; i++) {
        FakeEim *fake = world->eims->pdata[i];

        if (!g_str_equal(fake->eim_id, eim->eim_id))
            continue;
        /* Trust and address must survive with the record. */
        g_assert_true(g_str_has_suffix(eim->fqdn, ".example.com"));
        the_clients[i] = (struct EsipaClient){ world, fake };
        return &the_clients[i];
    }
    world_fail(error, EUICCD_ERROR_NOT_FOUND, "no such eIM");
    return NULL;
}

static gboolean host_keep(gpointer data, const char *eim_id)
{
    (void)eim_id;
    return ((World *)data)->keep_unacknowledged;
}

static gboolean host_send_notifications(gpointer data, const char *eim_id)
{
    (void)eim_id;
    return ((World *)data)->send_notifications;
}

static gboolean host_wait(gpointer data, guint seconds, GCancellable *cancellable, GError **error)
{
    World *world = data;

    if (g_cancellable_is_cancelled(cancellable) || world->cancel_at_wait)
        return world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
    if (!world_begin(world, error, "wait %u", seconds))
        return FALSE;
    world->waited += seconds;
    world->disk_full = world->disk_full || world->fills_at_wait;
    if (world->reachable_after && world->waited >= world->reachable_after)
        for (guint i = 0; i < world->eims->len; i++)
            ((FakeEim *)world->eims->pdata[i])->needs_old_profile = FALSE;
    return world_end(world, error);
}

static gboolean host_wait_for_network(gpointer data, guint seconds, gboolean *ret_early,
                                      GCancellable *cancellable, GError **error)
{
    World *world = data;

    if (world->early_waits == 0)
        return host_wait(data, seconds, cancellable, error);
    world->early_waits--;
    *ret_early = TRUE;
    return world_begin(world, error, "early %u", seconds) && world_end(world, error);
}

/* The modem is nobody else's exactly while the card may change its profile. */
static gboolean host_switch_begin(gpointer data, GCancellable *cancellable)
{
    World *world = data;

    (void)cancellable;
    g_assert_false(world->switching);
    world->switching = TRUE;
    world->switches++;
    return world->lets_go;
}

static void host_switch_end(gpointer data)
{
    World *world = data;

    g_assert_true(world->switching);
    world->switching = FALSE;
}

static void host_network_changed(gpointer data, gboolean reconnect)
{
    g_assert_true(reconnect || ((World *)data)->rollbacks == 0);
    ((World *)data)->network_changes++;
}

static gboolean host_get_rplmn(gpointer data, guint8 ret_rplmn[3])
{
    World *world = data;

    if (world->rplmn)
        memcpy(ret_rplmn, world->rplmn, 3);
    return world->rplmn != NULL;
}

static gboolean host_get_imei(gpointer data, char ret_imei[16])
{
    World *world = data;

    if (world->imei)
        g_strlcpy(ret_imei, world->imei, 16);
    return world->imei != NULL;
}

static IpaRecord *copy_record(const IpaRecord *record)
{
    IpaRecord *copy = ipa_record_new(record->eim);

    copy->number = record->number;
    copy->kind = record->kind;
    copy->order = record->order ? ipa_download_order_copy(record->order) : NULL;
    copy->stage = record->stage;
    copy->tries = record->tries;
    copy->indirect = record->indirect;
    copy->session_id = record->session_id ? g_bytes_ref(record->session_id) : NULL;
    copy->server = g_strdup(record->server);
    copy->event = g_strdup(record->event);
    for (guint i = 0; i < record->finished->len; i++)
        g_ptr_array_add(copy->finished, g_strdup(record->finished->pdata[i]));
    copy->installation = record->installation ? g_bytes_ref(record->installation) : NULL;
    copy->state = record->state;
    g_free(copy->eim_id);
    copy->eim_id = g_strdup(record->eim_id);
    copy->counter = record->counter;
    copy->transaction_id = record->transaction_id ? g_bytes_ref(record->transaction_id) : NULL;
    copy->result = record->result ? g_bytes_ref(record->result) : NULL;
    copy->error_code = record->error_code;
    copy->sequence = record->sequence;
    copy->profile_changed = record->profile_changed;
    copy->has_psmos = record->has_psmos;
    copy->rollback = record->rollback;
    copy->replaced = record->replaced;
    g_array_append_vals(copy->offered, record->offered->data, record->offered->len);
    g_array_append_vals(copy->remove, record->remove->data, record->remove->len);
    return copy;
}

static void drop_from_disk(World *world, guint number)
{
    for (guint i = 0; i < world->disk->len; i++) {
        if (((const IpaRecord *)world->disk->pdata[i])->number == number) {
            g_ptr_array_remove_index(world->disk, i);
            return;
        }
    }
}

static gboolean host_save(gpointer data, IpaRecord *record, GError **error)
{
    World *world = data;
    guint number = record->number ? record->number : world->next_number;

    if (!world_begin(world, error, "save %u %s", number, ipa_record_state_to_string(record->state)))
        return FALSE;
    if (world->disk_full)
        return world_fail(error, EUICCD_ERROR_STORAGE, "no space left");
    if (!record->number)
        world->next_number++;
    record->number = number;
    drop_from_disk(world, number);
    g_ptr_array_add(world->disk, copy_record(record));
    return world_end(world, error);
}

static gboolean host_remove(gpointer data, const IpaRecord *record, GError **error)
{
    World *world = data;

    if (!world_begin(world, error, "drop %u", record->number))
        return FALSE;
    drop_from_disk(world, record->number);
    return world_end(world, error);
}

static gint host_get_cause(gpointer data, const char *eim_id)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(((World *)data)->causes, eim_id)) - 1;
}

/* No step of its own: what it notes is a hint, and the next read of the card repeats it. */
static gboolean host_set_enabled_iccid(gpointer data, const char *iccid, GError **error)
{
    World *world = data;

    g_assert_nonnull(iccid);
    if (world->disk_full)
        return world_fail(error, EUICCD_ERROR_STORAGE, "no space left");
    return TRUE;
}

static gboolean host_set_cause(gpointer data, const char *eim_id, gint cause, GError **error)
{
    World *world = data;

    if (!world_begin(world, error, "cause %s %d", eim_id, cause))
        return FALSE;
    if (world->disk_full)
        return world_fail(error, EUICCD_ERROR_STORAGE, "no space left");
    g_hash_table_insert(world->causes, g_strdup(eim_id), GINT_TO_POINTER(cause + 1));
    return world_end(world, error);
}

static const IpaDownloadPolicy *host_download_policy(gpointer data, const char *eim_id)
{
    (void)eim_id;
    return &((World *)data)->policy;
}

static gboolean host_is_stopping(gpointer data)
{
    return ((World *)data)->stopping;
}

static gboolean host_is_due(gpointer data, const IpaNotification *notification)
{
    g_assert_nonnull(notification->key);
    return !((World *)data)->not_due;
}

static gboolean host_is_overdue(gpointer data, const IpaNotification *notification)
{
    g_assert_nonnull(notification->address);
    return ((World *)data)->overdue;
}

static gboolean host_notify_trigger_result(gpointer data, const char *eim_id)
{
    g_assert_nonnull(eim_id);
    return ((World *)data)->notify_trigger_result;
}

static void host_settled(gpointer data, const IpaNotification *notification, IpaDelivery delivery,
                         guint retry_after, const char *why)
{
    World *world = data;

    g_assert_cmpuint(retry_after, ==, 0);
    g_assert_true((delivery == IPA_DELIVERY_DONE || delivery == IPA_DELIVERY_RELAYED) ==
                  (why == NULL));
    g_hash_table_insert(world->settled, g_strdup(notification->key), GINT_TO_POINTER(delivery));
}

static gboolean host_is_stuck(gpointer data, const IpaNotification *notification)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(((World *)data)->settled, notification->key)) ==
           IPA_DELIVERY_STUCK;
}

static const IpaHost host = {
    .stage = host_stage,
    .event = host_event,
    .client = host_client,
    .keep_unacknowledged = host_keep,
    .send_notifications = host_send_notifications,
    .wait = host_wait,
    .wait_for_network = host_wait_for_network,
    .switch_begin = host_switch_begin,
    .switch_end = host_switch_end,
    .network_changed = host_network_changed,
    .get_rplmn = host_get_rplmn,
    .get_imei = host_get_imei,
    .record_save = host_save,
    .record_remove = host_remove,
    .get_cause = host_get_cause,
    .set_cause = host_set_cause,
    .set_enabled_iccid = host_set_enabled_iccid,
    .rsp_server = world_rsp_server,
    .knows_ci = world_knows_ci,
    .download_policy = host_download_policy,
    .is_stopping = host_is_stopping,
    .notify_trigger_result = host_notify_trigger_result,
    .notification_is_due = host_is_due,
    .notification_is_overdue = host_is_overdue,
    .notification_settled = host_settled,
    .notification_is_stuck = host_is_stuck,
};

/* ---- processes ---- */

IpaSession *world_session(World *world)
{
    IpaSession *session;

    world->dead = world->dying = FALSE;
    g_assert_false(world->switching);
    the_channel.world = world;
    session = ipa_session_new(&the_channel, &host, world, 7);
    session->rollback_window = world->rollback_window;
    for (guint i = 0; i < world->disk->len; i++)
        g_ptr_array_add(session->records, copy_record(world->disk->pdata[i]));
    return session;
}

IpaSession *world_boot(World *world, GError **error)
{
    g_autoptr(IpaSession) session = world_session(world);
    g_autoptr(GPtrArray) receivers = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);

    if (!ipa_card_read(session, error) || !ipa_results_reconcile(session, error))
        return NULL;
    for (guint i = 0; i < session->records->len; i++) {
        const IpaRecord *record = session->records->pdata[i];

        if (!ipa_session_find_eim(session, record->eim->eim_id))
            g_ptr_array_add(receivers, ipa_eim_copy(record->eim));
    }
    for (guint i = 0; i < receivers->len; i++)
        (void)ipa_results_deliver(session, receivers->pdata[i], NULL);
    return g_steal_pointer(&session);
}

gboolean world_poll(IpaSession *session, const char *eim_id, guint *ret_packages, GError **error)
{
    const IpaEim *eim = ipa_session_find_eim(session, eim_id);
    IpaPollReport report = { 99 };
    gboolean ok;

    g_assert_nonnull(eim);
    ok = ipa_poll(session, eim, &report, error);
    if (!ok)
        g_assert_cmpuint(report.packages, ==, 99); /* untouched on failure */
    else if (ret_packages)
        *ret_packages = report.packages;
    return ok;
}

/* ---- what tests ask for ---- */

void world_assert_calls(World *world, const char *expected)
{
    g_autofree char *calls = world_take_calls(world);

    g_assert_cmpstr(calls, ==, expected);
}

/* A world with one package of "a", and a session that has started. */
IpaSession *world_start(World *world, const char *op)
{
    g_autoptr(GError) error = NULL;
    IpaSession *session;

    if (op)
        world_add_package(world, "a", ESIPA_PACKAGE_EUICC, op);
    session = world_boot(world, &error);
    g_assert_no_error(error);
    world_assert_calls(world, "results");
    return session;
}

void world_assert_poll_ok(IpaSession *session, const char *eim_id, guint packages)
{
    g_autoptr(GError) error = NULL;
    guint count = 0;

    g_assert_true(world_poll(session, eim_id, &count, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count, ==, packages);
}

char *world_poll_fails(IpaSession *session, const char *eim_id, EuiccdError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(world_poll(session, eim_id, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    return g_strdup(error->message);
}

void world_assert_poll_fails(IpaSession *session, EuiccdError code, const char *text)
{
    g_autofree char *message = world_poll_fails(session, "a", code);

    g_assert_cmpstr(message, ==, text);
}

const char *world_answer_of(World *world, guint n)
{
    return ((const Package *)world_eim(world, "a")->packages->pdata[n])->answer;
}
