/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_port.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

struct SimPeer {
    gatomicrefcount references;
    int fd;
    const SimPeerFuncs *funcs;
    gpointer data;
    GByteArray *input;
    GByteArray *output;
    guint reader;
    guint writer;
};

SimPeer *sim_peer_ref(SimPeer *peer)
{
    g_atomic_ref_count_inc(&peer->references);
    return peer;
}

void sim_peer_unref(SimPeer *peer)
{
    if (!peer || !g_atomic_ref_count_dec(&peer->references))
        return;
    sim_peer_close(peer);
    g_byte_array_unref(peer->input);
    g_byte_array_unref(peer->output);
    g_free(peer);
}

void sim_peer_close(SimPeer *peer)
{
    if (peer->reader)
        g_source_remove(peer->reader);
    if (peer->writer)
        g_source_remove(peer->writer);
    peer->reader = peer->writer = 0;
    if (peer->fd >= 0)
        (void)g_close(peer->fd, NULL);
    peer->fd = -1;
}

gboolean sim_peer_is_open(const SimPeer *peer)
{
    return peer->fd >= 0;
}

static void lose(SimPeer *peer)
{
    if (peer->fd < 0)
        return;
    sim_peer_close(peer);
    peer->funcs->gone(peer, peer->data);
}

static gboolean on_readable(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    g_autoptr(SimPeer) peer = sim_peer_ref(data);
    guint8 buffer[16384];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        lose(peer);
        return G_SOURCE_CONTINUE; /* already removed by sim_peer_close() */
    }
    g_byte_array_append(peer->input, buffer, (guint)n);
    while (peer->fd >= 0 && peer->input->len > 0) {
        gssize size = peer->funcs->measure(peer->input->data, peer->input->len, peer->data);
        if (size < 0) {
            lose(peer);
            break;
        }
        if (size == 0 || (gsize)size > peer->input->len)
            break;
        g_autofree guint8 *frame = g_memdup2(peer->input->data, (gsize)size);
        g_byte_array_remove_range(peer->input, 0, (guint)size);
        peer->funcs->frame(peer, frame, (gsize)size, peer->data);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_writable(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    SimPeer *peer = data;
    ssize_t n = write(fd, peer->output->data, peer->output->len);
    if (n > 0)
        g_byte_array_remove_range(peer->output, 0, (guint)n);
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        g_byte_array_set_size(peer->output, 0); /* the reader notices the end */
    if (peer->output->len > 0)
        return G_SOURCE_CONTINUE;
    peer->writer = 0;
    return G_SOURCE_REMOVE;
}

SimPeer *sim_peer_new(int fd, const SimPeerFuncs *funcs, gpointer data)
{
    SimPeer *peer = g_new0(SimPeer, 1);
    g_atomic_ref_count_init(&peer->references);
    peer->fd = fd;
    peer->funcs = funcs;
    peer->data = data;
    peer->input = g_byte_array_new();
    peer->output = g_byte_array_new();
    (void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    peer->reader = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, peer);
    return peer;
}

void sim_peer_send(SimPeer *peer, const void *data, gsize size)
{
    if (peer->fd < 0)
        return;
    g_byte_array_append(peer->output, data, (guint)size);
    if (!peer->writer)
        peer->writer = g_unix_fd_add(peer->fd, G_IO_OUT, on_writable, peer);
}

static void set_errno(GError **error, const char *what, const char *name)
{
    int code = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "%s %s: %s", what, name,
                g_strerror(code));
}

int sim_port_listen(const char *name, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gsize length = strlen(name);
    g_return_val_if_fail(length < sizeof address.sun_path - 1, -1);
    memcpy(address.sun_path + 1, name, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 ||
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) < 0 ||
        listen(fd, 32) < 0) {
        set_errno(error, "listen on abstract socket", name);
        if (fd >= 0)
            (void)g_close(fd, NULL);
        return -1;
    }
    return fd;
}

int sim_port_open_pty(const char *link, int *ret_slave, GError **error)
{
    int slave = -1;
    char name[128];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
        ptsname_r(master, name, sizeof name) != 0 ||
        (slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
        set_errno(error, "open pseudo-terminal for", link);
        goto fail;
    }
    struct termios settings;
    if (tcgetattr(slave, &settings) < 0)
        goto fail_settings;
    cfmakeraw(&settings);
    if (tcsetattr(slave, TCSANOW, &settings) < 0)
        goto fail_settings;
    (void)g_unlink(link);
    if (symlink(name, link) < 0) {
        set_errno(error, "make symbolic link", link);
        goto fail;
    }
    *ret_slave = slave;
    return master;

fail_settings:
    set_errno(error, "set up pseudo-terminal for", link);
fail:
    if (slave >= 0)
        (void)g_close(slave, NULL);
    if (master >= 0)
        (void)g_close(master, NULL);
    return -1;
}
