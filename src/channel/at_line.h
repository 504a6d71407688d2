/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What an AT modem writes (ITU-T V.250, 3GPP TS 27.007), read without any state of a modem: lines out of
 * octets, final results, and the answers that carry APDUs.
 */

/* A response of 65536 octets and status word as hex, with what stands around it. */
#define AT_MAX_LINE (2 * 65538 + 64)

/* Called with each line that is not empty. LINE is printable ASCII, without its end. */
typedef void (*AtLineFunc)(const char *line, gpointer data);

typedef struct {
    GString *line;
    gboolean
        bad; /* the line has an octet that belongs in none, or is too long: dropped at its end */
    guint dropped; /* such lines so far */
} AtReader;

void at_reader_init(AtReader *reader);
void at_reader_clear(AtReader *reader);
/* FUNC must not feed or clear READER. */
void at_reader_feed(AtReader *reader, const char *octets, gsize size, AtLineFunc func,
                    gpointer data);

typedef enum {
    AT_RESULT_NONE, /* the line is no final result */
    AT_RESULT_OK,
    AT_RESULT_ERROR, /* without a reason */
    AT_RESULT_CME,   /* CODE of 3GPP TS 27.007 section 9.2; AT_CME_UNKNOWN for words nobody knows */
    AT_RESULT_CMS,   /* of the SMS part */
} AtResult;

enum {
    AT_CME_NOT_ALLOWED = 3,
    AT_CME_NOT_SUPPORTED = 4,
    AT_CME_NOT_INSERTED = 10,
    AT_CME_PIN = 11,
    AT_CME_PUK = 12,
    AT_CME_SIM_FAILURE = 13,
    AT_CME_SIM_BUSY = 14,
    AT_CME_SIM_WRONG = 15,
    AT_CME_MEMORY_FULL = 20,
    AT_CME_NOT_FOUND = 22,
    AT_CME_UNKNOWN = 100,
};

/* NUMERIC: the modem may still answer in digits (ATV0), "0" and "4". */
AtResult at_line_get_result(const char *line, gboolean numeric, guint *ret_code);

/* What TS 27.007 calls an error, "" for those that have no meaning of their own here. */
const char *at_cme_name(guint code);

/* The text behind PREFIX ("+CGLA:") and blanks, or NULL when the line is another. Borrowed. */
const char *at_line_get_text(const char *line, const char *prefix);

/* TRUE for a line that a modem sends by itself, as far as its form tells. */
gboolean at_line_is_unsolicited(const char *line);

/* "<length>,<hex>" of +CGLA and +CSIM, with or without quotation marks; LENGTH counts the digits. NULL for
 * anything else, MALFORMED says why. */
GBytes *at_parse_apdu(const char *text, GError **error);

/* "1", also in quotation marks: the session of +CCHO. */
gboolean at_parse_session(const char *text, guint32 *ret_session);

/* The whole of TEXT without blanks and quotation marks around it. g_free() it. */
char *at_parse_text(const char *text);

/* The NUMBERth field (from 0) of a list with commas between, without quotation marks around it. NULL where
 * there is none. g_free() it. */
char *at_parse_field(const char *text, guint number);

/* The network of "+COPS: <mode>,2,<oper>", coded as in TS 24.008 10.5.1.3. */
typedef enum {
    AT_NETWORK_FOUND,
    AT_NETWORK_NONE, /* no operator is named */
    AT_NETWORK_MALFORMED,
} AtNetwork;
AtNetwork at_parse_network(const char *text, guint8 ret_plmn[3]);

/* What a line tells of the card. */
typedef enum {
    AT_CARD_NO_NEWS,
    AT_CARD_ABSENT,
    AT_CARD_OFF, /* present, but not usable (yet) */
    AT_CARD_READY,
} AtCardNews;
AtCardNews at_line_get_card_news(const char *line);

G_END_DECLS
