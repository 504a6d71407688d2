/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agents-doubles.h"

/* A set of agents over the doubles, and what it told: in SEEN of eUICCs and jobs, in MODEMS_SEEN of modems. */

extern GString *seen, *modems_seen;
void assert_seen(const char *expected); /* since the last call */
void assert_modems_seen(const char *expected);

typedef struct {
    Config config;
    Agents *agents;
} Fixture;

void set_up(Fixture *f, gconstpointer data);
void tear_down(Fixture *f, gconstpointer data);

extern const char *const one_eim[];
extern const char *const two_eims[];

/* A card with EIM_IDS that has been read. */
void begin(Fixture *f, const char *const *eim_ids);
/* The modem goes, and its worker is done with it at once. */
void modem_gone(void);
const EimSnapshot *get_eim(Fixture *f, const char *eim_id);
/* Asks for a poll of EIM_ID (NULL: all); the job's number. */
guint32 poll_now(Fixture *f, const char *eim_id);
