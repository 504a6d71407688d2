/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/eim_private.h"

#define OVERSIZE (2 * 1024 * 1024)

static const char *const bodies[] = { "empty",     "garbage", "html",      "json",
                                      "truncated", "cut",     "oversized", "double-tag" };

G_GNUC_PRINTF(2, 3) static gboolean fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    return FALSE;
}

static void fault_free(gpointer data)
{
    SimEimFault *fault = data;

    g_free(fault->on);
    g_free(fault->body);
    g_free(fault->content_type);
    g_string_free(fault->headers, TRUE);
    g_free(fault);
}

static GPtrArray *faults_new(void)
{
    return g_ptr_array_new_with_free_func(fault_free);
}

void sim_eim_knobs_init(SimEimKnobs *knobs)
{
    *knobs = (SimEimKnobs){
        .strict = TRUE,
        .accept = TRUE,
        .ack_numbers = g_array_new(FALSE, FALSE, sizeof(gint64)),
        .faults = faults_new(),
        .shown = json_object_new(),
    };
}

void sim_eim_knobs_clear(SimEimKnobs *knobs)
{
    g_clear_pointer(&knobs->ack_numbers, g_array_unref);
    g_clear_pointer(&knobs->faults, g_ptr_array_unref);
    g_clear_pointer(&knobs->shown, json_object_unref);
}

/* ---- values ---- */

static gboolean read_flag(JsonNode *node, gboolean *ret_flag, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return fail(error, "neither true nor false");
    *ret_flag = json_node_get_boolean(node);
    return TRUE;
}

static gboolean read_number(JsonNode *node, gint64 *ret_number, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_INT64)
        return fail(error, "no integer");
    *ret_number = json_node_get_int(node);
    return TRUE;
}

static gboolean read_count(JsonNode *node, guint *ret_count, GError **error)
{
    gint64 number = 0;

    if (!read_number(node, &number, error))
        return FALSE;
    if (number < 0 || number > 1000000000)
        return fail(error, "out of range");
    *ret_count = (guint)number;
    return TRUE;
}

static gboolean read_text(JsonNode *node, char **text, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return fail(error, "no string");
    g_free(*text);
    *text = g_strdup(json_node_get_string(node));
    return TRUE;
}

/* Index of the string NODE in NAMES. */
static gboolean read_name(JsonNode *node, const char *const *names, guint count, guint *ret_index,
                          GError **error)
{
    const char *text =
        json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : "";

    for (guint i = 0; i < count; i++) {
        if (g_str_equal(names[i], text)) {
            *ret_index = i;
            return TRUE;
        }
    }
    return fail(error, "'%s' is none of the choices", text);
}

/* ---- faults ---- */

static gboolean read_headers(JsonNode *node, GString *headers, GError **error)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(node))
        return fail(error, "no list");
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);

        if (json_node_get_value_type(item) != G_TYPE_STRING)
            return fail(error, "header is no string");
        g_string_append_printf(headers, "%s\r\n", json_node_get_string(item));
    }
    return TRUE;
}

/* {"octets": N, "pause": MILLISECONDS} */
static gboolean read_slow(JsonNode *node, SimEimFault *fault, GError **error)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *octets = object ? json_object_get_member(object, "octets") : NULL;
    JsonNode *pause = object ? json_object_get_member(object, "pause") : NULL;

    if (!octets || !pause || json_object_get_size(object) != 2)
        return fail(error, "want 'octets' and 'pause'");
    return read_count(octets, &fault->slow_octets, error) &&
           read_count(pause, &fault->slow_pause, error) &&
           (fault->slow_octets > 0 || fail(error, "no octets"));
}

static gboolean read_fault_member(SimEimFault *fault, const char *name, JsonNode *node,
                                  GError **error)
{
    static const char *const drops[] = { "before", "after" };
    static const char *const stalls[] = { "head", "body" };
    guint index = 0;

    if (g_str_equal(name, "on"))
        return read_text(node, &fault->on, error);
    if (g_str_equal(name, "skip"))
        return read_count(node, &fault->skip, error);
    if (g_str_equal(name, "count")) {
        if (!read_count(node, &fault->count, error))
            return FALSE;
        if (fault->count == 0)
            fault->count = G_MAXUINT;
        return TRUE;
    }
    if (g_str_equal(name, "status"))
        return read_count(node, &fault->status, error);
    if (g_str_equal(name, "delay"))
        return read_count(node, &fault->delay, error);
    if (g_str_equal(name, "drop")) {
        if (!read_name(node, drops, G_N_ELEMENTS(drops), &index, error))
            return FALSE;
        fault->drop_before = index == 0;
        fault->drop_after = index == 1;
        return TRUE;
    }
    if (g_str_equal(name, "body"))
        return read_name(node, bodies, G_N_ELEMENTS(bodies), &index, error) &&
               read_text(node, &fault->body, error);
    if (g_str_equal(name, "contentType"))
        return read_text(node, &fault->content_type, error);
    if (g_str_equal(name, "headers"))
        return read_headers(node, fault->headers, error);
    if (g_str_equal(name, "close"))
        return read_flag(node, &fault->close, error);
    if (g_str_equal(name, "error"))
        return read_number(node, &fault->error, error);
    if (g_str_equal(name, "size"))
        return read_count(node, &fault->size, error);
    if (g_str_equal(name, "chunked"))
        return read_flag(node, &fault->chunked, error);
    if (g_str_equal(name, "contradictory"))
        return read_flag(node, &fault->contradictory, error);
    if (g_str_equal(name, "slow"))
        return read_slow(node, fault, error);
    if (g_str_equal(name, "stall")) {
        if (!read_name(node, stalls, G_N_ELEMENTS(stalls), &index, error))
            return FALSE;
        fault->stall_head = index == 0;
        fault->stall_body = index == 1;
        return TRUE;
    }
    return fail(error, "no member of a fault");
}

static gboolean read_faults(JsonNode *node, GPtrArray *faults, GError **error)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(node))
        return fail(error, "no list");
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        g_autoptr(GList) names = NULL;
        SimEimFault *fault = g_new0(SimEimFault, 1);

        fault->on = g_strdup("any");
        fault->count = 1;
        fault->size = OVERSIZE;
        fault->headers = g_string_new(NULL);
        g_ptr_array_add(faults, fault);
        if (!JSON_NODE_HOLDS_OBJECT(item))
            return fail(error, "fault %u is no object", i + 1);
        names = json_object_get_members(json_node_get_object(item));
        for (GList *name = names; name; name = name->next) {
            JsonNode *value = json_object_get_member(json_node_get_object(item), name->data);

            if (!read_fault_member(fault, name->data, value, error)) {
                g_prefix_error(error, "fault %u: '%s': ", i + 1, (const char *)name->data);
                return FALSE;
            }
        }
    }
    return TRUE;
}

const SimEimFault *sim_eim_knobs_take_fault(SimEimKnobs *knobs, const char *function)
{
    for (guint i = 0; i < knobs->faults->len; i++) {
        SimEimFault *fault = g_ptr_array_index(knobs->faults, i);

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

/* ---- the others ---- */

static gboolean read_ack(JsonNode *node, SimEimKnobs *knobs, GError **error)
{
    static const char *const modes[] = { "all", "none", "empty", "result", "notifications" };
    JsonObject *object;
    JsonNode *member;
    guint index = 0;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        if (!read_name(node, modes, G_N_ELEMENTS(modes), &index, error))
            return FALSE;
        knobs->ack = (SimEimAckMode)index;
        return TRUE;
    }
    object = json_node_get_object(node);
    if ((member = json_object_get_member(object, "error"))) {
        knobs->ack = SIM_EIM_ACK_ERROR;
        return read_number(member, &knobs->ack_error, error);
    }
    member = json_object_get_member(object, "numbers");
    if (!member || !JSON_NODE_HOLDS_ARRAY(member))
        return fail(error, "neither 'error' nor a list of 'numbers'");
    knobs->ack = SIM_EIM_ACK_NUMBERS;
    g_array_set_size(knobs->ack_numbers, 0);
    for (guint i = 0; i < json_array_get_length(json_node_get_array(member)); i++) {
        gint64 number = 0;

        if (!read_number(json_array_get_element(json_node_get_array(member), i), &number, error))
            return FALSE;
        g_array_append_val(knobs->ack_numbers, number);
    }
    return TRUE;
}

/* A file named by a member, relative to the PKI folder. */
static char *get_file(SimEim *eim, JsonObject *object, const char *name, const char *fallback)
{
    const char *file = json_object_get_string_member_with_default(object, name, fallback);

    return g_canonicalize_filename(file ? file : fallback, eim->pki_dir);
}

static gboolean set_tls(SimEim *eim, JsonNode *node, GError **error)
{
    g_autofree char *certificate = NULL, *key = NULL;
    JsonObject *object;
    SimHttpTls tls;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return fail(error, "no object");
    object = json_node_get_object(node);
    certificate = get_file(eim, object, "certificate", "eimtls.pem");
    key = get_file(eim, object, "key", "eimtls.key.pem");
    tls = (SimHttpTls){
        .certificate = certificate,
        .key = key,
        .max_version = json_object_get_string_member_with_default(object, "max", NULL),
        .min_version = json_object_get_string_member_with_default(object, "min", NULL),
    };
    return sim_http_server_set_tls(eim->server, &tls, error);
}

/* Values go to KNOBS, which is a copy of the present ones; what acts at once is left to the caller. */
static gboolean read_knob(const char *name, JsonNode *node, SimEimKnobs *knobs, GError **error)
{
    static const char *const dialects[] = { "any", "1.2", "1.0" };
    guint index = 0;

    if (g_str_equal(name, "strict"))
        return read_flag(node, &knobs->strict, error);
    if (g_str_equal(name, "dialect")) {
        if (!read_name(node, dialects, G_N_ELEMENTS(dialects), &index, error))
            return FALSE;
        knobs->dialect = (SimEimDialect)index;
        return TRUE;
    }
    if (g_str_equal(name, "ack"))
        return read_ack(node, knobs, error);
    if (g_str_equal(name, "resend"))
        return read_flag(node, &knobs->resend, error);
    if (g_str_equal(name, "getEimPackageError"))
        return read_number(node, &knobs->get_error, error);
    if (g_str_equal(name, "close"))
        return read_flag(node, &knobs->close, error);
    if (g_str_equal(name, "chunked"))
        return read_flag(node, &knobs->chunked, error);
    if (g_str_equal(name, "accept"))
        return read_flag(node, &knobs->accept, error);
    return fail(error, "no such knob");
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
            faults = faults_new();
            ok = read_faults(node, faults, error);
        } else if (g_str_equal(item->data, "token")) {
            ok = has_token = read_number(node, &token, error);
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
    if (tls && !set_tls(eim, tls, error)) {
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
