/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/qmi_private.h"

#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

/*
 * The QMI back-end: libqmi through qmi-proxy, so that ModemManager and others keep working beside
 * us. The library's synchronisation request is never used: it takes the clients of everybody away.
 *
 * Indications are taken from the device's raw signal, which is emitted at once; those of the client
 * objects come at idle priority and late (libqmi before 1.32.4).
 */

/* Some modems never take an application beyond "detected" without a session of their own. A card
 * that stays like that for so long is taken as ready. */
#define SETTLE_TIME (5 * G_USEC_PER_SEC)

/* A new ICCID so soon after the card came back was read late and is no second change. */
#define NEWS_TIME (5 * G_USEC_PER_SEC)

#define DEFAULT_OFF_TIME 1000                 /* ms */
#define POWER_ON_TIME    (5 * G_USEC_PER_SEC) /* for one attempt */
#define POWER_ON_TRIES   4
#define POWER_ON_PAUSE   (G_USEC_PER_SEC / 2)  /* after a refusal; doubles */
#define REVIVE_TIME      (15 * G_USEC_PER_SEC) /* for a card that was found without power */
#define CLOSE_TIME       G_USEC_PER_SEC

/* How long an answer may come after the card was reported away: it may have been on its way. */
#define REMOVAL_TIME (3 * G_USEC_PER_SEC)

/* So many requests without any answer: the modem hangs. */
#define MAX_SILENT 5

/* Where the modem sends no indications, a card reset has to ask: after 1, 2, 4, … seconds. */
#define FIRST_QUERY_INTERVAL G_USEC_PER_SEC

G_STATIC_ASSERT(G_STRUCT_OFFSET(QmiBackend, backend) == 0);

char *qmi_backend_describe(guint16 qmi_error)
{
    const char *name = qmi_protocol_error_get_string((QmiProtocolError)qmi_error);

    return g_strdup_printf("%s (%u)", name ? name : "unknown", qmi_error);
}

/* ---- card state and events ---- */

static void emit(QmiBackend *self, BackendEvent event)
{
    /* While the modem is being opened, what it tells is no event yet. */
    if (self->backend.event && self->attached)
        self->backend.event(event, self->backend.event_data);
}

static void report_lost(QmiBackend *self)
{
    if (self->lost)
        return;
    self->lost = TRUE;
    self->card_changed = TRUE;
    self->long_changed = TRUE;
    emit(self, BACKEND_EVENT_LOST);
}

static gboolean is_there(QmiCard card)
{
    return card == QMI_CARD_READY || card == QMI_CARD_UNKNOWN;
}

static void stop_starting(QmiBackend *self)
{
    if (!self->starting)
        return;
    g_source_destroy(self->starting);
    g_clear_pointer(&self->starting, g_source_unref);
}

static gboolean card_stayed_away(gpointer data)
{
    QmiBackend *self = data;

    g_cancellable_cancel(self->removal);
    return G_SOURCE_REMOVE;
}

/* Some modems never answer an APDU whose card was pulled, or whose slot somebody switched away from: nobody has to
 * wait for that until the deadline. */
static void watch_removal(QmiBackend *self)
{
    if (self->removed) {
        g_source_destroy(self->removed);
        g_clear_pointer(&self->removed, g_source_unref);
    }
    if (self->card == QMI_CARD_ABSENT || self->backend.inactive) {
        g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

        self->removed =
            clock_timer_new(clock_boottime() + REMOVAL_TIME, context, card_stayed_away, self);
    } else if (g_cancellable_is_cancelled(self->removal)) {
        g_object_unref(self->removal);
        self->removal = g_cancellable_new();
    }
}

static void set_card(QmiBackend *self, QmiCard card)
{
    QmiCard before = self->card;

    if (card != QMI_CARD_STARTING)
        stop_starting(self);
    if (card == before)
        return;
    self->card = card;
    watch_removal(self);
    self->card_changed = TRUE;
    if (!is_there(before) && is_there(card))
        self->ready_since = clock_boottime();
    if (!is_there(card)) {
        self->iccid[0] = '\0';
        self->in_use = FALSE;
    }
    if (is_there(before) && !is_there(card))
        emit(self, BACKEND_EVENT_CARD_GONE);
    else if (!is_there(before) && is_there(card))
        emit(self, BACKEND_EVENT_CARD_READY);
}

static gboolean starting_settled(gpointer data)
{
    QmiBackend *self = data;

    log_debug(&self->log, "card applications stay in detection, taking the card as ready");
    set_card(self, QMI_CARD_READY);
    return G_SOURCE_REMOVE;
}

static void update_card(QmiBackend *self)
{
    QmiCard card = self->card_status;

    if (self->has_slots && !self->slot_present)
        card = QMI_CARD_ABSENT;
    else if (self->backend.inactive)
        card = QMI_CARD_OFF; /* the status is that of the card in another slot */
    else if (self->has_slots && card == QMI_CARD_UNKNOWN)
        card = QMI_CARD_READY;
    /* Applications that were ready and start again: the card was reset. Those that show up late, or never
     * get ready, say nothing. */
    if (card == QMI_CARD_STARTING && self->card == QMI_CARD_READY && !self->in_use)
        return;
    if (card == QMI_CARD_STARTING && !self->starting) {
        g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

        self->starting =
            clock_timer_new(clock_boottime() + SETTLE_TIME, context, starting_settled, self);
    }
    set_card(self, card);
}

static void take_cards(QmiBackend *self, TlvSlice status)
{
    g_autoptr(GArray) cards = uim_parse_cards(status);
    guint logical = self->logical ? self->logical : 1;
    UimCard *card;

    if (cards->len < logical) {
        log_debug(&self->log, "card status tells nothing of logical slot %u", logical);
        return;
    }
    card = &g_array_index(cards, UimCard, logical - 1);
    self->card_error = card->error;
    switch (card->state) {
    case UIM_CARD_ABSENT:
        self->card_status = QMI_CARD_ABSENT;
        break;
    case UIM_CARD_ERROR:
        self->card_status = QMI_CARD_OFF;
        break;
    case UIM_CARD_STARTING:
        self->card_status = QMI_CARD_STARTING;
        break;
    case UIM_CARD_EMPTY:
        /* All applications gone at once: a reset too, from one profile to none. */
        if (self->in_use)
            set_card(self, QMI_CARD_OFF);
        self->card_status = QMI_CARD_READY;
        break;
    case UIM_CARD_READY:
        self->card_status = QMI_CARD_READY;
        self->in_use = TRUE;
        break;
    }
}

static void take_slots(QmiBackend *self, GArray *slots)
{
    const BackendSlot *slot = NULL;
    gboolean other;

    for (guint i = 0; i < slots->len && !slot; i++) {
        const BackendSlot *s = &g_array_index(slots, BackendSlot, i);

        if (self->wanted_slot ? s->physical == self->wanted_slot : s->active)
            slot = s;
    }
    if (!slot) {
        if (slots->len > 0)
            log_debug(&self->log, "slot status names no usable slot among %u", slots->len);
        return;
    }
    /* A different number on what is there, without any word that the card went: the modem did a
     * REFRESH and the channels are gone with it. */
    other = self->iccid[0] && slot->iccid[0] && !g_str_equal(self->iccid, slot->iccid) &&
            clock_boottime() - self->ready_since > NEWS_TIME;
    other = other || (self->physical && self->physical != slot->physical);
    self->has_slots = TRUE;
    self->physical = slot->physical;
    self->logical = slot->logical;
    self->slot_present = slot->card_present;
    self->backend.is_euicc = slot->card_present && (slot->is_euicc || slot->eid[0]);
    self->backend.inactive = slot->logical == 0;
    if (slot->iccid[0] || !slot->card_present)
        g_strlcpy(self->iccid, slot->iccid, sizeof self->iccid);
    if (other && is_there(self->card)) {
        set_card(self, QMI_CARD_OFF);
        g_strlcpy(self->iccid, slot->iccid, sizeof self->iccid);
    }
}

static void on_indication(QmiDevice *device, QmiMessage *message, gpointer data)
{
    QmiBackend *self = data;
    guint8 cid = qmi_message_get_client_id(message);

    if (device != self->device || !self->client ||
        qmi_message_get_service(message) != QMI_SERVICE_UIM ||
        (cid != qmi_client_get_cid(self->client) && cid != QMI_CID_BROADCAST))
        return;
    switch (qmi_message_get_message_id(message)) {
    case UIM_CARD_STATUS:
        self->card_news++;
        take_cards(self, uim_get(message, 0x10));
        update_card(self);
        break;
    case UIM_SLOT_STATUS: {
        g_autoptr(GArray) slots =
            uim_parse_slots(uim_get(message, 0x10), uim_get(message, 0x11), uim_get(message, 0x12));

        self->slot_news++;
        take_slots(self, slots);
        update_card(self);
        break;
    }
    case UIM_SEND_APDU:
        qmi_backend_take_piece(self, uim_get(message, 0x01));
        break;
    }
}

static void on_removed(QmiDevice *device, gpointer data)
{
    QmiBackend *self = data;

    if (device == self->device)
        report_lost(self);
}

/* ---- requests ---- */

gboolean qmi_backend_check(QmiBackend *self, GError **error)
{
    if (self->device && self->client && !self->lost)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is %s",
                self->backend.name, self->lost ? "gone" : "not open");
    return FALSE;
}

/* Every request, but not the APDUs that went well: there are many, and they tell nothing about the modem. */
static void note_answer(QmiBackend *self, QmiMessage *request, QmiMessage *answer,
                        const GError *failure)
{
    guint16 id = qmi_message_get_message_id(request), qmi_error = 0;
    g_autofree char *step = NULL, *words = NULL, *hex = NULL;
    const guint8 *raw;
    gsize size = 0;
    gboolean ok;

    if (!self->backend.probe)
        return;
    step = g_strdup_printf("UIM %s (%04X)", uim_get_name(id), id);
    if (!answer) {
        probe_note(self->backend.probe, FALSE, step, "%s", failure->message);
        return;
    }
    ok = uim_get_result(answer, &qmi_error, NULL) && qmi_error == 0;
    if (ok && id == UIM_SEND_APDU)
        return;
    words = ok ? g_strdup("success") : qmi_backend_describe(qmi_error);
    raw = qmi_message_get_raw(answer, &size, NULL);
    hex = raw ? bytes_to_hex(raw, size) : g_strdup("");
    probe_note(self->backend.probe, ok, step, "%s: %s", words, hex);
}

QmiMessage *qmi_backend_command(QmiBackend *self, QmiMessage *request, gint64 deadline,
                                GCancellable *cancellable, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QmiDevice) device = NULL;
    g_autoptr(GError) failure = NULL;
    QmiMessage *answer;

    if (!qmi_backend_check(self, error) || !wait_check(deadline, cancellable, error))
        return NULL;
    device = g_object_ref(self->device);
    qmi_device_command_full(device, request, NULL, wait_get_seconds(deadline),
                            wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, &failure);
    if (!result) {
        if (euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) && ++self->silent >= MAX_SILENT) {
            log_warning(&self->log, "%u requests without an answer: the modem hangs", self->silent);
            report_lost(self);
        }
        note_answer(self, request, NULL, failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    answer = qmi_device_command_full_finish(device, result, &failure);
    note_answer(self, request, answer, failure);
    if (answer) {
        self->silent = 0;
        return answer;
    }
    /* The write may fail before the hang-up was seen. */
    wait_settle();
    g_set_error(error, EUICCD_ERROR, self->lost ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_MODEM,
                "%s%s", self->lost ? "the modem is gone: " : "", failure->message);
    return NULL;
}

gboolean qmi_backend_simple(QmiBackend *self, QmiMessage *request, gint64 deadline,
                            GCancellable *cancellable, guint16 *ret_error, GError **error)
{
    g_autoptr(QmiMessage) answer = qmi_backend_command(self, request, deadline, cancellable, error);

    return answer && uim_get_result(answer, ret_error, error);
}

static gboolean register_events(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                                GError **error)
{
    /* Slot status needs newer firmware than card status does. */
    static const guint32 masks[] = { UIM_EVENT_CARD_STATUS | UIM_EVENT_SLOT_STATUS,
                                     UIM_EVENT_CARD_STATUS };
    guint16 qmi_error = 0;

    for (guint i = 0; i < G_N_ELEMENTS(masks); i++) {
        g_autoptr(QmiMessage) request = uim_request_new(self->client, UIM_REGISTER_EVENTS);

        uim_put_u32(request, 0x01, masks[i]);
        if (!qmi_backend_simple(self, request, deadline, cancellable, &qmi_error, error)) {
            g_prefix_error(error, "UIM Register Events: ");
            return FALSE;
        }
        if (qmi_error == 0)
            return TRUE;
    }
    log_debug(&self->log, "the modem sends no card events: UIM Register Events gave %u", qmi_error);
    return TRUE;
}

gboolean qmi_backend_clean(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    g_autoptr(QmiMessage) request = NULL;
    guint16 qmi_error;

    if (!qmi_backend_check(self, error))
        return FALSE;
    request = uim_request_new(self->client, UIM_RESET);
    if (!qmi_backend_simple(self, request, deadline, cancellable, &qmi_error, error)) {
        g_prefix_error(error, "UIM Reset: ");
        return FALSE;
    }
    if (qmi_error != 0)
        log_debug(&self->log, "UIM Reset gave %u", qmi_error);
    self->backend.leaked = FALSE;
    return register_events(self, deadline, cancellable, error);
}

gboolean qmi_backend_query_slots(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                                 GArray **ret_slots, GError **error)
{
    g_autoptr(QmiMessage) request = NULL, answer = NULL;
    guint16 qmi_error;

    if (!qmi_backend_check(self, error))
        return FALSE;
    request = uim_request_new(self->client, UIM_GET_SLOT_STATUS);
    answer = qmi_backend_command(self, request, deadline, cancellable, error);
    if (!answer || !uim_get_result(answer, &qmi_error, error)) {
        g_prefix_error(error, "UIM Get Slot Status: ");
        return FALSE;
    }
    if (qmi_error == QMI_PROTOCOL_ERROR_NOT_SUPPORTED ||
        qmi_error == QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND) {
        *ret_slots = NULL;
        return TRUE;
    }
    if (qmi_error != 0) {
        g_autofree char *words = qmi_backend_describe(qmi_error);

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                    "UIM Get Slot Status: the modem answered %s", words);
        return FALSE;
    }
    *ret_slots =
        uim_parse_slots(uim_get(answer, 0x10), uim_get(answer, 0x11), uim_get(answer, 0x12));
    return TRUE;
}

gboolean qmi_backend_query(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    g_autoptr(GArray) slots = NULL;
    g_autoptr(QmiMessage) request = NULL, answer = NULL;
    g_autoptr(GError) failure = NULL;
    guint slot_news = self->slot_news, card_news;
    guint16 qmi_error;

    if (qmi_backend_query_slots(self, deadline, cancellable, &slots, &failure)) {
        if (slots && self->slot_news == slot_news)
            take_slots(self, slots);
    } else if (euiccd_error_is(failure, EUICCD_ERROR_MODEM)) {
        log_debug(&self->log, "%s", failure->message);
    } else {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!qmi_backend_check(self, error))
        return FALSE;
    card_news = self->card_news;
    request = uim_request_new(self->client, UIM_GET_CARD_STATUS);
    answer = qmi_backend_command(self, request, deadline, cancellable, error);
    if (!answer || !uim_get_result(answer, &qmi_error, error)) {
        g_prefix_error(error, "UIM Get Card Status: ");
        return FALSE;
    }
    if (qmi_error != 0)
        log_debug(&self->log, "UIM Get Card Status gave %u", qmi_error);
    else if (self->card_news == card_news)
        take_cards(self, uim_get(answer, 0x10));
    update_card(self);
    return TRUE;
}

static gboolean qmi_list_slots(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               GArray **ret_slots, GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    GArray *slots = NULL;

    if (!qmi_backend_query_slots(self, deadline, cancellable, &slots, error)) {
        g_prefix_error(error, "%s: ", backend->name);
        return FALSE;
    }
    if (!slots) {
        /* Older firmware without the request has exactly one slot. */
        BackendSlot slot = { .logical = 1, .active = TRUE };

        if (!qmi_backend_query(self, deadline, cancellable, error)) {
            g_prefix_error(error, "%s: ", backend->name);
            return FALSE;
        }
        slot.card_present = self->card != QMI_CARD_ABSENT;
        slots = g_array_new(FALSE, TRUE, sizeof(BackendSlot));
        g_array_append_val(slots, slot);
    } else {
        take_slots(self, slots);
        update_card(self);
    }
    *ret_slots = slots;
    return TRUE;
}

/* ---- reset ---- */

static gboolean power(QmiBackend *self, gboolean on, gint64 deadline, GCancellable *cancellable,
                      GError **error)
{
    const char *what = on ? "UIM Power On SIM" : "UIM Power Off SIM";
    g_autoptr(QmiMessage) request = NULL;
    EuiccdError code = EUICCD_ERROR_MODEM;
    g_autofree char *words = NULL;
    guint16 qmi_error;

    if (!qmi_backend_check(self, error))
        return FALSE;
    request = uim_request_new(self->client, on ? UIM_POWER_ON_SIM : UIM_POWER_OFF_SIM);
    uim_put_u8(request, 0x01, (guint8)(self->logical ? self->logical : 1));
    if (!qmi_backend_simple(self, request, deadline, cancellable, &qmi_error, error)) {
        g_prefix_error(error, "%s: ", what);
        return FALSE;
    }
    if (qmi_error == 0 || qmi_error == QMI_PROTOCOL_ERROR_NO_EFFECT) {
        self->switched_off = !on;
        return TRUE;
    }
    switch (qmi_error) {
    case QMI_PROTOCOL_ERROR_NOT_SUPPORTED:
    case QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND:
        code = EUICCD_ERROR_NOT_SUPPORTED;
        break;
    case QMI_PROTOCOL_ERROR_INTERNAL:
    case QMI_PROTOCOL_ERROR_UIM_UNINITIALIZED:
    case QMI_PROTOCOL_ERROR_DEVICE_NOT_READY:
    case QMI_PROTOCOL_ERROR_INCOMPATIBLE_STATE:
        code = EUICCD_ERROR_CARD_NOT_READY;
        break;
    }
    words = qmi_backend_describe(qmi_error);
    g_set_error(error, EUICCD_ERROR, (gint)code, "%s: the modem answered %s", what, words);
    return FALSE;
}

static gboolean is_off(QmiBackend *self)
{
    return self->switched_off ||
           (self->card_status == QMI_CARD_OFF && self->card_error == QMI_UIM_CARD_ERROR_POWER_DOWN);
}

/* INSIST: the card is off because of us, and a caller that has no more time, or that gives up, is no
 * reason to leave it so. An answer that got lost and a modem that is busy are worth another try; where it
 * is on already, the modem says "no effect". */
static gboolean switch_on(QmiBackend *self, gboolean insist, gint64 deadline,
                          GCancellable *cancellable, GError **error)
{
    gint64 pause = POWER_ON_PAUSE;

    for (guint tries = 1;; tries++) {
        gint64 limit = clock_boottime() + POWER_ON_TIME;
        gboolean must = insist && tries <= 2, never = FALSE, late;
        g_autoptr(GError) failure = NULL;

        if (power(self, TRUE, must ? limit : MIN(deadline, limit), must ? NULL : cancellable,
                  &failure))
            return TRUE;
        late = euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT);
        if (tries >= POWER_ON_TRIES || !qmi_backend_check(self, NULL) ||
            !(late || euiccd_error_is(failure, EUICCD_ERROR_CARD_NOT_READY)) ||
            (!(insist && tries < 2) && !wait_check(deadline - pause, cancellable, NULL))) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        log_info(&self->log, "%s, trying again", failure->message);
        if (!late) {
            wait_until(&never, clock_boottime() + pause, must ? NULL : cancellable, NULL);
            pause *= 2;
        }
    }
}

gboolean qmi_backend_power_up(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                              gboolean *ret_done, GError **error)
{
    gboolean off;

    if (self->doubtful && !qmi_backend_query(self, deadline, cancellable, error))
        return FALSE;
    /* A modem that tells nothing about its card may have one that is off. */
    off = is_off(self) || (self->doubtful && self->card_status == QMI_CARD_UNKNOWN);
    self->doubtful = FALSE;
    if (off) {
        log_notice(&self->log, "the card may be without power, switching it on");
        if (!switch_on(self, FALSE, deadline, cancellable, error))
            return FALSE;
    }
    *ret_done = off;
    return TRUE;
}

/* Until the modem says that the card went, or the time is over: it says so long before. */
static void wait_off(QmiBackend *self, gint64 deadline)
{
    gint64 limit = MIN(deadline, clock_boottime() + (gint64)self->off_time * 1000);

    while (!self->lost && is_there(self->card)) {
        self->card_changed = FALSE;
        if (!wait_until(&self->card_changed, limit, NULL, NULL))
            break;
    }
}

static gboolean wait_ready(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    gint64 interval = FIRST_QUERY_INTERVAL;
    gboolean again = FALSE;

    for (;;) {
        g_autoptr(GError) failure = NULL, refusal = NULL;

        if (!qmi_backend_query(self, deadline, cancellable, error))
            return FALSE;
        /* Time enough has passed since it was switched on. */
        if (again && is_off(self) &&
            !power(self, TRUE, MIN(deadline, clock_boottime() + POWER_ON_TIME), cancellable,
                   &refusal))
            log_info(&self->log, "%s", refusal->message);
        again = TRUE;
        while (!is_there(self->card)) {
            self->card_changed = FALSE;
            if (!wait_until(&self->card_changed, MIN(deadline, clock_boottime() + interval),
                            cancellable, &failure))
                break;
            if (!qmi_backend_check(self, error))
                return FALSE;
        }
        if (!failure)
            return TRUE;
        if (euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) || clock_boottime() >= deadline) {
            g_propagate_error(error, g_steal_pointer(&failure));
            g_prefix_error(error, "wait for the card: ");
            return FALSE;
        }
        interval *= 2;
    }
}

void qmi_backend_set_away(QmiBackend *self)
{
    if (self->card_status != QMI_CARD_UNKNOWN)
        self->card_status = QMI_CARD_OFF;
    set_card(self, QMI_CARD_OFF);
}

gboolean qmi_backend_is_ready(QmiBackend *self)
{
    return is_there(self->card);
}

static gboolean qmi_reset_card(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    g_autoptr(GError) failure = NULL;

    if (!power(self, FALSE, deadline, cancellable, &failure)) {
        /* An answer that did not come in time may yet have switched the card off. */
        if (euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) ||
            euiccd_error_is(failure, EUICCD_ERROR_CANCELLED)) {
            self->switched_off = TRUE;
            switch_on(self, TRUE, deadline, cancellable, NULL);
        }
        g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                                   "%s: reset card: ", backend->name);
        return FALSE;
    }
    self->backend.leaked = FALSE;
    wait_off(self, deadline);
    qmi_backend_set_away(self);
    /* From here on the card is without power: switching it on is no longer up to the caller. */
    if (!switch_on(self, TRUE, deadline, cancellable, error)) {
        g_prefix_error(error, "%s: reset card: ", backend->name);
        return FALSE;
    }
    if (!wait_ready(self, deadline, cancellable, error)) {
        g_prefix_error(error, "%s: reset card: ", backend->name);
        return FALSE;
    }
    return TRUE;
}

/* ---- open and close ---- */

static void qmi_close(Backend *backend)
{
    QmiBackend *self = (QmiBackend *)backend;
    gint64 deadline = clock_boottime() + CLOSE_TIME;

    stop_starting(self);
    if (self->device) {
        g_autoptr(WaitCall) call = wait_call_new();
        g_autoptr(GAsyncResult) result = NULL;

        /* No more events: the owner said that it is done. */
        g_signal_handlers_disconnect_by_data(self->device, self);
        if (self->client) {
            qmi_backend_release(self, self->client, deadline);
            g_clear_object(&self->client);
        }
        qmi_backend_release_late(self, &self->allocation, deadline);
        qmi_backend_forget_identity(self, deadline);
        qmi_device_close_async(self->device, 1, wait_call_get_cancellable(call), wait_call_ready,
                               wait_call_ref(call));
        result = wait_call_finish(call, deadline, NULL, NULL);
        if (result)
            qmi_device_close_finish(self->device, result, NULL);
        g_clear_object(&self->device);
    }
    g_hash_table_remove_all(self->long_responses);
    self->lost = self->attached = FALSE;
    self->silent = 0;
    self->physical = self->logical = 0;
    self->has_slots = self->slot_present = FALSE;
    self->backend.is_euicc = self->backend.inactive = FALSE;
    self->iccid[0] = '\0';
    self->card = self->card_status = QMI_CARD_UNKNOWN;
    watch_removal(self);
    self->ready_since = 0;
    self->in_use = FALSE;
    self->backend.leaked = self->doubtful = FALSE;
    self->procedure = QMI_PROCEDURE_UNTRIED;
}

static void connect_signals(QmiBackend *self)
{
    g_signal_connect(self->device, QMI_DEVICE_SIGNAL_INDICATION, G_CALLBACK(on_indication), self);
    g_signal_connect(self->device, QMI_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), self);
}

/* A card that stays off is no reason not to open the modem: who uses it is told. */
static gboolean revive_card(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean done = FALSE;

    deadline = MIN(deadline, clock_boottime() + REVIVE_TIME);
    if (qmi_backend_power_up(self, deadline, cancellable, &done, &failure) &&
        (!done || wait_ready(self, deadline, cancellable, &failure)))
        return TRUE;
    if (euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) || !qmi_backend_check(self, NULL)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    log_warning(&self->log, "switching the card on: %s", failure->message);
    return TRUE;
}

static gboolean qmi_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                         GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    g_autoptr(GError) failure = NULL;
    const char *step;

    if (self->device && !self->lost) {
        if (revive_card(self, deadline, cancellable, error))
            return TRUE;
        g_prefix_error(error, "%s: switch the card on: ", backend->name);
        return FALSE;
    }
    qmi_close(backend);
    if (step = "open port",
        !qmi_backend_open_device(self, connect_signals, deadline, cancellable, &failure))
        goto fail;
    if (step = "allocate UIM client",
        !qmi_backend_allocate(self, QMI_SERVICE_UIM, &self->allocation, deadline, cancellable,
                              &self->client, &failure))
        goto fail;
    probe_note(backend->probe, TRUE, step, "client id %u", qmi_client_get_cid(self->client));
    /* What a dead predecessor left open may be all the channels there are. */
    if (step = "attach", !qmi_backend_clean(self, deadline, cancellable, &failure))
        goto fail;
    if (step = "attach", !qmi_backend_query(self, deadline, cancellable, &failure))
        goto fail;
    if (step = "switch the card on", !revive_card(self, deadline, cancellable, &failure))
        goto fail;
    self->attached = TRUE;
    return TRUE;

fail:
    probe_note(backend->probe, FALSE, step, "%s", failure->message);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: %s: ", backend->name, step);
    qmi_close(backend);
    return FALSE;
}

static void qmi_free(Backend *backend)
{
    QmiBackend *self = (QmiBackend *)backend;

    g_hash_table_unref(self->long_responses);
    g_object_unref(self->removal);
    g_free(self->path);
    g_free(self->proxy);
    g_free((char *)self->backend.name);
    g_free(self);
}

static const BackendClass qmi_class = {
    .name = "qmi",
    .open = qmi_open,
    .list_slots = qmi_list_slots,
    .open_channel = qmi_backend_open_channel,
    .transmit = qmi_backend_transmit,
    .close_channel = qmi_backend_close_channel,
    .reset_card = qmi_reset_card,
    .get_imei = qmi_backend_get_imei,
    .get_rplmn = qmi_backend_get_rplmn,
    .get_identity = qmi_backend_get_identity,
    .switch_slot = qmi_backend_switch_slot,
    .reset_modem = qmi_backend_reset_modem,
    .close = qmi_close,
    .free = qmi_free,
};

Backend *backend_qmi_new_full(const char *path, guint slot, const BackendOptions *options)
{
    QmiBackend *self = g_new0(QmiBackend, 1);
    guint32 node;

    self->backend.class = &qmi_class;
    self->backend.quirks = options->quirks ? options->quirks : &quirks_none;
    self->backend.probe = options->probe;
    self->backend.name = qmi_backend_parse_qrtr(path, &node) ? g_strdup_printf("qrtr%u", node)
                                                             : g_path_get_basename(path);
    self->path = g_strdup(path);
    self->wanted_slot = slot;
    self->proxy = g_strdup(options->proxy);
    self->no_proxy = options->no_proxy;
    self->no_file_check = options->no_file_check;
    self->modem_fetches = options->modem_fetches;
    self->off_time = options->off_time ? options->off_time : DEFAULT_OFF_TIME;
    self->log = (LogContext){ .object = self->backend.name, .modem = self->path };
    self->long_responses = qmi_backend_long_responses_new();
    self->removal = g_cancellable_new();
    return &self->backend;
}

Backend *backend_qmi_new(const char *path, guint slot)
{
    return backend_qmi_new_full(path, slot, &(BackendOptions){ 0 });
}
