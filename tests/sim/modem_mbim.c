/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_mbim.h"

#include <stdlib.h>
#include <string.h>

#include "sim/modem_mbim_private.h"
#include "util/bytes.h"

static const struct {
    SimMbimService service;
    guint32 command;
    const char *query, *set; /* NULL: as QUERY */
    gboolean is_control;
} message_names[] = {
    { SIM_MBIM_BASIC_CONNECT, BASIC_DEVICE_CAPS, "ids", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_READY_STATUS, "card-status", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_RADIO_STATE, "radio-state", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_PIN, "pin", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_HOME_PROVIDER, "home-provider", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_REGISTER_STATE, "serving-system", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_PACKET_SERVICE, "packet-service", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_SIGNAL_STATE, "signal-state", NULL, FALSE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_DEVICE_SERVICES, "device-services", NULL, TRUE },
    { SIM_MBIM_BASIC_CONNECT, BASIC_SUBSCRIBE_LIST, "register", NULL, FALSE },
    { SIM_MBIM_EXTENSIONS, EXTENSIONS_SYS_CAPS, "sys-caps", NULL, FALSE },
    { SIM_MBIM_EXTENSIONS, EXTENSIONS_DEVICE_CAPS, "ids", NULL, FALSE },
    { SIM_MBIM_EXTENSIONS, EXTENSIONS_SLOT_MAPPINGS, "slot-mappings", "switch-slot", FALSE },
    { SIM_MBIM_EXTENSIONS, EXTENSIONS_SLOT_STATUS, "slot-status", NULL, FALSE },
    { SIM_MBIM_EXTENSIONS, EXTENSIONS_DEVICE_RESET, "device-reset", NULL, FALSE },
    { SIM_MBIM_EXTENSIONS, EXTENSIONS_VERSION, "version", NULL, TRUE },
    { SIM_MBIM_UICC, UICC_ATR, "atr", NULL, FALSE },
    { SIM_MBIM_UICC, UICC_OPEN_CHANNEL, "open-channel", NULL, FALSE },
    { SIM_MBIM_UICC, UICC_CLOSE_CHANNEL, "close-channel", NULL, FALSE },
    { SIM_MBIM_UICC, UICC_APDU, "send-apdu", NULL, FALSE },
    { SIM_MBIM_UICC, UICC_TERMINAL_CAPABILITY, "terminal-capability", NULL, FALSE },
    { SIM_MBIM_UICC, UICC_RESET, "reset", NULL, FALSE },
};

static const char *const prefixes[] = {
    [SIM_MBIM_BASIC_CONNECT] = "basic-connect-",
    [SIM_MBIM_EXTENSIONS] = "extensions-",
    [SIM_MBIM_UICC] = "uicc-",
    [SIM_MBIM_PROXY_CONTROL] = "proxy-control-",
};

static char *message_name(const SimMbimRequest *request, gboolean *ret_control)
{
    *ret_control = request->type != SIM_MBIM_COMMAND;
    if (*ret_control)
        return g_strdup(request->type == SIM_MBIM_OPEN ? "open" : "close");
    for (guint i = 0; i < G_N_ELEMENTS(message_names); i++) {
        if (message_names[i].service != request->service ||
            message_names[i].command != request->command)
            continue;
        *ret_control = message_names[i].is_control;
        return g_strdup(request->is_set && message_names[i].set ? message_names[i].set
                                                                : message_names[i].query);
    }
    if (request->service == SIM_MBIM_OTHER_SERVICE)
        return g_strdup("other-service");
    return g_strdup_printf("%s%u", prefixes[request->service], request->command);
}

static gboolean is_message(const char *name)
{
    if (g_str_equal(name, "open") || g_str_equal(name, "close"))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(message_names); i++)
        if (g_str_equal(name, message_names[i].query) || !g_strcmp0(name, message_names[i].set))
            return TRUE;
    for (guint i = 0; i <= SIM_MBIM_UICC; i++) {
        SimMbimRequest request = { .type = SIM_MBIM_COMMAND, .service = (SimMbimService)i };
        guint64 number;
        gboolean is_control;
        if (!g_str_has_prefix(name, prefixes[i]) ||
            !g_ascii_string_to_unsigned(name + strlen(prefixes[i]), 10, 1, G_MAXUINT32, &number,
                                        NULL))
            continue;
        request.command = (guint32)number;
        g_autofree char *proper = message_name(&request, &is_control);
        return g_str_equal(proper, name); /* those with a name of their own go by that */
    }
    return FALSE;
}

/* ---- hosts ---- */

static void host_free(gpointer data)
{
    SimMbimHost *host = data;
    sim_mbim_assembly_clear(&host->assembly);
    g_clear_pointer(&host->events, g_array_unref);
    g_free(host);
}

static SimMbimHost *find_host(SimModem *modem, SimPeer *peer)
{
    GPtrArray *hosts = SIM_MBIM(modem)->hosts;
    for (guint i = 0; i < hosts->len; i++) {
        SimMbimHost *host = hosts->pdata[i];
        if (host->peer == peer)
            return host;
    }
    SimMbimHost *host = g_new0(SimMbimHost, 1);
    host->peer = peer;
    host->opened = modem->behind_socket; /* the proxy opened the modem for all */
    g_ptr_array_add(hosts, host);
    return host;
}

static void peer_gone(SimModem *modem, SimPeer *peer)
{
    g_ptr_array_remove(SIM_MBIM(modem)->hosts, find_host(modem, peer));
}

static void unplugged(SimModem *modem)
{
    SimMbimModem *mbim = SIM_MBIM(modem);
    g_ptr_array_set_size(mbim->hosts, 0);
    mbim->version = SIM_MBIMEX_1;
    mbim->radio_off = FALSE;
    mbim->pass_through = FALSE;
}

/* OPEN and CLOSE of the one host that a terminal has: what it had is gone. */
static void begin_session(SimModem *modem, SimMbimHost *host, gboolean open, guint32 max_transfer)
{
    g_clear_pointer(&host->events, g_array_unref);
    host->opened = open;
    host->max_transfer = max_transfer;
    SIM_MBIM(modem)->version = SIM_MBIMEX_1;
    if (sim_slot_get_state(modem->slot) == SIM_SLOT_READY)
        sim_slot_close_all(modem->slot);
}

/* ---- messages in and out ---- */

guint sim_mbim_newest_version(const SimMbimModem *mbim)
{
    return (guint)(mbim->mbimex[0] - '0') << 8;
}

guint32 sim_mbim_status_of(SimModem *modem, SimSlotResult result)
{
    switch (result) {
    case SIM_SLOT_OK:
        return SIM_MBIM_OK;
    case SIM_SLOT_NO_CARD:
        return SIM_MBIM_NO_SIM;
    case SIM_SLOT_NOT_READY:
        return SIM_MBIM(modem)->not_ready_status;
    case SIM_SLOT_NO_CHANNEL:
        return SIM_MBIM_NO_CHANNEL;
    case SIM_SLOT_SELECT_FAILED:
        return SIM_MBIM_SELECT_FAILED;
    case SIM_SLOT_BAD_CHANNEL:
        return SIM_MBIM_BAD_CHANNEL;
    case SIM_SLOT_MUTE:
        break;
    }
    return SIM_MBIM_FAILURE;
}

static gsize answer_limit(SimModem *modem, const SimMbimHost *host)
{
    gsize limit = SIM_MBIM(modem)->fragment_size;
    if (host->max_transfer > 0)
        limit = limit > 0 ? MIN(limit, host->max_transfer) : host->max_transfer;
    return limit;
}

static guint32 connect_or_close(SimModem *modem, SimMbimHost *host, const SimMbimRequest *request)
{
    gboolean open = request->type == SIM_MBIM_OPEN;
    if (open && request->max_transfer < SIM_MBIM_MIN_TRANSFER)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (!modem->behind_socket)
        begin_session(modem, host, open, open ? request->max_transfer : 0);
    return SIM_MBIM_OK;
}

static void dispatch(SimModem *modem, SimMbimHost *host, const SimMbimRequest *request,
                     SimMbimAnswer *answer)
{
    switch (request->service) {
    case SIM_MBIM_BASIC_CONNECT:
        if (request->command == BASIC_DEVICE_SERVICES || request->command == BASIC_SUBSCRIBE_LIST)
            sim_mbim_services(modem, host, request, answer);
        else
            sim_mbim_basic(modem, request, answer);
        break;
    case SIM_MBIM_EXTENSIONS:
        sim_mbim_extensions(modem, request, answer);
        break;
    case SIM_MBIM_UICC:
        sim_mbim_uicc(modem, request, answer);
        break;
    case SIM_MBIM_PROXY_CONTROL:
    case SIM_MBIM_OTHER_SERVICE:
        answer->status = SIM_MBIM_NOT_SUPPORTED;
        break;
    }
}

static GByteArray *process(SimModem *modem, SimPeer *peer, const SimRequest *request, guint32 error)
{
    SimMbimHost *host = find_host(modem, peer);
    const SimMbimRequest *parsed = request->parsed;
    if (parsed->type != SIM_MBIM_COMMAND)
        return sim_mbim_simple_done(parsed, error ? error : connect_or_close(modem, host, parsed));
    SimMbimAnswer answer = { error, NULL, FALSE };
    if (!error)
        dispatch(modem, host, parsed, &answer);
    g_autoptr(GByteArray) info = answer.info;
    if (answer.mute)
        return NULL;
    return sim_mbim_fragment(sim_mbim_command_done(parsed, answer.status, info),
                             answer_limit(modem, host));
}

static void refuse(SimPeer *peer, guint32 transaction, guint32 error)
{
    g_autoptr(GByteArray) frame = sim_mbim_function_error(transaction, error);
    sim_peer_send(peer, frame->data, frame->len);
}

static void take_frame(SimModem *modem, SimPeer *peer, const guint8 *frame, gsize size)
{
    SimMbimHost *host = find_host(modem, peer);
    guint32 transaction = sim_mbim_get_transaction(frame, size), error = 0;
    g_autoptr(GByteArray) message = NULL;
    SimMbimRequest parsed;
    switch (sim_mbim_assemble(&host->assembly, frame, size, host->max_transfer, &message, &error)) {
    case SIM_MBIM_WHOLE:
        break;
    case SIM_MBIM_MORE:
        return;
    case SIM_MBIM_WRONG:
        refuse(peer, transaction, error);
        return;
    }
    if (!sim_mbim_request_parse(message->data, message->len, &parsed)) {
        refuse(peer, transaction, SIM_MBIM_LENGTH_MISMATCH);
        return;
    }
    switch (parsed.type) {
    case SIM_MBIM_HOST_ERROR:
        return;
    case SIM_MBIM_OPEN:
        break;
    case SIM_MBIM_CLOSE:
    case SIM_MBIM_COMMAND:
        if (host->opened)
            break;
        refuse(peer, transaction, SIM_MBIM_NOT_OPENED);
        return;
    default:
        refuse(peer, transaction, SIM_MBIM_UNKNOWN_MESSAGE);
        return;
    }
    gboolean is_control;
    g_autofree char *name = message_name(&parsed, &is_control);
    const SimRequest request = { .name = name,
                                 .is_control = is_control,
                                 .content = parsed.info,
                                 .size = parsed.size,
                                 .parsed = &parsed };
    sim_modem_handle(modem, peer, &request);
}

void sim_mbim_indicate(SimModem *modem, SimMbimService service, guint32 command,
                       const GByteArray *info)
{
    GPtrArray *hosts = SIM_MBIM(modem)->hosts;
    for (guint i = 0; i < hosts->len; i++) {
        const SimMbimHost *host = hosts->pdata[i];
        if (!host->opened || !sim_mbim_is_subscribed(host, service, command))
            continue;
        g_autoptr(GByteArray) frames = sim_mbim_fragment(
            sim_mbim_indication(service, command, info), answer_limit(modem, host));
        sim_modem_indicate(modem, host->peer, frames);
    }
}

static void slot_changed(SimModem *modem)
{
    g_autoptr(GByteArray) ready = sim_mbim_ready_status(modem);
    sim_mbim_indicate(modem, SIM_MBIM_BASIC_CONNECT, BASIC_READY_STATUS, ready);
    if (!modem->slot_status)
        return;
    g_autoptr(GByteArray) status = sim_mbim_slot_status(modem, modem->active_slot);
    sim_mbim_indicate(modem, SIM_MBIM_EXTENSIONS, EXTENSIONS_SLOT_STATUS, status);
}

/* ---- the proxy ---- */

static gboolean is_proxy_request(const guint8 *frame, gsize size, SimMbimRequest *ret_request)
{
    return sim_mbim_request_parse(frame, size, ret_request) &&
           ret_request->type == SIM_MBIM_COMMAND &&
           ret_request->service == SIM_MBIM_PROXY_CONTROL && ret_request->command == 1 &&
           ret_request->is_set;
}

static char *proxy_path(const guint8 *frame, gsize size)
{
    SimMbimRequest request;
    if (!is_proxy_request(frame, size, &request))
        return NULL;
    char *path = sim_mbim_get_text(request.info, request.size, 0);
    return path ? path : g_strdup("");
}

static GByteArray *proxy_answer(const guint8 *frame, gsize size, gboolean opened)
{
    SimMbimRequest request;
    (void)is_proxy_request(frame, size, &request);
    return sim_mbim_command_done(&request, opened ? SIM_MBIM_OK : SIM_MBIM_FAILURE, NULL);
}

/* ---- the class ---- */

static void init(SimModem *modem)
{
    SimMbimModem *mbim = SIM_MBIM(modem);
    mbim->hosts = g_ptr_array_new_with_free_func(host_free);
    mbim->version = SIM_MBIMEX_1;
    mbim->mbimex = g_strdup("1.0");
    mbim->uicc = TRUE;
    mbim->select_p2 = g_strdup("");
    mbim->class_type = g_strdup("any");
    mbim->case_4 = g_strdup("act");
    mbim->not_ready_status = SIM_MBIM_BUSY;
}

static void finish(SimModem *modem)
{
    g_ptr_array_unref(SIM_MBIM(modem)->hosts);
    g_clear_pointer(&SIM_MBIM(modem)->capability, g_byte_array_unref);
}

static void describe(SimModem *modem, JsonObject *object)
{
    const SimMbimModem *mbim = SIM_MBIM(modem);
    JsonArray *clients = json_array_new();
    for (guint i = 0; i < mbim->hosts->len; i++) {
        const SimMbimHost *host = mbim->hosts->pdata[i];
        JsonObject *entry = json_object_new();
        json_object_set_boolean_member(entry, "opened", host->opened);
        json_object_set_int_member(entry, "max-transfer", host->max_transfer);
        json_object_set_int_member(entry, "events", host->events ? host->events->len : 0);
        json_array_add_object_element(clients, entry);
    }
    json_object_set_array_member(object, "clients", clients);
    json_object_set_int_member(object, "version", mbim->version);
    json_object_set_boolean_member(object, "pass-through", mbim->pass_through);
}

static gboolean check_mbimex(const char *text, GError **error)
{
    static const char *const choices[] = { "1.0", "2.0", "3.0", NULL };
    return sim_knob_check_choice("mbimex", text, choices, error);
}

static gboolean check_class_type(const char *text, GError **error)
{
    static const char *const choices[] = { "any", "extended", "inter-industry", NULL };
    return sim_knob_check_choice("class-type", text, choices, error);
}

static gboolean check_case_4(const char *text, GError **error)
{
    static const char *const choices[] = { "act", "refuse", "empty", NULL };
    return sim_knob_check_choice("case-4", text, choices, error);
}

static gboolean check_select_p2(const char *text, GError **error)
{
    g_autoptr(GBytes) values = bytes_from_hex(text, error);
    if (values)
        return TRUE;
    g_prefix_error(error, "select-p2: ");
    return FALSE;
}

#define KNOB(name, type, member, low, high, check)                                                 \
    {                                                                                              \
        name, SIM_KNOB_##type, G_STRUCT_OFFSET(SimMbimModem, member), low, high, check             \
    }
static const SimKnob knobs[] = {
    KNOB("mbimex", TEXT, mbimex, 0, 0, check_mbimex),
    KNOB("uicc", FLAG, uicc, 0, 0, NULL),
    KNOB("select-p2", TEXT, select_p2, 0, 0, check_select_p2),
    KNOB("class-type", TEXT, class_type, 0, 0, check_class_type),
    KNOB("case-4", TEXT, case_4, 0, 0, check_case_4),
    KNOB("procedure-bytes", NUMBER, procedure_bytes, 0, 1, NULL),
    KNOB("not-ready-status", NUMBER, not_ready_status, 1, G_MAXUINT32, NULL),
    KNOB("fragment-size", NUMBER, fragment_size, 0, 65536, NULL),
    { NULL, SIM_KNOB_FLAG, 0, 0, 0, NULL },
};

const SimModemClass sim_modem_mbim = {
    .kind = "mbim",
    .proxy_name = "mbim-proxy",
    .size = sizeof(SimMbimModem),
    .max_error = G_MAXUINT32,
    .default_error = SIM_MBIM_FAILURE,
    .knobs = knobs,
    .init = init,
    .finish = finish,
    .measure = sim_mbim_measure,
    .frame = take_frame,
    .process = process,
    .is_message = is_message,
    .slot_changed = slot_changed,
    .unplugged = unplugged,
    .peer_gone = peer_gone,
    .describe = describe,
    .proxy_path = proxy_path,
    .proxy_answer = proxy_answer,
};
