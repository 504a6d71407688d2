/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "bus/bus_objects.h"
#include "util/error.h"
#include "util/log.h"

static const LogContext log_context = { .object = "bus" };

static gpointer key_of(guint32 number)
{
    return GUINT_TO_POINTER(number);
}

const JobSnapshot *bus_find_job(Bus *bus, const char *path)
{
    return bus_find_numbered(bus->jobs, BUS_JOB_ROOT, path);
}

static int find_job(sd_bus *connection, const char *path, const char *interface, void *userdata,
                    void **ret_found, sd_bus_error *ret_error)
{
    (void)connection, (void)interface, (void)ret_error;
    return bus_found(bus_find_job(userdata, path), ret_found);
}

static int get_state(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "s", job_state_to_string(*(const JobState *)userdata));
}

#define CONST  SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGE SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PROPERTY(name, signature, get, member, flags)                                              \
    SD_BUS_PROPERTY(name, signature, get, offsetof(JobSnapshot, member), flags)

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    PROPERTY("Eid", "s", bus_get_text_property, eid, CHANGE),
    PROPERTY("Kind", "s", bus_get_text_property, kind, CONST),
    PROPERTY("Cause", "s", bus_get_text_property, cause, CONST),
    PROPERTY("Stage", "s", bus_get_text_property, stage, CHANGE),
    PROPERTY("Progress", "d", NULL, progress, CHANGE),
    PROPERTY("Result", "s", bus_get_text_property, result, CHANGE),
    PROPERTY("State", "s", get_state, state, CHANGE),
    PROPERTY("Error", "s", bus_get_text_property, error_name, CHANGE),
    PROPERTY("ErrorMessage", "s", bus_get_text_property, error_message, CHANGE),

    SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_guard,
                            SD_BUS_VTABLE_UNPRIVILEGED),

    SD_BUS_SIGNAL_WITH_ARGS("Finished",
                            SD_BUS_ARGS("b", success, "s", error_name, "s", error_message), 0),

    SD_BUS_VTABLE_END,
};

static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error)
{
    Bus *bus = userdata;

    (void)connection, (void)prefix, (void)ret_error;
    *ret_nodes = bus_list_paths(bus->jobs, bus_job_path);
    return 1;
}

int bus_job_register(Bus *bus)
{
    return bus_register_objects(bus, BUS_JOB_ROOT, BUS_JOB_INTERFACE, vtable, find_job, enumerate);
}

static gboolean has_ended(const JobSnapshot *job)
{
    switch (job->state) {
    case JOB_QUEUED:
    case JOB_RUNNING:
        return FALSE;
    case JOB_DONE:
    case JOB_FAILED:
    case JOB_CANCELLED:
        return TRUE;
    }
    g_return_val_if_reached(TRUE);
}

void bus_job_publish(Bus *bus, const JobSnapshot *snapshot)
{
    g_autofree char *path = bus_job_path(snapshot->number);
    g_autoptr(JobSnapshot) before = g_hash_table_lookup(bus->jobs, key_of(snapshot->number));
    g_autofree char *message = g_utf8_make_valid(snapshot->error_message, -1);
    int r;

    if (before)
        before = job_snapshot_ref(before);
    g_hash_table_replace(bus->jobs, key_of(snapshot->number), job_snapshot_ref(snapshot));
    bus_emit_news(bus, path, BUS_JOB_INTERFACE, vtable, before, snapshot);
    if (!has_ended(snapshot) || (before && has_ended(before)))
        return;
    r = sd_bus_emit_signal(bus->connection, path, BUS_JOB_INTERFACE, "Finished", "bss",
                           snapshot->state == JOB_DONE, snapshot->error_name, message);
    if (r < 0)
        log_warning(&log_context, "announcing the end of job %u: %s", snapshot->number,
                    g_strerror(-r));
}

void bus_job_withdraw(Bus *bus, guint32 number)
{
    g_autofree char *path = bus_job_path(number);

    bus_withdraw_numbered(bus, bus->jobs, number, path);
}

gboolean bus_reply_job(Bus *bus, sd_bus_message *m, guint32 number, GError **error)
{
    g_autofree char *path = bus_job_path(number);
    const JobSnapshot *snapshot = agents_get_job(bus->agents, number);

    if (snapshot && !g_hash_table_contains(bus->jobs, key_of(number)))
        bus_job_publish(bus, snapshot);
    return bus_check(sd_bus_reply_method_return(m, "o", path), "replying", error);
}

gboolean bus_job_cancel(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const JobSnapshot *job = bus_find_job(bus, sd_bus_message_get_path(m));
    guint32 number;

    if (!job) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the job is gone");
        return FALSE;
    }
    number = job->number;
    if (!agents_cancel(bus->agents, number, error))
        return FALSE;
    log_notice(&log_context, "job %u cancelled by %s", number, cause);
    return bus_check(sd_bus_reply_method_return(m, NULL), "replying", error);
}
