/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Byte streams of a simulated modem: clients of a socket that plays the proxy, or a pseudo-terminal
 * behind the real proxy. Whoever knows the protocol tells where a frame ends.
 */
typedef struct SimPeer SimPeer;

typedef struct {
    /* Size of the frame at the start of FRAME; 0: not known yet; -1: this is no frame. */
    gssize (*measure)(const guint8 *frame, gsize size, gpointer data);
    void (*frame)(SimPeer *peer, const guint8 *frame, gsize size, gpointer data);
    /* The other side closed, or sent what is no frame. Not called after sim_peer_close(). */
    void (*gone)(SimPeer *peer, gpointer data);
} SimPeerFuncs;

/* FD is taken. */
SimPeer *sim_peer_new(int fd, const SimPeerFuncs *funcs, gpointer data);
SimPeer *sim_peer_ref(SimPeer *peer);
void sim_peer_unref(SimPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPeer, sim_peer_unref)

/* Queues; nothing happens on a closed peer. */
void sim_peer_send(SimPeer *peer, const void *data, gsize size);
void sim_peer_close(SimPeer *peer);
gboolean sim_peer_is_open(const SimPeer *peer);

/* Listening socket with an abstract NAME (as of the proxies); -1 on failure. */
int sim_port_listen(const char *name, GError **error);
/* Raw pseudo-terminal: RET_SLAVE must stay open as long as the modem is there (without any open
 * slave the master reads errors); LINK becomes a symbolic link to it. Returns the master. */
int sim_port_open_pty(const char *link, int *ret_slave, GError **error);

G_END_DECLS
