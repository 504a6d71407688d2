/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/card.h"

G_BEGIN_DECLS

/* A card of a few lines behind the contract of sim/card.h, for tests of simulated modems: it answers MANAGE
 * CHANNEL, SELECT (AIDs that begin with A0), READ BINARY, STORE DATA and GET RESPONSE. STORE DATA with P1
 * 91 has an answer as long as its first two octets say, with 92 one that is shorter than was said; any other leaves
 * a REFRESH pending. */
struct SimCard {
    guint channels; /* bits */
    gboolean pending;
    guint resets;
    guint delay;
    guint cut_at; /* at the so manieth APDU from now; 0: never */
    gsize left;   /* octets that GET RESPONSE still has to give */
    GByteArray *last;
    SimCardEvent at_cut; /* what happens then */
    SimCardEvent event;
    const char *iccid;  /* of the enabled profile; NULL: it changes at the third reset */
    guint capabilities; /* how often TERMINAL CAPABILITY came */
};

G_END_DECLS
