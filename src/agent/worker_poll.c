/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker_private.h"
#include "util/clock.h"
#include "util/error.h"

static void post_polled(Worker *worker, const IpaEim *eim, guint packages, const GError *error)
{
    Post *post = worker_post_new(worker, POST_POLLED);

    post->report.eim_id = g_strdup(eim->eim_id);
    post->report.time = clock_realtime();
    post->report.packages = packages;
    post->report.error = error ? g_error_copy(error) : NULL;
    links_fill_report(worker->links, &post->report);
    mailbox_post_send(post);
}

static gboolean is_wanted(const Job *job, const char *eim_id)
{
    return !job->eim_ids || g_strv_contains((const char *const *)job->eim_ids, eim_id);
}

gboolean worker_poll(Worker *worker, GError **error)
{
    IpaSession *session = worker->session;
    g_autoptr(GPtrArray) eims = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);
    g_autoptr(GError) first = NULL;

    worker_deliver_orphans(worker);

    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];

        if (is_wanted(worker->job, eim->eim_id))
            g_ptr_array_add(eims, ipa_eim_copy(eim));
    }
    for (guint i = 0; i < eims->len; i++) {
        const IpaEim *eim = eims->pdata[i];
        g_autoptr(GError) local = NULL;
        IpaPollReport report = { 0 };

        if (!ipa_session_find_eim(session, eim->eim_id))
            continue; /* a package of an eIM before it took it off the card */
        if (!ipa_eim_is_polled(eim)) {
            if (worker->job->eim_ids)
                g_set_error(&local, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "eIM '%s' can't be polled over HTTPS (no address, or other protocols)",
                            eim->eim_id);
            else
                continue;
        } else {
            (void)ipa_poll(session, eim, &report, &local);
        }
        post_polled(worker, eim, report.packages, local);
        links_rest(worker->links, eim->eim_id);
        if (!local)
            continue;
        if (euiccd_error_is(local, EUICCD_ERROR_MODEM_GONE) ||
            g_cancellable_is_cancelled(worker->job->cancellable)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!first)
            first = g_steal_pointer(&local);
    }
    if (first) {
        g_propagate_error(error, g_steal_pointer(&first));
        return FALSE;
    }
    return TRUE;
}
