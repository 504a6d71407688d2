/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Where AT commands go: a terminal today. The commands know only this, so that a modem which takes them
 * inside another protocol needs no more than a second class.
 */
typedef struct AtPort AtPort;

typedef struct {
    void (*octets)(const char *octets, gsize size, gpointer data);
    void (*gone)(const char *why, gpointer data); /* once; nothing is heard or said any more */
} AtPortFuncs;

struct AtPort {
    void (*write)(AtPort *port, const char *octets, gsize size); /* all at once, or queued */
    void (*free)(AtPort *port);
};

static inline void at_port_write(AtPort *port, const char *octets, gsize size)
{
    port->write(port, octets, size);
}

static inline void at_port_free(AtPort *port)
{
    if (port)
        port->free(port);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AtPort, at_port_free)

/* Opens the terminal at PATH for us alone, raw, and reads it in the caller's context. MODEM_GONE when it is
 * not there, BUSY when somebody else has it, MODEM for anything else. */
AtPort *at_tty_open(const char *path, const AtPortFuncs *funcs, gpointer data, GError **error);

G_END_DECLS
