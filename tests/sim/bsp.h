/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* One-time keys, session keys and protected blocks of a bound profile package (SGP.22 2.6.4, 5.5;
 * BSP, formerly SCP03t), for both ends: the virtual eUICC and the test SM-DP+. Errors are in
 * G_IO_ERROR. */

#define BSP_KEY_SIZE   16
#define BSP_POINT_SIZE 65 /* uncompressed, 04‖X‖Y */
#define BSP_MAC_SIZE   8  /* what of the CMAC travels with a block */

/* Values of the control reference template (SGP.22 5.5.1): AES, 16 octets. */
#define BSP_KEY_TYPE    0x88u
#define BSP_KEY_LENGTH  0x10u
#define BSP_HOST_ID_MAX 16

#define BSP_TAG_ELEMENTS  0x86u /* encrypted and with MAC: profile elements */
#define BSP_TAG_ENCRYPTED 0x87u /* encrypted and with MAC: ConfigureISDP, ReplaceSessionKeys */
#define BSP_TAG_CLEAR     0x88u /* with MAC only: StoreMetadata */

/* A block has at most 1020 octets with tag, length and MAC (SGP.22 2.5.5). One sender in the field
 * cuts every plaintext at 1008 octets, which makes 86 blocks of 1036: readers tolerate them. */
#define BSP_MAX_BLOCK     1020u
#define BSP_MAX_TOLERATED 1036u
/* The plaintext that BSP_MAX_BLOCK leaves room for. */
#define BSP_MAX_ENCRYPTED 1007u
#define BSP_MAX_CLEAR     1008u

/* Plain values: may be copied and written to a file. */
typedef struct {
    guint8 mcv[BSP_KEY_SIZE]; /* MAC chaining value */
    guint8 s_enc[BSP_KEY_SIZE];
    guint8 s_mac[BSP_KEY_SIZE];
    guint64 counter; /* of the next block; 1 is the first */
} BspSession;

/* ---- one-time keys ---- */

/* A new key pair on the curve of LIKE (that of CERT.DPpb). */
EVP_PKEY *bsp_key_new(EVP_PKEY *like, GError **error);
/* The pair with the private key SCALAR (32 octets, big-endian) on the curve of LIKE. */
EVP_PKEY *bsp_key_from_scalar(EVP_PKEY *like, TlvSlice scalar, GError **error);
GBytes *bsp_key_get_scalar(EVP_PKEY *key);
/* The content of 5F49. */
GBytes *bsp_key_get_point(EVP_PKEY *key);

/* The x coordinate of the shared point, always 32 octets. Refused: a POINT that is compressed, hybrid or
 * not on the curve of OWN. */
gboolean bsp_agree(EVP_PKEY *own, TlvSlice point, guint8 ret_z[32], GError **error);

/* ---- session keys ---- */

/* ANSI X9.63 with SHA-256. */
void bsp_kdf(TlvSlice z, TlvSlice shared_info, guint8 *out, gsize size);
/* keyType, keyLen, hostId and EID as the KDF takes them. */
GBytes *bsp_shared_info(guint8 key_type, guint8 key_length, TlvSlice host_id, TlvSlice eid);
/* Keys, first chaining value and counter from the one-time keys: SESSION is ready for the first block. */
gboolean bsp_session_derive(BspSession *session, EVP_PKEY *own, TlvSlice point,
                            TlvSlice shared_info, GError **error);
/* ReplaceSessionKeys (BF26): three times 16 octets; the counter starts again. FALSE: another size. */
gboolean bsp_session_replace(BspSession *session, TlvSlice mcv, TlvSlice enc, TlvSlice cmac);

/* ---- blocks ---- */

/* Appends the block TAG (86, 87, 88) over PLAINTEXT to WRITER. Refused, with SESSION as it was: another
 * tag, or a block longer than MAX_BLOCK. */
gboolean bsp_protect(BspSession *session, guint32 tag, TlvSlice plaintext, gsize max_block,
                     TlvWriter *writer, GError **error);

typedef enum {
    BSP_GOOD,
    BSP_WRONG_MAC,
    BSP_MALFORMED, /* no such block, too long, or what the MAC covers is not as it must be */
} BspVerdict;

/* The MAC is checked over BLOCK's header as it stands there. SESSION moves on only when the block is
 * good. The MAC does not cover the counter: after a wrong counter the first 16 octets are garbage. */
BspVerdict bsp_unprotect(BspSession *session, const Tlv *block, GBytes **ret_plaintext);

G_END_DECLS
