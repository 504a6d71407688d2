/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/apdu.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "unit/channel_rig.h"
#include "util/bytes.h"

/* The known-answer dialogues of apdu.json. */

static JsonObject *vectors;
static JsonParser *parser;

static void load_vectors(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "apdu.json", NULL);
    g_autoptr(GError) error = NULL;

    parser = json_parser_new();
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    vectors = json_node_get_object(json_parser_get_root(parser));
}

static const char *text(JsonObject *object, const char *member)
{
    return json_object_get_string_member_with_default(object, member, NULL);
}

/* "…-channel-19" */
static guint8 channel_of(const char *name)
{
    const char *at = strstr(name, "channel-");

    return at ? (guint8)g_ascii_strtoull(at + strlen("channel-"), NULL, 10) : 0;
}

static void test_channel_vectors(void)
{
    JsonArray *entries = json_object_get_array_member(vectors, "channel");
    g_autoptr(GBytes) aid = rig_octets(ISDR);
    guint seen = 0;

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        const char *name = text(entry, "name"), *expected = text(entry, "command");
        guint8 number = channel_of(name), apdu[APDU_MAX];
        g_autofree char *made = NULL;
        gsize size;

        if (g_str_has_prefix(name, "terminal-capability")) {
            gboolean ipad = g_str_has_suffix(name, "ipad");
            Rig rig;

            rig_start(&rig, ipad ? CHANNEL_CAPABILITY_IPAD : CHANNEL_CAPABILITY_CONSUMER);
            rig_connect(&rig);
            fake_backend_expect(rig.fake, expected, text(entry, "status"));
            fake_backend_expect(rig.fake, NULL, "9000"); /* the second SELECT */
            g_assert_true(channel_open(rig.channel, NULL, NULL));
            g_assert_true(fake_backend_is_done(rig.fake));
            rig_stop(&rig);
            seen++;
            continue;
        }
        if (g_str_has_prefix(name, "fci-")) {
            g_autofree char *fci = NULL;
            Rig rig;

            rig_start(&rig, CHANNEL_CAPABILITY_NONE);
            g_bytes_unref(rig.fake->fci);
            rig.fake->fci = rig_octets(text(entry, "data"));
            rig_connect(&rig);
            g_assert_null(channel_get_fci(rig.channel));
            g_assert_true(channel_open(rig.channel, NULL, NULL));
            fci = bytes_gbytes_to_hex(channel_get_fci(rig.channel));
            g_assert_cmpstr(fci, ==, text(entry, "data"));
            rig_stop(&rig);
            seen++;
            continue;
        }
        if (g_str_has_prefix(name, "open-any"))
            size = apdu_open_channel(apdu);
        else if (g_str_has_prefix(name, "close-"))
            size = apdu_close_channel(apdu, number);
        else if (g_str_has_prefix(name, "select-"))
            size = apdu_select(apdu, apdu_class(number, FALSE), g_bytes_get_data(aid, NULL), 16);
        else if (g_str_has_prefix(name, "get-response-"))
            size = apdu_get_response(apdu, apdu_class(number, FALSE), 0x20);
        else
            g_assert_not_reached();
        made = bytes_to_hex(apdu, size);
        g_assert_cmpstr(made, ==, expected);
        seen++;
    }
    g_assert_cmpuint(seen, ==, 26);
}

/* The largest request there is, which the vectors describe rather than spell out: text octets that
 * count from 20 to 7E. */
static void test_store_data_limit(JsonObject *entry)
{
    gsize size = (gsize)json_object_get_int_member(entry, "request_length");
    guint blocks = (guint)json_object_get_int_member(entry, "blocks");
    const char *sum = text(entry, "request_sha256");
    g_autoptr(GByteArray) octets = g_byte_array_new();
    g_autofree char *request = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok;
    Rig rig;

    if (sum) {
        static const guint8 head[] = { 0xBF, 0x65, 0x82, 0xFE, 0xFB, 0x80, 0x82, 0xFE, 0xF7 };
        g_autofree char *own = NULL;
        guint8 octet = 0x20;

        g_byte_array_append(octets, head, sizeof head);
        for (; octets->len < size; octet = octet == 0x7E ? 0x20 : octet + 1)
            g_byte_array_append(octets, &octet, 1);
        own = g_compute_checksum_for_data(G_CHECKSUM_SHA256, octets->data, octets->len);
        g_assert_cmpint(g_ascii_strcasecmp(own, sum), ==, 0);
    } else {
        g_byte_array_set_size(octets, (guint)size);
        memset(octets->data, 0x20, size);
    }
    request = bytes_to_hex(octets->data, octets->len);
    rig_start(&rig, CHANNEL_CAPABILITY_NONE);
    rig.fake->channel = (guint8)json_object_get_int_member(entry, "channel");
    rig.config->block_size = (guint)json_object_get_int_member(entry, "block_size");
    rig_connect(&rig);
    if (sum) {
        fake_backend_expect(rig.fake, text(entry, "commands_first"), "9000");
        for (guint i = 1; i + 1 < blocks; i++)
            fake_backend_expect(rig.fake, NULL, "9000");
        fake_backend_expect(rig.fake, text(entry, "commands_last"), "9000");
    }
    ok = rig_command(&rig, request, NULL, NULL, &error);
    if (json_object_has_member(entry, "error"))
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    else
        g_assert_true(ok);
    g_assert_true(fake_backend_is_done(rig.fake));
    rig_stop(&rig);
}

static void test_store_data(void)
{
    JsonArray *entries = json_object_get_array_member(vectors, "store_data");

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        guint8 number = (guint8)json_object_get_int_member(entry, "channel");
        g_autofree char *response = NULL;
        g_autoptr(GError) error = NULL;
        JsonArray *commands;
        guint n;
        Rig rig;

        if (!json_object_has_member(entry, "commands")) {
            test_store_data_limit(entry);
            continue;
        }
        commands = json_object_get_array_member(entry, "commands");
        n = json_array_get_length(commands);
        if (json_object_has_member(entry, "blocks"))
            g_assert_cmpuint(n, ==, (guint)json_object_get_int_member(entry, "blocks"));
        if (number == 0) {
            /* Never used for a command object: the modem owns the basic channel. */
            g_autoptr(GBytes) request = rig_octets(text(entry, "request"));
            gsize size = g_bytes_get_size(request);
            guint8 apdu[APDU_MAX];
            g_autofree char *made = NULL;

            size = apdu_store_data(apdu, apdu_proprietary_class(0, FALSE), TRUE, 0,
                                   g_bytes_get_data(request, NULL), size, FALSE);
            made = bytes_to_hex(apdu, size);
            g_assert_cmpstr(made, ==, json_array_get_string_element(commands, 0));
            continue;
        }
        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig.fake->channel = number;
        rig.config->block_size =
            (guint)json_object_get_int_member_with_default(entry, "block_size", 120);
        rig_connect(&rig);
        for (guint j = 0; j < n; j++)
            fake_backend_expect(rig.fake, json_array_get_string_element(commands, j), "9000");
        g_assert_true(rig_command(&rig, text(entry, "request"), &response, NULL, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(response, ==, "");
        g_assert_true(fake_backend_is_done(rig.fake));
        g_assert_cmpuint(channel_get_counters(rig.channel)->apdus, ==, n);
        rig_stop(&rig);
    }
}

static void test_store_data_with_le(void)
{
    JsonArray *entries = json_object_get_array_member(vectors, "store_data_with_le");

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        JsonArray *commands = json_object_get_array_member(entry, "commands");
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig.fake->backend.with_le = TRUE;
        rig.fake->channel = (guint8)json_object_get_int_member(entry, "channel");
        rig.config->block_size =
            (guint)json_object_get_int_member_with_default(entry, "block_size", 255);
        rig_connect(&rig);
        for (guint j = 0; j < json_array_get_length(commands); j++)
            fake_backend_expect(rig.fake, json_array_get_string_element(commands, j), "9000");
        g_assert_true(rig_command(&rig, text(entry, "request"), NULL, NULL, NULL));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

static void test_responses(void)
{
    JsonArray *entries = json_object_get_array_member(vectors, "responses");

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        JsonArray *steps = json_object_get_array_member(entry, "get_response");
        g_autofree char *response = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig.fake->channel = (guint8)json_object_get_int_member(entry, "channel");
        rig_connect(&rig);
        fake_backend_expect(rig.fake, NULL, text(entry, "last_store_data_status"));
        for (guint j = 0; j < json_array_get_length(steps); j++) {
            JsonObject *step = json_array_get_object_element(steps, j);
            g_autofree char *answer = g_strconcat(text(step, "data"), text(step, "status"), NULL);

            fake_backend_expect(rig.fake, text(step, "command"), answer);
        }
        g_assert_true(rig_command(&rig, GET_EID, &response, NULL, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(response, ==, text(entry, "response"));
        g_assert_true(fake_backend_is_done(rig.fake));
        rig_stop(&rig);
    }
}

/* The command object that the blocks of a flow carry; a flow that stops early has but its
 * beginning, which is filled up to the length that it names. */
static char *request_of(JsonArray *steps, guint *ret_block_size)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    gsize header, value;
    guint32 tag;

    for (guint i = 0; i < json_array_get_length(steps); i++) {
        JsonObject *step = json_array_get_object_element(steps, i);
        g_autoptr(GBytes) apdu = rig_octets(text(step, "command"));
        const guint8 *data = g_bytes_get_data(apdu, NULL);

        if (data[1] != 0xE2 || (i > 0 && data[3] == 0))
            continue;
        *ret_block_size = MAX(*ret_block_size, data[4]);
        g_byte_array_append(request, data + 5, data[4]);
    }
    if (tlv_peek_header(tlv_slice(request->data, request->len), &tag, &header, &value, NULL) &&
        request->len < header + value) {
        guint from = request->len;

        g_byte_array_set_size(request, (guint)(header + value));
        memset(request->data + from, 0, request->len - from);
    }
    return bytes_to_hex(request->data, request->len);
}

static void test_flows(void)
{
    JsonArray *entries = json_object_get_array_member(vectors, "flows");

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        JsonArray *steps = json_object_get_array_member(entry, "steps");
        const char *name = text(entry, "name"), *result = text(entry, "result");
        guint block_size = 1;
        g_autofree char *request = request_of(steps, &block_size);
        g_autofree char *response = NULL;
        g_autoptr(GError) error = NULL;
        gboolean pending = FALSE, ok;
        guint16 sw = 0;
        Rig rig;

        g_test_message("%s", name);
        rig_start(&rig, CHANNEL_CAPABILITY_NONE);
        rig.config->block_size = block_size;
        rig.fake->backend.with_le = g_str_equal(name, "wrong-le-store");
        rig_connect(&rig);
        for (guint j = 0; j < json_array_get_length(steps); j++) {
            JsonObject *step = json_array_get_object_element(steps, j);
            g_autofree char *answer = g_strconcat(text(step, "data"), text(step, "status"), NULL);

            pending = pending || g_str_has_prefix(text(step, "status"), "91");
            fake_backend_expect(rig.fake, text(step, "command"), answer);
        }
        ok = rig_command(&rig, request, &response, &sw, &error);
        if (g_str_equal(result, "error")) {
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
            g_assert_false(channel_is_open(rig.channel));
        } else if (g_str_equal(result, "channel lost")) {
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
            g_assert_cmphex(sw, ==, 0x6881);
            g_assert_false(channel_is_open(rig.channel));
        } else if (g_str_has_prefix(result, "error ")) {
            guint16 expected = (guint16)g_ascii_strtoull(result + 6, NULL, 16);

            if (expected == 0x6985)
                g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_RESET);
            else
                g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
            g_assert_nonnull(strstr(error->message, result + 6));
            g_assert_cmphex(sw, ==, expected);
            g_assert_true(channel_is_open(rig.channel));
        } else {
            g_assert_no_error(error);
            g_assert_true(ok);
            g_assert_cmpstr(response, ==, result);
        }
        g_assert_true(fake_backend_is_done(rig.fake));
        g_assert_cmpint(channel_take_refresh_pending(rig.channel), ==, pending);
        g_assert_false(channel_take_refresh_pending(rig.channel));
        rig_stop(&rig);
    }
}

static void test_segments(void)
{
    JsonArray *entries = json_object_get_array_member(vectors, "bpp_segments");

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);
        JsonArray *list = json_object_get_array_member(entry, "list");
        static const char *const kinds[] = { "store_data", "store_data_120" };

        for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
            JsonObject *store;
            JsonArray *commands;
            Rig rig;

            if (!json_object_has_member(entry, kinds[k]))
                continue;
            store = json_object_get_object_member(entry, kinds[k]);
            commands = json_object_get_array_member(store, "commands");
            rig_start(&rig, CHANNEL_CAPABILITY_NONE);
            rig.fake->channel = (guint8)json_object_get_int_member(store, "channel");
            rig.config->block_size = (guint)json_object_get_int_member(store, "block_size");
            rig_connect(&rig);
            g_assert_cmpuint(json_array_get_length(list), ==, json_array_get_length(commands));
            for (guint j = 0; j < json_array_get_length(list); j++) {
                JsonObject *segment = json_array_get_object_element(list, j);
                JsonArray *blocks = json_array_get_array_element(commands, j);

                for (guint b = 0; b < json_array_get_length(blocks); b++)
                    fake_backend_expect(rig.fake, json_array_get_string_element(blocks, b), "9000");
                g_assert_true(rig_command(&rig, text(segment, "segment"), NULL, NULL, NULL));
            }
            g_assert_true(fake_backend_is_done(rig.fake));
            rig_stop(&rig);
        }
    }
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    load_vectors();
    g_test_add_func("/apdu/channel", test_channel_vectors);
    g_test_add_func("/apdu/store-data", test_store_data);
    g_test_add_func("/apdu/store-data-with-le", test_store_data_with_le);
    g_test_add_func("/apdu/responses", test_responses);
    g_test_add_func("/apdu/flows", test_flows);
    g_test_add_func("/apdu/segments", test_segments);
    result = g_test_run();
    g_object_unref(parser);
    return result;
}
