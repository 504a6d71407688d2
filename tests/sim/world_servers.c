/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SM-DP+ and SM-DS as parts of a world. */

#include "sim/world_private.h"

/* Without a network of its own the port is chosen by the kernel; the address that clients use has it in it, so
 * that it is looked for before. */
static guint choose_port(const World *world, const SimWorldServer *server, GError **error)
{
    g_autofree char *name = g_strconcat(server->name, ".port", NULL);
    g_autofree char *path = sim_world_path(world, name);
    g_autofree char *kept = NULL;
    if (world->options->own_network)
        return 443;
    if (g_file_get_contents(path, &kept, NULL, NULL))
        return (guint)g_ascii_strtoull(kept, NULL, 10);
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    guint port = g_socket_listener_add_any_inet_port(listener, NULL, error);
    g_autofree char *text = g_strdup_printf("%u\n", port);
    return port && g_file_set_contents(path, text, -1, error) ? port : 0;
}

static gboolean start_server(World *world, SimWorldServer *server, GError **error)
{
    g_autofree char *socket = g_strconcat(server->name, ".sock", NULL);
    g_autofree char *control = sim_world_path(world, socket);
    server->port = choose_port(world, server, error);
    if (!server->port || !sim_world_server_make_pki(server, world->pki, error))
        return FALSE;
    g_auto(GStrv) argv =
        sim_world_server_make_argv(server, world->options->self, control, world->options->upps);
    SimPart *part = sim_world_add_part(world, server->name, argv, SIM_PART_READY_LINE);
    return sim_world_start_part(world, part, SIM_START_TIMEOUT, NULL, error);
}

gboolean sim_world_start_servers(World *world, GError **error)
{
    GPtrArray *servers = world->options->servers;
    for (guint i = 0; servers && i < servers->len; i++)
        if (!start_server(world, servers->pdata[i], error))
            return FALSE;
    return TRUE;
}

GPtrArray *sim_world_list_servers(const World *world)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *servers = world->options->servers;
    for (guint i = 0; servers && i < servers->len; i++) {
        const SimWorldServer *server = servers->pdata[i];
        g_autofree char *address = sim_world_server_get_url_host(server);
        g_autofree char *socket = g_strconcat(server->name, ".sock", NULL);
        g_autofree char *path = sim_world_path(world, socket);
        g_ptr_array_add(list, g_strdup_printf("%s=%s", address, path));
    }
    return list;
}

JsonArray *sim_world_describe_servers(const World *world)
{
    JsonArray *list = json_array_new();
    GPtrArray *servers = world->options->servers;
    for (guint i = 0; servers && i < servers->len; i++) {
        const SimWorldServer *server = servers->pdata[i];
        g_autofree char *address = sim_world_server_get_url_host(server);
        JsonObject *entry = json_object_new();
        json_object_set_string_member(entry, "part", server->name);
        json_object_set_string_member(entry, "address", address);
        json_object_set_string_member(entry, "pki", server->pki);
        json_object_set_int_member(entry, "port", server->port);
        json_array_add_object_element(list, entry);
    }
    return list;
}

/* Where the daemon finds the eIMs and the other servers. One of somebody else is looked for on the loopback where there is nothing
 * else, and by its name on the machine's network. */
char *sim_world_make_resolve(const World *world)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GPtrArray *eims = world->options->eims;
    for (guint i = 0; i < eims->len; i++) {
        const SimWorldEim *eim = eims->pdata[i];
        if (eim->address && (eim->name || world->options->own_network))
            g_string_append_printf(text, "%s%s:%u:%s", text->len ? " " : "", eim->host, eim->port,
                                   eim->address);
    }
    GPtrArray *servers = world->options->servers;
    for (guint i = 0; servers && i < servers->len; i++) {
        const SimWorldServer *server = servers->pdata[i];
        g_string_append_printf(text, "%s%s:%u:%s", text->len ? " " : "", server->host, server->port,
                               server->address);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
