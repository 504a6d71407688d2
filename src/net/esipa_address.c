/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa.h"

#include "util/error.h"
#include "util/host.h"

/* eimFqdn: the address of an eIM as the card names it (SGP.32 2.11.1.1.1, I-31). */
gboolean esipa_parse_fqdn(const char *fqdn, char **ret_host, guint16 *ret_port, GError **error)
{
    g_autofree char *shown = NULL;

    if (host_parse(fqdn, ret_host, ret_port))
        return TRUE;
    shown = g_strndup(fqdn, HOST_MAX_NAME);
    for (char *c = shown; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "eimFqdn '%s' is no host name with an optional port", shown);
    return FALSE;
}
