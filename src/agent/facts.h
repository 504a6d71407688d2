/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/snapshot.h"
#include "ipa/session.h"

G_BEGIN_DECLS

/* The card part of a snapshot: what was read from the card, in words for people. State is IDLE or
 * LEFT_ALONE; what the main thread knows (device, schedule, job) is left empty. */
EuiccSnapshot *facts_from_session(IpaSession *session);

G_END_DECLS
