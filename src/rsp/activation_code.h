/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/tlv.h"

G_BEGIN_DECLS

#define RSP_ACTIVATION_CODE_MAX 255 /* characters (SGP.22 4.1, SGP.32 2.11.1.3) */

/* An activation code (SGP.22 4.1): "1$address$token[$oid[$flag]]". */
typedef struct {
    char *
        address; /* of the SM-DP+, as written: this is what serverAddress is compared with, without case */
    char *host; /* the same to connect to */
    guint16 port;
    char *token;                /* AC_Token, the matchingId; may be empty. Secret */
    char *oid;                  /* of the SM-DP+, dotted; NULL: none given */
    gboolean confirmation_code; /* one is required; smdpSigned2 may say so as well */
} RspActivationCode;

/*
 * Reads CODE, which need not end with a NUL. "LPA:" before it, in any case, and white space around it are
 * dropped. Fields of later specifications (CI key, delete notification for a device change) are not looked
 * at. INVALID_ARGUMENT names the field; no message holds a part of the code (invariant 10).
 */
RspActivationCode *rsp_activation_code_parse(TlvSlice code, GError **error);
void rsp_activation_code_free(RspActivationCode *code);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspActivationCode, rsp_activation_code_free)

G_END_DECLS
