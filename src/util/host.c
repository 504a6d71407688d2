/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/host.h"

#include <gio/gio.h>
#include <string.h>

#include "util/bytes.h"

/* A DNS name or an IPv4 address of SIZE characters. */
static gboolean is_host(const char *text, gsize size)
{
    char before = '.';

    if (size == 0 || size > HOST_MAX_NAME)
        return FALSE;
    for (gsize i = 0; i < size; i++) {
        if (text[i] == '.' ? before == '.'
                           : !g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '_')
            return FALSE;
        before = text[i];
    }
    return before != '.';
}

static gboolean is_ipv6(const char *text)
{
    return strchr(text, ':') && !strchr(text, '%') && g_hostname_is_ip_address(text);
}

/* What stands behind the host: nothing, or ":port". */
static gboolean parse_port(const char *text, guint16 *ret_port)
{
    guint64 port = 443;

    if (*text != '\0' &&
        (*text != ':' || !bytes_parse_decimal(text + 1, G_MAXUINT16, &port) || port == 0))
        return FALSE;
    *ret_port = (guint16)port;
    return TRUE;
}

gboolean host_parse(const char *text, char **ret_host, guint16 *ret_port)
{
    g_autofree char *host = NULL;
    guint16 port = 443;

    if (*text == '[') {
        const char *end = strchr(text, ']');

        if (!end)
            return FALSE;
        host = g_strndup(text + 1, (gsize)(end - text - 1));
        if (!is_ipv6(host) || !parse_port(end + 1, &port))
            return FALSE;
    } else if (is_ipv6(text)) {
        host = g_strdup(text);
    } else {
        gsize size = strcspn(text, ":"), dropped = size;

        if (size > 1 && text[size - 1] == '.')
            dropped--;
        if (!is_host(text, dropped) || !parse_port(text + size, &port))
            return FALSE;
        host = g_strndup(text, dropped);
    }
    *ret_host = g_steal_pointer(&host);
    *ret_port = port;
    return TRUE;
}
