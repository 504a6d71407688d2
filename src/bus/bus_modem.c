/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus_objects.h"
#include "util/error.h"

const ModemSnapshot *bus_find_modem(Bus *bus, const char *path)
{
    return bus_find_numbered(bus->modems, BUS_MODEM_ROOT, path);
}

static int find_modem(sd_bus *connection, const char *path, const char *interface, void *userdata,
                      void **ret_found, sd_bus_error *ret_error)
{
    (void)connection, (void)interface, (void)ret_error;
    return bus_found(bus_find_modem(userdata, path), ret_found);
}

static int get_state(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "s", modem_state_to_string(*(const ModemState *)userdata));
}

/* What only reads is for everybody; a probe and whole numbers are for those whom polkit lets. */
static int on_diagnose(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Bus *bus = sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(m)));
    g_autoptr(GError) error = NULL;
    DiagnoseOptions options;

    (void)userdata, (void)ret_error;
    if (!bus_diagnose_read_options(m, &options, &error))
        return bus_reply_error(m, error);
    if (options.probe || options.unmasked)
        return bus_guard(m, userdata, ret_error);
    if (!bus_diagnose_start(bus, m, &options, "", &error))
        return bus_reply_error(m, error);
    return 1;
}

#define CONST  SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGE SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PROPERTY(name, signature, get, member, flags)                                              \
    SD_BUS_PROPERTY(name, signature, get, offsetof(ModemSnapshot, member), flags)

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    PROPERTY("State", "s", get_state, state, CHANGE),
    PROPERTY("StateReason", "s", bus_get_text_property, state_reason, CHANGE),
    PROPERTY("Device", "s", bus_get_text_property, device, CONST),
    PROPERTY("Name", "s", bus_get_text_property, name, CHANGE),
    PROPERTY("UsbId", "s", bus_get_text_property, usb_id, CHANGE),
    PROPERTY("Ports", "as", NULL, ports, CHANGE),
    PROPERTY("Port", "s", bus_get_text_property, port, CHANGE),
    PROPERTY("Transport", "s", bus_get_text_property, transport, CHANGE),
    PROPERTY("Driver", "s", bus_get_text_property, driver, CHANGE),
    PROPERTY("Choice", "s", bus_get_text_property, choice, CHANGE),
    PROPERTY("Slot", "u", NULL, slot, CONST),
    PROPERTY("Manufacturer", "s", bus_get_text_property, manufacturer, CHANGE),
    PROPERTY("Model", "s", bus_get_text_property, model, CHANGE),
    PROPERTY("Revision", "s", bus_get_text_property, revision, CHANGE),
    PROPERTY("Imei", "s", bus_get_text_property, imei, CHANGE),
    PROPERTY("Quirks", "as", NULL, quirks, CHANGE),
    PROPERTY("Settings", "s", bus_get_text_property, settings, CHANGE),
    PROPERTY("Reset", "s", bus_get_text_property, reset, CHANGE),
    PROPERTY("ModemManagerPath", "o", bus_get_path_property, modem_manager_path, CHANGE),
    PROPERTY("Euicc", "o", bus_get_euicc_property, eid, CHANGE),

    SD_BUS_METHOD_WITH_ARGS("Diagnose", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("s", json),
                            on_diagnose, SD_BUS_VTABLE_UNPRIVILEGED),

    SD_BUS_VTABLE_END,
};

static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error)
{
    Bus *bus = userdata;

    (void)connection, (void)prefix, (void)ret_error;
    *ret_nodes = bus_list_paths(bus->modems, bus_modem_path);
    return 1;
}

int bus_modem_register(Bus *bus)
{
    return bus_register_objects(bus, BUS_MODEM_ROOT, BUS_MODEM_INTERFACE, vtable, find_modem,
                                enumerate);
}

void bus_modem_publish(Bus *bus, const ModemSnapshot *snapshot)
{
    gpointer key = GUINT_TO_POINTER(snapshot->number);
    g_autofree char *path = bus_modem_path(snapshot->number);
    g_autoptr(ModemSnapshot) before = g_hash_table_lookup(bus->modems, key);

    if (before)
        before = modem_snapshot_ref(before);
    g_hash_table_replace(bus->modems, key, modem_snapshot_ref(snapshot));
    bus_emit_news(bus, path, BUS_MODEM_INTERFACE, vtable, before, snapshot);
}

void bus_modem_withdraw(Bus *bus, guint number)
{
    g_autofree char *path = bus_modem_path(number);

    bus_withdraw_numbered(bus, bus->modems, number, path);
}

gboolean bus_modem_diagnose(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    DiagnoseOptions options;

    return bus_diagnose_read_options(m, &options, error) &&
           bus_diagnose_start(bus, m, &options, cause, error);
}
