/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/modem_at.h"
#include "sim/modem_mbim.h"
#include "sim/modem_qmi.h"

#define MAX_IMEI    64 /* what is no IMEI can be told too */
#define ANSWER_TIME 50 /* ms that the answer to the order to restart has */
#define IMSI_DIGITS 15

static const SimModemClass *const classes[] = { &sim_modem_qmi, &sim_modem_mbim, &sim_modem_at };

const SimModemClass *sim_modem_class_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!g_strcmp0(classes[i]->kind, name))
            return classes[i];
    return NULL;
}

const char *sim_modem_class_get_kind(const SimModemClass *class)
{
    return class->kind;
}

const char *sim_modem_class_get_proxy_name(const SimModemClass *class)
{
    return class->proxy_name;
}

void sim_modem_count(SimModem *modem, const char *what)
{
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(modem->counts, what));
    g_hash_table_insert(modem->counts, g_strdup(what), GUINT_TO_POINTER(count + 1));
}

static void tell_watch(SimModem *modem)
{
    if (modem->watch)
        modem->watch(modem, modem->watch_data);
}

guint sim_modem_count_refreshes(const SimModem *modem)
{
    guint refreshes = 0;
    for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++)
        refreshes += sim_slot_get_refreshes(modem->physical[i]);
    return refreshes;
}

SimSlotState sim_modem_get_state(const SimModem *modem)
{
    return modem->lying ? SIM_SLOT_EMPTY : sim_slot_get_state(modem->slot);
}

/* ---- messages in and out ---- */

typedef struct {
    SimModem *modem;
    SimPeer *peer;
    GByteArray *frames;
    guint timer;
} Delayed;

static void delayed_free(gpointer data)
{
    Delayed *delayed = data;
    if (delayed->timer)
        g_source_remove(delayed->timer);
    sim_peer_unref(delayed->peer);
    g_byte_array_unref(delayed->frames);
    g_free(delayed);
}

static gboolean on_delay_over(gpointer data)
{
    Delayed *delayed = data;
    delayed->timer = 0;
    sim_peer_send(delayed->peer, delayed->frames->data, delayed->frames->len);
    g_ptr_array_remove(delayed->modem->delayed, delayed);
    return G_SOURCE_REMOVE;
}

static void send_later(SimModem *modem, SimPeer *peer, const GByteArray *frames, guint ms)
{
    Delayed *delayed = g_new0(Delayed, 1);
    delayed->modem = modem;
    delayed->peer = sim_peer_ref(peer);
    delayed->frames = g_byte_array_new();
    g_byte_array_append(delayed->frames, frames->data, frames->len);
    delayed->timer = g_timeout_add(ms, on_delay_over, delayed);
    g_ptr_array_add(modem->delayed, delayed);
}

void sim_modem_release(SimModem *modem)
{
    modem->last_due = 0;
    while (modem->delayed->len > 0) {
        Delayed *delayed = modem->delayed->pdata[0];
        g_source_remove(delayed->timer);
        (void)on_delay_over(delayed);
    }
}

static void send(SimModem *modem, SimPeer *peer, const GByteArray *frames, guint ms)
{
    if (modem->class->in_order) {
        gint64 now = g_get_monotonic_time();
        modem->last_due = MAX(modem->last_due, now + (gint64)ms * 1000);
        ms = (guint)((modem->last_due - now + 999) / 1000);
    }
    if (ms > 0)
        send_later(modem, peer, frames, ms);
    else
        sim_peer_send(peer, frames->data, frames->len);
}

void sim_modem_handle(SimModem *modem, SimPeer *peer, const SimRequest *request)
{
    sim_modem_count(modem, request->name);
    if (modem->silent) {
        tell_watch(modem);
        return;
    }
    SimRuleVerdict verdict = sim_rules_judge(modem->rules, request->name, request->is_control,
                                             request->content, request->size);
    gboolean processed = FALSE, answered = FALSE;
    if (verdict.action != SIM_RULE_NONE)
        sim_modem_count(modem, "rule");
    switch (verdict.action) {
    case SIM_RULE_NONE:
    case SIM_RULE_DELAY:
        processed = answered = TRUE;
        break;
    case SIM_RULE_ERROR:
        answered = TRUE;
        break;
    case SIM_RULE_IGNORE:
    case SIM_RULE_UNPLUG:
        break;
    case SIM_RULE_DROP:
    case SIM_RULE_UNPLUG_AFTER:
        processed = TRUE;
        break;
    }

    g_autoptr(GByteArray) frames = NULL;
    if (processed || answered)
        frames = modem->class->process(modem, peer, request, processed ? 0 : verdict.error);
    guint delay = sim_slot_take_delay(modem->slot);
    if (verdict.action == SIM_RULE_DELAY)
        delay += verdict.delay;
    if (answered && frames)
        send(modem, peer, frames, delay);
    if (verdict.action == SIM_RULE_UNPLUG || verdict.action == SIM_RULE_UNPLUG_AFTER)
        sim_modem_unplug(modem);
    tell_watch(modem);
}

static void forget_swapped(SimModem *modem)
{
    g_clear_pointer(&modem->swapped_peer, sim_peer_unref);
    g_clear_pointer(&modem->swapped, g_byte_array_unref);
}

void sim_modem_indicate(SimModem *modem, SimPeer *peer, const GByteArray *frame)
{
    if (!modem->indications || modem->silent)
        return;
    sim_modem_count(modem, "indication");
    if (modem->indication_swap && !modem->swapped) {
        modem->swapped_peer = sim_peer_ref(peer);
        modem->swapped = g_byte_array_new();
        g_byte_array_append(modem->swapped, frame->data, frame->len);
        return;
    }
    for (guint i = 0; i < modem->indication_copies; i++)
        send(modem, peer, frame, modem->indication_delay);
    if (modem->swapped)
        for (guint i = 0; i < modem->indication_copies; i++)
            send(modem, modem->swapped_peer, modem->swapped, modem->indication_delay);
    forget_swapped(modem);
}

static gssize measure_pty(const guint8 *frame, gsize size, gpointer data)
{
    SimModem *modem = data;
    return modem->class->measure(frame, size);
}

static void on_pty_frame(SimPeer *peer, const guint8 *frame, gsize size, gpointer data)
{
    SimModem *modem = data;
    modem->class->frame(modem, peer, frame, size);
}

static void on_pty_gone(SimPeer *peer G_GNUC_UNUSED, gpointer data)
{
    sim_modem_unplug(data); /* junk: the line is out of step for good */
}

void sim_modem_add_peer(SimModem *modem, SimPeer *peer)
{
    g_ptr_array_add(modem->peers, peer);
    sim_modem_count(modem, "proxy-open");
    tell_watch(modem);
}

void sim_modem_remove_peer(SimModem *modem, SimPeer *peer)
{
    g_ptr_array_remove(modem->peers, peer);
    if (modem->class->peer_gone)
        modem->class->peer_gone(modem, peer);
}

/* ---- slots ---- */

static gboolean on_replug(gpointer data)
{
    SimModem *modem = data;
    g_autoptr(GError) error = NULL;
    modem->replug_timer = 0;
    if (!modem->plugged)
        return G_SOURCE_REMOVE;
    sim_modem_unplug(modem);
    if (modem->replug_path[0]) {
        sim_modem_set_path(modem, modem->replug_path);
    }
    if (!sim_modem_plug(modem, modem->behind_socket, &error))
        g_printerr("euicc-sim modem: plug it again: %s\n", error->message);
    return G_SOURCE_REMOVE;
}

void sim_modem_restart(SimModem *modem)
{
    sim_modem_count(modem, "restart");
    if (!modem->replug_timer)
        modem->replug_timer = g_timeout_add(ANSWER_TIME, on_replug, modem);
}

static void on_slot_changed(SimSlot *slot, gpointer data)
{
    SimModem *modem = data;
    gboolean refreshed = sim_modem_count_refreshes(modem) != modem->seen_refreshes;
    if (modem->plugged && (slot == modem->slot || modem->slots > 1))
        modem->class->slot_changed(modem);
    modem->seen_refreshes = sim_modem_count_refreshes(modem);
    if (refreshed && modem->refresh_replug > 0 && !modem->replug_timer)
        modem->replug_timer = g_timeout_add(modem->refresh_replug, on_replug, modem);
    tell_watch(modem);
}

static gboolean on_lie_over(gpointer data)
{
    SimModem *modem = data;
    modem->lie_timer = 0;
    modem->lying = FALSE;
    if (modem->plugged)
        modem->class->slot_changed(modem);
    tell_watch(modem);
    return G_SOURCE_REMOVE;
}

static void stop_lying(SimModem *modem)
{
    if (modem->lie_timer)
        g_source_remove(modem->lie_timer);
    modem->lie_timer = 0;
    modem->lying = FALSE;
}

gboolean sim_modem_switch_slot(SimModem *modem, guint number)
{
    if (number < 1 || number > modem->slots || number == modem->active_slot)
        return FALSE;
    SimSlot *left = modem->slot;
    modem->active_slot = number;
    modem->slot = modem->physical[number - 1];
    sim_slot_restart(left);
    sim_slot_restart(modem->slot);
    stop_lying(modem);
    if (modem->lie_after_switch > 0) {
        modem->lying = TRUE;
        modem->lie_timer = g_timeout_add(modem->lie_after_switch, on_lie_over, modem);
    }
    if (modem->plugged)
        modem->class->slot_changed(modem);
    tell_watch(modem);
    return TRUE;
}

gboolean sim_modem_may_switch(const SimModem *modem)
{
    return !modem->switch_needs_closed || sim_slot_count_channels(modem->slot) == 0;
}

/* A profile that is enabled has a subscriber of its own. */
char *sim_modem_make_imsi(const char *iccid)
{
    const char *home = "00101";
    gsize digits = strlen(iccid), wanted = IMSI_DIGITS - strlen(home);
    return g_strconcat(home, iccid + (digits > wanted ? digits - wanted : 0), NULL);
}

/* Some operators give ICCIDs whose last digits are hexadecimal. */
char *sim_modem_show_iccid(const SimModem *modem, const char *iccid)
{
    gsize digits = strlen(iccid);
    if (!modem->iccid_hex || digits < 2)
        return g_strdup(iccid);
    return g_strdup_printf("%.*sAC", (int)digits - 2, iccid);
}

/* ---- the modem ---- */

SimModem *sim_modem_new(const SimModemClass *class, const char *path, SimCard *card)
{
    SimModem *modem = g_malloc0(class->size);
    modem->class = class;
    modem->path = g_strdup(path);
    for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++)
        modem->physical[i] = sim_slot_new(i == 0 ? card : NULL, on_slot_changed, modem);
    modem->cards = 1;
    modem->slot = modem->physical[0];
    modem->active_slot = 1;
    modem->pty_slave = -1;
    modem->peers = g_ptr_array_new();
    modem->delayed = g_ptr_array_new_with_free_func(delayed_free);
    modem->rules = g_ptr_array_new();
    modem->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    modem->slots = 1;
    modem->slot_status = TRUE;
    modem->indications = TRUE;
    modem->indication_copies = 1;
    modem->imei = g_strdup("356938035643809");
    modem->plmn = g_strdup("00101");
    modem->replug_path = g_strdup("");
    class->init(modem);
    return modem;
}

gboolean sim_modem_add_card(SimModem *modem, SimCard *card)
{
    if (modem->cards == SIM_MODEM_MAX_SLOTS)
        return FALSE;
    sim_slot_free(modem->physical[modem->cards]);
    modem->physical[modem->cards++] = sim_slot_new(card, on_slot_changed, modem);
    modem->slots = MAX(modem->slots, modem->cards);
    return TRUE;
}

void sim_modem_free(SimModem *modem)
{
    if (!modem)
        return;
    modem->watch = NULL;
    sim_modem_unplug(modem);
    modem->class->finish(modem);
    for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++)
        sim_slot_free(modem->physical[i]);
    for (const SimKnob *knob = modem->class->knobs; knob->name; knob++)
        if (knob->type == SIM_KNOB_TEXT)
            g_free(G_STRUCT_MEMBER(char *, modem, knob->offset));
    g_ptr_array_unref(modem->delayed);
    g_ptr_array_unref(modem->peers);
    g_ptr_array_unref(modem->rules);
    g_hash_table_unref(modem->counts);
    g_free(modem->replug_path);
    g_free(modem->imei);
    g_free(modem->plmn);
    g_free(modem->path);
    g_free(modem);
}

const SimModemClass *sim_modem_get_class(const SimModem *modem)
{
    return modem->class;
}

void sim_modem_set_path(SimModem *modem, const char *path)
{
    char *copy = g_strdup(path);
    g_free(modem->path);
    modem->path = copy;
}

const char *sim_modem_get_path(const SimModem *modem)
{
    return modem->path;
}

gboolean sim_modem_is_plugged(const SimModem *modem)
{
    return modem->plugged;
}

SimSlot *sim_modem_get_slot(SimModem *modem)
{
    return modem->slot;
}

guint sim_modem_get_active_slot(const SimModem *modem)
{
    return modem->active_slot;
}

SimSlot *sim_modem_get_physical_slot(SimModem *modem, guint number)
{
    return number >= 1 && number <= modem->slots ? modem->physical[number - 1] : NULL;
}

void sim_modem_set_watch(SimModem *modem, void (*watch)(SimModem *modem, gpointer data),
                         gpointer data)
{
    modem->watch = watch;
    modem->watch_data = data;
}

guint sim_modem_get_count(SimModem *modem, const char *what)
{
    if (!g_strcmp0(what, "refresh"))
        return sim_modem_count_refreshes(modem);
    if (!g_strcmp0(what, "power-cycle")) {
        guint cycles = 0;
        for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++)
            cycles += sim_slot_get_power_cycles(modem->physical[i]);
        return cycles;
    }
    return GPOINTER_TO_UINT(g_hash_table_lookup(modem->counts, what));
}

static void restart_slots(SimModem *modem)
{
    for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++)
        sim_slot_restart(modem->physical[i]);
    modem->seen_refreshes = sim_modem_count_refreshes(modem);
}

gboolean sim_modem_plug(SimModem *modem, gboolean behind_socket, GError **error)
{
    static const SimPeerFuncs funcs = { measure_pty, on_pty_frame, on_pty_gone };
    if (modem->plugged) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is plugged already", modem->path);
        return FALSE;
    }
    behind_socket = behind_socket && modem->class->proxy_name;
    if (behind_socket) {
        (void)g_unlink(modem->path);
        if (mkfifo(modem->path, 0600) < 0) {
            int code = errno;
            g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "make FIFO %s: %s",
                        modem->path, g_strerror(code));
            return FALSE;
        }
    } else {
        int master = sim_port_open_pty(modem->path, &modem->pty_slave, error);
        if (master < 0)
            return FALSE;
        modem->pty = sim_peer_new(master, &funcs, modem);
    }
    restart_slots(modem);
    modem->behind_socket = behind_socket;
    modem->plugged = TRUE;
    sim_modem_count(modem, "plug");
    tell_watch(modem);
    return TRUE;
}

void sim_modem_unplug(SimModem *modem)
{
    if (!modem->plugged)
        return;
    modem->plugged = FALSE;
    if (modem->replug_timer)
        g_source_remove(modem->replug_timer);
    modem->replug_timer = 0;
    modem->offline = FALSE;
    stop_lying(modem);
    forget_swapped(modem);
    (void)g_unlink(modem->path);
    g_ptr_array_set_size(modem->delayed, 0);
    modem->class->unplugged(modem);
    for (guint i = 0; i < modem->peers->len; i++)
        sim_peer_close(modem->peers->pdata[i]);
    g_ptr_array_set_size(modem->peers, 0);
    if (modem->pty)
        sim_peer_close(modem->pty);
    g_clear_pointer(&modem->pty, sim_peer_unref);
    if (modem->pty_slave >= 0)
        (void)g_close(modem->pty_slave, NULL);
    modem->pty_slave = -1;
    restart_slots(modem);
    sim_modem_count(modem, "unplug");
    tell_watch(modem);
}

/* ---- knobs ---- */

static gboolean check_imei(const char *imei, GError **error)
{
    if (strlen(imei) <= MAX_IMEI)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "imei: more than %d characters",
                MAX_IMEI);
    return FALSE;
}

static gboolean check_plmn(const char *plmn, GError **error)
{
    gsize digits = strspn(plmn, "0123456789");
    if (!plmn[digits] && (digits == 0 || digits == 5 || digits == 6))
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "plmn: want 5 or 6 digits or nothing, not '%s'", plmn);
    return FALSE;
}

#define KNOB(name, type, member, ...)                                                              \
    {                                                                                              \
        name, SIM_KNOB_##type, G_STRUCT_OFFSET(SimModem, member), __VA_ARGS__                      \
    }
static const SimKnob common[] = {
    KNOB("slots", NUMBER, slots, 1, SIM_MODEM_MAX_SLOTS, NULL),
    KNOB("slot-status", FLAG, slot_status, 0, 0, NULL),
    KNOB("indications", FLAG, indications, 0, 0, NULL),
    KNOB("indication-delay", NUMBER, indication_delay, 0, SIM_KNOB_MAX_DELAY, NULL),
    KNOB("indication-copies", NUMBER, indication_copies, 1, 100, NULL),
    KNOB("indication-swap", FLAG, indication_swap, 0, 0, NULL),
    KNOB("silent", FLAG, silent, 0, 0, NULL),
    KNOB("imei", TEXT, imei, 0, 0, check_imei),
    KNOB("plmn", TEXT, plmn, 0, 0, check_plmn),
    KNOB("lie-after-switch", NUMBER, lie_after_switch, 0, SIM_KNOB_MAX_DELAY, NULL),
    KNOB("refresh-replug", NUMBER, refresh_replug, 0, SIM_KNOB_MAX_DELAY, NULL),
    KNOB("switch-needs-closed", FLAG, switch_needs_closed, 0, 0, NULL),
    KNOB("iccid-hex", FLAG, iccid_hex, 0, 0, NULL),
    KNOB("replug-path", TEXT, replug_path, 0, 0, NULL),
    { NULL, SIM_KNOB_FLAG, 0, 0, 0, NULL },
};

static gboolean check_knob_names(SimModem *modem, JsonObject *knobs, GError **error)
{
    g_autoptr(GList) names = json_object_get_members(knobs);
    for (GList *name = names; name; name = name->next) {
        if (g_str_equal(name->data, "do") || g_str_equal(name->data, "rules") ||
            sim_knobs_have(common, name->data) || sim_knobs_have(modem->class->knobs, name->data) ||
            sim_slot_has_knob(name->data))
            continue;
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no knob of the modem: '%s'",
                    (const char *)name->data);
        return FALSE;
    }
    return TRUE;
}

/* NULL without ERROR: there is no such member. */
static GPtrArray *read_rules(SimModem *modem, JsonObject *knobs, GError **error)
{
    JsonNode *node = json_object_get_member(knobs, "rules");
    if (!node)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return sim_rules_parse(json_node_get_array(node), modem->class->is_message,
                               modem->class->max_error, modem->class->default_error, error);
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "rules: want an array");
    return NULL;
}

gboolean sim_modem_set_knobs(SimModem *modem, JsonObject *knobs, GError **error)
{
    g_autoptr(GPtrArray) rules = NULL;
    guint slots = modem->slots;

    if (!check_knob_names(modem, knobs, error) || !sim_knobs_check(common, knobs, error) ||
        !sim_knobs_check(modem->class->knobs, knobs, error) ||
        !sim_knob_number(knobs, "slots", modem->cards, SIM_MODEM_MAX_SLOTS, &slots, error))
        return FALSE;
    rules = read_rules(modem, knobs, error);
    if (!rules && json_object_has_member(knobs, "rules"))
        return FALSE;
    for (guint i = 0; i < SIM_MODEM_MAX_SLOTS; i++) /* what the first takes, the others take */
        if (!sim_slot_set_knobs(modem->physical[i], knobs, error))
            return FALSE;

    sim_knobs_apply(common, knobs, modem);
    sim_knobs_apply(modem->class->knobs, knobs, modem);
    if (rules) {
        g_ptr_array_unref(modem->rules);
        modem->rules = g_steal_pointer(&rules);
    }
    if (modem->active_slot > modem->slots)
        (void)sim_modem_switch_slot(modem, 1);
    if (!modem->indication_swap)
        forget_swapped(modem);
    return TRUE;
}

void sim_modem_describe(SimModem *modem, JsonObject *object)
{
    JsonObject *messages = json_object_new();
    GHashTableIter iter;
    gpointer name, count;
    g_hash_table_iter_init(&iter, modem->counts);
    while (g_hash_table_iter_next(&iter, &name, &count))
        json_object_set_int_member(messages, name, GPOINTER_TO_UINT(count));
    JsonArray *slots = json_array_new();
    for (guint i = 0; i < modem->slots; i++) {
        JsonObject *slot = json_object_new();
        sim_slot_describe(modem->physical[i], slot);
        json_array_add_object_element(slots, slot);
    }

    json_object_set_string_member(object, "kind", modem->class->kind);
    json_object_set_string_member(object, "path", modem->path);
    json_object_set_boolean_member(object, "plugged", modem->plugged);
    sim_slot_describe(modem->slot, object);
    json_object_set_int_member(object, "active-slot", modem->active_slot);
    json_object_set_array_member(object, "slots", slots);
    modem->class->describe(modem, object);
    json_object_set_object_member(object, "messages", messages);
    json_object_set_array_member(object, "rules", sim_rules_describe(modem->rules));
}
