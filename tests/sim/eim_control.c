/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/eim_private.h"

#define DEFAULT_TIMEOUT 60 /* seconds */

G_GNUC_PRINTF(2, 3) static gboolean fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    return FALSE;
}

/* A string member; "" when it is absent or something else. */
static const char *get_text(JsonObject *object, const char *name)
{
    const char *text = json_object_get_string_member_with_default(object, name, "");

    return text ? text : "";
}

/* ---- waiting ---- */

typedef struct {
    SimEim *eim;
    SimControlCall *call;
    char *state; /* of an order, or NULL */
    gint64 order;
    const char *total; /* name of a number in the state, or NULL */
    char *function;    /* exchanges of this function */
    gint64 count;
    guint timeout; /* seconds */
    GSource *deadline;
} Waiter;

static void waiter_free(gpointer data)
{
    Waiter *waiter = data;

    if (waiter->deadline) {
        g_source_destroy(waiter->deadline);
        g_source_unref(waiter->deadline);
    }
    g_free(waiter->state);
    g_free(waiter->function);
    g_free(waiter);
}

/* TRUE when the wait is over; ANSWER then has what the client gets. Takes the lock. */
static gboolean is_over(Waiter *waiter, JsonObject *answer)
{
    SimEim *eim = waiter->eim;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&eim->lock);
    JsonObject *order;
    gint64 number;

    if (!waiter->state) {
        g_autofree char *name = waiter->function ? g_strconcat("exchanges", waiter->function, NULL)
                                                 : g_strdup(waiter->total);

        number = sim_eim_state_number(eim, name);
        if (number < waiter->count)
            return FALSE;
        json_object_set_int_member(answer, "count", number);
        return TRUE;
    }
    order = sim_eim_order_find(eim, waiter->order);
    if (!order || !(sim_eim_order_is(order, waiter->state) || sim_eim_order_is(order, "done")))
        return FALSE;
    json_object_set_object_member(answer, "order", sim_eim_json_copy(order));
    return TRUE;
}

static gboolean on_deadline(gpointer data)
{
    Waiter *waiter = data;
    g_autoptr(GError) error = NULL;

    if (waiter->state)
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                    "order %" G_GINT64_FORMAT " was not %s within %u s", waiter->order,
                    waiter->state, waiter->timeout);
    else
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                    "%s did not reach %" G_GINT64_FORMAT " within %u s",
                    waiter->function ? waiter->function : waiter->total, waiter->count,
                    waiter->timeout);
    sim_control_answer(waiter->call, NULL, error);
    g_ptr_array_remove(waiter->eim->waiters, waiter);
    return G_SOURCE_REMOVE;
}

static gboolean on_wake(gpointer data)
{
    SimEim *eim = data;

    g_source_set_ready_time(eim->wake, -1);
    for (guint i = eim->waiters->len; i > 0; i--) {
        Waiter *waiter = g_ptr_array_index(eim->waiters, i - 1);
        g_autoptr(JsonObject) answer = json_object_new();

        if (!is_over(waiter, answer))
            continue;
        sim_control_answer(waiter->call, answer, NULL);
        g_ptr_array_remove_index(eim->waiters, i - 1);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean dispatch_wake(GSource *source G_GNUC_UNUSED, GSourceFunc callback, gpointer data)
{
    return callback(data);
}

static GSourceFuncs wake_functions = { .dispatch = dispatch_wake };

void sim_eim_control_init(SimEim *eim)
{
    eim->waiters = g_ptr_array_new_with_free_func(waiter_free);
    eim->wake = g_source_new(&wake_functions, sizeof(GSource));
    g_source_set_callback(eim->wake, on_wake, eim, NULL);
    g_source_attach(eim->wake, NULL);
}

void sim_eim_control_clear(SimEim *eim)
{
    g_clear_pointer(&eim->control, sim_control_free);
    /* The control is gone, so answering only lets go of the calls. */
    for (guint i = 0; i < eim->waiters->len; i++)
        sim_control_answer(((Waiter *)g_ptr_array_index(eim->waiters, i))->call, NULL, NULL);
    g_clear_pointer(&eim->waiters, g_ptr_array_unref);
    g_source_destroy(eim->wake);
    g_clear_pointer(&eim->wake, g_source_unref);
}

void sim_eim_control_wake(SimEim *eim)
{
    g_source_set_ready_time(eim->wake, 0);
}

static gboolean do_wait(SimEim *eim, JsonObject *request, JsonObject *answer, GError **error)
{
    static const struct {
        const char *what, *total;
    } totals[] = {
        { "exchange", "exchangesServed" },
        { "notification", "notificationsReceived" },
        { "stray", "strayResults" },
        { "duplicate", "duplicates" },
    };
    const char *what = get_text(request, "for");
    gint64 timeout = json_object_get_int_member_with_default(request, "timeout", DEFAULT_TIMEOUT);
    Waiter *waiter = g_new0(Waiter, 1);

    waiter->eim = eim;
    waiter->timeout = (guint)CLAMP(timeout, 0, 86400);
    waiter->order = json_object_get_int_member_with_default(request, "order", 0);
    waiter->count = json_object_get_int_member_with_default(request, "count", 1);
    for (guint i = 0; i < G_N_ELEMENTS(totals); i++) {
        if (g_str_equal(totals[i].what, what))
            waiter->total = totals[i].total;
    }
    if (g_str_equal(what, "exchange"))
        waiter->function =
            g_strdup(json_object_get_string_member_with_default(request, "function", NULL));
    if (!waiter->total) {
        gboolean known;

        if (!g_str_equal(what, "done") && !g_str_equal(what, "sent")) {
            waiter_free(waiter);
            return fail(error, "can't wait for '%s'", what);
        }
        waiter->state = g_strdup(what);
        g_mutex_lock(&eim->lock);
        known = sim_eim_order_find(eim, waiter->order) != NULL;
        g_mutex_unlock(&eim->lock);
        if (!known) {
            gint64 number = waiter->order;

            waiter_free(waiter);
            return fail(error, "there is no order %" G_GINT64_FORMAT, number);
        }
    }
    if (is_over(waiter, answer)) {
        waiter_free(waiter);
        return TRUE;
    }
    if (!eim->control || waiter->timeout == 0) {
        waiter_free(waiter);
        return fail(error, "not yet");
    }
    waiter->call = sim_control_hold(eim->control);
    waiter->deadline = g_timeout_source_new_seconds(waiter->timeout);
    g_source_set_callback(waiter->deadline, on_deadline, waiter, NULL);
    g_source_attach(waiter->deadline, NULL);
    g_ptr_array_add(eim->waiters, waiter);
    return TRUE;
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
        fail(error, "there is no order %" G_GINT64_FORMAT, number);
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
        ok = fail(error, "'%s' is no request to an eIM", what);
    g_mutex_unlock(&eim->lock);
    return ok;
}

gboolean sim_eim_serve_control(SimEim *eim, const char *path, GError **error)
{
    eim->control = sim_control_new(path, sim_eim_control, eim, error);
    return eim->control != NULL;
}
