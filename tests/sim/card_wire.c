/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/card_wire.h"

#include <json-glib/json-glib.h>

#include "tlv/tlv.h"

#define TIMEOUT      60 /* seconds */
#define LIMIT        65535
#define RESPONSE_MAX 258 /* a short response with its status words */
#define ATR_MAX      33

#define PROACTIVE       0xD0
#define COMMAND_DETAILS 0x81 /* or 01, without the comprehension bit (ETSI TS 102 223 7.1) */
#define TYPE_REFRESH    0x01

struct SimRemoteCard {
    GNetworkAddress *address;
    char *name;
    GSocketConnection *connection; /* NULL: not present */
    GBytes *atr;
    gboolean refresh_pending;
    guint64 apdus;
};

/* ---- framing ---- */

static gboolean send_message(GIOStream *stream, const void *data, gsize size, GError **error)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    const guint8 length[] = { (guint8)(size >> 8), (guint8)size };
    if (size == 0 || size > LIMIT) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "message of %zu octets", size);
        return FALSE;
    }
    g_byte_array_append(message, length, sizeof length);
    g_byte_array_append(message, data, (guint)size);
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream), message->data,
                                     message->len, NULL, NULL, error);
}

static gboolean read_exactly(GIOStream *stream, void *data, gsize size, GError **error)
{
    gsize got;
    if (!g_input_stream_read_all(g_io_stream_get_input_stream(stream), data, size, &got, NULL,
                                 error))
        return FALSE;
    if (got == size)
        return TRUE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the other end closed it");
    return FALSE;
}

/* A length that no such message has is not waited for. */
static GBytes *receive_message(GIOStream *stream, gsize lowest, gsize highest, GError **error)
{
    guint8 length[2];
    if (!read_exactly(stream, length, sizeof length, error))
        return NULL;
    gsize size = (gsize)length[0] << 8 | length[1];
    if (size < lowest || size > highest) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "message of %zu octets, want %zu to %zu", size, lowest, highest);
        return NULL;
    }
    g_autofree guint8 *data = g_malloc(size);
    if (!read_exactly(stream, data, size, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

static gboolean send_control(GIOStream *stream, guint8 what, GError **error)
{
    return send_message(stream, &what, 1, error);
}

/* ---- the modem's side ---- */

static void lose(SimRemoteCard *card, const char *what, const GError *error)
{
    g_printerr("card %s: %s: %s\n", card->name, what, error->message);
    if (card->connection)
        (void)g_io_stream_close(G_IO_STREAM(card->connection), NULL, NULL);
    g_clear_object(&card->connection);
    g_clear_pointer(&card->atr, g_bytes_unref);
    card->refresh_pending = FALSE;
}

/* Power or reset, and the ATR that follows. */
static gboolean start(SimRemoteCard *card, guint8 control, GError **error)
{
    GIOStream *stream = G_IO_STREAM(card->connection);
    g_clear_pointer(&card->atr, g_bytes_unref);
    if (!send_control(stream, control, error) || !send_control(stream, SIM_CARD_WIRE_ATR, error))
        return FALSE;
    card->atr = receive_message(stream, 2, ATR_MAX, error);
    return card->atr != NULL;
}

static void connect_to(SimRemoteCard *card)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) error = NULL;
    g_socket_client_set_timeout(client, TIMEOUT);
    g_socket_client_set_enable_proxy(client, FALSE);
    card->connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(card->address), NULL, &error);
    if (!card->connection || !start(card, SIM_CARD_WIRE_ON, &error))
        lose(card, "connecting", error);
}

SimRemoteCard *sim_remote_card_new(const char *address, GError **error)
{
    g_autoptr(GSocketConnectable) parsed = g_network_address_parse(address, 0, error);
    if (!parsed)
        return NULL;
    if (g_network_address_get_port(G_NETWORK_ADDRESS(parsed)) == 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s': want HOST:PORT",
                    address);
        return NULL;
    }
    SimRemoteCard *card = g_new0(SimRemoteCard, 1);
    card->address = G_NETWORK_ADDRESS(g_steal_pointer(&parsed));
    card->name = g_strdup(address);
    connect_to(card);
    return card;
}

void sim_remote_card_free(SimRemoteCard *card)
{
    if (!card)
        return;
    if (card->connection) {
        (void)send_control(G_IO_STREAM(card->connection), SIM_CARD_WIRE_OFF, NULL);
        (void)g_io_stream_close(G_IO_STREAM(card->connection), NULL, NULL);
    }
    g_clear_object(&card->connection);
    g_clear_pointer(&card->atr, g_bytes_unref);
    g_object_unref(card->address);
    g_free(card->name);
    g_free(card);
}

void sim_remote_card_reset(SimRemoteCard *card)
{
    g_autoptr(GError) error = NULL;
    card->refresh_pending = FALSE;
    if (!card->connection)
        connect_to(card);
    else if (!start(card, SIM_CARD_WIRE_RESET, &error))
        lose(card, "reset", error);
}

gboolean sim_remote_card_is_present(const SimRemoteCard *card)
{
    return card->connection != NULL;
}

GBytes *sim_remote_card_get_atr(SimRemoteCard *card)
{
    return card->atr ? g_bytes_ref(card->atr) : g_bytes_new(NULL, 0);
}

gboolean sim_remote_card_refresh_pending(const SimRemoteCard *card)
{
    return card->refresh_pending;
}

static GBytes *exchange(SimRemoteCard *card, const guint8 *apdu, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) response = NULL;
    /* One octet would be a control. */
    if (size < 4)
        return g_bytes_new("\x67\x00", 2);
    if (!card->connection)
        return g_bytes_new(NULL, 0);
    card->apdus++;
    if (send_message(G_IO_STREAM(card->connection), apdu, size, &error))
        response = receive_message(G_IO_STREAM(card->connection), 2, RESPONSE_MAX, &error);
    if (response)
        return g_steal_pointer(&response);
    lose(card, "APDU", error);
    return g_bytes_new(NULL, 0);
}

/* What the card wants after 91xx: fetched, and answered as done. Of all that, a modem without a user
 * only does the REFRESH. */
static void fetch(SimRemoteCard *card, guint8 size)
{
    const guint8 fetch_apdu[] = { 0x80, 0x12, 0x00, 0x00, size };
    g_autoptr(GBytes) command = exchange(card, fetch_apdu, sizeof fetch_apdu);
    gsize n = g_bytes_get_size(command);
    Tlv proactive, details;
    if (n < 2 ||
        !tlv_parse(tlv_slice(g_bytes_get_data(command, NULL), n - 2), PROACTIVE, &proactive, NULL))
        return;
    if (!tlv_find(proactive.value, COMMAND_DETAILS, &details) &&
        !tlv_find(proactive.value, COMMAND_DETAILS & 0x7F, &details))
        return;
    if (details.value.size != 3)
        return;
    const guint8 *octets = details.value.data;
    const guint8 done[] = { 0x80,      0x14, 0x00, 0x00, 0x0C, 0x81, 0x03, octets[0], octets[1],
                            octets[2], 0x82, 0x02, 0x82, 0x81, 0x83, 0x01, 0x00 };
    card->refresh_pending = octets[1] == TYPE_REFRESH;
    g_bytes_unref(exchange(card, done, sizeof done));
}

GBytes *sim_remote_card_transmit(SimRemoteCard *card, const guint8 *apdu, gsize size)
{
    g_autoptr(GBytes) response = exchange(card, apdu, size);
    gsize n;
    const guint8 *data = g_bytes_get_data(response, &n);
    if (n >= 2 && data[n - 2] == 0x91 && !card->refresh_pending)
        fetch(card, data[n - 1]);
    return g_steal_pointer(&response);
}

char *sim_remote_card_describe(const SimRemoteCard *card)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "address");
    json_builder_add_string_value(builder, card->name);
    json_builder_set_member_name(builder, "connected");
    json_builder_add_boolean_value(builder, card->connection != NULL);
    json_builder_set_member_name(builder, "refreshPending");
    json_builder_add_boolean_value(builder, card->refresh_pending);
    json_builder_set_member_name(builder, "apdus");
    json_builder_add_int_value(builder, (gint64)card->apdus);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    return json_to_string(node, TRUE);
}

/* ---- the card's side ---- */

static gboolean serve_message(SimCard *card, GIOStream *stream, GBytes *message, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(message, &size);
    if (size > 1) {
        g_autoptr(GBytes) response = sim_card_transmit(card, data, size);
        if (g_bytes_get_size(response) > 0)
            return send_message(stream, g_bytes_get_data(response, NULL),
                                g_bytes_get_size(response), error);
        if (sim_card_get_event(card) == SIM_CARD_SILENT)
            return TRUE;
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the card goes");
        return FALSE;
    }
    if (data[0] == SIM_CARD_WIRE_ATR) {
        g_autoptr(GBytes) atr = sim_card_get_atr(card);
        return send_message(stream, g_bytes_get_data(atr, NULL), g_bytes_get_size(atr), error);
    }
    if (data[0] <= SIM_CARD_WIRE_RESET) {
        sim_card_reset(card);
        return TRUE;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "unknown control %u", data[0]);
    return FALSE;
}

void sim_card_wire_serve(SimCard *card, GIOStream *stream)
{
    g_autoptr(GError) error = NULL;
    for (;;) {
        g_autoptr(GBytes) message = receive_message(stream, 1, LIMIT, &error);
        if (!message || !serve_message(card, stream, message, &error))
            break;
    }
    g_printerr("card: %s\n", error->message);
    sim_card_reset(card);
    (void)g_io_stream_close(stream, NULL, NULL);
}
