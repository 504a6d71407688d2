/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/deliveries.h"

#include <string.h>

#include "agent/pause.h"
#include "util/text.h"

#define HOUR         3600
#define DAY          86400
#define REFUSED_LAST (DAY)                     /* seconds after every further refusal (I-16) */
#define OVERDUE      G_GINT64_CONSTANT(604800) /* seconds out of reach, then an eIM may have it (I-15) */

/* How long something waits, after how many failures in a row. */
typedef struct {
    guint failures;
    gint64 due;   /* boot time, 0: now */
    gint64 since; /* of a receiver: first of these failures, microseconds since 1970 */
} Delay;

typedef struct {
    gint64 since;   /* microseconds since 1970 */
    char *address;  /* NULL: not known yet */
    gboolean asked; /* whether it is due, since the list was read: it is ours to deliver */
    Delay delay;
    gboolean
        blocked; /* nothing can be tried before the configuration is another one; not kept on disk */
    gboolean stuck; /* its receiver has it: it only has to leave the card */
    char *why;      /* the last failure, NULL: none since the start */
} Entry;

struct Deliveries {
    const Config *config;
    const LogContext *log;
    Store *store;          /* NULL: nothing is kept */
    GHashTable *entries;   /* key -> Entry */
    GHashTable *receivers; /* address -> Delay, those that could not be reached */
    GHashTable *told;      /* address -> reason that is in the log: whatever card it was for */
    gboolean changed;      /* there may be others than ENTRIES */
    guint seen;            /* how many there were at the end of the last round */
    gint64 changed_since;  /* microseconds since 1970 */
    Delay round;
};

static void entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->address);
    g_free(entry->why);
    g_free(entry);
}

Deliveries *deliveries_new(const Config *config, const LogContext *log)
{
    Deliveries *deliveries = g_new0(Deliveries, 1);

    deliveries->config = config;
    deliveries->log = log;
    deliveries->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    deliveries->receivers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    deliveries->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return deliveries;
}

void deliveries_free(Deliveries *deliveries)
{
    g_hash_table_unref(deliveries->entries);
    g_hash_table_unref(deliveries->receivers);
    g_hash_table_unref(deliveries->told);
    g_free(deliveries);
}

/* ---- pauses ---- */

static guint refused_pause(guint failures)
{
    return failures > 5 ? REFUSED_LAST : HOUR << (MAX(failures, 1) - 1);
}

static guint unreachable_pause(const Deliveries *deliveries, guint failures)
{
    return pause_backoff(deliveries->config->poll_retry_first, failures,
                         deliveries->config->poll_retry_limit);
}

static void delay_fail(Delay *delay, guint pause)
{
    delay->failures++;
    delay->due = pause_after_about(pause);
}

static gint64 receiver_due(Deliveries *deliveries, const char *address)
{
    const Delay *delay = address ? g_hash_table_lookup(deliveries->receivers, address) : NULL;

    return delay ? delay->due : 0;
}

/* ---- on the disk ---- */

/* Keys and addresses may hold anything: their groups are in hex. */
static char *make_group(const char *kind, const char *name)
{
    g_autofree char *hex = bytes_to_hex(name, strlen(name));

    return g_strconcat(kind, hex, NULL);
}

#define ENTRY_GROUP    "notification "
#define RECEIVER_GROUP "receiver "

/* The boot clock begins anew with every start: what is kept is a date. */
static void put_delay(GKeyFile *file, const char *group, const Delay *delay)
{
    gint64 date = clock_realtime() + delay->due - clock_boottime();

    if (delay->failures == 0)
        return;
    g_key_file_set_uint64(file, group, "failures", delay->failures);
    g_key_file_set_int64(file, group, "due", date / G_USEC_PER_SEC);
    if (delay->since > 0)
        g_key_file_set_int64(file, group, "since", delay->since / G_USEC_PER_SEC);
}

static void save(Deliveries *deliveries)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer name, value;

    if (!deliveries->store)
        return;
    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const Entry *entry = value;
        g_autofree char *group = make_group(ENTRY_GROUP, name);

        g_key_file_set_int64(file, group, "since", entry->since / G_USEC_PER_SEC);
        if (entry->address)
            g_key_file_set_string(file, group, "address", entry->address);
        if (entry->stuck)
            g_key_file_set_boolean(file, group, "delivered", TRUE);
        put_delay(file, group, &entry->delay);
    }
    g_hash_table_iter_init(&iter, deliveries->receivers);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_autofree char *group = make_group(RECEIVER_GROUP, name);

        put_delay(file, group, value);
    }
    /* What is lost with it is a pause, and at the worst a receiver gets a notification twice. */
    if (!store_save_notifications(deliveries->store, file, &error))
        log_warning(deliveries->log, "keeping when notifications are due: %s", error->message);
}

/* No date of the file makes anything wait longer than it would have to after a failure now: the clock may have been
 * set since. One that jumped back by more than a day says nothing at all (I-16). */
static void get_delay(GKeyFile *file, const char *group, guint failures, guint pause,
                      Delay *ret_delay)
{
    gint64 date = g_key_file_get_int64(file, group, "due", NULL);
    gint64 wait;

    if (failures == 0 || date < 0 || date > G_MAXINT64 / G_USEC_PER_SEC)
        return;
    wait = date - clock_realtime() / G_USEC_PER_SEC;
    if (wait > (gint64)pause + pause / PAUSE_JITTER + DAY)
        return;
    ret_delay->failures = failures;
    ret_delay->due = clock_deadline((guint)CLAMP(wait, 0, (gint64)pause));
}

static guint get_failures(GKeyFile *file, const char *group)
{
    return (guint)MIN(g_key_file_get_uint64(file, group, "failures", NULL), G_MAXINT);
}

static gint64 get_since(GKeyFile *file, const char *group)
{
    gint64 since = g_key_file_get_int64(file, group, "since", NULL);

    return CLAMP(since, 0, G_MAXINT64 / G_USEC_PER_SEC) * G_USEC_PER_SEC;
}

static char *get_name(const char *group, const char *kind)
{
    g_autoptr(GBytes) bytes = NULL;

    if (!g_str_has_prefix(group, kind))
        return NULL;
    bytes = bytes_from_hex(group + strlen(kind), NULL);
    return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static void load_group(Deliveries *deliveries, GKeyFile *file, const char *group)
{
    guint failures = get_failures(file, group);
    char *name;

    if ((name = get_name(group, ENTRY_GROUP))) {
        Entry *entry = g_new0(Entry, 1);
        entry->since = get_since(file, group);
        entry->address = g_key_file_get_string(file, group, "address", NULL);
        entry->stuck = g_key_file_get_boolean(file, group, "delivered", NULL);
        get_delay(file, group, failures, refused_pause(failures), &entry->delay);
        g_hash_table_replace(deliveries->entries, name, entry);
    } else if ((name = get_name(group, RECEIVER_GROUP))) {
        Delay *delay = g_new0(Delay, 1);

        get_delay(file, group, failures, unreachable_pause(deliveries, failures), delay);
        delay->since = get_since(file, group);
        g_hash_table_replace(deliveries->receivers, name, delay);
    }
}

void deliveries_set_store(Deliveries *deliveries, Store *store)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) groups = NULL;

    g_hash_table_remove_all(deliveries->entries);
    g_hash_table_remove_all(deliveries->receivers);
    deliveries->round = (Delay){ 0 };
    deliveries->changed = FALSE;
    deliveries->seen = 0;
    deliveries->store = store;
    if (!store)
        return;
    if (!store_load_notifications(store, file, &error))
        log_warning(deliveries->log, "reading when notifications are due: %s", error->message);
    groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i]; i++)
        load_group(deliveries, file, groups[i]);
    /* Nobody saw what happened to the card meanwhile. */
    deliveries_note_change(deliveries);
}

/* ---- what the procedure asks and tells ---- */

/* *RET_NEW: nothing was known of it. */
static Entry *find_or_add(Deliveries *deliveries, const char *key, gboolean *ret_new)
{
    Entry *entry = g_hash_table_lookup(deliveries->entries, key);

    *ret_new = !entry;
    if (entry)
        return entry;
    entry = g_new0(Entry, 1);
    entry->since = deliveries->changed ? deliveries->changed_since : clock_realtime();
    g_hash_table_insert(deliveries->entries, g_strdup(key), entry);
    return entry;
}

gboolean deliveries_is_due(Deliveries *deliveries, const IpaNotification *notification)
{
    gboolean is_new;
    Entry *entry = find_or_add(deliveries, notification->key, &is_new);
    gint64 now = clock_boottime();

    replace_string(&entry->address, notification->address);
    entry->asked = TRUE;
    return !entry->blocked && entry->delay.due <= now &&
           (entry->stuck || receiver_due(deliveries, notification->address) <= now);
}

gboolean deliveries_is_overdue(Deliveries *deliveries, const IpaNotification *notification)
{
    const Delay *delay = g_hash_table_lookup(deliveries->receivers, notification->address);

    return delay && delay->since > 0 && clock_realtime() - delay->since >= OVERDUE * G_USEC_PER_SEC;
}

/* It is the same at each try, so it is told once. */
static void tell(Deliveries *deliveries, const char *address, const char *why)
{
    if (g_strcmp0(g_hash_table_lookup(deliveries->told, address), why) == 0)
        return;
    g_hash_table_replace(deliveries->told, g_strdup(address), g_strdup(why));
    log_warning(deliveries->log,
                "notifications for %s stay on the card until the configuration is another one: %s",
                address, why);
}

gboolean deliveries_is_stuck(Deliveries *deliveries, const IpaNotification *notification)
{
    const Entry *entry = g_hash_table_lookup(deliveries->entries, notification->key);

    return entry && entry->stuck;
}

void deliveries_settle(Deliveries *deliveries, const IpaNotification *notification,
                       IpaDelivery delivery, guint retry_after, const char *why)
{
    gboolean is_new, reached;
    Entry *entry = NULL;
    Delay *delay;

    /* One that was just made is delivered without the list having been read. */
    if (delivery != IPA_DELIVERY_DONE && delivery != IPA_DELIVERY_RELAYED) {
        entry = find_or_add(deliveries, notification->key, &is_new);
        replace_string(&entry->address, notification->address);
        replace_string(&entry->why, why);
        entry->asked = TRUE;
        entry->blocked = delivery == IPA_DELIVERY_IMPOSSIBLE;
    }
    switch (delivery) {
    case IPA_DELIVERY_DONE:
        reached = g_hash_table_remove(deliveries->receivers, notification->address);
        if (g_hash_table_remove(deliveries->entries, notification->key) || reached)
            save(deliveries);
        return;
    case IPA_DELIVERY_STUCK:
        entry->stuck = TRUE;
        delay_fail(&entry->delay, refused_pause(entry->delay.failures + 1));
        save(deliveries);
        return;
    case IPA_DELIVERY_REFUSED:
        g_hash_table_remove(deliveries->receivers, notification->address);
        delay_fail(&entry->delay, MAX(refused_pause(entry->delay.failures + 1), retry_after));
        save(deliveries);
        return;
    case IPA_DELIVERY_RELAYED:
        g_hash_table_remove(deliveries->entries, notification->key);
        G_GNUC_FALLTHROUGH;
    case IPA_DELIVERY_UNREACHABLE:
        delay = g_hash_table_lookup(deliveries->receivers, notification->address);
        if (!delay) {
            delay = g_new0(Delay, 1);
            delay->since = clock_realtime();
            g_hash_table_insert(deliveries->receivers, g_strdup(notification->address), delay);
        }
        delay_fail(delay, MAX(unreachable_pause(deliveries, delay->failures + 1), retry_after));
        save(deliveries);
        return;
    case IPA_DELIVERY_IMPOSSIBLE:
        tell(deliveries, notification->address, why);
        return;
    }
    g_return_if_reached();
}

/* A receiver that nothing waits for any more: its pause goes with it. */
static gboolean is_needed(Deliveries *deliveries, const char *address)
{
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        if (g_strcmp0(((const Entry *)entry)->address, address) == 0)
            return TRUE;
    return FALSE;
}

static gboolean forget_others(Deliveries *deliveries, const GPtrArray *keys)
{
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer name;
    gboolean changed = FALSE;

    for (guint i = 0; i < keys->len; i++)
        g_hash_table_add(there, keys->pdata[i]);
    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (g_hash_table_contains(there, name))
            continue;
        g_hash_table_iter_remove(&iter);
        changed = TRUE;
    }
    g_hash_table_iter_init(&iter, deliveries->receivers);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (is_needed(deliveries, name))
            continue;
        g_hash_table_iter_remove(&iter);
        changed = TRUE;
    }
    return changed;
}

void deliveries_note_seen(Deliveries *deliveries, const GPtrArray *keys)
{
    gboolean changed = forget_others(deliveries, keys);

    for (guint i = 0; i < keys->len; i++) {
        gboolean is_new;

        find_or_add(deliveries, keys->pdata[i], &is_new)->asked = FALSE;
        changed = changed || is_new;
    }
    deliveries->changed = FALSE;
    deliveries->seen = G_MAXUINT; /* as many as are left when the round is over */
    if (changed)
        save(deliveries);
}

void deliveries_note_change(Deliveries *deliveries)
{
    if (!deliveries->changed)
        deliveries->changed_since = clock_realtime();
    deliveries->changed = TRUE;
    deliveries->round = (Delay){ 0 };
}

gboolean deliveries_is_blocked(const Deliveries *deliveries)
{
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        if (((const Entry *)entry)->blocked)
            return TRUE;
    return FALSE;
}

void deliveries_unblock(Deliveries *deliveries)
{
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_remove_all(deliveries->told);
    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        ((Entry *)entry)->blocked = FALSE;
}

/* ---- schedule ---- */

/* As if every round could be carried out; 0: never. What was not asked about in the last round (an eIM has its result,
 * or nobody can say whose it is) is no reason for another one. */
static gint64 next_due(Deliveries *deliveries, guint pending)
{
    gint64 now = clock_boottime(), first = 0;
    GHashTableIter iter;
    gpointer value;

    if (pending > 0 && (deliveries->changed || pending > deliveries->seen))
        return now;
    deliveries->seen = pending;
    if (pending == 0)
        return 0;
    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Entry *entry = value;
        gint64 due;

        if (!entry->asked || entry->blocked)
            continue;
        due = MAX(entry->delay.due, now);
        if (!entry->stuck)
            due = MAX(due, receiver_due(deliveries, entry->address));

        first = first ? MIN(first, due) : due;
    }
    return first;
}

void deliveries_end_round(Deliveries *deliveries, gboolean ok, guint pending)
{
    gint64 due = next_due(deliveries, pending);

    if (ok && (!due || due > clock_boottime()))
        deliveries->round = (Delay){ 0 };
    else
        delay_fail(&deliveries->round,
                   unreachable_pause(deliveries, deliveries->round.failures + 1));
}

gint64 deliveries_get_due(Deliveries *deliveries, guint pending)
{
    gint64 due = next_due(deliveries, pending);

    return due ? MAX(due, deliveries->round.due) : 0;
}

gint64 deliveries_get_oldest(Deliveries *deliveries, guint pending)
{
    gint64 oldest = G_MAXINT64;
    GHashTableIter iter;
    gpointer entry;

    if (pending == 0)
        return 0;
    g_hash_table_iter_init(&iter, deliveries->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        oldest = MIN(oldest, ((const Entry *)entry)->since);
    if (deliveries->changed)
        oldest = MIN(oldest, deliveries->changed_since);
    return oldest == G_MAXINT64 ? deliveries->changed_since : oldest;
}

/* What is to be told first. Keys decide between what is equal, so that it stays the same. */
static gboolean is_worse(const char *key, const Entry *entry, const char *other_key,
                         const Entry *other)
{
    if (!other || entry->blocked != other->blocked)
        return !other || entry->blocked;
    if (entry->since != other->since)
        return entry->since < other->since;
    return strcmp(key, other_key) < 0;
}

char *deliveries_get_problem(const Deliveries *deliveries, guint pending)
{
    const char *worst_key = NULL;
    const Entry *worst = NULL;
    GHashTableIter iter;
    gpointer key, entry;

    g_hash_table_iter_init(&iter, deliveries->entries);
    while (pending > 0 && g_hash_table_iter_next(&iter, &key, &entry)) {
        if (!((const Entry *)entry)->why || !is_worse(key, entry, worst_key, worst))
            continue;
        worst_key = key;
        worst = entry;
    }
    return worst ? g_strdup_printf("%s: %s", worst->address, worst->why) : NULL;
}
