/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/qmi_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_contents(const uint8_t *data, size_t size)
{
    TlvSlice first, second, third;
    UimPiece piece;
    guint16 total;
    guint32 token;

    first = tlv_slice(data + 2, MIN(data[0], size - 2));
    second = tlv_slice(first.data + first.size, MIN(data[1], size - 2 - first.size));
    third = tlv_slice(second.data + second.size, size - 2 - first.size - second.size);
    {
        g_autoptr(GArray) slots = uim_parse_slots(first, second, third);
        g_autoptr(GArray) cards = uim_parse_cards(tlv_slice(data, size));

        for (guint i = 0; i < slots->len; i++) {
            BackendSlot *slot = &g_array_index(slots, BackendSlot, i);

            if (slot->physical != i + 1 || strlen(slot->iccid) > 20 ||
                (strlen(slot->eid) != 0 && strlen(slot->eid) != 32))
                abort();
        }
        if (cards->len > 16)
            abort();
    }
    if (uim_parse_piece(tlv_slice(data, size), &piece) &&
        piece.offset + piece.data.size > piece.total)
        abort();
    uim_parse_long_response(tlv_slice(data, size), &total, &token);
}

/* A whole message as the modem sends it, which libqmi checks first. What we take out of it lies in it. */
static void read_message(const uint8_t *data, size_t size)
{
    static const guint8 types[] = { 0x01, 0x02, 0x10, 0x11, 0x12 };
    g_autoptr(GByteArray) raw = g_byte_array_sized_new((guint)size);
    g_autoptr(QmiMessage) message = NULL;
    g_autoptr(GError) error = NULL;
    guint16 code;

    g_byte_array_append(raw, data, (guint)size);
    message = qmi_message_new_from_raw(raw, &error);
    if (!message)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        TlvSlice content = uim_get(message, types[i]);
        TlvSlice octets = uim_get_octets(message, types[i], 1 + i % 2);

        if (content.size > size || octets.size > content.size)
            abort();
        if (octets.size > 0 &&
            (octets.data < content.data || octets.data + octets.size > content.data + content.size))
            abort();
    }
    if (!uim_get_result(message, &code, &error) && !error)
        abort();
    uim_get_card_result(message);
}

#define MAX_RESPONSES 4

/* Indications with pieces of long responses: each TLV with its length in one octet before it. However many
 * a modem announces, few are kept. */
static void take_pieces(const uint8_t *data, size_t size)
{
    QmiBackend backend = { .long_responses = qmi_backend_long_responses_new() };

    while (size > 0) {
        size_t length = MIN(data[0], size - 1);

        qmi_backend_take_piece(&backend, tlv_slice(data + 1, length));
        if (g_hash_table_size(backend.long_responses) > MAX_RESPONSES)
            abort();
        data += 1 + length;
        size -= 1 + length;
    }
    g_hash_table_unref(backend.long_responses);
}

/* What a modem sends. The last octet chooses: the content of TLVs (split by two octets at the start), a
 * message, or pieces of long responses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    log_set_level(LOG_LEVEL_ERROR);
    size--;
    switch (data[size] % 3) {
    case 0:
        read_contents(data, size);
        break;
    case 1:
        read_message(data, size);
        break;
    default:
        take_pieces(data, size);
        break;
    }
    return 0;
}
