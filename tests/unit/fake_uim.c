/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/fake_uim.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <unistd.h>

#include "channel/uim.h"
#include "util/bytes.h"

enum {
    CTL_ALLOCATE = FAKE_UIM_ALLOCATE,
    CTL_RELEASE = 0x0023,
};

typedef struct {
    guint16 id;
    guint16 qmi_error;
    gboolean hold, hang_up;
    GBytes *tlvs;
} Rule;

typedef struct {
    guint16 trigger;
    gboolean before;
    guint16 id;
    GBytes *tlvs;
} Indication;

typedef struct {
    guint16 id;
    GSourceFunc func;
    gpointer data;
} Sequel;

struct FakeUim {
    GSocketListener *listener;
    GCancellable *cancellable;
    GSocketConnection *connection;
    GSource *readable;
    char *name;
    GByteArray *input;
    GPtrArray *rules, *indications, *sequels;
    QmiMessage *held;
    gboolean hold_allocation;
    guint16 allocation_error;
    GString *history;
    guint clients;
    guint8 last_cid; /* of UIM, for indications */
    guint8 other_cid;
    char *apdu;
    guint channel, slot, procedure;
};

static void rule_free(gpointer data)
{
    Rule *rule = data;

    g_clear_pointer(&rule->tlvs, g_bytes_unref);
    g_free(rule);
}

static void indication_free(gpointer data)
{
    Indication *indication = data;

    g_clear_pointer(&indication->tlvs, g_bytes_unref);
    g_free(indication);
}

static GBytes *octets(const char *hex)
{
    GBytes *bytes = bytes_from_hex(hex ? hex : "", NULL);

    g_assert_nonnull(bytes);
    return bytes;
}

static void add_tlvs(QmiMessage *message, GBytes *tlvs)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(tlvs, &size);

    for (gsize at = 0; at + 3 <= size;) {
        gsize length = data[at + 1] | (gsize)data[at + 2] << 8;

        g_assert_cmpuint(at + 3 + length, <=, size);
        g_assert_true(qmi_message_add_raw_tlv(message, data[at], data + at + 3, length, NULL));
        at += 3 + length;
    }
}

static void send_message(FakeUim *fake, QmiMessage *message)
{
    gsize size;
    const guint8 *data = qmi_message_get_raw(message, &size, NULL);

    if (fake->connection)
        g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(fake->connection)),
                                  data, size, NULL, NULL, NULL);
}

static void send_indication(FakeUim *fake, guint16 id, GBytes *tlvs)
{
    g_autoptr(QmiMessage) message = qmi_message_new(QMI_SERVICE_UIM, fake->last_cid, 0, id);

    add_tlvs(message, tlvs);
    message->data[3] = 0x80; /* from the modem */
    message->data[6] = 0x04; /* an indication */
    send_message(fake, message);
}

static void send_indications(FakeUim *fake, guint16 trigger, gboolean before)
{
    for (guint i = 0; i < fake->indications->len;) {
        Indication *indication = g_ptr_array_index(fake->indications, i);

        if (indication->trigger != trigger || indication->before != before) {
            i++;
            continue;
        }
        send_indication(fake, indication->id, indication->tlvs);
        g_ptr_array_remove_index(fake->indications, i);
    }
}

void fake_uim_hang_up(FakeUim *fake)
{
    if (fake->readable) {
        g_source_destroy(fake->readable);
        g_clear_pointer(&fake->readable, g_source_unref);
    }
    if (fake->connection)
        g_io_stream_close(G_IO_STREAM(fake->connection), NULL, NULL);
    g_clear_object(&fake->connection);
    g_byte_array_set_size(fake->input, 0);
    fake->clients = 0;
}

static void describe_client(FakeUim *fake, const char *what, guint8 service)
{
    if (service == QMI_SERVICE_UIM)
        g_string_append_printf(fake->history, "%s ", what);
    else
        g_string_append_printf(fake->history, "%s:%u ", what, service);
}

static void handle_ctl(FakeUim *fake, QmiMessage *request)
{
    guint16 id = qmi_message_get_message_id(request);
    guint16 error = id == CTL_ALLOCATE ? fake->allocation_error : 0;
    g_autoptr(QmiMessage) answer = qmi_message_response_new(request, (QmiProtocolError)error);

    if (id == CTL_ALLOCATE) {
        guint8 tlv[] = { uim_get(request, 0x01).data[0], 0 };

        describe_client(fake, "alloc", tlv[0]);
        fake->allocation_error = 0;
        if (error == 0) {
            fake->clients++;
            tlv[1] = tlv[0] == QMI_SERVICE_UIM ? ++fake->last_cid : ++fake->other_cid;
            qmi_message_add_raw_tlv(answer, 0x01, tlv, sizeof tlv, NULL);
        }
        if (fake->hold_allocation) {
            fake->hold_allocation = FALSE;
            fake->held = g_steal_pointer(&answer);
            return;
        }
    } else if (id == CTL_RELEASE) {
        TlvSlice tlv = uim_get(request, 0x01);

        describe_client(fake, "release", tlv.data[0]);
        fake->clients--;
        qmi_message_add_raw_tlv(answer, 0x01, tlv.data, tlv.size, NULL);
    }
    send_message(fake, answer);
}

static const char *describe(FakeUim *fake, QmiMessage *request)
{
    TlvSlice tlv, apdu;

    if (qmi_message_get_service(request) == QMI_SERVICE_DMS) {
        switch (qmi_message_get_message_id(request)) {
        case 0x0021:
            return "manufacturer";
        case 0x0022:
            return "model";
        case 0x0023:
            return "revision";
        case 0x002E:
            return uim_get(request, 0x01).data[0] == QMI_DMS_OPERATING_MODE_RESET ? "mode:4"
                                                                                  : "mode:other";
        }
    }
    if (qmi_message_get_service(request) != QMI_SERVICE_UIM)
        return qmi_message_get_service(request) == QMI_SERVICE_DMS ? "ids" : "network";
    switch (qmi_message_get_message_id(request)) {
    case UIM_RESET:
        return "reset";
    case UIM_REGISTER_EVENTS:
        tlv = uim_get(request, 0x01);
        g_assert_cmpuint(tlv.size, ==, 4);
        return tlv.data[0] == 0x11 ? "register:17" : "register:1";
    case UIM_GET_SLOT_STATUS:
        return "slots";
    case UIM_GET_CARD_STATUS:
        return "card";
    case UIM_POWER_OFF_SIM:
        fake->slot = uim_get(request, 0x01).data[0];
        return "off";
    case UIM_POWER_ON_SIM:
        fake->slot = uim_get(request, 0x01).data[0];
        return "on";
    case UIM_SWITCH_SLOT:
        tlv = uim_get(request, 0x02);
        g_assert_cmpuint(uim_get(request, 0x01).data[0], ==, 1);
        g_assert_cmpuint(tlv.size, ==, 4);
        return tlv.data[0] == 2 ? "switch:1:2" : "switch:1:1";
    case UIM_OPEN_LOGICAL_CHANNEL:
        fake->slot = uim_get(request, 0x01).data[0];
        return "open";
    case UIM_LOGICAL_CHANNEL:
        fake->channel = uim_get(request, 0x11).data[0];
        return "close";
    case UIM_SEND_APDU:
        apdu = uim_get_octets(request, 0x02, 2);
        g_assert_nonnull(apdu.data);
        g_free(fake->apdu);
        fake->apdu = bytes_to_hex(apdu.data, apdu.size);
        tlv = uim_get(request, 0x10);
        fake->channel = tlv.data ? tlv.data[0] : 0;
        fake->slot = uim_get(request, 0x01).data[0];
        tlv = uim_get(request, 0x11);
        fake->procedure = tlv.size > 0 ? tlv.data[0] : FAKE_UIM_NONE;
        return "apdu";
    }
    return "other";
}

static const char *usual_answer(guint16 id)
{
    switch (id) {
    case UIM_GET_SLOT_STATUS:
        return FAKE_UIM_SLOTS;
    case UIM_GET_CARD_STATUS:
        return FAKE_UIM_CARD_READY;
    case UIM_OPEN_LOGICAL_CHANNEL:
        return "10010001"
               "1102009000"
               "120500046F028400";
    case UIM_SEND_APDU:
        return "100400"
               "0200"
               "9000";
    }
    return "";
}

static void handle_uim(FakeUim *fake, QmiMessage *request)
{
    guint16 id = qmi_message_get_message_id(request);
    g_autoptr(QmiMessage) answer = NULL;
    g_autoptr(GBytes) tlvs = NULL;
    guint16 error = 0;

    g_string_append_printf(fake->history, "%s ", describe(fake, request));
    for (guint i = 0; i < fake->rules->len; i++) {
        Rule *rule = g_ptr_array_index(fake->rules, i);

        if (rule->id != id)
            continue;
        if (rule->hang_up) {
            g_ptr_array_remove_index(fake->rules, i);
            fake_uim_hang_up(fake);
            return;
        }
        if (rule->hold) {
            g_ptr_array_remove_index(fake->rules, i);
            g_clear_pointer(&fake->held, qmi_message_unref);
            fake->held = qmi_message_response_new(request, QMI_PROTOCOL_ERROR_NONE);
            tlvs = octets(usual_answer(id));
            add_tlvs(fake->held, tlvs);
            return;
        }
        error = rule->qmi_error;
        tlvs = g_bytes_ref(rule->tlvs);
        g_ptr_array_remove_index(fake->rules, i);
        break;
    }
    if (!tlvs)
        tlvs = octets(usual_answer(id));
    send_indications(fake, id, TRUE);
    answer = qmi_message_response_new(request, (QmiProtocolError)error);
    add_tlvs(answer, tlvs);
    send_message(fake, answer);
    send_indications(fake, id, FALSE);
}

/* At low priority: everything that the request set going comes first. */
static void start_sequels(FakeUim *fake, guint16 id)
{
    for (guint i = 0; i < fake->sequels->len;) {
        const Sequel *sequel = g_ptr_array_index(fake->sequels, i);
        g_autoptr(GSource) source = NULL;

        if (sequel->id != id) {
            i++;
            continue;
        }
        source = g_idle_source_new();
        g_source_set_priority(source, G_PRIORITY_LOW);
        g_source_set_callback(source, sequel->func, sequel->data, NULL);
        g_source_attach(source, g_main_context_get_thread_default());
        g_ptr_array_remove_index(fake->sequels, i);
    }
}

static gboolean on_readable(GSocket *socket, GIOCondition condition, gpointer data)
{
    FakeUim *fake = data;
    guint8 buffer[4096];
    gssize n = g_socket_receive(socket, (char *)buffer, sizeof buffer, NULL, NULL);

    (void)condition;
    if (n <= 0) {
        fake_uim_hang_up(fake);
        return G_SOURCE_REMOVE;
    }
    g_byte_array_append(fake->input, buffer, (guint)n);
    for (;;) {
        g_autoptr(QmiMessage) request = qmi_message_new_from_raw(fake->input, NULL);

        if (!request)
            break;
        if (qmi_message_get_service(request) == QMI_SERVICE_CTL)
            handle_ctl(fake, request);
        else
            handle_uim(fake, request);
        start_sequels(fake, qmi_message_get_message_id(request));
        if (!fake->connection)
            return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void on_accepted(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GSocketConnection) connection =
        g_socket_listener_accept_finish(G_SOCKET_LISTENER(source), result, NULL, NULL);
    FakeUim *fake = data;

    if (!connection) /* the fake is gone */
        return;
    fake_uim_hang_up(fake);
    fake->connection = g_steal_pointer(&connection);
    fake->readable =
        g_socket_create_source(g_socket_connection_get_socket(fake->connection), G_IO_IN, NULL);
    g_source_set_callback(fake->readable, G_SOURCE_FUNC(on_readable), fake, NULL);
    g_source_attach(fake->readable, g_main_context_get_thread_default());
    g_socket_listener_accept_async(fake->listener, fake->cancellable, on_accepted, fake);
}

FakeUim *fake_uim_new(void)
{
    static gint count;
    FakeUim *fake = g_new0(FakeUim, 1);
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GError) error = NULL;

    fake->name =
        g_strdup_printf("euiccd-test-qmi-%d-%d", (int)getpid(), g_atomic_int_add(&count, 1));
    fake->input = g_byte_array_new();
    fake->rules = g_ptr_array_new_with_free_func(rule_free);
    fake->indications = g_ptr_array_new_with_free_func(indication_free);
    fake->sequels = g_ptr_array_new_with_free_func(g_free);
    fake->history = g_string_new(NULL);
    fake->apdu = g_strdup("");
    fake->cancellable = g_cancellable_new();
    fake->listener = g_socket_listener_new();
    address = g_unix_socket_address_new_with_type(fake->name, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
    g_socket_listener_add_address(fake->listener, address, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
    g_assert_no_error(error);
    g_socket_listener_accept_async(fake->listener, fake->cancellable, on_accepted, fake);
    return fake;
}

void fake_uim_free(FakeUim *fake)
{
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

    if (!fake)
        return;
    g_cancellable_cancel(fake->cancellable);
    while (g_main_context_iteration(context, FALSE))
        continue;
    fake_uim_hang_up(fake);
    g_object_unref(fake->listener);
    g_object_unref(fake->cancellable);
    g_byte_array_unref(fake->input);
    g_ptr_array_unref(fake->rules);
    g_ptr_array_unref(fake->indications);
    g_ptr_array_unref(fake->sequels);
    g_clear_pointer(&fake->held, qmi_message_unref);
    g_string_free(fake->history, TRUE);
    g_free(fake->apdu);
    g_free(fake->name);
    g_free(fake);
}

const char *fake_uim_get_name(FakeUim *fake)
{
    return fake->name;
}

char *fake_uim_take_history(FakeUim *fake)
{
    char *history = g_strchomp(g_strdup(fake->history->str));

    g_string_truncate(fake->history, 0);
    return history;
}

guint fake_uim_get_clients(FakeUim *fake)
{
    return fake->clients;
}

static Rule *add_rule(FakeUim *fake, guint16 id)
{
    Rule *rule = g_new0(Rule, 1);

    rule->id = id;
    g_ptr_array_add(fake->rules, rule);
    return rule;
}

void fake_uim_answer(FakeUim *fake, guint16 id, guint16 qmi_error, const char *tlvs)
{
    Rule *rule = add_rule(fake, id);

    rule->qmi_error = qmi_error;
    rule->tlvs = octets(tlvs);
}

void fake_uim_hold(FakeUim *fake, guint16 id)
{
    add_rule(fake, id)->hold = TRUE;
}

void fake_uim_hang_up_on(FakeUim *fake, guint16 id)
{
    add_rule(fake, id)->hang_up = TRUE;
}

void fake_uim_answer_late(FakeUim *fake)
{
    g_assert_nonnull(fake->held);
    send_message(fake, fake->held);
    g_clear_pointer(&fake->held, qmi_message_unref);
}

void fake_uim_then(FakeUim *fake, guint16 id, GSourceFunc func, gpointer data)
{
    Sequel *sequel = g_new0(Sequel, 1);

    *sequel = (Sequel){ id, func, data };
    g_ptr_array_add(fake->sequels, sequel);
}

void fake_uim_hold_allocation(FakeUim *fake)
{
    fake->hold_allocation = TRUE;
}

void fake_uim_fail_allocation(FakeUim *fake, guint16 qmi_error)
{
    fake->allocation_error = qmi_error;
}

static void add_indication(FakeUim *fake, guint16 trigger, gboolean before, guint16 id,
                           const char *tlvs)
{
    Indication *indication = g_new0(Indication, 1);

    indication->trigger = trigger;
    indication->before = before;
    indication->id = id;
    indication->tlvs = octets(tlvs);
    g_ptr_array_add(fake->indications, indication);
}

void fake_uim_indicate(FakeUim *fake, guint16 id, const char *tlvs)
{
    g_autoptr(GBytes) bytes = octets(tlvs);

    send_indication(fake, id, bytes);
}

void fake_uim_indicate_after(FakeUim *fake, guint16 after, guint16 id, const char *tlvs)
{
    add_indication(fake, after, FALSE, id, tlvs);
}

void fake_uim_indicate_before(FakeUim *fake, guint16 before, guint16 id, const char *tlvs)
{
    add_indication(fake, before, TRUE, id, tlvs);
}

const char *fake_uim_get_apdu(FakeUim *fake)
{
    return fake->apdu;
}

guint fake_uim_get_channel(FakeUim *fake)
{
    return fake->channel;
}

guint fake_uim_get_slot(FakeUim *fake)
{
    return fake->slot;
}

guint fake_uim_get_procedure(FakeUim *fake)
{
    return fake->procedure;
}
