/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "bus/bus_objects.h"
#include "util/error.h"
#include "util/log.h"

static const LogContext log_context = { .object = "bus" };

/* Texts come from cards and servers. A message bus throws out whoever sends it a string that is not UTF-8. */
int bus_get_text_property(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error)
{
    g_autofree char *value = g_utf8_make_valid(*(char *const *)userdata, -1);

    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "s", value);
}

int bus_get_path_property(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error)
{
    const char *value = *(char *const *)userdata;

    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    if (!sd_bus_object_path_is_valid(value))
        value = "/";
    return sd_bus_message_append(reply, "o", value);
}

int bus_get_job_property(sd_bus *connection, const char *path, const char *interface,
                         const char *property, sd_bus_message *reply, void *userdata,
                         sd_bus_error *ret_error)
{
    guint32 number = *(const guint32 *)userdata;
    g_autofree char *job = number ? bus_job_path(number) : g_strdup("/");

    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "o", job);
}

int bus_get_euicc_property(sd_bus *connection, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *ret_error)
{
    const char *eid = *(char *const *)userdata;
    g_autofree char *euicc = bus_path_element_ok(eid) ? bus_euicc_path(eid) : g_strdup("/");

    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "o", euicc);
}

/*
 * Whether the members of two snapshots that V shows differ. A property with a getter keeps its
 * value in an enumeration or a number of the size of an int, but for those that read a string.
 */
static gboolean differs(const sd_bus_vtable *v, const void *before, const void *after)
{
    const void *a = (const guint8 *)before + v->x.property.offset;
    const void *b = (const guint8 *)after + v->x.property.offset;

    if (v->x.property.get == bus_get_text_property || v->x.property.get == bus_get_path_property ||
        v->x.property.get == bus_get_euicc_property)
        return !g_str_equal(*(char *const *)a, *(char *const *)b);
    if (v->x.property.get)
        return memcmp(a, b, sizeof(gint)) != 0;
    switch (v->x.property.signature[0]) {
    case SD_BUS_TYPE_ARRAY:
        return !g_strv_equal(*(const char *const *const *)a, *(const char *const *const *)b);
    case SD_BUS_TYPE_UINT64:
    case SD_BUS_TYPE_DOUBLE:
        return memcmp(a, b, sizeof(guint64)) != 0;
    default: /* "b", "u" */
        return memcmp(a, b, sizeof(guint32)) != 0;
    }
}

void bus_emit_changes(Bus *bus, const char *path, const char *interface,
                      const sd_bus_vtable *vtable, const void *before, const void *after)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    int r;

    for (const sd_bus_vtable *v = vtable; v->type != _SD_BUS_VTABLE_END; v++)
        if (v->type == _SD_BUS_VTABLE_PROPERTY &&
            (v->flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE) && differs(v, before, after))
            g_ptr_array_add(names, (gpointer)v->x.property.member);
    if (names->len == 0)
        return;
    g_ptr_array_add(names, NULL);
    r = sd_bus_emit_properties_changed_strv(bus->connection, path, interface,
                                            (char **)names->pdata);
    if (r < 0)
        log_warning(&log_context, "announcing a change of %s: %s", path, g_strerror(-r));
}

void bus_emit_news(Bus *bus, const char *path, const char *interface, const sd_bus_vtable *vtable,
                   const void *before, const void *after)
{
    if (before)
        bus_emit_changes(bus, path, interface, vtable, before, after);
    else
        bus_emit_added(bus, path);
}

gboolean bus_read_set_string(sd_bus_message *m, const char **ret_value, GError **error)
{
    const char *value;

    if (sd_bus_message_rewind(m, TRUE) < 0 || sd_bus_message_skip(m, "ss") < 0 ||
        sd_bus_message_enter_container(m, SD_BUS_TYPE_VARIANT, "s") <= 0 ||
        sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &value) <= 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                            "the value must be a string");
        return FALSE;
    }
    *ret_value = value;
    return TRUE;
}

int bus_guard_set(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Bus *bus = userdata;
    const char *interface, *property;
    g_autofree char *member = NULL;

    (void)ret_error;
    if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Set") ||
        !sd_bus_message_has_signature(m, "ssv"))
        return 0;
    if (sd_bus_message_read(m, "ss", &interface, &property) < 0)
        return 0;
    member = g_strdup_printf("set %s", property);
    /* 0 where the table does not know the property: the vtable answers (unknown, read-only). */
    return polkit_guard(bus->polkit, m, interface, member);
}

int bus_guard(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Bus *bus = sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(m)));

    (void)userdata, (void)ret_error;
    return polkit_guard(bus->polkit, m, sd_bus_message_get_interface(m),
                        sd_bus_message_get_member(m));
}
