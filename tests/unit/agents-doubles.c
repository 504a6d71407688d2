/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agents-doubles.h"

#include <string.h>

#include "util/clock.h"

/* ---- a clock that stands still until it is told otherwise ---- */

typedef struct {
    GSource source;
    gint64 due;
} Timer;

static gint64 now;
static GPtrArray *timers; /* of GSource */

static gboolean never_dispatched(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    (void)callback;
    (void)data;
    g_assert_not_reached();
}

static GSourceFuncs timer_funcs = { .dispatch = never_dispatched };
static GHashTable *callbacks; /* GSource -> Callback */

typedef struct {
    GSourceFunc func;
    gpointer data;
} Callback;

gint64 clock_boottime(void)
{
    return now;
}

gint64 clock_realtime(void)
{
    return now + G_GINT64_CONSTANT(1000000) * G_USEC_PER_SEC;
}

GSource *clock_timer_new(gint64 boottime, GMainContext *context, GSourceFunc callback,
                         gpointer data)
{
    GSource *source = g_source_new(&timer_funcs, sizeof(Timer));
    Callback *entry = g_new0(Callback, 1);

    g_assert_true(!context || context == g_main_context_default()); /* the main thread's */
    ((Timer *)source)->due = boottime;
    *entry = (Callback){ callback, data };
    g_source_attach(source, NULL);
    g_hash_table_insert(callbacks, source, entry);
    g_ptr_array_add(timers, g_source_ref(source));
    return source;
}

/* The next timer that is due until LIMIT, removed from the list. */
static GSource *take_timer(gint64 limit)
{
    GSource *first = NULL;

    for (guint i = 0; i < timers->len; i++) {
        GSource *source = timers->pdata[i];

        if (g_source_is_destroyed(source)) {
            g_ptr_array_remove_index(timers, i--);
            continue;
        }
        if (((Timer *)source)->due <= limit &&
            (!first || ((Timer *)source)->due < ((Timer *)first)->due))
            first = source;
    }
    if (first) {
        g_source_ref(first);
        g_ptr_array_remove(timers, first);
    }
    return first;
}

void doubles_advance(guint64 seconds)
{
    gint64 limit = now + (gint64)seconds * G_USEC_PER_SEC;
    GSource *source;

    while ((source = take_timer(limit))) {
        const Callback *callback = g_hash_table_lookup(callbacks, source);

        now = MAX(now, ((Timer *)source)->due);
        g_source_destroy(source);
        callback->func(callback->data);
        g_source_unref(source);
    }
    now = limit;
}

/* Seconds until the next timer; 0: due already, -1: none. */
gint64 doubles_next_timer(void)
{
    gint64 first = -1;

    for (guint i = 0; i < timers->len; i++) {
        gint64 wait;

        if (g_source_is_destroyed(timers->pdata[i]))
            continue;
        wait = MAX(((Timer *)timers->pdata[i])->due - now, 0);
        first = first < 0 ? wait : MIN(first, wait);
    }
    return first < 0 ? -1 : first / G_USEC_PER_SEC;
}

/* ---- a worker that does what the test says ---- */

Worker *the_worker;
static guint workers;

Worker *worker_new(const Config *config, const Modem *modem, ChannelTrace *trace,
                   const WorkerListener *listener, gpointer data)
{
    (void)config;
    g_assert_cmpuint(modem->ports->len, >, 0);
    g_assert_null(trace);
    the_worker = g_new0(Worker, 1);
    the_worker->listener = listener;
    the_worker->data = data;
    workers++;
    return the_worker;
}

void worker_run(Worker *w, Job *job)
{
    g_assert_null(w->job); /* one at a time */
    w->job = job_ref(job);
}

void worker_stop(Worker *w, Job *current)
{
    g_assert_true(w->job == current);
    w->stopped = TRUE;
}

void worker_set_modem(Worker *w, const Modem *modem)
{
    g_clear_pointer(&w->modem, modem_free);
    w->modem = modem_copy(modem);
}

void worker_set_network(Worker *w, const MmModem *modem)
{
    g_free(w->manager);
    w->manager = modem ? g_strdup(modem->path) : NULL;
}

/* The thread of a stopped worker is done. */
void worker_ends(Worker *w)
{
    g_assert_true(w->stopped);
    w->listener->ended(w->data);
}

void worker_free(Worker *w)
{
    g_clear_pointer(&w->job, job_unref);
    g_clear_pointer(&w->modem, modem_free);
    g_free(w->manager);
    if (w == the_worker)
        the_worker = NULL;
    g_free(w);
    workers--;
}

void worker_finishes(EuiccdError code, const char *text, gboolean usable)
{
    g_autoptr(Job) job = g_steal_pointer(&the_worker->job);
    g_autoptr(GError) error = text ? g_error_new_literal(EUICCD_ERROR, (gint)code, text) : NULL;

    g_assert_nonnull(job);
    the_worker->listener->finished(job->number, error, usable, the_worker->data);
}

void worker_succeeds(void)
{
    worker_finishes(EUICCD_ERROR_FAILED, NULL, TRUE);
}

void worker_reports(const char *eim_id, guint packages, EuiccdError code, const char *text)
{
    g_autoptr(GError) error = text ? g_error_new_literal(EUICCD_ERROR, (gint)code, text) : NULL;
    PollReport polled = {
        .eim_id = (char *)eim_id,
        .time = clock_realtime(),
        .packages = packages,
        .error = error,
        .bytes_sent = 11,
        .bytes_received = 22,
        .trust = (char *)"pinned",
        .dialect = "1.2",
        .dialect_source = "assumed",
        .binding = "asn1",
    };

    the_worker->listener->polled(&polled, the_worker->data);
}

void worker_notifications(gint64 seconds)
{
    the_worker->listener->notifications(seconds < 0 ? 0 : now + seconds * G_USEC_PER_SEC,
                                        the_worker->data);
}

void worker_reads(const char *eid, const char *const *eim_ids, EuiccState state)
{
    g_autoptr(EuiccSnapshot) facts = euicc_snapshot_new();

    facts->eid = (g_free(facts->eid), g_strdup(eid));
    facts->kind = (g_free(facts->kind), g_strdup("iot"));
    facts->state = state;
    facts->state_reason = (g_free(facts->state_reason),
                           g_strdup(state == EUICC_LEFT_ALONE ? "its own IPA is active" : ""));
    for (guint i = 0; eim_ids && eim_ids[i]; i++) {
        EimSnapshot *eim = eim_snapshot_new();

        eim->eim_id = (g_free(eim->eim_id), g_strdup(eim_ids[i]));
        g_ptr_array_add(facts->eims, eim);
    }
    the_worker->listener->facts(facts, the_worker->data);
}

/* ---- the set of modems ---- */

Modems *the_modems;

Modems *modems_new(ModemsFunc func, gpointer data)
{
    the_modems = g_new0(Modems, 1);
    the_modems->func = func;
    the_modems->data = data;
    return the_modems;
}

void modems_free(Modems *m)
{
    g_clear_pointer(&m->mm, mm_free);
    g_free(m);
    the_modems = NULL;
}

void modems_add_fixed(Modems *m, const Modem *modem)
{
    g_autoptr(Modem) pinned = modem_copy(modem);

    pinned->pinned = TRUE;
    m->func(pinned, TRUE, m->data);
}

void modems_start(Modems *m, gboolean discover)
{
    m->discovered = discover;
}

void modems_set_grace(Modems *m, guint seconds)
{
    (void)m;
    (void)seconds;
}

void modems_set_wanted(Modems *m, ModemsWanted wanted)
{
    (void)m;
    (void)wanted;
}

ModemManager *modems_get_modemmanager(Modems *m)
{
    return m->mm;
}

gboolean modems_use_bus(Modems *m, sd_bus *bus, MmFunc also, gpointer also_data, GError **error)
{
    m->mm = mm_new(bus, NULL, also, also_data, error);
    return m->mm != NULL;
}

static void tell(const char *device, const char *port, gboolean present)
{
    g_autoptr(Modem) modem = modem_new(device, 0);

    modem_add_port(modem, port, "qmi", "qmi_wwan");
    the_modems->func(modem, present, the_modems->data);
}

void modem_told(gboolean present)
{
    tell("/sys/usb1", PORT, present);
}

void other_modem_told(gboolean present)
{
    tell("/sys/usb2", OTHER_PORT, present);
}

void modems_rescan(Modems *m)
{
    (void)m;
    modem_told(TRUE);
}

ChannelTrace *channel_trace_new(const char *path, GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "no trace at %s", path);
    return NULL;
}

void channel_trace_free(ChannelTrace *trace)
{
    (void)trace;
}

/* ---- the whole of it ---- */

void doubles_set_up(void)
{
    now = G_GINT64_CONSTANT(5000) * G_USEC_PER_SEC;
    timers = g_ptr_array_new_with_free_func((GDestroyNotify)g_source_unref);
    callbacks = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

void doubles_tear_down(void)
{
    g_ptr_array_unref(timers);
    g_hash_table_unref(callbacks);
}

guint doubles_count_workers(void)
{
    return workers;
}
