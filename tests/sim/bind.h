/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>

#include "sim/bsp.h"
#include "tlv/tlv.h"

G_BEGIN_DECLS

/* How an SM-DP+ binds a profile package to an eUICC (SGP.22 2.5.4, 5.5). */

typedef struct {
    TlvSlice transaction_id;
    EVP_PKEY *key;        /* SK.DPpb */
    EVP_PKEY *one_time;   /* otSK.DP */
    TlvSlice euicc_point; /* otPK.EUICC */
    TlvSlice host_id;
    TlvSlice eid;
    const char *dp_oid; /* in ConfigureISDP; NULL: none */
    TlvSlice metadata;  /* BF25 */
    TlvSlice upp;
    const BspSession
        *ppk; /* the keys that the package is protected with (PPK), NULL: the session's */
    gsize elements_size; /* most octets of plaintext in one 86 block; 0: 1007 */

    /* What is done wrong; all zero: nothing. */
    TlvSlice wrong_transaction_id; /* in BF23 */
    gint64 remote_operation;       /* 0: installBoundProfilePackage(1) */
    guint8 key_type;               /* 0: AES */
    gboolean wrong_signature;
    guint wrong_mac; /* number of the block, from 1, with one bit of the MAC changed */
} SimBindSetup;

/* BF36; NULL with ERROR in G_IO_ERROR where a value of SETUP can't be used. */
GBytes *sim_bind(const SimBindSetup *setup, GError **error);

G_END_DECLS
