/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "agent/facts.h"
#include "fuzz-world.h"
#include "ipa/download.h"
#include "util/error.h"
#include "util/log.h"

/*
 * The procedures as a whole, from the card's start to the delivery of results, against a card, eIMs, a disk
 * and a process whose behaviour the input chooses: see fuzz-world.h, which also says what is asserted on
 * the way. At the end everybody behaves, and then nothing may be left that is owed.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_STEPS     24
#define MAX_COMMANDS  2000 /* ES10 commands of one step: far more than any good one has */
#define MAX_EXCHANGES 300

/* ---- the world's life ---- */

static void package_free(gpointer data)
{
    WorldPackage *package = data;

    g_bytes_unref(package->package);
    g_free(package);
}

static void result_free(gpointer data)
{
    WorldResult *result = data;

    g_bytes_unref(result->result);
    g_free(result);
}

void world_init(World *world, const guint8 *data, gsize size)
{
    guint8 options;

    *world = (World){ .input = { data, size }, .next_number = 1, .next_sequence = 1 };
    options = world_draw(world);
    world->keep_unacknowledged = options & 1;
    world->send_notifications = options & 4;
    world->changed = -1;
    world->replaced = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    world->said = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    world->stored = g_ptr_array_new_with_free_func(result_free);
    world->packages = g_ptr_array_new_with_free_func(package_free);
    world->taken = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    world->disk = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_record_free);
    world->causes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    world->cancellable = g_cancellable_new();
    fuzz_card_init(&world->card, world_card_answer, world);
    /* An FCI of the input, sometimes; a card that says ipaeSupported is in there. */
    if (options & 2)
        world->card.fci = tlv_slice_to_bytes(fuzz_take_sized(&world->input));
}

void world_clear(World *world)
{
    world_forget_clients(world);
    fuzz_card_clear(&world->card);
    g_ptr_array_unref(world->said);
    g_ptr_array_unref(world->stored);
    g_ptr_array_unref(world->packages);
    g_hash_table_unref(world->taken);
    g_hash_table_unref(world->replaced);
    g_ptr_array_unref(world->disk);
    g_hash_table_unref(world->causes);
    g_object_unref(world->cancellable);
}

guint8 world_draw(World *world)
{
    return world->honest ? 0 : fuzz_take_octet(&world->input);
}

void world_die(World *world)
{
    world->dead = world->card.dead = TRUE;
}

/* ---- host ---- */

static gboolean check_storage(World *world, GError **error)
{
    guint8 turn = world_draw(world) % 16;

    if (turn == 15)
        world_die(world);
    if (turn != 14 && !world->dead)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "no space left");
    return FALSE;
}

static void host_stage(gpointer data, double progress, const char *text)
{
    (void)data;
    g_assert(progress >= 0 && progress <= 1);
    fuzz_check_text(text);
}

static void host_event(gpointer data, LogLevel level, LogEvent event, const char *eim_id,
                       const char *text)
{
    (void)data;
    (void)level;
    (void)event;
    fuzz_check_text(text);
    if (eim_id)
        fuzz_check_text(eim_id);
}

static EsipaClient *host_client(gpointer data, const IpaEim *eim, GError **error)
{
    (void)error;
    return world_client(data, eim->eim_id);
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

    (void)seconds;
    if (g_cancellable_is_cancelled(cancellable)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
        return FALSE;
    }
    if (!world->dead)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "the modem is gone");
    return FALSE;
}

static void host_network_changed(gpointer data, gboolean reconnect)
{
    (void)data, (void)reconnect;
}

static gboolean host_get_rplmn(gpointer data, guint8 ret_rplmn[3])
{
    memcpy(ret_rplmn, "\x00\xF1\x10", 3);
    return world_draw(data) & 1;
}

static gboolean host_get_imei(gpointer data, char ret_imei[16])
{
    g_strlcpy(ret_imei, "490154203237518", 16);
    return world_draw(data) & 1;
}

IpaRecord *world_copy_record(const IpaRecord *record)
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

    /* What a file could not hold is not made: store.c puts such a record aside (test-store). */
    g_assert(record->state != IPA_RECORD_EXECUTED || record->result || record->error_code != 0);
    fuzz_check_text(record->eim_id);
    if (!check_storage(world, error))
        return FALSE;
    if (!record->number)
        record->number = world->next_number++;
    drop_from_disk(world, record->number);
    g_ptr_array_add(world->disk, world_copy_record(record));
    return TRUE;
}

static gboolean host_remove(gpointer data, const IpaRecord *record, GError **error)
{
    if (!check_storage(data, error))
        return FALSE;
    drop_from_disk(data, record->number);
    return TRUE;
}

static gint host_get_cause(gpointer data, const char *eim_id)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(((World *)data)->causes, eim_id)) - 1;
}

static gboolean host_set_cause(gpointer data, const char *eim_id, gint cause, GError **error)
{
    World *world = data;

    if (!check_storage(world, error))
        return FALSE;
    g_hash_table_insert(world->causes, g_strdup(eim_id), GINT_TO_POINTER(cause + 1));
    return TRUE;
}

static gboolean host_set_enabled_iccid(gpointer data, const char *iccid, GError **error)
{
    fuzz_check_text(iccid);
    return check_storage(data, error);
}

static const IpaHost host = {
    .stage = host_stage,
    .event = host_event,
    .client = host_client,
    .keep_unacknowledged = host_keep,
    .send_notifications = host_send_notifications,
    .wait = host_wait,
    .network_changed = host_network_changed,
    .get_rplmn = host_get_rplmn,
    .get_imei = host_get_imei,
    .record_save = host_save,
    .record_remove = host_remove,
    .get_cause = host_get_cause,
    .set_cause = host_set_cause,
    .set_enabled_iccid = host_set_enabled_iccid,
};

/* ---- processes ---- */

typedef struct {
    World *world;
    ChannelConfig *config;
    Channel *channel;
    IpaSession *session; /* NULL: no card was read */
} Process;

static void on_event(BackendEvent event, gpointer data)
{
    channel_handle_event(data, event);
}

static void process_end(Process *process)
{
    g_clear_pointer(&process->session, ipa_session_free);
    g_clear_pointer(&process->channel, channel_free);
    backend_set_event_func(&process->world->card.backend, NULL, NULL);
    g_clear_pointer(&process->config, channel_config_free);
}

/* Everything that the bus shows of the session is text. */
static void check_facts(IpaSession *session)
{
    g_autoptr(EuiccSnapshot) facts = facts_from_session(session);

    fuzz_check_text(facts->eid);
    fuzz_check_text(facts->spec_version);
    fuzz_check_text(facts->firmware);
    for (guint i = 0; i < facts->profiles->len; i++) {
        const ProfileSnapshot *profile = facts->profiles->pdata[i];

        fuzz_check_text(profile->iccid);
        fuzz_check_text(profile->name);
        fuzz_check_text(profile->provider);
        fuzz_check_text(profile->nickname);
        fuzz_check_text(profile->owner);
    }
    for (guint i = 0; i < facts->eims->len; i++) {
        const EimSnapshot *eim = facts->eims->pdata[i];

        fuzz_check_text(eim->eim_id);
        fuzz_check_text(eim->fqdn);
    }
}

/* ERROR is looked at after the call that gave OK, whatever the order of arguments. */
static void check_end(gboolean ok, GError *const *error)
{
    g_assert(ok == (*error == NULL));
    if (*error)
        fuzz_check_text((*error)->message);
}

/* What the agent does at a card's start: read it, compare, deliver what eIMs that are gone are owed. */
static gboolean start(Process *process)
{
    g_autoptr(GPtrArray) receivers = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);
    g_autoptr(GError) error = NULL;
    IpaSession *session = process->session;
    gboolean ok = ipa_card_read(session, &error);

    check_end(ok, &error);
    check_facts(session);
    if (!ok || session->left_alone || memcmp(session->eid, world_eid, EID_SIZE) != 0)
        return FALSE;
    ok = ipa_results_reconcile(session, &error);
    check_end(ok, &error);
    for (guint i = 0; ok && i < session->records->len; i++) {
        const IpaRecord *record = session->records->pdata[i];

        if (!ipa_session_find_eim(session, record->eim->eim_id))
            g_ptr_array_add(receivers, ipa_eim_copy(record->eim));
    }
    for (guint i = 0; i < receivers->len; i++) {
        g_autoptr(GError) failure = NULL;

        check_end(ipa_results_deliver(session, receivers->pdata[i], &failure), &failure);
    }
    return ok;
}

static void process_start(Process *process)
{
    World *world = process->world;

    process_end(process);
    world->dead = world->card.dead = FALSE;
    process->config = channel_config_new();
    process->channel = channel_new(&world->card.backend, process->config, NULL);
    backend_set_event_func(&world->card.backend, on_event, process->channel);
    process->session = ipa_session_new(process->channel, &host, world, 0);
    process->session->cancellable = world->cancellable;
    for (guint i = 0; i < world->disk->len; i++)
        g_ptr_array_add(process->session->records, world_copy_record(world->disk->pdata[i]));
    if (!start(process))
        g_clear_pointer(&process->session, ipa_session_free);
}

static void poll(Process *process, const char *eim_id)
{
    const IpaEim *eim = ipa_session_find_eim(process->session, eim_id);
    IpaPollReport report = { 0 };
    g_autoptr(GError) error = NULL;

    if (!eim || !ipa_eim_is_polled(eim))
        return;
    check_end(ipa_poll(process->session, eim, &report, &error), &error);
    check_facts(process->session);
}

static void step(Process *process, guint8 choice)
{
    World *world = process->world;
    guint commands = world->card.loads, exchanges = world->exchanges;

    if (!process->session || world->dead || process->session->replaced)
        choice = 7;
    switch (choice % 8) {
    case 5:
        fuzz_card_blink(&world->card);
        break;
    case 6: {
        g_autoptr(GBytes) data = tlv_slice_to_bytes(fuzz_take_sized(&world->input));
        g_autoptr(GError) error = NULL;

        check_end(ipa_add_initial_eim(process->session, data, &error), &error);
        break;
    }
    case 7:
        process_start(process);
        break;
    default:
        poll(process, choice % 2 ? WORLD_EIM_B : WORLD_EIM_A);
        break;
    }
    g_assert(world->card.loads - commands <= MAX_COMMANDS);
    g_assert(world->exchanges - exchanges <= MAX_EXCHANGES);
    g_cancellable_reset(world->cancellable);
}

/* Everybody behaves from here on: what is owed arrives, and what arrived leaves the card. */
static void converge(Process *process)
{
    World *world = process->world;

    world->honest = TRUE;
    world->input.left = 0;
    g_clear_pointer(&world->card.fci, g_bytes_unref);
    for (guint i = 0; i < 2; i++) {
        process_start(process);
        g_assert(process->session);
        poll(process, WORLD_EIM_A);
        poll(process, WORLD_EIM_B);
    }
    for (guint i = 0; i < world->disk->len; i++)
        g_assert(((const IpaRecord *)world->disk->pdata[i])->state == IPA_RECORD_KEPT);
    for (guint i = 0; i < world->stored->len; i++) {
        const WorldResult *stored = world->stored->pdata[i];
        gboolean kept = FALSE;

        for (guint k = 0; k < world->disk->len; k++)
            kept = kept || ((const IpaRecord *)world->disk->pdata[k])->sequence == stored->number;
        g_assert(kept);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    World world;
    Process process = { .world = &world };

    log_set_level(LOG_LEVEL_ERROR);
    world_init(&world, data, size);
    for (guint steps = 0; world.input.left > 0 && steps < MAX_STEPS; steps++)
        step(&process, world_draw(&world));
    converge(&process);
    process_end(&process);
    world_clear(&world);
    return 0;
}
