/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "bus/bus.h"
#include "fake-agents.h"
#include "private-bus.h"

G_BEGIN_DECLS

#define EUICC_PATH   "/org/euiccd1/euicc/" FAKE_EID
#define PROFILE_PATH EUICC_PATH "/profile/89000000000000000018"
#define EIM_PATH     EUICC_PATH "/eim/1"
#define ERROR(name)  "org.euiccd1.Error." name

/* A connection of its own, in the same loop, so that nothing blocks. */
typedef struct {
    sd_bus *connection;
    GSource *source;
    GPtrArray *signals; /* of char *, "MEMBER PATH …" in the order of arrival */
    sd_bus_message *reply;
    gboolean answered;
} Client;

Client *client_new(void);
void client_free(Client *client);
sd_bus_message *new_call(Client *client, const char *path, const char *interface,
                         const char *member, const char *types, ...);
/* Takes M. The reply, good or bad, is in client->reply when wait_for_reply() has returned. */
void send_message(Client *client, sd_bus_message *m);
void wait_for_reply(Client *client);

#define call(client, ...)                                                                          \
    G_STMT_START                                                                                   \
    {                                                                                              \
        send_message((client), new_call((client), __VA_ARGS__));                                   \
        wait_for_reply(client);                                                                    \
    }                                                                                              \
    G_STMT_END

void assert_ok(Client *client);
/* NAME of the error and PART of its text (NULL: any). */
void assert_failed(Client *client, const char *name, const char *part);
/* A property as text: "s:idle", "u:1", "as:a,b". */
void assert_property(Client *client, const char *path, const char *interface, const char *property,
                     const char *expected);

/* Every signal the daemon sends, in order. */
void watch_signals(Client *client);
/* What was sent before the answer to a call has arrived before it. */
void settle(Client *client);
void assert_signals(Client *client, const char *const *expected);

#define expect_signals(client, ...)                                                                \
    assert_signals((client), (const char *const[]){ __VA_ARGS__, NULL })
#define expect_no_signals(client) assert_signals((client), (const char *const[]){ NULL })

/* The bus of the daemon over made-up agents with one eUICC, and a client. */
typedef struct {
    PrivateBus *message_bus;
    Agents *agents;
    Bus *bus;
    GError *lost;
    Client *client;
} Fixture;

void fixture_set_up(Fixture *f, gconstpointer data);
void fixture_tear_down(Fixture *f, gconstpointer data);

#define add(path, function)                                                                        \
    g_test_add(path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

G_END_DECLS
