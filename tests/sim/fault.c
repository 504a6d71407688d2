/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/fault.h"

#include <string.h>

#include "sim/json_value.h"

#define OVERSIZE (2 * 1024 * 1024)

static const char *const bodies[] = { "empty",     "garbage", "html",      "json",
                                      "truncated", "cut",     "oversized", "double-tag" };

static void fault_free(gpointer data)
{
    SimFault *fault = data;

    g_free(fault->on);
    g_free(fault->body);
    g_free(fault->content_type);
    g_string_free(fault->headers, TRUE);
    json_object_unref(fault->own);
    g_free(fault);
}

GPtrArray *sim_faults_new(void)
{
    return g_ptr_array_new_with_free_func(fault_free);
}

static gboolean read_headers(JsonNode *node, GString *headers, GError **error)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(node))
        return sim_value_fail(error, "no list");
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);

        if (json_node_get_value_type(item) != G_TYPE_STRING)
            return sim_value_fail(error, "header is no string");
        g_string_append_printf(headers, "%s\r\n", json_node_get_string(item));
    }
    return TRUE;
}

/* {"octets": N, "pause": MILLISECONDS} */
static gboolean read_slow(JsonNode *node, SimFault *fault, GError **error)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *octets = object ? json_object_get_member(object, "octets") : NULL;
    JsonNode *pause = object ? json_object_get_member(object, "pause") : NULL;

    if (!octets || !pause || json_object_get_size(object) != 2)
        return sim_value_fail(error, "want 'octets' and 'pause'");
    return sim_value_count(octets, &fault->slow_octets, error) &&
           sim_value_count(pause, &fault->slow_pause, error) &&
           (fault->slow_octets > 0 || sim_value_fail(error, "no octets"));
}

static gboolean read_member(SimFault *fault, const char *name, JsonNode *node, GError **error)
{
    static const char *const drops[] = { "before", "after" };
    static const char *const stalls[] = { "head", "body" };
    guint index = 0;

    if (g_str_equal(name, "on"))
        return sim_value_text(node, &fault->on, error);
    if (g_str_equal(name, "skip"))
        return sim_value_count(node, &fault->skip, error);
    if (g_str_equal(name, "count")) {
        if (!sim_value_count(node, &fault->count, error))
            return FALSE;
        if (fault->count == 0)
            fault->count = G_MAXUINT;
        return TRUE;
    }
    if (g_str_equal(name, "status"))
        return sim_value_count(node, &fault->status, error);
    if (g_str_equal(name, "delay"))
        return sim_value_count(node, &fault->delay, error);
    if (g_str_equal(name, "drop")) {
        if (!sim_value_name(node, drops, G_N_ELEMENTS(drops), &index, error))
            return FALSE;
        fault->drop_before = index == 0;
        fault->drop_after = index == 1;
        return TRUE;
    }
    if (g_str_equal(name, "body"))
        return sim_value_name(node, bodies, G_N_ELEMENTS(bodies), &index, error) &&
               sim_value_text(node, &fault->body, error);
    if (g_str_equal(name, "contentType"))
        return sim_value_text(node, &fault->content_type, error);
    if (g_str_equal(name, "headers"))
        return read_headers(node, fault->headers, error);
    if (g_str_equal(name, "close"))
        return sim_value_flag(node, &fault->close, error);
    if (g_str_equal(name, "size"))
        return sim_value_count(node, &fault->size, error);
    if (g_str_equal(name, "cutAt"))
        return sim_value_count(node, &fault->cut_at, error);
    if (g_str_equal(name, "chunked"))
        return sim_value_flag(node, &fault->chunked, error);
    if (g_str_equal(name, "contradictory"))
        return sim_value_flag(node, &fault->contradictory, error);
    if (g_str_equal(name, "slow"))
        return read_slow(node, fault, error);
    if (g_str_equal(name, "stall")) {
        if (!sim_value_name(node, stalls, G_N_ELEMENTS(stalls), &index, error))
            return FALSE;
        fault->stall_head = index == 0;
        fault->stall_body = index == 1;
        return TRUE;
    }
    return sim_value_fail(error, "no member of a fault");
}

static SimFault *fault_new(void)
{
    SimFault *fault = g_new0(SimFault, 1);

    fault->on = g_strdup("any");
    fault->count = 1;
    fault->size = OVERSIZE;
    fault->headers = g_string_new(NULL);
    fault->own = json_object_new();
    return fault;
}

gboolean sim_faults_read(JsonNode *node, const char *const *own, GPtrArray *faults, GError **error)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(node))
        return sim_value_fail(error, "no list");
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        g_autoptr(GList) names = NULL;
        SimFault *fault = fault_new();

        g_ptr_array_add(faults, fault);
        if (!JSON_NODE_HOLDS_OBJECT(item))
            return sim_value_fail(error, "fault %u is no object", i + 1);
        names = json_object_get_members(json_node_get_object(item));
        for (GList *name = names; name; name = name->next) {
            JsonNode *value = json_object_get_member(json_node_get_object(item), name->data);

            if (g_strv_contains(own, name->data)) {
                json_object_set_member(fault->own, name->data, json_node_copy(value));
            } else if (!read_member(fault, name->data, value, error)) {
                g_prefix_error(error, "fault %u: '%s': ", i + 1, (const char *)name->data);
                return FALSE;
            }
        }
    }
    return TRUE;
}

const SimFault *sim_faults_take(GPtrArray *faults, const char *function)
{
    for (guint i = 0; i < faults->len; i++) {
        SimFault *fault = g_ptr_array_index(faults, i);

        if (fault->count == 0 ||
            (!g_str_equal(fault->on, "any") && !g_str_equal(fault->on, function)))
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        if (fault->count != G_MAXUINT)
            fault->count--;
        return fault;
    }
    return NULL;
}

GBytes *sim_fault_make_body(const SimFault *fault, GBytes *oversized)
{
    static const char html[] = "<!DOCTYPE html><html><body>Bad Gateway</body></html>";
    static const char json[] = "{\"error\": \"no such service\"}";
    static const guint8 garbage[] = { 0xDE, 0xAD, 0xBE, 0xEF, 0x00, 0xFF, 0x80, 0x01 };

    if (g_strcmp0(fault->body, "empty") == 0)
        return g_bytes_new_static("", 0);
    if (g_strcmp0(fault->body, "garbage") == 0)
        return g_bytes_new_static(garbage, sizeof(garbage));
    if (g_strcmp0(fault->body, "html") == 0)
        return g_bytes_new_static(html, sizeof(html) - 1);
    if (g_strcmp0(fault->body, "json") == 0)
        return g_bytes_new_static(json, sizeof(json) - 1);
    if (g_strcmp0(fault->body, "oversized") == 0)
        return g_bytes_ref(oversized);
    return NULL;
}

static void change_body(const SimFault *fault, SimHttpAnswer *answer)
{
    if (g_str_equal(fault->body, "truncated")) {
        answer->delivery = SIM_HTTP_TRUNCATE;
    } else if (g_str_equal(fault->body, "cut")) {
        g_autoptr(GBytes) whole = g_steal_pointer(&answer->body);

        answer->body = g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) / 2);
    } else if (g_str_equal(fault->body, "double-tag")) {
        g_autoptr(GBytes) whole = g_steal_pointer(&answer->body);
        g_autoptr(TlvWriter) writer = tlv_writer_new();
        Tlv tlv;

        if (tlv_parse(tlv_slice_from_bytes(whole), 0, &tlv, NULL))
            tlv_put_slice(writer, tlv.tag, tlv.raw);
        answer->body = tlv_writer_finish(g_steal_pointer(&writer));
    }
}

void sim_fault_change(const SimFault *fault, SimHttpAnswer *answer)
{
    answer->delay = fault->delay;
    answer->close = answer->close || fault->close;
    answer->chunked = answer->chunked || fault->chunked;
    answer->contradictory = fault->contradictory;
    answer->slow_octets = fault->slow_octets;
    answer->slow_pause = fault->slow_pause;
    answer->cut_at = fault->cut_at;
    if (fault->stall_head)
        answer->delivery = SIM_HTTP_STALL_HEAD;
    if (fault->stall_body)
        answer->delivery = SIM_HTTP_STALL_BODY;
    if (fault->drop_after)
        answer->delivery = SIM_HTTP_DROP;
    if (fault->content_type) {
        g_free(answer->content_type);
        answer->content_type = g_strdup(fault->content_type);
    }
    g_string_append(answer->headers, fault->headers->str);
    if (fault->body && answer->body)
        change_body(fault, answer);
}
