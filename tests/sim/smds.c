/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/smds.h"

#include "sim/crypto.h"
#include "sim/json_value.h"
#include "sim/programs.h"
#include "sim/rsp_authentication.h"

struct SimSmds {
    char *address;
    EVP_PKEY *key;
    X509 *ci;
    SimRspIdentity identity;
    SimRspServer *server;
    GHashTable *sessions;
};

/* ---- ES11 ---- */

static gboolean initiate_authentication(SimRspCall *call, gpointer data, GError **error)
{
    SimSmds *smds = data;

    return sim_rsp_begin_session(call, &smds->identity, smds->sessions, error);
}

static JsonObject *describe_event(JsonObject *event)
{
    JsonObject *entry = json_object_new();

    json_object_set_string_member(entry, "eventId", sim_value_get_text(event, "eventId"));
    json_object_set_string_member(entry, "rspServerAddress", sim_value_get_text(event, "address"));
    json_object_set_int_member(event, "sent",
                               json_object_get_int_member_with_default(event, "sent", 0) + 1);
    return entry;
}

/* Those of the eUICC; with an EventID as matchingId only that (SGP.22 3.6.2). */
static JsonArray *choose_events(SimSmds *smds, const SimRspSession *session)
{
    JsonArray *events = sim_rsp_list(smds->server, "events"), *entries = json_array_new();
    const char *wanted = session->matching_id ? session->matching_id : "";

    for (guint i = 0; i < json_array_get_length(events); i++) {
        JsonObject *event = json_array_get_object_element(events, i);

        if (g_str_equal(sim_value_get_text(event, "eid"), session->eid) &&
            (!*wanted || g_str_equal(sim_value_get_text(event, "eventId"), wanted)))
            json_array_add_object_element(entries, describe_event(event));
    }
    return entries;
}

static gboolean authenticate_client(SimRspCall *call, gpointer data, GError **error)
{
    SimSmds *smds = data;
    g_autoptr(JsonArray) entries = NULL;
    SimRspSession *session = sim_rsp_find_session(call, smds->sessions, error);

    if (!session)
        return sim_rsp_has_failed(call);
    if (!sim_rsp_check_client(call, &smds->identity, session, error))
        return FALSE;
    if (sim_rsp_has_failed(call)) {
        sim_rsp_end_session(call->server, smds->sessions, session, "failed");
        return TRUE;
    }
    entries = choose_events(smds, session);
    if (json_array_get_length(entries) == 0 && session->matching_id && *session->matching_id) {
        sim_rsp_end_session(call->server, smds->sessions, session, "failed");
        return sim_rsp_fail(call, "8.9.5", "3.9", "No event record");
    }
    json_object_set_string_member(call->answer, "transactionId", session->id);
    json_object_set_array_member(call->answer, "eventEntries", g_steal_pointer(&entries));
    sim_rsp_end_session(call->server, smds->sessions, session, "done");
    return TRUE;
}

/* ---- events ---- */

static gboolean add_event(SimSmds *smds, JsonObject *request, JsonObject *answer, GError **error)
{
    const char *eid = sim_value_get_text(request, "eid");
    const char *address = sim_value_get_text(request, "address");
    g_autofree char *id = g_strdup(sim_value_get_text(request, "eventId"));
    JsonObject *event;

    if (!*eid || !*address)
        return sim_value_fail(error, "an event has an 'eid' and an 'address'");
    if (!*id) {
        g_free(id);
        id = g_strdup_printf("EVENT-%04" G_GINT64_FORMAT, sim_rsp_count(smds->server, "lastEvent"));
    }
    event = json_object_new();
    json_object_set_string_member(event, "eid", eid);
    json_object_set_string_member(event, "address", address);
    json_object_set_string_member(event, "eventId", id);
    if (json_object_has_member(request, "registeredAt"))
        json_object_set_object_member(
            event, "registeredAt",
            json_object_ref(json_object_get_object_member(request, "registeredAt")));
    json_array_add_object_element(sim_rsp_list(smds->server, "events"), event);
    json_object_set_string_member(answer, "eventId", id);
    return TRUE;
}

static gboolean delete_event(SimSmds *smds, JsonObject *request, GError **error)
{
    JsonArray *events = sim_rsp_list(smds->server, "events");
    const char *id = sim_value_get_text(request, "eventId");

    for (guint i = 0; i < json_array_get_length(events); i++) {
        JsonObject *event = json_array_get_object_element(events, i);

        if (g_str_equal(sim_value_get_text(event, "eventId"), id)) {
            sim_smds_delete_registration(event);
            json_array_remove_element(events, i);
            return TRUE;
        }
    }
    return sim_value_fail(error, "there is no event '%s'", id);
}

void sim_smds_delete_registration(JsonObject *owner)
{
    JsonObject *registration = json_object_has_member(owner, "registeredAt")
                                   ? json_object_get_object_member(owner, "registeredAt")
                                   : NULL;
    g_autoptr(JsonObject) request = NULL, answer = NULL;
    g_autoptr(GError) error = NULL;

    if (!registration || json_object_has_member(registration, "deleted"))
        return;
    request = json_object_new();
    json_object_set_string_member(request, "do", "delete");
    json_object_set_string_member(request, "eventId", sim_value_get_text(registration, "eventId"));
    answer = sim_control_call(sim_value_get_text(registration, "socket"), request, &error);
    json_object_set_boolean_member(registration, "deleted", answer != NULL);
    if (error)
        json_object_set_string_member(registration, "why", error->message);
}

static gboolean control(JsonObject *request, JsonObject *answer, gpointer data, GError **error)
{
    const char *what = sim_value_get_text(request, "do");

    if (g_str_equal(what, "event"))
        return add_event(data, request, answer, error);
    if (g_str_equal(what, "delete"))
        return delete_event(data, request, error);
    return sim_value_fail(error, "'%s' is no request to an SM-DS", what);
}

/* ---- the server ---- */

SimSmds *sim_smds_new(const SimSmdsSetup *setup, GError **error)
{
    static const char *const lists[] = { "events", "sessions", NULL };
    static const char *const faults[] = { NULL };
    static const SimRspFunction functions[] = {
        { "initiateAuthentication", initiate_authentication },
        { "authenticateClient", authenticate_client },
        { NULL, NULL },
    };
    g_autoptr(SimSmds) smds = g_new0(SimSmds, 1);
    g_autofree char *key = g_build_filename(setup->pki_dir, "dsauth.key.pem", NULL);
    g_autofree char *ci = g_build_filename(setup->pki_dir, "ci.der", NULL);
    const SimRspSetup server = {
        .pki_dir = setup->pki_dir,
        .tls = "dstls",
        .listen = setup->listen,
        .lists = lists,
        .faults = faults,
        .functions = functions,
        .control = control,
        .data = smds,
    };

    smds->address = g_strdup(setup->address);
    smds->sessions = sim_rsp_sessions_new();
    if (!(smds->key = sim_key_load(key, error)) || !(smds->ci = sim_certificate_load(ci, error)))
        return NULL;
    smds->identity = (SimRspIdentity){
        .address = smds->address,
        .is_smds = TRUE,
        .key = smds->key,
        .file = "dsauth.der",
        .ci = smds->ci,
    };
    smds->server = sim_rsp_server_new(&server, error);
    return smds->server ? g_steal_pointer(&smds) : NULL;
}

void sim_smds_free(SimSmds *smds)
{
    if (!smds)
        return;
    sim_rsp_server_free(smds->server);
    g_hash_table_unref(smds->sessions);
    EVP_PKEY_free(smds->key);
    X509_free(smds->ci);
    g_free(smds->address);
    g_free(smds);
}

SimRspServer *sim_smds_get_server(SimSmds *smds)
{
    return smds->server;
}

/* ---- euicc-sim smds ---- */

static gboolean serve(const SimRspOptions *options, GError **error)
{
    const SimSmdsSetup setup = {
        .pki_dir = options->pki,
        .listen = options->listen,
        .address = options->address ? options->address : "smds.example.com",
    };
    g_autoptr(SimSmds) smds = sim_smds_new(&setup, error);

    return smds && sim_rsp_server_run(smds->server, "SM-DS", options, error);
}

int sim_smds_main(int argc, char **argv)
{
    const SimRspProgram program = { "smds", "— test SM-DS", FALSE, serve };

    return sim_rsp_main(&program, argc, argv);
}
