/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * TEXT with every EID, ICCID and IMEI in it hidden but for the last four digits: those of NUMBERS (decimal,
 * NULL-ended, may be NULL) wherever they stand, whole or a longer part of them, and whatever else looks like
 * one. Numbers are found as digits and inside hex (raw answers of cards and modems) as BCD in plain and in
 * swapped order, and as ASCII or UTF-16, with blanks or colons between octets or without. A hidden digit is
 * shown as 'x', the length stays. Rather too much is hidden than too little. g_free() it.
 */
char *mask_numbers(const char *text, const char *const *numbers);

/*
 * TEXT with "[eIM]" for each of NAMES (eimIds and host names, NULL-ended, none of them empty) that stands in it
 * as a word of its own, whatever the case of its letters, or in hex, and for whatever messages of ours quote
 * as the eimId of an eIM. g_free() it.
 */
char *mask_names(const char *text, const char *const *names);

/* TEXT with "[host]" for whatever looks like the name of a host or its IP address. Versions, paths and names on
 * the bus stay. g_free() it. */
char *mask_hosts(const char *text);

G_END_DECLS
