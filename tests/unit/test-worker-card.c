/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker_private.h"
#include "util/error.h"

/*
 * Which of several failures is told when no port leads to the card. The route and what the worker tells are doubles.
 */

#define LAST (-1)

typedef struct {
    gint code; /* EuiccdError; LAST: no port more */
    const char *text;
} Port;

typedef struct {
    const char *name;
    Port ports[4];
    gint code;
    const char *text;
} Row;

static const Port *the_ports; /* of the test; the first one not tried yet */
static guint notes;

/* ---- doubles ---- */

void route_begin(Route *route)
{
    (void)route;
}

/* Gets the failure of the port before, and none before the first. */
gboolean route_next(Route *route, const GError *failure)
{
    const Port *ports = (const Port *)route;

    if (the_ports == ports)
        g_assert_no_error(failure);
    else
        g_assert_error(failure, EUICCD_ERROR, the_ports[-1].code);
    return the_ports->code != LAST;
}

gboolean route_open(Route *route, GCancellable *cancellable, GError **error)
{
    (void)route;
    (void)cancellable;
    g_set_error_literal(error, EUICCD_ERROR, the_ports->code, the_ports->text);
    the_ports++;
    return FALSE;
}

void route_note(Route *route, gboolean ok, const char *step, const char *answer)
{
    (void)route;
    g_assert_false(ok);
    g_assert_cmpstr(step, ==, "read the card");
    g_assert_cmpstr(answer, ==, the_ports[-1].text);
    notes++;
}

void route_succeeded(Route *route)
{
    (void)route;
    g_assert_not_reached();
}

void route_explain(Route *route, GError **error)
{
    (void)route;
    (void)error;
    g_assert_not_reached();
}

Channel *route_get_channel(Route *route)
{
    (void)route;
    return NULL;
}

char *route_make_modem_name(const Route *route)
{
    (void)route;
    g_assert_not_reached();
}

static void ignore_stage(gpointer data, double progress, const char *text)
{
    (void)data;
    (void)progress;
    (void)text;
}

const IpaHost worker_ipa_host = { .stage = ignore_stage };

void worker_post_facts(Worker *worker)
{
    (void)worker;
    g_assert_not_reached();
}

static guint modems_posted;

void worker_post_modem(Worker *worker)
{
    (void)worker;
    modems_posted++;
}

/* ---- the test ---- */

#define NO_PORT                                                                                    \
    {                                                                                              \
        LAST, NULL                                                                                 \
    }
#define REFUSES                                                                                    \
    {                                                                                              \
        EUICCD_ERROR_NOT_SUPPORTED, "no logical channels"                                          \
    }
#define REFUSES_TOO                                                                                \
    {                                                                                              \
        EUICCD_ERROR_NOT_SUPPORTED, "no AT+CCHO"                                                   \
    }
#define SILENT                                                                                     \
    {                                                                                              \
        EUICCD_ERROR_TIMEOUT, "no answer"                                                          \
    }
#define BUSY                                                                                       \
    {                                                                                              \
        EUICCD_ERROR_BUSY, "the port is in use"                                                    \
    }
#define GONE                                                                                       \
    {                                                                                              \
        EUICCD_ERROR_MODEM_GONE, "no such file"                                                    \
    }

static const Row rows[] = {
    { "none", { NO_PORT }, EUICCD_ERROR_NOT_SUPPORTED, "the modem has no port that can be used" },
    { "one", { SILENT, NO_PORT }, EUICCD_ERROR_TIMEOUT, "no answer" },
    { "refusal", { REFUSES, NO_PORT }, EUICCD_ERROR_NOT_SUPPORTED, "no logical channels" },
    /* Nothing will change. */
    { "refusals",
      { REFUSES, REFUSES_TOO, NO_PORT },
      EUICCD_ERROR_NOT_SUPPORTED,
      "no logical channels" },
    /* What may pass makes the whole worth another try. */
    { "refusal-then-silence",
      { REFUSES, SILENT, NO_PORT },
      EUICCD_ERROR_TIMEOUT,
      "no logical channels; then no answer" },
    { "refusals-then-gone",
      { REFUSES, REFUSES_TOO, GONE, NO_PORT },
      EUICCD_ERROR_MODEM_GONE,
      "no logical channels; then no such file" },
    /* The first reason stands. */
    { "silence-then-refusal", { SILENT, REFUSES, NO_PORT }, EUICCD_ERROR_TIMEOUT, "no answer" },
    { "silence-then-busy", { SILENT, BUSY, NO_PORT }, EUICCD_ERROR_TIMEOUT, "no answer" },
    { "refusal-then-silence-then-busy",
      { REFUSES, SILENT, BUSY, NO_PORT },
      EUICCD_ERROR_TIMEOUT,
      "no logical channels; then no answer" },
};

static void test_failures(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = job_new(1, JOB_KIND_START);
    Config config = { 0 };
    Worker worker = { .config = &config, .job = job, .route = (Route *)row->ports };
    guint ports = 0;

    while (row->ports[ports].code != LAST)
        ports++;
    the_ports = row->ports;
    notes = modems_posted = 0;
    worker.links = links_new(&config, &worker.log);
    worker.deliveries = deliveries_new(&config, &worker.log);
    g_assert_false(worker_start(&worker, &error));
    g_assert_error(error, EUICCD_ERROR, row->code);
    g_assert_cmpstr(error->message, ==, row->text);
    g_assert_cmpuint(notes, ==, ports); /* each port was tried, and is in the report */
    g_assert_cmpuint(modems_posted, ==, 1);
    g_assert_null(worker.session);
    deliveries_free(worker.deliveries);
    links_free(worker.links);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/worker-card/%s", rows[i].name);

        g_test_add_data_func(path, &rows[i], test_failures);
    }
    return g_test_run();
}
