/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

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

gboolean store_load_notifications(Store *store, GKeyFile *file, GError **error)
{
    g_autofree char *path = g_build_filename(store->folder, "notifications", NULL);
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) bytes = file_read(path, STATE_LIMIT, &local);

    if (bytes)
        return g_key_file_load_from_bytes(file, bytes, G_KEY_FILE_NONE, NULL) ||
               put_aside(path, error);
    if (euiccd_error_is(local, EUICCD_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean store_save_notifications(Store *store, GKeyFile *file, GError **error)
{
    g_autofree char *path = g_build_filename(store->folder, "notifications", NULL);
    gsize size;
    g_autofree char *text = g_key_file_to_data(file, &size, NULL);

    return size > 0 ? file_replace(path, text, size, error) : file_remove(path, error);
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
        record = bytes ? store_record_from_bytes(bytes) : NULL;
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
    g_autoptr(GBytes) bytes = store_record_to_bytes(record);

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
