/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/es11.h"

#include "net/es9p_private.h"
#include "util/error.h"

static void event_free(gpointer event)
{
    rsp_server_event_free(event);
}

/* The I-th event; NULL without ERROR: there is none. */
static RspServerEvent *read_event(const JsonAnswer *answer, guint i, GError **error)
{
    g_autofree char *entry = g_strdup_printf("/eventEntries/%u", i);
    g_autofree char *id = g_strconcat(entry, "/eventId", NULL);
    g_autofree char *address = g_strconcat(entry, "/rspServerAddress", NULL);
    const char *id_text, *address_text;
    RspServerEvent *event;

    /* A null is no end of the list: what stands behind it would be missed. */
    if (!json_answer_is_there(answer, entry))
        return NULL;
    if (!(id_text = json_answer_get_text(answer, id, error)) ||
        !(address_text = json_answer_get_text(answer, address, error)))
        return NULL;
    event = g_new0(RspServerEvent, 1);
    event->event_id = g_strdup(id_text);
    event->address = g_strdup(address_text);
    return event;
}

static gboolean read_events(const JsonAnswer *answer, GPtrArray *events, GError **error)
{
    g_autoptr(GError) local = NULL;
    RspServerEvent *event;

    if (!json_answer_is_array(answer, "/eventEntries")) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "the answer has no list of eventEntries");
        return FALSE;
    }
    while ((event = read_event(answer, events->len, &local))) {
        g_ptr_array_add(events, event);
        if (events->len > ES11_MAX_EVENTS) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE, "more than %u events",
                        ES11_MAX_EVENTS);
            return FALSE;
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

RspServerOffer *es11_authenticate_client(Es9pClient *client, GBytes *transaction_id,
                                         GBytes *response, GCancellable *cancellable,
                                         GError **error)
{
    static const char *const members[] = { "transactionId", "eventEntries", NULL };
    GString *request = es9p_make_request(transaction_id, "authenticateServerResponse", response);
    g_autoptr(RspServerOffer) result = g_new0(RspServerOffer, 1);
    g_autoptr(JsonAnswer) answer = json_exchange(&client->peer, ES9P_PATH "authenticateClient",
                                                 request, members, cancellable, error);

    result->transaction_id = g_bytes_ref(transaction_id);
    result->events = g_ptr_array_new_with_free_func(event_free);
    if (!answer || !json_answer_check_transaction(answer, transaction_id, error) ||
        !read_events(answer, result->events, error)) {
        g_prefix_error(error, "AuthenticateClient: ");
        return NULL;
    }
    return g_steal_pointer(&result);
}
