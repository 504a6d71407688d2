/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus/bus_objects.h"
#include "fuzz-input.h"
#include "util/log.h"

/*
 * Who may call what changes something: the other side of a connection asks for a poll, then answers, as the
 * input says, what the bus (GetConnectionUnixUser) and polkit (CheckAuthorization) are asked. The method
 * runs only after an answer that means yes, and the caller gets exactly one reply.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    FuzzInput input;
    sd_bus *daemon, *peer;
    Polkit *polkit;
    Bus bus;
    gboolean uid_known, may, ran;
    guint32 uid;
    guint questions, replies;
} World;

static World *world;

/* ---- what stands in src/bus otherwise ---- */

static gboolean run(void)
{
    g_assert(world->may);
    g_assert(!world->ran);
    world->ran = TRUE;
    return TRUE;
}

gboolean bus_euicc_poll(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    (void)bus, (void)error;
    fuzz_check_text(cause);
    (void)sd_bus_reply_method_return(m, "o", "/org/euiccd1/job/1");
    return run();
}

#define NEVER_RUNS(name)                                                                           \
    gboolean name(Bus *bus, sd_bus_message *m, const char *cause, GError **error)                  \
    {                                                                                              \
        (void)bus, (void)m, (void)cause, (void)error;                                              \
        g_assert_not_reached();                                                                    \
    }

NEVER_RUNS(bus_manager_rescan)
NEVER_RUNS(bus_manager_inhibit)
NEVER_RUNS(bus_manager_set_log_level)
NEVER_RUNS(bus_log_control_set_level)
NEVER_RUNS(bus_euicc_add_initial_eim)
NEVER_RUNS(bus_euicc_configure_immediate_enable)
NEVER_RUNS(bus_euicc_deliver_notifications)
NEVER_RUNS(bus_euicc_disable_emergency_profile)
NEVER_RUNS(bus_euicc_download)
NEVER_RUNS(bus_euicc_enable_emergency_profile)
NEVER_RUNS(bus_euicc_execute_fallback)
NEVER_RUNS(bus_euicc_get_connectivity_parameters)
NEVER_RUNS(bus_euicc_reset_memory)
NEVER_RUNS(bus_euicc_return_from_fallback)
NEVER_RUNS(bus_euicc_set_default_smdp)
NEVER_RUNS(bus_eim_poll)
NEVER_RUNS(bus_job_cancel)
NEVER_RUNS(bus_modem_diagnose)

int bus_reply_error(sd_bus_message *m, const GError *error)
{
    fuzz_check_text(error->message);
    return sd_bus_reply_method_errorf(m, "org.euiccd1.Error.Test", "%s", error->message);
}

/* ---- the other side ---- */

static void append_basic(sd_bus_message *m, guint8 kind)
{
    FuzzInput *input = &world->input;
    g_autofree char *text = NULL;

    switch (kind % 5) {
    case 0:
        sd_bus_message_append(m, "b", fuzz_take_octet(input) & 1);
        break;
    case 1:
        sd_bus_message_append(m, "u", (guint32)fuzz_take_u16(input));
        break;
    case 2:
        text = g_strdup_printf("%u", fuzz_take_octet(input));
        sd_bus_message_append(m, "s", text);
        break;
    case 3:
        sd_bus_message_append(m, "a{ss}", 1, "polkit.retains_authorization_after_challenge", "1");
        break;
    case 4:
        sd_bus_message_append(m, "v", "u", 0U);
        break;
    }
}

/* Anything but what it should be, or nearly it. *RET_YES: it is a proper answer that allows. */
static void append_anything(sd_bus_message *m, gboolean *ret_yes)
{
    guint8 n = fuzz_take_octet(&world->input) % 6;
    guint8 form = fuzz_take_octet(&world->input);
    int first = form & 1;

    switch (form % 6) {
    case 0:
    case 1:
        sd_bus_message_append(m, "(bba{ss})", first, (form >> 3) & 1, 0);
        *ret_yes = first;
        break;
    case 2:
        sd_bus_message_append(m, "bba{ss}", 1, 0, 0);
        break;
    case 3:
        sd_bus_message_append(m, "(bb)", 1, 0);
        break;
    case 4:
        sd_bus_message_append(m, "(ub)", 1U, 0);
        break;
    case 5:
        sd_bus_message_append(m, "v", "(bba{ss})", 1, 0, 0);
        break;
    }
    for (guint8 i = 0; i < n; i++)
        append_basic(m, fuzz_take_octet(&world->input));
}

static int answer_error(sd_bus_message *call, gboolean *ret_absent)
{
    static const char *const names[] = {
        SD_BUS_ERROR_SERVICE_UNKNOWN,
        SD_BUS_ERROR_NAME_HAS_NO_OWNER,
        "org.freedesktop.DBus.Error.Spawn.ExecFailed",
        "org.freedesktop.systemd1.NoSuchUnit",
        "org.freedesktop.PolicyKit1.Error.Failed",
        SD_BUS_ERROR_ACCESS_DENIED,
        SD_BUS_ERROR_TIMEOUT,
        "org.freedesktop.DBus.Error.SpawnX",
    };
    guint8 choice = fuzz_take_octet(&world->input) % G_N_ELEMENTS(names);

    *ret_absent = choice < 4;
    return sd_bus_reply_method_errorf(call, names[choice], "no");
}

static int answer_uid(sd_bus_message *call)
{
    guint8 form = fuzz_take_octet(&world->input);
    sd_bus_message *reply = NULL;
    gboolean absent;
    int r;

    if (form % 4 == 3)
        return answer_error(call, &absent);
    g_assert(sd_bus_message_new_method_return(call, &reply) >= 0);
    if (form % 4 != 2) {
        world->uid = form & 4 ? 0 : 1000;
        world->uid_known = TRUE;
        sd_bus_message_append(reply, "u", world->uid);
    } else {
        append_basic(reply, form & 4 ? 0 : 2);
    }
    r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static int answer_polkit(sd_bus_message *call)
{
    sd_bus_message *reply = NULL;
    gboolean absent = FALSE, yes = FALSE;
    int r;

    if (fuzz_take_octet(&world->input) % 3 == 2) {
        r = answer_error(call, &absent);
        world->may = absent && world->uid == 0;
        return r;
    }
    g_assert(sd_bus_message_new_method_return(call, &reply) >= 0);
    append_anything(reply, &yes);
    world->may = yes;
    r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    (void)userdata, (void)ret_error;
    if (!sd_bus_message_is_method_call(m, NULL, NULL))
        return 0;
    world->questions++;
    if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "GetConnectionUnixUser"))
        return answer_uid(m) < 0 ? -1 : 1;
    g_assert(sd_bus_message_is_method_call(m, "org.freedesktop.PolicyKit1.Authority",
                                           "CheckAuthorization"));
    g_assert(world->uid_known);
    return answer_polkit(m) < 0 ? -1 : 1;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    (void)userdata, (void)ret_error;
    if (!sd_bus_message_is_method_call(m, BUS_EUICC_INTERFACE, "Poll"))
        return 0;
    return polkit_guard(world->polkit, m, BUS_EUICC_INTERFACE, "Poll");
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    (void)userdata, (void)ret_error;
    world->replies++;
    g_assert(sd_bus_message_is_method_error(m, NULL) == !world->ran);
    return 1;
}

/* ---- the connection ---- */

static sd_bus *make_side(int fd, gboolean server, sd_bus_message_handler_t filter)
{
    sd_bus *side = NULL;
    sd_id128_t id = { { 1 } };

    g_assert(sd_bus_new(&side) >= 0);
    g_assert(sd_bus_set_fd(side, fd, fd) >= 0);
    if (server)
        g_assert(sd_bus_set_server(side, TRUE, id) >= 0);
    g_assert(sd_bus_set_anonymous(side, TRUE) >= 0);
    g_assert(sd_bus_add_filter(side, NULL, filter, NULL) >= 0);
    g_assert(sd_bus_start(side) >= 0);
    return side;
}

/* Until neither side has anything to do. */
static void settle(void)
{
    int a, b;

    do {
        a = sd_bus_process(world->daemon, NULL);
        b = sd_bus_process(world->peer, NULL);
        g_assert(a >= 0 && b >= 0);
    } while (a > 0 || b > 0);
}

static void call_poll(void)
{
    sd_bus_message *call = NULL;

    g_assert(sd_bus_message_new_method_call(world->peer, &call, BUS_NAME, BUS_EUICC_ROOT "/1",
                                            BUS_EUICC_INTERFACE, "Poll") >= 0);
    g_assert(sd_bus_message_set_sender(call, ":1.7") >= 0);
    g_assert(sd_bus_call_async(world->peer, NULL, call, on_reply, NULL, 0) >= 0);
    sd_bus_message_unref(call);
}

static void close_world(void)
{
    polkit_free(world->polkit);
    sd_bus_flush_close_unref(world->peer);
    sd_bus_flush_close_unref(world->daemon);
    g_free(world);
}

static void open_world(void)
{
    int fds[2];

    world = g_new0(World, 1);
    g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    world->daemon = make_side(fds[0], TRUE, on_call);
    world->peer = make_side(fds[1], FALSE, on_question);
    world->polkit = polkit_new(&world->bus);
    atexit(close_world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_LEVEL_ERROR);
    if (!world)
        open_world();
    world->input = (FuzzInput){ data, size };
    world->uid_known = world->may = world->ran = FALSE;
    world->questions = world->replies = 0;
    world->uid = G_MAXUINT32;
    call_poll();
    settle();
    g_assert(world->replies == 1);
    g_assert(world->questions == (world->uid_known ? 2 : 1));
    g_assert(world->ran == world->may);
    return 0;
}
