/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/https_server.h"

#define HEADERS_MAX 64

static gboolean fail(GError **error, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "HTTP request: %s", why);
    return FALSE;
}

/* Characters of a method or header name (RFC 9110 5.6.2). */
static gboolean is_token(const char *text)
{
    if (!*text)
        return FALSE;
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("!#$%&'*+-.^_`|~", *at))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_visible(const char *text)
{
    if (!*text)
        return FALSE;
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isgraph(*at))
            return FALSE;
    }
    return TRUE;
}

static void header_clear(gpointer data)
{
    SimHttpHeader *header = data;

    g_free(header->name);
    g_free(header->value);
}

static SimHttpHead *head_new(void)
{
    SimHttpHead *head = g_new0(SimHttpHead, 1);

    head->headers = g_array_new(FALSE, FALSE, sizeof(SimHttpHeader));
    g_array_set_clear_func(head->headers, header_clear);
    return head;
}

void sim_http_head_free(SimHttpHead *head)
{
    if (!head)
        return;
    g_free(head->method);
    g_free(head->target);
    g_array_unref(head->headers);
    g_free(head);
}

const char *sim_http_head_get(const SimHttpHead *head, const char *name)
{
    const char *found = NULL;

    for (guint i = 0; i < head->headers->len; i++) {
        const SimHttpHeader *header = &g_array_index(head->headers, SimHttpHeader, i);

        if (g_ascii_strcasecmp(header->name, name) != 0)
            continue;
        if (found)
            return NULL;
        found = header->value;
    }
    return found;
}

static guint count_headers(const SimHttpHead *head, const char *name)
{
    guint count = 0;

    for (guint i = 0; i < head->headers->len; i++) {
        if (g_ascii_strcasecmp(g_array_index(head->headers, SimHttpHeader, i).name, name) == 0)
            count++;
    }
    return count;
}

static gboolean parse_request_line(SimHttpHead *head, const char *line, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(line, " ", 4);

    if (g_strv_length(parts) != 3 || !is_token(parts[0]) || !is_visible(parts[1]))
        return fail(error, "no request line");
    if (!g_str_equal(parts[2], "HTTP/1.1") && !g_str_equal(parts[2], "HTTP/1.0"))
        return fail(error, "not HTTP/1.1");
    head->method = g_strdup(parts[0]);
    head->target = g_strdup(parts[1]);
    head->close = g_str_equal(parts[2], "HTTP/1.0");
    return TRUE;
}

static gboolean parse_header(SimHttpHead *head, const char *line, GError **error)
{
    const char *colon = strchr(line, ':');
    SimHttpHeader header;

    if (head->headers->len == HEADERS_MAX)
        return fail(error, "too many headers");
    if (!colon)
        return fail(error, "header without colon");
    header.name = g_strndup(line, (gsize)(colon - line));
    header.value = g_strstrip(g_strdup(colon + 1));
    g_array_append_val(head->headers, header);
    if (!is_token(header.name))
        return fail(error, "malformed header name");
    for (const char *at = header.value; *at; at++) {
        if (g_ascii_iscntrl(*at) && *at != '\t')
            return fail(error, "control character in a header");
    }
    return TRUE;
}

/* What the headers say about the body and the connection. */
static gboolean evaluate(SimHttpHead *head, GError **error)
{
    const char *length = sim_http_head_get(head, "Content-Length");
    const char *connection = sim_http_head_get(head, "Connection");
    const char *expect = sim_http_head_get(head, "Expect");
    guint64 number;

    if (count_headers(head, "Host") > 1)
        return fail(error, "more than one Host");
    if (count_headers(head, "Content-Length") > 1)
        return fail(error, "more than one Content-Length");
    head->chunked = count_headers(head, "Transfer-Encoding") > 0;
    if (length) {
        if (head->chunked)
            return fail(error, "Content-Length together with Transfer-Encoding");
        if (!g_ascii_string_to_unsigned(length, 10, 0, G_MAXUINT32, &number, NULL))
            return fail(error, "malformed Content-Length");
        head->has_length = TRUE;
        head->length = (gsize)number;
    }
    if (connection && g_ascii_strcasecmp(connection, "close") == 0)
        head->close = TRUE;
    head->expect_continue = expect && g_ascii_strcasecmp(expect, "100-continue") == 0;
    return TRUE;
}

SimHttpHead *sim_http_head_parse(const char *data, gsize size, GError **error)
{
    g_autoptr(SimHttpHead) head = head_new();
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint count;

    if (size > SIM_HTTP_HEAD_LIMIT || size < 4 || memcmp(data + size - 4, "\r\n\r\n", 4) != 0 ||
        memchr(data, '\0', size)) {
        fail(error, "no request head");
        return NULL;
    }
    text = g_strndup(data, size - 4);
    lines = g_strsplit(text, "\r\n", -1);
    count = g_strv_length(lines);
    if (!parse_request_line(head, count > 0 ? lines[0] : "", error))
        return NULL;
    for (guint i = 1; i < count; i++) {
        if (!parse_header(head, lines[i], error))
            return NULL;
    }
    if (!evaluate(head, error))
        return NULL;
    return g_steal_pointer(&head);
}
