/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "agent/store.h"
#include "ipa/download.h"
#include "util/error.h"
#include "util/file.h"

#define EID "89049032123451234512345678901235"

typedef struct {
    char *folder;
    char *card; /* FOLDER/EID */
    char *owed; /* FOLDER/EID/owed */
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("euiccd-store-XXXXXX", NULL);
    f->card = g_build_filename(f->folder, EID, NULL);
    f->owed = g_build_filename(f->card, "owed", NULL);
}

static void remove_all(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            remove_all(path);
        else
            g_unlink(path);
    }
    g_rmdir(folder);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    remove_all(f->folder);
    g_free(f->folder);
    g_free(f->card);
    g_free(f->owed);
}

static Store *open_store(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    Store *store = store_open(f->folder, EID, &error);

    g_assert_no_error(error);
    g_assert_nonnull(store);
    return store;
}

static GPtrArray *load_records(Store *store, guint bad)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_record_free);
    guint count = 99;

    g_assert_true(store_load_records(store, records, &count, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count, ==, bad);
    return records;
}

static IpaRecord *make_record(const char *eim_id)
{
    IpaEim eim = { .eim_id = (char *)eim_id, .fqdn = (char *)"" };

    return ipa_record_new(&eim);
}

static void assert_same_bytes(GBytes *a, GBytes *b)
{
    g_assert_cmpint(a == NULL, ==, b == NULL);
    if (a)
        g_assert_true(g_bytes_equal(a, b));
}

static void assert_same_numbers(const GArray *a, const GArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++)
        g_assert_cmpint(g_array_index(a, gint64, i), ==, g_array_index(b, gint64, i));
}

static void assert_same_download(const IpaRecord *a, const IpaRecord *b)
{
    g_autofree char *left = a->order ? ipa_download_order_to_text(a->order) : NULL;
    g_autofree char *right = b->order ? ipa_download_order_to_text(b->order) : NULL;

    g_assert_cmpuint(a->kind, ==, b->kind);
    g_assert_cmpuint(a->stage, ==, b->stage);
    g_assert_cmpuint(a->tries, ==, b->tries);
    g_assert_cmpint(a->indirect, ==, b->indirect);
    assert_same_bytes(a->session_id, b->session_id);
    g_assert_cmpstr(a->server, ==, b->server);
    g_assert_cmpstr(a->event, ==, b->event);
    g_assert_cmpuint(a->finished->len, ==, b->finished->len);
    for (guint i = 0; i < a->finished->len; i++)
        g_assert_cmpstr(a->finished->pdata[i], ==, b->finished->pdata[i]);
    assert_same_bytes(a->installation, b->installation);
    g_assert_cmpstr(left, ==, right);
    if (!b->order)
        return;
    assert_same_bytes(a->order->eim_transaction_id, b->order->eim_transaction_id);
    /* The eIM is the record's. */
    g_assert_cmpstr(b->order->eim->eim_id, ==, a->eim->eim_id);
}

static void assert_same(const IpaRecord *a, const IpaRecord *b)
{
    g_assert_cmpuint(a->number, ==, b->number);
    g_assert_cmpuint(a->state, ==, b->state);
    g_assert_cmpstr(a->eim->eim_id, ==, b->eim->eim_id);
    g_assert_cmpstr(a->eim->fqdn, ==, b->eim->fqdn);
    assert_same_bytes(a->eim->trust_data, b->eim->trust_data);
    assert_same_bytes(a->eim->protocols, b->eim->protocols);
    g_assert_cmpint(a->eim->indirect, ==, b->eim->indirect);
    g_assert_cmpstr(a->eim_id, ==, b->eim_id);
    g_assert_cmpint(a->counter, ==, b->counter);
    assert_same_bytes(a->transaction_id, b->transaction_id);
    assert_same_bytes(a->result, b->result);
    g_assert_cmpint(a->error_code, ==, b->error_code);
    g_assert_cmpint(a->sequence, ==, b->sequence);
    g_assert_cmpint(a->profile_changed, ==, b->profile_changed);
    g_assert_cmpint(a->has_psmos, ==, b->has_psmos);
    g_assert_cmpint(a->rollback, ==, b->rollback);
    g_assert_cmpint(a->replaced, ==, b->replaced);
    assert_same_download(a, b);
    assert_same_numbers(a->offered, b->offered);
    assert_same_numbers(a->remove, b->remove);
}

/* Saves RECORD (which it takes), reads it in a new store and compares. */
static void round_trip(Fixture *f, IpaRecord *record)
{
    g_autoptr(GError) error = NULL;

    {
        g_autoptr(Store) store = open_store(f);

        g_assert_true(store_save_record(store, record, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(record->number, >, 0);
    }
    {
        g_autoptr(Store) store = open_store(f);
        g_autoptr(GPtrArray) records = load_records(store, 0);

        g_assert_cmpuint(records->len, ==, 1);
        assert_same(record, records->pdata[0]);
        g_assert_true(store_remove_record(store, record, &error));
    }
    ipa_record_free(record);
}

static void fill_record(IpaRecord *record)
{
    static const gint64 numbers[] = { 0, 127, 2147483648, G_MAXINT64 };
    static const guint8 octets[] = { 0x00, 0xFF, '\n', '=', ';', '\\', 0x80 };

    g_free(record->eim->fqdn);
    record->eim->fqdn = g_strdup("eim.example.com:8443");
    record->eim->trust_data = g_bytes_new(octets, sizeof(octets));
    record->eim->protocols = g_bytes_new("\x07\x80", 2);
    record->eim->indirect = TRUE;
    g_free(record->eim_id);
    record->eim_id = g_strdup(" Größe;[x]\n=#\\ ");
    record->counter = 8388607;
    record->transaction_id = g_bytes_new(octets, 3);
    record->result = g_bytes_new(octets, sizeof(octets));
    record->error_code = 127;
    record->sequence = G_MAXINT64;
    record->profile_changed = TRUE;
    record->has_psmos = TRUE;
    record->replaced = 0;
    g_array_append_vals(record->offered, numbers, 2);
    g_array_append_vals(record->remove, numbers, G_N_ELEMENTS(numbers));
}

static void test_round_trip(Fixture *f, gconstpointer data)
{
    (void)data;
    for (guint state = 0; state <= IPA_RECORD_KEPT; state++) {
        IpaRecord *record = make_record("eim \"quoted\" \xC3\xA4");

        record->state = (IpaRecordState)state;
        record->rollback = (IpaRollback)state; /* there are as many */
        fill_record(record);
        round_trip(f, record);
    }
}

/* A download that is under way, with its secrets; and what is left of one that has ended. */
static void test_round_trip_download(Fixture *f, gconstpointer data)
{
    (void)data;
    for (guint stage = 0; stage <= IPA_DOWNLOAD_INSTALLED; stage++) {
        IpaRecord *record = make_record("x");

        record->kind = IPA_RECORD_DOWNLOAD;
        record->stage = (IpaDownloadStage)stage;
        record->tries = stage;
        record->indirect = stage == 1;
        record->session_id = stage > 0 ? g_bytes_new("\x00\x0A", 2) : NULL;
        record->server = stage > 1 ? g_strdup("dp.example.com:8443") : NULL;
        record->event = stage == 1 ? g_strdup("9f86d081") : NULL;
        for (guint i = 0; i < stage; i++)
            g_ptr_array_add(record->finished, g_strdup_printf("event;%u", i));
        record->installation = stage == 2 ? g_bytes_new("\xBF\x37\x00", 3) : NULL;
        record->order = ipa_download_order_parse("1$dp.example.com$TOKEN$2.999.1$1", NULL);
        record->order->confirmation_code = g_strdup("a = b\n[record]");
        record->order->consent = stage == 2;
        record->order->eim_transaction_id = g_bytes_new("\x61", 1);
        round_trip(f, record);
    }
    for (guint kind = IPA_RECORD_DOWNLOAD; kind <= IPA_RECORD_NOTIFICATION; kind++) {
        IpaRecord *record = make_record("x");

        record->kind = (IpaRecordKind)kind;
        record->state = IPA_RECORD_EXECUTED;
        record->stage = IPA_DOWNLOAD_INSTALLED;
        record->indirect = kind == IPA_RECORD_NOTIFICATION;
        record->result = g_bytes_new("\xBF\x37\x00", 3);
        round_trip(f, record);
    }
}

/* Absent is not empty. */
static void test_round_trip_empty(Fixture *f, gconstpointer data)
{
    IpaRecord *record = make_record("x"), *empty = make_record("y");

    (void)data;
    round_trip(f, record);
    empty->state = IPA_RECORD_EXECUTED;
    empty->error_code = 1;
    empty->transaction_id = g_bytes_new(NULL, 0);
    empty->result = g_bytes_new(NULL, 0);
    empty->eim->protocols = g_bytes_new(NULL, 0);
    round_trip(f, empty);
}

static void test_large_result(Fixture *f, gconstpointer data)
{
    IpaRecord *record = make_record("x");
    guint8 *octets = g_malloc(1024 * 1024);

    (void)data;
    for (guint i = 0; i < 1024 * 1024; i++)
        octets[i] = (guint8)(i * 7);
    record->state = IPA_RECORD_EXECUTED;
    record->result = g_bytes_new_take(octets, 1024 * 1024); /* what a channel accepts at most */
    round_trip(f, record);
}

/* Oldest first; numbers go on after a restart; saving again replaces. */
static void test_order(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    {
        g_autoptr(Store) store = open_store(f);

        for (guint i = 1; i <= 12; i++) {
            IpaRecord *record = make_record("x");

            record->counter = i;
            g_assert_true(store_save_record(store, record, &error));
            g_assert_cmpuint(record->number, ==, i);
            if (i == 5)
                g_assert_true(store_remove_record(store, record, &error));
            ipa_record_free(record);
        }
    }
    {
        g_autoptr(Store) store = open_store(f);
        g_autoptr(GPtrArray) records = load_records(store, 0);
        IpaRecord *record = records->pdata[0], *added = make_record("x");

        g_assert_cmpuint(records->len, ==, 11);
        for (guint i = 0; i < records->len; i++)
            g_assert_cmpint(((const IpaRecord *)records->pdata[i])->counter, ==,
                            i < 4 ? i + 1 : i + 2);
        g_assert_true(store_save_record(store, added, &error));
        g_assert_cmpuint(added->number, ==, 13);
        ipa_record_free(added);
        record->state = IPA_RECORD_KEPT;
        g_assert_true(store_save_record(store, record, &error));
        g_assert_cmpuint(record->number, ==, 1);
    }
    {
        g_autoptr(Store) store = open_store(f);
        g_autoptr(GPtrArray) records = load_records(store, 0);

        g_assert_cmpuint(records->len, ==, 12);
        g_assert_cmpuint(((const IpaRecord *)records->pdata[0])->state, ==, IPA_RECORD_KEPT);
    }
}

static void write_owed(Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->owed, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static gboolean has_owed(Fixture *f, const char *name)
{
    g_autofree char *path = g_build_filename(f->owed, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

#define GOOD                                                                                       \
    "[record]\nformat=1\nstate=executing\nreceiver=eA==\nreceiver-fqdn=\neim-id=eA==\ncounter=5\n"

/* A file that can't be understood is put aside and counted, the others are read. */
/* A download without what is to be done is nobody's; one of a later daemon is not guessed at. */
static void test_bad_download(Fixture *f, gconstpointer data)
{
#define DOWNLOAD GOOD "kind=download\n"
#define ORDER    "order=ZGVmYXVsdCA9bm8gLSAt\n" /* "default =no - -" */
    static const char *const bad[] = {
        GOOD "kind=flight\n",
        DOWNLOAD "stage=tried\ntries=1\n",
        DOWNLOAD ORDER "stage=tried\n",
        DOWNLOAD ORDER "tries=1\n",
        DOWNLOAD ORDER "stage=flying\ntries=1\n",
        DOWNLOAD ORDER "stage=tried\ntries=-1\n",
        DOWNLOAD "order=bm9uc2Vuc2U=\nstage=tried\ntries=1\n",
        DOWNLOAD ORDER "stage=tried\ntries=1\nsession-id=!\n",
    };
    g_autoptr(Store) store = NULL;
    g_autoptr(GPtrArray) records = NULL;

    (void)data;
    store_free(open_store(f)); /* makes the folders */
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *name = g_strdup_printf("%08u", i + 1);

        write_owed(f, name, bad[i]);
    }
    write_owed(f, "00000050", DOWNLOAD ORDER "stage=tried\ntries=1\n");
    store = open_store(f);
    records = load_records(store, G_N_ELEMENTS(bad));
    g_assert_cmpuint(records->len, ==, 1);
    g_assert_cmpuint(((const IpaRecord *)records->pdata[0])->order->kind, ==,
                     IPA_ORDER_DEFAULT_SMDP);
}

static void test_bad_files(Fixture *f, gconstpointer data)
{
    static const char *const bad[] = {
        "",
        "no key file",
        "[other]\nformat=1\n",
        "[record]\nformat=2\nstate=executing\nreceiver=eA==\neim-id=eA==\n",
        "[record]\nstate=executing\nreceiver=eA==\neim-id=eA==\n",
        "[record]\nformat=1\nstate=flying\nreceiver=eA==\neim-id=eA==\n",
        "[record]\nformat=1\nreceiver=eA==\neim-id=eA==\n",
        GOOD "sequence=many\n",
        GOOD "kind=flight\n",
        GOOD "kind=download\nstage=ordered\n",              /* no order */
        GOOD "kind=download\norder=ZGVmYXVsdCA9bm8gLSAt\n", /* no stage */
        GOOD "kind=download\nstage=flying\norder=ZGVmYXVsdCA9bm8gLSAt\n",
        GOOD "kind=download\nstage=ordered\norder=ZGVmYXVsdA==\n", /* not all of it */
        GOOD "remove=1;x;\n",
        GOOD "remove=-1;\n",
        GOOD "result=!\n",
        "[record]\nformat=1\nstate=executing\nreceiver=/w==\neim-id=eA==\n", /* FF is no text */
        "[record]\nformat=1\nstate=executing\nreceiver=eA==\neim-id=YQBi\n", /* nor is NUL */
        "[record]\nformat=1\nstate=executed\nreceiver=eA==\neim-id=eA==\n", /* nothing to deliver */
    };

    (void)data;
    store_free(open_store(f)); /* makes the folders */
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *name = g_strdup_printf("%08u", i + 1);

        write_owed(f, name, bad[i]);
    }
    write_owed(f, "00000050", GOOD);
    {
        g_autoptr(Store) store = open_store(f);
        g_autoptr(GPtrArray) records = load_records(store, G_N_ELEMENTS(bad));

        g_assert_cmpuint(records->len, ==, 1);
        g_assert_cmpuint(((const IpaRecord *)records->pdata[0])->number, ==, 50);
        g_assert_cmpint(((const IpaRecord *)records->pdata[0])->counter, ==, 5);
        g_assert_cmpstr(((const IpaRecord *)records->pdata[0])->eim->eim_id, ==, "x");
    }
    g_assert_false(has_owed(f, "00000003"));
    g_assert_true(has_owed(f, "00000003.bad"));
    {
        g_autoptr(Store) store = open_store(f);
        g_autoptr(GPtrArray) records = load_records(store, 0); /* told once */

        g_assert_cmpuint(records->len, ==, 1);
    }
}

static void test_other_names(Fixture *f, gconstpointer data)
{
    static const char *const names[] = { "00000002.bad", "0", "x", "-1", "+1", "4294967296" };
    g_autoptr(Store) store = open_store(f);
    g_autoptr(GPtrArray) records = NULL;

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        write_owed(f, names[i], GOOD);
    write_owed(f, "00000001.AbC123", GOOD); /* left by an interrupted write */
    records = load_records(store, 0);
    g_assert_cmpuint(records->len, ==, 0);
    g_assert_false(has_owed(f, "00000001.AbC123"));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(has_owed(f, names[i]));
}

static void test_causes(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_cmpint(store_get_cause(store, "a"), ==, -1);
        g_assert_true(store_set_cause(store, "a", 0, &error));
        g_assert_true(store_set_cause(store, "b]\n=\xC3\xA4", 127, &error));
        g_assert_true(store_set_cause(store, "", 4, &error));
        g_assert_true(store_set_cause(store, "none", -1, &error));
        g_assert_no_error(error);
    }
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_cmpint(store_get_cause(store, "a"), ==, 0);
        g_assert_cmpint(store_get_cause(store, "b]\n=\xC3\xA4"), ==, 127);
        g_assert_cmpint(store_get_cause(store, ""), ==, 4);
        g_assert_cmpint(store_get_cause(store, "none"), ==, -1);
        g_assert_true(store_set_cause(store, "a", 127, &error)); /* a newer one replaces it */
        g_assert_true(store_set_cause(store, "", -1, &error));
    }
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_cmpint(store_get_cause(store, "a"), ==, 127);
        g_assert_cmpint(store_get_cause(store, ""), ==, -1);
    }
}

/* What was learned of an eIM belongs to its configuration on the card. */
static void test_dialects(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    EsipaDialect dialect = ESIPA_DIALECT_V1_2;

    (void)data;
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_false(store_get_dialect(store, "a", "print", &dialect));
        g_assert_true(store_set_dialect(store, "a", "print", ESIPA_DIALECT_V1_0, &error));
        g_assert_true(store_set_cause(store, "a", 5, &error));
        g_assert_true(store_set_dialect(store, "b", "", ESIPA_DIALECT_V1_2, &error));
        g_assert_no_error(error);
    }
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_true(store_get_dialect(store, "a", "print", &dialect));
        g_assert_cmpint(dialect, ==, ESIPA_DIALECT_V1_0);
        g_assert_true(store_get_dialect(store, "b", "", &dialect));
        g_assert_cmpint(dialect, ==, ESIPA_DIALECT_V1_2);
        g_assert_false(store_get_dialect(store, "a", "other", &dialect));
        g_assert_false(store_get_dialect(store, "a", "prin", &dialect));
        g_assert_false(store_get_dialect(store, "c", "print", &dialect));
        /* One goes, the other stays. */
        g_assert_true(store_set_cause(store, "a", -1, &error));
        g_assert_true(store_get_dialect(store, "a", "print", &dialect));
    }
}

/* The same for its binding, beside the dialect. */
static void test_bindings(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    EsipaBinding binding = ESIPA_BINDING_ASN1;
    EsipaDialect dialect = ESIPA_DIALECT_V1_0;

    (void)data;
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_false(store_get_binding(store, "a", "print", &binding));
        g_assert_true(store_set_dialect(store, "a", "print", ESIPA_DIALECT_V1_2, &error));
        g_assert_false(store_get_binding(store, "a", "print", &binding));
        g_assert_true(store_set_binding(store, "a", "print", ESIPA_BINDING_JSON, &error));
        g_assert_no_error(error);
    }
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_true(store_get_binding(store, "a", "print", &binding));
        g_assert_cmpint(binding, ==, ESIPA_BINDING_JSON);
        g_assert_true(store_get_dialect(store, "a", "print", &dialect));
        g_assert_cmpint(dialect, ==, ESIPA_DIALECT_V1_2);
        g_assert_false(store_get_binding(store, "a", "other", &binding));
        g_assert_true(store_set_binding(store, "a", "other", ESIPA_BINDING_ASN1, &error));
        g_assert_false(store_get_binding(store, "a", "print", &binding));
        g_assert_true(store_get_binding(store, "a", "other", &binding));
        g_assert_cmpint(binding, ==, ESIPA_BINDING_ASN1);
    }
}

static void test_enabled_iccid(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_null(store_get_enabled_iccid(store)); /* never seen */
        g_assert_true(store_set_enabled_iccid(store, "", &error));
        g_assert_cmpstr(store_get_enabled_iccid(store), ==, "");
    }
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_cmpstr(store_get_enabled_iccid(store), ==, ""); /* none was enabled */
        g_assert_true(store_set_enabled_iccid(store, "8900010123456789012", &error));
        g_assert_true(store_set_cause(store, "a", 0, &error));
    }
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_cmpstr(store_get_enabled_iccid(store), ==, "8900010123456789012");
        g_assert_cmpint(store_get_cause(store, "a"), ==, 0);
    }
}

/* Nothing in it is owed to anybody: put aside, and all is as on the first run. */
static void test_bad_state(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->card, "state", NULL);
    g_autofree char *aside = g_strconcat(path, ".bad", NULL);
    g_autoptr(Store) store = NULL;

    (void)data;
    g_clear_pointer(&store, store_free);
    store = open_store(f);
    g_clear_pointer(&store, store_free);
    g_assert_true(g_file_set_contents(path, "[card\nenabled", -1, NULL));
    store = open_store(f);
    g_assert_null(store_get_enabled_iccid(store));
    g_assert_true(g_file_test(aside, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(store_set_enabled_iccid(store, "x", NULL));
}

/* A file in the place of a folder stands for whatever makes it unusable, also to root. */
static void test_unwritable(Fixture *f, gconstpointer data)
{
    g_autofree char *in_file = g_build_filename(f->folder, "file", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = NULL;
    IpaRecord *record = make_record("x");
    guint bad = 99;
    g_autoptr(GPtrArray) records = g_ptr_array_new();

    (void)data;
    g_assert_true(file_replace(in_file, "", 0, NULL));
    g_assert_null(store_open(in_file, EID, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_true(g_str_has_prefix(error->message, "opening the state of this eUICC: "));
    g_clear_error(&error);

    store = open_store(f);
    g_assert_true(store_set_cause(store, "a", 4, NULL));
    remove_all(f->card);
    g_assert_true(file_replace(f->card, "", 0, NULL));

    g_assert_false(store_save_record(store, record, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_cmpuint(record->number, ==, 0); /* not stored yet */
    g_clear_error(&error);
    g_assert_false(store_load_records(store, records, &bad, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_cmpuint(bad, ==, 99);
    g_clear_error(&error);
    g_assert_false(store_set_enabled_iccid(store, "1", &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_null(store_get_enabled_iccid(store));
    g_clear_error(&error);

    /* What is not on disk does not count as set: the next attempt is one. */
    g_assert_false(store_set_cause(store, "a", 0, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_cmpint(store_get_cause(store, "a"), ==, 4);
    g_clear_error(&error);
    g_assert_false(store_set_cause(store, "b", 0, NULL));
    g_assert_cmpint(store_get_cause(store, "b"), ==, -1);

    g_assert_cmpint(g_unlink(f->card), ==, 0);
    g_assert_true(file_make_folder(f->owed, NULL));
    g_assert_true(store_set_cause(store, "a", 0, &error));
    g_assert_true(store_save_record(store, record, &error));
    g_assert_cmpuint(record->number, ==, 1);
    ipa_record_free(record);
}

/* A record that was never saved has no file. */
/* What brought the card back belongs to one modem. */
static void test_rung(Fixture *f, gconstpointer data)
{
    g_autofree char *same = NULL, *other = NULL;

    (void)data;
    {
        g_autoptr(Store) store = open_store(f);

        g_assert_null(store_get_rung(store, "05c6:90b2 qmi"));
        g_assert_true(store_set_rung(store, "05c6:90b2 qmi", "power-cycle", NULL));
    }
    {
        g_autoptr(Store) store = open_store(f);

        same = store_get_rung(store, "05c6:90b2 qmi");
        other = store_get_rung(store, "05c6:90b2 mbim");
        g_assert_cmpstr(same, ==, "power-cycle");
        g_assert_null(other);
    }
}

/* One user of a card at a time. */
static void test_lock(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) first = store_open(f->folder, EID, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) again = NULL;

    (void)data;
    g_assert_nonnull(first);
    g_assert_null(store_open(f->folder, EID, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY);
    g_clear_pointer(&first, store_free);
    again = store_open(f->folder, EID, NULL);
    g_assert_nonnull(again);
}

static void test_remove_unsaved(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_store(f);
    IpaRecord *record = make_record("x");

    (void)data;
    g_assert_true(store_remove_record(store, record, NULL));
    ipa_record_free(record);
}

/* Cards share nothing. */
static void test_two_cards(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) one = open_store(f);
    g_autoptr(Store) two = store_open(f->folder, "89049032118876543210123456789065", NULL);
    IpaRecord *record = make_record("x");
    g_autoptr(GPtrArray) records = NULL;

    (void)data;
    g_assert_true(store_save_record(one, record, NULL));
    g_assert_true(store_set_cause(one, "a", 1, NULL));
    records = load_records(two, 0);
    g_assert_cmpuint(records->len, ==, 0);
    g_assert_cmpint(store_get_cause(two, "a"), ==, -1);
    ipa_record_free(record);
}

/* A file an eIM, whatever its name holds, and none for eIMs that have left the card. */
static void test_sessions(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_store(f);
    g_autoptr(GPtrArray) eims = g_ptr_array_new();
    g_autofree char *folder = g_build_filename(f->card, "tls", NULL);
    g_autofree char *stays = store_get_session_path(store, "eim1.example.com");
    g_autofree char *goes = store_get_session_path(store, "../../../etc/eim2 \xC3\xA4");
    g_autofree char *stays_in = g_path_get_dirname(stays), *goes_in = g_path_get_dirname(goes);
    IpaEim eim = { .eim_id = (char *)"eim1.example.com" };

    (void)data;
    g_assert_cmpstr(stays_in, ==, folder);
    g_assert_cmpstr(goes_in, ==, folder);
    g_assert_cmpstr(stays, !=, goes);
    g_assert_true(g_file_set_contents(stays, "x", 1, NULL));
    g_assert_true(g_file_set_contents(goes, "x", 1, NULL));
    g_ptr_array_add(eims, &eim);
    store_prune_sessions(store, eims);
    g_assert_true(g_file_test(stays, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(goes, G_FILE_TEST_EXISTS));
}

#define ADD(name, func) g_test_add("/store/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("round-trip", test_round_trip);
    ADD("round-trip-download", test_round_trip_download);
    ADD("bad-download", test_bad_download);
    ADD("round-trip-empty", test_round_trip_empty);
    ADD("large-result", test_large_result);
    ADD("order", test_order);
    ADD("bad-files", test_bad_files);
    ADD("other-names", test_other_names);
    ADD("causes", test_causes);
    ADD("dialects", test_dialects);
    ADD("bindings", test_bindings);
    ADD("enabled-iccid", test_enabled_iccid);
    ADD("bad-state", test_bad_state);
    ADD("unwritable", test_unwritable);
    ADD("remove-unsaved", test_remove_unsaved);
    ADD("two-cards", test_two_cards);
    ADD("sessions", test_sessions);
    ADD("lock", test_lock);
    ADD("rung", test_rung);
    return g_test_run();
}
