/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <unistd.h>

#include "agent/deliveries.h"
#include "util/clock.h"

/* When notifications are due. The clocks are this file's: time passes only where a test says so. */

#define EID  "89049032123451234512345678901235"
#define HOUR 3600

static gint64 boottime, realtime; /* seconds */

gint64 clock_boottime(void)
{
    return boottime * G_USEC_PER_SEC;
}

gint64 clock_realtime(void)
{
    return realtime * G_USEC_PER_SEC;
}

gboolean clock_is_set(void)
{
    return TRUE;
}

GSource *clock_timer_new(gint64 due, GMainContext *context, GSourceFunc callback, gpointer data)
{
    (void)due, (void)context, (void)callback, (void)data;
    g_assert_not_reached();
}

static void pass(gint64 seconds)
{
    boottime += seconds;
    realtime += seconds;
}

typedef struct {
    char *folder;
    Config config;
    LogContext log;
    Store *store;
    Deliveries *deliveries;
} Fixture;

static void open_all(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    f->store = store_open(f->folder, EID, &error);
    g_assert_no_error(error);
    f->deliveries = deliveries_new(&f->config, &f->log);
    deliveries_set_store(f->deliveries, f->store);
}

static void close_all(Fixture *f)
{
    g_clear_pointer(&f->deliveries, deliveries_free);
    g_clear_pointer(&f->store, store_free);
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    boottime = 5000;
    realtime = 1790000000;
    f->folder = g_dir_make_tmp("euiccd-deliveries-XXXXXX", NULL);
    f->config.poll_retry_first = 60;
    f->config.poll_retry_limit = 1000;
    open_all(f);
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
    close_all(f);
    remove_all(f->folder);
    g_free(f->folder);
}

/* The daemon is started anew, and its boot clock with it. */
static void restart(Fixture *f)
{
    close_all(f);
    boottime = 10;
    open_all(f);
}

static const IpaNotification one = { "1 aa", "smdp.example.com", 1 };
static const IpaNotification two = { "2 bb", "smdp.example.com", 2 };
static const IpaNotification other = { "3 cc", "other.example", 3 };

/* A round that delivers nothing: the list has KEYS (NULL-ended), and for each of them it is asked whether it is due. */
static void see(Fixture *f, const char *const *keys)
{
    const IpaNotification *const known[] = { &one, &two, &other };
    g_autoptr(GPtrArray) array = g_ptr_array_new();

    for (guint i = 0; keys[i]; i++)
        g_ptr_array_add(array, (gpointer)keys[i]);
    deliveries_note_seen(f->deliveries, array);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_strv_contains(keys, known[i]->key))
            (void)deliveries_is_due(f->deliveries, known[i]);
}

static const char *const all_keys[] = { "1 aa", "2 bb", "3 cc", NULL };

/* Seconds until a round is worth it; -1: never. */
static gint64 wait_of(Fixture *f, guint pending)
{
    gint64 due = deliveries_get_due(f->deliveries, pending);

    return due ? (due - clock_boottime()) / G_USEC_PER_SEC : -1;
}

static void assert_about(gint64 seconds, gint64 expected)
{
    g_assert_cmpint(seconds, >=, expected);
    g_assert_cmpint(seconds, <=, expected + expected / 10 + 1);
}

/* A card that was just read may have any; one without notifications wakes nobody. */
static void test_first(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(wait_of(f, 0), ==, -1);
    g_assert_cmpint(wait_of(f, 2), ==, 0);
    g_assert_true(deliveries_is_due(f->deliveries, &one));
    g_assert_true(deliveries_is_due(f->deliveries, &two));
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_DONE, 0, NULL);
    deliveries_settle(f->deliveries, &two, IPA_DELIVERY_DONE, 0, NULL);
    see(f, (const char *const[]){ NULL });
    deliveries_end_round(f->deliveries, TRUE, 0);
    g_assert_cmpint(wait_of(f, 0), ==, -1);
    /* More than were seen: there is a new one. */
    g_assert_cmpint(wait_of(f, 1), ==, 0);
}

/* 1, 2, 4, 8, 16 h, then daily (I-16), for this notification alone. */
static void test_refused(Fixture *f, gconstpointer data)
{
    static const gint64 hours[] = { 1, 2, 4, 8, 16, 24, 24 };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(hours); i++) {
        gint64 wait;

        g_assert_true(deliveries_is_due(f->deliveries, &one));
        deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
        g_assert_false(deliveries_is_due(f->deliveries, &one));
        g_assert_true(deliveries_is_due(f->deliveries, &two));
        see(f, (const char *const[]){ "1 aa", NULL });
        deliveries_end_round(f->deliveries, TRUE, 1);
        wait = wait_of(f, 1);
        assert_about(wait, hours[i] * HOUR);
        pass(wait - 1);
        g_assert_false(deliveries_is_due(f->deliveries, &one));
        pass(2);
    }
}

/* A receiver that asks for more time gets it; one that asks for less does not. */
static void test_retry_after(Fixture *f, gconstpointer data)
{
    (void)data;
    (void)deliveries_is_due(f->deliveries, &one);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 5 * HOUR, "no");
    see(f, (const char *const[]){ "1 aa", NULL });
    assert_about(wait_of(f, 1), 5 * HOUR);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 10, "no");
    assert_about(wait_of(f, 1), 2 * HOUR);
    deliveries_settle(f->deliveries, &other, IPA_DELIVERY_UNREACHABLE, 300, "no");
    g_assert_false(deliveries_is_due(f->deliveries, &other));
    pass(299);
    g_assert_false(deliveries_is_due(f->deliveries, &other));
}

/* Who can't be reached is left alone with all that is for it; nobody else is. */
static void test_unreachable(Fixture *f, gconstpointer data)
{
    static const gint64 waits[] = { 60, 120, 240, 480, 960, 1000, 1000 };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(waits); i++) {
        gint64 wait;

        g_assert_true(deliveries_is_due(f->deliveries, &one));
        deliveries_settle(f->deliveries, &one, IPA_DELIVERY_UNREACHABLE, 0, "no");
        g_assert_false(deliveries_is_due(f->deliveries, &two));
        g_assert_true(deliveries_is_due(f->deliveries, &other));
        if (i == 0)
            deliveries_settle(f->deliveries, &other, IPA_DELIVERY_DONE, 0, NULL);
        see(f, (const char *const[]){ "1 aa", "2 bb", NULL });
        deliveries_end_round(f->deliveries, TRUE, 2);
        wait = wait_of(f, 2);
        assert_about(wait, waits[i]);
        pass(wait);
    }
    /* It answers again: at once, and the next failure is a first one. */
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_DONE, 0, NULL);
    g_assert_true(deliveries_is_due(f->deliveries, &two));
    deliveries_settle(f->deliveries, &two, IPA_DELIVERY_UNREACHABLE, 0, "no");
    see(f, (const char *const[]){ "2 bb", NULL });
    assert_about(wait_of(f, 1), 60);
}

/* A refusal is an answer. */
static void test_refusal_ends_silence(Fixture *f, gconstpointer data)
{
    (void)data;
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_UNREACHABLE, 0, "no");
    g_assert_false(deliveries_is_due(f->deliveries, &two));
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
    g_assert_true(deliveries_is_due(f->deliveries, &two));
}

/* A round that fails, or that leaves what is due, is not repeated at once and for ever. */
static void test_failed_round(Fixture *f, gconstpointer data)
{
    gint64 wait;

    (void)data;
    deliveries_end_round(f->deliveries, FALSE, 2);
    wait = wait_of(f, 2);
    assert_about(wait, 60);
    pass(wait);
    g_assert_cmpint(wait_of(f, 2), ==, 0);
    /* It ended well, but nobody says that the list was read. */
    deliveries_end_round(f->deliveries, TRUE, 2);
    wait = wait_of(f, 2);
    assert_about(wait, 120);
    /* Another profile is enabled: another network, and other notifications. */
    deliveries_note_change(f->deliveries);
    g_assert_cmpint(wait_of(f, 2), ==, 0);
    deliveries_end_round(f->deliveries, FALSE, 2);
    assert_about(wait_of(f, 2), 60);
}

/* Pauses and ages survive a restart, whatever the boot clock begins with. */
static void test_restart(Fixture *f, gconstpointer data)
{
    gint64 since = clock_realtime();

    (void)data;
    (void)deliveries_is_due(f->deliveries, &one);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
    deliveries_settle(f->deliveries, &other, IPA_DELIVERY_UNREACHABLE, 0, "no");
    see(f, (const char *const[]){ "1 aa", "3 cc", NULL });
    pass(30);
    restart(f);
    g_assert_cmpint(deliveries_get_oldest(f->deliveries, 2), ==, since);
    g_assert_cmpint(wait_of(f, 2), ==, 0); /* nobody saw what happened meanwhile */
    g_assert_false(deliveries_is_due(f->deliveries, &one));
    g_assert_false(deliveries_is_due(f->deliveries, &other));
    g_assert_true(deliveries_is_due(f->deliveries, &two));
    see(f, (const char *const[]){ "1 aa", "3 cc", NULL });
    deliveries_end_round(f->deliveries, TRUE, 2);
    g_assert_cmpint(wait_of(f, 2), >=, 30);
    g_assert_cmpint(wait_of(f, 2), <=, 36);
    pass(37);
    g_assert_true(deliveries_is_due(f->deliveries, &other));
    /* The second refusal, not the first. */
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
    see(f, (const char *const[]){ "1 aa", NULL });
    assert_about(wait_of(f, 1), 2 * HOUR);
}

/* A clock that was set back makes nothing wait longer than a failure now would, and more than a day: not at all. */
static void test_clock_jumps(Fixture *f, gconstpointer data)
{
    (void)data;
    (void)deliveries_is_due(f->deliveries, &one);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
    see(f, (const char *const[]){ "1 aa", NULL });
    realtime -= 2 * HOUR;
    restart(f);
    g_assert_false(deliveries_is_due(f->deliveries, &one));
    see(f, (const char *const[]){ "1 aa", NULL });
    g_assert_cmpint(wait_of(f, 1), <=, HOUR);
    realtime -= 2 * 24 * HOUR;
    restart(f);
    g_assert_true(deliveries_is_due(f->deliveries, &one));
}

/* What the card no longer has is forgotten, its receiver's pause too. */
static void test_forget(Fixture *f, gconstpointer data)
{
    gint64 first = clock_realtime();

    (void)data;
    (void)deliveries_is_due(f->deliveries, &other);
    deliveries_settle(f->deliveries, &other, IPA_DELIVERY_UNREACHABLE, 0, "no");
    see(f, all_keys);
    pass(100);
    g_assert_cmpint(deliveries_get_oldest(f->deliveries, 3), ==, first);
    g_assert_cmpint(deliveries_get_oldest(f->deliveries, 0), ==, 0);
    see(f, (const char *const[]){ "4 dd", NULL });
    g_assert_cmpint(deliveries_get_oldest(f->deliveries, 1), ==, clock_realtime());
    g_assert_true(deliveries_is_due(f->deliveries, &other));
}

/* What nobody asks about is an eIM's to deliver, or can't be read: it wakes nobody. */
static void test_not_ours(Fixture *f, gconstpointer data)
{
    (void)data;
    see(f, (const char *const[]){ "4 dd", NULL }); /* and one that has no key */
    deliveries_end_round(f->deliveries, TRUE, 2);
    g_assert_cmpint(wait_of(f, 2), ==, -1);
    g_assert_cmpint(wait_of(f, 1), ==, -1);
    g_assert_cmpint(wait_of(f, 2), ==, 0); /* another one came */
    see(f, (const char *const[]){ "1 aa", "4 dd", NULL });
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
    deliveries_end_round(f->deliveries, TRUE, 2);
    assert_about(wait_of(f, 2), HOUR);
}

/* A result that was just made goes out without the list being read. */
static void test_just_made(Fixture *f, gconstpointer data)
{
    (void)data;
    see(f, (const char *const[]){ NULL });
    g_assert_cmpint(wait_of(f, 0), ==, -1);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_UNREACHABLE, 0, "no");
    g_assert_cmpint(wait_of(f, 1), ==, 0); /* the card has more than it had */
    see(f, (const char *const[]){ "1 aa", NULL });
    assert_about(wait_of(f, 1), 60);
}

/* Whatever stands in the file: it is a pause at most that is lost. */
static void test_bad_file(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = {
        "",
        "no key file",
        "[notification 31206161]\nfailures=1\ndue=99999999999999999999\nsince=x\n",
        "[notification 31206161]\nfailures=-1\ndue=-5\nsince=-1\n",
        "[notification xyz]\nfailures=1\n[receiver ]\nfailures=3\ndue=1\n[other]\na=b\n",
    };
    g_autofree char *path = g_build_filename(f->folder, EID, "notifications", NULL);

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        restart(f);
        g_assert_true(deliveries_is_due(f->deliveries, &one));
        g_assert_cmpint(wait_of(f, 1), ==, 0);
        deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "no");
        g_assert_false(deliveries_is_due(f->deliveries, &one));
        deliveries_settle(f->deliveries, &one, IPA_DELIVERY_DONE, 0, NULL);
    }
}

#define NO_CI "eSIM CI certificates: there is none in no folder"

/* What is said on standard error from now on goes to the file that is returned. */
static FILE *begin_listening(int *ret_stderr)
{
    FILE *heard = tmpfile();

    fflush(stderr);
    *ret_stderr = dup(STDERR_FILENO);
    g_assert_cmpint(dup2(fileno(heard), STDERR_FILENO), >=, 0);
    return heard;
}

/* Lines that were. */
static guint end_listening(FILE *heard, int old_stderr)
{
    guint n = 0;
    int c;

    fflush(stderr);
    g_assert_cmpint(dup2(old_stderr, STDERR_FILENO), >=, 0);
    close(old_stderr);
    rewind(heard);
    while ((c = getc(heard)) != EOF)
        n += c == '\n';
    fclose(heard);
    return n;
}

static guint block(Fixture *f, const IpaNotification *notification, const char *why)
{
    int old_stderr;
    FILE *heard = begin_listening(&old_stderr);

    log_set_level(LOG_LEVEL_WARNING);
    deliveries_settle(f->deliveries, notification, IPA_DELIVERY_IMPOSSIBLE, 0, why);
    log_set_level(LOG_LEVEL_ERROR);
    return end_listening(heard, old_stderr);
}

static void assert_problem(Fixture *f, guint pending, const char *text)
{
    g_autofree char *problem = deliveries_get_problem(f->deliveries, pending);

    g_assert_cmpstr(problem, ==, text);
}

/* What the configuration does not allow is told once for a receiver, wakes nobody, and is tried after a change. */
static void test_blocked(Fixture *f, gconstpointer data)
{
    (void)data;
    see(f, (const char *const[]){ "1 aa", "2 bb", NULL });
    g_assert_false(deliveries_is_blocked(f->deliveries));
    assert_problem(f, 2, NULL);
    g_assert_cmpuint(block(f, &one, NO_CI), ==, 1);
    g_assert_cmpuint(block(f, &two, NO_CI), ==, 0);
    deliveries_end_round(f->deliveries, TRUE, 2);
    g_assert_true(deliveries_is_blocked(f->deliveries));
    g_assert_cmpint(wait_of(f, 2), ==, -1);
    pass(100 * HOUR);
    g_assert_cmpint(wait_of(f, 2), ==, -1);
    g_assert_false(deliveries_is_due(f->deliveries, &one));
    assert_problem(f, 2, "smdp.example.com: " NO_CI);
    assert_problem(f, 0, NULL);
    /* Somebody asks: the same is no news; another receiver and another reason are. */
    g_assert_cmpuint(block(f, &one, NO_CI), ==, 0);
    g_assert_cmpuint(block(f, &other, NO_CI), ==, 1);
    g_assert_cmpuint(block(f, &other, "can't be read"), ==, 1);
    /* One that waits for its time still does. */
    deliveries_settle(f->deliveries, &two, IPA_DELIVERY_REFUSED, 0, "no");
    assert_about(wait_of(f, 3), 0);
    see(f, all_keys);
    deliveries_end_round(f->deliveries, TRUE, 3);
    assert_about(wait_of(f, 3), HOUR);
    deliveries_unblock(f->deliveries);
    g_assert_false(deliveries_is_blocked(f->deliveries));
    g_assert_true(deliveries_is_due(f->deliveries, &one));
    g_assert_cmpint(wait_of(f, 3), ==, 0);
    g_assert_cmpuint(block(f, &one, NO_CI), ==, 1);
    /* The card was read anew: tried, but nothing is told twice. */
    deliveries_set_store(f->deliveries, f->store);
    g_assert_true(deliveries_is_due(f->deliveries, &one));
    assert_problem(f, 3, NULL);
    g_assert_cmpuint(block(f, &one, NO_CI), ==, 0);
    restart(f);
    g_assert_true(deliveries_is_due(f->deliveries, &one));
    g_assert_cmpuint(block(f, &one, NO_CI), ==, 1);
}

/* After a week out of reach an eIM may have what is for it (I-15), also when the daemon was restarted meanwhile. */
static void test_overdue(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_false(deliveries_is_overdue(f->deliveries, &one));
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_UNREACHABLE, 0, "away");
    see(f, (const char *const[]){ "1 aa", "2 bb", NULL });
    pass(6 * 24 * HOUR);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_UNREACHABLE, 0, "away");
    restart(f);
    see(f, (const char *const[]){ "1 aa", "2 bb", NULL });
    g_assert_false(deliveries_is_overdue(f->deliveries, &one));
    pass(24 * HOUR);
    g_assert_true(deliveries_is_overdue(f->deliveries, &one));
    g_assert_true(deliveries_is_overdue(f->deliveries, &two));
    g_assert_false(deliveries_is_overdue(f->deliveries, &other));
    /* That an eIM took one does not make the receiver one that can be reached. */
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_RELAYED, 0, NULL);
    g_assert_true(deliveries_is_overdue(f->deliveries, &two));
    g_assert_false(deliveries_is_due(f->deliveries, &two));
    assert_problem(f, 1, NULL);
    deliveries_settle(f->deliveries, &two, IPA_DELIVERY_REFUSED, 0, "no");
    g_assert_false(deliveries_is_overdue(f->deliveries, &two));
}

/* The oldest one's reason, but first what waits for another configuration; gone with its notification. */
static void test_problem(Fixture *f, gconstpointer data)
{
    (void)data;
    see(f, (const char *const[]){ "2 bb", NULL });
    pass(10);
    see(f, all_keys);
    deliveries_settle(f->deliveries, &other, IPA_DELIVERY_UNREACHABLE, 0, "away");
    assert_problem(f, 3, "other.example: away");
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_REFUSED, 0, "status 500");
    assert_problem(f, 3, "smdp.example.com: status 500");
    deliveries_settle(f->deliveries, &two, IPA_DELIVERY_REFUSED, 0, "status 400");
    assert_problem(f, 3, "smdp.example.com: status 400");
    g_assert_cmpuint(block(f, &other, NO_CI), ==, 1);
    assert_problem(f, 3, "other.example: " NO_CI);
    deliveries_settle(f->deliveries, &other, IPA_DELIVERY_DONE, 0, NULL);
    assert_problem(f, 2, "smdp.example.com: status 400");
    see(f, (const char *const[]){ "1 aa", NULL });
    assert_problem(f, 1, "smdp.example.com: status 500");
}

#define ADD(name, func) g_test_add("/deliveries/" name, Fixture, NULL, set_up, func, tear_down)

/* What its receiver has waits for the card alone, also after a restart. */
static void test_stuck(Fixture *f, gconstpointer data)
{
    (void)data;
    see(f, all_keys);
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_STUCK, 0, "no");
    deliveries_settle(f->deliveries, &two, IPA_DELIVERY_UNREACHABLE, 0, "no answer");
    g_assert_false(deliveries_is_due(f->deliveries, &one));
    restart(f);
    see(f, all_keys);
    g_assert_true(deliveries_is_stuck(f->deliveries, &one));
    g_assert_false(deliveries_is_stuck(f->deliveries, &two));
    pass(HOUR + HOUR / 5);
    g_assert_true(deliveries_is_due(f->deliveries, &one));
    deliveries_settle(f->deliveries, &one, IPA_DELIVERY_DONE, 0, NULL);
    g_assert_false(deliveries_is_stuck(f->deliveries, &one));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    ADD("first", test_first);
    ADD("refused", test_refused);
    ADD("retry-after", test_retry_after);
    ADD("unreachable", test_unreachable);
    ADD("refusal-ends-silence", test_refusal_ends_silence);
    ADD("failed-round", test_failed_round);
    ADD("restart", test_restart);
    ADD("clock-jumps", test_clock_jumps);
    ADD("forget", test_forget);
    ADD("not-ours", test_not_ours);
    ADD("just-made", test_just_made);
    ADD("bad-file", test_bad_file);
    ADD("blocked", test_blocked);
    ADD("problem", test_problem);
    ADD("IPAD-NTF-64E/overdue", test_overdue);
    ADD("stuck", test_stuck);
    return g_test_run();
}
