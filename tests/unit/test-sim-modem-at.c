/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A virtual eUICC in the simulated AT modem, as the daemon's back-end and channel see it. */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "channel/channel.h"
#include "sim/modem_at.h"
#include "unit/sim-card-world.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

#define LATE clock_deadline(60)

typedef struct {
    World *world;
    char *folder, *path;
    SimModem *modem;
    Backend *backend;
    ChannelConfig *config;
    Channel *channel;
    GString *events;
} Fixture;

static void on_event(BackendEvent event, gpointer data)
{
    static const char *const names[] = {
        [BACKEND_EVENT_CARD_READY] = "ready ",
        [BACKEND_EVENT_CARD_GONE] = "gone ",
        [BACKEND_EVENT_LOST] = "lost ",
    };
    Fixture *f = data;

    g_string_append(f->events, names[event]);
    channel_handle_event(f->channel, event);
}

static void set_knobs(Fixture *f, const char *text)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(node);
    g_assert_true(sim_modem_set_knobs(f->modem, json_node_get_object(node), &error));
    g_assert_no_error(error);
}

static void set_up(Fixture *f, gconstpointer data)
{
    const BackendOptions options = { 0 };
    g_autoptr(GError) error = NULL;

    f->world = world_new("");
    f->folder = g_dir_make_tmp("sim-modem-at-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "ttyUSB2", NULL);
    f->modem = sim_modem_new(sim_modem_class_find("at"), f->path, f->world->card);
    if (data)
        set_knobs(f, data);
    /* There is no proxy that it could be behind. */
    g_assert_true(sim_modem_plug(f->modem, TRUE, &error));
    g_assert_no_error(error);
    f->backend = backend_new("at", f->path, 0, &options);
    f->config = channel_config_new();
    f->channel = channel_new(f->backend, f->config, NULL);
    f->events = g_string_new(NULL);
    backend_set_event_func(f->backend, on_event, f);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    channel_free(f->channel);
    backend_free(f->backend);
    channel_config_free(f->config);
    sim_modem_free(f->modem);
    world_free(f->world);
    g_string_free(f->events, TRUE);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    g_free(f->path);
}

/* One ES10 command; NULL with ERROR. */
static char *ask(Fixture *f, const char *hex, GError **error)
{
    g_autoptr(GBytes) request = bytes_from_hex(hex, NULL), response = NULL;

    if (!channel_command(f->channel, request, NULL, NULL, FALSE, NULL, &response, NULL, error))
        return NULL;
    return bytes_gbytes_to_hex(response);
}

static void assert_eid(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = ask(f, WORLD_GET_EID, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(answer, ==, WORLD_EID_ANSWER);
}

static JsonArray *open_channels(JsonObject *object)
{
    return json_object_get_array_member(object, "channels");
}

static guint count_channels(Fixture *f)
{
    g_autoptr(JsonObject) object = json_object_new();

    sim_modem_describe(f->modem, object);
    return json_array_get_length(open_channels(object));
}

/* The whole way, with whatever the modem has: read, in several blocks, and closed in the end. */
static void test_read(Fixture *f, gconstpointer data)
{
    g_autofree char *info = NULL;
    g_autoptr(GError) error = NULL;
    gboolean closes = !data || !strstr(data, "\"cchc\": false");

    assert_eid(f);
    info = ask(f, "BF2D00", &error); /* GetProfilesInfo: more than one response APDU */
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(info, "BF2D"));
    g_assert_nonnull(channel_get_fci(f->channel));
    g_assert_cmpuint(count_channels(f), ==, 1);
    channel_close(f->channel);
    g_assert_cmpuint(count_channels(f), ==, closes ? 0 : 1);
    assert_eid(f);
    g_assert_cmpuint(count_channels(f), ==, 1);
    g_assert_cmpstr(f->events->str, ==, "");
}

static void test_identity(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(BackendIdentity) identity = { 0 };
    g_autoptr(GError) error = NULL, none = NULL;
    char imei[16];
    guint8 plmn[3];

    g_assert_true(backend_open(f->backend, LATE, NULL, &error));
    g_assert_true(backend_get_imei(f->backend, LATE, NULL, imei, &error));
    g_assert_cmpstr(imei, ==, "356938035643809");
    g_assert_true(backend_get_identity(f->backend, LATE, NULL, &identity, &error));
    g_assert_cmpstr(identity.manufacturer, ==, "euicc-sim");
    g_assert_cmpstr(identity.model, ==, "AT");
    g_assert_cmpstr(identity.revision, ==, "1");
    g_assert_true(backend_get_rplmn(f->backend, LATE, NULL, plmn, &error));
    g_assert_cmpmem(plmn, 3, "\x00\xF1\x10", 3);
    set_knobs(f, "{\"plmn\": \"\"}");
    g_assert_false(backend_get_rplmn(f->backend, LATE, NULL, plmn, &none));
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
}

/* No channel left, as a dead host leaves it: the card's own words tell. */
static void test_no_channel(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) aid = bytes_from_hex("A0000005591010FFFFFFFF8900000100", NULL);
    g_autoptr(GError) error = NULL;
    guint8 channel;

    set_knobs(f, "{\"channels\": 0}");
    g_assert_true(backend_open(f->backend, LATE, NULL, NULL));
    g_assert_false(backend_open_channel(f->backend, g_bytes_get_data(aid, NULL), 16, LATE, NULL,
                                        &channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NO_CHANNEL);
}

static void test_other_card(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) aid = bytes_from_hex("A0000000871002", NULL);
    g_autoptr(GError) error = NULL;
    guint8 channel;

    g_assert_true(backend_open(f->backend, LATE, NULL, NULL));
    g_assert_false(backend_open_channel(f->backend, g_bytes_get_data(aid, NULL), 7, LATE, NULL,
                                        &channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_EUICC);
    g_assert_cmpuint(count_channels(f), ==, 0);
}

/* The card goes and comes, and the modem says so. */
static void test_card_events(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assert_eid(f);
    sim_slot_insert(sim_modem_get_slot(f->modem), FALSE);
    while (!strstr(f->events->str, "gone"))
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(channel_is_open(f->channel));
    sim_slot_insert(sim_modem_get_slot(f->modem), TRUE);
    while (!strstr(f->events->str, "ready"))
        g_main_context_iteration(NULL, TRUE);
    assert_eid(f);
    g_assert_cmpstr(f->events->str, ==, "gone ready ");
}

/* An answer that comes too late, and one that never comes: the next is right all the same. */
static void test_late(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) apdu = bytes_from_hex("80E2910006BF3E035C015A", NULL), response = NULL;
    static const char *const rules[] = {
        "{\"rules\": [{\"message\": \"send-apdu\", \"contains\": \"BF3E\", \"action\": \"delay\","
        " \"ms\": 200}]}",
        "{\"rules\": [{\"message\": \"send-apdu\", \"contains\": \"BF3E\","
        " \"action\": \"drop\"}]}",
    };

    assert_eid(f);
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *info = NULL;

        set_knobs(f, rules[i]);
        g_assert_false(backend_transmit(f->backend, 1, g_bytes_get_data(apdu, NULL),
                                        g_bytes_get_size(apdu), clock_boottime() + 50 * 1000, NULL,
                                        &response, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        info = ask(f, "BF2D00", NULL);
        g_assert_true(info && g_str_has_prefix(info, "BF2D"));
        assert_eid(f);
    }
}

static void test_unplug(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    assert_eid(f);
    set_knobs(f, "{\"rules\": [{\"message\": \"send-apdu\", \"action\": \"unplug-after\"}]}");
    g_assert_null(ask(f, WORLD_GET_EID, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(f->events->str, ==, "lost ");
    g_assert_true(sim_modem_plug(f->modem, FALSE, NULL));
    assert_eid(f);
}

static void test_line_limit(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GString) hex = g_string_new("BF3E820150");
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = NULL;

    for (guint i = 0; i < 0x150; i++)
        g_string_append(hex, "00");
    /* The card has its own opinion of this command, but it got it: no line was too long. */
    answer = ask(f, hex->str, &error);
    g_assert_false(euiccd_error_is(error, EUICCD_ERROR_TIMEOUT));
    g_assert_cmpuint(sim_modem_get_count(f->modem, "send-apdu"), >=, 3);
    assert_eid(f);
}

/* A host that died had the port for itself: the next one finds it free. */
static void test_dead_host(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    int other = open(f->path, O_RDWR | O_NOCTTY | O_CLOEXEC), exclusive = 1;

    g_assert_cmpint(other, >=, 0);
    g_assert_cmpint(write(other, "AT\r", 3), ==, 3);
    while (sim_modem_get_count(f->modem, "command") == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(ioctl(other, TIOCEXCL), ==, 0);
    close(other); /* as the kernel does it */
    while (exclusive) {
        int fd = open(f->path, O_RDWR | O_NOCTTY | O_CLOEXEC);

        g_main_context_iteration(NULL, TRUE);
        exclusive = fd < 0 || (ioctl(fd, TIOCGEXCL, &exclusive) == 0 && exclusive);
        if (fd >= 0)
            close(fd);
    }
    assert_eid(f);
}

int main(int argc, char **argv)
{
    static const char *const modems[][2] = {
        { "sessions", NULL },
        { "bare-number", "{\"bare-session\": true, \"first-session\": 0}" },
        { "fetching", "{\"fetch\": true, \"first-session\": 5000}" },
        { "no-close", "{\"cchc\": false}" },
        { "by-hand", "{\"ccho\": false}" },
        { "no-csim", "{\"csim\": false}" },
        { "chatter", "{\"chatter\": true}" },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(modems); i++) {
        g_autofree char *name = g_strconcat("/sim-modem-at/read/", modems[i][0], NULL);

        g_test_add(name, Fixture, modems[i][1], set_up, test_read, tear_down);
    }
    g_test_add("/sim-modem-at/identity", Fixture, NULL, set_up, test_identity, tear_down);
    g_test_add("/sim-modem-at/no-channel", Fixture, NULL, set_up, test_no_channel, tear_down);
    g_test_add("/sim-modem-at/other-card", Fixture, NULL, set_up, test_other_card, tear_down);
    g_test_add("/sim-modem-at/card-events", Fixture, NULL, set_up, test_card_events, tear_down);
    g_test_add("/sim-modem-at/late", Fixture, NULL, set_up, test_late, tear_down);
    g_test_add("/sim-modem-at/unplug", Fixture, NULL, set_up, test_unplug, tear_down);
    g_test_add("/sim-modem-at/line-limit", Fixture, "{\"line-limit\": 300}", set_up,
               test_line_limit, tear_down);
    g_test_add("/sim-modem-at/dead-host", Fixture, NULL, set_up, test_dead_host, tear_down);
    return g_test_run();
}
