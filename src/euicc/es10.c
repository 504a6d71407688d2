/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include "util/error.h"

GBytes *es10_send(Channel *channel, const Es10Function *function, GBytes *request,
                  GCancellable *cancellable, guint16 *ret_sw, GError **error)
{
    g_autoptr(GBytes) response = NULL;

    if (!channel_command(channel, request, function->request, function->response,
                         function->long_running, cancellable, &response, ret_sw, error)) {
        g_prefix_error(error, "%s: ", function->name);
        return NULL;
    }
    if (g_bytes_get_size(response) == 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%s: the card reported success and gave no response", function->name);
        return NULL;
    }
    return g_steal_pointer(&response);
}

gpointer es10_call(Channel *channel, const Es10Function *function, gconstpointer request,
                   GCancellable *cancellable, guint16 *ret_sw, GError **error)
{
    g_autoptr(GBytes) octets = tlv_encode(function->request, request, error);
    g_autoptr(GBytes) answer = NULL;
    gpointer response;

    if (!octets) {
        g_prefix_error(error, "%s: ", function->name);
        return NULL;
    }
    answer = es10_send(channel, function, octets, cancellable, ret_sw, error);
    if (!answer)
        return NULL;
    response = tlv_decode(function->response, answer, error);
    if (!response)
        g_prefix_error(error, "%s: response of the card: ", function->name);
    return response;
}

void es10_set_refused(const Es10Function *function, const TlvName *names, gint64 code,
                      GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED,
                "%s: the card answered %s (%" G_GINT64_FORMAT ")", function->name,
                tlv_name(names, code), code);
}
