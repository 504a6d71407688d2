/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* eimFqdn: the address of an eIM as the card names it (SGP.32 2.11.1.1.1, I-31). */

#define MAX_FQDN 253 /* characters of a DNS name */

/* A DNS name or an IPv4 address of SIZE characters. */
static gboolean is_host(const char *text, gsize size)
{
    char before = '.';

    if (size == 0 || size > MAX_FQDN)
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

gboolean esipa_parse_fqdn(const char *fqdn, char **ret_host, guint16 *ret_port, GError **error)
{
    g_autofree char *host = NULL, *shown = NULL;
    guint16 port = 443;

    if (*fqdn == '[') {
        const char *end = strchr(fqdn, ']');

        if (!end)
            goto bad;
        host = g_strndup(fqdn + 1, (gsize)(end - fqdn - 1));
        if (!is_ipv6(host) || !parse_port(end + 1, &port))
            goto bad;
    } else if (is_ipv6(fqdn)) {
        host = g_strdup(fqdn);
    } else {
        gsize size = strcspn(fqdn, ":"), dropped = size;

        if (size > 1 && fqdn[size - 1] == '.')
            dropped--;
        if (!is_host(fqdn, dropped) || !parse_port(fqdn + size, &port))
            goto bad;
        host = g_strndup(fqdn, dropped);
    }
    *ret_host = g_steal_pointer(&host);
    *ret_port = port;
    return TRUE;

bad:
    shown = g_strndup(fqdn, MAX_FQDN);
    for (char *c = shown; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "eimFqdn '%s' is no host name with an optional port", shown);
    return FALSE;
}
