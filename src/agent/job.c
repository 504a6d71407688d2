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
    case JOB_KIND_DOWNLOAD:
        return "download";
    case JOB_KIND_NOTIFICATIONS:
        return "notifications";
    case JOB_KIND_RESET_MEMORY:
        return "reset-memory";
    case JOB_KIND_EXECUTE_FALLBACK:
        return "execute-fallback";
    case JOB_KIND_RETURN_FROM_FALLBACK:
        return "return-from-fallback";
    case JOB_KIND_ENABLE_EMERGENCY_PROFILE:
        return "enable-emergency-profile";
    case JOB_KIND_DISABLE_EMERGENCY_PROFILE:
        return "disable-emergency-profile";
    case JOB_KIND_SET_DEFAULT_SMDP:
        return "set-default-smdp";
    case JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE:
        return "configure-immediate-enable";
    case JOB_KIND_GET_CONNECTIVITY:
        return "get-connectivity-parameters";
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
    g_clear_pointer(&job->order, ipa_download_order_free);
    g_free(job->address);
    g_free(job->oid);
    g_object_unref(job->cancellable);
    g_object_unref(job->delivery);
    g_free(job);
}

void job_cancel(Job *job)
{
    g_cancellable_cancel(job->cancellable);
    g_cancellable_cancel(job->delivery);
}

void job_stop(Job *job)
{
    g_atomic_int_set(&job->stopping, TRUE);
    job_cancel(job);
}
