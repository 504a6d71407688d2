/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/fake_backend.h"

G_BEGIN_DECLS

/* A channel over a scripted back-end. */

#define ISDR          "A0000005591010FFFFFFFF8900000100"
#define GET_EID       "BF3E035C015A"
#define STORE_GET_EID "81E2910006BF3E035C015A"

typedef struct {
    FakeBackend *fake;
    ChannelConfig *config;
    ChannelTrace *trace;
    Channel *channel;
} Rig;

/* First start, then changes to config and fake, then connect. */
void rig_start(Rig *rig, ChannelCapability capability);
void rig_connect(Rig *rig);
void rig_stop(Rig *rig);

/* Octets of TEXT, which is hex. */
GBytes *rig_octets(const char *text);

/* channel_command() with hex. RET_RESPONSE and RET_SW may be NULL. */
gboolean rig_command(Rig *rig, const char *request, char **ret_response, guint16 *ret_sw,
                     GError **error);

G_END_DECLS
