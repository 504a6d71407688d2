/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* For an SSL_CTX of a client: leaves out of its first message what no server of today needs, and prefers the
 * smaller of what it offers, because each octet of it is paid for at each connection. Never adds what
 * the system's configuration of OpenSSL does not allow. */
gboolean tls_context_trim(void *ssl_ctx);

/* For the SSL_CTX of a client that works on answers while they arrive: asks the server for records of at most 2048
 * octets (RFC 6066 4). A record is nothing before its last octet is there, and the usual ones have 16384: on a slow
 * network the whole of a small answer. A server that does not know the extension goes on as usual. */
gboolean tls_context_ask_small_records(void *ssl_ctx);

G_END_DECLS
