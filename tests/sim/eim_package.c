/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/eim_package.h"

#include <string.h>

#include "sim/crypto.h"

static const char *const kind_names[] = {
    [SIM_EIM_ORDER_PSMO] = "psmo", [SIM_EIM_ORDER_ECO] = "eco",
    [SIM_EIM_ORDER_DATA] = "data", [SIM_EIM_ORDER_DOWNLOAD] = "download",
    [SIM_EIM_ORDER_RAW] = "raw",
};

const char *sim_eim_order_kind_name(SimEimOrderKind kind)
{
    return kind_names[kind];
}

G_GNUC_PRINTF(2, 3) static gboolean fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    return FALSE;
}

/* ---- members of the description; absent is FALSE in *RET_PRESENT and no failure ---- */

static gboolean get_string(JsonObject *object, const char *name, const char **ret_text,
                           GError **error)
{
    JsonNode *node = json_object_get_member(object, name);

    *ret_text = NULL;
    if (!node || JSON_NODE_HOLDS_NULL(node))
        return TRUE;
    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return fail(error, "'%s' is no string", name);
    *ret_text = json_node_get_string(node);
    return TRUE;
}

static gboolean get_integer(JsonObject *object, const char *name, gboolean *ret_present,
                            gint64 *ret_number, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);

    *ret_present = FALSE;
    if (!node || JSON_NODE_HOLDS_NULL(node))
        return TRUE;
    if (json_node_get_value_type(node) != G_TYPE_INT64)
        return fail(error, "'%s' is no integer", name);
    *ret_number = json_node_get_int(node);
    *ret_present = TRUE;
    return TRUE;
}

static gboolean get_flag(JsonObject *object, const char *name, gboolean *ret_flag, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);

    *ret_flag = FALSE;
    if (!node || JSON_NODE_HOLDS_NULL(node))
        return TRUE;
    if (json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return fail(error, "'%s' is neither true nor false", name);
    *ret_flag = json_node_get_boolean(node);
    return TRUE;
}

static gboolean get_hex(JsonObject *object, const char *name, GBytes **ret_bytes, GError **error)
{
    const char *text;

    *ret_bytes = NULL;
    if (!get_string(object, name, &text, error))
        return FALSE;
    if (!text)
        return TRUE;
    *ret_bytes = bytes_from_hex(text, error);
    if (!*ret_bytes)
        g_prefix_error(error, "'%s': ", name);
    return *ret_bytes != NULL;
}

static JsonObject *get_object(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* Bit numbers of a list as one number, bit i for named bit i. */
static gboolean get_bits(JsonObject *object, const char *name, gboolean *ret_present,
                         guint64 *ret_bits, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);
    JsonArray *array;

    *ret_present = FALSE;
    *ret_bits = 0;
    if (!node || JSON_NODE_HOLDS_NULL(node))
        return TRUE;
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return fail(error, "'%s' is no list of bits", name);
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        gint64 bit = json_node_get_value_type(item) == G_TYPE_INT64 ? json_node_get_int(item) : -1;

        if (bit < 0 || bit > 63)
            return fail(error, "'%s': not a bit number from 0 to 63", name);
        *ret_bits |= G_GUINT64_CONSTANT(1) << bit;
    }
    *ret_present = TRUE;
    return TRUE;
}

static void put_bytes(TlvWriter *writer, guint32 tag, GBytes *bytes)
{
    tlv_put_slice(writer, tag, tlv_slice_from_bytes(bytes));
}

/* ---- EimConfigurationData ---- */

/* OBJECT is a complete 30…; the tag of the arm takes its place (implicit tagging), contains it, or
 * is left out. */
static gboolean put_key(TlvWriter *writer, guint32 tag, guint32 arm, GBytes *object,
                        const char *nesting, GError **error)
{
    Tlv tlv;

    if (!tlv_parse(tlv_slice_from_bytes(object), 0x30, &tlv, error))
        return FALSE;
    tlv_open(writer, tag);
    if (!nesting || g_str_equal(nesting, "implicit")) {
        tlv_put_slice(writer, arm, tlv.value);
    } else if (g_str_equal(nesting, "nested")) {
        tlv_open(writer, arm);
        tlv_put_raw_slice(writer, tlv.raw);
        tlv_close(writer);
    } else if (g_str_equal(nesting, "bare")) {
        tlv_put_raw_slice(writer, tlv.raw);
    } else {
        tlv_close(writer);
        return fail(error, "'keyNesting' is neither implicit nor nested nor bare");
    }
    tlv_close(writer);
    return TRUE;
}

static gboolean put_keys(JsonObject *members, TlvWriter *writer, GError **error)
{
    static const struct {
        const char *name;
        guint32 tag, arm;
    } keys[] = {
        { "publicKey", 0xA5, 0xA0 },
        { "certificate", 0xA5, 0xA1 },
        { "tlsPublicKey", 0xA6, 0xA0 },
        { "tlsCertificate", 0xA6, 0xA1 },
    };
    const char *nesting;

    if (!get_string(members, "keyNesting", &nesting, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GBytes) object = NULL;

        if (!get_hex(members, keys[i].name, &object, error))
            return FALSE;
        if (object && !put_key(writer, keys[i].tag, keys[i].arm, object, nesting, error)) {
            g_prefix_error(error, "'%s': ", keys[i].name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean put_configuration(JsonObject *members, TlvWriter *writer, GError **error)
{
    static const struct {
        const char *name;
        guint32 tag;
    } texts[] = { { "eimId", 0x80 }, { "fqdn", 0x81 } }, numbers[] = {
        { "idType", 0x82 },
        { "counter", 0x83 },
        { "token", 0x84 },
    };
    g_autoptr(GBytes) ci = NULL, more = NULL;
    gboolean present, indirect;
    guint64 bits;

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text;

        if (!get_string(members, texts[i].name, &text, error))
            return FALSE;
        if (text)
            tlv_put_string(writer, texts[i].tag, text);
    }
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        gint64 number;

        if (!get_integer(members, numbers[i].name, &present, &number, error))
            return FALSE;
        if (present)
            tlv_put_integer(writer, numbers[i].tag, number);
    }
    if (!put_keys(members, writer, error) ||
        !get_bits(members, "protocols", &present, &bits, error) ||
        !get_hex(members, "ciPKId", &ci, error) ||
        !get_flag(members, "indirect", &indirect, error) || !get_hex(members, "more", &more, error))
        return FALSE;
    if (present)
        tlv_put_bits(writer, 0x87, bits);
    if (ci)
        put_bytes(writer, 0x88, ci);
    if (indirect)
        tlv_put_null(writer, 0x89);
    if (more)
        tlv_put_raw_bytes(writer, more);
    return TRUE;
}

gboolean sim_eim_configuration_to_tlv(JsonObject *members, guint32 tag, TlvWriter *writer,
                                      GError **error)
{
    gboolean ok;

    tlv_open(writer, tag);
    ok = put_configuration(members, writer, error);
    tlv_close(writer);
    return ok;
}

/* ---- commands ---- */

static gboolean put_iccid(JsonObject *members, TlvWriter *writer, gboolean mandatory,
                          GError **error)
{
    guint8 iccid[ICCID_SIZE];
    const char *digits;

    if (!get_string(members, "iccid", &digits, error))
        return FALSE;
    if (!digits)
        return !mandatory || fail(error, "'iccid' is missing");
    if (!iccid_from_string(digits, iccid, error))
        return FALSE;
    tlv_put(writer, 0x5A, iccid, sizeof(iccid));
    return TRUE;
}

static gboolean put_enable(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    gboolean rollback;

    if (!get_flag(members, "rollback", &rollback, error))
        return FALSE;
    tlv_open(writer, tag);
    if (!put_iccid(members, writer, TRUE, error))
        return FALSE;
    if (rollback)
        tlv_put_null(writer, 0x05);
    tlv_close(writer);
    return TRUE;
}

static gboolean put_profile(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    tlv_open(writer, tag);
    if (!put_iccid(members, writer, TRUE, error))
        return FALSE;
    tlv_close(writer);
    return TRUE;
}

static gboolean put_empty(JsonObject *members G_GNUC_UNUSED, guint32 tag, TlvWriter *writer,
                          GError **error G_GNUC_UNUSED)
{
    tlv_put(writer, tag, NULL, 0);
    return TRUE;
}

/* ProfileInfoListRequest (SGP.22 5.7.15): A0 searchCriteria, 5C tagList, 5D iotSpecificTagList. */
static gboolean put_list(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    g_autoptr(GBytes) aid = NULL, tags = NULL, iot_tags = NULL;
    gboolean has_class;
    gint64 class;

    if (!get_hex(members, "aid", &aid, error) || !get_hex(members, "tags", &tags, error) ||
        !get_hex(members, "iotTags", &iot_tags, error) ||
        !get_integer(members, "class", &has_class, &class, error))
        return FALSE;
    tlv_open(writer, tag);
    if (aid || has_class || json_object_has_member(members, "iccid")) {
        tlv_open(writer, 0xA0);
        if (!put_iccid(members, writer, FALSE, error))
            return FALSE;
        if (aid)
            put_bytes(writer, 0x4F, aid);
        if (has_class)
            tlv_put_integer(writer, 0x95, class);
        tlv_close(writer);
    }
    if (tags)
        put_bytes(writer, 0x5C, tags);
    if (iot_tags)
        put_bytes(writer, 0x5D, iot_tags);
    tlv_close(writer);
    return TRUE;
}

static gboolean put_immediate(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    g_autoptr(GBytes) oid = NULL;
    const char *dotted, *address;
    gboolean enable;

    if (!get_flag(members, "enable", &enable, error) ||
        !get_string(members, "smdpOid", &dotted, error) ||
        !get_string(members, "smdpAddress", &address, error))
        return FALSE;
    if (dotted && !(oid = tlv_oid_from_string(dotted, error)))
        return FALSE;
    tlv_open(writer, tag);
    if (enable)
        tlv_put_null(writer, 0x80);
    if (oid)
        put_bytes(writer, 0x81, oid);
    if (address)
        tlv_put_string(writer, 0x82, address);
    tlv_close(writer);
    return TRUE;
}

static gboolean put_text(JsonObject *members, const char *name, guint32 tag, TlvWriter *writer,
                         GError **error)
{
    const char *text;

    if (!get_string(members, name, &text, error))
        return FALSE;
    if (!text)
        return fail(error, "'%s' is missing", name);
    tlv_open(writer, tag);
    tlv_put_string(writer, 0x80, text);
    tlv_close(writer);
    return TRUE;
}

static gboolean put_default_dp(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    return put_text(members, "address", tag, writer, error);
}

static gboolean put_delete_eim(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    return put_text(members, "eimId", tag, writer, error);
}

/* Either the members of a configuration, or "der": what "eim --print-configuration" prints. */
static gboolean put_eim(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error)
{
    g_autoptr(GBytes) der = NULL;
    Tlv tlv;

    if (!get_hex(members, "der", &der, error))
        return FALSE;
    if (der) {
        if (json_object_get_size(members) > 1)
            return fail(error, "'der' together with other members");
        if (!tlv_parse(tlv_slice_from_bytes(der), 0x30, &tlv, error)) {
            g_prefix_error(error, "'der': ");
            return FALSE;
        }
        tlv_put_slice(writer, tag, tlv.value);
        return TRUE;
    }
    return sim_eim_configuration_to_tlv(members, tag, writer, error);
}

typedef struct {
    const char *name;
    guint32 tag;
    gboolean (*put)(JsonObject *members, guint32 tag, TlvWriter *writer, GError **error);
} Command;

/* SGP.32 2.11.1.1.3 */
static const Command psmo_commands[] = {
    { "enable", 0xA3, put_enable },
    { "disable", 0xA4, put_profile },
    { "delete", 0xA5, put_profile },
    { "listProfileInfo", 0xBF2D, put_list },
    { "getRAT", 0xA6, put_empty },
    { "configureImmediateEnable", 0xA7, put_immediate },
    { "setFallbackAttribute", 0xA8, put_profile },
    { "unsetFallbackAttribute", 0xA9, put_empty },
    { "setDefaultDpAddress", 0xBF65, put_default_dp },
    { NULL, 0, NULL },
};

/* SGP.32 2.11.1.1.2 */
static const Command eco_commands[] = {
    { "addEim", 0xA8, put_eim },
    { "deleteEim", 0xA9, put_delete_eim },
    { "updateEim", 0xAA, put_eim },
    { "listEim", 0xAB, put_empty },
    { NULL, 0, NULL },
};

static JsonArray *get_commands(JsonObject *description)
{
    static const char *const lists[] = { "psmo", "eco" };

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        JsonNode *node = json_object_get_member(description, lists[i]);

        if (node && JSON_NODE_HOLDS_ARRAY(node))
            return json_node_get_array(node);
    }
    return NULL;
}

/* Name and node of the only member of the command at INDEX. */
static const char *get_command(JsonArray *commands, guint index, JsonNode **ret_node)
{
    JsonNode *item = json_array_get_element(commands, index);
    g_autoptr(GList) names = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(item) || json_object_get_size(json_node_get_object(item)) != 1)
        return NULL;
    names = json_object_get_members(json_node_get_object(item));
    *ret_node = json_object_get_member(json_node_get_object(item), names->data);
    return names->data;
}

guint sim_eim_package_count_commands(JsonObject *description)
{
    JsonArray *commands = get_commands(description);

    return commands ? json_array_get_length(commands) : 0;
}

const char *sim_eim_package_get_command(JsonObject *description, guint index)
{
    JsonNode *node;

    return get_command(get_commands(description), index, &node);
}

static gboolean put_command(const Command *table, JsonArray *commands, guint index,
                            TlvWriter *writer, GError **error)
{
    JsonNode *node = NULL;
    const char *name = get_command(commands, index, &node);

    if (!name)
        return fail(error, "not an object with one member");
    if (g_str_equal(name, "raw") && json_node_get_value_type(node) == G_TYPE_STRING) {
        g_autoptr(GBytes) raw = bytes_from_hex(json_node_get_string(node), error);

        if (!raw)
            return FALSE;
        tlv_put_raw_bytes(writer, raw);
        return TRUE;
    }
    for (const Command *command = table; command->name; command++) {
        if (!g_str_equal(command->name, name))
            continue;
        if (!JSON_NODE_HOLDS_OBJECT(node))
            return fail(error, "'%s' is no object", name);
        if (!command->put(json_node_get_object(node), command->tag, writer, error)) {
            g_prefix_error(error, "%s: ", name);
            return FALSE;
        }
        return TRUE;
    }
    return fail(error, "'%s' is no command", name);
}

/* ---- packages ---- */

GBytes *sim_eim_token_object(gint64 token)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_put_integer(writer, 0x84, token);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

gboolean sim_eim_package_get_kind(JsonObject *description, SimEimOrderKind *ret_kind,
                                  GError **error)
{
    if (json_object_get_size(description) != 1)
        return fail(error, "a package has exactly one member: psmo, eco, data, download or raw");
    for (guint i = 0; i < G_N_ELEMENTS(kind_names); i++) {
        if (json_object_has_member(description, kind_names[i])) {
            *ret_kind = i;
            return TRUE;
        }
    }
    return fail(error, "a package is one of psmo, eco, data, download, raw");
}

static gboolean put_commands(JsonObject *description, TlvWriter *writer, GError **error)
{
    JsonArray *commands = get_commands(description);
    gboolean eco = json_object_has_member(description, "eco");

    if (!commands)
        return fail(error, "psmo or eco is no list");
    tlv_open(writer, eco ? 0xA1 : 0xA0);
    for (guint i = 0; i < json_array_get_length(commands); i++) {
        if (!put_command(eco ? eco_commands : psmo_commands, commands, i, writer, error)) {
            g_prefix_error(error, "command %u: ", i + 1);
            return FALSE;
        }
    }
    tlv_close(writer);
    return TRUE;
}

GBytes *sim_eim_package_build_signed(JsonObject *description, const SimEimPackageSetup *setup,
                                     GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, setup->eim_id);
    tlv_put(writer, 0x5A, setup->eid, EID_SIZE);
    tlv_put_integer(writer, 0x81, setup->counter);
    if (setup->transaction_id)
        put_bytes(writer, 0x82, setup->transaction_id);
    if (!put_commands(description, writer, error))
        return NULL;
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *sim_eim_package_sign(GBytes *package_signed, const SimEimPackageSetup *setup,
                             GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) token = sim_eim_token_object(setup->token);
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GBytes) signature = NULL;
    guint8 octets[SIM_SIGNATURE_SIZE];

    g_byte_array_append(input, g_bytes_get_data(package_signed, NULL),
                        (guint)g_bytes_get_size(package_signed));
    g_byte_array_append(input, g_bytes_get_data(token, NULL), (guint)g_bytes_get_size(token));
    signature = sim_sign(setup->key, input->data, input->len, error);
    if (!signature)
        return NULL;
    memcpy(octets, g_bytes_get_data(signature, NULL), sizeof(octets));
    if (setup->damage)
        octets[SIM_SIGNATURE_SIZE - 1] ^= 1;

    tlv_open(writer, 0xBF51);
    tlv_put_raw_bytes(writer, package_signed);
    tlv_put(writer, 0x5F37, octets, sizeof(octets));
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* SGP.32 2.11.1.2: 5C, 04, A1, A2, 83. In v1.0 an eIM also asks for results in A1{82}. */
static GBytes *build_data_request(JsonObject *members, const SimEimPackageSetup *setup,
                                  GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) tags = NULL, ci = NULL;
    JsonObject *notification = get_object(members, "notification");
    JsonObject *result = get_object(members, "result");
    gboolean present, all;
    gint64 number;
    guint64 bits;

    if (!get_hex(members, "tags", &tags, error) || !get_hex(members, "ciPKId", &ci, error))
        return NULL;
    tlv_open(writer, 0xBF52);
    if (tags)
        put_bytes(writer, 0x5C, tags);
    if (ci)
        put_bytes(writer, 0x04, ci);
    if (notification) {
        tlv_open(writer, 0xA1);
        if (!get_integer(notification, "seqNumber", &present, &number, error))
            return NULL;
        if (present)
            tlv_put_integer(writer, 0x80, number);
        if (!get_bits(notification, "events", &present, &bits, error) ||
            !get_flag(notification, "results", &all, error))
            return NULL;
        if (present)
            tlv_put_bits(writer, 0x81, bits);
        if (all)
            tlv_put_null(writer, 0x82);
        tlv_close(writer);
    }
    if (result) {
        tlv_open(writer, 0xA2);
        if (!get_integer(result, "seqNumber", &present, &number, error))
            return NULL;
        if (present)
            tlv_put_integer(writer, 0x80, number);
        tlv_close(writer);
    }
    if (setup->transaction_id)
        put_bytes(writer, 0x83, setup->transaction_id);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* SGP.32 2.11.1.3: A0{80 activationCode | 81 NULL | A2{80 smdsAddress}} O, 82 O. */
static GBytes *build_trigger(JsonObject *members, const SimEimPackageSetup *setup, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    const char *code, *smds;
    gboolean default_smdp;

    if (!get_string(members, "activationCode", &code, error) ||
        !get_string(members, "smds", &smds, error) ||
        !get_flag(members, "defaultSmdp", &default_smdp, error))
        return NULL;
    tlv_open(writer, 0xBF54);
    if (code || smds || default_smdp)
        tlv_open(writer, 0xA0);
    if (code) {
        tlv_put_string(writer, 0x80, code);
    } else if (smds) {
        tlv_open(writer, 0xA2);
        if (*smds)
            tlv_put_string(writer, 0x80, smds);
        tlv_close(writer);
    } else if (default_smdp) {
        tlv_put_null(writer, 0x81);
    }
    if (code || smds || default_smdp)
        tlv_close(writer);
    if (setup->transaction_id)
        put_bytes(writer, 0x82, setup->transaction_id);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *sim_eim_package_build(JsonObject *description, const SimEimPackageSetup *setup,
                              GError **error)
{
    g_autoptr(GBytes) package_signed = NULL;
    GBytes *raw = NULL;
    JsonObject *members;
    SimEimOrderKind kind = SIM_EIM_ORDER_RAW;

    if (!sim_eim_package_get_kind(description, &kind, error))
        return NULL;
    members = get_object(description, kind_names[kind]);
    switch (kind) {
    case SIM_EIM_ORDER_PSMO:
    case SIM_EIM_ORDER_ECO:
        package_signed = sim_eim_package_build_signed(description, setup, error);
        return package_signed ? sim_eim_package_sign(package_signed, setup, error) : NULL;
    case SIM_EIM_ORDER_RAW:
        if (get_hex(description, "raw", &raw, error) && !raw)
            fail(error, "'raw' is empty");
        return raw;
    case SIM_EIM_ORDER_DATA:
    case SIM_EIM_ORDER_DOWNLOAD:
        if (!members) {
            fail(error, "'%s' is no object", kind_names[kind]);
            return NULL;
        }
        return kind == SIM_EIM_ORDER_DATA ? build_data_request(members, setup, error)
                                          : build_trigger(members, setup, error);
    }
    return NULL;
}
