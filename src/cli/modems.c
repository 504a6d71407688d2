/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/cli.h"

/* The EID at the end of the object path of a modem's eUICC, "-" where it has none. */
static const char *get_eid(JsonObject *modem)
{
    return cli_or_dash(cli_path_end(cli_get_string(modem, "Euicc")));
}

static char *get_firmware(JsonObject *modem)
{
    g_autofree char *text = g_strdup_printf("%s %s", cli_get_string(modem, "Manufacturer"),
                                            cli_get_string(modem, "Model"));

    return g_strdup(cli_or_dash(g_strstrip(text)));
}

CliExit cli_modems(Cli *cli, char **arguments)
{
    static const CliHeading columns[] = {
        { CLI_COLUMN_NUMBER, N_("MODEM") },    { CLI_COLUMN_TEXT, N_("NAME") },
        { CLI_COLUMN_WHOLE, N_("STATE") },     { CLI_COLUMN_WHOLE, N_("PORT") },
        { CLI_COLUMN_WHOLE, N_("TRANSPORT") }, { CLI_COLUMN_TEXT, N_("MODEL") },
        { CLI_COLUMN_WHOLE, N_("EUICC") },     { CLI_COLUMN_TEXT, N_("REASON") },
    };
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    CliExit code = cli_load(cli, &root);
    JsonArray *array;

    (void)arguments;
    if (code != CLI_OK)
        return code;
    array = cli_get_array(json_node_get_object(root), "Modems");
    if (cli->json) {
        g_autoptr(JsonNode) node = cli_take_array(array ? json_array_ref(array) : json_array_new());

        cli_print_json(node, TRUE);
        return CLI_OK;
    }
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonObject *modem = json_array_get_object_element(array, i);
        g_autofree char *firmware = get_firmware(modem);

        cli_table_add_row(table, cli_path_end(cli_get_string(modem, "Path")),
                          cli_or_dash(cli_get_string(modem, "Name")),
                          cli_get_string(modem, "State"),
                          cli_or_dash(cli_get_string(modem, "Port")),
                          cli_or_dash(cli_get_string(modem, "Transport")), firmware, get_eid(modem),
                          cli_or_dash(cli_get_string(modem, "StateReason")), NULL);
    }
    cli_table_print(table);
    return CLI_OK;
}

static void print_none(JsonObject *root, const char *start, void (*print)(const char *format, ...))
{
    JsonArray *excluded = cli_get_array(root, "Excluded");
    guint n = excluded ? json_array_get_length(excluded) : 0;

    if (n > 0)
        print(
            g_dngettext(
                NULL,
                "%s%u modem is not used (see allow and ignore in euiccd.conf); \"euicc diagnose\" "
                "says why\n",
                "%s%u modems are not used (see allow and ignore in euiccd.conf); \"euicc "
                "diagnose\" "
                "says why\n",
                n),
            start, n);
    else
        print(_("%sno modem was found; \"euicc diagnose\" says what to look at\n"), start);
}

void cli_print_missing(JsonObject *root, const char *start, void (*print)(const char *format, ...))
{
    JsonArray *modems = cli_get_array(root, "Modems");

    if (!modems) /* an older daemon */
        return;
    if (json_array_get_length(modems) == 0)
        print_none(root, start, print);
    for (guint i = 0; i < json_array_get_length(modems); i++) {
        JsonObject *modem = json_array_get_object_element(modems, i);
        g_autofree char *number = cli_clean(cli_path_end(cli_get_string(modem, "Path")));
        g_autofree char *port = cli_clean(cli_or_dash(cli_get_string(modem, "Port")));
        g_autofree char *state = cli_clean(cli_get_string(modem, "State"));
        g_autofree char *reason = cli_clean(cli_get_string(modem, "StateReason"));

        if (!g_str_equal(get_eid(modem), "-"))
            continue;
        if (reason[0])
            print(_("%smodem %s (%s) has no eUICC: %s\n"), start, number, port, reason);
        else
            print(_("%smodem %s (%s) has no eUICC yet: %s\n"), start, number, port, state);
    }
}
