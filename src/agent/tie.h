/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modem/modem.h"
#include "modem/modemmanager.h"

G_BEGIN_DECLS

/*
 * A physical modem: what we call it, and the object that it is to ModemManager, as it was when it was last exported. A
 * modem that ModemManager lets go of, or probes anew, has no object for a while, and two slots of it are two Modems,
 * which the administrator may have given two names.
 */
typedef struct {
    Modem *modem;
    MmModem *object; /* NULL: ModemManager does not know it */
} Tie;

/* The ModemManager object of MODEM, by its ports or its device; NULL: none is exported, or MM is NULL. */
const MmModem *tie_find_object(const ModemManager *mm, const Modem *modem);

Tie *tie_new(const ModemManager *mm, const Modem *modem);
void tie_free(Tie *tie);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tie, tie_free)

/* The same modem has another object, or says more. */
void tie_set_object(Tie *tie, const MmModem *object);

/* TRUE: MODEM is the same physical modem, be it another slot or another port of it. */
gboolean tie_means(const Tie *tie, const ModemManager *mm, const Modem *modem);

G_END_DECLS
