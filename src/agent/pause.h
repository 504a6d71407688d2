/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/clock.h"

G_BEGIN_DECLS

/* Pauses between what the daemon does by itself. */

#define PAUSE_JITTER                                                                               \
    10 /* parts of a pause, of which one more may be added: a fleet must not act in step */

/* The boot time in SECONDS and up to a tenth more. */
static inline gint64 pause_after_about(guint seconds)
{
    guint spread = seconds / PAUSE_JITTER;

    return clock_deadline(seconds + (spread ? g_random_int_range(0, (gint32)spread + 1) : 0));
}

/* Seconds after FAILURES (0: as after one) failures in a row: FIRST, doubled each time, up to LIMIT. */
static inline guint pause_backoff(guint first, guint failures, guint limit)
{
    return (guint)MIN((guint64)first << MIN(MAX(failures, 1) - 1, 24), limit);
}

G_END_DECLS
