/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "modem/qrtr.h"

#include <libqrtr-glib.h>

#include "util/log.h"

/* As long as ModemManager waits for what is there at the start. */
#define LOOKUP_TIMEOUT 1000 /* milliseconds */

typedef struct {
    QrtrWatch *watch; /* NULL: stopped */
    GCancellable *cancellable;
    QrtrBus *bus;     /* NULL: the kernel has none, or it is being looked at */
    gboolean pending; /* on_bus() is still to come */
} Bus;

static void on_service_added(QrtrNode *node, guint service, gpointer data)
{
    qrtr_watch_take(((Bus *)data)->watch, qrtr_node_get_id(node), service, TRUE);
}

static void on_service_removed(QrtrNode *node, guint service, gpointer data)
{
    qrtr_watch_take(((Bus *)data)->watch, qrtr_node_get_id(node), service, FALSE);
}

static void take_node(Bus *bus, QrtrNode *node)
{
    g_signal_handlers_disconnect_by_data(node, bus);
    g_signal_connect(node, QRTR_NODE_SIGNAL_SERVICE_ADDED, G_CALLBACK(on_service_added), bus);
    g_signal_connect(node, QRTR_NODE_SIGNAL_SERVICE_REMOVED, G_CALLBACK(on_service_removed), bus);
    if (qrtr_node_lookup_port(node, QRTR_SERVICE_UIM) >= 0)
        qrtr_watch_take(bus->watch, qrtr_node_get_id(node), QRTR_SERVICE_UIM, TRUE);
}

static void on_node_added(QrtrBus *qrtr, guint id, gpointer data)
{
    QrtrNode *node = qrtr_bus_peek_node(qrtr, id);

    if (node)
        take_node(data, node);
}

static void on_node_removed(QrtrBus *qrtr, guint id, gpointer data)
{
    (void)qrtr;
    qrtr_watch_take_node_gone(((Bus *)data)->watch, id);
}

static void bus_free(Bus *bus)
{
    GList *nodes = bus->bus ? qrtr_bus_peek_nodes(bus->bus) : NULL;

    for (GList *at = nodes; at; at = at->next)
        g_signal_handlers_disconnect_by_data(at->data, bus);
    if (bus->bus)
        g_signal_handlers_disconnect_by_data(bus->bus, bus);
    g_clear_object(&bus->bus);
    g_object_unref(bus->cancellable);
    g_free(bus);
}

static void on_bus(GObject *object, GAsyncResult *result, gpointer data)
{
    Bus *bus = data;
    g_autoptr(GError) error = NULL;

    (void)object;
    bus->pending = FALSE;
    bus->bus = qrtr_bus_new_finish(result, &error);
    if (!bus->watch) {
        bus_free(bus);
        return;
    }
    if (!bus->bus) {
        log_debug(NULL, "QRTR is not used: %s", error->message);
        return;
    }
    g_signal_connect(bus->bus, QRTR_BUS_SIGNAL_NODE_ADDED, G_CALLBACK(on_node_added), bus);
    g_signal_connect(bus->bus, QRTR_BUS_SIGNAL_NODE_REMOVED, G_CALLBACK(on_node_removed), bus);
    for (GList *at = qrtr_bus_peek_nodes(bus->bus); at; at = at->next)
        take_node(bus, at->data);
}

static gpointer start(QrtrWatch *watch)
{
    Bus *bus = g_new0(Bus, 1);

    bus->watch = watch;
    bus->cancellable = g_cancellable_new();
    bus->pending = TRUE;
    qrtr_bus_new(LOOKUP_TIMEOUT, bus->cancellable, on_bus, bus);
    return bus;
}

static void stop(gpointer data)
{
    Bus *bus = data;

    bus->watch = NULL;
    g_cancellable_cancel(bus->cancellable);
    if (!bus->pending)
        bus_free(bus);
}

const QrtrSource qrtr_source = { start, stop };
