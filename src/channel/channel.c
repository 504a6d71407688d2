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

/* A card that is not ready is asked again after 1, 2, 4, 8, 8, … seconds, or when there is news of it: for twice
 * the time of a command. */
#define FIRST_PAUSE G_USEC_PER_SEC
#define LAST_PAUSE  (8 * G_USEC_PER_SEC)

/* A proxy that is killed may take a new client on before its end. */
#define REOPEN_TRIES 3
#define REOPEN_PAUSE (G_USEC_PER_SEC / 2) /* doubles */

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

/* ---- what the modem's quirks have over the configuration ---- */

guint channel_get_patience(const Channel *channel)
{
    guint patience = channel->backend->patience, timeout = channel->backend->quirks->timeout;

    return patience && timeout ? timeout : patience;
}

guint channel_get_timeout(const Channel *channel)
{
    guint timeout = channel->backend->quirks->timeout;

    return MAX(timeout ? timeout : channel->config->timeout, channel_get_patience(channel));
}

guint channel_get_long_timeout(const Channel *channel)
{
    return MAX(channel->config->long_timeout,
               MAX(channel->backend->quirks->timeout, channel_get_patience(channel)));
}

guint channel_get_block_size(const Channel *channel)
{
    const Quirks *quirks = channel->backend->quirks;

    if (quirks->block_size || quirks->given & QUIRK_GIVEN_BLOCK_SIZE)
        return quirks->block_size;
    return channel->config->block_size;
}

gboolean channel_is_plain(const Channel *channel)
{
    QuirkSwitch in_class = channel->backend->quirks->channel_in_class;

    return in_class == QUIRK_UNSET ? channel->backend->plain_class : in_class == QUIRK_NO;
}

gboolean channel_is_with_le(const Channel *channel)
{
    QuirkSwitch with_le = channel->backend->quirks->with_le;

    return with_le == QUIRK_UNSET ? channel->backend->with_le : with_le == QUIRK_YES;
}

static ChannelCapability get_capability(const Channel *channel)
{
    return channel->backend->quirks->terminal_capability == QUIRK_NO ? CHANNEL_CAPABILITY_NONE
                                                                     : channel->config->capability;
}

static void add_aid(GPtrArray *aids, GBytes *aid)
{
    if (!g_ptr_array_find_with_equal_func(aids, aid, g_bytes_equal, NULL))
        g_ptr_array_add(aids, g_bytes_ref(aid));
}

/* Those of the modem come first. */
static GPtrArray *collect_aids(const Channel *channel)
{
    GPtrArray *aids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(GStrv) words =
        g_strsplit(channel->backend->quirks->aids ? channel->backend->quirks->aids : "", ",", -1);

    for (guint i = 0; words[i]; i++) {
        g_autoptr(GBytes) aid = bytes_from_hex(g_strstrip(words[i]), NULL);

        if (aid)
            add_aid(aids, aid);
    }
    for (guint i = 0; i < channel->config->aids->len; i++)
        add_aid(aids, channel->config->aids->pdata[i]);
    return aids;
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
    g_clear_pointer(&channel->aid, g_bytes_unref);
    g_free(channel);
}

gboolean channel_is_open(Channel *channel)
{
    return channel->number != 0 && !channel->dead;
}

gboolean channel_is_lost(Channel *channel)
{
    return channel->lost;
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
    channel->selected = FALSE;
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
void channel_forget_session(Channel *channel)
{
    channel->number = 0;
    channel->dead = FALSE;
    channel->capability_done = FALSE;
    channel->session++;
}

void channel_let_settle(Channel *channel)
{
    guint settle = channel->backend->quirks->settle;

    channel->settled_at = settle ? clock_deadline(settle) : 0;
}

void channel_handle_event(Channel *channel, BackendEvent event)
{
    channel->event_seen = TRUE;
    switch (event) {
    case BACKEND_EVENT_CARD_READY:
        channel->card_gone = channel->away = FALSE;
        channel_let_settle(channel);
        break;
    case BACKEND_EVENT_CARD_GONE:
        channel_forget_session(channel);
        channel->card_gone = TRUE;
        channel->freed = channel->freed && channel->freeing;
        channel->refresh_pending = FALSE;
        channel_trace_note(channel->trace, channel->backend->name, "card gone");
        break;
    case BACKEND_EVENT_LOST:
        channel_forget_session(channel);
        channel_forget_blocks(channel);
        channel->lost = TRUE;
        channel->freed = channel->away = FALSE;
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

void channel_disconnect(Channel *channel)
{
    release(channel);
    channel->away = FALSE;
}

void channel_rest(Channel *channel)
{
    release(channel);
    channel_forget_session(channel);
}

void channel_mark_dead(Channel *channel, const GError *why)
{
    if (channel->number == 0)
        return;
    channel->dead = TRUE;
    if (euiccd_error_is(why, EUICCD_ERROR_MODEM_GONE))
        channel_forget_session(channel);
}

/* Tells the card which kind of assistant the device has (SGP.32 3.8.2). Cards that do not know the
 * command work without. */
static gboolean declare_capability(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const guint8 ipad[] = { 0xA9, 0x03, 0x84, 0x01, 0x01 };
    static const guint8 consumer[] = { 0xA9, 0x03, 0x83, 0x01, 0x07 };
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint session = channel->session;
    guint8 apdu[APDU_MAX];
    gsize size = 0;
    guint16 sw;

    if (channel->capability_done)
        return TRUE;
    switch (get_capability(channel)) {
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
    if (channel_exchange(channel, 0, apdu, size, channel_get_timeout(channel), FALSE, FALSE,
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
    /* A card that went meanwhile has forgotten it. */
    channel->capability_done = channel->session == session;
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
    size = apdu_select(apdu, apdu_class(channel->number, channel_is_plain(channel)), data, size);
    if (channel_transact(channel, apdu, size, channel_get_timeout(channel), FALSE, FALSE, response,
                         &sw, cancellable, &failure)) {
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
    guint session = channel->session;
    const guint8 *data;
    guint8 number;
    gsize size;

    data = g_bytes_get_data(aid, &size);
    if (!backend_open_channel(channel->backend, data, size,
                              clock_deadline(channel_get_timeout(channel)), cancellable, &number,
                              &fci, error)) {
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
    if (channel->aid != aid) {
        g_clear_pointer(&channel->aid, g_bytes_unref);
        channel->aid = g_bytes_ref(aid);
    }
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
    guint8 cla = apdu_class(channel->number, channel_is_plain(channel));
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint8 apdu[APDU_MAX];
    const guint8 *data;
    guint16 sw;
    gsize size;

    data = g_bytes_get_data(channel->aid, &size);
    size = apdu_select(apdu, cla, data, size);
    if (!channel_exchange(channel, channel->number, apdu, size, channel_get_timeout(channel), FALSE,
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
    if (channel_is_open(channel) && get_capability(channel) != CHANNEL_CAPABILITY_NONE &&
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
    g_autoptr(GPtrArray) aids = collect_aids(channel);

    release(channel);
    if (channel->known && !declare_capability(channel, cancellable, error))
        return FALSE;
    for (guint i = 0; i < aids->len; i++) {
        GBytes *aid = g_ptr_array_index(aids, i);
        g_autoptr(GError) failure = NULL;

        if (select_isdr(channel, aid, cancellable, &failure))
            return greet(channel, cancellable, error);
        if (!euiccd_error_is(failure, EUICCD_ERROR_NOT_EUICC) || i + 1 == aids->len) {
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
 * others had time to give theirs back, once until a channel was got or the card went by itself (where others
 * hold them all, another reset would help no more than the first), and never on a card that is not known to
 * be an eUICC (an ordinary SIM may have no logical channels at all).
 */
static gboolean free_channels(Channel *channel, const GError *failure, GCancellable *cancellable,
                              GError **error)
{
    gboolean ok;

    channel->freed = channel->freeing = TRUE;
    log_notice(&channel->log, "%s: resetting the card to get back those left open",
               failure->message);
    ok = channel_reset_card(channel, cancellable, error);
    channel->freeing = FALSE;
    return ok;
}

/* Until END, or news of the card or modem. FALSE with CANCELLED or MODEM_GONE. */
static gboolean wait_for_news(Channel *channel, gint64 end, GCancellable *cancellable,
                              GError **error)
{
    g_autoptr(GError) failure = NULL;

    channel->event_seen = FALSE;
    if (!wait_until(&channel->event_seen, end, cancellable, &failure) &&
        !euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!channel->lost)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is gone",
                channel->backend->name);
    return FALSE;
}

static gboolean pause_until(Channel *channel, gint64 end, GCancellable *cancellable, GError **error)
{
    while (clock_boottime() < end)
        if (!wait_for_news(channel, end, cancellable, error))
            return FALSE;
    return TRUE;
}

/* What a failed attempt leaves to do before the next one. *RET_AGAIN: there is one. */
typedef struct {
    gint64 limit, pause; /* for a card that is not ready */
    guint others;        /* for others to give their channels back, seconds */
} Patience;

static gboolean prepare_retry(Channel *channel, Patience *patience, const GError *failure,
                              gboolean *ret_again, GCancellable *cancellable, GError **error)
{
    *ret_again = TRUE;
    if (euiccd_error_is(failure, EUICCD_ERROR_NO_CHANNEL) && !channel->freed &&
        (channel->selected || channel->backend->is_euicc))
        return patience->others <= CHANNEL_PAUSES
                   ? channel_pause(channel, patience->others++, cancellable, error)
                   : free_channels(channel, failure, cancellable, error);
    /* A slot that is not active does not get ready by waiting. */
    if (euiccd_error_is(failure, EUICCD_ERROR_CARD_NOT_READY) && !channel->backend->inactive &&
        clock_boottime() + patience->pause < patience->limit) {
        gint64 end = clock_boottime() + patience->pause;

        log_debug(&channel->log, "%s: waiting for the card", failure->message);
        patience->pause = MIN(patience->pause * 2, LAST_PAUSE);
        return wait_for_news(channel, end, cancellable, error);
    }
    *ret_again = FALSE;
    return TRUE;
}

gboolean channel_open(Channel *channel, GCancellable *cancellable, GError **error)
{
    Patience patience = { clock_deadline(2 * channel_get_timeout(channel)), FIRST_PAUSE, 1 };

    if (channel_is_open(channel))
        return TRUE;
    if (!channel_is_there(channel, error) ||
        !backend_open(channel->backend, clock_deadline(channel_get_timeout(channel)), cancellable,
                      error))
        return FALSE;
    channel->lost = FALSE;
    for (;;) {
        g_autoptr(GError) failure = NULL;
        g_autoptr(GError) local = NULL;
        gboolean again;

        if (!pause_until(channel, channel->settled_at, cancellable, error)) {
            g_prefix_error(error, "letting the card settle: ");
            return FALSE;
        }
        channel->settled_at = 0;
        if (try_open(channel, cancellable, &failure)) {
            channel->selected = TRUE;
            channel->freed = FALSE;
            return TRUE;
        }
        if (!prepare_retry(channel, &patience, failure, &again, cancellable, &local)) {
            g_prefix_error(&failure, "(%s) ", local->message);
            if (euiccd_error_is(local, EUICCD_ERROR_CANCELLED) ||
                euiccd_error_is(local, EUICCD_ERROR_MODEM_GONE))
                failure->code = local->code;
        } else if (again) {
            continue;
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
}

gboolean channel_reopen(Channel *channel, GCancellable *cancellable, GError **error)
{
    gint64 pause = REOPEN_PAUSE;

    for (guint tries = 1;; tries++) {
        g_autoptr(GError) failure = NULL;
        gboolean never = FALSE;

        if (channel_open(channel, cancellable, &failure))
            return TRUE;
        if (tries == REOPEN_TRIES || !euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE) ||
            g_cancellable_is_cancelled(cancellable)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        log_debug(&channel->log, "%s: once more", failure->message);
        (void)wait_until(&never, clock_boottime() + pause, cancellable, NULL);
        pause *= 2;
    }
}

gboolean channel_pause(Channel *channel, guint seconds, GCancellable *cancellable, GError **error)
{
    return pause_until(channel, clock_deadline(seconds), cancellable, error);
}
