/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-download-rig.h"

#include <string.h>

#include "sim/crypto.h"
#include "util/bytes.h"

#define ADDRESS "smdp.example.com"
#define OID     "88370A" /* 2.999.10 */

static const char default_metadata[] = "BF251F5A0A980001000000000000F891"
                                       "0B6575696363642074657374920454696E79";
static const char default_upp[] = "A02A80010281010382126575696363642073796E7468657469632043830A"
                                  "8900100000000000008FA500A600AA07A0058000810101";

static TlvSlice slice(GBytes *bytes)
{
    return tlv_slice_from_bytes(bytes);
}

static GBytes *finish(TlvWriter **writer)
{
    return tlv_writer_finish(g_steal_pointer(writer));
}

GBytes *rig_load(const char *folder, const char *file)
{
    g_autofree char *path =
        folder ? g_test_build_filename(G_TEST_DIST, "data", "pki", folder, file, NULL)
               : g_test_build_filename(G_TEST_DIST, "data", file, NULL);
    g_autoptr(GError) error = NULL;
    char *content;
    gsize size;

    g_file_get_contents(path, &content, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(content, size);
}

static EVP_PKEY *load_key(const char *curve, const char *file)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "pki", curve, file, NULL);
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = sim_key_load(path, &error);

    g_assert_no_error(error);
    return key;
}

Rig *rig_new(const char *curve, const char *setup)
{
    Rig *rig = g_new0(Rig, 1);
    g_autoptr(GBytes) der = rig_load(curve, "ci.der");
    X509 *ci = sim_certificate_parse(slice(der), NULL);

    rig->world = world_new_pki(curve, setup);
    rig->curve = g_strdup(curve);
    rig->auth_key = load_key(curve, "dpauth.key.pem");
    rig->pb_key = load_key(curve, "dppb.key.pem");
    rig->ci_id = sim_key_identifier(X509_get0_pubkey(ci));
    X509_free(ci);
    rig_set_transaction(rig, "70E1A9F3D2060243B233978FAADA52D2");
    return rig;
}

void rig_free(Rig *rig)
{
    world_free(rig->world);
    g_free(rig->curve);
    EVP_PKEY_free(rig->auth_key);
    EVP_PKEY_free(rig->pb_key);
    g_clear_pointer(&rig->ci_id, g_bytes_unref);
    g_clear_pointer(&rig->transaction_id, g_bytes_unref);
    g_clear_pointer(&rig->challenge, g_bytes_unref);
    g_clear_pointer(&rig->signature1, g_bytes_unref);
    g_clear_pointer(&rig->point, g_bytes_unref);
    g_free(rig);
}

void rig_set_transaction(Rig *rig, const char *hex)
{
    g_clear_pointer(&rig->transaction_id, g_bytes_unref);
    rig->transaction_id = world_bytes(hex);
}

/* 5F37 over FIRST and SECOND. */
static void put_signature(TlvWriter *writer, EVP_PKEY *key, GBytes *first, GBytes *second,
                          gboolean wrong)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GBytes) signature = NULL;

    g_byte_array_append(input, slice(first).data, (guint)slice(first).size);
    if (second)
        g_byte_array_append(input, slice(second).data, (guint)slice(second).size);
    if (wrong)
        input->data[input->len - 1] ^= 1;
    signature = sim_sign(key, input->data, input->len, NULL);
    tlv_put_slice(writer, 0x5F37, slice(signature));
}

static void assert_signed(Rig *rig, TlvSlice first, TlvSlice second, TlvSlice signature)
{
    g_autoptr(GByteArray) input = g_byte_array_new();

    g_byte_array_append(input, first.data, (guint)first.size);
    if (second.data)
        g_byte_array_append(input, second.data, (guint)second.size);
    g_assert_true(sim_verify(rig->world->euicc_key, input->data, input->len, signature));
}

static void assert_field(TlvSlice content, guint32 tag, GBytes *expected)
{
    Tlv field;

    g_assert_true(tlv_find(content, tag, &field));
    g_assert_true(tlv_slice_equal(field.value, slice(expected)));
}

/* The arm of ANSWER, which has TAG around it: TRUE A0, FALSE A1 with its code. */
static gboolean open_answer(GBytes *answer, guint32 tag, Tlv *ret_arm, gint *ret_code)
{
    Tlv outer, code;
    gint64 number;

    g_assert_nonnull(answer);
    g_assert_true(tlv_parse(slice(answer), tag, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0, ret_arm, NULL));
    if (ret_arm->tag == 0xA0)
        return TRUE;
    g_assert_cmphex(ret_arm->tag, ==, 0xA1);
    g_assert_true(tlv_find(ret_arm->value, 0x02, &code));
    g_assert_true(tlv_get_integer(code.value, &number, NULL));
    *ret_code = (gint)number;
    return FALSE;
}

void rig_get_challenge(Rig *rig)
{
    g_autoptr(GBytes) answer = world_es10_hex(rig->world, "BF2E00");
    Tlv outer, challenge;

    g_assert_nonnull(answer);
    g_assert_true(tlv_parse(slice(answer), 0xBF2E, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0x80, &challenge, NULL));
    g_assert_cmpuint(challenge.value.size, ==, 16);
    g_clear_pointer(&rig->challenge, g_bytes_unref);
    rig->challenge = tlv_slice_to_bytes(challenge.value);
}

gint rig_authenticate(Rig *rig, const AuthenticateOptions *options)
{
    static const AuthenticateOptions none;
    const AuthenticateOptions *o = options ? options : &none;
    static const guint8 server_challenge[16] = "server challenge";
    g_autoptr(GBytes) certificate =
        rig_load(rig->curve, o->certificate ? o->certificate : "dpauth.der");
    g_autoptr(GBytes) ci_id = o->ci_id ? world_bytes(o->ci_id) : g_bytes_ref(rig->ci_id);
    g_autoptr(GBytes) context = world_bytes("A0138007544F4B454E2D31A108800453926011A100");
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) signed1 = NULL, request = NULL, answer = NULL;
    guint8 challenge[16] = { 0 };
    Tlv arm, own, signature, context_seen;
    gint code = 0;

    if (rig->challenge)
        memcpy(challenge, slice(rig->challenge).data, sizeof(challenge));
    challenge[0] ^= o->wrong_challenge ? 1 : 0;
    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, slice(rig->transaction_id));
    tlv_put(writer, 0x81, challenge, sizeof(challenge));
    tlv_put_string(writer, 0x83, ADDRESS);
    tlv_put(writer, 0x84, server_challenge, sizeof(server_challenge));
    tlv_close(writer);
    signed1 = finish(&writer);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF38);
    tlv_put_raw_bytes(writer, signed1);
    put_signature(writer, rig->auth_key, signed1, NULL, o->wrong_signature);
    tlv_put_slice(writer, 0x04, slice(ci_id));
    tlv_put_raw_bytes(writer, certificate);
    tlv_put_raw_bytes(writer, context);
    tlv_close(writer);
    request = finish(&writer);
    answer = world_es10(rig->world, request);
    if (!open_answer(answer, 0xBF38, &arm, &code)) {
        assert_field(arm.value, 0x80, rig->transaction_id);
        return code;
    }
    g_assert_true(tlv_find(arm.value, 0x30, &own));
    g_assert_true(tlv_find(arm.value, 0x5F37, &signature));
    assert_signed(rig, own.raw, (TlvSlice){ NULL, 0 }, signature.value);
    assert_field(own.value, 0x80, rig->transaction_id);
    g_assert_true(tlv_find(own.value, 0xA0, &context_seen));
    g_assert_true(tlv_slice_equal(context_seen.raw, slice(context)));
    g_clear_pointer(&rig->signature1, g_bytes_unref);
    rig->signature1 = tlv_slice_to_bytes(signature.raw);
    return 0;
}

gint rig_prepare(Rig *rig, const PrepareOptions *options)
{
    static const PrepareOptions none;
    const PrepareOptions *o = options ? options : &none;
    g_autoptr(GBytes) certificate =
        rig_load(rig->curve, o->certificate ? o->certificate : "dppb.der");
    g_autoptr(GBytes) transaction =
        o->transaction_id ? world_bytes(o->transaction_id) : g_bytes_ref(rig->transaction_id);
    g_autoptr(GBytes) hash = o->hash ? world_bytes(o->hash) : NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) signed2 = NULL, request = NULL, answer = NULL;
    Tlv whole, arm, own, own_signature, point, signature2;
    gint code = 0;

    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, slice(transaction));
    tlv_put_boolean(writer, 0x01, o->confirm);
    if (o->otpk)
        tlv_put_slice(writer, 0x5F49, slice(o->otpk));
    tlv_close(writer);
    signed2 = finish(&writer);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF21);
    tlv_put_raw_bytes(writer, signed2);
    put_signature(writer, rig->pb_key, signed2, rig->signature1, o->wrong_signature);
    if (hash)
        tlv_put_slice(writer, 0x04, slice(hash));
    tlv_put_raw_bytes(writer, certificate);
    tlv_close(writer);
    request = finish(&writer);
    answer = world_es10(rig->world, request);
    if (!open_answer(answer, 0xBF21, &arm, &code)) {
        assert_field(arm.value, 0x80, transaction);
        return code;
    }
    g_assert_true(tlv_parse(slice(request), 0xBF21, &whole, NULL));
    g_assert_true(tlv_find(whole.value, 0x5F37, &signature2));
    g_assert_true(tlv_find(arm.value, 0x30, &own));
    g_assert_true(tlv_find(arm.value, 0x5F37, &own_signature));
    assert_signed(rig, own.raw, signature2.raw, own_signature.value);
    assert_field(own.value, 0x80, rig->transaction_id);
    g_assert_true(tlv_find(own.value, 0x5F49, &point));
    g_assert_cmpuint(point.value.size, ==, BSP_POINT_SIZE);
    if (hash && o->confirm)
        assert_field(own.value, 0x04, hash);
    else
        g_assert_false(tlv_find(own.value, 0x04, &whole));
    g_clear_pointer(&rig->point, g_bytes_unref);
    rig->point = tlv_slice_to_bytes(point.value);
    return 0;
}

gint rig_cancel(Rig *rig, const char *transaction_id, guint reason)
{
    g_autoptr(GBytes) transaction =
        transaction_id ? world_bytes(transaction_id) : g_bytes_ref(rig->transaction_id);
    g_autoptr(GBytes) oid = world_bytes(OID);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) request = NULL, answer = NULL;
    Tlv outer, arm, own, signature, seen;
    gint64 code;

    tlv_open(writer, 0xBF41);
    tlv_put_slice(writer, 0x80, slice(transaction));
    tlv_put_integer(writer, 0x81, reason);
    tlv_close(writer);
    request = finish(&writer);
    answer = world_es10(rig->world, request);
    g_assert_nonnull(answer);
    g_assert_true(tlv_parse(slice(answer), 0xBF41, &outer, NULL));
    if (tlv_parse(outer.value, 0x81, &arm, NULL)) {
        g_assert_true(tlv_get_integer(arm.value, &code, NULL));
        return (gint)code;
    }
    g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
    g_assert_true(tlv_find(arm.value, 0x30, &own));
    g_assert_true(tlv_find(arm.value, 0x5F37, &signature));
    assert_signed(rig, own.raw, (TlvSlice){ NULL, 0 }, signature.value);
    assert_field(own.value, 0x80, transaction);
    assert_field(own.value, 0x81, oid);
    g_assert_true(tlv_find(own.value, 0x82, &seen));
    g_assert_true(tlv_get_integer(seen.value, &code, NULL));
    g_assert_cmpint(code, ==, reason);
    return 0;
}

void rig_open(Rig *rig, const char *transaction_id)
{
    if (transaction_id)
        rig_set_transaction(rig, transaction_id);
    rig_get_challenge(rig);
    g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 0);
}

/* ---- packages ---- */

static GBytes *make_channel(Rig *rig, EVP_PKEY *own)
{
    g_autoptr(GBytes) own_point = bsp_key_get_point(own);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) fields = NULL, input = NULL;

    tlv_put_integer(writer, 0x82, 1);
    tlv_put_slice(writer, 0x80, slice(rig->transaction_id));
    tlv_open(writer, 0xA6);
    tlv_put(writer, 0x80, (guint8[]){ BSP_KEY_TYPE }, 1);
    tlv_put(writer, 0x81, (guint8[]){ BSP_KEY_LENGTH }, 1);
    tlv_put_string(writer, 0x84, "host");
    tlv_close(writer);
    tlv_put_slice(writer, 0x5F49, slice(own_point));
    fields = finish(&writer);
    writer = tlv_writer_new();
    tlv_put_slice(writer, 0x5F49, slice(rig->point));
    input = finish(&writer);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF23);
    tlv_put_raw_bytes(writer, fields);
    put_signature(writer, rig->pb_key, fields, input, FALSE);
    tlv_close(writer);
    return finish(&writer);
}

static void put_blocks(TlvWriter *writer, BspSession *keys, guint32 tag, TlvSlice text, gsize block)
{
    for (gsize at = 0; at < text.size; at += block)
        g_assert_true(bsp_protect(keys, tag, tlv_slice(text.data + at, MIN(block, text.size - at)),
                                  BSP_MAX_TOLERATED, writer, NULL));
}

GBytes *rig_bind(Rig *rig, const BindOptions *options)
{
    static const BindOptions none;
    const BindOptions *o = options ? options : &none;
    g_autoptr(GBytes) metadata = world_bytes(o->metadata ? o->metadata : default_metadata);
    g_autoptr(GBytes) upp = world_bytes(o->upp ? o->upp : default_upp);
    g_autoptr(GBytes) configure = world_bytes(o->configure ? o->configure : "BF2400");
    g_autoptr(GBytes) replace = world_bytes("BF2636"
                                            "8010000102030405060708090A0B0C0D0E0F"
                                            "8110101112131415161718191A1B1C1D1E1F"
                                            "8210202122232425262728292A2B2C2D2E2F");
    EVP_PKEY *own = bsp_key_new(rig->pb_key, NULL);
    g_autoptr(GBytes) channel = make_channel(rig, own);
    g_autoptr(GBytes) info = NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autofree char *digits = sim_card_get_eid(rig->world->card);
    guint8 eid[EID_SIZE];
    BspSession keys;

    g_assert_true(eid_from_string(digits, eid, NULL));
    info = bsp_shared_info(BSP_KEY_TYPE, BSP_KEY_LENGTH, tlv_slice("host", 4),
                           tlv_slice(eid, sizeof(eid)));
    g_assert_true(bsp_session_derive(&keys, own, slice(rig->point), slice(info), NULL));
    EVP_PKEY_free(own);
    tlv_open(writer, 0xBF36);
    tlv_put_raw_bytes(writer, channel);
    tlv_open(writer, 0xA0);
    put_blocks(writer, &keys, BSP_TAG_ENCRYPTED, slice(configure), BSP_MAX_ENCRYPTED);
    tlv_close(writer);
    tlv_open(writer, 0xA1);
    put_blocks(writer, &keys, BSP_TAG_CLEAR, slice(metadata), BSP_MAX_CLEAR);
    tlv_close(writer);
    if (o->replace_keys) {
        tlv_open(writer, 0xA2);
        put_blocks(writer, &keys, BSP_TAG_ENCRYPTED, slice(replace), BSP_MAX_ENCRYPTED);
        tlv_close(writer);
        g_assert_true(bsp_session_replace(&keys, tlv_slice(slice(replace).data + 5, 16),
                                          tlv_slice(slice(replace).data + 23, 16),
                                          tlv_slice(slice(replace).data + 41, 16)));
    }
    tlv_open(writer, 0xA3);
    put_blocks(writer, &keys, BSP_TAG_ELEMENTS, slice(upp),
               o->block ? o->block : BSP_MAX_ENCRYPTED);
    tlv_close(writer);
    tlv_close(writer);
    return finish(&writer);
}

static void add_command(GPtrArray *commands, const guint8 *from, const guint8 *to)
{
    g_ptr_array_add(commands, g_bytes_new(from, (gsize)(to - from)));
}

GPtrArray *rig_split(GBytes *package)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GError) error = NULL;
    TlvReader reader, inner;
    Tlv whole, group, block;

    g_assert_true(tlv_parse(slice(package), 0xBF36, &whole, NULL));
    tlv_reader_init(&reader, whole.value);
    while (tlv_next(&reader, &group, &error)) {
        const guint8 *end = group.raw.data + group.raw.size;

        if (group.tag == 0xBF23) {
            add_command(commands, whole.raw.data, end);
        } else if (group.tag == 0xA0 || group.tag == 0xA2) {
            add_command(commands, group.raw.data, end);
        } else {
            add_command(commands, group.raw.data, group.value.data);
            tlv_reader_init(&inner, group.value);
            while (tlv_next(&inner, &block, &error))
                add_command(commands, block.raw.data, block.raw.data + block.raw.size);
        }
    }
    g_assert_no_error(error);
    return commands;
}

GBytes *rig_send(Rig *rig, GBytes *package)
{
    g_autoptr(GPtrArray) commands = rig_split(package);

    for (guint i = 0; i < commands->len; i++) {
        GBytes *answer = world_es10(rig->world, g_ptr_array_index(commands, i));

        if (!answer || g_bytes_get_size(answer) > 0)
            return answer;
        g_bytes_unref(answer);
    }
    return NULL;
}

static gint64 find_integer(TlvSlice content, guint32 tag)
{
    gint64 number;
    Tlv field;

    g_assert_true(tlv_find(content, tag, &field));
    g_assert_true(tlv_get_integer(field.value, &number, NULL));
    return number;
}

void rig_check_result(Rig *rig, GBytes *result, gint command, gint reason)
{
    g_autoptr(GBytes) oid = world_bytes(OID);
    Tlv outer, data, signature, metadata, field, final, arm;

    g_assert_nonnull(result);
    g_assert_true(tlv_parse(slice(result), 0xBF37, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0xBF27, &data));
    g_assert_true(tlv_find(outer.value, 0x5F37, &signature));
    assert_signed(rig, data.raw, (TlvSlice){ NULL, 0 }, signature.value);
    assert_field(data.value, 0x80, rig->transaction_id);
    assert_field(data.value, 0x06, oid);
    g_assert_true(tlv_find(data.value, 0xBF2F, &metadata));
    g_assert_true(tlv_find(metadata.value, 0x0C, &field));
    g_assert_true(tlv_slice_equal(field.value, tlv_slice(ADDRESS, strlen(ADDRESS))));
    g_assert_true(tlv_find(data.value, 0xA2, &final));
    g_assert_true(tlv_parse(final.value, 0, &arm, NULL));
    if (command < 0) {
        g_assert_cmphex(arm.tag, ==, 0xA0);
        return;
    }
    g_assert_cmphex(arm.tag, ==, 0xA1);
    g_assert_cmpint(find_integer(arm.value, 0x80), ==, command);
    g_assert_cmpint(find_integer(arm.value, 0x81), ==, reason);
}
