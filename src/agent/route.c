/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/route_private.h"

#include "agent/slot_note.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

#define OPEN_TIMEOUT     45 /* seconds for opening a modem (proxy start included) */
#define IDENTITY_TIMEOUT 5  /* for asking it who it is */
#define SLOT_TIMEOUT     60 /* for making another slot the active one */
#define LAST_TIMEOUT     5  /* the same, where the daemon waits for its end */

static gboolean may_switch(const Route *route)
{
    return route->modem->switch_slot && route->modem->slot > 0;
}

/* What a former daemon owes, or this one before its settings changed. */
static void find_owed_slot(Route *route)
{
    if (may_switch(route) && !route->former_slot)
        route->former_slot = slot_note_read(route->config->state_directory, route->modem);
}

Route *route_new(const Config *config, const Modem *modem, ChannelTrace *trace,
                 BackendEventFunc event, gpointer data)
{
    Route *route = g_new0(Route, 1);

    route->config = config;
    route->trace = trace;
    route->event = event;
    route->event_data = data;
    route->modem = modem_copy(modem);
    route->order = g_ptr_array_new();
    route->port_path = g_strdup("");
    route->transport = g_strdup("");
    route->choice = g_strdup("");
    route->probe = probe_new();
    route->quirk_names = g_ptr_array_new_with_free_func(g_free);
    route->log_object = modem_make_log_name(modem);
    route->log = (LogContext){ .object = route->log_object, .modem = route->modem->device };
    find_owed_slot(route);
    return route;
}

static void drop_backend(Route *route)
{
    route_close(route);
    g_clear_pointer(&route->channel, channel_free);
    g_clear_pointer(&route->backend, backend_free);
    quirks_clear(&route->quirks);
    g_ptr_array_set_size(route->quirk_names, 0);
    route->port = NULL;
}

void route_free(Route *route)
{
    drop_backend(route);
    backend_identity_clear(&route->identity);
    g_ptr_array_unref(route->quirk_names);
    g_free(route->wish);
    g_ptr_array_unref(route->order);
    g_clear_pointer(&route->next_modem, modem_free);
    modem_free(route->modem);
    probe_free(route->probe);
    g_free(route->favourite);
    g_free(route->port_path);
    g_free(route->transport);
    g_free(route->choice);
    g_free(route->log_object);
    g_free(route);
}

void route_set_manager(Route *route, const RouteManager *manager, gpointer data)
{
    route->manager = manager;
    route->manager_data = data;
}

void route_set_modem(Route *route, const Modem *modem)
{
    g_clear_pointer(&route->next_modem, modem_free);
    route->next_modem = modem_copy(modem);
}

/* ---- quirks ---- */

/* What the table says of MODEM as far as it is known, and above that what the administrator does. PORT NULL:
 * what holds for all of them. */
static void find_quirks_of(const Route *route, const Modem *modem, const ModemPort *port,
                           Quirks *ret, GPtrArray *ret_names)
{
    const QuirkSubject subject = {
        .usb_id = modem->usb_id,
        .driver = port ? port->driver : NULL,
        .transport = port ? port->transport : NULL,
        .manufacturer = route->identity.manufacturer,
        .model = route->identity.model,
        .revision = route->identity.revision,
        .mm_model = modem->model,
    };

    quirks_clear(ret);
    if (ret_names)
        g_ptr_array_set_size(ret_names, 0);
    quirk_table_find(route->config->quirks, &subject, ret, ret_names);
    quirks_merge(ret, &modem->quirks);
}

static void find_quirks(Route *route)
{
    find_quirks_of(route, route->modem, route->port, &route->quirks, route->quirk_names);
}

/* The transport that is tried first; NULL: none. */
static char *find_wish(const Route *route, const Modem *modem)
{
    g_auto(Quirks) quirks = { 0 };

    find_quirks_of(route, modem, NULL, &quirks, NULL);
    return g_steal_pointer(&quirks.transport);
}

/* ---- which port ---- */

/* The port in use as MODEM has it; NULL where it went, or became another: a pinned path is of a guessed kind
 * until udev tells its own. */
static const ModemPort *find_same_port(const Route *route, const Modem *modem)
{
    const ModemPort *same = route->port ? modem_find_port(modem, route->port->path) : NULL;

    if (!same || !g_str_equal(same->transport, route->port->transport) ||
        !g_str_equal(same->driver, route->port->driver))
        return NULL;
    return same;
}

static gboolean is_at(const ModemPort *port)
{
    return g_str_equal(port->transport, "at");
}

/* An AT port beside others is no more than a last resort, however well it served while it was alone. */
static gboolean is_favourite(Route *route, const ModemPort *port)
{
    return g_strcmp0(route->favourite, port->path) == 0 &&
           !(is_at(port) && modem_has_control_port(route->modem));
}

static gboolean has_wish(const Route *route, const Modem *modem, const ModemPort *port)
{
    g_autofree char *wish = find_wish(route, modem);

    return g_strcmp0(wish, port->transport) == 0;
}

/* MODEM has a port that was not there before, and that comes before SAME, the one in use. One that is as good as
 * that changes nothing. */
static gboolean has_better_port(const Route *route, const Modem *modem, const ModemPort *same)
{
    if (has_wish(route, modem, same))
        return FALSE;
    for (guint i = 0; i < modem->ports->len; i++) {
        const ModemPort *port = modem->ports->pdata[i];

        if (!modem_find_port(route->modem, port->path) && backend_is_supported(port->transport) &&
            ((is_at(same) && !is_at(port)) || has_wish(route, modem, port)))
            return TRUE;
    }
    return FALSE;
}

static gboolean has_other_settings(const Route *route, const Modem *modem, const ModemPort *same)
{
    g_auto(Quirks) quirks = { 0 };

    find_quirks_of(route, modem, same, &quirks, NULL);
    return !quirks_equal(&quirks, &route->quirks) ||
           modem->switch_slot != route->modem->switch_slot;
}

gboolean route_is_outdated(const Route *route)
{
    const Modem *next = route->next_modem;
    const ModemPort *same;

    if (!next || !route->port)
        return FALSE;
    same = find_same_port(route, next);
    return !same || (is_at(same) && same->taken) || has_other_settings(route, next, same) ||
           has_better_port(route, next, same);
}

void route_take_modem(Route *route)
{
    g_autofree char *before = NULL;
    g_autofree char *wish = NULL;

    if (!route->next_modem)
        return;
    if (route_is_outdated(route)) {
        before = find_wish(route, route->modem);
        wish = find_wish(route, route->next_modem);
        /* What led to the card before it was wanted otherwise is no reason to go on with it. */
        if (wish && (g_strcmp0(before, wish) != 0 ||
                     has_better_port(route, route->next_modem, route->port)))
            g_clear_pointer(&route->favourite, g_free);
        drop_backend(route);
    }
    g_ptr_array_set_size(route->order, 0);
    route->port = find_same_port(route, route->next_modem);
    modem_free(route->modem);
    route->modem = g_steal_pointer(&route->next_modem);
    route->log.modem = route->modem->device;
    find_owed_slot(route);
}

static void append_ports(Route *route, gboolean (*is_wanted)(Route *, const ModemPort *))
{
    for (guint i = 0; i < route->modem->ports->len; i++) {
        ModemPort *port = route->modem->ports->pdata[i];

        if (!g_ptr_array_find(route->order, port, NULL) && (!is_wanted || is_wanted(route, port)))
            g_ptr_array_add(route->order, port);
    }
}

static gboolean is_preferred(Route *route, const ModemPort *port)
{
    return g_strcmp0(route->wish, port->transport) == 0;
}

void route_begin(Route *route)
{
    route_take_modem(route);
    if (!route->is_open)
        probe_clear(route->probe);
    g_ptr_array_set_size(route->order, 0);
    g_free(route->wish);
    route->wish = find_wish(route, route->modem);
    append_ports(route, is_favourite);
    append_ports(route, is_preferred);
    append_ports(route, NULL);
    route->at = 0;
    route->refused = FALSE;
}

/* It lies at the modem or at the way to it: another way may lead to the card. */
static gboolean is_port_trouble(const GError *failure)
{
    return euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED) ||
           euiccd_error_is(failure, EUICCD_ERROR_MODEM) ||
           euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT);
}

/* A proxy that could not be started or an answer that can't be read passes. Only a modem that says that it gives
 * no access to the eUICC this way is to be spoken to over AT. */
static void note_refusal(Route *route, const GError *failure)
{
    if (route->port && !is_at(route->port) && euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED))
        route->refused = TRUE;
}

/* An AT port that somebody else has locked; the others are shared. */
static gboolean is_held_by_others(const Route *route, const GError *failure)
{
    return route->port && is_at(route->port) && euiccd_error_is(failure, EUICCD_ERROR_BUSY) &&
           !route->is_open;
}

/* NULL: it is worth trying. */
static const char *why_not(Route *route, const ModemPort *port)
{
    if (!backend_is_supported(port->transport))
        return "this build has no such back-end";
    if (is_at(port) && port->taken)
        return "ModemManager uses it";
    if (is_at(port) && !is_preferred(route, port) && modem_has_control_port(route->modem) &&
        !route->refused)
        return "only where the other ports refuse the eUICC";
    return NULL;
}

static void choose(Route *route, const ModemPort *port, const GError *failure)
{
    g_free(route->choice);
    if (is_favourite(route, port))
        route->choice = g_strdup("it led to the card before");
    else if (failure)
        route->choice = g_strdup_printf("after %s: %s", route->port_path, failure->message);
    else if (is_preferred(route, port))
        route->choice = g_strdup("as quirks or configuration say");
    else if (route->order->len > 1)
        route->choice = g_strdup("first of its ports");
    else
        route->choice = g_strdup("its only port");
    if (route->backend && route->port == port)
        return;
    drop_backend(route);
    g_free(route->port_path);
    g_free(route->transport);
    route->port_path = g_strdup(port->path);
    route->transport = g_strdup(port->transport);
    route->port = port;
    probe_set_port(route->probe, port->path);
    find_quirks(route);
    route->backend = backend_new(port->transport, port->path, route->modem->slot,
                                 &(BackendOptions){
                                     .modem_fetches = route->config->channel->modem_fetches,
                                     .quirks = &route->quirks,
                                     .probe = route->probe,
                                 });
    backend_set_event_func(route->backend, route->event, route->event_data);
    route->channel = channel_new(route->backend, route->config->channel, route->trace);
    if (route->manager)
        channel_set_restart(route->channel, route->manager->restart, route->manager_data);
}

gboolean route_next(Route *route, const GError *failure)
{
    /* A card that says itself that it is none, that is not there or not ready, is so on every port; and a
     * modem that went took all of them with it. */
    if (failure && !is_port_trouble(failure) && !is_held_by_others(route, failure))
        return FALSE;
    if (failure)
        note_refusal(route, failure);
    while (route->at < route->order->len) {
        const ModemPort *port = route->order->pdata[route->at++];
        const char *why = why_not(route, port);

        if (!why) {
            choose(route, port, failure);
            return TRUE;
        }
        probe_set_port(route->probe, port->path);
        probe_note(route->probe, FALSE, "choose port", "not tried: %s", why);
    }
    return FALSE;
}

/* ---- opening ---- */

static void learn_imei(Route *route, GCancellable *cancellable)
{
    g_autoptr(GError) failure = NULL;
    char imei[sizeof route->imei];

    if (!backend_get_imei(route->backend, clock_deadline(IDENTITY_TIMEOUT), cancellable, imei,
                          &failure)) {
        probe_note(route->probe, FALSE, "IMEI", "%s", failure->message);
        return;
    }
    g_strlcpy(route->imei, imei, sizeof route->imei);
    probe_note(route->probe, TRUE, "IMEI", "%s", route->imei);
}

/* Who it is says more about its quirks than what could be seen from outside. */
static void learn_identity(Route *route, GCancellable *cancellable)
{
    g_autoptr(GError) failure = NULL;
    BackendIdentity identity = { 0 };

    if (!backend_get_identity(route->backend, clock_deadline(IDENTITY_TIMEOUT), cancellable,
                              &identity, &failure)) {
        backend_identity_clear(&identity);
        probe_note(route->probe, FALSE, "identity", "%s", failure->message);
        return;
    }
    backend_identity_clear(&route->identity);
    route->identity = identity;
    probe_note(route->probe, TRUE, "identity", "%s, %s, %s", route->identity.manufacturer,
               route->identity.model, route->identity.revision);
    find_quirks(route);
}

/* TRUE: ModemManager did, which probes the modem anew because of it. */
static gboolean manager_switches_slot(Route *route, guint slot, GCancellable *cancellable)
{
    if (!route->manager || route->quirks.keep_slots == QUIRK_YES ||
        !route->manager->switch_slot(slot, cancellable, route->manager_data))
        return FALSE;
    probe_note(route->probe, TRUE, "switch slot", "ModemManager made slot %u the primary one",
               slot);
    return TRUE;
}

/* *RET_ACTIVE: number of the active slot, the wanted one where several are; 0: the modem names none.
 * *RET_USED: a card is in it. */
static gboolean find_active_slot(Route *route, guint *ret_active, gboolean *ret_used,
                                 GCancellable *cancellable, GError **error)
{
    g_autoptr(GArray) slots = NULL;

    *ret_active = 0;
    *ret_used = FALSE;
    if (!backend_list_slots(route->backend, clock_deadline(OPEN_TIMEOUT), cancellable, &slots,
                            error))
        return FALSE;
    for (guint i = 0; i < slots->len; i++) {
        const BackendSlot *slot = &g_array_index(slots, BackendSlot, i);

        if (!slot->active || (*ret_active && slot->physical != route->modem->slot))
            continue;
        *ret_active = slot->physical;
        *ret_used = slot->card_present;
    }
    return TRUE;
}

/* On disk as well: what a killed daemon switched is given back by the next one. */
static gboolean owe_slot(Route *route, guint slot, GError **error)
{
    if (route->former_slot == slot)
        return TRUE;
    if (!slot_note_write(route->config->state_directory, route->modem, slot, error))
        return FALSE;
    route->former_slot = slot;
    return TRUE;
}

static gboolean enter_slot(Route *route, GCancellable *cancellable, GError **error)
{
    gboolean used;
    guint active;

    if (!may_switch(route))
        return TRUE;
    if (!find_active_slot(route, &active, &used, cancellable, error))
        return FALSE;
    route->parked = FALSE;
    if (active == 0)
        return TRUE;
    if (active != route->modem->slot) {
        /* Noted before: what was half done is undone as well. Nobody misses an empty slot. */
        if (!owe_slot(route, used ? active : 0, error))
            return FALSE;
        log_info(&route->log, "switching from slot %u to slot %u", active, route->modem->slot);
        (void)manager_switches_slot(route, route->modem->slot, cancellable);
    }
    /* It does what is still to be done, and waits for the card. Where somebody else made the slot the active
     * one, it has to know that it is wanted again. */
    return backend_switch_slot(route->backend, route->modem->slot, clock_deadline(SLOT_TIMEOUT),
                               cancellable, error);
}

void route_explain(Route *route, GError **error)
{
    if (may_switch(route) || !route->backend->inactive ||
        !euiccd_error_is(*error, EUICCD_ERROR_CARD_NOT_READY))
        return;
    (*error)->code = EUICCD_ERROR_CARD_ABSENT;
    if (route->modem->slot > 0)
        g_prefix_error(
            error, "slot %u is not active, and switch-slot=true is not set: ", route->modem->slot);
}

gboolean route_is_in_slot(Route *route, GCancellable *cancellable)
{
    gboolean used;
    guint active;

    if (!may_switch(route))
        return TRUE;
    return route->is_open && find_active_slot(route, &active, &used, cancellable, NULL) &&
           (active == 0 || active == route->modem->slot);
}

static gboolean open_port(Route *route, GCancellable *cancellable, GError **error)
{
    if (!backend_open(route->backend, clock_deadline(OPEN_TIMEOUT), cancellable, error)) {
        g_prefix_error(error, "opening %s: ", route->port_path);
        return FALSE;
    }
    route->is_open = TRUE;
    return TRUE;
}

/* Of the quirks that the modem's name brings, this one says what is asked of it when it is opened. */
static gboolean open_and_learn(Route *route, GCancellable *cancellable, GError **error)
{
    QuirkSwitch before = route->quirks.modem_capability;

    if (!open_port(route, cancellable, error))
        return FALSE;
    route->resting = FALSE;
    learn_identity(route, cancellable);
    learn_imei(route, cancellable);
    if (route->quirks.modem_capability == before)
        return TRUE;
    route_close(route);
    return open_port(route, cancellable, error);
}

gboolean route_open(Route *route, GCancellable *cancellable, GError **error)
{
    return (route->is_open || open_and_learn(route, cancellable, error)) &&
           enter_slot(route, cancellable, error);
}

gboolean route_is_resting(const Route *route)
{
    return route->resting;
}

void route_rest(Route *route)
{
    if (!route->is_open || !route->backend->exclusive || route->backend->held)
        return;
    channel_rest(route->channel);
    route_close(route);
    route->resting = TRUE;
}

/* Neither who the modem is nor what it was asked then is news. */
static gboolean open_again(Route *route, GCancellable *cancellable, GError **error)
{
    char imei[sizeof route->imei] = "";

    if (!open_port(route, cancellable, error))
        return FALSE;
    if (route->imei[0])
        (void)backend_get_imei(route->backend, clock_deadline(IDENTITY_TIMEOUT), cancellable, imei,
                               NULL);
    if (!imei[0] || g_str_equal(imei, route->imei))
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM, "%s: another modem is there",
                route->port_path);
    return FALSE;
}

gboolean route_resume(Route *route, GCancellable *cancellable, GError **error)
{
    gboolean ok;

    route->backend->probe = NULL;
    ok = open_again(route, cancellable, error);
    route->backend->probe = route->probe;
    if (!ok && route->is_open) {
        backend_close(route->backend);
        route->is_open = FALSE;
    }
    route->resting = !ok;
    return ok;
}

static gboolean give_back(Route *route, guint slot, gboolean is_last)
{
    guint patience = is_last ? LAST_TIMEOUT : SLOT_TIMEOUT;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GError) again = NULL;

    /* Nobody waits for the card there, if there is one. */
    if (manager_switches_slot(route, slot, NULL))
        return TRUE;
    if (backend_switch_slot(route->backend, slot, clock_deadline(patience), NULL, &failure))
        return TRUE;
    if (is_last) {
        log_warning(&route->log,
                    "slot %u could not be given back, the next start of euiccd tries again: %s",
                    slot, failure->message);
        return FALSE;
    }
    /* Once more where the card was still busy with what was done last (facts, quirk 12). */
    log_info(&route->log, "%s: once more", failure->message);
    if (backend_switch_slot(route->backend, slot, clock_deadline(patience), NULL, &again))
        return TRUE;
    log_error(&route->log, "slot %u could not be given back, the next job tries again: %s", slot,
              again->message);
    return FALSE;
}

gboolean route_leave_slot(Route *route, gboolean is_last)
{
    g_autoptr(GError) error = NULL;
    guint slot = route->former_slot;

    /* A modem that went meanwhile gets it back after the next job. */
    if (!slot || !route->is_open)
        return FALSE;
    channel_close(route->channel);
    route->parked = TRUE;
    log_info(&route->log, "switching back to slot %u", slot);
    if (give_back(route, slot, is_last) && !owe_slot(route, 0, &error)) {
        log_warning(&route->log, "%s", error->message);
        route->former_slot = 0;
    }
    return TRUE;
}

gboolean route_is_parked(const Route *route)
{
    return route->parked;
}

void route_close(Route *route)
{
    if (!route->backend)
        return;
    channel_disconnect(route->channel);
    backend_close(route->backend);
    route->is_open = route->resting = FALSE;
    route->parked = FALSE;
}

void route_succeeded(Route *route)
{
    /* The other ports are asked again each time: what refused may have been a passing state of the modem. */
    if (is_at(route->port) && modem_has_control_port(route->modem))
        return;
    g_free(route->favourite);
    route->favourite = g_strdup(route->port_path);
}

/* ---- what others may know ---- */

void route_note(Route *route, gboolean ok, const char *step, const char *answer)
{
    probe_note(route->probe, ok, step, "%s", answer);
}

Channel *route_get_channel(Route *route)
{
    return route->channel;
}

Backend *route_get_backend(Route *route)
{
    return route->backend;
}

const char *route_get_port(const Route *route)
{
    return route->port_path;
}

const char *route_get_transport(const Route *route)
{
    return route->transport;
}
