/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
    JOB_KIND_START, /* open the modem, read the card, deliver what is owed */
    JOB_KIND_POLL,
    JOB_KIND_ADD_INITIAL_EIM,
} JobKind;

const char *job_kind_to_string(JobKind kind);

/* What a worker is asked to do. Written before it is given to the worker, read-only afterwards, but for
 * the cancellables. Shared by the main thread and the worker. */
typedef struct {
    gatomicrefcount refs;
    guint32 number;
    JobKind kind;
    char **eim_ids; /* JOB_KIND_POLL: these; NULL: every eIM */
    GBytes *data;   /* JOB_KIND_ADD_INITIAL_EIM */
    GCancellable *cancellable;
    GCancellable *delivery; /* the same, but for a delivery under way where only the modem went */
    gint timed_out;         /* atomic: set before a deadline cancels */
} Job;

Job *job_new(guint32 number, JobKind kind);
Job *job_ref(Job *job);
void job_unref(Job *job);
/* Ends it, whatever it does. */
void job_cancel(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_unref)

G_END_DECLS
