/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/servers.h"

#include "net/certificates.h"
#include "util/error.h"
#include "util/host.h"

struct Servers {
    const Config *config;
    Trust *trust;            /* NULL before the first server */
    GHashTable *connections; /* "host port" -> HttpsClient */
    GHashTable *clients;     /* address -> Es9pClient, each over one of CONNECTIONS */
};

Servers *servers_new(const Config *config)
{
    Servers *servers = g_new0(Servers, 1);

    servers->config = config;
    servers->connections =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)https_client_free);
    servers->clients =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)es9p_client_free);
    return servers;
}

void servers_close(Servers *servers)
{
    /* What goes over a connection goes before it. */
    g_hash_table_remove_all(servers->clients);
    g_hash_table_remove_all(servers->connections);
    g_clear_pointer(&servers->trust, trust_unref);
}

void servers_free(Servers *servers)
{
    servers_close(servers);
    g_hash_table_unref(servers->clients);
    g_hash_table_unref(servers->connections);
    g_free(servers);
}

static HttpsClient *connect_to(Servers *servers, const char *host, guint16 port)
{
    g_autofree char *folded = g_ascii_strdown(host, -1);
    g_autofree char *name = g_strdup_printf("%s %u", folded, port);
    HttpsClient *https = g_hash_table_lookup(servers->connections, name);
    HttpsConfig config = servers->config->network;

    if (https)
        return https;
    config.small_records = TRUE; /* bound packages go to the card while they arrive */
    https = https_client_new(host, port, servers->trust, &config);
    g_hash_table_insert(servers->connections, g_steal_pointer(&name), https);
    return https;
}

static gboolean load_trust(Servers *servers, GError **error)
{
    if (!servers->trust)
        servers->trust =
            trust_new_esim_ci((const char *const *)servers->config->ci_directories, error);
    return servers->trust != NULL;
}

gboolean servers_are_trusted(Servers *servers)
{
    return load_trust(servers, NULL);
}

static gboolean is_any_configured(const Config *config)
{
    for (guint i = 0; config->ci_directories[i]; i++)
        if (certificates_are_in(config->ci_directories[i]))
            return TRUE;
    return FALSE;
}

gboolean servers_know_ci(Servers *servers, GBytes *key_id, GError **error)
{
    if (!is_any_configured(servers->config))
        return TRUE;
    if (!load_trust(servers, error))
        return FALSE;
    if (key_id && trust_has_ci(servers->trust, tlv_slice_from_bytes(key_id)))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_TLS,
                        "its certificate is of a CI that is not among those of the configuration");
    return FALSE;
}

Es9pClient *servers_get(Servers *servers, const char *address, IpaServerKind kind, GError **error)
{
    const char *name = kind == IPA_SERVER_DS ? "SM-DS" : "SM-DP+";
    Es9pClient *client = g_hash_table_lookup(servers->clients, address);
    g_autofree char *host = NULL;
    guint16 port;

    if (client)
        return client;
    if (!host_parse(address, &host, &port)) {
        g_autofree char *shown = rsp_server_printable(address);

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "the address of the %s is no host name with an optional port: '%s'", name,
                    shown);
        return NULL;
    }
    if (!load_trust(servers, error)) {
        g_prefix_error(error, "preparing the connection to the %s %s: ", name, host);
        return NULL;
    }
    client = es9p_client_new(connect_to(servers, host, port), address);
    g_hash_table_insert(servers->clients, g_strdup(address), client);
    return client;
}

void servers_network_changed(Servers *servers, gboolean reconnect)
{
    GHashTableIter iter;
    gpointer https;

    g_hash_table_iter_init(&iter, servers->connections);
    while (g_hash_table_iter_next(&iter, NULL, &https)) {
        if (reconnect)
            https_client_disconnect(https);
        else
            https_client_network_changed(https);
    }
}
