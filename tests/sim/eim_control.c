/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/eim_private.h"
#include "sim/json_value.h"

static const char *get_text(JsonObject *object, const char *name)
{
    return sim_value_get_text(object, name);
}

/* ---- waiting ---- */

/* Name of the number that {"for": WHAT} waits for; NULL where it waits for an order. */
static const char *find_total(const char *what)
{
    static const struct {
        const char *what, *total;
    } totals[] = {
        { "exchange", "exchangesServed" },
        { "notification", "notificationsReceived" },
        { "stray", "strayResults" },
        { "duplicate", "duplicates" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(totals); i++)
        if (g_str_equal(totals[i].what, what))
            return totals[i].total;
    return NULL;
}

/* Likewise, with the function of exchanges. */
static char *find_number(JsonObject *request)
{
    const char *what = get_text(request, "for");
    const char *function = g_str_equal(what, "exchange") ? get_text(request, "function") : "";

    return *function ? g_strconcat("exchanges", function, NULL) : g_strdup(find_total(what));
}

/* Takes the lock. */
static gboolean is_over(JsonObject *request, JsonObject *answer, gpointer data)
{
    SimEim *eim = data;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&eim->lock);
    g_autofree char *name = find_number(request);
    JsonObject *order;
    gint64 number;

    if (name) {
        number = sim_eim_state_number(eim, name);
        if (number < json_object_get_int_member_with_default(request, "count", 1))
            return FALSE;
        json_object_set_int_member(answer, "count", number);
        return TRUE;
    }
    order = sim_eim_order_find(eim, json_object_get_int_member_with_default(request, "order", 0));
    if (!order ||
        !(sim_eim_order_is(order, get_text(request, "for")) || sim_eim_order_is(order, "done")))
        return FALSE;
    json_object_set_object_member(answer, "order", sim_eim_json_copy(order));
    return TRUE;
}

void sim_eim_control_init(SimEim *eim)
{
    eim->waiters = sim_waiters_new(is_over, eim);
}

void sim_eim_control_clear(SimEim *eim)
{
    g_clear_pointer(&eim->control, sim_control_free);
    g_clear_pointer(&eim->waiters, sim_waiters_free);
}

void sim_eim_control_wake(SimEim *eim)
{
    sim_waiters_wake(eim->waiters);
}

static gboolean do_wait(SimEim *eim, JsonObject *request, JsonObject *answer, GError **error)
{
    const char *what = get_text(request, "for");
    gint64 order = json_object_get_int_member_with_default(request, "order", 0);
    g_autofree char *number = find_number(request);
    g_autofree char *message = NULL;
    gboolean known;

    if (!number) {
        if (!g_str_equal(what, "done") && !g_str_equal(what, "sent"))
            return sim_value_fail(error, "can't wait for '%s'", what);
        g_mutex_lock(&eim->lock);
        known = sim_eim_order_find(eim, order) != NULL;
        g_mutex_unlock(&eim->lock);
        if (!known)
            return sim_value_fail(error, "there is no order %" G_GINT64_FORMAT, order);
        message = g_strdup_printf("order %" G_GINT64_FORMAT " was not %s", order, what);
    } else {
        message = g_strdup_printf("%s did not reach %" G_GINT64_FORMAT, number,
                                  json_object_get_int_member_with_default(request, "count", 1));
    }
    return sim_waiters_wait(eim->waiters, eim->control, request, answer, message, error);
}

/* ---- the other requests, with the lock held ---- */

static gboolean do_queue(SimEim *eim, JsonObject *request, JsonObject *answer, GError **error)
{
    JsonObject *order = sim_eim_order_add(eim, request, error);

    if (!order || !sim_eim_state_save(eim, error))
        return FALSE;
    json_object_set_int_member(answer, "order", json_object_get_int_member(order, "order"));
    for (guint i = 0; i < 2; i++) {
        const char *name = i == 0 ? "eimTransactionId" : "counter";
        JsonNode *node = json_object_get_member(order, name);

        if (node)
            json_object_set_member(answer, name, json_node_copy(node));
    }
    return TRUE;
}

static JsonObject *get_order(SimEim *eim, JsonObject *request, GError **error)
{
    gint64 number = json_object_get_int_member_with_default(request, "order", 0);
    JsonObject *order = sim_eim_order_find(eim, number);

    if (!order)
        sim_value_fail(error, "there is no order %" G_GINT64_FORMAT, number);
    return order;
}

static gboolean do_requeue(SimEim *eim, JsonObject *request, GError **error)
{
    static const char *const outcome[] = { "result",    "verified",    "succeeded", "rule",
                                           "why",       "results",     "error",     "data",
                                           "seqNumber", "acknowledged" };
    JsonObject *order = get_order(eim, request, error);

    if (!order)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(outcome); i++) {
        if (json_object_has_member(order, outcome[i]))
            json_object_remove_member(order, outcome[i]);
    }
    json_object_set_string_member(order, "state", "queued");
    return sim_eim_state_save(eim, error);
}

static gboolean do_show(SimEim *eim, JsonObject *request, JsonObject *answer, GError **error)
{
    g_autoptr(JsonObject) copy = NULL;
    g_autoptr(GList) names = NULL;

    if (json_object_has_member(request, "order")) {
        JsonObject *order = get_order(eim, request, error);

        if (!order)
            return FALSE;
        json_object_set_object_member(answer, "order", sim_eim_json_copy(order));
        return TRUE;
    }
    copy = sim_eim_json_copy(eim->state);
    names = json_object_get_members(copy);
    for (GList *name = names; name; name = name->next)
        json_object_set_member(answer, name->data,
                               json_node_copy(json_object_get_member(copy, name->data)));
    json_object_set_object_member(answer, "knobs", sim_eim_json_copy(eim->knobs.shown));
    json_object_set_int_member(answer, "port", sim_http_server_get_port(eim->server));
    json_object_set_int_member(answer, "failedHandshakes",
                               sim_http_server_get_failed_handshakes(eim->server));
    return TRUE;
}

static gboolean do_knobs(SimEim *eim, JsonObject *request, JsonObject *answer, GError **error)
{
    if (!sim_eim_knobs_set(eim, request, error))
        return FALSE;
    json_object_set_object_member(answer, "knobs", sim_eim_json_copy(eim->knobs.shown));
    return TRUE;
}

gboolean sim_eim_control(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    SimEim *eim = data;
    const char *what = get_text(request, "do");
    gboolean ok;

    if (g_str_equal(what, "wait"))
        return do_wait(eim, request, answer, error);
    g_mutex_lock(&eim->lock);
    if (g_str_equal(what, "queue"))
        ok = do_queue(eim, request, answer, error);
    else if (g_str_equal(what, "requeue"))
        ok = do_requeue(eim, request, error);
    else if (g_str_equal(what, "show"))
        ok = do_show(eim, request, answer, error);
    else if (g_str_equal(what, "knobs"))
        ok = do_knobs(eim, request, answer, error);
    else
        ok = sim_value_fail(error, "'%s' is no request to an eIM", what);
    g_mutex_unlock(&eim->lock);
    return ok;
}

gboolean sim_eim_serve_control(SimEim *eim, const char *path, GError **error)
{
    eim->control = sim_control_new(path, sim_eim_control, eim, error);
    return eim->control != NULL;
}
