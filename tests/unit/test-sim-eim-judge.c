/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The running test eIM as a judge: orders, results, notifications, acknowledgements. */

#include "unit/test-sim-eim-client.h"

/* ---- orders and results ---- */

static void test_order(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) answer = NULL;
    g_autofree char *notification = make_notification(8, FALSE), *result = NULL;
    Card card = { .results = "830100", .seq = 7, .notification = notification };
    gint64 order = queue(fixture, ENABLE, "");
    JsonObject *shown;
    JsonArray *list;

    expect_order(fixture, order, "queued", FALSE, NULL);
    fetch(fixture);
    expect_order(fixture, order, "sent", FALSE, NULL);
    expect(fixture, POLL, 200, NOTHING);
    result = make_result(fixture, order, &card);
    expect(fixture, result, 200, "BF5009BF5306800107800108");
    expect_order(fixture, order, "done", TRUE, NULL);

    shown = show_order(fixture, order, &answer);
    g_assert_cmpint(json_object_get_int_member(shown, "counter"), ==, 101);
    g_assert_cmpint(json_object_get_int_member(shown, "seqNumber"), ==, 7);
    g_assert_cmpstr(json_object_get_string_member(shown, "rule"), ==, "1.2");
    list = json_object_get_array_member(shown, "results");
    g_assert_cmpint(json_object_get_int_member(json_array_get_object_element(list, 0), "enable"),
                    ==, 0);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(shown, "acknowledged")), ==,
                     2);

    /* The same result again, after a restart. */
    stop(fixture);
    start(fixture);
    expect(fixture, result, 200, "BF5009BF5306800107800108");
    g_clear_pointer(&answer, json_object_unref);
    shown = show_order(fixture, order, &answer);
    list = json_object_get_array_member(shown, "again");
    g_assert_cmpuint(json_array_get_length(list), ==, 1);
    g_assert_true(
        json_object_get_boolean_member(json_array_get_object_element(list, 0), "verified"));
    g_clear_pointer(&answer, json_object_unref);
    answer = control(fixture, "{\"do\": \"show\"}");
    list = json_object_get_array_member(answer, "notifications");
    g_assert_cmpuint(json_array_get_length(list), ==, 2);
    shown = json_array_get_object_element(list, 0);
    g_assert_true(json_object_get_boolean_member(shown, "verified"));
    g_assert_cmpstr(json_object_get_string_member(shown, "event"), ==, "enable");
    g_assert_cmpint(json_object_get_int_member(shown, "seqNumber"), ==, 8);
    g_assert_cmpint(json_object_get_int_member(answer, "duplicates"), ==, 1);
}

static void test_judgement(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        Card card;
        const char *why;
    } cases[] = {
        { { .results = "830100", .damage = TRUE }, "signature does not verify" },
        { { .results = "830100", .other_key = TRUE }, "signature does not verify" },
        { { .results = "830100", .token = 6 }, "signature does not verify" },
        { { .results = "830100", .eim_id = "eim" }, "eimId is not that of the order" },
        { { .results = "830100", .counter_offset = 1 }, "counterValue is not that of the order" },
        { { .results = "840100" }, "a result is not that of its command" },
        { { .results = "" }, "fewer results than commands" },
        { { .results = "830100830100" }, "more results than commands" },
        { { .results = "830101840100" }, "results go on after a failure" },
        { { .results = "8300" }, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 order = queue(fixture, ENABLE, "");
        g_autofree char *result = NULL;
        g_autoptr(JsonObject) answer = NULL;
        JsonObject *shown;

        fetch(fixture);
        result = make_result(fixture, order, &cases[i].card);
        expect(fixture, result, 200, "BF500302017F");
        shown = show_order(fixture, order, &answer);
        g_assert_cmpstr(json_object_get_string_member(shown, "state"), ==, "done");
        g_assert_false(json_object_get_boolean_member(shown, "verified"));
        g_assert_false(json_object_has_member(shown, "succeeded"));
        if (cases[i].why)
            g_assert_cmpstr(json_object_get_string_member(shown, "why"), ==, cases[i].why);
    }
}

static void test_good_results(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *package;
        Card card;
        const char *answer;
        gboolean succeeded;
    } cases[] = {
        { ENABLE, { .results = "830102", .seq = 0 }, "BF5006BF5303800100", FALSE },
        { ENABLE, { .results = "020102", .seq = 128 }, "BF5007BF530480020080", FALSE },
        { ENABLE, { .results = "8C0100", .seq = 1 }, "BF5006BF5303800101", FALSE },
        { ENABLE, { .results = "8301008C0100", .seq = 1 }, "BF5006BF5303800101", FALSE },
        { ENABLE,
          { .results = "830100", .seq = 2, .v10 = TRUE, .eid = "" },
          "BF5006BF5303800102",
          TRUE },
        { "{\"psmo\": [{\"disable\": {\"iccid\": \"" ICCID_1
          "\"}}, {\"delete\": {\"iccid\": \"" ICCID_1 "\"}}]}",
          { .results = "840100850100", .seq = 3 },
          "BF5006BF5303800103",
          TRUE },
        { "{\"psmo\": [{\"disable\": {\"iccid\": \"" ICCID_1
          "\"}}, {\"delete\": {\"iccid\": \"" ICCID_1 "\"}}]}",
          { .results = "840102", .seq = 3 },
          "BF5006BF5303800103",
          FALSE },
        { "{\"psmo\": [{\"listProfileInfo\": {}}]}",
          { .results = "BF2D1AA018E3165A0A980010103254769810F24F04A00000059F700101", .seq = 4 },
          "BF5006BF5303800104",
          TRUE },
        { "{\"psmo\": [{\"listProfileInfo\": {}}]}",
          { .results = "BF2D0381017F", .seq = 4 },
          "BF5006BF5303800104",
          FALSE },
        { "{\"psmo\": [{\"raw\": \"BF7000\"}]}",
          { .results = "BF7000", .seq = 4 },
          "BF5006BF5303800104",
          FALSE },
        { "{\"eco\": [{\"deleteEim\": {\"eimId\": \"a\"}}, {\"listEim\": {}}]}",
          { .results = "890102AB02A000", .seq = 5 },
          "BF5006BF5303800105",
          TRUE },
        { ENABLE, { .error = 4 }, EMPTY, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 order = queue(fixture, cases[i].package, "");
        g_autofree char *result = NULL;
        g_autoptr(JsonObject) answer = NULL;

        fetch(fixture);
        result = make_result(fixture, order, &cases[i].card);
        expect(fixture, result, 200, cases[i].answer);
        expect_order(fixture, order, "done", TRUE, NULL);
        g_assert_cmpint(
            json_object_get_boolean_member(show_order(fixture, order, &answer), "succeeded"), ==,
            cases[i].succeeded);
    }
}

static void test_errors_and_strays(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    Card card = { .results = "830100", .seq = 7, .other_transaction = TRUE };
    g_autoptr(JsonObject) answer = NULL, all = NULL;
    g_autofree char *result = NULL;
    gint64 order = queue(fixture, ENABLE, ", \"fault\": \"signature\"");
    JsonObject *shown;

    fetch(fixture);
    /* another transaction: belongs to no order */
    result = make_result(fixture, order, &card);
    expect(fixture, result, 200, EMPTY);
    expect_order(fixture, order, "sent", FALSE, NULL);
    /* a token without content; then an unsigned error without a transaction, which belongs to the order
     * that waits */
    expect(fixture, "BF502A5A10" TEST_EID "BF5115A213800F65696D2E6578616D706C652E636F6D8400", 400,
           "");
    expect(fixture, "BF502B5A10" TEST_EID "BF5116A214800F65696D2E6578616D706C652E636F6D840105", 200,
           EMPTY);
    shown = show_order(fixture, order, &answer);
    g_assert_cmpstr(json_object_get_string_member(shown, "state"), ==, "done");
    g_assert_false(json_object_get_boolean_member(shown, "verified"));
    g_assert_false(
        json_object_get_boolean_member(json_object_get_object_member(shown, "error"), "signed"));
    g_assert_cmpstr(json_object_get_string_member(shown, "fault"), ==, "signature");

    /* the IPA's own error, with the transaction */
    order = queue(fixture, "{\"raw\": \"BF7003800100\"}", ", \"eimTransactionId\": \"AABB\"");
    expect(fixture, POLL, 200, "BF4F06BF7003800100");
    expect(fixture, "BF501B5A10" TEST_EID "A0078002AABB020102", 200, EMPTY);
    expect_order(fixture, order, "done", FALSE, "error of the IPA, not of the eUICC");
    all = control(fixture, "{\"do\": \"show\"}");
    g_assert_cmpint(json_object_get_int_member(all, "strayResults"), ==, 1);
}

static void test_data_and_triggers(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    gint64 order =
        queue(fixture, "{\"data\": {\"tags\": \"BF20\"}}", ", \"eimTransactionId\": \"AABB\"");
    g_autoptr(JsonObject) answer = NULL, failed = NULL;

    expect(fixture, POLL, 200, "BF4F0BBF52085C02BF208302AABB");
    expect(fixture, "BF50245A10" TEST_EID "BF520FA00DBF20068204010203048702AABB", 200, EMPTY);
    expect_order(fixture, order, "done", FALSE, NULL);
    g_assert_cmpstr(
        json_object_get_string_member(
            json_object_get_object_member(show_order(fixture, order, &answer), "data"), "BF20"),
        ==, "820401020304");

    order = queue(fixture, "{\"data\": {\"tags\": \"5A\"}}", ", \"eimTransactionId\": \"\"");
    expect(fixture, POLL, 200, "BF4F06BF52035C015A");
    expect(fixture, "BF501A5A10" TEST_EID "BF5205A103020101", 200, EMPTY);
    expect_order(fixture, order, "done", FALSE, NULL);
    g_assert_cmpint(
        json_object_get_int_member(
            json_object_get_object_member(show_order(fixture, order, &failed), "error"), "code"),
        ==, 1);

    order = queue(fixture, "{\"download\": {\"activationCode\": \"1$smdp.io$ABC\"}}",
                  ", \"eimTransactionId\": \"AABB\"");
    expect(fixture, POLL, 200, "BF4F18BF5415A00F800D3124736D64702E696F244142438202AABB");
    expect(fixture, "BF3D21BF501E5A10" TEST_EID "BF54098202AABB300380017F", 204, "");
    expect_order(fixture, order, "done", FALSE, NULL);
}

static void test_notifications(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) answer = NULL;
    JsonArray *list;

    for (guint i = 0; i < 2; i++) {
        g_autofree char *notification = make_notification(20 + i, i == 1);
        g_autoptr(GBytes) bytes = bytes_from_hex(notification, NULL);
        g_autoptr(TlvWriter) writer = tlv_writer_new();
        g_autoptr(GBytes) whole = NULL;
        g_autofree char *hex = NULL;

        tlv_open(writer, 0xBF3D);
        tlv_put_slice(writer, 0xA0, tlv_slice_from_bytes(bytes));
        tlv_close(writer);
        whole = tlv_writer_finish(g_steal_pointer(&writer));
        hex = bytes_gbytes_to_hex(whole);
        expect(fixture, hex, 204, "");
    }
    expect(fixture, "BF3D06A004BF370100", 400, "");
    expect(fixture, "BF3D06A0043002BF2F", 400, "");
    answer = control(fixture, "{\"do\": \"show\"}");
    list = json_object_get_array_member(answer, "notifications");
    g_assert_cmpuint(json_array_get_length(list), ==, 2);
    g_assert_true(
        json_object_get_boolean_member(json_array_get_object_element(list, 0), "verified"));
    g_assert_false(
        json_object_get_boolean_member(json_array_get_object_element(list, 1), "verified"));
}

static void test_acknowledgements(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *ack, *answer;
        gboolean kept; /* the result was not taken */
    } cases[] = {
        { "\"all\"", "BF5009BF5306800107800108", FALSE },
        { "\"none\"", "BF5003BF5300", FALSE },
        { "\"empty\"", EMPTY, FALSE },
        { "\"result\"", "BF5006BF5303800107", FALSE },
        { "\"notifications\"", "BF5006BF5303800108", FALSE },
        { "{\"numbers\": [1, 300]}", "BF500ABF53078001018002012C", FALSE },
        { "{\"error\": 127}", "BF500302017F", TRUE },
    };
    g_autofree char *notification = make_notification(8, FALSE);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Card card = { .results = "830100", .seq = 7, .notification = notification };
        gint64 order = queue(fixture, ENABLE, "");
        g_autofree char *result = NULL;

        json_object_unref(control(fixture, "{\"do\": \"knobs\", \"ack\": %s}", cases[i].ack));
        fetch(fixture);
        result = make_result(fixture, order, &card);
        expect(fixture, result, 200, cases[i].answer);
        expect_order(fixture, order, cases[i].kept ? "sent" : "done", !cases[i].kept, NULL);
    }
    do_control(fixture, "{\"do\": \"knobs\", \"ack\": \"empty\", \"dialect\": \"1.0\"}");
    expect(fixture, "BF5003020102", 200, "BF5000");
}

/* Packages that a card refuses: they differ from the good one in exactly that. */
static void test_package_faults(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const faults[] = { "signature", "key", "token", "replay", "eid", "eimId" };
    g_autofree char *path = g_build_filename(pki, "eim.key.pem", NULL);
    g_autoptr(EVP_PKEY) key = sim_key_load(path, NULL);
    static const guint8 token[] = { 0x84, 0x01, 0x05 };

    for (guint i = 0; i <= G_N_ELEMENTS(faults); i++) {
        const char *fault = i < G_N_ELEMENTS(faults) ? faults[i] : NULL;
        g_autofree char *more =
            fault ? g_strdup_printf(", \"fault\": \"%s\"", fault) : g_strdup("");
        gint64 number = queue(fixture, ENABLE, more);
        g_autoptr(JsonObject) answer = NULL;
        JsonObject *order = show_order(fixture, number, &answer);
        g_autoptr(GBytes) request =
            bytes_from_hex(json_object_get_string_member(order, "request"), NULL);
        g_autoptr(GByteArray) input = g_byte_array_new();
        gboolean broken = fault && i < 3;
        Tlv outer, package, signature, eid, counter, eim_id;
        g_autofree char *eid_text = NULL;
        gint64 value;

        g_assert_true(tlv_parse(tlv_slice_from_bytes(request), 0xBF51, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0x30, &package));
        g_assert_true(tlv_find(outer.value, 0x5F37, &signature));
        g_byte_array_append(input, package.raw.data, (guint)package.raw.size);
        g_byte_array_append(input, token, sizeof(token));
        g_assert_cmpint(sim_verify(key, input->data, input->len, signature.value), ==, !broken);
        g_assert_true(tlv_find(package.value, 0x5A, &eid));
        g_assert_true(tlv_find(package.value, 0x81, &counter));
        g_assert_true(tlv_find(package.value, 0x80, &eim_id));
        eid_text = eid_to_string(eid.value.data, eid.value.size, NULL);
        g_assert_cmpint(g_strcmp0(eid_text, TEST_EID) != 0, ==, g_strcmp0(fault, "eid") == 0);
        g_assert_cmpint(eim_id.value.size != strlen(EIM_HOST), ==, g_strcmp0(fault, "eimId") == 0);
        g_assert_true(tlv_get_integer(counter.value, &value, NULL));
        /* 101 102 103, 103 again, and on */
        g_assert_cmpint(value, ==, 101 + i - (i >= 3 ? 1 : 0));
    }
}

static void test_resend(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    gint64 order = queue(fixture, ENABLE, "");

    fetch(fixture);
    expect(fixture, POLL, 200, NOTHING);
    do_control(fixture, "{\"do\": \"knobs\", \"resend\": true}");
    fetch(fixture);
    do_control(fixture, "{\"do\": \"knobs\", \"resend\": false}");
    expect(fixture, POLL, 200, NOTHING);
    json_object_unref(
        control(fixture, "{\"do\": \"requeue\", \"order\": %" G_GINT64_FORMAT "}", order));
    /* the queue survives */
    stop(fixture);
    start(fixture);
    expect_order(fixture, order, "queued", FALSE, NULL);
    fetch(fixture);
    expect_order(fixture, order, "sent", FALSE, NULL);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    ADD("order", test_order);
    ADD("judgement", test_judgement);
    ADD("good-results", test_good_results);
    ADD("errors-and-strays", test_errors_and_strays);
    ADD("data-and-triggers", test_data_and_triggers);
    ADD("notifications", test_notifications);
    ADD("acknowledgements", test_acknowledgements);
    ADD("package-faults", test_package_faults);
    ADD("resend", test_resend);
    return end();
}
