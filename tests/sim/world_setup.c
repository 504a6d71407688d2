/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_setup.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "sim/card.h"
#include "sim/eim.h"
#include "util/bytes.h"

char *sim_make_eid(const char *digits)
{
    guint remainder = 0;
    for (const char *c = digits; *c; c++)
        remainder = (remainder * 10 + (guint)(*c - '0')) % 97;
    return g_strdup_printf("%s%02u", digits, 98 - remainder * 100 % 97);
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
    g_autofree char *resolve = g_strdup_printf("%s:%u:127.0.0.1", config->fqdn, config->port);
    g_key_file_set_string(file, "daemon", "log-level", "debug");
    g_key_file_set_string(file, "daemon", "state-directory", config->state_folder);
    g_key_file_set_string(file, "poll", "interval", "1h");
    g_key_file_set_boolean(file, "poll", "on-start", TRUE);
    g_key_file_set_string(file, "poll", "start-delay", "0");
    g_key_file_set_boolean(file, "modems", "discover", FALSE);
    g_key_file_set_string(file, "modem sim", "path", config->modem_path);
    g_key_file_set_string(file, "modem sim", "transport", "qmi");
    g_key_file_set_integer(file, "modem sim", "slot", 1);
    g_key_file_set_string(file, "channel", "trace", config->trace);
    g_key_file_set_string(file, "network", "resolve", resolve);
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

static void add_profile(JsonArray *profiles, const char *iccid, const char *state,
                        const char *class, const char *name, const char *provider)
{
    static const char *const events[] = { "install", "enable", "disable", "delete" };
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

static gboolean find_trust(const char *name, SimEimTlsTrust *ret_trust, GError **error)
{
    static const struct {
        const char *name;
        SimEimTlsTrust trust;
    } trusts[] = { { "key", SIM_EIM_TLS_KEY },
                   { "leaf", SIM_EIM_TLS_LEAF },
                   { "ca", SIM_EIM_TLS_CA },
                   { "none", SIM_EIM_TLS_NONE },
                   { "bad", SIM_EIM_TLS_BAD } };
    for (guint i = 0; i < G_N_ELEMENTS(trusts); i++) {
        if (g_str_equal(name, trusts[i].name)) {
            *ret_trust = trusts[i].trust;
            return TRUE;
        }
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "trust in the eIM: '%s' is none of key, leaf, ca, none, bad", name);
    return FALSE;
}

gboolean sim_write_card(const char *path, const char *pki, const char *fqdn, guint port,
                        const char *trust, const char *setup, GError **error)
{
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *profiles = json_array_new();
    add_profile(profiles, "8988247000100000018", "enabled", "provisioning", "bootstrap",
                "Example Bootstrap");
    add_profile(profiles, "8988247000100000026", "disabled", "operational", "operational",
                "Example Mobile");
    add_profile(profiles, "8988247000100000034", "disabled", "operational", "spare",
                "Example Spare");

    /* Bit 0: eIM package retrieval over HTTPS. */
    static const guint protocols[] = { 0, G_MAXUINT };
    g_autofree char *address = port == 443 ? g_strdup(fqdn) : g_strdup_printf("%s:%u", fqdn, port);
    SimEimTlsTrust tls;
    if (!find_trust(trust ? trust : "key", &tls, error))
        return FALSE;
    const SimEimConfiguration configuration = {
        .pki_dir = pki,
        .eim_id = SIM_DEFAULT_EIM_ID,
        .fqdn = address,
        .id_type = 2,
        .key = SIM_EIM_KEY_SPKI,
        .tls = tls,
        .counter = 0,
        .protocols = protocols,
    };
    g_autoptr(GBytes) der = sim_eim_make_configuration(&configuration, error);
    if (!der)
        return FALSE;
    g_autofree char *hex = bytes_gbytes_to_hex(der);
    JsonObject *eim = json_object_new();
    json_object_set_string_member(eim, "der", hex);
    JsonArray *eims = json_array_new();
    json_array_add_object_element(eims, eim);

    json_object_set_string_member(object, "pki", pki);
    json_object_set_array_member(object, "profiles", profiles);
    json_object_set_array_member(object, "eims", eims);
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
