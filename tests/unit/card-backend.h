/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "unit/sim-card-world.h"

G_BEGIN_DECLS

/* The daemon's channel to the virtual eUICC of WORLD, which is borrowed: no modem stands between. */
Backend *card_backend_new(World *world);

/* A world of its own, and the daemon's channel to it. */
typedef struct {
    World *world;
    Backend *backend;
    ChannelConfig *config;
    Channel *channel;
} CardRig;

/* MEMBERS as of world_new(). */
void card_rig_start(CardRig *rig, const char *members);
void card_rig_stop(CardRig *rig);

G_END_DECLS
