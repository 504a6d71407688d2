/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The socket that plays a proxy: whoever connects says first which device it means. */

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/modem_private.h"

typedef struct {
    SimProxy *proxy;
    SimPeer *peer;
    SimModem *modem; /* NULL until it said which device it means */
} ProxyClient;

struct SimProxy {
    const SimModemClass *class;
    GPtrArray *modems;
    GPtrArray *clients;
    int fd;
    guint source;
};

static void proxy_client_free(gpointer data)
{
    ProxyClient *client = data;
    if (client->modem)
        sim_modem_remove_peer(client->modem, client->peer);
    sim_peer_close(client->peer);
    sim_peer_unref(client->peer);
    g_free(client);
}

/* Hosts for which UMOCKDEV_DIR stands in place of /dev call it /dev. */
static char *translate(const char *path)
{
    const char *folder = g_getenv("UMOCKDEV_DIR");
    return folder && g_str_has_prefix(path, "/dev/") ? g_strconcat(folder, path, NULL)
                                                     : g_strdup(path);
}

static gboolean same_device(const char *a, const char *their_b)
{
    g_autofree char *b = translate(their_b);
    g_autofree char *real_a = realpath(a, NULL);
    g_autofree char *real_b = realpath(b, NULL);
    return g_str_equal(a, b) || (real_a && real_b && g_str_equal(real_a, real_b));
}

static gboolean open_path(ProxyClient *client, const char *path)
{
    for (guint i = 0; i < client->proxy->modems->len && !client->modem; i++) {
        SimModem *modem = client->proxy->modems->pdata[i];
        if (modem->class != client->proxy->class || !modem->plugged ||
            !same_device(modem->path, path))
            continue;
        client->modem = modem;
        sim_modem_add_peer(modem, client->peer);
        return TRUE;
    }
    return FALSE;
}

static void on_client_frame(SimPeer *peer, const guint8 *frame, gsize size, gpointer data)
{
    ProxyClient *client = data;
    const SimModemClass *class = client->proxy->class;
    g_autofree char *path = class->proxy_path(frame, size);
    if (path) {
        g_autoptr(GByteArray) answer = class->proxy_answer(frame, size, open_path(client, path));
        sim_peer_send(peer, answer->data, answer->len);
    } else if (client->modem && client->modem->plugged) {
        class->frame(client->modem, peer, frame, size);
    }
}

static void on_client_gone(SimPeer *peer G_GNUC_UNUSED, gpointer data)
{
    ProxyClient *client = data;
    g_ptr_array_remove(client->proxy->clients, client);
}

static gssize measure_client(const guint8 *frame, gsize size, gpointer data)
{
    const ProxyClient *client = data;
    return client->proxy->class->measure(frame, size);
}

static gboolean on_client(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    static const SimPeerFuncs funcs = { measure_client, on_client_frame, on_client_gone };
    SimProxy *proxy = data;
    for (guint i = proxy->clients->len; i > 0; i--) { /* those whose modem was unplugged */
        const ProxyClient *old = proxy->clients->pdata[i - 1];
        if (!sim_peer_is_open(old->peer))
            g_ptr_array_remove_index(proxy->clients, i - 1);
    }
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0)
        return G_SOURCE_CONTINUE;
    ProxyClient *client = g_new0(ProxyClient, 1);
    client->proxy = proxy;
    client->peer = sim_peer_new(connection, &funcs, client);
    g_ptr_array_add(proxy->clients, client);
    return G_SOURCE_CONTINUE;
}

SimProxy *sim_proxy_new(const SimModemClass *class, const char *name, GPtrArray *modems,
                        GError **error)
{
    int fd = sim_port_listen(name, error);
    if (fd < 0)
        return NULL;
    SimProxy *proxy = g_new0(SimProxy, 1);
    proxy->class = class;
    proxy->modems = g_ptr_array_ref(modems);
    proxy->clients = g_ptr_array_new_with_free_func(proxy_client_free);
    proxy->fd = fd;
    proxy->source = g_unix_fd_add(fd, G_IO_IN, on_client, proxy);
    return proxy;
}

void sim_proxy_free(SimProxy *proxy)
{
    if (!proxy)
        return;
    g_source_remove(proxy->source);
    (void)g_close(proxy->fd, NULL);
    g_ptr_array_unref(proxy->clients);
    g_ptr_array_unref(proxy->modems);
    g_free(proxy);
}
