/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit/small-card.h"

#include <string.h>

#define SW(sw1, sw2) g_bytes_new((const guint8[]){ sw1, sw2 }, 2)

GBytes *sim_card_transmit(SimCard *card, const guint8 *apdu, gsize size)
{
    g_byte_array_set_size(card->last, 0);
    g_byte_array_append(card->last, apdu, (guint)size);
    card->event = SIM_CARD_ANSWERED;
    if (card->cut_at > 0 && --card->cut_at == 0) {
        card->event = card->at_cut ? card->at_cut : SIM_CARD_POWER_CUT;
        sim_card_reset(card);
        return g_bytes_new(NULL, 0);
    }
    if (apdu[1] == 0x70 && apdu[2] == 0x00) {
        for (guint i = 1; i < 20; i++) {
            if (card->channels & (1u << i))
                continue;
            const guint8 answer[] = { (guint8)i, 0x90, 0x00 };
            card->channels |= 1u << i;
            return g_bytes_new(answer, sizeof answer);
        }
        return SW(0x6A, 0x81);
    }
    if (apdu[1] == 0x70) {
        card->channels &= ~(1u << apdu[3]);
        return SW(0x90, 0x00);
    }
    if (apdu[1] == 0xAA) {
        card->capabilities++;
        return SW(0x90, 0x00);
    }
    if (apdu[1] == 0xA4) {
        if (apdu[5] != 0xA0)
            return SW(0x6A, 0x82);
        card->left = 2;
        return SW(0x61, 0x02);
    }
    if (apdu[1] == 0xC0 && apdu[4] == 0x77) /* not what was offered */
        return SW(0x6C, (guint8)MIN(card->left, 255));
    if (apdu[1] == 0xC0) {
        guint8 answer[258];
        gsize n = MIN(card->left, 255);
        memset(answer, 0x5A, sizeof answer);
        card->left -= n;
        answer[n] = card->left > 0 ? 0x61 : 0x90;
        answer[n + 1] = card->left > 0 ? (guint8)MIN(card->left, 255) : 0x00;
        return g_bytes_new(answer, n + 2);
    }
    if (apdu[1] == 0xB0 && apdu[4] != 0x03)
        return SW(0x6C, 0x03);
    if (apdu[1] == 0xB0)
        return g_bytes_new("\x01\x02\x03\x90\x00", 5);
    if (apdu[1] == 0xE2 && apdu[2] == 0x92) {
        card->left = 4;
        return SW(0x61, 0x77);
    }
    if (apdu[1] == 0xE2 && apdu[2] == 0x91) {
        card->left = (gsize)apdu[5] << 8 | apdu[6];
        return SW(0x61, (guint8)MIN(card->left, 255));
    }
    if (apdu[1] == 0xE2) {
        card->pending = TRUE;
        return SW(0x91, 0x10);
    }
    return SW(0x6D, 0x00);
}

void sim_card_reset(SimCard *card)
{
    card->channels = 0;
    card->pending = FALSE;
    card->resets++;
}

SimCardEvent sim_card_get_event(SimCard *card)
{
    return card->event;
}

gboolean sim_card_is_present(SimCard *card G_GNUC_UNUSED)
{
    return TRUE;
}

guint sim_card_get_delay(SimCard *card)
{
    return card->delay;
}

GBytes *sim_card_get_atr(SimCard *card G_GNUC_UNUSED)
{
    return g_bytes_new_static("\x3B\x9F", 2);
}

gboolean sim_card_refresh_pending(SimCard *card)
{
    return card->pending;
}

char *sim_card_get_eid(SimCard *card G_GNUC_UNUSED)
{
    return g_strdup("89049032123451234512345678901235");
}

char *sim_card_get_enabled_iccid(SimCard *card)
{
    if (card->iccid)
        return g_strdup(card->iccid);
    return g_strdup(card->resets > 2 ? "8949000000000000029" : "8949000000000000011");
}
