/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "util/error.h"

G_BEGIN_DECLS

/*
 * A back-end without a modem: it answers from a script and writes down what it was asked. Every
 * command must be the one the script expects; a command beyond its end fails the call with FAILED.
 */
typedef struct {
    Backend backend;
    GPtrArray *steps;
    guint next;
    GString *
        history; /* "open", "channel AID", "close N", "reset", "restart", blank between; no APDUs */
    char *mismatch;            /* first command that was not the expected one */
    guint8 channel;            /* that open_channel() gives */
    GBytes *fci;               /* NULL: none */
    EuiccdError open_error;    /* of backend_open(); 0 (FAILED): success */
    EuiccdError channel_error; /* of open_channel(), for as many calls as the next member says */
    guint channel_errors;
    EuiccdError reset_error;
    EuiccdError restart_error;
    gboolean may_refresh;  /* as the last command came */
    gboolean reset_events; /* reset_card() announces that the card went and came */
} FakeBackend;

FakeBackend *fake_backend_new(void);
/* From now on it has backend_reset_modem(). */
void fake_backend_allow_restart(FakeBackend *fake);
void fake_backend_free(FakeBackend *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeBackend, fake_backend_free)

/* The next command shall be COMMAND (hex; NULL: whatever comes) and gets ANSWER (hex, status word
 * last). */
void fake_backend_expect(FakeBackend *fake, const char *command, const char *answer);

/* The same, as octets: what is answered is DATA with STATUS_WORD behind it. */
void fake_backend_expect_bytes(FakeBackend *fake, const char *command, GBytes *data,
                               guint16 status_word);

/* The next command fails with CODE. */
void fake_backend_fail(FakeBackend *fake, EuiccdError code);

/* The next command is never answered: until its deadline, or until it is cancelled. */
void fake_backend_hang(FakeBackend *fake);

/* Before the next command is answered, EVENT is emitted. */
void fake_backend_emit(FakeBackend *fake, BackendEvent event);

/* Before the next command is answered, CANCELLABLE is cancelled: if it is the command's own, the answer does
 * not come. */
void fake_backend_cancel(FakeBackend *fake, GCancellable *cancellable);

/* TRUE when every step was used and no command was a surprise; prints what was not. */
gboolean fake_backend_is_done(FakeBackend *fake);

/* Forgets steps and history. */
void fake_backend_clear(FakeBackend *fake);

G_END_DECLS
