/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel_private.h"

#include <string.h>

#include "channel/apdu.h"
#include "channel/trace.h"
#include "channel/wait.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* For closing, which no caller can bound: seconds on a sound channel, and on one that an error
 * left. */
#define CLOSE_TIMEOUT      5
#define DEAD_CLOSE_TIMEOUT 2

/* For others to give their channels back before the card is reset for that: after 1 and 2 seconds. */
#define CHANNEL_PAUSES 2

/* A reset includes the modem's own start of the card: at least so many seconds. */
#define RESET_TIMEOUT 30

static const guint8 isdr_aid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

/* ---- configuration ---- */

ChannelConfig *channel_config_new(void)
{
    ChannelConfig *config = g_new0(ChannelConfig, 1);

    config->aids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add(config->aids, g_bytes_new_static(isdr_aid, sizeof isdr_aid));
    config->capability = CHANNEL_CAPABILITY_IPAD;
    config->timeout = 30;
    config->long_timeout = 120;
    config->max_response = 1024 * 1024;
    return config;
}

void channel_config_free(ChannelConfig *config)
{
    if (!config)
        return;
    g_ptr_array_unref(config->aids);
    g_free(config);
}

/* ---- life ---- */

Channel *channel_new(Backend *backend, const ChannelConfig *config, ChannelTrace *trace)
{
    Channel *channel = g_new0(Channel, 1);

    channel->backend = backend;
    channel->config = config;
    channel->trace = trace;
    channel->log = (LogContext){ .object = backend->name };
    channel->known = config->manage_ipae;
    channel_forget_blocks(channel);
    return channel;
}

void channel_free(Channel *channel)
{
    if (!channel)
        return;
    channel_close(channel);
    g_clear_pointer(&channel->fci, g_bytes_unref);
    g_free(channel);
}

gboolean channel_is_open(Channel *channel)
{
    return channel->number != 0 && !channel->dead;
}

GBytes *channel_get_fci(Channel *channel)
{
    return channel->fci;
}

const ChannelCounters *channel_get_counters(Channel *channel)
{
    return &channel->counters;
}

void channel_forget_card(Channel *channel)
{
    if (channel->capability_done)
        return;
    channel->known = channel->config->manage_ipae;
    channel->selected = channel->freed = FALSE;
    channel_forget_blocks(channel);
}

gboolean channel_is_undeclared(Channel *channel)
{
    return channel_is_open(channel) && !channel->known;
}

gboolean channel_take_refresh_pending(Channel *channel)
{
    gboolean pending = channel->refresh_pending;

    channel->refresh_pending = FALSE;
    return pending;
}

/* The card or the modem went: there is nothing left to close. */
static void forget(Channel *channel)
{
    channel->number = 0;
    channel->dead = FALSE;
    channel->capability_done = FALSE;
    channel->session++;
}

void channel_handle_event(Channel *channel, BackendEvent event)
{
    channel->event_seen = TRUE;
    switch (event) {
    case BACKEND_EVENT_CARD_READY:
        channel->card_gone = FALSE;
        break;
    case BACKEND_EVENT_CARD_GONE:
        forget(channel);
        channel->card_gone = TRUE;
        channel->refresh_pending = FALSE;
        channel_trace_note(channel->trace, channel->backend->name, "card gone");
        break;
    case BACKEND_EVENT_LOST:
        forget(channel);
        channel_forget_blocks(channel);
        channel->lost = TRUE;
        channel_trace_note(channel->trace, channel->backend->name, "modem gone");
        break;
    }
}

/* ---- open and close ---- */

/* Closes on the wire what may be open there. */
static void release(Channel *channel)
{
    guint timeout = channel->dead ? DEAD_CLOSE_TIMEOUT : CLOSE_TIMEOUT;
    guint8 number = channel->number;
    g_autoptr(GError) error = NULL;

    if (number == 0)
        return;
    channel->number = 0;
    channel->dead = FALSE;
    if (backend_close_channel(channel->backend, number, clock_deadline(timeout), NULL, &error))
        channel_trace_note(channel->trace, channel->backend->name, "channel %u closed", number);
    else
        log_debug(&channel->log, "%s", error->message);
}

void channel_close(Channel *channel)
{
    release(channel);
}

void channel_mark_dead(Channel *channel, const GError *why)
{
    if (channel->number == 0)
        return;
    channel->dead = TRUE;
    if (euiccd_error_is(why, EUICCD_ERROR_MODEM_GONE))
        forget(channel);
}

/* Tells the card which kind of assistant the device has (SGP.32 3.8.2). Cards that do not know the
 * command work without. */
static gboolean declare_capability(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const guint8 ipad[] = { 0xA9, 0x03, 0x84, 0x01, 0x01 };
    static const guint8 consumer[] = { 0xA9, 0x03, 0x83, 0x01, 0x07 };
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint8 apdu[APDU_MAX];
    gsize size = 0;
    guint16 sw;

    if (channel->capability_done)
        return TRUE;
    switch (channel->config->capability) {
    case CHANNEL_CAPABILITY_IPAD:
        size = apdu_terminal_capability(apdu, ipad, sizeof ipad);
        break;
    case CHANNEL_CAPABILITY_CONSUMER:
        size = apdu_terminal_capability(apdu, consumer, sizeof consumer);
        break;
    case CHANNEL_CAPABILITY_NONE:
        channel->capability_done = TRUE;
        return TRUE;
    }
    if (channel_exchange(channel, 0, apdu, size, channel->config->timeout, FALSE, FALSE,
                         cancellable, &response, &sw, &failure)) {
        if (!channel_is_success(sw))
            log_info(&channel->log, "TERMINAL CAPABILITY: the card answered %04X", sw);
    } else if (euiccd_error_is(failure, EUICCD_ERROR_MODEM) ||
               euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED)) {
        log_info(&channel->log, "TERMINAL CAPABILITY: %s", failure->message);
    } else {
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "TERMINAL CAPABILITY: ");
        return FALSE;
    }
    channel->capability_done = TRUE;
    return TRUE;
}

/* Some modems give the select response with its status word, some give none: selecting once more on
 * the open channel is harmless. */
static gboolean complete_fci(Channel *channel, GBytes *aid, GCancellable *cancellable,
                             GError **error)
{
    g_autoptr(GByteArray) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint8 apdu[APDU_MAX];
    gsize size, header, value;
    const guint8 *data;
    guint32 tag;
    guint16 sw;

    if (channel->fci) {
        TlvSlice fci = tlv_slice_from_bytes(channel->fci);

        if (fci.size > 2 && tlv_peek_header(fci, &tag, &header, &value, NULL) &&
            header + value == fci.size - 2) {
            GBytes *cut = g_bytes_new_from_bytes(channel->fci, 0, fci.size - 2);

            g_bytes_unref(channel->fci);
            channel->fci = cut;
        }
        return TRUE;
    }
    response = g_byte_array_new();
    data = g_bytes_get_data(aid, &size);
    size =
        apdu_select(apdu, apdu_class(channel->number, channel->backend->plain_class), data, size);
    if (channel_transact(channel, apdu, size, channel->config->timeout, FALSE, FALSE, response, &sw,
                         cancellable, &failure)) {
        if (response->len > 0)
            channel->fci = g_bytes_new(response->data, response->len);
        return TRUE;
    }
    if (euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) ||
        euiccd_error_is(failure, EUICCD_ERROR_CARD_RESET) ||
        euiccd_error_is(failure, EUICCD_ERROR_MALFORMED)) {
        log_info(&channel->log, "no FCI of the ISD-R: %s", failure->message);
        return TRUE;
    }
    channel_mark_dead(channel, failure);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "SELECT: ");
    return FALSE;
}

static gboolean select_isdr(Channel *channel, GBytes *aid, GCancellable *cancellable,
                            GError **error)
{
    g_autoptr(GBytes) fci = NULL;
    guint timeout = MAX(channel->config->timeout, channel->backend->patience);
    guint session = channel->session;
    const guint8 *data;
    guint8 number;
    gsize size;

    data = g_bytes_get_data(aid, &size);
    if (!backend_open_channel(channel->backend, data, size, clock_deadline(timeout), cancellable,
                              &number, &fci, error)) {
        g_autofree char *hex = bytes_to_hex(data, size);

        g_prefix_error(error, "select ISD-R %s: ", hex);
        return FALSE;
    }
    if (channel->session != session) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY,
                            "the card was reset while the channel was opened");
        return FALSE;
    }
    channel->number = number;
    channel->aid = aid;
    channel->open_session = session;
    channel->dead = FALSE;
    channel->counters.channel_opens++;
    channel_trace_note(channel->trace, channel->backend->name, "channel %u opened", number);
    g_clear_pointer(&channel->fci, g_bytes_unref);
    channel->fci = g_steal_pointer(&fci);
    return complete_fci(channel, aid, cancellable, error);
}

/* euiccConfiguration of the IoT template, beside or inside the GlobalPlatform objects (SGP.32 3.8.4).
 */
static gboolean is_ipae_supported(GBytes *fci)
{
    Tlv object, inner, template, bits;

    if (!fci || !tlv_parse(tlv_slice_from_bytes(fci), 0x6F, &object, NULL))
        return FALSE;
    if (!tlv_find(object.value, 0xE1, &template) &&
        (!tlv_find(object.value, 0xA5, &inner) || !tlv_find(inner.value, 0xE1, &template)))
        return FALSE;
    return tlv_find(template.value, 0x80, &bits) && tlv_bit_is_set(bits.value, 0);
}

/* The card may go while the channel is opened. */
static gboolean check_open(Channel *channel, GError **error)
{
    if (channel_is_open(channel))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY,
                        "the card was reset while the channel was opened");
    return FALSE;
}

/* The ISD-R looks at the declaration when it is selected. The FCI is known already: its octets are
 * not fetched. */
static gboolean select_again(Channel *channel, GCancellable *cancellable, GError **error)
{
    guint8 cla = apdu_class(channel->number, channel->backend->plain_class);
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint8 apdu[APDU_MAX];
    const guint8 *data;
    guint16 sw;
    gsize size;

    data = g_bytes_get_data(channel->aid, &size);
    size = apdu_select(apdu, cla, data, size);
    if (!channel_exchange(channel, channel->number, apdu, size, channel->config->timeout, FALSE,
                          FALSE, cancellable, &response, &sw, &failure)) {
        channel_mark_dead(channel, failure);
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "SELECT: ");
        return FALSE;
    }
    if (channel_is_success(sw) || sw >> 8 == 0x61)
        return TRUE;
    log_debug(&channel->log, "SELECT on the open channel: %04X, opening it again", sw);
    release(channel);
    return select_isdr(channel, channel->aid, cancellable, error);
}

gboolean channel_declare(Channel *channel, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) failure = NULL;

    channel->known = TRUE;
    if (!channel_is_open(channel))
        return channel_open(channel, cancellable, error);
    if (channel->capability_done)
        return TRUE;
    if (!declare_capability(channel, cancellable, &failure)) {
        channel_mark_dead(channel, failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (channel_is_open(channel) && channel->config->capability != CHANNEL_CAPABILITY_NONE &&
        !select_again(channel, cancellable, error))
        return FALSE;
    return check_open(channel, error);
}

/* What comes after the first SELECT. */
static gboolean greet(Channel *channel, GCancellable *cancellable, GError **error)
{
    if (!check_open(channel, error))
        return FALSE;
    if (channel->known || is_ipae_supported(channel->fci))
        return TRUE;
    return channel_declare(channel, cancellable, error);
}

static gboolean try_open(Channel *channel, GCancellable *cancellable, GError **error)
{
    release(channel);
    if (channel->known && !declare_capability(channel, cancellable, error))
        return FALSE;
    for (guint i = 0; i < channel->config->aids->len; i++) {
        GBytes *aid = g_ptr_array_index(channel->config->aids, i);
        g_autoptr(GError) failure = NULL;

        if (select_isdr(channel, aid, cancellable, &failure))
            return greet(channel, cancellable, error);
        if (!euiccd_error_is(failure, EUICCD_ERROR_NOT_EUICC) ||
            i + 1 == channel->config->aids->len) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "no AID is configured");
    return FALSE;
}

/*
 * Channels that a dead predecessor left open, and that the modem does not close with its client, are gone
 * with the next reset of the card only. That cuts the modem's connection, so it is the last resort: after
 * others had time to give theirs back, once until a channel was got, and never on a card that is not known
 * to be an eUICC (an ordinary SIM may have no logical channels at all).
 */
static gboolean free_channels(Channel *channel, const GError *failure, GCancellable *cancellable,
                              GError **error)
{
    channel->freed = TRUE;
    log_notice(&channel->log, "%s: resetting the card to get back those left open",
               failure->message);
    return channel_renew_card(channel, 0, TRUE, cancellable, error);
}

gboolean channel_open(Channel *channel, GCancellable *cancellable, GError **error)
{
    guint pause = 1;

    if (channel_is_open(channel))
        return TRUE;
    if (!backend_open(channel->backend, clock_deadline(channel->config->timeout), cancellable,
                      error))
        return FALSE;
    channel->lost = FALSE;
    for (;;) {
        g_autoptr(GError) failure = NULL;
        g_autoptr(GError) local = NULL;

        if (try_open(channel, cancellable, &failure)) {
            channel->selected = TRUE;
            channel->freed = FALSE;
            return TRUE;
        }
        if (euiccd_error_is(failure, EUICCD_ERROR_NO_CHANNEL) && !channel->freed &&
            (channel->selected || channel->backend->is_euicc)) {
            gboolean ok = pause <= CHANNEL_PAUSES
                              ? channel_pause(channel, pause++, cancellable, &local)
                              : free_channels(channel, failure, cancellable, &local);

            if (ok)
                continue;
            g_prefix_error(&failure, "(%s) ", local->message);
            if (euiccd_error_is(local, EUICCD_ERROR_CANCELLED) ||
                euiccd_error_is(local, EUICCD_ERROR_MODEM_GONE))
                failure->code = local->code;
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
}

gboolean channel_pause(Channel *channel, guint seconds, GCancellable *cancellable, GError **error)
{
    gint64 end = clock_deadline(seconds);

    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (channel->lost) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is gone",
                        channel->backend->name);
            return FALSE;
        }
        channel->event_seen = FALSE;
        if (wait_until(&channel->event_seen, end, cancellable, &failure))
            continue;
        if (euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
}

/* ---- renewal ---- */

/* TRUE when the card went and came back, or is back since SESSION. FALSE with ERROR where waiting
 * makes no sense any more, FALSE without where nothing happened. */
static gboolean wait_for_refresh(Channel *channel, guint session, guint grace, guint timeout,
                                 GCancellable *cancellable, GError **error)
{
    gint64 deadline = clock_deadline(grace);
    gboolean went = channel->session != session;

    if (went)
        deadline = clock_deadline(timeout);
    while (!went || channel->card_gone) {
        g_autoptr(GError) failure = NULL;

        if (channel->lost) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is gone",
                        channel->backend->name);
            return FALSE;
        }
        channel->event_seen = FALSE;
        if (!wait_until(&channel->event_seen, deadline, cancellable, &failure)) {
            if (!euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT))
                g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        if (!went && channel->session != session) {
            went = TRUE;
            deadline = clock_deadline(timeout);
        }
    }
    return TRUE;
}

gboolean channel_renew_card(Channel *channel, guint grace, gboolean force,
                            GCancellable *cancellable, GError **error)
{
    guint timeout = MAX(channel->config->timeout, RESET_TIMEOUT);
    g_autoptr(GError) failure = NULL;

    if (!backend_open(channel->backend, clock_deadline(timeout), cancellable, error)) {
        g_prefix_error(error, "renew card: ");
        return FALSE;
    }
    release(channel);
    if (!force &&
        wait_for_refresh(channel, channel->open_session, grace, timeout, cancellable, &failure)) {
        log_info(&channel->log, "the modem has refreshed the card");
        channel_trace_note(channel->trace, channel->backend->name, "card refreshed by the modem");
    } else if (failure) {
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "renew card: ");
        return FALSE;
    } else {
        channel_trace_note(channel->trace, channel->backend->name, "card reset");
        if (!backend_reset_card(channel->backend, clock_deadline(timeout), cancellable, error)) {
            g_prefix_error(error, "renew card: ");
            forget(channel);
            return FALSE;
        }
        channel->counters.card_resets++;
        channel->card_gone = FALSE;
    }
    forget(channel);
    channel->open_session = channel->session;
    channel->refresh_pending = FALSE;
    return TRUE;
}
