/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/mbim_rig.h"

#include <string.h>

#include "unit/still_clock.h"
#include "util/bytes.h"

static const guint8 isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                               0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };
static const guint8 get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF,
                                  0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00 };

void rig_let_pass(Rig *rig, FakeMbimRequest request, guint ms)
{
    fake_mbim_then(rig->fake, request, still_clock_pass, GUINT_TO_POINTER(ms));
}

static void on_event(BackendEvent event, gpointer data)
{
    static const char *const names[] = {
        [BACKEND_EVENT_CARD_READY] = "ready ",
        [BACKEND_EVENT_CARD_GONE] = "gone ",
        [BACKEND_EVENT_LOST] = "lost ",
    };
    Rig *rig = data;

    g_string_append(rig->events, names[event]);
}

void rig_start_full(Rig *rig, guint slot, BackendOptions options)
{
    rig->fake = fake_mbim_new();
    rig->probe = probe_new();
    options.no_proxy = TRUE;
    options.probe = rig->probe;
    rig->backend = backend_mbim_new_full(fake_mbim_get_path(rig->fake), slot, &options);
    rig->events = g_string_new(NULL);
    backend_set_event_func(rig->backend, on_event, rig);
}

void rig_start(Rig *rig)
{
    rig_start_full(rig, 0, (BackendOptions){ .off_time = OFF_TIME });
}

void rig_start_quirks(Rig *rig, const Quirks *quirks)
{
    rig_start_full(rig, 0, (BackendOptions){ .off_time = OFF_TIME, .quirks = quirks });
}

void rig_open(Rig *rig)
{
    g_autoptr(GError) error = NULL;

    backend_open(rig->backend, LATE, NULL, &error);
    g_assert_no_error(error);
    g_free(fake_mbim_take_history(rig->fake));
}

void rig_stop(Rig *rig)
{
    backend_free(rig->backend);
    fake_mbim_free(rig->fake);
    probe_free(rig->probe);
    g_string_free(rig->events, TRUE);
}

gboolean rig_open_channel(Rig *rig, gint64 deadline, GError **error)
{
    guint8 channel = 0;

    return backend_open_channel(rig->backend, isdr, sizeof isdr, deadline, NULL, &channel, NULL,
                                error);
}

char *rig_transmit(Rig *rig, gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) response = NULL;

    if (!backend_transmit(rig->backend, 1, get_eid, sizeof get_eid, deadline, cancellable,
                          &response, error))
        return NULL;
    return bytes_gbytes_to_hex(response);
}

void rig_settle(Rig *rig, const char *events)
{
    while (rig->events->len < strlen(events))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(rig->events->str, ==, events);
    g_string_truncate(rig->events, 0);
}

void rig_take_all(Rig *rig)
{
    guint8 rplmn[3];

    /* The modem's messages come in their order: an answer stands behind all that was sent before it. */
    g_assert_true(backend_get_rplmn(rig->backend, LATE, NULL, rplmn, NULL));
    g_free(fake_mbim_take_history(rig->fake));
}

gboolean rig_answer_late(gpointer data)
{
    fake_mbim_answer_late(data);
    return G_SOURCE_REMOVE;
}

gboolean rig_cancel(gpointer data)
{
    g_cancellable_cancel(data);
    return G_SOURCE_REMOVE;
}

guint rig_count_steps(Rig *rig, const char *step, gboolean ok)
{
    g_autoptr(GPtrArray) steps = probe_list(rig->probe);
    guint n = 0;

    for (guint i = 0; i < steps->len; i++) {
        const ProbeStep *s = g_ptr_array_index(steps, i);

        n += g_str_has_prefix(s->step, step) && !s->ok == !ok;
    }
    return n;
}
