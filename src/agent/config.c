/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/config.h"

#include <string.h>

#include "modem/quirk_keys.h"
#include "util/error.h"
#include "util/settings.h"
#include "util/text.h"

typedef enum {
    VALUE_STRING,
    VALUE_PATH, /* absolute */
    VALUE_BOOLEAN,
    VALUE_NUMBER,
    VALUE_NUMBER_OR_AUTO, /* 0 is auto */
    VALUE_SECONDS,        /* "90", "90s", "15min", "6h", "2d" */
    VALUE_LOG_LEVEL,
    VALUE_CAPABILITY,
    VALUE_FETCHER,
    VALUE_DIALECT,
    VALUE_BINDING,
    VALUE_DOWNLOAD_PATH,
    VALUE_SECRET,
    VALUE_TRANSPORT,
    VALUE_AIDS,
    VALUE_LIST,
    VALUE_AUTO_OR_NO,
    VALUE_USB_ID,
    VALUE_IMEI,
} ValueKind;

typedef struct {
    const char *group; /* "eim *" is every group whose name starts with "eim " */
    const char *key;
    ValueKind kind;
    guint min, max; /* VALUE_NUMBER, VALUE_NUMBER_OR_AUTO, VALUE_SECONDS */
    gsize offset;   /* in Config, ConfigModem, ConfigEim; in ChannelConfig for IN_CHANNEL */
    gboolean in_channel;
} Key;

#define DAY              86400
#define IN(member)       G_STRUCT_OFFSET(Config, member)
#define IN_MODEM(member) G_STRUCT_OFFSET(ConfigModem, member)
#define IN_EIM(member)   G_STRUCT_OFFSET(ConfigEim, member)

/* What else may stand in [modem NAME]: the keys of modem/quirk_keys.c. */

static const Key keys[] = {
    { "daemon", "log-level", VALUE_LOG_LEVEL, 0, 0, IN(log_level), FALSE },
    { "daemon", "state-directory", VALUE_PATH, 0, 0, IN(state_directory), FALSE },
    { "poll", "interval", VALUE_SECONDS, 0, 366 * DAY, IN(poll_interval), FALSE },
    { "poll", "on-start", VALUE_BOOLEAN, 0, 0, IN(poll_on_start), FALSE },
    { "poll", "start-delay", VALUE_SECONDS, 0, DAY, IN(poll_start_delay), FALSE },
    { "poll", "retry-first", VALUE_SECONDS, 1, DAY, IN(poll_retry_first), FALSE },
    { "poll", "retry-limit", VALUE_SECONDS, 1, 30 * DAY, IN(poll_retry_limit), FALSE },
    { "poll", "rollback-window", VALUE_SECONDS, 0, 1200, IN(rollback_window), FALSE },
    { "modems", "discover", VALUE_BOOLEAN, 0, 0, IN(discover), FALSE },
    { "modems", "allow", VALUE_LIST, 0, 0, IN(allow), FALSE },
    { "modems", "ignore", VALUE_LIST, 0, 0, IN(ignore), FALSE },
    { "modems", "modem-manager", VALUE_AUTO_OR_NO, 0, 0, IN(modem_manager), FALSE },
    { "modems", "probe-grace", VALUE_SECONDS, 0, 600, IN(probe_grace), FALSE },
    { "modem *", "path", VALUE_PATH, 0, 0, IN_MODEM(path), FALSE },
    { "modem *", "device", VALUE_STRING, 0, 0, IN_MODEM(device), FALSE },
    { "modem *", "usb-id", VALUE_USB_ID, 0, 0, IN_MODEM(usb_id), FALSE },
    { "modem *", "imei", VALUE_IMEI, 0, 0, IN_MODEM(imei), FALSE },
    { "modem *", "transport", VALUE_TRANSPORT, 0, 0, IN_MODEM(transport), FALSE },
    { "modem *", "slot", VALUE_NUMBER, 0, 8, IN_MODEM(slot), FALSE },
    { "modem *", "switch-slot", VALUE_BOOLEAN, 0, 0, IN_MODEM(switch_slot), FALSE },
    { "channel", "aids", VALUE_AIDS, 0, 0, G_STRUCT_OFFSET(ChannelConfig, aids), TRUE },
    { "channel", "terminal-capability", VALUE_CAPABILITY, 0, 0,
      G_STRUCT_OFFSET(ChannelConfig, capability), TRUE },
    { "channel", "manage-ipae", VALUE_BOOLEAN, 0, 0, G_STRUCT_OFFSET(ChannelConfig, manage_ipae),
      TRUE },
    { "channel", "block-size", VALUE_NUMBER_OR_AUTO, 1, 255,
      G_STRUCT_OFFSET(ChannelConfig, block_size), TRUE },
    { "channel", "get-response", VALUE_FETCHER, 0, 0, G_STRUCT_OFFSET(ChannelConfig, modem_fetches),
      TRUE },
    { "channel", "timeout", VALUE_SECONDS, 1, 299, G_STRUCT_OFFSET(ChannelConfig, timeout), TRUE },
    { "channel", "long-timeout", VALUE_SECONDS, 1, 299,
      G_STRUCT_OFFSET(ChannelConfig, long_timeout), TRUE },
    { "channel", "refresh-grace", VALUE_SECONDS, 0, 120, IN(refresh_grace), FALSE },
    { "channel", "trace", VALUE_PATH, 0, 0, IN(trace), FALSE },
    { "network", "ca-bundle", VALUE_PATH, 0, 0, IN(ca_bundle), FALSE },
    { "network", "connect-timeout", VALUE_SECONDS, 1, 600, IN(network.connect_timeout), FALSE },
    { "network", "stall-timeout", VALUE_SECONDS, 1, 600, IN(network.stall_timeout), FALSE },
    { "network", "total-timeout", VALUE_SECONDS, 1, 3600, IN(network.total_timeout), FALSE },
    { "network", "resolve", VALUE_STRING, 0, 0, IN(resolve), FALSE },
    { "rsp", "ci-directories", VALUE_LIST, 0, 0, IN(ci_directories), FALSE },
    { "download", "local", VALUE_BOOLEAN, 0, 0, IN(download_local), FALSE },
    { "download", "test-profiles", VALUE_BOOLEAN, 0, 0, IN(test_profiles), FALSE },
    { "download", "consent", VALUE_BOOLEAN, 0, 0, IN(consent), FALSE },
    { "download", "tries", VALUE_NUMBER, 1, 10, IN(download_tries), FALSE },
    { "eim *", "dialect", VALUE_DIALECT, 0, 0, G_STRUCT_OFFSET(ConfigEim, dialect), FALSE },
    { "eim *", "binding", VALUE_BINDING, 0, 0, G_STRUCT_OFFSET(ConfigEim, binding), FALSE },
    { "eim *", "path", VALUE_STRING, 0, 0, G_STRUCT_OFFSET(ConfigEim, path), FALSE },
    { "eim *", "keep-unacknowledged", VALUE_BOOLEAN, 0, 0,
      G_STRUCT_OFFSET(ConfigEim, keep_unacknowledged), FALSE },
    { "eim *", "send-notifications", VALUE_BOOLEAN, 0, 0,
      G_STRUCT_OFFSET(ConfigEim, send_notifications), FALSE },
    { "eim *", "notify-trigger-result", VALUE_BOOLEAN, 0, 0, IN_EIM(notify_trigger_result), FALSE },
    { "eim *", "download", VALUE_BOOLEAN, 0, 0, IN_EIM(download), FALSE },
    { "eim *", "download-path", VALUE_DOWNLOAD_PATH, 0, 0, IN_EIM(download_path), FALSE },
    { "eim *", "data-handling", VALUE_BOOLEAN, 0, 0, IN_EIM(data_handling), FALSE },
    { "eim *", "ctx-params", VALUE_BOOLEAN, 0, 0, IN_EIM(ctx_params1), FALSE },
    { "eim *", "metadata-verification", VALUE_BOOLEAN, 0, 0, IN_EIM(metadata_verification), FALSE },
    { "eim *", "confirmation-code", VALUE_SECRET, 0, 0, IN_EIM(confirmation_code), FALSE },
};

static const char *const capability_names[] = { "ipad", "consumer", "none", NULL };
static const char *const fetcher_names[] = { "daemon", "modem", NULL };
static const char *const dialect_names[] = { "auto", "1.2", "1.0", NULL };   /* as ConfigDialect */
static const char *const binding_names[] = { "auto", "asn1", "json", NULL }; /* as ConfigBinding */
static const char *const path_names[] = { "auto", "direct", "indirect",
                                          NULL }; /* as IpaDownloadPath */
static const char *const transport_names[] = { "qmi", "mbim", "at", NULL };
static const char *const user_names[] = { "auto", "no", NULL };

static const ConfigEim default_eim = {
    .eim_id = (char *)"",
    .dialect = CONFIG_DIALECT_AUTO,
    .path = (char *)"/gsma/rsp2/asn1",
    .download = TRUE,
    .download_path = IPA_PATH_AUTO,
    .data_handling = TRUE,
};

static gboolean is_imei(const char *value)
{
    return strlen(value) == 15 && strspn(value, "0123456789") == 15;
}

static gboolean set_text(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
    return TRUE;
}

static gboolean set_value(const SettingsPlace *place, const Key *key, const char *value,
                          gpointer base, GError **error)
{
    gpointer member = G_STRUCT_MEMBER_P(base, key->offset);
    GPtrArray *aids;
    char **words;
    guint word;

    switch (key->kind) {
    case VALUE_PATH:
        if (!g_path_is_absolute(value))
            return settings_fail(error, place, "%s must be an absolute path, not '%s'", key->key,
                                 value);
        return set_text(member, value);
    case VALUE_STRING:
        if (value[0] == '\0')
            return settings_fail(error, place, "%s is empty", key->key);
        return set_text(member, value);
    case VALUE_USB_ID:
        if (!quirk_usb_id_is_valid(value))
            return settings_fail(error, place, "'%s' is no USB id (such as 2c7c:0125, 2c7c:*)",
                                 value);
        return set_text(member, value);
    case VALUE_IMEI:
        if (!is_imei(value))
            return settings_fail(error, place, "'%s' is no IMEI (15 digits)", value);
        return set_text(member, value);
    case VALUE_BOOLEAN:
        return settings_parse_boolean(place, value, member, error);
    case VALUE_NUMBER:
    case VALUE_NUMBER_OR_AUTO:
        return settings_parse_number(place, value, key->min, key->max,
                                     key->kind == VALUE_NUMBER_OR_AUTO, member, error);
    case VALUE_SECONDS:
        return settings_parse_seconds(place, value, key->min, key->max, member, error);
    case VALUE_LOG_LEVEL:
        if (!log_level_from_string(value, member))
            return settings_fail(
                error, place, "log-level must be error, warning, notice, info or debug, not '%s'",
                value);
        return TRUE;
    case VALUE_CAPABILITY:
        if (!settings_parse_word(place, value, capability_names, &word, error))
            return FALSE;
        *(ChannelCapability *)member = (ChannelCapability)word;
        return TRUE;
    case VALUE_FETCHER:
        if (!settings_parse_word(place, value, fetcher_names, &word, error))
            return FALSE;
        *(gboolean *)member = word == 1;
        return TRUE;
    case VALUE_DIALECT:
        if (!settings_parse_word(place, value, dialect_names, &word, error))
            return FALSE;
        *(ConfigDialect *)member = (ConfigDialect)word;
        return TRUE;
    case VALUE_BINDING:
        if (!settings_parse_word(place, value, binding_names, &word, error))
            return FALSE;
        *(ConfigBinding *)member = (ConfigBinding)word;
        return TRUE;
    case VALUE_DOWNLOAD_PATH:
        if (!settings_parse_word(place, value, path_names, &word, error))
            return FALSE;
        *(IpaDownloadPath *)member = (IpaDownloadPath)word;
        return TRUE;
    case VALUE_SECRET:
        if (value[0] == '\0')
            return settings_fail(error, place, "%s is empty", key->key);
        text_free_secret(*(char **)member);
        *(char **)member = g_strdup(value);
        return TRUE;
    case VALUE_TRANSPORT:
        return settings_parse_word(place, value, transport_names, &word, error) &&
               set_text(member, value);
    case VALUE_AUTO_OR_NO:
        if (!settings_parse_word(place, value, user_names, &word, error))
            return FALSE;
        *(gboolean *)member = word == 0;
        return TRUE;
    case VALUE_AIDS:
        if (!settings_parse_aids(place, value, &aids, error))
            return FALSE;
        g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
        *(GPtrArray **)member = aids;
        return TRUE;
    case VALUE_LIST:
        if (!settings_parse_list(place, value, &words, error))
            return FALSE;
        g_strfreev(*(char ***)member);
        *(char ***)member = words;
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean group_matches(const char *pattern, const char *group)
{
    gsize length = strlen(pattern);

    if (pattern[length - 1] == '*')
        return strncmp(group, pattern, length - 1) == 0 && group[length - 1] != '\0';
    return g_str_equal(pattern, group);
}

static void modem_free(ConfigModem *modem)
{
    g_free(modem->name);
    g_free(modem->path);
    g_free(modem->device);
    g_free(modem->usb_id);
    g_free(modem->imei);
    g_free(modem->transport);
    quirks_clear(&modem->quirks);
    g_free(modem);
}

static void eim_free(ConfigEim *eim)
{
    g_free(eim->eim_id);
    g_free(eim->path);
    text_free_secret(eim->confirmation_code);
    g_free(eim);
}

static ConfigModem *get_modem(Config *config, const char *name)
{
    ConfigModem *modem;

    for (guint i = 0; i < config->modems->len; i++) {
        modem = config->modems->pdata[i];
        if (g_str_equal(modem->name, name))
            return modem;
    }
    modem = g_new0(ConfigModem, 1);
    modem->name = g_strdup(name);
    g_ptr_array_add(config->modems, modem);
    return modem;
}

static ConfigEim *get_eim(Config *config, const char *eim_id)
{
    ConfigEim *eim = g_hash_table_lookup(config->eims, eim_id);

    if (!eim) {
        eim = g_new0(ConfigEim, 1);
        *eim = default_eim;
        eim->eim_id = g_strdup(eim_id);
        eim->path = g_strdup(default_eim.path);
        g_hash_table_insert(config->eims, eim->eim_id, eim);
    }
    return eim;
}

static gpointer find_base(Config *config, const Key *key, const char *group)
{
    if (key->in_channel)
        return config->channel;
    if (g_str_has_prefix(group, "modem "))
        return get_modem(config, group + strlen("modem "));
    if (g_str_has_prefix(group, "eim "))
        return get_eim(config, group + strlen("eim "));
    return config;
}

static gboolean load_key(Config *config, const SettingsPlace *place, const char *value,
                         GError **error)
{
    gboolean in_modem = g_str_has_prefix(place->group, "modem ");
    g_autoptr(GPtrArray) known = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!group_matches(keys[i].group, place->group))
            continue;
        if (g_str_equal(keys[i].key, place->key))
            return set_value(place, &keys[i], value, find_base(config, &keys[i], place->group),
                             error);
        g_ptr_array_add(known, (gpointer)keys[i].key);
    }
    if (in_modem && quirk_keys_has(place->key))
        return quirk_keys_set(place, value,
                              &get_modem(config, place->group + strlen("modem "))->quirks, error);
    for (const char *const *key = quirk_keys_list(); in_modem && *key; key++)
        g_ptr_array_add(known, (gpointer)*key);
    g_ptr_array_add(known, NULL);
    return settings_fail_key(error, place, (const char *const *)known->pdata);
}

static gboolean load_group(Config *config, const SettingsPlace *place, GError **error)
{
    static const char *const groups[] = { "daemon",  "poll", "modems",   "modem NAME", "channel",
                                          "network", "rsp",  "download", "eim EIMID",  NULL };
    gboolean known = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        known = known || group_matches(keys[i].group, place->group);
    if (!known)
        return settings_fail_group(error, place, groups);
    /* A group without a key says something as well: check() asks for what selects the modem. */
    if (g_str_has_prefix(place->group, "modem "))
        (void)get_modem(config, place->group + strlen("modem "));
    return TRUE;
}

static gboolean take(const SettingsPlace *place, const char *value, gpointer data, GError **error)
{
    return place->key ? load_key(data, place, value, error) : load_group(data, place, error);
}

static gboolean check(const Config *config, const char *path, GError **error)
{
    GHashTableIter iter;
    gpointer value;

    for (guint i = 0; i < config->modems->len; i++) {
        const ConfigModem *modem = config->modems->pdata[i];

        if (!modem->path && !modem->device && !modem->usb_id && !modem->imei) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                        "%s: [modem %s] has no path, device, usb-id or imei, so it means no modem",
                        path, modem->name);
            return FALSE;
        }
        if (modem->switch_slot && !modem->slot) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                        "%s: [modem %s] has switch-slot but no slot", path, modem->name);
            return FALSE;
        }
        for (guint k = 0; k < i; k++) {
            const ConfigModem *other = config->modems->pdata[k];

            if (!modem->path || g_strcmp0(other->path, modem->path) != 0)
                continue;
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                        "%s: [modem %s] and [modem %s] have the same path", path, other->name,
                        modem->name);
            return FALSE;
        }
    }
    g_hash_table_iter_init(&iter, config->eims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const ConfigEim *eim = value;

        if (eim->path[0] != '/') {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                        "%s: [eim %s] path must begin with '/', not '%s'", path, eim->eim_id,
                        eim->path);
            return FALSE;
        }
        if (eim->binding == CONFIG_BINDING_JSON && eim->dialect == CONFIG_DIALECT_V1_0) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                        "%s: [eim %s] has binding json, which does not exist in dialect 1.0", path,
                        eim->eim_id);
            return FALSE;
        }
    }
    if (config->poll_retry_first > config->poll_retry_limit) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                    "%s: [poll] retry-first is longer than retry-limit", path);
        return FALSE;
    }
    return TRUE;
}

Config *config_load(const char *path, GError **error)
{
    g_autoptr(Config) config = g_new0(Config, 1);
    const char *file = path ? path : CONFIG_DEFAULT_PATH;
    g_autofree char *folder = g_strconcat(file, ".d", NULL);
    g_autofree char *beside = g_path_get_dirname(file);
    g_autofree char *quirks = g_build_filename(beside, "quirks.conf", NULL);

    config->log_level = LOG_LEVEL_INFO;
    config->state_directory = g_strdup(STATEDIR "/euiccd");
    config->poll_interval = DAY / 4;
    config->poll_on_start = TRUE;
    config->poll_start_delay = 60;
    config->poll_retry_first = 60;
    config->poll_retry_limit = DAY;
    config->rollback_window = 300;
    config->discover = TRUE;
    config->modem_manager = TRUE;
    config->probe_grace = 30;
    config->modems = g_ptr_array_new_with_free_func((GDestroyNotify)modem_free);
    config->channel = channel_config_new();
    config->refresh_grace = 10;
    config->network = https_config_default;
    config->ci_directories = g_strsplit(DATADIR "/euiccd/ci," SYSCONFDIR "/euiccd/ci.d", ",", -1);
    config->download_local = TRUE;
    config->download_tries = 3;
    config->eims = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)eim_free);

    if ((path || g_file_test(file, G_FILE_TEST_EXISTS)) &&
        !settings_load_file(file, take, config, error))
        return NULL;
    if (!settings_load_folder(folder, take, config, error) || !check(config, file, error))
        return NULL;
    config->quirks = quirk_table_load(QUIRK_TABLE_SHIPPED, quirks, error);
    if (!config->quirks)
        return NULL;
    config->network.resolve = config->resolve;
    return g_steal_pointer(&config);
}

void config_free(Config *config)
{
    g_free(config->state_directory);
    g_free(config->trace);
    g_free(config->ca_bundle);
    g_free(config->resolve);
    g_strfreev(config->ci_directories);
    g_strfreev(config->allow);
    g_strfreev(config->ignore);
    quirk_table_free(config->quirks);
    if (config->modems)
        g_ptr_array_unref(config->modems);
    if (config->channel)
        channel_config_free(config->channel);
    if (config->eims)
        g_hash_table_unref(config->eims);
    g_free(config);
}

const ConfigEim *config_get_eim(const Config *config, const char *eim_id)
{
    const ConfigEim *eim = g_hash_table_lookup(config->eims, eim_id);

    return eim ? eim : &default_eim;
}

IpaDownloadPolicy config_get_download_policy(const Config *config, const char *eim_id)
{
    const ConfigEim *eim = eim_id ? config_get_eim(config, eim_id) : NULL;
    IpaDownloadPolicy policy = {
        .allowed = eim ? eim->download : config->download_local,
        .path = IPA_PATH_DIRECT,
        .allow_test_profiles = config->test_profiles,
        .allow_consent = config->consent,
        .tries = config->download_tries,
    };

    if (!eim)
        return policy;
    policy.path = eim->download_path;
    policy.eim_data_handling = eim->data_handling;
    policy.eim_ctx_params1 = eim->ctx_params1;
    policy.eim_metadata_verification = eim->metadata_verification;
    policy.confirmation_code = eim->confirmation_code;
    return policy;
}
