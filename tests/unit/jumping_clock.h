/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/clock.h"

/* In place of util/clock.c: a clock that jumps to the next timer when there is nothing left to do but to wait. */
