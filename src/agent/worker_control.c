/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/worker_private.h"
#include "ipa/control.h"

/* What a local caller asks of the card alone: ipa/control.h. */

static IpaControlKind get_kind(JobKind kind)
{
    switch (kind) {
    case JOB_KIND_RESET_MEMORY:
        return IPA_CONTROL_RESET_MEMORY;
    case JOB_KIND_EXECUTE_FALLBACK:
        return IPA_CONTROL_EXECUTE_FALLBACK;
    case JOB_KIND_RETURN_FROM_FALLBACK:
        return IPA_CONTROL_RETURN_FROM_FALLBACK;
    case JOB_KIND_ENABLE_EMERGENCY_PROFILE:
        return IPA_CONTROL_ENABLE_EMERGENCY_PROFILE;
    case JOB_KIND_DISABLE_EMERGENCY_PROFILE:
        return IPA_CONTROL_DISABLE_EMERGENCY_PROFILE;
    case JOB_KIND_SET_DEFAULT_SMDP:
        return IPA_CONTROL_SET_DEFAULT_SMDP;
    case JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE:
        return IPA_CONTROL_CONFIGURE_IMMEDIATE_ENABLE;
    case JOB_KIND_GET_CONNECTIVITY:
        return IPA_CONTROL_GET_CONNECTIVITY;
    case JOB_KIND_START:
    case JOB_KIND_POLL:
    case JOB_KIND_ADD_INITIAL_EIM:
    case JOB_KIND_DOWNLOAD:
    case JOB_KIND_NOTIFICATIONS:
        break;
    }
    g_return_val_if_reached(IPA_CONTROL_GET_CONNECTIVITY);
}

gboolean worker_control(Worker *worker, GError **error)
{
    const Job *job = worker->job;
    IpaControl control = {
        .kind = get_kind(job->kind),
        .parts = job->parts,
        .enable = job->enable,
        .address = job->address,
        .oid = job->oid,
    };
    g_autofree char *result = NULL;
    gboolean ok;

    /* Whatever comes of it, the card may have a notification of it. */
    if (ipa_control_is_change(control.kind))
        deliveries_note_change(worker->deliveries);
    ok = ipa_control(worker->session, &control, &result, error);
    if (result)
        worker_post_result(worker, result);
    return ok;
}
