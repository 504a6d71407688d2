/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fuzz-card.h"
#include "fuzz-input.h"
#include "ipa/procedures.h"

G_BEGIN_DECLS

/*
 * The world around the procedures of src/ipa in which the input decides what card, eIMs and disk do: at
 * each of their turns it draws one octet, most values of which mean good behaviour. At the end of the
 * input everybody behaves (HONEST), so that what is owed has to arrive.
 *
 * What holds always (invariant 3) is asserted on the way:
 * - a package is given to the card only after its record is on disk,
 * - it is not given again after an answer that may mean that it ran,
 * - a result reaches an eIM as the octets that the card gave,
 * - nothing is removed from the card that no eIM has taken,
 * - a profile change is undone only after that is on disk.
 */
typedef struct {
    GBytes *package;
    guint fetched;  /* how often an eIM sent it */
    guint consumed; /* how often the card was given it and did not answer that it did nothing */
} WorldPackage;

typedef struct {
    gint64 number;
    GBytes *result;
} WorldResult;

typedef struct {
    FuzzInput input;
    gboolean honest;
    gboolean dead; /* the process: every call fails until the next one starts */
    gboolean keep_unacknowledged, send_notifications;
    GCancellable *cancellable;

    FuzzCard card;
    GPtrArray *said;   /* of GBytes: every object that the card gave */
    GPtrArray *stored; /* of WorldResult */
    gint64 next_sequence;
    gboolean has_lied;    /* it said something untrue since it was given a package */
    gboolean lied_ever;   /* … or at any time */
    GHashTable *replaced; /* gint64 -> gint64: result of a rollback -> what it took the place of */
    gint64 changed;       /* number of the result whose profile change can be undone, -1: none */

    GPtrArray *packages; /* of WorldPackage */
    GHashTable *taken;   /* gint64 -> itself: numbers that an eIM let go */
    guint exchanges;
    guint8 next_counter;

    GPtrArray *disk; /* of IpaRecord */
    guint next_number;
    GHashTable *causes; /* eimId -> cause + 1 */
} World;

void world_init(World *world, const guint8 *data, gsize size);
void world_clear(World *world);

/* What happens next: 0 at the end of the input. */
guint8 world_draw(World *world);
void world_die(World *world);

IpaRecord *world_copy_record(const IpaRecord *record);

/* The FuzzAnswer of the world's card. */
GBytes *world_card_answer(gpointer data, GBytes *command, guint16 *ret_sw);

/* The client of an eIM; its connection is the world. */
EsipaClient *world_client(World *world, const char *eim_id);
void world_forget_clients(World *world);

/* An eIM has sent PACKAGE (BF51…). */
void world_note_fetched(World *world, GBytes *package);

/* eimIds of the two eIMs on the card. */
#define WORLD_EIM_A "a.example"
#define WORLD_EIM_B "b.example"

extern const guint8 world_eid[EID_SIZE];

G_END_DECLS
