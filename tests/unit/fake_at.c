/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/fake_at.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "util/bytes.h"

typedef struct {
    char *command, *octets;
    gboolean once;
} Answer;

struct FakeAt {
    int master, slave;
    char path[128];
    guint source;
    GString *input;
    GPtrArray *answers;
    GPtrArray *history;
    guint taken; /* of HISTORY */
    char *hang_up_at;
    gboolean echo;
};

static void answer_free(gpointer data)
{
    Answer *answer = data;

    g_free(answer->command);
    g_free(answer->octets);
    g_free(answer);
}

static void add_answer(FakeAt *fake, const char *command, const char *octets, gboolean once)
{
    Answer *answer = g_new0(Answer, 1);

    answer->command = g_strdup(command);
    answer->octets = g_strdup(octets);
    answer->once = once;
    g_ptr_array_add(fake->answers, answer);
}

void fake_at_answer(FakeAt *fake, const char *command, const char *octets)
{
    add_answer(fake, command, octets, FALSE);
}

void fake_at_answer_once(FakeAt *fake, const char *command, const char *octets)
{
    add_answer(fake, command, octets, TRUE);
}

void fake_at_say(FakeAt *fake, const char *octets)
{
    gsize size = strlen(octets), at = 0;

    while (at < size && fake->master >= 0) {
        ssize_t n = write(fake->master, octets + at, size - at);

        if (n > 0)
            at += (gsize)n;
        else
            g_main_context_iteration(NULL, FALSE); /* the other side has to read first */
    }
}

void fake_at_set_echo(FakeAt *fake, gboolean echo)
{
    fake->echo = echo;
}

static void pull(FakeAt *fake)
{
    if (fake->source)
        g_source_remove(fake->source);
    fake->source = 0;
    if (fake->master >= 0)
        close(fake->master);
    fake->master = -1;
}

void fake_at_hang_up(FakeAt *fake, const char *command)
{
    if (command)
        fake->hang_up_at = g_strdup(command);
    else
        pull(fake);
}

/* The first of those for once, else the last. */
static Answer *find_answer(FakeAt *fake, const char *command)
{
    Answer *found = NULL;

    for (guint i = 0; i < fake->answers->len; i++) {
        Answer *answer = fake->answers->pdata[i];

        if (!g_str_has_prefix(command, answer->command))
            continue;
        found = answer;
        if (answer->once)
            break;
    }
    return found;
}

static void take_command(FakeAt *fake, const char *command)
{
    g_autofree char *octets = NULL;
    Answer *answer = find_answer(fake, command);

    g_ptr_array_add(fake->history, g_strdup(command));
    if (fake->hang_up_at && g_str_has_prefix(command, fake->hang_up_at)) {
        pull(fake);
        return;
    }
    if (fake->echo) {
        g_autofree char *line = g_strconcat(command, "\r", NULL);

        fake_at_say(fake, line);
    }
    octets = answer ? g_strdup(answer->octets) : g_strdup("\r\nERROR\r\n");
    if (answer && answer->once)
        g_ptr_array_remove(fake->answers, answer);
    if (octets)
        fake_at_say(fake, octets);
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer data)
{
    FakeAt *fake = data;
    char buffer[1024], *end;
    ssize_t n = read(fd, buffer, sizeof buffer);

    (void)condition;
    if (n <= 0)
        return G_SOURCE_CONTINUE;
    g_string_append_len(fake->input, buffer, n);
    while (fake->master >= 0 && (end = strchr(fake->input->str, '\r')) != NULL) {
        gsize size = (gsize)(end - fake->input->str);
        g_autofree char *command = g_strndup(fake->input->str, size);

        g_string_erase(fake->input, 0, (gssize)size + 1);
        take_command(fake, command);
    }
    return fake->master >= 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

FakeAt *fake_at_new(void)
{
    FakeAt *fake = g_new0(FakeAt, 1);
    struct termios settings;

    fake->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(fake->master, >=, 0);
    g_assert_cmpint(grantpt(fake->master), ==, 0);
    g_assert_cmpint(unlockpt(fake->master), ==, 0);
    g_assert_cmpint(ptsname_r(fake->master, fake->path, sizeof fake->path), ==, 0);
    /* Without any open slave, the master reads errors. */
    fake->slave = open(fake->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(fake->slave, >=, 0);
    g_assert_cmpint(tcgetattr(fake->slave, &settings), ==, 0);
    cfmakeraw(&settings);
    g_assert_cmpint(tcsetattr(fake->slave, TCSANOW, &settings), ==, 0);
    g_assert_true(g_unix_set_fd_nonblocking(fake->master, TRUE, NULL));
    fake->input = g_string_new(NULL);
    fake->answers = g_ptr_array_new_with_free_func(answer_free);
    fake->history = g_ptr_array_new_with_free_func(g_free);
    fake->source = g_unix_fd_add(fake->master, G_IO_IN, on_readable, fake);
    fake_at_answer(fake, "AT+CMEE=1", OK);
    fake_at_answer(fake, "ATQ0V1E0", OK);
    fake_at_answer(fake, "ATE0", OK);
    fake_at_answer(fake, "ATV1", OK);
    fake_at_answer(fake, "AT+CMEE?", "\r\n+CMEE: 1\r\n" OK);
    fake_at_answer(fake, "AT+CSCS?", "\r\n+CSCS: \"IRA\"\r\n" OK);
    fake_at_answer(fake, "AT+CPIN?", "\r\n+CPIN: READY\r\n" OK);
    return fake;
}

void fake_at_free(FakeAt *fake)
{
    pull(fake);
    close(fake->slave);
    g_string_free(fake->input, TRUE);
    g_ptr_array_unref(fake->answers);
    g_ptr_array_unref(fake->history);
    g_free(fake->hang_up_at);
    g_free(fake);
}

const char *fake_at_get_path(FakeAt *fake)
{
    return fake->path;
}

char *fake_at_take_history(FakeAt *fake)
{
    GString *text = g_string_new(NULL);

    for (; fake->taken < fake->history->len; fake->taken++)
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "",
                               (const char *)fake->history->pdata[fake->taken]);
    return g_string_free(text, FALSE);
}

guint fake_at_count(FakeAt *fake, const char *command)
{
    guint count = 0;

    for (guint i = 0; i < fake->history->len; i++)
        count += g_str_has_prefix(fake->history->pdata[i], command) ? 1 : 0;
    return count;
}

/* ---- the rig ---- */

static void on_event(BackendEvent event, gpointer data)
{
    AtRig *rig = data;

    switch (event) {
    case BACKEND_EVENT_CARD_READY:
        g_string_append(rig->events, "ready ");
        break;
    case BACKEND_EVENT_CARD_GONE:
        g_string_append(rig->events, "gone ");
        break;
    case BACKEND_EVENT_LOST:
        g_string_append(rig->events, "lost ");
        break;
    }
}

void at_rig_start(AtRig *rig)
{
    BackendOptions options;

    rig->fake = fake_at_new();
    rig->probe = probe_new();
    rig->events = g_string_new(NULL);
    options = (BackendOptions){ .quirks = &rig->quirks, .probe = rig->probe };
    rig->backend = backend_new("at", fake_at_get_path(rig->fake), 0, &options);
    g_assert_nonnull(rig->backend);
    backend_set_event_func(rig->backend, on_event, rig);
}

void at_rig_open(AtRig *rig)
{
    g_autofree char *history = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(backend_open(rig->backend, LATE, NULL, &error));
    g_assert_no_error(error);
    history = fake_at_take_history(rig->fake);
}

void at_rig_stop(AtRig *rig)
{
    backend_free(rig->backend);
    fake_at_free(rig->fake);
    probe_free(rig->probe);
    g_string_free(rig->events, TRUE);
}

void at_rig_assert_history(AtRig *rig, const char *expected)
{
    g_autofree char *history = fake_at_take_history(rig->fake);

    g_assert_cmpstr(history, ==, expected);
}

void at_rig_assert_events(AtRig *rig, const char *expected)
{
    g_assert_cmpstr(rig->events->str, ==, expected);
    g_string_truncate(rig->events, 0);
}

guint8 at_rig_open_channel(AtRig *rig, gint64 deadline, GError **error)
{
    g_autoptr(GBytes) aid = bytes_from_hex(ISDR_HEX, NULL);
    guint8 channel = 0;

    if (!backend_open_channel(rig->backend, g_bytes_get_data(aid, NULL), g_bytes_get_size(aid),
                              deadline, NULL, &channel, NULL, error))
        return 0;
    return channel;
}

char *at_rig_transmit(AtRig *rig, guint8 channel, const char *hex, gint64 deadline,
                      GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) apdu = bytes_from_hex(hex, NULL), response = NULL;
    gsize size;
    const guint8 *data = g_bytes_get_data(apdu, &size);

    if (!backend_transmit(rig->backend, channel, data, size, deadline, cancellable, &response,
                          error))
        return NULL;
    return bytes_gbytes_to_hex(response);
}

gboolean at_rig_has_step(AtRig *rig, const char *name, gboolean ok, const char *text)
{
    g_autoptr(GPtrArray) steps = probe_list(rig->probe);

    for (guint i = 0; i < steps->len; i++) {
        const ProbeStep *step = steps->pdata[i];

        if (g_str_has_prefix(step->step, name) && step->ok == ok && strstr(step->answer, text))
            return TRUE;
    }
    return FALSE;
}
