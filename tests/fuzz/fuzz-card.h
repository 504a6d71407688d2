/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"

G_BEGIN_DECLS

/*
 * A card behind a back-end, for targets that look at whole ES10 objects: it puts the blocks of a command
 * together, asks ANSWER, and hands out what that gives by 61xx and GET RESPONSE.
 */
typedef struct FuzzCard FuzzCard;

/* What the card answers to COMMAND: an object (may be empty) with *RET_SW 9000 or 91xx, or only a status
 * word. NULL: the modem fails, *RET_SW is an EuiccdError then. */
typedef GBytes *(*FuzzAnswer)(gpointer data, GBytes *command, guint16 *ret_sw);

struct FuzzCard {
    Backend backend;
    FuzzAnswer answer;
    gpointer answer_data;
    GBytes *fci;        /* of every SELECT; NULL: none */
    gboolean dead;      /* nothing works any more */
    guint apdus, loads; /* commands so far; whole objects so far */
    guint resets, opens;
    GByteArray *command;
    GByteArray *response;
    guint16 sw; /* that ends RESPONSE */
};

void fuzz_card_init(FuzzCard *card, FuzzAnswer answer, gpointer data);
void fuzz_card_clear(FuzzCard *card);

/* The card goes and is back. */
void fuzz_card_blink(FuzzCard *card);

G_END_DECLS
