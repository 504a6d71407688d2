/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agents.h"

G_BEGIN_DECLS

/*
 * agents.h without modems and cards: what it shows is put there by the test. Used by the tests of
 * the bus and of the euicc command.
 */

#define FAKE_EID     "89049032123451234512345678901235"
#define FAKE_ICCID   "89000000000000000042"
#define FAKE_IMEI    "490154203237518"
#define FAKE_EID_TWO "89044045930000000000000000000030"

/* An idle IoT eUICC with two profiles and three eIMs (numbers 1 to 3). */
EuiccSnapshot *fake_euicc_new(const char *eid);
/* A working one on /dev/cdc-wdm0 with the card FAKE_EID and three probing steps. */
ModemSnapshot *fake_modem_new(guint number);
JobSnapshot *fake_job_new(guint32 number, const char *kind, JobState state);

/* Take the snapshot, replace the former one with the same EID or number, and tell the listener. */
void fake_agents_put_euicc(Agents *agents, EuiccSnapshot *snapshot);
void fake_agents_remove_euicc(Agents *agents, const char *eid);
void fake_agents_put_job(Agents *agents, JobSnapshot *snapshot);
void fake_agents_put_modem(Agents *agents, ModemSnapshot *snapshot);
void fake_agents_remove_modem(Agents *agents, guint number);
void fake_agents_remove_job(Agents *agents, guint32 number);

/* Whether jobs run by themselves in idle steps of the default context. A poll of
 * "eim.broken.example" fails with Tls, one of "eim.slow.example" runs until it is cancelled,
 * everything else succeeds; a download has FAKE_ICCID as its result. */
void fake_agents_set_automatic(Agents *agents, gboolean automatic);

/* What the bus asked for. */
typedef struct {
    guint rescans;
    guint probed; /* number of the modem of the last probe */
    char *cause;  /* of the last job */
    char *eim_id; /* of the last poll, NULL: all */
    GBytes *data; /* of the last AddInitialEim */
    char *code;   /* of the last download */
    char *confirmation_code;
    gboolean consent;
    char *parts;         /* of the last memory reset, with commas */
    CardControl control; /* the last one, with copies of its texts */
    GError *refusal;     /* the next job is refused with a copy of this */
    gboolean silent;     /* new jobs are not announced to the listener */
} FakeRecord;
FakeRecord *fake_agents_get_record(Agents *agents);

G_END_DECLS
