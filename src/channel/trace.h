/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"

G_BEGIN_DECLS

/* Writing side of ChannelTrace, for channel.c. TRACE may be NULL everywhere. NAME: the modem's
 * port. */

/* TRUE when objects of TYPE may hold fields that must not be written. */
gboolean channel_trace_is_secret(const TlvType *type);

/* The same for one OBJECT: it has such a field, or can't be read as TYPE so that nobody knows. */
gboolean channel_trace_holds_secret(const TlvType *type, GBytes *object);

/* One APDU; HIDDEN: only its size (and the status word of a response). */
void channel_trace_command(ChannelTrace *trace, const char *name, guint8 channel,
                           const guint8 *apdu, gsize size, gboolean hidden);
void channel_trace_response(ChannelTrace *trace, const char *name, GBytes *response,
                            gboolean hidden);

/* A complete command or response object, decoded by TYPE (NULL: bare tags). */
void channel_trace_object(ChannelTrace *trace, const char *name, const char *direction,
                          const TlvType *type, GBytes *object);

/* A sentence: channel opened, card reset. */
void channel_trace_note(ChannelTrace *trace, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

G_END_DECLS
