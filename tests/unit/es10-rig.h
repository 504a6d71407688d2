/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc/es10.h"
#include "unit/fake_backend.h"

G_BEGIN_DECLS

/* Card functions over a scripted back-end, and the known-answer vectors of asn1.json. */

void vectors_load(void);
void vectors_unload(void);

/* Encoding of vector NAME, hex; and its other members that are text. */
const char *der(const char *name);
const char *vector_text(const char *name, const char *member);

/* Names of the vectors that begin with PREFIX, or are of TYPE; at least one. Array of char *, borrowed. */
GPtrArray *family(const char *prefix);
GPtrArray *vectors_of_type(const char *type);

/* "…-error-11-profileChangeOngoing", "…-rsp-0-ok": the name after the last number. */
const char *code_name(const char *vector);

GBytes *octets(const char *hex);

typedef struct {
    FakeBackend *fake;
    ChannelConfig *config;
    Channel *channel;
} Rig;

/* Blocks of 255 octets on channel 1, no TERMINAL CAPABILITY. */
void rig_start(Rig *rig);
/* Asserts that all that was expected came. */
void rig_stop(Rig *rig);

/* The card expects REQUEST (hex) and answers with DATA (hex) and STATUS_WORD, or 9000. */
void expect_status(Rig *rig, const char *request, const char *data, guint16 status_word);
void expect(Rig *rig, const char *request, const char *data);

void assert_text(TlvSlice slice, const char *text);

/* ---- every function in the same way ---- */

typedef struct {
    const char *name; /* with which messages begin */
    gboolean (*call)(Channel *channel, GError **error);
} Es10Call;

/* What can't be read: MALFORMED, with the function's name. */
void check_bad_answers(const Es10Call *calls, gsize n);
/* Status words and a lost modem: CARD_STATUS, CARD_RESET, MODEM_GONE, with the function's name. */
void check_status_words(const Es10Call *calls, gsize n);

G_END_DECLS
