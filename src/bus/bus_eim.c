/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus_objects.h"
#include "util/error.h"

const EimSnapshot *bus_find_eim(Bus *bus, const char *path, const EuiccSnapshot **ret_euicc)
{
    const char *name;
    guint64 number;
    const EuiccSnapshot *euicc = bus_find_child(bus, path, "eim", &name);
    const EimSnapshot *eim;

    /* "01" is not the path of eIM 1. */
    if (!euicc || !g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32, &number, NULL) ||
        (name[0] == '0' && name[1] != '\0'))
        return NULL;
    eim = euicc_snapshot_find_eim(euicc, (guint)number);
    if (eim && ret_euicc)
        *ret_euicc = euicc;
    return eim;
}

static int find_eim(sd_bus *connection, const char *path, const char *interface, void *userdata,
                    void **ret_found, sd_bus_error *ret_error)
{
    (void)connection, (void)interface, (void)ret_error;
    return bus_found(bus_find_eim(userdata, path, NULL), ret_found);
}

#define CONST  SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGE SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PROPERTY(name, signature, get, member, flags)                                              \
    SD_BUS_PROPERTY(name, signature, get, offsetof(EimSnapshot, member), flags)

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    PROPERTY("EimId", "s", bus_get_text_property, eim_id, CONST),
    PROPERTY("Fqdn", "s", bus_get_text_property, fqdn, CHANGE),
    PROPERTY("Protocols", "as", NULL, protocols, CHANGE),
    PROPERTY("Indirect", "b", NULL, indirect, CHANGE),
    PROPERTY("LastPoll", "t", NULL, last_poll, CHANGE),
    PROPERTY("LastResult", "s", bus_get_text_property, last_result, CHANGE),
    PROPERTY("LastError", "s", bus_get_text_property, last_error, CHANGE),
    PROPERTY("Trust", "s", bus_get_text_property, trust, CHANGE),
    PROPERTY("Dialect", "s", bus_get_text_property, dialect, CHANGE),
    PROPERTY("DialectSource", "s", bus_get_text_property, dialect_source, CHANGE),
    PROPERTY("Binding", "s", bus_get_text_property, binding, CHANGE),
    PROPERTY("NextPoll", "t", NULL, next_poll, CHANGE),
    PROPERTY("Failures", "u", NULL, failures, CHANGE),
    PROPERTY("BytesSent", "t", NULL, bytes_sent, CHANGE),
    PROPERTY("BytesReceived", "t", NULL, bytes_received, CHANGE),

    SD_BUS_METHOD_WITH_ARGS("Poll", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED),

    SD_BUS_VTABLE_END,
};

int bus_eim_register(Bus *bus)
{
    return bus_register_objects(bus, BUS_EUICC_ROOT, BUS_EIM_INTERFACE, vtable, find_eim, NULL);
}

/* The same object: EimId is constant, so another eIM under the same number is another object. */
static const EimSnapshot *find_same(const EuiccSnapshot *euicc, const EimSnapshot *eim)
{
    const EimSnapshot *found = euicc ? euicc_snapshot_find_eim(euicc, eim->number) : NULL;

    return found && g_str_equal(found->eim_id, eim->eim_id) ? found : NULL;
}

void bus_eim_remove_missing(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after)
{
    for (guint i = 0; i < before->eims->len; i++) {
        const EimSnapshot *eim = before->eims->pdata[i];
        g_autofree char *path = bus_eim_path(before->eid, eim->number);

        if (!find_same(after, eim))
            bus_emit_removed(bus, path);
    }
}

void bus_eim_add_or_change(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after)
{
    for (guint i = 0; i < after->eims->len; i++) {
        const EimSnapshot *eim = after->eims->pdata[i];
        const EimSnapshot *old = find_same(before, eim);
        g_autofree char *path = bus_eim_path(after->eid, eim->number);

        bus_emit_news(bus, path, BUS_EIM_INTERFACE, vtable, old, eim);
    }
}

gboolean bus_eim_poll(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const EuiccSnapshot *euicc = NULL;
    const EimSnapshot *eim = bus_find_eim(bus, sd_bus_message_get_path(m), &euicc);
    guint32 job;

    if (!eim) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the eIM is gone");
        return FALSE;
    }
    job = agents_poll(bus->agents, euicc->eid, eim->eim_id, cause, error);
    return job && bus_reply_job(bus, m, job, error);
}
