/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <unistd.h>

#include "bus-fixture.h"
#include "fake-authority.h"

/* The methods of an eUICC that change what is on the card. */

#define CODE "LPA:1$smdp.example.com$SECRET-TOKEN"

typedef struct {
    Fixture base;
    Authority *authority;
} Control;

static void set_up(Control *f, gconstpointer data)
{
    fixture_set_up(&f->base, data);
    f->authority = authority_new();
    f->authority->authorized = TRUE;
}

static void tear_down(Control *f, gconstpointer data)
{
    authority_free(f->authority);
    fixture_tear_down(&f->base, data);
}

/* Without polkit in the daemon only root gets anything changed. */
static gboolean may_change(void)
{
#ifndef HAVE_POLKIT
    if (geteuid() != 0) {
        g_test_skip("built without polkit");
        return FALSE;
    }
#endif
    return TRUE;
}

static void assert_job(Control *f, const char *kind)
{
    const char *path;
    g_autofree char *expected = g_strconcat("s:", kind, NULL);
    g_autofree char *job = NULL;

    assert_ok(f->base.client);
    g_assert_cmpint(sd_bus_message_read(f->base.client->reply, "o", &path), >, 0);
    job = g_strdup(path);
    assert_property(f->base.client, job, "org.euiccd1.Job", "Kind", expected);
}

#define EUICC "org.euiccd1.Euicc"

static void test_download(Control *f, gconstpointer data)
{
    const FakeRecord *record = fake_agents_get_record(f->base.agents);

    (void)data;
    if (!may_change())
        return;
    call(f->base.client, EUICC_PATH, EUICC, "Download", "sa{sv}", CODE, 0);
    assert_job(f, "download");
    g_assert_cmpstr(record->code, ==, CODE);
    g_assert_null(record->confirmation_code);
    g_assert_false(record->consent);
    g_assert_true(g_str_has_prefix(record->cause, "bus :"));

    call(f->base.client, EUICC_PATH, EUICC, "Download", "sa{sv}", "", 2, "confirmation-code", "s",
         "4711", "consent", "b", TRUE);
    assert_job(f, "download");
    g_assert_cmpstr(record->code, ==, "");
    g_assert_cmpstr(record->confirmation_code, ==, "4711");
    g_assert_true(record->consent);
}

/* What was refused is told, and no message holds a part of what is secret. */
static void test_download_refused(Control *f, gconstpointer data)
{
    Client *client = f->base.client;
    const FakeRecord *record = fake_agents_get_record(f->base.agents);

    (void)data;
    if (!may_change())
        return;
    call(client, EUICC_PATH, EUICC, "Download", "sa{sv}", "bad", 0);
    assert_failed(client, ERROR("InvalidArgument"), "no address");
    call(client, EUICC_PATH, EUICC, "Download", "sa{sv}", CODE, 1, "confirmation", "s", "4711");
    assert_failed(client, ERROR("InvalidArgument"), "'confirmation' is no option");
    call(client, EUICC_PATH, EUICC, "Download", "sa{sv}", CODE, 1, "confirmation-code", "u", 4711);
    assert_failed(client, ERROR("InvalidArgument"), "'confirmation-code' must be a string");
    call(client, EUICC_PATH, EUICC, "Download", "sa{sv}", CODE, 1, "consent", "s", "yes");
    assert_failed(client, ERROR("InvalidArgument"), "'consent' must be a boolean");
    call(client, EUICC_PATH, EUICC, "Download", "sa{sv}", CODE, 1, "confirmation-code", "s", "");
    assert_failed(client, ERROR("InvalidArgument"), "the confirmation code is empty");
    g_assert_null(record->code);
    g_assert_null(agents_get_job(f->base.agents, 1));
}

static void test_controls(Control *f, gconstpointer data)
{
    static const struct {
        const char *member;
        JobKind kind;
    } plain[] = {
        { "ExecuteFallback", JOB_KIND_EXECUTE_FALLBACK },
        { "ReturnFromFallback", JOB_KIND_RETURN_FROM_FALLBACK },
        { "EnableEmergencyProfile", JOB_KIND_ENABLE_EMERGENCY_PROFILE },
        { "DisableEmergencyProfile", JOB_KIND_DISABLE_EMERGENCY_PROFILE },
        { "GetConnectivityParameters", JOB_KIND_GET_CONNECTIVITY },
    };
    const FakeRecord *record = fake_agents_get_record(f->base.agents);

    (void)data;
    if (!may_change())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
        call(f->base.client, EUICC_PATH, EUICC, plain[i].member, NULL);
        assert_job(f, "control");
        g_assert_cmpint(record->control.kind, ==, plain[i].kind);
    }
    call(f->base.client, EUICC_PATH, EUICC, "SetDefaultSmdp", "s", "smdp.example.com");
    assert_job(f, "control");
    g_assert_cmpint(record->control.kind, ==, JOB_KIND_SET_DEFAULT_SMDP);
    g_assert_cmpstr(record->control.address, ==, "smdp.example.com");

    call(f->base.client, EUICC_PATH, EUICC, "ConfigureImmediateEnable", "bss", TRUE, "2.999.10",
         "smdp.example.com:8443");
    assert_job(f, "control");
    g_assert_cmpint(record->control.kind, ==, JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE);
    g_assert_true(record->control.enable);
    g_assert_cmpstr(record->control.oid, ==, "2.999.10");
    g_assert_cmpstr(record->control.address, ==, "smdp.example.com:8443");

    call(f->base.client, EUICC_PATH, EUICC, "ResetMemory", "as", 2, "test-profiles", "eims");
    assert_job(f, "reset-memory");
    g_assert_cmpstr(record->parts, ==, "test-profiles,eims");
    call(f->base.client, EUICC_PATH, EUICC, "DeliverNotifications", NULL);
    assert_job(f, "notifications");
}

/* Each asks polkit for its own action, and does nothing without it. */
static void test_not_authorized(Control *f, gconstpointer data)
{
    Client *client = f->base.client;

    (void)data;
#ifndef HAVE_POLKIT
    if (geteuid() == 0) {
        g_test_skip("built without polkit, and root");
        return;
    }
#endif
    f->authority->authorized = FALSE;
    call(client, EUICC_PATH, EUICC, "Download", "sa{sv}", CODE, 0);
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.download");
    call(client, EUICC_PATH, EUICC, "DeliverNotifications", NULL);
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.deliver-notifications");
    call(client, EUICC_PATH, EUICC, "SetDefaultSmdp", "s", "");
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.configure");
    call(client, EUICC_PATH, EUICC, "ConfigureImmediateEnable", "bss", FALSE, "", "");
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.configure");
    call(client, EUICC_PATH, EUICC, "GetConnectivityParameters", NULL);
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.get-connectivity-parameters");
    call(client, EUICC_PATH, EUICC, "ExecuteFallback", NULL);
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.switch-profile");
    call(client, EUICC_PATH, EUICC, "EnableEmergencyProfile", NULL);
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.switch-profile");
    call(client, EUICC_PATH, EUICC, "ResetMemory", "as", 1, "eims");
    assert_failed(client, ERROR("NotAuthorized"), "org.euiccd1.reset-memory");
    g_assert_null(agents_get_job(f->base.agents, 1));
}

static void test_properties(Control *f, gconstpointer data)
{
    JobSnapshot *job = fake_job_new(5, "download", JOB_RUNNING);

    (void)data;
    assert_property(f->base.client, EUICC_PATH, EUICC, "PendingNotifications", "u:2");
    assert_property(f->base.client, EUICC_PATH, EUICC, "OldestNotification", "t:1789990000000000");
    assert_property(f->base.client, EUICC_PATH, EUICC, "NotificationError",
                    "s:smdp.example.com: HandleNotification: the server answered HTTP status "
                    "503");
    g_free(job->result);
    job->result = g_strdup(FAKE_ICCID);
    fake_agents_put_job(f->base.agents, job);
    assert_property(f->base.client, "/org/euiccd1/job/5", "org.euiccd1.Job", "Result",
                    "s:" FAKE_ICCID);
}

#define control_add(path, function) g_test_add(path, Control, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    control_add("/bus/control/download", test_download);
    control_add("/bus/control/download-refused", test_download_refused);
    control_add("/bus/control/controls", test_controls);
    control_add("/bus/control/not-authorized", test_not_authorized);
    control_add("/bus/control/properties", test_properties);
    return g_test_run();
}
