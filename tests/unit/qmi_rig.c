/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/qmi_rig.h"

#include "unit/still_clock.h"
#include "util/bytes.h"

void rig_let_pass(Rig *rig, guint16 id, guint ms)
{
    fake_uim_then(rig->fake, id, still_clock_pass, GUINT_TO_POINTER(ms));
}

/* ---- the back-end ---- */

static const guint8 isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                               0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };
static const guint8 get_eid[] = {
    0x81, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A
};

static void on_event(BackendEvent event, gpointer data)
{
    Rig *rig = data;
    const char *name = "";

    switch (event) {
    case BACKEND_EVENT_CARD_READY:
        name = "ready ";
        break;
    case BACKEND_EVENT_CARD_GONE:
        name = "gone ";
        break;
    case BACKEND_EVENT_LOST:
        name = "lost ";
        break;
    }
    g_string_append(rig->events, name);
}

void rig_start_full(Rig *rig, guint slot, BackendOptions options)
{
    rig->fake = fake_uim_new();
    options.proxy = fake_uim_get_name(rig->fake);
    options.no_file_check = TRUE;
    rig->backend = backend_qmi_new_full("/nonexistent/cdc-wdm7", slot, &options);
    rig->events = g_string_new(NULL);
    backend_set_event_func(rig->backend, on_event, rig);
}

void rig_start(Rig *rig)
{
    rig_start_full(rig, 0, (BackendOptions){ .off_time = OFF_TIME });
}

void rig_open(Rig *rig)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(backend_open(rig->backend, LATE, NULL, &error));
    g_assert_no_error(error);
    g_free(fake_uim_take_history(rig->fake));
}

void rig_stop(Rig *rig)
{
    backend_free(rig->backend);
    fake_uim_free(rig->fake);
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

gboolean rig_answer_late(gpointer data)
{
    fake_uim_answer_late(data);
    return G_SOURCE_REMOVE;
}

/* The late answer waits until whoever gave up has turned to something else. */
gboolean rig_time_out_and_answer_late(gpointer data)
{
    (void)still_clock_pass(GUINT_TO_POINTER(UNTIL_SOON));
    g_idle_add_full(G_PRIORITY_LOW, rig_answer_late, data, NULL);
    return G_SOURCE_REMOVE;
}

gboolean rig_cancel(gpointer data)
{
    g_cancellable_cancel(data);
    return G_SOURCE_REMOVE;
}
