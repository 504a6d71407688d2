/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/at_line.h"
#include "util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_texts(const char *text)
{
    g_autofree char *plain = at_parse_text(text);
    guint8 plmn[3] = { 0 };
    guint32 session;

    for (guint i = 0; i < 8; i++) {
        g_autofree char *field = at_parse_field(text, i);

        if (!field)
            break;
        if (strlen(field) > strlen(text))
            abort();
    }
    if (strlen(plain) > strlen(text))
        abort();
    (void)at_parse_session(text, &session);
    /* Digits only: no nibble but the filler is beyond 9. */
    if (at_parse_network(text, plmn) == AT_NETWORK_FOUND &&
        ((plmn[0] & 0xF) > 9 || plmn[0] >> 4 > 9 || (plmn[1] & 0xF) > 9 || plmn[2] >> 4 > 9))
        abort();
}

/* A line is printable and bounded, and an APDU has half as many octets as the line has digits at most. */
static void take_line(const char *line, gpointer data)
{
    static const char *const prefixes[] = { "+CGLA:", "+CSIM:", "+CCHO:", "+COPS:", "" };
    GString *all = data;
    guint code;

    if (!line[0] || strlen(line) > AT_MAX_LINE)
        abort();
    for (const char *c = line; *c; c++)
        if (!g_ascii_isprint(*c))
            abort();
    g_string_append(all, line);
    g_string_append_c(all, '\n');
    for (guint i = 0; i < 2; i++)
        if (at_line_get_result(line, i == 0, &code) != AT_RESULT_NONE && at_cme_name(code) == NULL)
            abort();
    (void)at_line_get_card_news(line);
    (void)at_line_is_unsolicited(line);
    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        const char *text = at_line_get_text(line, prefixes[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) octets = NULL;

        if (!text)
            continue;
        octets = at_parse_apdu(text, &error);
        if (!octets && !error)
            abort();
        if (octets && 2 * g_bytes_get_size(octets) > strlen(text))
            abort();
        read_texts(text);
    }
}

static guint read_all(const uint8_t *data, size_t size, size_t piece, GString *all)
{
    guint dropped;
    AtReader reader;

    at_reader_init(&reader);
    for (size_t at = 0; at < size; at += piece)
        at_reader_feed(&reader, (const char *)data + at, MIN(piece, size - at), take_line, all);
    dropped = reader.dropped;
    at_reader_clear(&reader);
    return dropped;
}

/* What an AT modem writes. In which pieces it comes makes no difference. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autoptr(GString) pieces = g_string_new(NULL);

    if (size < 1)
        return 0;
    log_set_level(LOG_LEVEL_ERROR);
    if (read_all(data + 1, size - 1, size, whole) !=
        read_all(data + 1, size - 1, (size_t)data[0] % 16 + 1, pieces))
        abort();
    if (!g_str_equal(whole->str, pieces->str))
        abort();
    return 0;
}
