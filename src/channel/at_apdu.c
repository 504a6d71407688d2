/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_private.h"

#include <string.h>

#include "channel/apdu.h"
#include "channel/refusal.h"
#include "util/bytes.h"
#include "util/clock.h"

/*
 * Logical channels and APDUs of the AT back-end (3GPP TS 27.007: +CCHO 8.45, +CCHC 8.46, +CGLA 8.43, +CSIM
 * 8.17).
 *
 * +CCHO gives a session, which is no channel number: the modem puts the channel into the class octet, and
 * what we send has none there. Where it is missing, +CSIM carries everything, MANAGE CHANNEL and SELECT
 * included, and the class octet is ours. Test commands (=?) tell nothing that can be relied on, so both are
 * tried.
 */

/* How long a modem that says "busy" is asked again. */
#define READY_TIME (30 * G_USEC_PER_SEC)

/* ---- the table of channels ---- */

static void free_channel(AtChannel *channel)
{
    g_clear_pointer(&channel->aid, g_bytes_unref);
    *channel = (AtChannel){ 0 };
}

void at_backend_forget_channels(AtBackend *self)
{
    for (guint i = 0; i < AT_CHANNELS; i++)
        free_channel(&self->channels[i]);
    g_array_set_size(self->orphans, 0);
    self->backend.held = FALSE;
}

static void set_parked(AtBackend *self, AtChannel *channel, gboolean parked)
{
    channel->parked = parked;
    self->backend.held = FALSE;
    for (guint i = 1; i < AT_CHANNELS; i++)
        self->backend.held = self->backend.held || self->channels[i].parked;
}

/* 0: none is free, which takes 19 that can't be closed. */
static guint8 keep_channel(AtBackend *self, AtUse use, guint32 session, guint8 number,
                           const guint8 *aid, gsize aid_size)
{
    for (guint8 i = 1; i < AT_CHANNELS; i++) {
        if (self->channels[i].use != AT_USE_FREE)
            continue;
        self->channels[i] = (AtChannel){
            .use = use, .session = session, .number = number, .aid = g_bytes_new(aid, aid_size)
        };
        return i;
    }
    return 0;
}

/* ---- one APDU ---- */

/* The class octet for a channel of the card; CHANNEL 0 takes any number out (ETSI TS 102 221 10.1.1). */
static guint8 set_channel(guint8 class, guint8 channel)
{
    guint8 plain = class & 0x40 ? (class & 0xA0) : (class & 0xFC);

    return (guint8)(plain | apdu_class(channel, FALSE));
}

/* What the answer of +CGLA or +CSIM holds. */
static GBytes *get_response(AtBackend *self, const char *prefix, const AtAnswer *answer,
                            GError **error)
{
    g_autoptr(GError) failure = NULL;
    GBytes *response;

    if (answer->lines->len != 1) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "%s the modem's answer holds %u responses", prefix, answer->lines->len);
        return NULL;
    }
    response = at_parse_apdu(at_line_get_text(answer->lines->pdata[0], prefix), &failure);
    if (!response)
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "%s the modem's answer can't be read: %s", prefix, failure->message);
    (void)self;
    return response;
}

/* NAME: "+CSIM", or "+CGLA" with SESSION. NOTE as in AtCommand. RET_ANSWER is also set where the modem
 * refused (MODEM, NOT_SUPPORTED, …). */
static GBytes *exchange(AtBackend *self, const char *name, const char *session, const guint8 *apdu,
                        gsize size, const char *note, gint64 deadline, GCancellable *cancellable,
                        AtAnswer *ret_answer, GError **error)
{
    g_autofree char *hex = bytes_to_hex(apdu, size);
    g_autofree char *text =
        g_strdup_printf("AT%s=%s%" G_GSIZE_FORMAT ",\"%s\"", name, session, strlen(hex), hex);
    g_autofree char *prefix = g_strconcat(name, ":", NULL);
    const AtCommand command = { .text = text, .prefix = prefix, .has_card = TRUE, .note = note };

    if (!at_backend_command(self, &command, deadline, cancellable, ret_answer, error))
        return NULL;
    if (ret_answer->result != AT_RESULT_OK) {
        at_backend_set_error(self, name, ret_answer, error);
        if (ret_answer->result == AT_RESULT_CME && ret_answer->code == AT_CME_NOT_INSERTED)
            at_backend_set_card(self, AT_CARD_ABSENT);
        return NULL;
    }
    return get_response(self, prefix, ret_answer, error);
}

static guint16 get_status(GBytes *response)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(response, &size);

    if (size < 2)
        return 0;
    return (guint16)(data[size - 2] << 8 | data[size - 1]);
}

/* The basic channel's reader, APDU by APDU. */
static GBytes *ask_card(AtBackend *self, const guint8 *apdu, gsize size, const char *note,
                        gint64 deadline, GCancellable *cancellable, AtAnswer *ret_answer,
                        GError **error)
{
    return exchange(self, "+CSIM", "", apdu, size, note, deadline, cancellable, ret_answer, error);
}

/* ---- closing ---- */

static gboolean close_session(AtBackend *self, guint32 session, gint64 deadline,
                              GCancellable *cancellable, AtAnswer *ret_answer, GError **error)
{
    g_autofree char *text = g_strdup_printf("AT+CCHC=%u", session);
    const AtCommand command = { .text = text, .prefix = "+CCHC:", .note = text };

    if (!at_backend_command(self, &command, deadline, cancellable, ret_answer, error))
        return FALSE;
    if (ret_answer->result == AT_RESULT_OK)
        return TRUE;
    at_backend_set_error(self, "+CCHC", ret_answer, error);
    return FALSE;
}

static gboolean close_at_card(AtBackend *self, guint8 number, gint64 deadline,
                              GCancellable *cancellable, AtAnswer *ret_answer, GError **error)
{
    g_autoptr(GBytes) response = NULL;
    guint8 apdu[APDU_MAX];
    gsize size = apdu_close_channel(apdu, number);

    response = ask_card(self, apdu, size, "AT+CSIM MANAGE CHANNEL close", deadline, cancellable,
                        ret_answer, error);
    if (!response)
        return FALSE;
    if (refusal_is_selected(get_status(response)))
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM, "MANAGE CHANNEL: the card answered %04X",
                get_status(response));
    return FALSE;
}

static gboolean close_one(AtBackend *self, const AtChannel *channel, gint64 deadline,
                          GCancellable *cancellable, AtAnswer *ret_answer, GError **error)
{
    if (channel->use == AT_USE_SESSION)
        return close_session(self, channel->session, deadline, cancellable, ret_answer, error);
    return close_at_card(self, channel->number, deadline, cancellable, ret_answer, error);
}

void at_backend_close_channels(AtBackend *self, gint64 deadline)
{
    for (guint i = 0; i < self->orphans->len && at_backend_check(self, NULL); i++) {
        g_auto(AtAnswer) answer = { 0 };

        close_session(self, g_array_index(self->orphans, guint32, i), deadline, NULL, &answer,
                      NULL);
    }
    g_array_set_size(self->orphans, 0);
    for (guint i = 1; i < AT_CHANNELS && at_backend_check(self, NULL); i++) {
        g_auto(AtAnswer) answer = { 0 };

        if (self->channels[i].use == AT_USE_FREE || self->channels[i].parked)
            continue;
        close_one(self, &self->channels[i], deadline, NULL, &answer, NULL);
        free_channel(&self->channels[i]);
    }
}

gboolean at_backend_close_channel(Backend *backend, guint8 number, gint64 deadline,
                                  GCancellable *cancellable, GError **error)
{
    AtBackend *self = (AtBackend *)backend;
    AtChannel *channel = &self->channels[MIN(number, AT_CHANNELS - 1)];
    g_auto(AtAnswer) answer = { 0 };
    g_autoptr(GError) failure = NULL;

    if (!at_backend_check(self, error))
        return FALSE;
    if (channel->use == AT_USE_FREE) /* it went with the card */
        return TRUE;
    if (close_one(self, channel, deadline, cancellable, &answer, &failure)) {
        free_channel(channel);
        return TRUE;
    }
    /* Some firmware has +CCHO without +CCHC. One session that stays open is enough, it is used again; a reset
     * of the card closes it. */
    if (channel->use == AT_USE_SESSION && !channel->broken && answer.result != AT_RESULT_NONE) {
        log_debug(&self->log, "%s: session %u is kept", failure->message, channel->session);
        set_parked(self, channel, TRUE);
        return TRUE;
    }
    self->backend.leaked = TRUE;
    if (answer.result != AT_RESULT_NONE)
        free_channel(channel);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                               "%s: close logical channel %u: ", backend->name, number);
    return FALSE;
}

/* ---- opening ---- */

/* FALSE without an error: there is no parked session that still works. */
static gboolean revive(AtBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                       GCancellable *cancellable, guint8 *ret_channel, GError **error)
{
    g_autoptr(GBytes) wanted = g_bytes_new(aid, aid_size);

    for (guint8 i = 1; i < AT_CHANNELS; i++) {
        AtChannel *channel = &self->channels[i];
        g_autofree char *session = g_strdup_printf("%u,", channel->session);
        g_auto(AtAnswer) answer = { 0 };
        g_autoptr(GBytes) response = NULL;
        g_autoptr(GError) failure = NULL;
        guint8 apdu[APDU_MAX];

        if (!channel->parked || !g_bytes_equal(channel->aid, wanted))
            continue;
        response = exchange(self, "+CGLA", session, apdu, apdu_select(apdu, 0x00, aid, aid_size),
                            "AT+CGLA SELECT on the session that is left", deadline, cancellable,
                            &answer, &failure);
        set_parked(self, channel, FALSE);
        if (response && refusal_is_selected(get_status(response))) {
            *ret_channel = i;
            return TRUE;
        }
        free_channel(channel);
        if (failure && answer.result == AT_RESULT_NONE) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    return FALSE;
}

static gboolean open_session(AtBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                             GCancellable *cancellable, guint8 *ret_channel, AtAnswer *ret_answer,
                             GError **error)
{
    g_autofree char *hex = bytes_to_hex(aid, aid_size);
    g_autofree char *text = g_strdup_printf("AT+CCHO=\"%s\"", hex);
    const AtCommand command = {
        .text = text, .prefix = "+CCHO:", .plain = TRUE, .has_card = TRUE, .note = text
    };
    guint32 session;
    guint found = 0;

    if (!at_backend_command(self, &command, deadline, cancellable, ret_answer, error))
        return FALSE;
    if (ret_answer->result != AT_RESULT_OK) {
        at_backend_set_error(self, "+CCHO", ret_answer, error);
        return FALSE;
    }
    for (guint i = 0; i < ret_answer->lines->len; i++) {
        const char *line = ret_answer->lines->pdata[i];
        const char *behind = at_line_get_text(line, "+CCHO:");

        found += at_parse_session(behind ? behind : line, &session);
    }
    if (found == 1)
        *ret_channel = keep_channel(self, AT_USE_SESSION, session, 0, aid, aid_size);
    if (found == 1 && *ret_channel != 0)
        return TRUE;
    self->backend.leaked = TRUE;
    g_set_error(error, EUICCD_ERROR, found == 1 ? EUICCD_ERROR_NO_CHANNEL : EUICCD_ERROR_MODEM,
                "%s: +CCHO: the modem's answer names %u sessions", self->backend.name, found);
    return FALSE;
}

static EuiccdError classify_status(guint16 status_word)
{
    switch (status_word) {
    case 0x6A82: /* file or application not found */
    case 0x6999: /* applet selection failed */
    case 0x6D00: /* a card that knows no logical channels */
    case 0x6E00:
        return EUICCD_ERROR_NOT_EUICC;
    case 0x6881: /* logical channel not supported */
    case 0x6A81: /* no channel left (ISO 7816-4, MANAGE CHANNEL) */
        return EUICCD_ERROR_NO_CHANNEL;
    }
    return EUICCD_ERROR_MODEM;
}

static void set_status_error(AtBackend *self, const char *what, guint16 status_word, GError **error)
{
    g_set_error(error, EUICCD_ERROR, (gint)classify_status(status_word),
                "%s: %s: the card answered %04X", self->backend.name, what, status_word);
}

/* MANAGE CHANNEL. 0 with ERROR. */
static guint8 open_at_card(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                           AtAnswer *ret_answer, GError **error)
{
    g_autoptr(GBytes) response = NULL;
    guint8 apdu[APDU_MAX];
    gsize size = apdu_open_channel(apdu);
    const guint8 *data;

    response = ask_card(self, apdu, size, "AT+CSIM MANAGE CHANNEL open", deadline, cancellable,
                        ret_answer, error);
    if (response && get_status(response) >> 8 == 0x61) {
        g_auto(AtAnswer) answer = { 0 };

        size = apdu_get_response(apdu, 0x00, 1);
        g_bytes_unref(response);
        response = ask_card(self, apdu, size, "AT+CSIM GET RESPONSE", deadline, cancellable,
                            &answer, error);
    }
    if (!response)
        return 0;
    data = g_bytes_get_data(response, &size);
    if (size == 3 && get_status(response) == 0x9000 && data[0] > 0 && data[0] < AT_CHANNELS)
        return data[0];
    set_status_error(self, "MANAGE CHANNEL", get_status(response), error);
    return 0;
}

/* By hand, with +CSIM. */
static gboolean open_by_hand(AtBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                             GCancellable *cancellable, guint8 *ret_channel, AtAnswer *ret_answer,
                             GError **error)
{
    guint8 number = open_at_card(self, deadline, cancellable, ret_answer, error);
    g_auto(AtAnswer) answer = { 0 }, closed = { 0 };
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint8 apdu[APDU_MAX];

    if (number == 0)
        return FALSE;
    response = ask_card(self, apdu, apdu_select(apdu, apdu_class(number, FALSE), aid, aid_size),
                        "AT+CSIM SELECT", deadline, cancellable, &answer, &failure);
    if (response && refusal_is_selected(get_status(response))) {
        *ret_channel = keep_channel(self, AT_USE_CARD, 0, number, aid, aid_size);
        if (*ret_channel != 0)
            return TRUE;
        g_set_error(&failure, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL, "%s: no number is left",
                    self->backend.name);
    } else if (response) {
        set_status_error(self, "SELECT", get_status(response), &failure);
    }
    if (!close_at_card(self, number, deadline, cancellable, &closed, NULL)) {
        /* By its number, the next time. */
        (void)keep_channel(self, AT_USE_CARD, 0, number, aid, aid_size);
        self->backend.leaked = TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* TRUE when an answer to +CCHO may mean that the modem does not have it, or no more than that it failed: the
 * card's own words tell. */
static gboolean is_vague(const AtAnswer *answer)
{
    EuiccdError code = at_backend_classify(answer);

    return answer->result != AT_RESULT_OK && answer->result != AT_RESULT_NONE &&
           (code == EUICCD_ERROR_MODEM || code == EUICCD_ERROR_NOT_SUPPORTED);
}

static gboolean is_missing(const AtAnswer *answer)
{
    return answer->result == AT_RESULT_ERROR ||
           (answer->result == AT_RESULT_CME &&
            (answer->code == AT_CME_NOT_SUPPORTED || answer->code == AT_CME_UNKNOWN));
}

static gboolean try_open(AtBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                         GCancellable *cancellable, guint8 *ret_channel, GError **error)
{
    gboolean by_hand = self->backend.quirks->csim == QUIRK_YES || self->no_sessions;
    g_auto(AtAnswer) session = { 0 }, hand = { 0 };
    g_autoptr(GError) first = NULL, second = NULL;

    if (!by_hand) {
        if (open_session(self, aid, aid_size, deadline, cancellable, ret_channel, &session, &first))
            return TRUE;
        if (!is_vague(&session) || self->backend.quirks->csim == QUIRK_NO) {
            if (session.result == AT_RESULT_CME && session.code == AT_CME_NOT_FOUND)
                first->code = EUICCD_ERROR_NOT_EUICC;
            g_propagate_error(error, g_steal_pointer(&first));
            return FALSE;
        }
    }
    if (open_by_hand(self, aid, aid_size, deadline, cancellable, ret_channel, &hand, &second)) {
        if (!by_hand)
            log_info(&self->log, "%s: opening channels with +CSIM", first->message);
        self->no_sessions = self->no_sessions || (!by_hand && is_missing(&session));
        return TRUE;
    }
    if (first && is_vague(&hand)) {
        gboolean missing = is_missing(&session) && is_missing(&hand);

        /* Neither lets us to the card. */
        if (session.result == AT_RESULT_CME && session.code == AT_CME_NOT_FOUND)
            first->code = EUICCD_ERROR_NOT_EUICC;
        else if (missing)
            first->code = EUICCD_ERROR_NOT_SUPPORTED;
        g_propagate_prefixed_error(error, g_steal_pointer(&first), "(%s) ", second->message);
        return FALSE;
    }
    g_propagate_error(error, g_steal_pointer(&second));
    return FALSE;
}

/* Once. FALSE with ERROR. */
static gboolean open_once(AtBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                          GCancellable *cancellable, guint8 *ret_channel, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (!at_backend_check(self, error))
        return FALSE;
    if (self->backend.leaked || self->orphans->len > 0) {
        at_backend_close_channels(self, deadline);
        self->backend.leaked = FALSE;
    }
    if (revive(self, aid, aid_size, deadline, cancellable, ret_channel, &failure))
        return TRUE;
    if (!failure && try_open(self, aid, aid_size, deadline, cancellable, ret_channel, &failure))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean is_ours(const AtBackend *self, guint32 session)
{
    for (guint i = 1; i < AT_CHANNELS; i++)
        if (self->channels[i].use == AT_USE_SESSION && self->channels[i].session == session)
            return TRUE;
    return FALSE;
}

/* What a dead predecessor left open may be all the sessions there are. The port is ours alone, and so are the
 * sessions; most firmware counts them from 0 or 1. TRUE when one was closed. */
static gboolean sweep(AtBackend *self, gint64 deadline, GCancellable *cancellable)
{
    guint closed = 0;

    for (guint32 session = 0; session < AT_CHANNELS && wait_check(deadline, cancellable, NULL);
         session++) {
        g_auto(AtAnswer) answer = { 0 };

        if (!is_ours(self, session) &&
            close_session(self, session, deadline, cancellable, &answer, NULL))
            closed++;
    }
    log_notice(&self->log, "no logical channel left: %u sessions of others closed", closed);
    return closed > 0;
}

gboolean at_backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                 gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                 GBytes **ret_fci, GError **error)
{
    AtBackend *self = (AtBackend *)backend;
    gint64 limit = MIN(deadline, clock_boottime() + READY_TIME), pause = 0;
    gboolean swept = self->no_sessions;

    for (;;) {
        g_autoptr(GError) failure = NULL;

        self->card_changed = FALSE;
        if (open_once(self, aid, aid_size, deadline, cancellable, ret_channel, &failure)) {
            at_backend_set_card(self, AT_CARD_READY);
            g_clear_pointer(&self->aid, g_bytes_unref);
            self->aid = g_bytes_new(aid, aid_size);
            *ret_fci = NULL; /* +CCHO has none */
            return TRUE;
        }
        if (euiccd_error_is(failure, EUICCD_ERROR_CARD_ABSENT))
            at_backend_set_card(self, AT_CARD_ABSENT);
        if (euiccd_error_is(failure, EUICCD_ERROR_NO_CHANNEL) && !swept) {
            swept = TRUE;
            if (sweep(self, deadline, cancellable))
                continue;
        }
        g_prefix_error(&failure, "open logical channel: ");
        if (!refusal_wait(backend, &self->card_changed, &pause, limit, cancellable,
                          g_steal_pointer(&failure), error))
            return FALSE;
    }
}

/* ---- APDUs ---- */

static GBytes *send_in_session(AtBackend *self, const AtChannel *channel, guint8 *apdu, gsize size,
                               gint64 deadline, GCancellable *cancellable, AtAnswer *ret_answer,
                               GError **error)
{
    g_autofree char *session = g_strdup_printf("%u,", channel->session);

    apdu[0] = set_channel(apdu[0], 0);
    return exchange(self, "+CGLA", session, apdu, size, NULL, deadline, cancellable, ret_answer,
                    error);
}

/*
 * What belongs on the basic channel, where +CSIM is missing: TERMINAL CAPABILITY, which a card takes on any
 * channel (ETSI TS 102 221 table 10.5: class 8X). In the session that is open, or in one of its own. NULL
 * without an error: neither can be had.
 */
static GBytes *send_elsewhere(AtBackend *self, guint8 *apdu, gsize size, gint64 deadline,
                              GCancellable *cancellable, GError **error)
{
    g_auto(AtAnswer) answer = { 0 }, opened = { 0 };
    GBytes *response;
    guint8 number = 0;
    gsize aid_size;

    for (guint i = 1; i < AT_CHANNELS; i++)
        if (self->channels[i].use == AT_USE_SESSION && !self->channels[i].broken)
            return send_in_session(self, &self->channels[i], apdu, size, deadline, cancellable,
                                   &answer, error);
    if (!self->aid)
        return NULL;
    {
        const guint8 *aid = g_bytes_get_data(self->aid, &aid_size);

        if (!open_session(self, aid, aid_size, deadline, cancellable, &number, &opened, NULL))
            return NULL;
    }
    response = send_in_session(self, &self->channels[number], apdu, size, deadline, cancellable,
                               &answer, error);
    at_backend_close_channel(&self->backend, number, deadline, cancellable, NULL);
    return response;
}

gboolean at_backend_transmit(Backend *backend, guint8 number, const guint8 *apdu, gsize size,
                             gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                             GError **error)
{
    AtBackend *self = (AtBackend *)backend;
    AtChannel *channel = &self->channels[MIN(number, AT_CHANNELS - 1)];
    g_autofree guint8 *command = NULL;
    g_auto(AtAnswer) answer = { 0 };
    g_autoptr(GError) failure = NULL;
    GBytes *response;

    if (!at_backend_check(self, error))
        return FALSE;
    if (size < 4 || (number != 0 && channel->use == AT_USE_FREE)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM, "%s: send APDU: %s", backend->name,
                    size < 4 ? "it is no command" : "the channel is not open");
        return FALSE;
    }
    command = g_memdup2(apdu, size);
    if (number != 0 && channel->use == AT_USE_SESSION) {
        response =
            send_in_session(self, channel, command, size, deadline, cancellable, &answer, &failure);
    } else {
        if (number != 0)
            command[0] = set_channel(command[0], channel->number);
        response = ask_card(self, command, size, NULL, deadline, cancellable, &answer, &failure);
        if (number == 0 && !response && is_missing(&answer)) {
            g_autoptr(GError) second = NULL;

            response = send_elsewhere(self, command, size, deadline, cancellable, &second);
            if (second) {
                g_clear_error(&failure);
                failure = g_steal_pointer(&second);
            }
        }
    }
    if (response) {
        *ret_response = response;
        return TRUE;
    }
    if (number != 0)
        channel->broken = TRUE;
    refusal_note_removal(backend, self->card == AT_CARD_ABSENT, &failure);
    probe_note(backend->probe, FALSE, "send APDU", "%s", failure->message);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "send APDU: ");
    return FALSE;
}
