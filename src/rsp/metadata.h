/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/profile.h"

G_BEGIN_DECLS

/* profileClass; a profile without one is operational (SGP.22 5.5.3). */
gint64 rsp_metadata_get_class(const RspStoreMetadataRequest *metadata);

/*
 * The metadata in a bound package against those that were announced with smdpSigned2 (SGP.22 3.1.3.2 step 12):
 * -1 when they agree, otherwise the RSP_CANCEL_SESSION_REASON_… with *RET_WHAT, the element that differs
 * (static string). Looked at is what anything here was decided by or shown from: policy rules and their owner,
 * identity, names, class, and the SGP.32 attributes.
 */
gint rsp_metadata_compare(const RspStoreMetadataRequest *announced,
                          const RspStoreMetadataRequest *bound, const char **ret_what);

/* How many receivers want a notification of EVENT (RSP_PROFILE_MANAGEMENT_OPERATION_…): so many the card makes. */
guint rsp_metadata_count_receivers(const RspStoreMetadataRequest *metadata, guint event);

G_END_DECLS
