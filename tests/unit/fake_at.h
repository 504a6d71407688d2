/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/backend.h"
#include "util/clock.h"

G_BEGIN_DECLS

/*
 * An AT modem on a pseudo-terminal, in the caller's context: it answers while the back-end waits. What it says
 * is told octet by octet, so that it can be as wrong as real ones.
 */
typedef struct FakeAt FakeAt;

/* Knows no more than ATE0, ATV1, ATQ0V1E0, AT+CMEE=1, +CMEE?, +CSCS? and +CPIN? (READY): ERROR otherwise. */
FakeAt *fake_at_new(void);
void fake_at_free(FakeAt *fake);

const char *fake_at_get_path(FakeAt *fake);

/* What commands that begin with COMMAND get from now on; the latest that fits. NULL: no answer. */
void fake_at_answer(FakeAt *fake, const char *command, const char *octets);
/* The same for the next one only; several form a queue. */
void fake_at_answer_once(FakeAt *fake, const char *command, const char *octets);

/* By itself. */
void fake_at_say(FakeAt *fake, const char *octets);
void fake_at_set_echo(FakeAt *fake, gboolean echo);
/* Pulls the modem when COMMAND comes, or now (NULL). */
void fake_at_hang_up(FakeAt *fake, const char *command);

/* Commands since the last call, with blanks between, without those of the attachment. g_free() it. */
char *fake_at_take_history(FakeAt *fake);
guint fake_at_count(FakeAt *fake, const char *command);

/* ---- the back-end in front of it ---- */

#define LATE clock_deadline(30)
#define SOON (clock_boottime() + 50 * 1000)

typedef struct {
    FakeAt *fake;
    Backend *backend;
    Probe *probe;
    GString *events; /* "gone ", "ready ", "lost " */
    Quirks quirks;
} AtRig;

void at_rig_start(AtRig *rig);
/* With an open back-end. */
void at_rig_open(AtRig *rig);
void at_rig_stop(AtRig *rig);
/* Compares the history since the last call. */
void at_rig_assert_history(AtRig *rig, const char *expected);
/* Takes and compares the events so far. */
void at_rig_assert_events(AtRig *rig, const char *expected);
/* The ISD-R. 0 with ERROR. */
guint8 at_rig_open_channel(AtRig *rig, gint64 deadline, GError **error);
/* HEX in and out, NULL with ERROR. */
char *at_rig_transmit(AtRig *rig, guint8 channel, const char *hex, gint64 deadline,
                      GCancellable *cancellable, GError **error);
/* TRUE when a step whose name begins with STEP was noted with this outcome, and an answer that contains TEXT. */
gboolean at_rig_has_step(AtRig *rig, const char *step, gboolean ok, const char *text);

#define ISDR_HEX "A0000005591010FFFFFFFF8900000100"
#define OK       "\r\nOK\r\n"

G_END_DECLS
