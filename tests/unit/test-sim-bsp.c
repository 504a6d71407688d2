/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Known-answer tests of session keys and protected blocks (SGP.22 2.6.4). */

#include <json-glib/json-glib.h>
#include <string.h>

#include "sim/bsp.h"
#include "sim/crypto.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static JsonParser *load_json(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return parser;
}

static JsonObject *root_of(JsonParser *parser)
{
    return json_node_get_object(json_parser_get_root(parser));
}

static GBytes *hex_member(JsonObject *object, const char *member)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(json_object_get_string_member(object, member), &error);

    g_assert_no_error(error);
    return bytes;
}

static TlvSlice slice(GBytes *bytes)
{
    return tlv_slice_from_bytes(bytes);
}

static void assert_member(JsonObject *object, const char *member, const void *data, gsize size)
{
    g_autoptr(GBytes) expected = hex_member(object, member);

    g_assert_true(tlv_slice_equal(tlv_slice(data, size), slice(expected)));
}

/* A key of the curve that ENTRY names. */
static EVP_PKEY *curve_of(JsonObject *entry)
{
    gboolean nist = g_str_equal(json_object_get_string_member(entry, "curve"), "P-256");
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "pki",
                                                  nist ? "nist" : "brainpool", "dppb.der", NULL);
    g_autoptr(X509) certificate = sim_certificate_load(path, NULL);

    g_assert_nonnull(certificate);
    return X509_get_pubkey(certificate);
}

static EVP_PKEY *key_member(JsonObject *entry, const char *member)
{
    g_autoptr(EVP_PKEY) like = curve_of(entry);
    g_autoptr(GBytes) scalar = hex_member(entry, member);
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = bsp_key_from_scalar(like, slice(scalar), &error);

    g_assert_no_error(error);
    return key;
}

static void test_kdf(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *entries = json_object_get_array_member(root_of(parser), "x963_kdf");

    g_assert_cmpuint(json_array_get_length(entries), >, 3);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        g_autoptr(GBytes) z = hex_member(entry, "z");
        g_autoptr(GBytes) info = hex_member(entry, "shared_info");
        gsize size = (gsize)json_object_get_int_member(entry, "length");
        g_autofree guint8 *output = g_malloc(size);

        bsp_kdf(slice(z), slice(info), output, size);
        assert_member(entry, "output", output, size);
    }
}

static void test_session_keys(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *entries = json_object_get_array_member(root_of(parser), "session_keys");

    g_assert_cmpuint(json_array_get_length(entries), >, 12);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        g_autoptr(GBytes) host = hex_member(entry, "host_id");
        g_autoptr(GBytes) eid = hex_member(entry, "eid");
        g_autoptr(GBytes) type = hex_member(entry, "key_type");
        g_autoptr(GBytes) length = hex_member(entry, "key_len");
        g_autoptr(GBytes) info = NULL;

        g_test_message("%s", json_object_get_string_member(entry, "id"));
        info = bsp_shared_info(slice(type).data[0], slice(length).data[0], slice(host), slice(eid));
        assert_member(entry, "shared_info", slice(info).data, slice(info).size);
        /* From either side. */
        for (guint side = 0; side < 2; side++) {
            g_autoptr(EVP_PKEY) own = key_member(entry, side ? "otsk_dp" : "otsk_euicc");
            g_autoptr(GBytes) own_point = bsp_key_get_point(own);
            g_autoptr(GBytes) own_scalar = bsp_key_get_scalar(own);
            g_autoptr(GBytes) peer = hex_member(entry, side ? "otpk_euicc" : "otpk_dp");
            g_autoptr(GError) error = NULL;
            guint8 z[32];
            BspSession session;

            assert_member(entry, side ? "otpk_dp" : "otpk_euicc", slice(own_point).data,
                          slice(own_point).size);
            assert_member(entry, side ? "otsk_dp" : "otsk_euicc", slice(own_scalar).data,
                          slice(own_scalar).size);
            g_assert_true(bsp_agree(own, slice(peer), z, &error));
            assert_member(entry, "z", z, sizeof(z));
            g_assert_true(bsp_session_derive(&session, own, slice(peer), slice(info), &error));
            assert_member(entry, "initial_mcv", session.mcv, BSP_KEY_SIZE);
            assert_member(entry, "s_enc", session.s_enc, BSP_KEY_SIZE);
            assert_member(entry, "s_mac", session.s_mac, BSP_KEY_SIZE);
            g_assert_cmpuint(session.counter, ==, 1);
        }
    }
}

static void test_invalid_points(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonArray *entries = json_object_get_array_member(root_of(parser), "invalid_public_keys");

    g_assert_cmpuint(json_array_get_length(entries), >, 15);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        g_autoptr(EVP_PKEY) like = curve_of(entry);
        g_autoptr(EVP_PKEY) own = bsp_key_new(like, NULL);
        g_autoptr(GBytes) point = hex_member(entry, "otpk");
        g_autoptr(GError) error = NULL;
        guint8 z[32];

        g_test_message("%s", json_object_get_string_member(entry, "id"));
        g_assert_nonnull(own);
        g_assert_false(bsp_agree(own, slice(point), z, &error));
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

/* New pairs are on the right curve and agree; what is no private key is refused. */
static void test_new_keys(void)
{
    static const char *const curves[] = { "P-256", "brainpoolP256r1" };

    for (guint i = 0; i < G_N_ELEMENTS(curves); i++) {
        g_autoptr(JsonObject) entry = json_object_new();
        g_autoptr(EVP_PKEY) like = NULL;
        g_autoptr(EVP_PKEY) first = NULL;
        g_autoptr(EVP_PKEY) second = NULL;
        g_autoptr(GBytes) first_point = NULL;
        g_autoptr(GBytes) second_point = NULL;
        guint8 z[2][32], scalar[32] = { 0 };

        json_object_set_string_member(entry, "curve", curves[i]);
        like = curve_of(entry);
        first = bsp_key_new(like, NULL);
        second = bsp_key_new(like, NULL);
        first_point = bsp_key_get_point(first);
        second_point = bsp_key_get_point(second);
        g_assert_cmpuint(g_bytes_get_size(first_point), ==, BSP_POINT_SIZE);
        g_assert_false(g_bytes_equal(first_point, second_point));
        g_assert_true(bsp_agree(first, slice(second_point), z[0], NULL));
        g_assert_true(bsp_agree(second, slice(first_point), z[1], NULL));
        g_assert_cmpmem(z[0], 32, z[1], 32);
        g_assert_null(bsp_key_from_scalar(like, tlv_slice(scalar, 32), NULL));
        memset(scalar, 0xFF, 32);
        g_assert_null(bsp_key_from_scalar(like, tlv_slice(scalar, 32), NULL));
        g_assert_null(bsp_key_from_scalar(like, tlv_slice(scalar, 31), NULL));
    }
}

static void take_keys(BspSession *session, JsonObject *object)
{
    g_autoptr(GBytes) mcv = hex_member(object, "initial_mcv");
    g_autoptr(GBytes) enc = hex_member(object, "s_enc");
    g_autoptr(GBytes) mac = hex_member(object, "s_mac");

    g_assert_true(bsp_session_replace(session, slice(mcv), slice(enc), slice(mac)));
}

/* The plaintext of ENTRY; where it is not written out it follows the vectors' rule. */
static GBytes *make_plaintext(JsonObject *entry)
{
    gsize size = (gsize)json_object_get_int_member(entry, "plaintext_length");
    guint8 *octets;

    if (json_object_has_member(entry, "plaintext"))
        return hex_member(entry, "plaintext");
    octets = g_malloc(size);
    for (gsize i = 0; i < size; i++)
        octets[i] = (guint8)((7 * i + 3) % 251);
    return g_bytes_new_take(octets, size);
}

/* Protects and unprotects the block of ENTRY on its two sessions. */
static void check_block(JsonObject *entry, BspSession *sender, BspSession *receiver)
{
    guint32 tag = (guint32)g_ascii_strtoull(json_object_get_string_member(entry, "tag"), NULL, 16);
    g_autoptr(GBytes) plaintext = make_plaintext(entry);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) written = NULL;
    g_autoptr(GBytes) read = NULL;
    g_autoptr(GError) error = NULL;
    Tlv block;

    g_assert_cmpuint(sender->counter, ==, (guint64)json_object_get_int_member(entry, "counter"));
    assert_member(entry, "mcv", sender->mcv, BSP_KEY_SIZE);
    bsp_protect(sender, tag, slice(plaintext), BSP_MAX_TOLERATED, writer, &error);
    g_assert_no_error(error);
    written = tlv_writer_finish(g_steal_pointer(&writer));
    assert_member(entry, "tlv", slice(written).data, slice(written).size);
    assert_member(entry, "cmac", sender->mcv, BSP_KEY_SIZE);

    g_assert_true(tlv_parse(slice(written), tag, &block, NULL));
    g_assert_cmpint(bsp_unprotect(receiver, &block, &read), ==, BSP_GOOD);
    g_assert_true(g_bytes_equal(read, plaintext));
    g_assert_cmpmem(receiver, sizeof(*receiver), sender, sizeof(*sender));
}

static void test_single_blocks(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonObject *bsp = json_object_get_object_member(root_of(parser), "bsp");
    JsonArray *entries = json_object_get_array_member(bsp, "single");

    g_assert_cmpuint(json_array_get_length(entries), >, 23);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        BspSession sender, receiver;

        g_test_message("%s", json_object_get_string_member(entry, "id"));
        take_keys(&sender, json_object_get_object_member(bsp, "keys"));
        receiver = sender;
        check_block(entry, &sender, &receiver);
    }
}

/* A chain of one block of each kind, worked out by hand for the description of the protocol. */
static void test_worked_chain(void)
{
    static const struct {
        guint32 tag;
        const char *plaintext;
        const char *block;
        const char *mcv;
    } rows[] = {
        { BSP_TAG_ENCRYPTED, "BF2400", "87188743D3861470C14DFE351FDB9970BF292846F186E9718753",
          "2846F186E97187535EE5C927B944512F" },
        { BSP_TAG_CLEAR, "BF25145A0A98001032547698103214910253509202504E",
          "881FBF25145A0A98001032547698103214910253509202504E328F5504DBCD3F12",
          "328F5504DBCD3F12D2A29EF9C3590C59" },
        { BSP_TAG_ELEMENTS, "A0030102FF", "8618096D475A184E71F6A1AD44D84DB2F8A8C8288523C311C974",
          "C8288523C311C97482FDEF6E75699E19" },
    };
    g_autoptr(GBytes) host = bytes_from_hex("A0A1A2A3A4A5A6A7", NULL);
    g_autoptr(GBytes) eid = bytes_from_hex("89049032123451234512345678901235", NULL);
    g_autoptr(GBytes) info = bsp_shared_info(BSP_KEY_TYPE, BSP_KEY_LENGTH, slice(host), slice(eid));
    guint8 z[32], keys[48];
    BspSession session;

    for (guint i = 0; i < sizeof(z); i++)
        z[i] = (guint8)i;
    bsp_kdf(tlv_slice(z, sizeof(z)), slice(info), keys, sizeof(keys));
    g_assert_true(bsp_session_replace(&session, tlv_slice(keys, 16), tlv_slice(keys + 16, 16),
                                      tlv_slice(keys + 32, 16)));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) plaintext = bytes_from_hex(rows[i].plaintext, NULL);
        g_autoptr(GBytes) expected = bytes_from_hex(rows[i].block, NULL);
        g_autoptr(GBytes) mcv = bytes_from_hex(rows[i].mcv, NULL);
        g_autoptr(TlvWriter) writer = tlv_writer_new();
        g_autoptr(GBytes) block = NULL;

        g_assert_true(
            bsp_protect(&session, rows[i].tag, slice(plaintext), BSP_MAX_BLOCK, writer, NULL));
        block = tlv_writer_finish(g_steal_pointer(&writer));
        g_assert_true(g_bytes_equal(block, expected));
        g_assert_true(tlv_slice_equal(tlv_slice(session.mcv, BSP_KEY_SIZE), slice(mcv)));
    }
}

static void test_sequences(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonObject *bsp = json_object_get_object_member(root_of(parser), "bsp");
    JsonArray *sequences = json_object_get_array_member(bsp, "sequences");
    guint replaced = 0;

    for (guint i = 0; i < json_array_get_length(sequences); i++) {
        JsonObject *sequence = json_array_get_object_element(sequences, i);
        JsonArray *entries = json_object_get_array_member(sequence, "segments");
        BspSession sender, receiver;

        take_keys(&sender, sequence);
        if (json_object_has_member(sequence, "first_counter"))
            sender.counter = (guint64)json_object_get_int_member(sequence, "first_counter");
        receiver = sender;
        for (guint j = 0; j < json_array_get_length(entries); j++) {
            JsonObject *entry = json_array_get_object_element(entries, j);

            if (json_object_has_member(entry, "step")) {
                take_keys(&sender, entry);
                take_keys(&receiver, entry);
                replaced++;
            } else {
                check_block(entry, &sender, &receiver);
            }
        }
        assert_member(sequence, "final_mcv", sender.mcv, BSP_KEY_SIZE);
        g_assert_cmpint((gint64)sender.counter, ==,
                        json_object_get_int_member(sequence, "next_counter"));
    }
    g_assert_cmpuint(replaced, ==, 2);
}

static void test_refused_blocks(void)
{
    g_autoptr(JsonParser) parser = load_json("crypto.json");
    JsonObject *bsp = json_object_get_object_member(root_of(parser), "bsp");
    JsonArray *entries = json_object_get_array_member(bsp, "refused");
    guint malformed = 0;

    g_assert_cmpuint(json_array_get_length(entries), >, 12);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        const char *id = json_object_get_string_member(entry, "id");
        const char *expected = json_object_get_string_member(entry, "expect");
        g_autoptr(GBytes) raw = hex_member(entry, "tlv");
        g_autoptr(GBytes) plaintext = NULL;
        BspSession session, before;
        BspVerdict verdict;
        Tlv block;

        g_test_message("%s", id);
        take_keys(&session, json_object_get_object_member(bsp, "keys"));
        before = session;
        g_assert_true(tlv_parse(slice(raw), 0, &block, NULL));
        verdict = bsp_unprotect(&session, &block, &plaintext);
        if (g_str_equal(id, "icv-zero")) {
            /* The MAC can't tell; only the first 16 octets show it. */
            const guint8 *octets = slice(plaintext).data;

            g_assert_cmpint(verdict, ==, BSP_GOOD);
            g_assert_cmpuint(slice(plaintext).size, ==, 20);
            g_assert_cmpuint(octets[0], !=, 3);
            for (guint k = 16; k < 20; k++)
                g_assert_cmpuint(octets[k], ==, (7 * k + 3) % 251);
            continue;
        }
        g_assert_cmpint(verdict, ==,
                        strstr(expected, "scp03tSecurityError") ? BSP_WRONG_MAC : BSP_MALFORMED);
        malformed += verdict == BSP_MALFORMED;
        g_assert_null(plaintext);
        g_assert_cmpmem(&session, sizeof(session), &before, sizeof(before));
    }
    g_assert_cmpuint(malformed, ==, 3);
}

/* 1007 and 1008 octets fill a block of 1020; one more goes only where the caller says so, and what is
 * beyond 1036 is not read either. */
static void test_limits(void)
{
    static const struct {
        guint32 tag;
        gsize size;
        gsize max;
        gboolean good;
    } rows[] = {
        { BSP_TAG_ELEMENTS, BSP_MAX_ENCRYPTED, BSP_MAX_BLOCK, TRUE },
        { BSP_TAG_ELEMENTS, BSP_MAX_ENCRYPTED + 1, BSP_MAX_BLOCK, FALSE },
        { BSP_TAG_ELEMENTS, BSP_MAX_ENCRYPTED + 1, BSP_MAX_TOLERATED, TRUE },
        { BSP_TAG_ENCRYPTED, BSP_MAX_ENCRYPTED, BSP_MAX_BLOCK, TRUE },
        { BSP_TAG_ENCRYPTED, BSP_MAX_ENCRYPTED + 1, BSP_MAX_BLOCK, FALSE },
        { BSP_TAG_CLEAR, BSP_MAX_CLEAR, BSP_MAX_BLOCK, TRUE },
        { BSP_TAG_CLEAR, BSP_MAX_CLEAR + 1, BSP_MAX_BLOCK, FALSE },
        { 0x85, 1, BSP_MAX_BLOCK, FALSE },
    };
    guint8 octets[2048] = { 0 };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TlvWriter) writer = tlv_writer_new();
        g_autoptr(GBytes) written = NULL;
        BspSession session = { .counter = 1 }, before = session;

        g_assert_cmpint(bsp_protect(&session, rows[i].tag, tlv_slice(octets, rows[i].size),
                                    rows[i].max, writer, NULL),
                        ==, rows[i].good);
        written = tlv_writer_finish(g_steal_pointer(&writer));
        g_assert_cmpuint(g_bytes_get_size(written), <=, rows[i].max);
        g_assert_cmpint(g_bytes_get_size(written) > 0, ==, rows[i].good);
        g_assert_cmpint(memcmp(&session, &before, sizeof(session)) != 0, ==, rows[i].good);
    }
    {
        g_autoptr(TlvWriter) writer = tlv_writer_new();
        g_autoptr(GBytes) written = NULL;
        g_autoptr(GBytes) plaintext = NULL;
        BspSession session = { .counter = 1 }, receiver = session;
        Tlv block;

        g_assert_true(
            bsp_protect(&session, BSP_TAG_ELEMENTS, tlv_slice(octets, 1024), 2048, writer, NULL));
        written = tlv_writer_finish(g_steal_pointer(&writer));
        g_assert_true(tlv_parse(slice(written), 0, &block, NULL));
        g_assert_cmpint(bsp_unprotect(&receiver, &block, &plaintext), ==, BSP_MALFORMED);
    }
    {
        BspSession session;

        g_assert_false(bsp_session_replace(&session, tlv_slice(octets, 15), tlv_slice(octets, 16),
                                           tlv_slice(octets, 16)));
    }
}

/* Packages bound elsewhere: their blocks open to the profile package they were made of. */
static void check_package(JsonObject *entry, GBytes *package, TlvSlice upp)
{
    JsonArray *segments = json_object_get_array_member(entry, "segments");
    g_autoptr(EVP_PKEY) own = key_member(entry, "otsk_euicc");
    g_autoptr(GBytes) peer = hex_member(entry, "otpk_dp");
    g_autoptr(GBytes) info = hex_member(entry, "shared_info");
    g_autoptr(GByteArray) profile = g_byte_array_new();
    g_autoptr(GByteArray) metadata = g_byte_array_new();
    BspSession session;

    g_test_message("%s", json_object_get_string_member(entry, "id"));
    g_assert_true(bsp_session_derive(&session, own, slice(peer), slice(info), NULL));
    assert_member(entry, "initial_mcv", session.mcv, BSP_KEY_SIZE);
    for (guint i = 0; i < json_array_get_length(segments); i++) {
        JsonObject *segment = json_array_get_object_element(segments, i);
        gsize offset = (gsize)json_object_get_int_member(segment, "offset");
        gsize length = (gsize)json_object_get_int_member(segment, "length");
        g_autoptr(GBytes) plaintext = NULL;
        TlvSlice text;
        Tlv block, keys;

        g_assert_cmpuint(offset + length, <=, g_bytes_get_size(package));
        g_assert_true(tlv_parse(tlv_slice(slice(package).data + offset, length), 0, &block, NULL));
        g_assert_cmpint(bsp_unprotect(&session, &block, &plaintext), ==, BSP_GOOD);
        assert_member(segment, "cmac", session.mcv, BSP_KEY_SIZE);
        text = slice(plaintext);
        if (block.tag == BSP_TAG_ELEMENTS) {
            g_byte_array_append(profile, text.data, (guint)text.size);
        } else if (block.tag == BSP_TAG_CLEAR) {
            g_byte_array_append(metadata, text.data, (guint)text.size);
        } else if (tlv_parse(text, 0xBF26, &keys, NULL)) {
            Tlv mcv, enc, mac;

            g_assert_true(tlv_find(keys.value, 0x80, &mcv) && tlv_find(keys.value, 0x81, &enc) &&
                          tlv_find(keys.value, 0x82, &mac));
            g_assert_true(bsp_session_replace(&session, mcv.value, enc.value, mac.value));
        } else {
            assert_member(entry, "configure_isdp", text.data, text.size);
        }
    }
    assert_member(entry, "store_metadata", metadata->data, metadata->len);
    g_assert_true(tlv_slice_equal(tlv_slice(profile->data, profile->len), upp));
}

static GBytes *load_file(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    char *content;
    gsize size;

    g_file_get_contents(path, &content, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(content, size);
}

static void test_packages(void)
{
    g_autoptr(JsonParser) parser = load_json("bpp.json");
    JsonArray *large = json_object_get_array_member(root_of(parser), "bpp");
    JsonArray *small = json_object_get_array_member(root_of(parser), "small");

    g_assert_cmpuint(json_array_get_length(large), ==, 4);
    for (guint i = 0; i < json_array_get_length(large); i++) {
        JsonObject *entry = json_array_get_object_element(large, i);
        g_autoptr(GBytes) package = load_file(json_object_get_string_member(entry, "file"));
        g_autoptr(GBytes) upp = load_file(json_object_get_string_member(entry, "upp"));

        check_package(entry, package, slice(upp));
    }
    g_assert_cmpuint(json_array_get_length(small), ==, 8);
    for (guint i = 0; i < json_array_get_length(small); i++) {
        JsonObject *entry = json_array_get_object_element(small, i);
        g_autoptr(GBytes) package = hex_member(entry, "bpp");
        g_autoptr(GBytes) upp = hex_member(entry, "upp_hex");

        check_package(entry, package, slice(upp));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/bsp/kdf", test_kdf);
    g_test_add_func("/sim/bsp/session-keys", test_session_keys);
    g_test_add_func("/sim/bsp/invalid-points", test_invalid_points);
    g_test_add_func("/sim/bsp/new-keys", test_new_keys);
    g_test_add_func("/sim/bsp/single-blocks", test_single_blocks);
    g_test_add_func("/sim/bsp/worked-chain", test_worked_chain);
    g_test_add_func("/sim/bsp/sequences", test_sequences);
    g_test_add_func("/sim/bsp/refused-blocks", test_refused_blocks);
    g_test_add_func("/sim/bsp/limits", test_limits);
    g_test_add_func("/sim/bsp/packages", test_packages);
    return g_test_run();
}
