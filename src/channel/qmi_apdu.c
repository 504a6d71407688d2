/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/qmi_private.h"

#include <string.h>

#include "channel/refusal.h"
#include "util/error.h"

/* Logical channels and APDUs of the QMI back-end (UIM messages 0042, 003B, 003F). */

#define FCI_REQUEST 2 /* of Open Logical Channel: the select response shall be the FCI */

/* ---- long responses: beyond what fits into one answer, in pieces that come as indications ---- */

#define MAX_LONG_RESPONSES 4 /* that nobody asked for yet */

typedef struct {
    gsize total, received;
    guint8 *data;
    guint8 *seen; /* 1 for each octet that came */
} LongResponse;

static void long_response_free(gpointer data)
{
    LongResponse *response = data;

    g_free(response->data);
    g_free(response->seen);
    g_free(response);
}

GHashTable *qmi_backend_long_responses_new(void)
{
    return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, long_response_free);
}

/* Pieces may come in any order, and before the answer that announces them. */
void qmi_backend_take_piece(QmiBackend *self, TlvSlice tlv)
{
    LongResponse *response;
    UimPiece piece;

    if (!uim_parse_piece(tlv, &piece)) {
        log_debug(&self->log, "malformed piece of a long response");
        return;
    }
    response = g_hash_table_lookup(self->long_responses, GUINT_TO_POINTER(piece.token));
    if (!response || response->total != piece.total) {
        if (!response && g_hash_table_size(self->long_responses) >= MAX_LONG_RESPONSES)
            return;
        response = g_new0(LongResponse, 1);
        response->total = piece.total;
        response->data = g_malloc0(MAX(response->total, 1));
        response->seen = g_malloc0(MAX(response->total, 1));
        g_hash_table_replace(self->long_responses, GUINT_TO_POINTER(piece.token), response);
    }
    for (gsize i = 0; i < piece.data.size; i++) {
        response->data[piece.offset + i] = piece.data.data[i];
        response->received += !response->seen[piece.offset + i];
        response->seen[piece.offset + i] = 1;
    }
    self->long_changed = TRUE;
}

static GBytes *collect_long_response(QmiBackend *self, TlvSlice tlv, gint64 deadline,
                                     GCancellable *cancellable, GError **error)
{
    LongResponse *response;
    guint16 total;
    guint32 token;

    if (!uim_parse_long_response(tlv, &total, &token)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                            "the announcement of a long response is malformed");
        return NULL;
    }
    if (total < 2) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "a long response of %u octets holds no status word", total);
        return NULL;
    }
    for (;;) {
        response = g_hash_table_lookup(self->long_responses, GUINT_TO_POINTER(token));
        if (response && response->total == total && response->received == total)
            return g_bytes_new(response->data, response->total);
        if (!qmi_backend_check(self, error))
            return NULL;
        self->long_changed = FALSE;
        if (!wait_until(&self->long_changed, deadline, cancellable, error)) {
            g_prefix_error(error, "%" G_GSIZE_FORMAT " of %u octets of a long response came: ",
                           response ? response->received : 0, total);
            return NULL;
        }
    }
}

/* ---- errors ---- */

/* STATUS_WORD 0: the modem named none. */
static EuiccdError classify_open(QmiBackend *self, guint16 qmi_error, guint16 status_word)
{
    EuiccdError code;

    if (refusal_classify_select(status_word, &code))
        return code;
    switch (qmi_error) {
    case QMI_PROTOCOL_ERROR_INSUFFICIENT_RESOURCES:
        return EUICCD_ERROR_NO_CHANNEL;
    case QMI_PROTOCOL_ERROR_SIM_FILE_NOT_FOUND:
        return EUICCD_ERROR_NOT_EUICC;
    case QMI_PROTOCOL_ERROR_NO_SIM:
        return self->card == QMI_CARD_ABSENT ? EUICCD_ERROR_CARD_ABSENT
                                             : EUICCD_ERROR_CARD_NOT_READY;
    case QMI_PROTOCOL_ERROR_INTERNAL:
    case QMI_PROTOCOL_ERROR_UIM_UNINITIALIZED:
    case QMI_PROTOCOL_ERROR_DEVICE_NOT_READY:
    case QMI_PROTOCOL_ERROR_INCOMPATIBLE_STATE:
        return EUICCD_ERROR_CARD_NOT_READY;
    case QMI_PROTOCOL_ERROR_ACCESS_DENIED: /* firmware that keeps the ISD-R to itself */
    case QMI_PROTOCOL_ERROR_NOT_SUPPORTED:
    case QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND:
        return EUICCD_ERROR_NOT_SUPPORTED;
    }
    return EUICCD_ERROR_MODEM;
}

static EuiccdError classify_transmit(QmiBackend *self, guint16 qmi_error)
{
    switch (qmi_error) {
    case QMI_PROTOCOL_ERROR_NO_SIM:
        return self->card == QMI_CARD_ABSENT ? EUICCD_ERROR_CARD_ABSENT
                                             : EUICCD_ERROR_CARD_NOT_READY;
    case QMI_PROTOCOL_ERROR_UIM_UNINITIALIZED:
    case QMI_PROTOCOL_ERROR_DEVICE_NOT_READY:
    case QMI_PROTOCOL_ERROR_INCOMPATIBLE_STATE:
        return EUICCD_ERROR_CARD_NOT_READY;
    case QMI_PROTOCOL_ERROR_ACCESS_DENIED:
    case QMI_PROTOCOL_ERROR_NOT_SUPPORTED:
    case QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND:
        return EUICCD_ERROR_NOT_SUPPORTED;
    }
    return EUICCD_ERROR_MODEM;
}

static void set_error(QmiBackend *self, EuiccdError code, const char *what, guint16 qmi_error,
                      guint16 status_word, GError **error)
{
    g_autofree char *words = qmi_error ? qmi_backend_describe(qmi_error) : NULL;

    refusal_set_error(&self->backend, code, what, words,
                      qmi_error == QMI_PROTOCOL_ERROR_ACCESS_DENIED, status_word, error);
}

/* ---- channels ---- */

static guint8 logical_slot(QmiBackend *self)
{
    return (guint8)(self->logical ? self->logical : 1);
}

gboolean qmi_backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                   GCancellable *cancellable, GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    g_autoptr(QmiMessage) request = NULL, answer = NULL;
    guint16 qmi_error;

    if (!qmi_backend_check(self, error))
        return FALSE;
    request = uim_request_new(self->client, UIM_LOGICAL_CHANNEL);
    uim_put_u8(request, 0x01, logical_slot(self));
    uim_put_u8(request, 0x11, channel);
    answer = qmi_backend_command(self, request, deadline, cancellable, error);
    if (!answer || !uim_get_result(answer, &qmi_error, error)) {
        self->backend.leaked = TRUE;
        g_prefix_error(error, "%s: close logical channel %u: ", backend->name, channel);
        return FALSE;
    }
    if (qmi_error != 0) {
        g_autofree char *what = g_strdup_printf("close logical channel %u", channel);

        self->backend.leaked = TRUE;
        set_error(self, EUICCD_ERROR_MODEM, what, qmi_error, uim_get_card_result(answer), error);
        return FALSE;
    }
    return TRUE;
}

/* One request, one answer. */
static gboolean try_open(QmiBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                         GCancellable *cancellable, guint8 *ret_channel, GBytes **ret_fci,
                         GError **error)
{
    g_autoptr(QmiMessage) request = NULL, answer = NULL;
    guint16 qmi_error, status_word;
    TlvSlice channel, fci;

    if (!qmi_backend_check(self, error))
        return FALSE;
    request = uim_request_new(self->client, UIM_OPEN_LOGICAL_CHANNEL);
    uim_put_u8(request, 0x01, logical_slot(self));
    uim_put_octets(request, 0x10, 1, aid, aid_size);
    uim_put_u8(request, 0x11, FCI_REQUEST);
    answer = qmi_backend_command(self, request, deadline, cancellable, error);
    if (!answer || !uim_get_result(answer, &qmi_error, error)) {
        /* The channel may open yet, and nobody will know its number. */
        self->backend.leaked = TRUE;
        g_prefix_error(error, "%s: open logical channel: ", self->backend.name);
        return FALSE;
    }
    status_word = uim_get_card_result(answer);
    if (qmi_error != 0) {
        set_error(self, classify_open(self, qmi_error, status_word), "open logical channel",
                  qmi_error, status_word, error);
        return FALSE;
    }
    channel = uim_get(answer, 0x10);
    if (channel.size < 1) {
        self->backend.leaked = TRUE;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "%s: open logical channel: the modem named no channel", self->backend.name);
        return FALSE;
    }
    if (status_word && !refusal_is_selected(status_word)) {
        qmi_backend_close_channel(&self->backend, channel.data[0], deadline, cancellable, NULL);
        set_error(self, classify_open(self, 0, status_word), "select application", 0, status_word,
                  error);
        return FALSE;
    }
    fci = uim_get_octets(answer, 0x12, 1);
    *ret_channel = channel.data[0];
    *ret_fci = fci.size > 0 ? g_bytes_new(fci.data, fci.size) : NULL;
    return TRUE;
}

static gboolean check_card(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    gboolean inactive = self->has_slots && self->logical == 0;

    if (self->card != QMI_CARD_ABSENT && !inactive)
        return TRUE;
    /* Indications get lost: ask before refusing. */
    if (!qmi_backend_query(self, deadline, cancellable, error)) {
        g_prefix_error(error, "%s: ", self->backend.name);
        return FALSE;
    }
    if (self->card == QMI_CARD_ABSENT) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT, "%s: no card in slot %u",
                    self->backend.name, self->physical ? self->physical : 1);
        return FALSE;
    }
    if (self->has_slots && self->logical == 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY, "%s: slot %u is not active",
                    self->backend.name, self->physical);
        return FALSE;
    }
    return TRUE;
}

/* Fails only where there is no point in trying to open a channel: that tells what the matter is. */
static gboolean ensure_power(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                             GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean done;

    if (qmi_backend_power_up(self, deadline, cancellable, &done, &failure))
        return TRUE;
    if (qmi_backend_check(self, NULL) && wait_check(deadline, cancellable, NULL)) {
        log_info(&self->log, "%s", failure->message);
        return TRUE;
    }
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: ", self->backend.name);
    return FALSE;
}

gboolean qmi_backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                  gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                  GBytes **ret_fci, GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    gboolean cleaned = FALSE;
    gint64 pause = 0;

    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (!qmi_backend_check(self, error) || !check_card(self, deadline, cancellable, error))
            return FALSE;
        if (self->backend.leaked && !qmi_backend_clean(self, deadline, cancellable, error)) {
            g_prefix_error(error, "%s: ", backend->name);
            return FALSE;
        }
        if (!ensure_power(self, deadline, cancellable, error))
            return FALSE;
        /* News may come together with the answer. */
        self->card_changed = FALSE;
        if (try_open(self, aid, aid_size, deadline, cancellable, ret_channel, ret_fci, &failure))
            return TRUE;
        if (euiccd_error_is(failure, EUICCD_ERROR_NO_CHANNEL) && !cleaned) {
            log_info(&self->log, "no logical channel left, cleaning up and trying once more");
            cleaned = self->backend.leaked = TRUE;
            continue;
        }
        if (!refusal_wait(backend, &self->card_changed, &pause, deadline, cancellable,
                          g_steal_pointer(&failure), error))
            return FALSE;
        self->doubtful = !self->card_changed;
    }
}

/* ---- APDUs ---- */

static void pass_on(GCancellable *cancellable, gpointer data)
{
    (void)cancellable;
    g_cancellable_cancel(data);
}

/* qmi_backend_command() that also ends, with TIMEOUT, some time after the card was removed. */
static QmiMessage *command_with_card(QmiBackend *self, QmiMessage *request, gint64 deadline,
                                     GCancellable *cancellable, GError **error)
{
    g_autoptr(GCancellable) either = g_cancellable_new();
    g_autoptr(GCancellable) removal = g_object_ref(self->removal);
    g_autoptr(GError) failure = NULL;
    gulong by_caller =
        cancellable ? g_cancellable_connect(cancellable, G_CALLBACK(pass_on), either, NULL) : 0;
    gulong by_removal = g_cancellable_connect(removal, G_CALLBACK(pass_on), either, NULL);
    QmiMessage *answer = qmi_backend_command(self, request, deadline, either, &failure);

    g_cancellable_disconnect(removal, by_removal);
    g_cancellable_disconnect(cancellable, by_caller);
    if (answer)
        return answer;
    if (euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) &&
        !g_cancellable_is_cancelled(cancellable)) {
        g_clear_error(&failure);
        g_set_error_literal(&failure, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT, "no answer");
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* Where nobody decided otherwise, the modem fetches the response to what may bring a REFRESH, and no other. */
static gboolean does_modem_fetch(QmiBackend *self)
{
    switch (self->backend.quirks->modem_fetches) {
    case QUIRK_UNSET:
        return self->modem_fetches || self->backend.may_refresh;
    case QUIRK_NO:
        return FALSE;
    case QUIRK_YES:
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

/* One request, one answer. *RET_ERROR: QMI error, 0 for success. */
static QmiMessage *send_apdu(QmiBackend *self, guint8 channel, const guint8 *apdu, gsize size,
                             gint64 deadline, GCancellable *cancellable, guint16 *ret_error,
                             GError **error)
{
    g_autoptr(QmiMessage) request = NULL, answer = NULL;

    if (!qmi_backend_check(self, error))
        return NULL;
    request = uim_request_new(self->client, UIM_SEND_APDU);
    uim_put_u8(request, 0x01, logical_slot(self));
    uim_put_octets(request, 0x02, 2, apdu, size);
    if (channel != 0)
        uim_put_u8(request, 0x10, channel);
    if (self->procedure != QMI_PROCEDURE_REFUSED)
        uim_put_u8(request, 0x11, does_modem_fetch(self) ? 1 : 0);
    answer = command_with_card(self, request, deadline, cancellable, error);
    if (!answer || !uim_get_result(answer, ret_error, error))
        return NULL;
    return g_steal_pointer(&answer);
}

/* TRUE when the request itself was refused, so that the card has seen nothing of it. */
static gboolean is_request_refused(QmiMessage *answer, guint16 qmi_error)
{
    switch (qmi_error) {
    case QMI_PROTOCOL_ERROR_MALFORMED_MESSAGE:
    case QMI_PROTOCOL_ERROR_MISSING_ARGUMENT:
    case QMI_PROTOCOL_ERROR_ARGUMENT_TOO_LONG:
    case QMI_PROTOCOL_ERROR_INVALID_ARGUMENT:
    case QMI_PROTOCOL_ERROR_NOT_SUPPORTED:
        return uim_get_card_result(answer) == 0;
    }
    return FALSE;
}

/*
 * Whether the modem follows 61xx is told in an optional octet, which some firmware refuses. Without it either
 * may happen, and the channel is prepared for both. Only the first APDU after the modem was opened shows
 * that it is refused (TERMINAL CAPABILITY, SELECT, or a read): where it was taken once, no APDU is repeated.
 */
static QmiMessage *send_apdu_as_known(QmiBackend *self, guint8 channel, const guint8 *apdu,
                                      gsize size, gint64 deadline, GCancellable *cancellable,
                                      guint16 *ret_error, GError **error)
{
    g_autoptr(QmiMessage) answer =
        send_apdu(self, channel, apdu, size, deadline, cancellable, ret_error, error);

    if (!answer || self->procedure != QMI_PROCEDURE_UNTRIED)
        return g_steal_pointer(&answer);
    if (!is_request_refused(answer, *ret_error)) {
        if (*ret_error == 0)
            self->procedure = QMI_PROCEDURE_TAKEN;
        return g_steal_pointer(&answer);
    }
    g_clear_pointer(&answer, qmi_message_unref);
    self->procedure = QMI_PROCEDURE_REFUSED;
    answer = send_apdu(self, channel, apdu, size, deadline, cancellable, ret_error, error);
    if (!answer || *ret_error != 0)
        self->procedure = QMI_PROCEDURE_UNTRIED; /* that was not it */
    else
        log_info(&self->log, "the modem does not know who shall follow 61xx: left to it");
    return g_steal_pointer(&answer);
}

static GBytes *transmit(QmiBackend *self, guint8 channel, const guint8 *apdu, gsize size,
                        gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(QmiMessage) answer = NULL;
    TlvSlice long_response, octets;
    guint16 qmi_error;

    g_hash_table_remove_all(self->long_responses); /* of requests that were given up */
    answer =
        send_apdu_as_known(self, channel, apdu, size, deadline, cancellable, &qmi_error, error);
    if (!answer) {
        g_prefix_error(error, "%s: send APDU: ", self->backend.name);
        return NULL;
    }
    if (qmi_error != 0) {
        EuiccdError code = classify_transmit(self, qmi_error);

        self->doubtful = self->doubtful || code == EUICCD_ERROR_CARD_NOT_READY;
        set_error(self, code, "send APDU", qmi_error, uim_get_card_result(answer), error);
        return NULL;
    }
    long_response = uim_get(answer, 0x11);
    octets = uim_get_octets(answer, 0x10, 2);
    if (long_response.size == 6) {
        GBytes *response = collect_long_response(self, long_response, deadline, cancellable, error);

        if (!response)
            g_prefix_error(error, "%s: send APDU: ", self->backend.name);
        return response;
    }
    if (octets.data)
        return g_bytes_new(octets.data, octets.size);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                "%s: send APDU: the modem's answer holds no response", self->backend.name);
    return NULL;
}

gboolean qmi_backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                              gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                              GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    g_autoptr(GError) failure = NULL;
    GBytes *response;

    /* On the basic channel a conversation begins: another card may be there, and its news got lost. */
    if (channel == 0 && !check_card(self, deadline, cancellable, error))
        return FALSE;
    response = transmit(self, channel, apdu, size, deadline, cancellable, &failure);

    if (!response) {
        refusal_note_removal(backend, self->card == QMI_CARD_ABSENT, &failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *ret_response = response;
    return TRUE;
}
