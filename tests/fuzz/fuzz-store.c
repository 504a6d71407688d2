/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store.h"
#include "fuzz-folder.h"
#include "fuzz-input.h"

/*
 * What a restart finds on the disk: the first octet tells whether it is the state of a card or a record of
 * what is owed. Whatever it is, the store opens. A record is taken, and then is the same when it is
 * written and read again, or it is put aside and counted; none is lost.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EID "89049032123451234512345678901235"

static char *folder;

static void remove_folder(void)
{
    fuzz_remove_folder(folder);
    g_free(folder);
}

static gboolean same_bytes(GBytes *a, GBytes *b)
{
    return a == b || (a && b && g_bytes_equal(a, b));
}

static gboolean same_numbers(const GArray *a, const GArray *b)
{
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(gint64)) == 0);
}

static void check_same(const IpaRecord *a, const IpaRecord *b)
{
    g_assert(a->state == b->state);
    g_assert(g_str_equal(a->eim->eim_id, b->eim->eim_id));
    g_assert(g_str_equal(a->eim->fqdn, b->eim->fqdn));
    g_assert(same_bytes(a->eim->trust_data, b->eim->trust_data));
    g_assert(same_bytes(a->eim->protocols, b->eim->protocols));
    g_assert(a->eim->indirect == b->eim->indirect);
    g_assert(g_str_equal(a->eim_id, b->eim_id));
    g_assert(a->counter == b->counter);
    g_assert(same_bytes(a->transaction_id, b->transaction_id));
    g_assert(same_bytes(a->result, b->result));
    g_assert(a->error_code == b->error_code);
    g_assert(a->sequence == b->sequence);
    g_assert(a->profile_changed == b->profile_changed);
    g_assert(a->has_psmos == b->has_psmos);
    g_assert(a->rollback == b->rollback);
    g_assert(a->replaced == b->replaced);
    g_assert(same_numbers(a->offered, b->offered));
    g_assert(same_numbers(a->remove, b->remove));
}

static GPtrArray *load(guint *ret_bad)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_record_free);
    g_autoptr(Store) store = store_open(folder, EID, NULL);

    g_assert(store);
    g_assert(store_load_records(store, records, ret_bad, NULL));
    return records;
}

static void fuzz_record(FuzzInput *input)
{
    g_autofree char *owed = g_build_filename(folder, EID, "owed", NULL);
    g_autoptr(GPtrArray) first = NULL, second = NULL;
    guint bad = 0, still_bad = 0;

    g_assert(g_mkdir_with_parents(owed, 0700) == 0);
    fuzz_write_file(owed, "00000001", input->next, input->left);
    first = load(&bad);
    g_assert(first->len + bad == 1);
    if (first->len == 1) {
        g_autoptr(Store) store = store_open(folder, EID, NULL);
        IpaRecord *record = first->pdata[0];

        g_assert(record->number == 1);
        g_assert(store && store_save_record(store, record, NULL));
        g_clear_pointer(&store, store_free);
        second = load(&still_bad);
        g_assert(second->len == 1 && still_bad == 0);
        check_same(record, second->pdata[0]);
        /* What the procedures rely on. */
        g_assert(record->state != IPA_RECORD_EXECUTED || record->result || record->error_code != 0);
        fuzz_check_text(record->eim_id);
        fuzz_check_text(record->eim->eim_id);
        fuzz_check_text(record->eim->fqdn);
    }
}

static void fuzz_state(FuzzInput *input)
{
    g_autofree char *own = g_build_filename(folder, EID, NULL);
    g_autoptr(Store) store = NULL;

    g_assert(g_mkdir_with_parents(own, 0700) == 0);
    fuzz_write_file(own, "state", input->next, input->left);
    store = store_open(folder, EID, NULL);
    g_assert(store);
    if (store_get_enabled_iccid(store))
        fuzz_check_text(store_get_enabled_iccid(store));
    (void)store_get_cause(store, "a.example");
    /* It can be used, and what is written into it stays. */
    g_assert(store_set_cause(store, "a.example", 3, NULL));
    g_assert(store_set_enabled_iccid(store, "8900010123456789012", NULL));
    g_clear_pointer(&store, store_free);
    store = store_open(folder, EID, NULL);
    g_assert(store && store_get_cause(store, "a.example") == 3);
    g_assert(g_strcmp0(store_get_enabled_iccid(store), "8900010123456789012") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    g_autofree char *own = NULL;

    if (!folder) {
        folder = fuzz_make_folder();
        atexit(remove_folder);
    }
    if (fuzz_take_octet(&input) % 2)
        fuzz_record(&input);
    else
        fuzz_state(&input);
    own = g_build_filename(folder, EID, NULL);
    fuzz_remove_folder(own);
    return 0;
}
