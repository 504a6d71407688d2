/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the virtual eUICC installs, what it refuses, and what is left when the power goes. */

#include <string.h>

#include "sim-download-rig.h"
#include "util/bytes.h"

/* The profile package of the rig: ICCID 8900100000000000008, 53 octets. */
#define TINY_ICCID "980001000000000000F8"
#define TINY_SIZE  53
#define OWNER      "B705800300F110"
#define PPR1       "99020640"
#define PPR2       "99020520"
#define PPR_BOTH   "99020560"
#define RAT_EXACT  "301180020560A1073005800300F11082020100"

#define OPERATIONAL "\"profiles\": [{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\"}]"

/* BF25 with the ICCID of the package, names and MORE. */
static char *make_metadata(const char *more)
{
    g_autoptr(GBytes) rest = world_bytes(more);
    g_autoptr(GBytes) head = world_bytes("5A0A" TINY_ICCID "910141920142");
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) whole = NULL;

    tlv_open(writer, 0xBF25);
    tlv_put_raw_bytes(writer, head);
    tlv_put_raw_bytes(writer, rest);
    tlv_close(writer);
    whole = tlv_writer_finish(g_steal_pointer(&writer));
    return bytes_gbytes_to_hex(whole);
}

/* Runs a download of what OPTIONS describe and checks its end; COMMAND -1: installed. */
static void check_download(Rig *rig, const BindOptions *options, gint command, gint reason)
{
    g_autoptr(GBytes) package = NULL, result = NULL;

    rig_open(rig, NULL);
    package = rig_bind(rig, options);
    result = rig_send(rig, package);
    rig_check_result(rig, result, command, reason);
}

static guint count_profiles(Rig *rig)
{
    g_autoptr(JsonNode) node = NULL;

    return json_array_get_length(
        json_object_get_array_member(world_describe(rig->world, &node), "profiles"));
}

static gint64 get_integer(Rig *rig, const char *member)
{
    g_autoptr(JsonNode) node = NULL;

    return json_object_get_int_member(world_describe(rig->world, &node), member);
}

static char *get_stage(Rig *rig)
{
    g_autoptr(JsonNode) node = NULL;

    return g_strdup(json_object_get_string_member(world_describe(rig->world, &node), "rspSession"));
}

static void assert_stage(Rig *rig, const char *expected)
{
    g_autofree char *stage = get_stage(rig);

    g_assert_cmpstr(stage, ==, expected);
}

/* ---- metadata ---- */

static void test_all_metadata(void)
{
    static const char service[] = "BF220C300A800388370AA1030401AA";
    static const char rest[] =
        "930101940389504E950101"
        "B622300F800204F08109612E6578616D706C65300F800207808109622E6578616D706C65"
        "B70C800300F11081020102820103"
        "99020520"
        "BF220C300A800388370AA1030401AA"
        "BF230C300A800388370AA1030401BB"
        "9F7B01FF9F6701FF";
    g_autoptr(Rig) rig =
        rig_new("nist", "\"nextSeqNumber\": 7, \"rat\": \"301880020520A10E300C8003EEEEEE"
                        "8102010282010382020100\"");
    g_autofree char *metadata = make_metadata(rest);
    const BindOptions options = { .metadata = metadata, .configure = "BF2407B805800388370A" };

    check_download(rig, &options, -1, 0);
    /* All it said, in the order of ProfileInfo; what shall not be stored is not there. */
    world_assert_ask(rig->world,
                     "BF2D1A5C185A4F9F709091929394"
                     "95B6B7B899BF22BF239F7B9F269F67",
                     "BF2D818DA0818AE38187"
                     "5A0A" TINY_ICCID "4F10A0000005591010FFFFFFFF8900001000"
                     "9F7001009101419201"
                     "42"
                     "930101940389504E950101"
                     "B622300F800204F08109612E6578616D706C65300F800207808109622E6578616D706C65"
                     "B70C800300F11081020102820103"
                     "B805800388370A"
                     "99020520"
                     "BF220C300A800388370AA1030401AA"
                     "9F7B01FF9F6701FF");
    g_assert_nonnull(strstr(rest, service));
    /* The result, then the notification of each address that wants to know. */
    world_assert_numbers(rig->world, "", "7 8 9");
    world_reopen(rig->world);
    world_assert_numbers(rig->world, "", "7 8 9");
}

static void test_metadata_refusals(void)
{
    static const struct {
        const char *setup;
        const char *more;
        gint command; /* -1: taken */
        gint reason;
    } rows[] = {
        { "", "", -1, 0 },
        { "", "950102", -1, 0 },
        { "", "950100", -1, 0 },
        { "", "990100", -1, 0 },
        { "", "99020780", -1, 0 }, /* update control is no rule */
        { "", "9F9F01020304", -1, 0 },
        { "\"profiles\": [{\"iccid\": \"8900100000000000008\"}]", "", 2, 9 },
        { "", "950103", 2, 6 },
        { "", "930102940101", 2, 1 },
        { "", "940101", 2, 1 },
        { "", "B60430020400", 2, 1 },
        { "", "B703800101", 2, 1 },
        { "", "950102910143", 2, 1 },
        { "", "9F6700", 2, 1 },
        /* rules against the table */
        { "", OWNER PPR1, 2, 15 },
        { "", OWNER PPR2, 2, 15 },
        { "\"rat\": \"" RAT_EXACT "\"", OWNER PPR1, -1, 0 },
        { "\"rat\": \"" RAT_EXACT "\"", OWNER PPR_BOTH, -1, 0 },
        { "\"rat\": \"" RAT_EXACT "\"", PPR2, 2, 15 }, /* whose? */
        { "\"rat\": \"" RAT_EXACT "\"", "B705800300F120" PPR2, 2, 15 },
        { "\"rat\": \"" RAT_EXACT "\"", "B709800300F11081020102" PPR2, 2, 15 },
        { "\"rat\": \"" RAT_EXACT "\"", OWNER "99020410", 2, 15 }, /* a rule nobody knows */
        { "\"rat\": \"" RAT_EXACT "\", " OPERATIONAL, OWNER PPR1, 2, 15 },
        { "\"rat\": \"" RAT_EXACT "\", " OPERATIONAL, OWNER PPR2, -1, 0 },
        { "\"rat\": \"301580020560A10B30098003EEEEEE8100820082020100\"",
          "B709800300F11081020102" PPR_BOTH, -1, 0 },
        { "\"rat\": \"301180020560A1073005800300FEE082020100\"", OWNER PPR2, -1, 0 },
        { "\"rat\": \"301180020640A1073005800300F11082020100\"", OWNER PPR1, -1, 0 },
        { "\"rat\": \"301180020640A1073005800300F11082020100\"", OWNER PPR_BOTH, 2, 15 },
        { "\"rat\": \"301580020560A10B3009800300F1108102010282020100\"", OWNER PPR2, 2, 15 },
        { "\"rat\": \"301580020560A10B3009800300F1108102010282020100\"",
          "B709800300F11081020102" PPR2, -1, 0 },
        { "\"rat\": \"301380020560A1093007800300F110810082020100\"", OWNER PPR2, -1, 0 },
        { "\"rat\": \"301180020560A1073005800300F12082020100" RAT_EXACT "\"", OWNER PPR2, -1, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Rig) rig = rig_new("nist", rows[i].setup);
        g_autofree char *metadata = make_metadata(rows[i].more);
        const BindOptions options = { .metadata = metadata };
        guint before = count_profiles(rig);

        g_test_message("row %u", i);
        check_download(rig, &options, rows[i].command, rows[i].reason);
        g_assert_cmpuint(count_profiles(rig), ==, before + (rows[i].command < 0 ? 1 : 0));
    }
}

/* Content of a package that is bound and signed as it should be. */
static void test_content_refusals(void)
{
    static const struct {
        const char *setup;
        BindOptions options;
        gint command;
        gint reason;
    } rows[] = {
        { "", { .replace_keys = TRUE, .block = 16 }, -1, 0 },
        { "", { .block = 1 }, -1, 0 },
        { "\"freeMemory\": 53", { 0 }, -1, 0 },
        { "\"freeMemory\": 52", { 0 }, 5, 10 },
        { "", { .metadata = "BF2500" }, 2, 1 },
        { "",
          { .metadata = "BF24135A0A" TINY_ICCID "910141920142"
                        "00" },
          2,
          1 },
        { "",
          { .metadata = "BF25105A0A" TINY_ICCID "910141"
                        "00" },
          2,
          1 },
        { "", { .configure = "BF2500" }, 1, 1 },
        { "", { .configure = "BF24" }, 1, 1 },
        { "", { .upp = "A10100" }, 5, 12 },
        { "", { .upp = "A003800102AA00" }, 5, 12 }, /* no ICCID in the header */
        { "", { .upp = "A00C830A89001000000000000018AA00" }, 5, 13 },
        { "", { .upp = "A00C830A8900100000000000008FAA00" }, -1, 0 },
        { "", { .upp = "A00C830A8900100000000000008F" }, 5, 12 },         /* no end */
        { "", { .upp = "A00C830A8900100000000000008FAA00A100" }, 5, 12 }, /* after it */
        { "", { .upp = "A00C830A8900100000000000008FA105AA00" }, 5, 12 }, /* cut */
        { "", { .upp = "A00C830A89001000", .block = 1 }, 5, 12 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Rig) rig = rig_new("brainpool", rows[i].setup);

        g_test_message("row %u", i);
        check_download(rig, &rows[i].options, rows[i].command, rows[i].reason);
        g_assert_cmpuint(count_profiles(rig), ==, rows[i].command < 0 ? 1 : 0);
        assert_stage(rig, rows[i].command < 0 ? "installed" : "none");
        g_assert_cmpint(rig_cancel(rig, NULL, 5), ==, 5);
    }
}

/* ---- segments ---- */

/* Commands of a package with one of them left out, repeated or cut. */
static void test_segment_refusals(void)
{
    /* 0 BF36+BF23, 1 A0, 2 A1, 3 88, 4 A2, 5 A3, 6 and 7 86 */
    static const struct {
        gint drop;
        gint twice;
        gint cut; /* its last octet is missing */
        gint command;
        gint reason;
    } rows[] = {
        { 1, -1, -1, 1, 7 }, { 2, -1, -1, 2, 7 }, { 3, -1, -1, 2, 7 }, { 4, -1, -1, 5, 8 },
        { 5, -1, -1, 5, 7 }, { 6, -1, -1, 5, 8 }, { -1, 0, -1, 1, 7 }, { -1, 1, -1, 2, 7 },
        { -1, 2, -1, 2, 7 }, { -1, 3, -1, 5, 7 }, { -1, 4, -1, 5, 7 }, { -1, 5, -1, 5, 7 },
        { -1, 6, -1, 5, 8 }, { -1, -1, 0, 0, 7 }, { -1, -1, 1, 1, 7 }, { -1, -1, 3, 2, 7 },
        { -1, -1, 4, 4, 7 }, { -1, -1, 6, 5, 7 },
    };
    static const BindOptions options = { .replace_keys = TRUE, .block = 30 };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Rig) rig = rig_new("nist", "");
        g_autoptr(GBytes) package = NULL, result = NULL;
        g_autoptr(GPtrArray) commands = NULL;

        g_test_message("row %u", i);
        rig_open(rig, NULL);
        package = rig_bind(rig, &options);
        commands = rig_split(package);
        g_assert_cmpuint(commands->len, ==, 8);
        for (gint at = 0; at < 8 && !result; at++) {
            GBytes *command = g_ptr_array_index(commands, at);
            g_autoptr(GBytes) sent = g_bytes_new_from_bytes(
                command, 0, g_bytes_get_size(command) - (rows[i].cut == at ? 1 : 0));

            if (rows[i].drop == at)
                continue;
            for (gint times = rows[i].twice == at ? 2 : 1; times > 0 && !result; times--) {
                result = world_es10(rig->world, sent);
                g_assert_nonnull(result);
                if (g_bytes_get_size(result) == 0)
                    g_clear_pointer(&result, g_bytes_unref);
            }
        }
        rig_check_result(rig, result, rows[i].command, rows[i].reason);
        g_assert_cmpuint(count_profiles(rig), ==, 0);
    }
}

/* Lengths of the package and its groups that do not agree with what is in them. */
static void test_wrong_lengths(void)
{
    /* 0 BF36+BF23, 1 A0, 2 A1, 3 88, 4 A3, 5 86; the octet of the header that changes. */
    static const struct {
        guint segment;
        guint octet;
        gint change;
        gint command;
    } rows[] = {
        { 0, 4, 1, 5 },  { 0, 4, -1, 5 }, { 0, 3, -1, 0 }, { 2, 1, 1, 2 },
        { 2, 1, -1, 2 }, { 4, 1, 1, 5 },  { 4, 1, -1, 5 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Rig) rig = rig_new("nist", "");
        g_autoptr(GBytes) package = NULL, result = NULL;
        g_autoptr(GPtrArray) commands = NULL;

        g_test_message("row %u", i);
        rig_open(rig, NULL);
        package = rig_bind(rig, NULL);
        commands = rig_split(package);
        g_assert_cmpuint(commands->len, ==, 6);
        for (guint at = 0; at < 6 && !result; at++) {
            GBytes *command = g_ptr_array_index(commands, at);
            gsize size = g_bytes_get_size(command);
            g_autofree guint8 *octets = g_memdup2(g_bytes_get_data(command, NULL), size);
            g_autoptr(GBytes) sent = NULL;

            if (at == rows[i].segment)
                octets[rows[i].octet] = (guint8)(octets[rows[i].octet] + rows[i].change);
            sent = g_bytes_new(octets, size);
            result = world_es10(rig->world, sent);
            g_assert_nonnull(result);
            if (g_bytes_get_size(result) == 0)
                g_clear_pointer(&result, g_bytes_unref);
        }
        rig_check_result(rig, result, rows[i].command, 7);
        g_assert_cmpuint(count_profiles(rig), ==, 0);
    }
}

/* A package needs a prepared session, and while it is loaded nothing else works. */
static void test_order(void)
{
    g_autoptr(Rig) rig = rig_new("nist", "");
    g_autoptr(GBytes) package = NULL;
    g_autoptr(GPtrArray) commands = NULL;

    world_assert_ask(rig->world, "BF3600", "6985");
    world_assert_ask(rig->world, "A100", "6A88");
    rig_open(rig, NULL);
    world_assert_ask(rig->world, "A100", "6A88");
    package = rig_bind(rig, NULL);
    commands = rig_split(package);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GBytes) answer = world_es10(rig->world, g_ptr_array_index(commands, i));

        g_assert_cmphex(rig->world->last_sw, ==, 0x9000);
        g_assert_cmpuint(g_bytes_get_size(answer), ==, 0);
    }
    assert_stage(rig, "loading");
    world_assert_ask(rig->world, "BF2D00", "6985");
    world_assert_ask(rig->world, "BF2B00", "6985");
    world_assert_ask(rig->world, "BF2100", "6985");
    world_assert_ask(rig->world, "BF510400000000", "6985");
    world_assert_ask(rig->world, "BF7F00", "6A88"); /* unknown: the session stays */
    g_assert_cmpint(rig_cancel(rig, "70", 5), ==, 5);
    assert_stage(rig, "loading");
    /* Cancelled: that answer is the result. */
    g_assert_cmpint(rig_cancel(rig, NULL, 5), ==, 0);
    world_assert_numbers(rig->world, "", "");
    assert_stage(rig, "none");
    world_assert_ask(rig->world, "8800", "6A88");

    /* Another session: the installation was interrupted. */
    rig_open(rig, NULL);
    g_clear_pointer(&package, g_bytes_unref);
    g_clear_pointer(&commands, g_ptr_array_unref);
    package = rig_bind(rig, NULL);
    commands = rig_split(package);
    for (guint i = 0; i < 3; i++)
        g_bytes_unref(world_es10(rig->world, g_ptr_array_index(commands, i)));
    rig_get_challenge(rig);
    world_assert_numbers(rig->world, "", "1");
    g_assert_cmpuint(count_profiles(rig), ==, 0);
    check_download(rig, NULL, -1, 0);
}

/* ---- loss of power ---- */

/* The only ProfileInstallationResult in the list; NULL: the list is empty. */
static GBytes *find_result(Rig *rig)
{
    g_autoptr(GBytes) list = world_es10_hex(rig->world, "BF2B00");
    Tlv outer, arm, result;

    g_assert_nonnull(list);
    g_assert_true(tlv_parse(tlv_slice_from_bytes(list), 0xBF2B, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0xA0, &arm, NULL));
    if (arm.value.size == 0)
        return NULL;
    g_assert_true(tlv_parse(arm.value, 0xBF37, &result, NULL));
    return tlv_slice_to_bytes(result.raw);
}

/* Power goes at APDU number AT of the loading, once before the card did anything about it and once after.
 * RET_DONE: there was no such APDU. */
static void cut_power(guint at, gboolean processed, gboolean with_result, gboolean *ret_done)
{
    g_autoptr(Rig) rig = rig_new("nist", "");
    g_autoptr(GBytes) package = NULL, answer = NULL, result = NULL, point = NULL;
    g_autofree char *behaviour = NULL;
    static const BindOptions bind = { .replace_keys = TRUE, .block = 30 };
    gboolean installed;

    rig_open(rig, NULL);
    point = g_bytes_ref(rig->point);
    package = rig_bind(rig, &bind);
    behaviour = g_strdup_printf("{\"powerCutAtApdu\": %u, \"powerCutProcessed\": %s,"
                                " \"interruptionResult\": %s}",
                                at, processed ? "true" : "false", with_result ? "true" : "false");
    world_behave(rig->world, behaviour);
    answer = rig_send(rig, package);
    *ret_done = answer != NULL;
    world_behave(rig->world, "{\"powerCutAtApdu\": 0}");
    world_reopen(rig->world);
    assert_stage(rig, "none");

    installed = count_profiles(rig) > 0;
    result = find_result(rig);
    g_assert_cmpint(get_integer(rig, "freeMemory"), ==, 196608 - (installed ? TINY_SIZE : 0));
    if (installed) {
        rig_check_result(rig, result, -1, 0);
        return;
    }
    if (result) {
        Tlv outer, data, final, error, field;

        g_assert_true(with_result);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(result), 0xBF37, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0xBF27, &data));
        g_assert_true(tlv_find(data.value, 0xA2, &final));
        g_assert_true(tlv_find(final.value, 0xA1, &error));
        g_assert_true(tlv_find(error.value, 0x80, &field));
        rig_check_result(rig, result, field.value.data[0], 11);
    }
    /* Without a result the same package may come again, for the same one-time key; with one it may not. */
    {
        const PrepareOptions prepare = { .otpk = point };

        rig_get_challenge(rig);
        g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
        g_assert_cmpint(rig_prepare(rig, &prepare), ==, 0);
        g_assert_cmpint(g_bytes_equal(rig->point, point), ==, result == NULL);
        g_clear_pointer(&package, g_bytes_unref);
        package = rig_bind(rig, &bind);
        g_clear_pointer(&answer, g_bytes_unref);
        answer = rig_send(rig, package);
        rig_check_result(rig, answer, -1, 0);
    }
}

static void test_power_cuts(void)
{
    for (guint kind = 0; kind < 4; kind++) {
        guint at = 1;
        gboolean end = FALSE;

        while (!end)
            cut_power(at++, kind & 1, kind & 2, &end);
        g_assert_cmpuint(at, >, 9);
    }
}

/* The command that was going on, and the ICCID as soon as the card knew it. */
static void test_interrupted_command(void)
{
    static const gint commands[] = { 1, 2, 2, 5, 5, 5, 5 };

    for (guint sent = 1; sent <= G_N_ELEMENTS(commands); sent++) {
        g_autoptr(Rig) rig = rig_new("nist", "\"nextSeqNumber\": 128");
        g_autoptr(GBytes) package = NULL, result = NULL;
        g_autoptr(GPtrArray) segments = NULL;
        static const BindOptions bind = { .replace_keys = TRUE, .block = 30 };
        Tlv outer, data, metadata, iccid;

        rig_open(rig, NULL);
        package = rig_bind(rig, &bind);
        segments = rig_split(package);
        for (guint i = 0; i < sent; i++)
            g_bytes_unref(world_es10(rig->world, g_ptr_array_index(segments, i)));
        /* The process goes, which is a loss of power too. */
        world_reopen(rig->world);
        result = find_result(rig);
        rig_check_result(rig, result, commands[sent - 1], 11);
        g_assert_true(tlv_parse(tlv_slice_from_bytes(result), 0xBF37, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0xBF27, &data));
        g_assert_true(tlv_find(data.value, 0xBF2F, &metadata));
        g_assert_cmpint(tlv_find(metadata.value, 0x5A, &iccid), ==, sent > 3);
        world_assert_numbers(rig->world, "", "128");
        world_assert_ask(rig->world,
                         "BF3004"
                         "80020080",
                         "BF3003800100");
        world_reopen(rig->world);
        world_assert_numbers(rig->world, "", "");
    }
}

/* ---- notifications and memory ---- */

static void test_notifications(void)
{
    g_autoptr(Rig) rig = rig_new("nist", OPERATIONAL ", \"nextSeqNumber\": 5");
    g_autofree char *metadata =
        make_metadata("B622300F800204F08109612E6578616D706C65300F800207808109622E6578616D706C65");
    const BindOptions options = { .metadata = metadata };
    g_autoptr(JsonNode) node = NULL;
    JsonArray *list;
    static const char *const addresses[] = { "smdp.example.com", "a.example", "b.example" };

    check_download(rig, &options, -1, 0);
    list = json_object_get_array_member(world_describe(rig->world, &node), "notifications");
    g_assert_cmpuint(json_array_get_length(list), ==, 3);
    for (guint i = 0; i < 3; i++) {
        JsonObject *entry = json_array_get_object_element(list, i);

        g_assert_cmpint(json_object_get_int_member(entry, "seqNumber"), ==, 5 + i);
        g_assert_cmpstr(json_object_get_string_member(entry, "event"), ==, "install");
        g_assert_cmpstr(json_object_get_string_member(entry, "address"), ==, addresses[i]);
        g_assert_cmpstr(json_object_get_string_member(entry, "iccid"), ==, "8900100000000000008");
        g_assert_cmpint(json_object_get_boolean_member(entry, "installationResult"), ==, i == 0);
    }
    /* All three are of the event install; none of another. */
    world_assert_ask(rig->world, "BF2B06A00481020640", "BF2B02A000");
    {
        g_autofree char *all = world_ask(rig->world, "BF2B00");
        g_autofree char *installs = world_ask(rig->world, "BF2B06A00481020780");

        g_assert_cmpstr(all, ==, installs);
        g_assert_cmpuint(strlen(all), >, 100);
    }
    world_assert_ask(rig->world, "BF3003800106", "BF3003800100");
    world_assert_numbers(rig->world, "", "5 7");
}

/* What a profile took comes back when it goes. */
static void test_memory(void)
{
    g_autoptr(Rig) rig = rig_new("nist", "\"freeMemory\": 1000");

    check_download(rig, NULL, -1, 0);
    g_assert_cmpint(get_integer(rig, "freeMemory"), ==, 1000 - TINY_SIZE);
    world_assert_ask(rig->world, "BF640482020780", "BF6403800100");
    g_assert_cmpuint(count_profiles(rig), ==, 0);
    g_assert_cmpint(get_integer(rig, "freeMemory"), ==, 1000);
    check_download(rig, NULL, -1, 0);
}

/* ---- immediate enable ---- */

static void test_immediate_enable(void)
{
    static const struct {
        const char *setup;
        const char *download; /* "": there is none */
        const char *answer;
        gboolean enabled;
    } rows[] = {
        { "", "yes", "BF5A03800101", FALSE },
        { "\"immediateEnable\": true", "", "BF5A03800104", FALSE },
        { "\"immediateEnable\": true", "yes", "BF5A03800100", TRUE },
        { "\"immediateEnable\": true, \"immediateOid\": \"88370A\"", "yes", "BF5A03800100", TRUE },
        { "\"immediateEnable\": true, \"immediateOid\": \"88370B\"", "yes", "BF5A03800101", FALSE },
        { "\"immediateEnable\": true, \"immediateAddress\": \"SMDP.example.com\"", "yes",
          "BF5A03800100", TRUE },
        { "\"immediateEnable\": true, \"immediateAddress\": \"other.example.com\"", "yes",
          "BF5A03800101", FALSE },
        { "\"immediateEnable\": true, \"behaviour\": {\"catBusy\": true}", "yes", "BF5A03800105",
          FALSE },
        { "\"immediateEnable\": true, \"profiles\": [{\"iccid\": \"8900010123456789012\","
          " \"state\": \"enabled\", \"ppr\": 2}]",
          "yes", "BF5A0380017F", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Rig) rig = rig_new("nist", rows[i].setup);
        g_autofree char *iccid = NULL;

        g_test_message("row %u", i);
        if (*rows[i].download)
            check_download(rig, NULL, -1, 0);
        world_assert_ask(rig->world, "BF5A038001FF", rows[i].answer);
        iccid = sim_card_get_enabled_iccid(rig->world->card);
        g_assert_cmpint(g_str_equal(iccid, "8900100000000000008"), ==, rows[i].enabled);
        g_assert_cmpint(sim_card_refresh_pending(rig->world->card), ==, rows[i].enabled);
    }
    {
        /* Not after a failure, not after the next challenge, not twice. */
        g_autoptr(Rig) rig = rig_new("nist", "\"immediateEnable\": true, \"freeMemory\": 60,"
                                             " \"behaviour\": {\"switch\": \"none\"}");

        check_download(rig, NULL, -1, 0);
        rig_get_challenge(rig);
        world_assert_ask(rig->world, "BF5A038001FF", "BF5A03800104");
        check_download(rig, NULL, 2, 9);
        world_assert_ask(rig->world, "BF5A038001FF", "BF5A03800104");
        world_assert_ask(rig->world, "BF640482020780", "BF6403800100");
        check_download(rig, NULL, -1, 0);
        world_assert_ask(rig->world, "BF5A03800100", "BF5A03800100");
        world_assert_ask(rig->world, "BF5A03800100", "BF5A03800104");
    }
}

/* ---- knobs ---- */

static void test_knobs(void)
{
    g_autoptr(Rig) rig = rig_new("nist", "");
    g_autoptr(GBytes) package = NULL, result = NULL;
    static const BindOptions bind = { .replace_keys = TRUE };
    static const struct {
        const char *behaviour;
        gint command;
        gint reason;
    } rows[] = {
        { "{\"failInstallation\": {}}", 5, 127 },
        { "{\"failInstallation\": {\"command\": 0, \"reason\": 4}}", 0, 4 },
        { "{\"failInstallation\": {\"command\": 1, \"reason\": 10}}", 1, 10 },
        { "{\"failInstallation\": {\"command\": 2, \"reason\": 15}}", 2, 15 },
        { "{\"failInstallation\": {\"command\": 4, \"reason\": 7}}", 4, 7 },
        { "{\"failInstallation\": {\"command\": 5, \"reason\": 12}}", 5, 12 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        world_behave(rig->world, rows[i].behaviour);
        check_download(rig, &bind, rows[i].command, rows[i].reason);
        g_assert_cmpuint(count_profiles(rig), ==, 0);
    }
    world_behave(rig->world, "{\"failInstallation\": {\"count\": -1}}");
    world_reopen(rig->world); /* knobs are in the state file too */
    check_download(rig, NULL, 5, 127);
    check_download(rig, NULL, 5, 127);
    world_behave(rig->world, "{\"failInstallation\": null}");

    world_behave(rig->world, "{\"authenticateError\": 3}");
    rig_get_challenge(rig);
    g_assert_cmpint(rig_authenticate(rig, NULL), ==, 3);
    world_behave(rig->world, "{\"authenticateError\": 0, \"downloadError\": 127}");
    rig_get_challenge(rig);
    g_assert_cmpint(rig_authenticate(rig, NULL), ==, 0);
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 127);
    world_behave(rig->world, "{\"downloadError\": 0, \"cancelError\": 127}");
    g_assert_cmpint(rig_cancel(rig, NULL, 0), ==, 127);
    world_behave(rig->world, "{\"cancelError\": 0}");
    g_assert_cmpint(rig_prepare(rig, NULL), ==, 0);

    /* The result gets lost; the card has it. */
    world_behave(rig->world, "{\"fail\": [{\"on\": \"BF37\", \"sw\": \"9000\"},"
                             "{\"on\": \"A2\", \"delay\": 700}]}");
    package = rig_bind(rig, &bind);
    result = rig_send(rig, package);
    g_assert_null(result);
    g_assert_cmphex(rig->world->last_sw, ==, 0x9000);
    g_assert_cmpuint(count_profiles(rig), ==, 1);
    g_assert_cmpint(rig_cancel(rig, NULL, 5), ==, 5);

    /* One segment fails with a status word: nothing is decided yet. */
    world_assert_ask(rig->world, "BF640482020780", "BF6403800100");
    world_behave(rig->world, "{\"fail\": [{\"on\": \"86\", \"sw\": \"6F00\"}]}");
    rig_open(rig, NULL);
    g_clear_pointer(&package, g_bytes_unref);
    package = rig_bind(rig, &bind);
    g_assert_null(rig_send(rig, package));
    g_assert_cmphex(rig->world->last_sw, ==, 0x6F00);
    assert_stage(rig, "loading");
    g_assert_cmpint(rig_cancel(rig, NULL, 5), ==, 0);
    g_assert_cmpuint(count_profiles(rig), ==, 0);
}

static void test_bad_knobs(void)
{
    static const char *const bad[] = {
        "{\"failInstallation\": 3}",
        "{\"failInstallation\": {\"command\": 6}}",
        "{\"failInstallation\": {\"reason\": 0}}",
        "{\"failInstallation\": {\"reasons\": 1}}",
        "{\"authenticateError\": 128}",
        "{\"challenge\": \"0102\"}",
        "{\"otSk\": \"xx\"}",
    };
    g_autoptr(Rig) rig = rig_new("nist", "");

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(sim_card_set_behaviour(rig->world->card, bad[i], &error));
        g_assert_nonnull(error);
    }
    check_download(rig, NULL, -1, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim/install/all-metadata", test_all_metadata);
    g_test_add_func("/sim/install/metadata-refusals", test_metadata_refusals);
    g_test_add_func("/sim/install/content-refusals", test_content_refusals);
    g_test_add_func("/sim/install/segment-refusals", test_segment_refusals);
    g_test_add_func("/sim/install/wrong-lengths", test_wrong_lengths);
    g_test_add_func("/sim/install/order", test_order);
    g_test_add_func("/sim/install/power-cuts", test_power_cuts);
    g_test_add_func("/sim/install/interrupted-command", test_interrupted_command);
    g_test_add_func("/sim/install/notifications", test_notifications);
    g_test_add_func("/sim/install/memory", test_memory);
    g_test_add_func("/sim/install/immediate-enable", test_immediate_enable);
    g_test_add_func("/sim/install/knobs", test_knobs);
    g_test_add_func("/sim/install/bad-knobs", test_bad_knobs);
    return g_test_run();
}
