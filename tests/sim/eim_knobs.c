/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/eim_private.h"
#include "sim/json_value.h"
#include "sim/server.h"

static const char *const own_members[] = { "error", "json", NULL };

void sim_eim_knobs_init(SimEimKnobs *knobs)
{
    *knobs = (SimEimKnobs){
        .strict = TRUE,
        .elsewhere = 404,
        .accept = TRUE,
        .ack_numbers = g_array_new(FALSE, FALSE, sizeof(gint64)),
        .faults = sim_faults_new(),
        .shown = json_object_new(),
    };
}

void sim_eim_knobs_clear(SimEimKnobs *knobs)
{
    g_clear_pointer(&knobs->ack_numbers, g_array_unref);
    g_clear_pointer(&knobs->faults, g_ptr_array_unref);
    g_clear_pointer(&knobs->shown, json_object_unref);
}

static gboolean read_ack(JsonNode *node, SimEimKnobs *knobs, GError **error)
{
    static const char *const modes[] = { "all", "none", "empty", "result", "notifications" };
    JsonObject *object;
    JsonNode *member;
    guint index = 0;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        if (!sim_value_name(node, modes, G_N_ELEMENTS(modes), &index, error))
            return FALSE;
        knobs->ack = (SimEimAckMode)index;
        return TRUE;
    }
    object = json_node_get_object(node);
    if ((member = json_object_get_member(object, "error"))) {
        knobs->ack = SIM_EIM_ACK_ERROR;
        return sim_value_number(member, &knobs->ack_error, error);
    }
    member = json_object_get_member(object, "numbers");
    if (!member || !JSON_NODE_HOLDS_ARRAY(member))
        return sim_value_fail(error, "neither 'error' nor a list of 'numbers'");
    knobs->ack = SIM_EIM_ACK_NUMBERS;
    g_array_set_size(knobs->ack_numbers, 0);
    for (guint i = 0; i < json_array_get_length(json_node_get_array(member)); i++) {
        gint64 number = 0;

        if (!sim_value_number(json_array_get_element(json_node_get_array(member), i), &number,
                              error))
            return FALSE;
        g_array_append_val(knobs->ack_numbers, number);
    }
    return TRUE;
}

/* Values go to KNOBS, which is a copy of the present ones; what acts at once is left to the caller. */
static gboolean read_knob(const char *name, JsonNode *node, SimEimKnobs *knobs, GError **error)
{
    static const char *const dialects[] = { "any", "1.2", "1.0" };
    static const char *const bindings[] = { "both", "asn1", "json" };
    guint index = 0;

    if (g_str_equal(name, "strict"))
        return sim_value_flag(node, &knobs->strict, error);
    if (g_str_equal(name, "dialect")) {
        if (!sim_value_name(node, dialects, G_N_ELEMENTS(dialects), &index, error))
            return FALSE;
        knobs->dialect = (SimEimDialect)index;
        return TRUE;
    }
    if (g_str_equal(name, "binding")) {
        if (!sim_value_name(node, bindings, G_N_ELEMENTS(bindings), &index, error))
            return FALSE;
        knobs->binding = (SimEimBinding)index;
        return TRUE;
    }
    if (g_str_equal(name, "elsewhere"))
        return sim_value_count(node, &knobs->elsewhere, error);
    if (g_str_equal(name, "ack"))
        return read_ack(node, knobs, error);
    if (g_str_equal(name, "resend"))
        return sim_value_flag(node, &knobs->resend, error);
    if (g_str_equal(name, "getEimPackageError"))
        return sim_value_number(node, &knobs->get_error, error);
    if (g_str_equal(name, "close"))
        return sim_value_flag(node, &knobs->close, error);
    if (g_str_equal(name, "chunked"))
        return sim_value_flag(node, &knobs->chunked, error);
    if (g_str_equal(name, "accept"))
        return sim_value_flag(node, &knobs->accept, error);
    return sim_value_fail(error, "no such knob");
}

gboolean sim_eim_knobs_set(SimEim *eim, JsonObject *request, GError **error)
{
    g_autoptr(GList) names = json_object_get_members(request);
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GArray) numbers = g_array_copy(eim->knobs.ack_numbers);
    SimEimKnobs knobs = eim->knobs;
    JsonNode *tls = NULL;
    gboolean has_token = FALSE;
    gint64 token = 0;

    knobs.ack_numbers = numbers;
    for (GList *item = names; item; item = item->next) {
        JsonNode *node = json_object_get_member(request, item->data);
        gboolean ok = TRUE;

        if (g_str_equal(item->data, "do")) {
            continue;
        } else if (g_str_equal(item->data, "faults")) {
            faults = sim_faults_new();
            ok = sim_faults_read(node, own_members, faults, error);
        } else if (g_str_equal(item->data, "token")) {
            ok = has_token = sim_value_number(node, &token, error);
        } else if (g_str_equal(item->data, "tls")) {
            tls = node;
        } else {
            ok = read_knob(item->data, node, &knobs, error);
        }
        if (!ok) {
            g_prefix_error(error, "knob '%s': ", (const char *)item->data);
            return FALSE;
        }
    }
    if (tls && !sim_server_set_tls(eim->server, tls, eim->pki_dir, "eimtls", error)) {
        g_prefix_error(error, "knob 'tls': ");
        return FALSE;
    }

    g_array_unref(eim->knobs.ack_numbers);
    knobs.ack_numbers = g_steal_pointer(&numbers);
    if (faults) {
        g_ptr_array_unref(knobs.faults);
        knobs.faults = g_steal_pointer(&faults);
    }
    eim->knobs = knobs;
    if (has_token)
        json_object_set_int_member(eim->state, "token", token);
    for (GList *item = names; item; item = item->next) {
        if (!g_str_equal(item->data, "do"))
            json_object_set_member(eim->knobs.shown, item->data,
                                   json_node_copy(json_object_get_member(request, item->data)));
    }
    sim_http_server_set_accepting(eim->server, knobs.accept);
    return !has_token || sim_eim_state_save(eim, error);
}
