/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_port.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "util/error.h"

/* Reads in one round, so that a modem which never stops leaves time for others. */
#define MAX_READS 16

typedef struct {
    AtPort port;
    int fd;
    gboolean
        is_terminal; /* else a character device without terminal settings, as some WWAN ports are */
    gboolean taken;  /* its settings are ours */
    struct termios saved;
    GSource *source;
    gpointer tag;
    GByteArray *output; /* not taken by the terminal yet */
    const AtPortFuncs *funcs;
    gpointer data;
} Tty;

typedef struct {
    GSource source;
    Tty *tty;
} TtySource;

static void stop(Tty *tty)
{
    if (!tty->source)
        return;
    g_source_destroy(tty->source);
    g_clear_pointer(&tty->source, g_source_unref);
}

static void lose(Tty *tty, const char *why)
{
    if (!tty->source)
        return;
    stop(tty);
    tty->funcs->gone(why, tty->data);
}

/* FALSE when the port is gone. */
static gboolean flush(Tty *tty)
{
    while (tty->output->len > 0) {
        ssize_t n = write(tty->fd, tty->output->data, tty->output->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            lose(tty, g_strerror(errno));
            return FALSE;
        }
        if (n <= 0)
            break;
        g_byte_array_remove_range(tty->output, 0, (guint)n);
    }
    g_source_modify_unix_fd(tty->source, tty->tag,
                            G_IO_IN | G_IO_HUP | G_IO_ERR |
                                (tty->output->len > 0 ? G_IO_OUT : (GIOCondition)0));
    return TRUE;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    g_autoptr(GSource) self = g_source_ref(source); /* what is read may end with the port's end */
    Tty *tty = ((TtySource *)source)->tty;
    char octets[4096];

    (void)callback;
    (void)data;
    for (guint i = 0; i < MAX_READS && !g_source_is_destroyed(self); i++) {
        ssize_t n = read(tty->fd, octets, sizeof octets);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            /* EIO: a terminal that was hung up, or pulled. */
            lose(tty, n == 0 ? "hung up" : g_strerror(errno));
            break;
        }
        tty->funcs->octets(octets, (gsize)n, tty->data);
    }
    if (!g_source_is_destroyed(self))
        (void)flush(tty);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

static void tty_write(AtPort *port, const char *octets, gsize size)
{
    Tty *tty = (Tty *)port;

    if (!tty->source)
        return;
    g_byte_array_append(tty->output, (const guint8 *)octets, (guint)size);
    (void)flush(tty);
}

static void tty_free(AtPort *port)
{
    Tty *tty = (Tty *)port;

    stop(tty);
    if (tty->fd >= 0) {
        if (tty->taken) {
            (void)tcsetattr(tty->fd, TCSANOW, &tty->saved);
            (void)ioctl(tty->fd, TIOCNXCL);
        }
        (void)close(tty->fd); /* and the lock with it */
    }
    g_byte_array_unref(tty->output);
    g_free(tty);
}

static void set_errno(EuiccdError code, int number, const char *what, GError **error)
{
    g_set_error(error, EUICCD_ERROR, (gint)code, "%s: %s", what, g_strerror(number));
}

/* Other programs respect the one or the other: the lock is what most tools take, exclusive mode what
 * ModemManager sets. Exclusive mode does not keep out root, so it is asked for. */
static gboolean take(Tty *tty, GError **error)
{
    int exclusive = 0;

    if (flock(tty->fd, LOCK_EX | LOCK_NB) < 0) {
        int number = errno;

        if (number == EWOULDBLOCK)
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                                "another program has locked the port");
        else
            set_errno(EUICCD_ERROR_MODEM, number, "lock", error);
        return FALSE;
    }
    if (!tty->is_terminal)
        return TRUE;
    if (ioctl(tty->fd, TIOCGEXCL, &exclusive) == 0 && exclusive) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                            "another program uses the port exclusively");
        return FALSE;
    }
    if (ioctl(tty->fd, TIOCEXCL) < 0) {
        set_errno(EUICCD_ERROR_MODEM, errno, "take exclusively", error);
        return FALSE;
    }
    tty->taken = TRUE;
    return TRUE;
}

static gboolean set_raw(Tty *tty, GError **error)
{
    struct termios raw = tty->saved;

    if (!tty->is_terminal)
        return TRUE;
    cfmakeraw(&raw);
    raw.c_cflag |= CLOCAL | CREAD;
    /* A falling DTR at the end makes some modems drop the connection of another port. */
    raw.c_cflag &= ~(tcflag_t)HUPCL;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)cfsetspeed(&raw, B115200); /* for real lines; USB has none */
    if (tcsetattr(tty->fd, TCSANOW, &raw) < 0) {
        set_errno(EUICCD_ERROR_MODEM, errno, "set the terminal to raw", error);
        return FALSE;
    }
    (void)tcflush(tty->fd, TCIOFLUSH);
    return TRUE;
}

AtPort *at_tty_open(const char *path, const AtPortFuncs *funcs, gpointer data, GError **error)
{
    Tty *tty = g_new0(Tty, 1);
    g_autoptr(AtPort) port = &tty->port;
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
    struct stat status;

    tty->port.write = tty_write;
    tty->port.free = tty_free;
    tty->output = g_byte_array_new();
    tty->funcs = funcs;
    tty->data = data;
    tty->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (tty->fd < 0) {
        int number = errno;

        if (number == EBUSY)
            set_errno(EUICCD_ERROR_BUSY, number, "another program uses the port exclusively",
                      error);
        else
            set_errno(number == ENOENT || number == ENODEV || number == ENXIO || number == EIO
                          ? EUICCD_ERROR_MODEM_GONE
                          : EUICCD_ERROR_MODEM,
                      number, "open", error);
        return NULL;
    }
    if (fstat(tty->fd, &status) < 0 || !S_ISCHR(status.st_mode)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM, "this is no terminal");
        return NULL;
    }
    tty->is_terminal = tcgetattr(tty->fd, &tty->saved) == 0;
    if (!take(tty, error) || !set_raw(tty, error))
        return NULL;
    tty->source = g_source_new(&source_funcs, sizeof(TtySource));
    ((TtySource *)tty->source)->tty = tty;
    tty->tag = g_source_add_unix_fd(tty->source, tty->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_attach(tty->source, context);
    return g_steal_pointer(&port);
}
