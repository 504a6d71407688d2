/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/profile_package.h"

#include <string.h>

#include "sim/json_value.h"
#include "util/bytes.h"

/* Profile elements (TCA Interoperable Profile format 2.3, Annex A). */
#define TAG_HEADER 0xA0
#define TAG_FILES  0xA1 /* genericFileManagement */
#define TAG_END    0xAA
#define TAG_MF     0xB0

#define FILE_CONTENT 900 /* octets of one file */

/* ---- reading ---- */

static gboolean fail(GError **error, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "profile package: %s", why);
    return FALSE;
}

/* Plain BCD with F at the end. */
static char *digits_from_bcd(TlvSlice bcd)
{
    char *digits = bytes_to_hex(bcd.data, bcd.size);

    digits[strcspn(digits, "F")] = '\0';
    return digits;
}

gboolean sim_upp_read_header(TlvSlice upp, char **ret_iccid, char **ret_type, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv header, iccid, type;

    tlv_reader_init(&reader, upp);
    if (!tlv_next(&reader, &header, &local) || header.tag != TAG_HEADER)
        return fail(error, "does not start with a profile header");
    if (!tlv_find(header.value, 0x83, &iccid) || iccid.value.size != ICCID_SIZE)
        return fail(error, "no ICCID in its header");
    *ret_iccid = digits_from_bcd(iccid.value);
    if (!ret_type)
        return TRUE;
    *ret_type = tlv_find(header.value, 0x82, &type) &&
                        g_utf8_validate_len((const char *)type.value.data, type.value.size, NULL)
                    ? g_strndup((const char *)type.value.data, type.value.size)
                    : g_strdup("");
    return TRUE;
}

/* ---- a package without use but for tests ---- */

/* Each element has A0{80 mandated, 81 identification}. */
static void put_element_header(TlvWriter *writer, guint number)
{
    tlv_open(writer, 0xA0);
    tlv_put_null(writer, 0x80);
    tlv_put_integer(writer, 0x81, number);
    tlv_close(writer);
}

static void put_header(TlvWriter *writer, const char *iccid)
{
    g_autofree char *padded = g_strdup_printf("%s%.*s", iccid, 20 - (int)strlen(iccid), "FF");
    g_autoptr(GBytes) bcd = bytes_from_hex(padded, NULL);

    tlv_open(writer, TAG_HEADER);
    tlv_put_integer(writer, 0x80, 2);
    tlv_put_integer(writer, 0x81, 3);
    tlv_put_string(writer, 0x82, "generated");
    tlv_put_slice(writer, 0x83, tlv_slice_from_bytes(bcd));
    tlv_open(writer, 0xA5); /* eUICC-Mandatory-services: usim */
    tlv_put_null(writer, 0x81);
    tlv_close(writer);
    tlv_put(writer, 0xA6, NULL, 0);
    tlv_close(writer);
}

static void put_mf(TlvWriter *writer, const guint8 iccid[ICCID_SIZE])
{
    static const guint8 template_id[] = { 0x67, 0x81, 0x0F, 0x01, 0x02, 0x01 };

    tlv_open(writer, TAG_MF);
    put_element_header(writer, 1);
    tlv_put(writer, 0x81, template_id, sizeof(template_id));
    tlv_open(writer, 0xA4); /* EF.ICCID */
    tlv_put(writer, 0x83, iccid, ICCID_SIZE);
    tlv_close(writer);
    tlv_close(writer);
}

/* Octets that no compression makes shorter, the same for each ICCID (xorshift64). */
static void make_noise(guint64 *state, guint8 *out, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        out[i] = (guint8)(*state >> 32);
    }
}

static GBytes *make_files(guint number, guint64 *noise, gsize size)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autofree guint8 *content = g_malloc(size);
    const guint8 path[] = { 0x3F, 0x00, (guint8)(number >> 8 | 0x60), (guint8)number };

    make_noise(noise, content, size);
    tlv_open(writer, TAG_FILES);
    put_element_header(writer, number + 2);
    tlv_open(writer, 0xA1);
    tlv_open(writer, 0x30);
    tlv_put(writer, 0x80, path, sizeof(path));
    tlv_put(writer, 0x81, content, size); /* fillFileContent */
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* The element with NUMBER that has SIZE octets; NULL where the length octets allow none. */
static GBytes *make_files_of_size(guint number, guint64 *noise, gsize size)
{
    enum { LEAST = 20, MOST = 48 }; /* octets around the content */

    for (gsize around = LEAST; around <= MOST && around < size; around++) {
        guint64 state = *noise;
        g_autoptr(GBytes) element = make_files(number, &state, size - around);

        if (g_bytes_get_size(element) != size)
            continue;
        *noise = state;
        return g_steal_pointer(&element);
    }
    return NULL;
}

/* Elements of exactly SIZE octets. Where no last one fits, one of a few octets goes before it. */
static gboolean put_files(TlvWriter *writer, gsize size, guint64 noise)
{
    guint number = 1;

    for (; size > 2 * FILE_CONTENT; number++) {
        g_autoptr(GBytes) element = make_files(number, &noise, FILE_CONTENT);

        tlv_put_raw_bytes(writer, element);
        size -= g_bytes_get_size(element);
    }
    for (gsize content = 0; content < 16; content++) {
        guint64 state = noise;
        g_autoptr(GBytes) first = content > 0 ? make_files(number, &state, content) : NULL;
        gsize used = first ? g_bytes_get_size(first) : 0;
        g_autoptr(GBytes) last = make_files_of_size(number + (first != NULL), &state, size - used);

        if (!last)
            continue;
        if (first)
            tlv_put_raw_bytes(writer, first);
        tlv_put_raw_bytes(writer, last);
        return TRUE;
    }
    return FALSE;
}

GBytes *sim_upp_generate(gsize size, const char *iccid, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(TlvWriter) head = tlv_writer_new();
    g_autoptr(TlvWriter) tail = tlv_writer_new();
    g_autoptr(GBytes) start = NULL, end = NULL;
    guint8 octets[ICCID_SIZE];
    guint64 noise = 0x9E3779B97F4A7C15;

    if (!iccid_from_string(iccid, octets, error))
        return NULL;
    for (const char *c = iccid; *c; c++)
        noise = noise * 31 + (guint64)*c;
    put_header(head, iccid);
    put_mf(head, octets);
    start = tlv_writer_finish(g_steal_pointer(&head));
    tlv_open(tail, TAG_END);
    put_element_header(tail, 255);
    tlv_close(tail);
    end = tlv_writer_finish(g_steal_pointer(&tail));
    if (size < 300 || size > 4 * 1024 * 1024) {
        sim_value_fail(error, "profile package of %zu octets: want 300 to 4194304", size);
        return NULL;
    }
    tlv_put_raw_bytes(writer, start);
    if (!put_files(writer, size - g_bytes_get_size(start) - g_bytes_get_size(end), noise)) {
        sim_value_fail(error, "no profile package of %zu octets can be made", size);
        return NULL;
    }
    tlv_put_raw_bytes(writer, end);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- metadata ---- */

static gboolean put_hex(TlvWriter *writer, guint32 tag, const char *hex, GError **error)
{
    g_autoptr(GBytes) bytes = bytes_from_hex(hex, error);

    if (!bytes)
        return FALSE;
    tlv_put_slice(writer, tag, tlv_slice_from_bytes(bytes));
    return TRUE;
}

static gboolean put_icon(TlvWriter *writer, JsonObject *members, GError **error)
{
    JsonNode *icon = json_object_get_member(members, "icon");
    gint64 type = json_object_get_int_member_with_default(members, "iconType", 1);
    g_autofree guint8 *content = NULL;
    guint64 noise = 1;
    guint size = 0;

    if (!icon)
        return TRUE;
    tlv_put_integer(writer, 0x93, type);
    if (json_node_get_value_type(icon) == G_TYPE_STRING)
        return put_hex(writer, 0x94, json_node_get_string(icon), error);
    if (!sim_value_count(icon, &size, error))
        return FALSE;
    content = g_malloc0(size + 1);
    make_noise(&noise, content, size);
    tlv_put(writer, 0x94, content, size);
    return TRUE;
}

static gboolean put_class(TlvWriter *writer, JsonObject *members, GError **error)
{
    static const char *const classes[] = { "test", "provisioning", "operational" };
    JsonNode *node = json_object_get_member(members, "class");
    guint class = 2;

    if (node && !sim_value_name(node, classes, G_N_ELEMENTS(classes), &class, error))
        return FALSE;
    if (class != 2 || json_object_get_boolean_member_with_default(members, "explicitClass", FALSE))
        tlv_put_integer(writer, 0x95, class);
    return TRUE;
}

static gboolean put_notification(TlvWriter *writer, JsonObject *members, GError **error)
{
    static const char *const events[] = { "install", "enable", "disable", "delete" };
    JsonNode *list = json_object_get_member(members, "events");
    guint64 bits = 0;

    if (!list || !JSON_NODE_HOLDS_ARRAY(list))
        return sim_value_fail(error, "notification without events");
    for (guint i = 0; i < json_array_get_length(json_node_get_array(list)); i++) {
        guint event = 0;

        if (!sim_value_name(json_array_get_element(json_node_get_array(list), i), events,
                            G_N_ELEMENTS(events), &event, error))
            return FALSE;
        bits |= (guint64)1 << event;
    }
    tlv_open(writer, 0x30);
    tlv_put_bits(writer, 0x80, bits);
    tlv_put_string(writer, 0x81, sim_value_get_text(members, "address"));
    tlv_close(writer);
    return TRUE;
}

static gboolean put_notifications(TlvWriter *writer, JsonObject *members, GError **error)
{
    JsonNode *node = json_object_get_member(members, "notifications");
    JsonArray *list;

    if (!node)
        return TRUE;
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return sim_value_fail(error, "'notifications' is no list");
    list = json_node_get_array(node);
    if (json_array_get_length(list) == 0)
        return TRUE;
    tlv_open(writer, 0xB6);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonNode *item = json_array_get_element(list, i);

        if (!JSON_NODE_HOLDS_OBJECT(item) ||
            !put_notification(writer, json_node_get_object(item), error))
            return error && *error ? FALSE : sim_value_fail(error, "notification is no object");
    }
    tlv_close(writer);
    return TRUE;
}

static gboolean put_owner(TlvWriter *writer, JsonObject *members, GError **error)
{
    static const struct {
        const char *name;
        guint32 tag;
    } fields[] = { { "mccMnc", 0x80 }, { "gid1", 0x81 }, { "gid2", 0x82 } };
    JsonNode *node = json_object_get_member(members, "owner");

    if (!node || JSON_NODE_HOLDS_NULL(node))
        return TRUE;
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return sim_value_fail(error, "'owner' is no object");
    tlv_open(writer, 0xB7);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *hex = json_object_get_string_member_with_default(json_node_get_object(node),
                                                                     fields[i].name, NULL);

        if (hex && !put_hex(writer, fields[i].tag, hex, error))
            return FALSE;
    }
    tlv_close(writer);
    return TRUE;
}

static gboolean check_members(JsonObject *members, GError **error)
{
    static const char *const known[] = { "provider", "name",          "icon",  "iconType",
                                         "class",    "explicitClass", "owner", "notifications",
                                         "ppr",      "emergency",     "extra", "fallbackAllowed",
                                         NULL };
    g_autoptr(GList) names = json_object_get_members(members);

    for (GList *name = names; name; name = name->next)
        if (!g_strv_contains(known, name->data))
            return sim_value_fail(error, "'%s' is no member of metadata", (const char *)name->data);
    return TRUE;
}

static gboolean put_metadata(TlvWriter *writer, JsonObject *members, GError **error)
{
    const char *extra = sim_value_get_text(members, "extra");
    g_autoptr(GBytes) more = bytes_from_hex(extra, error);
    gint64 ppr = json_object_get_int_member_with_default(members, "ppr", 0);

    if (!more)
        return FALSE;
    tlv_put_string(writer, 0x91, sim_value_get_text(members, "provider"));
    tlv_put_string(writer, 0x92, sim_value_get_text(members, "name"));
    if (!put_icon(writer, members, error) || !put_class(writer, members, error) ||
        !put_notifications(writer, members, error) || !put_owner(writer, members, error))
        return FALSE;
    if (ppr != 0)
        tlv_put_bits(writer, 0x99, (guint64)ppr);
    if (json_object_get_boolean_member_with_default(members, "emergency", FALSE))
        tlv_put_boolean(writer, 0x9F7B, TRUE);
    if (json_object_get_boolean_member_with_default(members, "fallbackAllowed", FALSE))
        tlv_put_boolean(writer, 0x9F67, TRUE);
    tlv_put_raw_bytes(writer, more);
    return TRUE;
}

GBytes *sim_metadata_make(const char *iccid, JsonObject *members, GError **error)
{
    g_autoptr(TlvWriter) content = tlv_writer_new();
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) fields = NULL;
    guint8 octets[ICCID_SIZE];

    if (!iccid_from_string(iccid, octets, error) || !check_members(members, error))
        return NULL;
    tlv_put(content, 0x5A, octets, sizeof(octets));
    /* A defect may leave an object of CONTENT open, which is then only freed. */
    if (!put_metadata(content, members, error)) {
        g_prefix_error(error, "metadata: ");
        return NULL;
    }
    fields = tlv_writer_finish(g_steal_pointer(&content));
    tlv_put_slice(writer, 0xBF25, tlv_slice_from_bytes(fields));
    return tlv_writer_finish(g_steal_pointer(&writer));
}
