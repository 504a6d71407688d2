/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ipa/download.h"
#include "util/error.h"
#include "util/file.h"

#define RECORD_LIMIT (8 * 1024 * 1024)
#define STATE_LIMIT  (256 * 1024)

struct Store {
    char *folder;
    char *owed;
    char *sessions;
    GKeyFile *state;
    char *enabled_iccid;
    guint next_number;
    int lock; /* descriptor of FOLDER, locked */
};

/* Key files are text: octets stand in base64, so that no byte of a peer needs quoting. */
static void set_bytes(GKeyFile *file, const char *key, GBytes *bytes)
{
    g_autofree char *text = NULL;

    if (!bytes)
        return;
    text = g_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_key_file_set_string(file, "record", key, text);
}

/* NULL for an absent key; sets *BAD for one that can't be read. */
static GBytes *get_bytes(GKeyFile *file, const char *key, gboolean *bad)
{
    g_autofree char *text = g_key_file_get_string(file, "record", key, NULL);
    guchar *data;
    gsize size;

    if (!text)
        return NULL;
    data = g_base64_decode(text, &size);
    if (!data || (size == 0 && text[0] != '\0')) {
        g_free(data);
        *bad = TRUE;
        return NULL;
    }
    return g_bytes_new_take(data, size);
}

static void set_text(GKeyFile *file, const char *key, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    set_bytes(file, key, bytes);
}

static char *get_text(GKeyFile *file, const char *key, gboolean *bad)
{
    g_autoptr(GBytes) bytes = get_bytes(file, key, bad);
    const char *text;
    gsize size;

    if (!bytes)
        return g_strdup("");
    text = g_bytes_get_data(bytes, &size);
    if (!g_utf8_validate_len(text, size, NULL)) {
        *bad = TRUE;
        return g_strdup("");
    }
    return g_strndup(text, size);
}

static gint64 get_number(GKeyFile *file, const char *key, gint64 otherwise, gboolean *bad)
{
    g_autoptr(GError) error = NULL;
    gint64 number = g_key_file_get_int64(file, "record", key, &error);

    if (!error)
        return number;
    if (!g_error_matches(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND))
        *bad = TRUE;
    return otherwise;
}

static void set_numbers(GKeyFile *file, const char *key, const GArray *numbers)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < numbers->len; i++)
        g_string_append_printf(text, "%" G_GINT64_FORMAT ";", g_array_index(numbers, gint64, i));
    g_key_file_set_string(file, "record", key, text->str);
}

static void get_numbers(GKeyFile *file, const char *key, GArray *numbers, gboolean *bad)
{
    g_autofree char *text = g_key_file_get_string(file, "record", key, NULL);
    g_auto(GStrv) words = g_strsplit(text ? text : "", ";", -1);

    for (guint i = 0; words[i]; i++) {
        gint64 number;

        if (words[i][0] == '\0')
            continue;
        if (!g_ascii_string_to_signed(words[i], 10, 0, G_MAXINT64, &number, NULL)) {
            *bad = TRUE;
            continue;
        }
        g_array_append_val(numbers, number);
    }
}

static void write_download(GKeyFile *file, const IpaRecord *record)
{
    g_autofree char *order = record->order ? ipa_download_order_to_text(record->order) : NULL;

    g_key_file_set_string(file, "record", "kind", ipa_record_kind_to_string(record->kind));
    if (record->kind == IPA_RECORD_PACKAGE)
        return;
    if (order)
        set_text(file, "order", order);
    if (record->order)
        set_bytes(file, "order-transaction-id", record->order->eim_transaction_id);
    g_key_file_set_string(file, "record", "stage", ipa_download_stage_to_string(record->stage));
    g_key_file_set_int64(file, "record", "tries", record->tries);
    g_key_file_set_boolean(file, "record", "indirect", record->indirect);
    set_bytes(file, "session-id", record->session_id);
}

static GBytes *record_to_bytes(const IpaRecord *record)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    gsize size;
    char *text;

    g_key_file_set_integer(file, "record", "format", 1);
    g_key_file_set_string(file, "record", "state", ipa_record_state_to_string(record->state));
    set_text(file, "receiver", record->eim->eim_id);
    set_text(file, "receiver-fqdn", record->eim->fqdn);
    set_bytes(file, "receiver-trust", record->eim->trust_data);
    set_bytes(file, "receiver-protocols", record->eim->protocols);
    g_key_file_set_boolean(file, "record", "receiver-indirect", record->eim->indirect);
    set_text(file, "eim-id", record->eim_id);
    g_key_file_set_int64(file, "record", "counter", record->counter);
    set_bytes(file, "transaction-id", record->transaction_id);
    set_bytes(file, "result", record->result);
    g_key_file_set_int64(file, "record", "error-code", record->error_code);
    g_key_file_set_int64(file, "record", "sequence", record->sequence);
    g_key_file_set_boolean(file, "record", "profile-changed", record->profile_changed);
    g_key_file_set_boolean(file, "record", "has-psmos", record->has_psmos);
    g_key_file_set_string(file, "record", "rollback", ipa_rollback_to_string(record->rollback));
    g_key_file_set_int64(file, "record", "replaced", record->replaced);
    write_download(file, record);
    set_numbers(file, "offered", record->offered);
    set_numbers(file, "remove", record->remove);
    text = g_key_file_to_data(file, &size, NULL);
    return g_bytes_new_take(text, size);
}

/* Absent in what an older version wrote: no rollback. */
static void read_rollback(GKeyFile *file, IpaRecord *record, gboolean *bad)
{
    g_autofree char *text = g_key_file_get_string(file, "record", "rollback", NULL);

    if (text && !ipa_rollback_from_string(text, &record->rollback))
        *bad = TRUE;
}

/* Absent in what an older version wrote: a package. */
static void read_download(GKeyFile *file, IpaRecord *record, gboolean *bad)
{
    g_autofree char *kind = g_key_file_get_string(file, "record", "kind", NULL);
    g_autofree char *stage = g_key_file_get_string(file, "record", "stage", NULL);
    g_autofree char *order = NULL;

    if (kind && !ipa_record_kind_from_string(kind, &record->kind))
        *bad = TRUE;
    if (record->kind == IPA_RECORD_PACKAGE)
        return;
    if (!stage || !ipa_download_stage_from_string(stage, &record->stage))
        *bad = TRUE;
    record->tries = (guint)get_number(file, "tries", 0, bad);
    record->indirect = g_key_file_get_boolean(file, "record", "indirect", NULL);
    record->session_id = get_bytes(file, "session-id", bad);
    order = get_text(file, "order", bad);
    if (record->state != IPA_RECORD_EXECUTING)
        return;
    record->order = ipa_download_order_from_text(order);
    if (!record->order) {
        *bad = TRUE;
        return;
    }
    record->order->eim = ipa_eim_copy(record->eim);
    record->order->eim_transaction_id = get_bytes(file, "order-transaction-id", bad);
}

static IpaRecord *record_from_bytes(GBytes *bytes)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *state = NULL;
    IpaEim receiver = { 0 };
    IpaRecord *record;
    gboolean bad = FALSE;

    if (!g_key_file_load_from_bytes(file, bytes, G_KEY_FILE_NONE, NULL))
        return NULL;
    receiver.eim_id = get_text(file, "receiver", &bad);
    receiver.fqdn = get_text(file, "receiver-fqdn", &bad);
    receiver.trust_data = get_bytes(file, "receiver-trust", &bad);
    receiver.protocols = get_bytes(file, "receiver-protocols", &bad);
    receiver.indirect = g_key_file_get_boolean(file, "record", "receiver-indirect", NULL);
    record = ipa_record_new(&receiver);
    g_free(receiver.eim_id);
    g_free(receiver.fqdn);
    g_clear_pointer(&receiver.trust_data, g_bytes_unref);
    g_clear_pointer(&receiver.protocols, g_bytes_unref);

    if (get_number(file, "format", 0, &bad) != 1)
        bad = TRUE;
    state = g_key_file_get_string(file, "record", "state", NULL);
    if (!state || !ipa_record_state_from_string(state, &record->state))
        bad = TRUE;
    g_free(record->eim_id);
    record->eim_id = get_text(file, "eim-id", &bad);
    record->counter = get_number(file, "counter", -1, &bad);
    record->transaction_id = get_bytes(file, "transaction-id", &bad);
    record->result = get_bytes(file, "result", &bad);
    record->error_code = (gint)get_number(file, "error-code", 0, &bad);
    record->sequence = get_number(file, "sequence", -1, &bad);
    record->profile_changed = g_key_file_get_boolean(file, "record", "profile-changed", NULL);
    record->has_psmos = g_key_file_get_boolean(file, "record", "has-psmos", NULL);
    read_rollback(file, record, &bad);
    record->replaced = get_number(file, "replaced", -1, &bad);
    read_download(file, record, &bad);
    get_numbers(file, "offered", record->offered, &bad);
    get_numbers(file, "remove", record->remove, &bad);
    if (!bad && record->state == IPA_RECORD_EXECUTED && !record->result && record->error_code == 0)
        bad = TRUE;
    if (bad) {
        ipa_record_free(record);
        return NULL;
    }
    return record;
}

static char *record_path(Store *store, guint number)
{
    g_autofree char *name = g_strdup_printf("%08u", number);

    return g_build_filename(store->owed, name, NULL);
}

static gboolean put_aside(const char *path, GError **error)
{
    g_autofree char *aside = g_strconcat(path, ".bad", NULL);

    if (g_rename(path, aside) == 0)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "renaming '%s': %s", path,
                g_strerror(errno));
    return FALSE;
}

static gboolean load_state(Store *store, GError **error)
{
    g_autofree char *path = g_build_filename(store->folder, "state", NULL);
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) bytes = file_read(path, STATE_LIMIT, &local);

    if (bytes) {
        if (g_key_file_load_from_bytes(store->state, bytes, G_KEY_FILE_NONE, NULL)) {
            store->enabled_iccid =
                g_key_file_get_string(store->state, "card", "enabled-iccid", NULL);
            return TRUE;
        }
        /* Nothing in it is owed to anybody: start with none, as on the first run. */
        g_key_file_unref(store->state);
        store->state = g_key_file_new();
        return put_aside(path, error);
    }
    if (euiccd_error_is(local, EUICCD_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* One user of a card at a time (invariant 4), whatever port it came through, and whichever daemon: the lock
 * goes with the descriptor, also when this process dies. */
static gboolean lock(Store *store, GError **error)
{
    g_autoptr(GError) failure = NULL;

    store->lock = file_lock_folder(store->folder, &failure);
    if (store->lock >= 0)
        return TRUE;
    if (euiccd_error_is(failure, EUICCD_ERROR_BUSY))
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                    "this eUICC is served through another port already");
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

Store *store_open(const char *state_directory, const char *eid, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);

    store->folder = g_build_filename(state_directory, eid, NULL);
    store->owed = g_build_filename(store->folder, "owed", NULL);
    store->sessions = g_build_filename(store->folder, "tls", NULL);
    store->state = g_key_file_new();
    store->next_number = 1;
    store->lock = -1;
    if (!file_make_folder(store->owed, error) || !file_make_folder(store->sessions, error) ||
        !lock(store, error) || !load_state(store, error)) {
        g_prefix_error(error, "opening the state of this eUICC: ");
        return NULL;
    }
    return g_steal_pointer(&store);
}

void store_free(Store *store)
{
    g_free(store->folder);
    g_free(store->owed);
    g_free(store->sessions);
    g_free(store->enabled_iccid);
    g_key_file_unref(store->state);
    if (store->lock >= 0)
        close(store->lock);
    g_free(store);
}

static gint compare_records(gconstpointer a, gconstpointer b)
{
    const IpaRecord *left = *(const IpaRecord *const *)a, *right = *(const IpaRecord *const *)b;

    return left->number < right->number ? -1 : left->number > right->number;
}

/* Temporary file of a write that was interrupted: <number>.XXXXXX. Files put aside stay for people. */
static gboolean is_leftover(const char *name)
{
    gsize digits = strspn(name, "0123456789");

    return digits == 8 && name[digits] == '.' && strlen(name + digits + 1) == 6;
}

gboolean store_load_records(Store *store, GPtrArray *records, guint *ret_bad, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) folder = g_dir_open(store->owed, 0, &local);
    const char *name;
    guint bad = 0;

    if (!folder) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "%s", local->message);
        return FALSE;
    }
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(store->owed, name, NULL);
        g_autoptr(GBytes) bytes = NULL;
        IpaRecord *record;
        guint64 number;

        if (!g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT32 - 1, &number, NULL)) {
            if (is_leftover(name))
                (void)g_unlink(path);
            continue;
        }
        store->next_number = MAX(store->next_number, (guint)number + 1);
        bytes = file_read(path, RECORD_LIMIT, &local);
        if (!bytes && !euiccd_error_is(local, EUICCD_ERROR_TOO_LARGE)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        g_clear_error(&local);
        record = bytes ? record_from_bytes(bytes) : NULL;
        if (!record) {
            if (!put_aside(path, error))
                return FALSE;
            bad++;
            continue;
        }
        record->number = (guint)number;
        g_ptr_array_add(records, record);
    }
    g_ptr_array_sort(records, compare_records);
    *ret_bad = bad;
    return TRUE;
}

gboolean store_save_record(Store *store, IpaRecord *record, GError **error)
{
    guint number = record->number ? record->number : store->next_number;
    g_autofree char *path = record_path(store, number);
    g_autoptr(GBytes) bytes = record_to_bytes(record);

    if (!file_replace(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error))
        return FALSE;
    if (!record->number) {
        record->number = number;
        store->next_number++;
    }
    return TRUE;
}

gboolean store_remove_record(Store *store, const IpaRecord *record, GError **error)
{
    g_autofree char *path = NULL;

    if (!record->number)
        return TRUE;
    path = record_path(store, record->number);
    return file_remove(path, error);
}

static gboolean save_state(Store *store, GError **error)
{
    g_autofree char *path = g_build_filename(store->folder, "state", NULL);
    gsize size;
    g_autofree char *text = g_key_file_to_data(store->state, &size, NULL);

    return file_replace(path, text, size, error);
}

/* eimIds are free text: their group names are in hex. */
static char *eim_group(const char *eim_id)
{
    g_autofree char *hex = bytes_to_hex(eim_id, strlen(eim_id));

    return g_strconcat("eim ", hex, NULL);
}

gint store_get_cause(Store *store, const char *eim_id)
{
    g_autofree char *group = eim_group(eim_id);
    g_autoptr(GError) error = NULL;
    gint cause = g_key_file_get_integer(store->state, group, "state-change-cause", &error);

    return error ? -1 : cause;
}

/* VALUE NULL: absent. */
static void put_eim_key(Store *store, const char *group, const char *key, const char *value)
{
    g_auto(GStrv) left = NULL;

    if (value) {
        g_key_file_set_string(store->state, group, key, value);
        return;
    }
    g_key_file_remove_key(store->state, group, key, NULL);
    left = g_key_file_get_keys(store->state, group, NULL, NULL);
    if (left && !left[0])
        g_key_file_remove_group(store->state, group, NULL);
}

/* What is not on disk does not count: after a failure the next call tries again. */
static gboolean change_eim_key(Store *store, const char *eim_id, const char *key, const char *value,
                               GError **error)
{
    g_autofree char *group = eim_group(eim_id);
    g_autofree char *before = g_key_file_get_string(store->state, group, key, NULL);

    if (g_strcmp0(before, value) == 0)
        return TRUE;
    put_eim_key(store, group, key, value);
    if (save_state(store, error))
        return TRUE;
    put_eim_key(store, group, key, before);
    return FALSE;
}

gboolean store_set_cause(Store *store, const char *eim_id, gint cause, GError **error)
{
    g_autofree char *text = cause < 0 ? NULL : g_strdup_printf("%d", cause);

    return change_eim_key(store, eim_id, "state-change-cause", text, error);
}

static const char *const dialects[] = {
    [ESIPA_DIALECT_V1_2] = "1.2",
    [ESIPA_DIALECT_V1_0] = "1.0",
    NULL,
};

static const char *const bindings[] = {
    [ESIPA_BINDING_ASN1] = "asn1",
    [ESIPA_BINDING_JSON] = "json",
    NULL,
};

/* Kept is "WORD FINGERPRINT". */
static gboolean get_learned(Store *store, const char *eim_id, const char *key,
                            const char *const *words, const char *fingerprint, guint *ret_word)
{
    g_autofree char *group = eim_group(eim_id);
    g_autofree char *text = g_key_file_get_string(store->state, group, key, NULL);
    char *rest = text ? strchr(text, ' ') : NULL;

    if (!rest || !g_str_equal(rest + 1, fingerprint))
        return FALSE;
    *rest = '\0';
    for (guint i = 0; words[i]; i++) {
        if (!g_str_equal(text, words[i]))
            continue;
        *ret_word = i;
        return TRUE;
    }
    return FALSE;
}

static gboolean set_learned(Store *store, const char *eim_id, const char *key, const char *word,
                            const char *fingerprint, GError **error)
{
    g_autofree char *text = g_strdup_printf("%s %s", word, fingerprint);

    return change_eim_key(store, eim_id, key, text, error);
}

gboolean store_get_dialect(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaDialect *ret_dialect)
{
    guint word;

    if (!get_learned(store, eim_id, "dialect", dialects, fingerprint, &word))
        return FALSE;
    *ret_dialect = (EsipaDialect)word;
    return TRUE;
}

gboolean store_set_dialect(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaDialect dialect, GError **error)
{
    return set_learned(store, eim_id, "dialect", dialects[dialect], fingerprint, error);
}

gboolean store_get_binding(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaBinding *ret_binding)
{
    guint word;

    if (!get_learned(store, eim_id, "binding", bindings, fingerprint, &word))
        return FALSE;
    *ret_binding = (EsipaBinding)word;
    return TRUE;
}

gboolean store_set_binding(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaBinding binding, GError **error)
{
    return set_learned(store, eim_id, "binding", bindings[binding], fingerprint, error);
}

const char *store_get_enabled_iccid(Store *store)
{
    return store->enabled_iccid;
}

gboolean store_set_enabled_iccid(Store *store, const char *iccid, GError **error)
{
    if (g_strcmp0(store->enabled_iccid, iccid) == 0)
        return TRUE;
    g_key_file_set_string(store->state, "card", "enabled-iccid", iccid);
    if (!save_state(store, error))
        return FALSE;
    g_free(store->enabled_iccid);
    store->enabled_iccid = g_strdup(iccid);
    return TRUE;
}

char *store_get_rung(Store *store, const char *modem)
{
    g_autofree char *known = g_key_file_get_string(store->state, "card", "rung-modem", NULL);

    return g_strcmp0(known, modem) == 0 ? g_key_file_get_string(store->state, "card", "rung", NULL)
                                        : NULL;
}

gboolean store_set_rung(Store *store, const char *modem, const char *rung, GError **error)
{
    g_autofree char *known = store_get_rung(store, modem);

    if (g_strcmp0(known, rung) == 0)
        return TRUE;
    g_key_file_set_string(store->state, "card", "rung-modem", modem);
    g_key_file_set_string(store->state, "card", "rung", rung);
    return save_state(store, error);
}

/* ---- TLS sessions ---- */

/* An eIM's name may hold anything. */
static char *session_name(const char *eim_id)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, eim_id, -1);
}

char *store_get_session_path(Store *store, const char *eim_id)
{
    g_autofree char *name = session_name(eim_id);

    return g_build_filename(store->sessions, name, NULL);
}

void store_prune_sessions(Store *store, const GPtrArray *eims)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) dir = g_dir_open(store->sessions, 0, NULL);
    const char *name;

    for (guint i = 0; i < eims->len; i++)
        g_hash_table_add(wanted, session_name(((const IpaEim *)eims->pdata[i])->eim_id));
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(store->sessions, name, NULL);

        if (!g_hash_table_contains(wanted, name))
            (void)file_remove(path, NULL);
    }
}
