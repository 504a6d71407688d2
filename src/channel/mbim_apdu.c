/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/mbim_private.h"

#include "channel/refusal.h"

/* Logical channels and APDUs of the MBIM back-end (MS UICC Low Level Access). */

#define MAX_CHANNEL 19 /* ETSI TS 102 221 */

static gboolean uicc_command(MbimBackend *self, guint32 cid, MbimMessageCommandType type,
                             GByteArray *info, gint64 deadline, GCancellable *cancellable,
                             MbimAnswer *ret_answer, GError **error)
{
    return mbim_backend_command(self, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, cid, type, info,
                                deadline, cancellable, ret_answer, error);
}

/* ---- errors ---- */

/* What any request to the card may meet. */
static EuiccdError classify(MbimBackend *self, guint32 status)
{
    if (mbim_backend_is_unsupported(status))
        return EUICCD_ERROR_NOT_SUPPORTED;
    switch (status) {
    case MBIM_STATUS_ERROR_SIM_NOT_INSERTED:
        return self->card == MBIM_CARD_ABSENT ? EUICCD_ERROR_CARD_ABSENT
                                              : EUICCD_ERROR_CARD_NOT_READY;
    case MBIM_STATUS_ERROR_BUSY:
    case MBIM_STATUS_ERROR_BAD_SIM:
    case MBIM_STATUS_ERROR_NOT_INITIALIZED:
        return EUICCD_ERROR_CARD_NOT_READY;
    case MBIM_STATUS_ERROR_OPERATION_NOT_ALLOWED: /* firmware that keeps the card to itself */
        return EUICCD_ERROR_NOT_SUPPORTED;
    }
    return EUICCD_ERROR_MODEM;
}

/* STATUS_WORD 0: the modem named none. */
static EuiccdError classify_open(MbimBackend *self, guint32 status, guint16 status_word)
{
    EuiccdError code;

    if (refusal_classify_select(status_word, &code))
        return code;
    switch ((int)status) {
    case MBIM_INFO_NO_LOGICAL_CHANNELS:
        return EUICCD_ERROR_NO_CHANNEL;
    case MBIM_INFO_SELECT_FAILED:
        return EUICCD_ERROR_NOT_EUICC;
    }
    /* Firmware that does not let us to the eUICC may say no more than that (facts, quirk 20). Where a channel
     * was opened before, it is something else that passes. */
    if (status == MBIM_STATUS_ERROR_FAILURE && !status_word && self->select_p2 < 0)
        return EUICCD_ERROR_NOT_SUPPORTED;
    return classify(self, status);
}

static void set_error(MbimBackend *self, EuiccdError code, const char *what, guint32 status,
                      guint16 status_word, GError **error)
{
    g_autofree char *words = status ? mbim_info_describe_status(status) : NULL;

    refusal_set_error(&self->backend, code, what, words,
                      status == MBIM_STATUS_ERROR_OPERATION_NOT_ALLOWED, status_word, error);
}

/* ---- channels ---- */

static gboolean close_channel(MbimBackend *self, guint8 channel, gint64 deadline,
                              GCancellable *cancellable, MbimAnswer *ret_answer, GError **error)
{
    g_autoptr(GByteArray) info = g_byte_array_new();

    mbim_info_put_u32(info, channel);
    mbim_info_put_u32(info, self->group);
    return uicc_command(self, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_CLOSE_CHANNEL,
                        MBIM_MESSAGE_COMMAND_TYPE_SET, info, deadline, cancellable, ret_answer,
                        error);
}

gboolean mbim_backend_clean(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    static const char step[] = "UICC Close Channel (all of our group)";
    g_auto(MbimAnswer) answer = { 0 };

    /* Channel 0 stands for all channels of the group. Where none is open, some say that it is invalid. */
    if (!close_channel(self, 0, deadline, cancellable, &answer, error)) {
        g_prefix_error(error, "UICC Close Channel: ");
        return FALSE;
    }
    mbim_backend_note(self, step, &answer);
    self->backend.leaked = FALSE;
    return TRUE;
}

gboolean mbim_backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                    GCancellable *cancellable, GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    g_auto(MbimAnswer) answer = { 0 };

    if (!mbim_backend_check(self, error))
        return FALSE;
    if (!close_channel(self, channel, deadline, cancellable, &answer, error)) {
        backend->leaked = TRUE;
        g_prefix_error(error, "%s: close logical channel %u: ", backend->name, channel);
        return FALSE;
    }
    /* One that is not open (any more) is what was asked for. */
    if (answer.status != 0 && answer.status != (guint32)MBIM_INFO_INVALID_LOGICAL_CHANNEL) {
        g_autofree char *what = g_strdup_printf("close logical channel %u", channel);

        backend->leaked = TRUE;
        set_error(self, classify(self, answer.status), what, answer.status,
                  mbim_info_get_sw(mbim_info_get_card_status(answer.info)), error);
        return FALSE;
    }
    return TRUE;
}

/* One request, one answer. *RET_FINAL: another P2 would not help. */
static gboolean try_open(MbimBackend *self, const guint8 *aid, gsize aid_size, guint8 p2,
                         gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                         GBytes **ret_fci, gboolean *ret_final, GError **error)
{
    g_autofree char *step = g_strdup_printf("UICC Open Channel (P2 %02X)", p2);
    g_autoptr(GByteArray) info = g_byte_array_new();
    g_auto(MbimAnswer) answer = { 0 };
    MbimInfoChannel opened;
    guint16 status_word;
    EuiccdError code;

    *ret_final = TRUE;
    mbim_info_put_u32(info, (guint32)aid_size);
    mbim_info_put_u32(info, 16);
    mbim_info_put_u32(info, p2);
    mbim_info_put_u32(info, self->group);
    mbim_info_put_padded(info, aid, aid_size);
    if (!uicc_command(self, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_OPEN_CHANNEL,
                      MBIM_MESSAGE_COMMAND_TYPE_SET, info, deadline, cancellable, &answer, error)) {
        /* The channel may open yet, and nobody will know its number. */
        self->backend.leaked = TRUE;
        if (error)
            mbim_backend_note_failure(self, step, *error);
        g_prefix_error(error, "%s: open logical channel: ", self->backend.name);
        return FALSE;
    }
    mbim_backend_note(self, step, &answer);
    if (answer.status != 0) {
        status_word = mbim_info_get_sw(mbim_info_get_card_status(answer.info));
        code = classify_open(self, answer.status, status_word);
        /* "Not found" says that the application is not there. Whatever else went wrong may be the modem's
         * or the card's dislike of P2. */
        *ret_final = status_word == 0x6A82 ||
                     (code != EUICCD_ERROR_NOT_EUICC && code != EUICCD_ERROR_MODEM &&
                      answer.status != MBIM_STATUS_ERROR_FAILURE);
        set_error(self, code, "open logical channel", answer.status, status_word, error);
        return FALSE;
    }
    if (!mbim_info_parse_channel(answer.info, &opened)) {
        self->backend.leaked = TRUE;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "%s: open logical channel: the modem's answer is malformed",
                    self->backend.name);
        return FALSE;
    }
    if (opened.channel == 0 || opened.channel > MAX_CHANNEL) {
        self->backend.leaked = TRUE;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "%s: open logical channel: the modem gave channel number %u",
                    self->backend.name, opened.channel);
        return FALSE;
    }
    status_word = mbim_info_get_sw(opened.status);
    if (status_word && !refusal_is_selected(status_word)) {
        mbim_backend_close_channel(&self->backend, (guint8)opened.channel, deadline, cancellable,
                                   NULL);
        code = classify_open(self, 0, status_word);
        *ret_final = status_word == 0x6A82 || code == EUICCD_ERROR_NO_CHANNEL;
        set_error(self, code, "select application", 0, status_word, error);
        return FALSE;
    }
    *ret_channel = (guint8)opened.channel;
    *ret_fci =
        opened.response.size > 0 ? g_bytes_new(opened.response.data, opened.response.size) : NULL;
    return TRUE;
}

/* The values of P2 that are worth a try, the one that worked before first. */
static guint list_p2(MbimBackend *self, guint8 ret_p2[QUIRKS_MAX_P2 + 1])
{
    static const guint8 usual[] = { 0x04, 0x0C, 0x00 };
    const Quirks *quirks = self->backend.quirks;
    const guint8 *values = quirks->n_select_p2 ? quirks->select_p2 : usual;
    guint n_values = quirks->n_select_p2 ? quirks->n_select_p2 : G_N_ELEMENTS(usual);
    guint n = 0;

    if (self->select_p2 >= 0)
        ret_p2[n++] = (guint8)self->select_p2;
    for (guint i = 0; i < MIN(n_values, QUIRKS_MAX_P2); i++) {
        if (values[i] != self->select_p2)
            ret_p2[n++] = values[i];
    }
    return n;
}

/* Fails with what the first P2 brought, unless a later one says more about the card. */
static gboolean try_open_all(MbimBackend *self, const guint8 *aid, gsize aid_size, gint64 deadline,
                             GCancellable *cancellable, guint8 *ret_channel, GBytes **ret_fci,
                             GError **error)
{
    g_autoptr(GError) first = NULL;
    guint8 p2[QUIRKS_MAX_P2 + 1];
    guint n = list_p2(self, p2);

    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) failure = NULL;
        gboolean final;

        if (try_open(self, aid, aid_size, p2[i], deadline, cancellable, ret_channel, ret_fci,
                     &final, &failure)) {
            if (self->select_p2 != p2[i])
                log_debug(&self->log, "SELECT with P2 %02X works", p2[i]);
            self->select_p2 = p2[i];
            return TRUE;
        }
        if (final) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        if (!first)
            first = g_steal_pointer(&failure);
    }
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

static gboolean check_card(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    if (self->card != MBIM_CARD_ABSENT && self->slot_mapped)
        return TRUE;
    /* Indications get lost: ask before refusing. */
    if (!mbim_backend_query(self, deadline, cancellable, error)) {
        g_prefix_error(error, "%s: ", self->backend.name);
        return FALSE;
    }
    if (self->card == MBIM_CARD_ABSENT) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT, "%s: no card in slot %u",
                    self->backend.name, self->slot + 1);
        return FALSE;
    }
    if (!self->slot_mapped) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY, "%s: slot %u is not active",
                    self->backend.name, self->wanted_slot);
        return FALSE;
    }
    return TRUE;
}

gboolean mbim_backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                   gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                   GBytes **ret_fci, GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    gboolean cleaned = FALSE;
    gint64 pause = 0;

    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (!mbim_backend_check(self, error) || !check_card(self, deadline, cancellable, error))
            return FALSE;
        if (backend->leaked && !mbim_backend_clean(self, deadline, cancellable, error)) {
            g_prefix_error(error, "%s: ", backend->name);
            return FALSE;
        }
        /* News may come together with the answer. */
        self->card_changed = FALSE;
        if (try_open_all(self, aid, aid_size, deadline, cancellable, ret_channel, ret_fci,
                         &failure))
            return TRUE;
        if (euiccd_error_is(failure, EUICCD_ERROR_NO_CHANNEL) && !cleaned) {
            log_info(&self->log, "no logical channel left, cleaning up and trying once more");
            cleaned = backend->leaked = TRUE;
            continue;
        }
        if (!refusal_wait(backend, &self->card_changed, &pause, deadline, cancellable,
                          g_steal_pointer(&failure), error))
            return FALSE;
    }
}

/* ---- TERMINAL CAPABILITY by the modem ---- */

/*
 * The modem keeps the objects and sends them to the card after each reset ("MB low level UICC access",
 * terminal capability). The card is not reset for that here: whoever turns the quirk on resets it once.
 */
gboolean mbim_backend_declare(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                              GError **error)
{
    static const char step[] = "UICC Terminal Capability";
    static const guint8 ipad[] = { 0x84, 0x01, 0x01 }; /* SGP.32 section 3.8.2 */
    static const TlvSlice objects[] = { { ipad, sizeof ipad } };
    g_autoptr(GByteArray) info = NULL;
    g_auto(MbimAnswer) known = { 0 };
    g_auto(MbimAnswer) answer = { 0 };

    if (self->backend.quirks->modem_capability != QUIRK_YES)
        return TRUE;
    if (!uicc_command(self, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_TERMINAL_CAPABILITY,
                      MBIM_MESSAGE_COMMAND_TYPE_QUERY, NULL, deadline, cancellable, &known,
                      error)) {
        g_prefix_error(error, "%s: ", step);
        return FALSE;
    }
    mbim_backend_note(self, step, &known);
    if (known.status == 0 && mbim_info_has_capability(known.info, objects, G_N_ELEMENTS(objects)))
        return TRUE;
    info = mbim_info_build_capability(objects, G_N_ELEMENTS(objects));
    if (!uicc_command(self, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_TERMINAL_CAPABILITY,
                      MBIM_MESSAGE_COMMAND_TYPE_SET, info, deadline, cancellable, &answer, error)) {
        g_prefix_error(error, "%s (set): ", step);
        return FALSE;
    }
    mbim_backend_note(self, "UICC Terminal Capability (set)", &answer);
    if (answer.status != 0) {
        g_autofree char *words = mbim_info_describe_status(answer.status);

        log_info(&self->log, "%s: the modem answered %s", step, words);
    }
    return TRUE;
}

/* ---- APDUs ---- */

/* One request, one answer. */
static gboolean send_apdu(MbimBackend *self, guint8 channel, const guint8 *apdu, gsize size,
                          MbimUiccClassByteType class_type, gint64 deadline,
                          GCancellable *cancellable, MbimAnswer *ret_answer, GError **error)
{
    g_autoptr(GByteArray) info = g_byte_array_new();

    mbim_info_put_u32(info, channel);
    mbim_info_put_u32(info, MBIM_UICC_SECURE_MESSAGING_NONE);
    mbim_info_put_u32(info, class_type);
    mbim_info_put_u32(info, (guint32)size);
    mbim_info_put_u32(info, 20);
    mbim_info_put_padded(info, apdu, size);
    return uicc_command(self, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_APDU, MBIM_MESSAGE_COMMAND_TYPE_SET,
                        info, deadline, cancellable, ret_answer, error);
}

/* TRUE when the APDU did not reach the card, or the card saw nothing in it but a class that it does not
 * know, so that the class octet may be what is wrong. */
static gboolean is_class_refused(const MbimAnswer *answer)
{
    switch (answer->status) {
    case MBIM_STATUS_ERROR_FAILURE:
    case MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT:
    case MBIM_STATUS_ERROR_INVALID_PARAMETERS:
    case MBIM_STATUS_ERROR_INVALID_DEVICE_SERVICE_OPERATION:
        return TRUE;
    case 0:
        switch (mbim_info_get_sw(mbim_info_get_card_status(answer->info))) {
        case 0x6E00: /* class not supported */
        case 0x6881: /* logical channel not supported */
            return TRUE;
        }
    }
    return FALSE;
}

/* Looked up at use: the quirks of a model are known after the modem was opened. */
static MbimUiccClassByteType get_class_type(const MbimBackend *self)
{
    if (self->class_set)
        return self->class_type;
    return self->backend.quirks->inter_industry == QUIRK_YES
               ? MBIM_UICC_CLASS_BYTE_TYPE_INTER_INDUSTRY
               : MBIM_UICC_CLASS_BYTE_TYPE_EXTENDED;
}

/*
 * How the modem shall write the channel into the class octet: most want the extended coding, some take only
 * the inter-industry one. Only the first APDUs after the back-end was made show that (TERMINAL CAPABILITY,
 * SELECT, or a read): where one was taken, no APDU is repeated.
 */
static gboolean send_apdu_as_known(MbimBackend *self, guint8 channel, const guint8 *apdu,
                                   gsize size, gint64 deadline, GCancellable *cancellable,
                                   MbimAnswer *ret_answer, GError **error)
{
    MbimUiccClassByteType first = get_class_type(self);
    MbimUiccClassByteType other = first == MBIM_UICC_CLASS_BYTE_TYPE_EXTENDED
                                      ? MBIM_UICC_CLASS_BYTE_TYPE_INTER_INDUSTRY
                                      : MBIM_UICC_CLASS_BYTE_TYPE_EXTENDED;
    g_auto(MbimAnswer) second = { 0 };

    if (!send_apdu(self, channel, apdu, size, first, deadline, cancellable, ret_answer, error))
        return FALSE;
    if (self->class_set)
        return TRUE;
    if (!is_class_refused(ret_answer)) {
        self->class_type = first;
        self->class_set = ret_answer->status == 0;
        return TRUE;
    }
    if (!send_apdu(self, channel, apdu, size, other, deadline, cancellable, &second, error)) {
        mbim_answer_clear(ret_answer);
        return FALSE;
    }
    /* Where both are refused alike, that was not it. */
    if (second.status != 0 || is_class_refused(&second))
        return TRUE;
    log_info(&self->log, "class octet type %u was refused, %u works", first, other);
    self->class_type = other;
    self->class_set = TRUE;
    mbim_answer_clear(ret_answer);
    *ret_answer = second;
    second = (MbimAnswer){ 0 };
    return TRUE;
}

/* The response stands without its status word, which comes as a number of its own. */
static GBytes *join(TlvSlice response, guint16 status_word)
{
    g_autoptr(GByteArray) joined = g_byte_array_sized_new((guint)response.size + 2);
    guint8 sw[] = { (guint8)(status_word >> 8), (guint8)status_word };

    g_byte_array_append(joined, response.data, (guint)response.size);
    g_byte_array_append(joined, sw, sizeof sw);
    return g_byte_array_free_to_bytes(g_steal_pointer(&joined));
}

static GBytes *transmit(MbimBackend *self, guint8 channel, const guint8 *apdu, gsize size,
                        gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_auto(MbimAnswer) answer = { 0 };
    TlvSlice response;
    guint32 status;

    if (!send_apdu_as_known(self, channel, apdu, size, deadline, cancellable, &answer, error)) {
        g_prefix_error(error, "%s: send APDU: ", self->backend.name);
        return NULL;
    }
    if (answer.status != 0) {
        set_error(self, classify(self, answer.status), "send APDU", answer.status,
                  mbim_info_get_sw(mbim_info_get_card_status(answer.info)), error);
        return NULL;
    }
    if (mbim_info_parse_apdu(answer.info, &status, &response))
        return join(response, mbim_info_get_sw(status));
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                "%s: send APDU: the modem's answer is malformed", self->backend.name);
    return NULL;
}

gboolean mbim_backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                               gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                               GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    g_autoptr(GError) failure = NULL;
    GBytes *response;

    /* On the basic channel a conversation begins: another card may be there, and its news got lost. */
    if (channel == 0 && !check_card(self, deadline, cancellable, error))
        return FALSE;
    response = transmit(self, channel, apdu, size, deadline, cancellable, &failure);
    if (!response) {
        refusal_note_removal(backend, self->card == MBIM_CARD_ABSENT, &failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *ret_response = response;
    return TRUE;
}
