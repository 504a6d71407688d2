/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What malloc() keeps of memory that nobody uses. Does nothing where the C library has no such calls. */

/* One heap for all threads. Called before there are any: by default each gets one of its own, and keeps what is
 * free in it to itself. Workers seldom run, and never long enough to be in each other's way. */
void heap_init(void);

/* Gives free pages back, also those amid used ones. For whoever has done something big and sleeps now. */
void heap_trim(void);

G_END_DECLS
