/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "rsp/rsp.h"
#include "tlv/table.h"
#include "util/bytes.h"
#include "util/error.h"

/* ---- tables of this test ---- */

typedef struct Node Node;
struct Node {
    TlvHead head;
    TlvSlice first, second; /* both [30]: told apart by their order */
    TlvInteger number;      /* [80], or [02] from some peers */
    TlvInteger yes;         /* [01] DEFAULT TRUE */
    TlvSlice short_octets;  /* [84] */
    TlvSlice text;          /* [0C] */
    TlvSlice oid;           /* [06] */
    TlvSlice bits;          /* [85] */
    TlvSlice certificate;   /* [A6] */
    TlvSlice secret;        /* [87] */
    gboolean flag;          /* [05] */
    Node *child;            /* [A1] */
    GPtrArray *children;    /* [A2] of Node */
};
extern const TlvType node_type;
static const TlvName colours[] = { { 1, "red" }, { 2, "green" }, { 0, NULL } };
static const TlvField node_fields[] = {
    TLV_FIELD(RAW, "first", 0x30, TLV_OPTIONAL, Node, first),
    TLV_FIELD(RAW, "second", 0x30, TLV_OPTIONAL, Node, second),
    TLV_FIELD(INTEGER, "number", 0x80, TLV_REQUIRED, Node, number, .names = colours, .group = 1),
    TLV_FIELD(INTEGER, "number", 0x02, TLV_TOLERATE, Node, number, .names = colours, .group = 1),
    TLV_FIELD(BOOLEAN, "yes", 0x01, TLV_DEFAULT_TRUE, Node, yes),
    TLV_FIELD(OCTETS, "shortOctets", 0x84, TLV_OPTIONAL, Node, short_octets, .min = 1, .max = 3,
              .unwrap = 3),
    TLV_FIELD(UTF8, "text", 0x0C, TLV_ADDRESS, Node, text, .max = 4),
    TLV_FIELD(OID, "oid", 0x06, TLV_OPTIONAL, Node, oid),
    TLV_FIELD(BITS, "bits", 0x85, TLV_OPTIONAL, Node, bits, .names = colours),
    TLV_FIELD(OCTETS, "certificate", 0xA6, TLV_IMPLICIT, Node, certificate),
    TLV_FIELD(UTF8, "secret", 0x87, TLV_SECRET, Node, secret),
    TLV_FIELD(NULL, "flag", 0x05, TLV_OPTIONAL, Node, flag),
    TLV_FIELD(STRUCT, "child", 0xA1, TLV_OPTIONAL, Node, child, .type = &node_type),
    TLV_FIELD(LIST, "children", 0xA2, TLV_OPTIONAL, Node, children, .type = &node_type),
};
const TlvType node_type = TLV_TYPE("Node", 0xE0, TLV_SEQUENCE, Node, node_fields);

/* "E0{ 80{01} 0500 }": hex, where a tag before braces gets the length of what is in them. */
static void add_notation(TlvWriter *writer, const char **at)
{
    while (**at && **at != '}') {
        gsize size = strspn(*at, "0123456789ABCDEF");
        g_autofree char *hex = g_strndup(*at, size);

        *at += size;
        if (**at == '{') {
            (*at)++;
            tlv_open(writer, (guint32)g_ascii_strtoull(hex, NULL, 16));
            add_notation(writer, at);
            tlv_close(writer);
            g_assert_cmpint(**at, ==, '}');
            (*at)++;
        } else if (size > 0) {
            g_autoptr(GBytes) bytes = bytes_from_hex(hex, NULL);

            g_assert_nonnull(bytes);
            tlv_put_raw_bytes(writer, bytes);
        } else {
            g_assert_cmpint(**at, ==, ' ');
            (*at)++;
        }
    }
}

static GBytes *object(const char *notation)
{
    TlvWriter *writer = tlv_writer_new();

    add_notation(writer, &notation);
    g_assert_cmpint(*notation, ==, '\0');
    return tlv_writer_finish(writer);
}

static gpointer decode_text(const TlvType *type, const char *notation, GError **error)
{
    g_autoptr(GBytes) bytes = object(notation);

    return tlv_decode(type, bytes, error);
}

static gpointer decode_ok(const TlvType *type, const char *notation)
{
    g_autoptr(GError) error = NULL;
    gpointer structure = decode_text(type, notation, &error);

    g_assert_no_error(error);
    g_assert_nonnull(structure);
    return structure;
}

/* Refused, with all of the words in the message. */
static void assert_refused(const TlvType *type, const char *notation, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, "|", -1);
    g_autoptr(GError) error = NULL;

    g_assert_null(decode_text(type, notation, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    for (gsize i = 0; parts[i]; i++)
        if (!strstr(error->message, parts[i]))
            g_error("'%s' lacks '%s'", error->message, parts[i]);
}

static void assert_encoded(const TlvType *type, gconstpointer structure, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = tlv_encode(type, structure, &error);
    g_autoptr(GBytes) expected_bytes = object(expected);
    g_autofree char *text = NULL, *expected_text = bytes_gbytes_to_hex(expected_bytes);

    g_assert_no_error(error);
    text = bytes_gbytes_to_hex(bytes);
    g_assert_cmpstr(text, ==, expected_text);
}

static void assert_not_encoded(const TlvType *type, gconstpointer structure, const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(tlv_encode(type, structure, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL);
    g_assert_nonnull(strstr(error->message, word));
    g_assert_nonnull(strstr(error->message, type->name));
}

static TlvSlice octets(const char *text)
{
    return tlv_slice(text, strlen(text));
}

/* ---- decoding ---- */

static void test_order(void)
{
    /* Any order; the same tag twice is told apart by its own order. */
    Node *node = decode_ok(&node_type, "E0{ 30{0500} 80{01} 30{010155} }");

    g_assert_cmpuint(node->first.size, ==, 4);
    g_assert_cmpuint(node->second.size, ==, 5);
    g_assert_cmpint(node->number.value, ==, 1);
    g_assert_true(node->head.type == &node_type);
    g_assert_null(node->head.unknown);
    tlv_struct_free(node);
    assert_refused(&node_type, "E0{ 3000 3000 3000 80{01} }", "Node|30|twice");
}

static void test_missing(void)
{
    assert_refused(&node_type, "E0{}", "Node|number [80]|missing");
    assert_refused(&node_type, "E0{ 80{01} A1{0500} }", "child [A1]|number [80]|missing");
    assert_refused(&node_type, "E1{ 80{01} }", "E0|E1");
    assert_refused(&node_type, "E0{ 80{01} 80{02} }", "80|twice");
    assert_refused(&node_type, "E0038001", "Node");
    assert_refused(&node_type, "", "Node");
    assert_refused(&node_type, "E0{ 80{01} } 00", "follow");
    tlv_struct_free(NULL);
}

static void test_spellings(void)
{
    Node *node = decode_ok(&node_type, "E0{ 02{02} }");

    g_assert_true(node->number.present);
    g_assert_cmpint(node->number.value, ==, 2);
    node->head.raw = (TlvSlice){ NULL, 0 };
    assert_encoded(&node_type, node, "E0{ 80{02} }");
    tlv_struct_free(node);
    assert_refused(&node_type, "E0{ 02{01} 80{02} }", "twice");
}

static void test_defaults(void)
{
    Node *absent = decode_ok(&node_type, "E0{ 80{01} }");
    Node *explicit_default = decode_ok(&node_type, "E0{ 80{01} 01{FF} }");
    Node *other = decode_ok(&node_type, "E0{ 80{01} 01{00} }");

    g_assert_false(absent->yes.present);
    g_assert_cmpint(absent->yes.value, ==, TRUE);
    g_assert_cmpint(explicit_default->yes.value, ==, TRUE);
    g_assert_cmpint(other->yes.value, ==, FALSE);
    explicit_default->head.raw = other->head.raw = (TlvSlice){ NULL, 0 };
    assert_encoded(&node_type, explicit_default, "E0{ 80{01} }");
    assert_encoded(&node_type, other, "E0{ 80{01} 01{00} }");
    tlv_struct_free(absent);
    tlv_struct_free(explicit_default);
    tlv_struct_free(other);
}

static void test_values(void)
{
    static const struct {
        const char *notation, *words;
    } bad[] = {
        { "E0{ 80{01} 84{} }", "shortOctets [84]|size 0" },
        { "E0{ 80{01} 84{01020304} }", "shortOctets|size 4" },
        { "E0{ 80{01} 0C{20} }", "text|blank" },
        { "E0{ 80{01} 0C{0A} }", "text|control" },
        { "E0{ 80{01} 0C{00} }", "text|UTF-8" },
        { "E0{ 80{01} 0C{FF} }", "text|UTF-8" },
        { "E0{ 80{01} 0C{6162636465} }", "text|size 5" },
        { "E0{ 80{01} 06{} }", "oid|OBJECT IDENTIFIER" },
        { "E0{ 80{01} 06{FF} }", "oid" },
        { "E0{ 80{01} 85{} }", "bits" },
        { "E0{ 80{01} 85{09} }", "bits" },
        { "E0{ 80{} }", "number|INTEGER" },
        { "E0{ 80{010203040506070809} }", "number|INTEGER" },
        { "E0{ 80{01} 05{00} }", "flag|NULL" },
        { "E0{ 80{01} 01{} }", "yes|BOOLEAN" },
        { "E0{ 80{01} A205 }", "Node|A2" },
        { "E0{ 80{01} A2{ 5A{} } }", "children|item 0|5A" },
        { "E0{ 80{01} A2{ E0{} } }", "children|item 0|missing" },
        { "E0{ 80{01} A2{ E0{ 80{01} } E003 } }", "children" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_refused(&node_type, bad[i].notation, bad[i].words);
}

static void test_text(void)
{
    /* Sizes of text count characters; four of two octets each fit. */
    Node *node = decode_ok(&node_type, "E0{ 80{01} 0C{C3A4C3B6C3BCC39F} }");
    g_autofree char *text = tlv_slice_to_text(node->text);

    g_assert_cmpstr(text, ==, "äöüß");
    g_assert_null(tlv_slice_to_text(node->secret));
    tlv_struct_free(node);
}

static void test_unwrap(void)
{
    Node *node = decode_ok(&node_type, "E0{ 80{01} 84{ 84{010203} } }");

    g_assert_true(tlv_slice_equal(node->short_octets, tlv_slice("\1\2\3", 3)));
    tlv_struct_free(node);
    assert_refused(&node_type, "E0{ 80{01} 84{ 84{0102} } }", "shortOctets|size 4");

    /* A tag that replaces the one of a SEQUENCE, and the SEQUENCE itself inside it. */
    node = decode_ok(&node_type, "E0{ 80{01} A6{ 3000 0300 } }");
    g_assert_true(tlv_slice_equal(node->certificate, tlv_slice("\x30\0\3\0", 4)));
    tlv_struct_free(node);
    node = decode_ok(&node_type, "E0{ 80{01} A6{ 30{ 3000 0300 } } }");
    g_assert_true(tlv_slice_equal(node->certificate, tlv_slice("\x30\0\3\0", 4)));
    tlv_struct_free(node);
}

static void test_unknown(void)
{
    Node *node = decode_ok(&node_type, "E0{ 9F55{AA} 80{01} 9F56{55} }");

    g_assert_cmpuint(node->head.unknown->len, ==, 2);
    g_assert_cmphex(g_array_index(node->head.unknown, Tlv, 0).tag, ==, 0x9F55);
    assert_encoded(&node_type, node, "E0{ 9F55{AA} 80{01} 9F56{55} }");
    node->head.raw = (TlvSlice){ NULL, 0 };
    assert_encoded(&node_type, node, "E0{ 80{01} 9F55{AA} 9F56{55} }");
    tlv_struct_free(node);
}

static void test_depth(void)
{
    g_autoptr(GError) error = NULL;
    guint deepest = 0;

    for (guint depth = 1; depth < 60; depth++) {
        TlvWriter *writer = tlv_writer_new();
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *text = NULL;
        gpointer node;

        tlv_open(writer, 0xE0);
        for (guint i = 1; i < depth; i++) {
            tlv_put_integer(writer, 0x80, 1);
            tlv_open(writer, 0xA1);
        }
        tlv_put_integer(writer, 0x80, 1);
        for (guint i = 0; i < depth; i++)
            tlv_close(writer);
        bytes = tlv_writer_finish(writer);
        text = tlv_print(&node_type, tlv_slice_from_bytes(bytes));
        g_assert_nonnull(text);
        node = tlv_decode(&node_type, bytes, &error);
        if (node)
            deepest = depth;
        else
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_clear_error(&error);
        tlv_struct_free(node);
    }
    g_assert_cmpuint(deepest, ==, TLV_MAX_DEPTH);
}

/* Two octets must not become a structure each without end. */
static void test_budget(void)
{
    g_autofree guint8 *items = g_malloc(1024 * 1024);
    g_autoptr(GBytes) bytes = NULL;
    TlvWriter *writer = tlv_writer_new();

    for (gsize i = 0; i < 1024 * 1024; i += 2)
        memcpy(items + i, "\xA6\0", 2);
    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, "e");
    tlv_put(writer, 0x5A, "0123456789ABCDEF", 16);
    tlv_put_integer(writer, 0x81, 1);
    tlv_put(writer, 0xA0, items, 1024 * 1024);
    tlv_close(writer);
    tlv_put(writer, 0x5F37, "", 0);
    tlv_close(writer);
    bytes = tlv_writer_finish(writer);
    {
        g_autoptr(GError) error = NULL;

        g_assert_null(tlv_decode(&rsp_euicc_package_request, bytes, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_assert_nonnull(strstr(error->message, "too many objects"));
    }
}

static void test_slice(void)
{
    g_autoptr(GBytes) bytes = bytes_from_hex("FFFFE003800101FF", NULL);
    const guint8 *data = g_bytes_get_data(bytes, NULL);
    g_autoptr(GError) error = NULL;
    Node *node = tlv_decode_slice(&node_type, bytes, tlv_slice(data + 2, 5), &error);

    g_assert_no_error(error);
    /* The structure keeps the octets alive. */
    g_clear_pointer(&bytes, g_bytes_unref);
    g_assert_true(node->head.raw.data == data + 2);
    g_assert_cmphex(node->head.raw.data[0], ==, 0xE0);
    tlv_struct_free(node);
}

static void test_choices(void)
{
    static const char inner[] = "A1{ BF2F{ 80{09} 81{0640} 0C{61626364} } 5F37{0102} }";
    g_autoptr(GBytes) inner_bytes = object(inner);
    g_autofree char *wrapped = g_strdup_printf("BF3D{ A0{ %s } }", inner);
    g_autoptr(RspHandleNotificationEsipa) decoded = NULL;
    g_autoptr(RspPendingNotification) pending = NULL;
    RspHandleNotificationEsipa message = { .head = { .type = NULL } };

    assert_refused(&rsp_get_eim_package_response, "BF4F{}", "GetEimPackageResponse|without");
    assert_refused(&rsp_get_eim_package_response, "BF4F{ BF7F{8000} }", "unknown alternative|BF7F");
    assert_refused(&rsp_get_eim_package_response, "BF4F{ 02{01} 02{7F} }", "second alternative");
    assert_refused(&rsp_pending_notification, "BF7F{}", "unknown alternative");
    assert_refused(&rsp_pending_notification, "BF37{} 3000", "follow");

    /* An untagged CHOICE is its alternative, alone and with a tag around it. */
    pending = decode_ok(&rsp_pending_notification, inner);
    g_assert_nonnull(pending->compact_other_signed_notification);
    g_assert_true(tlv_slice_equal(pending->head.raw, tlv_slice_from_bytes(inner_bytes)));
    decoded = decode_ok(&rsp_handle_notification_esipa, wrapped);
    g_assert_true(tlv_slice_equal(decoded->pending_notification->head.raw,
                                  tlv_slice_from_bytes(inner_bytes)));
    message.pending_notification = pending;
    assert_encoded(&rsp_handle_notification_esipa, &message, wrapped);
    message.pending_notification = decoded->pending_notification;
    assert_encoded(&rsp_handle_notification_esipa, &message, wrapped);
}

/* ---- encoding ---- */

static void test_encode_errors(void)
{
    Node node = { .number = { TRUE, 1 } };
    Node child = { .head = { .type = NULL } };
    RspGetEimPackageResponse two = { .eim_package_error = { TRUE, 1 } };
    RspProfileDownloadTriggerRequest trigger = { .head = { .type = NULL } };
    RspEimAcknowledgements none = { .head = { .type = NULL } };

    assert_encoded(&node_type, &node, "E0{ 80{01} }");
    node.short_octets = octets("abcd");
    assert_not_encoded(&node_type, &node, "size");
    node.short_octets = octets("");
    assert_not_encoded(&node_type, &node, "shortOctets");
    node.short_octets = (TlvSlice){ NULL, 0 };
    node.text = octets("\xFF");
    assert_not_encoded(&node_type, &node, "UTF-8");
    node.text = octets("a b");
    assert_not_encoded(&node_type, &node, "blank");
    node.text = (TlvSlice){ NULL, 0 };
    node.oid = octets("\x80");
    assert_not_encoded(&node_type, &node, "oid");
    node.oid = (TlvSlice){ NULL, 0 };
    node.bits = octets("\x09");
    assert_not_encoded(&node_type, &node, "bits");
    node.bits = (TlvSlice){ NULL, 0 };
    node.first = octets("\x31\x01\x01");
    assert_not_encoded(&node_type, &node, "first");
    node.first = (TlvSlice){ NULL, 0 };
    node.child = &child;
    assert_not_encoded(&node_type, &node, "number");
    child.head.raw = octets("\x80\x05");
    assert_not_encoded(&node_type, &node, "no Node");
    node.child = NULL;
    node.number.present = FALSE;
    assert_not_encoded(&node_type, &node, "missing");

    two.profile_download_trigger_request = &trigger;
    assert_not_encoded(&rsp_get_eim_package_response, &two, "second alternative");
    two.eim_package_error.present = FALSE;
    assert_encoded(&rsp_get_eim_package_response, &two, "BF4F{ BF54{} }");
    two.profile_download_trigger_request = NULL;
    assert_not_encoded(&rsp_get_eim_package_response, &two, "without alternative");
    assert_not_encoded(&rsp_eim_acknowledgements, &none, "missing");
}

/* What was received goes out as it came, under the tag of its new place. */
static void test_encode_received(void)
{
    /* Lengths that are longer than they need to be survive. */
    static const char as_received[] = "E0820006 80810101 0500";
    Node *received = decode_ok(&node_type, as_received);
    Node passed = { .head = { .raw = octets("\xE0\x81\x03\x80\x01\x01") } };
    Node parent = { .number = { TRUE, 2 }, .child = received };
    g_autoptr(GPtrArray) list = g_ptr_array_new();

    assert_encoded(&node_type, received, as_received);
    assert_encoded(&node_type, &parent, "E0{ 80{02} A1{ 80810101 0500 } }");
    parent.child = NULL;
    parent.children = list;
    g_ptr_array_add(list, received);
    assert_encoded(&node_type, &parent, "E0{ 80{02} A2{ E0820006 80810101 0500 } }");
    received->head.raw = (TlvSlice){ NULL, 0 };
    assert_encoded(&node_type, &parent, "E0{ 80{02} A2{ E0{ 80{01} 0500 } } }");
    tlv_struct_free(received);

    /* Octets that were never decoded. */
    parent.children = NULL;
    parent.child = &passed;
    assert_encoded(&node_type, &parent, "E0{ 80{02} A1{ 80{01} } }");
}

/* ---- names and traces ---- */

static void test_names(void)
{
    g_assert_cmpstr(tlv_name(colours, 2), ==, "green");
    g_assert_cmpstr(tlv_name(colours, 3), ==, "unknown (3)");
    g_assert_cmpstr(tlv_name(NULL, -1), ==, "unknown (-1)");
    g_assert_cmpstr(tlv_name(colours, G_MAXINT64), ==, "unknown");
    g_assert_cmpstr(tlv_name(rsp_names_enable_result, 20), ==, "rollbackNotAvailable");
    g_assert_true(rsp_es10_type(0xBF2D, FALSE) == &rsp_profile_info_list_request);
    g_assert_true(rsp_es10_type(0xBF2D, TRUE) == &rsp_profile_info_list_response);
    g_assert_true(rsp_es10_type(0xBF36, FALSE) == &rsp_bound_profile_package);
    g_assert_null(rsp_es10_type(0xBF36, TRUE));
    g_assert_null(rsp_es10_type(0x30, FALSE));
    for (gsize i = 0; rsp_types[i]; i++)
        g_assert_cmpuint(rsp_types[i]->n_fields, <=, 64);
}

static void assert_printed(const TlvType *type, const char *notation, const char *expected)
{
    g_autoptr(GBytes) bytes = object(notation);
    g_autofree char *text = tlv_print(type, tlv_slice_from_bytes(bytes));

    g_assert_cmpstr(text, ==, expected);
}

static void test_print(void)
{
    assert_printed(&node_type, "E0{ 80{02} 84{0A0B} 0C{610A} 87{377364} 0500 A1{ 80{09} } }",
                   "Node [E0]\n"
                   "  number [80] 2 green\n"
                   "  shortOctets [84] 0A0B\n"
                   "  text [0C] \"a\\x0A\"\n"
                   "  secret [87] (hidden)\n"
                   "  flag [05]\n"
                   "  child [A1]\n"
                   "    number [80] 9 unknown (9)\n");
    assert_printed(&node_type, "E0{ 85{0560} 85{00} 01{00} 06{8837} A2{ E0{ 80{01} } } }",
                   "Node [E0]\n"
                   "  bits [85] red, green\n"
                   "  [85] (there twice)\n"
                   "  yes [01] FALSE\n"
                   "  oid [06] 2.999\n"
                   "  children [A2]\n"
                   "    Node [E0]\n"
                   "      number [80] 1 red\n");
    /* No table, or the wrong one. */
    assert_printed(NULL, "E0{ 80{010203} }", "[E0]\n  [80] 010203\n");
    assert_printed(&node_type, "5A{01}", "[5A] 01\n");
    /* Cut off in a secret: nothing of it is shown. */
    assert_printed(&node_type, "E009 80{01} 8703414243", "(10 octets can't be read)\n");
    assert_printed(&node_type, "E0{ 80{01} 87054142 }",
                   "Node [E0]\n"
                   "  number [80] 1 red\n"
                   "  (4 octets can't be read)\n");
    assert_printed(&node_type, "", "");
    /* The alternative of an untagged CHOICE stands for it. */
    assert_printed(&rsp_profile_download_trigger_request, "BF54{ A0{ 80{0153} } 82{A1B2} }",
                   "ProfileDownloadTriggerRequest [BF54]\n"
                   "  profileDownloadData [A0]\n"
                   "    activationCode [80] (hidden)\n"
                   "  eimTransactionId [82] A1B2\n");
    {
        g_autofree char *text = tlv_print(&node_type, tlv_slice(NULL, 0));

        g_assert_cmpstr(text, ==, "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/order", test_order);
    g_test_add_func("/table/missing", test_missing);
    g_test_add_func("/table/spellings", test_spellings);
    g_test_add_func("/table/defaults", test_defaults);
    g_test_add_func("/table/values", test_values);
    g_test_add_func("/table/text", test_text);
    g_test_add_func("/table/unwrap", test_unwrap);
    g_test_add_func("/table/unknown", test_unknown);
    g_test_add_func("/table/depth", test_depth);
    g_test_add_func("/table/budget", test_budget);
    g_test_add_func("/table/slice", test_slice);
    g_test_add_func("/table/choices", test_choices);
    g_test_add_func("/table/encode-errors", test_encode_errors);
    g_test_add_func("/table/encode-received", test_encode_received);
    g_test_add_func("/table/names", test_names);
    g_test_add_func("/table/print", test_print);
    return g_test_run();
}
