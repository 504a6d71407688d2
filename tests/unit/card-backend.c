/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/card-backend.h"

#include <string.h>

#include "util/error.h"

typedef struct {
    Backend backend;
    World *world;
} CardBackend;

static gboolean card_open(Backend *backend G_GNUC_UNUSED, gint64 deadline G_GNUC_UNUSED,
                          GCancellable *cancellable G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static GBytes *transmit(Backend *backend, const guint8 *apdu, gsize size)
{
    return sim_card_transmit(((CardBackend *)backend)->world->card, apdu, size);
}

static gboolean card_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                  gint64 deadline G_GNUC_UNUSED,
                                  GCancellable *cancellable G_GNUC_UNUSED, guint8 *ret_channel,
                                  GBytes **ret_fci, GError **error)
{
    static const guint8 manage_channel[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
    g_autoptr(GBytes) opened = transmit(backend, manage_channel, sizeof manage_channel);
    g_autoptr(GBytes) selected = NULL;
    guint8 select[5 + 16] = { 0, 0xA4, 0x04, 0x04, (guint8)aid_size };
    const guint8 *data;
    gsize size;

    data = g_bytes_get_data(opened, &size);
    if (size != 3) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL, "no channel");
        return FALSE;
    }
    g_assert_cmpuint(aid_size, <=, 16);
    select[0] = *ret_channel = data[0];
    memcpy(select + 5, aid, aid_size);
    selected = transmit(backend, select, 5 + aid_size);
    data = g_bytes_get_data(selected, &size);
    if (data[size - 2] != 0x90 && data[size - 2] != 0x61) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_EUICC, "not selected");
        return FALSE;
    }
    *ret_fci = NULL;
    return TRUE;
}

static gboolean card_transmit(Backend *backend, guint8 channel G_GNUC_UNUSED, const guint8 *apdu,
                              gsize size, gint64 deadline G_GNUC_UNUSED,
                              GCancellable *cancellable G_GNUC_UNUSED, GBytes **ret_response,
                              GError **error G_GNUC_UNUSED)
{
    *ret_response = transmit(backend, apdu, size);
    return TRUE;
}

static gboolean card_close_channel(Backend *backend, guint8 channel, gint64 deadline G_GNUC_UNUSED,
                                   GCancellable *cancellable G_GNUC_UNUSED,
                                   GError **error G_GNUC_UNUSED)
{
    guint8 apdu[] = { 0x00, 0x70, 0x80, channel, 0x00 };
    g_autoptr(GBytes) answer = transmit(backend, apdu, sizeof apdu);

    return TRUE;
}

static gboolean card_reset(Backend *backend, gint64 deadline G_GNUC_UNUSED,
                           GCancellable *cancellable G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    world_reset(((CardBackend *)backend)->world);
    if (backend->event) {
        backend->event(BACKEND_EVENT_CARD_GONE, backend->event_data);
        backend->event(BACKEND_EVENT_CARD_READY, backend->event_data);
    }
    return TRUE;
}

static void card_close(Backend *backend G_GNUC_UNUSED)
{
}

static void card_free(Backend *backend)
{
    g_free(backend);
}

static const BackendClass card_class = {
    .name = "card",
    .open = card_open,
    .open_channel = card_open_channel,
    .transmit = card_transmit,
    .close_channel = card_close_channel,
    .reset_card = card_reset,
    .close = card_close,
    .free = card_free,
};

Backend *card_backend_new(World *world)
{
    CardBackend *self = g_new0(CardBackend, 1);

    self->backend.class = &card_class;
    self->backend.quirks = &quirks_none;
    self->backend.name = "card0";
    self->world = world;
    return &self->backend;
}

/* ---- rig ---- */

static void on_event(BackendEvent event, gpointer data)
{
    channel_handle_event(data, event);
}

void card_rig_start(CardRig *rig, const char *members)
{
    rig->world = world_new(members);
    rig->backend = card_backend_new(rig->world);
    rig->config = channel_config_new();
    rig->channel = channel_new(rig->backend, rig->config, NULL);
    backend_set_event_func(rig->backend, on_event, rig->channel);
}

void card_rig_stop(CardRig *rig)
{
    channel_free(rig->channel);
    channel_config_free(rig->config);
    backend_free(rig->backend);
    world_free(rig->world);
}
