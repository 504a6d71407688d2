/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/backend.h"
#include "unit/fake_mbim.h"
#include "util/clock.h"

G_BEGIN_DECLS

/* The MBIM back-end before a small fake modem, with a clock that stands still until a test lets time pass. */

#define LATE  clock_deadline(60)                      /* for what shall not time out */
#define SOON  clock_deadline(30)                      /* for what shall: see rig_let_pass() */
#define TIGHT (clock_boottime() + G_USEC_PER_SEC / 5) /* leaves no time to try again */

#define ATTACH "OPEN subscribe close:0 mappings slot:0 ready"
#define QUERY  "mappings slot:0 ready"

#define UNTIL_SOON 30000 /* ms */
#define OFF_TIME   50    /* ms; of rig_start() */

typedef struct {
    FakeMbim *fake;
    Backend *backend;
    Probe *probe;
    GString *events; /* "ready gone lost" */
} Rig;

void rig_start(Rig *rig);
void rig_start_full(Rig *rig, guint slot, BackendOptions options);
void rig_start_quirks(Rig *rig, const Quirks *quirks);
/* Opens the back-end and forgets what that asked for. */
void rig_open(Rig *rig);
void rig_stop(Rig *rig);

/* What the modem was asked since the last call. */
#define rig_assert_history(rig, expected)                                                          \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *history = fake_mbim_take_history((rig)->fake);                            \
        g_assert_cmpstr(history, ==, (expected));                                                  \
    }                                                                                              \
    G_STMT_END

/* Opens a channel to the ISD-R, whatever its number is. */
gboolean rig_open_channel(Rig *rig, gint64 deadline, GError **error);
/* Sends GetEID on channel 1; the response in hex. */
char *rig_transmit(Rig *rig, gint64 deadline, GCancellable *cancellable, GError **error);

/* Waits for these events, and for no others. */
void rig_settle(Rig *rig, const char *events);
/* Everything that the modem has sent is taken. */
void rig_take_all(Rig *rig);

/* MS milliseconds pass when the modem has got REQUEST and nothing is left to do but to wait. */
void rig_let_pass(Rig *rig, FakeMbimRequest request, guint ms);

/* For fake_mbim_then(). */
gboolean rig_answer_late(gpointer fake);
gboolean rig_cancel(gpointer cancellable);

/* How often a step was noted with (without) success. */
guint rig_count_steps(Rig *rig, const char *step, gboolean ok);

G_END_DECLS
