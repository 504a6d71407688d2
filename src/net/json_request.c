/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/json_request.h"

#include "util/bytes.h"

GString *json_request_new(void)
{
    return g_string_new("{");
}

static void put_name(GString *request, const char *name)
{
    if (request->len > 1)
        g_string_append_c(request, ',');
    g_string_append_printf(request, "\"%s\":", name);
}

void json_request_put_text(GString *request, const char *name, const char *text)
{
    put_name(request, name);
    g_string_append_c(request, '"');
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(request, '\\');
        if ((guchar)*c < ' ')
            g_string_append_printf(request, "\\u%04x", (guint)(guchar)*c);
        else
            g_string_append_c(request, *c);
    }
    g_string_append_c(request, '"');
}

void json_request_put_base64(GString *request, const char *name, const void *data, gsize size)
{
    g_autofree char *text = g_base64_encode(data, size);

    json_request_put_text(request, name, text);
}

void json_request_put_bytes(GString *request, const char *name, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    json_request_put_base64(request, name, data, size);
}

void json_request_put_hex(GString *request, const char *name, const void *data, gsize size)
{
    g_autofree char *text = bytes_to_hex(data, size);

    json_request_put_text(request, name, text);
}

void json_request_put_integer(GString *request, const char *name, gint64 value)
{
    put_name(request, name);
    g_string_append_printf(request, "%" G_GINT64_FORMAT, value);
}

void json_request_put_true(GString *request, const char *name)
{
    put_name(request, name);
    g_string_append(request, "true");
}

GBytes *json_request_finish(GString *request)
{
    g_string_append_c(request, '}');
    return g_string_free_to_bytes(request);
}
