/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The data objects of SGP.22 and SGP.32 that an IPAd reads or writes. */

#include "rsp/common.h"
#include "rsp/control.h"
#include "rsp/download.h"
#include "rsp/eim.h"
#include "rsp/esipa.h"
#include "rsp/esipa_download.h"
#include "rsp/info.h"
#include "rsp/names.h"
#include "rsp/notification.h"
#include "rsp/package.h"
#include "rsp/profile.h"
#include "rsp/types.h"
