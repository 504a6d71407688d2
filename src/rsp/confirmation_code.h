/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/tlv.h"

G_BEGIN_DECLS

#define RSP_HASH_CC_SIZE 32

/* hashCc of a confirmation code (SGP.22 3.1.3 step 8): SHA256(SHA256(CODE) ‖ TRANSACTION_ID). The code counts
 * as it stands, blanks included. FALSE when the library can't. */
gboolean rsp_confirmation_code_hash(const char *code, TlvSlice transaction_id,
                                    guint8 ret_hash[RSP_HASH_CC_SIZE], GError **error);

G_END_DECLS
