/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/tie.h"

G_BEGIN_DECLS

/*
 * What goes and comes back because of what we do: a slot of a modem that is switched, or a profile that is changed, lets
 * ModemManager probe the modem anew, and takes the card in another slot away for a while. All slots of that modem see it,
 * and none has a reason to look at its card, or to ask its eIMs, because of it. Main thread only; no timer.
 */
typedef struct Comebacks Comebacks;

Comebacks *comebacks_new(void);
void comebacks_free(Comebacks *comebacks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Comebacks, comebacks_free)

/* Something is done to the physical modem of MODEM now. MM as for tie_find_object(). */
void comebacks_expect(Comebacks *comebacks, const ModemManager *mm, const Modem *modem);

/* TRUE: that something of MODEM went or came back just now may be because of that. */
gboolean comebacks_are_expected(const Comebacks *comebacks, const ModemManager *mm,
                                const Modem *modem);

/* TRUE: ModemManager's object of a modem came or went between BEFORE and NOW, and that is all. */
gboolean comebacks_are_all(const Modem *before, const Modem *now);

/* A ModemManager that starts anew is news for everybody. */
void comebacks_forget(Comebacks *comebacks);

G_END_DECLS
