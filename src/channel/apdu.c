/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/apdu.h"

#include <string.h>

enum {
    INS_MANAGE_CHANNEL = 0x70,
    INS_SELECT = 0xA4,
    INS_TERMINAL_CAPABILITY = 0xAA,
    INS_GET_RESPONSE = 0xC0,
    INS_STORE_DATA = 0xE2,
};

guint8 apdu_class(guint8 channel, gboolean plain)
{
    if (plain)
        return 0x00;
    return (guint8)(channel < 4 ? channel : 0x40 | (channel - 4));
}

guint8 apdu_proprietary_class(guint8 channel, gboolean plain)
{
    return (guint8)(0x80 | apdu_class(channel, plain));
}

static gsize put(guint8 *out, guint8 cla, guint8 ins, guint8 p1, guint8 p2, guint8 p3)
{
    const guint8 header[] = { cla, ins, p1, p2, p3 };

    memcpy(out, header, sizeof header);
    return sizeof header;
}

static gsize put_data(guint8 *out, guint8 cla, guint8 ins, guint8 p1, guint8 p2, const guint8 *data,
                      gsize size)
{
    gsize header = put(out, cla, ins, p1, p2, (guint8)size);

    memcpy(out + header, data, size);
    return header + size;
}

gsize apdu_terminal_capability(guint8 *out, const guint8 *template, gsize size)
{
    return put_data(out, 0x80, INS_TERMINAL_CAPABILITY, 0x00, 0x00, template, size);
}

gsize apdu_open_channel(guint8 *out)
{
    return put(out, 0x00, INS_MANAGE_CHANNEL, 0x00, 0x00, 0x01);
}

gsize apdu_close_channel(guint8 *out, guint8 channel)
{
    return put(out, 0x00, INS_MANAGE_CHANNEL, 0x80, channel, 0x00);
}

gsize apdu_select(guint8 *out, guint8 cla, const guint8 *aid, gsize size)
{
    return put_data(out, cla, INS_SELECT, 0x04, 0x04, aid, size);
}

gsize apdu_store_data(guint8 *out, guint8 cla, gboolean last, guint8 number, const guint8 *data,
                      gsize size, gboolean with_le)
{
    gsize n = put_data(out, cla, INS_STORE_DATA, last ? 0x91 : 0x11, number, data, size);

    if (with_le)
        out[n++] = 0x00;
    return n;
}

gsize apdu_get_response(guint8 *out, guint8 cla, guint8 le)
{
    return put(out, cla, INS_GET_RESPONSE, 0x00, 0x00, le);
}

void apdu_set_le(guint8 *apdu, gsize *size, guint8 le)
{
    /* Without data the fifth octet is the old Le, with data it is Lc. */
    gsize without = *size == 5 ? 4 : 5 + (gsize)apdu[4];

    apdu[without] = le;
    *size = without + 1;
}

const char *apdu_status_name(guint16 status_word)
{
    static const struct {
        guint16 status_word;
        const char *name;
    } names[] = {
        { 0x6581, "memory problem" },
        { 0x6700, "wrong length" },
        { 0x6881, "logical channel not supported" },
        { 0x6882, "secure messaging not supported" },
        { 0x6982, "security status not satisfied" },
        { 0x6985, "conditions of use not satisfied" },
        { 0x6A80, "incorrect data" },
        { 0x6A81, "function not supported" },
        { 0x6A82, "application not found" },
        { 0x6A84, "not enough memory" },
        { 0x6A86, "incorrect parameters" },
        { 0x6A88, "reference data not found" },
        { 0x6D00, "instruction not supported" },
        { 0x6E00, "class not supported" },
        { 0x6F00, "technical problem" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].status_word == status_word)
            return names[i].name;
    return "";
}
