/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/trust.h"

G_BEGIN_DECLS

/*
 * The TLS session with one server, kept from one connection to the next and, where a file is named, from
 * one run of the daemon to the next, so that most connections need no full handshake. Beside OpenSSL's
 * session it keeps the certificates that the server showed, and they are judged again before each
 * use: what a full handshake would refuse today (dates, trust, name) is not resumed. Nothing is sent
 * as early data, which could be replayed. One connection at a time, one thread.
 *
 * The file is a secret (mode 0600). It is bound to server and trust; one that belongs to others, or is
 * damaged, is removed.
 */
typedef struct TlsSession TlsSession;

/* PEER: "HOST:PORT", what the session belongs to beside TRUST. PATH: the file, NULL for none; its folder
 * exists. */
TlsSession *tls_session_new(const char *peer, Trust *trust, const char *path);
void tls_session_free(TlsSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsSession, tls_session_free)

/* For an SSL_CTX after trust_install(): sessions of its connections are taken. SESSION must outlive it. */
gboolean tls_session_install(TlsSession *session, void *ssl_ctx);

/* At the very start of the handshake of SSL: offers the kept session if its server would be trusted today.
 * Writes the detail of trust_install(). */
void tls_session_offer(TlsSession *session, void *ssl);

/* After a connection was tried. COMPLETE: its handshake was. A session is forgotten whose handshake failed,
 * and a TLS 1.3 one that was used (RFC 8446 C.4) where the server sent no other. TRUE when one had been
 * offered. */
gboolean tls_session_settle(TlsSession *session, gboolean complete);

/* Makes the file what is kept now, where that has changed. Failure is logged and harmless. */
void tls_session_save(TlsSession *session);

/* The content of the file behind its check sum: taken if it is a session with this server under this
 * trust. MALFORMED, NOT_FOUND for somebody else's. */
gboolean tls_session_decode(TlsSession *session, TlvSlice content, GError **error);

G_END_DECLS
