/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/rand.h>
#include <string.h>

#include "sim/json_value.h"
#include "sim/profile_package.h"
#include "sim/smdp_private.h"
#include "sim/smds.h"
#include "sim/world_setup.h"
#include "util/bytes.h"
#include "util/file.h"

#define USUAL_SIZE   12000
#define UPP_LIMIT    (4 * 1024 * 1024)
#define ICCID_SERIES 81 /* of sim_make_iccid(): no card's */

void sim_smdp_binding_free(gpointer data)
{
    SimSmdpBinding *binding = data;

    g_clear_pointer(&binding->euicc_point, g_bytes_unref);
    EVP_PKEY_free(binding->one_time);
    g_free(binding);
}

SimSmdpBinding *sim_smdp_get_binding(SimSmdp *smdp, gint64 order)
{
    SimSmdpBinding *binding = g_hash_table_lookup(smdp->bindings, &order);

    if (binding)
        return binding;
    binding = g_new0(SimSmdpBinding, 1);
    if (RAND_bytes(binding->ppk.mcv, BSP_KEY_SIZE) != 1 ||
        RAND_bytes(binding->ppk.s_enc, BSP_KEY_SIZE) != 1 ||
        RAND_bytes(binding->ppk.s_mac, BSP_KEY_SIZE) != 1)
        g_error("no random numbers");
    binding->ppk.counter = 1;
    g_hash_table_insert(smdp->bindings, g_memdup2(&order, sizeof(order)), binding);
    return binding;
}

/* ---- finding ---- */

JsonObject *sim_smdp_find_order(SimSmdp *smdp, gint64 number)
{
    JsonArray *orders = sim_rsp_list(smdp->server, "orders");

    for (guint i = 0; i < json_array_get_length(orders); i++) {
        JsonObject *order = json_array_get_object_element(orders, i);

        if (json_object_get_int_member(order, "order") == number)
            return order;
    }
    return NULL;
}

static gboolean is_true(JsonObject *order, const char *name, gboolean usual)
{
    return json_object_get_boolean_member_with_default(order, name, usual);
}

static gint64 get_number(JsonObject *order, const char *name, gint64 usual)
{
    return json_object_get_int_member_with_default(order, name, usual);
}

void sim_smdp_set_state(JsonObject *order, const char *state)
{
    json_object_set_string_member(order, "state", state);
    /* Nobody is to be led to an order that is over (SGP.22 3.1.3.1, 3.1.3.3, 5.9.2). */
    if (g_str_equal(state, "installed") || g_str_equal(state, "error"))
        sim_smds_delete_registration(order);
}

/* With a matchingId: by it. Without: what waits for this eUICC at its default SM-DP+ (SGP.22 3.1.1.3). */
static JsonObject *match(SimSmdp *smdp, const SimRspSession *session)
{
    JsonArray *orders = sim_rsp_list(smdp->server, "orders");
    const char *wanted = session->matching_id ? session->matching_id : "";

    for (guint i = 0; i < json_array_get_length(orders); i++) {
        JsonObject *order = json_array_get_object_element(orders, i);
        const char *state = sim_value_get_text(order, "state");

        if (!g_str_equal(sim_value_get_text(order, "matchingId"), wanted))
            continue;
        if (*wanted || (g_str_equal(sim_value_get_text(order, "eid"), session->eid) &&
                        !g_str_equal(state, "installed") && !g_str_equal(state, "error")))
            return order;
    }
    return NULL;
}

JsonObject *sim_smdp_choose_order(SimRspCall *call, SimSmdp *smdp, const SimRspSession *session)
{
    JsonObject *order = match(smdp, session);
    const char *eid = order ? sim_value_get_text(order, "eid") : "";
    const char *state = order ? sim_value_get_text(order, "state") : "";
    gint64 begun;

    if (!order) {
        sim_rsp_fail(call, "8.2.6", "3.8", "MatchingID refused");
        return NULL;
    }
    if (*eid && !g_str_equal(eid, session->eid)) {
        sim_rsp_fail(call, "8.1.1", "3.8", "EID does not match");
        return NULL;
    }
    if (!g_str_equal(state, "released") && !g_str_equal(state, "downloaded")) {
        sim_rsp_fail(call, "8.2", "1.2", "Profile not released");
        return NULL;
    }
    if (is_true(order, "expired", FALSE)) {
        sim_rsp_fail(call, "8.8.5", "4.10", "Download order expired");
        return NULL;
    }
    begun = get_number(order, "begun", 0) + 1;
    json_object_set_int_member(order, "begun", begun);
    if (begun > get_number(order, "attempts", 10)) {
        sim_smdp_set_state(order, "error");
        sim_rsp_fail(call, "8.8.5", "6.4", "Too many retries");
        return NULL;
    }
    if (!is_true(order, "eligible", TRUE)) {
        sim_rsp_fail(call, "8.2.5", "4.3", "No eligible profile");
        return NULL;
    }
    if (is_true(order, "checkMemory", FALSE) &&
        session->free_memory < get_number(order, "size", 0)) {
        sim_rsp_fail(call, "8.1", "4.8", "Insufficient memory");
        return NULL;
    }
    return order;
}

/* ---- what is delivered ---- */

GBytes *sim_smdp_load_package(JsonObject *order, GError **error)
{
    JsonObject *upp = json_object_get_object_member(order, "upp");
    const char *file = json_object_get_string_member_with_default(upp, "file", NULL);
    g_autoptr(GError) local = NULL;
    GBytes *package;

    if (!file)
        return sim_upp_generate((gsize)get_number(upp, "size", USUAL_SIZE),
                                sim_value_get_text(order, "iccid"), error);
    package = file_read(file, UPP_LIMIT, &local);
    if (!package)
        sim_value_fail(error, "%s", local->message);
    return package;
}

GBytes *sim_smdp_make_metadata(JsonObject *order, JsonObject *other, GError **error)
{
    g_autoptr(JsonObject) members = json_object_new();
    const char *iccid = sim_value_get_text(order, "iccid");
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, json_object_get_object_member(order, "metadata"));
    while (json_object_iter_next(&iter, &name, &node))
        json_object_set_member(members, name, json_node_copy(node));
    if (other) {
        json_object_iter_init(&iter, other);
        while (json_object_iter_next(&iter, &name, &node)) {
            if (g_str_equal(name, "iccid"))
                iccid = sim_value_get_text(other, "iccid");
            else
                json_object_set_member(members, name, json_node_copy(node));
        }
    }
    return sim_metadata_make(iccid, members, error);
}

/* ---- orders ---- */

static gboolean read_members(JsonObject *order, JsonObject *request, GError **error)
{
    static const struct {
        const char *name;
        GType type; /* INVALID: an object */
    } known[] = {
        { "matchingId", G_TYPE_STRING },    { "eid", G_TYPE_STRING },
        { "upp", G_TYPE_INVALID },          { "iccid", G_TYPE_STRING },
        { "metadata", G_TYPE_INVALID },     { "confirmationCode", G_TYPE_STRING },
        { "ppk", G_TYPE_BOOLEAN },          { "rebind", G_TYPE_BOOLEAN },
        { "elementsSize", G_TYPE_INT64 },   { "dpProprietaryData", G_TYPE_BOOLEAN },
        { "state", G_TYPE_STRING },         { "expired", G_TYPE_BOOLEAN },
        { "eligible", G_TYPE_BOOLEAN },     { "checkMemory", G_TYPE_BOOLEAN },
        { "attempts", G_TYPE_INT64 },       { "codeAttempts", G_TYPE_INT64 },
        { "registeredAt", G_TYPE_INVALID },
    };
    g_autoptr(GList) names = json_object_get_members(request);

    for (GList *item = names; item; item = item->next) {
        JsonNode *node = json_object_get_member(request, item->data);
        guint i = 0;

        if (g_str_equal(item->data, "do") || g_str_equal(item->data, "order"))
            continue;
        while (i < G_N_ELEMENTS(known) && !g_str_equal(known[i].name, item->data))
            i++;
        if (i == G_N_ELEMENTS(known))
            return sim_value_fail(error, "'%s' is no member of an order", (const char *)item->data);
        if (known[i].type == G_TYPE_INVALID ? !JSON_NODE_HOLDS_OBJECT(node)
                                            : json_node_get_value_type(node) != known[i].type)
            return sim_value_fail(error, "'%s' has the wrong type", known[i].name);
        json_object_set_member(order, item->data, json_node_copy(node));
    }
    return TRUE;
}

static JsonNode *parse(const char *format, ...) G_GNUC_PRINTF(1, 2);
static JsonNode *parse(const char *format, ...)
{
    va_list arguments;
    g_autofree char *text = NULL;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return json_from_string(text, NULL);
}

static void set_default(JsonObject *object, const char *name, JsonNode *node)
{
    if (json_object_has_member(object, name))
        json_node_unref(node);
    else
        json_object_set_member(object, name, node);
}

/* Size and ICCID from the package, what is missing of the rest. */
static gboolean complete(SimSmdp *smdp, JsonObject *order, GError **error)
{
    gint64 number = json_object_get_int_member(order, "order");
    g_autofree char *usual_iccid =
        sim_make_iccid(ICCID_SERIES + (guint)(number / 1000), (guint)(number % 1000));
    g_autofree char *iccid = NULL, *type = NULL;
    g_autoptr(GBytes) package = NULL, metadata = NULL;
    JsonObject *members;

    set_default(order, "upp", parse("{\"size\": %d}", USUAL_SIZE));
    set_default(order, "metadata", parse("{}"));
    set_default(order, "iccid", parse("\"%s\"", usual_iccid));
    set_default(order, "matchingId", parse("\"ORDER-%04" G_GINT64_FORMAT "\"", number));
    set_default(order, "state", parse("\"released\""));
    package = sim_smdp_load_package(order, error);
    if (!package || !sim_upp_read_header(tlv_slice_from_bytes(package), &iccid, &type, error))
        return FALSE;
    json_object_set_int_member(order, "size", (gint64)g_bytes_get_size(package));
    json_object_set_string_member(order, "iccid", iccid);
    members = json_object_get_object_member(order, "metadata");
    set_default(members, "provider", parse("\"Example Mobile\""));
    if (!json_object_has_member(members, "name"))
        json_object_set_string_member(members, "name", *type ? type : "profile");
    set_default(members, "owner", parse("{\"mccMnc\": \"00F110\"}"));
    set_default(members, "notifications",
                parse("[{\"events\": [\"install\", \"enable\", \"disable\", \"delete\"],"
                      " \"address\": \"%s\"}]",
                      smdp->address));
    metadata = sim_smdp_make_metadata(order, NULL, error);
    return metadata != NULL;
}

gboolean sim_smdp_add_order(SimSmdp *smdp, JsonObject *members, JsonObject *answer, GError **error)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autofree char *code = NULL;

    json_object_set_int_member(order, "order", sim_rsp_count(smdp->server, "lastOrder"));
    if (!read_members(order, members, error) || !complete(smdp, order, error))
        return FALSE;
    code = g_strdup_printf("1$%s$%s", smdp->address, sim_value_get_text(order, "matchingId"));
    json_object_set_string_member(answer, "activationCode", code);
    json_object_set_int_member(answer, "order", json_object_get_int_member(order, "order"));
    json_object_set_string_member(answer, "iccid", sim_value_get_text(order, "iccid"));
    json_object_set_string_member(answer, "matchingId", sim_value_get_text(order, "matchingId"));
    json_array_add_object_element(sim_rsp_list(smdp->server, "orders"), g_steal_pointer(&order));
    return TRUE;
}

static gboolean change_order(SimSmdp *smdp, JsonObject *request, GError **error)
{
    gint64 number = get_number(request, "order", 0);
    JsonObject *order = sim_smdp_find_order(smdp, number);

    if (!order)
        return sim_value_fail(error, "there is no order %" G_GINT64_FORMAT, number);
    return read_members(order, request, error) && complete(smdp, order, error);
}

gboolean sim_smdp_control(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    const char *what = sim_value_get_text(request, "do");

    if (g_str_equal(what, "order"))
        return sim_smdp_add_order(data, request, answer, error);
    if (g_str_equal(what, "change"))
        return change_order(data, request, error);
    return sim_value_fail(error, "'%s' is no request to an SM-DP+", what);
}
