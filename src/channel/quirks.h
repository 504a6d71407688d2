/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What brings the card back after a profile change (spec: interop I-35). */
typedef enum {
    RESET_AUTO,        /* the rungs below one after the other, first what worked, but no restart */
    RESET_MODEM,       /* only what the modem does by itself on a REFRESH */
    RESET_POWER_CYCLE, /* the card's power off and on */
    RESET_RESTART,     /* the modem restarts */
    RESET_NONE,        /* the channel is closed and opened, no more */
} ResetPolicy;

/* Whether ModemManager is asked to leave the modem alone during a profile change. */
typedef enum {
    INHIBIT_AUTO, /* as the transport needs it */
    INHIBIT_ALWAYS,
    INHIBIT_NEVER,
} InhibitPolicy;

typedef enum {
    QUIRK_UNSET = 0,
    QUIRK_NO,
    QUIRK_YES,
} QuirkSwitch;

#define QUIRKS_MAX_P2 4

/*
 * In what a modem differs from others. Everything zero: nothing is known, defaults hold. Filled from
 * quirks.conf by the modem's USB id, driver and firmware, and from the [modem] group of the configuration,
 * which wins.
 */
typedef struct {
    char *transport; /* "qmi", "mbim", "at": tried first; NULL */
    ResetPolicy reset;
    InhibitPolicy inhibit;
    char *aids;       /* ISD-R AIDs in hex with commas between, tried before the usual; NULL */
    guint block_size; /* STORE DATA octets at most; 0: as configured */
    QuirkSwitch modem_fetches;       /* the modem follows 61xx itself */
    QuirkSwitch with_le;             /* Le 00 after STORE DATA */
    QuirkSwitch channel_in_class;    /* the host puts the channel number into the class octet */
    QuirkSwitch terminal_capability; /* NO: none is sent */
    QuirkSwitch
        modem_capability;   /* MBIM: the modem sends TERMINAL CAPABILITY on our behalf (CID 5) */
    QuirkSwitch keep_slots; /* slots are never switched */
    QuirkSwitch csim;       /* AT: +CSIM with MANAGE CHANNEL instead of +CCHO, +CGLA */
    guint settle;           /* seconds that a card needs after it was reported ready; 0: none */
    guint timeout;          /* seconds for an ordinary command; 0: as configured */
    guint8 select_p2[QUIRKS_MAX_P2]; /* MBIM: P2 of SELECT, tried in order */
    guint n_select_p2;               /* 0: 04, 0C, 00 */
    QuirkSwitch inter_industry;      /* MBIM: class octet type, YES: inter-industry first */
    guint given; /* QuirkBit: set on purpose, though the value is the default's 0 */
} Quirks;

/* For members whose 0 somebody may want over what another source sets. */
typedef enum {
    QUIRK_GIVEN_RESET = 1 << 0,
    QUIRK_GIVEN_INHIBIT = 1 << 1,
    QUIRK_GIVEN_BLOCK_SIZE = 1 << 2,
    QUIRK_GIVEN_SETTLE = 1 << 3,
} QuirkBit;

extern const Quirks quirks_none;

/* Takes what OTHER sets, a given default included, over what QUIRKS has. */
void quirks_merge(Quirks *quirks, const Quirks *other);
gboolean quirks_equal(const Quirks *a, const Quirks *b);
void quirks_clear(Quirks *quirks);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Quirks, quirks_clear)

const char *
reset_policy_to_string(ResetPolicy policy); /* "auto", "modem", "power-cycle", "reset", "none" */
const char *inhibit_policy_to_string(InhibitPolicy policy); /* "auto", "always", "never" */

G_END_DECLS
