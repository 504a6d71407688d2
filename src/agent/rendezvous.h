/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A question of a worker that the main thread answers later. The worker sleeps in its own context meanwhile, so
 * that the modem's news reach it; whoever gives up first just drops its reference. */
typedef struct Rendezvous Rendezvous;

/* CONTEXT: the asking thread's, which the answer wakes. */
Rendezvous *rendezvous_new(GMainContext *context);
Rendezvous *rendezvous_ref(Rendezvous *rendezvous);
void rendezvous_unref(Rendezvous *rendezvous);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rendezvous, rendezvous_unref)

/* From any thread, any number of times. */
void rendezvous_answer(Rendezvous *rendezvous);
gboolean rendezvous_is_answered(Rendezvous *rendezvous);

/* The answer to a question that may be refused: yes. A plain answer is none. */
void rendezvous_grant(Rendezvous *rendezvous);
gboolean rendezvous_is_granted(Rendezvous *rendezvous);

G_END_DECLS
