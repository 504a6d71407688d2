/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/config.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define FILE_LIMIT (256 * 1024)

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
    VALUE_TRANSPORT,
    VALUE_AIDS,
} ValueKind;

typedef struct {
    const char *group; /* "eim *" is every group whose name starts with "eim " */
    const char *key;
    ValueKind kind;
    guint min, max; /* VALUE_NUMBER, VALUE_NUMBER_OR_AUTO, VALUE_SECONDS */
    gsize offset;   /* in Config, ConfigModem, ConfigEim; in ChannelConfig for IN_CHANNEL */
    gboolean in_channel;
} Key;

#define DAY        86400
#define IN(member) G_STRUCT_OFFSET(Config, member)

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
    { "modem *", "path", VALUE_PATH, 0, 0, G_STRUCT_OFFSET(ConfigModem, path), FALSE },
    { "modem *", "transport", VALUE_TRANSPORT, 0, 0, G_STRUCT_OFFSET(ConfigModem, transport),
      FALSE },
    { "modem *", "slot", VALUE_NUMBER, 0, 8, G_STRUCT_OFFSET(ConfigModem, slot), FALSE },
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
    { "eim *", "dialect", VALUE_DIALECT, 0, 0, G_STRUCT_OFFSET(ConfigEim, dialect), FALSE },
    { "eim *", "path", VALUE_STRING, 0, 0, G_STRUCT_OFFSET(ConfigEim, path), FALSE },
    { "eim *", "keep-unacknowledged", VALUE_BOOLEAN, 0, 0,
      G_STRUCT_OFFSET(ConfigEim, keep_unacknowledged), FALSE },
    { "eim *", "send-notifications", VALUE_BOOLEAN, 0, 0,
      G_STRUCT_OFFSET(ConfigEim, send_notifications), FALSE },
};

static const char *const capability_names[] = { "ipad", "consumer", "none", NULL };
static const char *const fetcher_names[] = { "daemon", "modem", NULL };
static const char *const dialect_names[] = { "auto", "1.2", "1.0", NULL }; /* as ConfigDialect */
static const char *const transport_names[] = { "qmi", NULL };

static const ConfigEim default_eim = {
    .eim_id = (char *)"",
    .dialect = CONFIG_DIALECT_AUTO,
    .path = (char *)"/gsma/rsp2/asn1",
};

static guint distance(const char *a, const char *b)
{
    gsize la = strlen(a), lb = strlen(b);
    g_autofree guint *row = g_new(guint, lb + 1);

    for (gsize j = 0; j <= lb; j++)
        row[j] = (guint)j;
    for (gsize i = 1; i <= la; i++) {
        guint diagonal = row[0];

        row[0] = (guint)i;
        for (gsize j = 1; j <= lb; j++) {
            guint replaced = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[lb];
}

const char *config_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    guint best_distance = G_MAXUINT;

    if (strlen(word) > 100)
        return NULL;
    for (gsize i = 0; words[i]; i++) {
        guint d = distance(word, words[i]);

        if (d < best_distance) {
            best = words[i];
            best_distance = d;
        }
    }
    return best_distance <= 1 + strlen(word) / 3 ? best : NULL;
}

/* Line of KEY (or of the group's header where KEY is NULL) in TEXT; 0 when it is not there. */
static guint find_line(const char *text, const char *group, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean inside = FALSE;
    guint found = 0;

    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);

        if (line[0] == '[') {
            const char *end = strchr(line, ']');

            inside = end && (gsize)(end - line - 1) == strlen(group) &&
                     strncmp(line + 1, group, strlen(group)) == 0;
            if (inside && !key)
                return i + 1;
        } else if (inside && key && g_str_has_prefix(line, key)) {
            const char *rest = line + strlen(key);

            while (*rest == ' ' || *rest == '\t')
                rest++;
            /* The last one counts when a key stands twice, as in GKeyFile. */
            if (*rest == '=')
                found = i + 1;
        }
    }
    return found;
}

typedef struct {
    const char *path;
    const char *text;
    const char *group;
    const char *key;
} Place;

static gboolean G_GNUC_PRINTF(3, 4)
    fail(GError **error, const Place *place, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s:%u: %s", place->path,
                find_line(place->text, place->group, place->key), what);
    return FALSE;
}

static gboolean parse_seconds(const char *text, guint64 *ret_seconds)
{
    static const struct {
        const char *unit;
        guint factor;
    } units[] = { { "", 1 }, { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", DAY } };
    char *end = NULL;
    guint64 number;

    if (!g_ascii_isdigit(text[0]))
        return FALSE;
    number = g_ascii_strtoull(text, &end, 10);
    while (*end == ' ')
        end++;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_str_equal(end, units[i].unit) && number <= G_MAXUINT32) {
            *ret_seconds = number * units[i].factor;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean parse_word(const Place *place, const char *value, const char *const *words,
                           guint *ret_index, GError **error)
{
    g_autofree char *known = NULL;

    for (guint i = 0; words[i]; i++) {
        if (g_str_equal(value, words[i])) {
            *ret_index = i;
            return TRUE;
        }
    }
    known = g_strjoinv(", ", (char **)words);
    return fail(error, place, "'%s' is no value for %s; known are: %s", value, place->key, known);
}

static gboolean parse_aids(const Place *place, const char *value, GPtrArray **ret_aids,
                           GError **error)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    g_autoptr(GPtrArray) aids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; words[i]; i++) {
        g_autoptr(GBytes) aid = bytes_from_hex(g_strstrip(words[i]), NULL);

        if (!aid || g_bytes_get_size(aid) < 5 || g_bytes_get_size(aid) > 16)
            return fail(error, place, "'%s' is no AID (5 to 16 octets in hex)", words[i]);
        g_ptr_array_add(aids, g_steal_pointer(&aid));
    }
    if (aids->len == 0)
        return fail(error, place, "%s is empty", place->key);
    if (*ret_aids)
        g_ptr_array_unref(*ret_aids);
    *ret_aids = g_steal_pointer(&aids);
    return TRUE;
}

static gboolean set_value(const Place *place, const Key *key, const char *value, gpointer base,
                          GError **error)
{
    gpointer member = G_STRUCT_MEMBER_P(base, key->offset);
    guint64 number = 0;
    guint word;

    switch (key->kind) {
    case VALUE_PATH:
        if (!g_path_is_absolute(value))
            return fail(error, place, "%s must be an absolute path, not '%s'", key->key, value);
        G_GNUC_FALLTHROUGH;
    case VALUE_STRING:
        if (value[0] == '\0')
            return fail(error, place, "%s is empty", key->key);
        g_free(*(char **)member);
        *(char **)member = g_strdup(value);
        return TRUE;
    case VALUE_BOOLEAN:
        if (g_str_equal(value, "true") || g_str_equal(value, "yes"))
            *(gboolean *)member = TRUE;
        else if (g_str_equal(value, "false") || g_str_equal(value, "no"))
            *(gboolean *)member = FALSE;
        else
            return fail(error, place, "%s must be true or false, not '%s'", key->key, value);
        return TRUE;
    case VALUE_NUMBER:
        if (!g_ascii_string_to_unsigned(value, 10, key->min, key->max, &number, NULL))
            return fail(error, place, "%s must be a number from %u to %u, not '%s'", key->key,
                        key->min, key->max, value);
        *(guint *)member = (guint)number;
        return TRUE;
    case VALUE_NUMBER_OR_AUTO:
        if (!g_str_equal(value, "auto") &&
            !g_ascii_string_to_unsigned(value, 10, key->min, key->max, &number, NULL))
            return fail(error, place, "%s must be auto or a number from %u to %u, not '%s'",
                        key->key, key->min, key->max, value);
        *(guint *)member = (guint)number;
        return TRUE;
    case VALUE_SECONDS:
        if (!parse_seconds(value, &number) || number < key->min || number > key->max)
            return fail(error, place,
                        "%s must be a time from %us to %us (such as 90s, 15min, 6h, 1d), not '%s'",
                        key->key, key->min, key->max, value);
        *(guint *)member = (guint)number;
        return TRUE;
    case VALUE_LOG_LEVEL:
        if (!log_level_from_string(value, member))
            return fail(error, place,
                        "log-level must be error, warning, notice, info or debug, not '%s'", value);
        return TRUE;
    case VALUE_CAPABILITY:
        if (!parse_word(place, value, capability_names, &word, error))
            return FALSE;
        *(ChannelCapability *)member = (ChannelCapability)word;
        return TRUE;
    case VALUE_FETCHER:
        if (!parse_word(place, value, fetcher_names, &word, error))
            return FALSE;
        *(gboolean *)member = word == 1;
        return TRUE;
    case VALUE_DIALECT:
        if (!parse_word(place, value, dialect_names, &word, error))
            return FALSE;
        *(ConfigDialect *)member = (ConfigDialect)word;
        return TRUE;
    case VALUE_TRANSPORT:
        if (!parse_word(place, value, transport_names, &word, error))
            return FALSE;
        g_free(*(char **)member);
        *(char **)member = g_strdup(value);
        return TRUE;
    case VALUE_AIDS:
        return parse_aids(place, value, member, error);
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
    g_free(modem->transport);
    g_free(modem);
}

static void eim_free(ConfigEim *eim)
{
    g_free(eim->eim_id);
    g_free(eim->path);
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
    modem->transport = g_strdup("qmi");
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

static gboolean load_key(Config *config, const Place *place, const char *value, GError **error)
{
    const char *known[G_N_ELEMENTS(keys) + 1];
    const char *nearest;
    gsize n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!group_matches(keys[i].group, place->group))
            continue;
        if (g_str_equal(keys[i].key, place->key))
            return set_value(place, &keys[i], value, find_base(config, &keys[i], place->group),
                             error);
        known[n++] = keys[i].key;
    }
    known[n] = NULL;
    nearest = config_nearest(place->key, known);
    if (nearest)
        return fail(error, place, "unknown key '%s' in [%s]; the nearest known key is '%s'",
                    place->key, place->group, nearest);
    return fail(error, place, "unknown key '%s' in [%s]", place->key, place->group);
}

static gboolean load_group(Config *config, Place *place, GKeyFile *file, GError **error)
{
    static const char *const groups[] = { "daemon",  "poll",    "modems",    "modem NAME",
                                          "channel", "network", "eim EIMID", NULL };
    g_auto(GStrv) names = NULL;
    gboolean known = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        known = known || group_matches(keys[i].group, place->group);
    if (!known) {
        const char *nearest = config_nearest(place->group, groups);

        place->key = NULL;
        return nearest ? fail(error, place, "unknown group [%s]; the nearest known group is [%s]",
                              place->group, nearest)
                       : fail(error, place, "unknown group [%s]", place->group);
    }
    /* A group without a key says something as well: check() asks for the path. */
    if (g_str_has_prefix(place->group, "modem "))
        (void)get_modem(config, place->group + strlen("modem "));
    names = g_key_file_get_keys(file, place->group, NULL, error);
    for (guint i = 0; names && names[i]; i++) {
        g_autoptr(GError) local = NULL;
        g_autofree char *value = NULL;

        place->key = names[i];
        value = g_key_file_get_string(file, place->group, names[i], &local);
        if (!value)
            return fail(error, place, "%s", local->message);
        if (!load_key(config, place, g_strstrip(value), error))
            return FALSE;
    }
    return names != NULL;
}

static gboolean fail_at(GError **error, const char *path, guint line, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static gboolean fail_at(GError **error, const char *path, guint line, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s:%u: %s", path, line, what);
    return FALSE;
}

/* What GKeyFile takes silently or names without a line: text outside of groups, lines that are no key, and
 * whatever stands twice (the later one would win, the earlier one would be lost). */
static gboolean check_lines(const char *path, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *group = NULL;

    for (guint i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]), *end = strchr(line, line[0] == '[' ? ']' : '=');

        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (!end || (line[0] == '[' && end[1] != '\0'))
            return fail_at(error, path, i + 1, "'%s' is neither a group nor a key with a value",
                           line);
        *end = '\0';
        if (line[0] == '[') {
            g_free(group);
            group = g_strdup(line + 1);
            if (!g_hash_table_add(seen, g_strdup(line)))
                return fail_at(error, path, i + 1, "group [%s] stands twice", group);
        } else if (!group) {
            return fail_at(error, path, i + 1, "key '%s' stands before the first group",
                           g_strchomp(line));
        } else if (!g_hash_table_add(seen, g_strdup_printf("%s\n%s", group, g_strchomp(line)))) {
            return fail_at(error, path, i + 1, "key '%s' stands twice in [%s]", line, group);
        }
    }
    return TRUE;
}

static gboolean load_file(Config *config, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, FILE_LIMIT, error);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) groups = NULL;
    const char *bad;

    if (!bytes) {
        g_prefix_error(error, "reading the configuration: ");
        return FALSE;
    }
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    if (strlen(text) != g_bytes_get_size(bytes)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s: contains a zero octet", path);
        return FALSE;
    }
    /* Names and values end up in messages, on the bus and in the journal. */
    if (!g_utf8_validate(text, -1, &bad)) {
        guint line = 1;

        for (const char *c = text; c < bad; c++)
            line += *c == '\n';
        return fail_at(error, path, line, "the text is not UTF-8");
    }
    if (!check_lines(path, text, error))
        return FALSE;
    /* "key[xx]=" would be dropped without a word otherwise. */
    if (text[0] != '\0' &&
        !g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_KEEP_TRANSLATIONS, &local)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s: %s", path, local->message);
        return FALSE;
    }
    groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i]; i++) {
        Place place = { .path = path, .text = text, .group = groups[i] };

        if (!load_group(config, &place, file, error))
            return FALSE;
    }
    return TRUE;
}

static gint compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean load_folder(Config *config, const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &local);
    const char *name;

    if (!folder) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "reading the configuration: %s",
                    local->message);
        return FALSE;
    }
    while ((name = g_dir_read_name(folder)))
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(names, g_build_filename(path, name, NULL));
    g_ptr_array_sort(names, compare_strings);
    for (guint i = 0; i < names->len; i++)
        if (!load_file(config, names->pdata[i], error))
            return FALSE;
    return TRUE;
}

static gboolean check(const Config *config, const char *path, GError **error)
{
    GHashTableIter iter;
    gpointer value;

    for (guint i = 0; i < config->modems->len; i++) {
        const ConfigModem *modem = config->modems->pdata[i];

        if (!modem->path) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s: [modem %s] has no path",
                        path, modem->name);
            return FALSE;
        }
        for (guint k = 0; k < i; k++) {
            const ConfigModem *other = config->modems->pdata[k];

            if (!g_str_equal(other->path, modem->path))
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

    config->log_level = LOG_LEVEL_INFO;
    config->state_directory = g_strdup(STATEDIR "/euiccd");
    config->poll_interval = DAY / 4;
    config->poll_on_start = TRUE;
    config->poll_start_delay = 60;
    config->poll_retry_first = 60;
    config->poll_retry_limit = DAY;
    config->rollback_window = 300;
    config->discover = TRUE;
    config->modems = g_ptr_array_new_with_free_func((GDestroyNotify)modem_free);
    config->channel = channel_config_new();
    config->refresh_grace = 10;
    config->network = https_config_default;
    config->eims = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)eim_free);

    if ((path || g_file_test(file, G_FILE_TEST_EXISTS)) && !load_file(config, file, error))
        return NULL;
    if (!load_folder(config, folder, error) || !check(config, file, error))
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
