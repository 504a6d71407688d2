/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Binding of profile packages: against packages that were bound elsewhere, and opened again by code of this
 * test that shares nothing with the simulator's but the crypto library. */

#include <json-glib/json-glib.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#include "sim/bind.h"
#include "sim/crypto.h"
#include "sim/profile_package.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

#define ICCID "8988247000100009998"

static TlvSlice slice(GBytes *bytes)
{
    return tlv_slice_from_bytes(bytes);
}

static GBytes *from_hex(const char *hex)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(hex, &error);

    g_assert_no_error(error);
    return bytes;
}

static GBytes *hex_member(JsonObject *object, const char *name)
{
    return from_hex(json_object_get_string_member(object, name));
}

static GBytes *load_file(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    char *data;
    gsize size;

    g_assert_true(g_file_get_contents(path, &data, &size, &error));
    return g_bytes_new_take(data, size);
}

/* ---- packages that were bound elsewhere ---- */

static EVP_PKEY *load_key(const char *certificate)
{
    g_autofree char *base = g_strndup(certificate, strlen(certificate) - strlen(".der"));
    g_autofree char *file = g_strconcat(base, ".key.pem", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", file, NULL);
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = sim_key_load(path, &error);

    g_assert_no_error(error);
    return key;
}

static EVP_PKEY *key_member(JsonObject *entry, const char *name, EVP_PKEY *like)
{
    g_autoptr(GBytes) scalar = hex_member(entry, name);
    EVP_PKEY *key = bsp_key_from_scalar(like, slice(scalar), NULL);

    g_assert_nonnull(key);
    return key;
}

static gsize size_of_first_element(JsonObject *entry)
{
    JsonArray *segments = json_object_get_array_member(entry, "segments");

    for (guint i = 0; i < json_array_get_length(segments); i++) {
        JsonObject *segment = json_array_get_object_element(segments, i);

        if (g_str_equal(json_object_get_string_member(segment, "tag"), "86"))
            return (gsize)json_object_get_int_member(segment, "plaintext_length");
    }
    g_assert_not_reached();
}

/* All octets are equal but those of smdpSign, which is checked with the certificate's key. */
static void compare(JsonObject *entry, GBytes *bound, GBytes *expected, EVP_PKEY *key)
{
    g_autoptr(GBytes) input = hex_member(entry, "smdp_sign_input");
    g_autofree guint8 *ours = NULL;
    gsize size = g_bytes_get_size(bound);
    Tlv package, channel, signature, other;

    g_assert_true(tlv_parse(slice(bound), 0xBF36, &package, NULL));
    g_assert_true(tlv_find(package.value, 0xBF23, &channel));
    g_assert_true(tlv_find(channel.value, 0x5F37, &signature));
    g_assert_true(
        sim_verify(key, g_bytes_get_data(input, NULL), g_bytes_get_size(input), signature.value));
    g_assert_true(tlv_parse(slice(expected), 0xBF36, &package, NULL));
    g_assert_true(tlv_find(package.value, 0xBF23, &channel));
    g_assert_true(tlv_find(channel.value, 0x5F37, &other));
    ours = g_memdup2(g_bytes_get_data(bound, NULL), size);
    memcpy(ours + (signature.value.data - (const guint8 *)g_bytes_get_data(bound, NULL)),
           other.value.data, SIM_SIGNATURE_SIZE);
    g_assert_true(tlv_slice_equal(tlv_slice(ours, size), slice(expected)));
}

static void check_entry(JsonObject *entry, GBytes *expected, GBytes *upp)
{
    g_autoptr(EVP_PKEY) key = load_key(json_object_get_string_member(entry, "dppb"));
    g_autoptr(EVP_PKEY) one_time = key_member(entry, "otsk_dp", key);
    g_autoptr(GBytes) transaction = hex_member(entry, "transaction_id");
    g_autoptr(GBytes) point = hex_member(entry, "otpk_euicc");
    g_autoptr(GBytes) host = hex_member(entry, "host_id");
    g_autoptr(GBytes) eid = hex_member(entry, "eid");
    g_autoptr(GBytes) metadata = hex_member(entry, "store_metadata");
    g_autoptr(GError) error = NULL;
    const char *configure = json_object_get_string_member(entry, "configure_isdp");
    const SimBindSetup setup = {
        .transaction_id = slice(transaction),
        .key = key,
        .one_time = one_time,
        .euicc_point = slice(point),
        .host_id = slice(host),
        .eid = slice(eid),
        .dp_oid = g_str_equal(configure, "BF2400") ? NULL : "2.999.10",
        .metadata = slice(metadata),
        .upp = slice(upp),
        .elements_size = size_of_first_element(entry),
    };
    g_autoptr(GBytes) bound = sim_bind(&setup, &error);

    g_test_message("%s", json_object_get_string_member(entry, "id"));
    g_assert_no_error(error);
    compare(entry, bound, expected, key);
}

static void test_vectors(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "bpp.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *root;
    JsonArray *list;
    guint checked = 0;

    g_assert_true(json_parser_load_from_file(parser, path, NULL));
    root = json_node_get_object(json_parser_get_root(parser));
    list = json_object_get_array_member(root, "bpp");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        g_autoptr(GBytes) package = load_file(json_object_get_string_member(entry, "file"));
        g_autoptr(GBytes) upp = load_file(json_object_get_string_member(entry, "upp"));

        /* Its blocks are of sizes that we never make. */
        if (json_object_has_member(entry, "ppk"))
            continue;
        check_entry(entry, package, upp);
        checked++;
    }
    list = json_object_get_array_member(root, "small");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        g_autoptr(GBytes) package = hex_member(entry, "bpp");
        g_autoptr(GBytes) upp = hex_member(entry, "upp_hex");

        check_entry(entry, package, upp);
        checked++;
    }
    g_assert_cmpuint(checked, ==, 11);
}

/* ---- an eUICC of its own ---- */

typedef struct {
    guint8 mcv[16], enc[16], mac[16];
    guint counter;
    guint blocks;
    GByteArray *metadata, *elements, *configure;
    guint replaced_at; /* number of the block with BF26 */
} Opener;

static void derive(Opener *opener, const guint8 *z, GBytes *info)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    guint8 keys[48];
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)z, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)g_bytes_get_data(info, NULL),
                                          g_bytes_get_size(info)),
        OSSL_PARAM_construct_end(),
    };

    g_assert_cmpint(EVP_KDF_derive(context, keys, sizeof(keys), parameters), ==, 1);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    memcpy(opener->mcv, keys, 16);
    memcpy(opener->enc, keys + 16, 16);
    memcpy(opener->mac, keys + 32, 16);
    opener->counter = 1;
}

static void agree(EVP_PKEY *own, TlvSlice point, guint8 z[32])
{
    EVP_PKEY *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    gsize size = 32;

    g_assert_cmpint(EVP_PKEY_copy_parameters(peer, own), ==, 1);
    g_assert_cmpint(EVP_PKEY_set1_encoded_public_key(peer, point.data, point.size), ==, 1);
    g_assert_cmpint(EVP_PKEY_derive_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_derive_set_peer(context, peer), ==, 1);
    g_assert_cmpint(EVP_PKEY_derive(context, z, &size), ==, 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
}

static void cmac(const guint8 key[16], const GByteArray *input, guint8 out[16])
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, (char *)"AES-128-CBC", 0),
        OSSL_PARAM_construct_end(),
    };
    gsize size;

    g_assert_cmpint(EVP_MAC_init(context, key, 16, parameters), ==, 1);
    g_assert_cmpint(EVP_MAC_update(context, input->data, input->len), ==, 1);
    g_assert_cmpint(EVP_MAC_final(context, out, &size, 16), ==, 1);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}

static void run_aes(const EVP_CIPHER *cipher, gboolean encrypt, const guint8 *key, const guint8 *iv,
                    const guint8 *in, gsize size, guint8 *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done;

    g_assert_cmpint(EVP_CipherInit_ex(context, cipher, NULL, key, iv, encrypt), ==, 1);
    EVP_CIPHER_CTX_set_padding(context, 0);
    g_assert_cmpint(EVP_CipherUpdate(context, out, &done, in, (int)size), ==, 1);
    g_assert_cmpint(done, ==, (int)size);
    EVP_CIPHER_CTX_free(context);
}

/* Appends the content of BLOCK to OUT; FALSE for a wrong MAC. */
static gboolean open_block(Opener *opener, const Tlv *block, GByteArray *out)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    gsize size = block->value.size - 8;
    guint8 full[16], counter[16] = { 0 }, icv[16];
    g_autofree guint8 *plain = g_malloc(size + 1);

    g_byte_array_append(input, opener->mcv, 16);
    g_byte_array_append(input, block->raw.data, (guint)(block->raw.size - 8));
    cmac(opener->mac, input, full);
    opener->blocks++;
    if (memcmp(full, block->value.data + size, 8) != 0)
        return FALSE;
    memcpy(opener->mcv, full, 16);
    counter[14] = (guint8)(opener->counter >> 8);
    counter[15] = (guint8)opener->counter;
    opener->counter++;
    if (block->tag == 0x88) {
        g_byte_array_append(out, block->value.data, (guint)size);
        return TRUE;
    }
    run_aes(EVP_aes_128_ecb(), TRUE, opener->enc, NULL, counter, 16, icv);
    run_aes(EVP_aes_128_cbc(), FALSE, opener->enc, icv, block->value.data, size, plain);
    while (size > 0 && plain[size - 1] == 0)
        size--;
    g_assert_cmpuint(size, >, 0);
    g_assert_cmpuint(plain[size - 1], ==, 0x80);
    g_byte_array_append(out, plain, (guint)size - 1);
    return TRUE;
}

static gboolean open_blocks(Opener *opener, TlvSlice content, guint32 tag, GByteArray *out)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv block;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &block, &error)) {
        g_assert_cmpuint(block.tag, ==, tag);
        g_assert_cmpuint(block.raw.size, <=, 1020);
        if (!open_block(opener, &block, out))
            return FALSE;
    }
    g_assert_no_error(error);
    return TRUE;
}

static void replace(Opener *opener, const GByteArray *command)
{
    Tlv outer, field;

    g_assert_true(tlv_parse(tlv_slice(command->data, command->len), 0xBF26, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x80, &field));
    memcpy(opener->mcv, field.value.data, 16);
    g_assert_true(tlv_find(outer.value, 0x81, &field));
    memcpy(opener->enc, field.value.data, 16);
    g_assert_true(tlv_find(outer.value, 0x82, &field));
    memcpy(opener->mac, field.value.data, 16);
    opener->counter = 1;
    opener->replaced_at = opener->blocks;
}

/* Everything after BF23; FALSE as soon as a MAC is wrong. */
static gboolean open_package(Opener *opener, GBytes *bound)
{
    g_autoptr(GByteArray) command = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv package, part;

    g_assert_true(tlv_parse(slice(bound), 0xBF36, &package, NULL));
    tlv_reader_init(&reader, package.value);
    while (tlv_next(&reader, &part, &error)) {
        gboolean ok = TRUE;

        switch (part.tag) {
        case 0xBF23:
            break;
        case 0xA0:
            ok = open_blocks(opener, part.value, 0x87, opener->configure);
            break;
        case 0xA1:
            ok = open_blocks(opener, part.value, 0x88, opener->metadata);
            break;
        case 0xA2:
            ok = open_blocks(opener, part.value, 0x87, command);
            if (ok)
                replace(opener, command);
            break;
        case 0xA3:
            ok = open_blocks(opener, part.value, 0x86, opener->elements);
            break;
        default:
            g_assert_not_reached();
        }
        if (!ok)
            return FALSE;
    }
    g_assert_no_error(error);
    return TRUE;
}

typedef struct {
    EVP_PKEY *key, *one_time, *euicc;
    GBytes *point, *transaction, *host, *eid, *metadata, *upp;
    SimBindSetup setup;
    Opener opener;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonNode) node =
        json_from_string("{\"provider\": \"P\", \"name\": \"N\", \"icon\": 1000}", NULL);
    g_autoptr(GError) error = NULL;

    fixture->key = EVP_EC_gen("P-256");
    fixture->one_time = bsp_key_new(fixture->key, NULL);
    fixture->euicc = EVP_EC_gen("P-256");
    fixture->point = bsp_key_get_point(fixture->euicc);
    fixture->transaction = from_hex("0102030405060708");
    fixture->host = from_hex("4142434445");
    fixture->eid = from_hex("89049032118876543210123456789065");
    fixture->metadata = sim_metadata_make(ICCID, json_node_get_object(node), &error);
    g_assert_no_error(error);
    fixture->upp = sim_upp_generate(12000, ICCID, &error);
    g_assert_no_error(error);
    fixture->setup = (SimBindSetup){
        .transaction_id = slice(fixture->transaction),
        .key = fixture->key,
        .one_time = fixture->one_time,
        .euicc_point = slice(fixture->point),
        .host_id = slice(fixture->host),
        .eid = slice(fixture->eid),
        .metadata = slice(fixture->metadata),
        .upp = slice(fixture->upp),
        .dp_oid = "2.999.10",
    };
    fixture->opener.metadata = g_byte_array_new();
    fixture->opener.elements = g_byte_array_new();
    fixture->opener.configure = g_byte_array_new();
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    EVP_PKEY_free(fixture->key);
    EVP_PKEY_free(fixture->one_time);
    EVP_PKEY_free(fixture->euicc);
    g_bytes_unref(fixture->point);
    g_bytes_unref(fixture->transaction);
    g_bytes_unref(fixture->host);
    g_bytes_unref(fixture->eid);
    g_bytes_unref(fixture->metadata);
    g_bytes_unref(fixture->upp);
    g_byte_array_unref(fixture->opener.metadata);
    g_byte_array_unref(fixture->opener.elements);
    g_byte_array_unref(fixture->opener.configure);
}

/* The eUICC's side: keys from what BF23 says. */
static void start(Fixture *fixture, GBytes *bound)
{
    g_autoptr(GBytes) info = from_hex("8810054142434445108904903211887654321012345678"
                                      "9065");
    guint8 z[32];
    Tlv package, channel, point;

    g_assert_true(tlv_parse(slice(bound), 0xBF36, &package, NULL));
    g_assert_true(tlv_find(package.value, 0xBF23, &channel));
    g_assert_true(tlv_find(channel.value, 0x5F49, &point));
    agree(fixture->euicc, point.value, z);
    derive(&fixture->opener, z, info);
}

static GBytes *make(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    GBytes *bound = sim_bind(&fixture->setup, &error);

    g_assert_no_error(error);
    start(fixture, bound);
    return bound;
}

static void check_content(Fixture *fixture)
{
    const Opener *opener = &fixture->opener;
    g_autofree char *configure = bytes_to_hex(opener->configure->data, opener->configure->len);

    g_assert_cmpstr(configure, ==, "BF2407B805800388370A");
    g_assert_true(tlv_slice_equal(tlv_slice(opener->metadata->data, opener->metadata->len),
                                  slice(fixture->metadata)));
    g_assert_true(tlv_slice_equal(tlv_slice(opener->elements->data, opener->elements->len),
                                  slice(fixture->upp)));
}

static void test_opened(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) bound = make(fixture);

    g_assert_true(open_package(&fixture->opener, bound));
    check_content(fixture);
    /* 87, two 88 for 1027 octets, twelve 86 for 12000. */
    g_assert_cmpuint(fixture->opener.blocks, ==, 1 + 2 + 12);
    g_assert_cmpuint(fixture->opener.counter, ==, 16);
}

/* The 86 blocks are the same in each binding; the others are not. */
static void test_replaced_keys(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    const BspSession ppk = { .mcv = { 1 }, .s_enc = { 2 }, .s_mac = { 3 }, .counter = 1 };
    g_autoptr(GBytes) first = NULL, second = NULL;
    g_autoptr(EVP_PKEY) other = EVP_EC_gen("P-256");
    Tlv package, part[2], configure[2];

    fixture->setup.ppk = &ppk;
    first = make(fixture);
    g_assert_true(open_package(&fixture->opener, first));
    check_content(fixture);
    g_assert_cmpuint(fixture->opener.replaced_at, ==, 4);
    g_assert_cmpuint(fixture->opener.counter, ==, 13);

    fixture->setup.one_time = other;
    second = sim_bind(&fixture->setup, NULL);
    for (guint i = 0; i < 2; i++) {
        g_assert_true(tlv_parse(slice(i == 0 ? first : second), 0xBF36, &package, NULL));
        g_assert_true(tlv_find(package.value, 0xA3, &part[i]));
        g_assert_true(tlv_find(package.value, 0xA0, &configure[i]));
    }
    g_assert_true(tlv_slice_equal(part[0].raw, part[1].raw));
    g_assert_false(tlv_slice_equal(configure[0].raw, configure[1].raw));
}

static void test_wrong_mac(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) bound = NULL;

    fixture->setup.wrong_mac = 7;
    bound = make(fixture);
    g_assert_false(open_package(&fixture->opener, bound));
    g_assert_cmpuint(fixture->opener.blocks, ==, 7);
}

static void test_refused(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) compressed = from_hex("02" ICCID "0");
    SimBindSetup setup = fixture->setup;

    setup.euicc_point = slice(compressed);
    g_assert_null(sim_bind(&setup, NULL));
    setup = fixture->setup;
    setup.dp_oid = "no OID";
    g_assert_null(sim_bind(&setup, NULL));
    setup = fixture->setup;
    setup.elements_size = 1024;
    g_assert_null(sim_bind(&setup, NULL));
}

/* ---- packages and metadata ---- */

static void test_generated(void)
{
    static const gsize sizes[] = {
        300, 301, 427, 428, 429, 430, 1099, 12000, 12288, 120000, 122880
    };

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) upp = sim_upp_generate(sizes[i], ICCID, &error);
        g_autoptr(GBytes) again = sim_upp_generate(sizes[i], ICCID, NULL);
        g_autofree char *iccid = NULL, *type = NULL;

        g_assert_no_error(error);
        g_assert_cmpuint(g_bytes_get_size(upp), ==, sizes[i]);
        g_assert_true(g_bytes_equal(upp, again));
        g_assert_true(tlv_validate(slice(upp), NULL));
        g_assert_true(sim_upp_read_header(slice(upp), &iccid, &type, NULL));
        g_assert_cmpstr(iccid, ==, ICCID);
        g_assert_cmpstr(type, ==, "generated");
    }
    /* Each size of a range in which the length octets grow. */
    for (gsize size = 300; size < 1400; size++) {
        g_autoptr(GBytes) upp = sim_upp_generate(size, ICCID, NULL);

        g_assert_nonnull(upp);
        g_assert_cmpuint(g_bytes_get_size(upp), ==, size);
    }
    g_assert_null(sim_upp_generate(200, ICCID, NULL));
    g_assert_null(sim_upp_generate(12000, "abc", NULL));
}

static void test_header(void)
{
    g_autoptr(GBytes) upp = load_file("upp-12k.der"), garbage = from_hex("A1020102");
    g_autofree char *iccid = NULL, *type = NULL;

    g_assert_true(sim_upp_read_header(slice(upp), &iccid, &type, NULL));
    g_assert_cmpstr(iccid, ==, "89001011223344556672");
    g_assert_cmpstr(type, ==, "euiccd synthetic A");
    g_assert_false(sim_upp_read_header(slice(garbage), &iccid, NULL, NULL));
}

static void test_metadata(void)
{
    static const struct {
        const char *members, *hex;
    } rows[] = {
        { "{\"provider\": \"SP\", \"name\": \"N\"}",
          "BF25135A0A988842070001009099F89102535092014E" },
        { "{\"provider\": \"\", \"name\": \"N\", \"ppr\": 6, \"class\": \"test\","
          " \"fallbackAllowed\": true}",
          "BF251C5A0A988842070001009099F8910092014E950100990205609F6701FF" },
        { "{\"name\": \"N\", \"class\": \"operational\", \"explicitClass\": true, \"icon\": "
          "\"AABB\","
          " \"notifications\": [{\"events\": [\"install\", \"delete\"], \"address\": \"a.b\"}],"
          " \"owner\": {\"mccMnc\": \"00F110\", \"gid1\": \"\"}}",
          "BF25315A0A988842070001009099F8910092014E9301019402AABB950102B60B3009800204908103612E62"
          "B707800300F1108100" },
    };
    static const char *const bad[] = {
        "{\"colour\": \"red\"}",    "{\"class\": \"gold\"}",
        "{\"icon\": \"xy\"}",       "{\"notifications\": [{\"events\": [\"sleep\"]}]}",
        "{\"notifications\": [7]}", "{\"extra\": \"1\"}"
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonNode) node = json_from_string(rows[i].members, NULL);
        g_autoptr(GBytes) made = sim_metadata_make(ICCID, json_node_get_object(node), NULL);
        g_autofree char *hex = NULL;

        g_assert_nonnull(made);
        hex = bytes_gbytes_to_hex(made);
        g_assert_cmpstr(hex, ==, rows[i].hex);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(JsonNode) node = json_from_string(bad[i], NULL);

        g_test_message("%s", bad[i]);
        g_assert_null(sim_metadata_make(ICCID, json_node_get_object(node), NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/bind/vectors", test_vectors);
    g_test_add("/sim/bind/opened", Fixture, NULL, set_up, test_opened, tear_down);
    g_test_add("/sim/bind/replaced-keys", Fixture, NULL, set_up, test_replaced_keys, tear_down);
    g_test_add("/sim/bind/wrong-mac", Fixture, NULL, set_up, test_wrong_mac, tear_down);
    g_test_add("/sim/bind/refused", Fixture, NULL, set_up, test_refused, tear_down);
    g_test_add_func("/sim/bind/generated", test_generated);
    g_test_add_func("/sim/bind/header", test_header);
    g_test_add_func("/sim/bind/metadata", test_metadata);
    return g_test_run();
}
