/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/mbim_private.h"

#include <string.h>

#include "util/clock.h"

/* The card behind an MBIM modem: its state, its slot, its reset. Slots are numbered from 0 in the messages. */

/* A card that stays "not initialized" for so long is taken as ready: some modems never get an eUICC without
 * an enabled profile beyond that. */
#define SETTLE_TIME (5 * G_USEC_PER_SEC)

/* A new ICCID so soon after the card came back was read late and is no second change. */
#define NEWS_TIME (5 * G_USEC_PER_SEC)

/* How long an answer may come after the card was reported away: it may have been on its way. */
#define REMOVAL_TIME (3 * G_USEC_PER_SEC)

/* Where the modem sends no indications, whoever waits for a card has to ask: after 1, 2, 4, … seconds. */
#define FIRST_QUERY_INTERVAL G_USEC_PER_SEC

/* ---- state and events ---- */

void mbim_backend_emit(MbimBackend *self, BackendEvent event)
{
    /* While the modem is being opened, what it tells is no event yet. */
    if (self->backend.event && self->attached)
        self->backend.event(event, self->backend.event_data);
}

static gboolean is_there(MbimCard card)
{
    return card == MBIM_CARD_READY || card == MBIM_CARD_UNKNOWN;
}

static void stop_timer(GSource **timer)
{
    if (!*timer)
        return;
    g_source_destroy(*timer);
    g_clear_pointer(timer, g_source_unref);
}

static gboolean card_stayed_away(gpointer data)
{
    MbimBackend *self = data;

    g_cancellable_cancel(self->removal);
    return G_SOURCE_REMOVE;
}

/* Some modems never answer an APDU whose card was pulled: nobody has to wait for that until the deadline. */
static void watch_removal(MbimBackend *self)
{
    stop_timer(&self->removed);
    if (self->card == MBIM_CARD_ABSENT) {
        g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

        self->removed =
            clock_timer_new(clock_boottime() + REMOVAL_TIME, context, card_stayed_away, self);
    } else if (g_cancellable_is_cancelled(self->removal)) {
        g_object_unref(self->removal);
        self->removal = g_cancellable_new();
    }
}

static void set_card(MbimBackend *self, MbimCard card)
{
    MbimCard before = self->card;

    if (card != MBIM_CARD_STARTING)
        stop_timer(&self->starting);
    if (card == before)
        return;
    self->card = card;
    watch_removal(self);
    self->card_changed = TRUE;
    if (!is_there(before) && is_there(card))
        self->ready_since = clock_boottime();
    if (!is_there(card))
        self->iccid[0] = '\0';
    if (is_there(before) && !is_there(card)) {
        self->departures++;
        mbim_backend_emit(self, BACKEND_EVENT_CARD_GONE);
    } else if (!is_there(before) && is_there(card))
        mbim_backend_emit(self, BACKEND_EVENT_CARD_READY);
}

static gboolean starting_settled(gpointer data)
{
    MbimBackend *self = data;

    log_debug(&self->log, "the card stays uninitialized, taking it as ready");
    self->settled = TRUE;
    set_card(self, MBIM_CARD_READY);
    return G_SOURCE_REMOVE;
}

static MbimCard read_ready(MbimBackend *self)
{
    if (!self->has_ready)
        return MBIM_CARD_UNKNOWN;
    switch (self->ready_state) {
    case MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED:
        return MBIM_CARD_STARTING;
    case MBIM_SUBSCRIBER_READY_STATE_INITIALIZED:
    case MBIM_SUBSCRIBER_READY_STATE_NOT_ACTIVATED:
    case MBIM_SUBSCRIBER_READY_STATE_DEVICE_LOCKED:
    case MBIM_SUBSCRIBER_READY_STATE_NO_ESIM_PROFILE:
        return MBIM_CARD_READY;
    case MBIM_SUBSCRIBER_READY_STATE_SIM_NOT_INSERTED:
        return MBIM_CARD_ABSENT;
    case MBIM_SUBSCRIBER_READY_STATE_BAD_SIM:
    case MBIM_SUBSCRIBER_READY_STATE_FAILURE:
        return MBIM_CARD_OFF;
    }
    return MBIM_CARD_UNKNOWN;
}

/*
 * Slot status where it is known tells more: firmware that has no word for an eUICC without profile calls it
 * not inserted, bad or failed in the ready status. "Active" alone may be what was so before the card was
 * pulled, so it does not outweigh "not inserted".
 */
static MbimCard combine(MbimBackend *self)
{
    MbimCard card = read_ready(self);

    /* The ready status is that of the card in another slot. */
    if (!self->slot_mapped)
        card = MBIM_CARD_OFF;
    switch (self->slot_state) {
    case MBIM_UICC_SLOT_SATE_OFF_EMPTY:
    case MBIM_UICC_SLOT_STATE_EMPTY:
        return MBIM_CARD_ABSENT;
    case MBIM_UICC_SLOT_STATE_OFF:
        return MBIM_CARD_OFF;
    case MBIM_UICC_SLOT_STATE_NOT_READY:
        return card == MBIM_CARD_READY || !self->slot_mapped ? card : MBIM_CARD_STARTING;
    case MBIM_UICC_SLOT_STATE_ERROR:
        return card == MBIM_CARD_READY ? card : MBIM_CARD_OFF;
    case MBIM_UICC_SLOT_STATE_ACTIVE:
        return card == MBIM_CARD_UNKNOWN ? MBIM_CARD_READY : card;
    case MBIM_UICC_SLOT_STATE_ACTIVE_ESIM:
    case MBIM_UICC_SLOT_STATE_ACTIVE_ESIM_NO_PROFILES:
        return self->slot_mapped ? MBIM_CARD_READY : card;
    }
    return card;
}

static void update_card(MbimBackend *self)
{
    MbimCard card = combine(self);

    self->backend.is_euicc =
        card != MBIM_CARD_ABSENT &&
        (self->is_esim || self->slot_state == MBIM_UICC_SLOT_STATE_ACTIVE_ESIM ||
         self->slot_state == MBIM_UICC_SLOT_STATE_ACTIVE_ESIM_NO_PROFILES ||
         (self->has_ready && self->ready_state == MBIM_SUBSCRIBER_READY_STATE_NO_ESIM_PROFILE));
    /* It was taken as ready, and nothing has changed since. */
    if (card == MBIM_CARD_STARTING && self->settled)
        card = MBIM_CARD_READY;
    if (card == MBIM_CARD_STARTING && !self->starting) {
        g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

        self->starting =
            clock_timer_new(clock_boottime() + SETTLE_TIME, context, starting_settled, self);
    }
    set_card(self, card);
}

static gboolean has_no_profile(guint32 ready_state)
{
    return ready_state == MBIM_SUBSCRIBER_READY_STATE_NO_ESIM_PROFILE;
}

static gboolean take_ready(MbimBackend *self, TlvSlice info)
{
    gboolean v3 = mbim_device_check_ms_mbimex_version(self->device, 3, 0);
    gboolean known = self->has_ready && is_there(self->card), other;
    MbimInfoReady ready;

    if (!mbim_info_parse_ready(info, v3, &ready))
        return FALSE;
    /* A different number on what is there, or another answer to whether a profile is enabled, without any
     * word that the card went: the modem did a REFRESH and the channels are gone with it. */
    other = self->iccid[0] && ready.iccid[0] && !g_str_equal(self->iccid, ready.iccid) &&
            clock_boottime() - self->ready_since > NEWS_TIME;
    other = other || (known && has_no_profile(self->ready_state) != has_no_profile(ready.state));
    if (!self->has_ready || self->ready_state != ready.state)
        self->settled = FALSE;
    self->has_ready = TRUE;
    self->ready_state = ready.state;
    self->is_esim = ready.is_esim;
    if (other && is_there(self->card))
        set_card(self, MBIM_CARD_OFF);
    if (ready.iccid[0])
        g_strlcpy(self->iccid, ready.iccid, sizeof self->iccid);
    return TRUE;
}

/* No indication tells that slots were switched. Where ours was not active it may be so now: whoever waits for
 * its card has to ask. */
static void note_other_slot(MbimBackend *self)
{
    if (!self->slot_mapped && !self->switching && !is_there(self->card))
        mbim_backend_emit(self, BACKEND_EVENT_CARD_READY);
}

void mbim_backend_take_indication(MbimBackend *self, const MbimInfoMessage *message)
{
    guint32 slot, state;

    if (message->service == MBIM_SERVICE_BASIC_CONNECT &&
        message->cid == MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS) {
        self->ready_news++;
        if (!take_ready(self, message->info))
            return;
        /* What was known of the slot is older than that. */
        if (read_ready(self) != MBIM_CARD_READY)
            self->slot_state = MBIM_SLOT_UNKNOWN;
        update_card(self);
        note_other_slot(self);
    } else if (message->service == MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS &&
               message->cid == MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS) {
        if (!mbim_info_parse_slot(message->info, &slot, &state) || slot != self->slot)
            return;
        self->slot_news++;
        self->slot_state = state;
        /* The ready status will follow; until then the old one is no reason to take the card as there. */
        if (state == MBIM_UICC_SLOT_STATE_NOT_READY) {
            self->ready_state = MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED;
            self->settled = FALSE;
        }
        update_card(self);
        note_other_slot(self);
    }
}

void mbim_backend_forget_card(MbimBackend *self)
{
    stop_timer(&self->starting);
    self->has_mappings = FALSE;
    self->n_mappings = 0;
    self->slot = 0;
    self->slot_mapped = TRUE;
    self->settled = self->has_ready = self->is_esim = FALSE;
    self->backend.is_euicc = self->backend.inactive = FALSE;
    self->slot_state = MBIM_SLOT_UNKNOWN;
    self->iccid[0] = '\0';
    self->card = MBIM_CARD_UNKNOWN;
    watch_removal(self);
    self->ready_since = 0;
}

/* ---- questions ---- */

/* One query of Basic Connect or its extensions, noted. INFO may be NULL. */
static gboolean query(MbimBackend *self, MbimService service, guint32 cid, GByteArray *info,
                      const char *step, gint64 deadline, GCancellable *cancellable,
                      MbimAnswer *ret_answer, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (mbim_backend_command(self, service, cid, MBIM_MESSAGE_COMMAND_TYPE_QUERY, info, deadline,
                             cancellable, ret_answer, &failure))
        return TRUE;
    mbim_backend_note_failure(self, step, failure);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: ", step);
    return FALSE;
}

/* Which slot our requests reach: executor 0 has the only device service that this port is. */
static void take_mappings(MbimBackend *self, const guint32 *slots, guint n_slots)
{
    guint32 slot = self->wanted_slot ? self->wanted_slot - 1 : slots[0];

    memmove(self->mappings, slots, n_slots * sizeof slots[0]);
    self->n_mappings = n_slots;
    self->has_mappings = TRUE;
    if (slot != self->slot) {
        self->slot_state = MBIM_SLOT_UNKNOWN;
        self->slot_news++;
    }
    self->slot = slot;
    self->slot_mapped = slots[0] == slot;
    self->backend.inactive = !self->slot_mapped;
}

/* *RET_STATUS: 0 when the modem told. Without slots everything is in slot 0. */
static gboolean query_mappings(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                               guint32 *ret_status, GError **error)
{
    static const char step[] = "Device Slot Mappings";
    guint32 slots[MBIM_INFO_MAX_SLOTS];
    g_auto(MbimAnswer) answer = { 0 };
    guint n_slots;

    if (!query(self, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
               MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_SLOT_MAPPINGS, NULL, step, deadline,
               cancellable, &answer, error))
        return FALSE;
    mbim_backend_note(self, step, &answer);
    *ret_status = answer.status;
    if (answer.status == 0 && mbim_info_parse_mappings(answer.info, slots, &n_slots)) {
        take_mappings(self, slots, n_slots);
        return TRUE;
    }
    if (answer.status == 0) {
        log_debug(&self->log, "%s: malformed answer", step);
        *ret_status = MBIM_STATUS_ERROR_FAILURE;
    }
    self->has_mappings = FALSE;
    self->slot = 0;
    self->slot_mapped = self->wanted_slot <= 1;
    self->backend.inactive = !self->slot_mapped;
    return TRUE;
}

/* *RET_STATE is MBIM_SLOT_UNKNOWN where the modem does not tell. */
static gboolean query_slot(MbimBackend *self, guint32 slot, gint64 deadline,
                           GCancellable *cancellable, guint32 *ret_state, GError **error)
{
    g_autofree char *step = g_strdup_printf("Slot Info Status (slot index %u)", slot);
    g_autoptr(GByteArray) info = g_byte_array_new();
    g_auto(MbimAnswer) answer = { 0 };
    guint32 index, state;

    mbim_info_put_u32(info, slot);
    if (!query(self, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
               MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS, info, step, deadline,
               cancellable, &answer, error))
        return FALSE;
    mbim_backend_note(self, step, &answer);
    *ret_state = MBIM_SLOT_UNKNOWN;
    if (answer.status == 0 && mbim_info_parse_slot(answer.info, &index, &state) && index == slot)
        *ret_state = state;
    return TRUE;
}

static gboolean query_ready(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    static const char step[] = "Subscriber Ready Status";
    g_auto(MbimAnswer) answer = { 0 };
    guint ready_news = self->ready_news;

    if (!query(self, MBIM_SERVICE_BASIC_CONNECT, MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS,
               NULL, step, deadline, cancellable, &answer, error))
        return FALSE;
    if (answer.status != 0) {
        mbim_backend_note(self, step, &answer);
        return TRUE;
    }
    if (self->ready_news == ready_news && !take_ready(self, answer.info))
        log_debug(&self->log, "%s: malformed answer", step);
    /* Not with its octets, among which the IMSI stands. */
    probe_note(self->backend.probe, TRUE, step, "state %u%s", self->ready_state,
               self->is_esim ? ", eSIM" : "");
    return TRUE;
}

/* *RET_STATUS is that of Device Slot Mappings. */
static gboolean query_all(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                          guint32 *ret_status, GError **error)
{
    guint slot_news;
    guint32 state;

    if (!query_mappings(self, deadline, cancellable, ret_status, error))
        return FALSE;
    slot_news = self->slot_news;
    if (!query_slot(self, self->slot, deadline, cancellable, &state, error))
        return FALSE;
    if (self->slot_news == slot_news)
        self->slot_state = state;
    if (!query_ready(self, deadline, cancellable, error))
        return FALSE;
    update_card(self);
    return TRUE;
}

gboolean mbim_backend_query(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    guint32 status;

    return query_all(self, deadline, cancellable, &status, error);
}

static gboolean query_system(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                             guint32 *ret_n_slots, GError **error)
{
    static const char step[] = "Sys Caps";
    g_auto(MbimAnswer) answer = { 0 };

    if (!query(self, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
               MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SYS_CAPS, NULL, step, deadline, cancellable,
               &answer, error))
        return FALSE;
    mbim_backend_note(self, step, &answer);
    if (answer.status != 0 || !mbim_info_parse_system(answer.info, ret_n_slots))
        *ret_n_slots = 0;
    return TRUE;
}

static void describe_slot(MbimBackend *self, guint32 index, guint32 state, BackendSlot *slot)
{
    if (self->has_mappings) {
        for (guint i = 0; i < self->n_mappings && !slot->active; i++) {
            slot->active = self->mappings[i] == index;
            slot->logical = slot->active ? i + 1 : 0;
        }
    } else {
        slot->active = index == 0;
        slot->logical = slot->active ? 1 : 0;
    }
    slot->card_present = state != MBIM_UICC_SLOT_SATE_OFF_EMPTY &&
                         state != MBIM_UICC_SLOT_STATE_EMPTY && state != MBIM_SLOT_UNKNOWN;
    slot->is_euicc = state == MBIM_UICC_SLOT_STATE_ACTIVE_ESIM ||
                     state == MBIM_UICC_SLOT_STATE_ACTIVE_ESIM_NO_PROFILES;
    /* The ready status is that of executor 0. */
    if (index == self->slot && self->slot_mapped) {
        if (state == MBIM_SLOT_UNKNOWN)
            slot->card_present = self->card != MBIM_CARD_ABSENT;
        slot->is_euicc = slot->is_euicc || (slot->card_present && self->backend.is_euicc);
        g_strlcpy(slot->iccid, self->iccid, sizeof slot->iccid);
    }
}

gboolean mbim_backend_list_slots(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GArray **ret_slots, GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    g_autoptr(GArray) slots = g_array_new(FALSE, TRUE, sizeof(BackendSlot));
    guint32 n_slots = 0, status;

    if (!query_system(self, deadline, cancellable, &n_slots, error) ||
        !query_all(self, deadline, cancellable, &status, error)) {
        g_prefix_error(error, "%s: ", backend->name);
        return FALSE;
    }
    if (status != 0 && !mbim_backend_is_unsupported(status)) {
        mbim_backend_set_error(self, EUICCD_ERROR_MODEM, "Device Slot Mappings", status, error);
        return FALSE;
    }
    for (guint i = 0; i < self->n_mappings && self->has_mappings; i++)
        n_slots = MAX(n_slots, self->mappings[i] + 1);
    for (guint32 i = 0; i < MAX(n_slots, 1); i++) {
        BackendSlot slot = { .physical = n_slots ? i + 1 : 0 };
        guint32 state = self->slot_state;

        if (i != self->slot && !query_slot(self, i, deadline, cancellable, &state, error)) {
            g_prefix_error(error, "%s: ", backend->name);
            return FALSE;
        }
        describe_slot(self, i, state, &slot);
        g_array_append_val(slots, slot);
    }
    *ret_slots = g_steal_pointer(&slots);
    return TRUE;
}

/* ---- changes ---- */

/* Asks, and waits for news, until the card is usable. */
static gboolean wait_ready(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    gint64 interval = FIRST_QUERY_INTERVAL;

    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (!mbim_backend_query(self, deadline, cancellable, error))
            return FALSE;
        while (!is_there(self->card)) {
            self->card_changed = FALSE;
            if (!wait_until(&self->card_changed, MIN(deadline, clock_boottime() + interval),
                            cancellable, &failure))
                break;
            if (!mbim_backend_check(self, error))
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

/*
 * The card went by our own doing. The modem says so soon, or has said so already (DEPARTURES counted it); one
 * that does not is not waited for long. What is known of the card is old.
 */
static void drop_card(MbimBackend *self, guint departures, gint64 deadline,
                      GCancellable *cancellable)
{
    gint64 limit = MIN(deadline, clock_boottime() + (gint64)self->off_time * 1000);

    self->backend.leaked = FALSE;
    while (!self->lost && self->departures == departures && is_there(self->card)) {
        self->card_changed = FALSE;
        if (!wait_until(&self->card_changed, limit, cancellable, NULL))
            break;
    }
    if (self->departures != departures)
        return;
    self->has_ready = FALSE;
    self->slot_state = MBIM_SLOT_UNKNOWN;
    set_card(self, MBIM_CARD_OFF);
}

/*
 * "Pass-through disabled" is what an ordinary UICC has; asking for it resets the card, and the modem starts
 * it as usual. The other action would keep the modem from using the card.
 */
gboolean mbim_backend_reset_card(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    static const char step[] = "UICC Reset";
    g_autoptr(GByteArray) info = g_byte_array_new();
    g_auto(MbimAnswer) answer = { 0 };
    g_autoptr(GError) failure = NULL;
    guint departures = self->departures;

    mbim_info_put_u32(info, MBIM_UICC_PASS_THROUGH_ACTION_DISABLE);
    if (!mbim_backend_command(
            self, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_RESET,
            MBIM_MESSAGE_COMMAND_TYPE_SET, info, deadline, cancellable, &answer, &failure)) {
        mbim_backend_note_failure(self, step, failure);
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: %s: ", backend->name,
                                   step);
        return FALSE;
    }
    mbim_backend_note(self, step, &answer);
    if (answer.status != 0) {
        EuiccdError code = EUICCD_ERROR_MODEM;

        if (mbim_backend_is_unsupported(answer.status))
            code = EUICCD_ERROR_NOT_SUPPORTED;
        else if (answer.status == MBIM_STATUS_ERROR_SIM_NOT_INSERTED)
            code = EUICCD_ERROR_CARD_ABSENT;
        else if (answer.status == MBIM_STATUS_ERROR_BUSY ||
                 answer.status == MBIM_STATUS_ERROR_NOT_INITIALIZED)
            code = EUICCD_ERROR_CARD_NOT_READY;
        mbim_backend_set_error(self, code, step, answer.status, error);
        return FALSE;
    }
    drop_card(self, departures, deadline, cancellable);
    if (!wait_ready(self, deadline, cancellable, error)) {
        g_prefix_error(error, "%s: reset card: ", backend->name);
        return FALSE;
    }
    return TRUE;
}

/* TARGET goes to executor 0; whoever had it gets what executor 0 had. */
static gboolean set_mappings(MbimBackend *self, guint32 target, gint64 deadline,
                             GCancellable *cancellable, GError **error)
{
    static const char step[] = "Device Slot Mappings (set)";
    guint32 slots[MBIM_INFO_MAX_SLOTS];
    g_autoptr(GByteArray) info = NULL;
    g_auto(MbimAnswer) answer = { 0 };
    g_autoptr(GError) failure = NULL;

    for (guint i = 0; i < self->n_mappings; i++)
        slots[i] = self->mappings[i] == target ? self->mappings[0] : self->mappings[i];
    slots[0] = target;
    info = mbim_info_build_mappings(slots, self->n_mappings);
    if (!mbim_backend_command(self, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
                              MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_SLOT_MAPPINGS,
                              MBIM_MESSAGE_COMMAND_TYPE_SET, info, deadline, cancellable, &answer,
                              &failure)) {
        mbim_backend_note_failure(self, step, failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    mbim_backend_note(self, step, &answer);
    if (answer.status == 0)
        return TRUE;
    mbim_backend_set_error(self,
                           mbim_backend_is_unsupported(answer.status) ? EUICCD_ERROR_NOT_SUPPORTED
                                                                      : EUICCD_ERROR_MODEM,
                           step, answer.status, error);
    return FALSE;
}

gboolean mbim_backend_switch_slot(Backend *backend, guint physical, gint64 deadline,
                                  GCancellable *cancellable, GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    guint departures = self->departures, wanted_slot = self->wanted_slot;
    guint32 status, state;
    gboolean ok;

    if (physical == 0 || physical > MBIM_INFO_MAX_SLOTS) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT, "there is no slot %u",
                    physical);
        return FALSE;
    }
    if (!query_mappings(self, deadline, cancellable, &status, error)) {
        g_prefix_error(error, "%s: switch to slot %u: ", backend->name, physical);
        return FALSE;
    }
    /* Some modems lose their card for good when this is written needlessly. */
    if (self->has_mappings ? self->mappings[0] == physical - 1 : physical == 1)
        return TRUE;
    if (!self->has_mappings) {
        mbim_backend_set_error(self, EUICCD_ERROR_NOT_SUPPORTED, "Device Slot Mappings", status,
                               error);
        return FALSE;
    }
    if (backend->quirks->keep_slots == QUIRK_YES) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "%s: switch to slot %u: slots of this modem are to be left alone",
                    backend->name, physical);
        return FALSE;
    }
    if (!query_slot(self, physical - 1, deadline, cancellable, &state, error)) {
        g_prefix_error(error, "%s: switch to slot %u: ", backend->name, physical);
        return FALSE;
    }
    if (state == MBIM_UICC_SLOT_SATE_OFF_EMPTY || state == MBIM_UICC_SLOT_STATE_EMPTY) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT, "%s: no card in slot %u",
                    backend->name, physical);
        return FALSE;
    }
    self->switching = TRUE;
    if (!set_mappings(self, physical - 1, deadline, cancellable, error)) {
        self->switching = FALSE;
        g_prefix_error(error, "switch to slot %u: ", physical);
        return FALSE;
    }
    drop_card(self, departures, deadline, cancellable);
    /* Another slot than ours is given back to whoever had it: its card is looked at for so long. */
    self->wanted_slot = wanted_slot ? physical : 0;
    ok = wait_ready(self, deadline, cancellable, error);
    self->wanted_slot = wanted_slot;
    self->switching = FALSE;
    if (!ok) {
        g_prefix_error(error, "%s: switch to slot %u: ", backend->name, physical);
        return FALSE;
    }
    take_mappings(self, self->mappings, self->n_mappings);
    update_card(self);
    return TRUE;
}
