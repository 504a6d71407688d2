/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* For an SSL_CTX of a client: leaves out of its first message what no server of today needs, and prefers the
 * smaller of what it offers, because each octet of it is paid for at each connection. Never adds what
 * the system's configuration of OpenSSL does not allow. */
gboolean tls_context_trim(void *ssl_ctx);

G_END_DECLS
