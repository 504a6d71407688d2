/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bus-fixture.h"
#include "fake-authority.h"
#include "util/error.h"
#include "util/log.h"

/*
 * The methods that change something, and who may call them.
 */

static gboolean is_root(void)
{
    return geteuid() == 0;
}

/* Without polkit on the bus root may, everybody else may not. */
static void test_polkit_absent(Fixture *f, gconstpointer data)
{
    (void)data;
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);
    if (is_root()) {
        assert_ok(f->client);
        g_assert_cmpuint(fake_agents_get_record(f->agents)->rescans, ==, 1);
    } else {
        assert_failed(f->client, ERROR("NotAuthorized"), "only root");
        g_assert_cmpuint(fake_agents_get_record(f->agents)->rescans, ==, 0);
    }
}

#ifdef HAVE_POLKIT

static Authority *authority_allow(void)
{
    Authority *authority = authority_new();

    authority->authorized = 1;
    return authority;
}

/* Every changing method asks polkit for its own action, in the name of the caller. */
static void test_actions(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *path, *interface, *member, *types, *action;
    } methods[] = {
        { "/org/euiccd1", "org.euiccd1.Manager", "Rescan", "", "org.euiccd1.rescan" },
        { "/org/euiccd1", "org.euiccd1.Manager", "Inhibit", "s", "org.euiccd1.inhibit" },
        { EUICC_PATH, "org.euiccd1.Euicc", "Poll", "", "org.euiccd1.poll" },
        { EUICC_PATH, "org.euiccd1.Euicc", "AddInitialEim", "ay", "org.euiccd1.add-initial-eim" },
        { EIM_PATH, "org.euiccd1.Eim", "Poll", "", "org.euiccd1.poll" },
        { "/org/euiccd1/job/1", "org.euiccd1.Job", "Cancel", "", "org.euiccd1.cancel-job" },
    };
    static const char *const writes[] = { "org.euiccd1.Manager", "org.freedesktop.LogControl1" };
    Authority *authority = authority_new();
    const char *name;

    (void)data;
    g_assert_cmpint(sd_bus_get_unique_name(f->client->connection, &name), >=, 0);
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_RUNNING));
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
        sd_bus_message *m =
            new_call(f->client, methods[i].path, methods[i].interface, methods[i].member, NULL);

        if (g_str_equal(methods[i].types, "s"))
            sd_bus_message_append(m, "s", "test");
        else if (g_str_equal(methods[i].types, "ay"))
            sd_bus_message_append_array(m, 'y', "\xBF\x57\x00", 3);
        send_message(f->client, m);
        wait_for_reply(f->client);
        assert_failed(f->client, ERROR("NotAuthorized"), methods[i].action);
        g_assert_cmpuint(authority->questions, ==, i + 1);
        g_assert_cmpstr(authority->action, ==, methods[i].action);
        g_assert_cmpstr(authority->subject, ==, name);
        g_assert_cmpuint(authority->flags, ==, 0);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(writes); i++) {
        call(f->client, i == 0 ? "/org/euiccd1" : "/org/freedesktop/LogControl1",
             "org.freedesktop.DBus.Properties", "Set", "ssv", writes[i], "LogLevel", "s", "debug");
        assert_failed(f->client, ERROR("NotAuthorized"), "org.euiccd1.set-log-level");
    }
    g_assert_cmpint(log_get_level(), ==, LOG_LEVEL_ERROR);
    g_assert_cmpuint(fake_agents_get_record(f->agents)->rescans, ==, 0);
    g_assert_null(fake_agents_get_record(f->agents)->cause);
    g_assert_cmpint(agents_get_job(f->agents, 1)->state, ==, JOB_RUNNING);
    authority_free(authority);
}

static void test_polkit_answers(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_new();
    sd_bus_message *m;

    (void)data;
    authority->challenge = 1;
    m = new_call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);
    sd_bus_message_set_allow_interactive_authorization(m, TRUE);
    send_message(f->client, m);
    wait_for_reply(f->client);
    assert_failed(f->client, ERROR("NotAuthorized"), "authentication");
    g_assert_cmpuint(authority->flags, ==, 1);

    /* A polkit that fails is no permission, not even for root. */
    authority->failure = "org.freedesktop.PolicyKit1.Error.Failed";
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);
    assert_failed(f->client, ERROR("NotAuthorized"), "PolicyKit1.Error.Failed");
    g_assert_cmpuint(fake_agents_get_record(f->agents)->rescans, ==, 0);

    authority->failure = NULL;
    authority->authorized = 1;
    authority->unreadable = TRUE;
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);
    assert_failed(f->client, ERROR("NotAuthorized"), "can't be read");
    g_assert_cmpuint(fake_agents_get_record(f->agents)->rescans, ==, 0);

    authority->unreadable = FALSE;
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);
    assert_ok(f->client);
    g_assert_cmpuint(fake_agents_get_record(f->agents)->rescans, ==, 1);
    authority_free(authority);
}

/* The object can go while polkit thinks. */
static void test_gone_meanwhile(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();

    (void)data;
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_RUNNING));
    send_message(f->client, new_call(f->client, EIM_PATH, "org.euiccd1.Eim", "Poll", NULL));
    while (authority->questions == 0)
        g_main_context_iteration(NULL, TRUE);
    fake_agents_remove_euicc(f->agents, FAKE_EID);
    wait_for_reply(f->client);
    assert_failed(f->client, ERROR("NotFound"), "gone");
    authority_free(authority);
}

/* The caller can go, too: the answer goes nowhere and nothing breaks. */
static void test_caller_gone(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    Client *other = client_new();

    (void)data;
    send_message(other, new_call(other, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL));
    while (authority->questions == 0)
        g_main_context_iteration(NULL, TRUE);
    client_free(other);
    settle(f->client);
    settle(f->client);
    assert_property(f->client, EUICC_PATH, "org.euiccd1.Euicc", "State", "s:idle");
    authority_free(authority);
}

/* Waiting requests die with the bus. */
static void test_stop_while_asking(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();

    (void)data;
    send_message(f->client, new_call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", NULL));
    while (authority->questions == 0)
        g_main_context_iteration(NULL, TRUE);
    g_clear_pointer(&f->bus, bus_free);
    wait_for_reply(f->client);
    assert_failed(f->client, SD_BUS_ERROR_NO_REPLY, NULL);
    authority_free(authority);
}

static void test_request_limit(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    guint64 serial = 0;

    (void)data;
    g_source_destroy(authority->source); /* polkit does not answer any more */
    for (guint i = 0; i < 16; i++) {
        sd_bus_message *m =
            new_call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);

        g_assert_cmpint(sd_bus_send(f->client->connection, m, &serial), >=, 0);
        sd_bus_message_unref(m);
    }
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Rescan", NULL);
    assert_failed(f->client, SD_BUS_ERROR_LIMITS_EXCEEDED, NULL);
    authority_free(authority);
}

static void assert_job_path(Client *client, const char *expected)
{
    const char *path;

    assert_ok(client);
    g_assert_cmpint(sd_bus_message_read(client->reply, "o", &path), >, 0);
    g_assert_cmpstr(path, ==, expected);
}

static void test_poll(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    FakeRecord *record = fake_agents_get_record(f->agents);
    g_autofree char *cause = NULL;
    const char *name;

    (void)data;
    g_assert_cmpint(sd_bus_get_unique_name(f->client->connection, &name), >=, 0);
    cause = g_strdup_printf("bus %s (uid %u)", name, (guint)geteuid());
    watch_signals(f->client);
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", NULL);
    assert_job_path(f->client, "/org/euiccd1/job/1");
    g_assert_null(record->eim_id);
    g_assert_cmpstr(record->cause, ==, cause);
    call(f->client, EUICC_PATH "/eim/2", "org.euiccd1.Eim", "Poll", NULL);
    assert_job_path(f->client, "/org/euiccd1/job/2");
    g_assert_cmpstr(record->eim_id, ==, "eim.broken.example");
    expect_signals(f->client, "InterfacesAdded /org/euiccd1/job/1",
                   "InterfacesAdded /org/euiccd1/job/2");
    assert_property(f->client, "/org/euiccd1/job/2", "org.euiccd1.Job", "State", "s:queued");

    /* The path is good at once even where the agents have not announced the job yet. */
    record->silent = TRUE;
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", NULL);
    assert_job_path(f->client, "/org/euiccd1/job/3");
    assert_property(f->client, "/org/euiccd1/job/3", "org.euiccd1.Job", "Kind", "s:poll");
    record->silent = FALSE;

    record->refusal = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_BUSY, "the queue is full");
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", NULL);
    assert_failed(f->client, ERROR("Busy"), "the queue is full");
    record->refusal = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "left alone");
    call(f->client, EIM_PATH, "org.euiccd1.Eim", "Poll", NULL);
    assert_failed(f->client, ERROR("NotSupported"), "left alone");
    authority_free(authority);
}

static void test_cancel(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();

    (void)data;
    fake_agents_put_job(f->agents, fake_job_new(1, "poll", JOB_RUNNING));
    call(f->client, "/org/euiccd1/job/1", "org.euiccd1.Job", "Cancel", NULL);
    assert_ok(f->client);
    g_assert_cmpint(agents_get_job(f->agents, 1)->state, ==, JOB_CANCELLED);
    call(f->client, "/org/euiccd1/job/1", "org.euiccd1.Job", "Cancel", NULL);
    assert_failed(f->client, ERROR("NotSupported"), "ended");
    authority_free(authority);
}

static void call_add_initial_eim(Client *client, gsize size)
{
    sd_bus_message *m = new_call(client, EUICC_PATH, "org.euiccd1.Euicc", "AddInitialEim", NULL);
    g_autofree guint8 *octets = g_malloc0(size + 1);

    octets[0] = 0xBF;
    g_assert_cmpint(sd_bus_message_append_array(m, 'y', octets, size), >=, 0);
    send_message(client, m);
    wait_for_reply(client);
}

static void test_add_initial_eim(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    FakeRecord *record = fake_agents_get_record(f->agents);

    (void)data;
    call_add_initial_eim(f->client, 0);
    assert_failed(f->client, ERROR("InvalidArgument"), "empty");
    call_add_initial_eim(f->client, 64 * 1024 + 1);
    assert_failed(f->client, ERROR("TooLarge"), NULL);
    g_assert_null(record->data);
    call_add_initial_eim(f->client, 100);
    assert_job_path(f->client, "/org/euiccd1/job/1");
    g_assert_cmpuint(g_bytes_get_size(record->data), ==, 100);
    g_assert_cmpuint(((const guint8 *)g_bytes_get_data(record->data, NULL))[0], ==, 0xBF);
    authority_free(authority);
}

static void test_log_level(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    static const char properties[] = "org.freedesktop.DBus.Properties";

    (void)data;
    watch_signals(f->client);
    call(f->client, "/org/euiccd1", properties, "Set", "ssv", "org.euiccd1.Manager", "LogLevel",
         "s", "warning");
    assert_ok(f->client);
    g_assert_cmpint(log_get_level(), ==, LOG_LEVEL_WARNING);
    expect_signals(f->client, "PropertiesChanged /org/euiccd1 Manager: LogLevel");
    call(f->client, "/org/freedesktop/LogControl1", properties, "Set", "ssv",
         "org.freedesktop.LogControl1", "LogLevel", "s", "err");
    assert_ok(f->client);
    g_assert_cmpint(log_get_level(), ==, LOG_LEVEL_ERROR);
    expect_signals(f->client, "PropertiesChanged /org/euiccd1 Manager: LogLevel");
    call(f->client, "/org/euiccd1", properties, "Set", "ssv", "org.euiccd1.Manager", "LogLevel",
         "s", "loud");
    assert_failed(f->client, ERROR("InvalidArgument"), "'loud'");
    call(f->client, "/org/euiccd1", properties, "Set", "ssv", "org.euiccd1.Manager", "LogLevel",
         "u", 7);
    assert_failed(f->client, ERROR("InvalidArgument"), "string");
    expect_no_signals(f->client);
    authority_free(authority);
}

static int inhibit(Client *client, const char *why)
{
    int fd;

    call(client, "/org/euiccd1", "org.euiccd1.Manager", "Inhibit", "s", why);
    assert_ok(client);
    g_assert_cmpint(sd_bus_message_read(client->reply, "h", &fd), >, 0);
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    g_assert_cmpint(fd, >=, 0);
    client->reply = sd_bus_message_unref(client->reply);
    return fd;
}

static guint count_inhibitions(Agents *agents)
{
    g_autoptr(GPtrArray) inhibitions = agents_list_inhibitions(agents);

    return inhibitions->len;
}

static void wait_for_inhibitions(Agents *agents, guint count)
{
    while (count_inhibitions(agents) != count)
        g_main_context_iteration(NULL, TRUE);
}

static void test_inhibit(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    Client *other = client_new();
    g_autofree char *long_text = g_strnfill(300, 'x');
    int one, copy, two;

    (void)data;
    one = inhibit(f->client, "driving a train");
    two = inhibit(other, "second");
    g_assert_cmpuint(count_inhibitions(f->agents), ==, 2);
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", NULL);
    assert_failed(f->client, ERROR("Inhibited"), NULL);

    /* It holds as long as there is a copy of the descriptor. What is written into it does not
     * matter. */
    copy = dup(one);
    g_assert_cmpint(write(copy, "x", 1), ==, 1);
    close(one);
    settle(f->client);
    g_assert_cmpuint(count_inhibitions(f->agents), ==, 2);
    close(copy);
    wait_for_inhibitions(f->agents, 1);

    /* A client that leaves the bus loses its lock even if somebody keeps the descriptor. */
    client_free(other);
    wait_for_inhibitions(f->agents, 0);
    call(f->client, EUICC_PATH, "org.euiccd1.Euicc", "Poll", NULL);
    assert_job_path(f->client, "/org/euiccd1/job/1");
    close(two);

    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Inhibit", "s", "");
    assert_failed(f->client, ERROR("InvalidArgument"), NULL);
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Inhibit", "s", long_text);
    assert_failed(f->client, ERROR("InvalidArgument"), NULL);
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Inhibit", "s", "two\nlines");
    assert_failed(f->client, ERROR("InvalidArgument"), NULL);
    g_assert_cmpuint(count_inhibitions(f->agents), ==, 0);

    /* Locks still held when the bus stops are given back. */
    one = inhibit(f->client, "until the end");
    g_clear_pointer(&f->bus, bus_free);
    g_assert_cmpuint(count_inhibitions(f->agents), ==, 0);
    close(one);
    authority_free(authority);
}

static void test_inhibit_limit(Fixture *f, gconstpointer data)
{
    Authority *authority = authority_allow();
    int fds[64];

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = inhibit(f->client, "one of many");
    call(f->client, "/org/euiccd1", "org.euiccd1.Manager", "Inhibit", "s", "too many");
    assert_failed(f->client, ERROR("Busy"), NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    wait_for_inhibitions(f->agents, 0);
    authority_free(authority);
}

#endif /* HAVE_POLKIT */

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/polkit/absent", test_polkit_absent);
#ifdef HAVE_POLKIT
    add("/polkit/actions", test_actions);
    add("/polkit/answers", test_polkit_answers);
    add("/polkit/gone-meanwhile", test_gone_meanwhile);
    add("/polkit/caller-gone", test_caller_gone);
    add("/polkit/stop-while-asking", test_stop_while_asking);
    add("/polkit/request-limit", test_request_limit);
    add("/methods/poll", test_poll);
    add("/methods/cancel", test_cancel);
    add("/methods/add-initial-eim", test_add_initial_eim);
    add("/methods/log-level", test_log_level);
    add("/methods/inhibit", test_inhibit);
    add("/methods/inhibit-limit", test_inhibit_limit);
#endif
    return g_test_run();
}
