/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_setup.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "sim/card.h"
#include "sim/world_modem.h"
#include "util/bytes.h"

char *sim_make_eid(const char *digits)
{
    guint remainder = 0;
    for (const char *c = digits; *c; c++)
        remainder = (remainder * 10 + (guint)(*c - '0')) % 97;
    return g_strdup_printf("%s%02u", digits, 98 - remainder * 100 % 97);
}

char *sim_make_iccid(guint card, guint profile)
{
    g_autofree char *digits = g_strdup_printf("8988247000100%02u%03u", card - 1, profile);
    guint sum = 0;
    for (guint i = 0; digits[i]; i++) { /* the last of these 18 digits counts twice */
        guint twice = (guint)(digits[i] - '0') << (i % 2);
        sum += twice / 10 + twice % 10;
    }
    return g_strdup_printf("%s%u", digits, (10 - sum % 10) % 10);
}

static gboolean write_file(const char *path, const char *text, GError **error)
{
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

gboolean sim_write_bus_config(const char *path, const char *socket, const char *policy,
                              GError **error)
{
    static const char allow_all[] = "  <policy context=\"default\">\n"
                                    "    <allow user=\"*\"/>\n"
                                    "    <allow own=\"*\"/>\n"
                                    "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
                                    "    <allow eavesdrop=\"true\"/>\n"
                                    "  </policy>\n";
    /* What a system bus allows everybody before the policies of the services. */
    static const char restrictive[] = "  <policy context=\"default\">\n"
                                      "    <allow user=\"*\"/>\n"
                                      "    <deny own=\"*\"/>\n"
                                      "    <deny send_type=\"method_call\"/>\n"
                                      "    <allow send_type=\"signal\"/>\n"
                                      "    <allow send_requested_reply=\"true\"/>\n"
                                      "    <allow receive_type=\"method_call\"/>\n"
                                      "    <allow receive_type=\"signal\"/>\n"
                                      "    <allow receive_requested_reply=\"true\"/>\n"
                                      "    <allow send_destination=\"org.freedesktop.DBus\"/>\n"
                                      "  </policy>\n";
    g_autofree char *include =
        policy ? g_markup_printf_escaped("  <include>%s</include>\n", policy) : NULL;
    g_autofree char *listen = g_markup_printf_escaped("  <listen>unix:path=%s</listen>\n", socket);
    g_autofree char *text = g_strconcat(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
        " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
        "<busconfig>\n"
        "  <type>system</type>\n",
        listen, "  <auth>EXTERNAL</auth>\n", policy ? restrictive : allow_all,
        policy ? include : "", "</busconfig>\n", NULL);
    return write_file(path, text, error);
}

gboolean sim_write_daemon_config(const char *path, const SimDaemonConfig *config, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_set_string(file, "daemon", "log-level", "debug");
    g_key_file_set_string(file, "daemon", "state-directory", config->state_folder);
    g_key_file_set_string(file, "poll", "interval", "1h");
    g_key_file_set_boolean(file, "poll", "on-start", TRUE);
    g_key_file_set_string(file, "poll", "start-delay", "0");
    g_key_file_set_boolean(file, "modems", "discover", !config->modems);
    for (guint i = 0; config->modems && i < config->modems->len; i++) {
        const SimWorldModem *modem = config->modems->pdata[i];
        g_autofree char *group = config->modems->len == 1
                                     ? g_strdup("modem sim")
                                     : g_strdup_printf("modem sim%u", modem->number);
        g_key_file_set_string(file, group, "path", modem->path);
        g_key_file_set_string(file, group, "transport", modem->kind);
        g_key_file_set_integer(file, group, "slot", 1);
    }
    g_key_file_set_string(file, "channel", "trace", config->trace);
    if (config->trusted)
        g_key_file_set_string(file, "rsp", "ci-directories", config->trusted);
    if (*config->resolve)
        g_key_file_set_string(file, "network", "resolve", config->resolve);
    g_autofree char *text = g_key_file_to_data(file, NULL, NULL);
    if (!write_file(path, text, error))
        return FALSE;
    if (!config->extra)
        return TRUE;

    g_autofree char *folder = g_strconcat(path, ".d", NULL);
    g_autofree char *copy = g_build_filename(folder, "50-given.conf", NULL);
    g_autofree char *extra = NULL;
    if (!g_file_get_contents(config->extra, &extra, NULL, error))
        return FALSE;
    if (g_mkdir_with_parents(folder, 0700) < 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "make folder %s", folder);
        return FALSE;
    }
    return write_file(copy, extra, error);
}

static void add_profile(JsonArray *profiles, guint card, const char *state, const char *class,
                        const char *name, const char *provider)
{
    static const char *const events[] = { "install", "enable", "disable", "delete" };
    g_autofree char *iccid = sim_make_iccid(card, json_array_get_length(profiles) + 1);
    JsonObject *profile = json_object_new();
    json_object_set_string_member(profile, "iccid", iccid);
    json_object_set_string_member(profile, "state", state);
    json_object_set_string_member(profile, "class", class);
    json_object_set_string_member(profile, "name", name);
    json_object_set_string_member(profile, "provider", provider);
    JsonObject *owner = json_object_new();
    json_object_set_string_member(owner, "mccMnc", "00F110");
    json_object_set_object_member(profile, "owner", owner);
    JsonArray *list = json_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(events); i++)
        json_array_add_string_element(list, events[i]);
    JsonObject *notification = json_object_new();
    json_object_set_array_member(notification, "events", list);
    json_object_set_string_member(notification, "address", "smdp.example.test");
    JsonArray *notifications = json_array_new();
    json_array_add_object_element(notifications, notification);
    json_object_set_array_member(profile, "notifications", notifications);
    json_array_add_object_element(profiles, profile);
}

static JsonArray *describe_eims(GPtrArray *eims, GError **error)
{
    g_autoptr(JsonArray) list = json_array_new();
    for (guint i = 0; i < eims->len; i++) {
        const SimWorldEim *eim = eims->pdata[i];
        if (!eim->known)
            continue;
        g_autoptr(GBytes) der = sim_world_eim_configure(eim, error);
        if (!der)
            return NULL;
        g_autofree char *hex = bytes_gbytes_to_hex(der);
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "der", hex);
        /* The card has given the token out; in a configuration there is only the wish for one. */
        if (eim->token)
            json_object_set_int_member(object, "token", eim->token);
        json_array_add_object_element(list, object);
    }
    return g_steal_pointer(&list);
}

gboolean sim_write_card(const char *path, const char *pki, guint number, GPtrArray *eims,
                        const char *setup, GError **error)
{
    JsonArray *list = describe_eims(eims, error);
    if (!list)
        return FALSE;
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *profiles = json_array_new();
    add_profile(profiles, number, "enabled", "provisioning", "bootstrap", "Example Bootstrap");
    add_profile(profiles, number, "disabled", "operational", "operational", "Example Mobile");
    add_profile(profiles, number, "disabled", "operational", "spare", "Example Spare");

    json_object_set_string_member(object, "pki", pki);
    json_object_set_array_member(object, "profiles", profiles);
    json_object_set_array_member(object, "eims", list);
    if (setup) {
        g_autoptr(JsonNode) node = json_from_string(setup, error);
        if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
            if (node)
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                    "not a JSON object");
            g_prefix_error(error, "card set-up: ");
            return FALSE;
        }
        JsonObjectIter iter;
        const char *name;
        JsonNode *member;
        json_object_iter_init(&iter, json_node_get_object(node));
        while (json_object_iter_next(&iter, &name, &member))
            json_object_set_member(object, name, json_node_copy(member));
    }
    g_autoptr(JsonNode) node = json_node_alloc();
    json_node_init_object(node, object);
    g_autofree char *text = json_to_string(node, TRUE);
    return sim_card_create(path, text, error);
}
