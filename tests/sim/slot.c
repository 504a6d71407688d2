/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/slot.h"

#include "sim/modem_knobs.h"
#include "util/bytes.h"

#define MAX_CHANNEL 19 /* ETSI TS 102 221 11.1.17 */
#define MAX_FETCHES 4096

typedef struct {
    gboolean open;
    guint owner;
    char *aid;
} Channel;

typedef struct {
    guint max_channels;
    gboolean ignore_refresh;
    guint refresh_delay;
    guint start_delay;
    gboolean hide_91xx;
    guint not_ready_answers;
    gboolean refuse_until_reset;
    gboolean list_needs_enabled;
} Knobs;

struct SimSlot {
    SimCard *card;
    SimSlotFunc changed;
    gpointer data;
    SimSlotState state;
    Channel channels[MAX_CHANNEL + 1];
    guint timer; /* start or refresh */
    guint refreshes;
    guint power_cycles;
    guint apdus;
    guint delay;   /* ms: see sim_slot_take_delay() */
    gboolean mute; /* the last APDU has no answer */
    guint not_ready_left;
    GBytes *capability; /* content of TERMINAL CAPABILITY's A9; may be NULL */
    Knobs knobs;
};

static void set_state(SimSlot *slot, SimSlotState state)
{
    if (slot->state == state)
        return;
    slot->state = state;
    slot->changed(slot, slot->data);
}

static void forget_channels(SimSlot *slot)
{
    for (guint i = 0; i <= MAX_CHANNEL; i++) {
        slot->channels[i].open = FALSE;
        g_clear_pointer(&slot->channels[i].aid, g_free);
    }
}

static void stop_timer(SimSlot *slot)
{
    if (slot->timer)
        g_source_remove(slot->timer);
    slot->timer = 0;
}

SimSlot *sim_slot_new(SimCard *card, SimSlotFunc changed, gpointer data)
{
    SimSlot *slot = g_new0(SimSlot, 1);
    slot->card = card;
    slot->changed = changed;
    slot->data = data;
    slot->knobs =
        (Knobs){ .max_channels = 3, .refresh_delay = 20, .start_delay = 20, .hide_91xx = TRUE };
    if (card)
        sim_card_reset(card);
    slot->state = card && sim_card_is_present(card) ? SIM_SLOT_READY : SIM_SLOT_EMPTY;
    return slot;
}

void sim_slot_free(SimSlot *slot)
{
    if (!slot)
        return;
    stop_timer(slot);
    forget_channels(slot);
    g_clear_pointer(&slot->capability, g_bytes_unref);
    g_free(slot);
}

SimSlotState sim_slot_get_state(const SimSlot *slot)
{
    return slot->state;
}

SimCard *sim_slot_get_card(const SimSlot *slot)
{
    return slot->card;
}

/* A card that was just reset is told the terminal's capabilities before anything else. */
static void begin_session(SimSlot *slot)
{
    slot->not_ready_left = slot->knobs.not_ready_answers;
    if (!slot->capability)
        return;
    gsize size;
    const guint8 *objects = g_bytes_get_data(slot->capability, &size);
    const guint8 header[] = { 0x80, 0xAA, 0x00, 0x00, (guint8)(size + 2), 0xA9, (guint8)size };
    g_autoptr(GByteArray) apdu = g_byte_array_new();
    g_byte_array_append(apdu, header, sizeof header);
    g_byte_array_append(apdu, objects, (guint)size);
    slot->apdus++;
    g_bytes_unref(sim_card_transmit(slot->card, apdu->data, apdu->len));
}

static gboolean on_started(gpointer data)
{
    SimSlot *slot = data;
    slot->timer = 0;
    begin_session(slot);
    set_state(slot, SIM_SLOT_READY);
    return G_SOURCE_REMOVE;
}

static void start_card(SimSlot *slot)
{
    stop_timer(slot);
    forget_channels(slot);
    sim_card_reset(slot->card);
    if (!sim_card_is_present(slot->card)) {
        set_state(slot, SIM_SLOT_EMPTY);
        return;
    }
    slot->timer = g_timeout_add(slot->knobs.start_delay, on_started, slot);
    set_state(slot, SIM_SLOT_STARTING);
}

static gboolean on_refresh(gpointer data)
{
    SimSlot *slot = data;
    slot->timer = 0;
    slot->refreshes++;
    start_card(slot);
    return G_SOURCE_REMOVE;
}

static guint8 patch_class(guint8 class, guint8 channel)
{
    if (channel < 4)
        return (guint8)((class & 0x9C) | channel);
    return (guint8)((class & 0x80) | 0x40 | (channel - 4));
}

static guint16 status_words(GBytes *response)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(response, &size);
    if (size < 2)
        return 0;
    return (guint16)(data[size - 2] << 8 | data[size - 1]);
}

static GBytes *send(SimSlot *slot, const guint8 *apdu, gsize size)
{
    slot->apdus++;
    GBytes *response = sim_card_transmit(slot->card, apdu, size);
    if (g_getenv("EUICC_SIM_TRACE")) {
        g_autofree char *command = bytes_to_hex(apdu, size);
        g_autofree char *answer = bytes_gbytes_to_hex(response);
        g_printerr("apdu > %s\napdu < %s\n", command, answer);
    }
    slot->delay += sim_card_get_delay(slot->card);
    slot->mute = FALSE;
    switch (sim_card_get_event(slot->card)) {
    case SIM_CARD_ANSWERED:
        break;
    case SIM_CARD_POWER_CUT: /* which no channel survives */
        stop_timer(slot);
        forget_channels(slot);
        break;
    case SIM_CARD_SILENT:
        slot->mute = TRUE;
        break;
    case SIM_CARD_REMOVED:
        sim_slot_insert(slot, FALSE);
        break;
    }
    /* The modem fetches the REFRESH and obeys a moment later, beside what the host does. */
    if (!slot->knobs.ignore_refresh && !slot->timer && sim_card_refresh_pending(slot->card))
        slot->timer = g_timeout_add(slot->knobs.refresh_delay, on_refresh, slot);
    return response;
}

/* 61xx and 6Cxx are answered here as T=0 firmware does. */
static GBytes *send_and_fetch(SimSlot *slot, guint8 channel, const guint8 *apdu, gsize size)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autoptr(GByteArray) command = g_byte_array_new();
    g_byte_array_append(command, apdu, (guint)size);
    for (guint i = 0; i < MAX_FETCHES; i++) {
        g_autoptr(GBytes) response = send(slot, command->data, command->len);
        gsize n;
        const guint8 *data = g_bytes_get_data(response, &n);
        guint16 sw = status_words(response);
        if (n > 2)
            g_byte_array_append(all, data, (guint)(n - 2));
        if (sw >> 8 == 0x61) {
            const guint8 fetch[] = { patch_class(0x00, channel), 0xC0, 0, 0, (guint8)sw };
            g_byte_array_set_size(command, 0);
            g_byte_array_append(command, fetch, sizeof fetch);
        } else if (sw >> 8 == 0x6C && command->len >= 5) {
            /* Le is the fifth octet without command data, else the one after the data. */
            const guint8 le = (guint8)sw;
            guint without_le = command->len == 5 ? 4 : MIN(command->len, 5u + command->data[4]);
            g_byte_array_set_size(command, without_le);
            g_byte_array_append(command, &le, 1);
        } else if (n < 2) { /* mute: what came before it is no answer either */
            g_byte_array_set_size(all, 0);
            break;
        } else {
            g_byte_array_append(all, data + n - 2, 2);
            break;
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static GBytes *hide_proactive(SimSlot *slot, GBytes *response)
{
    if (!slot->knobs.hide_91xx || status_words(response) >> 8 != 0x91)
        return response;
    gsize size;
    g_autofree guint8 *data = g_bytes_unref_to_data(response, &size);
    data[size - 2] = 0x90;
    data[size - 1] = 0x00;
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

/* What came of an APDU. */
static SimSlotResult check_answer(const SimSlot *slot)
{
    if (slot->state == SIM_SLOT_EMPTY)
        return SIM_SLOT_NO_CARD;
    return slot->mute ? SIM_SLOT_MUTE : SIM_SLOT_OK;
}

static SimSlotResult check_card(SimSlot *slot)
{
    switch (slot->state) {
    case SIM_SLOT_EMPTY:
        return SIM_SLOT_NO_CARD;
    case SIM_SLOT_OFF:
    case SIM_SLOT_STARTING:
        return SIM_SLOT_NOT_READY;
    case SIM_SLOT_READY:
        break;
    }
    if (slot->not_ready_left == 0)
        return SIM_SLOT_OK;
    slot->not_ready_left--;
    return SIM_SLOT_NOT_READY;
}

static void close_at_card(SimSlot *slot, guint8 channel)
{
    const guint8 apdu[] = { 0x00, 0x70, 0x80, channel };
    g_bytes_unref(send(slot, apdu, sizeof apdu)); /* whatever it says, the channel is gone */
    slot->channels[channel].open = FALSE;
    g_clear_pointer(&slot->channels[channel].aid, g_free);
}

SimSlotResult sim_slot_open_channel(SimSlot *slot, guint owner, const guint8 *aid, gsize aid_size,
                                    guint8 p2, guint8 *ret_channel, guint16 *ret_sw,
                                    GBytes **ret_response)
{
    *ret_sw = 0;
    SimSlotResult result = check_card(slot);
    if (result != SIM_SLOT_OK)
        return result;
    if (sim_slot_count_channels(slot) >= slot->knobs.max_channels)
        return SIM_SLOT_NO_CHANNEL;

    const guint8 manage[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
    g_autoptr(GBytes) answer = send(slot, manage, sizeof manage);
    gsize size;
    const guint8 *data = g_bytes_get_data(answer, &size);
    *ret_sw = status_words(answer);
    result = check_answer(slot);
    if (result != SIM_SLOT_OK)
        return result;
    if (*ret_sw != 0x9000 || size != 3 || data[0] == 0 || data[0] > MAX_CHANNEL)
        return SIM_SLOT_NO_CHANNEL;
    guint8 channel = data[0];
    slot->channels[channel] = (Channel){ TRUE, owner, bytes_to_hex(aid, aid_size) };

    if (aid_size > 0) {
        g_autoptr(GByteArray) select = g_byte_array_new();
        const guint8 header[] = { patch_class(0x00, channel), 0xA4, 0x04, p2, (guint8)aid_size };
        const guint8 le = 0;
        g_byte_array_append(select, header, sizeof header);
        g_byte_array_append(select, aid, (guint)aid_size);
        g_byte_array_append(select, &le, 1);
        g_autoptr(GBytes) response = send_and_fetch(slot, channel, select->data, select->len);
        *ret_sw = status_words(response);
        result = check_answer(slot);
        if (result != SIM_SLOT_OK)
            return result;
        if (*ret_sw != 0x9000 && *ret_sw >> 8 != 0x91) {
            if (slot->channels[channel].open)
                close_at_card(slot, channel);
            return SIM_SLOT_SELECT_FAILED;
        }
        *ret_response = g_bytes_new_from_bytes(response, 0, g_bytes_get_size(response) - 2);
    } else {
        *ret_response = g_bytes_new(NULL, 0);
    }
    *ret_channel = channel;
    return SIM_SLOT_OK;
}

SimSlotResult sim_slot_close_channel(SimSlot *slot, guint8 channel)
{
    SimSlotResult result = check_card(slot);
    if (result != SIM_SLOT_OK)
        return result;
    if (channel == 0 || channel > MAX_CHANNEL || !slot->channels[channel].open)
        return SIM_SLOT_BAD_CHANNEL;
    close_at_card(slot, channel);
    return SIM_SLOT_OK;
}

void sim_slot_close_channels_of(SimSlot *slot, guint owner)
{
    for (guint8 i = 1; i <= MAX_CHANNEL; i++)
        if (slot->channels[i].open && slot->channels[i].owner == owner)
            close_at_card(slot, i);
}

guint sim_slot_count_channels(const SimSlot *slot)
{
    guint open = 0;
    for (guint i = 0; i <= MAX_CHANNEL; i++)
        open += slot->channels[i].open ? 1 : 0;
    return open;
}

void sim_slot_close_all(SimSlot *slot)
{
    for (guint8 i = 1; i <= MAX_CHANNEL; i++)
        if (slot->channels[i].open)
            close_at_card(slot, i);
}

/* Whether worse firmware refuses this APDU itself. */
static gboolean is_refused(const SimSlot *slot, const guint8 *apdu, gsize size)
{
    if (size < 4 || !(apdu[0] & 0x80) || apdu[1] != 0xE2) /* STORE DATA */
        return FALSE;
    if (slot->knobs.refuse_until_reset && sim_card_refresh_pending(slot->card))
        return TRUE;
    if (!slot->knobs.list_needs_enabled || size < 7 || apdu[5] != 0xBF || apdu[6] != 0x2D)
        return FALSE;
    g_autofree char *iccid = sim_card_get_enabled_iccid(slot->card);
    return !iccid[0];
}

SimSlotResult sim_slot_transmit(SimSlot *slot, guint8 channel, const guint8 *apdu, gsize size,
                                gboolean fetch_all, GBytes **ret_response)
{
    SimSlotResult result = check_card(slot);
    if (result != SIM_SLOT_OK)
        return result;
    if (channel > MAX_CHANNEL || (channel > 0 && !slot->channels[channel].open))
        return SIM_SLOT_BAD_CHANNEL;
    if (is_refused(slot, apdu, size)) {
        *ret_response = g_bytes_new("\x69\x85", 2);
        return SIM_SLOT_OK;
    }
    g_autofree guint8 *patched = g_memdup2(apdu, size);
    if (size > 0)
        patched[0] = patch_class(patched[0], channel);
    *ret_response = hide_proactive(slot, fetch_all ? send_and_fetch(slot, channel, patched, size)
                                                   : send(slot, patched, size));
    result = check_answer(slot);
    if (result != SIM_SLOT_OK)
        g_clear_pointer(ret_response, g_bytes_unref);
    return result;
}

gboolean sim_slot_power(SimSlot *slot, gboolean on)
{
    switch (slot->state) {
    case SIM_SLOT_EMPTY:
        return FALSE;
    case SIM_SLOT_OFF:
        if (!on)
            return FALSE;
        slot->power_cycles++;
        start_card(slot);
        return TRUE;
    case SIM_SLOT_STARTING:
    case SIM_SLOT_READY:
        if (on)
            return FALSE;
        stop_timer(slot);
        forget_channels(slot);
        sim_card_reset(slot->card);
        set_state(slot, SIM_SLOT_OFF);
        return TRUE;
    }
    return FALSE;
}

void sim_slot_insert(SimSlot *slot, gboolean inserted)
{
    if (!slot->card || inserted == (slot->state != SIM_SLOT_EMPTY))
        return;
    if (inserted) {
        start_card(slot);
        return;
    }
    stop_timer(slot);
    forget_channels(slot);
    sim_card_reset(slot->card);
    set_state(slot, SIM_SLOT_EMPTY);
}

void sim_slot_restart(SimSlot *slot)
{
    if (slot->state == SIM_SLOT_EMPTY)
        return;
    stop_timer(slot);
    forget_channels(slot);
    sim_card_reset(slot->card);
    slot->state = SIM_SLOT_READY;
    begin_session(slot);
}

void sim_slot_set_terminal_capability(SimSlot *slot, GBytes *objects)
{
    g_clear_pointer(&slot->capability, g_bytes_unref);
    slot->capability = g_bytes_ref(objects);
}

gboolean sim_slot_reset(SimSlot *slot)
{
    if (slot->state == SIM_SLOT_EMPTY)
        return FALSE;
    slot->power_cycles++;
    start_card(slot);
    return TRUE;
}

guint sim_slot_take_delay(SimSlot *slot)
{
    guint delay = slot->delay;
    slot->delay = 0;
    return delay;
}

gboolean sim_slot_has_knob(const char *name)
{
    static const char *const names[] = {
        "channels",  "refresh",           "refresh-delay",      "start-delay",
        "hide-91xx", "not-ready-answers", "refuse-until-reset", "list-needs-enabled",
        NULL
    };
    return g_strv_contains(names, name);
}

gboolean sim_slot_set_knobs(SimSlot *slot, JsonObject *knobs, GError **error)
{
    Knobs new = slot->knobs;
    const char *refresh = new.ignore_refresh ? "ignore" : "act";
    if (!sim_knob_number(knobs, "channels", 0, MAX_CHANNEL, &new.max_channels, error) ||
        !sim_knob_number(knobs, "refresh-delay", 0, SIM_KNOB_MAX_DELAY, &new.refresh_delay,
                         error) ||
        !sim_knob_number(knobs, "start-delay", 0, SIM_KNOB_MAX_DELAY, &new.start_delay, error) ||
        !sim_knob_flag(knobs, "hide-91xx", &new.hide_91xx, error) ||
        !sim_knob_number(knobs, "not-ready-answers", 0, 1000, &new.not_ready_answers, error) ||
        !sim_knob_flag(knobs, "refuse-until-reset", &new.refuse_until_reset, error) ||
        !sim_knob_flag(knobs, "list-needs-enabled", &new.list_needs_enabled, error) ||
        !sim_knob_text(knobs, "refresh", &refresh, error))
        return FALSE;
    new.ignore_refresh = g_str_equal(refresh, "ignore");
    if (!new.ignore_refresh && !g_str_equal(refresh, "act")) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "refresh: '%s' is neither \"act\" nor \"ignore\"", refresh);
        return FALSE;
    }
    slot->knobs = new;
    /* A new delay counts from now for a start that is under way. */
    if (json_object_has_member(knobs, "start-delay") && slot->state == SIM_SLOT_STARTING) {
        stop_timer(slot);
        slot->timer = g_timeout_add(slot->knobs.start_delay, on_started, slot);
    }
    return TRUE;
}

const char *sim_slot_state_to_string(SimSlotState state)
{
    switch (state) {
    case SIM_SLOT_EMPTY:
        return "empty";
    case SIM_SLOT_OFF:
        return "off";
    case SIM_SLOT_STARTING:
        return "starting";
    case SIM_SLOT_READY:
        return "ready";
    }
    return "?";
}

void sim_slot_describe(SimSlot *slot, JsonObject *object)
{
    JsonArray *channels = json_array_new();
    for (guint i = 0; i <= MAX_CHANNEL; i++) {
        if (!slot->channels[i].open)
            continue;
        JsonObject *channel = json_object_new();
        json_object_set_int_member(channel, "number", i);
        json_object_set_int_member(channel, "owner", slot->channels[i].owner);
        json_object_set_string_member(channel, "aid", slot->channels[i].aid);
        json_array_add_object_element(channels, channel);
    }
    json_object_set_string_member(object, "state", sim_slot_state_to_string(slot->state));
    json_object_set_array_member(object, "channels", channels);
    json_object_set_int_member(object, "refreshes", slot->refreshes);
    json_object_set_int_member(object, "power-cycles", slot->power_cycles);
    json_object_set_int_member(object, "apdus", slot->apdus);
}

guint sim_slot_get_refreshes(const SimSlot *slot)
{
    return slot->refreshes;
}

guint sim_slot_get_power_cycles(const SimSlot *slot)
{
    return slot->power_cycles;
}
