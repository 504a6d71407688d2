/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/config.h"
#include "agent/snapshot.h"
#include "agent/worker.h"

G_BEGIN_DECLS

/* What the main thread keeps of an eIM beside the card's facts. */
typedef struct {
    guint number;
    gint64 due;       /* boot time, 0: not scheduled */
    gint64 due_told;  /* DUE when NEXT_POLL was made of it */
    gint64 next_poll; /* microseconds since 1970, 0: not scheduled */
    gint64 last_poll;
    char *last_result;
    char *last_error;
    char *trust;
    char *dialect, *dialect_source, *binding;
    guint retry_after; /* seconds the server asked for with its last refusal, 0: none */
    gboolean rejected; /* asking again soon changes nothing (I-20) */
    guint failures;
    guint64 bytes_sent, bytes_received;   /* since the daemon started */
    guint64 sent_before, received_before; /* of them, by former workers */
} EimState;

EimState *eim_state_new(guint number);
void eim_state_free(gpointer eim);

/* What SNAPSHOT shows of it beside the card's facts. */
void eim_state_fill(EimState *eim, EimSnapshot *snapshot);

/* Sets when it is asked first, and after a report next (0: not by itself). */
void eim_state_schedule_first(EimState *eim, const Config *config);
void eim_state_schedule_next(EimState *eim, const Config *config);
/* The boot time at which one that failed is asked again. */
gint64 eim_state_after_backoff(const EimState *eim, const Config *config);

void eim_state_note_report(EimState *eim, const PollReport *report);

/* Its worker ends: not scheduled any more, and the next one counts octets from 0. */
void eim_state_rest(EimState *eim);

G_END_DECLS
