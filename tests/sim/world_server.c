/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_server.h"

#include <string.h>

#define USUAL_PORT 443

void sim_world_server_free(gpointer data)
{
    SimWorldServer *server = data;
    g_free(server->host);
    g_free(server->name);
    g_free(server->pki);
    g_free(server->address);
    g_free(server);
}

SimWorldServer *sim_world_server_new(SimPkiServer kind, const char *host, guint number,
                                     GError **error)
{
    const char *word = kind == SIM_PKI_SMDP ? "smdp" : "smds";
    gsize good = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    if (!*host || host[good] || *host == '.' || strlen(host) > 100 || number > 200) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "%s '%s': want the name of a host", word, host);
        return NULL;
    }
    SimWorldServer *server = g_new0(SimWorldServer, 1);
    server->kind = kind;
    server->number = number;
    server->host = g_strdup(host);
    server->name = number == 1 ? g_strdup(word) : g_strdup_printf("%s%u", word, number);
    server->address = g_strdup_printf("127.0.%u.%u", kind == SIM_PKI_SMDP ? 1 : 2, number);
    return server;
}

gboolean sim_world_server_make_pki(SimWorldServer *server, const char *pki, GError **error)
{
    gboolean is_smdp = server->kind == SIM_PKI_SMDP;
    g_free(server->pki);
    server->pki = g_build_filename(pki, server->host, NULL);
    g_autofree char *mark =
        g_build_filename(server->pki, is_smdp ? "dptls.der" : "dstls.der", NULL);
    g_autofree char *oid = g_strdup_printf("2.999.%u%u", is_smdp ? 10 : 15, server->number);
    return g_file_test(mark, G_FILE_TEST_EXISTS) ||
           sim_pki_add_server(pki, server->pki, server->kind, server->host, oid, error);
}

char *sim_world_server_get_url_host(const SimWorldServer *server)
{
    return server->port == USUAL_PORT ? g_strdup(server->host)
                                      : g_strdup_printf("%s:%u", server->host, server->port);
}

char **sim_world_server_make_argv(const SimWorldServer *server, const char *self,
                                  const char *control, char **upps)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, g_strdup(self));
    g_ptr_array_add(argv, g_strdup(server->kind == SIM_PKI_SMDP ? "smdp" : "smds"));
    g_ptr_array_add(argv, g_strdup_printf("--listen=%s:%u", server->address, server->port));
    g_ptr_array_add(argv, g_strconcat("--pki=", server->pki, NULL));
    g_ptr_array_add(argv, g_strconcat("--control=", control, NULL));
    g_autofree char *host = sim_world_server_get_url_host(server);
    g_ptr_array_add(argv, g_strconcat("--address=", host, NULL));
    gboolean offers = server->kind == SIM_PKI_SMDP && server->number == 1;
    for (guint i = 0; offers && upps && upps[i]; i++)
        g_ptr_array_add(argv, g_strconcat("--upp=", upps[i], NULL));
    g_ptr_array_add(argv, g_strdup("--ready-fd=@FD@"));
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}
