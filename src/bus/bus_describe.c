/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <json-glib/json-glib.h>

#include "bus/bus_objects.h"
#include "util/log.h"

/*
 * Describe(): the properties of the objects under their D-Bus names, nested, so that one call and a
 * JSON parser give a consistent picture.
 */

/* Texts of the card may be anything; JSON is UTF-8. */
static void add_string(JsonBuilder *b, const char *name, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, valid);
}

static void add_integer(JsonBuilder *b, const char *name, gint64 value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

static void add_boolean(JsonBuilder *b, const char *name, gboolean value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_boolean_value(b, value);
}

static void add_strings(JsonBuilder *b, const char *name, char *const *values)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (gsize i = 0; values[i]; i++)
        json_builder_add_string_value(b, values[i]);
    json_builder_end_array(b);
}

static void add_job_path(JsonBuilder *b, const char *name, guint32 number)
{
    g_autofree char *path = number ? bus_job_path(number) : g_strdup("/");

    add_string(b, name, path);
}

static void add_profile(JsonBuilder *b, const char *eid, const ProfileSnapshot *profile)
{
    g_autofree char *path = bus_profile_path(eid, profile->iccid);

    json_builder_begin_object(b);
    add_string(b, "Path", path);
    add_string(b, "Iccid", profile->iccid);
    add_string(b, "State", profile_state_to_string(profile->state));
    add_string(b, "Class", profile->class);
    add_string(b, "Name", profile->name);
    add_string(b, "Provider", profile->provider);
    add_string(b, "Nickname", profile->nickname);
    add_string(b, "Owner", profile->owner);
    add_strings(b, "PolicyRules", profile->policy_rules);
    add_boolean(b, "Fallback", profile->fallback);
    add_boolean(b, "Emergency", profile->emergency);
    json_builder_end_object(b);
}

static void add_eim(JsonBuilder *b, const char *eid, const EimSnapshot *eim)
{
    g_autofree char *path = bus_eim_path(eid, eim->number);

    json_builder_begin_object(b);
    add_string(b, "Path", path);
    add_string(b, "EimId", eim->eim_id);
    add_string(b, "Fqdn", eim->fqdn);
    add_strings(b, "Protocols", eim->protocols);
    add_boolean(b, "Indirect", eim->indirect);
    add_integer(b, "LastPoll", eim->last_poll);
    add_string(b, "LastResult", eim->last_result);
    add_string(b, "LastError", eim->last_error);
    add_string(b, "Trust", eim->trust);
    add_string(b, "Dialect", eim->dialect);
    add_string(b, "DialectSource", eim->dialect_source);
    add_integer(b, "NextPoll", eim->next_poll);
    add_integer(b, "Failures", eim->failures);
    add_integer(b, "BytesSent", (gint64)eim->bytes_sent);
    add_integer(b, "BytesReceived", (gint64)eim->bytes_received);
    json_builder_end_object(b);
}

static void add_euicc(JsonBuilder *b, const EuiccSnapshot *s)
{
    g_autofree char *path = bus_euicc_path(s->eid);

    json_builder_begin_object(b);
    add_string(b, "Path", path);
    add_string(b, "Eid", s->eid);
    add_string(b, "Kind", s->kind);
    add_string(b, "SpecVersion", s->spec_version);
    add_string(b, "Firmware", s->firmware);
    add_integer(b, "FreeMemory", s->free_memory);
    add_string(b, "State", euicc_state_to_string(s->state));
    add_string(b, "StateReason", s->state_reason);
    add_string(b, "Device", s->device);
    add_string(b, "Transport", s->transport);
    add_string(b, "Port", s->port);
    add_integer(b, "Slot", s->slot);
    add_string(b, "ModemManagerPath", s->modem_manager_path[0] ? s->modem_manager_path : "/");
    add_integer(b, "PendingNotifications", s->pending_notifications);
    add_job_path(b, "Job", s->job);

    json_builder_set_member_name(b, "Profiles");
    json_builder_begin_array(b);
    for (guint i = 0; i < s->profiles->len; i++)
        add_profile(b, s->eid, s->profiles->pdata[i]);
    json_builder_end_array(b);

    json_builder_set_member_name(b, "Eims");
    json_builder_begin_array(b);
    for (guint i = 0; i < s->eims->len; i++)
        add_eim(b, s->eid, s->eims->pdata[i]);
    json_builder_end_array(b);
    json_builder_end_object(b);
}

static void add_job(JsonBuilder *b, const JobSnapshot *job)
{
    json_builder_begin_object(b);
    add_job_path(b, "Path", job->number);
    add_string(b, "Eid", job->eid);
    add_string(b, "Kind", job->kind);
    add_string(b, "Cause", job->cause);
    add_string(b, "Stage", job->stage);
    json_builder_set_member_name(b, "Progress");
    json_builder_add_double_value(b, job->progress);
    add_string(b, "State", job_state_to_string(job->state));
    add_string(b, "Error", job->error_name);
    add_string(b, "ErrorMessage", job->error_message);
    json_builder_end_object(b);
}

static char *to_text(JsonBuilder *b)
{
    g_autoptr(JsonNode) root = json_builder_get_root(b);

    return json_to_string(root, FALSE);
}

char *bus_describe_euicc(const EuiccSnapshot *snapshot)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    add_euicc(b, snapshot);
    return to_text(b);
}

char *bus_describe_all(Bus *bus)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(GPtrArray) inhibitions = agents_list_inhibitions(bus->agents);
    g_autoptr(GPtrArray) euiccs = agents_list_euiccs(bus->agents);
    g_autoptr(GPtrArray) jobs = agents_list_jobs(bus->agents);

    json_builder_begin_object(b);
    add_string(b, "Version", PACKAGE_VERSION);
    add_string(b, "LogLevel", log_level_to_string(log_get_level()));
    json_builder_set_member_name(b, "Inhibitions");
    json_builder_begin_array(b);
    for (guint i = 0; i < inhibitions->len; i++)
        json_builder_add_string_value(b, inhibitions->pdata[i]);
    json_builder_end_array(b);
    json_builder_set_member_name(b, "Euiccs");
    json_builder_begin_array(b);
    for (guint i = 0; i < euiccs->len; i++)
        add_euicc(b, euiccs->pdata[i]);
    json_builder_end_array(b);
    json_builder_set_member_name(b, "Jobs");
    json_builder_begin_array(b);
    for (guint i = 0; i < jobs->len; i++)
        add_job(b, jobs->pdata[i]);
    json_builder_end_array(b);
    json_builder_end_object(b);
    return to_text(b);
}
