/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/cli.h"

/* Longer than any job of the daemon. */
#define PROBE_TIMEOUT (G_GUINT64_CONSTANT(2400) * G_USEC_PER_SEC)

#define WIDTH 15 /* of the labels */

static gboolean probe, unmasked;

const GOptionEntry cli_diagnose_entries[] = {
    { "probe", 0, 0, G_OPTION_ARG_NONE, &probe, N_("Read the card anew first"), NULL },
    { "unmasked", 0, 0, G_OPTION_ARG_NONE, &unmasked, N_("Show EIDs, ICCIDs and IMEIs whole"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

static void print_field(const char *label, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void print_field(const char *label, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    cli_print_field(label, WIDTH, cli_or_dash(text));
}

/* ---- one report ---- */

static void print_modem(JsonObject *modem)
{
    g_autofree char *ports = cli_get_list(modem, "Ports");
    g_autofree char *quirks = cli_get_list(modem, "Quirks");
    const char *reason = cli_get_string(modem, "StateReason");
    g_autofree char *number = cli_clean(cli_path_end(cli_get_string(modem, "Path")));

    g_print("%s %s\n", _("modem"), number);
    if (cli_get_string(modem, "Name")[0])
        print_field(_("name"), "%s", cli_get_string(modem, "Name"));
    print_field(_("state"), "%s%s%s", cli_get_string(modem, "State"), reason[0] ? ": " : "",
                reason);
    print_field(_("device"), "%s", cli_get_string(modem, "Device"));
    print_field(_("USB id"), "%s", cli_get_string(modem, "UsbId"));
    print_field(_("ports"), "%s", ports);
    print_field(
        _("used"), _("%s over %s, driver %s; why: %s"), cli_or_dash(cli_get_string(modem, "Port")),
        cli_or_dash(cli_get_string(modem, "Transport")),
        cli_or_dash(cli_get_string(modem, "Driver")), cli_or_dash(cli_get_string(modem, "Choice")));
    if (cli_get_integer(modem, "Slot") > 0)
        print_field(_("slot"), "%u", (guint)cli_get_integer(modem, "Slot"));
    print_field(_("firmware"), "%s %s %s", cli_or_dash(cli_get_string(modem, "Manufacturer")),
                cli_or_dash(cli_get_string(modem, "Model")),
                cli_or_dash(cli_get_string(modem, "Revision")));
    print_field(_("IMEI"), "%s", cli_get_string(modem, "Imei"));
    print_field(_("quirks"), "%s", quirks);
    print_field(_("settings"), "%s", cli_get_string(modem, "Settings"));
    print_field(_("last card reset"), "%s", cli_get_string(modem, "Reset"));
}

static void print_euicc(JsonObject *euicc)
{
    JsonArray *profiles = cli_get_array(euicc, "Profiles");
    const char *reason = cli_get_string(euicc, "StateReason");

    print_field(_("eUICC"), _("%s, %s, version %s, firmware %s"), cli_get_string(euicc, "Eid"),
                cli_or_dash(cli_get_string(euicc, "Kind")),
                cli_or_dash(cli_get_string(euicc, "SpecVersion")),
                cli_or_dash(cli_get_string(euicc, "Firmware")));
    print_field("", "%s%s%s", cli_get_string(euicc, "State"), reason[0] ? ": " : "", reason);
    for (guint i = 0; profiles && i < json_array_get_length(profiles); i++) {
        JsonObject *profile = json_array_get_object_element(profiles, i);

        print_field(_("profile"), "%s, %s", cli_get_string(profile, "Iccid"),
                    cli_get_string(profile, "State"));
    }
    print_field(_("eIMs"), "%u", (guint)cli_get_integer(euicc, "Eims"));
}

static void print_steps(JsonArray *steps)
{
    g_print("    %s\n", _("steps"));
    for (guint i = 0; i < json_array_get_length(steps); i++) {
        JsonObject *step = json_array_get_object_element(steps, i);
        gint64 time = cli_get_integer(step, "Time");
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time / G_USEC_PER_SEC);
        g_autofree char *clock = date ? g_date_time_format(date, "%H:%M:%S") : g_strdup("-");
        g_autofree char *port = cli_clean(cli_get_string(step, "Port"));
        g_autofree char *name = cli_clean(cli_get_string(step, "Step"));
        g_autofree char *answer = cli_clean(cli_get_string(step, "Answer"));

        g_print("    %s.%03d %s %s: %s\n        %s\n", clock,
                (int)(ABS(time % G_USEC_PER_SEC) / 1000),
                cli_get_integer(step, "Ok") ? _("ok    ") : _("failed"), port, name,
                cli_or_dash(answer));
    }
}

static void print_hints(JsonObject *modem)
{
    if (g_str_equal(cli_get_string(modem, "State"), "starting"))
        return;
    g_print(
        _("    This modem has no eUICC that can be used. What to look at:\n"
          "    - Is it the right slot? A slot that is not the active one is named with slot= in a\n"
          "      [modem] group of euiccd.conf(5); \"no card\" stands for an empty slot.\n"
          "    - A card that does not have the ISD-R (status 6A82) is a SIM, no eUICC.\n"
          "    - A modem that refuses the channel (AccessDenied, InsufficientResources) keeps its\n"
          "      eUICC for itself over this port: other firmware or another of its ports may not.\n"
          "    - \"euicc diagnose --probe\" tries once more.\n"));
}

/* Of a report or of everything. */
static void print_setup(JsonObject *object)
{
    JsonObject *versions = json_object_get_object_member(object, "Versions");
    g_autofree char *libraries = cli_get_list(versions, "Libraries");
    g_autofree char *configuration = cli_get_list(object, "Configuration");

    print_field(_("versions"), _("euiccd %s, %s, kernel %s (%s)"),
                cli_get_string(versions, "Daemon"), libraries, cli_get_string(versions, "Kernel"),
                cli_get_string(versions, "Machine"));
    print_field(_("configuration"), "%s", configuration);
}

static void print_report(JsonObject *report)
{
    JsonObject *modem = json_object_get_object_member(report, "Modem");
    JsonObject *versions = json_object_get_object_member(report, "Versions");
    JsonNode *euicc = json_object_get_member(report, "Euicc");
    const char *path = cli_get_string(modem, "ModemManagerPath");

    print_modem(modem);
    print_field(_("ModemManager"), "%s%s%s", cli_get_string(versions, "ModemManager"),
                strlen(path) > 1 ? ", " : "", strlen(path) > 1 ? path : "");
    if (euicc && JSON_NODE_HOLDS_OBJECT(euicc))
        print_euicc(json_node_get_object(euicc));
    else
        print_field(_("eUICC"), "%s", "");
    print_field(_("last error"), "%s", cli_get_string(report, "LastError"));
    print_setup(report);
    print_steps(cli_get_array(report, "Steps"));
    if (!euicc || !JSON_NODE_HOLDS_OBJECT(euicc))
        print_hints(modem);
}

/* ---- where there is nothing to report ---- */

static gboolean is_there(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* What the kernel has of modems, as far as everybody may see it. */
static void print_host(void)
{
    static const char *const drivers[] = { "qmi_wwan", "cdc_mbim", "option", NULL };
    static const char *const nodes[] = { "cdc-wdm", "wwan", "ttyUSB", "ttyACM", NULL };
    g_autoptr(GDir) folder = g_dir_open("/dev", 0, NULL);
    g_autoptr(GString) found = g_string_new(NULL);
    const char *name;

    for (gsize i = 0; drivers[i]; i++)
        print_field(drivers[i], "%s",
                    is_there("/sys/bus/usb/drivers", drivers[i]) ? _("loaded") : _("not loaded"));
    while (folder && (name = g_dir_read_name(folder)))
        for (gsize i = 0; nodes[i]; i++)
            if (g_str_has_prefix(name, nodes[i]))
                g_string_append_printf(found, "%s/dev/%s", found->len > 0 ? " " : "", name);
    print_field(_("device nodes"), "%s", found->str);
}

static void print_excluded(JsonArray *excluded)
{
    guint n = excluded ? json_array_get_length(excluded) : 0;

    if (n > 0)
        g_print(g_dngettext(NULL, "%u modem was found and is not used:\n",
                            "%u modems were found and are not used:\n", n),
                n);
    for (guint i = 0; i < n; i++) {
        JsonObject *modem = json_array_get_object_element(excluded, i);
        g_autofree char *device = cli_clean(cli_get_string(modem, "Device"));
        g_autofree char *reason = cli_clean(cli_get_string(modem, "Reason"));

        g_print("    %s: %s\n", cli_or_dash(device), cli_or_dash(reason));
    }
}

/* What there is to report all the same. */
static JsonNode *collect_setup(JsonObject *root)
{
    static const char *const members[] = { "Versions", "Configuration", "Excluded" };
    JsonObject *setup = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (json_object_has_member(root, members[i]))
            json_object_set_member(setup, members[i],
                                   json_node_copy(json_object_get_member(root, members[i])));
    json_node_take_object(node, setup);
    return node;
}

static void explain_no_modem(JsonObject *root)
{
    if (json_object_has_member(root, "Versions")) /* not of an older daemon */
        print_setup(root);
    print_excluded(cli_get_array(root, "Excluded"));
    g_print(_(
        "euiccd runs and has no modem. What to look at:\n"
        "    - Does the kernel see it? \"lsusb\", \"dmesg\"; the drivers are qmi_wwan and cdc_mbim "
        "(USB),\n"
        "      mhi_pci_generic and wwan (PCIe), qrtr (on the SoC).\n"
        "    - Is there a node, and may root open it? /dev/cdc-wdm*, /dev/wwan*; in a container it "
        "must\n"
        "      be passed in.\n"
        "    - Is looking for modems switched on, or the modem named? \"discover\" and [modem] in\n"
        "      euiccd.conf(5).\n"
        "    - Do \"allow\" and \"ignore\" of [modems] let it be used?\n"
        "    - \"euicc rescan\" looks again, \"journalctl -u euiccd\" shows what was seen.\n"));
    print_host();
}

static void explain_no_daemon(void)
{
    g_print(
        _("euiccd can't be asked. What to look at:\n"
          "    - \"systemctl status euiccd\": is it installed and started?\n"
          "    - \"journalctl -u euiccd -b\": a configuration that can't be read ends it at once.\n"
          "    - \"busctl status org.euiccd1\": does the message bus know it?\n"));
    print_host();
}

/* ---- the command ---- */

static gboolean is_meant(JsonObject *modem, const char *word)
{
    const char *port = cli_get_string(modem, "Port");

    return !word || g_str_equal(word, cli_path_end(cli_get_string(modem, "Path"))) ||
           g_str_equal(word, cli_get_string(modem, "Path")) ||
           g_str_equal(word, cli_get_string(modem, "Device")) ||
           (port[0] && (g_str_equal(word, port) || g_str_equal(word, cli_path_end(port))));
}

static CliExit load_report(Cli *cli, const char *path, JsonNode **ret_report)
{
    g_autofree char *what = g_strdup_printf(_("diagnosing modem %s"), cli_path_end(path));
    sd_bus_message *reply = NULL;
    const char *text;
    CliExit code;

    cli->timeout = probe ? PROBE_TIMEOUT : 0;
    code = cli_call(cli, what, &reply, path, CLI_BUS_NAME ".Modem", "Diagnose", "a{sv}", 2, "probe",
                    "b", probe, "unmasked", "b", unmasked);
    if (code != CLI_OK)
        return code;
    if (sd_bus_message_read(reply, "s", &text) > 0)
        *ret_report = cli_parse_report(text);
    sd_bus_message_unref(reply);
    if (*ret_report)
        return CLI_OK;
    cli_complain(_("the answer of the daemon can't be read"));
    return CLI_FAILED;
}

CliExit cli_diagnose(Cli *cli, char **arguments)
{
    g_autoptr(JsonNode) root = NULL;
    JsonArray *modems, *reports = json_array_new();
    g_autoptr(JsonNode) list = cli_take_array(reports);
    CliExit code, first = CLI_OK;
    guint meant = 0;

    code = cli_load(cli, &root);
    if (code == CLI_UNREACHABLE && !cli->json)
        explain_no_daemon();
    if (code != CLI_OK)
        return code;
    modems = cli_get_array(json_node_get_object(root), "Modems");
    for (guint i = 0; modems && i < json_array_get_length(modems); i++) {
        JsonObject *modem = json_array_get_object_element(modems, i);
        JsonNode *report = NULL;

        if (!is_meant(modem, arguments[0]))
            continue;
        meant++;
        code = load_report(cli, cli_get_string(modem, "Path"), &report);
        if (code != CLI_OK) {
            first = first == CLI_OK ? code : first;
            continue;
        }
        if (!cli->json) {
            g_print("%s", json_array_get_length(reports) > 0 ? "\n" : "");
            print_report(json_node_get_object(report));
        }
        json_array_add_element(reports, report);
    }
    if (arguments[0] && meant == 0) {
        cli_complain(_("there is no modem %s"), arguments[0]);
        return CLI_FAILED;
    }
    if (cli->json && meant == 0) {
        g_autoptr(JsonNode) setup = collect_setup(json_node_get_object(root));

        cli_print_json(setup, TRUE);
    } else if (cli->json) {
        cli_print_json(list, TRUE);
    } else if (meant == 0) {
        explain_no_modem(json_node_get_object(root));
    }
    return first;
}
