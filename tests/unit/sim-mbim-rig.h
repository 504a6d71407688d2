/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libmbim-glib.h>

#include "sim/modem_mbim.h"
#include "unit/small-card.h"

G_BEGIN_DECLS

/* The simulated MBIM modem with two small cards, and the real libmbim before it. */

typedef enum {
    BEHIND_FAKE_PROXY,
    BEHIND_REAL_PROXY,
    ON_A_TERMINAL,
} MbimPlace;

typedef struct {
    MbimPlace place;
    char *folder;
    char *path;
    SimCard card, second;
    SimModem *modem;
    GPtrArray *modems;
    SimProxy *proxy;
    MbimDevice *device;
    GString *ready; /* ready states that were indicated, a digit each */
    GString *slots; /* likewise states of slots */
    gboolean removed;
} MbimRig;

typedef struct {
    const char *name;
    void (*test)(MbimRig *rig, gconstpointer data);
    guint places; /* bits: 1 << MbimPlace */
} MbimRigTest;

/* Runs TESTS, in a network of their own as the name of the proxy's socket is fixed. */
int mbim_rig_run(int argc, char **argv, const MbimRigTest *tests, gsize count);

/* One more client, or NULL with ERROR. */
MbimDevice *mbim_rig_open(MbimRig *rig, MbimDeviceOpenFlags flags, GError **error);
/* Opens the rig's own device anew. */
void mbim_rig_reopen(MbimRig *rig, MbimDeviceOpenFlags flags);
void mbim_rig_close(MbimDevice *device);
/* What a process does that dies: nothing is said to the modem. */
void mbim_rig_die(MbimDevice *device);
void mbim_rig_watch(MbimRig *rig, MbimDevice *device);

void mbim_rig_set_knobs(MbimRig *rig, const char *json);
/* REQUEST is taken; the answer, and in RET_STATUS the modem's status. */
MbimMessage *mbim_rig_command(MbimDevice *device, MbimMessage *request, guint32 *ret_status);

typedef struct {
    guint32 status, sw, channel; /* SW as 0x9000 */
} MbimOpened;
MbimOpened mbim_rig_open_channel(MbimDevice *device, guint32 p2, guint32 group);
MbimOpened mbim_rig_open_aid(MbimDevice *device, const void *aid, guint32 size, guint32 p2,
                             guint32 group);
guint32 mbim_rig_close_channel(MbimDevice *device, guint32 channel, guint32 group);
/* The status, or with status 0 the answer with its status words in hex. */
char *mbim_rig_apdu(MbimDevice *device, guint32 channel, const char *hex);
char *mbim_rig_apdu_of(MbimDevice *device, guint32 channel, MbimUiccClassByteType type,
                       const char *hex);
#define mbim_rig_assert_apdu(rig, channel, command, expected)                                      \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *got = mbim_rig_apdu((rig)->device, (channel), (command));                 \
        g_assert_cmpstr(got, ==, (expected));                                                      \
    }                                                                                              \
    G_STMT_END
void mbim_rig_wait_state(MbimRig *rig, SimSlotState state);

G_END_DECLS
