/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_qmi.h"

#include <string.h>

#include "sim/modem_qmi_private.h"

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
    { SIM_QMI_NAS, 0x0024, "serving-system" }, { SIM_QMI_DMS, 0x002E, "operating-mode" },
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
    if (strlen(name) == 7 && name[2] == '-') { /* of another service */
        g_autofree char *service = g_strndup(name, 2);
        return g_ascii_string_to_unsigned(service, 16, 0, G_MAXUINT8, &number, NULL) &&
               number != SIM_QMI_UIM &&
               g_ascii_string_to_unsigned(name + 3, 16, 0, G_MAXUINT16, &number, NULL);
    }
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
    const GPtrArray *clients = SIM_QMI(modem)->clients;
    for (guint i = 0; i < clients->len; i++) {
        SimQmiClient *client = clients->pdata[i];
        if (client->service == service && client->id == id)
            return client;
    }
    return NULL;
}

static void release_client(SimModem *modem, SimQmiClient *client)
{
    if (client->service == SIM_QMI_UIM && SIM_QMI(modem)->release_closes &&
        sim_modem_get_state(modem) == SIM_SLOT_READY)
        sim_slot_close_channels_of(modem->slot, client->id);
    g_ptr_array_remove(SIM_QMI(modem)->clients, client);
}

void sim_qmi_send_indication(SimModem *modem, const SimQmiClient *client, guint16 message,
                             const SimQmiTlvs *tlvs)
{
    if (!client->peer)
        return;
    g_autoptr(GByteArray) frame = sim_qmi_indication(client->service, client->id, message, tlvs);
    sim_modem_indicate(modem, client->peer, frame);
}

static void peer_gone(SimModem *modem, SimPeer *peer)
{
    const GPtrArray *clients = SIM_QMI(modem)->clients;
    for (guint i = 0; i < clients->len; i++) {
        SimQmiClient *client = clients->pdata[i];
        if (client->peer == peer)
            client->peer = NULL; /* the modem does not learn that a host died */
    }
}

static void unplugged(SimModem *modem)
{
    g_ptr_array_set_size(SIM_QMI(modem)->clients, 0);
    SIM_QMI(modem)->in_refresh = FALSE;
}

/* ---- services ---- */

static void ctl(SimModem *modem, SimPeer *peer, const SimQmiRequest *request, SimQmiAnswer *answer)
{
    SimQmiModem *qmi = SIM_QMI(modem);
    guint8 services[] = { SIM_QMI_CTL, SIM_QMI_WDS, SIM_QMI_DMS, SIM_QMI_NAS, SIM_QMI_UIM };
    gsize n_services = 3;
    if (qmi->nas)
        services[n_services++] = SIM_QMI_NAS;
    if (qmi->uicc)
        services[n_services++] = SIM_QMI_UIM;
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
        while (id <= qmi->max_client_ids && find_client(modem, service, id))
            id++;
        if (id > qmi->max_client_ids) {
            answer->error = SIM_QMI_CLIENT_IDS_EXHAUSTED;
            break;
        }
        SimQmiClient *client = g_new0(SimQmiClient, 1);
        client->service = service;
        client->id = id;
        client->peer = peer;
        g_ptr_array_add(qmi->clients, client);
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
        while (qmi->clients->len > 0)
            release_client(modem, qmi->clients->pdata[0]);
        break;
    default:
        answer->error = SIM_QMI_NOT_SUPPORTED;
        break;
    }
}

/* ---- messages in and out ---- */

static void dispatch(SimModem *modem, SimPeer *peer, const SimQmiRequest *request,
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

static GByteArray *process(SimModem *modem, SimPeer *peer, const SimRequest *request, guint32 error)
{
    g_autoptr(GByteArray) tlvs = sim_qmi_tlvs_new();
    g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    SimQmiAnswer answer = { (guint16)error, tlvs, after, FALSE };
    if (!error)
        dispatch(modem, peer, request->parsed, &answer);
    if (answer.mute)
        return NULL;
    GByteArray *frames = sim_qmi_response(request->parsed, answer.error, answer.tlvs);
    for (guint i = 0; i < after->len; i++) {
        const GByteArray *next = after->pdata[i];
        g_byte_array_append(frames, next->data, next->len);
    }
    return frames;
}

static void take_frame(SimModem *modem, SimPeer *peer, const guint8 *frame, gsize size)
{
    SimQmiRequest parsed;
    if (!sim_qmi_request_parse(frame, size, &parsed))
        return;
    g_autofree char *name = message_name(&parsed);
    const SimRequest request = { .name = name,
                                 .is_control = parsed.service == SIM_QMI_CTL,
                                 .content = parsed.tlvs,
                                 .size = parsed.tlvs_size,
                                 .parsed = &parsed };
    sim_modem_handle(modem, peer, &request);
}

/* ---- the proxy ---- */

static char *proxy_path(const guint8 *frame, gsize size)
{
    SimQmiRequest request;
    const guint8 *path;
    if (!sim_qmi_request_parse(frame, size, &request) || request.service != SIM_QMI_CTL ||
        request.message != CTL_PROXY_OPEN)
        return NULL;
    if (!sim_qmi_request_tlv(&request, 0x01, &path, &size))
        return g_strdup("");
    return g_strndup((const char *)path, size);
}

static GByteArray *proxy_answer(const guint8 *frame, gsize size, gboolean opened)
{
    SimQmiRequest request;
    (void)sim_qmi_request_parse(frame, size, &request);
    return sim_qmi_response(&request, opened ? SIM_QMI_OK : SIM_QMI_INTERNAL, NULL);
}

/* ---- the class ---- */

static void init(SimModem *modem)
{
    SimQmiModem *qmi = SIM_QMI(modem);
    qmi->clients = g_ptr_array_new_with_free_func(g_free);
    qmi->max_client_ids = 32;
    qmi->release_closes = TRUE;
    qmi->reset_closes = TRUE;
    qmi->long_response = 1024;
    qmi->nas = TRUE;
    qmi->uicc = TRUE;
    qmi->not_ready_error = SIM_QMI_DEVICE_NOT_READY;
    qmi->slot_eid = g_strdup("good");
}

static void finish(SimModem *modem)
{
    g_ptr_array_unref(SIM_QMI(modem)->clients);
}

static void describe(SimModem *modem, JsonObject *object)
{
    const GPtrArray *list = SIM_QMI(modem)->clients;
    JsonArray *clients = json_array_new();
    for (guint i = 0; i < list->len; i++) {
        const SimQmiClient *client = list->pdata[i];
        JsonObject *entry = json_object_new();
        json_object_set_int_member(entry, "service", client->service);
        json_object_set_int_member(entry, "id", client->id);
        json_object_set_int_member(entry, "events", client->events);
        json_object_set_boolean_member(entry, "alive", client->peer != NULL);
        json_array_add_object_element(clients, entry);
    }
    json_object_set_array_member(object, "clients", clients);
}

static gboolean check_slot_eid(const char *text, GError **error)
{
    static const char *const choices[] = { "good", "missing", "short", "junk", NULL };
    return sim_knob_check_choice("slot-eid", text, choices, error);
}

#define KNOB(name, type, member, low, high, check)                                                 \
    {                                                                                              \
        name, SIM_KNOB_##type, G_STRUCT_OFFSET(SimQmiModem, member), low, high, check              \
    }
static const SimKnob knobs[] = {
    KNOB("client-ids", NUMBER, max_client_ids, 0, 254, NULL),
    KNOB("release-closes", FLAG, release_closes, 0, 0, NULL),
    KNOB("reset-closes", FLAG, reset_closes, 0, 0, NULL),
    KNOB("procedure-bytes", NUMBER, procedure_bytes, 0, 1, NULL),
    KNOB("long-response", NUMBER, long_response, 0, G_MAXUINT16, NULL),
    KNOB("nas", FLAG, nas, 0, 0, NULL),
    KNOB("uicc", FLAG, uicc, 0, 0, NULL),
    KNOB("not-ready-error", NUMBER, not_ready_error, 1, G_MAXUINT16, NULL),
    KNOB("refresh-breaks-fetch", FLAG, refresh_breaks_fetch, 0, 0, NULL),
    KNOB("slot-eid", TEXT, slot_eid, 0, 0, check_slot_eid),
    { NULL, SIM_KNOB_FLAG, 0, 0, 0, NULL },
};

const SimModemClass sim_modem_qmi = {
    .kind = "qmi",
    .proxy_name = "qmi-proxy",
    .size = sizeof(SimQmiModem),
    .max_error = G_MAXUINT16,
    .default_error = SIM_QMI_INTERNAL,
    .knobs = knobs,
    .init = init,
    .finish = finish,
    .measure = sim_qmi_measure,
    .frame = take_frame,
    .process = process,
    .is_message = is_message,
    .slot_changed = sim_qmi_uim_slot_changed,
    .unplugged = unplugged,
    .peer_gone = peer_gone,
    .describe = describe,
    .proxy_path = proxy_path,
    .proxy_answer = proxy_answer,
};
