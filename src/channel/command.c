/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel_private.h"

#include "channel/apdu.h"
#include "channel/trace.h"
#include "util/clock.h"
#include "util/error.h"

/* Answers in a row without a single octet of data, after which GET RESPONSE is given up. */
#define MAX_IDLE 2

/* ---- one APDU ---- */

gboolean channel_exchange(Channel *channel, guint8 number, const guint8 *apdu, gsize size,
                          guint timeout, gboolean hide_command, gboolean hide_response,
                          GCancellable *cancellable, GBytes **ret_response, guint16 *ret_sw,
                          GError **error)
{
    const char *name = channel->backend->name;
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) failure = NULL;
    const guint8 *data;
    guint16 sw;
    gsize n;

    channel_trace_command(channel->trace, name, number, apdu, size, hide_command);
    channel->counters.apdus++;
    channel->counters.bytes_sent += size;
    timeout = MAX(timeout, channel_get_patience(channel));
    if (!backend_transmit(channel->backend, number, apdu, size, clock_deadline(timeout),
                          cancellable, &response, &failure)) {
        channel_trace_note(channel->trace, name, "no response");
        if (euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT))
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT, "%s (%u s)", failure->message,
                        timeout);
        else
            g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    channel_trace_response(channel->trace, name, response, hide_response);
    data = g_bytes_get_data(response, &n);
    channel->counters.bytes_received += n;
    sw = (guint16)(data[n - 2] << 8 | data[n - 1]);
    if (sw >> 8 == 0x91)
        channel->refresh_pending = TRUE;
    *ret_sw = sw;
    *ret_response = g_steal_pointer(&response);
    return TRUE;
}

gboolean channel_is_success(guint16 sw)
{
    return sw == 0x9000 || sw >> 8 == 0x91;
}

static gboolean is_channel_lost(guint16 sw)
{
    return sw == 0x6881 || sw == 0x6882 || sw == 0x6E00 || sw == 0x6D00;
}

static void set_status_error(guint16 sw, GError **error)
{
    const char *name = apdu_status_name(sw);

    g_set_error(error, EUICCD_ERROR,
                sw == 0x6985 || sw == 0x6982 ? EUICCD_ERROR_CARD_RESET : EUICCD_ERROR_CARD_STATUS,
                "the card answered %04X%s%s%s", sw, name[0] ? " (" : "", name, name[0] ? ")" : "");
}

gboolean channel_transact(Channel *channel, guint8 *apdu, gsize size, guint timeout,
                          gboolean hide_command, gboolean hide_response, GByteArray *response,
                          guint16 *ret_sw, GCancellable *cancellable, GError **error)
{
    guint8 number = channel->number;
    guint8 cla = apdu_class(number, channel_is_plain(channel));
    guint session = channel->session, idle = 0;
    gboolean first = TRUE;

    for (;;) {
        g_autoptr(GBytes) answer = NULL;
        const guint8 *data;
        guint16 sw;
        gsize n;

        if (!channel_exchange(channel, number, apdu, size, timeout, hide_command, hide_response,
                              cancellable, &answer, &sw, error))
            return FALSE;
        data = g_bytes_get_data(answer, &n);
        n -= 2;
        if (response->len + n > channel->config->max_response) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                        "the response is larger than %u octets", channel->config->max_response);
            return FALSE;
        }
        g_byte_array_append(response, data, (guint)n);
        *ret_sw = sw;
        if (channel_is_success(sw))
            return TRUE;
        if (sw >> 8 != 0x61 && sw >> 8 != 0x6C) {
            set_status_error(sw, error);
            return FALSE;
        }
        if (channel->session != session) {
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY,
                                "the card was reset before the response was complete");
            return FALSE;
        }
        /* A first 61xx or 6Cxx without data is what a command normally gets. */
        if (!first)
            idle = n > 0 ? 0 : idle + 1;
        first = FALSE;
        if (idle >= MAX_IDLE) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "the card announces a response (%04X) and does not give it", sw);
            return FALSE;
        }
        if (sw >> 8 == 0x6C) {
            apdu_set_le(apdu, &size, (guint8)sw);
            continue;
        }
        size = apdu_get_response(apdu, cla, (guint8)sw);
        hide_command = FALSE;
    }
}

/* ---- STORE DATA blocks ---- */

#define FIRST_BLOCK 120
#define LAST_BLOCK  255

/*
 * Where no size is configured, blocks start at 120 octets, which all modems and cards seen so far take, and
 * grow up to 255. The specifications name no way to ask for the limit, and the signs of a block that is too
 * large differ: 6700, other status words, an error of the modem, or silence.
 *
 * Our reading of SGP.22 5.7.2: the card acts on a command when its last block arrived (P1 91), and a block
 * with P2 00 begins a new command whatever was before. So a larger block is only ever tried where it is not
 * the last one; if it fails, nothing was executed and the command is sent once more in blocks that are known
 * to work. This holds for every command, LoadEuiccPackage included.
 *
 * What was learned holds for this modem and card: until the modem is gone or another card may be in the slot.
 */
void channel_forget_blocks(Channel *channel)
{
    guint limit = channel->backend->block_limit;

    channel->block_limit = limit ? MIN(limit, LAST_BLOCK) : LAST_BLOCK;
    channel->block = MIN(FIRST_BLOCK, channel->block_limit);
    channel->block_grows = FALSE;
}

static gsize get_capacity(const Channel *channel)
{
    guint size = channel_get_block_size(channel);

    if (size == 0)
        size = channel->block_limit;

    return (gsize)APDU_MAX_BLOCKS * size;
}

/* Octets of the next block. WIDE: the command does not fit into blocks of the usual size. */
static gsize choose_block(const Channel *channel, gsize left, gboolean wide)
{
    if (channel_get_block_size(channel))
        return MIN(left, channel_get_block_size(channel));
    if (left <= channel->block)
        return left;
    if (channel->block >= channel->block_limit || !(channel->block_grows || wide))
        return channel->block;
    return MIN(channel->block_limit, left - 1);
}

static void note_block(Channel *channel, gsize size)
{
    if (!channel_get_block_size(channel) && size > channel->block)
        channel->block = (guint)size;
}

/* TRUE when FAILURE of a block may come from its size. */
static gboolean is_size_trouble(const GError *failure)
{
    return euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) ||
           euiccd_error_is(failure, EUICCD_ERROR_MODEM) ||
           euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED) ||
           euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT);
}

/* ---- commands ---- */

typedef struct {
    TlvSlice request;
    guint timeout;
    gboolean once;    /* never again after its last block was sent */
    gboolean refresh; /* it may change the profile */
    gboolean hide_request, hide_response;
    GCancellable *cancellable;
} Command;

typedef enum {
    RUN_DONE,
    RUN_FAILED,
    /* Failed before the card had the whole command (or, where it may run twice, at its very first APDU): may
     * be sent again */
    RUN_CHANNEL_LOST, /* on a new channel */
    RUN_TOO_LARGE,    /* in smaller blocks */
} RunEnd;

/* A block that is not the last one: the card only keeps it. */
static gboolean send_part(Channel *channel, const Command *command, const guint8 *apdu, gsize size,
                          guint16 *ret_sw, GError **error)
{
    g_autoptr(GBytes) answer = NULL;
    guint session = channel->session;

    if (!channel_exchange(channel, channel->number, apdu, size, command->timeout,
                          command->hide_request, command->hide_response, command->cancellable,
                          &answer, ret_sw, error))
        return FALSE;
    if (*ret_sw >> 8 == 0x61 || (channel_is_success(*ret_sw) && g_bytes_get_size(answer) > 2)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the card responds (%04X) before it has the command", *ret_sw);
        return FALSE;
    }
    if (!channel_is_success(*ret_sw)) {
        set_status_error(*ret_sw, error);
        return FALSE;
    }
    if (channel->session != session) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY,
                            "the card was reset during the command");
        return FALSE;
    }
    return TRUE;
}

static RunEnd run(Channel *channel, const Command *command, GByteArray *response, guint16 *ret_sw,
                  GError **error)
{
    gsize size = command->request.size, at = 0;
    gboolean wide = size > (gsize)APDU_MAX_BLOCKS * channel->block;
    guint8 cla = apdu_proprietary_class(channel->number, channel_is_plain(channel));
    guint64 first = channel->counters.apdus + 1;

    if (size == 0 || size > get_capacity(channel)) {
        g_set_error(
            error, EUICCD_ERROR, size ? EUICCD_ERROR_TOO_LARGE : EUICCD_ERROR_INVALID_ARGUMENT,
            "a command of %" G_GSIZE_FORMAT " octets does not fit into 1 to %d blocks of %u", size,
            APDU_MAX_BLOCKS, (guint)(get_capacity(channel) / APDU_MAX_BLOCKS));
        return RUN_FAILED;
    }
    for (guint i = 0; at < size; i++) {
        gsize block = choose_block(channel, size - at, wide), n;
        gboolean last = at + block == size, ok;
        gboolean with_le = last && channel_is_with_le(channel);
        g_autoptr(GError) failure = NULL;
        guint8 apdu[APDU_MAX];

        n = apdu_store_data(apdu, cla, last, (guint8)i, command->request.data + at, block, with_le);
        *ret_sw = 0;
        if (last) {
            channel->backend->may_refresh = command->refresh;
            ok = channel_transact(channel, apdu, n, command->timeout, command->hide_request,
                                  command->hide_response, response, ret_sw, command->cancellable,
                                  &failure);
            channel->backend->may_refresh = FALSE;
        } else
            ok = send_part(channel, command, apdu, n, ret_sw, &failure);
        if (!ok) {
            gboolean lost = is_channel_lost(*ret_sw);
            gboolean tried = !last && block > channel->block && is_size_trouble(failure);
            gboolean untouched = channel->counters.apdus == first && !command->once;

            g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                                       "STORE DATA block %u (octets %" G_GSIZE_FORMAT
                                       " to %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT "): ",
                                       i + 1, at + 1, at + block, size);
            if (lost)
                return !last || untouched ? RUN_CHANNEL_LOST : RUN_FAILED;
            return tried && !channel_get_block_size(channel) ? RUN_TOO_LARGE : RUN_FAILED;
        }
        note_block(channel, block);
        at += block;
        channel->block_grows = channel->block_grows || (last && i > 0);
    }
    return RUN_DONE;
}

void channel_expect_refresh(Channel *channel)
{
    channel->refresh_expected = TRUE;
}

gboolean channel_command(Channel *channel, GBytes *request, const TlvType *type_request,
                         const TlvType *type_response, gboolean long_running,
                         GCancellable *cancellable, GBytes **ret_response, guint16 *ret_sw,
                         GError **error)
{
    const char *title = type_request ? type_request->name : "ES10 command";
    const Command command = {
        .request = tlv_slice_from_bytes(request),
        .timeout = long_running ? channel_get_long_timeout(channel) : channel_get_timeout(channel),
        .once = long_running,
        .refresh = channel->refresh_expected,
        .hide_request = channel->trace && channel_trace_holds_secret(type_request, request),
        .hide_response = channel->trace && channel_trace_is_secret(type_response),
        .cancellable = cancellable,
    };
    gboolean used = channel_is_open(channel);
    const char *name = channel->backend->name;

    channel->refresh_expected = FALSE;
    channel_trace_object(channel->trace, name, "request", type_request, request);
    for (;;) {
        g_autoptr(GByteArray) response = g_byte_array_new();
        g_autoptr(GError) failure = NULL;
        guint16 sw = 0;
        RunEnd end;

        if (!channel_open(channel, cancellable, error)) {
            g_prefix_error(error, "%s: ", title);
            return FALSE;
        }
        end = run(channel, &command, response, &sw, &failure);
        if (end == RUN_DONE) {
            channel_confirm_rung(channel);
            if (ret_sw)
                *ret_sw = sw;
            *ret_response = g_byte_array_free_to_bytes(g_steal_pointer(&response));
            channel_trace_object(channel->trace, name, "response", type_response, *ret_response);
            return TRUE;
        }
        /* A status word leaves the channel as it was, unless it says that there is none. Then it is not closed by
         * its number, which may be somebody else's by now; the modem may know better whose it is. */
        if (is_channel_lost(sw)) {
            channel->backend->leaked = TRUE;
            channel->number = 0;
            channel->dead = FALSE;
        } else if (!euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) &&
                   !euiccd_error_is(failure, EUICCD_ERROR_CARD_RESET) &&
                   !euiccd_error_is(failure, EUICCD_ERROR_INVALID_ARGUMENT)) {
            channel_mark_dead(channel, failure);
        }
        /* An old channel may have gone without a word. */
        if (end == RUN_CHANNEL_LOST && used) {
            log_debug(&channel->log, "the channel is gone (%04X), opening it again", sw);
            used = FALSE;
            continue;
        }
        if (end == RUN_TOO_LARGE) {
            channel->block_limit = channel->block;
            log_info(&channel->log, "%s: staying with blocks of %u octets: %s", title,
                     channel->block, failure->message);
            continue;
        }
        if (ret_sw && (euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) ||
                       euiccd_error_is(failure, EUICCD_ERROR_CARD_RESET)))
            *ret_sw = sw;
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: ", title);
        return FALSE;
    }
}
