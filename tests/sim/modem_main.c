/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* euicc-sim modem: modems with their cards and control sockets in one process. */

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sim/control.h"
#include "sim/modem.h"
#include "sim/modem_knobs.h"
#include "sim/programs.h"

#define MODEM_FORM "[KIND:]PATH,CARD[+CARD2...],CONTROL"

#define FIRST_IMEI G_GUINT64_CONSTANT(35693803564380) /* without its check digit */

typedef struct {
    SimModem *modem;
    GPtrArray *cards; /* SimCard, in the order of physical slots */
    SimControl *control;
    gboolean behind_socket;
    GPtrArray *waits;
} Station;

typedef struct {
    Station *station;
    SimControlCall *call;
    char *counter;
    guint at_least;
    char *slot;
    guint timer;
} Wait;

static void wait_free(gpointer data)
{
    Wait *wait = data;
    if (wait->timer)
        g_source_remove(wait->timer);
    if (wait->call) {
        g_autoptr(GError) error =
            g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CLOSED, "the modem program ends");
        sim_control_answer(wait->call, NULL, error);
    }
    g_free(wait->counter);
    g_free(wait->slot);
    g_free(wait);
}

static gboolean is_reached(const Wait *wait)
{
    SimModem *modem = wait->station->modem;
    if (wait->counter)
        return sim_modem_get_count(modem, wait->counter) >= wait->at_least;
    return !g_strcmp0(wait->slot,
                      sim_slot_state_to_string(sim_slot_get_state(sim_modem_get_slot(modem))));
}

static void end_wait(Wait *wait, const GError *error)
{
    g_autoptr(JsonObject) answer = json_object_new();
    if (wait->counter)
        json_object_set_int_member(answer, "count",
                                   sim_modem_get_count(wait->station->modem, wait->counter));
    sim_control_answer(g_steal_pointer(&wait->call), answer, error);
    g_ptr_array_remove(wait->station->waits, wait);
}

static void on_watch(SimModem *modem G_GNUC_UNUSED, gpointer data)
{
    Station *station = data;
    for (guint i = station->waits->len; i > 0; i--) {
        Wait *wait = station->waits->pdata[i - 1];
        if (is_reached(wait))
            end_wait(wait, NULL);
    }
}

static gboolean on_timeout(gpointer data)
{
    Wait *wait = data;
    g_autoptr(GError) error =
        g_error_new(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "timed out: %s %s is %u",
                    wait->counter ? "counter" : "slot", wait->counter ? wait->counter : wait->slot,
                    wait->counter ? sim_modem_get_count(wait->station->modem, wait->counter) : 0);
    wait->timer = 0;
    end_wait(wait, error);
    return G_SOURCE_REMOVE;
}

static gboolean start_wait(Station *station, JsonObject *request, GError **error)
{
    g_autofree Wait *wait = g_new0(Wait, 1);
    const char *counter = json_object_get_string_member_with_default(request, "counter", NULL);
    const char *slot = json_object_get_string_member_with_default(request, "slot", NULL);
    if (!counter == !slot) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "wait: want either \"counter\" or \"slot\"");
        return FALSE;
    }
    wait->station = station;
    wait->counter = g_strdup(counter);
    wait->slot = g_strdup(slot);
    wait->at_least = (guint)json_object_get_int_member_with_default(request, "at-least", 1);
    wait->call = sim_control_hold(station->control);
    wait->timer = g_timeout_add_seconds(
        (guint)json_object_get_int_member_with_default(request, "timeout", 60), on_timeout, wait);
    g_ptr_array_add(station->waits, wait);
    Wait *waiting = g_steal_pointer(&wait);
    if (is_reached(waiting))
        end_wait(waiting, NULL);
    return TRUE;
}

/* The member "slot", a physical slot of MODEM; the active one where there is none. 0 with ERROR. */
static guint get_slot_number(SimModem *modem, JsonObject *request, GError **error)
{
    guint number = sim_modem_get_active_slot(modem);
    if (!sim_knob_number(request, "slot", 1, G_MAXUINT8, &number, error))
        return 0;
    if (sim_modem_get_physical_slot(modem, number))
        return number;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "slot: there is no slot %u",
                number);
    return 0;
}

static gboolean do_card(Station *station, JsonObject *request, JsonObject *answer, GError **error)
{
    guint number = get_slot_number(station->modem, request, error);
    if (number == 0)
        return FALSE;
    if (number > station->cards->len) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "slot %u has no card", number);
        return FALSE;
    }
    SimCard *card = station->cards->pdata[number - 1];
    if (json_object_has_member(request, "behaviour")) {
        g_autofree char *text = json_to_string(json_object_get_member(request, "behaviour"), FALSE);
        return sim_card_set_behaviour(card, text, error);
    }
    g_autofree char *text = sim_card_describe(card);
    g_autoptr(JsonNode) node = json_from_string(text, error);
    if (!node)
        return FALSE;
    json_object_set_member(answer, "card", g_steal_pointer(&node));
    return TRUE;
}

static gboolean do_slot(Station *station, const char *what, JsonObject *request, GError **error)
{
    guint number = get_slot_number(station->modem, request, error);
    if (number == 0)
        return FALSE;
    if (g_str_equal(what, "switch-slot"))
        (void)sim_modem_switch_slot(station->modem, number);
    else
        sim_slot_insert(sim_modem_get_physical_slot(station->modem, number),
                        g_str_equal(what, "insert"));
    return TRUE;
}

static gboolean on_request(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    Station *station = data;
    SimModem *modem = station->modem;
    const char *what = json_object_get_string_member_with_default(request, "do", "");

    if (g_str_equal(what, "show")) {
        JsonObject *object = json_object_new();
        sim_modem_describe(modem, object);
        json_object_set_object_member(answer, "modem", object);
    } else if (g_str_equal(what, "knobs")) {
        return sim_modem_set_knobs(modem, request, error);
    } else if (g_str_equal(what, "card")) {
        return do_card(station, request, answer, error);
    } else if (g_str_equal(what, "wait")) {
        return start_wait(station, request, error);
    } else if (g_str_equal(what, "eject") || g_str_equal(what, "insert") ||
               g_str_equal(what, "switch-slot")) {
        return do_slot(station, what, request, error);
    } else if (g_str_equal(what, "unplug")) {
        sim_modem_unplug(modem);
    } else if (g_str_equal(what, "release")) {
        sim_modem_release(modem);
    } else if (g_str_equal(what, "plug")) {
        const char *path = json_object_get_string_member_with_default(request, "path", NULL);
        if (path && !sim_modem_is_plugged(modem))
            sim_modem_set_path(modem, path);
        return sim_modem_plug(modem, station->behind_socket, error);
    } else {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "modem: can't '%s'; can show, knobs, card, wait, eject, insert, switch-slot, "
                    "release, unplug, plug",
                    what);
        return FALSE;
    }
    return TRUE;
}

static void station_free(gpointer data)
{
    Station *station = data;
    if (station->modem)
        sim_modem_set_watch(station->modem, NULL, NULL);
    g_ptr_array_unref(station->waits);
    sim_control_free(station->control);
    sim_modem_free(station->modem);
    g_ptr_array_unref(station->cards);
    g_free(station);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Station, station_free)

/* No two modems have the same IMEI (3GPP TS 23.003 6.2: check digit). */
static gboolean give_imei(SimModem *modem, guint number, GError **error)
{
    g_autofree char *digits = g_strdup_printf("%014" G_GUINT64_FORMAT, FIRST_IMEI + number);
    guint sum = 0;
    for (guint i = 0; digits[i]; i++) {
        guint twice = (guint)(digits[i] - '0') << (i % 2);
        sum += twice / 10 + twice % 10;
    }
    g_autofree char *imei = g_strdup_printf("%s%u", digits, (10 - sum % 10) % 10);
    g_autoptr(JsonObject) knobs = json_object_new();
    json_object_set_string_member(knobs, "imei", imei);
    return sim_modem_set_knobs(modem, knobs, error);
}

/* TEXT: [KIND:]PATH,CARD[+CARD…],CONTROL. NUMBER: its place, from 0. */
static Station *station_new(const char *text, guint number, gboolean behind_socket,
                            const char *knobs, GError **error)
{
    g_autoptr(Station) station = g_new0(Station, 1);
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    station->waits = g_ptr_array_new_with_free_func(wait_free);
    station->cards = g_ptr_array_new_with_free_func((GDestroyNotify)sim_card_free);
    station->behind_socket = behind_socket;
    if (g_strv_length(parts) != 3) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--modem=%s: want %s", text,
                    MODEM_FORM);
        return NULL;
    }
    const char *path = parts[0];
    g_autofree char *kind = g_strdup("qmi");
    if (path[0] != '/' && strchr(path, ':')) {
        g_free(kind);
        kind = g_strndup(path, strcspn(path, ":"));
        path += strlen(kind) + 1;
    }
    const SimModemClass *class = sim_modem_class_find(kind);
    if (!class) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "--modem=%s: no such kind of modem: '%s'", text, kind);
        return NULL;
    }
    g_auto(GStrv) cards = g_strsplit(parts[1], "+", -1);
    for (guint i = 0; cards[i]; i++) {
        SimCard *card = sim_card_open(cards[i], error);
        if (!card)
            return NULL;
        g_ptr_array_add(station->cards, card);
        if (i == 0) {
            station->modem = sim_modem_new(class, path, card);
        } else if (!sim_modem_add_card(station->modem, card)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                        "--modem=%s: more cards than slots", text);
            return NULL;
        }
    }
    if (!station->modem) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--modem=%s: no card", text);
        return NULL;
    }
    sim_modem_set_watch(station->modem, on_watch, station);
    if (!give_imei(station->modem, number, error))
        return NULL;
    if (knobs) {
        g_autoptr(JsonObject) object = sim_object_from_text(knobs, error);
        if (!object || !sim_modem_set_knobs(station->modem, object, error)) {
            g_prefix_error(error, "--knobs: ");
            return NULL;
        }
    }
    if (!sim_modem_plug(station->modem, behind_socket, error))
        return NULL;
    station->control = sim_control_new(parts[2], on_request, station, error);
    return station->control ? g_steal_pointer(&station) : NULL;
}

/* Plays the proxy of each class that one of MODEMS has; NAME (may be NULL) instead of its usual one. */
static gboolean play_proxies(GPtrArray *modems, const char *name, GPtrArray *proxies,
                             GError **error)
{
    g_autoptr(GHashTable) played = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < modems->len; i++) {
        const SimModemClass *class = sim_modem_get_class(modems->pdata[i]);
        const char *usual = sim_modem_class_get_proxy_name(class);
        if (!usual || !g_hash_table_add(played, (gpointer) class))
            continue;
        if (name && proxies->len > 0) {
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                "--proxy-name: the modems want several proxies");
            return FALSE;
        }
        SimProxy *proxy = sim_proxy_new(class, name ? name : usual, modems, error);
        if (!proxy)
            return FALSE;
        g_ptr_array_add(proxies, proxy);
    }
    return TRUE;
}

static gboolean on_signal(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_CONTINUE;
}

int sim_modem_main(int argc, char **argv)
{
    g_auto(GStrv) modems = NULL;
    g_autofree char *proxy_kind = NULL, *proxy_name = NULL, *knobs = NULL;
    int ready_fd = -1;
    gboolean end_with_parent = FALSE;
    const GOptionEntry entries[] = {
        { "modem", 0, 0, G_OPTION_ARG_STRING_ARRAY, &modems,
          "A modem: device path to create, card file for each physical slot, control socket to "
          "create",
          MODEM_FORM },
        { "proxy", 0, 0, G_OPTION_ARG_STRING, &proxy_kind,
          "fake: play qmi-proxy or mbim-proxy for several clients (default); real: be a terminal "
          "behind it",
          "fake|real" },
        { "proxy-name", 0, 0, G_OPTION_ARG_STRING, &proxy_name,
          "Abstract socket to listen on with --proxy=fake (default: as the real one)", "NAME" },
        { "knobs", 0, 0, G_OPTION_ARG_STRING, &knobs, "Behaviour of all modems", "JSON|@FILE" },
        { "ready-fd", 0, 0, G_OPTION_ARG_INT, &ready_fd, "Write a line here once all is there",
          "FD" },
        { "end-with-parent", 0, 0, G_OPTION_ARG_NONE, &end_with_parent,
          "Get SIGTERM when the parent process ends", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- simulated modems");
    g_autoptr(GError) error = NULL;
    g_option_context_set_summary(
        context,
        "Serves modems until SIGTERM. Each has a card (see \"euicc-sim card\") and a "
        "control socket\n"
        "for \"euicc-sim ctl\": "
        "{\"do\":\"show\"|\"knobs\"|\"card\"|\"wait\"|\"eject\"|\"insert\"|\n"
        "\"switch-slot\"|\"release\"|\"unplug\"|\"plug\"}. EUICC_SIM_TRACE=1 in the environment "
        "prints every APDU on "
        "standard error.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("euicc-sim modem: %s\n", error->message);
        return SIM_EXIT_USAGE;
    }
    if (!modems || argc > 1 ||
        (proxy_kind && g_strcmp0(proxy_kind, "fake") && g_strcmp0(proxy_kind, "real"))) {
        g_printerr("euicc-sim modem: want --modem=" MODEM_FORM "; see --help\n");
        return SIM_EXIT_USAGE;
    }
    if (end_with_parent)
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);

    gboolean behind_socket = g_strcmp0(proxy_kind, "real") != 0;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GPtrArray) stations = g_ptr_array_new_with_free_func(station_free);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autoptr(GPtrArray) proxies = g_ptr_array_new_with_free_func((GDestroyNotify)sim_proxy_free);
    for (guint i = 0; modems[i]; i++) {
        Station *station = station_new(modems[i], i, behind_socket, knobs, &error);
        if (!station)
            goto fail;
        g_ptr_array_add(stations, station);
        g_ptr_array_add(list, station->modem);
    }
    if (behind_socket && !play_proxies(list, proxy_name, proxies, &error))
        goto fail;
    g_unix_signal_add(SIGTERM, on_signal, loop);
    g_unix_signal_add(SIGINT, on_signal, loop);
    if (ready_fd >= 0) {
        if (write(ready_fd, "ready\n", 6) < 0)
            g_printerr("euicc-sim modem: ready fd: %s\n", g_strerror(errno));
        (void)g_close(ready_fd, NULL);
    }
    g_main_loop_run(loop);
    return SIM_EXIT_OK;

fail:
    g_printerr("euicc-sim modem: %s\n", error->message);
    return SIM_EXIT_FAILED;
}
