/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/eim.h"

#include <string.h>

#include "sim/crypto.h"
#include "sim/eim_json.h"
#include "sim/eim_package.h"
#include "sim/eim_private.h"
#include "sim/eim_status.h"
#include "sim/json_value.h"
#include "sim/server.h"
#include "util/bytes.h"
#include "util/error.h"

#define PATH           "/gsma/rsp2/asn1"
#define CONTENT_TYPE   "application/x-gsma-rsp-asn1"
#define ADMIN_PROTOCOL "gsma/rsp/v2.1.0"
#define USER_AGENT     "gsma-rsp-ipad"

/* eimPackageError (SGP.32 6.3.2.6) */
#define NO_EIM_PACKAGE_AVAILABLE 1
#define EID_NOT_FOUND            2

/* ---- headers ---- */

static gboolean check_user_agent(const char *text)
{
    gsize size = strlen(USER_AGENT);

    return text && strncmp(text, USER_AGENT, size) == 0 && (!text[size] || text[size] == ';');
}

static const char *name_in_json(const SimHttpHead *head)
{
    const char *name = g_str_has_prefix(head->target, SIM_EIM_JSON_PATH)
                           ? head->target + strlen(SIM_EIM_JSON_PATH)
                           : "";

    return sim_eim_json_has_function(name) ? name : NULL;
}

/* SGP.32 6.1.1 */
static gboolean check_content_type(const char *text, gboolean is_json, gboolean strict)
{
    if (!text)
        return FALSE;
    if (!strict)
        return g_str_has_prefix(text, is_json ? "application/json" : CONTENT_TYPE);
    return g_str_equal(text, is_json ? SIM_EIM_JSON_CONTENT : CONTENT_TYPE);
}

/* Status for a request that the binding does not allow (SGP.32 6.1.1), 0 for a good one. */
static guint check_head(const SimHttpHead *head, gboolean is_json, gboolean strict,
                        const char **ret_why)
{
    const char *protocol = sim_http_head_get(head, "X-Admin-Protocol");

    *ret_why = "path";
    if (!is_json && !g_str_equal(head->target, PATH))
        return 404;
    *ret_why = "method";
    if (!g_str_equal(head->method, "POST"))
        return 405;
    *ret_why = "Content-Length";
    if (!head->has_length)
        return 411;
    *ret_why = "Content-Type";
    if (!check_content_type(sim_http_head_get(head, "Content-Type"), is_json, strict))
        return 415;
    *ret_why = "X-Admin-Protocol";
    if (!protocol || (strict ? !g_str_equal(protocol, ADMIN_PROTOCOL)
                             : !g_str_has_prefix(protocol, "gsma/rsp/v")))
        return 400;
    *ret_why = "User-Agent";
    if (strict && !check_user_agent(sim_http_head_get(head, "User-Agent")))
        return 400;
    *ret_why = "Host";
    if (strict && !sim_http_head_get(head, "Host"))
        return 400;
    return 0;
}

/* ---- functions ---- */

/* The request in the hands of the functions below. */
typedef struct {
    SimEim *eim;
    const SimEimRequest *request;
    SimHttpAnswer *answer;
    JsonObject *exchange;
    gboolean is_json; /* the binding */
    gboolean is_made; /* the answer's body stands as it is */
} Call;

static void answer_with(Call *call, GBytes *body, const char *what)
{
    g_clear_pointer(&call->answer->body, g_bytes_unref);
    call->answer->body = body;
    if (what)
        json_object_set_string_member(call->exchange, "answer", what);
}

static void answer_error(Call *call, gint64 code)
{
    g_autofree char *what = g_strdup_printf("error %" G_GINT64_FORMAT, code);

    switch (call->request->function) {
    case SIM_EIM_GET_EIM_PACKAGE:
        answer_with(call, sim_eim_answer_package_error(code), what);
        break;
    case SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT:
    case SIM_EIM_HANDLE_NOTIFICATION:
        answer_with(call, sim_eim_answer_result_error(code), what);
        break;
    case SIM_EIM_INITIATE_AUTHENTICATION:
    case SIM_EIM_AUTHENTICATE_CLIENT:
    case SIM_EIM_GET_BOUND_PROFILE_PACKAGE:
    case SIM_EIM_CANCEL_SESSION:
        answer_with(call, sim_eim_relay_error(call->request->function, code), what);
        break;
    }
}

static gboolean is_known_eid(SimEim *eim, const char *eid)
{
    JsonArray *orders = sim_eim_state_list(eim, "orders");

    for (guint i = 0; i < json_array_get_length(orders); i++) {
        if (g_str_equal(
                json_object_get_string_member(json_array_get_object_element(orders, i), "eid"),
                eid))
            return TRUE;
    }
    return g_str_equal(eid, eim->default_eid) ||
           json_object_has_member(json_object_get_object_member(eim->state, "cards"), eid);
}

static gboolean get_eim_package(Call *call, GError **error)
{
    SimEim *eim = call->eim;
    g_autofree char *eid = eid_to_string(call->request->eid, EID_SIZE, error);
    g_autoptr(GBytes) object = NULL;
    JsonObject *order;

    if (!eid)
        return FALSE;
    json_object_set_string_member(call->exchange, "eid", eid);
    if (call->request->notify_state_change)
        json_object_set_boolean_member(call->exchange, "notifyStateChange", TRUE);
    if (call->request->has_cause)
        json_object_set_int_member(call->exchange, "stateChangeCause", call->request->cause);
    if (call->request->rplmn.data) {
        g_autofree char *hex = bytes_to_hex(call->request->rplmn.data, call->request->rplmn.size);

        json_object_set_string_member(call->exchange, "rPLMN", hex);
    }
    if (eim->knobs.get_error != 0) {
        answer_error(call, eim->knobs.get_error);
        return TRUE;
    }
    if (!is_known_eid(eim, eid)) {
        answer_error(call, EID_NOT_FOUND);
        return TRUE;
    }
    order = sim_eim_order_next(eim, eid);
    if (!order) {
        answer_error(call, NO_EIM_PACKAGE_AVAILABLE);
        return TRUE;
    }
    object = bytes_from_hex(json_object_get_string_member(order, "request"), error);
    if (!object)
        return FALSE;
    json_object_set_string_member(order, "state", "sent");
    json_object_remove_member(order, "event"); /* of an SM-DS, the last time (eim_relay.c) */
    json_object_set_int_member(order, "offered", json_object_get_int_member(order, "offered") + 1);
    json_object_set_int_member(call->exchange, "order", json_object_get_int_member(order, "order"));
    answer_with(call, sim_eim_answer_package(object), "package");
    return TRUE;
}

static GArray *choose_acknowledgements(const SimEimKnobs *knobs, const SimEimVerdict *verdict)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
    gboolean results = knobs->ack == SIM_EIM_ACK_ALL || knobs->ack == SIM_EIM_ACK_RESULT;
    gboolean notifications =
        knobs->ack == SIM_EIM_ACK_ALL || knobs->ack == SIM_EIM_ACK_NOTIFICATIONS;

    if (results)
        g_array_append_vals(numbers, verdict->result_numbers->data, verdict->result_numbers->len);
    if (notifications)
        g_array_append_vals(numbers, verdict->notification_numbers->data,
                            verdict->notification_numbers->len);
    if (knobs->ack == SIM_EIM_ACK_NUMBERS)
        g_array_append_vals(numbers, knobs->ack_numbers->data, knobs->ack_numbers->len);
    return numbers;
}

/* Numbers that were acknowledged, with the order and with the exchange. */
static void record_acknowledgements(Call *call, gint64 order_number, const GArray *numbers)
{
    JsonObject *order = sim_eim_order_find(call->eim, order_number);
    JsonArray *list = json_array_new();

    for (guint i = 0; i < numbers->len; i++) {
        gint64 number = g_array_index(numbers, gint64, i);

        json_array_add_int_element(list, number);
        if (!order)
            continue;
        if (!json_object_has_member(order, "acknowledged"))
            json_object_set_array_member(order, "acknowledged", json_array_new());
        json_array_add_int_element(json_object_get_array_member(order, "acknowledged"), number);
    }
    json_object_set_array_member(call->exchange, "acknowledged", list);
}

static void acknowledge(Call *call, const SimEimVerdict *verdict)
{
    const SimEimKnobs *knobs = &call->eim->knobs;
    g_autoptr(GArray) numbers = choose_acknowledgements(knobs, verdict);
    SimEimDialect dialect =
        knobs->dialect != SIM_EIM_DIALECT_ANY ? knobs->dialect : call->request->dialect;

    /* A result that does not verify is not taken: the IPA has to keep it. Nothing was signed in an
     * error or in data without numbers, so there is nothing to acknowledge. */
    if (verdict->refused) {
        answer_error(call, SIM_EIM_UNDEFINED_ERROR);
    } else if (knobs->ack == SIM_EIM_ACK_EMPTY ||
               (numbers->len == 0 && knobs->ack != SIM_EIM_ACK_NONE)) {
        answer_with(call, sim_eim_answer_empty(dialect), "empty");
    } else {
        answer_with(
            call,
            sim_eim_answer_acknowledgements((const gint64 *)(gpointer)numbers->data, numbers->len),
            "acknowledgements");
        record_acknowledgements(call, verdict->order, numbers);
    }
}

static gboolean provide_result(Call *call, GError **error)
{
    g_auto(SimEimVerdict) verdict = { 0 };

    /* An eIM that answers an error has not taken the result. */
    if (call->request->function == SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT &&
        call->eim->knobs.ack == SIM_EIM_ACK_ERROR) {
        answer_error(call, call->eim->knobs.ack_error);
        return TRUE;
    }
    sim_eim_verdict_init(&verdict);
    if (!sim_eim_judge(call->eim, call->request, &verdict, error))
        return FALSE;
    if (verdict.order)
        json_object_set_int_member(call->exchange, "order", verdict.order);
    if (call->request->notification.data)
        sim_eim_relay_notification(call->eim, call->request->notification, call->exchange);
    if (call->request->function == SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT)
        acknowledge(call, &verdict);
    else
        call->answer->status = 204;
    return TRUE;
}

static gboolean process(Call *call, GError **error)
{
    switch (call->request->function) {
    case SIM_EIM_GET_EIM_PACKAGE:
        return get_eim_package(call, error);
    case SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT:
    case SIM_EIM_HANDLE_NOTIFICATION:
        return provide_result(call, error);
    case SIM_EIM_INITIATE_AUTHENTICATION:
    case SIM_EIM_AUTHENTICATE_CLIENT:
    case SIM_EIM_GET_BOUND_PROFILE_PACKAGE:
    case SIM_EIM_CANCEL_SESSION:
        break;
    }
    if (g_hash_table_size(call->eim->servers) == 0) {
        call->answer->status = 501;
        return TRUE;
    }
    answer_with(call, sim_eim_relay(call->eim, call->request, call->exchange, error), "relayed");
    return call->answer->body != NULL;
}

/* ---- faults ---- */

/* The start of an object with SIZE octets, which are filled in while they are sent. */
static GBytes *make_oversized(guint32 tag, gsize size)
{
    guint8 header[4 + 5]; /* tag and length at their longest */

    return g_bytes_new(header, tlv_make_header(tag, size, header));
}

/* TRUE when the request must not be processed. */
static gboolean fault_before(const SimFault *fault, Call *call)
{
    g_autoptr(GBytes) oversized =
        call->is_json
            ? sim_eim_json_make_start(call->request->function)
            : make_oversized(call->request->function == SIM_EIM_GET_EIM_PACKAGE ? 0xBF4F : 0xBF50,
                             fault->size);
    g_autoptr(GBytes) body = sim_fault_make_body(fault, oversized);
    gint64 code = json_object_get_int_member_with_default(fault->own, "error", 0);
    gboolean made = body || code != 0;

    json_object_set_boolean_member(call->exchange, "fault", TRUE);
    if (fault->drop_before) {
        call->answer->delivery = SIM_HTTP_DROP;
        return TRUE;
    }
    if (fault->status != 0)
        call->answer->status = fault->status;
    if (body == oversized) {
        call->answer->fill = fault->size;
        call->answer->fill_octet = call->is_json ? 'A' : 0;
    }
    call->is_made = body != NULL;
    if (body)
        answer_with(call, g_steal_pointer(&body), fault->body);
    else if (code != 0)
        answer_error(call, code);
    return fault->status != 0 || made;
}

/* ---- one exchange ---- */

static void refuse(Call *call, guint status, const char *why)
{
    call->answer->status = status;
    json_object_set_string_member(call->exchange, "refused", why);
}

/* The binding that this eIM does not have: the status that says so, or an answer that is none of this one. */
static void refuse_binding(Call *call)
{
    static const char page[] = "{\"message\":\"no such service\"}";
    guint status = call->eim->knobs.elsewhere;

    refuse(call, status, "binding");
    if (status == 200)
        call->answer->body = g_bytes_new_static(page, sizeof(page) - 1);
}

/* The request as a message of the ASN.1 binding. */
static GBytes *read_message(Call *call, const SimHttpRequest *http, GError **error)
{
    const char *name = name_in_json(http->head);

    if (!call->is_json)
        return g_bytes_new(http->body.data, http->body.size);
    json_object_set_string_member(call->exchange, "binding", "json");
    return sim_eim_json_read_request(name, http->body, call->eim->knobs.strict, error);
}

/* What was made in the forms of the ASN.1 binding becomes JSON. */
static gboolean spell_answer(Call *call, const SimFault *fault, GError **error)
{
    JsonObject *other = fault && json_object_has_member(fault->own, "json")
                            ? json_object_get_object_member(fault->own, "json")
                            : NULL;
    g_autoptr(GBytes) made = NULL;

    if (!call->is_json || call->is_made || !call->answer->body)
        return TRUE;
    made = g_steal_pointer(&call->answer->body);
    call->answer->body = sim_eim_json_write_answer(call->request->function, made, other, error);
    return call->answer->body != NULL;
}

/* MESSAGE in the hands of the function that it is for. */
static void serve_message(Call *call, GBytes *message)
{
    SimEim *eim = call->eim;
    const SimEimKnobs *knobs = &eim->knobs;
    g_autoptr(GError) error = NULL;
    g_autofree char *counter = NULL;
    const SimFault *fault;
    SimEimRequest request;
    const char *name;

    if (!sim_eim_request_decode(tlv_slice_from_bytes(message), knobs->strict, &request, &error)) {
        refuse(call, 400, error->message);
        return;
    }
    if (knobs->dialect != SIM_EIM_DIALECT_ANY && request.dialect != SIM_EIM_DIALECT_ANY &&
        request.dialect != knobs->dialect) {
        refuse(call, 400, "form of another version");
        return;
    }
    call->request = &request;
    name = sim_eim_function_name(request.function);
    json_object_set_string_member(call->exchange, "function", name);
    counter = g_strconcat("exchanges", name, NULL);
    sim_eim_state_count(eim, counter);
    fault = sim_faults_take(knobs->faults, name);
    if ((!fault || !fault_before(fault, call)) && !process(call, &error))
        refuse(call, 400, error->message);
    else if (!spell_answer(call, fault, &error))
        refuse(call, 500, error->message);
    if (fault)
        sim_fault_change(fault, call->answer);
    call->request = NULL;
}

static void serve(Call *call, const SimHttpRequest *http)
{
    const SimEimKnobs *knobs = &call->eim->knobs;
    g_autoptr(GBytes) message = NULL;
    g_autoptr(GError) error = NULL;
    const char *why;
    guint status;

    call->is_json = name_in_json(http->head) != NULL;
    if (knobs->binding == (call->is_json ? SIM_EIM_BINDING_ASN1 : SIM_EIM_BINDING_JSON)) {
        refuse_binding(call);
    } else if ((status = check_head(http->head, call->is_json, knobs->strict, &why)) != 0) {
        refuse(call, status, why);
    } else if (!(message = read_message(call, http, &error))) {
        refuse(call, 400, error->message);
    } else {
        serve_message(call, message);
    }
    if (call->answer->body && !call->answer->content_type)
        call->answer->content_type = g_strdup(call->is_json ? SIM_EIM_JSON_CONTENT : CONTENT_TYPE);
}

static void on_request(const SimHttpRequest *request, SimHttpAnswer *answer, gpointer data)
{
    SimEim *eim = data;
    g_autoptr(GError) error = NULL;

    g_mutex_lock(&eim->lock);
    {
        JsonObject *exchange =
            sim_exchange_new(request, sim_eim_state_count(eim, "exchangesServed"));
        Call call = { .eim = eim, .answer = answer, .exchange = exchange };

        json_array_add_object_element(sim_eim_state_list(eim, "exchanges"), exchange);
        g_string_append(answer->headers, "X-Admin-Protocol: " ADMIN_PROTOCOL "\r\n");
        answer->close = eim->knobs.close;
        answer->chunked = eim->knobs.chunked;
        serve(&call, request);
        sim_exchange_finish(exchange, answer);
        /* What the client is told has to survive the eIM's own end. */
        if (!sim_eim_state_save(eim, &error)) {
            g_clear_pointer(&answer->body, g_bytes_unref);
            answer->status = 500;
            g_printerr("eim: %s\n", error->message);
        }
    }
    g_mutex_unlock(&eim->lock);
    sim_eim_control_wake(eim);
}

/* ---- the eIM ---- */

static X509 *load_certificate(SimEim *eim, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(eim->pki_dir, name, NULL);

    return sim_certificate_load(path, error);
}

static gboolean load_pki(SimEim *eim, GError **error)
{
    g_autofree char *key = g_build_filename(eim->pki_dir, "eim.key.pem", NULL);

    eim->key = sim_key_load(key, error);
    return eim->key && (eim->ci = load_certificate(eim, "ci.der", error)) &&
           (eim->eum = load_certificate(eim, "eum.der", error)) &&
           (eim->euicc = load_certificate(eim, "euicc.der", error)) &&
           sim_verify_euicc_chain(eim->euicc, eim->eum, eim->ci, &eim->default_eid, error);
}

static JsonObject *describe_chain(X509 *euicc, X509 *eum)
{
    g_autoptr(GBytes) euicc_der = sim_certificate_to_der(euicc);
    g_autoptr(GBytes) eum_der = sim_certificate_to_der(eum);
    g_autofree char *euicc_hex = bytes_gbytes_to_hex(euicc_der);
    g_autofree char *eum_hex = bytes_gbytes_to_hex(eum_der);
    JsonObject *card = json_object_new();

    json_object_set_string_member(card, "euicc", euicc_hex);
    json_object_set_string_member(card, "eum", eum_hex);
    return card;
}

/* Cards that are known from the start: a result of theirs can be verified without their certificates having
 * been asked for. */
static gboolean load_cards(SimEim *eim, char **folders, GError **error)
{
    JsonObject *cards = json_object_get_object_member(eim->state, "cards");
    gboolean ok = TRUE;

    for (guint i = 0; ok && folders && folders[i]; i++) {
        g_autofree char *euicc_path = g_build_filename(folders[i], "euicc.der", NULL);
        g_autofree char *eum_path = g_build_filename(folders[i], "eum.der", NULL);
        X509 *euicc = sim_certificate_load(euicc_path, error);
        X509 *eum = euicc ? sim_certificate_load(eum_path, error) : NULL;
        g_autofree char *eid = NULL;

        ok = eum && sim_verify_euicc_chain(euicc, eum, eim->ci, &eid, error);
        if (ok)
            json_object_set_object_member(cards, eid, describe_chain(euicc, eum));
        X509_free(euicc);
        X509_free(eum);
    }
    return ok;
}

/* HOST=SOCKET of each SM-DP+ and SM-DS that the eIM can ask. */
static gboolean add_servers(SimEim *eim, char **servers, GError **error)
{
    for (guint i = 0; servers && servers[i]; i++) {
        const char *sign = strchr(servers[i], '=');

        if (!sign || !sign[1])
            return sim_value_fail(error, "server '%s': want HOST=SOCKET", servers[i]);
        g_hash_table_insert(eim->servers, g_strndup(servers[i], (gsize)(sign - servers[i])),
                            g_strdup(sign + 1));
    }
    return TRUE;
}

SimEim *sim_eim_new(const SimEimSetup *setup, GError **error)
{
    g_autoptr(SimEim) eim = g_new0(SimEim, 1);
    g_autofree char *certificate = NULL, *key = NULL;
    SimHttpTls tls = { 0 };

    g_mutex_init(&eim->lock);
    sim_eim_knobs_init(&eim->knobs);
    sim_eim_control_init(eim);
    eim->pki_dir = g_canonicalize_filename(setup->pki_dir, NULL);
    eim->state_path = g_strdup(setup->state_path);
    eim->eim_id = g_strdup(setup->eim_id);
    tls.certificate = certificate = g_build_filename(eim->pki_dir, "eimtls.pem", NULL);
    tls.key = key = g_build_filename(eim->pki_dir, "eimtls.key.pem", NULL);
    eim->servers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!add_servers(eim, setup->servers, error) || !load_pki(eim, error) ||
        !sim_eim_state_load(eim, setup, error) || !load_cards(eim, setup->cards, error))
        return NULL;
    eim->server = sim_http_server_new(setup->listen, &tls, on_request, eim, error);
    return eim->server ? g_steal_pointer(&eim) : NULL;
}

void sim_eim_free(SimEim *eim)
{
    if (!eim)
        return;
    sim_http_server_free(eim->server);
    sim_eim_control_clear(eim);
    sim_eim_knobs_clear(&eim->knobs);
    g_clear_pointer(&eim->state, json_object_unref);
    g_clear_pointer(&eim->servers, g_hash_table_unref);
    EVP_PKEY_free(eim->key);
    X509_free(eim->ci);
    X509_free(eim->eum);
    X509_free(eim->euicc);
    g_free(eim->default_eid);
    g_free(eim->pki_dir);
    g_free(eim->state_path);
    g_free(eim->eim_id);
    g_mutex_clear(&eim->lock);
    g_free(eim);
}

guint16 sim_eim_get_port(SimEim *eim)
{
    return sim_http_server_get_port(eim->server);
}
