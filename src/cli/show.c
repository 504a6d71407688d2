/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "cli/cli.h"

/* Adds every object of MEMBER of the selected eUICCs to an array, each with its Eid. */
static JsonNode *collect(GPtrArray *euiccs, const char *member)
{
    JsonArray *result = json_array_new();

    for (guint i = 0; i < euiccs->len; i++) {
        JsonObject *euicc = euiccs->pdata[i];
        JsonArray *children = member ? cli_get_array(euicc, member) : NULL;

        if (!member)
            json_array_add_object_element(result, json_object_ref(euicc));
        for (guint j = 0; children && j < json_array_get_length(children); j++) {
            JsonObject *child = json_array_get_object_element(children, j);

            json_object_set_string_member(child, "Eid", cli_get_string(euicc, "Eid"));
            json_array_add_object_element(result, json_object_ref(child));
        }
    }
    return cli_take_array(result);
}

static const char *get_enabled_profile(JsonObject *euicc)
{
    JsonArray *profiles = cli_get_array(euicc, "Profiles");

    for (guint i = 0; profiles && i < json_array_get_length(profiles); i++) {
        JsonObject *profile = json_array_get_object_element(profiles, i);

        if (g_str_equal(cli_get_string(profile, "State"), "enabled"))
            return cli_get_string(profile, "Iccid");
    }
    return "-";
}

/* Nickname if a user gave one, else the provider's name for it. */
static const char *get_profile_name(JsonObject *profile)
{
    const char *nickname = cli_get_string(profile, "Nickname");

    return cli_or_dash(nickname[0] ? nickname : cli_get_string(profile, "Name"));
}

static void print_profile(JsonObject *profile, guint width)
{
    g_autofree char *text = g_strdup_printf(
        "%s  %s  %s  %s", cli_get_string(profile, "Iccid"), cli_get_string(profile, "State"),
        cli_or_dash(cli_get_string(profile, "Class")), get_profile_name(profile));

    cli_print_field(_("profile"), width, text);
}

static void print_eim(JsonObject *eim, guint width)
{
    g_autofree char *last = cli_time_to_text(cli_get_integer(eim, "LastPoll"));
    g_autofree char *next = cli_time_to_text(cli_get_integer(eim, "NextPoll"));
    g_autofree char *text =
        g_strdup_printf(_("%s  last poll %s: %s, next %s"), cli_get_string(eim, "EimId"), last,
                        cli_or_dash(cli_get_string(eim, "LastResult")), next);

    cli_print_field(_("eIM"), width, text);
    if (cli_get_string(eim, "LastError")[0])
        cli_print_field("", width, cli_get_string(eim, "LastError"));
}

static void print_each(JsonObject *parent, const char *member, guint width,
                       void (*print)(JsonObject *object, guint width))
{
    JsonArray *array = cli_get_array(parent, member);

    for (guint i = 0; array && i < json_array_get_length(array); i++)
        print(json_array_get_object_element(array, i), width);
}

static void print_euicc(JsonObject *euicc)
{
    const char *labels[] = {
        _("state"), _("card"), _("modem"), _("profile"), _("eIM"), _("waiting")
    };
    const char *reason = cli_get_string(euicc, "StateReason");
    g_autofree char *eid = cli_clean(cli_get_string(euicc, "Eid"));
    g_autofree char *state = NULL;
    g_autofree char *card = NULL;
    g_autofree char *where = NULL;
    g_autofree char *modem = NULL;
    g_autofree char *waiting = NULL;
    guint pending = (guint)cli_get_integer(euicc, "PendingNotifications");
    guint width = 0, slot;

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
        width = MAX(width, cli_text_width(labels[i]));
    width += 4;
    state = reason[0] ? g_strdup_printf("%s: %s", cli_get_string(euicc, "State"), reason)
                      : g_strdup(cli_get_string(euicc, "State"));
    card = g_strdup_printf(_("%s, version %s, firmware %s, %u octets free"),
                           cli_or_dash(cli_get_string(euicc, "Kind")),
                           cli_or_dash(cli_get_string(euicc, "SpecVersion")),
                           cli_or_dash(cli_get_string(euicc, "Firmware")),
                           (guint)cli_get_integer(euicc, "FreeMemory"));
    slot = (guint)cli_get_integer(euicc, "Slot");
    where = slot > 0 ? g_strdup_printf(_("slot %u"), slot) : g_strdup(_("active slot"));
    modem = g_strdup_printf(_("%s over %s, %s"), cli_or_dash(cli_get_string(euicc, "Port")),
                            cli_or_dash(cli_get_string(euicc, "Transport")), where);
    waiting =
        g_strdup_printf(g_dngettext(NULL, "%u notification", "%u notifications", pending), pending);

    g_print("\n%s %s\n", _("eUICC"), eid);
    cli_print_field(_("state"), width, state);
    cli_print_field(_("card"), width, card);
    cli_print_field(_("modem"), width, modem);
    print_each(euicc, "Profiles", width, print_profile);
    print_each(euicc, "Eims", width, print_eim);
    if (pending > 0)
        cli_print_field(_("waiting"), width, waiting);
}

static gboolean job_is_active(JsonObject *job)
{
    const char *state = cli_get_string(job, "State");

    return g_str_equal(state, "queued") || g_str_equal(state, "running");
}

static void print_active_jobs(JsonArray *jobs)
{
    for (guint i = 0; i < json_array_get_length(jobs); i++) {
        JsonObject *job = json_array_get_object_element(jobs, i);
        g_autofree char *percent = cli_get_percent(job);
        g_autofree char *number = cli_clean(cli_path_end(cli_get_string(job, "Path")));
        g_autofree char *kind = cli_clean(cli_get_string(job, "Kind"));
        g_autofree char *stage = cli_clean(cli_get_string(job, "Stage"));

        if (job_is_active(job))
            g_print(_("\njob %s: %s, %s, %s (%s)\n"), number, kind, cli_get_string(job, "State"),
                    cli_or_dash(stage), percent);
    }
}

CliExit cli_status(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GPtrArray) euiccs = NULL;
    g_autofree char *version = NULL;
    JsonObject *object;
    JsonArray *inhibitions;
    CliExit code = cli_load(cli, &root);

    (void)arguments;
    if (code == CLI_OK)
        code = cli_select(cli, root, NULL, &euiccs);
    if (code != CLI_OK)
        return code;
    object = json_node_get_object(root);
    if (cli->json) {
        g_autoptr(JsonNode) selected = collect(euiccs, NULL);

        json_object_set_array_member(object, "Euiccs", json_node_dup_array(selected));
        cli_print_json(root, TRUE);
        return CLI_OK;
    }
    version = cli_clean(cli_get_string(object, "Version"));
    g_print(g_dngettext(NULL, "euiccd %s, %u eUICC\n", "euiccd %s, %u eUICCs\n", euiccs->len),
            version, euiccs->len);
    inhibitions = cli_get_array(object, "Inhibitions");
    for (guint i = 0; inhibitions && i < json_array_get_length(inhibitions); i++) {
        g_autofree char *text = cli_clean(json_array_get_string_element(inhibitions, i));

        g_print(_("inhibited by %s\n"), text);
    }
    for (guint i = 0; i < euiccs->len; i++)
        print_euicc(euiccs->pdata[i]);
    if (!cli->eid)
        cli_print_missing(object, "\n", g_print);
    print_active_jobs(cli_get_array(object, "Jobs"));
    return CLI_OK;
}

/* Loads, selects, collects MEMBER (NULL: the eUICCs themselves), and prints it where JSON is wanted.
 * *RET_ARRAY is NULL then. */
static CliExit load_list(Cli *cli, const char *member, JsonNode **ret_root, JsonNode **ret_array)
{
    g_autoptr(GPtrArray) euiccs = NULL;
    CliExit code = cli_load(cli, ret_root);

    if (code == CLI_OK)
        code = cli_select(cli, *ret_root, NULL, &euiccs);
    if (code != CLI_OK)
        return code;
    *ret_array = collect(euiccs, member);
    if (cli->json) {
        cli_print_json(*ret_array, TRUE);
        g_clear_pointer(ret_array, json_node_unref);
    }
    return CLI_OK;
}

CliExit cli_list(Cli *cli, char **arguments)
{
    static const CliHeading columns[] = {
        { CLI_COLUMN_WHOLE, N_("EID") },
        { CLI_COLUMN_TEXT, N_("KIND") },
        { CLI_COLUMN_TEXT, N_("STATE") },
        { CLI_COLUMN_TEXT, N_("PORT") },
        { CLI_COLUMN_WHOLE, N_("ENABLED PROFILE") },
    };
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(JsonNode) list = NULL;
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    CliExit code = load_list(cli, NULL, &root, &list);
    JsonArray *array;

    (void)arguments;
    if (!list)
        return code;
    array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *euicc = json_array_get_object_element(array, i);

        cli_table_add_row(
            table, cli_get_string(euicc, "Eid"), cli_or_dash(cli_get_string(euicc, "Kind")),
            cli_get_string(euicc, "State"), cli_or_dash(cli_get_string(euicc, "Port")),
            get_enabled_profile(euicc), NULL);
    }
    cli_table_print(table);
    /* Beside the table, which may be read by a program. */
    if (json_array_get_length(array) == 0)
        cli_print_missing(json_node_get_object(root), "", g_printerr);
    return CLI_OK;
}

CliExit cli_profiles(Cli *cli, char **arguments)
{
    static const CliHeading columns[] = {
        { CLI_COLUMN_WHOLE, N_("EID") },   { CLI_COLUMN_WHOLE, N_("ICCID") },
        { CLI_COLUMN_WHOLE, N_("STATE") }, { CLI_COLUMN_TEXT, N_("CLASS") },
        { CLI_COLUMN_TEXT, N_("NAME") },   { CLI_COLUMN_TEXT, N_("PROVIDER") },
    };
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(JsonNode) list = NULL;
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    CliExit code = load_list(cli, "Profiles", &root, &list);
    JsonArray *array;

    (void)arguments;
    if (!list)
        return code;
    array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *profile = json_array_get_object_element(array, i);

        cli_table_add_row(table, cli_get_string(profile, "Eid"), cli_get_string(profile, "Iccid"),
                          cli_get_string(profile, "State"),
                          cli_or_dash(cli_get_string(profile, "Class")), get_profile_name(profile),
                          cli_or_dash(cli_get_string(profile, "Provider")), NULL);
    }
    cli_table_print(table);
    return CLI_OK;
}

static void print_eims(JsonArray *array)
{
    static const CliHeading columns[] = {
        { CLI_COLUMN_TEXT, N_("EIM") },        { CLI_COLUMN_TEXT, N_("HOST") },
        { CLI_COLUMN_WHOLE, N_("LAST POLL") }, { CLI_COLUMN_TEXT, N_("RESULT") },
        { CLI_COLUMN_WHOLE, N_("NEXT POLL") }, { CLI_COLUMN_NUMBER, N_("FAILED") },
        { CLI_COLUMN_NUMBER, N_("SENT") },     { CLI_COLUMN_NUMBER, N_("RECEIVED") },
    };
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonObject *eim = json_array_get_object_element(array, i);
        g_autofree char *last = cli_time_to_text(cli_get_integer(eim, "LastPoll"));
        g_autofree char *next = cli_time_to_text(cli_get_integer(eim, "NextPoll"));
        g_autofree char *failures =
            g_strdup_printf("%" G_GINT64_FORMAT, cli_get_integer(eim, "Failures"));
        g_autofree char *sent =
            g_strdup_printf("%" G_GINT64_FORMAT, cli_get_integer(eim, "BytesSent"));
        g_autofree char *received =
            g_strdup_printf("%" G_GINT64_FORMAT, cli_get_integer(eim, "BytesReceived"));

        cli_table_add_row(
            table, cli_get_string(eim, "EimId"), cli_or_dash(cli_get_string(eim, "Fqdn")), last,
            cli_or_dash(cli_get_string(eim, "LastResult")), next, failures, sent, received, NULL);
    }
    cli_table_print(table);
}

/* One table an eUICC: beside an EID the other columns would not fit a terminal. */
CliExit cli_eims(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(JsonNode) list = NULL;
    CliExit code = load_list(cli, cli->json ? "Eims" : NULL, &root, &list);
    JsonArray *array;

    (void)arguments;
    if (!list)
        return code;
    array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *euicc = json_array_get_object_element(array, i);
        g_autofree char *eid = cli_clean(cli_get_string(euicc, "Eid"));

        g_print("%s%s %s\n", i > 0 ? "\n" : "", _("eUICC"), eid);
        print_eims(cli_get_array(euicc, "Eims"));
    }
    return CLI_OK;
}

/* The jobs of the selected eUICCs; without a selection also those that have no eUICC yet. */
static JsonNode *select_jobs(const Cli *cli, JsonNode *root, GPtrArray *euiccs)
{
    JsonArray *all = cli_get_array(json_node_get_object(root), "Jobs");
    JsonArray *result = json_array_new();

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *job = json_array_get_object_element(all, i);
        gboolean wanted = !cli->eid;

        for (guint j = 0; j < euiccs->len; j++)
            wanted = wanted || g_str_equal(cli_get_string(job, "Eid"),
                                           cli_get_string(euiccs->pdata[j], "Eid"));
        if (wanted)
            json_array_add_object_element(result, json_object_ref(job));
    }
    return cli_take_array(result);
}

CliExit cli_jobs(Cli *cli, char **arguments)
{
    static const CliHeading columns[] = {
        { CLI_COLUMN_NUMBER, N_("JOB") },      { CLI_COLUMN_WHOLE, N_("KIND") },
        { CLI_COLUMN_TEXT, N_("CAUSE") },      { CLI_COLUMN_WHOLE, N_("STATE") },
        { CLI_COLUMN_NUMBER, N_("PROGRESS") }, { CLI_COLUMN_TEXT, N_("STAGE OR ERROR") },
    };
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(JsonNode) list = NULL;
    g_autoptr(GPtrArray) euiccs = NULL;
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    CliExit code = cli_load(cli, &root);
    JsonArray *array;

    (void)arguments;
    if (code == CLI_OK)
        code = cli_select(cli, root, NULL, &euiccs);
    if (code != CLI_OK)
        return code;
    list = select_jobs(cli, root, euiccs);
    if (cli->json) {
        cli_print_json(list, TRUE);
        return CLI_OK;
    }
    array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *job = json_array_get_object_element(array, i);
        g_autofree char *percent = cli_get_percent(job);
        const char *message = cli_get_string(job, "ErrorMessage");

        cli_table_add_row(table, cli_path_end(cli_get_string(job, "Path")),
                          cli_get_string(job, "Kind"), cli_get_string(job, "Cause"),
                          cli_get_string(job, "State"), percent,
                          cli_or_dash(message[0] ? message : cli_get_string(job, "Stage")), NULL);
    }
    cli_table_print(table);
    return CLI_OK;
}
