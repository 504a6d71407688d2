/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "unit/sim-card-world.h"

G_BEGIN_DECLS

/* The daemon's channel to the virtual eUICC of WORLD, which is borrowed: no modem stands between. */
Backend *card_backend_new(World *world);

G_END_DECLS
