/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm-rig.h"

#include "bus/bus_source.h"

static const char *const ports[] = { "ttyUSB2", "3", "cdc-wdm0", "6", "wwan0", "2", NULL };

void mm_rig_set_up(MmRig *rig)
{
    rig->bus = private_bus_new();
    g_assert_cmpint(sd_bus_open_system(&rig->connection), >=, 0);
    rig->source = bus_source_new(rig->connection, NULL, NULL, NULL);
    rig->fake = fake_mm_new();
    rig->modem = (FakeMmModem){
        .device = MM_DEVICE,
        .imei = MM_IMEI,
        .equipment = MM_IMEI,
        .ports = ports,
        .state = MM_STATE_REGISTERED,
        .operator_code = "00101",
        .registration = 1,
        .iccid = "8988211000000000001",
        .imsi = "001010000000001",
        .eid = MM_EID,
        .primary_slot = 1,
        .n_slots = 2,
    };
}

void mm_rig_tear_down(MmRig *rig)
{
    mm_rig_crash(rig);
    g_source_destroy(rig->source);
    g_source_unref(rig->source);
    sd_bus_flush_close_unref(rig->connection);
    private_bus_free(rig->bus);
}

void mm_rig_crash(MmRig *rig)
{
    g_clear_pointer(&rig->fake, fake_mm_free);
}

static int on_pong(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)reply;
    (void)ret_error;
    *(gboolean *)userdata = TRUE;
    return 1;
}

static void ping(sd_bus *connection)
{
    gboolean done = FALSE;

    g_assert_cmpint(sd_bus_call_method_async(connection, NULL, "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus", "org.freedesktop.DBus.Peer",
                                             "Ping", on_pong, &done, NULL),
                    >=, 0);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

/* Answers lead to questions: a few of them in a row (objects, modem, SIM, bearers). */
void mm_rig_settle(MmRig *rig)
{
    for (guint i = 0; i < 5; i++) {
        ping(rig->connection);
        if (rig->fake)
            ping(rig->fake->connection);
        ping(rig->connection);
    }
}
