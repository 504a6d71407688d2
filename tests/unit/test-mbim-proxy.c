/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <sched.h>
#include <string.h>

#include "unit/mbim_rig.h"
#include "util/error.h"

/*
 * The MBIM back-end over a proxy. Its abstract socket has a fixed name, so that this needs a network namespace
 * of its own; where there is none to be had, the tests are skipped.
 */

static gboolean alone;

static gboolean start(Rig *rig)
{
    if (!alone || !(rig->fake = fake_mbim_new_proxy())) {
        g_test_skip("no network namespace");
        return FALSE;
    }
    rig->probe = probe_new();
    rig->backend = backend_mbim_new_full(fake_mbim_get_path(rig->fake), 0,
                                         &(BackendOptions){ .probe = rig->probe });
    rig->events = g_string_new(NULL);
    return TRUE;
}

static void on_event(BackendEvent event, gpointer data)
{
    if (event == BACKEND_EVENT_LOST)
        g_string_append(((Rig *)data)->events, "lost ");
}

static void test_session(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    if (!start(&rig))
        return;
    g_assert_true(backend_open(rig.backend, LATE, NULL, &error));
    g_assert_no_error(error);
    rig_assert_history(&rig, "configure " ATTACH);
    g_assert_cmpuint(rig_count_steps(&rig, "open port through mbim-proxy", TRUE), ==, 1);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    /* The proxy answers CLOSE by itself: only closing the channel closes it. */
    backend_close(rig.backend);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
    rig_open(&rig);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 0);
    rig_stop(&rig);
}

/* 30 times the same: nothing is left open at the modem, and ModemManager's channel stays. */
static void test_again_and_again(void)
{
    Rig rig;

    if (!start(&rig))
        return;
    fake_mbim_leak(rig.fake, 1, 1);
    for (guint i = 0; i < 30; i++) {
        rig_open(&rig);
        g_assert_true(rig_open_channel(&rig, LATE, NULL));
        g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 1);
        /* Every other time it is not closed. */
        if (i % 2)
            g_assert_true(backend_close_channel(rig.backend, 2, LATE, NULL, NULL));
        backend_close(rig.backend);
    }
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 2), ==, 0);
    g_assert_cmpuint(fake_mbim_get_channels(rig.fake, 1), ==, 1);
    rig_stop(&rig);
}

static void test_proxy_dies(void)
{
    g_autofree char *response = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    if (!start(&rig))
        return;
    backend_set_event_func(rig.backend, on_event, &rig);
    rig_open(&rig);
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    fake_mbim_hang_up_on(rig.fake, FAKE_MBIM_APDU);
    g_assert_null(rig_transmit(&rig, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    /* The next one is there. */
    backend_close(rig.backend);
    rig_open(&rig);
    response = rig_transmit(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(response, ==, "9000");
    rig_stop(&rig);
}

/* It dies while the port is being opened, or stays silent. */
static void test_bad_proxy(void)
{
    g_autoptr(GError) dead = NULL;
    g_autoptr(GError) silent = NULL;
    Rig rig;

    if (!start(&rig))
        return;
    fake_mbim_hang_up_on(rig.fake, FAKE_MBIM_CONFIGURE);
    g_assert_false(backend_open(rig.backend, LATE, NULL, &dead));
    g_assert_error(dead, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    fake_mbim_hang_up_on(rig.fake, FAKE_MBIM_OPEN);
    g_clear_error(&dead);
    g_assert_false(backend_open(rig.backend, LATE, NULL, &dead));
    g_assert_error(dead, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    fake_mbim_hold(rig.fake, FAKE_MBIM_OPEN);
    rig_let_pass(&rig, FAKE_MBIM_OPEN, UNTIL_SOON);
    g_assert_false(backend_open(rig.backend, SOON, NULL, &silent));
    g_assert_error(silent, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(silent->message, "open port through mbim-proxy"));
    rig_open(&rig);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    /* Before there is a second thread. */
    alone = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/mbim-proxy/session", test_session);
    g_test_add_func("/mbim-proxy/again-and-again", test_again_and_again);
    g_test_add_func("/mbim-proxy/dies", test_proxy_dies);
    g_test_add_func("/mbim-proxy/bad", test_bad_proxy);
    return g_test_run();
}
