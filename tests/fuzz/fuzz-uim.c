/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/uim.h"

/* What a modem says about slots, cards and long responses: the input is split into the TLVs of a message by
 * two octets at its start. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TlvSlice first, second, third;
    UimPiece piece;
    guint16 total;
    guint32 token;

    if (size < 2)
        return 0;
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
    return 0;
}
