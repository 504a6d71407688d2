/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/probe.h"

#include <string.h>

#include "util/clock.h"

#define MAX_STEPS  64
#define MAX_ANSWER 512 /* characters */

struct Probe {
    GQueue steps; /* of ProbeStep */
    char *port;
};

static void step_free(gpointer data)
{
    ProbeStep *step = data;

    g_free(step->port);
    g_free(step->step);
    g_free(step->answer);
    g_free(step);
}

Probe *probe_new(void)
{
    Probe *probe = g_new0(Probe, 1);

    g_queue_init(&probe->steps);
    probe->port = g_strdup("");
    return probe;
}

void probe_free(Probe *probe)
{
    probe_clear(probe);
    g_free(probe->port);
    g_free(probe);
}

void probe_clear(Probe *probe)
{
    g_queue_clear_full(&probe->steps, step_free);
}

void probe_set_port(Probe *probe, const char *port)
{
    g_free(probe->port);
    probe->port = g_strdup(port);
}

void probe_note(Probe *probe, gboolean ok, const char *name, const char *format, ...)
{
    ProbeStep *step;
    va_list arguments;
    char *answer;

    if (!probe)
        return;
    va_start(arguments, format);
    answer = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    step = g_new0(ProbeStep, 1);
    step->time = clock_realtime();
    step->ok = ok;
    step->port = g_strdup(probe->port);
    step->step = g_strdup(name);
    step->answer = g_utf8_make_valid(answer, MIN((gssize)strlen(answer), MAX_ANSWER));
    g_free(answer);
    g_queue_push_tail(&probe->steps, step);
    if (probe->steps.length > MAX_STEPS)
        step_free(g_queue_pop_head(&probe->steps));
}

GPtrArray *probe_list(const Probe *probe)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(step_free);

    for (GList *item = probe->steps.head; item; item = item->next) {
        const ProbeStep *from = item->data;
        ProbeStep *step = g_new0(ProbeStep, 1);

        step->time = from->time;
        step->ok = from->ok;
        step->port = g_strdup(from->port);
        step->step = g_strdup(from->step);
        step->answer = g_strdup(from->answer);
        g_ptr_array_add(list, step);
    }
    return list;
}
