/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/bsp.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <string.h>

#define SCALAR_SIZE 32
#define BLOCK       16 /* of AES */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MAC, EVP_MAC_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MAC_CTX, EVP_MAC_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_clear_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_GROUP, EC_GROUP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_POINT, EC_POINT_free)

static gboolean refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
    ERR_clear_error();
    return FALSE;
}

/* ---- one-time keys ---- */

static gboolean get_group(EVP_PKEY *key, char ret_name[64], GError **error)
{
    gsize size;

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_bits(key) != 256 ||
        EVP_PKEY_get_group_name(key, ret_name, 64, &size) != 1)
        return refuse(error, "not a key on a named 256-bit curve");
    return TRUE;
}

EVP_PKEY *bsp_key_new(EVP_PKEY *like, GError **error)
{
    char group[64];
    EVP_PKEY *key;

    if (!get_group(like, group, error))
        return NULL;
    key = EVP_EC_gen(group);
    if (!key)
        refuse(error, "no key could be made");
    return key;
}

/* A key of GROUP from its public point and, where it is there, its private number. */
static EVP_PKEY *build_key(const char *group, TlvSlice point, const BIGNUM *scalar, GError **error)
{
    g_autoptr(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    g_autoptr(OSSL_PARAM) parameters = NULL;
    EVP_PKEY *key = NULL;

    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.size);
    if (scalar)
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar);
    parameters = OSSL_PARAM_BLD_to_param(builder);
    if (EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          parameters) != 1)
        refuse(error, "the point is not on the curve");
    return key;
}

EVP_PKEY *bsp_key_from_scalar(EVP_PKEY *like, TlvSlice scalar, GError **error)
{
    g_autoptr(EC_GROUP) group = NULL;
    g_autoptr(EC_POINT) point = NULL;
    g_autoptr(BIGNUM) number = NULL;
    guint8 octets[BSP_POINT_SIZE];
    char name[64];

    if (!get_group(like, name, error))
        return NULL;
    group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(name));
    if (scalar.size == SCALAR_SIZE)
        number = BN_bin2bn(scalar.data, SCALAR_SIZE, NULL);
    if (!group || !number || BN_is_zero(number) ||
        BN_cmp(number, EC_GROUP_get0_order(group)) >= 0) {
        refuse(error, "not a private key of this curve");
        return NULL;
    }
    point = EC_POINT_new(group);
    if (EC_POINT_mul(group, point, number, NULL, NULL, NULL) != 1 ||
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof(octets),
                           NULL) != sizeof(octets)) {
        refuse(error, "no public key belongs to this private key");
        return NULL;
    }
    return build_key(name, tlv_slice(octets, sizeof(octets)), number, error);
}

GBytes *bsp_key_get_scalar(EVP_PKEY *key)
{
    g_autoptr(BIGNUM) number = NULL;
    guint8 octets[SCALAR_SIZE];

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 ||
        BN_bn2binpad(number, octets, sizeof(octets)) != sizeof(octets))
        return g_bytes_new(NULL, 0);
    return g_bytes_new(octets, sizeof(octets));
}

GBytes *bsp_key_get_point(EVP_PKEY *key)
{
    unsigned char *point = NULL;
    gsize size = EVP_PKEY_get1_encoded_public_key(key, &point);
    GBytes *bytes = g_bytes_new(point, size);

    OPENSSL_free(point);
    return bytes;
}

gboolean bsp_agree(EVP_PKEY *own, TlvSlice point, guint8 ret_z[32], GError **error)
{
    g_autoptr(EVP_PKEY_CTX) context = NULL;
    g_autoptr(EVP_PKEY) peer = NULL;
    gsize size = 32;
    char group[64];

    if (!get_group(own, group, error))
        return FALSE;
    /* The library would take compressed and hybrid forms too. */
    if (!point.data || point.size != BSP_POINT_SIZE || point.data[0] != 0x04)
        return refuse(error, "not an uncompressed point");
    peer = build_key(group, point, NULL, error);
    if (!peer)
        return FALSE;
    context = EVP_PKEY_CTX_new(own, NULL);
    if (EVP_PKEY_derive_init(context) != 1 || EVP_PKEY_derive_set_peer(context, peer) != 1 ||
        EVP_PKEY_derive(context, ret_z, &size) != 1 || size != 32)
        return refuse(error, "no shared secret with this point");
    return TRUE;
}

/* ---- session keys ---- */

void bsp_kdf(TlvSlice z, TlvSlice shared_info, guint8 *out, gsize size)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    guint32 round = 1;

    while (size) {
        guint32 counter = GUINT32_TO_BE(round);
        guint8 digest[SHA256_DIGEST_LENGTH];
        gsize part = MIN(size, sizeof(digest));

        g_byte_array_set_size(input, 0);
        g_byte_array_append(input, z.data, (guint)z.size);
        g_byte_array_append(input, (const guint8 *)&counter, sizeof(counter));
        if (shared_info.size)
            g_byte_array_append(input, shared_info.data, (guint)shared_info.size);
        SHA256(input->data, input->len, digest);
        memcpy(out, digest, part);
        out += part;
        size -= part;
        round++; /* not in the macro above, which may look at it more than once */
    }
}

GBytes *bsp_shared_info(guint8 key_type, guint8 key_length, TlvSlice host_id, TlvSlice eid)
{
    GByteArray *info = g_byte_array_new();
    guint8 host_size = (guint8)host_id.size, eid_size = (guint8)eid.size;

    g_byte_array_append(info, &key_type, 1);
    g_byte_array_append(info, &key_length, 1);
    g_byte_array_append(info, &host_size, 1);
    g_byte_array_append(info, host_id.data, host_size);
    g_byte_array_append(info, &eid_size, 1);
    g_byte_array_append(info, eid.data, eid_size);
    return g_byte_array_free_to_bytes(info);
}

gboolean bsp_session_derive(BspSession *session, EVP_PKEY *own, TlvSlice point,
                            TlvSlice shared_info, GError **error)
{
    guint8 z[32], keys[3 * BSP_KEY_SIZE];

    if (!bsp_agree(own, point, z, error))
        return FALSE;
    bsp_kdf(tlv_slice(z, sizeof(z)), shared_info, keys, sizeof(keys));
    return bsp_session_replace(session, tlv_slice(keys, BSP_KEY_SIZE),
                               tlv_slice(keys + BSP_KEY_SIZE, BSP_KEY_SIZE),
                               tlv_slice(keys + 2 * BSP_KEY_SIZE, BSP_KEY_SIZE));
}

gboolean bsp_session_replace(BspSession *session, TlvSlice mcv, TlvSlice enc, TlvSlice cmac)
{
    if (mcv.size != BSP_KEY_SIZE || enc.size != BSP_KEY_SIZE || cmac.size != BSP_KEY_SIZE)
        return FALSE;
    memcpy(session->mcv, mcv.data, BSP_KEY_SIZE);
    memcpy(session->s_enc, enc.data, BSP_KEY_SIZE);
    memcpy(session->s_mac, cmac.data, BSP_KEY_SIZE);
    session->counter = 1;
    return TRUE;
}

/* ---- blocks ---- */

static gboolean is_encrypted(guint32 tag)
{
    return tag == BSP_TAG_ELEMENTS || tag == BSP_TAG_ENCRYPTED;
}

/* AES-128 over whole blocks; the library fails only for want of memory or of the algorithm, which no
 * input can bring about. */
static void aes(const EVP_CIPHER *cipher, const guint8 *key, const guint8 *iv, gboolean encrypt,
                const guint8 *in, gsize size, guint8 *out)
{
    g_autoptr(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    int written = 0;

    if (EVP_CipherInit_ex2(context, cipher, key, iv, encrypt, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(context, 0) != 1 ||
        EVP_CipherUpdate(context, out, &written, in, (int)size) != 1 || written != (int)size)
        g_error("AES is not there");
}

/* The block counter, encrypted: the initial chaining vector of the CBC (SGP.22 2.6.4.4). */
static void make_icv(const BspSession *session, guint8 ret_icv[BLOCK])
{
    guint64 counter = GUINT64_TO_BE(session->counter);
    guint8 number[BLOCK] = { 0 };

    memcpy(number + BLOCK - sizeof(counter), &counter, sizeof(counter));
    aes(EVP_aes_128_ecb(), session->s_enc, NULL, TRUE, number, BLOCK, ret_icv);
}

/* The complete CMAC over chaining value, header and payload: the next chaining value. */
static void make_mac(const BspSession *session, TlvSlice header, TlvSlice payload,
                     guint8 ret_mac[BSP_KEY_SIZE])
{
    g_autoptr(EVP_MAC) algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
    g_autoptr(EVP_MAC_CTX) context = EVP_MAC_CTX_new(algorithm);
    char cipher[] = "AES-128-CBC";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_end(),
    };
    gsize size = 0;

    if (EVP_MAC_init(context, session->s_mac, BSP_KEY_SIZE, parameters) != 1 ||
        EVP_MAC_update(context, session->mcv, BSP_KEY_SIZE) != 1 ||
        EVP_MAC_update(context, header.data, header.size) != 1 ||
        EVP_MAC_update(context, payload.data, payload.size) != 1 ||
        EVP_MAC_final(context, ret_mac, &size, BSP_KEY_SIZE) != 1 || size != BSP_KEY_SIZE)
        g_error("AES-CMAC is not there");
}

static void step(BspSession *session, const guint8 mac[BSP_KEY_SIZE])
{
    memcpy(session->mcv, mac, BSP_KEY_SIZE);
    session->counter++; /* for 88 too, though it does not use it */
}

gboolean bsp_protect(BspSession *session, guint32 tag, TlvSlice plaintext, gsize max_block,
                     TlvWriter *writer, GError **error)
{
    g_autofree guint8 *payload = NULL;
    guint8 header[8], mac[BSP_KEY_SIZE];
    gsize size = plaintext.size, header_size;

    if (!is_encrypted(tag) && tag != BSP_TAG_CLEAR)
        return refuse(error, "no tag of a protected block");
    if (is_encrypted(tag))
        size = (size / BLOCK + 1) * BLOCK;
    header_size = tlv_make_header(tag, size + BSP_MAC_SIZE, header);
    if (header_size + size + BSP_MAC_SIZE > max_block)
        return refuse(error, "the block is too long");

    payload = g_malloc0(size + BSP_MAC_SIZE);
    if (plaintext.size)
        memcpy(payload, plaintext.data, plaintext.size);
    if (is_encrypted(tag)) {
        guint8 icv[BLOCK];

        payload[plaintext.size] = 0x80;
        make_icv(session, icv);
        aes(EVP_aes_128_cbc(), session->s_enc, icv, TRUE, payload, size, payload);
    }
    make_mac(session, tlv_slice(header, header_size), tlv_slice(payload, size), mac);
    memcpy(payload + size, mac, BSP_MAC_SIZE);
    step(session, mac);
    tlv_put(writer, tag, payload, size + BSP_MAC_SIZE);
    return TRUE;
}

BspVerdict bsp_unprotect(BspSession *session, const Tlv *block, GBytes **ret_plaintext)
{
    g_autofree guint8 *plaintext = NULL;
    TlvSlice header = tlv_slice(block->raw.data, block->raw.size - block->value.size);
    TlvSlice payload = block->value;
    guint8 mac[BSP_KEY_SIZE], icv[BLOCK];
    gsize size;

    if ((!is_encrypted(block->tag) && block->tag != BSP_TAG_CLEAR) ||
        block->raw.size > BSP_MAX_TOLERATED || payload.size < BSP_MAC_SIZE)
        return BSP_MALFORMED;
    payload.size -= BSP_MAC_SIZE;
    make_mac(session, header, payload, mac);
    if (CRYPTO_memcmp(payload.data + payload.size, mac, BSP_MAC_SIZE) != 0)
        return BSP_WRONG_MAC;

    if (!is_encrypted(block->tag)) {
        step(session, mac);
        *ret_plaintext = tlv_slice_to_bytes(payload);
        return BSP_GOOD;
    }
    if (payload.size == 0 || payload.size % BLOCK)
        return BSP_MALFORMED;
    plaintext = g_malloc(payload.size);
    make_icv(session, icv);
    aes(EVP_aes_128_cbc(), session->s_enc, icv, FALSE, payload.data, payload.size, plaintext);
    /* 80 and zeros, at most one block of them (SGP.22 2.6.4.4). */
    for (size = payload.size - 1; size > payload.size - BLOCK && plaintext[size] == 0; size--)
        continue;
    if (plaintext[size] != 0x80)
        return BSP_MALFORMED;
    step(session, mac);
    *ret_plaintext = g_bytes_new(plaintext, size);
    return BSP_GOOD;
}
