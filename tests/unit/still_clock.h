/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In the place of util/clock.c: a clock that stands still until a test lets time pass, so that no machine is
 * too slow for a deadline. A GSourceFunc: MS is a GUINT_TO_POINTER(), milliseconds. */
gboolean still_clock_pass(gpointer ms);

G_END_DECLS
