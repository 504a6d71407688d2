/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_state.h"

#include <string.h>

/* Behaviour knobs of the virtual eUICC (documented in card_setup.c) and the JSON helpers. */

#define OVERSIZE_LIMIT (16 * 1024 * 1024)

static const char *const switch_names[] = { "refresh", "silent", "none" };
static const char *const response_names[] = { "get-response", "direct", "wrong-length" };

static void fault_free(gpointer data)
{
    CardFault *fault = data;

    g_free(fault->on);
    g_clear_pointer(&fault->response, g_bytes_unref);
    g_free(fault);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardFault, fault_free)

void card_behaviour_init(CardBehaviour *behaviour)
{
    *behaviour = (CardBehaviour){
        .profile_switch = CARD_SWITCH_REFRESH,
        .response = CARD_RESPONSE_GET,
        .channels = 3,
        .first_channel = 1,
        .max_block = 255,
        .response_block = 256,
        .max_package = 32768,
        .max_result = 32768,
        .max_results = 10,
        .max_eims = 8,
        .need_declared = TRUE,
        .late_declared = TRUE,
        .fail_command = -1,
        .interruption_result = TRUE,
        .faults = g_ptr_array_new_with_free_func(fault_free),
    };
}

void card_behaviour_clear(CardBehaviour *behaviour)
{
    g_clear_pointer(&behaviour->faults, g_ptr_array_unref);
    g_clear_pointer(&behaviour->challenge, g_bytes_unref);
    g_clear_pointer(&behaviour->otsk, g_bytes_unref);
}

static gboolean bad(GError **error, const char *what, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s", what, why);
    return FALSE;
}

static gboolean read_choice(JsonObject *object, const char *member, const char *const *names,
                            guint count, gint *choice, GError **error)
{
    g_autofree char *text = NULL;

    if (!json_object_has_member(object, member))
        return TRUE;
    text = card_json_string(object, member, "");
    for (guint i = 0; i < count; i++) {
        if (g_str_equal(text, names[i])) {
            *choice = (gint)i;
            return TRUE;
        }
    }
    return bad(error, member, "not one of the known values");
}

static gboolean read_range(JsonObject *object, const char *member, gint64 lowest, gint64 highest,
                           gint64 *number, GError **error)
{
    gint64 value = card_json_integer(object, member, *number);

    if (value < lowest || value > highest) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "%s: not between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT, member, lowest,
                    highest);
        return FALSE;
    }
    *number = value;
    return TRUE;
}

static CardFault *read_fault(JsonObject *object, GError **error)
{
    static const char *const known[] = { "on",       "count",     "skip",    "sw",
                                         "response", "truncate",  "garbage", "execute",
                                         "delay",    "oversized", NULL };
    g_autoptr(CardFault) fault = g_new0(CardFault, 1);
    g_autofree char *sw = card_json_string(object, "sw", NULL);
    g_autoptr(GError) local = NULL;

    if (!card_json_check_members(object, "fail", known, error))
        return NULL;
    fault->on = card_json_string(object, "on", "");
    if (!*fault->on) {
        bad(error, "on", "is missing");
        return NULL;
    }
    fault->truncate = -1;
    fault->count = 1;
    if (!read_range(object, "count", -1, G_MAXINT32, &fault->count, error) ||
        !read_range(object, "skip", 0, G_MAXINT32, &fault->skip, error) ||
        !read_range(object, "truncate", -1, G_MAXINT32, &fault->truncate, error) ||
        !read_range(object, "delay", 0, 3600 * 1000, &fault->delay, error) ||
        !read_range(object, "oversized", 0, OVERSIZE_LIMIT, &fault->oversized, error))
        return NULL;
    fault->garbage = card_json_boolean(object, "garbage", FALSE);
    fault->execute = card_json_boolean(object, "execute", FALSE);
    if (sw) {
        guint64 number;

        if (strlen(sw) != 4 || !g_ascii_string_to_unsigned(sw, 16, 0x6000, 0x9FFF, &number, NULL)) {
            bad(error, "sw", "not a status word");
            return NULL;
        }
        fault->sw = (guint)number;
    }
    fault->response = card_json_hex(object, "response", &local);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    return g_steal_pointer(&fault);
}

static GPtrArray *read_faults(JsonNode *node, GError **error)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(fault_free);
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        bad(error, "fail", "not a list");
        return NULL;
    }
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *entry = json_array_get_element(array, i);
        CardFault *fault;

        if (!JSON_NODE_HOLDS_OBJECT(entry)) {
            bad(error, "fail", "not a list of objects");
            return NULL;
        }
        fault = read_fault(json_node_get_object(entry), error);
        if (!fault)
            return NULL;
        g_ptr_array_add(faults, fault);
    }
    return g_steal_pointer(&faults);
}

/* "failInstallation"; null ends it. */
static gboolean read_failing_installation(JsonObject *object, CardBehaviour *new, GError **error)
{
    static const char *const known[] = { "command", "reason", "count", NULL };
    JsonNode *node = json_object_get_member(object, "failInstallation");
    JsonObject *failing;

    if (!node)
        return TRUE;
    if (JSON_NODE_HOLDS_NULL(node)) {
        new->fail_command = -1;
        return TRUE;
    }
    failing = card_json_object(object, "failInstallation", error);
    if (!failing || !card_json_check_members(failing, "failInstallation", known, error))
        return FALSE;
    new->fail_command = 5;
    new->fail_reason = 127;
    new->fail_count = 1;
    return read_range(failing, "command", 0, 5, &new->fail_command, error) &&
           read_range(failing, "reason", 1, 127, &new->fail_reason, error) &&
           read_range(failing, "count", -1, G_MAXINT32, &new->fail_count, error);
}

/* Hex of SIZE octets in place of random ones; the empty text ends it. */
static gboolean read_fixed(JsonObject *object, const char *member, gsize size, GBytes **fixed,
                           GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (!json_object_has_member(object, member))
        return TRUE;
    bytes = card_json_hex(object, member, error);
    if (!bytes)
        return FALSE;
    if (g_bytes_get_size(bytes) != size && g_bytes_get_size(bytes) != 0)
        return bad(error, member, "not of the right size");
    g_clear_pointer(fixed, g_bytes_unref);
    if (g_bytes_get_size(bytes) > 0)
        *fixed = g_steal_pointer(&bytes);
    return TRUE;
}

static gboolean read_download(JsonObject *object, CardBehaviour *new, GError **error)
{
    new->interruption_result =
        card_json_boolean(object, "interruptionResult", new->interruption_result);
    return read_failing_installation(object, new, error) &&
           read_range(object, "authenticateError", 0, 127, &new->authenticate_error, error) &&
           read_range(object, "downloadError", 0, 127, &new->download_error, error) &&
           read_range(object, "cancelError", 0, 127, &new->cancel_error, error);
}

gboolean card_behaviour_update(CardBehaviour *behaviour, JsonObject *object, GError **error)
{
    static const char *const known[] = {
        "switch",
        "response",
        "channels",
        "firstChannel",
        "maxBlock",
        "responseBlock",
        "maxPackage",
        "maxResult",
        "maxResults",
        "maxEims",
        "needTerminalCapability",
        "lateTerminalCapability",
        "catBusy",
        "fallsBack",
        "v10Signature",
        "powerCutAtApdu",
        "powerCutProcessed",
        "silentAtApdu",
        "removeAtApdu",
        "delay",
        "rate",
        "fail",
        "failInstallation",
        "authenticateError",
        "downloadError",
        "cancelError",
        "interruptionResult",
        "challenge",
        "otSk",
        NULL,
    };
    CardBehaviour new = *behaviour;
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GBytes) challenge = NULL;
    g_autoptr(GBytes) otsk = NULL;
    gint choice;

    if (!card_json_check_members(object, "behaviour", known, error))
        return FALSE;
    choice = (gint) new.profile_switch;
    if (!read_choice(object, "switch", switch_names, G_N_ELEMENTS(switch_names), &choice, error))
        return FALSE;
    new.profile_switch = (CardSwitch)choice;
    choice = (gint) new.response;
    if (!read_choice(object, "response", response_names, G_N_ELEMENTS(response_names), &choice,
                     error))
        return FALSE;
    new.response = (CardResponse)choice;
    if (!read_range(object, "channels", 0, 19, &new.channels, error) ||
        !read_range(object, "firstChannel", 1, 19, &new.first_channel, error) ||
        !read_range(object, "maxBlock", 1, 255, &new.max_block, error) ||
        !read_range(object, "responseBlock", 1, 256, &new.response_block, error) ||
        !read_range(object, "maxPackage", 0, G_MAXINT32, &new.max_package, error) ||
        !read_range(object, "maxResult", 0, G_MAXINT32, &new.max_result, error) ||
        !read_range(object, "maxResults", 1, G_MAXINT32, &new.max_results, error) ||
        !read_range(object, "maxEims", 0, G_MAXINT32, &new.max_eims, error) ||
        !read_range(object, "powerCutAtApdu", 0, G_MAXINT32, &new.power_cut, error) ||
        !read_range(object, "silentAtApdu", 0, G_MAXINT32, &new.silence, error) ||
        !read_range(object, "removeAtApdu", 0, G_MAXINT32, &new.removal, error) ||
        !read_range(object, "delay", 0, 3600 * 1000, &new.delay, error) ||
        !read_range(object, "rate", 0, G_MAXINT32, &new.rate, error))
        return FALSE;
    new.need_declared = card_json_boolean(object, "needTerminalCapability", new.need_declared);
    new.late_declared = card_json_boolean(object, "lateTerminalCapability", new.late_declared);
    new.cat_busy = card_json_boolean(object, "catBusy", new.cat_busy);
    new.falls_back = card_json_boolean(object, "fallsBack", new.falls_back);
    new.v10_signature = card_json_boolean(object, "v10Signature", new.v10_signature);
    new.power_cut_processed =
        card_json_boolean(object, "powerCutProcessed", new.power_cut_processed);
    if (!read_download(object, &new, error))
        return FALSE;
    if (json_object_has_member(object, "fail")) {
        faults = read_faults(json_object_get_member(object, "fail"), error);
        if (!faults)
            return FALSE;
    }
    if (new.challenge)
        challenge = g_bytes_ref(new.challenge);
    if (new.otsk)
        otsk = g_bytes_ref(new.otsk);
    if (!read_fixed(object, "challenge", 16, &challenge, error) ||
        !read_fixed(object, "otSk", 32, &otsk, error))
        return FALSE;
    new.faults = faults ? g_steal_pointer(&faults) : g_ptr_array_ref(behaviour->faults);
    new.challenge = g_steal_pointer(&challenge);
    new.otsk = g_steal_pointer(&otsk);
    card_behaviour_clear(behaviour);
    *behaviour = new;
    return TRUE;
}

void card_behaviour_to_json(const CardBehaviour *behaviour, JsonBuilder *builder)
{
    card_json_put_string(builder, "switch", switch_names[behaviour->profile_switch]);
    card_json_put_string(builder, "response", response_names[behaviour->response]);
    card_json_put_integer(builder, "channels", behaviour->channels);
    card_json_put_integer(builder, "firstChannel", behaviour->first_channel);
    card_json_put_integer(builder, "maxBlock", behaviour->max_block);
    card_json_put_integer(builder, "responseBlock", behaviour->response_block);
    card_json_put_integer(builder, "maxPackage", behaviour->max_package);
    card_json_put_integer(builder, "maxResult", behaviour->max_result);
    card_json_put_integer(builder, "maxResults", behaviour->max_results);
    card_json_put_integer(builder, "maxEims", behaviour->max_eims);
    card_json_put_boolean(builder, "needTerminalCapability", behaviour->need_declared);
    card_json_put_boolean(builder, "lateTerminalCapability", behaviour->late_declared);
    card_json_put_boolean(builder, "catBusy", behaviour->cat_busy);
    card_json_put_boolean(builder, "fallsBack", behaviour->falls_back);
    card_json_put_boolean(builder, "v10Signature", behaviour->v10_signature);
    card_json_put_integer(builder, "powerCutAtApdu", behaviour->power_cut);
    card_json_put_boolean(builder, "powerCutProcessed", behaviour->power_cut_processed);
    card_json_put_integer(builder, "silentAtApdu", behaviour->silence);
    card_json_put_integer(builder, "removeAtApdu", behaviour->removal);
    card_json_put_integer(builder, "delay", behaviour->delay);
    card_json_put_integer(builder, "rate", behaviour->rate);
    if (behaviour->fail_command >= 0) {
        json_builder_set_member_name(builder, "failInstallation");
        json_builder_begin_object(builder);
        card_json_put_integer(builder, "command", behaviour->fail_command);
        card_json_put_integer(builder, "reason", behaviour->fail_reason);
        card_json_put_integer(builder, "count", behaviour->fail_count);
        json_builder_end_object(builder);
    }
    card_json_put_integer(builder, "authenticateError", behaviour->authenticate_error);
    card_json_put_integer(builder, "downloadError", behaviour->download_error);
    card_json_put_integer(builder, "cancelError", behaviour->cancel_error);
    card_json_put_boolean(builder, "interruptionResult", behaviour->interruption_result);
    card_json_put_hex(builder, "challenge", behaviour->challenge);
    card_json_put_hex(builder, "otSk", behaviour->otsk);
    json_builder_set_member_name(builder, "fail");
    json_builder_begin_array(builder);
    for (guint i = 0; i < behaviour->faults->len; i++) {
        const CardFault *fault = g_ptr_array_index(behaviour->faults, i);

        json_builder_begin_object(builder);
        card_json_put_string(builder, "on", fault->on);
        card_json_put_integer(builder, "count", fault->count);
        card_json_put_integer(builder, "skip", fault->skip);
        if (fault->sw) {
            g_autofree char *sw = g_strdup_printf("%04X", fault->sw);

            card_json_put_string(builder, "sw", sw);
        }
        card_json_put_hex(builder, "response", fault->response);
        card_json_put_integer(builder, "truncate", fault->truncate);
        card_json_put_boolean(builder, "garbage", fault->garbage);
        card_json_put_boolean(builder, "execute", fault->execute);
        card_json_put_integer(builder, "delay", fault->delay);
        card_json_put_integer(builder, "oversized", fault->oversized);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

/* ---- JSON helpers ---- */

gboolean card_json_check_members(JsonObject *object, const char *what, const char *const *known,
                                 GError **error)
{
    g_autoptr(GList) members = json_object_get_members(object);

    for (GList *member = members; member; member = member->next) {
        if (!g_strv_contains(known, member->data)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: unknown member '%s'",
                        what, (const char *)member->data);
            return FALSE;
        }
    }
    return TRUE;
}

static JsonNode *find_value(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node && JSON_NODE_HOLDS_VALUE(node) ? node : NULL;
}

char *card_json_string(JsonObject *object, const char *member, const char *fallback)
{
    JsonNode *node = find_value(object, member);
    const char *text = node ? json_node_get_string(node) : NULL;

    return g_strdup(text ? text : fallback);
}

gint64 card_json_integer(JsonObject *object, const char *member, gint64 fallback)
{
    JsonNode *node = find_value(object, member);

    return node ? json_node_get_int(node) : fallback;
}

gboolean card_json_boolean(JsonObject *object, const char *member, gboolean fallback)
{
    JsonNode *node = find_value(object, member);

    return node ? json_node_get_boolean(node) : fallback;
}

JsonArray *card_json_array(JsonObject *object, const char *member, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);

    if (!node)
        return NULL;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        bad(error, member, "not a list");
        return NULL;
    }
    return json_node_get_array(node);
}

JsonObject *card_json_object(JsonObject *object, const char *member, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);

    if (!node)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        bad(error, member, "not an object");
        return NULL;
    }
    return json_node_get_object(node);
}

JsonNode *card_json_parse(const char *text, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &local);

    if (local) {
        bad(error, "JSON", local->message);
        return NULL;
    }
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        bad(error, "JSON", "not an object");
        return NULL;
    }
    return g_steal_pointer(&node);
}

GBytes *card_json_hex(JsonObject *object, const char *member, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);
    const char *text;
    GBytes *bytes;

    if (!node)
        return NULL;
    text = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
    bytes = text ? bytes_from_hex(text, NULL) : NULL;
    if (!bytes)
        bad(error, member, "not hex");
    return bytes;
}

void card_json_put_hex(JsonBuilder *builder, const char *member, GBytes *bytes)
{
    g_autofree char *hex = NULL;

    if (!bytes)
        return;
    hex = bytes_gbytes_to_hex(bytes);
    card_json_put_string(builder, member, hex);
}

void card_json_put_string(JsonBuilder *builder, const char *member, const char *text)
{
    if (!text)
        return;
    json_builder_set_member_name(builder, member);
    json_builder_add_string_value(builder, text);
}

void card_json_put_integer(JsonBuilder *builder, const char *member, gint64 value)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_int_value(builder, value);
}

void card_json_put_boolean(JsonBuilder *builder, const char *member, gboolean value)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_boolean_value(builder, value);
}
