/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_line.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* ---- lines ---- */

void at_reader_init(AtReader *reader)
{
    *reader = (AtReader){ .line = g_string_new(NULL) };
}

void at_reader_clear(AtReader *reader)
{
    g_string_free(reader->line, TRUE);
    *reader = (AtReader){ 0 };
}

static void end_line(AtReader *reader, AtLineFunc func, gpointer data)
{
    g_autofree char *line = NULL;

    if (reader->bad)
        reader->dropped++;
    else if (reader->line->len > 0)
        line = g_strndup(reader->line->str, reader->line->len);
    reader->bad = FALSE;
    g_string_truncate(reader->line, 0);
    if (line)
        func(line, data);
}

void at_reader_feed(AtReader *reader, const char *octets, gsize size, AtLineFunc func,
                    gpointer data)
{
    for (gsize i = 0; i < size; i++) {
        char c = octets[i];

        if (c == '\r' || c == '\n') {
            end_line(reader, func, data);
        } else if (!g_ascii_isprint(c) || reader->line->len >= AT_MAX_LINE) {
            reader->bad = TRUE;
            g_string_truncate(reader->line, 0);
        } else if (!reader->bad && (c != ' ' || reader->line->len > 0)) {
            g_string_append_c(reader->line, c);
        }
    }
}

/* ---- results ---- */

static const struct {
    guint code;
    const char *name;
} cme_names[] = {
    { 0, "phone failure" },
    { 1, "no connection to phone" },
    { AT_CME_NOT_ALLOWED, "operation not allowed" },
    { AT_CME_NOT_SUPPORTED, "operation not supported" },
    { AT_CME_NOT_INSERTED, "SIM not inserted" },
    { AT_CME_PIN, "SIM PIN required" },
    { AT_CME_PUK, "SIM PUK required" },
    { AT_CME_SIM_FAILURE, "SIM failure" },
    { AT_CME_SIM_BUSY, "SIM busy" },
    { AT_CME_SIM_WRONG, "SIM wrong" },
    { 16, "incorrect password" },
    { AT_CME_MEMORY_FULL, "memory full" },
    { 21, "invalid index" },
    { AT_CME_NOT_FOUND, "not found" },
    { 23, "memory failure" },
    { 30, "no network service" },
    { 50, "incorrect parameters" },
    { AT_CME_UNKNOWN, "unknown" },
};

const char *at_cme_name(guint code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cme_names); i++)
        if (cme_names[i].code == code)
            return cme_names[i].name;
    return "";
}

/* A number, or words where +CMEE=2 was set by somebody. */
static guint parse_code(const char *text)
{
    guint64 number;

    if (bytes_parse_decimal(text, G_MAXUINT16, &number))
        return (guint)number;
    for (gsize i = 0; i < G_N_ELEMENTS(cme_names); i++)
        if (!g_ascii_strcasecmp(cme_names[i].name, text))
            return cme_names[i].code;
    return AT_CME_UNKNOWN;
}

AtResult at_line_get_result(const char *line, gboolean numeric, guint *ret_code)
{
    const char *text;

    *ret_code = 0;
    if (g_str_equal(line, "OK") || (numeric && g_str_equal(line, "0")))
        return AT_RESULT_OK;
    /* "COMMAND NOT SUPPORT" is what some firmware makes of ERROR, ABORTED of a command that another one
     * interrupted. */
    if (g_str_equal(line, "ERROR") || g_str_equal(line, "COMMAND NOT SUPPORT") ||
        g_str_equal(line, "ABORTED") || (numeric && g_str_equal(line, "4")))
        return AT_RESULT_ERROR;
    text = at_line_get_text(line, "+CME ERROR:");
    if (text) {
        *ret_code = parse_code(text);
        return AT_RESULT_CME;
    }
    text = at_line_get_text(line, "+CMS ERROR:");
    if (text) {
        *ret_code = parse_code(text);
        return AT_RESULT_CMS;
    }
    return AT_RESULT_NONE;
}

/* ---- texts ---- */

const char *at_line_get_text(const char *line, const char *prefix)
{
    gsize size = strlen(prefix);

    if (g_ascii_strncasecmp(line, prefix, size) != 0)
        return NULL;
    for (line += size; *line == ' '; line++)
        continue;
    return line;
}

gboolean at_line_is_unsolicited(const char *line)
{
    static const char *const lines[] = { "RING",      "RDY",        "NO CARRIER", "SMS DONE",
                                         "PB DONE",   "SMS READY",  "CALL READY", "POWERED DOWN",
                                         "NO ANSWER", "NO DIALTONE" };

    /* What a manufacturer's own lines begin with. */
    if (strchr("+^%*$!#&_~", line[0]))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        if (!g_ascii_strcasecmp(line, lines[i]))
            return TRUE;
    return FALSE;
}

/* A field without the blanks and quotation marks around it. */
static char *unquote(const char *start, gsize size)
{
    char *field = g_strstrip(g_strndup(start, size));
    gsize n = strlen(field);

    if (n >= 2 && field[0] == '"' && field[n - 1] == '"') {
        memmove(field, field + 1, n - 2);
        field[n - 2] = '\0';
    }
    return field;
}

char *at_parse_text(const char *text)
{
    return unquote(text, strlen(text));
}

char *at_parse_field(const char *text, guint number)
{
    for (;;) {
        gboolean quoted = FALSE;
        const char *end = text;

        for (; *end && (quoted || *end != ','); end++)
            if (*end == '"')
                quoted = !quoted;
        if (number == 0)
            return unquote(text, (gsize)(end - text));
        if (!*end)
            return NULL;
        text = end + 1;
        number--;
    }
}

GBytes *at_parse_apdu(const char *text, GError **error)
{
    g_autofree char *length = at_parse_field(text, 0);
    g_autofree char *hex = at_parse_field(text, 1);
    g_autofree char *more = at_parse_field(text, 2);
    g_autoptr(GBytes) octets = NULL;
    guint64 digits;

    if (!hex || more || !bytes_parse_decimal(length, AT_MAX_LINE, &digits)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "want a length and hex digits");
        return NULL;
    }
    if (digits != strlen(hex)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%" G_GUINT64_FORMAT " digits are announced and %" G_GSIZE_FORMAT " came",
                    digits, strlen(hex));
        return NULL;
    }
    octets = bytes_from_hex(hex, NULL);
    if (!octets) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%" G_GSIZE_FORMAT " characters are no hex octets", strlen(hex));
        return NULL;
    }
    return g_steal_pointer(&octets);
}

gboolean at_parse_session(const char *text, guint32 *ret_session)
{
    g_autofree char *field = at_parse_field(text, 0);
    guint64 number;

    if (strchr(text, ',') || !bytes_parse_decimal(field, G_MAXUINT32, &number))
        return FALSE;
    *ret_session = (guint32)number;
    return TRUE;
}

static guint8 swap(char low, char high)
{
    return (guint8)((high - '0') << 4 | (low - '0'));
}

AtNetwork at_parse_network(const char *text, guint8 ret_plmn[3])
{
    g_autofree char *format = at_parse_field(text, 1);
    g_autofree char *name = at_parse_field(text, 2);
    gsize size;

    if (!name || !name[0])
        return AT_NETWORK_NONE;
    size = strlen(name);
    /* A modem that went on naming it in words ignored what it was asked for. */
    if (!g_str_equal(format, "2") || (size != 5 && size != 6) ||
        strspn(name, "0123456789") != size || g_str_has_prefix(name, "000"))
        return AT_NETWORK_MALFORMED;
    ret_plmn[0] = swap(name[0], name[1]);
    ret_plmn[1] = (guint8)((size == 6 ? name[5] - '0' : 0xF) << 4 | (name[2] - '0'));
    ret_plmn[2] = swap(name[3], name[4]);
    return AT_NETWORK_FOUND;
}

/* ---- the card ---- */

/* Only lines whose meaning is known for sure: what is not recognised does no harm. */
AtCardNews at_line_get_card_news(const char *line)
{
    static const struct {
        const char *prefix, *text;
        AtCardNews news;
    } table[] = {
        { "+CPIN:", "READY", AT_CARD_READY }, /* 3GPP TS 27.007 section 8.3 */
        { "+CPIN:", "NOT INSERTED", AT_CARD_ABSENT },
        { "+CPIN:", "SIM REMOVED", AT_CARD_ABSENT },
        { "+CPIN:", "NOT READY", AT_CARD_OFF },
        { "+CPIN:", "SIM PIN", AT_CARD_READY }, /* the eUICC needs none */
        { "+CPIN:", "SIM PUK", AT_CARD_READY },
        { "^SIMST:", "255", AT_CARD_ABSENT }, /* Huawei */
        { "^SIMST:", "1", AT_CARD_READY },
        { "+QSIMSTAT:", "1,0",
          AT_CARD_ABSENT }, /* Quectel: reports are on, and the card is out, or in */
        { "+QSIMSTAT:", "1,1", AT_CARD_OFF },
        { "+QIND:", "PB DONE", AT_CARD_READY }, /* Quectel: has read the card */
        { "#QSS:", "0", AT_CARD_ABSENT },       /* Telit */
        { "#QSS:", "1", AT_CARD_OFF },
        { "#QSS:", "2", AT_CARD_READY },
        { "#QSS:", "3", AT_CARD_READY },
        { "+SIMCARD:", "NOT AVAILABLE", AT_CARD_ABSENT }, /* SIMCom */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *text = at_line_get_text(line, table[i].prefix);
        g_autofree char *plain = NULL;

        if (!text)
            continue;
        plain = unquote(text, strlen(text));
        if (!g_ascii_strcasecmp(plain, table[i].text))
            return table[i].news;
    }
    return AT_CARD_NO_NEWS;
}
