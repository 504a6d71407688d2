/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-fixture.h"

#include <string.h>

#include "bus/bus_source.h"
#include "util/log.h"

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Client *client = userdata;

    (void)ret_error;
    sd_bus_message_unref(client->reply);
    client->reply = sd_bus_message_ref(m);
    client->answered = TRUE;
    return 1;
}

static void append_changed_names(sd_bus_message *m, GString *text)
{
    const char *interface, *name;

    g_assert_cmpint(sd_bus_message_read(m, "s", &interface), >, 0);
    g_string_append_printf(text, " %s:", strrchr(interface, '.') + 1);
    g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "{sv}"), >, 0);
    while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
        g_assert_cmpint(sd_bus_message_read(m, "s", &name), >, 0);
        g_string_append_printf(text, " %s", name);
        g_assert_cmpint(sd_bus_message_skip(m, "v"), >, 0);
        sd_bus_message_exit_container(m);
    }
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    Client *client = userdata;
    const char *member = sd_bus_message_get_member(m);
    g_autoptr(GString) text = g_string_new(member);
    const char *path;

    (void)ret_error;
    if (g_str_has_prefix(member, "Interfaces")) {
        g_assert_cmpint(sd_bus_message_read(m, "o", &path), >, 0);
        g_string_append_printf(text, " %s", path);
    } else {
        g_string_append_printf(text, " %s", sd_bus_message_get_path(m));
    }
    if (g_str_equal(member, "PropertiesChanged")) {
        append_changed_names(m, text);
    } else if (g_str_equal(member, "Finished")) {
        const char *name, *message;
        int success;

        g_assert_cmpint(sd_bus_message_read(m, "bss", &success, &name, &message), >, 0);
        g_string_append_printf(text, " %d '%s' '%s'", success, name, message);
    }
    g_ptr_array_add(client->signals, g_string_free(g_steal_pointer(&text), FALSE));
    return 0;
}

Client *client_new(void)
{
    Client *client = g_new0(Client, 1);

    client->signals = g_ptr_array_new_with_free_func(g_free);
    g_assert_cmpint(sd_bus_open_system(&client->connection), >=, 0);
    client->source = bus_source_new(client->connection, NULL, NULL, NULL);
    return client;
}

void client_free(Client *client)
{
    sd_bus_message_unref(client->reply);
    g_source_destroy(client->source);
    g_source_unref(client->source);
    sd_bus_flush_close_unref(client->connection);
    g_ptr_array_unref(client->signals);
    g_free(client);
}

void wait_for_reply(Client *client)
{
    while (!client->answered)
        g_main_context_iteration(NULL, TRUE);
}

void send_message(Client *client, sd_bus_message *m)
{
    client->reply = sd_bus_message_unref(client->reply);
    client->answered = FALSE;
    g_assert_cmpint(sd_bus_call_async(client->connection, NULL, m, on_reply, client, UINT64_MAX),
                    >=, 0);
    sd_bus_message_unref(m);
}

sd_bus_message *new_call(Client *client, const char *path, const char *interface,
                         const char *member, const char *types, ...)
{
    sd_bus_message *m = NULL;
    va_list arguments;

    g_assert_cmpint(
        sd_bus_message_new_method_call(client->connection, &m, BUS_NAME, path, interface, member),
        >=, 0);
    if (types) {
        va_start(arguments, types);
        g_assert_cmpint(sd_bus_message_appendv(m, types, arguments), >=, 0);
        va_end(arguments);
    }
    return m;
}

void assert_ok(Client *client)
{
    const sd_bus_error *error = sd_bus_message_get_error(client->reply);

    if (error)
        g_error("unexpected %s: %s", error->name, error->message);
}

void assert_failed(Client *client, const char *name, const char *part)
{
    const sd_bus_error *error = sd_bus_message_get_error(client->reply);

    g_assert_nonnull(error);
    g_assert_cmpstr(error->name, ==, name);
    if (part)
        g_assert_nonnull(strstr(error->message, part));
}

/* A property as text: "s:idle", "u:1", "as:a,b". */
static char *get(Client *client, const char *path, const char *interface, const char *property)
{
    const char *type, *string;
    uint64_t number = 0;
    double real;

    call(client, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, property);
    assert_ok(client);
    g_assert_cmpint(sd_bus_message_peek_type(client->reply, NULL, &type), >, 0);
    if (g_str_equal(type, "as")) {
        g_auto(GStrv) words = NULL;
        g_autofree char *joined = NULL;

        g_assert_cmpint(sd_bus_message_enter_container(client->reply, 'v', type), >, 0);
        g_assert_cmpint(sd_bus_message_read_strv(client->reply, &words), >, 0);
        joined = g_strjoinv(",", words);
        return g_strconcat("as:", joined, NULL);
    }
    g_assert_cmpint(sd_bus_message_enter_container(client->reply, 'v', type), >, 0);
    if (strchr("so", type[0])) {
        g_assert_cmpint(sd_bus_message_read_basic(client->reply, type[0], &string), >, 0);
        return g_strdup_printf("%s:%s", type, string);
    }
    if (type[0] == 'd') {
        g_assert_cmpint(sd_bus_message_read_basic(client->reply, 'd', &real), >, 0);
        return g_strdup_printf("d:%.2f", real);
    }
    g_assert_cmpint(sd_bus_message_read_basic(client->reply, type[0], &number), >, 0);
    return g_strdup_printf("%s:%" G_GUINT64_FORMAT, type, number);
}

void assert_property(Client *client, const char *path, const char *interface, const char *property,
                     const char *expected)
{
    g_autofree char *value = get(client, path, interface, property);

    g_assert_cmpstr(value, ==, expected);
}

void watch_signals(Client *client)
{
    client->reply = sd_bus_message_unref(client->reply);
    client->answered = FALSE;
    g_assert_cmpint(sd_bus_match_signal_async(client->connection, NULL, BUS_NAME, NULL, NULL, NULL,
                                              on_signal, on_reply, client),
                    >=, 0);
    wait_for_reply(client);
    assert_ok(client);
}

void settle(Client *client)
{
    call(client, "/org/euiccd1", "org.freedesktop.DBus.Peer", "Ping", NULL);
    assert_ok(client);
}

void assert_signals(Client *client, const char *const *expected)
{
    guint i;

    settle(client);
    for (i = 0; expected[i]; i++) {
        g_assert_cmpuint(i, <, client->signals->len);
        g_assert_cmpstr(client->signals->pdata[i], ==, expected[i]);
    }
    g_assert_cmpuint(client->signals->len, ==, i);
    g_ptr_array_set_size(client->signals, 0);
}

static void on_lost(const GError *error, gpointer data)
{
    Fixture *f = data;

    f->lost = g_error_copy(error);
}

void fixture_set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    log_set_level(LOG_LEVEL_ERROR);
    f->message_bus = private_bus_new();
    f->agents = agents_new(NULL);
    fake_agents_put_euicc(f->agents, fake_euicc_new(FAKE_EID));
    f->bus = bus_new(f->agents, on_lost, f, &error);
    g_assert_no_error(error);
    f->client = client_new();
}

void fixture_tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    client_free(f->client);
    g_clear_pointer(&f->bus, bus_free);
    agents_free(f->agents);
    private_bus_free(f->message_bus);
    g_clear_error(&f->lost);
    log_set_level(LOG_LEVEL_INFO);
}
