/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "agent/config.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/settings.h"

/* The rooms whose defaults the configuration starts from. */

const HttpsConfig https_config_default = { 30, 60, 300, 300, 512 * 1024, NULL, NULL, FALSE };

ChannelConfig *channel_config_new(void)
{
    ChannelConfig *config = g_new0(ChannelConfig, 1);

    config->aids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add(config->aids, bytes_from_hex("A0000005591010FFFFFFFF8900000100", NULL));
    config->timeout = 30;
    config->long_timeout = 120;
    return config;
}

void channel_config_free(ChannelConfig *config)
{
    g_ptr_array_unref(config->aids);
    g_free(config);
}

typedef struct {
    char *folder;
    char *path;
    char *parts; /* PATH.d */
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("euiccd-config-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "euiccd.conf", NULL);
    f->parts = g_strconcat(f->path, ".d", NULL);
}

static void remove_all(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    remove_all(f->parts);
    remove_all(f->folder);
    g_free(f->folder);
    g_free(f->path);
    g_free(f->parts);
}

static void write_text(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void write_part(Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->parts, name, NULL);

    g_mkdir(f->parts, 0700);
    write_text(path, text);
}

static Config *load(Fixture *f, const char *text)
{
    g_autoptr(GError) error = NULL;
    Config *config;

    write_text(f->path, text);
    config = config_load(f->path, &error);
    g_assert_no_error(error);
    g_assert_nonnull(config);
    return config;
}

/* EXPECTED follows the path of the file. */
static void assert_refused(Fixture *f, const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = g_strconcat(f->path, expected, NULL);

    write_text(f->path, text);
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_defaults(Fixture *f, gconstpointer data)
{
    g_autoptr(Config) config = load(f, "");
    const ConfigEim *eim = config_get_eim(config, "eim.example.com");

    (void)data;
    g_assert_cmpuint(config->log_level, ==, LOG_LEVEL_INFO);
    g_assert_cmpstr(config->state_directory, ==, STATEDIR "/euiccd");
    g_assert_cmpuint(config->poll_interval, ==, 21600);
    g_assert_true(config->poll_on_start);
    g_assert_cmpuint(config->poll_start_delay, ==, 60);
    g_assert_cmpuint(config->poll_retry_first, ==, 60);
    g_assert_cmpuint(config->poll_retry_limit, ==, 86400);
    g_assert_true(config->discover);
    g_assert_null(config->allow);
    g_assert_null(config->ignore);
    g_assert_true(config->modem_manager);
    g_assert_cmpuint(config->probe_grace, ==, 30);
    g_assert_cmpuint(config->modems->len, ==, 0);
    g_assert_nonnull(config->quirks);
    g_assert_cmpuint(config->channel->block_size, ==, 0);
    g_assert_false(config->channel->modem_fetches);
    g_assert_null(config->trace);
    g_assert_cmpuint(config->refresh_grace, ==, 10);
    g_assert_null(config->ca_bundle);
    g_assert_cmpuint(config->network.connect_timeout, ==, 30);
    g_assert_null(config->network.resolve);
    g_assert_cmpuint(g_strv_length(config->ci_directories), ==, 2);
    g_assert_cmpstr(config->ci_directories[0], ==, DATADIR "/euiccd/ci");
    g_assert_cmpstr(config->ci_directories[1], ==, SYSCONFDIR "/euiccd/ci.d");
    g_assert_cmpuint(g_hash_table_size(config->eims), ==, 0);
    g_assert_cmpuint(eim->dialect, ==, CONFIG_DIALECT_AUTO);
    g_assert_cmpuint(eim->binding, ==, CONFIG_BINDING_AUTO);
    g_assert_cmpstr(eim->path, ==, "/gsma/rsp2/asn1");
    g_assert_false(eim->keep_unacknowledged);
    g_assert_true(config->download_local);
    g_assert_false(config->test_profiles);
    g_assert_false(config->consent);
    g_assert_cmpuint(config->download_tries, ==, 3);
}

/* What holds for an eIM, for another one, and for local callers. */
static void test_download_policy(Fixture *f, gconstpointer data)
{
    g_autoptr(Config) plain = load(f, "");
    g_autoptr(Config) config = load(f, "[download]\n"
                                       "local=no\n"
                                       "test-profiles=yes\n"
                                       "consent=yes\n"
                                       "tries=1\n"
                                       "[eim a]\n"
                                       "download=no\n"
                                       "download-path=indirect\n"
                                       "data-handling=no\n"
                                       "ctx-params=yes\n"
                                       "metadata-verification=yes\n"
                                       "confirmation-code=4711\n");
    IpaDownloadPolicy policy = config_get_download_policy(plain, NULL);

    (void)data;
    g_assert_true(policy.allowed);
    g_assert_cmpuint(policy.path, ==, IPA_PATH_DIRECT);
    g_assert_false(policy.allow_test_profiles);
    g_assert_false(policy.allow_consent);
    g_assert_null(policy.confirmation_code);
    g_assert_cmpuint(policy.tries, ==, 3);

    policy = config_get_download_policy(plain, "a");
    g_assert_true(policy.allowed);
    g_assert_cmpuint(policy.path, ==, IPA_PATH_AUTO);
    g_assert_true(policy.eim_data_handling);
    g_assert_false(policy.eim_ctx_params1);
    g_assert_false(policy.eim_metadata_verification);

    policy = config_get_download_policy(config, NULL);
    g_assert_false(policy.allowed);
    g_assert_true(policy.allow_test_profiles);
    g_assert_true(policy.allow_consent);
    g_assert_cmpuint(policy.tries, ==, 1);
    g_assert_null(policy.confirmation_code); /* an eIM's is for its orders alone */

    policy = config_get_download_policy(config, "a");
    g_assert_false(policy.allowed);
    g_assert_cmpuint(policy.path, ==, IPA_PATH_INDIRECT);
    g_assert_false(policy.eim_data_handling);
    g_assert_true(policy.eim_ctx_params1);
    g_assert_true(policy.eim_metadata_verification);
    g_assert_cmpstr(policy.confirmation_code, ==, "4711");

    policy = config_get_download_policy(config, "b");
    g_assert_true(policy.allowed);
    g_assert_null(policy.confirmation_code);
    g_assert_cmpuint(policy.tries, ==, 1);
}

static void test_download_bad(Fixture *f, gconstpointer data)
{
    static const char *const bad[] = {
        "[download]\nlocal=maybe\n", "[download]\ntries=0\n",       "[download]\ntries=11\n",
        "[download]\nlokal=yes\n",   "[eim a]\ndownload-path=up\n", "[eim a]\nconfirmation-code=\n",
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_set_contents(f->path, bad[i], -1, NULL));
        g_assert_null(config_load(f->path, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    }
}

static void test_every_key(Fixture *f, gconstpointer data)
{
    g_autoptr(Config) config = load(f, "# a comment\n"
                                       "[daemon]\n"
                                       "log-level = debug\n"
                                       "state-directory=/srv/state\n"
                                       "[poll]\n"
                                       "interval=15min\n"
                                       "on-start=no\n"
                                       "start-delay=0\n"
                                       "retry-first=90s\n"
                                       "retry-limit=2 d\n"
                                       "[modems]\n"
                                       "discover=false\n"
                                       "allow=1-2, 2c7c:*\n"
                                       "ignore=cdc-wdm9\n"
                                       "modem-manager=no\n"
                                       "probe-grace=5s\n"
                                       "[modem gateway one]\n"
                                       "path=/dev/cdc-wdm7\n"
                                       "transport=qmi\n"
                                       "slot=2\n"
                                       "[modem other]\n"
                                       "device=usb1/1-*\n"
                                       "usb-id=2c7c:0125\n"
                                       "imei=356938035643809\n"
                                       "transport=mbim\n"
                                       "slot=3\n"
                                       "switch-slot=true\n"
                                       "reset=power-cycle\n"
                                       "select-p2=0C\n"
                                       "[channel]\n"
                                       "aids=A0000005591010FFFFFFFF8900000100, A000000559\n"
                                       "terminal-capability=consumer\n"
                                       "block-size=255\n"
                                       "get-response=modem\n"
                                       "timeout=10\n"
                                       "long-timeout=4min\n"
                                       "refresh-grace=3s\n"
                                       "trace=/var/log/apdu\n"
                                       "[network]\n"
                                       "ca-bundle=/etc/ca.pem\n"
                                       "connect-timeout=5\n"
                                       "stall-timeout=6\n"
                                       "total-timeout=1h\n"
                                       "resolve=eim.example.com:443:127.0.0.1\n"
                                       "[rsp]\n"
                                       "ci-directories=/a, /b\n"
                                       "[eim eim.example.com]\n"
                                       "dialect=1.0\n"
                                       "binding=asn1\n"
                                       "path=/esipa\n"
                                       "keep-unacknowledged=yes\n");
    const ConfigModem *first = config->modems->pdata[0], *second = config->modems->pdata[1];
    const ConfigEim *eim = config_get_eim(config, "eim.example.com");
    GBytes *aid = config->channel->aids->pdata[1];
    g_autofree char *hex = bytes_gbytes_to_hex(aid);

    (void)data;
    g_assert_cmpuint(config->log_level, ==, LOG_LEVEL_DEBUG);
    g_assert_cmpstr(config->state_directory, ==, "/srv/state");
    g_assert_cmpuint(config->poll_interval, ==, 900);
    g_assert_false(config->poll_on_start);
    g_assert_cmpuint(config->poll_start_delay, ==, 0);
    g_assert_cmpuint(config->poll_retry_first, ==, 90);
    g_assert_cmpuint(config->poll_retry_limit, ==, 2 * 86400);
    g_assert_false(config->discover);
    g_assert_cmpuint(config->modems->len, ==, 2);
    g_assert_cmpstr(first->name, ==, "gateway one");
    g_assert_cmpstr(first->path, ==, "/dev/cdc-wdm7");
    g_assert_cmpstr(first->transport, ==, "qmi");
    g_assert_cmpuint(first->slot, ==, 2);
    g_assert_cmpstr(second->name, ==, "other");
    g_assert_false(first->switch_slot);
    g_assert_cmpuint(first->quirks.given, ==, 0);
    g_assert_null(second->path);
    g_assert_cmpstr(second->device, ==, "usb1/1-*");
    g_assert_cmpstr(second->usb_id, ==, "2c7c:0125");
    g_assert_cmpstr(second->imei, ==, "356938035643809");
    g_assert_cmpstr(second->transport, ==, "mbim");
    g_assert_cmpuint(second->slot, ==, 3);
    g_assert_true(second->switch_slot);
    g_assert_cmpuint(second->quirks.reset, ==, RESET_POWER_CYCLE);
    g_assert_cmpuint(second->quirks.n_select_p2, ==, 1);
    g_assert_cmpuint(second->quirks.select_p2[0], ==, 0x0C);
    g_assert_cmpuint(g_strv_length(config->allow), ==, 2);
    g_assert_cmpstr(config->allow[1], ==, "2c7c:*");
    g_assert_cmpstr(config->ignore[0], ==, "cdc-wdm9");
    g_assert_false(config->modem_manager);
    g_assert_cmpuint(config->probe_grace, ==, 5);
    g_assert_cmpuint(config->channel->aids->len, ==, 2);
    g_assert_cmpstr(hex, ==, "A000000559");
    g_assert_cmpuint(config->channel->capability, ==, CHANNEL_CAPABILITY_CONSUMER);
    g_assert_cmpuint(config->channel->block_size, ==, 255);
    g_assert_true(config->channel->modem_fetches);
    g_assert_cmpuint(config->channel->timeout, ==, 10);
    g_assert_cmpuint(config->channel->long_timeout, ==, 240);
    g_assert_cmpuint(config->refresh_grace, ==, 3);
    g_assert_cmpstr(config->trace, ==, "/var/log/apdu");
    g_assert_cmpstr(config->ca_bundle, ==, "/etc/ca.pem");
    g_assert_cmpuint(config->network.connect_timeout, ==, 5);
    g_assert_cmpuint(config->network.stall_timeout, ==, 6);
    g_assert_cmpuint(config->network.total_timeout, ==, 3600);
    g_assert_cmpstr(config->network.resolve, ==, "eim.example.com:443:127.0.0.1");
    g_assert_cmpuint(g_strv_length(config->ci_directories), ==, 2);
    g_assert_cmpstr(config->ci_directories[0], ==, "/a");
    g_assert_cmpstr(config->ci_directories[1], ==, "/b");
    g_assert_cmpstr(eim->eim_id, ==, "eim.example.com");
    g_assert_cmpuint(eim->dialect, ==, CONFIG_DIALECT_V1_0);
    g_assert_cmpuint(eim->binding, ==, CONFIG_BINDING_ASN1);
    g_assert_cmpstr(eim->path, ==, "/esipa");
    g_assert_true(eim->keep_unacknowledged);
    /* Others keep the defaults. */
    g_assert_false(config_get_eim(config, "other")->keep_unacknowledged);
}

static void test_block_size_auto(Fixture *f, gconstpointer data)
{
    g_autoptr(Config) config = load(f, "[channel]\nblock-size=auto\nget-response=daemon\n");

    (void)data;
    g_assert_cmpuint(config->channel->block_size, ==, 0);
    g_assert_false(config->channel->modem_fetches);
}

/* Later files over earlier ones, in the order of their names; only *.conf counts. */
static void test_parts(Fixture *f, gconstpointer data)
{
    g_autoptr(Config) config = NULL;

    (void)data;
    write_part(f, "20-b.conf", "[poll]\ninterval=2\n[eim x]\npath=/b\n");
    write_part(f, "10-a.conf", "[poll]\ninterval=1\nstart-delay=1\n[modem m]\nslot=1\n");
    write_part(f, "30-c.conf~", "[nonsense]\n");
    write_part(f, "99.txt", "[nonsense]\n");
    config = load(f, "[poll]\ninterval=9\nstart-delay=9\nretry-first=9\n"
                     "[modem m]\npath=/dev/m\n[eim x]\ndialect=1.0\n");
    g_assert_cmpuint(config->poll_interval, ==, 2);
    g_assert_cmpuint(config->poll_start_delay, ==, 1);
    g_assert_cmpuint(config->poll_retry_first, ==, 9);
    g_assert_cmpuint(config->modems->len, ==, 1);
    g_assert_cmpuint(((const ConfigModem *)config->modems->pdata[0])->slot, ==, 1);
    g_assert_cmpstr(((const ConfigModem *)config->modems->pdata[0])->path, ==, "/dev/m");
    g_assert_cmpuint(config_get_eim(config, "x")->dialect, ==, CONFIG_DIALECT_V1_0);
    g_assert_cmpstr(config_get_eim(config, "x")->path, ==, "/b");
}

static void test_parts_bad(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strconcat(
        f->parts,
        "/10.conf:3: interval must be a time from 0s to 31622400s (such as 5s, 90s, 15min, 6h, "
        "1d), not 'soon'",
        NULL);

    (void)data;
    write_text(f->path, "");
    write_part(f, "10.conf", "\n[poll]\ninterval=soon\n");
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, expected);
    g_clear_error(&error);

    /* A file where the folder should be. */
    remove_all(f->parts);
    write_text(f->parts, "");
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
    g_assert_true(g_str_has_prefix(error->message, "reading the configuration: "));
    g_assert_cmpint(g_unlink(f->parts), ==, 0);
}

static void test_named_file(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strdup_printf(
        "reading the configuration: opening '%s': No such file or directory", f->path);
    g_autofree char *big = g_strnfill(256 * 1024 + 1, '\n');

    (void)data;
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, expected);
    g_clear_error(&error);
    write_text(f->path, big);
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
    g_clear_error(&error);
    g_assert_null(config_load(f->folder, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE);
}

/* The default file may be missing (SYSCONFDIR of this program points to nowhere). */
static void test_default_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;

    if (g_file_test(CONFIG_DEFAULT_PATH, G_FILE_TEST_EXISTS)) {
        g_test_skip("a configuration is installed on this machine");
        return;
    }
    config = config_load(NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(config);
}

static void test_zero_octet(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strconcat(f->path, ": contains a zero octet", NULL);

    (void)data;
    g_assert_true(g_file_set_contents(f->path, "[poll]\n\0interval=1\n", 19, NULL));
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, expected);
}

/* A message with such octets would be refused by the journal and the bus. */
static void test_not_utf8(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "\xFF\xFE=1\n", ":1: the text is not UTF-8" },
        { "[poll]\n# caf\xE9\ninterval=1\n", ":2: the text is not UTF-8" },
        { "[modem m]\npath=/dev/m\n[eim \xC3]\npath=/x\n", ":3: the text is not UTF-8" },
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *expected = g_strconcat(f->path, cases[i].expected, NULL);
        g_autoptr(GError) error = NULL;

        write_text(f->path, cases[i].text);
        g_assert_null(config_load(f->path, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
        g_assert_cmpstr(error->message, ==, expected);
    }
}

static void test_unknown_names(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "[pol]\ninterval=1\n", ":1: unknown group [pol]; the nearest known group is [poll]" },
        { "\n\n[modms]\n", ":3: unknown group [modms]; the nearest known group is [modems]" },
        { "[modem]\npath=/dev/x\n",
          ":1: unknown group [modem]; the nearest known group is [modems]" },
        { "[modem ]\npath=/dev/x\n",
          ":1: unknown group [modem ]; the nearest known group is [modems]" },
        { "[completely different]\n", ":1: unknown group [completely different]" },
        { "[poll]\nintervall=1\n",
          ":2: unknown key 'intervall' in [poll]; the nearest known key is 'interval'" },
        { "[poll]\n\n# c\nretry_first=1\n",
          ":4: unknown key 'retry_first' in [poll]; the nearest known key is 'retry-first'" },
        { "[poll]\ntrust-everybody=1\n", ":2: unknown key 'trust-everybody' in [poll]" },
        { "[poll]\ninterval[de]=1\n",
          ":2: unknown key 'interval[de]' in [poll]; the nearest known key is 'interval'" },
        { "[eim x]\nverify=no\n", ":2: unknown key 'verify' in [eim x]" },
        { "[eim x]\npaht=/x\n",
          ":2: unknown key 'paht' in [eim x]; the nearest known key is 'path'" },
        { "[modem x]\npath=/dev/x\nslots=1\n",
          ":3: unknown key 'slots' in [modem x]; the nearest known key is 'slot'" },
        { "[modem x]\nselectp2=04\n",
          ":2: unknown key 'selectp2' in [modem x]; the nearest known key is 'select-p2'" },
        { "[modems]\nallowed=x\n",
          ":2: unknown key 'allowed' in [modems]; the nearest known key is 'allow'" },
        /* Keys of other groups. */
        { "[channel]\nreset=none\n", ":2: unknown key 'reset' in [channel]" },
        { "[daemon]\ninterval=1\n", ":2: unknown key 'interval' in [daemon]" },
    };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(f, cases[i].text, cases[i].expected);
}

static void test_bad_values(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "[daemon]\nlog-level=loud\n",
          ":2: log-level must be error, warning, notice, info or debug, not 'loud'" },
        { "[daemon]\nstate-directory=relative\n",
          ":2: state-directory must be an absolute path, not 'relative'" },
        { "[daemon]\nstate-directory=\n", ":2: state-directory must be an absolute path, not ''" },
        { "[poll]\non-start=maybe\n", ":2: on-start must be true or false, not 'maybe'" },
        { "[poll]\non-start=1\n", ":2: on-start must be true or false, not '1'" },
        { "[poll]\non-start=TRUE\n", ":2: on-start must be true or false, not 'TRUE'" },
        { "[network]\nresolve=\n", ":2: resolve is empty" },
        { "[eim x]\npath=\n", ":2: path is empty" },
        { "[eim x]\ndialect=1.1\n",
          ":2: '1.1' is no value for dialect; known are: auto, 1.2, 1.0" },
        { "[eim x]\nbinding=JSON\n",
          ":2: 'JSON' is no value for binding; known are: auto, asn1, json" },
        { "[eim x]\nbinding=json\ndialect=1.0\n",
          ": [eim x] has binding json, which does not exist in dialect 1.0" },
        { "[modem x]\npath=/dev/x\ntransport=pcsc\n",
          ":3: 'pcsc' is no value for transport; known are: qmi, mbim, at" },
        { "[modem x]\npath=dev/x\n", ":2: path must be an absolute path, not 'dev/x'" },
        { "[modem x]\ndevice=\n", ":2: device is empty" },
        { "[modem x]\nusb-id=2c7c\n", ":2: '2c7c' is no USB id (such as 2c7c:0125, 2c7c:*)" },
        { "[modem x]\nimei=35693803564380\n", ":2: '35693803564380' is no IMEI (15 digits)" },
        { "[modem x]\nimei=35693803564380X\n", ":2: '35693803564380X' is no IMEI (15 digits)" },
        { "[modem x]\nswitch-slot=2\n", ":2: switch-slot must be true or false, not '2'" },
        { "[modem x]\nreset=never\n",
          ":2: 'never' is no value for reset; known are: auto, modem, power-cycle, reset, none" },
        { "[modem x]\nselect-p2=4\n", ":2: select-p2 must be 1 to 4 octets in hex, not '4'" },
        { "[modems]\nmodem-manager=yes\n",
          ":2: 'yes' is no value for modem-manager; known are: auto, no" },
        { "[modems]\nallow=\n", ":2: allow is empty" },
        { "[modems]\nignore=a,,b\n", ":2: ignore holds an empty word" },
        { "[channel]\nterminal-capability=both\n",
          ":2: 'both' is no value for terminal-capability; known are: ipad, consumer, none" },
        { "[channel]\nget-response=host\n",
          ":2: 'host' is no value for get-response; known are: daemon, modem" },
        { "[channel]\naids=A0000005591010,XY\n", ":2: 'XY' is no AID (5 to 16 octets in hex)" },
        { "[channel]\naids=\n", ":2: aids is empty" },
        { "[channel]\naids=A0000005\n", ":2: 'A0000005' is no AID (5 to 16 octets in hex)" },
        { "[channel]\naids=A0000005591010FFFFFFFF890000010000\n",
          ":2: 'A0000005591010FFFFFFFF890000010000' is no AID (5 to 16 octets in hex)" },
        { "[poll]\non-start=yes\n on-start = no\n", ":3: key 'on-start' stands twice in [poll]" },
        { "[modem a]\npath=/dev/a\n[poll]\n[modem a]\npath=/dev/b\n",
          ":4: group [modem a] stands twice" },
        { "# none\ninterval=6h\n", ":2: key 'interval' stands before the first group" },
        { "[poll]\ninterval\n", ":2: 'interval' is neither a group nor a key with a value" },
        { "[poll] # often\n", ":1: '[poll] # often' is neither a group nor a key with a value" },
    };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(f, cases[i].text, cases[i].expected);
}

static void test_limits(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *group, *key;
        guint64 min, max;
        const char *examples; /* of times */
    } cases[] = {
        { "poll", "interval", 0, 366 * 86400, "5s, 90s, 15min, 6h, 1d" },
        { "poll", "start-delay", 0, 86400, "5s, 90s, 15min, 6h, 1d" },
        { "poll", "retry-first", 1, 86400, "5s, 90s, 15min, 6h, 1d" },
        { "poll", "retry-limit", 1, 30 * 86400, "5s, 90s, 15min, 6h, 1d" },
        { "modems", "probe-grace", 0, 600, "5s, 90s" },
        { "modem x", "slot", 0, 8, NULL },
        { "channel", "block-size", 1, 255, NULL },
        { "channel", "timeout", 1, 299, "5s, 90s" },
        { "channel", "long-timeout", 1, 299, "5s, 90s" },
        { "channel", "refresh-grace", 0, 120, "5s, 90s" },
        { "network", "connect-timeout", 1, 600, "5s, 90s" },
        { "network", "stall-timeout", 1, 600, "5s, 90s" },
        { "network", "total-timeout", 1, 3600, "5s, 90s, 15min" },
    };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *first = g_str_equal(cases[i].group, "modem x") ? "path=/x\n" : "";
        /* So that retry-first and retry-limit fit each other. */
        const char *second = g_str_equal(cases[i].key, "retry-limit")   ? "retry-first=1\n"
                             : g_str_equal(cases[i].key, "retry-first") ? "retry-limit=30d\n"
                                                                        : "";
        const guint64 good[] = { cases[i].min, cases[i].max };
        const char *other = g_str_equal(cases[i].key, "block-size") ? "auto or " : "";
        const guint line = 2 + (first[0] != '\0') + (second[0] != '\0');

        for (guint j = 0; j < 2; j++) {
            g_autofree char *text =
                g_strdup_printf("[%s]\n%s%s%s=%" G_GUINT64_FORMAT "\n", cases[i].group, first,
                                second, cases[i].key, good[j]);
            g_autoptr(Config) config = load(f, text);

            g_assert_nonnull(config);
        }
        for (guint j = 0; j < 4; j++) {
            const char *values[] = { NULL, NULL, "-1", "99999999999999999999" };
            g_autofree char *above = g_strdup_printf("%" G_GUINT64_FORMAT, cases[i].max + 1);
            g_autofree char *text = NULL;
            g_autofree char *expected = NULL;

            values[0] = above;
            values[1] = cases[i].min > 0 ? "0" : "x";
            text = g_strdup_printf("[%s]\n%s%s%s=%s\n", cases[i].group, first, second, cases[i].key,
                                   values[j]);
            expected = cases[i].examples
                           ? g_strdup_printf(":%u: %s must be a time from %us to %us (such as %s), "
                                             "not '%s'",
                                             line, cases[i].key, (guint)cases[i].min,
                                             (guint)cases[i].max, cases[i].examples, values[j])
                           : g_strdup_printf(":%u: %s must be %sa number from %u to %u, not '%s'",
                                             line, cases[i].key, other, (guint)cases[i].min,
                                             (guint)cases[i].max, values[j]);
            assert_refused(f, text, expected);
        }
    }
}

static void test_times(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text;
        guint seconds;
    } good[] = { { "0", 0 },       { "90", 90 },    { "90s", 90 },    { "90 s", 90 },
                 { "15min", 900 }, { "6h", 21600 }, { "2d", 172800 }, { " 7 ", 7 } };
    static const char *const bad[] = { "",   "s",   "1m",  "1 hour", "1.5h",       "+5",
                                       "-5", "5s6", "1e3", "0x10",   "4294967296", "4294967295d" };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *text = g_strdup_printf("[poll]\ninterval=%s\n", good[i].text);
        g_autoptr(Config) config = load(f, text);

        g_assert_cmpuint(config->poll_interval, ==, good[i].seconds);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf("[poll]\ninterval=%s\n", bad[i]);
        g_autofree char *expected = g_strdup_printf(
            ":2: interval must be a time from 0s to 31622400s (such as 5s, 90s, 15min, "
            "6h, 1d), not '%s'",
            bad[i]);

        assert_refused(f, text, expected);
    }
}

static void test_syntax(Fixture *f, gconstpointer data)
{
    static const char *const bad[] = { "interval=1\n", "[poll\ninterval=1\n", "[poll]\nnonsense\n",
                                       "[poll]\n=1\n" };

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        write_text(f->path, bad[i]);
        g_assert_null(config_load(f->path, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
        g_assert_true(g_str_has_prefix(error->message, f->path));
    }
}

static void test_file_size(Fixture *f, gconstpointer data)
{
    g_autofree char *fits = g_strnfill(256 * 1024, '#');
    g_autofree char *too_large = g_strnfill(256 * 1024 + 1, '#');
    g_autoptr(Config) config = load(f, fits);
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_nonnull(config);
    write_text(f->path, too_large);
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
}

static void test_checks(Fixture *f, gconstpointer data)
{
    const char *nothing =
        ": [modem gateway] has no path, device, usb-id or imei, so it means no modem";

    (void)data;
    assert_refused(f, "[modem gateway]\nslot=1\n", nothing);
    assert_refused(f, "[modem gateway]\n", nothing);
    assert_refused(f, "[modem a]\npath=/dev/a\nswitch-slot=true\n",
                   ": [modem a] has switch-slot but no slot");
    assert_refused(f,
                   "[modem a]\npath=/dev/a\n[modem b]\nimei=356938035643809\n"
                   "[modem c]\npath=/dev/a\n",
                   ": [modem a] and [modem c] have the same path");
    assert_refused(f, "[poll]\nretry-first=2h\nretry-limit=1h\n",
                   ": [poll] retry-first is longer than retry-limit");
}

static void test_find_modem(Fixture *f, gconstpointer data)
{
    static const struct {
        ConfigModemSubject subject;
        const char *name;
    } cases[] = {
        { { "/dev/cdc-wdm0", NULL, NULL, NULL, NULL }, "node" },
        { { "/dev/cdc-wdm1", NULL, NULL, NULL, NULL }, NULL },
        { { NULL, "/sys/devices/pci0/usb1/1-2", NULL, NULL, NULL }, "port" },
        { { NULL, "/sys/devices/pci0/usb1/1-22", NULL, NULL, NULL }, NULL },
        { { NULL, "/sys/devices/pci0/usb3/3-7", NULL, NULL, NULL }, "glob" },
        { { NULL, NULL, "2C7C:0125", NULL, NULL }, "vendor" },
        { { NULL, NULL, "2c7c:0125", NULL, "356938035643809" }, "both" },
        { { NULL, NULL, "1199:0125", NULL, "356938035643809" }, NULL },
        { { NULL, NULL, NULL, NULL, NULL }, NULL },
    };
    g_autoptr(Config) config = load(f, "[modem node]\npath=/dev/cdc-wdm0\n"
                                       "[modem port]\ndevice=1-2\n"
                                       "[modem glob]\ndevice=/sys/*/usb3/*\n"
                                       "[modem both]\nusb-id=2c7c:*\nimei=356938035643809\n"
                                       "[modem vendor]\nusb-id=2c7c:*\n");

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ConfigModem *modem = config_find_modem(config, &cases[i].subject);

        g_assert_cmpstr(modem ? modem->name : NULL, ==, cases[i].name);
    }
}

static void test_allows_modem(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text;
        gboolean allowed;
    } cases[] = {
        { "", TRUE },
        { "[modems]\nignore=cdc-wdm0\n", FALSE },
        { "[modems]\nignore=/dev/cdc-*\n", FALSE },
        { "[modems]\nignore=cdc-wdm\n", TRUE },
        { "[modems]\nignore=2c7c:*\n", FALSE },
        { "[modems]\nignore=1-2\n", FALSE },
        { "[modems]\nignore=/sys/devices/*\n", FALSE },
        { "[modems]\nignore=qmi_wwan\n", FALSE },
        { "[modems]\nignore=x,356938035643809\n", FALSE },
        { "[modems]\nallow=2c7c:*\n", TRUE },
        { "[modems]\nallow=1199:*, usb1/*\n", TRUE },
        { "[modems]\nallow=1199:*\n", FALSE },
        { "[modems]\nallow=2c7c:*\nignore=cdc-wdm0\n", FALSE },
    };
    const ConfigModemSubject subject = { "/dev/cdc-wdm0", "/sys/devices/pci0/usb1/1-2", "2c7c:0125",
                                         "qmi_wwan", "356938035643809" };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = load(f, cases[i].text);

        g_assert_cmpint(config_allows_modem(config, &subject), ==, cases[i].allowed);
    }
}

/* The table of quirks is part of the configuration: what is wrong in it stops the start as well. */
static void test_quirks(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->folder, "quirks.conf", NULL);
    g_autofree char *expected = g_strconcat(
        path, ":3: unknown key 'reste' in [quirk x]; the nearest known key is 'reset'", NULL);
    g_autoptr(Config) config = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Quirks) quirks = { 0 };

    (void)data;
    write_text(path, "[quirk x]\nmatch-driver=test-driver\nreset=none\nsettle=7\n");
    config = load(f, "[modem m]\npath=/dev/m\nreset=auto\n");
    quirk_table_find(config->quirks, &(QuirkSubject){ .driver = "test-driver" }, &quirks, NULL);
    g_assert_cmpuint(quirks.reset, ==, RESET_NONE);
    quirks_merge(&quirks, &((const ConfigModem *)config->modems->pdata[0])->quirks);
    g_assert_cmpuint(quirks.reset, ==, RESET_AUTO);
    g_assert_cmpuint(quirks.settle, ==, 7);
    write_text(path, "[quirk x]\nmatch-driver=y\nreste=none\n");
    g_assert_null(config_load(f->path, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, expected);
}

static void test_nearest(void)
{
    static const char *const words[] = { "interval", "on-start", "path", NULL };
    g_autofree char *long_word = g_strnfill(101, 'p');

    g_assert_cmpstr(settings_nearest("interval", words), ==, "interval");
    g_assert_cmpstr(settings_nearest("onstart", words), ==, "on-start");
    g_assert_cmpstr(settings_nearest("pat", words), ==, "path");
    g_assert_null(settings_nearest("completely", words));
    g_assert_null(settings_nearest("", words));
    g_assert_null(settings_nearest(long_word, words));
    g_assert_null(settings_nearest("x", words + 3));
}

#define ADD(name, func) g_test_add("/config/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("defaults", test_defaults);
    ADD("every-key", test_every_key);
    ADD("download-policy", test_download_policy);
    ADD("download-bad", test_download_bad);
    ADD("block-size-auto", test_block_size_auto);
    ADD("parts", test_parts);
    ADD("parts-bad", test_parts_bad);
    ADD("named-file", test_named_file);
    g_test_add_func("/config/default-file", test_default_file);
    ADD("zero-octet", test_zero_octet);
    ADD("not-utf8", test_not_utf8);
    ADD("unknown-names", test_unknown_names);
    ADD("bad-values", test_bad_values);
    ADD("limits", test_limits);
    ADD("times", test_times);
    ADD("syntax", test_syntax);
    ADD("file-size", test_file_size);
    ADD("checks", test_checks);
    ADD("find-modem", test_find_modem);
    ADD("allows-modem", test_allows_modem);
    ADD("quirks", test_quirks);
    g_test_add_func("/config/nearest", test_nearest);
    return g_test_run();
}
