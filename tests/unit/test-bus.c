/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "bus-fixture.h"
#include "util/error.h"

static void test_properties(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *path, *interface, *property, *value;
    } expected[] = {
        { "/org/euiccd1", "Manager", "Version", "s:" PACKAGE_VERSION },
        { "/org/euiccd1", "Manager", "LogLevel", "s:error" },
        { EUICC_PATH, "Euicc", "Eid", "s:" FAKE_EID },
        { EUICC_PATH, "Euicc", "Kind", "s:iot" },
        { EUICC_PATH, "Euicc", "SpecVersion", "s:1.2.0" },
        { EUICC_PATH, "Euicc", "Firmware", "s:1.2.3" },
        { EUICC_PATH, "Euicc", "FreeMemory", "u:291666" },
        { EUICC_PATH, "Euicc", "State", "s:idle" },
        { EUICC_PATH, "Euicc", "StateReason", "s:" },
        { EUICC_PATH, "Euicc", "Device", "s:/sys/devices/usb1/1-1" },
        { EUICC_PATH, "Euicc", "Transport", "s:qmi" },
        { EUICC_PATH, "Euicc", "Port", "s:/dev/cdc-wdm0" },
        { EUICC_PATH, "Euicc", "Slot", "u:1" },
        { EUICC_PATH, "Euicc", "ModemManagerPath", "o:/" },
        { EUICC_PATH, "Euicc", "PendingNotifications", "u:2" },
        { EUICC_PATH, "Euicc", "Job", "o:/" },
        { PROFILE_PATH, "Profile", "Iccid", "s:89000000000000000018" },
        { PROFILE_PATH, "Profile", "State", "s:enabled" },
        { PROFILE_PATH, "Profile", "Class", "s:operational" },
        { PROFILE_PATH, "Profile", "Name", "s:Bootstrap" },
        { PROFILE_PATH, "Profile", "Provider", "s:Test Operator" },
        { PROFILE_PATH, "Profile", "Nickname", "s:" },
        { PROFILE_PATH, "Profile", "Owner", "s:00101" },
        { PROFILE_PATH, "Profile", "PolicyRules", "as:ppr1,ppr2" },
        { PROFILE_PATH, "Profile", "Fallback", "b:1" },
        { PROFILE_PATH, "Profile", "Emergency", "b:0" },
        { EIM_PATH, "Eim", "EimId", "s:eim.example.com" },
        { EIM_PATH, "Eim", "Fqdn", "s:eim.example.com" },
        { EIM_PATH, "Eim", "Protocols", "as:retrieve-https" },
        { EIM_PATH, "Eim", "Indirect", "b:0" },
        { EIM_PATH, "Eim", "LastPoll", "t:1790000000000000" },
        { EIM_PATH, "Eim", "LastResult", "s:none" },
        { EIM_PATH, "Eim", "LastError", "s:" },
        { EIM_PATH, "Eim", "Trust", "s:public key of the card" },
        { EIM_PATH, "Eim", "NextPoll", "t:1790021600000000" },
        { EIM_PATH, "Eim", "Failures", "u:0" },
        { EIM_PATH, "Eim", "BytesSent", "t:1234" },
        { EIM_PATH, "Eim", "BytesReceived", "t:56789" },
        { "/org/euiccd1/job/7", "Job", "Eid", "s:" FAKE_EID },
        { "/org/euiccd1/job/7", "Job", "Kind", "s:start" },
        { "/org/euiccd1/job/7", "Job", "Cause", "s:schedule" },
        { "/org/euiccd1/job/7", "Job", "Stage", "s:" },
        { "/org/euiccd1/job/7", "Job", "Progress", "d:0.00" },
        { "/org/euiccd1/job/7", "Job", "State", "s:running" },
        { "/org/euiccd1/job/7", "Job", "Error", "s:" },
        { "/org/euiccd1/job/7", "Job", "ErrorMessage", "s:" },
    };

    (void)data;
    fake_agents_put_job(f->agents, fake_job_new(7, "start", JOB_RUNNING));
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *interface = g_strconcat("org.euiccd1.", expected[i].interface, NULL);

        assert_property(f->client, expected[i].path, interface, expected[i].property,
                        expected[i].value);
    }
    assert_property(f->client, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
                    "LogLevel", "s:err");
    assert_property(f->client, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
                    "SyslogIdentifier", "s:euiccd");
}

/* Everything is in GetManagedObjects, and nothing else. */
static void test_managed_objects(Fixture *f, gconstpointer data)
{
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const char *const expected[] = {
        "/org/euiccd1/job/3",
        EUICC_PATH,
        PROFILE_PATH,
        EUICC_PATH "/profile/89000000000000000026",
        EIM_PATH,
        EUICC_PATH "/eim/2",
        EUICC_PATH "/eim/3",
    };
    const char *path;

    (void)data;
    fake_agents_put_job(f->agents, fake_job_new(3, "poll", JOB_QUEUED));
    call(f->client, "/org/euiccd1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
         NULL);
    assert_ok(f->client);
    g_assert_cmpint(sd_bus_message_enter_container(f->client->reply, 'a', "{oa{sa{sv}}}"), >, 0);
    while (sd_bus_message_enter_container(f->client->reply, 'e', "oa{sa{sv}}") > 0) {
        g_assert_cmpint(sd_bus_message_read(f->client->reply, "o", &path), >, 0);
        g_assert_true(g_hash_table_add(found, g_strdup(path)));
        g_assert_cmpint(sd_bus_message_skip(f->client->reply, "a{sa{sv}}"), >, 0);
        sd_bus_message_exit_container(f->client->reply);
    }
    g_hash_table_remove(found, "/org/euiccd1");
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_true(g_hash_table_contains(found, expected[i]));
    g_assert_cmpuint(g_hash_table_size(found), ==, G_N_ELEMENTS(expected));
}

/* Texts of a card that are not UTF-8 don't cost the daemon its connection. */
static void test_bad_text(Fixture *f, gconstpointer data)
{
    EuiccSnapshot *next = euicc_snapshot_copy(agents_get_euicc(f->agents, FAKE_EID));
    ProfileSnapshot *profile = next->profiles->pdata[0];
    JobSnapshot *job = fake_job_new(1, "poll", JOB_FAILED);

    (void)data;
    watch_signals(f->client);
    g_free(profile->name);
    profile->name = g_strdup("K\xF6ln");
    fake_agents_put_euicc(f->agents, next);
    g_free(job->error_message);
    job->error_message = g_strdup("\xFF\xFE");
    fake_agents_put_job(f->agents, job);
    expect_signals(f->client, "PropertiesChanged " PROFILE_PATH " Profile: Name",
                   "InterfacesAdded /org/euiccd1/job/1",
                   "Finished /org/euiccd1/job/1 0 '' '\xEF\xBF\xBD\xEF\xBF\xBD'");
    assert_property(f->client, PROFILE_PATH, "org.euiccd1.Profile", "Name", "s:K\xEF\xBF\xBDln");
    g_assert_null(f->lost);
}

static void test_unknown_objects(Fixture *f, gconstpointer data)
{
    static const char *const paths[] = {
        "/org/euiccd1/euicc/" FAKE_EID_TWO,
        EUICC_PATH "/eim/9",
        EUICC_PATH "/eim/01",
        EUICC_PATH "/profile/89",
        EUICC_PATH "/profile/89000000000000000018/more",
        "/org/euiccd1/job/1",
        "/org/euiccd1/job/0",
        "/org/euiccd1/job",
        "/org/euiccd1/euicc",
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        call(f->client, paths[i], "org.freedesktop.DBus.Properties", "Get", "ss",
             "org.euiccd1.Euicc", "Eid");
        g_assert_nonnull(sd_bus_message_get_error(f->client->reply));
    }
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", "s", "superfluous");
    assert_failed(f->client, SD_BUS_ERROR_INVALID_ARGS, NULL);
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Explode", NULL);
    assert_failed(f->client, SD_BUS_ERROR_UNKNOWN_METHOD, NULL);
    call(f->client, "/org/euiccd1", "org.freedesktop.DBus.Properties", "Set", "ssv",
         "org.euiccd1.Manager", "Version", "s", "9");
    assert_failed(f->client, SD_BUS_ERROR_PROPERTY_READ_ONLY, NULL);
}

/* Only what changed is announced; children go before and come after their parent. */
static void test_signals(Fixture *f, gconstpointer data)
{
    EuiccSnapshot *next = euicc_snapshot_copy(agents_get_euicc(f->agents, FAKE_EID));
    ProfileSnapshot *profile = next->profiles->pdata[1];
    EimSnapshot *eim = next->eims->pdata[0];

    (void)data;
    watch_signals(f->client);
    fake_agents_put_euicc(f->agents, euicc_snapshot_copy(next));
    expect_no_signals(f->client);

    next->state = EUICC_BUSY;
    next->job = 4;
    profile->state = PROFILE_ENABLED;
    profile->fallback = TRUE;
    eim->failures = 1;
    eim->last_poll++;
    fake_agents_put_euicc(f->agents, euicc_snapshot_copy(next));
    expect_signals(f->client, "PropertiesChanged " EUICC_PATH " Euicc: State Job",
                   "PropertiesChanged " EUICC_PATH
                   "/profile/89000000000000000026 Profile: State Fallback",
                   "PropertiesChanged " EIM_PATH " Eim: LastPoll Failures");
    assert_property(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Job", "o:/org/euiccd1/job/4");

    g_ptr_array_remove_index(next->profiles, 0);
    g_ptr_array_remove_index(next->eims, 1);
    profile = profile_snapshot_new();
    g_free(profile->iccid);
    profile->iccid = g_strdup("89000000000000000034");
    g_ptr_array_add(next->profiles, profile);
    g_free(next->modem_manager_path);
    next->modem_manager_path = g_strdup("/org/freedesktop/ModemManager1/Modem/0");
    fake_agents_put_euicc(f->agents, next);
    expect_signals(f->client, "InterfacesRemoved " PROFILE_PATH,
                   "InterfacesRemoved " EUICC_PATH "/eim/2",
                   "PropertiesChanged " EUICC_PATH " Euicc: ModemManagerPath",
                   "InterfacesAdded " EUICC_PATH "/profile/89000000000000000034");

    fake_agents_remove_euicc(f->agents, FAKE_EID);
    expect_signals(f->client, "InterfacesRemoved " EIM_PATH,
                   "InterfacesRemoved " EUICC_PATH "/eim/3",
                   "InterfacesRemoved " EUICC_PATH "/profile/89000000000000000026",
                   "InterfacesRemoved " EUICC_PATH "/profile/89000000000000000034",
                   "InterfacesRemoved " EUICC_PATH);

    fake_agents_put_euicc(f->agents, fake_euicc_new(FAKE_EID_TWO));
    expect_signals(
        f->client, "InterfacesAdded /org/euiccd1/euicc/" FAKE_EID_TWO,
        "InterfacesAdded /org/euiccd1/euicc/" FAKE_EID_TWO "/profile/89000000000000000018",
        "InterfacesAdded /org/euiccd1/euicc/" FAKE_EID_TWO "/profile/89000000000000000026",
        "InterfacesAdded /org/euiccd1/euicc/" FAKE_EID_TWO "/eim/1",
        "InterfacesAdded /org/euiccd1/euicc/" FAKE_EID_TWO "/eim/2",
        "InterfacesAdded /org/euiccd1/euicc/" FAKE_EID_TWO "/eim/3");
}

/* Another eIM under a number is another object, and a card without EID is none. */
static void test_identity(Fixture *f, gconstpointer data)
{
    EuiccSnapshot *next = euicc_snapshot_copy(agents_get_euicc(f->agents, FAKE_EID));
    EimSnapshot *eim = next->eims->pdata[0];

    (void)data;
    watch_signals(f->client);
    g_free(eim->eim_id);
    eim->eim_id = g_strdup("other");
    fake_agents_put_euicc(f->agents, next);
    expect_signals(f->client, "InterfacesRemoved " EIM_PATH, "InterfacesAdded " EIM_PATH);

    fake_agents_put_euicc(f->agents, euicc_snapshot_new());
    next = fake_euicc_new("not/an/eid");
    fake_agents_put_euicc(f->agents, next);
    fake_agents_remove_euicc(f->agents, "not/an/eid");
    expect_no_signals(f->client);
}

/* PropertiesChanged comes before Finished, which comes once. */
static void test_job_signals(Fixture *f, gconstpointer data)
{
    JobSnapshot *job;

    (void)data;
    watch_signals(f->client);
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_QUEUED));
    job = fake_job_new(1, "poll", JOB_RUNNING);
    job->progress = 0.5;
    fake_agents_put_job(f->agents, job);
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_DONE));
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_DONE));
    fake_agents_remove_job(f->agents, 1);
    job = fake_job_new(2, "poll", JOB_FAILED);
    g_free(job->error_name);
    g_free(job->error_message);
    job->error_name = g_strdup(ERROR("Network"));
    job->error_message = g_strdup("no route");
    fake_agents_put_job(f->agents, job);
    expect_signals(f->client, "InterfacesAdded /org/euiccd1/job/1",
                   "PropertiesChanged /org/euiccd1/job/1 Job: Progress State",
                   "PropertiesChanged /org/euiccd1/job/1 Job: Progress State",
                   "Finished /org/euiccd1/job/1 1 '' ''", "InterfacesRemoved /org/euiccd1/job/1",
                   "InterfacesAdded /org/euiccd1/job/2",
                   "Finished /org/euiccd1/job/2 0 '" ERROR("Network") "' 'no route'");
}

/* Names of the members of an object in JSON, without those in EXTRA. */
static void assert_same_names(Client *client, const char *path, const char *interface,
                              JsonObject *object, const char *const *extra)
{
    g_autoptr(GList) members = json_object_get_members(object);
    guint left = 0;
    const char *name;

    for (GList *l = members; l; l = l->next)
        left += !g_strv_contains(extra, l->data);
    call(client, path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface);
    assert_ok(client);
    g_assert_cmpint(sd_bus_message_enter_container(client->reply, 'a', "{sv}"), >, 0);
    while (sd_bus_message_enter_container(client->reply, 'e', "sv") > 0) {
        g_assert_cmpint(sd_bus_message_read(client->reply, "s", &name), >, 0);
        g_assert_true(json_object_has_member(object, name));
        g_assert_cmpint(sd_bus_message_skip(client->reply, "v"), >, 0);
        sd_bus_message_exit_container(client->reply);
        left--;
    }
    g_assert_cmpuint(left, ==, 0);
}

static JsonNode *describe(Client *client, const char *path, const char *interface)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node;
    const char *text;

    call(client, path, interface, "Describe", NULL);
    assert_ok(client);
    g_assert_cmpint(sd_bus_message_read(client->reply, "s", &text), >, 0);
    node = json_from_string(text, &error);
    g_assert_no_error(error);
    return node;
}

/* Describe() shows the same names as the properties. */
static void test_describe(Fixture *f, gconstpointer data)
{
    static const char *const manager_extra[] = { "Inhibitions", "Euiccs",   "Modems",        "Jobs",
                                                 "Excluded",    "Versions", "Configuration", NULL };
    static const char *const euicc_extra[] = { "Path", "Profiles", "Eims", NULL };
    static const char *const path_extra[] = { "Path", NULL };
    g_autoptr(JsonNode) all = NULL;
    g_autoptr(JsonNode) one = NULL;
    JsonObject *manager, *euicc;

    (void)data;
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_RUNNING));
    all = describe(f->client, "/org/euiccd1", "org.euiccd1.Manager");
    manager = json_node_get_object(all);
    one = describe(f->client, EUICC_PATH, "org.euiccd1.Euicc");
    euicc = json_node_get_object(one);
    assert_same_names(f->client, "/org/euiccd1", "org.euiccd1.Manager", manager, manager_extra);
    assert_same_names(f->client, EUICC_PATH, "org.euiccd1.Euicc", euicc, euicc_extra);
    assert_same_names(
        f->client, PROFILE_PATH, "org.euiccd1.Profile",
        json_array_get_object_element(json_object_get_array_member(euicc, "Profiles"), 0),
        path_extra);
    assert_same_names(f->client, EIM_PATH, "org.euiccd1.Eim",
                      json_array_get_object_element(json_object_get_array_member(euicc, "Eims"), 0),
                      path_extra);
    assert_same_names(
        f->client, "/org/euiccd1/job/1", "org.euiccd1.Job",
        json_array_get_object_element(json_object_get_array_member(manager, "Jobs"), 0),
        path_extra);
    g_assert_cmpstr(json_object_get_string_member(euicc, "Eid"), ==, FAKE_EID);
    g_assert_cmpstr(
        json_object_get_string_member(
            json_array_get_object_element(json_object_get_array_member(euicc, "Profiles"), 1),
            "Name"),
        ==, "Betrieb Köln");
    g_assert_true(json_node_equal(
        one, json_array_get_element(json_object_get_array_member(manager, "Euiccs"), 0)));
}

/* Two clients see the same signals; two daemons can't have the name. */
static void test_two(Fixture *f, gconstpointer data)
{
    g_autoptr(Agents) agents = agents_new(NULL);
    g_autoptr(GError) error = NULL;
    Client *other = client_new();
    EuiccSnapshot *next = euicc_snapshot_copy(agents_get_euicc(f->agents, FAKE_EID));

    (void)data;
    watch_signals(f->client);
    watch_signals(other);
    next->state = EUICC_UNAVAILABLE;
    g_free(next->state_reason);
    next->state_reason = g_strdup("no answer");
    fake_agents_put_euicc(f->agents, next);
    expect_signals(f->client, "PropertiesChanged " EUICC_PATH " Euicc: State StateReason");
    expect_signals(other, "PropertiesChanged " EUICC_PATH " Euicc: State StateReason");
    client_free(other);

    g_assert_null(bus_new(agents, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_BUSY);
}

static void test_lost(Fixture *f, gconstpointer data)
{
    (void)data;
    private_bus_stop(f->message_bus);
    while (!f->lost)
        g_main_context_iteration(NULL, TRUE);
    g_assert_error(f->lost, EUICCD_ERROR, EUICCD_ERROR_FAILED);
    g_assert_nonnull(strstr(f->lost->message, "message bus"));
    /* Changes after that reach nobody and hurt nobody. */
    fake_agents_remove_euicc(f->agents, FAKE_EID);
}

static void test_no_bus(void)
{
    g_autoptr(Agents) agents = agents_new(NULL);
    g_autoptr(GError) error = NULL;

    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/socket", 1);
    g_assert_null(bus_new(agents, NULL, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_FAILED);
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/bus/properties", test_properties);
    add("/bus/managed-objects", test_managed_objects);
    add("/bus/unknown-objects", test_unknown_objects);
    add("/bus/bad-text", test_bad_text);
    add("/bus/signals", test_signals);
    add("/bus/identity", test_identity);
    add("/bus/job-signals", test_job_signals);
    add("/bus/describe", test_describe);
    add("/bus/two", test_two);
    add("/bus/lost", test_lost);
    g_test_add_func("/bus/no-bus", test_no_bus);
    return g_test_run();
}
