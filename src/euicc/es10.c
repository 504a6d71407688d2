/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include "util/error.h"

/* Nothing was sent yet when this fails. */
static gboolean prepare(Channel *channel, const Es10Function *function, GCancellable *cancellable,
                        GError **error)
{
    if (!function->indivisible)
        return TRUE;
    if (!g_cancellable_is_cancelled(cancellable))
        return channel_open(channel, cancellable, error);
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
    return FALSE;
}

gboolean es10_exchange(Channel *channel, const Es10Function *function, GBytes *request,
                       GCancellable *cancellable, GBytes **ret_response, guint16 *ret_sw,
                       GError **error)
{
    if (function->changes_profile)
        channel_expect_refresh(channel);
    if (prepare(channel, function, cancellable, error) &&
        channel_command(channel, request, function->request, function->response,
                        function->long_running, function->indivisible ? NULL : cancellable,
                        ret_response, ret_sw, error))
        return TRUE;
    g_prefix_error(error, "%s: ", function->name);
    return FALSE;
}

GBytes *es10_send(Channel *channel, const Es10Function *function, GBytes *request,
                  GCancellable *cancellable, guint16 *ret_sw, GError **error)
{
    g_autoptr(GBytes) response = NULL;

    if (!es10_exchange(channel, function, request, cancellable, &response, ret_sw, error))
        return NULL;
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

gboolean es10_call_for_code(Channel *channel, const Es10Function *function, gconstpointer request,
                            GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    gpointer response = es10_call(channel, function, request, cancellable, NULL, error);
    const TlvField *field = function->response->fields;
    gint64 code;

    if (!response)
        return FALSE;
    code = G_STRUCT_MEMBER(TlvInteger, response, field->offset).value;
    tlv_struct_free(response);
    if (ret_code)
        *ret_code = code;
    if (code == 0)
        return TRUE;
    es10_set_refused(function, field->names, code, error);
    return FALSE;
}

GBytes *es10_make_bits(guint64 bits)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) object = NULL;
    Tlv tlv;

    tlv_put_bits(writer, 0x03, bits);
    object = tlv_writer_finish(g_steal_pointer(&writer));
    if (!tlv_parse(tlv_slice_from_bytes(object), 0x03, &tlv, NULL))
        g_return_val_if_reached(NULL);
    return tlv_slice_to_bytes(tlv.value);
}

char *es10_describe_code(const TlvName *names, gint64 code)
{
    for (gsize i = 0; names[i].name; i++)
        if (names[i].value == code)
            return g_strdup_printf("%s (%" G_GINT64_FORMAT ")", names[i].name, code);
    return g_strdup_printf("unknown (%" G_GINT64_FORMAT ")", code);
}

void es10_set_refused(const Es10Function *function, const TlvName *names, gint64 code,
                      GError **error)
{
    g_autofree char *description = es10_describe_code(names, code);

    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED, "%s: the card answered %s",
                function->name, description);
}
