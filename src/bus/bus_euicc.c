/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "bus/bus_objects.h"
#include "util/error.h"

/* EimConfigurationData for AddInitialEim is a few kilobytes at most (certificates and addresses).
 */
#define INITIAL_EIM_LIMIT (64 * 1024)

const EuiccSnapshot *bus_find_child(Bus *bus, const char *path, const char *kind,
                                    const char **ret_name)
{
    g_auto(GStrv) parts = NULL;
    const EuiccSnapshot *snapshot;

    if (!g_str_has_prefix(path, BUS_EUICC_ROOT "/"))
        return NULL;
    parts = g_strsplit(path + strlen(BUS_EUICC_ROOT "/"), "/", 4);
    if (g_strv_length(parts) != 3 || !g_str_equal(parts[1], kind))
        return NULL;
    snapshot = g_hash_table_lookup(bus->euiccs, parts[0]);
    if (snapshot)
        *ret_name = strrchr(path, '/') + 1;
    return snapshot;
}

const EuiccSnapshot *bus_find_euicc(Bus *bus, const char *path)
{
    if (!g_str_has_prefix(path, BUS_EUICC_ROOT "/"))
        return NULL;
    return g_hash_table_lookup(bus->euiccs, path + strlen(BUS_EUICC_ROOT "/"));
}

static int find_euicc(sd_bus *connection, const char *path, const char *interface, void *userdata,
                      void **ret_found, sd_bus_error *ret_error)
{
    (void)connection, (void)interface, (void)ret_error;
    return bus_found(bus_find_euicc(userdata, path), ret_found);
}

static int get_state(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "s", euicc_state_to_string(*(const EuiccState *)userdata));
}

static int on_describe(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    g_autofree char *text = bus_describe_euicc(userdata);

    (void)ret_error;
    return sd_bus_reply_method_return(m, "s", text);
}

#define CONST  SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGE SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PROPERTY(name, signature, get, member, flags)                                              \
    SD_BUS_PROPERTY(name, signature, get, offsetof(EuiccSnapshot, member), flags)

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    PROPERTY("Eid", "s", bus_get_text_property, eid, CONST),
    PROPERTY("Kind", "s", bus_get_text_property, kind, CHANGE),
    PROPERTY("SpecVersion", "s", bus_get_text_property, spec_version, CHANGE),
    PROPERTY("Firmware", "s", bus_get_text_property, firmware, CHANGE),
    PROPERTY("FreeMemory", "u", NULL, free_memory, CHANGE),
    PROPERTY("State", "s", get_state, state, CHANGE),
    PROPERTY("StateReason", "s", bus_get_text_property, state_reason, CHANGE),
    PROPERTY("Device", "s", bus_get_text_property, device, CHANGE),
    PROPERTY("Transport", "s", bus_get_text_property, transport, CHANGE),
    PROPERTY("Port", "s", bus_get_text_property, port, CHANGE),
    PROPERTY("Slot", "u", NULL, slot, CHANGE),
    PROPERTY("ModemManagerPath", "o", bus_get_path_property, modem_manager_path, CHANGE),
    PROPERTY("PendingNotifications", "u", NULL, pending_notifications, CHANGE),
    PROPERTY("OldestNotification", "t", NULL, oldest_notification, CHANGE),
    PROPERTY("NotificationError", "s", bus_get_text_property, notification_error, CHANGE),
    PROPERTY("Job", "o", bus_get_job_property, job, CHANGE),

    SD_BUS_METHOD_WITH_ARGS("Poll", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("AddInitialEim", SD_BUS_ARGS("ay", data), SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("s", code, "a{sv}", options),
                            SD_BUS_RESULT("o", job), bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
    SD_BUS_METHOD_WITH_ARGS("DeliverNotifications", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("SetDefaultSmdp", SD_BUS_ARGS("s", address), SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ConfigureImmediateEnable",
                            SD_BUS_ARGS("b", enable, "s", smdp_oid, "s", smdp_address),
                            SD_BUS_RESULT("o", job), bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("GetConnectivityParameters", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ExecuteFallback", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ReturnFromFallback", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("EnableEmergencyProfile", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("DisableEmergencyProfile", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ResetMemory", SD_BUS_ARGS("as", parts), SD_BUS_RESULT("o", job),
                            bus_guard, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), on_describe,
                            SD_BUS_VTABLE_UNPRIVILEGED),

    SD_BUS_VTABLE_END,
};

/* Paths of the eUICCs and of everything below them. */
static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error)
{
    Bus *bus = userdata;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    (void)connection, (void)prefix, (void)ret_error;
    g_hash_table_iter_init(&iter, bus->euiccs);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const EuiccSnapshot *snapshot = value;

        g_ptr_array_add(paths, bus_euicc_path(snapshot->eid));
        for (guint i = 0; i < snapshot->profiles->len; i++) {
            const ProfileSnapshot *profile = snapshot->profiles->pdata[i];

            if (bus_path_element_ok(profile->iccid))
                g_ptr_array_add(paths, bus_profile_path(snapshot->eid, profile->iccid));
        }
        for (guint i = 0; i < snapshot->eims->len; i++) {
            const EimSnapshot *eim = snapshot->eims->pdata[i];

            g_ptr_array_add(paths, bus_eim_path(snapshot->eid, eim->number));
        }
    }
    /* sd-bus releases the list and its strings with free(), which g_malloc() is. */
    g_ptr_array_add(paths, NULL);
    *ret_nodes = (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
    return 1;
}

int bus_euicc_register(Bus *bus)
{
    return bus_register_objects(bus, BUS_EUICC_ROOT, BUS_EUICC_INTERFACE, vtable, find_euicc,
                                enumerate);
}

void bus_euicc_publish(Bus *bus, const EuiccSnapshot *snapshot)
{
    g_autoptr(EuiccSnapshot) before = NULL;
    g_autofree char *path = NULL;

    /* A card that was not read yet has no EID and therefore no object. */
    if (!bus_path_element_ok(snapshot->eid))
        return;
    path = bus_euicc_path(snapshot->eid);
    before = g_hash_table_lookup(bus->euiccs, snapshot->eid);
    if (before) {
        before = euicc_snapshot_ref(before);
        /* What goes is announced while it can still be found; the parent comes first and goes last.
         */
        bus_profile_remove_missing(bus, before, snapshot);
        bus_eim_remove_missing(bus, before, snapshot);
    }
    g_hash_table_replace(bus->euiccs, g_strdup(snapshot->eid), euicc_snapshot_ref(snapshot));
    bus_emit_news(bus, path, BUS_EUICC_INTERFACE, vtable, before, snapshot);
    bus_profile_add_or_change(bus, before, snapshot);
    bus_eim_add_or_change(bus, before, snapshot);
}

void bus_euicc_withdraw(Bus *bus, const char *eid)
{
    g_autofree char *path = bus_euicc_path(eid);
    const EuiccSnapshot *before = g_hash_table_lookup(bus->euiccs, eid);

    if (!before)
        return;
    bus_eim_remove_missing(bus, before, NULL);
    bus_profile_remove_missing(bus, before, NULL);
    bus_emit_removed(bus, path);
    g_hash_table_remove(bus->euiccs, eid);
}

const EuiccSnapshot *bus_find_euicc_of_call(Bus *bus, sd_bus_message *m, GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc(bus, sd_bus_message_get_path(m));

    if (!snapshot)
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the eUICC is gone");
    return snapshot;
}

gboolean bus_euicc_poll(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc_of_call(bus, m, error);
    guint32 job;

    if (!snapshot)
        return FALSE;
    job = agents_poll(bus->agents, snapshot->eid, NULL, cause, error);
    return job && bus_reply_job(bus, m, job, error);
}

gboolean bus_euicc_add_initial_eim(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc_of_call(bus, m, error);
    g_autoptr(GBytes) bytes = NULL;
    const void *data = NULL;
    size_t size = 0;
    guint32 job;

    if (!snapshot ||
        !bus_check(sd_bus_message_read_array(m, 'y', &data, &size), "reading the data", error))
        return FALSE;
    if (size == 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "the eIM configuration is empty");
        return FALSE;
    }
    if (size > INITIAL_EIM_LIMIT) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                    "the eIM configuration has %zu octets, the limit is %d", size,
                    INITIAL_EIM_LIMIT);
        return FALSE;
    }
    bytes = g_bytes_new(data, size);
    job = agents_add_initial_eim(bus->agents, snapshot->eid, bytes, cause, error);
    return job && bus_reply_job(bus, m, job, error);
}
