/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "cli/cli.h"

/* Longer than the daemon waits for a person who types a password. */
#define CALL_TIMEOUT (150 * G_USEC_PER_SEC)

void cli_complain(const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *clean = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* Error texts carry what cards and servers answered. */
    clean = cli_clean(text);
    g_printerr("euicc: %s\n", clean);
}

CliExit cli_connect(Cli *cli)
{
    int r;

    if (cli->address) {
        r = sd_bus_new(&cli->bus);
        if (r >= 0)
            r = sd_bus_set_address(cli->bus, cli->address);
        if (r >= 0)
            r = sd_bus_set_bus_client(cli->bus, TRUE);
        if (r >= 0)
            r = sd_bus_start(cli->bus);
    } else {
        r = sd_bus_open_system(&cli->bus);
    }
    if (r >= 0)
        r = sd_bus_set_allow_interactive_authorization(cli->bus, TRUE);
    if (r >= 0)
        return CLI_OK;
    cli_complain(_("can't reach the message bus: %s"), g_strerror(-r));
    return r == -EINVAL && cli->address ? CLI_USAGE : CLI_UNREACHABLE;
}

CliExit cli_exit_of_error(const sd_bus_error *error)
{
    static const char *const denied[] = {
        "org.euiccd1.Error.NotAuthorized",
        SD_BUS_ERROR_ACCESS_DENIED,
        SD_BUS_ERROR_AUTH_FAILED,
        SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
        NULL,
    };
    static const char *const unreachable[] = {
        SD_BUS_ERROR_SERVICE_UNKNOWN,
        SD_BUS_ERROR_NAME_HAS_NO_OWNER,
        SD_BUS_ERROR_NO_REPLY,
        SD_BUS_ERROR_NO_SERVER,
        SD_BUS_ERROR_DISCONNECTED,
        SD_BUS_ERROR_TIMEOUT,
        NULL,
    };

    if (!error->name)
        return CLI_FAILED;
    if (g_strv_contains(denied, error->name))
        return CLI_NOT_AUTHORIZED;
    if (g_strv_contains(unreachable, error->name) ||
        g_str_has_prefix(error->name, "org.freedesktop.DBus.Error.Spawn.") ||
        g_str_has_prefix(error->name, "System.Error."))
        return CLI_UNREACHABLE;
    return CLI_FAILED;
}

CliExit cli_report(const char *what, const sd_bus_error *error, int r)
{
    if (sd_bus_error_is_set(error)) {
        CliExit code = cli_exit_of_error(error);

        if (code == CLI_UNREACHABLE)
            cli_complain(_("%s: euiccd can't be reached: %s"), what, error->message);
        else
            cli_complain("%s: %s (%s)", what, error->message, error->name);
        return code;
    }
    cli_complain("%s: %s", what, g_strerror(-r));
    return CLI_UNREACHABLE;
}

CliExit cli_call(Cli *cli, const char *what, sd_bus_message **ret_reply, const char *path,
                 const char *interface, const char *member, const char *types, ...)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *call = NULL, *reply = NULL;
    CliExit code = CLI_OK;
    va_list arguments;
    int r;

    r = sd_bus_message_new_method_call(cli->bus, &call, CLI_BUS_NAME, path, interface, member);
    if (r >= 0 && types) {
        va_start(arguments, types);
        r = sd_bus_message_appendv(call, types, arguments);
        va_end(arguments);
    }
    if (r >= 0)
        r = sd_bus_call(cli->bus, call, cli->timeout ? cli->timeout : CALL_TIMEOUT, &error, &reply);
    if (r < 0)
        code = cli_report(what, &error, r);
    else if (ret_reply)
        *ret_reply = sd_bus_message_ref(reply);
    sd_bus_message_unref(call);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return code;
}

CliExit cli_load(Cli *cli, JsonNode **ret_root)
{
    sd_bus_message *reply = NULL;
    g_autoptr(JsonNode) root = NULL;
    const char *text;
    CliExit code = cli_call(cli, _("asking for the state"), &reply, CLI_ROOT,
                            CLI_BUS_NAME ".Manager", "Describe", NULL);

    if (code != CLI_OK)
        return code;
    if (sd_bus_message_read(reply, "s", &text) > 0)
        root = cli_parse_state(text);
    sd_bus_message_unref(reply);
    if (!root) {
        cli_complain(_("the answer of the daemon can't be read"));
        return CLI_FAILED;
    }
    *ret_root = g_steal_pointer(&root);
    return CLI_OK;
}

CliExit cli_select_one(Cli *cli, const char *eid, JsonNode **ret_root, JsonObject **ret_euicc)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GPtrArray) euiccs = NULL;
    CliExit code = cli_load(cli, &root);

    if (code == CLI_OK)
        code = cli_select(cli, root, eid, &euiccs);
    if (code != CLI_OK)
        return code;
    if (euiccs->len != 1) {
        cli_complain(euiccs->len == 0 ? _("there is no eUICC")
                                      : _("there is more than one eUICC: choose one with --eid"));
        return euiccs->len == 0 ? CLI_FAILED : CLI_USAGE;
    }
    *ret_euicc = euiccs->pdata[0];
    *ret_root = g_steal_pointer(&root);
    return CLI_OK;
}
