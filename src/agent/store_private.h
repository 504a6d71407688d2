/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/store.h"

G_BEGIN_DECLS

/* The text of the file that holds RECORD, and back; NULL where BYTES is none. (store_record.c) */
GBytes *store_record_to_bytes(const IpaRecord *record);
IpaRecord *store_record_from_bytes(GBytes *bytes);

G_END_DECLS
