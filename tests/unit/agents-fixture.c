/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agents-fixture.h"

#include <string.h>

GString *seen, *modems_seen;

static void on_euicc(const EuiccSnapshot *before, const EuiccSnapshot *after, gpointer data)
{
    (void)data;
    if (!after)
        g_string_append_printf(seen, "-%.4s ", before->eid + 28);
    else if (!before)
        g_string_append_printf(seen, "+%.4s:%s ", after->eid + 28,
                               euicc_state_to_string(after->state));
    else if (before->state != after->state)
        g_string_append_printf(seen, "%.4s:%s ", after->eid + 28,
                               euicc_state_to_string(after->state));
}

static void on_job(const JobSnapshot *before, const JobSnapshot *after, gpointer data)
{
    (void)data;
    if (!after)
        g_string_append_printf(seen, "j%u- ", before->number);
    else if (!before || before->state != after->state)
        g_string_append_printf(seen, "j%u:%s ", after->number, job_state_to_string(after->state));
}

static void on_modem_changed(const ModemSnapshot *before, const ModemSnapshot *after, gpointer data)
{
    (void)data;
    if (!after)
        g_string_append_printf(modems_seen, "-%u ", before->number);
    else if (!before)
        g_string_append_printf(modems_seen, "+%u ", after->number);
    else if (before->state != after->state)
        g_string_append_printf(modems_seen, "%u:%s(%s) ", after->number,
                               modem_state_to_string(after->state), after->eid);
}

static const AgentsListener listener = { on_euicc, on_job, on_modem_changed };

void assert_seen(const char *expected)
{
    g_strchomp(seen->str);
    g_assert_cmpstr(seen->str, ==, expected);
    g_string_truncate(seen, 0);
}

void assert_modems_seen(const char *expected)
{
    g_strchomp(modems_seen->str);
    g_assert_cmpstr(modems_seen->str, ==, expected);
    g_string_truncate(modems_seen, 0);
}

void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    doubles_set_up();
    seen = g_string_new(NULL);
    modems_seen = g_string_new(NULL);
    f->config.modems = g_ptr_array_new();
    f->config.poll_on_start = TRUE;
    f->config.poll_start_delay = 60;
    f->config.poll_interval = 10000;
    f->config.poll_retry_first = 60;
    f->config.poll_retry_limit = 1000;
    f->config.discover = TRUE;
    f->agents = agents_new(&f->config);
    agents_set_listener(f->agents, &listener, NULL);
    g_assert_true(agents_start(f->agents, NULL));
    g_assert_true(the_modems->discovered);
}

void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    if (f->agents)
        agents_free(f->agents);
    g_assert_cmpuint(doubles_count_workers(), ==, 0);
    g_assert_cmpint(doubles_next_timer(), ==, -1); /* nothing wakes up any more */
    doubles_tear_down();
    g_string_free(seen, TRUE);
    g_string_free(modems_seen, TRUE);
    g_ptr_array_unref(f->config.modems);
}

const char *const one_eim[] = { "a", NULL };
const char *const two_eims[] = { "a", "b", NULL };

/* It goes, and its worker is done with it at once. */
void modem_gone(void)
{
    Worker *worker = the_worker;

    modem_told(FALSE);
    worker_ends(worker);
}

/* A card with EIM_IDS that has been read. */
void begin(Fixture *f, const char *const *eim_ids)
{
    (void)f;
    modem_told(TRUE);
    worker_reads(EID, eim_ids, EUICC_IDLE);
    worker_succeeds();
    g_string_truncate(seen, 0);
}

const EimSnapshot *get_eim(Fixture *f, const char *eim_id)
{
    const EuiccSnapshot *euicc = agents_get_euicc(f->agents, EID);

    for (guint i = 0; i < euicc->eims->len; i++) {
        const EimSnapshot *eim = euicc->eims->pdata[i];

        if (g_str_equal(eim->eim_id, eim_id))
            return eim;
    }
    return NULL;
}

guint32 poll_now(Fixture *f, const char *eim_id)
{
    g_autoptr(GError) error = NULL;
    guint32 job = agents_poll(f->agents, EID, eim_id, "bus :1.1", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(job, !=, 0);
    return job;
}
