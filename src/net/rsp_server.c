/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/rsp_server.h"

#define MAX_MESSAGE 128 /* characters */

void rsp_server_authentication_free(RspServerAuthentication *authentication)
{
    g_clear_pointer(&authentication->transaction_id, g_bytes_unref);
    g_clear_pointer(&authentication->server_signed1, g_bytes_unref);
    g_clear_pointer(&authentication->server_signature1, g_bytes_unref);
    g_clear_pointer(&authentication->ci_pk_id, g_bytes_unref);
    g_clear_pointer(&authentication->server_certificate, g_bytes_unref);
    g_clear_pointer(&authentication->ctx_params1, g_bytes_unref);
    g_free(authentication->matching_id);
    g_free(authentication);
}

void rsp_server_event_free(RspServerEvent *event)
{
    g_free(event->event_id);
    g_free(event->address);
    g_free(event);
}

void rsp_server_offer_free(RspServerOffer *offer)
{
    g_clear_pointer(&offer->transaction_id, g_bytes_unref);
    g_clear_pointer(&offer->profile_metadata, g_bytes_unref);
    g_clear_pointer(&offer->smdp_signed2, g_bytes_unref);
    g_clear_pointer(&offer->smdp_signature2, g_bytes_unref);
    g_clear_pointer(&offer->smdp_certificate, g_bytes_unref);
    g_clear_pointer(&offer->hash_cc, g_bytes_unref);
    g_clear_pointer(&offer->events, g_ptr_array_unref);
    g_clear_pointer(&offer->download_trigger, g_bytes_unref);
    g_free(offer);
}

void rsp_server_refusal_clear(RspServerRefusal *refusal)
{
    g_free(refusal->subject);
    g_free(refusal->reason);
    g_free(refusal->message);
    *refusal = (RspServerRefusal){ .code = -1 };
}

gboolean rsp_server_refusal_is(const RspServerRefusal *refusal, const char *subject,
                               const char *reason)
{
    return g_strcmp0(refusal->subject, subject) == 0 && g_strcmp0(refusal->reason, reason) == 0;
}

GBytes *rsp_server_unwrap(GBytes *value, guint32 tag, gsize size)
{
    TlvSlice rest = tlv_slice_from_bytes(value);
    Tlv object;

    /* The object itself, and one around it. */
    for (guint i = 0; i < 2 && rest.size != size && tlv_parse(rest, tag, &object, NULL); i++)
        rest = object.value;
    return tlv_slice_to_bytes(rest);
}

GBytes *rsp_server_find_transaction_id(GBytes *signed_object)
{
    Tlv object, id;

    if (!tlv_parse(tlv_slice_from_bytes(signed_object), 0x30, &object, NULL) ||
        !tlv_find(object.value, 0x80, &id) || id.value.size < 1 || id.value.size > 16)
        return NULL;
    return tlv_slice_to_bytes(id.value);
}

char *rsp_server_printable(const char *text)
{
    char *shown = g_strndup(text, MAX_MESSAGE);

    for (char *c = shown; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    return shown;
}
