/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/rendezvous.h"

struct Rendezvous {
    gatomicrefcount refs;
    GMainContext *context;
    gint answered; /* atomic */
    gint granted;  /* atomic; set before ANSWERED */
};

Rendezvous *rendezvous_new(GMainContext *context)
{
    Rendezvous *rendezvous = g_new0(Rendezvous, 1);

    g_atomic_ref_count_init(&rendezvous->refs);
    rendezvous->context = g_main_context_ref(context);
    return rendezvous;
}

Rendezvous *rendezvous_ref(Rendezvous *rendezvous)
{
    g_atomic_ref_count_inc(&rendezvous->refs);
    return rendezvous;
}

void rendezvous_unref(Rendezvous *rendezvous)
{
    if (!g_atomic_ref_count_dec(&rendezvous->refs))
        return;
    g_main_context_unref(rendezvous->context);
    g_free(rendezvous);
}

void rendezvous_answer(Rendezvous *rendezvous)
{
    g_atomic_int_set(&rendezvous->answered, TRUE);
    g_main_context_wakeup(rendezvous->context);
}

gboolean rendezvous_is_answered(Rendezvous *rendezvous)
{
    return g_atomic_int_get(&rendezvous->answered);
}

void rendezvous_grant(Rendezvous *rendezvous)
{
    g_atomic_int_set(&rendezvous->granted, TRUE);
    rendezvous_answer(rendezvous);
}

gboolean rendezvous_is_granted(Rendezvous *rendezvous)
{
    return g_atomic_int_get(&rendezvous->granted);
}
