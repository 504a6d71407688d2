/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-card-world.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "sim/crypto.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

GBytes *world_bytes(const char *hex)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(hex, &error);

    g_assert_no_error(error);
    return bytes;
}

JsonParser *world_load_json(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return parser;
}

JsonObject *world_vector(const char *name)
{
    static JsonParser *parser;
    JsonArray *all;

    if (!parser)
        parser = world_load_json("asn1.json");
    all = json_node_get_array(json_parser_get_root(parser));
    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *entry = json_array_get_object_element(all, i);

        if (g_str_equal(json_object_get_string_member(entry, "name"), name))
            return entry;
    }
    g_error("there is no vector '%s'", name);
}

GBytes *world_vector_der(const char *name)
{
    return world_bytes(json_object_get_string_member(world_vector(name), "der"));
}

/* ---- keys.json ---- */

static JsonObject *find_key(JsonParser *parser, const char *name)
{
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *keys = json_object_get_array_member(root, "keys");

    for (guint i = 0; i < json_array_get_length(keys); i++) {
        JsonObject *key = json_array_get_object_element(keys, i);

        if (g_str_equal(json_object_get_string_member(key, "name"), name))
            return key;
    }
    g_error("there is no key '%s'", name);
}

/* ECPrivateKey (RFC 5915) from the numbers. */
static EVP_PKEY *make_key(JsonObject *entry)
{
    static const guint8 p256[] = { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
    g_autoptr(GBytes) private = world_bytes(json_object_get_string_member(entry, "private"));
    g_autoptr(GBytes) public = world_bytes(json_object_get_string_member(entry, "public"));
    g_autoptr(GByteArray) bits = g_byte_array_new();
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) der = NULL;
    const unsigned char *at;
    EVP_PKEY *key;

    g_byte_array_append(bits, (const guint8 *)"", 1);
    g_byte_array_append(bits, g_bytes_get_data(public, NULL), (guint)g_bytes_get_size(public));
    tlv_open(writer, 0x30);
    tlv_put_integer(writer, 0x02, 1);
    tlv_put_slice(writer, 0x04, tlv_slice_from_bytes(private));
    tlv_open(writer, 0xA0);
    tlv_put(writer, 0x06, p256, sizeof(p256));
    tlv_close(writer);
    tlv_open(writer, 0xA1);
    tlv_put(writer, 0x03, bits->data, bits->len);
    tlv_close(writer);
    tlv_close(writer);
    der = tlv_writer_finish(g_steal_pointer(&writer));
    at = g_bytes_get_data(der, NULL);
    key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)g_bytes_get_size(der));
    g_assert_nonnull(key);
    return key;
}

static void write_file(World *world, const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(world->folder, name, NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, data, (gssize)size, &error);
    g_assert_no_error(error);
}

static void write_certificate(World *world, JsonParser *parser, const char *key, const char *name)
{
    g_autoptr(GBytes) der =
        world_bytes(json_object_get_string_member(find_key(parser, key), "certificate"));

    write_file(world, name, g_bytes_get_data(der, NULL), g_bytes_get_size(der));
}

static World *make_folder(void)
{
    World *world = g_new0(World, 1);
    g_autoptr(GError) error = NULL;

    world->folder = g_dir_make_tmp("sim-card-XXXXXX", &error);
    g_assert_no_error(error);
    world->path = g_build_filename(world->folder, "card.json", NULL);
    world->block = 255;
    return world;
}

static void make_card(World *world, const char *setup)
{
    g_autoptr(GError) error = NULL;

    sim_card_create(world->path, setup, &error);
    g_assert_no_error(error);
    world->card = sim_card_open(world->path, &error);
    g_assert_no_error(error);
    world->eid = sim_card_get_eid(world->card);
}

static const char default_setup[] =
    "{\"profiles\": ["
    "{\"iccid\": \"8900010123456789012\", \"aid\": \"A0000005591010FFFFFFFF8900001100\","
    " \"state\": \"enabled\", \"name\": \"IoT 1\", \"provider\": \"Example MNO\","
    " \"notifications\": [{\"events\": [\"enable\"], \"address\": \"smdp.example.com\"},"
    " {\"events\": [\"disable\", \"delete\"], \"address\": \"notify.example.net\"}]},"
    "{\"iccid\": \"8900010123456789026\", \"aid\": \"A0000005591010FFFFFFFF8900001200\","
    " \"name\": \"IoT 2\", \"provider\": \"Second\", \"fallbackAllowed\": true,"
    " \"notifications\": [{\"events\": [\"enable\", \"disable\", \"delete\"],"
    " \"address\": \"smdp.example.com\"}]}],"
    " \"eid\": \"89049032123451234512345678901235\", \"nextSeqNumber\": 21, \"nextToken\": 3}";

/* A5{A0{…}} for the public key. */
static char *make_key_choice(EVP_PKEY *key)
{
    unsigned char *spki = NULL;
    int size = i2d_PUBKEY(key, &spki);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) bytes = NULL;
    Tlv whole;

    g_assert_true(tlv_parse(tlv_slice(spki, (gsize)size), 0x30, &whole, NULL));
    tlv_open(writer, 0xA5);
    tlv_put_slice(writer, 0xA0, whole.value);
    tlv_close(writer);
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    OPENSSL_free(spki);
    return bytes_gbytes_to_hex(bytes);
}

World *world_new(const char *members)
{
    World *world = make_folder();
    g_autoptr(JsonParser) keys = world_load_json("keys.json");
    g_autoptr(JsonNode) setup = json_from_string(default_setup, NULL);
    g_autofree char *wrapped = g_strdup_printf("{%s}", members);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) changes = json_from_string(wrapped, &error);
    g_autofree char *key_choice = NULL;
    g_autofree char *eims = NULL;
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) eim_node = NULL;
    g_autoptr(GList) names = NULL;
    JsonObject *object;
    char *pem = NULL;
    long pem_size;
    BIO *bio = BIO_new(BIO_s_mem());

    g_assert_no_error(error);
    world->euicc_key = make_key(find_key(keys, "euicc"));
    world->eim_key = make_key(find_key(keys, "eimsign"));
    world->token = 1;
    write_certificate(world, keys, "ci", "ci.der");
    write_certificate(world, keys, "eum", "eum.der");
    write_certificate(world, keys, "euicc", "euicc.der");
    PEM_write_bio_PrivateKey(bio, world->euicc_key, NULL, NULL, 0, NULL, NULL);
    pem_size = BIO_get_mem_data(bio, &pem);
    write_file(world, "euicc.key.pem", pem, (gsize)pem_size);
    BIO_free(bio);

    object = json_node_get_object(setup);
    json_object_set_string_member(object, "pki", world->folder);
    key_choice = make_key_choice(world->eim_key);
    eims = g_strdup_printf(
        "[{\"eimId\": \"" WORLD_EIM_ID "\", \"eimFqdn\": \"" WORLD_EIM_ID
        "\", \"eimIdType\": 2, \"counter\": 4, \"token\": 1, \"publicKey\": \"%s\"}]",
        key_choice);
    eim_node = json_from_string(eims, NULL);
    json_object_set_member(object, "eims", g_steal_pointer(&eim_node));
    names = json_object_get_members(json_node_get_object(changes));
    for (GList *name = names; name; name = name->next)
        json_object_set_member(object, name->data,
                               json_object_dup_member(json_node_get_object(changes), name->data));
    text = json_to_string(setup, FALSE);
    make_card(world, text);
    return world;
}

World *world_new_pki(const char *curve, const char *setup)
{
    World *world = make_folder();
    g_autofree char *pki = g_test_build_filename(G_TEST_DIST, "data", "pki", curve, NULL);
    g_autofree char *euicc_path = g_build_filename(pki, "euicc.key.pem", NULL);
    g_autofree char *eim_path = g_build_filename(pki, "eim.key.pem", NULL);
    g_autofree char *text = g_strdup_printf("{\"pki\": \"%s\"%s%s}", pki, *setup ? "," : "", setup);
    g_autoptr(GError) error = NULL;

    world->euicc_key = sim_key_load(euicc_path, &error);
    g_assert_no_error(error);
    world->eim_key = sim_key_load(eim_path, &error);
    g_assert_no_error(error);
    make_card(world, text);
    return world;
}

void world_free(World *world)
{
    static const char *const files[] = { "card.json", "ci.der", "eum.der", "euicc.der",
                                         "euicc.key.pem" };

    g_clear_pointer(&world->card, sim_card_free);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(world->folder, files[i], NULL);

        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(world->folder), ==, 0);
    EVP_PKEY_free(world->euicc_key);
    EVP_PKEY_free(world->eim_key);
    g_free(world->folder);
    g_free(world->path);
    g_free(world->eid);
    g_free(world);
}

void world_reopen(World *world)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&world->card, sim_card_free);
    world->card = sim_card_open(world->path, &error);
    g_assert_no_error(error);
    world->channel = 0;
}

void world_reset(World *world)
{
    sim_card_reset(world->card);
    world->channel = 0;
}

/* ---- APDUs ---- */

GBytes *world_apdu(World *world, const char *hex)
{
    g_autoptr(GBytes) apdu = world_bytes(hex);

    return sim_card_transmit(world->card, g_bytes_get_data(apdu, NULL), g_bytes_get_size(apdu));
}

static guint status_of(GBytes *answer)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(answer, &size);

    g_assert_cmpuint(size, >=, 2);
    return (guint)data[size - 2] << 8 | data[size - 1];
}

guint world_sw(World *world, const char *hex)
{
    g_autoptr(GBytes) answer = world_apdu(world, hex);

    g_assert_cmpuint(g_bytes_get_size(answer), ==, 2);
    return status_of(answer);
}

void world_connect(World *world)
{
    g_autoptr(GBytes) opened = NULL;
    const guint8 *data;

    g_assert_cmphex(world_sw(world, "80AA000005A903840101"), ==, 0x9000);
    opened = world_apdu(world, "0070000001");
    g_assert_cmpuint(g_bytes_get_size(opened), ==, 3);
    g_assert_cmphex(status_of(opened), ==, 0x9000);
    data = g_bytes_get_data(opened, NULL);
    g_assert_cmpuint(data[0], <, 4);
    world->channel = data[0];
    {
        g_autofree char *select =
            g_strdup_printf("%02XA4040C10A0000005591010FFFFFFFF8900000100", world->channel);

        g_assert_cmphex(world_sw(world, select), ==, 0x9000);
    }
}

/* Collects the answer of the last block. */
static GBytes *collect(World *world, GBytes *answer)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autoptr(GBytes) part = g_bytes_ref(answer);

    for (;;) {
        gsize size = g_bytes_get_size(part);
        guint sw = status_of(part);
        guint8 get[5] = { (guint8)world->channel, 0xC0, 0, 0, (guint8)sw };

        g_byte_array_append(all, g_bytes_get_data(part, NULL), (guint)(size - 2));
        world->last_sw = sw;
        if (sw >> 8 != 0x61 && sw >> 8 != 0x6C)
            break;
        g_clear_pointer(&part, g_bytes_unref);
        part = sim_card_transmit(world->card, get, sizeof(get));
        if (g_bytes_get_size(part) == 0)
            return NULL;
    }
    if (world->last_sw != 0x9000 && world->last_sw >> 8 != 0x91)
        return NULL;
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

GBytes *world_es10(World *world, GBytes *command)
{
    gsize size, at = 0;
    const guint8 *data = g_bytes_get_data(command, &size);

    if (world->channel == 0)
        world_connect(world);
    for (guint block = 0;; block++) {
        gsize part = MIN(size - at, world->block);
        gboolean last = at + part == size;
        g_autoptr(GByteArray) apdu = g_byte_array_new();
        g_autoptr(GBytes) answer = NULL;
        guint8 header[5] = { (guint8)(0x80 | world->channel), 0xE2, last ? 0x91 : 0x11,
                             (guint8)block, (guint8)part };

        g_byte_array_append(apdu, header, sizeof(header));
        g_byte_array_append(apdu, data + at, (guint)part);
        answer = sim_card_transmit(world->card, apdu->data, apdu->len);
        at += part;
        if (g_bytes_get_size(answer) == 0) {
            world->last_sw = 0;
            return NULL;
        }
        if (last)
            return collect(world, answer);
        world->last_sw = status_of(answer);
        if (world->last_sw != 0x9000)
            return NULL;
    }
}

GBytes *world_es10_hex(World *world, const char *hex)
{
    g_autoptr(GBytes) command = world_bytes(hex);

    return world_es10(world, command);
}

char *world_ask(World *world, const char *hex)
{
    g_autoptr(GBytes) answer = world_es10_hex(world, hex);

    return answer ? bytes_gbytes_to_hex(answer) : g_strdup_printf("%04X", world->last_sw);
}

/* ---- packages ---- */

static GBytes *with_token(GBytes *object, gint64 token)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_put_raw_bytes(writer, object);
    tlv_put_integer(writer, 0x84, token);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *world_package(World *world, gint64 counter, const char *list)
{
    g_autoptr(GBytes) list_bytes = world_bytes(list);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) package = NULL;
    g_autoptr(GBytes) input = NULL;
    g_autoptr(GBytes) signature = NULL;
    g_autoptr(GError) error = NULL;
    guint8 eid[EID_SIZE];

    g_assert_true(eid_from_string(world->eid, eid, NULL));
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, WORLD_EIM_ID);
    tlv_put(writer, 0x5A, eid, sizeof(eid));
    tlv_put_integer(writer, 0x81, counter);
    tlv_put(writer, 0x82, "\xE1\xE2\xE3\xE4", 4);
    tlv_put_raw_bytes(writer, list_bytes);
    tlv_close(writer);
    package = tlv_writer_finish(g_steal_pointer(&writer));
    input = with_token(package, world->token);
    signature =
        sim_sign(world->eim_key, g_bytes_get_data(input, NULL), g_bytes_get_size(input), &error);
    g_assert_no_error(error);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF51);
    tlv_put_raw_bytes(writer, package);
    tlv_put_slice(writer, 0x5F37, tlv_slice_from_bytes(signature));
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *world_check_result(World *world, GBytes *answer, guint32 arm)
{
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GBytes) input = NULL;
    Tlv outer, inner, object, signature;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(answer), 0xBF51, &outer, NULL));
    if (!tlv_parse(outer.value, arm, &inner, NULL))
        return NULL;
    g_assert_true(tlv_find(inner.value, 0x30, &object));
    g_assert_true(tlv_find(inner.value, 0x5F37, &signature));
    g_assert_cmpuint(object.raw.size + signature.raw.size, ==, inner.value.size);
    data = tlv_slice_to_bytes(object.raw);
    input = with_token(data, world->token);
    g_assert_true(sim_verify(world->euicc_key, g_bytes_get_data(input, NULL),
                             g_bytes_get_size(input), signature.value));
    return g_steal_pointer(&data);
}

char *world_run(World *world, gint64 counter, const char *list)
{
    g_autoptr(GBytes) package = world_package(world, counter, list);
    g_autoptr(GBytes) answer = world_es10(world, package);
    g_autoptr(GBytes) data = NULL;
    Tlv object, result;

    if (!answer)
        return g_strdup_printf("%04X", world->last_sw);
    data = world_check_result(world, answer, 0xA0);
    if (!data) {
        data = world_check_result(world, answer, 0xA1);
        if (!data)
            return g_strdup("unsigned");
        g_assert_true(tlv_parse(tlv_slice_from_bytes(data), 0x30, &object, NULL));
        g_assert_true(tlv_find(object.value, 0x02, &result));
        return g_strdup_printf("error %u", result.value.data[0]);
    }
    g_assert_true(tlv_parse(tlv_slice_from_bytes(data), 0x30, &object, NULL));
    g_assert_true(tlv_find(object.value, 0x30, &result));
    return bytes_to_hex(result.value.data, result.value.size);
}

/* ---- state ---- */

char *world_state(World *world)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(world->path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

JsonObject *world_describe(World *world, JsonNode **ret_node)
{
    g_autofree char *text = sim_card_describe(world->card);
    g_autoptr(GError) error = NULL;

    *ret_node = json_from_string(text, &error);
    g_assert_no_error(error);
    return json_node_get_object(*ret_node);
}

/* ---- assertions ---- */

void world_assert_ask(World *world, const char *command, const char *expected)
{
    g_autofree char *answer = world_ask(world, command);

    g_assert_cmpstr(answer, ==, expected);
}

void world_assert_run(World *world, gint64 counter, const char *list, const char *expected)
{
    g_autofree char *answer = world_run(world, counter, list);

    g_assert_cmpstr(answer, ==, expected);
}

void world_assert_enabled(World *world, const char *digits)
{
    g_autofree char *iccid = sim_card_get_enabled_iccid(world->card);

    g_assert_cmpstr(iccid, ==, digits);
}

void world_behave(World *world, const char *json)
{
    g_autoptr(GError) error = NULL;

    sim_card_set_behaviour(world->card, json, &error);
    g_assert_no_error(error);
}

void world_assert_apdu(World *world, const char *command, const char *expected)
{
    g_autoptr(GBytes) answer = world_apdu(world, command);
    g_autofree char *hex = bytes_gbytes_to_hex(answer);

    g_assert_cmpstr(hex, ==, expected);
}

/* Numbers of the stored objects, "21 22" for MEMBER "results" or "notifications". */
static char *list_numbers(World *world, const char *member)
{
    g_autoptr(JsonNode) node = NULL;
    JsonArray *array = json_object_get_array_member(world_describe(world, &node), member);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(array); i++)
        g_string_append_printf(
            text, "%s%" G_GINT64_FORMAT, i ? " " : "",
            json_object_get_int_member(json_array_get_object_element(array, i), "seqNumber"));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void world_assert_numbers(World *world, const char *results, const char *notifications)
{
    g_autofree char *found_results = list_numbers(world, "results");
    g_autofree char *found_notifications = list_numbers(world, "notifications");

    g_assert_cmpstr(found_results, ==, results);
    g_assert_cmpstr(found_notifications, ==, notifications);
}
