/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The virtual eUICC driven by APDUs: channels, transport, profile changes, functions. */

#include <string.h>

#include "sim-card-world.h"
#include "sim/crypto.h"
#include "util/bytes.h"

/* ---- channels ---- */

static void test_channels(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"channels\": 3}");
    g_autoptr(JsonNode) node = NULL;

    g_assert_cmphex(world_sw(world, "01A4040C10A0000005591010FFFFFFFF8900000100"), ==, 0x6881);
    world_assert_apdu(world, "0070000001", "019000");
    world_assert_apdu(world, "0070000300", "9000");
    world_assert_apdu(world, "0070000300", "6A81");
    world_assert_apdu(world, "0070000001", "029000");
    world_assert_apdu(world, "0070000001", "6A81");
    world_assert_apdu(world, "0070800200", "9000");
    world_assert_apdu(world, "0070800200", "6881");
    world_assert_apdu(world, "0070800000", "6A86");
    world_assert_apdu(world, "00700000", "6C01");
    world_assert_apdu(world, "0070000002", "6C01");
    world_assert_apdu(world, "0070001400", "6A86");
    world_assert_apdu(world, "0070010000", "6A86");
    world_assert_apdu(world, "0370800000", "9000");
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(
                         world_describe(world, &node), "openChannels")),
                     ==, 1);
    world_reset(world);
    world_assert_apdu(world, "0070000001", "019000");
}

/* All 19 channels and the class bytes that belong to them. */
static void test_class_bytes(void)
{
    g_autoptr(World) world =
        world_new("\"behaviour\": {\"channels\": 19, \"response\": \"direct\"}");

    g_assert_cmphex(world_sw(world, "80AA000005A903840101"), ==, 0x9000);
    for (guint channel = 1; channel < 20; channel++) {
        guint interindustry = channel < 4 ? channel : 0x40 + channel - 4;
        guint proprietary = channel < 4 ? 0x80 + channel : 0xC0 + channel - 4;
        g_autofree char *opened = g_strdup_printf("%02X9000", channel);
        g_autofree char *select =
            g_strdup_printf("%02XA4040010A0000005591010FFFFFFFF8900000100", interindustry);
        g_autofree char *store = g_strdup_printf("%02XE2910006" WORLD_GET_EID, proprietary);
        g_autofree char *wrong = g_strdup_printf("%02XE2910006" WORLD_GET_EID, interindustry);

        world_assert_apdu(world, "0070000001", opened);
        world_assert_apdu(world, store, "6D00");
        world_assert_apdu(world, select,
                          "6F1E8410A0000005591010FFFFFFFF8900000100A5049F6501FFE1048002064"
                          "09000");
        world_assert_apdu(world, store, WORLD_EID_ANSWER "9000");
        world_assert_apdu(world, wrong, "6D00");
    }
    world_assert_apdu(world, "0070000001", "6A81");
    world_assert_apdu(world, "0CA4040C10A0000005591010FFFFFFFF8900000100", "6E00");
    world_assert_apdu(world, "20A4040C10A0000005591010FFFFFFFF8900000100", "6E00");
    world_assert_apdu(world, "FFA4040C10A0000005591010FFFFFFFF8900000100", "6E00");
}

static void test_select(void)
{
    g_autoptr(World) world =
        world_new("\"ipaeSupported\": true, \"behaviour\": {\"needTerminalCapability\": false}");

    world_assert_apdu(world, "0070000001", "019000");
    world_assert_apdu(world, "01A4040410A0000005591010FFFFFFFF8900000100", "6120");
    world_assert_apdu(world, "01C0000020",
                      "6F1E8410A0000005591010FFFFFFFF8900000100A5049F6501FFE104800206C09000");
    world_assert_apdu(world, "01C0000021", "6985");
    world_assert_apdu(world, "01A4040C05A000000559", "9000");
    world_assert_apdu(world, "01A4040C04A0000005", "6A82");
    world_assert_apdu(world, "01A4040C07A0000000871002", "6A82");
    world_assert_apdu(world, "01A4000C023F00", "6A82");
    world_assert_apdu(world, "01A4040110A0000005591010FFFFFFFF8900000100", "6A86");
    /* A failed SELECT keeps the application. */
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6115");
}

/* ---- STORE DATA and GET RESPONSE ---- */

static void test_terminal_capability(void)
{
    g_autoptr(World) world = world_new("");

    world_assert_apdu(world, "0070000001", "019000");
    world_assert_apdu(world, "01A4040C10A0000005591010FFFFFFFF8900000100", "9000");
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6985");
    world_assert_apdu(world, "80AA000005A903830107", "9000"); /* an LPA is no IPA */
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6985");
    world_assert_apdu(world, "80AA000005A903840101", "9000");
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6115");
    world_assert_apdu(world, "80AA000003A90184", "6A80");
    world_assert_apdu(world, "80AA010005A903840101", "6A86");
    world_behave(world, "{\"lateTerminalCapability\": false}");
    world_assert_apdu(world, "80AA000005A903840101", "6985");
    world_reset(world);
    world_assert_apdu(world, "80AA000005A903840101", "9000");
}

static void test_store_data(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"maxBlock\": 120}");

    world_connect(world);
    world_assert_apdu(world, "81E2110003BF3E03", "9000");
    world_assert_apdu(world, "81E29101035C015A", "6115");
    world_assert_apdu(world, "01C0000010",
                      "BF3E125A108904903212345123451234"
                      "6105");
    world_assert_apdu(world, "01C0000006", "6C05");
    world_assert_apdu(world, "01C0000005", "56789012359000");
    /* ... with the Le of case 4, and in the proprietary class */
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID "00", "6115");
    world_assert_apdu(world, "81C0000000", WORLD_EID_ANSWER "9000");

    world_assert_apdu(world, "81E2800006" WORLD_GET_EID, "6A86");
    world_assert_apdu(world, "81E2910106" WORLD_GET_EID, "6A86"); /* does not start with block 0 */
    world_assert_apdu(world, "81E2110003BF3E03", "9000");
    world_assert_apdu(world, "81E29102035C015A", "6A86"); /* block 1 is missing */
    world_assert_apdu(world, "81E29101035C015A", "6A86"); /* and the command is gone */
    world_assert_apdu(world, "81E2110003BF3E03", "9000");
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6115"); /* block 0 starts again */
    world_assert_apdu(world, "81E29100", "6700");
    world_assert_apdu(world, "81E2910007" WORLD_GET_EID, "6700");
    world_assert_apdu(world, "81E2910005BF3E035C01", "6A80"); /* incomplete object */
    world_assert_apdu(world, "81E2910007" WORLD_GET_EID "00", "6A80");
    world_assert_apdu(world, "81E2910003BF7F00", "6A88");
    world_assert_apdu(world, "81E2910003BF3E00", "6A80");
    {
        g_autoptr(GString) long_block = g_string_new("81E2110079");

        for (guint i = 0; i < 121; i++)
            g_string_append(long_block, "00");
        world_assert_apdu(world, long_block->str, "6700");
    }
    world_assert_apdu(world, "81E2", "6700");
    world_assert_apdu(world, "81E3910006" WORLD_GET_EID, "6D00");
}

/* More blocks than P2 can count are refused, not wrapped. */
static void test_store_data_overflow(void)
{
    g_autoptr(World) world = world_new("");

    world_connect(world);
    for (guint block = 0; block < 256; block++) {
        g_autofree char *apdu = g_strdup_printf("81E211%02X01BF", block);

        world_assert_apdu(world, apdu, block < 255 ? "9000" : "6F00");
    }
    world_assert_apdu(world, "81E2110001BF", "9000");
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
}

static void test_response_modes(void)
{
    static const char *const modes[] = { "get-response", "direct", "wrong-length" };

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        for (guint block = 1; block <= 256; block += 85) {
            g_autofree char *members = g_strdup_printf(
                "\"behaviour\": {\"response\": \"%s\", \"responseBlock\": %u}", modes[i], block);
            g_autoptr(World) world = world_new(members);
            g_autoptr(GBytes) expected = world_vector_der("es10b-get-certs-rsp");
            g_autoptr(GBytes) answer = NULL;

            world->block = 3;
            world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
            answer = world_es10_hex(world, "BF5600");
            g_assert_nonnull(answer);
            g_assert_true(g_bytes_equal(answer, expected));
        }
    }
}

/* ---- profile changes ---- */

static void test_switch_refresh(void)
{
    g_autoptr(World) world = world_new("");

    world_assert_enabled(world, "8900010123456789012");
    world_assert_run(world, 5, WORLD_ENABLE_2, "830100");
    g_assert_cmphex(world->last_sw, ==, 0x910B);
    g_assert_true(sim_card_refresh_pending(world->card));
    world_assert_enabled(world, "8900010123456789026");
    world_assert_ask(world, WORLD_GET_EID, "6985");
    /* A new channel does not help. */
    g_assert_cmphex(world_sw(world, "0070800100"), ==, 0x9000);
    world->channel = 0;
    world_assert_ask(world, WORLD_GET_EID, "6985");
    world_assert_apdu(world, "801200000B",
                      "D00981030101048202"
                      "81829000");
    world_assert_apdu(world, "801400000C810301010402028281830100", "9000");
    world_assert_ask(world, WORLD_GET_EID, "6985");
    g_assert_true(sim_card_refresh_pending(world->card));
    world_reset(world);
    g_assert_false(sim_card_refresh_pending(world->card));
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    world_assert_numbers(world, "21", "22 23");
}

static void test_switch_silent(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"switch\": \"silent\"}");

    world_assert_run(world, 5, WORLD_ENABLE_2, "830100");
    g_assert_cmphex(world->last_sw, ==, 0x9000);
    g_assert_false(sim_card_refresh_pending(world->card));
    world_assert_ask(world, WORLD_GET_EID, "6985");
    /* The process that plays the card is restarted: that is a reset as well. */
    world_reopen(world);
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    world_assert_enabled(world, "8900010123456789026");
}

static void test_switch_none(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"switch\": \"none\"}");

    world_assert_run(world, 5, WORLD_ENABLE_2, "830100");
    world_assert_run(world, 6, WORLD_ENABLE_1, "830100");
    world_assert_run(world, 7, WORLD_DISABLE_1, "840100");
    world_assert_enabled(world, "");
    world_assert_run(world, 8, WORLD_DELETE_2, "850100");
    world_assert_ask(world, "BF2D04A0025A00", "BF2D03810101");
    world_assert_ask(world, "BF2D10A00C5A0A" WORLD_ICCID_2 "5C00", "BF2D02A000");
    world_assert_ask(world, "BF2D075C055A9F7022BF", "BF2D03810101");
    world_assert_ask(world, "BF2D055C039F7095", "BF2D0BA009E3079F700100950102");
}

/* What stops a package, and what stays done of it. */
static void test_sequences(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"switch\": \"none\"}");

    /* the second command fails: no entry for the third */
    world_assert_run(world, 5, "A01EA50C5A0A" WORLD_ICCID_2 "A50C5A0A" WORLD_ICCID_2 "A600",
                     "850100850101");
    /* an unknown command */
    world_assert_run(world, 6, "A006A600AF00A600", "A600020102");
    /* a damaged one */
    world_assert_run(world, 7, "A00DA30B5A09980010103254769810", "020102");
    /* disable after enable, two disables */
    world_assert_run(world, 8, "A01CA40C5A0A" WORLD_ICCID_1 "A40C5A0A" WORLD_ICCID_1,
                     "84010084017F");
    world_assert_run(world, 9, "A01CA30C5A0A" WORLD_ICCID_1 "A40C5A0A" WORLD_ICCID_1,
                     "83010084017F");
    world_assert_enabled(world, "8900010123456789012");
    /* psmoList and ecoList together */
    world_assert_run(world, 10, "A002A600A102AB00", "error 127");
    world_assert_run(world, 9, "A002A600", "error 4");
    world_assert_run(world, 10, "A002A600", "A600");
}

/* The profile to return to can't be deleted by the package that asks for the way back. */
static void test_rollback_target(void)
{
    g_autoptr(World) world = world_new("");

    world_assert_run(world, 5, "A01EA30E5A0A" WORLD_ICCID_2 "0500A50C5A0A" WORLD_ICCID_1,
                     "830100850114");
}

static void test_results_and_notifications(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"switch\": \"none\", \"maxResults\": 2}");
    g_autofree char *list = NULL;
    g_autofree char *one = NULL;

    world_assert_run(world, 5, WORLD_ENABLE_2, "830100"); /* 21, disable 22, enable 23 */
    world_assert_numbers(world, "21", "22 23");
    world_assert_run(world, 6, "A000", "");
    world_assert_run(world, 7, "A000", "");
    world_assert_numbers(world, "24 25", "22 23"); /* the oldest result went */
    list = world_ask(world, "BF2B04A0028200");
    g_assert_true(g_str_has_prefix(list, "BF2B81"));
    one = world_ask(world, "BF2B05A003800118");
    g_assert_nonnull(strstr(list, one + strlen("BF2B68A266")));
    world_assert_ask(world, "BF2B05A003800115", "BF2B02A000");
    g_free(one);
    one = world_ask(world, "BF2B06A00481020520");
    g_assert_nonnull(strstr(one, "800116810205200C126E6F74696679"));
    g_assert_null(strstr(one, "800117"));
    world_assert_ask(world, "BF2B06A00481020410", "BF2B02A000");
    /* without the A0, or with nonsense */
    world_assert_ask(world, "BF2B03800118", "BF2B0381017F");
    world_assert_ask(world, "BF2B05A003830118", "BF2B0381017F");
    world_assert_ask(world, "BF2B02A000", "BF2B0381017F");
    world_assert_ask(world, "BF2B05A0038201FF", "BF2B0381017F");

    world_assert_ask(world, "BF3003800116", "BF3003800100");
    world_assert_ask(world, "BF3003800116", "BF3003800101");
    world_assert_ask(world, "BF3003800118", "BF3003800100");
    world_assert_ask(world, "BF3000", "BF300380017F");
    world_assert_numbers(world, "25", "23");
}

/* A memory reset tells of the deletion only, not of a disabling before it. */
static void test_memory_reset_notifications(void)
{
    g_autoptr(World) world = world_new_pki(
        "nist", "\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\","
                "\"notifications\": [{\"events\": [\"disable\"], \"address\": \"a.example\"},"
                "{\"events\": [\"disable\"], \"address\": \"b.example\"}]}],"
                "\"behaviour\": {\"switch\": \"none\"}");
    g_autoptr(GBytes) answer = world_es10_hex(world, "BF6404820207"
                                                     "80");
    g_autoptr(GBytes) list = world_es10_hex(world, "BF2B00");
    Tlv outer, arm;

    g_assert_nonnull(answer);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(list), 0xBF2B, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
    g_assert_cmpuint(arm.value.size, ==, 0);
}

/* ---- functions of the IPA ---- */

static void test_rollback(void)
{
    g_autoptr(World) world = world_new("");
    g_autoptr(GBytes) answer = NULL;
    g_autoptr(GBytes) data = NULL;
    g_autofree char *hex = NULL;
    Tlv outer, result;

    world_assert_run(world, 5, WORLD_ENABLE_2_BACK, "830100");
    world_assert_numbers(world, "21", "22 23");
    world_reset(world);
    world_assert_ask(world, "BF58030101FF", "6A80");
    answer = world_es10_hex(world, "BF58038001FF");
    g_assert_nonnull(answer);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(answer), 0xBF58, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0xBF51, &result));
    {
        g_autoptr(GBytes) inner = tlv_slice_to_bytes(result.raw);

        data = world_check_result(world, inner, 0xA0);
    }
    hex = bytes_gbytes_to_hex(data);
    g_assert_cmpstr(hex, ==,
                    "3022800F65696D2E6578616D706C652E636F6D8101058204E1E2E3E483011830038C0100");
    world_assert_enabled(world, "8900010123456789012");
    world_assert_numbers(world, "24", "");
    world_assert_ask(world, WORLD_GET_EID, "6985");
    world_reset(world);
    world_assert_ask(world, "BF58038001FF", "BF5803020101");
    /* The grant goes with the next package. */
    world_assert_run(world, 6, WORLD_ENABLE_2_BACK, "830100");
    world_reset(world);
    world_assert_run(world, 7, "A002A600", "A600");
    world_assert_ask(world, "BF58038001FF", "BF5803020101");
}

/* When a notification of the switch was taken away before, the way back is told as well. */
static void test_rollback_notified(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"switch\": \"none\"}");
    g_autofree char *answer = NULL;

    world_assert_run(world, 5, WORLD_ENABLE_2_BACK, "830100");
    world_assert_ask(world, "BF3003800117", "BF3003800100");
    answer = world_ask(world, "BF5803800100");
    g_assert_true(g_str_has_prefix(answer, "BF586F020100BF51"));
    world_assert_numbers(world, "24", "25 26");
}

static void test_fallback(void)
{
    g_autoptr(World) world =
        world_new("\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\"},"
                  "{\"iccid\": \"8900010123456789026\", \"fallbackAllowed\": true}]");

    world_assert_ask(world, "BF5D038001FF", "BF5D03800106");
    world_assert_run(world, 5, "A00EA80C5A0A" WORLD_ICCID_2, "8D0100");
    world_assert_ask(world, "BF5E038001FF", "BF5E03800106");
    world_assert_ask(world, "BF5D038001FF", "BF5D03800100");
    world_assert_enabled(world, "8900010123456789026");
    g_assert_true(sim_card_refresh_pending(world->card));
    world_reset(world);
    world_assert_ask(world, "BF5D038001FF", "BF5D03800102");
    world_assert_ask(world, "BF5E03800100", "BF5E03800100");
    g_assert_false(sim_card_refresh_pending(world->card));
    world_assert_ask(world, WORLD_GET_EID, "6985");
    world_reset(world);
    world_assert_enabled(world, "8900010123456789012");
    world_assert_ask(world, "BF5E038001FF", "BF5E03800106");
    world_assert_ask(world, "BF5D00", "6A80");
    world_behave(world, "{\"catBusy\": true}");
    world_assert_ask(world, "BF5D038001FF", "BF5D03800105");
    world_behave(world, "{\"catBusy\": false}");
    world_assert_run(world, 6, WORLD_DISABLE_1, "840100");
    world_reset(world);
    world_assert_ask(world, "BF5D038001FF", "BF5D03800107");
}

static void test_emergency(void)
{
    g_autoptr(World) world =
        world_new("\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\"},"
                  "{\"iccid\": \"8900010123456789026\", \"emergency\": true}]");
    g_autoptr(World) none = world_new("");

    world_assert_ask(none, "BF5B038001FF", "BF5B03800108");
    world_assert_ask(none, "BF5C038001FF", "BF5C03800108");
    world_assert_ask(world, "BF5C038001FF", "BF5C03800102");
    world_assert_ask(world, "BF5B038001FF", "BF5B03800100");
    world_reset(world);
    world_assert_enabled(world, "8900010123456789026");
    world_assert_ask(world, "BF5B038001FF", "BF5B03800102");
    world_assert_run(world, 5, "A002A600", "error 104");
    world_assert_ask(world, "BF640482020780", "BF6403800168");
    world_assert_ask(world, "BF5C038001FF", "BF5C03800100");
    world_reset(world);
    world_assert_enabled(world, "8900010123456789012");
    world_assert_run(world, 5, "A002A600", "A600");
}

static void test_memory_reset(void)
{
    g_autoptr(World) world =
        world_new("\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\","
                  " \"notifications\": [{\"events\": [\"delete\"], \"address\": \"a.example\"}]},"
                  "{\"iccid\": \"8900010123456789026\", \"class\": \"test\"},"
                  "{\"iccid\": \"8900010123456789034\", \"class\": \"test\", \"preloaded\": true},"
                  "{\"iccid\": \"8900010123456789042\", \"class\": \"provisioning\"}],"
                  "\"defaultDp\": \"smdp.example.com\", \"behaviour\": {\"switch\": \"none\"}");
    g_autoptr(World) old = world_new("\"version\": \"1.0\"");

    world_assert_ask(world, "BF6400", "6A80");
    world_assert_ask(world, "BF340482020780", "6A88");
    world_assert_ask(world, "BF640482020640", "BF6403800100");
    world_assert_ask(world, "BF640482020640", "BF6403800101");
    world_assert_ask(world, "BF640482020780", "BF6403800100");
    world_assert_enabled(world, "");
    world_assert_numbers(world, "", "21");
    world_assert_ask(world, "BF640482020520", "BF6403800100");
    world_assert_ask(world, "BF3C00", "BF3C128110736D64732E6578616D706C652E636F6D");
    world_assert_ask(world, "BF640482020204", "BF6406800100810100");
    world_assert_ask(world, "BF6404820201FE", "BF6409800100810101820100");
    world_assert_ask(world, "BF2D00", "BF2D02A000");
    world_assert_ask(world, "BF5500", "BF5502A000");
    /* v1.0: other tag and bits */
    world_assert_ask(old, "BF340482020410", "BF3406020100810100");
    world_assert_ask(old, "BF640482020410", "6A88");
}

static void test_add_initial_eim(void)
{
    g_autoptr(World) world = world_new("\"eims\": [], \"behaviour\": {\"maxEims\": 1}");
    g_autoptr(GBytes) request = world_vector_der("es10b-add-initial-eim-req-two");
    g_autoptr(GBytes) one = world_vector_der("es10b-add-initial-eim-req-pk-pk");
    g_autofree char *one_hex = bytes_gbytes_to_hex(one);
    g_autofree char *hex = bytes_gbytes_to_hex(request);
    g_autofree char *before = world_state(world);
    g_autofree char *after = NULL;
    g_autofree char *changed = NULL;
    char *at;

    world_assert_ask(world, hex, "BF5703810101"); /* the second has no place: none is there */
    world_assert_ask(world, "BF5702A000", "BF5703810107");
    world_assert_ask(world, "BF5700", "6A80");
    changed = g_strdup(one_hex);
    at = strstr(changed, "8401FF");
    memcpy(at, "840105", 6);
    world_assert_ask(world, changed, "BF5703810105");
    memcpy(at, "8401FF", 6);
    at = strstr(changed, "830100");
    memcpy(at, "8301FE", 6);
    world_assert_ask(world, changed, "BF5703810106");
    after = world_state(world);
    g_assert_cmpstr(before, ==, after);
    world_assert_ask(world, one_hex, "BF5705A003840103");
    world_assert_ask(world, one_hex, "BF5703810102");
    world_assert_ask(world, "BF5900", "BF5903800102");
}

static void test_ecos(void)
{
    g_autoptr(World) world = world_new("");
    const char *id = "800F"
                     "65696D2E6578616D706C652E636F6D";
    g_autofree char *with_token = g_strdup_printf("A116AA14%s840105", id);
    g_autofree char *nothing = g_strdup_printf("A113AA11%s", id);
    g_autofree char *lower = g_strdup_printf("A116AA14%s830101", id);
    g_autofree char *range = g_strdup_printf("A119AA17%s830400800000", id);
    g_autofree char *foreign =
        g_strdup_printf("A129AA27%s88140102030405060708090A0B0C0D0E0F1011121314", id);
    g_autofree char *last = g_strdup_printf("A113A911%s", id);

    world_assert_run(world, 5, with_token, "8A0107");
    world_assert_run(world, 6, nothing, "8A0107");
    world_assert_run(world, 7, lower, "8A0106");
    world_assert_run(world, 8, range, "8A0106");
    world_assert_run(world, 9, foreign, "8A0103");
    world_assert_run(world, 10, "A105AA038001FF", "8A0101");
    world_assert_run(world, 11, "A105A803800178", "A803020107");
    world_assert_run(world, 12, "A102AB00", "AB18A0163014800F65696D2E6578616D706C652E636F6D820102");
    /* Its own eIM: takes effect after the result was signed. */
    world_assert_run(world, 13, last, "890102");
    world_assert_run(world, 14, "A102AB00", "unsigned");
    world_assert_ask(world, "BF5903800101", "6A80");
}

/* ---- IPAe, versions ---- */

static void test_ipae(void)
{
    g_autoptr(World) world = world_new("\"ipaeActive\": true, \"ipaeSupported\": true");
    g_autofree char *info = NULL;

    world_assert_apdu(world, "0070000001", "019000");
    world_assert_apdu(world, "01A4040C10A0000005591010FFFFFFFF8900000100", "9000");
    world->channel = 1;
    world_assert_ask(world, WORLD_GET_EID, "6985");
    info = world_ask(world, "BF2200");
    g_assert_nonnull(strstr(info, "900101B4"));
    world_reset(world);
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    g_free(info);
    info = world_ask(world, "BF2200");
    g_assert_nonnull(strstr(info, "900100B4"));
}

static void test_version_1_0(void)
{
    g_autoptr(World) world =
        world_new("\"version\": \"1.0\", \"behaviour\": {\"switch\": \"none\"}");
    g_autofree char *list = NULL;

    world_assert_ask(world, "BF5F00", "6A88");
    world_assert_ask(world, "BF5A00", "BF5A03800101");
    world_assert_ask(world, "BF5A03800100", "6A80");
    world_assert_ask(world, "BF2B00", "BF2B02A000");
    world_assert_run(world, 5, "A102AB00", "AB18A0163014800F65696D2E6578616D706C652E636F6D840102");
    list = world_ask(world, "BF2B00");
    g_assert_nonnull(strstr(list, "A000A1"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim-card/channels", test_channels);
    g_test_add_func("/sim-card/class-bytes", test_class_bytes);
    g_test_add_func("/sim-card/select", test_select);
    g_test_add_func("/sim-card/terminal-capability", test_terminal_capability);
    g_test_add_func("/sim-card/store-data", test_store_data);
    g_test_add_func("/sim-card/store-data-overflow", test_store_data_overflow);
    g_test_add_func("/sim-card/response-modes", test_response_modes);
    g_test_add_func("/sim-card/switch-refresh", test_switch_refresh);
    g_test_add_func("/sim-card/switch-silent", test_switch_silent);
    g_test_add_func("/sim-card/switch-none", test_switch_none);
    g_test_add_func("/sim-card/sequences", test_sequences);
    g_test_add_func("/sim-card/rollback-target", test_rollback_target);
    g_test_add_func("/sim-card/results-and-notifications", test_results_and_notifications);
    g_test_add_func("/sim-card/memory-reset-notifications", test_memory_reset_notifications);
    g_test_add_func("/sim-card/rollback", test_rollback);
    g_test_add_func("/sim-card/rollback-notified", test_rollback_notified);
    g_test_add_func("/sim-card/fallback", test_fallback);
    g_test_add_func("/sim-card/emergency", test_emergency);
    g_test_add_func("/sim-card/memory-reset", test_memory_reset);
    g_test_add_func("/sim-card/add-initial-eim", test_add_initial_eim);
    g_test_add_func("/sim-card/ecos", test_ecos);
    g_test_add_func("/sim-card/ipae", test_ipae);
    g_test_add_func("/sim-card/version-1.0", test_version_1_0);
    return g_test_run();
}
