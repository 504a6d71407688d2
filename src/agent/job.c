/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/job.h"

const char *job_kind_to_string(JobKind kind)
{
    switch (kind) {
    case JOB_KIND_START:
        return "start";
    case JOB_KIND_POLL:
        return "poll";
    case JOB_KIND_ADD_INITIAL_EIM:
        return "add-initial-eim";
    }
    g_return_val_if_reached("start");
}

Job *job_new(guint32 number, JobKind kind)
{
    Job *job = g_new0(Job, 1);

    g_atomic_ref_count_init(&job->refs);
    job->number = number;
    job->kind = kind;
    job->cancellable = g_cancellable_new();
    job->delivery = g_cancellable_new();
    return job;
}

Job *job_ref(Job *job)
{
    g_atomic_ref_count_inc(&job->refs);
    return job;
}

void job_unref(Job *job)
{
    if (!g_atomic_ref_count_dec(&job->refs))
        return;
    g_strfreev(job->eim_ids);
    g_clear_pointer(&job->data, g_bytes_unref);
    g_object_unref(job->cancellable);
    g_object_unref(job->delivery);
    g_free(job);
}

void job_cancel(Job *job)
{
    g_cancellable_cancel(job->cancellable);
    g_cancellable_cancel(job->delivery);
}
