/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

G_BEGIN_DECLS

struct Bus;

/* Requests that wait for an answer of polkit. */
typedef struct Polkit Polkit;

Polkit *polkit_new(struct Bus *bus);
void polkit_free(Polkit *polkit); /* the callers of waiting requests get no answer */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Polkit, polkit_free)

/*
 * Decides whether the sender of M may call MEMBER of INTERFACE ("set MEMBER" for a property) and
 * then runs the method or replies NOT_AUTHORIZED. Returns at once; the answer comes later. Each
 * decision is logged.
 *
 * Rule: polkit decides, for root too. Where polkit is not on the bus, or the daemon was built
 * without it, uid 0 is allowed and everybody else is not. Any other failure to get an answer is a
 * refusal.
 */
int polkit_guard(Polkit *polkit, sd_bus_message *m, const char *interface, const char *member);

G_END_DECLS
