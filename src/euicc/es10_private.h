/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc/es10.h"

G_BEGIN_DECLS

/* One card function, as its table row: what is sent and what comes back. */
typedef struct {
    const char *name; /* "ES10b.GetEUICCInfo1", for messages */
    const TlvType *request, *response;
    gboolean long_running;
} Es10Function;

/* Sends REQUEST (a structure of FUNCTION->request for es10_call(), octets for es10_send()) and returns the
 * response object. RET_SW may be NULL, see channel_command(). */
GBytes *es10_send(Channel *channel, const Es10Function *function, GBytes *request,
                  GCancellable *cancellable, guint16 *ret_sw, GError **error);

/* The same, decoded: a structure of FUNCTION->response. */
gpointer es10_call(Channel *channel, const Es10Function *function, gconstpointer request,
                   GCancellable *cancellable, guint16 *ret_sw, GError **error);

/* CARD_REFUSED with the name of CODE in NAMES. */
void es10_set_refused(const Es10Function *function, const TlvName *names, gint64 code,
                      GError **error);

G_END_DECLS
