/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_qmi_private.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bytes.h"

enum {
    CTL_VERSION = 0x0021,
    CTL_ALLOCATE = 0x0022,
    CTL_RELEASE = 0x0023,
    CTL_SYNC = 0x0027,
    CTL_PROXY_OPEN = 0xFF00,
};

static const struct {
    guint8 service;
    guint16 message;
    const char *name;
} message_names[] = {
    { SIM_QMI_CTL, 0x0021, "version" },        { SIM_QMI_CTL, 0x0022, "allocate" },
    { SIM_QMI_CTL, 0x0023, "release" },        { SIM_QMI_CTL, 0x0027, "sync" },
    { SIM_QMI_CTL, 0xFF00, "proxy-open" },     { SIM_QMI_UIM, 0x0000, "reset" },
    { SIM_QMI_UIM, 0x002E, "register" },       { SIM_QMI_UIM, 0x002F, "card-status" },
    { SIM_QMI_UIM, 0x0030, "power-off" },      { SIM_QMI_UIM, 0x0031, "power-on" },
    { SIM_QMI_UIM, 0x003B, "send-apdu" },      { SIM_QMI_UIM, 0x003F, "close-channel" },
    { SIM_QMI_UIM, 0x0042, "open-channel" },   { SIM_QMI_UIM, 0x0046, "switch-slot" },
    { SIM_QMI_UIM, 0x0047, "slot-status" },    { SIM_QMI_DMS, 0x0025, "ids" },
    { SIM_QMI_NAS, 0x0024, "serving-system" },
};

static char *message_name(const SimQmiRequest *request)
{
    for (guint i = 0; i < G_N_ELEMENTS(message_names); i++)
        if (message_names[i].service == request->service &&
            message_names[i].message == request->message)
            return g_strdup(message_names[i].name);
    if (request->service == SIM_QMI_UIM)
        return g_strdup_printf("%04X", request->message);
    return g_strdup_printf("%02X-%04X", request->service, request->message);
}

/* TRUE for what message_name() can return of a message that rules apply to. */
static gboolean is_message(const char *name)
{
    guint64 number;
    for (guint i = 0; i < G_N_ELEMENTS(message_names); i++)
        if (!g_ascii_strcasecmp(message_names[i].name, name))
            return message_names[i].message != CTL_PROXY_OPEN;
    if (strlen(name) != 4 || !g_ascii_string_to_unsigned(name, 16, 0, G_MAXUINT16, &number, NULL))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(message_names); i++)
        if (message_names[i].service == SIM_QMI_UIM && message_names[i].message == number)
            return FALSE;
    return TRUE;
}

/* ---- clients ---- */

static SimQmiClient *find_client(SimModem *modem, guint8 service, guint8 id)
{
    for (guint i = 0; i < modem->clients->len; i++) {
        SimQmiClient *client = modem->clients->pdata[i];
        if (client->service == service && client->id == id)
            return client;
    }
    return NULL;
}

static void release_client(SimModem *modem, SimQmiClient *client)
{
    if (client->service == SIM_QMI_UIM && modem->release_closes &&
        sim_slot_get_state(modem->slot) == SIM_SLOT_READY)
        sim_slot_close_channels_of(modem->slot, client->id);
    g_ptr_array_remove(modem->clients, client);
}

void sim_qmi_count(SimModem *modem, const char *what)
{
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(modem->counts, what));
    g_hash_table_insert(modem->counts, g_strdup(what), GUINT_TO_POINTER(count + 1));
}

static void tell_watch(SimModem *modem)
{
    if (modem->watch)
        modem->watch(modem, modem->watch_data);
}

void sim_qmi_send_indication(SimModem *modem, const SimQmiClient *client, guint16 message,
                             const SimQmiTlvs *tlvs)
{
    if (!client->peer || modem->no_indications || modem->silent)
        return;
    g_autoptr(GByteArray) frame = sim_qmi_indication(client->service, client->id, message, tlvs);
    sim_peer_send(client->peer, frame->data, frame->len);
    sim_qmi_count(modem, "indication");
}

static void on_slot_changed(SimSlot *slot G_GNUC_UNUSED, gpointer data)
{
    SimModem *modem = data;
    if (modem->plugged)
        sim_qmi_uim_slot_changed(modem);
    tell_watch(modem);
}

/* ---- services ---- */

static void ctl(SimModem *modem, SimPeer *peer, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    static const guint8 services[] = { SIM_QMI_CTL, SIM_QMI_WDS, SIM_QMI_DMS, SIM_QMI_UIM,
                                       SIM_QMI_NAS };
    const gsize n_services = G_N_ELEMENTS(services) - (modem->no_nas ? 1 : 0);
    const guint8 *data;
    gsize size;
    GByteArray *value;

    switch (request->message) {
    case CTL_VERSION:
        value = g_byte_array_new();
        sim_qmi_put_u8(value, (guint8)n_services);
        for (guint i = 0; i < n_services; i++) {
            sim_qmi_put_u8(value, services[i]);
            sim_qmi_put_u16(value, 1);
            sim_qmi_put_u16(value, services[i] == SIM_QMI_UIM ? 46 : 5);
        }
        sim_qmi_tlv_take(answer->tlvs, 0x01, value);
        break;
    case CTL_ALLOCATE: {
        guint8 service;
        if (!sim_qmi_request_u8(request, 0x01, &service)) {
            answer->error = SIM_QMI_MISSING_ARGUMENT;
            break;
        }
        if (service == SIM_QMI_CTL || !memchr(services, service, n_services)) {
            answer->error = SIM_QMI_INVALID_SERVICE_TYPE;
            break;
        }
        guint8 id = 1;
        while (id <= modem->max_client_ids && find_client(modem, service, id))
            id++;
        if (id > modem->max_client_ids) {
            answer->error = SIM_QMI_CLIENT_IDS_EXHAUSTED;
            break;
        }
        SimQmiClient *client = g_new0(SimQmiClient, 1);
        client->service = service;
        client->id = id;
        client->peer = peer;
        g_ptr_array_add(modem->clients, client);
        const guint8 pair[] = { service, id };
        sim_qmi_tlv(answer->tlvs, 0x01, pair, sizeof pair);
        break;
    }
    case CTL_RELEASE: {
        SimQmiClient *client = NULL;
        if (sim_qmi_request_tlv(request, 0x01, &data, &size) && size == 2)
            client = find_client(modem, data[0], data[1]);
        if (!client) {
            answer->error = SIM_QMI_INVALID_CLIENT_ID;
            break;
        }
        sim_qmi_tlv(answer->tlvs, 0x01, data, size);
        release_client(modem, client);
        break;
    }
    case CTL_SYNC: /* forgets every client, of whoever it is */
        while (modem->clients->len > 0)
            release_client(modem, modem->clients->pdata[0]);
        break;
    default:
        answer->error = SIM_QMI_NOT_SUPPORTED;
        break;
    }
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

static void send_later(SimModem *modem, SimPeer *peer, GByteArray *frames, guint ms)
{
    Delayed *delayed = g_new0(Delayed, 1);
    delayed->modem = modem;
    delayed->peer = sim_peer_ref(peer);
    delayed->frames = g_byte_array_ref(frames);
    delayed->timer = g_timeout_add(ms, on_delay_over, delayed);
    g_ptr_array_add(modem->delayed, delayed);
}

static void process(SimModem *modem, SimPeer *peer, const SimQmiRequest *request,
                    SimQmiAnswer *answer)
{
    if (request->service == SIM_QMI_CTL) {
        ctl(modem, peer, request, answer);
        return;
    }
    SimQmiClient *client = find_client(modem, request->service, request->client);
    if (!client)
        answer->error = SIM_QMI_INVALID_CLIENT_ID;
    else if (request->service == SIM_QMI_UIM)
        sim_qmi_uim(modem, client, request, answer);
    else if (request->service == SIM_QMI_DMS)
        sim_qmi_dms(modem, request, answer);
    else if (request->service == SIM_QMI_NAS)
        sim_qmi_nas(modem, request, answer);
    else
        answer->error = SIM_QMI_NOT_SUPPORTED;
}

static void handle_request(SimModem *modem, SimPeer *peer, const SimQmiRequest *request)
{
    g_autofree char *name = message_name(request);
    sim_qmi_count(modem, name);
    if (modem->silent) {
        tell_watch(modem);
        return;
    }
    SimRuleVerdict verdict = sim_rules_judge(modem->rules, name, request->service == SIM_QMI_CTL,
                                             request->tlvs, request->tlvs_size);
    gboolean processed = FALSE, answered = FALSE;
    if (verdict.action != SIM_RULE_NONE)
        sim_qmi_count(modem, "rule");
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

    g_autoptr(GByteArray) tlvs = sim_qmi_tlvs_new();
    g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    SimQmiAnswer answer = { processed ? SIM_QMI_OK : verdict.error, tlvs, after, FALSE };
    if (processed)
        process(modem, peer, request, &answer);
    guint card_delay = sim_slot_take_delay(modem->slot);
    if (answered && !answer.mute) {
        g_autoptr(GByteArray) frames = sim_qmi_response(request, answer.error, answer.tlvs);
        for (guint i = 0; i < after->len; i++) {
            const GByteArray *next = after->pdata[i];
            g_byte_array_append(frames, next->data, next->len);
        }
        if (verdict.action == SIM_RULE_DELAY || card_delay > 0)
            send_later(modem, peer, frames,
                       card_delay + (verdict.action == SIM_RULE_DELAY ? verdict.delay : 0));
        else
            sim_peer_send(peer, frames->data, frames->len);
    }
    if (verdict.action == SIM_RULE_UNPLUG || verdict.action == SIM_RULE_UNPLUG_AFTER)
        sim_modem_unplug(modem);
    tell_watch(modem);
}

static gssize measure(const guint8 *data, gsize size)
{
    return sim_qmi_measure(data, size);
}

static void on_pty_frame(SimPeer *peer, const guint8 *frame, gsize size, gpointer data)
{
    SimQmiRequest request;
    if (sim_qmi_request_parse(frame, size, &request))
        handle_request(data, peer, &request);
}

static void on_pty_gone(SimPeer *peer G_GNUC_UNUSED, gpointer data)
{
    sim_modem_unplug(data); /* junk: the line is out of step for good */
}

/* ---- the modem ---- */

SimModem *sim_modem_new(const char *path, SimCard *card)
{
    SimModem *modem = g_new0(SimModem, 1);
    modem->path = g_strdup(path);
    modem->slot = sim_slot_new(card, on_slot_changed, modem);
    modem->pty_slave = -1;
    modem->peers = g_ptr_array_new();
    modem->clients = g_ptr_array_new_with_free_func(g_free);
    modem->delayed = g_ptr_array_new_with_free_func(delayed_free);
    modem->rules = g_ptr_array_new();
    modem->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    modem->active_slot = 1;
    modem->max_client_ids = 32;
    modem->release_closes = TRUE;
    modem->reset_closes = TRUE;
    modem->long_response = 1024;
    modem->slots = 1;
    modem->imei = g_strdup("356938035643809");
    modem->plmn = g_strdup("00101");
    return modem;
}

void sim_modem_free(SimModem *modem)
{
    if (!modem)
        return;
    modem->watch = NULL;
    sim_modem_unplug(modem);
    sim_slot_free(modem->slot);
    g_ptr_array_unref(modem->delayed);
    g_ptr_array_unref(modem->clients);
    g_ptr_array_unref(modem->peers);
    g_ptr_array_unref(modem->rules);
    g_hash_table_unref(modem->counts);
    g_free(modem->imei);
    g_free(modem->plmn);
    g_free(modem->path);
    g_free(modem);
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

void sim_modem_set_watch(SimModem *modem, void (*watch)(SimModem *modem, gpointer data),
                         gpointer data)
{
    modem->watch = watch;
    modem->watch_data = data;
}

guint sim_modem_get_count(SimModem *modem, const char *what)
{
    if (!g_strcmp0(what, "refresh"))
        return sim_slot_get_refreshes(modem->slot);
    if (!g_strcmp0(what, "power-cycle"))
        return sim_slot_get_power_cycles(modem->slot);
    return GPOINTER_TO_UINT(g_hash_table_lookup(modem->counts, what));
}

gboolean sim_modem_plug(SimModem *modem, gboolean behind_socket, GError **error)
{
    static const SimPeerFuncs funcs = { measure, on_pty_frame, on_pty_gone };
    if (modem->plugged) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is plugged already", modem->path);
        return FALSE;
    }
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
    sim_slot_restart(modem->slot);
    modem->in_refresh = FALSE;
    modem->seen_refreshes = sim_slot_get_refreshes(modem->slot);
    modem->plugged = TRUE;
    sim_qmi_count(modem, "plug");
    tell_watch(modem);
    return TRUE;
}

void sim_modem_unplug(SimModem *modem)
{
    if (!modem->plugged)
        return;
    modem->plugged = FALSE;
    (void)g_unlink(modem->path);
    g_ptr_array_set_size(modem->delayed, 0);
    g_ptr_array_set_size(modem->clients, 0);
    for (guint i = 0; i < modem->peers->len; i++)
        sim_peer_close(modem->peers->pdata[i]);
    g_ptr_array_set_size(modem->peers, 0);
    if (modem->pty)
        sim_peer_close(modem->pty);
    g_clear_pointer(&modem->pty, sim_peer_unref);
    if (modem->pty_slave >= 0)
        (void)g_close(modem->pty_slave, NULL);
    modem->pty_slave = -1;
    sim_slot_restart(modem->slot);
    sim_qmi_count(modem, "unplug");
    tell_watch(modem);
}

static gboolean check_knob_names(JsonObject *knobs, GError **error)
{
    static const char *const known[] = { "do",
                                         "rules",
                                         "client-ids",
                                         "slots",
                                         "long-response",
                                         "procedure-bytes",
                                         "silent",
                                         "release-closes",
                                         "reset-closes",
                                         "slot-status",
                                         "indications",
                                         "imei",
                                         "plmn",
                                         "nas",
                                         NULL };
    g_autoptr(GList) names = json_object_get_members(knobs);
    for (GList *name = names; name; name = name->next) {
        if (g_strv_contains(known, name->data) || sim_slot_has_knob(name->data))
            continue;
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no knob of the modem: '%s'",
                    (const char *)name->data);
        return FALSE;
    }
    return TRUE;
}

/* NULL without ERROR: there is no such member. */
static GPtrArray *read_rules(JsonObject *knobs, GError **error)
{
    JsonNode *node = json_object_get_member(knobs, "rules");
    if (!node)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return sim_rules_parse(json_node_get_array(node), is_message, error);
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "rules: want an array");
    return NULL;
}

static void replace_text(char **text, const char *new)
{
    char *old = *text; /* NEW may be it */
    *text = g_strdup(new);
    g_free(old);
}

gboolean sim_modem_set_knobs(SimModem *modem, JsonObject *knobs, GError **error)
{
    guint fetch = modem->fetch_by_default ? 1 : 0;
    struct {
        const char *name;
        guint *value;
        guint low, high;
        guint new;
    } numbers[] = {
        { "client-ids", &modem->max_client_ids, 0, 254, modem->max_client_ids },
        { "long-response", &modem->long_response, 0, G_MAXUINT16, modem->long_response },
        { "slots", &modem->slots, 1, 5, modem->slots },
        { "procedure-bytes", &fetch, 0, 1, fetch },
    };
    struct {
        const char *name;
        gboolean *value;
        gboolean negated;
        gboolean new;
    } flags[] = {
        { "release-closes", &modem->release_closes, FALSE, modem->release_closes },
        { "reset-closes", &modem->reset_closes, FALSE, modem->reset_closes },
        { "slot-status", &modem->no_slot_status, TRUE, !modem->no_slot_status },
        { "indications", &modem->no_indications, TRUE, !modem->no_indications },
        { "silent", &modem->silent, FALSE, modem->silent },
        { "nas", &modem->no_nas, TRUE, !modem->no_nas },
    };
    const char *imei = modem->imei, *plmn = modem->plmn;
    g_autoptr(GPtrArray) rules = NULL;

    if (!check_knob_names(knobs, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (!sim_knob_number(knobs, numbers[i].name, numbers[i].low, numbers[i].high,
                             &numbers[i].new, error))
            return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
        if (!sim_knob_flag(knobs, flags[i].name, &flags[i].new, error))
            return FALSE;
    if (!sim_knob_text(knobs, "imei", &imei, error) ||
        !sim_knob_text(knobs, "plmn", &plmn, error) || !sim_qmi_check_identity(imei, plmn, error))
        return FALSE;
    rules = read_rules(knobs, error);
    if ((!rules && json_object_has_member(knobs, "rules")) ||
        !sim_slot_set_knobs(modem->slot, knobs, error))
        return FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i].value = numbers[i].new;
    modem->fetch_by_default = fetch == 1;
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
        *flags[i].value = flags[i].new != flags[i].negated;
    replace_text(&modem->imei, imei);
    replace_text(&modem->plmn, plmn);
    if (rules) {
        g_ptr_array_unref(modem->rules);
        modem->rules = g_steal_pointer(&rules);
    }
    return TRUE;
}

void sim_modem_describe(SimModem *modem, JsonObject *object)
{
    JsonArray *clients = json_array_new();
    for (guint i = 0; i < modem->clients->len; i++) {
        const SimQmiClient *client = modem->clients->pdata[i];
        JsonObject *entry = json_object_new();
        json_object_set_int_member(entry, "service", client->service);
        json_object_set_int_member(entry, "id", client->id);
        json_object_set_int_member(entry, "events", client->events);
        json_object_set_boolean_member(entry, "alive", client->peer != NULL);
        json_array_add_object_element(clients, entry);
    }
    JsonObject *messages = json_object_new();
    GHashTableIter iter;
    gpointer name, count;
    g_hash_table_iter_init(&iter, modem->counts);
    while (g_hash_table_iter_next(&iter, &name, &count))
        json_object_set_int_member(messages, name, GPOINTER_TO_UINT(count));

    json_object_set_string_member(object, "path", modem->path);
    json_object_set_boolean_member(object, "plugged", modem->plugged);
    sim_slot_describe(modem->slot, object);
    json_object_set_int_member(object, "active-slot", modem->active_slot);
    json_object_set_array_member(object, "clients", clients);
    json_object_set_object_member(object, "messages", messages);
    json_object_set_array_member(object, "rules", sim_rules_describe(modem->rules));
}

/* ---- the socket that plays the proxy ---- */

typedef struct {
    SimQmiProxy *proxy;
    SimPeer *peer;
    SimModem *modem; /* NULL until it said which device it means */
} ProxyClient;

struct SimQmiProxy {
    GPtrArray *modems;
    GPtrArray *clients;
    int fd;
    guint source;
};

static void proxy_client_free(gpointer data)
{
    ProxyClient *client = data;
    if (client->modem) {
        g_ptr_array_remove(client->modem->peers, client->peer);
        for (guint i = 0; i < client->modem->clients->len; i++) {
            SimQmiClient *id = client->modem->clients->pdata[i];
            if (id->peer == client->peer)
                id->peer = NULL; /* the modem does not learn that a host died */
        }
    }
    sim_peer_close(client->peer);
    sim_peer_unref(client->peer);
    g_free(client);
}

static gboolean same_device(const char *a, const char *b)
{
    g_autofree char *real_a = realpath(a, NULL);
    g_autofree char *real_b = realpath(b, NULL);
    return g_str_equal(a, b) || (real_a && real_b && g_str_equal(real_a, real_b));
}

static void proxy_open(ProxyClient *client, const SimQmiRequest *request)
{
    const guint8 *data;
    gsize size;
    guint16 result = SIM_QMI_INTERNAL;
    if (sim_qmi_request_tlv(request, 0x01, &data, &size)) {
        g_autofree char *path = g_strndup((const char *)data, size);
        for (guint i = 0; i < client->proxy->modems->len; i++) {
            SimModem *modem = client->proxy->modems->pdata[i];
            if (!modem->plugged || client->modem || !same_device(modem->path, path))
                continue;
            client->modem = modem;
            g_ptr_array_add(modem->peers, client->peer);
            sim_qmi_count(modem, "proxy-open");
            result = SIM_QMI_OK;
        }
    }
    g_autoptr(GByteArray) frame = sim_qmi_response(request, result, NULL);
    sim_peer_send(client->peer, frame->data, frame->len);
}

static void on_client_frame(SimPeer *peer, const guint8 *frame, gsize size, gpointer data)
{
    ProxyClient *client = data;
    SimQmiRequest request;
    if (!sim_qmi_request_parse(frame, size, &request))
        return;
    if (request.service == SIM_QMI_CTL && request.message == CTL_PROXY_OPEN)
        proxy_open(client, &request);
    else if (client->modem && client->modem->plugged)
        handle_request(client->modem, peer, &request);
}

static void on_client_gone(SimPeer *peer G_GNUC_UNUSED, gpointer data)
{
    ProxyClient *client = data;
    g_ptr_array_remove(client->proxy->clients, client);
}

static gboolean on_client(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    static const SimPeerFuncs funcs = { measure, on_client_frame, on_client_gone };
    SimQmiProxy *proxy = data;
    for (guint i = proxy->clients->len; i > 0; i--) { /* those whose modem was unplugged */
        const ProxyClient *old = proxy->clients->pdata[i - 1];
        if (!sim_peer_is_open(old->peer))
            g_ptr_array_remove_index(proxy->clients, i - 1);
    }
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0)
        return G_SOURCE_CONTINUE;
    ProxyClient *client = g_new0(ProxyClient, 1);
    client->proxy = proxy;
    client->peer = sim_peer_new(connection, &funcs, client);
    g_ptr_array_add(proxy->clients, client);
    return G_SOURCE_CONTINUE;
}

SimQmiProxy *sim_qmi_proxy_new(const char *name, GPtrArray *modems, GError **error)
{
    int fd = sim_port_listen(name, error);
    if (fd < 0)
        return NULL;
    SimQmiProxy *proxy = g_new0(SimQmiProxy, 1);
    proxy->modems = g_ptr_array_ref(modems);
    proxy->clients = g_ptr_array_new_with_free_func(proxy_client_free);
    proxy->fd = fd;
    proxy->source = g_unix_fd_add(fd, G_IO_IN, on_client, proxy);
    return proxy;
}

void sim_qmi_proxy_free(SimQmiProxy *proxy)
{
    if (!proxy)
        return;
    g_source_remove(proxy->source);
    (void)g_close(proxy->fd, NULL);
    g_ptr_array_unref(proxy->clients);
    g_ptr_array_unref(proxy->modems);
    g_free(proxy);
}
