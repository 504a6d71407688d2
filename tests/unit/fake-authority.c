/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-authority.h"

#include "bus/bus_source.h"

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Authority *authority = userdata;
    const char *kind, *key, *name, *action;
    int r;

    if (!sd_bus_message_is_method_call(m, "org.freedesktop.PolicyKit1.Authority",
                                       "CheckAuthorization"))
        return 0;
    authority->questions++;
    g_assert_cmpint(sd_bus_message_enter_container(m, 'r', "sa{sv}"), >, 0);
    g_assert_cmpint(sd_bus_message_read(m, "sa{sv}", &kind, 1, &key, "s", &name), >, 0);
    sd_bus_message_exit_container(m);
    g_assert_cmpint(sd_bus_message_read(m, "s", &action), >, 0);
    g_assert_cmpint(sd_bus_message_skip(m, "a{ss}"), >, 0);
    g_assert_cmpint(sd_bus_message_read(m, "u", &authority->flags), >, 0);
    g_assert_cmpstr(kind, ==, "system-bus-name");
    g_assert_cmpstr(key, ==, "name");
    g_free(authority->action);
    authority->action = g_strdup(action);
    g_free(authority->subject);
    authority->subject = g_strdup(name);
    if (authority->failure)
        return sd_bus_error_set(ret_error, authority->failure, "no");
    r = authority->unreadable ? sd_bus_reply_method_return(m, "s", "yes")
                              : sd_bus_reply_method_return(m, "(bba{ss})", authority->authorized,
                                                           authority->challenge, 0);
    return r < 0 ? r : 1;
}

Authority *authority_new(void)
{
    Authority *authority = g_new0(Authority, 1);

    g_assert_cmpint(sd_bus_open_system(&authority->connection), >=, 0);
    /* No vtable: it would not let an answer of the wrong type pass. */
    g_assert_cmpint(sd_bus_add_object(authority->connection, NULL,
                                      "/org/freedesktop/PolicyKit1/Authority", on_question,
                                      authority),
                    >=, 0);
    g_assert_cmpint(sd_bus_request_name(authority->connection, "org.freedesktop.PolicyKit1", 0), >=,
                    0);
    authority->source = bus_source_new(authority->connection, NULL, NULL, NULL);
    return authority;
}

void authority_free(Authority *authority)
{
    g_source_destroy(authority->source);
    g_source_unref(authority->source);
    sd_bus_flush_close_unref(authority->connection);
    g_free(authority->action);
    g_free(authority->subject);
    g_free(authority);
}
