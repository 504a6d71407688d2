/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What was tried to get from a port to the eUICC, step by step, with the raw answers: for reports of
 * trouble. Bounded; the oldest steps give way. One thread at a time. Nothing secret belongs here; an EID
 * may stand in an answer and is masked by whoever shows it.
 */
typedef struct Probe Probe;

typedef struct {
    gint64 time; /* microseconds since 1970 */
    gboolean ok;
    char *port;   /* "/dev/cdc-wdm0" */
    char *step;   /* "UIM Open Logical Channel (AID A0…)" */
    char *answer; /* raw, as hex or in the modem's words */
} ProbeStep;

Probe *probe_new(void);
void probe_free(Probe *probe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Probe, probe_free)

void probe_clear(Probe *probe);
/* The port that the next steps belong to. */
void probe_set_port(Probe *probe, const char *port);

/* PROBE may be NULL: nothing is kept then. */
void probe_note(Probe *probe, gboolean ok, const char *step, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* A copy for others: array of ProbeStep, oldest first; g_ptr_array_unref() it. */
GPtrArray *probe_list(const Probe *probe);

G_END_DECLS
