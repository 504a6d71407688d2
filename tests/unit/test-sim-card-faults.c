/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The virtual eUICC when things go wrong: faults, unusable set-ups, sudden death. */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim-card-world.h"
#include "util/bytes.h"

static void test_faults(void)
{
    g_autoptr(World) world = world_new("\"behaviour\": {\"switch\": \"none\"}");

    world_behave(world,
                 "{\"fail\": [{\"on\": \"BF3E\", \"sw\": \"6A80\", \"count\": 2, \"skip\": 1}]}");
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    world_assert_ask(world, WORLD_GET_EID, "6A80");
    world_assert_ask(world, WORLD_GET_EID, "6A80");
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    world_behave(world, "{\"fail\": [{\"on\": \"bf3e\", \"truncate\": 3},"
                        "{\"on\": \"BF3E\", \"garbage\": true},"
                        "{\"on\": \"BF3E\", \"response\": \"BF3E00\", \"count\": -1}]}");
    world_assert_ask(world, WORLD_GET_EID, "BF3E125A1089049032123451234512345678");
    world_assert_ask(world, WORLD_GET_EID, "7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E");
    world_assert_ask(world, WORLD_GET_EID, "BF3E00");
    world_assert_ask(world, WORLD_GET_EID, "BF3E00");

    /* refused, and executed although the answer says it was not */
    world_behave(world, "{\"fail\": [{\"on\": \"BF51\", \"sw\": \"6F00\"},"
                        "{\"on\": \"BF51\", \"sw\": \"6F00\", \"execute\": true}]}");
    world_assert_run(world, 5, WORLD_ENABLE_2, "6F00");
    world_assert_enabled(world, "8900010123456789012");
    world_assert_run(world, 5, WORLD_ENABLE_2, "6F00");
    world_assert_enabled(world, "8900010123456789026");
    world_assert_numbers(world, "21", "22 23");

    world_behave(world, "{\"delay\": 10, \"fail\": [{\"on\": \"INSE2\", \"sw\": \"6F00\"},"
                        "{\"on\": \"BF3E\", \"delay\": 1500}]}");
    world_assert_ask(world, WORLD_GET_EID, "6F00");
    g_assert_cmpuint(sim_card_get_delay(world->card), ==, 10);
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6115");
    g_assert_cmpuint(sim_card_get_delay(world->card), ==, 1510);
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    g_assert_cmpuint(sim_card_get_delay(world->card), ==, 10);

    /* 11 octets to the card and 2 from it */
    world_behave(world, "{\"delay\": 0, \"rate\": 20000}");
    world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6115");
    g_assert_cmpuint(sim_card_get_delay(world->card), ==, 5);
}

/* More than anybody wants to have, delivered to the end. */
static void test_oversized(void)
{
    g_autoptr(World) world = world_new("");
    g_autofree char *answer = NULL;

    world_behave(world, "{\"fail\": [{\"on\": \"BF3E\", \"oversized\": 100000}]}");
    answer = world_ask(world, WORLD_GET_EID);
    g_assert_cmpuint(strlen(answer), ==, 2 * (100000 + 6));
    g_assert_true(g_str_has_prefix(answer, "BF3E830186A000"));
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
}

/* The n-th APDU has no answer; the card is as it was, or it is gone. */
static void test_no_answer(void)
{
    static const guint8 block[] = {
        0x81, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A
    };
    g_autoptr(World) world = world_new("");

    world_connect(world);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GBytes) first = NULL, second = NULL;

        world_behave(world, i == 0 ? "{\"silentAtApdu\": 2}" : "{\"removeAtApdu\": 2}");
        first = sim_card_transmit(world->card, block, sizeof(block));
        g_assert_cmpuint(g_bytes_get_size(first), ==, 2);
        g_assert_cmpint(sim_card_get_event(world->card), ==, SIM_CARD_ANSWERED);
        second = sim_card_transmit(world->card, block, sizeof(block));
        g_assert_cmpuint(g_bytes_get_size(second), ==, 0);
        g_assert_cmpint(sim_card_get_event(world->card), ==,
                        i == 0 ? SIM_CARD_SILENT : SIM_CARD_REMOVED);
        if (i == 0)
            world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
        else
            world_assert_apdu(world, "81E2910006" WORLD_GET_EID, "6881");
    }
}

/* Cards that are no IoT eUICCs. */
static void test_kinds(void)
{
    g_autoptr(World) consumer = world_new("\"kind\": \"consumer\"");
    g_autoptr(World) m2m = world_new("\"kind\": \"m2m\"");
    g_autoptr(World) other = world_new("\"isdrAid\": \"A0000005591010FFFFFFFF8900000177\"");
    g_autofree char *info = NULL;

    world_assert_ask(consumer, WORLD_GET_EID, WORLD_EID_ANSWER);
    world_assert_ask(consumer, "BF5500", "6A88");
    world_assert_ask(consumer, "BF5803040100", "6A88");
    info = world_ask(consumer, "BF2200");
    g_assert_null(strstr(info, "B4"
                               "07A0050403010300"));
    world_assert_ask(m2m, WORLD_GET_EID, "6985");
    world_assert_ask(m2m, "BF2200", "6985");
    world_assert_apdu(other, "00A4040010A0000005591010FFFFFFFF8900000100", "6A82");
    world_assert_apdu(other, "00A4040C10A0000005591010FFFFFFFF8900000177", "9000");
}

static void test_bad_behaviour(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"swich\": \"none\"}",
        "{\"switch\": \"never\"}",
        "{\"channels\": 20}",
        "{\"fail\": {}}",
        "{\"fail\": [1]}",
        "{\"fail\": [{\"sw\": \"6A80\"}]}",
        "{\"fail\": [{\"on\": \"BF3E\", \"sw\": \"6A8\"}]}",
        "{\"fail\": [{\"on\": \"BF3E\", \"response\": \"X\"}]}",
        "{\"maxBlock\": 0}",
        "{\"firstChannel\": 0}",
        "{\"firstChannel\": 20}",
        "{\"channels\": 2, \"fail\": [{\"on\": \"BF3E\", \"what\": 1}]}",
    };
    g_autoptr(World) world = world_new("");
    g_autofree char *before = world_state(world);
    g_autofree char *after = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(sim_card_set_behaviour(world->card, bad[i], &error));
        g_assert_nonnull(error);
    }
    after = world_state(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_bad_setup(void)
{
    static const char *const bad[] = {
        "",
        "1",
        "{}",
        "{\"pki\": 1}",
        "{\"pki\": \"/nonexistent\"}",
        "{\"pki\": [[]]}",
        "{\"pki\": \"%s\", \"eid\": \"123\"}",
        "{\"pki\": \"%s\", \"profiles\": {}}",
        "{\"pki\": \"%s\", \"profiles\": [1]}",
        "{\"pki\": \"%s\", \"profiles\": [{}]}",
        "{\"pki\": \"%s\", \"profiles\": [{\"iccid\": \"89\", \"colour\": 1}]}",
        "{\"pki\": \"%s\", \"profiles\": [{\"iccid\": \"8900010123456789012\"},"
        "{\"iccid\": \"8900010123456789012\"}]}",
        "{\"pki\": \"%s\", \"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": "
        "\"on\"}]}",
        "{\"pki\": \"%s\", \"profiles\": [{\"iccid\": \"8900010123456789012\","
        " \"notifications\": 1}]}",
        "{\"pki\": \"%s\", \"profiles\": [{\"iccid\": \"8900010123456789012\","
        " \"notifications\": [{\"events\": [\"boom\"]}]}]}",
        "{\"pki\": \"%s\", \"profiles\": [{\"iccid\": \"8900010123456789012\", \"owner\": 1}]}",
        "{\"pki\": \"%s\", \"eims\": [{}]}",
        "{\"pki\": \"%s\", \"eims\": 1}",
        "{\"pki\": \"%s\", \"eims\": [{\"der\": \"3000\"}]}",
        "{\"pki\": \"%s\", \"eims\": [{\"der\": \"30\"}]}",
        "{\"pki\": \"%s\", \"version\": \"9\"}",
        "{\"pki\": \"%s\", \"svn\": \"x\"}",
        "{\"pki\": \"%s\", \"iotVersions\": 1}",
        "{\"pki\": \"%s\", \"iotVersions\": [1]}",
        "{\"pki\": \"%s\", \"behaviour\": 1}",
        "{\"pki\": \"%s\", \"rollback\": 1}",
        "{\"pki\": \"%s\", \"unknown\": 1}",
        "{\"pki\": \"%s\", \"rat\": \"zz\"}",
    };
    g_autofree char *pki = g_test_build_filename(G_TEST_DIST, "data", "pki", "nist", NULL);
    g_autofree char *folder = g_dir_make_tmp("sim-card-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "card.json", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(GStrv) parts = g_strsplit(bad[i], "%s", 2);
        g_autofree char *setup = g_strjoinv(pki, parts);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", setup);
        g_assert_false(sim_card_create(path, setup, &error));
        g_assert_nonnull(error);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        g_clear_error(&error);
        g_assert_null(sim_card_open(path, &error));
        g_assert_nonnull(error);
    }
    g_assert_cmpint(rmdir(folder), ==, 0);
}

/* ---- sudden death ---- */

/* Power goes at each APDU of the dialogue, before and after the card processed it. */
static void test_power_cut(void)
{
    guint undone = 0, done = 0;

    for (guint i = 0; i < 40; i++) {
        g_autoptr(World) world = world_new("");
        g_autofree char *behaviour =
            g_strdup_printf("{\"powerCutAtApdu\": %u, \"powerCutProcessed\": %s}", i / 2 + 1,
                            i % 2 ? "true" : "false");
        g_autoptr(GBytes) package = world_package(world, 5, WORLD_ENABLE_2);
        g_autoptr(GBytes) answer = NULL;
        g_autofree char *iccid = NULL;

        world_connect(world);
        world->block = 20;
        world_behave(world, behaviour);
        answer = world_es10(world, package);
        world_reopen(world);
        world_behave(world, "{\"powerCutAtApdu\": 0}");
        iccid = sim_card_get_enabled_iccid(world->card);
        if (g_str_equal(iccid, "8900010123456789012")) {
            g_assert_null(answer);
            world_assert_numbers(world, "", "");
            world_assert_run(world, 5, WORLD_ENABLE_2, "830100"); /* the counter was not used up */
            undone++;
        } else {
            g_autofree char *list = NULL;

            world_assert_numbers(world, "21", "22 23");
            list = world_ask(world, "BF2B04A0028200");
            if (answer) {
                g_autofree char *hex = bytes_gbytes_to_hex(answer);

                g_assert_nonnull(strstr(list, hex));
            }
            world_assert_run(world, 5, WORLD_ENABLE_2, "error 4");
            done++;
        }
    }
    g_assert_cmpuint(undone, >, 5);
    g_assert_cmpuint(done, >, 5);
}

/* Child: LIMIT packages, one octet into the pipe after each answer; then waits for its death. */
static void G_GNUC_NORETURN play_card(World *world, int fd, guint limit)
{
    for (gint64 counter = 5; counter < 5 + limit; counter++) {
        g_autoptr(GBytes) package =
            world_package(world, counter, counter % 2 ? WORLD_ENABLE_2 : WORLD_ENABLE_1);
        g_autoptr(GBytes) answer = world_es10(world, package);

        if (!answer || write(fd, "", 1) != 1)
            _exit(1);
        world_reset(world);
    }
    for (;;)
        pause();
}

/* Kills the card's process somewhere: whatever was answered is there, and the state belongs to one whole
 * number of packages. */
static void test_kill(void)
{
    for (guint round = 1; round <= 6; round++) {
        g_autoptr(World) world = world_new("\"behaviour\": {\"maxResults\": 1000}");
        g_autoptr(JsonNode) node = NULL;
        JsonObject *object, *eim;
        gint64 packages;
        int fds[2], status;
        pid_t child;
        char octet;

        g_assert_cmpint(pipe(fds), ==, 0);
        child = fork();
        g_assert_cmpint(child, >=, 0);
        if (child == 0) {
            close(fds[0]);
            play_card(world, fds[1], 500); /* the card has room for 1000 results */
        }
        close(fds[1]);
        for (guint i = 0; i < round * 2; i++)
            g_assert_cmpint(read(fds[0], &octet, 1), ==, 1);
        kill(child, SIGKILL);
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFSIGNALED(status));
        close(fds[0]);

        world_reopen(world);
        object = world_describe(world, &node);
        eim = json_array_get_object_element(json_object_get_array_member(object, "eims"), 0);
        packages = json_object_get_int_member(eim, "counter") - 4;
        g_assert_cmpint(packages, >=, round * 2);
        g_assert_cmpint(json_array_get_length(json_object_get_array_member(object, "results")), ==,
                        packages);
        world_assert_enabled(world, packages % 2 ? "8900010123456789026" : "8900010123456789012");
        /* 21 on: a result and two notifications each */
        g_assert_cmpint(json_object_get_int_member(object, "nextSeqNumber"), ==, 21 + 3 * packages);
        {
            /* file_replace() works beside the file: what it left behind goes with the test. */
            g_autoptr(GDir) folder = g_dir_open(world->folder, 0, NULL);
            const char *name;

            while ((name = g_dir_read_name(folder))) {
                g_autofree char *path = g_build_filename(world->folder, name, NULL);

                if (g_str_has_prefix(name, "card.json") && !g_str_equal(name, "card.json"))
                    unlink(path);
                else if (g_str_has_prefix(name, "."))
                    unlink(path);
            }
        }
    }
}

/* A state that can't be written is no state: the command fails and nothing changes. */
static void test_full_disk(void)
{
    g_autoptr(World) world = world_new("");
    g_autofree char *moved = g_strconcat(world->folder, ".moved", NULL);

    world_connect(world);
    g_assert_cmpint(rename(world->folder, moved), ==, 0);
    world_assert_run(world, 5, WORLD_ENABLE_2, "6581");
    world_assert_enabled(world, "8900010123456789012");
    world_assert_ask(world, WORLD_GET_EID, WORLD_EID_ANSWER);
    g_assert_cmpint(rename(moved, world->folder), ==, 0);
    world_assert_run(world, 5, WORLD_ENABLE_2, "830100");
}

static void test_describe(void)
{
    g_autoptr(World) world = world_new("");
    g_autoptr(JsonNode) node = NULL;
    g_autoptr(GBytes) atr = sim_card_get_atr(world->card);
    g_autofree char *eid = sim_card_get_eid(world->card);
    const guint8 *octets = g_bytes_get_data(atr, NULL);
    JsonObject *object;
    guint8 check = 0;

    world_assert_run(world, 5, WORLD_ENABLE_2, "830100");
    object = world_describe(world, &node);
    g_assert_cmpstr(json_object_get_string_member(object, "eid"), ==, eid);
    g_assert_cmpstr(json_object_get_string_member(object, "enabledIccid"), ==,
                    "8900010123456789026");
    g_assert_true(json_object_get_boolean_member(object, "refreshPending"));
    g_assert_true(json_object_get_boolean_member(object, "ipadDeclared"));
    g_assert_cmpint(json_object_get_int_member(object, "apdus"), >, 4);
    g_assert_false(json_object_has_member(object, "credentials"));
    {
        JsonArray *notifications = json_object_get_array_member(object, "notifications");
        JsonObject *first = json_array_get_object_element(notifications, 0);

        g_assert_cmpstr(json_object_get_string_member(first, "event"), ==, "disable");
        g_assert_cmpstr(json_object_get_string_member(first, "address"), ==, "notify.example.net");
        g_assert_cmpstr(json_object_get_string_member(first, "iccid"), ==, "8900010123456789012");
    }
    for (gsize i = 1; i < g_bytes_get_size(atr); i++)
        check ^= octets[i];
    g_assert_cmpuint(check, ==, 0);
}

/* Two CIs: the eIM's euiccCiPKId chooses the certificate that signs. */
static void test_two_cis(void)
{
    g_autofree char *nist = g_test_build_filename(G_TEST_DIST, "data", "pki", "nist", NULL);
    g_autofree char *brainpool =
        g_test_build_filename(G_TEST_DIST, "data", "pki", "brainpool", NULL);
    g_autofree char *folder = g_dir_make_tmp("sim-card-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "card.json", NULL);
    g_autofree char *setup = g_strdup_printf("{\"pki\": [\"%s\", \"%s\"],"
                                             "\"behaviour\": {\"response\": \"direct\","
                                             "\"needTerminalCapability\": false}}",
                                             nist, brainpool);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimCard) card = NULL;
    World world = { .channel = 1, .block = 255 };
    g_autofree char *certificates = NULL;

    g_assert_true(sim_card_create(path, setup, &error));
    card = sim_card_open(path, &error);
    g_assert_no_error(error);
    world.card = card;
    world_assert_apdu(&world, "0070000001", "019000");
    world_assert_apdu(&world, "01A4040C10A0000005591010FFFFFFFF8900000100", "9000");
    world_assert_ask(
        &world, "BF2000",
        "BF20618203020500A92C04145BC7C46681FD5E3CFE8940E15E1C2B53F9D2BF860414"
        "315BDEA8136A6BC7AD02F4E2BFFAE00D82F757C2AA2C04145BC7C46681FD5E3CFE8940E15E1C2B53F9D2"
        "BF860414315BDEA8136A6BC7AD02F4E2BFFAE00D82F757C2");
    certificates = world_ask(&world, "BF56168014315BDEA8136A6BC7AD02F4E2BFFAE00D82F757C2");
    g_assert_nonnull(strstr(certificates, "2B2403030208010107")); /* brainpoolP256r1 */
    world_assert_ask(&world, "BF561680140000000000000000000000000000000000000000", "BF5603810101");
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim-card-faults/faults", test_faults);
    g_test_add_func("/sim-card-faults/oversized", test_oversized);
    g_test_add_func("/sim-card-faults/no-answer", test_no_answer);
    g_test_add_func("/sim-card-faults/kinds", test_kinds);
    g_test_add_func("/sim-card-faults/bad-behaviour", test_bad_behaviour);
    g_test_add_func("/sim-card-faults/bad-setup", test_bad_setup);
    g_test_add_func("/sim-card-faults/power-cut", test_power_cut);
    g_test_add_func("/sim-card-faults/kill", test_kill);
    g_test_add_func("/sim-card-faults/full-disk", test_full_disk);
    g_test_add_func("/sim-card-faults/describe", test_describe);
    g_test_add_func("/sim-card-faults/two-cis", test_two_cis);
    return g_test_run();
}
