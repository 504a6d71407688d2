/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* TRUE when IP (text, IPv4 or IPv6, without a zone) is an address of one of this machine's interfaces now. */
gboolean address_is_own(const char *ip);

G_END_DECLS
