/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/store_private.h"
#include "ipa/download.h"
#include "util/text.h"

/* An IpaRecord as a key file. */

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

static void put_events(GKeyFile *file, const IpaRecord *record)
{
    if (record->event)
        set_text(file, "event", record->event);
    if (record->finished->len > 0)
        g_key_file_set_string_list(file, "record", "finished",
                                   (const char *const *)record->finished->pdata,
                                   record->finished->len);
    set_bytes(file, "installation", record->installation);
}

static void put_download(GKeyFile *file, const IpaRecord *record)
{
    char *order = record->order ? ipa_download_order_to_text(record->order) : NULL;

    if (order) {
        set_text(file, "order", order);
        set_bytes(file, "order-transaction-id", record->order->eim_transaction_id);
    }
    text_free_secret(order);
    g_key_file_set_string(file, "record", "stage", ipa_download_stage_to_string(record->stage));
    g_key_file_set_int64(file, "record", "tries", record->tries);
    g_key_file_set_boolean(file, "record", "indirect", record->indirect);
    set_bytes(file, "session-id", record->session_id);
    if (record->server)
        set_text(file, "server", record->server);
    put_events(file, record);
}

static void free_secret_text(gpointer text)
{
    text_free_secret(text);
}

GBytes *store_record_to_bytes(const IpaRecord *record)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    gsize size;
    char *text;

    g_key_file_set_integer(file, "record", "format", 1);
    g_key_file_set_string(file, "record", "kind", ipa_record_kind_to_string(record->kind));
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
    set_numbers(file, "offered", record->offered);
    set_numbers(file, "remove", record->remove);
    if (record->kind != IPA_RECORD_PACKAGE)
        put_download(file, record);
    text = g_key_file_to_data(file, &size, NULL);
    return g_bytes_new_with_free_func(text, size, free_secret_text, text);
}

/* Absent in what an older version wrote: no rollback. */
static void read_rollback(GKeyFile *file, IpaRecord *record, gboolean *bad)
{
    g_autofree char *text = g_key_file_get_string(file, "record", "rollback", NULL);

    if (text && !ipa_rollback_from_string(text, &record->rollback))
        *bad = TRUE;
}

/* Absent in what an older version wrote: a package. */
static void read_kind(GKeyFile *file, IpaRecord *record, gboolean *bad)
{
    g_autofree char *text = g_key_file_get_string(file, "record", "kind", NULL);

    if (text && !ipa_record_kind_from_string(text, &record->kind))
        *bad = TRUE;
}

/* Its receiver and the transaction stand beside it. */
static void read_order(GKeyFile *file, const char *text, IpaRecord *record, gboolean *bad)
{
    record->order = ipa_download_order_from_text(text);
    if (!record->order) {
        *bad = TRUE;
        return;
    }
    record->order->eim = ipa_eim_copy(record->eim);
    record->order->eim_transaction_id = get_bytes(file, "order-transaction-id", bad);
}

/* Absent in what an older version wrote: the order is not for events, or none of them is over. */
static void read_events(GKeyFile *file, IpaRecord *record, gboolean *bad)
{
    g_auto(GStrv) finished = g_key_file_get_string_list(file, "record", "finished", NULL, NULL);

    if (g_key_file_has_key(file, "record", "event", NULL))
        record->event = get_text(file, "event", bad);
    for (guint i = 0; finished && finished[i]; i++)
        g_ptr_array_add(record->finished, g_strdup(finished[i]));
    record->installation = get_bytes(file, "installation", bad);
}

static void read_download(GKeyFile *file, IpaRecord *record, gboolean *bad)
{
    g_autofree char *stage = g_key_file_get_string(file, "record", "stage", NULL);
    gint64 tries = get_number(file, "tries", -1, bad);
    char *order = get_text(file, "order", bad);

    if (!stage || !ipa_download_stage_from_string(stage, &record->stage) || tries < 0 ||
        tries > G_MAXINT)
        *bad = TRUE;
    record->tries = (guint)CLAMP(tries, 0, G_MAXINT);
    record->indirect = g_key_file_get_boolean(file, "record", "indirect", NULL);
    record->session_id = get_bytes(file, "session-id", bad);
    if (g_key_file_has_key(file, "record", "server", NULL))
        record->server = get_text(file, "server", bad);
    read_events(file, record, bad);
    if (order[0] != '\0')
        read_order(file, order, record, bad);
    text_free_secret(order);
    /* What is to be done, or what came of it: a record with neither is of no use to anybody. */
    if (record->state == IPA_RECORD_EXECUTING && !record->order)
        *bad = TRUE;
}

IpaRecord *store_record_from_bytes(GBytes *bytes)
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
    get_numbers(file, "offered", record->offered, &bad);
    get_numbers(file, "remove", record->remove, &bad);
    read_kind(file, record, &bad);
    if (record->kind != IPA_RECORD_PACKAGE)
        read_download(file, record, &bad);
    if (!bad && record->state == IPA_RECORD_EXECUTED && !record->result && record->error_code == 0)
        bad = TRUE;
    if (bad) {
        ipa_record_free(record);
        return NULL;
    }
    return record;
}
