/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/download.h"

G_BEGIN_DECLS

typedef enum {
    JOB_KIND_START, /* open the modem, read the card, deliver what is owed */
    JOB_KIND_POLL,
    JOB_KIND_ADD_INITIAL_EIM,
    JOB_KIND_DOWNLOAD,
    JOB_KIND_NOTIFICATIONS, /* deliver those that are due */
    /* What a local caller asks of the card alone. */
    JOB_KIND_RESET_MEMORY,
    JOB_KIND_EXECUTE_FALLBACK,
    JOB_KIND_RETURN_FROM_FALLBACK,
    JOB_KIND_ENABLE_EMERGENCY_PROFILE,
    JOB_KIND_DISABLE_EMERGENCY_PROFILE,
    JOB_KIND_SET_DEFAULT_SMDP,
    JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE,
    JOB_KIND_GET_CONNECTIVITY,
} JobKind;

const char *job_kind_to_string(JobKind kind);

/* What a worker is asked to do. Written before it is given to the worker, read-only afterwards, but for
 * the cancellables. Shared by the main thread and the worker. */
typedef struct {
    gatomicrefcount refs;
    guint32 number;
    JobKind kind;
    char **eim_ids;          /* JOB_KIND_POLL: these; NULL: every eIM */
    GBytes *data;            /* JOB_KIND_ADD_INITIAL_EIM */
    IpaDownloadOrder *order; /* JOB_KIND_DOWNLOAD; a secret, gone when the job is */
    gboolean all;            /* JOB_KIND_NOTIFICATIONS: also those that are not due */
    guint parts;             /* JOB_KIND_RESET_MEMORY: set of 1 << RSP_RESET_OPTIONS_… */
    gboolean enable;         /* JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE */
    char *address; /* the same and JOB_KIND_SET_DEFAULT_SMDP: of the SM-DP+, may be NULL */
    char *oid;     /* JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE: likewise */
    GCancellable *cancellable;
    GCancellable *delivery; /* the same, but for a delivery under way where only the modem went */
    gint timed_out;         /* atomic: set before a deadline cancels */
    gint stopping; /* atomic: set before it is cancelled because the daemon or the modem goes */
} Job;

Job *job_new(guint32 number, JobKind kind);
Job *job_ref(Job *job);
void job_unref(Job *job);
/* Ends it, whatever it does. */
void job_cancel(Job *job);
/* Likewise, not because somebody wants it to end, but because it can't go on now. */
void job_stop(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_unref)

G_END_DECLS
