/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HOST_MAX_NAME 253 /* characters of a DNS name */

/* Splits the name of a server as cards, eIMs and activation codes write it (I-31): "host", "host:port", an
 * IPv4 address in place of the host, an IPv6 address bare or (before a port) in brackets; default port 443.
 * Letters, digits, '-', '_' and single dots only; a trailing dot is dropped. RET_HOST has no brackets,
 * g_free() it. FALSE for anything else. */
gboolean host_parse(const char *text, char **ret_host, guint16 *ret_port);

G_END_DECLS
