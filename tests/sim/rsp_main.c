/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/programs.h"
#include "sim/rsp_server.h"

static gboolean on_signal(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_CONTINUE;
}

gboolean sim_rsp_server_run(SimRspServer *server, const char *what, const SimRspOptions *options,
                            GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autofree char *port = g_strdup_printf("%u\n", sim_rsp_server_get_port(server));

    if (options->control) {
        SimControl *control =
            sim_control_new(options->control, sim_rsp_server_control, server, error);

        if (!control)
            return FALSE;
        sim_rsp_server_set_control(server, control);
    }
    g_unix_signal_add(SIGTERM, on_signal, loop);
    g_unix_signal_add(SIGINT, on_signal, loop);
    if (options->ready_fd >= 0) {
        if (write(options->ready_fd, port, strlen(port)) < 0)
            g_printerr("%s: ready-fd %d: can't write\n", what, options->ready_fd);
        close(options->ready_fd);
    }
    printf("%s listens at port %s", what, port);
    fflush(stdout);
    g_main_loop_run(loop);
    return TRUE;
}

int sim_rsp_main(const SimRspProgram *program, int argc, char **argv)
{
    SimRspOptions options = { .ready_fd = -1 };
    const GOptionEntry entries[] = {
        { "pki", 0, 0, G_OPTION_ARG_FILENAME, &options.pki, "Test PKI (euicc-sim pki)", "DIR" },
        { "control", 0, 0, G_OPTION_ARG_FILENAME, &options.control, "Control socket", "SOCKET" },
        { "listen", 0, 0, G_OPTION_ARG_STRING, &options.listen,
          "Where to listen (default: 127.0.0.1:0, any free port)", "ADDRESS:PORT" },
        { "address", 0, 0, G_OPTION_ARG_STRING, &options.address,
          "How clients call it (default: the name in the certificate of the test PKI)",
          "HOST[:PORT]" },
        { "ready-fd", 0, 0, G_OPTION_ARG_INT, &options.ready_fd,
          "Write the port and a newline there, and close it, when ready", "FD" },
        { program->has_upps ? "upp" : NULL, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.upps,
          "Unprotected profile package to offer (may be given several times)", "FILE" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(program->what);
    g_autoptr(GError) error = NULL;
    int status = SIM_EXIT_OK;

    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, &argc, &argv, &error) && (!options.pki || argc > 1))
        g_set_error_literal(&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            argc > 1 ? "too many arguments" : "--pki is needed");
    if (!options.listen)
        options.listen = g_strdup("127.0.0.1:0");
    if (error || !program->serve(&options, &error)) {
        status = error->domain == G_OPTION_ERROR ? SIM_EXIT_USAGE : SIM_EXIT_FAILED;
        g_printerr("euicc-sim %s: %s%s\n", program->name, error->message,
                   status == SIM_EXIT_USAGE ? "; see --help" : "");
    }
    g_strfreev(options.upps);
    g_free(options.pki);
    g_free(options.control);
    g_free(options.listen);
    g_free(options.address);
    return status;
}
