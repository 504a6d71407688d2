/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

/* Every data object that is sent or received on its own, ended by NULL. */
extern const TlvType *const rsp_types[];

/* The type of an ES10 command object or of its answer, for traces; NULL when the tag is none of
 * them. The same tag has another meaning in each direction. */
const TlvType *rsp_es10_type(guint32 tag, gboolean response);

G_END_DECLS
