/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/channel.h"
#include "rsp/rsp.h"
#include "util/error.h"
#include "util/log.h"

/*
 * Whatever a card answers: an ES10 command ends, within its limits. The input is a sequence of answers, each
 * with its length in one octet before it; 00 makes the modem fail, FF tells that the card was reset.
 */

#define MAX_RESPONSE 4096

typedef struct {
    Backend backend;
    const uint8_t *next;
    size_t left;
    guint commands;
} CardBackend;

static gboolean card_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    (void)backend;
    (void)deadline;
    (void)cancellable;
    (void)error;
    return TRUE;
}

/* The next answer, NULL with ERROR at the end or where the input says so. */
static GBytes *take(CardBackend *card, GError **error)
{
    size_t size;
    GBytes *answer;

    if (card->left > 0 && card->next[0] == 0xFF) {
        card->next++;
        card->left--;
        if (card->backend.event) {
            card->backend.event(BACKEND_EVENT_CARD_GONE, card->backend.event_data);
            card->backend.event(BACKEND_EVENT_CARD_READY, card->backend.event_data);
        }
    }
    size = card->left > 0 ? card->next[0] : 0;
    if (size == 0 || size > card->left - 1) {
        card->next += card->left > 0;
        card->left -= card->left > 0;
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM, "no answer");
        return NULL;
    }
    answer = g_bytes_new(card->next + 1, size);
    card->next += size + 1;
    card->left -= size + 1;
    return answer;
}

static gboolean card_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                  gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                  GBytes **ret_fci, GError **error)
{
    CardBackend *card = (CardBackend *)backend;

    (void)aid;
    (void)aid_size;
    (void)deadline;
    (void)cancellable;
    *ret_channel = 1;
    if (card->left > 0 && card->next[0] == 1)
        return TRUE; /* no select response: it is asked for */
    *ret_fci = take(card, error);
    return *ret_fci != NULL;
}

static gboolean card_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                              gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                              GError **error)
{
    CardBackend *card = (CardBackend *)backend;

    (void)channel;
    (void)deadline;
    (void)cancellable;
    if (size < 5 || size > 5 + 255 + 1 || (size > 5 && size < 5 + (gsize)apdu[4]))
        abort();
    card->commands++;
    *ret_response = take(card, error);
    return *ret_response != NULL;
}

static gboolean card_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                   GCancellable *cancellable, GError **error)
{
    (void)backend;
    (void)channel;
    (void)deadline;
    (void)cancellable;
    (void)error;
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
    .close = card_close,
    .free = card_close,
};

static void on_event(BackendEvent event, gpointer data)
{
    channel_handle_event(data, event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint8 request_octets[300] = { 0xBF, 0x51, 0x82, 0x01, 0x27 };
    static const gsize sizes[] = { 3, 120, 300 };
    CardBackend card = { .backend = {
                             .class = &card_class, .name = "fuzz0", .quirks = &quirks_none } };
    g_autoptr(ChannelConfig) config = channel_config_new();
    g_autoptr(ChannelTrace) trace = channel_trace_new("/dev/null", NULL);
    g_autoptr(Channel) channel = NULL;

    log_set_level(LOG_LEVEL_ERROR);
    card.next = data;
    card.left = size;
    config->max_response = MAX_RESPONSE;
    channel = channel_new(&card.backend, config, trace);
    backend_set_event_func(&card.backend, on_event, channel);
    for (guint i = 0; i < G_N_ELEMENTS(sizes) && card.left > 0; i++) {
        g_autoptr(GBytes) request = g_bytes_new_static(request_octets, sizes[i]);
        g_autoptr(GBytes) response = NULL;
        g_autoptr(GError) error = NULL;
        guint16 sw = 0;

        if (channel_command(channel, request, NULL, &rsp_euicc_package_result, FALSE, NULL,
                            &response, &sw, &error)) {
            if (error || !response || g_bytes_get_size(response) > MAX_RESPONSE ||
                (sw != 0x9000 && sw >> 8 != 0x91))
                abort();
        } else if (!error || response) {
            abort();
        }
        channel_take_refresh_pending(channel);
    }
    /* Each answer is used once, so there can't be more commands than octets, apart from refused ones. */
    if (card.commands > size + 16)
        abort();
    return 0;
}
