/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus.h"

#include <errno.h>
#include <string.h>

#include "bus/bus_objects.h"
#include "bus/bus_source.h"
#include "util/error.h"
#include "util/log.h"

static const LogContext log_context = { .object = "bus" };

gboolean bus_check(int r, const char *what, GError **error)
{
    if (r >= 0)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_FAILED, "%s: %s", what, g_strerror(-r));
    return FALSE;
}

int bus_reply_error(sd_bus_message *m, const GError *error)
{
    g_autofree char *message = g_utf8_make_valid(error->message, -1);
    int r = sd_bus_reply_method_errorf(m, euiccd_error_dbus_name(error), "%s", message);

    /* Only a lost connection ends here, and its source reports that. */
    if (r < 0)
        log_debug(&log_context, "replying to %s: %s", sd_bus_message_get_sender(m), g_strerror(-r));
    return 1;
}

void bus_emit_added(Bus *bus, const char *path)
{
    int r = sd_bus_emit_object_added(bus->connection, path);

    if (r < 0)
        log_warning(&log_context, "announcing %s: %s", path, g_strerror(-r));
}

void bus_emit_removed(Bus *bus, const char *path)
{
    int r = sd_bus_emit_object_removed(bus->connection, path);

    if (r < 0)
        log_warning(&log_context, "announcing the end of %s: %s", path, g_strerror(-r));
}

char *bus_euicc_path(const char *eid)
{
    return g_strdup_printf(BUS_EUICC_ROOT "/%s", eid);
}

char *bus_profile_path(const char *eid, const char *iccid)
{
    return g_strdup_printf(BUS_EUICC_ROOT "/%s/profile/%s", eid, iccid);
}

char *bus_eim_path(const char *eid, guint number)
{
    return g_strdup_printf(BUS_EUICC_ROOT "/%s/eim/%u", eid, number);
}

char *bus_job_path(guint32 number)
{
    return g_strdup_printf(BUS_JOB_ROOT "/%" G_GUINT32_FORMAT, number);
}

char *bus_modem_path(guint number)
{
    return g_strdup_printf(BUS_MODEM_ROOT "/%u", number);
}

/* The number N of PATH "ROOT/N"; FALSE where PATH is another one. */
static gboolean path_number(const char *path, const char *root, guint32 *ret_number)
{
    const char *name = path + strlen(root) + 1;
    guint64 number;

    /* "01" is not the path of 1. */
    if (!g_str_has_prefix(path, root) || path[strlen(root)] != '/' || name[0] == '0' ||
        !g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT32, &number, NULL))
        return FALSE;
    *ret_number = (guint32)number;
    return TRUE;
}

gpointer bus_find_numbered(GHashTable *table, const char *root, const char *path)
{
    guint32 number;

    return path_number(path, root, &number) ? g_hash_table_lookup(table, GUINT_TO_POINTER(number))
                                            : NULL;
}

void bus_withdraw_numbered(Bus *bus, GHashTable *table, guint32 number, const char *path)
{
    gpointer key = GUINT_TO_POINTER(number);

    if (!g_hash_table_contains(table, key))
        return;
    bus_emit_removed(bus, path);
    g_hash_table_remove(table, key);
}

int bus_register_objects(Bus *bus, const char *root, const char *interface,
                         const sd_bus_vtable *vtable, sd_bus_object_find_t find,
                         sd_bus_node_enumerator_t enumerate)
{
    int r = enumerate ? sd_bus_add_node_enumerator(bus->connection, NULL, root, enumerate, bus) : 0;

    if (r < 0)
        return r;
    return sd_bus_add_fallback_vtable(bus->connection, NULL, root, interface, vtable, find, bus);
}

int bus_found(gconstpointer object, void **ret_found)
{
    if (!object)
        return 0;
    *ret_found = (void *)object;
    return 1;
}

char **bus_list_paths(GHashTable *table, char *(*make_path)(guint32 number))
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(paths, make_path(GPOINTER_TO_UINT(key)));
    /* sd-bus releases the list and its strings with free(), which g_malloc() is. */
    g_ptr_array_add(paths, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}

/* EIDs and ICCIDs are digits; this is for cards that say otherwise. */
gboolean bus_path_element_ok(const char *name)
{
    gsize length = strlen(name);

    return length > 0 && length <= 64 &&
           strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_") == length;
}

static void on_euicc_changed(const EuiccSnapshot *before, const EuiccSnapshot *after, gpointer data)
{
    if (after)
        bus_euicc_publish(data, after);
    else
        bus_euicc_withdraw(data, before->eid);
}

static void on_job_changed(const JobSnapshot *before, const JobSnapshot *after, gpointer data)
{
    if (after) {
        bus_job_publish(data, after);
        bus_diagnose_note_job(data, after);
    } else {
        bus_job_withdraw(data, before->number);
    }
}

static void on_modem_changed(const ModemSnapshot *before, const ModemSnapshot *after, gpointer data)
{
    if (after)
        bus_modem_publish(data, after);
    else
        bus_modem_withdraw(data, before->number);
}

static void on_lost(int code, gpointer data)
{
    Bus *bus = data;
    g_autoptr(GError) error =
        g_error_new(EUICCD_ERROR, EUICCD_ERROR_FAILED,
                    "the connection to the message bus is lost: %s", g_strerror(code));

    agents_set_listener(bus->agents, NULL, NULL);
    if (bus->lost)
        bus->lost(error, bus->lost_data);
}

static gboolean register_objects(Bus *bus, GError **error)
{
    static int (*const registers[])(Bus * bus) = {
        bus_manager_register, bus_log_control_register, bus_euicc_register, bus_profile_register,
        bus_eim_register,     bus_job_register,         bus_modem_register,
    };

    if (!bus_check(sd_bus_add_object_manager(bus->connection, NULL, BUS_ROOT),
                   "publishing the object manager", error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(registers); i++)
        if (!bus_check(registers[i](bus), "publishing the interfaces", error))
            return FALSE;
    return TRUE;
}

static void publish_all(Bus *bus)
{
    static const AgentsListener listener = {
        .euicc_changed = on_euicc_changed,
        .job_changed = on_job_changed,
        .modem_changed = on_modem_changed,
    };
    g_autoptr(GPtrArray) euiccs = agents_list_euiccs(bus->agents);
    g_autoptr(GPtrArray) jobs = agents_list_jobs(bus->agents);
    g_autoptr(GPtrArray) modems = agents_list_modems(bus->agents);

    for (guint i = 0; i < euiccs->len; i++)
        bus_euicc_publish(bus, euiccs->pdata[i]);
    for (guint i = 0; i < jobs->len; i++)
        bus_job_publish(bus, jobs->pdata[i]);
    for (guint i = 0; i < modems->len; i++)
        bus_modem_publish(bus, modems->pdata[i]);
    agents_set_listener(bus->agents, &listener, bus);
}

static gboolean request_name(Bus *bus, GError **error)
{
    int r = sd_bus_request_name(bus->connection, BUS_NAME, 0);

    if (r == -EEXIST) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY,
                    "the bus name %s has an owner already; is another euiccd running?", BUS_NAME);
        return FALSE;
    }
    if (r == -EACCES || r == -EPERM) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_AUTHORIZED,
                    "the bus policy does not let this user own %s", BUS_NAME);
        return FALSE;
    }
    return bus_check(r, "requesting the bus name " BUS_NAME, error);
}

Bus *bus_new(Agents *agents, BusLost lost, gpointer data, GError **error)
{
    g_autoptr(Bus) bus = g_new0(Bus, 1);

    bus->agents = agents;
    bus->lost = lost;
    bus->lost_data = data;
    bus->euiccs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify)euicc_snapshot_unref);
    bus->jobs = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)job_snapshot_unref);
    bus->modems = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)modem_snapshot_unref);
    bus_diagnoses_init(bus);
    bus_inhibitions_init(bus);
    bus->polkit = polkit_new(bus);

    if (!bus_check(sd_bus_open_system_with_description(&bus->connection, "euiccd"),
                   "connecting to the system bus", error) ||
        !register_objects(bus, error))
        return NULL;
    publish_all(bus);
    if (!request_name(bus, error))
        return NULL;
    bus->source = bus_source_new(bus->connection, NULL, on_lost, bus);
    return g_steal_pointer(&bus);
}

void bus_free(Bus *bus)
{
    agents_set_listener(bus->agents, NULL, NULL);
    /* All hold slots and messages of the connection. */
    bus_diagnoses_clear(bus);
    bus_inhibitions_clear(bus);
    polkit_free(bus->polkit);
    if (bus->source) {
        g_source_destroy(bus->source);
        g_source_unref(bus->source);
    }
    sd_bus_flush_close_unref(bus->connection);
    g_hash_table_unref(bus->euiccs);
    g_hash_table_unref(bus->jobs);
    g_hash_table_unref(bus->modems);
    g_free(bus);
}

sd_bus *bus_get_connection(Bus *bus)
{
    return bus->connection;
}
