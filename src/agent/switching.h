/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/rendezvous.h"
#include "agent/tie.h"
#include "channel/quirks.h"

G_BEGIN_DECLS

/*
 * Profile changes beside a running ModemManager: before the card is told to enable another profile,
 * ModemManager is in a settled state and, where that is wanted, lets go of the modem; afterwards it probes the modem
 * anew and so learns of the other profile. Main thread only.
 *
 * ModemManager is never a reason not to change a profile: where it is absent, does not know the modem, refuses, does not
 * answer or goes meanwhile, the change goes on without it, and that is logged. One that starts again while a change is
 * under way is asked anew. The end of the daemon ends its inhibitions, as they belong to its bus connection.
 *
 * All slots of a physical modem share one inhibition, whatever they are called: it ends after the last change.
 */
typedef struct Switching Switching;

/* Whether ModemManager should let go of the modem. POLICY auto: not on a QMI modem that reports its slots (TELLS_SLOTS),
 * because ModemManager then notices the other ICCID by itself and the connection lives as long as it can; on all
 * others, as ModemManager does not notice there. */
gboolean switching_wants_inhibition(InhibitPolicy policy, const char *transport,
                                    gboolean tells_slots);

/* MM is borrowed; switching_note_manager() and switching_free() come from its owner. */
Switching *switching_new(ModemManager *mm, GMainContext *context);
void switching_free(Switching *switching);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Switching, switching_free)

/* Answers RENDEZVOUS, at once or later, when USER may change the profile behind MODEM; grants it where ModemManager has
 * let go of the modem, whose connection is away until some time after the end. Every begin has one end. */
void switching_begin(Switching *switching, gconstpointer user, const Modem *modem, gboolean inhibit,
                     Rendezvous *rendezvous);
/* The change is over, or nobody waits for it any more: some seconds after the last one on this modem
 * ModemManager takes it again. A USER that never began is passed over. */
void switching_end(Switching *switching, gconstpointer user);

/* For MmFunc: the manager went, and with it every inhibition, or a new one has MODEM. */
void switching_note_manager(Switching *switching, const MmModem *modem, MmChange change);

G_END_DECLS
