/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc/es10.h"

G_BEGIN_DECLS

/* One card function, as its table row: what is sent and what comes back. */
typedef struct {
    const char *name; /* "ES10b.GetEUICCInfo1", for messages */
    const TlvType *request, *response;
    gboolean long_running;
    gboolean changes_profile; /* so that the card asks for a REFRESH */
    gboolean indivisible; /* it changes the card: once sent, its answer is waited for, cancelled or
                             not; the channel's deadline bounds it */
} Es10Function;

/* Sends REQUEST and gives what the card answered, which may be empty. */
gboolean es10_exchange(Channel *channel, const Es10Function *function, GBytes *request,
                       GCancellable *cancellable, GBytes **ret_response, guint16 *ret_sw,
                       GError **error);

/* Sends REQUEST (a structure of FUNCTION->request for es10_call(), octets for es10_send()) and returns the
 * response object. RET_SW may be NULL, see channel_command(). */
GBytes *es10_send(Channel *channel, const Es10Function *function, GBytes *request,
                  GCancellable *cancellable, guint16 *ret_sw, GError **error);

/* The same, decoded: a structure of FUNCTION->response. */
gpointer es10_call(Channel *channel, const Es10Function *function, gconstpointer request,
                   GCancellable *cancellable, guint16 *ret_sw, GError **error);

/* The same for a function that answers nothing but a result code: the one field of the response,
 * whose row has the names. CARD_REFUSED for every code but 0. RET_CODE as in es10.h. */
gboolean es10_call_for_code(Channel *channel, const Es10Function *function, gconstpointer request,
                            GCancellable *cancellable, gint64 *ret_code, GError **error);

/* Content octets of a BIT STRING: bit i of BITS (1 << i) is named bit i. */
GBytes *es10_make_bits(guint64 bits);

/* "catBusy (5)", "unknown (66)". g_free(). */
char *es10_describe_code(const TlvName *names, gint64 code);

/* CARD_REFUSED with the name of CODE in NAMES. */
void es10_set_refused(const Es10Function *function, const TlvName *names, gint64 code,
                      GError **error);

G_END_DECLS
