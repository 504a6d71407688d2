/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-card.h"

#include <string.h>

#include "util/error.h"

#define MAX_COMMAND (64u << 10)

static FuzzCard *card_of(Backend *backend)
{
    return (FuzzCard *)backend;
}

static gboolean alive(FuzzCard *card, GCancellable *cancellable, GError **error)
{
    if (g_cancellable_is_cancelled(cancellable)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "cancelled");
        return FALSE;
    }
    if (!card->dead)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "the modem is gone");
    return FALSE;
}

static gboolean card_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    (void)deadline;
    return alive(card_of(backend), cancellable, error);
}

static gboolean card_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                  gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                  GBytes **ret_fci, GError **error)
{
    FuzzCard *card = card_of(backend);

    (void)aid;
    (void)aid_size;
    (void)deadline;
    if (!alive(card, cancellable, error))
        return FALSE;
    card->opens++;
    *ret_channel = 1;
    *ret_fci = card->fci ? g_bytes_ref(card->fci) : NULL;
    return TRUE;
}

static GBytes *only_status(guint16 sw)
{
    const guint8 octets[2] = { (guint8)(sw >> 8), (guint8)sw };

    return g_bytes_new(octets, sizeof(octets));
}

/* The next part of the response, with 61xx while there is more. */
static GBytes *hand_out(FuzzCard *card)
{
    gsize part = MIN(card->response->len, 256);
    GByteArray *answer = g_byte_array_new();
    guint left;
    guint8 status[2];

    g_byte_array_append(answer, card->response->data, (guint)part);
    if (part > 0)
        g_byte_array_remove_range(card->response, 0, (guint)part);
    left = card->response->len;
    status[0] = left > 0 ? 0x61 : (guint8)(card->sw >> 8);
    status[1] = left > 255 ? 0 : left > 0 ? (guint8)left : (guint8)card->sw;
    g_byte_array_append(answer, status, sizeof(status));
    return g_byte_array_free_to_bytes(answer);
}

static GBytes *run_command(FuzzCard *card, GError **error)
{
    g_autoptr(GBytes) command = g_byte_array_free_to_bytes(g_steal_pointer(&card->command));
    g_autoptr(GBytes) response = NULL;

    card->command = g_byte_array_new();
    card->loads++;
    card->sw = 0x9000;
    response = card->answer(card->answer_data, command, &card->sw);
    if (!response) {
        g_set_error_literal(error, EUICCD_ERROR, card->sw, "the modem does not answer");
        return NULL;
    }
    if (g_bytes_get_size(response) == 0)
        return only_status(card->sw);
    g_byte_array_append(card->response, g_bytes_get_data(response, NULL),
                        (guint)g_bytes_get_size(response));
    return hand_out(card);
}

static GBytes *store_data(FuzzCard *card, const guint8 *apdu, gsize size, GError **error)
{
    gboolean last = apdu[2] & 0x80;

    /* ISO 7816-4, GlobalPlatform 11.11: Lc fits, blocks are counted from 0, P1 tells the last one. */
    g_assert(size == 5 + (gsize)apdu[4] || size == 6 + (gsize)apdu[4]);
    g_assert(apdu[2] == 0x11 || apdu[2] == 0x91);
    if (apdu[3] == 0)
        g_byte_array_set_size(card->command, 0);
    g_byte_array_append(card->command, apdu + 5, apdu[4]);
    g_assert(card->command->len <= MAX_COMMAND);
    g_byte_array_set_size(card->response, 0);
    return last ? run_command(card, error) : only_status(0x9000);
}

static gboolean card_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                              gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                              GError **error)
{
    FuzzCard *card = card_of(backend);

    (void)channel;
    (void)deadline;
    g_assert(size >= 5);
    if (!alive(card, cancellable, error))
        return FALSE;
    card->apdus++;
    switch (apdu[1]) {
    case 0xE2:
        *ret_response = store_data(card, apdu, size, error);
        break;
    case 0xC0:
        *ret_response = hand_out(card);
        break;
    case 0xA4:
        g_byte_array_set_size(card->response, 0);
        if (card->fci)
            g_byte_array_append(card->response, g_bytes_get_data(card->fci, NULL),
                                (guint)g_bytes_get_size(card->fci));
        card->sw = 0x9000;
        *ret_response = hand_out(card);
        break;
    case 0xAA:
        *ret_response = only_status(0x9000);
        break;
    default:
        g_error("command %02X is none of ours", apdu[1]);
    }
    return *ret_response != NULL;
}

static gboolean card_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                   GCancellable *cancellable, GError **error)
{
    (void)channel;
    (void)deadline;
    return alive(card_of(backend), cancellable, error);
}

static gboolean card_reset(Backend *backend, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    FuzzCard *card = card_of(backend);

    (void)deadline;
    if (!alive(card, cancellable, error))
        return FALSE;
    card->resets++;
    fuzz_card_blink(card);
    return TRUE;
}

static void card_close(Backend *backend)
{
    (void)backend;
}

static const BackendClass card_class = {
    .name = "fuzz",
    .open = card_open,
    .open_channel = card_open_channel,
    .transmit = card_transmit,
    .close_channel = card_close_channel,
    .reset_card = card_reset,
    .close = card_close,
    .free = card_close,
};

void fuzz_card_init(FuzzCard *card, FuzzAnswer answer, gpointer data)
{
    *card =
        (FuzzCard){ .backend = { .class = &card_class, .name = "fuzz0", .quirks = &quirks_none } };
    card->answer = answer;
    card->answer_data = data;
    card->command = g_byte_array_new();
    card->response = g_byte_array_new();
}

void fuzz_card_clear(FuzzCard *card)
{
    g_byte_array_unref(card->command);
    g_byte_array_unref(card->response);
    g_clear_pointer(&card->fci, g_bytes_unref);
}

void fuzz_card_blink(FuzzCard *card)
{
    if (!card->backend.event)
        return;
    g_byte_array_set_size(card->command, 0);
    g_byte_array_set_size(card->response, 0);
    card->backend.event(BACKEND_EVENT_CARD_GONE, card->backend.event_data);
    card->backend.event(BACKEND_EVENT_CARD_READY, card->backend.event_data);
}
