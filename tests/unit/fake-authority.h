/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

G_BEGIN_DECLS

/* A stand-in for polkitd: answers every question the same way. */
typedef struct {
    sd_bus *connection;
    GSource *source;
    int authorized, challenge;
    gboolean unreadable; /* answers with something else */
    const char *failure;
    guint questions;
    char *action;
    char *subject;
    uint32_t flags;
} Authority;

Authority *authority_new(void);
void authority_free(Authority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Authority, authority_free)

G_END_DECLS
