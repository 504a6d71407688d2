/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <json-glib/json-glib.h>

#include "bus/bus_json.h"
#include "bus/bus_objects.h"
#include "util/log.h"
#include "util/mask.h"

/*
 * Describe(): the properties of the objects under their D-Bus names, nested, so that one call and a
 * JSON parser give a consistent picture.
 */

static void add_job_path(JsonBuilder *b, const char *name, guint32 number)
{
    g_autofree char *path = number ? bus_job_path(number) : g_strdup("/");

    bus_json_string(b, name, path);
}

static void add_profile(JsonBuilder *b, const char *eid, const ProfileSnapshot *profile)
{
    g_autofree char *path = bus_profile_path(eid, profile->iccid);

    json_builder_begin_object(b);
    bus_json_string(b, "Path", path);
    bus_json_string(b, "Iccid", profile->iccid);
    bus_json_string(b, "State", profile_state_to_string(profile->state));
    bus_json_string(b, "Class", profile->class);
    bus_json_string(b, "Name", profile->name);
    bus_json_string(b, "Provider", profile->provider);
    bus_json_string(b, "Nickname", profile->nickname);
    bus_json_string(b, "Owner", profile->owner);
    bus_json_strings(b, "PolicyRules", profile->policy_rules);
    bus_json_boolean(b, "Fallback", profile->fallback);
    bus_json_boolean(b, "Emergency", profile->emergency);
    json_builder_end_object(b);
}

static void add_eim(JsonBuilder *b, const char *eid, const EimSnapshot *eim)
{
    g_autofree char *path = bus_eim_path(eid, eim->number);

    json_builder_begin_object(b);
    bus_json_string(b, "Path", path);
    bus_json_string(b, "EimId", eim->eim_id);
    bus_json_string(b, "Fqdn", eim->fqdn);
    bus_json_strings(b, "Protocols", eim->protocols);
    bus_json_boolean(b, "Indirect", eim->indirect);
    bus_json_integer(b, "LastPoll", eim->last_poll);
    bus_json_string(b, "LastResult", eim->last_result);
    bus_json_string(b, "LastError", eim->last_error);
    bus_json_string(b, "Trust", eim->trust);
    bus_json_string(b, "Dialect", eim->dialect);
    bus_json_string(b, "DialectSource", eim->dialect_source);
    bus_json_string(b, "Binding", eim->binding);
    bus_json_integer(b, "NextPoll", eim->next_poll);
    bus_json_integer(b, "Failures", eim->failures);
    bus_json_integer(b, "BytesSent", (gint64)eim->bytes_sent);
    bus_json_integer(b, "BytesReceived", (gint64)eim->bytes_received);
    json_builder_end_object(b);
}

static void add_euicc(JsonBuilder *b, const EuiccSnapshot *s)
{
    g_autofree char *path = bus_euicc_path(s->eid);

    json_builder_begin_object(b);
    bus_json_string(b, "Path", path);
    bus_json_string(b, "Eid", s->eid);
    bus_json_string(b, "Kind", s->kind);
    bus_json_string(b, "SpecVersion", s->spec_version);
    bus_json_string(b, "Firmware", s->firmware);
    bus_json_integer(b, "FreeMemory", s->free_memory);
    bus_json_string(b, "State", euicc_state_to_string(s->state));
    bus_json_string(b, "StateReason", s->state_reason);
    bus_json_string(b, "Device", s->device);
    bus_json_string(b, "Transport", s->transport);
    bus_json_string(b, "Port", s->port);
    bus_json_integer(b, "Slot", s->slot);
    bus_json_string(b, "ModemManagerPath", s->modem_manager_path[0] ? s->modem_manager_path : "/");
    bus_json_integer(b, "PendingNotifications", s->pending_notifications);
    bus_json_integer(b, "OldestNotification", s->oldest_notification);
    bus_json_string(b, "NotificationError", s->notification_error);
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
    bus_json_string(b, "Eid", job->eid);
    bus_json_string(b, "Kind", job->kind);
    bus_json_string(b, "Cause", job->cause);
    bus_json_string(b, "Stage", job->stage);
    json_builder_set_member_name(b, "Progress");
    json_builder_add_double_value(b, job->progress);
    bus_json_string(b, "Result", job->result);
    bus_json_string(b, "State", job_state_to_string(job->state));
    bus_json_string(b, "Error", job->error_name);
    bus_json_string(b, "ErrorMessage", job->error_message);
    json_builder_end_object(b);
}

void bus_json_modem(JsonBuilder *b, const ModemSnapshot *s)
{
    g_autofree char *path = bus_modem_path(s->number);
    g_autofree char *euicc = bus_path_element_ok(s->eid) ? bus_euicc_path(s->eid) : g_strdup("/");

    json_builder_begin_object(b);
    bus_json_string(b, "Path", path);
    bus_json_string(b, "State", modem_state_to_string(s->state));
    bus_json_string(b, "StateReason", s->state_reason);
    bus_json_string(b, "Device", s->device);
    bus_json_string(b, "Name", s->name);
    bus_json_string(b, "UsbId", s->usb_id);
    bus_json_strings(b, "Ports", s->ports);
    bus_json_string(b, "Port", s->port);
    bus_json_string(b, "Transport", s->transport);
    bus_json_string(b, "Driver", s->driver);
    bus_json_string(b, "Choice", s->choice);
    bus_json_integer(b, "Slot", s->slot);
    bus_json_string(b, "Manufacturer", s->manufacturer);
    bus_json_string(b, "Model", s->model);
    bus_json_string(b, "Revision", s->revision);
    bus_json_string(b, "Imei", s->imei);
    bus_json_strings(b, "Quirks", s->quirks);
    bus_json_string(b, "Settings", s->settings);
    bus_json_string(b, "Reset", s->reset);
    bus_json_string(b, "ModemManagerPath", s->modem_manager_path[0] ? s->modem_manager_path : "/");
    bus_json_string(b, "Euicc", euicc);
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

static void add_excluded(JsonBuilder *b, const ExcludedModem *modem)
{
    json_builder_begin_object(b);
    bus_json_string(b, "Device", modem->device);
    bus_json_string(b, "Reason", modem->reason);
    json_builder_end_object(b);
}

/* Everybody may read it, and where there is no modem it is the report: a modem may be named by its IMEI. */
static void add_settings(JsonBuilder *b, Agents *agents)
{
    g_auto(GStrv) settings = agents_list_settings(agents);

    for (gsize i = 0; settings[i]; i++) {
        g_autofree char *whole = settings[i];

        settings[i] = mask_numbers(whole, NULL);
    }
    bus_json_strings(b, "Configuration", settings);
}

char *bus_describe_all(Bus *bus)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(GPtrArray) inhibitions = agents_list_inhibitions(bus->agents);
    g_autoptr(GPtrArray) euiccs = agents_list_euiccs(bus->agents);
    g_autoptr(GPtrArray) modems = agents_list_modems(bus->agents);
    g_autoptr(GPtrArray) excluded = agents_list_excluded(bus->agents);
    g_autoptr(GPtrArray) jobs = agents_list_jobs(bus->agents);

    json_builder_begin_object(b);
    bus_json_string(b, "Version", PACKAGE_VERSION);
    bus_json_string(b, "LogLevel", log_level_to_string(log_get_level()));
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
    json_builder_set_member_name(b, "Modems");
    json_builder_begin_array(b);
    for (guint i = 0; i < modems->len; i++)
        bus_json_modem(b, modems->pdata[i]);
    json_builder_end_array(b);
    json_builder_set_member_name(b, "Excluded");
    json_builder_begin_array(b);
    for (guint i = 0; i < excluded->len; i++)
        add_excluded(b, excluded->pdata[i]);
    json_builder_end_array(b);
    bus_json_versions(b, NULL);
    add_settings(b, bus->agents);
    json_builder_set_member_name(b, "Jobs");
    json_builder_begin_array(b);
    for (guint i = 0; i < jobs->len; i++)
        add_job(b, jobs->pdata[i]);
    json_builder_end_array(b);
    json_builder_end_object(b);
    return to_text(b);
}
