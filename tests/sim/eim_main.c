/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/eim.h"
#include "sim/programs.h"
#include "util/bytes.h"

typedef struct {
    char **cards, **servers;
    char *pki, *state, *control, *listen, *eim_id, *fqdn, *key_form, *tls_trust;
    gint64 token, counter;
    int id_type, ready_fd;
    gboolean indirect, print_configuration;
} Options;

static gboolean find(const char *const *names, guint count, const char *what, const char *name,
                     guint *ret_index, GError **error)
{
    for (guint i = 0; i < count; i++) {
        if (g_str_equal(names[i], name)) {
            *ret_index = i;
            return TRUE;
        }
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is no %s", name, what);
    return FALSE;
}

static gboolean print_configuration(const Options *options, GError **error)
{
    static const char *const key_forms[] = { "spki", "spki-nested", "spki-bare", "certificate",
                                             "none" };
    static const char *const trusts[] = { "key", "leaf", "ca", "none", "bad" };
    static const guint https_retrieval[] = { 0, G_MAXUINT };
    g_autoptr(GBytes) made = NULL;
    g_autofree char *hex = NULL;
    SimEimConfiguration configuration;
    guint key, tls;

    if (!find(key_forms, G_N_ELEMENTS(key_forms), "form of a key", options->key_form, &key,
              error) ||
        !find(trusts, G_N_ELEMENTS(trusts), "kind of trust", options->tls_trust, &tls, error))
        return FALSE;
    configuration = (SimEimConfiguration){
        .pki_dir = options->pki,
        .eim_id = options->eim_id,
        .fqdn = options->fqdn,
        .id_type = (guint)options->id_type,
        .key = (SimEimKeyForm)key,
        .tls = (SimEimTlsTrust)tls,
        .counter = options->counter,
        .token = options->token,
        .indirect = options->indirect,
        .protocols = https_retrieval,
    };
    made = sim_eim_make_configuration(&configuration, error);
    if (!made)
        return FALSE;
    hex = bytes_gbytes_to_hex(made);
    printf("%s\n", hex);
    return TRUE;
}

static gboolean on_signal(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_CONTINUE;
}

static gboolean serve(const Options *options, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    SimEimSetup setup = {
        .pki_dir = options->pki,
        .cards = options->cards,
        .servers = options->servers,
        .state_path = options->state,
        .listen = options->listen,
        .eim_id = options->eim_id,
        .token = options->token,
        .counter = options->counter,
    };
    g_autoptr(SimEim) eim = sim_eim_new(&setup, error);
    g_autofree char *port = NULL;

    if (!eim || (options->control && !sim_eim_serve_control(eim, options->control, error)))
        return FALSE;
    g_unix_signal_add(SIGTERM, on_signal, loop);
    g_unix_signal_add(SIGINT, on_signal, loop);
    port = g_strdup_printf("%u\n", sim_eim_get_port(eim));
    if (options->ready_fd >= 0) {
        if (write(options->ready_fd, port, strlen(port)) < 0)
            g_printerr("eim: ready-fd %d: can't write\n", options->ready_fd);
        close(options->ready_fd);
    }
    printf("eim %s listens at port %s", options->eim_id, port);
    fflush(stdout);
    g_main_loop_run(loop);
    return TRUE;
}

int sim_eim_main(int argc, char **argv)
{
    Options options = { .ready_fd = -1, .id_type = 2 };
    const GOptionEntry entries[] = {
        { "pki", 0, 0, G_OPTION_ARG_FILENAME, &options.pki, "Test PKI (euicc-sim pki)", "DIR" },
        { "card", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.cards,
          "PKI of a further card that it knows (may be given several times)", "DIR" },
        { "server", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.servers,
          "SM-DP+ or SM-DS that it can ask for an indirect download, with its control socket "
          "(may be given several times)",
          "HOST=SOCKET" },
        { "state", 0, 0, G_OPTION_ARG_FILENAME, &options.state,
          "Queue and record; continued when it exists", "FILE" },
        { "control", 0, 0, G_OPTION_ARG_FILENAME, &options.control, "Control socket", "SOCKET" },
        { "listen", 0, 0, G_OPTION_ARG_STRING, &options.listen,
          "Where to listen (default: 127.0.0.1:0, any free port)", "ADDRESS:PORT" },
        { "eim-id", 0, 0, G_OPTION_ARG_STRING, &options.eim_id,
          "Identifier (default: eim.example.com)", "ID" },
        { "token", 0, 0, G_OPTION_ARG_INT64, &options.token, "Association token (default: 0, none)",
          "N" },
        { "counter", 0, 0, G_OPTION_ARG_INT64, &options.counter,
          "Counter before the first package (default: 0)", "N" },
        { "ready-fd", 0, 0, G_OPTION_ARG_INT, &options.ready_fd,
          "Write the port and a newline there, and close it, when ready", "FD" },
        { "print-configuration", 0, 0, G_OPTION_ARG_NONE, &options.print_configuration,
          "Print the EimConfigurationData for a card as hex, and exit", NULL },
        { "fqdn", 0, 0, G_OPTION_ARG_STRING, &options.fqdn,
          "Name in it, with port unless 443 (default: identifier)", "HOST[:PORT]" },
        { "id-type", 0, 0, G_OPTION_ARG_INT, &options.id_type,
          "Type of the identifier in it: 1 OID, 2 FQDN (default), 3 proprietary, 0 absent", "N" },
        { "key-form", 0, 0, G_OPTION_ARG_STRING, &options.key_form,
          "Signing key in it: spki (default), spki-nested, spki-bare, certificate, none", "FORM" },
        { "tls-trust", 0, 0, G_OPTION_ARG_STRING, &options.tls_trust,
          "TLS trust in it: key (default), leaf, ca, none, bad", "KIND" },
        { "indirect", 0, 0, G_OPTION_ARG_NONE, &options.indirect,
          "Indirect download is supported, says it", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("— test eIM");
    g_autoptr(GError) error = NULL;
    gboolean ok;
    int status;

    g_option_context_add_main_entries(context, entries, NULL);
    ok = g_option_context_parse(context, &argc, &argv, &error);
    if (ok && (!options.pki || (!options.state && !options.print_configuration) || argc > 1)) {
        g_set_error_literal(&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            argc > 1 ? "too many arguments" : "--pki and --state are needed");
        ok = FALSE;
    }
    if (!options.listen)
        options.listen = g_strdup("127.0.0.1:0");
    if (!options.eim_id)
        options.eim_id = g_strdup("eim.example.com");
    if (!options.key_form)
        options.key_form = g_strdup("spki");
    if (!options.tls_trust)
        options.tls_trust = g_strdup("key");
    if (!options.fqdn)
        options.fqdn = g_strdup(options.eim_id);
    ok = ok && (options.print_configuration ? print_configuration(&options, &error)
                                            : serve(&options, &error));
    status = ok ? SIM_EXIT_OK : error->domain == G_OPTION_ERROR ? SIM_EXIT_USAGE : SIM_EXIT_FAILED;
    if (!ok)
        g_printerr("euicc-sim eim: %s%s\n", error->message,
                   status == SIM_EXIT_USAGE ? "; see --help" : "");

    g_strfreev(options.cards);
    g_strfreev(options.servers);
    g_free(options.pki);
    g_free(options.state);
    g_free(options.control);
    g_free(options.listen);
    g_free(options.eim_id);
    g_free(options.fqdn);
    g_free(options.key_form);
    g_free(options.tls_trust);
    return status;
}
