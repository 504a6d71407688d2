/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_bus.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

typedef struct {
    const SimBusObjects *objects;
    GDBusConnection *connection;
    gboolean asking;
    gboolean again; /* something was signalled meanwhile */
    gboolean found;
    gboolean timed_out;
} Wait;

GDBusConnection *sim_bus_connect(const char *address, GError **error)
{
    GDBusConnection *connection =
        g_dbus_connection_new_for_address_sync(address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, error);
    if (!connection)
        g_prefix_error(error, "bus: ");
    return connection;
}

static gboolean fits(const SimBusObjects *wanted, GVariant *interfaces)
{
    g_autoptr(GVariant) properties = g_variant_lookup_value(interfaces, wanted->interface, NULL);
    const char *value;
    if (!properties || !wanted->property)
        return properties != NULL;
    return g_variant_lookup(properties, wanted->property, "&s", &value) &&
           g_str_equal(value, wanted->value);
}

static void ask(Wait *wait);

static void on_objects(GObject *source, GAsyncResult *result, gpointer data)
{
    Wait *wait = data;
    guint count = 0;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);
    wait->asking = FALSE;
    if (answer) { /* else nobody is there yet: a signal will tell */
        g_autoptr(GVariant) list = g_variant_get_child_value(answer, 0);
        for (gsize i = 0; i < g_variant_n_children(list); i++) {
            g_autoptr(GVariant) object = g_variant_get_child_value(list, i);
            g_autoptr(GVariant) interfaces = g_variant_get_child_value(object, 1);
            count += fits(wait->objects, interfaces);
        }
        wait->found = count >= wait->objects->count;
    }
    if (wait->again && !wait->found && !wait->timed_out)
        ask(wait);
}

static void ask(Wait *wait)
{
    wait->again = wait->asking;
    if (wait->asking)
        return;
    wait->asking = TRUE;
    g_dbus_connection_call(wait->connection, wait->objects->service, wait->objects->root,
                           OBJECT_MANAGER, "GetManagedObjects", NULL,
                           G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                           NULL, on_objects, wait);
}

static void on_signal(GDBusConnection *connection G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                      const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                      const char *signal G_GNUC_UNUSED, GVariant *parameters G_GNUC_UNUSED,
                      gpointer data)
{
    ask(data);
}

static gboolean on_timeout(gpointer data)
{
    ((Wait *)data)->timed_out = TRUE;
    return G_SOURCE_CONTINUE;
}

gboolean sim_bus_wait(const char *address, const SimBusObjects *objects, guint timeout,
                      gboolean *ret_found, GError **error)
{
    g_autoptr(GDBusConnection) connection = sim_bus_connect(address, error);
    if (!connection)
        return FALSE;
    Wait wait = { objects, connection, FALSE, FALSE, FALSE, FALSE };
    const guint subscriptions[] = {
        g_dbus_connection_signal_subscribe(connection, objects->service, OBJECT_MANAGER,
                                           "InterfacesAdded", objects->root, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_signal, &wait, NULL),
        g_dbus_connection_signal_subscribe(connection, "org.freedesktop.DBus",
                                           "org.freedesktop.DBus", "NameOwnerChanged",
                                           "/org/freedesktop/DBus", objects->service,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_signal, &wait, NULL),
    };
    ask(&wait);
    guint timer = g_timeout_add_seconds(timeout, on_timeout, &wait);
    while (!wait.found && !wait.timed_out && (!objects->go_on || objects->go_on(objects->data)))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    for (guint i = 0; i < G_N_ELEMENTS(subscriptions); i++)
        g_dbus_connection_signal_unsubscribe(connection, subscriptions[i]);
    wait.timed_out = TRUE;
    (void)g_dbus_connection_close_sync(connection, NULL, NULL);
    while (wait.asking)
        g_main_context_iteration(NULL, TRUE);
    *ret_found = wait.found;
    return TRUE;
}

gboolean sim_bus_wait_for_modem_manager(const char *address, guint count, const char *device,
                                        guint timeout, gboolean *ret_found, GError **error)
{
    const SimBusObjects objects = {
        .service = SIM_BUS_MODEM_MANAGER,
        .root = "/org/freedesktop/ModemManager1",
        .interface = SIM_BUS_MODEM_MANAGER ".Modem",
        .property = device ? "Device" : NULL,
        .value = device,
        .count = count,
    };
    return sim_bus_wait(address, &objects, timeout, ret_found, error);
}
