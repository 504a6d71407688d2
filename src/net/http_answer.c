/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/http_answer.h"

#include <curl/curl.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

#define MAX_HEADERS     (64u << 10) /* octets of all header lines of one answer */
#define MAX_RETRY_AFTER (24u * 3600)

void http_answer_init(HttpAnswer *answer, gsize max_body)
{
    *answer = (HttpAnswer){ .max_body = max_body, .content_length = -1 };
    answer->body = g_byte_array_new();
}

void http_answer_clear(HttpAnswer *answer)
{
    g_clear_pointer(&answer->body, g_byte_array_unref);
    g_clear_error(&answer->refused);
    g_clear_pointer(&answer->content_type, g_free);
    g_clear_pointer(&answer->retry_after, g_free);
    g_clear_pointer(&answer->date, g_free);
}

static void refuse(HttpAnswer *answer, EuiccdError code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void refuse(HttpAnswer *answer, EuiccdError code, const char *format, ...)
{
    va_list arguments;

    if (answer->refused)
        return;
    va_start(arguments, format);
    answer->refused = g_error_new_valist(EUICCD_ERROR, (gint)code, format, arguments);
    va_end(arguments);
}

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n'; /* the last two only at the end */
}

/* The value of header NAME when LINE is one, without blanks around it: what HTTP calls so, not what C does
 * (RFC 9110 5.6.3). g_free() it. */
static char *header_value(const char *line, gsize size, const char *name)
{
    gsize at = strlen(name);

    if (size <= at || line[at] != ':' || g_ascii_strncasecmp(line, name, at) != 0)
        return NULL;
    at++;
    while (at < size && is_blank(line[at]))
        at++;
    while (at < size && is_blank(line[size - 1]))
        size--;
    return g_strndup(line + at, size - at);
}

static void take_header(HttpAnswer *answer, const char *line, gsize size)
{
    g_autofree char *length = NULL, *encoding = NULL;
    char *value;
    guint64 number;

    if ((length = header_value(line, size, "Content-Length"))) {
        if (!bytes_parse_decimal(length, G_MAXINT64, &number))
            refuse(answer, EUICCD_ERROR_NETWORK, "its Content-Length is no number");
        else if (answer->content_length >= 0 && answer->content_length != (gint64)number)
            refuse(answer, EUICCD_ERROR_NETWORK, "it has two different Content-Length");
        else
            answer->content_length = (gint64)number;
    } else if ((encoding = header_value(line, size, "Transfer-Encoding"))) {
        if (g_ascii_strcasecmp(encoding, "chunked") != 0 || answer->chunked)
            refuse(answer, EUICCD_ERROR_NETWORK, "its Transfer-Encoding is not just \"chunked\"");
        answer->chunked = TRUE;
    } else if ((value = header_value(line, size, "Content-Type"))) {
        g_free(answer->content_type);
        answer->content_type = value;
    } else if ((value = header_value(line, size, "Retry-After"))) {
        g_free(answer->retry_after);
        answer->retry_after = value;
    } else if ((value = header_value(line, size, "Date"))) {
        g_free(answer->date);
        answer->date = value;
    }
    if (answer->chunked && answer->content_length >= 0)
        refuse(answer, EUICCD_ERROR_NETWORK, "it has Content-Length and Transfer-Encoding");
}

gboolean http_answer_is_status_line(const char *line, gsize size)
{
    return size >= 5 && memcmp(line, "HTTP/", 5) == 0;
}

/* A CR that does not end the line: some readers take it for a line end, some for a blank (RFC 9112 2.2). */
static gboolean has_bare_cr(const char *line, gsize size)
{
    if (size > 0 && line[size - 1] == '\n')
        size--;
    if (size > 0 && line[size - 1] == '\r')
        size--;
    return size > 0 && memchr(line, '\r', size);
}

gboolean http_answer_take_line(HttpAnswer *answer, const char *line, gsize size)
{
    answer->header_size += size;
    if (answer->header_size > MAX_HEADERS) {
        refuse(answer, EUICCD_ERROR_TOO_LARGE, "its header is longer than %u octets", MAX_HEADERS);
    } else if (memchr(line, '\0', size)) {
        refuse(answer, EUICCD_ERROR_NETWORK, "NUL in its header");
    } else if (has_bare_cr(line, size)) {
        refuse(answer, EUICCD_ERROR_NETWORK, "CR without LF in its header");
    } else if (size > 0 && (line[0] == ' ' || line[0] == '\t')) {
        refuse(answer, EUICCD_ERROR_NETWORK, "folded line in its header");
    } else if (http_answer_is_status_line(line, size)) {
        /* A new status line: what a 1xx answer said does not count. */
        g_clear_pointer(&answer->content_type, g_free);
        g_clear_pointer(&answer->retry_after, g_free);
        g_clear_pointer(&answer->date, g_free);
        answer->content_length = -1;
        answer->chunked = FALSE;
        answer->header_done = FALSE;
    } else if (size == 0 || line[0] == '\r' || line[0] == '\n') {
        answer->header_done = TRUE;
    } else if (!answer->header_done) {
        take_header(answer, line, size);
    }
    return answer->refused == NULL;
}

gboolean http_answer_pass_body(HttpAnswer *answer, gsize size)
{
    if (size > answer->max_body - answer->received) {
        refuse(answer, EUICCD_ERROR_TOO_LARGE, "it is longer than %" G_GSIZE_FORMAT " octets",
               answer->max_body);
        return FALSE;
    }
    answer->received += size;
    return TRUE;
}

gboolean http_answer_take_body(HttpAnswer *answer, const void *octets, gsize size)
{
    if (!http_answer_pass_body(answer, size))
        return FALSE;
    g_byte_array_append(answer->body, octets, (guint)size);
    return TRUE;
}

/* What libcurl takes for the end of an answer, but is none. A header that stops before its empty
 * line; and, where the end of the connection is the end of the answer, one that was cut instead of
 * closed as TLS wants it: whoever cuts the line could make an empty answer, and that means
 * something (I-21). */
gboolean http_answer_check_end(const HttpAnswer *answer, long status, gboolean closed_properly,
                               GError **error)
{
    const char *why = NULL;

    if (!answer->header_done || status < 200)
        why = "its header is cut off";
    else if (answer->content_length < 0 && !answer->chunked && status != 204 && status != 304 &&
             !closed_properly)
        why = "its end is missing (the connection was cut)";
    if (!why)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NETWORK, "the answer is refused: %s", why);
    return FALSE;
}

/* A number, or a date, which is compared with the server's own clock where it tells it. */
guint http_answer_get_retry_after(const HttpAnswer *answer, gint64 now)
{
    gint64 then, server = -1;
    guint64 number;

    if (!answer->retry_after)
        return 0;
    if (bytes_parse_decimal(answer->retry_after, G_MAXUINT64, &number))
        return (guint)MIN(number, MAX_RETRY_AFTER);
    then = curl_getdate(answer->retry_after, NULL);
    if (answer->date)
        server = curl_getdate(answer->date, NULL);
    if (server >= 0)
        now = server;
    if (then < 0 || then <= now)
        return 0;
    return (guint)MIN(then - now, MAX_RETRY_AFTER);
}
