/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/rand.h>
#include <string.h>

#include "sim/crypto.h"
#include "sim/eim_package.h"
#include "sim/eim_private.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define STATE_LIMIT     (64 * 1024 * 1024)
#define EXCHANGES_KEPT  500
#define UNKNOWN_EIM_ID  "unknown.example.org"
#define TRANSACTION_LEN 16

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

static const char *const list_names[] = { "orders", "notifications", "strays", "exchanges" };

G_GNUC_PRINTF(2, 3) static gboolean fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    return FALSE;
}

/* ---- the file ---- */

static JsonObject *parse_object(GBytes *text, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;
    gsize size;
    const char *data = g_bytes_get_data(text, &size);

    if (!json_parser_load_from_data(parser, data, (gssize)size, error))
        return NULL;
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        fail(error, "no JSON object");
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

static char *to_text(JsonObject *object, gboolean pretty)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, object);
    return json_to_string(node, pretty);
}

JsonObject *sim_eim_json_copy(JsonObject *object)
{
    g_autofree char *text = to_text(object, FALSE);
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));

    return parse_object(bytes, NULL);
}

/* A file of another program or a damaged one would crash the accessors of json-glib. */
static gboolean check_state(JsonObject *state, const char *eim_id, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(list_names); i++) {
        JsonNode *node = json_object_get_member(state, list_names[i]);

        if (!node || !JSON_NODE_HOLDS_ARRAY(node))
            return fail(error, "'%s' is no list", list_names[i]);
    }
    if (g_strcmp0(json_object_get_string_member_with_default(state, "eimId", NULL), eim_id) != 0)
        return fail(error, "belongs to another eIM");
    return TRUE;
}

gboolean sim_eim_state_load(SimEim *eim, const SimEimSetup *setup, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) text = file_read(setup->state_path, STATE_LIMIT, &local);
    g_autoptr(JsonObject) state = NULL;

    if (!text && !euiccd_error_is(local, EUICCD_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (text) {
        state = parse_object(text, error);
        if (!state || !check_state(state, setup->eim_id, error)) {
            g_prefix_error(error, "state of the eIM in '%s': ", setup->state_path);
            return FALSE;
        }
        eim->state = g_steal_pointer(&state);
        if (!json_object_has_member(eim->state, "relays"))
            json_object_set_object_member(eim->state, "relays", json_object_new());
        return TRUE;
    }
    eim->state = json_object_new();
    json_object_set_string_member(eim->state, "eimId", setup->eim_id);
    json_object_set_int_member(eim->state, "token", setup->token);
    json_object_set_int_member(eim->state, "lastCounter", setup->counter);
    json_object_set_object_member(eim->state, "cards", json_object_new());
    json_object_set_object_member(eim->state, "relays", json_object_new());
    for (guint i = 0; i < G_N_ELEMENTS(list_names); i++)
        json_object_set_array_member(eim->state, list_names[i], json_array_new());
    return sim_eim_state_save(eim, error);
}

gboolean sim_eim_state_save(SimEim *eim, GError **error)
{
    JsonArray *exchanges = sim_eim_state_list(eim, "exchanges");
    g_autofree char *text = NULL;

    while (json_array_get_length(exchanges) > EXCHANGES_KEPT)
        json_array_remove_element(exchanges, 0);
    text = to_text(eim->state, TRUE);
    return file_replace(eim->state_path, text, strlen(text), error);
}

JsonArray *sim_eim_state_list(SimEim *eim, const char *name)
{
    return json_object_get_array_member(eim->state, name);
}

gint64 sim_eim_state_number(SimEim *eim, const char *name)
{
    return json_object_get_int_member_with_default(eim->state, name, 0);
}

gint64 sim_eim_state_count(SimEim *eim, const char *name)
{
    gint64 number = sim_eim_state_number(eim, name) + 1;

    json_object_set_int_member(eim->state, name, number);
    return number;
}

/* ---- orders ---- */

JsonObject *sim_eim_order_find(SimEim *eim, gint64 number)
{
    JsonArray *orders = sim_eim_state_list(eim, "orders");

    for (guint i = 0; i < json_array_get_length(orders); i++) {
        JsonObject *order = json_array_get_object_element(orders, i);

        if (json_object_get_int_member(order, "order") == number)
            return order;
    }
    return NULL;
}

gboolean sim_eim_order_is(JsonObject *order, const char *state)
{
    return g_str_equal(json_object_get_string_member(order, "state"), state);
}

JsonObject *sim_eim_order_next(SimEim *eim, const char *eid)
{
    JsonArray *orders = sim_eim_state_list(eim, "orders");

    for (guint i = 0; i < json_array_get_length(orders); i++) {
        JsonObject *order = json_array_get_object_element(orders, i);

        if (!g_str_equal(json_object_get_string_member(order, "eid"), eid))
            continue;
        if (sim_eim_order_is(order, "queued") ||
            (eim->knobs.resend && sim_eim_order_is(order, "sent")))
            return order;
    }
    return NULL;
}

/* Members of the "queue" request. */
typedef struct {
    JsonObject *package;
    JsonObject *relay; /* NULL: none */
    const char *eid;
    const char *transaction_id; /* NULL: random */
    gboolean has_counter;
    gint64 counter;
    const char *fault; /* "" for none */
} Queue;

static gboolean read_queue(SimEim *eim, JsonObject *request, Queue *ret_queue, GError **error)
{
    static const struct {
        const char *name;
        GType type;
    } members[] = {
        { "do", G_TYPE_STRING },     { "package", G_TYPE_INVALID },
        { "eid", G_TYPE_STRING },    { "eimTransactionId", G_TYPE_STRING },
        { "counter", G_TYPE_INT64 }, { "fault", G_TYPE_STRING },
        { "relay", G_TYPE_INVALID },
    };
    g_autoptr(GList) names = json_object_get_members(request);
    JsonNode *package = json_object_get_member(request, "package");
    JsonNode *relay = json_object_get_member(request, "relay");

    for (GList *item = names; item; item = item->next) {
        JsonNode *node = json_object_get_member(request, item->data);
        guint i = 0;

        while (i < G_N_ELEMENTS(members) && !g_str_equal(members[i].name, item->data))
            i++;
        if (i == G_N_ELEMENTS(members))
            return fail(error, "'%s' is no member of an order", (const char *)item->data);
        if (members[i].type != G_TYPE_INVALID && json_node_get_value_type(node) != members[i].type)
            return fail(error, "'%s' has the wrong type", members[i].name);
    }
    if (!package || !JSON_NODE_HOLDS_OBJECT(package))
        return fail(error, "'package' is no object");
    if (relay && !JSON_NODE_HOLDS_OBJECT(relay))
        return fail(error, "'relay' is no object");
    *ret_queue = (Queue){
        .package = json_node_get_object(package),
        .relay = relay ? json_node_get_object(relay) : NULL,
        .eid = json_object_get_string_member_with_default(request, "eid", eim->default_eid),
        .transaction_id =
            json_object_get_string_member_with_default(request, "eimTransactionId", NULL),
        .has_counter = json_object_has_member(request, "counter"),
        .counter = json_object_get_int_member_with_default(request, "counter", 0),
        .fault = json_object_get_string_member_with_default(request, "fault", ""),
    };
    return TRUE;
}

static GBytes *make_transaction_id(const char *given, GError **error)
{
    guint8 random[TRANSACTION_LEN];

    if (given)
        return bytes_from_hex(given, error);
    if (RAND_bytes(random, sizeof(random)) != 1) {
        fail(error, "no random numbers");
        return NULL;
    }
    return g_bytes_new(random, sizeof(random));
}

/* Turns SETUP into what the fault asks for. FALSE for a name that is none. */
static gboolean apply_fault(SimEim *eim, const char *fault, SimEimPackageSetup *setup,
                            EVP_PKEY **ret_key, GError **error)
{
    if (g_str_equal(fault, "signature")) {
        setup->damage = TRUE;
    } else if (g_str_equal(fault, "token")) {
        setup->token++;
    } else if (g_str_equal(fault, "key")) {
        *ret_key = EVP_EC_gen("P-256");
        setup->key = *ret_key;
    } else if (g_str_equal(fault, "replay")) {
        setup->counter = sim_eim_state_number(eim, "lastCounter");
    } else if (g_str_equal(fault, "eid")) {
        setup->eid[EID_SIZE - 2] ^= 0x11;
    } else if (g_str_equal(fault, "eimId")) {
        setup->eim_id = UNKNOWN_EIM_ID;
    } else if (*fault) {
        return fail(error, "'%s' is no fault of a package", fault);
    }
    return TRUE;
}

/* eimId, counter and transaction of a package that was given as bytes, so that its result is
 * recognized. */
static void describe_raw(JsonObject *order, GBytes *request)
{
    TlvSlice raw = tlv_slice_from_bytes(request);
    Tlv outer, data, field;
    gint64 counter;

    if (!tlv_parse(raw, 0xBF51, &outer, NULL) || !tlv_find(outer.value, 0x30, &data))
        return;
    if (tlv_find(data.value, 0x80, &field) &&
        g_utf8_validate_len((const char *)field.value.data, field.value.size, NULL)) {
        g_autofree char *eim_id = g_strndup((const char *)field.value.data, field.value.size);

        json_object_set_string_member(order, "eimId", eim_id);
    }
    if (tlv_find(data.value, 0x81, &field) && tlv_get_integer(field.value, &counter, NULL))
        json_object_set_int_member(order, "counter", counter);
    if (tlv_find(data.value, 0x82, &field)) {
        g_autofree char *hex = bytes_to_hex(field.value.data, field.value.size);

        json_object_set_string_member(order, "eimTransactionId", hex);
    } else {
        json_object_remove_member(order, "eimTransactionId");
    }
}

JsonObject *sim_eim_order_add(SimEim *eim, JsonObject *request, GError **error)
{
    g_autoptr(GBytes) transaction_id = NULL, built = NULL;
    g_autoptr(EVP_PKEY) other_key = NULL;
    g_autoptr(JsonObject) package = NULL;
    g_autofree char *transaction_hex = NULL, *request_hex = NULL;
    SimEimPackageSetup setup;
    SimEimOrderKind kind = SIM_EIM_ORDER_RAW;
    JsonObject *order;
    Queue queue = { 0 };
    gboolean is_package;

    if (!read_queue(eim, request, &queue, error) ||
        !sim_eim_package_get_kind(queue.package, &kind, error))
        return NULL;
    transaction_id = make_transaction_id(queue.transaction_id, error);
    if (!transaction_id)
        return NULL;
    setup = (SimEimPackageSetup){
        .eim_id = eim->eim_id,
        .counter = queue.has_counter ? queue.counter : sim_eim_state_number(eim, "lastCounter") + 1,
        .transaction_id = g_bytes_get_size(transaction_id) > 0 ? transaction_id : NULL,
        .token = sim_eim_state_number(eim, "token"),
        .key = eim->key,
    };
    if (!eid_from_string(queue.eid, setup.eid, error) ||
        !apply_fault(eim, queue.fault, &setup, &other_key, error))
        return NULL;
    built = sim_eim_package_build(queue.package, &setup, error);
    if (!built)
        return NULL;

    is_package = kind == SIM_EIM_ORDER_PSMO || kind == SIM_EIM_ORDER_ECO;
    package = sim_eim_json_copy(queue.package);
    request_hex = bytes_gbytes_to_hex(built);
    order = json_object_new();
    json_object_set_int_member(order, "order", sim_eim_state_count(eim, "lastOrder"));
    json_object_set_string_member(order, "eid", queue.eid);
    json_object_set_string_member(order, "kind", sim_eim_order_kind_name(kind));
    json_object_set_object_member(order, "package", g_steal_pointer(&package));
    json_object_set_string_member(order, "eimId", setup.eim_id);
    if (*queue.fault)
        json_object_set_string_member(order, "fault", queue.fault);
    if (setup.transaction_id) {
        transaction_hex = bytes_gbytes_to_hex(setup.transaction_id);
        json_object_set_string_member(order, "eimTransactionId", transaction_hex);
    }
    if (is_package) {
        json_object_set_int_member(order, "counter", setup.counter);
        if (setup.counter > sim_eim_state_number(eim, "lastCounter"))
            json_object_set_int_member(eim->state, "lastCounter", setup.counter);
    }
    if (kind == SIM_EIM_ORDER_RAW)
        describe_raw(order, built);
    if (queue.relay) {
        JsonObject *relay = sim_eim_json_copy(queue.relay);

        json_object_set_object_member(order, "relay", relay);
    }
    json_object_set_string_member(order, "request", request_hex);
    json_object_set_int_member(order, "offered", 0);
    json_object_set_string_member(order, "state", "queued");
    json_array_add_object_element(sim_eim_state_list(eim, "orders"), order);
    return order;
}
