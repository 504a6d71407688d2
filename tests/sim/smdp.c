/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/smdp.h"

#include <openssl/x509v3.h>

#include "sim/crypto.h"
#include "sim/json_value.h"
#include "sim/smdp_private.h"

static gboolean initiate_authentication(SimRspCall *call, gpointer data, GError **error)
{
    SimSmdp *smdp = data;

    return sim_rsp_begin_session(call, &smdp->identity, smdp->sessions, error);
}

/* The registeredID in the certificate's subjectAltName: the OID of the server. */
static char *read_oid(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char *oid = NULL;

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char text[64];

        if (name->type != GEN_RID)
            continue;
        OBJ_obj2txt(text, sizeof(text), name->d.registeredID, 1);
        g_free(oid);
        oid = g_strdup(text);
    }
    GENERAL_NAMES_free(names);
    return oid;
}

static gboolean load_pki(SimSmdp *smdp, GError **error)
{
    g_autofree char *auth_key = g_build_filename(smdp->pki_dir, "dpauth.key.pem", NULL);
    g_autofree char *pb_key = g_build_filename(smdp->pki_dir, "dppb.key.pem", NULL);
    g_autofree char *pb = g_build_filename(smdp->pki_dir, "dppb.der", NULL);
    g_autofree char *ci = g_build_filename(smdp->pki_dir, "ci.der", NULL);
    X509 *certificate;

    smdp->auth_key = sim_key_load(auth_key, error);
    if (!smdp->auth_key || !(smdp->pb_key = sim_key_load(pb_key, error)) ||
        !(smdp->ci = sim_certificate_load(ci, error)) ||
        !(certificate = sim_certificate_load(pb, error)))
        return FALSE;
    smdp->oid = read_oid(certificate);
    X509_free(certificate);
    return smdp->oid || sim_value_fail(error, "%s: no OID of the server in it", pb);
}

SimSmdp *sim_smdp_new(const SimSmdpSetup *setup, GError **error)
{
    static const char *const lists[] = { "orders", "sessions", "notifications", NULL };
    static const char *const faults[] = { "metadata", "wrongMac", "truncate", NULL };
    static const SimRspFunction functions[] = {
        { "initiateAuthentication", initiate_authentication },
        { "authenticateClient", sim_smdp_authenticate_client },
        { "getBoundProfilePackage", sim_smdp_get_bound_profile_package },
        { "cancelSession", sim_smdp_cancel_session },
        { "handleNotification", sim_smdp_handle_notification },
        { NULL, NULL },
    };
    g_autoptr(SimSmdp) smdp = g_new0(SimSmdp, 1);
    const SimRspSetup server = {
        .pki_dir = setup->pki_dir,
        .tls = "dptls",
        .listen = setup->listen,
        .lists = lists,
        .faults = faults,
        .functions = functions,
        .control = sim_smdp_control,
        .data = smdp,
    };

    smdp->pki_dir = g_canonicalize_filename(setup->pki_dir, NULL);
    smdp->address = g_strdup(setup->address);
    smdp->sessions = sim_rsp_sessions_new();
    smdp->bindings =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, sim_smdp_binding_free);
    if (!load_pki(smdp, error))
        return NULL;
    smdp->identity = (SimRspIdentity){
        .address = smdp->address,
        .key = smdp->auth_key,
        .file = "dpauth.der",
        .ci = smdp->ci,
    };
    smdp->server = sim_rsp_server_new(&server, error);
    return smdp->server ? g_steal_pointer(&smdp) : NULL;
}

void sim_smdp_free(SimSmdp *smdp)
{
    if (!smdp)
        return;
    sim_rsp_server_free(smdp->server);
    g_hash_table_unref(smdp->sessions);
    g_hash_table_unref(smdp->bindings);
    EVP_PKEY_free(smdp->auth_key);
    EVP_PKEY_free(smdp->pb_key);
    X509_free(smdp->ci);
    g_free(smdp->pki_dir);
    g_free(smdp->address);
    g_free(smdp->oid);
    g_free(smdp);
}

SimRspServer *sim_smdp_get_server(SimSmdp *smdp)
{
    return smdp->server;
}

/* ---- euicc-sim smdp ---- */

/* One order for each --upp: the activation code of each is printed. */
static gboolean add_packages(SimSmdp *smdp, char **files, GError **error)
{
    for (guint i = 0; files && files[i]; i++) {
        g_autoptr(JsonObject) order = json_object_new(), answer = json_object_new();
        JsonObject *upp = json_object_new();

        json_object_set_string_member(upp, "file", files[i]);
        json_object_set_object_member(order, "upp", upp);
        if (!sim_smdp_add_order(smdp, order, answer, error))
            return FALSE;
        g_print("%s: %s\n", files[i], json_object_get_string_member(answer, "activationCode"));
    }
    return TRUE;
}

static gboolean serve(const SimRspOptions *options, GError **error)
{
    const SimSmdpSetup setup = {
        .pki_dir = options->pki,
        .listen = options->listen,
        .address = options->address ? options->address : "smdp.example.com",
    };
    g_autoptr(SimSmdp) smdp = sim_smdp_new(&setup, error);

    return smdp && add_packages(smdp, options->upps, error) &&
           sim_rsp_server_run(smdp->server, "SM-DP+", options, error);
}

int sim_smdp_main(int argc, char **argv)
{
    const SimRspProgram program = { "smdp", "— test SM-DP+", TRUE, serve };

    return sim_rsp_main(&program, argc, argv);
}
