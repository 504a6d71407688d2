/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/table.h"

G_BEGIN_DECLS

#define TLV_MAX_FIELDS 64 /* fields in one table */

/* What is to be looked at in an object of TYPE: tolerated deviations are undone, for which octets
 * may be made that the caller frees. */
TlvSlice tlv_type_content(const TlvType *type, TlvSlice content, GBytes **ret_owned);

/* Finds the field for the next object with TAG, where FILLED has a bit for each field that was
 * there before. -1: no such field; -2: only one that was there before. */
gint tlv_type_next_field(const TlvType *type, guint32 tag, guint64 filled);

G_END_DECLS
