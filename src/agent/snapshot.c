/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/snapshot.h"

const char *profile_state_to_string(ProfileState state)
{
    switch (state) {
    case PROFILE_DISABLED:
        return "disabled";
    case PROFILE_ENABLED:
        return "enabled";
    }
    g_return_val_if_reached("disabled");
}

const char *euicc_state_to_string(EuiccState state)
{
    switch (state) {
    case EUICC_STARTING:
        return "starting";
    case EUICC_IDLE:
        return "idle";
    case EUICC_BUSY:
        return "busy";
    case EUICC_UNAVAILABLE:
        return "unavailable";
    case EUICC_LEFT_ALONE:
        return "left-alone";
    }
    g_return_val_if_reached("unavailable");
}

const char *job_state_to_string(JobState state)
{
    switch (state) {
    case JOB_QUEUED:
        return "queued";
    case JOB_RUNNING:
        return "running";
    case JOB_DONE:
        return "done";
    case JOB_FAILED:
        return "failed";
    case JOB_CANCELLED:
        return "cancelled";
    }
    g_return_val_if_reached("failed");
}

ProfileSnapshot *profile_snapshot_new(void)
{
    ProfileSnapshot *profile = g_new0(ProfileSnapshot, 1);

    profile->iccid = g_strdup("");
    profile->class = g_strdup("");
    profile->name = g_strdup("");
    profile->provider = g_strdup("");
    profile->nickname = g_strdup("");
    profile->owner = g_strdup("");
    profile->policy_rules = g_new0(char *, 1);
    return profile;
}

ProfileSnapshot *profile_snapshot_copy(const ProfileSnapshot *profile)
{
    ProfileSnapshot *copy = g_new0(ProfileSnapshot, 1);

    *copy = *profile;
    copy->iccid = g_strdup(profile->iccid);
    copy->class = g_strdup(profile->class);
    copy->name = g_strdup(profile->name);
    copy->provider = g_strdup(profile->provider);
    copy->nickname = g_strdup(profile->nickname);
    copy->owner = g_strdup(profile->owner);
    copy->policy_rules = g_strdupv(profile->policy_rules);
    return copy;
}

void profile_snapshot_free(ProfileSnapshot *profile)
{
    g_free(profile->iccid);
    g_free(profile->class);
    g_free(profile->name);
    g_free(profile->provider);
    g_free(profile->nickname);
    g_free(profile->owner);
    g_strfreev(profile->policy_rules);
    g_free(profile);
}

EimSnapshot *eim_snapshot_new(void)
{
    EimSnapshot *eim = g_new0(EimSnapshot, 1);

    eim->eim_id = g_strdup("");
    eim->fqdn = g_strdup("");
    eim->protocols = g_new0(char *, 1);
    eim->last_result = g_strdup("");
    eim->last_error = g_strdup("");
    eim->trust = g_strdup("");
    eim->dialect = g_strdup("");
    eim->dialect_source = g_strdup("");
    eim->binding = g_strdup("");
    return eim;
}

EimSnapshot *eim_snapshot_copy(const EimSnapshot *eim)
{
    EimSnapshot *copy = g_new0(EimSnapshot, 1);

    *copy = *eim;
    copy->eim_id = g_strdup(eim->eim_id);
    copy->fqdn = g_strdup(eim->fqdn);
    copy->protocols = g_strdupv(eim->protocols);
    copy->last_result = g_strdup(eim->last_result);
    copy->last_error = g_strdup(eim->last_error);
    copy->trust = g_strdup(eim->trust);
    copy->dialect = g_strdup(eim->dialect);
    copy->dialect_source = g_strdup(eim->dialect_source);
    copy->binding = g_strdup(eim->binding);
    return copy;
}

void eim_snapshot_free(EimSnapshot *eim)
{
    g_free(eim->eim_id);
    g_free(eim->fqdn);
    g_strfreev(eim->protocols);
    g_free(eim->last_result);
    g_free(eim->last_error);
    g_free(eim->trust);
    g_free(eim->dialect);
    g_free(eim->dialect_source);
    g_free(eim->binding);
    g_free(eim);
}

EuiccSnapshot *euicc_snapshot_new(void)
{
    EuiccSnapshot *snapshot = g_new0(EuiccSnapshot, 1);

    g_atomic_ref_count_init(&snapshot->refs);
    snapshot->eid = g_strdup("");
    snapshot->kind = g_strdup("");
    snapshot->spec_version = g_strdup("");
    snapshot->firmware = g_strdup("");
    snapshot->state_reason = g_strdup("");
    snapshot->device = g_strdup("");
    snapshot->transport = g_strdup("");
    snapshot->port = g_strdup("");
    snapshot->modem_manager_path = g_strdup("");
    snapshot->notification_error = g_strdup("");
    snapshot->profiles = g_ptr_array_new_with_free_func((GDestroyNotify)profile_snapshot_free);
    snapshot->eims = g_ptr_array_new_with_free_func((GDestroyNotify)eim_snapshot_free);
    return snapshot;
}

static gpointer copy_profile(gconstpointer profile, gpointer data)
{
    (void)data;
    return profile_snapshot_copy(profile);
}

static gpointer copy_eim(gconstpointer eim, gpointer data)
{
    (void)data;
    return eim_snapshot_copy(eim);
}

EuiccSnapshot *euicc_snapshot_copy(const EuiccSnapshot *snapshot)
{
    EuiccSnapshot *copy = g_new0(EuiccSnapshot, 1);

    *copy = *snapshot;
    g_atomic_ref_count_init(&copy->refs);
    copy->eid = g_strdup(snapshot->eid);
    copy->kind = g_strdup(snapshot->kind);
    copy->spec_version = g_strdup(snapshot->spec_version);
    copy->firmware = g_strdup(snapshot->firmware);
    copy->state_reason = g_strdup(snapshot->state_reason);
    copy->device = g_strdup(snapshot->device);
    copy->transport = g_strdup(snapshot->transport);
    copy->port = g_strdup(snapshot->port);
    copy->modem_manager_path = g_strdup(snapshot->modem_manager_path);
    copy->notification_error = g_strdup(snapshot->notification_error);
    copy->profiles = g_ptr_array_copy(snapshot->profiles, (GCopyFunc)copy_profile, NULL);
    copy->eims = g_ptr_array_copy(snapshot->eims, (GCopyFunc)copy_eim, NULL);
    return copy;
}

EuiccSnapshot *euicc_snapshot_ref(const EuiccSnapshot *snapshot)
{
    EuiccSnapshot *writable = (EuiccSnapshot *)snapshot;

    g_atomic_ref_count_inc(&writable->refs);
    return writable;
}

void euicc_snapshot_unref(EuiccSnapshot *snapshot)
{
    if (!g_atomic_ref_count_dec(&snapshot->refs))
        return;
    g_free(snapshot->eid);
    g_free(snapshot->kind);
    g_free(snapshot->spec_version);
    g_free(snapshot->firmware);
    g_free(snapshot->state_reason);
    g_free(snapshot->device);
    g_free(snapshot->transport);
    g_free(snapshot->port);
    g_free(snapshot->modem_manager_path);
    g_free(snapshot->notification_error);
    g_ptr_array_unref(snapshot->profiles);
    g_ptr_array_unref(snapshot->eims);
    g_free(snapshot);
}

const ProfileSnapshot *euicc_snapshot_find_profile(const EuiccSnapshot *snapshot, const char *iccid)
{
    for (guint i = 0; i < snapshot->profiles->len; i++) {
        const ProfileSnapshot *profile = snapshot->profiles->pdata[i];

        if (g_str_equal(profile->iccid, iccid))
            return profile;
    }
    return NULL;
}

const EimSnapshot *euicc_snapshot_find_eim(const EuiccSnapshot *snapshot, guint number)
{
    for (guint i = 0; i < snapshot->eims->len; i++) {
        const EimSnapshot *eim = snapshot->eims->pdata[i];

        if (eim->number == number)
            return eim;
    }
    return NULL;
}

JobSnapshot *job_snapshot_new(void)
{
    JobSnapshot *snapshot = g_new0(JobSnapshot, 1);

    g_atomic_ref_count_init(&snapshot->refs);
    snapshot->eid = g_strdup("");
    snapshot->kind = g_strdup("");
    snapshot->cause = g_strdup("");
    snapshot->stage = g_strdup("");
    snapshot->result = g_strdup("");
    snapshot->error_name = g_strdup("");
    snapshot->error_message = g_strdup("");
    return snapshot;
}

JobSnapshot *job_snapshot_copy(const JobSnapshot *snapshot)
{
    JobSnapshot *copy = g_new0(JobSnapshot, 1);

    *copy = *snapshot;
    g_atomic_ref_count_init(&copy->refs);
    copy->eid = g_strdup(snapshot->eid);
    copy->kind = g_strdup(snapshot->kind);
    copy->cause = g_strdup(snapshot->cause);
    copy->stage = g_strdup(snapshot->stage);
    copy->result = g_strdup(snapshot->result);
    copy->error_name = g_strdup(snapshot->error_name);
    copy->error_message = g_strdup(snapshot->error_message);
    return copy;
}

JobSnapshot *job_snapshot_ref(const JobSnapshot *snapshot)
{
    JobSnapshot *writable = (JobSnapshot *)snapshot;

    g_atomic_ref_count_inc(&writable->refs);
    return writable;
}

void job_snapshot_unref(JobSnapshot *snapshot)
{
    if (!g_atomic_ref_count_dec(&snapshot->refs))
        return;
    g_free(snapshot->eid);
    g_free(snapshot->kind);
    g_free(snapshot->cause);
    g_free(snapshot->stage);
    g_free(snapshot->result);
    g_free(snapshot->error_name);
    g_free(snapshot->error_message);
    g_free(snapshot);
}
