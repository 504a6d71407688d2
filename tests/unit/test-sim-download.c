/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Profile downloads to the virtual eUICC: the session up to PrepareDownload, and packages that were bound
 * elsewhere. */

#include <string.h>

#include "sim-download-rig.h"
#include "sim/crypto.h"
#include "util/bytes.h"

#define OTHER_PROFILE "\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\"}]"

static JsonObject *find_entry(JsonParser *parser, const char *list, const char *id)
{
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *entries = json_object_get_array_member(root, list);

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);

        if (g_str_equal(json_object_get_string_member(entry, "id"), id))
            return entry;
    }
    g_error("there is no '%s'", id);
}

static GBytes *hex_member(JsonObject *object, const char *member)
{
    return world_bytes(json_object_get_string_member(object, member));
}

static const char *folder_of(JsonObject *entry)
{
    return g_str_equal(json_object_get_string_member(entry, "curve"), "P-256") ? "nist"
                                                                               : "brainpool";
}

/* ---- known messages ---- */

/* The first request of a recorded download, also that of an SM-DS; the challenge is that of the record. */
static void test_recorded_authentication(void)
{
    static const char *const ids[] = { "serverSigned1/nist", "serverSigned1-smds/nist",
                                       "serverSigned1/brainpool", "serverSigned1-smds/brainpool" };
    g_autoptr(JsonParser) parser = world_load_json("crypto.json");

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        JsonObject *entry = find_entry(parser, "signatures", ids[i]);
        g_autoptr(Rig) rig = rig_new(folder_of(entry), OTHER_PROFILE);
        g_autoptr(GBytes) request = hex_member(entry, "message");
        g_autoptr(GBytes) answer = NULL, answered = NULL, info2 = NULL;
        g_autofree char *hex = NULL, *behaviour = NULL;
        Tlv outer, server, challenge, arm, own, signature, field;

        g_test_message("%s", ids[i]);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(request), 0xBF38, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0x30, &server));
        g_assert_true(tlv_find(server.value, 0x81, &challenge));
        hex = bytes_to_hex(challenge.value.data, challenge.value.size);
        behaviour = g_strdup_printf("{\"challenge\": \"%s\"}", hex);
        world_behave(rig->world, behaviour);
        rig_get_challenge(rig);
        answer = world_es10(rig->world, request);
        g_assert_nonnull(answer);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(answer), 0xBF38, &outer, NULL));
        g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
        g_assert_true(tlv_find(arm.value, 0x30, &own));
        g_assert_true(tlv_find(arm.value, 0x5F37, &signature));
        g_assert_true(
            sim_verify(rig->world->euicc_key, own.raw.data, own.raw.size, signature.value));
        /* EUICCInfo2 is the card's own one, octet for octet. */
        g_assert_true(tlv_find(own.value, 0xBF22, &field));
        info2 = world_es10_hex(rig->world, "BF2200");
        g_assert_true(tlv_slice_equal(field.raw, tlv_slice_from_bytes(info2)));
        /* The certificates stand behind. */
        answered = rig_load(folder_of(entry), "euicc.der");
        g_assert_cmpint(memcmp(signature.raw.data + signature.raw.size,
                               g_bytes_get_data(answered, NULL), g_bytes_get_size(answered)),
                        ==, 0);
    }
}

/* Requests with a signature that is good, but over other bytes. */
static void test_wrong_signature_inputs(void)
{
    g_autoptr(JsonParser) parser = world_load_json("crypto.json");
    JsonObject *entry = find_entry(parser, "signatures", "serverSigned1/nist");
    JsonArray *refused = json_object_get_array_member(entry, "refused");

    g_assert_cmpuint(json_array_get_length(refused), >, 0);
    for (guint i = 0; i < json_array_get_length(refused); i++) {
        const char *message = json_object_get_string_member(entry, "message");
        const char *wrong =
            json_object_get_string_member(json_array_get_object_element(refused, i), "signature");
        const char *right = json_object_get_string_member(entry, "signature");
        g_auto(GStrv) parts = g_strsplit(message, right, 2);
        g_autofree char *request = g_strconcat(parts[0], wrong, parts[1], NULL);
        g_autoptr(Rig) rig = rig_new("nist", "");

        world_behave(rig->world, "{\"challenge\": \"ADC3F2C4FE23F66A7EC0D3F87FD4C510\"}");
        rig_get_challenge(rig);
        world_assert_ask(rig->world, request,
                         "BF3817A115801070E1A9F3D2060243B233978FAADA52D2020102");
    }
}

static void force_key(Rig *rig, JsonObject *entry)
{
    g_autofree char *behaviour =
        g_strdup_printf("{\"otSk\": \"%s\"}", json_object_get_string_member(entry, "otsk_euicc"));

    world_behave(rig->world, behaviour);
}

static void assert_profile(Rig *rig, JsonObject *entry)
{
    g_autofree char *command = NULL;
    g_autoptr(GBytes) metadata = hex_member(entry, "store_metadata");
    g_autoptr(GBytes) list = NULL;
    static const guint32 same[] = { 0x5A, 0x91, 0x92, 0x93, 0x94, 0xB6, 0xB7 };
    g_autofree char *iccid = NULL;
    Tlv outer, arm, info, whole, wanted, seen;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(metadata), 0xBF25, &whole, NULL));
    g_assert_true(tlv_find(whole.value, 0x5A, &wanted));
    iccid = bytes_to_hex(wanted.value.data, wanted.value.size);
    command = g_strdup_printf("BF2D1BA00C5A0A%s5C0B5A9F709192939495B6B7B8", iccid);
    list = world_es10_hex(rig->world, command);
    g_assert_nonnull(list);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(list), 0xBF2D, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
    g_assert_true(tlv_parse(arm.value, 0xE3, &info, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        gboolean there = tlv_find(whole.value, same[i], &wanted);

        g_assert_cmpint(tlv_find(info.value, same[i], &seen), ==, there);
        if (there)
            g_assert_true(tlv_slice_equal(seen.raw, wanted.raw));
    }
    g_assert_true(tlv_find(info.value, 0x9F70, &seen));
    g_assert_cmpuint(seen.value.data[0], ==, 0);
    g_assert_true(tlv_find(info.value, 0x95, &seen));
    g_assert_cmpuint(seen.value.data[0], ==, 2);
    g_assert_cmpint(tlv_find(info.value, 0xB8, &seen), ==,
                    !g_str_equal(json_object_get_string_member(entry, "configure_isdp"), "BF2400"));
}

/* Sends the commands of a package of bpp.json as that file lists them. */
static GBytes *send_commands(Rig *rig, JsonObject *entry, GBytes *package)
{
    JsonArray *commands = json_object_get_array_member(entry, "es10b_commands");
    const guint8 *data = g_bytes_get_data(package, NULL);

    for (guint i = 0; i < json_array_get_length(commands); i++) {
        JsonArray *range = json_array_get_array_element(commands, i);
        g_autoptr(GBytes) command = g_bytes_new(data + json_array_get_int_element(range, 0),
                                                (gsize)json_array_get_int_element(range, 1));
        GBytes *answer = world_es10(rig->world, command);

        g_assert_nonnull(answer);
        if (g_bytes_get_size(answer) > 0) {
            g_assert_cmpuint(i + 1, ==, json_array_get_length(commands));
            return answer;
        }
        g_bytes_unref(answer);
    }
    return NULL;
}

static void install_package(JsonObject *entry, GBytes *package)
{
    g_autoptr(Rig) rig = rig_new(folder_of(entry), OTHER_PROFILE ", \"nextSeqNumber\": 5");
    g_autoptr(GBytes) point = hex_member(entry, "otpk_euicc");
    g_autoptr(GBytes) result = NULL;
    g_autoptr(JsonNode) node = NULL;
    JsonObject *profile;
    JsonArray *profiles;

    g_test_message("%s", json_object_get_string_member(entry, "id"));
    force_key(rig, entry);
    rig_open(rig, json_object_get_string_member(entry, "transaction_id"));
    g_assert_true(g_bytes_equal(rig->point, point));
    result = send_commands(rig, entry, package);
    rig_check_result(rig, result, -1, 0);
    assert_profile(rig, entry);
    world_reopen(rig->world);
    assert_profile(rig, entry);
    profiles = json_object_get_array_member(world_describe(rig->world, &node), "profiles");
    g_assert_cmpuint(json_array_get_length(profiles), ==, 2);
    profile = json_array_get_object_element(profiles, 1);
    g_assert_cmpint(json_object_get_int_member(profile, "size"), ==,
                    json_object_get_int_member(entry, "upp_length"));
}

static void test_bound_elsewhere(void)
{
    g_autoptr(JsonParser) parser = world_load_json("bpp.json");
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *large = json_object_get_array_member(root, "bpp");

    g_assert_cmpuint(json_array_get_length(large), ==, 4);
    for (guint i = 0; i < json_array_get_length(large); i++) {
        JsonObject *entry = json_array_get_object_element(large, i);
        g_autoptr(GBytes) package = rig_load(NULL, json_object_get_string_member(entry, "file"));

        install_package(entry, package);
    }
}

/* The result of the 12 kB package is that of the record, all but the signature, which is random. */
static void test_recorded_result(void)
{
    g_autoptr(JsonParser) parser = world_load_json("crypto.json");
    g_autoptr(JsonParser) packages = world_load_json("bpp.json");

    for (guint i = 0; i < 2; i++) {
        JsonObject *recorded =
            find_entry(parser, "signatures", i ? "pir-success/brainpool" : "pir-success/nist");
        JsonObject *entry = find_entry(packages, "bpp", i ? "12k-ppk" : "12k");
        g_autoptr(GBytes) expected = hex_member(recorded, "input");
        g_autoptr(GBytes) package = rig_load(NULL, json_object_get_string_member(entry, "file"));
        g_autoptr(GBytes) result = NULL, listed = NULL;
        g_autoptr(Rig) rig =
            rig_new(i ? "brainpool" : "nist", OTHER_PROFILE ", \"nextSeqNumber\": 5");
        Tlv outer, data;

        force_key(rig, entry);
        rig_open(rig, json_object_get_string_member(entry, "transaction_id"));
        result = rig_send(rig, package);
        g_assert_nonnull(result);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(result), 0xBF37, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0xBF27, &data));
        g_assert_true(tlv_slice_equal(data.raw, tlv_slice_from_bytes(expected)));
        /* It stays on the card, the same octets. */
        listed = world_es10_hex(rig->world, "BF2B05A003800105");
        g_assert_true(tlv_parse(tlv_slice_from_bytes(listed), 0xBF2B, &outer, NULL));
        g_assert_true(tlv_parse(outer.value, 0xA0, &data, NULL));
        g_assert_true(tlv_slice_equal(data.value, tlv_slice_from_bytes(result)));
    }
}

/* "loadProfileElements(5), dataMismatch(13)…" to its two numbers; FALSE: success. */
static gboolean read_expected(const char *text, gint *command, gint *reason)
{
    const char *first = strchr(text, '('), *second = first ? strchr(first + 1, '(') : NULL;

    if (!second)
        return FALSE;
    *command = (gint)g_ascii_strtoll(first + 1, NULL, 10);
    *reason = (gint)g_ascii_strtoll(second + 1, NULL, 10);
    return TRUE;
}

static void test_small_packages(void)
{
    g_autoptr(JsonParser) parser = world_load_json("bpp.json");
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *small = json_object_get_array_member(root, "small");
    guint refused = 0;

    for (guint i = 0; i < json_array_get_length(small); i++) {
        JsonObject *entry = json_array_get_object_element(small, i);
        const char *expected = json_object_get_string_member(entry, "expect");
        g_autoptr(GBytes) package = hex_member(entry, "bpp");
        g_autoptr(GBytes) result = NULL;
        g_autoptr(Rig) rig = NULL;
        gint command, reason;

        if (g_str_has_prefix(expected, "as tiny-good") ||
            g_str_has_prefix(expected, "reaches the profile elements")) {
            install_package(entry, package);
            continue;
        }
        g_test_message("%s", json_object_get_string_member(entry, "id"));
        g_assert_true(read_expected(expected, &command, &reason));
        rig = rig_new(folder_of(entry), "");
        force_key(rig, entry);
        rig_open(rig, json_object_get_string_member(entry, "transaction_id"));
        result = rig_send(rig, package);
        rig_check_result(rig, result, command, reason);
        world_assert_ask(rig->world, "BF2D00", "BF2D02A000");
        refused++;
    }
    g_assert_cmpuint(refused, ==, 3);
}

static GBytes *change_package(JsonObject *change, GBytes *package)
{
    g_autofree guint8 *octets =
        g_memdup2(g_bytes_get_data(package, NULL), g_bytes_get_size(package));

    if (json_object_has_member(change, "swap")) {
        JsonArray *ranges = json_object_get_array_member(change, "swap");
        JsonArray *first = json_array_get_array_element(ranges, 0);
        JsonArray *second = json_array_get_array_element(ranges, 1);
        gsize size = (gsize)json_array_get_int_element(first, 1);
        guint8 *one = octets + json_array_get_int_element(first, 0);
        guint8 *two = octets + json_array_get_int_element(second, 0);
        g_autofree guint8 *kept = g_memdup2(one, size);

        memcpy(one, two, size);
        memcpy(two, kept, size);
    } else {
        g_autoptr(GBytes) replace = hex_member(change, "replace");

        memcpy(octets + json_object_get_int_member(change, "offset"),
               g_bytes_get_data(replace, NULL), g_bytes_get_size(replace));
    }
    return g_bytes_new(octets, g_bytes_get_size(package));
}

static void test_changed_packages(void)
{
    g_autoptr(JsonParser) parser = world_load_json("bpp.json");
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *changes = json_object_get_array_member(root, "changed");
    JsonObject *base = find_entry(parser, "bpp", "12k");
    g_autoptr(GBytes) package = rig_load(NULL, "bpp-12k.der");

    g_assert_cmpuint(json_array_get_length(changes), ==, 12);
    for (guint i = 0; i < json_array_get_length(changes); i++) {
        JsonObject *change = json_array_get_object_element(changes, i);
        g_autoptr(GBytes) changed = change_package(change, package);
        g_autoptr(Rig) rig = rig_new("nist", "");
        g_autoptr(GBytes) result = NULL;
        gint command, reason;

        g_test_message("%s", json_object_get_string_member(change, "id"));
        g_assert_true(
            read_expected(json_object_get_string_member(change, "expect"), &command, &reason));
        force_key(rig, base);
        rig_open(rig, json_object_get_string_member(base, "transaction_id"));
        result = rig_send(rig, changed);
        rig_check_result(rig, result, command, reason);
        world_assert_ask(rig->world, "BF2D00", "BF2D02A000");
        world_assert_numbers(rig->world, "", "1");
        /* It is over: nothing can be cancelled and no segment is known any more. */
        g_assert_cmpint(rig_cancel(rig, NULL, 5), ==, 5);
        world_assert_ask(rig->world, "8600", "6A88");
    }
}

/* ---- AuthenticateServer ---- */

static void test_authenticate_refusals(void)
{
    static const struct {
        AuthenticateOptions options;
        gint code;
    } rows[] = {
        { { .certificate = "negative/dpauth-wrong-oid.der" }, 1 },
        { { .certificate = "negative/dpauth-no-policy.der" }, 1 },
        { { .certificate = "negative/dpauth-wrong-keyusage.der" }, 1 },
        { { .certificate = "negative/dpauth-no-san.der" }, 1 },
        { { .certificate = "negative/dpauth-bad-signature.der" }, 1 },
        { { .certificate = "negative/dpauth-forged-issuer.der" }, 1 },
        { { .certificate = "negative/dpauth-foreign-ci.der" }, 7 },
        { { .certificate = "negative/dpauth-under-eum.der" }, 1 },
        { { .certificate = "dppb.der" }, 1 },
        { { .certificate = "dptls.der" }, 1 },
        { { .certificate = "ci.der" }, 1 },
        { { .wrong_signature = TRUE }, 2 },
        { { .wrong_challenge = TRUE }, 6 },
        { { .ci_id = "0102030405060708090A0B0C0D0E0F1011121314" }, 7 },
        { { .ci_id = "5BC7" }, 7 }, /* a truncated one is the IPA's to complete */
        /* A card has no clock. */
        { { .certificate = "negative/dpauth-expired.der" }, 0 },
        { { .certificate = "negative/dpauth-not-yet-valid.der" }, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Rig) rig = rig_new("nist", "");

        g_test_message("row %u", i);
        rig_get_challenge(rig);
        g_assert_cmpint(rig_authenticate(rig, &rows[i].options), ==, rows[i].code);
        /* The challenge serves once, whatever came of it. */
        g_assert_cmpint(rig_authenticate(rig, NULL), ==, 4);
        g_assert_cmpint(rig_prepare(rig, NULL), ==, rows[i].code ? 4 : 0);
    }
    {
        g_autoptr(Rig) rig = rig_new("nist", "");
        const AuthenticateOptions curve = { .certificate = "negative/dpauth-p384.der" };

        g_assert_cmpint(rig_authenticate(rig, NULL), ==, 4);
        rig_get_challenge(rig);
        g_assert_cmpint(rig_authenticate(rig, &curve), ==, 3);
        /* Malformed requests do not touch the session. */
        rig_get_challenge(rig);
        world_assert_ask(rig->world, "BF3800", "6A80");
        world_assert_ask(rig->world, "BF38023000", "6A80");
        g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
    }
}

/* One card under two CIs: the server's certificate decides about trust, the request about the key that
 * signs. */
static void test_two_cis(void)
{
    g_autofree char *nist = g_test_build_filename(G_TEST_DIST, "data", "pki", "nist", NULL);
    g_autofree char *brainpool =
        g_test_build_filename(G_TEST_DIST, "data", "pki", "brainpool", NULL);
    g_autofree char *setup = g_strdup_printf("\"pki\": [\"%s\", \"%s\"]", nist, brainpool);
    g_autofree char *key_path = g_build_filename(nist, "euicc.key.pem", NULL);
    const AuthenticateOptions other = { .ci_id = "5BC7C46681FD5E3CFE8940E15E1C2B53F9D2BF86" };
    g_autoptr(Rig) rig = rig_new("brainpool", setup);
    EVP_PKEY *brainpool_key = rig->world->euicc_key;
    g_autoptr(GBytes) package = NULL, result = NULL;

    rig_open(rig, NULL);
    package = rig_bind(rig, NULL);
    result = rig_send(rig, package);
    rig_check_result(rig, result, -1, 0);
    rig->world->euicc_key = sim_key_load(key_path, NULL);
    rig_get_challenge(rig);
    g_assert_cmpint(rig_authenticate(rig, &other), ==, 0);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 0);
    g_assert_cmpint(rig_cancel(rig, NULL, 1), ==, 0);
    EVP_PKEY_free(brainpool_key);
}

/* ---- PrepareDownload ---- */

static void test_prepare_refusals(void)
{
    static const struct {
        PrepareOptions options;
        gint code;
    } rows[] = {
        { { .transaction_id = "70E1A9F3D2060243B233978FAADA52D3" }, 5 },
        { { .transaction_id = "70" }, 5 },
        { { .certificate = "dpauth.der" }, 1 },
        { { .certificate = "negative/dppb-wrong-oid.der" }, 1 },
        { { .certificate = "negative/dppb-other-smdp.der" }, 1 },
        { { .certificate = "negative/dppb-bad-signature.der" }, 1 },
        { { .certificate = "dsauth.der" }, 1 },
        { { .wrong_signature = TRUE }, 2 },
        { { .confirm = TRUE }, 127 },
        { { .confirm = TRUE, .hash = "0102" }, 127 },
    };
    static const PrepareOptions good[] = {
        { .certificate = "negative/dppb-expired.der" },
        { .confirm = TRUE,
          .hash = "1D29CB0F29E23BA02D6174917A89A2FB6549B621CFAC162D0337CF3CC1E807ED" },
        /* Nobody asked for it: it is not taken over. */
        { .hash = "1D29CB0F29E23BA02D6174917A89A2FB6549B621CFAC162D0337CF3CC1E807ED" },
    };
    g_autoptr(Rig) rig = rig_new("nist", "");

    g_assert_cmpint(rig_prepare(rig, NULL), ==, 4);
    rig_get_challenge(rig);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 4);
    g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpint(rig_prepare(rig, &rows[i].options), ==, rows[i].code);
    }
    world_assert_ask(rig->world, "BF2100", "6A80");
    /* None of them ended the session. */
    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_cmpint(rig_prepare(rig, &good[i]), ==, 0);
    g_assert_cmpint(rig_cancel(rig, NULL, 127), ==, 0);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 4);
}

/* ---- CancelSession ---- */

static void test_cancel(void)
{
    static const guint reasons[] = { 0, 1, 2, 3, 4, 5, 127 };
    g_autoptr(Rig) rig = rig_new("brainpool", "");

    g_assert_cmpint(rig_cancel(rig, NULL, 0), ==, 5);
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++) {
        rig_get_challenge(rig);
        g_assert_cmpint(rig_cancel(rig, NULL, reasons[i]), ==, 5);
        g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
        if (i & 1)
            g_assert_cmpint(rig_prepare(rig, NULL), ==, 0);
        g_assert_cmpint(rig_cancel(rig, "70E1", reasons[i]), ==, 5);
        g_assert_cmpint(rig_cancel(rig, NULL, 6), ==, 127);
        g_assert_cmpint(rig_cancel(rig, NULL, reasons[i]), ==, 0);
        g_assert_cmpint(rig_cancel(rig, NULL, reasons[i]), ==, 5);
    }
    world_assert_numbers(rig->world, "", "");
}

/* The session goes with the power and with the next challenge. */
static void test_discarded(void)
{
    g_autoptr(Rig) rig = rig_new("nist", "");

    rig_open(rig, NULL);
    world_reset(rig->world);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 4);
    g_assert_cmpint(rig_cancel(rig, NULL, 0), ==, 5);
    rig_open(rig, NULL);
    rig_get_challenge(rig);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 4);
    g_assert_cmpint(rig_cancel(rig, NULL, 0), ==, 5);
    rig_open(rig, NULL);
    world_reopen(rig->world);
    g_assert_cmpint(rig_cancel(rig, NULL, 0), ==, 5);
}

/* ---- one-time key ---- */

static void reopen_with(Rig *rig, GBytes *otpk)
{
    const PrepareOptions options = { .otpk = otpk };

    world_reset(rig->world);
    rig_get_challenge(rig);
    g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
    g_assert_cmpint(rig_prepare(rig, &options), ==, 0);
}

static void test_one_time_key(void)
{
    g_autoptr(Rig) rig = rig_new("nist", "");
    g_autoptr(GBytes) first = NULL, second = NULL, package = NULL, result = NULL;
    g_autoptr(GBytes) foreign = g_bytes_new_static("no point", 8);

    rig_open(rig, NULL);
    first = g_bytes_ref(rig->point);
    package = rig_bind(rig, NULL);
    /* The SM-DP+ bound to it before: the same one, so that the same package fits. */
    reopen_with(rig, first);
    g_assert_true(g_bytes_equal(rig->point, first));
    reopen_with(rig, first);
    g_assert_true(g_bytes_equal(rig->point, first));
    result = rig_send(rig, package);
    rig_check_result(rig, result, -1, 0);
    /* After a result it is used up. */
    reopen_with(rig, first);
    g_assert_false(g_bytes_equal(rig->point, first));
    second = g_bytes_ref(rig->point);
    /* Not asked for, or for another one: a new one. */
    reopen_with(rig, NULL);
    g_assert_false(g_bytes_equal(rig->point, second));
    reopen_with(rig, second);
    g_assert_false(g_bytes_equal(rig->point, second));
    reopen_with(rig, foreign);
    g_assert_cmpuint(g_bytes_get_size(rig->point), ==, BSP_POINT_SIZE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/download/recorded-authentication", test_recorded_authentication);
    g_test_add_func("/sim/download/wrong-signature-inputs", test_wrong_signature_inputs);
    g_test_add_func("/sim/download/bound-elsewhere", test_bound_elsewhere);
    g_test_add_func("/sim/download/recorded-result", test_recorded_result);
    g_test_add_func("/sim/download/small-packages", test_small_packages);
    g_test_add_func("/sim/download/changed-packages", test_changed_packages);
    g_test_add_func("/sim/download/authenticate-refusals", test_authenticate_refusals);
    g_test_add_func("/sim/download/two-cis", test_two_cis);
    g_test_add_func("/sim/download/prepare-refusals", test_prepare_refusals);
    g_test_add_func("/sim/download/cancel", test_cancel);
    g_test_add_func("/sim/download/discarded", test_discarded);
    g_test_add_func("/sim/download/one-time-key", test_one_time_key);
    return g_test_run();
}
