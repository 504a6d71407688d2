/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/eim_state.h"

#include <string.h>

#include "agent/pause.h"
#include "util/error.h"
#include "util/text.h"

EimState *eim_state_new(guint number)
{
    EimState *eim = g_new0(EimState, 1);

    eim->number = number;
    eim->last_result = g_strdup("");
    eim->last_error = g_strdup("");
    eim->trust = g_strdup("");
    eim->dialect = g_strdup("");
    eim->dialect_source = g_strdup("");
    eim->binding = g_strdup("");
    return eim;
}

void eim_state_free(gpointer data)
{
    EimState *eim = data;

    g_free(eim->last_result);
    g_free(eim->last_error);
    g_free(eim->trust);
    g_free(eim->dialect);
    g_free(eim->dialect_source);
    g_free(eim->binding);
    g_free(eim);
}

static gint64 to_realtime(gint64 boottime)
{
    return clock_realtime() + boottime - clock_boottime();
}

void eim_state_fill(EimState *eim, EimSnapshot *snapshot)
{
    snapshot->number = eim->number;
    snapshot->last_poll = eim->last_poll;
    replace_string(&snapshot->last_result, eim->last_result);
    replace_string(&snapshot->last_error, eim->last_error);
    replace_string(&snapshot->trust, eim->trust);
    replace_string(&snapshot->dialect, eim->dialect);
    replace_string(&snapshot->dialect_source, eim->dialect_source);
    replace_string(&snapshot->binding, eim->binding);
    snapshot->failures = eim->failures;
    snapshot->bytes_sent = eim->bytes_sent;
    snapshot->bytes_received = eim->bytes_received;
    /* Told once for each due time: converted anew each time, it would jitter and wake every listener. */
    if (eim->due != eim->due_told) {
        eim->due_told = eim->due;
        eim->next_poll = eim->due ? to_realtime(eim->due) : 0;
    }
    snapshot->next_poll = eim->next_poll;
}

/* ---- schedule ---- */

void eim_state_schedule_first(EimState *eim, const Config *config)
{
    guint delay = config->poll_start_delay;

    if (config->poll_on_start)
        eim->due = clock_deadline(delay ? (guint)g_random_int_range(0, (gint32)delay + 1) : 0);
    else if (config->poll_interval)
        eim->due = pause_after_about(config->poll_interval);
}

/* Seconds until an eIM that failed is asked again. */
static guint backoff(const Config *config, const EimState *eim)
{
    guint wait = pause_backoff(config->poll_retry_first, eim->failures, config->poll_retry_limit);

    if (eim->rejected)
        return MAX(config->poll_retry_limit, eim->retry_after);
    /* A failure never makes the daemon ask less often than its interval says … */
    if (config->poll_interval)
        wait = MIN(wait, config->poll_interval);
    /* … unless the server asked for more time (I-29). */
    return MAX(wait, eim->retry_after);
}

void eim_state_schedule_next(EimState *eim, const Config *config)
{
    if (config->poll_interval == 0)
        eim->due = 0; /* but see schedule_owed() of agent_news.c */
    else if (eim->failures > 0)
        eim->due = pause_after_about(backoff(config, eim));
    else
        eim->due = pause_after_about(config->poll_interval);
}

gint64 eim_state_after_backoff(const EimState *eim, const Config *config)
{
    return pause_after_about(backoff(config, eim));
}

/* ---- reports ---- */

void eim_state_note_report(EimState *eim, const PollReport *report)
{
    eim->last_poll = report->time;
    eim->bytes_sent = eim->sent_before + report->bytes_sent;
    eim->bytes_received = eim->received_before + report->bytes_received;
    replace_string(&eim->trust, report->trust);
    replace_string(&eim->dialect, report->dialect);
    replace_string(&eim->dialect_source, report->dialect_source);
    replace_string(&eim->binding, report->binding);
    eim->retry_after = report->error ? report->retry_after : 0;
    eim->rejected = report->error && euiccd_error_is(report->error, EUICCD_ERROR_EIM_REJECTED);
    if (report->error) {
        eim->failures++;
        replace_string(&eim->last_result,
                       euiccd_error_dbus_name(report->error) + strlen("org.euiccd1.Error."));
        replace_string(&eim->last_error, report->error->message);
    } else {
        eim->failures = 0;
        replace_string(&eim->last_result, report->packages > 0 ? "package" : "none");
        replace_string(&eim->last_error, "");
    }
}

void eim_state_rest(EimState *eim)
{
    eim->due = 0;
    eim->sent_before = eim->bytes_sent;
    eim->received_before = eim->bytes_received;
}
