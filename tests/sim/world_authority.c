/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_authority.h"

#include "sim/world_bus.h"

#define NAME      "org.freedesktop.PolicyKit1"
#define OBJECT    "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE NAME ".Authority"

struct SimAuthority {
    GDBusConnection *connection;
    guint registration;
};

/* The part of the interface that libpolkit uses. */
static const char description[] = "<node><interface name='" INTERFACE "'>"
                                  "<method name='CheckAuthorization'>"
                                  "<arg type='(sa{sv})' name='subject' direction='in'/>"
                                  "<arg type='s' name='action_id' direction='in'/>"
                                  "<arg type='a{ss}' name='details' direction='in'/>"
                                  "<arg type='u' name='flags' direction='in'/>"
                                  "<arg type='s' name='cancellation_id' direction='in'/>"
                                  "<arg type='(bba{ss})' name='result' direction='out'/>"
                                  "</method>"
                                  "<method name='CancelCheckAuthorization'>"
                                  "<arg type='s' name='cancellation_id' direction='in'/>"
                                  "</method>"
                                  "<signal name='Changed'/>"
                                  "<property name='BackendName' type='s' access='read'/>"
                                  "<property name='BackendVersion' type='s' access='read'/>"
                                  "<property name='BackendFeatures' type='u' access='read'/>"
                                  "</interface></node>";

static void on_call(GDBusConnection *connection G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                    const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                    const char *method, GVariant *parameters G_GNUC_UNUSED,
                    GDBusMethodInvocation *invocation, gpointer data G_GNUC_UNUSED)
{
    GVariant *answer = NULL;
    if (g_str_equal(method, "CheckAuthorization"))
        answer = g_variant_new("((bba{ss}))", TRUE, FALSE, NULL);
    g_dbus_method_invocation_return_value(invocation, answer);
}

static GVariant *on_get(GDBusConnection *connection G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                        const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                        const char *property, GError **error G_GNUC_UNUSED,
                        gpointer data G_GNUC_UNUSED)
{
    if (g_str_equal(property, "BackendFeatures"))
        return g_variant_new_uint32(0);
    return g_variant_new_string(g_str_equal(property, "BackendName") ? "euicc-sim" : "1");
}

SimAuthority *sim_authority_new(const char *bus_address, GError **error)
{
    static const GDBusInterfaceVTable table = { .method_call = on_call, .get_property = on_get };
    g_autoptr(SimAuthority) authority = g_new0(SimAuthority, 1);
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(description, error);
    if (!node)
        return NULL;
    authority->connection = sim_bus_connect(bus_address, error);
    if (!authority->connection)
        return NULL;
    authority->registration = g_dbus_connection_register_object(
        authority->connection, OBJECT, node->interfaces[0], &table, NULL, NULL, error);
    if (!authority->registration)
        return NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        authority->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
        "org.freedesktop.DBus", "RequestName", g_variant_new("(su)", NAME, 0),
        G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
    return answer ? g_steal_pointer(&authority) : NULL;
}

void sim_authority_free(SimAuthority *authority)
{
    if (!authority)
        return;
    if (authority->registration)
        g_dbus_connection_unregister_object(authority->connection, authority->registration);
    if (authority->connection)
        (void)g_dbus_connection_close_sync(authority->connection, NULL, NULL);
    g_clear_object(&authority->connection);
    g_free(authority);
}
