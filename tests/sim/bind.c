/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/bind.h"

#include "sim/crypto.h"

#define INSTALL 1 /* remoteOpId installBoundProfilePackage */

/* ---- InitialiseSecureChannel BF23 ---- */

/* 82 remoteOpId, 80 transactionId, A6 CRT, 5F49 otPK.DP: the fields that are sent. */
static void put_channel(TlvWriter *writer, const SimBindSetup *setup, GBytes *own_point)
{
    guint8 key_type = setup->key_type ? setup->key_type : BSP_KEY_TYPE;

    tlv_put_integer(writer, 0x82, setup->remote_operation ? setup->remote_operation : INSTALL);
    tlv_put_slice(writer, 0x80,
                  setup->wrong_transaction_id.data ? setup->wrong_transaction_id
                                                   : setup->transaction_id);
    tlv_open(writer, 0xA6);
    tlv_put(writer, 0x80, &key_type, 1);
    tlv_put(writer, 0x81, &(guint8){ BSP_KEY_LENGTH }, 1);
    tlv_put_slice(writer, 0x84, setup->host_id);
    tlv_close(writer);
    tlv_put_slice(writer, 0x5F49, tlv_slice_from_bytes(own_point));
}

/* smdpSign covers the fields and otPK.EUICC, which is not sent (SGP.22 5.5.1). */
static GBytes *sign_channel(const SimBindSetup *setup, GBytes *fields, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) input = NULL, signature = NULL;
    g_autofree guint8 *damaged = NULL;
    gsize size;

    tlv_put_raw_bytes(writer, fields);
    tlv_put_slice(writer, 0x5F49, setup->euicc_point);
    input = tlv_writer_finish(g_steal_pointer(&writer));
    signature = sim_sign(setup->key, g_bytes_get_data(input, NULL), g_bytes_get_size(input), error);
    if (!signature || !setup->wrong_signature)
        return g_steal_pointer(&signature);
    size = g_bytes_get_size(signature);
    damaged = g_memdup2(g_bytes_get_data(signature, NULL), size);
    damaged[size - 1] ^= 1;
    return g_bytes_new_take(g_steal_pointer(&damaged), size);
}

static gboolean put_initialise(TlvWriter *writer, const SimBindSetup *setup, GError **error)
{
    g_autoptr(GBytes) own_point = bsp_key_get_point(setup->one_time);
    g_autoptr(TlvWriter) fields_writer = tlv_writer_new();
    g_autoptr(GBytes) fields = NULL, signature = NULL;

    put_channel(fields_writer, setup, own_point);
    fields = tlv_writer_finish(g_steal_pointer(&fields_writer));
    signature = sign_channel(setup, fields, error);
    if (!signature)
        return FALSE;
    tlv_open(writer, 0xBF23);
    tlv_put_raw_bytes(writer, fields);
    tlv_put_slice(writer, 0x5F37, tlv_slice_from_bytes(signature));
    tlv_close(writer);
    return TRUE;
}

/* ---- blocks ---- */

typedef struct {
    const SimBindSetup *setup;
    BspSession session;
    guint number; /* of the last block */
} Binding;

static gboolean put_block(Binding *binding, TlvWriter *writer, guint32 tag, TlvSlice plaintext,
                          gsize limit, GError **error)
{
    g_autoptr(TlvWriter) alone = tlv_writer_new();
    g_autoptr(GBytes) block = NULL;
    g_autofree guint8 *octets = NULL;
    gsize size;

    if (!bsp_protect(&binding->session, tag, plaintext, limit, alone, error))
        return FALSE;
    block = tlv_writer_finish(g_steal_pointer(&alone));
    size = g_bytes_get_size(block);
    octets = g_memdup2(g_bytes_get_data(block, NULL), size);
    if (++binding->number == binding->setup->wrong_mac)
        octets[size - 1] ^= 1;
    tlv_put_raw(writer, octets, size);
    return TRUE;
}

/* CONTENT cut into blocks of at most CHUNK octets of plaintext, in an object with OUTER. */
static gboolean put_blocks(Binding *binding, TlvWriter *writer, guint32 outer, guint32 tag,
                           TlvSlice content, gsize chunk, GError **error)
{
    gsize limit =
        chunk > BSP_MAX_ENCRYPTED && tag != BSP_TAG_CLEAR ? BSP_MAX_TOLERATED : BSP_MAX_BLOCK;

    tlv_open(writer, outer);
    for (gsize at = 0; at < content.size; at += chunk) {
        TlvSlice part = tlv_slice(content.data + at, MIN(chunk, content.size - at));

        if (!put_block(binding, writer, tag, part, limit, error))
            return FALSE;
    }
    tlv_close(writer);
    return TRUE;
}

static gboolean put_configure(Binding *binding, TlvWriter *writer, GError **error)
{
    g_autoptr(TlvWriter) content = tlv_writer_new();
    g_autoptr(GBytes) command = NULL, oid = NULL;

    tlv_open(content, 0xBF24);
    if (binding->setup->dp_oid) {
        oid = tlv_oid_from_string(binding->setup->dp_oid, error);
        if (!oid)
            return FALSE;
        tlv_open(content, 0xB8);
        tlv_put_slice(content, 0x80, tlv_slice_from_bytes(oid));
        tlv_close(content);
    }
    tlv_close(content);
    command = tlv_writer_finish(g_steal_pointer(&content));
    return put_blocks(binding, writer, 0xA0, BSP_TAG_ENCRYPTED, tlv_slice_from_bytes(command),
                      BSP_MAX_ENCRYPTED, error);
}

/* ReplaceSessionKeys BF26 goes under the session's keys; what follows is the same in each binding. */
static gboolean put_replace(Binding *binding, TlvWriter *writer, GError **error)
{
    const BspSession *ppk = binding->setup->ppk;
    g_autoptr(TlvWriter) content = tlv_writer_new();
    g_autoptr(GBytes) command = NULL;

    if (!ppk)
        return TRUE;
    tlv_open(content, 0xBF26);
    tlv_put(content, 0x80, ppk->mcv, sizeof(ppk->mcv));
    tlv_put(content, 0x81, ppk->s_enc, sizeof(ppk->s_enc));
    tlv_put(content, 0x82, ppk->s_mac, sizeof(ppk->s_mac));
    tlv_close(content);
    command = tlv_writer_finish(g_steal_pointer(&content));
    if (!put_blocks(binding, writer, 0xA2, BSP_TAG_ENCRYPTED, tlv_slice_from_bytes(command),
                    BSP_MAX_ENCRYPTED, error))
        return FALSE;
    return bsp_session_replace(&binding->session, tlv_slice(ppk->mcv, BSP_KEY_SIZE),
                               tlv_slice(ppk->s_enc, BSP_KEY_SIZE),
                               tlv_slice(ppk->s_mac, BSP_KEY_SIZE));
}

GBytes *sim_bind(const SimBindSetup *setup, GError **error)
{
    g_autoptr(TlvWriter) content = tlv_writer_new();
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) info = bsp_shared_info(setup->key_type ? setup->key_type : BSP_KEY_TYPE,
                                             BSP_KEY_LENGTH, setup->host_id, setup->eid);
    g_autoptr(GBytes) parts = NULL;
    Binding binding = { .setup = setup };
    gsize elements = setup->elements_size ? setup->elements_size : BSP_MAX_ENCRYPTED;

    if (!bsp_session_derive(&binding.session, setup->one_time, setup->euicc_point,
                            tlv_slice_from_bytes(info), error) ||
        !put_initialise(content, setup, error) || !put_configure(&binding, content, error) ||
        !put_blocks(&binding, content, 0xA1, BSP_TAG_CLEAR, setup->metadata, BSP_MAX_CLEAR,
                    error) ||
        !put_replace(&binding, content, error) ||
        !put_blocks(&binding, content, 0xA3, BSP_TAG_ELEMENTS, setup->upp, elements, error)) {
        g_prefix_error(error, "bound profile package: ");
        return NULL;
    }
    parts = tlv_writer_finish(g_steal_pointer(&content));
    tlv_put_slice(writer, 0xBF36, tlv_slice_from_bytes(parts));
    return tlv_writer_finish(g_steal_pointer(&writer));
}
