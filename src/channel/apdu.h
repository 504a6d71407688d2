/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Command APDUs in short form (ISO 7816-4, ETSI TS 102 221, SGP.22 5.7.2). Each function writes
 * into OUT of at least APDU_MAX octets and returns the size.
 */

#define APDU_MAX (5 + 255 + 1)

/* Blocks of one command object: P2 is one octet. */
#define APDU_MAX_BLOCKS 256

/* Class octets with the number of a logical channel in them: 0 to 3 in the low two bits, 4 to 19 in
 * the further form (ETSI TS 102 221 10.1.1). PLAIN: leave the number out. */
guint8 apdu_class(guint8 channel, gboolean plain);             /* SELECT, GET RESPONSE, … */
guint8 apdu_proprietary_class(guint8 channel, gboolean plain); /* STORE DATA */

/* TERMINAL CAPABILITY with TEMPLATE (A9…), on the basic channel. */
gsize apdu_terminal_capability(guint8 *out, const guint8 *template, gsize size);

/* MANAGE CHANNEL, for readers without channels of their own: open (the card chooses), close. */
gsize apdu_open_channel(guint8 *out);
gsize apdu_close_channel(guint8 *out, guint8 channel);

/* SELECT by AID with the FCI as answer. */
gsize apdu_select(guint8 *out, guint8 cla, const guint8 *aid, gsize size);

gsize apdu_store_data(guint8 *out, guint8 cla, gboolean last, guint8 number, const guint8 *data,
                      gsize size, gboolean with_le);

/* LE 0 means 256. */
gsize apdu_get_response(guint8 *out, guint8 cla, guint8 le);

/* Gives the command in APDU (of *SIZE octets, case 2, 3 or 4) another LE. */
void apdu_set_le(guint8 *apdu, gsize *size, guint8 le);

/* What a status word means, for messages; "" when it has no meaning of its own here. */
const char *apdu_status_name(guint16 status_word);

G_END_DECLS
