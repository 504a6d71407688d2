/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "bus-fixture.h"
#include "fake-authority.h"
#include "util/error.h"

/*
 * The objects of modems, and what Diagnose() tells whom.
 */

#define MODEM_PATH "/org/euiccd1/modem/4"
#define MODEM      "org.euiccd1.Modem"
#define NEW_IMEI   "356938035643809"

static void set_string(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static void test_properties(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *property, *value;
    } expected[] = {
        { "State", "s:working" },
        { "StateReason", "s:" },
        { "Device", "s:/sys/devices/usb1/1-1" },
        { "Name", "s:gateway" },
        { "UsbId", "s:05c6:90b2" },
        { "Ports", "as:/dev/cdc-wdm0 (qmi),/dev/ttyUSB2 (at)" },
        { "Port", "s:/dev/cdc-wdm0" },
        { "Transport", "s:qmi" },
        { "Driver", "s:qmi_wwan" },
        { "Choice", "s:first of its ports" },
        { "Slot", "u:0" },
        { "Manufacturer", "s:Example" },
        { "Model", "s:EX-1" },
        { "Revision", "s:1.0.7" },
        { "Imei", "s:" FAKE_IMEI },
        { "Quirks", "as:example" },
        { "Settings", "s:reset=power-cycle" },
        { "Reset", "s:" },
        { "ModemManagerPath", "o:/" },
        { "Euicc", "o:" EUICC_PATH },
    };

    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_property(f->client, MODEM_PATH, MODEM, expected[i].property, expected[i].value);
    call(f->client, "/org/euiccd1/modem/04", "org.freedesktop.DBus.Properties", "Get", "ss", MODEM,
         "State");
    assert_failed(f->client, SD_BUS_ERROR_UNKNOWN_OBJECT, NULL);
    call(f->client, "/org/euiccd1/modem/5", MODEM, "Diagnose", "a{sv}", 0);
    assert_failed(f->client, SD_BUS_ERROR_UNKNOWN_OBJECT, NULL);
}

/* A modem comes, loses its card and goes: exactly that is told. */
static void test_signals(Fixture *f, gconstpointer data)
{
    ModemSnapshot *next = fake_modem_new(4);

    (void)data;
    watch_signals(f->client);
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    expect_signals(f->client, "InterfacesAdded " MODEM_PATH);
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    expect_no_signals(f->client);
    next->state = MODEM_UNAVAILABLE;
    set_string(&next->state_reason, "the card went away");
    set_string(&next->eid, "");
    g_strfreev(next->quirks);
    next->quirks = g_strsplit("quectel,old", ",", -1);
    fake_agents_put_modem(f->agents, next);
    expect_signals(f->client,
                   "PropertiesChanged " MODEM_PATH " Modem: State StateReason Quirks Euicc");
    assert_property(f->client, MODEM_PATH, MODEM, "Euicc", "o:/");
    fake_agents_remove_modem(f->agents, 4);
    expect_signals(f->client, "InterfacesRemoved " MODEM_PATH);
}

/* The text of the last reply as JSON; *RET_TEXT is borrowed from it. */
static JsonObject *read_report(Fixture *f, const char **ret_text)
{
    g_autoptr(JsonNode) root = NULL;

    assert_ok(f->client);
    g_assert_cmpint(sd_bus_message_read(f->client->reply, "s", ret_text), >, 0);
    root = json_from_string(*ret_text, NULL);
    g_assert_nonnull(root);
    return json_object_ref(json_node_get_object(root));
}

static const char *get_answer(JsonObject *report, guint step)
{
    return json_object_get_string_member(
        json_array_get_object_element(json_object_get_array_member(report, "Steps"), step),
        "Answer");
}

/* Everybody may read, and nobody is asked; no number is whole. */
static void test_masked(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_new();
    g_autoptr(JsonObject) report = NULL;
    JsonObject *versions;
    const char *text;

    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 2, "probe", "b", 0, "unmasked", "b", 0);
    report = read_report(f, &text);
    g_assert_true(json_object_get_boolean_member(report, "Masked"));
    g_assert_null(strstr(text, FAKE_EID));
    g_assert_null(strstr(text, FAKE_IMEI));
    g_assert_null(strstr(text, "89000000000000000018"));
    g_assert_cmpstr(get_answer(report, 0), ==, "xxxxxxxxxxx7518");
    g_assert_cmpstr(get_answer(report, 1), ==, "QMI error 82 (AccessDenied)");
    g_assert_cmpstr(get_answer(report, 2), ==, "BF3E125A10xxxxxxxxxxxxxxxxxxxxxxxxxxxx12359000");
    g_assert_cmpstr(
        json_object_get_string_member(json_object_get_object_member(report, "Modem"), "Euicc"), ==,
        "/org/euiccd1/euicc/xxxxxxxxxxxxxxxxxxxxxxxxxxxx1235");
    versions = json_object_get_object_member(report, "Versions");
    g_assert_cmpstr(json_object_get_string_member(versions, "Daemon"), ==, PACKAGE_VERSION);
    g_assert_cmpstr(json_object_get_string_member(versions, "ModemManager"), ==, "not running");
    g_assert_cmpuint(authority->questions, ==, 0);
    g_assert_cmpuint(fake_agents_get_record(f->agents)->probed, ==, 0);
    authority_free(authority);
}

static JobSnapshot *new_failure(guint32 number)
{
    JobSnapshot *job = fake_job_new(number, "poll", JOB_FAILED);

    set_string(&job->eid, FAKE_EID);
    set_string(&job->error_name, "org.euiccd1.Error.Network");
    set_string(&job->error_message,
               "asking eIM 'fleet' for a package: GetEimPackage: POST to eim.example.com: "
               "connecting to 192.0.2.17: refused");
    return job;
}

static void put_fleet(Agents *agents, const char *eim_id)
{
    EuiccSnapshot *euicc = fake_euicc_new(FAKE_EID);

    set_string(&((EimSnapshot *)euicc->eims->pdata[0])->eim_id, eim_id);
    fake_agents_put_euicc(agents, euicc);
}

/* What failed and how stands there, but not whose server it was, also where the card names it no more. */
static void test_masked_names(Fixture *f, gconstpointer data)
{
    static const char *const eim_ids[] = { "fleet", "another" };

    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    fake_agents_put_job(f->agents, new_failure(1));
    for (gsize i = 0; i < G_N_ELEMENTS(eim_ids); i++) {
        g_autoptr(JsonObject) report = NULL;
        const char *text;

        put_fleet(f->agents, eim_ids[i]);
        call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0);
        report = read_report(f, &text);
        g_assert_cmpstr(json_object_get_string_member(report, "LastError"), ==,
                        "poll: asking eIM [eIM] for a package: GetEimPackage: POST to [host]: "
                        "connecting to [host]: refused (org.euiccd1.Error.Network)");
        g_assert_null(strstr(text, "fleet"));
        g_assert_null(strstr(text, "example.com"));
    }
}

/* Why it is unavailable may be such a failure. */
static void test_masked_reason(Fixture *f, gconstpointer data)
{
    g_autoptr(JsonObject) report = NULL;
    ModemSnapshot *modem = fake_modem_new(4);
    const char *text;

    (void)data;
    modem->state = MODEM_UNAVAILABLE;
    set_string(&modem->state_reason, "POST to smdp.example.net: /dev/cdc-wdm0 vanished");
    fake_agents_put_modem(f->agents, modem);
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0);
    report = read_report(f, &text);
    g_assert_cmpstr(json_object_get_string_member(report, "LastError"), ==,
                    "POST to [host]: /dev/cdc-wdm0 vanished");
    g_assert_null(strstr(text, "example.net"));
}

/* An eimId may be any word: only sentences are looked through for it. */
static void test_masked_word(Fixture *f, gconstpointer data)
{
    g_autoptr(JsonObject) report = NULL;
    ModemSnapshot *modem = fake_modem_new(4);
    const char *text;

    (void)data;
    put_fleet(f->agents, "working");
    set_string(&modem->state_reason, "eim.slow.example is not working");
    fake_agents_put_modem(f->agents, modem);
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0);
    report = read_report(f, &text);
    g_assert_cmpstr(json_object_get_string_member(report, "LastError"), ==, "[host] is not [eIM]");
    g_assert_cmpstr(
        json_object_get_string_member(json_object_get_object_member(report, "Modem"), "State"), ==,
        "working");
    g_assert_cmpstr(json_object_get_string_member(json_object_get_object_member(report, "Modem"),
                                                  "StateReason"),
                    ==, "[host] is not [eIM]");
}

static void test_bad_options(Fixture *f, gconstpointer data)
{
    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, "prove", "b", 1);
    assert_failed(f->client, ERROR("InvalidArgument"), "'prove' is no option");
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, "unmasked", "s", "yes");
    assert_failed(f->client, ERROR("InvalidArgument"), "must be a boolean");
    call(f->client, MODEM_PATH, MODEM, "Diagnose", NULL);
    assert_failed(f->client, SD_BUS_ERROR_INVALID_ARGS, NULL);
}

static int get_version(sd_bus *connection, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
    return sd_bus_message_append(reply, "s", "1.20.4");
}

/* Versions are what ModemManager says itself. */
static void test_modem_manager(Fixture *f, gconstpointer data)
{
    static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, 0),
        SD_BUS_VTABLE_END,
    };
    Client *manager = client_new();
    g_autoptr(JsonObject) report = NULL;
    const char *text;

    (void)data;
    g_assert_cmpint(sd_bus_add_object_vtable(manager->connection, NULL,
                                             "/org/freedesktop/ModemManager1",
                                             "org.freedesktop.ModemManager1", vtable, NULL),
                    >=, 0);
    g_assert_cmpint(sd_bus_request_name(manager->connection, "org.freedesktop.ModemManager1", 0),
                    >=, 0);
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0);
    report = read_report(f, &text);
    g_assert_cmpstr(json_object_get_string_member(json_object_get_object_member(report, "Versions"),
                                                  "ModemManager"),
                    ==, "1.20.4");
    client_free(manager);
}

/* Keeps the question; the answer comes when the test says so. */
static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    sd_bus_message **question = userdata;

    (void)ret_error;
    *question = sd_bus_message_ref(m);
    return 1;
}

/* A ModemManager that does so. */
static Client *new_slow_manager(sd_bus_message **question)
{
    Client *manager = client_new();

    g_assert_cmpint(sd_bus_add_object(manager->connection, NULL, "/org/freedesktop/ModemManager1",
                                      on_question, question),
                    >=, 0);
    g_assert_cmpint(sd_bus_request_name(manager->connection, "org.freedesktop.ModemManager1", 0),
                    >=, 0);
    return manager;
}

static sd_bus_message *wait_for_question(sd_bus_message **question)
{
    while (!*question)
        g_main_context_iteration(NULL, TRUE);
    return g_steal_pointer(question);
}

/* The modem can go while ModemManager is asked, and the daemon can end. */
static void test_gone_meanwhile(Fixture *f, gconstpointer data)
{
    sd_bus_message *question = NULL;
    Client *manager = new_slow_manager(&question);

    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    send_message(f->client, new_call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0));
    question = wait_for_question(&question);
    g_assert_false(f->client->answered);
    fake_agents_remove_modem(f->agents, 4);
    g_assert_cmpint(sd_bus_reply_method_return(question, "s", "no variant"), >=, 0);
    question = sd_bus_message_unref(question);
    wait_for_reply(f->client);
    assert_failed(f->client, ERROR("NotFound"), "gone");

    fake_agents_put_modem(f->agents, fake_modem_new(4));
    send_message(f->client, new_call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0));
    question = wait_for_question(&question);
    g_clear_pointer(&f->bus, bus_free);
    wait_for_reply(f->client);
    assert_failed(f->client, SD_BUS_ERROR_NO_REPLY, NULL);
    sd_bus_message_unref(question);
    client_free(manager);
}

/* Says what ModemManager's version is, and waits for the report that CLIENT waits for. */
static void answer_question(Client *client, sd_bus_message *question)
{
    client->answered = FALSE;
    g_assert_cmpint(sd_bus_reply_method_return(question, "v", "s", "1.20.4"), >=, 0);
    sd_bus_message_unref(question);
    wait_for_reply(client);
    assert_ok(client);
}

/* A caller has one diagnosis of a modem at a time; other modems and other callers have theirs. */
static void test_one_at_a_time(Fixture *f, gconstpointer data)
{
    sd_bus_message *question = NULL, *first;
    Client *manager = new_slow_manager(&question), *other = client_new();

    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    fake_agents_put_modem(f->agents, fake_modem_new(5));
    send_message(f->client, new_call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0));
    first = wait_for_question(&question);
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0);
    assert_failed(f->client, ERROR("Busy"), "the same caller is under way");
    send_message(f->client,
                 new_call(f->client, "/org/euiccd1/modem/5", MODEM, "Diagnose", "a{sv}", 0));
    answer_question(f->client, wait_for_question(&question));
    send_message(other, new_call(other, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0));
    answer_question(other, wait_for_question(&question));

    /* Once it has ended the next one may come. */
    answer_question(f->client, first);
    send_message(f->client, new_call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 0));
    answer_question(f->client, wait_for_question(&question));
    client_free(other);
    client_free(manager);
}

#ifdef HAVE_POLKIT

/* Whole numbers and a probe are for those whom polkit lets. */
static void test_refused(Fixture *f, gconstpointer data)
{
    static const char *const options[] = { "unmasked", "probe" };
    Authority *authority = authority_new();

    (void)data;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++) {
        call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, options[i], "b", 1);
        assert_failed(f->client, ERROR("NotAuthorized"), "org.euiccd1.diagnose");
        g_assert_cmpuint(authority->questions, ==, i + 1);
        g_assert_cmpstr(authority->action, ==, "org.euiccd1.diagnose");
    }
    g_assert_cmpuint(fake_agents_get_record(f->agents)->probed, ==, 0);
    authority_free(authority);
}

static void test_unmasked(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_new();
    g_autoptr(JsonObject) report = NULL;
    const char *text;

    (void)data;
    authority->authorized = 1;
    put_fleet(f->agents, "fleet");
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    fake_agents_put_job(f->agents, new_failure(1));
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, "unmasked", "b", 1);
    report = read_report(f, &text);
    g_assert_false(json_object_get_boolean_member(report, "Masked"));
    g_assert_cmpstr(get_answer(report, 2), ==, "BF3E125A10" FAKE_EID "9000");
    g_assert_nonnull(strstr(json_object_get_string_member(report, "LastError"),
                            "eIM 'fleet' for a package: GetEimPackage: POST to eim.example.com"));
    g_assert_cmpuint(fake_agents_get_record(f->agents)->probed, ==, 0);
    authority_free(authority);
}

/* The answer comes when the probe has ended, with what it found. */
static void test_probe(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_new();
    FakeRecord *record = fake_agents_get_record(f->agents);
    g_autoptr(JsonObject) report = NULL;
    ModemSnapshot *next = fake_modem_new(4);
    Client *other = client_new();
    const char *text;

    (void)data;
    authority->authorized = 1;
    fake_agents_put_modem(f->agents, fake_modem_new(4));
    send_message(f->client,
                 new_call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, "probe", "b", 1));
    while (record->probed == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(record->probed, ==, 4);
    settle(other);
    g_assert_false(f->client->answered);
    /* A second one begins no job. */
    record->probed = 0;
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, "probe", "b", 1);
    assert_failed(f->client, ERROR("Busy"), "the same caller is under way");
    g_assert_cmpuint(record->probed, ==, 0);
    f->client->answered = FALSE;
    next->state = MODEM_UNAVAILABLE;
    set_string(&next->state_reason, "the modem refused; its IMEI is " NEW_IMEI);
    set_string(&next->imei, NEW_IMEI);
    fake_agents_put_modem(f->agents, next);
    settle(other);
    g_assert_false(f->client->answered);
    fake_agents_put_job(f->agents, fake_job_new(1, "start", JOB_FAILED));
    wait_for_reply(f->client);
    report = read_report(f, &text);
    g_assert_cmpstr(json_object_get_string_member(report, "LastError"), ==,
                    "the modem refused; its IMEI is xxxxxxxxxxx3809");
    g_assert_true(json_object_get_boolean_member(report, "Masked"));

    record->refusal = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_INHIBITED, "inhibited by x");
    call(f->client, MODEM_PATH, MODEM, "Diagnose", "a{sv}", 1, "probe", "b", 1);
    assert_failed(f->client, ERROR("Inhibited"), "inhibited by x");
    client_free(other);
    authority_free(authority);
}

#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/modem/properties", test_properties);
    add("/modem/signals", test_signals);
    add("/modem/masked", test_masked);
    add("/modem/masked-names", test_masked_names);
    add("/modem/masked-reason", test_masked_reason);
    add("/modem/masked-word", test_masked_word);
    add("/modem/bad-options", test_bad_options);
    add("/modem/one-at-a-time", test_one_at_a_time);
    add("/modem/modem-manager", test_modem_manager);
    add("/modem/gone-meanwhile", test_gone_meanwhile);
#ifdef HAVE_POLKIT
    add("/modem/refused", test_refused);
    add("/modem/unmasked", test_unmasked);
    add("/modem/probe", test_probe);
#endif
    return g_test_run();
}
