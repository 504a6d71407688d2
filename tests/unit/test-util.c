/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

/* ---- bytes ---- */

static void test_decimal(void)
{
    static const char *const bad[] = { "",    " 1",  "1 ",  "+1", "-1",
                                       "\v1", "\t1", "0x1", "1.", "18446744073709551616" };
    guint64 number = 7;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(bytes_parse_decimal(bad[i], G_MAXUINT64, &number));
    g_assert_false(bytes_parse_decimal("256", 255, &number));
    g_assert_cmpuint(number, ==, 7);
    g_assert_true(bytes_parse_decimal("255", 255, &number));
    g_assert_cmpuint(number, ==, 255);
    g_assert_true(bytes_parse_decimal("18446744073709551615", G_MAXUINT64, &number));
    g_assert_cmpuint(number, ==, G_MAXUINT64);
    g_assert_true(bytes_parse_decimal("007", 255, &number));
    g_assert_cmpuint(number, ==, 7);
}

static void test_hex(void)
{
    static const guint8 data[] = { 0x00, 0x0F, 0xA5, 0xFF };
    static const struct {
        const char *hex, *message;
    } bad[] = {
        { "A", "hex text has an odd number of digits (1)" },
        { "0G", "not a hex digit at position 1" },
        { "00 1", "not a hex digit at position 2" },
        { "00-1", "not a hex digit at position 2" },
        { "0x", "not a hex digit at position 1" },
    };
    g_autofree char *hex = bytes_to_hex(data, sizeof(data));
    g_autofree char *empty = bytes_to_hex(NULL, 0);
    g_autoptr(GBytes) bytes = bytes_from_hex("000fA5fF", NULL);
    g_autoptr(GBytes) none = bytes_from_hex("", NULL);
    g_autofree char *again = bytes_gbytes_to_hex(bytes);

    g_assert_cmpstr(hex, ==, "000FA5FF");
    g_assert_cmpstr(again, ==, hex);
    g_assert_cmpstr(empty, ==, "");
    g_assert_cmpuint(g_bytes_get_size(none), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(bytes_from_hex(bad[i].hex, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
        g_assert_cmpstr(error->message, ==, bad[i].message);
    }
}

static JsonArray *load_identifiers(JsonParser *parser, const char *list)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "identifiers.json", NULL);
    g_autoptr(GError) error = NULL;

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), list);
}

static const char *member(JsonArray *array, guint i, const char *name)
{
    JsonObject *object = json_array_get_object_element(array, i);

    return json_object_get_null_member(object, name) ? NULL
                                                     : json_object_get_string_member(object, name);
}

/* Syntax is one thing, check digits another: the latter are shown, never required. */
static void test_eid(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *list = load_identifiers(parser, "eid");

    g_assert_cmpuint(json_array_get_length(list), ==, 24);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        const char *digits = member(list, i, "eid");
        gboolean valid = json_object_get_boolean_member(entry, "valid");
        g_autoptr(GError) error = NULL;
        guint8 eid[EID_SIZE] = { 0 };

        g_assert_cmpint(eid_check_digits_ok(digits), ==, valid);
        if (eid_from_string(digits, eid, &error)) {
            g_autofree char *text = eid_to_string(eid, sizeof(eid), NULL);

            g_assert_cmpstr(text, ==, digits);
        } else {
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
            g_assert_false(valid);
        }
        if (valid) {
            g_autofree char *hex = bytes_to_hex(eid, sizeof(eid));

            g_assert_cmpstr(hex, ==, json_object_get_string_member(entry, "bytes"));
        }
    }
}

static void test_eid_bad(void)
{
    g_autoptr(GError) error = NULL;
    guint8 eid[EID_SIZE];

    memset(eid, 0x89, sizeof(eid));
    g_assert_null(eid_to_string(eid, 15, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_cmpstr(error->message, ==, "EID has 15 octets, not 16");
    g_clear_error(&error);
    eid[3] = 0x8A;
    g_assert_null(eid_to_string(eid, sizeof(eid), &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_cmpstr(error->message, ==, "EID 8989898A898989898989898989898989 is not decimal");
}

static void test_iccid(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *list = load_identifiers(parser, "iccid");

    g_assert_cmpuint(json_array_get_length(list), ==, 7);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        const char *digits = member(list, i, "iccid");
        g_autoptr(GBytes) wire = bytes_from_hex(member(list, i, "bf25_5a"), NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        guint8 iccid[ICCID_SIZE];

        g_assert_true(iccid_from_string(digits, iccid, &error));
        g_assert_no_error(error);
        g_assert_cmpmem(iccid, sizeof(iccid), g_bytes_get_data(wire, NULL),
                        (int)g_bytes_get_size(wire));
        text = iccid_to_string(iccid, sizeof(iccid), &error);
        g_assert_cmpstr(text, ==, digits);
    }
}

static void test_iccid_decode(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *list = load_identifiers(parser, "iccid_decode");

    g_assert_cmpuint(json_array_get_length(list), ==, 10);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        g_autoptr(GBytes) wire = bytes_from_hex(member(list, i, "wire"), NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text =
            iccid_to_string(g_bytes_get_data(wire, NULL), g_bytes_get_size(wire), &error);

        /* Hex digits are shown, not refused: such cards exist, and their profiles must have a name. */
        if (g_str_equal(member(list, i, "wire"), "980010103254769810A2")) {
            g_assert_cmpstr(text, ==,
                            "890001012345678901"
                            "2A");
            continue;
        }
        g_assert_cmpstr(text, ==, member(list, i, "iccid"));
        if (!text)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

static void test_iccid_bad(void)
{
    static const char *const bad[] = { "",
                                       "89000101234567890",
                                       "890001012345678901234",
                                       "8900010123456789012F",
                                       " 9000101234567890123",
                                       "89000101234567890-" };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        guint8 iccid[ICCID_SIZE] = { 0x42 };

        g_assert_false(iccid_from_string(bad[i], iccid, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT);
        g_assert_cmpuint(iccid[0], ==, 0x42);
    }
}

static void test_mask(void)
{
    g_autofree char *masked = bytes_mask("89000101234567890123");
    g_autofree char *shorter = bytes_mask("123");

    g_assert_cmpstr(masked, ==, "…0123");
    g_assert_cmpstr(shorter, ==, "…123");
}

/* ---- errors ---- */

static void test_error_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < EUICCD_N_ERRORS; i++) {
        g_autoptr(GError) error = g_error_new_literal(EUICCD_ERROR, (gint)i, "x");
        const char *name = euiccd_error_dbus_name(error);

        g_assert_nonnull(name);
        g_assert_true(g_str_has_prefix(name, "org.euiccd1.Error."));
        g_assert_cmpstr(name + strlen("org.euiccd1.Error."), ==, euiccd_error_name((EuiccdError)i));
        g_assert_true(g_ascii_isupper(euiccd_error_name((EuiccdError)i)[0]));
        g_assert_true(g_hash_table_add(seen, (gpointer)name));
        g_assert_true(euiccd_error_is(error, (EuiccdError)i));
    }
    g_assert_cmpstr(euiccd_error_name(EUICCD_ERROR_CARD_RESET), ==, "CardReset");
    g_assert_cmpstr(euiccd_error_name(EUICCD_N_ERRORS), ==, "Failed");
    g_assert_cmpstr(euiccd_error_name((EuiccdError)-1), ==, "Failed");
}

static void test_error_foreign(void)
{
    static const struct {
        gint code;
        const char *name;
    } gio[] = {
        { G_IO_ERROR_CANCELLED, "org.euiccd1.Error.Cancelled" },
        { G_IO_ERROR_TIMED_OUT, "org.euiccd1.Error.Timeout" },
        { G_IO_ERROR_FAILED, "org.euiccd1.Error.Failed" },
    };
    g_autoptr(GError) file = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOSPC, "x");
    g_autoptr(GError) out_of_range = g_error_new_literal(EUICCD_ERROR, 9999, "x");

    for (guint i = 0; i < G_N_ELEMENTS(gio); i++) {
        g_autoptr(GError) error = g_error_new_literal(G_IO_ERROR, gio[i].code, "x");

        g_assert_cmpstr(euiccd_error_dbus_name(error), ==, gio[i].name);
        g_assert_false(euiccd_error_is(error, EUICCD_ERROR_FAILED));
    }
    g_assert_cmpstr(euiccd_error_dbus_name(file), ==, "org.euiccd1.Error.Storage");
    g_assert_cmpstr(euiccd_error_dbus_name(out_of_range), ==, "org.euiccd1.Error.Failed");
    g_assert_false(euiccd_error_is(NULL, EUICCD_ERROR_FAILED));
}

/* ---- files ---- */

typedef struct {
    char *folder;
    char *path;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("euiccd-util-XXXXXX", NULL);
    g_assert_nonnull(f->folder);
    f->path = g_build_filename(f->folder, "file", NULL);
}

static guint count_files(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(f->folder, 0, NULL);
    const char *name;

    (void)data;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(f->folder, name, NULL);

        if (g_unlink(path) < 0)
            g_rmdir(path);
    }
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->path);
}

static void assert_content(const char *path, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, 1000, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes), expected,
                    (int)strlen(expected));
}

static void test_file_replace(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    struct stat st;

    (void)data;
    g_assert_true(file_replace(f->path, "old", 3, &error));
    g_assert_no_error(error);
    assert_content(f->path, "old");
    g_assert_true(file_replace(f->path, "newer", 5, &error));
    assert_content(f->path, "newer");
    g_assert_true(file_replace(f->path, NULL, 0, &error));
    assert_content(f->path, "");
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
    g_assert_cmpuint(count_files(f->folder), ==, 1);
}

static void test_file_replace_fails(Fixture *f, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(f->folder, "missing", "file", NULL);
    g_autofree char *under_file = g_build_filename(f->path, "file", NULL);
    g_autofree char *folder = g_build_filename(f->folder, "folder", NULL);
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_false(file_replace(missing, "x", 1, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_clear_error(&error);
    g_assert_false(file_replace(missing, "x", 1, NULL));

    g_assert_true(file_replace(f->path, "x", 1, NULL));
    g_assert_false(file_replace(under_file, "x", 1, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_clear_error(&error);

    /* A folder in the place of the file: refused, and no temporary file stays. */
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_false(file_replace(folder, "x", 1, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_cmpuint(count_files(f->folder), ==, 2);
}

/* A full disk, played by the size limit of a child: the old content stays, nothing else does. */
static void test_file_replace_full(Fixture *f, gconstpointer data)
{
    pid_t pid;
    int status;

    (void)data;
    g_assert_true(file_replace(f->path, "old", 3, NULL));
    pid = fork();
    if (pid == 0) {
        struct rlimit limit = { 4096, 4096 };
        static char big[65536];
        GError *error = NULL;
        gboolean is_storage;

        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
            _exit(2);
        if (file_replace(f->path, big, sizeof(big), &error))
            _exit(3);
        is_storage = euiccd_error_is(error, EUICCD_ERROR_STORAGE);
        g_error_free(error);
        _exit(is_storage ? 0 : 4);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    assert_content(f->path, "old");
    g_assert_cmpuint(count_files(f->folder), ==, 1);
}

#define BLOCK 20000

static char read_uniform(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, 100000, &error);
    const char *data;

    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, BLOCK);
    data = g_bytes_get_data(bytes, NULL);
    for (gsize i = 1; i < BLOCK; i++)
        g_assert_cmpint(data[i], ==, data[0]);
    return data[0];
}

G_GNUC_NORETURN static void replace_for_ever(const char *path, guint round)
{
    static char block[BLOCK];

    for (guint i = 0;; i++) {
        memset(block, 'A' + (int)((round + i) % 26), sizeof(block));
        if (!file_replace(path, block, sizeof(block), NULL))
            _exit(1);
    }
}

/* A reader, and whoever comes after a kill, sees one content or another, whole. */
static void test_file_kill(Fixture *f, gconstpointer data)
{
    static char block[BLOCK];

    (void)data;
    memset(block, 'A', sizeof(block));
    g_assert_true(file_replace(f->path, block, sizeof(block), NULL));
    for (guint round = 0; round < 10; round++) {
        pid_t pid = fork();
        char last;
        int status;

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
            replace_for_ever(f->path, round);
        last = read_uniform(f->path);
        for (guint changes = 0; changes < 3;) {
            char now = read_uniform(f->path);

            g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0); /* still at it */
            if (now != last)
                changes++;
            last = now;
        }
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFSIGNALED(status));
        (void)read_uniform(f->path);
    }
}

/* ---- what is on the disk, and in which order ---- */

static const char *sync_path; /* NULL: nobody looks */
static GString *syncs;

/* In the place of the C library's: notes what is made durable, and what stands at SYNC_PATH by then. */
int fsync(int fd)
{
    g_autofree char *content = NULL;
    struct stat st;

    if (!sync_path)
        return (int)syscall(SYS_fsync, fd);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    (void)g_file_get_contents(sync_path, &content, NULL, NULL);
    if (S_ISDIR(st.st_mode))
        g_string_append(syncs, "folder");
    else
        g_string_append_printf(syncs, "%d octets", (int)st.st_size);
    g_string_append_printf(syncs, " while %s; ", content ? content : "nothing");
    return (int)syscall(SYS_fsync, fd);
}

static void assert_syncs(const char *expected)
{
    g_assert_cmpstr(syncs->str, ==, expected);
    g_string_truncate(syncs, 0);
}

/* The content before the name that leads to it, the name before anybody relies on it (invariant 3): a power
 * cut can't be played here, the order can be seen. */
static void test_file_durable(Fixture *f, gconstpointer data)
{
    g_autofree char *below = g_build_filename(f->folder, "a", "b", NULL);

    (void)data;
    syncs = g_string_new(NULL);
    sync_path = f->path;
    g_assert_true(file_replace(f->path, "old", 3, NULL));
    assert_syncs("3 octets while nothing; folder while old; ");
    g_assert_true(file_replace(f->path, "newer", 5, NULL));
    assert_syncs("5 octets while old; folder while newer; ");
    g_assert_true(file_remove(f->path, NULL));
    assert_syncs("folder while nothing; ");
    g_assert_true(file_make_folder(below, NULL));
    assert_syncs("folder while nothing; folder while nothing; ");
    sync_path = NULL;
    g_string_free(g_steal_pointer(&syncs), TRUE);
}

static void test_file_read(Fixture *f, gconstpointer data)
{
    g_autofree char *fifo = g_build_filename(f->folder, "fifo", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;

    (void)data;
    g_assert_null(file_read(f->path, 10, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    g_clear_error(&error);

    g_assert_true(file_replace(f->path, "0123456789", 10, NULL));
    bytes = file_read(f->path, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, 10);
    g_assert_null(file_read(f->path, 9, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_assert_true(g_str_has_suffix(error->message, "has 10 octets, the limit is 9"));
    g_clear_error(&error);

    g_assert_null(file_read(f->folder, 10, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_true(g_str_has_suffix(error->message, "is not a regular file"));
    g_clear_error(&error);
    /* Opening it for reading would wait for a writer. */
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_null(file_read(fifo, 10, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_clear_error(&error);
    g_assert_null(file_read("/dev/null", 10, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
}

static void test_file_remove(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_true(file_replace(f->path, "x", 1, NULL));
    g_assert_true(file_remove(f->path, &error));
    g_assert_cmpuint(count_files(f->folder), ==, 0);
    g_assert_true(file_remove(f->path, &error)); /* not there: done */
    g_assert_no_error(error);
    g_assert_cmpint(g_mkdir(f->path, 0700), ==, 0);
    g_assert_false(file_remove(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
}

static void test_file_folder(Fixture *f, gconstpointer data)
{
    g_autofree char *deep = g_build_filename(f->folder, "a", "b", "c", NULL);
    g_autofree char *file = g_build_filename(deep, "file", NULL);
    g_autofree char *under = g_build_filename(file, "d", NULL);
    g_autoptr(GError) error = NULL;
    struct stat st;

    (void)data;
    g_assert_true(file_make_folder(deep, &error));
    g_assert_no_error(error);
    g_assert_true(file_make_folder(deep, &error)); /* again */
    g_assert_true(file_replace(file, "x", 1, &error));
    g_assert_false(file_make_folder(file, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_clear_error(&error);
    g_assert_false(file_make_folder(under, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_cmpint(g_unlink(file), ==, 0);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpint(stat(deep, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
        g_assert_cmpint(g_rmdir(deep), ==, 0);
        *strrchr(deep, '/') = '\0';
    }
}

/* ---- clock ---- */

typedef struct {
    gint64 due;
    GSource *source;
    guint fired;
} Timer;

static gboolean note(gpointer data)
{
    Timer *timer = data;

    g_assert_cmpint(clock_boottime(), >=, timer->due); /* never early */
    timer->fired++;
    return G_SOURCE_CONTINUE; /* has no meaning: once */
}

static void drop_source(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

/* Of timers that are due when the loop comes to look, any may be the first. */
static void run_timers(GMainContext *context)
{
    gint64 now = clock_boottime();
    Timer shots[] = { { .due = now + 60000 }, { .due = now + 20000 }, { .due = -5 }, { .due = 0 } };
    Timer never = { .due = now + 30000 }, far = { .due = clock_deadline(G_MAXUINT) };

    for (guint i = 0; i < G_N_ELEMENTS(shots); i++)
        shots[i].source = clock_timer_new(shots[i].due, context, note, &shots[i]);
    never.source = clock_timer_new(never.due, context, note, &never);
    far.source = clock_timer_new(far.due, context, note, &far);
    drop_source(never.source);
    for (guint i = 0; i < G_N_ELEMENTS(shots); i++)
        while (shots[i].fired == 0)
            g_main_context_iteration(context, TRUE);
    while (g_main_context_iteration(context, FALSE))
        continue;
    for (guint i = 0; i < G_N_ELEMENTS(shots); i++) {
        g_assert_cmpuint(shots[i].fired, ==, 1);
        g_assert_true(g_source_is_destroyed(shots[i].source));
        g_source_unref(shots[i].source);
    }
    g_assert_cmpuint(never.fired, ==, 0);
    g_assert_cmpuint(far.fired, ==, 0);
    g_assert_false(g_source_is_destroyed(far.source));
    drop_source(far.source);
}

static void test_clock_timers(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();

    run_timers(NULL);
    run_timers(context);
}

static void test_clock(void)
{
    gint64 before = clock_boottime();

    g_assert_cmpint(clock_boottime(), >=, before);
    g_assert_cmpint(clock_deadline(10), >=, before + 10 * G_USEC_PER_SEC);
    g_assert_cmpint(clock_is_set(), ==,
                    clock_realtime() >= G_GINT64_CONSTANT(1767225600) * G_USEC_PER_SEC);
}

/* ---- log ---- */

static void test_log_levels(void)
{
    static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
    LogLevel level = LOG_LEVEL_NOTICE;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *number = g_strdup_printf("%u", i + 3);
        g_autofree char *upper = g_ascii_strup(names[i], -1);

        g_assert_true(log_level_from_string(names[i], &level));
        g_assert_cmpuint(level, ==, i + 3);
        g_assert_true(log_level_from_string(number, &level));
        g_assert_cmpuint(level, ==, i + 3);
        g_assert_true(log_level_from_string(upper, &level));
        g_assert_cmpstr(log_level_to_string(level), ==, names[i]);
    }
    level = LOG_LEVEL_NOTICE;
    g_assert_false(log_level_from_string("", &level));
    g_assert_false(log_level_from_string("2", &level));
    g_assert_false(log_level_from_string("8", &level));
    g_assert_false(log_level_from_string("33", &level));
    g_assert_false(log_level_from_string("infos", &level));
    g_assert_cmpuint(level, ==, LOG_LEVEL_NOTICE);
}

static void test_log_plain(void)
{
    const LogContext context = { .object = "cdc-wdm0", .eid = "89049032" };
    const LogContext bare = { .eim = "eim.example.com" };

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("<warning> [cdc-wdm0] one 1\n"
                                  "<notice> two\n"
                                  "<notice> peer's <error> forged  [31m\n"
                                  "<info> three\n"
                                  "<debug> shown now\n"
                                  "<warning> [lib] from a library\n"
                                  "<debug> [lib] chatter\n");
        return;
    }
    g_log_set_always_fatal(G_LOG_FATAL_MASK); /* the test program has made warnings fatal */
    log_init(LOG_LEVEL_INFO);
    log_warning(&context, "one %d", 1); /* the EID is not for the eye */
    log_notice(&bare, "two");
    log_notice(NULL, "%s", "peer's\n<error> forged\r\033[31m");
    log_full(NULL, LOG_LEVEL_INFO, LOG_EVENT_STARTED, "three");
    log_debug(NULL, "not shown");
    g_log("lib", G_LOG_LEVEL_MESSAGE, "not shown");
    g_assert_cmpuint(log_get_level(), ==, LOG_LEVEL_INFO);
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug(NULL, "shown now");
    g_log("lib", G_LOG_LEVEL_WARNING, "from a library");
    g_log("lib", G_LOG_LEVEL_MESSAGE, "chatter");
}

/* Arguments of a line that is not written are not computed. */
static void test_log_lazy(void)
{
    guint computed = 0;
    LogLevel before = log_get_level();

    log_set_level(LOG_LEVEL_ERROR);
    log_warning(NULL, "%u", ++computed);
    log_set_level(before);
    g_assert_cmpuint(computed, ==, 0);
}

#define ADD_FILE(name, func) g_test_add("/util/file/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/hex", test_hex);
    g_test_add_func("/util/decimal", test_decimal);
    g_test_add_func("/util/eid/vectors", test_eid);
    g_test_add_func("/util/eid/bad", test_eid_bad);
    g_test_add_func("/util/iccid/vectors", test_iccid);
    g_test_add_func("/util/iccid/decode-vectors", test_iccid_decode);
    g_test_add_func("/util/iccid/bad", test_iccid_bad);
    g_test_add_func("/util/mask", test_mask);
    g_test_add_func("/util/error/names", test_error_names);
    g_test_add_func("/util/error/foreign", test_error_foreign);
    ADD_FILE("replace", test_file_replace);
    ADD_FILE("replace-fails", test_file_replace_fails);
    ADD_FILE("replace-full", test_file_replace_full);
    ADD_FILE("kill", test_file_kill);
    ADD_FILE("durable", test_file_durable);
    ADD_FILE("read", test_file_read);
    ADD_FILE("remove", test_file_remove);
    ADD_FILE("folder", test_file_folder);
    g_test_add_func("/util/clock/now", test_clock);
    g_test_add_func("/util/clock/timers", test_clock_timers);
    g_test_add_func("/util/log/levels", test_log_levels);
    g_test_add_func("/util/log/plain", test_log_plain);
    g_test_add_func("/util/log/lazy", test_log_lazy);
    return g_test_run();
}
