/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bound packages cut into segments as they arrive (SGP.22 2.5.5): the packages of bpp.json, apdu.json and
 * asn1-invalid.json, in pieces of every kind. */
#include "rsp/bpp.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

static JsonParser *parsers[3];

static JsonNode *load(guint which)
{
    static const char *const names[] = { "bpp.json", "apdu.json", "asn1-invalid.json" };
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", names[which], NULL);
    g_autoptr(GError) error = NULL;

    if (!parsers[which]) {
        parsers[which] = json_parser_new();
        json_parser_load_from_file(parsers[which], path, &error);
        g_assert_no_error(error);
    }
    return json_parser_get_root(parsers[which]);
}

static GBytes *octets(const char *hex)
{
    GBytes *bytes = bytes_from_hex(hex, NULL);

    g_assert_nonnull(bytes);
    return bytes;
}

/* The package of an entry of bpp.json. */
static GBytes *read_package(JsonObject *entry)
{
    g_autofree char *path = NULL;
    char *contents;
    gsize size;

    if (json_object_has_member(entry, "bpp"))
        return octets(json_object_get_string_member(entry, "bpp"));
    path = g_test_build_filename(G_TEST_DIST, "data", json_object_get_string_member(entry, "file"),
                                 NULL);
    g_assert_true(g_file_get_contents(path, &contents, &size, NULL));
    return g_bytes_new_take(contents, size);
}

/* ---- what came out ---- */

typedef struct {
    GByteArray *all; /* every segment */
    GArray *kinds;   /* of RspBppSegment */
    GArray *ends;    /* of gsize */
    GBytes *metadata;
    guint segments_before_metadata;
    RspBppSegment fail_at;
    gboolean fail_at_metadata, fails;
} Sink;

static Sink *sink_new(void)
{
    Sink *sink = g_new0(Sink, 1);

    sink->all = g_byte_array_new();
    sink->kinds = g_array_new(FALSE, FALSE, sizeof(RspBppSegment));
    sink->ends = g_array_new(FALSE, FALSE, sizeof(gsize));
    return sink;
}

static void sink_free(Sink *sink)
{
    g_byte_array_unref(sink->all);
    g_array_unref(sink->kinds);
    g_array_unref(sink->ends);
    g_clear_pointer(&sink->metadata, g_bytes_unref);
    g_free(sink);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sink, sink_free)

static gboolean fail(GError **error)
{
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS, "sink");
    return FALSE;
}

static gboolean on_metadata(gpointer data, TlvSlice metadata, GError **error)
{
    Sink *sink = data;

    g_assert_null(sink->metadata);
    sink->metadata = tlv_slice_to_bytes(metadata);
    sink->segments_before_metadata = sink->kinds->len;
    return sink->fail_at_metadata ? fail(error) : TRUE;
}

static gboolean on_segment(gpointer data, RspBppSegment kind, TlvSlice segment, GError **error)
{
    Sink *sink = data;
    gsize end;

    if (sink->fails && kind == sink->fail_at)
        return fail(error);
    g_byte_array_append(sink->all, segment.data, (guint)segment.size);
    end = sink->all->len;
    g_array_append_val(sink->kinds, kind);
    g_array_append_val(sink->ends, end);
    return TRUE;
}

static const RspBppSink holding = { on_metadata, on_segment };
static const RspBppSink passing = { NULL, on_segment };

/* Feeds PACKAGE in pieces of STEP octets. */
static gboolean cut(const RspBppSink *how, GBytes *package, gsize step, Sink *sink, GError **error)
{
    g_autoptr(RspBpp) bpp = rsp_bpp_new(how, sink);
    gsize size;
    const guint8 *data = g_bytes_get_data(package, &size);

    for (gsize at = 0; at < size; at += step)
        if (!rsp_bpp_feed(bpp, tlv_slice(data + at, MIN(step, size - at)), error))
            return FALSE;
    g_assert_cmpuint(rsp_bpp_get_fed(bpp), ==, size);
    if (!rsp_bpp_finish(bpp, error))
        return FALSE;
    g_assert_cmpuint(rsp_bpp_get_size(bpp), ==, size);
    return TRUE;
}

static void assert_commands(const Sink *sink, JsonArray *commands)
{
    g_assert_cmpuint(sink->ends->len, ==, json_array_get_length(commands));
    for (guint i = 0; i < sink->ends->len; i++) {
        JsonArray *command = json_array_get_array_element(commands, i);

        g_assert_cmpuint(g_array_index(sink->ends, gsize, i), ==,
                         json_array_get_int_element(command, 0) +
                             json_array_get_int_element(command, 1));
    }
}

static void assert_kinds(const Sink *sink)
{
    static const guint8 tags[] = { 0xBF, 0xA0, 0xA1, 0x88, 0xA2, 0xA3, 0x86 };
    gsize at = 0;

    for (guint i = 0; i < sink->kinds->len; i++) {
        RspBppSegment kind = g_array_index(sink->kinds, RspBppSegment, i);

        g_assert_cmpuint(sink->all->data[at], ==, tags[kind]);
        at = g_array_index(sink->ends, gsize, i);
    }
}

static void check_package(JsonObject *entry, gsize step)
{
    g_autoptr(GBytes) package = read_package(entry);
    g_autoptr(GBytes) metadata = octets(json_object_get_string_member(entry, "store_metadata"));
    g_autoptr(Sink) held = sink_new();
    g_autoptr(Sink) passed = sink_new();
    g_autoptr(GError) error = NULL;
    gsize size;
    const void *data = g_bytes_get_data(package, &size);

    cut(&holding, package, step, held, &error);
    g_assert_no_error(error);
    g_assert_true(
        tlv_slice_equal(tlv_slice(held->all->data, held->all->len), tlv_slice(data, size)));
    assert_commands(held, json_object_get_array_member(entry, "es10b_commands"));
    assert_kinds(held);
    g_assert_true(g_bytes_equal(held->metadata, metadata));
    g_assert_cmpuint(held->segments_before_metadata, ==, 0);

    cut(&passing, package, step, passed, &error);
    g_assert_no_error(error);
    g_assert_true(
        tlv_slice_equal(tlv_slice(passed->all->data, passed->all->len), tlv_slice(data, size)));
    assert_commands(passed, json_object_get_array_member(entry, "es10b_commands"));
    g_assert_null(passed->metadata);
}

static void test_packages(void)
{
    static const gsize steps[] = { G_MAXSIZE / 2, 1, 2, 7, 255, 1024, 4096 };
    static const char *const lists[] = { "bpp", "small" };
    JsonObject *root = json_node_get_object(load(0));

    for (guint k = 0; k < G_N_ELEMENTS(lists); k++) {
        JsonArray *list = json_object_get_array_member(root, lists[k]);

        g_assert_cmpuint(json_array_get_length(list), >=, 4);
        for (guint i = 0; i < json_array_get_length(list); i++)
            for (guint j = 0; j < G_N_ELEMENTS(steps); j++)
                check_package(json_array_get_object_element(list, i), steps[j]);
    }
}

/* The lists of apdu.json are written out: part by part, with the octets of each. */
static void test_apdu_vectors(void)
{
    JsonArray *packages =
        json_object_get_array_member(json_node_get_object(load(1)), "bpp_segments");
    guint n = 0;

    for (guint i = 0; i < json_array_get_length(packages); i++) {
        JsonObject *entry = json_array_get_object_element(packages, i);
        JsonArray *list = json_object_get_array_member(entry, "list");
        g_autoptr(GBytes) package = NULL;
        g_autoptr(Sink) sink = sink_new();
        g_autoptr(GError) error = NULL;
        gsize at = 0;

        if (!json_object_has_member(entry, "bpp"))
            continue;
        n++;
        package = octets(json_object_get_string_member(entry, "bpp"));
        cut(&holding, package, 3, sink, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(sink->ends->len, ==, json_array_get_length(list));
        for (guint j = 0; j < sink->ends->len; j++) {
            JsonObject *part = json_array_get_object_element(list, j);
            g_autofree char *hex =
                bytes_to_hex(sink->all->data + at, g_array_index(sink->ends, gsize, j) - at);

            g_assert_cmpstr(hex, ==, json_object_get_string_member(part, "segment"));
            at = g_array_index(sink->ends, gsize, j);
        }
    }
    g_assert_cmpuint(n, ==, 3);
}

static GBytes *tiny_package(void)
{
    JsonArray *small = json_object_get_array_member(json_node_get_object(load(0)), "small");

    return read_package(json_array_get_object_element(small, 0));
}

/* ---- when things leave ---- */

/* The metadata come with the last octet of A1, whatever else has arrived; segments when they are complete. */
static void test_moments(void)
{
    g_autoptr(GBytes) package = tiny_package();
    const guint8 *data = g_bytes_get_data(package, NULL);
    g_autoptr(Sink) held = sink_new();
    g_autoptr(Sink) passed = sink_new();
    g_autoptr(RspBpp) bpp = rsp_bpp_new(&holding, held);
    g_autoptr(RspBpp) other = rsp_bpp_new(&passing, passed);

    /* es10b_commands of tiny-good: 183, 28, 2, 44, 2, 58, 26 */
    g_assert_cmpuint(rsp_bpp_get_size(bpp), ==, 0);
    g_assert_true(rsp_bpp_feed(bpp, tlv_slice(data, 256), NULL));
    g_assert_null(held->metadata);
    g_assert_cmpuint(held->kinds->len, ==, 0);
    g_assert_cmpuint(rsp_bpp_get_size(bpp), ==, 343);
    g_assert_cmpuint(rsp_bpp_get_fed(bpp), ==, 256);
    g_assert_true(rsp_bpp_feed(bpp, tlv_slice(data + 256, 1), NULL));
    g_assert_nonnull(held->metadata);
    g_assert_cmpuint(held->kinds->len, ==, 4);
    g_assert_true(rsp_bpp_feed(bpp, tlv_slice(data + 257, 60), NULL));
    g_assert_cmpuint(held->kinds->len, ==, 6);

    g_assert_true(rsp_bpp_feed(other, tlv_slice(data, 182), NULL));
    g_assert_cmpuint(passed->kinds->len, ==, 0);
    g_assert_true(rsp_bpp_feed(other, tlv_slice(data + 182, 1), NULL));
    g_assert_cmpuint(passed->kinds->len, ==, 1);
    g_assert_true(rsp_bpp_feed(other, tlv_slice(data + 183, 30), NULL));
    g_assert_cmpuint(passed->kinds->len, ==, 3);
}

/* What the sink fails with ends it, and nothing goes on afterwards. */
static void test_sink_fails(void)
{
    g_autoptr(GBytes) package = tiny_package();
    TlvSlice all = tlv_slice_from_bytes(package);

    for (gint at = -1; at <= RSP_BPP_ELEMENTS; at++) {
        g_autoptr(Sink) sink = sink_new();
        g_autoptr(RspBpp) bpp = rsp_bpp_new(&holding, sink);
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) again = NULL;
        g_autoptr(GError) end = NULL;
        guint n;

        if (at == RSP_BPP_REPLACE_SESSION_KEYS)
            continue;
        sink->fail_at_metadata = at < 0;
        sink->fails = at >= 0;
        sink->fail_at = (RspBppSegment)MAX(at, 0);
        g_assert_false(rsp_bpp_feed(bpp, all, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
        n = sink->kinds->len;
        if (at < 0)
            g_assert_cmpuint(n, ==, 0);
        g_assert_false(rsp_bpp_feed(bpp, all, &again));
        g_assert_error(again, EUICCD_ERROR, EUICCD_ERROR_INTERNAL);
        g_assert_false(rsp_bpp_finish(bpp, &end));
        g_assert_nonnull(end);
        g_assert_cmpuint(sink->kinds->len, ==, n);
    }
}

/* ---- what is refused ---- */

static void refuse(GBytes *package, EuiccdError code, const char *words)
{
    static const gsize steps[] = { G_MAXSIZE / 2, 1 };

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(Sink) held = sink_new();
        g_autoptr(Sink) passed = sink_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) other = NULL;

        g_assert_false(cut(&holding, package, steps[i], held, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)code);
        if (words && !strstr(error->message, words))
            g_error("'%s' does not say '%s'", error->message, words);
        g_assert_false(cut(&passing, package, steps[i], passed, &other));
        if (words)
            g_assert_nonnull(strstr(other->message, words));
    }
}

static void refuse_hex(const char *hex, EuiccdError code, const char *words)
{
    g_autoptr(GBytes) package = octets(hex);

    refuse(package, code, words);
}

/* Cut off after any octet, or with one more. */
static void test_ends(void)
{
    g_autoptr(GBytes) package = tiny_package();
    gsize size;
    const guint8 *data = g_bytes_get_data(package, &size);
    g_autofree guint8 *longer = g_malloc0(size + 1);
    g_autoptr(GBytes) with_more = NULL;

    for (gsize n = 0; n < size; n++) {
        g_autoptr(GBytes) part = g_bytes_new(data, n);

        refuse(part, EUICCD_ERROR_MALFORMED, "ends before it is complete");
    }
    memcpy(longer, data, size);
    with_more = g_bytes_new(longer, size + 1);
    refuse(with_more, EUICCD_ERROR_MALFORMED, "octets stand behind it");
}

static void test_invalid_vectors(void)
{
    JsonArray *list = json_node_get_array(load(2));
    guint n = 0;

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        g_autoptr(GBytes) package = NULL;

        if (!g_str_equal(json_object_get_string_member(entry, "type"), "BoundProfilePackage"))
            continue;
        g_test_message("%s", json_object_get_string_member(entry, "name"));
        package = octets(json_object_get_string_member(entry, "der"));
        refuse(package, EUICCD_ERROR_MALFORMED, NULL);
        n++;
    }
    g_assert_cmpuint(n, ==, 12);
}

/* A package of PARTS (hex), whose lengths need two octets at the most. */
static char *make_package(const char *parts)
{
    return g_strdup_printf("BF3682%04X%s", (guint)strlen(parts) / 2, parts);
}

#define CHANNEL "BF2303800101"
#define ISDP    "A00B870901020304050607080A"
#define DATA    "A10B8809BF0102030405060708"
#define KEYS    "A20B870901020304050607080A"
#define LAST    "A30B860901020304050607080A"

static void refuse_parts(const char *parts, EuiccdError code, const char *words)
{
    g_autofree char *package = make_package(parts);

    refuse_hex(package, code, words);
}

static void test_structure(void)
{
    g_autofree char *good = make_package(CHANNEL ISDP DATA KEYS LAST);
    g_autoptr(GBytes) package = octets(good);
    g_autoptr(Sink) sink = sink_new();
    g_autoptr(GError) error = NULL;

    cut(&holding, package, 1, sink, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(sink->kinds->len, ==, 7);
    g_assert_cmpuint(g_bytes_get_size(sink->metadata), ==, 1);

    refuse_hex("BF3700", EUICCD_ERROR_MALFORMED, "object BF37 stands in its place");
    refuse_hex("3000", EUICCD_ERROR_MALFORMED, "object 30");
    refuse_hex("BF3680", EUICCD_ERROR_MALFORMED, NULL); /* indefinite */
    refuse_hex("BF36840FFFFFFF", EUICCD_ERROR_TOO_LARGE, "the package has");
    refuse_hex("BF368400200000", EUICCD_ERROR_TOO_LARGE, "the package has");
    refuse_parts("", EUICCD_ERROR_MALFORMED, "ends before");
    refuse_parts("BF2300" ISDP DATA LAST, EUICCD_ERROR_MALFORMED, "it is empty");
    refuse_parts(CHANNEL "A000" DATA LAST, EUICCD_ERROR_MALFORMED, "firstSequenceOf87");
    refuse_parts(CHANNEL "A0028700" DATA LAST "00", EUICCD_ERROR_MALFORMED, NULL);
    refuse_parts(CHANNEL "A003870101870101" DATA LAST, EUICCD_ERROR_MALFORMED, NULL);
    refuse_parts(CHANNEL "A006870101870101" DATA LAST, EUICCD_ERROR_MALFORMED, "one block 87");
    refuse_parts(CHANNEL "A003860101" DATA LAST, EUICCD_ERROR_MALFORMED, "one block 87");
    refuse_parts(CHANNEL ISDP "A100" LAST, EUICCD_ERROR_MALFORMED, "sequenceOf88: it is empty");
    refuse_parts(CHANNEL ISDP "A10A88080102030405060708" LAST, EUICCD_ERROR_MALFORMED,
                 "nothing but a MAC");
    refuse_parts(CHANNEL ISDP "A1028800" LAST, EUICCD_ERROR_MALFORMED, "it is empty");
    refuse_parts(CHANNEL ISDP "A10B8609BF0102030405060708" LAST, EUICCD_ERROR_MALFORMED,
                 "object 86 stands in its place");
    refuse_parts(CHANNEL ISDP "A10A8809BF0102030405060708" LAST, EUICCD_ERROR_MALFORMED,
                 "longer than what it stands in");
    refuse_parts(CHANNEL ISDP "A10C8809BF010203040506070888" LAST, EUICCD_ERROR_MALFORMED, NULL);
    refuse_parts(CHANNEL ISDP DATA "A4020500" LAST, EUICCD_ERROR_MALFORMED, "object A4");
    refuse_parts(CHANNEL ISDP DATA KEYS KEYS LAST, EUICCD_ERROR_MALFORMED, "object A2");
    refuse_parts(CHANNEL ISDP DATA "A300", EUICCD_ERROR_MALFORMED, "sequenceOf86: it is empty");
    refuse_parts(CHANNEL ISDP DATA LAST "0500", EUICCD_ERROR_MALFORMED, "more stands behind it");
    refuse_parts(CHANNEL ISDP DATA "A30A86080102030405060708", EUICCD_ERROR_MALFORMED,
                 "nothing but a MAC");
    refuse_parts(CHANNEL ISDP DATA "A30B8709010203040506070809", EUICCD_ERROR_MALFORMED,
                 "object 87");
    refuse_parts(CHANNEL ISDP DATA KEYS, EUICCD_ERROR_MALFORMED, "ends before");
    refuse_parts(CHANNEL ISDP LAST, EUICCD_ERROR_MALFORMED, "object A3");
}

/* Lengths stay as they were written. */
static void test_long_lengths(void)
{
    g_autoptr(GBytes) package = octets("BF3683000045"
                                       "BF238103800101"
                                       "A08200108782000C0102030405060708090A0B0C"
                                       "A184000000108883"
                                       "00000BBF25000102030405060708"
                                       "A382001086840000000A0102030405060708090A");
    g_autoptr(Sink) sink = sink_new();
    g_autoptr(GError) error = NULL;
    gsize size;
    const void *data = g_bytes_get_data(package, &size);

    cut(&holding, package, 1, sink, &error);
    g_assert_no_error(error);
    g_assert_true(
        tlv_slice_equal(tlv_slice(sink->all->data, sink->all->len), tlv_slice(data, size)));
    g_assert_cmpuint(sink->kinds->len, ==, 6);
    g_assert_cmpuint(g_bytes_get_size(sink->metadata), ==, 3);
}

/* A block of N octets of content. */
static void put_block(TlvWriter *writer, guint32 tag, gsize n)
{
    g_autofree guint8 *content = g_malloc0(n);

    tlv_put(writer, tag, content, n);
}

/* Blocks of 88 and 86: how many, and how long. */
static GBytes *make_sized(guint n88, gsize size88, guint n86, gsize size86)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF36);
    put_block(writer, 0xBF23, 3);
    tlv_open(writer, 0xA0);
    put_block(writer, 0x87, 24);
    tlv_close(writer);
    tlv_open(writer, 0xA1);
    for (guint i = 0; i < n88; i++)
        put_block(writer, 0x88, size88);
    tlv_close(writer);
    tlv_open(writer, 0xA3);
    for (guint i = 0; i < n86; i++)
        put_block(writer, 0x86, size86);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static void test_limits(void)
{
    g_autoptr(GBytes) largest = make_sized(1, 9, 1, RSP_BPP_MAX_SEGMENT - 4);
    g_autoptr(GBytes) block = make_sized(1, 9, 1, RSP_BPP_MAX_SEGMENT - 3);
    g_autoptr(GBytes) metadata_block = make_sized(1, RSP_BPP_MAX_SEGMENT - 3, 1, 9);
    g_autoptr(GBytes) most = make_sized(15, 1016, 1, 9);
    g_autoptr(GBytes) metadata = make_sized(17, 1016, 1, 9);
    g_autoptr(GBytes) package = make_sized(1, 9, 2060, 1016);
    g_autoptr(Sink) sink = sink_new();
    g_autoptr(Sink) held = sink_new();
    g_autoptr(GError) error = NULL;

    cut(&holding, largest, 1000, sink, &error);
    g_assert_no_error(error);
    refuse(block, EUICCD_ERROR_TOO_LARGE, "the segment has 4097 octets, more than 4096");
    refuse(metadata_block, EUICCD_ERROR_TOO_LARGE, "the segment has 4097 octets");
    refuse(package, EUICCD_ERROR_TOO_LARGE, "the package has");

    /* Only what is held has to be kept. */
    cut(&holding, most, 1000, held, &error);
    g_assert_no_error(error);
    g_clear_pointer(&sink, sink_free);
    sink = sink_new();
    g_assert_false(cut(&holding, metadata, 1000, sink, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_assert_null(sink->metadata);
    g_assert_cmpuint(sink->kinds->len, ==, 0);
    g_clear_error(&error);
    cut(&passing, metadata, 1000, sink, &error);
    g_assert_no_error(error);
}

int main(int argc, char *argv[])
{
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bpp/IPAD-BPP-01N/packages", test_packages);
    g_test_add_func("/bpp/IPAD-BPP-01N/apdu-vectors", test_apdu_vectors);
    g_test_add_func("/bpp/moments", test_moments);
    g_test_add_func("/bpp/sink-fails", test_sink_fails);
    g_test_add_func("/bpp/ends", test_ends);
    g_test_add_func("/bpp/invalid-vectors", test_invalid_vectors);
    g_test_add_func("/bpp/structure", test_structure);
    g_test_add_func("/bpp/long-lengths", test_long_lengths);
    g_test_add_func("/bpp/limits", test_limits);
    result = g_test_run();
    for (guint i = 0; i < G_N_ELEMENTS(parsers); i++)
        g_clear_object(&parsers[i]);
    return result;
}
